"""Kernels whose every number is certain to one unit in the last place: plans run over balls, with more digits until it is so.

A ball is a number with a rigorous bound of its error (see `balls`), so what it says of a formula is a proof. It is slow, and some things
it cannot say: then PrecisionError names the component and why. At a tie (x == y in a choice, the sign of 0) a formula of a derivative
gives that of the case taken; whether the function has a derivative there is asked of the formula on every side, very near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, PrecisionError, UnsupportedError
from symchain.kernels import balls
from symchain.kernels.arguments import SINGLE, admit, sizes
from symchain.kernels.balls import Ball, Undecided
from symchain.kernels.facts import check_all
from symchain.kernels.interpreter import Array, Arrays, Kind
from symchain.kernels.kernel import Kernel, Output, Plan
from symchain.kernels.numpy import NumPyBackend, NumPyCode, no_derivative
from symchain.support.precision import precision

_PRECISIONS = (128, 512, 2048, 8192)
"""In bits."""
_NEAR = 2.0**-60
"""Values on the sides of a tie that differ by less, relatively, are one; they are looked at this side of 2**-400 from it."""
_BESIDE = 400
_NOTHING = 2.0**-200
_SIDES = 4


class CertifiedBackend(NumPyBackend):
    """Plans over balls."""

    name = "certified"

    def code(self, plan: Plan, options: Mapping[str, Any]) -> NumPyCode:
        return CertifiedCode(plan, options)

    def source(self, plan: Plan, options: Mapping[str, Any]) -> str:
        """No code: the instructions are run one by one."""
        return "\n".join(f"# {line}" for line in str(Kernel(plan, self, options)).splitlines()) + "\n"

    def alone(self, done: str) -> UnsupportedError:
        """What a kernel says that is only called."""
        return UnsupportedError(f"a certified kernel is not {done}", advice="Compile it without certified=True for that.")

    def exported(self, kernel: Kernel, target: str, at: Mapping[str, Any] | None) -> str:
        raise self.alone("exported")

    def function_on(self, plan: Plan, target: str) -> Callable[..., Any]:
        raise self.alone("written for another library")


def certified_backend(plan: Plan) -> CertifiedBackend:
    """The backend for a plan. Raises UnsupportedError, which names what has no form over balls."""
    run = Arrays(plan, {}, numbers())
    steps = list(map(plan.instruction, plan.needed()))
    missing = [s.opcode for s in steps if not run.has(s.opcode)]
    missing += [name for s in steps if s.opcode == "call" for name in sorted(balls.lacking(s.parameters[1]))]
    if missing:
        what = f"there are no bounds for {', '.join(dict.fromkeys(missing))}"
        raise UnsupportedError(what, advice="Compile it without certified=True.")
    return CertifiedBackend()


class CertifiedCode(NumPyCode):
    """One plan under one set of options, over balls."""

    def described(self) -> str:
        return f"target certified: balls of {_PRECISIONS[0]} to {_PRECISIONS[-1]} bits"

    @property
    def call(self) -> Callable[..., Any]:
        return self._certified

    @cached_property
    def _looked_at(self) -> Plan:
        """The plan with the places at which functions have no derivative as further results."""
        extra = [Output("array", (), v) for g in self.plan.guards for v in (g.value, g.other) if v is not None]
        return replace(self.plan, outputs=(*self.plan.outputs, *extra))

    def _certified(self, /, *values: Any) -> Any:
        converted, kind = admit(self.plan, values)
        for declared, value in zip(self.plan.inputs, converted, strict=True):
            if not np.all(np.isfinite(value)):
                raise ArgumentError(f"{declared.name} is not finite", advice="A certified kernel takes finite numbers.")
        lengths = [] if self.plan.scalar else sizes(self.plan, converted)
        check_all(self.names, self.facts, converted)
        with precision(bits=53):  # the digits of Arb are those of the process: one thread at a time sets them
            results = self._samples_of(converted) if self.plan.scalar else self._at(converted, lengths)
        finished = [r.astype(SINGLE) if kind == SINGLE else r for r in results]
        return self._formed([r[()] for r in finished])

    def _samples_of(self, values: Sequence[Any]) -> list[Array]:
        shape = self._common_shape(values)
        spread = [np.broadcast_to(v, shape) for v in values]
        results = [np.empty(shape) for _ in self.plan.outputs]
        for at in np.ndindex(shape):
            for result, part in zip(results, self._at([v[at] for v in spread], []), strict=True):
                result[at] = part
        return results

    def _at(self, values: Sequence[Any], lengths: Sequence[int]) -> list[Array]:
        point = _Point(self._looked_at, values, lengths)
        count = len(self.plan.outputs)
        why = ""
        for bits in _PRECISIONS:
            with _bits(bits):
                try:
                    found = point.run()
                except Undecided:
                    why = f"a choice is not decided with {bits} bits: what is compared is equal, or nearly so"
                    continue
                tied = point.tied
                looked_at = iter(found[count:])
                for g in self.plan.guards:
                    value, other = next(looked_at), np.array(g.at) if g.other is None else next(looked_at)
                    if any(_same(x, y) for x, y in np.broadcast(value, other)):
                        tied = True
                        if self.guards:
                            raise no_derivative(g)
                rounded, why = self._rounded(found[:count], bits)
            if rounded:
                if tied:
                    self._hold_sides(point, rounded)
                return rounded
        raise PrecisionError(why, advice="Compile it without certified=True for the value float64 gives there.")

    def _rounded(self, found: Sequence[Array], bits: int) -> tuple[list[Array], str]:
        """The results as floats; none, and why not, where one is not certain."""
        results = []
        for output, array in zip(self.plan.outputs, found, strict=True):
            result = np.empty(array.shape)
            for at in np.ndindex(array.shape):
                ball = balls.of(array[at])
                value = balls.rounded(ball) if isinstance(array[at], Ball) else float(ball)
                if value is None:
                    return [], _uncertain(_named(output, at), ball, bits)
                result[at] = value
            results.append(result)
        return results, ""

    def _hold_sides(self, point: _Point, results: Sequence[Array]) -> None:
        """Raises PrecisionError where a derivative at a tie is not what it is on the sides."""
        for k, output in enumerate(self.plan.outputs):
            if output.kind == "value":
                continue
            for moved in point.beside(output.names):
                with _bits(2 * _BESIDE + _PRECISIONS[1]):
                    try:
                        beside = moved.run()[k]
                    except Undecided:
                        beside = np.array(None)
                    for at in np.ndindex(results[k].shape):
                        there = float(balls.of(beside[at])) if beside.shape == results[k].shape else np.nan
                        here = results[k][at]
                        if not abs(there - here) <= max(_NEAR * max(abs(here), abs(there)), _NOTHING):
                            what = f"a choice is tied at this point, and {_named(output, at)} is not the same on every side of it"
                            raise PrecisionError(what, advice="Move the point, or compile it without certified=True for the usual value.")


class _Point:
    """A plan at arguments, over balls; `far` are exact steps away from them, in units of 2**-400."""

    def __init__(self, plan: Plan, values: Sequence[Any], lengths: Sequence[int], far: Sequence[Any] | None = None) -> None:
        self.plan, self.values, self.lengths = plan, values, lengths
        self.far = far
        self.tied = False

    def run(self) -> list[Array]:
        """The results, with the digits that are set."""
        from flint import arb

        run = Arrays(self.plan, dict(zip(self.plan.letters, self.lengths, strict=True)), numbers())
        balls.leave_boundary()
        given = []
        for k, (declared, value) in enumerate(zip(self.plan.inputs, self.values, strict=True)):
            array = np.asarray(value)
            if not declared.integer:
                exact = np.empty(array.shape, object)
                for at in np.ndindex(array.shape):
                    x = arb(float(array[at]))
                    exact[at] = Ball(x if self.far is None else x + arb(float(self.far[k][at])) * arb(2) ** -_BESIDE)
                array = exact
            given.append(array)
        results = run(given)
        self.tied = run.at_a_tie or balls.on_a_boundary()
        return results

    def beside(self, names: Sequence[str]) -> Iterator[_Point]:
        """Points near this one, where the variables of these names alone have moved."""
        random = np.random.default_rng(0)
        for _ in range(_SIDES):
            shapes = [np.shape(v) if i.name in names else () for i, v in zip(self.plan.inputs, self.values, strict=True)]
            moved = [i.name in names for i in self.plan.inputs]
            step = [random.uniform(0.5, 1, s) * random.choice((-1, 1), s) * m for s, m in zip(shapes, moved, strict=True)]
            step = [np.broadcast_to(s, np.shape(v)) for s, v in zip(step, self.values, strict=True)]
            for sign in (1, -1):
                yield _Point(self.plan, self.values, self.lengths, [sign * np.asarray(s) for s in step])


@cache
def numbers() -> Kind:
    """Balls, as the interpreter takes them."""
    from flint import arb

    nan = Ball(arb.nan())
    return Kind(
        table=balls.functions(),
        nan=nan,
        is_nan=lambda x: isinstance(x, Ball) and x.x.is_nan(),
        is_real=lambda x: True,
        same=_same,
        failures=(ArithmeticError, TypeError),
        matrices={"inv": _inverse, "det": _determinant, "expm": _exponential, "cholesky": _root, "pinv": _pseudoinverse},
    )


def _same(x: Any, y: Any) -> bool:
    return bool(balls.of(x) == balls.of(y))


def _bits(count: int) -> Any:
    from flint import ctx

    return ctx.workprec(count)


def _matrix(a: Array) -> Any:
    from flint import arb, arb_mat

    return arb_mat([[arb(balls.of(x)) for x in row] for row in a.tolist()])


def _array(matrix: Any) -> Array:
    result = np.empty((matrix.nrows(), matrix.ncols()), object)
    for at in np.ndindex(result.shape):
        result[at] = Ball(matrix[at])
    return result


def _inverse(a: Array) -> Array:
    return _array(_matrix(a).inv())


def _pseudoinverse(a: Array) -> Array:
    """Of a matrix whose rank is surely full; of others no digits tell the rank."""
    a = _matrix(a)
    t = a.transpose()
    return _array((t * a).inv() * t if a.nrows() >= a.ncols() else t * (a * t).inv())


def _determinant(a: Array) -> Ball:
    return Ball(_matrix(a).det())


def _exponential(a: Array) -> Array:
    return _array(_matrix(a).exp())


def _root(a: Array) -> Array:
    """Cholesky's factor of the symmetric part, column by column."""
    from flint import arb

    n = len(a)
    result = np.full((n, n), Ball(arb(0)), object)
    for j in range(n):
        for i in range(j, n):
            rest = (a[i, j] + a[j, i]) / 2 - sum((result[i, k] * result[j, k] for k in range(j)), Ball(arb(0)))
            result[i, j] = Ball(balls.of(rest).sqrt()) if i == j else rest / result[j, j]
    return result


def _named(output: Output, at: Sequence[int]) -> str:
    entry = f"[{', '.join(map(str, at))}]" if at else ""
    by = f"[{', '.join(output.names)}]" if output.names else ""
    return f"{output.kind}{by}{entry}"


def _uncertain(name: str, ball: Any, bits: int) -> str:
    if not ball.is_finite():
        return f"{name} has no finite value that can be bounded"
    if ball.contains(0):
        return f"{name} may be 0: with {bits} bits it is within {ball.str(3)}"
    return f"{name} is not certain with {bits} bits: it is within {ball.str(20)}"


__all__ = ["CertifiedBackend", "certified_backend"]
