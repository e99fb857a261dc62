"""Sums of products in C: contractions of every kind as loops, in the order in which memory is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from symchain.kernels.kernel import Instruction
from symchain.kernels.native.loops import ArrayCode
from symchain.kernels.native.primitives import PRODUCT
from symchain.support.dimensions import Dim, Shape

_TERMS = 256
"""Terms worked out before they are added: adding while choosing is what a compiler (GCC 12, with AVX2) gets wrong."""

_LARGE = 30000
"""Products of numbers from which on a call of BLAS pays."""


class SumCode(ArrayCode):
    """The instructions that add up."""

    def _write_sum(self, number: int, step: Instruction, target: str) -> None:
        (v,) = step.operands
        shape, axes = self.shape(v), step.parameters[0]
        self._summed(
            target,
            [(k, d) for k, d in enumerate(shape) if k not in axes],
            [(k, shape[k]) for k in sorted(axes)],
            lambda at: self.element(v, [at[k] for k in range(len(shape))]),
        )

    def _write_inner(self, number: int, step: Instruction, target: str) -> None:
        a, b = step.operands
        shape = self.shape(a)

        def product(at: dict[int, str]) -> str:
            own = [at[k] for k in range(len(shape))]
            return f"{self.element(a, own)}*{self.element(b, own)}"

        self._summed(target, [], list(enumerate(shape)), product)

    def _write_matmul(self, number: int, step: Instruction, target: str) -> None:
        a, b = step.operands
        one, two = self.shape(a), self.shape(b)
        stack = len(step.shape) - (len(one) > 1) - (len(two) > 1)
        rows = stack if len(one) > 1 else None
        columns = len(step.shape) - 1 if len(two) > 1 else None
        inner = len(step.shape)

        def product(at: dict[int, str]) -> str:
            lead = [at[k] for k in range(stack)]
            left = [*self._lead(one[:-2], lead), *([at[rows]] if rows is not None else []), at[inner]]
            right = [*self._lead(two[:-2], lead), at[inner], *([at[columns]] if columns is not None else [])]
            return f"{self.element(a, left)}*{self.element(b, right)}"

        left, right = self._matrix(a), self._matrix(b)
        if len(one) != 2 or len(two) != 2 or left is None or right is None:
            self._summed(target, list(enumerate(step.shape)), [(inner, one[-1])], product)
            return
        self._by_blas(target, left, right, (one[0], two[1], one[1]))
        self._summed(target, list(enumerate(step.shape)), [(inner, one[-1])], product)
        self.lines.append("  }")

    def _by_blas(
        self,
        target: str,
        left: tuple[str, bool, str],
        right: tuple[str, bool, str],
        sizes: Shape,
        first: Callable[[], None] = lambda: None,
    ) -> None:
        """A large product by BLAS, or else what follows, up to a bracket."""
        m, n, k = map(self.size, sizes)
        (a, turned, wide), (b, also, broad) = left, right
        self.lines.append(f"  if ((double){m}*{n}*{k} > {_LARGE}.0 && m_small({m}) && m_small({n}) && m_small({k})) {{")
        first()
        self.lines.append(f"  m_gemm(p_{PRODUCT}, {turned:d}, {also:d}, {m}, {n}, {k}, {a}, {wide}, {b}, {broad}, {target});")
        self.lines.append("  } else {")

    def _matrix(self, value: int) -> tuple[str, bool, str] | None:
        """Where a matrix stands in memory, whether transposed, and how long its rows are there; None where it does not."""
        turned = False
        while value >= self.first and value not in self.named:
            step = self.plan.instruction(value)
            if step.opcode != "view" or step.parameters[0] != (1, 0):
                return None
            (value,), turned = step.operands, not turned
        if len(self.shape(value)) != 2 or (value < self.first and self.plan.inputs[value].integer):
            return None
        return self.named.get(value, f"x{value}"), turned, self.size(self.shape(value)[1])

    def _lead(self, shape: Shape, lead: Sequence[str]) -> list[str]:
        own = lead[len(lead) - len(shape) :] if shape else []
        return ["0" if d == 1 else i for d, i in zip(shape, own, strict=True)]

    def _write_tensordot(self, number: int, step: Instruction, target: str) -> None:
        (a, b), (one, two) = step.operands, step.parameters
        free = [k for k in range(len(self.shape(a))) if k not in one]
        rest = [k for k in range(len(self.shape(b))) if k not in two]
        place = len(step.shape)

        def product(at: dict[int, str]) -> str:
            left = {**{k: at[n] for n, k in enumerate(free)}, **{k: at[place + n] for n, k in enumerate(one)}}
            right = {**{k: at[len(free) + n] for n, k in enumerate(rest)}, **{k: at[place + n] for n, k in enumerate(two)}}
            return f"{self.element(a, [left[k] for k in sorted(left)])}*{self.element(b, [right[k] for k in sorted(right)])}"

        self._summed(target, list(enumerate(step.shape)), [(place + n, self.shape(a)[k]) for n, k in enumerate(one)], product)

    def _write_einsum(self, number: int, step: Instruction, target: str) -> None:
        inputs, output = step.parameters[0].split("->")
        operands = inputs.split(",")
        sizes = {c: d for s, v in zip(operands, step.operands, strict=True) for c, d in zip(s, self.shape(v), strict=True)}
        order = [*output, *(c for c in sizes if c not in output)]
        place = {c: k for k, c in enumerate(order)}

        def product(at: dict[int, str]) -> str:
            return "*".join(self.element(v, [at[place[c]] for c in s]) for s, v in zip(operands, step.operands, strict=True))

        self._summed(target, [(place[c], sizes[c]) for c in output], [(place[c], sizes[c]) for c in order[len(output) :]], product)

    def _write_gram(self, number: int, step: Instruction, target: str) -> None:
        x, w = step.operands

        def product(at: dict[int, str]) -> str:
            return f"{self.element(w, [at[2]])}*{self.element(x, [at[2], at[0]])}*{self.element(x, [at[2], at[1]])}"

        (n, k), matrix = self.shape(x), self._matrix(x)
        if matrix is None or matrix[1]:
            self._summed(target, list(enumerate(step.shape)), [(2, n)], product)
            return
        weighted = self.room((n, k))

        def first() -> None:
            self.loops((n, k), lambda at: [f"{weighted}[{self.flat((n, k), at)}] = {self.element(w, at[:1])}*{self.element(x, at)};"])

        self._by_blas(target, (matrix[0], True, matrix[2]), (weighted, False, self.size(k)), (k, k, n), first)
        self._summed(target, list(enumerate(step.shape)), [(2, n)], product)
        self.lines.append("  }")

    def _summed(
        self,
        target: str,
        kept: Sequence[tuple[int, Dim]],
        summed: Sequence[tuple[int, Dim]],
        term: Callable[[dict[int, str]], str],
    ) -> None:
        """target[kept] = the sum of the terms. The last axis runs innermost: in blocks of terms, or along the result."""
        shape = tuple(d for _, d in kept)
        names = {k: f"i{k}" for k, _ in (*kept, *summed)}
        place = f"{target}[{self.flat(shape, [names[k] for k, _ in kept])}]" if kept else target
        if kept and summed and (kept[-1][0] > summed[-1][0] or self._along_the_result(kept, summed, term, names)):
            self.loops(shape, lambda at: [f"{target}[{self.flat(shape, at)}] = 0.0;"])
            order = [*kept[:-1], *summed, kept[-1]]
            self.nest(order, names, f"{place} += {term(names)};", last=True)
            return
        outer, inner = [*kept, *summed[:-1]], summed[-1:]
        if summed[:-1] and kept:
            self.loops(shape, lambda at: [f"{target}[{self.flat(shape, at)}] = 0.0;"])
        first = not summed[:-1] and kept
        if not inner:
            self.nest(outer, names, f"{place} = {term(names)};", last=True)
            return
        (k, dim) = inner[0]
        text = term({**names, k: f"(i{k} + j)"})
        lines = [
            f"double t = 0.0, c = 0.0, w[{_TERMS}];",
            f"const long n = {self.size(dim)};",
            f"for (long i{k} = 0; i{k} < n; i{k} += {_TERMS}) {{",
            f"  const long e = m_least(n - i{k}, {_TERMS});",
            "  #pragma GCC ivdep",
            f"  for (long j = 0; j < e; j++) w[j] = {text};",
            "  t = m_plus(t, m_sum(w, e), &c);",
            "}",
            f"{place} {'=' if first else '+='} m_total(t, c);",
        ]
        self.nest(outer, names, lines, last=False)

    def _along_the_result(
        self,
        kept: Sequence[tuple[int, Dim]],
        summed: Sequence[tuple[int, Dim]],
        term: Callable[[dict[int, str]], str],
        names: dict[int, str],
    ) -> bool:
        """Whether neighbours in the result read neighbours in memory, and neighbours in the sum do not."""
        text = term(names)
        strided = re.search(rf"i{summed[-1][0]}\)*\*", text) is not None
        return strided and re.search(rf"i{kept[-1][0]}\)*\*", text) is None
