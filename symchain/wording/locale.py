"""Locale: all that distinguishes one language from another beside its sentences; and Language, the two together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from symchain.errors import ArgumentError

_SPACED = re.compile(r" (?=[:;!?»])|(?<=«) ")
_LATEX = {".": ".", ",": "{,}", "\u00a0": r"\,", "·": r"\cdot", "×": r"\times", "": ""}


@dataclass(frozen=True, slots=True)
class Word:
    """A noun, and its gender where the language has them (in its own letters: "m" and "f" in French)."""

    text: str
    gender: str = ""


@dataclass(frozen=True, slots=True)
class RecordText:
    """What a language says of one function or operation: its noun, and of a function why its derivative is what it is."""

    noun: Word
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Locale:
    """How a language writes numbers, lists, articles and punctuation; the defaults are those of English."""

    code: str
    """That of HTML, Typst and --lang (ISO 639)."""
    name: str
    """Its name in the language itself: Français."""
    the: Callable[[Word], str]
    """The noun after its definite article, elided where the language elides."""
    conjunction: str
    """What stands before the last of several: a, b and c."""
    preamble: str
    """The lines that a complete LaTeX file needs for the language: babel, and fonts where its letters need them."""
    decimal: Literal[".", ","] = "."
    times: Literal["×", "·"] = "×"
    """The sign before a power of ten."""
    group: Literal[",", ".", "\u00a0", ""] = ","
    """What stands between groups of three digits, from `grouped_from` on."""
    grouped_from: int = 1000
    space: Literal["", "\u00a0"] = ""
    """What stands before : ; ! ? and inside guillemets."""
    cardinals: tuple[str, ...] = ()
    """The numbers from 2 on that a sentence writes in letters; none where it writes digits."""
    logarithm: str = "log"
    """The natural logarithm in labels; formulas of LaTeX say \\ln everywhere."""

    def number(self, digits: str, latex: bool = False) -> str:
        """Digits with a decimal point, with the language's decimal mark."""
        return digits.replace(".", _LATEX[self.decimal] if latex else self.decimal)

    def power(self, mantissa: str, exponent: str, latex: bool = False) -> str:
        """A number times a power of ten, both written already."""
        return f"{mantissa}{_LATEX[self.times] if latex else self.times}10{exponent}"

    def grouped(self, n: int, latex: bool = False) -> str:
        """An integer with its digits in groups of three."""
        return f"{n:,}".replace(",", _LATEX[self.group] if latex else self.group) if n >= self.grouped_from else str(n)

    def cardinal(self, n: int) -> str | None:
        """A count in letters; None where digits are the custom."""
        return self.cardinals[n - 2] if 2 <= n < 2 + len(self.cardinals) else None

    @property
    def mark(self) -> str:
        """What stands between numbers in a list: no comma where the comma is decimal."""
        return ";" if self.decimal == "," else ","

    @property
    def separator(self) -> str:
        """The mark as a sentence sets it."""
        return f"{self.space if self.mark == ';' else ''}{self.mark} "

    @property
    def colon(self) -> str:
        return f"{self.space}:"

    def spaced(self, text: str) -> str:
        """A text that was written with plain spaces, with those that the language sets before punctuation."""
        return _SPACED.sub(self.space, text) if self.space else text


@dataclass(frozen=True)
class Language:
    """One language: its locale, its sentences by key, what its errors say, and what it says of records that do not speak it."""

    locale: Locale
    sentences: Mapping[str, str]
    records: Mapping[str, RecordText] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)
    """What its schools call a function -> the name it has here: advice for whoever writes it so, never another name for it."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """English template of what an error or a help text says -> its own, with the same fields; English needs none."""


def joined(*topics: Mapping[str, str]) -> dict[str, str]:
    """The tables of a language as one, where ~ stands for a no-break space. Raises ArgumentError where two tables have one key.

    >>> joined({"a": "Oui~!"}, {"b": "Non."})
    {'a': 'Oui\\xa0!', 'b': 'Non.'}
    """
    found: dict[str, str] = {}
    for topic in topics:
        if twice := found.keys() & topic.keys():
            raise ArgumentError(f"{min(twice)} stands in two tables of a language", advice="Keep one of them.")
        found.update({key: text.replace("~", "\u00a0") for key, text in topic.items()})
    return found
