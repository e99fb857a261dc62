"""Pullbacks of the operations: what an operand receives from the cotangent of the result.

pull(node, k, cotangent, lead): the cotangent has shape lead_shape + node.shape, where `lead` is the number of leading axes (those
of the output that is differentiated); the cotangent of operand k comes back in shape lead_shape + operand shape. In the equations
G is the cotangent, Y the node itself, and <G, dY> = <pull(G), dX> for every dX. Nothing is simplified here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symchain.errors import NotDifferentiableError, UnsupportedError
from symchain.functions.spec import FUNCTIONS
from symchain.rules.matrix_operations import MATRIX_PULLBACKS
from symchain.support.dimensions import Dim, Shape, add
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, ZERO, Contraction, Operation, Power, Tree, contract, named_operation

Pullback = Callable[[Operation, int, Tree, int], Tree]


def _axes(lead: int, tree: Tree) -> tuple[list[Any], list[int]]:
    """Index names for the leading axes and for the axes of an operand."""
    return [("lead", k) for k in range(lead)], list(range(len(tree.shape)))


def _reduction_axes(node: Operation, lead: int) -> tuple[list[Any], list[int], list[int]]:
    """Index names for the leading axes, the operand's axes, and those of them that the reduction keeps."""
    before, axes = _axes(lead, node.args[0])
    return before, axes, [k for k in axes if k not in node.parameters[0]]


# ---------------------------------------------------------------- along axes


def extreme(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G where x = y, shared equally among ties: G * [x == y] / count."""
    (x,) = node.args
    before, axes, kept = _reduction_axes(node, lead)
    stretched = contract([node], [kept], axes, dict(enumerate(x.shape)))
    chosen = nodes.where(nodes.compare("==", x, stretched), ONE, ZERO)
    count = nodes.reduce_sum(chosen, node.parameters[0])
    return contract([cotangent, chosen, nodes.reciprocal(count)], [before + kept, axes, kept], before + axes)


def product(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G * y/x, as the literature prints it; `without_division` makes it exact at zeros."""
    (x,) = node.args
    before, axes, kept = _reduction_axes(node, lead)
    return contract([cotangent, node, nodes.reciprocal(x)], [before + kept, kept, axes], before + axes)


def logsumexp(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G * softmax(x); over several axes at once softmax is exp(x - y)."""
    (x,) = node.args
    before, axes, kept = _reduction_axes(node, lead)
    dropped = node.parameters[0]
    if len(dropped) == 1:
        weights = named_operation("softmax", x, parameters=dropped)
    else:
        stretched = contract([MINUS_ONE, node], [(), kept], axes, dict(enumerate(x.shape)))
        weights = nodes.apply(FUNCTIONS["exp"], nodes.add([x, stretched]))
    return contract([cotangent, weights], [before + kept, axes], before + axes)


def softmax(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = Y * (G - sum(G * Y)), the sum along the axis (Bridle 1990)."""
    (axis,) = node.parameters
    before, axes = _axes(lead, node)
    kept = before + [j for j in axes if j != axis]
    total = contract([cotangent, node], [before + axes, axes], kept)
    stretched = contract([MINUS_ONE, total], [(), kept], before + axes, {axis: node.shape[axis]})
    return contract([node, nodes.add([cotangent, stretched])], [axes, before + axes], before + axes)


def log_softmax(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G - softmax(x) * sum(G), the sum along the axis."""
    (axis,) = node.parameters
    before, axes = _axes(lead, node)
    kept = before + [j for j in axes if j != axis]
    total = nodes.reduce_sum(cotangent, [lead + axis])
    weights = named_operation("softmax", node.args[0], parameters=(axis,))
    return nodes.add([cotangent, contract([MINUS_ONE, weights, total], [(), axes, kept], before + axes)])


def running_sum(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = the running sum of G from the end: cumsum(g[::-1])[::-1]."""
    axis = lead + node.parameters[0]
    return _reversed(named_operation("cumsum", _reversed(cotangent, axis), parameters=(axis,)), axis)


def running_product(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = cumsum((G * Y)[::-1])[::-1] / x; not a number, rather than a wrong one, where x is zero."""
    (x,) = node.args
    before, axes = _axes(lead, x)
    axis = lead + node.parameters[0]
    weighted = contract([cotangent, node], [before + axes, axes], before + axes)
    sums = _reversed(named_operation("cumsum", _reversed(weighted, axis), parameters=(axis,)), axis)
    return contract([sums, nodes.reciprocal(x)], [before + axes, axes], before + axes)


# ---------------------------------------------------------------- rearrangements: each pulls back by its reverse


def _whole(shape: Sequence[Dim]) -> tuple[tuple[Any, ...], ...]:
    return tuple(("slice", 0, d, 1) for d in shape)


def _slice(tree: Tree, axis: int, start: Dim, stop: Dim, step: int = 1) -> Tree:
    items = (*_whole(tree.shape[:axis]), ("slice", start, stop, step), *_whole(tree.shape[axis + 1 :]))
    return named_operation("index", tree, parameters=(items,))


def _reversed(tree: Tree, axis: int) -> Tree:
    return _slice(tree, axis, add(tree.shape[axis], 1, -1), -1, -1)


def index(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = zeros with G where Y was taken from."""
    before: Shape = cotangent.shape[:lead]
    return named_operation("place", cotangent, parameters=((*_whole(before), *node.parameters[0]), before + node.args[0].shape))


def place(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = the elements of G where X was put."""
    return named_operation("index", cotangent, parameters=((*_whole(cotangent.shape[:lead]), *node.parameters[0]),))


def concatenate(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX_k = the part of G that X_k fills."""
    (axis,) = node.parameters
    start: Dim = 0
    for earlier in node.args[:k]:
        start = add(start, earlier.shape[axis])
    return _slice(cotangent, lead + axis, start, add(start, node.args[k].shape[axis]))


def reshape(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G in the shape of X."""
    return named_operation("reshape", cotangent, parameters=(cotangent.shape[:lead] + node.args[0].shape,))


def flip(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G reversed along the axis."""
    return named_operation("flip", cotangent, parameters=(lead + node.parameters[0],))


def roll(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G shifted back."""
    shift, axis = node.parameters
    return named_operation("roll", cotangent, parameters=(add(0, shift, -1), lead + axis))


def gather(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = the rows of G added up by label."""
    x, labels = node.args
    return _by_rows(cotangent, lead, lambda g: named_operation("scatter", g, labels, parameters=(x.shape[0],)))


def scatter(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = the rows of G that the labels name."""
    return _by_rows(cotangent, lead, lambda g: named_operation("gather", g, node.args[1]))


def _by_rows(tree: Tree, lead: int, f: Callable[[Tree], Tree]) -> Tree:
    """f acts on axis 0: bring the axis after the leading ones there, and back."""
    rest = range(lead + 1, len(tree.shape))
    there = nodes.transpose(tree, (lead, *range(lead), *rest)) if lead else tree
    done = f(there)
    return nodes.transpose(done, (*range(1, lead + 1), 0, *rest)) if lead else done


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
        return named_operation("cumprod", _slice(shifted, last, 0, length), parameters=(last,))  # of no elements there are no others

    others = nodes.hadamard([before(rows), _reversed(before(_reversed(rows, last)), last)])
    if len(axes) != 1:
        others = named_operation("reshape", others, parameters=(moved.shape,))
    return nodes.transpose(others, [order.index(k) for k in range(len(order))])


PULLBACKS: dict[str, Pullback] = {
    "max": extreme,
    "min": extreme,
    "prod": product,
    "logsumexp": logsumexp,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "cumsum": running_sum,
    "cumprod": running_product,
    "index": index,
    "place": place,
    "concatenate": concatenate,
    "reshape": reshape,
    "flip": flip,
    "roll": roll,
    "gather": gather,
    "scatter": scatter,
    **MATRIX_PULLBACKS,
}


def pull_back(node: Operation, k: int, cotangent: Tree, lead: int = 0) -> Tree:
    """The cotangent of operand k; an operation or operand without a derivative is refused by name."""
    spec = node.operation
    if not spec.differentiable or k in spec.integers:
        raise NotDifferentiableError(
            f"{spec.name} is not differentiable by its labels", advice="Labels are integers: differentiate by something else."
        )
    rule = PULLBACKS.get(spec.name)
    if rule is None:
        raise UnsupportedError(
            f"no derivative of {spec.name} is known", advice="Declare a pullback for it in symchain/rules/operations.py."
        )
    return rule(node, k, cotangent, lead)
