"""Refusals of documents in French: each is said in French, and what the text itself holds stays as it is."""

from __future__ import annotations

import re

import pytest

import symchain
from symchain.nouns.statement import spoken
from symchain.wording import DEFAULT

ENGLISH = re.compile(
    r"\b(?:the|of|is|are|can|be|read|as|write|and|put|which|not|needs|where|brackets|declare|a name|in|with|has|have|only|does|stands?)\b",
    re.IGNORECASE,
)
TEXTS = [
    r"$$C = \log x y$$", r"$$y = x^T + T$$", r"$$W^{-1} = \frac{1}{W} x 2$$", r"$$s = \sum_{i>3} x_i$$", r"$$F = \int x \, dx$$",
    r"$$y = 1/2x$$", r"$$M = \begin{pmatrix} a & b \\ c & d \end{pmatrix}$$", r"$$z = \operatorname{foo}(x)$$", r"$$q = |A|$$ $$A^T = 3$$",
    r"Let $x, y \in \mathbb{R}^n$. $$f = xy$$", r"$$Var(x) = 3x$$", r"$$a = f(x) + f$$", r"$$z_i = \sum_j w_{ij} x_j + z$$ $$L = z_3$$",
    r"$$\frac{d^3 y}{dx^3} = 6$$", r"$$p = x_1 + \dots + x^n$$", r"$$f = \dot x$$", r"$$y = \sin^{-1}(x)$$", r"$$g = \nabla f$$",
    r"$$A \in \mathbb{R}^{m \times n}$$ $$f = \operatorname{tr}(A)$$", r"$$x = \lim_{n} a_n$$", r"$$k = UI$$", r"$$y = x^{+}$$",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_no_english_in_french(text: str) -> None:
    program = symchain.parse_latex("$$u = v$$\n" + text)
    found = [s.said for s in program.statements if s.said is not None] + [j.said for j in program.judge() if j.said is not None]
    assert found
    for said in found:
        written = spoken(said, "fr")
        outside = re.sub(r"\\[A-Za-z]+|\{[^}]*\}|\(n, n\)", " ", written)
        assert not ENGLISH.search(outside), written
        assert spoken(said, DEFAULT) != written
