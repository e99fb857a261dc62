"""Reverse accumulation inside one expression: the cotangents of the names it reads, in one sweep over its graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from symchain.rules.local import pull
from symchain.tensors.algebra import normal
from symchain.tensors.nodes import Compare, Leaf, Tree, add, postorder, zeros
from symchain.tensors.terms import is_zero


def pullback(tree: Tree, cotangent: Tree, lead: int, wanted: Iterable[Leaf], simplify: Callable[[Tree], Tree] = normal) -> dict[Leaf, Tree]:
    """The cotangent of each wanted name, given that of the tree; zero where the tree does not read it.

    The cotangents that reach a node are added before they go on, so every operand is visited once.
    """
    targets = set(wanted)
    order = postorder(tree)
    relevant: set[Tree] = set(targets)
    for node in order:
        if not isinstance(node, Compare) and any(a in relevant for a in node.args):  # a condition has no derivative
            relevant.add(node)
    arriving: dict[Tree, list[Tree]] = {tree: [cotangent]}
    for node in reversed(order):
        if node not in relevant or node in targets or node not in arriving:
            continue
        total = _total(arriving.pop(node), simplify)
        if is_zero(total):
            continue
        for k, operand in enumerate(node.args):
            if operand in relevant:
                arriving.setdefault(operand, []).append(simplify(pull(node, k, total, lead)))
    leading = cotangent.shape[:lead]
    return {t: _total(arriving[t], simplify) if t in arriving else zeros(leading + t.shape) for t in targets}


def _total(terms: list[Tree], simplify: Callable[[Tree], Tree]) -> Tree:
    return terms[0] if len(terms) == 1 else simplify(add(terms[::-1]))  # the first use stands first
