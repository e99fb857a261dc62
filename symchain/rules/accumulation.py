"""Reverse accumulation: what the users of a node send back is added before it goes on, so every node is visited once.

The nodes may be those of one expression or the blocks of a program; what is sent, and how it is added, the caller says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Node = TypeVar("Node")
Adjoint = TypeVar("Adjoint")


def accumulate(
    order: Iterable[Node],
    output: Node,
    seed: Adjoint,
    total: Callable[[Node, list[Adjoint]], Adjoint],
    send: Callable[[Node, Adjoint], Iterable[tuple[Node, Adjoint]]],
) -> dict[Node, Adjoint]:
    """The adjoints of the nodes that are not in `order`, given that of the output.

    `order` has users before what they use. `total(node, terms)` adds what the users of a node sent, the first use first;
    `send(node, adjoint)` says what each operand of the node receives.

    >>> uses = {"y": ["a", "b"], "b": ["a", "x"], "a": ["x"]}  # so many ways lead from y to x
    >>> accumulate(["y", "b", "a"], "y", 1, lambda node, ways: sum(ways), lambda node, ways: [(u, ways) for u in uses[node]])
    {'x': 3}
    """
    arriving: dict[Node, list[Adjoint]] = {output: [seed]}
    for node in order:
        terms = arriving.pop(node, None)
        if terms is None:
            continue
        for operand, sent in send(node, total(node, terms[::-1])):
            if operand in arriving:
                arriving[operand].append(sent)
            else:
                arriving[operand] = [sent]
    return {node: total(node, terms[::-1]) for node, terms in arriving.items()}
