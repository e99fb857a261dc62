"""Exercise: questions made from programs, what was answered, and what it was worth; a session can be saved and taken up again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from symchain.errors import ArgumentError
from symchain.nouns.door import engine
from symchain.nouns.explanation import Explanation
from symchain.nouns.grades import Grade
from symchain.nouns.program import Program
from symchain.wording import DEFAULT, LANGUAGES, sentence

FULL = 4
"""Points of a right answer; each level of hint that was asked for takes one away."""
LEVELS = 3
_FORMAT = "symchain.exercise"


@dataclass(frozen=True)
class Question:
    """What is asked: the derivative of a block of a program by a name."""

    program: Program
    output: str
    wrt: str

    def text(self, lang: str = DEFAULT) -> str:
        """The question and the program it is about."""
        asked = sentence(lang, "exercise.question").format(output=self.output, wrt=self.wrt)
        return f"{asked}\n" + "\n".join(f"    {line}" for line in str(self.program).split("\n"))

    def hint(self, level: int, lang: str = DEFAULT) -> Explanation:
        """1: where to begin; 2: the way and the first factor; 3: everything but the last step."""
        return self.program.hint(self.output, self.wrt, level=level, lang=lang)

    def judge(self, claim: str) -> Grade:
        """The same judgement as `Program.grade` gives."""
        return self.program.grade([claim], self.output, self.wrt)[0]


@dataclass(eq=False)
class Exercise:
    """Some questions, and the answers so far. `source` is what they were made from: with it and the seed they are made again.

    >>> import symchain
    >>> e = symchain.exercise("z = w*x + b; C = (z - y)**2", seed=1, count=2)
    >>> e.answer("no idea at all").status, e.done, len(e.questions)
    ('unreadable', 0, 2)
    """

    questions: tuple[Question, ...]
    source: dict[str, Any]
    seed: int = 0
    answers: list[tuple[str, Grade, int]] = field(default_factory=list)
    """Of each question that is over: the last answer, its grade, and the level of the last hint before it."""
    level: int = 0
    """Of the hints to the question that is open."""

    @property
    def done(self) -> int:
        return len(self.answers)

    @property
    def question(self) -> Question | None:
        """The one that is open; None when all are answered."""
        return self.questions[self.done] if self.done < len(self.questions) else None

    def hint(self, lang: str = DEFAULT) -> Explanation:
        """The next hint to the open question. The third stays the last one."""
        question = self._open()
        self.level = min(self.level + 1, LEVELS)
        return question.hint(self.level, lang)

    def answer(self, claim: str) -> Grade:
        """Judge an answer to the open question; the next one is open afterwards, unless the answer cannot be read."""
        question = self._open()
        found = question.judge(claim)
        if found.status not in ("unreadable", "meaningless"):
            self.answers.append((claim, found, self.level))
            self.level = 0
        return found

    @property
    def points(self) -> int:
        """Of FULL for each question."""
        return sum(FULL - hints for _, grade, hints in self.answers if grade.status in ("proved", "agrees"))

    def report(self, lang: str = DEFAULT) -> str:
        """One line an answer, and the points."""
        rows = []
        for k, (_, grade, _) in enumerate(self.answers, 1):
            rows.append(sentence(lang, "grade.row").format(id=k, message=grade.message(lang)))
        total = sentence(lang, "exercise.points").format(points=self.points, most=FULL * len(self.questions), done=self.done)
        return "\n".join([*rows, total])

    def sheet(self, lang: str = DEFAULT, solutions: bool = False) -> str:
        """A LaTeX document: the questions, and their derivations where `solutions` are asked for."""
        return engine().sheet(self, lang, solutions)  # type: ignore[no-any-return]

    def to_json(self) -> str:
        """The session: what `symchain.resume` reads, with every grade for programs."""
        answers = [{"claim": c, "hints": h, **g.data()} for c, g, h in self.answers]
        data = {
            "format": _FORMAT, "version": 1, "seed": self.seed, "source": self.source, "level": self.level,
            "questions": [{"program": str(q.program), "output": q.output, "wrt": q.wrt,
                           "text": {lang: q.text(lang) for lang in LANGUAGES}} for q in self.questions],
            "answers": answers, "points": self.points, "most": FULL * len(self.questions),
        }  # fmt: skip
        return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False)

    def _open(self) -> Question:
        if self.question is None:
            raise ArgumentError("every question is answered", advice="Begin another exercise, with another seed.")
        return self.question


def session_of(text: str) -> dict[str, Any]:
    """What a saved session holds. Raises ArgumentError where the text is none."""
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict) or data.get("format") != _FORMAT or data.get("version") != 1:
        raise ArgumentError("this is no saved exercise", advice="Give a file that `symchain exercise --session FILE` wrote.")
    return data
