r"""Fragments to statements: rows and clauses, what stands left of an equal sign, and which inline mathematics is prose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symchain.errors import Place, SymchainError
from symchain.latex.document import Fragment
from symchain.latex.grammar import parse_formula
from symchain.latex.nodes import Node
from symchain.latex.tokens import PROSE, Source, Token, read_tokens, shown

_REFUSED = {
    "leftarrow": "an update is no definition", "gets": "an update is no definition", "approx": "an approximation is no definition",
    "sim": "a distribution is no definition", "propto": "a proportion is no definition", "equiv": "write = for a definition",
    "to": "an arrow is no definition", "rightarrow": "an arrow is no definition", "mapsto": "an arrow is no definition",
    "implies": "write one formula a line", "Rightarrow": "write one formula a line", "iff": "write one formula a line",
}  # fmt: skip
_DEFINES = ("coloneqq", "triangleq", "coloneq")
_INNER = ("aligned", "split", "gathered", "alignedat")


@dataclass(frozen=True, slots=True)
class Statement:
    """Sides of an equation, or (with `shape`) a declaration such as W in R^{m x n}; `line` is its text."""

    sides: tuple[Node, ...]
    place: Place
    line: str
    shape: tuple[Node, ...] | None = None


def read_statements(source: Source, fragments: Sequence[Fragment]) -> list[Statement]:
    """The statements of the fragments, in order. Displays are understood or refused; inline, only what states something is read."""
    found: list[Statement] = []
    for fragment in fragments:
        if fragment.kind == "inline":
            found += _inline(source, fragment)
        else:
            tokens = read_tokens(source, fragment.start, fragment.stop)
            found += _display(source, tokens, fragment.kind == "bare")
    return found


# ---------------------------------------------------------------- inline


def _inline(source: Source, fragment: Fragment) -> list[Statement]:
    """A definition (one name, or f(arguments), before =) or a derivative statement; anything else is prose."""
    if "=" not in source.text[fragment.start : fragment.stop]:
        return []
    try:
        tokens = read_tokens(source, fragment.start, fragment.stop)
    except SymchainError:
        return []
    clause = _trimmed(tokens[:-1])
    depths = _depths(clause)
    equals = [k for k, t in enumerate(clause) if depths[k] == 0 and t.kind == "op" and t.text == "="]
    commas = any(t.kind == "op" and t.text == "," and d == 0 for t, d in zip(clause, depths, strict=True))
    dotted = any(t.kind == "command" and t.text.endswith("dots") for t in clause)
    related = any(t.kind == "command" and t.text in ("le", "leq", "ge", "geq", "in", "\\", *_REFUSED) for t in clause)
    if not equals or commas or dotted or related or equals[0] == 0:
        return []
    try:
        left = parse_formula(clause[: equals[0]], source)
    except SymchainError:
        return []
    if not (left.head == "partial" or (len(equals) == 1 and is_defined(left))):
        return []
    return [_statement(source, clause, equals)]


def is_defined(left: Node) -> bool:
    """Whether a left side is one name, or f(arguments)."""
    if left.head == "product":
        name, *rest = left.parts
        return name.head == "symbol" and len(rest) == 1 and rest[0].head == "paren" and left.ops[1] == ""
    return left.head == "symbol" and left.symbol is not None and not left.symbol.primes


# ---------------------------------------------------------------- displays


def _display(source: Source, tokens: list[Token], bare: bool) -> list[Statement]:
    found: list[Statement] = []
    for row in _rows(source, tokens, bare):
        for clause in _clauses(row):
            clause = _trimmed(clause)
            if not clause or _is_remark(clause):
                continue
            depths = _depths(clause)
            equals = [
                k for k, t in enumerate(clause) if depths[k] == 0 and (t.text == "=" or t.text in _DEFINES) and t.kind in ("op", "command")
            ]
            if equals and equals[0] == 0 and found:
                found[-1] = _continued(source, found[-1], clause, equals)
                continue
            found.append(_statement(source, clause, equals))
    return found


def _rows(source: Source, tokens: list[Token], bare: bool) -> list[list[Token]]:
    r"""Cut at \\ outside of brackets and inner environments; a bare text also at the ends of its lines."""
    rows: list[list[Token]] = [[]]
    depth, inner = 0, 0
    for token in tokens[:-1]:
        if token.kind in ("begin", "end"):
            if token.text.rstrip("*") in _INNER:
                continue
            inner += 1 if token.kind == "begin" else -1
        depth += _turn(token)
        if depth < 0:
            source.fail(f"'{token.text}' closes nothing that is open", "Remove it, or add the opening bracket.", token.place)
        if token.kind == "command" and token.text == "\\" and depth == 0 and inner == 0:
            rows.append([])
            continue
        last = rows[-1][-1] if rows[-1] else None
        if bare and last is not None and token.line > last.line and depth - _turn(token) == 0 and inner == 0 and not _goes_on(last, token):
            rows.append([])
        rows[-1].append(token)
    return rows


def _goes_on(last: Token, token: Token) -> bool:
    """Whether a line of a bare text continues the one before."""
    joining = ("=", "+", "-", "*", "/", "&")
    return (
        (last.kind == "op" and last.text in joining)
        or (token.kind == "op" and token.text in joining)
        or token.text in ("cdot", "times", "odot")
    )


def _turn(token: Token) -> int:
    if token.kind != "op":
        return 0
    return (token.text in "([{") - (token.text in ")]}")


def _depths(tokens: Sequence[Token]) -> list[int]:
    found, depth = [], 0
    for token in tokens:
        if token.kind in ("begin", "end"):
            depth += 1 if token.kind == "begin" else -1
        depth += _turn(token)
        found.append(depth)
    return found


def _clauses(row: Sequence[Token]) -> list[list[Token]]:
    r"""Cut at \quad, at commas and semicolons outside of brackets, and at && ; other alignment marks say nothing."""
    found: list[list[Token]] = [[]]
    depth, inner = 0, 0
    for k, token in enumerate(row):
        depth += _turn(token)
        inner += (token.kind == "begin") - (token.kind == "end")
        outside = depth == 0 and inner == 0
        quad = token.kind == "command" and token.text in ("quad", "qquad")
        if outside and (quad or (token.kind == "op" and token.text in ",;")):
            found.append([])
        elif outside and token.kind == "op" and token.text == "&":
            following = row[k + 1] if k + 1 < len(row) else None
            if following is None or following.text in ("&",) or following.kind == "text" or _is_prose_word(following):
                found.append([])
        elif not quad:
            found[-1].append(token)
    return found


def _is_prose_word(token: Token) -> bool:
    return token.kind == "word" and token.style in PROSE


def _trimmed(clause: Sequence[Token]) -> list[Token]:
    r"""Without words before and after (\text{where} a = b) and without a final full stop."""
    tokens = list(clause)
    while tokens and tokens[-1].kind == "op" and tokens[-1].text in ".,;":
        tokens.pop()
    while tokens and tokens[0].kind == "text":
        tokens.pop(0)
    while (
        len(tokens) > 1
        and _is_prose_word(tokens[0])
        and tokens[1].kind in ("letter", "word", "command", "text")
        and tokens[1].text not in _DEFINES
    ):
        tokens.pop(0)
    while tokens and tokens[-1].kind == "text":
        tokens.pop()
    while tokens and tokens[-1].kind == "op" and tokens[-1].text in ".,;":
        tokens.pop()
    return tokens


def _is_remark(clause: Sequence[Token]) -> bool:
    """Prose, perhaps in brackets: (or 'chain rule')."""
    content = [t for t in clause if not (t.kind == "op" and t.text in "()[]")]
    return all(t.kind == "text" or _is_prose_word(t) for t in content)


def _statement(source: Source, clause: Sequence[Token], equals: Sequence[int]) -> Statement:
    first, last = clause[0], clause[-1]
    width = last.column + last.width - first.column if last.line == first.line else 1
    line = (
        source.line(first.place) if last.line != first.line else source.line(first.place)[first.column - 1 : last.column - 1 + last.width]
    )
    place = Place(first.line, first.column, max(1, width))
    for token in clause:
        if token.kind == "command" and token.text in _REFUSED:
            source.fail(
                rf"\{token.text} is not read: {_REFUSED[token.text]}", "Write name = formula, or a derivative = formula.", token.place
            )
        if token.kind == "command" and token.text == "in" and not equals:
            return _declaration(source, clause, place, line)
    if not equals:
        source.fail(f"{line.strip()[:60]} states nothing", "Write name = formula, or a derivative = formula.", place)
    sides: list[Node] = []
    start = 0
    for stop in [*equals, len(clause)]:
        side = clause[start:stop]
        if side and side[-1].text == ":" and side[-1].kind == "op":  # :=
            side = side[:-1]
        if not side:
            token = clause[min(stop, len(clause) - 1)]
            source.fail("one side of '=' is empty", "Write name = formula.", token.place)
        sides.append(parse_formula(side, source))
        start = stop + 1
    return Statement(tuple(sides), place, line.strip())


def _continued(source: Source, before: Statement, clause: Sequence[Token], equals: Sequence[int]) -> Statement:
    """A row that begins with = goes on with the statement above it."""
    more = _statement(source, [clause[1], *clause[2:]], [k - 1 for k in equals[1:]]) if len(equals) > 1 else None
    sides = more.sides if more else (parse_formula(clause[1:], source),) if len(clause) > 1 else None
    if sides is None:
        source.fail("one side of '=' is empty", "Write a formula.", clause[0].place)
    return Statement((*before.sides, *sides), before.place, f"{before.line} {shown(clause)}", before.shape)


def _declaration(source: Source, clause: Sequence[Token], place: Place, line: str) -> Statement:
    r"""W \in \mathbb{R}^{m \times n}."""
    at = next(k for k, t in enumerate(clause) if t.kind == "command" and t.text == "in")
    left, right = clause[:at], list(clause[at + 1 :])
    name = parse_formula(left, source) if left else None
    real = right[:1] and right[0].text == "R" and (right[0].style == "mathbb" or right[0].kind == "command")
    if name is None or name.head != "symbol" or not real:
        source.fail("this membership is not read", r"Write x \in \mathbb{R}^{n} or W \in \mathbb{R}^{m \times n}.", place)
    sizes: list[Node] = []
    if len(right) > 1:
        if right[1].text != "^" or len(right) < 3:
            source.fail("the shape is not read", r"Write \mathbb{R}^{m \times n}.", right[1].place)
        inside = right[3:-1] if right[2].text == "{" and right[-1].text == "}" else right[2:]
        start = 0
        cuts = [k for k, t in enumerate(inside) if t.kind == "command" and t.text == "times"]
        for stop in [*cuts, len(inside)]:
            if start == stop:
                source.fail("the shape is not read", r"Write \mathbb{R}^{m \times n}.", right[1].place)
            sizes.append(parse_formula(inside[start:stop], source))
            start = stop + 1
    return Statement((name,), place, line.strip(), tuple(sizes))
