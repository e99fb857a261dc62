"""Verdict and Finding: what was found out about a claimed derivative, as data, with its message and its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from typing import Any

from symchain.support.plain_data import plain_data
from symchain.wording import LANGUAGES, locale_of, sentence
from symchain.wording.numbers import counted
from symchain.wording.numbers import value as shown

STATUSES = ("proved", "agrees", "wrong", "undecided")
NOWHERE, ROUNDING, CONDITION, CIRCULAR, USED = "nowhere", "rounding", "condition", "circular", "used"
REASONS = (NOWHERE, ROUNDING, CONDITION, CIRCULAR, USED)
"""Why a claim is undecided: no point was found where both sides have a value; rounding hides what they are, whatever the number of
digits; it is right under a condition that nothing declares; it says what is to be shown; it uses more than it may."""
MISTAKES = (
    "shape", "sign", "constant", "batch_mean", "missing_factor", "extra_factor", "derivative_at_output", "function_for_derivative",
    "other_variable", "missing_path", "extra_path", "transposed", "wrong_order", "elementwise_for_matmul", "matmul_for_elementwise",
    "missing_sum", "wrong_operand", "constant_kept", "answer_one", "index_shifted", "steps",
    "missing_steps", "start_missing", "several", "unknown",
)  # fmt: skip
"""The keys of Verdict.mistake; wording has sentences for each in every language."""

Ratio = Fraction | float | str


@dataclass(frozen=True)
class Finding:
    """One mistake and what it is about; which of the fields are filled depends on the mistake."""

    mistake: str
    factor: str | None = None
    """The factor of the chain concerned, "da2/dz2"."""
    ratio: Ratio | None = None
    """What the claim is as a multiple of the derivative: a number, or a text such as "1/N" where a dimension is in it."""
    variable: str | None = None
    """Whose gradient was given instead, or which name belongs where another one stands."""
    path: tuple[str, ...] | None = None
    """The path that is missing, too much or miscounted, output first."""
    found: str | None = None
    """What stands in the claim."""
    wanted: str | None = None
    """What should stand there."""

    def sentence(self, lang: str) -> str:
        """The mistake in one or two whole sentences."""
        fields = {
            "factor": _derivative(self.factor),
            "ratio": _ratio(self.ratio, lang),
            "variable": self.variable or "",
            "path": " → ".join(reversed(self.path or ())),
            "found": self.found or "",
            "wanted": self.wanted or "",
        }
        return sentence(lang, f"check.{self.mistake}{self._variant()}").format(**fields)

    def _variant(self) -> str:
        """Which of the sentences of a mistake fits what is known."""
        if self.mistake in ("sign", "constant") and self.path:
            return ".path"
        if self.mistake == "constant" and self.ratio == 0:
            return ".zero"
        if self.mistake in ("missing_factor", "extra_factor") and self.factor is None:
            return ".only"
        if self.mistake in ("missing_factor", "batch_mean") and self.found is not None:
            return ".part"
        if self.mistake in ("missing_path", "extra_path") and self.path is None:
            return ".term"
        if self.mistake == "missing_path" and self.found is not None:
            return ".diagonal"
        if self.mistake == "unknown" and self.wanted is not None:
            return ".antiderivative"
        if self.mistake == "shape" and self.found is None:
            return ".inside"
        if self.mistake in _NAMED and self.wanted is None:
            return ".somewhere"
        return ""


_NAMED = ("transposed", "wrong_order", "elementwise_for_matmul", "matmul_for_elementwise", "wrong_operand", "derivative_at_output",
          "function_for_derivative", "missing_factor", "constant_kept")  # fmt: skip
"""Mistakes with a second sentence for when the right expression cannot be quoted."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What became of a claim that the derivative of `output` by `wrt` is `claim`.

    status: "proved" (equal by algebra), "agrees" (equal at `points` points, `error` the largest relative difference), "wrong" (then
    `mistake` is one of MISTAKES), or "undecided" (then `reason` is one of REASONS).
    """

    output: str
    wrt: str
    claim: str
    status: str
    findings: tuple[Finding, ...] = ()
    corrected: str = ""
    """The derivative as symchain prints it; a claim that is proved right when it is checked."""
    table: Sequence[Mapping[str, Any]] = ()
    """The points tried: `at` the inputs, `claim` and `derivative` the two values there."""
    points: int = 0
    error: float = 0.0
    reason: str = NOWHERE
    """Why the claim is undecided, where it is."""
    condition: str = ""
    """Where the claim is right, "a > 0", if that is not declared; `declare` is the declaration that would say so. "x != 3", which
    cannot be declared, where it has another value than the derivative only there."""
    declare: str = ""
    assumed: str = ""
    """The function that a condition takes a function known by name alone for."""
    derivatives: tuple[str, ...] = ()
    """The derivatives that a claim still holds, "da2/dz2": it is right if they are worked out rightly."""
    used: tuple[str, ...] = ()
    """What the claim uses, and should not, where only `using` is allowed."""
    using: str = ""
    detail: str = ""
    """Where the claim's own shapes do not conform: which operands they are."""

    @property
    def holds(self) -> bool:
        return self.status in ("proved", "agrees")

    @property
    def mistake(self) -> str | None:
        """The key of the mistake, "several" where there is more than one, None where the claim is not wrong."""
        if self.status != "wrong":
            return None
        main = [f.mistake for f in self.findings]
        if not main:
            return "unknown"
        return main[0] if len(main) == 1 or main[0] == "shape" or set(main) == {"missing_path"} else "several"

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The keys of all mistakes found; empty where the claim is not wrong."""
        return tuple(f.mistake for f in self.findings) or (("unknown",) if self.status == "wrong" else ())

    @property
    def ratio(self) -> Ratio | None:
        """The claim as a multiple of the derivative, where that is constant."""
        return self._first("ratio")

    @property
    def factor(self) -> str | None:
        return self._first("factor")

    @property
    def variable(self) -> str | None:
        return self._first("variable")

    @property
    def path(self) -> tuple[str, ...] | None:
        return self._first("path")

    def _first(self, name: str) -> Any:
        return next((v for f in self.findings if (v := getattr(f, name)) is not None), None)

    @property
    def symbol(self) -> str:
        """What was claimed to be something: ∂C/∂W1."""
        return f"∂{self.output if self.output.isidentifier() else f'({self.output})'}/∂{self.wrt}"

    def message(self, lang: str = "en") -> str:
        """The verdict in whole sentences: what is wrong, where, and what is right."""
        head = {"symbol": self.symbol, "claim": self.claim, "corrected": self.corrected}
        fields = {**head, "points": self.points, "error": _error(self.error, lang)}
        if self.status == "undecided":
            return self._undecided(lang)
        one = ".one" if self.status == "agrees" and self.points == 1 else ""
        parts = [sentence(lang, f"check.{self.status}{one}").format(**fields)]
        if self.holds and self.derivatives:
            parts.append(sentence(lang, "check.derivatives").format(derivatives=_listed(self.derivatives)))
        if self.status == "wrong":
            findings = self.findings or (Finding("unknown"),)
            if self.mistake == "several":
                parts.append(sentence(lang, "check.several").format(count=counted(len(findings), lang)))
            parts += [f.sentence(lang) for f in findings]
            parts.append(sentence(lang, "check.corrected").format(**fields))
        return " ".join(parts)

    def _undecided(self, lang: str) -> str:
        key = "check.undecided" + ("" if self.reason == NOWHERE else f".{self.reason}")
        if self.assumed:
            key += ".function"
        elif self.reason == CONDITION and not self.declare:
            key += ".point"
        return sentence(lang, key).format(
            symbol=self.symbol, claim=self.claim, condition=self.condition, declare=self.declare, used=_listed(self.used),
            function=sentence(lang, f"check.function.{self.assumed}") if self.assumed else "",
            using=sentence(lang, f"check.using.{self.using}") if self.using else "",
        )  # fmt: skip

    def text(self, lang: str = "en") -> str:
        """The message, and the values at the points tried below it."""
        rows = [self.message(lang)]
        for row in self.table if self.status == "wrong" else ():
            if not isinstance(row["derivative"], float):
                break  # arrays are for to_json; nobody compares them by eye
            numbers = {n: v for n, v in row["at"].items() if isinstance(v, float)}
            at = locale_of(lang).separator.join(f"{n} = {shown(v, lang, False, 6)}" for n, v in numbers.items())
            values = {k: shown(row[k], lang, False, 8) for k in ("claim", "derivative")}
            rows.append(sentence(lang, "check.row").format(at=at, **values))
        return "\n".join(rows)

    def to_json(self) -> str:
        """For graders: every field by its name."""
        data = {
            "output": self.output, "wrt": self.wrt, "claim": self.claim, "status": self.status, "holds": self.holds,
            "mistake": self.mistake, "mistakes": list(self.mistakes), "ratio": plain_data(self.ratio), "factor": self.factor,
            "variable": self.variable, "path": None if self.path is None else list(self.path), "corrected": self.corrected,
            "reason": self.reason if self.status == "undecided" else None, "condition": self.condition, "declare": self.declare,
            "derivatives": list(self.derivatives), "used": list(self.used),
            "points": self.points, "error": plain_data(self.error), "message": {lang: self.message(lang) for lang in LANGUAGES},
            "table": [{"at": {n: plain_data(v) for n, v in row["at"].items()}, "claim": plain_data(row["claim"]),
                       "derivative": plain_data(row["derivative"])} for row in self.table],
        }  # fmt: skip
        return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        named = f", {self.mistake}" if self.mistake else ""
        return f"<Verdict d{self.output}/d{self.wrt}: {self.status}{named}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        text = self.text()
        return {"text/plain": text, "text/html": "<p>" + "<br>".join(escape(line) for line in text.split("\n")) + "</p>"}


def _derivative(name: str | None) -> str:
    return "" if name is None else "/".join(f"∂{part[1:]}" if part[:1] == "d" else part for part in name.split("/"))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_derivative, names))


def _ratio(ratio: Ratio | None, lang: str) -> str:
    if isinstance(ratio, float):
        digits = 6 if not abs(ratio) or abs(abs(ratio) - 1) > 1e-4 else 16  # 1.0000005 is not 1
        return shown(ratio, lang, False, digits)
    return "" if ratio is None else str(ratio)


def _error(error: float, lang: str) -> str:
    return shown(error, lang, False, 2)
