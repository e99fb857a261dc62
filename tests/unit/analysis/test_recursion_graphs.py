"""Graphs of recursions: one step drawn, arrows back in time, and which gradients are sums over the steps."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import symchain
from symchain.app.cli import commands
from symchain.errors import ArgumentError
from symchain.models import read_model, recursion_names
from symchain.render.picture import overlaps, picture
from symchain.render.text import write

NETWORK = (
    "x[t]: (n,)\nU: (d, n)\nW: (d, d)\nv: (d,)\nh[0] = zeros(d)\nh[t] = tanh(W @ h[t-1] + U @ x[t]) for t in 1..T\n"
    "C = sum((dot(v, h[t]) - y[t])**2 for t in 1..T)/T"
)


def test_one_step_is_drawn_with_an_arrow_back_in_time() -> None:
    drawn = symchain.parse(NETWORK).graph()
    assert set(drawn.nodes) == {"h[0]", "h[t-1]", "h[t]", "x[t]", "y[t]", "U", "W", "v", "C"}
    assert [(r.source, r.target, r.steps) for r in drawn.returns] == [("h[t]", "h[t-1]", 1)] and drawn.shared == ("W", "U", "v")
    local = {(e.source, e.target): write(e.local) for e in drawn.edges if e.local is not None}
    assert local == {
        ("h[0]", "h[t-1]"): "∂",
        ("h[t-1]", "h[t]"): "W.T @ (∂*(1 - h[t]**2))",
        ("W", "h[t]"): "outer(∂*(1 - h[t]**2), h[t-1])",
        ("U", "h[t]"): "outer(∂*(1 - h[t]**2), x[t])",
        ("x[t]", "h[t]"): "U.T @ (∂*(1 - h[t]**2))",
        ("v", "C"): "2*∂*(v @ h[t] - y[t])*h[t]/T",
        ("h[t]", "C"): "2*∂*(v @ h[t] - y[t])*v/T",
        ("y[t]", "C"): "-2*∂*(v @ h[t] - y[t])/T",
    }


def test_what_looks_back_two_steps_has_two_arrows_and_two_starts() -> None:
    drawn = symchain.parse("y[0] = a\ny[1] = b\ny[t] = p*sin(y[t-1]) + q*y[t-2] for t in 2..T\nC = y[T]**2").graph(wrt=["p"])
    assert [(r.target, r.steps) for r in drawn.returns] == [("y[t-1]", 1), ("y[t-2]", 2)]
    edges = {(e.source, e.target): e.local for e in drawn.edges}
    assert ("y[1]", "y[t-1]") in edges and ("y[0]", "y[t-2]") in edges and drawn.shared == ("p",)
    assert write(edges["p", "y[t]"]) == "sin(y[t-1])" and edges["q", "y[t]"] is None


@pytest.mark.parametrize("name", recursion_names())
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_ready_model_is_a_legible_picture(name: str, lang: str) -> None:
    drawn = symchain.parse(read_model(name).text).graph()
    assert drawn.returns or name == "crf"
    assert not overlaps(picture(drawn, lang))
    root = ElementTree.fromstring(drawn.svg(lang))
    assert root.tag.endswith("svg") and sum("back" in (g.get("class") or "") for g in root.iter()) == len(drawn.returns)
    dot, mermaid = drawn.dot(lang), drawn.mermaid(lang)
    assert dot.count("constraint=false") == len(drawn.returns) and mermaid.count('-.->|"') >= len(drawn.returns)


@pytest.mark.parametrize(("lang", "said"), [("en", "sums over the steps"), ("fr", "sommes sur les étapes")])
def test_it_says_which_gradients_are_sums(lang: str, said: str) -> None:
    drawn = symchain.parse(NETWORK).graph()
    assert said in drawn.svg(lang) and "h[t-1]" in drawn.svg(lang)
    assert r"$h_{t-1}$" in drawn.tikz(lang)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdfLaTeX is not installed")
def test_tikz_compiles(tmp_path: Path) -> None:
    body = symchain.parse(read_model("lstm-steps").text).graph().tikz("fr")
    text = "\\documentclass{article}\\usepackage{tikz}\\usepackage{amsmath,amssymb}\\begin{document}\n" + body + "\\end{document}\n"
    (tmp_path / "graph.tex").write_text(text, encoding="utf-8")
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "graph.tex"], cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 0 and (tmp_path / "graph.pdf").exists()


def test_the_command_line_draws_it() -> None:
    drawn = CliRunner().invoke(commands, ["graph", "-e", NETWORK, "--lang", "fr", "--wrt", "W"])
    assert drawn.exit_code == 0 and "étape suivante" in drawn.output


def test_numbers_are_refused() -> None:
    program = symchain.parse(NETWORK)
    with pytest.raises(ArgumentError, match="has no numbers"):
        program.graph(at={"v": [1.0]})
    with pytest.raises(ArgumentError, match="by its blocks alone"):
        program.graph(level="ops")
