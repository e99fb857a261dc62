"""What is known about the value of a tree from the way it is made; a block's name carries it on."""

from __future__ import annotations

from symchain.functions.spec import FunctionSpec
from symchain.kernels.facts import Kind, of_kind
from symchain.tensors.algebra import normal
from symchain.tensors.nodes import Apply, Leaf, Operation, Sum, Tree, add, leaf, reduce_sum
from symchain.tensors.sums import collect, summands
from symchain.tensors.terms import adds_up_along, constant_of, is_symmetric

EQUATIONS = of_kind(Kind.EQUATION) | {"unit_sum"}
"""Facts that are equations between entries. What is rewritten by them has the same values, but not the same derivative by one entry."""
_POSITIVE = frozenset({"exp", "exp2", "cosh", "softplus", "erfc", "erfcx"})


def implied(tree: Tree) -> frozenset[str]:
    """The facts that hold for every value of a tree's names.

    >>> from symchain.tensors.nodes import leaf, matmul, transpose
    >>> sorted(implied(matmul(transpose(leaf("X", ("m", "n"))), leaf("X", ("m", "n")))))
    ['symmetric']
    """
    found = set()
    if isinstance(tree, Operation) and adds_up_along(tree) == len(tree.shape) - 1:
        found.add("probability")
    if tree.shape and isinstance(tree, Sum) and _adds_up_to_one(tree):
        found.add("unit_sum")
    if isinstance(tree, Apply) and isinstance(tree.function, FunctionSpec) and tree.function.name in _POSITIVE:
        found.add("positive")
    if len(tree.shape) == 2 and tree.shape[0] == tree.shape[1] and is_symmetric(normal(tree)):
        found.add("symmetric")
    return frozenset(found)


def freed(symbol: Leaf) -> Leaf:
    """The name without the facts that tie its entries together: a stand-in for it in what is yet to be differentiated by it."""
    return leaf(symbol.name, symbol.shape, symbol.facts - EQUATIONS - of_kind(Kind.ENTRIES))


def _adds_up_to_one(tree: Sum) -> bool:
    """Whether the entries along the last axis add up to one, term by term: (1 - e)*t + e/n, where those of t do."""
    total = constant_of(collect(add([normal(reduce_sum(t, [len(tree.shape) - 1])) for t in summands(normal(tree))])))
    return total is not None and total.value == 1
