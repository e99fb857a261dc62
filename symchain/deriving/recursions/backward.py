"""The way back through a recurrence: what each member receives, from the last line to the first, and the lines that say it.

Each step sends back what the sweep of an ordinary program finds; what a member receives is the sum over those that read it, at
shifted indices. That gives a recursion of adjoints, where it starts, and where it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from symchain.deriving.recursions.frames import Frames
from symchain.deriving.recursions.pieces import Share
from symchain.deriving.recursions.schedule import Series, scheduled
from symchain.deriving.recursions.seeding import continues
from symchain.deriving.recursions.spreading import all_spread, collide
from symchain.deriving.recursions.steps import (
    OUTPUT,
    Sent,
    adjoint_name,
    step_program,
    with_adjoints,
    with_arguments,
    with_upright_powers,
)
from symchain.deriving.recursions.windows import Windows
from symchain.errors import UnsupportedError
from symchain.language.wanted import Wanted
from symchain.nouns.computation import Computation
from symchain.nouns.families import PLAIN, PROD, RANGE, START, Clause
from symchain.nouns.names import Names
from symchain.nouns.recursion import ARGUMENT, RangedLine
from symchain.rewriting import price_of, reduced
from symchain.support.linear import Linear
from symchain.support.notation import walk
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import ONE, Leaf, Tree, contract, hadamard, leaf, leaves, reciprocal, substitute, zeros
from symchain.tensors.terms import is_zero

_INLINE = 12
"""What a block receives is written into its only reader up to this price."""


def active_names(program: Computation, roots: Iterable[str]) -> set[str]:
    """The families, blocks and inputs that depend on what the derivative is by."""
    recurrence = program.recurrence
    assert recurrence is not None
    active = set(roots)
    for unit in recurrence.units:
        grown = True
        while grown:
            grown = False
            for clause in unit:
                reads = {r.family for r in clause.reads.values()} | set(clause.plain)
                if clause.name not in active and reads & active:
                    active.add(clause.name)
                    grown = True
    return active


class Backward:
    """The adjoints of one output towards what is wanted: `lines` in order, and the shares of families and blocks."""

    def __init__(self, program: Computation, output: str, wanted: Sequence[Wanted], truncate: int | None = None) -> None:
        recurrence = program.recurrence
        assert recurrence is not None
        self.program, self.recurrence, self.output, self.truncate = program, recurrence, output, truncate
        self.frames = Frames(recurrence, program.dimensions)
        self.names = Names({*program.names, *program.families, *recurrence.letters, *recurrence.lengths})
        self.active = active_names(program, {w.base for w in wanted})
        self.roots = {w.base for w in wanted}
        self.lines: list[RangedLine] = []
        self.shares: dict[str, list[Share]] = {}
        """What the members of each family receive, and the rows of arrays."""
        self.plain: dict[str, list[Tree]] = {output: [ONE]}
        self.named: dict[str, str] = {}
        """The names of adjoints, by family."""
        self.domain: dict[str, tuple[Linear, Linear]] = {}
        """Of a family whose adjoint has a name: the members for which it is defined."""
        self.settled: dict[str, int] = {}
        """How many shares of such a family its lines hold: starts that read other starts send theirs later."""
        self.totals: dict[str, list[Share]] = {}
        """Of a family that is wanted: what its members receive in all, steps of their own included."""
        for unit in reversed(recurrence.units):
            self._unit([replace(c, tree=with_upright_powers(c.tree)) for c in unit])

    # ------------------------------------------------------------ units

    def _unit(self, unit: Sequence[Clause]) -> None:
        first = unit[0]
        if not any(c.name in self.active for c in unit):
            return
        if first.kind == PLAIN:
            adjoint = self.of_plain(first.name)
            if adjoint is not None:
                self._once(first, adjoint)
        elif first.kind == START:
            assert first.index is not None
            adjoint = self.at_member(first.name, first.index, first)
            if adjoint is not None:
                self._once(first, adjoint)
        elif first.kind == RANGE:
            self._range(unit)
        else:
            adjoint = self.of_plain(first.name)
            if adjoint is not None:
                self._sum(first, adjoint)

    def _receivers(self, unit: Sequence[Clause], inputs: Iterable[str]) -> list[str]:
        found = []
        for n in inputs:
            base = next((c.reads[n].family for c in unit if n in c.reads), n)
            if base in self.active:
                found.append(n)
        return found

    def _once(self, clause: Clause, adjoint: Tree) -> None:
        """A block, or a start."""
        step = step_program(self.program, [clause])
        receivers = self._receivers([clause], step.inputs)
        if not receivers:
            return
        if adjoint is ONE:
            sent = Sent.of(step, clause.target, receivers)
        else:
            own = [(clause.target, clause.shape)]
            sent = Sent.of(with_adjoints(step, own), OUTPUT, receivers)
            uses = self._uses(adjoint_name(clause.target), sent)
            if price_of(adjoint) > 0 and (uses > 1 or price_of(adjoint) > _INLINE or self.frames.holds_total(adjoint)):
                stem = clause.name if clause.index is None else f"{clause.name}_{clause.index.code}"
                adjoint = self._line(self.names.fresh(f"delta_{stem}"), adjoint, "adjoint", clause.target)
        known = {leaf(adjoint_name(clause.target), clause.shape): adjoint}
        results = self._opened(sent, known)
        for n in receivers:
            self._send(clause, n, results[n], sent, None)

    def _sum(self, clause: Clause, adjoint: Tree) -> None:
        """A sum or a product over an index: every term receives the same, or the product of the others."""
        term = f"{clause.name}?"
        step = step_program(self.program, [clause], {clause.target: term})
        receivers = self._receivers([clause], step.inputs)
        if not receivers:
            return
        sent = Sent.of(with_adjoints(step, [(term, clause.shape)]), OUTPUT, receivers)
        if clause.kind == PROD:
            adjoint = reduced(hadamard([adjoint, leaf(clause.name, clause.shape)]))
        if price_of(adjoint) > 3 or self.frames.holds_total(adjoint):
            adjoint = self._line(self.names.fresh(f"delta_{clause.name}"), adjoint, "adjoint", clause.name)
        rest = hadamard([adjoint, reciprocal(clause.tree)]) if clause.kind == PROD else adjoint
        known: dict[Tree, Tree] = {leaf(adjoint_name(term), clause.shape): rest}
        results = self._opened(sent, known)
        for n in receivers:
            tree = substitute(results[n], {leaf(term, clause.shape): clause.tree})
            self._send(clause, n, tree, sent, None)

    def _opened(self, sent: Sent, known: Mapping[Tree, Tree]) -> dict[str, Tree]:
        """What a step sends, with adjoints in place of what stood for them, and without names for what is written in place."""
        values: dict[Tree, Tree] = dict(known)
        for _, symbol, tree in sent.lines:
            values[symbol] = substitute(tree, values)
        return {n: self._tidy(substitute(t, values), sent) if values else t for n, t in sent.results.items()}

    @staticmethod
    def _tidy(tree: Tree, sent: Sent) -> Tree:
        return sent.recognise.unfold(sent.recognise.concrete(reduced(tree)))

    @staticmethod
    def _uses(own: str, sent: Sent) -> int:
        trees = [*sent.results.values(), *(t for _, _, t in sent.lines)]
        return sum(sum(p.head == "name" and p.text == own for p in walk(phrase_of(t))) for t in trees)

    # ------------------------------------------------------------ who receives what

    def _send(self, clause: Clause, read: str, tree: Tree, sent: Sent, span: tuple[Linear, Linear] | None, recursive: bool = False) -> None:
        """Note what a name that a line reads receives from all of its steps, or from those of a part of its range."""
        if is_zero(tree):
            return
        low, high = span or (clause.low, clause.high)
        member = clause.reads.get(read)
        if member is None:
            self.plain.setdefault(read, []).append(tree if not clause.var else self._total(tree, clause.var, low, high))
            return
        slope = member.index.slope(clause.var) if clause.var else 0
        if not slope:
            whole = tree if not clause.var else self._total(tree, clause.var, low, high)
            self._share(member.family, Share(member.index, member.index, whole, ""))
            return
        if abs(slope) != 1:
            what = f"{read} is read at an index with a factor"
            raise UnsupportedError(what, advice="Its derivative is not printed; compile() has it.")
        assert low is not None and high is not None
        rest = member.index.without(clause.var)
        j = Linear.letter(clause.var)
        moved = self.frames.at(tree, clause.var, j.minus(rest) if slope > 0 else rest.minus(j))
        ends = (low.plus(rest), high.plus(rest)) if slope > 0 else (rest.minus(high), rest.minus(low))
        self._share(member.family, Share(*ends, moved, clause.var, recursive))

    def _share(self, family: str, share: Share) -> None:
        self.shares.setdefault(family, []).append(share)

    def _total(self, tree: Tree, var: str, low: Linear | None, high: Linear | None) -> Tree:
        assert low is not None and high is not None
        return self.frames.at(tree, var, low) if low == high else self.frames.total(tree, var, low, high)

    def of_plain(self, own: str) -> Tree | None:
        """What a block or an input receives in all; None where that is nothing."""
        terms = list(self.plain.get(own, ()))
        if own in self.recurrence.rows and own in self.shares:
            terms += [self._rows(own, share) for share in self.shares[own]]
        if not terms:
            return None
        return self.frames.gathered(terms)

    def _rows(self, own: str, share: Share) -> Tree:
        """What the rows of an array receive, as an array: each at its place."""
        array = self.program.leaves.get(own)
        shape = array.shape if array is not None else ()
        row = self.frames.member(f"eye({shape[0]})", Linear.letter(share.var) if share.var else share.low, (shape[0],))
        axes = tuple(range(1, len(shape)))
        tree = contract([row, share.tree], [(0,), axes], (0, *axes))
        return self.frames.total(tree, share.var, share.low, share.high) if share.var else tree

    def at_member(self, family: str, index: Linear, clause: Clause | None) -> Tree | None:
        """What one member receives from those that read it, as far as the letters tell which do."""
        named = self.named.get(family)
        if named is not None:
            low, high = self.domain[family]
            if self._within(low, high, index):
                shape = self.frames.shape_at(self._shape(family), self.recurrence.families[family].index, index)
                late = [s for s in self.shares[family][self.settled[family] :] if self._within(s.low, s.high, index)]
                own = self.frames.member(named, index, shape)
                more = [self.frames.at(s.tree, s.var, index) if s.var else s.tree for s in late]
                return self.frames.gathered([own, *more]) if more else own
        late = [s for s in self.shares.get(family, ()) if self._opens_late(s, index) and self._within(s.low, s.high, index)]
        if named is None and clause is not None and late:
            var = clause.var or self.recurrence.families[family].index
            whole = self._one_formula(family, index, var)
            if whole is not None:
                return whole
            self._name_members(family, index, var)
            return self.at_member(family, index, clause)
        terms = []
        for share in self.shares.get(family, ()):
            if self._within(share.low, share.high, index):
                terms.append(self.frames.at(share.tree, share.var, index) if share.var else share.tree)
        return self.frames.gathered(terms) if terms else None

    def _within(self, low: Linear, high: Linear, index: Linear) -> bool:
        """Whether an index is in a range, as far as letters can be compared."""
        key = self.frames.order.key
        return key(low) <= key(index) <= key(high)

    def _one_formula(self, family: str, index: Linear, var: str) -> Tree | None:
        """What a member receives, where one formula says it for all members that receive something."""
        shares = self.shares[family]
        pieces, _ = self.frames.order.cut(index, max((s.high for s in shares), key=self.frames.order.key), shares)
        if len(pieces) != 2 or pieces[0].low == pieces[0].high or pieces[1].low != pieces[1].high:
            return None
        trees = []
        for piece, at in zip(pieces, (Linear.letter(var), pieces[1].low), strict=True):
            trees.append(self.frames.gathered([self.frames.at(s.tree, s.var, at) if s.var else s.tree for s in piece.shares]))
        return self.frames.at(trees[0], var, index) if continues(trees[0], var, pieces[1].low, trees[1], self.frames) else None

    def _opens_late(self, share: Share, index: Linear) -> bool:
        """Whether a share does not reach a member at the shortest lengths, and does at others."""
        shortest = self.frames.shortest
        return bool(share.high.terms) and not index.terms and share.high.value(shortest) < index.constant

    def _name_members(self, family: str, index: Linear, var: str) -> None:
        """Lines for what the members of a family receive from later steps, where lengths decide whether a start receives it."""
        shares = self.shares[family]
        high = max((self.recurrence.families[family].high, *(s.high for s in shares)), key=self.frames.order.key)
        name = self.names.fresh(f"delta_{family}")
        shape = self._shape(family)
        pieces, gaps = self.frames.order.cut(index, high, shares)
        if collide(self.frames, pieces, gaps):
            more, apart = all_spread(self.frames, shares, index, high, shape, var, self.names.fresh, f"{name}_", family)
            self.lines += more
            pieces = self.frames.order.cut(index, high, apart)[0]
        for piece in pieces:
            at = piece.low if piece.low == piece.high else Linear.letter(var)
            terms = [self.frames.at(s.tree, s.var, at) if s.var else s.tree for s in piece.shares]
            own = self.frames.shape_at(shape, self.recurrence.families[family].index, at)
            tree = reduced(self.frames.gathered(terms)) if terms else zeros(own)
            if piece.low == piece.high:
                self.lines.append(RangedLine(name, tree, self.frames.phrase(tree), tree.shape, "adjoint", family, at))
            else:
                written = self.frames.phrase(tree, (var,))
                self.lines.append(RangedLine(name, tree, written, tree.shape, "adjoint", family, at, var, piece.low, piece.high))
        self.named[family], self.domain[family], self.settled[family] = name, (index, high), len(shares)

    def _shape(self, family: str) -> tuple[int | str, ...]:
        known = self.recurrence.families[family]
        return self.frames.shape_at(known.shape, "i", Linear.letter(known.index))

    # ------------------------------------------------------------ lines that advance together

    def _range(self, unit: Sequence[Clause]) -> None:
        own = {c.name: c for c in unit}
        starts = {n: self._starts(n) for n in own}
        windows = Windows(self.frames, self.names, unit, self.truncate, any(starts.values()))
        outside = {n for n in own if self.shares.get(n)}
        if not outside:
            return
        cross: set[str] = set()
        alive = set(outside)
        grown = True
        while grown:
            grown = False
            for clause in unit:
                if clause.name not in alive:
                    continue
                for read in clause.reads.values():
                    if read.family in own and read.family in self.active:
                        gap = read.index.minus(Linear.letter(clause.var)).number
                        if windows.always_fixed(gap):
                            continue
                        if gap != 0 and read.index.slope(clause.var):
                            cross.add(read.family)
                        if read.family not in alive:
                            alive.add(read.family)
                            grown = True
        external = [c for c in unit if c.name in outside | cross and c.name in self.active | self.roots]
        receivers = self._receivers(unit, step_program(self.program, unit).inputs)
        wanted = [c.target for c in unit if c.name in self.roots]
        if not external or not (receivers or wanted):
            return
        targets = [(c.target, c.shape) for c in external]
        for lines in (with_arguments(unit), unit):  # arguments of functions are told apart where no line has to name them
            step = step_program(self.program, lines)
            sent = Sent.of(with_adjoints(step, targets), OUTPUT, [*receivers, *wanted])
            inner = {c.target for c in lines} - {c.target for c in unit}
            if not any(n.name in inner for t in (*sent.results.values(), *(x for _, _, x in sent.lines)) for n in leaves(t)):
                break
        unit = lines
        fresh = {c.name: self.names.fresh(f"delta_{c.name.removesuffix(ARGUMENT)}") for c in unit}
        series = Series(self.frames, self.shares, fresh, unit, external, cross, starts, sent, self.names, windows)
        before, items = series.best()
        self.lines += [*windows.lines, *before, *scheduled(items, series)]
        for c in series.named:
            item = next(i for i in items if i.family == c.name)
            self.named[c.name] = item.name
            self.settled[c.name] = len(self.shares.get(c.name, ()))
            self.domain[c.name] = (item.parts[0].low, item.parts[-1].high)
        for n in receivers:
            clause = next((c for c in unit if n in c.reads), unit[0])
            known = clause.reads.get(n)
            if known is None or known.family not in own or not known.index.slope(clause.var):
                for span, tree in series.result(n):
                    self._send(clause, n, tree, sent, span)
        for c in unit:
            if c.name in self.roots:
                for span, tree in series.result(c.target):
                    self.totals.setdefault(c.name, []).append(Share(*span, tree, c.var))

    def _starts(self, family: str) -> list[Linear]:
        """The starts of a family of which the derivative needs what they receive."""
        found = []
        for c in self.recurrence.clauses:
            if c.kind == START and c.name == family and c.index is not None:
                reads = {*c.plain, *(r.family for r in c.reads.values())}
                if family in self.roots or reads & self.active:
                    found.append(c.index)
        return found

    def _line(self, own: str, tree: Tree, role: str, of: str) -> Leaf:
        self.lines.append(RangedLine(own, tree, self.frames.phrase(tree), tree.shape, role, of))
        return leaf(own, tree.shape)
