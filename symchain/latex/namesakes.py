r"""A quantity and the vector of its parts under one letter, L = \sum_i L_i: the vector is called L_i."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symchain.latex.indices import entry_or_none
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.statements import Statement


def told_apart(statements: Sequence[Statement]) -> Sequence[Statement]:
    """The statements with the parts of a quantity that sums over its own parts under a name of their own."""
    found: dict[str, str] = {}
    letters: set[str] = set()
    for s in statements:
        whole = s.sides[0].symbol or (s.sides[0].parts[0].symbol if s.sides[0].head == "product" else None)
        if s.shape is not None or whole is None or len(s.sides) < 2:
            continue
        bound = {b.letter for n in walk(s.sides[1]) for b in n.bounds}
        for n in walk(s.sides[1]) if bound else ():
            entry = entry_or_none(n.symbol, bound) if n.symbol is not None else None
            if n.symbol is not None and entry is not None and entry[0] == whole.name and len(entry[1]) == 1:
                found.setdefault(whole.name, n.symbol.name)
                letters |= bound
    letters |= _labelled(statements, found)
    if not found:
        return statements

    def part(node: Node) -> bool:
        entry = entry_or_none(node.symbol, letters) if node.symbol is not None else None
        return entry is not None and entry[0] in found

    def changed(node: Node) -> Node:
        if node.head == "product" and node.text != "call" and any(_called(node, k) for k in range(1, len(node.parts))):
            kept = [k for k in range(len(node.parts)) if not (k and _called(node, k) and part(node.parts[k - 1]))]
            node = replace(node, parts=tuple(node.parts[k] for k in kept), ops=tuple(node.ops[k] for k in kept))
            if len(kept) == 1:
                return changed(node.parts[0])
        parts = tuple(map(changed, node.parts))
        entry = entry_or_none(node.symbol, letters) if node.symbol is not None else None
        if node.symbol is not None and entry is not None and entry[0] in found:
            symbol = Symbol(found[entry[0]], pieces=entry[1], primes=node.symbol.primes, style=node.symbol.style)
            return replace(node, parts=parts, symbol=symbol)
        return node if all(a is b for a, b in zip(parts, node.parts, strict=True)) else replace(node, parts=parts)

    return [replace(s, sides=tuple(map(changed, s.sides))) for s in statements]


def _called(product: Node, k: int) -> bool:
    """Whether the k-th factor is a bracket of names behind a name: L_i(w, b) is L_i."""
    bracket = product.parts[k]
    return product.ops[k] == "" and bracket.head == "paren" and all(p.symbol is not None for p in bracket.parts)


def _labelled(statements: Sequence[Statement], found: dict[str, str]) -> set[str]:
    """Note the families y^{(i)} of quantities beside a quantity y that is defined as one; the indices that number them."""
    bound = {b.letter for s in statements for side in s.sides for n in walk(side) for b in n.bounds}
    wholes = {s.sides[0].symbol.name for s in statements if s.shape is None and not s.said and s.sides[0].symbol is not None}
    letters: set[str] = set()
    for s in statements:
        for n in (n for side in s.sides for n in walk(side)):
            symbol = n.symbol
            if symbol is not None and symbol.label in bound and not symbol.primes:
                stem = replace(symbol, label="").name
                if stem in wholes:
                    found.setdefault(stem, symbol.name)
                    letters.add(symbol.label)
    return letters
