"""How wide a line is that LaTeX is written for: a name (page, article, column) or a length (345pt, 88mm, 3.4in)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symchain.errors import ArgumentError

_UNITS = {"pt": 1.0, "bp": 72.27 / 72, "mm": 72.27 / 25.4, "cm": 72.27 / 2.54, "in": 72.27, "em": 10.0}
_LENGTH = re.compile(r"\s*([0-9]+(?:[.][0-9]+)?)\s*(pt|bp|mm|cm|in|em)\s*")
_LEAST, _MOST = 140.0, 3000.0


@dataclass(frozen=True)
class Width:
    """A line: its length in points, the size of the type in it, how it is called, and whether a page has two such columns."""

    points: float
    size: float = 10.0
    said: str = ""
    columns: int = 1

    @property
    def room(self) -> float:
        """The length in points of type of 10 points, which `measure` speaks of, less what rounding may cost."""
        return self.points * 10 / self.size - 3


PAGE = Width(472.0, 10.95, "page")
"""The page of a complete document: A4, type of 11 points."""
ARTICLE = Width(331.0, 10.0, "article")
"""The narrowest line of the class article, whose type of 10, 11 and 12 points has lines of 345, 360 and 390."""
COLUMN = Width(240.0, 10.0, "column", 2)
"""One of two columns, as journals have them."""
_NAMED = {w.said: w for w in (PAGE, ARTICLE, COLUMN)}


def width_of(asked: str | float | None, default: Width) -> Width:
    """The line asked for. Raises ArgumentError for what is no width, or none that mathematics fits in.

    >>> width_of("2in", ARTICLE).points, width_of(None, ARTICLE).said
    (144.54, 'article')
    """
    if asked is None:
        return default
    if isinstance(asked, str) and asked in _NAMED:
        return _NAMED[asked]
    found = _LENGTH.fullmatch(asked) if isinstance(asked, str) else None
    points = float(asked) if isinstance(asked, int | float) and not isinstance(asked, bool) else 0.0
    if found:
        points = float(found[1]) * _UNITS[found[2]]
    if not _LEAST <= points <= _MOST:
        raise ArgumentError(
            f"{asked!r} is no width of a line of {_LEAST:g} to {_MOST:g} points",
            advice="Write page, article, column, or a length such as 345pt, 88mm or 3.4in.",
        )
    return Width(points, 10.0, asked.strip() if isinstance(asked, str) else f"{points:g}pt", 2 if points <= COLUMN.points + 15 else 1)
