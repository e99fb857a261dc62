"""Trees to text and back: what is printed means the tree it was printed from, and costs what is said."""

from __future__ import annotations

import ast
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import randomtrees as forest
from scipy import special

from symchain.errors import SymchainError
from symchain.evidence.evaluation import evaluate
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.operations import OPERATIONS
from symchain.render.text import write
from symchain.rewriting import price_of, simplify
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Compare, Tree, add, contract, identity, leaf, operation, postorder, power

SCOPE = Scope(names=dict(forest.LEAVES), dims=tuple(forest.SIZES))
_NUMPY = """
    exp tanh sin cos arctan abs expm1 cosh log sqrt log1p where maximum minimum logaddexp sum max min prod mean cumsum ones zeros
    eye outer diag concatenate tril triu einsum roll reshape transpose pi
"""
_LINEAR = "norm inv det"
_SPECIAL = "erf gammaln digamma logsumexp"
PLAIN = {name: getattr(np, name) for name in _NUMPY.split()}
PLAIN |= {name: getattr(np.linalg, name) for name in _LINEAR.split()}
PLAIN |= {name: getattr(special, name) for name in _SPECIAL.split()}
PLAIN |= {
    "tr": np.trace,
    "sigmoid": special.expit,
    "logsigmoid": special.log_expit,
    "relu": lambda t: np.maximum(t, 0),
    "softplus": lambda t: np.logaddexp(0, t),
    "silu": lambda t: t * special.expit(t),
    "softmax": lambda x, axis=-1: special.softmax(x, axis=axis),
    "log_softmax": lambda x, axis=-1: special.log_softmax(x, axis=axis),
}
"""The names of the input language in plain NumPy, as far as the trees here need them."""


@cache
def trees() -> list[Tree]:
    return [tree for seed in range(400) for tree in (forest.random_tree(seed, 3), simplify(forest.random_tree(seed, 3)))]


def text(tree: Tree) -> str:
    return write(phrase_of(tree))


def operations(line: str) -> int:
    """Operators and calls of a line, as Python sees them; transposes, indexing and literals are free."""
    count = 0
    for node in ast.walk(ast.parse(line, mode="eval")):
        count += isinstance(node, (ast.BinOp, ast.Call)) or (isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant))
    return count


def value(tree: Tree, environment: dict, noise: int | None = None) -> np.ndarray:
    return np.asarray(evaluate([tree], environment, forest.SIZES, None if noise is None else np.random.default_rng(noise))[0])


def problem(tree: Tree) -> str:
    """Why the text of a tree does not stand for it; '' if it does."""
    line = text(tree)
    try:
        back = elaborate(parse_expression(line), SCOPE)
    except SymchainError as error:
        return f"{line}: {error}"
    if back.shape != tree.shape:
        return f"{line}: shape {back.shape}"
    environment = forest.sample(np.random.default_rng(0))
    try:
        want, got = value(tree, environment), value(back, environment)
    except np.linalg.LinAlgError:
        return ""
    if not np.all(np.isfinite(want)) or np.abs(want).max() > 1e8:
        return ""
    allowed = 1e-9 * (1 + np.abs(want).max()) + 1e4 * np.abs(value(tree, environment, 1) - want).max()
    if not np.abs(want - got).max() <= allowed:
        return f"{line}: {np.round(got, 6).tolist()}, not {np.round(want, 6).tolist()}"
    if {n.id for n in ast.walk(ast.parse(line)) if isinstance(n, ast.Name)} <= {*PLAIN, *forest.SIZES, *environment}:
        with np.errstate(all="ignore"):
            plain = np.asarray(eval(line, {"__builtins__": {}}, {**PLAIN, **forest.SIZES, **environment}))
        if plain.shape != np.shape(want) or not np.abs(want - plain).max() <= allowed:
            return f"{line}: in NumPy {plain.shape} {np.round(plain, 6).tolist()}, not {np.round(want, 6).tolist()}"
    return ""


@pytest.mark.thorough
def test_text_means_the_tree():
    found = []
    for tree in trees():
        if problem(tree):
            small = next(t for t in postorder(tree) if not isinstance(t, Compare) and problem(t))
            found.append(f"{problem(small)}\n    {small!r:.400}")
    assert not found, "\n".join(found[:5])


def test_the_price_is_the_number_of_operations():
    """An einsum counts more, so that it is the last choice."""
    lines = {text(tree): price_of(tree) for tree in trees()}
    wrong = [f"{line}: {price}" for line, price in lines.items() if "einsum" not in line and operations(line) != price]
    assert not wrong, "\n".join(wrong[:5])
    assert all(price > operations(line) for line, price in lines.items() if "einsum" in line)
    assert sum("einsum" not in line for line in lines) > len(lines) / 2


A, B, S, T = (forest.LEAVES[name] for name in "ABST")
x, y, u, F = (forest.LEAVES[name] for name in "xyuF")
s = leaf("s")


def _at(tree, k):
    return operation(OPERATIONS["place"], [tree], ((("at", k),), (3,)))


def _slice(tree, start, stop):
    return operation(OPERATIONS["place"], [tree], ((("slice", start, stop, 1),), ("m + n + 1",)))


FORMS = {
    "A @ x": contract([A, x], [(0, 1), (1,)], (0,)),
    "A.T @ x": contract([A, x], [(1, 0), (1,)], (0,)),
    "x @ y": contract([x, y], [(0,), (0,)], ()),
    "outer(x, u)": contract([x, u], [(0,), (1,)], (0, 1)),
    "tr(A)": contract([A], [(0, 0)], ()),
    "diag(A)": contract([A], [(0, 0)], (0,)),
    "diag(x)": contract([x, identity("n")], [(0,), (0, 1)], (0, 1)),
    "sum(A, axis=0)": contract([A], [(0, 1)], (1,)),
    "x[:, None]*F": contract([x, F], [(0,), (0, 1)], (0, 1)),
    "sum(T, axis=(1, 2))": contract([T], [(0, 1, 2)], (0,)),
    "transpose(T, (2, 0, 1))": contract([T], [(0, 1, 2)], (2, 0, 1)),
    "einsum('jii->ij', T)": contract([T], [(0, 1, 1)], (1, 0)),
    "3*T": contract([forest.number(3), T], [(), (0, 1, 2)], (0, 1, 2)),
    "s*x": contract([s, x], [(), (0,)], (0,)),
    "norm(F, axis=1)": power(contract([F, F], [(0, 1), (0, 1)], (0,)), Fraction(1, 2)),
    "x[:, None] - u": add([contract([x], [(0,)], (0, 1), {1: "m"}), contract([forest.number(-1), u], [(), (1,)], (0, 1), {0: "n"})]),
    "stack([s, 0, 2])": add([_at(s, 0), _at(forest.number(2), 2)]),
    "concatenate([zeros(1), x, u])": add([_slice(x, 1, "n + 1"), _slice(u, "n + 1", "m + n + 1")]),
}


@pytest.mark.parametrize("line", FORMS)
def test_forms(line):
    assert text(FORMS[line]) == line


@pytest.mark.parametrize(
    "tree",
    [
        contract([identity("n"), u, F], [(0, 1), (2,), (0, 2)], (0,)),
        contract([x, u, identity("n")], [(0,), (1,), (2, 0)], ()),
        contract([identity("n"), A], [(0, 1), (1, 2)], (0, 2)),
        contract([T, T, s], [(0, 1, 1), (0, 1, 1), ()], (0, 1)),
    ],
    ids=["one axis summed away", "a sum of an identity", "a product with an identity", "diagonals of three axes"],
)
def test_trees_that_nobody_has_simplified(tree):
    assert not problem(tree)
