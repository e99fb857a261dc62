"""Whether two formulas are equal: at a point with more and more digits until that is decided, or exactly where both are rational.

What rounding leaves of 0 shrinks as digits are added, what is not 0 stays as it is, and what has no value (a singular matrix inverted)
grows: two precisions tell them apart, so no tolerance has to be chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from math import comb
from typing import NamedTuple

import numpy as np

from symchain.evidence.meanings import Array
from symchain.evidence.points import UNDEFINED, Point, needed_blocks
from symchain.evidence.precision import Digits, Inexact, Residues, values_in
from symchain.evidence.sampling import limits_of, sizes_held
from symchain.kernels.facts import Kind, of_kind
from symchain.nouns.computation import Computation
from symchain.support.dimensions import evaluate as dimension
from symchain.tensors.nodes import Tree, leaves

LEVELS = ((40, 60), (120, 160), (360, 440))
"""Decimal digits; each level evaluates twice."""
_SETTLED = 1e-3
"""A difference that changes by less than this part of itself when digits are added is one."""
_GUARD = 10
"""So many of the digits may be lost to rounding."""
INSTANCES = 3
_ENTRIES = frozenset({"symmetric", "spd", "symmetric_entries"})
_FREE = of_kind(Kind.RANGE, Kind.OPEN)
_NORMED = frozenset({"probability", "unit_sum"})

Sides = tuple[Array, Array]


class Decided(NamedTuple):
    """equal: None where nothing could be decided. error: the largest relative difference."""

    equal: bool | None
    error: float


# ---------------------------------------------------------------- points with many digits


class Sharp:
    """A point of a program, whose values are known with as many digits as asked for."""

    def __init__(self, program: Computation, point: Point) -> None:
        self.program, self.point = program, point
        self._known: dict[int, tuple[Digits, dict[str, Array]]] = {}

    def values(
        self, digits: int, trees: Sequence[Tree], lines: Sequence[tuple[str, Tree]] = (), absorbing: bool = False
    ) -> list[Array]:
        """The values of trees over the program's names and those of some lines. Raises Inexact, and one of UNDEFINED."""
        numbers, known = self._at(digits)
        with numbers.working():
            self._extend(numbers, known, [*trees, *(tree for _, tree in lines)])
            values = dict(known)
            for name, tree in lines:
                values[name] = values_in(numbers, [tree], values, self.point.dims, absorbing)[0]
            return values_in(numbers, trees, values, self.point.dims, absorbing)

    def slope(self, digits: int, chain: Sequence[str], output: str, *ways: Mapping[str, Array]) -> Array:
        """The derivative of an output along directions, by central differences; `chain` are the blocks that move.

        As digits are added, what such a difference lacks shrinks as rounding does. Where it is 0 it is as large as rounding may be: a
        change below that is not seen.
        """
        found, unseen = self.difference(digits, chain, output, *ways)
        return np.where(np.equal(found, 0), unseen, found)

    def difference(self, digits: int, chain: Sequence[str], output: str, *ways: Mapping[str, Array]) -> tuple[Array, Array]:
        """The same as it comes out, and the largest change that it does not see.

        A direction that is given n times (the same object) takes n + 1 values (Abramowitz and Stegun, 25.3).
        """
        numbers, known = self._at(digits)
        with numbers.working():
            self._extend(numbers, known, [self.program.blocks[n].leaf for n in chain if n in self.program.blocks])
            step = numbers.mp.mpf(10) ** -(digits // (2 + len(ways)))
            total: Array = 0
            times = Counter(map(id, ways))
            apart = list({id(way): way for way in ways}.items())
            for turns in product(*(range(times[key] + 1) for key, _ in apart)):
                values = dict(known)
                moved: dict[str, Array] = {}
                weight = 1
                for turn, (key, way) in zip(turns, apart, strict=True):
                    weight *= (-1) ** turn * comb(times[key], turn)
                    for name, weights in way.items():
                        moved[name] = moved.get(name, 0) + numbers.array(weights) * ((times[key] - 2 * turn) * step)
                values.update({n: values[n] + shift for n, shift in moved.items()})
                for name in chain:
                    value = values_in(numbers, [self.program.blocks[name].tree], values, self.point.dims)[0]
                    values[name] = value + moved[name] if name in moved else value
                total = total + values[output] * weight
            unseen = abs(known.get(output, values[output])) * numbers.mp.mpf(10) ** -digits
            return total / (2 * step) ** len(ways), unseen / (2 * step) ** len(ways)

    def _at(self, digits: int) -> tuple[Digits, dict[str, Array]]:
        if digits not in self._known:
            numbers = Digits(digits)
            with numbers.working():
                inputs = {n: _refined(numbers, numbers.array(v), self.program.inputs[n].facts) for n, v in self.point.inputs.items()}
            self._known[digits] = numbers, inputs
        return self._known[digits]

    def _extend(self, numbers: Digits, known: dict[str, Array], trees: Sequence[Tree]) -> None:
        for name in needed_blocks(self.program, [x.name for x in leaves(*trees) if x.name in self.program.blocks]):
            if name not in known:
                known[name] = values_in(numbers, [self.program.blocks[name].tree], known, self.point.dims)[0]


def _refined(numbers: Digits, value: Array, facts: frozenset[str]) -> Array:
    """The value with its facts to the last of its digits: floats are orthogonal, or add up to one, as far as floats go."""
    if facts & _NORMED and value.ndim:
        return value / np.sum(value, axis=-1, keepdims=True)
    if "orthogonal" in facts:
        for _ in range(numbers.digits.bit_length()):  # digits double each time (Higham 1986)
            value = (3 * value - value @ np.swapaxes(value, -1, -2) @ value) / 2
    return value


def decided(evaluate: Callable[[int], Sides]) -> Decided:
    """Whether the two sides that `evaluate` has at so many digits are equal. Raises Inexact where many digits cannot be had."""
    for low, high in LEVELS:
        try:
            few, many = evaluate(low), evaluate(high)
        except UNDEFINED:
            break
        except Inexact:
            if low == LEVELS[0][0]:
                raise
            break  # more digits would take too long
        numbers = Digits(high)
        with numbers.working():
            found = _compared(numbers, low, few, many)
        if found.equal is not None:
            return found
    return Decided(None, float("inf"))


def _compared(numbers: Digits, low: int, few: Sides, many: Sides) -> Decided:
    """What two precisions tell: `few` with `low` digits, `many` with those of `numbers`."""
    if not all(np.all(numbers.finite(side)) for side in (*few, *many)):
        return Decided(None, float("inf"))
    mp = numbers.mp
    shrunk = mp.mpf(10) ** -((numbers.digits - low) // 3)
    rows = [np.ravel(side) for side in (*few, *many)]
    largest = max((max(abs(a), abs(b)) for a, b in zip(rows[2], rows[3], strict=True)), default=mp.mpf(0))
    worst, unsettled = 0.0, False
    for a, b, x, y in zip(*rows, strict=True):
        before, after = a - b, x - y
        small = abs(after) <= largest * mp.mpf(10) ** (_GUARD - low)
        gone = [abs(q) <= shrunk * abs(p) for p, q in ((a, x), (b, y))]
        known = [abs(q - p) <= _SETTLED * abs(q) for p, q in ((a, x), (b, y))]
        settled = all(abs(q - p) <= _SETTLED * abs(after) for p, q in ((before, after), (a, x), (b, y)))
        if all(gone) or (all(known) and (not after or abs(after) <= shrunk * abs(before))):
            continue
        if small and abs(x - a) <= largest * _SETTLED:
            worst = max(worst, float(abs(after) / largest))
        elif settled:
            return Decided(False, float(abs(after) / max(abs(x), abs(y))))
        else:
            unsettled = True
    return Decided(None, float("inf")) if unsettled else Decided(True, worst)


# ---------------------------------------------------------------- exactly


def identical(program: Computation, left: Tree, right: Tree) -> bool | None:
    """Whether two rational functions of one shape are the same one; None where they are not both rational.

    Values are taken modulo a large prime, at random points and several sizes. Different values are a proof that they differ; equal
    ones prove that they do not, with a probability of error far below that of an error of the machine.
    """
    blocks = needed_blocks(program, [x.name for x in leaves(left, right) if x.name in program.blocks])
    if limits_of(program, blocks)[1]:
        return None
    found = 0
    sizes = sizes_held(program, blocks)
    for seed in range(max(INSTANCES, len(sizes)) if sizes else 0):
        try:
            a, b = _residues(program, sizes[seed % len(sizes)], seed, blocks, (left, right))
        except UNDEFINED:
            continue  # a matrix that is singular at these sizes
        except (Inexact, TypeError):
            return None
        if np.shape(a) != np.shape(b):
            return None
        if np.any(a != b):
            return False
        found += 1
        if found == INSTANCES:
            break
    return True if found else None


def _residues(program: Computation, dims: Mapping[str, int], seed: int, blocks: Iterable[str], trees: Sequence[Tree]) -> list[Array]:
    numbers = Residues(seed)
    values = {}
    for name, variable in program.inputs.items():
        values[name] = _drawn(numbers, [dimension(d, dims) for d in variable.shape], variable.facts)
    for name in blocks:
        values[name] = values_in(numbers, [program.blocks[name].tree], values, dims)[0]
    return values_in(numbers, trees, values, dims)


def _drawn(numbers: Residues, shape: Sequence[int], facts: frozenset[str]) -> Array:
    """Random residues that have the facts. Raises Inexact for facts that are no equations between rational functions."""
    value = numbers.random(shape)
    flipped = np.swapaxes(value, -1, -2) if len(shape) > 1 else value
    ties = facts - _FREE
    if not ties:
        return value
    if ties <= _ENTRIES:
        return value + flipped
    if ties <= {"diagonal", "diagonal_entries"}:
        return np.where(np.eye(shape[-1], dtype=bool), value, 0 * value)
    if ties <= _NORMED and shape:
        total = np.sum(value, axis=-1, keepdims=True)
        return value * numbers.power(total, -1)
    if ties == {"orthogonal"}:  # by Cayley's formula
        one = np.where(np.eye(shape[-1], dtype=bool), 1 + 0 * value, 0 * value)
        skew = value - flipped
        return numbers.inverse(one + skew) @ (one - skew)
    raise Inexact

