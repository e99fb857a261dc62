r"""LaTeX in: what each writing is read as, what is refused with both readings named, documents, sections and claims."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import symchain
from symchain.app.cli import commands
from symchain.errors import LimitError, ParseError, SymchainError

SHAPES = {"W": ("h", "n"), "x": ("n",), "b": ("h",), "y": ("h",), "A": ("n", "n")}

READ = {
    r"y = a! + \binom{a}{2}": "y = factorial(a) + binom(a, 2)",
    # names: subscripts, superscripts, accents, fonts
    r"z = W_1 x + b_1": "z = W_1*x + b_1",
    r"z = W^{(1)} x + b^{(1)}": "z = W_1*x + b_1",
    r"z = W^{[2]} x": "z = W_2*x",
    r"C = (a - y_{true})^2": "C = (a - y_true)**2",
    r"C = (a - y_{\text{true}})^2": "C = (a - y_true)**2",
    r"C = (a - y_{\mathrm{true}})^2": "C = (a - y_true)**2",
    r"C = (\hat{y} - y)^2": "C = (y_hat - y)**2",
    r"C = (\hat y_1 - \bar{x})^2": "C = (y_hat_1 - x_bar)**2",
    r"y = \tilde{x}_1^2": "y = x_tilde_1**2",
    r"y = x_{1,2} + x_{12}": "y = x_1_2 + x_12",
    r"y = \varepsilon x + \ell": "y = epsilon*x + ell",
    r"y = α + β γ": "y = alpha + beta*gamma",
    r"y = σ(W₁x² + b)": "y = sigma(W_1*x**2 + b)",
    r"y = \mathbf{W}\mathbf{x} + \mathbf{b}": "y = W @ x + b  # W: (m, n), b: (m,), x: (n,)",
    r"\mathrm{loss} = x^2": "loss = x**2",
    # functions and symbols
    r"a = \sigma(z)": "a = sigma(z)",
    r"a = \sigma_2(z_2)": "a = sigma_2(z_2)",
    r"d = \sigma_2'(z_2)": "d = sigma_2'(z_2)",
    r"d = \sigma'_2(z_2)": "d = sigma_2'(z_2)",
    r"d = \sigma^{\prime}(z)": "d = sigma'(z)",
    r"d = \sigma''(z)": "d = sigma''(z)",
    r"y = \frac{x - \mu}{\sigma}": "y = (x - mu)/sigma",
    r"y = \frac{1}{\sigma\sqrt{2\pi}} e^{-\frac{(x-\mu)^2}{2\sigma^2}}": "y = 1/(sigma*sqrt(2*pi))*exp(-(x - mu)**2/(2*sigma**2))",
    r"y = \varphi(z)": "y = phi(z)",
    r"y = f(g(x))": "y = f(g(x))",
    r"y = f(x)g(x)": "y = f(x)*g(x)",
    r"y = \sigma(z)^2": "y = sigma(z)**2",
    r"y = \exp(x)": "y = exp(x)",
    r"y = \exp x": "y = exp(x)",
    r"y = \exp\left(-x^2\right)": "y = exp(-x**2)",
    r"y = \exp{-z}": "y = exp(-z)",
    r"y = \log x": "y = log(x)",
    r"y = \ln(x)": "y = log(x)",
    r"y = \log_2 x": "y = log2(x)",
    r"y = \log_{10}(x)": "y = log10(x)",
    r"y = \log_b(x)": "y = log(x)/log(b)",
    r"y = \log\sigma(z)": "y = log(sigma(z))",
    r"y = y_1 \ln p_1 + (1 - y_1) \ln(1 - p_1)": "y = y_1*log(p_1) + (1 - y_1)*log(1 - p_1)",
    r"y = \log p \log q": "y = log(p)*log(q)",
    r"y = \tanh(w x + b)": "y = tanh(w*x + b)",
    r"y = \sin^2 x + \cos^2 x": "y = sin(x)**2 + cos(x)**2",
    r"y = \max(0, z)": "y = maximum(0, z)",
    r"y = \max\{0, z\}": "y = maximum(0, z)",
    r"y = \min(a, b)": "y = minimum(a, b)",
    r"y = \mathrm{ReLU}(z)": "y = relu(z)",
    r"y = \operatorname{softplus}(z)": "y = softplus(z)",
    r"y = \text{sigmoid}(z)": "y = sigmoid(z)",
    r"y = \sqrt{x^2 + 1}": "y = sqrt(x**2 + 1)",
    r"y = \sqrt[3]{x}": "y = cbrt(x)",
    r"y = |x|": "y = abs(x)",
    r"y = |a||b|": "y = abs(a)*abs(b)",
    r"y = \lVert x \rVert_2^2": "y = norm(x)**2  # x: (n,)",
    r"y = \left\|x\right\|": "y = norm(x)  # x: (n,)",
    r"y = \begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}": "y = where(x > 0, x, 0)",
    # numbers, fractions, products
    r"y = \frac12 x": "y = 1/2*x",
    r"y = \frac{1}{2} x": "y = 1/2*x",
    r"y = \tfrac12 x^2": "y = 1/2*x**2",
    r"y = \dfrac{a}{b}": "y = a/b",
    r"y = 3x": "y = 3*x",
    r"y = 1{,}5 x": "y = 1.5*x",
    r"y = 2 \cdot x": "y = 2*x",
    r"y = 2 \times x": "y = 2*x",
    r"y = a \odot b": "y = a*b",
    r"y = a b c": "y = a*b*c",
    r"y = 2(a + b)": "y = 2*(a + b)",
    r"y = a(1 - a)": "y = a*(1 - a)",
    r"y = \lambda(w - v)": "y = lambda*(w - v)",
    r"y = (a + b)(c + d)": "y = (a + b)*(c + d)",
    r"y = \left[ a + b \right] c": "y = (a + b)*c",
    r"y = -\frac{1}{2}(x - 1)": "y = -1/2*(x - 1)",
    r"y = a / b": "y = a/b",
    r"y = a \cdot b / c": "y = a*b/c",
    r"y = x^{-1}": "y = x**-1",
    r"y = x^{1/2}": "y = x**(1/2)",
    r"y = \underbrace{a b}_{first} + c": "y = a*b + c",
    r"y = \pi r^2": "y = pi*r**2",
    # e
    r"y = e^{-z}": "y = exp(-z)",
    r"y = \frac{1}{1 + e^{-z}}": "y = 1/(1 + exp(-z))",
    r"e = y - a \\ C = \frac12 e^2": "e = y - a; C = 1/2*e**2",
    # transposes of scalars
    r"y = w^\top x": "y = w @ x  # w: (n,), x: (n,)",
    r"y = w^T x": "y = w @ x  # w: (n,), x: (n,)",
    r"y = w^{\top} x": "y = w @ x  # w: (n,), x: (n,)",
    # sums over indices
    r"L = \sum_i (y_i - \hat{y}_i)^2": "L = sum((y - y_hat)**2)  # y_hat: (n,), y: (n,)",
    r"L = \frac{1}{n}\sum_{i=1}^{n} (w x_i + b - y_i)^2": "L = 1/n*sum((w*x + b - y)**2)  # y: (n,), x: (n,)",
    r"y = 1/N \sum_{i=1}^N x_i": "y = 1/N*sum(x)  # x: (N,)",
    r"L = \sum_{i=0}^{n-1} x_i": "L = sum(x)  # x: (n,)",
    r"L = -\sum_{i=1}^m y^{(i)}\log h^{(i)}": "L = -sum(y*log(h))  # h: (m,), y: (m,)",
    r"L = \sum_i \sum_j A_{ij} x_i y_j": "L = sum(sum(A*x[:, None]*y, axis=1))  # y: (m,), x: (n,), A: (n, m)",
    r"L = \sum_{i,j} A_{ij}^2": "L = sum(sum(A**2, axis=1))  # A: (n, m)",
    r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}": "p = exp(z)/sum(exp(z))  # z: (n,)",
    r"z_i = \sum_j W_{ij} x_j + b_i": "z = sum(W*x, axis=1) + b  # b: (n,), x: (m,), W: (n, m)",
    r"L = \prod_{i=1}^n \sigma(x_i)": "L = prod(sigma(x))  # x: (n,)",
    r"L = \max_i x_i": "L = max(x)  # x: (n,)",
    r"L = \sum_{i=1}^n c": "L = n*c",
    r"L = \log\sum_i e^{x_i}": "L = log(sum(exp(x)))  # x: (n,)",
    # definitions of functions
    r"f(x) = x^2": "f = x**2",
    r"f(x) = x^2 \\ y = f(x) + f(3)": "f = x**2; y = f + 3**2",
    # derivative statements
    r"\frac{\partial C}{\partial W_1} = x": "dC/dW_1 = x",
    r"\frac{\partial}{\partial W_1}(W_1 x_1 + b_1) = x_1": "d(W_1*x_1 + b_1)/dW_1 = x_1",
    r"\frac{d}{dx}(3x)=3": "d(3*x)/dx = 3",
    r"\frac{d}{d3}(3x) = x": "d(3*x)/d3 = x",
    r"\frac{dy}{dx} = 3": "dy/dx = 3",
    r"\frac{\mathrm{d}y}{\mathrm{d}x} = 3": "dy/dx = 3",
    r"\partial C / \partial W = x": "dC/dW = x",
    r"\nabla_W C = x": "dC/dW = x",
    r"\frac{\partial C}{\partial x} = \frac{\partial C}{\partial y}\frac{\partial y}{\partial x} = 2": "dC/dx = (dC/dy)*(dy/dx); dC/dx = 2",
    r"\delta_2 = \frac{\partial C}{\partial z_2} \\ \frac{\partial C}{\partial b_2} = \delta_2": "delta_2 = dC/dz_2; dC/db_2 = dC/dz_2",
    r"f(x) = x^2 \\ f'(x) = 2x": "f = x**2; df/dx = 2*x",
    r"L = \sum_i (y_i - t_i)^2 \\ \frac{\partial L}{\partial y_i} = 2(y_i - t_i)":
        "L = sum((y - t)**2)  # t: (n,), y: (n,); dL/dy = 2*(y - t)",
    # shapes and remarks
    r"W \in \mathbb{R}^{h \times n} \\ x \in \mathbb{R}^n \\ z = W x": "W: (h, n); x: (n,); z = W @ x",
    r"z = w x, \quad a = \sigma(z).": "z = w*x; a = sigma(z)",
    r"y = a \; b \quad \text{(by the rule)}": "y = a*b",
    r"y = x % a comment": "y = x",
    r"z = w x \text{ where } w = 3": "z = w*x; w = 3",
    # names and functions as people type them
    r"y = sin(x)": "y = sin(x)",
    r"y = ReLU(x)": "y = relu(x)",
    r"y = tlog(x)": "y = t*log(x)",
    r"loss = x^2": "loss = x**2",
    r"MSE = (a - y)^2": "MSE = (a - y)**2",
    r"y = x_{t-1} + x_{t+1}": "y = x_tm1 + x_tp1",
    r"z^{(l)} = w^{(l)} a^{(l-1)}": "z_l = w_l*a_lm1",
    r"y = x + \Delta x": "y = x + Delta_x",
    r"g = \frac{\partial C}{\partial x} + 1": "g = dC/dx + 1",
}  # fmt: skip

READ_WITH_SHAPES = {
    r"z = W x + b": "z = W @ x + b",
    r"z = W \cdot x + b": "z = W @ x + b",
    r"z = \sigma(W x + b)": "z = sigma(W @ x + b)",
    r"L = \lVert W x - y \rVert_2^2": "L = norm(W @ x - y)**2",
    r"L = (W x - y)^\top (W x - y)": "L = (W @ x - y) @ (W @ x - y)",
    r"L = x^\top A x": "L = x @ A @ x",
    r"L = x x^\top": "L = outer(x, x)",
    r"L = y \odot y": "L = y*y",
    r"L = W^\top y \odot x": "L = (W.T @ y)*x",
    r"L = \frac12 \lVert W \rVert_F^2": "L = 1/2*norm(W)**2",
    r"L = A^{-1} x": "L = inv(A) @ x",
    r"L = A^2": "L = matrix_power(A, 2)",
    r"L = \sum (W x - y)^2": "L = sum((W @ x - y)**2)",
    r"L = y^{\odot 2}": "L = y**2",
    r"L = \log\det A": "L = log(det(A))",
    r"L = \max(0, x)": "L = maximum(0, x)",
    r"L = \operatorname{softmax}(x)": "L = softmax(x)",
    r"L = \frac{x}{\lVert x \rVert}": "L = x/norm(x)",
    r"s = W x \\ C = \frac12 \lVert s - y\rVert^2 \\ \frac{\partial C}{\partial W} = (s - y) x^\top":
        "s = W @ x; C = 1/2*norm(s - y)**2; dC/dW = outer(s - y, x)",
}  # fmt: skip

TWO_READINGS = {
    r"y = 1/2x": "(1/2) x and as 1/(2 x)",
    r"y = a/bc": "(a/b) c and as a/(b c)",
    r"y = a/b \cdot c": "(a/b) c and as a/(b c)",
    r"y = a/b/c": "(a/b)/c and as a/(b/c)",
    r"y = 3 4 x": "34 and as 3 times 4",
    r"y = x 2": "x_2 and as x times 2",
    r"y = x^23": "x^{23} and as x^2 times 3",
    r"y = 2\frac12": "2 + 1/2 and as 2 times 1/2",
    r"y = W_12": "{12} and, as LaTeX sets it, as {1} followed by 2",
    r"y = \log x y": "log(x) y and as log(x y)",
    r"y = \sin 2x": "sin(2) x and as sin(2 x)",
    r"y = \sin^{-1} x": "inverse function and as 1/sin",
    r"y = \frac{d}{dx} 3x": "(d/dx 3) x",
    r"y = t(x)": "a call and as a product",
    r"y = \sigma^2(z)": "raised",
    r"y = \sigma(z) + \sigma": "is a function here and a quantity",
    r"y = f^{(2)}(x)": "function number 2 and as a derivative of order 2",
    r"y = \psi(x)": "registered function psi",
    r"y = \operatorname{foo}(x)": "a function and as a product",
    r"y = x'": "another name and as a derivative",
    r"y = x^T + T": "the transpose and as T",
    r"y = e + 1": "Euler's number and as a name",
    r"y = e^{i x}": "the imaginary unit and as a name",
    r"y = dx": "a differential and as a product",
    r"y = \mathbf{x} + x": "x is written in two ways",
    r"y = x^{(1)} + x_1": "x_1 is written in two ways",
    r"q = \sum_i x_i - y_i": "y_i outside of the sum over i can be read as an entry and as a name",
    r"L = \left(\sum_{i=1}^3 x_i\right) + x_1": "a name and as an entry of the vector x",
    r"L = \prod_i x_i c": "inside of the product and behind it",
}

TWO_READINGS_WITH_SHAPES = {
    r"L = x x": "x^T y, as x y^T and elementwise",
    r"L = x^2": "entry by entry and as a product",
    r"L = A x \odot x": "in two ways",
    r"L = W \times x": "the cross product, the matrix product and the elementwise product",
    r"L = \exp(A)": "entry by entry and as the function of the matrix",
    r"L = \lVert W \rVert^2": "the Frobenius norm and as an operator norm",
    r"L = |x|": "its norm, its determinant and entry by entry",
}

REFUSED = {
    r"y = \int x": "is not read",
    r"y = a \pm b": "is not read",
    r"y = f \circ g": "is not read",
    r"y = \dot{x}": "is not read",
    r"y = \foo{x}": r"\foo is not read",
    r"y = \infty": "is not read",
    r"y = 2^a!": "factorial",
    r"y = \langle a \rangle": "average",
    r"y = \begin{pmatrix} a & b \\ c & d \end{pmatrix}": "matrix of formulas",
    r"y = A^*": "superscript",
    r"y = \mathbb{E}[x]": "an operator or a set",
    r"y = \mathbf{1}^\top x": "array of ones",
    r"y = \exp -z": "argument of exp is missing",
    r"y =": "is empty",
    r"= x": "is empty",
    r"y = (a + b": "never closed",
    r"y = a + b)": "closes nothing",
    r"y = \frac{a}": "argument is missing",
    r"y = a^b^c": "two exponents",
    r"a = b + 1 \\ b = 2a": "made of it above",
    r"L = \sum_{i=2}^n x_i": "from 1 to a size",
    r"L = \sum_{i<j} x_i": "what a sum runs over",
    r"L = \sum_i x_{i1}": "mixes an index",
    r"L = \sum_i A_{ii}": "diagonal entry",
    r"L = \sum_i c": "no entry with that index",
    r"\hat{y} = w x \\ L = \sum_i (y_i - \hat{y}_i)^2": "y_hat is a scalar",
}


SKIPPED = {
    r"y \approx x": "approximation",
    r"W \leftarrow W - g": "update",
    r"W := W - \eta g": "update",
    r"W = W - \eta g": "update",
    r"W \mathrel{+}= g": "update",
    r"x^2 y": "no equal sign",
    r"y \propto x": "proportion",
    r"x \sim p": "distribution",
    r"x \ge 0": "inequality",
    r"a \neq b": "unequal",
    r"k \in \{1, 2\}": "membership",
    r"x_1": "no equal sign",
}


@pytest.mark.parametrize("text", SKIPPED)
def test_skipped(text: str) -> None:
    """It states nothing, and that is said; a text with nothing else is an empty program."""
    program = symchain.parse_latex(text, strict=True)
    assert not program.blocks
    assert [s.kind for s in program.statements] == ["skipped"]
    assert SKIPPED[text] in program.statements[0].reason


def test_the_table_is_long_enough() -> None:
    assert len(READ) + len(READ_WITH_SHAPES) + len(TWO_READINGS) + len(TWO_READINGS_WITH_SHAPES) + len(REFUSED) >= 120


@pytest.mark.parametrize(("text", "reading"), [*READ.items()])
def test_read(text: str, reading: str) -> None:
    assert "; ".join(found for _, found in symchain.parse_latex(text).understood) == reading


@pytest.mark.parametrize(("text", "reading"), [*READ_WITH_SHAPES.items()])
def test_read_with_shapes(text: str, reading: str) -> None:
    assert "; ".join(found for _, found in symchain.parse_latex(text, shapes=SHAPES).understood) == reading


@pytest.mark.parametrize("text", [*READ, *READ_WITH_SHAPES])
def test_the_echo_is_the_program(text: str) -> None:
    """What is echoed for the definitions, read as the input language, is the program."""
    shapes = SHAPES if text in READ_WITH_SHAPES else None
    program = symchain.parse_latex(text, shapes=shapes)
    if program.blocks:
        again = symchain.parse(str(program))
        assert {n: b.tree for n, b in again.blocks.items()} == {n: b.tree for n, b in program.blocks.items()}
        echoed = [found for _, found in program.understood]
        for name, line in ((n, str(n)) for n in program.blocks):
            assert any(e.startswith(f"{line} = ") for e in echoed), name


REFUSALS = [
    *((text, part, None) for text, part in {**TWO_READINGS, **REFUSED}.items()),
    *((text, part, SHAPES) for text, part in TWO_READINGS_WITH_SHAPES.items()),
]


@pytest.mark.parametrize(("text", "part", "shapes"), REFUSALS)
def test_refused(text: str, part: str, shapes: dict[str, tuple[str, ...]] | None) -> None:
    with pytest.raises(ParseError) as caught:
        symchain.parse_latex(text, shapes=shapes, strict=True)
    error = caught.value
    assert part in error.what
    assert error.advice
    assert error.place is not None
    assert error.place.line == 1
    assert error.source == text
    assert "^" in str(error).split("\n")[2]


# ---------------------------------------------------------------- documents

COURSE = r"""
# Two neurons

The input $x$ costs \$5 or 95 % of $y_{true}$, see `$z = 3$`. First $W_1 \cdot x$, then:

$$z_1 = W_1 \cdot x + b_1$$

\[ a_1 = \sigma_1(z_1) \]

\begin{align*}
  z_2 &= W_2 \cdot a_1 + b_2, \label{eq:z} \\
  a_2 &= \sigma_2(z_2) && \text{(output)}
\end{align*}

$$C = \frac{1}{2}(a_2 - y_{true})^2 \quad (\text{the 'cost'})$$

- $\frac{\partial C}{\partial W_2}$ follows: $$\frac{\partial C}{\partial W_2} = \frac{\partial C}{\partial a_2} \cdot
  \frac{\partial a_2}{\partial z_2} \cdot \frac{\partial z_2}{\partial W_2}$$ with $\frac{\partial z_2}{\partial a_1} = W_2$ (because).

```
$$q = not read$$
```

$$z_1 = W_1 \cdot x + b_1$$

Later the input is called $x_1$:

$$z_1 = W_1 \cdot x_1 + b_1$$

$$\frac{\partial}{\partial W_1}(W_1 \cdot x_1) = x_1$$ $$\frac{\partial}{\partial W_1}(b_1) = 0$$
$$\frac{\partial z_1}{\partial W_1} = x_1$$ $$\frac{\partial C}{\partial a_2} = a_2 - y_{true}$$
$$\frac{d}{dx}(3x) = 3$$ $$\frac{d}{d3}(3x) = x$$
"""


def test_a_document_with_sections() -> None:
    program = symchain.parse_latex(COURSE)
    assert list(program.blocks) == ["z_1", "a_1", "z_2", "a_2", "C"]
    assert len(program.sections) == 2
    assert program.sections[0] is program
    assert str(program.sections[1]) == "z_1 = W_1*x_1 + b_1"
    found = [(c.output, c.wrt, c.claim, c.section) for c in program.claims]
    assert found == [
        ("C", "W_2", "(dC/da_2)*(da_2/dz_2)*(dz_2/dW_2)", 0),
        ("z_2", "a_1", "W_2", 0),
        ("W_1*x_1", "W_1", "x_1", 1),
        ("b_1", "W_1", "0", 1),
        ("z_1", "W_1", "x_1", 1),
        ("C", "a_2", "a_2 - y_true", 0),  # only the first section defines C
        ("3*x", "x", "3", 1),
        ("3*x", 3, "x", 1),
    ]
    for claim in program.claims:
        assert claim.place is not None
        assert claim.line[:8] in COURSE.split("\n")[claim.place.line - 1]


def test_inline_definitions_are_read_and_prose_is_not() -> None:
    text = (
        r"The block gives $y = f(x)$, hence $\frac{\partial y}{\partial x} = f'(x)$, with $i = 1, \dots, n$ and $x \to y$, for "
        r"$\sigma(x, y) = \frac{1}{1 + e^{-(x_1 \times y_1 + x_2 \times y_2)}}$, $a + b = c$ and $q \in Q$."
    )
    program = symchain.parse_latex(text)
    assert str(program) == "y = f(x)\nsigma = 1/(1 + exp(-(x_1*y_1 + x_2*y_2)))"
    assert [(c.output, c.wrt, c.claim) for c in program.claims] == [("y", "x", "f'(x)")]


def test_a_claim_about_what_is_not_defined_is_kept() -> None:
    program = symchain.parse_latex(r"$$\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \cdot \frac{\partial y}{\partial x}$$")
    assert not program.blocks
    assert [(c.output, c.wrt, c.claim) for c in program.claims] == [("L", "x", "(dL/dy)*(dy/dx)")]


def test_definitions_may_follow_their_use() -> None:
    program = symchain.parse_latex(r"$$C = (a - y)^2$$ where $$a = \sigma(z), \quad z = w x$$")
    assert list(program.blocks) == ["z", "a", "C"]


def test_entries_defined_one_by_one_are_a_vector() -> None:
    program = symchain.parse_latex(r"\hat{y}_i = w x_i + b \\ L = \frac1n \sum_{i=1}^n (y_i - \hat{y}_i)^2")
    assert {n: b.shape for n, b in program.blocks.items()} == {"y_hat": ("n",), "L": ()}
    value, gradient = program.compile(wrt=["w"])(w=2.0, b=1.0, x=[1.0, 2.0], y=[0.0, 0.0])
    assert float(value) == pytest.approx((3**2 + 5**2) / 2)
    assert float(gradient["w"]) == pytest.approx((2 * 3 * 1 + 2 * 5 * 2) / 2)


def test_a_tex_file_reads_its_body_alone() -> None:
    body = "% $b = 2$\n\\begin{verbatim}$$c = 3$$\\end{verbatim}\n\\(z = w x\\)"
    text = f"\\documentclass{{article}} % $a = 1$\n\\begin{{document}}\n{body}\n\\end{{document}}\n$d=4$"
    assert str(symchain.parse_latex(text)) == "z = w*x"


def test_let_shapes_and_assume() -> None:
    program = symchain.parse_latex(
        r"a = \sigma(W x)", shapes={"W": ("h", "n"), "x": ("n",)}, assume={"x": "positive"}, let={"sigma": "tanh"}
    )
    assert program.blocks["a"].shape == ("h",)
    assert program.inputs["x"].facts == {"positive"}
    assert program.functions["sigma"].binding.name == "tanh"


def test_places_in_a_document() -> None:
    with pytest.raises(ParseError) as caught:
        symchain.parse_latex("Some words.\n\n$$\ny = x\n+ \\foo\n$$\n")
    assert (caught.value.place.line, caught.value.place.column) == (5, 3)
    assert caught.value.source == "+ \\foo"


@pytest.mark.parametrize("text", ["$$x = 1", r"\[x = 1", r"\begin{align} x = 1", "", "words alone $", "$5 and 6"])
def test_unclosed_or_empty(text: str) -> None:
    with pytest.raises(SymchainError):
        symchain.parse_latex(text)


@pytest.mark.thorough
def test_limits() -> None:
    for text in (
        "y = " + "(" * 500 + "x" + ")" * 500,
        "y = " + r"\sqrt{" * 500 + "x" + "}" * 500,
        "y = " + "9" * 5000,
        "y = x" + "'" * 100,
    ):
        with pytest.raises((LimitError, ParseError)):
            symchain.parse_latex(f"y = {text}")
    assert len(symchain.parse_latex("y = " + " + ".join(f"x_{{{k}}}" for k in range(2000))).inputs) == 2000


@pytest.mark.thorough
def test_no_text_crashes() -> None:
    """Whatever is pasted together is read or refused with an error of symchain."""
    words = r"\frac \partial \sum_i x y_i W_{ij} ^ _ { } ( ) [ ] | \| = & \\ 12 3. ' \sigma f T e d \hat \log \max , \cdot / - + \top"
    more = [r"\begin{cases}", r"\end{cases}", r"\text{if}", r"\quad", "$", "$$", r"\left(", r"\right)", "\n", "é", "²", "₁", "%", r"\in"]
    pieces = [*words.split(), *more]
    rng = random.Random(4)
    for _ in range(1500):
        text = "".join(rng.choice(pieces) + rng.choice(["", " "]) for _ in range(rng.randrange(1, 14)))
        for form in (text, "y = " + text, "$$y = " + text + "$$"):
            try:
                symchain.parse_latex(form)
            except SymchainError as error:
                assert str(error)


def test_command_line(tmp_path: Path) -> None:
    from click.testing import CliRunner

    file = tmp_path / "course.md"
    file.write_text(COURSE, encoding="utf-8")
    ran = CliRunner().invoke(commands, ["parse", str(file)])
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout.startswith("z_1 = W_1*x + b_1\n")
    assert "dz_2/da_1 = W_2" in ran.stderr
    ran = CliRunner().invoke(commands, ["parse", "--latex", "-e", r"C = \frac12 (w x - y)^2"])
    assert ran.stdout == "C = 1/2*(w*x - y)**2\n"
    ran = CliRunner().invoke(commands, ["parse", "--latex", "-e", "y = 1/2x"])
    assert ran.exit_code == 2
    assert "can be read as" in ran.stderr
