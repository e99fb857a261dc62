"""Sensitivity: how strongly, and which way, every input moves the output near a point, or on average over many points.

The gradient compares equal small changes; the elasticity p/L * dL/dp compares equal relative changes. What stops an influence is
named too: activations that are saturated, and the factors that are exactly 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, NotDifferentiableError
from symchain.evidence.evaluation import evaluate
from symchain.evidence.points import at as point_of
from symchain.functions.spec import AbstractFunction
from symchain.nouns.computation import ancestors
from symchain.nouns.derivation import Derivation
from symchain.nouns.program import Program
from symchain.nouns.sensitivity import Influence, Measure, Saturation, Sensitivity
from symchain.support.dimensions import evaluate as dimension
from symchain.support.notation import call
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Apply, Tree, apply, postorder

SATURATED = 1e-3
"""An activation whose derivative is smaller than this in size lets next to nothing through."""
ENTRIES = 10**6
"""A factor of more entries than this is not evaluated."""
_TIE = 1e-9

Array = Any


# ---------------------------------------------------------------- measuring


@dataclass(frozen=True)
class _Sample:
    """Some points at once: every array has a leading axis of `count`, and `environments` are what trees are evaluated in."""

    count: int
    inputs: Mapping[str, Array]
    values: Array
    gradients: Mapping[str, Array]
    environments: Sequence[tuple[Mapping[str, Array], Mapping[str, int]]]


def measure(program: Program, output: str, wrt: Sequence[str], at: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Sensitivity:
    """The sensitivity to some names of a block that is a number. Raises ArgumentError for other blocks and for points without values."""
    shape = program.blocks[output].shape
    if shape:
        raise ArgumentError(
            f"{output} is an array; sensitivity asks what moves a number",
            advice=f"Define a block such as sum({output}) and ask for that.",
        )
    if blocks := [n for n in wrt if n not in program.inputs]:
        raise ArgumentError(f"{blocks[0]} is a block; sensitivity asks what inputs do", advice=f"Inputs: {', '.join(program.inputs)}.")
    derivations, fixed = _derivations(program, output, wrt)
    points = [at] if isinstance(at, Mapping) else list(at)
    if not points or not all(isinstance(p, Mapping) for p in points):
        raise ArgumentError("no point is given", advice="Write at={'x': 1.5, ...}, or a list of such points.")
    sample = _sample(program, output, list(derivations), points)
    found = {name: _influence(name, derivations, sample) for name in derivations}
    single = sample.count == 1
    above = ancestors(program, output)
    names = [n for n in program.inputs if n in above]
    return Sensitivity(
        program=program,
        output=output,
        at={n: _single(sample.inputs[n]) for n in names} if single else {},
        points=sample.count,
        value=float(np.mean(sample.values)),
        influences=_ranked(found),
        saturated=tuple(_saturated(program, output, sample)),
        fixed=fixed,
    )


def _derivations(program: Program, output: str, wrt: Sequence[str]) -> tuple[Mapping[str, Derivation], tuple[str, ...]]:
    """The derivative by every name that allows one, made when it is asked for, and the names that do not (labels)."""
    try:
        return program.derive(output, list(wrt)), ()
    except NotDifferentiableError:
        found: dict[str, Derivation] = {}
        for name in wrt:
            try:
                found[name] = program.derive(output, name)
            except NotDifferentiableError:
                continue
        if not found:
            raise
        return found, tuple(n for n in wrt if n not in found)


def _sample(program: Program, output: str, names: list[str], points: list[Mapping[str, Any]]) -> _Sample:
    kernel = program.compile(output, wrt=names)
    if program.scalar:
        return _scalars(program, output, kernel, names, points)
    done = [_arrays(program, output, kernel, names, p) for p in points]
    for earlier, later in zip(done, done[1:], strict=False):
        if any(np.shape(earlier[0][n]) != np.shape(later[0][n]) for n in earlier[0]):
            raise ArgumentError("the points have inputs of different shapes", advice="Give points of one shape.")
    inputs = {n: np.stack([d[0][n] for d in done]) for n in program.inputs}
    gradients = {n: np.stack([np.asarray(d[2][n], float) for d in done]) for n in names}
    return _Sample(len(done), inputs, np.array([float(d[1]) for d in done]), gradients, [(d[3], d[4]) for d in done])


def _scalars(program: Program, output: str, kernel: Any, names: list[str], points: list[Mapping[str, Any]]) -> _Sample:
    """Programs of numbers alone go through all points at once."""
    results = [kernel(**p) for p in points]  # names what is missing or unknown
    flat = []
    for point, (value, gradient) in zip(points, results, strict=True):
        arrays = np.broadcast_arrays(value, *(np.asarray(point[n], float) for n in program.inputs), *(gradient[n] for n in names))
        flat.append([np.ravel(np.asarray(a, float)) for a in arrays])
    values, *rest = (np.concatenate(columns) for columns in zip(*flat, strict=True))
    if not values.size:
        raise ArgumentError("the arrays given are empty", advice="Give at least one point.")
    inputs = dict(zip(program.inputs, rest, strict=False))
    gradients = dict(zip(names, rest[len(inputs) :], strict=True))
    above = ancestors(program, output)
    blocks = [b for b in program.blocks if b in above]
    return _Sample(len(values), inputs, values, gradients, [(point_of(program, blocks, inputs, {}).values, {})])


def _arrays(program: Program, output: str, kernel: Any, names: list[str], point: Mapping[str, Any]) -> tuple[Any, ...]:
    value, gradient = kernel(**point)
    inputs = {n: np.asarray(point[n], float) for n in program.inputs}
    dims = {d: int(point[d]) for d in program.dimensions if d in point}
    for name, array in inputs.items():
        dims.update((d, size) for d, size in zip(program.inputs[name].shape, array.shape, strict=True) if d in program.dimensions)
    above = ancestors(program, output)
    blocks = [b for b in program.blocks if b in above]
    return inputs, value, gradient, point_of(program, blocks, inputs, dims).values, dims


def _influence(name: str, derivations: Mapping[str, Derivation], sample: _Sample) -> Influence:
    slopes, given = sample.gradients[name], sample.inputs[name]
    axes = tuple(range(1, slopes.ndim))
    with np.errstate(all="ignore"):
        relative = np.sum(slopes * given, axis=axes) / sample.values
    held = np.isfinite(relative)
    slope = _measure(slopes)
    zero: str = ""
    killers: tuple[str, ...] = ()
    if slope.size == 0:
        derivation = derivations[name]
        zero, killers = (derivation.zero_reason, ()) if derivation.zero_reason else _killers(derivation, sample)
    return Influence(
        name=name,
        shape=slopes.shape[1:],
        value=_single(np.mean(given, axis=0)[None]),
        slope=slope,
        elasticity=_measure(relative[held]) if held.any() else None,
        raising=int(np.sum(slopes > 0)) if not axes else 0,
        zero=zero,
        killers=killers,
    )


def _measure(slopes: Array) -> Measure:
    """Of numbers or arrays along the first axis."""
    axes = tuple(range(1, slopes.ndim))

    def size(part: Array) -> float:
        return float(np.mean(np.sqrt(np.sum(part**2, axis=axes)) if axes else np.abs(part)))

    signs = set(np.unique(np.sign(slopes)).tolist())
    sign = 0 if signs <= {0.0} else None if not signs <= {0.0, 1.0} and not signs <= {0.0, -1.0} else int(max(signs, key=abs))
    mean = np.mean(slopes, axis=0)
    above, below = size(np.maximum(slopes, 0)), size(np.minimum(slopes, 0))
    return Measure(mean if axes else float(mean), size(slopes), above, below, sign)


def _ranked(found: Mapping[str, Influence]) -> dict[str, Influence]:
    slopes = _ranks({n: i.slope.size for n, i in found.items()})
    relative = _ranks({n: i.elasticity.size for n, i in found.items() if i.elasticity is not None})
    return {
        n: Influence(
            i.name, i.shape, i.value, _with_rank(i.slope, slopes[n]),
            None if i.elasticity is None else _with_rank(i.elasticity, relative[n]),
            i.raising, i.zero, i.killers,
        )
        for n, i in found.items()
    }  # fmt: skip


def _with_rank(m: Measure, rank: int) -> Measure:
    return Measure(m.mean, m.size, m.above, m.below, m.sign, rank)


def _ranks(sizes: Mapping[str, float]) -> dict[str, int]:
    """1 for the largest; sizes that differ by rounding alone share a rank, and what is not a number comes last."""
    order = sorted(sizes, key=lambda n: -sizes[n] if np.isfinite(sizes[n]) else np.inf)
    ranks: dict[str, int] = {}
    for k, name in enumerate(order):
        before = order[k - 1] if k else None
        tied = before is not None and abs(sizes[before] - sizes[name]) <= _TIE * abs(sizes[before])
        ranks[name] = ranks[before] if tied and before is not None else k + 1
    return ranks


def _single(array: Array) -> Any:
    """The one point of a leading axis of size 1: a float, or an array."""
    return float(array[0]) if np.ndim(array) == 1 else array[0]


# ---------------------------------------------------------------- what stops an influence


def _killers(derivation: Derivation, sample: _Sample) -> tuple[str, tuple[str, ...]]:
    """The factors, nearest to the output, that are 0 at every point and that every path passes through."""
    below: dict[str, list[str]] = {}
    dead: dict[tuple[str, str], str] = {}
    for factor in derivation.factors.values():
        below.setdefault(factor.output, []).append(factor.input)
        if all(_vanishes(factor.tree, environment, dims) for environment, dims in sample.environments):
            dead[factor.output, factor.input] = factor.name
    seen, stack, killers = {derivation.output}, [derivation.output], []
    while stack:
        block = stack.pop()
        for read in below.get(block, ()):
            if (block, read) in dead:
                killers.append(dead[block, read])
            elif read not in seen:
                seen.add(read)
                stack.append(read)
    return ("cancelled", ()) if derivation.wrt in seen else ("killed", tuple(killers))


def _vanishes(tree: Tree, environment: Mapping[str, Array], dims: Mapping[str, int]) -> bool:
    if np.prod([float(dimension(d, dims)) for d in tree.shape]) > ENTRIES:
        return False
    return not np.any(evaluate([tree], environment, dims)[0])


def _saturated(program: Program, output: str, sample: _Sample) -> Iterator[Saturation]:
    """The activations in the blocks the output depends on whose derivative is next to 0, wherever they stand in a block."""
    before = ancestors(program, output)
    seen: set[Tree] = set()
    for block in (b for b in program.blocks.values() if b.name in before):
        for node in postorder(block.tree):
            if node in seen or not isinstance(node, Apply) or len(node.args) != 1 or any(node.orders):
                continue
            seen.add(node)
            if not _is_activation(node.function):
                continue
            slopes = apply(node.function, *node.args, orders=(1,))
            found = np.concatenate([np.ravel(evaluate([slopes], *point)[0]) for point in sample.environments])
            flat = np.abs(found[np.abs(found) < SATURATED])
            if flat.size:
                phrase = call(node.function.name, phrase_of(node.args[0]), primes=1)
                yield Saturation(block.name, phrase, float(np.max(flat)), int(flat.size), int(found.size))


def _is_activation(function: Any) -> bool:
    return isinstance(function, AbstractFunction) or function.activation
