"""Windows of a truncated recursion: what an earlier window defines sends nothing back, and a line of noughts and ones says where."""

from __future__ import annotations

from collections.abc import Sequence

from symchain.deriving.recursions.frames import Frames
from symchain.deriving.recursions.pieces import Share
from symchain.functions.spec import FUNCTIONS
from symchain.nouns.families import Clause
from symchain.nouns.names import Names
from symchain.nouns.recursion import CARRY, RangedLine
from symchain.support.linear import Linear
from symchain.tensors.nodes import ONE, ZERO, Tree, add, apply, compare, hadamard, number, scale, where


class Windows:
    """What the members low..high of lines that advance together receive from later steps, in windows of so many steps; None: one window.

    `support.truncation` says which members are held fixed.
    """

    def __init__(self, frames: Frames, names: Names, unit: Sequence[Clause], steps: int | None, starts: bool) -> None:
        """`starts`: whether what the starts receive is wanted; they are never held fixed."""
        var, low, high = unit[0].var, unit[0].low, unit[0].high
        assert low is not None and high is not None
        gaps = [r.index.minus(Linear.letter(var)).number or 0 for c in unit for r in c.reads.values() if r.family in {o.name for o in unit}]
        self.starts = starts
        self.reached = starts or min(gaps, default=0) < -1
        """Whether lines are about members that are starts at the shortest lengths, at least."""
        self.frames, self.names, self.var, self.low, self.high, self.steps = frames, names, var, low, high, steps
        self.lines: list[RangedLine] = []
        self.carries: dict[int, str] = {}

    def always_fixed(self, gap: int | None) -> bool:
        """Whether nothing is wanted of what is sent so far back: all of it crosses windows."""
        return not self.starts and self.steps is not None and gap is not None and -gap >= self.steps

    def shares(self, tree: Tree, gap: int) -> list[Share]:
        """What members receive from the steps that read them at the distance `gap`: the formula is about the member."""
        low, high = self.low.plus(gap), self.high.plus(gap)
        if self.steps is None or gap >= 0:
            return [Share(low, high, tree, self.var, True)]
        if self.always_fixed(gap):
            return []
        return [Share(low if self.reached else self.low, high, hadamard([self._carry(gap), tree]), self.var, True)]

    def _carry(self, gap: int) -> Tree:
        """0 where what a member receives from steps so much later comes from another window, else 1."""
        here = Linear.letter(self.var)
        if gap not in self.carries:
            assert self.steps is not None
            self.carries[gap] = name = self.names.fresh("kappa" if gap == -1 else f"kappa{-gap}")
            for k in range(gap, 0) if self.reached else ():
                self.lines.append(RangedLine(name, ONE, self.frames.phrase(ONE), (), CARRY, "", self.low.plus(k)))
            left = apply(FUNCTIONS["mod"], add([self.frames.number(self.high), scale(-1, self.frames.number(here))]), number(self.steps))
            ends = compare("==", left, ZERO, True) if gap == -1 else compare("<", left, number(-gap), True)
            tree = ZERO if -gap >= self.steps else where(ends, ZERO, ONE)
            written = self.frames.phrase(tree, (self.var,))
            span = self.var, self.low, self.high.plus(gap)
            self.lines.append(RangedLine(name, tree, written, (), CARRY, "", here, *span))
        return self.frames.member(self.carries[gap], here, ())
