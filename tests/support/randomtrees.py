"""Random trees of every kind of node, with data that keeps the promises of their facts."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from symchain.evidence.evaluation import evaluate
from symchain.functions import FUNCTIONS
from symchain.operations import OPERATIONS
from symchain.render.text import write
from symchain.support.dimensions import Shape
from symchain.support.dimensions import add as plus
from symchain.support.dimensions import evaluate as dimension
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import (
    ONE,
    PI,
    Compare,
    Tree,
    add,
    apply,
    broadcast,
    compare,
    contract,
    hadamard,
    identity,
    leaf,
    matmul,
    number,
    operation,
    postorder,
    power,
    reduce_sum,
    scale,
    size,
    transpose,
    where,
)

SIZES = {"n": 3, "m": 2}
NAMES: dict[str, tuple[Shape, tuple[str, ...]]] = {
    "s": ((), ()), "t": ((), ()), "p": ((), ("positive",)),
    "x": (("n",), ()), "y": (("n",), ()), "r": (("n",), ("positive",)), "q": (("n",), ("probability",)), "h": (("n",), ("onehot",)),
    "u": (("m",), ()),
    "A": (("n", "n"), ()), "B": (("m", "n"), ()), "F": (("n", "m"), ()), "S": (("n", "n"), ("symmetric",)), "P": (("n", "n"), ("spd",)),
    "Q": (("n", "n"), ("orthogonal",)), "D": (("n", "n"), ("diagonal",)), "H": (("m", "n"), ("onehot",)), "T": (("m", "n", "n"), ()),
}  # fmt: skip
LEAVES = {name: leaf(name, shape, facts) for name, (shape, facts) in NAMES.items()}
SHAPES: list[Shape] = [(), ("n",), ("m",), ("n", "n"), ("m", "n"), ("n", "m"), ("m", "n", "n")]
NUMBERS = [number(k) for k in (0, 1, 2, -1, -3)] + [
    number(Fraction(1, 2)), number(Fraction(1, 2), True), number(Fraction(-2, 3)), number(Fraction(1, 4), True),
    number(4), number(Fraction(-3, 2), True),
]  # fmt: skip
_ENTIRE = [
    f
    for f in FUNCTIONS.values()
    if f.name in ("exp", "tanh", "sin", "cos", "sigmoid", "softplus", "arctan", "erf", "abs", "relu", "expm1", "silu", "cosh")
]


def random_tree(seed: int, depth: int = 4) -> Tree:
    """A tree of any shape; equal seeds give equal trees."""
    choices = Random(seed)
    return Grower(choices).tree(choices.choice(SHAPES), choices.randint(1, depth))


def sample(rng: np.random.Generator) -> dict[str, Any]:
    """Arrays for all names: each keeps its facts."""
    values: dict[str, Any] = {}
    for name, (shape, facts) in NAMES.items():
        extent = tuple(dimension(d, SIZES) for d in shape)
        array = rng.uniform(-1.5, 1.5, extent)
        if "positive" in facts:
            array = rng.uniform(0.3, 1.5, extent)
        elif "probability" in facts:
            array = rng.dirichlet(np.ones(extent[-1]), extent[:-1] or None)
        elif "onehot" in facts:
            array = np.eye(extent[-1])[rng.integers(0, extent[-1], extent[:-1] or None)]
        elif "symmetric" in facts:
            array = array + array.T
        elif "spd" in facts:
            array = array @ array.T + 0.5 * np.eye(extent[0])
        elif "orthogonal" in facts:
            array = np.linalg.qr(array)[0]
        elif "diagonal" in facts:
            array = np.diag(np.diag(array))
        values[name] = array
    return values


class Grower:
    """Grows trees of a wanted shape."""

    def __init__(self, choices: Any) -> None:
        self.pick = choices.choice
        self.integer = choices.randint
        self.grown: list[Tree] = []

    def tree(self, shape: Shape, depth: int) -> Tree:
        known = [t for t in self.grown if t.shape == shape]
        if known and self.integer(0, 4) == 0:
            return self.pick(known)  # the same subtree again: something to collect
        made = self._end(shape) if depth <= 0 or self.integer(0, 7) == 0 else self.pick(_KINDS)(self, shape, depth - 1)
        assert made.shape == shape, (made.shape, shape)
        self.grown.append(made)
        return made

    def _end(self, shape: Shape) -> Tree:
        mine = [t for t in LEAVES.values() if t.shape == shape]
        if shape == ("n", "n"):
            mine += [identity("n"), identity("n")]
        if not shape:
            mine += [PI, size("n"), self.pick(NUMBERS), self.pick(NUMBERS)]
        if not mine or self.integer(0, 5) == 0:
            return broadcast(self.pick(NUMBERS), shape)
        return self.pick(mine)

    # ------------------------------------------------------------ one method per kind

    def sum(self, shape: Shape, depth: int) -> Tree:
        terms = [self.tree(shape, depth) for _ in range(self.integer(2, 4))]
        if self.integer(0, 1):
            terms.append(scale(self.pick(NUMBERS), self.pick(terms)))
        return add(terms)

    def scaled(self, shape: Shape, depth: int) -> Tree:
        return scale(self.pick([self.pick(NUMBERS), self.tree((), depth)]), self.tree(shape, depth))

    def hadamard(self, shape: Shape, depth: int) -> Tree:
        factors = [self.tree(self.pick([shape, shape, ()]), depth) for _ in range(self.integer(1, 3))]
        return hadamard([*factors, self.tree(shape, depth)])

    def einsum(self, shape: Shape, depth: int) -> Tree:
        """Operands of any shape over indices chosen at will: diagonals, traces, sums, transposes, broadcasting."""
        sizes: dict[int, Any] = {}

        def index(dim: Any) -> int:
            known = [i for i, d in sizes.items() if d == dim]
            if known and self.integer(0, 2):
                return self.pick(known)
            sizes[len(sizes)] = dim
            return len(sizes) - 1

        operands = [self.tree(self.pick(SHAPES), depth) for _ in range(self.integer(1, 3))]
        subscripts = [tuple(index(d) for d in a.shape) for a in operands]
        output: list[int] = []
        for d in shape:  # no index twice: a diagonal is written with an identity
            free = [i for i, e in sizes.items() if e == d and i not in output]
            if not free or self.integer(0, 3) == 0:
                free = [len(sizes)]
                sizes[free[0]] = d
            output.append(self.pick(free))
        return contract(operands, subscripts, output, sizes)

    def product(self, shape: Shape, depth: int) -> Tree:
        if len(shape) == 3 or not shape:
            return self.einsum(shape, depth)
        inner = self.pick(["n", "m"])
        if len(shape) == 1:
            return matmul(self.tree((shape[0], inner), depth), self.tree((inner,), depth))
        return matmul(self.tree((shape[0], inner), depth), self.tree((inner, shape[1]), depth))

    def transpose(self, shape: Shape, depth: int) -> Tree:
        axes = list(range(len(shape)))
        if shape and shape[-1] == shape[-2:][0]:
            axes[-2:] = axes[-2:][::-1]
        elif len(shape) == 2:
            return transpose(self.tree(shape[::-1], depth))
        return transpose(self.tree(shape, depth), axes)

    def reduction(self, shape: Shape, depth: int) -> Tree:
        wider = [(s, k) for s in SHAPES for k in range(len(s)) if (*s[:k], *s[k + 1 :]) == shape]
        if not wider:
            return self.sum(shape, depth)
        taken, axis = self.pick(wider)
        return reduce_sum(self.tree(taken, depth), [axis])

    def positive(self, shape: Shape, depth: int) -> Tree:
        """A tree that is positive everywhere, not always in a way that can be seen."""
        inner = self.tree(shape, depth)
        kind = self.integer(0, 4)
        if kind == 0:
            return apply(FUNCTIONS["exp"], apply(FUNCTIONS["tanh"], inner))
        if kind == 1:
            return add([broadcast(self.pick([ONE, number(2), LEAVES["p"]]), shape), power(inner, 2)])
        if kind == 2 and shape == ("n",):
            return LEAVES["r"]
        if kind == 3:
            return broadcast(LEAVES["p"], shape)
        return apply(FUNCTIONS["sigmoid"], inner)

    def power(self, shape: Shape, depth: int) -> Tree:
        kind = self.integer(0, 6)
        if kind <= 1:
            return power(self.tree(shape, depth), self.pick([0, 1, 2, 3, -1, -2]))
        if kind == 2:
            return power(
                power(self.tree(shape, depth), self.pick([2, 4, -2])),
                self.pick([Fraction(1, 2), Fraction(3, 2), Fraction(-1, 2), Fraction(1, 4)]),
            )
        base = self.positive(shape, depth)
        if kind == 3:
            return power(base, apply(FUNCTIONS["tanh"], self.tree(self.pick([(), shape]), depth)))
        exponents = [
            number(Fraction(1, 2)),
            number(Fraction(-3, 2)),
            number(Fraction(1, 3)),
            number(Fraction(1, 2), True),
            number(Fraction(-1, 2), True),
        ]
        grown = power(base, self.pick(exponents))
        return power(grown, self.pick(exponents)) if kind == 4 else grown

    def quotient(self, shape: Shape, depth: int) -> Tree:
        below = self.positive(shape, depth)
        return hadamard([self.tree(shape, depth), self.pick([below, self.tree(shape, depth)]), power(below, self.pick([-1, -2]))])

    def apply(self, shape: Shape, depth: int) -> Tree:
        kind = self.integer(0, 6)
        if kind == 0:
            return apply(FUNCTIONS[self.pick(["log", "sqrt", "gammaln", "digamma", "log1p"])], self.positive(shape, depth))
        if kind == 1:
            return apply(
                FUNCTIONS[self.pick(["maximum", "minimum", "logaddexp"])], self.tree(shape, depth), self.tree(self.pick([(), shape]), depth)
            )
        return apply(self.pick(_ENTIRE), self.tree(shape, depth))

    def where(self, shape: Shape, depth: int) -> Tree:
        parts = [self.tree(self.pick([(), shape, shape]), depth) for _ in range(3)]
        condition = compare(self.pick(["<", "<=", ">", ">="]), parts[0], self.tree(parts[0].shape, depth))
        made = where(condition, parts[1], parts[2])
        return made if made.shape == shape else broadcast(made, shape)

    def operation(self, shape: Shape, depth: int) -> Tree:
        names = _BY_SHAPE.get(shape, [])
        name = self.pick([*names, *_BY_RANK[len(shape)]])
        below = self.tree

        def do(kind: str, arg: Tree, *parameters: Any) -> Tree:
            return operation(OPERATIONS[kind], [arg], parameters)

        match name:
            case "inv" | "expm" | "tril" | "triu":
                inner = self._regular(depth) if name == "inv" else below(shape, depth)
                return do(name, inner, *([self.integer(-1, 1)] if name.startswith("tri") else []))
            case "det" | "logdet":
                return do(name, self._regular(depth) if name == "det" else LEAVES["P"])
            case "max" | "min" | "prod" | "logsumexp":
                wider = [(s, k) for s in SHAPES for k in range(len(s)) if (*s[:k], *s[k + 1 :]) == shape]
                taken, axis = self.pick(wider)
                return do(name, below(taken, depth), (axis,))
            case "softmax" | "log_softmax" | "cumsum":
                return do(name, below(shape, depth), self.integer(0, len(shape) - 1))
            case "flip":
                return do(name, below(shape, depth), self.integer(0, len(shape) - 1))
            case "roll":
                return do(name, below(shape, depth), self.integer(0, 2), self.integer(0, len(shape) - 1))
            case "at":
                taken = self.pick([s for s in SHAPES if s[1:] == shape])
                items = (("at", self.integer(0, 1)), *(("slice", 0, d, 1) for d in shape))
                return do("index", below(taken, depth), items)
            case "reversed":
                return do("index", below(shape, depth), tuple(_whole(d, k == len(shape) - 1) for k, d in enumerate(shape)))
            case "reshape":
                return do("reshape", below(("n", "m"), depth), shape) if shape == ("m", "n") else do("reshape", below(shape, depth), shape)
        raise AssertionError(name)

    def _regular(self, depth: int) -> Tree:
        """A square matrix that is not singular."""
        kind = self.integer(0, 3)
        if kind == 0:
            return LEAVES[self.pick(["P", "Q", "A"])]
        if kind == 1:
            return transpose(LEAVES["A"])
        inner = self.tree(("n", "n"), min(depth, 1))
        return add([scale(5, identity("n")), apply(FUNCTIONS["tanh"], inner)])


def _whole(dim: Any, reverse: bool) -> tuple[Any, ...]:
    return ("slice", plus(dim, 1, -1), -1, -1) if reverse else ("slice", 0, dim, 1)


_KINDS = [
    Grower.sum, Grower.sum, Grower.scaled, Grower.hadamard, Grower.einsum, Grower.einsum, Grower.product, Grower.product, Grower.transpose,
    Grower.reduction, Grower.power, Grower.quotient, Grower.apply, Grower.where, Grower.operation,
]  # fmt: skip
_BY_SHAPE = {("n", "n"): ["inv", "expm", "tril", "triu"], (): ["det", "logdet"], ("m", "n"): ["reshape"], ("n",): ["reversed"]}
_BY_RANK: dict[int, list[str]] = {
    0: ["max", "min", "prod", "logsumexp"],
    1: ["max", "logsumexp", "softmax", "log_softmax", "cumsum", "flip", "roll", "at"],
    2: ["softmax", "log_softmax", "flip", "reversed"],
    3: ["softmax", "flip"],
}


# ---------------------------------------------------------------- comparing two trees

TREES = range(600)


def text(tree: Tree) -> str:
    return write(phrase_of(tree))


def value(tree: Tree, environment: dict, noise: int | None = None) -> np.ndarray:
    try:
        return np.asarray(evaluate([tree], environment, SIZES, None if noise is None else np.random.default_rng(noise))[0])
    except np.linalg.LinAlgError:
        return np.array(np.nan)


def disagreement(before: Tree, after: Tree) -> str:
    """What differs between two trees at points where the first is defined, '' if nothing does."""
    if before.shape != after.shape:
        return f"shape {after.shape}, not {before.shape}"
    for seed in range(3):
        environment = sample(np.random.default_rng(seed))
        want, got = value(before, environment), value(after, environment)
        if not np.all(np.isfinite(want)) or np.abs(want).max() > 1e8:
            continue
        rounding = sum(np.nan_to_num(np.abs(value(t, environment, 1) - v)).max() for t, v in ((before, want), (after, got)))
        allowed = 1e-9 * (1 + np.abs(want).max()) + 1e4 * rounding
        if not np.abs(want - got).max() <= allowed and allowed < 1e-2 * (1 + np.abs(want).max()):
            return f"{np.round(want, 6).tolist()}, then {np.round(got, 6).tolist()}"
    return ""


def report(problem: Callable[[Tree], str], trees=TREES) -> str:
    """The problems of random trees, each with its smallest subtree that has one; '' if there is none."""
    found = []
    for seed in trees:
        tree = random_tree(seed)
        if problem(tree):
            small = next(t for t in postorder(tree) if not isinstance(t, Compare) and problem(t))
            found.append(f"seed {seed}: {problem(small)}\n    {text(small)}\n    {small!r:.500}")
    return "\n".join(found[:5])
