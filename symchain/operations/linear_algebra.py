"""Operations of linear algebra that are not products: inverses, determinants, factorisations, triangles, cross products.

inv, det, logdet, pinv and cholesky take stacks of matrices too (leading axes), as NumPy does. The meanings are analytic in the
entries, so that a complex step differentiates them: they transpose where NumPy would conjugate. In pullbacks matrix products are
contractions over indices i, j (the operand's rows and columns), so that leading axes and stacks need no case of their own.

Sources: Giles 2008, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"; Petersen and
Pedersen, "The Matrix Cookbook" (2012); Golub and Pereyra 1973; Murray 2016, "Differentiation of the Cholesky decomposition".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symchain.errors import NotDifferentiableError, ShapeError
from symchain.functions.spec import Case, Noun, declare_operation
from symchain.operations.calling import Whole
from symchain.operations.pulling import stack_axes
from symchain.operations.shapes import at_least_matrix, same, square, square_to_square
from symchain.support.dimensions import Dim, Shape, show
from symchain.support.notation import Phrase, call
from symchain.tensors import nodes
from symchain.tensors.indexgraph import dimension
from symchain.tensors.nodes import MINUS_ONE, Operation, Tree, contract, named_operation

_Array = np.ndarray[Any, np.dtype[Any]]
_Rule = Callable[[tuple[Shape, ...], tuple[Any, ...]], Shape]
_QUARTER = nodes.number(Fraction(1, 4))


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


# ---------------------------------------------------------------- pullbacks


def _inverse_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = -inv(A).T G inv(A).T (Giles 2008, sec. 2.2.3; Cookbook eq. 59)."""
    before, stack = stack_axes(node, lead)
    return contract(
        [MINUS_ONE, node, cotangent, node],
        [[], [*stack, "p", "i"], [*before, *stack, "p", "q"], [*stack, "j", "q"]],
        [*before, *stack, "i", "j"],
    )


def _determinant_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = G det(A) inv(A).T (Giles 2008, sec. 2.2.4; Cookbook eq. 49)."""
    (a,) = node.args
    before, stack = stack_axes(a, lead)
    return contract(
        [cotangent, node, named_operation("inv", a)],
        [[*before, *stack], stack, [*stack, "j", "i"]],
        [*before, *stack, "i", "j"],
    )


def _log_determinant_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = G inv(A).T (Cookbook eq. 57)."""
    (a,) = node.args
    before, stack = stack_axes(a, lead)
    return contract([cotangent, named_operation("inv", a)], [[*before, *stack], [*stack, "j", "i"]], [*before, *stack, "i", "j"])


def _pseudoinverse_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """With P = pinv(A): dA = -P.T G P.T + (I - A P) G.T P P.T + P.T P G.T (I - P A), where the rank is constant.

    Golub and Pereyra 1973, eq. 4.12, transposed. For independent columns the last term is zero, for independent rows the
    second; which of them holds cannot be told from the shape alone.
    """
    (a,) = node.args
    before, stack = stack_axes(a, lead)
    rows, columns = a.shape[-2:]
    out = [*before, *stack, "i", "j"]
    g, p = [*before, *stack], stack  # indices of the cotangent and of P, up to the last two
    stretch = {s: d for s, d in zip(stack, a.shape, strict=False)}

    def rest(size: Any, left: Tree, right: Tree) -> Tree:
        """I - left @ right."""
        eye = contract([nodes.identity(size)], [["i", "j"]], [*stack, "i", "j"], stretch)
        return nodes.add([eye, contract([MINUS_ONE, left, right], [[], [*stack, "i", "m"], [*stack, "m", "j"]], [*stack, "i", "j"])])

    main = contract([MINUS_ONE, node, cotangent, node], [[], [*p, "s", "i"], [*g, "s", "t"], [*p, "j", "t"]], out)
    left_rest = contract(
        [rest(rows, a, node), cotangent, node, node],
        [[*p, "i", "s"], [*g, "t", "s"], [*p, "t", "u"], [*p, "j", "u"]],
        out,
    )
    right_rest = contract(
        [node, node, cotangent, rest(columns, node, a)],
        [[*p, "s", "i"], [*p, "s", "t"], [*g, "u", "t"], [*p, "u", "j"]],
        out,
    )
    return nodes.add([main, left_rest, right_rest])


def _cholesky_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = (S + S.T)/2, S = inv(L).T Phi(L.T G) inv(L), Phi the lower triangle with half the diagonal (Murray 2016).

    Symmetric, because the factor is that of the symmetric part of A.
    """
    before, stack = stack_axes(node, lead)
    inside = contract([node, cotangent], [[*stack, "p", "i"], [*before, *stack, "p", "j"]], [*before, *stack, "i", "j"])
    twice = nodes.add([named_operation("tril", inside, parameters=(0,)), named_operation("tril", inside, parameters=(-1,))])  # 2 Phi
    inv = named_operation("inv", node)
    out = [*before, *stack, "i", "j"]

    def half(rows: str, columns: str) -> Tree:
        return contract([_QUARTER, inv, twice, inv], [[], [*stack, "p", rows], [*before, *stack, "p", "q"], [*stack, "q", columns]], out)

    return nodes.add([half("i", "j"), half("j", "i")])


def _triangle_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = the same triangle of G."""
    return named_operation(node.operation.name, cotangent, parameters=node.parameters)


def _cross_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """da = b x G and db = G x a: the triple product is cyclic."""
    a, b = node.args
    if k == 0:
        return named_operation("cross", nodes.broadcast(b, cotangent.shape), cotangent)
    return named_operation("cross", cotangent, nodes.broadcast(a, cotangent.shape))


# ---------------------------------------------------------------- calls, read and written


def _triangle_call(name: str) -> Callable[..., Tree]:
    def build(x: Tree, k: Whole = 0) -> Tree:
        return named_operation(name, x, parameters=(k,))

    return build


def _onehot_call(labels: Tree, k: Dim) -> Tree:
    return named_operation("onehot", labels, parameters=(k,))


def _triangle_written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """tril(x, 1); the main diagonal is left out."""
    (k,) = node.parameters
    return call(node.operation.name, phrases[node.args[0]], *([dimension(k)] if k else []))


# ---------------------------------------------------------------- records

declare_operation(
    "inv",
    shape=square_to_square("inv"),
    evaluate=np.linalg.inv,
    exact=lambda n, a: n.inverse(a),
    pullback=_inverse_pullback,
    operands=("A",),
    noun=Noun("inverse", "inverse", "m"),
    reason={
        "en": "In {block}, {operation} times {operand} is always the identity: when {operand} changes by dA, the inverse must change "
        "by -inv(A) @ dA @ inv(A) to compensate.",
        "fr": "Dans {block}, {operation} multiplié par {operand} donne toujours l'identité : si {operand} varie de dA, l'inverse doit"
        " varier de -inv(A) @ dA @ inv(A) pour compenser.",
    },
    keeps=frozenset({"symmetric"}),
    definite="inverse",
    rank=2,
    latex="{0}^{{-1}}",
    cases=(Case((("n", "n"),), domain="regular"), Case((("k", "n", "n"),), domain="regular")),
    refused=(((("n", "m"),), ()), ((("n",),), ())),
)
declare_operation(
    "det",
    shape=_square_to_scalar("det"),
    evaluate=np.linalg.det,
    exact=lambda n, a: n.determinant(a),
    pullback=_determinant_pullback,
    operands=("A",),
    noun=Noun("determinant", "déterminant", "m"),
    reason={
        "en": "In {block}, {operation} is a volume: a change dA of {operand} multiplies it by 1 + tr(inv(A) @ dA).",
        "fr": "Dans {block}, {operation} est un volume : une variation dA de {operand} le multiplie par 1 + tr(inv(A) @ dA).",
    },
    rank=0,
    latex=r"\det",
    cases=(Case((("n", "n"),)), Case((("k", "n", "n"),))),
    refused=((((2, 3),), ()),),
)
declare_operation(
    "logdet",
    shape=_square_to_scalar("logdet"),
    evaluate=_logdet,
    exact=lambda n, a: n.log(abs(n.determinant(a))),
    pullback=_log_determinant_pullback,
    operands=("A",),
    noun=Noun("logarithm of the determinant", "logarithme du déterminant", "m"),
    reason={
        "en": "In {block}, {operation} is the logarithm of a volume: a change dA of {operand} changes it by tr(inv(A) @ dA), so its "
        "derivative is the transposed inverse.",
        "fr": "Dans {block}, {operation} est le logarithme d'un volume : une variation dA de {operand} le fait varier de tr(inv(A) @ "
        "dA), sa dérivée est donc l'inverse transposée.",
    },
    rank=0,
    latex=r"\ln\det",
    cases=(Case((("n", "n"),)), Case((("n", "n"),), domain="negative"), Case((("k", "n", "n"),))),
    refused=((((),), ()),),
)
declare_operation(
    "pinv",
    shape=_pinv_shape,
    evaluate=_pinv,
    exact=lambda n, a: _full_rank_pinv(a, n.inverse),
    pullback=_pseudoinverse_pullback,
    operands=("A",),
    noun=Noun("pseudoinverse", "pseudo-inverse", "m"),
    keeps=frozenset({"symmetric"}),
    definite="root",
    rank=2,
    latex="{0}^{{+}}",
    cases=(Case((("m", "n"),)), Case((("n", "m"),)), Case((("n", "n"),), domain="regular"), Case((("k", "m", "n"),))),
    refused=(((("n",),), ()),),
)
declare_operation(
    "cholesky",
    shape=square_to_square("cholesky"),
    evaluate=_cholesky,
    exact=lambda n, a: _factor((a + np.swapaxes(a, -1, -2)) / 2, n.sqrt),
    pullback=_cholesky_pullback,
    operands=("A",),
    noun=Noun("Cholesky factor", "facteur de Cholesky", "m"),
    rank=2,
    latex=r"\operatorname{chol}",
    cases=(Case((("n", "n"),), domain="spd"), Case((("k", "n", "n"),), domain="spd")),
    refused=(((("n", "m"),), ()),),
)

for _name, _triangle, _en, _fr in (
    ("tril", np.tril, "lower triangle", "triangle inférieur"),
    ("triu", np.triu, "upper triangle", "triangle supérieur"),
):
    declare_operation(
        _name,
        shape=_triangle_shape(_name),
        evaluate=_triangle,
        pullback=_triangle_pullback,
        call=_triangle_call(_name),
        written=_triangle_written,
        rank=2,
        noun=Noun(_en, _fr, "m"),
        latex=rf"\operatorname{{{_name}}}",
        linear=True,
        cases=(Case((("m", "n"),), (0,)), Case((("k", "n", "n"),), (-1,)), Case((("m", "n"),), (1,)), Case((("n", "n"),), (0,))),
        refused=(((("n",),), (0,)), (((),), (0,))),
    )

declare_operation(
    "cross",
    shape=_cross_shape,
    evaluate=lambda a, b: np.cross(a, b),
    pullback=_cross_pullback,
    operands=("a", "b"),
    noun=Noun("cross product", "produit vectoriel", "m"),
    latex=r"{0} \times {1}",
    cases=(Case(((3,), (3,))), Case((("n", 3), ("n", 3)))),
    refused=((((2,), (2,)), ()), (((3,), ("n", 3)), ())),
)
declare_operation(
    "onehot",
    shape=_onehot_shape,
    evaluate=lambda labels, k: np.equal(np.arange(k), np.real(labels).astype(int)[..., None]).astype(float),
    call=_onehot_call,
    noun=Noun("one-hot vector", "vecteur indicateur", "m"),
    unit_sum=lambda axes, parameters: axes - 1,
    latex=r"\operatorname{onehot}",
    dims=lambda parameters, f: (f(parameters[0]),),
    integers=(0,),
    aliases=("one_hot",),
    cases=(Case((("m",),), ("k",), domain="labels"), Case(((),), (4,), domain="labels")),
    refused=(((("n", "m"),), (3,)),),
)
