"""Walks through graphs without recursion, however deep they are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def depth_first(roots: Iterable[N], below: Callable[[N], Iterable[N]]) -> list[N]:
    """Everything that is reached, once, each after all that is below it (postorder); of several, the last one first.

    >>> depth_first("a", {"a": "bc", "b": "d", "c": "d", "d": ""}.__getitem__)
    ['d', 'c', 'b', 'a']
    """
    seen: set[N] = set()
    order: list[N] = []
    stack = [(root, False) for root in roots]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((n, False) for n in below(node))
    return order
