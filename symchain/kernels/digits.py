"""The code for floats, run with as many digits as it takes: for samples that float64 loses on the way to a result that it can hold.

S**n/(K**n + S**n) at S = 1e200 is inf/inf in float64, and 0.99 in truth. Numbers of mpmath have no largest exponent, so the same code
gives the value; it is run with more and more digits until two runs agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from symchain.support.precision import precision

_PRECISIONS = (120, 240, 480, 960, 1920, 3840, 7680)
"""In bits."""
_AGREED = 2.0**-60
_LARGEST = 2.0**1000
"""Arguments of exponentials and circular functions beyond this would take forever."""


def functions() -> Mapping[str, Any]:
    """What the code for floats calls, over mpmath: `math`, and the helpers by what they mean."""
    import mpmath as mp

    def bounded(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def g(x: Any) -> Any:
            if not abs(x) < _LARGEST:
                raise OverflowError
            return f(x)

        return g

    def exp(x: Any) -> Any:
        return mp.exp(x) if abs(x) < _LARGEST else mp.mpf(0) if x < 0 else mp.inf

    def expit(x: Any) -> Any:
        e = exp(-abs(x))
        return (e if x < 0 else 1) / (1 + e)

    def tanh(x: Any) -> Any:
        return mp.tanh(x) if abs(x) < _LARGEST else mp.sign(x)

    expm1, sin, cos, tan, sinh, cosh = map(bounded, (mp.expm1, mp.sin, mp.cos, mp.tan, mp.sinh, mp.cosh))
    same = ("log", "sqrt", "cbrt", "hypot", "asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh", "erf", "erfc", "gamma")
    math = SimpleNamespace(
        **{name: getattr(mp, name) for name in same},
        exp=exp, expm1=expm1, sin=sin, cos=cos, tan=tan, sinh=sinh, cosh=cosh, tanh=tanh,
        log1p=mp.log1p, log2=lambda x: mp.log(x, 2), log10=mp.log10, exp2=lambda x: exp(x * mp.log(2)),
        pow=lambda x, y: exp(y * mp.log(x)) if x > 0 else mp.power(x, y), copysign=lambda x, y: abs(x) if y >= 0 else -abs(x),
        lgamma=lambda x: mp.re(mp.loggamma(x)), pi=mp.pi, inf=mp.inf, isfinite=mp.isfinite,
    )  # fmt: skip
    return {
        "math": math,
        "square": lambda x: x * x,
        "sign": mp.sign,
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
        "cardinal_sine_of_floats": mp.sincpi,
        "sigmoid_less_of_floats": lambda x, y: expit(x) - expit(y),
        "reciprocal_less_of_floats": lambda x, y: 1 / x - 1 / y,
        "power_less_one_of_floats": lambda x, y: math.pow(x, y) - 1,
        "power_of_one_plus_of_floats": lambda x, y: math.pow(1 + x, y),
        "power_of_one_plus_less_one_of_floats": lambda x, y: math.pow(1 + x, y) - 1,
        "kl_bernoulli_of_floats": lambda x, y: x * mp.log(x / y) + (1 - x) * mp.log((1 - x) / (1 - y)),
        "ndtr": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
        "psi": lambda x: mp.psi(0, x),
        "i0": lambda x: mp.besseli(0, bounded(abs)(x)),
        "i1": lambda x: mp.besseli(1, bounded(lambda x: x)(x)),
    }


def evaluated(f: Callable[..., Sequence[Any]], values: Sequence[float]) -> list[float] | None:
    """The results of the code at finite arguments, each rounded once; None where there are none, or none with so few digits."""
    import mpmath
    from mpmath.libmp import NoConvergence

    before: list[Any] = []
    last: list[Any] = []
    results: list[Any] = []
    for bits in _PRECISIONS:
        with precision(bits=bits):
            try:
                results = [mpmath.mpf(r) for r in f(*map(mpmath.mpf, values))]
            except (ArithmeticError, ValueError, TypeError, NoConvergence):
                return None
            if not all(map(mpmath.isfinite, results)):
                return None
            if last and all(b and abs(a - b) <= _AGREED * abs(b) for a, b in zip(last, results, strict=True)):
                return [_rounded(r) for r in results]
        before, last = last, results
    with precision(bits=_PRECISIONS[-1]):  # what is zero with the most digits is zero
        agreed = all(abs(a - b) <= _AGREED * abs(b) for a, b in zip(before, results, strict=True))
        return [_rounded(r) for r in results] if agreed else None


def _rounded(x: Any) -> float:
    try:
        return float(x)
    except OverflowError:
        return float("inf") if x > 0 else float("-inf")
