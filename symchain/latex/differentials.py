r"""Statements by differentials: dC = 2(a - y) da is one of dC/da, and df = \operatorname{tr}(A dX) one of df/dX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symchain.errors import ParseError
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.tokens import Token

STYLE = "differential"


def with_differentials(tokens: Sequence[Token]) -> list[Token] | None:
    """The tokens of dC = ... da with each differential as one word; None where the clause is no such statement."""
    found: list[Token] = []
    k = 0
    while k < len(tokens):
        count = _length(tokens, k)
        if count:
            letters = tokens[k : k + count]
            text = "".join(t.text for t in letters)
            found.append(letters[0]._replace(kind="word", text=text, style=STYLE, width=max(1, len(text)), stop=letters[-1].stop))
            k += count
        else:
            found.append(tokens[k])
            k += 1
    equal = next((k for k, t in enumerate(found) if t.kind == "op" and t.text == "="), 0)
    left = found[0].style == STYLE and all(t.style != STYLE for t in found[1:equal]) if equal else False
    return found if left and any(t.style == STYLE for t in found[equal:]) and not _divides(found) else None


def _length(tokens: Sequence[Token], k: int) -> int:
    """How many tokens from here are a differential: dx as a run, as a word, or an upright d before a name."""
    token = tokens[k]
    before = tokens[k - 1].text if k else ""
    if before in ("{", "/", "_", "^") or (k > 1 and before == "}" and tokens[k - 2].text == "frac"):
        return 0
    if token.kind == "word" and len(token.text) > 1 and token.text[0] == "d" and token.text[1:2].isalpha() and len(token.text) == 2:
        return 1
    if token.kind != "letter" or token.text != "d" or k + 1 >= len(tokens):
        return 0
    following = tokens[k + 1]
    if token.style == "mathrm" and following.kind in ("letter", "word"):
        return 2
    run = token.style.removeprefix("run:0:")
    if token.style.startswith("run:0:") and len(run) == 2:
        return 2
    greek = token.style == "" and following.kind in ("letter", "word") and len(following.text) > 1
    return 2 if greek or (token.style == "" and following.kind == "letter" and following.style in ("mathbf", "boldsymbol", "bm")) else 0


def _divides(tokens: Sequence[Token]) -> bool:
    """Whether a differential stands over another in a line: dy/dx."""
    return any(a.style == STYLE and b.text == "/" for a, b in zip(tokens, tokens[1:], strict=False))


def variable_of(node: Node) -> Node | None:
    """x for dx."""
    symbol = node.symbol
    if symbol is None or symbol.style != STYLE:
        return None
    return replace(node, symbol=Symbol(symbol.base[1:], symbol.accent, symbol.pieces, symbol.label))


def derivatives_of(side: Node) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """By what dC = ... says derivatives of C, and which. Raises ParseError where it is not linear in differentials."""
    coefficients: dict[str, tuple[Node, list[Node], list[str]]] = {}
    terms, signs = (side.parts, side.ops) if side.head == "sum" else ((side,), ("+",))
    for term, sign in zip(terms, signs, strict=True):
        variable, factor = _coefficient(term)
        assert variable.symbol is not None
        _, found, ops = coefficients.setdefault(variable.symbol.name, (variable, [], []))
        found.append(factor)
        ops.append(sign)
    variables = tuple(v for v, _, _ in coefficients.values())
    formulas = tuple(
        found[0] if len(found) == 1 and ops == ["+"] else Node("sum", side.place, tuple(found), ops=tuple(ops))
        for _, found, ops in coefficients.values()
    )
    return variables, formulas


def _coefficient(term: Node, traced: bool = False) -> tuple[Node, Node]:
    """The variable of a term's one differential, which stands last, and what stands before it."""
    inner = term
    while inner.head in ("group", "paren") and len(inner.parts) == 1:
        inner = inner.parts[0]
    if (variable := variable_of(inner)) is not None:
        return variable, Node("number", term.place, text="1")
    if inner.head == "apply" and inner.text in ("tr", "trace") and len(inner.parts) == 1 and inner.ops[1:] == ("", "0"):
        variable, factor = _coefficient(inner.parts[0], traced=True)
        return variable, Node("transpose", term.place, (factor,))
    if inner.head == "product" and inner.parts and _plain(inner.parts[:-1]):
        last = inner.parts[-1]
        variable = variable_of(last)
        rest = inner.parts[0] if len(inner.parts) == 2 else replace(inner, parts=inner.parts[:-1], ops=inner.ops[:-1])
        if variable is None and last.head == "apply" and _plain(inner.parts[:-1]):
            variable, factor = _coefficient(last)
            return variable, Node("product", term.place, (*inner.parts[:-1], factor), ops=inner.ops)
        if variable is not None and inner.ops[-1] in ("", "cdot"):
            row = next((p for p in inner.parts if p.head not in ("number", "frac")), None)
            return variable, Node("transpose", term.place, (rest,)) if row is not None and row.head == "transpose" and not traced else rest
    what = "a differential that does not stand at the end of its term"
    raise ParseError(what, advice=r"Write dC = a\,dx + b\,dy, each differential behind its factor.", place=term.place)


def _plain(parts: Sequence[Node]) -> bool:
    return not any(variable_of(n) is not None for p in parts for n in walk(p))
