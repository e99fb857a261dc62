"""The convolution of vectors, from which those of other modes are cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symchain.errors import ShapeError
from symchain.functions.spec import Case, Noun, declare_operation
from symchain.operations.pulling import reversed_along, slice_along
from symchain.support.dimensions import Shape, add, show
from symchain.support.notation import Phrase, call
from symchain.tensors import nodes
from symchain.tensors.nodes import Operation, Tree, named_operation

_Array = np.ndarray[Any, np.dtype[Any]]


def _shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    a, v = shapes
    if not a or not v or (len(v) > 1 and v[:-1] != a[:-1]):
        raise ShapeError(
            f"a convolution of {show(a)} and {show(v)}", advice="The second operand is a vector, or has the leading axes of the first."
        )
    return (*a[:-1], add(add(a[-1], v[-1]), 1, -1))


def _convolution(a: _Array, v: _Array) -> Any:
    """One shifted multiple of a for each entry of v: y[i + j] = sum of a[i]*v[j]."""
    total = np.zeros((*a.shape[:-1], a.shape[-1] + v.shape[-1] - 1), np.result_type(a, v))
    for j in range(v.shape[-1]):
        total[..., j : j + a.shape[-1]] = total[..., j : j + a.shape[-1]] + a * v[..., j : j + 1]
    return total


def _pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA[i] = the sum of G[i + j]*v[j] over j: the part of the convolution of G with v reversed where both overlap wholly."""
    a, v = node.args
    rank = len(a.shape)
    before = cotangent.shape[:lead]
    other = v if k == 0 else a
    turned = reversed_along(other, len(other.shape) - 1)
    if len(other.shape) > 1:
        turned = nodes.broadcast(turned, (*before, *turned.shape))
    whole = named_operation("convolution", cotangent, turned)
    size, skipped = node.args[k].shape[-1], add(other.shape[-1], 1, -1)
    pulled = slice_along(whole, lead + rank - 1, skipped, add(skipped, size))
    shared = len(a.shape) - len(v.shape) if k else 0  # leading axes of a over which one v is used
    return nodes.reduce_sum(pulled, range(lead, lead + shared)) if shared else pulled


def _written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """convolve(a, v), as NumPy has it, of two vectors."""
    vectors = all(len(a.shape) == 1 for a in node.args)
    return call("convolve" if vectors else node.operation.name, *(phrases[a] for a in node.args))


declare_operation(
    "convolution",
    shape=_shape,
    evaluate=_convolution,
    exact=lambda n, a, v: _convolution(a, v),
    pullback=_pullback,
    operands=("a", "v"),
    noun=Noun("convolution", "convolution", "f"),
    reason={
        "en": "In {block}, {operation} adds up products of one entry of each: the slope by an entry is the other vector, shifted.",
        "fr": "Dans {block}, {operation} additionne des produits d'un coefficient de chacun : la pente par rapport à un coefficient est "
        "l'autre vecteur, décalé.",
    },
    written=_written,
    latex=r"{0} * {1}",
    cases=(Case((("n",), ("m",))), Case((("k", "n"), ("m",))), Case((("k", "n"), ("k", "m")))),
    refused=(((("n", "k"), ("m", "k")), ()), (((), ("n",)), ())),
)
