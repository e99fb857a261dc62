"""Which names of a text with families have an index, and what they are: inputs, blocks, bounds, sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from symchain.errors import ParseError, Place, SymchainError
from symchain.kernels.facts import FACTS
from symchain.language.inputs import Declared, check_free, variable
from symchain.language.members import Members, linear_of, occurrences
from symchain.language.reading import Reading
from symchain.language.shapes import check_letters, shape_of
from symchain.language.spelling import NOT_NUMBERS, RESERVED, canonical
from symchain.language.statements import Declaration, Definition, Statement
from symchain.nouns.computation import Variable
from symchain.support.dimensions import Dim, Shape
from symchain.support.linear import Linear
from symchain.support.notation import Phrase, rewritten, walk


class Indexed:
    """The names of one text with families: which have an index, the bounds of ranges, sizes and inputs."""

    def __init__(
        self,
        statements: Sequence[Statement],
        lines: list[str],
        shapes: Mapping[str, Any],
        assume: Mapping[str, Any],
        let: Mapping[str, Any],
    ) -> None:
        self.statements, self.lines = tuple(statements), lines
        self.declarations = [s for s in statements if isinstance(s, Declaration)]
        self.definitions = [s for s in statements if isinstance(s, Definition)]
        self.families_declared = {d.name: d for d in self.declarations if d.index is not None}
        families = {n: v for n, v in assume.items() if n in self.families_declared}
        self.sizes: dict[str, tuple[str, Linear]] = {}
        plain = [self._with_sizes(s) for s in statements if s.index is None and (isinstance(s, Declaration) or s.span is None)]
        self.base = Reading(plain, lines, shapes, {n: v for n, v in assume.items() if n not in families}, let)
        self.shapes: dict[str, Shape] = {}
        """Of each family, the shape of the member `i`."""
        self.index: dict[str, str] = {}
        self.known: dict[Dim, int] = {}
        self.tied: dict[str, int] = {}
        """How sizes with an index in the shape of a start go on, by family: the first way where nothing is said."""
        self.at_hand = ""
        """The name that is being defined."""

    def classify(self) -> None:
        """Which names are families: defined with an index, declared with one, or read with that of a range and never without one."""
        self.defined: dict[str, list[Definition]] = {}
        for d in self.definitions:
            self.defined.setdefault(d.name, []).append(d)
        self.ranges: dict[str, Definition] = {}
        self.computed: set[str] = set()
        for own, lines in self.defined.items():
            indexed = [d for d in lines if d.index is not None]
            for d in lines:
                if d.span is not None and d.index is None:
                    self.fail(f"{own} has a range and no index", f"Write {own}[{d.span.index}] = ... for {d.span.index} in ...", d.place)
                if d.index is None and indexed:
                    self.fail(f"{own} is a family: it has an index on line {indexed[0].place.line}", "Choose another name.", d.place)
                if d is not lines[0] and d.index is None:
                    first = lines[0].place.line
                    self.fail(f"{own} is defined twice, first on line {first}", "Every name is defined once: choose another name.", d.place)
            known = self.families_declared.get(own) or next((k for k in self.declarations if k.name == own), None)
            if known is not None:
                what = f"{own} is declared as an input on line {known.place.line} and defined here"
                self.fail(what, "Remove one of the two: blocks are not declared.", lines[0].place)
            if indexed:
                self.computed.add(own)
                spans = [d for d in indexed if d.span is not None]
                if not spans:
                    advice = "A name is defined once, as a whole; use where(...) or stack(...)."
                    self.fail("items cannot be assigned", advice, indexed[0].place)
                if len(spans) > 1:
                    what = f"{own} has two ranges, the first on line {spans[0].place.line}"
                    self.fail(what, "Give the second one another name.", spans[1].place)
                self.ranges[own] = spans[0]
        self.size_names = self._families_of_sizes()
        arrays = {d.name for d in self.declarations if d.index is None} | set(self.base.declared)
        plain = {n for n in self.defined if n not in self.computed}
        with_index: dict[str, bool] = {}
        self.rows: set[str] = set()
        vars_: set[str] = set()
        for d in self.definitions:
            var = d.span.index if d.span is not None else ""
            if var:
                vars_.add(var)
            for p, scope, followed in occurrences(d.phrase, var):
                if p.head == "each":
                    vars_.add(p.text)
                if p.head == "name" and not followed and p.text not in scope:
                    with_index[p.text] = False
                if p.head == "index" and p.parts[0].head == "name":
                    own = p.parts[0].text
                    form = linear_of(p.parts[1]) if len(p.parts) > 1 else None
                    moving = form is not None and any(form.slope(v) for v in scope)
                    if own in arrays or own in plain:
                        if moving:
                            self.rows.add(own)
                    elif moving:
                        with_index.setdefault(own, True)
        self.vars = vars_
        taken = {*arrays, *plain, *self.computed, *self.families_declared, *self.size_names}
        self.undeclared = {n for n, only in with_index.items() if only and n not in taken and n not in self.base.functions}
        self.given = {*self.families_declared, *self.undeclared}
        self.members = Members(
            frozenset({*self.computed, *self.given}), frozenset(self.size_names), frozenset(self.rows), self.size_letter,
            self._fresh, self.fail,
            frozenset(p.text for d in self.declarations if d.shape is not None for p in walk(d.shape) if p.head == "name"),
        )  # fmt: skip

    def _families_of_sizes(self) -> set[str]:
        found = set()
        for d in self.declarations:
            for p in walk(d.shape) if d.shape is not None else ():
                if p.head == "index" and p.parts[0].head == "name":
                    found.add(p.parts[0].text)
        return found

    def size_letter(self, own: str, index: Linear) -> str:
        letter = f"{own}_at_{index.code}"
        self.sizes[letter] = own, index
        return letter

    def _fresh(self, kind: str) -> str:
        taken = {*self.defined, *self.base.declared, *self.families_declared, *(known.name for known in self.members.lifted)}
        k = 1
        while f"{kind}_{k}" in taken:
            k += 1
        return f"{kind}_{k}"

    # ------------------------------------------------------------ bounds and inputs

    def _bound(self, phrase: Phrase) -> Linear:
        form = linear_of(phrase)
        if form is None or len(form.terms) > 1 or any(c != 1 for _, c in form.terms):
            self.fail("a bound is a whole number, or a letter plus or minus one", "Write 1..T, or 2..T-1.", phrase.place)
        assert form is not None
        return form

    def ends(self, low: Phrase, high: Phrase, place: Place | None) -> tuple[Linear, Linear]:
        first, last = self._bound(low), self._bound(high)
        gap = last.minus(first).number
        runs_down = (gap is not None and gap < 0 and (not first.terms or gap < -1)) or (first.terms and not last.terms)
        if runs_down or (gap is not None and gap < 0 and first.terms):
            self.fail(f"the range {first}..{last} runs down", "Programs run up: write the smaller bound first.", place)
        return first, last

    def _with_sizes(self, statement: Statement) -> Statement:
        """A declaration with n[0] in its shape as a letter of its own."""
        if isinstance(statement, Definition) or statement.shape is None:
            return statement
        return replace(statement, shape=self._without_indices(statement, ""))

    def _shape(self, d: Declaration, var: str) -> Shape:
        try:
            return () if d.shape is None else shape_of(self._without_indices(d, var))
        except SymchainError as error:
            raise error.located(d.place, self.line(d.place)) from None

    def _without_indices(self, d: Declaration, var: str) -> Phrase:
        """The shape as declared, each n[l-1] in it as one letter; the index of the family is i there."""
        assert d.shape is not None

        def change(p: Phrase) -> Phrase | None:
            if p.head == "index" and p.parts[0].head == "name" and len(p.parts) == 2:
                form = linear_of(p.parts[1])
                if form is None:
                    self.fail("the index of a size is a whole number, or a letter plus or minus one", "Write n[l-1].", p.place)
                assert form is not None
                if var and form.slope(var):
                    form = form.at({var: Linear.letter("i")})
                return Phrase("name", text=self.size_letter(p.parts[0].text, form), place=p.place)
            if var and p.head == "name" and p.text == var:
                self.fail(f"the index {var} is no size", f"Sizes that depend on it are n[{var}].", p.place)
            return None

        return rewritten(d.shape, change)

    def find_inputs(self) -> None:
        declared: dict[str, Declared] = dict(self.base.declared)
        shapes: dict[str, Shape] = {}
        for d in self.declarations:
            if d.index is None and d.name in declared and d.shape is not None:
                shapes[d.name] = declared[d.name].shape or ()
        self.given_facts: dict[str, frozenset[str]] = {n: frozenset() for n in self.undeclared}
        for own, d in self.families_declared.items():
            index = linear_of(d.index) if d.index is not None else None
            if index is None or len(index.terms) != 1 or index.constant or index.terms[0][1] != 1:
                self.fail(f"the index of {own} is a letter", f"Write {own}[l]: ...", d.place)
            assert index is not None
            for fact, place in d.facts:
                if fact not in FACTS:
                    self.fail(f"{fact} is no fact", f"Facts are {', '.join(FACTS)}.", place)
            with self.base.at(d.place):
                check_free(own)
            self.index[own] = index.terms[0][0]
            self.shapes[own] = self._shape(d, self.index[own])
            self.given_facts[own] = frozenset(f for f, _ in d.facts)
        for own in self.undeclared:
            self.shapes[own] = ()
        for own, span in self.ranges.items():
            assert span.span is not None
            self.index[own] = span.span.index
        for own, known in declared.items():
            shapes.setdefault(own, known.shape or ())
        dims = {n: s for n, s in shapes.items() if n not in self.defined}
        with self.base.at(next((d.place for d in self.declarations), None)):
            self.dims = check_letters({**dims, **{own: self.shapes[own] for own in self.given}})
        bounds: dict[str, None] = {}
        with_index = {*self.computed, *self.given, *self.size_names, *self.rows}
        numbers: dict[str, None] = {}
        plain: dict[str, Place | None] = {d.name: d.place for d in self.declarations if d.index is None and d.name in declared}
        for line in self.definitions:
            var = line.span.index if line.span is not None else ""
            forms: list[Linear | None] = []
            if line.span is not None:
                forms += [self._bound(line.span.low), self._bound(line.span.high)]
            if line.index is not None:
                forms.append(linear_of(line.index))
            for p, scope, _ in occurrences(line.phrase, var):
                if p.head == "each":
                    forms += [self._bound(q) for q in p.parts[1:]]
                if p.head == "index" and p.parts[0].head == "name" and p.parts[0].text in with_index:
                    form = linear_of(p.parts[1])
                    forms.append(None if form is None else Linear(tuple(t for t in form.terms if t[0] not in scope)))
                if p.head == "name" and p.text not in scope and p.text not in self.members.families and p.text not in self.size_names:
                    plain.setdefault(p.text, p.place)
            for form in forms:
                if form is not None:
                    bounds.update(dict.fromkeys(n for n in form.letters if n != var and n not in self.vars))
        for _, index in self.sizes.values():
            bounds.update(dict.fromkeys(n for n in index.letters if n != "i"))
        for letter in bounds:
            if letter in self.defined:
                what = f"{letter} bounds a range and is defined by a formula"
                self.fail(what, "A bound is a letter of its own.", self.defined[letter][0].place)
        self.lengths = tuple(n for n in bounds if n not in self.dims)
        numbers.update(dict.fromkeys((*self.lengths, *sorted(self.vars))))
        self.numbers = tuple(numbers)
        self.inputs: dict[str, Variable] = {}
        for own, read in plain.items():
            if own in self.defined or own in numbers or (own in self.dims and own not in declared):
                continue
            if own not in declared and (canonical(own) == "pi" or own in RESERVED or own in NOT_NUMBERS):
                continue
            if own in self.base.functions:
                self.fail(f"{own} is a function of this program", f"Call it: {own}(z).", read)
            if own in self.base.called:
                self.fail(f"{own} is used as a variable and called as a function", f"For a product write {own}*(...).", read)
            with self.base.at(read):
                check_free(own)
                self.inputs[own] = variable(own, declared.get(own))
        for var in self.vars:
            if var in self.inputs or var in self.dims or var in self.defined or var in self.given or var in self.lengths:
                self.fail(f"{var} is an index and the name of something else", "Give the index another letter.", None)

    # ------------------------------------------------------------ messages

    def line(self, place: Place | None) -> str:
        return self.lines[place.line - 1] if place is not None else ""

    def fail(self, what: str, advice: str, place: Place | None) -> NoReturn:
        raise ParseError(what, advice=advice, place=place, source=self.line(place))
