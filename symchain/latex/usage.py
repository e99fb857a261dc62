"""How a text uses its letters: which are functions, which are indices of sums, which are vectors because they have entries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from symchain.errors import Place
from symchain.language.shapes import dimension_of
from symchain.latex.nodes import Bound, Node, Symbol, walk
from symchain.latex.statements import Statement, is_defined
from symchain.latex.tokens import Source
from symchain.support.dimensions import Dim, Shape, add
from symchain.support.notation import Phrase

FUNCTION_LETTERS = ("sigma", "phi", "psi", "rho", "f", "g", "h", "F", "G")
"""Letters that a reader takes for a function when brackets follow and nothing else is said."""
_SIZES = ("n", "m", "p", "q", "r", "s")


def call_at(product: Node, k: int) -> Node | None:
    """The bracket that stands directly after the k-th factor, a name: f(x), f(x)^2, f(x)^T. None where there is none."""
    if product.parts[k].head != "symbol" or k + 1 >= len(product.parts) or product.ops[k + 1] != "":
        return None
    inside = product.parts[k + 1]
    while inside.head in ("power", "transpose"):
        inside = inside.parts[0]
    return inside if inside.head == "paren" else None


def entry_of(symbol: Symbol, letters: Collection[str]) -> tuple[str, tuple[str, ...]] | None:
    """(vector, indices) of a name whose subscript or label holds bound letters: y_i, W_{ij}, y_{true,i}, x^{(i)}. None for a plain name.

    Raises ValueError for a subscript that mixes indices with anything else.
    """
    if symbol.label and symbol.label in letters:
        stem = Symbol(symbol.base, symbol.accent, symbol.pieces)
        return stem.name, (symbol.label,)
    kept = list(symbol.pieces)
    indices: list[str] = []
    while kept:
        piece = kept[-1]
        inside = [c for c in piece if c in letters] if piece not in letters else [piece]
        whole = piece in letters or len(inside) == len(piece)
        if not whole:
            if inside and (len(piece) < 3 or any(c.isdigit() for c in piece)):
                raise ValueError(piece)
            break
        indices[:0] = inside
        kept.pop()
    if any(piece in letters for piece in kept) or (indices and kept and any(p.isdigit() or len(p) == 1 for p in kept)):
        raise ValueError("_".join(symbol.pieces))
    if not indices:
        return None
    return Symbol(symbol.base, symbol.accent, tuple(kept), symbol.label).name, tuple(indices)


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


def find_usage(source: Source, statements: Sequence[Statement], known: Iterable[str], functions: Iterable[str]) -> Usage:
    """Scan the statements. `known` are names the caller gives shapes or facts, `functions` those that let= binds."""
    usage = Usage(source, functions=set(functions))
    spellings: dict[str, tuple[tuple[str, ...], Place]] = {}
    for statement in statements:
        left = statement.sides[0]
        if left.head == "symbol" and left.symbol is not None:
            usage.defined.setdefault(left.symbol.name, left.place)
        elif left.head == "product" and is_defined(left) and _takes_names(left.parts[1]):
            symbol = left.parts[0].symbol
            assert symbol is not None
            if not symbol.primes:
                names = tuple(p.symbol.name for p in left.parts[1].parts if p.symbol is not None)
                usage.defined.setdefault(symbol.name, left.place)
                usage.parameters.setdefault(symbol.name, names)
        for side in (*statement.sides, *(statement.shape or ())):
            _scan(usage, side, spellings)
    for name in known:
        usage.plain.setdefault(name, Place(1, 1))
    _Sizes(usage, statements).settle()
    return usage


def _takes_names(bracket: Node) -> bool:
    return bracket.head == "paren" and all(p.head == "symbol" for p in bracket.parts)


def _scan(usage: Usage, side: Node, spellings: dict[str, tuple[tuple[str, ...], Place]]) -> None:
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


class _Sizes:
    """The sizes of indices and of the axes they run along, made equal where one entry says so."""

    def __init__(self, usage: Usage, statements: Sequence[Statement]) -> None:
        self.usage, self.statements = usage, statements
        self.parent: list[int] = []
        self.dims: dict[int, Dim] = {}
        self.axes: dict[tuple[str, int], int] = {}
        self.ranks: dict[str, tuple[int, Place]] = {}
        self.variables: dict[tuple[int, str], int] = {}

    def settle(self) -> None:
        for index, statement in enumerate(self.statements):
            if statement.shape is None:
                self.usage.free[index] = free = self._free_letters(statement)
                scope = {letter: self._variable(index, letter) for letter in free}
                for side in statement.sides:
                    self._visit(side, scope)
        names = {root: self.dims.get(root) for root in {self._root(v) for v in range(len(self.parent))}}
        taken = {*self.usage.plain, *self.usage.called, *(str(d) for d in self.dims.values())}
        for root in sorted(r for r, dim in names.items() if dim is None):
            names[root] = next(s for s in (*_SIZES, *(f"n_{k}" for k in range(10_000))) if s not in taken)
            taken.add(str(names[root]))
        for name, (rank, _) in self.ranks.items():
            dims = [names[self._root(self.axes[name, k])] for k in range(rank)]
            self.usage.shapes[name] = tuple(d for d in dims if d is not None)
        for key, variable in self.variables.items():
            dim = names[self._root(variable)]
            assert dim is not None
            self.usage.bounds[key] = dim

    def _free_letters(self, statement: Statement) -> tuple[str, ...]:
        """The indices of z_i = ... and of dL/dz_i = ...: those that sums of the text bind, or that stand on the right beside bound ones."""
        left = statement.sides[0]
        if left.head == "partial":
            left = left.parts[1]
        symbol = left.symbol
        if symbol is None or not (symbol.pieces or symbol.label):
            return ()
        candidates = {c for c in (symbol.pieces[-1] if symbol.pieces else symbol.label) if c.isalpha()}
        if symbol.label in self.usage.letters:
            candidates = {symbol.label}
        letters = {c for c in candidates if c in self.usage.letters or self._indexes(c, statement)}
        try:
            found = entry_of(symbol, letters)
        except ValueError:
            return ()
        return found[1] if found and len(set(found[1])) == len(found[1]) else ()

    def _indexes(self, letter: str, statement: Statement) -> bool:
        """Whether a letter is an index on the right: W_{ij} beside a bound j, or z_i where z has entries z_j elsewhere."""
        bound = {b.letter for side in statement.sides[1:] for n in walk(side) for b in n.bounds}
        if letter in bound:
            return False
        symbols = [n.symbol for side in statement.sides[1:] for n in walk(side) if n.symbol is not None]
        indexed: set[str] = set()
        for symbol in symbols:
            try:
                entry = entry_of(symbol, bound | {letter})
            except ValueError:
                continue
            if entry and set(entry[1]) & bound:
                indexed.add(entry[0])
                if letter in entry[1]:
                    return True
        return any((e := _entry(s, {letter})) is not None and e[0] in indexed for s in symbols)

    def _variable(self, owner: int, letter: str) -> int:
        self.parent.append(len(self.parent))
        self.variables[owner, letter] = len(self.parent) - 1
        return len(self.parent) - 1

    def _root(self, variable: int) -> int:
        while self.parent[variable] != variable:
            self.parent[variable] = self.parent[self.parent[variable]]
            variable = self.parent[variable]
        return variable

    def _visit(self, side: Node, scope: dict[str, int]) -> None:
        stack = [(side, scope)]
        while stack:
            node, inside = stack.pop()
            if node.head == "big" and node.bounds:
                inside = dict(inside)
                for bound in node.bounds:
                    variable = self._variable(id(node), bound.letter)
                    dim = self._extent(bound, node)
                    if dim is not None:
                        self.dims[variable] = dim
                    inside[bound.letter] = variable
            if node.symbol is not None:
                self._entry(node, node.symbol, inside)
            stack.extend((part, inside) for part in node.parts)

    def _entry(self, node: Node, symbol: Symbol, scope: dict[str, int]) -> None:
        try:
            entry = entry_of(symbol, set(scope))
        except ValueError as error:
            what = f"the subscript {error} mixes an index of a sum with something else"
            self.usage.source.fail(what, "An entry is y_i or W_{ij}, with indices that sums bind.", node.place)
        if entry is None:
            return
        name, indices = entry
        rank, place = self.ranks.setdefault(name, (len(indices), node.place))
        if rank != len(indices):
            what = f"{name} has {len(indices)} indices here and {rank} on line {place.line}"
            self.usage.source.fail(what, "One name has entries of one kind.", node.place)
        for k, letter in enumerate(indices):
            axis = self.axes.setdefault((name, k), scope[letter])
            self._join(axis, scope[letter], node)

    def _join(self, a: int, b: int, node: Node) -> None:
        first, second = self._root(a), self._root(b)
        if first == second:
            return
        one, two = self.dims.get(first), self.dims.get(second)
        if one is not None and two is not None and one != two:
            written = self.usage.source.line(node.place)[node.place.column - 1 :][: node.place.width]
            what = f"the entries of {written} run to {one} and to {two}"
            self.usage.source.fail(what, "One vector has one size: name parts of it otherwise.", node.place)
        self.parent[second] = first
        if one is None and two is not None:
            self.dims[first] = two

    def _extent(self, bound: Bound, node: Node) -> Dim | None:
        """How many values an index takes; None where the text does not say."""
        if bound.last is None:
            return None
        first, last = (_whole(e) if e is not None else None for e in (bound.first, bound.last))
        if first not in (0, 1) or last is None:
            what = "a sum runs from 1 to a size, such as n, or from 0 to n-1"
            self.usage.source.fail(
                what, r"Write \sum_{i=1}^{n}.", (bound.first if first not in (0, 1) and bound.first else bound.last).place
            )
        size = add(last, 1) if first == 0 else last
        if isinstance(size, int) and size < 1:
            self.usage.source.fail("a sum over nothing", r"Write \sum_{i=1}^{n}.", bound.last.place)
        for name in [n.symbol.name for n in walk(bound.last) if n.symbol is not None]:
            if name in self.usage.defined:
                self.usage.source.fail(
                    f"{name} is defined by the text and the last index of a sum",
                    "The size of a vector follows from its values.",
                    node.place,
                )
        return size


def _entry(symbol: Symbol, letters: set[str]) -> tuple[str, tuple[str, ...]] | None:
    try:
        return entry_of(symbol, letters)
    except ValueError:
        return None


def _whole(node: Node) -> Dim | None:
    """The size an expression stands for."""
    phrase = size_phrase(node)
    return dimension_of(phrase) if phrase is not None else None


def size_phrase(node: Node) -> Phrase | None:
    """n, 3, n-1, 2n, as a phrase; None for anything else."""
    match node.head:
        case "number":
            return Phrase("number", text=node.text)
        case "symbol":
            return Phrase("name", text=node.symbol.name) if node.symbol is not None else None
        case "group":
            return size_phrase(node.parts[0])
    if node.head in ("sum", "product"):
        parts = [size_phrase(p) for p in node.parts]
        if None in parts or (node.head == "product" and "slash" in node.ops):
            return None
        known = [p for p in parts if p is not None]
        if node.head == "product":
            return Phrase("mul", tuple(known))
        return Phrase("add", tuple(Phrase("neg", (p,)) if op == "-" else p for p, op in zip(known, node.ops, strict=True)))
    return None
