"""Conditions that are joined: where(a and b, x, y) is where(a, where(b, x, y), y), and so on for or, not and chains a < x < b."""

from __future__ import annotations

from symchain.errors import LimitError
from symchain.support.notation import Phrase

JOINED = ("compare", "and", "or", "not")
"""The heads of conditions. Those other than the first occur while a text is read, and nowhere else."""
_LARGEST = 64


def chosen(phrase: Phrase) -> Phrase:
    """A call of where with joined conditions as calls with one comparison each. Raises LimitError where these become too many."""
    if phrase.text != "where" or len(phrase.parts) != 3 or phrase.parts[0].head not in JOINED[1:] or phrase.keywords:
        return phrase
    condition, yes, no = phrase.parts
    if _count(condition) > _LARGEST:
        raise LimitError(
            "a condition joins too many comparisons", advice="Choose in steps, each on a line of its own.", place=phrase.place
        )
    return _choice(condition, yes, no, phrase)


def _choice(condition: Phrase, yes: Phrase, no: Phrase, whole: Phrase) -> Phrase:
    match condition.head:
        case "and":
            left, right = condition.parts
            return _choice(left, _choice(right, yes, no, whole), no, whole)
        case "or":
            left, right = condition.parts
            return _choice(left, yes, _choice(right, yes, no, whole), whole)
        case "not":
            return _choice(condition.parts[0], no, yes, whole)
    return Phrase("call", (condition, yes, no), "where", place=whole.place)


def _count(condition: Phrase, yes: int = 0, no: int = 0) -> int:
    """How many calls there will be: one of each branch that is repeated is counted again."""
    match condition.head:
        case "and":
            left, right = condition.parts
            return _count(left, _count(right, yes, no), no)
        case "or":
            left, right = condition.parts
            return _count(left, yes, _count(right, yes, no))
        case "not":
            return _count(condition.parts[0], no, yes)
    return 1 + yes + no


__all__ = ["JOINED", "chosen"]
