"""What chooses by labels: classes in losses, rows of tables, places of the entries in order. Labels have no derivative."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symchain.errors import ShapeError, UnsupportedError
from symchain.functions.spec import FUNCTIONS
from symchain.language.calls import called
from symchain.language.forms import form
from symchain.language.places import counting
from symchain.operations.calling import Axes, Axis, Text, normal_axes, normal_axis, raveled, with_axes
from symchain.support.dimensions import Dim, show
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, ZERO, Leaf, Operation, Tree, named_operation

_ADVICE = "Scores are (m, k), classes 'labels: (m,) integer' or probabilities of the shape of the scores."


def _labels(tree: Tree, what: str) -> Tree:
    if not isinstance(tree, Leaf) or "integer" not in tree.facts or len(tree.shape) != 1:
        raise UnsupportedError(f"{what} needs labels that are an input", advice="Declare them as 'labels: (m,) integer'.")
    return tree


def _reduced(each: Tree, reduction: str) -> Tree:
    if reduction not in ("mean", "sum", "none"):
        raise UnsupportedError(f"the reduction {reduction!r}", advice="It is 'mean', 'sum' or 'none'.")
    if reduction == "none" or not each.shape:
        return each
    total = nodes.reduce_sum(each, range(len(each.shape)))
    return total if reduction == "sum" else _over(total, nodes.element_count(each.shape))


def _over(tree: Tree, count: Dim) -> Tree:
    return nodes.scale(nodes.number(Fraction(1, count)) if isinstance(count, int) else nodes.reciprocal(nodes.size(count)), tree)


def _picked(scores: Tree, target: Tree, what: str) -> Tree:
    """The entry of each row at its label, or the mean of the row by weights of its shape."""
    rank = len(scores.shape)
    if target.shape == scores.shape:
        return nodes.contract([target, scores], [range(rank), range(rank)], range(rank - 1))
    if rank != 2 or target.shape != scores.shape[:1]:
        raise ShapeError(
            f"{what} of scores {show(scores.shape)} and classes {show(target.shape)}",
            advice=_ADVICE,
        )
    chosen = named_operation("onehot", _labels(target, what), parameters=(scores.shape[1],))
    return nodes.contract([chosen, scores], ["ik", "ik"], "i")


@form("cross_entropy", free=True)
def _cross_entropy(input: Tree, target: Tree, reduction: Text = "mean") -> Tree:
    """-log_softmax(input) at the class, or its mean by the probabilities of the classes."""
    if not input.shape:
        raise ShapeError("cross_entropy does not take an operand of shape ()", advice=_ADVICE)
    logs = named_operation("log_softmax", input, parameters=(len(input.shape) - 1,))
    return _reduced(nodes.scale(MINUS_ONE, _picked(logs, target, "cross_entropy")), reduction)


@form("nll_loss", free=True)
def _nll_loss(input: Tree, target: Tree, reduction: Text = "mean") -> Tree:
    """-input at the class; the input holds logarithms of probabilities."""
    return _reduced(nodes.scale(MINUS_ONE, _picked(input, target, "nll_loss")), reduction)


@form("sparse_categorical_crossentropy", free=True)
def _sparse_crossentropy(y_true: Tree, y_pred: Tree) -> Tree:
    """Keras: -log of the probability of the class, for each row."""
    return nodes.scale(MINUS_ONE, nodes.apply(FUNCTIONS["log"], _picked(y_pred, y_true, "sparse_categorical_crossentropy")))


@form("multi_margin_loss", free=True)
def _multi_margin_loss(input: Tree, target: Tree, reduction: Text = "mean") -> Tree:
    """The sum of relu(1 - x[class] + x[j]) over the other classes j, over how many classes there are."""
    if len(input.shape) != 2 or len(target.shape) != 1:
        raise ShapeError(f"multi_margin_loss does not take an operand of shape {show(input.shape)}", advice=_ADVICE)
    own = _picked(input, target, "multi_margin_loss")
    k = input.shape[1]
    gaps = nodes.add([input, nodes.contract([MINUS_ONE, own], ["", "i"], "ij", {"j": k}), nodes.broadcast(nodes.number(1), input.shape)])
    chosen = named_operation("onehot", target, parameters=(k,))
    others = nodes.add([nodes.broadcast(nodes.number(1), input.shape), nodes.scale(MINUS_ONE, chosen)])
    each = nodes.contract([others, nodes.apply(FUNCTIONS["relu"], gaps)], ["ij", "ij"], "i")
    return _reduced(_over(each, k), reduction)


@form("embedding", free=True)
def _embedding(input: Tree, weight: Tree) -> Tree:
    """The rows of the table that the labels name."""
    return named_operation("gather", weight, _labels(input, "embedding"))


@form("index_select", free=True)
def _index_select(input: Tree, dim: Axis, index: Tree) -> Tree:
    """The slices that the labels name along an axis."""
    k = normal_axis(dim, len(input.shape))
    rest = [j for j in range(len(input.shape)) if j != k]
    chosen = named_operation("gather", nodes.transpose(input, [k, *rest]) if k else input, _labels(index, "index_select"))
    return nodes.transpose(chosen, [*range(1, k + 1), 0, *range(k + 1, len(input.shape))]) if k else chosen


@form("segment_sum", free=True)
def _segment_sum(data: Tree, segment_ids: Tree, num_segments: Dim) -> Tree:
    """The rows added up by label."""
    return called("scatter", data, _labels(segment_ids, "segment_sum"), num_segments)


# ---------------------------------------------------------------- places in order: numbers without a slope


@form("argsort", free=True)
def _argsort(x: Tree) -> Tree:
    """The places of the entries of a vector in order; y[argsort(x)] is y in the order that sorts x."""
    if len(x.shape) != 1:
        raise ShapeError(f"argsort does not take an operand of shape {show(x.shape)}", advice="It takes a vector; sort(x, axis=0) any.")
    return named_operation("take_sorted", counting(x.shape[0], -1), x, parameters=(0,))


@form("searchsorted", free=True)
def _searchsorted(a: Tree, v: Tree) -> Tree:
    """How many entries of a vector are below each of the others."""
    if len(a.shape) != 1:
        raise ShapeError(f"searchsorted does not take an operand of shape {show(a.shape)}", advice="The first operand is a vector.")
    shape = (*v.shape, a.shape[0])
    below = nodes.compare("<", nodes.broadcast(a, shape), nodes.broadcast(with_axes(v, [len(v.shape)]), shape))
    return nodes.reduce_sum(nodes.where(below, ONE, ZERO), [len(v.shape)])


def _first(extreme: str) -> Callable[..., Tree]:
    def place(x: Tree, axis: Axes = None) -> Tree:
        """The first place at which the extreme entry stands."""
        if axis is None:
            x, axis = raveled(x), (0,)
        if len(axis) != 1:
            raise ShapeError("an entry stands at one place along one axis", advice="Name one axis, or none for all entries in a row.")
        k = normal_axes(x, axis)[0]
        n, rank = x.shape[k], len(x.shape)
        best = nodes.broadcast(called(extreme, x, (k,), True), x.shape)
        counted = nodes.contract([counting(n, -1)], [[k]], range(rank), dict(enumerate(x.shape)))
        behind = nodes.broadcast(nodes.number(n) if isinstance(n, int) else nodes.size(n), x.shape)
        return called("min", nodes.where(nodes.compare("==", x, best), counted, behind), (k,))

    return place


form("argmax", free=True)(_first("max"))
form("argmin", free=True)(_first("min"))


def arranged(x: Tree, labels: Tree, parts: int) -> Tree | None:
    """x[argsort(keys)]: the slices of x in the order of the keys; None where the labels are no such order, or stand beside others."""
    if parts != 2 or not isinstance(labels, Operation) or labels.operation.name != "take_sorted" or x.shape[:1] != labels.shape:
        return None
    entries, keys = labels.args
    if entries != counting(labels.shape[0], -1):
        return None
    rank = len(x.shape)
    moved = nodes.transpose(x, [*range(1, rank), 0]) if rank > 1 else x
    taken = named_operation("take_sorted", moved, keys, parameters=(0,))
    return nodes.transpose(taken, [rank - 1, *range(rank - 1)]) if rank > 1 else taken
