"""Numbers as people read them: significant digits, powers of ten, the language's decimal mark, counts that may be astronomical."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from symchain.wording import locale_of

LARGE = 10**7
"""Counts up to here are written out."""


def _scientific(mantissa: str, exponent: int, lang: str, latex: bool) -> str:
    locale = locale_of(lang)
    mantissa = locale.number(mantissa, latex)
    return locale.power(mantissa, f"^{{{exponent}}}", latex) if latex else f"{mantissa}e{exponent}"


def real(value: float, lang: str, latex: bool, digits: int = 10) -> str:
    """A measured number with that many significant digits."""
    if math.isnan(value) or math.isinf(value):
        sign = "-" if value < 0 else ""
        word = "nan" if math.isnan(value) else "inf"
        return sign + ({"nan": r"\text{nan}", "inf": r"\infty"}[word] if latex else word)
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return _scientific(mantissa, int(exponent), lang, latex)
    return locale_of(lang).number(text, latex)


def fixed(value: float, lang: str, places: int) -> str:
    """A number with that many decimals, as plain text."""
    return locale_of(lang).number(f"{value:.{places}f}")


def literal(text: str, lang: str) -> str:
    """A literal of the program as LaTeX: its own digits, with the language's decimal mark and power of ten."""
    mantissa, mark, exponent = text.lower().partition("e")
    if not mark:
        return locale_of(lang).number(text, True)
    return _scientific(mantissa, int(exponent), lang, True)


def value(data: Any, lang: str, latex: bool, digits: int = 10) -> str:
    """A number, or nested sequences or an array of numbers in brackets; long ones keep their ends."""
    data = data.tolist() if hasattr(data, "tolist") else data
    if isinstance(data, Sequence) and not isinstance(data, str):
        items = [value(v, lang, latex, min(digits, 6)) for v in (data if len(data) <= 6 else [*data[:3], *data[-1:]])]
        if len(data) > 6:
            items.insert(3, r"\ldots" if latex else "...")
        separator = locale_of(lang).mark + (r"\allowbreak\," if latex else " ")
        return f"[{separator.join(items)}]"
    return real(float(data), lang, latex, digits)


def counted(n: int, lang: str) -> str:
    """How many, inside a sentence: in letters where the language writes small counts so.

    >>> counted(3, "fr"), counted(3, "en"), counted(12, "fr")
    ('trois', '3', '12')
    """
    return locale_of(lang).cardinal(n) or count(n, lang, False)


def count(n: int, lang: str, latex: bool) -> str:
    """How many: digits in groups of three, a power of two, or a rounded power of ten."""
    if n < LARGE:
        return locale_of(lang).grouped(n, latex)
    if n & (n - 1) == 0:
        exponent = n.bit_length() - 1
        return f"2^{{{exponent}}}" if latex else f"2^{exponent}"
    power = math.floor(math.log10(n))
    mantissa = 10 ** (math.log10(n) - power)
    return (r"\approx " if latex else "~") + _scientific(f"{mantissa:.2f}", power, lang, latex)


def subscripts(text: str) -> str:
    """The subscripts of an einsum as mathematics: ij,j\\to i."""
    kept = "".join(c for c in text if c in ",->" or (c.isascii() and c.isalpha()))
    return kept.replace("->", r"\to ").replace("-", "").replace(">", "")
