"""Mathematics as one line of plain Unicode, for labels that no TeX sets: W₁·x + b₁, ∂C/∂z₁, −1.23×10⁻⁴."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache
from typing import Any

import numpy as np

from symchain.render.fold import fold
from symchain.render.names import GREEK
from symchain.render.text import write
from symchain.support.notation import Phrase
from symchain.support.notation import name as named
from symchain.wording import locale_of

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_OPERATORS = (("<=", "≤"), (">=", "≥"), ("!=", "≠"), ("==", "="), ("..", "…"), (".T", "ᵀ"), ("*", "·"), ("-", "−"))
_ROOT = re.compile(r"\*\*(-?\d+)(?![\d.])")
_DIGITS = re.compile(r"(.+?)(\d+)\Z", re.DOTALL)
_INDEX = re.compile(r"(?<=[^\W\d_])_(\d+)(?=_|\Z)")
DIGITS = 3


@lru_cache(maxsize=4096)
def pretty_name(name: str) -> str:
    """A name as people write it.

    >>> pretty_name("W1"), pretty_name("z_2"), pretty_name("y_true"), pretty_name("delta_z1")
    ('W₁', 'z₂', 'y_true', 'δ_z₁')
    """
    text = "_".join(_piece(p) for p in unicodedata.normalize("NFKC", name).split("_"))
    return _INDEX.sub(lambda m: m[1].translate(_SUBSCRIPTS), text)


def _piece(text: str) -> str:
    match = None if text.isdigit() else _DIGITS.match(text)
    stem, digits = match.groups() if match else (text, "")
    return GREEK.get(stem, stem) + digits.translate(_SUBSCRIPTS)


def partial(output: str, by: str) -> str:
    """∂C/∂z₁."""
    return f"∂{pretty_name(output)}/∂{pretty_name(by)}"


def pretty(phrase: Phrase, lang: str = "en", renamed: dict[str, str] | None = None) -> str:
    """A formula on one line; long sums keep their ends."""
    locale = locale_of(lang)

    def visit(p: Phrase, parts: Any, keywords: dict[str, Phrase]) -> Phrase:
        if p.head == "name":
            return named((renamed or {}).get(p.text) or pretty_name(p.text))
        text = p.text
        if p.head == "call":
            text = locale.logarithm if text == "log" else pretty_name(text)
        elif p.head == "number":
            text = locale.number(text)
        return Phrase(p.head, tuple(parts), text, tuple(keywords.items()), p.primes)

    if phrase.head == "mul" and phrase.text == "prefix":  # the sign of an operation and its constant: +1, ×(−1)
        sign, constant = phrase.parts
        inner = pretty(constant, lang, renamed)
        return sign.text + (inner if constant.head in ("number", "name") else f"({inner})")
    text = write(fold(phrase, visit), 12)
    return _operators(text)


def _operators(text: str) -> str:
    if "'" in text and "->" in text:  # the subscripts of an einsum stay as they are
        return text
    text = _ROOT.sub(lambda m: m[1].translate(_SUPERSCRIPTS), text).replace("**", "^")
    for old, new in _OPERATORS:
        text = text.replace(old, new)
    return text


def figure(value: Any, lang: str = "en", signed: bool = False) -> str:
    """A number with three significant digits; an array as its shape and its Euclidean norm: [4×3] ‖2.31‖.

    >>> figure(-0.19661), figure(12345.0), figure(2e-7, "fr"), figure(0.5, signed=True)
    ('−0.197', '12300', '2·10⁻⁷', '+0.5')
    """
    array = np.asarray(value, dtype=float)
    if array.shape:
        return f"{shape_text(array.shape)} {norm(array, lang)}"
    number = float(array)
    if math.isnan(number):
        return "nan"
    sign = "−" if number < 0 else "+" if signed and number > 0 else ""
    if math.isinf(number):
        return sign + "∞"
    number = abs(number)
    shown = f"{number:.{DIGITS}g}"
    if abs(float(shown) - number) > 1e-9 * number:  # 0.590 was rounded, 0.5 was not
        shown = f"{number:#.{DIGITS}g}".removesuffix(".")
    mantissa, _, exponent = shown.partition("e")
    mantissa = mantissa.removesuffix(".")
    if exponent and 0 <= int(exponent) < 6:
        mantissa, exponent = f"{float(shown):.0f}", ""
    locale = locale_of(lang)
    text = locale.number(mantissa)
    return sign + (locale.power(text, str(int(exponent)).translate(_SUPERSCRIPTS)) if exponent else text)


def norm(value: Any, lang: str) -> str:
    """‖2.31‖; of a number its absolute value is not taken: the sign says something."""
    array = np.asarray(value, dtype=float)
    return f"‖{figure(np.sqrt(np.sum(array * array)), lang)}‖" if array.shape else figure(array, lang)


def shape_text(shape: tuple[Any, ...]) -> str:
    """[n×m]"""
    return "[" + "×".join(str(d).replace("*", "·").replace(" - ", "−").replace(" + ", "+") for d in shape) + "]"


_CLASSES = (
    ("ijlIJ'|·.,:;", 0.37), ("[]()/ftr-!\u0020₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ", 0.43), ("‖⁻_*", 0.53), ("abcdeghknopqsuvxyz0123456789", 0.64),
    ("#+<=>^~−×⊙≤≥→&wωDGHNOQUCΗΘΝΟΠΦΨΩ", 0.84), ("mMΜW%@…½", 1.0),
)  # fmt: skip
_WIDTHS = {c: w for text, w in _CLASSES for c in text}


def text_width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is at most, in the fonts that browsers have for sans-serif (the widths are those of DejaVu Sans)."""
    total = 0.0
    for c in text:
        if unicodedata.combining(c):
            continue
        wide = unicodedata.east_asian_width(c) in "WF"
        total += 1.0 if wide else _WIDTHS.get(c, 0.7)
    return total * size * (1.1 if bold else 1.0)


def clipped(text: str, size: float, room: float) -> str:
    """The text, cut with an ellipsis where it is wider than the room."""
    if text_width(text, size) <= room:
        return text
    while text and text_width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"
