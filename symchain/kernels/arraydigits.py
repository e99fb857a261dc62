"""The array instructions over numbers with many digits: for calls in which float64 has no finite answer although there is one.

A plan is interpreted, instruction by instruction, over arrays of mpmath's numbers. What has no real value is nan, for its element
alone; a plan with an instruction that has no meaning over such numbers here is left as it is.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symchain.kernels import digits
from symchain.kernels.definitions import value_of
from symchain.kernels.kernel import Instruction, Output, Plan
from symchain.kernels.limits import GLANCE, PRECISION, approached, is_corner, is_near, pairs_around
from symchain.kernels.matrices import take_ranked, take_sorted
from symchain.support.dimensions import Dim, evaluate
from symchain.support.precision import precision

Array = Any
"""A NumPy array: of mpmath's numbers, of booleans, or of labels."""

LABOUR = 4000
"""Calls that take more operations on numbers than this are left as they are: they are run dozens of times, at microseconds each."""
_PRECISIONS = (400, 900)
"""In bits. What two runs agree on is settled."""
_AGREED = 2.0**-60
_NOTHING = 2.0**-1074


def labour(plan: Plan, sizes: Sequence[int]) -> float:
    """Operations on numbers that one run takes at these sizes of the letters; infinite where an instruction has no meaning here."""
    return _Arrays(plan, dict(zip(plan.letters, sizes, strict=True))).labour()


def reworked(plan: Plan, values: Sequence[Any], sizes: Sequence[int], results: Sequence[Any], all_of_them: bool = False) -> list[Any]:
    """The results; what is not finite there, or all, is replaced where more digits, or a limit, give it a value.

    values: arrays or numbers, of integers where labels are wanted; sizes: those of the plan's letters; results: arrays or numbers.
    """
    found = [np.array(r, float) for r in results]
    arrays = _Arrays(plan, dict(zip(plan.letters, sizes, strict=True)))
    if all(np.all(np.isfinite(v)) for v in values) and arrays.labour() <= LABOUR:
        with precision(bits=_PRECISIONS[0]):  # the digits are those of the process: one thread at a time sets them
            _Point(arrays, values).rework(found, all_of_them)
    return [r[()] for r in found]


class _Point:
    """A plan at arguments: they are numbers in a row for `limits`, and arrays for the plan."""

    def __init__(self, arrays: _Arrays, values: Sequence[Any]) -> None:
        self.arrays = arrays
        self.inputs = arrays.plan.inputs
        self.values = [np.asarray(v) for v in values]
        self.row = [float(x) for i, v in zip(self.inputs, self.values, strict=True) if not i.integer for x in v.ravel()]

    def at(self, row: Sequence[Any]) -> list[Array]:
        """The results where the arguments have these numbers."""
        given, numbers = [], iter(row)
        for declared, value in zip(self.inputs, self.values, strict=True):
            if declared.integer:
                given.append(value)
                continue
            array = np.empty(value.shape, object)
            array.ravel()[:] = [next(numbers) for _ in range(value.size)]
            given.append(array)
        return self.arrays(given)

    def rework(self, results: Sequence[Any], all_of_them: bool) -> None:
        """Put what has a value with many digits, or a limit, where there is none yet, or everywhere."""
        missing = [np.array(~np.isfinite(r) | all_of_them) for r in results]
        runs = []
        wide = 3 * max((abs(math.frexp(x)[1]) for x in self.row if x), default=0)  # exp(x) - 1 - x needs three times the digits of a tiny x
        for bits in _PRECISIONS:
            with precision(bits=bits + wide):
                runs.append(self.at([self.arrays.table["number"](x) for x in self.row]))
        on_a_boundary = self.arrays.at_a_tie
        for result, wanted, few, many in zip(results, missing, *runs, strict=True):
            for at in _places(wanted):
                value = _settled(few[at], many[at])
                if value is not None:
                    result[at] = value
                    wanted[at] = on_a_boundary and result is not results[0]
        if any(m.any() for m in missing):
            self._take_limits(results, missing)

    def _take_limits(self, results: Sequence[Any], missing: Sequence[Any]) -> None:
        """Put limits where they are wanted: of derivatives along their own variables first, where the value itself is known."""
        outputs = self.arrays.plan.outputs
        everything = range(len(self.row))
        if outputs[0].kind != "value" or results[0].ndim:
            self._limits_of(range(len(outputs)), everything, results, missing)
            return
        self._limits_of([0], everything, results, missing)
        beside = float(results[0]) if missing[0].any() else None  # of a quotient by 0 float64 has the value of one side
        if beside is None:
            for k, output in enumerate(outputs[1:], 1):
                self._limits_of([k], self._own(output), results, missing)
        if beside is None or np.isfinite(beside):  # what has no value has no slope
            self._limits_of(range(1, len(outputs)), everything, results, missing, beside)

    def _limits_of(
        self, which: Sequence[int], moved: Sequence[int], results: Sequence[Any], missing: Sequence[Any], beside: float | None = None
    ) -> None:
        """Put the limits of some results, where only `moved` move; `beside` leaves out sides on which the value approaches another."""
        wanted = [(k, at) for k in which for at in _places(missing[k])]
        if not wanted or not moved or not self._glance(moved, wanted):
            return
        with precision(bits=PRECISION):
            around = [(self.at(far), self.at(near)) for far, near in pairs_around(self.row, moved)]
            if beside is not None:
                around = [(far, near) for far, near in around if _is_finite(near[0][()]) and is_near(near[0][()], beside)]
            for k, at in wanted:
                pairs = [(far[k][at], near[k][at]) for far, near in around]
                limit = _limit(pairs)
                if limit is None and self.arrays.plan.outputs[k].kind == "gradient" and _is_corner(pairs):
                    limit = 0.0
                if limit is not None:
                    results[k][at] = limit
                    missing[k][at] = False

    def _own(self, output: Output) -> tuple[int, ...]:
        """The places in the row of the variables that an output is a derivative by."""
        places: list[int] = []
        start = 0
        for declared, value in zip(self.inputs, self.values, strict=True):
            if not declared.integer:
                places += range(start, start + value.size) if declared.name in output.names else ()
                start += value.size
        return tuple(places)

    def _glance(self, moved: Sequence[int], wanted: Sequence[tuple[int, tuple[int, ...]]]) -> bool:
        """Whether any of what is wanted has a value nearby; with few digits, which is quick."""
        with precision(bits=GLANCE):
            for far, _ in pairs_around(self.row, moved):
                results = self.at(far)
                if any(_is_finite(results[k][at]) for k, at in wanted):
                    return True
        return False


def _places(wanted: Any) -> list[tuple[int, ...]]:
    return [tuple(at) for at in np.argwhere(wanted)]


def _settled(few: Any, many: Any) -> float | None:
    if not (_is_finite(few) and _is_finite(many)):
        return None
    if max(abs(few), abs(many)) < _NOTHING:
        return 0.0
    return digits.rounded(many) if abs(few - many) <= _AGREED * abs(many) else None


def _limit(pairs: Sequence[tuple[Any, Any]]) -> float | None:
    """What is approached on the sides that have values."""
    real = [(far, near) for far, near in pairs if _is_finite(far) and _is_finite(near)]
    return approached(real) if real else None


def _is_corner(pairs: Sequence[tuple[Any, Any]]) -> bool:
    return all(_is_finite(x) for pair in pairs for x in pair) and is_corner(pairs)


def _is_finite(x: Any) -> bool:
    import mpmath

    return bool(mpmath.isfinite(x))


# ---------------------------------------------------------------- instructions


class _Arrays:
    """A plan at sizes of its letters, as a function of arrays of mpmath's numbers."""

    def __init__(self, plan: Plan, sizes: Mapping[str, int]) -> None:
        self.plan = plan
        self.sizes = sizes
        self.at_a_tie = False
        """Whether what was compared was equal, or a sign was asked of 0: then what was chosen holds at the point alone."""
        self.table = {**digits.functions(), **{sign: self._compared(f) for sign, f in _COMPARED.items()}}
        for name in ("sign", "abs"):
            self.table[name] = self._signed(self.table[name])

    def _compared(self, f: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def compare(x: Any, y: Any) -> Any:
            self.at_a_tie |= x == y
            return f(x, y)

        return compare

    def _signed(self, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def signed(x: Any) -> Any:
            self.at_a_tie |= x == 0
            return f(x)

        return signed

    def labour(self) -> float:
        """Operations on numbers that one run takes; infinite where an instruction has no meaning here."""
        first, total = len(self.plan.inputs), 0
        for step in map(self.plan.instruction, self.plan.needed()):
            if step.opcode not in _MEANINGS and step.opcode not in ("constant", "size", "call"):
                return float("inf")
            read = [self.plan.inputs[v].shape if v < first else self.plan.instruction(v).shape for v in step.operands]
            total += sum(math.prod(self._size(d) for d in shape) for shape in (step.shape, *read))
        return total

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
            return _each(lambda *x: value_of(step.parameters[1], x, self.table), *operands)
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


def _each(f: Callable[..., Any], *arrays: Array) -> Array:
    """The function of each element; nan where it has no real value."""
    import mpmath
    from mpmath.libmp import NoConvergence

    def g(*x: Any) -> Any:
        if any(v != v for v in x):
            return mpmath.nan
        try:
            result = f(*x)
        except (ArithmeticError, ValueError, TypeError, NoConvergence):
            return mpmath.nan
        return mpmath.nan if isinstance(result, mpmath.mpc) else result

    return np.asarray(np.frompyfunc(g, len(arrays), 1)(*arrays), object)


_Meaning = Callable[[_Arrays, Sequence[Array], Instruction], Any]


def _primitive(name: str) -> _Meaning:
    return lambda run, x, step: _each(run.table[name], *x)


def _moved(f: Callable[..., Any]) -> _Meaning:
    """A function of NumPy that takes arrays of objects: f(x, y, ..., *parameters)."""
    return lambda run, x, step: f(*x, *step.parameters)


_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt},
    **{">=": operator.ge, "==": operator.eq, "!=": operator.ne},
}


def _compare(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    return np.asarray(np.frompyfunc(run.table[step.parameters[0]], 2, 1)(*x), bool)


def _view(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    (axes,) = step.parameters
    moved = np.transpose(x[0], [a for a in axes if a is not None])
    return moved[tuple(None if a is None else slice(None) for a in axes)]


def _embed(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    pattern, shape = step.parameters
    result = run.zeros(shape)
    np.einsum(result, list(pattern), list(dict.fromkeys(pattern)))[...] = x[0][()]
    return result


def _gram(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    return x[0].T @ (x[1][:, None] * x[0])


def _place(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    items, shape = step.parameters
    result = run.zeros(shape)
    result[run.items(items)] = x[0][()]  # a number by itself, not an array of it
    return result


def _scatter(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    result = run.zeros(step.shape)
    np.add.at(result, x[1], x[0])
    return result


def _onehot(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    return _each(run.table["number"], (np.arange(run.shape(step.shape)[-1]) == x[0][..., None]).astype(object))


def _logsumexp(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    return _each(run.table["log"], np.sum(_each(run.table["exp"], x[0]), axis=step.parameters[0]))


def _softmax(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    e = _each(run.table["exp"], x[0])
    return _each(operator.truediv, e, np.sum(e, axis=step.parameters[0], keepdims=True))


def _of_matrices(name: str, prepared: Callable[[Array], Array] = np.asarray) -> _Meaning:
    """A function of each matrix of a stack, by mpmath's of that name; nan where it has no value."""

    def meaning(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
        import mpmath

        result = np.full(run.shape(step.shape), run.table["number"](1), object)
        for at in np.ndindex(x[0].shape[:-2]) if x[0].size else ():  # the determinant of no rows is 1
            try:
                value = getattr(mpmath, name)(mpmath.matrix(prepared(x[0][at]).tolist()))
                result[at] = np.array(value.tolist(), object) if isinstance(value, mpmath.matrix) else value
            except (ArithmeticError, ValueError, TypeError):
                result[at] = mpmath.nan
        return result

    return meaning


_inverses, _determinants = _of_matrices("inverse"), _of_matrices("det")


def _cofactors(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    determinants = np.asarray(_determinants(run, x, replace(step, shape=step.shape[:-2])), object)
    return determinants[..., None, None] * np.swapaxes(_inverses(run, x, step), -1, -2)


def _logdet(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    return _each(lambda d: run.table["log"](abs(d)), _determinants(run, x, step))


def _convolution(run: _Arrays, x: Sequence[Array], step: Instruction) -> Array:
    total = run.zeros(step.shape)
    for j in range(x[1].shape[-1]):
        total[..., j : j + x[0].shape[-1]] += x[0] * x[1][..., j : j + 1]
    return total


_MEANINGS: Mapping[str, _Meaning] = {
    **{name: _moved(f) for name, f in (("add", np.add), ("subtract", np.subtract), ("multiply", np.multiply), ("negative", np.negative))},
    "divide": lambda run, x, step: _each(operator.truediv, *x),
    "power": _primitive("power"),
    "sqrt": _primitive("sqrt"),
    "compare": _compare,
    "where": _moved(np.where),
    "real": lambda run, x, step: _each(lambda n: run.table["number"](int(n)), x[0].astype(object)),
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
    "log_softmax": lambda run, x, step: _each(run.table["log"], _softmax(run, x, step)),
    "balanced": lambda run, x, step: x[0],
    "orthogonal": lambda run, x, step: x[0],
    "norm": lambda run, x, step: _each(run.table["sqrt"], x[0]),
    "unit": lambda run, x, step: _each(operator.truediv, x[0], np.expand_dims(x[1], step.parameters[0])),
    "inv": _inverses,
    "cofactors": _cofactors,
    "det": _determinants,
    "logdet": _logdet,
    "cholesky": _of_matrices("cholesky", lambda a: (a + a.T) / 2),
    "expm": _of_matrices("expm"),
    "sinm": _of_matrices("sinm"),
    "cosm": _of_matrices("cosm"),
    "sqrtm": _of_matrices("sqrtm"),
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

__all__ = ["LABOUR", "labour", "reworked"]
