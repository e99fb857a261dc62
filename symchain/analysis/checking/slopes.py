"""Derivatives without simplification, and wrong ones on purpose: a sweep in which some blocks are replaced by others.

Freezing a name (its value stays, its derivative is 0) and putting `frozen + D*(x - frozen x)` where a function of x stood is all it
takes to give any step of the chain another local derivative D: the sweep itself stays the one of `rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from symchain.deriving.entries import by_entries
from symchain.deriving.sweep import seed
from symchain.nouns.computation import Computation, ancestors, dependents
from symchain.rules.binding import bind
from symchain.rules.reverse import pullback
from symchain.tensors.nodes import MINUS_ONE, Leaf, Tree, add, broadcast, hadamard, leaf, leaves, scale, substitute, zeros

FROZEN = "?"
"""In front of a name: its value, which does not move. No name of a program begins so."""


class Flow:
    """The way from one output to one name."""

    def __init__(self, program: Computation, output: str, wrt: str) -> None:
        self.program, self.output, self.wrt = program, output, wrt
        self.shape = program.blocks[output].shape
        self.relevant = ancestors(program, output) & dependents(program, wrt)
        self.order = [b for b in program.blocks.values() if b.name in self.relevant]

    def leaf_of(self, name: str) -> Leaf:
        return self.program.inputs[name].leaf if name in self.program.inputs else self.program.blocks[name].leaf

    def reads(self, name: str) -> list[str]:
        """The names a block reads on the way, in order."""
        return [r for r in self.program.blocks[name].reads if r in self.relevant]

    def branches(self) -> bool:
        return any(len(self.reads(b.name)) > 1 for b in self.order if b.name != self.wrt)

    @cached_property
    def edges(self) -> list[tuple[str, str]]:
        """The steps of the chain, output first."""
        return [(b.name, r) for b in reversed(self.order) if b.name != self.wrt for r in self.reads(b.name)]

    def gradient(self, replaced: Mapping[str, Tree] | None = None) -> Tree:
        """The derivative, with other right-hand sides for some blocks."""
        lead = len(self.shape)
        by = self.leaf_of(self.wrt)
        arriving: dict[str, list[Tree]] = {self.output: [seed(self.shape)]}
        for block in reversed(self.order):
            if block.name == self.wrt or block.name not in arriving:
                continue
            tree = (replaced or {}).get(block.name, block.tree)
            wanted = {self.leaf_of(r): r for r in self.reads(block.name)}
            for symbol, sent in pullback(tree, add(arriving[block.name]), lead, wanted, _as_is).items():
                arriving.setdefault(wanted[symbol], []).append(sent)
        total = add(arriving[self.wrt]) if self.wrt in arriving else zeros(self.shape + by.shape)
        facts = self.program.inputs[self.wrt].facts if self.wrt in self.program.inputs else frozenset()
        return by_entries(total, lead, facts)

    def local(self) -> Tree:
        """The derivative of the output's own line alone."""
        block, by = self.program.blocks[self.output], self.leaf_of(self.wrt)
        return pullback(block.tree, seed(block.shape), len(block.shape), [by], _as_is)[by]

    # ------------------------------------------------------------ freezing

    def frozen(self, tree: Tree, but: Iterable[Leaf] = ()) -> Tree:
        """The tree with its moving names frozen, some excepted."""
        kept = set(but)
        return substitute(tree, {x: still(x) for x in leaves(tree) if x.name in self.relevant and x not in kept})

    def moves(self, tree: Tree) -> bool:
        return any(x.name in self.relevant for x in leaves(tree))

    def bent(self, block: str, node: Tree, inner: Tree, slope: Tree) -> Tree:
        """The block's line with the local derivative of one of its parts by another, inside it, replaced by an elementwise one."""
        line = self.program.blocks[block].tree
        value = self.frozen(node)
        moved = add([inner, scale(MINUS_ONE, self.frozen(inner))])
        return substitute(line, {node: add([value, hadamard([broadcast(self.frozen(slope), node.shape), moved])])})

    def bent_edge(self, block: str, read: str, slope: Tree) -> Tree:
        """The block's line with its whole derivative by one name replaced by an elementwise one."""
        line, by = self.program.blocks[block].tree, self.leaf_of(read)
        moved = add([by, scale(MINUS_ONE, still(by))])
        return add([substitute(line, {by: still(by)}), hadamard([broadcast(self.frozen(slope), line.shape), moved])])


def written_out(program: Computation, names: Iterable[Leaf], wrt: str) -> dict[Tree, Tree]:
    """What the blocks that some names depend on are over inputs (and the variable) alone, functions bound."""
    needed = {n for x in names if x.name in program.blocks for n in ancestors(program, x.name)}
    values: dict[Tree, Tree] = {}
    for block in program.blocks.values():
        if block.name in needed and block.name != wrt:
            values[block.leaf] = bind(substitute(block.tree, values))
    return values


def still(symbol: Leaf) -> Leaf:
    """The frozen counterpart of a name."""
    return leaf(FROZEN + symbol.name, symbol.shape, symbol.facts)


def _as_is(tree: Tree) -> Tree:
    return tree
