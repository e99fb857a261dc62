"""SciPy's special functions over mpmath, for code that is run with many digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

UNKNOWN = frozenset({"owens_t"})
"""Of the core, what is not worked out with more digits."""


def special_functions(bounded: Callable[[Callable[[Any], Any]], Callable[[Any], Any]]) -> Mapping[str, Callable[..., Any]]:
    """The functions by their names; `bounded` refuses arguments that would take forever."""
    import mpmath as mp

    def finite(x: Any) -> Any:
        return bounded(lambda y: y)(x)

    def scaled_k(order: Any, x: Any) -> Any:
        """exp(x)*K(order, x), the integral of exp(-x*(cosh(t) - 1))*cosh(order*t), by the trapezoidal rule (DLMF 10.32.9).

        The integrand is analytic in a strip around the real line, and vanishes faster than any power: the error is exp(-c/step).
        """
        x = finite(x)
        if not x > 0:
            raise ValueError
        bits = mp.mp.prec + 20
        wide = bits * mp.log(2)
        end = mp.acosh(1 + wide / x)
        end = mp.acosh(1 + (wide + abs(order) * end) / x)
        step = min(mp.sqrt(2 * mp.pi**2 / (x * bits * mp.log(2))), mp.pi**2 / (bits * mp.log(2))) / 2
        count = int(end / step) + 2
        if count > 200000:
            raise ValueError
        terms = (mp.exp(-2 * x * mp.sinh(k * step / 2) ** 2) * mp.cosh(order * k * step) for k in range(1, count))
        return step * (mp.mpf(1) / 2 + mp.fsum(terms))

    def rising(x: Any, m: Any) -> Any:
        return mp.gammaprod([x + m], [x])

    def expi_inverse_scale(x: Any) -> Any:
        return mp.exp(-abs(finite(x)))

    def whole(n: Any) -> int:
        if n != int(n):
            raise ValueError
        return int(n)

    def zeta(s: Any, q: Any) -> Any:
        if s != int(s):
            return mp.zeta(s, q)
        n = int(s)
        return (-1) ** n * mp.psi(n - 1, q) / mp.factorial(n - 1)

    def lambertw(x: Any) -> Any:
        return mp.lambertw(x) if x * mp.e >= -1 else mp.nan

    def erfcinv(x: Any) -> Any:
        if x > mp.mpf(1) / 2:
            return mp.erfinv(1 - x)
        start = mp.sqrt(-mp.log(x * mp.sqrt(mp.pi) * mp.sqrt(-mp.log(x))))
        return mp.findroot(lambda y: mp.log(mp.erfc(y)) - mp.log(x), start)

    def erfcx(x: Any) -> Any:
        return mp.exp(finite(x) ** 2) * mp.erfc(x)

    return {
        "psi": lambda x: mp.psi(0, x),
        "polygamma": lambda n, x: mp.psi(whole(n), x),
        "zeta": zeta,
        "iv": lambda v, x: mp.besseli(v, finite(x)),
        "i0e": lambda x: mp.besseli(0, x) * expi_inverse_scale(x),
        "i1e": lambda x: mp.besseli(1, x) * expi_inverse_scale(x),
        "jv": lambda v, x: mp.besselj(v, finite(x)),
        "yv": lambda v, x: mp.bessely(v, finite(x)),
        "kv": lambda v, x: scaled_k(v, x) * mp.exp(-x),
        "k0e": lambda x: scaled_k(0, x),
        "k1e": lambda x: scaled_k(1, x),
        "binom": mp.binomial,
        "poch": rising,
        "beta": mp.beta,
        "betainc": lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True),
        "betaincc": lambda a, b, x: mp.betainc(a, b, x, 1, regularized=True),
        "gammainc": lambda a, x: mp.gammainc(a, 0, x, regularized=True),
        "gammaincc": lambda a, x: mp.gammainc(a, x, regularized=True),
        "expi": lambda x: mp.ei(finite(x)),
        "exp1": lambda x: mp.e1(finite(x)),
        "expn": lambda n, x: mp.expint(n, finite(x)),
        "lambertw": lambertw,
        "erfi": lambda x: mp.erfi(finite(x)),
        "erfinv": mp.erfinv,
        "erfcinv": erfcinv,
        "erfcx": erfcx,
        "dawsn": lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-(finite(x) ** 2)) * mp.erfi(x),
        "hyp1f1": mp.hyp1f1,
        "hyp2f1": mp.hyp2f1,
        "ellipk": mp.ellipk,
        "ellipe": mp.ellipe,
        "sinint": lambda x: mp.si(finite(x)),
        "cosint": lambda x: mp.ci(finite(x)),
        "fresnels": lambda x: mp.fresnels(finite(x)),
        "fresnelc": lambda x: mp.fresnelc(finite(x)),
        "airyai": lambda x: mp.airyai(finite(x)),
        "airyaiprime": lambda x: mp.airyai(finite(x), derivative=1),
        "airybi": lambda x: mp.airybi(finite(x)),
        "airybiprime": lambda x: mp.airybi(finite(x), derivative=1),
        "spence": lambda z: mp.re(mp.polylog(2, 1 - z)),
    }
