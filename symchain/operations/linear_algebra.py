"""Operations of linear algebra that are not products: inverses, determinants, factorisations, functions of matrices.

inv, det, logdet, pinv and cholesky take stacks of matrices too (leading axes), as NumPy does. The meanings are analytic in the
entries, so that a complex step differentiates them: they transpose where NumPy would conjugate.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from symchain.errors import NotDifferentiableError, ShapeError
from symchain.functions.spec import Noun, declare_operation
from symchain.operations.shapes import at_least_matrix, one_square, same, square
from symchain.support.dimensions import Dim, Shape, show

_Array = np.ndarray[Any, np.dtype[Any]]
_Rule = Callable[[tuple[Shape, ...], tuple[Any, ...]], Shape]
_SERIES = 400


def _square_to_square(name: str, check: Callable[[str, Shape], Dim] = square) -> _Rule:
    def shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
        check(name, shapes[0])
        return shapes[0]

    return shape


def _square_to_scalar(name: str) -> _Rule:
    def shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
        square(name, shapes[0])
        return shapes[0][:-2]

    return shape


def _pinv_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    (a,) = shapes
    at_least_matrix("pinv", a)
    return (*a[:-2], a[-1], a[-2])


def _triangle_shape(name: str) -> _Rule:
    def shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
        at_least_matrix(name, shapes[0])
        return same(shapes, parameters)

    return shape


def _cross_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    a, b = shapes
    if a != b or not a or a[-1] != 3:
        raise ShapeError(
            f"cross needs two operands of one shape whose last axis has size 3, not {show(a)} and {show(b)}",
            advice="Declare both as (3,), or as rows: (n, 3).",
        )
    return a


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


def _onehot_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    (labels,), (k,) = shapes, parameters
    if len(labels) > 1:
        raise ShapeError(
            f"onehot takes one label or a vector of them, not an operand of shape {show(labels)}",
            advice="Declare the labels as (m,) integer.",
        )
    return (*labels, k)


def _logdet(a: _Array) -> Any:
    """log|det|, continued analytically from the real matrices: log(-det) where the determinant is negative."""
    sign, size = np.linalg.slogdet(a)
    return size if not np.iscomplexobj(a) else size + np.log(np.where(sign.real < 0, -sign, sign))


def _pinv(a: _Array) -> Any:
    if not np.iscomplexobj(a):
        return np.linalg.pinv(a)
    if np.any(np.linalg.matrix_rank(a.real) < min(a.shape[-2:])):
        raise NotDifferentiableError(
            "pinv has no derivative at a matrix of deficient rank", advice="Choose a point where rows or columns are independent."
        )
    t = np.swapaxes(a, -1, -2)
    return np.linalg.solve(t @ a, t) if a.shape[-2] >= a.shape[-1] else t @ np.linalg.inv(a @ t)


def _full_rank_pinv(a: _Array, inverse: Callable[[_Array], Any]) -> Any:
    t = np.swapaxes(a, -1, -2)
    return inverse(t @ a) @ t if a.shape[-2] >= a.shape[-1] else t @ inverse(a @ t)


def _cholesky(a: _Array) -> Any:
    """The factor of the symmetric part, column by column; complex entries are not conjugated."""
    a = (a + np.swapaxes(a, -1, -2)) / 2
    return _factor(a, np.sqrt) if np.iscomplexobj(a) else np.linalg.cholesky(a)


def _factor(a: _Array, sqrt: Callable[[_Array], Any]) -> Any:
    factor = np.zeros_like(a)
    for j in range(a.shape[-1]):
        column = a[..., j:, j] - (factor[..., j:, :j] @ factor[..., j, :j, None])[..., 0]
        if np.any(column[..., 0].real <= 0):
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        factor[..., j:, j] = column / sqrt(column[..., :1])
    return factor


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


declare_operation(
    "inv",
    shape=_square_to_square("inv"),
    evaluate=np.linalg.inv,
    exact=lambda n, a: n.inverse(a),
    noun=Noun("inverse", "inverse", "m"),
    latex="{0}^{{-1}}",
)
declare_operation(
    "det",
    shape=_square_to_scalar("det"),
    evaluate=np.linalg.det,
    exact=lambda n, a: n.determinant(a),
    noun=Noun("determinant", "déterminant", "m"),
    latex=r"\det",
)
declare_operation(
    "logdet",
    shape=_square_to_scalar("logdet"),
    evaluate=_logdet,
    exact=lambda n, a: n.log(abs(n.determinant(a))),
    noun=Noun("logarithm of the determinant", "logarithme du déterminant", "m"),
    latex=r"\log\det",
)
declare_operation(
    "pinv",
    shape=_pinv_shape,
    evaluate=_pinv,
    exact=lambda n, a: _full_rank_pinv(a, n.inverse),
    noun=Noun("pseudoinverse", "pseudo-inverse", "m"),
    latex="{0}^{{+}}",
)
declare_operation(
    "cholesky",
    shape=_square_to_square("cholesky"),
    evaluate=_cholesky,
    exact=lambda n, a: _factor((a + np.swapaxes(a, -1, -2)) / 2, n.sqrt),
    noun=Noun("Cholesky factor", "facteur de Cholesky", "m"),
    latex=r"\operatorname{chol}",
)

# Functions of a matrix, each with its Fréchet derivative: f(A, E), linear in E, the derivative of f at A in the direction E.
for _name, _function, _exact, _noun in (
    ("expm", _expm, _expm_exact, Noun("matrix exponential", "exponentielle de matrice", "f")),
    ("sinm", _sinm, _sinm_exact, Noun("matrix sine", "sinus de matrice", "m")),
    ("cosm", _cosm, _cosm_exact, Noun("matrix cosine", "cosinus de matrice", "m")),
):

    def _frechet(a: _Array, e: _Array, function: Callable[[_Array], Any] = _function) -> Any:
        """f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]] (Higham 2008, Functions of Matrices, eq. 3.16)."""
        n, blocks = a.shape[-1], np.broadcast_to(a, e.shape)
        return function(np.block([[blocks, e], [np.zeros_like(e), blocks]]))[..., :n, n:]

    def _exact_frechet(n: Any, a: _Array, e: _Array, exact: Callable[..., Any] = _exact) -> Any:
        return _frechet(a, e, lambda b: exact(n, b))

    declare_operation(
        _name,
        shape=_square_to_square(_name, one_square),
        evaluate=_function,
        exact=_exact,
        noun=_noun,
        latex=rf"\operatorname{{{_name}}}",
    )
    declare_operation(
        f"{_name}_frechet",
        shape=_frechet_shape(f"{_name}_frechet"),
        evaluate=_frechet,
        exact=_exact_frechet,
        noun=Noun(f"Fréchet derivative ({_noun.en})", f"dérivée de Fréchet ({_noun.fr})", "f"),
        latex=rf"L_{{\operatorname{{{_name}}}}}",
    )

for _name, _triangle, _en, _fr in (
    ("tril", np.tril, "lower triangle", "triangle inférieur"),
    ("triu", np.triu, "upper triangle", "triangle supérieur"),
):
    declare_operation(
        _name,
        shape=_triangle_shape(_name),
        evaluate=_triangle,
        noun=Noun(_en, _fr, "m"),
        latex=rf"\operatorname{{{_name}}}",
        linear=True,
    )

declare_operation(
    "cross",
    shape=_cross_shape,
    evaluate=lambda a, b: np.cross(a, b),
    noun=Noun("cross product", "produit vectoriel", "m"),
    latex=r"{0} \times {1}",
)
declare_operation(
    "onehot",
    shape=_onehot_shape,
    evaluate=lambda labels, k: np.equal(np.arange(k), np.real(labels).astype(int)[..., None]).astype(float),
    noun=Noun("one-hot vector", "vecteur indicateur", "m"),
    latex=r"\operatorname{onehot}",
    differentiable=False,
    dims=lambda parameters, f: (f(parameters[0]),),
    integers=(0,),
)
