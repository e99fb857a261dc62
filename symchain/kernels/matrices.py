"""What generated code calls for arrays where NumPy has no function of its own: placing and counting, factors and functions of matrices."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from symchain.kernels.spectra import SPECTRA

Array = Any

_WELL_CONDITIONED = 1e3
"""Inverses of matrices whose condition number is at most this lose three digits at most."""


def place(y: Array, items: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    """Zeros with y at some elements. A slice that stops before 0 takes in the first element."""
    out = np.zeros(shape, np.result_type(y))
    out[tuple(slice(i.start, None if i.stop < 0 else i.stop, i.step) if isinstance(i, slice) else i for i in items)] = y
    return out


def embed(value: Array, pattern: tuple[int, ...], shape: tuple[int, ...], dt: Any) -> Array:
    """zeros(shape) with the value on the diagonal of the axes that carry the same number in `pattern`."""
    result = np.zeros(shape, dt)
    np.einsum(result, list(pattern), list(dict.fromkeys(pattern)))[...] = value
    return result


def gram(x: Array, w: Array) -> Array:
    """x.T @ (w[:, None]*x). Without negative weights it is a square, of which BLAS computes half."""
    if (w >= 0).all():
        half = np.sqrt(w)[:, None] * x
        return half.T @ half
    return x.T @ (w[:, None] * x)


def scatter(y: Array, labels: Array, n: int) -> Array:
    """Sums by bin number, row and place in the row together; a label out of range raises ValueError."""
    width = prod(y.shape[1:])
    bins = np.add.outer(np.asarray(labels, int) * width, np.arange(width)).ravel()
    return np.bincount(bins, y.ravel(), n * width).reshape((n, *y.shape[1:])).astype(y.dtype)


def onehot(labels: Array, k: int) -> Array:
    """1 at the label, else 0, along a new last axis of size k."""
    return np.where(np.arange(k) == np.asarray(labels, int)[..., None], 1.0, 0.0)


def unit(x: Array, r: Array, axes: tuple[int, ...]) -> Array:
    """x over its norm r along the axes."""
    return x / np.expand_dims(r, axes)


def take_sorted(y: Array, x: Array, axis: int) -> Array:
    """y in the order that sorts the keys x; y may have more leading axes."""
    return _taken(y, np.argsort(x, axis=axis, kind="stable"), axis)


def take_ranked(y: Array, x: Array, axis: int) -> Array:
    """y with each entry at the rank of its key."""
    return _taken(y, np.argsort(np.argsort(x, axis=axis, kind="stable"), axis=axis), axis)


def _taken(y: Array, order: Array, axis: int) -> Array:
    return np.take_along_axis(y, np.broadcast_to(order, y.shape), y.ndim - order.ndim + axis)


def cummax(x: Array, axis: int) -> Array:
    return np.maximum.accumulate(x, axis=axis)


def cummin(x: Array, axis: int) -> Array:
    return np.minimum.accumulate(x, axis=axis)


def convolution(a: Array, v: Array) -> Array:
    """y[i + j] = the sum of a[i]*v[j] along the last axis; v has one axis, or the leading axes of a."""
    if a.ndim == v.ndim == 1 and a.size and v.size:
        return np.convolve(a, v)
    total = np.zeros((*a.shape[:-1], a.shape[-1] + v.shape[-1] - 1), np.result_type(a, v))
    for j in range(v.shape[-1]):
        total[..., j : j + a.shape[-1]] += a * v[..., j : j + 1]
    return total


def logdet(a: Array) -> Array:
    """log|det a|."""
    return np.linalg.slogdet(a)[1]


def cofactors(a: Array) -> Array:
    """det(a)*inv(a).T of each matrix of a stack: by singular values where a is singular, or nearly so.

    Of a = U diag(s) V the cofactors are det(U)*det(V) U diag(p) V, where p holds for each s the product of the others.
    """
    try:
        inverse = np.linalg.inv(a)
        sizes = np.linalg.norm(a, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
        if np.all(sizes < _WELL_CONDITIONED):
            return np.linalg.det(a)[..., None, None] * np.swapaxes(inverse, -1, -2)
    except np.linalg.LinAlgError:
        pass
    u, s, v = np.linalg.svd(a)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(v)
    return sign[..., None, None] * ((u * others[..., None, :]) @ v)


def cholesky(a: Array) -> Array:
    """The factor of the symmetric part."""
    return np.linalg.cholesky((a + np.swapaxes(a, -1, -2)) / 2)


def expm(a: Array) -> Array:
    from scipy import linalg  # what needs none of its functions starts without it

    return linalg.expm(a)


def sinm(a: Array) -> Array:
    from scipy import linalg

    return linalg.sinm(a)


def cosm(a: Array) -> Array:
    from scipy import linalg

    return linalg.cosm(a)


def _frechet(a: Array, e: Array, function: Callable[[Array], Array]) -> Array:
    """f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]] (Higham 2008, Functions of Matrices, eq. 3.16)."""
    n, blocks = len(a), np.broadcast_to(a, e.shape)
    return function(np.block([[blocks, e], [np.zeros_like(e), blocks]]))[..., :n, n:]


def expm_frechet(a: Array, e: Array) -> Array:
    """The derivative of expm at a in the direction e, or in each of a stack of them."""
    return _frechet(a, e, expm)


def sinm_frechet(a: Array, e: Array) -> Array:
    """That of sinm, through expm: SciPy's sinm and cosm know no stacks of matrices."""
    return _frechet(a, e, lambda m: np.imag(expm(1j * m)))


def cosm_frechet(a: Array, e: Array) -> Array:
    """That of cosm."""
    return _frechet(a, e, lambda m: np.real(expm(1j * m)))


MATRICES: dict[str, Callable[..., Array]] = SPECTRA | {
    f.__name__: f
    for f in (
        *(embed, gram, place, scatter, onehot, unit, logdet, cofactors, cholesky),
        *(take_sorted, take_ranked, cummax, cummin, convolution),
        *(expm, sinm, cosm, expm_frechet, sinm_frechet, cosm_frechet),
    )
}
"""What generated code may call, by name."""
