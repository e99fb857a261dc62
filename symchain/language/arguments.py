"""Arguments that are not expressions: axes, sizes, whole numbers, flags and texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Any

from symchain.errors import LimitError
from symchain.language.shapes import dimension_of
from symchain.support.notation import Phrase


class Mismatch(Exception):
    """An argument is not of its kind; the text says what was expected. The caller knows the function and the place."""


def plain_argument(kind: str, phrase: Phrase, letters: Collection[str]) -> Any:
    """The value of an argument phrase, for a kind of parameter (see forms). Raises Mismatch."""
    match kind:
        case "Text":
            if phrase.head != "string":
                raise Mismatch("a text in quotes")
            return phrase.text
        case "Flag":
            if phrase.head != "name" or phrase.text not in ("True", "False"):
                raise Mismatch("True or False")
            return phrase.text == "True"
        case "Order":
            if phrase.head == "string" or phrase == Phrase("name", text="inf"):
                return phrase.text
            if phrase.head == "number" and not phrase.text.isdigit():
                return Fraction(phrase.text)
            return _whole(phrase, "a number, inf or 'fro'")
        case "Whole" | "Axis":
            return _whole(phrase, "a whole number")
        case "Axes":
            if phrase.head == "none":
                return None
            return tuple(_whole(p, "a whole number, or a tuple of them") for p in _members(phrase))
        case "Places" | "Labels":
            return tuple(_whole(p, "a list of whole numbers") for p in _members(phrase))
        case "Sections":
            places = tuple(_whole(p, "a whole number, or a list of them") for p in _members(phrase))
            return places if phrase.head in ("tuple", "list") else places[0]
        case "Dim":
            return _dim(phrase, letters, "a whole number or a dimension letter")
    return tuple(_dim(p, letters, "a shape, n or (n, m),") for p in _members(phrase))


def _members(phrase: Phrase) -> tuple[Phrase, ...]:
    return phrase.parts if phrase.head in ("tuple", "list") else (phrase,)


def _dim(phrase: Phrase, letters: Collection[str], expected: str) -> Any:
    dim = dimension_of(phrase, letters)
    if dim is None:
        raise Mismatch(expected)
    return dim


def _whole(phrase: Phrase, expected: str) -> int:
    sign, inner = (-1, phrase.parts[0]) if phrase.head == "neg" else (1, phrase)
    if inner.head != "number" or not inner.text.isdigit():
        raise Mismatch(expected)
    if len(inner.text) > 9:
        raise LimitError(f"{inner.text[:9]}... is out of range", advice="Use a small whole number.")
    return sign * int(inner.text)


def is_written(kind: str, parts: Sequence[Phrase]) -> bool:
    """Whether labels are whole numbers in a list."""
    return kind == "Labels" and bool(parts) and parts[0].head == "list"
