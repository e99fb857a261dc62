"""The point of a self-test: values of the inputs, with the facts declared of them, where all results are finite."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, SymchainError
from symchain.kernels.kernel import Input, Plan
from symchain.support.dimensions import evaluate

_SIZES = (3, 4, 2, 5)
_RANGES = ((0.2, 0.8), (-1.0, 1.0), (1.1, 2.5), (-0.8, -0.2), (3.0, 9.0), (0.01, 0.1), (-9.0, -1.1))


def _sizes(plan: Plan, shift: int) -> dict[str, int]:
    sizes = {n: _SIZES[(k + shift) % len(_SIZES)] for k, n in enumerate(plan.letters)}
    for _ in range(50):
        short = [need for need in plan.needs if evaluate(need.dim, sizes) < need.least]
        if not short:
            break
        sizes = {n: k + 1 if any(n in str(need.dim) for need in short) else k for n, k in sizes.items()}
    return sizes


def _drawn(given: Input, shape: tuple[int, ...], low: float, high: float, rng: Any) -> Any:
    if given.integer:
        return rng.integers(0, 2, shape)
    x = np.round(rng.uniform(low, high, shape), 3)
    for fact in given.facts:
        if fact in ("positive", "nonnegative"):
            x = np.abs(x)
        elif fact == "unit":
            x = np.abs(x) % 1
        elif fact == "integer":
            x = np.round(np.abs(x)) + 1
        elif fact == "onehot":
            x = np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
        elif fact == "probability":
            x = np.abs(x) + 0.1
            x = x / x.sum(axis=-1, keepdims=True)
        elif fact in ("symmetric", "symmetric_entries"):
            x = (x + np.swapaxes(x, -1, -2)) / 2
        elif fact == "spd":
            x = x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1])
        elif fact in ("diagonal", "diagonal_entries"):
            x = x * np.eye(shape[-1])
        elif fact == "orthogonal":
            x = np.linalg.qr(x)[0]
    return x


def zeros_of(plan: Plan) -> tuple[list[Any], list[Any]]:
    """A point and results of the right shapes, for a file whose self-test is not wanted."""
    sizes = _sizes(plan, 0)
    point = [np.zeros(tuple(evaluate(d, sizes) for d in i.shape)) for i in plan.inputs]
    first = len(plan.inputs)
    shapes = [plan.inputs[o.value].shape if o.value < first else plan.instruction(o.value).shape for o in plan.outputs]
    return point, [np.zeros(tuple(evaluate(d, sizes) for d in s)) for s in shapes]


def point_of(kernel: Any, at: Mapping[str, Any] | None) -> tuple[list[Any], list[Any]]:
    """The values of the inputs at a point, by default one that is found, and the results of the kernel there."""
    plan = kernel.plan
    if at is not None:
        point = [np.asarray(at[i.name], float) for i in plan.inputs if i.name in at]
        return point, _results(plan, kernel(**{i.name: at[i.name] for i in plan.inputs if i.name in at}))
    rng = np.random.default_rng(20)
    for shift, (low, high) in product(range(2), _RANGES):
        sizes = _sizes(plan, shift)
        point = [_drawn(i, tuple(evaluate(d, sizes) for d in i.shape), low, high, rng) for i in plan.inputs]
        try:
            found = _results(plan, kernel(**{i.name: x for i, x in zip(plan.inputs, point, strict=True)}))
        except SymchainError:
            continue
        if all(np.isfinite(x).all() for x in found):
            return point, found
    raise ArgumentError("no point was found for the self-test", advice="Give one: kernel.export(target, at={...}), --at x=1.5,w=0.8.")


def _results(plan: Plan, found: Any) -> list[Any]:
    """The results in the order of the plan's outputs."""
    parts = found if isinstance(found, tuple) else (found,)
    groups = {"value": 0, "array": 0, "gradient": 1, "hessian": 2}
    results = []
    for o in plan.outputs:
        part = parts[groups[o.kind]]
        results.append(
            np.asarray(part if not o.names or o.kind in ("value", "array") else part[o.names[0] if len(o.names) == 1 else o.names])
        )
    return results
