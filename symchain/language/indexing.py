"""x[...]: whole numbers, dimensions, slices and None, with NumPy's meaning of negative positions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from symchain.errors import ParseError, ShapeError
from symchain.functions.spec import OPERATIONS
from symchain.language.arithmetic import with_axes
from symchain.language.shapes import dimension_of
from symchain.support.dimensions import Dim, add, show
from symchain.support.notation import Phrase
from symchain.tensors import nodes
from symchain.tensors.nodes import Tree


def select(subject: Tree, items: Sequence[Phrase], letters: Collection[str]) -> Tree:
    """subject[items]. Raises ShapeError for too many indices and positions outside, ParseError for what is no position."""
    new = [k for k, p in enumerate(_without_points(items)) if p.head == "none"]
    positions = [p for p in items if p.head != "none"]
    if len(positions) > len(subject.shape):
        raise ShapeError(
            f"{len(positions)} indices for an operand of shape {show(subject.shape)}", advice="Give one index per axis; None adds an axis."
        )
    chosen = [_item(p, dim, letters) for p, dim in zip(positions, subject.shape, strict=False)]
    chosen += [("slice", 0, dim, 1) for dim in subject.shape[len(positions) :]]
    if any(item != ("slice", 0, dim, 1) for item, dim in zip(chosen, subject.shape, strict=True)):
        subject = nodes.operation(OPERATIONS["index"], [subject], (tuple(chosen),))
    return with_axes(subject, new)


def _without_points(items: Sequence[Phrase]) -> list[Phrase]:
    """The items that leave an axis in the result."""
    return [p for p in items if p.head in ("none", "slice")]


def _item(phrase: Phrase, dim: Dim, letters: Collection[str]) -> tuple[Any, ...]:
    if phrase.head != "slice":
        position = _bound(phrase, letters)
        if isinstance(position, int) and isinstance(dim, int) and not -dim <= position < dim:
            raise ShapeError(f"index {position} is outside an axis of size {dim}", advice=f"Positions run from {-dim} to {dim - 1}.")
        return ("at", _from_front(position, dim))
    start, stop, stride = (None if p.head == "none" else _bound(p, letters) for p in phrase.parts)
    step = 1 if stride is None else stride
    if not isinstance(step, int) or step == 0:
        raise ParseError("the step of a slice is a whole number other than 0", advice="Write x[::2] or x[::-1].", place=phrase.place)
    if isinstance(dim, int) and not isinstance(start, str) and not isinstance(stop, str):
        begin, end, step = slice(start, stop, step).indices(dim)
        if not len(range(begin, end, step)):
            raise ShapeError(f"the slice takes nothing from an axis of size {dim}", advice="Write start:stop with start before stop.")
        return ("slice", begin, end, step)
    first: Dim = 0 if step > 0 else add(dim, 1, -1)
    last: Dim = dim if step > 0 else -1
    first = first if start is None else _from_front(start, dim)
    last = last if stop is None else _from_front(stop, dim)
    length = add(last, first, -1) if step > 0 else add(first, last, -1)
    if isinstance(length, int) and length < 1:
        raise ShapeError(f"the slice takes nothing from an axis of size {dim}", advice="Write start:stop with start before stop.")
    return ("slice", first, last, step)


def _bound(phrase: Phrase, letters: Collection[str]) -> Dim:
    position = dimension_of(phrase, letters)
    if position is None:
        raise ParseError("a position is a whole number or a dimension", advice="Write x[0], x[1:n] or x[-1].", place=phrase.place)
    return position


def _from_front(position: Dim, dim: Dim) -> Dim:
    """A position counted from the front: negative ones count from the end."""
    negative = position < 0 if isinstance(position, int) else position.startswith("-")
    return add(dim, position) if negative else position
