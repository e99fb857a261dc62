"""What a program asks of the sizes of its axes: a slice or an entry is inside, a maximum is taken of something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from symchain.support.dimensions import Dim, Need, at_least, learn
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import Operation, Size, Tree, postorder


def needs_of(trees: Iterable[tuple[str, Tree]]) -> Iterator[Need]:
    """What the trees of some blocks need, each named by its block."""
    for block, tree in trees:
        for dim, least, what in _asked(tree):
            yield Need(dim, least, what, block)


@remembered(4096)
def _asked(tree: Tree) -> tuple[tuple[Dim, int, str], ...]:
    """What is not certain of what a tree needs, said of a letter where that can be; what follows from the rest is left out."""
    known: dict[Dim, int] = {}
    found: dict[Dim, tuple[Dim, int, str]] = {}
    for node in postorder(tree):
        for dim, least, what in _asked_by(node):
            if not at_least(dim, least, known) and known.get(dim, least - 1) < least:
                ((dim, least),) = learn({}, dim, least).items()
                known[dim], found[dim] = least, (dim, least, what)
    return tuple(found.values())


def _asked_by(node: Tree) -> Iterable[tuple[Dim, int, str]]:
    if isinstance(node, Operation):
        return node.operation.needs(tuple(a.shape for a in node.args), node.parameters)
    return [(node.dim, 0, f"a number of {node.dim}")] if isinstance(node, Size) else ()
