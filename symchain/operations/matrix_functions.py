"""Functions of a square matrix: exponential, sine, cosine and logarithm with their Fréchet derivatives, and the square root.

Source: Higham 2008, "Functions of Matrices". The meanings are analytic in the entries, so that a complex step differentiates them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any, Literal

import numpy as np

from symchain.errors import ShapeError, UnsupportedError
from symchain.functions.spec import Case, Noun, declare_operation
from symchain.kernels import spectra
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


def _continued(a: _Array, function: Callable[[_Array], Any]) -> Any:
    """A function of real matrices at complex ones, of first order: f([[A, E], [0, A]]) has the change of f(A) by E in its corner."""
    if not np.iscomplexobj(a):
        return function(a)
    n, real, step = a.shape[-1], np.real(a), np.imag(a)
    size = np.max(np.abs(step), initial=0) / (np.max(np.abs(real), initial=0) or 1) or 1.0
    both = function(np.block([[real, step / size], [np.zeros_like(real), real]]))
    return both[..., :n, :n] + 1j * size * both[..., :n, n:]


def _sqrtm(a: _Array) -> Any:
    return _continued(a, spectra.sqrtm)


def _logm(a: _Array) -> Any:
    """At complex matrices of first order, as the square root."""
    return spectra.logm(np.real(a)) + 1j * spectra.logm_frechet(np.real(a), np.imag(a)) if np.iscomplexobj(a) else spectra.logm(a)


def _sqrtm_exact(n: Any, a: _Array) -> Any:
    """By Newton's iteration in product form (Denman and Beavers; Higham 2008, eq. 6.17), which converges quadratically."""
    one = np.where(np.eye(a.shape[-1], dtype=bool), n.number(Fraction(1)), n.number(Fraction(0)))
    n.sqrt(n.number(Fraction(1)))  # in a field without roots there are none of matrices
    half = n.number(Fraction(1, 2))
    root, inverse = a, np.broadcast_to(one, a.shape)
    for _ in range(_SERIES):
        following, inverse = (root + n.inverse(inverse)) * half, (inverse + n.inverse(root)) * half
        settled = np.max(abs(following - root)) <= np.max(abs(following)) * n.number(Fraction(1, 10 ** (n.digits - 6)))
        root = following
        if settled:
            return root
    raise np.linalg.LinAlgError("Matrix has no real square root")


def _logm_exact(n: Any, a: _Array) -> Any:
    """2**k artanh((R - I)/(R + I))*2 of R = A**(1/2**k), after roots until R is near I."""
    one = np.where(np.eye(a.shape[-1], dtype=bool), n.number(Fraction(1)), n.number(Fraction(0)))
    roots = 0
    while np.max(np.sum(abs(a - one), axis=-1)) > n.number(Fraction(1, 4)):
        a, roots = _sqrtm_exact(n, a), roots + 1
    z = (a - one) @ n.inverse(a + one)
    squared, term, total = z @ z, z, z
    for k in range(1, _SERIES):
        term = term @ squared
        if not np.any(total + term * n.number(Fraction(1, 2 * k + 1)) != total):
            break
        total = total + term * n.number(Fraction(1, 2 * k + 1))
    return total * n.number(Fraction(2 ** (roots + 1)))


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


def _root_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """S dS + dS S = dA, so dA = X with S.T X + X S.T = G (Higham 2008, sec. 6.1)."""
    root = nodes.transpose(node)
    return named_operation("sylvester", root, root, cotangent)


def _sylvester_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dQ = Z with A.T Z + Z B.T = G; dA = -Z X.T and dB = -X.T Z."""
    a, b, q = node.args
    before, stack = stack_axes(q, lead)
    z = named_operation("sylvester", nodes.transpose(a), nodes.transpose(b), cotangent)
    if k == 2:
        return z
    wide = [*before, *stack]
    pair = [[*wide, "i", "p"], [*stack, "j", "p"]] if k == 0 else [[*wide, "p", "j"], [*stack, "p", "i"]]
    return nodes.scale(MINUS_ONE, contract([z, node], pair, [*before, "i", "j"]))


def _sylvester_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    a, b, q = shapes
    one_square("sylvester", a)
    one_square("sylvester", b)
    if q[-2:] != (a[0], b[0]):
        raise ShapeError(
            f"sylvester needs a right side of shape {show((a[0], b[0]))}, not {show(q)}", advice="A is (m, m), B is (n, n), Q is (m, n)."
        )
    return q


def _sylvester_exact(n: Any, a: _Array, b: _Array, q: _Array) -> Any:
    def one(size: int) -> Any:
        return np.where(np.eye(size, dtype=bool), n.number(Fraction(1)), n.number(Fraction(0)))

    rows, columns = len(a), len(b)
    system = np.kron(a, one(columns)) + np.kron(one(rows), b.T)
    return (n.inverse(system) @ np.reshape(q, (*q.shape[:-2], rows * columns, 1))).reshape(q.shape)


# ---------------------------------------------------------------- records

_REAL: Literal["real"] = "real"
_SPD: Literal["spd"] = "spd"

# Functions of a matrix, each with its Fréchet derivative: f(A, E), linear in E, the derivative of f at A in the direction E.
for _name, _function, _exact, (_derivative, _sign), _noun, _domain, _stacks in (
    ("expm", _expm, _expm_exact, ("expm", 1), Noun("matrix exponential", "exponentielle de matrice", "f"), _REAL, 3),
    ("sinm", _sinm, _sinm_exact, ("cosm", 1), Noun("matrix sine", "sinus de matrice", "m"), _REAL, 3),
    ("cosm", _cosm, _cosm_exact, ("sinm", -1), Noun("matrix cosine", "cosinus de matrice", "m"), _REAL, 3),
    ("logm", _logm, _logm_exact, ("inv", 1), Noun("matrix logarithm", "logarithme de matrice", "m"), _SPD, 2),
):

    def _frechet(a: _Array, e: _Array, function: Callable[[_Array], Any] = _function) -> Any:
        """f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]] (Higham 2008, Functions of Matrices, eq. 3.16)."""
        if function is _logm and not np.any(np.imag(a)):  # linear in the direction, and SciPy takes long
            real = spectra.logm_frechet(np.real(a), np.real(e))
            return real + 1j * spectra.logm_frechet(np.real(a), np.imag(e)) if np.iscomplexobj(e) else real
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
        definite="made" if _name == "expm" else "",
        noun=_noun,
        latex=rf"\operatorname{{{_name}}}",
        cases=(Case((("n", "n"),), domain=_domain),),
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
        cases=tuple(Case((("n", "n"), (*more, "n", "n")), domain=_domain) for more in ((), ("k",), ("k", "l"))[:_stacks]),
        refused=(((("n", "n"), ("m", "m")), ()), ((("n", "n"), ("n",)), ()), ((("n", "m"), ("n", "m")), ())),
    )

declare_operation(
    "sqrtm",
    shape=square_to_square("sqrtm", one_square),
    evaluate=_sqrtm,
    exact=_sqrtm_exact,
    pullback=_root_pullback,
    operands=("A",),
    rank=2,
    keeps=frozenset({"symmetric"}),
    definite="root",
    noun=Noun("square root of a matrix", "racine carrée de matrice", "f"),
    reason={
        "en": "In {block}, {operation} times itself is {operand}: a change dS of it counts once on either side, as S @ dS + dS @ S.",
        "fr": "Dans {block}, {operation} multipliée par elle-même donne {operand} : une variation dS y compte une fois de chaque côté, "
        "S @ dS + dS @ S.",
    },
    latex="{0}^{{1/2}}",
    cases=(Case((("n", "n"),), domain="spd"),),
    refused=(((("n", "m"),), ()), ((("k", "n", "n"),), ())),
)
declare_operation(
    "sylvester",
    shape=_sylvester_shape,
    evaluate=spectra.sylvester,
    exact=_sylvester_exact,
    pullback=_sylvester_pullback,
    operands=("A", "B", "Q"),
    aliases=("solve_sylvester",),
    noun=Noun("solution of a Sylvester equation", "solution d'une équation de Sylvester", "f"),
    reason={
        "en": "In {block}, {operation} is the X with A @ X + X @ B = Q: a change of A, B or Q moves X by the solution of such an equation.",
        "fr": "Dans {block}, {operation} est le X tel que A @ X + X @ B = Q : une variation de A, B ou Q déplace X de la solution d'une "
        "équation de même forme.",
    },
    latex=r"\operatorname{sylv}",
    cases=(
        Case((("n", "n"), ("m", "m"), ("n", "m")), domain="spd"),
        Case((("n", "n"), ("n", "n"), ("k", "n", "n")), domain="spd"),
    ),
    refused=(((("n", "n"), ("m", "m"), ("m", "n")), ()), ((("n", "m"), ("m", "m"), ("n", "m")), ())),
)
