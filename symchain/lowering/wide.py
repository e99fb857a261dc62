"""Wide products in programs that are to run: taken apart into products of a few factors, each a block of its own.

The derivative of a product of n factors by each of them is n products of n - 1 factors. By way of blocks that hold a few factors each,
the sweep makes all of them in a number of steps that grows like n.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from symchain.nouns.computation import Block, Computation
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Contraction, Tree, leaf, leaves, multiply_scalars, transform

_WIDE = 64
"""Products of up to so many factors stay whole."""
_TOGETHER = 8


def narrowed(program: Computation) -> Computation:
    """The program with its wide products of scalars written over new blocks; the same program where it has none."""
    blocks: dict[str, Block] = {}
    for name, block in program.blocks.items():
        made: list[Block] = []
        tree = _narrowed(name, block.tree, made)
        for part in made:
            blocks[part.name] = part
        blocks[name] = block if tree is block.tree else replace(block, tree=tree, reads=_reads(tree))
    return program if len(blocks) == len(program.blocks) else replace(program, blocks=MappingProxyType(blocks))


def _narrowed(name: str, tree: Tree, made: list[Block]) -> Tree:
    def visit(node: Tree) -> Tree:
        if not isinstance(node, Contraction) or node.dims or len(node.args) <= _WIDE:
            return node
        factors = list(node.args)
        while len(factors) > _TOGETHER:
            pieces = [factors[k : k + _TOGETHER] for k in range(0, len(factors), _TOGETHER)]
            factors = [_block(name, multiply_scalars(piece), made) for piece in pieces]
        return multiply_scalars(factors)

    return transform(tree, visit)


def _block(name: str, tree: Tree, made: list[Block]) -> Tree:
    """The leaf of a new block. Its name, which no program can hold, says of which block it is a part."""
    part = leaf(f"{name}, part {len(made) + 1}")
    made.append(Block(part.name, (), tree, phrase_of(tree), _reads(tree), part))
    return part


def _reads(tree: Tree) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n.name for n in leaves(tree)))


__all__ = ["narrowed"]
