"""The search for points that tell something: inside the domain of a program, and on both sides of each of its choices.

Random draws come first. Where they are not enough, Newton steps move a point into the domain of the function that refused it, or
across the place where a choice (a comparison, a kink, a clip) is made otherwise; the slopes come from complex steps. All of it is
bounded by counts, never by a clock, so that every run finds the same points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np

from symchain.evidence.meanings import Array
from symchain.evidence.points import FREE, UNDEFINED, Point, at, extended, imaginary_step, needed_blocks
from symchain.evidence.sampling import RANGES, SEED, draw, limits_of, sizes_held, within
from symchain.evidence.watching import Watch, watching
from symchain.functions.spec import Interval
from symchain.nouns.computation import Computation, ancestors

ATTEMPTS = 64
FIRST = 16
"""So many draws are made before anything cleverer is tried."""
IDLE, IDLE_ENOUGH = 8, 3
"""So many draws in a row may show nothing new before the search is aimed, and so many where there is enough evidence."""
NEIGHBOURS, NEAR = 6, 0.04
"""So many points are looked for near one that told something, the first so near, each at half the distance of the one before."""
SCALES = (10.0, 0.1, 100.0, 0.01, 1e4, 1e-4, 1e8, 1e-8, 1e16, 1e-16, 1e60, 1e-60)
PAIRED = 6
"""Up to so many choices are looked at in pairs: both sides of one on each side of the other."""
LOOKED_AT = 64
"""Only the first so many choices are crossed on purpose."""
CROSSINGS, CROSSINGS_ENOUGH = 32, 8
PATIENT = 128
REPAIRS = 6
NEWTON = 12
DEPTH, BISECTIONS = 12, 256
COMPONENTS = 24

Inputs = Mapping[str, Array]
Sides = frozenset[tuple[int, int]]
Aim = Callable[[Watch], tuple[Callable[[Watch], Array], Array] | None]
"""What should change: how to read some numbers off a watch, and by how much they should change; None where all is well."""


def points(program: Computation, output: str, reads: Sequence[str] = ()) -> Iterator[Point]:
    """Points where the output has a finite value.

    The blocks that `reads` name get values too, whatever they are: a block that is used in a branch not taken may be undefined.
    """
    return iter(Exploration(program, output, reads))


class Exploration:
    """Points of one program, found one after another; who measures at them says what was looked at and when it is enough."""

    def __init__(self, program: Computation, output: str, reads: Sequence[str] = ()) -> None:
        self.program, self.output = program, output
        self.needed = needed_blocks(program, [output, *reads])
        essential = ancestors(program, output)
        self.essential = [n for n in self.needed if n in essential]
        """What the output is computed from; the other blocks are read, and whether they have a value decides nothing."""
        self.others = [n for n in self.needed if n not in essential]
        self.limits, self.labels = limits_of(program, essential)
        self.sizes = sizes_held(program, self.needed)
        """Sizes for the letters; without any there are no points."""
        self.patience = min(1.0, PATIENT / max(1, len(self.needed)))
        """What is tried costs as many evaluations as the program has blocks: long programs are given fewer."""
        self.drawing, self.moving = np.random.default_rng(SEED), np.random.default_rng(SEED + 1)
        self.found: list[Point] = []
        self.missed: list[tuple[Inputs, Mapping[str, int]]] = []
        self.seen: set[Any] = set()
        self._keys: set[bytes] = set()
        self.idle = 0
        self.enough = False
        """Set from outside: what is missing now is the other sides of choices alone."""
        self.telling: list[Point] = []
        """Filled from outside: the points that told something."""

    # ------------------------------------------------------------ sides

    def look(self, point: Point) -> bool:
        """Whether the point shows a side, or two sides together, that no point before it did; it is remembered."""
        items = _items(point)
        new = not items <= self.seen
        self.idle = 0 if new else self.idle + 1
        self.seen |= items
        return new

    def complete(self, point: Point) -> bool:
        """Whether both sides of every choice were looked at."""
        return all((k, s) in self.seen for k in range(point.choices) for s in (1, -1))

    # ------------------------------------------------------------ phases

    def __iter__(self) -> Iterator[Point]:
        yield from self._draws(0, FIRST)
        if not self.enough and not self.found:
            yield from self._repairs(self.missed[:REPAIRS])
        for phase in (self._crossings, self._between, self._around, self._scaled, self._around):
            yield from phase()
            if self.enough:
                return
        self.idle = -ATTEMPTS
        yield from self._draws(FIRST, ATTEMPTS)

    def _draws(self, start: int, stop: int) -> Iterator[Point]:
        for attempt in range(start, stop):
            pick = RANGES[attempt] if attempt < len(RANGES) else None
            yield from self._drawn(attempt, pick)
            if self.idle >= (IDLE_ENOUGH if self.enough else IDLE):
                return

    def drafts(self, picks: Sequence[int]) -> Iterator[tuple[Inputs, Mapping[str, int]]]:
        """Values for the inputs drawn from some of the stretches, without a look at what the program makes of them."""
        for k in picks if self.sizes else ():
            yield self._draft(k, RANGES[k])

    def drawn(self, picks: Sequence[int]) -> Iterator[Point]:
        """Points drawn from some of the stretches, at little cost; moved into the domain where none lies in it."""
        for k in picks:
            yield from self._drawn(k, RANGES[k])
        if not self.found:
            yield from self._repairs(self.missed[:1])

    def _around(self) -> Iterator[Point]:
        """Points near the last that told something."""
        for point in self.telling[-1:]:
            for k in range(NEIGHBOURS):
                inputs = dict(point.inputs)
                for name, value in point.inputs.items():
                    if self.is_free(name):
                        moved = np.asarray(value) * (1 + NEAR / 2**k * self.moving.uniform(-1, 1, np.shape(value)))
                        inputs[name] = moved if np.ndim(value) else float(f"{float(moved):.4g}")
                near = self._at(inputs, point.dims)
                if near is not None:
                    yield from self._fresh(near)

    def _scaled(self) -> Iterator[Point]:
        """Draws from wider and narrower stretches."""
        for k, scale in enumerate(SCALES):
            before = len(self.missed)
            yield from self._drawn(k, [scale * end for end in RANGES[0]])
            yield from self._drawn(k, [scale * end for end in RANGES[1]])
            if not self.found:
                yield from self._repairs(self.missed[before : before + 1])

    def _draft(self, attempt: int, pick: Sequence[float] | None) -> tuple[Inputs, Mapping[str, int]]:
        dims = self.sizes[attempt % len(self.sizes)]
        inputs: dict[str, Array] = {}
        taken: set[float] = set()
        for variable in self.program.inputs.values():
            chosen = RANGES[int(self.drawing.integers(len(RANGES)))] if pick is None else pick
            stretches = within(chosen, self.limits.get(variable.name))
            inputs[variable.name] = draw(variable, dims, self.drawing, stretches, variable.name in self.labels, taken)
        return inputs, dims

    def _drawn(self, attempt: int, pick: Sequence[float] | None) -> Iterator[Point]:
        if not self.sizes:
            return
        inputs, dims = self._draft(attempt, pick)
        point = self._at(inputs, dims)
        if point is None:
            self.missed.append((inputs, dims))
        else:
            yield from self._fresh(point)

    def _repairs(self, missed: Sequence[tuple[Inputs, Mapping[str, int]]]) -> Iterator[Point]:
        """Points moved into the domain."""
        for inputs, dims in missed:
            point = self._steered(inputs, dims, _into_domain, max(1, int(self.patience * COMPONENTS)))
            if point is not None:
                yield from self._fresh(point)

    def _crossings(self) -> Iterator[Point]:
        """Points moved to the other side of a choice, where that shows something new."""
        tried = 0
        for point in self.found:  # grows on the way
            for k, side in product(range(min(point.choices, LOOKED_AT)), (1, -1)):
                if tried >= self.patience * (CROSSINGS_ENOUGH if self.enough else CROSSINGS):
                    return
                if (k, side) not in point.sides and self._would_be_new(point, k, side):
                    tried += 1
                    moved = self._steered(point.inputs, point.dims, _across(k, side), 1)
                    if moved is not None:
                        yield from self._fresh(moved)

    def _would_be_new(self, point: Point, k: int, side: int) -> bool:
        if point.choices > PAIRED:
            return (k, side) not in self.seen
        return not _combined(frozenset({*point.sides, (k, side)} - {(k, -side)}), point.choices) <= self.seen

    def _between(self) -> Iterator[Point]:
        """Points between two others on whose way a choice is made that neither of them makes."""
        alike = [p for p in self.found if p.dims == self.found[0].dims][:6]
        pending = [(p, q, DEPTH) for p, q in combinations(alike, 2) if p.sides != q.sides]
        for _ in range(int(self.patience * BISECTIONS)):
            if not pending:
                return
            left, right, depth = pending.pop()
            halves = {n: (v + right.inputs[n]) / 2 if self.is_free(n) else v for n, v in left.inputs.items()}
            inputs = {n: v if np.ndim(v) else float(f"{float(v):.6g}") for n, v in halves.items()}
            middle = self._at(inputs, left.dims)
            if middle is None or not depth:
                continue
            if middle.sides not in (left.sides, right.sides):
                yield from self._fresh(middle)
            pending.extend((a, b, depth - 1) for a, b in ((left, middle), (middle, right)) if a.sides != b.sides)

    # ------------------------------------------------------------ points

    def _fresh(self, point: Point) -> Iterator[Point]:
        """The point, unless it was found before."""
        key = b"".join(np.asarray(v, float).tobytes() for v in point.inputs.values())
        if key not in self._keys:
            self._keys.add(key)
            self.found.append(point)
            yield point

    def surveyed(self, point: Point) -> Point | None:
        """A point from elsewhere with its sides; None where the output has no value."""
        return self._at(point.inputs, point.dims)

    def _at(self, inputs: Inputs, dims: Mapping[str, int]) -> Point | None:
        return self._watched(inputs, dims)[0]

    def _watched(self, inputs: Inputs, dims: Mapping[str, int]) -> tuple[Point | None, Watch]:
        """The point with these inputs, None where the output has no value there, and what was met on the way."""
        with watching() as watch:
            try:
                point = at(self.program, self.essential, inputs, dims)
            except UNDEFINED:
                return None, watch
        if not np.all(np.isfinite(point.values[self.output])):
            return None, watch
        sides = frozenset((k, s) for k, c in enumerate(watch.choices) for s in (1, -1) if np.any(s * np.real(c) > 0))
        if self.others:
            point = extended(self.program, point, self.others)
        return Point(point.inputs, point.dims, point.values, sides=sides, choices=len(watch.choices)), watch

    # ------------------------------------------------------------ moves

    def is_free(self, name: str) -> bool:
        """Whether an input may be moved without losing what is declared of it."""
        facts = self.program.inputs[name].facts
        return name not in self.labels and facts <= FREE

    def _steered(self, inputs: Inputs, dims: Mapping[str, int], aim: Aim, width: int) -> Point | None:
        """The point after Newton steps along some directions, when the aim is met where the output has a value."""
        with np.errstate(all="ignore"):
            return self._newton(inputs, dims, aim, width)

    def _newton(self, inputs: Inputs, dims: Mapping[str, int], aim: Aim, width: int) -> Point | None:
        for _ in range(NEWTON):
            point, watch = self._watched(inputs, dims)
            goal = aim(watch)
            if goal is None:
                return None if point is None else self._tidied(point, aim)
            read, change = goal
            directions = self._directions(inputs, width)
            if not directions:
                return None
            columns = []
            for direction in directions:
                step = imaginary_step(inputs[n] for n in direction)
                moved = {n: v + 1j * step * direction[n] if n in direction else v for n, v in inputs.items()}
                try:
                    columns.append(np.ravel(np.imag(read(self._watched(moved, dims)[1]))) / step)
                except IndexError:
                    return None
            slopes = np.stack(columns, axis=1)
            if not np.all(np.isfinite(slopes)) or not np.any(slopes):
                return None
            lengths = np.linalg.lstsq(slopes, np.ravel(change), rcond=1e-12)[0]
            move = {n: sum(t * d[n] for t, d in zip(lengths, directions, strict=True)) for n in directions[0]}
            inputs = {n: self._moved(n, v, move[n]) if n in move else v for n, v in inputs.items()}
        return None

    def _directions(self, inputs: Inputs, width: int) -> list[dict[str, Array]]:
        """Ways to move the free inputs: each component alone where they are few enough, else at random."""
        free = {n: np.shape(v) for n, v in inputs.items() if self.is_free(n)}
        count = sum(int(np.prod(s)) for s in free.values())
        if count > width:
            return [{n: self.moving.uniform(-1, 1, s) for n, s in free.items()} for _ in range(width)]
        rows = np.eye(count)
        cuts = np.cumsum([int(np.prod(s)) for s in free.values()])[:-1]
        return [{n: np.reshape(part, s) for (n, s), part in zip(free.items(), np.split(row, cuts), strict=True)} for row in rows]

    def _moved(self, name: str, value: Array, step: Array) -> Array:
        facts = self.program.inputs[name].facts
        moved = np.asarray(value + step, float)
        if facts:
            moved = np.where(moved <= 0, np.asarray(value) / 2, moved)
        if "unit" in facts:
            moved = np.where(moved >= 1, (1 + np.asarray(value)) / 2, moved)
        return moved if np.ndim(value) else float(moved)

    def _tidied(self, point: Point, aim: Aim) -> Point:
        """The point with as few digits as do the same: it may be printed."""
        for digits in (2, 3, 4, 6):
            short = {n: v if np.ndim(v) or not self.is_free(n) else float(f"{float(v):.{digits}g}") for n, v in point.inputs.items()}
            other, watch = self._watched(short, point.dims)
            if other is not None and aim(watch) is None:
                return other
        return point


def _combined(sides: Sides, choices: int) -> frozenset[Any]:
    return sides if choices > PAIRED else sides | {frozenset(pair) for pair in combinations(sides, 2) if pair[0][0] != pair[1][0]}


def _items(point: Point) -> frozenset[Any]:
    return _combined(point.sides, point.choices)


# ---------------------------------------------------------------- aims


def _into_domain(watch: Watch) -> tuple[Callable[[Watch], Array], Array] | None:
    """The first argument outside the interval that is asked of it, brought just inside."""
    for k, (value, interval) in enumerate(watch.edges):
        change = _inwards(np.real(value), interval)
        if np.any(change):

            def read(other: Watch, k: int = k) -> Array:
                return other.edges[k][0]

            return read, change
    return None


def _inwards(value: Array, interval: Interval) -> Array:
    """What to add to a value to bring it into the interval: a tenth of the way further than its end."""

    def beyond(distance: Array) -> Array:
        return distance + np.minimum(0.1 * distance + 1e-6 * np.maximum(1, np.abs(value)), 0.3 * (interval.high - interval.low))

    low = np.where(value <= interval.low, beyond(interval.low - value), 0.0) if np.isfinite(interval.low) else np.zeros(np.shape(value))
    return low - np.where(value >= interval.high, beyond(value - interval.high), 0.0) if np.isfinite(interval.high) else low


def _across(k: int, side: int) -> Aim:
    """An element of choice k brought to a side: the one nearest to it."""

    def aim(watch: Watch) -> tuple[Callable[[Watch], Array], Array] | None:
        if len(watch.choices) <= k:
            return (lambda other: other.choices[k]), np.zeros(1)  # nothing to be read: the search ends
        values = np.ravel(np.real(watch.choices[k]))
        if np.any(side * values > 0):
            return None
        nearest = int(np.argmin(np.where(np.isfinite(values), np.abs(values), np.inf)))
        change = side * (1.3 * np.abs(values[nearest]) or 1e-3)
        return (lambda other: np.ravel(other.choices[k])[nearest]), np.atleast_1d(change)

    return aim
