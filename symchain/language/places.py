"""Entries at places that are written as numbers, and arrays put in a row."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from symchain.errors import LimitError, ParseError, ShapeError
from symchain.language.arguments import Mismatch, plain_argument
from symchain.language.shapes import dimension_of
from symchain.operations.pulling import slice_along, whole_axes
from symchain.support.dimensions import Dim, add, show
from symchain.support.notation import Phrase
from symchain.tensors import nodes
from symchain.tensors.nodes import ONE, Tree, named_operation

LARGEST = 64
"""So many parts an array is taken apart into, and so many rows are laid out one by one."""


def counting(n: Dim, before: Dim = 0) -> Tree:
    """The numbers after `before`, n of them: 1, 2, ..., n."""
    counted = named_operation("cumsum", nodes.broadcast(ONE, (n,)), parameters=(0,))
    return counted if before == 0 else nodes.add([counted, nodes.broadcast(nodes.size(before), (n,))])


def joined(parts: Sequence[Tree], axis: int) -> Tree:
    return parts[0] if len(parts) == 1 else named_operation("concatenate", *parts, parameters=(axis,))


def at(x: Tree, axis: int, place: Dim) -> Tree:
    """One slice across an axis, which is dropped."""
    items = (*whole_axes(x.shape[:axis]), ("at", place), *whole_axes(x.shape[axis + 1 :]))
    return named_operation("index", x, parameters=(items,))


def chosen(x: Tree, places: Sequence[int], axis: int) -> Tree:
    """The slices across an axis at these places, counted from the end below 0; those that follow on one another are taken at once."""
    if not places or len(places) > LARGEST:
        raise LimitError(
            f"{len(places)} places in a list", advice=f"From 1 to {LARGEST} can be written; more are labels that are an input."
        )
    n = x.shape[axis]
    runs: list[tuple[Dim, int]] = []
    for before, place in zip((None, *places), places, strict=False):
        follows = before is not None and place == before + 1 and (before < 0) == (place < 0)
        if follows:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((place if place >= 0 else add(n, place), 1))
    return joined([slice_along(x, axis, start, add(start, count)) for start, count in runs], axis)


def at_places(x: Tree, items: Sequence[Phrase], letters: Collection[str]) -> tuple[Tree, list[Phrase]]:
    """x[:, [0, 2, 5]]: what is taken by the list of places, and the rest of the index, with a whole slice for it."""
    lists = [k for k, p in enumerate(items) if p.head == "list"]
    beside = [p for p in items if p.head not in ("list", "slice") and dimension_of(p, letters) is None]
    axis = lists[0]
    if len(lists) > 1 or beside:
        what = "a list of places stands beside slices and whole numbers alone"
        raise ParseError(what, advice="Take along one axis, x[:, [0, 2]], then along the next.", place=items[axis].place)
    if len(items) > len(x.shape):
        raise ShapeError(f"{len(items)} indices of an operand of shape {show(x.shape)}", advice="Give one index per axis.")
    try:
        taken = chosen(x, plain_argument("Places", items[axis], letters), axis)
    except Mismatch as mismatch:
        raise ParseError(f"an index needs {mismatch} here", advice="Write x[[0, 2, 5]].", place=items[axis].place) from None
    nothing = Phrase("none")
    return taken, [Phrase("slice", (nothing, nothing, nothing)) if k == axis else p for k, p in enumerate(items)]
