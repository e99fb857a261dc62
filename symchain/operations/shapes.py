"""What the shape rules of operations have in common: one error, one wording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symchain.errors import ShapeError
from symchain.support.dimensions import Dim, Shape, show


def same(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    """The shape rule of what keeps the shape of its first operand and takes all others as they come."""
    return shapes[0]


def check_axes(name: str, shape: Shape, axes: tuple[int, ...]) -> None:
    for k, axis in enumerate(axes):
        if not 0 <= axis < len(shape) or axis in axes[:k]:
            raise ShapeError(
                f"{name} has no use for axis {axis} of an operand of shape {show(shape)}",
                advice=f"Each axis from 0 to {len(shape) - 1} may be named once." if shape else "A scalar has no axes.",
            )


def square(name: str, shape: Shape) -> Dim:
    """The size of a square matrix, or of each matrix of a stack of them."""
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(
            f"{name} needs a square matrix, not an operand of shape {show(shape)}", advice="Declare it with equal sizes, such as A: (n, n)."
        )
    return shape[-1]


def one_square(name: str, shape: Shape) -> Dim:
    """The size of a single square matrix."""
    n = square(name, shape)
    if len(shape) > 2:
        raise ShapeError(f"{name} takes one square matrix, not a stack of shape {show(shape)}", advice="Apply it to one matrix at a time.")
    return n


def at_least_matrix(name: str, shape: Shape) -> None:
    if len(shape) < 2:
        raise ShapeError(
            f"{name} needs a matrix, not an operand of shape {show(shape)}", advice="Give the operand two axes, x[:, None] for example."
        )


def square_to_square(name: str, check: Callable[[str, Shape], Dim] = square) -> Callable[[tuple[Shape, ...], tuple[Any, ...]], Shape]:
    """The shape rule of what makes a square matrix of one of the same size."""

    def shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
        check(name, shapes[0])
        return shapes[0]

    return shape
