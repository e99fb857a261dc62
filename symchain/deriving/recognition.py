"""Recognising blocks in a formula: sigmoid(z1) is written a1, (x - mu)/s is written u, 1/sqrt(v) is written 1/s where s = sqrt(v)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property

from symchain.deriving.centring import Centring
from symchain.functions.spec import FUNCTIONS
from symchain.nouns.computation import Block, Computation
from symchain.rewriting import is_large, multiplied_out, price_of, reduced
from symchain.rules.binding import bind, is_bound
from symchain.support.notation import walk
from symchain.tensors.algebra import normal
from symchain.tensors.equalities import equalities, substitute_around
from symchain.tensors.matrixform import is_written_decimal, phrase_of
from symchain.tensors.nodes import (
    Apply,
    Contraction,
    Number,
    Operation,
    Power,
    Sum,
    Tree,
    Where,
    leaves,
    power,
    substitute,
    transform,
)
from symchain.tensors.products import normal_product, raised, term_of, tree_of
from symchain.tensors.terms import Indices, Term, invariant, split_power

_PRODUCTS = 60
"""Programs of more product blocks are searched for whole blocks only."""

_FUNCTIONS = Apply.bit | Operation.bit | Where.bit
Match = tuple[Term, Indices, Fraction]


class Recogniser:
    """The blocks of one program, and the formulas they are equal to.

    A formula without functions cannot hold a block that has some, so the two kinds of blocks are kept apart: long chains of
    activations cost nothing here.
    """

    def __init__(self, program: Computation) -> None:
        blocks = [b for b in program.blocks.values() if not is_large(b.tree)]
        self._all = _Table(blocks)
        self._plain = _Table([b for b in blocks if not b.tree.kinds & _FUNCTIONS])
        self.binds = any(is_bound(b.tree) for b in program.blocks.values())

    def __call__(self, tree: Tree) -> Tree:
        """The tree in the program's own names, simplified; a formula that is a whole block is left written out."""
        return self._table(tree).recognise(tree)

    def concrete(self, tree: Tree) -> Tree:
        """Bound function names replaced, blocks recognised, simplified."""
        bound = bind(tree) if self.binds else tree
        return self(tree if bound is tree else reduced(bound))

    def _table(self, tree: Tree) -> _Table:
        return self._all if tree.kinds & _FUNCTIONS else self._plain

    def at(self, node: Tree) -> Tree:
        """One node in the program's own names, if it has some."""
        return self._table(node).at(node)

    def unfold(self, tree: Tree) -> Tree:
        """A last word on a result: u*sqrt(3)/l is 3*r/l**2 where u = sqrt(3)*r/l. In between, the block's name is what terms share."""
        return self._table(tree).unfolded(tree)


class _Table:
    """Some blocks, and what they are equal to: whole, as powers, as products."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = blocks

    @cached_property
    def definitions(self) -> dict[Tree, Tree]:
        """What whole blocks are equal to, in normal form."""
        found: dict[Tree, Tree] = {}
        for block in self.blocks:
            tree = reduced(bind(block.tree))
            if tree.args and price_of(tree):
                found.setdefault(tree, block.leaf)
        return found

    @cached_property
    def extremes(self) -> dict[Tree, Tree]:
        """Blocks that are a maximum or minimum, as they are written: the same to the last bit, also where the text is run."""

        def is_written(b: Block) -> bool:
            (inner,) = b.tree.args
            inner = inner.args[0] if isinstance(inner, Apply) and inner.function is FUNCTIONS["abs"] else inner
            return any(p == phrase_of(inner) for p in walk(b.phrase))

        chosen = [b for b in self.blocks if isinstance(b.tree, Operation) and b.tree.operation.lattice and is_written(b)]
        return {bind(b.tree): b.leaf for b in chosen[::-1]}

    @cached_property
    def roots(self) -> dict[Tree, tuple[Tree, Fraction]]:
        """Blocks that are a root of something, or one over something."""
        found: dict[Tree, tuple[Tree, Fraction]] = {}
        for tree, name in self.definitions.items():
            if isinstance(tree, Power) and isinstance(tree.exponent, Number):
                exponent = tree.exponent.value
                if exponent.denominator != 1 or (exponent < 0 and tree.base.args):  # 1/d**2 says more than L**2
                    found[tree.base] = (name, exponent)
        return found

    @cached_property
    def centring(self) -> Centring:
        return Centring(self.blocks)

    @cached_property
    def products(self) -> list[tuple[Term, Tree]]:
        """Blocks that are products, the longest first."""
        found = [(term_of(t), name) for t, name in self.definitions.items() if isinstance(t, Contraction)]
        usable = [(d, n) for d, n in found if d.factors and {i for _, s in d.factors for i in s} >= set(d.output)]
        return sorted(usable, key=lambda pair: -len(pair[0].factors)) if len(usable) <= _PRODUCTS else []

    def recognise(self, tree: Tree) -> Tree:
        if not self.definitions or tree in self.definitions:
            return tree
        replaced = self._renamed(tree)
        found = tree if replaced is tree else reduced(replaced)
        for opened in self._multiplied_out(tree):
            renamed = self._renamed(opened)
            if renamed is not opened and price_of(shorter := reduced(renamed)) < price_of(found):
                found = shorter
        return found

    def at(self, node: Tree) -> Tree:
        if not self.definitions:
            return node
        return self._product(self.centring.without(self._root(self.definitions.get(node, node))))

    def unfolded(self, tree: Tree) -> Tree:
        """The tree with a block written out where it meets its own factors."""
        if not isinstance(tree, Contraction) or not self.products or is_large(tree):
            return tree
        term = term_of(tree)
        bases = [split_power(f)[0] for f, _ in term.factors]
        for definition, name in self.products:
            if name not in bases or not any(split_power(f)[0] in bases for f, _ in definition.factors):
                continue
            k = bases.index(name)
            power_of_name, indices = term.factors[k]
            written = normal(substitute(power_of_name, {name: tree_of(definition)}))
            factors = [*term.factors[:k], (written, indices), *term.factors[k + 1 :]]
            candidate = reduced(normal_product(term.with_factors(factors)))
            if price_of(candidate) < price_of(tree):
                return candidate
        return tree

    def _renamed(self, tree: Tree) -> Tree:
        replaced = substitute_around(tree, self.definitions, self.extremes)
        for rename, table in ((self._root, self.roots), (self.centring.without, self.centring.axes), (self._product, self.products)):
            if table:
                replaced = transform(replaced, rename, {e: e for e in equalities(replaced)})
        return replaced

    def _multiplied_out(self, tree: Tree) -> Iterator[Tree]:
        """The tree without brackets, where a block that is a product may stand in what comes out: a*(b + c) holds a*c."""
        if not tree.kinds & Sum.bit or is_large(tree):
            return
        possible = [name for name, kind, names in self._wanted if not kind & ~tree.kinds and not names & ~tree.names]
        if possible and not set(possible) <= set(leaves(tree)):  # names may share a bit: whether one is there must be asked exactly
            opened = multiplied_out(tree)
            if opened is not None:
                yield opened

    @cached_property
    def _wanted(self) -> list[tuple[Tree, int, int]]:
        """For each block that is a product: its name, and the kinds of nodes and the names that a tree needs to hold it."""
        found = []
        for definition, name in self.products:
            kinds = names = 0
            for f, _ in definition.factors:
                kinds |= f.kinds
                names |= f.names
            found.append((name, kinds, names))
        return found

    def _root(self, node: Tree) -> Tree:
        if isinstance(node, Power) and node.base in self.roots and isinstance(node.exponent, Number):
            name, exponent = self.roots[node.base]
            quotient = node.exponent.value / exponent
            if quotient.denominator == 1 and (quotient > 0 or exponent.denominator != 1):
                return power(name, quotient)
        return node

    def _product(self, node: Tree) -> Tree:
        if not isinstance(node, Contraction):
            return node
        term = term_of(node)
        bases = {invariant(split_power(f)[0])[1] for f, _ in term.factors}
        for definition, name in self.products:
            if not all(invariant(split_power(f)[0])[1] in bases for f, _ in definition.factors):
                continue
            for found in _embeddings(definition, term):
                rest, indices, coefficient = found
                rest.factors.append((name, indices))
                rest.coefficient = term.coefficient * coefficient / definition.coefficient
                if (term.decimal or definition.decimal) and not is_written_decimal(rest.coefficient):
                    continue  # 0.9*r*t is not 22862/1945*b where b = 0.0778*r*t
                candidate = normal(normal_product(rest))
                if price_of(candidate) < price_of(node):
                    return self._product(candidate)
        return node


def _embeddings(definition: Term, term: Term) -> Iterator[Match]:
    """The ways in which a definition's factors stand among those of a term: what is left, the block's indices there, and the sign."""
    inner = {i for _, s in definition.factors for i in s} - set(definition.output)

    def place(k: int, left: list[tuple[Tree, Indices]], names: dict[int, int], sign: int) -> Iterator[Match]:
        if k == len(definition.factors):
            summed = {names[i] for i in inner}
            if summed & set(term.output) or any(i in s for _, s in left for i in summed):
                return
            rest = Term(Fraction(1), term.decimal, left, term.output, {i: d for i, d in term.dims.items() if i not in summed})
            yield rest, tuple(names[i] for i in definition.output), Fraction(sign)
            return
        wanted, spots = definition.factors[k]
        base, exponent = split_power(wanted)
        flip, key = invariant(base)
        for n, (factor, indices) in enumerate(left):
            other, theirs = split_power(factor)
            if invariant(other)[1] != key or len(indices) != len(spots):
                continue
            remaining = _remaining(exponent, theirs)
            if remaining is None or (flip != invariant(other)[0] and not _is_odd_or_even(exponent)):
                continue
            extended = dict(names)
            if any(extended.setdefault(a, b) != b for a, b in zip(spots, indices, strict=True)):
                continue
            if len(set(extended.values())) < len(extended):
                continue
            turned = sign * (-1 if flip != invariant(other)[0] and isinstance(exponent, Number) and exponent.value % 2 else 1)
            after = [(raised(other, remaining), indices)] if remaining else []
            yield from place(k + 1, [*left[:n], *after, *left[n + 1 :]], extended, turned)

    yield from place(0, list(term.factors), {}, 1)


def _remaining(wanted: Tree, present: Tree) -> Fraction | None:
    """What is left of an exponent when the wanted one is taken out; None where it is not there."""
    if wanted is present:
        return Fraction(0)
    if not isinstance(wanted, Number) or not isinstance(present, Number):
        return None
    left = present.value - wanted.value
    return left if left * present.value > 0 or left == 0 else None


def _is_odd_or_even(exponent: Tree) -> bool:
    return isinstance(exponent, Number) and exponent.value.denominator == 1
