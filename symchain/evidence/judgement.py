"""Judging: what was derived and its reference, measured at points until they tell enough, and the verdict.

A point tells something where the derivative is not 0 and rounding does not decide. Points on a kink are never used. Where nothing
tells, the verdict says why instead of holding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from math import inf
from typing import NamedTuple

import numpy as np

from symchain.evidence.decision import Decided
from symchain.evidence.exploration import Exploration
from symchain.evidence.meanings import Array
from symchain.evidence.points import STEP, UNDEFINED, Point, shaken
from symchain.evidence.precision import Inexact
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Verification

COMPLEX_STEP = "complex step"
CENTRAL_DIFFERENCE = "complex step and central difference"
MANY_DIGITS = "differences with many digits"
NONE = "none"
METHODS = (COMPLEX_STEP, CENTRAL_DIFFERENCE, MANY_DIGITS, NONE)
"""The values of Verification.method; "none" means that nothing could be compared, and nothing is known."""

NOWHERE, ROUNDING, KINKS, FLAT = "nowhere", "rounding", "kinks", "flat"
OPEN = (NOWHERE, ROUNDING, KINKS, FLAT)
"""The values of Verification.open: no point of the domain; rounding decides at all of them; all of them are on kinks; the derivative
is 0 at all of them, so that most wrong formulas would agree."""

POINTS = 3
EXTRA = {COMPLEX_STEP: 5, CENTRAL_DIFFERENCE: 2, MANY_DIGITS: 2}
"""So many more points at most, for the other sides of choices."""
TOLERANCES = {COMPLEX_STEP: 1e-9, CENTRAL_DIFFERENCE: 1e-6, MANY_DIGITS: 1e-9}
FLOORS = {COMPLEX_STEP: 0.0, CENTRAL_DIFFERENCE: 1e-3, MANY_DIGITS: 0.0}
"""Components are judged relative to themselves, those of second derivatives to a thousandth of the largest one at least."""
RESOLVED = 1e-262
"""Derivatives below this are not compared: times the step they have lost digits to underflow."""
MEASURED, FEWEST = 36, 12
"""So many points are measured in search of telling ones (fewer in long programs), and so many where the formula is 0 as it stands."""
MEASURED_ZERO = {COMPLEX_STEP: 12, CENTRAL_DIFFERENCE: 4, MANY_DIGITS: 4}
TRUNCATION = 1e-45
"""The square of the step, with room for a third derivative: what a complex step finds where the derivative is 0."""
UNSTEADY = 1e-4
"""A point where other last digits change the reference by this part of it decides nothing."""
_BESIDE_ZERO = 1e-12
"""What derivatives of a value that is 0 but for rounding may differ by: no more is known of them."""
FAR = 1e6
"""A difference so many times as large as what one shake changes is no rounding."""
SHAKES, SHAKES_ZERO = 4, 2
"""So often a point is evaluated again; after SHAKES_ZERO times with other last digits of the inputs too."""

Pair = tuple[Array, Array]
"""What was derived and its reference, of one shape."""


class Steps(NamedTuple):
    """The imaginary step, and that of the central difference."""

    imaginary: float = STEP
    real: float = 1e-3


class Measured(NamedTuple):
    """The pairs at a point; the first is the evidence, its last axis the directions."""

    pairs: list[Pair]
    kinked: bool = False
    """Whether a direction was left out because it leads across a kink that the point is on."""
    lost: bool = False
    """Whether a complex step was lost in a function that is saturated."""


Measure = Callable[[Point, Steps], Measured]


KINK, BRANCH, STEEP, SINGULAR = "kink", "branch", "steep", "singular"
"""Why no check is made at the reader's point, beside ROUNDING: it is on a kink, or where a comparison of the program changes; no finite
derivative was found there; the formula as it is written has no value there."""


class OnKink(Exception):
    """Every direction leads across a kink that the point is on; the argument says which kind: KINK or BRANCH."""


@dataclass(frozen=True)
class Case:
    """What is judged."""

    measure: Measure
    program: Computation
    output: str
    method: str = COMPLEX_STEP
    zero: bool = False
    """Whether the formula is 0 as it stands."""
    unrelated: bool = False
    """Whether it is 0 because nothing leads from the variable to the output."""
    sharp: Callable[[Point], Decided] | None = None
    """Whether both sides are equal at a point, by many digits: asked where floats say that they are not. Raises Inexact."""


@dataclass(frozen=True)
class Look:
    """What one point tells."""

    point: Point
    pair: Pair
    error: float
    """The largest relative difference between the derivative and its reference; where it does not hold, of anything that must be equal."""
    held: bool
    rounded: bool = False
    """Whether the difference is due to rounding."""
    rank: str = ""
    """Empty where the point tells something, else FLAT, ROUNDING, KINKS or NOWHERE."""
    lost: bool = False
    why: str = ""
    """Why the point cannot be used, in the words of Verification.asked."""


def judge(case: Case, candidates: Iterable[Point], own: Sequence[Point] = ()) -> tuple[Verification, list[Point], str]:
    """The verdict, the points it rests on, and what is to be said of the reader's `own` point ("" where it could be measured)."""
    with np.errstate(all="ignore"):
        return _judged(case, candidates, own)


def _judged(case: Case, candidates: Iterable[Point], own: Sequence[Point]) -> tuple[Verification, list[Point], str]:
    search = candidates if isinstance(candidates, Exploration) else None
    asked = ""
    telling: list[Look] = []
    ranked: dict[str, list[Look]] = {reason: [] for reason in OPEN}
    chosen: list[Look] = []
    for point in chain(own, candidates):
        mine = any(point is p for p in own)
        new = True if search is None or mine else search.look(point)
        if search is not None and search.enough and not new:
            continue
        look = _look(case, point)
        if mine:
            asked = look.why
            if asked:
                continue
            chosen = [look]
        (ranked[look.rank] if look.rank else telling).append(look)
        if not look.held and not look.rank:  # one point where the sides differ is enough
            break
        if search is not None and not look.rank:
            search.telling.append(point)
        if len(telling) >= POINTS + EXTRA[case.method]:
            break
        if len(telling) >= POINTS or (case.unrelated and len(ranked[FLAT]) >= POINTS):
            if search is None or case.unrelated or (search.complete(point) and not mine):
                break
            search.enough = True
        limit = MEASURED_ZERO[case.method] if case.zero else max(FEWEST, int(MEASURED * (1 if search is None else search.patience)))
        if sum(map(len, ranked.values())) >= (limit + MEASURED if telling else limit):
            break
    flat = [x for x in ranked[FLAT] if all(x is not c for c in chosen)]
    telling = telling or [x for x in ranked[KINKS] if x.pair[0].size]
    if telling:
        taken = [*chosen, *(x for x in telling if all(x is not c for c in chosen))]
    elif flat or chosen:
        taken = [*chosen, *flat]
    else:
        reason = next((r for r in (ROUNDING, KINKS) if ranked[r]), NOWHERE)
        return Verification(NONE, 0, 0, inf, False, open=reason), [], asked
    proved = bool(telling) or case.unrelated or (case.zero and not ranked[ROUNDING] and not any(x.lost for x in taken))
    value, reference = taken[0].pair
    verdict = Verification(
        case.method,
        len(taken),
        int(np.size(value)),
        max(x.error for x in taken),
        proved and all(x.held for x in taken),
        reference=reference,
        open="" if proved else ROUNDING if ranked[ROUNDING] else FLAT,
        rounded=any(x.rounded for x in taken),
        zero=not telling,
    )
    return verdict, [x.point for x in taken], asked


def _look(case: Case, point: Point) -> Look:
    """Measure at a point, again with other last digits where the sides differ, and say what it tells."""
    nothing = (np.zeros(0), np.zeros(0))
    try:
        measured = case.measure(point, Steps())
    except UNDEFINED:
        return Look(point, nothing, inf, False, rank=NOWHERE, why=STEEP)
    except OnKink as kink:
        return Look(point, nothing, inf, False, rank=KINKS, why=str(kink))
    pairs, first = measured.pairs, measured.pairs[0]
    if not np.all(np.isfinite(first[1])):
        return Look(point, nothing, inf, False, rank=NOWHERE, why=STEEP)
    finite = bool(np.all(np.isfinite(first[0])))
    size = float(np.max(np.maximum(np.abs(first[0]) if finite else 1, np.abs(first[1])), initial=0.0))
    rank = FLAT if not size else ROUNDING if size < RESOLVED else KINKS if measured.kinked else ""
    look = Look(point, first, relative_error(*first), True, rank=rank, lost=measured.lost)
    if rank == KINKS:
        look = replace(look, why=KINK)
    tolerance, floor = TOLERANCES[case.method], FLOORS[case.method]
    strict = max(relative_error(*pair, floor=floor) for pair in pairs)
    if rank == ROUNDING:
        return replace(look, why=ROUNDING)
    if strict < tolerance and not (rank == FLAT and case.zero and not case.unrelated):
        return look
    changes = [np.zeros(np.shape(value)) for value, _ in pairs]
    for seed in range(SHAKES_ZERO if rank == FLAT else SHAKES):
        if not _shake(case, point, pairs, changes, seed, stirred=seed >= SHAKES_ZERO):
            return replace(look, held=False, rank=ROUNDING, why=ROUNDING)
        explained = max(relative_error(*p, 100 * c / tolerance, floor) for p, c in zip(pairs, changes, strict=True))
        if rank != FLAT and (explained < tolerance or (case.sharp is not None and _far_apart(pairs, changes, tolerance, floor))):
            break
    unsteady = float(np.max(changes[0], initial=0.0)) > UNSTEADY * float(np.max(np.abs(first[1]), initial=0.0))
    if explained >= tolerance:
        differs = max(float(np.max(np.abs(a - b), initial=0.0)) for a, b in pairs)
        if unsteady and (np.any(first[1]) or differs < _BESIDE_ZERO):
            return replace(look, held=False, rank=ROUNDING, why=ROUNDING)
        worst = max(relative_error(*pair) for pair in pairs)
        found = _settled(case, point)
        if found.equal and finite:
            return replace(look, pair=(first[0], first[0]), error=found.error, rounded=rank != FLAT)
        if found.equal is None:
            return replace(look, held=False, rank=ROUNDING, why=ROUNDING)
        return replace(look, error=worst, held=False, rank="", why="" if finite else SINGULAR)
    if not unsteady:
        return replace(look, rounded=relative_error(*first, floor=floor) >= tolerance)
    truncated = not np.any(first[0]) and max(float(np.max(changes[0])), size) < TRUNCATION
    if case.zero or truncated:  # 0 as far as there are digits
        return replace(look, pair=(first[0], first[0]), error=0.0, rank=FLAT)
    return replace(look, rank=ROUNDING, why=ROUNDING)


def _far_apart(pairs: Sequence[Pair], changes: Sequence[Array], tolerance: float, floor: float) -> bool:
    """Whether the sides differ by far more than other last digits change: the digits decide then, and no more shaking is needed."""
    return max(relative_error(*p, FAR * c / tolerance, floor) for p, c in zip(pairs, changes, strict=True)) >= tolerance


def _settled(case: Case, point: Point) -> Decided:
    """Whether many digits find the two sides equal; where they cannot be had, floats are right that they are not."""
    with suppress(Inexact):
        if case.sharp is not None:
            return case.sharp(point)
    return Decided(False, inf)


def _shake(case: Case, point: Point, pairs: list[Pair], changes: list[Array], seed: int, stirred: bool) -> bool:
    """Measure again with other last digits and other steps, and note how much each component changes.

    False where the program has no value then, or none that has digits: the point decides nothing.
    """
    steps = Steps(1e-25, 1e-3) if case.method == COMPLEX_STEP else Steps(1e-30, 1.25e-4)
    try:
        other = shaken(case.program, point, seed, stirred)
        again = case.measure(other, steps).pairs
    except (*UNDEFINED, OnKink):
        return False
    if not np.all(np.isfinite(again[0][1])) or len(again) != len(pairs) or np.shape(again[0][1]) != np.shape(pairs[0][1]):
        return False
    if case.output in point.values:
        old, new = point.values[case.output], other.values[case.output]
        if not np.all(np.abs(new - old) <= UNSTEADY * np.maximum(1, np.max(np.abs(old), initial=0.0))):
            return False
    for k, (old_pair, new_pair) in enumerate(zip(pairs, again, strict=True)):
        for a, b in zip(old_pair, new_pair, strict=True):
            if np.shape(a) == np.shape(b) and np.all(np.isfinite(a)) and np.all(np.isfinite(b)):  # a formula has to be finite
                changes[k] = np.maximum(changes[k], np.abs(a - b))
    return True


def relative_error(value: Array, reference: Array, noise: Array = 0.0, floor: float = 1e-3) -> float:
    """The largest difference, relative to its component or to a part of the largest one, and to what rounding explains.

    What the complex step does not resolve is not compared.
    """
    if np.shape(value) != np.shape(reference) or not np.all(np.isfinite(value)):
        return inf
    difference = np.abs(value - reference)
    if not np.any(difference):
        return 0.0
    size = np.maximum(np.abs(value), np.abs(reference))
    scale = np.maximum(size, floor * np.max(size)) + noise
    compared = (difference > 0) & (size >= min(RESOLVED, float(np.max(size))))
    compared &= (value != 0) | (size > TRUNCATION * np.max(size))
    return float(np.max(np.where(compared, difference / np.where(scale == 0, 1, scale), 0)))
