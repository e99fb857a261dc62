"""Hessians and Jacobians as sparse matrices and operators: the numbers of the dense ones, from their diagonals where there are some."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

import symchain
from symchain.errors import ArgumentError, UnsupportedError
from symchain.kernels.kernel import Kernel

X = np.array([0.3, -1.2, 0.8, 1.7, -0.4])
ROSENBROCK = "x: (n,)\nC = sum(100*(x[1:] - x[:n-1]**2)**2 + (1 - x[:n-1])**2)"
LOGISTIC = "A: (m, n)\nx: (n,)\nC = sum(log(1 + exp(A @ x)))"
SEPARATE = "x: (n,)\ny: (n,)\nC = sum(exp(x*y) + x**4)"
POINTS: dict[str, dict[str, Any]] = {
    ROSENBROCK: {"x": X},
    LOGISTIC: {"x": X, "A": np.random.default_rng(0).normal(size=(7, 5))},
    SEPARATE: {"x": X, "y": X[::-1] / 2},
}
STORED = {ROSENBROCK: 13, LOGISTIC: 25, SEPARATE: 5}
"""How many entries are held."""


def both(kernel: Kernel, at: dict[str, Any]) -> tuple[Any, Any, Any]:
    return kernel(**at), kernel.with_options(form="sparse")(**at), kernel.with_options(form="operator")(**at)


@pytest.mark.parametrize("text", POINTS)
def test_hessians_alone(text: str) -> None:
    dense, found, operator = both(symchain.parse(text).hessian("C", "x").compile(target="numpy"), POINTS[text])
    assert type(dense) is np.ndarray and sparse.issparse(found) and isinstance(operator, LinearOperator)
    assert found.nnz == STORED[text] and found.has_canonical_format
    np.testing.assert_allclose(found.toarray(), dense, rtol=1e-14)
    np.testing.assert_allclose(operator @ X, dense @ X, rtol=1e-12)


def test_hessians_beside_value_and_gradient() -> None:
    kernel = symchain.parse(SEPARATE).compile("C", wrt=["x", "y"], order=2, target="numpy")
    value, gradient, hessian = kernel(**POINTS[SEPARATE])
    one, slopes, found = kernel.with_options(form="sparse")(**POINTS[SEPARATE])
    assert one == value and list(slopes) == list(gradient) and list(found) == list(hessian)
    for name in gradient:
        np.testing.assert_array_equal(slopes[name], gradient[name])
    for key in hessian:
        assert found[key].nnz == 5
        np.testing.assert_allclose(found[key].toarray(), hessian[key], rtol=1e-14)


def test_jacobians_but_not_gradients_by_matrices() -> None:
    text = "u: (n,)\nb: ()\nf = u[2:] - 2*u[1:n-1] + u[:n-2] + exp(b*u[1:n-1])"
    kernel = symchain.parse(text).compile("f", wrt=["u", "b"], target="numpy")
    _, dense = kernel(u=X, b=0.5)
    _, found = kernel.with_options(form="sparse")(u=X, b=0.5)
    np.testing.assert_allclose(found["u"].toarray(), dense["u"], rtol=1e-14)
    assert found["u"].nnz == 9 and type(found["b"]) is np.ndarray
    norm = symchain.parse("W: (n, n)\nC = sum(W**3)").compile("C", wrt=["W"])
    with pytest.raises(UnsupportedError, match="no matrix of second derivatives"):
        norm.with_options(form="sparse")(W=np.eye(2))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_small_sizes(n: int) -> None:
    kernel = symchain.parse(ROSENBROCK).hessian("C", "x").compile(target="numpy")
    found = kernel.with_options(form="sparse")
    for size in (n, 5, n):
        np.testing.assert_allclose(found(x=X[:size]).toarray(), kernel(x=X[:size]), rtol=1e-14)


def test_what_is_returned_is_the_callers_own() -> None:
    kernel = symchain.parse(ROSENBROCK).hessian("C", "x").compile(target="numpy").with_options(form="sparse")
    first = kernel(x=X)
    wanted = first.toarray()
    first.data[:] = 0.0
    first.eliminate_zeros()
    first.indices[:] = 0
    np.testing.assert_array_equal(kernel(x=X).toarray(), wanted)


def test_forms_go_with_other_options() -> None:
    kernel = symchain.parse(ROSENBROCK).hessian("C", "x").compile(target="numpy")
    found = pickle.loads(pickle.dumps(kernel.with_options(form="sparse", accuracy="fast")))
    assert sparse.issparse(found(x=X)) and type(found.with_options(form="dense")(x=X)) is np.ndarray
    with pytest.raises(ArgumentError, match="form"):
        kernel.with_options(form="banded")(x=X)
    with pytest.raises(ArgumentError, match="not written to arrays"):
        kernel.with_options(form="sparse", out=np.zeros((5, 5)))(x=X)
