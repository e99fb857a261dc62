"""Exponentials and powers that belong together: sigmoid(-x) beside sigmoid(x) is 1 - sigmoid(x)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symchain.functions.spec import FUNCTIONS
from symchain.rewriting.rows import Row, Use, each
from symchain.tensors.algebra import normal
from symchain.tensors.nodes import (
    MINUS_ONE,
    ONE,
    Apply,
    Contraction,
    Number,
    Power,
    Sum,
    Tree,
    add,
    broadcast,
    number,
    power,
    scale,
    substitute,
)
from symchain.tensors.products import normal_product, raised, term_of
from symchain.tensors.sums import collect, is_negative, negated
from symchain.tensors.terms import Term, divides, invariant, split_power


def complements(tree: Sum) -> Iterator[Tree]:
    """The sum with sigmoid(-x) written 1 - sigmoid(x), where sigmoid(x) stands in it too."""
    found = dict.fromkeys(a for t in tree.args for a in (t, *t.args) if isinstance(a, Apply) and _is_sigmoid(a))
    for one in found:
        opposite = next((other for other in found if _are_opposite(one.args[0], other.args[0])), None)
        if opposite is not None and (is_negative(one.args[0]) or not is_negative(opposite.args[0])):
            difference = add([broadcast(ONE, one.shape), scale(MINUS_ONE, opposite)])
            yield normal(substitute(tree, {one: difference}))


def is_sigmoid_less(tree: Tree) -> bool:
    """Whether a tree is sigmoid(x) less something else: what keeps its digits where the two cancel, as longer sums do not."""
    return isinstance(tree, Sum) and len(tree.args) == 2 and any(_is_sigmoid(t) or _is_sigmoid(negated(t)) for t in tree.args)


def _is_sigmoid(tree: Tree) -> bool:
    return isinstance(tree, Apply) and tree.function is FUNCTIONS["sigmoid"]


def _are_opposite(a: Tree, b: Tree) -> bool:
    return a is not b and a.shape == b.shape and invariant(a) == invariant(normal(negated(b)))


def exponents_joined(tree: Contraction) -> Iterator[Tree]:
    """(x/l)**(k - 1)*x/l is (x/l)**k, where nothing new comes under a fraction bar."""
    if not any(isinstance(a, Power) and isinstance(a.base, Contraction) and not isinstance(a.exponent, Number) for a in tree.args):
        return
    term = term_of(tree)
    divisors = _divisors(term)
    for k, (factor, indices) in enumerate(term.factors):
        if not isinstance(factor, Power) or not isinstance(factor.base, Contraction) or isinstance(factor.exponent, Number):
            continue
        for step in (1, -1):
            exponent = collect(add([factor.exponent, broadcast(number(step), factor.exponent.shape)]))
            factors = [*term.factors, (raised(factor.base, Fraction(-step)), indices)]
            factors[k] = (power(factor.base, exponent), indices)
            joined = normal_product(term.with_factors(factors))
            if _divisors(term_of(joined)) <= divisors:
                yield joined


def _divisors(term: Term) -> set[Tree]:
    return {split_power(f)[0] for f, _ in term.factors if divides(f)}


ROWS = (
    Row(
        "sigmoids of opposites", Use.PRINT, search=each(complements), node=Sum, holds=Apply.bit, polished=True, kept=is_sigmoid_less,
        priority=-7, reason="the two stand anywhere in the sum, and one of them is replaced in all of it",
        fires="sigmoid(-x) - sigmoid(x)*a", spares="sigmoid(-x) - sigmoid(y)*a",
    ),
    Row(
        "a power beside its base", Use.PRINT, search=each(exponents_joined), node=Contraction, step="powers", priority=-12,
        reason="the base may be opened among the factors, and what comes under a fraction bar is compared",
        fires="(x/y)**(a - 1)*x/y", spares="(x/y)**3*x*y",
    ),
)  # fmt: skip
