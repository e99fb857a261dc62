"""The gradient of a determinant is the matrix of cofactors, also where the matrix has no inverse; where none exists, the block is named."""

from __future__ import annotations

import numpy as np
import pytest

import symchain
from symchain.errors import ArgumentError
from symchain.kernels.matrices import cofactors

RANDOM = np.random.default_rng(3)
RANK_ONE = np.outer([1.0, 2.0, -1.0], [0.5, 1.0, 3.0])
MATRICES = {
    "ones": np.ones((2, 2)),
    "regular": RANDOM.normal(size=(4, 4)),
    "zero": np.zeros((3, 3)),
    "rank one": RANK_ONE,
    "rank two": RANK_ONE + np.outer([1.0, 0.0, 2.0], [0.0, 1.0, -1.0]),
    "nearly singular": np.array([[0.1, 0.2], [0.2, 0.4 + 1e-15]]),
    "one entry": np.array([[0.0]]),
}


def by_minors(a: np.ndarray) -> np.ndarray:
    """Cofactors by their definition."""
    found = np.empty(a.shape)
    for i, j in np.ndindex(a.shape):
        minor = np.delete(np.delete(a, i, 0), j, 1)
        found[i, j] = (-1) ** (i + j) * (np.linalg.det(minor) if minor.size else 1.0)
    return found


@pytest.mark.parametrize("which", MATRICES)
def test_the_gradient_of_a_determinant_is_the_matrix_of_cofactors(which: str) -> None:
    a = MATRICES[which]
    want, det = by_minors(a), np.linalg.det(a)
    scale = 1e-12 * max(1.0, float(np.abs(a).max()) ** (len(a) - 1))
    np.testing.assert_allclose(cofactors(a), want, atol=scale)
    for text, factor in (
        ("y = det(A)", 1.0),
        ("d = det(A); y = 3*d + 1", 3.0),
        ("y = det(A)**2", 2 * det),
        ("y = det(A)**3 + 2*det(A)", 3 * det**2 + 2),
        ("y = exp(det(A))", np.exp(det)),
        ("d = det(A); e = 2*d; y = 3*e*d", 12 * det),
    ):
        value, gradient = symchain.parse(text, shapes={"A": ("n", "n")}).compile("y", wrt=["A"])(A=a)
        assert np.isfinite(value)
        np.testing.assert_allclose(gradient["A"], factor * want, atol=max(1.0, abs(factor)) * scale, err_msg=text)


def test_a_stack_of_matrices_may_hold_singular_ones() -> None:
    stack = np.stack([np.ones((2, 2)), np.eye(2), np.array([[0.0, 1.0], [2.0, 3.0]])])
    _, gradient = symchain.parse("A: (k, n, n)\ny = sum(det(A))").compile(wrt=["A"])(A=stack)
    np.testing.assert_allclose(gradient["A"], np.stack([by_minors(a) for a in stack]), atol=1e-14)


@pytest.mark.parametrize("text", ["B = inv(A)\ny = sum(B)", "b: (n,)\nB = solve(A, b)\ny = sum(B)"])
def test_where_there_is_no_inverse_the_block_is_named(text: str) -> None:
    kernel = symchain.parse("A: (n, n)\n" + text).compile("y")
    with pytest.raises(ArgumentError, match="Singular matrix in B") as caught:
        kernel(**{"A": np.ones((2, 2)), **({"b": np.ones(2)} if "b:" in text else {})})
    assert "inverted" in caught.value.advice
