"""What stands beside a factor: the rule it comes from, and which names did not move."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile

from symchain.derivation import Factor, Step
from symchain.networks import Network
from symchain.notation import name, operations
from symchain.render.document import Blank, Formula, Listing, Math, Relation, Row, Say
from symchain.tensors.matrixform import phrase_of

READABLE = 40
"""Longer formulas than this many operations explain nothing."""
NAMED = 4
"""Up to so many names that do not depend on the input are listed."""


def remark(factor: Factor, network: Network | None = None, done: Say | None = None) -> Say:
    """The rule of a factor in one remark; `done` says what the factor does as a map, where that says more."""
    role = network.roles.get(factor.output) if network is not None and len(network.layers) > 1 else None
    if factor.rule == "act" and role is not None and role.part == "output":
        return Say("remark.layer", {"layer": str(role.layer)})
    step = _headline(factor)
    alone = step is not None and step.rule == "sum" and [s.rule for s in _moving(step)] == ["self"]
    rule = done or Say("rule.self" if alone else f"rule.{factor.rule}")
    second = _second(step) if step is not None and step.rule == "scale" and done is None else ""
    if second:
        rule = Say("remark.rules", {"rule": rule, "second": Say(f"rule.{second}")})
    if factor.unrelated and len(factor.unrelated) <= NAMED:
        names = Listing(tuple(Formula(name(n)) for n in factor.unrelated))
        key = "remark.unrelated_one" if len(factor.unrelated) == 1 else "remark.unrelated_many"
        return Say(key, {"rule": rule, "names": names, "input": Formula(name(factor.input))})
    inner = _inner(step) if step is not None else None
    if inner is not None:
        return Say("remark.inner", {"rule": rule, "inner": inner})
    return Say("remark.rule", {"rule": rule})


def rewritten(step: Step) -> Say:
    """The name of a step of simplification; an identity is stated."""
    identity = step.parameters.get("identity")
    if identity is None:
        return Say("remark.rule", {"rule": Say(f"rule.{step.rule}")})
    sides = tuple(Formula(phrase_of(side)) for side in identity.stated)
    return Say("remark.identity", {"identity": Relation(sides)})


def readable(steps: Sequence[Step]) -> Sequence[Step]:
    """The steps from the first formula that is not too long to read."""
    return tuple(dropwhile(lambda step: operations(phrase_of(step.subject)) > READABLE, steps))


def simplification(steps: Sequence[Step]) -> list[Row]:
    """The forms that a formula takes, each beside the name of the step, after the row that says what it was."""
    return [Row((Blank(), Formula(phrase_of(step.result))), rewritten(step)) for step in steps]


def _moving(step: Step) -> list[Step]:
    return [s for s in step.substeps if s.rule != "const"]


def _headline(factor: Factor) -> Step | None:
    """The step that carries the factor's rule, below sums and coefficients."""
    step = next((s for s in factor.steps if s.by), None)
    while step is not None and step.rule != factor.rule:
        moving = _moving(step)
        step = moving[0] if len(moving) == 1 else None
    return step


def _second(step: Step) -> str:
    """The rule of what stands beside a constant factor, where that is more than the variable."""
    moving = _moving(step)
    while step.rule in ("scale", "sum") and len(moving) == 1:
        step, moving = moving[0], _moving(moving[0])
    return step.rule if step.rule not in ("scale", "sum", "self") and len(moving) <= 1 else ""


def _inner(step: Step) -> Math | None:
    """The inner derivative of a power or function whose argument is more than the variable."""
    moving = _moving(step)
    if step.rule not in ("power", "function", "act") or len(moving) != 1 or moving[0].rule == "self":
        return None
    return Formula(phrase_of(moving[0].result))
