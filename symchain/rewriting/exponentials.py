"""Exponentials and powers that belong together: sigmoid(-x) beside sigmoid(x) is 1 - sigmoid(x), exp(x)/sum(exp(x)) is softmax(x)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symchain.functions.spec import FUNCTIONS, OPERATIONS
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
    operation,
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


def softmaxes(tree: Contraction) -> Iterator[Tree]:
    """The product with exp(x)/sum(exp(x)) among its factors written softmax(x), the sum along one axis."""
    term = term_of(tree)
    for k, (top, indices) in enumerate(term.factors):
        if not isinstance(top, Apply) or top.function is not FUNCTIONS["exp"] or len(set(indices)) < len(indices):
            continue
        for m, (divisor, over) in enumerate(term.factors):
            axis = _divided(top, divisor) if isinstance(divisor, Power) and divisor.exponent is MINUS_ONE else None
            if axis is None or over != (*indices[:axis], *indices[axis + 1 :]):
                continue
            factors = [f for n, f in enumerate(term.factors) if n not in (k, m)]
            factors.insert(min(k, m), (operation(OPERATIONS["softmax"], [top.args[0]], (axis,)), indices))
            yield normal_product(term.with_factors(factors))


def _divided(top: Apply, divisor: Power) -> int | None:
    """The axis along which the divisor is the sum of the exponential."""
    total = divisor.base
    if not isinstance(total, Contraction) or total.args != (top,) or len(total.dims) != len(top.shape):
        return None
    (indices,) = total.subscripts
    summed = [k for k, i in enumerate(indices) if i not in total.output]
    if len(summed) != 1 or len(set(indices)) < len(indices) or total.output != tuple(i for i in indices if i in total.output):
        return None
    return summed[0]


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
