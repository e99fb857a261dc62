"""Tokens to Phrases, by operator precedence with stacks of our own: no input can exhaust Python's.

From loose to tight: comparisons; + and -; unary minus at the start of a term; * / @; unary minus elsewhere; ** (to the right);
calls, indexing and transposes. Chains are kept flat: a sum of 100,000 terms is one Phrase.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from symchain.errors import LimitError, ParseError, Place
from symchain.language.conditions import JOINED, chosen
from symchain.language.endings import refuse_after, shown
from symchain.language.tokens import Token, read_tokens, source_lines
from symchain.support.notation import Phrase, Primes

MAX_DEPTH = 256

_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_BINARY = {"+": 2, "-": 2, "*": 4, "/": 4, "//": 4, "%": 4, "@": 4, "**": 6} | dict.fromkeys(_COMPARISONS, 1)
_JOINING = {"or": -2.0, "and": -1.0, "|": 1.2, "&": 1.4}
_NOT, _EVERYTHING = 0, -9
_REMAINDERS = {"%": "mod", "//": "floor_divide"}
_MINUS_OF_TERM, _MINUS_OF_FACTOR = 3, 5
_CLOSER = {"(": ")", "[": "]"}
NONE = ("None", "newaxis")
OVER_AN_INDEX = ("sum", "prod", "stack")
"""The functions that run over an index: sum(x[t]**2 for t in 1..T)."""


def parse_expression(text: str) -> Phrase:
    """One expression, exactly as written. Raises ParseError with the place, LimitError beyond 256 nested levels.

    >>> parse_expression("a - 2*x**2").head
    'add'
    """
    lines = source_lines(text)
    tokens = [t for t in read_tokens(lines) if t.kind != "newline"]
    phrase, stop = read_expression(tokens, 0, lines)
    if tokens[stop].kind != "end":
        refuse_after(tokens, stop, lines)
    return phrase


def read_expression(tokens: list[Token], start: int, lines: list[str]) -> tuple[Phrase, int]:
    """The expression that begins at a token, and the index of the token after it."""
    return _Reader(tokens, start, lines).read()


@dataclass(frozen=True, slots=True)
class Span:
    """`for index in low..high`, as it is written."""

    index: str
    low: Phrase
    high: Phrase
    place: Place


def read_span(tokens: list[Token], start: int, lines: list[str]) -> tuple[Span, int]:
    """The range that begins at a token `for`, and the index of the token after it. Raises ParseError for what is none."""

    def expect(position: int, good: bool, what: str) -> None:
        if not good:
            token = tokens[position]
            advice = "Write a range as: for t in 1..T."
            raise ParseError(f"{shown(token)} where {what} is expected", advice=advice, place=token.place, source=lines[token.line - 1])

    expect(start + 1, tokens[start + 1].kind == "name", "an index")
    expect(start + 2, tokens[start + 2].text == "in", "'in'")
    low, stop = read_expression(tokens, start + 3, lines)
    expect(stop, tokens[stop].text == "..", "'..'")
    high, after = read_expression(tokens, stop + 1, lines)
    first, last = tokens[start], tokens[after - 1]
    width = last.column + last.width - first.column if last.line == first.line else first.width
    return Span(tokens[start + 1].text, low, high, Place(first.line, first.column, width)), after


@dataclass(slots=True)
class _Operand:
    """A part read so far. An open chain (add, mul, matmul) still takes further parts on its right."""

    parts: list[Phrase]
    head: str
    depth: int
    start: Token
    end: Token


@dataclass(slots=True)
class _Operator:
    symbol: str
    level: float
    token: Token


PARTIAL = re.compile(r"D[1-9]{1,9}", re.ASCII)
"""The mark before a function of several arguments that is differentiated by some of them: D12 g(x, y)."""


@dataclass(slots=True)
class _Frame:
    """What is open: the text itself, a bracket, a call or an index, with the expression being read in it."""

    kind: str
    opener: Token
    subject: _Operand | None = None
    primes: int = 0
    by: str = ""
    """The numbers of the arguments by which the function is differentiated that is called."""
    items: list[Phrase] = field(default_factory=list)
    keywords: list[tuple[str, Phrase]] = field(default_factory=list)
    keyword: str = ""
    slices: list[Phrase] | None = None
    comma: bool = False
    depth: int = 0
    operands: list[_Operand] = field(default_factory=list)
    operators: list[_Operator] = field(default_factory=list)


class _Reader:
    """Reads one expression, leaving off at the first token that cannot belong to it."""

    def __init__(self, tokens: list[Token], start: int, lines: list[str]) -> None:
        self.tokens, self.position, self.lines = tokens, start, lines
        self.frames = [_Frame("text", tokens[start])]

    def read(self) -> tuple[Phrase, int]:
        wanted = True  # whether an operand comes next
        while True:
            token = self.tokens[self.position]
            if token.kind == "newline" and len(self.frames) > 1:
                self.position += 1
            elif wanted:
                wanted = self._read_operand(token)
            elif len(self.frames) == 1 and not self._continues(token):
                self._reduce(_EVERYTHING)
                return self._closed(self.frames[0].operands[0]), self.position
            else:
                wanted = self._read_operator(token)

    # ------------------------------------------------------------ operands

    def _read_operand(self, token: Token) -> bool:
        """Consume what may stand where an operand is expected; whether an operand is still wanted."""
        frame = self.frames[-1]
        self.position += 1
        if token.kind in ("number", "string"):
            self._push(Phrase(token.kind, text=token.text, place=token.place), 0, token, token)
            return False
        if frame.kind != "text" and token.text in ("not", "~") and token.kind in ("name", "op"):
            self._operate(_Operator("not", _NOT if token.text == "not" else _MINUS_OF_FACTOR, token))
            return True
        if token.kind == "name":
            return self._read_name(token, frame)
        match token.text:
            case "(" | "[" if token.kind == "op":
                self._open(_Frame("group" if token.text == "(" else "list", token))
                return True
            case "-" if token.kind == "op":
                tight = bool(frame.operators) and frame.operators[-1].level >= 4
                self._operate(_Operator("neg", _MINUS_OF_FACTOR if tight else _MINUS_OF_TERM, token))
                return True
            case "+" if token.kind == "op":
                return True
            case ":" if frame.kind == "index" and not frame.operators:
                self._slice(Phrase("none", place=token.place))
                return True
            case ")" | "]" if self._may_close_empty(frame, token):
                if frame.slices is not None:
                    self._end_item(Phrase("none", place=token.place))
                self._close(token)
                return False
            case "," if frame.kind == "index" and frame.slices is not None and not frame.operators:
                self._end_item(Phrase("none", place=token.place))
                frame.comma = True
                return True
        self._refuse_operand(token, frame)

    def _read_name(self, token: Token, frame: _Frame) -> bool:
        following = self.tokens[self.position]
        if following.text == "=" and following.kind == "op" and frame.kind == "call" and not (frame.keyword or frame.operators):
            if any(k == token.text for k, _ in frame.keywords):
                self._fail(f"{token.text}= is given twice", "Give every keyword once.", token)
            frame.keyword = token.text
            self.position += 1
            return True
        primes, by = 0, ""
        if self._is_partial(token):
            primes, by, token = 0, token.text[1:], following
            self.position += 1
            following = self.tokens[self.position]
        if following.kind == "primes":
            primes = int(following.text)
            self.position += 1
            following = self.tokens[self.position]
            if following.text != "(" or following.kind != "op":
                advice = f"A prime is the derivative of a function: {token.text}'(z). A transpose is written {token.text}.T."
                self._fail(f"{token.text} with a prime is not called", advice, token)
        if following.text == "(" and following.kind == "op":
            self.position += 1
            callee = _Operand([Phrase("name", text=token.text, place=token.place)], "", 0, token, token)
            self._open(_Frame("call", following, callee, primes, by))
            return True
        head = "none" if token.text in NONE else "name"
        self._push(Phrase(head, text="" if head == "none" else token.text, place=token.place), 0, token, token)
        return False

    @staticmethod
    def _may_close_empty(frame: _Frame, token: Token) -> bool:
        """Whether a bracket may close without an expression just before: (), f(), (n,), x[:]."""
        if frame.kind == "text" or _CLOSER[frame.opener.text] != token.text or frame.operators or frame.keyword:
            return False
        return frame.slices is not None or (frame.kind != "index" and not frame.items) or frame.comma

    # ------------------------------------------------------------ operators, separators, closing brackets

    def _continues(self, token: Token) -> bool:
        return token.kind in ("transpose", "superscript") or (token.kind == "op" and (token.text in _BINARY or token.text == "["))

    def _read_operator(self, token: Token) -> bool:
        """Consume what may follow an operand; whether an operand is wanted next."""
        frame = self.frames[-1]
        self.position += 1
        if token.kind == "transpose":
            self._postfix("transpose", (), token)
            return False
        if token.kind == "superscript":
            digits = Phrase("number", text=token.text.lstrip("+-"), place=token.place)
            self._postfix("pow", (Phrase("neg", (digits,), place=token.place) if token.text[0] == "-" else digits,), token)
            return False
        if token.kind == "name" and token.text == "for" and frame.kind == "call" and not (frame.items or frame.keywords or frame.keyword):
            return self._each(token, frame)
        if frame.kind != "text" and token.text in _JOINING and token.kind in ("name", "op"):
            self._operate(_Operator(token.text, _JOINING[token.text], token))
            return True
        if token.kind == "op":
            if token.text in _BINARY:
                self._operate(_Operator(token.text, _BINARY[token.text], token))
                return True
            if token.text == "[":
                self._open(_Frame("index", token, frame.operands.pop()))
                return True
            if frame.kind != "text":
                if token.text == "," and not (frame.kind == "group" and frame.keyword):
                    self._end_item(self._item())
                    frame.comma = True
                    return True
                if token.text == ":" and frame.kind == "index":
                    self._slice(self._item())
                    return True
                if token.text == _CLOSER[frame.opener.text]:
                    self._end_item(self._item())
                    self._close(token)
                    return False
        self._refuse_operator(token, frame)

    def _each(self, token: Token, frame: _Frame) -> bool:
        """F for t in 1..T, which fills the brackets of a call."""
        name = frame.subject.parts[0].text if frame.subject else ""
        if name not in OVER_AN_INDEX:
            self._fail(f"{name} does not run over an index", "Sums and products do: sum(x[t]**2 for t in 1..T).", token)
        body = self._item()
        span, self.position = read_span(self.tokens, self.position - 1, self.lines)
        depth = frame.depth + 1
        phrase = Phrase("each", (body, span.low, span.high), span.index, place=self._span(frame.opener, self.tokens[self.position - 1]))
        self._push(phrase, depth, frame.opener, self.tokens[self.position - 1])
        closing = self.tokens[self.position]
        if closing.text != ")":
            self._fail(f"{shown(closing)} after a range", "Close the bracket: sum(x[t] for t in 1..T).", closing)
        return False

    def _operate(self, operator: _Operator) -> None:
        """Put an operator on the stack after finishing those that bind at least as tightly."""
        frame = self.frames[-1]
        if operator.symbol in ("neg", "not"):
            if len(frame.operators) > 2 * MAX_DEPTH:
                self._too_deep(operator.token)
        elif operator.symbol == "**":
            if len(frame.operators) > 2 * MAX_DEPTH:
                self._too_deep(operator.token)
            self._reduce(operator.level + 1)
        else:  # -x % y is the remainder of -x, as Python reads it; to products the sign may be put after
            self._reduce(_MINUS_OF_TERM if operator.symbol in _REMAINDERS else operator.level)
        frame.operators.append(operator)

    def _reduce(self, level: float) -> None:
        frame = self.frames[-1]
        while frame.operators and frame.operators[-1].level >= level:
            operator = frame.operators.pop()
            right = frame.operands.pop()
            if operator.symbol in ("neg", "not"):
                phrase = self._closed(right) if operator.symbol == "neg" else self._condition(right, operator)
                frame.operands.append(self._made(operator.symbol, (phrase,), right.depth + 1, operator.token, right.end))
            else:
                left = frame.operands.pop()
                frame.operands.append(self._joined(operator, left, right))

    def _joined(self, operator: _Operator, left: _Operand, right: _Operand) -> _Operand:
        """left operator right; a chain on the left is continued in place."""
        symbol, phrase = operator.symbol, self._closed(right)
        depth = right.depth
        if symbol in _JOINING:
            head = {"&": "and", "|": "or"}.get(symbol, symbol)
            both = (self._condition(left, operator), self._condition(right, operator))
            return self._made(head, both, max(left.depth, depth) + 1, left.start, right.end)
        if symbol in _COMPARISONS:
            before = self._closed(left)
            if phrase.head in JOINED or (before.head in JOINED and left.head != "compare"):
                self._fail("a comparison compares numbers", "Join conditions by and, or: where(a < x and x < b, u, v).", operator.token)
            chain = left.head == "compare"  # a < x < b
            middle = (before if before.head == "compare" else before.parts[-1]).parts[1] if chain else before
            made = Phrase("compare", (middle, phrase), symbol, place=self._span(left.start, right.end))
            if chain:
                made = Phrase("and", (before, made), place=made.place)
            return self._wrap(made, "compare", max(left.depth, depth) + 1, left.start, right.end)
        if symbol in _REMAINDERS:
            both = (self._closed(left), phrase)
            made = Phrase("call", both, _REMAINDERS[symbol], place=self._span(left.start, right.end))
            return self._wrap(made, "", max(left.depth, depth) + 1, left.start, right.end)
        if symbol == "**":
            return self._made("pow", (self._closed(left), phrase), max(left.depth, depth) + 1, left.start, right.end)
        head = {"+": "add", "-": "add", "@": "matmul"}.get(symbol, "mul")
        if symbol in "-/":
            phrase = Phrase("neg" if symbol == "-" else "over", (phrase,), place=self._span(operator.token, right.end))
            depth += 1
        if left.head != head:
            left = _Operand([self._closed(left)], head, left.depth + 1, left.start, left.end)
        left.parts.append(phrase)
        left.depth = max(left.depth, depth + 1)
        left.end = right.end
        if left.depth > MAX_DEPTH:
            self._too_deep(operator.token)
        return left

    def _condition(self, operand: _Operand, operator: _Operator) -> Phrase:
        phrase = self._closed(operand)
        if phrase.head not in JOINED:
            what = f"{operator.token.text} joins conditions" if operator.symbol != "not" else f"{operator.token.text} is of a condition"
            advice = "Write where((x > 0) & (x < 1), a, b), with the brackets, or where(x > 0 and x < 1, a, b)."
            self._fail(what, advice if operator.token.text not in ("|",) else advice + " For |x| write abs(x).", operator.token)
        return phrase

    def _postfix(self, head: str, more: tuple[Phrase, ...], token: Token) -> None:
        operand = self.frames[-1].operands.pop()
        self.frames[-1].operands.append(self._made(head, (self._closed(operand), *more), operand.depth + 1, operand.start, token))

    # ------------------------------------------------------------ brackets

    def _open(self, frame: _Frame) -> None:
        self.frames.append(frame)
        if len(self.frames) > MAX_DEPTH + 1:
            self._too_deep(frame.opener)

    def _item(self) -> Phrase:
        """The expression just completed in the innermost bracket."""
        self._reduce(_EVERYTHING)
        frame = self.frames[-1]
        operand = frame.operands.pop()
        frame.depth = max(frame.depth, operand.depth)
        return self._closed(operand)

    def _slice(self, bound: Phrase) -> None:
        frame = self.frames[-1]
        frame.slices = [*(frame.slices or []), bound]
        if len(frame.slices) > 2:
            self._fail("a slice has at most three parts", "Write start:stop:step.", self.tokens[self.position - 1])

    def _end_item(self, phrase: Phrase) -> None:
        frame = self.frames[-1]
        if frame.slices is not None:
            parts = [*frame.slices, phrase]
            parts += [Phrase("none", place=phrase.place)] * (3 - len(parts))
            phrase = Phrase("slice", tuple(parts), place=parts[0].place)
            frame.slices, frame.depth = None, frame.depth + 1
        if frame.keyword:
            frame.keywords.append((frame.keyword, phrase))
            frame.keyword = ""
        elif frame.keywords:
            key, value = frame.keywords[0]
            advice = "Put keyword arguments last."
            if frame.subject is not None and frame.subject.parts[0].text == "where":
                shown = value.text if value.head in ("number", "name") else "..."
                advice = f"A comparison is written with two signs: {key} == {shown}."
            self._fail("an argument without a name follows a keyword", advice, self.tokens[self.position - 1])
        else:
            frame.items.append(phrase)

    def _close(self, token: Token) -> None:
        """Make the phrase of the innermost bracket an operand of the one around it."""
        frame = self.frames.pop()
        start = frame.subject.start if frame.subject else frame.opener
        match frame.kind:
            case "group" if len(frame.items) == 1 and not frame.comma:
                self._push(frame.items[0], frame.depth, start, token)
                return
            case "call":
                assert frame.subject is not None
                name = frame.subject.parts[0].text
                place = self._span(start, token)
                orders = self._orders(frame, name, start) if frame.by else frame.primes
                phrase = chosen(Phrase("call", tuple(frame.items), name, tuple(frame.keywords), orders, place))
                if any(i.head in JOINED[1:] for i in phrase.parts):
                    self._fail("joined conditions stand only first in where(...)", "Write where(x > 0 and y > 0, a, b).", start)
            case "index":
                assert frame.subject is not None
                frame.depth = max(frame.depth, frame.subject.depth)
                phrase = Phrase("index", (self._closed(frame.subject), *frame.items), place=self._span(start, token))
            case kind:
                phrase = Phrase("tuple" if kind == "group" else "list", tuple(frame.items), place=self._span(start, token))
        self._push(phrase, frame.depth + 1, start, token)

    # ------------------------------------------------------------ making phrases

    def _push(self, phrase: Phrase, depth: int, start: Token, end: Token) -> None:
        self.frames[-1].operands.append(self._wrap(phrase, "", depth, start, end))

    def _made(self, head: str, parts: tuple[Phrase, ...], depth: int, start: Token, end: Token) -> _Operand:
        return self._wrap(Phrase(head, parts, place=self._span(start, end)), "", depth, start, end)

    def _wrap(self, phrase: Phrase, head: str, depth: int, start: Token, end: Token) -> _Operand:
        if depth > MAX_DEPTH:
            self._too_deep(end)
        return _Operand([phrase], head, depth, start, end)

    def _closed(self, operand: _Operand) -> Phrase:
        if operand.head in ("", "compare"):
            return operand.parts[0]
        return Phrase(operand.head, tuple(operand.parts), place=self._span(operand.start, operand.end))

    def _is_partial(self, token: Token) -> bool:
        """Whether a name is the mark of a derivative by arguments, D12 before g(x, y)."""
        function, bracket = self.tokens[self.position], self.tokens[min(self.position + 1, len(self.tokens) - 1)]
        return bool(PARTIAL.fullmatch(token.text)) and function.kind == "name" and bracket.kind == "op" and bracket.text == "("

    def _orders(self, frame: _Frame, name: str, start: Token) -> Primes:
        count = len(frame.items)
        if int(max(frame.by)) > count:
            self._fail(
                f"{name} has no argument number {max(frame.by)}",
                "The digits are the numbers of the arguments: D1 g(x, y), D12 g(x, y).",
                start,
            )
        return tuple(frame.by.count(str(k)) for k in range(1, count + 1)) if count > 1 else len(frame.by)

    def _span(self, start: Token, end: Token) -> Place:
        """The place from one token to another, cut at the end of the first line."""
        if start.line == end.line:
            return Place(start.line, start.column, end.column + end.width - start.column)
        return Place(start.line, start.column, max(1, len(self.lines[start.line - 1]) - start.column + 1))

    # ------------------------------------------------------------ refusals

    def _fail(self, what: str, advice: str, token: Token) -> NoReturn:
        raise ParseError(what, advice=advice, place=token.place, source=self.lines[token.line - 1])

    def _too_deep(self, token: Token) -> NoReturn:
        what = f"the expression nests more than {MAX_DEPTH} deep"
        raise LimitError(what, advice="Name parts of it on lines of their own.", place=token.place, source=self.lines[token.line - 1])

    def _refuse_operand(self, token: Token, frame: _Frame) -> NoReturn:
        if token.kind in ("end", "newline"):
            if frame.kind != "text":
                self._fail(f"'{frame.opener.text}' is never closed", f"Add '{_CLOSER[frame.opener.text]}'.", frame.opener)
            self._fail("the expression ends too early", "Write a name, a number or '(' here.", token)
        if token.text in (")", "]"):
            if frame.kind == "call" and not frame.items and not frame.keywords and not frame.operators and not frame.keyword:
                self._refuse_operator(token, frame)
            self._fail(f"an operand is missing before '{token.text}'", "Write a name, a number or '(' here.", token)
        if token.text in ("*", "**") and frame.kind == "call":
            self._fail(f"{token.text} cannot unpack arguments", "Write the arguments one by one.", token)
        if token.text == "|":
            self._fail("'|' where an operand is expected", "Write abs(x) or norm(x); a choice is where(condition, a, b).", token)
        if token.text == ".":
            self._fail("'...' and names that begin with a point are not part of the language", "Write every part out.", token)
        self._fail(f"{shown(token)} where an operand is expected", "Write a name, a number or '(' here.", token)

    def _refuse_operator(self, token: Token, frame: _Frame) -> NoReturn:
        if token.kind in ("end", "newline"):
            self._fail(f"'{frame.opener.text}' is never closed", f"Add '{_CLOSER[frame.opener.text]}'.", frame.opener)
        if frame.kind != "text" and "=" in (token.text, self.tokens[self.position].text) and token.line > frame.opener.line:
            self._fail(f"'{frame.opener.text}' is never closed", f"Add '{_CLOSER[frame.opener.text]}'.", frame.opener)
        refuse_after(self.tokens, self.position - 1, self.lines)
