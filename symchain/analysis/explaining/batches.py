"""Which letter counts the examples of a batch: what no block but the last brings together."""

from __future__ import annotations

from symchain.nouns.computation import Computation
from symchain.support.dimensions import Dim
from symchain.tensors.nodes import Contraction, Operation, postorder


def batch_letter(program: Computation) -> str | None:
    """The letter along which examples do not act on each other before the result; None where none or several could be it.

    It counts at most one axis of each array, and only outputs sum over it.
    """
    shapes = [v.shape for v in program.inputs.values()] + [b.shape for b in program.blocks.values()]
    candidates = {d for s in shapes for d in s if isinstance(d, str) and d.isidentifier()}
    candidates -= {d for s in shapes for d in s if s.count(d) > 1}
    for block in program.blocks.values():
        for node in postorder(block.tree):
            if isinstance(node, Contraction):
                summed = {d for i, d in enumerate(node.dims) if i not in node.output}
                candidates -= set() if block.name in program.outputs and len(node.args) == 1 else summed
            elif isinstance(node, Operation) and not node.operation.linear:
                candidates -= _along(node)
    carried = {d: sum(d in b.shape for b in program.blocks.values()) for d in candidates}
    best = [d for d in carried if carried[d] == max(carried.values())]
    arrays = sum(bool(b.shape) for b in program.blocks.values())
    return best[0] if len(best) == 1 and 2 * carried[best[0]] > arrays else None


def _along(node: Operation) -> set[Dim]:
    """The dimensions an operation works along; all of them where it does not say."""
    shape = node.args[0].shape
    axes = node.parameters[0] if node.parameters else None
    if isinstance(axes, int):
        return {shape[axes]}
    return {shape[k] for k in axes} if isinstance(axes, tuple) and all(isinstance(k, int) for k in axes) else set(shape)
