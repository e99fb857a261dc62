"""Paragraphs for a terminal: wrapped at plain blanks only, so that short formulas stay in one piece."""

from __future__ import annotations

from textwrap import wrap

WIDTH = 100
INDENT = "  "
_HELD = "\x1e"
"""Stands for the blanks of a short formula inside a sentence, where no line may break."""


def held(formula: str) -> str:
    """A formula inside a sentence; one of up to half a line is not broken."""
    return formula.replace(" ", _HELD) if len(formula) <= WIDTH // 2 else formula


def released(text: str) -> str:
    """A text that is not wrapped any more, as it is read."""
    return text.replace(_HELD, " ")


def paragraph(text: str, indent: str = "", continued: str | None = None) -> list[str]:
    """The lines of a text, each set in by `indent`, all but the first by `continued` where that is given."""
    more = indent if continued is None else continued
    lines = wrap(text, WIDTH, initial_indent=indent, subsequent_indent=more, break_long_words=False, break_on_hyphens=False)
    return list(map(released, lines))
