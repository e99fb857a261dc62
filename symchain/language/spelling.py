"""How names may be spelled: Latin and Greek letters, digits, subscripts; and when two spellings are one name."""

from __future__ import annotations

import re
import unicodedata

from symchain.functions.spec import FunctionSpec, find

MAX_NAME = 200
"""Longer names are refused."""

_GREEK_NAMES = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
]
_LOWER = [c for c in map(chr, range(0x3B1, 0x3CA)) if c != "ς"]
GREEK = {c: n for c, n in zip(_LOWER, _GREEK_NAMES, strict=True)}
GREEK |= {c.upper(): n.capitalize() for c, n in list(GREEK.items())}
GREEK |= {"ς": "sigma", "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "ϱ": "rho", "ϰ": "kappa", "µ": "mu"}
"""Greek letter -> its English name. The variants are other shapes of the same letter, µ is the keyboard's mu."""

LOOKALIKES = {c: latin for c, latin in zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo", strict=True)}
"""Greek letters that cannot be told from Latin ones: refused."""

SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ", "0123456789aeoxhklmnpstijruv", strict=True))
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True))

_DOUBTFUL = "ıĸŉ"
_LATIN = "".join(
    c
    for c in map(chr, (*range(0xC0, 0x180), *range(0x1E00, 0x1F00)))
    if c.isalpha() and unicodedata.normalize("NFKC", c) == c and c not in _DOUBTFUL
)
_LETTERS = "A-Za-z_" + _LATIN + "".join(c for c in GREEK if c not in LOOKALIKES)
NAME = f"[{_LETTERS}][{_LETTERS}0-9\u0300-\u036f{''.join(SUBSCRIPTS)}]*"
"""The pattern of a name; combining accents are composed with their letter afterwards."""

_NAME = re.compile(NAME)
_SUBSCRIPT = re.compile(f"[{''.join(SUBSCRIPTS)}]+")
_ABSTRACT = re.compile(rf"(?:{'|'.join(GREEK.values())}|[^\W\d_])(?:\d+|_[^\W_]+)?")


def is_name(text: str) -> bool:
    """Whether the text is one name of the input language, in its composed form."""
    return _NAME.fullmatch(text) is not None and not text.startswith("__") and unicodedata.is_normalized("NFC", text)


def canonical(name: str) -> str:
    """The spelling in plain letters by which names are compared.

    >>> canonical("λ"), canonical("W₁"), canonical("σ_out")
    ('lambda', 'W_1', 'sigma_out')
    """
    if name.isascii():
        return name
    plain = _SUBSCRIPT.sub(lambda m: "_" + "".join(SUBSCRIPTS[c] for c in m[0]), name)
    return "".join(GREEK.get(c, c) for c in plain)


_LATEX = re.compile(r"(\\?)([A-Za-z][A-Za-z0-9]*)(?:_\{?((?:\\(?:text|mathrm)\{\w+\}|\\?[A-Za-z0-9]+|,\s*)+)\}?)?")
_VARIANT = re.compile(r"var(?=epsilon|theta|phi|rho|sigma|kappa)")


def plain(name: str) -> str:
    r"""The plain name that a LaTeX one stands for; any other text is returned as it is.

    >>> plain(r"\alpha"), plain("x_{1}"), plain(r"y_{\text{true}}"), plain(r"\input")
    ('alpha', 'x_1', 'y_true', '\\input')
    """
    found = _LATEX.fullmatch(name)
    if found is None or not ("\\" in name or "{" in name) or name.count("{") != name.count("}"):
        return name
    command, base, subscript = found.groups()
    base = _VARIANT.sub("", base) if command else base
    label = re.sub(r"\\(?:text|mathrm)|[{}\s]", "", subscript or "").replace(",", "_")
    letters = re.findall(r"\\([A-Za-z]+)", label)
    if (command and base not in GREEK.values()) or any(letter not in GREEK.values() for letter in letters):
        return name
    return base + (f"_{label}".replace("\\", "") if label else "")


def is_abstract(name: str) -> bool:
    """Whether an unknown function of this name is taken for an activation: sigma, σ₂, phi, f, g1."""
    return _ABSTRACT.fullmatch(canonical(name)) is not None


NOT_NUMBERS = ("nan", "NaN", "NAN", "inf", "Inf", "INF", "infinity", "Infinity")
RESERVED = ("None", "newaxis", "True", "False")
"""Words that name no input: what other languages call not-a-number and infinity, and the words of NumPy's indices and flags."""


def is_word_of_function(name: str) -> bool:
    """Whether a name is a word that means a function of one number and nothing else: exp and tanh, not psi, not j0.

    >>> is_word_of_function("exp"), is_word_of_function("psi"), is_word_of_function("j0"), is_word_of_function("rate")
    (True, False, False, False)
    """
    known = find(name)
    plain = len(name) >= 3 and name.isascii() and name.isalpha() and name not in GREEK.values()
    return plain and isinstance(known, FunctionSpec) and len(known.parameters) == 1
