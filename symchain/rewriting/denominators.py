"""Fractions: a/b + c/d over one denominator, and 1/((a/c + b)*c) with c brought inside."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symchain.rewriting.expansion import expanded, has_denominator
from symchain.rewriting.rows import Row, Use, each
from symchain.support.dimensions import Shape
from symchain.tensors.nodes import Contraction, Number, Power, Sum, Tree, add
from symchain.tensors.products import normal_product, raised, term_of
from symchain.tensors.sums import collect
from symchain.tensors.terms import Term, divides, factors_of, split_power


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
    over = _times(tree, [raised(base, power) for base, power in under.items()])
    opened = expanded(over) if isinstance(over, Sum) else ()
    below = [raised(base, -power) for base, power in under.items()]
    for top in (over, *opened):
        yield _elementwise([top, *below], tree.shape)


def _times(tree: Sum, factors: list[Tree]) -> Tree:
    """A sum with each term multiplied by some factors, of its shape or scalars."""
    return collect(add([_elementwise([t, *factors], tree.shape) for t in tree.args]))


def _elementwise(factors: list[Tree], shape: Shape) -> Tree:
    axes = tuple(range(len(shape)))
    return normal_product(Term(factors=[(f, axes if f.shape else ()) for f in factors], output=axes, dims=dict(enumerate(shape))))


def denominators_joined(tree: Contraction) -> Iterator[Tree]:
    """1/((a/c + b)*c) is 1/(a + b*c)."""
    if sum(isinstance(a, Power) for a in tree.args) < 2:
        return
    term = term_of(tree)
    divisors = [(k, *split_power(f), s) for k, (f, s) in enumerate(term.factors)]
    for k, base, exponent, indices in divisors:
        if not isinstance(base, Sum) or not isinstance(exponent, Number) or exponent.value != -1:
            continue
        wanted: dict[Tree, Fraction] = {}
        for f in (f for t in base.args for f in factors_of(t) if divides(f)):
            inner, under = split_power(f)
            wanted[inner] = max(wanted.get(inner, Fraction(0)), -under.value)  # type: ignore[attr-defined]
        for m, other, power, spots in divisors:
            if m != k and other in wanted and isinstance(power, Number) and power.value < 0 and spots in ((), indices):
                for brought in {-power.value, min(-power.value, wanted[other])}:  # all of it, or what the sum has of it
                    joined = raised(_times(base, [raised(other, brought)]), Fraction(-1))
                    left = [(raised(other, power.value + brought), spots)] if power.value + brought else []
                    instead = {k: [(joined, indices)], m: left}
                    factors = [f for n, old in enumerate(term.factors) for f in instead.get(n, [old])]
                    yield normal_product(term.with_factors(factors))


def contents_of_denominators(tree: Contraction) -> Iterator[Tree]:
    """s**2*x/(s**4*a + s**2*b) is x/(s**2*a + b): what all terms of a denominator share is taken out where it stands above too."""
    term = term_of(tree)
    above = {split_power(f)[0] for f, s in term.factors if not s and not divides(f) and not isinstance(f, Number)}
    if not above:
        return
    for k, (factor, indices) in enumerate(term.factors):
        base, exponent = split_power(factor)
        if not isinstance(base, Sum) or not isinstance(exponent, Number) or exponent.value != -1:
            continue
        powers = [_scalar_powers(t) for t in base.args]
        for shared in above.intersection(*powers):
            least = min(p[shared] for p in powers)
            if least <= 0:
                continue
            divided = raised(_times(base, [raised(shared, -least)]), Fraction(-1))
            factors = [*term.factors[:k], (divided, indices), *term.factors[k + 1 :], (raised(shared, -least), ())]
            yield normal_product(term.with_factors(factors))


def _scalar_powers(tree: Tree) -> dict[Tree, Fraction]:
    """The scalar factors of a term with their exponents, where these are numbers."""
    found: dict[Tree, Fraction] = {}
    for factor, indices in term_of(tree).factors:
        base, exponent = split_power(factor)
        if not indices and isinstance(exponent, Number) and not isinstance(base, Number):
            found[base] = found.get(base, Fraction(0)) + exponent.value
    return found


ROWS = (
    Row(
        "what a denominator shares", Use.PRINT, search=each(contents_of_denominators), node=Contraction, holds=Sum.bit, step="fraction",
        priority=-8, reason="any factor of any power in all terms of the denominator",
        fires="x: (n,)\nout = y**2*sum(x/(y**4*a + y**2*x**2))", spares="y*x/(y*a + b)",
    ),
    Row(
        "one denominator", Use.PRINT, search=each(one_fraction), node=Sum, step="fraction", priority=-6, inside=-21,
        reason="up to four terms with any denominators", fires="x/a + y/b", spares="x*a + y*b",
    ),
    Row(
        "a denominator within another", Use.PRINT, search=each(denominators_joined), node=Contraction, step="fraction", priority=-9,
        reason="the inner denominator stands under any term of the outer one", fires="1/((x/a + b)*y)", spares="1/((x + b)*y)",
    ),
)  # fmt: skip
