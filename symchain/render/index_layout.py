"""A derivation told in indices: every local derivative as an entry, the sums over repeated indices, and what the deltas leave of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from symchain.nouns.derivation import Derivation, Derivations, Factor, Line
from symchain.nouns.networks import network_of
from symchain.render.layout import MATRIX_ONLY, factor_numbers, layout
from symchain.render.maps import Adjoints, is_plain, renamed, shown_trees, whys
from symchain.render.opening import SHOWN, cut
from symchain.render.remarks import remark
from symchain.render.results import zero_sentence
from symchain.render.seconds import set_names
from symchain.render.subjects import barred, derivative, members_of, results_of, vector_of
from symchain.render.text import write
from symchain.support.dimensions import Dim
from symchain.support.document import Count, Definition, Document, Formula, Label, Row, Say, Section
from symchain.support.notation import Phrase, name, walk
from symchain.support.notation import number as literal
from symchain.tensors.indexform import added, element, entry_of, letters, letters_for, names_in, partial, summed
from symchain.tensors.indexgraph import product
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Tree


def index_layout(subject: Derivation | Derivations, detail: str) -> Document:
    """The document of a derivation in index notation; the order of the matrix document, entry by entry."""
    members = members_of(subject)
    plain = layout(subject, detail)
    told = _Telling(members, results_of(subject), subject.adjoint_lines)
    definitions = tuple(told.definition(d) for d in plain.definitions)
    sections = tuple(told.sections(detail))
    kept = tuple(s for s in plain.opening if s.key not in MATRIX_ONLY)
    opening = (*kept, *told.legend()) if detail != "brief" else ()
    ranks = {**plain.ranks, **told.adjoints.ranks()}
    names = {**renamed(told.adjoints), **set_names(members)}
    return replace(plain, definitions=definitions, opening=opening, sections=sections, ranks=ranks, renamed=names)


class _Telling:
    """One derivation, or several that share their blocks."""

    def __init__(self, members: Sequence[Derivation], results: Mapping[str, Line], lines: Sequence[Line]) -> None:
        self.members, self.results, self.lines = members, results, lines
        self.program, self.output = members[0].program, members[0].output
        self.adjoints = Adjoints(members[0].reading or self.program, self.output, lines)
        self.network = network_of(self.program, self.output)
        self.lead = self.program.blocks[self.output].shape
        program = self.program
        self.taken = {*program.inputs, *program.blocks, *program.dimensions, *program.functions}
        self.taken |= {n for b in program.blocks.values() for n in names_in(b.tree)}
        self.deltas = False
        """Whether a Kronecker delta was written."""

    # ------------------------------------------------------------ pieces

    def _letters(self, *shapes: Sequence[Dim]) -> list[tuple[str, ...]]:
        """Index names for several shapes, no two alike."""
        source = letters(self.taken)
        return [letters_for(tuple(s), source) for s in shapes]

    def definition(self, d: Definition) -> Definition:
        block = self.program.blocks[d.name]
        (at,) = self._letters(block.shape)
        return replace(d, phrase=self._entry(block.tree, at), left=element(name(d.name), tuple(map(name, at))))

    def _entry(self, tree: Tree, at: Sequence[str], *others: str) -> Phrase:
        phrase = entry_of(tree, at, self.taken.union(others))
        self.deltas |= any(p.head == "delta" for p in walk(phrase))
        return self.adjoints.written(phrase)

    def _symbol(self, by: str, at: Sequence[str], first: Sequence[str]) -> Phrase:
        """The derivative of the output by an entry: named, for a block with an error term, else as a symbol."""
        targets = {d.wrt for d in self.members}
        if by in self.program.blocks and by not in targets:
            adjoint = self.adjoints.of(by)
            return self.adjoints.written(element(name(adjoint.name), tuple(map(name, (*first, *at)))))
        return partial(name(self.output), tuple(map(name, first)), name(by), tuple(map(name, at)))

    # ------------------------------------------------------------ sections

    def sections(self, detail: str) -> Iterator[Section]:
        live = [d for d in self.members if not d.zero_reason and d.factors]
        zeros = [zero_sentence(d) for d in self.members if d.zero_reason]
        if live and live[0].order == 1:
            numbers = factor_numbers(live)
            factors = {n: next(d.factors[n] for d in live if n in d.factors) for n in numbers}
            if detail != "brief":
                yield self._local(factors, numbers)
            if any(f.output != self.output for f in factors.values()):
                yield from self._sums(factors)
        yield self._result(live or list(self.members), zeros)

    def _local(self, factors: dict[str, Factor], numbers: dict[str, int]) -> Section:
        rows = []
        told, omitted = cut(list(factors.values()))
        for f in told:
            out, into = self._letters(self._shape(f.output), self._shape(f.input))
            sides = (Label(numbers[f.name]), Formula(self._local_symbol(f, out, into)), Formula(self._entry(f.shown, (*out, *into))))
            rows.append(Row(sides, remark(f, self.network)))
        closing = (Say("local.omitted", {"count": Count(omitted)}),) if omitted else ()
        return Section(Say("section.entries"), (), tuple(rows), closing)

    def _local_symbol(self, f: Factor, out: Sequence[str], into: Sequence[str]) -> Phrase:
        symbol = partial(name(f.output), tuple(map(name, out)), name(f.input), tuple(map(name, into)))
        return barred(symbol, self.program, f.output, f.input)

    def _shape(self, known: str) -> tuple[Dim, ...]:
        source = self.program.inputs.get(known) or self.program.blocks[known]
        return source.shape

    def _sums(self, factors: dict[str, Factor]) -> Iterator[Section]:
        """From the output back: what each name receives, summed over the entries of its users, before and after the deltas go."""
        users: dict[str, list[Factor]] = {}
        for f in factors.values():
            users.setdefault(f.input, []).append(f)
        position = {b: k for k, b in enumerate(self.program.blocks)}
        rows: list[Row] = []
        for received in sorted(users, key=lambda n: -position.get(n, -1))[:SHOWN]:
            rows += self._received(received, users[received])
        intro = [Say("indices.sum"), *([Say("indices.keeps")] if self.deltas else [])]
        if not self.lead:
            intro.append(Say("delta.many", {"output": Formula(name(self.output))}))
        yield Section(Say("section.indices"), tuple(intro), tuple(rows))

    def _received(self, received: str, users: Sequence[Factor]) -> Iterator[Row]:
        at, first = self._letters(self._shape(received), self.lead)
        if self.lead:
            first, at = self._letters(self.lead, self._shape(received))
        left = self._symbol(received, at, first)
        chain, opened, left_over = [], [], []
        for f in users:
            if f.output == self.output:
                local = self._entry(f.shown, (*first, *at))
                chain.append(self._local_symbol(f, first, at))
                opened.append(local)
                left_over.append(local)
                continue
            _, _, over = self._letters(at, first, self._shape(f.output))
            adjoint = self._symbol(f.output, over, first)
            ranges = list(zip(over, self._shape(f.output), strict=True))
            chain.append(summed(product([adjoint, self._local_symbol(f, over, at)], []), ranges))
            opened.append(_times(adjoint, self._entry(f.shown, (*over, *at), *first), ranges))
            self.adjoints.of(f.output)  # it is written, and has a name from here on
            back = next(d.maps[f.name] for d in self.members if f.name in d.maps)
            left_over.append(self._entry(back, (*first, *at)))
        yield Row(tuple(map(Formula, distinct([left, added(chain), added(opened), added(left_over)]))))

    def _result(self, members: Sequence[Derivation], zeros: Sequence[Say]) -> Section:
        """Each line entry by entry beside its matrix form."""
        rows: list[Row] = []
        named = {line.name: line for line in (*self.lines, *(self.results[d.key] for d in members))}
        for line in list(named.values())[:SHOWN]:
            owner = next((d for d in members if self.results[d.key] is line), None)
            shape = line.shape
            (at,) = self._letters(shape)
            if owner is None:
                symbol, left = name(line.name), element(name(line.name), tuple(map(name, at)))
            else:
                symbol = derivative(owner)
                left = self._left(owner, at)
            trees = shown_trees(line)
            entries = distinct([left, *(self._entry(t, at) for t in trees)])
            written = distinct([symbol, *(phrase_of(t) for t in trees)])
            if shape and all(map(is_plain, written)):
                rows.append(Row(tuple(map(Formula, written)), Say("remark.matrix")))
            rows.append(Row(tuple(map(Formula, entries)), boxed=owner is not None))
        said = whys(list(named.values()), self.taken) if not self.lead else ()
        return Section(Say("section.result"), tuple(zeros), tuple(rows), said)

    def _left(self, d: Derivation, at: Sequence[str]) -> Phrase:
        indices = list(map(name, at))
        rank = len(self.lead)
        first, rest = indices[:rank], indices[rank:]
        if vector_of(d) is not None:
            return element(derivative(d), indices)
        parts = [element(name(self.output), first)]
        for wrt in (d.first, d.wrt) if d.order == 2 else (d.wrt,):
            axes = len(self._shape(wrt))
            parts.append(element(name(wrt), rest[:axes]))
            rest = rest[axes:]
        return Phrase("partial", tuple(parts))

    def legend(self) -> Iterator[Say]:
        yield Say("indices.legend")
        if self.deltas:
            i, j = list(map(name, self._letters((1, 1))[0]))
            delta = Phrase("delta", (i, j), "bracket" if "delta" in self.taken else "")
            yield Say("indices.delta", {"delta": Formula(delta), "i": Formula(i), "j": Formula(j)})


def distinct(phrases: Sequence[Phrase]) -> list[Phrase]:
    """The phrases in order, none twice in a row."""
    found: list[Phrase] = []
    for p in phrases:
        if not found or write(found[-1]) != write(p):
            found.append(p)
    return found


def _times(adjoint: Phrase, local: Phrase, ranges: Sequence[tuple[str, Dim]]) -> Phrase:
    negative = local.head == "neg"
    body = local.parts[0] if negative else local
    total = summed(adjoint if body == literal(1) else product([adjoint, body], []), ranges)
    return Phrase("neg", (total,)) if negative else total
