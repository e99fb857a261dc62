"""Evidence for derivations, independent of the rules, the rewriting and the generated code.

The program's blocks are evaluated as written, by the registry's meanings, with a tiny imaginary step (Squire and Trapp, "Using
complex variables to estimate derivatives of real functions", SIAM Review 40, 1998): the imaginary part of the output, divided by
the step, is a directional derivative without cancellation. It is compared with the printed lines, evaluated in real arithmetic at
the same point. A second derivative adds a central difference of sixth order along a second direction.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import cycle, islice, product
from math import inf, isqrt
from typing import Any

import numpy as np

from symchain.errors import VerificationError
from symchain.evidence.decision import Decided, Sharp, decided
from symchain.evidence.directions import COMPONENTS, Weights, along, directions_of, sides_of, unit
from symchain.evidence.exceptions import Exceptions, Met, is_another, limit_at
from symchain.evidence.exploration import Exploration
from symchain.evidence.judgement import BRANCH, CENTRAL_DIFFERENCE, COMPLEX_STEP, KINK, STEEP, Case, Measured, OnKink, Pair, Steps, judge
from symchain.evidence.meanings import Array
from symchain.evidence.points import UNDEFINED, Point, given, imaginary_step
from symchain.evidence.precision import Digits
from symchain.evidence.sampling import SEED
from symchain.evidence.slopes import Slopes, refuse_kinks, size_of
from symchain.evidence.watching import watching
from symchain.nouns.computation import Computation, ancestors
from symchain.nouns.derivation import SEPARATE, Derivation, Derivations, Factor, Line, Step, Verification
from symchain.support.dimensions import evaluate as dimension
from symchain.tensors.nodes import Tree, leaf, leaves
from symchain.tensors.terms import is_zero

FACTORS = 64
"""So many factors of a derivation are compared with their blocks, those next to the output first."""
STEPS = 64
"""So many steps of one factor are checked, outermost first."""
OUTSIDE = "outside"
"""Verification.asked where the program has no value at the reader's point."""


# ---------------------------------------------------------------- what can be verified


def verify(derivation: Derivation) -> Verification:
    """Compare a derivation, its formula and its factors with the program it was derived from."""
    program, output, wrt, first = derivation.program, derivation.output, derivation.wrt, derivation.first or derivation.wrt
    reading = derivation.reading or program
    vector = next((n for n in reading.inputs if n not in program.inputs), None) if derivation.order == 2 else None
    slopes = Slopes(program, output, list(dict.fromkeys([first, wrt])))
    limit = isqrt(COMPONENTS) if derivation.order == 2 and vector is None else COMPONENTS

    def ways(point: Point) -> Iterable[tuple[Weights, Weights]]:
        directions = directions_of(point, [wrt], limit)
        if vector is not None:
            return ((d, {wrt: point.values[vector]}) for d in directions)
        before = directions_of(point, [first], limit)
        if np.size(point.values[wrt]) == len(directions) and np.size(point.values[first]) == len(before):
            return product(before, directions)
        return islice(zip(cycle(before), cycle(directions[1:] + directions[:1]), strict=False), max(len(before), len(directions)))

    def sharp(point: Point) -> Decided:
        exact = Sharp(reading, point)
        trees = [derivation.result.tree, *(tree for pair in _equal(derivation) for tree in pair)]
        lines = [(line.name, line.tree) for line in derivation.adjoint_lines]

        def sides(digits: int) -> Pair:
            value, *forms = exact.values(digits, trees, lines, absorbing=True)
            found: list[Pair] = []
            if derivation.order == 1:
                directions = directions_of(point, [wrt], limit)
                for side, d in zip(sides_of(value, wrt, directions, point), directions, strict=True):
                    found.append((side, slopes.exactly(exact, digits, d)))
            else:
                for d, e in ways(point):
                    side = along(value, d[wrt]) if vector else along(along(value, e[wrt]), d[first])
                    found.append((side, slopes.exactly(exact, digits, d, e)))
            return _in_rows([*found, *zip(forms[::2], forms[1::2], strict=True)], digits)

        return decided(sides)

    def measure(point: Point, steps: Steps) -> Measured:
        environment = extended_by(derivation.adjoint_lines, point)
        value = _laid_out(point.evaluate([derivation.result.tree], environment, absorbing=True)[0], derivation.shape, point)
        if derivation.order == 1:
            directions = directions_of(point, [wrt], limit)
            sides = zip(sides_of(value, wrt, directions, point), directions, strict=True)
            measured = _gathered(slopes, ((found, partial(slopes.first, point, d, steps)) for found, d in sides))
        else:
            pairs = ((along(value, d[wrt]) if vector else along(along(value, e[wrt]), d[first]), d, e) for d, e in ways(point))
            measured = _gathered(slopes, ((found, partial(slopes.second, point, d, e, steps)) for found, d, e in pairs))
        return measured._replace(pairs=[*measured.pairs, *_identities(derivation, environment, point)])

    reads = _names_read(derivation)
    method = COMPLEX_STEP if derivation.order == 1 else CENTRAL_DIFFERENCE
    case = Case(measure, reading, output, method, is_zero(derivation.result.tree), derivation.zero_reason == "unrelated", sharp)
    search = Exploration(reading, output, list(dict.fromkeys([*reads, first, wrt])))
    own, asked = own_point(search, derivation.point)
    verdict, used, why = judge(case, search, own)
    chosen = _given(derivation, own) if why in (KINK, BRANCH) else None
    if chosen is not None and not np.all(np.isfinite(chosen)):
        chosen, why = None, STEEP
    verdict = replace(verdict, asked=asked or why, given=chosen)
    if not used:
        return verdict
    verdict = replace(verdict, **_reported(derivation, verdict.reference, used[0], {*ancestors(program, output), first, wrt, vector}))
    for factor in islice(derivation.factors.values(), FACTORS) if not verdict.failed else ():
        check = verify_factor(reading, factor, used)
        if check.failed:
            return replace(verdict, held=False, open="", rounded=False, error=max(verdict.error, check.error))
    exceptions = Exceptions(reading, output, wrt, reads, [derivation.result.tree], first)
    if verdict.held and any(_differs_at(derivation, met, vector) for met in exceptions.points()):
        return replace(verdict, held=False, error=inf)
    return verdict


def _differs_at(derivation: Derivation, met: Met, vector: str | None) -> bool:
    """Whether the derivation has a value at an exceptional point that is not the limit of the program's derivative."""
    wrt, point = derivation.wrt, met.point
    lines = [*derivation.adjoint_lines, derivation.result]
    value = _laid_out(extended_by(lines, point)[derivation.result.name], derivation.shape, point)
    along_this = None if vector is None else point.values[vector]
    read = derivation.reading or derivation.program
    return differs_along(read, derivation.output, wrt, met, value, along_this, derivation.order, derivation.first or wrt)


def _slope_along(slopes: Slopes, moves: Sequence[Weights], point: Sharp, digits: int) -> Array:
    return slopes.exactly(point, digits, *moves)


def differs_along(
    program: Computation, output: str, wrt: str, met: Met, value: Array, vector: Array | None = None, order: int = 1, before: str = ""
) -> bool:
    """Whether a derivative's value at an exceptional point is not the limit of the program's derivative, along some directions."""
    shape = np.shape(met.point.values[wrt])
    ways = [unit(shape, met.entry)] if met.name == wrt else []
    if shape or not ways:
        ways.append(np.random.default_rng(SEED).uniform(0.5, 1, shape))
    slopes = Slopes(program, output, list(dict.fromkeys([before or wrt, wrt])))
    for way in ways:
        d = {wrt: way}
        other = d if before in ("", wrt) else {before: np.random.default_rng(SEED).uniform(0.5, 1, np.shape(met.point.values[before]))}
        moves = [d] if order == 1 else [d, {wrt: vector}] if vector is not None else [other, d]
        found = along(value, way) if order == 1 or vector is not None else along(along(value, way), other[before or wrt])
        right = limit_at(met, program, partial(_slope_along, slopes, moves))
        if right is not None and is_another(found, right):
            return True
    return False


def verify_all(derivations: Derivations) -> Verification:
    """Compare all derivatives of one output at once: directions move every name together, whatever their number.

    Second derivatives are compared one by one, mixed ones too, where they are few; products with a vector always.
    """
    blocks = list(islice(derivations.every, SEPARATE + 1))
    order = blocks[0].order if blocks else 1
    if order == 2 and (len(blocks) <= SEPARATE or not derivations.mixed):
        return _worst([d.verification for d in derivations.every])
    program, output, names = derivations.program, derivations.output, list(derivations)
    slopes = Slopes(program, output, names)
    results = derivations.printed
    pairs = {d.key: (d.first or d.wrt, d.wrt) for d in derivations.every} if order == 2 else {}
    lines = [*derivations.adjoint_lines, *results.values()]

    def ways(point: Point) -> list[tuple[Weights, ...]]:
        directions = directions_of(point, names, COMPONENTS if order == 1 else 0)
        return [(d,) for d in directions] if order == 1 else list(zip(directions, directions[1:] + directions[:1], strict=True))

    def side(values: Mapping[str, Array], way: tuple[Weights, ...]) -> Array:
        if len(way) == 1:
            return sum(along(values[n], w) for n, w in way[0].items() if np.any(w))
        d, e = way
        total: Array = 0.0
        for key, (first, wrt) in pairs.items():  # a mixed block stands for both orders
            for one, other in [(d, e)] if first == wrt else [(d, e), (e, d)]:
                total = total + along(along(values[key], other[wrt]), one[first])
        return total

    def measure(point: Point, steps: Steps) -> Measured:
        environment = extended_by(lines, point)
        values = {n: _laid_out(environment[line.name], line.shape, point) for n, line in results.items()}
        return _gathered(slopes, ((side(values, way), partial(slopes.along, point, way, steps)) for way in ways(point)))

    def sharp(point: Point) -> Decided:
        exact = Sharp(program, point)
        named, last = [(line.name, line.tree) for line in lines], [leaf(line.name, line.shape) for line in results.values()]

        def sides(digits: int) -> Pair:
            values = dict(zip(results, exact.values(digits, last, named, absorbing=True), strict=True))
            return _in_rows([(side(values, way), slopes.exactly(exact, digits, *way)) for way in ways(point)], digits)

        return decided(sides)

    zero = all(is_zero(line.tree) for line in results.values())
    unrelated = zero and all(d.zero_reason == "unrelated" for d in derivations.values())
    method = COMPLEX_STEP if order == 1 else CENTRAL_DIFFERENCE
    case = Case(measure, program, output, method, zero=zero, unrelated=unrelated, sharp=sharp)
    read = {x.name for x in leaves(*(line.tree for line in lines))}
    search = Exploration(program, output, [*(n for n in program.blocks if n in read), *names])
    own, asked = own_point(search, derivations.point)
    verdict, _, why = judge(case, search, own)
    return replace(verdict, reference=None, asked=asked or why)


def _worst(verdicts: Sequence[Verification]) -> Verification:
    """One verdict for several derivatives: that of the one with the least evidence, counting the components of all."""
    worst = max(verdicts, key=lambda v: (v.failed, bool(v.open), v.error))
    components, zero = sum(v.components for v in verdicts), all(v.zero for v in verdicts)
    return replace(worst, components=components, zero=zero, value=None, reference=None, factors={}, values={}, given=None)


def own_point(search: Exploration, values: Mapping[str, Any] | None) -> tuple[tuple[Point, ...], str]:
    """The reader's point, to be measured first; nothing where there is none, or (OUTSIDE) where the program has no value there."""
    if values is None:
        return (), ""
    try:
        own = search.surveyed(given(search.program, search.needed, values))
    except UNDEFINED:
        return (), OUTSIDE
    return ((), OUTSIDE) if own is None else ((own,), "")


def _given(derivation: Derivation, own: Sequence[Point]) -> Any:
    """The derivative at the reader's point as the derivation has it."""
    lines = [*derivation.adjoint_lines, derivation.result]
    return as_measured(extended_by(lines, own[0])[derivation.result.name])


def verify_factor(program: Computation, factor: Factor, at: Iterable[Point] | None = None) -> Verification:
    """Compare one local derivative with its block, as a function of that one name, in every form that is printed and step by step."""
    trees = [t for t in (factor.tree, factor.general, factor.raw_tree) if t is not None]
    slopes = Slopes(program, factor.output, [factor.output], free=True)

    def measure(point: Point, steps: Steps) -> Measured:
        defined = np.isfinite(point.values[factor.output])
        if not np.any(defined):  # in a branch that is not taken
            raise ValueError
        forms = [_laid_out(v, factor.shape, point) for v in point.evaluate(trees, absorbing=True)]
        directions = directions_of(point, [factor.input])
        sides = zip(sides_of(np.stack(forms), factor.input, directions, point), directions, strict=True)
        measured = _gathered(slopes, ((v, partial(slopes.first, point, d, steps)) for v, d in sides))
        ((values, references),) = measured.pairs
        values, references = (np.where(defined[..., None], side, 0) for side in (values, references))
        return measured._replace(pairs=[(v, r) for v, r in zip(values, references, strict=True)] + _step_pairs(factor.steps, point))

    def sharp(point: Point) -> Decided:
        exact = Sharp(program, point)
        directions = directions_of(point, [factor.input])

        def sides(digits: int) -> Pair:
            found: list[Pair] = []
            for form in exact.values(digits, trees, absorbing=True):
                for side, d in zip(sides_of(form, factor.input, directions, point), directions, strict=True):
                    found.append((side, slopes.exactly(exact, digits, d)))
            return _in_rows(found, digits)

        return decided(sides)

    reads = [factor.input, *(x.name for x in leaves(*trees))]
    candidates = Exploration(program, factor.output, reads) if at is None else at
    return judge(Case(measure, program, factor.output, zero=is_zero(factor.tree), sharp=sharp), candidates)[0]


def is_on_kink(program: Computation, output: str, point: Point) -> bool:
    """Whether the output has a kink at the point, in some direction of its inputs."""
    generator = np.random.default_rng(SEED)
    way = {n: generator.uniform(0.5, 1, np.shape(v)) for n, v in point.inputs.items()}
    try:
        with np.errstate(all="ignore"):
            Slopes(program, output, list(way)).first(point, way, Steps())
    except OnKink:
        return True
    except UNDEFINED:
        return False
    return False


def wrong_factors(derivation: Derivation) -> tuple[str, ...]:
    """The names of the factors that do not agree with their blocks: where to look when a derivation does not hold."""
    program = derivation.reading or derivation.program
    return tuple(name for name, factor in derivation.factors.items() if verify_factor(program, factor).failed)


def _identities(derivation: Derivation, environment: Mapping[str, Array], point: Point) -> list[Pair]:
    """Everything printed that must be equal: the forms of the derivative, of the lines, and both sides of each rewriting."""
    equal = _equal(derivation)
    values = point.evaluate([tree for pair in equal for tree in pair], environment, absorbing=True)
    pairs = []
    for left, right, (_, tree) in zip(values[::2], values[1::2], equal, strict=True):
        left, right = _laid_out(left, tree.shape, point), np.asarray(right, float)
        if point.choices and np.shape(left) == np.shape(right):  # part of it may be undefined in a branch that is not taken
            left, right = (np.where(np.isfinite(left), side, 0) for side in (left, right))
        pairs.append((left, right))
    return pairs


def _equal(derivation: Derivation) -> list[tuple[Tree, Tree]]:
    """The trees that must have equal values."""
    result = derivation.result
    forms = [derivation.formula_tree, derivation.general_tree, derivation.product_tree, result.general]
    equal = [(form, result.tree) for form in forms if form is not None]
    equal += [(line.general, line.tree) for line in derivation.adjoint_lines if line.general is not None]
    equal += [(step.subject, step.result) for step in derivation.rewriting.steps]
    return equal + list(derivation.substitutions)


def _in_rows(pairs: Iterable[Pair], digits: int) -> Pair:
    """Pairs of arrays of numbers with many digits in one row, each as large as it is; what is undefined on a side is left out."""
    rows = [np.broadcast_arrays(np.asarray(a, object), np.asarray(b, object)) for a, b in pairs]
    left, right = (np.concatenate([np.ravel(row[k]) for row in rows]) for k in (0, 1))
    numbers = Digits(digits)
    defined = numbers.finite(left) & numbers.finite(right)
    return np.where(defined, left, 0), np.where(defined, right, 0)


def _step_pairs(steps: Sequence[Step], point: Point) -> list[Pair]:
    """The derivatives claimed by steps and their substeps, with complex steps through their subjects."""
    pairs: list[Pair] = []
    pending = list(reversed(steps))
    for _ in range(STEPS):
        if not pending:
            break
        step = pending.pop()
        pending.extend(reversed(step.substeps))
        if not step.by:
            continue
        claimed = np.asarray(point.evaluate([step.result], absorbing=True)[0], float)
        subject = point.evaluate([step.subject])[0]
        if not np.all(np.isfinite(subject)):  # it may be undefined in a branch that is not taken
            continue
        directions, imaginary = directions_of(point, [step.by]), imaginary_step([point.values[step.by]])
        found = []
        for value, direction in zip(sides_of(claimed, step.by, directions, point), directions, strict=True):
            moved = {**point.values, step.by: point.values[step.by] + 1j * imaginary * direction[step.by]}
            with watching() as watch:
                reference = np.imag(point.evaluate([step.subject], moved)[0]) / imaginary
            with suppress(OnKink):  # of equal entries the largest is any of them
                refuse_kinks(watch, imaginary, size_of(point, direction))
                found.append((value, reference))
        if not found:
            continue
        pair = _stacked(found)
        if np.all(np.isfinite(pair[1])):
            pairs.append(pair)
    return pairs


# ---------------------------------------------------------------- references


def _gathered(slopes: Slopes, sides: Iterable[tuple[Array, Callable[[], Array]]]) -> Measured:
    """What was derived along each direction beside its reference, without the directions that lead across a kink."""
    pairs: list[Pair] = []
    kink: OnKink | None = None
    slopes.lost = False
    for value, reference in sides:
        try:
            pairs.append((value, reference()))
        except OnKink as met:
            kink = met
    if kink is not None and not pairs:
        raise kink
    return Measured([_stacked(pairs)], kink is not None, slopes.lost)


# ---------------------------------------------------------------- what was derived


def extended_by(lines: Sequence[Line], point: Point) -> dict[str, Array]:
    """The point's values and those of the lines, which may read earlier ones."""
    environment = dict(point.values)
    for line in lines:
        environment[line.name] = point.evaluate([line.tree], environment, absorbing=True)[0]
    return environment


def _names_read(derivation: Derivation) -> list[str]:
    """The blocks that have to have values before the derivation can be compared."""
    lines = [*derivation.adjoint_lines, derivation.result]
    forms = [derivation.formula_tree, derivation.general_tree, derivation.product_tree, *(line.general for line in lines)]
    trees = [line.tree for line in lines] + [tree for tree in forms if tree is not None]
    trees += [tree for step in derivation.rewriting.steps for tree in (step.subject, step.result)]
    trees += [tree for pair in derivation.substitutions for tree in pair]
    factors = list(islice(derivation.factors.values(), FACTORS))
    trees += [tree for f in factors for tree in (f.tree, f.general, f.raw_tree) if tree is not None]
    named = [n for f in factors for n in (f.output, f.input)]
    names = dict.fromkeys([derivation.wrt, *named, *(x.name for x in leaves(*trees))])
    reading, written = derivation.reading or derivation.program, {line.name for line in lines}
    unknown = [n for n in names if n not in reading.inputs and n not in reading.blocks and n not in written]
    if unknown:
        what = f"the derivation of {derivation.output} by {derivation.wrt} reads {', '.join(unknown)}, which no line defines"
        raise VerificationError(what, advice="This is a defect of symchain: please report it.")
    return [n for n in names if n in reading.blocks]


def _laid_out(value: Array, shape: Sequence[Any], point: Point) -> Array:
    """The value in the shape that was promised; nan throughout, so that nothing agrees, when it has another one."""
    promised = tuple(dimension(d, point.dims) for d in shape)
    return np.asarray(value, float) if np.shape(value) == promised else np.full(promised, np.nan)


def _stacked(pairs: Sequence[Pair]) -> Pair:
    return np.stack([p for p, _ in pairs], axis=-1), np.stack([np.broadcast_to(r, np.shape(p)) for p, r in pairs], axis=-1)


def _reported(derivation: Derivation, reference: Array, point: Point, mattering: Container[Any]) -> dict[str, Any]:
    """The first point, to be printed: inputs, blocks, factors that are numbers, and the derivative by both ways."""
    value = point.evaluate([derivation.result.tree], extended_by(derivation.adjoint_lines, point), absorbing=True)[0]
    factors = [f for f in islice(derivation.factors.values(), FACTORS) if not f.shape]
    numbers = point.evaluate([f.tree for f in factors], absorbing=True)
    return {
        "at": {n: as_measured(v) for n, v in point.inputs.items() if n in mattering},
        "value": as_measured(value),
        "reference": _reassembled(reference, np.shape(value)),
        "factors": {f.name: as_measured(v) for f, v in zip(factors, numbers, strict=True)},
        "values": {n: as_measured(v) for n, v in point.values.items() if n in derivation.program.blocks and n in mattering},
    }


def _reassembled(reference: Array, shape: tuple[int, ...]) -> Any:
    """The reference as an array like the derivative, where every component was measured; None where combinations were."""
    return as_measured(np.reshape(reference, shape)) if np.size(reference) == np.prod(shape) else None


def as_measured(value: Array) -> Any:
    """A number or an array, without the sign of 0."""
    return float(value) + 0.0 if np.ndim(value) == 0 else value + 0.0
