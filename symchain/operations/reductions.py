"""Operations along axes: reductions to fewer axes, and softmax and running sums, which keep the shape.

Reductions take (axes,), a tuple of axes that the result lacks; the others take (axis,).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from symchain.errors import ShapeError
from symchain.functions.spec import Noun, declare_operation
from symchain.operations.shapes import check_axes
from symchain.support.dimensions import Dim, Shape, show

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


declare_operation(
    "max",
    shape=_reduced("max", empty=False),
    evaluate=_extreme(np.argmax),
    noun=Noun("maximum", "maximum", "m"),
    latex=r"\max",
    aliases=("amax",),
    needs=_of_something("maximum"),
)
declare_operation(
    "min",
    shape=_reduced("min", empty=False),
    evaluate=_extreme(np.argmin),
    noun=Noun("minimum", "minimum", "m"),
    latex=r"\min",
    aliases=("amin",),
    needs=_of_something("minimum"),
)
declare_operation(
    "prod",
    shape=_reduced("prod"),
    evaluate=lambda x, axes: np.prod(x, axis=axes),
    noun=Noun("product of the elements", "produit des éléments", "m"),
    latex=r"\prod",
)
declare_operation(
    "logsumexp",
    shape=_reduced("logsumexp", empty=False),
    evaluate=_logsumexp,
    exact=lambda n, x, axes: n.log(np.sum(n.exp(x), axis=axes)),
    noun=Noun("log-sum-exp", "log-somme-exp", "f"),
    latex=r"\operatorname{logsumexp}",
    needs=_of_something("logsumexp"),
)
declare_operation(
    "softmax",
    shape=_along("softmax"),
    evaluate=_softmax,
    exact=lambda n, x, axis: (e := n.exp(x)) / np.sum(e, axis=axis, keepdims=True),
    noun=Noun("softmax", "softmax", "m"),
    latex=r"\operatorname{softmax}",
    needs=_of_something("softmax"),
)
declare_operation(
    "log_softmax",
    shape=_along("log_softmax"),
    evaluate=_log_softmax,
    exact=lambda n, x, axis: x - n.log(np.sum(n.exp(x), axis=axis, keepdims=True)),
    noun=Noun("log-softmax", "log-softmax", "m"),
    latex=r"\operatorname{log\,softmax}",
    needs=_of_something("log_softmax"),
)
declare_operation(
    "cumsum",
    shape=_along("cumsum"),
    evaluate=lambda x, axis: np.cumsum(x, axis=axis),
    noun=Noun("running sum", "somme cumulée", "f"),
    latex=r"\operatorname{cumsum}",
    linear=True,
)
declare_operation(
    "cumprod",
    shape=_along("cumprod"),
    evaluate=lambda x, axis: np.cumprod(x, axis=axis),
    noun=Noun("running product", "produit cumulé", "m"),
    latex=r"\operatorname{cumprod}",
)
