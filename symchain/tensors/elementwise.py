"""Elementwise trees as functions of numbers: what they are functions of, one entry of them, and the way back to arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symchain.tensors.nodes import (
    Apply,
    Compare,
    Constant,
    Contraction,
    Leaf,
    Number,
    Power,
    Sum,
    Tree,
    Where,
    add,
    broadcast,
    common_shape,
    hadamard,
    leaf,
    multiply_scalars,
    postorder,
)
from symchain.tensors.trees import rebuild


def is_entrywise(node: Tree) -> bool:
    """Whether an entry of the node reads the same entry of each operand alone, and of scalars their value."""
    if isinstance(node, Contraction):
        plain = len(set(node.output)) == len(node.output) == len(node.dims)
        return plain and all(s in ((), node.output) for s in node.subscripts)
    return isinstance(node, (Sum, Power, Apply, Compare, Where))


def atoms(*trees: Tree) -> tuple[Tree, ...]:
    """What elementwise trees are functions of: names, and what is not elementwise; in order of appearance, without constants."""
    found: dict[Tree, None] = {}
    seen: set[Tree] = set()
    stack = list(reversed(trees))
    while stack:
        node = stack.pop()
        if node in seen or isinstance(node, (Number, Constant)):
            continue
        seen.add(node)
        if is_entrywise(node):
            stack.extend(reversed(node.args))
        else:
            found[node] = None
    return tuple(found)


def entry_of(tree: Tree, names: Mapping[Tree, Tree]) -> Tree:
    """One entry of an elementwise tree: a tree of scalars in which `names` stand for the atoms."""
    done: dict[Tree, Tree] = dict(names)
    for node in postorder(tree):
        if node in done:
            continue
        args = tuple(done[a] for a in node.args)
        if isinstance(node, Contraction):
            done[node] = multiply_scalars(args)
        elif isinstance(node, (Number, Constant)):
            done[node] = node
        else:
            done[node] = type(node)(args, (), node.data)
    return done[tree]


def names_for(found: Sequence[Tree]) -> dict[Tree, Leaf]:
    """A scalar name for each atom: a scalar's own, where it has one."""
    named = {a: a for a in found if isinstance(a, Leaf) and not a.shape}
    return {a: named.get(a) or leaf(f"?{k}", (), a.facts if isinstance(a, Leaf) else ()) for k, a in enumerate(found)}


def over(entry: Tree, values: Mapping[Tree, Tree]) -> Tree:
    """The elementwise tree of which this is one entry; `values` has what its names stand for."""
    done: dict[Tree, Tree] = dict(values)
    for node in postorder(entry):
        if node in done:
            continue
        args = [done[a] for a in node.args]
        shape = common_shape(args)
        if isinstance(node, Contraction):
            done[node] = hadamard(args)
        elif isinstance(node, Sum):
            done[node] = add([broadcast(a, shape) for a in args])
        elif isinstance(node, Power):
            done[node] = Power((broadcast(args[0], shape), args[1]), shape)
        elif not args:
            done[node] = node
        elif not shape:
            done[node] = rebuild(node, tuple(args))
        else:
            done[node] = type(node)(tuple(args), shape, node.data)
    return done[entry]
