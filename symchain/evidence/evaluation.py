"""Values of trees: what a program computes, by the meanings of its functions, over real or complex NumPy arrays.

Slow and plain on purpose: it shares nothing with the rules, the rewriting and the generated code that it is a witness against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from symchain.evidence.meanings import OPERATORS, Array, power, rounded, value_of
from symchain.evidence.watching import Watch, watcher, watching
from symchain.functions.spec import AbstractFunction, map_dims
from symchain.support.dimensions import evaluate as dimension
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import (
    Apply,
    Compare,
    Constant,
    Contraction,
    Identity,
    Leaf,
    Number,
    Operation,
    Power,
    Size,
    Sum,
    Tree,
    Where,
    postorder,
)

SAME = 1e-12
"""What differs relatively by less than this is equal in a derivation."""
APART, UNRESOLVED = 1e-3, 1e-262
"""How far arguments are moved to see whether a value responds, and what is no response: a complex step would underflow."""
CONSTANTS = {"pi": np.pi}


def evaluate(
    trees: Sequence[Tree],
    environment: Mapping[str, Array],
    dims: Mapping[str, int],
    rounding: np.random.Generator | None = None,
    exactly: Mapping[str, Array] | None = None,
    absorbing: bool = False,
) -> list[Array]:
    """The values of some trees, given arrays for the names they read and a size for each dimension letter.

    Real arrays give real values, nan outside the domain; complex arrays carry a complex step through choices and kinks. With a
    generator in `rounding` every intermediate value is changed by a few units in its last place: evaluating twice then shows how
    many digits are due to rounding (Vignes, "A stochastic arithmetic for reliable scientific computation", 1993). What is compared
    is not rounded, so that x == max(x) stays true; `exactly` has the names' values before any rounding.

    With `absorbing`, for what was derived, a zero absorbs what is undefined: that is how a derivation writes a branch not taken. And
    what differs by rounding is equal: a line may compute again what it compares.
    """
    watch = watcher()
    values: dict[Tree, Array] = {}
    exact = values if rounding is None else {}
    unrounded = dict(environment)
    for name, value in (exactly or {}).items() if rounding is not None else ():
        moves = np.imag(environment[name]) if name in environment else 0.0
        unrounded[name] = value + 1j * moves if np.any(moves) else value
    with np.errstate(all="ignore"):
        for node in _order(*trees):
            if rounding is not None:
                exact[node] = _value(node, [exact[a] for a in node.args], unrounded, dims, absorbing)
            operands = exact if isinstance(node, Compare) else values
            args = [operands[a] for a in node.args]
            choices = 0 if watch is None else len(watch.choices)
            value = _value(node, args, environment, dims, absorbing)
            if watch is not None and isinstance(node, _WATCHED):
                _watched(watch, node, args, value, len(watch.choices) > choices, dims)
            values[node] = value if rounding is None or isinstance(node, _EXACT) else rounded(value, rounding)
    return [values[t] for t in trees]


@remembered(2**14)
def _order(*trees: Tree) -> tuple[Tree, ...]:
    """Operands first; the same trees are evaluated at many points."""
    return tuple(postorder(*trees))


_WATCHED = (Apply, Compare, Operation, Power)
_EXACT = (Number, Size, Identity, Compare, Leaf)
"""What rounding does not touch: literals, sizes, conditions, and the point itself."""


def _watched(watch: Watch, node: Tree, args: list[Array], value: Array, chosen: bool, dims: Mapping[str, int]) -> None:
    """Note what the node asks of its arguments, which choice it makes, and whether a complex step is lost in it."""
    if isinstance(node, Compare):
        watch.branches.add(len(watch.choices))
        watch.choices.append(np.subtract(args[0], args[1]))
    elif isinstance(node, Operation) and node.operation.lattice:
        watch.ties.extend(_gaps(args[0] * node.operation.lattice, node.parameters[0]))
    elif isinstance(node, Apply):
        spec = node.function.binding if isinstance(node.function, AbstractFunction) else node.function
        if spec is not None and spec.domains:
            watch.edges.extend(zip(args, spec.domains, strict=True))
    if isinstance(node, Apply | Power) and not chosen and not watch.lost:
        watch.lost = any(map(_moves, args)) and not _moves(value) and _is_saturated(node, args, dims)


def _moves(value: Array) -> bool:
    """Whether a complex step is in the value."""
    return bool(np.any(value.imag) if isinstance(value, np.ndarray) else value.imag)


def _is_saturated(node: Tree, args: Sequence[Array], dims: Mapping[str, int]) -> bool:
    """Whether the value stays as it is when each argument moves by a part of itself, each by another: then a complex step is lost here.

    Otherwise it is not lost: what the arguments do to the value cancels, as in a quotient of equals.
    """
    real = [np.asarray(np.real(a), float) for a in args]
    moved = [a * (1 + APART / (k + 1)) for k, a in enumerate(real)]
    with watching():  # what is met here is not met at the point
        change = np.abs(_value(node, moved, {}, dims) - _value(node, real, {}, dims))
    return not np.any(change > UNRESOLVED)


def _gaps(array: Array, axes: Sequence[int]) -> list[Array]:
    """How far the second largest element along some axes is behind the largest, with the complex steps of both."""
    kept = [k for k in range(array.ndim) if k not in axes]
    rows = array.transpose(*kept, *axes).reshape([array.shape[k] for k in kept] + [-1])
    if rows.shape[-1] < 2:
        return []
    ordered = np.take_along_axis(rows, np.argsort(-np.real(rows), axis=-1, kind="stable"), -1)
    return [ordered[..., :1] - ordered[..., 1:]]


def _value(node: Tree, args: list[Array], environment: Mapping[str, Array], dims: Mapping[str, int], absorbing: bool = False) -> Array:
    match node:
        case Leaf():
            return environment[node.name]
        case Number():
            return _float(node.value)
        case Size():
            return float(dimension(node.dim, dims))
        case Constant():
            return CONSTANTS[node.name]
        case Identity():
            return np.eye(dimension(node.shape[0], dims))
        case Sum():
            return sum(args[1:], args[0])
        case Contraction():
            return _absorbing(node, args, dims) if absorbing else contraction(node, args, dims)
        case Power():
            exponent = node.exponent
            exact = isinstance(exponent, Number) and exponent.value.denominator == 1
            return power(args[0], int(exponent.value) if exact else args[1])  # type: ignore[attr-defined]
        case Apply():
            return value_of(node.function, node.orders, args)
        case Compare():
            left, right = np.real(args[0]), np.real(args[1])
            if absorbing and node.operator in ("==", "!="):
                right = np.where(np.abs(left - right) <= SAME * np.abs(right), left, right)
            return OPERATORS[node.operator](left, right)
        case Where():
            return np.where(np.real(args[0]) != 0, args[1], args[2])
        case Operation():
            parameters = map_dims(node.operation, node.parameters, lambda d: dimension(d, dims))
            return node.operation.evaluate(*map(np.asarray, args), *parameters)
    raise TypeError(f"no value for {type(node).__name__}")


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def contraction(node: Contraction, args: list[Array], dims: Mapping[str, int], one: Array = 1.0) -> Array:
    """The einsum; indices that no operand carries are sizes (summed) or stretch the result (in the output).

    `one` is the 1 of the kind of number that the arrays hold.
    """
    carried, counted, free, kept, elementwise = _layout(node.subscripts, node.output, len(node.dims))
    coefficient = one
    arrays, subscripts = [], []
    for array, subscript in zip(args, node.subscripts, strict=True):
        if subscript:
            arrays.append(array)
            subscripts.append(subscript)
        else:
            coefficient = np.multiply(coefficient, array)  # numbers of mpmath do not know arrays
    for i in counted:
        coefficient = coefficient * dimension(node.dims[i], dims)
    result = coefficient
    if elementwise:
        for array in arrays:
            result = np.multiply(result, array)
    elif arrays:
        pairs = [x for pair in zip(arrays, subscripts, strict=True) for x in pair]
        result = np.multiply(coefficient, np.einsum(*pairs, kept, optimize=len(arrays) > 2))
    if len(kept) < len(free):
        sizes = [dimension(node.dims[i], dims) for i in free]
        stretched = np.reshape(result, [n if i in carried else 1 for i, n in zip(free, sizes, strict=True)])
        result = np.broadcast_to(stretched, sizes)
    if len(free) < len(node.output):
        result = _diagonal(result, [free.index(i) for i in node.output], [dimension(node.dims[i], dims) for i in node.output])
    return result


@remembered(2**12)
def _layout(
    subscripts: tuple[tuple[int, ...], ...], output: tuple[int, ...], count: int
) -> tuple[frozenset[int], tuple[int, ...], list[int], list[int], bool]:
    """The indices that operands carry, those that are only summed, those of the output once, of these the carried ones; and whether
    every operand has just these."""
    carried = frozenset(i for s in subscripts for i in s)
    free = list(dict.fromkeys(output))
    kept = [i for i in free if i in carried]
    counted = tuple(i for i in range(count) if i not in carried and i not in output)
    return carried, counted, free, kept, all(list(s) == kept for s in subscripts if s)


def _absorbing(node: Contraction, args: list[Array], dims: Mapping[str, int]) -> Array:
    """The einsum in which 0 times what is undefined is 0: only terms without a zero can be undefined."""
    finite = [np.isfinite(a) for a in args]
    if all(f.all() for f in finite):
        return contraction(node, args, dims)
    result = contraction(node, [np.where(f, a, 0) for f, a in zip(finite, args, strict=True)], dims)
    terms = contraction(node, [np.where(np.equal(a, 0), 0.0, 1.0) for a in args], dims)
    good = contraction(node, [np.where(np.equal(a, 0) | ~f, 0.0, 1.0) for f, a in zip(finite, args, strict=True)], dims)
    return np.where(terms > good, np.nan, result)


def _diagonal(array: Array, axes: list[int], shape: list[int]) -> Array:
    """An output index that repeats: the values stand on the diagonal, zeros elsewhere."""
    result = np.zeros(shape, np.result_type(array))
    grid = np.indices(np.shape(array))
    result[tuple(grid[k] for k in axes)] = array
    return result
