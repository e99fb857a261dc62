"""Grade and Grades: what became of each answer to a question, for teachers and for tables."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from symchain.errors import AnswerError, NumberVariableError, SymchainError
from symchain.nouns.verdict import Verdict
from symchain.support.plain_data import plain_data
from symchain.wording import DEFAULT, LANGUAGES, locale_of, sentence

STATUSES = ("proved", "agrees", "wrong", "undecided", "unreadable", "meaningless")
TIME, DEFECT = "time", "defect"
"""Why an answer is undecided though it was read: it took too long, or symchain failed on it."""
_COLUMNS = ("id", "output", "wrt", "claim", "status", "mistake", "points", "message", "reading", "corrected")


def said(error: SymchainError, lang: str) -> str:
    """Why something cannot be judged, in a language: in whole sentences where there are some, else where it is."""
    if isinstance(error, AnswerError):
        what, advice = (sentence(lang, f"typed.{error.key}{part}") for part in ("", ".advice"))
        what = what if what.startswith("{") else what[:1].upper() + what[1:]  # what was typed stays as it is
        return f"{what}. {advice}".format(**error.fields)
    if isinstance(error, NumberVariableError):
        what, advice = (sentence(lang, f"number.{part}").format(number=error.number) for part in ("what", "advice"))
        return f"{what}. {advice}"
    if lang == DEFAULT:
        return f"{error.what[:1].upper()}{error.what[1:]}. {error.advice}".strip()
    place = error.place
    excerpt = error.source[place.column - 1 :][: max(1, place.width)].strip() if place is not None and error.source else ""
    return sentence(lang, "typed.unread" if excerpt else "typed.unread.whole").format(excerpt=excerpt)


@dataclass(frozen=True, eq=False)
class Grade:
    """One answer, and what became of it: its `verdict`, or the `error` that says why there is none."""

    id: str
    output: str
    wrt: str
    claim: str
    verdict: Verdict | None = None
    error: SymchainError | None = None
    reason: str = ""
    """TIME or DEFECT, where that is why there is no verdict."""
    reading: str = ""
    """The answer as it was read, in the input language."""
    points: int | float | None = None

    @property
    def status(self) -> str:
        """One of STATUSES."""
        if self.verdict is not None:
            return self.verdict.status
        if self.reason:
            return "undecided"
        return "meaningless" if isinstance(self.error, NumberVariableError) else "unreadable"

    @property
    def mistake(self) -> str | None:
        return None if self.verdict is None else self.verdict.mistake

    @property
    def mistakes(self) -> tuple[str, ...]:
        return () if self.verdict is None else tuple(self.verdict.mistakes)

    def message(self, lang: str = DEFAULT) -> str:
        """What to tell whoever answered."""
        if self.verdict is not None:
            return self.verdict.message(lang)
        if self.error is not None and not self.reason:
            return said(self.error, lang)
        return sentence(lang, f"grade.{self.reason}")

    def data(self) -> dict[str, Any]:
        """For JSON."""
        verdict = self.verdict
        return {
            "id": self.id, "output": self.output, "wrt": self.wrt, "claim": self.claim, "status": self.status, "mistake": self.mistake,
            "mistakes": list(self.mistakes), "points": plain_data(self.points), "reading": self.reading,
            "corrected": verdict.corrected if verdict is not None else "",
            "message": {lang: self.message(lang) for lang in LANGUAGES},
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Grades(Sequence[Grade]):
    """The grades of a table of answers, in its order."""

    grades: tuple[Grade, ...]

    @overload
    def __getitem__(self, k: int) -> Grade: ...
    @overload
    def __getitem__(self, k: slice) -> tuple[Grade, ...]: ...
    def __getitem__(self, k: int | slice) -> Grade | tuple[Grade, ...]:
        return self.grades[k]

    def __len__(self) -> int:
        return len(self.grades)

    def __iter__(self) -> Iterator[Grade]:
        return iter(self.grades)

    @property
    def counts(self) -> dict[str, int]:
        """How many answers have each status, and None."""
        found = Counter(g.status for g in self.grades)
        return {s: found[s] for s in STATUSES}

    def text(self, lang: str = DEFAULT) -> str:
        """One line an answer, then how many of each there are."""
        rows = []
        for g in self.grades:
            key = "grade.row" if g.points is None else "grade.row.points"
            rows.append(sentence(lang, key).format(id=g.id, message=g.message(lang), points=_number(g.points, lang)))
        counts = self.counts
        right = counts["proved"] + counts["agrees"]
        unread = counts["unreadable"] + counts["meaningless"]
        total = sentence(lang, "grade.total").format(
            answers=len(self.grades), right=right, wrong=counts["wrong"], undecided=counts["undecided"], unreadable=unread
        )
        return "\n".join([*rows, total])

    def csv(self, lang: str = DEFAULT, delimiter: str = ",") -> str:
        """A table with a header; behind semicolons numbers have the decimal comma, as spreadsheets that write those expect."""
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for g in self.grades:
            points = "" if g.points is None else str(g.points)
            if delimiter == ";":
                points = points.replace(".", ",")
            corrected = g.verdict.corrected if g.verdict is not None else ""
            row = [g.id, g.output, g.wrt, g.claim, g.status, g.mistake or "", points, g.message(lang), g.reading, corrected]
            writer.writerow(row)
        return stream.getvalue()

    def to_json(self) -> str:
        """Every grade by its fields, with its message in every language."""
        data = {"counts": self.counts, "grades": [g.data() for g in self.grades]}
        return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<{len(self.grades)} grades: {', '.join(f'{n} {s}' for s, n in self.counts.items() if n)}>"


def _number(points: int | float | None, lang: str) -> str:
    return "" if points is None else locale_of(lang).number(str(points))
