"""Choices in sums and products: where(c, 1, 0)*a + where(c, 0, 1)*b is where(c, a, b)."""

from __future__ import annotations

from collections.abc import Iterator

from symchain.tensors.nodes import (
    Contraction,
    Number,
    Power,
    Sum,
    Tree,
    Where,
    add,
    broadcast,
    where,
)
from symchain.tensors.products import normal_product, term_of, tree_of
from symchain.tensors.sums import collect
from symchain.tensors.terms import Term


def chosen(tree: Sum) -> Iterator[Tree]:
    """where(c, 1, 0)*a + where(c, 0, 1)*b is where(c, a, b)."""
    found: dict[Tree, list[tuple[int, Tree, Tree]]] = {}
    for n, t in enumerate(tree.args):
        for condition, a, b in _as_choice(t):
            found.setdefault(condition, []).append((n, a, b))
    for condition, members in found.items():
        places = [n for n, _, _ in members]
        if len(members) < 2 or len(set(places)) < len(places):
            continue
        merged = choice(condition, collect(add([a for _, a, _ in members])), collect(add([b for _, _, b in members])))
        rest = [merged if n == places[0] else t for n, t in enumerate(tree.args) if n not in places[1:]]
        yield add(rest) if len(rest) > 1 else rest[0]


def choice(condition: Tree, a: Tree, b: Tree) -> Tree:
    """where(condition, a, b), what both branches multiply or divide by taken out."""
    left, right = term_of(a), term_of(b)
    if a.shape != b.shape or left.output != right.output or not left.factors or not right.factors:
        return where(condition, a, b)
    common = [f for f in left.factors if f in right.factors and isinstance(f[0], Power) and not f[1]]
    if not common:
        return where(condition, a, b)
    for term in (left, right):
        term.factors = [f for f in term.factors if f not in common]
    inner = where(condition, tree_of(left), tree_of(right))
    axes = tuple(range(len(inner.shape)))
    return normal_product(Term(factors=[(inner, axes), *common], output=axes, dims=dict(enumerate(inner.shape))))


def masked(tree: Contraction) -> Iterator[Tree]:
    """where(c, 1, 0)*a is where(c, a, 0)."""
    for condition, a, b in _as_choice(tree):
        yield where(condition, a, b)


def _as_choice(tree: Tree) -> Iterator[tuple[Tree, Tree, Tree]]:
    """A product with a factor where(c, u, v) of its own shape, as (c, u*rest, v*rest)."""
    if isinstance(tree, Where):
        yield tree.args[0], broadcast(tree.args[1], tree.shape), broadcast(tree.args[2], tree.shape)
        return
    if not isinstance(tree, Contraction):
        return
    term = term_of(tree)
    for k, (factor, indices) in enumerate(term.factors):
        if not isinstance(factor, Where) or indices != term.output:
            continue
        branches = []
        for branch in factor.args[1:]:
            if not isinstance(branch, Number) and not (isinstance(branch, Contraction) and not branch.subscripts[0]):
                break
            raw = Term(
                term.coefficient,
                term.decimal,
                [*term.factors[:k], (branch, indices if branch.shape else ()), *term.factors[k + 1 :]],
                term.output,
                dict(term.dims),
            )
            branches.append(normal_product(raw))
        else:
            yield factor.args[0], branches[0], branches[1]
