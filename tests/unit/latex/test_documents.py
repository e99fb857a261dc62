r"""Documents: what each statement is, what becomes of it, and what must never be read."""

from __future__ import annotations

import json

import pytest

import symchain
from symchain.errors import ParseError

RIGHT = ("proved", "agrees")

JUDGED = {
    # chains, rows and separators
    r"$$C = (a - y)^2 = a^2 - 2ay + y^2, \qquad \frac{\partial C}{\partial a} = 2(a - y) = 2a - 2y = 2y - 2a$$": "right right right wrong",
    r"$$\begin{align} u &= 3x + 1 \\ y &= u^2 \\ \frac{dy}{dx} &= 2u \cdot 3 \\ &= 6u \end{align}$$": "right right",
    r"$$q = uv \ \Rightarrow\ \frac{\partial q}{\partial u} = v \quad\text{et}\quad \frac{\partial q}{\partial v} = v$$": "right wrong",
    r"$$r = wx$$ $$\frac{\partial r}{\partial w}$$ $$= x$$": "right",
    # derivatives in the forms people use
    r"Let $f(x, y) = x^2 y$. Then $f_x = 2xy$, $f'_y = x^2$, $\partial_x f = 2xy$, $\frac{\partial f}{\partial x}(1, 2) = 4$.":
        "right right right right",
    r"$y = x^3$ has $y' = 3x^2$, $y'' = 6x$, $dy/dx = 3x^2$ and $\left.\frac{dy}{dx}\right|_{x=2} = 11$.": "right right right wrong",
    r"$$(x^2 + 1)' = 2x, \qquad (\cos x)' = \sin x$$": "right wrong",
    r"$$g(t) = t^2$$ $$g'(a) = 2a, \quad g(3) = 9, \quad g'(3) = 5, \quad g(1{,}5) = 2{,}25$$": "right right wrong right",
    r"$$s = \frac{1}{1 + e^{-z}}, \quad \frac{d^2 s}{dz^2} = s(1 - s)(1 - 2s), \quad \frac{d^2 s}{dz^2} = s(1 - s)$$": "right wrong",
    # indices
    r"$$p_i = \frac{e^{z_i}}{\sum_k e^{z_k}}$$ $$\frac{\partial p_i}{\partial z_j} = p_i(\delta_{ij} - p_j)$$": "right",
    r"$$z_k = \sum_j w_{kj} h_j, \quad L = \sum_k z_k^2$$ $$\frac{\partial L}{\partial w_{kj}} = 2 z_k h_j, \quad"
    r"\frac{\partial L}{\partial h_j} = 2 \sum_k w_{kj} z_k, \quad \frac{\partial L}{\partial h_j} = 2 \sum_k z_k$$": "right right wrong",
    r"$$S = \sum_i u_i^3$$ $$\frac{\partial S}{\partial u_k} = 3u_k^2$$": "right",
    # one letter for both indices: the diagonal
    r"$$p_i = \frac{e^{u_i}}{\sum_k e^{u_k}}$$ $$\frac{\partial p_i}{\partial u_i} = p_i(1 - p_i), \quad"
    r"\frac{\partial p_i}{\partial u_i} = p_i$$": "right wrong",
    # a letter that divides a sum over an index is its number of terms
    r"$$\bar x = \frac1n \sum_i x_i, \quad s = \frac1n \sum_i (x_i - \bar x)^2$$ $$\frac{\partial s}{\partial x_k} = \frac2n(x_k - \bar x),"
    r"\quad \frac{\partial s}{\partial x_k} = \frac1n(x_k - \bar x)$$": "right wrong",
    r"$$F = \frac1K \sum_i u_i$$ $$\frac{\partial F}{\partial K} = -\frac1{K^2} \sum_i u_i$$": "right",
    # entries of what is defined by whole arrays
    r"Let $x \in \mathbb{R}^n$, $W \in \mathbb{R}^{m \times n}$, $y = Wx$ and $L = \sum_i y_i^3$. "
    r"$$\frac{\partial L}{\partial W} = 3(y \odot y)x^T, \quad \frac{\partial L}{\partial x} = 3W(y \odot y)$$": "right wrong",
    # the slope of an inner formula, written as such
    r"$$C = (wx - y)^2$$ $$\frac{\partial C}{\partial w} = 2(wx - y) \cdot \frac{\partial}{\partial w}(wx - y) = 3(wx - y)x$$":
        "right wrong",
    # a derivative behind another claim is no condition of it
    r"$$h(u, v) = u^2 + uv$$ $$\frac{\partial h(u, v)}{\partial u} = 2u + v, \quad h_v = u, \quad h_v = v$$": "right right wrong",
    r"$$y = \sin u, \quad u = x^2$$ $$\frac{dy}{dx} = \cos u \cdot \frac{du}{dx} = \cos u \cdot \frac{d}{dx}(x^2) = 2\cos(x^2)$$":
        "right right wrong",
    r"$f(x, y) = xy$. At $x = 1$, $y = 2$: $f_x = 2$.": "right",
    # gradients by components
    r"$$f(x, y) = x^2 + y^2$$ $$\nabla f = (2x, 2y), \quad \nabla f(1, 2) = (2, 3), \quad \nabla f = (2x, y)^T$$":
        "right wrong wrong",
    r"$$f(x, y) = x^2 y$$ $$\nabla f = \begin{pmatrix} \frac{\partial f}{\partial x} \\ \frac{\partial f}{\partial y} \end{pmatrix}"
    r"= \begin{pmatrix} 2xy \\ x^2 \end{pmatrix}$$": "right",
    r"$$f(x, y) = \log(e^x + e^y)$$ At a point like $(0, \log 2)$ we see $$\nabla f(x, y) = \left[\frac13, \frac23\right]$$": "unjudged",
    # factorials, binomial coefficients, inner products
    r"$$q = \frac{m^k e^{-m}}{k!}$$ $$\frac{\partial q}{\partial m} = q(k/m - 1)$$ $$y = \frac{x^3}{3!}$$"
    r"$$\frac{dy}{dx} = \frac{x^2}{3}$$":
        "right wrong",
    r"$$P = \binom{n}{k} p^k (1 - p)^{n - k}$$ $$\frac{\partial P}{\partial p} = P\left(\frac kp - \frac{n - k}{1 - p}\right)$$": "right",
    r"Let $u, v \in \mathbb{R}^n$. $$f = \langle u, v \rangle$$ $$\frac{\partial f}{\partial u} = v, \quad \nabla_u f = u$$": "right wrong",
    r"Let $A, B \in \mathbb{R}^{m \times n}$. $$f = \langle A, B \rangle$$ $$\frac{\partial f}{\partial A} = B$$": "right",
    r"$$f = \langle a, Bx \rangle$$ $$\frac{\partial f}{\partial x} = Ba, \quad \frac{\partial f}{\partial x} = B^T a$$": "wrong right",
    # shapes follow from use where one assignment goes together
    r"$$z = Wx + b, \quad L = \sum_i (z_i - y_i)^2$$ $$\frac{\partial L}{\partial W} = 2(z - y)x^T, \quad"
    r"\frac{\partial L}{\partial b} = 2(z - y), \quad \frac{\partial L}{\partial x} = 2W(z - y)$$": "right right wrong",
    r"$$J = \lVert X\beta - y\rVert^2 + \lambda\lVert\beta\rVert^2$$"
    r"$$\nabla_\beta J = 2(X^T X + \lambda I)\beta - 2X^T y, \quad \nabla_\beta J = (X^T X + \lambda I)\beta$$": "right wrong",
    r"$$g = \alpha x, \quad f = \lVert g\rVert^2$$ $$\frac{\partial f}{\partial \alpha} = 2\alpha x^T x$$": "right",
    r"$$f = \log\det S + (x - m)^T S^{-1}(x - m)$$ $$\frac{\partial f}{\partial m} = -2S^{-1}(x - m), \quad"
    r"\frac{\partial f}{\partial m} = 2S^{-1}(x - m)$$": "undecided wrong",
    r"$$f = \operatorname{tr}(AX)$$ $$\frac{\partial f}{\partial X} = A^T, \quad \frac{\partial f}{\partial X} = A$$": "right wrong",
    r"$$h = \tanh(Vx), \quad o = Uh, \quad L = \lVert o - y\rVert^2$$"
    r"$$\frac{\partial L}{\partial V} = 2\left((U^T(o - y)) \odot (1 - h \odot h)\right)x^T$$": "right",
    r"$$w^* = 2a, \quad F = (w^*)^2$$ $$\frac{\partial F}{\partial a} = 8a$$": "right",
    # statements by differentials, and sums with an ellipsis
    r"$$C = (a - y)^2$$ $$dC = 2(a - y)\,da, \quad \mathrm{d}C = (a - y)\,\mathrm{d}a$$": "right wrong",
    r"$$f = x^2 + \sin y$$ $$df = \frac{\partial f}{\partial x} dx + \frac{\partial f}{\partial y} dy = 2x\,dx + \cos y\,dy$$": "right",
    r"$$E = \theta^3 u$$ $$dE = 3\theta^2 u\,d\theta + \theta^2\,du$$": "wrong",
    r"$$f = \operatorname{tr}(AX)$$ $$df = \operatorname{tr}(A\,dX), \quad df = \operatorname{tr}(A^T dX)$$": "right wrong",
    r"$$z = Wx, \quad L = z^T z$$ $$dz = W\,dx, \quad dL = 2z^T W\,dx, \quad dL = 2(Wz)^T dx$$": "right right wrong",
    r"$$s = w_1 x_1 + w_2 x_2 + \dots + w_n x_n + b$$ $$\frac{\partial s}{\partial w_j} = x_j, \quad"
    r"\frac{\partial s}{\partial w_j} = w_j$$": "right wrong",
    r"$$m = \frac{x_1 + \cdots + x_n}{n}, \quad v = \frac1n\sum_i (x_i - m)^2$$"
    r"$$\frac{\partial v}{\partial x_j} = \frac2n (x_j - m)$$": "right",
    # as textbooks write compositions, gradients, arguments with an ellipsis, values at a point, brackets over two rows
    r"$$f(x) = 3x, \quad g(x) = \sin x, \quad F(x) = g \circ f(x)$$ $$F'(x) = 3\cos(3x), \quad F'(x) = \cos(3x)$$": "right wrong",
    r"$$f(x, y) = x^2 y$$ $$\grad f(x, y) = \begin{pmatrix} 2xy \\ x^2 \end{pmatrix}, \quad"
    r"\grad f(1, 2) = \begin{pmatrix} 4 \\ 2 \end{pmatrix}$$": "right wrong",
    r"$f(x_1, \ldots, x_n) = x_1^2 + \cdots + x_n^2$ $$\frac{\partial f}{\partial x_i}(x_1, \ldots, x_n) = 2x_i$$": "right",
    r"$f(x) = \sqrt x$ and $x_0 = 4$, so $f'(x_0) = \frac14$ and $f'(x_0) = \frac12$.": "right unjudged",
    r"$$f(x, y) = \ln(e^x + e^y)$$ At a point like $(0, \ln 2)$ we see $$f(x, y) = \ln 3$$": "",
    r"$$f = (u + v)^2, \quad u = ab, \quad v = a - b$$ $$\frac{\partial f}{\partial a} = \frac{\partial f}{\partial u}"
    r"\frac{\partial u}{\partial v}\frac{\partial v}{\partial a}$$": "undecided",
    r"$$y = (ab + c)^2$$ $$\begin{aligned} \frac{\partial y}{\partial a} &= 2\left(ab + \right. \\ &\left. c\right) b \end{aligned}$$":
        "right",
    # what one section calls a vector may be a number in the next
    "# A\nHere $x$ is a vector of inputs.\n# B\n$$f(x, y) = xy$$ $$\\frac{\\partial f}{\\partial y} = x, \\quad"
    "\\frac{\\partial f}{\\partial y} = y$$": "right wrong",
    # the two layouts of the derivative of a vector by a vector; by entries there is one
    r"$$h = W^T x$$ $$\frac{\partial h}{\partial x} = W^T, \quad \frac{\partial h}{\partial x} = W, \quad"
    r"\frac{\partial h}{\partial x} = 2W$$": "right undecided wrong",
    # and where several do, or none does, they are asked for
    r"$$q = \lVert xW\rVert^2$$ $$\frac{\partial q}{\partial x} = 2xW W^T$$": "unjudged",
    # constant along one index
    r"Let $A \in \mathbb{R}^{n \times n}$, $x \in \mathbb{R}^n$, $z = A^\top x$ and $E = \sum_i z_i$."
    r"$$\frac{\partial E}{\partial A_{ij}} = x_i, \quad \frac{\partial E}{\partial A_{ij}} = x_j$$": "right wrong",
    # a name for a derivative
    r"$$z = wx, \ C = z^2$$ $$\delta = \frac{\partial C}{\partial z} = 2z$$ $$\frac{\partial C}{\partial w} = \delta x$$": "right right",
    # what the words say
    r"$$J = (wx - y)^2$$ We set $$\frac{\partial J}{\partial w} = 0$$ and solve.": "undecided",
    r"$$J = (w + b)^2$$ hence $$\frac{\partial J}{\partial b} = 0$$": "wrong",
    r"$$F = \ln(cx)$$ At $c = 5$: $$\frac{\partial F}{\partial c} = \frac15$$": "right",
    r"$$F = cx$$ For $x > 0$: $$\frac{\partial F}{\partial c} = |x|$$": "undecided",
    r"$$F = x^2$$ At $x = 1$ we use $F'(x) = 3x$.": "wrong",
    r"$f(x) = x^2 + c$. With $x = 3$ and $c = 1$ we have $f(x) = 10$ and $\frac{df}{dx} = 6$; for $c = 2$, $f(1) = 3$.": "right right",
    r"If $x = 4, y = -3$ then $g(x, y) = -12$ where $$g(x, y) = xy$$ and since $\frac{\partial g}{\partial y} = 4$ it grows.": "right",
    r"$$h = ax^2 + bx$$ $$\frac{dh}{dx} = 2ax + b = 0$$": "right undecided",
    r"$F(u) = \sigma(cu)$ and $F(1) = 0.7$.": "unjudged",
    # another formula for a name is in force below it, and the one that holds the variable
    r"$f = (x + y)z$; $q = x + y$ and $f = qz$; $\frac{\partial f}{\partial q} = z$, $\frac{\partial f}{\partial x} = z$.":
        "right right right",
    r"$$L = (a - y)^2$$ $$a = wx$$ $$L = (wx - y)^2$$ $$\frac{\partial L}{\partial a} = 2(a - y)$$": "right right",
    # functions that the text defines, at other arguments
    r"$$g(t) = t^3, \quad L = \sum_i g(x_i)$$ $$\frac{\partial L}{\partial x_i} = g'(x_i), \quad"
    r"\frac{\partial L}{\partial x_i} = g(x_i)$$": "right wrong",
    # the order of the indices is that of the left side
    r"$$y_i = \sum_j A_{ij} x_j$$ $$\frac{\partial y_i}{\partial x_j} = A_{ij}$$ $$\frac{\partial y_i}{\partial x_j} = A_{ji}$$":
        "right wrong",
    # shapes: asked, never assumed
    r"$$L = \|Xw - y\|^2$$ $$\frac{\partial L}{\partial w} = 2X(Xw - y)$$": "wrong",
    r"Let $X \in \mathbb{R}^{n \times d}$, $w \in \mathbb{R}^d$, $y \in \mathbb{R}^n$. $$L = \|Xw - y\|^2$$"
    r"$$\nabla_w L = 2X^\top(Xw - y), \quad \nabla_w L = 2X(Xw - y)$$": "right wrong",
    r"$$\frac{\partial x^\top A x}{\partial x} = 2Ax$$": "undecided",
    r"Let $M$ be a matrix. $$f = aM$$ $$\frac{\partial f}{\partial a} = M$$": "right",
    # what is refused costs what needs it
    "$$a = \\int z\\,dz$$ $$C = a^2$$ $$\\frac{\\partial C}{\\partial z} = 2az$$ $$u = t^2$$ $$\\frac{du}{dt} = 2t$$": "unjudged right",
    # the last definition above
    r"$$L = a^2$$ $$\frac{dL}{da} = 2a$$ $$L = a^3$$ $$\frac{dL}{da} = 3a^2$$": "right right",
    r"$$P = (a + b)^2$$ Expanding, $$P = a^2 + b^2$$": "wrong",
    r"$$\frac{\partial C}{\partial w} = 2(a - y)x$$ where $C = (a - y)^2$ and $a = wx$.": "right",
    # a local derivative is not said to be wrong
    r"$$b = 2a, \quad c = ab$$ $$\frac{\partial c}{\partial a} = b$$": "undecided",
}  # fmt: skip


@pytest.mark.parametrize("text", JUDGED)
def test_judged(text: str) -> None:
    program = symchain.parse_latex(text)
    judgements = program.judge()
    assert ["right" if j.status in RIGHT else j.status for j in judgements] == JUDGED[text].split()
    for j in judgements:
        assert j.reason or j.status in RIGHT
        assert j.text("fr")
    lines = text.split("\n")
    for s in program.statements:
        assert lines[s.line - 1][s.column - 1 :].strip()
        assert s.reading or s.kind in ("skipped", "refused")
        assert s.reason or s.kind not in ("skipped", "refused")


NEVER = {
    r"If $y = 1$ we have $$L = -\log a$$": "y",
    r"$$i = j, \quad x \leftarrow x - 1, \quad L = x^2$$": "x",
    r"$f(x) = x^2$ and $f(3) = 10$": "f = 10",
    r"$$D(P||Q) = \sum_i p_i$$ $$c = ab$$": "norm",
    r"$$d = AB + BC$$ $$c = ab$$": "A*B",
    r"$$p = K Q^t u$$ $$c = ab$$": "Q**t",
    r"$$\mathbb{E}[x] = 1, \quad E[y] = 2, \quad c = ab$$": "E",
    r"$$z^{(k)} = W^{(k)} a^{(k-1)}$$": "**",
    r"$$f = \exp(-||u - v||^2)$$": "abs",
    r"Let $f(x) = \sqrt{x}$. Then $f(2) = 1,41$ and the square is $g = x^2$.": "sqrt(2) = 1",
    r"$$\theta^{(k)} = 2$$ $$y_j^k = 3x$$ $$c = ab$$": "**",
    r"$$\mathrm{Var}(x) = s^2, \quad c = ab$$": "Var",
    r"$$\mathcal{L} = a^2, \quad L = \mathcal{L} + b$$": "L + b",
    r"$$f(x) = x^2, \quad f^{(2)}(x) = 2$$": "f_2",
    r"$$L_i = -\log\frac{e^{f_{y_i}}}{\sum_j e^{f_j}}$$ $$c = ab$$": "f_y_i",
}


@pytest.mark.parametrize("text", NEVER)
def test_never_read(text: str) -> None:
    program = symchain.parse_latex(text)
    piece = NEVER[text]
    if piece.isalnum() and len(piece) == 1:
        assert piece not in {s.reading.split(" ")[0] for s in program.statements if s.kind == "definition"}
    else:
        assert not any(piece in s.reading.split("#")[0] for s in program.statements)


def test_a_notebook_reads_its_markdown() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# One\n", "Let $z = 3x$."]},
        {"cell_type": "code", "source": ["# $$q = x$$"]},
        {"cell_type": "markdown", "source": "Then $\\frac{dz}{dx} = 3$."},
    ]
    program = symchain.parse_latex(json.dumps({"cells": cells, "nbformat": 4}))
    assert [(s.kind, s.line) for s in program.statements] == [("definition", 2), ("claim", 4)]
    assert [j.status for j in program.judge()] == ["proved"]


def test_own_commands_keep_places() -> None:
    text = "\\newcommand{\\pd}[2]{\\frac{\\partial #1}{\\partial #2}}\n$$C = w^2$$\n$$\\pd{C}{w} = 2w$$"
    program = symchain.parse_latex(text)
    assert [(s.line, s.column, s.source) for s in program.statements] == [(2, 3, "C = w^2"), (3, 3, "\\pd{C}{w} = 2w")]
    assert program.judge()[0].status == "proved"


@pytest.mark.thorough
def test_commands_without_end_are_refused() -> None:
    with pytest.raises(symchain.SymchainError):
        symchain.parse_latex("\\newcommand{\\a}{\\a\\a\\a\\a}$$\\a = 1$$", strict=True)


@pytest.mark.parametrize("form", ["$${}$$", "```math\n{}\n```", "$`{}`$", "\\\\[ {} \\\\]", "\\\\( {} \\\\)", "\\[{}\\]", "\\({}\\)"])
def test_every_fence(form: str) -> None:
    assert str(symchain.parse_latex(form.replace("{}", "C = w^2"))) == "C = w**2"


@pytest.mark.parametrize("text", ["```\n$$C = 1$$\n```", "`$z = 2$`", "---\ntitle: $x = 1$\n---\nWords.", "<!-- $x = 1$ -->", "Words."])
def test_what_is_no_mathematics(text: str) -> None:
    with pytest.raises(ParseError, match="holds no formula"):
        symchain.parse_latex(text)


def test_strict_stops_at_the_first_refusal() -> None:
    text = "$$y = \\int x$$ $$z = 1/2x$$ $$C = w^2$$"
    assert [s.kind for s in symchain.parse_latex(text).statements] == ["refused", "refused", "definition"]
    with pytest.raises(ParseError, match="int"):
        symchain.parse_latex(text, strict=True)


def test_words_read_as_facts() -> None:
    text = r"Let $y$ be one-hot. $$p = \mathrm{softmax}(z)$$ $$L = -\sum_k y_k\log p_k$$ $$\frac{\partial L}{\partial z_k} = p_k - y_k$$"
    assert [j.status for j in symchain.parse_latex(text).judge()] == ["proved"]
    without = symchain.parse_latex(text.split(". ", 1)[1]).judge()
    assert [j.status for j in without] == ["undecided"]
    assert "sum(y) = 1" in without[0].reason


def test_read_as_scalars() -> None:
    """W x without a shape is a product of numbers, and the judgement says so; where nothing looks like an array, it does not."""
    text = r"$$z = Wx + b$$ $$\frac{\partial z}{\partial W} = x, \quad \frac{\partial z}{\partial W} = W$$"
    right, wrong = symchain.parse_latex(text).judge()
    assert (right.status, right.scalars, right.reason) == ("proved", ("W", "x"), "(Read as scalars: W, x.)")
    assert wrong.status == "wrong"
    assert wrong.reason.endswith("(Read as scalars: W, x.)")
    assert wrong.text("fr").endswith("(W, x\u00a0: lus comme des scalaires.)")
    plain = r"$$z = wx$$ $$\frac{\partial z}{\partial w} = x$$"
    shaped = r"Let $W \in \mathbb{R}^{m \times n}$, $x \in \mathbb{R}^n$, $L = \|Wx\|^2$. $$\nabla_x L = 2W^\top Wx$$"
    for other in (plain, shaped):
        (judgement,) = symchain.parse_latex(other).judge()
        assert judgement.status in RIGHT
        assert not judgement.scalars
