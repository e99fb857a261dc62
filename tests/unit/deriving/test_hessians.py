"""Second derivatives as they are told: why one is 0, what its lines are of, and that every line can be read back."""

from __future__ import annotations

import re

import numpy as np
import pytest
from ready import ready_program
from test_derivatives import run

import symchain
from symchain.evidence.evaluation import evaluate
from symchain.evidence.sampling import draw
from symchain.functions import FUNCTIONS
from symchain.models import model_names
from symchain.render import render
from symchain.render.names import typeset

ZEROS = {
    "unrelated": ("y = x\nC = 3*w", "x", "C does not depend on x: no path"),
    "linear": ("C = 3*y*x", "x", "dC/dx does not depend on x"),
    "linear in a vector": ("x: (n,)\ny: (n,)\nC = x @ y", "x", "dC/dx does not depend on x"),
    "straight": ("C = relu(x)*y", "x", "dC/dx changes with x in jumps at most"),
}


@pytest.mark.parametrize("name", ZEROS)
def test_why_a_second_derivative_is_zero(name):
    text, wrt, said = ZEROS[name]
    program = symchain.parse(text)
    for d in (program.hessian("C", wrt), program.hvp("C", wrt)):
        assert d.zero_reason == name.split(" ")[0]
        assert d.verification.held
        told = " ".join(d.text().split())
        assert said in told and ("C does not depend" in told.replace("dC/dx does", "")) == (name == "unrelated")
        assert d.text(lang="fr")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("y = x\nC = w", "unrelated"),
        ("C = sign(x)*w", "flat"),
        ("a = sign(x)\nC = tanh(a)*w", "flat"),
        ("a = x**2\nb = x**2\nC = a - b + w", "cancelled"),
    ],
)
def test_why_a_first_derivative_is_zero(text, reason):
    program = symchain.parse(text)
    d = program.derive("C", "x")
    assert d.zero_reason == reason and d.lines == ("dC_dx = 0",)
    said = {"unrelated": "does not depend", "flat": "passes through a factor that is 0", "cancelled": "adds up to 0"}[reason]
    assert said in " ".join(d.text().split())
    assert program.sensitivity("C", at={n: 0.7 for n in program.inputs}).influences["x"].zero in (reason, "killed")
    assert all(program.sensitivity("C", at={n: 0.7 for n in program.inputs}).text(lang) for lang in ("en", "fr"))


SCALAR = [n for n in model_names() if not any(v.shape for v in ready_program(n).inputs.values())]


@pytest.mark.thorough
@pytest.mark.parametrize("name", SCALAR)
def test_hessians_of_models_are_printed_and_read_back(name):
    program = ready_program(name)
    for wrt in program.inputs:
        d = program.hessian(wrt)
        assert d.text() and d.latex(lang="fr")
        symchain.parse("\n".join([str(program), *d.lines]))
        adjoint = [line for line in d.adjoint_lines if line.role == "adjoint"]
        assert len({line.of for line in adjoint}) == len(adjoint)  # one error term a block
        assert {line.of for line in adjoint} <= set(program.blocks)


@pytest.mark.thorough
def test_the_gradient_on_the_way_keeps_its_own_name():
    d = symchain.parse("X: (n, n)\nC = norm(sinc(X))").hessian("X")
    assert d.lines[0].startswith("dC_dX = ")
    assert r"\partial^2" not in render(d.adjoint_lines[0], "latex", within=d)
    assert r"\partial^2" in render(d.result, "latex", within=d)


@pytest.mark.parametrize("spec", FUNCTIONS.values(), ids=FUNCTIONS)
def test_lines_of_orders_one_to_three_are_read_back_and_run(spec):
    """Every name that is printed is one of the language; kernels do not read back what only they can say."""
    names = "xyzuvw"[: len(spec.parameters)]
    for by, derivative in zip(names, spec.derivatives, strict=True):
        if derivative is None:
            continue
        for text in (f"C = {spec.name}({', '.join(names)})", f"C = relu({spec.name}({', '.join(names)}))"):
            program = symchain.parse(text)
            try:
                second = program.hessian("C", by)
                program.compile(wrt=[by], order=2)
            except symchain.errors.UnsupportedError:  # by an order or a degree, said so
                continue
            for lines in (program.derive(by).lines, second.lines):
                following = symchain.parse("\n".join([text, *lines]))
            third = following.derive(by)
            symchain.parse("\n".join([str(following), *third.lines]))


INDEXED = [
    "Y: (n, m)\nW: (m,)\nC = sum(softmax(silu(Y)[:, None, :]/(0.5 + sigmoid(W)))**2)",
    "Y: (n, m)\nW: (n, m, k)\nC = max((silu(Y)/(0.5 + sigmoid(Y)))[:, :, None]*(W/(0.5 + sigmoid(W))))",
    "Y: (n, m)\nW: (k,)\nC = logsumexp(exp(Y)[:, :, None]*W/(1 + W**2))",
    "Y: (n, m)\nW: (m, k)\nC = sum((tanh(Y)[:, :, None]/(1 + W**2))**3)",
    "Y: (n,)\nW: (n, k)\nC = sum(softmax(Y[:, None]/(1 + W**2), axis=0)**2)",
]


@pytest.mark.thorough
@pytest.mark.parametrize("text", INDEXED)
def test_factors_with_fewer_axes_are_spread_with_what_they_stand_in(text):
    """W/t is a matrix beside a matrix though t is a vector: t alone has no axes to add to."""
    program = symchain.parse(text)
    for wrt in program.inputs:
        for d in (program.derive("C", wrt), program.hessian("C", wrt)):
            symchain.parse("\n".join([str(program), *d.lines]))
            assert not d.verification.failed


def test_a_hessian_with_spread_factors_is_that_of_its_kernel():
    program = symchain.parse(INDEXED[0])
    point = {"Y": np.array([[0.3, -0.8], [1.1, 0.4], [0.2, 0.9]]), "W": np.array([0.5, -0.7])}
    found = run(program.hessian("C", "W").lines, point)[0]
    np.testing.assert_allclose(found, found.T, rtol=1e-12)
    np.testing.assert_allclose(found, program.compile(wrt=["W"], order=2)(**point)[2]["W"], rtol=1e-10)


# ---------------------------------------------------------------- several names: complete lines, mixed blocks, steps

MOST = 3
"""So many names of each model."""
STEP = 1e-4


def _differenced(program, names, point):
    """The second derivatives by every two names, by differences of fourth order of the kernel's gradients."""
    kernel = program.compile(program.last, wrt=names)

    def gradient(name, at):
        return np.asarray(kernel(**at)[1][name], float)

    found = {}
    for k, first in enumerate(names):
        for second in names[k:]:
            x = np.asarray(point[second], float)
            columns = []
            for entry in np.ndindex(x.shape):
                step = np.zeros(x.shape)
                step[entry] = STEP
                near, far = (
                    gradient(first, {**point, second: x + n * step}) - gradient(first, {**point, second: x - n * step}) for n in (1, 2)
                )
                columns.append((8 * near - far) / (12 * STEP))
            found[first, second] = np.stack(columns, -1).reshape(np.shape(point[first]) + x.shape)
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("name", model_names())
def test_hessians_by_several_names_are_whole(name):
    """Every name that a line reads is defined, mixed blocks are there, and their values are those of differences."""
    program = ready_program(name)
    names = [n for n, v in program.inputs.items() if v.facts <= {"positive"}][:MOST]
    hessian = program.hessian(names)
    generator = np.random.default_rng(3)
    dims = {letter: 2 + k for k, letter in enumerate(program.dimensions)}
    point = {n: draw(v, dims, generator, [(0.3, 0.9)]) for n, v in program.inputs.items()}
    lines = [re.sub(r"\blambda\b", "lambda_", line) for line in hessian.lines]  # a word of Python
    _, known = run(lines, {re.sub("^lambda$", "lambda_", n): v for n, v in {**dims, **_blocks(program, point, dims)}.items()})
    for (first, second), want in _differenced(program, names, point).items():
        d = hessian[first] if first == second else hessian[first, second]
        assert (d.first, d.wrt) == (first, second)
        np.testing.assert_allclose(known[d.result.name], want, rtol=1e-6, atol=1e-7 * max(1, np.max(np.abs(want))))
    symchain.parse("\n".join([str(program), *hessian.lines]))


def _blocks(program, point, dims):
    known = dict(point)
    for block in program.blocks.values():
        known[block.name] = evaluate([block.tree], known, dims)[0]
    return known


TOLD = {
    "two-layer": ["W1", "W2"],
    "logistic-regression": ["w", "X"],
    "gaussian-log-density": ["m", "y"],
    "black-scholes-call": ["T", "v"],
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("detail", ["brief", "standard", "full"])
def test_hessians_are_told_step_by_step(name, detail):
    """The first derivative, the derivative of each factor of it, and the mixed block; in both languages and all media."""
    program = ready_program(name)
    names = TOLD[name]
    hessian = program.hessian(names)
    output = program.last
    for lang, said in (("en", "First derivative, called g1"), ("fr", "Dérivée première, notée g1")):
        text = hessian.text(lang=lang, detail=detail)
        assert said in " ".join(text.split())
        for d in hessian.every:
            if not d.zero_reason:
                slope = "g1" if d.first == names[0] else "g2"
                assert f"d{slope}/d{d.wrt}" in text, (d.key, text)
        assert f"d2{output}/d{names[0]} d{names[1]}" in text
        assert rf"\partial^2 {typeset(output)}" in hessian.latex(lang=lang, detail=detail)
        assert "$" in hessian.markdown(lang=lang, detail=detail) and "<section" in hessian.html(lang=lang, detail=detail)
        assert hessian.text(lang=lang, detail=detail, notation="index")
    if detail != "brief":
        assert "Local derivatives" in hessian.text(detail=detail)
    assert f'"{names[0]},{names[1]}"' in hessian.to_json()


def test_lines_between_have_names_of_their_own():
    """d2C/dW2 dz2 is no error term, and error terms of the gradient stay what they are."""
    program = ready_program("two-layer")
    hessian = program.hessian("C", ["W2", "b2", "W1"])
    for line in hessian.adjoint_lines:
        assert line.name == f"delta_{line.of}" if line.role == "adjoint" else line.name.startswith(("d2C_d", "dC_d", "t")), line
    assert "d2C_dW2_dz2" in "\n".join(hessian.lines) and "delta_z2_" not in "\n".join(hessian.lines)
    assert r"\frac{\partial^2 C}{\partial W_2\,\partial z_2}" in hessian.latex()
    product = program.hvp("C", ["W2", "W1"])
    assert "d2C_dW2_dz2_v_W2" in "\n".join(product.lines)


def test_a_mixed_block_alone_is_a_derivation_like_any_other():
    program = symchain.parse("A: (n, m)\nx: (m,)\nC = sum(tanh(A @ x)**2)")
    d = program.hessian(["x", "A"])["x", "A"]
    assert d.mixed and d.shape == ("m", "n", "m") and d.verification.held and not program.hessian(["x", "A"])["x"].mixed
    assert "the axes of C, then those of x, then those of A" in " ".join(d.text().split())
    point = {"A": np.array([[0.3, -0.2, 0.5], [0.1, 0.7, -0.4]]), "x": np.array([0.2, 0.9, -0.3])}
    np.testing.assert_allclose(d.compile()(**point), program.compile(wrt=["x", "A"], order=2)(**point)[2]["x", "A"], rtol=1e-12)
    with pytest.raises(KeyError):
        program.hessian(["x", "A"])["A", "x"]


@pytest.mark.parametrize(
    ("text", "names", "said"),
    [
        ("C = 3*y*x", ["y", "x"], "dC/dy does not depend on y"),
        ("C = x**2 + y**3", ["x", "y"], "dC/dx does not depend on y"),
        ("y = x\nC = 3*w", ["x", "w"], "C does not depend on x"),
    ],
)
def test_why_blocks_of_a_hessian_are_zero(text, names, said):
    hessian = symchain.parse(text).hessian("C", names)
    assert said in " ".join(hessian.text().split())
    assert not any(d.verification.failed for d in hessian.every)
