"""The part of a page that moves: sliders for the inputs, with value and gradients, curves and descents that follow."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

from symchain.nouns.page import Explorer, Page
from symchain.render.formulas import LatexFormulas
from symchain.render.math_document import html_text, page_math
from symchain.render.sentences import Speaker
from symchain.render.unicode import pretty_name
from symchain.support.document import Formula, Say
from symchain.support.notation import Phrase, name

WORDS = ("undefined", "curve.note", "contour.note", "none", "play", "pause", "path")


def script(explorer: Explorer, output: str) -> str:
    """The data and the function that `explorer.js` reads. What a program's text holds is in the data alone, escaped."""
    data = {
        "output": pretty_name(output),
        "inputs": [
            {"name": pretty_name(s.name), "value": s.value, "low": s.low, "high": s.high, "step": s.step, "active": s.active}
            for s in explorer.sliders
        ],
    }
    return f"const EXPLORED = {_safe(data)};\nEXPLORED.evaluate = {explorer.code};"


def _safe(data: Any) -> str:
    """JSON that ends no script."""
    return json.dumps(data).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def section(shown: Page, explorer: Explorer, formulas: LatexFormulas, speaker: Speaker) -> Iterator[str]:
    """The explorer in one language; `page.js` hides it where there is no script."""

    def word(key: str) -> str:
        return speaker.word(f"page.explore.{key}")

    output = name(shown.output)
    active = [s for s in explorer.sliders if s.active]
    words = _safe({key: html.unescape(word(key)) for key in WORDS})
    yield f"<p>{speaker.say(Say('page.explore.intro', {'output': Formula(output)}))}</p>"
    yield f'<div class="explorer" data-words="{html_text(words)}"><div class="moving">'
    yield f'<p class="value">{page_math(formulas.inline(Formula(output)) + "=")} <output class="of-value"></output></p><div class="inputs">'
    for k, s in enumerate(explorer.sliders):
        ident = f"slider-{speaker.lang}-{k}"
        yield f'<div class="input"><label for="{ident}">{page_math(formulas.inline(Formula(name(s.name))))}</label>'
        yield f'<input type="range" id="{ident}" min="{s.low!r}" max="{s.high!r}" step="{s.step!r}" value="{s.value!r}" data-input="{k}">'
        yield f'<output class="now" for="{ident}"></output>'
        if s.active:
            slope = formulas.inline(Formula(Phrase("partial", (output, name(s.name)))))
            yield f'<span class="slope">{page_math(slope + "=")} <output></output></span>'
        yield "</div>"
    yield f'</div><p><button type="button" data-do="home">{word("home")}</button></p></div>'
    if not active:
        yield "</div>"
        return
    yield '<div class="plotting"><div class="choices">'
    for axis in ("across", "up"):
        listed = "".join(
            f'<option value="{k}">{html_text(pretty_name(s.name))}</option>' for k, s in enumerate(explorer.sliders) if s.active
        )
        nothing = f'<option value="">{word("none")}</option>' if axis == "up" else ""
        if axis == "across" or len(active) > 1:
            yield f'<label>{word(axis)} <select data-axis="{axis}">{nothing}{listed}</select></label>'
    yield f'</div><svg class="plot" role="img" viewBox="0 0 480 340" aria-label="{word("plot")}"></svg>'
    yield '<p class="note caption" aria-live="off"></p>'
    step = r"p\leftarrow p-\eta\," + formulas.inline(Formula(Phrase("partial", (output, name("p")))))
    rule = word("rule").replace("{step}", page_math(step))
    yield f'<div class="descent"><h3>{word("descent")}</h3><p>{rule}</p>'
    yield f"<label>{word('rate')}"
    yield '<input type="range" class="rate" min="-4" max="1" step="0.1" value="-1"> <output class="eta"></output></label>'
    buttons = (("play", word("play")), ("step", word("step")), ("back", word("back")))
    yield f'<p class="buttons">{"".join(f"""<button type="button" data-do="{k}">{w}</button>""" for k, w in buttons)}</p>'
    yield '<p class="note told" aria-live="polite"></p></div></div></div>'
