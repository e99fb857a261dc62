"""Directions: how names move when a derivative is measured along them, and the derivative along each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from symchain.evidence.meanings import Array
from symchain.evidence.points import Point
from symchain.evidence.sampling import SEED, spread
from symchain.nouns.computation import Computation

COMPONENTS = 64
"""Up to this many components are compared one by one; more of them in random combinations."""
COMBINATIONS = 6

Weights = Mapping[str, Array]
"""One coefficient for every component of some names: a direction."""


def moves_of(program: Computation, weights: Weights) -> Weights:
    """How the names move when each entry of a derivative's layout is given a weight."""
    return {n: spread(w, program.inputs[n].facts) if n in program.inputs else w for n, w in weights.items()}


def directions_of(point: Point, names: Sequence[str], limit: int = COMPONENTS) -> list[Weights]:
    """One component at a time while they are few, else random combinations of them all."""
    shapes = {n: np.shape(point.values[n]) for n in names}
    if sum(int(np.prod(s)) for s in shapes.values()) <= limit:
        return [{m: unit(s, index if m == n else None) for m, s in shapes.items()} for n in names for index in np.ndindex(shapes[n])]
    generator = np.random.default_rng(SEED)
    return [{n: generator.uniform(-1, 1, s) for n, s in shapes.items()} for _ in range(COMBINATIONS)]


def unit(shape: tuple[int, ...], index: tuple[int, ...] | None) -> Array:
    array = np.zeros(shape)
    if index is not None:
        array[index] = 1.0
    return array


def along(derivative: Array, weights: Array) -> Array:
    """The derivative (of shape F + X) applied to weights of shape X."""
    return np.tensordot(derivative, weights, axes=np.ndim(weights))


def sides_of(derivative: Array, name: str, directions: Sequence[Weights], point: Point) -> Iterable[Array]:
    """The derivative along each direction by one name: its columns where each component moves alone."""
    shape = np.shape(point.values[name])
    if len(directions) == int(np.prod(shape)):
        columns = np.reshape(derivative, (*np.shape(derivative)[: np.ndim(derivative) - len(shape)], -1))
        return np.moveaxis(columns, -1, 0)
    return [along(derivative, d[name]) for d in directions]
