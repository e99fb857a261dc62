"""Graphs: a program as boxes and wires, with the value that travels forward and the gradient that travels back on every wire.

The gradients are those of the local rules, block by block, computed by one kernel together with the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from symchain.analysis.elementary_blocks import block_of, elementary, ordered, symbol_of
from symchain.deriving.sweep import Sweep
from symchain.errors import LimitError, check_choice
from symchain.functions.spec import AbstractFunction
from symchain.kernels.kernel import Kernel
from symchain.kernels.numpy import NumPyBackend
from symchain.lowering import Label, lower
from symchain.nouns.computation import Block, Computation, ancestors
from symchain.nouns.graph import Edge, Graph, Node
from symchain.nouns.names import Names
from symchain.rewriting import reduced
from symchain.rules.accumulation import accumulate
from symchain.rules.binding import bind
from symchain.rules.reverse import pullback
from symchain.support.notation import Phrase
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import ONE, Apply, Compare, Leaf, Operation, Tree, add, leaf, leaves, postorder, reduce_sum

LEVELS = ("named", "ops")
LARGEST = 400
"""More boxes than this are no picture any more."""
RECEIVED = "∂"
"""The name that stands for the gradient received in the local maps of arrays; no name of a program can be this."""


def graph_of(program: Computation, output: str, wrt: Iterable[str], at: Mapping[str, Any] | None = None, level: str = "named") -> Graph:
    """The graph of one output, with gradients on the ways to the names of `wrt`.

    Raises ArgumentError for a level that does not exist, LimitError beyond LARGEST boxes.
    """
    check_choice("level", level, LEVELS)
    summed = ""
    if program.blocks[output].shape:
        summed = output
        program, output = _with_sum(program, output)
    written = set(program.blocks)
    if level == "ops":
        program = elementary(program, output)
    needed = ancestors(program, output)
    boxes = [n for n in (*program.inputs, *program.blocks) if n in needed]
    if len(boxes) > LARGEST:
        raise LimitError(f"a picture of {len(boxes)} boxes cannot be read", advice=f"Up to {LARGEST} are drawn; ask for an earlier output.")
    blocks = [program.blocks[n] for n in boxes if n in program.blocks]
    moved = set(wrt)
    for block in blocks:
        if not moved.isdisjoint(block.reads):
            moved.add(block.name)
    passing = {b.name: [x for x in leaves(b.tree) if x in passing_names(b.tree) and x.name in moved] for b in blocks}
    active = {output}
    for block in reversed(blocks):
        if block.name in active:
            active |= {x.name for x in passing[block.name]}
    numbers = {} if at is None else _numbers(program, output, blocks, passing, active, at)
    nodes = {n: _node(program, n, n in written, level, active, numbers) for n in boxes}
    edges = tuple(_edges(program, output, blocks, passing, active, numbers))
    return Graph(program, output, level, MappingProxyType(nodes), edges, None if at is None else dict(at), summed)


def _with_sum(program: Computation, output: str) -> tuple[Computation, str]:
    """The program with the sum of an output's entries as one more block: gradients are those of one number."""
    name = Names(program.names).fresh(f"sum_{output}")
    block = program.blocks[output]
    made = block_of(name, reduce_sum(block.leaf, range(len(block.shape))), block.symbols)
    blocks = MappingProxyType({**program.blocks, name: made})
    return replace(program, blocks=blocks), name


def passing_names(tree: Tree) -> set[Leaf]:
    """The names through which a derivative passes: not those that are only compared, or that hold labels."""
    found: set[Leaf] = set()
    seen: set[Tree] = {tree}
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Leaf):
            found.add(node)
        for a in _differentiable(node):
            if a not in seen:
                seen.add(a)
                stack.append(a)
    return found


def _differentiable(node: Tree) -> Iterator[Tree]:
    """The operands by which a node can be differentiated."""
    if isinstance(node, Compare):
        return
    for k, a in enumerate(node.args):
        if isinstance(node, Operation) and k in node.operation.integers:
            continue
        if isinstance(node, Apply):
            function = node.function.binding if isinstance(node.function, AbstractFunction) else node.function
            if function is not None and function.derivatives[k] is None:
                continue
        yield a


def _node(program: Computation, name: str, written: bool, level: str, active: set[str], numbers: Mapping[str, Any]) -> Node:
    value, gradient = numbers.get(f"value {name}"), numbers.get(f"gradient {name}")
    if name in program.inputs:
        return Node(name, "input", program.inputs[name].shape, None, None, False, name in active, value, gradient)
    block = program.blocks[name]
    kind = "block" if written else "step"
    symbol = symbol_of(block) if level == "ops" else None
    return Node(name, kind, block.shape, block.phrase, symbol, level == "ops" and ordered(block.tree), name in active, value, gradient)


# ---------------------------------------------------------------- local derivatives and numbers


def _edges(
    program: Computation, output: str, blocks: list[Block], passing: Mapping[str, list[Leaf]], active: set[str], numbers: Mapping[str, Any]
) -> Iterator[Edge]:
    factors = Sweep(program, output, [output]).factors
    for block in blocks:
        received = leaf(RECEIVED, block.shape)
        through = [x for x in passing[block.name] if block.name in active]
        scalar = _is_scalar(block.tree)
        maps = {} if scalar else pullback(block.tree, received, 0, through, reduced)
        for read in block.reads:
            symbol = program.leaves[read]
            local: Phrase | None = None
            if symbol in through:
                local = phrase_of(factors.factor(block.name, read).shown if scalar else factors.recognise(maps[symbol]))
            names = f"{block.name} {read}"
            yield Edge(read, block.name, local, scalar, numbers.get(f"local {names}"), numbers.get(f"sent {names}"))


def _is_scalar(tree: Tree) -> bool:
    return all(not n.shape for n in postorder(tree))


def _numbers(
    program: Computation, output: str, blocks: list[Block], passing: Mapping[str, list[Leaf]], active: set[str], at: Mapping[str, Any]
) -> dict[str, Any]:
    """Values, gradients, local derivatives and what each wire sends back, by label."""
    wanted: dict[str, Tree] = {}
    extra: dict[str, Tree] = {}

    def total(name: str, terms: list[Tree]) -> Tree:
        """The sum of what a box's users send back, under a name that no program has."""
        extra[_adjoint(name)] = add(terms)
        return leaf(_adjoint(name), program.leaves[name].shape)

    def send(name: str, adjoint: Tree) -> list[tuple[str, Tree]]:
        tree, through = bind(program.blocks[name].tree), passing[name]
        sent = pullback(tree, adjoint, 0, through)
        wanted.update((f"sent {name} {x.name}", sent[x]) for x in through)
        if _is_scalar(tree):
            local = pullback(tree, ONE, 0, through)
            wanted.update((f"local {name} {x.name}", local[x]) for x in through)
        return [(x.name, sent[x]) for x in through]

    accumulate([b.name for b in reversed(blocks) if b.name in active], output, ONE, total, send)
    needed = ancestors(program, output)
    wanted |= {f"value {name}": tree for name, tree in program.leaves.items() if name in needed}
    wanted |= {f"gradient {name}": leaf(_adjoint(name), program.leaves[name].shape) for name in active}
    outputs: list[tuple[Label, Tree]] = [(("value",), program.leaves[output])]
    outputs += [(("gradient", label), tree) for label, tree in wanted.items()]
    _, numbers = Kernel(lower(program, outputs, order=1, extra=extra), NumPyBackend())(**at)
    return dict(numbers)


def _adjoint(name: str) -> str:
    return f"gradient of {name}"
