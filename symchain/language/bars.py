"""Bars around what they belong to, as calls: |x| is abs(x), and |a|b|c| can be read in two ways."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from symchain.errors import LimitError
from symchain.language.handwriting import refusal, twice
from symchain.language.tokens import Token

_BARS = 16
"""So many bars stand in one pair of brackets."""
_OPENERS, _CLOSERS = ("(", "["), (")", "]")


def barred(tokens: list[Token], lines: Sequence[str]) -> list[Token]:
    """Bars as calls, each bracket's for itself."""
    groups: list[list[int]] = [[]]
    done: list[list[int]] = []
    for k, token in enumerate(tokens):
        if token.kind == "op" and token.text in _OPENERS:
            groups.append([])
        elif (token.kind == "op" and token.text in _CLOSERS and len(groups) > 1) or token.text == ";" or token.kind == "newline":
            done.append(groups.pop())
            if token.kind != "op" or token.text == ";":
                groups.append([])
        elif token.kind == "op" and token.text == "|":
            groups[-1].append(k)
    role: dict[int, bool] = {}
    for bars in (*done, *groups):
        role.update(_roles(tokens, bars, lines) if bars else {})
    found: list[Token] = []
    for k, token in enumerate(tokens):
        if k not in role:
            found.append(token)
        elif role[k]:
            found += [token._replace(kind="name", text="abs"), token._replace(text="(", width=0, column=token.column + 1)]
        else:
            found.append(token._replace(text=")"))
    return found


def _roles(tokens: Sequence[Token], bars: Sequence[int], lines: Sequence[str]) -> dict[int, bool]:
    """Which bars open. Raises AnswerError where they can in no way, or in two."""
    if len(bars) > _BARS:
        what = f"more than {_BARS} bars"
        raise LimitError(what, advice="Write abs(x).", place=tokens[bars[0]].place, source=lines[tokens[bars[0]].line - 1])
    ways: list[dict[int, bool]] = []
    stack: list[tuple[int, int, dict[int, bool]]] = [(0, 0, {})]
    while stack and len(ways) < 2:
        k, depth, roles = stack.pop()
        if k == len(bars):
            ways += [roles] if depth == 0 else []
            continue
        if depth > len(bars) - k:
            continue
        bar, before, after = bars[k], tokens[bars[k] - 1] if bars[k] else None, tokens[bars[k] + 1]
        if depth and before is not None and (not roles[bar - 1] if bar - 1 in roles else _ends(before)):
            stack.append((k + 1, depth - 1, {**roles, bar: False}))
        if _begins(after) or after.text in ("|", "-", "+"):
            stack.append((k + 1, depth + 1, {**roles, bar: True}))
    first, last = tokens[bars[0]], tokens[bars[-1]]
    if not ways:
        raise refusal("bars", first, lines)
    if len(ways) > 1:
        raise twice(first, last, lines, *(_with_bars(tokens, bars, way, lines) for way in ways))
    return ways[0]


def _with_bars(tokens: Sequence[Token], bars: Sequence[int], way: Mapping[int, bool], lines: Sequence[str]) -> str:
    text, at = "", tokens[bars[0]].column - 1
    line = lines[tokens[bars[0]].line - 1]
    for bar in bars:
        text += line[at : tokens[bar].column - 1] + ("abs(" if way[bar] else ")")
        at = tokens[bar].column
    return re.sub(r"(?<!abs)(?<=[\w)])(?=abs\()|(?<=\))(?=\w)", "*", text)


def _ends(token: Token) -> bool:
    """Whether an operand may end with a token."""
    return token.kind in ("number", "name", "superscript", "transpose", "primes") or (token.kind == "op" and token.text in _CLOSERS)


def _begins(token: Token) -> bool:
    return token.kind in ("number", "name") or (token.kind == "op" and token.text in ("(", "√"))
