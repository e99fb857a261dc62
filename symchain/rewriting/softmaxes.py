"""Softmax in stable form: exponentials over an axis are recognised, and what adds up to zero along it is made to.

What softmax sends back cancels where one probability is nearly 1: p - t after a cross-entropy, p*(g - sum(g*p)) after anything else.
What the entries add up to is known, mostly zero, so the one that cancels is that minus the sum of the others.
"""

from __future__ import annotations

from symchain.functions.spec import FUNCTIONS, OPERATIONS
from symchain.rewriting.matching import CONSTANT
from symchain.rewriting.numerics import BALANCED
from symchain.rewriting.rows import Row, Use, one
from symchain.tensors.algebra import normal
from symchain.tensors.nodes import (
    MINUS_ONE,
    ONE,
    Apply,
    Contraction,
    Leaf,
    Number,
    Operation,
    Sum,
    Tree,
    add,
    contract,
    operation,
    rebuild,
    reduce_sum,
    scale,
    transform,
)


def logarithm_of_entry(node: Tree) -> Tree | None:
    """log(softmax(x)[k]) as log_softmax(x)[k]."""
    inner = node.args[0]
    if not isinstance(node, Apply) or node.function is not FUNCTIONS["log"] or not isinstance(inner, Operation):
        return None
    if inner.operation is not OPERATIONS["index"] or not _is_softmax(inner.args[0]):
        return None
    return rebuild(inner, [operation(OPERATIONS["log_softmax"], inner.args[0].args, inner.args[0].parameters)])  # type: ignore[attr-defined]


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


ROWS = (
    Row("exp(x)/sum(exp(x)) = softmax(x)", Use.BOTH, "exp(x)/sum(exp(x), axis=k, keepdims=True)", "softmax(x, axis=k)", priority=70),
    Row("log(sum(exp(x))) = logsumexp(x)", Use.RUN, "log(sum(exp(x), axis=ks))", "logsumexp(x, axis=ks)", priority=70),
    Row(
        "the logarithm of a mean of exponentials", Use.RUN, "log(c*sum(exp(x), axis=ks))", "logsumexp(x, axis=ks) + log(c)",
        wild={"c": CONSTANT}, priority=70,
    ),
    Row("log(softmax(x)) = log_softmax(x)", Use.RUN, "log(softmax(x, axis=k))", "log_softmax(x, axis=k)", priority=70),
    Row(
        "the logarithm of an entry of a softmax", Use.RUN, search=one(logarithm_of_entry), node=Apply, holds=Operation.bit, priority=70,
        reason="the entry taken is a parameter of the index", fires="x: (n,)\nout = log(softmax(x)[0])",
        spares="x: (n,)\nout = log(x[0])",
    ),
    Row(
        "an array of which the sum is known", Use.KERNEL, search=one(balanced), node=Sum, holds=Operation.bit, priority=50,
        reason="what is taken away is known only up to the order and the opening of products, and by what is known of data",
        fires="x: (n,)\nq: (n,) probability\nout = -sum(q*log(softmax(x)))", spares="x: (n,)\nq: (n,)\nout = -sum(q*log(sigmoid(x)))",
    ),
    Row(
        "a product of which the sum is known", Use.KERNEL, search=one(balanced), node=Contraction, holds=Operation.bit, priority=50,
        reason="what is taken away is known only up to the order and the opening of products",
        fires="A: (n, n)\nP = softmax(A, axis=1)\nout = P[1, 0]", spares="x: (n,)\np = sigmoid(x)\nout = sum(p**3)",
    ),
)  # fmt: skip
