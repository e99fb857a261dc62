"""Programs and single lines as text, programs as mathematics."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from symchain.language.members import linear_of
from symchain.language.statements import Declaration, Definition
from symchain.language.writing import declaration_lines
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Line
from symchain.nouns.families import Recurrence, member
from symchain.nouns.recursion import RangedLine
from symchain.render import text
from symchain.render.formulas import LatexFormulas, TextFormulas
from symchain.render.latex_document import plain_rows
from symchain.render.names import told_apart
from symchain.render.sentences import Speaker
from symchain.render.style import Style
from symchain.support.document import Axes, Formula, Say
from symchain.support.notation import Phrase, name, rewritten


def program_text(program: Computation) -> str:
    """The program in the input language: declarations, bindings, blocks. Read back, it means the same."""
    if program.recurrence is not None:
        return "\n".join(_with_index(program, program.recurrence))
    lines = [*declaration_lines(program), *(f"{b.name} = {text.write(b.phrase)}" for b in program.blocks.values())]
    return "\n".join(lines)


def _with_index(program: Computation, recurrence: Recurrence) -> Iterator[str]:
    """The declarations and lines of a program with families, as they were written."""
    declared = [s for s in recurrence.statements if isinstance(s, Declaration)]
    known = {s.name for s in declared}
    yield from (line for line in declaration_lines(program) if line.partition(":")[0] not in known)
    for s in declared:
        if s.name not in program.functions:
            shape = text.write(flat(s.shape)) if s.shape is not None else ""
            index = "" if s.index is None else f"[{_tight(s.index)}]"
            yield f"{s.name}{index}: {' '.join([shape] * bool(shape) + [fact for fact, _ in s.facts])}"
    written = {c.place for c in recurrence.clauses}
    for d in recurrence.statements:
        if isinstance(d, Definition) and d.place in written:
            index = "" if d.index is None else f"[{_tight(d.index)}]"
            over = "" if d.span is None else f" for {d.span.index} in {_tight(d.span.low)}..{_tight(d.span.high)}"
            yield f"{d.name}{index} = {text.write(flat(d.phrase))}{over}"


def flat(phrase: Phrase, known: Collection[str] = ()) -> Phrase:
    """The formula with members as they are written, a[l-1], each as one name; `known` are the families."""

    def change(p: Phrase) -> Phrase | None:
        if p.head == "index" and p.parts[0].head == "name" and len(p.parts) == 2:
            form = linear_of(p.parts[1]) if p.parts[1].head == "add" or p.parts[0].text in known else None
            return None if form is None else name(member(p.parts[0].text, form))
        return None

    return rewritten(phrase, change)


def _tight(phrase: Phrase) -> str:
    """An index or a bound, without blanks."""
    return text.write(phrase).replace(" ", "")


def program_remarks(program: Computation, lang: str) -> list[str]:
    """What a program may not have meant as it was read, a line of plain text each, with its place."""
    speaker = Speaker(lang, str, TextFormulas(lang).inline)
    said = []
    for remark in program.remarks:
        line = remark.said
        if remark.place is not None:
            line = Say("remark.at", {"line": str(remark.place.line), "column": str(remark.place.column), "remark": line})
        said.append(speaker.say(line))
    return said


def program_style(program: Computation, lang: str) -> Style:
    ranks = {v.name: len(v.shape) for v in program.inputs.values() if v.shape}
    ranks.update((b.name, len(b.shape)) for b in program.blocks.values() if b.shape)
    names = [*program.inputs, *program.blocks, *program.dimensions, *program.functions]
    return Style(lang, ranks, told_apart(names, {}), frozenset(program.functions))


def program_rows(program: Computation, lang: str) -> list[str]:
    """The shapes of the inputs and the blocks as lines of an alignment."""
    style = program_style(program, lang)
    formulas = LatexFormulas(style)
    shaped = [v for v in program.inputs.values() if v.shape]
    rows = [rf"{formulas.inline(Formula(name(v.name)))}&\in\mathbb{{R}}^{{{_axes(formulas, v.shape)}}}" for v in shaped]
    return rows + plain_rows([(Formula(name(b.name)), Formula(b.phrase)) for b in program.blocks.values()], formulas)


def _axes(formulas: LatexFormulas, shape: tuple[int | str, ...]) -> str:
    return formulas.inline(Axes(shape))


def ranged_text(line: RangedLine) -> str:
    """A line with an index in the input language."""
    return f"{line.left} = {text.write(line.phrase)}{line.over}"


def line_text(line: Line) -> str:
    """The line in the input language, complete whatever its length."""
    return f"{line.name} = {text.write(line.phrase)}"
