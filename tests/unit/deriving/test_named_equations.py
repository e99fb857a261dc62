"""Equations that textbooks know by name are told from how a program is built; what is built otherwise has no such name."""

from __future__ import annotations

import numpy as np
import pytest

import symchain
from symchain.models import read_model

LAYERS = """
V[k]: (n[k], n[k-1])
c[k]: (n[k],)
u: (n[0],)
t: (n[K],)
s[0] = u
q[k] = V[k] @ s[k-1] + c[k] for k in 1..K
s[k] = phi(q[k]) for k in 1..K
E = 1/2*sum((s[K] - t)**2)
"""


def test_the_four_equations_of_backpropagation_are_named_whatever_the_letters_are() -> None:
    found = symchain.parse(LAYERS).derive("E", ["V", "c"])
    assert found.lines == (
        "delta_q[K] = (s[K] - t)*phi'(q[K])",
        "delta_q[k] = (V[k+1].T @ delta_q[k+1])*phi'(q[k]) for k in K-1..1",
        "dE_dV[k] = outer(delta_q[k], s[k-1]) for k in 1..K",
        "dE_dc[k] = delta_q[k] for k in 1..K",
    )
    assert found.named == {"delta_q[K]": "BP1", "delta_q[k]": "BP2", "dE_dV[k]": "BP4", "dE_dc[k]": "BP3"}


@pytest.mark.parametrize(("lang", "words"), [("en", "equations of backpropagation"), ("fr", "équations de la rétropropagation")])
def test_the_names_are_said_in_text_and_in_latex(lang: str, words: str) -> None:
    d = symchain.parse(LAYERS).derive("E", "V")
    for told in (" ".join(d.text(lang).split()), d.latex(lang)):
        assert words in told and "BP1)" in told and "(BP2)" in told and "BP4." in told


NAMES = {
    ("elman", "W"): {"BPTT"},
    ("lstm-steps", "Wf"): {"BPTT"},
    ("elman", "V"): set(),  # the outputs of a step alone
    ("lqr", "u"): {"costate", "control"},
    ("lqr", "x0"): {"costate"},
    ("lqr", "A"): set(),
    ("kalman-filter", "m0"): {"smoother"},
    ("garch", "beta"): set(),
    ("euler", "p0"): set(),
    ("residual", "W"): set(),
    ("horner", "x"): set(),
    ("hmm-forward", "A"): set(),
}


@pytest.mark.parametrize(("model", "wrt"), NAMES)
def test_models_have_the_names_that_textbooks_have_for_them(model: str, wrt: str) -> None:
    d = symchain.parse(read_model(model).text).derive(wrt)
    assert set(d.named.values()) == NAMES[model, wrt]


def test_weights_that_are_not_those_of_a_layer_are_not_backpropagation() -> None:
    text = LAYERS.replace("V[k] @ s[k-1]", "V[k] @ s[k-1]*s[k-1][0]")
    assert not symchain.parse(text).derive("E", "c").named


def test_the_adjoint_of_the_filtered_mean_gives_the_smoothed_mean() -> None:
    s, r, P0, m0 = 0.4, 0.7, 1.3, 0.2
    y = np.array([0.5, -0.1, 0.9, 1.4])
    program = symchain.parse(read_model("kalman-filter").text)
    kernel = program.compile(wrt=["m[0]"])
    start = kernel(s=s, r=r, P0=P0, m0=m0, y=y)[1]["m[0]"]
    steps = np.arange(1, 5)
    cov = P0 + s * np.minimum.outer(steps, steps) + r * np.eye(4)  # of the observations
    assert m0 - P0 * start == pytest.approx(m0 + P0 * np.linalg.solve(cov, y - m0).sum(), rel=1e-12)
