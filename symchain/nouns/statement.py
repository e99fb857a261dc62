"""Statement and Judgement: what a document says, one statement at a time, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symchain.nouns.verdict import Verdict
from symchain.support.document import Say
from symchain.wording import LANGUAGES, sentence
from symchain.wording.errors import translated

DEFINITION, DECLARATION, CLAIM, EQUALITY, VALUE, SKIPPED, REFUSED = KINDS = (
    "definition", "declaration", "claim", "equality", "value", "skipped", "refused",
)  # fmt: skip
JUDGED = (CLAIM, EQUALITY, VALUE)
UNJUDGED = "unjudged"


@dataclass(frozen=True)
class Asked:
    """What a statement says, as a question about the definitions in force where it stands.

    The derivative of `output` by the names `wrt`, or the output itself where there are none, is `claim`: at the point `at` where there
    is one. `near` is a point, and `case` a condition, that the sentence names. Shapes of `shapeless` are not known though the text
    marks these names as arrays; `missing` says which refused statement is needed.
    """

    program: Any
    output: str
    wrt: tuple[str, ...]
    claim: str
    at: tuple[tuple[str, str], ...] = ()
    near: tuple[tuple[str, str], ...] = ()
    around: tuple[tuple[str, str], ...] = ()
    """A point that the sentences before name: where a derivative is said to be a number, it may be meant there."""
    case: str = ""
    apart: bool = False
    """Whether the two sides of an equality stand in two statements."""
    solved: bool = False
    """Whether the text speaks of solving, and the claim is that a derivative is 0."""
    shapeless: tuple[str, ...] = ()
    missing: Say | None = None
    digits: int | None = None
    """How many decimals a number that is claimed shows."""
    partial: bool = False
    """Whether the derivative is written with a round d: the names that the output's formula holds may be meant to stay fixed."""
    numbers: bool = False
    """Whether it is a member of a chain in which numbers were put in for the names."""
    distant: tuple[str, ...] = ()
    """The names whose formulas stand in another section of the text: it may mean other quantities by them here."""
    elsewhere: tuple[str, ...] = ()
    """Those that another exercise or example defines: letters begin anew there."""
    diagonal: bool = False
    """Whether the entries claimed are those of a diagonal: da_i/dz_i."""
    entries: bool = False
    """Whether it is stated by entries, with indices, which say what stands where."""
    components: tuple[Asked, ...] = ()
    """The components of a gradient, each a question."""


@dataclass(frozen=True)
class Statement:
    """One statement of a text: `source` as it is written at `line` and `column`, `reading` in the input language, `reason` why it was
    skipped or refused, else a remark."""

    kind: str
    line: int
    column: int
    source: str
    reading: str = ""
    reason: str = ""
    asked: Asked | None = field(default=None, repr=False, compare=False)
    said: Say | None = field(default=None, repr=False, compare=False)
    """The reason, for any language."""

    def data(self) -> dict[str, Any]:
        """The fields by their names; `message` is the reason in every language."""
        told = {lang: spoken(self.said, lang) for lang in LANGUAGES} if self.said is not None else dict.fromkeys(LANGUAGES, self.reason)
        return {n: getattr(self, n) for n in ("kind", "line", "column", "source", "reading", "reason")} | {"message": told}


@dataclass(frozen=True)
class Judgement:
    """What became of a claim, an equality or a value.

    status: those of a Verdict, or "unjudged" where something that is needed was refused or has no known shape; `reason` says what.
    """

    statement: Statement
    status: str
    verdict: Verdict | None = None
    reason: str = ""
    said: Say | None = field(default=None, repr=False, compare=False)
    scalars: tuple[str, ...] = ()
    """The names that were read as scalars for want of shapes, where another reader may take them for arrays."""

    def text(self, lang: str) -> str:
        """What became of it, in whole sentences."""
        return f"{self.found(lang)}{self.remark(lang)}"

    def remark(self, lang: str) -> str:
        """The remark on names that were read as scalars."""
        return f" {spoken(Say('document.scalars', {'names': ', '.join(self.scalars)}), lang)}" if self.scalars else ""

    def found(self, lang: str) -> str:
        """What became of it, without the remark."""
        if self.said is not None:
            return spoken(self.said, lang)
        asked, verdict = self.statement.asked, self.verdict
        if verdict is not None and asked is not None and asked.wrt:
            return verdict.message(lang)
        if asked is not None and not asked.wrt and self.status in ("wrong", "undecided"):
            condition = verdict.condition if verdict is not None else ""
            key = "document.unequal" if self.status == "wrong" else "document.condition" if condition else "document.undecided"
            return spoken(Say(key, {"left": asked.output, "right": asked.claim, "condition": condition}), lang)
        return self.statement.reading

    def data(self) -> Mapping[str, Any]:
        return {**self.statement.data(), "status": self.status, "message": {lang: self.text(lang) for lang in LANGUAGES}}


_TOLD = ("what", "advice", "why")
"""Fields that hold what an error says, in English."""


def spoken(said: Say, lang: str) -> str:
    """A sentence of the wording whose fields are texts; what an error says is told in the language."""
    fields = {name: translated(str(text), lang) if name in _TOLD else text for name, text in said.fields.items()}
    return sentence(lang, said.key).format(**fields).strip()
