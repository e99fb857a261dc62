"""The textbook derivation of one scalar line: d(expression)/d(name) by named rules, each a Step over its substeps.

The rules are those of `local`; this file only says in which order they are told and what they are called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symchain.functions.spec import AbstractFunction, FunctionSpec
from symchain.nouns.derivation import NOTHING, Step, Summands
from symchain.rules.local import operands, pull
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
    multiply_scalars,
    number,
    postorder,
)
from symchain.tensors.terms import all_factors, divides, factors_of


class Differentiation:
    """d(tree)/d(name) for trees of shape () throughout, by one name after another.

    What the names have in common is found once: who reads a node, and the derivative of a node by one of its operands, as factors.
    So a sum of many terms, each with names of its own, is differentiated by all of them without being walked through for each.

    >>> from symchain import parse
    >>> program = parse("y = x*a + b")
    >>> print(Differentiation(program.blocks["y"].tree).by(program.inputs["a"].leaf))
    d(x*a + b)/da = x   (sum rule)
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._place: dict[Tree, int] = {}
        self._users: dict[Tree, list[tuple[Tree, int]]] = {}
        for node in postorder(tree):
            self._place[node] = len(self._place)
            if not isinstance(node, Compare):  # a condition has no derivative
                for k, a in enumerate(operands(node)):
                    self._users.setdefault(a, []).append((node, k))
        self._local: dict[tuple[Tree, int], list[Tree]] = {}

    def by(self, name: Leaf) -> Step:
        """The derivative by a name; the result is as the rules give it, not simplified."""
        steps: dict[Tree, Step] = {}
        for node, moving in self._ways_from(name):
            if node is name:
                steps[node] = Step("self", node, name.name, ONE)
            elif isinstance(node, Contraction) and len(node.args) == 2 and node.args[0] is ONE and moving == [1]:
                steps[node] = steps[node.args[1]]  # 1/x is written as a product
            else:
                steps[node] = self._step(node, moving, name, steps)
        return steps.get(self.tree) or Step("const", self.tree, name.name, ZERO)

    def _ways_from(self, name: Leaf) -> list[tuple[Tree, list[int]]]:
        """The nodes that depend on a name, operands before users, each with the places of the operands that do."""
        moving: dict[Tree, list[int]] = {name: []} if name in self._place else {}
        stack: list[Tree] = list(moving)
        while stack:
            for user, k in self._users.get(stack.pop(), ()):
                if user not in moving:
                    moving[user] = []
                    stack.append(user)
                moving[user].append(k)
        return [(node, sorted(moving[node])) for node in sorted(moving, key=self._place.__getitem__)]

    def _step(self, node: Tree, moving: list[int], by: Leaf, steps: Mapping[Tree, Step]) -> Step:
        for k in moving:
            if (node, k) not in self._local:
                self._local[node, k] = [f for f in factors_of(pull(node, k, ONE, 0)) if f is not ONE]
        below = operands(node)
        terms = [_term(node, k, self._local[node, k], steps[below[k]], by) for k in moving]
        inner = {k: steps[below[k]] for k in moving}
        substeps: Sequence[Step] = tuple(inner.values())
        if isinstance(node, Sum):
            substeps = Summands(node.args, inner, lambda term: Step("const", term, by.name, ZERO))
        return Step(_rule(node, moving), node, by.name, add(terms), substeps, _parameters(node))


def _term(node: Tree, k: int, outer: list[Tree], inner: Step, by: Leaf) -> Tree:
    """The local derivative by operand k, as factors, times what is inside.

    In a product the derivative stands where its factor stood (u'*v + u*v'). One sign comes first; a factor 1 stays only at the end,
    where it is the derivative of what is inside: 2*(a - y)*1.
    """
    at = k if isinstance(node, Contraction) else len(outer)
    inside = [] if operands(node)[k] is by else [inner.result]
    factors = [f for tree in (*outer[:at], *inside, *outer[at:]) for f in all_factors(tree)]
    sign = [MINUS_ONE] if sum(isinstance(f, Number) and f.value < 0 for f in factors) % 2 else []
    sizes = [number(abs(f.value), f.decimal) if isinstance(f, Number) else f for f in factors]
    kept = [f for n, f in enumerate(sizes) if f is not ONE or (n and n == len(sizes) - 1 and factors[n] is ONE)]
    return multiply_scalars([*sign, *kept])


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
        return _kind(node.function, len(node.args))
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
        moving = step.moving
        if len(moving) != 1 or moving[0].rule == "self":
            return step
        scaled = step.rule == "scale" and all(isinstance(a, Number) for a in step.subject.args if a is not moving[0].subject)
        if step.rule != "sum" and not scaled:
            return step
        step = moving[0]


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
        return _kind(tree.function, len(tree.args))
    if isinstance(tree, Leaf):
        return "self"
    return "where" if isinstance(tree, Where) else "operation" if isinstance(tree, Operation) else "power"


def _kind(function: AbstractFunction | FunctionSpec, arguments: int) -> str:
    """The rule by which a function is differentiated."""
    if isinstance(function, AbstractFunction):
        return "act" if arguments == 1 else "partial"
    return "act" if function.activation else "function"
