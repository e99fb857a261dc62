"""The exception tree. Every mistake a user can make is a SymchainError: what, the place, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line of the text that was read: 1-based line and column, and its width in characters."""

    line: int
    column: int
    width: int = 1


def _printable(text: str) -> str:
    """Control and format characters must reach neither a terminal nor a log. French needs its no-break space."""
    return "".join(c if c.isprintable() or c == "\u00a0" else f"\\u{{{ord(c):x}}}" for c in text)


class SymchainError(Exception):
    """Base of all errors that symchain raises on purpose.

    `what` is one line saying what is wrong, `advice` one line saying what to do; `place` and `source` (the line of text)
    draw a caret under the spot.
    """

    assumed: Mapping[str | int, int] = MappingProxyType({})
    """How large some axes would be if no slice ended early: reading tries again with that."""

    def __init__(self, what: str, *, advice: str = "", place: Place | None = None, source: str = "") -> None:
        self.what, self.advice, self.place, self.source = what, advice, place, source
        super().__init__(what)

    def __str__(self) -> str:
        return self.text()

    def text(self, translated: Callable[[str], str] = str) -> str:
        """The error as it is shown: what, the place with a caret, what to do; its sentences as `translated` gives them."""
        head = self.what
        if self.place is not None:
            head = f"line {self.place.line}, column {self.place.column}: {head}"
        parts = [_printable(translated(head))]
        if self.place is not None and self.source:
            parts += _excerpt(self.source, self.place)
        if self.advice:
            parts.append(_printable(translated(self.advice)))
        return "\n".join(parts)

    def located(self, place: Place | None, source: str) -> SymchainError:
        """The same error with a place, unless it has one already."""
        if self.place is None and place is not None:
            self.place, self.source = place, source
        return self


_WINDOW = 96


def _excerpt(source: str, place: Place) -> list[str]:
    """The line and a caret below the place; a long line is cut to a window around it."""
    start = max(0, place.column - 1 - _WINDOW // 2)
    cut = source[start : start + _WINDOW]
    before = ("..." if start else "") + _printable(source[start : place.column - 1])
    shown = ("..." if start else "") + _printable(cut) + ("..." if len(source) > start + _WINDOW else "")
    width = max(1, min(place.width, len(cut) - (place.column - 1 - start)))
    return ["    " + shown, "    " + " " * len(before) + "^" * width]


_LONGEST = 80
"""A longer text is nobody's misspelled name, and comparing it with others takes minutes."""


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name that looks most like another; None where none does.

    >>> nearest("tnah", ["tan", "tanh"])
    'tanh'
    """
    if len(name) > _LONGEST:
        return None
    close = get_close_matches(name, [k for k in known if len(k) <= _LONGEST], 1, cutoff)
    return close[0] if close else None


def advice_for(name: str, known: Iterable[str], what: str = "Names") -> str:
    """Advice on a name that is not known: the one that looks most like it, else some of those there are.

    >>> advice_for("wieght", ["weight", "bias"]), advice_for("q", ["weight", "bias"])
    ('Did you mean weight?', 'Names: weight, bias.')
    """
    names = list(known)
    close = nearest(name, names)
    return f"Did you mean {close}?" if close else f"{what}: {', '.join(names[:12])}."


def check_choice(what: str, value: object, choices: Iterable[str]) -> None:
    """Raises ArgumentError unless a value is one of the texts to choose from.

    >>> check_choice("level", "low", ("named", "ops"))
    Traceback (most recent call last):
    symchain.errors.ArgumentError: level is 'low'
    Choose one of: named, ops.
    """
    allowed = tuple(choices)
    if not isinstance(value, str) or value not in allowed:
        shown = repr(value) if isinstance(value, str) else type(value).__name__
        raise ArgumentError(f"{what} is {shown}", advice=f"Choose one of: {', '.join(allowed)}.")


class ParseError(SymchainError):
    """The text is not in the input language (or a name is unknown, defined twice, or in a cycle)."""


class AnswerError(ParseError):
    """An answer as it was typed is not understood, or could mean two things: said by a sentence of every language.

    `key` is that sentence's and `fields` fill it; `what` and `advice` are the English ones.
    """

    def __init__(
        self, key: str, fields: Mapping[str, str], what: str, *, advice: str = "", place: Place | None = None, source: str = ""
    ) -> None:
        self.key, self.fields = key, fields
        super().__init__(what, advice=advice, place=place, source=source)


class ShapeError(SymchainError):
    """Operands whose shapes do not conform; names both operands, their shapes and the line."""


class NotDifferentiableError(SymchainError):
    """The derivative asked for does not exist or has no meaning."""


class UnsupportedError(SymchainError):
    """Meaningful, but symchain does not do it."""


class LimitError(SymchainError):
    """Larger or deeper than symchain accepts."""


class PrecisionError(SymchainError):
    """The accuracy asked for cannot be certified."""


class ArgumentError(SymchainError):
    """An argument of a Python call is missing, unknown, or of the wrong kind."""


class FactError(ArgumentError):
    """A value lacks a fact that is declared of its name: what was derived with the fact says nothing about it.

    `name` is the input, `fact` what is declared of it. `breach` says how the value breaks it, for messages in other languages: the key
    of a sentence, the entry (or the row, or two columns) and the number there.
    """

    name = fact = ""
    breach: tuple[str, tuple[int, ...], float] = ("entry", (), 0.0)

    def of(self, name: str, fact: str, breach: tuple[str, tuple[int, ...], float]) -> FactError:
        """The same error with what it is about."""
        self.name, self.fact, self.breach = name, fact, breach
        return self


class VerificationError(SymchainError):
    """A derivation or a kernel does not agree with the program it was made of. This is a defect of symchain, never of the user."""


class NumberVariableError(ArgumentError):
    """A derivative by a number was asked for. A number cannot vary; `number` is its spelling, for messages in other languages."""

    def __init__(self, number: str) -> None:
        self.number = number
        super().__init__(
            f"{number} is a number; it cannot vary, so a derivative with respect to {number} has no meaning",
            advice=f"Give the number a name: f = c*x, then df/dc = x, evaluated at c = {number}: still x.",
        )
