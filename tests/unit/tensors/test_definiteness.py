"""What is said to be definite is: against eigenvalues at random points; what must be found is found, and what must not be is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symchain
from symchain.tensors.definiteness import Definite, Signs

DECLARED = """
X: (n, p)
A: (p, p) spd
B: (p, p)
K: (p, p) invertible
S: (p, p) symmetric
u: (p,)
d: (n,) positive
m: (n,) nonnegative
q: (n,) probability
e: (n,)
c: () positive
l: () nonnegative
"""
FOUND = {  # sign, and whether strictly
    "X.T @ X": (1, False), "X.T @ diag(d) @ X": (1, False), "X.T @ (m[:, None]*X)": (1, False), "X.T @ X + c*eye(p)": (1, True),
    "X.T @ X + l*eye(p)": (1, False), "inv(A)": (1, True), "inv(X.T @ X + c*eye(p))": (1, True), "A + X.T @ X": (1, True),
    "A*A": (1, True), "A*(X.T @ X)": (1, False), "diag(d)": (1, True), "diag(exp(e))": (1, True), "diag(m)": (1, False),
    "outer(u, u) + A": (1, True), "outer(u, u)": (1, False), "B @ A @ B.T": (1, False), "K @ A @ K.T": (1, True), "K.T @ K": (1, True),
    "B.T @ inv(A) @ B": (1, False), "expm(S)": (1, True), "S @ S": (1, False), "A @ A @ A": (1, True), "-X.T @ X": (-1, False),
    "X.T @ diag(e**2) @ X": (1, False), "X.T @ diag(sigmoid(e)*(1 - sigmoid(e))) @ X": (1, False), "diag(q) - outer(q, q)": (1, False),
    "outer(q, q) - diag(q)": (-1, False), "diag(softmax(e)) - outer(softmax(e), softmax(e))": (1, False), "(u @ A @ u)*A": (1, False),
    "c*A": (1, True), "exp(u)[:, None]*A*exp(u)": (1, True), "sqrtm(A)": (1, True), "diag(1/(1 + e**2))": (1, True),
    "X.T @ diag(where(e > 0, 1, 0)) @ X": (1, False), "-c*inv(A) - eye(p)": (-1, True),
}  # fmt: skip
UNKNOWN = (
    "S", "B", "B @ B", "B @ S @ B.T", "A - X.T @ X", "X.T @ diag(e) @ X", "diag(d) - outer(d, d)", "e[0]*A", "u[:, None]*A", "A @ S",
    "eye(p) - outer(u, u)", "diag(e)", "diag(tanh(e))", "A - inv(A)", "inv(S)", "B + B.T", "outer(u, A @ u)", "A*S",
    "X.T @ diag(log(d)) @ X",
    "diag(q) - 2*outer(q, q)", "diag(sigmoid(e) - 1/2)", "A - c*eye(p)", "expm(B)", "B @ A @ B",
)  # fmt: skip
EPS = 1e-9


def asked(formula: str) -> tuple[Any, Definite | None]:
    program = symchain.parse(f"{DECLARED}M = {formula}")
    return program, Signs({n: b.tree for n, b in program.blocks.items()}).definite(program.blocks["M"].tree)


def points(count: int) -> Any:
    random = np.random.default_rng(7)
    for k in range(count):
        n, p = ((4, 3), (2, 4), (5, 2))[k % 3]
        b, s, q = random.normal(size=(p, p)), random.normal(size=(p, p)), random.uniform(size=n)
        yield {
            "X": random.normal(size=(n, p)), "A": b @ b.T + 0.1 * np.eye(p), "B": random.normal(size=(p, p)),
            "K": random.normal(size=(p, p)), "S": s + s.T, "u": random.normal(size=p), "d": random.uniform(0.1, 3, n),
            "m": random.uniform(0, 3, n), "q": q / q.sum(), "e": random.normal(size=n) * 2, "c": random.uniform(0.1, 2), "l": 0.0,
        }  # fmt: skip


@pytest.mark.parametrize("formula", FOUND)
def test_what_is_definite_is_found_and_holds_at_random_points(formula: str) -> None:
    program, found = asked(formula)
    assert found is not None
    assert (found.sign, found.strict) == FOUND[formula]
    assert found.reasons
    kernel = program.compile("M", order=0)
    for point in points(6):
        value = np.asarray(kernel(**{n: point[n] for n in program.inputs}))
        least = np.linalg.eigvalsh(found.sign * value)[0]
        size = np.linalg.norm(value)
        np.testing.assert_allclose(value, value.T, atol=EPS * size)
        assert least > 0 if found.strict else least >= -EPS * size


@pytest.mark.parametrize("formula", UNKNOWN)
def test_what_has_no_sign_is_not_said_to_have_one(formula: str) -> None:
    assert asked(formula)[1] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("C = x**2 + 3*x", (1, True)), ("C = exp(x)", (1, True)), ("C = a*x**2", None), ("x: () positive\nC = -log(x)", (1, True)),
        ("C = -x**4", (-1, False)), ("C = sin(x)", None), ("C = softplus(x)", (1, True)), ("C = x**3", None), ("C = cosh(x)", (1, True)),
    ],
)  # fmt: skip
def test_signs_of_numbers(text: str, said: tuple[int, bool] | None) -> None:
    known = symchain.parse(text).hessian("C", "x").curvature
    assert (known and (known.sign, known.strict)) == said


@pytest.mark.parametrize(
    "text", ["C = 1/x**2", "C = relu(x)**2 + x**2", "C = abs(x) + x**2", "C = -abs(x) + x**2", "x: () integer\nC = x**2"]
)
def test_convexity_is_said_of_what_has_second_derivatives_everywhere_alone(text: str) -> None:
    known = symchain.parse(text).hessian("C", "x").curvature
    assert known is not None
    assert not known.convex


def test_the_sentence_gives_its_reason_in_both_languages() -> None:
    program = symchain.parse("X: (n, p)\nw: (p,)\ny: (n,)\ns = sigmoid(X @ w)\nC = -sum(y*log(s) + (1 - y)*log(1 - s))")
    d = program.hessian("C", "w")
    assert d.curvature is not None
    assert d.curvature.convex
    assert "positive semidefinite: it has the form G.T @ D @ G" in " ".join(d.text().split())
    assert "semi-définie positive : elle s'écrit G.T @ D @ G" in " ".join(d.text("fr").split())
    assert "C est convexe en w" in " ".join(d.text("fr").split())
