"""Graphs as SVG: one self-contained picture; hovering over a box or a wire shows its local derivative."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symchain.nouns.graph import Graph
from symchain.render.picture import MARGIN, Label, Picture, Point, Shape, Wire, picture
from symchain.render.unicode import figure, text_width

VALUE, GRADIENT = "#1b5e9e", "#c2410c"
"""Blue above, vermilion below: told apart by the colour-blind, and by place and style where there is no colour."""
_LINE = 22.0
_TEXT = 46.0
"""Where the texts of the legend begin."""

STYLE = f"""
svg.symchain-graph {{ font-family: "DejaVu Sans", Verdana, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }}
@media all {{ svg.symchain-graph {{ max-width: 100%; height: auto; }} }}
.symchain-graph text {{ fill: #1f2937; }}
.symchain-graph text.halo {{ fill: none; stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round; }}
.symchain-graph .value {{ fill: {VALUE}; font-weight: bold; }}
.symchain-graph .gradient {{ fill: {GRADIENT}; font-style: italic; }}
.symchain-graph .name {{ font-weight: bold; }}
.symchain-graph .formula, .symchain-graph .note, .symchain-graph .flag {{ fill: #4b5563; }}
.symchain-graph .box rect {{ fill: #ffffff; stroke: #374151; stroke-width: 1.4px; }}
.symchain-graph .input rect {{ fill: #eef2f7; }}
.symchain-graph .output rect {{ stroke-width: 3px; }}
.symchain-graph .ghost rect {{ fill: #ffffff; stroke: #9ca3af; stroke-width: 1px; stroke-dasharray: 4 3; }}
.symchain-graph .wire path {{ fill: none; stroke: #8b96a5; stroke-linecap: round; }}
.symchain-graph .wire .hit {{ stroke: #ffffff; stroke-opacity: 0; stroke-width: 14px; }}
.symchain-graph .wire .head {{ fill: #6b7280; stroke: none; }}
.symchain-graph .blocked .line {{ stroke-dasharray: 2 5; }}
.symchain-graph .back .line {{ stroke-dasharray: 7 4; }}
.symchain-graph .wire:hover .line, .symchain-graph .box:hover rect {{ stroke: #111827; }}
"""


def svg(graph: Graph, lang: str = "en", styled: bool = True) -> str:
    """The graph as an SVG document without outside references; every name is escaped. Not `styled`, STYLE stands elsewhere."""
    drawn = picture(graph, lang)
    legend = _legend_height(drawn)
    width, height = drawn.width + 2 * MARGIN, drawn.height + 2 * MARGIN + legend
    width = max(width, 2 * MARGIN + _TEXT + max((text_width(text, 12.0, True) for _, text in drawn.legend), default=0.0))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="symchain-graph" role="img" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}">',
        f"<title>{escape(drawn.title)}</title>",
        *([f"<style>{STYLE}</style>"] if styled else []),
        f'<rect width="{_n(width)}" height="{_n(height)}" fill="#ffffff"/>',
        f'<g transform="translate({_n(MARGIN)} {_n(MARGIN)})">',
        *map(_wire, drawn.wires),
        *map(_shape, drawn.shapes),
        *(_halo(label) + _label(label) for label in drawn.labels),
        *_legend(drawn.legend, drawn.height + MARGIN / 2, lang),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Text between tags or in a quoted attribute; characters that XML does not allow are left out."""
    allowed = "".join(c for c in text if c in "\n\t" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"))
    for raw, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        allowed = allowed.replace(raw, safe)
    return allowed


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def path(points: Sequence[Point]) -> str:
    """Straight where the height stays or the place across it does, bent with level ends elsewhere."""
    (x, y), *rest = points
    found = [f"M{_n(x)} {_n(y)}"]
    for u, v in rest:
        if abs(v - y) < 0.05:
            found.append(f"H{_n(u)}")
        elif abs(u - x) < 0.05:
            found.append(f"V{_n(v)}")
        else:
            bend = (u - x) / 2
            found.append(f"C{_n(x + bend)} {_n(y)} {_n(u - bend)} {_n(v)} {_n(u)} {_n(v)}")
        x, y = u, v
    return "".join(found)


def _wire(wire: Wire) -> str:
    points = list(wire.points)
    head = ""
    if wire.arrow:
        (x, y), size = points[-1], 6.0 + 0.5 * wire.thickness
        points[-1] = (max(x - size, points[-2][0]), y)
        head = f'<path class="head" d="M{_n(x)} {_n(y)}L{_n(x - size)} {_n(y - size / 2)}V{_n(y + size / 2)}Z"/>'
    d = path(points)
    kind = "wire back" if wire.back else "wire" if wire.passing else "wire blocked"
    return (
        f'<g class="{kind}"><title>{escape(wire.title)}</title><path class="line" d="{d}" stroke-width="{wire.thickness:.2f}"/>'
        f'{head}<path class="hit" d="{d}"/></g>'
    )


def _shape(shape: Shape) -> str:
    radius = shape.height / 2 if shape.kind in ("input", "ghost") else 5.0
    radius = min(radius, 18.0)
    inside = "".join(map(_label, shape.labels))
    return (
        f'<g class="box {shape.kind}"><title>{escape(shape.title)}</title><rect x="{_n(shape.x)}" y="{_n(shape.y)}" '
        f'width="{_n(shape.width)}" height="{_n(shape.height)}" rx="{_n(radius)}"/>{inside}</g>'
    )


def _label(label: Label) -> str:
    return (
        f'<text class="{label.kind}" x="{_n(label.x)}" y="{_n(label.y)}" text-anchor="{label.anchor}" '
        f'font-size="{_n(label.size)}">{escape(label.text)}</text>'
    )


def _halo(label: Label) -> str:
    """The letters in white and wider, behind the label: not every program knows paint-order."""
    return _label(label).replace(f'class="{label.kind}"', f'class="{label.kind} halo" aria-hidden="true"', 1)


def _legend_height(drawn: Picture) -> float:
    return _LINE * len(drawn.legend) + 8.0


def _legend(rows: Sequence[tuple[str, str]], top: float, lang: str) -> Iterator[str]:
    """One row a meaning, each with a sample of how it looks."""
    value, slope = figure(0.5, lang), figure(-0.2, lang)
    yield '<g class="legend">'
    for k, (kind, text) in enumerate(rows):
        y = top + _LINE * (k + 1)
        if kind == "wire":
            yield f'<path d="M0 {_n(y - 5)}L36 {_n(y - 8.5)}V{_n(y - 1.5)}Z" fill="#8b96a5"/>'
        elif kind == "time":
            yield f'<path d="M0 {_n(y - 4)}H36" stroke="#8b96a5" stroke-width="1.5" stroke-dasharray="7 4"/>'
        elif kind == "value":
            yield f'<path d="M0 {_n(y + 7)}H36" stroke="#8b96a5" stroke-width="2"/>'
            yield f'<text class="value" x="18" y="{_n(y)}" text-anchor="middle" font-size="12">{value}</text>'
        elif kind == "gradient":
            yield f'<text class="gradient" x="18" y="{_n(y)}" text-anchor="middle" font-size="12">{slope}</text>'
        yield f'<text class="{kind}" x="{_n(_TEXT)}" y="{_n(y)}" font-size="12">{escape(text)}</text>'
    yield "</g>"
