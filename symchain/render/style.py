"""Style: what a LaTeX printer must know beyond the phrase itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symchain.support.notation import Phrase

_NONE: Mapping[str, str] = {}
_NO_RANKS: Mapping[str, int] = {}


PARTIALS = {"partial": r"\partial_{arguments} {function}", "D": r"D_{arguments} {function}", "comma": r"{function}_{{,{plain}}}"}
"""A function of several arguments, differentiated by those of these numbers."""


@dataclass(frozen=True)
class Style:
    """How formulas are set: language, how many axes each shaped name has, names set otherwise, names of the program's own functions."""

    lang: str = "en"
    ranks: Mapping[str, int] = field(default_factory=lambda: _NO_RANKS)
    renamed: Mapping[str, str] = field(default_factory=lambda: _NONE)
    functions: frozenset[str] = frozenset()
    limit: int | None = 24
    """Sums and products of more parts than this are abbreviated."""
    partials: str = "partial"
    """A key of PARTIALS: how a function of several arguments is set that is differentiated by some of them: by their numbers."""


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
