"""Clauses to units: what defines, what is claimed, a formula of a chain each; before anything is worked out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from symchain.errors import ParseError, SymchainError
from symchain.latex.clauses import is_condition, links
from symchain.latex.differentials import derivatives_of
from symchain.latex.forms import Forms, Subject, components_in, derivatives_in
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.statements import Statement as Line
from symchain.latex.statements import Text, Written, bare, is_defined
from symchain.latex.surroundings import Surroundings, is_constant
from symchain.latex.usage import FUNCTION_LETTERS
from symchain.nouns.statement import CLAIM, DECLARATION, DEFINITION, EQUALITY, REFUSED, SKIPPED, VALUE, Asked, Statement, spoken
from symchain.support.document import Say
from symchain.wording import DEFAULT

_SUPPOSED = re.compile(r"\b(?:if|let|suppose|soit|si|posons|supposons)\s*$", re.IGNORECASE)
"""What leads to a definition by a constant: if f(x) = c, then f'(x) = 0."""
_MOMENTS = frozenset({"Var", "Cov", "Corr", "Pr", "E", "EE", "Bias", "Prob", "KL"})
"""What a bracket follows in statistics without being a function of numbers."""


@dataclass(eq=False)
class Unit:
    """One statement in the making."""

    kind: str
    written: Written
    source: str
    left: Node | None = None
    right: Node | None = None
    subject: Subject | None = None
    alias: Node | None = None
    """The formula of derivatives that a name stands for."""
    tied: bool = False
    solved: bool = False
    numbers: bool = False
    error: SymchainError | None = None
    said: Say | None = None
    reading: str = ""
    asked: Asked | None = None
    missing: Unit | None = None
    symbol: Symbol = field(default_factory=lambda: Symbol(""))
    defines: bool = False
    identity: bool = False
    """Whether two formulas are set equal that define nothing: said of every value, or a condition on some."""
    restates: bool = False
    """Whether an equality is another formula for a defined name: below it, that is the one in force."""

    def refuse(self, error: SymchainError) -> None:
        self.kind, self.error, self.reading, self.asked = REFUSED, error, "", None

    def line(self) -> Line:
        """The definition, for an assembly."""
        assert self.left is not None
        right = self.alias if self.alias is not None else self.right
        assert right is not None
        return Line((self.left, right), self.written.place, self.source, alias=self.alias is not None)

    def equal(self) -> Line:
        """The two formulas that are said to be equal."""
        assert self.left is not None and self.right is not None
        return Line((self.left, self.right), self.written.place, self.source, said=True)

    def declarations(self) -> dict[str, Line]:
        w = self.written
        if w.shape is None:
            return {}
        return {n.symbol.name: Line((n,), w.place, w.source, shape=w.shape) for n in w.names if n.symbol is not None}

    def statement(self) -> Statement:
        """The finished record."""
        w = self.written
        said = self.said
        if self.error is not None and self.kind == REFUSED:
            said = Say("document.refused", {"what": self.error.what, "advice": self.error.advice})
        place = self.error.place if self.error is not None and self.error.place is not None and self.kind == REFUSED else w.place
        if not w.place.line <= place.line <= max([w.place.line, *(t.line for t in w.clause.tokens)]):
            place = w.place  # what is wrong stands in another statement
        reason = spoken(said, DEFAULT) if said is not None else ""
        return Statement(self.kind, place.line, place.column, self.source, self.reading, reason, self.asked, said)


@dataclass(frozen=True)
class _Function:
    """A function by its formula at one argument."""

    call: Node
    formula: Node
    argument: Symbol

    def unit(self, w: Written, source: str) -> Unit:
        """The definition, for an argument of its own name."""
        own = Symbol(next(c for c in "tuvs" if c != self.argument.base))

        def at(node: Node) -> Node:
            return replace(node, symbol=own if node.symbol == self.argument else node.symbol, parts=tuple(map(at, node.parts)))

        symbol = self.call.parts[0].symbol
        assert symbol is not None
        return Unit(DEFINITION, w, source, at(self.call), at(self.formula), symbol=symbol, defines=True)


class Units:
    def __init__(self, text: Text, surroundings: Surroundings) -> None:
        self.text, self.surroundings = text, surroundings
        self.parameters: dict[str, tuple[str, ...]] = {}
        self.bodies: dict[str, Node] = {}
        self.formulas: dict[str, list[Node]] = {}
        for w in text.written:
            if w.kind == "equation":
                self._note(w)
        for name in [n for n in self.parameters if self._is_derivative(n)]:
            del self.parameters[name]
        self.forms = Forms(text.source, self.parameters, self.bodies)
        self.defined: dict[str, tuple[str, ...]] = {}

    def read(self) -> list[Unit]:
        found: list[Unit] = []
        for written in reversed(self.text.written):
            self._spell(written)
        for written in self.text.written:
            behind = found and found[-1].kind in (CLAIM, VALUE) and self.surroundings.narrows(written, found[-1].written)
            if behind and not self._states_derivative(written):
                found[-1].written.clause.conditions.append(written.clause.tokens)
                found.append(Unit(SKIPPED, written, written.source, said=Say("document.skipped.condition", {})))
                continue
            try:
                self._renew(written)
                found += list(self._units(written))
            except SymchainError as error:
                located = error.located(written.place, self.text.source.line(written.place))
                found.append(Unit(REFUSED, written, written.source, error=located))
        return found

    def _states_derivative(self, w: Written) -> bool:
        """Whether f_x = y behind another claim is a claim, and no case of that one."""
        try:
            return w.kind == "equation" and self.forms.subject(w.sides[0]) is not None
        except SymchainError:
            return False

    def _note(self, w: Written) -> None:
        left = w.sides[0]
        symbol = left.symbol
        if left.head == "product" and is_defined(left) and (arguments := _names(left.parts[1])):
            symbol = left.parts[0].symbol
            if symbol is not None and not symbol.primes:
                self.parameters.setdefault(symbol.name, arguments)
        if symbol is not None and not symbol.primes and is_defined(left):
            self.bodies.setdefault(symbol.name, w.sides[1])
            self.formulas.setdefault(symbol.name, []).append(w.sides[1])

    def _spell(self, w: Written) -> None:
        """Note how the arguments of a function are written where it is defined."""
        left = w.sides[0] if w.kind == "equation" else None
        if left is not None and left.head == "product" and is_defined(left):
            self.forms.spellings.update({p.symbol.name: p.symbol for p in left.parts[1].parts if p.symbol is not None})

    def _renew(self, w: Written) -> None:
        """From its next definition on, a function has the arguments, and a name the formula, of that one."""
        left = w.sides[0] if w.kind == "equation" else None
        if left is None or not is_defined(left):
            return
        self._spell(w)
        symbol = left.symbol or left.parts[0].symbol
        arguments = _names(left.parts[1]) if left.head == "product" else ()
        if symbol is None or symbol.primes or is_constant(w.sides[1]):
            return
        if arguments and symbol.name in self.parameters:
            self.parameters[symbol.name] = arguments
        if (arguments or left.head == "symbol") and symbol.name in self.bodies:
            self.bodies[symbol.name] = w.sides[1]

    def _is_derivative(self, name: str) -> bool:
        """Whether f_x(x, y) stands beside f(x, y)."""
        function, _, letters = name.rpartition("_")
        own = self.parameters.get(function, ())
        return bool(own) and self.parameters[name] == own and all(c in own for c in letters)

    # ------------------------------------------------------------ one clause

    def _units(self, w: Written) -> Iterator[Unit]:
        match w.kind:
            case "skipped":
                yield Unit(SKIPPED, w, w.source, said=Say(f"document.skipped.{w.reason}", {}))
            case "refused":
                yield self._refused(w, w.error)
            case "declaration":
                yield self._declared(w)
            case _:
                yield from self._equation(w)

    def _refused(self, w: Written, error: SymchainError | None) -> Unit:
        unit = Unit(REFUSED, w, w.source, error=error)
        if w.left is not None and w.left.head == "power" and w.left.parts[0].symbol is not None:  # sigma^2 = ... says what sigma is
            unit.symbol, unit.defines = w.left.parts[0].symbol, w.clause.kind != "inline"
        if w.left is not None and is_defined(w.left):
            symbol = w.left.symbol or w.left.parts[0].symbol
            if symbol is not None and not symbol.primes:
                lettered = any(t.kind in ("letter", "word") for t in w.clause.tokens[2:])
                unit.symbol, unit.defines = symbol, lettered or w.clause.kind != "inline"
        return unit

    def _declared(self, w: Written) -> Unit:
        unit = Unit(DECLARATION, w, w.source)
        sizes = ", ".join(s.symbol.name if s.symbol is not None else self._written(s) for s in w.shape or ())
        shape = f"({sizes},)" if w.shape is not None and len(w.shape) == 1 else f"({sizes})"
        unit.reading = "; ".join(f"{n.symbol.name}: {shape}" for n in w.names if n.symbol is not None)
        return unit

    def _written(self, node: Node) -> str:
        p = node.place
        return self.text.source.lines[p.line - 1][p.column - 1 : p.column - 1 + p.width]

    def _equation(self, w: Written) -> Iterator[Unit]:
        first, second = w.sides[:2]
        inline = w.clause.kind == "inline"
        if first.head == "differential":
            yield from self._differential(w, first.parts[0])
            return
        self._refuse_moments(first)
        self._refuse_direction(first)
        if (symmetric := _symmetric(w)) is not None:
            yield Unit(DECLARATION, w, w.source, reading=f"{symmetric.name}: symmetric", symbol=symmetric)
            return
        if self._is_slope_of_formula(first):
            for right, source in zip(w.sides[1:], w.sources[1:], strict=True):
                yield Unit(EQUALITY, w, f"{w.sources[0]} = {source}", first, right)
            return
        if (self.surroundings.is_condition(w) or self._is_place(w)) and not self._states_derivative(w):
            yield Unit(SKIPPED, w, w.source, said=Say("document.skipped.condition", {}))
            return
        subject = self.forms.subject(first)
        if subject is not None:
            yield from self._claims(w, subject, w.sides[1:], w.sources[1:], w.sources[0])
        elif inline and self._is_number_again(first, second) and not (second.symbol is not None and _SUPPOSED.search(w.context.before)):
            yield Unit(SKIPPED, w, w.source, said=Say("document.skipped.condition", {}))
        elif is_defined(first) and (first.symbol is not None or _names(first.parts[1])):
            yield from self._definition(w, first, second)
        elif self._is_value(first):
            constant = all(is_constant(p) for p in first.parts[1].parts)
            if not constant and any(derivatives_in(s) or _primed(s) for s in w.sides[1:]):
                what = "a function at another argument beside its derivative: an approximation, or a value"
                raise ParseError(what, advice=r"Write \approx for an approximation.", place=first.place)
            for right, source in zip(w.sides[1:], w.sources[1:], strict=True):
                yield Unit(VALUE if constant else EQUALITY, w, f"{w.sources[0]} = {source}", first, right)
        elif first.head == "apply" and first.ops[1:] == ("", "0"):
            for right, source in zip(w.sides[1:], w.sources[1:], strict=True):
                yield Unit(EQUALITY, w, f"{w.sources[0]} = {source}", first, right)
        elif (found := next((s for side in w.sides[1:] if (s := self.forms.subject(side)) is not None), None)) is not None:
            rest = [(s, t) for s, t in zip(w.sides, w.sources, strict=True) if self.forms.subject(s) is None]
            yield from self._claims(w, found, tuple(s for s, _ in rest), tuple(t for _, t in rest), "")
        elif inline or any(is_constant(s) for s in w.sides):
            yield Unit(SKIPPED, w, w.source, said=Say("document.skipped.equation", {}))
        else:
            for right, source in zip(w.sides[1:], w.sources[1:], strict=True):
                yield Unit(EQUALITY, w, f"{w.sources[0]} = {source}", first, right, identity=True)

    def _differential(self, w: Written, output: Node) -> Iterator[Unit]:
        """dC = 2(a - y) da, a claim; dC = dC/da da says nothing new."""
        for side, source in zip(w.sides[1:], w.sources[1:], strict=True):
            variables, formulas = derivatives_of(side)
            named = [f.head == "partial" and f.parts[0].symbol == output.symbol for f in formulas]
            if all(named) and all(f.parts[1].symbol == v.symbol for f, v in zip(formulas, variables, strict=True)):
                yield Unit(SKIPPED, w, f"{w.sources[0]} = {source}", said=Say("document.skipped.equation", {}))
                continue
            several = len(variables) > 1
            subject = Subject(output, variables, partial=True, components=several)
            right = Node("paren", side.place, formulas, "(") if several else formulas[0]
            yield Unit(CLAIM, w, f"{w.sources[0]} = {source}", right=right, subject=subject)

    def _claims(self, w: Written, subject: Subject, sides: tuple[Node, ...], sources: tuple[str, ...], head: str) -> Iterator[Unit]:
        kind = VALUE if subject.at else CLAIM
        for k, (side, source) in enumerate(zip(sides, sources, strict=True)):
            inner = _unlisted(side)
            again = self.forms.subject(inner) if self._differentiates(inner) else None
            if again is not None and _alike(again, subject):
                continue
            if subject.components and self._names_components(side, subject):
                continue
            zero = k > 0 and side.text == "0"  # f'(x) = 2x - 4 = 0 is solved, not claimed
            yield Unit(
                kind,
                w,
                f"{head} = {source}" if head else source,
                right=side,
                subject=subject,
                solved=zero,
                numbers=_put_in(side, k > 0 or subject.components or bool(subject.renamed)),
            )

    def _names_components(self, side: Node, subject: Subject) -> bool:
        """Whether a list only says what a gradient is: (df/dx, df/dy)."""
        listed = [self.forms.subject(c) if c.head in ("partial", "product") else None for c in components_in(side, len(subject.variables))]
        return bool(listed) and all(s is not None and _alike(s, subject.component(k)) for k, s in enumerate(listed))

    def _definition(self, w: Written, first: Node, second: Node) -> Iterator[Unit]:
        symbol = first.symbol or first.parts[0].symbol
        assert symbol is not None
        if first.symbol is not None and second.head == "paren" and len(second.parts) > 1 and is_constant(second):
            yield Unit(SKIPPED, w, w.source, said=Say("document.skipped.condition", {}))  # P = (1, 2), a point
            return
        called = second.parts[0] if second.head == "product" and is_defined(second) else second
        if called.symbol == symbol:  # C = C(w, b) = ...
            if len(w.sides) < 3:
                yield Unit(SKIPPED, w, w.source, said=Say("document.skipped.equation", {}))
                return
            left = second if second.head == "product" and _names(second.parts[1]) else first
            w = replace(w, sides=(left, *w.sides[2:]), sources=(w.sources[0], *w.sources[2:]))
            first, second = w.sides[:2]
        unit = Unit(DEFINITION, w, f"{w.sources[0]} = {w.sources[1]}", first, second, symbol=symbol, defines=True)
        unit.tied = links(f"{w.context.before} {w.clause.words}")
        subject = self.forms.subject(second) if self._differentiates(second) else None
        if subject is not None and first.symbol is not None:
            if len(subject.variables) > 1 or subject.at or subject.components:
                raise ParseError("a name for a derivative of this form is not read", advice="Name a first derivative.", place=second.place)
            unit.subject, unit.alias, unit.right = subject, subject.node, subject.node
        elif derivatives_in(second) and first.symbol is not None:
            unit.alias, unit.right = second, second
        yield unit
        if unit.subject is not None:
            yield from self._claims(w, unit.subject, w.sides[2:], w.sources[2:], w.sources[1])
            return
        for k, (right, source) in enumerate(zip(w.sides[2:], w.sources[2:], strict=True)):
            if (function := self._function_said(w.sides[k + 1], right)) is not None:
                yield function.unit(w, f"{w.sources[k + 1]} = {source}")
            if (other := self.forms.subject(right)) is not None and right.head in ("partial", "at"):
                yield from self._claims(w, other, (first,), (w.sources[0],), source)
                continue
            if right.head == "paren" and len(right.parts) > 1 and is_constant(right):
                yield Unit(SKIPPED, w, f"{w.sources[0]} = {source}", said=Say("document.skipped.condition", {}))
                continue
            yield Unit(EQUALITY, w, f"{w.sources[0]} = {source}", first, right, symbol=symbol)

    def _function_said(self, call: Node, formula: Node) -> _Function | None:
        r"""What sigma is where a = \sigma(z) = 1/(1 + e^{-z}) says it, and nothing else does."""
        if call.head != "product" or not is_defined(call) or len(call.parts[1].parts) != 1:
            return None
        function, argument = call.parts[0].symbol, call.parts[1].parts[0].symbol
        names = {n.symbol.name for n in walk(formula) if n.symbol is not None} - {"e"}
        if function is None or argument is None or function.base not in FUNCTION_LETTERS or names != {argument.name}:
            return None
        if function.name in self.parameters or function.name in self.bodies or any(n.head in ("big", "partial") for n in walk(formula)):
            return None
        return _Function(call, formula, argument)

    def _differentiates(self, side: Node) -> bool:
        """Whether a right side is a derivative alone; sigma'(z) of a function that the text does not define is a value."""
        if side.head == "product" and side.parts[0].symbol is not None:
            return bool(side.parts[0].symbol.primes) and replace(side.parts[0].symbol, primes=0).name in self.parameters
        return side.head in ("partial", "at", "gradient")

    def _is_place(self, w: Written) -> bool:
        """Whether x = -b/2a within a sentence says where: at, for, en; of a name that functions of the text are taken at."""
        symbol = w.sides[0].symbol
        if symbol is None or w.clause.kind != "inline" or len(w.sides) != 2:
            return False
        return any(symbol.name in names for names in self.parameters.values()) and is_condition(w.context.before)

    def _refuse_moments(self, first: Node) -> None:
        """Var(x) = ... defines no function."""
        head = first.parts[0].symbol if first.head == "product" else None
        if (
            head is not None
            and head.base in _MOMENTS
            and first.parts[1].head == "paren"
            and (len(head.base) > 1 or first.parts[1].text == "[")
        ):
            what = f"{head.base} of a random quantity is not part of a program"
            raise ParseError(what, advice="Give it a name of its own.", place=first.place, source=self.text.source.line(first.place))

    def _refuse_direction(self, first: Node) -> None:
        """D_v f(x) = ... is a derivative in a direction, where f is a function of the text or called here."""
        head, *rest = first.parts if first.head == "product" else (first,)
        symbol = head.symbol
        if symbol is None or symbol.base != "D" or len(symbol.pieces) != 1 or not rest or rest[0].symbol is None:
            return
        if rest[0].symbol.name in self.parameters or (rest[1:] and rest[1].head == "paren"):
            what = f"{symbol.name} {rest[0].symbol.name} can be read as a derivative in a direction and as a product"
            raise ParseError(what, advice=r"Write \frac{\partial f}{\partial x} for a derivative, \cdot for a product.", place=head.place)

    def _is_number_again(self, first: Node, second: Node) -> bool:
        """Whether f(x, y) = -12 says what a function, defined otherwise, is at a point that the sentence names."""
        symbol = first.parts[0].symbol if first.head == "product" and is_defined(first) else None
        if symbol is None or symbol.primes or not _names(first.parts[1]):
            return False
        level = second.symbol is not None and second.symbol.name not in _names(first.parts[1])
        others = [b for b in self.formulas.get(symbol.name, ()) if b is not second]
        return level or (is_constant(second) and any(not is_constant(b) for b in others))

    def _is_slope_of_formula(self, first: Node) -> bool:
        """g'(f(x)) for a function g of one argument that the text defines."""
        symbol = first.parts[0].symbol if first.head == "product" and len(first.parts) == 2 and first.ops[1] == "" else None
        if symbol is None or symbol.primes != 1 or first.parts[1].head != "paren" or len(first.parts[1].parts) != 1:
            return False
        argument = bare(first.parts[1].parts[0])
        return len(self.parameters.get(symbol.name, ())) == 1 and argument.symbol is None and not is_constant(argument)

    def _is_value(self, first: Node) -> bool:
        """f(3) and f(x + h) for a function that the text defines."""
        if first.head != "product" or len(first.parts) != 2 or first.ops[1] != "" or first.parts[1].text != "(":
            return False
        symbol = first.parts[0].symbol
        return symbol is not None and not symbol.primes and symbol.name in self.parameters


def _symmetric(w: Written) -> Symbol | None:
    """The A of A = A^T."""
    if len(w.sides) != 2:
        return None
    one, two = w.sides if w.sides[1].head == "transpose" else w.sides[::-1]
    inner = two.parts[0].symbol if two.head == "transpose" else None
    return inner if inner is not None and one.symbol == inner and not inner.primes else None


def _names(bracket: Node) -> tuple[str, ...]:
    """The arguments of a bracket where all are different plain names; else nothing."""
    names = tuple(p.symbol.name for p in bracket.parts if p.symbol is not None and not p.symbol.primes)
    return names if len(names) == len(bracket.parts) == len(set(names)) and bracket.head == "paren" else ()


def _unlisted(side: Node) -> Node:
    """The derivative whose entries a column or a row lists: (dL/dx_1, ..., dL/dx_n)^T."""
    inner = side
    while inner.head in ("transpose", "paren") and len(inner.parts) == 1:
        inner = inner.parts[0]
    return inner if inner.ops else side


def _put_in(side: Node, follows: bool) -> bool:
    """Whether a formula of numbers alone is one in which they were put in for names: behind a formula, or with decimals."""
    return is_constant(side) and (follows or any(n.head == "number" and "." in n.text for n in walk(side)))


def _primed(node: Node) -> bool:
    return any(n.symbol is not None and n.symbol.primes for n in walk(node))


def _alike(one: Subject, two: Subject) -> bool:
    """Whether two derivatives are the same one, in another writing."""
    same = [n.symbol for n in (one.output, *one.variables)] == [n.symbol for n in (two.output, *two.variables)]
    return same and one.output.symbol is not None and one.at == two.at


__all__ = ["Unit", "Units", "replace"]
