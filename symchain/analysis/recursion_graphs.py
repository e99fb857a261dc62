"""Graphs of programs with families: one step drawn, every line once, and arrows back in time from a step to the next one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from symchain.analysis.graphing import LARGEST, RECEIVED, passing_names
from symchain.deriving.recognition import Recogniser
from symchain.deriving.recursions.backward import active_names
from symchain.deriving.recursions.frames import Frames
from symchain.deriving.recursions.steps import step_program
from symchain.errors import ArgumentError, LimitError
from symchain.language.wanted import Wanted
from symchain.nouns.computation import Computation
from symchain.nouns.families import PLAIN, PROD, RANGE, START, SUM, Clause, member
from symchain.nouns.graph import Edge, Graph, Node, Return
from symchain.render.members import latex_members
from symchain.render.programs import flat
from symchain.rewriting import reduced
from symchain.rules.reverse import pullback
from symchain.support.linear import Linear
from symchain.support.notation import Phrase, name
from symchain.tensors.nodes import ONE, Tree, contract, hadamard, leaf, leaves, postorder, reciprocal
from symchain.tensors.terms import is_zero


def recursion_graph(program: Computation, output: str, wrt: Iterable[Wanted], at: object, level: str) -> Graph:
    """The graph of one output. Raises ArgumentError for a point and for single operations, LimitError for too many boxes."""
    if at is not None or level != "named":
        what = "one step of a recursion is drawn, which has no numbers" if at is not None else "a recursion is drawn by its blocks alone"
        raise ArgumentError(what, advice="Leave that out, or draw program.unrolled(...).")
    return _Drawn(program, output, {w.base for w in wrt}).graph()


class _Drawn:
    def __init__(self, program: Computation, output: str, roots: set[str]) -> None:
        assert program.recurrence is not None
        self.program, self.recurrence, self.output = program, program.recurrence, output
        self.frames = Frames(self.recurrence, program.dimensions)
        self.hidden = {c.name: c for c in self.recurrence.clauses if c.kind in (SUM, PROD)}
        self.active = active_names(program, roots)
        self.nodes: dict[str, Node] = {}
        self.edges: dict[tuple[str, str], Edge] = {}
        self.returns: dict[tuple[str, str], Return] = {}
        self.shared: dict[str, None] = {}
        self.given: dict[str, str] = {}
        """The boxes of families of inputs: members at the index of the first line that reads them."""
        self.units = {id(c): {o.name for o in unit} for unit in self.recurrence.units for c in unit if c.kind == RANGE}
        self.needed = self._needed()

    def _needed(self) -> set[str]:
        """The families, blocks and inputs that the output depends on."""
        found, grown = {self.output}, True
        while grown:
            grown = False
            for c in self.recurrence.clauses:
                if c.name in found:
                    reads = {r.family for r in c.reads.values()} | set(c.plain)
                    grown = grown or not reads <= found
                    found |= reads
        return found

    def graph(self) -> Graph:
        lines = [c for c in self.recurrence.clauses if c.name in self.needed and c.kind in (PLAIN, START, RANGE)]
        lines.sort(key=lambda c: c.kind == PLAIN and c.name == self.output)
        for clause in lines:
            for _, source in self._sources(clause):
                if source not in self.nodes:
                    self._input(source)
            self._line(clause)
        for clause in (c for c in lines if c.kind == START):
            self._starts(clause)
        if len(self.nodes) > LARGEST:
            raise LimitError(
                f"a picture of {len(self.nodes)} boxes cannot be read", advice=f"Up to {LARGEST} are drawn; ask for an earlier output."
            )
        ordered = dict(sorted(self.nodes.items(), key=lambda item: item[0] == self.output))
        words = [*ordered, *(leaf_.name for c in lines for leaf_ in leaves(c.tree))]
        renamed = MappingProxyType(latex_members(words))
        return Graph(
            self.program, self.output, "named", MappingProxyType(ordered), tuple(self.edges.values()), None,
            returns=tuple(self.returns.values()), shared=tuple(self.shared), renamed=renamed,
        )  # fmt: skip

    # ------------------------------------------------------------ boxes

    def _line(self, clause: Clause) -> None:
        known = {*self.recurrence.families, *self.recurrence.rows, *(own for own, _ in self.recurrence.sizes.values())}
        active = clause.name in self.active
        self.nodes[clause.target] = Node(clause.target, "block", clause.shape, flat(clause.phrase, known), None, False, active)
        step = step_program(self.program, [clause])
        recognise = Recogniser(step).concrete
        scalar = all(not n.shape for t in self._trees(clause) for n in postorder(t))
        received: Tree = ONE if scalar else leaf(RECEIVED, clause.shape)
        through = passing_names(clause.tree)
        for read, source in self._sources(clause):
            local: Phrase | None = None
            if active and self._base(clause, read) in self.active:
                sent = self._sent(clause, clause.tree, received, read)
                if sent is not None and (read in {n.name for n in through} or self.hidden.keys() & {n.name for n in through}):
                    local = self.frames.phrase(recognise(reduced(sent)), (clause.var,) if clause.var else ())
            key = (source, clause.target)
            if key not in self.edges or self.edges[key].local is None:
                self.edges[key] = Edge(source, clause.target, local, scalar)
            if clause.kind == RANGE and source in self.program.inputs and local is not None:
                self.shared[source] = None
            if self._summed(clause, read) and source in self.program.inputs and local is not None:
                self.shared[source] = None

    def _trees(self, clause: Clause) -> Iterator[Tree]:
        yield clause.tree
        for n in leaves(clause.tree):
            if n.name in self.hidden:
                yield from self._trees(self.hidden[n.name])

    def _summed(self, clause: Clause, read: str) -> bool:
        return any(n.name in self.hidden and read in {x.name for x in leaves(self.hidden[n.name].tree)} for n in leaves(clause.tree))

    def _sent(self, clause: Clause, tree: Tree, received: Tree, read: str) -> Tree | None:
        """What a name receives from a line, through the sums over an index in it: what each of their terms sends."""
        found: list[Tree] = []
        for node in leaves(tree):
            if node.name != read and node.name not in self.hidden:
                continue
            sent = pullback(tree, received, 0, [node], reduced)[node]
            if is_zero(sent):
                continue
            if node.name == read:
                found.append(sent)
                continue
            inner = self.hidden[node.name]
            if inner.kind == PROD:
                indices = tuple(range(len(inner.shape)))
                sent = contract([sent, hadamard([node, reciprocal(inner.tree)])], [indices, indices], indices)
            more = self._sent(inner, inner.tree, sent, read)
            if more is not None:
                found.append(more)
        if not found:
            return None
        total = found[0]
        for more in found[1:]:
            total = reduced(self.frames.gathered([total, more]))
        return total

    def _sources(self, clause: Clause) -> list[tuple[str, str]]:
        """What a line reads, and the boxes that stand for it."""
        found: dict[str, str] = {}
        for tree in self._trees(clause):
            for node in leaves(tree):
                if node.name not in self.hidden and (source := self._box(clause, node.name)):
                    found.setdefault(node.name, source)
        return list(found.items())

    def _reader(self, clause: Clause, read: str) -> Clause:
        """The line, or the sum within it, that reads a name."""
        if read in clause.reads or read in clause.plain:
            return clause
        for n in leaves(clause.tree):
            if n.name in self.hidden:
                inner = self._reader(self.hidden[n.name], read)
                if read in inner.reads or read in inner.plain:
                    return inner
        return clause

    def _base(self, clause: Clause, read: str) -> str:
        known = self._reader(clause, read).reads.get(read)
        return read if known is None else known.family

    def _box(self, clause: Clause, read: str) -> str:
        """The name of the box that stands for what a line reads; empty for indices and lengths, which are numbers."""
        known = self._reader(clause, read).reads.get(read)
        if known is None:
            return read if read in self.program.inputs or read in self.program.blocks else ""
        family = self.program.families.get(known.family)
        if family is None:
            return known.family  # rows of an array
        if family.given:
            letter = self._reader(clause, read).var or family.index
            return self.given.setdefault(family.name, member(family.name, Linear.letter(letter)))
        own = self.units.get(id(clause), set())
        gap = known.index.minus(Linear.letter(clause.var)).number if clause.var else None
        if known.family in own and gap is not None and gap < 0:
            return read
        starts = {c.target for c in self.recurrence.clauses if c.kind == START}
        if read in starts:
            return read
        line = next(c for c in self.recurrence.clauses if c.kind == RANGE and c.name == known.family)
        return line.target

    def _input(self, source: str) -> None:
        base, _, index = source.partition("[")
        family = self.program.families.get(base) if index else None
        if family is not None and not family.given:
            if any(c.target == source for c in self.recurrence.clauses):
                return  # a line of its own
            self.nodes[source] = Node(source, "carried", family.shape, None, None, False, base in self.active)
            line = next(c for c in self.recurrence.clauses if c.kind == RANGE and c.name == base)
            gap = next(r.index for c in self.recurrence.clauses for t, r in c.reads.items() if t == source).minus(Linear.letter(line.var))
            self.returns[line.target, source] = Return(line.target, source, -(gap.number or -1), line.var)
            return
        if source in self.program.blocks:
            return
        shape = family.shape if family is not None else self.program.inputs[source].shape
        self.nodes[source] = Node(source, "input", shape, None, None, False, base in self.active)

    def _starts(self, clause: Clause) -> None:
        """A start enters where its member is the earlier one of the first step."""
        for back in list(self.returns.values()):
            line = next(c for c in self.recurrence.clauses if c.kind == RANGE and c.target == back.source)
            if line.name == clause.name and line.low is not None and clause.index == line.low.plus(-back.steps):
                scalar = not clause.shape
                local = (name("1") if scalar else name(RECEIVED)) if clause.name in self.active else None
                self.edges[clause.target, back.target] = Edge(clause.target, back.target, local, scalar)


__all__ = ["recursion_graph"]

