r"""LaTeX mathematics as MathML, which browsers set without a script.

Formulas are laid out once, as LaTeX; what symchain's own printers write is read and written again, as for Typst.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache

from symchain.errors import UnsupportedError
from symchain.render.typst import SYMBOLS, Reader, plain_text

_SPACES = {r"\quad": "1em", r"\qquad": "2em", r"\,": "0.17em", r"\:": "0.22em", r"\;": "0.28em", r"\ ": "0.3em", "~": "0.3em", r"\!": ""}
_BARS = {r"\lvert": "|", r"\rvert": "|", r"\vert": "|", "|": "|", r"\{": "{", r"\}": "}"}
_NOTHING = frozenset((r"\allowbreak", r"\displaystyle", r"\Bigl", r"\Bigr"))
_ACCENTS = {r"\hat": "^", r"\bar": "¯", r"\tilde": "~", r"\dot": "˙", r"\vec": "→", r"\overline": "‾"}
_LIMITED = frozenset("∑∏")
_DOUBLE = {"R": "ℝ", "N": "ℕ", "Z": "ℤ", "Q": "ℚ", "C": "ℂ", "E": "𝔼", "1": "𝟙"}


@lru_cache(maxsize=8192)
def mathml(latex: str, display: bool = False) -> str:
    """A math element; a formula that holds what symchain's printers do not write stands in it as LaTeX.

    >>> mathml(r"\\frac{a}{2}")
    '<math><mfrac><mi>a</mi><mn>2</mn></mfrac></math>'
    """
    try:
        inside = _Reader(latex).sequence(0)
    except UnsupportedError:
        inside = f"<mtext>{html.escape(latex)}</mtext>"
    block = ' display="block"' if display else ""
    return f"<math{block}>{inside}</math>"


def _row(parts: Sequence[str]) -> str:
    found = [p for p in parts if p]
    return found[0] if len(found) == 1 else f"<mrow>{''.join(found)}</mrow>"


class _Reader(Reader):
    def sequence(self, depth: int, *ends: str) -> str:
        self.bounded(depth)
        found: list[str] = []
        while self.at < len(self.tokens) and self.peek() not in ends:
            if self.peek().isspace():
                self.at += 1
            else:
                found.append(self.scripted(depth))
        return _row(found)

    def scripted(self, depth: int) -> str:
        brace = self.peek() == r"\underbrace"
        base = "<mrow></mrow>" if self.peek() in ("^", "_") else self.atom(depth)
        below, above = self.scripts(depth, "<mo>′</mo>")
        if not below and not above:
            return base
        under = brace or any(base == f"<mo>{sign}</mo>" for sign in _LIMITED) or base.startswith("<mo movablelimits")
        name = ("munder" if under else "msub") if not above else ("mover" if under else "msup") if not below else ""
        name = name or ("munderover" if under else "msubsup")
        return f"<{name}>{base}{''.join(_row(part) for part in (below, above) if part)}</{name}>"

    def number(self, digits: str) -> str:
        return f"<mn>{digits.replace('{,}', ',')}</mn>"

    def empty(self) -> str:
        return "<mrow></mrow>"

    def atom(self, depth: int) -> str:
        token = self.next()
        if token[:1].isdigit():
            return self.number(token)
        if token == "{":
            inside = self.sequence(depth + 1, "}")
            self.next()
            return inside
        if token in _NOTHING:
            return ""
        if token in _SPACES:
            return f'<mspace width="{_SPACES[token]}"/>' if _SPACES[token] else ""
        if token in _BARS:
            return f'<mo stretchy="false">{_BARS[token]}</mo>'
        if token in (r"\frac", r"\dfrac", r"\tfrac"):
            small = ' displaystyle="false"' if token == r"\tfrac" else ""
            return f"<mfrac{small}>{self.argument(depth)}{self.argument(depth)}</mfrac>"
        if token == r"\sqrt":
            return f"<msqrt>{self.argument(depth)}</msqrt>"
        if token == r"\underbrace":
            return f'<munder>{self.argument(depth)}<mo stretchy="true">⏟</mo></munder>'
        if token in _ACCENTS:
            stretched = "true" if token == r"\overline" else "false"
            return f'<mover accent="true">{self.argument(depth)}<mo stretchy="{stretched}">{_ACCENTS[token]}</mo></mover>'
        if token == r"\boxed":
            return f'<mrow class="boxed">{self.argument(depth)}</mrow>'
        if token == r"\mathbf":
            return f'<mrow class="bold">{self.argument(depth)}</mrow>'
        if token == r"\mathbb":
            letter = self.braced()
            return f"<mi>{_DOUBLE.get(letter, html.escape(letter))}</mi>"
        if token == r"\left":
            return self.fenced(depth)
        if token == r"\begin":
            return self.environment(depth)
        if token in self.TEXTS:
            return self.words(token)
        if token in SYMBOLS:
            sign = SYMBOLS[token].removeprefix("\\")
            return f"<mi>{sign}</mi>" if sign.isalpha() or sign == "∞" else f"<mo>{html.escape(sign)}</mo>"
        if token.startswith("\\"):
            return self.operator(token)
        if token.isalpha():
            return f"<mi>{token}</mi>"
        if token in "()[]":
            return f'<mo stretchy="false">{token}</mo>'
        return f"<mo>{'−' if token == '-' else html.escape(token)}</mo>"

    def operator(self, token: str) -> str:
        word = token[1:]
        if word in self.OPERATORS:
            return f"<mi>{word}</mi><mo>&#x2061;</mo>"
        if word in self.LIMITS:
            return f'<mo movablelimits="true">{word}</mo>'
        raise UnsupportedError(f"{token} has no MathML here")

    def fenced(self, depth: int) -> str:
        opened = self.delimiter()
        inside = self.sequence(depth + 1, r"\right")
        self.next()
        return f"<mrow>{opened}{inside}{self.delimiter()}</mrow>"

    def delimiter(self) -> str:
        self.blank()
        token = self.next()
        if token == ".":
            return ""
        sign = _BARS.get(token) or SYMBOLS.get(token, token)
        return f'<mo fence="true" stretchy="true">{html.escape(sign)}</mo>'

    def environment(self, depth: int) -> str:
        name = self.braced()
        if name not in ("cases", "aligned", "pmatrix", "bmatrix"):
            raise UnsupportedError(f"the environment {name} has no MathML here")
        cells = (["<mtd>" + cell + "</mtd>" for cell in row] for row in self.rows(depth))
        rows = "".join(f"<mtr>{''.join(row)}</mtr>" for row in cells)
        large = ' displaystyle="true"' if name == "aligned" else ""
        table = f'<mtable class="{name}"{large}>{rows}</mtable>'
        before, after = {"cases": ("{", ""), "pmatrix": ("(", ")"), "bmatrix": ("[", "]")}.get(name, ("", ""))
        fence = '<mo fence="true" stretchy="true">{}</mo>'
        return f"<mrow>{fence.format(before) if before else ''}{table}{fence.format(after) if after else ''}</mrow>"

    def words(self, macro: str) -> str:
        found = []
        for k, part in enumerate(re.split(r"(?<!\\)\$", self.braced())):
            if k % 2:
                found.append(_Reader(part).sequence(1))
            elif part:
                text = html.escape(plain_text(part)).replace(" ", "\u00a0")
                plain = macro in (r"\operatorname", r"\mathrm", r"\mathsf")
                italic = macro in (r"\mathit", r"\textit")
                named = f'<mi mathvariant="normal">{text}</mi>'
                found.append(named if plain else f'<mtext class="italic">{text}</mtext>' if italic else f"<mtext>{text}</mtext>")
        return _row(found)
