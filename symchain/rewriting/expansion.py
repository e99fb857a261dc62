"""Products multiplied out, where something cancels or is collected."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as combinations

from symchain.tensors.nodes import Contraction, Number, Sum, Tree, add
from symchain.tensors.products import normal_product, term_of
from symchain.tensors.sums import collect, summands
from symchain.tensors.terms import Term, divides, split_power

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
    return any(isinstance(b, Sum) and any(_is_number(t) for t in b.args) for b in bases)


def _is_number(tree: Tree) -> bool:
    return isinstance(tree, Number) or (isinstance(tree, Contraction) and all(isinstance(a, Number) for a in tree.args))


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
                pieces.append(normal_product(Term(term.coefficient, term.decimal, factors, term.output, dict(term.dims))))
            yield collect(add(pieces))


def _summed_constant(factor: Sum, indices: tuple[int, ...], term: Term) -> bool:
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


def _cancels(factor: Sum, others: list[tuple[Tree, tuple[int, ...]]]) -> bool:
    """Whether a summand divides by something that the product multiplies with, or the other way round."""
    if not any(divides(f) for f, _ in others) and not any(map(has_denominator, factor.args)):
        return False
    divided = {base: exponent.value < 0 for f, _ in others for base, exponent in [split_power(f)] if isinstance(exponent, Number)}
    for t in factor.args:
        for f in t.args if isinstance(t, Contraction) else (t,):
            base, exponent = split_power(f)
            if base in divided and isinstance(exponent, Number) and divided[base] != (exponent.value < 0):
                return True
    return False


def has_denominator(tree: Tree) -> bool:
    """Whether a term has a denominator."""
    factors = tree.args if isinstance(tree, Contraction) else (tree,)
    return any(map(divides, factors))


def _multiplied(tree: Tree) -> list[Tree] | None:
    """One product as the list of its terms."""
    if not isinstance(tree, Contraction):
        return [tree]
    term = term_of(tree)
    choices: list[list[Tree]] = []
    count = 1
    for factor, _ in term.factors:
        base, exponent = split_power(factor)
        if isinstance(base, Sum) and isinstance(exponent, Number) and exponent.value in (1, 2) and factor.shape == base.shape:
            choices += [list(base.args)] * int(exponent.value)
            count *= len(base.args) ** int(exponent.value)
        else:
            choices.append([factor])
    if count == 1:
        return [tree]
    if count > _EXPANDED:
        return None
    slots = [s for (factor, s) in term.factors for _ in range(int(split_power(factor)[1].value) if _is_square_sum(factor) else 1)]  # type: ignore[attr-defined]
    return [_product(term, picked, slots) for picked in combinations(*choices)]


def _is_square_sum(factor: Tree) -> bool:
    base, exponent = split_power(factor)
    return isinstance(base, Sum) and isinstance(exponent, Number) and exponent.value == 2


def _product(term: Term, picked: tuple[Tree, ...], slots: list[tuple[int, ...]]) -> Tree:
    """A product with other factors over the same indices, normalised."""
    raw = Term(term.coefficient, term.decimal, list(zip(picked, slots, strict=True)), term.output, dict(term.dims))
    return normal_product(raw)
