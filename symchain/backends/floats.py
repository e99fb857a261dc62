"""NumPy code over plain Python floats: the same values from `math`, several times faster on single numbers.

What `math` refuses (overflow, a point outside the domain) raises, and the caller falls back to NumPy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial

_SAME = (
    "exp",
    "log",
    "log1p",
    "expm1",
    "log2",
    "log10",
    "exp2",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "sqrt",
    "cbrt",
    "hypot",
    "copysign",
)
_OTHER = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
}
SPECIAL = frozenset(
    {"ndtr", "psi", "polygamma", "zeta", "i0", "i1", "iv", "i0e", "i1e", "j0", "j1", "jv", "y0", "y1", "yv", "k0", "k1", "kv", "k0e", "k1e"}
    | {"binom", "poch", "beta", "betaln", "betainc", "betaincc", "gammainc", "gammaincc", "expi", "exp1", "erfi", "erfinv", "erfcinv"}
    | {"erfcx", "dawsn", "hyp1f1", "spence", "log_ndtr", "logit", "xlog1py", "entr", "rel_entr", "exprel", "boxcox", "boxcox1p", "cosm1"}
    | {"huber"}
)
"""What SciPy computes of single numbers too."""
MATH: Mapping[str, str] = {
    **{f"special.{name}": f"special_{name}" for name in sorted(SPECIAL)},
    **{f"np.{name}": f"math.{name}" for name in _SAME},
    **{f"np.{numpy}": f"math.{name}" for numpy, name in _OTHER.items()},
    "np.power": "math.pow",
    "np.pi": "math.pi",
    "np.abs": "abs",
    "np.square": "square",
    "np.sign": "sign",
    "np.maximum": "maximum",
    "np.minimum": "minimum",
    "np.clip": "clip",
    "np.where": "where",
    "np.logaddexp": "logaddexp",
    "special.erf": "math.erf",
    "special.erfc": "math.erfc",
    "special.gamma": "math.gamma",
    "np.heaviside": "heaviside",
    "np.deg2rad": "math.radians",
    "np.rad2deg": "math.degrees",
    "kl_div": "kl_div_of_floats",
    "gammaln": "gammaln_of_floats",
    "sigmoid": "expit",
    "silu": "silu_of_floats",
    "special.log_expit": "log_expit",
    "special.xlogy": "xlogy",
}
"""NumPy and SciPy functions, and what computes the same of floats wherever it does not raise."""

INLINE: Mapping[str, str] = {"sigmoid({0})": "1.0/(1.0 + math.exp(-{0}))", "np.maximum({0}, 0)": "max({0}, 0.0)"}
"""Whole templates that are worth the call they save."""
PAIRED = "sigmoid({0})"
"""Wanted at x and at -x, it is computed for both at once."""

_CALLED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|[A-Za-z_]\w*(?=\()")
_INTEGER = re.compile(r"(?<![\w.{*])(?<!e-)\d+(?![\w.}])")


class NoFloats(Exception):
    """There is no such code for the plan."""


@lru_cache(maxsize=1024)
def for_floats(template: str) -> str:
    """A NumPy template over floats. Raises NoFloats where there is none."""

    def replaced(match: re.Match[str]) -> str:
        if match[0] not in MATH:
            raise NoFloats
        return MATH[match[0]]

    return INLINE.get(template) or _INTEGER.sub(r"\g<0>.0", _CALLED.sub(replaced, template))


def square(x: float) -> float:
    return x * x


def sign(x: float) -> float:
    return x and math.copysign(1.0, x) if x == x else x


def maximum(x: float, y: float) -> float:
    return x if x > y or x != x else y


def minimum(x: float, y: float) -> float:
    return x if x < y or x != x else y


def clip(x: float, low: float, high: float) -> float:
    return minimum(maximum(x, low), high)


def where(condition: bool, x: float, y: float) -> float:
    return x if condition else y


def logaddexp(x: float, y: float) -> float:
    return maximum(x, y) + math.log1p(math.exp(-abs(x - y)))


def expit(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def log_expit(x: float) -> float:
    return minimum(x, 0.0) - math.log1p(math.exp(-abs(x)))


def xlogy(x: float, y: float) -> float:
    return 0.0 if x == 0 and y == y else x * math.log(y)


def heaviside(x: float, at_zero: float) -> float:
    return (1.0 if x > 0 else at_zero if x == 0 else 0.0) if x == x else x


@cache
def _of_scipy(name: str) -> Callable[..., float]:
    from scipy import special  # what needs none of its functions starts without it

    return getattr(special, name)  # type: ignore[no-any-return]


def _special(name: str, *x: float) -> float:
    return float(_of_scipy(name)(*x))


HELPERS: Mapping[str, Callable[..., float]] = {
    **{f.__name__: f for f in (square, sign, maximum, minimum, clip, where, logaddexp, expit, log_expit, xlogy, heaviside)},
    **{f"special_{name}": partial(_special, name) for name in sorted(SPECIAL)},
}
