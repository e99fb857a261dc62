"""French for functions and operations of which nothing is said in a language; in French each record has a noun and a reason itself."""

from __future__ import annotations

SENTENCES = {
    "record.function": "fonction {name}",
    "record.function.the": "la fonction {name}",
    "record.operation": "opération {name}",
    "record.reason": "Sa dérivée est une dérivée usuelle.",
}
