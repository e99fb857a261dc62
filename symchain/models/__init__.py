"""Ready models: one program a file, its first comment the title, `# at:` a point to evaluate it at; and perceptrons of any depth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import count

from symchain.errors import ArgumentError, nearest
from symchain.support.assignments import Point, read_point

PERCEPTRON = "mlp-3"
"""How perceptrons are listed; mlp-1, mlp-2, ... are models too."""

DEEPEST = 10_000
_WIDTHS = (3, 4, 2)
_EXAMPLES = 2


@dataclass(frozen=True)
class Model:
    """A program that ships with symchain: `text` in the input language, `at` a number (or nested list) for each input."""

    name: str
    title: str
    text: str
    at: Point


def model_names() -> tuple[str, ...]:
    """The names of the models without families, sorted; one perceptron stands for those of every depth."""
    return tuple(sorted([PERCEPTRON, *(f.name.removesuffix(".txt") for f in files(__name__).iterdir() if f.name.endswith(".txt"))]))


def recursion_names() -> tuple[str, ...]:
    """The names of the models with families, whose depth or time stays a letter, sorted."""
    return tuple(sorted(f.name.removesuffix(".txt") for f in _recursions().iterdir() if f.name.endswith(".txt")))


def _recursions() -> Traversable:
    return files(__name__).joinpath("recursions")


def read_model(name: str) -> Model:
    """The model of that name. Raises ArgumentError with the closest name where there is none.

    >>> read_model("quadratic").title
    'Quadratic in one variable'
    >>> list(read_model("mlp-1").at)
    ['X', 'Y', 'W1', 'b1']
    """
    known = (*model_names(), *recursion_names())
    if depth := re.fullmatch(r"mlp-([1-9][0-9]{0,4})", name):
        text = mlp(int(depth[1]))
    elif name in recursion_names():
        text = _recursions().joinpath(f"{name}.txt").read_text(encoding="utf-8")
    elif name in known:
        text = files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    else:
        near = nearest(name, known)
        advice = f"Did you mean {near}?" if near else "`symchain models` lists them."
        raise ArgumentError(f"there is no model '{name}'", advice=advice)
    comments = [line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#")]
    points = [c.removeprefix("at:") for c in comments if c.startswith("at:")]
    return Model(name, comments[0], text, read_point(", ".join(points)))


def mlp(depth: int) -> str:
    """A perceptron of `depth` layers as a program: layer k is Z_k = W_k @ A_(k-1) + b_k, A_k = tanh(Z_k), columns are examples.

    Raises ArgumentError outside 1 to 10,000 layers.

    >>> print(mlp(1).partition("Z1")[2])
     = W1 @ X + b1[:, None]
    A1 = tanh(Z1)
    C = 1/(2*N)*sum((A1 - Y)**2)
    <BLANKLINE>
    """
    if not 1 <= depth <= DEEPEST:
        raise ArgumentError(f"a perceptron of {depth} layers", advice=f"Ask for 1 to {DEEPEST} layers.")
    widths = [_WIDTHS[0], *[_WIDTHS[1]] * (depth - 1), _WIDTHS[2]]
    shapes: dict[str, tuple[str, ...]] = {"X": ("n0", "N"), "Y": (f"n{depth}", "N")}
    sizes: dict[str, tuple[int, ...]] = {"X": (widths[0], _EXAMPLES), "Y": (widths[-1], _EXAMPLES)}
    lines = []
    for k in range(1, depth + 1):
        shapes |= {f"W{k}": (f"n{k}", f"n{k - 1}"), f"b{k}": (f"n{k}",)}
        sizes |= {f"W{k}": (widths[k], widths[k - 1]), f"b{k}": (widths[k],)}
        lines += [f"Z{k} = W{k} @ {f'A{k - 1}' if k > 1 else 'X'} + b{k}[:, None]", f"A{k} = tanh(Z{k})"]
    layers = "1 layer" if depth == 1 else f"{depth} layers"
    title = f"# Multi-layer perceptron of {layers} on a batch, columns are examples; mlp-N has N layers"
    numbers = count()
    points = [f"# at: {name} = {_sample(size, numbers)}" for name, size in sizes.items()]
    declared = [f"{name}: ({', '.join(shape)}{',' * (len(shape) == 1)})" for name, shape in shapes.items()]
    return "\n".join([title, *points, *declared, *lines, f"C = 1/(2*N)*sum((A{depth} - Y)**2)", ""])


def _sample(shape: Sequence[int], numbers: count[int]) -> str:
    """An array in the notation of points, its entries spread over -0.9 to 0.9 in an order that looks like none."""
    if not shape:
        return str((7 * next(numbers) % 19 - 9) / 10)
    return f"[{', '.join(_sample(shape[1:], numbers) for _ in range(shape[0]))}]"
