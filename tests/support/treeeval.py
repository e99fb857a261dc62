"""An evaluator of trees for tests, written apart from lowering: one NumPy call per node, nothing shared, nothing rewritten."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from symchain.functions.spec import AbstractFunction, map_dims
from symchain.support import dimensions
from symchain.support.dimensions import Dim
from symchain.tensors import nodes
from symchain.tensors.nodes import Apply, Compare, Constant, Contraction, Identity, Leaf, Number, Operation, Power, Size, Sum, Tree, Where

_COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne}


def evaluate(tree: Tree, values: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> Any:
    """The value of a tree, given an array for each name and an int for each dimension letter."""
    sizes = sizes or {}
    done: dict[Tree, Any] = {}
    for node in nodes.postorder(tree):
        value = _value(node, [done[a] for a in node.args], values, sizes)
        want = tuple(dimensions.evaluate(d, sizes) for d in node.shape)
        assert np.shape(value) == want, f"{type(node).__name__} has shape {np.shape(value)}, its tree says {want}"
        done[node] = value
    return done[tree]


def _value(node: Tree, args: list[Any], values: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    def size(d: Dim) -> int:
        return dimensions.evaluate(d, sizes)

    match node:
        case Number():
            return float(node.value)
        case Constant():
            return {"pi": np.pi}[node.name]
        case Size():
            return float(size(node.dim))
        case Leaf():
            return np.asarray(values[node.name])
        case Identity():
            return np.eye(size(node.shape[0]))
        case Sum():
            return np.sum(np.stack(args), axis=0)
        case Contraction():
            return einsum(args, node.subscripts, node.output, [size(d) for d in node.dims])
        case Power():
            return np.power(np.asarray(args[0], np.result_type(args[0], float)), args[1])
        case Apply():
            return _apply(node, args)
        case Compare():
            return np.broadcast_to(_COMPARISONS[node.operator](*args), [size(d) for d in node.shape])
        case Where():
            return np.broadcast_to(np.where(*args), [size(d) for d in node.shape])
        case Operation():
            return node.operation.evaluate(*map(np.asarray, args), *map_dims(node.operation, node.parameters, size))
    raise TypeError(type(node).__name__)


def einsum(operands: list[Any], subscripts: Any, output: tuple[int, ...], sizes: list[int]) -> Any:
    """np.einsum with indices that no operand has and with repeated output indices."""
    operands, subscripts, out = list(operands), [list(s) for s in subscripts], list(output)
    for k, s in enumerate(out):
        if s in out[:k]:  # a repeated output index is a diagonal: an identity gives it a second name
            out[k] = len(sizes)
            operands.append(np.eye(sizes[s]))
            subscripts.append([s, out[k]])
            sizes = [*sizes, sizes[s]]
    for s, size in enumerate(sizes):
        if not any(s in t for t in subscripts):
            operands.append(np.ones(size))
            subscripts.append([s])
    pairs = [x for pair in zip(operands, subscripts, strict=True) for x in pair]
    return np.einsum(*pairs, out) if pairs else 1.0


def _apply(node: Apply, args: list[Any]) -> Any:
    function = node.function.binding if isinstance(node.function, AbstractFunction) else node.function
    assert not any(node.orders), "derivatives of abstract functions are not evaluated here"
    return function_value(function, *args)


def function_value(spec: Any, *args: Any) -> Any:
    """A registered function by its NumPy code (the analytic one for complex arguments)."""
    from scipy import special

    from symchain.kernels.stable import STABLE
    from symchain.kernels.writing import form_template

    complex_arguments = any(np.iscomplexobj(a) for a in args)
    names = [f"_{k}" for k in range(len(args))]
    if complex_arguments and spec.analytic:
        code = spec.analytic.format(**dict(zip(spec.parameters, names, strict=True)))
    else:
        code = form_template(spec.form, "numpy")[0].format(*(f"({name})" for name in names))
    return eval(code, {"np": np, "special": special, **STABLE, **{f"_{k}": a for k, a in enumerate(args)}})
