"""A line of arrays: what one entry is, what acts on it, what comes back, and why a transpose or a sum is there."""

from __future__ import annotations

from collections.abc import Iterator

from symchain.analysis.explaining.batches import batch_letter
from symchain.analysis.explaining.scalars import absent, place_of
from symchain.analysis.explaining.softmaxes import softmax
from symchain.analysis.explaining.words import concrete, equation, named, partial, reaches, say, terms_of
from symchain.deriving.products import carried
from symchain.errors import SymchainError
from symchain.functions.spec import AbstractFunction
from symchain.language.elaborate import Scope, elaborate
from symchain.nouns.computation import Block, Computation
from symchain.nouns.derivation import Factor
from symchain.render.maps import arrays, entries
from symchain.rewriting import simplify
from symchain.rules.local import function_derivative
from symchain.support.dimensions import Shape
from symchain.support.document import Axes, Count, Field, Formula, Members, Say, Spoken
from symchain.support.notation import Phrase, name, operations, walk
from symchain.tensors.indexform import element, entry_of, letters, letters_for, names_in
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Apply, Contraction, Leaf, Number, Operation, Power, Sum, Tree, leaf, postorder, substitute
from symchain.tensors.terms import divides

READABLE = 24
"""An entry of more operations than this is not written out."""
TERMS = 8
"""So many terms of a sum are told one by one."""
FUNCTIONS = 4
"""So many functions on the way are explained."""


class Local:
    """The local derivative of a block by a name, in arrays."""

    def __init__(self, program: Computation, block: Block, by: Leaf, factor: Factor) -> None:
        self.program, self.block, self.by, self.factor = program, block, by, factor
        self.shapes = arrays(program)
        self.out = letters_for(block.shape, letters({*self.shapes, *names_in(block.tree)}))
        self.adjoint = _adjoint(program, block)
        self.batch = batch_letter(program)
        self.back: Tree | None = carried(factor.shown, self.adjoint) if block.shape else None

    def told(self) -> list[Say]:
        special = softmax(self.program, self.block, self.by)
        said = special if special else [*self._terms(), *self._on_the_way()]
        return [*said, *self._total(), *self.going_back()]

    # ------------------------------------------------------------ what the line is

    def _terms(self) -> Iterator[Say]:
        tree = self.block.tree
        moves = reaches(tree, self.by)
        label = self.block.name
        count = sum(p.head == "name" and p.text == self.by.name for p in walk(self.block.phrase))
        if not isinstance(tree, Sum):
            yield from self._entry(None, tree)
        else:
            written = terms_of(self.block)
            fixed = [p for t, p in zip(tree.args, written, strict=True) if t not in moves]
            for k, (term, phrase) in enumerate(zip(tree.args[:TERMS], written, strict=False), 1):
                place = place_of(label, k, phrase)
                if term in moves:
                    yield from self._entry(place, term)
                elif len(fixed) == 1:
                    yield say("absent", place=place, wrt=named(self.by.name))
            if len(fixed) > 1:
                yield absent(fixed, label, self.by.name)
        if count > 1:
            yield say("occurs", wrt=named(self.by.name), count=Count(count), block=named(label))

    def _entry(self, place: Say | None, term: Tree) -> Iterator[Say]:
        """One entry of a term, and what the variable is multiplied by in it."""
        try:
            entry = entry_of(term, self.out, self.shapes)
        except SymchainError:
            return
        if operations(entry) > READABLE:
            return
        others = _coefficients(term, self.by)
        many = "_many" if len(others) > 1 else ""
        factors: dict[str, Field] = {}
        if others:
            factors = {"wrt": named(self.by.name), "coefficient": Members(tuple(map(Formula, others)))}
        if place is None:
            at = element(name(self.block.name), tuple(map(name, self.out)))
            yield say("entry_whole_scale" + many if others else "entry_whole", entry_equation=equation(at, entry), **factors)
            return
        if not self.out:
            yield say("entry_scalar", place=place, entry=Formula(entry))
            return
        index = f"({', '.join(self.out)})" if len(self.out) > 1 else self.out[0]
        used = {p.text for p in walk(entry) if p.head == "name"}
        free = [i for i in self.out if i not in used]
        fields: dict[str, Field] = {"place": place, "index": index, "entry": Formula(entry), **factors}
        if others:
            yield say("entry_scale" + many, **fields)
        elif free:
            yield say("entry_same", free=Members(tuple(map(named, free))), **fields)
        else:
            yield say("entry", **fields)

    # ------------------------------------------------------------ functions and operations that the variable passes through

    def _on_the_way(self) -> list[Say]:
        moves = reaches(self.block.tree, self.by)
        found: list[Say] = []
        for node in postorder(self.block.tree):
            if node in moves and len(found) < FUNCTIONS:
                said = self._function(node) if isinstance(node, Apply) else self._power(node) if isinstance(node, Power) else None
                if isinstance(node, Operation):
                    said = self._operation(node)
                if said is not None:
                    found.append(said)
        return found

    def _function(self, node: Apply) -> Say:
        function = node.function
        spec = function.binding if isinstance(function, AbstractFunction) else function
        moves = reaches(node, self.by)
        k = next(k for k, a in enumerate(node.args) if a in moves)
        slope = function_derivative(node, k)
        block = named(self.block.name)
        if spec is None:
            return say("each_abstract", block=block, function=named(function.name), derivative=Formula(phrase_of(slope)))
        primed = phrase_of(slope) if isinstance(function, AbstractFunction) else None
        own: dict[Tree, Tree] = {node: self.block.leaf} if node is self.block.tree else {}
        shown = phrase_of(concrete(substitute(slope, own)))
        fields: dict[str, Field] = {"block": block, "reason": Spoken(spec.name, "reason"), "equation": equation(primed, shown)}
        if primed is not None:
            fields |= {"function": named(function.name), "noun": Spoken(spec.name, "with_article")}
            return say("each_bound" if node.shape else "each_bound_number", **fields)
        return say("each" if node.shape else "each_number", function=Formula(_printed(node)), **fields)

    def _power(self, node: Power) -> Say | None:
        if not isinstance(node.exponent, Number):
            return None
        fields: dict[str, Field] = {"block": named(self.block.name), "inner": Formula(_printed(node.base))}
        if divides(node):
            return say("each_reciprocal", **fields)
        return say("each_power", exponent=Formula(phrase_of(node.exponent)), **fields)

    def _operation(self, node: Operation) -> Say:
        spec = node.operation
        fields: dict[str, Field] = {
            "block": named(self.block.name), "operation": Formula(_printed(node)), "operand": Formula(_printed(node.args[0])),
            "noun": Spoken(spec.name, "noun"),
        }  # fmt: skip
        return say(f"operation.{spec.name}" if spec.reason else "operation_linear" if spec.linear else "operation", **fields)

    # ------------------------------------------------------------ the derivative

    def _total(self) -> Iterator[Say]:
        symbol = partial(self.block.name, self.by.name)
        if not self.block.shape:
            yield say("total", equation=equation(symbol, self.factor.phrase))
            if self.by.shape:
                fields: dict[str, Field] = {"derivative": Formula(symbol), "shape": Axes(self.by.shape)}
                yield say("shape_gradient", wrt=named(self.by.name), **fields)
            return
        try:
            at, entry = entries(self.block.name, self.by.name, self.factor.tree, self.shapes)
        except SymchainError:
            entry = None
        if entry is None or operations(entry) > READABLE:
            return
        deltas = list(dict.fromkeys(p for p in walk(entry) if p.head == "delta"))
        if not deltas:
            yield say("total", equation=equation(at, entry))
            return
        i, j = deltas[0].parts
        key = "total_delta" if len(deltas) == 1 else "total_deltas"
        yield say(key, equation=equation(at, entry), delta=Formula(deltas[0]), condition=equation(i, j))

    def going_back(self) -> Iterator[Say]:
        """What the variable receives, with the reasons of its sums and transposes."""
        if self.back is None:
            return
        back = phrase_of(self.back)
        shown = Formula(back)
        yield say("back", adjoint=named(self.adjoint.name), block=named(self.block.name), back=shown, wrt=named(self.by.name))
        yield from self._why(back, shown)
        if self.by.shape and back != name(self.adjoint.name):
            yield self._fit(back)

    def _why(self, back: Phrase, shown: Formula) -> Iterator[Say]:
        assert self.back is not None
        at = letters_for(self.by.shape, letters({*self.shapes, *names_in(self.back)}))
        try:
            entry = entry_of(self.back, at, self.shapes)
        except SymchainError:
            return
        if operations(entry) > READABLE:
            return
        for total in (p for p in walk(entry) if p.head == "sum_over"):
            running = [r.parts[0] for r in total.parts[1:]]
            met = {p.parts[0].text: p.parts[1:] for p in walk(total.parts[0]) if p.head == "entry" and p.parts[0].head == "name"}
            own = met.get(self.adjoint.name, ())
            over = [i for i in running if i in own]
            if over:
                yield self._why_sum(entry, total, over, shown, at)
            yield from _transposes(back, total, met, running)
            return  # the first sum is the outermost

    def _why_sum(self, entry: Phrase, total: Phrase, over: list[Phrase], shown: Formula, at: tuple[str, ...]) -> Say:
        listed = Members(tuple(map(Formula, over)))
        mine = Formula(element(name(self.by.name), tuple(map(name, at))))
        fields: dict[str, Field] = {"back": shown, "entry": Formula(entry), "element": mine, "running": listed}
        if not at:
            return say("why_sum_all", **fields)
        index = f"({', '.join(at)})" if len(at) > 1 else at[0]
        axes = {name(i): d for i, d in zip(self._adjoint_indices(total), self.block.shape, strict=False)}
        batch = len(over) == 1 and self.batch is not None and axes.get(over[0]) == self.batch and self.batch not in self.by.shape
        return say("why_sum_batch" if batch else "why_sum", index=index, **fields)

    def _adjoint_indices(self, total: Phrase) -> tuple[str, ...]:
        """At which indices the error term stands in a sum."""
        found = (p for p in walk(total) if p.head == "entry" and p.parts[0].text == self.adjoint.name)
        return tuple(i.text for i in next(found).parts[1:])

    def _fit(self, back: Phrase) -> Say:
        """The shapes agree."""
        wrt = named(self.by.name)
        if back.head == "matmul" and len(back.parts) == 2:
            left, right = (self._shape(p) for p in back.parts)
            if left and right:
                first, second = map(Formula, back.parts)
                fields: dict[str, Field] = {"left_shape": Axes(left), "right_shape": Axes(right), "shape": Axes(self.by.shape)}
                return say("shapes_product", left=first, right=second, back=Formula(back), wrt=wrt, **fields)
        shapes: dict[str, Field] = {"shape": Axes(self.block.shape), "wrt_shape": Axes(self.by.shape)}
        return say("shapes", adjoint=named(self.adjoint.name), block=named(self.block.name), back=Formula(back), wrt=wrt, **shapes)

    def _shape(self, phrase: Phrase) -> Shape | None:
        known: dict[str, Tree] = {v.name: v.leaf for v in self.program.inputs.values()}
        known |= {b.name: b.leaf for b in self.program.blocks.values()}
        known[self.adjoint.name] = self.adjoint
        try:
            return elaborate(phrase, Scope(known, self.program.dimensions, dict(self.program.functions), known=self.program.known)).shape
        except SymchainError:
            return None


def _printed(tree: Tree) -> Phrase:
    """A part of a line, as short as it can be said."""
    return phrase_of(simplify(tree))


def _transposes(back: Phrase, total: Phrase, met: dict[str, tuple[Phrase, ...]], running: list[Phrase]) -> Iterator[Say]:
    """Why a factor of a matrix product is transposed: the index of the sum stands on its other side."""
    for product in (p for p in walk(back) if p.head == "matmul"):
        for k, part in enumerate(product.parts):
            if part.head != "transpose" or part.parts[0].head != "name":
                continue
            at = met.get(part.parts[0].text, ())
            if len(at) != 2:
                continue
            key, index = ("why_left", at[0]) if k == 0 else ("why_right", at[1])
            if index in running and (k == 0 or k == len(product.parts) - 1):
                fields: dict[str, Field] = {"entry": Formula(total), "matrix": Formula(part.parts[0]), "running": Formula(index)}
                yield say(key, transposed=Formula(part), **fields)


def _coefficients(term: Tree, by: Leaf) -> list[Phrase]:
    """The arrays that a product multiplies the variable by, where it is a factor by itself once."""
    if not isinstance(term, Contraction) or sum(a is by for a in term.args) != 1:
        return []
    others = [a for a in term.args if a is not by]
    if any(by in reaches(a, by) and a in reaches(a, by) for a in others):
        return []
    return [phrase_of(a) for a in others if not isinstance(a, Number)]


def _adjoint(program: Computation, block: Block) -> Leaf:
    taken = {*program.inputs, *program.blocks, *program.dimensions, *program.functions}
    symbol = f"delta_{block.name}"
    while symbol in taken:
        symbol += "_"
    return leaf(symbol, block.shape)
