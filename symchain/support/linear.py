"""Linear forms over letters, with whole coefficients: the indices and bounds of families (l - 1, L + 1, T - t)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Linear:
    """A sum of whole multiples of letters, and a whole number. Equal forms are equal objects' values: terms are sorted, none is zero.

    >>> l = Linear.letter("l")
    >>> str(l.plus(-1)), str(Linear.letter("T").minus(l)), l.plus(1).minus(l).number
    ('l-1', 'T-l', 1)
    """

    terms: tuple[tuple[str, int], ...] = ()
    constant: int = 0

    @staticmethod
    def letter(name: str) -> Linear:
        return Linear(((name, 1),))

    @staticmethod
    def of(value: int) -> Linear:
        return Linear((), value)

    @staticmethod
    def _made(terms: Iterable[tuple[str, int]], constant: int) -> Linear:
        total: dict[str, int] = {}
        for name, c in terms:
            total[name] = total.get(name, 0) + c
        return Linear(tuple(sorted((n, c) for n, c in total.items() if c)), constant)

    def plus(self, other: Linear | int) -> Linear:
        if isinstance(other, int):
            return Linear(self.terms, self.constant + other)
        return self._made((*self.terms, *other.terms), self.constant + other.constant)

    def times(self, factor: int) -> Linear:
        return self._made(((n, c * factor) for n, c in self.terms), self.constant * factor)

    def minus(self, other: Linear | int) -> Linear:
        return self.plus(-other if isinstance(other, int) else other.times(-1))

    @property
    def number(self) -> int | None:
        """The number that the form is, where no letter is in it."""
        return None if self.terms else self.constant

    @property
    def letters(self) -> tuple[str, ...]:
        return tuple(n for n, _ in self.terms)

    def slope(self, name: str) -> int:
        """The coefficient of a letter."""
        return dict(self.terms).get(name, 0)

    def without(self, name: str) -> Linear:
        return Linear(tuple(t for t in self.terms if t[0] != name), self.constant)

    def at(self, values: Mapping[str, Linear]) -> Linear:
        """The form with other forms in place of letters."""
        if not any(n in values for n, _ in self.terms):
            return self
        total = Linear((), self.constant)
        for name, c in self.terms:
            total = total.plus(values.get(name, Linear.letter(name)).times(c))
        return total

    def value(self, numbers: Mapping[str, int]) -> int:
        """The number it is where the letters have values. Raises KeyError for a letter without one."""
        return self.constant + sum(c * numbers[n] for n, c in self.terms)

    def __str__(self) -> str:
        text = ""
        for name, c in sorted(self.terms, key=lambda t: t[1] < 0):
            sign = "-" if c < 0 else "+" if text else ""
            text += f"{sign}{'' if abs(c) == 1 else f'{abs(c)}*'}{name}"
        if self.constant or not text:
            text += f"{self.constant:+d}" if text else str(self.constant)
        return text

    @property
    def code(self) -> str:
        """The form as part of a name."""
        words = str(self).replace("*", "_times_").replace("+", "_plus_").replace("-", "_less_")
        return words.strip("_")
