"""NumPy and SciPy: what their functions and the methods of arrays are here, where the language has no function of that name."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from symchain.errors import UnsupportedError
from symchain.language.forms import find_form
from symchain.tracing.recording import Recording, words
from symchain.tracing.records import Tables, formed, read_records
from symchain.tracing.structure import (
    COMMON,
    at_least,
    chain,
    clipped,
    dims_of,
    filled_of,
    filled_with,
    gathered,
    moved,
    outer,
    permuted,
    reduction,
    reshape,
    same,
    shape_of,
    split,
    spread,
    tensordot,
    traced,
    with_axis,
)

RECORDS = read_records("""
heaviside(x, h0=0) = heaviside(x)
heaviside(x, h0) = where(x == 0, h0, heaviside(x))
huber(delta, r) = huber(r, delta)
pseudo_huber(delta, r) = pseudo_huber(r, delta)
average(a, axis=None, weights=None, keepdims=False) = mean(a, axis=axis, keepdims=keepdims)
average(a, axis=None, weights=None, keepdims=False) = sum(a*weights, axis=axis, keepdims=keepdims)/sum(weights)
nansum(a, axis=None, keepdims=False) = sum(a, axis=axis, keepdims=keepdims)
rad2deg|degrees(x) = x*180/pi
deg2rad|radians(x) = x*pi/180
conjugate|conj|real(x) = x
ldexp(x1, x2) = x1*2**x2
logsumexp(a, axis=None, b=None, keepdims=False) = logsumexp(a, axis=axis, keepdims=keepdims)
matvec(x1, x2) = x1 @ x2
vector_norm(x, axis=None, keepdims=False, ord=2) = norm(x, axis=axis, keepdims=keepdims)
std|var(a, axis=None, ddof=0, keepdims=False, correction=0) = NAME(a, axis=axis, keepdims=keepdims)
std|var(a, axis=None, ddof=0, keepdims=False, correction=0) = NAME(a, axis=axis, ddof=ddof, keepdims=keepdims)
std|var(a, axis=None, ddof=0, keepdims=False, correction=0) = NAME(a, axis=axis, ddof=correction, keepdims=keepdims)
square(x) = x**2
""")


def _result(names: str, form: str) -> Any:
    """What has several results, by name too: np.linalg.eigh(A).eigenvalues."""
    kind = namedtuple(form, names)  # type: ignore[misc]

    def build(recording: Recording, *arguments: Any, **keywords: Any) -> Any:
        known = find_form(form)
        assert known is not None
        return kind(*formed(recording, known, arguments, keywords))

    return build


def _einsum(recording: Recording, subscripts: str, *operands: Any, optimize: Any = None) -> Any:
    known = find_form("einsum")
    assert known is not None
    if "." in subscripts:
        raise UnsupportedError("einsum with an ellipsis", advice="Name every axis: 'bij,bjk->bik'.")
    return formed(recording, known, (subscripts.replace(" ", ""), *operands), {})


def _full(recording: Recording, shape: Any, fill_value: Any) -> Any:
    return filled_with(recording, fill_value, dims_of((shape,)))


def _full_like(recording: Recording, x: Any, fill_value: Any) -> Any:
    return filled_with(recording, fill_value, traced(recording, x).dims)


def _squeeze(recording: Recording, x: Any, axis: Any = None) -> Any:
    own = traced(recording, x)
    axes = [k for k, d in enumerate(own.dims) if d == 1] if axis is None else [axis] if isinstance(axis, int) else list(axis)
    gone = {k % own.ndim for k in axes if own.dims[k] == 1} if own.ndim else set()
    if len(gone) < len(axes):
        return formed(recording, find_form("squeeze"), (own, axis), {})  # type: ignore[arg-type]
    return COMMON["getitem"](recording, own, tuple(0 if k in gone else slice(None) for k in range(own.ndim))) if gone else own


def _dot(recording: Recording, a: Any, b: Any) -> Any:
    left, right = traced(recording, a), traced(recording, b)
    if not left.ndim or not right.ndim:
        return left * right
    if right.ndim == 1 or max(left.ndim, right.ndim) <= 2:
        return COMMON["matmul"](recording, left, right)
    return tensordot(recording, left, right, ([left.ndim - 1], [right.ndim - 2]))


def _round(recording: Recording, x: Any, decimals: int = 0) -> Any:
    if decimals:
        raise UnsupportedError(f"round to {decimals} decimals", advice="Round 10**d*x and divide.")
    return recording.array_library.call(recording, "rint", (x,), {})


def _linspace_like(recording: Recording, *arguments: Any) -> Any:
    raise UnsupportedError("an array of equal steps between unknown ends", advice="Write a + (b - a)*np.linspace(0, 1, n).")


_REDUCED = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logaddexp": "logsumexp"}
_RUNNING = {"add": "cumsum", "multiply": "cumprod", "maximum": "cummax", "minimum": "cummin"}

BUILDERS = {
    **COMMON,
    "clip": clipped,
    "reshape": reshape,
    "transpose": permuted,
    "permute_dims": permuted,
    "expand_dims": with_axis,
    "broadcast_to": lambda recording, x, shape: spread(recording, x, shape),
    "squeeze": _squeeze,
    "dot": _dot,
    "tensordot": tensordot,
    "einsum": _einsum,
    "multi_dot": chain,
    "full": _full,
    "full_like": _full_like,
    "zeros": filled_of(0),
    "ones": filled_of(1),
    "empty": filled_of(0),
    "split": split,
    "array_split": split,
    "stack": gathered("stack"),
    "concatenate": gathered("concatenate"),
    "concat": gathered("concatenate"),
    "append": lambda recording, arr, values, axis=None: gathered("concatenate")(recording, [arr, values], axis),
    "column_stack": lambda recording, arrays: _columns(recording, arrays),
    "atleast_1d": at_least(1),
    "atleast_2d": at_least(2),
    "asarray": same,
    "array": same,
    "astype": same,
    "ascontiguousarray": same,
    "real_if_close": same,
    "shape": shape_of,
    "ndim": lambda recording, x: traced(recording, x).ndim,
    "size": lambda recording, x: traced(recording, x).size,
    "moveaxis": moved,
    "linspace": _linspace_like,
    "round": _round,
    "around": _round,
    "fill": lambda recording, x, value: x.__setitem__(..., value),
    "slogdet": _result("sign logabsdet", "slogdet"),
    "eigh": _result("eigenvalues eigenvectors", "eigh"),
    "svd": _result("U S Vh", "svd"),
    **{f"{word}.reduce": reduction(form) for word, form in _REDUCED.items()},
    **{f"{word}.accumulate": reduction(form) for word, form in _RUNNING.items()},
    **{f"{word}.outer": outer(word) for word in words("add subtract multiply divide maximum minimum hypot power")},
}


def _columns(recording: Recording, arrays: Any) -> Any:
    parts = [traced(recording, a) for a in arrays]
    return gathered("concatenate")(recording, [with_axis(recording, p, 1) if p.ndim == 1 else p for p in parts], 1)


NUMPY = Tables("numpy", RECORDS, BUILDERS, dtype=np.dtype(float))
