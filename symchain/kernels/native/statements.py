"""The statements of a scalar plan in C, each with the values it reads and the conditions under which its results may be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from symchain.kernels.doubts import HUGE, LOST, VANISHED, WIDE, Doubt, Doubts
from symchain.kernels.facts import FACTS
from symchain.kernels.floats import NoFloats
from symchain.kernels.kernel import Plan
from symchain.kernels.writing import Writer

VALUE = re.compile(r"\bv(\d+)\b")


@dataclass(frozen=True, slots=True)
class Statement:
    """`text` over {0}, {1}, ...: values by number. The first is what it sets, unless it is a condition."""

    text: str
    values: tuple[int, ...]
    condition: bool = False
    block: str = ""

    def written(self, name: Callable[[int], str]) -> str:
        return self.text.format(*map(name, self.values))


@dataclass(frozen=True, slots=True)
class Straight:
    """A scalar plan as straight-line code: values 0, 1, ... are the inputs, then what statements set; `results` are texts like theirs."""

    inputs: int
    count: int
    statements: tuple[Statement, ...]
    results: tuple[Statement, ...]


_TESTS = {
    "{v} > 0.0": "v{0} > 0.0",
    "{v} >= 0.0": "v{0} >= 0.0",
    "0.0 <= {v} <= 1.0": "v{0} >= 0.0 && v{0} <= 1.0",
    "{v} % 1.0 == 0.0": "f_floor(v{0}) == v{0}",
}
"""The tests of `facts` in C."""


def _of_facts(facts: Sequence[Sequence[str]]) -> Iterator[Statement]:
    """That single numbers have their facts."""
    for number, own in enumerate(facts):
        for fact in own:
            test = FACTS[fact].test
            if test and test not in _TESTS:
                raise NoFloats(fact)
            if test:
                yield _statement(_TESTS[test].format(number), condition=True)


def straight(plan: Plan, doubts: Doubts | None, facts: Sequence[Sequence[str]] = ()) -> Straight:
    """The code of a plan, with the conditions of its doubts and facts. Raises NoFloats where an instruction is not in C."""
    writer = Writer(plan, "c", watched=doubts.values if doubts else ())
    body = [(text, block) for text, block in writer.statements()]
    first = len(plan.inputs)
    count = first + len(body)
    lines, count = _paired(body, count)
    statements = [_statement(text, block) for text, block in lines]
    results = tuple(_statement(text, "") for text in writer.results_text())
    asked = conditions_of(doubts, writer.named) if doubts is not None else []
    conditions = [*_of_facts(facts), *(_statement(text, condition=True) for text in asked)]
    if conditions:
        statements = _with_conditions(statements, conditions)
    return Straight(first, count, tuple(statements), results)


def _statement(text: str, block: str = "", condition: bool = False) -> Statement:
    values: dict[int, int] = {}
    pattern = VALUE.sub(lambda m: f"<{values.setdefault(int(m[1]), len(values))}>", text).replace("{", "{{").replace("}", "}}")
    return Statement(re.sub(r"<(\d+)>", r"{\1}", pattern), tuple(values), condition, block)


def _paired(body: Sequence[tuple[str, str]], count: int) -> tuple[list[tuple[str, str]], int]:
    """Functions that are worked out together: tanh with 1/cosh, sigmoid(x) with sigmoid(-x); the second is a value of its own."""
    known: dict[str, str] = {}
    lines = []
    asked = {m[0] for text, _ in body for m in re.finditer(r"f_(?:sech|sigmoid)\(-?v\d+\)", text)}
    for text, block in body:
        found = re.fullmatch(r"(v\d+) = (f_tanh|f_sigmoid)\((-?)(v\d+)\)", text)
        if found is not None and not (found[3] and found[2] == "f_tanh"):
            target, name, sign, argument = found.groups()
            twin = f"f_sech({argument})" if name == "f_tanh" else f"f_sigmoid({'' if sign else '-'}{argument})"
            if f"{name}({sign}{argument})" in known:
                text = f"{target} = {known[f'{name}({sign}{argument})']}"
            elif twin in asked:
                other = f"v{count}"
                count += 1
                known[twin] = other
                known[f"{name}({sign}{argument})"] = target
                text = f"{target} = {'f_tanh_sech' if name == 'f_tanh' else 'f_sigmoids'}({sign}{argument}, &{other})"
        else:
            text = re.sub(r"f_(?:sech|sigmoid)\(-?v\d+\)", lambda m: known.get(m[0], m[0]), text)
        lines.append((text, block))
    return lines, count


def conditions_of(doubts: Doubts, name: Callable[[int], str | None]) -> list[str]:
    """What must hold for results to be returned as they are; `name` gives what a value is called in the code."""
    found = [_condition(doubt, names) for doubt, names in doubts.told(name)]
    found += [f"fabs({text}) < {HUGE}" if may_vanish else f"f_fits({text})" for text, may_vanish in doubts.bounded(name)]
    return list(dict.fromkeys(found))


def _condition(doubt: Doubt, name: Callable[[int], str]) -> str:
    """The comparison as `doubts.written` has it, without divisions."""
    value = f"fabs({name(doubt.value)})"
    of = name(doubt.of) if isinstance(doubt.of, int) else repr(doubt.of)
    if doubt.kind == "wide":
        text = f"{value} < {WIDE}"
    elif doubt.kind == "vanished":
        text = f"!({value} < {VANISHED})"
    elif doubt.kind == "positive":
        text = f"{name(doubt.value)} > 0.0"
    elif doubt.kind == "steep":
        text = f"fabs({of}*{name(doubt.value)}) < {WIDE}"
    elif doubt.kind == "apart":
        text = f"{name(doubt.value)} != {of}"
    elif doubt.kind == "ends":
        text = f"!(fabs({name(doubt.value)} - ({of})) < 0.001)"
    elif doubt.kind == "inverse":
        text = f"fabs({of}*{name(doubt.value)}) > {1 / LOST}"
    else:
        factors = "".join(sign + name(v) for sign, v in doubt.factors)
        text = f"fabs({of}{factors}) < {LOST}*{value}"
    for x, radius in doubt.unless:
        text = f"fabs({name(x)}) < {radius!r} || ({text})"
    return text


def _with_conditions(statements: Sequence[Statement], conditions: Sequence[Statement]) -> list[Statement]:
    """Each condition after the last of the values that it reads: so it stands in the loop that works them out."""
    made: dict[int, int] = {}
    for k, s in enumerate(statements):
        for v in s.values:
            made.setdefault(v, k)
    after: dict[int, list[Statement]] = {}
    for c in dict.fromkeys(conditions):
        after.setdefault(max((made.get(v, -1) if v in made else -1 for v in c.values), default=-1), []).append(c)
    found = list(after.get(-1, ()))
    for k, s in enumerate(statements):
        found += [s, *after.get(k, ())]
    return found
