r"""The forms in which a derivative is written on the left of an equal sign, as one: f'(x), \frac{dJ}{dw}(2), \nabla f, y', f_x."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

from symchain.errors import ParseError
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.statements import bare
from symchain.latex.tokens import Source

Point = tuple[tuple[str, Node], ...]


@dataclass(frozen=True)
class Subject:
    """A derivative that is stated: of what, by which names in turn, and where; `renamed` are names that stand for the variable."""

    output: Node
    variables: tuple[Node, ...]
    at: Point = ()
    renamed: tuple[tuple[str, str], ...] = ()
    partial: bool = False
    """Whether it is written with a round d: other names may be meant to be held."""
    factor: Node | None = None
    """What a formula is multiplied with where the derivative is by a power: by s^2 it is that by s, over 2 s."""
    components: bool = False
    """Whether it is a gradient by several names, with a list of components."""
    second: bool = False
    """Whether it is the matrix of second derivatives by several names."""

    def component(self, k: int) -> Subject:
        """The k-th of a gradient's components, or of the entries of a matrix of second derivatives, row by row."""
        if self.second:
            pair = (self.variables[k // len(self.variables)], self.variables[k % len(self.variables)])
            return replace(self, variables=pair, components=False, second=False)
        return replace(self, variables=self.variables[k : k + 1], components=False)

    @property
    def node(self) -> Node:
        return Node("partial", self.output.place, (self.output, *self.variables))


class Forms:
    """Reads left sides. `parameters` are those of functions that the text defines, `bodies` the formulas of its names."""

    def __init__(self, source: Source, parameters: Mapping[str, tuple[str, ...]], bodies: Mapping[str, Node]) -> None:
        self.source, self.parameters, self.bodies = source, parameters, bodies
        self.spellings: dict[str, Symbol] = {}
        """How the arguments of functions are written."""

    def lone(self, name: str) -> Node | None:
        """The one name that a name's formula holds."""
        body = self.bodies.get(name)
        if body is None:
            return None
        names = {n.symbol.name: n for n in walk(body) if n.symbol is not None and n.symbol.name not in ("e", "pi")}
        return next(iter(names.values())) if len(names) == 1 else None

    def subject(self, side: Node) -> Subject | None:
        """The derivative that a side is, or None. Raises ParseError where it does not say by what."""
        side = bare(side)
        if side.head == "at":
            inner = self.subject(side.parts[0])
            return None if inner is None else replace(inner, at=(*inner.at, *zip(side.ops, side.parts[1:], strict=True)))
        if side.head == "partial":
            return self._partial(side)
        if side.head == "gradient":
            return self._second(side) if side.text == "2" else self._gradient(side)
        if side.head == "product" and (hessian := self._hessian(side)) is not None:
            return hessian
        if side.head == "primed":
            return self._primed_brackets(side)
        if side.head == "product" and len(side.parts) == 2 and side.ops[1] == "" and side.parts[1].head == "paren":
            return self._called(side.parts[0], side.parts[1], side)
        if side.symbol is not None:
            return self._name(side, side.symbol)
        return None

    def _partial(self, side: Node) -> Subject:
        output, *variables = side.parts
        if len(variables) == 1 and variables[0].head == "power":
            base, exponent = variables[0].parts
            factor = Node("product", base.place, (exponent, base), ops=("", "cdot"))
            return Subject(self._function(output), (base,), partial=side.text != "total", factor=factor)
        return Subject(self._function(output), tuple(variables), partial=side.text != "total")

    def _function(self, output: Node) -> Node:
        """f for f(x), where the text says what f is; log p(x) and the like as they are."""
        output = bare(output)
        called = output.head == "product" and len(output.parts) == 2 and output.ops[1] == "" and output.parts[1].head == "paren"
        symbol = output.parts[0].symbol if called else None
        if symbol is None:
            return output
        known = self.parameters.get(symbol.name)
        own = tuple(p.symbol.name if p.symbol is not None else "" for p in output.parts[1].parts)
        return output.parts[0] if known is not None and known == own else output

    def _called(self, head: Node, bracket: Node, side: Node) -> Subject | None:
        """A derivative followed by its arguments: f'(x), f'(3), dJ/dw(w, b)."""
        if head.head in ("partial", "primed", "gradient", "at"):
            inner = self.subject(head)
            return None if inner is None else self._placed(inner, bracket, self._known(inner.output))
        symbol = head.symbol
        if symbol is None or bracket.text != "(":
            return None
        if symbol.primes == 1 and symbol.pieces and (named := self._lettered(head, replace(symbol, primes=0))) is not None:
            return self._placed(named, bracket, self._known(named.output))
        if symbol.primes:
            plain = replace(head, symbol=replace(symbol, primes=0))
            inner = self._derived(plain, symbol, side, bracket)
            return self._placed(inner, bracket, self._known(inner.output))
        if symbol.label and Symbol(symbol.base, symbol.accent, symbol.pieces).name in self.parameters:
            if symbol.label not in ("1", "2"):
                self._fail("a derivative of an order that is not read", "First and second derivatives are read.", side)
            plain = replace(head, symbol=replace(symbol, label=""))
            inner = self._derived(plain, replace(symbol, label="", primes=int(symbol.label)), side, bracket)
            return self._placed(inner, bracket, self._known(inner.output))
        if symbol.label.isdigit() and not symbol.pieces:
            what = f"{symbol.base}^({symbol.label}) can be read as a name and as a derivative of order {symbol.label}"
            self._fail(what, "Write a subscript for a number, primes for a derivative.", side)
        inner_name = self._lettered(head, symbol)
        return None if inner_name is None else self._placed(inner_name, bracket, self._known(inner_name.output))

    def _known(self, output: Node) -> tuple[str, ...]:
        return self.parameters.get(output.symbol.name, ()) if output.symbol is not None else ()

    def _derived(self, plain: Node, symbol: Symbol, side: Node, bracket: Node | None) -> Subject:
        """f' by the one argument of f, once for each prime."""
        known = self.parameters.get(plain.symbol.name, ()) if plain.symbol is not None else ()
        variable: Node | None = None
        if len(known) == 1:
            variable = Node("symbol", side.place, symbol=self._symbol(known[0]))
        elif not known and bracket is not None and len(bracket.parts) == 1 and bracket.parts[0].symbol is not None:
            variable = bracket.parts[0]
        elif not known and plain.symbol is not None:
            variable = self.lone(plain.symbol.name)
        if variable is None:
            self._fail(f"{symbol.name}' does not say by what", r"Write \frac{\partial f}{\partial x}.", side)
        if symbol.primes > 2:
            self._fail("a derivative of an order that is not read", "First and second derivatives are read.", side)
        output = plain
        if not known and bracket is not None and (plain.symbol is None or plain.symbol.name not in self.bodies):
            output = Node("product", side.place, (plain, bracket), text="", ops=("", ""))
        return Subject(output, (variable,) * symbol.primes)

    def _placed(self, inner: Subject, bracket: Node, known: tuple[str, ...]) -> Subject:
        """A derivative at the arguments of a bracket: a point, other names for the variables, or the variables themselves."""
        names = known or tuple(v.symbol.name for v in inner.variables[:1] if v.symbol is not None)
        if len(names) != len(bracket.parts):
            if all(p.symbol is not None for p in bracket.parts):
                return inner
            self._fail("a derivative at arguments that are not those of its function", r"Write \left. ... \right|_{x=3}.", bracket)
        at: list[tuple[str, Node]] = []
        renamed: list[tuple[str, str]] = []
        for name, argument in zip(names, bracket.parts, strict=True):
            argument = bare(argument)
            if argument.symbol is not None and argument.symbol.name == name:
                continue
            if _is_constant(argument):
                at.append((name, argument))
            elif argument.symbol is not None and not argument.symbol.primes:
                renamed.append((argument.symbol.name, name))
            else:
                self._fail("a derivative at a formula", "Name the argument: u = g(x), then f'(u).", bracket)
        return replace(inner, at=(*inner.at, *at), renamed=(*inner.renamed, *renamed))

    def _second(self, side: Node) -> Subject:
        r"""\nabla^2 f of a function of several names."""
        inner = self._gradient(replace(side, text=""))
        if not inner.components:
            self._fail("a second derivative by vectors is not read", r"Write \nabla^2 f for f(x, y).", side)
        return replace(inner, second=True)

    def _hessian(self, side: Node) -> Subject | None:
        """H f(x, y) and H_f(x, y), beside a function f of several names."""
        head, *rest = side.parts
        symbol = head.symbol
        if symbol is None or symbol.base != "H" or any(side.ops[1:]) or rest[-1].head != "paren":
            return None
        if len(rest) == 1 and len(symbol.pieces) == 1 and len(self.parameters.get(symbol.pieces[0], ())) > 1:
            called = Node("product", side.place, (Node("symbol", side.place, symbol=Symbol(symbol.pieces[0])), rest[0]), ops=("", ""))
        elif len(rest) == 2 and not symbol.pieces and rest[0].symbol is not None and len(self._known(rest[0])) > 1:
            called = Node("product", side.place, tuple(rest), ops=("", ""))
        else:
            return None
        return self._second(Node("gradient", side.place, (called,), "2"))

    def _gradient(self, side: Node) -> Subject:
        output = self._function(side.parts[0])
        if output.head == "product" and len(output.parts) == 2 and (known := self._known(output.parts[0])):
            bracket = output.parts[1]
            if bracket.head == "paren" and len(bracket.parts) == len(known):  # \nabla f(1, 2)
                return self._placed(self._gradient(replace(side, parts=output.parts[:1])), bracket, known)
        known = self._known(output)
        if len(known) == 1:
            return Subject(output, (Node("symbol", side.place, symbol=self._symbol(known[0])),))
        if known:
            return Subject(output, tuple(Node("symbol", side.place, symbol=self._symbol(n)) for n in known), components=True)
        variable = self.lone(output.symbol.name) if output.symbol is not None else None
        if variable is None:
            self._fail("a gradient that does not say by what", r"Write \nabla_W C, or \frac{\partial C}{\partial W}.", side)
        return Subject(output, (variable,))

    def _primed_brackets(self, side: Node) -> Subject:
        """(x^3)', by the one name in the brackets."""
        inner = side.parts[0]
        names = {n.symbol.name: n for n in walk(inner) if n.symbol is not None and n.symbol.name != "e"}
        if len(names) != 1 or side.text not in ("1", "2"):
            self._fail("a prime on brackets that does not say by what", r"Write \frac{d}{dx}(...).", side)
        return Subject(inner, (next(iter(names.values())),) * int(side.text))

    def _name(self, side: Node, symbol: Symbol) -> Subject | None:
        """y' of one variable, f_x and f'_x beside f(x, y)."""
        if symbol.primes and not symbol.pieces:
            return self._derived(replace(side, symbol=replace(symbol, primes=0)), symbol, side, None)
        found = self._lettered(side, symbol)
        if found is None and symbol.primes:
            return self._derived(replace(side, symbol=replace(symbol, primes=0)), symbol, side, None)
        return found

    def _lettered(self, side: Node, symbol: Symbol) -> Subject | None:
        """f_x where the text has f(x, y) and nothing else called f_x."""
        if len(symbol.pieces) != 1:
            return None
        function = Symbol(symbol.base, symbol.accent)
        known = self.parameters.get(function.name, ())
        letters = [symbol.pieces[0]] if symbol.pieces[0] in known else list(symbol.pieces[0])
        if not known or symbol.name in self.parameters or not all(c in known for c in letters) or len(letters) > 2:
            return None
        variables = tuple(Node("symbol", side.place, symbol=self._symbol(c)) for c in letters)
        return Subject(replace(side, symbol=function), variables)

    def _symbol(self, name: str) -> Symbol:
        """A symbol whose name in the input language is this one, in the font of the function's argument."""
        return self.spellings.get(name, Symbol(name))

    def _fail(self, what: str, advice: str, node: Node) -> NoReturn:
        raise ParseError(what, advice=advice, place=node.place, source=self.source.line(node.place))


def components_in(side: Node, count: int) -> tuple[Node, ...]:
    """The components that a column or a row lists; nothing where it is no list of so many."""
    side = bare(side)
    side = side.parts[0] if side.head == "transpose" else side
    lists = [k for k, p in enumerate(side.parts) if components_in(p, count)] if side.head == "product" else []
    if len(lists) == 1 and count > 1 and "slash" not in side.ops[: lists[0] + 1]:  # a number times a list
        k = lists[0]
        listed = components_in(side.parts[k], count)
        held = [c if c.head == "paren" and len(c.parts) > 1 else Node("paren", c.place, (c,), "(") for c in listed]
        return tuple(replace(side, parts=(*side.parts[:k], c, *side.parts[k + 1 :])) for c in held)
    return side.parts if side.head == "paren" and len(side.parts) == count else ()


def _is_constant(node: Node) -> bool:
    """Whether a formula holds no name but pi and e."""
    return all(n.symbol is None or n.symbol.name in ("pi", "e") for n in walk(node)) and not any(
        n.head in ("partial", "big") for n in walk(node)
    )


def derivatives_in(node: Node) -> bool:
    """Whether a derivative stands in a formula."""
    return any(n.head in ("partial", "gradient") for n in walk(node))
