"""The sizes of slices in a whole program: those that may end early, until something in it needs them whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from symchain.errors import ShapeError, UnsupportedError
from symchain.nouns.program import Program
from symchain.support.dimensions import Dim, larger, letters, minima
from symchain.tensors.needs import needs_of
from symchain.tensors.nodes import Operation, postorder


def settled(build: Callable[[Mapping[Dim, int]], Program]) -> Program:
    """The program that `build` makes of what is known of its axes; it is read again when that turns out to be more.

    Raises what `build` raises, where knowing more is no help.
    """
    known: Mapping[Dim, int] = MappingProxyType({})
    while True:
        try:
            program = build(known)
        except (ShapeError, UnsupportedError) as error:
            more = larger(known, error.assumed)
            if more == known:
                raise
        else:
            trees = [(name, block.tree) for name, block in program.blocks.items()]
            more = larger(known, {need.dim: need.least for need in needs_of(trees)})
            if more == known or not _may_end_early(program, more):
                return replace(program, known=MappingProxyType(more))
        known = MappingProxyType(more)


def _may_end_early(program: Program, known: Mapping[Dim, int]) -> bool:
    """Whether slices may end early on axes of which more is known: then they have a size of their own no more, or a smaller one."""
    nodes = postorder(*(block.tree for block in program.blocks.values()))
    taken = (node for node in nodes if isinstance(node, Operation) and node.operation.name == "index")
    return not known.keys().isdisjoint(letters(minima(d for node in taken for d in node.shape)))
