"""The derivative as one expression: without its named adjoints where that is shorter, or what the product of the factors becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from symchain.errors import LimitError
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Line
from symchain.rewriting import price_of, simplify, steps_from
from symchain.rules.binding import bind
from symchain.tensors.nodes import (
    ONE,
    Contraction,
    Leaf,
    Number,
    Tree,
    keeping,
    leaf,
    leaves,
    multiply_scalars,
    postorder,
    scalar_factors,
    substitute,
)
from symchain.tensors.sums import negated

LARGEST = 10_000
"""A closed form of more nodes is not written out."""
_EXPANDED_COST = 400
"""Beyond this the formula is not written out without its named adjoints."""

Change = Callable[[Tree], Tree]


def closed_form(result: Line, lines: Sequence[Line], product: Tree | None, recognise: Change, written: Change) -> tuple[Tree, Tree]:
    """The shortest formula known, with bound function names replaced, and the same with the program's own names.

    `product` is the product of the factors as they stand; `recognise` and `written` give nodes and trees the program's own writing.
    """
    formula, general = _without_names(result, lines, written)
    if product is None or product.shape:
        return formula, general
    own = _shortest(product, recognise, written)
    bound = bind(own)
    if bound is not own:
        bound = _shortest(bound, recognise, written)
    if price_of(bound) < price_of(formula):
        return bound, own
    return formula, formula if general is formula else min(general, own, key=price_of)


def _shortest(tree: Tree, recognise: Change, written: Change) -> Tree:
    steps = steps_from(tree, recognise)
    return written(steps[-1].result) if steps else tree


def _without_names(result: Line, lines: Sequence[Line], written: Change) -> tuple[Tree, Tree]:
    """The derivative without named adjoints where that is not longer, else with them; concrete and general."""
    price = sum(price_of(line.tree) for line in lines) + price_of(result.tree)
    if not lines or price > _EXPANDED_COST:
        return result.tree, result.general or result.tree
    concrete = _expanded(result.tree, lines, lambda line: line.tree)
    if concrete is None or price_of(concrete) > price:
        return result.tree, result.general or result.tree
    concrete = written(concrete)
    if result.general is None and not any(line.general for line in lines):
        return concrete, concrete
    general = _expanded(result.general or result.tree, lines, lambda line: line.general or line.tree)
    return concrete, concrete if general is None else written(general)


def _expanded(tree: Tree, lines: Sequence[Line], pick: Callable[[Line], Tree]) -> Tree | None:
    values: dict[Tree, Tree] = {}
    for line in lines:
        expanded = substitute(pick(line), values)
        if expanded.size > 4 * _EXPANDED_COST:
            return None
        values[leaf(line.name, line.shape)] = expanded
    whole = substitute(tree, values)
    return None if whole.size > 4 * _EXPANDED_COST else simplify(whole)


def without_ones(tree: Tree) -> Tree:
    return multiply_scalars([a for a in scalar_factors(tree) if a is not ONE])


def as_it_stands(tree: Tree) -> Tree:
    """No simplification, but that a factor 1 is not written and a factor -1 is a sign."""
    if not isinstance(tree, Contraction):
        return tree
    units = [a.value for a in tree.args if isinstance(a, Number) and abs(a.value) == 1]
    if not units or len(units) == len(tree.args):
        return tree
    rest = keeping(tree, [k for k, a in enumerate(tree.args) if not (isinstance(a, Number) and abs(a.value) == 1)])
    return negated(rest) if prod(units) < 0 else rest


def in_inputs(derivation: Derivation) -> Tree:
    """The derivative in the inputs alone, as one tree. Raises LimitError above LARGEST nodes."""
    return written_out(derivation.program, derivation.wrt, derivation.adjoint_lines, derivation.formula_tree)


def written_out(program: Computation, wrt: str, lines: Sequence[Line], formula: Tree) -> Tree:
    """A formula over named adjoints and blocks as one over the inputs, `wrt` among them; only what it reads is looked at."""
    named: dict[Tree, Tree] = {leaf(line.name, line.shape): line.tree for line in lines}
    values: dict[Tree, Tree] = {}
    sizes: dict[Tree, int] = {}

    def below(symbol: Tree) -> Tree | None:
        if symbol in named:
            return named[symbol]
        block = program.blocks.get(symbol.name) if isinstance(symbol, Leaf) and symbol.name != wrt else None
        return block.tree if block is not None and block.leaf is symbol else None

    def written(tree: Tree) -> int:
        total: dict[Tree, int] = {}
        for node in postorder(tree):
            total[node] = sizes.get(node, 1 + sum(total[a] for a in node.args))
        return total[tree]

    stack: list[Tree] = [*leaves(formula)]
    while stack:
        symbol = stack[-1]
        definition = None if symbol in sizes else below(symbol)
        pending = [] if definition is None else [n for n in leaves(definition) if n not in sizes and below(n) is not None]
        if pending:
            stack += pending
            continue
        stack.pop()
        if definition is not None:
            sizes[symbol] = written(definition)
            if sizes[symbol] <= LARGEST:
                values[symbol] = substitute(definition, values)
    if written(formula) > LARGEST:
        raise LimitError(
            f"the closed form has more than {LARGEST} nodes", advice="Use .formula or .lines, which keep the program's names."
        )
    return bind(substitute(formula, values))
