"""Programs with families: lines with an index and a range, read to a recurrence; every mistake with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import sympy

from symchain.errors import Place, ShapeError, UnsupportedError
from symchain.functions.spec import AbstractFunction
from symchain.language.elaborate import Scope, elaborate
from symchain.language.indexed import Indexed
from symchain.language.inputs import check_bound, dimension_symbol, mapping
from symchain.language.lookup import find_function
from symchain.language.members import Lifted, linear_of, places
from symchain.language.ordering import Advance, check_reads, ordered
from symchain.language.reading import read_program
from symchain.language.statements import Declaration, Definition, Statement, parse_statements
from symchain.language.tokens import source_lines
from symchain.nouns.computation import Block
from symchain.nouns.families import PLAIN, RANGE, START, Clause, Family, Read, Recurrence
from symchain.nouns.program import Program
from symchain.support.dimensions import Shape, larger, letters, minima, show
from symchain.support.linear import Linear
from symchain.support.notation import Phrase, walk
from symchain.tensors.moving import renamed_shape
from symchain.tensors.nodes import leaf

WAYS = 3
"""Sizes in the shape of a start move with the member, against it, or stay."""
_INDEXED = re.compile(r"\.\.|\]\s*:")
"""What no text without families has, but in comments."""


def read_text(
    text: str,
    shapes: Mapping[str, Any] | None = None,
    assume: Mapping[str, Any] | None = None,
    let: Mapping[str, Any] | None = None,
) -> Program:
    """The Program a text describes, with families or without; arguments and errors as those of `reading.read_program`.

    >>> program = read_text("a[0] = x\\na[l] = w[l]*a[l-1] for l in 1..L\\nC = a[L]**2")
    >>> sorted(program.families), list(program.inputs), list(program.blocks)
    (['a', 'w'], ['x'], ['C'])
    """
    if not isinstance(text, str) or not _INDEXED.search(text):
        return read_program(text, shapes, assume, let)
    statements = parse_statements(text)
    if not any(_has_index(s) for s in statements):
        return read_program(text, shapes, assume, let)
    given = mapping(shapes, "shapes"), mapping(assume, "assume"), mapping(let, "let")
    families = _Families(statements, source_lines(text), *given)
    program = families.program()
    check_bound(families.base.let, [*families.base.called, *(d.name for d in families.declarations)])
    return program


def _has_index(statement: Statement) -> bool:
    if statement.index is not None:
        return isinstance(statement, Declaration) or statement.span is not None
    return isinstance(statement, Definition) and (statement.span is not None or any(p.head == "each" for p in walk(statement.phrase)))


class _Families(Indexed):
    """The work on one text with families, in passes: names, formulas, shapes, the order of the lines."""

    def program(self) -> Program:
        for definition in self.definitions:
            for phrase in walk(definition.phrase):
                if phrase.head == "call":
                    self.base.called.setdefault(phrase.text, phrase.place)
        self.base.declare()
        self.base.bind()
        bound = {d.name for d in self.base.definitions}
        self.definitions = [d for d in self.definitions if d.index is not None or d.span is not None or d.name in bound]
        self.classify()
        self.find_inputs()
        first: ShapeError | None = None
        while True:
            try:
                return self._settled()
            except ShapeError as error:
                first = first or error
                if not self._try_another():
                    raise first from None

    def _try_another(self) -> bool:
        """Take the sizes of the start of the family at hand in another way; False where there is none left."""
        tried = self.tied.get(self.at_hand, 0)
        if not self.size_names or self.at_hand not in self.starts or tried + 1 >= WAYS:
            return False
        self.tied[self.at_hand], self.known = tried + 1, {}
        return True

    def _settled(self) -> Program:
        """The program, read again while more turns out to be known of the sizes of its axes."""
        while True:
            try:
                return self._elaborated()
            except (ShapeError, UnsupportedError) as error:
                more = larger(self.known, error.assumed)
                if more == self.known:
                    raise
                self.known = more

    # ------------------------------------------------------------ formulas

    def _elaborated(self) -> Program:
        self.members.lifted.clear()
        self.members.known.clear()
        self.work: list[Advance] = []
        self.trees: dict[str, Any] = {n: v.leaf for n, v in self.inputs.items()}
        self.block_shapes: dict[str, Shape] = {}
        self.starts: dict[str, list[tuple[Linear, Shape, Definition]]] = {}
        self.pattern: dict[str, Shape] = {own: self.shapes[own] for own in self.given}
        self.below: set[str] = set(self.computed)
        blocks: dict[str, Block] = {}
        symbols: dict[str, Any] = {d: dimension_symbol(d) for d in self.dims}
        symbols.update({n: v.symbol for n, v in self.inputs.items()})
        for d in self.definitions:
            clause = self._clause(d)
            self.work.append(Advance(clause, d.place))
            if clause.kind == PLAIN:
                own = leaf(clause.name, clause.shape)
                self.trees[clause.name] = own
                if not clause.shape:
                    symbols[clause.name] = sympy.Symbol(clause.name, real=True)
                names = dict.fromkeys(p.text for p in walk(d.phrase) if p.head == "name")
                reads = tuple(n for n in names if n in self.inputs or n in blocks)
                blocks[d.name] = Block(d.name, clause.shape, clause.tree, d.phrase, reads, own, symbols)
        if not blocks:
            self.fail("the program has families alone", "Write a line such as C = sum(a[L]**2).", self.definitions[-1].place)
        families = self._family_nouns()
        rows = {n: (self.inputs[n].shape if n in self.inputs else self.block_shapes[n])[0] for n in self.rows}
        check_reads(self.work, families, rows, self.fail)
        units = ordered(self.work, self.fail)
        families = {n: f if not f.given else _extent(f, units) for n, f in families.items()}
        for called in self.base.called:
            function = find_function(called, self.base.functions)
            if isinstance(function, AbstractFunction):
                self.base.functions.setdefault(called, function)
        every = tuple(dict.fromkeys((*self.dims, *self.sizes)))
        recurrence = Recurrence(
            MappingProxyType(families), MappingProxyType(rows), units, self.lengths, self.numbers, MappingProxyType(dict(self.sizes)),
            every, self.statements, tuple(self.lines),
        )  # fmt: skip
        plain_dims = tuple(d for d in self.dims if d not in self.sizes)
        return Program(
            MappingProxyType(self.inputs), MappingProxyType(blocks), plain_dims, MappingProxyType(self.base.functions),
            MappingProxyType(symbols), recurrence=recurrence, known=MappingProxyType(dict(self.known)),
        )  # fmt: skip

    def _family_nouns(self) -> dict[str, Family]:
        families: dict[str, Family] = {}
        for own in sorted(self.given, key=self._stands):
            nowhere = Linear.of(0)
            families[own] = Family(own, self.index.get(own, "i"), nowhere, nowhere, self.pattern[own], True, self.given_facts[own])
        for own in self.ranges:
            clause = next(a.clause for a in self.work if a.clause.kind == RANGE and a.clause.name == own)
            assert clause.low is not None and clause.high is not None
            starts = tuple(s[0] for s in self.starts.get(own, ()))
            families[own] = Family(own, clause.var, clause.low, clause.high, self.pattern[own], False, starts=starts)
        return families

    def _stands(self, own: str) -> tuple[int, str]:
        """Where a family of inputs is declared; those that are not come last, by name."""
        declared = list(self.families_declared)
        return (declared.index(own) if own in declared else len(declared), own)

    def _clause(self, d: Definition) -> Clause:
        self.at_hand = d.name
        reads: dict[str, Read] = {}
        if d.index is None:
            flat = self.members.flat(d.phrase, "", Linear(), reads)
            self._lifted()
            tree = self._tree(flat, reads, "")
            self.block_shapes[d.name] = tree.shape
            return Clause(PLAIN, d.name, tree, d.phrase, tree.shape, reads, self._plain(flat, reads), place=d.place)
        index = linear_of(d.index)
        if index is None:
            advice = "Write a number, a letter, or a letter plus or minus a number."
            self.fail(f"the index of {d.name} is no whole number", advice, d.index.place)
        assert index is not None
        if d.span is None:
            if any(n in self.vars and n not in self.lengths for n in index.letters):
                self.fail(f"{d.name}[{index}] has no range", f"Write ... for {index.letters[0]} in 1..L.", d.place)
            flat = self.members.flat(d.phrase, "", Linear(), reads)
            self._lifted()
            tree = self._tree(flat, reads, "")
            for other, shape, _ in self.starts.get(d.name, ()):
                self._same_shape(d, self._at(self._pattern_of(d.name, shape, other), index), tree.shape, f"{d.name}[{other}]")
            self.starts.setdefault(d.name, []).append((index, tree.shape, d))
            return Clause(START, d.name, tree, d.phrase, tree.shape, reads, self._plain(flat, reads), index, place=d.place)
        var = d.span.index
        if index.slope(var) != 1 or index.without(var).terms:
            self.fail(f"the index of {d.name} is not {var}", f"Write {d.name}[{var}] = ... for {var} in ...", d.place)
        low, high = self.ends(d.span.low, d.span.high, d.span.place)
        shift = index.constant
        flat = self.members.flat(d.phrase, var, Linear.letter(var).plus(-shift), reads)
        tree = self._tree(flat, reads, var)
        own = renamed_shape(tree.shape, lambda n: self._moved_letter(n, var, Linear.letter("i")))
        for other, shape, _ in self.starts.get(d.name, ()):
            self._same_shape(d, self._at(own, other), shape, f"{d.name}[{other}]")
        self.pattern[d.name] = own
        self.below.discard(d.name)
        return Clause(
            RANGE, d.name, tree, d.phrase, tree.shape, reads, self._plain(flat, reads), Linear.letter(var), var,
            low.plus(shift), high.plus(shift), d.place,
        )  # fmt: skip

    def _same_shape(self, d: Definition, one: Shape, other: Shape, of: str) -> None:
        if one != other:
            what = f"the members of {d.name} cannot have one shape: {show(one)} here, {show(other)} at {of}"
            error = ShapeError(what, advice="Make the shapes equal.", place=d.place, source=self.line(d.place))
            error.assumed = minima((*one, *other))
            raise error

    def _lifted(self) -> None:
        """The sums and products over an index that a line holds, as lines of their own before it."""
        for known in self.members.lifted:
            if known.name not in self.trees:
                self._lift(known)

    def _lift(self, known: Lifted) -> None:
        reads: dict[str, Read] = {}
        for p in walk(known.body):
            if p.head == "each":
                self.fail("a range inside a range", "Give the inner sum a line of its own.", p.place)
        low, high = self.ends(known.written.parts[0].parts[1], known.written.parts[0].parts[2], known.place)
        flat = self.members.flat(known.body, known.var, Linear.letter(known.var), reads)
        tree = self._tree(flat, reads, known.var)
        if any(n in self.sizes and self.sizes[n][1].slope(known.var) for n in letters(tree.shape)):
            self.fail("the terms have shapes that differ", "Sum each of them first: sum(sum(W[l]**2) for l in 1..L).", known.place)
        clause = Clause(
            known.kind, known.name, tree, known.written, tree.shape, reads, self._plain(flat, reads), None, known.var, low, high,
            known.place,
        )  # fmt: skip
        self.trees[known.name] = leaf(known.name, tree.shape)
        self.work.append(Advance(clause, known.place))

    def _plain(self, flat: Phrase, reads: Mapping[str, Read]) -> tuple[str, ...]:
        found = dict.fromkeys(p.text for p in walk(flat) if p.head == "name" and p.text in self.trees and p.text not in reads)
        return (*found, *dict.fromkeys(r.family for r in reads.values() if r.family in self.rows and r.family not in found))

    # ------------------------------------------------------------ trees and shapes

    def _tree(self, flat: Phrase, reads: Mapping[str, Read], var: str) -> Any:
        where = places(flat, reads)
        names = dict(self.trees)
        for text, read in reads.items():
            names[text] = leaf(text, self._shape_of(read, where.get(text)), self.given_facts.get(read.family, ()))
        for n in self.numbers:
            if n == var or n in self.lengths:
                names[n] = leaf(n)
        for d in self.defined:
            if d not in names and d not in self.computed:
                place = next((p.place for p in walk(flat) if p.head == "name" and p.text == d), None)
                if place is not None:
                    self.fail(f"{d} is used before it is defined on line {self.defined[d][0].place.line}", "Move its line up.", place)
        scope = Scope(names, tuple(dict.fromkeys((*self.dims, *self.sizes))), self.base.functions, self.lines, self.known)
        return elaborate(flat, scope)

    def _shape_of(self, read: Read, place: Place | None) -> Shape:
        """The shape of a member; of one that a line below defines, as its starts say."""
        if read.family in self.rows and read.family not in self.pattern:
            base = self.inputs[read.family].shape if read.family in self.inputs else self.block_shapes.get(read.family)
            if base is None:
                self.fail(f"{read.family} is used before it is defined", "Move its line up.", place)
            if not base:
                self.fail(f"{read.family} is a number: it has no entries", f"Declare its shape: {read.family}: (T,).", place)
            assert base is not None
            return base[1:]
        pattern = self.pattern.get(read.family)
        if pattern is None:
            known = self.starts.get(read.family)
            if not known:
                what = f"{read.family} is read before any member of it is defined"
                self.fail(what, f"Write its start above: {read.family}[0] = ...", place)
            assert known is not None
            index, shape, _ = known[0]
            pattern = self._pattern_of(read.family, shape, index)
        return self._at(pattern, read.index)

    def _pattern_of(self, family: str, shape: Shape, index: Linear) -> Shape:
        """The shape of the member i, of that of a start: sizes move with the member, against it, or stay."""
        way = self.tied.get(family, 0)

        def tied(letter: str) -> str:
            if way == WAYS - 1 or letter not in self.sizes:
                return letter
            own, at = self.sizes[letter]
            i = Linear.letter("i")
            return self.size_letter(own, at.plus(i.minus(index)) if way == 0 else at.minus(i.minus(index)))

        return renamed_shape(shape, tied)

    def _at(self, pattern: Shape, index: Linear) -> Shape:
        return renamed_shape(pattern, lambda n: self._moved_letter(n, "i", index))

    def _moved_letter(self, letter: str, var: str, index: Linear) -> str:
        if letter not in self.sizes or not self.sizes[letter][1].slope(var):
            return letter
        own, at = self.sizes[letter]
        return self.size_letter(own, at.at({var: index}))


def _extent(family: Family, units: Sequence[Sequence[Clause]]) -> Family:
    """A family of inputs with the first and the last of its members that are read, as far as letters can be compared."""
    lows: list[Linear] = []
    highs: list[Linear] = []
    for clause in (c for unit in units for c in unit):
        for read in clause.reads.values():
            if read.family == family.name:
                ends = [read.index]
                if clause.var and read.index.slope(clause.var):
                    assert clause.low is not None and clause.high is not None
                    ends = [read.index.at({clause.var: clause.low}), read.index.at({clause.var: clause.high})]
                lows += ends
                highs += ends
    if not lows:
        return family
    low = min(lows, key=lambda f: (bool(f.terms), f.constant))
    high = max(highs, key=lambda f: (bool(f.terms), f.constant))
    return replace(family, low=low, high=high)
