"""Matrix instructions in C: inverses, determinants and factors through the LAPACK that SciPy lends, solutions in the place of inverses.

What is known of a matrix is seen in its numbers, as LAPACK's drivers and the backslash of MATLAB do: triangular ones are solved as such,
symmetric ones with a positive diagonal by Cholesky, all others, and those where that fails, with pivots. A matrix that is singular or not
finite is left to NumPy, which says what is wrong.
"""

from __future__ import annotations

from functools import cached_property

from symchain.kernels.kernel import Instruction
from symchain.kernels.native.orders import OrderCode

_WORK = 64
"""Rows of room that LAPACK works in, for its blocks."""
_SOLVE, _INVERT = "p_dpotrs, p_dgetrs, p_dtrtrs", "p_dpotri, p_dgetri, p_dtrtri"


class FactorCode(OrderCode):
    """The instructions whose operand is a square matrix, or a stack of them."""

    @cached_property
    def factors(self) -> dict[int, tuple[str, str]]:
        """The rooms of the factors, and of their kinds and pivots, of matrices that were factored."""
        return {}

    @cached_property
    def solving(self) -> frozenset[int]:
        """The inverses that only stand beside one operand of a product: they are solutions, and no inverse is worked out."""
        found = {v for v in self.needed if self.plan.instruction(v).opcode == "inv" and len(self.shape(v)) == 2}
        found -= {o.value for o in self.plan.outputs}
        turned = {v: self.inverse_of(v) for v in self.needed}
        found -= {inverse[0] for o in self.plan.outputs if (inverse := turned.get(o.value))}
        for number in self.needed:
            step = self.plan.instruction(number)
            read = [inverse[0] for v in step.operands if (inverse := turned.get(v))]
            passed = number in turned and turned[number] is not None
            single = step.opcode == "matmul" and len(read) == 1 and all(len(self.shape(v)) <= 2 for v in step.operands)
            if not passed and not single:
                found -= set(read)
        return frozenset(found)

    def inverse_of(self, value: int) -> tuple[int, bool] | None:
        """The inverse that a value is, and whether transposed; None where it is none."""
        turned = False
        while value >= self.first:
            step = self.plan.instruction(value)
            if step.opcode == "inv":
                return value, turned
            if step.opcode != "view" or step.parameters[0] != (1, 0):
                return None
            (value,), turned = step.operands, not turned
        return None

    # ------------------------------------------------------------ factors

    def _stored(self, value: int) -> str:
        """Where a value stands in memory, row by row; it is written out where it stands nowhere."""
        if value in self.named:
            return self.named[value]
        if value < self.first and not self.plan.inputs[value].integer:
            return f"x{value}"
        shape, name = self.shape(value), self.room(self.shape(value))
        self.loops(shape, lambda at: [f"{name}[{self.flat(shape, at)}] = {self.element(value, at)};"])
        return name

    def _each(self, value: int, lines: list[str]) -> None:
        """Lines for each matrix of a stack, whose number is j."""
        *lead, n = self.shape(value)[:-1]
        self.lines.append(f"  for (long j = 0; j < {self.count(tuple(lead))}; j++) {{")
        self.lines.append(f"    const long n = {self.size(n)};")
        self.lines += [f"    {line}" for line in lines]
        self.lines.append("  }")

    def _factored(self, value: int) -> tuple[str, str]:
        found = self.factors.get(value)
        if found is None:
            shape, source = self.shape(value), self._stored(value)
            found = self.factors[value] = self.room(shape), self.room((*shape[:-1], 2))
            f, p = found
            call = f"m_factor(p_dpotrf, p_dgetrf, n, {source} + j*n*n, {f} + j*n*n, (int *)({p} + 2*j*n))"
            self._each(value, [f"if (!{call}) return 0;"])
        return found

    def _write_inv(self, number: int, step: Instruction, target: str) -> None:
        (v,) = step.operands
        f, p = self._factored(v)
        if number in self.solving:
            return
        work = self.room((_WORK, step.shape[-1]))
        call = f"m_inverse({_INVERT}, n, {f} + j*n*n, (int *)({p} + 2*j*n), {target} + j*n*n, {work}, {_WORK})"
        self._each(v, [f"if (!{call}) return 0;"])

    def _write_det(self, number: int, step: Instruction, target: str) -> None:
        self._of_diagonal(step, target, "m_det")

    def _write_logdet(self, number: int, step: Instruction, target: str) -> None:
        self._of_diagonal(step, target, "m_logdet")

    def _of_diagonal(self, step: Instruction, target: str, name: str) -> None:
        (v,) = step.operands
        f, p = self._factored(v)
        place = f"{target}[j]" if step.shape else target
        self._each(v, [f"{place} = {name}(n, {f} + j*n*n, (int *)({p} + 2*j*n));"])

    def _write_cofactors(self, number: int, step: Instruction, target: str) -> None:
        """det(a)*inv(a).T where that is well conditioned, as with NumPy, which is asked elsewhere."""
        (v,) = step.operands
        (f, p), source = self._factored(v), self._stored(v)
        work, inverse = self.room((_WORK, step.shape[-1])), self.room(step.shape[-2:])
        factor = f"{f} + j*n*n, (int *)({p} + 2*j*n)"
        call = f"m_inverse({_INVERT}, n, {factor}, {inverse}, {work}, {_WORK})"
        lines = [f"if (!{call} || !m_well(n, {source} + j*n*n, {inverse})) return 0;", f"const double d = m_det(n, {factor});"]
        lines.append(f"for (long i = 0; i < n; i++) for (long k = 0; k < n; k++) {target}[(j*n + i)*n + k] = d*{inverse}[k*n + i];")
        self._each(v, lines)

    def _write_cholesky(self, number: int, step: Instruction, target: str) -> None:
        (v,) = step.operands
        source = self._stored(v)
        self._each(v, [f"if (!m_cholesky(p_dpotrf, n, {source} + j*n*n, {target} + j*n*n)) return 0;"])

    # ------------------------------------------------------------ products

    def _write_matmul(self, number: int, step: Instruction, target: str) -> None:
        a, b = step.operands
        left, right = self.inverse_of(a), self.inverse_of(b)
        if left is not None and left[0] in self.solving:
            self._solved(target, left, b, step, first=True)
        elif right is not None and right[0] in self.solving:
            self._solved(target, right, a, step, first=False)
        else:
            super()._write_matmul(number, step, target)

    def _solved(self, target: str, inverse: tuple[int, bool], other: int, step: Instruction, first: bool) -> None:
        """inv(A) @ B, or B @ inv(A), by solving for each column, or row, of B; LAPACK wants these side by side in memory."""
        (v,), turned = self.plan.instruction(inverse[0]).operands, inverse[1] if first else not inverse[1]
        f, p = self._factored(v)
        n, shape = self.size(self.shape(v)[-1]), step.shape
        across = first and len(shape) == 2
        own = (shape[1], shape[0]) if across else shape
        place = self.room(own) if across else target
        self.loops(own, lambda at: [f"{place}[{self.flat(own, at)}] = {self.element(other, at[::-1] if across else at)};"])
        many = self.size(own[0]) if len(own) == 2 else "1"
        self.lines.append(f"  if (!m_solve({_SOLVE}, {n}, {many}, {f}, (int *){p}, {turned:d}, {place})) return 0;")
        if across:
            self.loops(shape, lambda at: [f"{target}[{self.flat(shape, at)}] = {place}[{self.flat(own, at[::-1])}];"])


__all__ = ["FactorCode"]
