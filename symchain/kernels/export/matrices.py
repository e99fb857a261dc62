"""The instructions of linear algebra, in loops: triangles, elimination, the factor of Cholesky."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symchain.kernels.export.loops import Indices, Loops
from symchain.kernels.kernel import Instruction


class MatrixLoops(Loops):
    """Loops with those instructions too."""

    def _triangle(self, value: int, step: Instruction, sign: str) -> None:
        shift = step.parameters[0] if step.parameters else 0
        with self.over(step.shape) as indices:
            *_, i, j = indices
            with self.when(f"{j} - {i} {sign} {shift}"):
                self._moved(value, step, indices, lambda i: i)

    def _tril(self, value: int, step: Instruction) -> None:
        self._triangle(value, step, "<=")

    def _triu(self, value: int, step: Instruction) -> None:
        self._triangle(value, step, ">=")

    def _cross(self, value: int, step: Instruction) -> None:
        x, y = step.operands
        with self.over(step.shape[:-1]) as stack:
            for k in range(3):
                i, j = str((k + 1) % 3), str((k + 2) % 3)
                product = f"{self.of(x, [*stack, i])}*{self.of(y, [*stack, j])} - {self.of(x, [*stack, j])}*{self.of(y, [*stack, i])}"
                self.set(self.of(value, [*stack, str(k)]), product)

    def _eliminated(self, value: int, step: Instruction, inverse: str, finish: Callable[[Indices, str], None]) -> None:
        """Gauss and Jordan with the largest pivot of each column, for each place of the result; `finish` takes it and the determinant.

        A cofactor is the determinant with its row replaced by that of the identity: right for singular matrices too.
        """
        (x,) = step.operands
        shape = self.shape(x)
        n, square = shape[-1], shape[-2:]
        work = self.array(f"v{value}_work", square)
        scale = self.number(f"v{value}_scale")
        determinant = "" if inverse else self.number(f"v{value}_det")
        best = self.integer()
        with self.over(shape if step.opcode == "cofactors" else shape[:-2]) as place:
            stack, replaced = place[: len(shape) - 2], place[len(shape) - 2 :]
            with self.over(square) as (i, j):
                self.set(self.at(work, square, [i, j]), self.of(x, [*stack, i, j]))
                if inverse:
                    self.let(self.of(value, [*stack, i, j]), 0)
            if replaced:
                with self.over((n,)) as (j,):
                    self.let(self.at(work, square, [replaced[0], j]), 0)
                self.let(self.at(work, square, replaced), 1)
            if inverse:
                with self.over((n,)) as (i,):
                    self.let(self.of(value, [*stack, i, i]), 1)
            else:
                self.let(determinant, 0 if step.opcode == "logdet" else 1)
            with self.over((n,)) as (k,):
                self.set(best, k)
                with self.over((n,)) as (i,):
                    both = self.expressions.words.signs.get("and", "&&")
                    a, b = (self.expressions.bare(("abs", "x0"), [self.at(work, square, [r, k])]) for r in (i, best))
                    with self.when(f"{i} > {k} {both} {a} > {b}"):
                        self.set(best, i)
                tables: list[tuple[str, Any, list[str]]] = [(work, square, [])]
                tables += [(f"v{value}", step.shape, list(stack))] if inverse else []
                unequal = self.expressions.words.signs.get("!=", "!=")
                with self.when(f"{best} {unequal} {k}"):
                    with self.over((n,)) as (j,):
                        for name, own, before in tables:
                            one, other = self.at(name, own, [*before, k, j]), self.at(name, own, [*before, best, j])
                            self.set(scale, one)
                            self.set(one, other)
                            self.set(other, scale)
                    if step.opcode in ("det", "cofactors"):
                        self.let(determinant, ("neg", "x0"), determinant)
                pivot = self.at(work, square, [k, k])
                if step.opcode == "logdet":
                    self.let(determinant, ("+", "x0", ("log", ("abs", "x1"))), determinant, pivot)
                elif not inverse:
                    self.set(determinant, f"{determinant}*{pivot}")
                if inverse:
                    self.line(self.statements.refuse.format(c=f"{pivot} == {self.expressions.number(0)}", text="a matrix is singular"))
                with self.over((n,)) as (i,):
                    here = f"{i} {unequal} {k}" if inverse else f"{i} > {k}"
                    zero = f" {self.expressions.words.signs.get('and', '&&')} {pivot} {unequal} {self.expressions.number(0)}"
                    with self.when(here + zero):
                        self.set(scale, f"{self.at(work, square, [i, k])}/{pivot}")
                        with self.over((n,)) as (j,):
                            for name, own, before in tables:
                                one, other = self.at(name, own, [*before, i, j]), self.at(name, own, [*before, k, j])
                                self.set(one, f"{one} - {scale}*{other}")
            finish(place, determinant)

    def _inv(self, value: int, step: Instruction) -> None:
        n = step.shape[-1]

        def divided(stack: Indices, _: str) -> None:
            with self.over((n, n)) as (i, j):
                pivot = self.at(f"v{value}_work", (n, n), [i, i])
                self.set(self.of(value, [*stack, i, j]), f"{self.of(value, [*stack, i, j])}/{pivot}")

        self._eliminated(value, step, "inverse", divided)

    def _det(self, value: int, step: Instruction) -> None:
        self._eliminated(value, step, "", lambda stack, found: self.set(self.of(value, stack), found))

    def _cofactors(self, value: int, step: Instruction) -> None:
        self._det(value, step)

    def _logdet(self, value: int, step: Instruction) -> None:
        self._det(value, step)

    def _cholesky(self, value: int, step: Instruction) -> None:
        (x,) = step.operands
        n = step.shape[-1]
        total = self.number(f"v{value}_sum")
        with self.over((*step.shape[:-2], n, n)) as (*stack, i, j), self.when(f"{j} <= {i}"):
            half = ("/", ("+", "x0", "x1"), 2)
            self.let(total, half, self.of(x, [*stack, i, j]), self.of(x, [*stack, j, i]))
            with self.over((n,)) as (k,), self.when(f"{k} < {j}"):
                self.set(total, f"{total} - {self.of(value, [*stack, i, k])}*{self.of(value, [*stack, j, k])}")
            with self.when(f"{i} == {j}"):
                zero = self.expressions.number(0)
                self.line(self.statements.refuse.format(c=f"{total} <= {zero}", text="a matrix is not positive definite"))
                self.let(self.of(value, [*stack, i, j]), ("sqrt", "x0"), total)
            with self.when(f"{j} < {i}"):
                self.set(self.of(value, [*stack, i, j]), f"{total}/{self.of(value, [*stack, j, j])}")
