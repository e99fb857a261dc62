"""Equalities between computed values, which hold to the last bit or not at all: x == max(x) in the derivative of a maximum.

Floats keep them only while both sides are computed in the same way. Rewriting takes one side to another form, or writes a block's name
for an equal formula, and the mask is 0 everywhere: so these comparisons stay as they are, whatever is done around them.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Container, Mapping

from symchain.tensors.nodes import Compare, Tree, postorder, substitute


def equalities(tree: Tree, known: Container[Tree] = ()) -> list[Tree]:
    """The comparisons of two computed values for equality; nodes that are known are not entered."""
    if not tree.kinds & Compare.bit:
        return []
    return [
        n for n in postorder(tree, known=known) if isinstance(n, Compare) and n.operator in ("==", "!=") and all(a.names for a in n.args)
    ]


def substitute_around(tree: Tree, replacement: Mapping[Tree, Tree], within: Mapping[Tree, Tree] | None = None) -> Tree:
    """Replace subtrees, but not within equalities: there, only what `within` has."""
    found = equalities(tree)
    if not found:
        return substitute(tree, replacement)
    return substitute(tree, ChainMap({e: substitute(e, within) if within else e for e in found}, replacement))  # type: ignore[arg-type]
