"""The shaped part of NumPy that is composed of tree nodes: sums and means, products, rearrangements and constructors.

Norms and the rest of linear algebra are in `decompositions`, what goes along axes and selects in `sequences`.

Each function below is one entry of the language: its name (and aliases) stand in the decorator, its parameters and their kinds
in its signature. Elementwise functions and operations are not here: their records say how they are called.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symchain.errors import LimitError, ParseError, ShapeError, UnsupportedError
from symchain.functions.spec import FUNCTIONS
from symchain.language import arithmetic
from symchain.language.arithmetic import matrix_product, without_axes
from symchain.language.forms import form
from symchain.language.shapes import MAX_ENTRIES, broadcast_shape
from symchain.operations import OPERATIONS
from symchain.operations.calling import (
    Axes,
    Axis,
    Condition,
    Flag,
    Sizes,
    Text,
    Trees,
    Whole,
    kept,
    normal_axes,
    normal_axis,
    raveled,
    with_axes,
)
from symchain.support.dimensions import Dim, Shape, add, evaluate, multiply, show
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, ZERO, Tree, named_operation

MAX_DIMENSION = 16


def called(name: str, *arguments: Any) -> Tree:
    """What a call of an operation builds."""
    build = OPERATIONS[name].call
    assert build is not None, name
    tree: Tree = build(*arguments)
    return tree


def _over(x: Tree, count: Dim) -> Tree:
    """x divided by a count."""
    if count == 1:
        return x
    factor = nodes.number(Fraction(1, count)) if isinstance(count, int) else nodes.reciprocal(nodes.size(count))
    return nodes.scale(factor, x)


def _count(x: Tree, axes: tuple[int, ...]) -> Dim:
    return nodes.element_count(tuple(x.shape[k] for k in axes))


# ---------------------------------------------------------------- sums and means


@form("sum")
def _sum(x: Tree, axis: Axes = None, keepdims: Flag = False) -> Tree:
    axes = normal_axes(x, axis)
    return kept(nodes.reduce_sum(x, axes), axes, keepdims)


@form("mean", "average")
def _mean(x: Tree, axis: Axes = None, keepdims: Flag = False) -> Tree:
    axes = normal_axes(x, axis)
    return kept(_over(nodes.reduce_sum(x, axes), _count(x, axes)), axes, keepdims)


@form("var")
def _var(x: Tree, axis: Axes = None, ddof: Whole = 0, keepdims: Flag = False) -> Tree:
    axes = normal_axes(x, axis)
    centre = nodes.broadcast(_mean(x, axes, True), x.shape)
    squares = nodes.power(nodes.add([x, nodes.scale(MINUS_ONE, centre)]), 2)
    count = add(_count(x, axes), -ddof)
    if isinstance(count, int) and count < 1:
        raise ShapeError(f"var over {_count(x, axes)} elements with ddof {ddof} divides by {count}", advice="Use a smaller ddof.")
    total = nodes.reduce_sum(squares, axes)
    return kept(_over(total, count), axes, keepdims)


@form("std")
def _std(x: Tree, axis: Axes = None, ddof: Whole = 0, keepdims: Flag = False) -> Tree:
    return nodes.apply(FUNCTIONS["sqrt"], _var(x, axis, ddof, keepdims))


# ---------------------------------------------------------------- along one axis


@form("softmin")
def _softmin(x: Tree, axis: Axis = -1) -> Tree:
    """The softmax of what is left when the signs change."""
    return named_operation("softmax", nodes.scale(MINUS_ONE, x), parameters=(normal_axis(axis, len(x.shape)),))


@form("multigammaln", "mvlgamma")
def _multigammaln(a: Tree, d: Whole) -> Tree:
    """ln Gamma_d(a) = d(d - 1)/4 ln(pi) + sum of gammaln(a - j/2) for j = 0, ..., d - 1."""
    if not 1 <= d <= MAX_DIMENSION:
        raise LimitError(f"multigammaln of dimension {d}", advice=f"The dimension is a whole number from 1 to {MAX_DIMENSION}.")
    shifted = [a, *(nodes.add([a, nodes.broadcast(nodes.number(Fraction(-j, 2)), a.shape)]) for j in range(1, d))]
    terms = [nodes.apply(FUNCTIONS["gammaln"], t) for t in shifted]
    constant = nodes.scale(nodes.number(Fraction(d * (d - 1), 4)), nodes.apply(FUNCTIONS["log"], nodes.PI))
    return nodes.add([nodes.broadcast(constant, a.shape), *terms]) if d > 1 else terms[0]


# ---------------------------------------------------------------- products


@form("dot")
def _dot(a: Tree, b: Tree) -> Tree:
    if not a.shape or not b.shape:
        return arithmetic.product([a, b], a.shape or b.shape)
    if len(a.shape) > 2 or len(b.shape) > 2:
        raise UnsupportedError("dot of stacks", advice="Write a @ b, or einsum(...).")
    return matrix_product(a, b)


@form("outer")
def _outer(a: Tree, b: Tree) -> Tree:
    if len(a.shape) != 1 or len(b.shape) != 1:
        raise ShapeError("outer needs two vectors", advice="For matrices write kron(A, B) or einsum(...).")
    return nodes.contract([a, b], ["i", "j"], "ij")


@form("kron")
def _kron(a: Tree, b: Tree) -> Tree:
    """The block matrix of a[i, j]*b, as an outer product laid out anew."""
    if len(a.shape) != len(b.shape) or len(a.shape) not in (1, 2):
        raise ShapeError("kron needs two matrices or two vectors", advice="Give both the same number of axes.")
    rank = len(a.shape)
    mine, yours = range(rank), range(rank, 2 * rank)
    blocks = nodes.contract([a, b], [mine, yours], [i for pair in zip(mine, yours, strict=True) for i in pair])
    return named_operation("reshape", blocks, parameters=(tuple(multiply(p, q) for p, q in zip(a.shape, b.shape, strict=True)),))


@form("einsum")
def _einsum(subscripts: Text, *operands: Tree) -> Tree:
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    pieces = inputs.split(",")
    if not all(c.isascii() and c.isalpha() for c in "".join(pieces) + output):
        raise ParseError(f"{subscripts!r} is not an index pattern", advice="Write letters, commas and '->' alone: 'ij,jk->ik'.")
    if len(pieces) != len(operands):
        raise ShapeError(
            f"{subscripts!r} names {len(pieces)} operands, but there are {len(operands)}", advice="One group of letters per operand."
        )
    if not arrow:
        output = "".join(sorted(c for c in set(inputs) - {","} if inputs.count(c) == 1))
    sizes: dict[str, Dim] = {}
    for piece, operand in zip(pieces, operands, strict=True):
        if len(piece) != len(operand.shape):
            raise ShapeError(
                f"{piece!r} names {len(piece)} axes of an operand of shape {show(operand.shape)}", advice="One letter per axis."
            )
        for letter, dim in zip(piece, operand.shape, strict=True):
            if sizes.setdefault(letter, dim) != dim:
                raise ShapeError(f"index {letter} has size {sizes[letter]} and size {dim}", advice="One letter stands for one size.")
    if len(set(output)) != len(output) or not set(output) <= set(sizes):
        raise ShapeError(f"the result {output!r} repeats a letter or has one that no operand has", advice="Name each kept index once.")
    return nodes.contract(operands, pieces, output)


# ---------------------------------------------------------------- rearrangements


@form("transpose")
def _transpose(x: Tree, axes: Axes = None) -> Tree:
    if axes is None:
        return nodes.transpose(x)
    if len(axes) != len(x.shape):
        raise ShapeError(f"transpose needs {len(x.shape)} axes, not {len(axes)}", advice="Name every axis once.")
    normal_axes(x, axes)
    return nodes.transpose(x, [normal_axis(a, len(x.shape)) for a in axes])


@form("swapaxes")
def _swapaxes(x: Tree, axis1: Axis, axis2: Axis) -> Tree:
    rank = len(x.shape)
    order = list(range(rank))
    i, j = normal_axis(axis1, rank), normal_axis(axis2, rank)
    order[i], order[j] = j, i
    return nodes.transpose(x, order)


@form("expand_dims")
def _expand_dims(x: Tree, axis: Axis) -> Tree:
    return with_axes(x, [normal_axis(axis, len(x.shape) + 1)])


@form("squeeze")
def _squeeze(x: Tree, axis: Axes = None) -> Tree:
    return without_axes(x, None if axis is None else normal_axes(x, axis))


@form("ravel", "flatten")
def _ravel(x: Tree) -> Tree:
    return raveled(x)


@form("vec")
def _vec(X: Tree) -> Tree:
    """Column after column."""
    return raveled(nodes.transpose(X))


@form("broadcast_to")
def _broadcast_to(x: Tree, shape: Sizes) -> Tree:
    if broadcast_shape(x.shape, shape) != shape:
        raise ShapeError(f"shape {show(x.shape)} does not broadcast to {show(shape)}", advice="Trailing axes align; sizes are equal or 1.")
    return nodes.broadcast(x, shape)


@form("stack")
def _stack(arrays: Trees, axis: Axis = 0) -> Tree:
    for other in arrays[1:]:
        if other.shape != arrays[0].shape:
            raise ShapeError(
                f"stack needs one shape, not {show(arrays[0].shape)} and {show(other.shape)}",
                advice="Use concatenate, or declare equal shapes.",
            )
    k = normal_axis(axis, len(arrays[0].shape) + 1)
    return called("concatenate", [with_axes(a, [k]) for a in arrays], k)


@form("hstack")
def _hstack(arrays: Trees) -> Tree:
    return called("concatenate", arrays, min(1, len(arrays[0].shape) - 1))


@form("vstack")
def _vstack(arrays: Trees) -> Tree:
    return _stack(arrays) if len(arrays[0].shape) == 1 else called("concatenate", arrays)


@form("pad")
def _pad(x: Tree, width: Sizes) -> Tree:
    """Zeros before and after, along every axis."""
    if len(width) not in (1, 2):
        raise ParseError("pad takes one width, or the one before and the one after", advice="Write pad(x, 2) or pad(x, (1, 2)).")
    before, after = width if len(width) == 2 else (width[0], width[0])
    for k in range(len(x.shape)):
        first, last = ([nodes.zeros((*x.shape[:k], w, *x.shape[k + 1 :]))] if w else [] for w in (before, after))
        x = called("concatenate", [*first, x, *last], k)
    return x


@form("repeat")
def _repeat(x: Tree, repeats: Dim, axis: Axes = None) -> Tree:
    """Every entry several times in a row."""
    if axis is None and len(x.shape) != 1:
        x, axis = raveled(x), (0,)
    (k,) = normal_axes(x, axis)
    spread = nodes.broadcast(with_axes(x, [k + 1]), (*x.shape[: k + 1], repeats, *x.shape[k + 1 :]))
    return named_operation("reshape", spread, parameters=((*x.shape[:k], multiply(x.shape[k], repeats), *x.shape[k + 1 :]),))


@form("tile")
def _tile(x: Tree, reps: Dim) -> Tree:
    """The array several times side by side, along its last axis."""
    x = x if x.shape else with_axes(x, [0])
    k = len(x.shape) - 1
    spread = nodes.broadcast(with_axes(x, [k]), (*x.shape[:k], reps, x.shape[k]))
    return named_operation("reshape", spread, parameters=((*x.shape[:k], multiply(x.shape[k], reps)),))


# ---------------------------------------------------------------- constructors


def _checked_size(shape: Shape) -> Shape:
    entries = evaluate(nodes.element_count(tuple(d for d in shape if isinstance(d, int))), {})
    if any(isinstance(d, int) and d < 1 for d in shape):
        raise ShapeError(f"the shape {show(shape)} has a dimension below 1", advice="Dimensions are 1, 2, 3, ... or letters.")
    if entries > MAX_ENTRIES:
        raise LimitError(f"the shape {show(shape)} has more than {MAX_ENTRIES} entries", advice="Use a smaller one.")
    return shape


@form("ones")
def _ones(shape: Sizes) -> Tree:
    return nodes.broadcast(ONE, _checked_size(shape))


@form("zeros")
def _zeros(shape: Sizes) -> Tree:
    return nodes.broadcast(ZERO, _checked_size(shape))


@form("full")
def _full(shape: Sizes, value: Tree) -> Tree:
    return _broadcast_to(value, _checked_size(shape))


@form("eye", "identity")
def _eye(n: Dim) -> Tree:
    _checked_size((n, n))
    return nodes.identity(n)


@form("where")
def _where(condition: Condition, a: Tree, b: Tree) -> Tree:
    """The three parts stretched to one shape; the caller has checked that they conform."""
    shape: Shape = ()
    for part in (condition, a, b):
        shape = broadcast_shape(shape, part.shape) or shape
    left, right = condition.args
    assert isinstance(condition, nodes.Compare)
    if condition.shape != shape and condition.shape:
        condition = nodes.compare(condition.operator, arithmetic.stretched(left, shape), arithmetic.stretched(right, shape))
    return nodes.where(condition, arithmetic.stretched(a, shape), arithmetic.stretched(b, shape))
