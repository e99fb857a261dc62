r"""What people write in courses and papers: parts under the letter of their sum, points, conditions, two fonts of one letter."""

from __future__ import annotations

import pytest

import symchain

RIGHT = ("proved", "agrees")

JUDGED = {
    # a quantity and its parts under one letter
    r"$$E = \frac1N \sum_{i=1}^N E_i, \quad E_i = (a u_i - t_i)^2$$"
    r"$$\frac{\partial E}{\partial a} = \frac2N \sum_{i=1}^N (a u_i - t_i) u_i,"
    r"\quad \frac{\partial E}{\partial a} = \frac2N \sum_{i=1}^N (a u_i - t_i)$$": "right wrong",
    r"$$E = E(a, b) = \sum_{k=1}^K E_k(a, b)$$"
    r"$$E_k(a, b) = (a u_k + b)^2$$ $$\frac{\partial E}{\partial b} = 2 \sum_{k=1}^K (a u_k + b)$$":
        "right",
    # the slope of a function at another formula
    r"$$f(x) = 3x, \quad g(x) = \sin(x)$$ $$g'(f(x)) = \cos(3x), \quad g'(f(x)) = 3\cos(3x)$$": "right wrong",
    # symmetric matrices, said as an equation
    r"$$q = w^T S w$$"
    r"$$\frac{\partial q}{\partial w} = (S + S^T) w$$ As $S = S^T$, $$\frac{\partial q}{\partial w} = 2 S w$$": "right right",
    r"$$\frac{\partial v^T M v}{\partial v} = 2 M v, \quad \frac{\partial v^T M v}{\partial v} = (M + M^T) v$$": "undecided right",
    r"$$\frac{\partial a^T v}{\partial v} = a, \quad \frac{\partial a^T v}{\partial v} = 2a$$": "right wrong",
    # an identity; a condition is none
    r"$$\frac{u^2 - 1}{u - 1} = \frac{(u - 1)(u + 1)}{u - 1} = u + 1$$ $$a u^2 + b u = c$$ $$2u = 1$$": "right right",
    # numbers put into a formula that was not understood
    "$$L = \\int s\\,ds$$\n\n$$y = au$$\n\n$$L = \\max(0, -7 + 3) + 8$$": "unjudged",
    # indicators
    r"$$r = \max(0, u)$$ $$\frac{dr}{du} = 1(u > 0), \quad \frac{dr}{du} = \mathbb{1}[u >= 0], \quad \frac{dr}{du} = \mathbb 1(u < 0)$$":
        "right right wrong",
    # what follows a semicolon is an argument too
    r"$$s(u; w) = w u^2$$ $$\frac{\partial s}{\partial w} = u^2$$": "right",
    # sums and vectors by their first and last terms
    r"$$s = w_1 u_1 + ... + w_d u_d + b$$ $$\frac{\partial s}{\partial w_j} = u_j$$": "right",
    r"Put $u = (u_1, \dots, u_n)$. $$f = \sum_i u_i^2$$ $$\nabla_u f = 2u$$": "right",
    r"$$L = \sum_i u_i^2$$"
    r"$$\nabla_u L = \left[\frac{\partial L}{\partial u_1}, \ldots, \frac{\partial L}{\partial u_n}\right]^\top = 3u$$":
        "wrong",
    # shapes: \in R^D, an own command for the reals, bars in two sizes, \mid in angle brackets, what is derived without a name
    r"Let $x_i \in R^D$ and $f = W x_i$, $s = \sum_k f_k$. $$\nabla_{x_i} s = W^T \mathbf{1}$$": "",
    r"Soit $u \in \Rr^n$ et $v \in \Rr^n$. $$f = \langle u \mid v \rangle$$ $$\nabla_u f = v, \quad \nabla_u f = u$$": "right wrong",
    r"$$J = \big|\big|Au - t\big|\big|_2^2$$ $$\nabla_u J = 2A^T(Au - t), \quad \nabla_u J = 2A(Au - t)$$": "right wrong",
    r"Let $\mathbf{A} \in \mathbb{R}^{n \times d}$, $\mathbf{w} \in \mathbb{R}^d$. "
    r"$$\partial_{\mathbf{w}} \|\mathbf{t} - \mathbf{A}\mathbf{w}\|^2 = 2 \mathbf{A}^\top(\mathbf{A}\mathbf{w} - \mathbf{t})$$": "right",
    # vectors that an index numbers
    r"$$J = \frac1n\sum_{i=1}^n (t_i - \mathbf{w}^T \mathbf{u}_i - c)^2$$ $$\nabla_{\mathbf{w}} J = -\frac2n \sum_{i=1}^n"
    r"(t_i - \mathbf{w}^T\mathbf{u}_i - c)\mathbf{u}_i, \quad \nabla_{\mathbf{w}} J = -\frac1n \sum_{i=1}^n"
    r"(t_i - \mathbf{w}^T\mathbf{u}_i - c)\mathbf{u}_i, \quad \frac{\partial J}{\partial c} = -\frac2n \sum_{i=1}^n"
    r"(t_i - \mathbf{w}^T\mathbf{u}_i - c)$$": "right wrong right",
    r"$$J = \sum_i \|\mathbf{u}_i - \mathbf{c}\|^2$$ $$\nabla_{\mathbf{c}} J = -2\sum_i (\mathbf{u}_i - \mathbf{c}), \quad"
    r"\nabla_{\mathbf{c}} J = 2\sum_i (\mathbf{u}_i - \mathbf{c})$$": "right wrong",
    r"$$q_i = \frac{1}{1 + e^{-\boldsymbol\beta^T\mathbf{u}^{(i)}}}, \quad"
    r"\ell = \sum_{i=1}^m \left(t_i \boldsymbol\beta^T \mathbf{u}^{(i)} - \ln(1 + e^{\boldsymbol\beta^T\mathbf{u}^{(i)}})\right)$$"
    r"$$\frac{\partial \ell}{\partial \boldsymbol\beta} = \sum_{i=1}^m \mathbf{u}^{(i)} (t_i - q_i)$$": "right",
    r"$$J = \sum_i \|\mathbf{t}_i - \mathbf{W}\mathbf{u}_i\|^2$$"
    r"$$\frac{\partial J}{\partial \mathbf{W}} = -2\sum_i (\mathbf{t}_i - \mathbf{W}\mathbf{u}_i)\mathbf{u}_i^T, \quad"
    r"\frac{\partial J}{\partial \mathbf{W}} = -2\sum_i \mathbf{u}_i(\mathbf{t}_i - \mathbf{W}\mathbf{u}_i)^T$$": "right wrong",
    # nothing says that the rows of U are the u_i
    r"Let $\mathbf{U} \in \mathbb{R}^{n \times m}$, $\mathbf t \in \mathbb{R}^n$. $$J(\mathbf{w}) = \frac12\sum_{i=1}^n"
    r"(\mathbf{w}^T\mathbf{u}_i - t_i)^2$$ $$\nabla J(\mathbf{w}) = \mathbf{U}^T(\mathbf{U}\mathbf{w} - \mathbf{t})$$": "undecided",
    # the argument of a function in its font
    r"$$f(\mathbf{x}) = \mathbf{x}^T\mathbf{A}\mathbf{x}$$ $$\nabla f(\mathbf{x}) = (\mathbf{A} + \mathbf{A}^T)\mathbf{x}$$": "right",
    # a chain that goes on behind a word or two, entry by entry; the derivative of one entry by another
    "$$a_j = \\frac{e^{z_j}}{\\sum_k e^{z_k}}, \\quad L = -\\sum_k y_k \\log a_k$$\n"
    "$$\\frac{\\partial L}{\\partial z_i} = -\\sum_k y_k \\frac{1}{a_k} \\frac{\\partial a_k}{\\partial z_i}$$\n\nSimplifying:\n\n"
    "$$= -y_i(1 - a_i) + \\sum_{k \\ne i} y_k a_i$$\n$$= a_i \\sum_k y_k - y_i$$\n$$= a_i - 2 y_i$$": "right right right wrong",
    r"$$u_i = \sin(z_i), \quad L = \frac12\sum_i (u_i - t_i)^2$$ $$\frac{\partial L}{\partial z_i} = \frac{\partial L}{\partial u_i} \cdot"
    r"\frac{\partial u_i}{\partial z_i} = (u_i - t_i)\cos(z_i)$$": "right right",
    # matrices of second derivatives
    r"$$f(x, y) = x^2 y^3$$ $$\nabla^2 f(x, y) = \begin{bmatrix} 2y^3 & 6xy^2 \\ 6xy^2 & 6x^2y \end{bmatrix}, \quad "
    r"H_f(x, y) = \begin{bmatrix} 2y^3 & 6xy^2 \\ 6xy^2 & 6xy \end{bmatrix}, \quad "
    r"\nabla^2 f(1, 1) = \begin{pmatrix} 2 & 6 \\ 6 & 6 \end{pmatrix}$$": "right wrong right",
    r"$$f(x, y) = x e^y$$ $$\nabla f(x, y) = e^y\begin{pmatrix}1 \\ x\end{pmatrix}, \quad"
    r"\mathbf{H}f(x, y) = e^y\begin{pmatrix}0 & 1 \\ 1 & x\end{pmatrix}$$": "right right",
    # a chain that says what sigma is
    r"$$q_i = \sigma(v_i) = \frac{1}{1 + e^{-v_i}}$$ $$\frac{\partial q_i}{\partial v_i} = q_i(1 - q_i), \quad"
    r"\frac{\partial q_i}{\partial v_i} = q_i(1 + q_i)$$": "right right wrong",
    # a function that is constant by what the sentence supposes
    r"If $f(x) = x^2$, then $f'(x) = 2x$. If $f(x) = c$, then $f'(x) = 0$.": "right unjudged",
    # an argument is no name that is given a value further down
    r"$$g(s) = \frac{1}{1 + e^{-s}}$$ $$\frac{dg}{ds} = g(s)(1 - g(s))$$ $$s = \int w\,dw$$": "right",
    # samples of a quantity that is defined as one
    r"$$\hat y = \sigma(s)$$ $$L = -\sum_i [y^{(i)} \log(\hat{y}^{(i)}) + (1 - y^{(i)}) \log(1 - \hat{y}^{(i)})]$$"
    r"$$\frac{\partial L}{\partial \hat{y}^{(i)}} = -\frac{y^{(i)}}{\hat{y}^{(i)}} + \frac{1 - y^{(i)}}{1 - \hat{y}^{(i)}}$$": "right",
    # one sign for displays too many
    "$$C = wx$$$\\frac{\\partial C}{\\partial w} = x$$\n\nIn the next step we look at the slope by the other one:\n\n"
    "$$\\frac{\\partial C}{\\partial x} = w$$": "right right",
    r"Let $\mathbf{d}, \mathbf{u} \in \mathbb{R}^n$. $$J = \mathbf{d}^T \mathbf{W} \mathbf{u}$$"
    r"$$\frac{\partial J}{\partial \mathbf{W}} = \mathbf{d} (\mathbf{u})^T$$": "right",
    # two fonts of one letter: what another section calls so is another thing
    "# One\n$$y_t = a h_t$$ $$\\frac{\\partial y_t}{\\partial a} = h_t$$\n# Two\n$\\mathbf{h}_t \\in \\mathbb{R}^h$, "
    "$$\\mathbf{o}_t = \\mathbf{W} \\mathbf{h}_t$$": "right",
}  # fmt: skip


@pytest.mark.parametrize("text", JUDGED)
def test_judged(text: str) -> None:
    found = symchain.parse_latex(text).judge()
    assert ["right" if j.status in RIGHT else j.status for j in found] == JUDGED[text].split()


READ = {
    # a bold letter below which another one stands is no entry
    r"Put $\boldsymbol{u}=(u_1, u_2, ..., u_m)$. $$w = \boldsymbol{u}_d^T\boldsymbol{v}_d$$": ["u: (m,)", "w = u_d @ v_d"],
    r"$$E = \frac1N \sum_{i=1}^N E_i + c\sum_k\sum_l W_{k,l}^2$$": ["E = 1/N*sum(E_i) + c*sum(sum(W**2, axis=1))"],
    r"Put $u = (u_1, u_2, \dots, u_n)$; $$s = \sum_i u_i$$": ["u: (n,)", "s = sum(u)"],
    r"for $i = 1 \dots N$: $$y = ax$$": ["y = a*x"],
    r"We start at $$P = (1.5, -2, 0)$$ $$y = ax$$": ["y = a*x"],
    r"Let $x_i \in R^D$, $$f(x_i, W, b) = W x_i + b$$": ["x_i: (D,)", "f = W @ x_i + b"],
    # matrices in a sum between vectors
    r"$$J = \frac{\mathbf w^T(\mu_0 - \mu_1)}{\mathbf w^T(\Sigma_0 + \Sigma_1)\mathbf w}$$":
        ["J = w @ (mu_0 - mu_1)/(w @ (Sigma_0 + Sigma_1) @ w)"],
    # a hat over a plain letter is a number where that over a bold one is an array
    r"Let $\mathbf{X} \in \mathbb{R}^{n \times d}$, $\mathbf{w} \in \mathbb{R}^d$. $$\hat{y} = \mathbf{w}^\top \mathbf{x} + b$$"
    r"$$\hat{\mathbf{y}} = \mathbf{X} \mathbf{w}$$": ["X: (n, d)", "w: (d,)", "y_hat = w @ x + b", "y_hat = X @ w"],
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_read(text: str) -> None:
    statements = symchain.parse_latex(text).statements
    assert [s.reading.split(" #")[0].rstrip() for s in statements if s.reading] == READ[text]
    assert not [s.reason for s in statements if s.kind == "refused"]


@pytest.mark.parametrize("text", [
    r"$$\frac{d^2 f}{dx_i dx_j} = \frac{d}{dx_i}\left(\frac{d}{dx_j} f\right)$$",
    r"If $f(x) = x^2$ then $$z = f(y_1, y_2, \ldots, y_m)$$",
])  # fmt: skip
def test_refused(text: str) -> None:
    assert symchain.parse_latex(text + " $$p = 2q$$").statements[-2].kind == "refused"


def test_a_label_is_compared_with_no_number() -> None:
    text = r"$$p_k = \frac{e^{f_k}}{\sum_j e^{f_j}}$$ $$\frac{\partial p}{\partial f_k} = p_k - \mathbb{1}(y_i = k)$$"
    assert symchain.parse_latex(text).statements[-1].kind == "refused"
