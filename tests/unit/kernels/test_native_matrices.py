"""Matrices and orders as machine code: the values, slopes and refusals of NumPy's kernels, whatever kind of matrix it is."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from test_native import flat, store

import symchain
from symchain.errors import SymchainError
from symchain.kernels.kernel import Kernel
from symchain.kernels.native import building
from symchain.models import read_model

pytestmark = pytest.mark.skipif(not building.compiler(), reason="there is no C compiler")
__all__ = ["store"]

RNG = np.random.default_rng(7)


def kernels(text: str) -> tuple[Kernel, Kernel]:
    program = symchain.parse(text)
    return program.compile(target="c"), program.compile(target="numpy")


def same(pair: tuple[Kernel, Kernel], at: dict[str, Any], tolerance: float = 1e-10) -> None:
    for got, want in zip(*(flat(kernel(**at)) for kernel in pair), strict=True):
        assert np.shape(got) == np.shape(want)
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * np.abs(want).max(initial=1e-300))


def matrices(n: int) -> dict[str, Any]:
    """One of each kind that is seen in the numbers, and the ones on their borders."""
    full, noise = 3 * np.eye(n) + RNG.normal(size=(n, n)), RNG.normal(size=(n, n))
    return {
        "full": full,
        "turned": np.eye(n)[::-1] + 0.01 * noise,
        "definite": full @ full.T + np.eye(n),
        "indefinite": np.diag(np.arange(1.0, n + 1)) + 5 * (noise + noise.T),
        "lower": np.tril(full) + 3 * np.eye(n),
        "upper": np.triu(full) - 9 * np.eye(n),
        "diagonal": np.diag(1.0 + np.arange(n)),
    }


USES = {
    "solve": "A: (n, n)\nb: (n,)\nB: (n, m)\nD: (m, n)\nC = sum(solve(A, b)**2)",
    "several": "A: (n, n)\nb: (n,)\nB: (n, m)\nD: (m, n)\nC = sum((inv(A) @ B)**2) + sum((D @ inv(A))**3) + sum((D @ inv(A.T) @ b)**2)",
    "both": "A: (n, n)\nb: (n,)\nB: (n, m)\nD: (m, n)\nC = b @ inv(A) @ inv(A) @ b + sum(inv(A)*A) + sum(inv(inv(A) + A))",
    "determinants": "A: (n, n)\nb: (n,)\nB: (n, m)\nD: (m, n)\nC = logdet(A) + det(A)*(b @ b) + sum(inv(A @ A)**2)",
}


@pytest.fixture(scope="module", params=USES)
def use(request: pytest.FixtureRequest) -> tuple[Kernel, Kernel]:
    return kernels(USES[request.param])


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_each_kind_of_matrix(use: tuple[Kernel, Kernel], n: int) -> None:
    assert "target c" in str(use[0])
    for a in matrices(n).values():
        same(use, {"A": a, "b": RNG.normal(size=n), "B": RNG.normal(size=(n, 3)), "D": RNG.normal(size=(3, n))}, 1e-8)


def test_solutions_need_no_inverse() -> None:
    program = symchain.parse(USES["solve"])
    source = program.compile(wrt=["A", "b"], target="c").source
    assert "m_solve(" in source and "m_inverse(" not in source
    assert source.count("m_factor(") == 1  # one for the value and both slopes
    inverse = symchain.parse("A: (n, n)\nC = sum(inv(A)*A)").compile(target="c").source
    assert "m_inverse(" in inverse


def test_solutions_keep_more_digits_than_inverses() -> None:
    n = 10
    hilbert = 1 / (1.0 + np.add.outer(np.arange(n), np.arange(n)))
    program = symchain.parse("A: (n, n)\nb: (n,)\nC = sum((A @ solve(A, b) - b)**2)")
    found = [float(program.compile(wrt="b", target=t).with_options(accuracy="fast")(A=hilbert, b=np.ones(n))[0]) for t in ("c", "numpy")]
    assert found[0] < found[1] / 100


def test_stacks_of_matrices() -> None:
    pair = kernels("A: (k, n, n)\nC = sum(inv(A)**2) + sum(logdet(A)**2) + sum(det(A))")
    for n in (1, 3, 6):
        same(pair, {"A": np.stack([*matrices(n).values()])}, 1e-8)


def test_cholesky_factors_and_their_slopes() -> None:
    pair = kernels("A: (n, n)\nb: (n,)\nL = cholesky(A)\nC = sum(L**3) + sum(solve(L, b)**2) + sum(log(diag(L)))")
    same(pair, {"A": matrices(6)["definite"], "b": RNG.normal(size=6)})
    for kernel in pair:
        with pytest.raises(SymchainError) as error:
            kernel(A=-np.eye(3), b=np.ones(3))
        assert "positive definite" in str(error.value).lower()


def told(kernel: Kernel, at: dict[str, Any]) -> str:
    """What a call gives, or why it gives nothing."""
    try:
        return str(flat(kernel(**at)))
    except SymchainError as error:
        return str(error)


@pytest.mark.parametrize("a", [np.zeros((3, 3)), np.ones((3, 3)), np.diag([1.0, 0, 2]), np.triu(np.ones((3, 3)), 1)])
def test_singular_matrices_are_what_numpy_says(a: Any) -> None:
    for text in ("A: (n, n)\nC = sum(inv(A)**2)", "A: (n, n)\nb: (n,)\nC = sum(solve(A, b)**2)", "A: (n, n)\nC = logdet(A)"):
        native, numpy = (told(kernel, {"A": a, "b": np.ones(3)} if "b" in text else {"A": a}) for kernel in kernels(text))
        assert native == numpy
    same(kernels("A: (n, n)\nC = det(A)"), {"A": a})


def test_what_is_not_finite_and_nothing_at_all() -> None:
    pair = kernels("A: (n, n)\nC = det(A)**2")
    same(pair, {"A": np.empty((0, 0))})
    for bad in (np.nan, np.inf):
        with np.errstate(all="ignore"):
            native, numpy = (told(kernel, {"A": np.diag([1.0, bad]) + 0.1}) for kernel in pair)
        assert native == numpy


def test_determinants_beyond_the_range_of_floats_on_the_way() -> None:
    pair = kernels("A: (n, n)\nC = det(A)")
    a = np.diag([1e200, 1e200, 1e-200, -1e-200])
    a[0, 1] = a[1, 0] = 1e199
    got = flat(pair[0].with_options(accuracy="fast")(A=a))[0]
    assert got == pytest.approx(-0.99, rel=1e-11)


@pytest.mark.parametrize("name", ["gaussian-process", "gaussian-log-density"])
def test_ready_models(name: str) -> None:
    model = read_model(name)
    same(kernels(model.text), {k: np.asarray(v, float) for k, v in model.at.items()})


ORDERS = """
x: (n,)
B: (m, n)
v: (k,)
p: (3,)
Q: (m, 3)
s1 = sum(sort(x)*x**2) + sum(sort(B, axis=0)**3) + sum(sort(B)[:, 0])
s2 = sum(cummax(x)**2) + sum(cummin(B, axis=0)**3) + median(x) + sum(convolve(x, v)**2)
C = s1 + s2*sum(cross(p, Q[0])**2) + sum(cross(Q, 2*Q + 1)*Q)
"""


def test_orders_and_shifted_products() -> None:
    pair = kernels(ORDERS)
    for n, m, k in itertools.product((1, 2, 7, 33), (1, 4), (1, 3)):
        shapes = {"x": (n,), "B": (m, n), "v": (k,), "p": (3,), "Q": (m, 3)}
        same(pair, {name: RNG.normal(size=s) for name, s in shapes.items()})
    ties = {"x": np.array([1.0, 0, 1, 0, -0.0, 1]), "B": np.zeros((2, 6)), "v": np.ones(2), "p": np.ones(3), "Q": np.ones((2, 3))}
    same(pair, ties)


def test_what_is_no_number_is_sorted_as_numpy_does() -> None:
    got, want = (flat(kernel(x=np.array([2.0, np.nan, 1.0])))[0] for kernel in kernels("x: (n,)\nC = sum(sort(x)[:2])"))
    assert got == want == 3
