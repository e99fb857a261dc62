"""Named simplifications with a price: the operations of the printed form.

`reduced` brings a tree to normal form and at each sum, product, power and call tries the rewrites below; one is taken only when
the formula gets shorter. The order of trial is fixed, and every rewrite is an identity of real arrays. `simplify` makes nothing longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from itertools import product as combinations

from symchain.choices import bounded, chosen, clipped, compared, masked
from symchain.exponentials import complements, is_sigmoid_less, softmaxes
from symchain.factoring import factored
from symchain.functions.spec import OPERATIONS
from symchain.matching import rewritings
from symchain.notation import operations, walk
from symchain.slices import slices_opened
from symchain.tensors.algebra import normal
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import (
    Apply,
    Contraction,
    Number,
    Operation,
    Power,
    Sum,
    Tree,
    Where,
    add,
    broadcast,
    contract,
    number,
    operation,
    power,
    rebuild,
)
from symchain.tensors.products import normal_product, raised, settled, term_of, tree_of
from symchain.tensors.sums import collect, summands
from symchain.tensors.terms import Term, divides, factor_kinds, flipped, split_power

_TERMS = 12
"""Sums of more terms are left as they are: factoring looks at pairs."""
_EXPANDED = 16
"""A sum is multiplied out on trial up to this many terms."""
_SMALL = 60
"""Nothing is tried on formulas of more operations,"""
_LARGE = 600
"""nor on trees of more nodes: the search would cost more than it saves."""


_DONE: dict[Tree, Tree] = {}
_PRICES: dict[Tree, int] = {}
_REMEMBERED = 50_000


def simplify(tree: Tree) -> Tree:
    """The shortest form known of a tree: reduced, or as it is. To be shown; further work starts from the reduced form."""
    result = reduced(tree)
    return tree if result is not tree and not is_large(tree) and price_of(tree) < price_of(result) else result


def reduced(tree: Tree) -> Tree:
    """The normal form, shortened: equal trees mostly have one. What was reduced before is remembered."""
    known = _DONE.get(tree)
    if known is not None:
        return known
    if len(_DONE) > _REMEMBERED:
        _DONE.clear()
        _PRICES.clear()
    result = normal(tree, _DONE, polish)
    _DONE[result] = result
    return result


def is_large(tree: Tree) -> bool:
    """Whether a tree is too large for anything but its normal form."""
    return tree.size > _LARGE


def upright(tree: Sum) -> Tree:
    """A sum of matrices, or the transpose of its transpose where that needs fewer transposes."""
    turned = normal(add([flipped(t) for t in tree.args]))
    if _transposes(turned) < _transposes(tree):
        return settled(tree_of(term_of(contract([turned], [(0, 1)], (1, 0)))))
    return tree


def _transposes(tree: Tree) -> int:
    return sum(p.head == "transpose" for p in walk(phrase_of(tree)))


def price_of(tree: Tree) -> int:
    """The operations of the printed form, remembered; index notation is harder to read than its one call says."""
    if tree not in _PRICES:
        phrase = phrase_of(tree)
        _PRICES[tree] = operations(phrase) + 3 * sum(p.head == "call" and p.text == "einsum" for p in walk(phrase))
    return _PRICES[tree]


_SHORTENED = Sum.bit | Apply.bit | Where.bit | Operation.bit | Contraction.bit
"""A product is looked at only where a factor is one of these."""


def polish(tree: Tree, effort: int = 2) -> Tree:
    """The cheapest of a normalised node and its rewrites; `effort` bounds how often a rewrite may be tried on the way to another."""
    if isinstance(tree, Contraction) and not factor_kinds(tree) & _SHORTENED:
        return tree
    if isinstance(tree, Power) and not isinstance(tree.base, (Sum, Apply)):
        return tree
    if is_large(tree):
        return tree
    while True:
        best = tree
        for candidate in _candidates(tree, effort):
            if best is tree and price_of(tree) > _SMALL:
                return tree
            if price_of(candidate) < price_of(best):
                best = candidate
        if best is tree:
            return upright(tree) if isinstance(tree, Sum) and len(tree.shape) == 2 else tree
        tree = best


def _candidates(tree: Tree, effort: int) -> Iterator[Tree]:
    yield from rewritings(tree)
    if isinstance(tree, Where):
        yield from clipped(tree)
        yield from bounded(tree)
        yield from compared(tree)
    elif isinstance(tree, Sum):
        kinds = 0
        for t in tree.args:
            kinds |= factor_kinds(t)
        if kinds & Where.bit:
            yield from chosen(tree)
        yield from factored(tree)
        yield from one_fraction(tree)
        if kinds & Apply.bit:
            yield from filter(is_sigmoid_less, (polish(opened, effort - 1) for opened in complements(tree) if effort))
        if effort and kinds & Sum.bit and (shorter := tuple(_shortened(t, effort) for t in tree.args)) != tree.args:
            yield collect(add(shorter))
        if effort and kinds & Sum.bit and (opened := expanded(tree)) is not None:
            yield polish(opened, effort - 1)
    elif isinstance(tree, Contraction):
        kinds = factor_kinds(tree)
        if sum(isinstance(a, Power) for a in tree.args) > 1:
            yield from denominators_joined(tree)
        if kinds & Where.bit:
            yield from masked(tree)
        if kinds & Apply.bit and kinds & Contraction.bit:
            yield from softmaxes(tree)
        yield from exponents_joined(tree)
        if kinds & (Sum.bit | Where.bit):
            yield from inside(tree)
        if effort and kinds & Sum.bit and len(tree.args) > 1:
            yield from (polish(spread, effort - 1) for spread in distributed(tree))
        if effort and kinds & Operation.bit:
            yield from (polish(opened, effort - 1) for opened in inverses_opened(tree))
            yield from pseudoinverses(tree)
            yield from slices_opened(tree)


def _shortened(term: Tree, effort: int) -> Tree:
    return polish(term, effort - 1) if isinstance(term, Contraction) and factor_kinds(term) & Sum.bit else term


# ---------------------------------------------------------------- multiplying out


def expanded(tree: Tree) -> Tree | None:
    """Products of sums multiplied out and collected, where something cancels."""
    terms: list[Tree] = []
    opened = False
    for t in summands(tree):
        pieces = _multiplied(t)
        if pieces is None or len(terms) + len(pieces) > _EXPANDED:
            return None
        opened |= len(pieces) > 1
        terms += pieces
    if not opened:
        return None
    result = collect(add(terms))
    return result if sum(1 for _ in summands(result)) < len(terms) else None


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


def inside(tree: Contraction) -> Iterator[Tree]:
    """The product with one of its sums or choices shortened: a number in front hides them from their own rewrites."""
    for k, factor in enumerate(tree.args):
        found: Iterator[Tree] = iter(())
        if isinstance(factor, Sum):
            found = chain(chosen(factor) if factor.kinds & Where.bit else (), factored(factor), one_fraction(factor))
        elif isinstance(factor, Where):
            found = chain(clipped(factor), bounded(factor), compared(factor))
        for candidate in found:
            yield settled(tree_of(term_of(rebuild(tree, (*tree.args[:k], candidate, *tree.args[k + 1 :])))))


def pseudoinverses(tree: Contraction) -> Iterator[Tree]:
    """X @ inv(X.T @ X) is pinv(X).T, and inv(X @ X.T) @ X is pinv(X).T: where the inverse exists, X has full rank."""
    term = term_of(tree)
    for k, (factor, indices) in enumerate(term.factors):
        gram = factor.args[0] if isinstance(factor, Operation) and factor.operation.name == "inv" else None
        if not isinstance(gram, Contraction) or len(gram.args) != 2 or gram.args[0] is not gram.args[1] or len(indices) != 2:
            continue
        first, second = gram.subscripts
        side = next((n for n in (0, 1) if len(first) == len(second) == 2 and first[n] == second[n] and first[n] not in gram.output), None)
        if side is None:
            continue
        for m, (other, theirs) in enumerate(term.factors):
            for n in (0, 1):
                shared = indices[n]
                if other is gram.args[0] and theirs[1 - side] == shared and shared not in term.output and len(term.users(shared)) == 2:
                    pair = (indices[1 - n], theirs[side])  # pinv(X) has the axes of X the other way round
                    found = (operation(OPERATIONS["pinv"], [other]), pair if side == 0 else pair[::-1])
                    rest = [f for q, f in enumerate(term.factors) if q not in (k, m)]
                    rest.insert(min(k, m), found)
                    dims = {i: d for i, d in term.dims.items() if i != shared}
                    yield normal_product(Term(term.coefficient, term.decimal, rest, term.output, dims))


def inverses_opened(tree: Contraction) -> Iterator[Tree]:
    """inv(A @ B) is inv(B) @ inv(A) where all factors are square, tried where inverses may cancel."""
    opened: list[Tree] = []
    for factor in tree.args:
        opened.append(_opened_inverse(factor))
    if any(a is not b for a, b in zip(opened, tree.args, strict=True)):
        yield settled(tree_of(term_of(rebuild(tree, opened))))


def _opened_inverse(tree: Tree) -> Tree:
    if not (isinstance(tree, Operation) and tree.operation.name == "inv" and isinstance(tree.args[0], Contraction)):
        return tree
    term = term_of(tree.args[0])
    matrices = [(f, s) for f, s in term.factors if s]
    dim = tree.shape[0]
    if len(matrices) < 1 or any(len(s) != 2 or f.shape != (dim, dim) for f, s in matrices) or len(tree.shape) != 2:
        return tree
    path: list[tuple[Tree, tuple[int, ...]]] = []
    at, end = term.output
    left = list(matrices)
    while left:
        step = next(((f, s) for f, s in left if at in s), None)
        if step is None:
            return tree
        left.remove(step)
        f, s = step
        if s[0] == s[1]:
            return tree
        path.append((operation(tree.operation, [f]), (s[1], s[0])))  # the inverse swaps the axes of its factor
        at = s[1] if s[0] == at else s[0]
        if left and at in term.output:
            return tree
    if at != end:
        return tree
    scalars = [(raised(f, Fraction(-1)), s) for f, s in term.factors if not s]
    # inv(A B)_{ij} = inv(B)_{ik} inv(A)_{kj}: the chain read from its far end
    return tree_of(Term(1 / term.coefficient, False, [*scalars, *path[::-1]], (end, term.output[0]), dict(term.dims)))


def _may_cancel(k: int, factors: tuple[Tree, ...]) -> bool:
    """Whether factor k holds a name that another factor holds; numbers apart, what has no name counts as every name."""
    names = factors[k].names or -1
    return any((f.names or -1) & names for n, f in enumerate(factors) if n != k and not isinstance(f, Number))


def _cancels(factor: Sum, others: list[tuple[Tree, tuple[int, ...]]]) -> bool:
    """Whether a summand divides by something that the product multiplies with, or the other way round."""
    divided = {base: exponent.value < 0 for f, _ in others for base, exponent in [split_power(f)] if isinstance(exponent, Number)}
    for t in factor.args:
        for f in t.args if isinstance(t, Contraction) else (t,):
            base, exponent = split_power(f)
            if base in divided and isinstance(exponent, Number) and divided[base] != (exponent.value < 0):
                return True
    return False


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
    return [tree_of_product(term, picked, slots) for picked in combinations(*choices)]


def _is_square_sum(factor: Tree) -> bool:
    base, exponent = split_power(factor)
    return isinstance(base, Sum) and isinstance(exponent, Number) and exponent.value == 2


def tree_of_product(term: Term, picked: tuple[Tree, ...], slots: list[tuple[int, ...]]) -> Tree:
    """A product with other factors over the same indices, normalised."""
    raw = Term(term.coefficient, term.decimal, list(zip(picked, slots, strict=True)), term.output, dict(term.dims))
    return normal_product(raw)


# ---------------------------------------------------------------- fractions


def one_fraction(tree: Sum) -> Iterator[Tree]:
    """a/b + c/d over one denominator: (a*d + c*b)/(b*d)."""
    if len(tree.args) > 4 or not any(_divides(t) for t in tree.args):
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
    shorter = expanded(over) if isinstance(over, Sum) else None
    below = [(raised(base, -power), s) for (base, power), (_, s) in zip(under.items(), common, strict=True)]
    for top in (over, shorter):
        if top is not None:
            yield normal_product(Term(factors=[(top, axes), *below], output=axes, dims=dict(enumerate(tree.shape))))


def _divides(tree: Tree) -> bool:
    """Whether a term has a denominator."""
    factors = tree.args if isinstance(tree, Contraction) else (tree,)
    return any(map(divides, factors))


def denominators_joined(tree: Contraction) -> Iterator[Tree]:
    """1/((a/c + b)*c) is 1/(a + b*c)."""
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
        for m, other, below, spots in divisors:
            if m != k and other in wanted and isinstance(below, Number) and below.value < 0 and spots in ((), indices):
                axes = tuple(range(len(base.shape)))
                lifted = (raised(other, -below.value), axes if other.shape else ())
                pieces = [
                    normal_product(Term(factors=[(t, axes), lifted], output=axes, dims=dict(enumerate(base.shape)))) for t in base.args
                ]
                joined = raised(collect(add(pieces)), Fraction(-1))
                factors = [(joined, indices) if n == k else f for n, f in enumerate(term.factors) if n != m]
                yield normal_product(Term(term.coefficient, term.decimal, factors, term.output, dict(term.dims)))


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
            joined = normal_product(Term(term.coefficient, term.decimal, factors, term.output, dict(term.dims)))
            if _divisors(term_of(joined)) <= divisors:
                yield joined


def _divisors(term: Term) -> set[Tree]:
    return {split_power(f)[0] for f, _ in term.factors if divides(f)}
