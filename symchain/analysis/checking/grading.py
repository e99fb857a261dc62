"""Many answers judged one after the other: each question is worked out once, equal answers too, and no answer costs more than its row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from symchain.analysis.checking.judging import FACTORS, USING, Examiner
from symchain.analysis.checking.latex_answers import AUTO, FORMATS
from symchain.analysis.checking.questions import ask
from symchain.errors import ArgumentError, NumberVariableError, SymchainError, check_choice
from symchain.language.handwriting import worded
from symchain.nouns.computation import Computation
from symchain.nouns.grades import DEFECT, TIME, Grade, Grades
from symchain.nouns.marks import Marks
from symchain.nouns.verdict import Verdict
from symchain.support.answers import Answer
from symchain.support.timelimit import within

SECONDS = 10.0
"""So long one answer may take."""
Progress = Callable[[int, int], object]


def grade(
    program: Computation, answers: Iterable[Any], output: str | None, wrt: str | None, marks: Marks | None = None, using: str = FACTORS,
    claim_format: str = AUTO, seconds: float | None = SECONDS, progress: Progress | None = None,
) -> Grades:  # fmt: skip
    """The grades of answers (Answer, mappings of its fields, or texts alone) to one question, or to that of each row."""
    check_choice("using", using, USING)
    check_choice("claim_format", claim_format, FORMATS)
    rows = [_row(a, k) for k, a in enumerate(answers, 1)]
    grader = _Grader(program, using, claim_format, seconds)
    if any(r.wrt is None for r in rows) and wrt is None:
        raise ArgumentError("the answers do not say by what the derivative is", advice='Give a column wrt, or wrt="w" (--wrt w).')
    default = program.last if output is None else output
    if wrt is not None:
        grader.examiner(default, wrt, "")  # a mistake in the question is nobody's answer
    graded: list[Grade] = []
    for k, row in enumerate(rows):
        found = grader.grade(row, row.output or default, row.wrt or wrt or "")
        if marks is not None:
            found = replace(found, points=marks.points(found.status, found.mistakes))
        graded.append(found)
        if progress is not None:
            progress(k + 1, len(rows))
    return Grades(tuple(graded))


def _row(answer: Any, number: int) -> Answer:
    if isinstance(answer, Answer):
        return answer
    if isinstance(answer, str):
        return Answer(str(number), answer)
    try:
        known = {k: None if v is None else str(v) for k, v in dict(answer).items()}
        return Answer(**{"id": str(number), **known})  # type: ignore[arg-type]
    except (TypeError, ValueError):
        what = f"answer {number} is {type(answer).__name__}, not a text or a mapping of id, output, wrt and claim"
        raise ArgumentError(what, advice='Write {"id": "Ada", "claim": "2*x"}.') from None


class _Grader:
    def __init__(self, program: Computation, using: str, claim_format: str, seconds: float | None) -> None:
        self.program, self.using, self.claim_format, self.seconds = program, using, claim_format, seconds
        self.examiners: dict[tuple[str, str], Examiner] = {}
        self.known: dict[tuple[str, str, str], Grade] = {}

    def examiner(self, output: str, wrt: str, claim: str) -> Examiner:
        """Raises SymchainError where the question cannot be asked. One about a name that only the claim knows is nobody else's."""
        key = output, wrt
        if output not in self.program.blocks:
            return Examiner(ask(self.program, output, wrt, claim), output)
        if key not in self.examiners:
            self.examiners[key] = Examiner(ask(self.program, output, wrt), output)
        return self.examiners[key]

    def grade(self, row: Answer, output: str, wrt: str) -> Grade:
        key = output, wrt, row.claim.strip()
        if row.surplus:
            error = worded("cells", count=str(row.surplus))
            return Grade(row.id, output, wrt, row.claim, error=error)
        if key not in self.known:
            self.known[key] = self._judged(output, wrt, row.claim)
        return replace(self.known[key], id=row.id, claim=row.claim)

    def _judged(self, output: str, wrt: str, claim: str) -> Grade:
        blank = Grade("", output, wrt, claim)
        try:
            examiner = self.examiner(output, wrt, claim)
        except NumberVariableError as error:
            return replace(blank, error=error)
        except SymchainError:
            return replace(blank, error=worded("question", output=output, wrt=wrt))
        try:
            verdict, reading = within(self.seconds, lambda: self._verdict(examiner, claim))
        except SymchainError as error:
            return replace(blank, error=error)
        except TimeoutError:
            self.examiners.pop((output, wrt), None)  # it was left in the middle of something
            return replace(blank, reason=TIME)
        except Exception:
            self.examiners.pop((output, wrt), None)
            return replace(blank, reason=DEFECT)
        return replace(blank, verdict=verdict, reading=reading)

    def _verdict(self, examiner: Examiner, claim: str) -> tuple[Verdict, str]:
        return examiner.verdict(claim, self.using, self.claim_format), examiner.reading(claim, self.claim_format)
