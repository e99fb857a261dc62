"""Reverse accumulation inside one expression: the cotangents of the names it reads, in one sweep over its graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from symchain.rules.accumulation import accumulate
from symchain.rules.local import operands, pull
from symchain.support.dimensions import Shape
from symchain.tensors.algebra import normal
from symchain.tensors.nodes import ONE, Compare, Leaf, Tree, add, contract, identity, postorder, zeros
from symchain.tensors.terms import is_zero


def pullback(tree: Tree, cotangent: Tree, lead: int, wanted: Iterable[Leaf], simplify: Callable[[Tree], Tree] = normal) -> dict[Leaf, Tree]:
    """The cotangent of each wanted name, given that of the tree; zero where the tree does not read it."""
    targets = set(wanted)
    order = postorder(tree)
    relevant: set[Tree] = set(targets)
    for node in order:
        if not isinstance(node, Compare) and any(a in relevant for a in operands(node)):  # a condition has no derivative
            relevant.add(node)

    def total(node: Tree, terms: list[Tree]) -> Tree:
        return terms[0] if len(terms) == 1 else simplify(add(terms))

    def send(node: Tree, adjoint: Tree) -> list[tuple[Tree, Tree]]:
        if is_zero(adjoint):
            return []
        return [(a, simplify(pull(node, k, adjoint, lead))) for k, a in enumerate(operands(node)) if a in relevant]

    inner = [node for node in reversed(order) if node in relevant and node not in targets]
    found = accumulate(inner, tree, cotangent, total, send)
    leading = cotangent.shape[:lead]
    return {t: found[t] if t in found else zeros(leading + t.shape) for t in targets}


def seed(shape: Shape) -> Tree:
    """The derivative of a value by itself: 1, or the identity with the axes of the value twice."""
    if not shape:
        return ONE
    rows = [("row", k) for k in range(len(shape))]
    columns = [("column", k) for k in range(len(shape))]
    return contract([identity(d) for d in shape], list(zip(rows, columns, strict=True)), [*rows, *columns])
