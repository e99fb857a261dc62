"""Checkpoints: loops whose way back keeps few steps in memory, and works out the others again.

The schedule is the binomial one of treeverse and revolve (Griewank 1992; Griewank and Walther 2000): with c kept states and every step
advanced at most r times, binomial(c + r, c) steps can be reversed, and no schedule advances fewer steps in all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import comb, isqrt
from typing import Any, Protocol

import numpy as np

from symchain.errors import ArgumentError
from symchain.kernels.lengths import Members
from symchain.kernels.stages import Stage
from symchain.support.linear import Linear

Action = tuple[str, int, int]
"""("save", at, start): advance from a kept state to another, and keep it; ("back", at, start): advance, work `at` out again, reverse it;
("drop", at, 0)."""


def split(steps: int, slots: int) -> int:
    """Where the next state is kept, of `steps` that are to be reversed from a kept state with `slots` to spare."""
    kept, again = slots + 1, 0
    while comb(kept + again, kept) < steps:
        again += 1
    return max(1, min(comb(kept + again - 1, kept), steps - comb(kept + again - 2, kept - 1))) if again > 1 else 1


def schedule(steps: int, slots: int) -> Iterator[Action]:
    """The actions that reverse a number of steps, of which the state before the first is there.

    >>> list(schedule(3, 1))
    [('save', 1, 0), ('back', 2, 1), ('back', 1, 1), ('drop', 1, 0), ('back', 0, 0)]
    """
    pending: list[tuple[str, int, int, int]] = [("sweep", 0, steps, slots)]
    while pending:
        kind, a, b, free = pending.pop()
        if kind == "drop":
            yield "drop", a, 0
        elif b - a == 1 or not free:
            for k in range(b - 1, a - 1, -1):
                yield "back", k, a
        else:
            middle = a + split(b - a, free)
            yield "save", middle, a
            pending += [("sweep", a, middle, free), ("drop", middle, 0, 0), ("sweep", middle, b, free - 1)]


def check_checkpoint(value: Any) -> None:
    """Raises ArgumentError for what is no way to keep checkpoints."""
    slots = isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 1
    if value is not None and value != "sqrt" and not slots:
        raise ArgumentError(f"checkpoint={value!r} is not known", advice='Write checkpoint="sqrt", or a number of states: checkpoint=8.')


@dataclass
class Group:
    """Stages that run through one range together: none reads a later step of another."""

    stages: list[Stage] = field(default_factory=list)
    back: dict[str, int] = field(default_factory=dict)
    """How many steps back a family of the group is read within it."""
    kept: set[str] = field(default_factory=set)
    """Families whose members are read elsewhere at indices that move, or are asked for."""
    single: dict[str, list[Linear]] = field(default_factory=dict)
    """Members that are read elsewhere by an index of their own."""

    @property
    def families(self) -> set[str]:
        return {t.name for s in self.stages if s.kind == "range" for t in s.targets}

    @property
    def names(self) -> set[str]:
        return {t.name for s in self.stages for t in s.targets}


def grouped(stages: Sequence[Stage], asked: set[str]) -> list[Stage | Group]:
    """The stages in order, ranges and sums that can advance together as groups; what no group needs first stands before it."""
    found: list[Stage | Group] = []
    group: Group | None = None
    for stage in stages:
        if group is not None and stage.once and not _reads(stage) & group.names:
            found.insert(len(found) - 1, stage)
        elif stage.kind not in ("range", "sum"):
            group = None
            found.append(stage)
        else:
            if group is None or not _joins(stage, group):
                group = Group()
                found.append(group)
            group.stages.append(stage)
    for part in found:
        if isinstance(part, Group):
            _settle(part, stages, asked)
    return found


def _reads(stage: Stage) -> set[str]:
    return {a.name for a in stage.forward.arguments}


def _joins(stage: Stage, group: Group) -> bool:
    for a in stage.forward.arguments:
        if a.name in group.names:
            gap = a.index.minus(Linear.letter(stage.var)).number if a.kind == "member" else None
            if gap is None or gap > 0 or a.name not in group.families:
                return False
    return True


def _settle(group: Group, stages: Sequence[Stage], asked: set[str]) -> None:
    """What of a group must be there later."""
    own = group.families
    inside = {id(s) for s in group.stages}
    group.kept = own & asked
    for s in stages:
        for a in s.forward.arguments:
            if a.name not in own or a.kind != "member":
                continue
            gap = a.index.minus(Linear.letter(s.var)).number if s.var else None
            if id(s) in inside and gap is not None:
                group.back[a.name] = max(group.back.get(a.name, 0), -gap)
            elif s.var and a.index.slope(s.var):
                group.kept.add(a.name)
            else:
                group.single.setdefault(a.name, []).append(a.index)


class Walk(Protocol):
    """What a group is run by: it keeps the members, and works steps out."""

    members: dict[str, dict[int, Any]]
    given: Members

    def span(self, stage: Stage) -> range: ...
    def advance(self, stage: Stage, steps: range, again: bool = False) -> None: ...
    def add(self, stage: Stage, steps: range, first: bool) -> None: ...
    def reverse(self, stage: Stage, steps: range) -> None: ...
    def forget(self, name: str, indices: Sequence[int]) -> None: ...
    def restore(self, name: str, members: Mapping[int, Any]) -> None: ...


class Rolling:
    """A group on its way: it keeps a block of steps at a time, and states from which the others are worked out again."""

    def __init__(self, run: Walk, group: Group, checkpoint: Any) -> None:
        self.run, self.group = run, group
        spans = [run.span(s) for s in group.stages]
        filled = [s for s in spans if len(s)]
        self.first = min((s.start for s in filled), default=0)
        self.last = max((s.stop for s in filled), default=self.first)
        steps = self.last - self.first
        self.block = max(1, isqrt(max(0, steps - 1)) + 1) if checkpoint == "sqrt" else 1
        self.blocks = max(1, -(-steps // self.block))
        self.actions = schedule(self.blocks, self.blocks - 1 if checkpoint == "sqrt" else min(int(checkpoint), self.blocks - 1))
        self.spans = dict(zip(map(id, group.stages), spans, strict=True))
        numbers = run.given.numbers
        self.always = {n: {i.value(numbers) for i in indices} for n, indices in group.single.items()}
        self.states: dict[int, Mapping[str, Mapping[int, Any]]] = {}
        self.advanced = 0
        """Blocks that were worked out, the first time included."""

    def forward(self) -> None:
        """The values, and the states that the way back begins with."""
        at = 0
        for kind, place, _ in self.actions:
            self._advance(at, place, first=True)
            at = place
            if kind == "back":
                self._work_out(place, first=True)
                return
            self._save(place)

    def backward(self) -> None:
        self._reverse(self.blocks - 1)
        for kind, place, start in self.actions:
            if kind == "drop":
                del self.states[place]
                continue
            self._restore(start)
            self._advance(start, place)
            if kind == "save":
                self._save(place)
            else:
                self._work_out(place)
                self._reverse(place)

    def _bounds(self, block: int) -> tuple[int, int]:
        low = self.first + block * self.block
        return low, min(low + self.block, self.last)

    def _inside(self, stage: Stage, block: int) -> range:
        low, high = self._bounds(block)
        span = self.spans[id(stage)]
        return range(max(low, span.start), max(max(low, span.start), min(high, span.stop)))

    def _advance(self, start: int, stop: int, first: bool = False) -> None:
        for block in range(start, stop):
            self._work_out(block, first)
            self._forget(self._bounds(block)[1])

    def _work_out(self, block: int, first: bool = False) -> None:
        self.advanced += 1
        for stage in self.group.stages:
            if stage.kind == "range":
                self.run.advance(stage, self._inside(stage, block), again=not first)
            elif first:
                self.run.add(stage, self._inside(stage, block), self._bounds(block)[0] == self.first)

    def _reverse(self, block: int) -> None:
        for stage in reversed(self.group.stages):
            if stage.backward is not None:
                self.run.reverse(stage, self._inside(stage, block))
        self._forget(self._bounds(block)[0])

    def _forget(self, end: int) -> None:
        """Let go of members that no later step reads."""
        for n in self.group.families - self.group.kept:
            always = self.always.get(n, set())
            own, near = self._made(n), range(end - self.group.back.get(n, 0), end)
            self.run.forget(n, [k for k in self.run.members[n] if k in own and k not in always and k not in near])

    def _made(self, name: str) -> range:
        return next(self.spans[id(s)] for s in self.group.stages if any(t.name == name for t in s.targets))

    def _save(self, block: int) -> None:
        end = self._bounds(block)[0]
        found: dict[str, dict[int, Any]] = {}
        for n, back in self.group.back.items():
            if n not in self.group.kept:
                made, members = self._made(n), self.run.members[n]
                found[n] = {k: np.array(members[k]) for k in range(end - back, end) if k in made}
        self.states[block] = found

    def _restore(self, block: int) -> None:
        self._forget(self.first)  # every member that is not always kept
        for n, members in self.states.get(block, {}).items():
            self.run.restore(n, members)
