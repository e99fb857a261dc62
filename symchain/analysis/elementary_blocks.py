"""Elementary operations: a program whose blocks are single operations, and the symbol of each (×, +, ×(−1), exp, 1/·).

Constants belong to the operation that uses them (+1, ×2); repeating a number along an axis is no operation of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from symchain.nouns.computation import Block, Computation, ancestors
from symchain.nouns.names import Names
from symchain.support.notation import Phrase, rewritten
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import (
    ONE,
    Apply,
    Compare,
    Contraction,
    Leaf,
    Operation,
    Power,
    Sum,
    Tree,
    add,
    contract,
    leaf,
    leaves,
    postorder,
    rebuild,
    scale,
)

OPERAND = "·"
"""What stands for an operand in the symbol of an operation."""


def elementary(program: Computation, output: str) -> Computation:
    """The program cut into single operations, as far as the output depends on it; blocks keep their names, steps are t1, t2, ..."""
    needed = ancestors(program, output)
    free = Names(program.names)
    blocks: dict[str, Block] = {}
    for block in program.blocks.values():
        if block.name in needed:
            for made in _cut(block, free):
                blocks[made.name] = made
    return replace(program, blocks=MappingProxyType(blocks))


def block_of(name: str, tree: Tree, symbols: Mapping[str, object]) -> Block:
    """A block that was not written by anybody."""
    reads = tuple(dict.fromkeys(x.name for x in leaves(tree)))
    return Block(name, tree.shape, tree, phrase_of(tree), reads, leaf(name, tree.shape), symbols)


def _cut(block: Block, free: Names) -> list[Block]:
    """The operations of one block, operands first, the block itself last."""
    made: list[Block] = []
    done: dict[Tree, Tree] = {}

    def step(tree: Tree) -> Tree:
        new = block_of(free.numbered("t"), tree, block.symbols)
        made.append(new)
        return new.leaf

    order = postorder(block.tree)
    constant = {node for node in order if not isinstance(node, Leaf)}
    for node in order:
        if isinstance(node, Leaf) or any(a not in constant for a in node.args):
            constant.discard(node)
    for node in order:  # operands before users
        whole = rebuild(node, tuple(done[a] for a in node.args))
        if node is block.tree:
            tree = _last(node, whole, constant, step)
            if made and tree is made[-1].leaf:  # 1*x: the last step is the block
                tree = made.pop().tree
            phrase = phrase_of(tree) if made else block.phrase
            made.append(Block(block.name, block.shape, tree, phrase, _reads(tree), block.leaf, block.symbols))
        elif node in constant or isinstance(node, Leaf | Compare) or is_repetition(node):
            done[node] = whole
        else:
            tree = _last(node, whole, constant, step)
            done[node] = tree if isinstance(tree, Leaf) else step(tree)
    return made


def _reads(tree: Tree) -> tuple[str, ...]:
    return tuple(dict.fromkeys(x.name for x in leaves(tree)))


def _last(node: Tree, whole: Tree, constant: set[Tree], step: Callable[[Tree], Tree]) -> Tree:
    """The last operation of a sum or product with constants among several operands: the constants come after the rest."""
    fixed = [b for a, b in zip(node.args, whole.args, strict=True) if a in constant and a is not ONE]
    moving = [b for a, b in zip(node.args, whole.args, strict=True) if a not in constant]
    if isinstance(node, Contraction) and not fixed and len(moving) < len(node.args):  # 1*x
        return _without(node, whole, constant)
    if not fixed or len(moving) < 2:
        return whole
    if isinstance(node, Sum):
        return add([step(add(moving)), *fixed])
    if isinstance(node, Contraction) and all(not b.shape for b in fixed):
        product = _without(node, whole, constant)
        coefficient = contract(fixed, [()] * len(fixed), ()) if len(fixed) > 1 else fixed[0]
        return scale(coefficient, step(product))
    return whole


def _without(node: Contraction, whole: Tree, constant: set[Tree]) -> Tree:
    """A product without its constant factors."""
    pairs = [(b, s) for a, b, s in zip(node.args, whole.args, node.subscripts, strict=True) if a not in constant]
    return contract([b for b, _ in pairs], [s for _, s in pairs], node.output, dict(enumerate(node.dims)))


def is_repetition(node: Tree) -> bool:
    """Whether the node only repeats its operand along new axes."""
    if not isinstance(node, Contraction) or len(node.args) != 1:
        return False
    inner, outer = node.subscripts[0], node.output
    return len(set(inner)) == len(inner) and [i for i in outer if i in inner] == list(inner) and len(node.dims) == len(set(outer))


# ---------------------------------------------------------------- symbols


def symbol_of(block: Block) -> Phrase:
    """What is written in the box of an operation: the formula with a dot for each operand, shorter where there is a sign for it."""
    tree = block.tree
    moving = [a for a in tree.args if leaves(a)]
    fixed = [a for a in tree.args if not leaves(a)]
    if isinstance(tree, Leaf):
        return _sign("=")
    if isinstance(tree, Sum) and len(moving) > 1:
        return _sign("+")
    if isinstance(tree, Sum) and len(moving) == len(fixed) == 1:
        return Phrase("mul", (_sign("+"), phrase_of(_scalar(fixed[0]))), "prefix")
    if isinstance(tree, Contraction):
        return _product(tree, moving, fixed)
    if isinstance(tree, Apply) and len(moving) == len(tree.args):
        return Phrase("name", text=tree.function.name + "'" * sum(tree.orders))
    return _dotted(tree)


def _scalar(tree: Tree) -> Tree:
    """The number that a constant tree repeats."""
    while is_repetition(tree):
        tree = tree.args[0]
    return tree


def _product(tree: Contraction, moving: Sequence[Tree], fixed: Sequence[Tree]) -> Phrase:
    shaped = [s for s in tree.subscripts if s]
    if not fixed and len(moving) > 1 and all(s == tree.output for s in shaped):
        both = sum(bool(s) for s in tree.subscripts) > 1
        return _sign("⊙" if both else "×")
    if len(moving) == len(fixed) == 1 and not fixed[0].shape and all(s == tree.output for s in shaped):
        return Phrase("mul", (_sign("×"), phrase_of(fixed[0])), "prefix")
    if not fixed and len(moving) == 1 and not tree.output and len(set(tree.subscripts[0])) == len(tree.subscripts[0]):
        return _sign("Σ")
    if not fixed and len(moving) == 2:
        (a, b), out = tree.subscripts, tree.output
        shared = set(a) & set(b)
        if a and b and len(shared) == 1 and a[-1] == b[max(0, len(b) - 2)] and out == (*a[:-1], *(i for i in b if i not in shared)):
            return _sign("@")
    return _dotted(tree)


def _dotted(tree: Tree) -> Phrase:
    """The formula with a dot for every name."""
    names = set(_reads(tree))
    return rewritten(phrase_of(tree), lambda p: _sign(OPERAND) if p.head == "name" and p.text in names else None)


def _sign(text: str) -> Phrase:
    return Phrase("name", text=text)


def ordered(tree: Tree) -> bool:
    """Whether exchanging the operands would change the value: their wires then arrive in the order of reading."""
    if isinstance(tree, Contraction):
        return any(tree.subscripts) and not all(s in ((), tree.output) for s in tree.subscripts)
    return isinstance(tree, Power | Apply | Operation)


__all__ = ["OPERAND", "block_of", "elementary", "is_repetition", "ordered", "symbol_of"]
