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


KINDS = {"": (-1.4, 1.4), "pos": (0.3, 1.7), "unit": (0.1, 0.9), "big": (1.8, 3.0)}


def read_calls(text: str) -> list[tuple[str, dict[str, tuple[str, tuple[int, ...]]]]]:
    """The lines of a table: an expression, and for each of its arrays what it is drawn from and its shape."""
    found = []
    for line in text.strip().splitlines():
        expression, *arrays = [part.strip() for part in line.split(" | ")]
        words = [a.split() for a in arrays]
        found.append((expression, {w[0].partition(":")[0]: (w[0].partition(":")[2], tuple(map(int, w[1:]))) for w in words}))
    return found


def drawn(arrays: Mapping[str, tuple[str, tuple[int, ...]]]) -> dict[str, np.ndarray[Any, Any]]:
    """A point of a line; spd matrices are far from singular."""
    rng = np.random.default_rng(3)
    point = {}
    for name, (kind, shape) in arrays.items():
        x = rng.uniform(*KINDS.get(kind, KINDS[""]), shape)
        point[name] = x @ x.T + 3 * np.eye(len(x)) if kind == "spd" else x
    return point


def assert_same(arrays: Mapping[str, tuple[str, tuple[int, ...]]], found: Any, expected: Any, line: str) -> None:
    """The same value and gradients; by a symmetric matrix those of both triangles together, which libraries share out differently."""
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-8, atol=1e-10, err_msg=line)
    for name, (kind, shape) in arrays.items():
        mine, other = found[1][name], np.zeros(shape) if expected[1][name] is None else np.asarray(expected[1][name])
        if kind == "spd":
            mine, other = mine + mine.T, other + other.T
        np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-8, err_msg=f"{line} by {name}")
