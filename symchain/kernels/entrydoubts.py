"""Where entries of arrays may lose digits: the doubts of `doubts`, asked of all entries together by a few operations on arrays.

What an entry has lost counts by itself where the entry is divided by, goes through a function, or is a result. Where entries are summed,
what they have lost together counts beside all of them together. Arrays whose entries are sums over entries, of a product of matrices
say, and what is added to them, are as NumPy gives them: each of their entries may cancel, and nobody looks there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from symchain.kernels.arguments import DOUBLE
from symchain.kernels.doubts import HUGE, LOST, NEAR_ONE, VANISHED, WIDE, Doubt, Doubts, read, written
from symchain.kernels.kernel import Instruction, Plan
from symchain.kernels.opcodes import ARITHMETIC

_SUMS = frozenset(("sum", "matmul", "inner", "tensordot", "einsum", "gram", "norm", "convolution", "scatter", "cumsum"))
_SMALLEST = 1e-290
_LOST_IN_WIDE = 2.0**22
"""Numbers that carry eleven bits more may lose eleven bits more."""
_MOVED = frozenset(("index", "view", "drop", "broadcast", "reshape", "embed", "place", "diagonal"))


class EntryDoubts(Doubts):
    """The doubts of a plan with arrays, those about their entries too."""

    def __init__(self, plan: Plan) -> None:
        self.contracted: set[int] = set()
        """Arrays whose entries are sums over entries, or follow from such."""
        self.ranging: set[int] = set()
        """Values that may be tiny or huge although the inputs are not."""
        super().__init__(plan)

    @property
    def about_entries(self) -> bool:
        """Whether anything is asked of an array."""
        return bool(self.ranged) or any(not self._of_numbers(d) for d in self.found)

    def _is_looked_at(self, doubt: Doubt) -> bool:
        return doubt.kind != "apart" or self._of_numbers(doubt)  # what is chosen at labels is seldom a hole

    def _of_numbers(self, doubt: Doubt) -> bool:
        return all(self._is_number(v) for v in read(doubt))

    def _reaches_sums(self, step: Instruction) -> bool:
        return super()._reaches_sums(step) or step.opcode in _SUMS

    def _visited(self, number: int, step: Instruction) -> None:
        super()._visited(number, step)
        arrays = [v for v in step.operands if not self._is_number(v)]
        if not (step.opcode in ARITHMETIC or step.opcode in _MOVED) or self.contracted.intersection(arrays):
            self.contracted.add(number)
        divides = step.opcode == "divide" and not self._is_number(step.operands[1])
        if divides or step.opcode in ("power", "call") or self.ranging.intersection(step.operands):
            self.ranging.add(number)

    def _loses_digits(self, a: int, b: int) -> bool:
        return super()._loses_digits(a, b) and not any(v in self.contracted and not self._is_number(v) for v in (a, b))

    # ------------------------------------------------------------ what is summed

    def _touch_together(self, value: int) -> None:
        """The entries are summed: what they are made of must not be much larger than they are, all together."""
        if self._is_number(value):
            self._touch(value)
        for p in self.pending.pop(value, ()):
            if p.scale != value:
                self._doubt(Doubt(value, "together", p.scale, p.unless, p.factors))

    def _visit_sum(self, number: int, step: Instruction) -> None:
        for v in step.operands:
            self._touch_together(v)
        self.signs[number] = self._sign(step.operands[0]) if step.opcode == "sum" else 0

    _visit_tensordot = _visit_einsum = _visit_gram = _visit_convolution = _visit_scatter = _visit_cumsum = _visit_sum

    def _visit_matmul(self, number: int, step: Instruction) -> None:
        a, b = step.operands
        self._visit_sum(number, step)
        self.signs[number] = 1 if a == b and not step.shape else self._sign(a) * self._sign(b)

    _visit_inner = _visit_matmul

    def _visit_norm(self, number: int, step: Instruction) -> None:
        self._visit_sum(number, step)
        self.signs[number] = 1

    def _visit_softmax(self, number: int, step: Instruction) -> None:
        """Of exponents it counts how many digits stand behind the point."""
        for p in self.pending.get(step.operands[0], ()):
            if isinstance(p.scale, int):
                self._doubt(Doubt(p.scale, "wide", 0.0))

    _visit_logsumexp = _visit_log_softmax = _visit_softmax

    def _visit_moved(self, number: int, step: Instruction) -> None:
        """What has lost digits is compared in the place where it has them."""
        (a,) = step.operands
        if not self._is_number(a):
            (self._touch_together if number in self.summed else self._touch)(a)
        super()._visit_moved(number, step)

    _visit_index = _visit_view = _visit_drop = _visit_broadcast = _visit_reshape = _visit_moved

    # ------------------------------------------------------------ as code

    @property
    def values(self) -> list[int]:
        return list(dict.fromkeys([*super().values, *self.ranged]))

    @property
    def ranged(self) -> list[int]:
        """The arrays that are outputs, or are put into one without a change; none whose entries are sums, or zero by choice."""
        found: dict[int, None] = {}
        for value in (o.value for o in self.plan.outputs):
            while value >= self.first and self.plan.instruction(value).opcode in _MOVED:
                (value,) = self.plan.instruction(value).operands
            if value in self.ranging and not self._is_number(value) and value not in self.contracted | self.choosing:
                found[value] = None
        return list(found)

    def comparisons(self, name: Callable[[int], str | None]) -> Iterator[str]:
        """All that must hold, as code."""
        for doubt, names in self.told(name):
            yield written(doubt, names) if self._of_numbers(doubt) else _of_entries(doubt, names)
        yield from self.ranges(name)
        for value in self.ranged:
            if (text := name(value)) is not None:
                yield f"in_range({text})"


def _of_entries(doubt: Doubt, name: Callable[[int], str]) -> str:
    value = name(doubt.value)
    if doubt.kind in ("wide", "vanished", "positive"):
        return f"all_{doubt.kind}({value})"
    of = name(doubt.of) if isinstance(doubt.of, int) else repr(doubt.of)
    if doubt.kind in ("steep", "ends", "inverse"):
        return f"all_{doubt.kind}({value}, {of})"
    of += "".join(sign + name(v) for sign, v in doubt.factors)
    for x, radius in doubt.unless:
        of = f"beyond({of}, {name(x)}, {radius!r})"
    return f"kept{'_together' if doubt.kind == 'together' else ''}({value}, {of})"


# ---------------------------------------------------------------- what the code calls


def _allowed(value: Any) -> float:
    return LOST if value.dtype is DOUBLE else _LOST_IN_WIDE


def _kept(value: Any, scale: Any) -> bool:
    """Whether no entry is much smaller than what it was made of; nothing made of nothing has lost nothing."""
    most = _allowed(value)
    ratio = scale / value
    return bool(np.vdot(ratio, ratio) < most * most or (np.abs(scale) <= most * np.abs(value)).all())


def _kept_together(value: Any, scale: Any) -> bool:
    """The same of all entries together."""
    most = _allowed(value)
    all_of_it = np.vdot(value, value)
    if np.shape(scale) == value.shape and all_of_it > _SMALLEST:
        return bool(np.vdot(scale, scale) < most * most * all_of_it)
    return bool(not value.size or np.max(np.abs(scale)) <= most * np.max(np.abs(value)))


def _beyond(scale: Any, x: Any, radius: float) -> Any:
    """Nothing, where |x| < radius: there the sum has its series."""
    return np.where(np.abs(x) < radius, 0.0, scale)


def _all_wide(value: Any) -> bool:
    return bool(np.vdot(value, value) < WIDE**2 or (np.abs(value) < WIDE).all())


def _all_vanished(value: Any) -> bool:
    return bool((np.abs(value) > float(VANISHED)).all())


def _all_ends(value: Any, end: float) -> bool:
    low, high = sorted((end * NEAR_ONE, end / NEAR_ONE))
    return not ((low < value) & (value < high)).any()


def _in_range(value: Any) -> bool:
    """Whether no result is tiny, huge or nan; in numbers of a wider range it does not matter."""
    inverse = 1.0 / value
    most = float(HUGE) ** 2
    return bool(value.dtype is not DOUBLE or (np.vdot(inverse, inverse) < most and np.vdot(value, value) < most))


ENTRY_HELPERS: Mapping[str, Callable[..., Any]] = {
    "kept": _kept,
    "kept_together": _kept_together,
    "beyond": _beyond,
    "all_wide": _all_wide,
    "all_vanished": _all_vanished,
    "all_positive": lambda value: bool((value > 0).all()),
    "all_steep": lambda value, of: _all_wide(of * value),
    "all_ends": _all_ends,
    "all_inverse": lambda value, of: _kept(of * value, 1.0),
    "in_range": _in_range,
}
"""By the names that generated code calls them."""
