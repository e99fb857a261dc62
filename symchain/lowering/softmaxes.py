"""Softmax in stable form: exponentials over an axis are recognised, and what adds up to zero along it is made to.

What softmax sends back cancels where one probability is nearly 1: p - t after a cross-entropy, p*(g - sum(g*p)) after anything else.
What the entries add up to is known, mostly zero, so the one that cancels is that minus the sum of the others.
"""

from __future__ import annotations

from symchain.functions.spec import FUNCTIONS, OPERATIONS
from symchain.lowering.corners import without_weight
from symchain.lowering.numerics import BALANCED
from symchain.tensors.algebra import normal
from symchain.tensors.nodes import (
    MINUS_ONE,
    ONE,
    Apply,
    Contraction,
    Leaf,
    Number,
    Operation,
    Power,
    Sum,
    Tree,
    add,
    apply,
    broadcast,
    contract,
    operation,
    rebuild,
    reduce_sum,
    scale,
    transform,
)


def of_exponentials(node: Tree) -> Tree | None:
    """log(sum(exp(x))), exp(x)/sum(exp(x)), and logarithms of the latter."""
    if isinstance(node, Apply) and node.function is FUNCTIONS["log"]:
        inner = node.args[0]
        weight, rest = without_weight(inner)
        summed = _summed_exponential(rest)
        if summed is not None:
            total = operation(OPERATIONS["logsumexp"], [summed[0]], (summed[1],))
            return total if weight is None else add([total, broadcast(apply(FUNCTIONS["log"], weight), total.shape)])
        if isinstance(inner, Operation) and inner.operation is OPERATIONS["softmax"]:
            return operation(OPERATIONS["log_softmax"], inner.args, inner.parameters)
        if isinstance(inner, Operation) and inner.operation is OPERATIONS["index"]:
            part = inner.args[0]
            if isinstance(part, Operation) and part.operation is OPERATIONS["softmax"]:
                return rebuild(inner, [operation(OPERATIONS["log_softmax"], part.args, part.parameters)])
    return _softmax(node) if isinstance(node, Contraction) and len(node.args) == 2 else None


def _summed_exponential(tree: Tree) -> tuple[Tree, tuple[int, ...]] | None:
    """(x, axes) where the tree is sum(exp(x), axes)."""
    if not isinstance(tree, Contraction) or len(tree.args) != 1 or not _is_exponential(tree.args[0]):
        return None
    (indices,) = tree.subscripts
    axes = tuple(k for k, i in enumerate(indices) if i not in tree.output)
    kept = tuple(i for i in indices if i in tree.output)
    if not axes or len(set(indices)) < len(indices) or kept != tree.output or len(tree.dims) != len(indices):
        return None
    return tree.args[0].args[0], axes


def _is_exponential(tree: Tree) -> bool:
    return isinstance(tree, Apply) and tree.function is FUNCTIONS["exp"]


def _softmax(node: Contraction) -> Tree | None:
    for k in (0, 1):
        top, bottom = node.args[k], node.args[1 - k]
        if not _is_exponential(top) or not isinstance(bottom, Power) or bottom.exponent is not MINUS_ONE:
            continue
        summed = _summed_exponential(bottom.base)
        if summed is None or summed[0] is not top.args[0] or len(summed[1]) != 1:
            continue
        indices, over = node.subscripts[k], node.subscripts[1 - k]
        if (
            indices == node.output
            and over == tuple(i for a, i in enumerate(indices) if a not in summed[1])
            and len(node.dims) == len(indices)
        ):
            return operation(OPERATIONS["softmax"], top.args, summed[1])
    return None


# ---------------------------------------------------------------- sums that are zero


def balanced(node: Tree) -> Tree | None:
    """p*(g - sum(g*p)), p*sum(t) - t or p - t, where p is a softmax, as an array of which the sum is known."""
    if isinstance(node, Contraction):
        return _balanced_product(node)
    return _balanced_sum(node) if isinstance(node, Sum) else None


def _is_softmax(tree: Tree) -> bool:
    return isinstance(tree, Operation) and tree.operation is OPERATIONS["softmax"]


def _balanced_product(node: Contraction) -> Tree | None:
    """p*(g - sum(g*p)), times anything that does not vary along the axis."""
    for k, p in enumerate(node.args):
        spots = node.subscripts[k]
        if not _is_softmax(p):
            continue
        for j, rest in enumerate(node.args):
            if j == k or not isinstance(rest, Sum) or node.subscripts[j] != spots or not _centred(rest, p):
                continue
            sizes = dict(enumerate(node.dims))
            inner = contract([p, rest], [spots, spots], spots, {i: sizes[i] for i in spots})  # a size nobody carries would multiply
            product = operation(BALANCED, [inner, p], p.parameters)
            kept = [i for i in range(len(node.args)) if i not in (j, k)]
            return contract([*(node.args[i] for i in kept), product], [*(node.subscripts[i] for i in kept), spots], node.output, sizes)
    return None


def _centred(tree: Sum, p: Operation) -> bool:
    """Whether the sum is g - sum(g*p) along the axis of the softmax p."""
    (axis,) = p.parameters
    for k, term in enumerate(tree.args):
        if not isinstance(term, Contraction) or p not in term.args:
            continue
        g = add([t for j, t in enumerate(tree.args) if j != k])
        axes = list(range(len(p.shape)))
        kept = [a for a in axes if a != axis]
        total = contract([MINUS_ONE, g, p], [(), axes, axes], kept)
        if normal(transform(term, _plain)) is normal(contract([total], [kept], axes, dict(enumerate(p.shape)))):
            return True
    return False


def _plain(node: Tree) -> Tree:
    return node.args[0] if isinstance(node, Operation) and node.operation is BALANCED else node


def _balanced_sum(node: Sum) -> Tree | None:
    """p*sum(t) - t and p - t, which add up to zero and to 1 - sum(t)."""
    for k, term in enumerate(node.args):
        p = term if _is_softmax(term) else _factor(term)
        if p is None:
            continue
        rest = add([t for j, t in enumerate(node.args) if j != k])
        (axis,) = p.parameters
        kept = [a for a in range(len(p.shape)) if a != axis]
        if _adds_up_to_minus_one(rest, axis):
            balance = p
        else:
            total = scale(-1, reduce_sum(rest, [axis]))
            balance = contract([p, total], [range(len(p.shape)), kept], range(len(p.shape)))
        if normal(term) is normal(balance):
            return operation(BALANCED, [node, p], p.parameters)
        sign = ONE if term is p else MINUS_ONE if normal(term) is normal(scale(-1, p)) else None
        if sign is not None and _is_data(rest):
            total = add([reduce_sum(rest, [axis]), contract([sign], [()], kept, {a: p.shape[a] for a in kept})])
            return operation(BALANCED, [node, p, total], p.parameters)
    return None


def _is_data(tree: Tree) -> bool:
    """Whether the tree is a name, or minus a name."""
    return isinstance(tree, Leaf) or (
        isinstance(tree, Contraction)
        and sum(not isinstance(a, Number) for a in tree.args) == 1 == sum(isinstance(a, Leaf) for a in tree.args)
    )


def _factor(term: Tree) -> Operation | None:
    """The softmax among the factors of a term of the same shape."""
    if not isinstance(term, Contraction):
        return None
    return next((a for a, s in zip(term.args, term.subscripts, strict=True) if _is_softmax(a) and s == term.output), None)  # type: ignore[return-value]


def _adds_up_to_minus_one(tree: Tree, axis: int) -> bool:
    """Whether the tree is -t where t is known to hold a probability in each row."""
    inner = next((a for a in tree.args if isinstance(a, Leaf)), None) if isinstance(tree, Contraction) else None
    if inner is None or not inner.facts & {"onehot", "probability", "unit_sum"} or axis != len(inner.shape) - 1:
        return False
    return normal(tree) is normal(scale(-1, inner))
