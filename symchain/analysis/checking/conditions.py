"""What a claim takes for granted: a declaration that nothing makes and under which the claim is right.

Conditions are about what is held fixed: a formula that is right for positive values of the variable alone is wrong. Each is tried as the
declaration that it is: with it, new points are drawn, and the claim has to be right at all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from symchain.analysis.checking.evidence import Agreement, Evidence
from symchain.analysis.checking.ground import Ground
from symchain.analysis.checking.questions import Question
from symchain.functions import FUNCTIONS
from symchain.functions.spec import AbstractFunction, abstract
from symchain.nouns.computation import Variable, ancestors
from symchain.support.dimensions import show
from symchain.tensors.nodes import Apply, Tree, apply, leaves, postorder, transform

ASSUMED = ("sigmoid", "tanh", "relu", "softplus")
"""Activations that a claim may take for granted."""
_FIXED = 8
"""So many parameters are taken for positive, and so many arrays for adding up to one."""
_BLOCKS = 48


@dataclass(frozen=True)
class Condition:
    """`text` is the condition, `declare` the declaration that says so, `function` the name of an assumed activation."""

    text: str
    declare: str
    points: int
    function: str = ""


def find_condition(question: Question, claimed: Tree, evidence: Evidence) -> Condition | None:
    """The declaration that makes the claim right, where there is a usual one."""
    if len(question.program.blocks) > _BLOCKS:
        return None
    return next(_functions(question, claimed, evidence.ground), None) or next(_declared(question, claimed, evidence), None)


# ---------------------------------------------------------------- functions known by name alone


def _functions(question: Question, claimed: Tree, ground: Ground) -> Iterator[Condition]:
    """A formula for sigmoids is right for sigmoids."""
    program = question.program
    unbound = {f.name: f for b in program.blocks.values() for n in postorder(b.tree) if (f := _unbound(n)) is not None}
    if any(_unbound(n) is not None and any(n.orders) for n in postorder(claimed)):  # type: ignore[attr-defined]
        return  # it speaks of the function's derivative, whatever that is
    for name in ASSUMED if unbound else ():
        bound = {f: abstract(f.name, FUNCTIONS[name]) for f in unbound.values()}

        def assumed(bound: Mapping[AbstractFunction, AbstractFunction] = bound) -> Ground:
            blocks = {n: replace(b, tree=_rebound(b.tree, bound)) for n, b in program.blocks.items()}
            return Ground(replace(program, blocks=blocks), question.output, _rebound(ground.truth, bound))

        found = _agreement(ground.assuming(name, assumed), _rebound(claimed, bound))
        if found.holds:
            text = ", ".join(f"{f} = {name}" for f in sorted(unbound))
            yield Condition(text, text.replace(", ", "; "), len(found.equal), name)


def _unbound(node: Tree) -> AbstractFunction | None:
    function = node.function if isinstance(node, Apply) else None
    return function if isinstance(function, AbstractFunction) and function.binding is None else None


def _rebound(tree: Tree, bound: Mapping[AbstractFunction, AbstractFunction]) -> Tree:
    """The tree with unknown functions taken for known ones."""

    def visit(node: Tree) -> Tree:
        function = _unbound(node)
        return node if function is None else apply(bound[function], *node.args, orders=node.orders)  # type: ignore[attr-defined]

    return transform(tree, visit)


# ---------------------------------------------------------------- parameters


def _declared(question: Question, claimed: Tree, evidence: Evidence) -> Iterator[Condition]:
    program, ground = question.program, evidence.ground
    names = ancestors(program, question.output) | {x.name for x in leaves(claimed)}
    fixed = [v for v in program.inputs.values() if v.name in names and v.name != question.wrt]
    free = [v for v in fixed if not v.facts]
    if 0 < len(free) <= _FIXED and _may_be_positive(free, claimed, evidence):
        needed = _fewest(ground, claimed, free)
        if needed:
            found = _agreement(_with(ground, needed, "positive"), claimed)
            text = ", ".join(f"{v.name} > 0" for v in needed)
            yield Condition(text, "; ".join(_declaration(v, "positive") for v in needed), len(found.equal))
    for variable in islice((v for v in fixed if v.shape and v.facts <= {"positive", "nonnegative"}), _FIXED):
        found = _agreement(_with(ground, [variable], "probability"), claimed)
        if found.holds:
            axis = f", axis={len(variable.shape) - 1}" if len(variable.shape) > 1 else ""
            yield Condition(f"sum({variable.name}{axis}) = 1", _declaration(variable, "probability"), len(found.equal))


def _may_be_positive(free: list[Variable], claimed: Tree, evidence: Evidence) -> bool:
    """Whether no point with positive parameters speaks against the claim."""
    different = evidence.agreement(claimed).different
    return not any(all(np.all(np.asarray(evidence.points[k].values[v.name]) > 0) for v in free) for k in different)


def _fewest(ground: Ground, claimed: Tree, free: list[Variable]) -> list[Variable]:
    """Those of the parameters that have to be positive for the claim to be right; none where that is not enough."""
    if not _agreement(_with(ground, free, "positive"), claimed).holds:
        return []
    kept = list(free)
    for variable in free:
        fewer = [v for v in kept if v is not variable]
        if fewer and _agreement(_with(ground, fewer, "positive"), claimed).holds:
            kept = fewer
    return kept


def _agreement(ground: Ground, claimed: Tree) -> Agreement:
    return Evidence(ground, [claimed]).agreement(claimed)


def _with(ground: Ground, variables: list[Variable], fact: str) -> Ground:
    """The question where some inputs are declared to be more than they are."""

    def assumed() -> Ground:
        changed = {v.name: replace(v, facts=v.facts | {fact}) for v in variables}
        program = ground.program
        return Ground(replace(program, inputs={**program.inputs, **changed}), ground.output, ground.truth)

    return ground.assuming((fact, *(v.name for v in variables)), assumed)


def _declaration(variable: Variable, fact: str) -> str:
    return f"{variable.name}: {show(variable.shape)} {fact}"
