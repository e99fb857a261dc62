"""The definitions of a text and what each statement needs of them: the last above it, else the first below."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence

from symchain.latex.arrays import is_bold
from symchain.latex.indices import index_letters, without_letters
from symchain.latex.lines import spellings
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.statements import Statement
from symchain.latex.units import Unit
from symchain.nouns.statement import DECLARATION, DEFINITION, REFUSED


class Definitions:
    """Looks up names. `units` may change kind while a text is read; what is asked is what they are then."""

    def __init__(self, units: Sequence[Unit], headings: Sequence[int] = ()) -> None:
        self.units, self.headings = units, headings
        self.declared: dict[str, Statement] = {}
        """The last declaration of each name; `declared_at` has those in force at a line."""
        self._declarations: dict[str, list[Statement]] = {}
        self.named: dict[str, list[int]] = {}
        self.entries: dict[str, list[int]] = {}
        for k, unit in enumerate(units):
            if unit.kind == DECLARATION:
                self.declared.update(unit.declarations())
                for name, line in unit.declarations().items():
                    self._declarations.setdefault(name, []).append(line)
            if unit.defines:
                self.named.setdefault(unit.symbol.name, []).append(k)
                letters = index_letters(unit.symbol)
                for count in range(1, len(letters) + 1):
                    if stem := without_letters(unit.symbol, count):
                        self.entries.setdefault(stem, []).append(k)

    def declared_at(self, line: int) -> dict[str, Statement]:
        """The declarations in force at a line of the text: the last above it or on it, else the first below."""
        found: dict[str, Statement] = {}
        for name, every in self._declarations.items():
            above = [d for d in every if d.place.line <= line]
            found[name] = above[-1] if above else every[0]
        return found

    def is_another(self, declared: Statement, names: set[Symbol], line: Statement) -> bool:
        """Whether a declaration of another section is of a name in another font: below, or of a plain letter where bold ones stand."""
        symbol = declared.sides[0].symbol
        uses = [s for s in names if symbol is not None and s.name == symbol.name]
        if self.is_of_another_rank(declared, names, line):
            return True
        if symbol is None or not uses or any(is_bold(s) == is_bold(symbol) for s in uses):
            return False
        elsewhere = bisect(self.headings, declared.place.line) != bisect(self.headings, line.place.line)
        return elsewhere and (declared.place.line > line.place.line or is_bold(uses[0]))

    def is_of_another_rank(self, declared: Statement, names: set[Symbol], line: Statement) -> bool:
        """Whether the names of another section have too many indices for what is declared: w_{ij} are no entries of a vector w."""
        symbol = declared.sides[0].symbol
        if symbol is None or bisect(self.headings, declared.place.line) == bisect(self.headings, line.place.line):
            return False
        uses = [len(index_letters(s)) for s in names if s.name == symbol.name or symbol.name in spellings(s)]
        return bool(uses) and min(uses) > len(declared.shape or ())

    def unit_of(self, line: Statement) -> Unit | None:
        """The unit that a line stands for."""
        symbol = line.sides[0].symbol or (line.sides[0].parts[0].symbol if line.sides[0].head == "product" else None)
        for j in self.named.get(symbol.name, ()) if symbol is not None else ():
            if self.units[j].left is line.sides[0]:
                return self.units[j]
        return None

    def above(self, symbol: Symbol, k: int) -> Unit | None:
        """The last definition of a name above a statement."""
        found = [j for j in self._candidates(symbol, k) if j < k and self.units[j].kind == DEFINITION]
        return self.units[found[-1]] if found else None

    def refused_above(self, symbol: Symbol, k: int) -> bool:
        """Whether the last definition of a name above a statement was not understood."""
        found = [j for j in self._candidates(symbol, k) if j < k]
        return bool(found) and self.units[found[-1]].kind == REFUSED

    def _another(self, j: int, symbol: Symbol, k: int) -> bool:
        """Whether the definition of another section has its name in another font: of a bold letter where a plain one stands below."""
        unit = self.units[j]
        if unit.symbol.name != symbol.name or is_bold(unit.symbol) == is_bold(symbol):
            return False
        return self.section(j) != self.section(k) and (j > k or is_bold(symbol))

    def section(self, j: int) -> int:
        """The number of the section in which a unit stands."""
        return bisect(self.headings, self.units[j].written.place.line)

    def _candidates(self, symbol: Symbol, k: int) -> list[int]:
        exact = [j for j in self.named.get(symbol.name, ()) if self._holds(j) and not self._another(j, symbol, k)]
        if exact:
            return exact
        letters = index_letters(symbol)
        for count in range(1, len(letters) + 1):
            stem = without_letters(symbol, count)
            found = sorted({*self.named.get(stem, ()), *self.entries.get(stem, ())}) if stem else []
            found = [j for j in found if self._holds(j)]
            if found:
                return found
        return [j for j in self.entries.get(symbol.name, ()) if self._holds(j)]

    def _holds(self, j: int) -> bool:
        """Whether a unit says what its name is, or would if it had been understood."""
        return self.units[j].kind in (DEFINITION, REFUSED) or self.units[j].restates

    def of(self, symbol: Symbol, k: int, by: Sequence[str] = ()) -> int | None:
        """The definition in force at a statement: the last above, else the first below.

        Of formulas that say the same, the last one that rests on a name in `by`.
        """
        found = self._candidates(symbol, k)
        above = [j for j in found if j < k]
        if not above:
            return next((j for j in found if j > k), None)
        for j in reversed(above) if by else ():
            if self._rests_on(j, k, set(by), set()):
                return j
            if not self.units[j].restates:
                break
        return above[-1]

    def turns_round(self, k: int) -> bool:
        """Whether a definition is of a name that a definition above is made of: h = x - a, and then x = a + h."""
        unit = self.units[k]
        own = {unit.symbol.name}
        names = {n.symbol for n in walk(unit.right) if n.symbol is not None} if unit.right is not None else set()
        found = [j for s in names if (j := self.of(s, k)) is not None and j < k and self.units[j].kind == DEFINITION]
        return any(self._rests_on(j, k, own, set()) for j in found)

    def _rests_on(self, j: int, k: int, by: set[str], seen: set[int]) -> bool:
        """Whether the formula of a unit holds one of some names, or a name that does."""
        seen.add(j)
        right = self.units[j].right
        for symbol in dict.fromkeys(n.symbol for n in walk(right) if n.symbol is not None) if right is not None else ():
            if symbol.name in by or symbol.stem in by:
                return True
            inner = self.of(symbol, k)
            if inner is not None and inner not in seen and self._rests_on(inner, k, by, seen):
                return True
        return False

    def needed(
        self, nodes: Sequence[Node | None], k: int, own: Unit | None = None, by: Sequence[str] = ()
    ) -> tuple[list[Statement], Unit | None]:
        """The definitions that formulas at a statement rest on, in the order of the text; and one that was refused, where one is needed.

        What the names `by` are made of does not bear on derivatives by them.
        """
        found: set[int] = set()
        stack: list[int] = []
        missing: list[Unit] = []

        arguments = _arguments(own)
        named = {own.symbol.name} if own is not None and own.defines else set()

        def visit(node: Node) -> bool:
            whole = True
            sizes = _sizes(node)
            for symbol in dict.fromkeys(n.symbol for n in walk(node) if n.symbol is not None):
                j = self.of(symbol, k, by)
                if j is not None and j > k and (symbol.name in arguments or symbol.name in sizes):
                    continue  # what an argument, or the end of a sum, is given below is another matter
                if j is not None and j > k and named and self._rests_on(j, j, named, set()):
                    continue  # below, the same equation is solved for another name
                if j is None or j in found or self.units[j] is own:
                    continue
                if j in stack or len(stack) > 400:
                    whole = False
                    continue
                unit = self.units[j]
                if unit.kind == REFUSED or unit.right is None:
                    if symbol.name in by:
                        continue
                    missing.append(unit)
                    continue
                stack.append(j)
                arguments.update(_arguments(unit))
                closed = visit(unit.right)
                stack.pop()
                if closed:
                    found.add(j)
            return whole

        for node in nodes:
            if node is not None:
                visit(node)
        return [self.units[j].line() for j in sorted(found)], missing[0] if missing else None


def _sizes(node: Node) -> set[str]:
    """The letters at which the sums of a formula end, and that stand nowhere else in it."""
    ends = {id(n): n for big in walk(node) for b in big.bounds if b.last is not None for n in walk(b.last)}
    others = {n.symbol.name for n in walk(node) if n.symbol is not None and id(n) not in ends}
    return {n.symbol.name for n in ends.values() if n.symbol is not None} - others


def _arguments(unit: Unit | None) -> set[str]:
    """The names that a function depends on by its definition: s of g(s) = ..."""
    left = unit.left if unit is not None and unit.defines else None
    return {p.symbol.name for p in left.parts[1].parts if p.symbol is not None} if left is not None and left.head == "product" else set()
