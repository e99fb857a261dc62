"""All claims of a text judged one after the other, for people and for graders."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from symchain.errors import NumberVariableError, SymchainError
from symchain.nouns.computation import Claim
from symchain.nouns.grades import said
from symchain.nouns.program import Program
from symchain.nouns.verdict import Verdict
from symchain.wording import LANGUAGES, sentence

HOLDS, WRONG, UNREADABLE, UNDECIDED = 0, 1, 2, 4
"""Exit codes; the first of wrong, unreadable and undecided that occurs is the one of a whole text."""


@dataclass(frozen=True)
class Entry:
    """One claim and its verdict, or the error that says why it cannot be judged."""

    claim: Claim
    verdict: Verdict | SymchainError

    def text(self, lang: str) -> str:
        said = self._said(lang)
        return said if self.claim.place is None else sentence(lang, "check.line").format(line=self.claim.place.line, said=said)

    def _said(self, lang: str) -> str:
        if isinstance(self.verdict, Verdict):
            return self.verdict.text(lang)
        return said(self.verdict, lang)

    def data(self) -> dict[str, Any]:
        """For JSON: a verdict's own fields, or the status "meaningless" or "unreadable" with its message."""
        line = None if self.claim.place is None else self.claim.place.line
        if isinstance(self.verdict, Verdict):
            return {"line": line, **json.loads(self.verdict.to_json())}
        status = "meaningless" if isinstance(self.verdict, NumberVariableError) else "unreadable"
        asked = {"output": self.claim.output, "wrt": str(self.claim.wrt), "claim": self.claim.claim}
        return {"line": line, **asked, "status": status, "message": {lang: self.text(lang) for lang in LANGUAGES}}

    @property
    def code(self) -> int:
        if not isinstance(self.verdict, Verdict):
            return UNREADABLE
        return HOLDS if self.verdict.holds else WRONG if self.verdict.status == "wrong" else UNDECIDED


def judge_one(program: Program, output: str | None, wrt: str, claim: str, using: str, claim_format: str = "auto") -> list[Entry]:
    """The verdict on one claim, its errors raised."""
    output = program.last if output is None else output
    return [Entry(Claim(output, wrt, claim), program.check(output, wrt, claim, using, claim_format))]


def exit_code(entries: list[Entry]) -> int:
    return _first(e.code for e in entries)


def code_of(statuses: Iterable[str]) -> int:
    """The exit code for a table of answers, or the lines of a derivation."""
    codes = {"proved": HOLDS, "agrees": HOLDS, "wrong": WRONG, "undecided": UNDECIDED}
    return _first(codes.get(s, UNREADABLE) for s in statuses)


def _first(codes: Iterable[int]) -> int:
    found = set(codes)
    return next((c for c in (WRONG, UNREADABLE, UNDECIDED) if c in found), HOLDS)


def written(entries: list[Entry], medium: str, lang: str) -> str:
    if medium == "json":
        return json.dumps([e.data() for e in entries], ensure_ascii=False, indent=2, allow_nan=False)
    return "\n".join(e.text(lang) for e in entries)
