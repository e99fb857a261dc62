"""What goes along axes and selects, composed of tree nodes: diagonals, differences, order statistics, convolutions, covariances."""

from __future__ import annotations

from fractions import Fraction

from symchain.errors import ShapeError, UnsupportedError
from symchain.functions.spec import FUNCTIONS
from symchain.language import arithmetic
from symchain.language.arithmetic import matrix_product
from symchain.language.calls import called
from symchain.language.forms import form
from symchain.language.places import chosen, counting
from symchain.language.shapes import broadcast_shape
from symchain.operations.calling import Axes, Axis, Flag, Labels, Order, Text, Whole, kept, normal_axes, normal_axis, raveled, with_axes
from symchain.operations.pulling import reversed_along, slice_along, whole_axes
from symchain.support.dimensions import Dim, Shape, add, at_least, show
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, Leaf, Tree, named_operation


def _minus(a: Tree, b: Tree) -> Tree:
    return nodes.add([a, nodes.scale(MINUS_ONE, b)])


def conforming(*trees: Tree) -> list[Tree]:
    """The trees broadcast to their common shape. Raises ShapeError."""
    shape: Shape = ()
    for tree in trees:
        common = broadcast_shape(shape, tree.shape)
        if common is None:
            what = f"shapes {show(shape)} and {show(tree.shape)} do not conform"
            raise ShapeError(what, advice="Trailing axes align; sizes are equal or 1.")
        shape = common
    return [nodes.broadcast(t, shape) for t in trees]


def _smaller(a: Dim, b: Dim) -> Dim:
    """Raises ShapeError where letters leave open which one it is."""
    for one, other in ((a, b), (b, a)):
        if at_least(add(one, other, -1), 0):
            return other
    what = f"which of {a} and {b} is smaller is not known"
    raise ShapeError(what, advice="Declare one size by the other, (n,) and (n + 3,), or as numbers.")


# ---------------------------------------------------------------- diagonals and blocks


@form("diag")
def _diag(x: Tree, k: Whole = 0) -> Tree:
    """A diagonal of a matrix as a vector, or the matrix with a vector on a diagonal; k counts from the main one, upwards."""
    return diagonal_matrix(x, k) if len(x.shape) == 1 else _diagonal(x, k)


def diagonal_matrix(x: Tree, k: int = 0) -> Tree:
    """The matrix with a vector on its k-th diagonal."""
    n = x.shape[0]
    matrix = nodes.contract([x, nodes.identity(n)], ["i", "ij"], "ij")
    if k == 0:
        return matrix
    size, down, right = add(n, abs(k)), max(-k, 0), max(k, 0)
    items = (("slice", down, add(n, down), 1), ("slice", right, add(n, right), 1))
    return named_operation("place", matrix, parameters=(items, (size, size)))


@form("diagonal", free=True)
def _diagonal(x: Tree, offset: Whole = 0, axis1: Axis = 0, axis2: Axis = 1) -> Tree:
    """The entries x[i, i + offset], along a new last axis."""
    if len(x.shape) < 2:
        raise ShapeError("a diagonal is of a matrix", advice="Declare the operand with two axes, A: (n, n).")
    i, j = normal_axis(axis1, len(x.shape)), normal_axis(axis2, len(x.shape))
    if i == j:
        raise ShapeError("a diagonal is of two axes", advice="Name two of them.")
    down, right = max(-offset, 0), max(offset, 0)
    if offset or x.shape[i] != x.shape[j]:
        length = _smaller(add(x.shape[i], -down), add(x.shape[j], -right))
        x = slice_along(slice_along(x, i, down, add(length, down)), j, right, add(length, right))
    axes = ["d" if k in (i, j) else k for k in range(len(x.shape))]
    return nodes.contract([x], [axes], [*(a for a in axes if a != "d"), "d"])


@form("block_diag", free=True)
def _block_diag(*arrays: Tree) -> Tree:
    """The matrices along the diagonal of a larger one, zeros elsewhere."""
    if any(len(a.shape) != 2 for a in arrays):
        raise ShapeError("block_diag joins matrices", advice="Declare each operand with two axes.")
    rows: Dim = 0
    columns: Dim = 0
    for a in arrays:
        rows, columns = add(rows, a.shape[0]), add(columns, a.shape[1])
    placed = []
    down: Dim = 0
    right: Dim = 0
    for a in arrays:
        items = (("slice", down, add(down, a.shape[0]), 1), ("slice", right, add(right, a.shape[1]), 1))
        placed.append(named_operation("place", a, parameters=(items, (rows, columns))))
        down, right = add(down, a.shape[0]), add(right, a.shape[1])
    return nodes.add(placed) if len(placed) > 1 else placed[0]


@form("append", free=True)
def _append(arr: Tree, values: Tree, axis: Axes = None) -> Tree:
    """The values behind the array: of both laid out in a row, where no axis is named."""
    if axis is None:
        return called("concatenate", [raveled(arr), raveled(values)])
    return called("concatenate", [arr, values], normal_axes(arr, axis)[0])


@form("flipud", free=True)
def _flipud(x: Tree) -> Tree:
    return reversed_along(x, normal_axis(0, len(x.shape)))


@form("fliplr", free=True)
def _fliplr(x: Tree) -> Tree:
    return reversed_along(x, normal_axis(1, len(x.shape)))


@form("rot90", free=True)
def _rot90(x: Tree, k: Whole = 1) -> Tree:
    """A matrix turned counterclockwise by k right angles."""
    if len(x.shape) != 2:
        raise ShapeError("rot90 turns a matrix", advice="Declare the operand with two axes.")
    for _ in range(k % 4):
        x = reversed_along(nodes.transpose(x), 0)
    return x


@form("take", free=True)
def _take(x: Tree, labels: Labels, axis: Axes = None) -> Tree:
    """The entries that a list or a vector of labels names along an axis, or of x laid out in a row."""
    if isinstance(labels, tuple):
        if axis is None:
            x, axis = raveled(x), (0,)
        return chosen(x, labels, normal_axes(x, axis)[0])
    if not isinstance(labels, Leaf) or "integer" not in labels.facts:
        raise UnsupportedError("take needs labels that are an input", advice="Declare them as (m,) integer.")
    if axis is None:
        x, axis = raveled(x), (0,)
    k = normal_axes(x, axis)[0]
    rest = [j for j in range(len(x.shape)) if j != k]
    rows = named_operation("gather", nodes.transpose(x, [k, *rest]) if k else x, labels)
    return nodes.transpose(rows, [*range(1, k + 1), 0, *range(k + 1, len(x.shape))]) if k else rows


# ---------------------------------------------------------------- products


@form("inner", "vdot")
def _inner(a: Tree, b: Tree) -> Tree:
    """The sum of products along the last axis of both, for each pair of what is left."""
    if not a.shape or not b.shape or a.shape[-1] != b.shape[-1]:
        raise ShapeError("inner needs operands whose last axes have equal sizes", advice="Write a*b for numbers.")
    if len(a.shape) == len(b.shape) == 1:
        return matrix_product(a, b)
    mine = [("a", k) for k in range(len(a.shape) - 1)]
    yours = [("b", k) for k in range(len(b.shape) - 1)]
    return nodes.contract([a, b], [[*mine, "i"], [*yours, "i"]], [*mine, *yours])


@form("vecdot", free=True)
def _vecdot(a: Tree, b: Tree, axis: Axis = -1) -> Tree:
    """sum(a*b) along an axis."""
    a, b = conforming(a, b)
    k = normal_axis(axis, len(a.shape))
    everywhere = range(len(a.shape))
    return nodes.contract([a, b], [everywhere, everywhere], [i for i in everywhere if i != k])


@form("tensordot", free=True)
def _tensordot(a: Tree, b: Tree, axes: Whole = 2) -> Tree:
    """The products summed over the last axes of a and the first ones of b, so many of them."""
    if not 0 <= axes <= min(len(a.shape), len(b.shape)) or a.shape[len(a.shape) - axes :] != b.shape[:axes]:
        raise ShapeError(
            f"tensordot over {axes} axes does not fit {show(a.shape)} and {show(b.shape)}",
            advice="The last sizes of the first operand are the first ones of the second; einsum(...) names any.",
        )
    mine = [("a", k) for k in range(len(a.shape) - axes)]
    yours = [("b", k) for k in range(len(b.shape) - axes)]
    shared = [("s", k) for k in range(axes)]
    return nodes.contract([a, b], [[*mine, *shared], [*shared, *yours]], [*mine, *yours])


# ---------------------------------------------------------------- order statistics


@form("ptp", free=True)
def _ptp(x: Tree, axis: Axes = None, keepdims: Flag = False) -> Tree:
    """max(x) - min(x)."""
    return _minus(called("max", x, axis, keepdims), called("min", x, axis, keepdims))


def _sorted_rows(x: Tree, axis: Axes) -> tuple[Tree, tuple[int, ...]]:
    """The entries in order along a last axis that holds all that is to be reduced, and the axes."""
    axes = normal_axes(x, axis)
    rest = [k for k in range(len(x.shape)) if k not in axes]
    if len(axes) == 1 and axes[0] == len(x.shape) - 1:
        rows = x
    else:
        moved = nodes.transpose(x, [*rest, *axes])
        length = nodes.element_count(tuple(x.shape[k] for k in axes))
        rows = moved if len(axes) == 1 else named_operation("reshape", moved, parameters=((*moved.shape[: len(rest)], length),))
    return named_operation("sort", rows, parameters=(len(rest),)), axes


def _at(rows: Tree, place: Dim) -> Tree:
    return named_operation("index", rows, parameters=((*whole_axes(rows.shape[:-1]), ("at", place)),))


def _quantile_of(x: Tree, q: Fraction, axis: Axes, keepdims: bool) -> Tree:
    """The value at q*(n - 1) of the entries in order, between neighbours on the line that joins them (NumPy's method "linear")."""
    if not 0 <= q <= 1:
        raise ShapeError(f"a quantile of order {q}", advice="The order is a number from 0 to 1.")
    rows, axes = _sorted_rows(x, axis)
    n = rows.shape[-1]
    if isinstance(n, int):
        place = q * (n - 1)
        low = int(place)
        weight = place - low
        value = _at(rows, low)
        if weight:
            value = nodes.add([nodes.scale(nodes.number(1 - weight), value), nodes.scale(nodes.number(weight), _at(rows, low + 1))])
        return kept(value, axes, keepdims)
    if q in (0, 1):
        return kept(_at(rows, 0 if q == 0 else add(n, -1)), axes, keepdims)
    # one entry is as far from the place as their numbers differ: its weight is 1 less that distance, and none from 1 on
    ones = nodes.broadcast(ONE, (n,))
    place = nodes.add([ONE, nodes.scale(nodes.number(q), nodes.size(add(n, -1)))])
    distance = nodes.apply(FUNCTIONS["abs"], _minus(counting(n), nodes.broadcast(place, (n,))))
    weights = nodes.apply(FUNCTIONS["relu"], _minus(ones, distance))
    rest = range(len(rows.shape) - 1)
    return kept(nodes.contract([weights, rows], [["n"], [*rest, "n"]], rest), axes, keepdims)


@form("median", free=True)
def _median(x: Tree, axis: Axes = None, keepdims: Flag = False) -> Tree:
    """The entry in the middle, or the mean of the two there."""
    return _quantile_of(x, Fraction(1, 2), axis, keepdims)


@form("quantile", free=True)
def _quantile(x: Tree, q: Order, axis: Axes = None, keepdims: Flag = False) -> Tree:
    return _quantile_of(x, _number(q), axis, keepdims)


@form("percentile", free=True)
def _percentile(x: Tree, q: Order, axis: Axes = None, keepdims: Flag = False) -> Tree:
    return _quantile_of(x, _number(q) / 100, axis, keepdims)


def _number(q: Order) -> Fraction:
    if not isinstance(q, int | Fraction):
        raise ShapeError(f"a quantile of order {q}", advice="The order is a number, quantile(x, 0.9).")
    return Fraction(q)


@form("topk", "top_k", parts=2, free=True)
def _topk(x: Tree, k: Whole) -> tuple[Tree, None]:
    """The k largest entries along the last axis, the largest first; their places are labels, and not here."""
    if not x.shape or k < 1 or not at_least(add(x.shape[-1], -k), 0):
        what = f"the {k} largest of {show(x.shape)}"
        raise ShapeError(what, advice="Declare the last axis with a size that is not smaller, (n + 3,) or 10.")
    axis = len(x.shape) - 1
    return slice_along(reversed_along(named_operation("sort", x, parameters=(axis,)), axis), axis, 0, k), None


# ---------------------------------------------------------------- differences, integrals, convolutions


@form("diff", free=True)
def _diff(x: Tree, n: Whole = 1, axis: Axis = -1) -> Tree:
    """Each entry less the one before it, n times over."""
    k = normal_axis(axis, len(x.shape))
    if not 0 <= n <= 16:
        raise ShapeError(f"the difference of order {n}", advice="The order is a whole number from 0 to 16.")
    for _ in range(n):
        size = x.shape[k]
        x = _minus(slice_along(x, k, 1, size), slice_along(x, k, 0, add(size, -1)))
    return x


@form("trapezoid", "trapz", free=True)
def _trapezoid(y: Tree, x: Tree | None = None, dx: Tree | None = None, axis: Axis = -1) -> Tree:
    """The integral of the polygon through points: sum((y[1:] + y[:-1])*diff(x))/2."""
    k = normal_axis(axis, len(y.shape))
    size = y.shape[k]
    means = nodes.scale(Fraction(1, 2), nodes.add([slice_along(y, k, 1, size), slice_along(y, k, 0, add(size, -1))]))
    everywhere = list(range(len(y.shape)))
    rest = [j for j in everywhere if j != k]
    if x is None:
        total = nodes.reduce_sum(means, [k])
        return total if dx is None else arithmetic.product([dx, total], total.shape)
    steps = _diff(x, 1, axis if len(x.shape) > 1 else -1)
    if x.shape == y.shape:
        return nodes.contract([steps, means], [everywhere, everywhere], rest)
    if x.shape != (size,):
        raise ShapeError(f"points of shape {show(x.shape)} for values of shape {show(y.shape)}", advice="Give one point per value.")
    return nodes.contract([steps, means], [[k], everywhere], rest)


@form("convolve", free=True)
def _convolve(a: Tree, v: Tree, mode: Text = "full") -> Tree:
    """sum of a[i]*v[k - i] over i, for all k ("full"), for as many in the middle as the longer one has ("same"), or where both overlap
    wholly ("valid"). Where one size is a number and the other a letter, the number is the smaller one."""
    if len(a.shape) != 1 or len(v.shape) != 1:
        raise ShapeError("convolve takes two vectors", advice="Declare both with one axis, (n,) and (m,).")
    full = named_operation("convolution", a, v)
    n, m = a.shape[0], v.shape[0]
    if mode == "full":
        return full
    if mode not in ("same", "valid"):
        raise UnsupportedError(f"convolve in the mode {mode!r}", advice="Modes are 'full', 'same' and 'valid'.")
    if isinstance(n, int) != isinstance(m, int):  # a filter of few entries
        short, long = (n, m) if isinstance(n, int) else (m, n)
    else:
        short = _smaller(n, m)
        long = n if short == m else m
    if mode == "valid":
        return _cut(full, add(short, -1), 1, long)
    if not isinstance(short, int):
        what = "where the middle begins depends on whether a size is odd"
        raise ShapeError(what, advice="Declare the shorter vector with a number, (3,).")
    return _cut(full, (short - 1) // 2, short, add(long, (short - 1) // 2))


def _cut(full: Tree, start: Dim, first: int, stop: Dim) -> Tree:
    """full[start:stop]; in two parts where letters leave open whether there are `first` entries, so that there are as many at least."""
    middle = add(start, first)
    if at_least(add(stop, middle, -1), 0):
        return slice_along(full, 0, start, stop)
    return called("concatenate", [slice_along(full, 0, start, middle), slice_along(full, 0, middle, stop)])


@form("correlate", free=True)
def _correlate(a: Tree, v: Tree, mode: Text = "valid") -> Tree:
    """convolve(a, v[::-1])."""
    return _convolve(a, reversed_along(v, 0) if v.shape else v, mode)


# ---------------------------------------------------------------- statistics and distances


def _covariance(m: Tree, rowvar: bool, ddof: int) -> Tree:
    if len(m.shape) != 2:
        raise ShapeError("cov takes a matrix of observations", advice="Declare it with two axes; var(x, ddof=1) is that of a vector.")
    rows = m if rowvar else nodes.transpose(m)
    n = rows.shape[1]
    centred = _minus(rows, nodes.broadcast(_row_means(rows), rows.shape))
    count = add(n, -ddof)
    products = nodes.matmul(centred, nodes.transpose(centred))
    return nodes.scale(nodes.number(Fraction(1, count)) if isinstance(count, int) else nodes.reciprocal(nodes.size(count)), products)


def _row_means(rows: Tree) -> Tree:
    """The mean of each row, as a column."""
    n = rows.shape[1]
    factor = nodes.number(Fraction(1, n)) if isinstance(n, int) else nodes.reciprocal(nodes.size(n))
    return with_axes(nodes.scale(factor, nodes.reduce_sum(rows, [1])), [1])


@form("cov", free=True)
def _cov(m: Tree, rowvar: Flag = True, bias: Flag = False, ddof: Whole = -1) -> Tree:
    """The covariances of the rows, each a variable; those of the columns with rowvar=False."""
    return _covariance(m, rowvar, (0 if bias else 1) if ddof == -1 else ddof)


@form("corrcoef", free=True)
def _corrcoef(x: Tree, rowvar: Flag = True) -> Tree:
    """The covariances, over the standard deviations of both."""
    c = _covariance(x, rowvar, 0)
    scale = nodes.power(nodes.contract([c], ["ii"], "i"), Fraction(-1, 2))
    return nodes.contract([c, scale, scale], ["ij", "i", "j"], "ij")


@form("cdist", free=True)
def _cdist(XA: Tree, XB: Tree) -> Tree:
    """The Euclidean distance of each row of the one from each row of the other."""
    if len(XA.shape) != 2 or len(XB.shape) != 2 or XA.shape[1] != XB.shape[1]:
        raise ShapeError("cdist takes two matrices with equally long rows", advice="Declare them as (m, k) and (n, k).")
    shape = (XA.shape[0], XB.shape[0], XA.shape[1])
    gaps = _minus(nodes.broadcast(with_axes(XA, [1]), shape), nodes.broadcast(with_axes(XB, [0]), shape))
    return nodes.power(nodes.contract([gaps, gaps], ["ijk", "ijk"], "ij"), Fraction(1, 2))


@form("normalize", free=True)
def _normalize(x: Tree, axis: Axis = -1) -> Tree:
    """x over its Euclidean norm along an axis."""
    k = normal_axis(axis, len(x.shape))
    axes = list(range(len(x.shape)))
    rest = [j for j in axes if j != k]
    squares = nodes.contract([x, x], [axes, axes], rest)
    return nodes.contract([x, nodes.power(squares, Fraction(-1, 2))], [axes, rest], axes)


@form("cosine_similarity", free=True)
def _cosine_similarity(x: Tree, y: Tree, axis: Axis = -1) -> Tree:
    """x @ y over the norms of both."""
    x, y = conforming(x, y)
    k = normal_axis(axis, len(x.shape))
    axes = list(range(len(x.shape)))
    rest = [j for j in axes if j != k]
    inverses = [nodes.power(nodes.contract([t, t], [axes, axes], rest), Fraction(-1, 2)) for t in (x, y)]
    return nodes.contract([x, y, *inverses], [axes, axes, rest, rest], rest)


@form("logmeanexp", free=True)
def _logmeanexp(x: Tree, axis: Axes = None, keepdims: Flag = False) -> Tree:
    """logsumexp(x) less the logarithm of how many there are."""
    axes = normal_axes(x, axis)
    total = called("logsumexp", x, axes, keepdims)
    count = nodes.element_count(tuple(x.shape[k] for k in axes))
    known = nodes.number(count) if isinstance(count, int) else nodes.size(count)
    return _minus(total, nodes.broadcast(nodes.apply(FUNCTIONS["log"], known), total.shape))


@form("polyval", free=True)
def _polyval(p: Tree, x: Tree) -> Tree:
    """p[0]*x**(n - 1) + ... + p[n - 1], for a number of coefficients that is known."""
    if len(p.shape) != 1 or not isinstance(p.shape[0], int):
        raise ShapeError("polyval needs to know how many coefficients there are", advice="Declare them with a number, p: (4,).")
    n = p.shape[0]
    terms = []
    for k in range(n):
        coefficient = named_operation("index", p, parameters=((("at", k),),))
        power = x if n - 1 - k == 1 else nodes.power(x, n - 1 - k) if k < n - 1 else None
        terms.append(nodes.broadcast(coefficient, x.shape) if power is None else arithmetic.product([coefficient, power], x.shape))
    return nodes.add(terms) if len(terms) > 1 else terms[0]


@form("array", "asarray", free=True)
def _array(object: Tree) -> Tree:
    """[[a, b], [c, d]] is an array already."""
    return object
