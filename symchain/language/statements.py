"""A program's text as statements: declarations (`W: (h, n) spd`, `f: function`) and definitions (`z = W @ x`, `w, V = eigh(A)`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from symchain.errors import ParseError, Place
from symchain.language.endings import refuse_after
from symchain.language.grammar import Span, read_expression, read_span
from symchain.language.tokens import Token, read_tokens, source_lines
from symchain.support.notation import Phrase


@dataclass(frozen=True, slots=True)
class Declaration:
    """`name: (shape) fact fact` or `name: function`; `shape` is None where none is written. `index` is that of a family: W[l]: (h, h)."""

    name: str
    shape: Phrase | None
    facts: tuple[tuple[str, Place], ...]
    place: Place
    index: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """`name = expression`: a block, or the binding of a function's name (only the whole program tells).

    Of families: `index` in `name[index] = expression`, and the range in `name[index] = expression for l in 1..L`.
    """

    name: str
    phrase: Phrase
    place: Place
    index: Phrase | None = None
    span: Span | None = None


Statement = Declaration | Definition


def parse_statements(text: str) -> list[Statement]:
    """The statements in order. Raises ParseError for anything else, empty statements and uneven indentation included."""
    lines = source_lines(text)
    tokens = read_tokens(lines)
    statements: list[Statement] = []
    indentation: str | None = None
    position = 0
    while tokens[position].kind != "end":
        token = tokens[position]
        if token.kind == "newline":
            position += 1
            continue
        blank = lines[token.line - 1][: token.column - 1]
        if indentation is None:
            indentation = blank
        elif blank != indentation:
            advice = "Begin every statement in the same column."
            raise ParseError("this line is indented unlike the first one", advice=advice, place=token.place, source=lines[token.line - 1])
        while True:
            several = _read_several(tokens, position, lines)
            if several is None:
                statement, position = _read_statement(tokens, position, lines)
                statements.append(statement)
            else:
                found, position = several
                statements += found
            if tokens[position].text != ";":
                break
            position += 1
    return statements


def _read_statement(tokens: list[Token], start: int, lines: list[str]) -> tuple[Statement, int]:
    token = tokens[start]
    if token.kind in ("newline", "end") or token.text == ";":
        _fail("a statement is missing at ';'", "Remove the semicolon.", tokens[start - 1] if token.text != ";" else token, lines)
    index, after = _read_index(tokens, start, lines)
    sign = tokens[after]
    if token.kind == "name" and sign.kind == "op" and sign.text == "=":
        phrase, stop = read_expression(tokens, after + 1, lines)
        span = None
        if tokens[stop].text == "for" and tokens[stop].kind == "name":
            span, stop = read_span(tokens, stop, lines)
        statement: Statement = Definition(token.text, phrase, token.place, index, span)
    elif token.kind == "name" and sign.kind == "op" and sign.text == ":":
        statement, stop = _read_declaration(tokens, start, lines, after, index)
    else:
        _refuse_statement(tokens, start, lines)
    end = tokens[stop]
    if end.kind not in ("newline", "end") and end.text != ";":
        refuse_after(tokens, stop, lines)
    return statement, stop


def _read_index(tokens: list[Token], start: int, lines: list[str]) -> tuple[Phrase | None, int]:
    """The index of `name[index] =` or `name[index]:`, and the token after it; None where the statement begins otherwise."""
    if tokens[start].kind != "name" or tokens[min(start + 1, len(tokens) - 1)].text != "[":
        return None, start + 1
    depth, stop = 0, start + 1
    while tokens[stop].kind not in ("newline", "end"):
        depth += {"[": 1, "]": -1}.get(tokens[stop].text, 0)
        if not depth:
            break
        stop += 1
    if depth or stop == start + 2 or tokens[stop + 1].text not in ("=", ":") or any(t.text in (",", ":") for t in tokens[start + 2 : stop]):
        return None, start + 1
    phrase, reached = read_expression(tokens, start + 2, lines)
    return (phrase, stop + 1) if reached == stop else (None, start + 1)


def _read_several(tokens: list[Token], start: int, lines: list[str]) -> tuple[list[Definition], int] | None:
    """`w, V = eigh(A)`: one definition for each name, of one result of the call; None where a statement begins otherwise."""
    names, position = [tokens[start]], start + 1
    while names[-1].kind == "name" and tokens[min(position, len(tokens) - 1)].text == ",":
        names.append(tokens[position + 1])
        position += 2
    if len(names) == 1 or tokens[position].text != "=" or any(n.kind != "name" for n in names):
        return None
    phrase, stop = read_expression(tokens, position + 1, lines)
    end = tokens[stop]
    if end.kind not in ("newline", "end") and end.text != ";":
        refuse_after(tokens, stop, lines)
    parts = [Phrase("index", (phrase, Phrase("number", text=str(k))), str(len(names)), place=phrase.place) for k in range(len(names))]
    return [Definition(n.text, p, n.place) for n, p in zip(names, parts, strict=True) if n.text != "_"], stop


def _read_declaration(
    tokens: list[Token], start: int, lines: list[str], colon: int, index: Phrase | None
) -> tuple[Declaration, int]:
    name, position = tokens[start], colon + 1
    shape: Phrase | None = None
    if tokens[position].text == "(":
        shape, position = _read_shape(tokens, position, lines)
    facts: list[tuple[str, Place]] = []
    while tokens[position].kind == "name" or ((facts or shape) and tokens[position].text == ","):
        if tokens[position].kind == "name":
            facts.append((tokens[position].text, tokens[position].place))
        position += 1
    if not facts and shape is None:
        _fail(
            f"the declaration of {name.text} says nothing",
            f"Write {name.text}: (n,) or {name.text}: positive, say.",
            tokens[colon],
            lines,
        )
    if tokens[position].text == "=":
        _fail("a declaration and a definition on one line", "Only inputs are declared; a block's shape follows.", tokens[position], lines)
    return Declaration(name.text, shape, tuple(facts), name.place, index), position


def _read_shape(tokens: list[Token], position: int, lines: list[str]) -> tuple[Phrase, int]:
    """The bracket that begins here, as a tuple phrase."""
    depth, stop = 0, position
    while True:
        depth += {"(": 1, ")": -1}.get(tokens[stop].text, 0)
        stop += 1
        if depth == 0 or tokens[stop].kind == "end":
            break
    inside = [*tokens[position:stop], Token("end", "", tokens[stop].line, tokens[stop].column, 0)]
    phrase, reached = read_expression(inside, 0, lines)
    if reached != len(inside) - 1:
        refuse_after(inside, reached, lines)
    if phrase.head != "tuple":
        phrase = Phrase("tuple", (phrase,), place=phrase.place)
    return phrase, stop


def _refuse_statement(tokens: list[Token], start: int, lines: list[str]) -> NoReturn:
    """The error for what is neither `name = ...` nor `name: ...`."""
    token, following = tokens[start], tokens[min(start + 1, len(tokens) - 1)]
    line = [t for t in tokens[start:] if t.line == token.line]
    if token.text in ("=", ":"):
        _fail(f"a name is missing before '{token.text}'", "Write name = expression.", token, lines)
    if token.kind == "name" and following.text == "==":
        _fail("'==' compares; a definition has one '='", f"Write {token.text} = expression.", following, lines)
    if (token.kind == "name" and following.text == "<") or following.text == "<=":
        _fail(f"'{following.text}' does not define a name", f"Write {token.text} = expression.", following, lines)
    if token.kind == "name" and following.text == "[" and any(t.text == "=" for t in line):
        _fail("items cannot be assigned", "A name is defined once, as a whole; use where(...) or stack(...).", token, lines)
    if token.kind == "name" and following.text == "(" and any(t.text == "=" for t in line):
        _fail("functions are not defined by their arguments", f"Declare '{token.text}: function', or name a block.", token, lines)
    if token.kind == "name" and following.text in ("+", "-", "*", "/") and len(line) > 2 and line[2].text == "=":
        _fail(
            f"'{following.text}=' is not part of the language",
            "Every name is defined once: give the new value another name.",
            following,
            lines,
        )
    if token.kind == "name" and following.kind == "name":
        _fail(f"'{token.text} {following.text}' is no statement", "Write name = expression.", following, lines)
    if any(t.text == "=" for t in line):
        _fail("what stands left of '=' is not one name", "Write name = expression.", token, lines)
    _fail("an expression without a name", "Write name = expression.", token, lines)


def _fail(what: str, advice: str, token: Token, lines: list[str]) -> NoReturn:
    raise ParseError(what, advice=advice, place=token.place, source=lines[token.line - 1])
