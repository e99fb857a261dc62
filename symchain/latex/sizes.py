"""The sizes of indices: which letters are indices, what they run over, and the shapes of the names that have entries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from symchain.errors import Place
from symchain.language.shapes import dimension_of
from symchain.latex.indices import INDICATOR, entry_of, entry_or_none, index_letters, is_kronecker, without_letters
from symchain.latex.nodes import Bound, Node, Symbol, walk
from symchain.latex.ranks import ranks_of
from symchain.latex.statements import Statement, is_defined
from symchain.latex.unification import Extents, Mismatch, Reader, Unknown, definitions_of, unify
from symchain.latex.usage import Usage, function_of
from symchain.support.dimensions import Dim, Shape, add
from symchain.support.notation import Phrase

_COUNTS = frozenset("nNmMK")
"""Letters for a number of terms."""
_SIZES = ("n", "m", "p", "q", "r", "s")


class Sizes:
    """The sizes of indices and of the axes they run along, made equal where one entry says so."""

    def __init__(
        self,
        usage: Usage,
        statements: Sequence[Statement],
        shapes: Mapping[str, Shape],
        marks: Mapping[str, bool] | None = None,
        hints: Mapping[str, int] | None = None,
    ) -> None:
        self.usage, self.statements, self.shapes = usage, statements, shapes
        self.marks, self.hints = marks or {}, hints or {}
        self.extents = Extents()
        self.axes: dict[tuple[str, int], int] = {}
        self.ranks: dict[str, tuple[int, Place]] = {}
        self.variables: dict[tuple[int, str], int] = {}
        self.by = {n.symbol.name for s in statements for p in s.sides if p.head == "partial" for n in p.parts[1:] if n.symbol is not None}
        self.identities: dict[int, int] = {}
        self.counts: dict[int, str] = {}
        self.counted: dict[int, str] = {}
        """The number of terms of sums that are divided by it, by the sum and by its index: a mean."""

    def settle(self) -> None:
        inferred, frees = self.inferred()
        for name, shape in self.shapes.items():
            for k, dim in enumerate(shape):
                self.axes[name, k] = self.extents.fresh(dim)
            if shape:
                self.ranks[name] = (len(shape), Place(1, 1))
        for index, statement in enumerate(self.statements):
            if statement.shape is None:
                self.usage.free[index] = free = frees[index]
                scope = {letter: self._variable(index, letter) for letter in free}
                own = set(self.usage.parameters.get(function_of(statement), ())) if index in self.usage.macros else set()
                for side in statement.sides:
                    self._visit(side, scope, own)
        self._unify(inferred)
        dims = self.extents.dims
        names: dict[int, Dim | None] = {root: dims.get(root) for root in {self._root(v) for v in range(len(self.extents.parent))}}
        taken = {*self.usage.plain, *self.usage.called, *(str(d) for d in dims.values())}
        for root in sorted(r for r, dim in names.items() if dim is None):
            letter = next(s for s in (*_SIZES, *(f"n_{k}" for k in range(10_000))) if s not in taken)
            counts = {n for v, n in self.counted.items() if self._root(v) == root}
            names[root] = counts.pop() if len(counts) == 1 else letter
            taken.add(letter)
        for name, (rank, _) in self.ranks.items():
            sizes = [names[self._root(self.axes[name, k])] for k in range(rank)]
            self.usage.shapes[name] = tuple(d for d in sizes if d is not None)
        for node, variable in self.identities.items():
            size = names[self._root(variable)]
            assert size is not None
            self.usage.identities[node] = size
        for key, variable in self.variables.items():
            extent = names[self._root(variable)]
            assert extent is not None
            self.usage.bounds[key] = extent

    def inferred(self) -> tuple[dict[str, int], dict[int, tuple[str, ...]]]:
        """The ranks of arrays that are used as wholes, and the indices of each statement: each tells of the other."""
        declared = {n: len(s) for n, s in self.shapes.items() if s}
        inferred: dict[str, int] = {}
        for _ in range(4):
            before = inferred
            frees, entries = self._free({**inferred, **declared})
            self.usage.free = frees
            entries = {n: r for n, r in entries.items() if n not in self.shapes and n not in inferred}
            inferred = ranks_of(self.usage, self.statements, self.shapes, entries, self.marks, self.hints)
            if inferred == before:
                break
        return {n: r for n, r in inferred.items() if n not in self.shapes}, frees

    def _unify(self, inferred: Mapping[str, int]) -> None:
        """Give the arrays that are used as wholes their axes, and make equal what has to be; what clashes is left to those who read it."""
        for name, rank in inferred.items():
            known = self.ranks.setdefault(name, (rank, Place(1, 1)))[0]
            for k in range(known):
                self.axes.setdefault((name, k), self.extents.fresh())
        bodies = definitions_of(self.usage, self.statements)
        axes = {n: tuple(self.axes[n, k] for k in range(rank)) for n, (rank, _) in self.ranks.items()}
        if not axes:
            return
        reader = Reader(self.usage, self.extents, axes, bodies)
        for name, formulas in bodies.items():
            for body in formulas:
                mark = self.extents.mark()
                try:
                    unify(reader, name, body)
                except Mismatch:
                    self.extents.back(mark)
        for statement in self.statements:
            for side in statement.sides if statement.shape is None else ():
                if any(n.symbol is not None and n.symbol.base == "I" for n in walk(side)) and side is not statement.sides[0]:
                    self._identities(reader, side)
        for node, size in reader.identities:
            self.identities[id(node)] = size

    def _identities(self, reader: Reader, side: Node) -> None:
        """What stands in claims tells the sizes of the identity matrices in them, and nothing else."""
        try:
            reader.form(side)
        except (Mismatch, Unknown):
            return

    # ------------------------------------------------------------ which letters are indices

    def _free(self, ranks: dict[str, int]) -> tuple[dict[int, tuple[str, ...]], dict[str, int]]:
        """The indices of z_i = ... and of dL/dz_i = ...: letters in the place where names that have entries have them; and all ranks."""
        letters: dict[int, set[str]] = {k: set() for k in range(len(self.statements))}
        found: dict[int, tuple[str, ...]] = dict.fromkeys(letters, ())
        scanned = [(k, _symbols(s), _bound(s)) for k, s in enumerate(self.statements) if s.shape is None]
        while True:
            before = (sum(map(len, letters.values())), len(ranks))
            for k, symbols, bound in scanned:
                known = letters[k] | bound
                for symbol in symbols:
                    self._learn(symbol, known, letters[k], ranks, bound)
                found[k] = self._on_the_left(self.statements[k], letters[k])
            if (sum(map(len, letters.values())), len(ranks)) == before:
                return found, ranks

    def _learn(self, symbol: Symbol, known: set[str], letters: set[str], ranks: dict[str, int], bound: set[str]) -> None:
        """What one name says: that its letters are indices, or that it has entries."""
        pieces = index_letters(symbol)
        kronecker = is_kronecker(symbol.stem, pieces) and (symbol.base == INDICATOR or "delta" not in self.usage.defined)
        if not pieces or kronecker:
            return
        for count in range(1, len(pieces) + 1):
            stem = without_letters(symbol, count)
            if ranks.get(stem) == count:
                letters.update(c for c in pieces[-count:] if c not in bound)
                return
        if any(c in known for c in pieces):
            entry = entry_or_none(symbol, known | set(pieces))
            if entry is not None:
                letters.update(c for c in entry[1] if c not in bound)
                ranks.setdefault(entry[0], len(entry[1]))

    @staticmethod
    def _on_the_left(statement: Statement, letters: set[str]) -> tuple[str, ...]:
        """The index letters of a left side, in order: of a derivative, those of what is derived and then of what it is by."""
        found: list[str] = []
        partial = next((s for s in statement.sides if s.head == "partial"), None)
        named = [s for s in statement.sides[:1] if partial is not None and s.symbol is not None]
        left = statement.sides[0]
        left = left.parts[0] if left.head == "product" and is_defined(left) else left
        parts = [left] if partial is None else [*named, *partial.parts[:2]]
        for k, part in enumerate(parts):
            symbol = part.symbol
            if symbol is None:
                found += [c for c in sorted(_free_in(part, letters)) if c not in found] if k == 0 and partial is not None else []
                continue
            entry = entry_or_none(symbol, letters)
            if entry is not None:
                found += [c for c in entry[1] if c not in found]
        return tuple(found)

    def _variable(self, owner: int, letter: str) -> int:
        self.variables[owner, letter] = variable = self.extents.fresh()
        return variable

    def _root(self, variable: int) -> int:
        return self.extents.root(variable)

    def _visit(self, side: Node, scope: dict[str, int], own: Collection[str]) -> None:
        stack = [(side, scope)]
        others = {*self.usage.defined, *self.shapes, *self.by}
        while stack:
            node, inside = stack.pop()
            self.counts.update((id(big), name) for big, name in _means(node) if name not in others)
            if node.head == "big" and node.bounds:
                inside = dict(inside)
                for bound in node.bounds:
                    variable = self._variable(id(node), bound.letter)
                    dim = self._extent(bound, node)
                    if dim is not None:
                        self.extents.dims[variable] = dim
                    elif id(node) in self.counts:
                        self.counted[variable] = self.counts[id(node)]
                    inside[bound.letter] = variable
                    if bound.but in inside and bound.but != bound.letter:
                        self._join(variable, inside[bound.but], node)
            if node.symbol is not None and node.symbol.name not in own:
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
        if is_kronecker(name, indices) and (name == INDICATOR or not (name in self.ranks or name in self.usage.defined)):
            self._join(scope[indices[0]], scope[indices[1]], node)
            return
        rank, place = self.ranks.setdefault(name, (len(indices), node.place))
        if rank != len(indices):
            what = f"{name} has {len(indices)} indices here and {rank} on line {place.line}"
            self.usage.source.fail(what, "One name has entries of one kind.", node.place)
        for k, letter in enumerate(indices):
            axis = self.axes.setdefault((name, k), scope[letter])
            self._join(axis, scope[letter], node)

    def _join(self, a: int, b: int, node: Node) -> None:
        one, two = self.extents.dim(a), self.extents.dim(b)
        if not self.extents.join(a, b):
            written = self.usage.source.line(node.place)[node.place.column - 1 :][: node.place.width]
            what = f"the entries of {written} run to {one} and to {two}"
            self.usage.source.fail(what, "One vector has one size: name parts of it otherwise.", node.place)

    def _extent(self, bound: Bound, node: Node) -> Dim | None:
        """How many values an index takes; None where the text does not say."""
        if bound.last is None:
            return None
        first, last = (_whole(e) if e is not None else None for e in (bound.first, bound.last))
        first = 1 if bound.first is None else first
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


def _means(node: Node) -> Iterator[tuple[Node, str]]:
    r"""The sums over one index without an end that a letter for a size divides, and that letter: \frac1n \sum_i."""
    tops: Sequence[Node] = ()
    below: Node | None = None
    if node.head == "frac":
        tops, below = node.parts[:1], node.parts[1]
    for k, part in enumerate(node.parts if node.head == "product" else ()):
        if part.head == "frac" and k + 1 < len(node.parts) and all(n.symbol is None for n in walk(part.parts[0])):
            tops, below = node.parts[k + 1 : k + 2], part.parts[1]
    names = {n.symbol.name for n in walk(below) if n.symbol is not None} if below is not None else set()
    plain = below is not None and all(n.head in ("symbol", "number", "product", "group", "paren") for n in walk(below))
    for top in tops:
        while top.head in ("group", "paren") and len(top.parts) == 1:
            top = top.parts[0]
        if plain and len(names) == 1 and names <= _COUNTS and top.head == "big" and top.text == "sum" and len(top.bounds) == 1:
            yield top, next(iter(names))


def _symbols(statement: Statement) -> list[Symbol]:
    return [n.symbol for side in statement.sides for n in walk(side) if n.symbol is not None]


def _bound(statement: Statement) -> set[str]:
    return {b.letter for side in statement.sides for n in walk(side) for b in n.bounds}


def _free_in(part: Node, letters: set[str]) -> set[str]:
    """The index letters of a formula that no sum in it binds."""
    bound = {b.letter for n in walk(part) for b in n.bounds}
    found: set[str] = set()
    for n in walk(part):
        entry = entry_or_none(n.symbol, letters) if n.symbol is not None else None
        found |= set(entry[1]) - bound if entry else set()
    return found


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
