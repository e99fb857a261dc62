"""Assignments: named numbers as people write them (x = 1.5, w = [1, 2]), read without evaluating anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, TypeVar

from symchain.errors import ArgumentError, Place
from symchain.support.files import read_file

Point = dict[str, Any]
"""Name -> float, or nested lists of floats."""

_T = TypeVar("_T")
_JSON_EXAMPLE = 'Write {"x": 1.5, "w": [1, 2]}.'


def given_point(at: Any, several: bool = False) -> Any:
    """The point that a caller gave, a mapping of names; or a list of such, where `several` may be given. Raises ArgumentError."""
    points = at if several and isinstance(at, list | tuple) and at else [at]
    for point in points:
        if (point is not None or several) and not isinstance(point, Mapping):
            raise ArgumentError(f"at is {type(at).__name__}, not a point", advice='Write at={"x": 1.5}, a value for every input.')
        missing = [str(name) for name, value in point.items() if value is None] if point is not None else []
        if missing:
            raise ArgumentError(f"no value is given for {', '.join(missing[:12])}", advice="Give a number, or leave the name out.")
    return at


def read_point(text: str) -> Point:
    """A point from JSON, or from `name = value` pairs separated by commas, semicolons or line ends; # starts a comment.

    Values are numbers (1.5, 2e-3, 1/3) or JSON lists of numbers. Raises ArgumentError with the place of what cannot be read.

    >>> read_point("x = 1.5, w = [1, -2]  # sample")
    {'x': 1.5, 'w': [1.0, -2.0]}
    >>> read_point('{"x": 1.5}')
    {'x': 1.5}
    """
    if text.lstrip().startswith("{"):
        return _from_json(text)
    return read_pairs(text, _value)


def read_pairs(
    text: str, read: Callable[[str], _T], what: str = "a number or a JSON list of numbers", example: str = "x = 1.5, y = 2"
) -> dict[str, _T]:
    """`name = value` pairs, each value understood by `read`; commas inside brackets do not separate. A colon may stand for =.

    `what` says what a value is, `example` how pairs are written.
    """
    found: dict[str, _T] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for column, piece in _pieces(line):
            name, separator, value = _halves(piece)
            place = Place(number, column, max(1, len(piece)))
            if not separator or not name or not value:
                raise ArgumentError(f"'{piece}' is not name = value", advice=f"Write {example}.", place=place, source=line)
            if name in found:
                raise ArgumentError(f"{name} is given twice", advice="Give every name once.", place=place, source=line)
            try:
                found[name] = read(value)
            except (ValueError, TypeError, ZeroDivisionError, OverflowError, RecursionError):
                advice = f"Write {what} after {name} {separator}"
                raise ArgumentError(f"the value of {name} cannot be read: '{value}'", advice=advice, place=place, source=line) from None
    return found


def read_point_or_file(text: str) -> Point:
    """A point written in place, or in the file of that name (a text that holds a = or a { is not a file name)."""
    if "=" in text or "{" in text or not text.strip():
        return read_point(text)
    try:
        content = read_file(text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArgumentError(f"the point file '{text}' cannot be read: {reason}", advice="Write x=1.5,y=2 or the name of a file.") from None
    return read_point(content)


def _from_json(text: str) -> Point:
    try:
        data = json.loads(text, object_pairs_hook=_once)
        return {name: _numbers(value) for name, value in data.items()}
    except json.JSONDecodeError as error:
        line = text.splitlines()[error.lineno - 1]
        place = Place(error.lineno, error.colno)
        raise ArgumentError(f"the point is not JSON: {error.msg}", advice=_JSON_EXAMPLE, place=place, source=line) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"the point holds something that is not a number: {error}", advice=_JSON_EXAMPLE) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, whose names are different as those of `name = value` pairs are."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for k, (name, _) in enumerate(pairs) if name in dict(pairs[:k]))
        raise ArgumentError(f"{twice} is given twice", advice="Give every name once.")
    return found


def _value(text: str) -> Any:
    if text.startswith("["):
        return _numbers(json.loads(text))
    try:
        return float(text)
    except ValueError:
        return float(Fraction(text.replace(" ", "")))


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(v) for v in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(json.dumps(value))
    return float(value)


def _halves(piece: str) -> tuple[str, str, str]:
    at = min((i for i in (piece.find("="), piece.find(":")) if i >= 0), default=-1)
    return (piece, "", "") if at < 0 else (piece[:at].strip(), piece[at], piece[at + 1 :].strip())


def _pieces(line: str) -> Iterator[tuple[int, str]]:
    """The pieces between separators outside brackets, with the column where each begins."""
    depth, start = 0, 0
    line = line.split("#", 1)[0] + ","
    for k, c in enumerate(line):
        depth += (c in "([") - (c in ")]")
        if c in ",;" and (depth <= 0 or k == len(line) - 1):
            piece = line[start:k]
            if piece.strip():
                yield start + len(piece) - len(piece.lstrip()) + 1, piece.strip()
            start = k + 1
