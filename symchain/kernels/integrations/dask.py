"""Kernels on Dask: chunks of dask arrays on workers, sums added as a tree, results sample by sample as dask arrays.

What travels is the plan as JSON, once; each worker makes its code of it once. Tasks are pure, so that one that is lost is done again and
none is counted twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError, SymchainError
from symchain.kernels.integrations.chunks import Given
from symchain.kernels.integrations.parts import Total
from symchain.kernels.kernel import Kernel, Plan
from symchain.kernels.native.backend import native_backend
from symchain.kernels.numpy import NumPyBackend
from symchain.kernels.partners import needed
from symchain.support.dimensions import evaluate

_TOGETHER = 8
"""So many sums are added by one task of the tree."""


@lru_cache(maxsize=32)
def _arrived(text: str, options: str) -> Kernel:
    """The kernel of a plan, as machine code where this worker can make it."""
    plan = Plan.from_json(json.loads(text))
    try:
        backend: NumPyBackend = native_backend(plan)
    except SymchainError:
        backend = NumPyBackend()
    return Kernel(plan, backend, json.loads(options))


def _chunk(text: str, options: str, summed: int, sizes: Sequence[int], names: Sequence[str], at: Mapping[str, Any], *pieces: Any) -> Any:
    """On a worker: the sums over a chunk with what they lose, and its results sample by sample."""
    kernel = _arrived(text, options)
    given = {**at, **dict(zip(names, pieces, strict=True))}
    value, others = kernel.positional(*(given[n] for n in kernel.names[:-1]), np.empty((0, *sizes)))
    results = [value, *others.values()]
    sums = [np.asarray(r, float) for r in results[:summed]]
    return (sums, [np.zeros_like(s) for s in sums]), results[summed:]


def _added(*several: tuple[Sequence[Any], Sequence[Any]]) -> tuple[Sequence[Any], Sequence[Any]]:
    total = Total()
    for sums, lost in several:
        total.add(sums, lost)
    return total.sums, total.lost


class OnDask:
    """A kernel over dask arrays, on the workers of a client; `symchain.kernels.partners` says the rest."""

    def __init__(self, kernel: Kernel, client: Any = None) -> None:
        self.kernel, self.client = kernel, client

    def over(self, arrays: Mapping[str, Any], at: Mapping[str, Any] | None = None) -> Any:
        """The results over all samples, in the form of a call; those sample by sample are dask arrays, not computed yet.

        Samples are along the first axis, in chunks of the same lengths in each array. Raises as `kernel.over`.
        """
        da, delayed = needed("dask.array"), needed("dask").delayed
        given = Given(self.kernel, list(arrays), at or {})
        for name, a in arrays.items():
            if not isinstance(a, da.Array):
                raise ArgumentError(f"{name} is no dask array", advice="Write dask.array.from_array(...), or use kernel.over.")
        arrays = {n: a.rechunk({k: -1 for k in range(1, a.ndim)}) for n, a in arrays.items()}
        lengths = {a.chunks[0] for a in arrays.values()}
        if len(lengths) != 1 or any(np.isnan(n) for n in next(iter(lengths))):
            raise ShapeError("the dask arrays have no chunks of the same known lengths", advice="Rechunk them alike along axis 0.")
        (rows,) = lengths
        parts, count = given.parts, sum(rows)
        like = {n: np.empty((0, *a.shape[1:]), a.dtype) for n, a in arrays.items()}
        known = parts.counted(given.values(like), count)
        parts.first._check_sendable()
        text = delayed(json.dumps(parts.first.plan.to_json()), name=None, pure=True)
        summed, options = len(parts.split.summed), json.dumps(parts.first.options)
        send = delayed(_chunk, pure=True, nout=2)
        blocks = {n: a.to_delayed().reshape(len(rows), -1)[:, 0] for n, a in arrays.items()}
        fixed = delayed(dict(given.at), pure=True)
        done = [send(text, options, summed, known, list(arrays), fixed, *(b[k] for b in blocks.values())) for k in range(len(rows))]
        level = [sums for sums, _ in done]
        while len(level) > 1:
            level = [delayed(_added, pure=True)(*level[k : k + _TOGETHER]) for k in range(0, len(level), _TOGETHER)]
        totals: list[Any] = []
        if summed:
            sums, lost = self.client.compute(level[0]).result() if self.client is not None else level[0].compute()
            totals = Total(sums, lost).values
        letters = dict(zip(self.kernel.plan.letters, known, strict=True))
        found = []
        for number, o in enumerate(parts.split.rows):
            axis = o.shape.index(parts.split.letter)
            shape = [evaluate(d, letters) for d in o.shape]
            pieces = []
            for n, (_, results) in zip(rows, done, strict=True):
                shape[axis] = n
                pieces.append(da.from_delayed(results[number], tuple(shape), float))
            found.append(da.concatenate(pieces, axis))
        made = parts.finish(given.values(dict.fromkeys(given.names)), totals, known)
        return parts.formed(made, found)


__all__ = ["OnDask"]
