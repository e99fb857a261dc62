"""Shapes and facts: reading them from phrases and Python values, and NumPy's broadcasting with its one refusal."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Set
from typing import Any

from symchain.errors import ArgumentError, LimitError, ParseError, ShapeError, SymchainError
from symchain.kernels.facts import FACTS
from symchain.language.grammar import parse_expression
from symchain.language.spelling import is_name
from symchain.support.dimensions import Dim, Shape, add, letters, minimum, multiply, show
from symchain.support.notation import Phrase, walk

MAX_ENTRIES = 10**9
MAX_AXES = 16



def dimension_of(phrase: Phrase, known: Mapping[str, Any] | Iterable[str] | None = None) -> Dim | None:
    """The dimension a phrase stands for: whole numbers and dimension letters under + - *, and minimum(n, 5); None for others.

    `known` holds the letters that count; None admits every name. The phrase is one bracket's content, so it is shallow in practice;
    its depth is bounded by the grammar.
    """
    match phrase.head:
        case "number":
            return int(phrase.text) if phrase.text.isdigit() else None
        case "name":
            return phrase.text if known is None or phrase.text in known else None
        case "call" if phrase.text == "minimum" and len(phrase.parts) == 2 and not phrase.keywords:
            return _smaller(*(dimension_of(part, known) for part in phrase.parts))
        case "neg" | "add" | "mul":
            total: Dim = 1 if phrase.head == "mul" else 0
            for part in phrase.parts:
                inner = part.parts[0] if part.head == "neg" else part
                value = dimension_of(inner, known)
                if value is None:
                    return None
                negative = (part.head == "neg") != (phrase.head == "neg")
                if phrase.head == "mul":
                    total = multiply(total, multiply(value, -1) if negative else value)
                else:
                    total = add(total, value, -1 if negative else 1)
            return total
    return None


def _smaller(a: Dim | None, b: Dim | None) -> Dim | None:
    """The smaller of a dimension and a number, in either order."""
    axis, bound = (b, a) if isinstance(a, int) else (a, b)
    return minimum(axis, bound) if isinstance(bound, int) and axis is not None else None


def shape_of(phrase: Phrase) -> Shape:
    """The shape written in a declaration: (h, n), (3,), ()."""
    return _checked(tuple(_declared(p) for p in phrase.parts))


def _declared(phrase: Phrase) -> Dim:
    dim = dimension_of(phrase)
    if dim is None:
        raise ParseError("a dimension is a whole number or a letter", advice="Write (n,), (3, n) or (n, n - 1).", place=phrase.place)
    return dim


def shape_from(name: str, value: Any) -> Shape:
    """A shape given from Python: a tuple or list of ints and letters, or one int or letter alone."""
    if isinstance(value, (bytes, bytearray, Mapping, Set)):
        raise ShapeError(f"the shape of {name} is {type(value).__name__}, which has no order of axes", advice='Give a tuple: (3, "n").')
    if isinstance(value, (str, int)) or not isinstance(value, Iterable):
        value = (value,)
    return _checked(tuple(_given(name, v) for v in value), f" of {name}")


def _given(name: str, value: Any) -> Dim:
    if isinstance(value, str):
        try:
            dim = dimension_of(parse_expression(value)) if len(value) < 200 else None
        except SymchainError:
            dim = None
        if dim is None:
            raise ParseError(f"{value[:40]!r} in the shape of {name} is no dimension", advice='Give ints and letters: (3, "n").')
        return dim
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise ShapeError(
            f"{_shown(value)} in the shape of {name} is no dimension", advice='Give whole numbers and letters: (3, "n").'
        ) from None


def _shown(value: Any) -> str:
    """A value in a message: what strangers' objects write of themselves is not asked for."""
    return repr(value) if isinstance(value, (int, float, type(None))) else type(value).__name__


def _checked(shape: Shape, whose: str = "") -> Shape:
    for dim in shape:
        if isinstance(dim, int) and dim < 1:
            raise ShapeError(f"the shape {show(shape)}{whose} has a dimension below 1", advice="Dimensions are 1, 2, 3, ... or letters.")
        if isinstance(dim, str) and dim.startswith("-"):
            raise ShapeError(f"the shape {show(shape)}{whose} has a negative dimension", advice="Dimensions are 1, 2, 3, ... or letters.")
    if len(shape) > MAX_AXES:
        raise LimitError(f"a shape has at most {MAX_AXES} axes", advice="Join some axes.")
    entries = 1
    for dim in shape:
        entries *= dim if isinstance(dim, int) else 1
    if entries > MAX_ENTRIES:
        raise LimitError(
            f"the shape {show(shape)}{whose} has more than {MAX_ENTRIES} entries", advice="Use letters for sizes that are not fixed."
        )
    return shape


def check_letters(shapes: Mapping[str, Shape]) -> tuple[str, ...]:
    """The dimension letters of the inputs' shapes, in order; each must stand alone somewhere, or its size could not be known."""
    found = letters(d for shape in shapes.values() for d in shape)
    alone = {d for shape in shapes.values() for d in shape if isinstance(d, str) and is_name(d)}
    for letter in found:
        if letter not in alone:
            raise ShapeError(
                f"no input has an axis of size {letter} alone",
                advice=f"The size of {letter} could not be read off: give some input the axis {letter}.",
            )
    return found


def facts_from(name: str, value: Any) -> tuple[str, ...]:
    """The facts given from Python: one text or several."""
    facts = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (value,)
    for fact in facts:
        if not isinstance(fact, str) or fact not in FACTS:
            raise ArgumentError(f"{fact!r} is no fact about {name}", advice=f"Facts are {', '.join(FACTS)}.")
    return facts


def check_facts(name: str, facts: Iterable[str], shape: Shape) -> None:
    """Facts about matrices need square matrices; a onehot or probability needs an axis."""
    for fact in facts:
        if FACTS[fact].axes == 2 and (len(shape) != 2 or shape[0] != shape[1]):
            raise ShapeError(f"{name} cannot be {fact}: its shape is {show(shape)}", advice=f"Declare it square: {name}: (n, n) {fact}.")
        if FACTS[fact].axes == 1 and not shape:
            raise ShapeError(f"{name} cannot be {fact}: it is a scalar", advice=f"Declare its shape: {name}: (n,) {fact}.")


def broadcast_shape(a: Shape, b: Shape) -> Shape | None:
    """NumPy's result shape, or None where the two do not conform.

    >>> broadcast_shape((3, "n"), ("n",)), broadcast_shape((3,), (4,))
    ((3, 'n'), None)
    """
    if a == b or not b:
        return a
    if not a:
        return b
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    result = list(longer)
    lead = len(longer) - len(shorter)
    for k, d in enumerate(shorter):
        if d != result[lead + k] and d != 1:
            if result[lead + k] != 1:
                return None
            result[lead + k] = d
    return tuple(result)


def has_new_axis(phrase: Phrase) -> bool:
    """Whether a phrase says itself that it has an axis to be stretched."""
    return any(
        (p.head == "index" and any(q.head == "none" for q in p.parts[1:]))
        or (p.head == "call" and (p.text in ("expand_dims", "reshape") or any(key == "keepdims" for key, _ in p.keywords)))
        for p in walk(phrase)
    )
