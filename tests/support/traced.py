"""What tests of functions read as programs share: the numbers a function gives, and its derivative by other means."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Arrays = Mapping[str, np.ndarray[Any, Any]]


def outputs(function: Callable[..., Any], point: Arrays) -> list[np.ndarray[Any, Any]]:
    """The arrays that a function returns; the arguments it wrote to, where it returns nothing."""
    given = {n: np.array(v, dtype=float) if np.ndim(v) else float(v) for n, v in point.items()}
    before = copy.deepcopy(given)
    result = function(**given)
    if result is None:
        return [v for n, v in given.items() if np.ndim(v) and not np.array_equal(v, before[n])]
    if isinstance(result, dict):
        return list(result.values())
    return list(result) if isinstance(result, tuple | list) else [result]


def slope(function: Callable[..., Any], point: Arrays, direction: Arrays, k: int, step: float = 1e-3) -> np.ndarray[Any, Any]:
    """The derivative of the k-th output along a direction: central differences, extrapolated twice (Richardson)."""

    def moved(h: float) -> np.ndarray[Any, Any]:
        sides = [outputs(function, {n: v + s * h * direction[n] for n, v in point.items()})[k] for s in (1, -1)]
        difference: np.ndarray[Any, Any] = (sides[0] - sides[1]) / (2 * h)
        return difference

    first, second, third = moved(step), moved(step / 2), moved(step / 4)
    a, b = (4 * second - first) / 3, (4 * third - second) / 3
    extrapolated: np.ndarray[Any, Any] = (16 * b - a) / 15
    return extrapolated


def along(gradient: Arrays, direction: Arrays, rank: int) -> np.ndarray[Any, Any]:
    """A kernel's derivative along a direction: that of an output of shape F by X has shape F + X."""
    total: Any = 0.0
    for name, g in gradient.items():
        total = total + np.tensordot(g, direction[name], axes=np.ndim(direction[name]))
    assert np.ndim(total) == rank
    return np.asarray(total)
