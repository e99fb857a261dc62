"""The page of a program: derivation, graph, sensitivity and code in one HTML file, in every language, that loads nothing.

Everything that comes from the program is escaped; the policy in the head forbids every request, so that nothing can be fetched
even by a program that was written to try. Mathematics is set by KaTeX, which is part of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from symchain.errors import ArgumentError, ShapeError, SymchainError
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.graph import Graph
from symchain.nouns.page import Explorer, Page
from symchain.nouns.sensitivity import Sensitivity
from symchain.render import chart, render
from symchain.render.formulas import LatexFormulas
from symchain.render.layout import layout
from symchain.render.math_document import html_text, page_math
from symchain.render.page.explorer import script, section
from symchain.render.page.steps import steps
from symchain.render.pictures import draw
from symchain.render.programs import line_text, program_rows, program_style, program_text
from symchain.render.sentences import Speaker
from symchain.support.document import Formula, Say
from symchain.support.notation import name
from symchain.wording import LANGUAGES, check_language, locale_of, sentence

HERE = Path(__file__).parent
_LEAST = 0.75
"""A picture is made smaller to this share of its size; then it scrolls."""
_MATHML = re.compile(r"<math[ >].*?</math>", re.DOTALL)
LISTED = 600
"""Lines of code and of data beyond these are left out."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:; img-src data:"


def page(shown: Page, lang: str = "en", version: str = "") -> str:
    """One HTML document. `lang` is the language shown first; a switch shows the others.

    Where the point is the reader's own, an error that it makes is raised: nothing replaces it in silence.
    """
    check_language(lang)
    order = [lang, *(other for other in LANGUAGES if other != lang)]
    first, *others = (_side(shown, language, version) for language in order)
    sides = [first, *(_MATHML.sub("", other) for other in others)]  # the switch is a script's, and sets the sources
    named = {language: html_text(locale_of(language).name) for language in order}
    title = sentence(lang, "page.title").replace("{output}", shown.output)
    buttons = "".join(f'<button type="button" data-lang="{other}" lang="{other}">{text}</button>' for other, text in named.items())
    words = {other: sentence(other, "page.theme") for other in order}
    themes = "".join(
        f'<button type="button" class="theme" data-lang="{other}" lang="{other}">{html_text(words[other])}</button>' for other in order
    )
    moving = [] if not isinstance(shown.explorer, Explorer) else [script(shown.explorer, shown.output), _part("explorer.js")]
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
        "<noscript><style>.switches,.folding,section.explore,.contents a.explore{display:none}</style></noscript>",
        "</head>",
        "<body>",
        f'<nav class="switches"><span class="languages">{buttons}</span>{themes}</nav>',
        *sides,
        f"<script>{_part('vendor/katex.min.js')}</script>",
        f"<script>{_part('page.js')}</script>",
        *(f"<script>{text}</script>" for text in moving),
        "</body>",
        "</html>",
        "",
    ])  # fmt: skip


@lru_cache
def _part(path: str) -> str:
    return (HERE / path).read_text(encoding="utf-8")


def _hidden(order: Sequence[str]) -> str:
    return "".join(f'html[data-shown="{a}"] main[lang="{b}"]{{display:none}}' for a in order for b in order if a != b) + "".join(
        f'html[data-shown="{a}"] .theme[lang="{b}"]{{display:none}}' for a in order for b in order if a != b
    )


# ---------------------------------------------------------------- one language


def _side(shown: Page, lang: str, version: str) -> str:
    formulas = LatexFormulas(program_style(shown.program, lang))
    speaker = Speaker(lang, html_text, lambda m: page_math(formulas.inline(m)))
    parts: list[tuple[str, Iterator[str]]] = [("program", _program(shown.program, lang))]
    if shown.graph is not None:
        parts.append(("graph", _graph(shown.graph, shown.given, speaker)))
    if isinstance(shown.explorer, Explorer):
        parts.append(("explore", section(shown, shown.explorer, formulas, speaker)))
    parts.append(("derivation", _derivation(shown.subjects, speaker)))
    if shown.sensitivity is not None:
        parts.append(("sensitivity", _sensitivity(shown.sensitivity, shown.given, speaker)))
    parts.append(("code", _code(shown, speaker)))
    out = [f'<main lang="{lang}" data-copy="{speaker.word("page.copy")}" data-copied="{speaker.word("page.copied")}">']
    out.append(f"<h1>{speaker.say(Say('page.title', {'output': Formula(name(shown.output))}))}</h1>")
    links = (f'<a class="{key}" href="#{key}-{lang}">{speaker.word(f"page.{key}")}</a>' for key, _ in parts)
    out.append(f'<nav class="contents">{"".join(links)}</nav>')
    for key, body in parts:
        out += [f'<section id="{key}-{lang}" class="{key}">', f"<h2>{speaker.word(f'page.{key}')}</h2>", *body, "</section>"]
    return "\n".join([*out, f"<footer>{speaker.say(Say('page.foot', {'version': version}))}</footer>", "</main>"])


def _program(program: Computation, lang: str) -> Iterator[str]:
    yield page_math("\\begin{aligned}\n" + "\\\\\n".join(program_rows(program, lang)) + "\n\\end{aligned}", display=True)


def _graph(graph: Graph | SymchainError, given: bool, speaker: Speaker) -> Iterator[str]:
    if isinstance(graph, SymchainError):
        yield _nothing(graph, speaker, given)
        return
    drawn = draw(graph, "svg", speaker.lang)
    if not given:
        yield f"<p>{speaker.word('page.point')}</p>"
    yield _picture(drawn)
    yield f'<p class="note local" aria-live="polite">{speaker.word("page.graph.note")}</p>'


def _picture(svg: str) -> str:
    """A drawing behind a shadow root, where its styles and ids touch nothing else; in the page's colours, never too small to read."""
    wide = re.search(r'width="([\d.]+)"', svg)
    least = min(_LEAST * float(wide[1]), float(wide[1])) if wide is not None else 0.0
    style = f"<style>{_part('picture.css')} svg{{min-width:{least:.0f}px}}</style>"
    return f'<div class="picture" tabindex="0"><template shadowrootmode="open">{svg[svg.index("<svg") :]}{style}</template></div>'


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


def _sensitivity(found: Sensitivity | SymchainError, given: bool, speaker: Speaker) -> Iterator[str]:
    if isinstance(found, SymchainError):
        yield _nothing(found, speaker, given)
        return
    if not given:
        yield f"<p>{speaker.word('page.point')}</p>"
    measures = ["slope", *(["elasticity"] if any(i.elasticity for i in found.influences.values()) else [])]
    charts = ((speaker.word(f"page.{m}"), _picture(chart.draw(found, speaker.lang, m))) for m in measures)
    yield from _tabs(f"sensitivity-{speaker.lang}", charts)


def _code(shown: Page, speaker: Speaker) -> Iterator[str]:
    first = next(iter(shown.subjects.values()))
    lines = first.all_lines
    texts: dict[str, Callable[[], str]] = {
        "numpy": lambda: _known(shown.source),
        "lines": lambda: "\n".join([program_text(shown.program), "", *map(line_text, lines)]),
        "latex": lambda: render(first, "latex", lang=speaker.lang),
        "json": lambda: render(first, "json"),
    }
    yield from _tabs(f"code-{speaker.lang}", ((speaker.word(f"page.code.{key}"), _listing(text, speaker)) for key, text in texts.items()))


def _known(source: str | SymchainError) -> str:
    if isinstance(source, SymchainError):
        raise source
    return source


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
