"""Random programs as text: scalars, vectors, matrices and batches, with data that keep them inside their domains."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np

Shape = tuple[str, ...]
SIZES = {"n": 3, "m": 2, "k": 4}
INPUTS: dict[str, Shape] = {
    "s": (), "t": (), "x": ("n",), "y": ("n",), "v": ("m",), "A": ("n", "n"), "B": ("n", "n"),
    "W": ("m", "n"), "X": ("k", "n"), "Y": ("k", "m"), "T": ("k", "m", "n"),
}  # fmt: skip
FACTS: dict[str, str] = {"P": "spd", "S": "symmetric", "D": "diagonal"}
DECLARED = INPUTS | {name: ("n", "n") for name in FACTS}
SHAPES: list[Shape] = [(), ("n",), ("m",), ("n", "n"), ("m", "n"), ("k", "n"), ("k", "m"), ("k",)]
UNARY = ("tanh", "sin", "exp", "sigmoid", "softplus", "arctan", "erf", "relu", "abs", "square", "cosh", "silu", "logsigmoid")
POSITIVE = ("log", "sqrt", "log1p", "gammaln")


class Writer:
    """Writes expressions of a wanted shape over names of known shapes."""

    def __init__(self, choices: Any) -> None:
        self.pick = choices.choice
        self.integer = choices.randint
        self.names: dict[str, Shape] = dict(DECLARED)
        self.blocks: list[str] = []

    def program(self, lines: int, output: Shape = ()) -> str:
        """Lines that read earlier lines often; the last one has the wanted shape."""
        text = []
        for number in range(lines):
            last = number == lines - 1
            shape = output if last else self.pick(SHAPES)
            text.append(f"b{number} = {self.expression(shape, self.integer(1, 3))}")
            self.names[f"b{number}"] = shape
            self.blocks.append(f"b{number}")
        return "\n".join(text)

    def expression(self, shape: Shape, depth: int) -> str:
        if depth <= 0:
            return self.atom(shape)
        return self.pick(
            [Writer.sum, Writer.product, Writer.function, Writer.linear, Writer.quotient, Writer.power, Writer.special, Writer.special]
        )(self, shape, depth - 1)

    def atom(self, shape: Shape) -> str:
        mine = [n for n, s in self.names.items() if s == shape]
        recent = [n for n in self.blocks if self.names[n] == shape]
        if recent and self.integer(0, 2):
            return self.pick(recent)
        if not mine or self.integer(0, 11) == 0:
            return (
                self.pick([f"ones({_shape(shape)})", f"outer({self.atom(shape[:1])}, {self.atom(shape[1:])})"])
                if len(shape) == 2
                else (f"ones({_shape(shape)})" if shape else self.pick(["2", "0.5", "3", "n", "pi"]))
            )
        return self.pick(mine)

    def sum(self, shape: Shape, depth: int) -> str:
        sign = self.pick(["+", "-", "+", "-"])
        return f"({self.expression(shape, depth)} {sign} {self.pick([self.expression(shape, depth), self.smaller(shape, depth)])})"

    def smaller(self, shape: Shape, depth: int) -> str:
        """Something that broadcasts to the shape."""
        if len(shape) == 2 and self.integer(0, 2) == 0:
            return f"({self.expression(shape[:1], depth)})[:, None]"
        cut = self.integer(0, len(shape))
        return self.expression(shape[cut:], depth)

    def product(self, shape: Shape, depth: int) -> str:
        return f"({self.expression(shape, depth)}*{self.pick([self.expression(shape, depth), self.smaller(shape, depth)])})"

    def function(self, shape: Shape, depth: int) -> str:
        if self.integer(0, 3) == 0:
            return f"{self.pick(POSITIVE)}({self.positive(shape, depth)})"
        if self.integer(0, 5) == 0:
            name = self.pick(["maximum", "minimum", "logaddexp", "arctan2"])
            return f"{name}({self.expression(shape, depth)}, {self.expression(shape, depth)})"
        return f"{self.pick(UNARY)}({self.expression(shape, depth)})"

    def positive(self, shape: Shape, depth: int) -> str:
        inner = self.expression(shape, depth)
        return self.pick([f"(1 + ({inner})**2)", f"(0.5 + sigmoid({inner}))", f"exp(tanh({inner}))"])

    def quotient(self, shape: Shape, depth: int) -> str:
        return f"({self.expression(shape, depth)}/{self.positive(self.pick([shape, ()]), depth)})"

    def power(self, shape: Shape, depth: int) -> str:
        kind = self.integer(0, 3)
        if kind == 0:
            return f"(({self.expression(shape, depth)})**{self.pick(['2', '3'])})"
        if kind == 1:
            return f"({self.positive(shape, depth)}**{self.pick(['0.5', '(-1)', '(-1/2)', '1.5', '(1/3)'])})"
        if kind == 2:
            return f"({self.positive(shape, depth)}**tanh({self.expression(self.pick([(), shape]), depth)}))"
        return f"(norm({self.expression(('n',), depth)})*{self.expression(shape, depth)})"

    def linear(self, shape: Shape, depth: int) -> str:
        e = self.expression
        if not shape:
            inner = self.pick(["n", "m"])
            return self.pick([
                lambda: f"(({e((inner,), depth)}) @ ({e((inner,), depth)}))",
                lambda: f"sum({e(self.pick(SHAPES[1:]), depth)})",
                lambda: f"mean({e(self.pick(SHAPES[1:]), depth)})",
                lambda: f"tr({e(('n', 'n'), depth)})",
                lambda: f"sum(({e(('m', 'n'), depth)})*({e(('m', 'n'), depth)}))",
            ])()  # fmt: skip
        if len(shape) == 1:
            d, inner = shape[0], self.pick(["n", "m"])
            return self.pick([
                lambda: f"(({e((d, inner), depth)}) @ ({e((inner,), depth)}))",
                lambda: f"(({e((inner, d), depth)}).T @ ({e((inner,), depth)}))",
                lambda: f"(({e((inner,), depth)}) @ ({e((inner, d), depth)}))",
                lambda: f"sum({e((d, inner), depth)}, axis=1)",
                lambda: f"mean({e((inner, d), depth)}, axis=0)",
                lambda: f"diag({e((d, d), depth)})" if d == "n" else e(shape, depth),
            ])()  # fmt: skip
        a, b = shape
        inner = self.pick(["n", "m"])
        return self.pick([
            lambda: f"(({e((a, inner), depth)}) @ ({e((inner, b), depth)}))",
            lambda: f"(({e((b, inner), depth)}) @ ({e((inner, a), depth)})).T",
            lambda: f"(({e((a, inner), depth)}) @ ({e((b, inner), depth)}).T)",
            lambda: f"outer({e((a,), depth)}, {e((b,), depth)})",
            lambda: f"({e((b, a), depth)}).T",
            lambda: f"diag({e((a,), depth)})" if a == b else e(shape, depth),
            lambda: f"(diag({e((a,), depth)}) @ ({e(shape, depth)}))",
            lambda: f"einsum('ij,ij->ij', {e(shape, depth)}, {e(shape, depth)})",
        ])()  # fmt: skip

    def special(self, shape: Shape, depth: int) -> str:
        e = self.expression
        regular = lambda: self.pick([f"(5*eye(n) + tanh({e(('n', 'n'), min(depth, 1))}))", "P", "(P + eye(n))"])  # noqa: E731
        if not shape:
            return self.pick([
                lambda: f"logdet({regular()})",
                lambda: f"det({regular()})/100",
                lambda: f"{self.pick(['max', 'min', 'logsumexp', 'var'])}({e(('n',), depth)})",
                lambda: f"({e(('n',), depth)})[{self.pick(['0', '-1', '1'])}]",
                lambda: f"({e(('m', 'n'), depth)})[{self.pick(['0, 1', '-1, 0', '1, -1'])}]",
                lambda: f"where({e((), depth)} > {e((), depth)}, {e((), depth)}, {e((), depth)})",
                lambda: f"sum(({e(('n',), depth)})[1:]*({e(('n',), depth)})[:-1])",
                lambda: f"var({e(('m', 'n'), depth)})",
                lambda: f"prod({self.positive(('n',), depth)})",
            ])()  # fmt: skip
        if len(shape) == 1:
            d = shape[0]
            return self.pick([
                lambda: f"{self.pick(['softmax', 'log_softmax', 'cumsum'])}({e(shape, depth)})",
                lambda: f"{self.pick(['logsumexp', 'max', 'var', 'min'])}({e((d, 'n'), depth)}, axis=1)",
                lambda: f"{self.pick(['logsumexp', 'max', 'mean', 'var'])}({e(('m', d), depth)}, axis=0)",
                lambda: f"where({e(shape, depth)} > {self.pick(['0', '0.1'])}, {e(shape, depth)}, {self.pick(['0', e(shape, depth)])})",
                lambda: f"where({e(shape, depth)} > {e(shape, depth)}, {e(shape, depth)}, {e(shape, depth)})",
                lambda: f"({e(shape, depth)})[::-1]",
                lambda: f"({e((self.pick(['n', 'm']), d), depth)})[{self.pick(['0', '-1'])}]",
                lambda: f"concatenate([({e(shape, depth)})[1:], ({e(shape, depth)})[:1]])",
                lambda: f"solve({regular()}, {e(('n',), depth)})" if d == "n" else e(shape, depth),
                lambda: f"inv({regular()}) @ ({e(('n',), depth)})" if d == "n" else e(shape, depth),
                lambda: f"roll({e(shape, depth)}, 1)",
                lambda: f"prod({self.positive((d, 'n'), depth)}, axis=1)",
            ])()  # fmt: skip
        a, b = shape
        return self.pick([
            lambda: f"{self.pick(['softmax', 'log_softmax'])}({e(shape, depth)}, axis={self.pick(['0', '1', '-1'])})",
            lambda: f"where({e(shape, depth)} > 0, {e(shape, depth)}, {self.pick(['0', e(shape, depth)])})",
            lambda: f"inv({regular()})" if a == b else e(shape, depth),
            lambda: f"solve({regular()}, {e(('n', b), depth)})" if a == "n" else e(shape, depth),
            lambda: f"({e(shape, depth)})[:, ::-1]",
            lambda: f"concatenate([({e((a, b), depth)})[1:], ({e((a, b), depth)})[:1]])" if a != "n" else e(shape, depth),
            lambda: f"{self.pick(['tril', 'triu'])}({e(shape, depth)})" if a == b else e(shape, depth),
            lambda: f"reshape({e((b, a), depth)}, ({a}, {b}))",
            lambda: f"sum({e(('k', 'm', 'n'), 0)}, axis=0)" if (a, b) == ("m", "n") else e(shape, depth),
            lambda: f"(({e((a,), depth)})[:, None]*({e((b,), depth)})[None, :])",
            lambda: f"expm({e(shape, depth)}/4)" if a == b and self.integer(0, 3) == 0 else e(shape, depth),
        ])()  # fmt: skip


def _shape(shape: Shape) -> str:
    return shape[0] if len(shape) == 1 else f"({', '.join(shape)})"


def random_program(seed: int, lines: int = 5, outputs: tuple[Shape, ...] = ((),)) -> str:
    """The text of a program; equal seeds give equal texts."""
    choices = Random(seed)
    return Writer(choices).program(choices.randint(1, lines), choices.choice(outputs))


def sample(rng: np.random.Generator, sizes: Mapping[str, int] = SIZES) -> dict[str, Any]:
    values: dict[str, Any] = {name: rng.uniform(-1, 1, [sizes[d] for d in shape]) for name, shape in INPUTS.items()}
    square = rng.uniform(-1, 1, (3, sizes["n"], sizes["n"]))
    return values | {"P": square[0] @ square[0].T + np.eye(sizes["n"]), "S": square[1] + square[1].T, "D": np.diag(np.diag(square[2]))}


SLICES = ("1:5", ":3", "-3:", "-4:-1", "2:4", ":1", "-1:", "1:", ":-1", "2:n - 1", "n - 2:", "::-1", "-2:-5:-1", "4:1:-1", "2::-1", "1:3")


class SlicingWriter(Writer):
    """Writes programs that take slices, of axes that may be shorter than what is sliced, and reduce what may be nothing."""

    def special(self, shape: Shape, depth: int) -> str:
        if self.integer(0, 1):
            return super().special(shape, depth)
        e, cut = self.expression, self.pick(SLICES)
        if not shape:
            reduction = self.pick(["sum", "mean", "max", "min", "norm", "var", "std", "prod", "logsumexp"])
            matrix = self.pick([f"{cut}", f":, {cut}", f"{cut}, {self.pick(SLICES)}"])
            return self.pick([
                lambda: f"{reduction}(({e(('n',), depth)})[{cut}])",
                lambda: f"sum(({e(('n',), depth)})[{cut}]*({e(('n',), depth)})[{cut}])",
                lambda: f"{self.pick(['sum', 'norm', 'mean'])}(({e(('n', 'n'), depth)})[{matrix}])",
                lambda: f"sum({self.pick(['softmax', 'cumsum', 'cumprod', 'log_softmax'])}(({e(('n',), depth)})[{cut}]))",
                lambda: f"({e(('n',), depth)})[{self.pick(['0', '-1', '2', '-4', 'n - 1'])}]",
            ])()  # fmt: skip
        if len(shape) == 1:
            k = self.pick(["1", "2", "3", "-2"])
            return self.pick([
                lambda: f"concatenate([({e(shape, depth)})[:{k}], ({e(shape, depth)})[{k}:]])",
                lambda: f"{self.pick(['sum', 'mean', 'max', 'norm', 'prod'])}(({e((*shape, 'n'), depth)})[:, {cut}], axis=1)",
                lambda: f"{self.pick(['sum', 'mean', 'norm', 'logsumexp'])}({e((*shape, 'n'), depth)}, axis=-1)",
            ])()  # fmt: skip
        return super().special(shape, depth)


def slicing_program(seed: int, lines: int = 3) -> str:
    choices = Random(seed)
    return SlicingWriter(choices).program(choices.randint(1, lines))
