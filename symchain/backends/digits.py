"""The code for floats, run with as many digits as it takes: for samples that float64 loses on the way to a result that it can hold.

S**n/(K**n + S**n) at S = 1e200 is inf/inf in float64, and 0.99 in truth. Numbers of mpmath have no largest exponent, so the same code
gives the value; it is run with more and more digits until two runs agree.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

_PRECISIONS = (120, 240, 480, 960, 1920, 3840, 7680)
"""In bits."""
_LEAST = 90
_FOR_ZERO = 3840
"""What looks like zero is held against this many at once."""
_AGREED = 2.0**-60
_NOTHING = 2.0**-1074
_LARGEST = 2.0**1000
"""Arguments of exponentials and circular functions beyond this would take forever."""


def functions() -> Mapping[str, Any]:
    """What the code for floats calls, over mpmath: `math`, and the helpers by what they mean."""
    import mpmath as mp

    from symchain.backends.moredigits import special_functions

    def bounded(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def g(x: Any) -> Any:
            if not abs(x) < _LARGEST:
                raise OverflowError
            return f(x)

        return g

    def exp(x: Any) -> Any:
        if abs(x) > _run.reach:
            _run.reach = abs(x)
        return mp.exp(x) if abs(x) < _LARGEST else mp.mpf(0) if x < 0 else mp.inf

    def expit(x: Any) -> Any:
        e = exp(-abs(x))
        return (e if x < 0 else 1) / (1 + e)

    def tanh(x: Any) -> Any:
        return mp.tanh(x) if abs(x) < _LARGEST else mp.sign(x)

    def growing(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: f(x) if abs(x) < _LARGEST else f(mp.sign(x) * mp.inf)

    sin, cos, tan = map(bounded, (mp.sin, mp.cos, mp.tan))
    expm1, sinh, cosh = map(growing, (mp.expm1, mp.sinh, mp.cosh))
    same = ("log", "sqrt", "cbrt", "hypot", "asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh", "erf", "erfc", "gamma")
    math = SimpleNamespace(
        **{name: getattr(mp, name) for name in same},
        exp=exp, expm1=expm1, sin=sin, cos=cos, tan=tan, sinh=sinh, cosh=cosh, tanh=tanh,
        log1p=mp.log1p, log2=lambda x: mp.log(x, 2), log10=mp.log10, exp2=lambda x: exp(x * mp.log(2)),
        pow=lambda x, y: exp(y * mp.log(x)) if x > 0 else mp.power(x, y), copysign=lambda x, y: abs(x) if y >= 0 else -abs(x),
        radians=mp.radians, degrees=mp.degrees,
        lgamma=lambda x: mp.re(mp.loggamma(x)), pi=mp.pi, isfinite=mp.isfinite,
    )  # fmt: skip
    return {
        "math": math,
        "square": lambda x: x * x,
        "sign": mp.sign,
        "max": max,
        "min": min,
        "heaviside": lambda x, at_zero: mp.mpf(x > 0) if x else at_zero,
        "kl_div_of_floats": lambda x, y: x * mp.log(x / y) - x + y,
        "maximum": max,
        "minimum": min,
        "clip": lambda x, low, high: min(max(x, low), high),
        "where": lambda condition, x, y: x if condition else y,
        "logaddexp": lambda x, y: max(x, y) + mp.log1p(exp(-abs(x - y))),
        "expit": expit,
        "log_expit": lambda x: min(x, 0) - mp.log1p(exp(-abs(x))),
        "xlogy": lambda x, y: x * mp.log(y) if x else x,
        "near_zero_of_floats": lambda value, *series: value,
        "log_plus_of_floats": lambda x, c, *root: mp.log(x) + c,
        "log_quotient_of_floats": lambda x, y: mp.log(x / y),
        "tanh_less_of_floats": lambda x, y: tanh(x) - y,
        "bose_of_floats": lambda x: 1 / expm1(x),
        "silu_of_floats": lambda x: x * expit(x),
        "silu_slope_of_floats": lambda x: expit(x) * (1 + x * expit(-x)),
        "gammaln_of_floats": lambda x: mp.re(mp.loggamma(x)),
        "erfcx_slope_of_floats": lambda x: 2 * x * exp(x * x) * mp.erfc(x) - 2 / mp.sqrt(mp.pi),
        "over_squares_of_floats": lambda x, y: x / (x * x + y * y),
        "root_of_floats": lambda x, y: mp.sqrt(x * x + y),
        "cardinal_sine_of_floats": lambda x: mp.sincpi(x),
        "sigmoid_less_of_floats": lambda x, y: expit(x) - expit(y),
        "reciprocal_less_of_floats": lambda x, y: 1 / x - 1 / y,
        "power_less_one_of_floats": lambda x, y: math.pow(x, y) - 1,
        "power_of_one_plus_of_floats": lambda x, y: math.pow(1 + x, y),
        "power_of_one_plus_less_one_of_floats": lambda x, y: math.pow(1 + x, y) - 1,
        "kl_bernoulli_of_floats": lambda x, y: x * mp.log(x / y) + (1 - x) * mp.log((1 - x) / (1 - y)),
        "number": lambda n, d: mp.mpf(n) / d,
        **special_functions(bounded),
    }


class _Run(threading.local):
    """What happens in one run of the code."""

    reach: Any = 0
    """The largest argument of an exponential."""


_run = _Run()


def evaluated(f: Callable[..., Sequence[Any]], values: Sequence[float]) -> list[float] | None:
    """The results of the code at finite arguments, each rounded once; None where there are none, or none with so few digits.

    Two runs that agree say nothing where both have rounded a tiny number away: exp(x) - 1 - x is -x with too few digits. So they have
    three times as many as the exponents of the arguments, and of the exponentials, ask for.
    """
    import mpmath

    sizes = [abs(math.frexp(v)[1]) for v in values if v]
    least = _LEAST + 3 * max(sizes, default=0)
    before: list[Any] = []
    precisions = [p for p in _PRECISIONS if 2 * p > least or p == _PRECISIONS[-2]]
    while precisions:
        precision = precisions.pop(0)
        _run.reach = 0
        with mpmath.workprec(precision):
            results = run(f, values)
            if results is None:
                return None
            settled = [_settled(a, b, precision) for a, b in zip(before, results, strict=True)] if before else [False]
            if all(settled):
                return [rounded(r) for r in results]
            if before and any(mpmath.ldexp(abs(b), precision // 2) < 1 for b, done in zip(results, settled, strict=True) if not done):
                precisions = [p for p in precisions if p >= _FOR_ZERO]
        wanted = _LEAST + 3 * min(_run.reach, _PRECISIONS[-1])
        before = results if precision > wanted else []
        precisions = [p for p in precisions if p > wanted] or precisions[-2:]
    return None


def _settled(a: Any, b: Any, precision: int) -> bool:
    """Whether two runs agree, the second with twice the digits; what is nothing with the most digits is nothing."""
    if precision > _FOR_ZERO and 4 * abs(a) < _NOTHING and 4 * abs(b) < _NOTHING:
        return True
    return bool(b and abs(a - b) <= _AGREED * abs(b))


def run(f: Callable[..., Sequence[Any]], values: Sequence[Any]) -> list[Any] | None:
    """The results of one run, with the digits that are set; None where one has no value or is not finite."""
    import mpmath
    from mpmath.libmp import NoConvergence

    try:
        results = [mpmath.mpf(r) for r in f(*map(mpmath.mpf, values))]
    except (ArithmeticError, ValueError, TypeError, NoConvergence):
        return None
    return results if all(map(mpmath.isfinite, results)) else None


def rounded(x: Any) -> float:
    try:
        return float(x)
    except OverflowError:
        return float("inf") if x > 0 else float("-inf")
