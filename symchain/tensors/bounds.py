"""Intervals with exact ends, and what sums, products and powers make of them: the arithmetic of signs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from symchain.functions.spec import Interval

INFINITE = float("inf")
End = Fraction | float


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a number, or each entry of an array, lies: ends that are attained are not open."""

    low: End = -INFINITE
    high: End = INFINITE
    low_open: bool = True
    high_open: bool = True

    @property
    def positive(self) -> bool:
        return self.low > 0 or (self.low == 0 and self.low_open)

    @property
    def nonnegative(self) -> bool:
        return self.low >= 0

    @property
    def negative(self) -> bool:
        return self.high < 0 or (self.high == 0 and self.high_open)

    @property
    def nonpositive(self) -> bool:
        return self.high <= 0

    @property
    def nonzero(self) -> bool:
        return self.positive or self.negative

    def within(self, domain: Interval) -> bool:
        """Whether everything between the bounds lies in an interval."""
        above = self.low > domain.low or (self.low == domain.low and (self.low_open or not domain.low_open))
        below = self.high < domain.high or (self.high == domain.high and (self.high_open or not domain.high_open))
        return above and below


ANYWHERE = Bounds()
UNIT = Bounds(Fraction(0), Fraction(1), False, False)
NOT_BELOW = Bounds(low=Fraction(0), low_open=False)
ABOVE = Bounds(low=Fraction(0))
BELOW = Bounds(high=Fraction(0))


def exactly(value: Fraction) -> Bounds:
    return Bounds(value, value, False, False)


def of_interval(interval: Interval) -> Bounds:
    low, high = (end if abs(end) == INFINITE else Fraction(end) for end in (interval.low, interval.high))
    return Bounds(low, high, interval.low_open, interval.high_open)


def added(parts: Iterable[Bounds]) -> Bounds:
    """Of a sum whose terms lie so.

    >>> added([exactly(Fraction(1)), Bounds(Fraction(-1), Fraction(0))]).positive
    True
    """
    total = exactly(Fraction(0))
    for p in parts:
        total = Bounds(total.low + p.low, total.high + p.high, total.low_open or p.low_open, total.high_open or p.high_open)
    return total


def multiplied(parts: Iterable[Bounds]) -> Bounds:
    """Of a product whose factors lie so."""
    whole = exactly(Fraction(1))
    for p in parts:
        corners = [_corner(a, b) for a in _ends(whole) for b in _ends(p)]
        low, high = min(v for v, _ in corners), max(v for v, _ in corners)
        whole = Bounds(low, high, all(o for v, o in corners if v == low), all(o for v, o in corners if v == high))
    return whole


def repeated(each: Bounds) -> Bounds:
    """Of a sum over one index or more, of at least one term: how many terms there are is not known."""
    low = (each.low, each.low_open) if each.low >= 0 else (-INFINITE, True)
    high = (each.high, each.high_open) if each.high <= 0 else (INFINITE, True)
    return Bounds(low[0], high[0], low[1], high[1])


def hull(parts: Iterable[Bounds]) -> Bounds:
    """Of what is one of these."""
    some = list(parts)
    low, high = min(p.low for p in some), max(p.high for p in some)
    return Bounds(low, high, all(p.low_open for p in some if p.low == low), all(p.high_open for p in some if p.high == high))


def largest(parts: Iterable[Bounds]) -> Bounds:
    """Of the largest of numbers that lie so."""
    some = list(parts)
    low, high = max(p.low for p in some), max(p.high for p in some)
    return Bounds(low, high, any(p.low_open for p in some if p.low == low), all(p.high_open for p in some if p.high == high))


def common(parts: Iterable[Bounds]) -> Bounds:
    """Of what is all of these at once."""
    some = [ANYWHERE, *parts]
    low, high = max(p.low for p in some), min(p.high for p in some)
    return Bounds(low, high, any(p.low_open for p in some if p.low == low), any(p.high_open for p in some if p.high == high))


def opposite(each: Bounds) -> Bounds:
    return Bounds(-each.high, -each.low, each.high_open, each.low_open)


def to_the(base: Bounds, exponent: Fraction) -> Bounds:
    """Of a power, wherever it has a value."""
    if exponent == 0:
        return exactly(Fraction(1))
    whole, even = exponent.denominator == 1, exponent.numerator % 2 == 0
    if whole and even:
        return ABOVE if exponent < 0 or base.nonzero else UNIT if exponent > 0 and _small(base) else NOT_BELOW
    if base.nonnegative:
        if exponent < 0 or base.positive:
            return Bounds(Fraction(0), Fraction(1), True, base.high_open) if exponent > 0 and _small(base) else ABOVE
        return UNIT if _small(base) else NOT_BELOW
    if whole and base.nonpositive:
        return BELOW if exponent < 0 or base.negative else opposite(NOT_BELOW)
    return NOT_BELOW if not whole and exponent.denominator % 2 == 0 else ANYWHERE


def _small(base: Bounds) -> bool:
    return base.low >= -1 and base.high <= 1


def _ends(each: Bounds) -> tuple[tuple[End, bool], tuple[End, bool]]:
    return (each.low, each.low_open), (each.high, each.high_open)


def _corner(a: tuple[End, bool], b: tuple[End, bool]) -> tuple[End, bool]:
    """The product of two ends; an end that is an attained zero makes an attained zero of whatever stands beside it."""
    if a[0] == 0 or b[0] == 0:
        return Fraction(0), not ((a[0] == 0 and not a[1]) or (b[0] == 0 and not b[1]))
    return a[0] * b[0], a[1] or b[1]
