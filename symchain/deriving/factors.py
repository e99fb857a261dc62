"""Factors of the chain rule: the local derivative of each block by each name it reads, as the sweep needs it and as it is shown."""

from __future__ import annotations

from typing import NamedTuple

from symchain.deriving.closed_forms import without_ones
from symchain.deriving.display import Display
from symchain.deriving.recognition import Recogniser
from symchain.deriving.route import Route
from symchain.nouns.computation import Block
from symchain.nouns.derivation import Factor, Step
from symchain.rewriting import is_large, price_of, reduced
from symchain.rules.binding import bind
from symchain.rules.forward import Differentiation, headline, shaped_headline
from symchain.rules.reverse import pullback, seed
from symchain.tensors.facts import freed
from symchain.tensors.nodes import SHAPED, Apply, Contraction, Leaf, Tree, substitute


class Local(NamedTuple):
    """A local derivative as the sweep works with it: as the rules gave it (where scalar), in normal form, and with known functions."""

    raw: Tree | None
    general: Tree
    tree: Tree
    rule: str
    steps: tuple[Step, ...]


class Factors:
    """The local derivatives of the blocks of one program, each found once."""

    def __init__(self, route: Route, recognise: Recogniser, display: Display) -> None:
        self.route, self.recognise, self.display = route, recognise, display
        self._shown: dict[tuple[str, str], Factor] = {}
        self._locals: dict[tuple[str, str], Local] = {}
        self._short: dict[str, Tree] = {}

    def factor(self, output: str, input: str) -> Factor:
        """The local derivative of a block by a name it reads, as it is shown."""
        key = (output, input)
        if key not in self._shown:
            program = self.route.program
            block, by = program.blocks[output], program.leaves[input]
            local = self.local(block, by)
            general, tree = self._form(local.general, local.raw), local.tree
            tree = general if tree is local.general else self._form(tree, None)
            raw: Tree | None = local.raw
            if raw is not None and (raw is general or (isinstance(raw, Contraction) and without_ones(raw) is general)):
                raw = None  # nothing but a factor 1 was taken away
            self._shown[key] = Factor(output, input, tree, general, local.rule, block.shape + by.shape, local.steps, raw, program.symbols)
        return self._shown[key]

    def _form(self, form: Tree, raw: Tree | None) -> Tree:
        """A local derivative as it is printed: its normal form, unless what the rules gave is shorter."""
        form = self.display.written(form)
        plain = form if raw is None else without_ones(raw)
        return plain if plain is not form and price_of(plain) < price_of(form) else form

    def local(self, block: Block, by: Leaf, known: Differentiation | None = None) -> Local:
        """The derivative of a block by a name it reads; `known` is what other names have shown of the block's nodes."""
        key = (block.name, by.name)
        if key not in self._locals:
            self._locals[key] = self._derived(block, by, known)
        return self._locals[key]

    def _derived(self, block: Block, by: Leaf, known: Differentiation | None) -> Local:
        raw: Tree | None = None
        if not block.tree.kinds & SHAPED:
            step = (known or Differentiation(block.tree)).by(by)
            own = {block.tree: block.leaf} if isinstance(block.tree, Apply) else {}
            raw = substitute(step.result, own)  # tanh'(z) is 1 - a**2, in the block's own name
            general = reduced(raw)
            rule, steps = headline(step).rule, (step,)
        else:
            general = pullback(block.tree, seed(block.shape), len(block.shape), [by], reduced)[by]
            rule = shaped_headline(block.tree, by)
            steps = (Step(rule, block.tree, by.name, general),)
        tree = self.recognise.concrete(general)
        short = self.short(block)
        if short is not block.tree:
            other = self.recognise.concrete(reduced(pullback(short, seed(block.shape), len(block.shape), [by], reduced)[by]))
            if price_of(other) < price_of(tree):
                tree = other
                general = other if bind(general) is general else general
        return Local(raw, general, tree, rule, steps)

    def short(self, block: Block) -> Tree:
        """The block's right-hand side simplified, where that says it in fewer words: log(1 + exp(x)) is softplus(x).

        It is differentiated, so facts that are equations between the entries of what moves are not used: D - D.T is 0, its slope is not.
        """
        if block.name not in self._short:
            self._short[block.name] = block.tree
            if not is_large(block.tree):
                moving = [self.route.program.leaves[r] for r in self.route.reads(block)]
                free: dict[Tree, Tree] = {own: freed(own) for own in moving if own.facts}
                tree = bind(block.tree) if self.recognise.binds else block.tree
                tree = substitute(reduced(substitute(tree, free)), {other: own for own, other in free.items()}) if free else reduced(tree)
                if tree is not block.tree and price_of(tree) < price_of(block.tree):
                    self._short[block.name] = tree
        return self._short[block.name]
