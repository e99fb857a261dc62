"""What generated code calls for eigenvalues, singular values and the functions of a matrix that are made of them; over real arrays.

Every vector has its entry of largest size positive, so that it is a function of the matrix.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any

_ROUNDING = 1e-10
"""Imaginary parts that are smaller, relative to the value, are errors of rounding."""


def transposed(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


def told(v: Array, others: Array | None = None) -> tuple[Array, Array]:
    """Columns with their entry of largest size positive, and other columns with the same signs."""
    if not v.size:
        return v, others
    largest = np.take_along_axis(v, np.argmax(np.abs(v), axis=-2)[..., None, :], -2)
    sign = np.where(largest < 0, -1, 1).astype(v.dtype)
    return v * sign, None if others is None else others * sign


def eigen(a: Array) -> tuple[Array, Array]:
    """Eigenvalues in order and eigenvectors of the symmetric part."""
    w, v = np.linalg.eigh((a + transposed(a)) / 2)
    return w, told(v)[0]


def singular(a: Array) -> tuple[Array, Array, Array]:
    """U, s and V, thin."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    u, v = told(u, transposed(vh))
    return u, s, v


def eigvalsh(a: Array) -> Array:
    """Those of the symmetric part."""
    return np.linalg.eigvalsh((a + transposed(a)) / 2)


def eigenvectors(a: Array) -> Array:
    return eigen(a)[1]


def svdvals(a: Array) -> Array:
    return np.linalg.svd(a, compute_uv=False)


def left_singular_vectors(a: Array) -> Array:
    return singular(a)[0]


def right_singular_vectors(a: Array) -> Array:
    """The rows of V.T."""
    return transposed(singular(a)[2])


def nuclear_norm(a: Array) -> Array:
    return np.sum(svdvals(a), axis=-1)


def spectral_norm(a: Array) -> Array:
    return svdvals(a)[..., 0]


def orthogonal_factor(a: Array) -> Array:
    """U V.T."""
    u, _, v = singular(a)
    return u @ transposed(v)


def each_matrix(a: Array, function: Callable[[Array], Array]) -> Array:
    """A function of each matrix of a stack, by SciPy, which takes one; real, or there is no value."""
    if not a.size:
        return a
    rows = [np.asarray(function(m.astype(float))) for m in np.reshape(a, (-1, *a.shape[-2:]))]
    if any(np.iscomplexobj(r) or not np.all(np.isfinite(r)) for r in rows):
        raise np.linalg.LinAlgError("the matrix function has no real value there")
    return np.reshape(rows, a.shape).astype(a.dtype)


def sqrtm(a: Array) -> Array:
    """The principal square root."""
    from scipy import linalg

    return each_matrix(a, lambda m: _of_symmetric(m, np.sqrt) if _is_symmetric(m) else linalg.sqrtm(m))


def logm(a: Array) -> Array:
    """The principal logarithm."""
    return each_matrix(a, lambda m: _of_symmetric(m, np.log) if _is_symmetric(m) else _logarithm(m))


def _is_symmetric(m: Array) -> bool:
    return bool(np.array_equal(m, m.T))


def _of_symmetric(m: Array, f: Callable[[Array], Array]) -> Array:
    """V f(w) V.T, of eigenvalues w and vectors V; where one is below zero there is no real value."""
    w, v = np.linalg.eigh(m)
    if np.any(w < 0):
        raise np.linalg.LinAlgError("the matrix function has no real value there")
    value = (v * f(w)) @ v.T
    return (value + value.T) / 2


def _logarithm(m: Array) -> Array:
    """SciPy warns of rounding errors, and calls numbers complex whose imaginary parts are such."""
    from scipy import linalg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        value = linalg.logm(m)
    if np.iscomplexobj(value) and np.max(np.abs(value.imag)) <= _ROUNDING * np.max(np.abs(value)):
        return value.real
    return value


def logm_frechet(a: Array, e: Array) -> Array:
    """V (F o (V.T E V)) V.T of a symmetric matrix, F the divided differences of the logarithm at its eigenvalues (Daleckii, Krein 1965).

    Of others log([[A, E], [0, A]]) = [[log A, L(A, E)], [0, log A]] (Higham 2008, eq. 3.16), with E scaled to the size of A.
    """
    if a.size and _is_symmetric(a):
        w, v = np.linalg.eigh(a)
        if np.any(w <= 0):
            raise np.linalg.LinAlgError("the matrix function has no real value there")
        gaps = w[:, None] - w
        near = gaps == 0
        differences = np.where(near, 1 / w, np.log1p(gaps / w) / np.where(near, 1, gaps))
        return v @ (differences * (v.T @ e @ v)) @ v.T
    n, blocks = a.shape[-1], np.broadcast_to(a, e.shape)
    size = np.max(np.abs(e), axis=(-2, -1), keepdims=True, initial=0) / (np.max(np.abs(a), initial=0) or 1)
    size = np.where(size == 0, 1, size).astype(e.dtype)
    return size * logm(np.block([[blocks, e / size], [np.zeros_like(e), blocks]]))[..., :n, n:]


def sylvester(a: Array, b: Array, q: Array) -> Array:
    """X with a @ X + X @ b = q, as one linear system over the entries of X, row after row."""
    m, n = len(a), len(b)
    system = np.kron(a, np.eye(n, dtype=b.dtype)) + np.kron(np.eye(m, dtype=a.dtype), b.T)
    return np.linalg.solve(system, np.reshape(q, (*q.shape[:-2], m * n, 1))).reshape(q.shape)


SPECTRA: dict[str, Callable[..., Array]] = {
    f.__name__: f
    for f in (
        *(eigvalsh, eigenvectors, svdvals, left_singular_vectors, right_singular_vectors, nuclear_norm, spectral_norm),
        orthogonal_factor,
        *(sqrtm, logm, logm_frechet, sylvester),
    )
}
"""What generated code may call, by name."""
