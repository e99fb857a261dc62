r"""LaTeX with families: W^{(l)}, a^{[l-1]} and h_t are read as lines with an index, and claims by \delta^{(l)} are judged."""

from __future__ import annotations

import re

import pytest

import symchain

LAYERS = r"""
A network:
$W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}$, $b^{(l)} \in \mathbb{R}^{n_l}$, $x \in \mathbb{R}^{n_0}$, $y \in \mathbb{R}^{n_L}$.
$$a^{(0)} = x$$
\begin{align}
z^{(l)} &= W^{(l)} a^{(l-1)} + b^{(l)}, \quad l = 1, \dots, L \\
a^{(l)} &= \sigma(z^{(l)}), \quad l = 1, \dots, L
\end{align}
$$C = \frac12 \|a^{(L)} - y\|^2$$
The errors are
$$\delta^{(L)} = (a^{(L)} - y) \odot \sigma'(z^{(L)})$$
$$\delta^{(l)} = ((W^{(l+1)})^\top \delta^{(l+1)}) \odot \sigma'(z^{(l)}), \quad l = 1, \dots, L-1$$
and the gradients
$$\frac{\partial C}{\partial b^{(l)}} = \delta^{(l)}$$
$$\frac{\partial C}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^\top$$
"""
BRACKETS = re.sub(r"\{\(([^()]*)\)\}", r"{[\1]}", LAYERS)
RNN = r"""
$$h_0 = s$$
$$h_t = \tanh(W h_{t-1} + U x_t), \qquad t = 1, \ldots, T$$
$$C = \frac{1}{2} \sum_{t=1}^{T} \|h_t - y_t\|^2$$
$$\delta_T = (h_T - y_T) \odot (1 - h_T \odot h_T)$$
$$\delta_t = (h_t - y_t + W^\top \delta_{t+1}) \odot (1 - h_t \odot h_t), \qquad t = 1, \ldots, T-1$$
$$\frac{\partial C}{\partial W} = \sum_{t=1}^{T} \delta_t h_{t-1}^\top$$
"""
SHAPES = {"W": ("d", "d"), "U": ("d", "n"), "x": ("n",), "y": ("d",), "s": ("d",)}


@pytest.mark.parametrize("text", [LAYERS, BRACKETS])
def test_the_layers_of_a_course_are_a_program_with_families(text: str) -> None:
    program = symchain.parse_latex(text)
    assert str(program).splitlines()[-4:] == [
        "a[0] = x",
        "z[l] = W[l] @ a[l-1] + b[l] for l in 1..L",
        "a[l] = sigma(z[l]) for l in 1..L",
        "C = 1/2*norm(a[L] - y)**2",
    ]
    assert [j.status for j in program.judge()] == ["agrees", "agrees"]
    assert set(program.derive("C", ["W", "b"]).named.values()) == {"BP1", "BP2", "BP3", "BP4"}


def test_time_stands_below_and_sums_over_it_are_read() -> None:
    program = symchain.parse_latex(RNN, shapes=SHAPES)
    assert "h[t] = tanh(W @ h[t-1] + U @ x[t]) for t in 1..T" in str(program)
    assert program.claims[0].claim.splitlines()[-1] == "dC_dW = sum(outer(delta[t], h[t-1]) for t in 1..T)"
    assert [j.status for j in program.judge()] == ["agrees"]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("right", "wrong", "mistake"),
    [
        (r"\delta_t h_{t-1}^\top", r"\delta_t h_t^\top", "index_shifted"),
        (r"W^\top \delta_{t+1}", r"W \delta_{t+1}", "transposed"),
        (r"\sum_{t=1}^{T} \delta", r"\sum_{t=2}^{T} \delta", "steps"),
    ],
)
def test_mistakes_of_recursions_are_named(right: str, wrong: str, mistake: str) -> None:
    (found,) = symchain.parse_latex(RNN.replace(right, wrong), shapes=SHAPES).judge()
    assert found.status == "wrong" and found.verdict is not None and found.verdict.mistake == mistake


def test_entries_of_arrays_are_no_families() -> None:
    program = symchain.parse_latex(r"$$y_i = w x_i + b, \quad i = 1, \dots, n$$ $$C = \sum_{i=1}^n y_i^2$$")
    assert not program.families
