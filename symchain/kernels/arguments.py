"""What a kernel accepts as arguments: numbers and arrays, checked against the declared shapes, converted once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import zip_longest
from numbers import Number
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError
from symchain.kernels.kernel import Input, Plan
from symchain.support.dimensions import Dim, Shape, evaluate, letters, show

_KINDS = {"c": "complex numbers", "U": "text", "S": "text", "O": "objects", "M": "dates", "m": "durations"}
_DOORS = {
    "torch": ("PyTorch", "Use kernel.as_torch(), which PyTorch differentiates; or give a tensor on the CPU, detached."),
    "jax": ("JAX", "Use kernel.as_jax(), which goes through jit, vmap and grad."),
    "jaxlib": ("JAX", "Use kernel.as_jax(), which goes through jit, vmap and grad."),
}
"""Whose values are refused while they are traced, and where they are taken."""
_AXES = 32
"""NumPy broadcasts arrays of no more axes together."""
DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)


def admit(plan: Plan, values: Sequence[Any]) -> tuple[list[Any], np.dtype[Any]]:
    """The values as arrays or NumPy floats of one precision each, and the precision of what is computed from them alone.

    float32 stays float32 where all floating arguments are; Python's numbers take the precision of the others, as in NumPy.
    Raises ArgumentError for what is not real numbers.
    """
    if len(values) > len(plan.inputs):
        raise ArgumentError(
            f"{len(values)} values are given for {len(plan.inputs)} inputs", advice="Give one value for each of kernel.names."
        )
    if len(values) < len(plan.inputs) or any(v is None for v in values):
        missing = [i.name for i, v in zip_longest(plan.inputs, values) if v is None]
        raise ArgumentError(f"no value is given for {', '.join(missing[:12])}", advice="Give one value for each of kernel.names.")
    converted = []
    precision = None
    weak = []
    for k, (value, declared) in enumerate(zip(values, plan.inputs, strict=True)):
        kind = type(value)
        if kind is np.ndarray and not declared.integer and (value.dtype is DOUBLE or value.dtype is SINGLE):
            array = value if value.ndim else value[()]
        elif kind is float and not declared.integer:
            weak.append(k)
            converted.append(value)
            continue
        else:
            array = real_numbers(value, declared)
            if kind is int or kind is bool or declared.integer:
                weak.append(k)
                converted.append(array)
                continue
        precision = array.dtype if precision is None else np.promote_types(precision, array.dtype)
        converted.append(array)
    result = DOUBLE if precision is None else precision
    for k in weak:
        if not plan.inputs[k].integer:
            converted[k] = result.type(converted[k])
    return converted, result


def real_numbers(value: Any, declared: Input) -> Any:
    """Any real numbers as float64 (float32 stays), or as integers where labels are wanted; one number without an axis."""
    if isinstance(value, np.ma.MaskedArray):
        raise _refusal(value, declared, "masked values")
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O" and isinstance(value, (Number, Fraction)) and not isinstance(value, complex):
            array = np.asarray(float(value))  # type: ignore[arg-type]
    except OverflowError as error:
        raise _refusal(value, declared, "a number too large for a float") from error
    except (TypeError, ValueError, RuntimeError) as error:
        if (home := type(value).__module__.partition(".")[0]) in _DOORS:
            raise _refusal(value, declared, f"a value that {_DOORS[home][0]} follows", _DOORS[home][1]) from error
        ragged = isinstance(value, (list, tuple)) and any(isinstance(v, (list, tuple)) for v in value)
        raise _refusal(value, declared, "lists of different lengths" if ragged else "something else") from error
    if array.ndim > _AXES:
        raise ShapeError(f"{declared.name} has {array.ndim} axes", advice=f"Give an array of at most {_AXES} axes.")
    if array.dtype.kind not in "fiub":
        raise _refusal(value, declared, _KINDS.get(array.dtype.kind, "something else"))
    if declared.integer:
        whole = array.astype(np.intp)
        if not np.array_equal(whole, array):
            raise ArgumentError(f"{declared.name} must be integers", advice=f"Give integers, such as {declared.name} = [0, 2, 1].")
        return whole
    if array.dtype != SINGLE or not array.dtype.isnative:
        array = array.astype(DOUBLE, copy=False)
    return array if array.ndim else array[()]


def _refusal(value: Any, declared: Input, what: str, advice: str = "") -> ArgumentError:
    usual = f"Give an array of shape {show(declared.shape)}." if declared.shape else "Give a float, or an array of floats."
    return ArgumentError(f"{declared.name} must be real numbers, not {what} ({type(value).__name__})", advice=advice or usual)


def sizes(plan: Plan, values: Sequence[Any]) -> list[int]:
    """The size of each dimension letter, from the shapes of the arguments.

    Raises ShapeError where an argument has another shape than declared, or one that is too small for what is done with it.
    """
    bound: dict[str, tuple[int, str]] = {}
    later: list[tuple[Input, Shape, Dim, int]] = []
    for declared, value in zip(plan.inputs, values, strict=True):
        shape = np.shape(value)
        if len(shape) != len(declared.shape):
            raise _misshapen(declared, shape)
        for dim, given in zip(declared.shape, shape, strict=True):
            if dim == given:
                continue
            if isinstance(dim, int):
                raise _misshapen(declared, shape)
            if dim not in plan.letters:
                later.append((declared, shape, dim, given))
            elif bound.setdefault(dim, (given, declared.name))[0] != given:
                raise _misshapen(declared, shape, dim, bound[dim])
    for declared, shape, dim, given in later:
        unknown = [n for n in letters([dim]) if n not in bound]
        if len(unknown) == 1:
            _solve(declared, shape, dim, given, unknown[0], bound)
        elif unknown or evaluate(dim, {n: bound[n][0] for n in letters([dim])}) != given:
            raise _misshapen(declared, shape)
    missing = [n for n in plan.letters if n not in bound]
    if missing:
        raise ShapeError(f"no argument has an axis of size {missing[0]}", advice=f"Declare an input with the dimension {missing[0]}.")
    found = {n: bound[n][0] for n in plan.letters}
    for need in plan.needs:
        need.check(found)
    return list(found.values())


def _solve(declared: Input, shape: Shape, dim: Dim, given: int, letter: str, bound: dict[str, tuple[int, str]]) -> None:
    """Bind the letter of a dimension such as n - 1 or 2*n."""
    known = {n: v for n, (v, _) in bound.items()}
    at = [evaluate(dim, {**known, letter: n}) for n in (0, 1)]
    slope = at[1] - at[0]
    if not slope or (given - at[0]) % slope or evaluate(dim, {**known, letter: (given - at[0]) // slope}) != given:
        raise _misshapen(declared, shape)
    bound[letter] = ((given - at[0]) // slope, declared.name)


def _misshapen(declared: Input, shape: Shape, letter: str = "", bound: tuple[int, str] = (0, "")) -> ShapeError:
    what = f"{declared.name} must have shape {show(declared.shape)}, not {show(shape)}"
    if letter:
        what += f": {letter} is {bound[0]} in {bound[1]}"
    return ShapeError(what, advice="Give an array of the declared shape." if declared.shape else "Give one number.")


__all__ = ["DOUBLE", "SINGLE", "admit", "real_numbers", "sizes"]
