"""Points: where a program is evaluated to test what was derived from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symchain.errors import ArgumentError
from symchain.evidence.evaluation import evaluate
from symchain.evidence.meanings import ROUNDING, Array
from symchain.kernels.facts import Kind, check_facts, of_kind
from symchain.nouns.computation import Computation
from symchain.support.dimensions import evaluate as dimension
from symchain.tensors.needs import needs_of
from symchain.tensors.nodes import Tree

STEP, FAR_BELOW = 1e-30, 1e-10
"""The imaginary step, and how far below the values that it moves it stays at least."""
WHOLE = 1e9
"""Numbers without a fraction that are below this count something, and stay what they are."""
UNDEFINED = (ValueError, IndexError, np.linalg.LinAlgError)
"""What evaluation raises at a point where there is no value: a singular matrix, an index beyond the size."""
FREE = of_kind(Kind.RANGE)
"""An input of no other facts may be moved a little, and keeps what is declared of it."""


@dataclass(frozen=True)
class Point:
    """The inputs' values, the sizes of the letters, and the value of every block, in real arithmetic."""

    inputs: Mapping[str, Array]
    dims: Mapping[str, int]
    values: Mapping[str, Array]
    """Inputs and blocks together: what trees over the program's names are evaluated in."""
    rounding: np.random.Generator | None = None
    exactly: Mapping[str, Array] | None = None
    """The values before they were perturbed, where they were."""
    sides: frozenset[tuple[int, int]] = frozenset()
    """The sides on which the program's choices are made: (number of the choice, 1 or -1); an array may be on both."""
    choices: int = 0

    def evaluate(self, trees: Sequence[Tree], environment: Mapping[str, Array] | None = None, absorbing: bool = False) -> list[Array]:
        """The values of trees at this point, or with some names changed; `absorbing` for what was derived."""
        return evaluate(trees, self.values if environment is None else environment, self.dims, self.rounding, self.exactly, absorbing)


def at(program: Computation, blocks: Sequence[str], inputs: Mapping[str, Array], dims: Mapping[str, int]) -> Point:
    """The point with these inputs: the blocks are evaluated in order."""
    values = dict(inputs)
    for name in blocks:
        values[name] = evaluate([program.blocks[name].tree], values, dims)[0]
    return Point(inputs, dims, values)


def extended(program: Computation, point: Point, blocks: Sequence[str]) -> Point:
    """The point with the values of more blocks, nan where they have none."""
    values = dict(point.values)
    for name in blocks:
        try:
            values[name] = evaluate([program.blocks[name].tree], values, point.dims)[0]
        except UNDEFINED:
            values[name] = np.full([dimension(d, point.dims) for d in program.blocks[name].shape], np.nan)
    return replace(point, values=values)


def given(program: Computation, names: Sequence[str], values: Mapping[str, Any]) -> Point:
    """The inputs that a reader chose, those that `names` need, before any block is evaluated.

    Raises ArgumentError for what is missing or does not fit, FactError for what lacks a fact that is declared of it, ShapeError
    for an axis that is too short for the program.
    """
    reads = {r for n in needed_blocks(program, names) for r in program.blocks[n].reads}.union(names)
    dims = {d: int(values[d]) for d in program.dimensions if d in values}
    inputs: dict[str, Array] = {}
    for variable in program.inputs.values():
        name, shape = variable.name, variable.shape
        if name not in values:
            if name not in reads:
                continue
            raise ArgumentError(f"the point gives no value for {name}", advice=f"Give every input a value: {name} = 1.5.")
        try:
            inputs[name] = np.asarray(values[name], float)
        except (TypeError, ValueError, OverflowError):
            raise ArgumentError(f"the point gives {name} something that is not a number", advice=f"Write {name} = 1.5.") from None
        if inputs[name].ndim == len(shape):
            sizes = zip(shape, inputs[name].shape, strict=True)
            dims.update((d, size) for d, size in sizes if isinstance(d, str) and d in program.dimensions and d not in dims)
    lacking = [d for d in program.dimensions if d not in dims]
    for name, array in inputs.items():
        shape = program.inputs[name].shape
        if lacking or array.shape != tuple(dimension(d, dims) for d in shape):
            what = f"has shape ({', '.join(map(str, shape))})" if shape else "is a number"
            raise ArgumentError(f"{name} {what}; the point gives it shape {array.shape}", advice="Give values that fit the program.")
    for name in reads & inputs.keys():
        check_facts(name, program.inputs[name].facts, inputs[name])
    for need in needs_of((n, program.blocks[n].tree) for n in needed_blocks(program, names)):
        need.check(dims)
    return Point(inputs, dims, inputs)


def shaken(program: Computation, point: Point, seed: int, stirred: bool = False) -> Point:
    """The point evaluated again with perturbed rounding; its choices stay as they are.

    Rounding inside of a function is not perturbed, and shows only when what the function is given is: `stirred`, the last digits of the
    inputs change too, of those that are not whole and whose entries are free.
    """
    generator = np.random.default_rng(seed)
    values = dict(point.inputs)
    for name, value in point.inputs.items() if stirred else ():
        if program.inputs[name].facts <= FREE:
            whole = (np.mod(value, 1) == 0) & (np.abs(value) < WHOLE)
            values[name] = np.where(whole, value, value * (1 + ROUNDING * generator.uniform(-1, 1, np.shape(value))))
    for name in program.blocks:
        if name in point.values and not np.any(np.isfinite(point.values[name])):
            values[name] = point.values[name]
        elif name in point.values:
            values[name] = evaluate([program.blocks[name].tree], values, point.dims, generator, point.values)[0]
    return Point(point.inputs, point.dims, values, generator, point.values)


def imaginary_step(moving: Iterable[Array], largest: float = STEP) -> float:
    """The step for values that move: far below each, so that the real parts stay what they are and choices are made as at the point."""
    for value in moving:
        size = np.abs(value)
        if np.ndim(size):
            size = np.min(size, initial=np.inf, where=size > 0)
        if 0 < size < largest / FAR_BELOW:
            largest = FAR_BELOW * float(size)
    return largest


def needed_blocks(program: Computation, names: Sequence[str]) -> list[str]:
    """The blocks that the names depend on, in order."""
    wanted, stack = set(names), list(names)
    while stack:
        block = program.blocks.get(stack.pop())
        for name in block.reads if block else ():
            if name not in wanted:
                wanted.add(name)
                stack.append(name)
    return [n for n in program.blocks if n in wanted]
