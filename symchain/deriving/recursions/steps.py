"""One step of a recurrence as an ordinary program, and what its lines send back: the sweep that derives any program finds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import sympy

from symchain.deriving.recognition import Recogniser
from symchain.deriving.sweep import Sweep
from symchain.nouns.computation import Block, Computation, Variable
from symchain.nouns.families import Clause
from symchain.nouns.recursion import ARGUMENT
from symchain.rewriting import price_of, reduced
from symchain.support.dimensions import Shape, letters
from symchain.support.notation import name as name_phrase
from symchain.tensors.nodes import (
    MINUS_ONE,
    Apply,
    Leaf,
    Number,
    Power,
    Tree,
    add,
    contract,
    leaf,
    leaves,
    postorder,
    power,
    rebuild,
    scale,
    substitute,
    transform,
)

OUTPUT = "?"
"""The block of a step that is differentiated: the sum of what its lines define, each times its adjoint."""


def adjoint_name(target: str) -> str:
    """What stands in a step for the adjoint that a thing it defines receives from elsewhere."""
    return f"?{target}"


def with_upright_powers(tree: Tree) -> Tree:
    """1/b**t as b**(-t): then its derivative is one power too."""

    def visit(node: Tree) -> Tree:
        if isinstance(node, Power) and node.exponent is MINUS_ONE and isinstance(node.base, Power):
            inner = node.base
            if not isinstance(inner.exponent, Number) and not inner.exponent.shape:
                return power(inner.base, scale(MINUS_ONE, inner.exponent))
        return node

    return transform(tree, visit) if tree.kinds & Power.bit else tree


def with_arguments(unit: Sequence[Clause]) -> list[Clause]:
    """The lines with the argument of a function, where that is a formula, as a line of its own before: tanh(W @ h + b)."""
    found: list[Clause] = []
    for clause in unit:
        tree = clause.tree
        if isinstance(tree, Apply) and len(tree.args) == 1 and not isinstance(tree.args[0], Leaf) and price_of(tree.args[0]) > 0:
            inner = replace(clause, name=clause.name + ARGUMENT, tree=tree.args[0])
            found.append(inner)
            clause = replace(clause, tree=rebuild(tree, [leaf(inner.target, tree.args[0].shape)]))
        found.append(clause)
    return found


def step_program(program: Computation, unit: Sequence[Clause], names: Mapping[str, str] | None = None) -> Computation:
    """The ordinary program of one step: what the lines read are inputs, what they define are blocks (under other `names`)."""
    own = {(names or {}).get(c.target, c.target) for c in unit}
    inputs: dict[str, Variable] = {}
    blocks: dict[str, Block] = {}
    dims: dict[str, None] = {}
    for clause in unit:
        for node in postorder(clause.tree):
            dims.update(dict.fromkeys(letters(node.shape)))
            if isinstance(node, Leaf) and node.name not in own:
                inputs.setdefault(node.name, _variable(program, node))
        reads = tuple(dict.fromkeys(n.name for n in leaves(clause.tree)))
        target = (names or {}).get(clause.target, clause.target)
        blocks[target] = Block(target, clause.shape, clause.tree, name_phrase(target), reads, leaf(target, clause.shape))
    return Computation(MappingProxyType(inputs), MappingProxyType(blocks), tuple(dims), program.functions, MappingProxyType({}))


def _variable(program: Computation, node: Leaf) -> Variable:
    known = program.inputs.get(node.name)
    if known is not None:
        return known
    symbol: Any = node if node.shape else sympy.Symbol(node.name, real=True)
    return Variable(node.name, node.shape, node, node.facts, symbol, declared=True)


def with_adjoints(step: Computation, targets: Sequence[tuple[str, Shape]]) -> Computation:
    """The step with an input for the adjoint of each thing it defines, and the block that is differentiated."""
    inputs, blocks, terms = dict(step.inputs), dict(step.blocks), []
    for target, shape in targets:
        adjoint = leaf(adjoint_name(target), shape)
        inputs[adjoint.name] = Variable(adjoint.name, shape, adjoint, frozenset(), adjoint, declared=True)
        indices = tuple(range(len(shape)))
        terms.append(contract([adjoint, blocks[target].leaf], [indices, indices], ()))
    tree = add(terms)
    reads = tuple(dict.fromkeys(n.name for n in leaves(tree)))
    blocks[OUTPUT] = Block(OUTPUT, (), tree, name_phrase(OUTPUT), reads, leaf(OUTPUT))
    return Computation(MappingProxyType(inputs), MappingProxyType(blocks), step.dimensions, step.functions, step.symbols, known=step.known)


@dataclass(frozen=True)
class Sent:
    """What one step sends back: `results` by the names it reads, over the adjoints `?z[l]` and named `lines` (by the block)."""

    results: Mapping[str, Tree]
    lines: Sequence[tuple[str, Leaf, Tree]]
    recognise: Recogniser

    @staticmethod
    def of(step: Computation, output: str, targets: Sequence[str]) -> Sent:
        sweep = Sweep(step, output, targets)
        lines = {symbol: line.tree for symbol, line in sweep.lines.items()}
        results = {n: sweep.results[n].tree for n in targets}
        recognise = sweep.recognise
        if output == OUTPUT:  # a number that is nothing to the reader
            recognise = Recogniser(replace(step, blocks=MappingProxyType({n: b for n, b in step.blocks.items() if n != OUTPUT})))
            opened: dict[Tree, Tree] = {leaf(OUTPUT): step.blocks[OUTPUT].tree}
            lines = {symbol: _without(tree, opened, recognise) for symbol, tree in lines.items()}
            results = {n: _without(tree, opened, recognise) for n, tree in results.items()}
        return Sent(results, [(sweep.lines[symbol].of, symbol, tree) for symbol, tree in lines.items()], recognise)


def _without(tree: Tree, opened: Mapping[Tree, Tree], recognise: Recogniser) -> Tree:
    """The tree without what is written out."""
    written = substitute(tree, opened)
    return tree if written is tree else recognise.concrete(reduced(written))
