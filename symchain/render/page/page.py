"""The page of a program: derivation, graph, sensitivity and code in one HTML file, in every language, that loads nothing.

Everything that comes from the program is escaped; the policy in the head forbids every request, so that nothing can be fetched
even by a program that was written to try. Mathematics is set by KaTeX, which is part of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, NotDifferentiableError, ShapeError, SymchainError
from symchain.evidence.exploration import points
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.program import Program
from symchain.render import render
from symchain.render.formulas import LatexFormulas
from symchain.render.layout import layout
from symchain.render.math_document import html_math, html_text
from symchain.render.page.steps import steps
from symchain.render.programs import program_rows, program_style
from symchain.render.sentences import Speaker
from symchain.support.document import Formula, Say
from symchain.support.notation import name
from symchain.wording import LANGUAGES, check_language, locale_of, sentence

HERE = Path(__file__).parent
ALONE = 8
"""So many variables get a derivation of their own, beside the one of all together."""
PICTURED = 120
"""A program of more blocks has no picture of its graph."""
LISTED = 600
"""Lines of code and of data beyond these are left out."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:; img-src data:"


def page(
    program: Program, output: str, wrt: Sequence[str], at: Mapping[str, Any] | None = None, lang: str = "en", version: str = ""
) -> str:
    """One HTML document. `lang` is the language shown first; a switch shows the others.

    Without a point `at`, the numbers of graph and sensitivity are those of an example point, and the page says so.
    """
    check_language(lang)
    order = [lang, *(other for other in LANGUAGES if other != lang)]
    point = dict(at) if at is not None else _example(program, output)
    subjects = _subjects(program, output, wrt)
    sides = [_side(program, output, subjects, point, at is not None, shown, version) for shown in order]
    title = sentence(lang, "page.title").replace("{output}", output)
    named = {shown: html_text(locale_of(shown).name) for shown in order}
    buttons = "".join(f'<button type="button" data-lang="{shown}" lang="{shown}">{text}</button>' for shown, text in named.items())
    return "\n".join([
        "<!DOCTYPE html>",
        f'<html lang="{lang}" data-shown="{lang}">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{html_text(title)}</title>",
        f"<style>{_part('vendor/katex.min.css')}</style>",
        f"<style>{_part('page.css')}{_hidden(order)}</style>",
        "</head>",
        "<body>",
        f'<nav class="languages">{buttons}</nav>',
        *sides,
        f"<script>{_part('vendor/katex.min.js')}</script>",
        f"<script>{_part('page.js')}</script>",
        "</body>",
        "</html>",
        "",
    ])  # fmt: skip


@lru_cache
def _part(path: str) -> str:
    return (HERE / path).read_text(encoding="utf-8")


def _hidden(order: Sequence[str]) -> str:
    return "".join(f'html[data-shown="{a}"] main[lang="{b}"]{{display:none}}' for a in order for b in order if a != b)


# ---------------------------------------------------------------- what is shown


def _subjects(program: Program, output: str, wrt: Sequence[str]) -> dict[str, Derivation | Derivations]:
    """The derivation of each variable, while they are few, and that of all together under the empty name."""
    names = [n for n in wrt if _differentiable(program, output, n)] if len(wrt) > 1 else list(wrt)
    found: dict[str, Derivation | Derivations] = {}
    if len(names) > 1:
        found[""] = program.derive(output, names)
    for n in names[:ALONE]:
        found[n] = program.derive(output, n)
    return found


def _differentiable(program: Program, output: str, wrt: str) -> bool:
    """Labels are left out of "everything"."""
    try:
        program.derive(output, wrt)
    except NotDifferentiableError:
        return False
    return True


def _example(program: Program, output: str) -> dict[str, Any] | None:
    """A point of the domain, with numbers short enough to read."""
    for point in points(program, output):
        found = {n: np.round(v, 2) if np.ndim(v) else float(v) for n, v in point.inputs.items()}
        return {**found, **{d: size for d, size in point.dims.items() if not any(d in v.shape for v in program.inputs.values())}}
    return None


# ---------------------------------------------------------------- one language


def _side(
    program: Program,
    output: str,
    subjects: Mapping[str, Derivation | Derivations],
    point: Mapping[str, Any] | None,
    given: bool,
    lang: str,
    version: str,
) -> str:
    formulas = LatexFormulas(program_style(program, lang))
    speaker = Speaker(lang, html_text, lambda m: html_math(formulas.inline(m)))
    parts: list[tuple[str, Iterator[str]]] = [("program", _program(program, lang))]
    if point is not None and len(program.blocks) <= PICTURED:
        parts.append(("graph", _graph(program, output, point, given, speaker)))
    parts.append(("derivation", _derivation(subjects, speaker)))
    if point is not None and not program.blocks[output].shape:
        parts.append(("sensitivity", _sensitivity(program, output, point, given, speaker)))
    parts.append(("code", _code(program, output, subjects, speaker)))
    out = [f'<main lang="{lang}" data-copy="{speaker.word("page.copy")}" data-copied="{speaker.word("page.copied")}">']
    out.append(f"<h1>{speaker.say(Say('page.title', {'output': Formula(name(output))}))}</h1>")
    links = (f'<a href="#{key}-{lang}">{speaker.word(f"page.{key}")}</a>' for key, _ in parts)
    out.append(f'<nav class="contents">{"".join(links)}</nav>')
    for key, body in parts:
        out += [f'<section id="{key}-{lang}" class="{key}">', f"<h2>{speaker.word(f'page.{key}')}</h2>", *body, "</section>"]
    return "\n".join([*out, f"<footer>{speaker.say(Say('page.foot', {'version': version}))}</footer>", "</main>"])


def _program(program: Program, lang: str) -> Iterator[str]:
    yield html_math("\\begin{aligned}\n" + "\\\\\n".join(program_rows(program, lang)) + "\n\\end{aligned}", display=True)


def _graph(program: Program, output: str, point: Mapping[str, Any], given: bool, speaker: Speaker) -> Iterator[str]:
    try:
        graph: Any = program.graph(at=point, output=output)
        drawn = graph.svg(lang=speaker.lang)
    except SymchainError as error:
        yield _nothing(error, speaker, given)
        return
    if not given:
        yield f"<p>{speaker.word('page.point')}</p>"
    yield _picture(drawn)
    yield f'<p class="note">{speaker.word("page.graph.note")}</p>'


def _picture(svg: str) -> str:
    """A drawing behind a shadow root: its styles and ids touch nothing else on the page."""
    return f'<div class="picture"><template shadowrootmode="open">{svg[svg.index("<svg") :]}</template></div>'


def _derivation(subjects: Mapping[str, Derivation | Derivations], speaker: Speaker) -> Iterator[str]:
    written = ((_tab(label, speaker), steps(layout(subject, "full"), speaker.lang)) for label, subject in subjects.items())
    fold = f'<p class="folding"><button type="button" data-fold="close">{speaker.word("page.fold")}</button>'
    yield fold + f'<button type="button" data-fold="open">{speaker.word("page.unfold")}</button></p>'
    yield from _tabs(f"derivation-{speaker.lang}", written)


def _tab(label: str, speaker: Speaker) -> str:
    return f"{speaker.word('page.by')} {speaker.field(Formula(name(label)))}" if label else speaker.word("page.together")


def _tabs(group: str, tabs: Iterator[tuple[str, str]]) -> Iterator[str]:
    """Panels of which one is shown; radio buttons, so that they work without a script."""
    panels = list(tabs)
    yield '<div class="tabs">'
    for k, (label, body) in enumerate(panels):
        checked = " checked" if k == 0 else ""
        if len(panels) > 1:
            yield f'<input type="radio" name="{group}" id="{group}-{k}"{checked}><label for="{group}-{k}">{label}</label>'
        yield f'<div class="panel{" only" if len(panels) == 1 else ""}">{body}</div>'
    yield "</div>"


def _sensitivity(program: Program, output: str, point: Mapping[str, Any], given: bool, speaker: Speaker) -> Iterator[str]:
    try:
        found = program.sensitivity(output, at=point)
    except SymchainError as error:
        yield _nothing(error, speaker, given)
        return
    if not given:
        yield f"<p>{speaker.word('page.point')}</p>"
    measures = ["slope", *(["elasticity"] if any(i.elasticity for i in found.influences.values()) else [])]
    charts = ((speaker.word(f"page.{m}"), _picture(found.svg(speaker.lang, m))) for m in measures)
    yield from _tabs(f"sensitivity-{speaker.lang}", charts)


def _code(program: Program, output: str, subjects: Mapping[str, Derivation | Derivations], speaker: Speaker) -> Iterator[str]:
    first = next(iter(subjects.values()))
    needed = [str(program), "", *first.lines]
    names = list(first) if isinstance(first, Derivations) else [first.wrt]
    texts: dict[str, Callable[[], str]] = {
        "numpy": lambda: program.compile(output, wrt=names).source,
        "lines": lambda: "\n".join(needed),
        "latex": lambda: render(first, "latex", lang=speaker.lang),
        "json": lambda: render(first, "json"),
    }
    yield from _tabs(f"code-{speaker.lang}", ((speaker.word(f"page.code.{key}"), _listing(text, speaker)) for key, text in texts.items()))


def _listing(text: Callable[[], str], speaker: Speaker) -> str:
    try:
        lines = text().rstrip("\n").split("\n")
    except SymchainError as error:
        return _nothing(error, speaker)
    shown = "\n".join(lines[:LISTED])
    cut = Say("page.code.cut", {"count": str(len(lines) - LISTED)})
    note = f'<p class="note">{speaker.say(cut)}</p>' if len(lines) > LISTED else ""
    return f'<pre class="code" tabindex="0"><code>{html_text(shown)}</code></pre>{note}'


def _nothing(error: SymchainError, speaker: Speaker, given: bool = False) -> str:
    """Why something is not shown; raises the error where it is the reader's own point that is wrong: nothing replaces it in silence."""
    if given and isinstance(error, ArgumentError | ShapeError):
        raise error
    return f'<p class="note">{speaker.say(Say("page.none", {"reason": error.what}))}</p>'
