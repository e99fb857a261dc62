"""Programs and single lines as text, programs as mathematics."""

from __future__ import annotations

from symchain.language.writing import declaration_lines
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Line
from symchain.render import text
from symchain.render.formulas import LatexFormulas, TextFormulas
from symchain.render.latex_document import plain_rows
from symchain.render.names import told_apart
from symchain.render.sentences import Speaker
from symchain.render.style import Style
from symchain.support.document import Axes, Formula, Say
from symchain.support.notation import name


def program_text(program: Computation) -> str:
    """The program in the input language: declarations, bindings, blocks. Read back, it means the same."""
    lines = [*declaration_lines(program), *(f"{b.name} = {text.write(b.phrase)}" for b in program.blocks.values())]
    return "\n".join(lines)


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


def line_text(line: Line) -> str:
    """The line in the input language, complete whatever its length."""
    return f"{line.name} = {text.write(line.phrase)}"
