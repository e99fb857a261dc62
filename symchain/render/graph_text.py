"""Graphs as text for other programs: DOT for Graphviz, Mermaid flowcharts. Boxes are n0, n1, ...; every name is escaped."""

from __future__ import annotations

from symchain.nouns.graph import Graph
from symchain.render.picture import THINNEST, Texts
from symchain.render.svg import GRADIENT, VALUE, escape


def dot(graph: Graph, lang: str = "en") -> str:
    """The graph in the DOT language; labels are its HTML-like ones, so that nothing in a name is markup."""
    texts = Texts(graph, lang)
    out = [
        "digraph symchain {",
        '  graph [rankdir=LR, fontname="sans-serif", ranksep=0.9, size="10.5,7.3"]; // inches at most: A4 or letter, landscape',
        '  node [shape=box, style=filled, fillcolor=white, color="#374151", fontname="sans-serif"];',
        '  edge [color="#8b96a5", fontname="sans-serif", fontsize=11];',
    ]
    for k, node in enumerate(texts.nodes):
        name, formula = map(escape, texts.written(node))
        below = f'<BR/><FONT POINT-SIZE="11">{formula}</FONT>' if formula else ""
        kinds = {"input": ', style="rounded,filled", fillcolor="#eef2f7"', "carried": ', style="rounded,dashed"'}
        style = kinds[node.kind] if node.kind in kinds else ", penwidth=3" if texts.final(node) else ""
        out.append(f"  n{k} [label=<<B>{name}</B>{below}>, tooltip={_quoted(texts.about(node))}{style}];")
    for edge in graph.edges:
        source = graph.nodes[edge.source]
        wire = f"  n{texts.number[edge.source]} -> n{texts.number[edge.target]} "
        dashed = "" if edge.local is not None else ", style=dotted"
        style = f"penwidth={texts.along_width(edge):.2f}, edgetooltip={_quoted(texts.along(edge))}{dashed}"
        out.append(f"{wire}[label=<{_both(texts, source.name)}>, {style}];")
    for back in graph.returns:
        ends = f"  n{texts.number[back.source]} -> n{texts.number[back.target]} "
        out.append(f'{ends}[label={_quoted(texts.step_line(back))}, style=dashed, constraint=false, fontcolor="#4b5563"];')
    out.append('  result [shape=plaintext, label="", style=""];')
    out.append(f"  n{texts.number[graph.output]} -> result [label=<{_both(texts, graph.output)}>, penwidth={THINNEST}];")
    return "\n".join([*out, "}"]) + "\n"


def _both(texts: Texts, name: str) -> str:
    node = texts.graph.nodes[name]
    above = f'<FONT COLOR="{VALUE}"><B>{escape(texts.above(node))}</B></FONT>'
    below = texts.below(node)
    return f'{above}<BR/><FONT COLOR="{GRADIENT}"><I>{escape(below)}</I></FONT>' if below else above


def _quoted(text: str) -> str:
    return '"' + escape(text).replace("\\", "\\\\").replace("\n", "\\n") + '"'


def mermaid(graph: Graph, lang: str = "en") -> str:
    """The graph as a Mermaid flowchart."""
    texts = Texts(graph, lang)
    out = ["flowchart LR"]
    for k, node in enumerate(texts.nodes):
        name, formula = map(_coded, texts.written(node))
        text = f"<b>{name}</b><br>{formula}" if formula else name
        left, right = ('(["', '"])') if node.kind in ("input", "carried") else ('["', '"]')
        out.append(f"  n{k}{left}{text}{right}")
    wires = [(edge.source, f"n{texts.number[edge.target]}", texts.along_width(edge), edge.local is not None) for edge in graph.edges]
    wires.append((graph.output, 'result[" "]', THINNEST, True))
    for source, target, _, passing in wires:
        node = graph.nodes[source]
        above, below = _coded(texts.above(node)), _coded(texts.below(node))
        label = f"<b {_colour(VALUE)}>{above}</b>" + (f"<br><i {_colour(GRADIENT)}>{below}</i>" if below else "")
        out.append(f'  n{texts.number[source]} {"-->" if passing else "-.->"}|"{label}"| {target}')
    for back in graph.returns:
        out.append(f'  n{texts.number[back.source]} -.->|"{_coded(texts.step_line(back))}"| n{texts.number[back.target]}')
    out.append("  style result fill:none,stroke:none")
    out.append("  linkStyle default stroke:#8b96a5")
    out += [f"  linkStyle {k} stroke-width:{width:.2f}px" for k, (_, _, width, _) in enumerate(wires)]
    return "\n".join(out) + "\n"


def _colour(colour: str) -> str:
    """As rgb, after a space: Mermaid 10 takes a # behind "style...:" for a colour of its own and drops the next semicolon."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"style='color: rgb({red},{green},{blue})'"


def _coded(text: str) -> str:
    """ASCII signs as Mermaid's codes, points and strokes apart: nothing is markup, and no label is taken for a list."""
    return "".join(c if c in " ./" or c.isalnum() or not c.isascii() else f"#{ord(c)};" for c in text)
