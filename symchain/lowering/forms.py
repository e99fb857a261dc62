"""Stable forms: what is equal in exact arithmetic, and neither overflows nor cancels in floats.

The forms are rows of the table of rules. A program is put in stable form before its kernel's gradients are derived
(`stable_program`), and so are the trees of the gradients (`stabilise`). What is printed is derived from the program as written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from types import MappingProxyType

from symchain.deriving.constraints import without_equations
from symchain.functions.spec import AbstractFunction
from symchain.lowering.cofactors import of_cofactors
from symchain.lowering.corners import with_corners
from symchain.lowering.series import mended, with_powers
from symchain.nouns.computation import Computation
from symchain.rewriting.factoring import factored
from symchain.rewriting.logarithms import is_known_product
from symchain.rewriting.rows import Use
from symchain.rewriting.rules_table import TABLE
from symchain.rules.operations import without_division
from symchain.tensors.algebra import normal
from symchain.tensors.nodes import (
    ONE,
    Apply,
    Contraction,
    Leaf,
    Operation,
    Power,
    Sum,
    Tree,
    keeping,
    leaves,
    rebuild,
    substitute,
    transform,
)

_ROUNDS = 4
"""How often the result of one rule may be taken up by the next at the same place."""


def stable_program(program: Computation, corners: bool = True, wrt: Iterable[str] = ()) -> Computation:
    """The program with its blocks in stable form: the same values, and gradients that stay accurate where they are tiny or huge.

    With `corners`, roots of sums of squares have gradient 0 where they are 0. It may be differentiated by the names `wrt`.
    """
    written = program
    program, names = without_equations(program, wrt)
    definitions = {name: block.tree for name, block in program.blocks.items()}
    stable = stabilise(list(definitions.values()), definitions, late=False, opaque=frozenset(wrt))
    trees = [before if before is after else normal(after) for before, after in zip(definitions.values(), stable, strict=True)]
    if corners:
        trees = [with_corners(tree) for tree in trees]
    if all(a is b for a, b in zip(trees, definitions.values(), strict=True)):
        return written
    program, trees = written, [substitute(tree, names) for tree in trees] if names else trees
    blocks = {
        name: replace(
            block,
            tree=tree,
            reads=tuple(dict.fromkeys(x.name for x in leaves(tree) if x.name in program.inputs or x.name in program.blocks)),
        )
        for (name, block), tree in zip(program.blocks.items(), trees, strict=True)
    }
    return replace(program, blocks=MappingProxyType(blocks))


def stabilise(
    trees: Sequence[Tree], definitions: Mapping[str, Tree], late: bool = True, opaque: Set[str] = frozenset()
) -> list[Tree]:
    """The trees in stable form; the first of them are the definitions, in order. `late` admits forms that are for computing alone.

    A name whose definition is a function of something is looked through: 1 - a is sigmoid(-z) where a = sigmoid(z). Not so the names
    that are `opaque`, because something is to be differentiated by them: sigmoid(-z) does not vary with a.
    """
    forms = _Forms(late, definitions, opaque)
    names = list(definitions)
    return [forms.stable(tree, names[k] if k < len(names) else None) for k, tree in enumerate(trees)]


class _Forms:
    def __init__(self, late: bool, definitions: Mapping[str, Tree], opaque: Set[str]) -> None:
        self.late = late
        self.opaque = opaque
        self.definitions = definitions
        self.order = {name: k for k, name in enumerate(definitions)}
        self.inside: dict[str, Tree] = {}
        """What names that are looked through stand for, one level deep."""
        self.products: dict[str, Tree] = {}
        """What names stand for that logarithms are taken of."""
        self.names: dict[Tree, Tree] = {}
        """The same read backwards, so that trees stay as shallow as they were."""
        self.done: dict[Tree, Tree] = {}

    def stable(self, tree: Tree, name: str | None) -> Tree:
        result = substitute(transform(tree, self._visit, self.done), self.names)
        if name is None or name in self.opaque:
            return result
        if isinstance(result, (Apply, Operation)):
            self.inside[name] = result
        elif is_known_product(result):
            self.products[name] = result
        return result

    def _visit(self, node: Tree) -> Tree:
        if isinstance(node, Leaf):
            seen = self.inside.get(node.name, node)
            if seen is not node:
                self.names.setdefault(seen, node)
            return seen
        if isinstance(node, Apply) and isinstance(node.function, AbstractFunction) and node.function.binding and not any(node.orders):
            node = Apply(node.args, node.shape, (node.function.binding, node.orders))
        node = _without_ones(node)
        for _ in range(_ROUNDS):
            found = self._rewritten(node)
            if found is None or found is node:
                break
            node = found
        if self.late and isinstance(node, Sum):
            return mended(node, self.definitions, self.order) or self._factored(node) or TABLE.first(node, Use.LAST, {}) or node
        if self.late and isinstance(node, Contraction):
            made = of_cofactors(node, self.definitions) or with_powers(node) or TABLE.first(node, Use.LAST, {}) or node
            return without_division(made) if isinstance(made, Contraction) else made
        return node

    def _factored(self, node: Sum) -> Tree | None:
        """x*exp(y) - x as x*expm1(y): a common factor taken out where that leaves a sum with a stable form."""
        if not any(isinstance(n, (Apply, Power)) for t in node.args for n in (t, *t.args)):
            return None
        for candidate in factored(node):
            parts = candidate.args if isinstance(candidate, Contraction) else ()
            for part in parts:
                found = (self._rewritten(part) or mended(part, self.definitions, self.order)) if isinstance(part, Sum) else None
                if found is not None and found.shape == part.shape:
                    return rebuild(candidate, [found if a is part else a for a in parts])
        return None

    def _rewritten(self, node: Tree) -> Tree | None:
        return TABLE.first(node, Use.KERNEL if self.late else Use.PROGRAM, self.products)


def _without_ones(node: Tree) -> Tree:
    """1*x is x, so that x is seen."""
    if not isinstance(node, Contraction) or ONE not in node.args or len(node.args) < 2:
        return node
    return keeping(node, [k for k, a in enumerate(node.args) if a is not ONE])
