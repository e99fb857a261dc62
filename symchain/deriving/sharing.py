"""Formulas that share parts: how often each part is written, and what becomes of that when one of them gets a name.

Naming a part changes what holds it and what it holds, and nothing else: prices go up to the formulas, counts go down to what is
inside. So choosing many names costs no more than the places where they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from heapq import heapify, heappop, heappush

from symchain.support.notation import Phrase, name, operations
from symchain.support.walks import depth_first

_NAMED = ("mul", "matmul", "call", "add", "pow", "index")
"""What may have a line of its own."""


class _Part:
    """A part of formulas: how it is written now, what it holds and what holds it, and how often it is written."""

    __slots__ = ("count", "inside", "phrase", "users")

    def __init__(self, phrase: Phrase, inside: list[_Part]) -> None:
        self.phrase, self.inside = phrase, inside
        self.users: dict[_Part, None] = {}
        self.count = 0


class Sharing:
    """Formulas by name, and parts of them that got names; phrases that say the same are one object.

    `aside` are phrases that change with the others and are not counted. `least` is what a name must save, `fits` says what may have one.
    """

    def __init__(self, formulas: Mapping[str, Phrase], aside: Iterable[Phrase], least: int, fits: Callable[[Phrase], bool]) -> None:
        self._least, self._fits = least, fits
        self._known: dict[int, _Part] = {}
        self._kept: list[Phrase] = []
        self._roots: dict[str, _Part] = {n: self._part(p) for n, p in formulas.items()}
        self._aside = [(p, self._part(p)) for p in aside]
        self._formulas: dict[_Part, list[str]] = {}
        for n, part in self._roots.items():
            self._formulas.setdefault(part, []).append(n)
        self._count()
        self._lone: dict[_Part, None] = {}
        self._best: list[tuple[int, int, int, _Part]] = []
        for part in self._known.values():
            self._offer(part)
        heapify(self._best)

    def now(self, formula: str) -> Phrase:
        """How a formula is written now."""
        return self._roots[formula].phrase

    def aside(self) -> Iterator[tuple[Phrase, Phrase]]:
        """The phrases that are not counted, as they were and as they are."""
        return ((before, part.phrase) for before, part in self._aside)

    # ------------------------------------------------------------ counting

    def _part(self, phrase: Phrase) -> _Part:
        stack = [phrase]
        known = self._known
        while stack:
            p = stack[-1]
            if id(p) in known:
                stack.pop()
                continue
            inside = [*p.parts, *(v for _, v in p.keywords)]
            pending = [q for q in inside if id(q) not in known]
            if pending:
                stack += pending
                continue
            stack.pop()
            self._kept.append(p)
            part = known[id(p)] = _Part(p, [known[id(q)] for q in inside])
            for q in part.inside:
                q.users[part] = None
        return known[id(phrase)]

    def _count(self) -> None:
        for part in self._roots.values():
            part.count += 1
        for part in reversed(self._known.values()):  # what holds a part was met after it
            for q in part.inside:
                q.count += part.count

    def _offer(self, part: _Part) -> None:
        """Keep in mind what naming the part would save, as things are."""
        if part.count > 1 and part.phrase.head in _NAMED:
            price = operations(part.phrase)
            saving = (part.count - 1) * price
            if price >= 2 and saving >= self._least:
                heappush(self._best, (-saving, -price, id(part), part))
            elif price == 1 and part.phrase.head == "matmul":
                self._lone[part] = None

    def _holds(self, entry: tuple[int, int, int, _Part]) -> bool:
        """Whether an offer says how things are now."""
        part = entry[3]
        price = operations(part.phrase)
        return part.count > 1 and entry[0] == -(part.count - 1) * price and entry[1] == -price and price >= 2 and self._fits(part.phrase)

    # ------------------------------------------------------------ choosing

    def most_repeated(self) -> _Part | None:
        """What is worth a name most; the first that is written, of several. A single product of matrices is, where it comes first."""
        best: list[tuple[int, int, int, _Part]] = []
        while self._best and (not best or self._best[0][:2] == best[0][:2]):
            entry = heappop(self._best)
            if self._holds(entry) and entry not in best:
                best.append(entry)
        for entry in best:
            heappush(self._best, entry)
        alone = [p for p in self._lone if p.count > 1 and operations(p.phrase) == 1 and self._fits(p.phrase)]
        if alone:
            others = {entry[3]: None for entry in self._best if self._holds(entry)}
            first = self._first([*alone, *others])
            if first in alone and (not best or (1 - first.count, -1) <= best[0][:2]):
                return first
        return self._first([entry[3] for entry in best]) if best else None

    def _first(self, parts: list[_Part]) -> _Part:
        """The one that is met first where the formulas are read."""
        if len(parts) == 1:
            return parts[0]
        wanted = set(parts)
        leading = set(parts)
        stack = list(parts)
        while stack:
            for user in stack.pop().users:
                if user not in leading:
                    leading.add(user)
                    stack.append(user)
        part = next(root for root in self._roots.values() if root in leading)
        while part not in wanted:
            part = next(q for q in part.inside if q in leading)
        return part

    # ------------------------------------------------------------ naming

    def name(self, part: _Part, made: str) -> set[str]:
        """Write a name for a part everywhere, and make the part the last of the formulas; the formulas that changed."""
        symbol = _Part(name(made), [])
        self._kept.append(symbol.phrase)
        changed = set(self._formulas.pop(part, ()))
        for n in changed:
            self._roots[n] = symbol
        self._formulas[symbol] = [*changed]
        self._roots[made] = part
        self._formulas[part] = [made]
        self._aside = [(before, symbol if p is part else p) for before, p in self._aside]
        above = self._above(part)
        users, part.users = part.users, {}
        for user in users:
            user.inside = [symbol if q is part else q for q in user.inside]
            symbol.users[user] = None
        for user in above:
            user.phrase = _over([q.phrase for q in user.inside], user.phrase)
            changed.update(self._formulas.get(user, ()))
        self._lower(part, part.count - 1)
        for user in above:
            self._offer(user)
        return changed

    def _above(self, part: _Part) -> list[_Part]:
        """All that holds the part, what is inside first."""
        return depth_first(part.users, lambda user: user.users)[::-1]

    def _lower(self, part: _Part, by: int) -> None:
        """The part is written so many times less, and so is what it holds."""
        less: dict[_Part, int] = {part: by}
        for p in reversed(depth_first([part], lambda p: p.inside)):
            p.count -= less[p]
            for q in p.inside:
                less[q] = less.get(q, 0) + less[p]
            self._offer(p)


def _over(inside: list[Phrase], phrase: Phrase) -> Phrase:
    """The phrase with other parts."""
    k = len(phrase.parts)
    return replace(phrase, parts=tuple(inside[:k]), keywords=tuple((n, v) for (n, _), v in zip(phrase.keywords, inside[k:], strict=True)))
