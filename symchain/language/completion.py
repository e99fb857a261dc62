"""What people leave out when they type an answer is put in: product signs, brackets of functions, bars and roots as calls.

2(z - y)x, sin x, |x|, X^T, x², Tanh(z) and 0,5 can mean one thing. Where an answer can mean two, both are named and nothing is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NoReturn

from symchain.errors import LimitError, nearest
from symchain.functions.spec import AbstractFunction
from symchain.language.bars import barred
from symchain.language.forms import ASSOCIATIVE
from symchain.language.grammar import MAX_DEPTH, NONE, PARTIAL
from symchain.language.handwriting import EULER, Hand, refusal, twice
from symchain.language.lookup import elementwise_names, find_function, is_known_function
from symchain.language.spelling import canonical
from symchain.language.tokens import Token

_OPENERS, _CLOSERS = ("(", "["), (")", "]")


def completed(tokens: Sequence[Token], lines: Sequence[str], hand: Hand) -> list[Token]:
    """The tokens with what was left out. Raises AnswerError where they can be read in two ways, or hold a name that is none."""
    return _Completion(list(tokens), lines, hand).tokens()


@dataclass
class _Level:
    """What is known of the product being read in one pair of brackets."""

    call: bool = False
    start: int = -1
    """The first token of the product."""
    factor: int = -1
    """The first token of its last factor."""
    callee: bool = False
    """Whether the function was named whose bracket comes next."""
    slash: int = 0
    """The division sign that the product's last factor stands behind, 0 for none."""
    power: int = 0
    """The power sign whose exponent comes next."""
    raised: int = 0
    """The power sign of the exponent that ends here."""
    open: bool = False
    """Whether that exponent may go on: e^2x."""
    bare: int = -1
    """The function whose argument, without brackets, ends here."""
    operand: bool = False
    after: list[Token] = field(default_factory=list)
    """What follows its closing bracket."""
    naked: int = -1
    """The function of which this is the argument, which had no brackets."""


class _Completion:
    def __init__(self, tokens: list[Token], lines: Sequence[str], hand: Hand) -> None:
        self.lines, self.hand = lines, hand
        self.all = barred(self._transposed(self._decimal(tokens)), lines)
        self.found: list[Token] = []
        self.levels = [_Level()]
        self.position = 0

    def tokens(self) -> list[Token]:
        while self.position < len(self.all):
            token = self.all[self.position]
            self._read(token)
            self.position += 1
        return self.found

    # ------------------------------------------------------------ before anything is joined

    def _decimal(self, tokens: list[Token]) -> list[Token]:
        """0,5 is 0.5 where a comma separates nothing. Refuses maximum(x,0,5), which takes two arguments and three."""
        found: list[Token] = []
        inside: list[tuple[str, list[Token]]] = []  # of each bracket, what is called and its commas
        doubtful: dict[int, tuple[Token, Token]] = {}
        for token in tokens:
            if token.text in _OPENERS and token.kind == "op":
                last = found[-1] if found else None
                called = last is not None and last.kind in ("name", "primes") and last.text not in self.hand.names
                inside.append((last.text if called and last is not None else token.text.strip("("), []))
            elif token.text in _CLOSERS and token.kind == "op" and inside:
                name, commas = inside.pop()
                pair = doubtful.pop(len(inside), None)
                if pair is not None and len(commas) > 1 and name in ASSOCIATIVE:
                    first, second = pair
                    self._two(first, second, f"{first.text}.{second.text}", f"{first.text}; {second.text}")
            elif token.text == "," and inside:
                inside[-1][1].append(token)
            comma = found[-1] if found else None
            before = found[-2] if len(found) > 1 else None
            if before is None or comma is None or not _is_decimal(before, comma, token):
                found.append(token)
            elif any(name for name, _ in inside):
                doubtful.setdefault(len(inside) - 1, (before, token))
                found.append(token)
            else:
                found[-2:] = [before._replace(text=f"{before.text}.{token.text}", width=before.width + 1 + token.width)]
        return found

    def _transposed(self, tokens: list[Token]) -> list[Token]:
        """X^T is a transpose where T is no name."""
        found: list[Token] = []
        for token in tokens:
            last = found[-1] if found else None
            turned = token.kind == "transpose" or (token.kind == "name" and token.text == "T" and "T" not in self.hand.names)
            if turned and last is not None and last.text == "**" and last.kind == "op":
                found[-1] = Token("transpose", ".T", last.line, last.column, last.width + token.width)
            else:
                found.append(token)
        return found

    # ------------------------------------------------------------ one token

    def _read(self, token: Token) -> None:
        level = self.levels[-1]
        begins = not level.operand or self.all[self.position - 1].kind == "number"
        if token.text == "[" and token.kind == "op" and begins and not level.call:
            token = self._rounded(token)
        if token.kind in ("number", "name", "string") or (token.kind == "op" and token.text in ("(", "√")):
            if token.text == "(" and token.kind == "op" and self._calls(level):
                self._open(token, _Level(call=True, after=level.after))
                level.after = []
                return
            self._begin(token, level)
            return
        if token.kind in ("superscript", "transpose", "primes"):
            self._postfix(token, level)
        elif token.kind in ("newline", "end") or token.text in (";", "="):
            self.levels[-1] = level if token.kind == "newline" and len(self.levels) > 1 else _Level()
        elif token.text == "[":
            self._open(token, _Level(call=True))
            return
        elif token.text in _CLOSERS:
            self._close(token)
            return
        elif token.kind == "op":
            self._operator(token, level)
        self.found.append(token)

    def _rounded(self, token: Token) -> Token:
        """Square brackets around a part of a formula are brackets; with commas in them they are a list."""
        end, depth = self.position, 0
        for k in range(self.position, len(self.all)):
            other = self.all[k]
            if other.kind == "op":
                depth += (other.text in _OPENERS) - (other.text in _CLOSERS)
                if other.text == "," and depth == 1:
                    return token
            if depth == 0:
                end = k
                break
        if self.all[end].text == "]":
            self.all[end] = self.all[end]._replace(text=")")
            self.all[self.position] = token = token._replace(text="(")
        return token

    def _calls(self, level: _Level) -> bool:
        """Whether a bracket belongs to the name before it; refuses what may be a call and a product."""
        if level.callee:
            level.callee = False
            return True
        last = self.all[self.position - 1]
        if not level.operand or last.kind != "name":
            return last.kind == "primes"
        text = last.text
        inside = self._extent(self.position)
        content = self.all[self.position + 1 : inside]
        alone = len(content) == 1 or any(t.text == "," for t in content)
        base = re.sub(r"_?\d*$", "", canonical(text))
        if alone or is_known_function(text) or text in self.hand.functions or base in self.hand.letters:
            written = self._text(self.position, inside)
            raise refusal("call", last, self.lines, text=f"{text}{written}", name=text, product=f"{text}*{written}")
        return False

    def _begin(self, token: Token, level: _Level) -> None:
        """An operand begins, perhaps behind another one."""
        if level.operand:
            self._implied(token, level)
        if level.start < 0:
            level.start = self.position
        if not level.power:
            level.factor = self.position
        if token.kind == "name":
            self._named(token, level)
            return
        if token.text == "√":
            self._applied(token._replace(kind="name", text="sqrt"), level)
            return
        if token.text == "(" and token.kind == "op":
            self._open(token, _Level())
            return
        if token.kind == "number" and "e" in token.text.lower() and self.hand.names & {"e", "E"}:
            mantissa = re.split("[eE]", token.text)[0]
            self._two(token, token, token.text, f"{mantissa}*{token.text[len(mantissa) :].replace('-', ' - ').replace('+', ' + ')}")
        self.found.append(token)
        self._ended(level, token)

    def _implied(self, token: Token, level: _Level) -> None:
        """A product sign was left out: put it there, where the product can be but one."""
        here = self.position
        last = self.all[here - 1]
        if token.kind == "string":
            return
        end = self._extent(here)
        right, stop = self._text(here, end), self.all[end]
        left = self._text(level.start, here - 1)
        if token.kind == "number":
            self._two(self.all[level.start], stop, f"{left}*{right}", f"{left}^{right}")
        function = token.kind == "name" and self.hand.is_function(token.text)
        if level.bare >= 0 and not function:
            self._both_arguments(level, end)
        if level.open:
            base, exponent = self._text(level.factor, level.raised - 1), self._text(level.raised + 1, here - 1)
            self._two(self.all[level.factor], stop, f"({base}^{exponent})*{right}", f"{base}^({exponent}*{right})")
        if level.slash:
            top, below = self._text(level.start, level.slash - 1), self._text(level.slash + 1, here - 1)
            self._two(self.all[level.start], stop, f"({top}/{below})*{right}", f"{top}/({below}*{right})")
        self.found.append(Token("op", "*", last.line, last.column + last.width, 0))
        level.operand, level.raised, level.bare = False, 0, -1

    def _both_arguments(self, level: _Level, end: int, sign: str = "*") -> NoReturn:
        here, name = self.position, self.all[level.bare].text
        inside, right = self._text(level.bare + 1, here - 1), self._text(here + (sign != "*" or self.all[here].text == "*"), end)
        self._two(self.all[level.bare], self.all[end], f"{name}({inside}){sign}{right}", f"{name}({inside}{sign}{right})")

    def _named(self, token: Token, level: _Level) -> None:
        text, following = token.text, self.all[self.position + 1]
        if following.text == "=" and following.kind == "op":  # a definition, or a keyword
            self.found.append(token)
            self._ended(level, token)
            return
        if PARTIAL.fullmatch(text) and following.kind == "name" and self.all[self.position + 2].text == "(":
            self.found.append(token)  # D1 g(x, y): the function is what begins
            return
        called = following.text == "(" and following.kind == "op"
        if self.hand.is_function(text):
            self._applied(token, level)
            return
        known = text in self.hand.names or "/" in text or text in NONE or canonical(text) == "pi"
        if not known and not (text == EULER and (following.text == "**" or following.kind == "superscript")):
            function = find_function(text, self.hand.functions)
            if called and function is not None and not isinstance(function, AbstractFunction):
                self._applied(token, level)
                return
            parts = None if following.kind == "primes" else self._parts(token)
            if parts is None:
                self._unknown(token, called or following.kind == "primes")
            self.all[self.position : self.position + 1] = parts
            token = parts[0]
        self.found.append(token)
        self._ended(level, token)

    def _parts(self, token: Token) -> list[Token] | None:
        """The names that a name which the program does not have is made of, z2a1 of z2 and a1, where that is so in one way alone."""
        powered = self.all[self.position + 1].text == "**"
        ways = _splits(token.text, (*self.hand.names, "π", *((EULER,) if powered else ())))
        if len(ways) != 1 or token.width != len(token.text):
            return None
        starts = accumulate((len(part) for part in ways[0][:-1]), initial=0)
        return [
            token._replace(text=part, column=token.column + start, width=len(part)) for part, start in zip(ways[0], starts, strict=True)
        ]

    def _unknown(self, token: Token, called: bool) -> NoReturn:
        known = elementwise_names()
        names = (self.hand.called() or known) if called else sorted(self.hand.names)
        parts = _split(token.text, (*self.hand.names, "π", "pi", EULER))
        if parts is not None:
            raise refusal("joined", token, self.lines, name=token.text, product="*".join(parts))
        if token.text == EULER:
            raise refusal("euler", token, self.lines)
        close = nearest(token.text, (*names, *known), cutoff=0.7) if called else nearest(token.text, names)
        shown = close if close is not None else ", ".join(names[:12])
        raise refusal("function" if called else "unknown", token, self.lines, name=token.text, names=shown)

    def _applied(self, token: Token, level: _Level) -> None:
        """A function: sin(x), sin^2(x), sin x, sin |x|; what is not one of these is left as it stands."""
        self.found.append(token)
        here = self.position + 1
        if self.all[here].kind == "primes":
            level.operand = level.callee = True
            return
        power = self._power_of_function(token, here)
        here += len(power)
        self.position = here - 1
        following = self.all[here]
        if following.text == "(" and following.kind == "op":
            level.operand, level.callee, level.after = True, True, power
            return
        names = following.kind == "name" and (following.text in self.hand.names or canonical(following.text) == "pi")
        bars = following.kind == "name" and following.text == "abs" and following.width == 1
        if not (names or bars or following.kind == "number"):
            if power:
                self._fail_power(token, power)
            self._ended(level, token)
            return
        if bars:
            self.found.append(Token("op", "(", following.line, following.column, 0))
            self.found.append(following)
            self.position = here
            level.operand = level.callee = True
            close = Token("op", ")", following.line, following.column, 0)
            level.after, level.naked = [close, *power], here - 1 - len(power)
            return
        opening = Token("op", "(", following.line, following.column, 0)
        closing = Token("op", ")", following.line, following.column + following.width, 0)
        self.found += [opening, following, closing, *power]
        self.position = here
        self._ended(level, token)
        level.bare = here - 1 - len(power)

    def _power_of_function(self, token: Token, here: int) -> list[Token]:
        """The power in sin^2(x) or sin²x, which is that of sin(x)."""
        first, second = self.all[here], self.all[min(here + 1, len(self.all) - 1)]
        if first.kind == "superscript":
            power = [first]
        elif first.text == "**" and first.kind == "op":
            power = [first, second]
        else:
            return []
        if not power[-1].text.isdigit() or int(power[-1].text) < 2 or token.text in self.hand.functions:
            self._fail_power(token, power)
        return power

    def _fail_power(self, token: Token, power: Sequence[Token]) -> NoReturn:
        here = next(k for k, t in enumerate(self.all) if t is power[-1])
        raise refusal("power", token, self.lines, name=token.text, power=self._text(here, self._extent(here)))

    def _postfix(self, token: Token, level: _Level) -> None:
        if level.bare >= 0:
            self._both_arguments(level, self.position, "")
        if token.kind == "superscript" and level.raised:
            self._chain(level, self.position, token.text)

    def _operator(self, token: Token, level: _Level) -> None:
        here, text = self.position, token.text
        if text in ("*", "/", "@", "**") and level.bare >= 0:
            self._both_arguments(level, self._extent(here + 1), text.replace("**", "^"))
        if text == "**":
            before, above = self.all[here - 1], self._text(here + 1, self._extent(here + 1))
            if before.kind == "superscript":
                base = self._text(level.factor, here - 2)
                one, other = f"({base}^{before.text})^{above}", f"{base}^({before.text}^{above})"
                self._two(self.all[level.factor], self.all[self._extent(here + 1)], one, other)
            if level.raised and "^" in self._text(level.factor, here):
                self._chain(level, self._extent(here + 1), above)
            level.power, level.operand = here, False
            return
        if text == "/" and level.raised:
            self._check_fraction(level)
        if not level.operand and text in ("+", "-"):
            return
        if level.bare >= 0 and self.all[level.bare].text == "√" and text in ("+", "-"):  # how far the line over the root reached
            self._both_arguments(level, self._extent(here + 1), text)
        level.operand, level.raised, level.open, level.bare = False, 0, False, -1
        level.slash = here if text == "/" else 0
        if text not in ("/", "*", "@"):
            level.start = -1

    def _check_fraction(self, level: _Level) -> None:
        """Refuse x^1/2 and x^-3/2, typed in one piece; x^2/2 is x^2 halved."""
        here, last = self.position, self.all[self.position + 1]
        written = re.fullmatch(r"\^\s*([-−]?\d+)/(\d+)", self._text(level.raised, here + 1))
        if written is None or last.kind != "number" or last.text == "0":
            return
        over, under = written[1].replace("−", "-"), written[2]
        if int(over) % int(under):
            base = self._text(level.factor, level.raised - 1)
            self._two(self.all[level.factor], last, f"({base}^{over})/{under}", f"{base}^({over}/{under})")

    def _chain(self, level: _Level, end: int, last: str) -> NoReturn:
        here = self.position
        base, middle = self._text(level.factor, level.raised - 1), self._text(level.raised + 1, here - 1)
        self._two(self.all[level.factor], self.all[end], f"({base}^{middle})^{last}", f"{base}^({middle}^{last})")

    # ------------------------------------------------------------ brackets

    def _open(self, token: Token, level: _Level) -> None:
        level.start = -1
        self.levels.append(level)
        self.found.append(token)
        if len(self.levels) > MAX_DEPTH + 1:
            what = f"the answer nests more than {MAX_DEPTH} deep"
            raise LimitError(what, advice="Write it with fewer brackets.", place=token.place, source=self.lines[token.line - 1])

    def _close(self, token: Token) -> None:
        self.found.append(token)
        if len(self.levels) == 1:
            return
        inner = self.levels.pop()
        self.found += inner.after
        level = self.levels[-1]
        self._ended(level, token)
        if level.naked >= 0:
            level.bare, level.naked = level.naked, -1

    def _ended(self, level: _Level, token: Token) -> None:
        """An operand is complete; it may have been an exponent."""
        level.operand, level.bare = True, -1
        if level.power:
            base = self.all[level.power - 1]
            clear = token.text == ")" or (
                token.kind == "number"
                and token.text.isdigit()
                and self.all[level.power + 1] is token
                and base.kind != "number"
                and not (base.kind == "name" and base.text == EULER)
            )
            level.raised, level.power, level.open = level.power, 0, not clear
        else:
            level.raised, level.open = 0, False

    # ------------------------------------------------------------ what stands there

    def _extent(self, start: int) -> int:
        """The last token of the operand that begins at a token."""
        k, depth = start, 0
        while k < len(self.all) - 1:
            token, following = self.all[k], self.all[k + 1]
            if token.kind == "op":
                depth += (token.text in _OPENERS) - (token.text in _CLOSERS)
            if token.kind == "end":
                return max(start, k - 1)
            called = token.kind == "name" and following.text == "(" and token.text not in self.hand.names
            if depth <= 0 and not called and not (k == start and token.text in ("-", "+", "√")):
                return k
            k += 1
        return max(start, k - 1)

    def _text(self, start: int, stop: int) -> str:
        """The answer from one token to another, as it was typed."""
        first, last = self.all[max(start, 0)], self.all[max(stop, 0)]
        line = self.lines[first.line - 1]
        end = last.column - 1 + last.width if last.line == first.line else len(line)
        return line[first.column - 1 : end].strip()

    def _two(self, first: Token, last: Token, one: str, other: str) -> NoReturn:
        raise twice(first, last, self.lines, one, other)


def _is_decimal(before: Token, comma: Token, after: Token) -> bool:
    """Whether three tokens may be one number: 0,5."""
    digits = all(t.kind == "number" and t.text.isdigit() for t in (before, after))
    return digits and comma.text == "," and before.touches(comma) and comma.touches(after)


def _splits(text: str, names: Collection[str]) -> list[list[str]]:
    """The ways in which a text is made of several names, two of them at most."""
    ways: list[list[list[str]]] = [[[]], *([] for _ in text)]
    for end in range(1, len(text) + 1):
        for begin in range(end):
            if text[begin:end] in names:
                ways[end] = [*ways[end], *([*way, text[begin:end]] for way in ways[begin])][:2]
    return [way for way in ways[-1] if len(way) > 1]


def _split(text: str, names: Collection[str]) -> list[str] | None:
    """The names that a text is made of, one after the other, with digits as factors in front; None where it is not."""
    ways: list[list[str] | None] = [[]] + [None] * len(text)
    for end in range(1, len(text) + 1):
        for begin in range(end):
            before, piece = ways[begin], text[begin:end]
            if before is not None and ways[end] is None and (piece in names or (begin and piece.isdigit())):
                ways[end] = [*before, piece]
    found = ways[-1]
    return found if found is not None and len(found) > 1 and EULER not in found[:-1] else None
