"""Explanation: why a derivative is what it is, as data; each medium and language writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symchain.nouns.computation import Computation, Unchanging
from symchain.nouns.door import engine
from symchain.support.document import Row, Say
from symchain.wording import check_language


@dataclass(frozen=True, eq=False)
class Explanation(Unchanging):
    """Why the derivative of `output` by `wrt` is what it is: sentences (keys with fields), an example in numbers, a comparison.

    str() is the plain text in the language asked for.
    """

    program: Computation
    output: str
    wrt: str
    title: Say
    remarks: tuple[Say, ...]
    example: tuple[Say, ...] = ()
    heading: Say | None = None
    rows: tuple[Row, ...] = ()
    """The comparison: equations, and what is said about each."""
    closing: tuple[Say, ...] = ()
    lang: str = "en"
    ranks: Mapping[str, int] = field(default_factory=dict)
    """How many axes each name has."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """How names are set in LaTeX that are more than names: members of families."""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """What was measured at a point: of the steps of a recursion norms, by distance, factors, by step, and rate, a step's mean factor."""

    def __repr__(self) -> str:
        return f"<explanation of d{self.output}/d{self.wrt}>"

    def __post_init__(self) -> None:
        check_language(self.lang)  # an error now, not when printing

    def text(self, lang: str | None = None) -> str:
        """Plain text for a terminal."""
        return engine().explanation(self, "text", lang or self.lang)

    def latex(self, lang: str | None = None) -> str:
        """LaTeX to paste into a document that loads amsmath."""
        return engine().explanation(self, "latex", lang or self.lang)

    def markdown(self, lang: str | None = None) -> str:
        """Markdown with LaTeX formulas."""
        return engine().explanation(self, "markdown", lang or self.lang)

    def html(self, lang: str | None = None) -> str:
        """A section element with everything escaped; formulas are KaTeX source in elements of class math."""
        return engine().explanation(self, "html", lang or self.lang)

    def to_json(self, lang: str | None = None) -> str:
        """The sentences with their keys and fields, for programs."""
        return engine().explanation(self, "data", lang or self.lang)

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.markdown()
