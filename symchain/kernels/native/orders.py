"""Array instructions about order in C: sorting, what keys sort, running extremes; and sums of shifted products."""

from __future__ import annotations

from symchain.kernels.kernel import Instruction
from symchain.kernels.native.loops import Indices
from symchain.kernels.native.rows import At, RowCode


class OrderCode(RowCode):
    """The instructions that compare elements along an axis, or shift along it."""

    def _write_sort(self, number: int, step: Instruction, target: str) -> None:
        self._ordered(step, target, step.operands[0], step.operands[0])

    def _write_take_sorted(self, number: int, step: Instruction, target: str) -> None:
        value, keys = step.operands
        self._ordered(step, target, value, keys)

    def _write_take_ranked(self, number: int, step: Instruction, target: str) -> None:
        value, keys = step.operands
        self._ordered(step, target, value, keys, ranked=True)

    def _ordered(self, step: Instruction, target: str, value: int, keys: int, ranked: bool = False) -> None:
        """Elements moved along the axis of the keys by the order that sorts these; no number is no key, and NumPy is asked."""
        shape, axis = self.shape(keys), step.parameters[0]
        lead = len(step.shape) - len(shape)
        n = shape[axis]
        values, order, spare = self.room((n,)), self.room((n,)), self.room((n,))
        names = {k: f"i{lead + k}" for k in range(len(shape))}
        outer = [(k, d) for k, d in enumerate(shape) if k != axis]
        at = [names[k] for k in range(len(shape))]
        along = f"for (long {at[axis]} = 0; {at[axis]} < {self.size(n)}; {at[axis]}++)"
        above = [f"i{k}" for k in range(lead)]
        moved = [*above, *at[:axis], f"(((long *){order})[{at[axis]}])", *at[axis + 1 :]]
        to, source = (moved, [*above, *at]) if ranked else ([*above, *at], moved)
        text = f"{target}[{self.flat(step.shape, to)}] = {self.element(value, source)};"
        loops = "".join(f"for (long {i} = 0; {i} < {self.size(d)}; {i}++) " for i, d in zip(above, step.shape, strict=False))
        lines = [
            f"{along} {values}[{at[axis]}] = {self.element(keys, at)};",
            f"if (!m_order({self.size(n)}, {values}, (long *){order}, (long *){spare})) return 0;",
            f"{loops}{along} {text}",
        ]
        self.nest(outer, names, lines, last=False)

    def _write_cummax(self, number: int, step: Instruction, target: str) -> None:
        self._so_far(step, target, "f_maximum")

    def _write_cummin(self, number: int, step: Instruction, target: str) -> None:
        self._so_far(step, target, "f_minimum")

    def _so_far(self, step: Instruction, target: str, name: str) -> None:
        (v,), (axis,) = step.operands, step.parameters
        shape = step.shape

        def value(at: At) -> list[str]:
            before = f"{target}[{self.flat(shape, [*at[:axis], f'({at[axis]} - 1)', *at[axis + 1 :]])}]"
            own = self.element(v, at)
            return [f"{target}[{self.flat(shape, at)}] = {at[axis]} ? {name}({own}, {before}) : {own};"]

        self.loops(shape, value, apart=False)

    def _read_cross(self, step: Instruction, at: Indices) -> str:
        """The element k is a[k + 1]*b[k + 2] - a[k + 2]*b[k + 1], counted around."""
        a, b = step.operands
        one, two = ([*at[:-1], f"(({at[-1]} + {k})%3)"] for k in (1, 2))
        return f"({self.element(a, one)}*{self.element(b, two)} - {self.element(a, two)}*{self.element(b, one)})"

    def _write_convolution(self, number: int, step: Instruction, target: str) -> None:
        a, v = step.operands
        one, two, shape = self.shape(a), self.shape(v), step.shape
        self.loops(shape, lambda at: [f"{target}[{self.flat(shape, at)}] = 0.0;"])
        lead = [f"i{k}" for k in range(len(shape) - 1)]
        i, j = f"i{len(shape) - 1}", f"i{len(shape)}"
        own = [*lead[len(lead) - len(two) + 1 :], j] if len(two) > 1 else [j]
        product = f"{self.element(a, [*lead, i])}*{self.element(v, own)}"
        dims = [*one[:-1], two[-1], one[-1]]
        names = {k: name for k, name in enumerate([*lead, j, i])}
        text = f"{target}[{self.flat(shape, [*lead, f'({i} + {j})'])}] += {product};"
        self.nest(list(enumerate(dims)), names, text, last=True)


__all__ = ["OrderCode"]
