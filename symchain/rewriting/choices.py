"""Choices in sums and products: where(c, 1, 0)*a + where(c, 0, 1)*b is where(c, a, b)."""

from __future__ import annotations

from collections.abc import Iterator

from symchain.functions.spec import FUNCTIONS, AbstractFunction
from symchain.rewriting.matching import ANY, NUMBER, REST
from symchain.rewriting.rows import Row, Use, each
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
    number,
    where,
)
from symchain.tensors.products import normal_product, term_of, tree_of
from symchain.tensors.sums import coefficient_of, collect, scaled
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


_SIDES = ("<", "<="), (">", ">=")

ROWS = (
    Row(
        "a clipped value", Use.PRINT, search=each(clipped), node=Where, step="cases", priority=-1, inside=-16,
        reason="what one branch is times the other is only known by dividing their coefficients, for numbers of any sign",
        fires="where(abs(x) <= 2, 3*x, 6*sign(x))", spares="where(abs(x) <= 2, 3*x, 5*sign(x))",
    ),
    *(
        Row(
            f"a choice between two bounds, {outer} and {inner}", Use.PRINT,
            f"where(x {outer} {'-' * (outer[0] == '>')}y, where(x {inner} {'-' * (inner[0] == '>')}y, a, b), b)",
            f"where(abs(x) {'<=' if '=' in outer else '<'} y, a, b)",
            wild={"y": ANY, "a": ANY, "b": ANY}, step="cases", priority=-2, inside=-17,
        )
        for side, other in (_SIDES, _SIDES[::-1]) for outer, inner in zip(side, other, strict=True)
    ),
    *(
        Row(
            f"an opposite compared, {operator}", Use.PRINT, f"where(-x {operator} d, a, b)", f"where(x {mirror} -d, a, b)",
            wild={"d": NUMBER, "a": ANY, "b": ANY}, guard=lambda bound: coefficient_of(bound["x"]) == 1,
            spares=f"where(2*x {operator} 3, a, b)", step="cases", priority=-3, inside=-18,
        )
        for operator, mirror in MIRROR.items()
    ),
    *(
        Row(
            f"a sum with a number compared, {operator}", Use.PRINT, f"where(x + c {operator} d, a, b)", f"where(x {operator} d - c, a, b)",
            wild={"x": REST, "c": NUMBER, "d": NUMBER, "a": ANY, "b": ANY}, step="cases", priority=-3, inside=-18,
        )
        for operator in MIRROR
    ),
    Row(
        "a choice of terms", Use.PRINT, search=each(chosen), node=Sum, holds=Where.bit, step="cases", priority=-4, inside=-19,
        reason="any number of terms, each with factors of its own, under one condition",
        fires="where(x > 0, 1, 0)*y + where(x > 0, 0, 1)*a", spares="where(x > 0, 1, 0)*y + where(x > 1, 0, 1)*a",
    ),
    Row(
        "a masked product", Use.PRINT, search=each(masked), node=Contraction, holds=Where.bit, step="cases", priority=-10,
        reason="the factors beside the mask go into both its branches, choices between numbers within them",
        fires="where(x > 0, 1, 0)*y", spares="where(x > 0, a, 0)*y",
    ),
)  # fmt: skip
