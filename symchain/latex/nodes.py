"""Formulas as LaTeX writes them, before anything is decided: whether a(b) is a call or a product is not said here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from symchain.errors import Place

HEADS = {
    "number": "text is the literal",
    "symbol": "symbol says which",
    "paren": "parts in brackets, separated by commas; text is the opening bracket",
    "group": "one part in braces, or boxed: it prints without brackets and yet belongs together",
    "abs": "one part between single bars",
    "norm": "one part between double bars; text is the subscript (2, 1, F, infty or nothing)",
    "inner": "two parts in angle brackets",
    "frac": "numerator, denominator",
    "power": "base, exponent; text is odot for an elementwise power",
    "transpose": "one part",
    "root": "radicand, then perhaps the degree",
    "apply": "arguments of the function text; ops[0] is bare where the argument had no brackets; a base of log is the last part",
    "big": "text is sum, prod, max or min; parts are the body, then one bound each: see indices",
    "product": "factors; ops before each: '' (juxtaposed), cdot, times, odot, star, slash",
    "sum": "terms; ops before each: + or -",
    "partial": "a derivative: the output, then the variable, and the second one of a second derivative; text is total for d",
    "gradient": "the gradient of one part, by what it depends on",
    "differential": "the left side dC of a statement by differentials: one part, C",
    "primed": "a formula in brackets with primes, as many as text says",
    "at": "a part, and the values of the names in ops where it is taken",
    "cases": "value, left, right of its condition for each row; ops are the operators; the last value stands alone",
}


@dataclass(frozen=True, slots=True)
class Symbol:
    r"""A name as it is written: base, accent, subscript pieces, the label of W^{(1)}, primes. `style` is its font."""

    base: str
    accent: str = ""
    pieces: tuple[str, ...] = ()
    label: str = ""
    primes: int = 0
    style: str = ""

    @property
    def name(self) -> str:
        """The name in the input language: y_true, W_1, y_hat_i."""
        return "_".join([self.base, *filter(None, [self.accent]), *self.pieces, *filter(None, [self.label])])

    @property
    def stem(self) -> str:
        """The name without subscripts and label: what an indexed entry is an entry of."""
        return "_".join([self.base, *filter(None, [self.accent])])

    @property
    def spelling(self) -> tuple[str, ...]:
        """What tells two names apart that would be written alike: x and a bold x, W_1 and W^{(1)}."""
        return (self.style, self.base, self.accent, *self.pieces, *(["^", self.label] if self.label else []))


@dataclass(frozen=True, slots=True)
class Bound:
    """One index of a sum: its letter and the expressions between which it runs (None where the text does not say)."""

    letter: str
    first: Node | None = None
    last: Node | None = None
    but: str = ""
    """Another index, whose value this one does not take."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node; see HEADS."""

    head: str
    place: Place = field(compare=False)
    parts: tuple[Node, ...] = ()
    text: str = ""
    ops: tuple[str, ...] = ()
    symbol: Symbol | None = None
    bounds: tuple[Bound, ...] = ()


def walk(node: Node) -> Iterator[Node]:
    """Every node inside, parents first, bounds of sums included."""
    stack = [node]
    while stack:
        n = stack.pop()
        yield n
        for bound in n.bounds:
            stack.extend(e for e in (bound.first, bound.last) if e is not None)
        stack.extend(reversed(n.parts))


_SAME = {"cdot": "", "times": "", "star": ""}


def signature(node: Node) -> Node:
    """The formula without what two writings of one definition may differ in: brackets around one thing, the sign of a product."""
    parts = tuple(map(signature, node.parts))
    if node.head in ("group", "paren") and len(parts) == 1:
        return parts[0]
    ops = tuple(_SAME.get(o, o) for o in node.ops) if node.head == "product" else node.ops
    return Node(node.head, node.place, parts, node.text, ops, node.symbol, node.bounds)
