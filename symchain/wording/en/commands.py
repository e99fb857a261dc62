"""English for the command line: what stands before values, and what is said of a number by which nothing can be derived."""

from __future__ import annotations

SENTENCES = {
    "notebook.kept": "Kept: {names}.",
    "point.at": "at {point}",
    "number.what": "{number} is a number; it cannot vary, so a derivative with respect to {number} has no meaning",
    "number.advice": "Give the number a name: f = c*x, then df/dc = x, evaluated at c = {number}: still x.",
}
