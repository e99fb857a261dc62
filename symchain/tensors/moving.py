"""Trees moved to another index: names and dimension letters replaced, shapes with them."""

from __future__ import annotations

from collections.abc import Callable

from symchain.functions.spec import map_dims
from symchain.support.dimensions import Dim, Shape, add, letters, minimum, multiply, terms
from symchain.tensors.nodes import Constant, Contraction, Leaf, Number, Operation, Size, Tree, leaf, size
from symchain.tensors.trees import transform


def renamed(dim: Dim, name: Callable[[str], Dim]) -> Dim:
    """A dimension with other letters, or numbers.

    >>> renamed("n - 1", lambda letter: "m")
    'm - 1'
    """
    if isinstance(dim, int) or all(name(x) == x for x in letters([dim])):
        return dim
    total: Dim = 0
    for coefficient, factors in terms(dim):
        term: Dim = coefficient
        for factor in factors:
            smaller = not isinstance(factor, str)  # of an axis and a number
            term = multiply(term, minimum(renamed(factor[0], name), int(factor[1])) if smaller else name(str(factor)))
        total = add(total, term)
    return total


def renamed_shape(shape: Shape, name: Callable[[str], Dim]) -> Shape:
    return tuple(renamed(d, name) for d in shape)


def moved(tree: Tree, put: Callable[[Leaf], Tree | None], name: Callable[[str], Dim]) -> Tree:
    """The tree with put(leaf) in place of each name for which that is a tree, and other letters in all shapes."""

    def visit(node: Tree) -> Tree:
        shape = renamed_shape(node.shape, name)
        match node:
            case Leaf():
                found = put(node)
                return found if found is not None else node if shape == node.shape else leaf(node.name, shape, node.facts)
            case Number() | Constant():
                return node
            case Size():
                other = name(node.dim)
                return node if other == node.dim else size(other)
            case Contraction():
                subscripts, output, dims = node.data
                data = (subscripts, output, renamed_shape(dims, name))
                return node if data == node.data and shape == node.shape else Contraction(node.args, shape, data)
            case Operation():
                spec, parameters = node.data
                other_data = (spec, map_dims(spec, parameters, lambda d: renamed(d, name)))
                return node if other_data == node.data and shape == node.shape else Operation(node.args, shape, other_data)
        return node if shape == node.shape else type(node)(node.args, shape, node.data)

    return transform(tree, visit)
