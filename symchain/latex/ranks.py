"""Which names are arrays and of how many axes, from their use: the ranks under which the definitions of a section go together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product

from symchain.latex.arrays import OF_MATRICES, is_bold
from symchain.latex.indices import entry_or_none
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.statements import Statement
from symchain.latex.tokens import GREEK_COMMANDS
from symchain.latex.unification import Extents, Mismatch, Reader, definitions_of, is_identity, unify
from symchain.latex.usage import Usage, call_at
from symchain.latex.values import SAME_SHAPE, keeps_shape
from symchain.support.dimensions import Shape

_COUNTS = frozenset("NMKTDL")
"""Capitals that are numbers of things as often as matrices."""
_TRIALS = 400


class Suspects:
    """The names that stand where arrays stand: marked as such, or beside arrays in sums, products and functions of each entry."""

    def __init__(self, bodies: Mapping[str, Sequence[Node]], arrays: Iterable[str]) -> None:
        self.found = set(arrays)
        self.behind: set[str] = set()
        """Those that stand in brackets behind a transpose: w^T(a - b)."""
        self.symbols: dict[str, Symbol] = {}
        while True:
            before = len(self.found)
            for name, formulas in bodies.items():
                for body in formulas:
                    self._visit(body)
                    if name in self.found:
                        self._push(body)
                    elif self._touches(body):
                        self.found.add(name)
            if len(self.found) == before:
                return

    def _visit(self, body: Node) -> None:
        for node in walk(body):
            if node.symbol is not None:
                self.symbols.setdefault(node.symbol.name, node.symbol)
            if node.head == "sum" and any(map(self._touches, node.parts)):
                for part in node.parts:
                    self._push(part)
            elif node.head == "product" and any(map(self._touches, node.parts)):
                self._beside(node)
            elif node.head in ("norm", "transpose") or (node.head == "apply" and node.text in (*OF_MATRICES, *SAME_SHAPE)):
                self._push(node.parts[0])

    def _touches(self, node: Node) -> bool:
        """Whether a formula may be an array."""
        if node.symbol is not None:
            return node.symbol.name in self.found
        match node.head:
            case "transpose":
                return True
            case "sum" | "product" | "group" | "paren":
                return any(map(self._touches, node.parts))
            case "frac" | "power" | "root":
                return self._touches(node.parts[0])
            case "apply":
                return keeps_shape(node.text) and any(map(self._touches, node.parts))
        return False

    def _push(self, node: Node) -> None:
        """Say of a formula that it may be an array: so may its terms, and the factors of W x."""
        if node.symbol is not None and not node.symbol.primes:
            self.found.add(node.symbol.name)
        elif node.head in ("sum", "group", "paren"):
            for part in node.parts:
                self._push(part)
        elif node.head in ("transpose", "frac") or (node.head == "apply" and keeps_shape(node.text)):
            self._push(node.parts[0])
        elif node.head == "product":
            k = next((k for k in range(len(node.parts)) if call_at(node, k) is not None), None)
            if k is not None and len(node.parts) == 2:
                self._push(node.parts[1])
                return
            letters = [p for p in node.parts if p.symbol is not None]
            for one, two in zip(letters, letters[1:], strict=False):
                if _is_capital(one) and (two.symbol is not None):
                    self._push(one)
                    self._push(two)
            if not any(map(self._touches, node.parts)):
                for part in node.parts[-1:]:
                    self._push(part)

    def _beside(self, node: Node) -> None:
        """A capital to the left of an array, and what stands to the right of a capital that is one."""
        for k, part in enumerate(node.parts[:-1]):
            following = node.parts[k + 1]
            if node.ops[k + 1] not in ("", "cdot"):
                if node.ops[k + 1] == "odot":
                    self._push(part)
                    self._push(following)
                continue
            if self._touches(following):
                self.found |= {n.symbol.name for n in _capitals(part) if n.symbol is not None}
            inner = part.parts[0] if part.head in ("transpose", "power") else part
            matrix = _is_capital(inner) and inner.symbol is not None and inner.symbol.name in self.found
            turned = part.head == "transpose" and following.head in ("group", "paren")
            if turned:
                before = set(self.found)
                self._push(following)
                self.behind |= self.found - before
            if matrix or (following.symbol is not None and self._touches(part)):
                self._push(following)


def _capitals(node: Node) -> list[Node]:
    """The capitals that a factor is, or is a sum of: A, and those of (A + B^T); nothing where it holds anything else."""
    if node.symbol is not None:
        return [node] if _is_capital(node) and not node.symbol.primes else []
    if node.head not in ("sum", "group", "paren", "transpose"):
        return []
    inner = [_capitals(p) for p in node.parts]
    return [n for found in inner for n in found] if all(inner) else []


def _is_capital(node: Node) -> bool:
    return node.symbol is not None and node.symbol.base[:1].isupper()


# ---------------------------------------------------------------- the ranks under which all goes together


def ranks_of(
    usage: Usage,
    statements: Sequence[Statement],
    shapes: Mapping[str, Shape],
    entries: Mapping[str, int],
    marks: Mapping[str, bool],
    hints: Mapping[str, int],
) -> dict[str, int]:
    """The ranks of the names that are arrays, where one assignment is the best that goes together; nothing where none or several are.

    `shapes` are declared, `entries` the ranks of names that have entries; `marks` says of marked names whether the mark is certain;
    `hints` are ranks found elsewhere in the section.
    """
    bodies = definitions_of(usage, statements)
    mentioned = {n.symbol.name for b in bodies.values() for f in b for n in walk(f) if n.symbol is not None} | bodies.keys()
    fixed = {n: len(s) for n, s in shapes.items()} | dict(entries)
    seeds = {n for n in mentioned if fixed.get(n) or (n in marks and fixed.get(n) is None) or hints.get(n)}
    if not seeds:
        return {}
    suspects = Suspects(bodies, seeds)
    free = [n for n in sorted(suspects.found & mentioned) if n not in fixed and len(bodies.get(n, ())) != 1]
    free = [n for n in free if n in suspects.symbols and not is_identity(suspects.symbols[n], usage)]
    letters = {*usage.letters, *(c for f in usage.free.values() for c in f)}
    free = [n for n in free if not entry_or_none(suspects.symbols[n], letters)]
    certain = {n for n in mentioned if marks.get(n)}
    bold = any(is_bold(s) for s in suspects.symbols.values())
    options = [_options(suspects.symbols[n], marks.get(n), hints.get(n), bold and n not in suspects.behind) for n in free]
    best: list[dict[str, int]] = []
    least: tuple[int, int] | None = None
    for total, ranks in _assignments(options):
        if least is not None and total > least[0]:
            break
        assigned = dict(zip(free, ranks, strict=True))
        tried = _tried(usage, bodies, shapes, {**entries, **assigned}, certain)
        if tried is None:
            continue
        cost, made = tried
        key = (total + cost, sum(1 for n, r in assigned.items() if r and n not in marks))
        if least is None or key < least:
            best, least = [made], key
        elif key == least:
            best.append(made)
    return best[0] if len(best) == 1 else {}


def _options(symbol: Symbol, mark: bool | None, hint: int | None, bold: bool) -> list[tuple[int, int]]:
    """The ranks that a name may have, each with what it costs to depart from what its letter says; `bold` are arrays elsewhere."""
    if hint is not None:
        return [(hint, 0)]
    capital = symbol.base[:1].isupper()
    if mark:
        return [(2, 0), (1, 1)] if capital else [(1, 0), (2, 1)]
    if capital:
        return [(2, 0), (0, 0 if symbol.base in _COUNTS and mark is None else 1)]
    if mark is None and bold and not is_bold(symbol):
        return [(0, 0), (1, 1)]
    if symbol.base in GREEK_COMMANDS or mark is None:
        return [(1, 0), (0, 0)]
    return [(1, 0), (0, 1)]


def _assignments(options: Sequence[Sequence[tuple[int, int]]]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Assignments in order of what they cost, as many as are worth a trial."""
    free = [k for k, o in enumerate(options) if len(o) > 1 and o[1][1] == 0]
    dear = [k for k, o in enumerate(options) if len(o) > 1 and o[1][1] > 0]
    count = 0
    for total in range(min(len(dear), 3) + 1):
        for chosen in combinations(dear, total):
            for second in product((0, 1), repeat=len(free)):
                count += 1
                if count > _TRIALS:
                    return
                taken = {*chosen, *(k for k, s in zip(free, second, strict=True) if s)}
                yield total, tuple(o[k in taken][0] for k, o in enumerate(options))


def _tried(
    usage: Usage, bodies: Mapping[str, Sequence[Node]], shapes: Mapping[str, Shape], ranks: Mapping[str, int], certain: Collection[str]
) -> tuple[int, dict[str, int]] | None:
    """What an assignment costs and the ranks that follow from it; None where it does not go together."""
    extents = Extents()
    axes = {n: tuple(extents.fresh(d) for d in s) for n, s in shapes.items()}
    axes |= {n: tuple(extents.fresh() for _ in range(r)) for n, r in ranks.items() if n not in axes}
    reader = Reader(usage, extents, axes, bodies)
    found = {n: len(a) for n, a in axes.items() if a}
    try:
        for name, formulas in bodies.items():
            for body in formulas:
                made = unify(reader, name, body)
                if made is None:
                    continue
                if name in certain and not made.axes:
                    return None
                reader.cost += 3 * made.row  # names stand for columns
                if made.axes:
                    found[name] = len(made.axes)
    except Mismatch:
        return None
    return reader.cost, found
