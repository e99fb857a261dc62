"""Wrong derivatives made on purpose: what comes out when one step of a derivation is done wrong in a known way.

Each maker walks the steps of the chain and yields, for one kind of mistake, the derivative that results and what to say about it. A
claim that equals one of them at every point has made that mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from symchain.analysis.checking.slopes import Flow, still
from symchain.functions import FUNCTIONS
from symchain.functions.spec import AbstractFunction, FunctionSpec
from symchain.nouns.verdict import Finding
from symchain.render.text import write
from symchain.rewriting import simplify
from symchain.rules.local import pull
from symchain.rules.reverse import pullback
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import (
    MINUS_ONE,
    ONE,
    Apply,
    Contraction,
    Leaf,
    Number,
    Power,
    Size,
    Sum,
    Tree,
    add,
    apply,
    broadcast,
    contract,
    hadamard,
    keeping,
    leaves,
    postorder,
    rebuild,
    scale,
    substitute,
)

STEPS = 40
"""So many steps of a chain are varied, those next to the output first."""
PARTS = 24
"""So many parts of one line are varied."""


@dataclass(frozen=True)
class Slip:
    """One way to get it wrong: the derivative that results, and the change of a block's line that led to it, for combining."""

    finding: Finding
    tree: Tree
    block: str = ""
    line: Tree | None = None


@dataclass(frozen=True)
class Piece:
    """An elementwise part of a block's line: `node` as a function of `inner`, and the name of the factor it belongs to."""

    block: str
    node: Tree
    inner: Tree
    factor: str
    whole: bool
    """Whether it is the whole line as a function of a name."""


def pieces(flow: Flow) -> list[Piece]:
    """The elementwise steps of the chain, output first: whole lines, then functions and powers inside lines."""
    found: list[Piece] = []
    for block, read in flow.route.edges[:STEPS]:
        line, by = flow.program.blocks[block].tree, flow.program.leaves[read]
        if line.shape == by.shape and (not line.shape or _is_elementwise(line, by)):
            found.append(Piece(block, line, by, f"d{block}/d{read}", True))
        for node in islice(reversed(postorder(line)), PARTS):
            inner = node.args[0] if isinstance(node, (Apply, Power)) and len(node.args) - isinstance(node, Power) == 1 else None
            if inner is None or inner.shape != node.shape or (node is line and inner is by):
                continue
            if any(x is by for x in leaves(inner)):
                found.append(Piece(block, node, inner, f"d{block}/d{read}", False))
    return list({(p.block, p.node, p.inner): p for p in reversed(found)}.values())[::-1]


def _is_elementwise(line: Tree, by: Leaf) -> bool:
    """Whether every entry of the line depends on the entry of the name in the same place alone."""
    for node in postorder(line):
        if not any(x is by for x in leaves(node)) or node is by:
            continue
        if isinstance(node, Contraction):
            kept = [s for a, s in zip(node.args, node.subscripts, strict=True) if any(x is by for x in leaves(a))]
            if any(s != node.output for s in kept):
                return False
        elif not isinstance(node, (Sum, Apply, Power)):
            return False
    return True


def _bent(flow: Flow, piece: Piece, slope: Tree) -> Tree:
    if piece.whole and isinstance(piece.inner, Leaf):
        return flow.bent_edge(piece.block, piece.inner.name, slope)
    return flow.bent(piece.block, piece.node, piece.inner, slope)


def _slip(flow: Flow, piece: Piece, slope: Tree, finding: Finding) -> Slip:
    line = _bent(flow, piece, slope)
    return Slip(finding, flow.gradient({piece.block: line}), piece.block, line)


def slope_of(flow: Flow, piece: Piece) -> Tree:
    """The local derivative of a piece, elementwise."""
    if not piece.whole:
        return pull(piece.node, 0, broadcast(ONE, piece.node.shape), 0)
    assert isinstance(piece.inner, Leaf)
    return pullback(piece.node, broadcast(ONE, piece.node.shape), 0, [piece.inner], lambda t: t)[piece.inner]


# ---------------------------------------------------------------- factors


def missing_factors(flow: Flow) -> Iterator[Slip]:
    """A step of the chain left out, or an inner or outer derivative of a line."""
    for piece in pieces(flow):
        wanted = quoted(flow, piece)
        yield _slip(flow, piece, ONE, Finding("missing_factor", piece.factor, found=None if piece.whole else wanted, wanted=wanted))
        if not piece.whole and not isinstance(piece.inner, Leaf):  # f(g(x)) differentiated to f'(g(x)), or to g'(x)
            inner = Piece(piece.block, piece.inner, piece.inner, piece.factor, False)
            yield from _without_inner(flow, inner)
    for block, read in flow.route.edges[:STEPS]:
        line, by = flow.program.blocks[block].tree, flow.program.leaves[read]
        for node in islice(reversed(postorder(line)), PARTS):
            if isinstance(node, Contraction) and any(x is by for x in leaves(node)):
                for k, a in enumerate(node.args):
                    if not a.shape and not isinstance(a, Number) and not flow.moves(a) and len(node.args) > 1:
                        other = substitute(line, {node: _without(node, k)})
                        written = write(phrase_of(a))
                        finding = Finding("missing_factor", f"d{block}/d{read}", found=written, wanted=written)
                        if isinstance(a, Power) and isinstance(a.base, Size):  # the 1/N of one term among several
                            finding = Finding("batch_mean", f"d{block}/d{read}", ratio=a.base.dim)
                        yield Slip(finding, flow.gradient({block: other}), block, other)


def _without_inner(flow: Flow, piece: Piece) -> Iterator[Slip]:
    """The derivative of what is inside a function taken for 1: only for a single moving name of the same shape."""
    moving = [x for x in leaves(piece.inner) if x.name in flow.route.names]
    if len(moving) == 1 and moving[0].shape == piece.inner.shape:
        line = flow.program.blocks[piece.block].tree
        by = moving[0]
        surrogate = add([flow.frozen(piece.inner), by, scale(MINUS_ONE, still(by))])
        other = substitute(line, {piece.inner: surrogate})
        wanted = write(phrase_of(slope_inside(piece.inner, by)))
        finding = Finding("missing_factor", piece.factor, found=wanted, wanted=wanted)
        yield Slip(finding, flow.gradient({piece.block: other}), piece.block, other)


def slope_inside(tree: Tree, by: Leaf) -> Tree:
    return simplify(pullback(tree, broadcast(ONE, tree.shape), 0, [by])[by])


def _without(node: Contraction, k: int) -> Tree:
    return keeping(node, [i for i in range(len(node.args)) if i != k])


def squared_factors(flow: Flow) -> Iterator[Slip]:
    """A factor of the chain used twice."""
    for piece in pieces(flow):
        slope = slope_of(flow, piece)
        yield _slip(flow, piece, hadamard([slope, slope]), Finding("extra_factor", piece.factor, wanted=quoted(flow, piece)))


def quoted(flow: Flow, piece: Piece) -> str:
    """The local derivative as printed, in the program's own function names."""
    tree = slope_of(flow, piece)
    block = flow.program.blocks[piece.block]
    if piece.whole and isinstance(block.tree, Apply) and not isinstance(block.tree.function, AbstractFunction):
        tree = substitute(tree, {block.tree: block.leaf})
    return write(phrase_of(simplify(tree)), 8)


# ---------------------------------------------------------------- activations


def _functions(flow: Flow) -> Iterator[tuple[Piece, Tree]]:
    """Functions of one argument on the chain, and the name (or the expression) of their value."""
    for block, read in flow.route.edges[:STEPS]:
        line = flow.program.blocks[block].tree
        for node in islice(reversed(postorder(line)), PARTS):
            if not isinstance(node, Apply) or len(node.args) != 1 or any(node.orders) or node.args[0].shape != node.shape:
                continue
            if any(x is flow.program.leaves[read] for x in leaves(node)):
                value: Tree = flow.program.blocks[block].leaf if node is line else node
                yield Piece(block, node, node.args[0], f"d{block}/d{read}", False), value


def derivatives_at_outputs(flow: Flow) -> Iterator[Slip]:
    """sigma'(a) in place of sigma'(z)."""
    yield from _replaced_slopes(flow, "derivative_at_output", lambda node, value: apply(node.function, value, orders=(1,)))


def functions_for_derivatives(flow: Flow) -> Iterator[Slip]:
    """sigma(z) in place of sigma'(z)."""
    yield from _replaced_slopes(flow, "function_for_derivative", lambda node, value: value)


def _replaced_slopes(flow: Flow, key: str, slope: Callable[[Apply, Tree], Tree]) -> Iterator[Slip]:
    lines: dict[str, Tree] = {}
    first: Finding | None = None
    for piece, value in _functions(flow):
        assert isinstance(piece.node, Apply)
        new = slope(piece.node, value)
        right = apply(piece.node.function, piece.inner, orders=(1,))
        if isinstance(piece.node.function, FunctionSpec):
            right = slope_of(flow, piece)
        found = f"{piece.node.function.name}'({write(phrase_of(value))})" if key == "derivative_at_output" else write(phrase_of(value))
        wanted = f"{piece.node.function.name}'({write(phrase_of(piece.inner))})" if isinstance(right, Apply) else write(phrase_of(right))
        finding = Finding(key, piece.factor, found=found, wanted=wanted)
        first = first or finding
        line = _bent(flow, piece, new)
        yield Slip(finding, flow.gradient({piece.block: line}), piece.block, line)
        lines[piece.block] = line
    if len(lines) > 1 and first is not None:
        yield Slip(first, flow.gradient(lines))


def other_activations(flow: Flow) -> Iterator[Slip]:
    """The derivative of another activation: tanh'(z) in place of sigmoid'(z), or 1 - a**2, which it is in terms of the value."""
    for piece, value in _functions(flow):
        assert isinstance(piece.node, Apply)
        own = getattr(piece.node.function, "binding", piece.node.function)
        for name in _ACTIVATIONS if own is not None and own.name in _ACTIVATIONS else ():
            if name != own.name:
                found, wanted = f"{name}'({write(phrase_of(piece.inner))})", f"{own.name}'({write(phrase_of(piece.inner))})"
                other = apply(FUNCTIONS[name], piece.inner)
                slope = pull(other, 0, broadcast(ONE, piece.node.shape), 0)
                for written in (slope, substitute(slope, {other: value})):
                    yield _slip(flow, piece, written, Finding("wrong_operand", piece.factor, found=found, wanted=wanted))


_ACTIVATIONS = ("sigmoid", "tanh", "relu", "softplus")


def diagonals(flow: Flow) -> Iterator[Slip]:
    """Each entry of a line differentiated by the entry of its own alone, as if the line were elementwise: softmax'(z) = p*(1 - p)."""
    for block, read in flow.route.edges[:STEPS]:
        line, by = flow.program.blocks[block].tree, flow.program.leaves[read]
        if line.shape and line.shape == by.shape and not _is_elementwise(line, by):
            n = range(len(line.shape))
            slope = contract([Flow(flow.program, block, read).local()], [[*n, *n]], [*n])
            other = flow.bent_edge(block, read, slope)
            yield Slip(Finding("missing_path", path=(block, read), found=read), flow.gradient({block: other}), block, other)


# ---------------------------------------------------------------- paths and constants


@dataclass(frozen=True)
class Part:
    """A share of the derivative: what comes along one path, or through one term or factor of a line."""

    path: tuple[str, ...]
    tree: Tree
    whole: bool = False
    """Whether it is all of what comes along the path."""


def parts(flow: Flow) -> list[Part]:
    """The shares that add up to the derivative, path by path, then line by line."""
    found: list[Part] = []
    paths = list(islice(_paths(flow), 16))
    if len(paths) > 1:
        for path in paths:
            lines = {}
            for block, read in zip(path, path[1:], strict=False):
                lines[block] = flow.frozen(flow.program.blocks[block].tree, [flow.program.leaves[read]])
            found.append(Part(path, flow.gradient(lines), True))
    whole = flow.gradient()
    for block, read in flow.route.edges[:STEPS]:
        line, by = flow.program.blocks[block].tree, flow.program.leaves[read]
        for node in islice(reversed(postorder(line)), PARTS):
            if isinstance(node, (Sum, Contraction)):
                moving = [k for k, a in enumerate(node.args) if any(x is by for x in leaves(a))]
                for k in moving if len(moving) > 1 else ():
                    args = list(node.args)
                    args[k] = flow.frozen(args[k])
                    without = flow.gradient({block: substitute(line, {node: rebuild(node, args)})})
                    found.append(Part(_through(flow, block, read), add([whole, scale(MINUS_ONE, without)])))
    return found


def is_squared(flow: Flow, path: tuple[str, ...]) -> bool:
    """Whether a square stands on the path, whose 2 is easily miscounted."""
    nodes = (n for name in path if name in flow.program.blocks for n in postorder(flow.program.blocks[name].tree))
    return any(isinstance(n, Power) and isinstance(n.exponent, Number) and n.exponent.value == 2 and flow.moves(n.base) for n in nodes)


def _paths(flow: Flow) -> Iterator[tuple[str, ...]]:
    stack: list[tuple[str, ...]] = [(flow.output,)]
    while stack:
        path = stack.pop()
        if path[-1] == flow.wrt:
            yield path
        elif path[-1] in flow.program.blocks:
            stack.extend((*path, r) for r in reversed(flow.reads(path[-1])))


def _through(flow: Flow, block: str, read: str) -> tuple[str, ...]:
    return next((p for p in islice(_paths(flow), 64) if (block, read) in zip(p, p[1:], strict=False)), (block, read))


def kept_constants(flow: Flow) -> Iterator[Slip]:
    """A term that does not depend on the variable, kept as if it did."""
    for block, read in flow.route.edges[:STEPS]:
        line, by = flow.program.blocks[block].tree, flow.program.leaves[read]
        for node in islice(reversed(postorder(line)), PARTS):
            if not isinstance(node, Sum) or not any(x is by for x in leaves(node)):
                continue
            fixed = [t for t in node.args if not flow.moves(t) and (not by.shape or t.shape == by.shape)]
            for kept in [fixed, *([[t] for t in fixed] if len(fixed) > 1 else [])]:
                if kept:
                    moved = add([by, scale(MINUS_ONE, still(by))])
                    terms = [add([t, hadamard([t, _spread(moved, t)])]) if t in kept else t for t in node.args]
                    other = substitute(line, {node: rebuild(node, terms)})
                    finding = Finding("constant_kept", f"d{block}/d{read}", found=write(phrase_of(add(kept)), 8), variable=flow.wrt)
                    yield Slip(finding, flow.gradient({block: other}), block, other)


def _spread(moved: Tree, term: Tree) -> Tree:
    return broadcast(moved, term.shape) if not moved.shape else moved


def unrelated_terms(flow: Flow) -> Iterator[tuple[Finding, Tree]]:
    """Terms of the output's own line that do not move, kept beside the derivative."""
    line = flow.program.blocks[flow.output].tree
    for term in line.args if isinstance(line, Sum) else ():
        if not flow.moves(term):
            yield Finding("constant_kept", flow.output, found=write(phrase_of(term), 8), variable=flow.wrt), term


SLIPS: tuple[Callable[[Flow], Iterator[Slip]], ...] = (
    missing_factors, squared_factors, derivatives_at_outputs, functions_for_derivatives, other_activations, diagonals,
)  # fmt: skip
"""The mistakes about one factor, in the order in which they are tried."""
