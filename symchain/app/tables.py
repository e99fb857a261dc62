"""Readings: the numbers of a program at one point, as text or JSON: its blocks, the factors of a derivation, its gradients."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from symchain.evidence.evaluation import evaluate
from symchain.evidence.points import at as point_of
from symchain.lowering.compilation import compile_program
from symchain.lowering.recurrences import compile_recurrence
from symchain.nouns.computation import Computation, ancestors
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.higher import HigherDerivative, HigherDerivatives
from symchain.nouns.recursion import Recursion, Recursions
from symchain.render.higher_layout import symbol
from symchain.render.text import write
from symchain.support.plain_data import plain_data

LONGEST = 64
"""Programs with more blocks show their results alone."""


def read_off(
    derived: Derivation | Derivations | HigherDerivative | HigherDerivatives | Recursion | Recursions, point: Mapping[str, Any]
) -> dict[str, Any]:
    """The numbers at a point, by name: blocks (z1), then factors where one derivative was asked for (dC/da2), then dC/dW1.

    The output and its derivatives come from the compiled kernel, the rest from the program's meaning. Where arrays broadcast
    through a scalar program there is no single number for a block, and the results stand alone.
    """
    program, output = derived.program, derived.output
    if isinstance(derived, HigherDerivative | HigherDerivatives):
        members = [derived] if isinstance(derived, HigherDerivative) else list(derived.values())
        return {write(symbol(output, d.names)): d.compile()(**point) for d in members}
    if isinstance(derived, Recursion | Recursions):
        value, gradient = derived.compile()(**_whole(program, point))
        written = f"d{output}/d{{}}" if derived.truncate is None else "g_{}"
        return {output: value} | {written.format(name): g for name, g in gradient.items()}
    names = [derived.wrt] if isinstance(derived, Derivation) else list(derived)
    value, gradient = compile_program(program, output, names, 1, "auto", {})(**point)
    found: dict[str, Any] = {}
    arrays = {name: np.asarray(point[name], float) for name in program.inputs if name in point}
    dims = _sizes(program, arrays, point)
    if dims is not None and len(program.blocks) <= LONGEST:
        before = ancestors(program, output)
        values = point_of(program, [name for name in program.blocks if name in before], arrays, dims).values
        found.update((name, values[name]) for name in program.blocks if name in before)
        maps = derived.factors if isinstance(derived, Derivation) else {}
        factors = {name: f for name, f in maps.items() if len(f.shape) <= 2}  # a map between matrices is too large to be read
        numbers = evaluate([factor.tree for factor in factors.values()], values, dims)
        found.update(zip(factors, numbers, strict=True))
    found[output] = value
    found.update((f"d{output}/d{name}", gradient[name]) for name in names)
    return found


def certified(derived: Derivation | Derivations | Recursion | Recursions, point: Mapping[str, Any]) -> dict[str, Any]:
    """The output and its derivatives at a point, every digit certain. Raises PrecisionError where one is not."""
    program, output = derived.program, derived.output
    names = [derived.wrt] if isinstance(derived, Derivation | Recursion) else list(derived)
    compiled = compile_recurrence if isinstance(derived, Recursion | Recursions) else compile_program
    value, gradient = compiled(program, output, names, 1, "auto", {"certified": True})(**point)
    return {output: value} | {f"d{output}/d{name}": g for name, g in gradient.items()}


def _whole(program: Computation, point: Mapping[str, Any]) -> dict[str, Any]:
    """A point with lengths as whole numbers."""
    lengths = program.recurrence.lengths if program.recurrence is not None else ()
    return {n: int(v) if n in (*lengths, *program.dimensions) and v == int(v) else v for n, v in point.items()}


def _sizes(program: Computation, arrays: Mapping[str, Any], point: Mapping[str, Any]) -> dict[str, int] | None:
    """The size of every dimension letter, or None where an array has not the rank of its input."""
    dims = {name: int(point[name]) for name in program.dimensions if name in point}
    for name, array in arrays.items():
        shape = program.inputs[name].shape
        if len(shape) != array.ndim:
            return None
        dims.update((d, size) for d, size in zip(shape, array.shape, strict=True) if d in program.dimensions)
    return dims if set(arrays) == set(program.inputs) and set(dims) >= set(program.dimensions) else None


def as_json(found: Mapping[str, Any]) -> str:
    """One object, name -> number or nested lists. What JSON has no number for (nan, inf) is null."""
    plain = {name: plain_data(np.asarray(value)) for name, value in found.items()}
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)


def as_text(found: Mapping[str, Any], digits: int = 15) -> str:
    """One line a name."""
    width = max(map(len, found))
    return "\n".join(f"{name:{width}} = {number(value, digits)}" for name, value in found.items())


def as_list(point: Mapping[str, Any]) -> str:
    """x = 1.5, w = [1, 2]: the notation of assignments."""
    return ", ".join(f"{name} = {number(value)}" for name, value in point.items())


def number(value: Any, digits: int = 15) -> str:
    """Fifteen digits, as many as float64 holds for sure; arrays on one line."""
    plain = np.asarray(value).tolist()
    if isinstance(plain, list):
        return "[" + ", ".join(number(x, digits) for x in plain) + "]"
    return format(plain, f".{digits}g")
