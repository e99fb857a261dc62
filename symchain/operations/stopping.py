"""What is held fixed when a derivative is taken: targets of a bootstrapped loss, straight-through estimators."""

from __future__ import annotations

from typing import Any

import numpy as np

from symchain.errors import ShapeError
from symchain.functions.spec import Case, Noun, declare_operation
from symchain.support.dimensions import Shape
from symchain.tensors import nodes
from symchain.tensors.nodes import Operation, Tree


def _shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    if parameters:
        raise ShapeError("stop_gradient has no axis", advice="Write stop_gradient(x).")
    return shapes[0]


def _pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """Nothing is sent back, by definition."""
    return nodes.zeros((*cotangent.shape[:lead], *node.shape))


declare_operation(
    "stop_gradient",
    shape=_shape,
    evaluate=lambda x: x if x.dtype == object else np.real(x) + 0 * np.imag(x),
    exact=lambda n, x: x,
    pullback=_pullback,
    operands=("x",),
    noun=Noun("value held fixed", "valeur tenue fixe", "f"),
    reason={
        "en": "In {block}, {operation} has the value of {operand} and is held fixed: nothing is sent back through it.",
        "fr": "Dans {block}, {operation} a la valeur de {operand} et est tenue fixe : rien n'est renvoyé à travers elle.",
    },
    latex=r"\operatorname{sg}",
    aliases=("detach",),
    stopped=True,
    cases=(Case((("n",),)), Case((("n", "m"),))),
    refused=(((("n",),), (0,)),),
)
