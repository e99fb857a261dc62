"""Kernels of NumPy's and SciPy's functions: values as theirs, gradients as differences of theirs, kinks refused where asked."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import linalg, special

import symchain
from symchain.errors import ArgumentError, ParseError, SymchainError

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=7)
A, B = RANDOM.normal(size=(2, 4, 4))
T = RANDOM.normal(size=(5, 3))
S = A @ A.T + np.eye(4)
SPD = "S: (n, n) spd\n"


def by_differences(f: Any, x: Any) -> Any:
    """Central differences, with the entries of a symmetric matrix moved one by one."""
    x, h = np.array(x, float), 1e-6
    slopes = np.empty(x.shape)
    for at in np.ndindex(x.shape):
        moved = [x.copy(), x.copy()]
        moved[0][at] += h
        moved[1][at] -= h
        slopes[at] = (f(moved[0]) - f(moved[1])) / (2 * h)
    return slopes


CASES: dict[str, tuple[str, dict[str, Any], Any]] = {
    "eigenvalues": ("C = sum(exp(eigvalsh(A)))", {"A": A}, lambda A: np.sum(np.exp(np.linalg.eigvalsh((A + A.T) / 2)))),
    "eigenvectors": ("w, V = eigh(A)\nC = sum(V[:, 1]**4) + w[0]**2", {"A": A}, lambda A: _eigen(A)),
    "svdvals": ("C = sum(log(svdvals(A)))", {"A": T}, lambda A: np.sum(np.log(linalg.svdvals(A)))),
    "svd": ("U, s, Vh = svd(A, full_matrices=False)\nC = sum(U[:, 0]**4) + sum(Vh[1]**4)", {"A": T}, lambda A: _singular(A)),
    "nuclear": ("C = norm(A, 'nuc')", {"A": T}, lambda A: np.linalg.norm(A, "nuc")),
    "spectral": ("C = norm(A, 2)**2", {"A": T}, lambda A: np.linalg.norm(A, 2) ** 2),
    "schatten": ("C = schatten_norm(A, 3)", {"A": T}, lambda A: np.sum(linalg.svdvals(A) ** 3) ** (1 / 3)),
    "sqrtm": (SPD + "C = sum(sqrtm(S) @ S)", {"S": S}, lambda S: np.sum(linalg.sqrtm(S) @ S)),
    "logm": (SPD + "C = sum(logm(S)**2)", {"S": S}, lambda S: np.sum(linalg.logm(S).real ** 2)),
    "slogdet": ("s, size = slogdet(A)\nC = s*size", {"A": A}, lambda A: np.prod(np.linalg.slogdet(A))),
    "triangular": ("C = sum(solve_triangular(A, x)**2)", {"A": S, "x": X[:4]}, lambda A, x: np.sum(linalg.solve_triangular(A, x) ** 2)),
    "lstsq": ("C = sum(lstsq(A, x)[0]**2)", {"A": T, "x": X[:5]}, lambda A, x: np.sum(np.linalg.lstsq(A, x, rcond=None)[0] ** 2)),
    "order 1.5": ("C = norm(x, 1.5)", {"x": X}, lambda x: np.linalg.norm(x, 1.5)),
    "sort": ("C = sum(sort(x)*cumsum(x))", {"x": X}, lambda x: np.sum(np.sort(x) * np.cumsum(x))),
    "median": ("C = sum(median(A, axis=0)**2)", {"A": T}, lambda A: np.sum(np.median(A, axis=0) ** 2)),
    "quantile": ("C = quantile(x, 0.3)*quantile(x, 1)", {"x": X}, lambda x: np.quantile(x, 0.3) * np.quantile(x, 1)),
    "running": ("C = sum(cummax(x)*cummin(x)*x)", {"x": X}, lambda x: np.sum(np.maximum.accumulate(x) * np.minimum.accumulate(x) * x)),
    "convolve": ("C = sum(convolve(x, y, 'same')**3)", {"x": X, "y": X[:3]}, lambda x, y: np.sum(np.convolve(x, y, "same") ** 3)),
    "cov": ("C = sum(cov(A, rowvar=False)**3)", {"A": T}, lambda A: np.sum(np.cov(A, rowvar=False) ** 3)),
    "corrcoef": ("C = sum(corrcoef(A)**3)", {"A": T}, lambda A: np.sum(np.corrcoef(A) ** 3)),
    "trapezoid": ("C = trapezoid(x**2, cumsum(exp(x)))", {"x": X}, lambda x: np.trapezoid(x**2, np.cumsum(np.exp(x)))),
    "remainder": ("C = sum(x*(x % 0.3) + x // 0.7)", {"x": X}, lambda x: np.sum(x * (x % 0.3) + x // 0.7)),
    "conditions": (
        "C = sum(where(-1 < x < 0.2 or not x**2 < 1, x**3, x))",
        {"x": X},
        lambda x: np.sum(np.where(((x > -1) & (x < 0.2)) | (x**2 >= 1), x**3, x)),
    ),
    "lists": ("C = norm([[x[0], 2], [3, x[1]]] @ [1, x[2]])", {"x": X}, lambda x: np.linalg.norm([x[0] + 2 * x[2], 3 + x[1] * x[2]])),
    "airy": ("C = sum(airy(x)[0]*airy(x)[3])", {"x": X}, lambda x: np.sum(special.airy(x)[0] * special.airy(x)[3])),
    "elliptic": ("C = sum(ellipk(-x**2)*ellipe(x/9))", {"x": X}, lambda x: np.sum(special.ellipk(-(x**2)) * special.ellipe(x / 9))),
    "chi-square": ("C = sum(log(chdtrc(3, x**2)))", {"x": X}, lambda x: np.sum(np.log(special.chdtrc(3, x**2)))),
    "negative binomial": ("C = sum(log(nbdtrc(2, 3, x**2/20)))", {"x": X}, lambda x: np.sum(np.log(special.nbdtrc(2, 3, x**2 / 20)))),
}


def _eigen(a: Any) -> Any:
    w, v = np.linalg.eigh((a + a.T) / 2)
    return np.sum(v[:, 1] ** 4) + w[0] ** 2


def _singular(a: Any) -> Any:
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return np.sum(u[:, 0] ** 4) + np.sum(vh[1] ** 4)


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_those_of_the_library(name: str) -> None:
    text, at, reference = CASES[name]
    shapes = {n: tuple("nm"[k] if name == "median" else d for k, d in enumerate(np.shape(v))) for n, v in at.items()}
    shapes = {n: s for n, s in shapes.items() if f"{n}: " not in text}
    kernel = symchain.parse(text, shapes=shapes).compile("C", wrt=list(at))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, gradient = kernel(**at)
    assert np.isclose(value, reference(**at), rtol=1e-11)
    for n, x in at.items():
        assert np.allclose(gradient[n], by_differences(lambda v, n=n: reference(**{**at, n: v}), x), rtol=1e-5, atol=1e-7), n


def test_symmetric_functions_of_equal_eigenvalues_have_their_gradient() -> None:
    """That of the trace of a function of the matrix, whatever the basis of the eigenspace."""
    kernel = symchain.parse("A: (n, n)\nC = sum(eigvalsh(A)**3)").compile("C", wrt=["A"])
    value, gradient = kernel(A=2 * np.eye(4))
    assert np.isclose(value, 32) and np.allclose(gradient["A"], 12 * np.eye(4))


KINKED = [
    ("A: (3, 3)\nC = eigvalsh(A)[0]", {"A": np.eye(3)}, {"A": np.diag([1.0, 2.0, 3.0])}),
    ("A: (3, 3)\nC = norm(A, 2)", {"A": np.eye(3)}, {"A": np.diag([1.0, 2.0, 3.0])}),
    ("x: (3,)\nC = median(x)", {"x": np.array([1.0, 2.0, 2.0])}, {"x": np.array([1.0, 3.0, 2.0])}),
    ("x: (n,)\nC = sum(cummax(x))", {"x": np.array([1.0, 1.0])}, {"x": np.array([1.0, 3.0])}),
    ("C = x*floor(x)", {"x": 2.0}, {"x": 2.5}),
    ("C = round(x)", {"x": 2.5}, {"x": 2.0}),
    ("C = trunc(x)", {"x": -1.0}, {"x": 0.0}),
    ("C = x // y + y", {"x": 6.0, "y": 3.0}, {"x": 6.5, "y": 3.0}),
    ("C = x % y", {"x": 6.0, "y": 3.0}, {"x": 6.5, "y": 3.0}),
]


@pytest.mark.parametrize(("text", "at", "beside"), KINKED, ids=[t.partition("C = ")[2] for t, _, _ in KINKED])
def test_kinks_are_refused_where_that_is_asked(text: str, at: dict[str, Any], beside: dict[str, Any]) -> None:
    kernel = symchain.parse(text).compile("C", wrt=list(at))
    strict = kernel.with_options(kinks="raise")
    assert all(np.all(np.isfinite(g)) for g in kernel(**at)[1].values())
    with pytest.raises(SymchainError, match="no derivative"):
        strict(**at)
    assert np.allclose(strict(**beside)[0], kernel(**beside)[0])


@pytest.mark.thorough
def test_second_derivatives_or_a_refusal_by_name() -> None:
    text = "A: (3, 3)\nB: (3, 3)\nt: ()\nC = "
    at = {"A": S[:3, :3], "B": B[:3, :3] + B[:3, :3].T, "t": 0.3}
    for body, f in (
        ("sum(exp(eigvalsh(A + t*B)))", lambda m: np.sum(np.exp(np.linalg.eigvalsh(m)))),
        ("sum(svdvals(A + t*B)**3)", lambda m: np.sum(linalg.svdvals(m) ** 3)),
        ("norm(A + t*B, 2)", lambda m: np.linalg.norm(m, 2)),
        ("sum(sqrtm(A + t*B))", lambda m: np.sum(linalg.sqrtm(m))),
    ):
        _, _, second = symchain.parse(text + body).compile("C", wrt=["t"], order=2)(**at)
        h = 1e-4
        ahead, here, behind = (f(at["A"] + (0.3 + k * h) * at["B"]) for k in (1, 0, -1))
        assert np.isclose(second["t"], (ahead - 2 * here + behind) / h**2, rtol=1e-5), body
    for body, name in (("norm(A + t*B, 'nuc')", "nuclear_norm"), ("sum(logm(A + t*B))", "logm")):
        with pytest.raises(SymchainError, match=f"second derivative of {name}"):
            symchain.parse(text + body).compile("C", wrt=["t"], order=2)


@pytest.mark.thorough
def test_what_has_no_value_is_refused() -> None:
    for text, at in (("A: (2, 2)\nC = sum(sqrtm(A))", -np.eye(2)), ("A: (2, 2)\nC = sum(logm(A))", -np.diag([1.0, 2.0]))):
        with pytest.raises(ArgumentError, match="no value at these arguments"):
            symchain.parse(text).compile("C", wrt=["A"])(A=at)


def test_results_are_named_at_once_or_taken_one_by_one() -> None:
    both = symchain.parse("A: (n, n)\nw, V = eigh(A)\nC = w @ (V[0]**2)")
    one = symchain.parse("A: (n, n)\nC = eigh(A)[0] @ (eigh(A)[1][0]**2)")
    assert list(both.blocks) == ["w", "V", "C"] and str(symchain.parse(str(both))) == str(both)
    assert np.isclose(both.compile("C", order=0)(A=S), S[0, 0]) and np.isclose(one.compile("C", order=0)(A=S), S[0, 0])
    assert list(symchain.parse("A: (3, 3)\n_, s, _ = svd(A)\nC = sum(s)").blocks) == ["s", "C"]
    for text in ("w, V = A", "w, V = A @ A", "w, V = exp(A)", "w, V = svd(A)", "w = eigh(A)", "C = eigh(A)[2]", "C = eigh(A)[0:1]"):
        with pytest.raises(ParseError):
            symchain.parse(f"A: (3, 3)\n{text}")


def test_compositions_lend_their_names_where_they_are_not_called() -> None:
    program = symchain.parse("diff = x - y\ncov = diff**2\nC = cov*diff")
    assert list(program.blocks) == ["diff", "cov", "C"]
    with pytest.raises(ParseError, match="known function"):
        symchain.parse("x: (n,)\ndiff = diff(x)")
