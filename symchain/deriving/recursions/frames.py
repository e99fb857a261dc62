"""Frames: trees about one step, moved to another; sums over an index as names; and how all of it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from symchain.deriving.recursions.pieces import Order
from symchain.language.members import phrase_of_linear
from symchain.nouns.families import PROD, SUM, Clause, Read, Recurrence, member
from symchain.rewriting import reduced
from symchain.support.dimensions import Shape, letters
from symchain.support.linear import Linear
from symchain.support.notation import Phrase, call, name, rewritten
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.moving import moved, renamed_shape
from symchain.tensors.nodes import (
    Contraction,
    Leaf,
    Sum,
    Tree,
    add,
    keeping,
    leaf,
    leaves,
    multiply_scalars,
    postorder,
    scale,
    size,
    substitute,
)
from symchain.tensors.nodes import number as literal

_LENGTHS = 12
"""Up to this the shortest lengths are looked for."""


def _letters(clause: Clause) -> set[str]:
    """The letters of bounds in a line."""
    forms = [clause.low, clause.high, clause.index, *(r.index for r in clause.reads.values())]
    return {n for f in forms if f is not None for n in f.letters if n != clause.var}


@dataclass(frozen=True)
class Total:
    """A sum over an index, which stands in trees as a name."""

    body: Tree
    var: str
    low: Linear
    high: Linear


class Frames:
    """What names of one recurrence say about members, and the sums over an index that derivatives hold."""

    def __init__(self, recurrence: Recurrence, dims: Iterable[str]) -> None:
        self.recurrence = recurrence
        self.dims = set(dims)
        self.sizes = dict(recurrence.sizes)
        self.reads: dict[str, Read] = {}
        for clause in recurrence.clauses:
            self.reads.update(clause.reads)
            if clause.index is not None:
                self.reads[clause.target] = Read(clause.name, clause.index)
        self.order = Order((c.low, c.high) for c in recurrence.clauses if c.low is not None and c.high is not None)
        self.spread: dict[str, tuple[Linear, Linear]] = {}
        """Families that hold a share of others: for which members they are defined."""
        self.seeds: dict[str, tuple[Linear, Tree]] = {}
        """Of an adjoint whose recursion starts one member later, with that of a line after it: which member, and what it is."""
        self.totals: dict[str, Total] = {}
        self.hidden = {c.name: c for c in recurrence.clauses if c.kind in (SUM, PROD)}
        """The sums and products over an index that the program itself holds."""
        self.taken = {*recurrence.letters, *recurrence.dimensions, *recurrence.families, *recurrence.lengths}

    @cached_property
    def shortest(self) -> dict[str, int]:
        """The smallest lengths from 1 at which the program reads nothing that is not there."""
        letters = {n: self.order.key(Linear.letter(n))[0] for c in self.recurrence.clauses for n in _letters(c)}
        for value in range(1, _LENGTHS):
            lengths = {n: value + max(rank, 1) - 1 for n, rank in letters.items()}
            if all(self._reads_known(c, lengths) for c in self.recurrence.clauses):
                return lengths
        return dict.fromkeys(letters, 1)

    def _reads_known(self, clause: Clause, lengths: dict[str, int]) -> bool:
        steps: list[dict[str, int]] = [{}]
        if clause.low is not None and clause.high is not None:
            a, b = clause.low.value(lengths), clause.high.value(lengths)
            steps = [{clause.var: k} for k in sorted({a, b, min(a + 1, b)}) if a <= k <= b]
        return all(self.known(r, {**lengths, **at}) for at in steps for r in clause.reads.values())

    def known(self, read: Read, numbers: dict[str, int]) -> bool:
        """Whether a member is there at some lengths: lines define it, or it is that of an input."""
        family = self.recurrence.families.get(read.family)
        if family is None or family.given:
            return True
        at = read.index.value(numbers)
        return family.low.value(numbers) <= at <= family.high.value(numbers) or at in {s.value(numbers) for s in family.starts}

    # ------------------------------------------------------------ members

    def member(self, family: str, index: Linear, shape: Shape, facts: frozenset[str] = frozenset()) -> Leaf:
        """The name of a member in trees."""
        text = member(family, index)
        self.reads[text] = Read(family, index)
        return leaf(text, shape, facts)

    def depends(self, tree: Tree, var: str) -> bool:
        """Whether a tree is another one at another index."""
        for node in postorder(tree):
            if isinstance(node, Leaf):
                read = self.reads.get(node.name)
                if node.name == var or (read is not None and read.index.slope(var)):
                    return True
            if any(self.sizes[d][1].slope(var) for d in letters(node.shape) if d in self.sizes):
                return True
        return any(self.sizes[n.data[0]][1].slope(var) for n in postorder(tree) if type(n).__name__ == "Size" and n.data[0] in self.sizes)

    def at(self, tree: Tree, var: str, index: Linear) -> Tree:
        """The tree with another index in place of `var`."""
        if index == Linear.letter(var):
            return tree
        to = {var: index}

        def letter(d: str) -> str:
            if d not in self.sizes or not self.sizes[d][1].slope(var):
                return d
            own, form = self.sizes[d]
            other = f"{own}_at_{form.at(to).code}"
            self.sizes[other] = own, form.at(to)
            return other

        def put(node: Leaf) -> Tree | None:
            if node.name == var:
                return self.number(index)
            read = self.reads.get(node.name)
            if read is None or not read.index.slope(var):
                return None
            return self.member(read.family, read.index.at(to), renamed_shape(node.shape, letter), node.facts)

        return moved(tree, put, letter)

    def shape_at(self, shape: Shape, var: str, index: Linear) -> Shape:
        return self.at(leaf("?", shape), var, index).shape if shape else shape

    def number(self, form: Linear) -> Tree:
        """An index as a number."""
        terms = [scale(c, size(n) if n in self.dims else leaf(n)) for n, c in form.terms]
        if form.constant or not terms:
            terms.append(literal(form.constant))
        return add(terms)

    # ------------------------------------------------------------ sums over an index

    def total(self, tree: Tree, var: str, low: Linear, high: Linear) -> Tree:
        """The sum of a tree over a range: factors that do not depend on the index stand before it."""
        outside: list[Tree] = []
        if isinstance(tree, Contraction):
            places = []
            for k, (factor, indices) in enumerate(zip(tree.args, tree.subscripts, strict=True)):
                if not indices and not self.depends(factor, var):
                    outside.append(factor)
                else:
                    places.append(k)
            if places and outside:
                tree = keeping(tree, places)
            else:
                outside = []
        for text, known in self.totals.items():
            if (known.low, known.high) == (low, high) and self.at(known.body, known.var, Linear.letter(var)) is tree:
                return scale(multiply_scalars(outside), leaf(text, tree.shape)) if outside else leaf(text, tree.shape)
        text = f"§{len(self.totals) + 1}"
        self.totals[text] = Total(tree, var, low, high)
        own = leaf(text, tree.shape)
        return scale(multiply_scalars(outside), own) if outside else own

    def holds_total(self, tree: Tree) -> bool:
        """Whether a sum or a product over an index is written in a tree."""
        return any(n.name in self.totals or n.name in self.hidden for n in leaves(tree))

    def gathered(self, terms: Sequence[Tree]) -> Tree:
        """The sum of terms, sums over one range as one sum."""
        flat: list[Tree] = []
        for t in terms:
            flat += t.args if isinstance(t, Sum) else (t,)
        groups: dict[tuple[str, Linear, Linear] | int, list[Tree]] = {}
        for k, t in enumerate(flat):
            held = [n for n in leaves(t) if n.name in self.totals]
            total = self.totals[held[0].name] if len(held) == 1 else None
            groups.setdefault((total.var, total.low, total.high) if total else k, []).append(t)
        found = []
        for key, members in groups.items():
            if len(members) == 1 or isinstance(key, int):
                found += members
                continue
            opened = []
            for t in members:
                (held_leaf,) = [n for n in leaves(t) if n.name in self.totals]
                opened.append(reduced(substitute(t, {held_leaf: self.totals[held_leaf.name].body})))
            found.append(self.total(reduced(add(opened)), *key))
        return reduced(add(found)) if len(found) > 1 else found[0]

    # ------------------------------------------------------------ writing

    def phrase(self, tree: Tree, around: tuple[str, ...] = ()) -> Phrase:
        """How a tree is written: sums over an index as such, sizes with their index. `around` are the indices of ranges around it."""
        written = phrase_of(tree)

        def change(p: Phrase) -> Phrase | None:
            if p.head == "mul" and any(_divides(q) for q in p.parts[1:]):
                below = [Phrase("over", (_turned(q),)) for q in p.parts[1:] if _divides(q)]
                kept = [q for q in p.parts[1:] if not _divides(q)]
                return rewritten(Phrase("mul", (p.parts[0], *kept, *below)), change)
            if p.head != "name":
                return None
            if p.text in self.totals:
                known = self.totals[p.text]
                return self._over("sum", known.body, known.var, known.low, known.high, around)
            if p.text in self.hidden:
                c = self.hidden[p.text]
                assert c.low is not None and c.high is not None
                return self._over("sum" if c.kind == SUM else "prod", c.tree, c.var, c.low, c.high, around)
            if p.text in self.sizes:
                own, index = self.sizes[p.text]
                return name(member(own, index))
            return None

        return rewritten(written, change)

    def _over(self, function: str, body: Tree, var: str, low: Linear, high: Linear, around: tuple[str, ...]) -> Phrase:
        """A sum or a product over an index, by a letter that no range around it has."""
        letter = var
        if letter in around:
            letter = next(x for x in ("s", "i", "j", "k", "m", "u", "r", "v") if x not in around and x not in self.taken)
            body = self.at(body, var, Linear.letter(letter))
        return call(function, Phrase("each", (self.phrase(body, (*around, letter)), phrase_of_linear(low), phrase_of_linear(high)), letter))


def _divides(phrase: Phrase) -> bool:
    """Whether a factor is a power whose exponent is negative throughout: b**(-t - 1)."""
    if phrase.head != "pow":
        return False
    exponent = phrase.parts[1]
    terms = exponent.parts if exponent.head == "add" else (exponent,)
    return all(t.head == "neg" for t in terms) and not all(t.parts[0].head == "number" for t in terms)


def _turned(phrase: Phrase) -> Phrase:
    """The power that stands below: b**(t + 1)."""
    base, exponent = phrase.parts
    terms = exponent.parts if exponent.head == "add" else (exponent,)
    turned = tuple(t.parts[0] for t in terms)
    return Phrase("pow", (base, turned[0] if len(turned) == 1 else Phrase("add", turned)))
