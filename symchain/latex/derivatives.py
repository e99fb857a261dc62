r"""Fractions, and those that are derivatives: \frac{\partial C}{\partial W}, \frac{d}{dx}(...), \nabla_W C, \partial C/\partial W."""

from __future__ import annotations

from collections.abc import Sequence

from symchain.latex.nodes import Node
from symchain.latex.scripts import Scripts
from symchain.latex.tokens import Token, shown

JOINERS = {"cdot": "cdot", "times": "times", "odot": "odot", "star": "star"}
"""Commands between two factors."""


class Derivatives(Scripts):
    """The part of the parser that reads fractions."""

    def brackets(self) -> Node:
        raise NotImplementedError

    def starts_factor(self, token: Token) -> bool:
        raise NotImplementedError

    def _fraction(self, token: Token) -> Node:
        self.take()
        top, below = self.argument_tokens(), self.argument_tokens()
        if self._is_differential(below) and (not top or self._is_differential(top) or self._is_second(top)):
            return self._derivative(token, top, below)
        if not top or not below:
            self.fail("a fraction with an empty part", r"Write \frac{a}{b}.", token.place)
        parts = (self.inner(top), self.inner(below))
        return self.powers(Node("frac", self.span(token), parts))

    def _is_differential(self, tokens: Sequence[Token]) -> bool:
        first = tokens[0] if tokens else None
        if first is None:
            return False
        if first.kind == "command" and first.text == "partial":
            return True
        plain = (first.kind == "letter" and first.text == "d" and first.style in ("", "mathrm", "mathit")) or first.style.startswith(
            "run:0:d"
        )
        return first.text == "d" and plain and (len(tokens) > 1 or first is not None) and not (len(tokens) > 1 and tokens[1].text in "_^'=")

    @staticmethod
    def _is_second(tokens: Sequence[Token]) -> bool:
        """d^2 y, beside dx^2."""
        first = tokens[0]
        return first.text == "d" and len(tokens) > 1 and tokens[1].text == "^" and tokens[1].kind == "op" and first.style in ("", "mathrm")

    def _derivative(self, token: Token, top: Sequence[Token], below: Sequence[Token]) -> Node:
        order, top = self._order(top[1:])
        variables = self._variables(token, below, order)
        square = len(variables) == 1 and variables[0].head == "power" and variables[0].parts[0].symbol is not None
        square = square and variables[0].parts[1].text == "2" and variables[0].text == ""
        if not square and (not variables or any(v.head not in ("symbol", "number") for v in variables) or len(variables) > 2):
            place = variables[0].place if variables else self.span(token)
            self.fail("a derivative by more than one name", "One derivative is by one name.", place)
        output = self.inner(top) if top else self._operand(token)
        total = "total" if below[0].text == "d" else ""
        node = Node("partial", self.span(token), (output, *variables), total)
        return self.powers(node) if top else node

    def _order(self, tokens: Sequence[Token]) -> tuple[int, Sequence[Token]]:
        r"""The order of \partial^2 f, and what it is of."""
        if not tokens or tokens[0].text != "^" or len(tokens) < 2:
            return 1, tokens
        rest = list(tokens[1:])
        digits = rest[0].text if rest[0].text != "{" else rest[1].text
        rest = rest[3:] if rest[0].text == "{" else rest[1:]
        if digits != "2":
            self.fail("a derivative of an order that is not read", "First and second derivatives are read.", tokens[0].place)
        return 2, rest

    def _variables(self, token: Token, below: Sequence[Token], order: int) -> list[Node]:
        r"""By what: \partial x, \partial x^2, \partial y \partial x; the last is the first that is derived by."""
        sign = below[0].text
        starts = [
            k for k in range(len(below) - 1)
            if below[k].text == sign and k != 1 and self._is_differential(below[k:]) and not (k and below[k - 1].text in ("_", "{", "^"))
        ]  # fmt: skip
        pieces = [below[k + 1 : stop] for k, stop in zip(starts, [*starts[1:], len(below)], strict=True)] if starts[:1] == [0] else []
        if not pieces or not all(pieces):
            return []
        found: list[Node] = []
        for piece in reversed(pieces):
            raised = next((k for k, t in enumerate(piece) if t.text == "^" and t.kind == "op"), None)
            exponent = [t for t in piece[raised + 1 :] if t.text not in "{}"] if raised is not None else []
            twice = order == 2 and len(pieces) == 1 and len(exponent) == 1 and exponent[0].text == "2"
            node = self.inner(piece[:raised] if twice else piece)
            found += [node, node] if twice else [node]
        if len(found) != order:
            self.fail("a derivative whose order differs above and below", r"Write \frac{\partial^2 f}{\partial x^2}.", self.span(token))
        return found

    def _operand(self, token: Token) -> Node:
        r"""What \frac{d}{dx} applies to: brackets, or one factor."""
        if not self.starts_factor(self.peek):
            self.fail("the derivative of nothing", r"Write \frac{\partial C}{\partial x}, or \frac{d}{dx}(...).", token.place)
        start = self.peek
        node = self.factor()
        if node.head == "symbol" and self._at("(", "["):
            node = Node("product", self.span(start), (node, self.powers(self.brackets())), text="call", ops=("", ""))
        after = self.peek
        joined = (after.kind == "command" and after.text in JOINERS) or after.text in ("*", "/")
        if joined or self.starts_factor(after):
            inside, rest = self.written(node), shown([after])
            what = f"d/dx {inside} {rest}... can be read as (d/dx {inside}) {rest}... and as d/dx ({inside} {rest}...)"
            self.fail(what, "Put what is differentiated in brackets, and the derivative too.", after.place)
        return node.parts[0] if node.head == "paren" and len(node.parts) == 1 else node

    def _nabla(self, token: Token) -> Node:
        r"""\nabla_W C, and \nabla f of what f depends on."""
        self.take()
        order = ""
        if self._at("^"):
            self.take()
            order = "".join(t.text for t in self.argument_tokens())
            if order != "2":
                self.fail("a derivative of an order that is not read", "First and second derivatives are read.", token.place)
        if not self._at("_") or order:
            if self._at("_"):
                self.fail("a second derivative by vectors is not read", r"Write \nabla^2 f for f(x, y).", token.place)
            return Node("gradient", self.span(token), (self._operand(token),), order)
        self.take()
        variable = self.single()
        if variable.head != "symbol":
            self.fail("a gradient by more than one name", r"Write \nabla_W C.", variable.place)
        return Node("partial", self.span(token), (self._operand(token), variable))

    def _slashed_partial(self, token: Token) -> Node:
        r"""\partial C/\partial W, and \partial_x f."""
        self.take()
        if self._at("_"):
            self.take()
            variable = self.single()
            if variable.head != "symbol":
                self.fail("a derivative by more than one name", r"Write \partial_x f.", variable.place)
            return Node("partial", self.span(token), (self._operand(token), variable))
        output = self.factor()
        if not self._at("/") or self.tokens[self.position + 1].text != "partial":
            self.fail(r"a \partial alone", r"Write \frac{\partial C}{\partial W}.", token.place)
        self.take()
        self.take()
        variable = self.symbol()
        return Node("partial", self.span(token), (output, variable))

    def slope(self) -> Node | None:
        """dy/dx in a line, from the d on; None where that is not what stands there."""
        mark = self.position
        start = self.take()
        plain = start.style in ("", "mathrm", "mathit") or start.style.startswith("run:0:d")
        if plain and self.peek.kind in ("letter", "word"):
            output = self.symbol()
            if self._at("/") and self.tokens[self.position + 1].text == "d" and output.head == "symbol":
                self.take()
                self.take()
                if self.peek.kind in ("letter", "word"):
                    return Node("partial", self.span(start), (output, self.symbol()), "total")
        self.position = mark
        return None
