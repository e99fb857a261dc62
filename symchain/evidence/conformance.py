"""Kernels held against the programs they were made of: what the code computes beside what the blocks mean, before the code is used.

Rules, rewriting, stable forms and the writing of code all stand between a program and its kernel, and none of them is used here. At a
few random points the value is compared with the blocks as written, the gradients along one random direction with a complex step
through them, second derivatives along two with its central difference.

It is a check, not a proof: a branch that no point enters is not seen, and points decide nothing where the program is undefined, on a
kink, or where rounding decides. A nan is no answer, so it is not wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import Any

import numpy as np

from symchain.errors import SymchainError, VerificationError
from symchain.evidence.directions import Weights, along, moves_of
from symchain.evidence.exploration import Exploration
from symchain.evidence.judgement import (
    CENTRAL_DIFFERENCE,
    FLOORS,
    TOLERANCES,
    TRUNCATION,
    Case,
    Measured,
    OnKink,
    Steps,
    judge,
    relative_error,
)
from symchain.evidence.meanings import Array, is_slow, rounding_inside
from symchain.evidence.points import UNDEFINED, Point, at, imaginary_step
from symchain.evidence.sampling import SEED
from symchain.evidence.slopes import Slopes
from symchain.evidence.watching import watching
from symchain.kernels.recourse import as_float64_gives_it
from symchain.nouns.computation import Computation
from symchain.support.dimensions import Shape
from symchain.support.dimensions import evaluate as dimension
from symchain.tensors.nodes import Apply, Contraction, Operation, postorder

POINTS = 3
"""So many points are looked at, one less where arrays hold many numbers, and one in long programs."""
PICKS = (0, 6, 1, 2, 3, 5, 7)
"""The stretches that are drawn from, until there are so many points with a value: both signs first."""
TOLERANCE, FLOOR = TOLERANCES[CENTRAL_DIFFERENCE], FLOORS[CENTRAL_DIFFERENCE]
"""A relative difference of more than this is looked at with care; components count as a part of the largest one at least."""
WORK = 3e7
"""Multiplications for one value of the program, about a tenth of a second: kernels of programs that take more are not checked."""
_ROUNDINGS = 1e-14
"""Terms as large as the value itself leave so much of it where they cancel."""
_CALL, _SLOW_CALL = 20, 1e5
"""What one value of a function costs, in multiplications."""


@dataclass(frozen=True)
class Promise:
    """What a kernel promises: derivatives of an output of a program by some names."""

    program: Computation
    output: str
    names: Sequence[str]
    order: int | None
    """As that of a plan: 0, 1 and 2 for values with the derivatives up to there, None for one derivative alone."""
    degree: int = 1
    """Of one derivative alone: 1, or 2."""
    vector: str = ""
    """The input that a second derivative was multiplied with, where it was."""

    def check(self, names: Sequence[str], call: Callable[..., Any]) -> None:
        """Hold a kernel, by its lean call (the inputs of these names in order), against the program.

        Raises VerificationError where they differ by more than rounding explains.
        """
        search = Exploration(self.program, self.output, self.names)
        if not search.sizes or _work(self.program, search.needed, max(search.sizes, key=lambda dims: sum(dims.values()))) > WORK:
            return
        wanted = max(1, round((POINTS if self.program.scalar else POINTS - 1) * search.patience))
        quick = 2 not in self._degrees and all(n in self.program.inputs for n in self.names)
        with as_float64_gives_it():  # most points show all that is wrong; what float64 loses there is left to those looked at with care
            if quick and self._agrees(search, wanted, names, call):
                return
        again = Exploration(self.program, self.output, self.names)  # it finds the same points
        points = list(islice(again.drawn(PICKS), wanted))
        slopes = Slopes(self.program, self.output, self.names)

        def measure(point: Point, steps: Steps) -> Measured:
            with watching() as watch:
                at(self.program, search.needed, point.inputs, point.dims)
            if not all(np.all(interval.holds(np.real(value))) for value, interval in watch.edges):
                raise ValueError  # outside of a function's domain its code and its meaning may go on in two ways
            d, e = self._directions(point)
            try:
                sides = self._sides(call(*(point.inputs[n] for n in names)), d, e)
            except (SymchainError, ArithmeticError) as error:
                raise ValueError from error  # whoever calls it there will see it
            references = [self._reference(degree, slopes, point, d, e, steps) for degree in self._degrees]
            small = self._unresolved(point, point.values[self.output], d, e)
            answers = zip(self._degrees, sides, references, strict=True)
            pairs = [(_answered(x, r, small[k]), r) for k, x, r in answers if r is not None]
            if not pairs:
                raise OnKink("")
            return Measured(pairs)

        with rounding_inside():
            verdict, used, _ = judge(Case(measure, self.program, self.output, CENTRAL_DIFFERENCE), points)
        if verdict.failed:
            where = "; ".join(f"{n} = {_shown(v)}" for n, v in islice(used[-1].inputs.items(), 6))
            what = f"the kernel does not compute what the program says of {self.output}, at {where}"
            raise VerificationError(what, advice="This is a defect of symchain: please report it.")

    def _agrees(self, search: Exploration, wanted: int, names: Sequence[str], call: Callable[..., Any]) -> bool:
        """Whether all is well at so many points: one evaluation each, and no care for what could explain a difference."""
        for inputs, dims in search.drafts(PICKS):
            point = Point(inputs, dims, inputs)
            d, e = self._directions(point)
            step = imaginary_step(inputs[n] for n in d)
            moved = {n: inputs[n] + 1j * step * w for n, w in moves_of(self.program, d).items()}
            try:
                found = at(self.program, search.needed, {**inputs, **moved}, dims).values[self.output]
                if not np.all(np.isfinite(found)):
                    continue
                sides = self._sides(call(*(inputs[n] for n in names)), d, e)
            except (*UNDEFINED, SymchainError, ArithmeticError):
                continue
            meant = (np.real(found), np.imag(found) / step)
            small = self._unresolved(point, meant[0], d, e)
            pairs = [(_answered(side, meant[k], small[k]), meant[k]) for side, k in zip(sides, self._degrees, strict=True)]
            if not all(relative_error(*pair, floor=FLOOR) <= TOLERANCE for pair in pairs):
                return False
            wanted -= 1
            if not wanted:
                return True
        return False

    @property
    def _degrees(self) -> tuple[int, ...]:
        """What is compared: the value (0), the derivative along a direction (1), the second one along two (2)."""
        if self.order is None:
            return (self.degree,)
        return tuple(range(self.order + 1)) if self.names else (0,)

    def _directions(self, point: Point) -> tuple[Weights, Weights]:
        generator = np.random.default_rng(SEED)
        d = {n: generator.uniform(-1, 1, np.shape(point.values[n])) for n in self.names}
        if self.vector:
            return d, {self.names[0]: point.values[self.vector]}
        if self.order is None and len(self.names) == 2:  # a mixed block alone
            first, second = self.names
            return {first: d[first]}, {second: d[second]}
        return d, {n: generator.uniform(-1, 1, np.shape(w)) for n, w in d.items()} if 2 in self._degrees else {}

    def _unresolved(self, point: Point, value: Array, d: Weights, e: Weights) -> tuple[float, float, float]:
        """What is nothing beside the rounding of the value, and of what it makes of the first and second derivatives along d and e."""
        rates = [
            sum(np.max(np.abs(w), initial=0) / (np.max(np.abs(point.values[n]), initial=0) or 1) for n, w in along_.items())
            for along_ in (d, e)
        ]
        least = _ROUNDINGS * np.max(np.abs(value), initial=0)
        return 0.0, float(least * rates[0]), float(least * rates[0] * rates[1])

    def _sides(self, found: Any, d: Weights, e: Weights) -> list[Array]:
        """What a call returned, its derivatives along the directions."""
        with np.errstate(invalid="ignore", over="ignore"):  # inf - inf is nan, and decides nothing
            return self._along(found, d, e)

    def _along(self, found: Any, d: Weights, e: Weights) -> list[Array]:
        if self.order is None:
            results: dict[int, Any] = {self.degree: {self.names[0] if len(self.names) == 1 else tuple(self.names): found}}
        else:
            results = dict(enumerate(found if self.order else (found,)))
        sides = []
        for degree in self._degrees:
            if degree == 0:
                sides.append(np.asarray(results[0], float))
            elif degree == 1:
                sides.append(sum(np.vdot(g, d[n]) if np.ndim(g) == np.ndim(d[n]) else along(g, d[n]) for n, g in results[1].items()))
            elif self.vector:  # multiplied with it already
                sides.append(sum(along(h, d[n]) for n, h in results[2].items()))
            else:
                sides.append(_twice(results[2], d, e))
        return sides

    def _reference(self, degree: int, slopes: Slopes, point: Point, d: Weights, e: Weights, steps: Steps) -> Array | None:
        """The same, as the program means it; None where that is not known."""
        slopes.lost = False
        try:
            if degree == 0:
                return np.asarray(point.values[self.output], float)
            known = slopes.first(point, d, steps) if degree == 1 else slopes.second(point, d, e, steps)
        except OnKink:
            return None
        return known if np.all(np.isfinite(known)) and not slopes.lost else None


def _answered(side: Array, reference: Array, small: float) -> Array:
    """What a kernel gave, the reference where it is nan (it may refuse to answer where the program's meaning goes on), where both are
    as small as what a complex step, or rounding, makes of a slope of 0, and where they differ by no more than that rounding."""
    side = np.asarray(side, float)
    if np.shape(side) != np.shape(reference):
        return side
    both = np.maximum(np.abs(side), np.abs(reference)) < max(TRUNCATION, small)
    return np.where(np.isnan(side) | both | (np.abs(side - reference) < small), reference, side)


def _twice(hessian: Mapping[Any, Array], d: Weights, e: Weights) -> Array:
    """The second derivative along two directions; a mixed block stands for both orders."""
    total: Array = 0.0
    for key, block in hessian.items():
        m, n = key if isinstance(key, tuple) else (key, key)
        total = total + along(along(block, e[n]), d[m])
        if m != n and n in d:
            total = total + along(along(block, d[n]), e[m])
    return total


def _work(program: Computation, blocks: Sequence[str], dims: Mapping[str, int]) -> float:
    """About how many multiplications one value of some blocks takes."""

    def count(shape: Shape) -> float:
        return prod(float(dimension(d, dims)) for d in shape)

    total = 0.0
    for node in postorder(*(program.blocks[n].tree for n in blocks)):
        if isinstance(node, Contraction):
            total += count(node.dims)
        elif isinstance(node, Apply):
            total += count(node.shape) * (_SLOW_CALL if is_slow(node.function) else _CALL)
        elif isinstance(node, Operation):
            total += count(node.shape) * max([float(dimension(d, dims)) for a in node.args for d in a.shape], default=1.0)
    return total


def _shown(value: Array) -> str:
    return f"{float(value):.6g}" if np.ndim(value) == 0 else f"an array of shape {np.shape(value)}"


__all__ = ["Promise"]
