"""Names opened where a choice by an isolated condition reads related ones: u = sin(x); f = where(x == 0, 1, u/x).

The derivative there is a limit as everything moves together, which no derivative by one name with the others held fixed has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from symchain.nouns.computation import Block, Computation
from symchain.tensors.elementwise import atoms
from symchain.tensors.nodes import Compare, Leaf, Tree, Where, leaves, postorder, substitute

_TIMES, _LARGE = 16, 600
"""So often names are opened, in trees of so many nodes."""


def with_open_choices(program: Computation) -> Computation:
    """The program whose isolated conditions and their choices read no two names that depend on one input; itself where it has none."""
    concerned = {name for name, block in program.blocks.items() if _choices(block.tree)}
    if not concerned:
        return program
    below: dict[str, frozenset[str]] = {name: frozenset([name]) for name in program.inputs}
    made: dict[str, Block] = {}
    for name, block in program.blocks.items():
        below[name] = frozenset().union(*(below[r] for r in block.reads if r in below))
        made[name] = _opened(block, program.blocks, below) if name in concerned else block
    return replace(program, blocks=MappingProxyType(made)) if any(made[n] is not program.blocks[n] for n in concerned) else program


def _choices(tree: Tree) -> list[Where]:
    return [n for n in postorder(tree) if isinstance(n, Where) and n.isolated] if tree.kinds & Compare.bit else []


def _opened(block: Block, blocks: Mapping[str, Block], below: Mapping[str, frozenset[str]]) -> Block:
    tree = block.tree
    for _ in range(_TIMES):
        found = {c: substitute(c, opening) for c in _choices(tree) if (opening := _related(c, blocks, below))}
        opened = substitute(tree, found) if found else tree
        if opened is tree or opened.size > _LARGE:
            break
        tree = opened
    if tree is block.tree:
        return block
    return replace(block, tree=tree, reads=tuple(dict.fromkeys(n.name for n in leaves(tree))))


def _related(choice: Where, blocks: Mapping[str, Block], below: Mapping[str, frozenset[str]]) -> dict[Tree, Tree]:
    """The names to be opened, with what they stand for: those that share an input with what decides, or are shared by it."""
    deciding, found = atoms(choice.args[0]), atoms(choice)
    inputs = {a: frozenset().union(*(below.get(n.name, frozenset()) for n in leaves(a))) for a in found}
    pairs = [(a, b) for a in deciding for b in found if a is not b and inputs[a] & inputs[b]]
    names = {x for pair in pairs for x in pair if isinstance(x, Leaf) and x.name in blocks}
    return {x: blocks[x.name].tree for x in names}
