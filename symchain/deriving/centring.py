"""Blocks whose entries add up to 0 along an axis: x - mean(x), and what is made of it by factors that do not carry the axis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from symchain.nouns.computation import Block
from symchain.rewriting import reduced
from symchain.rules.binding import bind
from symchain.tensors.nodes import Contraction, Sum, Tree, add, contract, postorder, rebuild, substitute, zeros
from symchain.tensors.products import term_of
from symchain.tensors.sums import is_negative
from symchain.tensors.terms import is_zero, sums_over


class Centring:
    """The centred blocks among some, and what formulas are without the sums over them."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = blocks

    @cached_property
    def axes(self) -> dict[Tree, set[int]]:
        """For each centred block, the axes along which its entries add up to 0."""
        found: dict[Tree, set[int]] = {}
        opened: dict[Tree, Tree] = {}
        for block in self.blocks:
            opened[block.leaf] = bind(block.tree)
            if not block.shape or not opened[block.leaf].kinds & (Sum.bit | Contraction.bit):
                continue
            term = term_of(reduced(opened[block.leaf]))
            for axis, index in enumerate(term.output):
                carrying = [(f, s) for f, s in term.factors if index in s]
                if len(carrying) == 1 and carrying[0][1].count(index) == 1:
                    factor, place = carrying[0][0], carrying[0][1].index(index)
                    if place in found.get(factor, ()) or (isinstance(factor, Sum) and _cancels(factor, place, opened)):
                        found.setdefault(block.leaf, set()).add(axis)
        return found

    @cached_property
    def _names(self) -> int:
        bits = 0
        for name in self.axes:
            bits |= name.names
        return bits

    def without(self, node: Tree) -> Tree:
        """A product without what adds up to 0 in it: 0 where it sums over a centred block alone, or less the terms that hold one alone."""
        if not isinstance(node, Contraction) or not node.names & self._names:
            return node
        users = Counter(i for s in node.subscripts for i in set(s))
        args = list(node.args)
        for n, (a, s) in enumerate(zip(node.args, node.subscripts, strict=True)):
            for place, i in enumerate(s):
                if i in node.output or users[i] > 1 or s.count(i) > 1:
                    continue
                if self._adds_up_to_zero(a, place):
                    return zeros(node.shape)
                left = args[n]
                if isinstance(left, Sum):
                    kept = [t for t in left.args if not self._adds_up_to_zero(t, place)]
                    args[n] = add(kept) if kept else zeros(a.shape)
        return rebuild(node, args)

    def _adds_up_to_zero(self, tree: Tree, place: int) -> bool:
        """Whether a centred block alone carries an axis of a tree, and adds up to 0 along it."""
        if not isinstance(tree, Contraction):
            return place in self.axes.get(tree, ())
        index = tree.output[place]
        carrying = [(a, s) for a, s in zip(tree.args, tree.subscripts, strict=True) if index in s]
        if len(carrying) != 1:
            return False
        ((block, indices),) = carrying
        return indices.count(index) == 1 and indices.index(index) in self.axes.get(block, ())


def _cancels(tree: Sum, axis: int, opened: Mapping[Tree, Tree]) -> bool:
    """Whether the entries of a sum add up to 0 along an axis, by what the blocks in it are."""
    if not any(map(is_negative, tree.args)):
        return False
    narrower = {name: definition for name, definition in opened.items() if len(definition.shape) < len(tree.shape)}
    whole = substitute(tree, narrower)
    if whole is tree and not any(isinstance(n, Contraction) and sums_over(n) for n in postorder(tree)):
        return False
    indices = tuple(range(len(tree.shape)))
    return is_zero(reduced(contract([whole], [indices], (*indices[:axis], *indices[axis + 1 :]))))
