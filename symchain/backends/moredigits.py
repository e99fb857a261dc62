"""SciPy's special functions over mpmath, for code that is run with many digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def special_functions(bounded: Callable[[Callable[[Any], Any]], Callable[[Any], Any]]) -> Mapping[str, Callable[..., Any]]:
    """The functions by their names in SciPy, after "special_"; `bounded` refuses arguments that would take forever."""
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

    def lgamma(x: Any) -> Any:
        return mp.re(mp.loggamma(x))

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

    def erfinv(x: Any) -> Any:
        return mp.erfinv(x)

    def erfcinv(x: Any) -> Any:
        if x > mp.mpf(1) / 2:
            return mp.erfinv(1 - x)
        start = mp.sqrt(-mp.log(x * mp.sqrt(mp.pi) * mp.sqrt(-mp.log(x))))
        return mp.findroot(lambda y: mp.log(mp.erfc(y)) - mp.log(x), start)

    def ndtr(x: Any) -> Any:
        return mp.erfc(-x / mp.sqrt(2)) / 2

    def boxcox(x: Any, y: Any) -> Any:
        return mp.expm1(y * mp.log(x)) / y if y else mp.log(x)

    def xlogy(x: Any, y: Any) -> Any:
        return x * mp.log(y) if x else mp.mpf(0)

    def erfcx(x: Any) -> Any:
        return mp.exp(finite(x) ** 2) * mp.erfc(x)

    found = {
        "ndtr": ndtr,
        "psi": lambda x: mp.psi(0, x),
        "polygamma": lambda n, x: mp.psi(whole(n), x),
        "zeta": zeta,
        "i0": lambda x: mp.besseli(0, finite(x)),
        "i1": lambda x: mp.besseli(1, finite(x)),
        "iv": lambda v, x: mp.besseli(v, finite(x)),
        "i0e": lambda x: mp.besseli(0, x) * expi_inverse_scale(x),
        "i1e": lambda x: mp.besseli(1, x) * expi_inverse_scale(x),
        "j0": lambda x: mp.besselj(0, finite(x)),
        "j1": lambda x: mp.besselj(1, finite(x)),
        "jv": lambda v, x: mp.besselj(v, finite(x)),
        "y0": lambda x: mp.bessely(0, finite(x)),
        "y1": lambda x: mp.bessely(1, finite(x)),
        "yv": lambda v, x: mp.bessely(v, finite(x)),
        "k0": lambda x: scaled_k(0, x) * mp.exp(-x),
        "k1": lambda x: scaled_k(1, x) * mp.exp(-x),
        "kv": lambda v, x: scaled_k(v, x) * mp.exp(-x),
        "k0e": lambda x: scaled_k(0, x),
        "k1e": lambda x: scaled_k(1, x),
        "binom": mp.binomial,
        "poch": rising,
        "beta": mp.beta,
        "betaln": lambda a, b: lgamma(a) + lgamma(b) - lgamma(a + b),
        "betainc": lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True),
        "betaincc": lambda a, b, x: mp.betainc(a, b, x, 1, regularized=True),
        "gammainc": lambda a, x: mp.gammainc(a, 0, x, regularized=True),
        "gammaincc": lambda a, x: mp.gammainc(a, x, regularized=True),
        "expi": lambda x: mp.ei(finite(x)),
        "exp1": lambda x: mp.e1(finite(x)),
        "erfi": lambda x: mp.erfi(finite(x)),
        "erfinv": erfinv,
        "erfcinv": erfcinv,
        "erfcx": erfcx,
        "dawsn": lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-(finite(x) ** 2)) * mp.erfi(x),
        "hyp1f1": mp.hyp1f1,
        "spence": lambda z: mp.re(mp.polylog(2, 1 - z)),
        "log_ndtr": lambda x: mp.log(ndtr(finite(x))),
        "logit": lambda p: mp.log(p / (1 - p)),
        "xlog1py": lambda x, y: xlogy(x, 1 + y),
        "entr": lambda x: -xlogy(x, x),
        "rel_entr": lambda x, y: xlogy(x, x / y),
        "exprel": lambda x: mp.expm1(finite(x)) / x if x else mp.mpf(1),
        "boxcox": boxcox,
        "boxcox1p": lambda x, y: boxcox(1 + x, y),
        "cosm1": lambda x: -2 * mp.sin(finite(x) / 2) ** 2,
        "huber": lambda d, r: r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2),
    }
    return {f"special_{name}": f for name, f in found.items()}
