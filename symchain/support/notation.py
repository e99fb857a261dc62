"""Formulas as they are written: the syntax that parsers produce and printers read.

A Phrase says how something is written, never what it means: `A.T @ x` is a matmul of a transpose and a name. Text and LaTeX
parsers make phrases, `language` gives them shapes and meaning, `tensors.matrixform` turns meaning back into phrases, and every
printer (text, LaTeX, HTML) is a table over the heads below. n-ary where writing is: a sum of 100,000 terms is one phrase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from operator import is_

from symchain.errors import Place

HEADS = {
    "number": "text is the spelling as written: 2, 0.5, 1e-6",
    "name": "text is the name",
    "string": "text is the content (einsum subscripts)",
    "call": "text is the function's name, parts the arguments, keywords the keyword arguments, primes the order of sigma''(z)",
    "add": "parts are the terms; a term whose head is neg prints with a minus",
    "mul": "parts are the factors, left to right; a factor whose head is over divides",
    "over": "one part; only inside mul: a/b is mul(a, over(b))",
    "matmul": "parts are the operands of @, left to right",
    "neg": "one part",
    "pow": "base, exponent",
    "transpose": "one part",
    "index": "the thing indexed, then one part per axis: an expression, a slice, or none; text is how many names w, V = eigh(A) has",
    "slice": "start, stop, step; a missing one is none",
    "none": "None (newaxis, or a missing slice bound)",
    "compare": "left, right; text is the operator",
    "tuple": "parts in round brackets",
    "list": "parts in square brackets",
    "partial": "a derivative symbol: parts are the output and the input, text is empty (never in the input language)",
    "held": "a derivative symbol, then the names that are held fixed in it (never in the input language)",
    "entry": "index notation, never in the input language: an array, then one index per axis, counted from 1",
    "delta": "index notation: the Kronecker delta of two indices; text is 'bracket' where the name delta is taken",
    "sum_over": "index notation: the summand, then one range per summed index",
    "range": "an index and the size up to which it runs, from 1",
    "each": "a formula for every value of an index (text) in a range: the formula, the first bound, the last; only inside sum, prod, stack",
    "ranged": "a formula and the range of its index (text), for people: the formula (none: the range alone), its first bound, its last",
    "sized": "a factor, then its dimensions: its shape is printed below it",
}


Primes = int | tuple[int, ...]
"""How often a called function is differentiated; of several arguments how often by each: (1, 0) is D1 g(x, y)."""


def primes_of(orders: tuple[int, ...]) -> Primes:
    """How derivatives of these orders, one for each argument, are written: as primes, or as a mark for each argument."""
    return (orders if any(orders) else 0) if len(orders) > 1 else sum(orders)


def digits_of(orders: tuple[int, ...]) -> str:
    """The arguments by which one differentiates, as often as one does.

    >>> digits_of((2, 0, 1))
    '113'
    """
    return "".join(str(k) * n for k, n in enumerate(orders, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """One node of written syntax; see HEADS for what the fields of each head hold.

    Phrases that say the same are equal, wherever they stand. They nest deeply: comparing never recurses, and a phrase knows its hash,
    and its price once it was asked for.
    """

    head: str
    parts: tuple[Phrase, ...] = ()
    text: str = ""
    keywords: tuple[tuple[str, Phrase], ...] = ()
    primes: Primes = 0
    place: Place | None = field(default=None, repr=False)
    _hash: int = field(init=False, repr=False)
    _price: int | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_price", None)
        object.__setattr__(self, "_hash", hash((self.head, self.text, self.primes, self.parts, self.keywords)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Phrase):
            return NotImplemented
        pairs = [(self, other)]
        while pairs:
            p, q = pairs.pop()
            if p is q:
                continue
            if p._hash != q._hash or (p.head, p.text, p.primes, len(p.parts)) != (q.head, q.text, q.primes, len(q.parts)):
                return False
            if [k for k, _ in p.keywords] != [k for k, _ in q.keywords]:
                return False
            pairs.extend(zip(p.parts, q.parts, strict=True))
            pairs.extend((v, w) for (_, v), (_, w) in zip(p.keywords, q.keywords, strict=True))
        return True


def number(text: str | int) -> Phrase:
    """A non-negative literal."""
    return Phrase("number", text=str(text))


def name(text: str) -> Phrase:
    return Phrase("name", text=text)


def call(function: str, *arguments: Phrase, primes: int = 0, **keywords: Phrase) -> Phrase:
    return Phrase("call", arguments, function, tuple(keywords.items()), primes)


def negate(phrase: Phrase) -> Phrase:
    return phrase.parts[0] if phrase.head == "neg" else Phrase("neg", (phrase,))


def walk(phrase: Phrase) -> Iterator[Phrase]:
    """Every phrase inside, parents first, without recursion."""
    stack = [phrase]
    while stack:
        p = stack.pop()
        yield p
        stack.extend(v for _, v in reversed(p.keywords))
        stack.extend(reversed(p.parts))


def rewritten(phrase: Phrase, change: Callable[[Phrase], Phrase | None], done: dict[int, Phrase] | None = None) -> Phrase:
    """The phrase with change(p) in place of each part p for which that is a phrase, from the outside in; without recursion.

    `done` holds what became of parts, by their id, while those live: phrases that share parts are rewritten with one.
    """
    done = {} if done is None else done
    stack: list[tuple[Phrase, bool]] = [(phrase, False)]
    while stack:
        p, ready = stack.pop()
        if id(p) in done:
            continue
        if ready:
            parts = tuple(done[id(q)] for q in p.parts)
            keywords = tuple((k, done[id(v)]) for k, v in p.keywords)
            same = all(map(is_, parts, p.parts)) and all(v is w for (_, v), (_, w) in zip(keywords, p.keywords, strict=True))
            done[id(p)] = p if same else replace(p, parts=parts, keywords=keywords)
        elif (changed := change(p)) is not None:
            done[id(p)] = changed
        else:
            stack.append((p, True))
            stack.extend((q, False) for q in p.parts)
            stack.extend((v, False) for _, v in p.keywords)
    return done[id(phrase)]


def operations(phrase: Phrase) -> int:
    """The price of a printed formula: one for each operator and call; names, literals, transposes and one indexing are free.

    A minus in front of anything but a literal counts. This is the cost that rewriting lowers.
    """
    if phrase._price is None:
        stack = [phrase]
        while stack:
            p = stack[-1]
            if p._price is not None:
                stack.pop()
                continue
            inside = [*p.parts, *(v for _, v in p.keywords)] if p.keywords else p.parts
            pending = [q for q in inside if q._price is None]
            if pending:
                stack += pending
            else:
                object.__setattr__(p, "_price", _own_operations(p) + sum([q._price or 0 for q in inside]))
    return phrase._price or 0


def _own_operations(phrase: Phrase) -> int:
    """The operations of a phrase without those of its parts."""
    if phrase.head == "add":  # a - b is one operation: the minus of a later term is not a second one
        minus = sum(q.head == "neg" and not _starts_with_literal(q.parts[0]) for q in phrase.parts[1:])
        return len(phrase.parts) - 1 - minus
    if phrase.head in ("mul", "matmul"):
        return len(phrase.parts) - 1
    twice = phrase.head == "index" and phrase.parts[0].head == "index"  # x[i][j] is a selection of a selection
    return int(twice or phrase.head in ("pow", "call") or (phrase.head == "neg" and not _starts_with_literal(phrase.parts[0])))


def _starts_with_literal(phrase: Phrase) -> bool:
    """Whether a minus in front becomes part of a literal: -2*x reads as (-2)*x."""
    while phrase.head in ("mul", "matmul"):
        phrase = phrase.parts[0]
    return phrase.head == "number"
