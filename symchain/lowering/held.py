"""Kernels of loops held against their programs: written out at small lengths, what the lines mean beside what the loops compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symchain.errors import SymchainError, VerificationError
from symchain.evidence.conformance import Promise
from symchain.kernels.loops import LoopKernel
from symchain.language.unrolling import bounding, named, unrolled
from symchain.language.wanted import Wanted
from symchain.nouns.computation import Computation
from symchain.nouns.program import Program
from symchain.nouns.recursion import Recursion
from symchain.support.dimensions import Shape, evaluate, letters
from symchain.support.truncation import tried

_LENGTHS = (3, 1, 2, 4)
"""Values for the letters of bounds: a start, an inner member and an end first; of these, the first at which the program has a meaning."""
_CHECKED = 2
"""So many of them are used."""
_STEP, _NEAR = 1e-5, 1e-6
"""Of differences of gradients, and how near they come."""
_LARGEST = 300
"""Programs with more steps at such lengths are not written out."""


def check_loops(program: Computation, output: str, wanted: Sequence[Wanted], kernel: LoopKernel) -> None:
    """Raises VerificationError where a kernel of values (and gradients) differs from the program by more than rounding explains."""
    assert isinstance(program, Program) and program.recurrence is not None
    letters = bounding(program.recurrence)
    checked = 0
    for value in tried(_LENGTHS, kernel.loops.truncate) if letters else (0,):
        for at in (dict.fromkeys(letters, value), {n: value + k for k, n in enumerate(letters)})[: max(1, min(2, len(letters)))]:
            if _steps(program, at) > _LARGEST:
                continue
            try:
                held = _Held(program, output, wanted, kernel, at)
            except SymchainError:  # the program has no meaning at these lengths
                continue
            held.check()
            checked += 1
            break
        if checked == _CHECKED:
            return


def _steps(program: Program, at: Mapping[str, int]) -> int:
    assert program.recurrence is not None
    ends = [(c.low, c.high) for c in program.recurrence.clauses if c.low is not None and c.high is not None]
    return sum(max(0, high.value(at) - low.value(at) + 1) for low, high in ends)


class _Held:
    """The program at some lengths, and the kernel as one of that program."""

    def __init__(self, source: Program, output: str, wanted: Sequence[Wanted], kernel: LoopKernel, at: Mapping[str, int]) -> None:
        self.source, self.output, self.kernel, self.at = source, output, kernel, at
        self.written = unrolled(source, at, truncate=kernel.loops.truncate)
        assert source.recurrence is not None
        self.lengths = {n: k for n, k in at.items() if n in source.recurrence.lengths}
        self.members = {own: self._members(own) for own, f in source.families.items() if f.given}
        self.asked: dict[str, tuple[str, int | None]] = {}
        """By the name of a member, or of something else, in the program that is written out: what the gradient calls it."""
        for w in wanted:
            if w.kind == "family":
                first = min(self.members[w.base], default=0)
                self.asked |= {named(w.base, k, source): (w.name, k - first) for k in self.members[w.base]}
            else:
                self.asked[named(w.base, w.index.value(at), source) if w.kind == "member" else w.base] = (w.name, None)
        self.asked = {n: key for n, key in self.asked.items() if n in self.written.leaves}

    def _members(self, own: str) -> list[int]:
        """The numbers of the members that lines read."""
        ends = self.kernel.loops.families[own].ends(self.at)
        return [] if ends is None else list(range(ends[0], ends[1] + 1))

    def check(self) -> None:
        order = 1 if self.kernel.loops.order and self.asked else 0
        names = list(self.written.inputs)
        promise = Promise(self.written, self.output, list(self.asked), order)
        promise.check(names, lambda *values: self._call(order, dict(zip(names, values, strict=True))))

    def _call(self, order: int, flat: Mapping[str, Any]) -> Any:
        given: dict[str, Any] = {n: flat.get(n, 0.0) for n in self.source.inputs}
        for own, numbers in self.members.items():
            own_names = [named(own, k, self.source) for k in numbers]
            spare = next((flat[n] for n in own_names if n in flat), 0.0)  # of members between those that are read
            given[own] = [flat.get(n, spare) for n in own_names]
        found = self.kernel(**given, **self.lengths)
        if not order:
            return found[0] if self.kernel.loops.order else found
        value, gradient = found
        return value, {n: np.asarray(gradient[own] if k is None else gradient[own][k], float) for n, (own, k) in self.asked.items()}


def check_product(recursion: Recursion, kernel: LoopKernel) -> None:
    """Raises VerificationError where a product with a Hessian is not how the gradient moves along the vector: differences of it, small."""
    program = recursion.program
    assert isinstance(program, Program) and program.recurrence is not None
    first: Any = program.compile(recursion.moved, wrt=[recursion.wrt]).with_options(facts="trust")
    random = np.random.default_rng(5)
    for length in _LENGTHS:
        at = dict.fromkeys(bounding(program.recurrence), length)
        try:
            given = _drawn(program, first, at, random)
            along = given[recursion.vector]
            ends = [given[recursion.wrt] + step * along for step in (_STEP, -_STEP)]
            slopes = [first(**{**given, recursion.wrt: end})[1][recursion.wrt] for end in ends]
            found = kernel(**given)[1][recursion.wrt]
        except SymchainError:  # the program has no meaning at these lengths
            continue
        wanted = (np.asarray(slopes[0]) - np.asarray(slopes[1])) / (2 * _STEP)
        if not np.isfinite(wanted).all() or not np.isfinite(np.asarray(slopes)).all():
            continue
        if not np.allclose(found, wanted, rtol=_NEAR, atol=_NEAR * (1 + np.abs(np.asarray(slopes)).max(initial=0.0))):
            what = f"the kernel of the product of the Hessian of {recursion.moved} with {recursion.vector} is wrong"
            raise VerificationError(what, advice="This is a defect of symchain: please report it.")


def _drawn(program: Program, kernel: LoopKernel, at: Mapping[str, int], random: Any) -> dict[str, Any]:
    """Values for every input, of sizes 2."""
    assert program.recurrence is not None

    def value(shape: Shape) -> Any:
        return random.uniform(0.3, 0.9, [evaluate(d, {n: at.get(n, 2) for n in letters([d])}) for d in shape])[()]

    given = {n: value(v.shape) for n, v in program.inputs.items()}
    for own, family in program.families.items():
        if family.given:
            ends = kernel.loops.families[own].ends(at)
            given[own] = value((0 if ends is None else ends[1] - ends[0] + 1, *family.shape))
    return given | {n: k for n, k in at.items() if n in program.recurrence.lengths}


def check_forward(recursion: Recursion, kernel: LoopKernel) -> None:
    """Raises VerificationError where derivatives that are carried forward are not those of the program written out."""
    program = recursion.source
    assert isinstance(program, Program) and program.recurrence is not None
    random = np.random.default_rng(6)
    rate = recursion.result.name
    for length in _LENGTHS:
        at = dict.fromkeys(bounding(program.recurrence), length)
        try:
            written = unrolled(program, at)
            given = _drawn(program, kernel, at, random)
            flat = _flat(program, kernel, at, given)
            run = kernel.values(**given)
            found = run.members.get(rate, {-1: run.plain.get(rate)})
            pairs = [(named(recursion.output, k, program) if rate in run.members else recursion.output, m) for k, m in found.items()]
            for output, member in (p for p in pairs if p[0] in written.blocks and recursion.wrt in written.inputs):
                point = {n: v for n, v in flat.items() if n in written.inputs}
                slope = written.compile(output, wrt=[recursion.wrt]).with_options(facts="trust")(**point)[1][recursion.wrt]
                if np.isfinite(slope).all() and not np.allclose(member, slope, rtol=_NEAR, atol=_NEAR):
                    what = f"the kernel of the derivative of {output} by {recursion.wrt} is wrong"
                    raise VerificationError(what, advice="This is a defect of symchain: please report it.")
        except VerificationError:
            raise
        except SymchainError:  # the program has no meaning at these lengths
            continue
        return


def _flat(program: Program, kernel: LoopKernel, at: Mapping[str, int], given: Mapping[str, Any]) -> dict[str, Any]:
    """A point for the program that is written out."""
    flat = {n: given[n] for n in program.inputs}
    for own, family in program.families.items():
        ends = kernel.loops.families[own].ends(at) if family.given else None
        if ends is not None:
            flat |= {named(own, ends[0] + k, program): m for k, m in enumerate(given[own])}
    return flat
