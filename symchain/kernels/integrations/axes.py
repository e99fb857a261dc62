"""Where the samples go: how each instruction carries the axis of samples from its operands to its result, or sums over it.

`carried` answers for one instruction; one that neither its record nor a rule here tells of mixes samples, as far as anybody can prove.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from string import ascii_letters
from typing import Any

from symchain.kernels.kernel import Instruction
from symchain.kernels.opcodes import OPCODES
from symchain.support.dimensions import Dim, Shape, multiply

SUMMED = -1
"""The result is a sum over the samples."""
Axes = Sequence[int | None]
"""The axis of samples of each operand; None for one that is the same for all samples."""


class MixedError(Exception):
    """The instruction reads several samples together, and is no sum over them."""


def carried(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    """The axis of samples in the result, or SUMMED. Raises MixedError."""
    rule = _OWN.get(step.opcode) or _ACTS.get(OPCODES[step.opcode].acts)
    if rule is None:
        raise MixedError
    try:
        found = rule(step, shapes, axes, letter)
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise MixedError from error
    if found != SUMMED and not 0 <= found < len(step.shape):
        raise MixedError
    return found


def _hold(condition: bool) -> None:
    if not condition:
        raise MixedError


def _one(places: Sequence[int]) -> int:
    """The place on which all agree."""
    _hold(len(set(places)) == 1)
    return places[0]


def _elementwise(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    return len(step.shape) - _one([len(s) - a for s, a in zip(shapes, axes, strict=True) if a is not None])


def _first(axes: Axes) -> int:
    """The axis of the first operand, where it alone has one."""
    axis, *rest = axes
    if axis is None or any(a is not None for a in rest):
        raise MixedError
    return axis


def _without(axis: int, gone: Sequence[int]) -> int:
    return axis - sum(g < axis for g in gone)


def _same(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    return _first(axes)


def _view(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    return int(step.parameters[0].index(_first(axes)))


def _drop(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    return _without(_first(axes), step.parameters[0])


def _sum(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    axis = _first(axes)
    return SUMMED if axis in step.parameters[0] else _without(axis, step.parameters[0])


def _reduction(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    found = _sum(step, shapes, axes, letter)
    _hold(found != SUMMED)
    return found


def _diagonal(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    axis = _first(axes)
    _hold(axis not in step.parameters[0])
    return _without(axis, step.parameters[0])


def _embed(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    pattern = step.parameters[0]
    axis = _first(axes) + len(set(pattern)) - len(shapes[0])  # the operand broadcasts to the distinct axes
    _hold(pattern.count(axis) == 1)
    return int(pattern.index(axis))


def _product(subscripts: Sequence[str], result: str, axes: Axes) -> int:
    """A sum of products, as einsum writes it."""
    label = _label([s[a] for s, a in zip(subscripts, axes, strict=True) if a is not None])
    _hold(all(label not in s for s, a in zip(subscripts, axes, strict=True) if a is None))
    _hold(all(s.count(label) == 1 for s, a in zip(subscripts, axes, strict=True) if a is not None))
    return result.index(label) if label in result else SUMMED


def _label(labels: Sequence[str]) -> str:
    _hold(len(set(labels)) == 1)
    return labels[0]


def _einsum(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    left, _, result = step.parameters[0].partition("->")
    return _product(left.split(","), result, axes)


def _matmul(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    x, y = shapes
    rank = max(len(x) - 2, len(y) - 2, 0)
    stack = ascii_letters[:rank]
    left = (stack[rank - len(x) + 2 :] if len(x) > 2 else "") + ("XZ" if len(x) > 1 else "Z")
    right = (stack[rank - len(y) + 2 :] if len(y) > 2 else "") + ("ZY" if len(y) > 1 else "Z")
    return _product([left, right], stack + ("X" if len(x) > 1 else "") + ("Y" if len(y) > 1 else ""), axes)


def _inner(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    names = ascii_letters[: len(shapes[0])]
    return _product([names, names], "", axes)


def _tensordot(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    (x, y), (one, two) = shapes, step.parameters
    left, right = list(ascii_letters[: len(x)]), list(ascii_letters[len(x) : len(x) + len(y)])
    for a, b in zip(one, two, strict=True):
        right[b] = left[a]
    rest = [c for k, c in enumerate(left) if k not in one] + [c for k, c in enumerate(right) if k not in two]
    return _product(["".join(left), "".join(right)], "".join(rest), axes)


def _gram(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    _hold(axes[0] in (0, None) and axes[1] in (0, None))
    return SUMMED


def _index(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    return _moved(step.parameters[0], _first(axes), letter)[1]


def _moved(items: Sequence[tuple[Any, ...]], axis: int, letter: str, back: bool = False) -> tuple[int, int]:
    """The axis of samples before and after an index that leaves it whole; `back`, of the axis after it."""
    before = after = 0
    for item in items:
        if item[0] != "new" and (after if back else before) == axis and not (back and item[0] == "at"):
            _hold(item == ("slice", 0, letter, 1))
            return before, after
        before += item[0] != "new"
        after += item[0] != "at"
    raise MixedError


def _place(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    return _moved(step.parameters[0], _first(axes), letter, back=True)[0]


def _concatenate(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    axis = _one([-1 if a is None else a for a in axes])
    _hold(axis not in (-1, step.parameters[0]))
    return axis


def _reshape(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    axis = _first(axes)
    target = [k for k, d in enumerate(step.shape) if d == letter and _count(step.shape[:k]) == _count(shapes[0][:axis])]
    return _one(target)


def _count(shape: Shape) -> Dim:
    total: Dim = 1
    for dim in shape:
        total = multiply(total, dim)
    return total


def _along(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    axis = _first(axes)
    _hold(axis != step.parameters[-1])
    return axis


def _gather(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    x, labels = axes
    if x is None:
        _hold(labels == 0)
        return 0
    _hold(labels is None and x > 0)
    return x


def _scatter(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    y, labels = axes
    if labels is None:
        _hold(y is not None and y > 0)
        return int(y or 0)
    _hold(labels == 0 and y in (0, None))
    return SUMMED


def _stacked(step: Instruction, shapes: Sequence[Shape], axes: Axes, letter: str) -> int:
    axis = _first(axes)
    _hold(axis < len(shapes[0]) - 2)
    return axis


_Rule = Callable[[Instruction, Sequence[Shape], Axes, str], int]
_OWN: Mapping[str, _Rule] = {
    **{"view": _view, "drop": _drop, "broadcast": _elementwise, "sum": _sum, "diagonal": _diagonal, "embed": _embed},
    **{"matmul": _matmul, "inner": _inner, "tensordot": _tensordot, "einsum": _einsum, "gram": _gram, "index": _index, "place": _place},
    **{"concatenate": _concatenate, "reshape": _reshape, "gather": _gather, "scatter": _scatter},
}
"""Instructions that move axes, or sum over them."""
_ACTS: Mapping[str, _Rule] = {"elements": _elementwise, "each": _same, "axis": _along, "axes": _reduction, "matrices": _stacked}
"""The others carry along every axis on which they do not act."""

__all__ = ["SUMMED", "MixedError", "carried"]
