"""Evidence for derivations, independent of the rules, the rewriting and the generated code.

The program's blocks are evaluated as written, by the registry's meanings, with a tiny imaginary step (Squire and Trapp, "Using
complex variables to estimate derivatives of real functions", SIAM Review 40, 1998): the imaginary part of the output, divided by
the step, is a directional derivative without cancellation. It is compared with the printed lines, evaluated in real arithmetic at
the same point. A second derivative adds a central difference of sixth order along a second direction.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice, product
from math import inf, isqrt
from typing import Any

import numpy as np

from symchain.blocks import Program, ancestors
from symchain.derivation import Derivation, Derivations, Factor, Line, Step, Verification
from symchain.dimensions import evaluate as dimension
from symchain.errors import VerificationError
from symchain.meanings import Array
from symchain.sampling import SEED, Point, given, points, shaken, spread
from symchain.tensors.nodes import leaves

COMPLEX_STEP = "complex step"
CENTRAL_DIFFERENCE = "complex step and central difference"
NONE = "none"
METHODS = (COMPLEX_STEP, CENTRAL_DIFFERENCE, NONE)
"""The values of Verification.method; "none" means that no point of the domain was found, and nothing is known."""

POINTS = 3
COMPONENTS = 64
"""Up to this many components are compared one by one; more of them in random combinations."""
COMBINATIONS = 6
FACTORS = 64
"""So many factors of a derivation are compared with their blocks, those next to the output first."""
STEPS = 64
"""So many steps of one factor are checked, outermost first."""
STEP = 1e-30
VANISHING = 1e-50
"""The square of the step that a double holds beside nothing else: where the derivative is 0, it is no difference."""
DIFFERENCE = 1e-3
STENCIL = ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60))
TOLERANCES = {COMPLEX_STEP: 1e-9, CENTRAL_DIFFERENCE: 1e-6}
PASSED_OVER = 8
"""A point where the derivative is 0 throughout (a dead relu), or that lies on a kink, says little: so many are passed over."""
_UNDEFINED = (ValueError, IndexError, np.linalg.LinAlgError)
"""What evaluation raises at a point where there is no value: a singular matrix, an index beyond the size."""

Weights = Mapping[str, Array]
"""One coefficient for every component of some names: a direction."""
Pair = tuple[Array, Array]
"""What was derived and its reference, of one shape."""
Measure = Callable[[Point, float], list[Pair]]
"""The pairs at a point, given the step of the central difference. The first pair is the evidence, its last axis the directions."""


# ---------------------------------------------------------------- what can be verified


def verify(derivation: Derivation) -> Verification:
    """Compare a derivation, its formula and its factors with the program it was derived from."""
    program, output, wrt = derivation.program, derivation.output, derivation.wrt
    reading = derivation.reading or program
    vector = next((n for n in reading.inputs if n not in program.inputs), None) if derivation.order == 2 else None
    moved = _chain(program, output, [wrt])

    def measure(point: Point, step: float) -> list[Pair]:
        environment = _extended(derivation.adjoint_lines, point)
        value = _laid_out(point.evaluate([derivation.result.tree], environment)[0], derivation.shape, point)
        directions = _directions(point, [wrt], isqrt(COMPONENTS) if derivation.order == 2 and vector is None else COMPONENTS)
        if derivation.order == 1:
            pairs = [(_along(value, d[wrt]), _first(program, output, moved, point, d)) for d in directions]
        elif vector is not None:
            way = {wrt: point.values[vector]}
            pairs = [(_along(value, d[wrt]), _second(program, output, moved, point, d, way, step)) for d in directions]
        else:
            components = np.size(point.values[wrt]) == len(directions)
            both = product(directions, directions) if components else zip(directions, directions[1:] + directions[:1], strict=True)
            pairs = [(_along(_along(value, e[wrt]), d[wrt]), _second(program, output, moved, point, d, e, step)) for d, e in both]
        return [_stacked(pairs), *_identities(derivation, environment, point)]

    reads = _names_read(derivation)
    method = COMPLEX_STEP if derivation.order == 1 else CENTRAL_DIFFERENCE
    own = _own_point(reading, output, [*reads, wrt], derivation.point)
    candidates = chain(own, points(reading, output, reads))
    verdict, used = _judge(measure, candidates, reading, method, bool(derivation.zero_reason), own)
    if not used:
        return verdict
    verdict = replace(verdict, **_reported(derivation, verdict.reference, used[0], {*ancestors(program, output), wrt, vector}))
    for factor in islice(derivation.factors.values(), FACTORS) if verdict.held else ():
        check = verify_factor(reading, factor, used)
        if check.points and not check.held:
            return replace(verdict, held=False, error=max(verdict.error, check.error))
    return verdict


def verify_all(derivations: Derivations) -> Verification:
    """Compare all derivatives of one output at once: directions move every name together, whatever their number."""
    program, output, names = derivations.program, derivations.output, list(derivations)
    moved = _chain(program, output, names)
    results = derivations.printed
    lines = [*derivations.adjoint_lines, *results.values()]

    def measure(point: Point, step: float) -> list[Pair]:
        environment = _extended(lines, point)
        values = {n: _laid_out(environment[line.name], line.shape, point) for n, line in results.items()}
        directions = _directions(point, names)
        return [_stacked([(sum(_along(values[n], w) for n, w in d.items()), _first(program, output, moved, point, d)) for d in directions])]

    own = _own_point(program, output, [*program.blocks, *names], derivations.point)
    candidates = chain(own, points(program, output, list(program.blocks)))
    verdict, _ = _judge(measure, candidates, program, COMPLEX_STEP, False, own)
    return replace(verdict, reference=None)


def _own_point(program: Program, output: str, reads: Sequence[str], values: Mapping[str, Any] | None) -> tuple[Point, ...]:
    """The reader's point, to be measured first; nothing where there is none, or where the program has no value there."""
    if values is None:
        return ()
    try:
        own = given(program, [output, *reads], values)
    except _UNDEFINED:
        return ()
    return (own,) if np.all(np.isfinite(own.values[output])) else ()


def verify_factor(program: Program, factor: Factor, at: Iterable[Point] | None = None) -> Verification:
    """Compare one local derivative with its block, as a function of that one name, in every form that is printed and step by step."""
    trees = [t for t in (factor.tree, factor.general, factor.raw_tree) if t is not None]

    def measure(point: Point, step: float) -> list[Pair]:
        directions = _directions(point, [factor.input])
        reference = [_first(program, factor.output, [factor.output], point, d, free=True) for d in directions]
        found = [_laid_out(v, factor.shape, point) for v in point.evaluate(trees)]
        pairs = [_stacked([(_along(f, d[factor.input]), r) for d, r in zip(directions, reference, strict=True)]) for f in found]
        return pairs + _step_pairs(factor.steps, point)

    candidates = points(program, factor.output, [factor.input, *(leaf.name for leaf in leaves(*trees))]) if at is None else at
    return _judge(measure, candidates, program, COMPLEX_STEP, at is not None)[0]


def wrong_factors(derivation: Derivation) -> tuple[str, ...]:
    """The names of the factors that do not agree with their blocks: where to look when a derivation does not hold."""
    program = derivation.reading or derivation.program
    return tuple(name for name, factor in derivation.factors.items() if not verify_factor(program, factor).held)


def _identities(derivation: Derivation, environment: Mapping[str, Array], point: Point) -> list[Pair]:
    """Everything printed that must be equal: the forms of the derivative, of the lines, and both sides of each rewriting."""
    result = derivation.result
    forms = [derivation.formula_tree, derivation.general_tree, derivation.product_tree, result.general]
    equal = [(form, result.tree) for form in forms if form is not None]
    equal += [(line.general, line.tree) for line in derivation.adjoint_lines if line.general is not None]
    equal += [(step.subject, step.result) for step in derivation.rewriting if not step.by]
    equal += derivation.substitutions
    values = point.evaluate([tree for pair in equal for tree in pair], environment)
    sides = zip(values[::2], values[1::2], equal, strict=True)
    return [(_laid_out(left, tree.shape, point), np.asarray(right, float)) for left, right, (_, tree) in sides]


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
        claimed = np.asarray(point.evaluate([step.result])[0], float)
        found = []
        for direction in _directions(point, [step.by]):
            moved = {**point.values, step.by: point.values[step.by] + 1j * STEP * direction[step.by]}
            found.append((_along(claimed, direction[step.by]), np.imag(point.evaluate([step.subject], moved)[0]) / STEP))
        pair = _stacked(found)
        if np.all(np.isfinite(pair[1])):  # the subject may be undefined in a branch that is not taken
            pairs.append(pair)
    return pairs


# ---------------------------------------------------------------- judging


def _judge(
    measure: Measure, candidates: Iterable[Point], program: Program, method: str, eager: bool, own: Sequence[Point] = ()
) -> tuple[Verification, list[Point]]:
    """Measure at POINTS points, the most telling ones of those that were looked at; `eager` takes also those where all is 0.

    The reader's `own` point counts as telling.
    """
    ranked: tuple[list[tuple[Point, Pair, float]], ...] = ([], [], [])  # telling, dull, unsteady
    for point in candidates:
        try:
            pairs = measure(point, DIFFERENCE)
        except _UNDEFINED:
            continue
        if not np.all(np.isfinite(pairs[0][1])):
            continue
        error = max(relative_error(*pair) for pair in pairs)
        rank = 0 if eager or any(point is p for p in own) or np.any(pairs[0][1]) else 1
        if error >= TOLERANCES[method]:
            noise = _noise(measure, program, point, pairs, method)
            if inf in noise:  # next to where the program is undefined
                continue
            error = max(relative_error(*pair, n) for pair, n in zip(pairs, noise, strict=True))
            rank = 2 if max(noise) > 0.01 * float(np.max(np.abs(pairs[0][1]))) / TOLERANCES[method] else rank
        ranked[rank].append((point, pairs[0], error))
        if len(ranked[0]) >= POINTS or sum(map(len, ranked)) >= POINTS + PASSED_OVER:
            break
    taken = [*ranked[0], *ranked[1]][:POINTS]  # where rounding decides as much as the formula, nothing is shown
    if not taken:
        return Verification(NONE, 0, 0, inf, False), []
    error = max(e for _, _, e in taken)
    _, (value, reference), _ = taken[0]
    verdict = Verification(method, len(taken), int(np.size(value)), float(error), bool(error < TOLERANCES[method]), reference=reference)
    return verdict, [p for p, _, _ in taken]


def relative_error(value: Array, reference: Array, noise: float = 0.0) -> float:
    """The largest difference relative to its component, to a thousandth of the largest component, and to what rounding explains."""
    if np.shape(value) != np.shape(reference) or not np.all(np.isfinite(value)):
        return inf
    difference = np.abs(value - reference)
    if not np.any(difference):
        return 0.0
    size = np.maximum(np.abs(value), np.abs(reference))
    scale = np.maximum(size, 1e-3 * np.max(np.abs(reference))) + noise + VANISHING
    return float(np.max(np.where(difference == 0, 0, difference / np.where(scale == 0, 1, scale))))


def _noise(measure: Measure, program: Program, point: Point, pairs: list[Pair], method: str) -> list[float]:
    """What to add to the scale of each pair for differences that rounding or a kink explains.

    Both sides are measured again with other roundings (and another step). Where they change as much as they differ, the point is on
    a kink, or rounding rules there, and it decides nothing; a wrong formula differs by the same amount however it is rounded.
    """
    changes = [0.0] * len(pairs)
    step = DIFFERENCE / (1 if method == COMPLEX_STEP else 8)
    for seed in range(4):
        try:
            again = measure(shaken(program, point, seed), step)
        except _UNDEFINED:
            return [inf] * len(pairs)
        if not np.all(np.isfinite(again[0][1])):
            return [inf] * len(pairs)
        for k, (old, new) in enumerate(zip(pairs, again, strict=True)):
            for a, b in zip(old, new, strict=True):
                if np.all(np.isfinite(a)) and np.all(np.isfinite(b)):  # what was derived must be finite wherever the program is
                    changes[k] = max(changes[k], float(np.max(np.abs(a - b), initial=0.0)))
    return [100 * change / TOLERANCES[method] for change in changes]


# ---------------------------------------------------------------- references


def _first(program: Program, output: str, chain: Sequence[str], point: Point, weights: Weights, free: bool = False) -> Array:
    """The derivative of the output along a direction, by a complex step."""
    moves = weights if free else {n: _move(program, n, w) for n, w in weights.items()}
    value = _run(program, output, chain, point, {n: 1j * STEP * m for n, m in moves.items()})
    return np.imag(value) / STEP


def _second(program: Program, output: str, chain: Sequence[str], point: Point, d: Weights, e: Weights, step: float) -> Array:
    """The derivative along d, by a complex step, differenced along e."""
    d, e = ({n: _move(program, n, w) for n, w in weights.items()} for weights in (d, e))
    total: Array = 0.0
    for k, coefficient in STENCIL:
        for sign in (1, -1):
            shift = {n: sign * k * step * e[n] + 1j * STEP * d[n] for n in d}
            total = total + sign * coefficient * np.imag(_run(program, output, chain, point, shift)) / STEP
    return total / step


def _run(program: Program, output: str, chain: Sequence[str], point: Point, shifts: Mapping[str, Array]) -> Array:
    """The output when some names are shifted: inputs, or the values of blocks on top of what they compute."""
    environment = dict(point.values)
    for name, shift in shifts.items():
        environment[name] = environment[name] + shift
    for name in chain:
        value = point.evaluate([program.blocks[name].tree], environment)[0]
        environment[name] = value + shifts[name] if name in shifts else value
    return environment[output]


def _chain(program: Program, output: str, names: Sequence[str]) -> list[str]:
    """The blocks between the names and the output, in order: what has to be evaluated again when the names move."""
    wanted, moved = ancestors(program, output), set(names)
    for block in program.blocks.values():
        if any(r in moved for r in block.reads):
            moved.add(block.name)
    return [n for n in program.blocks if n in moved and n in wanted]


def _move(program: Program, name: str, weights: Array) -> Array:
    variable = program.inputs.get(name)
    return spread(weights, variable.facts) if variable is not None else weights


def _directions(point: Point, names: Sequence[str], limit: int = COMPONENTS) -> list[Weights]:
    """One component at a time while they are few, else random combinations of them all."""
    shapes = {n: np.shape(point.values[n]) for n in names}
    if sum(int(np.prod(s)) for s in shapes.values()) <= limit:
        return [{m: _unit(s, index if m == n else None) for m, s in shapes.items()} for n in names for index in np.ndindex(shapes[n])]
    generator = np.random.default_rng(SEED)
    return [{n: generator.uniform(-1, 1, s) for n, s in shapes.items()} for _ in range(COMBINATIONS)]


def _unit(shape: tuple[int, ...], index: tuple[int, ...] | None) -> Array:
    array = np.zeros(shape)
    if index is not None:
        array[index] = 1.0
    return array


# ---------------------------------------------------------------- what was derived


def _extended(lines: Sequence[Line], point: Point) -> dict[str, Array]:
    """The point's values and those of the lines, which may read earlier ones."""
    environment = dict(point.values)
    for line in lines:
        environment[line.name] = point.evaluate([line.tree], environment)[0]
    return environment


def _names_read(derivation: Derivation) -> list[str]:
    """The blocks that have to have values before the derivation can be compared."""
    lines = [*derivation.adjoint_lines, derivation.result]
    forms = [derivation.formula_tree, derivation.general_tree, derivation.product_tree, *(line.general for line in lines)]
    trees = [line.tree for line in lines] + [tree for tree in forms if tree is not None]
    factors = list(islice(derivation.factors.values(), FACTORS))
    trees += [tree for f in factors for tree in (f.tree, f.general, f.raw_tree) if tree is not None]
    named = [n for f in factors for n in (f.output, f.input)]
    names = dict.fromkeys([derivation.wrt, *named, *(leaf.name for leaf in leaves(*trees))])
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


def _along(derivative: Array, weights: Array) -> Array:
    """The derivative (of shape F + X) applied to weights of shape X."""
    return np.tensordot(derivative, weights, axes=np.ndim(weights))


def _stacked(pairs: Sequence[Pair]) -> Pair:
    return np.stack([p for p, _ in pairs], axis=-1), np.stack([np.broadcast_to(r, np.shape(p)) for p, r in pairs], axis=-1)


def _reported(derivation: Derivation, reference: Array, point: Point, mattering: Container[Any]) -> dict[str, Any]:
    """The first point, to be printed: inputs, blocks, factors that are numbers, and the derivative by both ways."""
    value = point.evaluate([derivation.result.tree], _extended(derivation.adjoint_lines, point))[0]
    factors = [f for f in islice(derivation.factors.values(), FACTORS) if not f.shape]
    numbers = point.evaluate([f.tree for f in factors])
    return {
        "at": {n: _plain(v) for n, v in point.inputs.items() if n in mattering},
        "value": _plain(value),
        "reference": _reassembled(reference, np.shape(value)),
        "factors": {f.name: _plain(v) for f, v in zip(factors, numbers, strict=True)},
        "values": {n: _plain(v) for n, v in point.values.items() if n in derivation.program.blocks and n in mattering},
    }


def _reassembled(reference: Array, shape: tuple[int, ...]) -> Any:
    """The reference as an array like the derivative, where every component was measured; None where combinations were."""
    return _plain(np.reshape(reference, shape)) if np.size(reference) == np.prod(shape) else None


def _plain(value: Array) -> Any:
    return float(value) if np.ndim(value) == 0 else value
