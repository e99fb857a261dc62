"""What generated code calls where no expression over NumPy is accurate: each function with the equation that makes it so.

The usual formula is used wherever it is good; the other one is worked out for the elements that need it and no others. What takes
numbers has a twin for plain floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

Array = Any
"""A NumPy array or number."""
F = TypeVar("F", bound=Callable[..., Any])

STABLE: dict[str, Callable[..., Any]] = {}
"""What generated code may call, by name."""


def helper(function: F) -> F:
    """The function, which generated code may call."""
    STABLE[function.__name__] = function
    return function


def _mended(value: Array, where: Array, f: Callable[..., Any], *args: Array) -> Array:
    """The value, with f of the arguments in the places where it is to be trusted."""
    if not np.any(where):
        return value
    shape = np.broadcast_shapes(np.shape(value), np.shape(where))
    if shape == ():
        return np.asarray(value).dtype.type(f(*args))
    result, where = np.array(np.broadcast_to(value, shape)), np.broadcast_to(where, shape)
    result[where] = f(*(np.broadcast_to(a, shape)[where] for a in args))
    return result


# ---------------------------------------------------------------- sums that cancel


@helper
def near_zero(value: Array, x: Array, radius: float, first: int, step: int, coefficients: Sequence[float]) -> Array:
    """The value, by its series c0*x**first + c1*x**(first + step) + ... where 0 < |x| < radius: there its terms cancel.

    At x = 0 itself the value stays, which may have none.
    """
    return _mended(value, (np.abs(x) < radius) & (x != 0), lambda x: _series(x, first, step, coefficients), x)


@helper
def near_zero_of_floats(value: float, x: float, radius: float, first: int, step: int, coefficients: Sequence[float]) -> float:
    return _series(x, first, step, coefficients) if -radius < x < radius and x else value  # type: ignore[no-any-return]


def _series(x: Any, first: int, step: int, coefficients: Sequence[float]) -> Any:
    power = x * x if step == 2 else x
    total = coefficients[-1] + 0 * x
    for c in coefficients[-2::-1]:
        total = total * power + c
    for _ in range(abs(first)):
        total = total * x if first > 0 else total / x
    return total


@helper
def log_plus(x: Array, c: float, high: float, low: float) -> Array:
    """log(x) + c, by log1p((x - r)/r) near its root r = exp(-c), given as high + low."""
    return _mended(np.log(x) + c, np.abs(x - high) < high / 16, lambda x: np.log1p((np.float64(x) - high - low) / high), x)


@helper
def log_plus_of_floats(x: float, c: float, high: float, low: float) -> float:
    return math.log1p((x - high - low) / high) if abs(x - high) < high / 16 else math.log(x) + c


@helper
def log_quotient(x: Array, y: Array) -> Array:
    """log(x/y), by log1p((x - y)/y) where x and y are nearly equal, and by log|x| - log|y| where x/y is beyond the range of floats."""
    ratio = x / y
    value = _mended(np.log(ratio), np.abs(x - y) < np.abs(y) / 16, lambda x, y: np.log1p((x - y) / y), x, y)
    lost = ((ratio == 0) & (x != 0)) | (np.isinf(ratio) & np.isfinite(x) & (y != 0))
    return _mended(value, lost & (np.sign(x) == np.sign(y)), lambda x, y: np.log(np.abs(x)) - np.log(np.abs(y)), x, y)


@helper
def log_quotient_of_floats(x: float, y: float) -> float:
    if abs(x - y) < abs(y) / 16:
        return math.log1p((x - y) / y)
    ratio = x / y
    if 0 < ratio < math.inf:
        return math.log(ratio)
    with np.errstate(all="ignore"):
        return float(log_quotient(np.float64(x), np.float64(y)))


@helper
def reciprocal_less(x: Array, y: Array) -> Array:
    """1/x - 1/y, by (y - x)/y/x where x and y are nearly equal."""
    return _mended(1 / x - 1 / y, np.abs(x - y) < np.abs(y) / 2, lambda x, y: (y - x) / y / x, x, y)


@helper
def reciprocal_less_of_floats(x: float, y: float) -> float:
    return (y - x) / y / x if abs(x - y) < abs(y) / 2 else 1.0 / x - 1.0 / y


@helper
def sigmoid_less(x: Array, y: Array) -> Array:
    """sigmoid(x) - sigmoid(y), the larger times the other one's complement times 1 - exp(-|x - y|)."""
    high, low = np.maximum(x, y), np.minimum(x, y)
    return np.copysign(sigmoid(high) * sigmoid(-low) * -np.expm1(low - high), x - y)


@helper
def sigmoid_less_of_floats(x: float, y: float) -> float:
    return float(sigmoid_less(np.float64(x), np.float64(y)))


@helper
def power_less_one(x: Array, y: Array) -> Array:
    """x**y - 1, by expm1(y*log(x)) where that is small."""
    exponent = y * np.log(x)
    return _mended(np.power(x, y) - 1, np.abs(exponent) < 1, np.expm1, exponent)


@helper
def power_less_one_of_floats(x: float, y: float) -> float:
    return math.expm1(y * math.log(x)) if x > 0 and abs(y * math.log(x)) < 1 else math.pow(x, y) - 1.0


@helper
def power_of_one_plus(x: Array, y: Array) -> Array:
    """(1 + x)**y, by exp(y*log1p(x)) where the sum would round x."""
    return _mended(np.power(1 + x, y), np.abs(x) < 0.25, lambda x, y: np.exp(y * np.log1p(x)), x, y)


@helper
def power_of_one_plus_of_floats(x: float, y: float) -> float:
    return math.exp(y * math.log1p(x)) if abs(x) < 0.25 else math.pow(1.0 + x, y)


@helper
def power_of_one_plus_less_one(x: Array, y: Array) -> Array:
    """(1 + x)**y - 1, by expm1(y*log1p(x)) where that is small or the sum would round x."""
    exponent = y * np.log1p(x)
    return _mended(np.power(1 + x, y) - 1, (np.abs(exponent) < 1) | (np.abs(x) < 0.25), np.expm1, exponent)


@helper
def power_of_one_plus_less_one_of_floats(x: float, y: float) -> float:
    if x > -1 and (abs(x) < 0.25 or abs(y * math.log1p(x)) < 1):
        return math.expm1(y * math.log1p(x))
    return math.pow(1.0 + x, y) - 1.0


@helper
def cardinal_sine(x: Array) -> Array:
    """sin(pi*x)/(pi*x), which has a derivative at 0 too."""
    return np.sinc(x)


@helper
def cardinal_sine_of_floats(x: float) -> float:
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


@helper
def kl_bernoulli(x: Array, y: Array) -> Array:
    """x*log(x/y) + (1 - x)*log((1 - x)/(1 - y)); where x and y are nearly equal, what cancels between the two terms is left out."""
    from scipy import special

    gap = np.abs(x - y)
    near = (gap < np.abs(y) / 16) & (gap < np.abs(1 - y) / 16)
    rest = special.xlog1py(1 - x, -x) - special.xlog1py(1 - x, -y)
    return _mended(special.rel_entr(x, y) + rest, near, _kl_bernoulli, x, y)


def _kl_bernoulli(x: Array, y: Array) -> Array:
    return y * _series((x - y) / y, 2, 1, KL) + (1 - y) * _series((y - x) / (1 - y), 2, 1, KL)


@helper
def kl_bernoulli_of_floats(x: float, y: float) -> float:
    return float(kl_bernoulli(np.float64(x), np.float64(y)))


@helper
def kl_div(x: Array, y: Array) -> Array:
    """x*log(x/y) - x + y, by y*(t**2/2 - t**3/6 + t**4/12 - ...) with t = (x - y)/y where x and y are nearly equal."""
    from scipy import special

    return _mended(special.kl_div(x, y), np.abs(x - y) < np.abs(y) / 16, _kl_div, x, y)


@helper
def kl_div_of_floats(x: float, y: float) -> float:
    return float(kl_div(np.float64(x), np.float64(y)))


def _kl_div(x: Array, y: Array) -> Array:
    return y * _series((x - y) / y, 2, 1, KL)


KL = [(-1) ** k / (k * (k - 1)) for k in range(2, 15)]
"""The coefficients of (1 + t)*log(1 + t) - t."""


@helper
def erfcx_slope(x: Array) -> Array:
    """2*x*erfcx(x) - 2/sqrt(pi), by 2/sqrt(pi)*(-1/(2*x**2) + 3/(2*x**2)**2 - 15/(2*x**2)**3 + ...) for large x (DLMF 7.12.1)."""
    from scipy import special

    return _mended(2 * x * special.erfcx(x) - _TWO_OVER_ROOT_PI, x > 10, _erfcx_slope, x)


@helper
def erfcx_slope_of_floats(x: float) -> float:
    return float(erfcx_slope(x))


_TWO_OVER_ROOT_PI = 1.1283791670955126


def _erfcx_slope(x: Array) -> Array:
    return _TWO_OVER_ROOT_PI * _series(0.5 / x / x, 1, 1, ERFCX_SERIES)


ERFCX_SERIES = [math.prod(range(1, 2 * k, 2)) * (-1.0) ** k for k in range(1, 13)]
"""(-1)**k*(2*k - 1)!!, for k = 1, 2, ..."""


@helper
def tanh_less(x: Array, y: Array) -> Array:
    """tanh(x) - y, by (s - y) - 2*s/(exp(2*|x|) + 1) far from zero, where tanh(x) is nearly s, the sign of x."""
    value = np.tanh(x) - y
    if np.size(x) and np.max(x) <= 3 and np.min(x) >= -3:  # cheaper than looking at each
        return value
    return _mended(value, np.abs(x) > 3, _tanh_less, x, y)


def _tanh_less(x: Array, y: Array) -> Array:
    s = np.sign(x)
    return (s - y) - 2 * s / (np.exp(2 * np.abs(x)) + 1)


@helper
def tanh_less_of_floats(x: float, y: float) -> float:
    if -3.0 <= x <= 3.0:
        return math.tanh(x) - y
    s = math.copysign(1.0, x)
    return (s - y) - 2.0 * s / (math.exp(2.0 * abs(x)) + 1.0)


# ---------------------------------------------------------------- functions that SciPy rounds to zero, or loses near a root


@helper
def sigmoid(x: Array) -> Array:
    """1/(1 + exp(-x)), by exp(min(x, 0))/(1 + exp(-|x|)), which is not zero before exp(x) is."""
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


@helper
def sigmoids(x: Array) -> tuple[Array, Array]:
    """The sigmoids of x and -x from two exponentials, neither of which overflows."""
    p, q = np.exp(np.minimum(x, 0)), np.exp(np.minimum(-x, 0))
    d = 1 + p * q
    return p / d, q / d


@helper
def silu(x: Array) -> Array:
    """x*sigmoid(x), by (x*h)*h with h = exp(x/2) where sigmoid(x) has few digits."""
    return _mended(x * sigmoid(x), x < -80, _silu, x)


def _silu(x: Array) -> Array:
    h = np.exp(x / 2)
    return (x * h) * h


@helper
def silu_of_floats(x: float) -> float:
    if x > -80.0:
        return x / (1.0 + math.exp(-x))
    h = math.exp(x / 2)
    return (x * h) * h


@helper
def silu_slope(x: Array) -> Array:
    """p*(1 + x*q) where p and q are the sigmoids of x and -x; ((1 + x)*h)*h where p has few digits."""
    p, q = sigmoids(x)
    return _mended(p * (1 + x * q), x < -80, _silu_slope, x)


def _silu_slope(x: Array) -> Array:
    h = np.exp(x / 2)
    return ((1 + x) * h) * h


@helper
def silu_slope_of_floats(x: float) -> float:
    if x > -80.0:
        p, q = 1.0 / (1.0 + math.exp(-x)), 1.0 / (1.0 + math.exp(x))
        return p * (1.0 + x * q)
    h = math.exp(x / 2)
    return ((1.0 + x) * h) * h


@helper
def bose(x: Array) -> Array:
    """1/(exp(x) - 1), by exp(-x)/(1 - exp(-x)) on the right, where exp(x) overflows before its inverse is zero."""
    return np.copysign(np.exp(-np.maximum(x, 0)) / np.expm1(-np.abs(x)), x)


@helper
def bose_of_floats(x: float) -> float:
    return -math.exp(-x) / math.expm1(-x) if x > 0 else 1.0 / math.expm1(x)


ZETAS = (
    *(-0.5772156649015329, 0.8224670334241132, -0.40068563438653143, 0.27058080842778454, -0.20738555102867398, 0.1695571769974082),
    *(-0.1440498967688461, 0.12550966952474304, -0.11133426586956469, 0.1000994575127818, -0.09095401714582904, 0.083353840546109),
    *(-0.0769325164113522, 0.07143294629536133, -0.06666870588242046, 0.06250095514121304, -0.058823978658684585, 0.055555767627403614),
    *(-0.05263167937961666, 0.05000004769810169, -0.047619070330142226, 0.04545455629320467, -0.04347826605304026, 0.04166666914654121),
)
"""(-1)**k*zeta(k)/k for k = 1 (Euler's constant), 2, 3, ...: log(gamma(1 + x)) is the sum of these times x**k (DLMF 5.7.3)."""


@helper
def lambertw(x: Array) -> Array:
    """The real principal branch of Lambert's W; nan below -1/e."""
    from scipy import special

    value = np.where(x >= -0.36787944117144233, np.real(special.lambertw(x)), np.nan)
    return value.astype(np.asarray(x * 1.0).dtype)


@helper
def gammaln(x: Array) -> Array:
    """log|gamma(x)|, by its series near its roots 1 and 2; log(gamma(2 + x)) = log(1 + x) + log(gamma(1 + x))."""
    from scipy import special

    value = _mended(special.gammaln(x), np.abs(x - 1) < 0.2, lambda x: _series(x - 1, 1, 1, ZETAS), x)
    return _mended(value, np.abs(x - 2) < 0.2, lambda x: np.log1p(x - 2) + _series(x - 2, 1, 1, ZETAS), x)


@helper
def gammaln_of_floats(x: float) -> float:
    if abs(x - 1.0) < 0.2:
        return _series(x - 1.0, 1, 1, ZETAS)  # type: ignore[no-any-return]
    if abs(x - 2.0) < 0.2:
        return math.log1p(x - 2.0) + _series(x - 2.0, 1, 1, ZETAS)  # type: ignore[no-any-return]
    return math.lgamma(x)


# ---------------------------------------------------------------- squares that overflow or vanish

_LARGE = 1e150
_SCALE = 2.0**600


@helper
def root(x: Array, y: Array) -> Array:
    """sqrt(x**2 + y), by sqrt((x*s)**2 + (y*s)*s)/s with a power of two s where x**2 is beyond the range of floats."""
    value = np.sqrt(x * x + y)
    return _mended(value, ~((value > 1 / _LARGE) & (value < _LARGE)), _root, x, y)


def _root(x: Array, y: Array) -> Array:
    x, y = np.float64(x), np.float64(y)
    s = np.where(np.maximum(np.abs(x), np.sqrt(np.abs(y))) < 1, _SCALE, 1 / _SCALE)
    return np.sqrt((x * s) ** 2 + (y * s) * s) / s


@helper
def root_of_floats(x: float, y: float) -> float:
    value = math.sqrt(x * x + y)
    return value if 1 / _LARGE < value < _LARGE else float(_root(x, y))


@helper
def over_squares(x: Array, y: Array) -> Array:
    """x/(x**2 + y**2), divided twice by the root of x**2 + y**2."""
    h = np.hypot(x, y)
    return x / h / h


@helper
def over_squares_of_floats(x: float, y: float) -> float:
    h = math.hypot(x, y)
    return x / h / h


@helper
def norm(squares: Array, x: Array, axes: tuple[int, ...]) -> Array:
    """sqrt(sum(x**2)), given sum(x**2); from x/max|x| where its squares are beyond the range of floats."""
    value = np.sqrt(squares)
    bad = ~((value > 1 / _LARGE) & (value < _LARGE))
    if not np.any(bad):
        return value
    top = np.max(np.abs(x), axis=axes, keepdims=True, initial=0)
    top = np.where((top > 0) & np.isfinite(top), top, 1)
    scaled = np.sqrt(np.sum((x / top) ** 2, axis=axes)) * np.squeeze(top, axis=axes)
    return np.where(bad, scaled, value)


@helper
def orthogonal(r: Array, u: Array, axis: int) -> Array:
    """r, of which sum(u*r) is zero, u being of length one: where u is nearly 1 or -1, r = -sum(the other u*r)/u has not cancelled."""
    p = u * u
    long = p > 0.75
    return np.where(long, balanced(r * u, p, axis) / np.where(long, u, 1), r) if np.any(long) else r


# ---------------------------------------------------------------- softmax


@helper
def softmax(x: Array, axis: int) -> Array:
    """exp(x - max x)/sum(exp(x - max x))."""
    e = np.exp(x - x.max(axis, keepdims=True, initial=-np.inf))
    return e / e.sum(axis, keepdims=True)


@helper
def log_softmax(x: Array, axis: int) -> Array:
    """(x - max x) - log1p(n - 1 + sum of the others), where n of the exp(x - max x) are 1 and the others less.

    A one among them is not rounded into the sum, which may be tiny.
    """
    shifted = x - x.max(axis, keepdims=True, initial=-np.inf)
    others = shifted < 0
    ones = x.shape[axis] - others.sum(axis, keepdims=True, dtype=x.dtype)
    return shifted - np.log1p((np.exp(shifted) * others).sum(axis, keepdims=True) + (ones - 1))


@helper
def balanced(r: Array, p: Array, *rest: Any) -> Array:
    """r, which adds up to `total` (zero if not given) along the axis: balanced(r, p, axis) or balanced(r, p, total, axis).

    Where p, which adds up to one, is nearly 1: r = total - (sum of the others), which has not cancelled. So 1 - p is the sum of the
    other probabilities, and p*(g - sum(g*p)) minus what the others send back.
    """
    *total, axis = rest
    sure = p > 0.75
    if not sure.any():
        return r
    result = np.array(r)
    result[sure] = 0
    left = (np.expand_dims(total[0], axis) if total else 0) - result.sum(axis, keepdims=True)
    result[sure] = np.broadcast_to(left, r.shape)[sure]
    return result


_OVERFLOWN = 1e9
"""Where Kummer's function has long left the range of floats; SciPy adds terms for ever from about 1e11."""


@helper
def hyp1f1(a: Array, b: Array, x: Array) -> Array:
    """Kummer's function M(a, b, x), which overflows as exp(x)*x**(a - b)*gamma(b)/gamma(a) does, except where it is a polynomial."""
    from scipy import special

    far = (x > _OVERFLOWN) & ((a > 0) | (a != np.floor(a)) | np.isinf(x))
    value = special.hyp1f1(a, b, np.where(far, _OVERFLOWN, x))
    return np.where(far, value * np.inf, value)[()]


@helper
def hyp1f1_of_floats(a: float, b: float, x: float) -> float:
    return float(hyp1f1(a, b, x))
