"""Arrays put together and taken apart, composed of tree nodes: axes added and moved, structured matrices, parts, neighbours.

Names that only differ between libraries (concat, cat, permute_dims) mean here what they mean there.
"""

from __future__ import annotations

from fractions import Fraction

from symchain.errors import ShapeError
from symchain.language import arithmetic
from symchain.language.calls import called
from symchain.language.forms import form
from symchain.language.places import LARGEST, at, counting, joined
from symchain.language.sequences import conforming, diagonal_matrix
from symchain.operations.calling import Axes, Axis, Blocks, Flag, Trees, Whole, normal_axes, normal_axis, raveled, with_axes
from symchain.operations.pulling import reversed_along, slice_along
from symchain.support.dimensions import Dim, add, show
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, ZERO, Tree, named_operation


def _vector(name: str, x: Tree) -> Dim:
    if len(x.shape) != 1:
        raise ShapeError(f"{name} takes a vector, not an operand of shape {show(x.shape)}", advice="Declare it with one axis, (n,).")
    return x.shape[0]


def _known(name: str, n: Dim) -> int:
    if not isinstance(n, int) or not 1 <= n <= LARGEST:
        raise ShapeError(f"{name} of {n} entries", advice=f"Declare the axis with a whole number from 1 to {LARGEST}.")
    return n


# ---------------------------------------------------------------- axes


@form("atleast_1d", free=True)
def _atleast_1d(x: Tree) -> Tree:
    return x if x.shape else with_axes(x, [0])


@form("atleast_2d", free=True)
def _atleast_2d(x: Tree) -> Tree:
    return x if len(x.shape) > 1 else with_axes(x, [0] if x.shape else [0, 1])


@form("atleast_3d", free=True)
def _atleast_3d(x: Tree) -> Tree:
    return x if len(x.shape) > 2 else with_axes(x, ([0, 1, 2], [0, 2], [2])[len(x.shape)])


@form("unsqueeze", free=True)
def _unsqueeze(x: Tree, axis: Axis) -> Tree:
    return with_axes(x, [normal_axis(axis, len(x.shape) + 1)])


@form("moveaxis", "movedim", free=True)
def _moveaxis(x: Tree, source: Axes, destination: Axes) -> Tree:
    rank = len(x.shape)
    start = [normal_axis(a, rank) for a in source or ()]
    end = [normal_axis(a, rank) for a in destination or ()]
    if len(start) != len(end) or len(set(start)) != len(start) or len(set(end)) != len(end):
        raise ShapeError("axes that move and where they go are not equally many", advice="Write moveaxis(x, 0, -1).")
    order = [k for k in range(rank) if k not in start]
    for place, axis in sorted(zip(end, start, strict=True)):
        order.insert(place, axis)
    return nodes.transpose(x, order)


@form("rollaxis", free=True)
def _rollaxis(x: Tree, axis: Axis, start: Whole = 0) -> Tree:
    """The axis put before another one."""
    rank = len(x.shape)
    k = normal_axis(axis, rank)
    place = start + rank if start < 0 else start
    return _moveaxis(x, (k,), (place - (k < place),))


@form("permute_dims", "permute", free=True)
def _permute_dims(x: Tree, axes: Axes) -> Tree:
    order = [normal_axis(a, len(x.shape)) for a in axes or ()]
    if sorted(order) != list(range(len(x.shape))):
        raise ShapeError(f"{len(order)} axes of an operand of shape {show(x.shape)}", advice="Name every axis once.")
    return nodes.transpose(x, order)


@form("matrix_transpose", "mT", free=True)
def _matrix_transpose(x: Tree) -> Tree:
    rank = len(x.shape)
    if rank < 2:
        raise ShapeError("a transpose of matrices", advice="Declare the operand with two axes.")
    return nodes.transpose(x, [*range(rank - 2), rank - 1, rank - 2])


@form("swapdims", free=True)
def _swapdims(x: Tree, axis0: Axis, axis1: Axis) -> Tree:
    order = list(range(len(x.shape)))
    i, j = normal_axis(axis0, len(x.shape)), normal_axis(axis1, len(x.shape))
    order[i], order[j] = j, i
    return nodes.transpose(x, order)


@form("expand_as", "broadcast_like", free=True)
def _expand_as(x: Tree, other: Tree) -> Tree:
    x, like = conforming(x, other)
    if like.shape != other.shape:
        raise ShapeError(f"shape {show(x.shape)} does not broadcast to {show(other.shape)}", advice="Trailing axes align.")
    return x


@form("view_as", "reshape_as", free=True)
def _view_as(x: Tree, other: Tree) -> Tree:
    return called("reshape", x, other.shape)


@form("ones_like", free=True)
def _ones_like(x: Tree) -> Tree:
    return nodes.broadcast(ONE, x.shape)


@form("zeros_like", free=True)
def _zeros_like(x: Tree) -> Tree:
    return nodes.broadcast(ZERO, x.shape)


@form("full_like", free=True)
def _full_like(x: Tree, fill_value: Tree) -> Tree:
    return nodes.broadcast(fill_value, x.shape)


# ---------------------------------------------------------------- joining


@form("concat", "cat", free=True)
def _concat(arrays: Trees, axis: Axis = 0) -> Tree:
    return joined(arrays, normal_axis(axis, len(arrays[0].shape)))


@form("column_stack", free=True)
def _column_stack(arrays: Trees) -> Tree:
    """Vectors are columns."""
    return joined([with_axes(a, [1]) if len(a.shape) == 1 else a for a in arrays], 1)


@form("row_stack", free=True)
def _row_stack(arrays: Trees) -> Tree:
    return joined([_atleast_2d(a) for a in arrays], 0)


@form("dstack", free=True)
def _dstack(arrays: Trees) -> Tree:
    return joined([_atleast_3d(a) for a in arrays], 2)


@form("block", free=True)
def _block(arrays: Blocks) -> Tree:
    """[[A, B], [C, D]]: rows of blocks side by side, one below the other."""
    rows = []
    for row in arrays:
        blocks = [_atleast_2d(b) for b in row]
        if any(b.shape[:-1] != blocks[0].shape[:-1] for b in blocks):
            raise ShapeError(
                f"blocks {' and '.join(show(b.shape) for b in blocks)} side by side", advice="Blocks of a row have equally many rows."
            )
        rows.append(joined(blocks, len(blocks[0].shape) - 1))
    return joined(rows, len(rows[0].shape) - 2)


@form("linspace", free=True)
def _linspace(start: Tree, stop: Tree, num: Dim) -> Tree:
    """start + k*(stop - start)/(num - 1) for k = 0, ..., num - 1."""
    if start.shape or stop.shape or num == 1:
        raise ShapeError("linspace goes from one number to another", advice="Write linspace(a, b, 5).")
    last = add(num, -1)
    inverse = nodes.number(Fraction(1, last)) if isinstance(last, int) else nodes.reciprocal(nodes.size(last))
    step = nodes.contract([inverse, _less(stop, start), counting(num, -1)], ["", "", "i"], "i")
    return nodes.add([nodes.broadcast(start, (num,)), step])


# ---------------------------------------------------------------- structured matrices


@form("diagflat", free=True)
def _diagflat(x: Tree, k: Whole = 0) -> Tree:
    """The entries in one row, along a diagonal."""
    return diagonal_matrix(raveled(x), k)


@form("diag_embed", free=True)
def _diag_embed(x: Tree) -> Tree:
    """A matrix with each last row along its diagonal."""
    rank = len(x.shape)
    if not rank:
        raise ShapeError("diag_embed does not take an operand of shape ()", advice="Declare the operand with an axis.")
    n = x.shape[-1]
    axes = list(range(rank))
    return nodes.contract([x, nodes.identity(n)], [axes, [rank - 1, rank]], [*axes, rank])


@form("toeplitz", free=True)
def _toeplitz(c: Tree, r: Tree | None = None) -> Tree:
    """A[i, j] = c[i - j] on and below the diagonal, r[j - i] above it."""
    r = c if r is None else r
    n, m = _known("toeplitz", _vector("toeplitz", c)), _vector("toeplitz", r)
    line = joined([reversed_along(c, 0), slice_along(r, 0, 1, m)], 0) if m != 1 else reversed_along(c, 0)
    rows = [slice_along(line, 0, n - 1 - i, add(n - 1 - i, m)) for i in range(n)]
    return joined([with_axes(row, [0]) for row in rows], 0)


@form("circulant", free=True)
def _circulant(c: Tree) -> Tree:
    """A[i, j] = c[i - j], counted around."""
    n = _known("circulant", _vector("circulant", c))
    return joined([with_axes(named_operation("roll", c, parameters=(j, 0)), [1]) for j in range(n)], 1)


@form("hankel", free=True)
def _hankel(c: Tree, r: Tree | None = None) -> Tree:
    """A[i, j] = c[i + j], continued by r, or by zeros."""
    n = _known("hankel", _vector("hankel", c))
    m = n if r is None else _vector("hankel", r)
    rest = nodes.zeros((add(m, -1),)) if r is None else slice_along(r, 0, 1, m)
    line = joined([c, rest], 0) if m != 1 else c
    return joined([with_axes(slice_along(line, 0, i, add(m, i)), [0]) for i in range(n)], 0)


@form("vander", free=True)
def _vander(x: Tree, N: Whole = 0, increasing: Flag = False) -> Tree:
    """The powers x**(N - 1), ..., x, 1 as columns."""
    n = _vector("vander", x)
    count = _known("vander", N or n)
    powers = range(count) if increasing else range(count - 1, -1, -1)
    columns = [nodes.broadcast(ONE, x.shape) if p == 0 else x if p == 1 else nodes.power(x, p) for p in powers]
    return joined([with_axes(c, [1]) for c in columns], 1)


@form("companion", free=True)
def _companion(a: Tree) -> Tree:
    """The matrix whose eigenvalues are the roots of a[0]*x**(n - 1) + ... + a[n - 1]."""
    n = _known("companion", _vector("companion", a))
    if n < 2:
        raise ShapeError("companion needs two coefficients at least", advice="Declare them with a number, a: (4,).")
    quotients = nodes.scale(MINUS_ONE, nodes.contract([slice_along(a, 0, 1, n), nodes.reciprocal(at(a, 0, 0))], ["i", ""], "i"))
    top = with_axes(quotients, [0])
    if n == 2:
        return top
    items = (("slice", 0, n - 2, 1), ("slice", 0, n - 2, 1))
    return joined([top, named_operation("place", nodes.identity(n - 2), parameters=(items, (n - 2, n - 1)))], 0)


# ---------------------------------------------------------------- parts


@form("narrow", free=True)
def _narrow(x: Tree, axis: Axis, start: Whole, length: Dim) -> Tree:
    """So many slices from one place on."""
    k = normal_axis(axis, len(x.shape))
    return slice_along(x, k, start, add(length, start))


@form("select", free=True)
def _select(x: Tree, axis: Axis, index: Whole) -> Tree:
    """One slice across an axis."""
    k = normal_axis(axis, len(x.shape))
    return at(x, k, index if index >= 0 else add(x.shape[k], index))


@form("delete", free=True)
def _delete(x: Tree, obj: Whole, axis: Axis = 0) -> Tree:
    """What is left without one slice."""
    k = normal_axis(axis, len(x.shape))
    n = x.shape[k]
    place = obj if obj >= 0 else add(n, obj)
    parts = [slice_along(x, k, 0, place)] if place != 0 else []
    return joined([*parts, slice_along(x, k, add(place, 1), n)] if add(place, 1) != n else parts, k)


@form("fftshift", free=True)
def _fftshift(x: Tree, axes: Axes = None) -> Tree:
    return _shifted(x, axes, 1)


@form("ifftshift", free=True)
def _ifftshift(x: Tree, axes: Axes = None) -> Tree:
    return _shifted(x, axes, -1)


def _shifted(x: Tree, axes: Axes, sign: int) -> Tree:
    """Each axis shifted around by half of it."""
    for k in normal_axes(x, axes):
        n = x.shape[k]
        if not isinstance(n, int):
            raise ShapeError(f"half of an axis of size {n} is not known", advice="Declare the axis with a whole number.")
        x = named_operation("roll", x, parameters=(n // 2 if sign > 0 else -(n // 2), k))
    return x


# ---------------------------------------------------------------- neighbours


@form("ediff1d", free=True)
def _ediff1d(x: Tree) -> Tree:
    row = raveled(x)
    n = row.shape[0]
    return _less(slice_along(row, 0, 1, n), slice_along(row, 0, 0, add(n, -1)))


def _less(a: Tree, b: Tree) -> Tree:
    return nodes.add([a, nodes.scale(MINUS_ONE, b)])


@form("gradient", free=True)
def _gradient(f: Tree, axis: Axis = 0, spacing: Tree = ONE) -> Tree:
    """Differences of neighbours over their distance: central inside, one-sided at both ends."""
    if not f.shape or (len(f.shape) > 1 and axis is None):
        raise ShapeError("gradient goes along one axis", advice="Write gradient(f, axis=0).")
    k = normal_axis(axis, len(f.shape))
    n = f.shape[k]
    if isinstance(n, int) and n < 2:
        raise ShapeError(f"differences of {n} entries", advice="Two are needed at least.")
    inside = nodes.scale(Fraction(1, 2), _less(slice_along(f, k, 2, n), slice_along(f, k, 0, add(n, -2)))) if n != 2 else None
    first = _less(slice_along(f, k, 1, 2), slice_along(f, k, 0, 1))
    last = _less(slice_along(f, k, add(n, -1), n), slice_along(f, k, add(n, -2), add(n, -1)))
    slopes = joined([first, *([inside] if inside is not None else []), last], k)
    return slopes if spacing is ONE else arithmetic.product([slopes, nodes.reciprocal(spacing)], slopes.shape)


@form("cumulative_sum", free=True)
def _cumulative_sum(x: Tree, axis: Axis = -1) -> Tree:
    return named_operation("cumsum", x, parameters=(normal_axis(axis, len(x.shape)),))


@form("cumulative_prod", free=True)
def _cumulative_prod(x: Tree, axis: Axis = -1) -> Tree:
    return named_operation("cumprod", x, parameters=(normal_axis(axis, len(x.shape)),))


@form("msort", free=True)
def _msort(x: Tree) -> Tree:
    return named_operation("sort", x, parameters=(0,))


@form("kthvalue", free=True)
def _kthvalue(x: Tree, k: Whole, axis: Axis = -1) -> Tree:
    """The k-th smallest entry, counted from 1."""
    axis = normal_axis(axis, len(x.shape))
    n = x.shape[axis]
    if k < 1 or (isinstance(n, int) and k > n):
        raise ShapeError(f"the entry of rank {k} among {n}", advice="Ranks are counted from 1.")
    return at(named_operation("sort", x, parameters=(axis,)), axis, k - 1)


# ---------------------------------------------------------------- products


@form("mv", "matvec", free=True)
def _mv(A: Tree, x: Tree) -> Tree:
    """The last axis of the matrix against the last of the vector."""
    if len(A.shape) < 2 or len(x.shape) != 1:
        raise ShapeError("a matrix and a vector are needed", advice="Write einsum(...) for stacks of vectors.")
    return arithmetic.matrix_product(A, x)


@form("vecmat", free=True)
def _vecmat(x: Tree, A: Tree) -> Tree:
    if len(A.shape) < 2 or len(x.shape) != 1:
        raise ShapeError("a vector and a matrix are needed", advice="Write einsum(...) for stacks of vectors.")
    return arithmetic.matrix_product(x, A)


@form("mm", "bmm", "batch_matmul", free=True)
def _mm(A: Tree, B: Tree) -> Tree:
    if len(A.shape) != len(B.shape) or len(A.shape) < 2:
        raise ShapeError("two matrices, or two stacks of them, are needed", advice="Write A @ x for a vector.")
    return arithmetic.matrix_product(A, B)


@form("multi_dot", "chain_matmul", free=True)
def _multi_dot(arrays: Trees) -> Tree:
    product = arrays[0]
    for other in arrays[1:]:
        product = arithmetic.matrix_product(product, other)
    return product


@form("bilinear", free=True)
def _bilinear(x1: Tree, x2: Tree, weight: Tree, bias: Tree | None = None) -> Tree:
    """x1 @ weight[o] @ x2 for each o."""
    lead = ["b"] * (len(x1.shape) - 1)
    if len(weight.shape) != 3 or len(x1.shape) > 2 or len(x1.shape) != len(x2.shape):
        raise ShapeError("bilinear takes two vectors or two batches, and weights (out, first, second)", advice="Write einsum(...).")
    y = nodes.contract([x1, weight, x2], [[*lead, "i"], ["o", "i", "j"], [*lead, "j"]], [*lead, "o"])
    return y if bias is None else nodes.add([y, nodes.broadcast(bias, y.shape)])


@form("polymul", free=True)
def _polymul(a: Tree, b: Tree) -> Tree:
    _vector("polymul", a), _vector("polymul", b)
    return named_operation("convolution", a, b)


@form("polyder", free=True)
def _polyder(p: Tree) -> Tree:
    """The coefficients of the derivative, the highest power first."""
    n = _known("polyder", _vector("polyder", p))
    if n == 1:
        return nodes.zeros((1,))
    return joined([with_axes(nodes.scale(n - 1 - k, at(p, 0, k)), [0]) for k in range(n - 1)], 0)


@form("polyint", free=True)
def _polyint(p: Tree) -> Tree:
    """The coefficients of the integral from 0, the highest power first."""
    n = _known("polyint", _vector("polyint", p))
    return joined([*(with_axes(nodes.scale(Fraction(1, n - k), at(p, 0, k)), [0]) for k in range(n)), nodes.zeros((1,))], 0)
