"""What is known of one question whatever is claimed: its points, the derivative there, and the wrong derivatives that mistakes give.

One claim makes as much of it as it needs; the claims that follow find it made.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np

from symchain.analysis.checking.slopes import FROZEN
from symchain.evidence.decision import Sharp
from symchain.evidence.exploration import points
from symchain.evidence.meanings import Array
from symchain.evidence.points import UNDEFINED, Point, shaken
from symchain.evidence.verification import is_on_kink
from symchain.nouns.computation import Computation
from symchain.tensors.nodes import Tree

STEADY = 1e-10
"""A point where other last digits change the derivative by more than this part of it tells floats nothing."""
_LARGEST = 2**20
"""Arrays of more entries than this are not compared."""
MEMORY = 4096
"""So many rows are remembered."""

Item = TypeVar("Item")


class Replayed(Generic[Item]):
    """What an iterator gives, as often as it is asked for; made once, as far as it was asked for.

    >>> squares = Replayed(n * n for n in range(3))
    >>> next(iter(squares)), list(squares), list(squares)
    (0, [0, 1, 4], [0, 1, 4])
    """

    def __init__(self, source: Iterator[Item]) -> None:
        self._source, self._made = source, list[Item]()

    def __iter__(self) -> Iterator[Item]:
        k = 0
        while True:
            if k == len(self._made):
                try:
                    self._made.append(next(self._source))
                except StopIteration:
                    return
            yield self._made[k]
            k += 1


class Looked:
    """One point, and what was found there."""

    def __init__(self, ground: Ground, point: Point) -> None:
        self.ground, self.point = ground, point

    @cached_property
    def truth(self) -> Array | None:
        """The derivative, where it is finite."""
        value = value_at(self.point, self.ground.truth)
        return None if value is None or not np.all(np.isfinite(value)) else value

    @cached_property
    def on_kink(self) -> bool:
        return is_on_kink(self.ground.program, self.ground.output, self.point)

    @cached_property
    def steady(self) -> bool:
        """Whether other last digits leave the derivative what it is."""
        value = self.truth
        assert value is not None
        try:
            again = value_at(shaken(self.ground.program, self.point, 0), self.ground.truth)
        except UNDEFINED:
            return False
        if again is None or again.shape != value.shape or not np.all(np.isfinite(again)):
            return False
        return bool(np.max(np.abs(again - value), initial=0.0) <= STEADY * np.max(np.abs(value), initial=0.0))

    @cached_property
    def sharp(self) -> Sharp:
        """The point with many digits."""
        return Sharp(self.ground.program, self.point)


class Ground:
    """The points of one question, and what claims about it are compared with."""

    def __init__(self, program: Computation, output: str, truth: Tree) -> None:
        self.program, self.output, self.truth = program, output, truth
        self._points: dict[tuple[str, ...], Replayed[Looked]] = {}
        self._made: dict[Any, Replayed[Any]] = {}
        self._assuming: dict[Hashable, Ground] = {}
        self.rows: dict[tuple[Tree, tuple[int, ...]], Array] = {}
        """Values of what claims are compared with, at some of the points."""

    def points(self, reads: Sequence[str]) -> Replayed[Looked]:
        """The points, in the order in which they are found; the blocks that `reads` names have values there."""
        key = tuple(reads)
        if key not in self._points:
            self._points[key] = Replayed(Looked(self, p) for p in points(self.program, self.output, reads))
        return self._points[key]

    def made(self, key: Hashable, make: Callable[[], Iterator[Item]]) -> Replayed[Item]:
        """What is made once for all claims, by what it is called."""
        if key not in self._made:
            self._made[key] = Replayed(make())
        return self._made[key]

    def assuming(self, what: Hashable, make: Callable[[], Ground]) -> Ground:
        """The same question where something is declared that is not."""
        if what not in self._assuming:
            self._assuming[what] = make()
        return self._assuming[what]


def value_at(point: Point, tree: Tree, changed: Any = None) -> Array | None:
    """The value of a tree over the program's names and their frozen counterparts; None where it has none. `changed` lets some names
    have the value of others."""
    environment = dict(point.values)
    environment.update({FROZEN + name: value for name, value in point.values.items()})
    environment.update({name: environment[other] for name, other in (changed or {}).items()})
    try:
        value = np.asarray(point.evaluate([tree], environment)[0], float)
    except (*UNDEFINED, KeyError):
        return None
    return value if value.size <= _LARGEST else None
