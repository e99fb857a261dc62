"""A program's text to a Program: what is an input, a block, a function, a dimension; every mistake with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NoReturn

import sympy

from symchain.errors import ArgumentError, LimitError, ParseError, Place, ShapeError, SymchainError
from symchain.functions.spec import AbstractFunction, FunctionSpec, abstract, find
from symchain.kernels.facts import FACTS
from symchain.language import definitions  # noqa: F401  (registers losses and layers)
from symchain.language.elaborate import Scope, elaborate
from symchain.language.inputs import (
    Declared,
    add_given,
    bindings,
    check_block_name,
    check_bound,
    check_free,
    check_spellings,
    dimension_symbol,
    mapping,
    two_spellings,
    variable,
)
from symchain.language.lookup import closest, elementwise_names, find_function
from symchain.language.remarks import refuse_letter_powers, remarks_on
from symchain.language.settling import settled
from symchain.language.shapes import check_letters, shape_of
from symchain.language.spelling import NOT_NUMBERS, RESERVED, canonical, is_abstract, is_word_of_function
from symchain.language.statements import Declaration, Definition, Statement, parse_statements
from symchain.language.tokens import source_lines
from symchain.nouns.computation import Block, Computation, Remark, Variable
from symchain.nouns.program import Program
from symchain.support.dimensions import Dim, Shape, minima, show
from symchain.support.notation import Phrase, walk
from symchain.tensors.facts import implied
from symchain.tensors.isolation import Isolation
from symchain.tensors.nodes import Tree, leaf

MAX_NAMES = 200_000
_FUNCTION = "function"  # `name: function` declares a function


def read_program(
    text: str,
    shapes: Mapping[str, Any] | None = None,
    assume: Mapping[str, Any] | None = None,
    let: Mapping[str, Any] | None = None,
) -> Program:
    """The Program a text without families describes (`families.read_text` reads any).

    `shapes` maps names to tuples of ints and letters, `assume` names to facts, `let` function names to what they stand for.
    Raises ParseError, ShapeError, LimitError; ArgumentError for what is not text or no known fact.

    >>> program = read_program("W: (h, n)\\na = tanh(W @ x)", shapes={"x": ("n",)})
    >>> program.blocks["a"].shape, list(program.inputs)
    (('h',), ['W', 'x'])
    """
    if not isinstance(text, str):
        raise ArgumentError(f"a program is a text, not {type(text).__name__}", advice="SymPy expressions go to symchain.program.")
    reading = Reading(
        parse_statements(text), source_lines(text), mapping(shapes, "shapes"), mapping(assume, "assume"), mapping(let, "let")
    )
    program = reading.program()
    check_bound(reading.let, [*reading.called, *(d.name for d in reading.declarations)])
    return program


def build_program(
    statements: Sequence[Statement],
    lines: list[str],
    shapes: Mapping[str, Any] | None = None,
    assume: Mapping[str, Any] | None = None,
    let: Mapping[str, Any] | None = None,
) -> Program:
    """The Program that statements describe, wherever they were read; `lines` is the text their places refer to."""
    given = mapping(shapes, "shapes"), mapping(assume, "assume"), mapping(let, "let")
    return Reading(statements, lines, *given).program()


def program_scope(program: Computation, lines: tuple[str, ...] = ()) -> Scope:
    """The scope in which an expression about a program is read: its inputs and blocks, dimensions and functions."""
    names: dict[str, Tree] = {name: variable.leaf for name, variable in program.inputs.items()}
    names.update({name: block.leaf for name, block in program.blocks.items()})
    return Scope(names, program.dimensions, program.functions, lines, program.known)


class Reading:
    """The work on one text, in passes: statements, functions, inputs, blocks."""

    def __init__(
        self,
        statements: Sequence[Statement],
        lines: list[str],
        shapes: Mapping[str, Any],
        assume: Mapping[str, Any],
        let: Mapping[str, Any],
    ) -> None:
        self.lines = lines
        self.declarations = [s for s in statements if isinstance(s, Declaration)]
        self.definitions = [s for s in statements if isinstance(s, Definition)]
        self.shapes, self.assume, self.let = shapes, assume, let
        self.declared: dict[str, Declared] = {}
        self.functions: dict[str, AbstractFunction] = {}
        self.called: dict[str, Place | None] = {}
        self.mentioned: dict[str, Place | None] = {}  # plain names, by first appearance

    def program(self) -> Program:
        for definition in self.definitions:
            for phrase in walk(definition.phrase):
                if phrase.head == "call":
                    self.called.setdefault(phrase.text, phrase.place)
        for definition in self.definitions:
            if definition.index is not None:
                advice = "A name is defined once, as a whole; use where(...) or stack(...)."
                self._fail("items cannot be assigned", advice, definition.place)
        self.declare()
        self.bind()
        if not self.definitions:
            self._fail("the program defines nothing", "Write a line such as y = a*x + b.", Place(1, 1))
        blocks = self._defined()
        self._scan(blocks)
        inputs, dims = self._inputs(blocks)
        self._check_spellings([*inputs, *blocks, *self.functions, *self.called, *dims])
        return settled(lambda known: self._elaborated(inputs, dims, known))

    # ------------------------------------------------------------ declarations and functions

    def declare(self) -> None:
        """Shapes and facts from the text, then from the call."""
        seen: dict[str, Place] = {}
        for d in self.declarations:
            if d.name in seen:
                self._fail(f"{d.name} is declared twice, first on line {seen[d.name].line}", "Join the declarations on one line.", d.place)
            seen[d.name] = d.place
            with self.at(d.place):
                check_free(d.name)
            if [f for f, _ in d.facts] == [_FUNCTION] and d.shape is None:
                self.functions[d.name] = abstract(d.name)
                continue
            for fact, place in d.facts:
                if fact not in FACTS:
                    advice = closest(fact, FACTS) or f"Facts are {', '.join(FACTS)}; a function is declared 'f: function'."
                    self._fail(f"{fact} is no fact", advice, place)
            shape = None
            if d.shape is not None:
                with self.at(d.place):
                    shape = shape_of(d.shape)
            self.declared[d.name] = Declared(shape, {f: None for f, _ in d.facts}, d.place)
        with self.at(None):
            add_given(self.declared, self.shapes, self.assume)

    def bind(self) -> None:
        """Function names bound by lines such as `sigma1 = sigmoid`, which are taken out of the definitions, and by let=, which prevails."""
        self.functions.update(bindings(self.let))
        defined = {d.name for d in self.definitions}
        read = {p.text for d in self.definitions if d.phrase.head != "name" for p in walk(d.phrase) if p.head == "name"}
        kept: list[Definition] = []
        bound: set[str] = set()
        for d in self.definitions:
            spec = self._bound_function(d, defined, read)
            if spec is None:
                kept.append(d)
                continue
            if d.name in bound or d.name in defined - {d.name} or any(k.name == d.name for k in kept):
                self._fail(f"{d.name} is defined twice", "Give the second one another name.", d.place)
            place = self.called.get(d.name)
            if place is not None and (place.line, place.column) < (d.place.line, d.place.column):
                self._fail(f"{d.name} is called above the line that binds it", "Move this line up.", d.place)
            bound.add(d.name)
            if d.name not in self.let:
                self.functions[d.name] = abstract(d.name, spec)
        self.definitions = kept
        for name in self.functions:
            if name in self.declared:
                self._fail(
                    f"{name} is declared as an input and used as a function",
                    "Choose another name for one of them.",
                    self.declared[name].place,
                )

    def _bound_function(self, d: Definition, defined: set[str], read: set[str]) -> FunctionSpec | None:
        """The function that a line `name = function` binds, or None for a line that defines a block.

        The line binds when the left name is called, or when the right one could not be meant as an input.
        """
        if d.phrase.head != "name":
            return None
        right = d.phrase.text
        if d.name in self.called and right not in defined and right not in self.declared:
            self._check_bindable(d, right)
        if right in self.functions and right not in self.declared:
            known: Any = self.functions[right].binding
        else:
            known = find(right)
        if not isinstance(known, FunctionSpec) or right in self.declared or right in defined - set(self.functions):
            return None
        meant = d.name in self.called or (not is_abstract(right) and not {right, d.name} & read)  # y = gamma reads a coefficient
        return known if meant else None

    def _check_bindable(self, d: Definition, right: str) -> None:
        """The left name is called, so the right one must be a function that applies to single numbers."""
        known = find_function(right, self.functions)
        if right in self.functions or isinstance(known, FunctionSpec):
            return
        if known is None or isinstance(known, AbstractFunction):
            self._fail(
                f"{right} is not a known function",
                closest(right, elementwise_names()) or f"To keep {d.name} abstract, leave this line out.",
                d.phrase.place,
            )
        self._fail(f"{right} works on whole arrays, so {d.name} cannot stand for it", f"Call {right}(...) by its own name.", d.phrase.place)

    # ------------------------------------------------------------ names

    def _defined(self) -> dict[str, Definition]:
        blocks: dict[str, Definition] = {}
        for d in self.definitions:
            if d.name in blocks:
                first = blocks[d.name].place.line
                self._fail(f"{d.name} is defined twice, first on line {first}", "Every name is defined once: choose another name.", d.place)
            with self.at(d.place):
                check_block_name(d.name, self.functions, d.name in self.called)
            known = self.declared.get(d.name)
            if known is not None and known.place is not None:
                what = f"{d.name} is declared as an input on line {known.place.line} and defined here"
                self._fail(what, "Remove one of the two: blocks are not declared.", d.place)
            blocks[d.name] = d
        return blocks

    def _scan(self, blocks: Mapping[str, Definition]) -> None:
        """Gather the names that are read, and refuse those read before they are defined."""
        for declaration in self.declarations:
            if declaration.name in self.declared:
                self.mentioned.setdefault(declaration.name, declaration.place)
        done: set[str] = set()
        for d in self.definitions:
            for phrase in walk(d.phrase):
                if phrase.head == "name":
                    self._mention(phrase, d, blocks, done)
            done.add(d.name)

    def _mention(self, phrase: Phrase, d: Definition, blocks: Mapping[str, Definition], done: set[str]) -> None:
        name = phrase.text
        if name in blocks and name not in done:
            if name == d.name:
                self._fail(f"{name} is defined by itself", "Give the new value another name.", phrase.place)
            cycle = self._cycle(name, d.name, blocks)
            if cycle:
                self._fail(f"a cycle: {' -> '.join(cycle)}", "A program runs from top to bottom: break the cycle.", phrase.place)
            what = f"{name} is used before it is defined on line {blocks[name].place.line}"
            self._fail(what, f"Move the line that defines {name} above this one.", phrase.place)
        self.mentioned.setdefault(name, phrase.place)

    @staticmethod
    def _cycle(start: str, goal: str, blocks: Mapping[str, Definition]) -> list[str]:
        """The names by which `start` depends on `goal`, closed to a circle; empty where it does not."""
        came_from: dict[str, str] = {start: goal}
        queue = [start]
        for name in queue:
            for phrase in walk(blocks[name].phrase):
                if phrase.head == "name" and phrase.text == goal:
                    path = [goal, name]
                    while name != start:
                        name = came_from[name]
                        path.append(name)
                    path.append(goal)
                    return path[::-1]
                if phrase.head == "name" and phrase.text in blocks and phrase.text not in came_from:
                    came_from[phrase.text] = name
                    queue.append(phrase.text)
        return []

    def _check_spellings(self, names: list[str]) -> None:
        pair = two_spellings(names)
        if pair is not None:
            defined = {d.name: d.place for d in self.definitions}
            with self.at(self.mentioned.get(pair[0]) or self.called.get(pair[0]) or defined.get(pair[0])):
                check_spellings(pair[::-1])

    # ------------------------------------------------------------ inputs

    def _inputs(self, blocks: Mapping[str, Definition]) -> tuple[dict[str, Variable], tuple[str, ...]]:
        shapes = {n: d.shape or () for n, d in self.declared.items() if n not in blocks}
        with self.at(next((d.place for d in self.declared.values() if d.place), None)):
            dims = check_letters(shapes)
        inputs: dict[str, Variable] = {}
        if len(self.mentioned) + len(self.declared) > MAX_NAMES:
            raise LimitError(f"the program reads more than {MAX_NAMES} names", advice="Gather scalars in arrays.")
        for name in (*self.mentioned, *self.declared):
            place = self.mentioned.get(name)
            if name in inputs or name in blocks or (name in dims and name not in self.declared):
                continue
            if name not in self.declared and (canonical(name) == "pi" or name in RESERVED or name in NOT_NUMBERS):
                continue
            if name in self.called:
                what = f"{name} is used as a variable and called as a function"
                self._fail(what, f"For a product write {name}*(...); otherwise choose another name.", self.called[name])
            if name in self.functions:
                self._fail(f"{name} is a function of this program", f"Call it: {name}(z).", place)
            known = self.declared.get(name)
            with self.at(known.place if known else place):
                check_free(name)
                inputs[name] = variable(name, known)
        return inputs, dims

    # ------------------------------------------------------------ blocks

    def _elaborated(self, inputs: dict[str, Variable], dims: tuple[str, ...], known: Mapping[Dim, int]) -> Program:
        self._refuse_bases(inputs)
        names: dict[str, Tree] = {n: v.leaf for n, v in inputs.items()}
        symbols: dict[str, Any] = {d: dimension_symbol(d) for d in dims}
        symbols.update({n: v.symbol for n, v in inputs.items()})
        shared = MappingProxyType(symbols)
        scope = Scope(names, dims, self.functions, self.lines, known)
        blocks: dict[str, Block] = {}
        trees: dict[str, Tree] = {}
        isolation = Isolation(trees)
        remarks: list[Remark] = []
        undeclared = {name for name, variable in inputs.items() if not variable.declared}
        for d in self.definitions:
            refuse_letter_powers(d.phrase, scope, undeclared)
            tree = trees[d.name] = isolation.marked(elaborate(d.phrase, scope))
            remarks += remarks_on(d.phrase, scope)
            reads = dict.fromkeys(p.text for p in walk(d.phrase) if p.head == "name" and p.text in names)
            own = leaf(d.name, tree.shape, implied(tree))
            self._check_given(d, tree.shape)
            blocks[d.name] = Block(d.name, tree.shape, tree, d.phrase, tuple(reads), own, shared)
            names[d.name] = own
            if not tree.shape:
                symbols[d.name] = sympy.Symbol(d.name, real=True)
        for name in self.called:
            function = find_function(name, self.functions)
            if isinstance(function, AbstractFunction):
                self.functions.setdefault(name, function)
        functions = MappingProxyType(self.functions)
        return Program(MappingProxyType(inputs), MappingProxyType(blocks), dims, functions, shared, remarks=tuple(remarks), known=known)

    def _refuse_bases(self, inputs: Mapping[str, Variable]) -> None:
        """e**x with an e that nobody declared or defined means exp(x), and sin**2 or exp**x a function that was meant to be called."""
        names = {name for name in inputs if not inputs[name].declared and (name == "e" or is_word_of_function(name))}
        if not names:
            return
        for d in self.definitions:
            for phrase in walk(d.phrase):
                if phrase.head == "pow" and phrase.parts[0].head == "name" and (base := phrase.parts[0].text) in names:
                    if base == "e":
                        what = "e is neither declared nor defined"
                        advice = "For the exponential write exp(x); to have an input e, declare it: 'e: positive'."
                    else:
                        what = f"{base} is a function, and has no argument here"
                        advice = f"Call it: {base}(x); to have an input {base}, declare it: '{base}: ()'."
                    self._fail(what, advice, phrase.place)

    def _check_given(self, d: Definition, shape: Shape) -> None:
        """shapes= may name a block: then it must agree. Facts are for inputs alone."""
        known = self.declared.get(d.name)
        if known is None:
            return
        if known.facts:
            self._fail(f"{d.name} is a block: facts are about inputs", f"Remove {d.name} from assume=.", d.place)
        if known.shape != shape:
            what = f"{d.name} has shape {show(shape)}, but shapes= says {show(known.shape or ())}"
            error = ShapeError(what, advice="Correct the shape, or the line.", place=d.place, source=self._line(d.place))
            error.assumed = minima(shape)
            raise error

    # ------------------------------------------------------------ messages

    def _line(self, place: Place | None) -> str:
        return self.lines[place.line - 1] if place is not None and place.line <= len(self.lines) else ""

    @contextmanager
    def at(self, place: Place | None) -> Iterator[None]:
        """Errors raised inside get this place, unless they have one, and its line."""
        try:
            yield
        except SymchainError as error:
            error.place = error.place or place
            error.source = error.source or self._line(error.place)
            raise

    def _fail(self, what: str, advice: str, place: Place | None) -> NoReturn:
        raise ParseError(what, advice=advice, place=place, source=self._line(place))
