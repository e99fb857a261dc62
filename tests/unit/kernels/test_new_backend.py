"""How a backend is written: a table of the core primitives, and what makes code of a plan. This one runs every function of the language.

Its numbers are those of mpmath, its code is closures. It knows nothing of NumPy, and what kernels compute is held against it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import mpmath as mp
import pytest

import symchain
from symchain.errors import UnsupportedError
from symchain.functions import FUNCTIONS
from symchain.kernels.definitions import CORE, completed, value_of
from symchain.kernels.kernel import Kernel, Plan


def _owens_t(h: Any, a: Any) -> Any:
    return mp.quad(lambda t: mp.exp(-h * h * (1 + t * t) / 2) / (1 + t * t), [0, a]) / (2 * mp.pi)


def _erfcinv(x: Any) -> Any:
    return mp.findroot(lambda y: mp.log(mp.erfc(y) / x), mp.sqrt(-mp.log(x)) if x < 0.1 else mp.erfinv(1 - x))


TABLE: Mapping[str, Any] = {
    "number": mp.mpf, "pi": mp.pi, "inf": mp.inf, "nan": mp.nan,
    "exp": mp.exp, "expm1": mp.expm1, "log": mp.log, "log1p": mp.log1p, "sqrt": mp.sqrt, "power": mp.power, "sin": mp.sin, "cos": mp.cos,
    "tanh": mp.tanh, "arctan2": mp.atan2, "abs": abs, "floor": mp.floor, "erf": mp.erf, "erfc": mp.erfc, "erfinv": mp.erfinv,
    "erfcinv": _erfcinv, "gamma": mp.gamma, "gammaln": lambda x: mp.re(mp.loggamma(x)), "psi": mp.digamma, "zeta": mp.zeta,
    "gammainc": lambda a, x: mp.gammainc(a, 0, x, regularized=True), "gammaincc": lambda a, x: mp.gammainc(a, x, regularized=True),
    "betainc": lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True), "hyp1f1": mp.hyp1f1, "jv": mp.besselj, "yv": mp.bessely,
    "iv": mp.besseli, "kv": mp.besselk, "expi": mp.ei, "expn": mp.expint, "spence": lambda z: mp.re(mp.polylog(2, 1 - z)),
    "sinint": mp.si, "cosint": mp.ci, "fresnels": mp.fresnels, "fresnelc": mp.fresnelc, "airyai": mp.airyai, "airybi": mp.airybi,
    "airyaiprime": lambda x: mp.airyai(x, derivative=1), "airybiprime": lambda x: mp.airybi(x, derivative=1), "ellipk": mp.ellipk,
    "ellipe": mp.ellipe, "hyp2f1": mp.hyp2f1, "owens_t": _owens_t, "lambertw": lambda x: mp.re(mp.lambertw(x)),
}  # fmt: skip
WHOLE = completed(TABLE)
SIGNS: Mapping[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv, "negative": operator.neg,
    "power": mp.power, "sqrt": mp.sqrt,
}  # fmt: skip


class Digits:
    """Scalar plans over mpmath; only what a result needs is worked out."""

    name = "digits"

    def source(self, plan: Plan, options: Mapping[str, Any]) -> str:
        return "\n".join(f"v{k} = {i.opcode} {i.operands} {i.parameters}" for k, i in enumerate(plan.instructions, len(plan.inputs)))

    def function(self, plan: Plan, options: Mapping[str, Any]) -> Callable[..., Any]:
        if not plan.scalar:
            raise UnsupportedError("this backend has no arrays")

        def call(*given: Any) -> Any:
            values = dict(enumerate(map(mp.mpf, given)))
            results = [self._value(plan, o.value, values) for o in plan.outputs]
            gradient = {o.names[0]: r for o, r in zip(plan.outputs, results, strict=True) if o.kind == "gradient"}
            return (results[0], gradient) if plan.order else results[0]

        return call

    def _value(self, plan: Plan, number: int, values: dict[int, Any]) -> Any:
        if number not in values:
            values[number] = self._computed(plan, number, values)
        return values[number]

    def _computed(self, plan: Plan, number: int, values: dict[int, Any]) -> Any:
        step = plan.instruction(number)
        if step.opcode == "constant":
            value, *exact = step.parameters
            return mp.mpf(exact[0]) / exact[1] if exact else +mp.pi if value == "pi" else mp.mpf(value)
        if step.opcode == "where":
            condition, yes, no = step.operands
            return self._value(plan, yes if self._value(plan, condition, values) else no, values)
        operands = tuple(self._value(plan, v, values) for v in step.operands)
        if step.opcode in ("call", "compare"):
            return value_of(step.parameters[1] if step.opcode == "call" else (step.parameters[0], "x0", "x1"), operands, WHOLE)
        return SIGNS[step.opcode](*operands)


@pytest.mark.parametrize("spec", FUNCTIONS.values(), ids=lambda s: s.name)
def test_it_runs_every_function(spec: Any) -> None:
    """Value and slopes agree with the kernels of NumPy."""
    program = symchain.parse(f"value = {spec.name}({', '.join(spec.parameters)})")
    wrt = [p for p, slope in zip(spec.parameters, spec.derivatives, strict=True) if slope is not None]
    kernel = program.compile("value", wrt=wrt, order=1)
    other = Kernel(kernel.plan, Digits())
    compared = 0
    for point in spec.probes[:3]:
        at = dict(zip(spec.parameters, point, strict=True))
        with mp.workdps(60):
            try:
                value, gradient = other(**at)
            except (ZeroDivisionError, ValueError):  # a pole
                continue
            want, slopes = kernel(**at)
            for got, number in [(value, want), *((gradient[n], slopes[n]) for n in wrt)]:
                assert abs(got - number) <= 1e-11 * abs(got) + mp.mpf(2) ** -1070, (at, got, number)
            compared += 1
    assert compared


def test_the_table_is_the_core() -> None:
    assert {name for name in CORE if name.isidentifier()} - {"neg", "where"} == TABLE.keys() - {"number", "pi", "inf", "nan"}
