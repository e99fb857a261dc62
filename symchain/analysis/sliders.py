"""What a reader may move on a page: a slider for every scalar input, and the program as JavaScript that follows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from symchain.errors import SymchainError
from symchain.evidence.points import given
from symchain.kernels.javascript.code import function_text
from symchain.kernels.kernel import Kernel
from symchain.lowering.compilation import compile_program
from symchain.nouns.page import Explorer, Slider
from symchain.nouns.program import Program

_STEPS = 100
"""A slider has at least so many steps."""
_NEAR = 0.05
"""Where only positive values have a meaning, a slider begins at this share of where it stands."""


def explorer_of(program: Program, output: str, wrt: Sequence[str], point: Mapping[str, Any]) -> Explorer:
    """Raises UnsupportedError where the program has no JavaScript, whatever compilation raises, ArgumentError at a wrong point."""
    kernel = compile_program(program, output, wrt, 1, "auto", {})
    code = function_text(kernel.plan)
    values = given(program, [output, *(i.name for i in kernel.plan.inputs)], point).inputs
    return Explorer(code, sliders_of(kernel, values))


def sliders_of(kernel: Kernel, point: Mapping[str, Any]) -> tuple[Slider, ...]:
    """A slider for each input of a kernel of numbers, with ends between which it has values."""
    at = {i.name: float(point[i.name]) for i in kernel.plan.inputs}
    active = {o.names[0] for o in kernel.plan.outputs if o.kind == "gradient"}
    found = []
    for one in kernel.plan.inputs:
        low, high, step = _whole(at[one.name]) if one.integer else _range(kernel, at, one.name)
        found.append(Slider(one.name, at[one.name], low, high, step, one.name in active))
    return tuple(found)


def _whole(value: float) -> tuple[float, float, float]:
    return max(0.0, value - 5.0), value + 5.0, 1.0


def _range(kernel: Kernel, at: Mapping[str, float], name: str) -> tuple[float, float, float]:
    """Twice its size on both sides, or where the program has no value there, a range of one sign or of probabilities; in decimal steps."""
    value = at[name]
    reach = 2 * abs(value) or 1.0
    low, high = value - reach, value + reach
    if value and not (_has_value(kernel, {**at, name: low}) and _has_value(kernel, {**at, name: high})):
        near, far = value * _NEAR, 3 * value
        if not _has_value(kernel, {**at, name: far}):
            near, far = (value * _NEAR, value + (1 - value) * (1 - _NEAR)) if 0 < value < 1 else (value * 0.5, value * 1.5)
        low, high = min(near, far), max(near, far)
    step = 10.0 ** math.floor(math.log10((high - low) / _STEPS))
    return value - step * math.floor((value - low) / step), value + step * math.floor((high - value) / step), step


def _has_value(kernel: Kernel, at: Mapping[str, float]) -> bool:
    try:
        value, gradient = kernel(**at)
    except SymchainError:
        return False
    return all(map(math.isfinite, [float(value), *map(float, gradient.values())]))
