"""Products multiplied out, where something cancels or is collected."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as combinations
from math import prod

from symchain.rewriting.rows import Row, Use, each
from symchain.tensors.nodes import Contraction, Number, Sum, Tree, add
from symchain.tensors.products import normal_product, term_of
from symchain.tensors.sums import collect, summands
from symchain.tensors.terms import Indices, Term, constant_of, divides, factors_of, split_power

_TERMS = 12
"""Sums of more terms are left as they are."""
_EXPANDED = 16
"""A sum is multiplied out on trial up to this many terms."""


def expanded(tree: Sum) -> Iterator[Tree]:
    """Products of sums multiplied out and collected, where something cancels."""
    terms: list[Tree] = []
    opened = False
    for t in summands(tree):
        pieces = _multiplied(t)
        if pieces is None or len(terms) + len(pieces) > _EXPANDED:
            return
        opened |= len(pieces) > 1
        terms += pieces
    if not opened:
        return
    result = collect(add(terms))
    if sum(1 for _ in summands(result)) < len(terms):
        yield result


def multiplied_out(tree: Tree) -> Tree | None:
    """The tree without brackets; None where there are none, or too many terms would come out.

    A bracket with a number in it stays: 1 - a loses its accuracy where a is near 1 when it is multiplied out.
    """
    terms, opened = [tree], False
    while True:
        found: list[Tree] = []
        for term in (s for t in terms for s in summands(t)):
            pieces = [term] if _holds_complement(term) else _multiplied(term)
            if pieces is None or len(found) + len(pieces) > _EXPANDED:
                return None
            found += pieces
        if len(found) == len(terms):
            return collect(add(terms)) if opened else None
        terms, opened = found, True


def _holds_complement(tree: Tree) -> bool:
    """Whether a factor is a sum with a number among its terms."""
    bases = [split_power(f)[0] for f in tree.args] if isinstance(tree, Contraction) else []
    return any(isinstance(b, Sum) and any(constant_of(t) for t in b.args) for b in bases)


def distributed(tree: Contraction) -> Iterator[Tree]:
    """The product over one of its sums, where something cancels: (a/p + b/q)*p*q is a*q + b*p."""
    if not tree.dims and not any(_may_cancel(k, tree.args) for k, f in enumerate(tree.args) if isinstance(f, Sum)):
        return
    term = term_of(tree)
    for k, (factor, indices) in enumerate(term.factors):
        if not isinstance(factor, Sum) or len(factor.args) > _TERMS:
            continue
        others = [f for m, f in enumerate(term.factors) if m != k]
        if (others and _cancels(factor, others)) or _summed_constant(factor, indices, term):
            pieces = []
            for t in factor.args:
                factors = [*term.factors[:k], (t, indices), *term.factors[k + 1 :]]
                pieces.append(normal_product(term.with_factors(factors)))
            yield collect(add(pieces))


def _summed_constant(factor: Sum, indices: Indices, term: Term) -> bool:
    """Whether an axis is summed along which some term is constant: the sum of x - m is sum(x) - n*m."""
    if not indices:
        return False
    summed = {place for place, i in enumerate(indices) if i not in term.output and len(term.users(i)) == 1}
    return bool(summed) and any(
        isinstance(t, Contraction) and any(t.output[p] not in {i for s in t.subscripts for i in s} for p in summed) for t in factor.args
    )


def _may_cancel(k: int, factors: tuple[Tree, ...]) -> bool:
    """Whether factor k holds a name that another factor holds; numbers apart, what has no name counts as every name."""
    names = factors[k].names or -1
    return any((f.names or -1) & names for n, f in enumerate(factors) if n != k and not isinstance(f, Number))


def _cancels(factor: Sum, others: list[tuple[Tree, Indices]]) -> bool:
    """Whether a summand divides by something that the product multiplies with, or the other way round."""
    if not any(divides(f) for f, _ in others) and not any(map(has_denominator, factor.args)):
        return False
    divided = {base: exponent.value < 0 for f, _ in others for base, exponent in [split_power(f)] if isinstance(exponent, Number)}
    for t in factor.args:
        for f in factors_of(t):
            base, exponent = split_power(f)
            if base in divided and isinstance(exponent, Number) and divided[base] != (exponent.value < 0):
                return True
    return False


def has_denominator(tree: Tree) -> bool:
    """Whether a term has a denominator."""
    return any(map(divides, factors_of(tree)))


def _multiplied(tree: Tree) -> list[Tree] | None:
    """One product as the list of its terms."""
    if not isinstance(tree, Contraction):
        return [tree]
    term = term_of(tree)
    choices: list[list[tuple[Tree, Indices]]] = []
    for factor, indices in term.factors:
        base, exponent = split_power(factor)
        if isinstance(base, Sum) and isinstance(exponent, Number) and exponent.value in (1, 2) and factor.shape == base.shape:
            choices += [[(t, indices) for t in base.args]] * int(exponent.value)
        else:
            choices.append([(factor, indices)])
    count = prod(map(len, choices))
    if count == 1:
        return [tree]
    if count > _EXPANDED:
        return None
    return [normal_product(term.with_factors(list(picked))) for picked in combinations(*choices)]


ROWS = (
    Row(
        "products of sums opened", Use.PRINT, search=each(expanded), node=Sum, holds=Sum.bit, step="expand", polished=True, priority=-8,
        reason="any product among the terms", fires="x*(a + b) - x*a", spares="x*y + a*b",
    ),
    Row(
        "a sum multiplied out", Use.PRINT, search=each(distributed), node=Contraction, holds=Sum.bit, step="expand", polished=True,
        priority=-22, reason="a sum of any length", fires="x*(1/x + y)", spares="x*y",
    ),
)  # fmt: skip
