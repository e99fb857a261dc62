"""Choices in sums and products: where(c, 1, 0)*a + where(c, 0, 1)*b is where(c, a, b)."""

from __future__ import annotations

from collections.abc import Iterator

from symchain.functions.spec import FUNCTIONS, AbstractFunction
from symchain.tensors.algebra import MIRROR, normal
from symchain.tensors.nodes import (
    ZERO,
    Apply,
    Compare,
    Contraction,
    Number,
    Power,
    Sum,
    Tree,
    Where,
    add,
    apply,
    broadcast,
    compare,
    number,
    rebuild,
    where,
)
from symchain.tensors.products import normal_product, term_of, tree_of
from symchain.tensors.sums import coefficient_of, collect, negated, scaled
from symchain.tensors.terms import Term, constant_of, invariant, is_zero


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


def clipped(tree: Where) -> Iterator[Tree]:
    """where(abs(x) <= c, k*x, k*c*sign(x)) is k*clip(x, -c, c) for numbers c > 0 and k: at abs(x) = c both branches are equal."""
    condition, inner, outer = tree.args
    if not isinstance(condition, Compare) or condition.operator not in ("<", "<=", ">", ">="):
        return
    size, bound = condition.args
    if condition.operator in (">", ">="):
        inner, outer = outer, inner
    limit, term = constant_of(bound), term_of(outer)
    if not (isinstance(size, Apply) and size.function is FUNCTIONS["abs"] and limit and limit.value > 0 and len(term.factors) == 1):
        return
    x, (side, indices) = size.args[0], term.factors[0]
    slope = term.coefficient / limit.value
    if not (isinstance(side, Apply) and side.function is FUNCTIONS["sign"] and side.args[0] is x and indices == term.output):
        return
    if x.shape == tree.shape and invariant(normal(scaled(x, slope))) == invariant(normal(inner)):
        yield normal(scaled(apply(FUNCTIONS["clip"], x, number(-limit.value, limit.decimal), limit), slope))


def bounded(tree: Where) -> Iterator[Tree]:
    """where(x > -c, where(x < c, a, b), b) is where(abs(x) < c, a, b)."""
    outer, inner, otherwise = tree.args
    if not (isinstance(outer, Compare) and isinstance(inner, Where) and isinstance(inner.args[0], Compare)):
        return
    below, above = outer, inner.args[0]
    if below.operator in ("<", "<="):
        below, above = above, below
    if (below.operator, above.operator) not in ((">", "<"), (">=", "<=")) or inner.args[2] is not otherwise:
        return
    (x, low), (other, high) = below.args, above.args
    if x is other and normal(negated(low)) is normal(high):
        yield where(compare(above.operator, apply(FUNCTIONS["abs"], x), high), inner.args[1], otherwise)


def compared(tree: Where) -> Iterator[Tree]:
    """where(x + 3 > 0, a, b) is where(x > -3, a, b), and where(-x > 0, a, b) is where(x < 0, a, b)."""
    condition = tree.args[0]
    if not isinstance(condition, Compare):
        return
    left, right = condition.args
    limit = constant_of(right)
    if limit is None:
        return
    if coefficient_of(left) == -1 and isinstance(left, Contraction):
        bound = number(-limit.value, limit.decimal)
        yield rebuild(tree, (compare(MIRROR[condition.operator], negated(left), bound, *condition.data[1:]), *tree.args[1:]))
    moved = [(t, c) for t in left.args if (c := constant_of(t))] if isinstance(left, Sum) else []
    if len(moved) == 1:
        (_, constant), rest = moved[0], [t for t in left.args if t is not moved[0][0]]
        bound = number(limit.value - constant.value, limit.decimal or constant.decimal)
        yield rebuild(tree, (compare(condition.operator, add(rest), bound, *condition.data[1:]), *tree.args[1:]))


def masked(tree: Contraction) -> Iterator[Tree]:
    """where(c, 1, 0)*a is where(c, a, 0)."""
    for condition, a, b in _as_choice(tree):
        yield where(condition, a, b)


def guarded(tree: Contraction) -> Tree | None:
    """where(x > 0, 1, 0)/sqrt(x) as where(x > 0, 1/sqrt(x), 0): what has no value in the branch not taken does not spoil it.

    None where no factor that may be without a value reads what a mask's condition does.
    """
    term = term_of(tree)
    for k, (mask, indices) in enumerate(term.factors):
        if not isinstance(mask, Where) or not any(map(is_zero, mask.args[1:])) or len(set(indices)) < len(indices):
            continue
        names = mask.args[0].names
        spoiling = [j for j, (f, s) in enumerate(term.factors) if s == indices and f.names & names and _may_lack_values(f)]
        if not spoiling:
            continue
        rest = [f for j, f in enumerate(term.factors) if j != k and j not in spoiling]
        alone = not rest and term.output == indices
        dims = {i: term.dims[i] for i in indices}
        branches = []
        for branch in mask.args[1:]:
            factors = [(branch, indices if branch.shape else ()), *(term.factors[j] for j in spoiling)]
            inner = Term(factors=factors, output=indices, dims=dims)
            if alone:
                inner.coefficient, inner.decimal = term.coefficient, term.decimal
            branches.append(broadcast(ZERO, mask.shape) if is_zero(branch) else normal_product(inner))
        whole = where(mask.args[0], *branches)
        return whole if alone else normal_product(term.with_factors([*rest, (whole, indices)]))
    return None


def _may_lack_values(factor: Tree) -> bool:
    """Whether the factor may be infinite or undefined: a root, an inverse, a logarithm."""
    if isinstance(factor, Power):
        exponent = factor.exponent
        return not isinstance(exponent, Number) or exponent.value < 0 or exponent.value.denominator != 1 or _may_lack_values(factor.base)
    if isinstance(factor, Apply):
        function = factor.function.binding if isinstance(factor.function, AbstractFunction) else factor.function
        return function is not None and bool(function.domains)
    return False


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
        a, b = (_times(term, k, branch) for branch in factor.args[1:])
        if a is not None and b is not None:
            yield factor.args[0], a, b


def _times(term: Term, k: int, branch: Tree) -> Tree | None:
    """A term with a branch, a number or a choice between numbers, in place of its factor k."""
    if isinstance(branch, Where) and branch.shape == term.factors[k][0].shape:
        a, b = (_times(term, k, inner) for inner in branch.args[1:])
        return None if a is None or b is None else where(branch.args[0], a, b)
    if not isinstance(branch, Number) and not (isinstance(branch, Contraction) and not branch.subscripts[0]):
        return None
    factors = [*term.factors[:k], (branch, term.output if branch.shape else ()), *term.factors[k + 1 :]]
    return normal_product(term.with_factors(factors))
