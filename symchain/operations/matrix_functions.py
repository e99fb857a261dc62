"""Functions of a square matrix, exponential, sine and cosine, and their Fréchet derivatives.

Source: Higham 2008, "Functions of Matrices". The meanings are analytic in the entries, so that a complex step differentiates them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from symchain.errors import ShapeError, UnsupportedError
from symchain.functions.spec import Case, Noun, declare_operation
from symchain.operations.pulling import stack_axes
from symchain.operations.shapes import one_square, square_to_square
from symchain.support.dimensions import Shape, show
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, Contraction, Identity, Operation, Tree, contract, named_operation

_Array = np.ndarray[Any, np.dtype[Any]]
_Rule = Callable[[tuple[Shape, ...], tuple[Any, ...]], Shape]
_SERIES = 400


def _frechet_shape(name: str) -> _Rule:
    def shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
        a, direction = shapes
        one_square(name, a)
        if direction[-2:] != a:
            raise ShapeError(
                f"{name} needs a direction of shape {show(a)}, not {show(direction)}", advice="Matrix and direction have one shape."
            )
        return direction

    return shape


def _expm(a: _Array) -> Any:
    from scipy import linalg

    return linalg.expm(a)


def _trigonometric(a: _Array, sine: bool, exponential: Callable[[_Array], Any] = _expm) -> Any:
    """exp([[0, A], [-A, 0]]) = [[cos A, sin A], [-sin A, cos A]]: real stays real, so a complex step is not drowned."""
    n, zero = a.shape[-1], np.zeros_like(a)
    rows = exponential(np.block([[zero, a], [-a, zero]]))[..., :n, :]
    return rows[..., n:] if sine else rows[..., :n]


def _expm_exact(n: Any, a: _Array) -> Any:
    """By the series, after halving until the matrix is small."""
    halvings = 0
    while np.max(np.sum(abs(a), axis=-1)) > 2.0**halvings:
        halvings += 1
    small = a * n.number(Fraction(1, 2**halvings))
    one = np.where(np.eye(a.shape[-1], dtype=bool), n.number(Fraction(1)), n.number(Fraction(0)))
    total = term = np.broadcast_to(one, a.shape)
    for k in range(1, _SERIES):
        term = term @ small * n.number(Fraction(1, k))
        if not np.any(total + term != total):
            break
        total = total + term
    for _ in range(halvings):
        total = total @ total
    return total


def _sinm_exact(n: Any, a: _Array) -> Any:
    return _trigonometric(a, True, lambda b: _expm_exact(n, b))


def _cosm_exact(n: Any, a: _Array) -> Any:
    return _trigonometric(a, False, lambda b: _expm_exact(n, b))


def _sinm(a: _Array) -> Any:
    return _trigonometric(a, sine=True)


def _cosm(a: _Array) -> Any:
    return _trigonometric(a, sine=False)


# ---------------------------------------------------------------- pullbacks


def _pullback(node: Operation, k: int, cotangent: Tree, lead: int, derivative: str, sign: int) -> Tree:
    """dA = L_f(A.T, G), the Fréchet derivative of f at A.T in the direction G (Higham 2008, sec. 3.2); f'(A).T where G is I."""
    (a,) = node.args
    name = node.operation.name
    coefficient = _multiple_of_identity(cotangent)
    if coefficient is None:
        return named_operation(f"{name}_frechet", nodes.transpose(a), cotangent)
    value = node if derivative == name else named_operation(derivative, a)
    before, _ = stack_axes(a, lead)
    factors: list[tuple[Tree, list[Any]]] = [(value, ["j", "i"])]
    if coefficient is not ONE:
        factors.insert(0, (coefficient, before))
    if sign < 0:
        factors.insert(0, (MINUS_ONE, []))
    return contract([f for f, _ in factors], [s for _, s in factors], [*before, "i", "j"])


def _multiple_of_identity(tree: Tree) -> Tree | None:
    """c with tree = c[..., None, None] * I, where that can be read off."""
    levels: list[tuple[Contraction, int]] = []
    while not isinstance(tree, Identity):
        if not isinstance(tree, Contraction) or len(tree.output) < 2:
            return None
        *outer, i, j = tree.output
        holders = [k for k, s in enumerate(tree.subscripts) if i in s or j in s]
        if i == j or i in outer or j in outer or len(holders) != 1:
            return None
        inner = tree.subscripts[holders[0]]
        if {i, j} != set(inner[-2:]) or i in inner[:-2] or j in inner[:-2]:
            return None
        levels.append((tree, holders[0]))
        tree = tree.args[holders[0]]
    coefficient: Tree = ONE
    for level, holder in reversed(levels):
        factors, subscripts = list(level.args), [list(s) for s in level.subscripts]
        factors[holder], subscripts[holder] = coefficient, subscripts[holder][:-2]
        kept = {s: d for s, d in enumerate(level.dims) if s not in level.output[-2:]}
        coefficient = contract(factors, subscripts, level.output[:-2], kept)
    return coefficient


def _frechet_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dE = L_f(A.T, G): linear in the direction. By A it would be the second Fréchet derivative."""
    if k == 0:
        name = node.operation.name.removesuffix("_frechet")
        raise UnsupportedError(f"the second derivative of {name} is not supported", advice="First derivatives of matrix functions are.")
    return named_operation(node.operation.name, nodes.transpose(node.args[0]), cotangent)


# ---------------------------------------------------------------- records

# Functions of a matrix, each with its Fréchet derivative: f(A, E), linear in E, the derivative of f at A in the direction E.
for _name, _function, _exact, (_derivative, _sign), _noun in (
    ("expm", _expm, _expm_exact, ("expm", 1), Noun("matrix exponential", "exponentielle de matrice", "f")),
    ("sinm", _sinm, _sinm_exact, ("cosm", 1), Noun("matrix sine", "sinus de matrice", "m")),
    ("cosm", _cosm, _cosm_exact, ("sinm", -1), Noun("matrix cosine", "cosinus de matrice", "m")),
):

    def _frechet(a: _Array, e: _Array, function: Callable[[_Array], Any] = _function) -> Any:
        """f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]] (Higham 2008, Functions of Matrices, eq. 3.16)."""
        n, blocks = a.shape[-1], np.broadcast_to(a, e.shape)
        return function(np.block([[blocks, e], [np.zeros_like(e), blocks]]))[..., :n, n:]

    def _exact_frechet(n: Any, a: _Array, e: _Array, exact: Callable[..., Any] = _exact) -> Any:
        return _frechet(a, e, lambda b: exact(n, b))

    declare_operation(
        _name,
        shape=square_to_square(_name, one_square),
        evaluate=_function,
        exact=_exact,
        pullback=partial(_pullback, derivative=_derivative, sign=_sign),
        operands=("A",),
        rank=2,
        keeps=frozenset({"symmetric"}),
        noun=_noun,
        latex=rf"\operatorname{{{_name}}}",
        cases=(Case((("n", "n"),)),),
        refused=(((("n", "m"),), ()), ((("k", "n", "n"),), ()), ((("n",),), ())),
    )
    declare_operation(
        f"{_name}_frechet",
        shape=_frechet_shape(f"{_name}_frechet"),
        evaluate=_frechet,
        exact=_exact_frechet,
        pullback=_frechet_pullback,
        operands=("A", "E"),
        noun=Noun(f"Fréchet derivative ({_noun.en})", f"dérivée de Fréchet ({_noun.fr})", "f"),
        latex=rf"L_{{\operatorname{{{_name}}}}}",
        cases=(Case((("n", "n"), ("n", "n"))), Case((("n", "n"), ("k", "n", "n"))), Case((("n", "n"), ("k", "l", "n", "n")))),
        refused=(((("n", "n"), ("m", "m")), ()), ((("n", "n"), ("n",)), ()), ((("n", "m"), ("n", "m")), ())),
    )
