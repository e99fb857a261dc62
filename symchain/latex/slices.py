"""The definitions of a text and what each statement needs of them: the last above it, else the first below."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence

from symchain.latex.arrays import is_bold
from symchain.latex.indices import index_letters, without_letters
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.statements import Statement
from symchain.latex.units import Unit
from symchain.nouns.statement import DECLARATION, DEFINITION, REFUSED


class Definitions:
    """Looks up names. `units` may change kind while a text is read; what is asked is what they are then."""

    def __init__(self, units: Sequence[Unit], headings: Sequence[int] = ()) -> None:
        self.units, self.headings = units, headings
        self.declared: dict[str, Statement] = {}
        self.named: dict[str, list[int]] = {}
        self.entries: dict[str, list[int]] = {}
        for k, unit in enumerate(units):
            if unit.kind == DECLARATION:
                self.declared.update(unit.declarations())
            if unit.defines:
                self.named.setdefault(unit.symbol.name, []).append(k)
                letters = index_letters(unit.symbol)
                for count in range(1, len(letters) + 1):
                    if stem := without_letters(unit.symbol, count):
                        self.entries.setdefault(stem, []).append(k)

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

        def visit(node: Node) -> bool:
            whole = True
            for symbol in dict.fromkeys(n.symbol for n in walk(node) if n.symbol is not None):
                j = self.of(symbol, k, by)
                if j is not None and j > k and symbol.name in arguments:
                    continue  # what an argument is given below is another matter
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


def _arguments(unit: Unit | None) -> set[str]:
    """The names that a function depends on by its definition: s of g(s) = ..."""
    left = unit.left if unit is not None and unit.defines else None
    return {p.symbol.name for p in left.parts[1].parts if p.symbol is not None} if left is not None and left.head == "product" else set()
