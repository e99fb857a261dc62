r"""How wide LaTeX mathematics is when it is set in a display: in points, for type of 10 points (Computer Modern).

What symchain's own printers write is understood the way TeX sets it: each sign has its class, two classes have a space between them,
scripts and fractions within fractions are smaller and closer, limits stand under their sign, cases count by their widest row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest

_TOKEN = re.compile(r"\\(?:begin|end)\{\w+\*?\}|\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)

THIN, MEDIUM, THICK = 1.67, 2.22, 2.78
_ORD, _OP, _BIN, _REL, _OPEN, _CLOSE, _PUNCT, _INNER = range(8)
_SPACES = (
    "01230001", "11030001", "22002002", "33003003", "00000000", "01230001", "11011111", "11231011",
)  # fmt: skip
"""The space between a class and the next: none, thin, medium or thick. TeX's own table."""
_GLUE = {"0": 0.0, "1": THIN, "2": MEDIUM, "3": THICK}
_KEPT = frozenset({(_ORD, _OP), (_OP, _ORD), (_OP, _OP), (_CLOSE, _OP), (_INNER, _OP)})
"""The spaces that scripts have too."""

_ITALIC = dict(zip(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    (5.29, 4.29, 4.33, 5.20, 4.66, 5.97, 5.13, 5.76, 3.45, 4.69, 5.52, 3.18, 8.78, 6.00, 4.85, 5.03, 4.82, 4.79, 4.69, 3.61, 5.72, 5.21,
     7.43, 5.72, 5.26, 5.09, 7.50, 8.09, 7.86, 8.56, 7.96, 7.82, 7.86, 9.12, 5.18, 6.51, 9.21, 6.81, 10.79, 9.12, 7.91, 7.81, 7.91, 7.67,
     6.71, 7.23, 7.92, 8.06, 10.83, 9.07, 8.03, 7.54), strict=True,
))  # fmt: skip
_UPRIGHT = dict(zip(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    (5.00, 5.55, 4.44, 5.55, 4.44, 3.05, 5.00, 5.55, 2.78, 3.05, 5.28, 2.78, 8.33, 5.55, 5.00, 5.55, 5.28, 3.92, 3.94, 3.89, 5.55, 5.28,
     7.22, 5.28, 5.28, 4.44, 7.50, 7.08, 7.22, 7.64, 6.80, 6.53, 7.85, 7.50, 3.61, 5.14, 7.78, 6.25, 9.16, 7.50, 7.78, 6.80, 7.78, 7.36,
     5.55, 7.22, 7.50, 7.50, 10.28, 7.50, 7.50, 6.11), strict=True,
))  # fmt: skip
_GREEK = {
    r"\alpha": 6.43, r"\beta": 6.18, r"\gamma": 5.73, r"\delta": 4.82, r"\epsilon": 4.06, r"\varepsilon": 4.66, r"\zeta": 5.11,
    r"\eta": 5.32, r"\theta": 4.97, r"\iota": 3.54, r"\kappa": 5.76, r"\lambda": 5.83, r"\mu": 6.03, r"\nu": 5.58, r"\xi": 4.84,
    r"\pi": 6.06, r"\rho": 5.17, r"\sigma": 6.07, r"\tau": 5.50, r"\upsilon": 5.76, r"\phi": 5.96, r"\varphi": 6.54,
    r"\chi": 6.26, r"\psi": 6.87, r"\omega": 6.58, r"\Gamma": 6.25, r"\Delta": 8.33, r"\Theta": 7.78, r"\Lambda": 6.94,
    r"\Xi": 6.67, r"\Pi": 7.50, r"\Sigma": 7.22, r"\Upsilon": 7.78, r"\Phi": 7.22, r"\Psi": 7.78, r"\Omega": 7.22, r"\ell": 4.17,
    r"\partial": 5.86, r"\top": 7.78, r"\infty": 10.0, r"\nabla": 8.33,
}  # fmt: skip
_SIGNS: dict[str, tuple[int, float]] = {
    **{s: (_BIN, 7.78) for s in ("+", "-", r"\odot", r"\times", r"\otimes", r"\oplus", r"\pm")}, r"\cdot": (_BIN, 2.78),
    r"\circ": (_BIN, 5.0), "*": (_BIN, 5.0),
    **{s: (_REL, 7.78) for s in ("=", "<", ">", r"\le", r"\ge", r"\ne", r"\approx", r"\sim")}, r"\to": (_REL, 10.0),
    r"\mapsto": (_REL, 10.0), r"\in": (_REL, 6.67), ":": (_REL, 2.78), r"\mid": (_REL, 2.78),
    **{s: (_OPEN, 3.89) for s in ("(", r"\langle")}, "[": (_OPEN, 2.78), r"\{": (_OPEN, 5.0), r"\lVert": (_OPEN, 5.0),
    r"\lvert": (_OPEN, 2.78), r"\lfloor": (_OPEN, 4.44), r"\lceil": (_OPEN, 4.44),
    **{s: (_CLOSE, 3.89) for s in (")", r"\rangle")}, "]": (_CLOSE, 2.78), r"\}": (_CLOSE, 5.0), r"\rVert": (_CLOSE, 5.0),
    r"\rvert": (_CLOSE, 2.78), r"\rfloor": (_CLOSE, 4.44), r"\rceil": (_CLOSE, 4.44), "!": (_CLOSE, 2.78),
    ",": (_PUNCT, 2.78), ";": (_PUNCT, 2.78), r"\cdots": (_INNER, 11.67), r"\ldots": (_INNER, 11.67), r"\dots": (_INNER, 11.67),
    "|": (_ORD, 2.78), "/": (_ORD, 5.0), ".": (_ORD, 2.78), "'": (_ORD, 2.8), r"\_": (_ORD, 3.5), r"\Vert": (_ORD, 5.0),
}  # fmt: skip
_BIG = {r"\sum": (14.44, 10.56), r"\prod": (12.78, 9.44), r"\int": (10.0, 6.67)}
"""Signs with limits: in a display, and elsewhere."""
_SKIPS = {r"\quad": 10.0, r"\qquad": 20.0, r"\,": 1.67, r"\:": 2.22, r"\;": 2.78, r"\ ": 3.33, "~": 3.33, r"\!": -1.67}
_FONTS = frozenset({r"\mathbf", r"\mathrm", r"\mathit", r"\mathbb", r"\mathsf", r"\mathcal"})
_TEXTS = frozenset({r"\text", r"\textit", r"\textbf", r"\textrm", r"\emph"})
_ACCENTS = frozenset({r"\hat", r"\bar", r"\tilde", r"\dot", r"\vec", r"\overline", r"\widehat", r"\widetilde"})
_OPERATORS = frozenset({
    "ln", "log", "exp", "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "coth", "det",
    "dim", "ker", "arg", "deg", "max", "min", "sup", "inf", "lim",
})  # fmt: skip
_FRACTIONS = {r"\frac": 1, r"\dfrac": 1, r"\tfrac": 2}
_DISPLAY, _TEXT, _SCRIPT = range(3)
_SIZES = (1.0, 1.0, 0.8, 0.68)
"""Of a display, a line of text, scripts, scripts of scripts."""


@lru_cache(maxsize=8192)
def width(latex: str) -> float:
    """The width of a formula.

    >>> width("x^2") < width("x2") < width("a+b/c") and width(r"\\frac{a+b}{c}") < width("a+b/c")
    True
    """
    return _Reading(latex).row(_DISPLAY)[0]


class _Reading:
    """The tokens of a formula, and how far they are read."""

    def __init__(self, latex: str) -> None:
        self.tokens = _TOKEN.findall(latex.replace("\x1f", ""))
        self.place = 0

    def _next(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1] if self.place <= len(self.tokens) else ""

    def _blank(self) -> None:
        while self.place < len(self.tokens) and self.tokens[self.place].isspace():
            self.place += 1

    def _here(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def row(self, style: int, closers: tuple[str, ...] = ()) -> tuple[float, bool]:
        """The width up to what closes, and whether something taller than a line stands there. Reads no closer."""
        total, tall = 0.0, False
        before = -1
        self._blank()
        if not closers and _SIGNS.get(self._here(), (_ORD, 0.0))[0] in (_BIN, _REL) and self._here() != "-":
            before = _ORD  # a line that begins with a sign goes on from the one before
        while (token := self._here()) and token not in closers and not (closers and token in ("}", r"\right")):
            self.place += 1
            if token.isspace() or token in ("&", r"\\", "$", r"\displaystyle", r"\limits", r"\allowbreak", r"\noindent", "}"):
                continue
            if token in _SKIPS:
                total += _SKIPS[token] * _SIZES[min(style, 3)]
                continue
            kind, size, high = self._atom(token, style)
            if kind == _BIN and before in (-1, _BIN, _REL, _OPEN, _PUNCT, _OP):
                kind = _ORD
            if before >= 0 and (style < _SCRIPT or (before, kind) in _KEPT):
                total += _GLUE[_SPACES[before][kind]]
            total, tall, before = total + size, tall or high, kind
        return total, tall

    def _argument(self, style: int) -> tuple[float, bool]:
        """The width of a group, or of one sign."""
        self._blank()
        if self._here() == "{":
            self.place += 1
            found = self.row(style, ("}",))
            self.place += 1
            return found
        token = self._next()
        return self._nucleus(token, style)[1:] if token else (0.0, False)

    def _atom(self, token: str, style: int) -> tuple[int, float, bool]:
        """A sign with what stands above and below it: class, width, height."""
        kind, size, tall = self._nucleus(token, style)
        limits = token == r"\underbrace" or (token in (r"\sum", r"\prod", r"\max", r"\min") and style == _DISPLAY)
        scripts = [0.0]
        self._blank_before_script()
        while self._here() in ("^", "_"):
            self.place += 1
            scripts.append(self._argument(max(style, _TEXT) + 1)[0])
            self._blank_before_script()
        if len(scripts) > 1:
            size = max(size, *scripts) if limits else size + max(scripts) + 0.5
        return kind, size, tall or (limits and len(scripts) > 1)

    def _blank_before_script(self) -> None:
        ahead = self.place
        while ahead < len(self.tokens) and self.tokens[ahead].isspace():
            ahead += 1
        if ahead < len(self.tokens) and self.tokens[ahead] in ("^", "_"):
            self.place = ahead

    def _nucleus(self, token: str, style: int) -> tuple[int, float, bool]:
        scale = _SIZES[min(style, 3)]
        if token == "{":
            size, tall = self.row(style, ("}",))
            self.place += 1
            return _ORD, size, tall
        if token in _SIGNS:
            kind, size = _SIGNS[token]
            return kind, size * scale, False
        if token in _FRACTIONS:
            inner = max(style, _DISPLAY) + 1 if token == r"\frac" else _FRACTIONS[token]
            over, under = self._argument(inner), self._argument(inner)
            return _INNER, max(over[0], under[0]) + 2.4, True
        if token in _BIG:
            return _OP, _BIG[token][style != _DISPLAY] * scale, True
        if token[1:] in _OPERATORS and len(token) > 1:
            return _OP, sum(_UPRIGHT[c] for c in token[1:]) * scale, False
        if token == r"\operatorname":
            return _OP, self._text() * scale, False
        if token in _TEXTS:
            return _ORD, self._text() * scale * (1.16 if token == r"\textbf" else 1.0), False
        if token in _FONTS:
            return _ORD, self._text(math=token == r"\mathit") * scale * (1.15 if token == r"\mathbf" else 1.05), False
        return self._enclosed(token, style, scale)

    def _enclosed(self, token: str, style: int, scale: float) -> tuple[int, float, bool]:
        """What has others inside, and letters."""
        if token == r"\left":
            opening = self._next()
            size, tall = self.row(style, (r"\right",))
            self.place += 1
            closing = self._next()
            grown = sum(0.0 if d == "." else (7.4 if tall else 4.6) if d in "()" else 6.0 for d in (opening, closing))
            return _INNER, size + grown, tall
        if token in (r"\Bigl", r"\Bigr"):
            self._next()
            return (_OPEN if token == r"\Bigl" else _CLOSE), 5.97, True
        if token.startswith(r"\begin"):
            return _INNER, self._table(token[7:-1]), True
        if token == r"\sqrt":
            size, tall = self._argument(style)
            return _ORD, size + (10.0 if tall else 8.33) * scale, tall
        if token == r"\boxed":
            size, tall = self._argument(_DISPLAY)
            return _ORD, size + 6.8, tall
        if token == r"\underbrace":
            size, tall = self._argument(_DISPLAY)
            return _OP, max(size, 18.0 if style == _DISPLAY else 15.0), tall
        if token in _ACCENTS:
            return (_ORD, *self._argument(style))
        size = _ITALIC.get(token) or _GREEK.get(token) or (5.0 if token.isdigit() else 6.0)
        return _ORD, size * scale, False

    def _table(self, kind: str) -> float:
        """An environment: its columns beside each other, what encloses them."""
        rows: list[list[float]] = [[]]
        style = _DISPLAY if kind.startswith("align") else _TEXT
        while self._here() and not self._here().startswith(r"\end"):
            rows[-1].append(self.row(style, ("&", r"\\", rf"\end{{{kind}}}"))[0])
            if self._here() in ("&", r"\\"):
                if self._next() == r"\\":
                    rows.append([])
            elif not self._here().startswith(r"\end"):
                self.place += 1
        self.place += 1
        columns = [max(c) for c in zip_longest(*rows, fillvalue=0.0)]
        return sum(columns) + 10.0 * max(len(columns) - 1, 0) + (9.0 if kind == "cases" else 16.0)

    def _text(self, math: bool = False) -> float:
        """Letters that stand upright, formulas between dollars among them."""
        self._blank()
        if self._here() != "{":
            return _UPRIGHT.get(self._next(), 5.0)
        self.place += 1
        return sum(self._words(math))

    def _words(self, math: bool) -> Iterator[float]:
        depth = 1
        while token := self._next():
            if token == "$":
                yield self.row(_TEXT, ("$",))[0]
                self.place += 1
            elif token in "{}":
                depth += 1 if token == "{" else -1
                if not depth:
                    return
            elif token.isspace() or token in ("~", r"\ "):
                yield 0.0 if math else 3.33
            elif token in _SKIPS:
                yield _SKIPS[token]
            elif len(token) == 1:
                yield (_UPRIGHT.get(token) or (2.78 if token in ",.;:!'" else 3.89 if token in "()" else 5.0))
            elif token in (r"\_", r"\&", r"\%", r"\$", r"\#"):
                yield 6.0
