"""The shortest form of a tree: normal form, then the named rewrites below, each taken only where the printed formula gets shorter.

The order of trial is fixed, and every rewrite is an identity of real arrays. `simplify` makes nothing longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from symchain.rewriting.choices import bounded, chosen, clipped, compared, guarded, masked
from symchain.rewriting.denominators import denominators_joined, one_fraction
from symchain.rewriting.expansion import distributed, expanded
from symchain.rewriting.exponentials import complements, exponents_joined, is_sigmoid_less, softmaxes
from symchain.rewriting.factoring import factored
from symchain.rewriting.inversion import inverses_opened, pseudoinverses
from symchain.rewriting.matching import Identity, rewritings
from symchain.rewriting.slices import slices_opened
from symchain.support.notation import operations, walk
from symchain.tensors.algebra import normal
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.memory import Table, table
from symchain.tensors.nodes import Apply, Contraction, Operation, Power, Sum, Tree, Where, add, contract, rebuild
from symchain.tensors.products import settled, term_of, tree_of
from symchain.tensors.sums import collect
from symchain.tensors.terms import factor_kinds, flipped


@dataclass(frozen=True)
class Rewrite:
    """A named way to write a node differently, tried where some factor is of one of the kinds `holds` (0: of any)."""

    rule: str
    node: type[Tree]
    holds: int
    apply: Callable[[Any], Iterator[Tree]]
    polished: bool = False
    """Whether what comes out is shortened before it is compared."""
    kept: Callable[[Tree], bool] = lambda found: True
    """What comes out may be refused for more than its length."""


ALONE = (
    Rewrite("cases", Where, 0, clipped),
    Rewrite("cases", Where, 0, bounded),
    Rewrite("cases", Where, 0, compared),
    Rewrite("cases", Sum, Where.bit, chosen),
    Rewrite("factor", Sum, 0, factored),
    Rewrite("fraction", Sum, 0, one_fraction),
)
"""Of sums and choices, where they stand alone or in a product."""


def inside(rewrite: Rewrite) -> Rewrite:
    """A rewrite applied to a factor of a product: a number in front hides it otherwise."""

    def apply(tree: Contraction) -> Iterator[Tree]:
        for k, factor in enumerate(tree.args):
            if isinstance(factor, rewrite.node) and (not rewrite.holds or factor.kinds & rewrite.holds):
                for found in rewrite.apply(factor):
                    yield settled(tree_of(term_of(rebuild(tree, (*tree.args[:k], found, *tree.args[k + 1 :])))))

    return Rewrite(rewrite.rule, Contraction, rewrite.node.bit, apply)


REWRITES = (
    *ALONE,
    Rewrite("ident", Sum, Apply.bit, complements, polished=True, kept=is_sigmoid_less),
    Rewrite("expand", Sum, Sum.bit, expanded, polished=True),
    Rewrite("fraction", Contraction, 0, denominators_joined),
    Rewrite("cases", Contraction, Where.bit, masked),
    Rewrite("ident", Contraction, Apply.bit, softmaxes),
    Rewrite("powers", Contraction, 0, exponents_joined),
    *map(inside, ALONE),
    Rewrite("expand", Contraction, Sum.bit, distributed, polished=True),
    Rewrite("inverse", Contraction, Operation.bit, inverses_opened, polished=True),
    Rewrite("inverse", Contraction, Operation.bit, pseudoinverses),
    Rewrite("slice", Contraction, Operation.bit, slices_opened),
)
"""In the order of trial, after the identities that functions declare."""

Named = tuple[str | Identity, Tree]
"""What a node may be written as, and by which rewrite."""

_SMALL = 60
"""Nothing is tried on formulas of more operations,"""
_LARGE = 600
"""nor on trees of more nodes: the search would cost more than it saves."""

_DONE: Table[Tree, Tree] = table("reduced forms", 50_000)
_PRICES: Table[Tree, int] = table("prices", 100_000)


def simplify(tree: Tree) -> Tree:
    """The shortest form known of a tree: reduced, or as it is. To be shown; further work starts from the reduced form."""
    result = reduced(tree)
    return tree if result is not tree and not is_large(tree) and price_of(tree) < price_of(result) else result


def reduced(tree: Tree) -> Tree:
    """The normal form, shortened: equal trees mostly have one. What was reduced before is remembered."""
    known = _DONE.entries.get(tree)
    if known is not None:
        return known
    done = _DONE.room()
    result = normal(tree, done, polish)
    done[result] = result
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
    known = _PRICES.entries.get(tree)
    if known is None:
        phrase = phrase_of(tree)
        known = operations(phrase) + 3 * sum(p.head == "call" and p.text == "einsum" for p in walk(phrase))
        _PRICES.room()[tree] = known
    return known


_SHORTENED = Sum.bit | Apply.bit | Where.bit | Operation.bit | Contraction.bit
"""A product is looked at only where a factor is one of these."""


def polish(tree: Tree, effort: int = 2) -> Tree:
    """The cheapest form found of a normalised node; `effort` bounds how often a rewrite may be tried on the way to another."""
    for _, shorter in shortenings(tree, effort):
        tree = shorter
    return tree


def shortenings(tree: Tree, effort: int = 2) -> Iterator[Named]:
    """The forms that a normalised node takes, one rewrite after another, each the cheapest of those tried."""
    if isinstance(tree, Contraction) and not factor_kinds(tree) & _SHORTENED:
        return
    if isinstance(tree, Power) and not isinstance(tree.base, (Sum, Apply)):
        return
    if is_large(tree):
        return
    while True:
        best: Named = "", tree
        for found in _candidates(tree, effort):
            if best[1] is tree and price_of(tree) > _SMALL:
                return
            if price_of(found[1]) < price_of(best[1]):
                best = found
        if best[1] is tree:
            break
        yield best
        tree = best[1]
    if isinstance(tree, Contraction) and factor_kinds(tree) & Where.bit and (safe := guarded(tree)) is not None:
        yield "cases", safe
    if isinstance(tree, Sum) and len(tree.shape) == 2 and (turned := upright(tree)) is not tree:
        yield "transpose", turned


def _candidates(tree: Tree, effort: int) -> Iterator[Named]:
    yield from rewritings(tree)
    kinds = _kinds_below(tree)
    for rewrite in _BY_NODE.get(type(tree), ()):
        if rewrite.holds and not kinds & rewrite.holds:
            continue
        if not rewrite.polished:
            yield from ((rewrite.rule, found) for found in rewrite.apply(tree))
        elif effort:
            shortened = (polish(found, effort - 1) for found in rewrite.apply(tree))
            yield from ((rewrite.rule, found) for found in shortened if rewrite.kept(found))
    if effort and isinstance(tree, Sum) and kinds & Sum.bit:
        terms = tuple(_shortened(t, effort) for t in tree.args)
        if terms != tree.args:
            yield "simp", collect(add(terms))


def _shortened(term: Tree, effort: int) -> Tree:
    return polish(term, effort - 1) if isinstance(term, Contraction) and factor_kinds(term) & Sum.bit else term


_BY_NODE = {kind: tuple(r for r in REWRITES if r.node is kind) for kind in (Where, Sum, Contraction)}


def _kinds_below(tree: Tree) -> int:
    """The kinds of the factors of a product, or of all terms of a sum."""
    if not isinstance(tree, Sum):
        return factor_kinds(tree)
    kinds = 0
    for t in tree.args:
        kinds |= factor_kinds(t)
    return kinds
