"""The picture of a graph in every format: SVG, PNG, PDF, TikZ, DOT, Mermaid."""

from __future__ import annotations

from symchain.nouns.graph import Graph
from symchain.render.graph_text import dot, mermaid
from symchain.render.svg import svg
from symchain.render.tikz import tikz
from symchain.wording import check_language

_FORMATS = {"svg": svg, "tikz": tikz, "dot": dot, "mermaid": mermaid}


def draw(graph: Graph, medium: str, lang: str) -> str:
    """The picture as text in one of the formats. Raises ArgumentError for a language that symchain does not speak."""
    check_language(lang)
    return _FORMATS[medium](graph, lang)
