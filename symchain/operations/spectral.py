"""Eigenvalues of symmetric matrices and singular values, with their vectors, and the derivatives of both.

eigvalsh and the eigenvectors are those of the symmetric part; every vector has its entry of largest size positive, so that it is a
function of the matrix. Stacks of matrices are taken as NumPy takes them. Over complex arrays the meanings are of first order in the
imaginary part, which is all that a complex step reads.

Sources: Magnus 1985, "On differentiating eigenvalues and eigenvectors"; Giles 2008, "Collected matrix derivative results", sec. 3;
Townsend 2016, "Differentiating the singular value decomposition".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symchain.errors import NotDifferentiableError, ShapeError, UnsupportedError
from symchain.functions.spec import Case, Noun, declare_operation
from symchain.kernels import spectra
from symchain.operations.pulling import slice_along, stack_axes
from symchain.operations.shapes import at_least_matrix, square, square_to_square
from symchain.support.dimensions import Dim, Shape, add, show
from symchain.support.notation import Phrase
from symchain.support.notation import number as literal
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, Operation, Tree, contract, named_operation

_Array = np.ndarray[Any, np.dtype[Any]]
_EQUAL = 1e-13
"""Eigenvalues that differ by less, relative to the largest, are equal: they have no derivative of their own."""
_HALF = nodes.number(Fraction(1, 2))


def _values_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    square("eigvalsh", shapes[0])
    return shapes[0][:-1]


def _rank(a: Shape) -> Dim:
    """The smaller of the two sizes. Raises ShapeError where letters leave that open."""
    gap = add(a[-2], a[-1], -1)
    if not isinstance(gap, int):
        raise ShapeError(
            f"which size of a matrix of shape {show(a[-2:])} is smaller is not known, so neither is the number of its singular values",
            advice="Declare one of the sizes by the other, (n, n) or (n + 2, n), or both as numbers.",
        )
    return a[-1] if gap >= 0 else a[-2]


def _singular_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    at_least_matrix("svdvals", shapes[0])
    return (*shapes[0][:-2], _rank(shapes[0]))


def _norm_shape(name: str) -> Callable[[tuple[Shape, ...], tuple[Any, ...]], Shape]:
    def shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
        at_least_matrix(name, shapes[0])
        return shapes[0][:-2]

    return shape


def _polar_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    at_least_matrix("polar", shapes[0])
    return shapes[0]


def _left_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    at_least_matrix("svd", shapes[0])
    return (*shapes[0][:-1], _rank(shapes[0]))


def _right_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    at_least_matrix("svd", shapes[0])
    return (*shapes[0][:-2], _rank(shapes[0]), shapes[0][-1])


# ---------------------------------------------------------------- meanings


_t = spectra.transposed


def _inverse_gaps(values: _Array, change: _Array) -> Any:
    """1/(v_j - v_i), 0 on the diagonal. Raises NotDifferentiableError where equal values are told apart by the change."""
    gaps = values[..., None, :] - values[..., :, None]
    scale = np.max(np.abs(values), axis=-1, initial=0.0)[..., None, None]
    same = np.abs(gaps) <= _EQUAL * scale
    off = ~np.eye(values.shape[-1], dtype=bool)
    if np.any(same & off & (np.abs(change) > 0)):
        raise NotDifferentiableError(
            "equal eigenvalues or singular values have no derivative of their own", advice="Choose a point where they are distinct."
        )
    return np.where(same | ~off, 0.0, 1 / np.where(same, 1.0, gaps))


def _eigen(a: _Array) -> tuple[Any, Any]:
    """Values and vectors of the symmetric part."""
    w, v = spectra.eigen(np.real(a))
    if not np.iscomplexobj(a):
        return w, v
    e = np.imag(a)
    change = _t(v) @ ((e + _t(e)) / 2) @ v
    return w + 1j * _diagonal(change), v + 1j * (v @ (_inverse_gaps(w, change) * change))


def _eigvalsh(a: _Array) -> Any:
    if not np.iscomplexobj(a):
        return spectra.eigvalsh(a)
    return _eigen(a)[0]


def _diagonal(a: _Array) -> Any:
    return np.diagonal(a, axis1=-2, axis2=-1)


def _singular(a: _Array) -> tuple[Any, Any, Any]:
    """U, s and V, thin."""
    u, s, v = spectra.singular(np.real(a))
    if not np.iscomplexobj(a):
        return u, s, v
    e, row, column = np.imag(a), s[..., None, :], s[..., :, None]
    p, small = _t(u) @ e @ v, np.where(row == 0, 1, row)
    gaps = _inverse_gaps(s**2, p)
    left = u @ (gaps * (p * row + column * _t(p))) + (e @ v - u @ p) / small
    right = v @ (gaps * (column * p + _t(p) * row)) + (_t(e) @ u - v @ _t(p)) / small
    return u + 1j * left, s + 1j * _diagonal(p), v + 1j * right


def _svdvals(a: _Array) -> Any:
    return _singular(a)[1] if np.iscomplexobj(a) else spectra.svdvals(a)


def _nuclear_norm(a: _Array) -> Any:
    value = spectra.nuclear_norm(np.real(a))
    return value + 1j * np.sum(spectra.orthogonal_factor(np.real(a)) * np.imag(a), axis=(-2, -1)) if np.iscomplexobj(a) else value


def _orthogonal_factor(a: _Array) -> Any:
    """U V.T, moved by U W V.T with W[i, j] = (P - P.T)[i, j]/(s_i + s_j), P = U.T E V, and by what E has outside of both."""
    u, s, v = spectra.singular(np.real(a))
    value = u @ _t(v)
    if not np.iscomplexobj(a):
        return value
    e, row, column = np.imag(a), s[..., None, :], s[..., :, None]
    p = _t(u) @ e @ v
    sums = row + column
    inside = u @ ((p - _t(p)) / np.where(sums == 0, 1, sums)) @ _t(v)
    beside = ((e @ v - u @ p) / row) @ _t(v) + (u / row) @ (_t(u) @ e - p @ _t(v))
    return value + 1j * (inside + beside)


def _by_matrix(n: Any, a: _Array, found: Callable[[Any], Any]) -> Any:
    """A function of each matrix of a stack, over mpmath's numbers."""
    n.sqrt(np.asarray(n.number(Fraction(1)), object))  # in a field without roots there are no eigenvalues
    rows = [np.asarray(found(n.mp.matrix(a[at].tolist())), object) for at in np.ndindex(a.shape[:-2])]
    return np.array(rows, object).reshape((*a.shape[:-2], *rows[0].shape))


def _eigen_exact(n: Any, a: _Array, part: int) -> Any:
    def found(matrix: Any) -> Any:
        w, v = n.mp.eigsy((matrix + matrix.T) / 2)
        return list(w) if part == 0 else _signed(v.tolist())

    return _by_matrix(n, a, found)


def _signed(rows: Any) -> Any:
    v = np.array(rows, object)
    for j in range(v.shape[1]):
        top = max(range(len(v)), key=lambda i: abs(v[i, j]))
        v[:, j] = v[:, j] * (-1 if v[top, j] < 0 else 1)
    return v


def _singular_exact(n: Any, a: _Array, part: int) -> Any:
    def found(matrix: Any) -> Any:
        u, s, v = n.mp.svd_r(matrix, full_matrices=False)
        left = np.array(u.tolist(), object)
        told = _signed(u.tolist())
        signs = [1 if np.all(left[:, j] == told[:, j]) else -1 for j in range(left.shape[1])]
        return list(s) if part == 1 else told if part == 0 else np.array(v.tolist(), object) * np.array(signs, object)[:, None]

    return _by_matrix(n, a, found)


# ---------------------------------------------------------------- pullbacks


def _gaps(values: Tree, stack: list[Any]) -> Tree:
    """F with F[i, j] = 1/(v_j - v_i) off the diagonal and 0 on it, as 1/(v_j - v_i + I) - I."""
    n = values.shape[-1]
    sizes = dict(zip(stack, values.shape, strict=False))
    square_of = [*stack, "i", "j"]
    eye = contract([nodes.identity(n)], [["i", "j"]], square_of, sizes)
    rows = contract([values], [[*stack, "j"]], square_of, {"i": n})
    columns = contract([MINUS_ONE, values], [[], [*stack, "i"]], square_of, {"j": n})
    return nodes.add([nodes.reciprocal(nodes.add([rows, columns, eye])), nodes.scale(MINUS_ONE, eye)])


def _values_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = V diag(G) V.T (Magnus 1985): a simple eigenvalue has the slope v v.T."""
    (a,) = node.args
    before, stack = stack_axes(a, lead)
    v = named_operation("eigenvectors", a)
    return contract(
        [v, cotangent, v], [[*stack, "i", "p"], [*before, *stack, "p"], [*stack, "j", "p"]], [*before, *stack, "i", "j"]
    )


def _vectors_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = the symmetric part of V (F o (V.T G)) V.T, F[i, j] = 1/(w_j - w_i) (Giles 2008, sec. 3.1)."""
    (a,) = node.args
    before, stack = stack_axes(a, lead)
    w = named_operation("eigvalsh", a)

    def side(i: str, j: str) -> Tree:
        return contract(
            [_HALF, node, _gaps(w, stack), node, cotangent, node],
            [[], [*stack, i, "p"], [*stack, "p", "q"], [*stack, "s", "p"], [*before, *stack, "s", "q"], [*stack, j, "q"]],
            [*before, *stack, "i", "j"],
        )

    return nodes.add([side("i", "j"), side("j", "i")])


def _singular_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = U diag(G) V.T (Giles 2008, sec. 3.2): a simple singular value has the slope u v.T."""
    (a,) = node.args
    before, stack = stack_axes(a, lead)
    left, right = (named_operation(f"{side}_singular_vectors", a) for side in ("left", "right"))
    return contract(
        [left, cotangent, right], [[*stack, "i", "p"], [*before, *stack, "p"], [*stack, "p", "j"]], [*before, *stack, "i", "j"]
    )


def _side_pullback(node: Operation, k: int, cotangent: Tree, lead: int, left: bool) -> Tree:
    """dA = (U (F o (U.T G - G.T U)) S + (I - U U.T) G S^-1) V.T for U, and the transposed of that for V (Townsend 2016, eq. 23).

    F[i, j] = 1/(s_j^2 - s_i^2).
    """
    (a,) = node.args
    before, stack = stack_axes(a, lead)
    s = named_operation("svdvals", a)
    other = named_operation(f"{'right' if left else 'left'}_singular_vectors", a)
    gaps = _gaps(nodes.power(s, 2), stack)

    def at(tree: str, x: str, p: str) -> list[Any]:
        """The axes of U[x, p], or of V.T[p, x]."""
        return [*(before if tree == "G" else []), *stack, *((x, p) if left else (p, x))]

    theirs = [*stack, *(("p", "y") if left else ("y", "p"))]
    out = [*before, *stack, *(("x", "y") if left else ("y", "x"))]
    turned = [
        contract(
            [sign, node, gaps, node, cotangent, s, other],
            [[], at("U", "x", "q"), [*stack, "q", "p"], at("U", "t", one), at("G", "t", two), [*stack, "p"], theirs],
            out,
        )
        for sign, one, two in ((ONE, "q", "p"), (MINUS_ONE, "p", "q"))
    ]
    inverse = nodes.reciprocal(s)
    outside = contract([cotangent, inverse, other], [at("G", "x", "p"), [*stack, "p"], theirs], out)
    inside = contract(
        [MINUS_ONE, node, node, cotangent, inverse, other],
        [[], at("U", "x", "q"), at("U", "t", "q"), at("G", "t", "p"), [*stack, "p"], theirs],
        out,
    )
    return nodes.add([*turned, outside, inside])


def _nuclear_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = G U V.T (Watson 1992): U V.T is the orthogonal factor of A."""
    (a,) = node.args
    before, stack = stack_axes(a, lead)
    return contract(
        [cotangent, named_operation("orthogonal_factor", a)], [[*before, *stack], [*stack, "i", "j"]], [*before, *stack, "i", "j"]
    )


def _spectral_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = G A v v.T/s, v the last eigenvector of A.T A and s its singular value: u v.T without a division by the smaller ones."""
    (a,) = node.args
    before, stack = stack_axes(a, lead)
    gram = contract([a, a], [[*stack, "p", "i"], [*stack, "p", "j"]], [*stack, "i", "j"])
    vectors = named_operation("eigenvectors", gram)
    last = slice_along(vectors, len(a.shape) - 1, add(a.shape[-1], -1), a.shape[-1])
    return contract(
        [cotangent, nodes.reciprocal(node), a, last, last],
        [[*before, *stack], stack, [*stack, "i", "p"], [*stack, "p", "one"], [*stack, "j", "one"]],
        [*before, *stack, "i", "j"],
    )


def _polar_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    raise UnsupportedError(
        "the second derivative of nuclear_norm is not supported", advice="Write sum(svdvals(A)), which has one, where the sizes are known."
    )


# ---------------------------------------------------------------- kinks, and how they are written


def _equal_neighbours(node: Operation) -> Iterator[tuple[Tree, Tree | float]]:
    """No derivative where two values are equal: they come in order, so those are neighbours."""
    axis = len(node.shape) - 1
    n = node.shape[axis]
    if n != 1:
        yield slice_along(node, axis, 1, n), slice_along(node, axis, 0, add(n, 1, -1))


def _equal_or_zero(node: Operation) -> Iterator[tuple[Tree, Tree | float]]:
    yield from _equal_neighbours(node)
    yield node, 0.0


def _two_largest(node: Operation) -> Iterator[tuple[Tree, Tree | float]]:
    """No derivative at the matrix 0, and where the two largest singular values of a matrix are equal."""
    (a,) = node.args
    axis, n = len(a.shape) - 2, a.shape[-1]
    yield node, 0.0
    if n != 1:
        _, stack = stack_axes(a, 0)
        gram = contract([a, a], [[*stack, "p", "i"], [*stack, "p", "j"]], [*stack, "i", "j"])
        values = named_operation("eigvalsh", gram)
        yield slice_along(values, axis, add(n, -1), n), slice_along(values, axis, add(n, -2), add(n, -1))


def _part_of(function: str, part: int, **keywords: Phrase) -> Callable[[Operation, Mapping[Any, Phrase]], Phrase]:
    def written(node: Operation, phrases: Mapping[Any, Phrase]) -> Phrase:
        whole = Phrase("call", (phrases[node.args[0]],), function, tuple(keywords.items()))
        return Phrase("index", (whole, literal(part)))

    return written


# ---------------------------------------------------------------- records

declare_operation(
    "eigvalsh",
    shape=_values_shape,
    evaluate=_eigvalsh,
    exact=lambda n, a: _eigen_exact(n, a, 0),
    pullback=_values_pullback,
    kinks=_equal_neighbours,
    operands=("A",),
    noun=Noun("eigenvalues", "valeurs propres", "f"),
    reason={
        "en": "In {block}, each eigenvalue v.T @ A @ v of {operand} feels dA as v.T @ dA @ v: the turn of its unit vector v counts "
        "for nothing.",
        "fr": "Dans {block}, chaque valeur propre v.T @ A @ v de {operand} varie de v.T @ dA @ v : la rotation du vecteur unitaire v ne "
        "compte pas.",
    },
    rank=1,
    latex=r"\lambda",
    cases=(Case((("n", "n"),)), Case((("k", "n", "n"),))),
    refused=(((("n", "m"),), ()), ((("n",),), ())),
)
declare_operation(
    "eigenvectors",
    shape=square_to_square("eigh"),
    evaluate=lambda a: _eigen(a)[1],
    exact=lambda n, a: _eigen_exact(n, a, 1),
    pullback=_vectors_pullback,
    kinks=lambda node: _equal_neighbours(named_operation("eigvalsh", node.args[0])),  # type: ignore[arg-type]
    noun=Noun("eigenvectors", "vecteurs propres", "m"),
    written=_part_of("eigh", 1),
    latex=r"\operatorname{eigvec}",
    cases=(Case((("n", "n"),)), Case((("k", "n", "n"),))),
    refused=(((("n", "m"),), ()), ((("n",),), ())),
)
declare_operation(
    "svdvals",
    shape=_singular_shape,
    evaluate=_svdvals,
    exact=lambda n, a: _singular_exact(n, a, 1),
    pullback=_singular_pullback,
    kinks=_equal_or_zero,
    operands=("A",),
    noun=Noun("singular values", "valeurs singulières", "f"),
    reason={
        "en": "In {block}, each singular value u.T @ A @ v of {operand} feels a change dA as u.T @ dA @ v: the turn of its unit vectors "
        "counts for nothing.",
        "fr": "Dans {block}, chaque valeur singulière u.T @ A @ v de {operand} varie de u.T @ dA @ v : la rotation des vecteurs unitaires "
        "ne compte pas.",
    },
    rank=1,
    latex=r"\sigma",
    cases=(Case(((4, 3),)), Case(((3, 4),)), Case((("n", "n"),)), Case((("k", "n", "n"),))),
    refused=(((("n",),), ()), ((("m", "n"),), ())),
)
for _side, _rule, _part, _en, _fr in (
    ("left", _left_shape, 0, "left singular vectors", "vecteurs singuliers à gauche"),
    ("right", _right_shape, 2, "right singular vectors", "vecteurs singuliers à droite"),
):

    def _vectors(a: _Array, part: int = _part) -> Any:
        return _singular(a)[0] if part == 0 else _t(_singular(a)[2])

    def _vectors_exact(n: Any, a: _Array, part: int = _part) -> Any:
        return _singular_exact(n, a, part)

    def _pullback(node: Operation, k: int, cotangent: Tree, lead: int, left: bool = _side == "left") -> Tree:
        return _side_pullback(node, k, cotangent, lead, left)

    declare_operation(
        f"{_side}_singular_vectors",
        shape=_rule,
        evaluate=_vectors,
        exact=_vectors_exact,
        pullback=_pullback,
        kinks=lambda node: _equal_or_zero(named_operation("svdvals", node.args[0])),  # type: ignore[arg-type]
        noun=Noun(_en, _fr, "m"),
        written=_part_of("svd", _part, full_matrices=Phrase("name", text="False")),
        latex=rf"\operatorname{{{_side}}}",
        cases=(Case(((4, 3),)), Case(((3, 4),)), Case((("k", "n", "n"),))),
        refused=(((("n",),), ()), ((("m", "n"),), ())),
    )

declare_operation(
    "nuclear_norm",
    shape=_norm_shape("nuclear_norm"),
    evaluate=_nuclear_norm,
    exact=lambda n, a: np.sum(_singular_exact(n, a, 1), axis=-1),
    pullback=_nuclear_pullback,
    operands=("A",),
    noun=Noun("nuclear norm", "norme nucléaire", "f"),
    reason={
        "en": "In {block}, {operation} adds up the singular values: each has the slope u v.T, and together they make U @ V.T.",
        "fr": "Dans {block}, {operation} additionne les valeurs singulières : chacune a pour pente u v.T, et ensemble elles donnent "
        "U @ V.T.",
    },
    rank=0,
    latex=r"\left\| {0} \right\|_*",
    cases=(Case((("m", "n"),)), Case((("n", "m"),)), Case((("k", "m", "n"),))),
    refused=(((("n",),), ()),),
)
declare_operation(
    "spectral_norm",
    shape=_norm_shape("spectral_norm"),
    evaluate=lambda a: _svdvals(a)[..., 0],
    exact=lambda n, a: _singular_exact(n, a, 1)[..., 0],
    pullback=_spectral_pullback,
    kinks=_two_largest,
    operands=("A",),
    noun=Noun("spectral norm", "norme spectrale", "f"),
    reason={
        "en": "In {block}, {operation} is the largest singular value u.T @ A @ v: its slope is u v.T, its own unit vectors.",
        "fr": "Dans {block}, {operation} est la plus grande valeur singulière u.T @ A @ v : sa pente est u v.T, ses vecteurs "
        "unitaires.",
    },
    rank=0,
    latex=r"\left\| {0} \right\|_2",
    cases=(Case((("m", "n"),)), Case((("n", "m"),)), Case((("k", "m", "n"),))),
    refused=(((("n",),), ()),),
)
declare_operation(
    "orthogonal_factor",
    shape=_polar_shape,
    evaluate=_orthogonal_factor,
    exact=lambda n, a: _singular_exact(n, a, 0) @ _singular_exact(n, a, 2),
    pullback=_polar_pullback,
    noun=Noun("orthogonal factor", "facteur orthogonal", "m"),
    written=_part_of("polar", 0),
    latex=r"\operatorname{polar}",
    cases=(Case((("m", "n"),)), Case((("n", "m"),)), Case((("k", "m", "n"),))),
    refused=(((("n",),), ()),),
)
