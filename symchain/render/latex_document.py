r"""Documents as LaTeX: a fragment (a paragraph, one align with \intertext, the check), or a whole file that compiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from symchain.render import latex
from symchain.render.document import Carried, Document, Formula, Label, Math, Row, Section
from symchain.render.formulas import LIMIT, LatexFormulas, joint
from symchain.render.names import escaped
from symchain.render.products import BREAK, width
from symchain.render.sentences import Speaker
from symchain.render.style import Style
from symchain.wording import sentence

ROOM = 84
"""Width of a line of mathematics, in characters."""
INLINE_BLOCKS = 8


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
    if len(definitions) <= INLINE_BLOCKS and all(width(e) <= ROOM // 2 for e in equations):
        return speaker.say(document.sentence)
    rows = []
    for d in definitions:
        first, *more = latex.lines(formulas.display(Formula(d.phrase)), ROOM - 10)
        rows.append(f"{formulas.inline(Formula(d.symbol))}&={first}")
        rows += [rf"&\quad{{}}{line}" for line in more]
    text = speaker.say(document.table) + "\n\\begin{align*}\n" + "\\\\\n".join(rows) + "\n\\end{align*}"
    if document.omitted:
        text += "\n" + speaker.plain(sentence(speaker.lang, "computation.omitted").replace("{count}", str(document.omitted)))
    return text


def _sections(sections: Sequence[Section], formulas: LatexFormulas, speaker: Speaker) -> Iterator[str]:
    """All sections in one align, with their headings between the rows."""
    aligned = _remarks_align(sections, formulas, speaker)
    lines: list[str] = []
    closing: list[str] = []
    for number, section in enumerate(sections, 1):
        said = " ".join(speaker.opening(number, section, r"\textbf{{{}}}".format))
        if not section.rows:
            closing.append(said)
            continue
        if closing:
            said = r"\par ".join([*closing, said])
            closing = []
        lines.append(rf"\intertext{{{said}}}")
        lines += [r + r"\\" for r in rows_lines(section.rows, formulas, speaker, ROOM, aligned)]
        closing = [speaker.say(s) for s in section.closing]
    if lines:
        lines[-1] = lines[-1].removesuffix(r"\\")
        yield "\\begin{align*}\n" + "\n".join(lines) + "\n\\end{align*}"
    if closing:
        yield r"\noindent " + "\n\n\\noindent ".join(closing)


def _remarks_align(sections: Sequence[Section], formulas: LatexFormulas, speaker: Speaker) -> bool:
    """Whether all remarks can stand in one column beside the formulas."""
    left = right = beside = 0
    for row in (r for s in sections for r in s.rows):
        if any(isinstance(m, Carried) for m in row.sides):  # maps are wide and of uneven length
            return False
        sides = [width(formulas.display(m)) for m in row.sides]
        heads = 2 if isinstance(row.sides[0], Label) else 1
        left, right = max(left, sum(sides[:heads])), max(right, sum(sides[heads:]))
        beside = max(beside, width(speaker.say(row.remark)) if row.remark else 0)
    return left + right + beside <= ROOM - 8


def rows_lines(rows: Sequence[Row], formulas: LatexFormulas, speaker: Speaker, room: int, aligned: bool = False) -> list[str]:
    """Rows as lines of an alignment; short ones that may stand beside each other share a line."""
    found: list[str] = []
    k = 0
    while k < len(rows):
        together = [*takewhile(lambda r: r.beside, rows[k:])]
        texts = [_short(r, formulas) for r in together]
        taken = max((n for n in range(len(texts) + 1) if sum(map(width, texts[:n])) + 3 * n <= room), default=0)
        if taken > 1:
            first, *others = texts[:taken]
            start = f"&{first}" if rows[k].boxed else first.replace("=", "&=", 1)
            found.append(start + "".join(r",\quad " + t for t in others))
            k += taken
        else:
            found += row_lines(rows[k], formulas, speaker, room, aligned)
            k += 1
    return found


def _short(row: Row, formulas: LatexFormulas) -> str:
    text = "=".join(formulas.display(m).replace(BREAK, "") for m in row.sides)
    return rf"\boxed{{{text}}}" if row.boxed else text


def row_lines(row: Row, formulas: LatexFormulas, speaker: Speaker, room: int, aligned: bool = False) -> list[str]:
    """A row as lines of an alignment: F_1=dC/da_2 &= ... && (rule)."""
    sides = [formulas.display(m) for m in row.sides]
    split = 2 if isinstance(row.sides[0], Label) else 1
    left = "=".join(s.replace(BREAK, "") for s in sides[:split])
    if row.boxed:
        right = "=".join(s.replace(BREAK, "") for s in sides[1:])
        if width(left) + width(right) <= room:
            return [rf"&\boxed{{{left}={right}}}"]
    found: list[str] = []
    used = width(left)
    current = f"{left}&" if not row.depth else "&" + r"\quad " * row.depth + left  # steps stand to the right of the alignment
    for side, math in zip(sides[split:], row.sides[split:], strict=True):
        first, *more = latex.lines(side, room - min(used, room // 2))
        if width(current) + width(first) > room and not current.endswith("&"):
            found.append(current)
            current = "&"
        current += joint(math, "=", r":\;") + first
        for line in more:
            found.append(current)
            current = rf"&\quad{{}}{line}"
    if row.remark is not None:
        remark = rf"\text{{({speaker.say(row.remark)})}}"
        if aligned:
            current += f" &&{remark}"
        elif width(current) + width(remark) <= room:
            current += rf"\quad{remark}"
        else:
            found.append(current)
            current = rf"&\qquad{remark}"
    return [*found, current]


PREAMBLES = {
    "en": r"\usepackage[english]{babel}",
    "fr": r"\usepackage[french]{babel}",
}


def complete(body: str, lang: str) -> str:
    """A file that pdflatex and lualatex compile."""
    return "\n".join([
        r"\documentclass[11pt,a4paper]{article}",
        r"\usepackage{iftex}",
        r"\ifPDFTeX\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\fi",
        PREAMBLES[lang],
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
