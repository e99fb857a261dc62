"""Adjoints: reverse accumulation over the blocks of a program, with names for those that deserve one.

The adjoint of a block is what its users send back through their local rules. The work is linear in the graph.
"""

from __future__ import annotations

from symchain.deriving.balance import balanced_within
from symchain.deriving.display import Display
from symchain.deriving.entries import by_entries_of
from symchain.deriving.factors import Factors
from symchain.deriving.recognition import Recogniser
from symchain.deriving.route import Route
from symchain.functions.spec import AbstractFunction
from symchain.nouns.computation import Block
from symchain.nouns.derivation import ERROR_TERM, Line
from symchain.nouns.names import Names
from symchain.rewriting import price_of, reduced
from symchain.rules.accumulation import accumulate
from symchain.rules.binding import bind, is_bound
from symchain.rules.forward import Differentiation
from symchain.rules.reverse import pullback, seed
from symchain.tensors.nodes import SHAPED, Apply, Contraction, Leaf, Number, Tree, add, leaf, multiply_scalars, scalar_factors, zeros

_INLINE_COST = 12
"""An adjoint that is used once is written into its user up to this price."""
_LED_COST = 60
"""The derivative of an output with a shape is written whole up to this price: identities in it cancel on the way."""

Both = tuple[Tree, Tree]
"""An adjoint in the program's own function names, and in known functions."""


class Adjoints:
    """The adjoints on a route: `lines` are those that earned a name, by what stands for them, `results` the derivatives by the targets."""

    def __init__(self, route: Route, names: Names, recognise: Recogniser, factors: Factors, display: Display, called: str = "") -> None:
        self.route, self.names = route, names
        self._called = called or (f"d{route.output}_d{{}}" if route.lead else ERROR_TERM)
        self.lines: dict[Leaf, Line] = {}
        self.results: dict[str, Line] = {}
        self._recognise, self._factors, self._display = recognise, factors, display
        self._symbols: dict[str, Leaf] = {}
        self._received: dict[str, list[tuple[str, Tree]]] = {}
        self._activated = {r for b in route.blocks for r in _activation_arguments(b)}
        self._accumulate()

    def _accumulate(self) -> None:
        route = self.route
        start = seed(route.shape)
        found = accumulate([b.name for b in reversed(route.blocks)], route.output, (start, start), self._total, self._send)
        for name in route.targets:
            if name not in self.results:
                self._finish(name, *(found[name] if name in found else self._none(name)))

    def _none(self, name: str) -> Both:
        """What a name receives that the output does not depend on."""
        nothing = zeros(self.route.shape + self.route.program.leaves[name].shape)
        return nothing, nothing

    def _total(self, name: str, terms: list[Both]) -> Both:
        """What the users of a block send back, added in the order of the program."""
        if len(terms) == 1:
            return terms[0]
        concrete = balanced_within(reduced(add([c for _, c in terms])), self.meaning)
        same = all(g is c for g, c in terms)
        return (concrete if same else reduced(add([g for g, _ in terms]))), concrete

    def meaning(self, name: Leaf) -> Tree | None:
        """What a name stands for: the line of an adjoint, the block of the program."""
        line = self.lines.get(name)
        block = self.route.program.blocks.get(name.name)
        return line.tree if line is not None else bind(block.tree) if block is not None else None

    def _send(self, name: str, adjoint: Both) -> list[tuple[str, Both]]:
        """What the names that a block reads receive from it."""
        if name in self.route.targets:
            self._finish(name, *adjoint)
        block = self.route.program.blocks[name]
        reads = self.route.reads(block)
        if not reads:
            return []
        if self._deserves_name(adjoint[1], len(reads), name in self._activated):
            symbol = self._name(name, *adjoint)
            adjoint = symbol, symbol
        for read in reads:
            self._received.setdefault(read, []).append((name, adjoint[0]))
        return [*self._carried(block, reads, *adjoint).items()]

    def _carried(self, block: Block, reads: list[str], general: Tree, concrete: Tree) -> dict[str, Both]:
        """The adjoint of a block, carried through its local derivatives to the names it reads."""
        lead, known_leaves = self.route.lead, self.route.program.leaves
        if not lead and not block.tree.kinds & SHAPED:
            sent = {}
            known = Differentiation(block.tree)
            for read in reads:
                local = self._factors.local(block, known_leaves[read], known)
                g = reduced(multiply_scalars([general, *scalar_factors(local.general)]))
                same = general is concrete and local.general is local.tree
                whole = g if same else reduced(multiply_scalars([concrete, *scalar_factors(local.tree)]))
                sent[read] = (g, whole if isinstance(concrete, (Leaf, Number)) else self._recognise(whole))
            return sent
        wanted = {known_leaves[r]: r for r in reads}
        carried = pullback(block.tree, general, lead, wanted, reduced)
        bound = carried if general is concrete else pullback(block.tree, concrete, lead, wanted, reduced)
        found = {name: self._recognise.concrete(bound[name]) for name in wanted}
        short = self._factors.short(block)
        if short is not block.tree:
            other = pullback(short, concrete, lead, wanted, reduced)
            found = {name: min(found[name], self._recognise.concrete(other[name]), key=price_of) for name in wanted}
        own = {name for name in wanted if self._recognise.binds and is_bound(carried[name])}
        return {read: (carried[name] if name in own else found[name], found[name]) for name, read in wanted.items()}

    def symbol(self, block: str) -> Leaf:
        """What the adjoint of a block is called where it is told: the name of its line, else one that no line has.

        The adjoint of an output that is not a scalar has no name of its own; it is written as a symbol, dF/du.
        """
        route = self.route
        shape = route.shape + route.program.leaves[block].shape
        if route.lead:
            return leaf(f"?{block}", shape)
        return self._symbols.get(block) or leaf(Names(self.names.taken).fresh(self._called.format(block)), shape)

    # ------------------------------------------------------------ lines

    def _deserves_name(self, adjoint: Tree, uses: int, activated: bool) -> bool:
        if uses == 1 and not activated and isinstance(adjoint, Leaf):
            return False
        if not self.route.lead and (uses > 1 or activated) and isinstance(adjoint, Contraction) and len(adjoint.args) > 2:
            return True  # a product has a price
        price = price_of(adjoint)
        if self.route.lead:
            return uses > 1 and price > _LED_COST
        return price > _INLINE_COST or (price > 0 and (uses > 1 or activated))

    def _name(self, block: str, general: Tree, concrete: Tree) -> Leaf:
        name = self.names.fresh(self._called.format(block))
        symbol = leaf(name, concrete.shape)
        self._symbols[block] = symbol
        self.lines[symbol] = self._line(name, "adjoint", block, general, concrete)
        return symbol

    def _finish(self, name: str, general: Tree, concrete: Tree) -> None:
        program, lead = self.route.program, self.route.lead
        same = general is concrete
        concrete = by_entries_of(program, name, concrete, lead)
        general = concrete if same else by_entries_of(program, name, general, lead)
        last = balanced_within(self._recognise.unfold(concrete), self.meaning)
        general, concrete = (last if general is concrete else general), last
        symbol = self.names.fresh(f"d{self.route.output}_d{name}")
        self.results[name] = self._line(symbol, "derivative", name, general, concrete)

    def _line(self, name: str, role: str, of: str, general: Tree, concrete: Tree) -> Line:
        shown = self._display.written(concrete)
        other = None if general is concrete else self._display.written(general)
        received = () if self.route.lead else tuple(self._received.get(of, ()))
        return Line(name, shown, role, of, concrete.shape, other, received=received)


def _activation_arguments(block: Block) -> list[str]:
    """The names that enter the block as the argument of an activation."""
    tree = block.tree
    if isinstance(tree, Apply) and (isinstance(tree.function, AbstractFunction) or tree.function.activation):
        return [a.name for a in tree.args if isinstance(a, Leaf)]
    return []
