"""Explanations in every medium: sentences as paragraphs, the comparison as a small table, the example apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from symchain.nouns.explanation import Explanation
from symchain.render.formulas import LatexFormulas, TextFormulas, joint
from symchain.render.math_document import aligned, html_math, html_text, markdown_text
from symchain.render.names import escaped
from symchain.render.sentences import Speaker
from symchain.render.style import Style
from symchain.render.wrapping import INDENT, WIDTH, held, paragraph, released
from symchain.support.document import Row, Say


def text(explanation: Explanation, lang: str) -> str:
    """Plain text for a terminal, lines of at most WIDTH characters where formulas allow it."""
    formulas = TextFormulas(lang)
    speaker = Speaker(lang, str, lambda m: held(formulas.inline(m)))
    title = released(speaker.say(explanation.title))
    told = (explanation.remarks, explanation.example)
    groups = [[line for said in group for line in paragraph(speaker.say(said), continued=INDENT)] for group in told]
    if explanation.rows and explanation.heading:
        groups.append([speaker.say(explanation.heading), *_table(explanation.rows, formulas, speaker)])
    groups.append([line for said in explanation.closing for line in paragraph(speaker.say(said), continued=INDENT)])
    blocks = [[title, "=" * len(title)], *filter(None, groups)]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks) + "\n"


def _table(rows: tuple[Row, ...], formulas: TextFormulas, speaker: Speaker) -> Iterator[str]:
    """Equations in one column, what is said about each beside it."""
    written = []
    for row in rows:
        first, *sides = row.sides
        written.append(formulas.display(first) + "".join(joint(s, " = ", " : ") + formulas.display(s) for s in sides))
    column = max((len(w) for w in written if len(w) <= WIDTH // 2), default=0)
    for line, row in zip(written, rows, strict=True):
        note = released(speaker.say(row.remark)) if row.remark else ""
        whole = f"{INDENT}{line:<{column}}   {note}".rstrip()
        if len(whole) <= WIDTH or not note:
            yield whole
        else:
            yield INDENT + line
            yield from wrap(note, WIDTH, initial_indent=INDENT * 3, subsequent_indent=INDENT * 3, break_on_hyphens=False)


def markdown(explanation: Explanation, lang: str) -> str:
    """A heading, a list of sentences, the table as aligned equations."""
    formulas = LatexFormulas(_style(explanation, lang))
    speaker = Speaker(lang, markdown_text, lambda m: f"${formulas.inline(m)}$")
    out = [f"### {speaker.say(explanation.title)}", "\n".join(f"- {speaker.say(s)}" for s in explanation.remarks)]
    out += [speaker.say(s) for s in explanation.example]
    if explanation.rows and explanation.heading:
        out += [speaker.say(explanation.heading), f"$$\n{aligned(explanation.rows, formulas, lang)}\n$$"]
    out += [speaker.say(s) for s in explanation.closing]
    return "\n\n".join(out) + "\n"


def latex(explanation: Explanation, lang: str) -> str:
    """LaTeX to paste into a document that loads amsmath."""
    formulas = LatexFormulas(_style(explanation, lang))
    speaker = Speaker(lang, escaped, lambda m: f"${formulas.inline(m)}$")
    out = [rf"\paragraph{{{speaker.say(explanation.title)}.}}"]
    if explanation.remarks:
        out += [r"\begin{itemize}", *(rf"\item {speaker.say(s)}" for s in explanation.remarks), r"\end{itemize}"]
    out += [f"{speaker.say(s)}\n" for s in explanation.example]
    if explanation.rows and explanation.heading:
        out += [speaker.say(explanation.heading), rf"\[{aligned(explanation.rows, formulas, lang)}\]"]
    out += [f"{speaker.say(s)}\n" for s in explanation.closing]
    return "\n".join(out).rstrip() + "\n"


def html(explanation: Explanation, lang: str) -> str:
    """One section element; formulas as KaTeX source in elements of class math, everything escaped."""
    formulas = LatexFormulas(_style(explanation, lang))
    speaker = Speaker(lang, html_text, lambda m: html_math(formulas.inline(m)))
    out = [f'<section class="symchain" lang="{lang}">', f"<h3>{speaker.say(explanation.title)}</h3>", "<ul>"]
    out += [f"<li>{speaker.say(s)}</li>" for s in explanation.remarks]
    out.append("</ul>")
    out += [f"<p>{speaker.say(s)}</p>" for s in explanation.example]
    if explanation.rows and explanation.heading:
        out += [f"<p>{speaker.say(explanation.heading)}</p>", html_math(aligned(explanation.rows, formulas, lang), display=True)]
    out += [f"<p>{speaker.say(s)}</p>" for s in explanation.closing]
    return "\n".join([*out, "</section>"]) + "\n"


def data(explanation: Explanation, lang: str) -> str:
    """JSON: for each sentence its key, its fields as text, and the sentence."""
    formulas = TextFormulas(lang)
    speaker = Speaker(lang, str, formulas.inline)

    def of(said: Say) -> dict[str, Any]:
        return {"key": said.key, "fields": {n: speaker.field(v) for n, v in said.fields.items()}, "text": speaker.say(said)}

    rows = [
        {"equation": [formulas.display(s) for s in row.sides], "remark": None if row.remark is None else of(row.remark)}
        for row in explanation.rows
    ]
    whole = {
        "format": "symchain.explanation", "version": 1, "output": explanation.output, "wrt": explanation.wrt, "lang": lang,
        "title": of(explanation.title), "remarks": [of(s) for s in explanation.remarks], "example": [of(s) for s in explanation.example],
        "table": rows, "closing": [of(s) for s in explanation.closing],
        **({"numbers": explanation.numbers} if explanation.numbers else {}),
    }  # fmt: skip
    return json.dumps(whole, ensure_ascii=False, indent=2)


def sentences(explanation: Explanation, lang: str) -> list[str]:
    """Every sentence by itself, as plain text."""
    formulas = TextFormulas(lang)
    speaker = Speaker(lang, str, formulas.inline)
    said = (*explanation.remarks, *explanation.example, *explanation.closing)
    return [speaker.say(s) for s in (explanation.title, *said)]


def _style(explanation: Explanation, lang: str) -> Style:
    return Style(lang, explanation.ranks, explanation.renamed, functions=frozenset(explanation.program.functions))


_WRITERS = {"text": text, "latex": latex, "markdown": markdown, "html": html, "data": data}


def write(explanation: Explanation, medium: str, lang: str) -> str:
    """The explanation in one of the media: text, latex, markdown, html, or data (JSON)."""
    return _WRITERS[medium](explanation, lang)
