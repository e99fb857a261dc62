"""What derivations are compared with: derivatives of a program along directions, by complex steps through the blocks as written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from symchain.evidence.decision import Sharp
from symchain.evidence.directions import Weights, moves_of
from symchain.evidence.judgement import BRANCH, KINK, OnKink, Steps
from symchain.evidence.meanings import Array
from symchain.evidence.points import Point, imaginary_step
from symchain.evidence.watching import Watch, watching
from symchain.nouns.computation import Computation, ancestors

STENCIL = ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60))
TINY = 1e-50
"""A base nearer to 0 than this is the square of a complex step."""
NEAR = 1e-9
"""A kink nearer than this, relative to the size of what moves, is where the point is."""


class Slopes:
    """Derivatives of an output along directions, from the blocks as written. Raises OnKink where a direction leads across one."""

    def __init__(self, program: Computation, output: str, names: Sequence[str], free: bool = False) -> None:
        self.program, self.output, self.free = program, output, free
        self.chain = names if free else chain_of(program, output, names)
        self.lost = False
        """Whether a complex step was lost on the way."""

    def first(self, point: Point, weights: Weights, steps: Steps) -> Array:
        """The derivative along a direction, by a complex step."""
        step = imaginary_step((point.values[n] for n in weights), steps.imaginary)
        value, watch = self._run(point, {n: 1j * step * m for n, m in self._moves(weights).items()})
        refuse_kinks(watch, step, size_of(point, weights))
        self.lost |= watch.lost
        return np.imag(value) / step

    def second(self, point: Point, d: Weights, e: Weights, steps: Steps) -> Array:
        """The derivative along d, by a complex step, differenced along e."""
        d, e = self._moves(d), self._moves(e)
        total: Array = 0.0
        signs: list[Array] | None = None
        for k, coefficient in STENCIL:
            for sign in (1, -1):
                shift = {n: sign * k * steps.real * e.get(n, 0) + 1j * steps.imaginary * d.get(n, 0) for n in {**d, **e}}
                value, watch = self._run(point, shift)
                refuse_kinks(watch, steps.imaginary, size_of(point, d))
                found = [np.sign(np.real(c)) for c in (*watch.choices, *watch.ties)]
                if signs is not None and any(np.any(a != b) for a, b in zip(signs, found, strict=True)):
                    raise OnKink(KINK)
                signs = found
                total = total + sign * coefficient * np.imag(value) / steps.imaginary
        return total / steps.real

    def along(self, point: Point, way: Sequence[Weights], steps: Steps) -> Array:
        """The derivative along one direction, or the second one along two."""
        return self.first(point, way[0], steps) if len(way) == 1 else self.second(point, way[0], way[1], steps)

    def exactly(self, point: Sharp, digits: int, *ways: Weights) -> Array:
        """The derivative along one direction or two, with many digits."""
        return point.slope(digits, self.chain, self.output, *(self._moves(w) for w in ways))

    def _moves(self, weights: Weights) -> Weights:
        return weights if self.free else moves_of(self.program, weights)

    def _run(self, point: Point, shifts: Mapping[str, Array]) -> tuple[Array, Watch]:
        """The output when some names are shifted: inputs, or the values of blocks on top of what they compute."""
        environment = dict(point.values)
        for name, shift in shifts.items():
            environment[name] = environment[name] + shift
        with watching() as watch:
            for name in self.chain:
                value = point.evaluate([self.program.blocks[name].tree], environment)[0]
                environment[name] = value + shifts[name] if name in shifts else value
        return environment[self.output], watch


def size_of(point: Point, weights: Weights) -> float:
    """How large the values are that move."""
    return max(float(np.max(np.abs(point.values[n]), initial=0.0)) for n in weights)


def refuse_kinks(watch: Watch, step: float, size: float) -> None:
    """Raise OnKink where a choice that moves is made at the point itself: what decides it is 0, or a rounding away from it."""
    for k, sign in enumerate((*watch.choices, *watch.ties)):
        if np.iscomplexobj(sign) and np.any((np.abs(np.real(sign)) * step <= NEAR * size * np.abs(np.imag(sign))) & (np.imag(sign) != 0)):
            raise OnKink(BRANCH if k in watch.branches else KINK)
    for base, interval in watch.edges:
        away = np.abs(np.real(base) - interval.low)
        if np.iscomplexobj(base) and interval.low == 0 and np.any((away < TINY) & (base != 0)):
            raise OnKink(KINK)


def chain_of(program: Computation, output: str, names: Sequence[str]) -> list[str]:
    """The blocks between the names and the output, in order: what has to be evaluated again when the names move."""
    wanted, moved = ancestors(program, output), set(names)
    for block in program.blocks.values():
        if any(r in moved for r in block.reads):
            moved.add(block.name)
    return [n for n in program.blocks if n in moved and n in wanted]
