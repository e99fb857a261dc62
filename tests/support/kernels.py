"""Kernels built from trees, without text: what the tests of kernels share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from symchain.functions import FUNCTIONS
from symchain.kernels.kernel import Kernel, Plan
from symchain.kernels.numpy import NumPyBackend
from symchain.lowering import Label, lower
from symchain.nouns.computation import Block, Variable
from symchain.nouns.program import Program
from symchain.support.notation import Phrase
from symchain.tensors import nodes
from symchain.tensors.nodes import ONE, Leaf, Tree, add, apply, leaf, leaves, power, scale


def a_program(inputs: Sequence[Leaf], blocks: Mapping[str, Tree], dimensions: tuple[str, ...] = ()) -> Program:
    """A program without its text."""
    return Program(
        {x.name: Variable(x.name, x.shape, x, x.facts) for x in inputs},
        {n: Block(n, t.shape, t, Phrase("name", text=n), tuple(x.name for x in leaves(t)), leaf(n, t.shape)) for n, t in blocks.items()},
        dimensions,
    )


def build(plan: Plan, **options: object) -> Kernel:
    return Kernel(plan, NumPyBackend(), options)


def kernel_of(tree: Tree, dimensions: tuple[str, ...] = (), blocks: Mapping[str, Tree] | None = None, **options: object) -> Kernel:
    """A kernel that returns one tree; its inputs are the names that nothing defines."""
    blocks = dict(blocks or {})
    inputs = [x for x in leaves(*blocks.values(), tree) if x.name not in blocks]
    return build(lower(a_program(inputs, blocks, dimensions), [(("array",), tree)], order=None), **options)


def network() -> tuple[Program, list[tuple[Label, Tree]], dict[str, Tree]]:
    """Two layers of one neuron, with the lines of its gradient."""
    x, y, w1, b1, w2, b2 = (leaf(n) for n in ("x", "y", "w1", "b1", "w2", "b2"))
    sigmoid = FUNCTIONS["sigmoid"]
    blocks = {
        "z1": add([nodes.multiply_scalars([w1, x]), b1]),
        "a1": apply(sigmoid, leaf("z1")),
        "z2": add([nodes.multiply_scalars([w2, leaf("a1")]), b2]),
        "a2": apply(sigmoid, leaf("z2")),
        "C": scale(Fraction(1, 2), power(add([leaf("a2"), scale(-1, y)]), 2)),
    }
    rest = {n: add([ONE, scale(-1, leaf(n))]) for n in ("a1", "a2")}
    extra = {
        "d2": nodes.multiply_scalars([add([leaf("a2"), scale(-1, y)]), leaf("a2"), rest["a2"]]),
        "d1": nodes.multiply_scalars([leaf("d2"), w2, leaf("a1"), rest["a1"]]),
    }
    outputs: list[tuple[Label, Tree]] = [
        (("value",), leaf("C")),
        (("gradient", "w1"), nodes.multiply_scalars([leaf("d1"), x])),
        (("gradient", "b1"), leaf("d1")),
        (("gradient", "w2"), nodes.multiply_scalars([leaf("d2"), leaf("a1")])),
        (("gradient", "b2"), leaf("d2")),
    ]
    return a_program([x, y, w1, b1, w2, b2], blocks), outputs, extra


def network_kernel() -> Kernel:
    program, outputs, extra = network()
    return build(lower(program, outputs, order=1, extra=extra))


AT = {"x": 0.5, "y": 1.0, "w1": 0.3, "b1": 0.1, "w2": -0.7, "b2": 0.2}


def network_by_hand(x, y, w1, b1, w2, b2):
    a1 = 1 / (1 + np.exp(-(w1 * x + b1)))
    a2 = 1 / (1 + np.exp(-(w2 * a1 + b2)))
    d2 = (a2 - y) * a2 * (1 - a2)
    d1 = d2 * w2 * a1 * (1 - a1)
    return (a2 - y) ** 2 / 2, {"w1": d1 * x, "b1": d1, "w2": d2 * a1, "b2": d2}
