"""Conditions that hold on a set without interior, or everywhere but there: x == 3 and a != b choose a value, never a slope.

Which they are is known from the program as it was written, and marked there (Compare.isolated). The masks of derivatives (x == max(x))
are never marked: they hold wherever that entry is the largest.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from symchain.functions.spec import AbstractFunction, FunctionSpec
from symchain.tensors.algebra import normal
from symchain.tensors.elementwise import atoms
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import (
    MINUS_ONE,
    Apply,
    Compare,
    Leaf,
    Operation,
    Tree,
    Where,
    add,
    compare,
    leaves,
    postorder,
    scale,
    substitute,
)
from symchain.tensors.terms import constant_of, is_zero

_STEPS = (sympy.floor, sympy.ceiling, sympy.sign, sympy.Heaviside, sympy.Piecewise, sympy.Max, sympy.Min, sympy.Abs, sympy.DiracDelta)
_CHOOSING = ("max", "min")
_OPENED, _LARGE = 8, 400
"""Names are replaced by what they stand for so often, and in trees of so many nodes, to see whether two sides are always equal."""


class Isolation:
    """The conditions of a program, seen with what its names stand for: `definitions`, which may grow, in order."""

    def __init__(self, definitions: Mapping[str, Tree]) -> None:
        self.definitions = definitions
        self._smooth: dict[str, bool] = {}

    def marked(self, tree: Tree) -> Tree:
        """The tree with its isolated conditions marked."""
        if not tree.kinds & Compare.bit:
            return tree
        conditions = [n for n in postorder(tree) if isinstance(n, Compare) and self._is_isolated(n)]
        found = {n: compare(n.operator, n.args[0], n.args[1], True) for n in conditions}
        return substitute(tree, found) if found else tree  # type: ignore[arg-type]

    def _is_isolated(self, node: Compare) -> bool:
        """Whether two smooth functions that are not the same one are compared for equality.

        Arrays compared with themselves, seen another way (x[:, None] == x[None, :]), are always equal somewhere.
        """
        if node.operator not in ("==", "!=") or node.data[1:] or not leaves(node):
            return False
        for name, tree in self.definitions.items() if len(self._smooth) < len(self.definitions) else ():
            if name not in self._smooth:
                self._smooth[name] = self._is_smooth(tree)
        if not all(map(self._is_smooth, node.args)):
            return False
        found = atoms(node)
        seen: set[Leaf] = set()
        for atom in found if node.shape else ():
            below = set(leaves(self._opened(atom)))
            if below & seen:
                return False
            seen |= below
        left, right = map(self._opened, node.args)
        difference = normal(add([left, scale(MINUS_ONE, right)])) if left.shape == right.shape else normal(left)
        return not is_zero(difference) and constant_of(difference) is None

    def _is_smooth(self, tree: Tree) -> bool:
        """Whether the tree is a smooth function of the inputs, but for singularities."""
        for node in postorder(tree):
            if isinstance(node, Leaf):
                if not self._smooth.get(node.name, True) or "integer" in node.facts:
                    return False
            elif isinstance(node, Operation):
                if node.operation.pullback is None or node.operation.name in _CHOOSING:
                    return False
            elif isinstance(node, Apply):
                function = node.function.binding if isinstance(node.function, AbstractFunction) else node.function
                if function is not None and (function.kinks or function.ties or _has_steps(function)):
                    return False
            elif isinstance(node, Where) and not node.isolated:
                return False
        return True

    def _opened(self, tree: Tree) -> Tree:
        """The tree in terms of the inputs, where it stays small."""
        for _ in range(_OPENED):
            known = {n: self.definitions[n.name] for n in leaves(tree) if n.name in self.definitions}
            if not known or tree.size > _LARGE:
                break
            tree = substitute(tree, known)  # type: ignore[arg-type]
        return tree


@remembered(1024)
def _has_steps(function: FunctionSpec) -> bool:
    """Whether the meaning jumps, or is put together from pieces."""
    symbols = sympy.symbols(f"u:{len(function.parameters)}", real=True)
    return bool(sympy.sympify(function.meaning(*symbols)).has(*_STEPS))
