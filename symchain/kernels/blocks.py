"""Blocks of steps on their way: what is worked out for many steps together is gathered, and given back to the members one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import repeat
from typing import Any, Protocol

import numpy as np

from symchain.errors import SymchainError
from symchain.kernels.lengths import Members
from symchain.kernels.stages import Argument, Code, Stage
from symchain.kernels.together import Part, Split

FEWEST, MOST = 8, 512
"""Steps that are worth gathering, and steps at most."""
ELEMENTS = 1 << 16
"""Numbers that a block holds at most: half a megabyte, whatever the number of steps."""
APART = (KeyError, ValueError, IndexError, SymchainError)


class Walk(Protocol):
    """What a block is run by."""

    plain: dict[str, Any]
    members: dict[str, dict[int, Any]]
    given: Members

    def getter(self, a: Argument, stage: Stage) -> Callable[[int], Any]: ...


def split_of(stage: Stage, code: Code) -> Split | None:
    """The parts of the steps of a stage, forward or back; None where nothing can be worked out together."""
    back = code is stage.backward
    key = (back, stage.kind, stage.var, stage.targets, stage.receivers)
    if key not in code.splits:
        code.splits[key] = _split(stage, code, back)
    return code.splits[key]


def _split(stage: Stage, code: Code, back: bool) -> Split | None:
    own = {t.name for t in stage.targets} if stage.kind == "range" else set()
    count, adjoints = len(code.arguments), range(len(code.arguments), len(code.plan.inputs))
    moving = {k for k, a in enumerate(code.arguments) if a.name in own or (a.kind != "plain" and a.index.slope(stage.var))}
    if back:
        inner = {k for k, a in enumerate(stage.receivers) if a.kind == "member" and a.name in own}
        carried = set(adjoints) if inner else set()
        moving |= set(adjoints) if own else set()
        added = {k for k, a in enumerate(stage.receivers) if a.kind == "plain"}
    else:
        carried = {k for k in range(count) if code.arguments[k].kind == "member" and code.arguments[k].name in own}
        read = {code.arguments[k].name for k in carried}
        inner = {k for k, t in enumerate(stage.targets) if t.name in read}
        added = set()
    found = Split(code.plan, moving, carried, inner, added, exact=not back)
    return found if found.gains else None


def length_of(split: Split, given: Members, steps: int) -> int:
    """How many of the steps are worked out together; 0 where they are few, or arrays so large that nothing is gained."""
    if steps < FEWEST:
        return 0
    length = min(MOST, ELEMENTS // max(1, split.labour(lambda letter: given.size(letter, {}))))
    return length if length >= FEWEST else 0


class Block:
    """Some steps of a stage, forward or back: the values of its plan by their numbers, those that move along axis 0."""

    def __init__(self, run: Walk, stage: Stage, code: Code, split: Split, steps: range) -> None:
        """Raises one of APART where the steps cannot be worked out together."""
        self.run, self.stage, self.code, self.split, self.steps = run, stage, code, split, steps
        self.sizes = tuple(run.given.size(n, {}) for n in code.letters)
        self.values = {k: self._gathered(k) for k in range(len(code.arguments)) if k not in split.carried}
        if split.before is not None:
            self._work_out(split.before, len(steps))

    def advance(self, keep: Callable[[int, int, Any], None]) -> int:
        """Values: each goes to `keep` with the number of its target and its step. How many steps were made before one failed."""
        loop, done = self.split.loop, len(self.steps)
        results: list[Any] = []
        if loop is not None:
            function, last, inner = loop.function, (*self.sizes, np.float64), self.split.carrying
            try:
                for i, given in zip(self.steps, self._columns(loop), strict=False):
                    found = function(*given, *last)
                    for k, value in zip(inner, found, strict=False):
                        keep(k, i, value)
                    results.append(found)
            except (KeyError, ValueError, IndexError):
                done = len(results)
            self._put(loop, results)
        if done and self.split.rest:
            try:
                self._only(range(done))
                for k in self.split.carried & self.split.follows:
                    self.values[k] = self._gathered(k, self.steps[:done])
                rest = list(self._rest(done))
            except APART:
                for k in self.split.carrying:
                    for i in self.steps[:done]:
                        del self.run.members[self.stage.targets[k].name][i]
                return 0
            for k, rows in rest:
                for i, value in zip(self.steps, rows, strict=False):
                    keep(k, i, value)
        return done

    def reverse(self, adjoints: Callable[[int], list[Any] | None], givers: Sequence[Callable[[int, Any], None]]) -> None:
        """The way back: each result goes to its giver, with its step; what is summed with the first."""
        loop, results, received, done = self.split.loop, list[Any](), list[list[Any]](), list[int]()
        count, carried = len(self.code.arguments), bool(self.split.carried)
        if not carried:
            for k, i in enumerate(self.steps):
                own = adjoints(i)
                if own is not None:
                    done.append(k)
                    received.append(own)
            self._receive(received)
            self._only(done)
        if loop is not None and carried:
            function, last, inner = loop.function, (*self.sizes, np.float64), self.split.carrying
            sends = [givers[k] for k in inner]
            taken = [v - count for v in loop.takes if v in self.split.carried]
            for k, (i, given) in enumerate(zip(self.steps, self._columns(loop), strict=False)):
                own = adjoints(i)
                if own is not None:
                    found = function(*given, *(own[j] for j in taken), *last)
                    for send, value in zip(sends, found, strict=False):
                        send(i, value)
                    done.append(k)
                    received.append(own)
                    results.append(found)
            self._only(done)
            self._receive(received)
        elif loop is not None:
            for at, given in zip(done, self._columns(loop), strict=False):
                results.append(loop.function(*given, *self.sizes, np.float64))
                for k, value in zip(self.split.carrying, results[-1], strict=False):
                    givers[k](self.steps[at], value)
        if not done:
            return
        if loop is not None:
            self._put(loop, results)
        for k, rows in self._rest(len(done)):
            if k in self.split.added:
                givers[k](self.steps[0], rows)
            else:
                for at, value in zip(done, rows, strict=False):
                    givers[k](self.steps[at], value)

    def _indices(self, a: Argument, steps: range) -> Sequence[int]:
        slope = a.index.slope(self.stage.var)
        rest = a.index.without(self.stage.var).value(self.run.given.numbers)
        return range(slope * steps.start + rest, slope * steps.stop + rest, slope * steps.step) if slope else [rest] * len(steps)

    def _gathered(self, k: int, steps: range | None = None) -> Any:
        """An argument at all steps."""
        a, steps = self.code.arguments[k], self.steps if steps is None else steps
        if k not in self.split.moving:
            return self.run.getter(a, self.stage)(steps[0])
        indices = self._indices(a, steps)
        if a.kind == "number":
            return np.array(indices, float)
        array = self.run.plain[a.name] if a.kind == "row" else self.run.given.arrays.get(a.name)
        if array is None:
            store = self.run.members.setdefault(a.name, {})
            return self._stacked(k, [store[i] for i in indices])
        first = 0 if a.kind == "row" else self.run.given.first[a.name]
        if min(indices) < first or max(indices) >= first + len(array):
            raise IndexError(a.name)
        if isinstance(indices, range) and indices.step == 1:
            return array[indices.start - first : indices.stop - first]
        return array[[i - first for i in indices]]

    def _stacked(self, value: int, rows: Sequence[Any]) -> Any:
        """Rows as one array, of the shape that a value has in every step."""
        shape = tuple(self.run.given.dimension(d) for d in self.split.shape(value))
        found: Any = None
        with suppress(ValueError):  # where some stand for all entries of an array
            found = np.array(rows)
        return found if np.shape(found) == (len(rows), *shape) else np.array([np.broadcast_to(r, shape) for r in rows])

    def _columns(self, loop: Part) -> Iterator[tuple[Any, ...]]:
        """What the loop takes, step by step, adjoints apart; members that it makes are read when their turn comes."""
        found: list[Any] = []
        for v in loop.takes:
            if v in self.values:
                found.append(list(self.values[v]) if v in self.split.moving else repeat(self.values[v]))
            elif v < len(self.code.arguments):
                a = self.code.arguments[v]
                found.append(map(self.run.members.setdefault(a.name, {}).__getitem__, self._indices(a, self.steps)))
        return zip(*found, strict=False) if found else repeat(())

    def _receive(self, received: Sequence[list[Any]]) -> None:
        """Adjoints of the targets; that of a sum is one for all steps."""
        for j in range(len(self.code.arguments), len(self.code.plan.inputs)):
            if received and (j in self.split.follows or j not in self.split.carried):
                rows = [found[j - len(self.code.arguments)] for found in received]
                self.values[j] = self._stacked(j, rows) if j in self.split.moving else rows[0]

    def _put(self, loop: Part, results: Sequence[tuple[Any, ...]]) -> None:
        """What the loop gave, where it is read after it."""
        for k, v in enumerate(loop.gives):
            if results and v in self.split.follows:
                self.values[v] = self._stacked(v, [r[k] for r in results]) if v in self.split.moving else results[0][k]

    def _only(self, done: Sequence[int]) -> None:
        """The rows of these steps alone."""
        if len(done) < len(self.steps):
            apart = range(len(self.code.arguments), len(self.code.plan.inputs))  # adjoints are there of these steps alone
            moved = {v for v in self.values if v in self.split.moving and v not in apart}
            self.values.update((v, self.values[v][list(done)]) for v in moved)

    def _work_out(self, part: Part, count: int) -> None:
        found = part.function(*(self.values[v] for v in part.takes), *self.sizes, count, np.float64)
        self.values.update(zip(part.gives, found, strict=True))

    def _rest(self, count: int) -> Iterator[tuple[int, Any]]:
        """The results that follow the loop, by their numbers: for each step, or summed."""
        part = self.split.after
        if part is not None:
            found = part.function(*(self.values[v] for v in part.takes), *self.sizes, count, np.float64)
            for k, v, x in zip(self.split.rest, part.gives, found, strict=True):
                yield k, x if k in self.split.added or v in self.split.moving else repeat(x, count)
