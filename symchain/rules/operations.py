"""The rule of operations: each has a pullback in its record; and a product divided by one of its factors, without the division."""

from __future__ import annotations

from collections.abc import Sequence

from symchain.errors import NotDifferentiableError, UnsupportedError
from symchain.operations.pulling import reversed_along, slice_along
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, Contraction, Operation, Power, Tree, contract, named_operation


def pull_back(node: Operation, k: int, cotangent: Tree, lead: int = 0) -> Tree:
    """The cotangent of operand k, by the pullback of the record (see `operations.pulling`).

    Raises NotDifferentiableError where the operand holds labels, UnsupportedError where the record has no pullback.
    """
    spec = node.operation
    if k in spec.integers:
        raise NotDifferentiableError(
            f"{spec.name} is not differentiable by its labels", advice="Labels are whole numbers: differentiate by the other inputs."
        )
    if spec.pullback is None:
        raise UnsupportedError(
            f"no derivative of {spec.name} is known: its record has no pullback",
            advice=f'Give one where it is declared: declare_operation("{spec.name}", pullback=f, ...), where f(node, k, cotangent, lead) '
            "is the cotangent of operand k (see symchain/operations/pulling.py).",
        )
    pulled: Tree = spec.pullback(node, k, cotangent, lead)
    return pulled


# ---------------------------------------------------------------- a product divided by one of its factors


def without_division(node: Contraction) -> Tree:
    """The same contraction with prod(x)/x replaced by the product of the other elements, which is right where x has zeros.

    Only the first such pair is replaced; a contraction without one comes back unchanged.
    """
    for i, total in enumerate(node.args):
        if not (isinstance(total, Operation) and total.operation.name == "prod"):
            continue
        (x,), (axes,) = total.args, total.parameters
        for j, inverse in enumerate(node.args):
            if not (isinstance(inverse, Power) and inverse.base is x and inverse.exponent is MINUS_ONE):
                continue
            indices = node.subscripts[j]
            if tuple(s for k, s in enumerate(indices) if k not in axes) != node.subscripts[i]:
                continue
            rest = [k for k in range(len(node.args)) if k not in (i, j)]
            return contract(
                [*(node.args[k] for k in rest), product_of_others(x, axes)],
                [*(node.subscripts[k] for k in rest), indices],
                node.output,
                dict(enumerate(node.dims)),
            )
    return node


def product_of_others(x: Tree, axes: Sequence[int]) -> Tree:
    """For each element the product of all others along the axes: of those before it times those behind it."""
    kept = [k for k in range(len(x.shape)) if k not in axes]
    order = (*kept, *axes)
    moved = nodes.transpose(x, order)
    last = len(kept)
    length = nodes.element_count(moved.shape[last:])
    rows = moved if len(axes) == 1 else named_operation("reshape", moved, parameters=((*moved.shape[:last], length),))
    ones = nodes.broadcast(ONE, (*rows.shape[:last], 1))

    def before(tree: Tree) -> Tree:
        shifted = named_operation("concatenate", ones, tree, parameters=(last,))
        return named_operation("cumprod", slice_along(shifted, last, 0, length), parameters=(last,))  # of no elements there are no others

    others = nodes.hadamard([before(rows), reversed_along(before(reversed_along(rows, last)), last)])
    if len(axes) != 1:
        others = named_operation("reshape", others, parameters=(moved.shape,))
    return nodes.transpose(others, [order.index(k) for k in range(len(order))])
