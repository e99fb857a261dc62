"""Products in LaTeX: fractions, product signs by rank, matrix products, and the printed phrase that all of LaTeX is made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from symchain.render.fold import FIRST
from symchain.render.measure import width
from symchain.render.style import rank_of_matmul
from symchain.support.notation import Phrase

COMPARE, ADD, MUL, POW, ATOM = range(5)

BREAK = "\x1f"
"""A place where a long line may break; names cannot hold this character. `lines` removes or uses it."""
WIDE = 310.0
"""A numerator wider than this is not put on a fraction bar, and tall brackets around more can be broken as they are."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A vector repeated as columns (it scales the rows of a matrix) or as rows."""

    vector: str
    columns: bool
    below: str = ""
    """The shape to print under the diagonal matrix."""

    @property
    def diagonal(self) -> str:
        diagonal = rf"\operatorname{{diag}}({self.vector})"
        return rf"\underbrace{{{solid(diagonal)}}}_{{{self.below}}}" if self.below else diagonal


@dataclass(frozen=True, slots=True)
class Tex:
    """A printed phrase: how tightly it binds, its rank, and what its neighbours in a product must know."""

    text: str
    level: int = ATOM
    rank: int = 0
    kind: str = ""
    """number, plain (one Latin letter), name, minus (begins with a minus), open (extends to the right as far as it can)."""
    tall: bool = False
    inline: str = ""
    """The same on one line (x/2 for a fraction), for exponents."""
    alone: str = ""
    """The v of v[:, None], for where a column is meant and not its repetition."""
    spread: Spread | None = None
    """How v[:, None] multiplies a matrix: as diag(v) before it."""
    scaled: tuple[Tex, Tex] | None = None
    """Number and rest of a product 1/2*x, where the number may move in front of what x multiplies."""
    applied: tuple[str, str] | None = None
    """Macro and argument of \\tanh(x), so that a power can be set as \\tanh^{2}(x)."""


def solid(text: str) -> str:
    return text.replace(BREAK, "")


def bracketed(part: Tex) -> str:
    """In parentheses; tall content gets tall ones, of one size where a line may break between them."""
    if not part.tall:
        return f"({part.text})"
    wide = BREAK in part.text and width(part.text) > WIDE
    return rf"\Bigl({part.text}\Bigr)" if wide else rf"\left({part.text}\right)"


def within(part: Tex, level: int) -> str:
    return part.text if part.level >= level else bracketed(part)


# ---------------------------------------------------------------- products

def product(p: Phrase, parts: Sequence[Tex]) -> Tex:
    factors: list[Tex] = []
    below: list[Tex] = []
    for k, part in enumerate(parts):
        if p.parts[k if k < FIRST else k - len(parts)].head == "over":
            below.append(part)
            continue
        if below:
            factors, below = _divided(factors, below), []
        factors.append(part)
        if len(parts) < len(p.parts) and k == FIRST - 1:
            factors.append(Tex(r"\cdots"))
    if below:
        factors = _divided(factors, below)
    return factors[0] if len(factors) == 1 else joined(factors)


def dotted(factors: Sequence[Tex], inner: bool) -> str:
    """Factors as they stand, set apart by dots; `inner`: something stands before them, so that a minus needs brackets."""
    if len(factors) == 1 and not inner:
        return factors[0].text
    places = range(inner, len(factors) + inner)
    shown = [f if _stands(f, k, places.stop, 2, 0) else _grouped(f) for k, f in zip(places, factors, strict=True)]
    return f"{BREAK}\\cdot ".join(f.text for f in shown)


def _divided(factors: list[Tex], below: list[Tex]) -> list[Tex]:
    """The factors so far over a denominator: one fraction, or a fraction of 1 at the end of a numerator that is too wide."""
    under = below[0] if len(below) == 1 else joined(below)
    if not factors:
        return [_fraction(Tex("1", kind="number"), under)]
    over = factors[0] if len(factors) == 1 else joined(factors)
    if width(over.text) > WIDE:
        return [*factors, _fraction(Tex("1", kind="number"), under)]
    return [_fraction(over, under)]


def _fraction(over: Tex, under: Tex) -> Tex:
    sign, top = ("-", over.text[1:]) if over.kind == "minus" and over.level >= MUL else ("", over.text)
    bottom = under.text
    inline = f"{sign}{solid(top)}/{solid(bottom)}" if over.level >= MUL and under.level >= ATOM and not over.tall and not under.tall else ""
    rank = max(over.rank, under.rank)
    if over.kind == under.kind == "number":
        top, bottom = solid(top), solid(bottom)
        short = len(top) == len(bottom) == 1
        return Tex(rf"\tfrac{top}{bottom}" if short else rf"\tfrac{{{top}}}{{{bottom}}}", MUL, 0, "number", False, inline)
    return Tex(rf"{sign}\frac{{{top}}}{{{bottom}}}", MUL, rank, "minus" if sign else "fraction", True, inline)


def joined(factors: list[Tex]) -> Tex:
    """Factors side by side, with the signs and brackets that their ranks ask for."""
    factors = _scaled_rows(factors)
    if len(factors) == 1:
        return factors[0]
    crowd = sum(f.kind != "number" for f in factors)
    ranks = sum(f.rank > 0 for f in factors)
    shown = [f if _stands(f, k, len(factors), crowd, ranks) else _grouped(f) for k, f in enumerate(factors)]
    text = shown[0].text
    pair = len(shown) - (shown[0].kind == "number") == 2
    for k in range(1, len(shown)):
        text += _separator(shown[k - 1], shown[k], k == 1, pair) + shown[k].text
    kind = "minus" if shown[0].kind == "minus" else "open" if shown[-1].kind == "open" else ""
    if not kind and all(f.kind == "number" for f in shown):
        kind = "number"
    scaled = (factors[0], factors[1]) if len(factors) == 2 and factors[0].kind == "number" else None
    return Tex(text, MUL, max(f.rank for f in factors), kind, any(f.tall for f in shown), scaled=scaled)


def _scaled_rows(factors: list[Tex]) -> list[Tex]:
    """v[:, None]*M is diag(v) M, and M*v[None, :] is M diag(v): a matrix whose rows or columns are scaled."""
    spread = [f for f in factors if f.spread]
    matrices = [f for f in factors if f.rank == 2 and not f.spread]
    numbers = [f for f in factors if not f.rank]
    sides = [s.spread.columns for s in spread if s.spread]
    if not matrices or not spread or len(set(sides)) < len(sides) or len(spread) + len(matrices) + len(numbers) < len(factors):
        return factors
    matrix = joined(matrices) if len(matrices) > 1 else matrices[0]
    text = matrix.text if matrix.level >= POW or (matrix.kind == "matmul" and matrix.level == MUL) else bracketed(matrix)
    for s in (f.spread for f in spread if f.spread):
        text = rf"{s.diagonal}\,{BREAK}{text}" if s.columns else rf"{text}\,{BREAK}{s.diagonal}"
    return [*numbers, Tex(text, MUL, 2, "diagonal", matrix.tall)]


def _grouped(factor: Tex) -> Tex:
    """In parentheses; a product sign must follow a name before (-b), which would read as a call."""
    return Tex(bracketed(factor), ATOM, factor.rank, "" if factor.kind == "minus" else "group", factor.tall)


def _stands(factor: Tex, k: int, n: int, crowd: int, ranks: int) -> bool:
    """Whether a factor needs no parentheses where it is; `crowd` counts the factors that are not numbers, `ranks` those with axes."""
    if factor.level < MUL or (k and factor.kind == "minus"):
        return False
    if factor.kind == "open":
        return k == n - 1
    if factor.kind not in ("matmul", "diagonal") or crowd == 1:
        return True
    return k == n - 1 and factor.rank > 0 and ranks == 1 and not factor.text.startswith("(")


def _separator(before: Tex, after: Tex, first: bool, pair: bool) -> str:
    if before.rank and after.rank:
        return BREAK + r"\odot "
    if after.kind == "number" or after.text[:1].isdigit():
        return BREAK + r"\cdot "
    if before.kind == "number":
        return "" if first else r"\," + BREAK
    if after.kind == "group" and before.kind in ("plain", "name"):
        return ""
    if before.kind == after.kind == "plain" and pair:
        return ""
    return r"\," + BREAK


def matmul(p: Phrase, parts: Sequence[Tex]) -> Tex:
    """A matrix product: vectors on the left are rows, and names stand close."""
    parts = [replace(t, text=t.alone, level=POW) if t.alone else t for t in parts]
    if parts[0].scaled and parts[0].rank == 1:  # 1/2*x @ A @ x is half a number, not half a row
        coefficient, first = parts[0].scaled
        return joined([coefficient, matmul(p, [first, *parts[1:]])])
    shown = [t if t.level >= POW or t.kind in ("number", "diagonal") else replace(t, text=bracketed(t)) for t in parts]
    if parts[0].level == MUL and parts[0].kind not in ("open", "minus") and not parts[0].text.count(r"\odot"):
        shown[0] = parts[0]
    if parts[0].rank == 1:
        shown[0] = Tex((parts[0].text if parts[0].level == ATOM else bracketed(parts[0])) + r"^{\top}", POW, 1, "", parts[0].tall)
    if len(parts) < len(p.parts):
        shown.insert(FIRST, Tex(r"\cdots"))
    text = shown[0].text
    for before, after in pairwise(shown):
        text += beside(before.text, after.text) + after.text
    rank = rank_of_matmul([t.rank for t in parts])
    return Tex(text, MUL, rank, "minus" if shown[0].kind == "minus" else "matmul", any(t.tall for t in parts))


_RAISED = r"(?:\^(?:[\d+]|\{[-+]?(?:1|\\top)?\}))?"
_LETTER = re.compile(rf"(?:[A-Za-z]|\\[A-Za-z]+)(?:_(?:\w|\{{(?:[\w,]|\\[a-z]+ ?)*\}}))?{_RAISED}")
_OPENS = re.compile(r"(?:\\left)?\(")
_CLOSES = re.compile(rf"\){_RAISED}$")


def beside(before: str, after: str) -> str:
    r"""What stands between two factors of a matrix product: nothing between letters and brackets (W_1X, A(x+y)), else a thin space."""
    if (_LETTER.fullmatch(before) or (_OPENS.match(before) and _CLOSES.search(before))) and (
        _LETTER.fullmatch(after) or _OPENS.match(after)
    ):
        return " " if re.search(r"\\[A-Za-z]+$", before) and after[0].isalpha() else ""
    return r"\," + BREAK


def outer(left: Tex, right: Tex) -> Tex:
    """The column times the row."""
    column = left.text if left.level >= POW or left.kind == "matmul" else bracketed(left)
    row = (right.text if right.level == ATOM else bracketed(right)) + r"^{\top}"
    close = _LETTER.fullmatch(column) is not None and _LETTER.fullmatch(row) is not None
    return Tex(column + (beside(column, row) if close else r"\," + BREAK) + row, MUL, 2, "product", left.tall or right.tall)
