r"""Documents as LaTeX: a fragment (a paragraph, an align for each section, the check), or a whole file that compiles.

Every group of rows may break where a page ends, and lines are broken to the width that they are written for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from math import inf

from symchain.render.breaking import INDENT, lines
from symchain.render.formulas import LIMIT, LatexFormulas, joint
from symchain.render.measure import width
from symchain.render.names import escaped
from symchain.render.products import BREAK, solid
from symchain.render.sentences import Speaker
from symchain.render.style import Style
from symchain.render.widths import ARTICLE, PAGE, Width
from symchain.support.document import Carried, Document, Formula, Label, Math, Row, Say, Section
from symchain.wording import locale_of

GAP = 30.0
"""What stands at least between the formulas and a column of remarks, in points."""
INLINE_BLOCKS = 8
INLINE_WIDTH = 165.0


def style_of(document: Document, lang: str) -> Style:
    return Style(lang, document.ranks, document.renamed, document.functions, LIMIT, document.partials)


def fragment(document: Document, lang: str, line: Width = ARTICLE) -> str:
    """The document as LaTeX that needs amsmath and amssymb, for a line of that width."""
    formulas = LatexFormulas(style_of(document, lang))
    speaker = Speaker(lang, escaped, lambda m: f"${formulas.inline(m)}$")
    opening = [_computation(document, formulas, speaker, line.room), *map(speaker.say, document.opening)]
    out = [f"% {_needed(line, lang)}", r"\begingroup\allowdisplaybreaks\emergencystretch=3em"]
    out.append(rf"\paragraph{{{speaker.say(document.title)}}} " + "\n".join(filter(None, opening)))
    for number, section in enumerate(document.sections, 1):
        out += _section(number, section, formulas, speaker, line.room)
    if document.checks:
        out += ["", rf"\noindent\emph{{{speaker.word('section.check')}.}} " + "\n".join(map(speaker.say, document.checks))]
    return "\n".join([*out, r"\par\endgroup"]) + "\n"


def _needed(line: Width, lang: str) -> str:
    """What a document must load, and how wide its lines must be."""
    sizes = {"width": f"{line.points:.0f}pt", "size": f"{line.size:.0f}pt"}
    return Speaker(lang, str, lambda m: "").say(Say("latex.preamble", {"code": r"\usepackage{amsmath,amssymb}", **sizes}))


def _computation(document: Document, formulas: LatexFormulas, speaker: Speaker, room: float) -> str:
    """The blocks in one sentence when they are few, else one aligned line each."""
    definitions = document.definitions
    if not definitions:
        return ""
    equations = [f"{formulas.inline(Formula(d.symbol))}={formulas.inline(Formula(d.phrase))}" for d in definitions]
    if len(definitions) <= INLINE_BLOCKS and all(width(e) <= INLINE_WIDTH and e.count(r"\frac") < 2 for e in equations):
        return speaker.say(document.sentence)
    rows = plain_rows([(Formula(d.symbol), Formula(d.phrase)) for d in definitions], formulas, room)
    text = speaker.say(document.table) + "\n" + aligned(rows)
    if document.omitted:
        text += "\n" + speaker.omitted(document.omitted)
    return text


def aligned(rows: Sequence[str]) -> str:
    """Lines as one alignment; a page does not begin with the remark of the row before it."""
    parts = [rows[0]] if rows else []
    for row in rows[1:]:
        parts[-1] += r"\\*" if row.startswith(r"&\qquad\text{") else r"\\"
        parts.append(row)
    return "\\begin{align*}\n" + "\n".join(parts) + "\n\\end{align*}"


def _section(number: int, section: Section, formulas: LatexFormulas, speaker: Speaker, room: float) -> Iterator[str]:
    """The heading with what is said there, the rows, what is said after them."""
    yield from ("", r"\noindent " + " ".join(speaker.opening(number, section, r"\textbf{{{}}}".format)))
    if section.rows:
        yield aligned(Setting(formulas, speaker, room, section.rows, remarks_align=True).lines(section.rows))
    if section.closing:
        yield r"\noindent " + "\n\n\\noindent ".join(map(speaker.say, section.closing))


class Setting:
    """Rows as lines of one alignment: F_1=dC/da_2 &= ... (rule), broken where the page ends.

    What stands left of the alignment takes as much room as the widest left side.
    """

    def __init__(
        self, formulas: LatexFormulas, speaker: Speaker, room: float, rows: Sequence[Row] = (), *, remarks_align: bool = False
    ) -> None:
        self.formulas, self.speaker = formulas, speaker
        self.widest_left = room * _LEFT
        lefts = (width(self._left(r)) for r in rows if not r.boxed and not r.depth)
        self.column = max((w for w in lefts if w <= self.widest_left), default=0.0)
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
            taken = max((n for n in range(len(texts) + 1) if sum(map(width, texts[:n])) + 16 * n <= room), default=0)
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

    def _left(self, row: Row, marked: bool = False) -> str:
        text = f"{BREAK}=".join(self.formulas.display(m) for m in row.sides[: self._heads(row)])
        return text if marked else solid(text)

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
        if not row.depth and width(left) > self.widest_left:  # it would push the alignment off the page
            *found, left = [f"&{line}" for line in lines(self._left(row, marked=True), self.room)]
            current, used = left, width(left)
        if row.depth:  # steps stand to the right of the alignment
            step = r"\quad " * row.depth
            *found, left = lines(self._left(row, marked=True), self.room - width(step))
            found, current = [f"&{step}{line}" for line in found], f"&{step}{left}"
            used = width(current)
        indent = r"\quad " * (row.depth + 1) if row.depth else ""
        for math in row.sides[self._heads(row) :]:
            sign, side = joint(math, "=", r":\;"), self.formulas.display(math)
            whole = width(sign + side)
            if used and used + whole > self.room and (whole <= self.room or self.room - used < self.room / 3):
                found, current, used = [*found, current], rf"&{indent}", width(indent)
            first, *more = lines(side, self.room - width(indent), self.room - used - width(sign))
            if used > width(indent) and used + width(sign + first) > self.room:
                found, current, used = [*found, current], rf"&{indent}", width(indent)
                first, *more = lines(side, self.room - width(indent), self.room - used - width(sign))
            current, used = current + sign + first, used + width(sign + first)
            for line in more:
                found, current, used = [*found, current], rf"&{indent}\quad{{}}{line}", width(indent) + INDENT + width("{}" + line)
        remark = self._remark(row)
        if remark and self.aligned:
            current += f" &&{remark}"
        elif remark and used + width(remark) + INDENT <= self.room:
            current += rf"\quad{remark}"
        elif remark:
            found.append(current)
            *before, current = [rf"&\qquad{part}" for part in self._parts(remark)]
            found += before
        return [*found, current]

    def _parts(self, remark: str) -> list[str]:
        """A remark as lines that fit: cut after its semicolons, else between words."""
        room = self.room - 2 * INDENT
        if width(remark) <= room:
            return [remark]
        parts, current = [], ""
        for word in (w for long in _words(remark.removeprefix(r"\text{").removesuffix("}")) for w in _cut(long, room)):
            longer = f"{current} {word}" if current else word
            full = current and width(rf"\text{{{longer}}}") > room
            if full or current.endswith(";"):
                parts.append(current)
                longer = word
            current = longer
        return [rf"\text{{{part}}}" for part in [*parts, current]]


_LEFT = 0.4
"""The part of a line that may stand left of the alignment."""


def _cut(word: str, room: float) -> list[str]:
    """A word; a formula that is too long for a line, as several."""
    if not word.startswith("$") or width(word.strip("$")) <= room:
        return [word]
    formula, _, after = word.removeprefix("$").rpartition("$")
    found = [f"${{}}{line}$" for line in lines(re.sub(r"(?=\+)|(?<=\\,)", BREAK, formula), room)]
    return [*found[:-1], found[-1] + after]


def _words(text: str) -> list[str]:
    """A text at its blanks, formulas and arguments whole."""
    words, depth, math = [""], 0, False
    for c in text:
        depth += (c == "{") - (c == "}")
        math ^= c == "$"
        if c == " " and not depth and not math:
            words.append("")
        else:
            words[-1] += c
    return words


def rows_lines(rows: Sequence[Row], formulas: LatexFormulas, speaker: Speaker) -> list[str]:
    """Rows as the lines of an alignment of their own."""
    return Setting(formulas, speaker, PAGE.room, rows).lines(rows)


def complete(body: str, lang: str, line: Width = PAGE) -> str:
    """A file that pdflatex and lualatex compile, its lines as wide as the body's."""
    options, geometry = "11pt,a4paper", "margin=22mm"
    if line is not PAGE:
        options = "10pt,a4paper" + ",twocolumn" * (line.columns > 1)
        whole = line.points * line.columns + 18 * (line.columns - 1)
        paper = f",paperwidth={whole + 100:.1f}pt" if whole > 500 else ""
        geometry = f"textwidth={whole:.2f}pt,columnsep=18pt,vmargin=22mm,hcentering{paper}"
    return "\n".join([
        rf"\documentclass[{options}]{{article}}",
        r"\usepackage{iftex}",
        r"\ifPDFTeX\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\fi",
        locale_of(lang).preamble,
        r"\usepackage{amsmath,amssymb}",
        rf"\usepackage[{geometry}]{{geometry}}",
        r"\allowdisplaybreaks",
        r"\setlength{\emergencystretch}{3em}",
        r"\begin{document}",
        body.rstrip("\n"),
        r"\end{document}",
        "",
    ])  # fmt: skip


def plain_rows(rows: Sequence[tuple[Math, ...]], formulas: LatexFormulas, room: float = PAGE.room) -> list[str]:
    """Rows without remarks, for the blocks of a program."""
    found = []
    lefts = [formulas.display(left) for left, *_ in rows]
    column = max(map(width, lefts), default=0.0)
    for left, (_, *right) in zip(lefts, rows, strict=True):
        first, *more = lines("=".join(formulas.display(m) for m in right), room - column - width("="))
        found.append(f"{solid(left)}&={first}")
        found += [rf"&\quad{{}}{line}" for line in more]
    return found
