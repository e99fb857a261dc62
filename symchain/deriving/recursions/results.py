"""What is asked for: the derivative by a name, by each member of a family, or by one of them, as the last lines of a recursion."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from symchain.deriving.recursions.backward import Backward
from symchain.deriving.recursions.frames import Frames
from symchain.deriving.recursions.pieces import Share
from symchain.deriving.recursions.seeding import continues
from symchain.deriving.recursions.spreading import all_spread, collide, missing
from symchain.language.ordering import linear_of_dim
from symchain.language.wanted import Wanted
from symchain.nouns.computation import Computation
from symchain.nouns.families import Clause
from symchain.nouns.recursion import RangedLine
from symchain.support.dimensions import Shape
from symchain.support.linear import Linear
from symchain.tensors.nodes import Leaf, Tree, leaves, zeros


def recursion_lines(
    program: Computation, output: str, *wanted: Wanted, truncate: int | None = None
) -> tuple[tuple[RangedLine, ...], Frames]:
    """The lines of the derivatives of an output by what is wanted, the derivatives last; of truncated ones, in windows of steps."""
    back = Backward(program, output, wanted, truncate)
    last = [line for w in wanted for line in _Last(back, output, w).lines()]
    return tuple(needed_for({line.name for line in last}, [*back.lines, *last], back.frames)), back.frames


class _Last:
    """The last lines."""

    def __init__(self, back: Backward, output: str, wanted: Wanted) -> None:
        self.back, self.frames, self.wanted = back, back.frames, wanted
        self.stem = f"d{output}_d{wanted.base}" if back.truncate is None else f"g_{wanted.base}"  # which is no derivative

    def lines(self) -> list[RangedLine]:
        if self.wanted.kind == "family":
            return self._family(self.back.shares.get(self.wanted.base, []))
        if self.wanted.kind == "member":
            return self._member()
        return self._plain()

    def _line(
        self,
        name: str,
        tree: Tree,
        index: Linear | None = None,
        var: str = "",
        low: Linear | None = None,
        high: Linear | None = None,
    ) -> RangedLine:
        written = self.frames.phrase(tree, (var,) if var else ())
        return RangedLine(name, tree, written, tree.shape, "derivative", self.wanted.name, index, var, low, high)

    def _fresh(self, name: str) -> str:
        return self.back.names.fresh(name)

    def _plain(self) -> list[RangedLine]:
        own = self.wanted.base
        shares = self.back.shares.get(own, [])
        shape = self.back.program.leaves[own].shape
        if shares and not self.back.plain.get(own):
            rows = linear_of_dim(shape[0])
            if rows is not None:
                found = self._rows(shares, rows.plus(-1), shape[1:])
                if found is not None:
                    return found
        tree = self.back.of_plain(own)
        return [self._line(self._fresh(self.stem), zeros(shape) if tree is None else tree)]

    def _rows(self, shares: Sequence[Share], last: Linear, shape: Shape) -> list[RangedLine] | None:
        """By an array, row by row, where the rows are apart for every length; else None."""
        pieces, gaps = self.frames.order.cut(Linear.of(0), last, shares)
        if len(pieces) == 1 and all(s.var for s in pieces[0].shares):
            name = self._fresh(self.stem)
            var = pieces[0].shares[0].var
            tree = self._summed(pieces[0].shares, pieces[0].low, pieces[0].high, shape, var)
            here = Linear.letter(var)
            shift = max((0, 1, -1, 2, -2), key=lambda s: (self._plainness(self.frames.at(tree, var, here.plus(s)), var), -abs(s)))
            tree = self.frames.at(tree, var, here.plus(shift))
            return [self._line(name, tree, here.plus(shift), var, Linear.of(-shift), last.plus(-shift))]
        if collide(self.frames, pieces, gaps):
            return None
        taken = set(self.back.names.taken)
        lines = self._family_lines(self._fresh(self.stem), shares, Linear.of(0), last, shape)
        if any(missing(self.frames, line.tree) for line in lines if not line.var):
            self.back.names.taken = taken
            return None
        return lines

    def _plainness(self, tree: Tree, var: str) -> int:
        """How many members of a tree stand at the index itself."""
        reads = (self.frames.reads.get(n.name) for n in leaves(tree))
        return sum(r is not None and r.index == Linear.letter(var) for r in reads)

    def _summed(self, shares: Sequence[Share], low: Linear, high: Linear, shape: Shape, var: str) -> Tree:
        single = low == high
        terms = [self.frames.at(s.tree, s.var, low if single else Linear.letter(var)) if s.var else s.tree for s in shares]
        if not terms:
            return zeros(shape)
        return self.frames.gathered(terms)

    def _family(self, shares: Sequence[Share]) -> list[RangedLine]:
        family = self.back.program.families[self.wanted.base]
        shape = self.frames.shape_at(family.shape, "i", Linear.letter(family.index))
        low, high = family.low, family.high
        if not collide(self.frames, *self.frames.order.cut(low, high, shares)):
            taken = set(self.back.names.taken)
            lines = self._family_lines(self._fresh(self.stem), shares, low, high, shape)
            if not any(missing(self.frames, line.tree) for line in lines if not line.var):
                return lines
            self.back.names.taken = taken
        return self._apart(shares, low, high, shape)

    def _family_lines(self, name: str, shares: Sequence[Share], low: Linear, high: Linear, shape: Shape) -> list[RangedLine]:
        index = next((s.var for s in shares if s.var), "") or self.back.program.families[self.wanted.base].index
        found: list[RangedLine] = []
        for piece in self.frames.order.cut(low, high, shares)[0]:
            own = self.frames.shape_at(shape, index, piece.low) if piece.single else shape
            tree = self._summed(piece.shares, piece.low, piece.high, own, index)
            last = found[-1] if found else None
            if piece.single and last is not None and last.var and continues(last.tree, last.var, piece.low, tree, self.frames):
                found[-1] = replace(last, last=piece.high)
            elif piece.single:
                found.append(self._line(name, tree, piece.low))
            else:
                found.append(self._line(name, tree, Linear.letter(index), index, piece.low, piece.high))
        return found

    def _apart(self, shares: Sequence[Share], low: Linear, high: Linear, shape: Shape) -> list[RangedLine]:
        """Each share as a family of its own, zero elsewhere: right for every length, however the ranges overlap."""
        var = next((s.var for s in shares if s.var), "") or self.back.program.families[self.wanted.base].index
        found, whole = all_spread(self.frames, shares, low, high, shape, var, self._fresh, f"{self.stem}_", self.wanted.base)
        return [*found, *self._family_lines(self._fresh(self.stem), whole, low, high, shape)]

    def _member(self) -> list[RangedLine]:
        own, index = self.wanted.base, self.wanted.index
        family = self.back.program.families[own]
        shares = list(self.back.shares.get(own, []))
        low, high = family.low, family.high
        if not family.given:
            in_range = self.back.totals.get(own, [])
            if index in family.starts:
                tree = self.back.at_member(own, index, None)
                shares = [Share(index, index, tree, "")] if tree is not None else []
            else:
                shares = in_range
        inside = [_holds(s, index, low, high) for s in shares]
        shape = self.frames.shape_at(family.shape, "i", index)
        if None in inside:
            return self._family(shares)
        terms = [self.frames.at(s.tree, s.var, index) if s.var else s.tree for s, held in zip(shares, inside, strict=True) if held]
        tree = self.frames.gathered(terms) if terms else zeros(shape)
        return [self._line(self._fresh(f"{self.stem}_{index.code}"), tree)]


def _holds(share: Share, index: Linear, low: Linear, high: Linear) -> bool | None:
    """Whether a member of the family, which is there, is in the range of a share; None where lengths decide."""
    below, above = index.minus(share.low).number, share.high.minus(index).number
    if (below is not None and below < 0) or (above is not None and above < 0):
        return False
    starts = (below is not None and below >= 0) or share.low == low
    ends = (above is not None and above >= 0) or share.high == high
    return True if starts and ends else None


_Line = TypeVar("_Line", RangedLine, Clause)


def needed_for(names: Collection[str], lines: Sequence[_Line], frames: Frames) -> list[_Line]:
    """The lines of these names, and those that they read, directly or not."""
    wanted = set(names)
    by_name: dict[str, list[_Line]] = {}
    for line in lines:
        by_name.setdefault(line.name, []).append(line)
    pending = list(wanted)
    while pending:
        for line in by_name.get(pending.pop(), ()):
            for node in read_names(line.tree, frames):
                read = frames.reads.get(node.name)
                name = read.family if read is not None else node.name
                if name in by_name and name not in wanted:
                    wanted.add(name)
                    pending.append(name)
    return [line for line in lines if line.name in wanted]


def read_names(tree: Tree, frames: Frames) -> list[Leaf]:
    """The names in a tree, those within sums over an index included."""
    found = []
    for node in leaves(tree):
        if node.name in frames.totals:
            found += read_names(frames.totals[node.name].body, frames)
        else:
            found.append(node)
    return found
