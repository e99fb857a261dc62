"""Second derivatives and Jacobians as sparse matrices or linear operators: computed from their diagonals where the code has them.

Where entries stand depends on the sizes alone: it is worked out once for each, and a call then costs its entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, UnsupportedError, check_choice
from symchain.kernels.arguments import sizes
from symchain.kernels.integrations.jacobians import Diagonal, diagonals, places
from symchain.kernels.kernel import Kernel, Output, Plan
from symchain.support.dimensions import evaluate


def matrices(kernel: Kernel) -> Callable[..., Any]:
    """The lean call of a kernel whose matrices are of the form that its options ask for."""
    form = kernel.options["form"]
    check_choice("form", form, ("dense", "sparse", "operator"))
    rest = {name: value for name, value in kernel.options.items() if name != "form"}
    plain = Kernel(kernel.plan, kernel.backend, rest)
    if form == "dense":
        return plain.positional
    if rest.get("out") is not None:
        raise ArgumentError('results of the form "sparse" or "operator" are not written to arrays', advice="Leave out= or form= away.")
    return _Forming(plain, form).call


def _is_matrix(plan: Plan, output: Output) -> bool:
    """Whether an output is a matrix by itself: a Hessian, a Jacobian, the array that a derivation is; not a gradient by a matrix."""
    value = next((o for o in plan.outputs if o.kind == "value"), None)
    jacobian = output.kind == "gradient" and value is not None and len(value.shape) == 1
    return len(output.shape) == 2 and (output.kind in ("hessian", "array") or jacobian)


class _Forming:
    def __init__(self, kernel: Kernel, form: str) -> None:
        plan = kernel.plan
        self.plan, self.form, self.order = plan, form, plan.order
        self.matrices = [k for k, o in enumerate(plan.outputs) if _is_matrix(plan, o)]
        if not self.matrices:
            raise UnsupportedError("the kernel returns no matrix of second derivatives, and no Jacobian", advice='Leave form="dense".')
        self.terms: list[list[Diagonal] | None] = [
            diagonals(plan, o.value) if k in self.matrices else None for k, o in enumerate(plan.outputs)
        ]
        self._known: dict[tuple[int, tuple[int, ...]], _Structure] = {}
        outputs: list[Output] = []
        for o, terms in zip(plan.outputs, self.terms, strict=True):
            values = [o.value] if terms is None else [t.value for t in terms]
            for value in values:
                shape = plan.inputs[value].shape if value < len(plan.inputs) else plan.instruction(value).shape
                number = str(len(outputs))
                outputs.append(Output("value", (), value, shape) if not outputs else Output("gradient", (number,), value, shape))
        self._call = Kernel(replace(plan, outputs=tuple(outputs), order=1), kernel.backend, kernel.options).positional

    def call(self, *values: Any) -> Any:
        first, others = self._call(*values)
        parts = iter([first, *others.values()])
        found = []
        for k, terms in enumerate(self.terms):
            own = [next(parts) for _ in ([0] if terms is None else terms)]
            found.append(self._matrix(k, values, own) if k in self.matrices else own[0])
        return self._formed(found)

    def _matrix(self, k: int, values: Sequence[Any], parts: Sequence[Any]) -> Any:
        from scipy.sparse import csr_array
        from scipy.sparse.linalg import aslinearoperator

        terms = self.terms[k]
        made: Any
        if terms is None:
            made = parts[0] if self.form == "operator" else csr_array(parts[0])
        else:
            lengths = tuple(sizes(self.plan, values))
            structure = self._known.get((k, lengths))
            if structure is None:
                known = dict(zip(self.plan.letters, lengths, strict=True))
                structure = self._known[k, lengths] = _Structure(terms, known, self.plan.outputs[k])
            made = structure.matrix(parts)
        return aslinearoperator(made) if self.form == "operator" else made

    def _formed(self, found: Sequence[Any]) -> Any:
        if not self.order:
            return found[0]
        groups: dict[str, dict[Any, Any]] = {"gradient": {}, "hessian": {}}
        for o, result in zip(self.plan.outputs, found, strict=True):
            if o.names:
                groups[o.kind][o.names[0] if len(o.names) == 1 else o.names] = result
        return (found[0], *list(groups.values())[: self.order])


class _Structure:
    """Where the entries of a matrix stand, at some sizes: compressed rows, and the place of each entry of each diagonal in them."""

    def __init__(self, terms: Sequence[Diagonal], known: Mapping[str, int], output: Output) -> None:
        from scipy.sparse import csr_array

        rows, columns, self.lengths = [], [], []
        shape = [evaluate(d, known) for d in output.shape]
        for term in terms:
            row, column, lengths = places(term, known, 1)
            rows.append(row)
            columns.append(column)
            self.lengths.append(lengths)
        self.shape = (shape[0], shape[1])
        flat = np.concatenate(rows) * self.shape[1] + np.concatenate(columns) if rows else np.zeros(0, int)
        kept, self.slots = np.unique(flat, return_inverse=True)
        self.signs = [term.sign for term in terms]
        self.count = len(kept)
        self.columns = (kept % max(1, self.shape[1])).astype(np.int32)
        self.starts = np.searchsorted(kept, np.arange(self.shape[0] + 1) * self.shape[1]).astype(np.int32)
        ends = np.cumsum([0, *(int(np.prod(n, dtype=int)) for n in self.lengths)])
        self.pieces = [slice(a, b) for a, b in zip(ends, ends[1:], strict=False)]
        self.room = int(ends[-1])
        self.empty = csr_array((np.zeros(self.count), self.columns, self.starts), shape=self.shape)

    def matrix(self, parts: Sequence[Any]) -> Any:
        entries = np.empty(self.room)
        for piece, sign, part in zip(self.pieces, self.signs, parts, strict=True):
            if np.ndim(part) > 1:
                part = np.ravel(part)
            np.multiply(part, sign, out=entries[piece]) if sign < 0 else np.copyto(entries[piece], part)
        made = copy(self.empty)  # of one structure: what SciPy would check again is known; the caller may change what is returned
        made.data = np.bincount(self.slots, entries, self.count)
        made.indices, made.indptr = self.columns.copy(), self.starts.copy()
        return made
