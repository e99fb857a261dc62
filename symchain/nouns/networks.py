"""Layered networks, seen in what a program computes: z = W a + b, a = sigma(z), layer after layer, then a cost.

A reader of such a program thinks of weights, biases and layers. What plays which part follows from the blocks, not from their names;
names decide only which factor of a first layer W x is the weight.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from symchain.functions.spec import AbstractFunction
from symchain.nouns.computation import Block, Computation, ancestors
from symchain.tensors.nodes import Apply, Contraction, Leaf, Number, Sum, Tree
from symchain.tensors.terms import factors_of

_WEIGHT = re.compile(r"[wW]|[θΘωΩβ]|theta|Theta|omega|Omega|beta")


@dataclass(frozen=True)
class Layer:
    """z = weight * reads + bias, then activation(z). An absent bias or activation is empty."""

    sum: str
    weight: str
    bias: str
    reads: str
    activation: str = ""

    @property
    def output(self) -> str:
        return self.activation or self.sum


@dataclass(frozen=True)
class Role:
    """The part that a name plays: weight, bias, input, target, sum or output, of a layer that counts from 1 (0 where none is meant)."""

    part: str
    layer: int = 0


@dataclass(frozen=True)
class Network:
    """Layers from the data to the last one, and the block of the cost that is computed from it."""

    layers: tuple[Layer, ...]
    cost: str
    targets: tuple[str, ...]
    """The inputs that the cost reads beside the last layer."""

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """What each name is in the network."""
        found = {self.layers[0].reads: Role("input")}
        for k, layer in enumerate(self.layers, 1):
            found |= {layer.weight: Role("weight", k), layer.sum: Role("sum", k)}
            found |= {layer.bias: Role("bias", k)} if layer.bias else {}
            found |= {layer.activation: Role("output", k)} if layer.activation else {}
        if len(self.targets) == 1:
            found[self.targets[0]] = Role("target")
        return found

    @property
    def parameters(self) -> tuple[str, ...]:
        """Weights and biases, those next to the cost first."""
        return tuple(p for layer in reversed(self.layers) for p in (layer.weight, layer.bias) if p)


def network_of(program: Computation, output: str) -> Network | None:
    """The layers below an output that is a number; None where its blocks are not those of a layered network, read once each."""
    wanted = ancestors(program, output)
    blocks = [b for b in program.blocks.values() if b.name in wanted]
    if not blocks or blocks[-1].name != output or blocks[-1].shape:
        return None
    layers: list[Layer] = []
    at = 0
    while at < len(blocks) - 1:
        layer = _weighted_sum(blocks[at], layers[-1].output if layers else "", program)
        if layer is None:
            break
        at += 1
        if at < len(blocks) - 1 and _activates(blocks[at].tree, layer.sum):
            layer = Layer(layer.sum, layer.weight, layer.bias, layer.reads, blocks[at].name)
            at += 1
        layers.append(layer)
        if not layer.activation:
            break
    if not layers or (len(layers) == 1 and not _is_neuron(layers[0], program)):
        return None
    inner = {n for layer in layers for n in (layer.sum, layer.activation, layer.weight, layer.bias, layer.reads)} - {layers[-1].output, ""}
    rest = blocks[at:]
    if any(inner & set(b.reads) for b in rest):
        return None
    read = [layers[0].reads, *(p for layer in layers for p in (layer.weight, layer.bias) if p)]
    if len(set(read)) != len(read):  # shared weights, a connection that skips layers
        return None
    targets = dict.fromkeys(n for b in rest for n in b.reads if n in program.inputs)
    return Network(tuple(layers), output, tuple(targets))


def _is_neuron(layer: Layer, program: Computation) -> bool:
    """Whether one layer alone is worth the name: regressions with a batch are not told as networks."""
    return bool(layer.activation and _WEIGHT.match(layer.weight)) and not program.blocks[layer.sum].shape


def _weighted_sum(block: Block, previous: str, program: Computation) -> Layer | None:
    """weight * previous + bias; in a first layer the weight is the factor that is called like one, else the left one."""
    terms = [_plain_factors(t) for t in (block.tree.args if isinstance(block.tree, Sum) else (block.tree,))]
    products, biases = [t for t in terms if len(t) == 2], [t for t in terms if len(t) == 1]
    if len(products) != 1 or len(biases) > 1 or len(terms) != len(products) + len(biases):
        return None
    pair, bias = products[0], biases[0][0] if biases else ""
    if previous:
        if previous not in pair or pair[0] == pair[1]:
            return None
        weight = pair[1 - pair.index(previous)]
    else:
        weight, previous = pair
        if _WEIGHT.match(previous) and not _WEIGHT.match(weight):
            weight, previous = previous, weight
    if not all(n in program.inputs for n in (weight, bias or weight)) or len({weight, previous, bias}) < 3:
        return None
    return Layer(block.name, weight, bias, previous)


def _plain_factors(term: Tree) -> list[str]:
    """The names that a term multiplies, transposed and broadcast as may be; none where there is anything else in it."""
    factors = [term]
    while any(isinstance(f, Contraction) for f in factors):
        factors = [g for f in factors for g in factors_of(f)]
        if len(factors) > 4:
            return []
    if not all(isinstance(f, Leaf) or (isinstance(f, Number) and f.value == 1) for f in factors):
        return []
    return [f.name for f in factors if isinstance(f, Leaf)]


def _activates(tree: Tree, name: str) -> bool:
    """Whether a block is an activation of one name."""
    if len(tree.args) != 1 or not isinstance(tree.args[0], Leaf) or tree.args[0].name != name:
        return False
    return isinstance(tree, Apply) and (isinstance(tree.function, AbstractFunction) or bool(tree.function.activation))
