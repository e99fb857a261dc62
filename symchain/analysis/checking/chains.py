r"""A derivation of several lines, as text or in LaTeX: each formula judged as it stands and as following from the one before it.

A line is `derivative = formula = ...`, `= formula` or a formula alone; `name = formula` gives a name to be used below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from symchain.analysis.checking.judging import FACTORS, USING, Examiner
from symchain.analysis.checking.latex_answers import AUTO, FORMATS, LATEX, TEXT, as_text, is_latex
from symchain.analysis.checking.questions import ask, hand_of
from symchain.errors import ArgumentError, SymchainError, check_choice
from symchain.language.handwriting import Hand, worded
from symchain.language.spelling import is_name
from symchain.nouns.computation import Computation
from symchain.nouns.steps import RIGHT, Step, Steps

MOST = 1000
"""So many formulas one derivation has."""
_LAYOUT = re.compile(r"\\(?:begin|end)\{(?:align|aligned|equation|gather|gathered|split|multline|eqnarray|displaymath)\*?\}"
                     r"|\$\$|\\[\[\]()]|&|\\(?:nonumber|notag)\b|\\label\{[^{}]*\}")  # fmt: skip
_ROW = re.compile(r"\\\\(?:\s*\[[^\]\n]*\])?")
_DERIVATIVE = re.compile(r"[d∂]\s*(\w+)\s*/\s*[d∂]\s*(\w+)")
_PRIMED = re.compile(r"(\w+)['′’](?:\((\w+)\))?")
_IN_LATEX = re.compile(r"\\[dtc]?frac\s*\{(?:\\partial|\\mathrm\{d\}|d)\s*([^{}]+|\w*\{[^{}]*\}|[^{}]*\{[^{}]*\})\}\s*"
                       r"\{(?:\\partial|\\mathrm\{d\}|d)\s*([^{}]+|[^{}]*\{[^{}]*\})\}")  # fmt: skip
_EQUAL = re.compile(r"(?<![=<>!:])=(?!=)")


@dataclass(frozen=True)
class _Line:
    number: int
    left: str
    """What stands before the first equal sign, where the line has one."""
    formulas: tuple[str, ...]


def check_steps(program: Computation, output: str, wrt: str, steps: Any, using: str = FACTORS, claim_format: str = AUTO) -> Steps:
    """Judge every formula of a derivation of one derivative. What `using` says is asked of the last one alone."""
    check_choice("using", using, USING)
    check_choice("claim_format", claim_format, FORMATS)
    texts = [steps] if isinstance(steps, str) else list(steps)
    if not texts or not all(isinstance(t, str) for t in texts):
        raise ArgumentError("the steps are no texts", advice='Write check_steps("C", "w", "dC/dw = 2*(z - y)*dz/dw\\n = 2*(z - y)*x").')
    text = "\n".join(t.rstrip("\n") for t in texts)
    latex = claim_format == LATEX or (claim_format == AUTO and is_latex(text))
    lines = list(_lines(text, latex))
    if not any(line.formulas for line in lines):
        raise worded("empty", asked=f"d{output}/d{wrt}")
    if sum(len(line.formulas) for line in lines) > MOST:
        raise ArgumentError(f"a derivation has at most {MOST} formulas", advice="Check it in parts.")
    return _Chain(program, output, wrt, LATEX if latex else TEXT).steps(lines, using)


def _lines(text: str, latex: bool) -> Iterator[_Line]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        rows = _ROW.split(_LAYOUT.sub(" ", line.split("%")[0])) if latex else [line.split("#")[0]]
        for row in rows:
            if not row.strip(" \t.,;$"):
                continue
            left, *rest = _sides(row.replace("$", " ") if latex else row)
            if rest:
                yield _Line(number, left, tuple(rest))
            else:
                yield _Line(number, "", (left,))


def _sides(row: str) -> list[str]:
    """The sides of the equal signs outside of brackets."""
    found, start = [], 0
    for match in _EQUAL.finditer(row):
        before = row[: match.start()]
        if all(before.count(a) == before.count(b) for a, b in ("()", "[]", "{}")):
            found.append(row[start : match.start()].strip())
            start = match.end()
    return [*found, row[start:].strip().rstrip(".,;").strip()]


class _Chain:
    def __init__(self, program: Computation, output: str, wrt: str, written: str) -> None:
        self.program, self.written = program, written
        self.examiners: dict[tuple[str, str], Examiner] = {}
        self.subject = output, wrt
        self.examiner()  # a mistake in the question is no step
        self.hand: Hand = hand_of(program)
        self.defined: dict[str, str] = {}
        self.found: list[Step] = []
        self.before: tuple[Step, str] | None = None

    def examiner(self) -> Examiner:
        if self.subject not in self.examiners:
            output, wrt = self.subject
            self.examiners[self.subject] = Examiner(ask(self.program, output, wrt), output)
        return self.examiners[self.subject]

    def steps(self, lines: Sequence[_Line], using: str) -> Steps:
        asked = self.subject
        for k, line in enumerate(lines):
            formulas = list(line.formulas)
            if line.left:
                subject = self._derivative(line.left)
                if subject is not None:
                    if subject != self.subject:
                        self.subject, self.before = subject, None
                elif self._is_new(line.left):
                    self._define(line)
                    continue
                elif self._is_known(line.left):
                    error = worded("subject", found=line.left, asked=f"d{asked[0]}/d{asked[1]}")
                    self.found.append(Step(line.number, f"{line.left} = {line.formulas[0]}", *self.subject, error=error))
                    self.before = None
                    continue
                else:
                    formulas.insert(0, line.left)
            for j, formula in enumerate(formulas):
                last = k == len(lines) - 1 and j == len(formulas) - 1 and self.subject == asked
                self._judge(line.number, formula, using if last else FACTORS)
        return Steps(tuple(self.found))

    # ------------------------------------------------------------ what stands on the left

    def _derivative(self, left: str) -> tuple[str, str] | None:
        """The derivative that a left side names."""
        primed = _PRIMED.fullmatch(left.strip())
        if primed is not None and primed[1] == self.subject[0] and primed[2] in (None, self.subject[1]):
            return self.subject
        match = (_IN_LATEX if self.written == LATEX else _DERIVATIVE).fullmatch(left.strip())
        match = match or _DERIVATIVE.fullmatch(left.strip())
        if match is None:
            return None
        names = [self.hand.spelled(re.sub(r"[{}\\\s]|\(\w+\)$", "", g)) for g in match.groups()]
        known = names[0] in self.program.blocks and names[1] in self.program.leaves
        return (names[0], names[1]) if known else None

    def _is_known(self, left: str) -> bool:
        """Whether a left side is a name of the program: the line says what that is, and no derivative."""
        return self.hand.spelled(re.sub(r"[{}\\\s]", "", left)) in self.hand.names

    def _is_new(self, left: str) -> bool:
        return is_name(left.strip().lstrip("\\")) and not self._is_known(left)

    def _define(self, line: _Line) -> None:
        """name = formula: the formulas below may use the name."""
        name = line.left.strip().lstrip("\\")
        step = Step(line.number, f"{name} = {line.formulas[0]}", *self.subject, defines=name)
        try:
            if len(line.formulas) > 1:
                raise worded("chain")
            if self.written == LATEX and not all(x.shape == () for x in self.program.leaves.values()):
                raise worded("defined", name=name)
            text = as_text(self.examiner().question, line.formulas[0], self.written)
            self.examiner().reading(self._whole(text), TEXT)
            self.defined[name] = text
        except SymchainError as error:
            step = replace(step, error=error)
        self.found.append(step)

    def _whole(self, text: str) -> str:
        return "\n".join([*(f"{n} = {t}" for n, t in self.defined.items()), text])

    # ------------------------------------------------------------ one formula

    def _judge(self, number: int, formula: str, using: str) -> None:
        examiner = self.examiner()
        step = Step(number, formula, *self.subject, first=self.before is None)
        try:
            whole = self._whole(as_text(examiner.question, formula, self.written))
            verdict = replace(examiner.verdict(whole, using, TEXT), claim=formula if self.written == TEXT else whole.rsplit("\n", 1)[-1])
        except SymchainError as error:
            self.found.append(replace(step, error=error))
            self.before = None  # nobody knows what the next formula follows from
            return
        step = replace(step, verdict=verdict)
        if self.before is not None:
            step = replace(step, follows=self._follows(examiner, *self.before, step, whole))
        self.found.append(step)
        self.before = step, whole

    def _follows(self, examiner: Examiner, before: Step, text: str, step: Step, whole: str) -> bool | None:
        one, other = before.status, step.status
        if one in RIGHT and other in RIGHT:
            return True
        if {one, other} <= {*RIGHT, "wrong"} and one != other and "wrong" in (one, other):
            return False
        return examiner.equal(text, whole)
