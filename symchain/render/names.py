r"""Names as mathematics: W1 is W_1, y_true is y_{\text{true}}, lambda is \lambda, y_hat is \hat{y}, loss is \mathit{loss}.

A name comes from strangers. Everything that is not a letter or a digit is escaped here, so that no name can carry a LaTeX command.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ",
    "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ",
    "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
_MACROS = {**{word: "\\" + word for word in GREEK}, "epsilon": r"\varepsilon", "phi": r"\varphi", "omicron": "o"}
_MACROS.update({word: "\\" + word for word in ("varepsilon", "vartheta", "varphi", "varrho", "varsigma", "ell")})
_MACROS.update({letter: _MACROS[word] for word, letter in GREEK.items()})
_MACROS.update({"ϵ": r"\epsilon", "ϑ": r"\vartheta", "ϕ": r"\phi", "ς": r"\varsigma", "ℓ": r"\ell", "ο": "o", "µ": r"\mu"})
_MACROS.update(dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧ", (rf"\mathrm{{{c}}}" for c in "ABEZHIKMNOPTX"), strict=True)))
_MACROS.update(dict(zip(("Alpha", "Beta", "Epsilon", "Zeta", "Eta", "Iota", "Kappa", "Mu", "Nu", "Omicron", "Rho", "Tau", "Chi"),
                        (rf"\mathrm{{{c}}}" for c in "ABEZHIKMNOPTX"), strict=True)))  # fmt: skip

_ACCENTS = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde", "dot": r"\dot", "vec": r"\vec"}
_WORDS = frozenset({"that", "what", "chat", "phat", "ahat", "ebar"})
"""Words that happen to end like an accent."""

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ß": "ss", "\u00a0": "~", "\u202f": "~",
    "—": "---", "–": "--", "’": "'",
}  # fmt: skip
_PRINTED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !'()*+,-./:;=?@[]`\""
_MARKS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327"


def escaped(text: str) -> str:
    """Plain text as LaTeX text; what neither LaTeX nor KaTeX can set becomes a question mark."""
    return "".join(map(_escaped_character, unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=4096)
def _escaped_character(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    if c in _PRINTED:
        return c
    if c in _MACROS:
        return f"${_MACROS[c]}$"
    base, *marks = list(unicodedata.normalize("NFD", c))
    if base in _PRINTED and all(m in _MARKS for m in marks):
        return c
    plain = unicodedata.normalize("NFKC", c)
    if plain != c and len(plain) == 1:
        return _escaped_character(plain)
    return c if unicodedata.category(c) in ("Lo", "Lu", "Ll") and ord(c) >= 0x400 and ord(c) <= 0xFFFF else "?"


_PARTS = re.compile(r"(.*?)(\d*)\Z", re.DOTALL)


@lru_cache(maxsize=65536)
def typeset(name: str) -> str:
    r"""A name as LaTeX mathematics, always one atom with at most one subscript.

    >>> typeset("W1"), typeset("y_true"), typeset("lambda"), typeset("delta_z1")
    ('W_1', 'y_{\\text{true}}', '\\lambda', '\\delta_{z_1}')
    """
    name = unicodedata.normalize("NFKC", name)
    core = name.strip("_")
    lead, trail = name[: len(name) - len(name.lstrip("_"))], name[len(name.rstrip("_")) :]
    if not core:
        return rf"\text{{{escaped(name)}}}"
    base, *subscripts = [piece for piece in core.split("_") if piece]
    accent = ""
    if subscripts and subscripts[0] in _ACCENTS:
        accent = _ACCENTS[subscripts.pop(0)]
    match = _PARTS.match(base)
    assert match is not None
    stem, digits = match.groups()
    if digits and stem:
        subscripts.insert(0, digits)
    else:
        stem = base
    if not accent:
        stem, accent = _accented(stem)
    body = _stem(stem)
    if accent:
        body = f"{accent}{{{body}}}"
    if lead or trail:  # x_ and _x are other names than x
        body = rf"{_marks(lead)}{body}{_marks(trail)}"
    return body + _subscript(subscripts)


def _marks(underscores: str) -> str:
    return rf"\text{{{escaped(underscores)}}}" if underscores else ""


def _accented(stem: str) -> tuple[str, str]:
    for word, macro in _ACCENTS.items():
        base = stem.removesuffix(word)
        if base != stem and stem not in _WORDS and (len(base) == 1 or base in _MACROS):
            return base, macro
    return stem, ""


def _stem(stem: str) -> str:
    if stem in _MACROS:
        return _MACROS[stem]
    if len(stem) == 1 and stem.isascii() and stem.isalnum():
        return stem
    if stem.isascii() and stem.isalnum():
        return rf"\mathit{{{stem}}}"
    text = escaped(stem)
    return rf"\textit{{{text}}}" if text.isalnum() else rf"\text{{{text}}}"


def _subscript(pieces: list[str]) -> str:
    if not pieces:
        return ""
    texts = [_subscript_piece(p) for p in pieces]
    joined = ",".join(texts)
    return f"_{joined}" if len(joined) == 1 else f"_{{{joined}}}"


def subscripted(name: str, indices: str) -> str:
    r"""Typeset mathematics with indices added to its subscript.

    >>> subscripted("W_2", "ij"), subscripted(r"y_{\text{true}}", "i")
    ('W_{2,ij}', 'y_{\\text{true},i}')
    """
    depth, at = 0, -1
    for k, c in enumerate(name):
        depth += (c == "{") - (c == "}") if name[k - 1 : k] != "\\" else 0
        if c == "_" and depth == 0 and name[k - 1 : k] != "\\":
            at = k
    below = name[at + 1 :]
    if at < 0 or not (len(below) == 1 or (below.startswith("{") and below.endswith("}"))):
        return f"{name}_{indices}" if len(indices) == 1 else f"{name}_{{{indices}}}"
    return f"{name[:at]}_{{{below[1:-1] if len(below) > 1 else below},{indices}}}"


def _subscript_piece(piece: str) -> str:
    match = _PARTS.match(piece)
    assert match is not None
    stem, digits = match.groups()
    if not stem:
        return piece if piece.isascii() else escaped(piece)
    if stem in _MACROS or (len(stem) == 1 and stem.isascii() and stem.isalnum()):
        inner = _MACROS.get(stem, stem)
        return inner + (f"_{digits}" if len(digits) == 1 else f"_{{{digits}}}" if digits else "")
    return rf"\text{{{escaped(piece)}}}"


def told_apart(names: Iterable[str], renamed: Mapping[str, str]) -> dict[str, str]:
    r"""How names are set that are not set by `typeset`: as `renamed` says, where this keeps all apart, and letter by letter where two
    names would look alike.

    >>> told_apart(["x1", "x_1", "z1"], {"delta_z1": r"\delta_1"})
    {'x_1': '\\text{x\\_1}', 'delta_z1': '\\delta_1'}
    """
    own = [n for n in dict.fromkeys(names) if n not in renamed]
    users: dict[str, str] = {}
    found: dict[str, str] = {}
    for n in own:
        if users.setdefault(typeset(n), n) != n:
            found[n] = rf"\text{{{escaped(n)}}}"
    return found | {n: text for n, text in renamed.items() if text not in users}


def is_plain(name: str) -> bool:
    """Whether the name is set as one Latin letter, with digits below or not: two of them may stand side by side (W_1x)."""
    return re.fullmatch(r"[A-Za-z]_?\d*", name) is not None


def layer_names(blocks: list[str]) -> dict[str, str]:
    r"""delta_z1 -> \delta_1 and so on when some blocks are called z1 to zL, as in a network written layer by layer."""
    numbers = sorted(int(b[1:]) for b in blocks if re.fullmatch(r"[zZ][1-9]\d{0,8}", b))
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        return {}
    letter = next(b[0] for b in blocks if re.fullmatch(r"[zZ]1", b))
    delta = r"\Delta" if letter == "Z" else r"\delta"
    return {f"delta_{letter}{k}": f"{delta}_{k}" if k < 10 else f"{delta}_{{{k}}}" for k in numbers}
