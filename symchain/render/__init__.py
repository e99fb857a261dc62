"""Output in every medium. One door, `render`; the renderers read what was derived and compute nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from symchain.errors import ArgumentError, UnsupportedError, check_choice
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Derivations, Line, Step
from symchain.nouns.higher import HigherDerivative, HigherDerivatives
from symchain.nouns.recursion import RangedLine, Recursion, Recursions
from symchain.render import data, latex_document, programs
from symchain.render.higher_layout import higher_layout
from symchain.render.index_layout import index_layout
from symchain.render.kronecker_layout import kronecker_layout
from symchain.render.latex import write as write_latex
from symchain.render.layout import layout, style_within, symbol_of
from symchain.render.math_document import html_fragment, html_math, markdown
from symchain.render.recursion_layout import recursion_layout
from symchain.render.style import PARTIALS, Style
from symchain.render.text import write as write_text
from symchain.render.text_document import plain_text
from symchain.render.widths import ARTICLE, PAGE, width_of
from symchain.support.document import Document
from symchain.support.notation import Phrase
from symchain.tensors.matrixform import phrase_of
from symchain.wording import check_language, rule_name

MEDIA = ("text", "markdown", "latex", "html", "json")
DETAILS = ("brief", "standard", "full")

NOTATIONS = ("matrix", "index", "kronecker")
_LAYOUTS: dict[str, Callable[[Derivation | Derivations, str], Document]] = dict(
    zip(NOTATIONS, (layout, index_layout, kronecker_layout), strict=True)
)

_DOCUMENTS: dict[str, Callable[[Document, str], str]] = {
    "text": plain_text,
    "markdown": markdown,
    "html": html_fragment,
}


def render(subject: Any, medium: str, *, lang: str = "en", detail: str = "standard", notation: str = "matrix", **options: Any) -> str:
    """A Program, Line, Step, Phrase, Derivation or Derivations as text.

    medium: text, markdown, latex, html or json; lang: one of wording.LANGUAGES; detail: brief, standard or full; notation of
    derivations: matrix, index (entry by entry, with sums and deltas) or kronecker (Jacobians in the vec layout). With complete=True,
    LaTeX is a file that compiles instead of a fragment; its lines are as wide as width= says: page, article, column, or a length.
    within=, a Program or a derivation, says what the names of a Line or a Phrase are:
    it decides product signs. Raises ArgumentError for anything else.
    """
    check_choice("medium", medium, MEDIA)
    check_options(lang, detail, notation)
    complete, within = options.pop("complete", False), options.pop("within", None)
    line = width_of(options.pop("width", None), PAGE if complete else ARTICLE)
    partials = options.pop("partials", "partial")
    check_choice("partials", partials, PARTIALS)
    if options:
        advice = "Options: lang, detail, notation, complete, within, width, partials."
        raise ArgumentError(f"unknown option {next(iter(options))!r}", advice=advice)
    documents: dict[str, Callable[[Document, str], str]] = {**_DOCUMENTS, "latex": partial(latex_document.fragment, line=line)}
    if isinstance(subject, RangedLine):
        return programs.ranged_text(subject)
    if isinstance(subject, Line):  # asked first: there are many
        body = _line(subject, medium, lang, within)
    elif isinstance(subject, Derivation | Derivations):
        if medium == "json":
            return data.dumps(data.of_derivation(subject) if isinstance(subject, Derivation) else data.of_derivations(subject))
        body = documents[medium](replace(_LAYOUTS[notation](subject, detail), partials=partials), lang)
    elif isinstance(subject, HigherDerivative | HigherDerivatives):
        if medium == "json":
            return data.dumps(data.of_higher(subject))
        if notation != NOTATIONS[0]:
            raise UnsupportedError(f"derivatives of higher order have no {notation} notation", advice="Leave notation out.")
        body = documents[medium](replace(higher_layout(subject, detail), partials=partials), lang)
    elif isinstance(subject, Recursion):
        if medium == "json":
            return data.dumps(data.of_recursion(subject))
        body = documents[medium](recursion_layout(subject, detail), lang)
    elif isinstance(subject, Recursions):
        if medium == "json":
            return data.dumps([data.of_recursion(d) for d in subject.values()])
        body = "\n".join(documents[medium](recursion_layout(d, detail), lang) for d in subject.values())
    elif isinstance(subject, Computation):
        body = _program(subject, medium, lang)
    elif isinstance(subject, Step):
        body = _step(subject, medium, lang)
    elif isinstance(subject, Phrase):
        body = _phrase(subject, medium, lang, within)
    else:
        what = f"a {type(subject).__name__} cannot be rendered"
        raise ArgumentError(what, advice="Give a Program, Derivation, Derivations, Line, Step or Phrase.")
    if complete and medium == "latex":
        return latex_document.complete(body if not isinstance(subject, Line | Phrase) else f"${body}$", lang, line)
    return body


def check_options(lang: str, detail: str, notation: str) -> None:
    """Raises ArgumentError for an option with a value that it does not have."""
    check_language(lang)
    check_choice("detail", detail, DETAILS)
    check_choice("notation", notation, _LAYOUTS)


def _program(program: Computation, medium: str, lang: str) -> str:
    if medium == "json":
        return data.dumps(data.of_program(program))
    if medium == "text":
        return programs.program_text(program)
    rows = "\\\\\n".join(programs.program_rows(program, lang))
    if medium == "latex":
        return f"\\begin{{align*}}\n{rows}\n\\end{{align*}}"
    block = f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"
    return f"$$\n{block}\n$$" if medium == "markdown" else html_math(block, display=True)


def _step(step: Step, medium: str, lang: str) -> str:
    """A step for a terminal; other media tell steps in their place in a derivation."""
    if medium != "text":
        raise ArgumentError(f"a step alone is printed as text, not as {medium}", advice="Render the derivation, with detail='full'.")
    subject, result = write_text(phrase_of(step.subject)), write_text(phrase_of(step.result))
    left = f"d({subject})/d{step.by}" if step.by else subject
    return f"{left} = {result}   ({rule_name(lang, step.rule)})"


def _style(within: Any, lang: str) -> Style:
    if isinstance(within, Derivation | Derivations):
        return style_within(within, lang)
    return programs.program_style(within, lang) if isinstance(within, Computation) else Style(lang)


def _line(line: Line, medium: str, lang: str, within: Any) -> str:
    if medium == "json":
        return data.dumps({"format": "symchain.line", "version": data.VERSION, **data.of_line(line)})
    if medium == "text":
        return programs.line_text(line)
    style = _style(within, lang)
    return _mathematics(f"{write_latex(symbol_of(line, within), style)}={write_latex(line.phrase, style)}", medium)


def _phrase(phrase: Phrase, medium: str, lang: str, within: Any) -> str:
    if medium == "json":
        return data.dumps(data.of_phrase(phrase))
    return write_text(phrase) if medium == "text" else _mathematics(write_latex(phrase, _style(within, lang)), medium)


def _mathematics(latex: str, medium: str) -> str:
    return latex if medium == "latex" else f"${latex}$" if medium == "markdown" else html_math(latex)


__all__ = ["DETAILS", "MEDIA", "NOTATIONS", "check_options", "render"]
