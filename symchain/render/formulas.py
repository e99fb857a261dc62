"""The mathematics of a document in LaTeX (for LaTeX, Markdown and HTML) and in plain text."""

from __future__ import annotations

from functools import singledispatchmethod

from symchain.functions import find, texts
from symchain.render import latex, text
from symchain.render.names import escaped, typeset
from symchain.render.products import BREAK
from symchain.render.style import Style
from symchain.support.dimensions import Dim, show
from symchain.support.document import (
    Applied,
    Arrows,
    Axes,
    Blank,
    Braced,
    Carried,
    Chains,
    Count,
    Formula,
    Function,
    Label,
    LayerNumber,
    LayerTerm,
    Math,
    Product,
    Products,
    Quantity,
    Relation,
)
from symchain.wording import numbers

LIMIT = 24
"""Sums and products of more parts than this are abbreviated in documents."""


class LatexFormulas:
    """Mathematics as LaTeX. `inline` writes fractions of symbols on one line, `display` stacks them."""

    def __init__(self, style: Style) -> None:
        self.style = style

    def inline(self, math: Math) -> str:
        if isinstance(math, Formula):
            return latex.inline(math.phrase, self.style)
        if isinstance(math, Relation):
            return math.sign.join(map(self.inline, math.sides))
        return self.display(math).replace(BREAK, "")

    @singledispatchmethod
    def display(self, math: Math) -> str:
        """With BREAK where a line may break."""
        raise TypeError(type(math))

    @display.register
    def _formula(self, math: Formula) -> str:
        return latex.write_breakable(math.phrase, self.style)

    @display.register
    def _products(self, math: Products) -> str:
        return latex.write_factors(math.paths, self.style)

    @display.register
    def _layer_term(self, math: LayerTerm) -> str:
        big = r"\Delta" if math.letter.isupper() else r"\delta"
        return rf"{big}_\ell=\partial {typeset(math.output)}/\partial {math.letter}_\ell"

    @display.register
    def _layer_number(self, math: LayerNumber) -> str:
        return r"\ell"

    @display.register
    def _applied(self, math: Applied) -> str:
        by, inner = latex.write(math.by, self.style), latex.write_breakable(math.phrase, self.style)
        wide = r"\left({}\right)" if r"\frac" in inner or r"\begin" in inner else "({})"
        return rf"\frac{{\partial}}{{\partial {by}}}" + wide.format(inner)

    @display.register
    def _function(self, math: Function) -> str:
        if math.own or (known := find(math.name)) is None:
            return self.style.renamed.get(math.name) or typeset(math.name)
        return rf"\text{{{escaped(texts.noun(known.name, self.style.lang))}}}"

    @display.register
    def _label(self, math: Label) -> str:
        return f"F_{math.number}" if math.number < 10 else f"F_{{{math.number}}}"

    @display.register
    def _chains(self, math: Chains) -> str:
        return f"{BREAK}+".join(f"{BREAK}\\cdot ".join(map(self._brace, path)) for path in math.paths)

    def _brace(self, factor: Braced | None) -> str:
        if factor is None:
            return r"\cdots"
        symbol = latex.write(factor.phrase, self.style)
        if not factor.number:
            return symbol
        below = self._label(Label(factor.number))
        if factor.shape:
            below += rf",\,{self._axes(Axes(factor.shape))}"
        return rf"\underbrace{{{symbol}}}_{{{below}}}"

    @display.register
    def _blank(self, math: Blank) -> str:
        return ""

    @display.register
    def _arrows(self, math: Arrows) -> str:
        return r"\to ".join((self.style.renamed.get(n) or typeset(n)) if n else r"\cdots" for n in math.names)

    @display.register
    def _quantity(self, math: Quantity) -> str:
        return numbers.value(math.value, self.style.lang, True, math.digits)

    @display.register
    def _count(self, math: Count) -> str:
        return numbers.count(math.number, self.style.lang, True)

    @display.register
    def _axes(self, math: Axes) -> str:
        return r"\times ".join(map(_dimension, math.shape)) if math.shape else "1"

    @display.register
    def _relation(self, math: Relation) -> str:
        return f"{BREAK}{math.sign}".join(map(self.display, math.sides))

    @display.register
    def _carried(self, math: Carried) -> str:
        return rf"{latex.write(math.before, self.style)}\mapsto {latex.write_breakable(math.after, self.style)}"

    @display.register
    def _product(self, math: Product) -> str:
        return r"\allowbreak".join(f"({self._quantity(f)})" for f in math.factors)


def joint(math: Math, equals: str, maps: str) -> str:
    """What stands before a side of a row: an equal sign, or a colon before a map."""
    return maps if isinstance(math, Carried) else equals


def _dimension(dim: Dim) -> str:
    """A dimension letter or a polynomial of them."""
    if isinstance(dim, int):
        return str(dim)
    words = dim.replace("*", " ").split()
    return (
        "".join(w if w in "+-" or w.isdigit() else typeset(w) for w in words)
        if len(words) == 1
        else "(" + " ".join(w if w in "+-" or w.isdigit() else typeset(w) for w in words) + ")"
    )


class TextFormulas:
    """Mathematics as plain text: formulas in the input language, measured numbers as the reader's language writes them."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def inline(self, math: Math) -> str:
        return self.display(math)

    @singledispatchmethod
    def display(self, math: Math) -> str:
        raise TypeError(type(math))

    @display.register
    def _formula(self, math: Formula) -> str:
        return text.write(math.phrase, LIMIT)

    @display.register
    def _applied(self, math: Applied) -> str:
        return f"d({text.write(math.phrase, LIMIT)})/d{text.write(math.by)}"

    @display.register
    def _function(self, math: Function) -> str:
        return math.name

    @display.register
    def _label(self, math: Label) -> str:
        return f"F{math.number}"

    @display.register
    def _chains(self, math: Chains) -> str:
        return " + ".join(" * ".join(text.write(f.phrase) if f else "..." for f in path) for path in math.paths)

    @display.register
    def _products(self, math: Products) -> str:
        return text.write_factors(math.paths, LIMIT)

    @display.register
    def _layer_term(self, math: LayerTerm) -> str:
        return f"delta_{math.letter}k = d{math.output}/d{math.letter}k"

    @display.register
    def _layer_number(self, math: LayerNumber) -> str:
        return "k"

    @display.register
    def _blank(self, math: Blank) -> str:
        return ""

    @display.register
    def _arrows(self, math: Arrows) -> str:
        return " -> ".join(n or "..." for n in math.names)

    @display.register
    def _quantity(self, math: Quantity) -> str:
        return numbers.value(math.value, self.lang, False, math.digits)

    @display.register
    def _count(self, math: Count) -> str:
        return numbers.count(math.number, self.lang, False)

    @display.register
    def _axes(self, math: Axes) -> str:
        return show(math.shape)

    @display.register
    def _relation(self, math: Relation) -> str:
        return f" {math.sign} ".join(map(self.display, math.sides))

    @display.register
    def _carried(self, math: Carried) -> str:
        return f"{text.write(math.before)} -> {text.write(math.after, LIMIT)}"

    @display.register
    def _product(self, math: Product) -> str:
        return " * ".join(f"({t})" if t.startswith("-") else t for t in map(self._quantity, math.factors))
