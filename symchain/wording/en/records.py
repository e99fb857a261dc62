"""English for functions and operations of which nothing is said in a language; in English each record has a noun and a reason itself."""

from __future__ import annotations

SENTENCES = {
    "record.function": "function {name}",
    "record.function.the": "the function {name}",
    "record.operation": "operation {name}",
    "record.reason": "Its derivative is one of the known ones.",
}
