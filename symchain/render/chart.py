"""The sensitivity chart: bars around 0, the strongest first, as SVG. Side, triangle and colour all carry the sign."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from symchain.errors import check_choice
from symchain.nouns.sensitivity import Influence, Measure, Sensitivity
from symchain.render.formulas import TextFormulas
from symchain.render.influences import MARKS, SHOWN, elasticity_clause, heading, legend, notes, shown_measure, shown_value, slope_clause
from symchain.render.sentences import Speaker
from symchain.render.unicode import clipped, text_width
from symchain.support.document import Formula, Say
from symchain.support.notation import name

MEASURES = ("both", "slope", "elasticity")
WIDTH = 760
MARGIN = 20
NAMES = 150
"""Where the names end and the bars begin."""
GAP = 6
"""Between a bar and its number."""
_NAME = 92.0
"""The widest name."""
BAR, LINE = 18, 17
_PER_CHARACTER = 6.35
"""Mean width of a character of the sentences, in pixels."""

STYLE = """
.title{font:600 17px system-ui,sans-serif}.panel{font:600 13.5px system-ui,sans-serif}
.said{font:12.5px system-ui,sans-serif}.name{font-style:italic;font-family:'STIX Two Text','Times New Roman',serif}
.value{font:12px system-ui,sans-serif}.number{font:600 13px system-ui,sans-serif;font-variant-numeric:tabular-nums}
""".replace("\n", "")
INK, SOFT, RAISES, LOWERS, NEUTRAL = "#1f2430", "#5b6270", "#1b5e9e", "#c2410c", "#6b7280"


@dataclass(frozen=True)
class _Bar:
    influence: Influence
    measure: Measure
    clause: Say
    number: str


def draw(s: Sensitivity, lang: str, measure: str = "both") -> str:
    """The chart. Raises ArgumentError for a measure that there is not."""
    check_choice("measure", measure, MEASURES)
    speaker = Speaker(lang, str, TextFormulas(lang).inline)
    canvas = _Canvas()
    canvas.text(MARGIN, 22, speaker.say(Say("influence.title", {"output": Formula(name(s.output))})), "title")
    canvas.y = 42
    canvas.sentences([speaker.say(said) for said in heading(s)], MARGIN, SOFT)
    for which in ("slope", "elasticity") if measure == "both" else (measure,):
        bars = _bars(s, lang, which)
        if bars:
            canvas.y += 26
            canvas.text(MARGIN, canvas.y, speaker.say(_panel(s, which)), "panel")
            canvas.y += 12
            _panel_of(canvas, bars, speaker, lang)
    canvas.y += 12
    canvas.sentences([speaker.say(said) for said in (*legend(s), *notes(s))], MARGIN, SOFT)
    return canvas.svg(speaker.say(Say("influence.title", {"output": Formula(name(s.output))})), lang)


def _panel(s: Sensitivity, which: str) -> Say:
    symbol = f"∂{s.output}/∂p" if which == "slope" else f"p/{s.output} · ∂{s.output}/∂p"
    return Say(f"influence.panel.{which}{'_mean' if s.points > 1 else ''}", {"symbol": symbol})


def _bars(s: Sensitivity, lang: str, which: str) -> list[_Bar]:
    many = s.points > 1
    if which == "slope":
        shown = [(i, shown_measure(i.slope, lang, many or bool(i.shape))) for i in s.ranked[:SHOWN]]
        return [_Bar(i, i.slope, slope_clause(s, i), _norm(text, i)) for i, text in shown]
    found = [(i, i.elasticity) for i in s.influences.values() if i.elasticity is not None and not i.zero]
    found.sort(key=lambda pair: pair[1].rank)
    return [_Bar(i, e, elasticity_clause(s, i), shown_measure(e, lang, many)) for i, e in found[:SHOWN]]


def _norm(text: str, i: Influence) -> str:
    return f"‖·‖ = {text}" if i.shape else text


def _panel_of(canvas: _Canvas, bars: Sequence[_Bar], speaker: Speaker, lang: str) -> None:
    finite = [b.measure for b in bars if math.isfinite(b.measure.size)]
    room = {side: max((_number_width(b) for b in bars if (b.measure.sign == -1) is side), default=0.0) + 2 * GAP for side in (True, False)}
    left, right = MARGIN + NAMES + room[True], WIDTH - MARGIN - room[False]
    above, below = max((m.above for m in finite), default=0.0), max((m.below for m in finite), default=0.0)
    span = above + below
    scale = (right - left) / span if span > 0 else 0.0
    zero = left + below * scale if span > 0 else (left + right) / 2
    for bar in bars:
        canvas.open_group(f"{bar.influence.name}: {bar.number}. {speaker.say(bar.clause)}")
        _bar(canvas, bar, zero, scale, lang)
        canvas.parts.append(f'<path d="M{zero:.1f} {canvas.y - 3:.1f}v{BAR + 6}" stroke="{SOFT}"/>')
        canvas.y += BAR + 5
        canvas.sentences([speaker.say(bar.clause)], MARGIN + NAMES + 12, SOFT)
        canvas.y += 7
        canvas.close_group()


def _shown_number(bar: _Bar) -> str:
    return f"{MARKS[bar.measure.sign]} {_minus(bar.number)}"


def _number_width(bar: _Bar) -> float:
    return text_width(_shown_number(bar), 13.0, True)


def _bar(canvas: _Canvas, bar: _Bar, zero: float, scale: float, lang: str) -> None:
    middle = canvas.y + BAR / 2
    canvas.name(MARGIN + NAMES - 64, middle + 5, bar.influence.name)
    canvas.text(MARGIN + NAMES, middle + 4, _minus(shown_value(bar.influence, lang, 3)), "value", SOFT, "end")
    m = bar.measure
    above, below = (m.above * scale, m.below * scale) if math.isfinite(m.size) else (0.0, 0.0)
    for x, width, colour in ((zero, above, RAISES), (zero - below, below, LOWERS)):
        if width > 0:
            canvas.parts.append(f'<rect x="{x:.1f}" y="{canvas.y:.1f}" width="{max(width, 1):.1f}" height="{BAR}" rx="2" fill="{colour}"/>')
    number = _shown_number(bar)
    colour = RAISES if m.sign == 1 else LOWERS if m.sign == -1 else NEUTRAL
    if below > 0 and m.sign == -1:
        canvas.text(zero - below - GAP, middle + 4.5, number, "number", colour, "end")
    else:
        canvas.text(zero + above + GAP, middle + 4.5, number, "number", colour)


def _minus(text: str) -> str:
    return re.sub(r"(?<![\w.])-(?=[\d.])|(?<=e)-", "\u2212", text)


class _Canvas:
    """Parts of a drawing, and how far down it has come."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.y = 0.0

    def text(self, x: float, y: float, text: str, style: str, colour: str = INK, anchor: str = "start") -> None:
        placed = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" fill="{colour}"{placed}>{html.escape(text)}</text>')

    def name(self, x: float, y: float, text: str) -> None:
        """A name with its digits or its subscript below the line, right-aligned; a long one is set smaller."""
        match = re.fullmatch(r"([^\W\d_]+)_?(\w+)|(.*)", text, re.DOTALL)
        stem, below = (match[1], match[2]) if match and match[1] and (match[2][0].isdigit() or "_" in text) else (text, "")
        if text_width(text, 16.0) > _NAME:
            stem, below = clipped(text, 11.0, _NAME), ""
        size = 16.0 if below or text_width(stem, 16.0) <= _NAME else 11.0
        parts = [(x, y, stem, size)]
        if below:  # placed by itself: programs differ in how they anchor a text of two sizes; italics lean over
            parts = [(x, y + 4, below, size * 0.72), (x - 0.12 * size - text_width(below, size * 0.72), y, stem, size)]
        for left, down, piece, own in parts:
            place = f'x="{left:.1f}" y="{down:.1f}" class="name" font-size="{own:.1f}"'
            self.parts.append(f'<text {place} fill="{INK}" text-anchor="end">{html.escape(piece)}</text>')

    def sentences(self, texts: Sequence[str], x: float, colour: str) -> None:
        for text in texts:
            for line in wrap(_minus(text), int((WIDTH - MARGIN - x) / _PER_CHARACTER), break_on_hyphens=False):
                self.y += LINE
                self.text(x, self.y - 5, line, "said", colour)

    def open_group(self, title: str) -> None:
        self.parts.append(f"<g><title>{html.escape(_minus(title))}</title>")

    def close_group(self) -> None:
        self.parts.append("</g>")

    def svg(self, title: str, lang: str) -> str:
        height = math.ceil(self.y + MARGIN)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" lang="{lang}">'
            f"<title>{html.escape(title)}</title><style>{STYLE}</style>"
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
        )
        return head + "\n".join(self.parts) + "</svg>\n"
