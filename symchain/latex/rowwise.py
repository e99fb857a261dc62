r"""Vectors that are numbered by an index, \sum_i (y_i - w^\top x_i)^2: statements about them as statements about entries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from symchain.errors import Place
from symchain.latex.arrays import is_bold
from symchain.latex.indices import entry_or_none
from symchain.latex.nodes import Bound, Node, Symbol, walk
from symchain.latex.statements import Statement, is_defined
from symchain.latex.tokens import Source
from symchain.latex.usage import call_at

_FRESH = "kljpqrsuvgh"
Indices = tuple[str, ...]


class _NoEntries(Exception):
    """A formula whose entries do not follow here."""


@dataclass(frozen=True)
class _Array:
    """A formula by its entries: a number, a vector (`row` where it is transposed) or a matrix."""

    rank: int
    entry: Callable[[Indices], Node]
    row: bool = False


def by_entries(
    source: Source, statements: Sequence[Statement], declared: Mapping[str, Sequence[object]], ranks: Mapping[str, int]
) -> Sequence[Statement]:
    """The statements that hold numbered vectors, entry by entry; the others as they are.

    `declared` are the shapes that the text states, `ranks` those of arrays, where known.

    Raises ParseError for a formula of numbered vectors whose entries do not follow.
    """
    letters = {b.letter for s in statements for side in s.sides for n in walk(side) for b in n.bounds}
    if not letters:
        return statements
    kept = [s for s in statements if s.shape is None]
    symbols = {n.symbol for s in kept for side in s.sides for n in walk(side) if n.symbol is not None}
    rows: dict[str, str] = {}
    for symbol in symbols:
        entry = entry_or_none(symbol, letters)
        if entry is not None and len(entry[1]) == 1 and (is_bold(symbol) or len(declared.get(symbol.name, ())) == 1):
            whole = entry[0] in ranks or any(s.name == entry[0] for s in symbols)
            rows[symbol.name] = symbol.name if whole else entry[0]
    if not rows:
        return statements
    calls = [s.sides[0].parts for s in kept if s.sides[0].head == "product" and is_defined(s.sides[0])]
    parameters = {head.symbol.name: tuple(p.symbol for p in bracket.parts) for head, bracket in calls if head.symbol is not None}
    made = _Rows(source, letters, rows, ranks, symbols, parameters)
    return [made.statement(s) if s.shape is None else s for s in statements if not (s.shape is not None and made.is_row(s.sides[0]))]


class _Rows:
    def __init__(
        self,
        source: Source,
        letters: set[str],
        rows: Mapping[str, str],
        ranks: Mapping[str, int],
        symbols: Collection[Symbol],
        parameters: Mapping[str, tuple[Symbol | None, ...]],
    ) -> None:
        self.source, self.letters, self.rows, self.ranks = source, letters, rows, ranks
        self.parameters = parameters
        used = letters | {part for s in symbols for part in (s.base, s.label, *s.pieces, *"".join(s.pieces))}
        self.pool = [c for c in _FRESH if c not in used]
        self.taken = 0

    def is_row(self, node: Node) -> bool:
        return node.symbol is not None and node.symbol.name in self.rows and not node.symbol.primes

    def _fresh(self) -> str:
        if self.taken >= len(self.pool):
            raise _NoEntries
        self.taken += 1
        return self.pool[self.taken - 1]

    # ------------------------------------------------------------ statements

    def statement(self, s: Statement) -> Statement:
        found = next((n for side in s.sides for n in walk(side) if self.is_row(n)), None)
        if found is None:
            return s
        self.taken = 0
        try:
            return replace(s, sides=self._sides(s))
        except _NoEntries:
            self._fail(found)

    def _fail(self, node: Node) -> NoReturn:
        p: Place = node.place
        written = self.source.line(p)[p.column - 1 :][: p.width]
        what = f"{written} is a vector for each index, and the entries of this formula do not follow"
        self.source.fail(what, "Write it by entries, or with a matrix whose rows are the vectors.", p)

    def _sides(self, s: Statement) -> tuple[Node, ...]:
        left, *rest = s.sides
        others = [self.array(side) for side in rest]
        if left.head == "partial":
            if len(left.parts) != 2 or s.alias:
                raise _NoEntries
            output, variable = self.array(left.parts[0]), self.array(left.parts[1])
            indices = tuple(self._fresh() for _ in range(variable.rank))
            if output.rank or any(o.rank != variable.rank and not _is_zero(side) for o, side in zip(others, rest, strict=True)):
                raise _NoEntries
            first = replace(left, parts=(output.entry(()), variable.entry(indices)))
            return (first, *(o.entry(indices) if o.rank else o.entry(()) for o in others))
        rank = others[0].rank
        if any(o.rank != rank or o.row for o in others):
            raise _NoEntries
        if left.head == "product" and not s.said:  # f(w) = ..., of numbers
            if rank:
                raise _NoEntries
            return (left, *(o.entry(()) for o in others))
        own = self.array(left)
        indices = tuple(self._fresh() for _ in range(rank))
        if own.rank == rank and not own.row:
            first = own.entry(indices)
        elif own.rank == 0 and left.symbol is not None and not s.said and not left.symbol.pieces:
            first = replace(left, symbol=_indexed(left.symbol.name, left.symbol, indices))
        else:
            raise _NoEntries
        return (first, *(o.entry(indices) for o in others))

    # ------------------------------------------------------------ formulas

    def _plain(self, node: Node) -> bool:
        """Whether a formula holds no array."""
        return not any(n.symbol is not None and (self.is_row(n) or self._rank(n.symbol)) for n in walk(node))

    def _rank(self, symbol: Symbol) -> int:
        if entry_or_none(symbol, self.letters) is not None:
            return 0
        return self.ranks.get(symbol.name, (2 if symbol.base[:1].isupper() else 1) if is_bold(symbol) else 0)

    def array(self, node: Node) -> _Array:
        """A formula by its entries. Raises _NoEntries."""
        if self._plain(node):
            return _Array(0, lambda _: node)
        match node.head:
            case "symbol":
                return self._symbol(node)
            case "group" | "paren" if len(node.parts) == 1:
                inner = self.array(node.parts[0])
                return replace(inner, entry=lambda i: replace(node, parts=(inner.entry(i),)))
            case "transpose":
                inner = self.array(node.parts[0])
                if inner.rank == 1:
                    return replace(inner, row=not inner.row)
                if inner.rank == 2:
                    return replace(inner, entry=lambda i: inner.entry(i[::-1]))
            case "sum":
                terms = [self.array(p) for p in node.parts]
                if len({(t.rank, t.row) for t in terms}) == 1:
                    return replace(terms[0], entry=lambda i: replace(node, parts=tuple(t.entry(i) for t in terms)))
            case "product":
                return self._product(node)
            case "frac":
                top, below = (self.array(p) for p in node.parts)
                if not below.rank:
                    return replace(top, entry=lambda i: replace(node, parts=(top.entry(i), below.entry(()))))
            case "power" if node.parts[0].head == "norm" and node.parts[1].text == "2" and node.parts[0].text in ("", "2", "F"):
                return self._number(self._squares(node.parts[0]))
            case "norm" if node.text in ("", "2"):
                return self._number(Node("root", node.place, (self._squares(node),)))
            case "inner":
                return self._dot(self.array(node.parts[0]), self.array(node.parts[1]), node.place)
            case "big":
                body = self.array(node.parts[0])
                return replace(body, entry=lambda i: replace(node, parts=(body.entry(i),)))
        parts = [self.array(p) for p in node.parts]
        if node.head in ("paren", "norm", "partial", "gradient") or any(p.rank for p in parts):
            raise _NoEntries
        return self._number(replace(node, parts=tuple(p.entry(()) for p in parts)))

    @staticmethod
    def _number(node: Node) -> _Array:
        return _Array(0, lambda _: node)

    def _symbol(self, node: Node) -> _Array:
        symbol = node.symbol
        assert symbol is not None
        if symbol.primes:
            raise _NoEntries
        if self.is_row(node):
            entry = entry_or_none(symbol, self.letters)
            assert entry is not None
            stem, own = self.rows[symbol.name], entry[1]
            return _Array(1, lambda i: replace(node, symbol=_indexed(stem, symbol, (*own, *i))))
        return _Array(self._rank(symbol), lambda i: replace(node, symbol=_indexed(symbol.name, symbol, i)) if i else node)

    def _squares(self, norm: Node) -> Node:
        inner = self.array(norm.parts[0])
        if inner.rank not in (1, 2) or (inner.rank == 2 and norm.text != "F"):
            raise _NoEntries
        indices = tuple(self._fresh() for _ in range(inner.rank))
        square = Node("power", norm.place, (_bracketed(inner.entry(indices)), Node("number", norm.place, text="2")))
        for letter in reversed(indices):
            square = Node("big", norm.place, (square,), "sum", bounds=(Bound(letter),))
        return square

    def _summed(self, one: Callable[[str], Node], two: Callable[[str], Node], place: Place) -> Node:
        letter = self._fresh()
        body = Node("product", place, (_bracketed(one(letter)), _bracketed(two(letter))), ops=("", "cdot"))
        return Node("paren", place, (Node("big", place, (body,), "sum", bounds=(Bound(letter),)),), "(")

    def _dot(self, one: _Array, two: _Array, place: Place) -> _Array:
        if one.rank != 1 or two.rank != 1:
            raise _NoEntries
        return self._number(self._summed(lambda k: one.entry((k,)), lambda k: two.entry((k,)), place))

    def _times(self, one: _Array, two: _Array, op: str, place: Place) -> _Array:
        """The product of two arrays of linear algebra."""
        if op == "odot" and (one.rank, one.row) == (two.rank, two.row):
            return replace(
                one, entry=lambda i: Node("product", place, (_bracketed(one.entry(i)), _bracketed(two.entry(i))), ops=("", "cdot"))
            )
        if op not in ("", "cdot"):
            raise _NoEntries
        match one.rank, two.rank:
            case 1, 1 if (one.row != two.row and one.row) or (op == "cdot" and not one.row and not two.row):
                return self._dot(one, two, place)
            case 1, 1 if not one.row and two.row:
                return _Array(
                    2,
                    lambda i: Node("product", place, (_bracketed(one.entry(i[:1])), _bracketed(two.entry(i[1:]))), ops=("", "cdot")),
                )
            case 2, 1 if not two.row:
                return _Array(1, lambda i: self._summed(lambda k: one.entry((*i, k)), lambda k: two.entry((k,)), place))
            case 1, 2 if one.row:
                return _Array(1, lambda i: self._summed(lambda k: one.entry((k,)), lambda k: two.entry((k, *i)), place), True)
            case 2, 2:
                return _Array(2, lambda i: self._summed(lambda k: one.entry((i[0], k)), lambda k: two.entry((k, i[1])), place))
        raise _NoEntries

    def _is_call(self, head: Node, bracket: Node) -> bool:
        """Whether L(w, b) says again what L depends on."""
        return head.symbol is not None and self.parameters.get(head.symbol.name) == tuple(p.symbol for p in bracket.parts)

    def _product(self, node: Node) -> _Array:
        numbers: list[tuple[Node, str]] = []
        array: _Array | None = None
        k = 0
        while k < len(node.parts):
            part, op = node.parts[k], node.ops[k]
            bracket = call_at(node, k)
            if bracket is not None and self._plain(part):  # sigma(w^T x_i), or a number times a bracket of numbers
                if all(p.symbol is not None for p in bracket.parts) and self._is_call(part, bracket):
                    numbers += [(part, op), (node.parts[k + 1], "")]
                    k += 2
                    continue
                inside = [self.array(p) for p in bracket.parts]
                if any(i.rank for i in inside):
                    if len(inside) > 1 or node.text == "call" or node.parts[k + 1] is not bracket:
                        raise _NoEntries
                    numbers.append((part, op))
                    k += 1
                    continue
                filled = replace(bracket, parts=tuple(i.entry(()) for i in inside))
                around = _with_inside(node.parts[k + 1], bracket, filled)
                numbers += [(part, op), (around, "")]
                k += 2
                continue
            factor = self.array(part)
            k += 1
            if not factor.rank:
                numbers.append((factor.entry(()), op))
                continue
            if op == "slash":
                raise _NoEntries
            array = factor if array is None else self._times(array, factor, op, node.place)
            if not array.rank:
                numbers.append((array.entry(()), "cdot"))
                array = None
        if array is None:
            return self._number(_multiplied(node, numbers))
        whole = array
        return replace(whole, entry=lambda i: _multiplied(node, [*numbers, (_bracketed(whole.entry(i)), "cdot")]))


def _multiplied(node: Node, factors: Sequence[tuple[Node, str]]) -> Node:
    if len(factors) == 1:
        return factors[0][0]
    ops = ("", *(op for _, op in factors[1:]))
    return Node("product", node.place, tuple(f for f, _ in factors), node.text, ops)


def _with_inside(around: Node, bracket: Node, filled: Node) -> Node:
    """f(x)^2 with other arguments."""
    if around is bracket:
        return filled
    return replace(around, parts=(_with_inside(around.parts[0], bracket, filled), *around.parts[1:]))


def _bracketed(node: Node) -> Node:
    return node if node.head in ("symbol", "number", "paren", "group") else Node("paren", node.place, (node,), "(")


def _indexed(name: str, symbol: Symbol, indices: Indices) -> Symbol:
    return Symbol(name, pieces=indices, style=symbol.style)


def _is_zero(node: Node) -> bool:
    return node.head == "number" and node.text == "0"
