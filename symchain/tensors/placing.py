"""Arrays that are zero but for some places, in the words NumPy has: zeros beside, stack and concatenate, rows of eye(n)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symchain.support.dimensions import Dim, add
from symchain.support.notation import Phrase, call
from symchain.support.notation import number as literal
from symchain.tensors.indexgraph import COLON, NEW, dimension, product
from symchain.tensors.nodes import Operation, Tree

_ENTRIES = 8
"""Vectors of more entries are not written entry by entry."""

_Slice = tuple[Dim, Dim, Tree]
"""Where a vector begins to be other than zero, where it ends to be, and the term that it is."""


def side_by_side(terms: Sequence[Tree], memo: Mapping[Tree, Phrase]) -> tuple[list[Tree], list[Phrase]]:
    """What is left of the terms of a sum when arrays that are zero but for some entries, or but for a slice, are written as one."""
    entries: dict[int, Tree] = {}
    slices: dict[int, list[_Slice]] = {}
    length: Dim = 0
    for t in terms:
        if not isinstance(t, Operation) or t.operation.name != "place" or len(t.parameters[0]) != len(t.shape):
            continue
        items, shape = t.parameters
        if len(items) == 1 and items[0][0] == "at":
            (item,), (size,) = items, shape
            if isinstance(item[1], int) and isinstance(size, int) and size <= _ENTRIES:
                entries.setdefault(item[1], t)
                length = size
        elif (axis := _sliced_axis(items, shape)) is not None:
            slices.setdefault(axis, []).append((items[axis][1], items[axis][2], t))
    taken: list[Tree] = []
    written: list[Phrase] = []
    if len(entries) > 1 and isinstance(length, int):
        taken += entries.values()
        parts = [memo[entries[k].args[0]] if k in entries else literal(0) for k in range(length)]
        written.append(call("stack", Phrase("list", tuple(parts))))
    for axis, found in slices.items():
        if row := _adjacent(found):
            taken += (t for _, _, t in row)
            written.append(_between_zeros([memo[t.args[0]] for _, _, t in row], row[0][0], row[-1][1], row[0][2].shape, axis))
    return [t for t in terms if t not in taken], written


def _sliced_axis(items: tuple[Any, ...], shape: tuple[Dim, ...]) -> int | None:
    """The one axis along which a part is taken, in steps of one; None where there is another number of them."""
    parts = [k for k, (item, d) in enumerate(zip(items, shape, strict=True)) if item != ("slice", 0, d, 1)]
    return parts[0] if len(parts) == 1 and items[parts[0]][0] == "slice" and items[parts[0]][3] == 1 else None


def _adjacent(slices: Sequence[_Slice]) -> list[_Slice]:
    """Slices of which each begins where the one before ends; none where there are no two such."""
    row = [s for s in slices if any(s[1] == start for start, _, _ in slices)][:1]
    while row and (after := next((s for s in slices if s[0] == row[-1][1] and s not in row), None)) is not None:
        row.append(after)
    return row


def _between_zeros(parts: Sequence[Phrase], start: Dim, stop: Dim, shape: tuple[Dim, ...], axis: int) -> Phrase:
    """Parts that fill an array of a shape from `start` to `stop` along an axis, with zeros around them."""
    around = []
    for d in (start, add(shape[axis], stop, -1)):
        sizes = [dimension(s) for s in (*shape[:axis], d, *shape[axis + 1 :])]
        around.append([call("zeros", sizes[0] if len(sizes) == 1 else Phrase("tuple", tuple(sizes)))] if d != 0 else [])
    whole = Phrase("list", (*around[0], *parts, *around[1]))
    return Phrase("call", (whole,), "concatenate", (("axis", literal(axis)),) if axis else ())


def _bound(dim: Dim | None) -> Phrase:
    return NEW if dim is None else dimension(dim)


def item_phrase(item: tuple[Any, ...], length: Dim | None) -> Phrase:
    """One item of an index as it is written, along an axis of some length: what is the default of a slice is left out."""
    if item[0] == "at":
        return dimension(item[1])
    if item[0] == "new":
        return NEW
    start, stop, step = item[1:]
    if step < 0:
        whole = length is not None and start == add(length, 1, -1)
        return Phrase("slice", (NEW if whole else _bound(start), NEW if stop == -1 else _bound(stop), Phrase("neg", (literal(-step),))))
    return Phrase(
        "slice", (NEW if start == 0 else _bound(start), NEW if stop == length else _bound(stop), NEW if step == 1 else literal(step))
    )


def placed(phrase: Phrase, items: tuple[Any, ...], shape: tuple[Dim, ...]) -> Phrase:
    """Zeros of a shape with a phrase put at some places, in the words NumPy has: rows of eye(n), zeros beside, a reversed slice."""
    entries = [k for k, item in enumerate(items) if item[0] == "at"]
    rows = [Phrase("index", (call("eye", dimension(shape[k])), dimension(items[k][1]))) for k in entries]
    if len(entries) == len(items):
        spike = rows[0] if len(rows) == 1 else call("outer", *rows) if len(rows) == 2 else None
        return product([phrase, spike], []) if spike is not None else call("place", phrase)
    slices = [(item, length) for item, length in zip(items, shape, strict=True) if item[0] == "slice"]
    filled: list[Dim | None] = [_count(item[1:]) for item, _ in slices]
    for axis, (item, length) in enumerate(slices):
        filled[axis] = length
        phrase = _put_slice(phrase, item[1:], length, axis, filled)
    if not entries:
        return phrase
    if len(items) == 2:
        return call("outer", *((rows[0], phrase) if entries == [0] else (phrase, rows[0])))
    letters = "ijklmnpq"[: len(items)]
    kept = "".join(letters[n] for n in range(len(items)) if n not in entries)
    spell = ",".join([kept, *(letters[k] for k in entries)]) + "->" + letters
    return call("einsum", Phrase("string", text=spell), phrase, *rows)


def _count(bounds: tuple[Any, ...]) -> Dim | None:
    """How many entries a slice in steps of one takes."""
    start, stop, step = bounds
    return add(stop, start, -1) if step == 1 else add(start, stop, -1) if step == -1 else None


def _put_slice(phrase: Phrase, bounds: tuple[Any, ...], length: Dim, axis: int, filled: Sequence[Dim | None]) -> Phrase:
    """A phrase with zeros around it along an axis; `filled` is the shape that it then has, where that is known."""
    start, stop, step = bounds
    rank, known = len(filled), [d for d in filled if d is not None]
    if step == -1 and stop == -1 and start == add(length, 1, -1):
        return Phrase("index", (phrase, *[COLON] * axis, Phrase("slice", (NEW, NEW, Phrase("neg", (literal(1),))))))
    if step == 1:
        if start == 0 and stop == length:
            return phrase
        if len(known) == rank:
            return _between_zeros([phrase], start, stop, tuple(known), axis)
    selection = Phrase("index", (call("eye", dimension(length)), item_phrase(("slice", *bounds), length)))
    if axis == 0 and rank <= 2:
        return Phrase("matmul", (Phrase("transpose", (selection,)), phrase))
    if axis == 1 and rank == 2:
        return Phrase("matmul", (phrase, selection))
    letters = "ijklmnpq"[:rank]
    spell = f"{letters},{letters[axis]}z->{letters.replace(letters[axis], 'z')}"
    return call("einsum", Phrase("string", text=spell), phrase, selection)
