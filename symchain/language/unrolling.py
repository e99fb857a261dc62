"""Recurrences written out: the ordinary program of a program with families, at given lengths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from symchain.errors import ArgumentError, LimitError, Place, ShapeError
from symchain.language.grammar import Span
from symchain.language.members import linear_of
from symchain.language.reading import build_program
from symchain.language.statements import Declaration, Definition, Statement
from symchain.nouns.computation import Computation
from symchain.nouns.families import RANGE, Clause, Recurrence
from symchain.nouns.program import Program
from symchain.support.linear import Linear
from symchain.support.notation import Phrase, call, name, number, rewritten
from symchain.support.truncation import check_truncate, held_fixed

LARGEST = 100_000
"""No more members are written out."""


class Undefined(ArgumentError):
    """A member that no line gives is read: its family, and its number."""

    family, number = "", 0

    def of(self, family: str, number_: int) -> Undefined:
        self.family, self.number = family, number_
        return self


def unrolled(program: Program, lengths: Mapping[str, int], more: Sequence[Definition] = (), truncate: int | None = None) -> Program:
    """The program with a block, or an input, for each member. Raises ArgumentError for lengths that are missing or no whole numbers.

    `more` are lines behind those of the program, of names of their own; their ranges may run down. `truncate`: what an
    earlier window of so many steps defines is held fixed (`support.truncation`).
    """
    check_truncate(truncate)
    recurrence = program.recurrence
    if recurrence is None:
        raise ArgumentError("the program has no families: there is nothing to unroll", advice="Lines with an index have some: a[l] = ...")
    wanted = bounding(recurrence)
    for letter, value in lengths.items():
        if letter not in wanted:
            raise ArgumentError(f"{letter} bounds no range", advice=f"Give {', '.join(wanted) or 'nothing'}.")
        if isinstance(value, bool) or not isinstance(value, int):
            raise ArgumentError(f"{letter} is {value!r}, not a whole number", advice=f"Write {letter}=3.")
    missing = [n for n in wanted if n not in lengths]
    if missing:
        raise ArgumentError(f"no length is given for {', '.join(missing)}", advice=f"Write {missing[0]}=3.")
    return _Unrolling(program, recurrence, lengths, more, truncate).program()


def bounding(recurrence: Recurrence) -> tuple[str, ...]:
    """The letters that bound ranges, or choose members."""
    found: dict[str, None] = {}
    for c in recurrence.clauses:
        for form in (c.low, c.high, c.index, *(r.index for r in c.reads.values())):
            found.update(dict.fromkeys(n for n in (form.letters if form is not None else ()) if n != c.var))
    for _, index in recurrence.sizes.values():
        found.update(dict.fromkeys(n for n in index.letters if n in recurrence.lengths))
    return tuple(found)


class _Unrolling:
    def __init__(
        self, program: Computation, recurrence: Recurrence, lengths: Mapping[str, int], more: Sequence[Definition], truncate: int | None
    ) -> None:
        self.more, self.added = more, {d.name for d in more if d.index is not None}
        self.source, self.recurrence, self.lengths = program, recurrence, dict(lengths)
        self.sizes = {own for own, _ in recurrence.sizes.values()}
        self.used: dict[str, set[int]] = {}
        self.defined: set[tuple[str, int]] = set()
        self.count = 0
        self.truncate = truncate
        self.advancing: tuple[set[str], range, int] = set(), range(0), 0
        """What the lines define that are being written, their steps, and the step."""
        self.var = ""
        """By which index they are written."""

    def program(self) -> Program:
        definitions = {s.place: s for s in self.recurrence.statements if isinstance(s, Definition)}
        made: list[Statement] = []
        for unit in self.recurrence.units:
            steps = self._steps(unit[0])
            for k in steps:
                self.advancing = ({c.name for c in unit}, steps, k) if k is not None and isinstance(steps, range) else (set(), range(0), 0)
                for clause in unit:
                    d = definitions.get(clause.place) if clause.place is not None else None
                    if d is not None and (clause.kind not in ("sum", "prod")):
                        made.append(self._definition(d, k))
        self.advancing = set(), range(0), 0
        made += self._more()
        declared = [d for s in self.recurrence.statements if isinstance(s, Declaration) for d in self._declarations(s)]
        bound = [s for s in self.recurrence.statements if isinstance(s, Definition) and s.name in self.source.functions]
        lines = list(self.recurrence.lines)
        return build_program([*declared, *bound, *made], lines)

    def _more(self) -> Iterable[Definition]:
        pending = list(self.more)
        while pending:
            group = [pending.pop(0)]
            span = group[0].span
            while pending and span is not None and pending[0].span is not None and _same(span, pending[0].span):
                group.append(pending.pop(0))
            for k in (None,) if span is None else _between(span, self.lengths):
                values = self.lengths if span is None or k is None else {**self.lengths, span.index: k}
                for d in group:
                    phrase = self._written(d.phrase, values)
                    own = d.name if d.index is None else self._name(d.name, _index(d.index), values, d.place, defined=True)
                    yield Definition(own, phrase, d.place)

    def _steps(self, clause: Clause) -> Iterable[int | None]:
        if clause.kind != RANGE:
            return [None]
        assert clause.low is not None and clause.high is not None
        low, high = clause.low.value(self.lengths), clause.high.value(self.lengths)
        self.count += max(0, high - low + 1)
        if self.count > LARGEST:
            raise LimitError(f"more than {LARGEST} members are not written out", advice="compile() runs loops of any length.")
        return range(low, high + 1)

    def _definition(self, d: Definition, k: int | None) -> Definition:
        if d.span is None:
            phrase = self._written(d.phrase, self.lengths)
            own = d.name if d.index is None else self._name(d.name, _index(d.index), self.lengths, d.place, defined=True)
            return Definition(own, phrase, d.place)
        assert d.index is not None and k is not None
        self.var = d.span.index
        position = _index(d.index).minus(Linear.letter(d.span.index)).constant
        values = {**self.lengths, d.span.index: k - position}
        phrase = self._written(d.phrase, values)
        return Definition(self._name(d.name, _index(d.index), values, d.place, defined=True), phrase, d.place)

    def _name(self, own: str, index: Linear, values: Mapping[str, int], place: Place | None, defined: bool = False) -> str:
        number_ = index.value(values)
        if defined:
            self.defined.add((own, number_))
        elif self._is_computed(own) and (own, number_) not in self.defined:
            what = f"{own}[{number_}] has no value: no line gives it at these lengths"
            raise Undefined(what, advice="Give other lengths, or write a start.", place=place).of(own, number_)
        else:
            self.used.setdefault(own, set()).add(number_)
        return named(own, number_, self.source)

    def _is_computed(self, own: str) -> bool:
        return own in self.added or (own in self.source.families and not self.source.families[own].given)

    def _written(self, phrase: Phrase, values: Mapping[str, int]) -> Phrase:
        """The formula at some values of the letters and of the index."""

        def change(p: Phrase) -> Phrase | None:
            if p.head == "name" and p.text in values:
                return replace(_literal(values[p.text]), place=p.place)
            if p.head == "call" and p.parts and p.parts[0].head == "each":
                return self._every(p, values)
            if p.head == "index" and p.parts[0].head == "name":
                own, form = p.parts[0].text, linear_of(p.parts[1])
                if own in self.recurrence.families or own in self.sizes or own in self.added:
                    if form is None:
                        raise ArgumentError(f"the index of {own} is no whole number", advice=f"Write {own}[t-1], say.", place=p.place)
                    found = Phrase("name", text=self._name(own, form, values, p.place), place=p.place)
                    return call("stop_gradient", found) if self._is_fixed(own, form, values) else found
                if own in self.recurrence.rows and form is not None and form.terms:
                    k = form.value(values)
                    if k < 0:
                        raise ShapeError(f"{own}[{k}] is before the first row", advice="Arrays are indexed from 0.", place=p.place)
                    rest = [self._written(q, values) for q in p.parts[2:]]
                    return Phrase("index", (p.parts[0], number(k), *rest), place=p.place)
            return None

        return rewritten(phrase, change)

    def _is_fixed(self, own: str, index: Linear, values: Mapping[str, int]) -> bool:
        """Whether an earlier window defines the member that the line reads."""
        names, steps, k = self.advancing
        number_ = index.value(values)
        if self.truncate is None or own not in names or number_ >= k or index.slope(self.var) != 1:
            return False
        return held_fixed(number_, k - number_, steps.start, steps.stop - 1, self.truncate)

    def _every(self, p: Phrase, values: Mapping[str, int]) -> Phrase:
        body, low, high = p.parts[0].parts
        ends = [_index(q).value(values) for q in (low, high)]
        parts = [self._written(body, {**values, p.parts[0].text: k}) for k in range(ends[0], ends[1] + 1)]
        if p.text not in ("sum", "prod"):
            raise ArgumentError(f"{p.text} is not taken over a range here", advice="Write a line for each member.", place=p.place)
        if len(parts) == 1:
            return parts[0]
        if parts:
            return Phrase("add" if p.text == "sum" else "mul", tuple(parts), place=p.place)
        kind = "sum" if p.text == "sum" else "prod"
        clause = next((c for c in self.recurrence.clauses if c.kind == kind and c.phrase == p), None)
        if clause is None:
            raise ArgumentError("a range has no step at these lengths", advice="Give other lengths.", place=p.place)
        empty = number(0 if kind == "sum" else 1)
        if not clause.shape:
            return empty
        dims = tuple(self._dim(d) for d in clause.shape)
        return call("zeros" if kind == "sum" else "ones", Phrase("tuple", dims))

    def _dim(self, dim: Any) -> Phrase:
        from symchain.language.grammar import parse_expression

        if isinstance(dim, int):
            return number(dim)
        if dim in self.recurrence.sizes:
            own, index = self.recurrence.sizes[dim]
            return name(self._name(own, index, self.lengths, None))
        return self._written(parse_expression(dim), self.lengths)

    def _declarations(self, d: Declaration) -> Iterable[Declaration]:
        if d.index is None:
            if d.name not in self.lengths:
                yield replace(d, shape=None if d.shape is None else self._written(d.shape, self.lengths))
            return
        var = _index(d.index).letters[0]
        for k in sorted(self.used.get(d.name, ())):
            shape = Phrase("tuple", ()) if d.shape is None else self._written(d.shape, {**self.lengths, var: k})
            yield Declaration(named(d.name, k, self.source), shape, d.facts, d.place)


def named(own: str, index: int, program: Computation) -> str:
    """The name of a member in the program that is written out: z_1; with one more underscore where that is a name already."""
    text = f"{own}_{'m' if index < 0 else ''}{abs(index)}"
    while text in program.inputs or text in program.blocks or text in program.families:
        text += "_"
    return text


def _index(phrase: Phrase) -> Linear:
    form = linear_of(phrase)
    if form is None:
        advice = "Write a letter or a number, plus or minus a number."
        raise ArgumentError("an index or a bound is no whole number", advice=advice, place=phrase.place)
    return form


def _same(one: Span, other: Span) -> bool:
    return (one.index, one.low, one.high) == (other.index, other.low, other.high)


def _between(span: Span, lengths: Mapping[str, int]) -> range:
    """The steps of a range that may run down: the direction is read off the text."""
    first, last = _index(span.low), _index(span.high)
    a, b = first.value(lengths), last.value(lengths)
    apart = last.minus(first).number
    down = apart < 0 if apart is not None else last.number is not None
    return range(a, b - 1, -1) if down else range(a, b + 1)


def _literal(value: int) -> Phrase:
    return number(value) if value >= 0 else Phrase("neg", (number(-value),))
