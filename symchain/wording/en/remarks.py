"""English for remarks on a text that was read: what it may have meant instead."""

from __future__ import annotations

SENTENCES = {
    "remark.at": "line {line}, column {column}: {remark}",
    "remark.product": "{written} is read entry by entry; the matrix product is {meant}.",
    "remark.inverse": "{written} is read entry by entry: {read}; the inverse is {meant}.",
    "remark.power": "{written} is read entry by entry; the power of the matrix is {meant}.",
    "remark.elsewhere": "{written} is SciPy's function, entry by entry; the loss that PyTorch calls so is {meant}.",
}
