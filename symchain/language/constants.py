"""The values of constant parts of an expression, known only to refuse those that are no finite real number.

Nothing is folded: log(0), 9**9**9 and 1/(2 - 2) are refused where they are written, everything else stays as it was written.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy
from mpmath.libmp import NoConvergence

from symchain.errors import LimitError, ParseError
from symchain.functions.spec import EXACT, FunctionSpec

MAX_EXPONENT = 10_000
_EXACT_BITS = 2000
_LARGEST = Fraction(2) ** 1024


@dataclass(frozen=True, slots=True)
class PiMultiple:
    """An exact multiple of pi, so that tan(pi/2) is seen for what it is."""

    factor: Fraction

    def __float__(self) -> float:
        return float(self.factor) * math.pi


Value = Fraction | PiMultiple | float


def total(terms: list[Value]) -> Value:
    """The sum."""
    exact = [t for t in terms if isinstance(t, Fraction)]
    if len(exact) == len(terms):
        return _total(exact)
    multiples = [t.factor for t in terms if isinstance(t, PiMultiple)]
    if len(multiples) == len(terms):
        return PiMultiple(sum(multiples, Fraction(0)))
    return _finite(math.fsum(map(float, terms)))


def _total(terms: list[Fraction]) -> Value:
    """The sum, exact while it is short: denominators multiply, and a long sum would be quadratic."""
    result: Value = Fraction(0)
    for term in terms:
        result = _kept(result + term) if isinstance(result, Fraction) else _finite(result + float(term))  # type: ignore[operator]
    return result


def product(factors: list[Value]) -> Value:
    result: Value = Fraction(1)
    for f in factors:
        if isinstance(result, Fraction) and isinstance(f, Fraction):
            result = _kept(result * f)
        elif isinstance(result, (Fraction, PiMultiple)) and isinstance(f, Fraction):
            result = PiMultiple(result.factor * f) if isinstance(result, PiMultiple) else result
        elif isinstance(result, Fraction) and isinstance(f, PiMultiple):
            result = PiMultiple(result * f.factor)
        else:
            result = _finite(float(result) * float(f))
    return result


def inverse(value: Value) -> Value:
    """1/value; refuses a division by zero."""
    if float(value) == 0:
        raise ParseError("a division by zero", advice="This has no value whatever the inputs are.")
    return 1 / value if isinstance(value, Fraction) else _finite(1 / float(value))


def check_exponent(value: Value) -> None:
    if abs(float(value)) > MAX_EXPONENT:
        raise LimitError(f"an exponent beyond {MAX_EXPONENT}", advice="Use a name for the exponent, and give its value later.")


def power(base: Value, exponent: Value) -> Value:
    """base**exponent, as a real number."""
    e, b = float(exponent), float(base)
    if b == 0 and e < 0:
        raise ParseError("a division by zero", advice="This has no value whatever the inputs are.")
    whole = isinstance(exponent, Fraction) and exponent.denominator == 1
    if b < 0 and not whole:
        raise ParseError(
            "a power of a negative number that is not real",
            advice="Only whole powers of negative numbers are real; cbrt(x) is the real cube root.",
        )
    if b and abs(e * math.log2(abs(b))) > 1023:
        raise LimitError("a power outside the range of doubles (1e-308 to 1e308)", advice="Use a name for the base or the exponent.")
    if whole and isinstance(base, Fraction):
        assert isinstance(exponent, Fraction)
        if abs(exponent) * max(base.numerator.bit_length(), base.denominator.bit_length()) <= _EXACT_BITS:
            return base ** int(exponent)
    return float(math.pow(b, e))


@lru_cache(maxsize=1024)
def applied(function: FunctionSpec, arguments: tuple[Value, ...]) -> Value | None:
    """The value of a registered function at constants; None where its meaning has no numeric value to look at."""
    try:
        exact = function.meaning(*map(_symbolic, arguments))
        number = sympy.N(exact)
        real = bool(number.is_real) or bool(number.is_infinite)
    except (ArithmeticError, ValueError, TypeError, AttributeError, NotImplementedError, RecursionError, NoConvergence):
        return None
    shown = ", ".join(f"{float(a):.6g}" for a in arguments)
    if not number.is_number:
        return None
    if not real or number in (sympy.oo, -sympy.oo, sympy.zoo, sympy.nan):
        raise ParseError(f"{function.name}({shown}) is not a finite real number", advice="This has no value whatever the inputs are.")
    if abs(number) > sympy.Float("1.7e308"):
        raise LimitError(f"{function.name}({shown}) is larger than any double", advice="The largest is about 1.8e308.")
    return float(number)


def _symbolic(value: Value) -> Any:
    if isinstance(value, Fraction) and abs(value.numerator) <= EXACT and value.denominator <= EXACT:
        return sympy.Rational(value.numerator, value.denominator)
    if isinstance(value, PiMultiple):
        return sympy.Rational(value.factor.numerator, value.factor.denominator) * sympy.pi
    return sympy.Float(float(value))


def _kept(value: Fraction) -> Value:
    """Exact while it is short."""
    if abs(value) >= _LARGEST:
        raise LimitError("a number larger than any double", advice="The largest is about 1.8e308.")
    if value.numerator.bit_length() + value.denominator.bit_length() <= _EXACT_BITS:
        return value
    return float(value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise LimitError("a number larger than any double", advice="The largest is about 1.8e308.")
    return value
