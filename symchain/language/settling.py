"""The sizes of slices in a whole program: those that may end early, until something in it needs them whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from symchain.blocks import Program
from symchain.dimensions import Dim, larger, letters, minima
from symchain.errors import ShapeError, UnsupportedError
from symchain.tensors.needs import needs_of
from symchain.tensors.nodes import Operation, postorder


def settled(build: Callable[[Mapping[Dim, int]], Program]) -> Program:
    """The program that `build` makes of what is known of its axes, which is read again when that turns out to be more.

    Raises what `build` raises, where knowing more is no help.
    """
    known: Mapping[Dim, int] = MappingProxyType({})
    while True:
        try:
            program = build(known)
            more = larger(known, _implied(program))
        except (ShapeError, UnsupportedError) as error:
            more = larger(known, error.assumed)
            if more == known:
                raise
        else:
            if more == known:
                return program
        known = MappingProxyType(more)


def _implied(program: Program) -> Mapping[Dim, int]:
    """What the program needs anyway of the axes on which slices may end early."""
    trees = [(name, block.tree) for name, block in program.blocks.items()]
    taken = (node for node in postorder(*(tree for _, tree in trees)) if isinstance(node, Operation) and node.operation.name == "index")
    early = set(letters(minima(d for node in taken for d in node.shape)))
    return {need.dim: need.least for need in needs_of(trees) if need.dim in early} if early else {}
