"""Derivatives of arrays as people say them: factors as maps of the error term, shapes under factors, why a transpose or a sum is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from symchain.errors import SymchainError
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import ERROR_TERM, Line
from symchain.render.fold import fold
from symchain.render.names import layer_names, told_apart, typeset
from symchain.support.dimensions import Shape
from symchain.support.document import Axes, Formula, Listing, Math, Say
from symchain.support.notation import Phrase, name, operations, walk
from symchain.tensors.indexform import element, entry_of, letters, letters_for, names_in, partial
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Leaf, Tree, leaf

SIMPLE = 2
"""A sum of more operations than this explains nothing at a glance."""
WHYS = 4
"""Up to so many explanations of transposes and sums."""


def arrays(program: Computation) -> dict[str, Shape]:
    """The shape of every name."""
    return {v.name: v.shape for v in program.inputs.values()} | {b.name: b.shape for b in program.blocks.values()}


class Adjoints:
    """What the derivative of the output by a block is called: the name of its line where it has one, else delta_block.

    For an output that is not a scalar it is written as the symbol dF/du itself.
    """

    def __init__(self, program: Computation, output: str, lines: Iterable[Line], called: str = ERROR_TERM) -> None:
        self.output, self.program, self._called = output, program, called
        self.lead = program.blocks[output].shape
        self._names = {line.of: line.name for line in lines if line.role == "adjoint"} if not self.lead else {}
        self._taken = {*program.inputs, *program.blocks, *program.dimensions, *program.functions, *self._names.values()}

    def of(self, block: str) -> Leaf:
        """The adjoint of a block as a named value."""
        if block not in self._names:
            fresh = self._called.format(block) if not self.lead else f"?{block}"
            while fresh in self._taken:
                fresh += "_"
            self._taken.add(fresh)
            self._names[block] = fresh
        return leaf(self._names[block], self.lead + self.program.blocks[block].shape)

    def ranks(self) -> Mapping[str, int]:
        """How many axes the adjoints named so far have."""
        return {n: len(self.of(b).shape) for b, n in self._names.items()}

    def blocks(self) -> Mapping[str, str]:
        """The block that each adjoint named so far belongs to."""
        return {n: b for b, n in self._names.items()}

    def written(self, phrase: Phrase) -> Phrase:
        """The phrase with adjoints that have no name of their own as symbols dF/du, entry by entry where they are entries."""
        if not self.lead:
            return phrase
        blocks = self.blocks()
        rank = len(self.lead)

        def visit(p: Phrase, parts: Sequence[Phrase], keywords: dict[str, Phrase]) -> Phrase:
            if p.head == "name" and p.text in blocks:
                return Phrase("partial", (name(self.output), name(blocks[p.text])))
            if p.head == "entry" and p.parts[0].head == "name" and p.parts[0].text in blocks:
                at = parts[1:]
                return Phrase("partial", (element(name(self.output), at[:rank]), element(name(blocks[p.parts[0].text]), at[rank:])))
            return Phrase(p.head, tuple(parts), p.text, tuple(keywords.items()), p.primes)

        return fold(phrase, visit)


def renamed(adjoints: Adjoints) -> dict[str, str]:
    r"""How error terms are set: \delta_1 in a network written layer by layer, \Delta for those of matrices."""
    named, program = adjoints.blocks(), adjoints.program
    names = [*program.inputs, *program.blocks, *program.dimensions, *program.functions, *named]
    if adjoints.lead or not named:
        return told_apart(names, {})
    layers = {n: text for n, text in layer_names(list(program.blocks)).items() if n in named}
    found = {n: rf"\Delta_{{{typeset(b)}}}" for n, b in named.items() if len(program.blocks[b].shape) == 2}
    return told_apart(names, {**found, **layers})


def entries(output: str, by: str, tree: Tree, shapes: Mapping[str, Shape]) -> tuple[Phrase, Phrase]:
    """One entry of a Jacobian: its symbol, and its formula."""
    source = letters({*shapes, *names_in(tree)})
    out, into = letters_for(shapes[output], source), letters_for(shapes[by], source)
    symbol = partial(name(output), tuple(map(name, out)), name(by), tuple(map(name, into)))
    return symbol, entry_of(tree, (*out, *into), shapes)


def is_plain(phrase: Phrase) -> bool:
    """Whether a formula can be read as matrix notation: no einsum, no axes made for broadcasting."""
    return not any(p.head == "none" or (p.head == "call" and p.text == "einsum") for p in walk(phrase))


def how(phrase: Phrase, adjoint: str) -> Say | None:
    """What a map does to the adjoint, in words."""
    here = name(adjoint)
    if phrase == here:
        return Say("map.same")
    if phrase.head == "matmul" and here in phrase.parts:
        others = [p for p in phrase.parts if p != here]
        if len(others) == 1:
            key = "map.left" if phrase.parts[-1] == here else "map.right"
            return Say(key, {"matrix": Formula(others[0])})
    if phrase.head == "call" and phrase.text == "outer" and here in phrase.parts:
        return Say("map.outer")
    if phrase.head == "call" and phrase.text in ("sum", "mean") and phrase.parts == (here,):
        axis = dict(phrase.keywords).get("axis")
        return Say("map.sum" if axis is None else {"0": "map.rows", "1": "map.columns"}.get(axis.text, "map.axis"))
    if phrase.head == "mul" and here in phrase.parts:
        return Say("map.entries")
    return None


# ---------------------------------------------------------------- why


def shown_trees(line: Line) -> list[Tree]:
    """The line in the program's own function names where a derivative of them stands, then with those replaced."""
    primed = line.general is not None and any(p.primes for p in walk(line.general_phrase))
    return [line.general, line.tree] if primed and line.general is not None else [line.tree]


def whys(lines: Sequence[Line], taken: Iterable[str]) -> tuple[Say, ...]:
    """Why each transposed matrix and each sum stands in the lines: the entry shows over which index the sum runs."""
    found: dict[str, Say] = {}
    for line in lines:
        if not 1 <= len(line.shape) <= 2:
            continue
        source = letters({*taken, line.name})
        tree = shown_trees(line)[0]
        at = letters_for(line.shape, source)
        try:
            entry = entry_of(tree, at, taken)
        except SymchainError:
            continue
        for key, said in _reasons(phrase_of(tree), entry, line):
            found.setdefault(key, said)
    return tuple(found.values())[:WHYS]


def _reasons(phrase: Phrase, entry: Phrase, line: Line) -> Iterator[tuple[str, Say]]:
    for total in (p for p in walk(entry) if p.head == "sum_over"):
        running = [r.parts[0] for r in total.parts[1:]]
        if operations(total.parts[0]) > SIMPLE:
            continue
        entries = {p.parts[0].text: p.parts[1:] for p in walk(total.parts[0]) if p.head == "entry" and p.parts[0].head == "name"}
        if len(entries) == 1 and len(running) == 1 and line.role == "derivative" and total.parts[0].head == "entry":
            yield f"sum {line.of}", Say("why.sum", {"entry": Formula(total), "input": Formula(name(line.of)), "index": Formula(running[0])})
        for product in (p for p in walk(phrase) if p.head == "matmul"):
            for k, p in enumerate(product.parts):
                if p.head != "transpose" or p.parts[0].head != "name" or p.parts[0].text not in entries:
                    continue
                at = entries[p.parts[0].text]
                if len(at) != 2:
                    continue
                fields: dict[str, Math | Listing | Say | str]
                fields = {"entry": Formula(total), "matrix": Formula(p.parts[0]), "transposed": Formula(p)}
                if k == 0 and at[0] in running:
                    yield f"left {p.parts[0].text}", Say("why.left", {**fields, "index": Formula(at[0])})
                elif k == len(product.parts) - 1 and at[1] in running:
                    yield f"right {p.parts[0].text}", Say("why.right", {**fields, "index": Formula(at[1])})


def gradient_shapes(shapes: Sequence[tuple[Math, Shape]]) -> Listing:
    """dC/dW (m, n), dC/db (m,)."""
    return Listing(tuple(Say("shape.each", {"derivative": m, "shape": Axes(s)}) for m, s in shapes))
