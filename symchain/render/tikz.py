r"""Graphs as TikZ, for papers: the same places, with names and formulas set by TeX."""

from __future__ import annotations

import re
from collections.abc import Sequence

from symchain.nouns.graph import Graph
from symchain.render.latex import write
from symchain.render.names import escaped, typeset
from symchain.render.picture import Label, Point, Shape, Wire, picture
from symchain.render.style import Style
from symchain.render.unicode import text_width

_NEEDS = r"% needs \usepackage{tikz} and \usepackage{amsmath,amssymb}"
_HEADER = r"""\begin{tikzpicture}[x=0.6pt, y=-0.6pt, line cap=round, every node/.style={inner sep=0pt, outer sep=0pt, font=\scriptsize}]
\definecolor{symchainvalue}{HTML}{1B5E9E}
\definecolor{symchaingradient}{HTML}{C2410C}
\tikzset{
  symchain wire/.style={draw=black!45},
  symchain back/.style={draw=black!45, dash pattern=on 4pt off 2.5pt},
  symchain blocked/.style={draw=black!45, dash pattern=on 1pt off 2pt},
  symchain operation/.style={draw=black!75, fill=white, rounded corners=1.5pt},
  symchain input/.style={draw=black!75, fill=black!5, rounded corners=10pt},
  symchain output/.style={draw=black!75, fill=white, rounded corners=1.5pt, line width=1.2pt},
  symchain ghost/.style={draw=black!40, fill=white, rounded corners=6pt, dashed},
  symchain value/.style={text=symchainvalue, font=\scriptsize\bfseries\boldmath},
  symchain gradient/.style={text=symchaingradient, font=\scriptsize\itshape},
}"""
_SCALE = 0.6
_LINE, _PAGE = 345.0, 550.0
"""Line and page of the class article, in points: a larger picture is made as wide as the line it stands in, or as tall as the page."""
_ROOM = 168.0
"""The widest formula, in the picture's units, that fits its box when TeX sets it."""


def tikz(graph: Graph, lang: str = "en") -> str:
    """The graph as a tikzpicture environment that fits the page; every name is escaped."""
    drawn = picture(graph, lang)
    out = [_HEADER]
    out += map(_wire, drawn.wires)
    for shape in drawn.shapes:
        out.append(_shape(shape))
        out += (_label(graph, label, lang, shape) for label in shape.labels)
    out += (_label(graph, label, lang) for label in drawn.labels)
    for k, (kind, text) in enumerate(drawn.legend):
        y = drawn.height + 22.0 * (k + 1)
        style = f", symchain {kind}" if kind in ("value", "gradient") else ""
        out.append(rf"\node[anchor=base west{style}] at (0,{_n(y)}) {{{_text(text, lang)}}};")
    out.append(r"\end{tikzpicture}")
    legend = max((text_width(text, 7.0) for _, text in drawn.legend), default=0.0)
    width, height = max(_SCALE * drawn.width, legend), _SCALE * (drawn.height + 22.0 * (len(drawn.legend) + 1))
    if width > _LINE or height > _PAGE:
        wide = width / _LINE > height / _PAGE
        out = [r"\noindent\resizebox{\linewidth}{!}{%" if wide else r"\noindent\resizebox{!}{0.9\textheight}{%", *out, "}"]
    return "\n".join([_NEEDS, *out]) + "\n"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _at(point: Point) -> str:
    return f"({_n(point[0])},{_n(point[1])})"


def _path(points: Sequence[Point]) -> str:
    (x, y), *rest = points
    found = _at((x, y))
    for u, v in rest:
        bend = (u - x) / 2
        level = abs(v - y) < 0.05
        found += " -- " if level or abs(u - x) < 0.05 else f" .. controls {_at((x + bend, y))} and {_at((u - bend, v))} .. "
        found += _at((u, v))
        x, y = u, v
    return found


def _wire(wire: Wire) -> str:
    style = "symchain back" if wire.back else "symchain wire" if wire.passing else "symchain blocked"
    arrow = ", -latex" if wire.arrow else ""
    return rf"\draw[{style}, line width={wire.thickness * _SCALE:.2f}pt{arrow}] {_path(wire.points)};"


def _shape(shape: Shape) -> str:
    corner = (shape.x + shape.width, shape.y + shape.height)
    return rf"\draw[symchain {shape.kind}] {_at((shape.x, shape.y))} rectangle {_at(corner)};"


def _label(graph: Graph, label: Label, lang: str, shape: Shape | None = None) -> str:
    anchor = {"start": "base west", "middle": "base", "end": "base east"}[label.anchor]
    style = f", symchain {label.kind}" if label.kind in ("value", "gradient") else ""
    text = _content(graph, label, lang)
    if shape is not None and label.kind in ("formula", "sign"):
        room = f"{_n((shape.width - 8) * _SCALE)}pt"
        text = rf"\resizebox{{\ifdim\width>{room} {room}\else\width\fi}}{{!}}{{{text}}}"
    return rf"\node[anchor={anchor}{style}] at {_at((label.x, label.y))} {{{text}}};"


def _content(graph: Graph, label: Label, lang: str) -> str:
    node = graph.nodes.get(label.node)
    if label.kind in ("name", "note", "flag") and node is not None and label.text.strip():
        return f"${_named(graph, node.name)}$"
    if label.kind == "flag":
        return _text(label.text, lang)
    if label.kind == "formula" and node is not None and node.formula is not None and not label.text.endswith("…"):
        return f"${write(node.formula, Style(lang, renamed=graph.renamed))}$"
    if label.kind == "sign" and node is not None and node.symbol is not None and node.symbol.head not in ("name", "mul"):
        return _text(label.text, lang)
    if label.kind in ("value", "gradient") and node is not None and graph.at is None:
        return _symbolic(graph, label, lang)
    return _text(label.text, lang)


def _named(graph: Graph, text: str) -> str:
    return graph.renamed.get(text) or typeset(text)


def _symbolic(graph: Graph, label: Label, lang: str) -> str:
    name = _named(graph, label.node)
    if label.kind == "gradient" and label.text != "1":
        return rf"$\partial {typeset(graph.output)}/\partial {name}$"
    shape = label.text.partition(" ")[2]
    return f"${name}$" + (f" {_text(shape, lang)}" if shape else "") if label.kind == "value" else label.text


_SIGNS = {
    "−": "-", "×": r"\times ", "⊙": r"\odot ", "Σ": r"\Sigma ", "‖": r"\Vert ", "∂": r"\partial ", "∞": r"\infty ", "→": r"\to ",
    "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "·": r"\cdot ", "…": r"\ldots ", "ᵀ": r"{}^{\top}", "√": r"\surd ",
}  # fmt: skip
_RAISED = {c: str(k) if k < 10 else "-" for k, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹⁻")}
_LOWERED = {c: str(k) for k, c in enumerate("₀₁₂₃₄₅₆₇₈₉")}
_RUN = re.compile("([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)|([₀₁₂₃₄₅₆₇₈₉]+)")


def _text(text: str, lang: str) -> str:
    """Unicode text as LaTeX text, signs and raised digits as mathematics."""
    out = []
    for piece in _RUN.split(text):
        if not piece:
            continue
        if piece[0] in _RAISED:
            out.append(f"$^{{{''.join(_RAISED[c] for c in piece)}}}$")
        elif piece[0] in _LOWERED:
            out.append(f"$_{{{''.join(_LOWERED[c] for c in piece)}}}$")
        else:
            out += (f"${_SIGNS[c]}$" if c in _SIGNS else escaped(c) for c in piece)
    return "".join(out).replace("$$", "")
