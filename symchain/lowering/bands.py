"""Matrices of a few diagonals in plans: worked with as their diagonals, and written out only where the whole matrix is read.

Rows of eye(n), shifted and scaled, come out of slices that are differentiated twice. A product of two such matrices is a few products of
vectors, and so is one with a vector; written out, it would be a product of n x n matrices of zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symchain.kernels.kernel import Instruction, Output, Plan
from symchain.lowering.assembly import Assembly, title
from symchain.support.dimensions import Dim, Shape, add, at_least, learn

_MOST = 16
"""Matrices of more diagonals are written out."""


class _Dense(Exception):
    """The value is no matrix of a few diagonals, or it is not certain where they end."""


@dataclass(frozen=True, slots=True)
class Band:
    """Entries on a diagonal: entry k stands in row `row` + k, column `column` + k. `value` is a vector of them, or one number for all."""

    value: int
    row: Dim
    column: Dim
    length: Dim


@dataclass(frozen=True, slots=True)
class Banded:
    """A matrix that is zero but for its bands, which are added where they meet."""

    shape: tuple[Dim, Dim]
    bands: tuple[Band, ...]


def with_bands(plan: Plan) -> Plan:
    """The plan with products and sums of such matrices taken diagonal by diagonal; itself where it has none."""
    if not any(plan.instruction(n).opcode == "embed" for n in plan.needed(guards=True)):
        return plan
    return _Rewriting(plan).plan()


class _Rewriting:
    def __init__(self, plan: Plan) -> None:
        self.old = plan
        self.asm = Assembly(plan.inputs)
        self.dense: dict[int, int] = {k: k for k in range(len(plan.inputs))}
        self.banded: dict[int, Banded] = {}
        self.known: dict[Dim, int] = {}
        for need in plan.needs:
            self.known = learn(self.known, need.dim, need.least)

    def plan(self) -> Plan:
        old = self.old
        for number in old.needed(guards=True):
            step = old.instruction(number)
            self.asm.block = step.block
            try:
                found = self._found(step)
            except _Dense:
                self.dense[number] = self._copied(step)
                continue
            if isinstance(found, Banded):
                self.banded[number] = found
            else:
                self.dense[number] = found
        outputs = tuple(Output(o.kind, o.names, self._whole(o.value, title(o.kind, *o.names)), o.shape) for o in old.outputs)
        guards = tuple(
            replace(g, value=self._whole(g.value), other=None if g.other is None else self._whole(g.other)) for g in old.guards
        )
        return replace(old, instructions=tuple(self.asm.instructions), outputs=outputs, guards=guards)

    def _copied(self, step: Instruction) -> int:
        if step.opcode == "constant" and isinstance(step.parameters[0], float):
            value, *exact = step.parameters
            return self.asm.constant(Fraction(*exact) if exact else Fraction(value))
        return self.asm.emit(step.opcode, tuple(self._whole(v) for v in step.operands), step.parameters, step.shape)

    def _whole(self, number: int, block: str | None = None) -> int:
        """The value as an array."""
        if number not in self.dense:
            if block is not None:
                self.asm.block = block
            self.dense[number] = self._written(self.banded[number])
        return self.dense[number]

    def _written(self, matrix: Banded) -> int:
        total: int | None = None
        for band in matrix.bands:
            square = (band.length, band.length)
            entries = self.asm.emit("embed", (band.value,), ((0, 0), square), square)
            entries = self._placed(entries, (band.row, band.column), square, matrix.shape)
            total = entries if total is None else self.asm.add(total, entries)
        if total is None:
            total = self.asm.emit("broadcast", (self.asm.constant(0),), (matrix.shape,), matrix.shape)
        return total

    # ------------------------------------------------------------ what comes of an instruction

    def _found(self, step: Instruction) -> Banded | int:
        if step.opcode == "embed" and step.parameters[0] == (0, 0):
            shape = step.parameters[1]
            return Banded(shape, (Band(self._whole(step.operands[0]), 0, 0, shape[0]),))
        if not any(v in self.banded for v in step.operands):
            raise _Dense
        match step.opcode:
            case "negative":
                return self._scaled(self.banded[step.operands[0]], lambda value, band: self.asm.negative(value))
            case "add" | "subtract":
                return self._sum(step)
            case "multiply":
                return self._product(step)
            case "index":
                return self._selected(self.banded[step.operands[0]], step.parameters[0])
            case "place":
                return self._moved(self.banded[step.operands[0]], *step.parameters)
            case "view" if step.parameters[0] == (1, 0):
                matrix = self.banded[step.operands[0]]
                turned = (Band(b.value, b.column, b.row, b.length) for b in matrix.bands)
                return Banded(matrix.shape[::-1], tuple(turned))
            case "matmul":
                return self._matmul(step)
        raise _Dense

    def _scaled(self, matrix: Banded, change: Any) -> Banded:
        return Banded(matrix.shape, tuple(replace(b, value=change(b.value, b)) for b in matrix.bands))

    def _sum(self, step: Instruction) -> Banded:
        a, b = (self.banded.get(v) for v in step.operands)
        if a is None or b is None or a.shape != b.shape:
            raise _Dense
        if step.opcode == "subtract":
            b = self._scaled(b, lambda value, band: self.asm.negative(value))
        return self._merged(a.shape, [*a.bands, *b.bands])

    def _merged(self, shape: tuple[Dim, Dim], bands: Sequence[Band]) -> Banded:
        """The bands, those of one place added."""
        found: dict[tuple[Dim, Dim, Dim], Band] = {}
        for band in bands:
            place = band.row, band.column, band.length
            other = found.get(place)
            found[place] = band if other is None else replace(band, value=self.asm.add(other.value, band.value))
        if len(found) > _MOST:
            raise _Dense
        return Banded(shape, tuple(found.values()))

    def _product(self, step: Instruction) -> Banded:
        """Entry by entry, with a number, a row or a column for each row or column, or another matrix."""
        a, b = step.operands
        matrix, other = (self.banded[a], b) if a in self.banded else (self.banded[b], a)
        if a in self.banded and b in self.banded:
            raise _Dense
        rows, columns = matrix.shape
        shape = self._shape(other)
        if step.shape != matrix.shape or shape not in ((), (columns,), (1, columns), (rows, 1)) or (rows == columns == 1):
            raise _Dense
        value = self._whole(other)
        if not shape:
            return self._scaled(matrix, lambda own, band: self.asm.multiply(own, value))
        if shape == (rows, 1) and rows != 1:
            value = self.asm.drop(value, (1,))
            return self._scaled(matrix, lambda own, band: self.asm.multiply(own, self._part(value, rows, band.row, band.length)))
        if len(shape) == 2:
            value = self.asm.drop(value, (0,))
        return self._scaled(matrix, lambda own, band: self.asm.multiply(own, self._part(value, columns, band.column, band.length)))

    def _selected(self, matrix: Banded, items: Sequence[Any]) -> Banded:
        if len(items) != 2 or any(item[0] != "slice" or item[3] != 1 for item in items):
            raise _Dense
        (_, top, bottom, _), (_, left, right, _) = items
        found = []
        for band in matrix.bands:
            start = self._larger(0, add(top, band.row, -1), add(left, band.column, -1))
            end = self._smaller(band.length, add(bottom, band.row, -1), add(right, band.column, -1))
            length = add(end, start, -1)
            if not self._is_there(length):
                continue
            value = self._of_band(band, start, length)
            found.append(Band(value, add(add(band.row, start), top, -1), add(add(band.column, start), left, -1), length))
        return Banded((add(bottom, top, -1), add(right, left, -1)), tuple(found))

    def _moved(self, matrix: Banded, items: Sequence[Any], shape: tuple[Dim, Dim]) -> Banded:
        if len(items) != 2 or any(item[0] != "slice" or item[3] != 1 for item in items):
            raise _Dense
        (_, top, _, _), (_, left, _, _) = items
        return Banded(shape, tuple(replace(b, row=add(b.row, top), column=add(b.column, left)) for b in matrix.bands))

    def _matmul(self, step: Instruction) -> Banded | int:
        a, b = step.operands
        if a in self.banded and b in self.banded:
            return self._chained(self.banded[a], self.banded[b])
        if a in self.banded:
            return self._times(self.banded[a], self._whole(b), self._shape(b))
        matrix = self.banded[b]
        turned = Banded(matrix.shape[::-1], tuple(Band(m.value, m.column, m.row, m.length) for m in matrix.bands))
        shape = self._shape(a)
        if len(shape) != 1:
            raise _Dense
        return self._times(turned, self._whole(a), shape)

    def _chained(self, one: Banded, two: Banded) -> Banded:
        found = []
        for a in one.bands:
            for b in two.bands:
                start, end = self._larger(a.column, b.row), self._smaller(add(a.column, a.length), add(b.row, b.length))
                length = add(end, start, -1)
                if not self._is_there(length):
                    continue
                first, second = add(start, a.column, -1), add(start, b.row, -1)
                value = self.asm.multiply(self._of_band(a, first, length), self._of_band(b, second, length))
                found.append(Band(value, add(a.row, first), add(b.column, second), length))
        return self._merged((one.shape[0], two.shape[1]), found)

    def _times(self, matrix: Banded, array: int, shape: Shape) -> int:
        """The matrix times a vector or a matrix that is written out: rows of that, scaled and moved."""
        rows, columns = matrix.shape
        if len(shape) not in (1, 2) or not matrix.bands:
            raise _Dense
        total: int | None = None
        for band in matrix.bands:
            part = self._part(array, columns, band.column, band.length, shape[1:])
            own = self.asm.view(band.value, (0, None)) if len(shape) == 2 and self.asm.shape(band.value) else band.value
            moved = self.asm.multiply(own, part)
            inner = (band.length, *shape[1:])
            whole = self._placed(moved, (band.row, *([0] * (len(shape) - 1))), inner, (rows, *shape[1:]))
            total = whole if total is None else self.asm.add(total, whole)
        assert total is not None
        return total

    # ------------------------------------------------------------ pieces

    def _shape(self, number: int) -> Shape:
        return self.banded[number].shape if number in self.banded else self.asm.shape(self.dense[number])

    def _of_band(self, band: Band, start: Dim, length: Dim) -> int:
        return self._part(band.value, band.length, start, length) if self.asm.shape(band.value) else band.value

    def _part(self, array: int, size: Dim, start: Dim, length: Dim, rest: Shape = ()) -> int:
        """Entries (or rows) from `start` on."""
        if start == 0 and length == size:
            return array
        items = (("slice", start, add(start, length), 1), *(("slice", 0, d, 1) for d in rest))
        return self.asm.emit("index", (array,), (items,), (length, *rest))

    def _placed(self, array: int, starts: Sequence[Dim], inner: Shape, shape: Shape) -> int:
        if inner == shape:
            return array
        items = tuple(("slice", s, add(s, d), 1) for s, d in zip(starts, inner, strict=True))
        return self.asm.emit("place", (array,), (items, shape), shape)

    def _larger(self, *dims: Dim) -> Dim:
        """The largest. Raises where it is not certain which that is."""
        return self._extreme(dims, 1)

    def _smaller(self, *dims: Dim) -> Dim:
        return self._extreme(dims, -1)

    def _extreme(self, dims: Sequence[Dim], sign: int) -> Dim:
        best = dims[0]
        for dim in dims[1:]:
            more, less = (dim, best) if sign > 0 else (best, dim)
            if at_least(add(more, less, -1), 0, self.known):
                best = dim
            elif not at_least(add(less, more, -1), 0, self.known):
                raise _Dense
        return best

    def _is_there(self, length: Dim) -> bool:
        """Whether a band has entries. Raises where that is not certain: a slice must not end before it starts."""
        if at_least(length, 0, self.known):
            return length != 0
        if isinstance(length, int):
            return False
        raise _Dense
