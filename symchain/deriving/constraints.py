"""A program whose names are free to move: what is yet to be differentiated by them may not be rewritten by what ties their entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from symchain.nouns.computation import Block, Computation
from symchain.tensors.facts import EQUATIONS, implied
from symchain.tensors.nodes import Tree, leaf, substitute


def without_equations(program: Computation, wrt: Iterable[str]) -> tuple[Computation, dict[Tree, Tree]]:
    """The program with some arrays taken as free, and the names to put back.

    A gradient shortened by A = A.T is right where A is symmetric, but its derivative by a single entry of A is not. Blocks keep the
    facts that hold however the arrays move, unless they are among them.
    """
    wrt = set(wrt)
    freed: dict[Tree, Tree] = {}
    inputs = dict(program.inputs)
    for name, v in program.inputs.items():
        if name in wrt and v.facts & EQUATIONS:
            facts = v.facts - EQUATIONS
            inputs[name] = replace(v, leaf=leaf(name, v.shape, facts), facts=facts)
            freed[v.leaf] = inputs[name].leaf
    made: dict[str, Block] = {}
    for block in program.blocks.values():
        tree, own = substitute(block.tree, freed) if freed else block.tree, block.leaf
        facts = own.facts & EQUATIONS
        if facts and (block.name in wrt or tree is not block.tree):
            kept = frozenset() if block.name in wrt else implied(tree) & facts
            own = leaf(block.name, block.shape, (own.facts - EQUATIONS) | kept)
            if own is not block.leaf:
                freed[block.leaf] = own
        made[block.name] = replace(block, tree=tree, leaf=own)
    if not freed:
        return program, {}
    free = replace(program, inputs=MappingProxyType(inputs), blocks=MappingProxyType(made))
    return free, {new: old for old, new in freed.items()}
