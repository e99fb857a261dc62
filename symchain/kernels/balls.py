"""The code of numbers, run with balls: every number carries a rigorous bound of its error, and more digits until the bound is small.

Arb does the arithmetic (Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", IEEE Transactions on
Computers 66 (2017)). A residual that is zero because 2*3 is 6 is exact; what is not decided by the digits at hand is asked with more.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

from symchain.kernels.definitions import Table, completed, lacking_of
from symchain.kernels.primitives import Form

_PRECISIONS = (128, 400, 1700)
"""In bits."""
_WANTED = 54
"""Bits of a result that must be certain."""
_NOTHING = 2.0**-1074
_STEPS = 500
"""So far from zero polygammas of negative numbers are worked out."""


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

    def __pos__(self) -> Ball:
        return Ball(+self.x)

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


def on_a_boundary() -> bool:
    """Whether things compared were equal, or the sign of 0 was asked, since `leave_boundary`."""
    return _run.on_a_boundary


def leave_boundary() -> None:
    _run.on_a_boundary = False


def of(x: Any) -> Any:
    """What Arb computes with."""
    return x.x if isinstance(x, Ball) else x


def _certain(holds: bool, fails: bool) -> bool:
    if holds == fails:
        raise Undecided
    return holds


def functions() -> Table:
    """The primitives over balls."""
    return completed(_table())


def lacking(form: Form) -> set[str]:
    """The primitives of the core that a form needs and that have no bounds here."""
    return lacking_of(form, _table())


def _table() -> dict[str, Any]:
    from flint import arb

    one = arb(1)

    def lifted(f: Callable[..., Any]) -> Callable[..., Ball]:
        return lambda *args: Ball(f(*(arb(of(a)) for a in args)))

    def power(x: Any, y: Any) -> Any:
        return (y * x.log()).exp() if x > 0 else x**y

    def polygamma(n: Any, x: Any) -> Any:
        k = int(n.unique_fmpz())
        if not k:
            return x.digamma()
        steps = max(0, 1 - int(x.mid().floor().unique_fmpz())) if x.is_finite() and abs(x) < _STEPS else 0  # zeta wants x > 0
        below = sum(((x + j) ** (-k - 1) for j in range(steps)), arb(0))
        return (-1) ** (k + 1) * (n + 1).gamma() * ((n + 1).zeta(x + steps) + below)

    def sign(x: Any) -> Ball:
        y = arb(of(x))
        if y == 0:
            _run.on_a_boundary = True
        return Ball(y.sgn())

    same = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "floor", "erf", "erfc", "gamma")
    inverse = ("sin", "cos", "tan", "sinh", "cosh", "tanh")
    named: dict[str, Callable[..., Any]] = {
        **{name: getattr(arb, name) for name in (*same, "erfi", "erfinv", "erfcinv")},
        **{f"arc{name}": getattr(arb, f"a{name}") for name in inverse},
        "arctan2": lambda y, x: arb.atan2(y, x),
        "power": power,
        "cbrt": lambda x: x.sgn() * (abs(x).log() / 3).exp() if x != 0 else x,
        "maximum": lambda x, y: x.max(y),
        "minimum": lambda x, y: x.min(y),
        "sigmoid": lambda x: one / (one + (-x).exp()),
        "logaddexp": lambda x, y: x.max(y) + (-abs(x - y)).exp().log1p(),
        "log_expit": lambda x: -(-x).exp().log1p(),
        "sinc": lambda x: x.sinc_pi(),
        "power_less_one": lambda x, y: (y * x.log()).expm1(),
        "power_of_one_plus": lambda x, y: (y * x.log1p()).exp(),
        "power_of_one_plus_less_one": lambda x, y: (y * x.log1p()).expm1(),
        "xlogy": lambda x, y: arb(0) if x == 0 else x * y.log(),
        "gammaln": lambda x: x.lgamma(),
        "psi": lambda x: x.digamma(),
        "polygamma": polygamma,
        "zeta": lambda s, q: s.zeta(q),
        "iv": lambda v, x: x.bessel_i(v),
        "jv": lambda v, x: x.bessel_j(v),
        "yv": lambda v, x: x.bessel_y(v),
        "kv": lambda v, x: x.bessel_k(v),
        "expi": lambda x: x.ei(),
        "expn": lambda n, x: x.expint(n),
        "dawsn": lambda x: arb.pi().sqrt() / 2 * (-x * x).exp() * x.erfi(),
        "gammainc": lambda a, x: x.gamma_lower(a, 1),
        "gammaincc": lambda a, x: x.gamma_upper(a, 1),
        "betainc": lambda a, b, x: x.beta_lower(a, b, 1),
        "betaincc": lambda a, b, x: (1 - x).beta_lower(b, a, 1),
        "hyp1f1": lambda a, b, x: x.hypgeom_1f1(a, b),
        "hyp2f1": lambda a, b, c, x: x.hypgeom_2f1(a, b, c),
        "binom": lambda n, k: (n + 1).gamma() * (k + 1).rgamma() * (n - k + 1).rgamma(),
        "lambertw": lambda x: x.lambertw(),
        "ellipk": lambda m: arb.pi() / (2 * one.agm((1 - m).sqrt())),
        "ellipe": lambda m: arb.pi() / 2 * m.hypgeom_2f1(-one / 2, one / 2, one),
        "spence": lambda z: (1 - z).polylog(2) if z < 2 else -(1 - 1 / z).polylog(2) - z.log() ** 2 / 2,
        "sinint": lambda x: x.si(),
        "cosint": lambda x: x.ci(),
        "fresnels": lambda x: x.fresnel_s(),
        "fresnelc": lambda x: x.fresnel_c(),
        "airyai": lambda x: x.airy_ai(),
        "airyaiprime": lambda x: x.airy_ai(derivative=1),
        "airybi": lambda x: x.airy_bi(),
        "airybiprime": lambda x: x.airy_bi(derivative=1),
    }
    return {
        **{name: lifted(f) for name, f in named.items()},
        "number": lambda n, d=1: Ball(arb(n) / d),
        "pi": _Pi(),
        "inf": math.inf,
        "nan": math.nan,
        "abs": abs,
        "sign": sign,
        "heaviside": lambda x, at_zero: 1.0 if x > 0 else at_zero if x == 0 else 0.0,
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
            except (ArithmeticError, ValueError, TypeError, LookupError, NameError):  # or a primitive that Arb does not have
                continue
            results = [rounded(x) for x in balls]
            again = precision == _PRECISIONS[0]
            if not any(r is None and (again or x.is_finite()) for r, x in zip(results, balls, strict=True)):
                break
    finally:
        ctx.prec = before
    return results, _run.on_a_boundary


def rounded(x: Any) -> float | None:
    """The float nearest to the ball; None where it does not say which."""
    if x.is_zero() or 2 * x.abs_upper() < _NOTHING:
        return 0.0
    if not x.is_finite() or x.rel_accuracy_bits() < _WANTED:
        return None
    return float(x)
