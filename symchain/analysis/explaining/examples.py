"""Examples in numbers: one variable is moved a little, and what happens is told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from symchain.analysis.explaining.words import LISTED, named, say
from symchain.errors import ArgumentError, SymchainError
from symchain.evidence.evaluation import evaluate
from symchain.evidence.exploration import points
from symchain.evidence.points import Point, needed_blocks
from symchain.kernels.arguments import real_numbers
from symchain.kernels.facts import Kind, check_facts, of_kind
from symchain.kernels.kernel import Input
from symchain.nouns.computation import Computation, ancestors, dependents
from symchain.support.dimensions import evaluate as dimension
from symchain.support.document import Field, Fixed, Formula, Members, Quantity, Relation, Say
from symchain.support.notation import Phrase, name, number
from symchain.tensors.needs import needs_of
from symchain.tensors.nodes import Tree, leaves

STEP = 0.01
ENTRIES = 24
"""So many entries are tried for one that moves something."""
_SMALL = 4
"""Arrays of up to so many entries are printed."""
_STRUCTURED = of_kind(Kind.EQUATION, Kind.ENTRIES, Kind.WHOLE)
"""Facts that an array loses when a single entry of it moves."""


def point_for(program: Computation, output: str, at: Mapping[str, Any] | None) -> Point | None:
    """The point given, or one where the output has a finite value; None where there is no such point.

    A block the output reads may be given instead of what it is computed from. Raises ArgumentError for what is missing or unknown.
    """
    if at is None:
        try:
            return next(points(program, output), None)
        except SymchainError:  # functions known by name alone have no values
            return None
    return _given(program, output, at)


def _given(program: Computation, output: str, at: Mapping[str, Any]) -> Point | None:
    values: dict[str, Any] = {}
    dims: dict[str, int] = {d: int(at[d]) for d in program.dimensions if d in at}
    for given, value in at.items():
        if given in program.dimensions and given not in program.inputs:
            continue
        if given not in program.inputs and given not in program.blocks:
            raise ArgumentError(
                f"there is no {given} in the program", advice=f"Names: {', '.join([*program.inputs, *program.blocks][:12])}."
            )
        shape = (program.inputs.get(given) or program.blocks[given]).shape
        array = np.asarray(real_numbers(value, Input(given, shape)), float)
        if array.ndim != len(shape):
            raise ArgumentError(f"{given} has {len(shape)} axes, its value has {array.ndim}", advice="Give an array of its shape.")
        for d, size in zip(shape, array.shape, strict=True):
            if isinstance(d, str) and d.isidentifier():
                dims.setdefault(d, size)
        if tuple(dimension(d, dims) for d in shape) != array.shape:
            raise ArgumentError(
                f"the value of {given} has shape {array.shape}, which does not fit the others", advice="Give arrays that fit together."
            )
        if given in program.inputs:
            check_facts(given, program.inputs[given].facts, array)
        values[given] = float(array) if not shape else array
    inputs = dict(values)
    computed = _needed(program, output, values)
    for need in needs_of((b, program.blocks[b].tree) for b in computed):
        need.check(dims)
    for block in computed:
        lacking = [r for r in program.blocks[block].reads if r not in values]
        if lacking:
            raise ArgumentError(
                f"the point has no value for {', '.join(lacking[:6])}", advice=f"Give {lacking[0]} as well, as in {lacking[0]}=1.5."
            )
        try:
            values[block] = evaluate([program.blocks[block].tree], values, dims)[0]
        except SymchainError:
            return None
    return Point(inputs, dims, values)


def _needed(program: Computation, output: str, given: Mapping[str, Any]) -> list[str]:
    """The blocks to compute for an output, in order, where some values are given."""
    wanted, stack = {output}, [output]
    while stack:
        for read in program.blocks[stack.pop()].reads:
            if read in program.blocks and read not in given and read not in wanted:
                wanted.add(read)
                stack.append(read)
    return [b for b in program.blocks if b in wanted]


def example(
    program: Computation, output: str, wrt: str, slope: Sequence[tuple[str, Tree]], at: Mapping[str, Any] | None, local: bool = True
) -> tuple[list[Say], Point | None]:
    """What a small move of one variable, or of one entry of it, does to the output; and the point where.

    `slope` holds the lines of the derivative, the last one the derivative itself. Locally the output's other names stay as they
    are; else everything between is computed again.
    """
    facts = program.inputs[wrt].facts if wrt in program.inputs else frozenset()
    point = point_for(program, output, at)
    if point is None or wrt not in point.values or output not in point.values or facts & _STRUCTURED:
        return [], point
    moving = dependents(program, wrt)
    between = [output] if local else [b for b in needed_blocks(program, [output]) if b in moving and b != wrt]
    for entry, step in _moves(point.values[wrt]):
        moved = _moved(program, point, wrt, entry, step, between)
        before, after = np.asarray(point.values[output], float), np.asarray(moved, float)
        if before.shape != after.shape or not np.all(np.isfinite(after)) or not np.all(np.isfinite(before)):
            continue
        change = after - before
        if np.any(np.abs(change) > 1e-9):
            return _told(program, output, wrt, entry, step, before, after, slope, point), point
    return [], point


def _moves(value: Any) -> Iterator[tuple[tuple[int, ...], float]]:
    array = np.asarray(value, float)
    for entry in islice(np.ndindex(array.shape), ENTRIES):
        size = abs(float(array[entry]))
        if not math.isfinite(size):
            continue
        if 0 < size < STEP:
            yield entry, 10.0 ** (math.floor(math.log10(size)) - 1)
        else:
            yield entry, STEP if size < 10 else STEP * 10.0 ** math.floor(math.log10(size))


def _moved(program: Computation, point: Point, wrt: str, entry: tuple[int, ...], step: float, between: list[str]) -> Any:
    values = dict(point.values)
    array = np.array(values[wrt], float)
    array[entry] += step
    values[wrt] = array if entry else float(array)
    for block in between:
        values[block] = evaluate([program.blocks[block].tree], values, point.dims)[0]
    return values[between[-1]]


def _told(
    program: Computation,
    output: str,
    wrt: str,
    entry: tuple[int, ...],
    step: float,
    before: Any,
    after: Any,
    slope: Sequence[tuple[str, Tree]],
    point: Point,
) -> list[Say]:
    change = after - before
    where = np.unravel_index(int(np.argmax(np.abs(change))), change.shape) if change.shape else ()
    delta, start = float(change[where]), float(np.asarray(before)[where])
    ratio = delta / step
    exact: float | None
    try:
        found = _slope(program, slope, point)
        exact = float(np.broadcast_to(found, (*np.shape(before), *np.shape(point.values[wrt])))[(*where, *entry)])
    except (SymchainError, ValueError, KeyError):  # a name that the point does not give
        exact = None
    straight = exact is None or abs(ratio - exact) <= 1e-6 * max(1.0, abs(ratio))
    variable, block = _element(wrt, entry), _element(output, tuple(map(int, where)))
    places = _places(start, delta)
    fields: dict[str, Field] = {"block": block, "from_to": _from_to(start, start + delta, places)}
    if straight and abs(abs(ratio) - 1) < 1e-9:
        fields["change"] = say("change_equal" if ratio > 0 else "change_opposite", wrt=variable)
    elif straight or exact is None:
        fields["change"] = say(
            "change", change=Fixed(delta, places), ratio=_significant(exact if exact is not None else ratio, 4), wrt=variable
        )
    elif f"{ratio:.4g}" == f"{exact:.4g}":
        fields["change"] = say("change_near", change=Fixed(delta, places), ratio=_significant(ratio, 3), wrt=variable)
    else:
        fields["change"] = say(
            "change_about", change=Fixed(delta, places), ratio=_significant(ratio, 3), wrt=variable, slope=_significant(exact, 4)
        )
    moved = say("moves", **fields)
    if change.shape:
        count = int(np.sum(np.abs(change) > 1e-12))
        array: dict[str, Field] = {"total": str(change.size), "array": named(output)}
        if count == change.size > 1:
            moved = say("moves_all", **array, **fields)
        elif change.size > 1:
            moved = say("moves_one", **array, **fields) if count == 1 else say("moves_some", count=str(count), **array, **fields)
    value = float(np.asarray(point.values[wrt], float)[entry])
    mover: Field = say("counted", element=variable) if entry else variable
    from_to = _from_to(value, value + step, max(2, _own_places(value), round(-math.log10(step))) if step < 1 else _own_places(value))
    values = _values(program, output, wrt, point)
    if values:
        return [say("example", values=Members(tuple(values)), wrt=mover, from_to=from_to, moved=moved)]
    return [say("example_bare", wrt=mover, from_to=from_to, moved=moved)]


def _slope(program: Computation, lines: Sequence[tuple[str, Tree]], point: Point) -> Any:
    """The value of the last line, with those of the lines and blocks that it mentions."""
    values = dict(point.values)
    own = {line for line, _ in lines}
    missing = [leaf.name for _, tree in lines for leaf in leaves(tree) if leaf.name not in values and leaf.name not in own]
    for block in needed_blocks(program, missing) if missing else ():
        if block not in values:
            values[block] = evaluate([program.blocks[block].tree], values, point.dims)[0]
    for line, tree in lines:
        values[line] = evaluate([tree], values, point.dims)[0]
    return values[lines[-1][0]]


def _from_to(before: float, after: float, places: int) -> Say:
    return say("from_to", before=Fixed(before, places), after=Fixed(after, places))


def _element(array: str, entry: tuple[int, ...]) -> Formula:
    return Formula(Phrase("entry", (name(array), *(number(k + 1) for k in entry)))) if entry else named(array)


def _values(program: Computation, output: str, wrt: str, point: Point) -> list[Relation]:
    """The numbers that stay fixed, as far as they are few."""
    block = program.blocks[output]
    reads = block.reads if wrt in block.reads else [n for n in program.inputs if n in ancestors(program, output)]
    sizes = {r: np.size(point.values[r]) if np.ndim(point.values[r]) < 2 else _SMALL + 1 for r in reads if r in point.values}
    fixed = [r for r in sizes if r != wrt]
    if any(sizes[r] > _SMALL for r in fixed) or len(fixed) > LISTED:
        fixed = []
    shown = [r for r in sizes if r in fixed or (r == wrt and np.shape(point.values[r]) and sizes[r] <= _SMALL)]
    return [Relation((named(r), Quantity(point.values[r], 4))) for r in shown]


def _own_places(value: float) -> int:
    """The decimals a number is written with, up to three."""
    return next((k for k in range(3) if abs(round(value, k) - value) < 1e-12), 3)


def _places(start: float, change: float) -> int:
    """Decimals that show a change: exactly where few are enough, else to three digits."""
    for k in range(2, 6):
        if abs(round(change, k) - change) < 1e-9 * max(1.0, abs(change)) and round(change, k):
            return k
    return min(12, max(2, 2 - math.floor(math.log10(abs(change)))))


def _significant(value: float, digits: int) -> Field:
    return Quantity(value, digits)
