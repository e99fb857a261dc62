"""What stands beside a factor: the rule it comes from, and which names did not move."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile

from symchain.nouns.derivation import Factor, Step
from symchain.nouns.networks import Network
from symchain.support.document import Blank, Formula, Listing, Math, Relation, Row, Say
from symchain.support.notation import name, operations
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Sum, leaves

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
    alone = step is not None and step.rule == "sum" and [s.rule for s in step.moving] == ["self"]
    rule = done or Say("rule.self" if alone else f"rule.{factor.rule}")
    second = _second(step) if step is not None and step.rule == "scale" and done is None else ""
    if second:
        rule = Say("remark.rules", {"rule": rule, "second": Say(f"rule.{second}")})
    still = unrelated(factor)
    if still and len(still) <= NAMED:
        names = Listing(tuple(Formula(name(n)) for n in still))
        key = "remark.unrelated_one" if len(still) == 1 else "remark.unrelated_many"
        return Say(key, {"rule": rule, "names": names, "input": Formula(name(factor.input))})
    inner = _inner(step) if step is not None else None
    if inner is not None:
        return Say("remark.inner", {"rule": rule, "inner": inner})
    return Say("remark.rule", {"rule": rule})


def rewriting_remark(step: Step) -> Say:
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
    return [Row((Blank(), Formula(phrase_of(step.result))), rewriting_remark(step)) for step in steps]


def unrelated(factor: Factor) -> tuple[str, ...]:
    """The names in those terms of the line that do not contain the input: they do not move."""
    line = factor.steps[0].subject if factor.steps else None
    if not isinstance(line, Sum):
        return ()
    found: dict[str, None] = {}
    for term in line.args:
        names = [n.name for n in leaves(term)]
        if factor.input not in names:
            found.update(dict.fromkeys(names))
    return tuple(found)


def _headline(factor: Factor) -> Step | None:
    """The step that carries the factor's rule, below sums and coefficients."""
    step = next((s for s in factor.steps if s.by), None)
    while step is not None and step.rule != factor.rule:
        moving = step.moving
        step = moving[0] if len(moving) == 1 else None
    return step


def _second(step: Step) -> str:
    """The rule of what stands beside a constant factor, where that is more than the variable."""
    moving = step.moving
    while step.rule in ("scale", "sum") and len(moving) == 1:
        step, moving = moving[0], moving[0].moving
    return step.rule if step.rule not in ("scale", "sum", "self") and len(moving) <= 1 else ""


def _inner(step: Step) -> Math | None:
    """The inner derivative of a power or function whose argument is more than the variable."""
    moving = step.moving
    if step.rule not in ("power", "function", "act", "partial") or len(moving) != 1 or moving[0].rule == "self":
        return None
    return Formula(phrase_of(moving[0].result))
