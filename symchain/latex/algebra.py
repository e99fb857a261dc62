"""Sums, products, powers and transposes of values: scalars, entries spread along indices, vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symchain.latex.naming import Names
from symchain.latex.nodes import Node, walk
from symchain.latex.usage import FUNCTION_LETTERS, call_at
from symchain.latex.values import Clash, Value, aligned, flat, joined, scaled
from symchain.support.notation import Phrase, call, number


class Algebra(Names):
    """The part of the reader that combines values."""

    # ------------------------------------------------------------ sums and products

    def _sum(self, node: Node) -> Value:
        values, axes = aligned([self.value(p) for p in node.parts], self.order)
        shapes = {(v.shape, v.row and not v.either) for v in values if v.rank}
        if len({s for s, _ in shapes}) > 1 or len(shapes) > 1:
            written = ", ".join(
                f"{self._text(p)} ({' x '.join(map(str, v.shape)) or 'scalar'}{', a row' if v.row else ''})"
                for p, v in zip(node.parts, values, strict=True)
            )
            self._fail(f"the terms have several shapes: {written}"[:300], "A sum adds arrays of one shape, or scalars.", node)
        shape, row = next(iter(shapes), ((), False))
        terms = [_signed(v.phrase, op) for v, op in zip(values, node.ops, strict=True)]
        made: list[Phrase] = []
        for term, op in zip(terms, node.ops, strict=True):
            made += term.parts if term.head == "add" and op == "+" else [term]
        return Value(made[0] if len(made) == 1 else Phrase("add", tuple(made)), shape, row, axes)

    def _product(self, node: Node) -> Value:
        """The factors in order. A derivative operator, calls and indices are settled first; then scalars, then arrays."""
        values: list[Value] = []
        ops: list[str] = []
        k = 0
        while k < len(node.parts):
            part, op = node.parts[k], node.ops[k]
            bracket = call_at(node, k)
            value = self._called(node, k, bracket) if bracket is not None else None
            if value is not None:
                values.append(self._around(value, node.parts[k + 1]))
                k += 2
            else:
                if node.text == "call":
                    inside = self._text(part)
                    self._fail(
                        f"a bracket after {inside} can be read as its argument and as a factor", "Put the whole argument in brackets.", node
                    )
                self._refuse_power_of_function(node, k)
                values.append(self.value(part))
                k += 1
            ops.append(op)
        if any(v.rank for v in values):
            if any(v.axes for v in values):
                self._fail("an array among entries", "Inside a sum over an index everything is an entry or a scalar.", node)
            return self._arrays(node, values, ops)
        values, axes = aligned(values, self.order)
        factors = [Phrase("over", (v.phrase,)) if op == "slash" else v.phrase for v, op in zip(values, ops, strict=True)]
        return Value(factors[0] if len(factors) == 1 else Phrase("mul", flat(factors)), axes=axes)

    def _refuse_power_of_function(self, node: Node, k: int) -> None:
        r"""\sigma^2(z): the square of sigma(z), or sigma squared times z."""
        part = node.parts[k]
        following = node.parts[k + 1] if k + 1 < len(node.parts) and node.ops[k + 1] == "" else None
        if part.head != "power" or part.parts[0].symbol is None or following is None or following.head != "paren":
            return
        symbol = part.parts[0].symbol
        if symbol.base in FUNCTION_LETTERS and not self._defined(symbol.name):
            inside = self._text(following)
            what = f"{self._text(part)}{inside} can be read as {symbol.name}{inside} raised and as {symbol.name} raised, times {inside}"
            self._fail(what, r"Write \cdot, or put the power behind the argument.", part)

    def _around(self, value: Value, bracket: Node) -> Value:
        """What stands on the closing bracket of a call: a power, a transpose."""
        if bracket.head == "transpose":
            return self._transposed(self._around(value, bracket.parts[0]), bracket)
        if bracket.head == "power":
            return self._raised(self._around(value, bracket.parts[0]), bracket)
        return value

    def _arrays(self, node: Node, values: list[Value], ops: list[str]) -> Value:
        if "slash" in ops:
            k = ops.index("slash")
            if values[k].rank:
                self._fail("a division by an array", r"Write A^{-1} b, or divide by a scalar.", node)
            values[k] = replace(values[k], phrase=Phrase("over", (values[k].phrase,)))
        groups: list[tuple[list[Value], list[str]]] = [([], [])]
        for k, (value, op) in enumerate(zip(values, ops, strict=True)):
            if op == "odot" and k:
                groups.append(([], []))
            groups[-1][0].append(value)
            groups[-1][1].append(op)
        self._check_borders(node, groups)
        try:
            made = [self._group(*group) for group in groups]
        except Clash as clash:
            self._fail(str(clash), clash.advice, node)
        if len(made) == 1:
            return made[0]
        arrays = {(v.shape, v.row) for v in made}
        if len(arrays) > 1:
            self._fail(r"\odot between arrays of several shapes", "The elementwise product needs one shape.", node)
        return replace(made[0], phrase=Phrase("mul", flat([v.phrase for v in made])))

    def _check_borders(self, node: Node, groups: Sequence[tuple[list[Value], list[str]]]) -> None:
        r"""A B \odot C is (A B) \odot C, unless A (B \odot C) is possible too."""
        for (before, _), (after, _) in zip(groups, groups[1:], strict=False):
            left, right = ([v for v in side if v.rank] for side in (before, after))
            if left and right and (len(left) > 1 or len(right) > 1) and left[-1].shape == right[0].shape:
                self._fail(
                    r"\odot beside a product of arrays can be read in two ways",
                    "Put the product or the elementwise product in brackets.",
                    node,
                )

    def _group(self, values: Sequence[Value], ops: Sequence[str]) -> Value:
        """Scalars and a chain of arrays, multiplied from the left."""
        scalars: list[Phrase] = []
        array: Value | None = None
        dotted = 0
        for value, op in zip(values, ops, strict=True):
            if not value.rank:
                scalars.append(value.phrase)
                continue
            if array is None:
                array = value
                continue
            if dotted:
                raise Clash("a dot product followed by another array can be read in two ways", "Put the dot product in brackets.")
            columns = array.rank == value.rank == 1 and not array.row and not value.row and not array.either
            array = joined(array, value, op)
            if not array.rank:
                dotted = int(columns)
                scalars.append(array.phrase)
                array = None
        return scaled(scalars, array)

    def _fraction(self, node: Node) -> Value:
        top, below = (self.value(p) for p in node.parts)
        if below.rank:
            self._fail("a division by an array", r"Write A^{-1} b, or divide by a scalar.", node)
        (top, below), axes = aligned([top, below], self.order)
        if top.rank and axes:
            self._fail("an array among entries", "Inside a sum over an index everything is an entry or a scalar.", node)
        numerator = top.phrase.parts if top.phrase.head == "mul" else (top.phrase,)
        return Value(Phrase("mul", (*numerator, Phrase("over", (below.phrase,), place=node.parts[1].place))), top.shape, top.row, axes)

    # ------------------------------------------------------------ powers, transposes, roots

    def _power(self, node: Node) -> Value:
        base = node.parts[0]
        symbol = base.symbol
        if symbol is not None and symbol.name == "e" and not symbol.primes and (not self._defined("e") or symbol.style == "mathrm"):
            for inside in walk(node.parts[1]):
                if inside.symbol is not None and inside.symbol.name in ("i", "j") and not self._defined(inside.symbol.name):
                    what = f"{inside.symbol.name} in an exponent can be read as the imaginary unit and as a name"
                    self._fail(what, "Everything here is real: choose another letter.", inside)
            return self._elementwise("exp", [self.value(node.parts[1])], node)
        return self._raised(self.value(base), node)

    def _raised(self, base: Value, node: Node) -> Value:
        exponent = self.value(node.parts[1])
        if exponent.rank:
            self._fail("an array as an exponent", "Write \\exp(x), or name the entries.", node)
        if base.rank and node.text != "odot":
            return self._array_power(base, exponent, node)
        (base, exponent), axes = aligned([base, exponent], self.order)
        return Value(Phrase("pow", (base.phrase, exponent.phrase)), base.shape, base.row, axes)

    def _array_power(self, base: Value, exponent: Value, node: Node) -> Value:
        e = exponent.phrase
        if base.rank == 2 and e.head == "neg" and e.parts[0].text == "1":
            return replace(base, phrase=call("inv", base.phrase), shape=base.shape[::-1])
        if base.rank == 2 and base.shape[0] == base.shape[1] and e.head == "number" and e.text.isdigit() and 1 < int(e.text) <= 16:
            return replace(base, phrase=call("matrix_power", base.phrase, e))
        if self.entrywise and not (base.rank == 2 and base.shape[0] == base.shape[1]):
            return replace(base, phrase=Phrase("pow", (base.phrase, e)))
        what = "a power of an array can be read entry by entry and as a product"
        self._fail(what, r"Write x^{\odot 2} for entries, x^\top x or A A for products.", node)

    def _transposed(self, value: Value, node: Node) -> Value:
        if value.axes:
            what = f"{self._text(node)} transposes an entry: its index can number the entries of one vector, or vectors"
            self._fail(what, "Write a matrix whose rows are the vectors, or the sum by entries.", node)
        if value.rank == 0 and self.sizes and any(n.symbol is not None and n.symbol.name in self.usage.arrays for n in walk(node)):
            self._fail("an array inside a sum over an index", "Everything there is an entry, such as y_i, or a scalar.", node)
        if value.rank == 0:
            place = self.usage.plain.get("T")
            if place is not None:
                what = f"the exponent T can be read as the transpose and as T of line {place.line}"
                self._fail(what, r"Write ^\top for the transpose.", node)
            return value
        if value.rank == 1:
            return replace(value, row=not value.row, either=False)
        if value.rank > 2:
            self._fail("the transpose of more than two axes", "Name the axes in the input language.", node)
        phrase = value.phrase.parts[0] if value.phrase.head == "transpose" else Phrase("transpose", (value.phrase,))
        return replace(value, phrase=phrase, shape=value.shape[::-1])

    def _root(self, node: Node) -> Value:
        inner = self.value(node.parts[0])
        if len(node.parts) == 1:
            return self._elementwise("sqrt", [inner], node)
        degree = node.parts[1]
        if degree.head == "number" and degree.text in ("2", "3"):
            return self._elementwise("sqrt" if degree.text == "2" else "cbrt", [inner], node)
        if inner.rank:
            self._fail("a root of an array", "Take roots of scalars.", node)
        (inner, below), axes = aligned([inner, self.value(degree)], self.order)
        exponent = Phrase("mul", (number(1), Phrase("over", (below.phrase,))))
        return Value(Phrase("pow", (inner.phrase, exponent)), axes=axes)


def _signed(phrase: Phrase, op: str) -> Phrase:
    return phrase if op == "+" else Phrase("neg", (phrase,))
