"""Scalar formulas that differ in their names alone: no rule asks what a name is, so what fits none of them fits none of the others.

A chain of a thousand lines, or of a thousand derivatives, is a few formulas over other names.

>>> from symchain.tensors.nodes import add, leaf
>>> a, b, c = (leaf(n, ()) for n in "abc")
>>> likeness(add([a, b])) == likeness(add([b, c])) != likeness(add([a, a]))
True
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from symchain.tensors.nodes import SHAPED, Leaf, Tree

_NODES = 60
"""Larger formulas are looked at themselves."""


def likeness(tree: Tree, told: Container[str] = ()) -> tuple[Any, ...] | None:
    """What the tree has in common with those that differ in names alone; None for arrays, large trees, and over names that are `told`."""
    if tree.kinds & SHAPED or tree.size > _NODES:
        return None
    known: dict[Tree, int] = {}
    found: list[Any] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        place = known.get(node)
        if place is not None:
            found.append(place)
            continue
        known[node] = len(known)
        if type(node) is Leaf:
            if node.name in told:
                return None
            found.append(node.facts)
        elif node.args:
            found += (type(node), node.data, len(node.args))
            stack += node.args
        else:
            found.append(node)
    return tuple(found)
