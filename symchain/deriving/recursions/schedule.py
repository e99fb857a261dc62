"""The lines of a step's adjoints: which of them have names, where their recursion starts, and ranges that all of them share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symchain.deriving.recursions.arrangement import Item, Part, arranged, meeting
from symchain.deriving.recursions.frames import Frames
from symchain.deriving.recursions.pieces import Piece, Share
from symchain.deriving.recursions.seeding import seeded
from symchain.deriving.recursions.spreading import all_spread, collide, missing
from symchain.deriving.recursions.steps import Sent, adjoint_name
from symchain.deriving.recursions.windows import Windows
from symchain.nouns.families import Clause
from symchain.nouns.names import Names
from symchain.nouns.recursion import RangedLine
from symchain.rewriting import price_of, reduced
from symchain.support.dimensions import Shape
from symchain.support.linear import Linear
from symchain.tensors.nodes import Tree, leaf, leaves, substitute, zeros


class Series:
    """The adjoints of lines that advance together."""

    def __init__(
        self,
        frames: Frames,
        shares: dict[str, list[Share]],
        fresh: dict[str, str],
        unit: Sequence[Clause],
        external: Sequence[Clause],
        cross: set[str],
        starts: dict[str, list[Linear]],
        sent: Sent,
        names: Names,
        windows: Windows,
    ) -> None:
        self.frames, self.shares, self.sent, self.unit, self.starts = frames, shares, sent, unit, starts
        self.names, self.free, self.windows = names, names.fresh, windows
        first = unit[0]
        assert first.low is not None and first.high is not None
        self.var, self.low, self.high = first.var, first.low, first.high
        self.own = {c.name: c for c in unit}
        self.cyclic = bool(cross)
        self.memo: dict[Tree, Tree] = {}
        named_lines = {of: symbol for of, symbol, _ in sent.lines}
        self.placeholder = {c.name: leaf(adjoint_name(c.target), c.shape) for c in external}
        self.inlined = [c for c in external if self._is_inlined(c)]
        self.named = [c for c in external if c not in self.inlined]
        here = Linear.letter(self.var)
        self.values: dict[Tree, Tree] = {}
        self.lines: list[tuple[Clause, Tree]] = []
        for c in self.named:
            self.values[self.placeholder[c.name]] = frames.member(fresh[c.name], here, c.shape)
        by_target = {c.target: c for c in unit}
        for of, symbol in named_lines.items():
            self.values[symbol] = frames.member(fresh[by_target[of].name], here, symbol.shape)
        for of, _, tree in sent.lines:
            self.lines.append((by_target[of], self.tidy(substitute(tree, self.values))))
        self.fresh = fresh
        self.results = {n: self.tidy(substitute(t, self.values)) for n, t in sent.results.items()}
        for n, tree in self.results.items():
            self._cross(n, tree)

    def _is_inlined(self, c: Clause) -> bool:
        """Whether what a line receives from elsewhere is written into what reads it."""
        own = self.placeholder[c.name]
        holding = [t for t in self.sent.results.values() if own in leaves(t)]
        in_lines = [t for _, _, t in self.sent.lines if own in leaves(t)]
        if self.cyclic:
            return not holding and len(in_lines) == 1
        shares = self.shares.get(c.name, ())
        if collide(self.frames, *self.frames.order.cut(self.low, self.high, shares)):
            return False
        prices = [price_of(s.tree) for s in shares]
        return len(holding) + len(in_lines) <= 1 or not any(prices)

    def _cross(self, read: str, tree: Tree) -> None:
        """What earlier members of the same lines receive from a step."""
        clause = next((c for c in self.unit if read in c.reads), None)
        if clause is None or clause.reads[read].family not in self.own:
            return
        index = clause.reads[read].index
        gap = index.minus(Linear.letter(self.var)).number
        if gap is None:
            return
        moved = self.frames.at(tree, self.var, Linear.letter(self.var).plus(-gap))
        self.shares.setdefault(clause.reads[read].family, []).extend(self.windows.shares(moved, gap))

    def tidy(self, tree: Tree) -> Tree:
        found = self.memo.get(tree)
        if found is None:
            recognise = self.sent.recognise
            found = self.memo[tree] = recognise.unfold(recognise.concrete(reduced(tree)))
        return found

    # ------------------------------------------------------------ pieces

    def domain(self, family: str, natural: bool) -> tuple[Linear, Linear]:
        """The members for which the adjoint of a family is defined: its range and its starts; `natural`: all that receive something."""
        shares = self.shares.get(family, ())
        lows = [self.low, *self.starts.get(family, ())]
        if natural:
            lows += [s.low for s in shares]
        highs = [self.high, *(s.high for s in shares)]
        return min(lows, key=self.frames.order.key), max(highs, key=self.frames.order.key)

    def taken(self, share: Share, high: Linear, pad: bool, pads: dict[str, list[Linear]]) -> Share:
        """The share; with `pad` up to the last member, where later adjoints may be said to be zero."""
        gap = high.minus(share.high).number
        if not pad or not share.recursive or not gap or gap < 0:
            return share
        names = {self.fresh[c.name]: c for c in self.unit}
        wanted: list[tuple[str, Linear]] = []
        for node in leaves(share.tree):
            read = self.frames.reads.get(node.name)
            if read is None or not read.index.slope(self.var):
                continue
            if read.family in names:
                wanted += [(read.family, read.index.at({self.var: share.high.plus(k)})) for k in range(1, gap + 1)]
            elif not self._defined(read.family, read.index.at({self.var: high})):
                return share
        for own, index in wanted:
            pads.setdefault(own, []).append(index)
        return replace(share, high=high)

    def _defined(self, family: str, index: Linear) -> bool:
        known = self.frames.recurrence.families.get(family)
        if known is None:
            return False
        over = index.minus(known.high).number
        return over is not None and over <= 0

    def summed(self, shares: Sequence[Share], low: Linear, high: Linear, shape: Shape) -> Tree:
        """What members low..high receive; about the member `var`, or about the only one."""
        single = low == high
        terms = []
        for s in shares:
            to = low if single else Linear.letter(self.var)
            terms.append(self.frames.at(s.tree, s.var, to) if s.var else s.tree)
        if not terms:
            return zeros(self.frames.shape_at(shape, self.var, low) if single else shape)
        return self.tidy(self.frames.gathered(terms))

    def layout(self, pad: bool, natural: bool, apart: bool) -> tuple[list[RangedLine], list[Item], int, int]:
        """Lines before, the named adjoints with their parts, how often members meet in the shortest ranges, and the price."""
        pads: dict[str, list[Linear]] = {}
        items: list[Item] = []
        before: list[RangedLine] = []
        excess = 0
        for c in self.named:
            low, high = self.domain(c.name, natural)
            shares = [self.taken(s, high, pad, pads) for s in self.shares.get(c.name, ())]
            if apart:
                known = [s for s in shares if not s.recursive]
                more, known = all_spread(self.frames, known, low, high, c.shape, self.var, self.free, f"delta_{c.name}_", c.name)
                shares = [*known, *(s for s in shares if s.recursive)]
                before += more
            pieces, gaps = self.frames.order.cut(low, high, shares)
            excess += collide(self.frames, pieces, gaps)
            items.append(Item(self.fresh[c.name], c.name, c.shape, [Part(p.low, p.high, self._piece(p, c.shape)) for p in pieces]))
        for c, tree in self.lines:
            parts = []
            for piece, values in self._inlining(pad, pads, before if apart else None):
                parts.append(Part(piece.low, piece.high, self._filled(tree, piece, values)))
            items.append(Item(self.fresh[c.name], c.name, c.shape, parts))
        price = 0
        for item in items:
            top = max((p.high for p in item.parts), key=self.frames.order.key)
            for index in pads.get(item.name, ()):
                over = index.minus(top).number
                if over is not None and over > 0:
                    item.pads[index] = None
            price += sum(price_of(p.tree) for p in item.parts) + len(item.pads) * price_of(zeros(item.shape))
        price += sum(price_of(line.tree) for line in before)
        return before, items, excess, price

    def _piece(self, piece: Piece, shape: Shape) -> Tree:
        return self.summed(piece.shares, piece.low, piece.high, shape)

    def _inlining(
        self, pad: bool, pads: dict[str, list[Linear]], before: list[RangedLine] | None = None
    ) -> Iterator[tuple[Piece, dict[Tree, Tree]]]:
        """The range in pieces, with what stands in each for the adjoints that have no name."""
        if not self.inlined:
            yield Piece(self.low, self.high, ()), {}
            return
        owner: dict[int, str] = {}
        every: list[Share] = []
        for c in self.inlined:
            known = self.shares.get(c.name, [])
            if before is not None:
                out = [s for s in known if not s.recursive]
                more, out = all_spread(self.frames, out, self.low, self.high, c.shape, self.var, self.free, f"delta_{c.name}_", c.name)
                known = [*out, *(s for s in known if s.recursive)]
                before += more
            for s in known:
                taken = self.taken(s, self.high, pad, pads)
                owner[id(taken)] = c.name
                every.append(taken)
        pieces, _ = self.frames.order.cut(self.low, self.high, every)
        for piece in pieces:
            values: dict[Tree, Tree] = {}
            for c in self.inlined:
                shares = [s for s in piece.shares if owner[id(s)] == c.name]
                values[self.placeholder[c.name]] = self.summed(shares, piece.low, piece.high, c.shape)
            yield piece, values

    def best(self) -> tuple[list[RangedLine], list[Item]]:
        """The layout that is right for the shortest ranges, and of those the shortest; and lines that stand before it."""
        choices = [(False, False)] if not self.cyclic else [(False, False), (False, True), (True, False), (True, True)]
        found: list[tuple[tuple[int, int, bool, int], list[RangedLine], list[Item], set[str]]] = []
        for rank, (apart, (pad, natural)) in enumerate([(a, c) for a in (False, True) for c in choices]):
            if apart and not min(f[0] for f in found)[0]:
                break
            taken = set(self.names.taken)
            before, items, excess, price = self.layout(pad, natural, apart)
            segments = arranged(items, self.var, self.frames) if self.cyclic else []
            single = [p.tree for i in items for p in i.parts if p.single]
            if self.cyclic:
                here = Linear.letter(self.var)
                each = [(s, tree, here.plus(k).at({self.var: s.high})) for s in segments if s.single for _, tree, k in s.entries]
                single = [self.frames.at(tree, self.var, at) for _, tree, at in each]
            excess += meeting(segments, self.frames) + sum(missing(self.frames, tree) for tree in single)
            late = self.low.number is not None and self.low.number > 1 and not pad  # one step less than these ranges have is natural
            found.append(((excess, price + len(segments), late, rank), before, items, set(self.names.taken)))
            self.names.taken = taken
        _, before, items, self.names.taken = min(found, key=lambda f: f[0])
        if self.cyclic:
            seeded(items, self.var, self.frames)
        return before, items

    def result(self, read: str) -> Iterator[tuple[tuple[Linear, Linear], Tree]]:
        """What a name that the lines read receives from a step, for all steps or piece by piece."""
        tree = self.results[read]
        if not any(self.placeholder[c.name] in leaves(tree) for c in self.inlined):
            yield (self.low, self.high), tree
            return
        for piece, values in self._inlining(False, {}):
            yield (piece.low, piece.high), self._filled(tree, piece, values)

    def _filled(self, tree: Tree, piece: Piece, values: dict[Tree, Tree]) -> Tree:
        """A tree about the member `var` for the members of a piece, with what stands there for the adjoints without a name."""
        if piece.low == piece.high:
            at = piece.low
            tree = self.frames.at(tree, self.var, at)
            values = {leaf(p.data[0], self.frames.shape_at(p.shape, self.var, at)): v for p, v in values.items()}
        return self.tidy(substitute(tree, values)) if values else tree


def scheduled(items: Sequence[Item], series: Series) -> list[RangedLine]:
    """The lines, in an order in which they can be worked out."""
    frames, var = series.frames, series.var
    made: list[RangedLine] = []

    def single(item: Item, index: Linear, tree: Tree, role: str) -> None:
        made.append(RangedLine(item.name, tree, frames.phrase(tree), tree.shape, role, item.family, index))

    if not series.cyclic:
        for item in items:
            for p in item.parts:
                if p.single:
                    single(item, p.low, p.tree, "adjoint")
                else:
                    own, here = frames.phrase(p.tree, (var,)), Linear.letter(var)
                    made.append(RangedLine(item.name, p.tree, own, p.tree.shape, "adjoint", item.family, here, var, p.low, p.high))
        return made
    for item in items:
        for index in item.pads:
            single(item, index, zeros(frames.shape_at(item.shape, var, index)), "end")
    for segment in arranged(items, var, frames):
        for item, tree, shift in segment.entries:
            index = Linear.letter(var).plus(shift)
            if segment.single:
                role = "adjoint" if segment.inner else "start"
                single(item, index.at({var: segment.high}), frames.at(tree, var, index.at({var: segment.high})), role)
            else:
                tree = frames.at(tree, var, index)
                own = frames.phrase(tree, (var,))
                ends = segment.high, segment.low
                made.append(RangedLine(item.name, tree, own, tree.shape, "adjoint", item.family, index, var, *ends, down=True))
    return made
