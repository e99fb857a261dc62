"""Style: what a LaTeX printer must know beyond the phrase itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symchain.functions.spec import OPERATIONS
from symchain.support.notation import Phrase

_NONE: Mapping[str, str] = {}
_NO_RANKS: Mapping[str, int] = {}

_REDUCTIONS = frozenset({"sum", "mean", "norm", "norm1", "var", "tr", "trace", "dot"})
_MATRICES = frozenset({"outer", "eye", "kron", "commutation"})
"""Words of the language that are no operations."""


@dataclass(frozen=True)
class Style:
    """How formulas are set: language, how many axes each shaped name has, names set otherwise, names of the program's own functions."""

    lang: str = "en"
    ranks: Mapping[str, int] = field(default_factory=lambda: _NO_RANKS)
    renamed: Mapping[str, str] = field(default_factory=lambda: _NONE)
    functions: frozenset[str] = frozenset()
    limit: int | None = 24
    """Sums and products of more parts than this are abbreviated."""


def rank_of_call(phrase: Phrase, ranks: list[int]) -> int:
    """How many axes the value of a call has, as far as its spelling tells."""
    name, first = phrase.text, ranks[0] if ranks else 0
    spec = OPERATIONS.get(name)
    rank = spec.rank if spec is not None else 0 if name in _REDUCTIONS else 2 if name in _MATRICES else None
    if rank == 0:
        return max(first - 1, 0) if any(k == "axis" for k, _ in phrase.keywords) and first > 1 else 0
    if rank is not None:
        return rank
    if name == "vec":
        return 1
    if name == "diag":
        return 1 if first == 2 else 2
    if name in ("ones", "zeros"):
        shape = phrase.parts[0] if phrase.parts else phrase
        return len(shape.parts) if shape.head == "tuple" else len(phrase.parts)
    if name == "reshape":
        shape = phrase.parts[-1]
        return len(shape.parts) if shape.head == "tuple" else 1
    if name == "einsum" and phrase.parts:
        _, _, result = phrase.parts[0].text.partition("->")
        return len(result.strip())
    if name == "stack":
        return max(ranks, default=0) + 1
    return max(ranks, default=0)


def rank_of_matmul(ranks: list[int]) -> int:
    """Vectors contract: (m, n) @ (n,) is a vector, (n,) @ (n,) a number."""
    total = ranks[0]
    for r in ranks[1:]:
        contracts = total and r and min(total, r) == 1
        total = max(total + r - 2, 0) if contracts else max(total, r)
    return total


def rank_of_index(base: int, items: tuple[Phrase, ...]) -> int:
    taken = sum(i.head not in ("slice", "none") for i in items)
    return max(base - taken + sum(i.head == "none" for i in items), 0)
