"""Formulas changed in one place: a transpose more or less, operands swapped, one product for another, one name for another.

Applied to what is claimed these are repairs (the one that makes it right says what was wrong); applied to what is right they are
mistakes (the one that gives the claim says which was made).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from symchain.errors import SymchainError
from symchain.language.elaborate import Scope, elaborate
from symchain.support.notation import Phrase, number, walk
from symchain.tensors.nodes import Tree, leaf

CHANGES = 400
_OCCURRENCE = "#"
"""Between a name and the number of its occurrence, where occurrences are told apart."""


@dataclass(frozen=True)
class Change:
    """One change of a formula: the key of the mistake, the formula after it, and the part before and after."""

    key: str
    phrase: Phrase
    before: Phrase
    after: Phrase


def changes(phrase: Phrase) -> Iterator[Change]:
    """Every change of structure: transposes first (an order that a transpose explains is none), each in one place and then throughout."""
    found = [Change(key, around(other), part, other) for part, around in _places(phrase) for key, other in _variants(part)]
    yield from (c for c in found if c.key == "transposed")
    for name in dict.fromkeys(p for p in walk(phrase) if p.head == "name"):
        flipped = Phrase("transpose", (name,))
        other = _everywhere(phrase, {name: flipped, flipped: name})
        if other != phrase:
            yield Change("transposed", other, name, flipped)
    yield from (c for c in found if c.key != "transposed")
    reversed_ = _reversed(phrase)
    if reversed_ != phrase:
        yield Change("wrong_order", reversed_, phrase, reversed_)


def omissions(phrase: Phrase) -> Iterator[Change]:
    """Every factor or term left out, every factor taken twice; `before` is that factor or term."""
    for part, around in _places(phrase):
        if part.head in ("mul", "matmul"):
            for k, factor in enumerate(part.parts):
                rest = (*part.parts[:k], *part.parts[k + 1 :])
                if part.head == "matmul" or rest[0].head != "over":
                    yield Change("missing_factor", around(_joined(part, rest)), _factor(factor), part)
                elif len(rest) > 1 or factor.head != "number":
                    yield Change("missing_factor", around(replace(part, parts=(number(1), *rest))), _factor(factor), part)
        if part.head == "add":
            for k, term in enumerate(part.parts):
                rest = (*part.parts[:k], *part.parts[k + 1 :])
                yield Change("missing_path", around(_joined(part, rest)), term, part)
        if part.head in ("name", "call", "index") and part is not phrase:
            yield Change("extra_factor", around(Phrase("pow", (part, number(2)))), part, part)


def units(phrase: Phrase) -> Iterator[Change]:
    """Every name in turn replaced by 1."""
    for part, around in _places(phrase):
        if part.head == "name":
            yield Change("extra_factor", around(number(1)), part, number(1))


def _factor(phrase: Phrase) -> Phrase:
    """A factor as it is quoted: 1/b for a division by b."""
    return Phrase("mul", (number(1), phrase)) if phrase.head == "over" else phrase


def _places(phrase: Phrase) -> Iterator[tuple[Phrase, Callable[[Phrase], Phrase]]]:
    """Every part, outermost first, with what puts another one in its place."""
    stack: list[tuple[Phrase, Callable[[Phrase], Phrase]]] = [(phrase, lambda p: p)]
    while stack:
        part, around = stack.pop()
        yield part, around
        for k, inner in enumerate(part.parts):
            stack.append((inner, lambda p, k=k, part=part, around=around: around(_with_part(part, k, p))))  # type: ignore[misc]


def _everywhere(phrase: Phrase, others: Mapping[Phrase, Phrase]) -> Phrase:
    """The formula with some parts replaced throughout, the largest first."""
    if phrase in others:
        return others[phrase]
    return replace(phrase, parts=tuple(_everywhere(p, others) for p in phrase.parts)) if phrase.parts else phrase


def _reversed(phrase: Phrase) -> Phrase:
    """The formula with every matrix product the other way round."""
    parts = tuple(map(_reversed, phrase.parts))
    return replace(phrase, parts=parts[::-1] if phrase.head == "matmul" else parts) if parts else phrase


def _with_part(phrase: Phrase, k: int, part: Phrase) -> Phrase:
    return replace(phrase, parts=(*phrase.parts[:k], part, *phrase.parts[k + 1 :]))


def _variants(p: Phrase) -> Iterator[tuple[str, Phrase]]:
    if p.head == "transpose":
        yield "transposed", p.parts[0]
    elif p.head in ("name", "call", "matmul", "mul", "add", "index"):
        yield "transposed", Phrase("transpose", (p,))
    if p.head == "matmul":
        n = len(p.parts)
        if n > 1:
            yield "wrong_order", replace(p, parts=p.parts[::-1])
        for k in range(n - 1) if n > 2 else ():
            yield "wrong_order", replace(p, parts=(*p.parts[:k], p.parts[k + 1], p.parts[k], *p.parts[k + 2 :]))
        for k in range(1, n):
            yield "elementwise_for_matmul", Phrase("mul", (_joined(p, p.parts[:k]), _joined(p, p.parts[k:])))
    if p.head == "mul":
        for k in range(1, len(p.parts)):
            if p.parts[k].head != "over":
                left, right = _joined(p, p.parts[:k]), _joined(p, p.parts[k:])
                for a in (left, Phrase("transpose", (left,))):
                    for b in (right, Phrase("transpose", (right,))):
                        yield "matmul_for_elementwise", Phrase("matmul", (a, b))
                if k == 1 or len(p.parts) == 2:
                    yield "matmul_for_elementwise", Phrase("matmul", (right, left))


def _joined(p: Phrase, parts: tuple[Phrase, ...]) -> Phrase:
    return parts[0] if len(parts) == 1 else replace(p, parts=parts)


OPPOSITE = {"elementwise_for_matmul": "matmul_for_elementwise", "matmul_for_elementwise": "elementwise_for_matmul"}
"""`changes` names what a change makes of a right formula; undoing it is the repair of the opposite mistake."""


def elaborated(phrase: Phrase, scope: Scope) -> Tree | None:
    """The tree, or None where the changed formula means nothing."""
    try:
        return elaborate(phrase, scope)
    except SymchainError:
        return None


# ---------------------------------------------------------------- one name for another


@dataclass(frozen=True)
class Occurrences:
    """A formula in which every occurrence of a name can be given a value of its own."""

    tree: Tree
    names: Mapping[str, str]
    """The name of each occurrence -> the name that is written there."""


def occurrences(phrase: Phrase, scope: Scope) -> Occurrences | None:
    names: dict[str, str] = {}
    trees: dict[str, Tree] = dict(scope.names)

    def renamed(p: Phrase) -> Phrase:
        if p.head == "name" and p.text in scope.names:
            known = scope.names[p.text]
            name = f"{p.text}{_OCCURRENCE}{len(names)}"
            if getattr(known, "name", "") != p.text:
                return p
            names[name] = p.text
            trees[name] = leaf(name, known.shape, getattr(known, "facts", ()))
            return replace(p, text=name)
        if not p.parts and not p.keywords:
            return p
        return replace(p, parts=tuple(map(renamed, p.parts)))

    written = renamed(phrase)
    tree = elaborated(written, replace(scope, names=trees))
    return None if tree is None else Occurrences(tree, names)
