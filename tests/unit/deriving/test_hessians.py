"""Second derivatives as they are told: why one is 0, what its lines are of, and that every line can be read back."""

from __future__ import annotations

import numpy as np
import pytest
from ready import ready_program
from test_derivatives import run

import symchain
from symchain.functions import FUNCTIONS
from symchain.models import model_names
from symchain.render import render

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
