"""Recursions explained: the Jacobians of steps, their products, and norms at a point, beside programs written out."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import symchain
from symchain.app.cli import commands
from symchain.errors import ArgumentError
from symchain.models import read_model

NETWORK = "x[t]: (n,)\nU: (d, n)\nW: (d, d)\nh[0] = zeros(d)\nh[t] = tanh(W @ h[t-1] + U @ x[t]) for t in 1..T\nC = sum(h[T]**2)"
SCALAR = "y[0] = a\ny[1] = b\ny[t] = p*sin(y[t-1]) + q*y[t-2] for t in 2..T\nC = y[T]**2"


def _point(rng: np.random.Generator, steps: int = 12, scale: float = 0.5) -> dict[str, Any]:
    return {"x": rng.normal(size=(steps, 2)), "U": rng.normal(size=(3, 2)), "W": rng.normal(size=(3, 3)) * scale}


def test_the_norm_of_the_product_by_distance() -> None:
    """The product of the Jacobians diag(1 - h**2) W, worked out by hand."""
    at = _point(np.random.default_rng(4))
    h = [np.zeros(3)]
    for x in at["x"]:
        h.append(np.tanh(at["W"] @ h[-1] + at["U"] @ x))
    jacobians = {t: np.diag(1 - h[t] ** 2) @ at["W"] for t in range(1, 13)}
    found = symchain.parse(NETWORK).explain("h[T]", "h[t]", at=at).numbers
    product = np.eye(3)
    for distance in range(1, 13):
        product = product @ jacobians[13 - distance]
        assert found["norms"][distance] == pytest.approx(np.linalg.norm(product, 2), rel=1e-12)
        assert found["factors"][13 - distance] == pytest.approx(np.linalg.norm(jacobians[13 - distance], 2), rel=1e-12)
    assert found["rate"] == pytest.approx(np.linalg.norm(product, 2) ** (1 / 12))


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize(("scale", "said"), [(0.3, {"en": "it vanishes", "fr": "il s'évanouit"}), (0.0, {"en": "0", "fr": "nul"})])
def test_it_says_whether_gradients_vanish(lang: str, scale: float, said: dict[str, str]) -> None:
    told = symchain.parse(NETWORK).explain("h", "h", at=_point(np.random.default_rng(4), scale=scale), lang=lang)
    for text in (told.text(), told.latex(), told.markdown(), told.html()):
        assert said[lang] in " ".join(text.replace("&#x27;", "'").replace("&#39;", "'").split())


def test_it_says_that_gradients_explode() -> None:
    told = symchain.parse("h[0] = a\nh[t] = w*h[t-1] for t in 1..T\nC = h[T]").explain("h", "h", at={"a": 1.0, "w": 1.5, "T": 10})
    assert told.numbers["rate"] == pytest.approx(1.5) and told.numbers["norms"][10] == pytest.approx(1.5**10)
    assert "it explodes" in told.text() and "dh[t]/dh[t-1] = w" in told.text()
    assert json.loads(told.to_json())["numbers"]["rate"] == pytest.approx(1.5)


def test_a_state_of_several_steps() -> None:
    """The companion matrices of a recursion that looks two steps back."""
    at = {"a": 0.4, "b": 0.9, "p": 1.1, "q": 0.3}
    y = [at["a"], at["b"]]
    for _ in range(2, 10):
        y.append(at["p"] * np.sin(y[-1]) + at["q"] * y[-2])
    told = symchain.parse(SCALAR).explain("y[T]", "y[t]", at={**at, "T": 9})
    product = np.eye(2)
    for distance in range(1, 9):
        product = product @ np.array([[at["p"] * np.cos(y[9 - distance]), at["q"]], [1.0, 0.0]])
        assert told.numbers["norms"][distance] == pytest.approx(np.linalg.norm(product, 2), rel=1e-12), distance
    assert "A step passes y[t] and y[t-1] on to the next one; together they are its state, s[t]." in " ".join(told.text().split())


def test_a_state_of_several_families() -> None:
    """The steps of a symplectic integrator, which keep areas: the determinant of each Jacobian is 1."""
    text = "q[0] = q0\nv[0] = v0\nv[n] = v[n-1] - h*sin(q[n-1]) for n in 1..N\nq[n] = q[n-1] + h*v[n] for n in 1..N\nC = v[N]**2"
    q, v, h = [0.5], [0.2], 0.3
    for _ in range(8):
        v.append(v[-1] - h * np.sin(q[-1]))
        q.append(q[-1] + h * v[-1])
    product = np.eye(2)
    found = symchain.parse(text).explain("q", "q", at={"q0": 0.5, "v0": 0.2, "h": h, "N": 8}).numbers["norms"]
    for distance in range(1, 9):
        slope = -h * np.cos(q[8 - distance])
        jacobian = np.array([[1.0, slope], [h, 1.0 + h * slope]])  # of v and q by those before
        assert np.linalg.det(jacobian) == pytest.approx(1.0)
        product = product @ jacobian
        assert found[distance] == pytest.approx(np.linalg.norm(product, 2), rel=1e-12), distance


def test_a_long_short_term_memory_passes_two_families_on() -> None:
    told = symchain.parse(read_model("lstm-steps").text).explain("h", "h").text()
    assert "A step passes h[t] and c[t] on to the next one; together" in told and "dc[t]/dc[t-1] = diag(f[t])" in told


def test_the_derivative_of_an_output_is_explained_by_its_lines() -> None:
    told = symchain.parse(NETWORK).explain("C", "W")
    assert "h[t] is read by h[t+1] and C." in told.text() and "delta_h[t] = (W.T @ delta_h[t+1])*(1 - h[t]**2)" in told.text()
    assert "d'où vient" in told.text("fr").lower() and r"\delta_{h,t}" in told.latex()


def test_a_point_shows_what_the_error_is_multiplied_by() -> None:
    program, at = symchain.parse(NETWORK), _point(np.random.default_rng(4))
    told = program.explain("C", "W", at=at)
    assert told.numbers == program.explain("h", "h", at=at).numbers and "a step" in told.text() and r"\lVert" in told.latex("fr")
    still = symchain.parse("y[t] = w*x[t] for t in 1..T\nC = sum(y[t]**2 for t in 1..T)")
    with pytest.raises(ArgumentError, match="carries anything"):
        still.explain("C", "w", at={"w": 1.0, "x": [1.0, 2.0]})


def test_the_command_line_explains_members() -> None:
    text = "h[0] = a\nh[t] = sin(w*h[t-1]) for t in 1..T\nC = h[T]"
    asked = ["explain", "-e", text, "--of", "h[T]", "--wrt", "h[t]", "--lang", "fr"]
    bare = CliRunner().invoke(commands, asked)
    assert bare.exit_code == 0 and "dh[t]/dh[t-1] = cos(w*h[t-1])*w" in bare.output.replace("w*cos(w*h[t-1])", "cos(w*h[t-1])*w")
    numbers = CliRunner().invoke(commands, [*asked, "--at", "a=0.4,w=0.7,T=6"])
    assert numbers.exit_code == 0 and "à chaque étape" in " ".join(numbers.output.split())


def test_what_is_not_carried_is_refused() -> None:
    program = symchain.parse("x[t]: ()\ny[t] = x[t]**2 for t in 1..T\nC = sum(y[t] for t in 1..T)")
    with pytest.raises(ArgumentError, match="no step carries y"):
        program.explain("y", "y")
    with pytest.raises(ArgumentError, match="earlier members"):
        symchain.parse(NETWORK).explain("h[T]", "W")
