"""What generated code calls where no expression over NumPy is accurate: each function with the equation that makes it so.

The usual formula is used wherever it is good; the other one is worked out only for the places that need it, so that arrays
without such places cost a comparison and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Array = Any
"""A NumPy array or number."""

# ---------------------------------------------------------------- one number for each element


def near_zero(value: Array, x: Array, radius: float, first: int, step: int, coefficients: Sequence[float]) -> Array:
    """The value, by its series c0*x**first + c1*x**(first + step) + ... where 0 < |x| < radius: there its terms cancel.

    At x = 0 itself the value stays, which may have none.
    """
    near = (np.abs(x) < radius) & (x != 0)
    if not np.any(near):
        return value
    return np.where(near, _series(np.where(near, x, radius), first, step, coefficients), value)


def near_zero_of_floats(value: float, x: float, radius: float, first: int, step: int, coefficients: Sequence[float]) -> float:
    """The same of plain floats."""
    return _series(x, first, step, coefficients) if -radius < x < radius and x else value  # type: ignore[no-any-return]


def _series(x: Any, first: int, step: int, coefficients: Sequence[float]) -> Any:
    power = x * x if step == 2 else x
    total = coefficients[-1] + 0 * x
    for c in coefficients[-2::-1]:
        total = total * power + c
    for _ in range(abs(first)):
        total = total * x if first > 0 else total / x
    return total


# ---------------------------------------------------------------- along an axis


def softmax(x: Array, axis: int) -> Array:
    """exp(x - max x)/sum(exp(x - max x))."""
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def log_softmax(x: Array, axis: int) -> Array:
    """(x - max x) - log1p(sum of the other exp(x - max x)): the term that is 1 is left out of the sum, not rounded into it."""
    top = np.expand_dims(x.argmax(axis), axis)
    shifted = x - np.take_along_axis(x, top, axis)
    e = np.exp(shifted)
    np.put_along_axis(e, top, 0, axis)
    return shifted - np.log1p(e.sum(axis, keepdims=True))


def balanced(r: Array, p: Array, *rest: Any) -> Array:
    """r, which adds up to `total` (zero if not given) along the axis: balanced(r, p, axis) or balanced(r, p, total, axis).

    Where p, which adds up to one, is nearly 1: r = total - (sum of the others), which has not cancelled. So 1 - p is the sum of the
    other probabilities, and p*(g - sum(g*p)) minus what the others send back.
    """
    *total, axis = rest
    shares = np.moveaxis(p, axis, -1).reshape(-1, p.shape[axis])
    top = shares.argmax(1)
    rows = np.flatnonzero(shares[np.arange(len(top)), top] > 0.75)
    if not rows.size:
        return r
    top = top[rows]
    moved = np.array(np.moveaxis(r, axis, -1), order="C")
    flat = moved.reshape(shares.shape)
    others = flat[rows]
    others[np.arange(len(rows)), top] = 0
    flat[rows, top] = (np.reshape(total[0], -1)[rows] if total else 0) - others.sum(1)
    return np.moveaxis(moved, -1, axis)


STABLE: Mapping[str, Callable[..., Any]] = {f.__name__: f for f in (near_zero, near_zero_of_floats, softmax, log_softmax, balanced)}
