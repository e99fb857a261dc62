"""A plan, run instruction by instruction over arrays of objects: of numbers with many digits, or of balls.

What has no real value is nan, for its element alone.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symchain.kernels.definitions import Table, value_of
from symchain.kernels.kernel import Instruction, Plan
from symchain.kernels.matrices import take_ranked, take_sorted
from symchain.support.dimensions import Dim, evaluate

Array = Any
"""A NumPy array: of numbers of some kind, of booleans, or of labels."""


@dataclass(frozen=True)
class Kind:
    """A kind of number, by what the interpreter asks of it."""

    table: Table
    """The primitives."""
    nan: Any
    is_nan: Callable[[Any], bool]
    is_real: Callable[[Any], bool]
    same: Callable[[Any, Any], bool]
    """Whether two numbers are surely equal."""
    failures: tuple[type[Exception], ...]
    """What functions raise where they have no value."""
    matrices: Mapping[str, Callable[[Array], Any]]
    """Functions of one matrix, as an array of objects."""


class Arrays:
    """A plan at sizes of its letters, as a function of arrays of objects."""

    def __init__(self, plan: Plan, sizes: Mapping[str, int], kind: Kind) -> None:
        self.plan = plan
        self.sizes = sizes
        self.kind = kind
        self.at_a_tie = False
        """Whether what was compared was equal, or a sign was asked of 0: then what was chosen holds at the point alone."""
        self.table = {**kind.table, **{sign: self._compared(f) for sign, f in _COMPARED.items()}}
        for name in ("sign", "abs"):
            self.table[name] = self._signed(self.table[name])

    def _compared(self, f: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def compare(x: Any, y: Any) -> Any:
            self.at_a_tie |= self.kind.same(x, y)
            return f(x, y)

        return compare

    def _signed(self, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def signed(x: Any) -> Any:
            self.at_a_tie |= self.kind.same(x, 0)
            return f(x)

        return signed

    def labour(self) -> float:
        """Operations on numbers that one run takes; infinite where an instruction has no meaning here."""
        first, total = len(self.plan.inputs), 0
        for step in map(self.plan.instruction, self.plan.needed()):
            if not self.has(step.opcode):
                return float("inf")
            read = [self.plan.inputs[v].shape if v < first else self.plan.instruction(v).shape for v in step.operands]
            total += sum(math.prod(self._size(d) for d in shape) for shape in (step.shape, *read))
        return total

    def has(self, opcode: str) -> bool:
        """Whether an instruction has a meaning over this kind of number."""
        needed = _NEEDS.get(opcode, (opcode,) if opcode in _OF_MATRICES else ())
        return opcode in _PLAIN or (opcode in _MEANINGS and all(name in self.kind.matrices for name in needed))

    def __call__(self, arguments: Sequence[Array]) -> list[Array]:
        values: dict[int, Array] = dict(enumerate(arguments))
        for number in self.plan.needed():
            step = self.plan.instruction(number)
            value = self._value(step, [values[v] for v in step.operands])
            values[number] = value if isinstance(value, np.ndarray) else np.array(value, object)
        return [np.broadcast_to(values[o.value], [self._size(d) for d in o.shape]) for o in self.plan.outputs]

    def _size(self, dim: Dim) -> int:
        return evaluate(dim, self.sizes)

    def _value(self, step: Instruction, operands: Sequence[Array]) -> Any:
        if step.opcode == "constant":
            value, *exact = step.parameters
            number = self.table["number"]
            return number(*exact) if exact else self._named(value) if isinstance(value, str) else number(value)
        if step.opcode == "size":
            return self.table["number"](self._size(step.parameters[0]))
        if step.opcode == "call":
            return self.each(lambda *x: value_of(step.parameters[1], x, self.table), *operands)
        return _MEANINGS[step.opcode](self, operands, step)

    def _named(self, constant: str) -> Any:
        return -self.table[constant[1:]] if constant.startswith("-") else +self.table[constant]

    def shape(self, shape: Sequence[Dim]) -> tuple[int, ...]:
        return tuple(map(self._size, shape))

    def shift(self, shift: Dim) -> int:
        return shift if isinstance(shift, int) else self._size(shift)

    def items(self, items: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        """An index, as NumPy takes it; a slice that stops before 0 takes in the first element."""

        def item(word: str, *ends: Any) -> Any:
            if word == "new":
                return None
            if word == "at":
                return self._size(ends[0])
            start, stop, step = ends
            end = -1 if stop == -1 else self._size(stop)
            return slice(self._size(start), None if end < 0 else end, step)

        return tuple(item(*i) for i in items)

    def zeros(self, shape: Sequence[Dim]) -> Array:
        return np.full(self.shape(shape), self.table["number"](0), object)

    def each(self, f: Callable[..., Any], *arrays: Array) -> Array:
        """The function of each element; nan where it has no real value."""
        kind = self.kind

        def g(*x: Any) -> Any:
            if any(map(kind.is_nan, x)):
                return kind.nan
            try:
                result = f(*x)
            except kind.failures:
                return kind.nan
            return result if kind.is_real(result) else kind.nan

        return np.asarray(np.frompyfunc(g, len(arrays), 1)(*arrays), object)

    def of_matrices(self, name: str, matrices: Array, shape: Sequence[Dim]) -> Array:
        """A function of each matrix of a stack; nan where it has no value."""
        result = np.full(self.shape(shape), self.table["number"](1), object)
        for at in np.ndindex(matrices.shape[:-2]) if matrices.size else ():  # the determinant of no rows is 1
            try:
                result[at] = self.kind.matrices[name](matrices[at])
            except self.kind.failures:
                result[at] = self.kind.nan
        return result


_Meaning = Callable[[Arrays, Sequence[Array], Instruction], Any]


def _primitive(name: str) -> _Meaning:
    return lambda run, x, step: run.each(run.table[name], *x)


def _moved(f: Callable[..., Any]) -> _Meaning:
    """A function of NumPy that takes arrays of objects: f(x, y, ..., *parameters)."""
    return lambda run, x, step: f(*x, *step.parameters)


_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt},
    **{">=": operator.ge, "==": operator.eq, "!=": operator.ne},
}


def _compare(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    return np.asarray(np.frompyfunc(run.table[step.parameters[0]], 2, 1)(*x), bool)


def _view(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    (axes,) = step.parameters
    moved = np.transpose(x[0], [a for a in axes if a is not None])
    return moved[tuple(None if a is None else slice(None) for a in axes)]


def _embed(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    pattern, shape = step.parameters
    result = run.zeros(shape)
    np.einsum(result, list(pattern), list(dict.fromkeys(pattern)))[...] = x[0][()]
    return result


def _gram(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    return x[0].T @ (x[1][:, None] * x[0])


def _place(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    items, shape = step.parameters
    result = run.zeros(shape)
    result[run.items(items)] = x[0][()]  # a number by itself, not an array of it
    return result


def _scatter(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    result = run.zeros(step.shape)
    np.add.at(result, x[1], x[0])
    return result


def _onehot(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    return run.each(run.table["number"], (np.arange(run.shape(step.shape)[-1]) == x[0][..., None]).astype(object))


def _logsumexp(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    return run.each(run.table["log"], np.sum(run.each(run.table["exp"], x[0]), axis=step.parameters[0]))


def _softmax(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    e = run.each(run.table["exp"], x[0])
    return run.each(operator.truediv, e, np.sum(e, axis=step.parameters[0], keepdims=True))


def _of_each_matrix(name: str) -> _Meaning:
    return lambda run, x, step: run.of_matrices(name, x[0], step.shape)


def _cofactors(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    determinants = run.of_matrices("det", x[0], step.shape[:-2])
    return determinants[..., None, None] * np.swapaxes(run.of_matrices("inv", x[0], step.shape), -1, -2)


def _logdet(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    return run.each(lambda d: run.table["log"](abs(d)), run.of_matrices("det", x[0], step.shape))


def _convolution(run: Arrays, x: Sequence[Array], step: Instruction) -> Array:
    total = run.zeros(step.shape)
    for j in range(x[1].shape[-1]):
        total[..., j : j + x[0].shape[-1]] += x[0] * x[1][..., j : j + 1]
    return total


_OF_MATRICES = ("inv", "det", "cholesky", "expm", "sinm", "cosm", "sqrtm", "pinv")

_MEANINGS: Mapping[str, _Meaning] = {
    **{name: _moved(f) for name, f in (("add", np.add), ("subtract", np.subtract), ("multiply", np.multiply), ("negative", np.negative))},
    "divide": lambda run, x, step: run.each(operator.truediv, *x),
    "power": _primitive("power"),
    "sqrt": _primitive("sqrt"),
    "compare": _compare,
    "where": _moved(np.where),
    "real": lambda run, x, step: run.each(lambda n: run.table["number"](int(n)), x[0].astype(object)),
    "integer": lambda run, x, step: x[0].astype(np.intp),
    "view": _view,
    "drop": _moved(np.squeeze),
    "broadcast": lambda run, x, step: np.broadcast_to(x[0], run.shape(step.parameters[0])),
    "sum": _moved(np.sum),
    "diagonal": lambda run, x, step: np.diagonal(x[0], 0, *step.parameters[0]),
    "embed": _embed,
    "matmul": _moved(np.matmul),
    "inner": lambda run, x, step: np.sum(x[0] * x[1]),
    "tensordot": lambda run, x, step: np.tensordot(x[0], x[1], step.parameters),
    "einsum": lambda run, x, step: np.einsum(step.parameters[0], *x),
    "gram": _gram,
    "index": lambda run, x, step: x[0][run.items(step.parameters[0])],
    "place": _place,
    "concatenate": lambda run, x, step: np.concatenate(x, axis=step.parameters[0]),
    "reshape": lambda run, x, step: np.reshape(x[0], run.shape(step.parameters[0])),
    "flip": _moved(np.flip),
    "roll": lambda run, x, step: np.roll(x[0], run.shift(step.parameters[0]), step.parameters[1]),
    "gather": lambda run, x, step: x[0][x[1]],
    "scatter": _scatter,
    "onehot": _onehot,
    "max": _moved(np.max),
    "min": _moved(np.min),
    "prod": _moved(np.prod),
    "cumsum": _moved(np.cumsum),
    "cumprod": _moved(np.cumprod),
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": lambda run, x, step: run.each(run.table["log"], _softmax(run, x, step)),
    "balanced": lambda run, x, step: x[0],
    "orthogonal": lambda run, x, step: x[0],
    "norm": lambda run, x, step: run.each(run.table["sqrt"], x[0]),
    "unit": lambda run, x, step: run.each(operator.truediv, x[0], np.expand_dims(x[1], step.parameters[0])),
    **{name: _of_each_matrix(name) for name in _OF_MATRICES},
    "cofactors": _cofactors,
    "logdet": _logdet,
    "sort": _moved(np.sort),
    "cummax": _moved(np.maximum.accumulate),
    "cummin": _moved(np.minimum.accumulate),
    "take_sorted": _moved(take_sorted),
    "take_ranked": _moved(take_ranked),
    "convolution": _convolution,
    "tril": _moved(np.tril),
    "triu": _moved(np.triu),
    "cross": _moved(np.cross),
}
"""The instructions over arrays of objects. Fréchet derivatives, pseudoinverses and operations declared in this process have none."""

_PLAIN = frozenset(("constant", "size", "call"))
_NEEDS: Mapping[str, tuple[str, ...]] = {"cofactors": ("inv", "det"), "logdet": ("det",)}
"""The functions of matrices that an instruction is made of, where it is not one itself."""
