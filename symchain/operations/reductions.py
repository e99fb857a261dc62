"""Operations along axes: reductions to fewer axes, and softmax and running sums, which keep the shape.

Reductions take (axes,), a tuple of axes that the result lacks; the others take (axis,).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from symchain.errors import ShapeError
from symchain.functions.spec import FUNCTIONS, Case, Noun, declare_operation
from symchain.operations.calling import Axes, Flag, along_call, kept, normal_axes, running_call
from symchain.operations.pulling import operand_axes, reduction_axes, reversed_along
from symchain.operations.shapes import check_axes
from symchain.support.dimensions import Dim, Shape, show
from symchain.support.notation import Phrase
from symchain.tensors import nodes
from symchain.tensors.matrixform import axis_keyword
from symchain.tensors.nodes import MINUS_ONE, ONE, ZERO, Operation, Tree, contract, named_operation

_Array = np.ndarray[Any, np.dtype[Any]]
_Rule = Callable[[tuple[Shape, ...], tuple[Any, ...]], Shape]


def _reduced(name: str, empty: bool = True) -> _Rule:
    """The rule of a reduction; `empty` says whether it has a value over no elements at all."""

    def shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
        (x,), (axes,) = shapes, parameters
        check_axes(name, x, axes)
        if not empty and any(x[k] == 0 for k in axes):
            raise ShapeError(
                f"{name} of no elements has no value: the operand has shape {show(x)}", advice="Give the axis at least one element."
            )
        return tuple(d for k, d in enumerate(x) if k not in axes)

    return shape


def _along(name: str) -> _Rule:
    def shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
        (x,), (axis,) = shapes, parameters
        check_axes(name, x, (axis,))
        return x

    return shape


def _of_something(name: str) -> Callable[[tuple[Shape, ...], tuple[Any, ...]], Iterator[tuple[Dim, int, str]]]:
    """No axis it goes along is empty: NumPy and SciPy raise there."""

    def needs(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Iterator[tuple[Dim, int, str]]:
        (axes,) = parameters
        for axis in (axes,) if isinstance(axes, int) else axes:
            yield shapes[0][axis], 1, f"the {name} along an axis of size {shapes[0][axis]}"

    return needs


def _extreme(pick: Callable[..., Any]) -> Callable[[_Array, tuple[int, ...]], Any]:
    """The largest or smallest by real part, so that a complex step follows the element chosen."""

    def evaluate(x: _Array, axes: tuple[int, ...]) -> Any:
        kept = [k for k in range(x.ndim) if k not in axes]
        rows = x.transpose(*kept, *axes).reshape([x.shape[k] for k in kept] + [math.prod(x.shape[k] for k in axes)])
        return np.take_along_axis(rows, pick(rows.real, axis=-1)[..., None], -1)[..., 0]

    return evaluate


def _shifted(x: _Array, axes: int | tuple[int, ...]) -> tuple[_Array, Any]:
    """x minus its largest real part along the axes, and that part (0 where it is not finite)."""
    top = np.max(x.real, axis=axes, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    return x - top, top


def _logsumexp(x: _Array, axes: tuple[int, ...]) -> Any:
    shifted, top = _shifted(x, axes)
    return np.log(np.sum(np.exp(shifted), axis=axes)) + np.squeeze(top, axis=axes)


def _softmax(x: _Array, axis: int) -> Any:
    e = np.exp(_shifted(x, axis)[0])
    return e / np.sum(e, axis=axis, keepdims=True)


def _log_softmax(x: _Array, axis: int) -> Any:
    shifted, _ = _shifted(x, axis)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


# ---------------------------------------------------------------- pullbacks


def _extreme_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G where x = y, shared equally among ties: G * [x == y] / count."""
    (x,) = node.args
    before, axes, kept = reduction_axes(node, lead)
    stretched = contract([node], [kept], axes, dict(enumerate(x.shape)))
    chosen = nodes.where(nodes.compare("==", x, stretched), ONE, ZERO)
    count = nodes.reduce_sum(chosen, node.parameters[0])
    return contract([cotangent, chosen, nodes.reciprocal(count)], [before + kept, axes, kept], before + axes)


def _product_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G * y/x, as the literature prints it; `rules.operations.without_division` makes it exact at zeros."""
    (x,) = node.args
    before, axes, kept = reduction_axes(node, lead)
    return contract([cotangent, node, nodes.reciprocal(x)], [before + kept, kept, axes], before + axes)


def _logsumexp_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G * softmax(x); over several axes at once softmax is exp(x - y)."""
    (x,) = node.args
    before, axes, kept = reduction_axes(node, lead)
    dropped = node.parameters[0]
    if len(dropped) == 1:
        weights = named_operation("softmax", x, parameters=dropped)
    else:
        stretched = contract([MINUS_ONE, node], [(), kept], axes, dict(enumerate(x.shape)))
        weights = nodes.apply(FUNCTIONS["exp"], nodes.add([x, stretched]))
    return contract([cotangent, weights], [before + kept, axes], before + axes)


def _softmax_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = Y * (G - sum(G * Y)), the sum along the axis (Bridle 1990)."""
    (axis,) = node.parameters
    before, axes = operand_axes(lead, node)
    kept = before + [j for j in axes if j != axis]
    total = contract([cotangent, node], [before + axes, axes], kept)
    stretched = contract([MINUS_ONE, total], [(), kept], before + axes, {axis: node.shape[axis]})
    return contract([node, nodes.add([cotangent, stretched])], [axes, before + axes], before + axes)


def _log_softmax_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G - softmax(x) * sum(G), the sum along the axis."""
    (axis,) = node.parameters
    before, axes = operand_axes(lead, node)
    kept = before + [j for j in axes if j != axis]
    total = nodes.reduce_sum(cotangent, [lead + axis])
    weights = named_operation("softmax", node.args[0], parameters=(axis,))
    return nodes.add([cotangent, contract([MINUS_ONE, weights, total], [(), axes, kept], before + axes)])


def _running_sum_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = the running sum of G from the end: cumsum(g[::-1])[::-1]."""
    axis = lead + node.parameters[0]
    return reversed_along(named_operation("cumsum", reversed_along(cotangent, axis), parameters=(axis,)), axis)


def _running_product_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = cumsum((G * Y)[::-1])[::-1] / x; not a number, rather than a wrong one, where x is zero."""
    (x,) = node.args
    before, axes = operand_axes(lead, x)
    axis = lead + node.parameters[0]
    weighted = contract([cotangent, node], [before + axes, axes], before + axes)
    sums = reversed_along(named_operation("cumsum", reversed_along(weighted, axis), parameters=(axis,)), axis)
    return contract([sums, nodes.reciprocal(x)], [before + axes, axes], before + axes)


# ---------------------------------------------------------------- calls, read and written


def _reduction_call(name: str) -> Callable[..., Tree]:
    def call(x: Tree, axis: Axes = None, keepdims: Flag = False) -> Tree:
        axes = normal_axes(x, axis)
        return kept(named_operation(name, x, parameters=(axes,)) if axes else x, axes, keepdims)

    return call


def _written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """softmax(x, axis=0); the axis is left out where there is no other."""
    (x,), (axes,) = node.args, node.parameters
    return Phrase("call", (phrases[x],), node.operation.name, tuple(axis_keyword(axes, len(x.shape)).items()))


# ---------------------------------------------------------------- records

declare_operation(
    "max",
    shape=_reduced("max", empty=False),
    evaluate=_extreme(np.argmax),
    pullback=_extreme_pullback,
    call=_reduction_call("max"),
    noun=Noun("maximum", "maximum", "m"),
    reason={
        "en": "In {block}, {operation} is the largest entry: only that entry counts, with slope 1 (ties share it equally).",
        "fr": "Dans {block}, {operation} est le plus grand coefficient : lui seul compte, avec la pente 1 (partagée à égalité entre "
        "ex æquo).",
    },
    rank=0,
    written=_written,
    latex=r"\max",
    lattice=1,
    aliases=("amax",),
    needs=_of_something("maximum"),
    cases=(Case((("m",),), ((0,),)), Case((("n", "m"),), ((1,),)), Case((("k", "n", "m"),), ((0, 2),))),
    refused=(((("n",),), ((1,),)), (((0,),), ((0,),)), ((("n", "m"),), ((0, 0),))),
)
declare_operation(
    "min",
    shape=_reduced("min", empty=False),
    evaluate=_extreme(np.argmin),
    pullback=_extreme_pullback,
    call=_reduction_call("min"),
    noun=Noun("minimum", "minimum", "m"),
    reason={
        "en": "In {block}, {operation} is the smallest entry: only that entry counts, with slope 1 (ties share it equally).",
        "fr": "Dans {block}, {operation} est le plus petit coefficient : lui seul compte, avec la pente 1 (partagée à égalité entre "
        "ex æquo).",
    },
    rank=0,
    written=_written,
    latex=r"\min",
    lattice=-1,
    aliases=("amin",),
    needs=_of_something("minimum"),
    cases=(Case((("m",),), ((0,),)), Case((("n", "m"),), ((0,),)), Case((("n", "m"),), ((0, 1),))),
    refused=((((),), ((0,),)),),
)
declare_operation(
    "prod",
    shape=_reduced("prod"),
    evaluate=lambda x, axes: np.prod(x, axis=axes),
    pullback=_product_pullback,
    call=_reduction_call("prod"),
    noun=Noun("product of the elements", "produit des éléments", "m"),
    reason={
        "en": "In {block}, {operation} is a product of entries: each entry is multiplied by all the others.",
        "fr": "Dans {block}, {operation} est un produit de coefficients : chacun est multiplié par tous les autres.",
    },
    rank=0,
    written=_written,
    latex=r"\prod",
    cases=(Case((("m",),), ((0,),)), Case((("n", "m"),), ((0,),)), Case((("k", "n", "m"),), ((0, 2),))),
    refused=(((("n",),), ((-1,),)),),
)
declare_operation(
    "logsumexp",
    shape=_reduced("logsumexp", empty=False),
    evaluate=_logsumexp,
    exact=lambda n, x, axes: n.log(np.sum(n.exp(x), axis=axes)),
    pullback=_logsumexp_pullback,
    call=_reduction_call("logsumexp"),
    noun=Noun("log-sum-exp", "log-somme-exp", "f"),
    reason={
        "en": "In {block}, {operation} is a logarithm of a sum of exponentials: the logarithm divides each exponential by their sum, "
        "so its derivative is the softmax.",
        "fr": "Dans {block}, {operation} est le logarithme d'une somme d'exponentielles : le logarithme divise chaque exponentielle "
        "par leur somme, sa dérivée est donc le softmax.",
    },
    rank=0,
    written=_written,
    latex=r"\operatorname{logsumexp}",
    needs=_of_something("logsumexp"),
    cases=(Case((("m",),), ((0,),)), Case((("n", "m"),), ((0,),)), Case((("n", "m"),), ((0, 1),))),
    refused=((((2, 0),), ((0, 1),)),),
)
declare_operation(
    "softmax",
    shape=_along("softmax"),
    evaluate=_softmax,
    exact=lambda n, x, axis: (e := n.exp(x)) / np.sum(e, axis=axis, keepdims=True),
    pullback=_softmax_pullback,
    call=along_call("softmax"),
    noun=Noun("softmax", "softmax", "m"),
    reason={
        "en": "In {block}, {operation} divides each exponential by the sum of all: an entry raises its own share and lowers all "
        "others.",
        "fr": "Dans {block}, {operation} divise chaque exponentielle par la somme de toutes : un coefficient augmente sa propre part "
        "et diminue toutes les autres.",
    },
    unit_sum=lambda axes, parameters: parameters[0],
    written=_written,
    latex=r"\operatorname{softmax}",
    needs=_of_something("softmax"),
    cases=(Case((("m",),), (0,)), Case((("n", "m"),), (1,)), Case((("k", "n", "m"),), (1,))),
    refused=(((("n",),), (1,)),),
)
declare_operation(
    "log_softmax",
    shape=_along("log_softmax"),
    evaluate=_log_softmax,
    exact=lambda n, x, axis: x - n.log(np.sum(n.exp(x), axis=axis, keepdims=True)),
    pullback=_log_softmax_pullback,
    call=along_call("log_softmax"),
    noun=Noun("log-softmax", "log-softmax", "m"),
    reason={
        "en": "In {block}, {operation} is {operand} minus its log-sum-exp: each entry counts for itself with 1, and all are lowered "
        "by the softmax.",
        "fr": "Dans {block}, {operation} est {operand} moins le logarithme de la somme de ses exponentielles : chaque coefficient "
        "compte pour lui-même avec 1, et tous sont diminués du softmax.",
    },
    written=_written,
    latex=r"\operatorname{log\,softmax}",
    needs=_of_something("log_softmax"),
    cases=(Case((("m",),), (0,)), Case((("n", "m"),), (1,)), Case((("k", "n", "m"),), (1,))),
    refused=((((),), (0,)),),
)
declare_operation(
    "cumsum",
    shape=_along("cumsum"),
    evaluate=lambda x, axis: np.cumsum(x, axis=axis),
    pullback=_running_sum_pullback,
    call=running_call("cumsum"),
    noun=Noun("running sum", "somme cumulée", "f"),
    written=_written,
    latex=r"\operatorname{cumsum}",
    linear=True,
    cases=(Case((("m",),), (0,)), Case((("n", "m"),), (0,))),
    refused=(((("n",),), (2,)),),
)
declare_operation(
    "cumprod",
    shape=_along("cumprod"),
    evaluate=lambda x, axis: np.cumprod(x, axis=axis),
    pullback=_running_product_pullback,
    call=running_call("cumprod"),
    noun=Noun("running product", "produit cumulé", "m"),
    written=_written,
    latex=r"\operatorname{cumprod}",
    cases=(Case((("m",),), (0,)), Case((("n", "m"),), (0,))),
    refused=(((("n",),), (2,)),),
)
