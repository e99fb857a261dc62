"""The code for floats, run with balls: every number carries a rigorous bound of its error, and more digits until the bound is small.

Arb does the arithmetic (Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", IEEE Transactions on
Computers 66 (2017)). A residual that is zero because 2*3 is 6 is exact; what is not decided by the digits at hand is asked with more.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

_PRECISIONS = (128, 400, 1700)
"""In bits."""
_WANTED = 54
"""Bits of a result that must be certain."""
_NOTHING = 2.0**-1074


class Undecided(ValueError):
    """A comparison that these digits do not decide."""


class _Run(threading.local):
    """What happens in one run of the code."""

    on_a_boundary = False


_run = _Run()


class Ball:
    """A number of Arb whose comparisons are certain or raise Undecided."""

    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x

    def __add__(self, other: Any) -> Ball:
        return Ball(self.x + of(other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Ball:
        return Ball(self.x - of(other))

    def __rsub__(self, other: Any) -> Ball:
        return Ball(of(other) - self.x)

    def __mul__(self, other: Any) -> Ball:
        return Ball(self.x * of(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Ball:
        return Ball(self.x / of(other))

    def __rtruediv__(self, other: Any) -> Ball:
        return Ball(of(other) / self.x)

    def __neg__(self) -> Ball:
        return Ball(-self.x)

    def __abs__(self) -> Ball:
        return Ball(abs(self.x))

    def __bool__(self) -> bool:
        return self != 0.0

    def __lt__(self, other: Any) -> bool:
        y = of(other)
        return _certain(self.x < y, self.x >= y)

    def __le__(self, other: Any) -> bool:
        y = of(other)
        return _certain(self.x <= y, self.x > y)

    def __gt__(self, other: Any) -> bool:
        y = of(other)
        return _certain(self.x > y, self.x <= y)

    def __ge__(self, other: Any) -> bool:
        y = of(other)
        return _certain(self.x >= y, self.x < y)

    def __eq__(self, other: object) -> bool:
        y = of(other)
        same = _certain(bool(self.x == y), bool(self.x != y))
        if same:
            _run.on_a_boundary = True
        return same

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]


def of(x: Any) -> Any:
    """What Arb computes with."""
    return x.x if isinstance(x, Ball) else x


def _certain(holds: bool, fails: bool) -> bool:
    if holds == fails:
        raise Undecided
    return holds


def functions() -> Mapping[str, Any]:
    """What the code for floats calls, over balls: `math`, and the helpers by what they mean."""
    from flint import arb

    half, one, two = arb(0.5), arb(1), arb(2)

    def lifted(f: Callable[..., Any]) -> Callable[..., Ball]:
        return lambda *args: Ball(f(*(arb(of(a)) for a in args)))

    def expit(x: Any) -> Any:
        return one / (one + (-x).exp())

    def less_one(x: Any, y: Any) -> Any:
        return (y * x.log()).expm1()

    def power(x: Any, y: Any) -> Any:
        return (y * x.log()).exp() if x > 0 else x**y

    def log_ratio(x: Any, y: Any) -> Any:
        return (x / y).log()

    def ndtr(x: Any) -> Any:
        return (-x / two.sqrt()).erfc() / 2

    def lgamma(x: Any) -> Any:
        return x.lgamma()

    def polygamma(n: Any, x: Any) -> Any:
        k = int(n.unique_fmpz())
        return (-1) ** (k + 1) * (n + 1).gamma() * (n + 1).zeta(x) if k else x.digamma()

    def scaled(f: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x: (-abs(x)).exp() * f(x)

    def boxcox(x: Any, y: Any) -> Any:
        return x.log() if y == 0 else less_one(x, y) / y

    def xlogy(x: Any, y: Any) -> Any:
        return arb(0) if x == 0 else x * y.log()

    def sign(x: Any) -> Ball:
        y = arb(of(x))
        if y == 0:
            _run.on_a_boundary = True
        return Ball(y.sgn())

    named: dict[str, Callable[..., Any]] = {
        "expit": expit,
        "logaddexp": lambda x, y: x.max(y) + (-abs(x - y)).exp().log1p(),
        "log_expit": lambda x: -(-x).exp().log1p(),
        "xlogy": xlogy,
        "log_quotient_of_floats": log_ratio,
        "tanh_less_of_floats": lambda x, y: x.tanh() - y,
        "bose_of_floats": lambda x: one / x.expm1(),
        "silu_of_floats": lambda x: x * expit(x),
        "silu_slope_of_floats": lambda x: expit(x) * (one + x * expit(-x)),
        "gammaln_of_floats": lgamma,
        "erfcx_slope_of_floats": lambda x: two * x * (x * x).exp() * x.erfc() - two / arb.pi().sqrt(),
        "over_squares_of_floats": lambda x, y: x / (x * x + y * y),
        "root_of_floats": lambda x, y: (x * x + y).sqrt(),
        "cardinal_sine_of_floats": lambda x: x.sinc_pi(),
        "sigmoid_less_of_floats": lambda x, y: expit(x) - expit(y),
        "reciprocal_less_of_floats": lambda x, y: one / x - one / y,
        "power_less_one_of_floats": less_one,
        "power_of_one_plus_of_floats": lambda x, y: (y * x.log1p()).exp(),
        "power_of_one_plus_less_one_of_floats": lambda x, y: (y * x.log1p()).expm1(),
        "kl_bernoulli_of_floats": lambda x, y: x * log_ratio(x, y) + (one - x) * log_ratio(one - x, one - y),
        "kl_div_of_floats": lambda x, y: x * log_ratio(x, y) - x + y,
        "special_ndtr": ndtr,
        "special_log_ndtr": lambda x: ndtr(x).log(),
        "special_psi": lambda x: x.digamma(),
        "special_polygamma": polygamma,
        "special_zeta": lambda s, q: s.zeta(q),
        "special_i0": lambda x: x.bessel_i(0),
        "special_i1": lambda x: x.bessel_i(1),
        "special_iv": lambda v, x: x.bessel_i(v),
        "special_i0e": scaled(lambda x: x.bessel_i(0)),
        "special_i1e": scaled(lambda x: x.bessel_i(1)),
        "special_j0": lambda x: x.bessel_j(0),
        "special_j1": lambda x: x.bessel_j(1),
        "special_jv": lambda v, x: x.bessel_j(v),
        "special_y0": lambda x: x.bessel_y(0),
        "special_y1": lambda x: x.bessel_y(1),
        "special_yv": lambda v, x: x.bessel_y(v),
        "special_k0": lambda x: x.bessel_k(0),
        "special_k1": lambda x: x.bessel_k(1),
        "special_kv": lambda v, x: x.bessel_k(v),
        "special_k0e": lambda x: x.exp() * x.bessel_k(0),
        "special_k1e": lambda x: x.exp() * x.bessel_k(1),
        "special_binom": lambda n, k: (n + 1).gamma() / (k + 1).gamma() / (n - k + 1).gamma(),
        "special_poch": lambda x, m: (x + m).gamma() / x.gamma(),
        "special_beta": lambda a, b: a.gamma() * b.gamma() / (a + b).gamma(),
        "special_betaln": lambda a, b: a.lgamma() + b.lgamma() - (a + b).lgamma(),
        "special_expi": lambda x: x.ei(),
        "special_exp1": lambda x: x.expint(one),
        "special_erfi": lambda x: x.erfi(),
        "special_erfinv": lambda x: x.erfinv(),
        "special_erfcinv": lambda x: x.erfcinv(),
        "special_erfcx": lambda x: (x * x).exp() * x.erfc(),
        "special_dawsn": lambda x: arb.pi().sqrt() / 2 * (-x * x).exp() * x.erfi(),
        "special_logit": lambda p: (p / (one - p)).log(),
        "special_xlog1py": lambda x, y: xlogy(x, one + y),
        "special_entr": lambda x: -xlogy(x, x),
        "special_rel_entr": lambda x, y: xlogy(x, x / y),
        "special_exprel": lambda x: one if x == 0 else x.expm1() / x,
        "special_boxcox": boxcox,
        "special_boxcox1p": lambda x, y: boxcox(one + x, y),
        "special_cosm1": lambda x: -two * (x * half).sin() ** 2,
    }
    hyperbolic = ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh")
    others = ("exp", "expm1", "log", "log1p", "sin", "cos", "tan", "sqrt", "asin", "acos", "atan", "erf", "erfc", "gamma", "lgamma")
    module = SimpleNamespace(
        **{name: lifted(getattr(arb, name)) for name in (*hyperbolic, *others)},
        pow=lifted(power), hypot=lifted(lambda x, y: (x * x + y * y).sqrt()), atan2=lifted(lambda y, x: arb.atan2(y, x)),
        cbrt=lifted(lambda x: x.sgn() * (abs(x).log() / 3).exp() if x != 0 else x), exp2=lifted(lambda x: (x * two.log()).exp()),
        log2=lifted(lambda x: x.log() / two.log()), log10=lifted(lambda x: x.log() / arb(10).log()),
        radians=lifted(lambda x: x * arb.pi() / 180), degrees=lifted(lambda x: x * 180 / arb.pi()),
        copysign=lambda x, y: abs(x) if y >= 0 else -abs(x), pi=_Pi(), inf=math.inf,
    )  # fmt: skip
    larger, smaller = lifted(lambda x, y: x.max(y)), lifted(lambda x, y: x.min(y))
    return {name: lifted(f) for name, f in named.items()} | {
        "math": module,
        "near_zero_of_floats": lambda value, *series: value,
        "log_plus_of_floats": lambda x, c, *root: module.log(x) + c,
        "number": lambda n, d: Ball(arb(n) / d),
        "square": lambda x: x * x,
        "sign": sign,
        "max": larger,
        "min": smaller,
        "maximum": larger,
        "minimum": smaller,
        "clip": lambda x, low, high: smaller(larger(x, low), high),
        "where": lambda condition, x, y: x if condition else y,
        "heaviside": lambda x, at_zero: 1.0 if x > 0 else at_zero if x == 0 else 0.0,
        "special_huber": lambda d, r: r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2),
    }


class _Pi(Ball):
    """pi, with the digits at hand."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    @property
    def x(self) -> Any:  # type: ignore[override]
        from flint import arb

        return arb.pi()


def evaluated(f: Callable[..., Sequence[Any]], values: Sequence[float]) -> tuple[list[float | None], bool]:
    """The results of the code, each rounded once, None where it has no value; and whether it met a boundary.

    On a boundary (x == a, the sign of 0) code that was differentiated gives the slope of what was chosen there alone.
    """
    from flint import arb, ctx

    before = ctx.prec
    results: list[float | None] = []
    try:
        for precision in _PRECISIONS:
            ctx.prec = precision
            _run.on_a_boundary = False
            try:
                balls = [arb(of(r)) for r in f(*(Ball(arb(v)) for v in values))]
            except (ArithmeticError, ValueError, TypeError, NameError):
                continue
            results = [_rounded(x) for x in balls]
            again = precision == _PRECISIONS[0]
            if not any(r is None and (again or x.is_finite()) for r, x in zip(results, balls, strict=True)):
                break
    finally:
        ctx.prec = before
    return results, _run.on_a_boundary


def _rounded(x: Any) -> float | None:
    """The float nearest to the ball; None where it does not say which."""
    if x.is_zero() or 2 * x.abs_upper() < _NOTHING:
        return 0.0
    if not x.is_finite() or x.rel_accuracy_bits() < _WANTED:
        return None
    return float(x)
