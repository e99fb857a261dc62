r"""How wide LaTeX mathematics is when it is set, in units of a text width of about 84: enough to break lines where a page ends.

What symchain's own printers write is understood: fractions count by the wider of their parts, scripts and underbraces at their size,
signs with the space around them, cases by their widest row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

SCRIPT = 0.72
_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)

_SIGNS = {
    "=": 2.3, "<": 2.3, ">": 2.3, "+": 2.1, "-": 2.1, r"\to": 2.8, r"\mapsto": 2.8, r"\cdot": 1.4, r"\odot": 2.2, r"\times": 2.2,
    r"\otimes": 2.2, r"\in": 2.0, r"\le": 2.3, r"\ge": 2.3, r"\ne": 2.3, r"\approx": 2.3, r"\pm": 2.1, r"\cdots": 2.4, r"\ldots": 2.4,
    r"\quad": 2.0, r"\qquad": 4.0, r"\,": 0.35, r"\:": 0.45, r"\;": 0.55, r"\ ": 0.6, "~": 0.6, r"\sum": 2.4, r"\prod": 2.2,
    r"\int": 1.6, r"\infty": 2.0, r"\partial": 1.1, r"\top": 1.5, r"\lVert": 1.0, r"\rVert": 1.0, ",": 0.8, ";": 0.8, "(": 0.8, ")": 0.8,
    "[": 0.6, "]": 0.6, "|": 0.6, "'": 0.5, ".": 0.55, "!": 0.55, ":": 0.55, r"\{": 1.0, r"\}": 1.0, r"\_": 0.9, r"\!": -0.3,
}  # fmt: skip
"""Widths of signs, with the space that TeX sets around them."""
_NOTHING = frozenset({
    r"\left", r"\right", r"\Bigl", r"\Bigr", r"\displaystyle", r"\allowbreak", r"\limits", r"\noindent", r"\begin",
    r"\end", r"\boxed", r"\mathbf", r"\mathrm",
    r"\mathit", r"\textit", r"\textbf", r"\emph", r"\operatorname", r"\mathbb", r"\mathsf", r"\hat", r"\bar", r"\tilde", r"\dot", r"\vec",
    r"\overline", r"\sqrt", r"\text", r"\frac", r"\tfrac", r"\dfrac", r"\underbrace", "^", "_",
})  # fmt: skip
_TEXT = frozenset({r"\text", r"\textit", r"\textbf", r"\emph", r"\operatorname", r"\mathrm"})
_OPERATORS = frozenset({
    "ln", "log", "exp", "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "coth", "det",
    "dim", "ker", "arg", "deg", "max", "min", "sup", "inf", "lim",
})  # fmt: skip
_LEAST_BRACE = 2.2
_STACKED = frozenset({r"\frac", r"\tfrac", r"\dfrac"})
_WIDER = {r"\sqrt": 1.6, r"\boxed": 1.4}
_ENVIRONMENTS = re.compile(r"\\(begin|end)\{(\w+\*?)\}")


@dataclass(slots=True)
class _Group:
    """An open brace: what it belongs to, its width so far, and the widest row before it."""

    of: str
    text: bool
    total: float = 0.0
    widest: float = 0.0
    parts: list[float] = field(default_factory=list)
    """The arguments of a macro of several that are already closed."""
    brace: float = 0.0
    """The width of the underbrace just set, under which a label may come."""


@lru_cache(maxsize=4096)
def width(latex: str) -> float:
    """The width of a formula or of text with formulas in it.

    >>> width("x^2") < width("x2") < width("a+b/c") and width(r"\\frac{a+b}{c}") < width("a+b/c")
    True
    """
    latex = _ENVIRONMENTS.sub(lambda m: "}" if m[1] == "end" else r"\{{" if m[2] == "cases" else "{", latex)
    stack = [_Group("", False)]
    pending = ""
    arguments: list[float] = []
    for token in _TOKEN.findall(latex):
        here = stack[-1]
        if token == "{":
            stack.append(_Group(pending, here.text or pending in _TEXT, parts=arguments))
            pending, arguments = "", []
            continue
        if token == "}":
            if len(stack) > 1:
                closed = stack.pop()
                size = max(closed.total, closed.widest)
                if closed.of in _STACKED and not closed.parts:
                    pending, arguments = closed.of, [size]
                else:
                    _put(stack[-1], closed.of, [*closed.parts, size])
            continue
        if token in (r"\\", "&"):
            if token == "&":
                here.total += 1.5
            else:
                here.widest, here.total = max(here.widest, here.total), 0.0
            continue
        if token == "$":
            here.text = not here.text
            continue
        if token in _NOTHING:
            pending = token
            continue
        size = _size(token, here.text)
        here.total += size * SCRIPT if pending in ("^", "_") else size
        pending = ""
    while len(stack) > 1:
        closed = stack.pop()
        stack[-1].total += max(closed.total, closed.widest)
    return max(stack[0].total, stack[0].widest)


def _put(around: _Group, of: str, parts: list[float]) -> None:
    """Adds a closed group to the one around it."""
    size = parts[-1]
    if of in _STACKED:
        size = max(parts) * (SCRIPT if of == r"\tfrac" else 1.0) + 0.45
    elif of in ("^", "_"):
        size = max(0.0, size * SCRIPT - around.brace)
    elif of in _WIDER:
        size += _WIDER[of]
    elif of == r"\underbrace":
        size = max(size, _LEAST_BRACE)
    around.total += size
    around.brace = size if of == r"\underbrace" else 0.0


def _size(token: str, text: bool) -> float:
    if token.isspace():
        return 0.6 if text else 0.0
    if token in _SIGNS and not text:
        return _SIGNS[token]
    if token[1:] in _OPERATORS:
        return 0.95 * len(token)
    if token.startswith("\\"):
        return _SIGNS.get(token, 1.15 if len(token) > 2 else 0.9)
    if text:
        return 0.55 if token in "iljtfI.,;:!'()" else 0.95
    if token.isupper():
        return 1.45
    return 0.98 if token.isdigit() else 1.05
