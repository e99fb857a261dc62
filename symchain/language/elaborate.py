"""Phrases to Trees: names looked up, shapes checked, broadcasting made explicit. Nothing is simplified."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NoReturn

from symchain.errors import ParseError, ShapeError, SymchainError, UnsupportedError
from symchain.functions.spec import AbstractFunction, FunctionSpec, abstract
from symchain.language import constants
from symchain.language.arguments import Mismatch, is_written, plain_argument
from symchain.language.arithmetic import matrix_product, product, stacked, stretched
from symchain.language.forms import ASSOCIATIVE, Form, restated
from symchain.language.indexing import select
from symchain.language.labels import arranged
from symchain.language.lookup import MOST_ARGUMENTS, advice_on, closest, find_function, instead, is_known_function, misused
from symchain.language.places import at_places
from symchain.language.shapes import broadcast_shape, dimension_of, has_new_axis
from symchain.language.spelling import NOT_NUMBERS, RESERVED, canonical
from symchain.operations import OPERATIONS
from symchain.support.dimensions import Dim, Shape, larger, minima, show
from symchain.support.notation import Phrase, walk
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, PI, Contraction, Leaf, Number, Tree


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean where an expression is read: trees by name, dimension letters, the program's own functions."""

    names: Mapping[str, Tree]
    dims: Collection[str] = ()
    functions: Mapping[str, AbstractFunction | FunctionSpec] = field(default_factory=dict)
    lines: Sequence[str] = ()
    """The text the phrases' places refer to, for messages."""
    known: Mapping[Dim, int] = field(default_factory=dict)
    """How large some dimensions are at least: slices are inside of such an axis, and have as many entries as they name."""
    arguments: dict[str, int] = field(default_factory=dict)
    """How many arguments each function known by name alone has, as far as was read."""


def elaborate(phrase: Phrase, scope: Scope) -> Tree:
    """The tree a phrase means. Raises ParseError, ShapeError or LimitError with the place.

    >>> from symchain.language.grammar import parse_expression
    >>> from symchain.tensors.nodes import leaf
    >>> elaborate(parse_expression("A @ x"), Scope({"A": leaf("A", ("m", "n")), "x": leaf("x", ("n",))})).shape
    ('m',)
    """
    while True:
        elaboration = _Elaboration(scope)
        try:
            return elaboration.tree_of(phrase)
        except (ShapeError, UnsupportedError) as error:  # a slice that may end early conforms where it does not
            open_sizes = minima(d for tree in elaboration.trees.values() for d in tree.shape)
            error.assumed = assumed = larger(scope.known, open_sizes)
            if assumed == scope.known:
                raise
            scope = replace(scope, known=assumed)


class _Elaboration:
    """The work on one expression, bottom-up with a stack of our own."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.letters = {d for d in scope.dims if d not in scope.names}
        self.trees: dict[int, Tree] = {}
        self.values: dict[int, constants.Value | None] = {}
        self.parts: set[int] = set()  # the calls of which one result is taken
        self.results: dict[int, Sequence[Tree | None]] = {}  # and all of them
        self.calls: dict[int, Any] = {}  # what each call resolved to, and its bound arguments

    def tree_of(self, phrase: Phrase) -> Tree:
        if phrase.head == "compare":
            self._fail("a comparison is only allowed inside where(...)", "Write where(condition, a, b).", phrase)
        stack = [(phrase, False)]
        while stack:
            part, ready = stack.pop()
            if id(part) in self.trees:
                continue
            try:
                if ready:
                    self.trees[id(part)], self.values[id(part)] = self._build(part)
                else:
                    stack.append((part, True))
                    stack.extend((child, False) for child in reversed(self._children(part)))
            except SymchainError as error:
                raise self._located(error, part) from None
        return self.trees[id(phrase)]

    # ------------------------------------------------------------ what is needed first

    def _children(self, phrase: Phrase) -> Sequence[Phrase]:
        match phrase.head:
            case "number" | "name":
                return ()
            case "add" | "mul" | "matmul" | "neg" | "over" | "pow" | "transpose" | "compare":
                return self._checked(phrase.parts)
            case "call":
                return self._resolve(phrase)
            case "index" if self._is_part(phrase):
                self.parts.add(id(phrase.parts[0]))
                return self._checked(phrase.parts[:1])
            case "index":
                return self._checked((phrase.parts[0], *(p for p in phrase.parts[1:] if self._is_label(p))))
            case "none":
                self._fail("None stands only in an index", "Write x[:, None].", phrase)
            case "string":
                self._fail("a text in quotes stands only in einsum", "Write einsum('ij,j->i', A, x).", phrase)
            case "tuple":
                self._fail("a tuple is not an expression", "Tuples stand for shapes and axes: ones((n, m)).", phrase)
            case "list" if phrase.parts:
                return self._checked(phrase.parts)
            case "list":
                self._fail("an empty list is not an expression", "Write zeros(n), say.", phrase)
        self._fail(f"a {phrase.head} has no value", "Write an expression.", phrase)

    def _is_part(self, phrase: Phrase) -> bool:
        """Whether a phrase takes one of the results of a call that has several: eigh(A)[0]."""
        subject = phrase.parts[0]
        function = find_function(subject.text, self.scope.functions) if subject.head == "call" else None
        several = isinstance(function, Form) and function.parts and subject.text not in self.scope.names
        if phrase.text and not several:
            self._fail("only a call with several results can be taken apart", "Write w, V = eigh(A), or one name = expression.", subject)
        return bool(several)

    def _checked(self, parts: Sequence[Phrase]) -> Sequence[Phrase]:
        """The parts, none of which may be a comparison."""
        for part in parts:
            if part.head == "compare":
                self._fail("a comparison is only allowed inside where(...)", "Write where(condition, a, b).", part)
        return parts

    def _resolve(self, phrase: Phrase) -> Sequence[Phrase]:
        """Find what a call means and bind its arguments; the arguments that are expressions."""
        name = phrase.text
        if name in self.scope.names and name not in self.scope.functions:
            kind = "a function and a variable at once" if is_known_function(name) else "a variable, not a function"
            self._fail(f"{name} is {kind}", f"For a product write {name}*(...).", phrase)
        if name in self.letters and name not in self.scope.functions:
            self._fail(f"{name} is a dimension, not a function", f"For a product write {name}*(...).", phrase)
        if name not in self.scope.functions and (made := restated(phrase)) is not None:
            self.calls[id(phrase)] = made, {}
            return (made,)
        function = find_function(name, self.scope.functions)
        if function is None:
            self._fail(f"{name} is not a known function", advice_on(name, self.scope.functions), phrase)
        if isinstance(function, Form):
            if phrase.primes:
                self._fail(f"{name} is not a function of one number", f"Only {name}(...) without primes is defined.", phrase)
            if function.parts and id(phrase) not in self.parts:
                advice = f"Take one of them, {name}(...)[0], or name them all: a, b = {name}(...)."
                self._fail(f"{name} has {function.parts if function.parts > 0 else 'several'} results", advice, phrase)
            bound = function.bind(phrase)
            self.calls[id(phrase)] = function, bound
            return self._expressions(function, bound)
        self.calls[id(phrase)] = function, {}
        if phrase.keywords:
            key, value = phrase.keywords[0]
            self._fail(f"{name} has no keyword {key}", "Write its arguments in order.", value)
        self._check_arguments(phrase, function)
        return self._checked(phrase.parts)

    def _check_arguments(self, phrase: Phrase, function: FunctionSpec | AbstractFunction) -> None:
        name, given = phrase.text, len(phrase.parts)
        spec = function.binding if isinstance(function, AbstractFunction) else function
        if spec is None:
            if not 1 <= given <= MOST_ARGUMENTS or (given > 1 and isinstance(phrase.primes, int) and phrase.primes):
                self._fail(*misused(phrase), phrase)
            usual = self.scope.arguments.setdefault(name, given)
            if given != usual:
                self._fail(f"{name} has {given} arguments here, and {usual} above", "Give it the same everywhere.", phrase)
            return
        wanted = len(spec.parameters)
        if phrase.primes and wanted != 1 and isinstance(phrase.primes, int):
            self._fail(
                f"{name} has {wanted} arguments, so a prime does not say by which", "Primes are for functions of one argument.", phrase
            )
        if given != wanted and not (wanted == 2 and given > 2 and spec.name in ASSOCIATIVE):
            plural = "s" if wanted != 1 else ""
            self._fail(f"{name} takes {wanted} argument{plural}, not {given}", f"Write {name}({', '.join(spec.parameters)}).", phrase)

    def _expressions(self, function: Form, bound: Mapping[str, tuple[Phrase, ...]]) -> list[Phrase]:
        found: list[Phrase] = []
        for parameter in function.parameters:
            parts = bound.get(parameter.name, ())
            match parameter.kind:
                case "Tree" | "Labels" if not is_written(parameter.kind, parts):
                    found += self._checked(parts)
                case "Trees":
                    if parts[0].head not in ("list", "tuple") or not parts[0].parts:
                        self._fail(f"{function.name} takes a list of expressions", f"Write {function.name}([a, b]).", parts[0])
                    found += self._checked(parts[0].parts)
                case "Blocks":
                    rows = parts[0].parts
                    if parts[0].head != "list" or not rows or not all(r.head == "list" and r.parts for r in rows):
                        self._fail(f"{function.name} takes rows of expressions", f"Write {function.name}([[A, B], [C, D]]).", parts[0])
                    for row in rows:
                        found += self._checked(row.parts)
                case "Condition":
                    if parts[0].head != "compare":
                        self._fail("the first argument of where is a comparison", "Write where(x > 0, a, b).", parts[0])
                    found += parts
        return found

    # ------------------------------------------------------------ building

    def _build(self, phrase: Phrase) -> tuple[Tree, constants.Value | None]:
        """The tree of a phrase whose parts are done, and its value where it is a constant."""
        parts = phrase.parts
        match phrase.head:
            case "number":
                literal = Fraction(phrase.text)
                return nodes.number(literal, not phrase.text.isdigit()), literal
            case "name":
                return self._named(phrase)
            case "add":
                return self._sum(phrase)
            case "neg":
                value = self.values[id(parts[0])]
                return self._negated(parts[0]), None if value is None else constants.product([value, Fraction(-1)])
            case "mul":
                return self._product(phrase)
            case "over":
                value = self.values[id(parts[0])]
                return nodes.reciprocal(self.trees[id(parts[0])]), None if value is None else constants.inverse(value)
            case "matmul":
                return self._matmul(phrase), None
            case "pow":
                return self._power(phrase)
            case "transpose":
                return nodes.transpose(self.trees[id(parts[0])]), self.values[id(parts[0])]
            case "compare":
                shape = self._conform(parts, phrase.text)
                left, right = (stretched(self.trees[id(p)], shape) for p in parts)
                return nodes.compare(phrase.text, left, right), None
            case "list":
                return stacked([self.trees[id(p)] for p in phrase.parts]), None
            case "index":
                return (self._part(phrase) if id(phrase.parts[0]) in self.results else self._index(phrase)), None
        return self._call(phrase)

    def _named(self, phrase: Phrase) -> tuple[Tree, constants.Value | None]:
        name = phrase.text
        if name in self.scope.names:
            return self.scope.names[name], None
        if canonical(name) == "pi":
            return PI, constants.PiMultiple(Fraction(1))
        if name in self.letters:
            return nodes.size(name), None
        if name in NOT_NUMBERS:
            self._fail(f"{name} is not a number", "Only finite real numbers have a place in a program.", phrase)
        if name in RESERVED:
            self._fail(f"{name} is a reserved word", "Use another name.", phrase)
        if is_known_function(name):
            self._fail(f"{name} is a function", f"Call it: {name}(x).", phrase)
        advice = "For the exponential write exp(x)." if name == "e" else closest(name, self.scope.names) or "Define it above this line."
        self._fail(f"{name} is not defined", advice, phrase)

    def _negated(self, phrase: Phrase) -> Tree:
        """-x; the sign joins a literal, also the one in front of a product (-2*x, as Python reads it)."""
        tree = self.trees[id(phrase)]
        if isinstance(tree, Number):
            return nodes.number(-tree.value, tree.decimal)
        if isinstance(tree, Contraction) and phrase.head == "mul" and phrase.parts[0].head == "number":
            first = tree.args[0]
            assert isinstance(first, Number)
            return nodes.rebuild(tree, (nodes.number(-first.value, first.decimal), *tree.args[1:]))
        return nodes.scale(MINUS_ONE, tree)

    def _sum(self, phrase: Phrase) -> tuple[Tree, constants.Value | None]:
        shape = self._conform(phrase.parts, "+")
        tree = nodes.add([nodes.broadcast(self.trees[id(p)], shape) for p in phrase.parts])
        return tree, self._constant(phrase.parts, constants.total)

    def _product(self, phrase: Phrase) -> tuple[Tree, constants.Value | None]:
        shape = self._conform(phrase.parts, "*")
        if any(p.head == "list" for p in phrase.parts) and any(self.values[id(p)] is not None for p in phrase.parts):
            self._fail("in Python a list times a number repeats it", "Write the entries as they are to be.", phrase)
        factors: list[Tree] = []
        literal = False  # whether the last factor is a whole literal, which a whole literal below makes a fraction
        for part in phrase.parts:
            tree = self.trees[id(part)]
            below = self.trees[id(part.parts[0])] if part.head == "over" and part.parts[0].head == "number" else None
            if literal and isinstance(below, Number) and not below.decimal:
                last = factors[-1]
                assert isinstance(last, Number)
                factors[-1] = nodes.number(last.value / below.value)
                literal = False
                continue
            factors.append(tree)
            literal = part.head == "number" and isinstance(tree, Number) and not tree.decimal
        return product(factors, shape), self._constant(phrase.parts, constants.product)

    def _matmul(self, phrase: Phrase) -> Tree:
        tree = self.trees[id(phrase.parts[0])]
        for k, part in enumerate(phrase.parts[1:], 1):
            right = self.trees[id(part)]
            try:
                tree = matrix_product(tree, right)
            except ShapeError as error:
                left = self._described(phrase.parts[:k], tree.shape)
                raise ShapeError(f"{left} @ {self._described((part,), right.shape)}: {error.what}", advice=error.advice) from None
        return tree

    def _power(self, phrase: Phrase) -> tuple[Tree, constants.Value | None]:
        base, exponent = phrase.parts
        shape = self._conform(phrase.parts, "**")
        under, over = self.trees[id(base)], self.trees[id(exponent)]
        b, e = self.values[id(base)], self.values[id(exponent)]
        if e is not None:
            if b is not None:
                return nodes.power(under, over), constants.power(b, e)
            constants.check_exponent(e)
        return nodes.power(nodes.broadcast(under, shape), stretched(over, shape)), None

    def _index(self, phrase: Phrase) -> Tree:
        subject = self.trees[id(phrase.parts[0])]
        if any(p.head == "list" for p in phrase.parts[1:]):
            taken, rest = at_places(subject, phrase.parts[1:], self.letters)
            return select(taken, rest, self.letters, self.scope.known)
        if labels := [p for p in phrase.parts[1:] if self._is_label(p)]:
            return arranged(subject, self.trees[id(labels[0])], len(phrase.parts)) or self._gather(phrase, subject, labels)
        return select(subject, phrase.parts[1:], self.letters, self.scope.known)

    def _part(self, phrase: Phrase) -> Tree:
        """One of the results of a call."""
        subject, *which = phrase.parts
        results = self.results[id(subject)]
        if phrase.text and int(phrase.text) != len(results):
            self._fail(f"{subject.text} has {len(results)} results, not {phrase.text}", "Name each of them.", subject)
        if len(which) != 1 or which[0].head != "number" or not which[0].text.isdigit() or int(which[0].text) >= len(results):
            self._fail(f"{subject.text} has the results 0 to {len(results) - 1}", f"Write {subject.text}(...)[0].", phrase)
        chosen = results[int(which[0].text)]
        if chosen is None:
            self._fail(f"the result {which[0].text} of {subject.text} is not supported", f"Write {subject.text}(...)[0].", phrase)
        return chosen

    def _gather(self, phrase: Phrase, subject: Tree, labels: Sequence[Phrase]) -> Tree:
        chosen = self.trees[id(labels[0])]
        integers = isinstance(chosen, Leaf) and "integer" in chosen.facts
        if len(phrase.parts) > 2 or len(chosen.shape) != 1 or not integers:
            advice = "x[labels] takes rows by a vector declared 'labels: (m,) integer'; one of k classes is onehot(labels, k)."
            raise UnsupportedError("an index is a whole number, a dimension, a slice, or None", advice=advice).located(labels[0].place, "")
        return nodes.operation(OPERATIONS["gather"], [subject, chosen])

    def _is_label(self, phrase: Phrase) -> bool:
        """Whether an index is an expression of the program rather than a position."""
        return phrase.head not in ("none", "slice", "list") and dimension_of(phrase, self.letters) is None

    def _call(self, phrase: Phrase) -> tuple[Tree, constants.Value | None]:
        function, bound = self.calls[id(phrase)]
        if isinstance(function, Phrase):
            return self.trees[id(function)], self.values[id(function)]
        arguments = [self.trees[id(p)] for p in phrase.parts if id(p) in self.trees]
        if isinstance(function, Form):
            if function.name == "where":
                self._conform(phrase.parts, "where")
            try:
                built = self._formed(function, bound)
                if not function.parts:
                    return built, None
                self.results[id(phrase)] = built
                return next(t for t in built if t is not None), None
            except ShapeError as error:
                raise self._explained(error, phrase, function, bound) from None
        return self._apply(phrase, function, arguments)

    def _formed(self, function: Form, bound: Mapping[str, tuple[Phrase, ...]]) -> Any:
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        for parameter in function.parameters:
            parts = bound.get(parameter.name)
            if parts is None:
                continue
            if parameter.variadic:
                positional += [self.trees[id(p)] for p in parts]
            elif any(p.variadic for p in function.parameters):
                positional.append(self._argument(function, parameter.kind, parts[0]))
            else:
                keywords[parameter.name] = self._argument(function, parameter.kind, parts[0])
        return function.build(*positional, **keywords)

    def _argument(self, function: Form, kind: str, part: Phrase) -> Any:
        """An argument as a value of its parameter's kind."""
        match kind:
            case "Tree" | "Condition" | "Labels" if not is_written(kind, (part,)):
                return self.trees[id(part)]
            case "Blocks":
                return [[self.trees[id(p)] for p in row.parts] for row in part.parts]
            case "Trees":
                return [self.trees[id(p)] for p in part.parts]
        try:
            return plain_argument(kind, part, self.letters)
        except Mismatch as mismatch:
            advice = (kind == "Axes" and instead(function.name)) or self._size_advice(part) or function.usage()
            self._fail(f"{function.name} needs {mismatch} here", advice, part)

    def _size_advice(self, phrase: Phrase) -> str:
        for p in walk(phrase):
            if p.head == "name" and p.text in self.scope.names and p.text in self.scope.dims:
                return f"{p.text} is a variable here; give the dimension another letter."
            if p.head == "name" and p.text not in self.letters and p.text not in ("True", "False"):
                return f"{p.text} is no dimension: no input has an axis of that size."
        return ""

    def _apply(self, phrase: Phrase, function: Any, arguments: list[Tree]) -> tuple[Tree, constants.Value | None]:
        shape = self._conform(phrase.parts, phrase.text)
        arguments = [stretched(a, shape) for a in arguments]
        if phrase.primes:
            if isinstance(function, FunctionSpec):  # sigmoid'(z): the registered function under its own name
                function = abstract(phrase.text, function)
            orders = (phrase.primes,) if isinstance(phrase.primes, int) else phrase.primes
            return nodes.apply(function, *arguments, orders=orders), None
        tree = arguments[0]
        binary = isinstance(function, FunctionSpec) and len(arguments) > len(function.parameters)
        if binary:
            for other in arguments[1:]:
                tree = nodes.apply(function, tree, other)
        else:
            tree = nodes.apply(function, *arguments)
        spec = function.binding if isinstance(function, AbstractFunction) else function
        if spec is None or binary:
            return tree, None
        return tree, self._constant(phrase.parts, lambda values: constants.applied(spec, tuple(values)))

    # ------------------------------------------------------------ shapes and messages

    def _conform(self, parts: Sequence[Phrase], symbol: str) -> Shape:
        """The common shape. Refuses shapes that do not conform, and an operation that enlarges both sides unless None is written."""
        shape: Shape = ()
        for k, part in enumerate(parts):
            own = self.trees[id(part)].shape
            if own == shape or not own:
                continue
            result = broadcast_shape(shape, own)
            if result is None:
                self._refuse_shapes(
                    parts, k, symbol, shape, own, "have shapes that do not conform", "Trailing axes align; sizes are equal or 1."
                )
            if result not in (shape, own) and not any(map(has_new_axis, parts[: k + 1])):
                advice = "If this is meant, write the new axis: x[:, None] + y[None, :]."
                self._refuse_shapes(parts, k, symbol, shape, own, f"would both be enlarged to {show(result)}", advice)
            shape = result
        return shape

    def _refuse_shapes(self, parts: Sequence[Phrase], k: int, symbol: str, left: Shape, right: Shape, what: str, advice: str) -> NoReturn:
        parts = [p.parts[0] if p.head in ("neg", "over") and j else p for j, p in enumerate(parts)]
        j = next((j for j in range(k) if self.trees[id(parts[j])].shape == left), None)
        first = self._described(parts[:k] if j is None else parts[j : j + 1], left)
        place = parts[0].place if len(parts) == 1 else None
        raise ShapeError(
            f"{first} and {self._described((parts[k],), right)} {what} in {_OPERATION.get(symbol, symbol)}", advice=advice, place=place
        )

    def _described(self, parts: Sequence[Phrase], shape: Shape) -> str:
        """An operand as it was written, with its shape."""
        first, last = parts[0].place, parts[-1].place
        text = ""
        if first and last and first.line == last.line and first.line <= len(self.scope.lines):
            text = self.scope.lines[first.line - 1][first.column - 1 : last.column - 1 + last.width]
        elif len(parts) == 1 and parts[0].head == "name":
            text = parts[0].text
        return f"{text} {show(shape)}" if 0 < len(text) <= 60 else f"an operand of shape {show(shape)}"

    def _explained(self, error: ShapeError, phrase: Phrase, function: Form, bound: Mapping[str, tuple[Phrase, ...]]) -> ShapeError:
        """A shape error of a call, naming its operands."""
        operands = [self._described((p,), self.trees[id(p)].shape) for p in self._expressions(function, bound)]
        advice = error.advice
        if "axis" in bound and not any(self.trees[id(p)].shape for p in self._expressions(function, bound)):
            advice = instead(function.name) or advice
        return ShapeError(f"{error.what} ({phrase.text} of {', '.join(operands)})", advice=advice)

    def _constant(self, parts: Sequence[Phrase], combine: Any) -> constants.Value | None:
        values: list[constants.Value] = []
        for p in parts:
            value = self.values[id(p)]
            if value is None:
                return None
            values.append(value)
        result: constants.Value | None = combine(values)
        return result

    def _fail(self, what: str, advice: str, phrase: Phrase) -> NoReturn:
        raise self._located(ParseError(what, advice=advice), phrase)

    def _located(self, error: SymchainError, phrase: Phrase) -> SymchainError:
        """The error with its place and the line it is on."""
        error.place = error.place or phrase.place
        if error.place is not None and not error.source and error.place.line <= len(self.scope.lines):
            error.source = self.scope.lines[error.place.line - 1]
        return error


_OPERATION = {"+": "a sum", "*": "a product", "**": "a power"} | dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), "a comparison")
