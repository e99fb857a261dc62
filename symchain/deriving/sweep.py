"""The chain rule on a program: one backward sweep, and the derivations that are made of it.

The sweep follows a route (`route`), finds the local derivatives on it (`factors`), accumulates them (`adjoints`), and writes what
comes out (`display`, `closed_forms`, `products`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from symchain.deriving.adjoints import Adjoints
from symchain.deriving.closed_forms import closed_form
from symchain.deriving.display import Display, lines_below, reads_more
from symchain.deriving.factors import Factors
from symchain.deriving.opening import with_open_choices
from symchain.deriving.products import carried, product_of
from symchain.deriving.recognition import Recogniser
from symchain.deriving.route import Route
from symchain.deriving.zeros import paths_to_nothing
from symchain.functions.spec import AbstractFunction
from symchain.nouns.computation import Block, Computation, bare
from symchain.nouns.derivation import Derivation, Derivations, Line, Path
from symchain.nouns.names import Names
from symchain.rewriting import price_of
from symchain.support.lazily import Late, Made
from symchain.tensors.nodes import Apply, Leaf, Tree, postorder
from symchain.tensors.terms import is_zero

PATHS_LISTED = 64


class Sweep:
    """The adjoints of one output towards some names, and everything a Derivation is made of.

    It keeps the blocks, not the program that it is asked about: what remembers sweeps by their programs keeps none alive.
    """

    def __init__(self, program: Computation, output: str, targets: Sequence[str], protected: Sequence[str] = (), called: str = "") -> None:
        """`protected` names are given to nothing; `called` is how the derivative by a block is named, where not as an error term."""
        opened = with_open_choices(program)
        self._opened = None if opened is program else bare(opened)
        """The program that its derivations are about where it is another one: choices opened, its factors are those of other lines."""
        own = self._opened or bare(program)
        self.route = Route(own, output, targets)
        self.names = Names({*own.names, *protected})
        self.recognise = Recogniser(own)
        self.display = Display(self.route)
        self.factors = Factors(self.route, self.recognise, self.display)
        self.adjoints = Adjoints(self.route, self.names, self.recognise, self.factors, self.display, called)

    @property
    def lines(self) -> Mapping[Leaf, Line]:
        """The adjoints that earned a name, in the order of the sweep."""
        return self.adjoints.lines

    @property
    def results(self) -> Mapping[str, Line]:
        """The derivative by each target."""
        return self.adjoints.results

    def paths(self, target: str) -> Iterator[Path]:
        """The paths to a target as factors, output first."""
        for names in self.route.towards(target).paths():
            yield Path(tuple(self.factors.factor(a, b) for a, b in zip(names, names[1:], strict=False)))

    # ------------------------------------------------------------ derivations

    def derivation(self, program: Computation, target: str) -> Derivation:
        """The derivation by one target, said of the program that was asked."""
        program = self._opened or program
        route, result = self.route.towards(target), self.results[target]
        lines = lines_below(self.lines, result.tree)
        count = route.path_count()
        paths = tuple(islice(self.paths(target), PATHS_LISTED))
        product = product_of(route, paths) if count == len(paths) else None
        formula, general = closed_form(result, lines, product, self.recognise.at, self.display.written)
        lines_price = price_of(result.tree) + sum(price_of(line.tree) for line in lines)
        if formula is not result.tree and (not lines or price_of(formula) + 1 < lines_price):
            result = replace(result, tree=formula, general=general if general is not formula else None, received=())
            lines = ()
        *before, result = self.display.told([*lines, result], self.lines, self.names)
        lines = tuple(before)
        general = formula if reads_more(general, lines, self.lines) else general
        reason = "unrelated" if target not in self.route.names else ""
        if not reason and is_zero(formula):
            reason = paths_to_nothing(route.blocks, route.output, target, route.reads, self._vanishes)
        steps = {f"d{block}/d{read}": (block, read) for block, read in route.edges}
        factors = Made(steps, lambda step: self.factors.factor(*step))
        maps = Made(steps, lambda step: carried(self.factors.factor(*step).shown, self.adjoints.symbol(step[0]), route.lead))
        return Derivation(
            program, route.output, target, 1, result.shape, factors, maps, count, paths, lines, result, formula, general,
            product, self._substitutions(general), reason,
        )  # fmt: skip

    def derivations(self, program: Computation) -> Derivations:
        """The derivations by all targets, each made when first asked for."""
        targets, found = self.route.targets, self.results
        results = [found[t] for t in targets]
        derived, names = {line.name for line in results}, Names(self.names.taken)

        def every() -> tuple[Line, ...]:
            return tuple(self.display.told([*lines_below(self.lines, *(r.tree for r in results)), *results], self.lines, names))

        lines = Late(every)
        ordered = Late(lambda: tuple(line for line in lines if line.name not in derived))
        told = Late(lambda: tuple(line for line in lines if line.name in derived))
        members = Made({t: t for t in targets}, lambda target: self.derivation(program, target))
        return Derivations(self._opened or program, self.route.output, members, ordered, told)

    def _vanishes(self, block: Block, read: str) -> bool:
        return is_zero(self.factors.local(block, self.route.program.leaves[read]).tree)

    def _substitutions(self, general: Tree) -> tuple[tuple[Tree, Tree], ...]:
        found = []
        for node in postorder(general):
            if isinstance(node, Apply) and isinstance(node.function, AbstractFunction) and node.function.binding and sum(node.orders):
                found.append((node, self.recognise.concrete(node)))
        return tuple(found)
