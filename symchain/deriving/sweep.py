"""The chain rule on a program: adjoints, factors, paths.

One backward sweep gives the adjoint of every block between the output and the names asked for: what its users send back through
their local rules. The work is linear in the graph; paths are counted by dynamic programming and listed up to a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import islice
from typing import NamedTuple

from symchain.deriving.closed_forms import as_it_stands, closed_form, without_ones
from symchain.deriving.entries import by_entries
from symchain.deriving.recognition import Recogniser
from symchain.deriving.subexpressions import with_common_lines
from symchain.deriving.zeros import paths_to_nothing
from symchain.errors import VerificationError
from symchain.functions.spec import AbstractFunction
from symchain.language.elaborate import Scope
from symchain.nouns.computation import Block, Computation, ancestors, dependents
from symchain.nouns.derivation import Derivation, Derivations, Factor, Line, Path, Step
from symchain.rewriting import is_large, price_of, reduced
from symchain.rules.binding import bind
from symchain.rules.forward import Differentiation, headline, shaped_headline
from symchain.rules.reverse import pullback
from symchain.support.dimensions import Shape
from symchain.tensors.equalities import substitute_around
from symchain.tensors.facts import freed
from symchain.tensors.nodes import (
    ONE,
    SHAPED,
    Apply,
    Contraction,
    Leaf,
    Number,
    Power,
    Tree,
    add,
    contract,
    identity,
    leaf,
    leaves,
    multiply_scalars,
    postorder,
    scalar_factors,
    substitute,
    zeros,
)
from symchain.tensors.terms import is_zero

PATHS_LISTED = 64
PATHS_WRITTEN = 4
FACTORS_WRITTEN = 32
"""Up to so many paths, and factors on them, the sum of their products is written out."""
_INLINE_COST = 12
"""An adjoint that is used once is written into its user up to this price."""
_LED_COST = 60
"""The derivative of an output with a shape is written whole up to this price: identities in it cancel on the way."""
_CARRIED_SIZE = 400
"""Products between arrays are written out up to so many nodes."""


class Local(NamedTuple):
    """A local derivative as the sweep works with it: as the rules gave it (where scalar), in normal form, and with known functions."""

    raw: Tree | None
    general: Tree
    tree: Tree
    rule: str
    steps: tuple[Step, ...]


class Sweep:
    """The adjoints of one output towards some names, and everything a Derivation is made of."""

    def __init__(self, program: Computation, output: str, targets: Sequence[str], protected: str = "") -> None:
        self.program, self.output, self.targets = program, output, tuple(dict.fromkeys(targets))
        self.output_shape = program.blocks[output].shape
        self.lead = len(self.output_shape)
        above = ancestors(program, output)
        below = dependents(program, *self.targets)
        self.relevant = above & below
        self.order = [b for b in program.blocks.values() if b.name in self.relevant]
        self.taken = {*program.inputs, *program.blocks, *program.dimensions, *program.functions, protected}
        self.lines: dict[Leaf, Line] = {}
        self.results: dict[str, Line] = {}
        self._factors: dict[tuple[str, str], Factor] = {}
        self._locals: dict[tuple[str, str], Local] = {}
        self._received: dict[str, list[tuple[Block, Tree]]] = {}
        self._short: dict[str, Tree] = {}
        self._bound = any(bind(b.tree) is not b.tree for b in self.order)
        self.recognise = Recogniser(program)
        self._sweep()

    # ------------------------------------------------------------ names

    def leaf_of(self, name: str) -> Leaf:
        return self.program.inputs[name].leaf if name in self.program.inputs else self.program.blocks[name].leaf

    def shape_of(self, name: str) -> Shape:
        return self.leaf_of(name).shape

    def reads(self, block: Block) -> list[str]:
        """The names a block reads through which a target can be reached."""
        for found in leaves(block.tree):  # a name with other facts would be another node, and its derivative a silent zero
            if found is not self.leaf_of(found.name):
                raise VerificationError(f"{block.name} reads a {found.name} that is not the program's", advice="Please report this.")
        return [r for r in block.reads if r in self.relevant]

    def fresh(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    # ------------------------------------------------------------ the sweep

    def _sweep(self) -> None:
        arriving: dict[str, list[tuple[Tree, Tree]]] = {self.output: [(seed(self.output_shape),) * 2]}
        activated = {r for b in self.order for r in _activation_arguments(b)}
        targets = set(self.targets)
        for block in reversed(self.order):
            name = block.name
            if name not in arriving:
                continue
            general, concrete = self._total(arriving.pop(name))
            if name in targets:
                self._finish(name, general, concrete)
            reads = self.reads(block)
            if not reads:
                continue
            if self._deserves_name(concrete, len(reads), name in activated):
                general = concrete = self._name(name, general, concrete)
            for read, sent in self._send(block, reads, general, concrete).items():
                arriving.setdefault(read, []).append(sent)
                self._received.setdefault(read, []).append((block, general))
        for name in self.targets:
            if name not in self.results:
                general, concrete = self._total(arriving[name]) if name in arriving else (self._zero(name),) * 2
                self._finish(name, general, concrete)

    def _total(self, terms: list[tuple[Tree, Tree]]) -> tuple[Tree, Tree]:
        """What the users of a block send back, added in the order of the program."""
        if len(terms) == 1:
            return terms[0]
        terms = terms[::-1]
        concrete = reduced(add([c for _, c in terms]))
        same = all(g is c for g, c in terms)
        return (concrete if same else reduced(add([g for g, _ in terms]))), concrete

    def _zero(self, name: str) -> Tree:
        return zeros(self.output_shape + self.shape_of(name))

    def _deserves_name(self, adjoint: Tree, uses: int, activated: bool) -> bool:
        if uses == 1 and not activated and isinstance(adjoint, Leaf):
            return False
        if not self.lead and (uses > 1 or activated) and isinstance(adjoint, Contraction) and len(adjoint.args) > 2:
            return True  # a product has a price
        price = price_of(adjoint)
        if self.lead:
            return uses > 1 and price > _LED_COST
        return price > _INLINE_COST or (price > 0 and (uses > 1 or activated))

    def _name(self, block: str, general: Tree, concrete: Tree) -> Leaf:
        name = self.fresh(f"delta_{block}" if not self.lead else f"d{self.output}_d{block}")
        symbol = leaf(name, concrete.shape)
        self.lines[symbol] = self._line(name, "adjoint", block, general, concrete)
        return symbol

    def _line(self, name: str, role: str, of: str, general: Tree, concrete: Tree) -> Line:
        shown = self.written(concrete)
        other = None if general is concrete else self.written(general)
        return Line(name, shown, role, of, concrete.shape, other, arrived=partial(self.arrived, of))

    def arrived(self, name: str) -> Tree | None:
        """What the users of a name send back, carried through their blocks as they stand; None where that is long, or nothing."""
        received = self._received.get(name, [])
        if self.lead or not received or sum(block.tree.size + adjoint.size for block, adjoint in received) > _CARRIED_SIZE:
            return None
        target = self.leaf_of(name)
        whole = add([pullback(block.tree, adjoint, 0, [target], as_it_stands)[target] for block, adjoint in received[::-1]])
        return self._by_entries(name, whole, as_it_stands)

    def _by_entries(self, name: str, tree: Tree, settle: Callable[[Tree], Tree] = reduced) -> Tree:
        """The derivative by a name, by the entries that may move where the name is an input with such a fact."""
        return by_entries(tree, self.lead, self.program.inputs[name].facts, settle) if name in self.program.inputs else tree

    def written(self, tree: Tree) -> Tree:
        """The tree with the program's own writing where that is shorter than the normal form: (a*b)**2, not a**2*b**2."""
        return substitute_around(tree, self._shorter) if self._shorter else tree

    @cached_property
    def _shorter(self) -> dict[Tree, Tree]:
        found: dict[Tree, Tree] = {}
        for node in postorder(*(b.tree for b in self.order if b.tree.kinds & Power.bit and not is_large(b.tree))):
            if node.args and (form := reduced(node)) is not node and price_of(node) < price_of(form):
                found[form] = node
        return found

    def _send(self, block: Block, reads: list[str], general: Tree, concrete: Tree) -> dict[str, tuple[Tree, Tree]]:
        """The adjoint of a block, carried through its local derivatives to the names it reads."""
        if not self.lead and not block.tree.kinds & SHAPED:
            sent = {}
            known = Differentiation(block.tree)
            for read in reads:
                local = self.local(block, self.leaf_of(read), known)
                g = reduced(multiply_scalars([general, *scalar_factors(local.general)]))
                same = general is concrete and local.general is local.tree
                whole = g if same else reduced(multiply_scalars([concrete, *scalar_factors(local.tree)]))
                sent[read] = (g, whole if isinstance(concrete, (Leaf, Number)) else self.recognise(whole))
            return sent
        wanted = {self.leaf_of(r): r for r in reads}
        carried = pullback(block.tree, general, self.lead, wanted, reduced)
        bound = carried if general is concrete else pullback(block.tree, concrete, self.lead, wanted, reduced)
        found = {name: self.concrete(bound[name]) for name in wanted}
        short = self.short(block)
        if short is not block.tree:
            other = pullback(short, concrete, self.lead, wanted, reduced)
            found = {name: min(found[name], self.concrete(other[name]), key=price_of) for name in wanted}
        own = {name for name in wanted if self._bound and bind(carried[name]) is not carried[name]}
        return {read: (carried[name] if name in own else found[name], found[name]) for name, read in wanted.items()}

    def short(self, block: Block) -> Tree:
        """The block's right-hand side simplified, where that says it in fewer words: log(1 + exp(x)) is softplus(x).

        It is differentiated, so facts that are equations between the entries of what moves are not used: D - D.T is 0, its slope is not.
        """
        if block.name not in self._short:
            self._short[block.name] = block.tree
            if not is_large(block.tree):
                free = {own: freed(own) for own in map(self.leaf_of, self.reads(block)) if own.facts}
                tree = bind(block.tree) if self._bound else block.tree
                tree = substitute(reduced(substitute(tree, free)), {other: own for own, other in free.items()}) if free else reduced(tree)
                if tree is not block.tree and price_of(tree) < price_of(block.tree):
                    self._short[block.name] = tree
        return self._short[block.name]

    def _finish(self, name: str, general: Tree, concrete: Tree) -> None:
        same = general is concrete
        concrete = self._by_entries(name, concrete)
        general = concrete if same else self._by_entries(name, general)
        last = self.recognise.unfold(concrete)
        general, concrete = (last if general is concrete else general), last
        symbol = self.fresh(f"d{self.output}_d{name}")
        self.results[name] = self._line(symbol, "derivative", name, general, concrete)

    # ------------------------------------------------------------ from general to concrete

    def concrete(self, tree: Tree) -> Tree:
        """Bound function names replaced, blocks recognised, simplified."""
        bound = bind(tree) if self._bound else tree
        return self.recognise(tree if bound is tree else reduced(bound))

    # ------------------------------------------------------------ factors and paths

    def factor(self, output: str, input: str) -> Factor:
        """The local derivative of a block by a name it reads, as it is shown."""
        key = (output, input)
        if key not in self._factors:
            block, by = self.program.blocks[output], self.leaf_of(input)
            local = self.local(block, by)
            general, tree = self._shown(local.general, local.raw), local.tree
            tree = general if tree is local.general else self._shown(tree, None)
            raw: Tree | None = local.raw
            if raw is not None and (raw is general or (isinstance(raw, Contraction) and without_ones(raw) is general)):
                raw = None  # nothing but a factor 1 was taken away
            self._factors[key] = Factor(
                output, input, tree, general, local.rule, block.shape + by.shape, local.steps, raw, self.program.symbols
            )  # fmt: skip
        return self._factors[key]

    def _shown(self, form: Tree, raw: Tree | None) -> Tree:
        """A local derivative as it is printed: its normal form, unless what the rules gave is shorter."""
        form = self.written(form)
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
        tree = self.concrete(general)
        short = self.short(block)
        if short is not block.tree:
            other = self.concrete(reduced(pullback(short, seed(block.shape), len(block.shape), [by], reduced)[by]))
            if price_of(other) < price_of(tree):
                tree = other
                general = other if bind(general) is general else general
        return Local(raw, general, tree, rule, steps)

    def reaching(self, target: str) -> set[str]:
        return (ancestors(self.program, self.output) & dependents(self.program, target)) if target in self.relevant else set()

    def path_count(self, target: str) -> int:
        """The number of paths from the output to a name, exactly."""
        reaching = self.reaching(target)
        counts = {target: 1}
        for block in self.order:
            if block.name in reaching and block.name != target:
                counts[block.name] = sum(counts.get(r, 0) for r in block.reads)
        return counts.get(self.output, 0)

    def paths(self, target: str) -> Iterator[Path]:
        """The paths, output first, in the order in which blocks read their names."""
        reaching = self.reaching(target)
        if self.output not in reaching:
            return
        stack: list[tuple[str, tuple[str, ...]]] = [(self.output, (self.output,))]
        while stack:
            name, names = stack.pop()
            if name == target:
                yield Path(tuple(self.factor(a, b) for a, b in zip(names, names[1:], strict=False)))
                continue
            stack.extend((r, (*names, r)) for r in reversed(self.program.blocks[name].reads) if r in reaching)

    # ------------------------------------------------------------ derivations

    def derivation(self, target: str) -> Derivation:
        result = self.results[target]
        lines = self._lines_below(result.tree)
        count = self.path_count(target)
        paths = tuple(islice(self.paths(target), PATHS_LISTED))
        product = self._product(target, paths) if count == len(paths) else None
        formula, general = closed_form(result, lines, product, self.recognise.at, self.written)
        lines_price = price_of(result.tree) + sum(price_of(line.tree) for line in lines)
        if formula is not result.tree and (not lines or price_of(formula) + 1 < lines_price):
            result = replace(result, tree=formula, general=general if general is not formula else None, arrived=None)
            lines = ()
        *before, result = with_common_lines(self._told([*lines, result]), self._scope(), self._fresh_here())
        lines = tuple(before)
        general = formula if self._reads_more(general, lines) else general
        reason = "unrelated" if target not in self.relevant else ""
        if not reason and is_zero(formula):
            vanishes = lambda block, read: is_zero(self.local(block, self.leaf_of(read)).tree)  # noqa: E731
            reason = paths_to_nothing(self.order, self.output, target, self.reads, vanishes)
        return Derivation(
            self.program, self.output, target, 1, result.shape, _Factors(self, target), count, paths, lines, result, formula, general,
            product, self._substitutions(general), reason,
        )  # fmt: skip

    def _product(self, target: str, paths: Sequence[Path]) -> Tree | None:
        """The sum over the paths of the products of their factors, as they stand; None where it is long.

        Between arrays a factor is a map, and the product is what the maps make of the output's derivative by itself.
        """
        if not paths or len(paths) > PATHS_WRITTEN or sum(len(p.factors) for p in paths) > FACTORS_WRITTEN:
            return None
        if not any(f.shape for p in paths for f in p.factors):
            return add([multiply_scalars([f.shown for f in p.factors if f.shown is not ONE]) for p in paths])
        if self.lead:
            return None
        arriving: dict[str, list[Tree]] = {self.output: [ONE]}
        reaching = self.reaching(target)
        for block in reversed(self.order):
            if block.name in arriving and block.name in reaching and block.name != target:
                wanted = {self.leaf_of(r): r for r in self.reads(block) if r in reaching}
                sent = pullback(block.tree, add(arriving.pop(block.name)[::-1]), 0, wanted, as_it_stands)
                for own, read in wanted.items():
                    arriving.setdefault(read, []).append(sent[own])
                if sum(t.size for t in sent.values()) > _CARRIED_SIZE:
                    return None
        return self._by_entries(target, add(arriving[target][::-1]), as_it_stands)

    def derivations(self) -> Derivations:
        shared = {line.name for line in self._lines_below(*(self.results[t].tree for t in self.targets))}
        ordered = tuple(line for line in self.lines.values() if line.name in shared)
        results = tuple(self.results[t] for t in self.targets)
        every = with_common_lines(self._told([*ordered, *results]), self._scope(), self._fresh_here())
        derived = {line.name for line in results}
        ordered = tuple(line for line in every if line.name not in derived)
        results = tuple(line for line in every if line.name in derived)
        return Derivations(self.program, self.output, _Members(self), ordered, results)

    def _scope(self) -> Scope:
        """The names that the lines of this sweep may read."""
        names: dict[str, Tree] = {n: v.leaf for n, v in self.program.inputs.items()}
        names |= {n: b.leaf for n, b in self.program.blocks.items()}
        names |= {line.name: symbol for symbol, line in self.lines.items()}
        return Scope(names, self.program.dimensions, self.program.functions, known=self.program.known)

    def _fresh_here(self) -> Callable[[str], str]:
        """Names t1, t2, ... for one set of lines."""
        taken = set(self.taken)

        def fresh(first: str) -> str:
            stem, number = first.rstrip("0123456789"), 1
            while f"{stem}{number}" in taken:
                number += 1
            taken.add(f"{stem}{number}")
            return f"{stem}{number}"

        return fresh

    def _lines_below(self, *trees: Tree) -> tuple[Line, ...]:
        """The named adjoints that trees read, directly or not, in the order of the sweep."""
        needed: set[Leaf] = set()
        pending = list(trees)
        while pending:
            for symbol in leaves(pending.pop()):
                if symbol in self.lines and symbol not in needed:
                    needed.add(symbol)
                    pending.append(self.lines[symbol].tree)
        return tuple(line for symbol, line in self.lines.items() if symbol in needed)

    def _reads_more(self, tree: Tree, lines: Sequence[Line]) -> bool:
        """Whether a tree reads an adjoint that none of the lines defines: in known functions, it fell out."""
        names = {line.name for line in lines}
        return any(symbol in self.lines and symbol.name not in names for symbol in leaves(tree))

    def _told(self, lines: list[Line]) -> list[Line]:
        """Lines without those general forms that read more than the lines."""
        return [replace(k, general=None) if k.general is not None and self._reads_more(k.general, lines) else k for k in lines]

    def _substitutions(self, general: Tree) -> tuple[tuple[Tree, Tree], ...]:
        found = []
        for node in postorder(general):
            if isinstance(node, Apply) and isinstance(node.function, AbstractFunction) and node.function.binding and sum(node.orders):
                found.append((node, self.concrete(node)))
        return tuple(found)


class _Factors(Mapping[str, Factor]):
    """The factors between an output and a name, "da2/dz2" -> Factor, made when first asked for."""

    def __init__(self, sweep: Sweep, target: str) -> None:
        reaching = sweep.reaching(target)
        self._sweep = sweep
        self._keys: dict[str, tuple[str, str]] = {}
        for block in reversed(sweep.order):
            if block.name in reaching and block.name != target:
                for read in block.reads:
                    if read in reaching:
                        self._keys[f"d{block.name}/d{read}"] = (block.name, read)

    def __getitem__(self, name: str) -> Factor:
        return self._sweep.factor(*self._keys[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class _Members(Mapping[str, Derivation]):
    """The derivations of one sweep, made when first asked for."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._made: dict[str, Derivation] = {}

    def __getitem__(self, name: str) -> Derivation:
        if name not in self._made:
            if name not in self._sweep.results:
                raise KeyError(name)
            self._made[name] = self._sweep.derivation(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sweep.targets)

    def __len__(self) -> int:
        return len(self._sweep.targets)


def seed(shape: Shape) -> Tree:
    """The derivative of a value by itself: 1, or the identity with the axes of the value twice."""
    if not shape:
        return ONE
    rows = [("row", k) for k in range(len(shape))]
    columns = [("column", k) for k in range(len(shape))]
    return contract([identity(d) for d in shape], list(zip(rows, columns, strict=True)), [*rows, *columns])


def _activation_arguments(block: Block) -> list[str]:
    """The names that enter the block as the argument of an activation."""
    tree = block.tree
    if isinstance(tree, Apply) and (isinstance(tree.function, AbstractFunction) or tree.function.activation):
        return [a.name for a in tree.args if isinstance(a, Leaf)]
    return []
