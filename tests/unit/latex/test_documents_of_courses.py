r"""What courses write around their derivatives: commands of packages, changes of variable, small matrices, intervals, letters used anew."""

from __future__ import annotations

import pytest

import symchain

RIGHT = ("proved", "agrees")

JUDGED = {
    # commands of packages, or of a preamble that is elsewhere
    r"Let $g(s) = s^3$. $$\frac{\dd g}{\dd s}(s) = 3s^2, \quad \dv{g}{s} = 3s, \quad \dv[2]{g}{s} = 6s$$": "right wrong right",
    r"$$h(u, v) = u^2 v^3$$ $$\pdv{h}{u} = 2uv^3, \quad \pdv{h}{u}{v} = 6uv^2, \quad \diffp{h}{v} = 3u^2v, \quad \dv{u}(u^4) = 4u^3$$":
        "right right wrong right",
    r"$$E = \frac12\norm{\vb{w}}^2$$ $$\nabla_{\vb{w}} E = \vb{w}, \quad \nabla_{\vb{w}} E = 2\vb{w}$$": "right wrong",
    r"Let $A \in \R^{n \times n}$, $v \in \R^n$. $$q = v^\T A v$$ $$\pdv{q}{v} = (A + A^\T) v$$": "right",
    # what the text defines itself goes first
    r"\newcommand{\dv}[2]{#1\,#2} $$C = \dv{a}{b}$$ $$\frac{\partial C}{\partial a} = b$$": "right",
    # a change of variable, and back
    r"Let $f(x) = x^2$. Put $h = x - c$, that is $x = c + h$. $$f'(x) = 2x$$ $$g(h) = f(c + h)$$ $$g'(h) = 2(c + h), \quad g'(h) = 2h$$":
        "right right right wrong",
    r"$$u = 3v - 1$$ $$v = \frac{u + 1}{3}$$ $$\frac{du}{dv} = 3$$": "right right",
    # a derivative in a direction
    r"$$f(x, y) = xy$$ $$D_v f(x, y) = \frac{\partial f}{\partial x}(x, y)$$ $$\frac{\partial f}{\partial x}(x, y) = y$$": "right",
    # intervals that point outwards
    r"Sur $]0, 1[$ et pour $s \in ]a, +\infty[$, on pose $f(s) = \ln s$. $$f'(s) = \frac1s$$": "right",
    # small matrices and arrays in brackets are columns; arrays behind a brace are cases
    r"$$f(x, y) = x^2 + y^3$$ $$\nabla f = \left(\begin{smallmatrix} 2x \\ 3y^2 \end{smallmatrix}\right), \quad "
    r"\nabla f = \left[\begin{array}{c} 2x \\ 3y \end{array}\right]$$": "right wrong",
    r"$$r(s) = \left\{ \begin{array}{ll} s^2 & \text{si } s > 0 \\ 0 & \text{sinon} \end{array} \right.$$ $$r'(2) = 4, \quad r'(-1) = 1$$":
        "right wrong",
    # a size that is a vector elsewhere; a letter whose size changes further down
    r"$$S(u_1, \dots, u_n) = u_1^2 + u_2^2 + \dots + u_n^2$$ $$\frac{\partial S}{\partial u_k} = 2u_k$$ A normal is $n = (a, b, c)$.":
        "right",
    "Let $w, u \\in \\mathbb{R}^n$. $$s = \\sum_i w_i u_i$$ $$\\frac{\\partial s}{\\partial w_j} = u_j$$\n\nNow for another number of "
    "entries, $w, u \\in \\mathbb{R}^m$. $$t = \\sum_{i=1}^m w_i u_i$$ $$\\frac{\\partial t}{\\partial u_j} = w_j$$":
        "right right",
    "## Lines\n\nLet $\\boldsymbol w \\in \\mathbb{R}^n$. $$a = \\boldsymbol w^T \\boldsymbol x$$\n\n## Pairs\n\n"
    "$$E = -\\sum_{i,j} w_{ij} s_i s_j$$ $$\\frac{\\partial E}{\\partial w_{ij}} = -s_i s_j$$": "right",
}  # fmt: skip


@pytest.mark.parametrize("text", JUDGED)
def test_what_is_judged(text: str) -> None:
    judged = ["right" if j.status in RIGHT else j.status for j in symchain.parse_latex(text).judge()]
    assert judged == JUDGED[text].split()


UNREAD = (
    (r"$$f(x, y) = xy$$ $$D_u f(x, y) = u$$", "refused", "D_u f can be read as a derivative in a direction and as a product"),
    (r"$$a = b + 1$$ $$b = 2a$$", "refused", "b is given by what is made of it above"),
    (r"$$f(x) = x$$ Let $x \in ]0, 1[$.", "skipped", "a membership that says no shape"),
    (r"$$d = \left|\begin{array}{cc} a & b \\ c & e \end{array}\right|$$ $$f(x) = x$$", "refused", r"\begin{array} where a name"),
)


@pytest.mark.parametrize(("text", "kind", "reason"), UNREAD)
def test_what_is_not_read_says_why(text: str, kind: str, reason: str) -> None:
    assert any(s.kind == kind and s.reason.startswith(reason) for s in symchain.parse_latex(text).statements)


def test_a_refusal_stands_where_its_statement_does() -> None:
    """Also where what hinders it is written further down."""
    read = symchain.parse_latex("$$E = A + B$$\n\n$$A = \\sum_{i=1}^{n-1}\\sum_{j=i+1}^{n} w_{ij}$$\n\n$$s = t^2$$\n")
    assert [(s.kind, s.line) for s in read.statements] == [("refused", 1), ("refused", 3), ("definition", 5)]
