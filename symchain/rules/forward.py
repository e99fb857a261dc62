"""The textbook derivation of one scalar line: d(expression)/d(name) by named rules, each a Step over its substeps.

The rules are those of `local`; this file only says in which order they are told and what they are called.
"""

from __future__ import annotations

from collections.abc import Mapping

from symchain.derivation import NOTHING, Step
from symchain.functions.spec import AbstractFunction
from symchain.rules.local import pull
from symchain.tensors.nodes import (
    MINUS_ONE,
    ONE,
    ZERO,
    Apply,
    Compare,
    Contraction,
    Leaf,
    Number,
    Operation,
    Power,
    Sum,
    Tree,
    Where,
    add,
    leaves,
    multiply_scalars,
    number,
    postorder,
    ways_to,
)
from symchain.tensors.terms import divides

Locals = dict[tuple[Tree, int], list[Tree]]
"""The derivative of a node by one of its operands, as factors: the same whatever name lies below."""


def differentiate(tree: Tree, by: Leaf, known: Locals | None = None) -> Step:
    """d(tree)/d(by) for trees of shape () throughout; the result is as the rules give it, not simplified.

    What is `known` of a tree's nodes is used, and added to, when it is differentiated by one name after another.
    """
    local: Locals = {} if known is None else known
    steps: dict[Tree, Step] = {}
    for node in ways_to(by, tree):
        if node is by:
            steps[node] = Step("self", node, by.name, ONE)
        elif isinstance(node, Contraction) and len(node.args) == 2 and node.args[0] is ONE and node.args[1] in steps:
            steps[node] = steps[node.args[1]]  # 1/x is written as a product
        elif not isinstance(node, Compare) and any(a in steps for a in node.args):
            steps[node] = _step(node, by, steps, local)
    return steps.get(tree) or Step("const", tree, by.name, ZERO)


def _step(node: Tree, by: Leaf, steps: Mapping[Tree, Step], known: Locals) -> Step:
    moving = [k for k, a in enumerate(node.args) if a in steps]
    for k in moving:
        if (node, k) not in known:
            local = pull(node, k, ONE, 0)
            known[node, k] = [f for f in (local.args if isinstance(local, Contraction) else (local,)) if f is not ONE]
    terms = [_term(node, k, known[node, k], steps[node.args[k]], by) for k in moving]
    substeps = [steps.get(a) or Step("const", a, by.name, ZERO) for a in node.args if a in steps or isinstance(node, Sum)]
    return Step(_rule(node, moving), node, by.name, add(terms), tuple(substeps), _parameters(node))


def _term(node: Tree, k: int, outer: list[Tree], inner: Step, by: Leaf) -> Tree:
    """The local derivative by operand k, as factors, times what is inside.

    In a product the derivative stands where its factor stood (u'*v + u*v'). One sign comes first; a factor 1 stays only at the end,
    where it is the derivative of what is inside: 2*(a - y)*1.
    """
    at = k if isinstance(node, Contraction) else len(outer)
    inside = [] if node.args[k] is by else [inner.result]
    factors = [f for tree in (*outer[:at], *inside, *outer[at:]) for f in _factors(tree)]
    sign = [MINUS_ONE] if sum(isinstance(f, Number) and f.value < 0 for f in factors) % 2 else []
    sizes = [number(abs(f.value), f.decimal) if isinstance(f, Number) else f for f in factors]
    kept = [f for n, f in enumerate(sizes) if f is not ONE or (n and n == len(sizes) - 1 and factors[n] is ONE)]
    return multiply_scalars([*sign, *kept])


def _factors(tree: Tree) -> list[Tree]:
    """A product of scalars, nested products opened."""
    found: list[Tree] = []
    stack = [tree]
    while stack:
        t = stack.pop()
        if isinstance(t, Contraction):
            stack.extend(reversed(t.args))
        else:
            found.append(t)
    return found


def _rule(node: Tree, moving: list[int]) -> str:
    if isinstance(node, Sum):
        return "sum"
    if isinstance(node, Contraction):
        if any(divides(node.args[k]) for k in moving):
            still = [a for k, a in enumerate(node.args) if k not in moving]
            return "scale" if len(moving) == 1 and all(isinstance(a, Number) for a in still) else "quotient"
        return "product" if len(moving) > 1 else "scale"
    if isinstance(node, Power):
        return "general_power" if len(moving) > 1 else "exponential" if moving[0] else "power"
    if isinstance(node, Apply):
        return "act" if isinstance(node.function, AbstractFunction) or node.function.activation else "function"
    return "where" if isinstance(node, Where) else "operation"


def _parameters(node: Tree) -> Mapping[str, str]:
    if isinstance(node, Apply):
        return {"function": node.function.name}
    if isinstance(node, Operation):
        return {"operation": node.operation.name}
    return NOTHING


def headline(step: Step) -> Step:
    """The step that says most about a line: what is under a sum with one moving term and under a numeric factor."""
    while True:
        moving = [s for s in step.substeps if s.rule != "const"]
        if len(moving) != 1 or moving[0].rule == "self":
            return step
        scaled = step.rule == "scale" and all(isinstance(a, Number) for a in step.subject.args if a is not moving[0].subject)
        if step.rule != "sum" and not scaled:
            return step
        step = moving[0]


def unrelated(tree: Tree, by: Leaf) -> tuple[str, ...]:
    """The names in those terms of a line that do not contain `by`: they do not move."""
    if not isinstance(tree, Sum):
        return ()
    found: dict[str, None] = {}
    for term in tree.args:
        if by not in ways_to(by, term):
            found.update(dict.fromkeys(n.name for n in leaves(term)))
    return tuple(found)


def shaped_headline(tree: Tree, by: Leaf) -> str:
    """The rule that says most about a line: what is under a sum with one moving term and under constant factors."""
    while True:
        moving = [a for a in tree.args if by in postorder(a)]
        if isinstance(tree, Sum):
            if len(moving) != 1:
                return "sum"
        elif isinstance(tree, Contraction):
            if len(moving) != 1:
                return "product"
            if moving[0] is by or any(a.shape and not isinstance(a, Number) for a in tree.args if a is not moving[0]):
                return "linear"
        else:
            break
        tree = moving[0]
    if isinstance(tree, Apply):
        return "act" if isinstance(tree.function, AbstractFunction) or tree.function.activation else "function"
    if isinstance(tree, Leaf):
        return "self"
    return "where" if isinstance(tree, Where) else "operation" if isinstance(tree, Operation) else "power"
