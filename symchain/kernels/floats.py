"""The primitives over plain Python floats: the same values from `math`, several times faster on single numbers.

What `math` refuses (overflow, a point outside the domain) raises, and the caller falls back to NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache, partial

from symchain.kernels.primitives import Form

_SAME = "exp log log1p expm1 log2 log10 exp2 sin cos tan sinh cosh tanh sqrt cbrt hypot copysign erf erfc gamma"
_OTHER = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "power": "pow",
}
_HELPED = "square sign maximum minimum clip logaddexp expit log_expit xlogy heaviside"
_OF_SCIPY = (
    "ndtr psi polygamma zeta i0 i1 iv i0e i1e j0 j1 jv y0 y1 yv k0 k1 kv k0e k1e binom poch beta betaln betainc betaincc gammainc "
    "gammaincc expi exp1 erfi erfinv erfcinv erfcx dawsn spence log_ndtr logit xlog1py entr rel_entr exprel boxcox boxcox1p "
    "cosm1 huber"
)
SPECIAL = frozenset(_OF_SCIPY.split())
"""What SciPy computes of single numbers too."""
MATH: Mapping[str, str] = {
    **{name: f"special_{name}" for name in SPECIAL},
    **{name: f"math.{name}" for name in _SAME.split()},
    **{name: f"math.{other}" for name, other in _OTHER.items()},
    **{name: name for name in _HELPED.split()},
    "abs": "abs",
    "sigmoid": "expit",
    "deg2rad": "math.radians",
    "rad2deg": "math.degrees",
}
"""Primitives, and what computes the same of floats wherever it does not raise; others have a twin in `stable`, or none."""

PAIRED: Form = ("sigmoid", "x0")
"""Wanted at x and at -x, it is computed for both at once."""
INLINE: Mapping[Form, tuple[str, int]] = {
    PAIRED: ("1.0/(1.0 + math.exp(-{0}))", 3),
    ("maximum", "x0", 0): ("max({0}, 0.0)", 6),
    ("tanh_less", "x0", "x1"): ("math.tanh({0}) - {1} if -3.0 < {0} < 3.0 else tanh_less_of_floats({0}, {1})", 0),
}
"""Whole forms that are worth the call they save, and how tightly their expressions bind (`writing`)."""


class NoFloats(Exception):
    """There is no such code for the plan."""


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


def logaddexp(x: float, y: float) -> float:
    return x + math.log(2) if x == y else maximum(x, y) + math.log1p(math.exp(-abs(x - y)))  # infinities have no difference


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
    **{f.__name__: f for f in (square, sign, maximum, minimum, clip, logaddexp, expit, log_expit, xlogy, heaviside)},
    **{f"special_{name}": partial(_special, name) for name in SPECIAL},
}
