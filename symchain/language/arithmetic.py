"""Operators on trees with NumPy's broadcasting: what +, *, @ and their like mean once the shapes are known to conform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symchain.errors import ShapeError
from symchain.language.shapes import broadcast_shape
from symchain.operations.calling import with_axes
from symchain.support.dimensions import Dim, Shape, minima, show
from symchain.tensors.nodes import Tree, broadcast, contract, matmul, multiply_scalars, named_operation


def product(factors: Sequence[Tree], shape: Shape) -> Tree:
    """The elementwise product, broadcast to a shape, as one flat contraction in the order written."""
    if not shape:
        return multiply_scalars(factors)
    if len(factors) == 1:
        return broadcast(factors[0], shape)
    subscripts: list[list[Any]] = []
    for k, factor in enumerate(factors):
        lead = len(shape) - len(factor.shape)
        stretched = [d == 1 and shape[lead + i] != 1 for i, d in enumerate(factor.shape)]
        subscripts.append([("one", k, i) if s else lead + i for i, s in enumerate(stretched)])  # an axis of size 1 is summed away
    return contract(factors, subscripts, range(len(shape)), dict(enumerate(shape)))


def stretched(tree: Tree, shape: Shape) -> Tree:
    """The tree broadcast to the shape; scalars stay scalars, as elementwise nodes take them."""
    return broadcast(tree, shape) if tree.shape else tree


def matrix_product(a: Tree, b: Tree) -> Tree:
    """a @ b by NumPy's rules. Raises ShapeError."""
    if not a.shape or not b.shape:
        raise ShapeError("@ needs operands with axes", advice="Write * to multiply by a scalar.")
    if a.shape[-1] != (b.shape[-2] if len(b.shape) > 1 else b.shape[0]):
        other = b.shape[-2] if len(b.shape) > 1 else b.shape[0]
        raise ShapeError(
            f"@ sums the last axis of the left operand ({a.shape[-1]}) against {other} on the right",
            advice="The inner sizes must be equal; transpose with .T where needed.",
        )
    lead = broadcast_shape(a.shape[:-2], b.shape[:-2])
    if lead is None:
        raise ShapeError("@ cannot align the leading axes of its operands", advice="Leading axes broadcast: equal, or 1.")
    return matmul(_stacked(a, lead), _stacked(b, lead))


def _stacked(tree: Tree, lead: Shape) -> Tree:
    """The leading axes of size 1 stretched, where the other operand has more."""
    own = tree.shape[:-2]
    wanted = lead[len(lead) - len(own) :]
    return tree if own == wanted else broadcast(tree, (*wanted, *tree.shape[-2:]))


def without_axes(tree: Tree, axes: Sequence[int] | None = None) -> Tree:
    """Axes of size 1 dropped: all there are, where none are named. Raises ShapeError."""
    if axes is None:
        if minima(tree.shape):
            raise ShapeError(f"which axes of {show(tree.shape)} have size 1 is not known", advice="Name them: squeeze(x, axis=0).")
        axes = [k for k, d in enumerate(tree.shape) if d == 1]
    for k in axes:
        if tree.shape[k] != 1:
            raise ShapeError(
                f"axis {k} of an operand of shape {show(tree.shape)} has more than one element",
                advice="Only axes of size 1 can be dropped.",
            )
    kept = [k for k in range(len(tree.shape)) if k not in axes]
    return contract([tree], [range(len(tree.shape))], kept)


def stacked(entries: Sequence[Tree]) -> Tree:
    """[a, b] is the array of its entries, as NumPy's array makes it. Raises ShapeError."""
    if any(e.shape != entries[0].shape for e in entries):
        sizes = " and ".join(dict.fromkeys(show(e.shape) for e in entries))
        advice = "All entries of a list have one shape; concatenate([a, b]) joins."
        raise ShapeError(f"a list of entries of shapes {sizes}", advice=advice)
    layers = [with_axes(e, [0]) for e in entries]
    return named_operation("concatenate", *layers, parameters=(0,)) if len(layers) > 1 else layers[0]


def square_size(tree: Tree, name: str) -> Dim:
    """n of an (n, n) matrix. Raises ShapeError."""
    if len(tree.shape) != 2 or tree.shape[0] != tree.shape[1]:
        raise ShapeError(f"{name} needs a square matrix", advice="Declare it with equal sizes, such as A: (n, n).")
    return tree.shape[0]
