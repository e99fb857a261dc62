"""Evidence for derivatives of higher order: the printed lines against differences of the program's values, with many digits.

With so many digits neither the error of a difference nor its rounding shows. The values come from the blocks as written, by the meanings
of the functions alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from symchain.errors import VerificationError
from symchain.evidence.decision import Decided, Sharp, decided
from symchain.evidence.exploration import Exploration
from symchain.evidence.judgement import MANY_DIGITS, Case, Measured, Steps, judge
from symchain.evidence.points import UNDEFINED, Point
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
        self.chain = chain_of(program, output, list(dict.fromkeys(names))) or [output]
        along = {name: {name: np.array(1.0)} for name in names}
        self.ways = [along[name] for name in names]

    def at(self, point: Point) -> float:
        """The derivative, rounded. Raises one of UNDEFINED where there is none."""
        return float(Sharp(self.program, point).difference(_DIGITS * (len(self.ways) + 2), self.chain, self.output, *self.ways)[0])

    def exactly(self, point: Sharp, digits: int) -> Any:
        """The derivative with about 2/(order + 2) of the digits."""
        return point.slope(digits, self.chain, self.output, *self.ways)


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
