"""A derivation as HTML whose steps fold: one details element a section, and one more for the substeps of a factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symchain.render.formulas import LatexFormulas
from symchain.render.latex_document import rows_lines, style_of
from symchain.render.math_document import cells, html_text, page_math
from symchain.render.names import escaped
from symchain.render.sentences import Speaker
from symchain.support.document import Document, Row, Section


def steps(document: Document, lang: str) -> str:
    """The document without its title; formulas as KaTeX source in elements of class math, everything escaped."""
    formulas = LatexFormulas(style_of(document, lang))
    speaker = Speaker(lang, html_text, lambda m: page_math(formulas.inline(m)))
    out: list[str] = []
    if document.definitions:
        header, rows = cells(document, formulas, speaker)
        out += [f"<details><summary>{speaker.say(document.table)}</summary>", '<div class="wide"><table>']
        out.append("<tr>" + "".join(f'<th scope="col">{h}</th>' for h in header) + "</tr>")
        out += ["<tr>" + "".join(f"<td>{page_math(c) if c else ''}</td>" for c in row) + "</tr>" for row in rows]
        out.append("</table></div>")
        if document.omitted:
            out.append(f"<p>{speaker.omitted(document.omitted)}</p>")
        out.append("</details>")
    if document.opening:
        out.append(f"<p>{' '.join(map(speaker.say, document.opening))}</p>")
    for number, section in enumerate(document.sections, 1):
        out += _section(section, number, formulas, speaker)
    if document.checks:
        out.append(f'<p class="check"><em>{speaker.word("section.check")}.</em> {" ".join(map(speaker.say, document.checks))}</p>')
    return "\n".join(out)


def _section(section: Section, number: int, formulas: LatexFormulas, speaker: Speaker) -> Iterator[str]:
    heading, *intro = speaker.opening(number, section, '<span class="title">{}</span>'.format)
    yield f'<details open class="step"><summary>{heading}</summary>'
    if intro:
        yield f"<p>{' '.join(intro)}</p>"
    shown: list[Row] = []
    for row, below in _groups(section.rows):
        shown.append(row)
        if below:
            yield _block(shown, formulas, speaker)
            yield f"<details><summary>{speaker.word('page.substeps')}</summary>"
            yield _block(below, formulas, speaker)
            yield "</details>"
            shown = []
    if shown:
        yield _block(shown, formulas, speaker)
    yield from (f"<p>{speaker.say(s)}</p>" for s in section.closing)
    yield "</details>"


def _groups(rows: Sequence[Row]) -> Iterator[tuple[Row, list[Row]]]:
    """Each row with the rows of its substeps, which stand deeper."""
    current: Row | None = None
    below: list[Row] = []
    for row in rows:
        if row.depth and current is not None:
            below.append(row)
            continue
        if current is not None:
            yield current, below
        current, below = row, []
    if current is not None:
        yield current, below


def _block(rows: Sequence[Row], formulas: LatexFormulas, speaker: Speaker) -> str:
    """Rows as one aligned block, with room between rows of stacked fractions."""
    inside = Speaker(speaker.lang, escaped, lambda m: f"${formulas.inline(m)}$")
    lines = rows_lines(rows, formulas, inside)
    spaced = [rf"{line}\\[0.75em]" if r"\frac" in line and r"\underbrace" not in line else rf"{line}\\" for line in lines]
    body = "\n".join([*spaced[:-1], lines[-1]])
    return page_math(f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}", display=True)
