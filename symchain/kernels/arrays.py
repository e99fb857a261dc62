"""The array instructions over NumPy: for each opcode the expression that computes it, as a template with {0}, {1} for the operands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from symchain.kernels.spectra import SPECTRA
from symchain.support.dimensions import Dim, Shape

Text = Callable[[Dim], str]
"""A dimension as source text over s0, s1, ..., the sizes of the letters."""


def array_template(opcode: str, operands: int, parameters: tuple[Any, ...], text: Text) -> str:
    """The expression of an array instruction; it binds as tightly as a name."""
    return WRITERS[opcode]([f"{{{k}}}" for k in range(operands)], parameters, text)


_Writer = Callable[[Sequence[str], tuple[Any, ...], Text], str]


def _called(function: str) -> _Writer:
    """function(x, y, ...), with the parameters, which are numbers, after the operands."""

    def write(operands: Sequence[str], parameters: tuple[Any, ...], text: Text) -> str:
        return f"{function}({', '.join([*operands, *(str(p) for p in parameters)])})"

    return write


def _along(function: str) -> _Writer:
    """function(x, axis=...), of one axis or a tuple of them."""

    def write(operands: Sequence[str], parameters: tuple[Any, ...], text: Text) -> str:
        (axes,) = parameters
        return f"{function}({operands[0]}, axis={axes[0] if isinstance(axes, tuple) and len(axes) == 1 else axes})"

    return write


def _sized(function: str) -> _Writer:
    """function(x, ..., n), where n is a dimension or a shape."""

    def write(operands: Sequence[str], parameters: tuple[Any, ...], text: Text) -> str:
        (size,) = parameters
        return f"{function}({', '.join(operands)}, {shape_text(size, text) if isinstance(size, tuple) else text(size)})"

    return write


def tuple_text(items: Sequence[Any]) -> str:
    """A tuple in source text; its members are texts or ints."""
    return "(" + ", ".join(map(str, items)) + ("," if len(items) == 1 else "") + ")"


def shape_text(shape: Shape, text: Text) -> str:
    return tuple_text([text(d) for d in shape])


def _index(operands: Sequence[str], parameters: tuple[Any, ...], text: Text) -> str:
    (items,) = parameters
    if all(item[0] == "new" for item in items):
        return f"np.reshape({operands[0]}, {tuple_text([1] * len(items))})"
    return f"{operands[0]}[{', '.join(_item(item, text) for item in items)}]"


def _item(item: tuple[Any, ...], text: Text) -> str:
    if item[0] == "new":
        return "None"
    if item[0] == "at":
        return text(item[1])
    _, start, stop, step = item
    end = text(stop)
    if step < 0:  # a stop before the first element is written None: -1 would mean the last one
        end = "" if stop == -1 else end if isinstance(stop, int) else f"({end}) if ({end}) >= 0 else None"
        return f"{text(start)}:{end}:{step}"
    return f"{'' if start == 0 else text(start)}:{end}" + (f":{step}" if step != 1 else "")


def _place(operands: Sequence[str], parameters: tuple[Any, ...], text: Text) -> str:
    items, shape = parameters

    def part(item: tuple[Any, ...]) -> str:
        if item[0] == "new":
            return "None"
        return text(item[1]) if item[0] == "at" else f"slice({text(item[1])}, {text(item[2])}, {item[3]})"

    return f"place({operands[0]}, {tuple_text([part(item) for item in items])}, {shape_text(shape, text)})"


def _concatenate(operands: Sequence[str], parameters: tuple[Any, ...], text: Text) -> str:
    return f"np.concatenate({tuple_text(operands)}, axis={parameters[0]})"


def _roll(operands: Sequence[str], parameters: tuple[Any, ...], text: Text) -> str:
    shift, axis = parameters
    return f"np.roll({operands[0]}, {text(shift)}, {axis})"


def _triangle(function: str) -> _Writer:
    def write(operands: Sequence[str], parameters: tuple[Any, ...], text: Text) -> str:
        return f"{function}({operands[0]}, {parameters[0]})" if parameters[0] else f"{function}({operands[0]})"

    return write


def _declared(operands: Sequence[str], parameters: tuple[Any, ...], text: Text) -> str:
    _, name, *own = parameters

    def written(parameter: Any) -> str:
        return tuple_text([written(p) for p in parameter]) if isinstance(parameter, tuple) else text(parameter)

    return f"{name}({', '.join([*operands, *map(written, own)])})"


WRITERS: Mapping[str, _Writer] = {
    "index": _index,
    "place": _place,
    "concatenate": _concatenate,
    "reshape": _sized("np.reshape"),
    "flip": _called("np.flip"),
    "roll": _roll,
    "gather": lambda operands, parameters, text: f"{operands[0]}[np.asarray({operands[1]}, int)]",
    "scatter": _sized("scatter"),
    "onehot": _sized("onehot"),
    **{name: _along(f"np.{name}") for name in ("max", "min", "prod", "cumsum", "cumprod")},
    "logsumexp": _along("special.logsumexp"),
    **{name: _called(name) for name in ("softmax", "log_softmax", "balanced", "norm", "unit", "orthogonal")},
    **{name: _called(f"np.linalg.{name}") for name in ("inv", "det", "pinv")},
    **{name: _called(name) for name in ("logdet", "cofactors", "cholesky", "expm", "sinm", "cosm")},
    **{name: _called(name) for name in ("expm_frechet", "sinm_frechet", "cosm_frechet")},
    **{name: _called(name) for name in SPECTRA},
    "sort": _along("np.sort"),
    "cummax": _along("cummax"),
    "cummin": _along("cummin"),
    **{name: _called(name) for name in ("take_sorted", "take_ranked", "convolution")},
    **{name: _triangle(f"np.{name}") for name in ("tril", "triu")},
    "cross": _called("np.cross"),
    "declared": _declared,
}
"""What is written as a call or a subscript; the instructions that NumPy has signs and methods for are in `writing`."""

__all__ = ["WRITERS", "array_template", "shape_text", "tuple_text"]
