"""What a name is where it stands: a plain name, an entry of a vector, a function, a function that the text defines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from symchain.errors import ParseError, Place
from symchain.functions.spec import AbstractFunction
from symchain.language.lookup import find_function
from symchain.latex.arrays import is_bold
from symchain.latex.indices import INDICATOR, entry_of, entry_or_none, is_kronecker
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.tokens import GREEK_COMMANDS
from symchain.latex.usage import FUNCTION_LETTERS, Usage, call_at
from symchain.latex.values import Value, aligned, number_of
from symchain.support.dimensions import Dim
from symchain.support.notation import Phrase, call, name, number
from symchain.support.notation import walk as phrase_nodes

_OF_MATRICES = ("exp", "log", "sqrt", "sin", "cos", "sinh", "cosh")
"""Functions that a square matrix has in two senses."""


Indices = tuple[str, ...]


class Names:
    """The part of the reader that settles names and calls. `known` are the shapes of the section's names so far."""

    def __init__(self, usage: Usage, known: Mapping[str, Value], macros: Mapping[str, tuple[tuple[str, ...], Node]]) -> None:
        self.usage, self.known, self.macros = usage, known, macros
        self.source = usage.source
        self.order: list[str] = []  # the indices that are bound here, outermost first
        self.sizes: dict[str, Dim] = {}
        self.aliases: Mapping[str, tuple[Phrase, Value]] = {}
        self.claiming = False
        self.entrywise = False  # under a sum without index, a power of an array is one of its entries
        self.functions: dict[str, Place] = {}
        self.arguments: dict[str, Value] = {}
        self.nested = 0

    def value(self, node: Node) -> Value:
        raise NotImplementedError

    # ------------------------------------------------------------ names

    def _symbol(self, node: Node) -> Value:
        symbol = node.symbol
        assert symbol is not None
        if symbol.primes:
            what = f"{symbol.name}' can be read as another name and as a derivative"
            self._fail(what, f"Write {symbol.name}'(z), or another name.", node)
        if symbol.name in self.arguments:
            return self.arguments[symbol.name]
        if (size := self.usage.identities.get(id(node))) is not None:
            return Value(call("eye", number_of(size)), (size, size))
        entry = self._entry(symbol, node)
        if entry is not None:
            return entry
        if symbol.name in self.sizes:
            self._fail(f"the index {symbol.name} itself as a number", "Indices stand in subscripts alone.", node)
        if symbol.name == "e" and not self._defined("e"):
            self._fail("e can be read as Euler's number and as a name", r"Write \exp(1), or define e.", node)
        if symbol.name in self.aliases and self.claiming:
            return self.aliases[symbol.name][1]
        if self._is_function(symbol, node, False):
            self._fail(f"{symbol.name} is a function of this text", f"Write {symbol.name}(z).", node)
        return self._plain(symbol.name)

    def _plain(self, text: str) -> Value:
        known = self.known.get(text)
        return Value(name(text), known.shape, known.row) if known is not None else Value(name(text), self.usage.shapes.get(text, ()))

    def _entry(self, symbol: Symbol, node: Node) -> Value | None:
        """y_i inside a sum over i: the vector y, spread along i."""
        found = entry_of(symbol, set(self.sizes))  # mixed subscripts were refused when sizes were settled
        if found is None:
            outside = entry_or_none(symbol, self.usage.letters)
            if outside is not None:
                over = " and ".join(outside[1])
                what = f"{self._text(node)} outside of the sum over {over} can be read as an entry and as a name"
                self._fail(what, "Put the sum's terms in brackets, or rename this one.", node)
            numbered = symbol.pieces[-1] if symbol.pieces else symbol.label
            stem = Symbol(symbol.base, symbol.accent, symbol.pieces[:-1]).name
            indexed = (stem in self.usage.shapes and self.usage.shapes[stem]) or (
                not numbered.isdigit() and self.usage.shapes.get(symbol.stem)
            )
            array = is_bold(symbol) and not numbered.isdigit()  # a bold letter with another one below is an array of its own
            if (numbered.isdigit() or len(numbered) == 1) and indexed and symbol.name not in self.known and not array:
                what = f"{self._text(node)} can be read as a name and as an entry of the vector {symbol.stem}"
                self._fail(what, "Rename one of them.", node)
            return None
        stem, indices = found
        if is_kronecker(stem, indices) and (stem == INDICATOR or not (self._defined(stem) or stem in self.aliases)):
            if len(set(indices)) == 1:
                return Value(number(1))
            return Value(call("eye", number_of(self.sizes[indices[0]])), axes=tuple(a for a in self.order if a in indices))
        if len(set(indices)) != len(indices):
            self._fail("a diagonal entry", r"Write \operatorname{tr}(A) for the sum of a diagonal.", node)
        known = self.known.get(stem)
        if self.claiming and stem in self.aliases:
            known = self.aliases[stem][1]
        wanted = tuple(self.sizes[i] for i in indices)
        if known is not None and known.shape != wanted:
            had = "a scalar" if not known.shape else f"of shape ({', '.join(map(str, known.shape))})"
            what = f"{self._text(node)} is an entry of {stem}, but {stem} is {had}"
            self._fail(what, f"Define the entries: {self._text(node)} = ..., or declare shapes.", node)
        order = tuple(letter for letter in self.order if letter in indices)
        whole = known.phrase if self.claiming and stem in self.aliases and known is not None else name(stem)
        phrase = whole if order == indices else Phrase("transpose", (whole,))
        if order != indices and len(indices) > 2:
            self._fail("entries with three indices in another order", "Write the indices in the order of the sums.", node)
        return Value(phrase, axes=order)

    def _defined(self, text: str) -> bool:
        return text in self.usage.defined or text in self.known or text in self.usage.shapes

    def _is_function(self, symbol: Symbol, node: Node, called: bool, bracket: Node | None = None) -> bool:
        """Whether a name is a function here. Refuses what could be read as a call and as a product."""
        text = symbol.name
        if text in self.usage.functions:
            return True
        if self._defined(text):
            return False
        if text == "Gamma" and text not in self.usage.plain:
            return True
        likely = symbol.base in FUNCTION_LETTERS
        if symbol.primes or text in self.usage.primed:
            if text in self.usage.plain:
                self._both(symbol, node)
            return True
        if text in self.usage.plain:
            if text in self.usage.called and likely and not (bracket is not None and any(p.head == "sum" for p in bracket.parts)):
                self._both(symbol, node)
            return False
        if called and not likely:
            if len(symbol.base) == 1 or symbol.base in GREEK_COMMANDS:
                return False  # a(b + c) is a product, as undeclared letters are scalars
            what = f"{self._text(node)}(...) can be read as a function and as a product"
            self._fail(what, r"For a product write \cdot; for a function let= names it.", node)
        if called and not isinstance(find_function(text, {}), AbstractFunction | None):
            what = f"{self._text(node)} can be read as the registered function {text} and as a function of this text"
            self._fail(what, "Bind it by let=, or choose another letter.", node)
        return called

    def _both(self, symbol: Symbol, node: Node) -> NoReturn:
        place = self.usage.plain[symbol.name]
        what = f"{symbol.name} is a function here and a quantity on line {place.line}, column {place.column}"
        self._fail(what, r"Write \cdot for the product, or rename one of the two.", node)

    # ------------------------------------------------------------ calls by name

    def _called(self, node: Node, k: int, bracket: Node) -> Value | None:
        """The value of f(x) at the k-th factor, or None where the two are multiplied."""
        head = node.parts[k]
        symbol = head.symbol
        assert symbol is not None
        lettered = symbol.base in FUNCTION_LETTERS and symbol.label.isdigit() and not symbol.pieces
        if lettered and symbol.name not in self.usage.functions and not self._defined(symbol.name):
            what = f"{self._text(head)}(...) can be read as function number {symbol.label} and as a derivative of order {symbol.label}"
            self._fail(what, "Write a subscript for a number, primes for a derivative.", head)
        parameters = self.usage.parameters.get(symbol.name)
        if parameters is not None and not symbol.primes and _holds(bracket, symbol.name):
            return None  # sigma(1 - sigma), a product of values
        if parameters is not None:
            return self._of_definition(symbol, parameters, bracket, head)
        entry = entry_or_none(symbol, set(self.sizes)) is not None
        if entry or symbol.name in self.arguments or not self._is_function(symbol, head, True, bracket):
            factor = node.parts[k + 1].head == "transpose" or self._plain(symbol.name).rank  # an array is no function
            if not entry and not factor and all(p.head in ("symbol", "number") for p in bracket.parts):
                what = f"{self._text(head)}{self._text(bracket)} can be read as a call and as a product"
                self._fail(what, r"Write \cdot for a product.", head)
            return None
        if bracket.text == "[":
            self._fail(f"{self._text(head)}[...] can be read as a call, an index and a product", "Write round brackets for a call.", head)
        text = "gamma" if symbol.name == "Gamma" else symbol.name
        arguments = [self.value(p) for p in bracket.parts]
        if text != "gamma":
            self.functions.setdefault(text, head.place)
        return self._elementwise(text, arguments, bracket, symbol.primes)

    def _of_definition(self, symbol: Symbol, parameters: tuple[str, ...], bracket: Node, head: Node) -> Value:
        """A function that the text defines: its block at its own arguments, its formula at others."""
        given = [p.symbol.name if p.symbol is not None else "" for p in bracket.parts]
        same = tuple(given) == parameters
        if symbol.primes:
            if self.claiming and not same and symbol.primes == 1 and len(parameters) == len(given) == 1 and symbol.name in self.macros:
                return self._slope(symbol.name, bracket, head)
            if not (self.claiming and same and symbol.primes == 1 and len(parameters) == 1):
                what = f"{self._text(head)} is the derivative of what this text defines by a formula"
                self._fail(what, r"Write \frac{\partial ...}{\partial ...}, or bind a function by let=.", head)
            return self._derivative(name(symbol.name), self._plain(symbol.name), Value(name(parameters[0])))
        if same:
            entry = self._entry(symbol, head)
            return entry if entry is not None else self._plain(symbol.name)
        if len(given) != len(parameters) or symbol.name not in self.macros or any(p.symbol is not None and p.ops for p in bracket.parts):
            self._fail(f"{symbol.name} has {len(parameters)} arguments", f"Write {symbol.name}({', '.join(parameters)}).", head)
        names, body = self.macros[symbol.name]
        if self.nested > 16:
            self._fail(f"{symbol.name} is defined by itself", "Give the new value another name.", head)
        before, self.arguments = self.arguments, {n: self.value(p) for n, p in zip(names, bracket.parts, strict=True)}
        self.nested += 1
        try:
            return self.value(body)
        finally:
            self.arguments = before
            self.nested -= 1

    def _slope(self, function: str, bracket: Node, head: Node) -> Value:
        """g'(x_i) of a function that the text defines by a formula: its derivative with the argument written in."""
        (parameter,), body = self.macros[function]
        before, self.arguments = self.arguments, {parameter: Value(name(parameter))}
        try:
            formula = self.value(body)
        finally:
            self.arguments = before
        if formula.rank or formula.axes:
            self._fail(f"{self._text(head)} of what is no number", "Write the derivative out.", head)
        slope = self.usage.slope(formula.phrase, parameter)
        argument = self.value(bracket.parts[0])
        return replace(argument, phrase=_replaced(slope, parameter, argument.phrase), either=False)

    def _elementwise(self, function: str, arguments: list[Value], node: Node, primes: int = 0) -> Value:
        values, axes = aligned(arguments, self.order)
        shapes = {(v.shape, v.row) for v in values if v.rank}
        if len(shapes) > 1 or (shapes and axes):
            self._fail(f"{function} of arguments of several shapes", "Its arguments are scalars, or arrays of one shape.", node)
        shape, row = next(iter(shapes), ((), False))
        if function in _OF_MATRICES and len(shape) == 2 and shape[0] == shape[1]:
            what = f"{function} of a square matrix can be read entry by entry and as the function of the matrix"
            self._fail(what, "Write it for a vector, or use the input language (expm).", node)
        return Value(call(function, *(v.phrase for v in values), primes=primes), shape, row, axes)

    # ------------------------------------------------------------ derivatives by name

    def _partial(self, node: Node) -> Value:
        if not self.claiming:
            self._fail("a derivative inside of a definition", "A program holds no derivatives: state it as derivative = formula.", node)
        if len(node.parts) != 2:
            self._fail("a second derivative inside of another formula", "State it by itself: second derivative = formula.", node)
        output, variable = node.parts
        if (slope := self._slope_of_numbers(output, variable)) is not None:
            return slope
        if output.head != "symbol" or variable.head != "symbol" or output.symbol is None or variable.symbol is None:
            what = "the derivative of a formula inside of another formula"
            self._fail(what, r"Name the formula, and write \frac{\partial z}{\partial x}.", node)
        entries = [entry_or_none(s, set(self.sizes)) for s in (output.symbol, variable.symbol)]
        if output.symbol.primes:
            self._fail("the derivative of entries", "Write derivatives of whole arrays.", node)
        if any(entries):
            return self._entry_of_derivative(node, output.symbol, variable.symbol, entries)
        return self._derivative(name(output.symbol.name), self._plain(output.symbol.name), self._plain(variable.symbol.name))

    def _entry_of_derivative(self, node: Node, output: Symbol, variable: Symbol, entries: Sequence[tuple[str, Indices] | None]) -> Value:
        r"""\partial y_k/\partial z_i inside of a formula: that entry of the derivative of y by z."""
        above, below = (self._plain(e[0] if e else s.name) for e, s in zip(entries, (output, variable), strict=True))
        own = [e[1] if e else () for e in entries]
        indices = (*own[0], *own[1])
        whole = all(
            len(i) == v.rank and all(self.sizes[c] == d for c, d in zip(i, v.shape, strict=True))
            for i, v in zip(own, (above, below), strict=True)
        )
        known = above.phrase.text in self.known and below.phrase.text not in self.aliases and above.phrase.text not in self.aliases
        if whole and known and len(indices) == 2 and indices[0] == indices[1]:
            return Value(call("diag", self._derivative(above.phrase, above, below).phrase), axes=indices[:1])
        if not whole or not known or len(set(indices)) != len(indices) or len(indices) > 2:
            self._fail("the derivative of entries", "Write derivatives of whole arrays.", node)
        order = tuple(letter for letter in self.order if letter in indices)
        phrase = self._derivative(above.phrase, above, below).phrase
        return Value(phrase if order == indices else Phrase("transpose", (phrase,)), axes=order)

    def _slope_of_numbers(self, output: Node, variable: Node) -> Value | None:
        """d/dw (wx - y), worked out: of a formula of numbers in which nothing but w is known to depend on w. None for another one."""
        if output.head == "symbol" or variable.symbol is None or variable.symbol.primes or self.sizes:
            return None
        if any(n.head in ("partial", "gradient") for n in walk(output)):
            return None
        formula = self.value(output)
        parameter = variable.symbol.name
        names = {p.text for p in phrase_nodes(formula.phrase) if p.head == "name"} | {parameter}
        plain = not formula.rank and not formula.axes and not any(self._plain(n).rank or n in self.usage.arrays for n in names)
        if not plain or any(n in self.known or n in self.aliases for n in names - {parameter}):
            return None
        return Value(self.usage.slope(formula.phrase, parameter))

    def _derivative(self, output: Phrase, above: Value, below: Value) -> Value:
        """dC/dW as a claim writes it; a derivative of a scalar has the shape of what it is by."""
        phrase = Phrase("mul", (name(f"d{output.text}"), Phrase("over", (name(f"d{below.phrase.text}"),))))
        return Value(phrase, (*above.shape, *below.shape), either=len((*above.shape, *below.shape)) == 1)

    # ------------------------------------------------------------ messages

    def _text(self, node: Node) -> str:
        p = node.place
        return self.source.lines[p.line - 1][p.column - 1 : p.column - 1 + p.width]

    def _fail(self, what: str, advice: str, node: Node) -> NoReturn:
        raise ParseError(what, advice=advice, place=node.place, source=self.source.line(node.place))


def _replaced(phrase: Phrase, text: str, by: Phrase) -> Phrase:
    """A phrase with another one for a name."""
    if phrase.head == "name" and phrase.text == text:
        return by
    return replace(phrase, parts=tuple(_replaced(p, text, by) for p in phrase.parts))


def _holds(bracket: Node, text: str) -> bool:
    """Whether a bracket holds a name as a quantity."""
    called = {id(n.parts[k]) for n in walk(bracket) if n.head == "product" for k in range(len(n.parts)) if call_at(n, k) is not None}
    return any(n.symbol is not None and n.symbol.name == text and not n.symbol.primes and id(n) not in called for n in walk(bracket))
