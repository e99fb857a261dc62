"""Evidence for derivatives of higher order: the printed lines against differences of the program's values, with many digits.

A central difference of order n needs n + 1 values in each variable; with so many digits that neither its error nor its rounding shows
(Abramowitz and Stegun, 25.3). The values come from the blocks as written, by the meanings of the functions alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice, product
from math import comb, prod
from typing import Any

import numpy as np

from symchain.errors import VerificationError
from symchain.evidence.decision import Decided, Sharp, decided
from symchain.evidence.exploration import Exploration
from symchain.evidence.judgement import MANY_DIGITS, Case, Measured, Steps, judge
from symchain.evidence.points import UNDEFINED, Point
from symchain.evidence.precision import Digits, values_in
from symchain.evidence.slopes import chain_of
from symchain.evidence.verification import extended_by, own_point
from symchain.kernels.recourse import as_float64_gives_it
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Verification
from symchain.nouns.higher import HigherDerivative, HigherDerivatives
from symchain.tensors.terms import is_zero

_DIGITS = 14
"""Digits for each order and two more: the step is 10**-14."""
_HELD = 2
"""So many points a kernel is held at."""
_TOLERANCE = 1e-6


def verify_higher(d: HigherDerivative) -> Verification:
    """Compare a derivative of higher order with the program it was derived from."""
    lines = [(line.name, line.tree) for line in d.all_lines]
    differences = Differences(d.program, d.output, d.names)

    def measure(point: Point, steps: Steps) -> Measured:
        value = extended_by(d.all_lines, point)[d.result.name]
        return Measured([(np.asarray(value, float)[None], np.asarray(differences.at(point), float)[None])])

    def sharp(point: Point) -> Decided:
        exact = Sharp(d.program, point)

        def sides(digits: int) -> Any:
            (value,) = exact.values(digits, [d.result.tree], lines, absorbing=True)
            return np.asarray(value, object)[None], np.asarray(differences.exactly(exact, digits), object)[None]

        return decided(sides)

    case = Case(measure, d.program, d.output, MANY_DIGITS, is_zero(d.result.tree), sharp=sharp)
    search = Exploration(d.program, d.output, list(dict.fromkeys(d.names)))
    own, _ = own_point(search, d.point)
    verdict, used, _ = judge(case, search, own)
    if not used:
        return verdict
    point = used[0]
    at = {n: v for n, v in point.inputs.items()}
    value, reference = extended_by(d.all_lines, point)[d.result.name], differences.at(point)
    return Verification(
        verdict.method, verdict.points, 1, verdict.error, verdict.held, at, float(value), float(reference),
        open=verdict.open, rounded=verdict.rounded, zero=verdict.zero,
    )  # fmt: skip


def verify_every(subject: HigherDerivative | HigherDerivatives) -> Verification:
    """The evidence of a derivative, or the weakest of several."""
    if isinstance(subject, HigherDerivative):
        return verify_higher(subject)
    found = [d.verification for d in subject.values()]
    return replace(min(found, key=lambda v: (v.held, bool(v.open), -v.error)), components=len(found))


class Differences:
    """The derivative of an output by numbers, one after the other, from its values around a point."""

    def __init__(self, program: Computation, output: str, names: Sequence[str]) -> None:
        self.program, self.output = program, output
        self.count = Counter(names)
        self.chain = chain_of(program, output, list(self.count))

    def at(self, point: Point) -> float:
        """The derivative, rounded. Raises one of UNDEFINED where there is none."""
        return float(self.exactly(Sharp(self.program, point), _DIGITS * (self.order + 2)))

    @property
    def order(self) -> int:
        return sum(self.count.values())

    def exactly(self, point: Sharp, digits: int) -> Any:
        """The derivative with about 2/(order + 2) of the digits."""
        moved = [self.program.blocks[n].leaf for n in self.chain] or [self.program.leaves[self.output]]
        numbers, known = point.known(digits, moved)
        with numbers.working():
            step = numbers.mp.mpf(10) ** -(digits // (2 + self.order))
            total: Any = 0
            for choice in product(*(range(c + 1) for c in self.count.values())):
                weight = prod((-1) ** j * comb(c, j) for j, c in zip(choice, self.count.values(), strict=True))
                shifts = {n: (c - 2 * j) * step for (n, c), j in zip(self.count.items(), choice, strict=True)}
                total = total + weight * self._value(numbers, known, shifts, point)
            return total / (2 * step) ** self.order

    def _value(self, numbers: Digits, known: Any, shifts: dict[str, Any], point: Sharp) -> Any:
        values = {**known, **{n: known[n] + s for n, s in shifts.items() if n in known}}
        for name in self.chain:
            value = values_in(numbers, [self.program.blocks[name].tree], values, point.point.dims)[0]
            values[name] = value + shifts[name] if name in shifts else value
        return values[self.output][()]


def held_against(program: Computation, output: str, derivatives: Sequence[tuple[str, ...]]) -> Callable[..., None]:
    """What holds a kernel of value and derivatives, or of one derivative alone, against the program at a few points."""

    def check(names: Sequence[str], call: Callable[..., Any]) -> None:
        wanted = [Differences(program, output, d) for d in derivatives]
        search = Exploration(program, output, list(dict.fromkeys(n for d in derivatives for n in d)))
        for point in islice(search, _HELD):
            try:
                with as_float64_gives_it():
                    found = call(*(point.inputs.get(n, 1.0) for n in names))
                references = [d.at(point) for d in wanted]
            except (*UNDEFINED, ArithmeticError):
                continue
            results = list(found[1].values()) if isinstance(found, tuple) else [found]
            scale = max(1.0, *map(abs, references))
            if not all(abs(float(r) - x) <= _TOLERANCE * scale for r, x in zip(results, references, strict=True)):
                what = f"the kernel does not compute what the program says of {output}, at {dict(point.inputs)}"
                raise VerificationError(what, advice="This is a defect of symchain: please report it.")

    return check
