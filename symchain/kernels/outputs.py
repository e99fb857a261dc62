"""Results in arrays that the caller keeps: `out` is checked whole before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError
from symchain.support.dimensions import show


def writing_to(call: Callable[..., Any], out: Any) -> Callable[..., Any]:
    """The call with its results copied to arrays that the caller keeps."""
    checked: tuple[int, ...] = ()

    def copied(*values: Any) -> Any:
        nonlocal checked
        pairs = _paired(call(*values), out, "out")
        arrays = tuple(id(o) for _, o, _ in pairs)
        if arrays != checked:  # mostly the same are written to at every call
            _check_apart([o for _, o, _ in pairs])
            checked = arrays
        for result, array, _ in pairs:
            array[...] = result
        return out

    return copied


def _check_apart(arrays: Sequence[Any]) -> None:
    """Raises ArgumentError where two arrays share memory: what is written to one would be lost in the other."""
    crossed: list[tuple[int, Any]] = []
    for low, high, k in sorted((*bounds(a), k) for k, a in enumerate(arrays) if a.size):
        crossed = [(end, other) for end, other in crossed if end > low]
        if any(np.shares_memory(arrays[k], other) for _, other in crossed):
            raise ArgumentError("out holds one array in two places", advice="Use arrays that share no memory with each other.")
        crossed.append((high, arrays[k]))


def bounds(array: Any) -> tuple[int, int]:
    """Where an array begins and ends in memory."""
    first = array.__array_interface__["data"][0]
    reaches = [(n - 1) * step for n, step in zip(array.shape, array.strides, strict=True)]
    return first + sum(min(r, 0) for r in reaches), first + sum(max(r, 0) for r in reaches) + array.itemsize


_OUT_ADVICE = "Use arrays in the tuple and dict that a call returns."


def _paired(result: Any, out: Any, place: str) -> list[tuple[Any, Any, str]]:
    """Each result with the array it is to be written to. Raises before anything is written, where any of them cannot hold its result."""
    if isinstance(result, tuple) and isinstance(out, (tuple, list)) and len(out) == len(result):
        return [pair for k, (r, o) in enumerate(zip(result, out, strict=True)) for pair in _paired(r, o, f"{place}[{k}]")]
    if isinstance(result, dict) and isinstance(out, Mapping) and set(out) == set(result):
        return [pair for key, r in result.items() for pair in _paired(r, out[key], f"{place}[{key!r}]")]
    if isinstance(result, (tuple, dict)) or not isinstance(out, np.ndarray):
        raise ArgumentError(f"{place} does not have the form of the result", advice=_OUT_ADVICE)
    kind = np.result_type(result)
    if np.shape(result) != out.shape:
        what = f"{place} has shape {show(out.shape)}, the result has shape {show(np.shape(result))}"
        raise ShapeError(what, advice="Give an array of the result's shape.")
    if out.dtype.kind not in "fcO" or not np.can_cast(kind, out.dtype, "same_kind"):
        what = f"{place} holds {out.dtype} numbers, which cannot keep results of type {kind}"
        raise ArgumentError(what, advice=f"Give an array of type {kind}.")
    if not out.flags.writeable:
        raise ArgumentError(f"{place} cannot be written to", advice="Give an array that is not read-only.")
    return [(result, out, place)]


__all__ = ["bounds", "writing_to"]
