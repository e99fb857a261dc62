"""Replacing a program's own function names by what they are bound to: sigma2'(z2) becomes sigmoid(z2)*(1 - sigmoid(z2))."""

from __future__ import annotations

from symchain.functions.spec import AbstractFunction, FunctionSpec
from symchain.rules.reverse import pullback
from symchain.support.dimensions import Shape
from symchain.tensors.algebra import normal
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import ONE, Apply, Leaf, Tree, broadcast, leaf, postorder, substitute, transform


def bind(tree: Tree) -> Tree:
    """The tree with every bound function, and every derivative of one, written out; unbound ones stay."""
    if not is_bound(tree):
        return tree
    return transform(tree, lambda n: _bind_node(n) if isinstance(n, Apply) and _bound(n) else n)


def is_bound(tree: Tree) -> bool:
    """Whether a function in the tree is bound to a known one."""
    return bool(tree.kinds & Apply.bit) and any(_bound(n) for n in postorder(tree))


def _bound(node: Tree) -> bool:
    return isinstance(node, Apply) and isinstance(node.function, AbstractFunction) and node.function.binding is not None


def _bind_node(node: Apply) -> Tree:
    template, names = _derivative(node.function.binding, node.orders, node.shape)
    return substitute(template, {n: broadcast(a, node.shape) for n, a in zip(names, node.args, strict=True)})


@remembered(1024)
def _derivative(function: FunctionSpec, orders: tuple[int, ...], shape: Shape) -> tuple[Tree, tuple[Leaf, ...]]:
    """The derivative of the given orders as a tree over placeholders of one shape."""
    names = tuple(leaf(f"?{p}", shape) for p in function.parameters)
    tree: Tree = Apply(names, shape, (function, (0,) * len(names)))
    for k, order in enumerate(orders):
        for _ in range(order):
            tree = normal(pullback(tree, broadcast(ONE, shape), 0, [names[k]])[names[k]])
    return tree, names
