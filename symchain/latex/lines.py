"""What single lines and formulas say: the name that a line defines, the names that a name may stand for, digits, another letter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from symchain.errors import ParseError
from symchain.latex.arrays import is_bold
from symchain.latex.indices import index_letters, without_letters
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.statements import Statement as Line
from symchain.latex.statements import is_defined


def declares_bold(declared: Line) -> bool:
    symbol = declared.sides[0].symbol
    return symbol is not None and is_bold(symbol)


def defined_by(line: Line) -> Symbol | None:
    """The name that a line defines."""
    left = line.sides[0]
    if line.shape is not None or left.head == "partial" or not is_defined(left):
        return None
    return left.symbol or left.parts[0].symbol


def entries_of(symbol: Symbol) -> Iterator[str]:
    """The names whose entries a name with index letters may be."""
    for count in range(1, len(index_letters(symbol)) + 1):
        if stem := without_letters(symbol, count):
            yield stem


def spellings(symbol: Symbol) -> Iterator[str]:
    """The name and the names that it may be an entry of."""
    yield symbol.name
    yield symbol.stem
    for k in range(len(symbol.pieces)):
        yield Symbol(symbol.base, symbol.accent, symbol.pieces[:k], symbol.label).name


def renamed(node: Node, other: str, name: str, source: Any) -> Node:
    """A formula about other with name in its place. Raises ParseError where it holds both."""
    if any(n.symbol is not None and n.symbol.name == name for n in walk(node)):
        what = f"{name} and {other} together, where a derivative by {name} is taken at {other}"
        raise ParseError(what, advice="Use one of the two names.", place=node.place, source=source.line(node.place))

    def changed(n: Node) -> Node:
        symbol = Symbol(name) if n.symbol is not None and n.symbol.name == other else n.symbol
        return replace(n, parts=tuple(map(changed, n.parts)), symbol=symbol)

    return changed(node)


def is_zero(node: Node | None) -> bool:
    return node is not None and node.head == "number" and node.text == "0"


def digits_of(node: Node | None) -> int | None:
    """How many decimals a number shows; None for anything else."""
    while node is not None and (node.head in ("group", "paren") or (node.head == "sum" and len(node.parts) == 1)):
        node = node.parts[0]
    if node is None or node.head != "number" or "." not in node.text:
        return None
    return len(node.text.split(".")[1])
