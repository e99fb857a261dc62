"""Pieces: what the members of a family receive, range by range. Whatever reads outside of a range has fallen away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from symchain.errors import UnsupportedError
from symchain.support.linear import Linear
from symchain.tensors.trees import Tree


@dataclass(frozen=True)
class Share:
    """What members low..high receive from one reader: `tree` is about the member `var`."""

    low: Linear
    high: Linear
    tree: Tree
    var: str
    recursive: bool = False
    """Whether it comes from the adjoint of a later step of the same lines."""


@dataclass(frozen=True)
class Piece:
    """Members low..high, which receive the same shares."""

    low: Linear
    high: Linear
    shares: tuple[Share, ...]

    @property
    def single(self) -> bool:
        return self.low == self.high


def _key(cut: Linear) -> tuple[bool, int]:
    return bool(cut.terms), cut.constant


def cut(low: Linear, high: Linear, shares: Sequence[Share]) -> tuple[list[Piece], Linear | None]:
    """The members low..high as pieces, ascending, and what must not be negative for them to be apart.

    Numbers stand before letters: the pieces are right for every length for which the middle one has at least no members.
    Raises UnsupportedError where the ends of ranges cannot be compared.
    """
    cuts = {low, high.plus(1)}
    for s in shares:
        cuts.update((s.low, s.high.plus(1)))
    letters = {c.terms for c in cuts if c.terms}
    if len(letters) > 1:
        names = ", ".join(sorted({n for t in letters for n, _ in t}))
        what = f"the ends of ranges cannot be compared: they hold {names}"
        raise UnsupportedError(what, advice="Write one letter for lengths that are equal; kernels need no comparison.")
    first, last = _key(low), _key(high.plus(1))
    order = sorted((c for c in cuts if first <= _key(c) <= last), key=_key)
    found: list[Piece] = []
    for a, b in zip(order, order[1:], strict=False):
        inside = tuple(s for s in shares if _key(s.low) <= _key(a) and _key(b) <= _key(s.high.plus(1)))
        if found and found[-1].shares == inside:
            found[-1] = Piece(found[-1].low, b.plus(-1), inside)
        else:
            found.append(Piece(a, b.plus(-1), inside))
    gap = None
    for p in found:
        if not p.low.terms and p.high.terms:
            gap = p.high.minus(p.low).plus(1)
    return found, gap


def merged(shares: Iterable[Share]) -> list[Share]:
    """Shares of equal ranges stay apart; what is listed twice is there once."""
    return list(dict.fromkeys(shares))
