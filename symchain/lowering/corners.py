"""Roots of sums of squares in programs that are to run: where the sum is 0, so is the gradient, the subgradient of least norm."""

from __future__ import annotations

from fractions import Fraction

from symchain.functions.spec import FUNCTIONS
from symchain.rewriting.matching import is_positive_constant
from symchain.tensors.nodes import (
    ZERO,
    Apply,
    Contraction,
    Number,
    Power,
    Sum,
    Tree,
    compare,
    rebuild,
    transform,
    where,
)
from symchain.tensors.terms import divides

_HYPOT, _SQRT = FUNCTIONS["hypot"], FUNCTIONS["sqrt"]


def with_corners(tree: Tree) -> Tree:
    """The tree with r taken as where(r == 0, 0, r) for each root r of a sum of squares: the same values, nan included.

    A root that something is divided by stays as it is: there is no value where it is 0.
    """
    roots: dict[Tree, Tree] = {}

    def visit(node: Tree) -> Tree:
        if divides(node) and isinstance(node, Power) and node.base in roots:
            return rebuild(node, (roots[node.base], node.exponent))
        if not _is_distance(node):
            return node
        corner = where(compare("==", node, ZERO, False), ZERO, node)
        roots[corner] = node
        return corner

    return transform(tree, visit)


def _is_distance(node: Tree) -> bool:
    if isinstance(node, Apply) and not any(node.orders):
        return node.function is _HYPOT or (node.function is _SQRT and _squares(node.args[0]))
    return isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value == Fraction(1, 2) and _squares(node.base)


def _squares(tree: Tree) -> bool:
    """Whether a tree is 0 only where all that is squared in it is 0."""
    terms = [tree]
    while terms:
        term = terms.pop()
        if isinstance(term, Sum):
            terms.extend(term.args)
        elif isinstance(term, Contraction):
            factors = [(a, s) for a, s in zip(term.args, term.subscripts, strict=True) if not is_positive_constant(a)]
            if len(factors) == 1 and len(set(factors[0][1])) == len(factors[0][1]):
                terms.append(factors[0][0])
            elif len(factors) != 2 or factors[0] != factors[1]:
                return False
        elif not (isinstance(term, Power) and isinstance(term.exponent, Number) and term.exponent.value in (2, 4, 6, 8)):
            return False
    return True
