r"""Subscripts, superscripts, accents, primes: what belongs to one name, and what is an exponent or a transpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from symchain.errors import Place
from symchain.latex.nodes import Bound, Node, Symbol
from symchain.latex.tokens import BOLD, Source, Token

ACCENTS = {"hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde", "widetilde": "tilde"}
_STARS = ("*", "ast", "star")
_TRANSPOSES = ("top", "intercal")
_PIECES = ("max", "min", "sum", "det", "log", "exp", "infty", "arg")
"""Commands that may stand in a subscript as words."""


_STEPS = {"+": "p", "-": "m"}
"""t-1 and l+1 in names: tm1, lp1."""


def _counts(tokens: Sequence[Token], k: int) -> bool:
    """Whether a sign stands between a letter and a number: t-1."""
    following = tokens[k + 1] if k + 1 < len(tokens) else None
    return k > 0 and tokens[k - 1].kind == "letter" and following is not None and following.kind == "number" and following.text.isdigit()


class Scripts:
    """The part of the parser that reads one name with all that hangs on it. Its subclass reads expressions."""

    tokens: list[Token]
    source: Source
    position: int
    depth: int

    @property
    def bars(self) -> list[str]:
        """The brackets and bars that are open: a bar closes the innermost one only."""
        if not hasattr(self, "_bars_open"):
            self._bars_open: list[str] = []
        return self._bars_open

    # ------------------------------------------------------------ small steps

    @property
    def peek(self) -> Token:
        return self.tokens[self.position]

    def take(self) -> Token:
        token = self.tokens[self.position]
        self.position += token.kind != "stop"
        return token

    def _at(self, *texts: str) -> bool:
        return self.peek.kind == "op" and self.peek.text in texts

    def span(self, start: Token) -> Place:
        """From a token to the last one taken, on one line."""
        end = self.tokens[max(0, self.position - 1)]
        if end.line != start.line:
            return Place(start.line, start.column, max(1, len(self.source.lines[start.line - 1]) - start.column + 1))
        return Place(start.line, start.column, max(1, end.column + end.width - start.column))

    def written(self, node: Node) -> str:
        """A node as the text has it, for messages."""
        p = node.place
        return self.source.lines[p.line - 1][p.column - 1 : p.column - 1 + p.width]

    def fail(self, what: str, advice: str, place: Place) -> NoReturn:
        self.source.fail(what, advice, place)

    def expression(self) -> Node:
        raise NotImplementedError

    def factor(self) -> Node:
        raise NotImplementedError

    def close_brace(self, opener: Token) -> None:
        if not self._at("}"):
            if self.peek.kind == "stop":
                self.fail("a brace is never closed", "Add }.", opener.place)
            self.fail(f"{self.peek.text} inside braces is not read", "Correct the formula here.", self.peek.place)
        self.take()

    # ------------------------------------------------------------ arguments of commands and scripts

    def argument_tokens(self) -> list[Token]:
        """The next argument as LaTeX takes it: a group, or one character. Its tokens, without the braces."""
        if not self._at("{"):
            self._split_number()
            token = self.take()
            if token.kind == "stop":
                self.fail("an argument is missing", "Write it in braces.", token.place)
            if token.kind == "command" and token.text in ("frac", "sqrt", *ACCENTS):
                self.fail(rf"\{token.text} as an argument without braces", "Put it in braces.", token.place)
            return [token._replace(style="") if token.style.startswith("run:") else token]
        opener = self.take()
        depth = 1
        found: list[Token] = []
        while True:
            token = self.take()
            if token.kind == "stop":
                self.fail("a brace is never closed", "Add }.", opener.place)
            depth += (token.kind == "op" and token.text == "{") - (token.kind == "op" and token.text == "}")
            if depth == 0:
                return found
            found.append(token)

    def skip_argument(self) -> None:
        self.argument_tokens()

    def _split_number(self) -> None:
        r"""\frac12 takes one digit."""
        token = self.peek
        if token.kind == "number" and len(token.text) > 1 and token.text.isdigit():
            first = token._replace(text=token.text[0], width=1)
            rest = token._replace(text=token.text[1:], column=token.column + 1, width=token.width - 1)
            self.tokens[self.position : self.position + 1] = [first, rest]

    def inner(self, tokens: Sequence[Token]) -> Node:
        """Some tokens as an expression of their own, at this depth."""
        parser = type(self)(tokens, self.source)  # type: ignore[call-arg]
        parser.depth = self.depth + 1
        return parser.whole()  # type: ignore[attr-defined, no-any-return]

    def single(self) -> Node:
        """The argument of a script or a root as an expression; x^23 would print 3 on the line, so it is refused."""
        start = self.peek
        if start.kind == "number" and len(start.text) > 1 and start.text.isdigit():
            digits = start.text
            what = f"{digits} without braces can be read as {{{digits}}} and, as LaTeX sets it, as {{{digits[0]}}} followed by {digits[1:]}"
            self.fail(what, f"Write {{{digits}}}.", start.place)
        tokens = self.argument_tokens()
        if not tokens:
            self.fail("an empty script", "Remove it.", start.place)
        return self.inner(tokens)

    def subscript(self) -> tuple[str, ...]:
        """The pieces of a subscript: {true}, {1,2}, {z_1}."""
        start = self.peek
        if start.kind == "number" and len(start.text) > 1:
            self.single()  # refuses
        return self.pieces(self.argument_tokens(), start)

    def pieces(self, tokens: Sequence[Token], start: Token) -> tuple[str, ...]:
        """Words and numbers, separated by commas or nested subscripts."""
        found = [""]
        for k, token in enumerate(tokens):
            if token.kind in ("letter", "word", "number") and token.text.isalnum():
                greek = len(token.text) > 1 and token.kind == "letter"
                if found[-1] and (greek or token.kind == "word"):
                    found.append("")
                found[-1] += token.text
            elif token.kind == "text" and all(w.isalnum() and w.isascii() for w in token.text.replace("-", " ").split()):
                found[-1] += "_".join(token.text.replace("-", " ").split())
            elif token.kind == "command" and token.text in _PIECES:
                found[-1] += token.text
            elif token.kind == "op" and token.text in (",", "_"):
                found.append("")
            elif token.kind == "op" and token.text in "{}()":
                continue
            elif token.kind == "command" and token.text in ACCENTS:
                found[-1] += token.text
            elif token.kind == "op" and token.text in "+-" and found[-1] and _counts(tokens, k):
                found[-1] += _STEPS[token.text]
            elif token.error is not None:
                raise token.error
            else:
                text = rf"\{token.text}" if token.kind == "command" else token.text
                self.fail(f"{text} in a subscript is not read", "A subscript is a word, a number or indices.", token.place)
        if not all(found):
            self.fail("an empty subscript", "Remove it.", start.place)
        return tuple(found)

    def bounds(self) -> tuple[Bound, ...]:
        r"""What stands under a sum: i, {i,j}, {i=1}."""
        start = self.peek
        tokens = self.argument_tokens()
        if len(tokens) > 2 and tokens[0].text == "(" and tokens[-1].text == ")":
            tokens = tokens[1:-1]
        if len(tokens) == 3 and tokens[1].text in ("ne", "neq") and tokens[0].kind == tokens[2].kind == "letter":
            return (Bound(tokens[0].text, but=tokens[2].text),)
        equals = next((k for k, t in enumerate(tokens) if t.kind == "op" and t.text == "="), None)
        letters = tokens[:equals]
        first = self.inner(tokens[equals + 1 :]) if equals is not None and equals + 1 < len(tokens) else None
        names = [t for t in letters if not (t.kind == "op" and t.text == ",")]
        if not names or any(t.kind != "letter" for t in names) or (equals is not None and (first is None or len(names) != 1)):
            self.fail("what a sum runs over is not read", r"Write \sum_i, \sum_{i=1}^{n} or \sum_{i,j}.", (tokens or [start])[0].place)
        if len({t.text for t in names}) != len(names):
            self.fail("an index is named twice", "Name every index once.", names[0].place)
        return tuple(Bound(t.text, first) for t in names)

    # ------------------------------------------------------------ names

    def symbol(self) -> Node:
        """A letter or word, its accents, subscripts, label and primes; then exponents and transposes."""
        start = self.take()
        if start.kind == "command" and start.text in ACCENTS:
            inside = self.inner(self.argument_tokens() or [start])
            if inside.head != "symbol" or inside.symbol is None or inside.symbol.accent or inside.symbol.primes:
                self.fail(rf"\{start.text} of more than a name", "Accents stand over one letter.", self.span(start))
            s = inside.symbol
            symbol = Symbol(s.base, ACCENTS[start.text], s.pieces, s.label, 0, s.style)
        elif start.kind in ("letter", "word"):
            style = start.style if not start.style.startswith("run:") else ""
            style = "mathbf" if style in BOLD else style  # one font for arrays, by whatever command
            symbol = Symbol(start.text, style="" if start.kind == "word" and style in ("mathrm", "text", "mathit") else style)
        else:
            self.fail(f"{start.text or 'the end'} where a name is expected", "Write a name.", start.place)
        waiting: Node | None = None
        turned = False
        place = self.span(start)
        while True:
            if self.peek.kind == "prime":
                symbol = Symbol(
                    symbol.base, symbol.accent, symbol.pieces, symbol.label, symbol.primes + int(self.take().text), symbol.style
                )
            elif self._at("_"):
                self.take()
                if symbol.pieces:
                    self.fail("two subscripts", "Write one: W_{1,2}.", self.peek.place)
                symbol = Symbol(symbol.base, symbol.accent, self.subscript(), symbol.label, symbol.primes, symbol.style)
            elif self._at("^"):
                if waiting is not None or turned:
                    self.fail("two exponents", "Put the first power in brackets.", self.peek.place)
                self.take()
                symbol, waiting, turned = self._raised(symbol)
            else:
                break
            if waiting is None and not turned:
                place = self.span(start)
        node = Node("symbol", place, symbol=symbol)
        if turned:
            node = Node("transpose", self.span(start), (node,))
        return node if waiting is None else self._power(node, waiting, start)

    def _raised(self, symbol: Symbol) -> tuple[Symbol, Node | None, bool]:
        """The superscript of a name: a label, primes, a transpose, or else an exponent."""
        mark = self.position
        start = self.peek
        tokens = self.argument_tokens()
        if all(t.kind == "prime" for t in tokens) and tokens:
            count = symbol.primes + sum(int(t.text) for t in tokens)
            return Symbol(symbol.base, symbol.accent, symbol.pieces, symbol.label, count, symbol.style), None, False
        label, rest = self._label(tokens, start)
        if not label and (layer := self._layer(tokens, symbol, start)):
            label, rest = layer, []
        if not label and len(tokens) == 1 and tokens[0].text in _STARS and symbol.base[:1].islower():
            label, rest = "star", []  # the solution w^*; of a capital it may be the adjoint
        if label:
            if symbol.label:
                self.fail("two labels", "Write one.", start.place)
            symbol = Symbol(symbol.base, symbol.accent, symbol.pieces, label, symbol.primes, symbol.style)
            tokens = rest
            if not tokens:
                return symbol, None, False
        if self._is_transpose(tokens):
            return symbol, None, True
        if len(tokens) == 1 and tokens[0].kind == "letter" and tokens[0].text == "t" and (symbol.style or symbol.base[:1].isupper()):
            what = f"{symbol.name}^t can be read as a power and as a transpose"
            self.fail(what, r"Write ^\top for the transpose.", start.place)
        if label:
            self.fail("a label and an exponent together", r"Write (W^{(1)})^2.", start.place)
        self.position = mark
        return symbol, self._exponent(), False

    def _label(self, tokens: Sequence[Token], start: Token) -> tuple[str, list[Token]]:
        """(1) or [1] at the beginning of a superscript, and what follows it."""
        if not tokens or tokens[0].kind != "op" or tokens[0].text not in ("(", "["):
            return "", list(tokens)
        closer = {"(": ")", "[": "]"}[tokens[0].text]
        end = next((k for k, t in enumerate(tokens) if t.kind == "op" and t.text == closer), None)
        inside = tokens[1:end] if end is not None else []
        if end is None or not inside or any(not self._labels(inside, k) for k in range(len(inside))):
            return "", list(tokens)
        return "_".join(self.pieces(inside, start)), list(tokens[end + 1 :])

    @staticmethod
    def _labels(inside: Sequence[Token], k: int) -> bool:
        token = inside[k]
        if token.kind == "op" and token.text in "+-":
            return _counts(inside, k)
        return token.kind in ("letter", "number", "word") and token.text.isalnum()

    def _layer(self, tokens: Sequence[Token], symbol: Symbol, start: Token) -> str:
        """The label of a^L_j and a^{l-1}: a letter that numbers the layers of this text. Refuses it where nothing says so."""
        first = tokens[0] if tokens else None
        if (
            first is None
            or first.kind != "letter"
            or first.text in ("T",)
            or (len(tokens) > 1 and (len(tokens) != 3 or not _counts(tokens, 1)))
        ):
            return ""
        if first.text in self.source.layers:
            return "_".join(self.pieces(tokens, start))
        indexed = first.text in ("i", "j", "k") and any(p.isalpha() and len(p) <= 2 for p in symbol.pieces) and symbol.base != "e"
        if indexed or (first.text in ("l", "L") and symbol.base not in ("e",)):
            shown = "".join(t.text for t in tokens)
            what = f"{symbol.name}^{shown} can be read as a power and as the {symbol.name} with the label {shown}, as of a layer"
            self.fail(what, f"Write {symbol.name}^{{({shown})}} for a label.", start.place)
        return ""

    @staticmethod
    def _is_transpose(tokens: Sequence[Token]) -> bool:
        if len(tokens) != 1:
            return False
        token = tokens[0]
        return (token.kind == "command" and token.text in _TRANSPOSES) or (token.kind == "letter" and token.text == "T")

    def _exponent(self) -> Node:
        """The exponent that comes next, as a node; head transpose, inverse or odot for the special ones."""
        start = self.peek
        mark = self.position
        tokens = self.argument_tokens()
        texts = [t.text for t in tokens]
        if self._is_transpose(tokens):
            return Node("transpose", self.span(start))
        if texts and texts[0] == "-" and self._is_transpose(tokens[1:]):
            return Node("inverse", self.span(start))
        if len(tokens) > 1 and tokens[0].kind == "command" and texts[0] in ("odot", "circ"):
            return Node("odot", self.span(start), (self.inner(tokens[1:]),))
        if len(tokens) == 1 and (
            texts[0] in ("*", "+", "-") or (tokens[0].kind == "command" and texts[0] in ("ast", "star", "dagger", "circ"))
        ):
            self.fail(f"the superscript {texts[0]} is not read", "Write a subscript: x_{opt}.", tokens[0].place)
        self.position = mark
        return self.single()

    def powers(self, node: Node) -> Node:
        """An exponent or a transpose after anything but a name; primes after brackets."""
        if self.peek.kind == "prime" and node.head == "paren" and len(node.parts) == 1:
            mark = self.take()
            node = Node("primed", node.place, node.parts, mark.text)
        while self._at("^"):
            start = self.peek
            self.take()
            node = self._power(node, self._exponent(), start)
            if self._at("^"):
                self.fail("two exponents", "Put the first power in brackets.", self.peek.place)
        return node

    def _power(self, node: Node, exponent: Node, start: Token) -> Node:
        p = node.place
        end = self.span(start)
        place = Place(p.line, p.column, max(p.width, end.column + end.width - p.column)) if end.line == p.line else p
        match exponent.head:
            case "transpose":
                return Node("transpose", place, (node,))
            case "inverse":
                one = Node("sum", exponent.place, (Node("number", exponent.place, text="1"),), ops=("-",))
                return Node("transpose", place, (Node("power", place, (node, one)),))
            case "odot":
                return Node("power", place, (node, exponent.parts[0]), "odot")
        return Node("power", place, (node, exponent))
