"""How a text uses its letters: which are functions, which are indices of sums, which are vectors because they have entries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from symchain.errors import Place
from symchain.latex.nodes import Node, walk
from symchain.latex.statements import Statement, is_defined
from symchain.latex.tokens import Source
from symchain.support.dimensions import Dim, Shape
from symchain.support.notation import Phrase

FUNCTION_LETTERS = ("sigma", "phi", "psi", "rho", "f", "g", "h", "F", "G")
"""Letters that a reader takes for a function when brackets follow and nothing else is said."""


def call_at(product: Node, k: int) -> Node | None:
    """The bracket that stands directly after the k-th factor, a name: f(x), f(x)^2, f(x)^T. None where there is none."""
    if product.parts[k].head != "symbol" or k + 1 >= len(product.parts) or product.ops[k + 1] != "":
        return None
    inside = product.parts[k + 1]
    while inside.head in ("power", "transpose"):
        inside = inside.parts[0]
    return inside if inside.head == "paren" else None


def _no_slope(formula: Phrase, name: str) -> Phrase:
    raise NotImplementedError


@dataclass
class Usage:
    """What the whole text says about its names."""

    source: Source
    plain: dict[str, Place] = field(default_factory=dict)
    called: dict[str, Place] = field(default_factory=dict)
    primed: set[str] = field(default_factory=set)
    defined: dict[str, Place] = field(default_factory=dict)
    parameters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    letters: set[str] = field(default_factory=set)
    shapes: dict[str, Shape] = field(default_factory=dict)
    free: dict[int, tuple[str, ...]] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    bounds: dict[tuple[int, str], Dim] = field(default_factory=dict)
    """The size of each index, by the sum (or statement) that binds it."""
    identities: dict[int, Dim] = field(default_factory=dict)
    """The size of each identity matrix I, by its node."""
    macros: set[int] = field(default_factory=set)
    """The statements that define a function which is only taken at other arguments than its own."""
    slope: Callable[[Phrase, str], Phrase] = field(default=_no_slope)
    """The derivative of a formula of numbers by a name in it."""
    rowwise: bool = False
    arrays: Collection[str] = ()
    """The names that the whole text marks as arrays."""


def find_usage(source: Source, statements: Sequence[Statement], known: Iterable[str], functions: Iterable[str]) -> Usage:
    """Scan the statements. `known` are names with shapes or facts, `functions` those that let= binds."""
    usage = Usage(source, functions=set(functions))
    spellings: dict[str, tuple[tuple[str, ...], Place]] = {}
    for statement in statements:
        left = statement.sides[0]
        if statement.shape is not None or statement.said:
            continue
        if left.head == "symbol" and left.symbol is not None:
            usage.defined.setdefault(left.symbol.name, left.place)
        elif left.head == "product" and is_defined(left) and _takes_names(left.parts[1]):
            symbol = left.parts[0].symbol
            assert symbol is not None
            if not symbol.primes:
                names = tuple(p.symbol.name for p in left.parts[1].parts if p.symbol is not None)
                usage.defined.setdefault(symbol.name, left.place)
                usage.parameters.setdefault(symbol.name, names)
    usage.macros = _macros(usage, statements)
    for index, statement in enumerate(statements):
        own = set(usage.parameters.get(function_of(statement), ())) if index in usage.macros else set()
        for side in statement.sides:
            _scan(usage, side, spellings, own)
        for size in statement.shape or ():
            _scan(usage, size, {}, own)
    for name in known:
        usage.plain.setdefault(name, Place(1, 1))
    return usage


def function_of(statement: Statement) -> str:
    """The function that a statement defines by f(x) = ..., or nothing."""
    left = statement.sides[0]
    symbol = left.parts[0].symbol if left.head == "product" and is_defined(left) else None
    return symbol.name if symbol is not None else ""


def _macros(usage: Usage, statements: Sequence[Statement]) -> set[int]:
    """The definitions f(x) = ... of functions that are nowhere taken at their own arguments, nor as a quantity."""
    found: set[int] = set()
    for index, statement in enumerate(statements):
        name = function_of(statement)
        if not name or name not in usage.parameters:
            continue
        parameters = usage.parameters[name]
        elsewhere = [s for other in statements if other is not statement and other.shape is None for s in other.sides]
        calls, plain = 0, False
        for side in elsewhere:
            heads: set[int] = set()
            for node in walk(side):
                if node.head == "product":
                    for k, part in enumerate(node.parts):
                        bracket = call_at(node, k)
                        if part.symbol is not None and part.symbol.name == name and bracket is not None:
                            heads.add(id(part))
                            own = tuple(p.symbol.name if p.symbol is not None else "" for p in bracket.parts) == parameters
                            calls, plain = calls + 1, plain or own
                elif node.symbol is not None and node.symbol.name == name and id(node) not in heads:
                    plain = True
        if calls and not plain:
            found.add(index)
    return found


def _takes_names(bracket: Node) -> bool:
    return bracket.head == "paren" and all(p.head == "symbol" for p in bracket.parts)


def _scan(usage: Usage, side: Node, spellings: dict[str, tuple[tuple[str, ...], Place]], own: Collection[str]) -> None:
    heads: set[int] = set()
    for node in walk(side):
        if node.head == "big":
            usage.letters.update(b.letter for b in node.bounds)
        if node.head == "product":
            for k, part in enumerate(node.parts):
                if part.symbol is not None and call_at(node, k) is not None:
                    heads.add(id(part))
                    usage.called.setdefault(part.symbol.name, part.place)
        if node.symbol is None:
            continue
        symbol = node.symbol
        if symbol.name in own:
            continue
        if symbol.primes:
            usage.primed.add(symbol.name)
        if id(node) not in heads:
            usage.plain.setdefault(symbol.name, node.place)
        first = spellings.setdefault(symbol.name, (symbol.spelling, node.place))
        if first[0] != symbol.spelling:
            usage.source.fail(
                f"{symbol.name} is written in two ways, first on line {first[1].line}, column {first[1].column}",
                "Two fonts or two positions may be two quantities: write one of them otherwise.",
                node.place,
            )
