"""What the pullbacks of records are made of: operations by name, index names, slices and reversals along an axis.

pullback(node, k, cotangent, lead): the cotangent has shape lead_shape + node.shape, where `lead` is the number of leading axes (those
of the output that is differentiated); the cotangent of operand k comes back in shape lead_shape + operand shape. In the equations
G is the cotangent, Y the node itself, and <G, dY> = <pullback(G), dX> for every dX. Nothing is simplified there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symchain.support.dimensions import Dim, add
from symchain.tensors.nodes import Operation, Tree, named_operation


def operand_axes(lead: int, tree: Tree) -> tuple[list[Any], list[int]]:
    """Index names for the leading axes and for the axes of an operand."""
    return [("lead", k) for k in range(lead)], list(range(len(tree.shape)))


def reduction_axes(node: Operation, lead: int) -> tuple[list[Any], list[int], list[int]]:
    """Index names for the leading axes, the operand's axes, and those of them that the reduction keeps."""
    before, axes = operand_axes(lead, node.args[0])
    return before, axes, [k for k in axes if k not in node.parameters[0]]


def stack_axes(matrix: Tree, lead: int) -> tuple[list[Any], list[Any]]:
    """Index names for the leading axes and for those of a stack of matrices."""
    return [("lead", k) for k in range(lead)], [("stack", k) for k in range(len(matrix.shape) - 2)]


def whole_axes(shape: Sequence[Dim]) -> tuple[tuple[Any, ...], ...]:
    """The items of an index that takes everything."""
    return tuple(("slice", 0, d, 1) for d in shape)


def slice_along(tree: Tree, axis: int, start: Dim, stop: Dim, step: int = 1) -> Tree:
    items = (*whole_axes(tree.shape[:axis]), ("slice", start, stop, step), *whole_axes(tree.shape[axis + 1 :]))
    return named_operation("index", tree, parameters=(items,))


def reversed_along(tree: Tree, axis: int) -> Tree:
    return slice_along(tree, axis, add(tree.shape[axis], 1, -1), -1, -1)
