"""Jacobians as matrices, sparse where the code says which entries are zero: diagonals, diagonals put at a place, sums of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symchain.kernels.arguments import sizes
from symchain.kernels.integrations.parameters import Parameters, of_order, with_outputs
from symchain.kernels.kernel import Kernel, Output, Plan
from symchain.support.dimensions import Shape, evaluate

_MOST = 64
"""Terms of more diagonals than this are not told apart."""


@dataclass(frozen=True, slots=True)
class Diagonal:
    """A term of a Jacobian: the value with entries, where they stand on a diagonal, and the places that is moved to."""

    value: int
    sign: int
    pattern: tuple[int, ...]
    shape: Shape
    places: tuple[tuple[Any, Shape], ...] = ()


def diagonals(plan: Plan, value: int, sign: int = 1) -> list[Diagonal] | None:
    """The value as a sum of diagonals; None where it is something else."""
    found: list[Diagonal] = []
    stack: list[tuple[int, int, tuple[tuple[Any, Shape], ...]]] = [(value, sign, ())]
    while stack:
        number, s, places = stack.pop()
        if number < len(plan.inputs) or len(found) + len(stack) > _MOST:
            return None
        step = plan.instruction(number)
        if step.opcode == "embed" and len(set(step.parameters[0])) < len(step.parameters[0]):
            found.append(Diagonal(step.operands[0], s, step.parameters[0], step.parameters[1], places))
        elif step.opcode == "negative":
            stack.append((step.operands[0], -s, places))
        elif step.opcode in ("add", "subtract") and all(_shape(plan, v) == step.shape for v in step.operands):
            second = -s if step.opcode == "subtract" else s
            stack += [(step.operands[0], s, places), (step.operands[1], second, places)]
        elif step.opcode == "place" and all(item[0] == "slice" and item[3] > 0 for item in step.parameters[0]):
            stack.append((step.operands[0], s, (step.parameters, *places)))
        else:
            return None
    return found


def places(term: Diagonal, known: Mapping[str, int], lead: int) -> tuple[Any, Any, list[int]]:
    """The row and the column of each entry of a term, and the shape of its entries; `lead` axes are those of the rows."""
    dims = tuple(evaluate(d, known) for d in term.shape)
    lengths = [dims[term.pattern.index(j)] for j in range(len(set(term.pattern)))]
    grid = np.indices(lengths)
    index = [grid[j] for j in term.pattern]
    whole = dims
    for items, placed in term.places:
        index = [a * step + evaluate(start, known) for a, (_, start, _, step) in zip(index, items, strict=True)]
        whole = tuple(evaluate(d, known) for d in placed)
    row = np.ravel_multi_index(index[:lead], whole[:lead]) if lead else np.zeros(lengths, int)
    column = np.ravel_multi_index(index[lead:], whole[lead:]) if whole[lead:] else np.zeros(lengths, int)
    return np.ravel(row), np.ravel(column), lengths


def _shape(plan: Plan, value: int) -> Shape:
    return plan.inputs[value].shape if value < len(plan.inputs) else plan.instruction(value).shape


class Jacobian:
    """`jacobian(values)` gives the value as a flat vector and its derivative as a matrix, a column for each entry of the parameters."""

    def __init__(self, kernel: Kernel, parameters: Parameters, shape: tuple[int, ...]) -> None:
        self.parameters, self.scalar, self.plan = parameters, kernel.plan.scalar, kernel.plan
        self.terms = self._terms(kernel.plan)
        self.sparse = self.terms is not None or (self.scalar and bool(shape) and any(s for s in parameters.shapes))
        if self.terms is None:
            self.call = of_order(kernel, 1).positional
        else:
            value = next(o for o in kernel.plan.outputs if o.kind == "value")
            entries = [Output("gradient", (str(k),), t.value, _shape(kernel.plan, t.value)) for k, (_, t) in enumerate(self.terms)]
            self.call = with_outputs(kernel, [value, *entries], 1).positional

    def _terms(self, plan: Plan) -> list[tuple[int, Diagonal]] | None:
        """The terms of all gradients, each with the number of its parameter."""
        found: list[tuple[int, Diagonal]] = []
        for k, name in enumerate(self.parameters.names):
            output = next(o for o in plan.outputs if o.kind == "gradient" and o.names == (name,))
            terms = None if self.scalar else diagonals(plan, output.value)
            if terms is None:
                return None
            found += [(k, t) for t in terms]
        return found

    def __call__(self, values: Sequence[Any]) -> tuple[Any, Any]:
        value, parts = self.call(*values)
        flat = np.ravel(value)
        if self.terms is not None:
            return flat, self._of_terms(values, np.shape(value), parts)
        if self.scalar:
            return flat, self._of_samples(values, np.shape(value), parts)
        columns = [np.reshape(parts[n], (flat.size, s.stop - s.start)) for n, s in self._named]
        return flat, np.concatenate(columns, axis=1)

    @property
    def _named(self) -> list[tuple[str, slice]]:
        return list(zip(self.parameters.names, self.parameters.slices, strict=True))

    def _of_samples(self, values: Sequence[Any], shape: tuple[int, ...], parts: Any) -> Any:
        """Of a scalar program: a sample reads one entry of each parameter."""
        size = int(np.prod(shape, dtype=int))
        if not self.sparse:
            return np.stack([np.broadcast_to(parts[n], shape).reshape(-1) for n, _ in self._named], axis=-1)
        rows, columns, entries = [], [], []
        for (name, part), own in zip(self._named, self.parameters.shapes, strict=True):
            numbers = part.start + np.arange(part.stop - part.start).reshape(own)
            rows.append(np.arange(size))
            columns.append(np.broadcast_to(numbers, shape).reshape(-1))
            entries.append(np.broadcast_to(parts[name], shape).reshape(-1))
        return self._matrix(size, rows, columns, entries)

    def _of_terms(self, values: Sequence[Any], shape: tuple[int, ...], parts: Any) -> Any:
        assert self.terms is not None
        known = dict(zip(self.plan.letters, sizes(self.plan, values), strict=True))
        rows, columns, entries = [], [], []
        for number, (k, term) in enumerate(self.terms):
            row, column, lengths = places(term, known, len(shape))
            rows.append(row)
            columns.append(column + self._named[k][1].start)
            entries.append(term.sign * np.broadcast_to(parts[str(number)], lengths).reshape(-1))
        return self._matrix(int(np.prod(shape, dtype=int)), rows, columns, entries)

    def _matrix(self, size: int, rows: Sequence[Any], columns: Sequence[Any], entries: Sequence[Any]) -> Any:
        from scipy.sparse import coo_matrix

        at = np.concatenate(rows), np.concatenate(columns)
        return coo_matrix((np.concatenate(entries), at), (size, self.parameters.size)).tocsr()


__all__ = ["Diagonal", "Jacobian", "diagonals", "places"]
