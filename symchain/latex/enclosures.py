r"""Brackets, bars, cases, and the bar below which a point stands."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NoReturn

from symchain.latex.derivatives import Derivatives
from symchain.latex.ellipsis import DOTS
from symchain.latex.nodes import Node, signature
from symchain.latex.tokens import Token

_CLOSERS = {"(": ")", "[": "]", "{": "}"}
RELATIONS = {
    "<": "<",
    ">": ">",
    "le": "<=",
    "leq": "<=",
    "ge": ">=",
    "geq": ">=",
    "ne": "!=",
    "neq": "!=",
    "leqslant": "<=",
    "geqslant": ">=",
}
STACKS = ("pmatrix", "bmatrix", "smallmatrix", "matrix", "array")
"""Environments that write a list of formulas in a column, a row or a block; bars around one are a determinant."""
_OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "!=": "=="}


_SIZED = re.compile(r"(?:\\(?:[bB]igg?[lr]?|left|right)\s*)?")
"""What may stand between the two bars of a norm."""


class Enclosures(Derivatives):
    """The part of the parser that reads what is enclosed."""

    def _refuse(self, token: Token) -> NoReturn:
        raise NotImplementedError

    def _adjacent(self, token: Token) -> bool:
        """Whether another bar stands directly behind one."""
        return self._at("|") and _SIZED.fullmatch(self.source.text, token.stop, self.peek.start) is not None

    def _at_evaluation(self) -> bool:
        """At a bar with a point below it: f |_{x=3}."""
        return self._at("|") and not self._closes_bar(self.peek) and self.tokens[self.position + 1].text in ("_", "^")

    def _evaluated(self, inner: Node, start: Token) -> Node:
        """What stands before a bar, at the point below it."""
        self.take()
        names: list[str] = []
        values: list[Node] = []
        while self._at("_"):
            self.take()
            tokens = self.argument_tokens()
            begin = 0
            for stop in [*(k for k, t in enumerate(tokens) if t.kind == "op" and t.text in ",;"), len(tokens)]:
                part = tokens[begin:stop]
                begin = stop + 1
                equal = next((k for k, t in enumerate(part) if t.kind == "op" and t.text == "="), None)
                if equal is None or not equal or equal + 1 == len(part):
                    self.fail("what stands below the bar is no point", r"Write \right|_{x=3}.", (part or [start])[0].place)
                name = self.inner(part[:equal])
                if name.symbol is None:
                    self.fail("what stands below the bar is no point", r"Write \right|_{x=3}.", name.place)
                names.append(name.symbol.name)
                values.append(self.inner(part[equal + 1 :]))
        if not names:
            self.fail("a bar that says no point", r"Write \right|_{x=3}.", start.place)
        return Node("at", self.span(start), (inner, *values), ops=tuple(names))

    def _evaluated_from(self, token: Token) -> Node:
        r"""\left. f \right|_{x=3}."""
        self.take()
        self.bars.append("")
        inner = self.expression()
        self.bars.pop()
        if self.peek.text != "evaluation":
            self.fail(r"\left. has no bracket", "Write both brackets.", token.place)
        return self._evaluated(inner, token)

    def _transposed_from_the_left(self) -> Node:
        r"""{}^tA is a transpose."""
        start = self.take()
        self.take()
        if not self._at("^"):
            self._refuse(self.peek)
        self.take()
        mark = self.argument_tokens()
        if len(mark) != 1 or mark[0].text not in ("t", "T", "top"):
            self.fail("a superscript before a name is not read", r"Write A^\top for a transpose.", start.place)
        return Node("transpose", self.span(start), (self.factor(),))

    def _closes_bar(self, token: Token) -> bool:
        return bool(self.bars) and self.bars[-1] == token.text

    def brackets(self) -> Node:
        """(a, b) or [a]."""
        opener = self.take()
        self.bars.append("")
        closer = _CLOSERS[opener.text]
        rows = self.peek.kind == "begin" and self.peek.text in STACKS
        parts = [self.expression()]
        while self._at(",") or (self._at(";") and opener.text == "("):  # f(x; W): W are parameters
            self.take()
            if self.peek.kind == "command" and self.peek.text in DOTS and len(parts) in (1, 2):
                parts = [self._listed(parts, self.take())]
                break
            parts.append(self.expression())
        self.bars.pop()
        if not self._at(closer):
            if self.peek.kind == "stop":
                self.fail(f"'{opener.text}' is never closed", f"Add '{closer}'.", opener.place)
            if self._at("|", "‖"):
                what = f"{self.peek.text} inside brackets: a condition, as in a probability, or a divergence"
                self.fail(what, "Give it a name of its own.", self.peek.place)
            self._refuse(self.peek)
        self.take()
        if rows and len(parts) == 1 and parts[0].head == "paren":
            return parts[0]  # the brackets of a matrix
        return Node("paren", self.span(opener), tuple(parts), opener.text)

    def _listed(self, before: list[Node], dots: Token) -> Node:
        r"""x_1, \ldots, x_n as arguments: x, whose entries they are."""
        if self._at(","):
            self.take()
        ending = self.expression()
        if before[0].head == ending.head == "partial" and before[0].parts[0] == ending.parts[0] and len(ending.parts) == 2:
            output, variable = before[0].parts
            whole = self._between([variable, *(b.parts[1] for b in before[1:] if len(b.parts) == 2)], ending.parts[1], dots)
            return Node("partial", before[0].place, (output, whole), ops=whole.ops)
        return self._between(before, ending, dots)

    def _between(self, before: list[Node], ending: Node, dots: Token) -> Node:
        """The vector of names that are numbered from 1 on."""
        last, first = ending.symbol, before[0].symbol
        numbered = first is not None and last is not None and first.pieces == ("1",) and bool(last.pieces)
        second = len(before) == 1 or (first is not None and before[1].symbol == replace(first, pieces=("2",)))
        if first is None or last is None or not numbered or not second or replace(first, pieces=last.pieces) != last:
            self.fail(rf"\{dots.text} is not read", "Write every term, or a sum over an index.", dots.place)
        return Node("symbol", before[0].place, symbol=replace(first, pieces=()), ops=("_".join(last.pieces),))

    def group(self) -> Node:
        """{a}: braces do not print."""
        opener = self.take()
        self.bars.append("")
        inner = self.expression()
        self.bars.pop()
        self.close_brace(opener)
        return inner if inner.head in ("symbol", "number", "frac", "paren") else Node("group", self.span(opener), (inner,))

    def _bars(self, token: Token) -> Node:
        self.take()
        doubled = token.text == "|" and self._adjacent(token)
        if doubled:
            self.take()
        if self.peek.kind == "begin" and token.text == "|" and not doubled:
            self._refuse(self.peek)  # a determinant
        self.bars.append(token.text)
        inner = self.expression()
        self.bars.pop()
        if not self._at(token.text):
            if self.peek.kind == "stop":
                self.fail(f"'{token.text}' is never closed", "Add the second bar.", token.place)
            self._refuse(self.peek)
        closing = self.take()
        if doubled:
            if not self._adjacent(closing):
                self.fail("'||' is never closed", "Add the second double bar.", token.place)
            self.take()
        if token.text == "|" and not doubled:
            return Node("abs", self.span(token), (inner,))
        kind = ""
        if self._at("_"):
            self.take()
            sub = self.subscript()
            kind = "_".join(sub)
            if kind not in ("1", "2", "F", "infty"):
                self.fail(f"the norm of order {kind} is not read", r"Norms are \lVert x\rVert, _1, _2, _F and _\infty.", self.span(token))
        return Node("norm", self.span(token), (inner,), kind)

    def _inner_product(self, token: Token) -> Node:
        r"""\langle u, v \rangle, and \langle u \mid v \rangle."""
        self.take()
        self.bars.append("|")
        parts = [self.expression()]
        if self._at(",", "|"):
            self.take()
            parts.append(self.expression())
        self.bars.pop()
        if self.peek.text != "rangle":
            self._refuse(self.peek)
        self.take()
        if len(parts) != 2:
            self.fail(
                "angle brackets around one formula: an average, perhaps", r"Write \langle u, v\rangle for an inner product.", token.place
            )
        return Node("inner", self.span(token), tuple(parts))

    def _stack(self, token: Token) -> Node:
        r"""A column or a row of formulas, as (a, b) has them: \begin{pmatrix} a \\ b \end{pmatrix}."""
        self.take()
        if token.text == "array":
            self.skip_argument()
        rows: list[list[Node]] = [[self.expression()]]
        while self.peek.text in ("&", "\\") and self.peek.kind != "end":
            separator = self.take().text
            if self.peek.kind == "end":
                break
            if separator == "&":
                rows[-1].append(self.expression())
            else:
                rows.append([self.expression()])
        parts = [p for row in rows for p in row] if 1 in (len(rows), *map(len, rows)) else []
        if 1 in map(len, rows) and len(rows) > 1 and any(len(r) > 1 for r in rows):
            self.fail("the rows of a matrix have several lengths", "Write as many formulas in every row.", token.place)
        if not parts:
            parts = [Node("paren", row[0].place, tuple(row), "(") for row in rows]
        if self.peek.kind != "end" or self.peek.text != token.text:
            self._refuse(self.peek)
        self.take()
        return Node("paren", self.span(token), tuple(parts), "(")

    def _ends_cases(self) -> bool:
        """Whether no further row follows: at the end, or at a row break before it."""
        following = self.tokens[min(self.position + 1, len(self.tokens) - 1)]
        return not (self.peek.kind == "command" and self.peek.text == "\\") or following.kind == "end"

    def _at_condition(self) -> bool:
        """Whether the bracket that follows holds a comparison: 1(x > 0)."""
        depth = 0
        for token in self.tokens[self.position :]:
            depth += (token.kind == "op") * ((token.text in "([{") - (token.text in ")]}"))
            if depth <= 0:
                return False
            if depth == 1 and (token.text in ("<", ">", "=") or (token.kind == "command" and token.text in RELATIONS)):
                return True
        return False

    def _indicator(self, token: Token) -> Node:
        """1(x > 0), one where a comparison holds and zero elsewhere."""
        self.take()
        opener = self.take()
        self.bars.append("")
        left = self.expression()
        relation = self.take()
        if relation.text == ">" and self._at("="):
            self.take()
            relation = relation._replace(text="ge")
        elif relation.text == "<" and self._at("="):
            self.take()
            relation = relation._replace(text="le")
        if relation.text not in RELATIONS:
            what = "an indicator of an equality is one where two numbers happen to be equal"
            self.fail(what, r"Write the indices that are compared: \mathbb{1}[i = j].", relation.place)
        right = self.expression()
        self.bars.pop()
        if not self._at(_CLOSERS[opener.text]):
            self._refuse(self.peek)
        self.take()
        one, zero = (Node("number", token.place, text=t) for t in "10")
        return Node("cases", self.span(token), (one, left, right, zero), ops=(RELATIONS[relation.text],))

    def _cases(self, token: Token) -> Node:
        r"""\begin{cases} a & x > 0 \\ b & \text{otherwise} \end{cases}"""
        self.take()
        parts: list[Node] = []
        ops: list[str] = []
        while True:
            parts.append(self.expression())
            while self._at(",", "&"):
                self.take()
            words = []
            while self.peek.kind in ("text", "word") and self.peek.style in ("text", ""):
                words.append(self.take().text)
            if self.peek.text in ("\\",) or self.peek.kind == "end":
                if not any(w.lower().startswith(("otherwise", "else", "sinon", "autrement", "in all", "dans les autres")) for w in words):
                    self.fail(
                        "a case without its condition",
                        r"Write x & \text{if } z > 0, and \text{otherwise} in the last row.",
                        self.peek.place,
                    )
                break
            parts.append(self.expression())
            relation = self.take()
            if relation.text not in RELATIONS:
                self.fail("a condition is a comparison", "Write z > 0.", relation.place)
            ops.append(RELATIONS[relation.text])
            parts.append(self.expression())
            while self._at(",", ".", ";"):
                self.take()
            if self._ends_cases():
                if _complementary(parts, ops):
                    del parts[-2:], ops[-1:]
                    break
                self.fail("the cases do not say what holds otherwise", r"End with a row b & \text{otherwise}.", self.peek.place)
            self.take()
        if self.peek.text == "\\":
            self.take()
        if self.peek.kind != "end" or self.peek.text not in ("cases", "dcases"):
            self._refuse(self.peek)
        self.take()
        return Node("cases", self.span(token), tuple(parts), ops=tuple(ops))


def _complementary(parts: list[Node], ops: list[str]) -> bool:
    """Whether the last of two conditions holds exactly where the first does not: x >= 0 and x < 0."""
    if len(ops) != 2:
        return False
    one, two = (parts[1], ops[0], parts[2]), (parts[4], ops[1], parts[5])
    if two[1] == _OPPOSITE.get(one[1]) and signature(one[0]) == signature(two[0]) and signature(one[2]) == signature(two[2]):
        return True
    turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(two[1])
    return turned == _OPPOSITE.get(one[1], "") and signature(one[0]) == signature(two[2]) and signature(one[2]) == signature(two[0])
