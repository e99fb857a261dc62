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


class Order:
    """Which ends of ranges are taken to be above others: numbers below letters, the first letter of a range below its last.

    >>> order = Order([(Linear.letter("m").plus(1), Linear.letter("T"))])
    >>> sorted(map(str, sorted([Linear.letter("T"), Linear.of(9), Linear.letter("m")], key=order.key)), key=str)
    ['9', 'T', 'm']
    """

    def __init__(self, ranges: Iterable[tuple[Linear, Linear]]) -> None:
        self.ranks: dict[tuple[tuple[str, int], ...], int] = {(): 0}
        pairs = [(low.terms, high.terms) for low, high in ranges if low.terms != high.terms]
        for terms in (t for pair in pairs for t in pair):
            self.ranks.setdefault(terms, 1)
        for _ in pairs:
            for low, high in pairs:
                if high and self.ranks[high] <= self.ranks[low]:
                    self.ranks[high] = self.ranks[low] + 1

    def key(self, form: Linear) -> tuple[int, int]:
        return self.ranks.setdefault(form.terms, 1), form.constant

    def cut(self, low: Linear, high: Linear, shares: Sequence[Share]) -> tuple[list[Piece], tuple[Linear, ...]]:
        """The members low..high as pieces, ascending, and what must not be negative for them to be apart.

        The pieces are right for every length for which those that no number counts have no less than no members. Raises
        UnsupportedError where the ends of ranges cannot be compared.
        """
        cuts = {low, high.plus(1)}
        for s in shares:
            cuts.update((s.low, s.high.plus(1)))
        by_rank: dict[int, set[tuple[tuple[str, int], ...]]] = {}
        for c in cuts:
            by_rank.setdefault(self.key(c)[0], set()).add(c.terms)
        if any(len(t) > 1 for t in by_rank.values()):
            names = ", ".join(sorted({n for t in by_rank.values() for terms in t for n, _ in terms}))
            what = f"the ends of ranges cannot be compared: they hold {names}"
            raise UnsupportedError(what, advice="Write one letter for lengths that are equal; kernels need no comparison.")
        first, last = self.key(low), self.key(high.plus(1))
        order = sorted((c for c in cuts if first <= self.key(c) <= last), key=self.key)
        found: list[Piece] = []
        for a, b in zip(order, order[1:], strict=False):
            inside = tuple(s for s in shares if self.key(s.low) <= self.key(a) and self.key(b) <= self.key(s.high.plus(1)))
            if found and found[-1].shares == inside:
                found[-1] = Piece(found[-1].low, b.plus(-1), inside)
            else:
                found.append(Piece(a, b.plus(-1), inside))
        return found, tuple(p.high.minus(p.low).plus(1) for p in found if p.high.minus(p.low).number is None)
