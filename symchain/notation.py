"""Formulas as they are written: the syntax that parsers produce and printers read.

A Phrase says how something is written, never what it means: `A.T @ x` is a matmul of a transpose and a name. Text and LaTeX
parsers make phrases, `language` gives them shapes and meaning, `tensors.matrixform` turns meaning back into phrases, and every
printer (text, LaTeX, HTML) is a table over the heads below. n-ary where writing is: a sum of 100,000 terms is one phrase.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

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
    "index": "the thing indexed, then one part per axis: an expression, a slice, or none",
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
    "sized": "a factor, then its dimensions: its shape is printed below it",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One node of written syntax; see HEADS for what the fields of each head hold."""

    head: str
    parts: tuple[Phrase, ...] = ()
    text: str = ""
    keywords: tuple[tuple[str, Phrase], ...] = ()
    primes: int = 0
    place: Place | None = field(default=None, compare=False, repr=False)


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


def operations(phrase: Phrase) -> int:
    """The price of a printed formula: one for each operator and call; names, literals, transposes and indexing are free.

    A minus in front of anything but a literal counts. This is the cost that rewriting lowers.
    """
    count = 0
    for p in walk(phrase):
        if p.head in ("add", "mul", "matmul"):
            count += len(p.parts) - 1
        elif p.head in ("pow", "call") or (p.head == "neg" and not _starts_with_literal(p.parts[0])):
            count += 1
        if p.head == "add":  # a - b is one operation: the minus of a later term is not a second one
            count -= sum(q.head == "neg" and not _starts_with_literal(q.parts[0]) for q in p.parts[1:])
    return count


def _starts_with_literal(phrase: Phrase) -> bool:
    """Whether a minus in front becomes part of a literal: -2*x reads as (-2)*x."""
    while phrase.head in ("mul", "matmul"):
        phrase = phrase.parts[0]
    return phrase.head == "number"
