"""A LaTeX, Markdown or notebook text to a Program with its statements: each read by the definitions in force where it stands."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from symchain.errors import ArgumentError, ParseError, SymchainError
from symchain.language.inputs import bindings, check_bound, mapping
from symchain.language.shapes import facts_from, shape_from
from symchain.latex.arrays import is_bold, marked, said_in_words
from symchain.latex.assembly import Assembly, Slope, Writer, ranks_in
from symchain.latex.document import find_fragments
from symchain.latex.forms import Subject, components_in
from symchain.latex.lines import declares_bold, defined_by, digits_of, entries_of, is_zero, renamed, spellings
from symchain.latex.nodes import Node, signature, walk
from symchain.latex.preparation import prepared
from symchain.latex.slices import Definitions
from symchain.latex.statements import Statement as Line
from symchain.latex.statements import read_text
from symchain.latex.surroundings import Surroundings, at_point, is_constant
from symchain.latex.units import Unit, Units
from symchain.nouns.program import Program
from symchain.nouns.statement import CLAIM, DECLARATION, DEFINITION, EQUALITY, JUDGED, REFUSED, SKIPPED, VALUE, Asked
from symchain.support.document import Say
from symchain.tensors.nodes import Apply, postorder

Same = Callable[[Program, str, str, Mapping[str, str]], bool]
"""Whether two formulas of a program are equal, everywhere or at a point, as far as can be told."""


def read_latex(
    text: str,
    write: Writer,
    same: Same,
    slope: Slope,
    shapes: Mapping[str, Any] | None = None,
    assume: Mapping[str, Any] | None = None,
    let: Mapping[str, Any] | None = None,
    strict: bool = False,
) -> Program:
    """The Program a text describes, with its statements; `write` prints phrases in the input language.

    What is not understood costs that statement and what depends on it. Raises ParseError where nothing at all is understood, and with
    `strict` at the first refusal.
    """
    if not isinstance(text, str):
        raise ArgumentError(f"a LaTeX text is a text, not {type(text).__name__}", advice="Read the file first.")
    given = [dict(mapping(m, option)) for m, option in ((shapes, "shapes"), (assume, "assume"), (let, "let"))]
    for name, shape in given[0].items():
        shape_from(name, shape)
    for name, facts in given[1].items():
        facts_from(name, facts)
    bindings(given[2])
    return _Document(text, write, same, slope, *given).program(strict)


_HEADING = re.compile(
    r"\s*(?:#{1,6}\s|\\(?:sub)*section|\\chapter|\*\*\s*(?:exerci[cs]e|example|exemple)|(?:exerci[cs]e|exemple|example)\b)", re.I
)
_EXERCISE = re.compile(r"\b(?:exerci[cs]es?|examples?|exemples?|problems?|problèmes?)\b", re.IGNORECASE)
"""Headings under which letters begin anew."""
_LONG = 24
"""A definition that rests on more lines is built with those that need it."""


class _Document:
    def __init__(
        self,
        text: str,
        write: Writer,
        same: Same,
        slope: Slope,
        shapes: dict[str, Any],
        assume: dict[str, Any],
        let: dict[str, Any],
    ) -> None:
        self.source = prepared(text)
        self.write, self.same, self.slope = write, same, slope
        self.text = read_text(self.source)
        fragments = find_fragments(self.source)
        words, facts, functions = said_in_words(self.source, fragments)
        self.bold = {
            n.symbol.name for w in self.text.written for s in w.sides for n in walk(s) if n.symbol is not None and is_bold(n.symbol)
        }
        self.arrays = marked(self.text.written) | dict.fromkeys(words, True)
        self.shapes, self.let = shapes, {**functions, **let}
        self.surroundings = Surroundings(self.text)
        self.headings = [k for k, line in enumerate(self.source.lines, 1) if _HEADING.match(line)]
        self.exercises = [k for k in self.headings if _EXERCISE.search(self.source.lines[k - 1])]
        self.rowwise = re.search(r"\b(?:rows?|lignes?)\b", self.source.text, re.IGNORECASE) is not None
        self.units = Units(self.text, self.surroundings).read()
        facts |= {u.symbol.name: "symmetric" for u in self.units if u.kind == DECLARATION and u.written.shape is None}
        self.assume = {**facts, **assume}
        self.said_let, self.said_facts = set(functions) - set(let), set(facts) - set(assume)
        self.definitions = Definitions(self.units, self.headings)
        self.words = words
        self.section_marks: dict[int, dict[str, bool]] = {}
        self.section_ranks: dict[int, dict[str, int]] = {}
        if not self.text.written:
            raise ParseError(
                "the text holds no formula", advice="Write $$...$$, \\[...\\] or an environment; inline $...$ is read where it defines."
            )

    def program(self, strict: bool) -> Program:
        for k, unit in enumerate(self.units):
            if unit.kind == DEFINITION:
                self._settle_definition(k, unit)
        for k, unit in enumerate(self.units):
            if unit.kind in JUDGED:
                self._attempt(unit, lambda k=k, unit=unit: self._ask(k, unit))  # type: ignore[misc]
        refused = [u for u in self.units if u.kind == REFUSED]
        if refused and (strict or all(u.kind in (REFUSED, SKIPPED) for u in self.units)):
            error = refused[0].error
            assert error is not None
            raise error
        program = self._whole()
        called = {n.function.name for p in program.sections for b in p.blocks.values() for n in postorder(b.tree) if isinstance(n, Apply)}
        texts = " ".join(u.reading for u in self.units)
        check_bound({n: f for n, f in self.let.items() if n not in self.said_let}, called.union(re.findall(r"(\w+)'*\(", texts)))
        return replace(program, statements=tuple(u.statement() for u in self.units))

    def _attempt(self, unit: Unit, work: Callable[[], None]) -> None:
        """What raises makes its statement a refused one."""
        try:
            work()
        except SymchainError as error:
            unit.refuse(error.located(unit.written.place, self.source.line(unit.written.place)))

    # ------------------------------------------------------------ definitions

    def _settle_definition(self, k: int, unit: Unit) -> None:
        """Read a definition by itself; one that says again what is known is an equality, one of a known derivative a claim."""
        if unit.alias is None:
            known = self.definitions.above(unit.symbol, k)
            if known is None and self.definitions.turns_round(k):
                self._attempt(unit, lambda: self._turn_round(k, unit))
                return
            if known is None and unit.right is not None and is_constant(unit.right) and self.definitions.refused_above(unit.symbol, k):
                unit.kind = VALUE  # numbers put in for the names of a formula that was not understood
                return
            if known is not None and known.alias is not None:
                unit.kind, unit.subject = CLAIM, known.subject
                return
            if known is not None and known.kind == DEFINITION and unit.right is not None and known.right is not None:
                named = unit.left is not None and (unit.left.symbol is not None or at_point(unit.written.context.before))
                if named and is_constant(unit.right) and not is_constant(known.right):
                    unit.kind = VALUE  # numbers put in for the names
                    return
                again = signature(known.right) == signature(unit.right)
                again = again or self._agrees(k, unit)
                point, case = self.surroundings.conditions(unit.written)
                if case and not (again or unit.tied):
                    self._attempt(unit, lambda: self._refuse_case(unit, case))
                    return
                if again or unit.tied or (point and self._agrees(k, unit, point)):
                    unit.kind, unit.restates = EQUALITY, again
                    return
                unit.said = Say("document.redefined", {"name": unit.symbol.name, "line": str(known.written.place.line)})
        self._attempt(unit, lambda: self._read_definition(k, unit))

    def _turn_round(self, k: int, unit: Unit) -> None:
        """What a definition above says, solved for another name, is an equality; two that rest on each other are equations to solve."""
        if not self._agrees(k, unit):
            what = f"{unit.symbol.name} is given by what is made of it above"
            raise ParseError(what, advice="One of them has another name, or is not a definition.")
        unit.kind, unit.defines = EQUALITY, False

    def _refuse_case(self, unit: Unit, case: str) -> None:
        what = f"another formula for {unit.symbol.name}, for {case} only"
        raise ParseError(what, advice="Give it another name, or write the cases together.", place=unit.written.place)

    def _agrees(self, k: int, unit: Unit, point: Sequence[tuple[str, Node]] = ()) -> bool:
        """Whether a formula says what is known of its name, everywhere or at a point."""
        try:
            assembly = self._assembly(k, unit, [unit.left, unit.right], unit.equal())
            left, right = assembly.equalities[-1]
            at = {n: self.write(assembly.formulas().read(v).phrase) for n, v in point}
            return self.same(assembly.program(), left, right, at)
        except SymchainError:
            return False

    def _read_definition(self, k: int, unit: Unit) -> None:
        lines, missing = self.definitions.needed([unit.right], k, unit)
        assembly = self._assembled([*lines, unit.line()])
        index = len(assembly.statements) - 1
        unit.reading = assembly.understood[index][1] if index in assembly.understood else f"{unit.symbol.name} = {unit.source}"
        own = {n.symbol.name for n in walk(unit.right) if n.symbol is not None} if unit.right is not None else set()
        if names := sorted(own & set(self._shapeless(assembly))):  # arrays, and no numbers, whose shapes are asked for
            unit.reading = f"{unit.symbol.name} = {unit.source.split('=', 1)[-1].strip()}"
            example = f"{names[0]}=(m, n)"
            unit.said = unit.said or Say("document.shapeless", {"names": ", ".join(names), "example": example})
        if missing is None and unit.alias is None and index not in assembly.usage.macros and len(lines) < _LONG:
            assembly.program()

    # ------------------------------------------------------------ what is judged

    def _assembly(self, k: int, unit: Unit, nodes: Sequence[Node | None], line: Line) -> Assembly:
        by = [v.symbol.name for v in unit.subject.variables if v.symbol is not None] if unit.subject is not None else []
        lines, missing = self.definitions.needed(nodes, k, unit, by)
        if missing is not None:
            unit.missing = missing
        return self._assembled([*lines, line])

    def _marks(self, section: int) -> dict[str, bool]:
        """The names that a section marks as arrays, by formulas or words; a mark in another section may be one of another thing."""
        if section not in self.section_marks:
            own = [w for w in self.text.written if bisect(self.headings, w.place.line) == section]
            words = [n for n, lines in self.words.items() if any(bisect(self.headings, line) == section for line in lines)]
            self.section_marks[section] = marked(own) | dict.fromkeys(words, True)
        return self.section_marks[section]

    def _ranks(self, line: int) -> dict[str, int]:
        """The ranks of the arrays of the section in which a line stands, from all that is defined there."""
        section = bisect(self.headings, line)
        if section not in self.section_ranks:
            own = [u for u in self.units if u.kind == DEFINITION and bisect(self.headings, u.written.place.line) == section]
            lines = [u.line() for u in own]
            symbols = {n.symbol for w in lines for side in w.sides for n in walk(side) if n.symbol is not None}
            names = {sp for s in symbols for sp in spellings(s)}
            fonts = {(s.name, is_bold(s)) for w in lines if (s := defined_by(w)) is not None}
            declared = [
                d for n, d in self.definitions.declared_at(lines[-1].place.line if lines else line).items()
                if n in names and n not in self.shapes and (n, not declares_bold(d)) not in fonts
                and not self.definitions.is_of_another_rank(d, symbols, lines[-1])
            ]  # fmt: skip
            given = {n: s for n, s in self.shapes.items() if n in names}
            marks = self._marks(section)
            self.section_ranks[section] = ranks_in(self.source, [*declared, *lines], self.write, given, self.let, marks) if lines else {}
        return self.section_ranks[section]

    def _assembled(self, lines: Sequence[Line]) -> Assembly:
        """The lines with the declarations of their names."""
        names = {n.symbol for line in lines for side in line.sides for n in walk(side) if n.symbol is not None}
        defined = {s.name for line in lines if not line.said and (s := defined_by(line)) is not None}
        defined |= {stem for line in lines if not line.said and (s := defined_by(line)) is not None for stem in entries_of(s)}
        spelled = {spelling for s in names for spelling in spellings(s)}
        here = self.definitions.declared_at(lines[-1].place.line)
        declared = [d for n, d in here.items() if n in spelled and n not in self.shapes and n not in defined]
        declared = [d for d in declared if not self.definitions.is_another(d, names, lines[-1])]
        facts = {n: f for n, f in self.assume.items() if n in spelled and (n not in self.said_facts or n not in defined)}
        every = [*declared, *lines]
        try:
            assembly = self._made(every, facts)
            if facts.keys() & self.said_facts:
                assembly.program()
        except SymchainError:
            facts = {n: f for n, f in facts.items() if n not in self.said_facts}  # words may be about another thing of that name
            assembly = self._made(every, facts)
        for k, line in enumerate(assembly.statements):
            self._reread(line, assembly.understood.get(k, ("", ""))[1])
        return assembly

    def _made(self, every: Sequence[Line], facts: dict[str, Any]) -> Assembly:
        ranks = self._ranks(every[-1].place.line)
        sections = {bisect(self.headings, line.place.line) for line in every if line.shape is None}
        uses = {
            (n.symbol.name, is_bold(n.symbol))
            for line in every
            for side in line.sides
            for n in walk(side)
            if n.symbol is not None and n.symbol.pieces
        }
        entries = {n for n, bold in uses if not bold and (n, True) not in uses} & self.bold
        plain = entries | {s.name for line in every if (s := defined_by(line)) is not None and not is_bold(s)} & self.bold
        marks = {n: c for k in sorted(sections) for n, c in self._marks(k).items() if n not in plain}
        return Assembly(self.source, every, self.write, self.shapes, facts, self.let, self.rowwise, marks, self.slope, ranks)

    def _reread(self, line: Line, reading: str) -> None:
        """What turns out to be an array where it is used was read entry by entry before."""
        unit = self.definitions.unit_of(line)
        if unit is not None and unit.kind == DEFINITION and len(reading.split(" = ")[0]) < len(unit.reading.split(" = ")[0]):
            unit.reading = reading if reading and " = " in reading else unit.reading

    def _ask(self, k: int, unit: Unit) -> None:
        """The question that a statement puts."""
        if unit.subject is not None:
            self._ask_derivative(k, unit, unit.subject)
            return
        assembly = self._assembly(k, unit, [unit.left, unit.right], unit.equal())
        left, right = assembly.equalities[-1]
        if unit.left is not None and unit.left.head == "apply" and not self.same(assembly.program(), left, right, {}):
            what = f"{unit.left.text} is a known function, and its formula is another one here"
            raise ParseError(what, advice="Give the function another name.", place=unit.written.place)
        if unit.identity and not self.same(assembly.program(), left, right, {}):
            unit.kind, unit.said = SKIPPED, Say("document.skipped.equation", {})
            return
        unit.reading = f"{left} = {right}" if not set(self._shapeless(assembly)) else unit.source  # arrays are no numbers
        unit.asked = Asked(assembly.program(), left, (), right, **self._circumstances(k, unit, assembly))

    def _ask_derivative(self, k: int, unit: Unit, subject: Subject) -> None:
        right = unit.right
        assert right is not None
        self._refuse_other_name(k, unit, subject)
        if subject.components:
            self._ask_components(k, unit, subject, right)
            return
        for other, name in subject.renamed:
            right = renamed(right, other, name, self.source)
        if subject.factor is not None:
            right = Node("product", right.place, (Node("paren", right.place, (right,), "("), subject.factor), ops=("", "cdot"))
        node = replace(subject.node, parts=subject.node.parts[:2])
        claim = Line((node, right), unit.written.place, unit.source)
        assembly = self._assembly(k, unit, [subject.output, *subject.variables, right], claim)
        found = assembly.claims[-1][1]
        wrt: tuple[str, ...] = (str(found.wrt),)
        if len(subject.variables) > 1:
            second = subject.variables[1].symbol
            wrt = (*wrt, second.name if second is not None else "")
        of = found.output if found.output.isidentifier() else f"({found.output})"
        order = f"d{of}/" + "".join(f"d{w}" for w in wrt) if len(wrt) == 1 else f"d2{of}/" + "".join(f"d{w}" for w in reversed(wrt))
        formulas = assembly.formulas()
        at = tuple((n, self.write(formulas.read(v).phrase)) for n, v in subject.at)
        unit.reading = f"{order} = {found.claim}" + ("".join(f" at {n} = {v}" if not i else f", {n} = {v}" for i, (n, v) in enumerate(at)))
        first, by = subject.output.symbol, subject.variables[0].symbol
        letters = assembly.usage.free.get(len(assembly.statements) - 1, ())
        diagonal = first is not None and by is not None and any(c in "".join(first.pieces) and c in "".join(by.pieces) for c in letters)
        unit.asked = Asked(
            assembly.program(),
            found.output,
            wrt,
            found.claim,
            at=at,
            diagonal=diagonal,
            entries=bool(letters),
            partial=subject.partial,
            **self._circumstances(k, unit, assembly),
        )

    def _ask_components(self, k: int, unit: Unit, subject: Subject, right: Node) -> None:
        """The question that a gradient puts: that of each of its components."""
        listed = components_in(right, len(subject.variables))
        if subject.second:
            rows = [components_in(row, len(subject.variables)) for row in listed]
            listed = tuple(c for row in rows for c in row) if all(rows) else ()
        if not listed:
            what = f"a gradient by {len(subject.variables)} names that is not a list of as many components"
            if subject.second:
                what = f"a matrix of second derivatives by {len(subject.variables)} names that is not a list of as many components"
            raise ParseError(what, advice="State each component.", place=unit.written.place)
        parts = [replace(unit, subject=subject.component(j), right=c) for j, c in enumerate(listed)]
        for part in parts:
            self._ask(k, part)
        unit.reading = "; ".join(p.reading for p in parts)
        asked = tuple(p.asked for p in parts if p.asked is not None)
        unit.asked = replace(asked[0], components=asked)

    def _refuse_other_name(self, k: int, unit: Unit, subject: Subject) -> None:
        """df/dx directly behind a formula for f_c may mean either."""
        output = subject.output.symbol
        before = self.units[k - 1] if k else None
        while (
            before is not None
            and before.kind in (CLAIM, SKIPPED)
            and before.written.clause.fragment == unit.written.clause.fragment
            and k > 1
        ):
            k -= 1
            before = self.units[k - 1]
        if output is None or before is None or before.kind != DEFINITION or before.written.clause.fragment != unit.written.clause.fragment:
            return
        one, two = output, before.symbol
        if before.written.clause.row == unit.written.clause.row and one.base == two.base and one.pieces != two.pieces and not one.pieces:
            what = f"{one.name} can be read as {one.name} and as the {two.name} beside it"
            raise ParseError(what, advice="Use one name for one function.", place=unit.written.place)

    def _circumstances(self, k: int, unit: Unit, assembly: Assembly) -> dict[str, Any]:
        """What else bears on a statement: unknown shapes, refused lines, a condition, a number's digits."""
        near, case = self.surroundings.conditions(unit.written)
        shapeless = tuple(sorted(self._shapeless(assembly)))
        point = [(n, self.write(assembly.formulas().read(v).phrase)) for n, v in near]
        constant = unit.right is not None and (unit.subject is None or is_constant(unit.right))
        around = self.surroundings.around(unit.written) if constant else []
        named = dict(unit.subject.renamed) if unit.subject is not None else {}  # at x_0 = 1 a derivative by x at x_0 is one at x = 1
        point = [(named.get(n, n), v) for n, v in point]
        around = [(named.get(n, n), v) for n, v in around]
        held = {n.symbol.name for n in walk(unit.right) if n.symbol is not None} if unit.right is not None else set()
        if any(n in held for n, _ in point):
            point = []
        missing = None
        if unit.missing is not None:
            line = str(unit.missing.written.place.line)
            why = unit.missing.error.what if unit.missing.error is not None else ""
            missing = Say("document.missing", {"name": unit.missing.symbol.name, "line": line, "why": why})
        formulas = assembly.formulas()
        return {
            "near": tuple(point),
            "around": tuple((n, self.write(formulas.read(v).phrase)) for n, v in around),
            "case": case,
            "distant": tuple(self._distant(unit, assembly, self.headings)),
            "elsewhere": tuple(self._distant(unit, assembly, self.exercises)),
            "numbers": unit.numbers,
            "apart": unit.kind == EQUALITY and unit.defines,
            "shapeless": shapeless,
            "missing": missing,
            "digits": digits_of(unit.right),
            "solved": unit.solved or (is_zero(unit.right) and self.surroundings.solves(unit.written, unit.subject)),
        }

    def _distant(self, unit: Unit, assembly: Assembly, headings: Sequence[int]) -> Iterator[str]:
        """The names that another section defines, of those that a statement rests on."""
        here = bisect(headings, unit.written.place.line)
        for section in assembly.sections:
            for name, (_, line, _) in section.definitions.items():
                if bisect(headings, line.place.line) != here:
                    yield name

    def _shapeless(self, assembly: Assembly) -> Iterator[str]:
        """Names that the text marks as arrays and that have no shape here."""
        section = assembly.sections[-1]
        names = {n.symbol.name for line in assembly.statements for side in line.sides for n in walk(side) if n.symbol is not None}
        marks = set(assembly.usage.arrays)
        for name in names & marks:
            known = section.known.get(name)
            shape = known.shape if known is not None else assembly.usage.shapes.get(name, ())
            if name in assembly.aliases or name in assembly.usage.functions:
                continue
            if not shape and not (name in self.shapes or name in self.definitions.declared):
                yield name

    # ------------------------------------------------------------ the program as a whole

    def _whole(self) -> Program:
        """All definitions and claims that were understood, in sections; where they do not go together, one more section begins."""
        kept = [u for u in self.units if u.kind in (DEFINITION, CLAIM) and not (u.kind == CLAIM and u.asked is None)]
        lines = [line for u in kept if (line := self._line(u)) is not None]
        declared = list(self.definitions.declared.values())
        programs = list(self._built(declared, lines))
        first, claims, understood = Program(MappingProxyType({}), MappingProxyType({})), [], []
        sections: list[Program] = []
        for p in programs:
            offset = len(sections)
            sections += [replace(s, claims=(), later=(), understood=()) for s in p.sections]
            claims += [replace(c, section=c.section + offset) for c in p.claims]
            understood += [u for u in p.understood if u not in understood]
        first = sections[0] if sections else first
        return replace(first, claims=tuple(claims), later=tuple(sections[1:]), understood=tuple(understood))

    def _line(self, unit: Unit) -> Line | None:
        if unit.kind == DEFINITION:
            return unit.line()
        subject = unit.subject
        if (
            subject is None
            or len(subject.variables) > 1
            or subject.factor is not None
            or subject.at
            or subject.renamed
            or unit.right is None
            or unit.asked is None
        ):
            return None
        return Line((subject.node, unit.right), unit.written.place, unit.source)

    def _built(self, declared: Sequence[Line], lines: list[Line]) -> Iterator[Program]:
        """The programs of some lines: one where they go together, else two, cut where they do not."""
        if not lines and not declared:
            return
        try:
            defined = {s.name for line in lines if (s := defined_by(line)) is not None}
            mentioned = {
                sp for line in lines for side in line.sides for n in walk(side) if n.symbol is not None for sp in spellings(n.symbol)
            }
            head = [d for d in declared if (s := d.sides[0].symbol) is not None and s.name not in defined and s.name not in self.shapes]
            facts = {n: f for n, f in self.assume.items() if n not in self.said_facts or (n in mentioned and n not in defined)}
            let = {n: f for n, f in self.let.items() if n not in self.said_let or n in mentioned}
            ranks = self._ranks(lines[-1].place.line) if lines else {}
            every = [*head, *lines]
            yield Assembly(self.source, every, self.write, self.shapes, facts, let, self.rowwise, self.arrays, self.slope, ranks).program()
            return
        except SymchainError as error:
            place = error.place
        if len(lines) < 2:
            return
        at = next((k for k, line in enumerate(lines) if place is not None and line.place.line == place.line), len(lines) // 2)
        at = max(1, at)
        yield from self._built(declared, lines[:at])
        yield from self._built(declared, lines[at:])
