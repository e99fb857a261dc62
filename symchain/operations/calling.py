"""How calls of operations are read: the kinds of their parameters, and what those who build nodes of them share.

A record's `call` is a function whose parameters are annotated with these kinds: softmax(x: Tree, axis: Axis = -1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from symchain.errors import ShapeError
from symchain.support.dimensions import Shape
from symchain.tensors.nodes import Tree, contract, element_count, named_operation

# Kinds of parameters, by the name of their annotation; a Tree is an expression, a Dim a dimension:
Trees = list[Tree]  # a list of expressions in square brackets
Blocks = list[list[Tree]]  # rows of expressions, a list of lists
Labels = Tree | tuple[int, ...]  # an expression, or whole numbers in a list
Sections = int | tuple[int, ...]  # a whole number, or several in a list
Condition = Tree  # a comparison
Sizes = Shape  # one dimension or a tuple of them
Axis = int  # a whole number
Axes = tuple[int, ...] | None  # one axis, a tuple of axes, or None for all
Whole = int  # a whole number, perhaps negative
Order = int | Fraction | str | None  # a number, inf, or a text in quotes
Flag = bool  # True or False
Text = str  # text in quotes


def normal_axis(axis: int, rank: int) -> int:
    """An axis counted from the front. Raises ShapeError."""
    if not -rank <= axis < rank:
        advice = f"Axes run from {-rank} to {rank - 1}." if rank else "A scalar has no axes."
        raise ShapeError(f"there is no axis {axis} in an operand with {rank} axes", advice=advice)
    return axis % rank


def normal_axes(x: Tree, axes: Axes) -> tuple[int, ...]:
    """The axes counted from the front, in order; all of them for None. Raises ShapeError."""
    rank = len(x.shape)
    if axes is None:
        return tuple(range(rank))
    normal = tuple(normal_axis(a, rank) for a in axes)
    if len(set(normal)) != len(normal):
        raise ShapeError("an axis is named twice", advice="Name every axis once.")
    return tuple(sorted(normal))


def with_axes(tree: Tree, positions: Sequence[int]) -> Tree:
    """New axes of size 1 at these positions of the result."""
    if not positions:
        return tree
    old = iter(range(len(tree.shape)))
    rank = len(tree.shape) + len(positions)
    output: list[Any] = [("new", k) if k in positions else next(old) for k in range(rank)]
    return contract([tree], [range(len(tree.shape))], output, {i: 1 for i in output if isinstance(i, tuple)})


def kept(reduced: Tree, axes: tuple[int, ...], keepdims: bool) -> Tree:
    """What a reduction leaves, with axes of size 1 where they are to be kept."""
    return with_axes(reduced, axes) if keepdims else reduced


def laid_out(x: Tree, shape: Shape) -> Tree:
    """The elements in another shape."""
    return x if shape == x.shape else named_operation("reshape", x, parameters=(shape,))


def raveled(x: Tree) -> Tree:
    """The elements in one row."""
    return laid_out(x, (element_count(x.shape),))


def along_call(name: str) -> Callable[..., Tree]:
    """The call of what works along one axis, the last unless another is named."""

    def call(x: Tree, axis: Axis = -1) -> Tree:
        return named_operation(name, x, parameters=(normal_axis(axis, len(x.shape)),))

    return call


def running_call(name: str) -> Callable[..., Tree]:
    """The call of what runs along one axis; without one along the elements in a row."""

    def call(x: Tree, axis: Axes = None) -> Tree:
        if axis is None:
            x, axis = raveled(x), (0,)
        if len(axis) != 1:
            raise ShapeError(f"{name} runs along one axis", advice=f"Write {name}(x, axis=0).")
        return named_operation(name, x, parameters=(normal_axis(axis[0], len(x.shape)),))

    return call
