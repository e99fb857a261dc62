"""How the lines of a derivation are written: in the program's own writing, without what no line explains, and with shared parts named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from symchain.deriving.documented import documented
from symchain.deriving.route import Route
from symchain.deriving.subexpressions import with_common_lines
from symchain.language.elaborate import Scope
from symchain.nouns.derivation import Line
from symchain.nouns.names import Names
from symchain.rewriting import is_large, price_of, reduced
from symchain.tensors.equalities import substitute_around
from symchain.tensors.nodes import Leaf, Power, Tree, leaves, postorder


class Display:
    """The writing of one program, on a route through it."""

    def __init__(self, route: Route) -> None:
        self.route = route

    def written(self, tree: Tree) -> Tree:
        """The tree with the program's own writing where that is shorter than the normal form: (a*b)**2, not a**2*b**2."""
        return substitute_around(tree, self._shorter) if self._shorter else tree

    @cached_property
    def _shorter(self) -> dict[Tree, Tree]:
        found: dict[Tree, Tree] = {}
        for node in postorder(*(b.tree for b in self.route.blocks if b.tree.kinds & Power.bit and not is_large(b.tree))):
            if node.args and (form := reduced(node)) is not node and price_of(node) < price_of(form):
                found[form] = node
        return found

    def told(self, lines: Sequence[Line], adjoints: Mapping[Leaf, Line], names: Names) -> list[Line]:
        """Lines as they are printed: those before what reads them, and new ones for what they would write repeatedly.

        `adjoints` are all that the sweep named, `names` those that are taken.
        """
        program = self.route.program
        known: dict[str, Tree] = {**program.leaves, **{line.name: symbol for symbol, line in adjoints.items()}}
        scope = Scope(known, program.dimensions, program.functions, known=program.known)
        plain = [replace(k, general=None) if k.general is not None and reads_more(k.general, lines, adjoints) else k for k in lines]
        return list(map(documented, with_common_lines(plain, scope, Names(names.taken))))


def lines_below(adjoints: Mapping[Leaf, Line], *trees: Tree) -> tuple[Line, ...]:
    """The named adjoints that trees read, directly or not, in the order of the sweep."""
    needed: set[Leaf] = set()
    pending = list(trees)
    while pending:
        for symbol in leaves(pending.pop()):
            if symbol in adjoints and symbol not in needed:
                needed.add(symbol)
                pending.append(adjoints[symbol].tree)
    return tuple(line for symbol, line in adjoints.items() if symbol in needed)


def reads_more(tree: Tree, lines: Sequence[Line], adjoints: Mapping[Leaf, Line]) -> bool:
    """Whether a tree reads an adjoint that none of the lines defines: in known functions, it fell out."""
    names = {line.name for line in lines}
    return any(symbol in adjoints and symbol.name not in names for symbol in leaves(tree))
