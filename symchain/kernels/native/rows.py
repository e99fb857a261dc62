"""Array instructions along axes in C: the largest, softmax and its kin, norms, running sums, and what labels choose.

Each follows the equation that `stable` has for it; where that asks for a rare second way, NumPy is asked for the whole call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symchain.kernels.kernel import Instruction
from symchain.kernels.native.loops import Indices
from symchain.kernels.native.sums import SumCode
from symchain.support.dimensions import Shape

At = list[str]


class RowCode(SumCode):
    """The instructions along axes."""

    def _fibres(self, shape: Shape, axes: Sequence[int]) -> tuple[Shape, Callable[[Indices], At]]:
        """The shape without some axes, and indices without theirs."""
        kept = [k for k in range(len(shape)) if k not in axes]
        return tuple(shape[k] for k in kept), lambda at: [at[k] for k in kept]

    def _place(self, target: str, shape: Shape, at: Indices) -> str:
        return f"{target}[{self.flat(shape, at)}]" if shape else target

    def _gathered(self, shape: Shape, axes: Sequence[int], start: str, step: Callable[[At, str], str], target: str = "") -> str:
        """A buffer, or the target, with one number for each fibre along the axes: `start`, then what `step` does for each element."""
        rest, cut = self._fibres(shape, axes)
        if not target:
            target = self.room(rest)
            place = lambda at: f"{target}[{self.flat(rest, at)}]"  # noqa: E731
        else:
            place = lambda at: self._place(target, rest, at)  # noqa: E731
        names = {k: f"i{k}" for k in range(len(shape))}
        at = list(names.values())
        kept = [(k, d) for k, d in enumerate(shape) if k not in axes]
        self.nest(kept, names, f"{place(cut(at))} = {start};", last=True)
        self.nest([*kept, *((k, shape[k]) for k in sorted(axes))], names, step(at, place(cut(at))), last=False)
        return target

    def _of_fibre(self, name: str, shape: Shape, axes: Sequence[int], at: Indices) -> str:
        rest, cut = self._fibres(shape, axes)
        return f"{name}[{self.flat(rest, cut(at))}]"

    def _some(self, shape: Shape, axes: Sequence[int]) -> None:
        """NumPy says what is wrong with the largest of nothing."""
        self.lines.append(f"  if (!({self.count(tuple(shape[k] for k in axes))})) return 0;")

    # ------------------------------------------------------------ one number for each fibre

    def _write_max(self, number: int, step: Instruction, target: str) -> None:
        self._extreme(step, target, "-f_inf", "f_maximum")

    def _write_min(self, number: int, step: Instruction, target: str) -> None:
        self._extreme(step, target, "f_inf", "f_minimum")

    def _extreme(self, step: Instruction, target: str, start: str, name: str) -> None:
        (v,) = step.operands
        self._some(self.shape(v), step.parameters[0])
        self._gathered(self.shape(v), step.parameters[0], start, lambda at, r: f"{r} = {name}({self.element(v, at)}, {r});", target)

    def _write_prod(self, number: int, step: Instruction, target: str) -> None:
        (v,) = step.operands
        self._gathered(self.shape(v), step.parameters[0], "1.0", lambda at, r: f"{r} *= {self.element(v, at)};", target)

    def _top(self, v: int, axes: Sequence[int]) -> str:
        self._some(self.shape(v), axes)
        return self._gathered(self.shape(v), axes, "-f_inf", lambda at, r: f"{r} = f_maximum({self.element(v, at)}, {r});")

    def _others(self, shape: Shape, axes: Sequence[int], less: Callable[[At], str]) -> tuple[str, str]:
        """Of differences from the largest: the sum of the exponentials of those below zero, and the number of the others, less one."""
        total = self._gathered(shape, axes, "0.0", lambda at, r: f"{r} += m_choose({less(at)} < 0.0, f_exp({less(at)}), 0.0);")
        ones = self._gathered(shape, axes, "-1.0", lambda at, r: f"{r} += m_choose({less(at)} < 0.0, 0.0, 1.0);")
        return total, ones

    def _write_logsumexp(self, number: int, step: Instruction, target: str) -> None:
        (v,), (axes,) = step.operands, step.parameters
        shape = self.shape(v)
        top = self._top(v, axes)
        total, ones = self._others(shape, axes, lambda at: f"({self.element(v, at)} - {self._of_fibre(top, shape, axes, at)})")

        def value(at: At) -> list[str]:
            t, o, m = (f"{name}[{self.flat(step.shape, at)}]" for name in (total, ones, top))
            return [f"{self._place(target, step.shape, at)} = fabs({m}) < f_inf ? f_log1p({t} + {o}) + {m} : {m};"]

        self.loops(step.shape, value)

    def _write_norm(self, number: int, step: Instruction, target: str) -> None:
        squares = step.operands[0]

        def value(at: At) -> list[str]:
            r = self._place(target, step.shape, at)
            return [f"{r} = f_sqrt({self.element(squares, at)});", f"if (!({r} > 1e-150 && {r} < 1e150)) return 0;"]

        self.loops(step.shape, value, apart=False)

    # ------------------------------------------------------------ as large as what is read

    def _write_softmax(self, number: int, step: Instruction, target: str) -> None:
        (v,), axes = step.operands, step.parameters
        shape = step.shape
        top = self._top(v, axes)
        out = lambda at: f"{target}[{self.flat(shape, at)}]"  # noqa: E731
        self.loops(shape, lambda at: [f"{out(at)} = f_exp({self.element(v, at)} - {self._of_fibre(top, shape, axes, at)});"])
        total = self._gathered(shape, axes, "0.0", lambda at, r: f"{r} += {out(at)};")
        self.loops(shape, lambda at: [f"{out(at)} /= {self._of_fibre(total, shape, axes, at)};"])

    def _write_log_softmax(self, number: int, step: Instruction, target: str) -> None:
        (v,), axes = step.operands, step.parameters
        shape = step.shape
        top = self._top(v, axes)
        out = lambda at: f"{target}[{self.flat(shape, at)}]"  # noqa: E731
        self.loops(shape, lambda at: [f"{out(at)} = {self.element(v, at)} - {self._of_fibre(top, shape, axes, at)};"])
        total, ones = (n for n in self._others(shape, axes, out))
        self.loops(
            shape,
            lambda at: [f"{out(at)} -= f_log1p({self._of_fibre(total, shape, axes, at)} + {self._of_fibre(ones, shape, axes, at)});"],
        )

    def _write_balanced(self, number: int, step: Instruction, target: str) -> None:
        (r, p, *rest), axes = step.operands, step.parameters
        shape = step.shape
        sure = lambda at: f"{self.element(p, at)} > 0.75"  # noqa: E731
        left = self._gathered(shape, axes, "0.0", lambda at, s: f"{s} += m_choose({sure(at)}, 0.0, {self.element(r, at)});")
        cut = self._fibres(shape, axes)[1]

        def value(at: At) -> list[str]:
            total = self.element(rest[0], cut(at)) if rest else "0.0"
            missing = f"{total} - {self._of_fibre(left, shape, axes, at)}"
            return [f"{target}[{self.flat(shape, at)}] = m_choose({sure(at)}, {missing}, {self.element(r, at)});"]

        self.loops(shape, value)

    def _write_orthogonal(self, number: int, step: Instruction, target: str) -> None:
        (r, u), axes = step.operands, step.parameters
        shape = step.shape
        long = lambda at: f"{self.element(u, at)}*{self.element(u, at)} > 0.75"  # noqa: E731
        left = self._gathered(
            shape, axes, "0.0", lambda at, s: f"{s} += m_choose({long(at)}, 0.0, {self.element(r, at)}*{self.element(u, at)});"
        )

        def value(at: At) -> list[str]:
            missing = f"(0.0 - {self._of_fibre(left, shape, axes, at)})/{self.element(u, at)}"
            return [f"{target}[{self.flat(shape, at)}] = m_choose({long(at)}, {missing}, {self.element(r, at)});"]

        self.loops(shape, value)

    def _read_unit(self, step: Instruction, at: Indices) -> str:
        x, r = step.operands
        cut = self._fibres(step.shape, step.parameters[0])[1]
        return f"({self.element(x, at)}/{self.element(r, cut(at))})"

    def _write_cumsum(self, number: int, step: Instruction, target: str) -> None:
        self._running(step, target, "+", "0.0")

    def _write_cumprod(self, number: int, step: Instruction, target: str) -> None:
        self._running(step, target, "*", "1.0")

    def _running(self, step: Instruction, target: str, sign: str, start: str) -> None:
        (v,), (axis,) = step.operands, step.parameters
        shape = step.shape

        def value(at: At) -> list[str]:
            before = f"{target}[{self.flat(shape, [*at[:axis], f'({at[axis]} - 1)', *at[axis + 1 :]])}]"
            return [f"{target}[{self.flat(shape, at)}] = ({at[axis]} ? {before} : {start}) {sign} {self.element(v, at)};"]

        self.loops(shape, value, apart=False)

    # ------------------------------------------------------------ labels

    def _write_gather(self, number: int, step: Instruction, target: str) -> None:
        x, labels = step.operands
        rows = self.size(self.shape(x)[0])
        self._checked(labels, rows)
        self.loops(
            step.shape,
            lambda at: [f"{target}[{self.flat(step.shape, at)}] = {self.element(x, [self.element(labels, at[:1]), *at[1:]])};"],
        )

    def _write_scatter(self, number: int, step: Instruction, target: str) -> None:
        y, labels = step.operands
        self._checked(labels, self.size(step.parameters[0]))
        self.loops(step.shape, lambda at: [f"{target}[{self.flat(step.shape, at)}] = 0.0;"])
        self.loops(
            self.shape(y),
            lambda at: [f"{target}[{self.flat(step.shape, [self.element(labels, at[:1]), *at[1:]])}] += {self.element(y, at)};"],
            apart=False,
        )

    def _checked(self, labels: int, count: str) -> None:
        """Labels that NumPy counts from the end, or refuses, are left to it."""

        def test(at: At) -> list[str]:
            label = self.element(labels, at)
            return [f"if ({label} < 0 || {label} >= {count}) return 0;"]

        self.loops(self.shape(labels), test, apart=False)

    def _read_onehot(self, step: Instruction, at: Indices) -> str:
        return f"({self.element(step.operands[0], at[:-1])} == {at[-1]} ? 1.0 : 0.0)"
