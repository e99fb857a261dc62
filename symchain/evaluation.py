"""Values of trees: what a program computes, by the meanings of its functions, over real or complex NumPy arrays.

Slow and plain on purpose: it shares nothing with the rules, the rewriting and the generated code that it is a witness against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from symchain.dimensions import evaluate as dimension
from symchain.functions.spec import map_dims
from symchain.meanings import OPERATORS, Array, power, value_of
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

CONSTANTS = {"pi": np.pi}


def evaluate(
    trees: Sequence[Tree], environment: Mapping[str, Array], dims: Mapping[str, int], rounding: np.random.Generator | None = None
) -> list[Array]:
    """The values of some trees, given arrays for the names they read and a size for each dimension letter.

    Real arrays give real values, nan outside the domain; complex arrays carry a complex step through choices and kinks. With a
    generator in `rounding` every intermediate value is changed by a few units in its last place: evaluating twice then shows how
    many digits are due to rounding (Vignes, "A stochastic arithmetic for reliable scientific computation", 1993).
    """
    values: dict[Tree, Array] = {}
    exact = values if rounding is None else {}
    with np.errstate(all="ignore"):
        for node in postorder(*trees):
            if rounding is not None:
                exact[node] = _value(node, [exact[a] for a in node.args], environment, dims)
            operands = exact if isinstance(node, Compare) else values  # what is compared is not rounded: x == max(x) stays true
            value = _value(node, [operands[a] for a in node.args], environment, dims)
            values[node] = value if rounding is None or isinstance(node, _EXACT) else _rounded(value, rounding)
    return [values[t] for t in trees]


_EXACT = (Number, Size, Identity, Compare, Leaf)
"""What rounding does not touch: literals, sizes, conditions, and the point itself."""


def _rounded(value: Array, generator: np.random.Generator) -> Array:
    """Changed in the last places; exact zeros stay. A saturated tanh is 1.0 by rounding, not by nature, so it changes."""
    array = np.asarray(value)
    if array.dtype.kind not in "fc":
        return value
    return array * (1 + 1e-15 * generator.uniform(-1, 1, array.shape))


def _value(node: Tree, args: list[Array], environment: Mapping[str, Array], dims: Mapping[str, int]) -> Array:
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
            return _contraction(node, args, dims)
        case Power():
            exponent = node.exponent
            exact = isinstance(exponent, Number) and exponent.value.denominator == 1
            return power(args[0], int(exponent.value) if exact else args[1])  # type: ignore[attr-defined]
        case Apply():
            return value_of(node.function, node.orders, args)
        case Compare():
            return OPERATORS[node.operator](np.real(args[0]), np.real(args[1]))
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


def _contraction(node: Contraction, args: list[Array], dims: Mapping[str, int]) -> Array:
    """The einsum; indices that no operand carries are sizes (summed) or stretch the result (in the output)."""
    sizes = [dimension(d, dims) for d in node.dims]
    coefficient: Array = 1.0
    arrays, subscripts = [], []
    for array, subscript in zip(args, node.subscripts, strict=True):
        if subscript:
            arrays.append(array)
            subscripts.append(subscript)
        else:
            coefficient = coefficient * array
    carried = {i for s in subscripts for i in s}
    for i in set(range(len(sizes))) - carried - set(node.output):
        coefficient = coefficient * sizes[i]
    free = list(dict.fromkeys(node.output))
    kept = [i for i in free if i in carried]
    result = coefficient
    if arrays and all(list(s) == kept for s in subscripts):
        for array in arrays:
            result = result * array
    elif arrays:
        pairs = [x for pair in zip(arrays, subscripts, strict=True) for x in pair]
        result = coefficient * np.einsum(*pairs, kept, optimize=len(arrays) > 2)
    if len(kept) < len(free):
        stretched = np.reshape(result, [sizes[i] if i in carried else 1 for i in free])
        result = np.broadcast_to(stretched, [sizes[i] for i in free])
    if len(free) < len(node.output):
        result = _diagonal(result, [free.index(i) for i in node.output], [sizes[i] for i in node.output])
    return result


def _diagonal(array: Array, axes: list[int], shape: list[int]) -> Array:
    """An output index that repeats: the values stand on the diagonal, zeros elsewhere."""
    result = np.zeros(shape, np.result_type(array))
    grid = np.indices(np.shape(array))
    result[tuple(grid[k] for k in axes)] = array
    return result
