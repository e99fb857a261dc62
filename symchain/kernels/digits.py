"""The code of numbers, run with as many digits as it takes: for samples that float64 loses on the way to a result that it can hold.

S**n/(K**n + S**n) at S = 1e200 is inf/inf in float64, and 0.99 in truth. Numbers of mpmath have no largest exponent, so the same code
gives the value; it is run with more and more digits until two runs agree.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

from symchain.kernels.definitions import completed
from symchain.kernels.moredigits import special_functions
from symchain.support.precision import precision

_PRECISIONS = (120, 240, 480, 960, 1920, 3840, 7680)
"""In bits."""
_LEAST = 90
_PATIENCE = 4.0
"""In seconds: a run that would take longer, were the time to grow with the square of the digits, is not tried."""
_FOR_ZERO = 3840
"""What looks like zero is held against this many at once."""
_AGREED = 2.0**-60
_NOTHING = 2.0**-1074
_LARGEST = 2.0**1000
"""Arguments of exponentials and circular functions beyond this would take forever."""


def functions() -> Mapping[str, Any]:
    """The primitives over mpmath; what is not real raises ValueError."""
    import mpmath as mp

    def bounded(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def g(x: Any) -> Any:
            if not abs(x) < _LARGEST:
                raise OverflowError
            return f(x)

        return g

    def real(f: Callable[..., Any]) -> Callable[..., Any]:
        def g(*args: Any) -> Any:
            result = f(*args)
            if isinstance(result, mp.mpc):  # mpmath goes on beyond the domain, where the functions meant here end
                raise ValueError
            return result

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
    table: dict[str, Any] = {
        **{name: real(getattr(mp, name)) for name in ("log", "log1p", "log10", "sqrt", "hypot", "erf", "erfc", "gamma", "sign", "floor")},
        "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
        **{f"arc{name}": real(getattr(mp, f"a{name}")) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")},
        **{"exp": exp, "expm1": expm1, "sin": sin, "cos": cos, "tan": tan, "sinh": sinh, "cosh": cosh, "tanh": tanh},
        "number": lambda n, d=1: mp.mpf(n) / d,
        "pi": mp.pi,
        "inf": mp.inf,
        "nan": mp.nan,
        "abs": abs,
        "power": real(lambda x, y: exp(y * mp.log(x)) if x > 0 else mp.power(x, y)),
        "sigmoid": expit,
        "gammaln": lambda x: mp.re(mp.loggamma(x)),
        "erfcx_slope": lambda x: 2 * x * exp(x * x) * mp.erfc(x) - 2 / mp.sqrt(mp.pi),
        "sinc": mp.sincpi,
        **{name: real(f) for name, f in special_functions(bounded).items()},
    }
    return completed(table)


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
    pace = 0.0
    while precisions:
        bits = precisions.pop(0)
        if pace * bits**2 > _PATIENCE:
            return None
        _run.reach = 0
        start = perf_counter()
        with precision(bits=bits):
            results = run(f, values)
            if results is None:
                return None
            pace = (perf_counter() - start) / bits**2
            settled = [_settled(a, b, bits) for a, b in zip(before, results, strict=True)] if before else [False]
            if all(settled):
                return [rounded(r) for r in results]
            if before and any(mpmath.ldexp(abs(b), bits // 2) < 1 for b, done in zip(results, settled, strict=True) if not done):
                precisions = [p for p in precisions if p >= _FOR_ZERO]
        wanted = _LEAST + 3 * min(_run.reach, _PRECISIONS[-1])
        before = results if bits > wanted else []
        precisions = [p for p in precisions if p > wanted] or precisions[-2:]
    return None


def _settled(a: Any, b: Any, bits: int) -> bool:
    """Whether two runs agree, the second with twice the digits; what is nothing with the most digits is nothing."""
    if bits > _FOR_ZERO and 4 * abs(a) < _NOTHING and 4 * abs(b) < _NOTHING:
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
