"""Members in formulas: which index a phrase is, which names have one, and formulas with each member as one name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from symchain.errors import Place
from symchain.nouns.families import PROD, SUM, Read, member
from symchain.support.linear import Linear
from symchain.support.notation import Phrase, name, number, rewritten


def linear_of(phrase: Phrase) -> Linear | None:
    """The whole-number form that a phrase is: t - 1, L, 2*k; None for any other."""
    match phrase.head:
        case "number":
            return Linear.of(int(phrase.text)) if phrase.text.isdigit() else None
        case "name":
            return Linear.letter(phrase.text)
        case "neg":
            inner = linear_of(phrase.parts[0])
            return None if inner is None else inner.times(-1)
        case "add":
            total = Linear()
            for part in phrase.parts:
                form = linear_of(part)
                if form is None:
                    return None
                total = total.plus(form)
            return total
        case "mul":
            total = Linear.of(1)
            for part in phrase.parts:
                form = linear_of(part)
                if form is None:
                    return None
                if total.number is None and form.number is None:
                    return None
                total = form.times(total.constant) if total.number is not None else total.times(form.constant)
            return total
    return None


def phrase_of_linear(form: Linear) -> Phrase:
    """The phrase of an index or a bound.

    >>> phrase_of_linear(Linear.letter("t").plus(-1)).head
    'add'
    """
    parts = []
    for letter, c in sorted(form.terms, key=lambda t: t[1] < 0):
        term = name(letter) if abs(c) == 1 else Phrase("mul", (number(abs(c)), name(letter)))
        parts.append(term if c > 0 else Phrase("neg", (term,)))
    if form.constant or not parts:
        literal = number(abs(form.constant))
        parts.append(literal if form.constant >= 0 else Phrase("neg", (literal,)))
    return parts[0] if len(parts) == 1 else Phrase("add", tuple(parts))


def occurrences(phrase: Phrase, var: str) -> Iterator[tuple[Phrase, tuple[str, ...], bool]]:
    """Every phrase inside, with the indices of the ranges around it, and whether it is what an index follows."""
    stack: list[tuple[Phrase, tuple[str, ...], bool]] = [(phrase, (var,) if var else (), False)]
    while stack:
        p, scope, indexed = stack.pop()
        yield p, scope, indexed
        if p.head == "each":
            stack.extend((q, scope, False) for q in p.parts[:0:-1])
            stack.append((p.parts[0], (*scope, p.text), False))
            continue
        stack.extend((v, scope, False) for _, v in reversed(p.keywords))
        stack.extend((q, scope, p.head == "index" and not k) for k, q in reversed(list(enumerate(p.parts))))


@dataclass
class Lifted:
    """A sum or a product over an index, taken out of a formula: of the name `name` there."""

    name: str
    kind: str
    body: Phrase
    var: str
    low: Linear
    high: Linear
    written: Phrase
    place: Place | None


@dataclass
class Members:
    """What names with an index mean in one program; `fail(what, advice, place)` raises."""

    families: frozenset[str]
    sizes: frozenset[str]
    """Families of sizes: the n of W[l]: (n[l], n[l-1])."""
    rows: frozenset[str]
    """Arrays of which an index of a range chooses rows."""
    size_letter: Callable[[str, Linear], str]
    fresh: Callable[[str], str]
    fail: Callable[[str, str, Place | None], None]
    letters: frozenset[str] = frozenset()
    """The letters of declared shapes: one that is a family's name too is the size where it has no index."""
    lifted: list[Lifted] = field(default_factory=list)
    known: dict[Phrase, Lifted] = field(default_factory=dict)

    def flat(self, phrase: Phrase, var: str, shift: Linear, reads: dict[str, Read]) -> Phrase:
        """The formula with each member as one name, "a[l-1]", noted in `reads`; `shift` is what stands for the index of the range."""
        at: Mapping[str, Linear] = {var: shift} if var else {}

        def change(p: Phrase) -> Phrase | None:
            if p.head == "name":
                if p.text in self.families and p.text not in self.letters:
                    self.fail(f"{p.text} is a family and has no index here", f"Write a member of it, such as {p.text}[1].", p.place)
                if p.text in self.sizes:
                    self.fail(f"{p.text} is a family of sizes and has no index here", f"Write {p.text}[0], say.", p.place)
                return _placed(phrase_of_linear(shift), p.place) if p.text == var and var and str(shift) != var else None
            if p.head == "call" and p.parts and p.parts[0].head == "each":
                return self._lift(p, var)
            if p.head == "index" and p.parts[0].head == "name":
                return self._member(p, at, var, reads, change)
            return None

        return rewritten(phrase, change)

    def _member(
        self, p: Phrase, at: Mapping[str, Linear], var: str, reads: dict[str, Read], change: Callable[[Phrase], Phrase | None]
    ) -> Phrase | None:
        own = p.parts[0].text
        form = linear_of(p.parts[1])
        if own in self.families or own in self.sizes:
            if len(p.parts) > 2 or p.parts[1].head in ("slice", "none"):
                self.fail(f"{own} is a family: it has one index", f"Entries of a member have brackets of their own: {own}[1][0].", p.place)
            if form is None:
                what = f"the index of {own} is no whole number of the form t - 1"
                self.fail(what, "Write the index of a range, a letter or a number, plus or minus a number.", p.parts[1].place)
            assert form is not None
            index = form.at(at)
            if own in self.sizes:
                return Phrase("name", text=self.size_letter(own, index), place=p.place)
            return self._read(own, index, reads, p.place)
        if own in self.rows and form is not None and (form.terms or form.constant >= 0):
            first = self._read(own, form.at(at), reads, p.place)
            if len(p.parts) == 2:
                return first
            return Phrase("index", (first, *(rewritten(q, change) for q in p.parts[2:])), place=p.place)
        return None

    @staticmethod
    def _read(own: str, index: Linear, reads: dict[str, Read], place: Place | None) -> Phrase:
        text = member(own, index)
        reads[text] = Read(own, index)
        return Phrase("name", text=text, place=place)

    def _lift(self, p: Phrase, var: str) -> Phrase:
        each = p.parts[0]
        if var:
            self.fail("a range inside a range", "Give the inner sum a line of its own, or write it with arrays.", each.place)
        if p.text == "stack":
            self.fail("stack over an index makes an array of a length that is not known here", "Keep the members as a family.", p.place)
        known = self.known.get(p)
        if known is None:
            low, high = (linear_of(b) for b in each.parts[1:])
            if low is None or high is None:
                self.fail("a bound is a whole number, or a letter plus or minus one", "Write 1..T, or 2..T-1.", each.place)
            assert low is not None and high is not None
            kind = SUM if p.text == "sum" else PROD
            known = Lifted(self.fresh(kind), kind, each.parts[0], each.text, low, high, p, p.place)
            self.known[p] = known
            self.lifted.append(known)
        return Phrase("name", text=known.name, place=p.place)


def _placed(phrase: Phrase, place: Place | None) -> Phrase:
    from dataclasses import replace

    return replace(phrase, place=place)


def places(phrase: Phrase, reads: Mapping[str, Read]) -> dict[str, Place | None]:
    """Where each member is read first in a flat formula."""
    found: dict[str, Place | None] = {}
    stack = [phrase]
    while stack:
        p = stack.pop()
        if p.head == "name" and p.text in reads:
            found.setdefault(p.text, p.place)
        stack.extend(reversed([*p.parts, *(v for _, v in p.keywords)]))
    return found
