"""The shortest form of a tree: normal form, then the rows of the table of rules, each taken only where the printed formula gets shorter.

Every row is an identity of real arrays. `simplify` makes nothing longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from symchain.rewriting.choices import guarded
from symchain.rewriting.likeness import likeness
from symchain.rewriting.matching import Identity, functions_in
from symchain.rewriting.rows import Use
from symchain.rewriting.rules_table import TABLE
from symchain.support.notation import operations, walk
from symchain.tensors.algebra import normal
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.memory import Table, table
from symchain.tensors.nodes import Apply, Contraction, Operation, Power, Sum, Tree, Where, add, contract
from symchain.tensors.products import settled, term_of, tree_of
from symchain.tensors.sums import collect
from symchain.tensors.terms import factor_kinds, flipped

Named = tuple[str | Identity, Tree]
"""What a node may be written as, and by which rewrite."""

_SMALL = 60
"""Nothing is tried on formulas of more operations,"""
_LARGE = 600
"""nor on trees of more nodes: the search would cost more than it saves."""

_DONE: Table[Tree, Tree] = table("reduced forms", 50_000)
_PRICES: Table[Tree, int] = table("prices", 100_000)
_SHORTEST: Table[tuple[int, int, tuple[Any, ...] | None], None] = table("formulas that no rule shortens", 20_000)
_VERSION = [0]
"""Of the table of rules, when these were found."""


def simplify(tree: Tree) -> Tree:
    """The shortest form known of a tree: reduced, or as it is. To be shown; further work starts from the reduced form."""
    result = reduced(tree)
    return tree if result is not tree and not is_large(tree) and price_of(tree) < price_of(result) else result


def reduced(tree: Tree) -> Tree:
    """The normal form, shortened: equal trees mostly have one. What was reduced before is remembered."""
    TABLE.settle()
    if _VERSION[0] != TABLE.version:
        _VERSION[0] = TABLE.version
        _DONE.forget()
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
    alike = likeness(tree)
    key = TABLE.version, effort, alike
    if alike is not None and key in _SHORTEST.entries:
        return
    asked = tree
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
    elif isinstance(tree, Sum) and len(tree.shape) == 2 and (turned := upright(tree)) is not tree:
        yield "transpose", turned
    elif tree is asked and alike is not None:
        _SHORTEST.room()[key] = None


def _candidates(tree: Tree, effort: int) -> Iterator[Named]:
    kinds = _kinds_below(tree)
    for row, rule in TABLE.fitting(tree, Use.PRINT):
        if rule is not None:
            if rule.coined and not rule.coined <= functions_in(tree):
                continue
            name: str | Identity = rule if row.step == "ident" and not row.over_axes else row.step
            yield from ((name, found) for found in row.forms(tree))
        elif row.holds and not kinds & row.holds:
            continue
        elif not row.polished:
            yield from ((row.step, found) for found in row.forms(tree))
        elif effort:
            shortened = (polish(found, effort - 1) for found in row.forms(tree))
            yield from ((row.step, found) for found in shortened if row.kept is None or row.kept(found))
    if effort and isinstance(tree, Sum) and kinds & Sum.bit:
        terms = tuple(_shortened(t, effort) for t in tree.args)
        if terms != tree.args:
            yield "simp", collect(add(terms))


def _shortened(term: Tree, effort: int) -> Tree:
    return polish(term, effort - 1) if isinstance(term, Contraction) and factor_kinds(term) & Sum.bit else term


def _kinds_below(tree: Tree) -> int:
    """The kinds of the factors of a product, or of all terms of a sum."""
    if not isinstance(tree, Sum):
        return factor_kinds(tree)
    kinds = 0
    for t in tree.args:
        kinds |= factor_kinds(t)
    return kinds
