"""x[...]: whole numbers, dimensions, slices and None, with NumPy's meaning of negative positions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from symchain.errors import ParseError, ShapeError
from symchain.functions.spec import OPERATIONS
from symchain.language.shapes import dimension_of
from symchain.operations.calling import with_axes
from symchain.support.dimensions import Dim, add, at_least, minimum, show
from symchain.support.notation import Phrase
from symchain.tensors import nodes
from symchain.tensors.nodes import Tree


def select(subject: Tree, items: Sequence[Phrase], letters: Collection[str], known: Mapping[Dim, int]) -> Tree:
    """subject[items]. Raises ShapeError for too many indices and positions outside, ParseError for what is no position.

    Slices end where the axis does. One of a number of entries (x[1:5], x[-3:]) has a size that says so, unless it is known that the
    axis has them all; one that leaves a number of entries out (x[1:], x[:-2]) has the size of the axis less that number, and needs it.
    """
    new = [k for k, p in enumerate(_without_points(items)) if p.head == "none"]
    positions = [p for p in items if p.head != "none"]
    if len(positions) > len(subject.shape):
        raise ShapeError(
            f"{len(positions)} indices for an operand of shape {show(subject.shape)}", advice="Give one index per axis; None adds an axis."
        )
    found = [_item(p, dim, letters, known) for p, dim in zip(positions, subject.shape, strict=False)]
    chosen = [item for item, _ in found]
    chosen += [("slice", 0, dim, 1) for dim in subject.shape[len(positions) :]]
    if any(item != ("slice", 0, dim, 1) for item, dim in zip(chosen, subject.shape, strict=True)):
        subject = nodes.operation(OPERATIONS["index"], [subject], (tuple(chosen),))
    turned = iter([back for item, back in found if item[0] == "slice"])
    whole = [("slice", add(d, 1, -1), -1, -1) if next(turned, False) else ("slice", 0, d, 1) for d in subject.shape]
    if any(back for _, back in found):
        subject = nodes.operation(OPERATIONS["index"], [subject], (tuple(whole),))
    return with_axes(subject, new)


def _without_points(items: Sequence[Phrase]) -> list[Phrase]:
    """The items that leave an axis in the result."""
    return [p for p in items if p.head in ("none", "slice")]


def _item(phrase: Phrase, dim: Dim, letters: Collection[str], known: Mapping[Dim, int]) -> tuple[tuple[Any, ...], bool]:
    """The item of an index, and whether what it takes is reversed afterwards."""
    if phrase.head != "slice":
        position = _bound(phrase, letters)
        if isinstance(position, int) and isinstance(dim, int) and not -dim <= position < dim:
            raise ShapeError(f"index {position} is outside an axis of size {dim}", advice=f"Positions run from {-dim} to {dim - 1}.")
        return ("at", _from_front(position, dim)), False
    start, stop, stride = (None if p.head == "none" else _bound(p, letters) for p in phrase.parts)
    step = 1 if stride is None else stride
    if not isinstance(step, int) or step == 0:
        raise ParseError("the step of a slice is a whole number other than 0", advice="Write x[::2] or x[::-1].", place=phrase.place)
    numbers = not isinstance(start, str) and not isinstance(stop, str)
    if isinstance(dim, int) and numbers:
        begin, end, step = slice(start, stop, step).indices(dim)
        if not len(range(begin, end, step)):
            raise _nothing(dim)
        return ("slice", begin, end, step), False
    lower, upper, behind = (start, stop, 0) if step > 0 else (stop, start, 1)  # a slice that descends takes those of one that ascends
    first = 0 if lower is None else _inside(add(_from_front(lower, dim), behind), dim)
    last = dim if upper is None else _inside(add(_from_front(upper, dim), behind), dim)
    length = add(last, first, -1)
    if isinstance(length, int) and length < 1:
        raise _nothing(dim)
    clamped = numbers and abs(step) == 1 and isinstance(length, int)
    if clamped:
        first, last = _clamped(first, dim, known), _clamped(last, dim, known)
    if clamped and step < 0 and first != 0:
        return ("slice", first, last, 1), True
    return ("slice", first, last, step) if step > 0 else ("slice", add(last, 1, -1), add(first, 1, -1), step), False


def _nothing(dim: Dim) -> ShapeError:
    return ShapeError(f"the slice takes nothing from an axis of size {dim}", advice="Write start:stop with start before stop.")


def _inside(position: Dim, dim: Dim) -> Dim:
    """The position, or the end of the axis where it is certainly beyond that."""
    return dim if at_least(add(position, dim, -1), 0) else position


def _clamped(position: Dim, dim: Dim, known: Mapping[Dim, int]) -> Dim:
    """A position so many entries from one end of an axis, which may have fewer: then the other end, as in NumPy."""
    if isinstance(position, int):
        return minimum(dim, position, known)
    count = add(dim, position, -1)
    assert isinstance(count, int)
    return add(dim, minimum(dim, count, known), -1)


def _bound(phrase: Phrase, letters: Collection[str]) -> Dim:
    position = dimension_of(phrase, letters)
    if position is None:
        raise ParseError("a position is a whole number or a dimension", advice="Write x[0], x[1:n] or x[-1].", place=phrase.place)
    return position


def _from_front(position: Dim, dim: Dim) -> Dim:
    """A position counted from the front: negative ones count from the end."""
    negative = position < 0 if isinstance(position, int) else position.startswith("-")
    return add(dim, position) if negative else position
