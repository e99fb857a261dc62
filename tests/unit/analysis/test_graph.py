"""The picture of the graph: its numbers are those of the kernels, every medium escapes every name, and no label lies on anything."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from ready import ready_program

import symchain
from symchain.analysis.graphing import LEVELS
from symchain.app.cli import commands
from symchain.errors import ArgumentError, LimitError
from symchain.models import model_names, read_model
from symchain.nouns.graph import Graph
from symchain.render.layered import ROW, STUB, Box, arrange, layers
from symchain.render.picture import Picture, overlaps, picture
from symchain.render.svg import GRADIENT, VALUE
from symchain.render.unicode import figure, pretty_name, text_width

MODELS = (*model_names(), "mlp-9")
ILLUSTRATION = "L = 1/(1 + exp(-(x1*y1 + x2*y2)))"
POINT = {"x1": 1.0, "y1": 2.0, "x2": -1.0, "y2": 3.0}
FORMATS = ("svg", "tikz", "dot", "mermaid")

THIRTY = """
z1 = w1*x + b1; a1 = tanh(z1); z2 = w2*a1 + b2; a2 = tanh(z2); r2 = a1 + a2; z3 = w3*r2 + b3; a3 = softplus(z3)
r3 = r2 + a3; g0 = wg*u + bg; g = sigmoid(g0); k = 1 - g; m1 = g*r3; m2 = k*a1; h = m1 + m2; o = v*h + c
s = sigmoid(o); d = s - y; q = d**2; n1 = w1**2; n2 = w2**2; n3 = w3**2; n4 = v**2; p1 = n1 + n2; p2 = n3 + n4
p = p1 + p2; reg = l*p; e1 = log(s); e2 = y*e1; f = q - e2; C = f + reg
"""
"""Thirty blocks: a gated residual network with a penalty."""


def _model(name: str, level: str = "named", at: bool = True) -> Graph:
    ready = read_model(name)
    return ready_program(name).graph(ready.at if at else None, level=level)


def _thirty(level: str = "named") -> Graph:
    program = symchain.parse(THIRTY)
    return program.graph({name: 0.1 * k + 0.2 for k, name in enumerate(program.inputs)}, level=level)


# ---------------------------------------------------------------- numbers


def test_the_illustration_of_the_first_source() -> None:
    graph = symchain.parse(ILLUSTRATION).graph(POINT, level="ops")
    found = {name: round(float(graph.gradients[name]), 4) for name in POINT}
    assert found == {"x1": 0.3932, "y1": 0.1966, "x2": 0.5898, "y2": -0.1966}
    assert float(graph.values["L"]) == pytest.approx(0.2689414213699951)
    boxes = re.findall(r'class="sign"[^>]*>([^<]*)<', graph.svg())
    assert sorted(boxes) == sorted(["×", "×", "+", "×(−1)", "exp", "+1", "1/·"])


def test_the_numbers_of_the_two_layer_network() -> None:
    graph = _model("two-layer")
    expected = {"a2": -0.640439059533071, "z2": -0.147478302412043, "z1": 0.0347951929780843, "W1": 0.0521927894671265, "C": 1.0}
    for name, gradient in expected.items():
        assert float(graph.gradients[name]) == pytest.approx(gradient, rel=1e-12)
    text = graph.svg()
    assert f">{figure(expected['W1'], signed=True)}</text>" in text
    assert "received −0.147 × local (−1.2) = passed on 0.177" in html.unescape(text)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", MODELS)
def test_gradients_are_those_of_the_compiled_program(name: str, level: str) -> None:
    ready = read_model(name)
    program = ready_program(name)
    graph = program.graph(ready.at, level=level)
    if graph.summed:
        return
    names = [n for n, node in graph.nodes.items() if node.kind == "input" and node.active]
    value, gradient = program.compile(graph.output, wrt=names)(**ready.at)
    np.testing.assert_allclose(graph.values[graph.output], value, rtol=1e-12)
    for n in names:
        np.testing.assert_allclose(graph.gradients[n], gradient[n], rtol=1e-9, atol=1e-12, err_msg=n)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", MODELS)
def test_what_the_wires_send_back_adds_up(name: str, level: str) -> None:
    graph = _model(name, level)
    sums: dict[str, Any] = {}
    for edge in graph.edges:
        if edge.sent is not None:
            sums[edge.source] = sums.get(edge.source, 0) + np.asarray(edge.sent)
        if edge.factor is not None:
            np.testing.assert_allclose(edge.sent, edge.factor * graph.gradients[edge.target], rtol=1e-9, atol=1e-300)
    for source, total in sums.items():
        np.testing.assert_allclose(graph.gradients[source], total, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_single_operations_compute_the_same_blocks(name: str) -> None:
    named, ops = _model(name), _model(name, "ops")
    assert set(named.nodes) <= set(ops.nodes)
    for block in named.nodes:
        np.testing.assert_allclose(ops.values[block], named.values[block], rtol=1e-12)
        if named.gradients[block] is not None:
            np.testing.assert_allclose(ops.gradients[block], named.gradients[block], rtol=1e-8, atol=1e-11)


def test_an_output_with_a_shape_is_summed() -> None:
    graph = symchain.parse("x: (3,)\ny = x**2").graph({"x": [1.0, 2.0, 3.0]})
    assert graph.summed == "y"
    assert float(graph.values[graph.output]) == 14.0
    assert graph.gradients["x"].tolist() == [2.0, 4.0, 6.0]
    assert "sum of the entries of y" in graph.svg()


def test_samples_broadcast_through_scalar_programs() -> None:
    graph = symchain.parse("y = w*x").graph({"w": 2.0, "x": [1.0, 2.0, 3.0]})
    assert "[3] ‖7.48‖" in graph.svg()


def test_labels_and_conditions_have_no_gradient() -> None:
    graph = symchain.parse("y = where(t > 0, x, 2*x)").graph({"t": 1.0, "x": 3.0})
    assert not graph.nodes["t"].active and graph.gradients["t"] is None
    assert float(graph.gradients["x"]) == 1.0
    assert "no gradient passes here" in graph.svg()


def test_unknown_functions_are_drawn_without_numbers() -> None:
    program = symchain.parse("z = w*x\na = sigma(z)")
    assert "σ&#39;(z)" in program.graph().svg()
    with pytest.raises(ArgumentError):
        program.graph({"w": 1.0, "x": 2.0})


def test_refusals() -> None:
    program = symchain.parse("y = w*x")
    with pytest.raises(ArgumentError, match="named, ops"):
        program.graph(level="deep")
    with pytest.raises(ArgumentError, match="no value is given for w"):
        program.graph({"x": 1.0})
    with pytest.raises(ArgumentError):
        program.graph().svg("de")
    with pytest.raises(LimitError):
        symchain.parse("\n".join(f"y{k + 1} = sin(y{k})" for k in range(500))).graph()


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("value", "lang", "text"),
    [
        (0.26894, "en", "0.269"), (0.5898, "en", "0.590"), (0.5, "en", "0.5"), (-1.0, "en", "−1"), (0.1 + 0.2, "en", "0.3"),
        (12345.6, "en", "12300"), (1.5e-7, "en", "1.5×10⁻⁷"), (-2.5e12, "fr", "−2,5·10¹²"), (0.0522, "fr", "0,0522"), (0.0, "fr", "0"),
        (999.6, "en", "1000"), (float("nan"), "en", "nan"), (float("-inf"), "en", "−∞"), ([3.0, 4.0], "fr", "[2] ‖5‖"),
    ],
)  # fmt: skip
def test_figures(value: Any, lang: str, text: str) -> None:
    assert figure(value, lang) == text


def test_names() -> None:
    assert [pretty_name(n) for n in ("W1", "y_true", "lambda", "z_12", "delta_z1")] == ["W₁", "y_true", "λ", "z₁₂", "δ_z₁"]


def test_french_numbers_have_a_comma_and_english_ones_a_point() -> None:
    for lang, mark in (("fr", "."), ("en", ",")):
        drawn = picture(_model("two-layer"), lang)
        assert not [label for label in drawn.labels if mark in label.text]
    assert ">−0,640</text>" in _model("two-layer").svg("fr") and "rétropropagation" in _model("two-layer").svg("fr")


HOSTILE = ("amp", "Ω", "ŷ", "x_", "_x", "end", "graph", "subgraph", "n0", "class", "style", "label", "node")


@pytest.mark.parametrize("medium", FORMATS)
def test_every_name_is_escaped(medium: str) -> None:
    graph = symchain.parse("out = " + " + ".join(HOSTILE)).graph(dict.fromkeys(HOSTILE, 0.5))
    text = getattr(graph, medium)()
    if medium == "svg":
        ET.fromstring(text)
    if medium == "mermaid":
        shown = re.findall(r'"([^"]*)"', text)
        plain = [re.sub(r"</?(b|i|br)\b[^>]*>|#\d+;", "", label) for label in shown]
        assert all(re.fullmatch(r"[A-Za-z0-9 ./\u0080-\uffff]*", label) for label in plain)


@pytest.mark.parametrize("medium", FORMATS)
def test_what_no_grammar_lets_through_would_be_escaped_too(medium: str) -> None:
    """Names are checked when a program is read; the writers do not rely on it."""
    graph = symchain.parse("y = w*x").graph({"w": 1.0, "x": 2.0})
    evil = '</title><script>"]}\\%$&\x00'
    renamed = _renamed(graph, {"w": evil})
    text = getattr(renamed, medium)()
    assert "<script>" not in text and "\x00" not in text
    if medium == "svg":
        ET.fromstring(text)
    if medium == "tikz":
        assert not re.search(r"(?<!\\)%\$", text)


def _renamed(graph: Graph, names: Mapping[str, str]) -> Graph:
    from dataclasses import replace

    nodes = {names.get(n, n): replace(node, name=names.get(n, n)) for n, node in graph.nodes.items()}
    edges = tuple(replace(e, source=names.get(e.source, e.source), target=names.get(e.target, e.target)) for e in graph.edges)
    return replace(graph, nodes=nodes, edges=edges)


def test_colours_and_styles_carry_the_same_meaning() -> None:
    assert (VALUE, GRADIENT) == ("#1b5e9e", "#c2410c")
    text = _model("two-layer").svg()
    assert f".value {{ fill: {VALUE}; font-weight: bold; }}" in text
    assert f".gradient {{ fill: {GRADIENT}; font-style: italic; }}" in text
    drawn = picture(_model("two-layer"))
    wire = {w.source: w.points[0][1] for w in drawn.wires if not w.target}
    for label in drawn.labels:
        assert (label.y < wire[label.node]) == (label.kind == "value")
        assert label.kind in ("value", "gradient")


def test_the_widest_wire_is_that_of_the_most_influential_input() -> None:
    drawn = picture(symchain.parse(ILLUSTRATION).graph(POINT, level="ops"))
    widths = {w.source: w.thickness for w in drawn.wires if not w.target}
    assert max(POINT, key=widths.__getitem__) == "x2"
    assert widths["L"] < widths["x2"]


@pytest.mark.thorough
def test_the_final_gradient_is_one() -> None:
    for name in MODELS:
        graph = _model(name)
        (label,) = [label for label in picture(graph).labels if label.node == graph.output and label.kind == "gradient"]
        assert label.text == "1"


# ---------------------------------------------------------------- places


def _check_places(drawn: Picture, name: str) -> None:
    """No label meets another, a box, or a wire that is not its own; nothing leaves the page."""
    assert not overlaps(drawn), name
    for label in drawn.labels:
        left, top, right, bottom = label.extent
        assert left >= -1 and top >= -1 and bottom <= drawn.height + 1, (name, label)
        for shape in drawn.shapes:
            apart = right <= shape.x or left >= shape.x + shape.width or bottom <= shape.y or top >= shape.y + shape.height
            assert apart, (name, label, shape)
        for wire in drawn.wires:
            for x, y in _sampled(wire.points):
                if left < x < right and top < y < bottom:
                    assert wire.source == label.node, (name, label, wire.source, wire.target)
    for shape in drawn.shapes:
        for inner in shape.labels:
            left, _, right, _ = inner.extent
            assert shape.x - 4 <= left and right <= shape.x + shape.width + 4, (name, inner)


def _sampled(points: Any, steps: int = 24) -> list[tuple[float, float]]:
    found = []
    for (x, y), (u, v) in zip(points, points[1:], strict=False):
        for k in range(steps + 1):
            t = k / steps
            w = 3 * t * (1 - t) ** 2 / 2 + 3 * t**2 * (1 - t) / 2 + t**3
            found.append((x + (u - x) * w, y + (v - y) * (3 * t**2 - 2 * t**3)))
    return found


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", MODELS)
def test_labels_lie_on_nothing(name: str, level: str) -> None:
    for at, lang in ((True, "fr"), (False, "en")):
        _check_places(picture(_model(name, level, at), lang), name)


@pytest.mark.thorough
@pytest.mark.parametrize("level", LEVELS)
def test_labels_of_thirty_blocks_lie_on_nothing(level: str) -> None:
    graph = _thirty(level)
    assert len(graph.program.blocks) >= 30
    drawn = picture(graph)
    _check_places(drawn, "thirty")
    assert drawn.width < 2100


def test_the_overlap_test_sees_overlaps() -> None:
    from dataclasses import replace

    drawn = picture(_model("two-layer"))
    moved = replace(drawn.labels[0], x=drawn.labels[1].x, y=drawn.labels[1].y + 2)
    assert overlaps(replace(drawn, labels=(moved, *drawn.labels[1:])))


@pytest.mark.thorough
def test_rows_and_stubs_keep_their_distance() -> None:
    for name in MODELS:
        graph = _model(name, "ops")
        drawn = picture(graph)
        boxes = [s for s in drawn.shapes if s.kind != "ghost"]
        for k, one in enumerate(boxes):
            for other in boxes[k + 1 :]:
                if abs(one.x + one.width - other.x - other.width) < 0.5:
                    assert abs(one.y + one.height / 2 - other.y - other.height / 2) >= ROW - 1e-6, name
        for wire in drawn.wires:
            if len(wire.points) == 2 and not wire.target and wire.source in graph.nodes and wire.points[0][1] == wire.points[1][1]:
                assert wire.points[1][0] - wire.points[0][0] >= min(STUB, 12.0) - 1e-6


def test_layers_are_longest_paths_and_inputs_stand_before_their_users() -> None:
    edges = [(0, 2), (1, 2), (2, 3), (4, 5), (3, 5)]
    assert layers(6, edges) == [0, 0, 1, 2, 2, 3]


def test_crossings_that_need_not_be_are_not_there() -> None:
    boxes = [Box(40.0, 36.0)] * 7
    edges = [(0, 5), (1, 4), (2, 3), (3, 6), (4, 6), (5, 6)]
    places = arrange(boxes, edges).places
    assert (places[0].y < places[1].y) == (places[5].y < places[4].y)
    assert (places[1].y < places[2].y) == (places[4].y < places[3].y)


@pytest.mark.thorough
def test_deep_graphs_are_folded() -> None:
    program = symchain.parse("\n".join(f"y{k + 1} = sin(y{k})*x" for k in range(40)))
    graph = program.graph({"y0": 0.3, "x": 1.1})
    drawn = picture(graph)
    assert drawn.width < 2100
    assert any(s.kind == "ghost" for s in drawn.shapes)
    _check_places(drawn, "deep")


def test_text_width_is_generous() -> None:
    """At least the widths in DejaVu Sans, the widest of the usual fonts."""
    assert text_width("Wxyz + 1/2·sum(a)", 12) > 117.6
    assert text_width("0.0522", 13, bold=True) > 50.4


# ---------------------------------------------------------------- media


def test_svg_is_one_file_without_references() -> None:
    text = _model("attention-head").svg()
    root = ET.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "") and "<script" not in text


def test_notebooks_show_the_picture() -> None:
    graph = _model("two-layer")
    bundle = graph._repr_mimebundle_()
    assert bundle["image/svg+xml"] == graph._repr_svg_() == graph.svg()
    assert "11 boxes" in bundle["text/plain"]


@pytest.mark.parametrize("medium", FORMATS)
def test_pictures_are_deterministic(medium: str) -> None:
    assert getattr(_model("gru-unit", "ops"), medium)() == getattr(_model("gru-unit", "ops"), medium)()


def test_mermaid_keeps_its_codes() -> None:
    """What Mermaid replaces before it reads (its encodeEntities) must not match: it would drop semicolons of codes."""
    assert not re.search(r"style.*:\S*#.*;", _model("two-layer", "ops").mermaid("fr"))


def test_dot_and_mermaid_name_every_box_and_wire() -> None:
    graph = _model("two-layer")
    dot, mermaid = graph.dot(), graph.mermaid()
    assert dot.count(" -> ") == len(graph.edges) + 1
    assert len(re.findall(r"-->", mermaid)) == len(graph.edges) + 1
    for k in range(len(graph.nodes)):
        assert f"  n{k} [" in dot and re.search(rf"^  n{k}[\[(]", mermaid, re.MULTILINE)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_the_dot_file() -> None:
    subprocess.run(["dot", "-Tsvg"], input=_model("attention-head").dot(), text=True, capture_output=True, check=True, timeout=60)


def _has_tikz() -> bool:
    if shutil.which("pdflatex") is None or shutil.which("kpsewhich") is None:
        return False
    return bool(subprocess.run(["kpsewhich", "tikz.sty"], capture_output=True, text=True, check=False).stdout.strip())


@pytest.mark.thorough
@pytest.mark.skipif(not _has_tikz(), reason="TeX with TikZ is not installed")
def test_tikz_compiles(tmp_path: Path) -> None:
    graphs = [_model("two-layer", at=False), _model("attention-head"), _thirty()]
    drawings = [_model("two-layer", "ops").tikz("fr"), *(graph.tikz() for graph in graphs)]
    drawings.append(symchain.parse("out = " + " + ".join(n for n in HOSTILE if n.isascii() or n == "Ω")).graph().tikz())
    drawings.append(_renamed(symchain.parse("y = w*x").graph(), {"w": '\\end{x}%$&#_^~"{'}).tikz())
    pages = "\\newpage\n".join(f"\\noindent\n{d}" for d in drawings)
    source = (
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\usepackage{amsmath,amssymb,tikz}"
        r"\usepackage[paperwidth=60cm,paperheight=60cm,margin=5mm]{geometry}\begin{document}"
    )
    (tmp_path / "graph.tex").write_text(source + pages + r"\end{document}", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "graph.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=240, check=False)
    assert ran.returncode == 0, ran.stdout[-1500:]
    assert "(6 pages" in ran.stdout


def test_command(tmp_path: Path) -> None:
    runner = CliRunner()
    for medium, start in zip(FORMATS, ("<svg", "% needs", "digraph", "flowchart"), strict=True):
        ran = runner.invoke(commands, ["graph", "--model", "two-layer", "--format", medium, "--lang", "fr", "--level", "ops"])
        assert ran.exit_code == 0 and ran.stdout.startswith(start), ran.output
    target = tmp_path / "graph.svg"
    ran = runner.invoke(commands, ["graph", "-e", "y = w*x", "--at", "w=1,x=2", "-o", str(target)])
    assert ran.exit_code == 0 and not ran.stdout
    ET.fromstring(target.read_text(encoding="utf-8"))
    assert runner.invoke(commands, ["graph", "-e", "y = w*x", "--at", "w=1"]).exit_code == 2


@pytest.mark.thorough
@pytest.mark.skipif(not _has_tikz(), reason="TeX with TikZ is not installed")
def test_tikz_fits_the_page(tmp_path: Path) -> None:
    chain = symchain.parse("a0 = w*x; " + "; ".join(f"a{k + 1} = tanh(w*a{k})" for k in range(18)))
    small = symchain.parse("y = w*x").graph()
    drawings = [g.tikz() for g in (_model("two-layer"), _model("attention-head", at=False), chain.graph(), small)]
    source = r"\documentclass{article}\usepackage{amsmath,amssymb,tikz}\begin{document}" + "\\newpage\n".join(drawings) + r"\end{document}"
    (tmp_path / "graph.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "graph.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=240, check=False)
    assert ran.returncode == 0 and "(4 pages" in ran.stdout and "Overfull" not in ran.stdout, ran.stdout[-1500:]


def test_gradients_are_on_the_ways_to_the_names_asked_for() -> None:
    """y reads w through a and b through z: asked for w, what leads to b alone carries no gradient."""
    program = symchain.parse("a = w*x; z = b**2; y = a*z")
    at = {"w": 2.0, "x": 3.0, "b": 5.0}
    whole, part = program.graph(at), program.graph(at, wrt="w")
    assert {n for n, g in part.gradients.items() if g is not None} == {"y", "a", "w"}
    assert {n: part.gradients[n] for n in ("y", "a", "w")} == {n: whole.gradients[n] for n in ("y", "a", "w")} == {"y": 1, "a": 25, "w": 75}
    assert part.values == whole.values
    assert {(e.source, e.target) for e in part.edges if e.sent is not None} == {("a", "y"), ("w", "a")}
    assert {n for n, node in program.graph(wrt=["w", "b"]).nodes.items() if node.active} == {"y", "a", "w", "z", "b"}
    with pytest.raises(ArgumentError, match="no name 'q'"):
        program.graph(wrt="q")
