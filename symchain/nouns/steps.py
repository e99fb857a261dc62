"""Step and Steps: what became of each line of a derivation that someone worked out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from symchain.errors import SymchainError
from symchain.nouns.grades import said
from symchain.nouns.verdict import Verdict
from symchain.wording import DEFAULT, LANGUAGES, sentence

RIGHT = ("proved", "agrees")


@dataclass(frozen=True, eq=False)
class Step:
    """One formula of a derivation, said to be the derivative of `output` by `wrt`: the `verdict` on it as it stands, or the `error` that
    says why there is none, and whether it follows from the formula before it."""

    line: int
    claim: str
    output: str
    wrt: str
    verdict: Verdict | None = None
    error: SymchainError | None = None
    follows: bool | None = None
    """Whether it is equal to the formula before it; None for the first one, and where that is not known."""
    first: bool = False
    """Whether no formula for the same derivative stands before it."""
    defines: str = ""
    """The name that the line gives to a formula; then it claims nothing."""

    @property
    def status(self) -> str:
        """That of the verdict, or definition, or unreadable."""
        return self.verdict.status if self.verdict is not None else "definition" if self.defines else "unreadable"

    @property
    def mistake(self) -> str | None:
        return None if self.verdict is None else self.verdict.mistake

    def message(self, lang: str = DEFAULT) -> str:
        """What to tell whoever wrote the line."""
        if self.verdict is None:
            if self.error is None:
                return sentence(lang, "steps.definition").format(name=self.defines)
            return said(self.error, lang)
        if self.status == "undecided":
            return self.verdict.message(lang)
        if self.status == "wrong":
            key = {True: "carried", False: "new", None: "wrong"}[None if self.first else self.follows]
            return sentence(lang, f"steps.{key}").format(message=self.verdict.message(lang))
        return sentence(lang, "steps.mended" if self.follows is False and not self.first else "steps.right")

    def data(self) -> dict[str, Any]:
        return {
            "line": self.line, "claim": self.claim, "output": self.output, "wrt": self.wrt, "status": self.status, "mistake": self.mistake,
            "mistakes": [] if self.verdict is None else list(self.verdict.mistakes), "follows": self.follows,
            "message": {lang: self.message(lang) for lang in LANGUAGES},
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Steps(Sequence[Step]):
    """The steps of a derivation, in order."""

    steps: tuple[Step, ...]

    @overload
    def __getitem__(self, k: int) -> Step: ...
    @overload
    def __getitem__(self, k: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, k: int | slice) -> Step | tuple[Step, ...]:
        return self.steps[k]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @property
    def first_false(self) -> Step | None:
        """The first line that is wrong."""
        return next((s for s in self.steps if s.status == "wrong"), None)

    @property
    def mistake(self) -> str | None:
        """The mistake in the first false line."""
        false = self.first_false
        return None if false is None else false.mistake

    @property
    def holds(self) -> bool:
        """Whether every line is right, definitions aside."""
        return all(s.status in (*RIGHT, "definition") for s in self.steps)

    def message(self, lang: str = DEFAULT) -> str:
        """What became of the whole."""
        false = self.first_false
        if false is not None:
            return sentence(lang, "steps.false").format(line=false.line, claim=false.claim)
        return sentence(lang, "steps.all" if self.holds else "steps.open")

    def text(self, lang: str = DEFAULT) -> str:
        """The whole, then each line."""
        rows = [sentence(lang, "steps.line").format(line=s.line, message=s.message(lang)) for s in self.steps]
        return "\n".join([self.message(lang), *rows])

    def to_json(self) -> str:
        """Every line by its fields, with messages in every language."""
        false = self.first_false
        data = {
            "holds": self.holds, "first_false": None if false is None else false.line, "mistake": self.mistake,
            "message": {lang: self.message(lang) for lang in LANGUAGES}, "steps": [s.data() for s in self.steps],
        }  # fmt: skip
        return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Steps: {', '.join(s.status for s in self.steps)}>"
