"""What is equal and what is not: values with many digits, exact ones, and the verdicts that rest on them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from randomprograms import DECLARED, FACTS, random_program
from ready import ready_program

import symchain
from symchain.evidence.decision import Sharp, decided, identical
from symchain.evidence.evaluation import evaluate
from symchain.evidence.exploration import points
from symchain.evidence.meanings import value_of
from symchain.evidence.points import UNDEFINED
from symchain.evidence.precision import Digits, Inexact, values_in
from symchain.functions import FUNCTIONS
from symchain.models import model_names

DIGITS = 40
LOST = {("mish", -30.0), ("softplus", -30.0), ("boxcox", 1e-3), ("logaddexp", 800.0), ("logaddexp2", 2000.0), ("Phi", -10.0)}
"""Where a meaning loses its digits in float64: function and first argument."""


# ---------------------------------------------------------------- many digits


@pytest.mark.parametrize("spec", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_functions_have_the_same_values_with_many_digits(spec: Any) -> None:
    compared = 0
    for probe in spec.probes:
        known = [k for k, d in enumerate(spec.derivatives) if d is not None]
        for orders in [(0,) * len(probe), *(tuple(int(j == k) for j in range(len(probe))) for k in known)]:
            with np.errstate(all="ignore"):
                expected = float(np.real(value_of(spec, orders, [np.float64(x) for x in probe])))
            numbers = Digits(DIGITS)
            with numbers.working():
                found = float(numbers.apply(spec, orders, [numbers.array(x) for x in probe]))
            lost = any(abs(x) < 1e-5 or abs(x) > 9 for x in probe) or (spec.name, probe[0]) in LOST
            if np.isfinite(expected) and not lost:
                assert found == pytest.approx(expected, rel=1e-6, abs=1e-12), (probe, orders)
                compared += 1
    assert compared


@pytest.mark.parametrize("seed", range(12))
def test_programs_have_the_same_values_with_many_digits(seed: int) -> None:
    program = symchain.parse(random_program(seed), shapes=DECLARED, assume=FACTS)
    point = next(points(program, program.last, list(program.blocks)))
    trees = [block.tree for block in program.blocks.values()]
    values, numbers = dict(point.values), Digits(DIGITS)
    with numbers.working():
        exact = {n: numbers.array(v) for n, v in values.items()}
        for tree, value in zip(values_in(numbers, trees, exact, point.dims), evaluate(trees, values, point.dims), strict=True):
            assert np.shape(tree) == np.shape(value)
            assert np.max(np.abs(np.asarray(tree, float) - value)) <= 1e-9 * (1 + np.max(np.abs(value)))


OPERATIONS = {
    "inv(P) @ P": "eye(n)", "det(P)": "exp(logdet(P))", "logdet(P)": "2*sum(log(diag(cholesky(P))))", "pinv(X) @ X": "eye(n)",
    "cholesky(P) @ cholesky(P).T": "P", "expm(A) @ expm(-A)": "eye(n)", "sinm(A) @ sinm(A) + cosm(A) @ cosm(A)": "eye(n)",
    "softmax(x)": "exp(x)/sum(exp(x))", "logsumexp(x)": "log(sum(exp(x)))", "log_softmax(x)": "log(softmax(x))",
    "cumsum(x)[n - 1]": "sum(x)", "max(x)": "-min(-x)", "prod(exp(x))": "exp(sum(x))", "Q @ Q.T": "eye(n)", "sum(p)": "1",
}  # fmt: skip
DECLARATIONS = "P: (n, n) spd; A: (n, n); X: (5, n); x: (n,); Q: (n, n) orthogonal; p: (n,) probability"


@pytest.mark.parametrize(("left", "right"), OPERATIONS.items())
def test_operations_have_many_digits(left: str, right: str) -> None:
    total = "f = sum(P) + sum(A) + sum(X) + sum(x) + sum(Q) + sum(p)"
    program = symchain.parse(f"{DECLARATIONS}; {total}; a = {left}; b = {right}; c = 2*({right})")
    a, b, c = (program.blocks[n].leaf for n in "abc")
    for k, point in enumerate(points(program, "f")):
        if point.dims.get("n", 3) > 5:
            continue
        sharp = Sharp(program, point)
        assert decided(lambda d, s=sharp: tuple(s.values(d, [a, b]))).equal is True  # type: ignore[misc]
        assert decided(lambda d, s=sharp: tuple(s.values(d, [a, c]))).equal is False  # type: ignore[misc]
        if k:
            break


def test_zero_by_cancellation_is_told_from_what_is_small() -> None:
    program = symchain.parse("f = x; a = exp(x)*exp(-x) - 1; b = 0*x; c = 1e-30*x; d = log(exp(x)) - x + 1e-30")
    a, b, c, d = (program.blocks[n].leaf for n in "abcd")
    sharp = Sharp(program, next(points(program, "f")))
    for left, right, equal in ((a, b, True), (a, c, False), (c, b, False), (d, b, False), (d, d, True)):
        assert decided(lambda n, x=left, y=right: tuple(sharp.values(n, [x, y]))).equal is equal  # type: ignore[misc]


def test_a_singular_matrix_decides_nothing() -> None:
    program = symchain.parse("X: (2, 3); f = sum(X); a = inv(X.T @ X); b = 2*a; c = a + 1")
    sharp = Sharp(program, next(points(program, "f")))
    for name in "bc":
        assert decided(lambda d, n=name: tuple(sharp.values(d, [program.blocks["a"].leaf, program.blocks[n].leaf]))).equal is None  # type: ignore[misc]


# ---------------------------------------------------------------- exactly


@pytest.mark.parametrize(
    ("text", "equal"),
    [
        ("a = (x + y)**3; b = x**3 + 3*x**2*y + 3*x*y**2 + y**3", True),
        ("a = (x + y)**3; b = x**3 + 3*x**2*y + 3*x*y**2 + y**3 + 1e-300*x", False),
        ("a = 1/x + 1/y; b = (x + y)/(x*y)", True),
        ("X: (n, k); a = X @ inv(X.T @ X) @ X.T @ X; b = X", True),
        ("X: (n, k); a = X @ inv(X.T @ X) @ X.T; b = eye(n)", False),
        ("Q: (n, n) orthogonal; a = Q.T @ Q; b = eye(n)", True),
        ("S: (n, n) symmetric; a = S.T; b = S", True),
        ("S: (n, n); a = S.T; b = S", False),
        ("p: (n,) probability; a = sum(p); b = 1", True),
        ("a = f(x + y)*2; b = f(y + x) + f(x + y)", True),
        ("a = f(x); b = f(y)", False),
        ("a = exp(x); b = exp(x)", None),
        ("a = abs(x); b = x", None),
    ],
)
def test_rational_functions_are_compared_exactly(text: str, equal: bool | None) -> None:
    program = symchain.parse(text)
    assert identical(program, program.blocks["a"].tree, program.blocks["b"].tree) is equal


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("text", "right", "error"),
    [
        ("f = x**2", "2*x", "1e-8*x"), ("f = x**2", "2*x", "1e-6*x"), ("f = x**2", "2*x", "1e-200"), ("f = exp(x)", "exp(x)", "1e-9"),
        ("f = exp(x)", "exp(x)", "1e-18*exp(x)"), ("f = x*tanh(x)", "tanh(x) + x*(1 - tanh(x)**2)", "1e-12*x"),
    ],
)  # fmt: skip
def test_a_small_difference_is_a_difference(text: str, right: str, error: str) -> None:
    program = symchain.parse(text)
    assert program.check("f", "x", right).holds
    assert program.check("f", "x", f"{right} + {error}").status == "wrong"


def test_a_ratio_near_one_is_not_one() -> None:
    verdict = symchain.parse("f = x**2").check("f", "x", "2*x + 1e-6*x")
    assert verdict.mistake == "constant" and verdict.ratio == pytest.approx(1.0000005, rel=1e-12)
    assert "1.0000005" in verdict.message() and "1,0000005" in verdict.message("fr")


GRAM = [
    ("X: (n, k); y: (n,); b = inv(X.T @ X) @ X.T @ y; f = norm(y - X @ b)**2", "y", "2*(y - X @ b)", "2*(y + X @ b)"),
    ("X: (n, k); y: (n,); H = X @ inv(X.T @ X) @ X.T; f = y @ H @ y", "X", "2*outer(y - H @ y, pinv(X) @ y)", "2*outer(y, pinv(X) @ y)"),
    ("X: (n, k); w: (n,) positive; f = logdet(X.T @ diag(w) @ X)", "w", "diag(X @ inv(X.T @ diag(w) @ X) @ X.T)", "w**-1"),
    ("X: (n, k); w: (n,) positive; f = tr(inv(X.T @ diag(w) @ X))", "X",
     "-2*diag(w) @ X @ inv(X.T @ diag(w) @ X) @ inv(X.T @ diag(w) @ X)", "-2*diag(w) @ X @ inv(X.T @ diag(w) @ X)"),
    ("X: (n, k); f = logdet(X.T @ X)", "X", "2*X @ inv(X.T @ X)", "X @ inv(X.T @ X)"),
    ("A: (k, n); X: (n, m); B: (m, k); f = det(A @ X @ B)", "X", "f*A.T @ inv(A @ X @ B).T @ B.T", "f*A.T @ inv(A @ X @ B) @ B.T"),
    ("X: (n, d); Z: (n, k); y: (n,); b: (d,); P = Z @ inv(Z.T @ Z) @ Z.T; r = y - X @ b; f = r @ P @ r", "b",
     "-2*(X.T @ Z) @ solve(Z.T @ Z, Z.T @ r)", "-2*X.T @ r"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wrt", "right", "wrong"), GRAM)
def test_points_are_drawn_where_the_program_is_well_conditioned(text: str, wrt: str, right: str, wrong: str) -> None:
    program = symchain.parse(text)
    assert program.check("f", wrt, right).holds
    assert program.check("f", wrt, wrong).status == "wrong"


SIZES = {"tall": {"n": 2, "m": 5, "k": 7}, "wide": {"n": 6, "m": 3, "k": 2}, "square": {"n": 3, "m": 3, "k": 3}}


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", SIZES)
def test_printed_lines_of_random_programs_are_right(seed: int, kind: str) -> None:
    sizes, text = SIZES[kind], random_program(seed)
    body = re.sub(r"\b[nmk]\b", lambda m: str(sizes[m[0]]), text)
    used = set(re.findall(r"\w+", body))
    shapes = {name: tuple(sizes[d] for d in shape) for name, shape in DECLARED.items() if name in used}
    program = symchain.parse(body, shapes=shapes, assume={n: f for n, f in FACTS.items() if n in used})
    for wrt in list(program.inputs)[:2]:
        corrected = program.check(program.last, wrt, "0").corrected
        assert program.check(program.last, wrt, corrected).holds, corrected


@pytest.mark.thorough
@pytest.mark.parametrize("name", model_names())
def test_printed_lines_of_ready_models_are_right(name: str) -> None:
    program = ready_program(name)
    for wrt in list(program.inputs)[:3]:
        if "integer" not in program.inputs[wrt].facts:
            corrected = program.check(program.last, wrt, "0").corrected
            assert program.check(program.last, wrt, corrected).holds, corrected


# ---------------------------------------------------------------- verification


@pytest.mark.thorough
@pytest.mark.parametrize(
    "line", ["i0(50*x)", "iv(0, 20*x + 30)", "gammainc(2, 300*x)", "owens_t(y, 50*x)", "gelu_tanh(40*x**3)", "mish(50*x)*mish(50*x)"]
)
def test_more_digits_decide_where_floats_have_none(line: str) -> None:
    assert symchain.parse(f"f = {line}").derive("f", "x").verification.held


@pytest.mark.parametrize("line", ["exp(x - x)", "sin(x)**2 + cos(x)**2", "(x - x)**2*exp(x)", "tanh(x - x)*y", "log(exp(x)) - x"])
def test_what_is_flat_holds(line: str) -> None:
    assert symchain.parse(f"f = {line}").derive("f", "x").verification.held


def test_what_has_no_digits_raises() -> None:
    program = symchain.parse("X: (60, 60); f = sum(X @ X @ X @ X)")
    sharp = Sharp(program, next(points(program, "f")))
    with pytest.raises((Inexact, *UNDEFINED)):
        sharp.values(40, [program.blocks["f"].leaf])


def test_numbers_taken_from_arrays_and_put_back_are_decided() -> None:
    """Among numbers of mpmath an array without axes would stay an array."""
    program = symchain.parse("W: (m, n)\ny: (n,)\nC = (W[1, -1] + t)/(1/2 + sigmoid(min(abs(y))))*y[0]")
    for name in ("y", "W", "t"):
        assert program.check("C", name, "\n".join(program.derive("C", name).lines)).status in ("proved", "agrees")
