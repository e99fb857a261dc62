"""Values for inputs: numbers and arrays that have the shape, the facts and, where it is known, the domain that a program asks for.

Everything is drawn from a fixed seed, in the order of the program's inputs, so that the derivatives of one program are checked at
the same points and every run prints the same numbers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice, permutations
from math import prod

import numpy as np

from symchain.evidence.meanings import Array
from symchain.functions.spec import Interval
from symchain.nouns.computation import Computation, Variable
from symchain.support.dimensions import Dim, Need, larger, letters
from symchain.support.dimensions import evaluate as dimension
from symchain.tensors.needs import needs_of
from symchain.tensors.nodes import Apply, Leaf, Operation, Power, Tree, postorder

SEED = 20240229

RANGES = (
    (-1.9, -0.2, 0.2, 1.9), (0.2, 1.9), (0.2, 0.9), (1.1, 2.0), (-0.9, -0.1, 0.1, 0.9), (2.0, 4.0),
    (-4.0, -1.1, 1.1, 4.0), (-2.0, -1.1), (-0.9, -0.1),
)  # fmt: skip
"""Stretches of the real line to draw from (pairs of ends); between them they reach into the domain of every usual function."""

_DISTINCT = 40
"""So many scalars get values of their own: more two-digit numbers are not worth looking for."""

VAST = 10**7
"""Arrays of more entries are not computed for a check."""


def sizes_held(program: Computation, blocks: Iterable[str]) -> list[dict[str, int]]:
    """Those of the small sizes for which memory holds every array of some blocks; none where the program's own arrays are too large."""
    nodes = postorder(*(v.leaf for v in program.inputs.values()), *(program.blocks[n].tree for n in blocks))
    shapes = {node.shape for node in nodes if node.shape}
    return [sizes for sizes in _small_sizes(program) if all(prod(dimension(d, sizes) for d in shape) <= VAST for shape in shapes)]


def _small_sizes(program: Computation) -> list[dict[str, int]]:
    """Small sizes for the letters: distinct, so that a transposed result is noticed, rising and falling, so that tall and wide
    matrices occur, and such that no axis is empty."""
    dims: list[Dim] = [d for v in program.inputs.values() for d in v.shape] + [d for b in program.blocks.values() for d in b.shape]
    dims = list(dict.fromkeys(dims))
    names = list(dict.fromkeys([*program.dimensions, *letters(dims)]))
    needs = list(needs_of((name, block.tree) for name, block in program.blocks.items()))
    least = larger({}, {need.dim: need.least for need in needs})
    found: list[dict[str, int]] = []
    for low in (2, 3, 5) if names else ():
        values = list(range(low, low + max(4, len(names))))
        for ordered in (values, values[::-1]):
            choices = (dict(zip(names, choice, strict=True)) for choice in islice(permutations(ordered, len(names)), 1000))
            moved = ({n: size + max(0, least.get(n, 0) - low) for n, size in sizes.items()} for sizes in choices)
            found += islice((sizes for sizes in moved if _fit(sizes, dims, needs)), 1)
    return found or [{n: max(4, least.get(n, 0)) for n in names}]


def _fit(sizes: Mapping[str, int], dims: Sequence[Dim], needs: Sequence[Need]) -> bool:
    """Whether no axis is empty, and every axis as large as the program needs it."""
    return all(dimension(d, sizes) >= 1 for d in dims) and all(dimension(n.dim, sizes) >= n.least for n in needs)


def limits_of(program: Computation, blocks: Container[str]) -> tuple[dict[str, Interval], set[str]]:
    """What is asked of inputs by the functions that read them directly: an interval of the domain in these blocks, or integer labels."""
    limits: dict[str, Interval] = {}
    labels: set[str] = set()

    def narrow(tree: Tree, interval: Interval) -> None:
        if isinstance(tree, Leaf):
            old = limits.get(tree.name, Interval())
            limits[tree.name] = Interval(max(old.low, interval.low), min(old.high, interval.high))

    for node in postorder(*(b.tree for b in program.blocks.values())):
        if isinstance(node, Operation):
            labels.update(node.args[k].name for k in node.operation.integers if isinstance(node.args[k], Leaf))
    for node in postorder(*(b.tree for n, b in program.blocks.items() if n in blocks)):
        if isinstance(node, Apply):
            spec = getattr(node.function, "binding", node.function)
            for k, argument in enumerate(node.args if spec is not None else ()):
                narrow(argument, spec.domain(k))
        elif isinstance(node, Power) and not (node.exponent.data and getattr(node.exponent.data[0], "denominator", 2) == 1):
            narrow(node.base, Interval(low=0.0))
    return limits, labels


def within(pick: Sequence[float], interval: Interval | None) -> tuple[tuple[float, float], ...]:
    """The stretches, cut to the interval; some of the interval itself where nothing is left."""
    pairs = tuple(zip(pick[::2], pick[1::2], strict=True))
    if interval is None:
        return pairs
    cut = tuple((max(a, interval.low + 0.02), min(b, interval.high - 0.02)) for a, b in pairs)
    cut = tuple((a, b) for a, b in cut if a < b)
    if cut:
        return cut
    low = interval.low if np.isfinite(interval.low) else min(interval.high, 0.0) - 2
    high = interval.high if np.isfinite(interval.high) else max(low, 0.0) + 2
    return ((low + 0.05 * (high - low), high - 0.05 * (high - low)),)


def draw(
    variable: Variable,
    dims: Mapping[str, int],
    generator: np.random.Generator,
    stretches: Sequence[tuple[float, float]],
    label: bool = False,
    taken: set[float] | None = None,
) -> Array:
    """A value for one input that has its shape and its facts; scalars have two digits, to be printed, and differ from those taken."""
    shape = tuple(dimension(d, dims) for d in variable.shape)
    facts = variable.facts
    if "integer" in facts or label:
        return generator.integers(0, 2, shape).astype(float) if shape or label else float(generator.integers(2, 6))
    if "onehot" in facts:
        return np.eye(shape[-1])[generator.integers(0, shape[-1], shape[:-1])] if shape else 1.0
    if "unit" in facts:
        stretches = [(0.05, 0.95)]
    elif facts & {"positive", "nonnegative", "probability"}:
        stretches = [(max(a, 0.05), b) for a, b in stretches if b > 0.1] or [(0.2, 1.9)]
    shares, used = _shares(tuple(stretches)), set() if taken is None else taken
    if shape:
        ends = np.asarray(stretches)
        which = np.searchsorted(shares, generator.random(shape), side="right")  # generator.choice takes ten times as long
        return structured(ends[which, 0] + generator.random(shape) * (ends[which, 1] - ends[which, 0]), facts)
    for _ in range(16 if len(used) < _DISTINCT else 1):
        low, high = stretches[bisect_right(shares, generator.random())]
        value = float(f"{low + generator.random() * (high - low):.2g}")
        if value % 1 and value not in used:
            break
    used.add(value)
    return value


@lru_cache(maxsize=256)
def _shares(stretches: tuple[tuple[float, float], ...]) -> list[float]:
    """Where each stretch ends when all are laid side by side, as a part of the whole: the longer, the likelier."""
    ends = np.cumsum([b - a for a, b in stretches])
    return (ends / ends[-1]).tolist()  # type: ignore[no-any-return]


def structured(array: Array, facts: frozenset[str]) -> Array:
    """The array changed to have the facts."""
    if "probability" in facts:
        return array / array.sum(axis=-1, keepdims=True)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
        return array
    flipped, eye = np.swapaxes(array, -1, -2), np.eye(array.shape[-1])
    if "spd" in facts:
        return array @ flipped + eye
    if "orthogonal" in facts:
        return np.linalg.qr(array)[0]
    if facts & {"diagonal", "diagonal_entries"}:
        return array * eye
    if facts & {"symmetric", "symmetric_entries"}:
        return (array + flipped) / 2
    if "toeplitz_entries" in facts:
        return spread(array, facts)
    if "invertible" in facts:
        return array + 2 * np.where(np.trace(array, axis1=-2, axis2=-1) < 0, -1, 1)[..., None, None] * eye
    return array


def spread(weights: Array, facts: frozenset[str]) -> Array:
    """How the variable moves when each entry of its derivative's layout is given a weight.

    A free variable moves by the weights. With symmetric_entries the entries (i, j) and (j, i) are one variable and move together,
    with diagonal_entries only the diagonal moves, with toeplitz_entries whole diagonals do.
    """
    if "symmetric_entries" in facts:
        return weights + weights.T - np.diag(np.diag(weights))
    if "diagonal_entries" in facts:
        return np.diag(np.diag(weights))
    if "toeplitz_entries" in facts:
        rows, columns = weights.shape
        return sum(np.trace(weights, k) * np.eye(rows, columns, k) for k in range(1 - rows, columns))
    return weights
