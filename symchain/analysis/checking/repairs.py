"""Formulas changed in one place: a transpose more or less, operands swapped, one product for another, one name for another.

Applied to what is claimed these are repairs (the one that makes it right says what was wrong); applied to what is right they are
mistakes (the one that gives the claim says which was made).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from symchain.errors import SymchainError
from symchain.language.elaborate import Scope, elaborate
from symchain.support.notation import Phrase
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
    """Every change of structure in one place, outermost first."""
    stack: list[tuple[Phrase, Callable[[Phrase], Phrase]]] = [(phrase, lambda p: p)]
    while stack:
        part, around = stack.pop()
        for key, other in _variants(part):
            yield Change(key, around(other), part, other)
        for k, inner in enumerate(part.parts):
            stack.append((inner, lambda p, k=k, part=part, around=around: around(_with_part(part, k, p))))  # type: ignore[misc]


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
