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
        if self._is_differential(below) and (not top or self._is_differential(top)):
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

    def _derivative(self, token: Token, top: Sequence[Token], below: Sequence[Token]) -> Node:
        self._check_order(top, below)
        variable = self.inner(below[1:]) if len(below) > 1 else None
        if variable is None or variable.head not in ("symbol", "number"):
            place = variable.place if variable else self.span(token)
            self.fail("a derivative by more than one name", "One derivative is by one name.", place)
        if len(top) > 1:
            return self.powers(Node("partial", self.span(token), (self.inner(top[1:]), variable)))
        return Node("partial", self.span(token), (self._operand(token), variable))

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

    def _check_order(self, top: Sequence[Token], below: Sequence[Token]) -> None:
        raised = [t for part in (top, below) for t in part[1:2] if t.text == "^"]
        again = [t for t in below[1:] if t.kind == "command" and t.text == "partial"]
        if raised or again or any(t.text == "^" for t in below[1:] if not any(u.text == "(" for u in below)):
            place = (raised or again or list(below))[0].place
            self.fail("a derivative of second order", "Claims are about first derivatives.", place)

    def _nabla(self, token: Token) -> Node:
        r"""\nabla_W C."""
        self.take()
        if not self._at("_"):
            self.fail("a gradient that does not say by what", r"Write \nabla_W C, or \frac{\partial C}{\partial W}.", token.place)
        self.take()
        variable = self.single()
        if variable.head != "symbol":
            self.fail("a gradient by more than one name", r"Write \nabla_W C.", variable.place)
        return Node("partial", self.span(token), (self._operand(token), variable))

    def _slashed_partial(self, token: Token) -> Node:
        r"""\partial C/\partial W."""
        self.take()
        output = self.factor()
        if not self._at("/") or self.tokens[self.position + 1].text != "partial":
            self.fail(r"a \partial alone", r"Write \frac{\partial C}{\partial W}.", token.place)
        self.take()
        self.take()
        variable = self.symbol()
        return Node("partial", self.span(token), (output, variable))
