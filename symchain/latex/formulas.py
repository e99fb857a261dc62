"""Nodes to phrases of the input language: functions, norms, cases, and sums over indices as sums of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symchain.functions.spec import OPERATIONS, AbstractFunction, FunctionSpec, find
from symchain.language.lookup import find_function
from symchain.latex.algebra import Algebra
from symchain.latex.indices import entry_or_none
from symchain.latex.nodes import Bound, Node, walk
from symchain.latex.usage import call_at
from symchain.latex.values import SAME_SHAPE, Value, aligned, flat, number_of, spread
from symchain.support.dimensions import Dim
from symchain.support.notation import Phrase, call, number

_TO_SCALAR = ("tr", "sum", "mean")
"""Words of the language that are no operations."""


class Formulas(Algebra):
    """Reads the formulas of one section."""

    def read(self, node: Node, free: Sequence[tuple[str, Dim]] = (), claiming: bool = False) -> Value:
        """The value of a whole formula, entries spread along the free indices in their order."""
        self.claiming = claiming
        self.order = [letter for letter, _ in free]
        self.sizes = dict(free)
        value = self.value(node)
        if claiming and value.axes and value.axes != tuple(self.order) and not value.rank:
            dims = Phrase("tuple", tuple(number_of(self.sizes[a]) for a in self.order))
            phrase = call("broadcast_to", spread(value, tuple(self.order)).phrase, dims)
            return Value(phrase, tuple(self.sizes[a] for a in self.order))  # dE/dA_ij = x_i, whatever j is
        if value.axes and value.axes != tuple(self.order):
            self._fail(
                f"the formula has no entry with the index {self._missing(value)}", "Each index on the left stands on the right too.", node
            )
        if value.axes:
            return replace(value, shape=tuple(self.sizes[a] for a in value.axes), axes=())
        if free:
            sizes = tuple(self.sizes[a] for a in self.order)
            dims = Phrase("tuple", tuple(number_of(d) for d in sizes))
            return Value(call("broadcast_to", value.phrase, dims), sizes)
        return value

    def _missing(self, value: Value) -> str:
        return next(letter for letter in self.order if letter not in value.axes)

    # ------------------------------------------------------------ one node

    def value(self, node: Node) -> Value:
        made = self._made(node)
        return made if made.phrase.place is not None else replace(made, phrase=replace(made.phrase, place=node.place))

    def _made(self, node: Node) -> Value:
        match node.head:
            case "number":
                return Value(number(node.text))
            case "symbol":
                return self._symbol(node)
            case "group" | "paren":
                if len(node.parts) > 1 and all(p.head == "paren" and len(p.parts) > 1 for p in node.parts):
                    advice = "Columns and rows of formulas are read as the components of a gradient."
                    self._fail("a matrix of formulas is not read", advice, node)
                if len(node.parts) != 1:
                    self._fail("a list in brackets is not a number", "Brackets with commas follow the name of a function.", node)
                return self.value(node.parts[0])
            case "sum":
                return self._sum(node)
            case "product":
                return self._product(node)
            case "frac":
                return self._fraction(node)
            case "power":
                return self._power(node)
            case "transpose":
                return self._transposed(self.value(node.parts[0]), node)
            case "root":
                return self._root(node)
            case "abs":
                inner = self.value(node.parts[0])
                if inner.rank == 2 and inner.shape[0] == inner.shape[1]:
                    return Value(call("det", inner.phrase))
                marked = any(n.symbol is not None and n.symbol.name in self.usage.arrays for n in walk(node.parts[0]))
                if inner.rank or (marked and not inner.axes):
                    self._fail(
                        "bars around an array can be read as its norm, its determinant and entry by entry",
                        r"Write \lVert x\rVert or \det.",
                        node,
                    )
                return replace(inner, phrase=call("abs", inner.phrase))
            case "norm":
                return self._norm(node)
            case "inner":
                return self._inner(node)
            case "apply":
                return self._apply(node)
            case "big":
                return self._big(node)
            case "partial":
                return self._partial(node)
            case "cases":
                return self._cases(node)
        self._fail("this is not read", "Write it otherwise.", node)

    # ------------------------------------------------------------ functions of the language

    def _norm(self, node: Node) -> Value:
        inner = self.value(node.parts[0])
        if inner.axes:
            self._fail("the norm of an entry", "Inside a sum over an index everything is a scalar: write |x_i|.", node)
        kind = node.text
        if inner.rank == 2 and kind != "F":
            what = "the norm of a matrix can be read as the Frobenius norm and as an operator norm"
            self._fail(what, r"Write \lVert A\rVert_F.", node)
        if inner.rank > 2:
            self._fail("the norm of more than two axes", "Use the input language.", node)
        if kind == "1":
            return Value(call("norm1", inner.phrase))
        if kind == "infty":
            return Value(call("max", call("abs", inner.phrase)))
        return Value(call("norm", inner.phrase))

    def _inner(self, node: Node) -> Value:
        """The sum of the products of all entries."""
        one, two = (self.value(p) for p in node.parts)
        if one.axes or two.axes or one.shape != two.shape:
            self._fail("an inner product of different shapes", "Its two arrays have one shape; inside a sum write x_i y_i.", node)
        product = Phrase("mul", flat([one.phrase, two.phrase]))
        return Value(call("sum", product) if one.rank else product)

    def _apply(self, node: Node) -> Value:
        bare, based, primes = node.ops
        parts = node.parts[:-1] if based else node.parts
        function = node.text
        if primes != "0":
            if not isinstance(find(function), FunctionSpec) or len(parts) != 1:
                self._fail(f"{function}' is not read", "Primes are for functions of one argument.", node)
            return self._elementwise(function, [self.value(parts[0])], node, int(primes))
        if based:
            return self._logarithm(node, parts, bare)
        before, self.entrywise = self.entrywise, self.entrywise or function == "diag"
        arguments = [self.value(p) for p in parts]
        self.entrywise = before
        if function in ("max", "min"):
            if len(arguments) > 1:
                return self._elementwise("maximum" if function == "max" else "minimum", arguments, node)
            if not arguments[0].rank or arguments[0].axes:
                self._fail(f"the {function} of one number", rf"Write \{function}(0, x), or \{function}_i x_i.", node)
            return Value(call(function, arguments[0].phrase))
        known = find_function(function, {})
        if isinstance(known, FunctionSpec | AbstractFunction):
            return self._elementwise(function, arguments, node)
        return self._whole(function, arguments, node)

    def _logarithm(self, node: Node, parts: Sequence[Node], bare: str) -> Value:
        base, argument = node.parts[-1], self.value(parts[0])
        if base.head == "number" and base.text in ("2", "10"):
            return self._elementwise(f"log{base.text}", [argument], node)
        below = self.value(base) if base.symbol is None or base.symbol.name != "e" or self._defined("e") else None
        above = self._elementwise("log", [argument], node)
        if below is None:
            return above
        (above, under), axes = aligned([above, self._elementwise("log", [below], node)], self.order)
        return Value(Phrase("mul", (above.phrase, Phrase("over", (under.phrase,)))), above.shape, above.row, axes)

    def _whole(self, function: str, arguments: list[Value], node: Node) -> Value:
        """Functions of whole arrays: tr, det, softmax, diag and their like."""
        if len(arguments) != 1 or arguments[0].axes:
            self._fail(f"{function} is a function of one array", f"Write {function}(x).", node)
        value = arguments[0]
        phrase = call(function, value.phrase)
        if function in _TO_SCALAR or (function in OPERATIONS and OPERATIONS[function].rank == 0):
            return Value(phrase)
        if function in SAME_SHAPE and (value.rank == 1 or (value.rank == 2 and self.usage.rowwise)):
            return replace(value, phrase=phrase)
        if function == "diag" and value.rank in (1, 2):
            return Value(phrase, (value.shape[0],) * (3 - value.rank))
        if function in ("inv", "pinv") and value.rank == 2:
            return Value(phrase, value.shape[::-1])
        shape = " x ".join(map(str, value.shape)) or "a scalar"
        self._fail(f"{function} of {shape} is not read", "Declare the shapes, or use the input language.", node)

    def _cases(self, node: Node) -> Value:
        values, axes = aligned([self.value(p) for p in node.parts], self.order)
        if any(v.rank for v in values):
            self._fail("cases of arrays", "Write a function of the entries.", node)
        phrase = values[-1].phrase
        for k in range(len(node.ops) - 1, -1, -1):
            yes, left, right = (v.phrase for v in values[3 * k : 3 * k + 3])
            phrase = call("where", Phrase("compare", (left, right), node.ops[k], place=node.place), yes, phrase)
        return Value(phrase, axes=axes)

    # ------------------------------------------------------------ sums over indices

    def _big(self, node: Node) -> Value:
        if not node.bounds:
            before, self.entrywise = self.entrywise, True
            inner = self.value(node.parts[0])
            self.entrywise = before
            if not inner.rank or inner.axes:
                self._fail(f"a {node.text} that does not say over what", r"Write \sum_i.", node)
            return Value(call(node.text, inner.phrase))
        letters = [b.letter for b in node.bounds]
        for letter in letters:
            if letter in self.sizes:
                self._fail(f"the index {letter} is bound twice", "Use another letter for the inner sum.", node)
        for bound in node.bounds:
            self.order.append(bound.letter)
            self.sizes[bound.letter] = self.usage.bounds[id(node), bound.letter]
        if node.text == "prod":
            self._check_factors(node, letters)
        value = self.value(node.parts[0])
        for bound in node.bounds:
            value = self._without(node, bound, value)
        if value.rank:
            self._fail("an array inside a sum over an index", "Everything there is an entry, such as y_i, or a scalar.", node)
        for bound in reversed(node.bounds):
            value = self._reduced(node, bound, value)
        for letter in letters:
            self.order.remove(letter)
            del self.sizes[letter]
        return value

    def _without(self, node: Node, bound: Bound, value: Value) -> Value:
        r"""The terms of \sum_{j \ne i} without that of i."""
        if not bound.but:
            return value
        if node.text != "sum" or bound.but not in self.sizes:
            self._fail(f"the index {bound.but} is not bound", "Write the sum over every index, or name the one left out.", node)
        size = number_of(self.sizes[bound.letter])
        axes = tuple(a for a in self.order if a in (bound.letter, bound.but))
        mask = Value(Phrase("add", (number(1), Phrase("neg", (call("eye", size),)))), axes=axes)
        (mask, value), axes = aligned([mask, value], self.order)
        return Value(Phrase("mul", (mask.phrase, value.phrase)), axes=axes)

    def _check_factors(self, node: Node, letters: list[str]) -> None:
        """Each factor under a product sign has the index: c may stand inside or outside of the product."""
        body = node.parts[0]
        for k, part in enumerate(body.parts if body.head == "product" else ()):
            if call_at(body, k) is not None:
                continue
            entries = [entry_or_none(n.symbol, set(letters)) for n in walk(part) if n.symbol is not None]
            if not any(entries):
                self._fail(f"{self._text(part)} can be read inside of the product and behind it", "Put the product in brackets.", part)

    def _reduced(self, node: Node, bound: Bound, value: Value) -> Value:
        """The sum (product, largest, smallest) along one index."""
        letter = bound.letter
        if letter not in value.axes:
            if node.text in ("max", "min"):
                return value
            size = self.usage.bounds[id(node), letter]
            if bound.last is None:
                self._fail(
                    f"the sum over {letter} has no entry with that index", r"Write y_i inside of it, and brackets around its terms.", node
                )
            if node.text == "prod":
                return Value(Phrase("pow", (value.phrase, number_of(size))), axes=value.axes)
            return Value(Phrase("mul", flat([number_of(size), value.phrase])), axes=value.axes)
        position = value.axes.index(letter)
        rest = value.axes[:position] + value.axes[position + 1 :]
        if rest:
            return Value(call(node.text, value.phrase, axis=number(position)), axes=rest)
        return Value(call(node.text, value.phrase))
