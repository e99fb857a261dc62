"""Fractions: a/b + c/d over one denominator, and 1/((a/c + b)*c) with c brought inside."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symchain.rewriting.expansion import expanded, has_denominator
from symchain.tensors.nodes import Contraction, Number, Power, Sum, Tree, add
from symchain.tensors.products import normal_product, raised, term_of
from symchain.tensors.sums import collect
from symchain.tensors.terms import Term, split_power


def one_fraction(tree: Sum) -> Iterator[Tree]:
    """a/b + c/d over one denominator: (a*d + c*b)/(b*d)."""
    if len(tree.args) > 4 or not any(has_denominator(t) for t in tree.args):
        return
    terms = [term_of(t) for t in tree.args]
    axes = tuple(range(len(tree.shape)))
    under: dict[Tree, Fraction] = {}
    for term in terms:
        place = {i: n for n, i in enumerate(term.output)}
        for factor, indices in term.factors:
            base, exponent = split_power(factor)
            if isinstance(exponent, Number) and exponent.value < 0:
                if indices and tuple(place.get(i) for i in indices) != axes:
                    return
                under[base] = max(under.get(base, Fraction(0)), -exponent.value)
    if not under or len(under) > 3:
        return
    common = [(raised(base, power), axes if base.shape else ()) for base, power in under.items()]
    pieces = [normal_product(Term(factors=[(t, axes), *common], output=axes, dims=dict(enumerate(tree.shape)))) for t in tree.args]
    over = collect(add(pieces))
    opened = expanded(over) if isinstance(over, Sum) else ()
    below = [(raised(base, -power), s) for (base, power), (_, s) in zip(under.items(), common, strict=True)]
    for top in (over, *opened):
        yield normal_product(Term(factors=[(top, axes), *below], output=axes, dims=dict(enumerate(tree.shape))))


def denominators_joined(tree: Contraction) -> Iterator[Tree]:
    """1/((a/c + b)*c) is 1/(a + b*c)."""
    if sum(isinstance(a, Power) for a in tree.args) < 2:
        return
    term = term_of(tree)
    divisors = [(k, *split_power(f), s) for k, (f, s) in enumerate(term.factors)]
    for k, base, exponent, indices in divisors:
        if not isinstance(base, Sum) or not isinstance(exponent, Number) or exponent.value != -1:
            continue
        inside = [
            (b, s)
            for t in base.args
            for b, s in ((split_power(f)[0], split_power(f)[1]) for f in (t.args if isinstance(t, Contraction) else (t,)))
        ]
        wanted = {b for b, e in inside if isinstance(e, Number) and e.value < 0}
        for m, other, power, spots in divisors:
            if m != k and other in wanted and isinstance(power, Number) and power.value < 0 and spots in ((), indices):
                axes = tuple(range(len(base.shape)))
                lifted = (raised(other, -power.value), axes if other.shape else ())
                pieces = [
                    normal_product(Term(factors=[(t, axes), lifted], output=axes, dims=dict(enumerate(base.shape)))) for t in base.args
                ]
                joined = raised(collect(add(pieces)), Fraction(-1))
                factors = [(joined, indices) if n == k else f for n, f in enumerate(term.factors) if n != m]
                yield normal_product(Term(term.coefficient, term.decimal, factors, term.output, dict(term.dims)))
