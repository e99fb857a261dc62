"""Graphs: a program as boxes and wires, with the value that travels forward and the gradient that travels back on every wire.

The gradients are those of the local rules, block by block, computed by one kernel together with the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from symchain.backends.numpy import NumPyBackend
from symchain.blocks import Block, Program, Unchanging, ancestors
from symchain.chainrule import Sweep
from symchain.dimensions import Shape
from symchain.elementary import block_of, elementary, ordered, symbol_of
from symchain.errors import LimitError, check_choice
from symchain.functions.spec import AbstractFunction
from symchain.kernel import Kernel
from symchain.lowering import Label, lower
from symchain.notation import Phrase
from symchain.render.graph_text import dot, mermaid
from symchain.render.svg import svg
from symchain.render.tikz import tikz
from symchain.rewriting import reduced
from symchain.rules.binding import bind
from symchain.rules.reverse import pullback
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import ONE, Apply, Compare, Leaf, Operation, Tree, add, leaf, leaves, postorder, reduce_sum
from symchain.wording import check_language

LEVELS = ("named", "ops")
LARGEST = 400
"""More boxes than this are no picture any more."""
RECEIVED = "∂"
"""The name that stands for the gradient received in the local maps of arrays; no name of a program can be this."""


@dataclass(frozen=True)
class Node:
    """One box: an input, a block, or a step inside a block (level ops)."""

    name: str
    kind: str
    """input, block or step."""
    shape: Shape
    formula: Phrase | None
    symbol: Phrase | None
    """What is written in the box at level ops, else None."""
    ordered: bool
    active: bool
    """Whether a gradient reaches it: labels and conditions have none."""
    value: Any = None
    gradient: Any = None


@dataclass(frozen=True)
class Edge:
    """One wire: the target reads the source, and sends back what it received times its local derivative."""

    source: str
    target: str
    local: Phrase | None
    """The local derivative; for arrays what becomes of RECEIVED; None where nothing can be sent back."""
    scalar: bool
    """Whether `local` is a number that multiplies what is received."""
    factor: Any = None
    """The number, at the point given."""
    sent: Any = None


@dataclass(frozen=True, eq=False)
class Graph(Unchanging):
    """Values and gradients on the graph of one output. Without a point there are names and shapes in place of numbers."""

    program: Program
    output: str
    level: str
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    at: Mapping[str, Any] | None
    summed: str = ""
    """The block with a shape whose entries were added to have one output, or empty."""

    @property
    def values(self) -> Mapping[str, Any]:
        """The value of every box, by name."""
        return {name: node.value for name, node in self.nodes.items()}

    @property
    def gradients(self) -> Mapping[str, Any]:
        """The derivative of the output by every box, by name; None where none passes."""
        return {name: node.gradient for name, node in self.nodes.items()}

    def svg(self, lang: str = "en") -> str:
        """A picture for a page or a notebook. Values above the wires, gradients below; hovering shows the local derivatives."""
        check_language(lang)
        return svg(self, lang)

    def tikz(self, lang: str = "en") -> str:
        """The same picture for a paper; the document needs the packages tikz and amsmath."""
        check_language(lang)
        return tikz(self, lang)

    def dot(self, lang: str = "en") -> str:
        """The graph for Graphviz."""
        check_language(lang)
        return dot(self, lang)

    def mermaid(self, lang: str = "en") -> str:
        """The graph as a Mermaid flowchart."""
        check_language(lang)
        return mermaid(self, lang)

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<graph of {self.output}: {len(self.nodes)} boxes, {len(self.edges)} wires>"


def graph_of(program: Program, output: str, at: Mapping[str, Any] | None = None, level: str = "named") -> Graph:
    """The graph of one output. Raises ArgumentError for a level that does not exist, LimitError beyond LARGEST boxes."""
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
    passing = {b.name: [x for x in leaves(b.tree) if x in _passing(b.tree)] for b in blocks}
    active = {output}
    for block in reversed(blocks):
        if block.name in active:
            active |= {x.name for x in passing[block.name]}
    numbers = {} if at is None else _numbers(program, output, blocks, passing, active, at)
    nodes = {n: _node(program, n, n in written, level, active, numbers) for n in boxes}
    edges = tuple(_edges(program, output, blocks, passing, active, numbers))
    return Graph(program, output, level, MappingProxyType(nodes), edges, None if at is None else dict(at), summed)


def _with_sum(program: Program, output: str) -> tuple[Program, str]:
    """The program with the sum of an output's entries as one more block: gradients are those of one number."""
    name = f"sum_{output}"
    while name in program.blocks or name in program.inputs or name in program.dimensions:
        name += "_"
    block = program.blocks[output]
    made = block_of(name, reduce_sum(block.leaf, range(len(block.shape))), block.symbols)
    blocks = MappingProxyType({**program.blocks, name: made})
    return Program(program.inputs, blocks, program.dimensions, program.functions, program.symbols, known=program.known), name


def _passing(tree: Tree) -> set[Leaf]:
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
    if isinstance(node, Compare) or (isinstance(node, Operation) and not node.operation.differentiable):
        return
    for k, a in enumerate(node.args):
        if isinstance(node, Operation) and k in node.operation.integers:
            continue
        if isinstance(node, Apply):
            function = node.function.binding if isinstance(node.function, AbstractFunction) else node.function
            if function is not None and function.derivatives[k] is None:
                continue
        yield a


def _node(program: Program, name: str, written: bool, level: str, active: set[str], numbers: Mapping[str, Any]) -> Node:
    value, gradient = numbers.get(f"value {name}"), numbers.get(f"gradient {name}")
    if name in program.inputs:
        return Node(name, "input", program.inputs[name].shape, None, None, False, name in active, value, gradient)
    block = program.blocks[name]
    kind = "block" if written else "step"
    symbol = symbol_of(block) if level == "ops" else None
    return Node(name, kind, block.shape, block.phrase, symbol, level == "ops" and ordered(block.tree), name in active, value, gradient)


# ---------------------------------------------------------------- local derivatives and numbers


def _edges(
    program: Program, output: str, blocks: list[Block], passing: Mapping[str, list[Leaf]], active: set[str], numbers: Mapping[str, Any]
) -> Iterator[Edge]:
    sweep = Sweep(program, output, [output])
    for block in blocks:
        received = leaf(RECEIVED, block.shape)
        through = [x for x in passing[block.name] if block.name in active]
        scalar = _is_scalar(block.tree)
        maps = {} if scalar else pullback(block.tree, received, 0, through, reduced)
        for read in block.reads:
            symbol = sweep.leaf_of(read)
            local: Phrase | None = None
            if symbol in through:
                local = phrase_of(sweep.factor(block.name, read).shown if scalar else sweep.concrete(maps[symbol]))
            names = f"{block.name} {read}"
            yield Edge(read, block.name, local, scalar, numbers.get(f"local {names}"), numbers.get(f"sent {names}"))


def _is_scalar(tree: Tree) -> bool:
    return all(not n.shape for n in postorder(tree))


def _numbers(
    program: Program, output: str, blocks: list[Block], passing: Mapping[str, list[Leaf]], active: set[str], at: Mapping[str, Any]
) -> dict[str, Any]:
    """Values, gradients, local derivatives and what each wire sends back, by label."""
    wanted: dict[str, Tree] = {}
    arriving: dict[str, list[Tree]] = {output: [ONE]}
    extra: dict[str, Tree] = {}
    leaves_of = {name: v.leaf for name, v in program.inputs.items()} | {b.name: b.leaf for b in blocks}
    for block in reversed(blocks):
        if block.name not in active:
            continue
        total = _gradient(block.name, arriving.pop(block.name), block.shape, extra)
        tree, through = bind(block.tree), passing[block.name]
        sent = pullback(tree, total, 0, through)
        local = pullback(tree, ONE, 0, through) if _is_scalar(tree) else {}
        for symbol in through:
            arriving.setdefault(symbol.name, []).append(sent[symbol])
            wanted[f"sent {block.name} {symbol.name}"] = sent[symbol]
            if local:
                wanted[f"local {block.name} {symbol.name}"] = local[symbol]
    for name in program.inputs:
        if name in arriving:
            _gradient(name, arriving.pop(name), program.inputs[name].shape, extra)
    needed = ancestors(program, output)
    wanted |= {f"value {name}": tree for name, tree in leaves_of.items() if name in needed}
    wanted |= {f"gradient {name}": leaf(_adjoint(name), leaves_of[name].shape) for name in active}
    outputs: list[tuple[Label, Tree]] = [(("value",), leaves_of[output])]
    outputs += [(("gradient", label), tree) for label, tree in wanted.items()]
    _, numbers = Kernel(lower(program, outputs, output=output, order=1, extra=extra), NumPyBackend())(**at)
    return dict(numbers)


def _adjoint(name: str) -> str:
    return f"gradient of {name}"


def _gradient(name: str, terms: list[Tree], shape: Shape, extra: dict[str, Tree]) -> Tree:
    """The sum of what a box's users send back, under a name that no program has."""
    extra[_adjoint(name)] = add(terms[::-1])
    return leaf(_adjoint(name), shape)
