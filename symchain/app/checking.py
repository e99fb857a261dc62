"""What the command `check` does with what it was given: one claim, the claims of a text, the steps of a derivation, a table of answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from json import dumps, loads
from typing import TYPE_CHECKING

import click

from symchain.app.terminal import read_text
from symchain.errors import ArgumentError
from symchain.wording import sentence

if TYPE_CHECKING:
    from symchain.nouns.program import Program

CLAIMS = "the claims"
"""What --steps is without a file: the claims given one by one."""


@dataclass(frozen=True)
class Asked:
    """The options of `check`."""

    output: str | None
    wrt: str | None
    claims: tuple[str, ...]
    table: str | None
    steps: str | None
    marks: str | None
    using: str
    claim_format: str
    seconds: float
    lang: str
    medium: str
    hint: int | None = None

    @property
    def answers(self) -> bool:
        """Whether answers were given, and the text is the program that they are about."""
        return bool(self.claims) or self.table is not None or self.steps is not None

    def validate(self) -> None:
        """Raises UsageError for options that do not go together."""
        if self.table is not None and (self.claims or self.steps is not None):
            raise click.UsageError("Give --claims FILE alone, without --claim and --steps.")
        if self.hint is not None and (len(self.claims) != 1 or self.steps is not None):
            raise click.UsageError("--hint goes with one --claim.")
        if self.marks is not None and self.table is None:
            raise click.UsageError("--marks goes with --claims FILE.")
        if self.medium == "csv" and self.table is None:
            raise click.UsageError("--format csv goes with --claims FILE.")
        if self.steps == CLAIMS and not self.claims:
            raise click.UsageError("Give the steps: --steps FILE, or --steps with --claim for each.")
        if self.steps not in (None, CLAIMS) and self.claims:
            raise click.UsageError("Give --steps FILE or --claim for each step, not both.")
        if self.table is None and bool(self.claims or self.steps is not None) != (self.wrt is not None):
            raise click.UsageError("Give --wrt and --claim together, or neither for the statements of a file.")
        if len(self.claims) > 1 and self.steps is None:
            raise click.UsageError(f"--claim is given {len(self.claims)} times; several are the lines of one derivation: add --steps.")


def checked(program: Program, asked: Asked, progress: Callable[[int, int], None]) -> tuple[str, int]:
    """What is to be printed, and the exit code."""
    if asked.table is not None:
        return _graded(program, asked, asked.table, progress)
    if asked.steps is not None:
        return _stepped(program, asked)
    if not asked.claims:
        from symchain.analysis.checking.documents import judge, report

        if not program.statements:
            raise click.UsageError("The text states no derivative: give --wrt and --claim.")
        return report(program, judge(program, asked.using), asked.medium, asked.lang)
    from symchain.analysis.checking.reports import code_of, exit_code, judge_one, written

    if asked.hint is not None:
        from symchain.app.teaching import hinted

        output = program.last if asked.output is None else asked.output
        found = program.grade(asked.claims, output, asked.wrt, using=asked.using, claim_format=asked.claim_format, seconds=asked.seconds)[0]
        said = "right" if found.status in ("proved", "agrees") else found.status if found.status in ("wrong", "undecided") else ""
        opening = sentence(asked.lang, f"hint.{said}") if said else found.message(asked.lang)
        told = "" if said == "right" else hinted(program, asked.output, asked.wrt or "", asked.hint, asked.lang, asked.medium)
        if asked.medium == "json":
            return dumps({"status": found.status, "message": opening, "hint": loads(told) if told else None}, ensure_ascii=False), code_of(
                [found.status]
            )
        return f"{opening}\n\n{told}".rstrip(), code_of([found.status])
    entries = judge_one(program, asked.output, asked.wrt or "", asked.claims[0], asked.using, asked.claim_format)
    return written(entries, asked.medium, asked.lang), exit_code(entries)


def _stepped(program: Program, asked: Asked) -> tuple[str, int]:
    from symchain.analysis.checking.reports import code_of

    steps, claim_format = list(asked.claims), asked.claim_format
    if asked.steps is not None and asked.steps != CLAIMS:
        steps = [read_text(asked.steps)]
        if claim_format == "auto" and asked.steps.lower().endswith(".tex"):
            claim_format = "latex"
    output = program.last if asked.output is None else asked.output
    found = program.check_steps(output, asked.wrt or "", steps, asked.using, claim_format)
    code = code_of(s.status for s in found if s.status != "definition" or s.error is not None)
    return (found.to_json() if asked.medium == "json" else found.text(asked.lang)), code


def _graded(program: Program, asked: Asked, table: str, progress: Callable[[int, int], None]) -> tuple[str, int]:
    from symchain.analysis.checking.reports import code_of
    from symchain.nouns.marks import Marks
    from symchain.support.answers import read_answers

    marks = None if asked.marks is None else Marks.read(read_text(asked.marks))
    answers = read_answers(read_text(table))
    if not answers.answers:
        raise ArgumentError("the table has a header and no answers", advice="Write one answer a row.")
    grades = program.grade(
        answers.answers, asked.output, asked.wrt, marks=marks, using=asked.using, claim_format=asked.claim_format,
        seconds=asked.seconds, progress=progress,
    )  # fmt: skip
    code = code_of(g.status for g in grades)
    if asked.medium == "csv":
        return grades.csv(asked.lang, answers.delimiter), code
    return (grades.to_json() if asked.medium == "json" else grades.text(asked.lang)), code
