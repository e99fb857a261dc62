r"""Documents as LaTeX: a fragment (a paragraph, one align with \intertext, the check), or a whole file that compiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from math import inf

from symchain.render import latex
from symchain.render.formulas import LIMIT, LatexFormulas, joint
from symchain.render.measure import width
from symchain.render.names import escaped
from symchain.render.products import BREAK
from symchain.render.sentences import Speaker
from symchain.render.style import Style
from symchain.support.document import Carried, Document, Formula, Label, Math, Row, Section
from symchain.wording import locale_of

ROOM = 79.0
"""Width of a line of mathematics, in the units of `measure`."""
GAP = 6.0
"""What stands at least between the formulas and a column of remarks."""
INLINE_BLOCKS = 8
INLINE_WIDTH = 32.0


def style_of(document: Document, lang: str) -> Style:
    return Style(lang, document.ranks, document.renamed, document.functions, LIMIT)


def fragment(document: Document, lang: str) -> str:
    """The document as LaTeX that needs amsmath and amssymb."""
    formulas = LatexFormulas(style_of(document, lang))
    speaker = Speaker(lang, escaped, lambda m: f"${formulas.inline(m)}$")
    opening = [_computation(document, formulas, speaker), *map(speaker.say, document.opening)]
    out = [rf"\paragraph{{{speaker.say(document.title)}}} " + "\n".join(filter(None, opening))]
    out += _sections(document.sections, formulas, speaker)
    if document.checks:
        if document.sections and document.sections[-1].closing:
            out.append("")
        out.append(rf"\noindent\emph{{{speaker.word('section.check')}.}} " + "\n".join(map(speaker.say, document.checks)))
    return "\n".join(out) + "\n"


def _computation(document: Document, formulas: LatexFormulas, speaker: Speaker) -> str:
    """The blocks in one sentence when they are few, else one aligned line each."""
    definitions = document.definitions
    if not definitions:
        return ""
    equations = [f"{formulas.inline(Formula(d.symbol))}={formulas.inline(Formula(d.phrase))}" for d in definitions]
    if len(definitions) <= INLINE_BLOCKS and all(width(e) <= INLINE_WIDTH for e in equations):
        return speaker.say(document.sentence)
    rows = []
    for d in definitions:
        first, *more = latex.lines(formulas.display(Formula(d.phrase)), ROOM - 10)
        rows.append(f"{formulas.inline(Formula(d.symbol))}&={first}")
        rows += [rf"&\quad{{}}{line}" for line in more]
    text = speaker.say(document.table) + "\n\\begin{align*}\n" + "\\\\\n".join(rows) + "\n\\end{align*}"
    if document.omitted:
        text += "\n" + speaker.omitted(document.omitted)
    return text


def _sections(sections: Sequence[Section], formulas: LatexFormulas, speaker: Speaker) -> Iterator[str]:
    """All sections in one align, with their headings between the rows."""
    setting = Setting(formulas, speaker, ROOM, [r for s in sections for r in s.rows], remarks_align=True)
    lines: list[str] = []
    closing: list[str] = []
    for number, section in enumerate(sections, 1):
        said = " ".join(speaker.opening(number, section, r"\textbf{{{}}}".format))
        if not section.rows:
            closing.append(said)
            continue
        if closing:
            said = r"\endgraf ".join([*closing, said])  # \par may not stand in the argument of an alignment
            closing = []
        lines.append(rf"\intertext{{{said}}}")
        lines += [r + r"\\" for r in setting.lines(section.rows)]
        closing = [speaker.say(s) for s in section.closing]
    if lines:
        lines[-1] = lines[-1].removesuffix(r"\\")
        yield "\\begin{align*}\n" + "\n".join(lines) + "\n\\end{align*}"
    if closing:
        yield r"\noindent " + "\n\n\\noindent ".join(closing)


class Setting:
    """Rows as lines of one alignment: F_1=dC/da_2 &= ... (rule), broken where the page ends.

    What stands left of the alignment takes as much room as the widest left side.
    """

    def __init__(
        self, formulas: LatexFormulas, speaker: Speaker, room: float, rows: Sequence[Row] = (), *, remarks_align: bool = False
    ) -> None:
        self.formulas, self.speaker = formulas, speaker
        self.column = min(max((width(self._left(r)) for r in rows if not r.boxed and not r.depth), default=0.0), room / 2)
        self.room = room - self.column
        remarks = max((width(self._remark(r)) for r in rows), default=0.0)
        self.aligned = remarks_align and self._widest(rows) + remarks <= self.room - GAP
        self.beside = self.room - remarks - GAP if self.aligned else self.room
        """The room for a line of several rows."""

    def lines(self, rows: Sequence[Row]) -> list[str]:
        """The rows in order; short ones that may stand beside each other share a line."""
        found: list[str] = []
        k = 0
        while k < len(rows):
            texts = [self._short(r) for r in takewhile(lambda r: r.beside, rows[k:])]
            room = self.beside + (0.0 if rows[k].boxed else width(self._left(rows[k])))
            taken = max((n for n in range(len(texts) + 1) if sum(map(width, texts[:n])) + 3 * n <= room), default=0)
            if taken > 1:
                first, *others = texts[:taken]
                start = f"&{first}" if rows[k].boxed else first.replace("=", "&=", 1)
                found.append(start + "".join(r",\quad " + t for t in others))
                k += taken
            else:
                found += self._row(rows[k])
                k += 1
        return found

    def _heads(self, row: Row) -> int:
        """How many sides stand left of the alignment: a label and its symbol, or the symbol alone."""
        return 2 if isinstance(row.sides[0], Label) else 1

    def _left(self, row: Row) -> str:
        return "=".join(self.formulas.display(m).replace(BREAK, "") for m in row.sides[: self._heads(row)])

    def _short(self, row: Row) -> str:
        text = "=".join(self.formulas.display(m).replace(BREAK, "") for m in row.sides)
        return rf"\boxed{{{text}}}" if row.boxed else text

    def _widest(self, rows: Sequence[Row]) -> float:
        """How wide the rows are right of the alignment; maps are too uneven to stand beside a column of remarks."""
        widest = 0.0
        for row in rows:
            if any(isinstance(m, Carried) for m in row.sides):
                return inf
            indented = [r"\quad " * row.depth + self._left(row)] if row.depth else []
            sides = [*indented, *("=" + self.formulas.display(m) for m in row.sides[self._heads(row) :])]
            widest = max(widest, sum(map(width, sides)))
        return widest

    def _remark(self, row: Row) -> str:
        return "" if row.remark is None else rf"\text{{({self.speaker.say(row.remark)})}}"

    def _row(self, row: Row) -> list[str]:
        if row.boxed and width(boxed := self._short(row)) <= self.room:
            return [f"&{boxed}"]
        found: list[str] = []
        left, used = self._left(row), 0.0
        current = f"{left}&"
        if row.depth:  # steps stand to the right of the alignment
            current = "&" + r"\quad " * row.depth + left
            used = width(current)
        for k, math in enumerate(row.sides[self._heads(row) :]):
            sign, side = joint(math, "=", r":\;"), self.formulas.display(math)
            if k and used + width(sign + side) > self.room and width(sign + side) <= self.room:
                found, current, used = [*found, current], "&", 0.0
            first, *more = latex.lines(side, self.room - used - width(sign))
            current, used = current + sign + first, used + width(sign + first)
            for line in more:
                found, current, used = [*found, current], rf"&\quad{{}}{line}", latex.INDENT + width(line)
        remark = self._remark(row)
        if remark and self.aligned:
            current += f" &&{remark}"
        elif remark and used + width(remark) + latex.INDENT <= self.room:
            current += rf"\quad{remark}"
        elif remark:
            found.append(current)
            *before, current = [rf"&\qquad{part}" for part in self._parts(remark)]
            found += before
        return [*found, current]

    def _parts(self, remark: str) -> list[str]:
        """A remark, cut after its first semicolon where it is wider than the room there is."""
        if width(remark) + 2 * latex.INDENT <= self.room or "; " not in remark:
            return [remark]
        first, rest = remark.split("; ", 1)
        return [f"{first};}}", rf"\text{{{rest}"]


def rows_lines(rows: Sequence[Row], formulas: LatexFormulas, speaker: Speaker) -> list[str]:
    """Rows as the lines of an alignment of their own."""
    return Setting(formulas, speaker, ROOM, rows).lines(rows)


def complete(body: str, lang: str) -> str:
    """A file that pdflatex and lualatex compile."""
    return "\n".join([
        r"\documentclass[11pt,a4paper]{article}",
        r"\usepackage{iftex}",
        r"\ifPDFTeX\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\fi",
        locale_of(lang).preamble,
        r"\usepackage{amsmath,amssymb}",
        r"\usepackage[margin=22mm]{geometry}",
        r"\allowdisplaybreaks",
        r"\setlength{\emergencystretch}{3em}",
        r"\begin{document}",
        body.rstrip("\n"),
        r"\end{document}",
        "",
    ])  # fmt: skip


def plain_rows(rows: Sequence[tuple[Math, ...]], formulas: LatexFormulas) -> list[str]:
    """Rows without remarks, for the blocks of a program."""
    found = []
    for left, *right in rows:
        first, *more = latex.lines("=".join(formulas.display(m) for m in right), ROOM - 10)
        found.append(f"{formulas.display(left)}&={first}")
        found += [rf"&\quad{{}}{line}" for line in more]
    return found
