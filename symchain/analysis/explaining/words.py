"""Words of explanations: the formulas and lists that every explanation is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from symchain.nouns.computation import Block
from symchain.rewriting import simplify
from symchain.rules.binding import bind
from symchain.support.document import Axes, Count, Field, Formula, Listing, Members, Relation, Say
from symchain.support.notation import Phrase, name, negate, number
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Leaf, Tree, postorder

LISTED = 6
"""Up to so many names are listed in a sentence."""


def say(key: str, **fields: Field) -> Say:
    """A sentence of explanations."""
    return Say(f"explain.{key}", fields)


def named(text: str) -> Formula:
    return Formula(name(text))


def partial(output: str, by: str) -> Phrase:
    """The symbol of a derivative."""
    return Phrase("partial", (name(output), name(by)))


def equation(*sides: Phrase | None) -> Relation:
    """Phrases joined by equal signs; what repeats its neighbour is left out."""
    kept: list[Phrase] = []
    for side in sides:
        if side is not None and (not kept or side != kept[-1]):
            kept.append(side)
    return Relation(tuple(map(Formula, kept)))


def definition(label: str, tree: Phrase) -> Relation:
    return equation(name(label), tree)


def product(*factors: Phrase | None) -> Phrase:
    """A product as it is told, ones left out, with one minus in front."""
    parts: list[Phrase] = []
    minus = False
    for factor in factors:
        if factor is None:
            continue
        while factor.head == "neg":
            minus, factor = not minus, factor.parts[0]
        parts += factor.parts if factor.head == "mul" else [factor]
    parts = [p for p in parts if p != number(1)] or [number(1)]
    whole = parts[0] if len(parts) == 1 and parts[0].head != "over" else Phrase("mul", tuple(parts))
    return negate(whole) if minus else whole


def total(terms: Sequence[Phrase]) -> Phrase:
    return terms[0] if len(terms) == 1 else Phrase("add", tuple(terms))


def names(items: Iterable[str]) -> Field:
    """a, b and c; the rest counted where they are many."""
    listed = list(items)
    shown = tuple(map(named, listed[:LISTED]))
    if len(listed) <= LISTED:
        return Members(shown)
    return Say("names.more", {"names": Listing(shown), "count": Count(len(listed) - LISTED)})


def shaped(shape: tuple[int | str, ...], inside: bool = False) -> Say:
    """ ", of shape (m, n)", or nothing for a number."""
    return say("shaped_inside" if inside else "shaped", shape=Axes(shape)) if shape else say("blank")


def concrete(tree: Tree) -> Tree:
    """Simplified, with the program's own function names replaced by what they are bound to."""
    return simplify(bind(tree))


def reaches(tree: Tree, by: Leaf) -> set[Tree]:
    """The nodes of a tree that contain a name."""
    found: set[Tree] = {by}
    for node in postorder(tree):
        if any(a in found for a in node.args):
            found.add(node)
    return found


class Letters:
    """Names for the inner parts of a formula: u, v, s, t, ... as far as the program leaves them free."""

    def __init__(self, taken: Iterable[str]) -> None:
        avoided = set(taken)
        self._free: Iterator[str] = (c for k in range(1000) for base in "uvstpqrg" if (c := f"{base}{k or ''}") not in avoided)

    def take(self) -> str:
        return next(self._free)


def terms_of(block: Block) -> list[Phrase]:
    """The terms of a line that is a sum, as they were written where that is possible."""
    if block.phrase.head == "add" and len(block.phrase.parts) == len(block.tree.args):
        return list(block.phrase.parts)
    return [phrase_of(t) for t in block.tree.args]
