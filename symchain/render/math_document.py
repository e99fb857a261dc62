"""Documents for media that set mathematics with KaTeX or MathJax: Markdown, and HTML with everything escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from symchain.render.formulas import LatexFormulas
from symchain.render.latex_document import rows_lines, style_of
from symchain.render.mathml import mathml
from symchain.render.names import escaped
from symchain.render.sentences import Speaker
from symchain.support.document import Axes, Document, Formula, Math, Quantity, Row

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|$~])")


def markdown_text(text: str) -> str:
    """Plain text that Markdown leaves alone."""
    return _MARKDOWN.sub(r"\\\1", text)


def html_text(text: str) -> str:
    return html.escape(text, quote=True)


def html_math(latex: str, display: bool = False) -> str:
    """KaTeX source in an element of class math."""
    element = "div" if display else "span"
    return f'<{element} class="math">{html_text(latex)}</{element}>'


def page_math(latex: str, display: bool = False) -> str:
    """MathML, which stands until KaTeX sets the source that the element carries."""
    element = "div" if display else "span"
    return f'<{element} class="math" data-source="{html_text(latex)}">{mathml(latex, display)}</{element}>'


def aligned(rows: Sequence[Row], formulas: LatexFormulas, lang: str) -> str:
    """Rows as one aligned block; remarks are LaTeX text there."""
    inside = Speaker(lang, escaped, lambda m: f"${formulas.inline(m)}$")
    lines = rows_lines(rows, formulas, inside)
    return "\\begin{aligned}\n" + "\\\\\n".join(lines) + "\n\\end{aligned}"


def markdown(document: Document, lang: str) -> str:
    """Headings, a table of the blocks, and $$ blocks of aligned equations."""
    formulas = LatexFormulas(style_of(document, lang))

    def math(m: Math) -> str:
        return f"${formulas.inline(m)}$"

    speaker = Speaker(lang, markdown_text, math)
    out = [f"### {speaker.say(document.title).removesuffix('.')}"]
    if document.definitions:
        header, rows = cells(document, formulas, speaker)
        # a bar would end the cell, even inside mathematics
        body = [[f"${c}$".replace("|", r"\vert ") if c else "" for c in row] for row in rows]
        table = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header), *("| " + " | ".join(row) + " |" for row in body)]
        out += [speaker.say(document.table), "\n".join(table)]
        if document.omitted:
            out.append(speaker.omitted(document.omitted))
    if document.opening:
        out.append(" ".join(map(speaker.say, document.opening)))
    for number, section in enumerate(document.sections, 1):
        out.append(" ".join(speaker.opening(number, section, "**{}**".format)))
        if section.rows:
            out.append(f"$$\n{aligned(section.rows, formulas, lang)}\n$$")
        out += map(speaker.say, section.closing)
    if document.checks:
        out.append(f"*{speaker.word('section.check')}.* " + " ".join(map(speaker.say, document.checks)))
    return "\n\n".join(out) + "\n"


def html_fragment(document: Document, lang: str) -> str:
    """One section element; formulas as KaTeX source in elements of class math, everything escaped."""
    formulas = LatexFormulas(style_of(document, lang))
    speaker = Speaker(lang, html_text, lambda m: html_math(formulas.inline(m)))
    out = [f'<section class="symchain" lang="{lang}">', f"<h3>{speaker.say(document.title).removesuffix('.')}</h3>"]
    if document.definitions:
        header, rows = cells(document, formulas, speaker)
        out += [f"<p>{speaker.say(document.table)}</p>", "<table>"]
        out.append("<tr>" + "".join(f'<th scope="col">{h}</th>' for h in header) + "</tr>")
        out += ["<tr>" + "".join(f"<td>{html_math(c) if c else ''}</td>" for c in row) + "</tr>" for row in rows]
        out.append("</table>")
        if document.omitted:
            out.append(f"<p>{speaker.omitted(document.omitted)}</p>")
    if document.opening:
        out.append(f"<p>{' '.join(map(speaker.say, document.opening))}</p>")
    for number, section in enumerate(document.sections, 1):
        out.append(f"<p>{' '.join(speaker.opening(number, section, '<strong>{}</strong>'.format))}</p>")
        if section.rows:
            out.append(html_math(aligned(section.rows, formulas, lang), display=True))
        out += [f"<p>{speaker.say(s)}</p>" for s in section.closing]
    if document.checks:
        out.append(f"<p><em>{speaker.word('section.check')}.</em> {' '.join(map(speaker.say, document.checks))}</p>")
    return "\n".join([*out, "</section>"]) + "\n"


def cells(document: Document, formulas: LatexFormulas, speaker: Speaker) -> tuple[list[str], list[list[str]]]:
    """The forward table: its header, and its cells as LaTeX."""
    shaped = any(d.shape for d in document.definitions)
    valued = any(d.value is not None for d in document.definitions)
    columns = ["block", "definition", *(["shape"] if shaped else []), *(["value"] if valued else [])]
    rows = []
    for d in document.definitions:
        row = [formulas.inline(Formula(d.symbol)), formulas.inline(Formula(d.phrase))]
        if shaped:
            row.append(formulas.inline(Axes(d.shape)))
        if valued:
            row.append("" if d.value is None else formulas.inline(Quantity(d.value, 6)))
        rows.append(row)
    return [speaker.word(f"table.{c}") for c in columns], rows
