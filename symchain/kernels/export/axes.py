"""The instructions that work along axes, in loops: softmax, running sums, sorting, norms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from symchain.kernels.export.loops import Indices
from symchain.kernels.export.matrices import MatrixLoops
from symchain.kernels.kernel import Instruction
from symchain.support.dimensions import Shape


class AxisLoops(MatrixLoops):
    """Loops with those instructions too."""

    @contextmanager
    def _lines(self, shape: Shape, axis: int) -> Iterator[Callable[[str], list[str]]]:
        """Loops over the lines along an axis; gives the indices of the element k of a line."""
        with self.over((*shape[:axis], *shape[axis + 1 :])) as others:
            yield lambda k: [*others[:axis], k, *others[axis:]]

    def _exponentials(self, x: int, shape: Shape, axis: int, place: Callable[[str], list[str]], name: str) -> tuple[str, str]:
        """The largest of a line, and the sum of exp(x - it)."""
        top, total = self.number(f"{name}_top"), self.number(f"{name}_sum")
        self.let(top, ("neg", "inf"))
        with self.over((shape[axis],)) as (k,):
            self.let(top, ("maximum", "x0", "x1"), top, self.of(x, place(k)))
        self.let(total, 0)
        with self.over((shape[axis],)) as (k,):
            self.let(total, ("+", "x0", ("exp", ("-", "x1", "x2"))), total, self.of(x, place(k)), top)
        return top, total

    def _softmax(self, value: int, step: Instruction) -> None:
        (x,), (axis,) = step.operands, step.parameters
        with self._lines(step.shape, axis) as place:
            top, total = self._exponentials(x, step.shape, axis, place, f"v{value}")
            with self.over((step.shape[axis],)) as (k,):
                self.let(self.of(value, place(k)), ("/", ("exp", ("-", "x0", "x1")), "x2"), self.of(x, place(k)), top, total)

    def _log_softmax(self, value: int, step: Instruction) -> None:
        """(x - top) - log1p(the sum of the others), as `stable` has it."""
        (x,), (axis,) = step.operands, step.parameters
        with self._lines(step.shape, axis) as place:
            top, total = self._exponentials(x, step.shape, axis, place, f"v{value}")
            self.let(total, -1)
            with self.over((step.shape[axis],)) as (k,), self.when(f"{self.of(x, place(k))} == {top}"):
                self.add(total, self.expressions.number(1))
            with self.over((step.shape[axis],)) as (k,), self.when(f"{self.of(x, place(k))} < {top}"):
                self.let(total, ("+", "x0", ("exp", ("-", "x1", "x2"))), total, self.of(x, place(k)), top)
            with self.over((step.shape[axis],)) as (k,):
                self.let(self.of(value, place(k)), ("-", ("-", "x0", "x1"), ("log1p", "x2")), self.of(x, place(k)), top, total)

    def _logsumexp(self, value: int, step: Instruction) -> None:
        (x,), (axes,) = step.operands, step.parameters
        top = self.room(f"v{value}_top", step.shape)
        with self.over(step.shape) as indices:
            self.let(self.at(top, step.shape, indices), ("neg", "inf"))
            self.let(self.of(value, indices), 0)

        def rest(indices: Indices) -> Indices:
            return [i for k, i in enumerate(indices) if k not in axes]

        with self.over(self.shape(x)) as indices:
            best = self.at(top, step.shape, rest(indices))
            self.let(best, ("maximum", "x0", "x1"), best, self.of(x, indices))
        with self.over(self.shape(x)) as indices:
            total = self.of(value, rest(indices))
            self.let(total, ("+", "x0", ("exp", ("-", "x1", "x2"))), total, self.of(x, indices), self.at(top, step.shape, rest(indices)))
        with self.over(step.shape) as indices:
            total = self.of(value, indices)
            self.let(total, ("+", ("log", "x0"), "x1"), total, self.at(top, step.shape, indices))

    def _running(self, value: int, step: Instruction, form: Any) -> None:
        (x,), (axis,) = step.operands, step.parameters
        with self._lines(step.shape, axis) as place, self.over((step.shape[axis],)) as (k,):
            self.set(self.of(value, place(k)), self.of(x, place(k)))
            with self.when(f"{k} > 0"):
                self.let(self.of(value, place(k)), form, self.of(value, place(f"({k} - 1)")), self.of(x, place(k)))

    def _cumsum(self, value: int, step: Instruction) -> None:
        self._running(value, step, ("+", "x0", "x1"))

    def _cumprod(self, value: int, step: Instruction) -> None:
        self._running(value, step, ("*", "x0", "x1"))

    def _cummax(self, value: int, step: Instruction) -> None:
        self._running(value, step, ("maximum", "x0", "x1"))

    def _cummin(self, value: int, step: Instruction) -> None:
        self._running(value, step, ("minimum", "x0", "x1"))

    def _ranked(self, value: int, y: int, keys: int, axis: int, sorts: bool) -> None:
        """Elements of y along an axis: each to the rank of its key (a sort), or from there."""
        shape = self.shape(y)
        with self._lines(shape, axis) as place:
            rank = self.integer()
            with self.over((shape[axis],)) as (i,):
                self.set(rank, "0")
                with self.over((shape[axis],)) as (j,):
                    one, other = self.of(keys, place(i)), self.of(keys, place(j))
                    both, either = (self.expressions.words.signs.get(s, d) for s, d in (("and", "&&"), ("or", "||")))
                    with self.when(f"{other} < {one} {either} ({other} == {one} {both} {j} < {i})"):
                        self.add(rank, "1")
                source, target = (i, rank) if sorts else (rank, i)
                self.set(self.of(value, place(target)), self.of(y, place(source)))

    def _sort(self, value: int, step: Instruction) -> None:
        self._ranked(value, step.operands[0], step.operands[0], step.parameters[0], True)

    def _take(self, value: int, step: Instruction, sorts: bool) -> None:
        y, x = step.operands
        self._ranked(value, y, x, len(self.shape(y)) - len(self.shape(x)) + step.parameters[0], sorts)

    def _take_sorted(self, value: int, step: Instruction) -> None:
        self._take(value, step, True)

    def _take_ranked(self, value: int, step: Instruction) -> None:
        self._take(value, step, False)

    def _convolution(self, value: int, step: Instruction) -> None:
        a, v = step.operands
        *stack, n = self.shape(a)
        with self.over((*stack, n, self.shape(v)[-1])) as (*others, i, j):
            product = f"{self.of(a, [*others, i])}*{self.of(v, [*others, j])}"
            self.add(self.of(value, [*others, f"({i} + {j})"]), product)

    def _balanced(self, value: int, step: Instruction) -> None:
        r, p, *total = step.operands
        (axis,) = step.parameters
        with self._lines(step.shape, axis) as place:
            left = self.number(f"v{value}_left")
            if total:
                self.set(left, self.of(total[0], [i for k, i in enumerate(place("")) if k != axis]))
            else:
                self.let(left, 0)
            with self.over((step.shape[axis],)) as (k,):
                one = self.of(r, place(k)), self.of(p, place(k))
                self.let(left, ("where", (">", "x2", 0.75), "x0", ("-", "x0", "x1")), left, *one)
            with self.over((step.shape[axis],)) as (k,):
                one = self.of(r, place(k)), self.of(p, place(k))
                self.let(self.of(value, place(k)), ("where", (">", "x2", 0.75), "x0", "x1"), left, *one)

    def _orthogonal(self, value: int, step: Instruction) -> None:
        r, u = step.operands
        (axis,) = step.parameters
        long = (">", ("*", "x2", "x2"), 0.75)
        with self._lines(step.shape, axis) as place:
            left = self.number(f"v{value}_left")
            self.let(left, 0)
            with self.over((step.shape[axis],)) as (k,):
                one = self.of(r, place(k)), self.of(u, place(k))
                self.let(left, ("where", long, "x0", ("-", "x0", ("*", "x1", "x2"))), left, *one)
            with self.over((step.shape[axis],)) as (k,):
                one = self.of(r, place(k)), self.of(u, place(k))
                self.let(self.of(value, place(k)), ("where", long, ("/", "x0", "x2"), "x1"), left, *one)

    def _norm(self, value: int, step: Instruction) -> None:
        """sqrt(sum(x**2)) over the largest |x|, whose squares stay in the range of floats."""
        (_, x), (axes,) = step.operands, step.parameters
        top = self.room(f"v{value}_top", step.shape)

        def rest(indices: Indices) -> Indices:
            return [i for k, i in enumerate(indices) if k not in axes]

        with self.over(step.shape) as indices:
            self.let(self.of(value, indices), 0)
            self.let(self.at(top, step.shape, indices), 0)
        with self.over(self.shape(x)) as indices:
            best = self.at(top, step.shape, rest(indices))
            self.let(best, ("maximum", "x0", ("abs", "x1")), best, self.of(x, indices))
        with self.over(self.shape(x)) as indices:
            best, total = self.at(top, step.shape, rest(indices)), self.of(value, rest(indices))
            with self.when(f"{best} > {self.expressions.number(0)}"):
                self.let(total, ("+", "x0", ("*", ("/", "x1", "x2"), ("/", "x1", "x2"))), total, self.of(x, indices), best)
        with self.over(step.shape) as indices:
            self.let(self.of(value, indices), ("*", ("sqrt", "x0"), "x1"), self.of(value, indices), self.at(top, step.shape, indices))

    def _unit(self, value: int, step: Instruction) -> None:
        (x, r), (axes,) = step.operands, step.parameters
        with self.over(step.shape) as indices:
            rest = [i for k, i in enumerate(indices) if k not in axes]
            self.let(self.of(value, indices), ("/", "x0", "x1"), self.of(x, indices), self.of(r, rest))
