r"""Sums with an ellipsis as sums over an index: x_1 + \dots + x_n, where the first and the last term differ in their subscripts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symchain.errors import Place
from symchain.latex.nodes import Bound, Node, Symbol, signature, walk

DOTS = ("dots", "cdots", "ldots", "dotsb", "dotsc")
_INDICES = ("i", "j", "k", "l", "p", "q")


def summed(before: Sequence[Node], last: Node, place: Place) -> Node | None:
    """The sum of terms numbered from 0 or 1 up to that of `last`; None where the terms before it do not show how they go on."""
    first = before[0]
    ends: set[tuple[str, str]] = set()
    if not _differences(first, last, ends) or len(ends) != 1:
        return None
    (low, high) = next(iter(ends))
    if low not in ("0", "1") or not (high.isdigit() or (len(high) == 1 and high.isalpha())):
        return None
    taken = {part for n in (*walk(first), *walk(last)) if n.symbol is not None for part in (n.symbol.base, *n.symbol.pieces)}
    letter = next((c for c in _INDICES if c not in taken), "")
    body = _numbered(first, last, letter)
    for k, term in enumerate(before):
        if signature(_at(body, letter, str(int(low) + k))) != signature(term):
            return None
    if not letter or signature(_at(body, letter, high)) != signature(last):
        return None
    start = Node("number", place, text=low)
    stop = Node("number", place, text=high) if high.isdigit() else Node("symbol", place, symbol=Symbol(high))
    return Node("big", place, (body,), "sum", bounds=(Bound(letter, start, stop),))


def _differences(one: Node, two: Node, ends: set[tuple[str, str]]) -> bool:
    """Whether two terms are the same but for the last subscripts of names, which are noted in pairs."""
    if (one.head, one.text, one.ops, len(one.parts)) != (two.head, two.text, two.ops, len(two.parts)) or one.bounds or two.bounds:
        return False
    a, b = one.symbol, two.symbol
    if a is not None and b is not None and a != b:
        if not a.pieces or not b.pieces or replace(a, pieces=()) != replace(b, pieces=()) or a.pieces[:-1] != b.pieces[:-1]:
            return False
        ends.add((a.pieces[-1], b.pieces[-1]))
    elif (a is None) != (b is None):
        return False
    return all(_differences(x, y, ends) for x, y in zip(one.parts, two.parts, strict=True))


def _numbered(one: Node, two: Node, letter: str) -> Node:
    """The first term with an index where it differs from the last."""
    symbol = one.symbol
    if symbol is not None and symbol != two.symbol:
        symbol = replace(symbol, pieces=(*symbol.pieces[:-1], letter))
    return replace(one, symbol=symbol, parts=tuple(_numbered(x, y, letter) for x, y in zip(one.parts, two.parts, strict=True)))


def _at(body: Node, letter: str, value: str) -> Node:
    """The term at one value of the index."""
    symbol = body.symbol
    if symbol is not None and symbol.pieces[-1:] == (letter,):
        symbol = replace(symbol, pieces=(*symbol.pieces[:-1], value))
    return replace(body, symbol=symbol, parts=tuple(_at(p, letter, value) for p in body.parts))


def joined(terms: Sequence[Node], signs: Sequence[str], gap: int, place: Place) -> tuple[list[Node], list[str]] | None:
    """The terms of a sum whose `gap`-th term is an ellipsis: those that it goes on from and its last one are one sum over an index."""
    if not 0 < gap < len(terms) - 1 or any(s != "+" for s in signs[1:]):
        return None
    for start in range(max(0, gap - 3), gap):
        if signs[start] == "+" and (made := summed(terms[start:gap], terms[gap + 1], place)) is not None:
            return [*terms[:start], made, *terms[gap + 2 :]], [*signs[: start + 1], *signs[gap + 2 :]]
    return None
