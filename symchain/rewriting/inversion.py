"""Inverses in products: X @ inv(X.T @ X) is pinv(X).T, and inv(A @ B) is opened where its factors may cancel."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symchain.functions.spec import OPERATIONS
from symchain.rewriting.rows import Row, Use, each
from symchain.tensors.nodes import Contraction, Operation, Tree, operation, rebuild
from symchain.tensors.products import normal_product, raised, settled, term_of, tree_of
from symchain.tensors.terms import Term


def pseudoinverses(tree: Contraction) -> Iterator[Tree]:
    """X @ inv(X.T @ X) is pinv(X).T, and inv(X @ X.T) @ X is pinv(X).T: where the inverse exists, X has full rank."""
    term = term_of(tree)
    for k, (factor, indices) in enumerate(term.factors):
        gram = factor.args[0] if isinstance(factor, Operation) and factor.operation.name == "inv" else None
        if not isinstance(gram, Contraction) or len(gram.args) != 2 or gram.args[0] is not gram.args[1] or len(indices) != 2:
            continue
        first, second = gram.subscripts
        side = next((n for n in (0, 1) if len(first) == len(second) == 2 and first[n] == second[n] and first[n] not in gram.output), None)
        if side is None:
            continue
        for m, (other, theirs) in enumerate(term.factors):
            for n in (0, 1):
                shared = indices[n]
                if other is gram.args[0] and theirs[1 - side] == shared and shared not in term.output and len(term.users(shared)) == 2:
                    pair = (indices[1 - n], theirs[side])  # pinv(X) has the axes of X the other way round
                    found = (operation(OPERATIONS["pinv"], [other]), pair if side == 0 else pair[::-1])
                    rest = [f for q, f in enumerate(term.factors) if q not in (k, m)]
                    rest.insert(min(k, m), found)
                    yield normal_product(term.with_factors(rest, without={shared}))


def pseudoinverses_dropped(tree: Contraction) -> Iterator[Tree]:
    """X @ pinv(X) @ X is X, and pinv(X) @ X @ pinv(X) is pinv(X): two of Penrose's equations."""
    term = term_of(tree)
    for k, (inner, (*spots,)) in enumerate(term.factors):
        if len(spots) != 2 or spots[0] == spots[1]:
            continue
        others = [(m, s) for m, (f, s) in enumerate(term.factors) if m != k and _undone(inner, f)]
        first, second = ([m for m, s in others if s[q] == spots[1 - q]] for q in (1, 0))
        for left in first:
            for right in second:
                outer, ends = term.factors[left][0], (term.factors[left][1][0], term.factors[right][1][1])
                gone = set(spots)
                if left == right or gone & set(term.output) or any(len(term.users(i)) != 2 for i in gone):
                    continue
                rest = [f for m, f in enumerate(term.factors) if m not in (k, left, right)]
                rest.insert(min(k, left, right), (outer, ends))
                yield normal_product(term.with_factors(rest, without=gone))


def _undone(one: Tree, other: Tree) -> bool:
    """Whether one of two matrices is the pseudoinverse of the other."""
    return any(isinstance(a, Operation) and a.operation.name == "pinv" and a.args[0] is b for a, b in ((one, other), (other, one)))


def inverses_opened(tree: Contraction) -> Iterator[Tree]:
    """inv(A @ B) is inv(B) @ inv(A) where all factors are square, tried where inverses may cancel."""
    opened: list[Tree] = []
    for factor in tree.args:
        opened.append(_opened_inverse(factor))
    if any(a is not b for a, b in zip(opened, tree.args, strict=True)):
        yield settled(tree_of(term_of(rebuild(tree, opened))))


def _opened_inverse(tree: Tree) -> Tree:
    if not (isinstance(tree, Operation) and tree.operation.name == "inv" and isinstance(tree.args[0], Contraction)):
        return tree
    term = term_of(tree.args[0])
    matrices = [(f, s) for f, s in term.factors if s]
    dim = tree.shape[0]
    if len(matrices) < 1 or any(len(s) != 2 or f.shape != (dim, dim) for f, s in matrices) or len(tree.shape) != 2:
        return tree
    path: list[tuple[Tree, tuple[int, ...]]] = []
    at, end = term.output
    left = list(matrices)
    while left:
        step = next(((f, s) for f, s in left if at in s), None)
        if step is None:
            return tree
        left.remove(step)
        f, s = step
        if s[0] == s[1]:
            return tree
        path.append((operation(tree.operation, [f]), (s[1], s[0])))  # the inverse swaps the axes of its factor
        at = s[1] if s[0] == at else s[0]
        if left and at in term.output:
            return tree
    if at != end:
        return tree
    scalars = [(raised(f, Fraction(-1)), s) for f, s in term.factors if not s]
    # inv(A B)_{ij} = inv(B)_{ik} inv(A)_{kj}: the chain read from its far end
    return tree_of(Term(1 / term.coefficient, False, [*scalars, *path[::-1]], (end, term.output[0]), dict(term.dims)))


ROWS = (
    Row(
        "the inverse of a product", Use.PRINT, search=each(inverses_opened), node=Contraction, holds=Operation.bit, step="inverse",
        polished=True, priority=-23, reason="a chain of matrices of any length", fires="A: (n, n)\nB: (n, n)\nout = sum(A @ inv(B @ A))",
        spares="A: (n, n)\nB: (n, n)\nout = sum(A @ inv(B + A))",
    ),
    Row(
        "a matrix, its pseudoinverse, the matrix", Use.PRINT, search=each(pseudoinverses_dropped), node=Contraction, holds=Operation.bit,
        step="inverse", priority=-22, reason="which axes meet is read from indices", fires="X: (n, m)\nout = sum(X @ pinv(X) @ X)",
        spares="X: (n, n)\nout = sum(X @ pinv(X) @ X.T)",
    ),
    Row(
        "a pseudoinverse", Use.PRINT, search=each(pseudoinverses), node=Contraction, holds=Operation.bit, step="inverse", priority=-24,
        reason="which axis of the matrix is summed is read from indices, on either side", fires="X: (n, m)\nout = sum(X @ inv(X.T @ X))",
        spares="X: (m, n)\nout = sum(X @ inv(X.T @ X + 1))",
    ),
)  # fmt: skip
