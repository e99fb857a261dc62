"""Arrays taken apart into several: sections along an axis, slices across it, grids. A program takes one of them, or names them all."""

from __future__ import annotations

from collections.abc import Sequence

from symchain.errors import ShapeError
from symchain.functions.spec import FUNCTIONS
from symchain.language.calls import called
from symchain.language.forms import form
from symchain.language.places import LARGEST, at
from symchain.language.sequences import conforming
from symchain.operations.calling import Axes, Axis, Sections, Whole, normal_axis, raveled, with_axes
from symchain.operations.pulling import slice_along
from symchain.support.dimensions import Dim
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, Tree


def _known(n: Dim) -> int:
    if not isinstance(n, int):
        raise ShapeError(f"how many parts an axis of size {n} has", advice="Declare the axis with a whole number.")
    return n


def _between(x: Tree, axis: int, ends: Sequence[int]) -> list[Tree]:
    """The slices from each end to the next."""
    if len(ends) > LARGEST + 1 or any(b <= a for a, b in zip(ends, ends[1:], strict=False)):
        raise ShapeError(f"parts of an axis of size {ends[-1]}", advice=f"There are {LARGEST} at most, and none is empty.")
    return [slice_along(x, axis, a, b) for a, b in zip(ends, ends[1:], strict=False)]


def _split(x: Tree, sections: Sections, axis: int, uneven: bool) -> list[Tree]:
    """NumPy's: so many parts of one size, the first ones larger by one where that may be, or parts that begin at these places."""
    k = normal_axis(axis, len(x.shape))
    n = _known(x.shape[k])
    if isinstance(sections, tuple):
        return _between(x, k, [0, *(p if p >= 0 else n + p for p in sections), n])
    if not 1 <= sections <= n or (n % sections and not uneven):
        raise ShapeError(f"{sections} equal parts of an axis of size {n}", advice="The size is a multiple; array_split takes any.")
    size, more = divmod(n, sections)
    return _between(x, k, [j * size + min(j, more) for j in range(sections + 1)])


@form("split", parts=-1, free=True)
def _equal_parts(x: Tree, sections: Sections, axis: Axis = 0) -> list[Tree]:
    return _split(x, sections, axis, uneven=False)


@form("array_split", "tensor_split", parts=-1, free=True)
def _parts(x: Tree, sections: Sections, axis: Axis = 0) -> list[Tree]:
    return _split(x, sections, axis, uneven=True)


@form("chunk", parts=-1, free=True)
def _chunk(x: Tree, chunks: Whole, axis: Axis = 0) -> list[Tree]:
    """PyTorch's: parts of one size, the last of which may be smaller."""
    k = normal_axis(axis, len(x.shape))
    n = _known(x.shape[k])
    if chunks < 1:
        raise ShapeError(f"{chunks} parts of an axis of size {n}", advice="There is one at least.")
    size = -(-n // chunks)
    return _between(x, k, [*range(0, n, size), n])


@form("hsplit", parts=-1, free=True)
def _hsplit(x: Tree, sections: Sections) -> list[Tree]:
    return _split(x, sections, min(1, len(x.shape) - 1), uneven=False)


@form("vsplit", parts=-1, free=True)
def _vsplit(x: Tree, sections: Sections) -> list[Tree]:
    return _split(x, sections, 0, uneven=False)


@form("dsplit", parts=-1, free=True)
def _dsplit(x: Tree, sections: Sections) -> list[Tree]:
    return _split(x, sections, 2, uneven=False)


@form("unstack", "unbind", parts=-1, free=True)
def _unstack(x: Tree, axis: Axis = 0) -> list[Tree]:
    """All slices across an axis, which is dropped."""
    k = normal_axis(axis, len(x.shape))
    n = _known(x.shape[k])
    if n > LARGEST:
        raise ShapeError(f"{n} slices across an axis", advice=f"There are {LARGEST} at most.")
    return [at(x, k, j) for j in range(n)]


@form("broadcast_arrays", parts=-1, free=True)
def _broadcast_arrays(*arrays: Tree) -> list[Tree]:
    return conforming(*arrays)


@form("meshgrid", parts=-1, free=True)
def _meshgrid(*arrays: Tree) -> list[Tree]:
    """The coordinates of a grid; the second one runs down the rows, as NumPy has it."""
    count = len(arrays)
    rows = [raveled(a) for a in arrays]
    order = [1, 0, *range(2, count)] if count > 1 else [0]
    shape = tuple(rows[k].shape[0] for k in order)
    return [nodes.broadcast(with_axes(r, [j for j in range(count) if j != order.index(k)]), shape) for k, r in enumerate(rows)]


@form("aminmax", parts=2, free=True)
def _aminmax(x: Tree, axis: Axes = None) -> tuple[Tree, Tree]:
    """The smallest and the largest entry."""
    return called("min", x, axis), called("max", x, axis)


@form("divmod", parts=2, free=True)
def _divmod(x: Tree, y: Tree) -> tuple[Tree, Tree]:
    """The whole quotient and the remainder."""
    x, y = conforming(x, y)
    return nodes.apply(FUNCTIONS["floor_divide"], x, y), nodes.apply(FUNCTIONS["mod"], x, y)


@form("modf", parts=2, free=True)
def _modf(x: Tree) -> tuple[Tree, Tree]:
    """What stands behind the decimal point, and what before."""
    whole = nodes.apply(FUNCTIONS["trunc"], x)
    return nodes.add([x, nodes.scale(MINUS_ONE, whole)]), whole
