r"""Which names a text marks as arrays, whether or not it says their shapes: a transpose, a norm, bold letters, the word matrix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from symchain.latex.document import Fragment
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.statements import Written
from symchain.latex.tokens import BOLD, Source

OF_MATRICES = ("tr", "trace", "det", "logdet")
"""Functions of square matrices with numbers as values."""
_WORD = r"(?:matrix|matrices|vectors?|tensors?|matrice|vecteurs?|tenseurs?)"
_BEFORE = re.compile(rf"\b{_WORD}(?:\s+(?:of|de|des|d'|du)\s+\w+)?\s*$", re.IGNORECASE)
_AFTER = re.compile(
    rf"\s*,?\s*(?:is|be|are|est|sont|denotes?|désigne|:|=)?\s*(?:the|a|an|la|le|les|une|un|des)?\s*"
    rf"(?:(?!of\b|de\b|in\b)[\w-]+\s+){{0,2}}{_WORD}\b",
    re.IGNORECASE,
)
_BETWEEN = (
    r"(?:[\s,(:;]|\b(?:is|be|are|est|soit|a|an|une|un|real|réelle?|square|carrée?|and|et|matrix|matrice|the|la|invertible|inversible)"
    r"\b)*"
)
_SYMMETRIC_AFTER = re.compile(_BETWEEN + r"(?:symmetric|symétrique)", re.IGNORECASE)
_SYMMETRIC_BEFORE = re.compile(r"\b(?:symmetric|symétriques?)\s+(?:[\w-]+\s+){0,2}$", re.IGNORECASE)
_ONE_HOT_AFTER = re.compile(r"\s*(?:is|be|are|est|soit)\s+(?:a\s+|un\s+|the\s+)?(?:vect(?:or|eur)\s+)?(?:\(?one-?hot\)?)\b", re.IGNORECASE)
_ONE_HOT_BEFORE = re.compile(r"\bone-?hot(?:\s+(?:vector|label|target|encoding|encoded|vecteur))*\s*$", re.IGNORECASE)
_LOGISTIC = re.compile(
    r"\s*(?:is|denotes|be|est|désigne)\s+(?:the|la)\s+(?:fonction\s+)?(?:logistic|sigmoid|logistique|sigmoïde)\b", re.IGNORECASE
)
_NAME = re.compile(
    r"\s*(?:\\(?:mathbf|boldsymbol|bm|vec|mathrm)\s*)?\{?\s*(\\?[A-Za-z]+)\s*\}?(?:_\{?(\w+)\}?)?\s*(?:\\in\b.*)?$", re.DOTALL
)


def is_bold(symbol: Symbol) -> bool:
    """Whether a name is set in a font for arrays."""
    return symbol.style in BOLD


def marked(written: Iterable[Written]) -> dict[str, bool]:
    """The names that formulas mark: transposed, in a norm, a trace or a determinant, bold, an inverse of a capital.

    A mark is certain where it is one of the name itself; a factor of what is transposed may be a number.
    """
    sides = [side for w in written for side in w.sides]
    found: dict[str, bool] = {}
    power = any(n.symbol is not None and n.symbol.name == "T" for side in sides for n in _quantities(side))
    for side in sides:
        for node in walk(side):
            if not (power and node.head == "transpose"):  # x^T beside a quantity T may be a power
                _mark(node, found)
    return found


def _quantities(side: Node) -> Iterator[Node]:
    """Every node but the ends of sums."""
    stack = [side]
    while stack:
        node = stack.pop()
        yield node
        stack += node.parts


def _mark(node: Node, found: dict[str, bool]) -> None:
    symbol = node.symbol
    if symbol is not None and symbol.style in BOLD:
        found[symbol.name] = True
    if node.head == "transpose":
        _operands(node.parts[0], found)
    elif node.head in ("norm", "inner") or (node.head == "apply" and node.text in (*OF_MATRICES, "diag", "softmax")):
        for part in node.parts:
            _operands(part, found)
    elif node.head == "power" and node.parts[0].symbol is not None and node.parts[0].symbol.base[:1].isupper():
        exponent = node.parts[1]
        if exponent.head == "sum" and exponent.ops == ("-",) and exponent.parts[0].text == "1":
            found[node.parts[0].symbol.name] = True


def _operands(node: Node, found: dict[str, bool], certain: bool = True) -> None:
    """The names that are terms and factors of an array."""
    if node.symbol is not None:
        if node.symbol.name != "lambda":
            found[node.symbol.name] = certain or found.get(node.symbol.name, False)
    elif node.head == "paren" and len(node.parts) > 1:
        return  # (2x, 2y)^T is a list of numbers
    elif node.head in ("sum", "product", "paren", "group", "transpose", "power"):
        for part in node.parts[: 1 if node.head == "power" else None]:
            _operands(part, found, certain and node.head in ("paren", "group", "transpose"))


def said_in_words(source: Source, fragments: Sequence[Fragment]) -> tuple[dict[str, list[int]], dict[str, str], dict[str, str]]:
    """What prose says of names: on which lines it calls them arrays, the facts one-hot, functions by their usual name."""
    arrays: dict[str, list[int]] = {}
    facts: dict[str, str] = {}
    functions: dict[str, str] = {}
    for k, fragment in enumerate(fragments):
        match = _NAME.match(source.text[fragment.start : fragment.stop]) if fragment.kind == "inline" else None
        if match is None:
            continue
        name = match[1].lstrip("\\") + (f"_{match[2]}" if match[2] and not (len(match[2]) == 1 and match[2].islower()) else "")
        if name.startswith("var"):
            name = name[3:]
        before = source.text[fragments[k - 1].closed if k else 0 : fragment.opened]
        after = source.text[fragment.closed : fragments[k + 1].opened if k + 1 < len(fragments) else len(source.text)]
        if (_BEFORE.search(before) or _AFTER.match(after)) and len(name) < 12:
            arrays.setdefault(name, []).append(source.place(fragment.start).line)
        if _ONE_HOT_AFTER.match(after) or _ONE_HOT_BEFORE.search(before):
            facts[name] = "onehot"
        if _SYMMETRIC_AFTER.match(after) or _SYMMETRIC_BEFORE.search(before):
            facts[name] = "symmetric"
        if _LOGISTIC.match(after):
            functions[name] = "sigmoid"
    return arrays, facts, functions
