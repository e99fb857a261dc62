"""Arrays with many digits: for calls in which float64 has no finite answer although there is one.

A plan is interpreted over arrays of mpmath's numbers; what still has no value gets its limit, where there is one. A plan with an
instruction that has no meaning over such numbers is left as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from symchain.kernels import digits
from symchain.kernels.interpreter import Array, Arrays, Kind
from symchain.kernels.kernel import Output, Plan
from symchain.kernels.limits import GLANCE, PRECISION, approached, is_corner, is_near, pairs_around
from symchain.support.precision import precision

LABOUR = 4000
"""Calls that take more operations on numbers than this are left as they are: they are run dozens of times, at microseconds each."""
_PRECISIONS = (400, 900)
"""In bits. What two runs agree on is settled."""
_AGREED = 2.0**-60
_NOTHING = 2.0**-1074


def labour(plan: Plan, sizes: Sequence[int]) -> float:
    """Operations on numbers that one run takes at these sizes of the letters; infinite where an instruction has no meaning here."""
    return Arrays(plan, dict(zip(plan.letters, sizes, strict=True)), mpmath_numbers()).labour()


def reworked(plan: Plan, values: Sequence[Any], sizes: Sequence[int], results: Sequence[Any], all_of_them: bool = False) -> list[Any]:
    """The results; what is not finite there, or all, is replaced where more digits, or a limit, give it a value.

    values: arrays or numbers, of integers where labels are wanted; sizes: those of the plan's letters; results: arrays or numbers.
    """
    found = [np.array(r, float) for r in results]
    arrays = Arrays(plan, dict(zip(plan.letters, sizes, strict=True)), mpmath_numbers())
    if all(np.all(np.isfinite(v)) for v in values) and arrays.labour() <= LABOUR:
        with precision(bits=_PRECISIONS[0]):  # the digits are those of the process: one thread at a time sets them
            _Point(arrays, values).rework(found, all_of_them)
    return [r[()] for r in found]


class _Point:
    """A plan at arguments: they are numbers in a row for `limits`, and arrays for the plan."""

    def __init__(self, arrays: Arrays, values: Sequence[Any]) -> None:
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


def _of_mpmath(name: str, matrix: Array) -> Any:
    import mpmath

    value = getattr(mpmath, name)(mpmath.matrix(matrix.tolist()))
    return np.array(value.tolist(), object) if isinstance(value, mpmath.matrix) else value


_OF_MATRICES: Mapping[str, Callable[[Array], Any]] = {
    **{name: partial(_of_mpmath, name) for name in ("det", "expm", "sinm", "cosm", "sqrtm")},
    "inv": partial(_of_mpmath, "inverse"),
    "cholesky": lambda a: _of_mpmath("cholesky", (a + a.T) / 2),
}


def mpmath_numbers() -> Kind:
    """Numbers of mpmath, with the digits that are set when they are used."""
    import mpmath
    from mpmath.libmp import NoConvergence

    failures = (ArithmeticError, ValueError, TypeError, NoConvergence)
    return Kind(
        table=digits.functions(),
        nan=mpmath.nan,
        is_nan=lambda x: x != x,
        is_real=lambda x: not isinstance(x, mpmath.mpc),
        same=lambda x, y: bool(x == y),
        failures=failures,
        matrices=_OF_MATRICES,
    )


__all__ = ["LABOUR", "labour", "reworked"]
