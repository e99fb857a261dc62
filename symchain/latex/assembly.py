"""Statements that belong together to a Program: definitions in order of dependence, sections, claims, and what each is understood as."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NoReturn

from symchain.errors import ParseError, Place, SymchainError
from symchain.language.grammar import parse_expression
from symchain.language.inputs import Declared, add_given, variable
from symchain.language.lookup import is_known_function
from symchain.language.reading import build_program
from symchain.language.shapes import shape_from
from symchain.language.spelling import is_abstract
from symchain.language.statements import Declaration, Definition
from symchain.latex.formulas import Formulas
from symchain.latex.indices import entry_of, entry_or_none
from symchain.latex.namesakes import told_apart
from symchain.latex.nodes import Node, Symbol, signature, walk
from symchain.latex.rowwise import by_entries
from symchain.latex.sizes import Sizes, size_phrase
from symchain.latex.statements import Statement, is_defined
from symchain.latex.tokens import Source
from symchain.latex.usage import find_usage
from symchain.latex.values import Value
from symchain.nouns.computation import Claim
from symchain.nouns.program import Program
from symchain.support.dimensions import Dim, Shape, show
from symchain.support.notation import Phrase
from symchain.support.notation import walk as walk_phrase

Writer = Callable[[Phrase], str]
Slope = Callable[[str, str], str]
"""The derivative of a formula of numbers by a name in it."""


@dataclass
class Section:
    """The definitions in force together, and the claims among them."""

    definitions: dict[str, tuple[int, Statement, Node]] = field(default_factory=dict)
    claims: list[tuple[int, Statement]] = field(default_factory=list)
    known: dict[str, Value] = field(default_factory=dict)
    functions: dict[str, Place] = field(default_factory=dict)
    blocks: list[Definition] = field(default_factory=list)


def declared_shape(source: Source, statement: Statement, write: Writer) -> Shape:
    """The shape of a declaration. Raises ParseError for sizes that are none."""
    dims: list[Dim] = []
    symbol = statement.sides[0].symbol
    for size in statement.shape or ():
        phrase = size_phrase(size)
        if phrase is None:
            source.fail("a size is a whole number or a letter", r"Write \mathbb{R}^{m \times n}.", size.place)
        dims += shape_from(symbol.name if symbol is not None else "", (write(phrase),))
    return tuple(dims)


def _declares(statement: Statement, name: str) -> bool:
    symbol = statement.sides[0].symbol
    return statement.shape is not None and symbol is not None and symbol.name == name


def _marked_ranks(arrays: Mapping[str, bool]) -> dict[str, int]:
    """The ranks of small letters that are marked as arrays: vectors."""
    return {n: 1 for n, certain in arrays.items() if certain and n[:1].islower()}


def ranks_in(
    source: Source,
    statements: Sequence[Statement],
    write: Writer,
    shapes: Mapping[str, Any],
    functions: Collection[str],
    arrays: Mapping[str, bool],
) -> dict[str, int]:
    """The ranks of the arrays of some statements, where they follow; nothing where they do not go together."""
    try:
        given = {n: shape_from(n, s) for n, s in shapes.items()}
        known = {n: len(s) for n, s in given.items()} | _marked_ranks(arrays)
        statements = by_entries(source, told_apart(statements), given, known)
        for s in statements:
            if s.shape is not None and s.sides[0].symbol is not None:
                given[s.sides[0].symbol.name] = declared_shape(source, s, write)
        return Sizes(find_usage(source, statements, given, functions), statements, given, arrays).inferred()[0]
    except SymchainError:
        return {}


class Assembly:
    """The work on some statements: their use of names, sections, definitions in order of dependence, claims.

    `rowwise` says whether the text speaks of rows, so that the softmax of a matrix is that of each row; `arrays` are the names that it
    marks as arrays, with whether a mark is certain; `ranks` are those that their section gives names; `slope` differentiates
    functions that the text defines by a formula.
    """

    def __init__(
        self,
        source: Source,
        statements: Sequence[Statement],
        write: Writer,
        shapes: Mapping[str, Any],
        assume: Mapping[str, Any],
        let: Mapping[str, Any],
        rowwise: bool = False,
        arrays: Mapping[str, bool] | None = None,
        slope: Slope | None = None,
        ranks: Mapping[str, int] | None = None,
    ) -> None:
        self.source = source
        self.write, self.assume, self.let = write, assume, let
        self.given: dict[str, Shape] = {n: shape_from(n, s) for n, s in shapes.items()}
        self.declared: dict[str, Place] = {}
        self.sections = [Section()]
        self.aliases: dict[str, tuple[Phrase, Value]] = {}
        self.partials: dict[str, Node] = {}
        self.understood: dict[int, tuple[str, str]] = {}
        self.claims: list[tuple[int, Claim]] = []
        self.waiting: list[tuple[int, Statement]] = []
        self._declare(statements)
        known = {n: len(s) for n, s in self.given.items()} | _marked_ranks(arrays or {}) | dict(ranks or {})
        self.statements = statements = by_entries(source, told_apart(statements), self.given, known)
        self.given = {n: s for n, s in self.given.items() if n not in self.declared or any(_declares(d, n) for d in statements)}
        self.usage = find_usage(self.source, statements, [*self.given, *self.assume], self.let)
        Sizes(self.usage, statements, self.given, arrays, ranks).settle()
        self.usage.rowwise, self.usage.arrays = rowwise, arrays or {}
        if slope is not None:
            self.usage.slope = lambda formula, name: parse_expression(slope(write(formula), name))
        for name, shape in self.given.items():
            self._agree(name, shape)
        self.usage.shapes.update(self.given)
        for index, statement in enumerate(statements):
            if statement.shape is None:
                self._place(index, statement)
        for section in self.sections:
            self._define(section)
        for k, section in enumerate(self.sections):
            for index, statement in section.claims:
                self._claim(index, statement, k)
        self.claims.sort(key=lambda c: c[0])
        self.equalities = [self._equality(index, statement) for index, statement in self.waiting]

    def _equality(self, index: int, statement: Statement) -> tuple[str, str]:
        """Two formulas that are said to be equal."""
        free = [(letter, self.usage.bounds[index, letter]) for letter in self.usage.free.get(index, ())]
        formulas = self.formulas()
        read = [self._located(statement, lambda s=s: formulas.read(s, free, claiming=True)) for s in statement.sides]  # type: ignore[misc]
        return self.write(read[0].phrase), self.write(read[1].phrase)

    def program(self) -> Program:
        """The program of the first section, the others behind it."""
        programs = [self._built(section, k) for k, section in enumerate(self.sections)]
        understood = tuple(self.understood[k] for k in sorted(self.understood))
        return replace(programs[0], claims=tuple(c for _, c in self.claims), later=tuple(programs[1:]), understood=understood)

    def formulas(self) -> Formulas:
        """A reader of further formulas about the last section."""
        section = self.sections[-1]
        made = Formulas(self.usage, section.known, self._macros(section))
        made.aliases = self.aliases
        return made

    def _macros(self, section: Section) -> dict[str, tuple[tuple[str, ...], Node]]:
        return {n: (self.usage.parameters[n], d[2]) for n, d in section.definitions.items() if n in self.usage.parameters}

    # ------------------------------------------------------------ declarations

    def _declare(self, statements: Sequence[Statement]) -> None:
        for index, statement in enumerate(statements):
            if statement.shape is None:
                continue
            symbol = statement.sides[0].symbol
            assert symbol is not None
            shape = declared_shape(self.source, statement, self.write)
            if self.given.get(symbol.name, shape) != shape:
                self._fail(
                    f"{symbol.name} has another shape elsewhere: {show(self.given[symbol.name])}", "Declare it once.", statement.place
                )
            self.given[symbol.name] = shape
            self.declared[symbol.name] = statement.place
            self.understood[index] = (statement.line, f"{symbol.name}: {show(shape)}")

    def _agree(self, name: str, shape: Shape) -> None:
        """A declared shape and the one that entries in sums say."""
        found = self.usage.shapes.get(name)
        if found is None or found == shape:
            return
        what = f"{name} has the shape {show(shape)} by declaration and {show(found)} by its entries in sums"
        self._fail(what, "Use the same letters for the sizes.", self.usage.plain.get(name, Place(1, 1)))

    # ------------------------------------------------------------ sections

    def _place(self, index: int, statement: Statement) -> None:
        """Give a statement to its section; a definition with another right-hand side opens a new one."""
        left = statement.sides[0]
        if statement.said:
            self.waiting.append((index, statement))
            return
        if statement.alias or any(s.head == "partial" for s in statement.sides):
            self.sections[-1].claims.append((index, statement))
            return
        if not is_defined(left):
            self._fail(
                "what stands left of '=' is neither one name nor a derivative",
                r"Write name = formula; a name of several letters is \mathrm{loss}.",
                left.place,
            )
        symbol = left.symbol or left.parts[0].symbol
        assert symbol is not None
        name = symbol.name
        if left.head == "product" and name not in self.usage.parameters:
            self._fail(f"the arguments of {name} are not names", "Write f(x) = ...", left.place)
        if any(n.symbol is not None and n.symbol.name == name and index not in self.usage.free for n in walk(statement.sides[1])):
            self._fail(f"{name} is defined by itself", "An update is no definition: give the new value another name.", statement.place)
        free = self.usage.free.get(index, ())
        if free:
            name = (entry_of(symbol, set(free)) or (name, ()))[0]
            self.usage.defined.setdefault(name, left.place)
        elif self._sums_itself(name, statement.sides[1]):
            what = f"{name} stands for a quantity and for the vector of which others here are entries"
            self._fail(what, "Give one of the two another name.", statement.place)
        section = self.sections[-1]
        if name in self.partials:
            section.claims.append((index, statement))
            return
        known = section.definitions.get(name)
        if known is not None and signature(known[2]) == signature(statement.sides[1]):
            self.understood[index] = (statement.line, f"{name}, as on line {known[1].place.line}")
            return
        if known is not None:
            self.sections.append(Section())
        if name in self.declared:
            self._fail(f"{name} is declared on line {self.declared[name].line} and defined here", "Remove one of the two.", left.place)
        self.sections[-1].definitions[name] = (index, statement, statement.sides[1])

    def _sums_itself(self, name: str, body: Node) -> bool:
        r"""Whether L = \sum_i L_i."""
        bound = {b.letter for n in walk(body) for b in n.bounds}
        entries = [entry_or_none(n.symbol, bound) for n in walk(body) if n.symbol is not None] if bound else []
        return any(e is not None and e[0] == name for e in entries)

    # ------------------------------------------------------------ definitions

    def _define(self, section: Section) -> None:
        formulas = Formulas(self.usage, section.known, self._macros(section))
        for name in self._ordered(section):
            index, statement, body = section.definitions[name]
            if index in self.usage.macros:
                continue
            free = [(letter, self.usage.bounds[index, letter]) for letter in self.usage.free.get(index, ())]
            value = self._located(statement, lambda b=body, f=free: formulas.read(b, f))  # type: ignore[misc]
            section.known[name] = Value(value.phrase, value.shape, value.row)
            section.blocks.append(Definition(name, value.phrase, statement.sides[0].place))
            shapes = self._new_shapes(value.phrase)
            self.understood[index] = (statement.line, f"{name} = {self.write(value.phrase)}{shapes}")
        section.functions = dict(formulas.functions)

    def _new_shapes(self, phrase: Phrase) -> str:
        """The vectors of a formula whose shape nobody declared, as a remark."""
        inferred = {n: s for n, s in self.usage.shapes.items() if n not in self.given and n not in self.usage.defined}
        names = [n for n in inferred if any(p.head == "name" and p.text == n for p in walk_phrase(phrase))]
        return "  # " + ", ".join(f"{n}: {show(inferred[n])}" for n in names) if names else ""

    def _ordered(self, section: Section) -> list[str]:
        """The definitions as a program needs them: in the order of the text, but each above what uses it."""
        names = list(section.definitions)
        position = {name: k for k, name in enumerate(names)}
        reads: dict[str, set[str]] = {}
        for name, (index, _, body) in section.definitions.items():
            letters = {*self.usage.letters, *self.usage.free.get(index, ())}
            mentioned = {n.symbol.name for n in walk(body) if n.symbol is not None}
            for node in walk(body):
                if node.symbol is not None:
                    try:
                        entry = entry_of(node.symbol, letters)
                    except ValueError:
                        entry = None
                    mentioned.add(entry[0] if entry else node.symbol.name)
            reads[name] = (mentioned & set(names)) - {name}
        waiting = {name: len(reads[name]) for name in names}
        users: dict[str, list[str]] = {name: [] for name in names}
        for name in names:
            for read in reads[name]:
                users[read].append(name)
        ready = [position[n] for n in names if not waiting[n]]
        found: list[str] = []
        while ready:
            name = names[heapq.heappop(ready)]
            found.append(name)
            for user in users[name]:
                waiting[user] -= 1
                if not waiting[user]:
                    heapq.heappush(ready, position[user])
        if len(found) < len(names):
            left = [n for n in names if n not in found]
            place = section.definitions[left[0]][1].place
            self._fail(f"a cycle: {', '.join(left[:6])} define each other", "One of them has another name, or is not a definition.", place)
        return found

    def _built(self, section: Section, k: int) -> Program:
        used = {p.text for d in section.blocks for p in walk_phrase(d.phrase) if p.head in ("name", "call")}
        blocks = {d.name for d in section.blocks}
        elsewhere = {p.text for s in self.sections for d in s.blocks for p in walk_phrase(d.phrase) if p.head == "name"}
        kept = lambda name: name in used or name in blocks or (k == 0 and name not in elsewhere)  # noqa: E731
        shapes = {n: s for n, s in self.usage.shapes.items() if n not in blocks and (n in used or (n in self.given and kept(n)))}
        shapes.update({n: s for n, s in self.given.items() if n in blocks})
        let = {n: f for n, f in self.let.items() if n in used or k == 0}
        declarations = [
            Declaration(n, None, (("function", place),), place)
            for n, place in section.functions.items()
            if n not in self.let and (not is_abstract(n) or is_known_function(n))
        ]
        if not section.blocks:
            return self._inputs_alone()
        assume = {n: f for n, f in self.assume.items() if kept(n)}
        return build_program([*declarations, *section.blocks], self.source.lines, shapes, assume, let)

    def _inputs_alone(self) -> Program:
        """A program without blocks: its inputs are the names with shapes or facts."""
        declared = {n: Declared(None, {}, None) for n in {**self.usage.shapes, **self.assume} if n not in self.usage.defined}
        shapes = {n: s for n, s in self.usage.shapes.items() if n in declared}
        add_given(declared, shapes, {n: f for n, f in self.assume.items() if n in declared})
        inputs = {n: variable(n, d) for n, d in declared.items()}
        letters = tuple(dict.fromkeys(str(d) for s in shapes.values() for d in s if not isinstance(d, int) and str(d).isidentifier()))
        return Program(MappingProxyType(inputs), MappingProxyType({}), tuple(d for d in letters if d not in inputs))

    # ------------------------------------------------------------ claims

    def _claim(self, index: int, statement: Statement, k: int) -> None:
        """One claim for every formula that a derivative is said to equal; a name for a derivative alone."""
        if statement.alias:
            self._alias(index, statement, k)
            return
        partials = [s for s in statement.sides if s.head == "partial"]
        rest = [s for s in statement.sides if s.head != "partial"]
        subject = partials[0] if partials else None
        if subject is None:
            assert statement.sides[0].symbol is not None
            subject, rest = self.partials[statement.sides[0].symbol.name], list(statement.sides[1:])
        named = rest[0] if partials and rest and rest[0] is statement.sides[0] and rest[0].symbol is not None else None
        where = self._section_of(subject, k)
        section = self.sections[where]
        formulas = Formulas(self.usage, section.known, self._macros(section))
        formulas.aliases = self.aliases
        free = [(letter, self.usage.bounds[index, letter]) for letter in self.usage.free.get(index, ())]
        texts = []
        if named is not None and named.symbol is not None and named.symbol.name not in section.definitions:
            name = named.symbol.name
            stem = (entry_of(named.symbol, {letter for letter, _ in free}) or (name, ()))[0] if free else name
            value = self._located(statement, lambda: formulas.read(self._whole(subject, free), claiming=True))
            self.aliases[stem], self.partials[name] = (value.phrase, value), subject
            texts.append(f"{stem} = {self.write(value.phrase)}")
            rest = rest[1:]
        output, wrt = self._located(statement, lambda: self._about(subject, formulas, free))
        rest += partials[1:]
        for side in rest:
            value = self._located(statement, lambda s=side: formulas.read(s, free, claiming=True))  # type: ignore[misc]
            text = self.write(value.phrase)
            self.claims.append((index, Claim(output, wrt, text, statement.place, statement.line, where)))
            shown = f"d{output}/d{wrt}" if output.isidentifier() else f"d({output})/d{wrt}"
            texts.append(f"{shown} = {text}")
        if not texts:
            self._fail("a derivative without a formula", "Write derivative = formula.", statement.place)
        self.understood[index] = (statement.line, "; ".join(texts))

    def _alias(self, index: int, statement: Statement, k: int) -> None:
        """A name for a formula in which derivatives stand."""
        symbol = statement.sides[0].symbol
        assert symbol is not None
        free = [(letter, self.usage.bounds[index, letter]) for letter in self.usage.free.get(index, ())]
        stem = (entry_of(symbol, {letter for letter, _ in free}) or (symbol.name, ()))[0] if free else symbol.name
        section = self.sections[k]
        formulas = Formulas(self.usage, section.known, self._macros(section))
        formulas.aliases = self.aliases
        body = statement.sides[1]
        whole = self._whole(body, free) if body.head == "partial" else body
        value = self._located(statement, lambda: formulas.read(whole, [] if whole is not body else free, claiming=True))
        self.aliases[stem] = (value.phrase, value)
        self.understood[index] = (statement.line, f"{stem} = {self.write(value.phrase)}")

    @staticmethod
    def _whole(subject: Node, free: Sequence[tuple[str, Dim]]) -> Node:
        """The derivative of whole arrays that a derivative of entries belongs to."""
        letters = {letter for letter, _ in free}
        parts = []
        for part in subject.parts:
            entry = entry_or_none(part.symbol, letters) if part.symbol is not None and letters else None
            parts.append(replace(part, symbol=Symbol(entry[0])) if entry else part)
        return replace(subject, parts=tuple(parts))

    def _section_of(self, subject: Node, k: int) -> int:
        """The section in force: the claim's own, or the last one above it that defines the output."""
        names = [n.symbol.name for n in walk(subject.parts[0]) if n.symbol is not None]
        if subject.parts[0].symbol is None and any(n in self.sections[k].definitions for n in names):
            return k
        for name in names[:1] if subject.parts[0].symbol is not None else names:
            for j in range(k, -1, -1):
                if name in self.sections[j].definitions:
                    return j
        return k

    def _about(self, subject: Node, formulas: Formulas, free: Sequence[tuple[str, Dim]] = ()) -> tuple[str, str | int | float]:
        """(output, wrt) of a claim, as texts; a number by which nothing can be derived stays a number."""
        output, variable = self._whole(subject, free).parts[:2]
        above = formulas.read(output, claiming=False)
        if variable.head == "number":
            wrt: str | int | float = float(variable.text) if "." in variable.text else int(variable.text)
        else:
            symbol = variable.symbol
            if symbol is None or symbol.primes:
                self._fail("a derivative is by one name", r"Write \frac{\partial C}{\partial W}.", variable.place)
            entry = entry_or_none(symbol, self.usage.letters)
            wrt = entry[0] if entry and entry[0] in self.usage.shapes else symbol.name
            if above.shape and entry:
                self._fail("an entry of the derivative of an array", "Write derivatives of whole arrays.", variable.place)
        return self.write(above.phrase), wrt

    # ------------------------------------------------------------ messages

    def _located(self, statement: Statement, work: Callable[[], Any]) -> Any:
        """Errors get the place of the statement, unless they have one."""
        try:
            return work()
        except SymchainError as error:
            error.place = error.place or statement.place
            error.source = error.source or self.source.line(error.place)
            raise

    def _fail(self, what: str, advice: str, place: Place) -> NoReturn:
        raise ParseError(what, advice=advice, place=place, source=self.source.line(place))
