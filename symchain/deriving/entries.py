"""Derivatives by the independent entries of a structured matrix (Petersen and Pedersen, The Matrix Cookbook, section 2.8)."""

from __future__ import annotations

from collections.abc import Callable, Set

from symchain.errors import UnsupportedError
from symchain.nouns.computation import Computation
from symchain.rewriting import reduced
from symchain.tensors.nodes import Tree, add, contract, identity, scale


def by_entries_of(program: Computation, name: str, tree: Tree, lead: int, settle: Callable[[Tree], Tree] = reduced) -> Tree:
    """The derivative by a name, by the entries that may move where the name is an input with such a fact."""
    return by_entries(tree, lead, program.inputs[name].facts, settle) if name in program.inputs else tree


def by_entries(tree: Tree, lead: int, facts: Set[str], settle: Callable[[Tree], Tree] = reduced) -> Tree:
    """The derivative laid out as X, each entry by the independent entry that stands there.

    With G the derivative by free entries: symmetric G + G.T - G*I (eq. 138), diagonal G*I (eq. 142). The last two axes are X's.
    `settle` simplifies what comes out. Raises UnsupportedError for Toeplitz matrices, whose diagonals have no matrix form.
    """
    if "toeplitz_entries" in facts:
        raise UnsupportedError(
            "the derivative by the entries of a Toeplitz matrix is not available",
            advice="Write the matrix in terms of its diagonals, or drop the fact.",
        )
    if not facts & {"symmetric_entries", "diagonal_entries"}:
        return tree
    leading = tuple(range(lead))
    i, j = lead, lead + 1
    diagonal = contract([tree, identity(tree.shape[-1])], [(*leading, i, j), (i, j)], (*leading, i, j))
    if "diagonal_entries" in facts:
        return settle(diagonal)
    flipped = contract([tree], [(*leading, i, j)], (*leading, j, i))
    return settle(add([tree, flipped, scale(-1, diagonal)]))
