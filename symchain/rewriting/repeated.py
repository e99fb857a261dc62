"""Operations applied twice: an entry of a row is an entry, a triangle of a triangle that triangle, a squared root its base."""

from __future__ import annotations

from typing import Any

from symchain.errors import ShapeError
from symchain.functions.spec import OPERATIONS
from symchain.rewriting.rows import Row, Use, one
from symchain.support.dimensions import add
from symchain.tensors.nodes import Contraction, Operation, Tree, operation

_Item = tuple[Any, ...]


def selected_once(tree: Operation) -> Tree | None:
    """x[i][j] as one selection of x; nothing where the positions cannot be told."""
    if tree.operation is not OPERATIONS["index"]:
        return None
    inner = tree.args[0]
    if not isinstance(inner, Operation) or inner.operation is not tree.operation:
        return None
    items = _composed(inner.parameters[0], tree.parameters[0])
    if items is None:
        return None
    source = inner.args[0]
    if _takes_all(items, source):
        return source
    try:
        found = operation(tree.operation, [source], (items,))
    except ShapeError:
        return None
    return found if found.shape == tree.shape else None


def placed_once(tree: Operation) -> Tree | None:
    """What is put at some places of what is put at some places, put there at once."""
    inner = tree.args[0]
    if tree.operation is not OPERATIONS["place"] or not isinstance(inner, Operation) or inner.operation is not tree.operation:
        return None
    items, shape = tree.parameters
    joined = _composed(items, inner.parameters[0])
    if joined is None or any(i[0] == "slice" and i[3] < 0 for i in joined):  # of no entries, a slice backwards would end before 0
        return None
    source = inner.args[0]
    if source.shape == shape and len(joined) == len(shape) and all(i == ("slice", 0, d, 1) for i, d in zip(joined, shape, strict=True)):
        return source
    try:
        return operation(tree.operation, [source], (joined, shape))
    except ShapeError:
        return None


def reversed_once(tree: Operation) -> Tree | None:
    """flip(flip(x)) as x, and roll(roll(x, a), b) as roll(x, a + b), along one axis."""
    inner = tree.args[0]
    if not isinstance(inner, Operation) or inner.operation is not tree.operation:
        return None
    if tree.operation is OPERATIONS["flip"]:
        return inner.args[0] if inner.parameters == tree.parameters else None
    if tree.operation is not OPERATIONS["roll"] or inner.parameters[1] != tree.parameters[1]:
        return None
    shift = add(inner.parameters[0], tree.parameters[0])
    return inner.args[0] if shift == 0 else operation(tree.operation, inner.args, (shift, tree.parameters[1]))


def _composed(inner: tuple[_Item, ...], outer: tuple[_Item, ...]) -> tuple[_Item, ...] | None:
    """The items that take at once what two selections take one after the other."""
    out: list[_Item] = []
    rest = iter(outer)
    for first in inner:
        if first[0] == "at":
            out.append(first)
            continue
        second = next(rest)
        while second[0] == "new":
            out.append(second)
            second = next(rest)
        joined = _slice_of(first, second) if first[0] == "slice" else _new_of(second)
        if joined is None:
            return None
        out += joined
    out += [item for item in rest if item[0] == "new"]
    return tuple(out)


def _new_of(second: _Item) -> list[_Item] | None:
    """What is taken of an axis of size 1 that the inner selection added."""
    if second[0] == "at":
        return []
    return [("new",)] if second == ("slice", 0, 1, 1) else None


def _slice_of(first: _Item, second: _Item) -> list[_Item] | None:
    _, start, stop, step = first
    if second[0] == "at":
        return [("at", add(start, second[1], step))]
    _, begin, end, by = second
    first_taken, beyond, stride = add(start, begin, step), add(start, end, step), step * by
    if abs(step) > 1 or (isinstance(beyond, int) and beyond < -1):
        if not all(isinstance(d, int) for d in (start, stop, begin, end)):
            return None
        beyond = (min if stride > 0 else max)(beyond, stop if by > 0 else start + (1 if stride > 0 else -1))
    return [("slice", first_taken, beyond, stride)]


def _takes_all(items: tuple[_Item, ...], source: Tree) -> bool:
    return len(items) == len(source.shape) and all(item == ("slice", 0, d, 1) for item, d in zip(items, source.shape, strict=True))


def triangle_once(tree: Operation) -> Tree | None:
    """tril(tril(A)) as tril(A), tril(2*tril(A)) as 2*tril(A), and triu likewise."""
    whole = tree.args[0]
    if tree.operation not in (OPERATIONS["tril"], OPERATIONS["triu"]):
        return None
    # a product of numbers and one triangle, its axes as they are, is zero where the triangle is
    arrays = [(f, s) for f, s in zip(whole.args, whole.subscripts, strict=True) if s] if isinstance(whole, Contraction) else []
    inner = arrays[0][0] if len(arrays) == 1 and isinstance(whole, Contraction) and arrays[0][1] == whole.output else whole
    same = isinstance(inner, Operation) and inner.operation is tree.operation and inner.parameters == tree.parameters
    return whole if same else None


ROWS = (
    Row("the square of a root", Use.PRINT, "sqrt(x)**2", "x", domain={"x": (0.1, 3.0)}, priority=5, inside=5),
    Row("the square of an absolute value", Use.PRINT, "abs(x)**2", "x**2", priority=5, inside=5),
    Row(
        "a selection of a selection", Use.PRINT, search=one(selected_once), node=Operation, step="slice",
        reason="positions are parameters of the selections", fires="x: (n,)\ny: (n,)\nout = sum(x[::-1][::-1]*y)",
        spares="x: (n,)\nout = sum(x[1:])",
    ),
    Row(
        "places among places", Use.PRINT, search=one(placed_once), node=Operation, step="slice",
        reason="positions are parameters of what puts there", fires="x: (n,)\ny = x[::-1][::-1]\nout = sum(y**2)",
        spares="x: (n,)\nout = sum(x[1:]**2)",
    ),
    Row(
        "a reversal of a reversal", Use.PRINT, search=one(reversed_once), node=Operation, step="slice",
        reason="the axis and the shift are parameters", fires="x: (n,)\nout = sum(flip(flip(x))**2)",
        spares="A: (n, n)\nout = sum(flip(flip(A, axis=0), axis=1)**2)",
    ),
    Row(
        "a triangle of a triangle", Use.PRINT, search=one(triangle_once), node=Operation, step="slice",
        reason="which diagonal it ends at is a parameter", fires="A: (n, n)\nout = sum(tril(tril(A))**2)",
        spares="A: (n, n)\nout = sum(tril(triu(A))**2)",
    ),
)  # fmt: skip
