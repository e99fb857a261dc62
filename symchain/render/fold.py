"""Bottom-up walks over phrases: every printer is a visit from the written parts to the written whole.

Derived formulas may nest deeper than what the grammar accepts, so nothing here recurses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from symchain.support.notation import Phrase

T = TypeVar("T")

FIRST, LAST = 6, 2
"""How many parts of an abbreviated sum are shown at either end."""


def shown_parts(phrase: Phrase, limit: int | None) -> tuple[Phrase, ...]:
    """The parts that get printed: all, or the two ends of a sum or product of more than `limit` parts."""
    if limit is None or len(phrase.parts) <= limit or phrase.head not in ("add", "mul", "matmul"):
        return phrase.parts
    return phrase.parts[:FIRST] + phrase.parts[-LAST:]


def replaced(phrase: Phrase, names: dict[str, Phrase]) -> Phrase:
    """The phrase with some names written otherwise."""

    def visit(p: Phrase, parts: Sequence[Phrase], keywords: dict[str, Phrase]) -> Phrase:
        if p.head == "name" and p.text in names:
            return names[p.text]
        return Phrase(p.head, tuple(parts), p.text, tuple(keywords.items()), p.primes)

    return fold(phrase, visit)


def fold(phrase: Phrase, visit: Callable[[Phrase, Sequence[T], dict[str, T]], T], limit: int | None = None) -> T:
    """visit(phrase, what its shown parts became, what its keywords became), parts before wholes, each distinct object once."""
    done: dict[int, T] = {}
    stack: list[Phrase] = [phrase]
    while stack:
        p = stack[-1]
        if id(p) in done:
            stack.pop()
            continue
        parts = shown_parts(p, limit)
        pending = [q for q in parts if id(q) not in done]
        pending += [v for _, v in p.keywords if id(v) not in done]
        if pending:
            stack += pending
            continue
        stack.pop()
        done[id(p)] = visit(p, [done[id(q)] for q in parts], {k: done[id(v)] for k, v in p.keywords})
    return done[id(phrase)]
