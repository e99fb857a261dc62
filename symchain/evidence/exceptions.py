"""Exceptional points: where a condition holds that chooses a value, x == 3. No random draw meets them, and a formula may be wrong there
alone.

A point is moved until the condition holds in floats. The derivative there is the limit of the program's own, as it is written, from
both sides of the point: differences with many digits, extrapolated to no distance (Neville's scheme).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from symchain.evidence.decision import Sharp
from symchain.evidence.exploration import Exploration
from symchain.evidence.meanings import Array
from symchain.evidence.points import UNDEFINED, Point, at, extended, needed_blocks
from symchain.evidence.precision import Inexact
from symchain.nouns.computation import Computation, ancestors, dependents
from symchain.tensors.nodes import Compare, Tree, leaves, postorder

CONDITIONS, BASES, ENTRIES = 4, 3, 8
"""At most so many conditions, at so many points each, are met by moving one of so many entries of an input."""
_SECANTS = 4
_DIGITS = 60
_FIRST, _LEVELS = 2.0**-10, 6
"""The derivative is taken this far away, relative to the entry that is moved, and at half the distance as often as there are levels."""
_AGREED, _TOLERANCE = 1e-8, 1e-6
"""So near to each other the limits from both sides are one, and what is further from it is another value."""

Slope = Callable[[Sharp, int], Array]


class Met(NamedTuple):
    """A condition that holds at a point, by an entry of an input that was moved there."""

    condition: Compare
    point: Point
    name: str
    entry: tuple[int, ...]
    moves: bool
    """Whether the condition depends on what is differentiated by; else the slope is that of what it chooses."""


@dataclass(frozen=True)
class Exceptions:
    """The exceptional points of a derivative of an output by a name.

    `reads` are blocks that have to have values at them, `trees` are formulas whose conditions are met too.
    """

    program: Computation
    output: str
    wrt: str
    reads: Sequence[str] = ()
    trees: Sequence[Tree] = ()
    before: str = ""
    """Of a second derivative, the name that the first one is by."""

    def points(self) -> Iterator[Met]:
        """The conditions between the name and the output, each at a point where it holds."""
        found = self._conditions()
        if not found:
            return
        search = Exploration(self.program, self.output, self.reads)
        bases = list(islice(search, BASES))
        for condition in found:
            for base in bases:
                met = self._met(search, condition, base)
                if met is not None:
                    yield met

    def _conditions(self) -> list[Compare]:
        program = self.program
        names = ancestors(program, self.output) & dependents(program, self.wrt)
        trees = [t for t in (*(b.tree for n, b in program.blocks.items() if n in names), *self.trees) if t.kinds & Compare.bit]
        found = [n for n in postorder(*trees) if isinstance(n, Compare) and n.isolated] if trees else []
        return [n for n in found if all(x.name in program.inputs or x.name in program.blocks for x in leaves(n))][:CONDITIONS]

    def _met(self, search: Exploration, condition: Compare, base: Point) -> Met | None:
        names = self._moving(condition)
        for name in [n for n in (self.wrt, *names) if n in names and search.is_free(n)]:
            shape = np.shape(base.inputs[name])
            for entry in islice(np.ndindex(shape), ENTRIES):
                met = self._solved(condition, base, name, entry)
                if met is not None:
                    return met
        return None

    def _moving(self, condition: Tree) -> dict[str, None]:
        """The inputs that the condition depends on."""
        below = {n for leaf in leaves(condition) for n in ancestors(self.program, leaf.name)}
        return {n: None for n in self.program.inputs if n in below}

    def _solved(self, condition: Compare, base: Point, name: str, entry: tuple[int, ...]) -> Met | None:
        """By secants from one unit away; a condition that is linear takes one of them."""
        try:
            start = float(base.inputs[name][entry]) if entry else float(base.inputs[name])
            xs = [start, start + 1.0]
            values = [self._difference(condition, base, name, entry, x) for x in xs]
            changed = np.flatnonzero(np.ravel(values[1] - values[0]))
            if not changed.size:
                return None
            gaps = [float(np.ravel(v)[changed[0]]) for v in values]
            for _ in range(_SECANTS):
                if gaps[-1] == 0 or gaps[-1] == gaps[-2]:
                    break
                xs.append(xs[-1] - gaps[-1] * (xs[-1] - xs[-2]) / (gaps[-1] - gaps[-2]))
                gaps.append(float(np.ravel(self._difference(condition, base, name, entry, xs[-1]))[changed[0]]))
            point = self._at(base, name, entry, xs[-1])
            kept = not (self.program.inputs[name].facts and xs[-1] <= 0)
        except (*UNDEFINED, OverflowError):
            return None
        if gaps[-1] != 0 or not kept or not np.all(np.isfinite(point.values[self.output])):
            return None
        moved = dependents(self.program, self.wrt, *filter(None, [self.before]))
        return Met(condition, point, name, entry, any(x.name in moved for x in leaves(condition)))

    def _difference(self, condition: Compare, base: Point, name: str, entry: tuple[int, ...], x: float) -> Array:
        left, right = self._at(base, name, entry, x).evaluate(list(condition.args))
        return np.asarray(np.subtract(left, right), float)

    def _at(self, base: Point, name: str, entry: tuple[int, ...], x: float) -> Point:
        program = self.program
        moved = np.array(base.inputs[name], float)
        moved[entry] = x
        essential = ancestors(program, self.output)
        needed = needed_blocks(program, [self.output, *self.reads])
        point = at(program, [n for n in needed if n in essential], {**base.inputs, name: moved if moved.shape else float(moved)}, base.dims)
        others = [n for n in needed if n not in essential]
        return extended(program, point, others) if others else point


def limit_at(met: Met, program: Computation, slope: Slope) -> Array | None:
    """The limit of a derivative of the program at an exceptional point, the same from both sides; None where it is not known.

    Where the condition holds whatever is differentiated by, it is the derivative of the program at the point itself.
    """
    if not met.moves:
        try:
            return np.asarray(slope(Sharp(program, met.point), _DIGITS), float)
        except (Inexact, *UNDEFINED, TypeError, OverflowError):
            return None
    x = float(np.asarray(met.point.inputs[met.name])[met.entry])
    scale = max(abs(x), 1.0) * _FIRST
    sides = []
    size: Array = 0.0
    for sign in (1, -1):
        steps, found = [], []
        for level in range(_LEVELS):
            there = x + sign * scale / 2**level
            moved = np.array(met.point.inputs[met.name], float)
            moved[met.entry] = there
            inputs: Mapping[str, Any] = {**met.point.inputs, met.name: moved if moved.shape else float(moved)}
            try:
                value = slope(Sharp(program, Point(inputs, met.point.dims, inputs)), _DIGITS)
                found.append(np.asarray(value, float))
            except (Inexact, *UNDEFINED, TypeError, OverflowError):
                return None
            steps.append(there - x)
        size = np.maximum(size, np.max(np.abs(found[-1]), initial=0.0))
        sides.append(_extrapolated(steps, found))
    left, right = sides
    if not np.all(np.isfinite(left)) or not np.all(np.isfinite(right)) or np.any(np.abs(left - right) > _AGREED * np.maximum(size, 1e-9)):
        return None
    return (left + right) / 2


def _extrapolated(steps: Sequence[float], values: Sequence[Array]) -> Array:
    """The value at distance 0 of the polynomial through some values (Neville 1934)."""
    row = [np.asarray(v) for v in values]
    for width in range(1, len(row)):
        row = [(steps[k] * row[k + 1] - steps[k + width] * row[k]) / (steps[k] - steps[k + width]) for k in range(len(row) - 1)]
    return row[0]


def is_another(value: Array, right: Array) -> bool:
    """Whether a value is finite and not the limit."""
    if np.shape(value) != np.shape(right) or not np.all(np.isfinite(value)):
        return False
    size = np.maximum(np.max(np.abs(value), initial=0.0), np.max(np.abs(right), initial=0.0))
    return bool(np.any(np.abs(value - right) > _TOLERANCE * np.maximum(size, _TOLERANCE)))
