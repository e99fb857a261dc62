"""A recording: what a function did with symbolic arrays, in order, and the program that this is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import pi
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from symchain.errors import LimitError, Place, ShapeError, SymchainError, UnsupportedError
from symchain.language.elaborate import Scope, elaborate
from symchain.language.inputs import Declared, check_block_name, check_free, variable
from symchain.language.reading import build_program
from symchain.language.shapes import broadcast_shape, check_letters
from symchain.language.spelling import canonical
from symchain.language.statements import Declaration, Definition
from symchain.nouns.program import Program
from symchain.support.dimensions import Dim, Shape, evaluate, terms
from symchain.support.notation import Phrase, call, name, negate, rewritten, walk
from symchain.support.notation import number as literal
from symchain.tensors.nodes import leaf
from symchain.tensors.trees import Tree

MOST = 50_000
"""Operations a function may do: a longer loop is a recursion, which is written with an index."""
SMALL = 16
"""Arrays of so many numbers at most stand in the program as they are; larger ones are inputs with a value."""
_INTERNAL = re.compile(r"%\d+")
_CHAINS = ("add", "mul", "matmul")


def words(text: str, mark: str | None = None) -> list[str]:
    """The words of a table."""
    return text.split(mark)


class Library(Protocol):
    """What the names of a library mean here."""

    @property
    def name(self) -> str: ...

    @property
    def dtype(self) -> Any: ...

    @property
    def device(self) -> Any: ...

    def call(self, recording: Recording, function: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any: ...


@dataclass(eq=False)
class Value:
    """One array that was worked out: how, from which others, where in the user's text, and what the user calls it."""

    key: str
    phrase: Phrase
    shape: Shape
    place: Place | None = None
    name: str = ""
    is_input: bool = False


@dataclass(eq=False)
class Recording:
    """The work on one call of the user's function."""

    array_library: Library
    wrap: Callable[[Recording, Value], Any]
    """What the function sees of a value."""
    seen: Callable[[Any], Phrase | None]
    """The phrase of what the function sees: None for what is no symbolic array."""
    where: Callable[[], Place | None]
    """The place in the user's function that is running."""
    lines: Sequence[str] = ()
    source: str = ""
    """The name of the function and its file, for messages."""
    values: dict[str, Value] = field(default_factory=dict)
    leaves: dict[str, Tree] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    facts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dims: tuple[str, ...] = ()
    constants: dict[str, Any] = field(default_factory=dict)
    called: dict[int, tuple[Any, Phrase]] = field(default_factory=dict)
    """What stands for arrays that the function found outside: by identity, with the array, so that it lives."""
    names_of: dict[int, str] = field(default_factory=dict)
    """What the user calls arrays that the function finds outside."""

    # ------------------------------------------------------------ inputs

    def declare(self, shapes: Mapping[str, Shape], facts: Mapping[str, tuple[str, ...]]) -> list[Any]:
        """The function's inputs, in order."""
        self.dims = check_letters(shapes)
        for letter in self.dims:
            if letter in shapes:
                what = f"{letter} is both an input and a letter in a shape"
                raise ShapeError(what, advice="Use another letter for the size.")
        return [self.input(name, shape, facts.get(name, ())) for name, shape in shapes.items()]

    def input(self, key: str, shape: Shape, facts: tuple[str, ...] = ()) -> Any:
        check_free(key)
        own = variable(key, Declared(shape, dict.fromkeys(facts))).leaf
        self.shapes[key], self.facts[key] = shape, facts
        self.leaves[key] = own
        value = self.values[key] = Value(key, name(key), shape, name=key, is_input=True)
        return self.wrap(self, value)

    def labels(self, given: Any) -> Phrase:
        """Whole numbers that choose entries: a declared input, or an array from outside, which becomes one."""
        own = self.seen(given)
        if own is not None:
            return own
        array = self.detached(given) if hasattr(given, "detach") else np.asarray(given)
        return self.constant(array, labels=array.dtype.kind in "iu" and array.ndim > 0)

    def constant(self, array: np.ndarray[Any, Any], labels: bool = False) -> Phrase:
        """An array found outside of the function: written where it is small, an input with a value where it is not, or has a name."""
        if array.dtype == bool:
            array = array.astype(int)
        if array.dtype.kind not in "iuf":
            what = f"an array of {array.dtype}"
            raise UnsupportedError(what, advice="Arrays of real numbers have a place in a program.")
        if not np.isfinite(array).all():
            raise UnsupportedError("an array with nan or inf", advice="Only finite real numbers have a place in a program.")
        if not array.ndim:
            return number(array[()])
        known = None if labels else self.called.get(id(array))
        if known is not None:
            return known[1]
        if array.size == 0:
            raise ShapeError("an empty array", advice="Arrays have at least one entry.")
        same = array.ravel()[0]
        outside = labels or id(array) in self.names_of
        if (array == same).all() and not outside:
            shape = Phrase("tuple", tuple(literal(n) for n in array.shape))
            word = {0.0: "zeros", 1.0: "ones"}.get(float(same))
            phrase = call(word, shape) if word else call("full", shape, number(same))
        elif array.ndim == 2 and array.shape[0] == array.shape[1] and (array == np.eye(len(array))).all() and not outside:
            phrase = call("eye", literal(len(array)))
        elif array.size <= SMALL and not outside:
            phrase = _listed(array)
        else:
            key = self.free(self.names_of.get(id(array), "c"), self.values)
            self.input(key, array.shape, ("integer",) if array.dtype.kind in "iu" else ())
            self.constants[key] = array
            phrase = name(key)
        self.called[id(array)] = array, phrase
        return phrase

    # ------------------------------------------------------------ values

    def shape_of(self, phrase: Phrase) -> Shape:
        if phrase.head == "name" and phrase.text in self.values:
            return self.values[phrase.text].shape
        return self._tree(phrase).shape

    def phrase(self, given: Any) -> Phrase:
        """How something that a call was given is written."""
        seen = self.seen(given)
        if seen is not None:
            return seen
        if given is None:
            return Phrase("none")
        if isinstance(given, str):
            return Phrase("string", text=given)
        if isinstance(given, bool | np.bool_):
            return name(str(bool(given)))
        if isinstance(given, int | float | np.integer | np.floating):
            return number(given)
        if isinstance(given, slice):
            return Phrase("slice", (self.phrase(given.start), self.phrase(given.stop), self.phrase(given.step)))
        if isinstance(given, tuple | list):
            parts = tuple(self.phrase(g) for g in given)
            return Phrase("list" if isinstance(given, list) else "tuple", parts)
        if hasattr(given, "detach"):
            given = self.detached(given)
        if isinstance(given, np.ndarray):
            return self._entries(given) if given.dtype == object else self.constant(given)
        if hasattr(given, "__array__"):
            return self.constant(np.asarray(given))
        what = f"{type(given).__name__} as an operand"
        raise UnsupportedError(what, advice="Operands are arrays and numbers.")

    def _entries(self, array: np.ndarray[Any, Any]) -> Phrase:
        """An array of symbolic numbers."""
        if not array.ndim:
            return self.phrase(array[()])
        return Phrase("list", tuple(self._entries(row) if isinstance(row, np.ndarray) else self.phrase(row) for row in array))

    def detached(self, tensor: Any) -> np.ndarray[Any, Any]:
        """A tensor of PyTorch as an array, the same one each time."""
        known = self.called.get(id(tensor))
        if known is None:
            array = tensor.detach().cpu().numpy()
            if id(tensor) in self.names_of:
                self.names_of[id(array)] = self.names_of[id(tensor)]
            self.called[id(tensor)] = (tensor, Phrase("none"))
            self._arrays[id(tensor)] = array
        return self._arrays[id(tensor)]

    _arrays: dict[int, np.ndarray[Any, Any]] = field(default_factory=dict)

    def _tree(self, phrase: Phrase) -> Tree:
        try:
            return elaborate(phrase, Scope(self.leaves, self.dims))
        except SymchainError as error:
            error.what = _INTERNAL.sub(lambda m: self.values[m[0]].name or "an operand of shape", error.what)
            error.place, error.source = None, ""
            raise

    def made(self, phrase: Phrase) -> Any:
        """What the function sees of the value that a phrase describes."""
        if phrase.head == "name" and phrase.text in self.values:
            return self.wrap(self, self.values[phrase.text])
        if len(self.values) >= MOST:
            what = f"the function does more than {MOST} operations"
            raise LimitError(what, advice="Trace one step, and write the loop with an index: h[t] = ... for t in 1..T.")
        tree = self._tree(phrase)
        key = f"%{len(self.values)}"
        value = self.values[key] = Value(key, phrase, tree.shape, self.where())
        self.leaves[key] = leaf(key, tree.shape)
        return self.wrap(self, value)

    def again(self, phrase: Phrase) -> Any:
        """The value of a phrase as another one, which can be told from it."""
        key = f"%{len(self.values)}"
        shape = self.shape_of(phrase)
        value = self.values[key] = Value(key, phrase, shape, self.where())
        self.leaves[key] = leaf(key, shape)
        return self.wrap(self, value)

    def combined(self, make: Callable[..., Phrase], *operands: Any) -> Any:
        """An elementwise operation on operands that broadcast as NumPy's do."""
        return self.made(make(*self.conforming([self.phrase(o) for o in operands])))

    def conforming(self, parts: Sequence[Phrase]) -> list[Phrase]:
        """The operands such that the language broadcasts them: it asks for an axis that is written where both are enlarged."""
        parts = [_array(p) for p in parts]
        shapes = [self.shape_of(p) for p in parts]
        common: Shape | None = ()
        for shape in shapes:
            common = broadcast_shape(common, shape) if common is not None else None
        if common is None or common in shapes:
            return parts
        shown = [self._shown_axis(p) for p in parts]
        if any(s is not p for s, p in zip(shown, parts, strict=True)):
            return shown
        k = next(k for k, s in enumerate(shapes) if s)
        size = Phrase("tuple", tuple(dimension(d) for d in common))
        return [*parts[:k], call("broadcast_to", parts[k], size), *parts[k + 1 :]]

    def _shown_axis(self, phrase: Phrase) -> Phrase:
        """The phrase of a value that is an array with a new axis, in place of its name."""
        value = self.values.get(phrase.text) if phrase.head == "name" else None
        if value is None or value.phrase.head != "index" or not any(p.head == "none" for p in value.phrase.parts[1:]):
            return phrase
        return value.phrase

    # ------------------------------------------------------------ the program

    def free(self, wanted: str, taken: Iterable[str]) -> str:
        """A name for a block or an input: the one wanted, or that with a number."""
        used = {canonical(t) for t in taken} | set(self.dims)
        plain = re.sub(r"\W", "_", wanted).lstrip("_") or "v"
        if plain[0].isdigit():
            plain = f"v{plain}"
        for k in range(1, MOST):
            tried = plain if k == 1 else f"{plain}_{k}"
            try:
                check_block_name(tried, {})
            except SymchainError:
                continue
            if canonical(tried) not in used:
                return tried
        raise LimitError(f"more than {MOST} values are called {plain}", advice="Trace one step of the loop.")

    def program(self, results: Sequence[tuple[str, Any]], replaced: Mapping[str, str] = MappingProxyType({})) -> Program:
        """The program of what the function returned: pairs of a name to be used where it has none, and a value.

        Values that are `replaced` are inputs of these names.
        """
        wanted: list[tuple[str, str]] = []
        for title, result in results:
            phrase = self.phrase(result)
            if phrase.head != "name" or phrase.text not in self.values:
                made = self.seen(self.made(phrase))
                assert made is not None
                phrase = made
            wanted.append((title, phrase.text))
        order, uses = self._needed([key for _, key in wanted])
        named = self._named(order, uses, wanted)
        done: dict[str, Phrase] = {key: name(own) for key, own in replaced.items()}
        memo: dict[int, Phrase] = {}

        def change(p: Phrase) -> Phrase | None:
            return done.get(p.text) if p.head == "name" and p.text.startswith("%") else None

        definitions: list[Definition] = []
        last = {key for _, key in wanted}
        tail: list[Definition] = []
        for key in order:
            value = self.values[key]
            phrase = flat(rewritten(value.phrase, change, memo))
            if key in named:
                place = value.place or Place(1, 1)
                (tail if key in last else definitions).append(Definition(named[key], phrase, place))
                phrase = name(named[key])
            done[key] = phrase
        for title, key in wanted:
            if self.values[key].is_input or not any(d.name == named.get(key) for d in tail):
                chosen = self.free(title, [*named.values(), *self.shapes, *(d.name for d in tail)])
                tail.append(Definition(chosen, name(key), Place(1, 1)))
        read = {p.text for d in (*definitions, *tail) for p in walk(d.phrase) if p.head == "name"}
        kept = {n: s for n, s in self.shapes.items() if n not in self.constants or n in read}
        here = Place(1, 1)
        declarations = [Declaration(n, sizes(s), tuple((f, here) for f in self.facts[n]), here) for n, s in kept.items()]
        ordered = _in_order([*definitions, *tail])
        program = build_program([*declarations, *ordered], list(self.lines))
        values = {n: v for n, v in self.constants.items() if n in program.inputs}
        return replace(program, constants=MappingProxyType(values))

    def matters(self, held: Value, results: Sequence[tuple[str, Any]]) -> bool:
        """Whether a value changes what the function returns when it alone is moved: an input of its own takes its place.

        It does not where its derivative is 0 at points drawn at random: a number that is taken off and put back.
        """
        before = dict(self.shapes)
        held.is_input, key = True, held.key
        own = self.free("held", [*self.shapes, *self.values])
        self.shapes[own], self.facts[own] = held.shape, ()
        try:
            titles = [(t, r) for t, r in results]
            program = self.program(titles, {key: own})
            outputs = list(program.blocks)[-len(results) :]
            return any(_moves(program, name, own) for name in outputs if own in program.inputs)
        finally:
            held.is_input, self.shapes = False, before

    def _needed(self, results: Sequence[str]) -> tuple[list[str], dict[str, int]]:
        """The values that the results need, in the order in which they were worked out, and how often each is read."""
        uses: dict[str, int] = dict.fromkeys(results, 0)
        stack = list(results)
        while stack:
            value = self.values[stack.pop()]
            if value.is_input:
                continue
            for p in walk(value.phrase):
                if p.head == "name" and p.text in self.values:
                    if p.text not in uses:
                        stack.append(p.text)
                    uses[p.text] = uses.get(p.text, 0) + 1
        return [k for k, v in self.values.items() if k in uses and not v.is_input], uses

    def _named(self, order: Sequence[str], uses: Mapping[str, int], wanted: Sequence[tuple[str, str]]) -> dict[str, str]:
        """The names of the values that are blocks: those the user named, those read twice, and the results."""
        titles = {key: title for title, key in wanted}
        found = {key: self.values[key].name or titles.get(key, "") for key in order}
        named: dict[str, str] = {}
        taken = dict.fromkeys(self.shapes)
        for key in order:
            if found[key]:
                named[key] = self.free(found[key], taken)
                taken[named[key]] = None
        k = 0
        for key in order:  # numbered, where the names that the user chose are not in the way
            if not found[key] and uses[key] > 1 and not is_light(self.values[key].phrase):
                k += 1
                named[key] = self.free(f"t{k}", taken)
                taken[named[key]] = None
        return named


def _moves(program: Program, output: str, by: str) -> bool:
    """Whether the derivative of an output is anything but 0 at random points."""
    kernel = program.compile(output, wrt=[by])
    sizes = {letter: k for k, letter in enumerate(program.dimensions, 3)}
    rng = np.random.default_rng(0)
    for _ in range(3):
        point = {n: rng.uniform(0.5, 1.5, [evaluate(d, sizes) for d in v.shape]) for n, v in program.inputs.items()}
        _, gradient = kernel(**point)
        if not np.abs(gradient[by]).max() < 1e-9:
            return True
    return False


def _in_order(definitions: Sequence[Definition]) -> list[Definition]:
    """The lines with each below those it reads; the results, which come last, move up only where they are read."""
    by_name = {d.name: d for d in definitions}
    placed: dict[str, Definition] = {}
    for d in definitions:
        stack = [d]
        while stack:
            top = stack[-1]
            missing = [by_name[p.text] for p in walk(top.phrase) if p.head == "name" and p.text in by_name and p.text not in placed]
            if missing:
                stack += missing
            else:
                placed.setdefault(stack.pop().name, top)
    return list(placed.values())


def is_light(phrase: Phrase) -> bool:
    """Whether a value is written again wherever it is read: a name, its transpose, a number, a negated one."""
    while phrase.head in ("transpose", "neg"):
        phrase = phrase.parts[0]
    return phrase.head in ("name", "number")


def sizes(shape: Sequence[Dim]) -> Phrase:
    """A shape as it is written."""
    return Phrase("tuple", tuple(dimension(d) for d in shape))


def dimension(dim: Dim) -> Phrase:
    """A dimension as it is written."""
    if isinstance(dim, int):
        return number(dim)
    parts = []
    for coefficient, factors in terms(dim):
        inner = [name(f) if isinstance(f, str) else call("minimum", dimension(f[0]), literal(f[1])) for f in factors]
        if abs(coefficient) != 1 or not inner:
            inner.insert(0, literal(abs(coefficient)))
        term = inner[0] if len(inner) == 1 else Phrase("mul", tuple(inner))
        parts.append(term if coefficient > 0 else Phrase("neg", (term,)))
    return parts[0] if len(parts) == 1 else Phrase("add", tuple(parts))


def number(value: Any) -> Phrase:
    """A number as it is written; one of single precision by the shortest decimals that mean it."""
    if float(value) == pi:
        return name("pi")
    if value < 0 or (value == 0 and str(value).startswith("-")):
        return negate(number(-value)) if value else literal(0)
    if float(value).is_integer() and value < 1e15:
        return literal(int(value))
    text = str(value) if isinstance(value, np.floating) else repr(float(value))
    if not re.fullmatch(r"[\d.]+(e[+-]?\d+)?", text):
        raise UnsupportedError(f"{text} as an operand", advice="Only finite real numbers have a place in a program.")
    return literal(text.replace("e+", "e"))


def _listed(array: np.ndarray[Any, Any]) -> Phrase:
    if not array.ndim:
        return number(array[()])
    return Phrase("list", tuple(_listed(np.asarray(row)) for row in array))


def _array(phrase: Phrase) -> Phrase:
    """A tuple of numbers where an array is meant."""
    return Phrase("list", tuple(map(_array, phrase.parts))) if phrase.head == "tuple" else phrase


def flat(phrase: Phrase) -> Phrase:
    """The phrase as it would be typed: (a + b) + c is a + b + c, (-a)*b is -a*b, and a 0 that is added or a factor 1 is left out."""
    memo: dict[int, Phrase] = {}
    for p in reversed(list(walk(phrase))):
        if id(p) in memo:
            continue
        parts = tuple(memo.get(id(q), q) for q in p.parts)
        keywords = tuple((k, memo.get(id(v), v)) for k, v in p.keywords)
        memo[id(p)] = _chained(p, parts) if p.head in _CHAINS else _with(p, parts, keywords)
    return memo[id(phrase)]


def _with(phrase: Phrase, parts: tuple[Phrase, ...], keywords: tuple[tuple[str, Phrase], ...]) -> Phrase:
    return replace(phrase, parts=parts, keywords=keywords) if parts != phrase.parts or keywords != phrase.keywords else phrase


def _chained(phrase: Phrase, parts: tuple[Phrase, ...]) -> Phrase:
    """A sum, a product or a matrix product of parts."""
    head = phrase.head
    if parts[0].head == head:
        parts = (*parts[0].parts, *parts[1:])
    if head == "mul":
        kept = tuple(q for q in parts if q != literal(1)) or parts[:1]
        parts = kept if kept[0].head != "over" else (literal(1), *kept)
    elif head == "add":
        parts = tuple(q for q in parts if q not in (literal(0), Phrase("neg", (literal(0),)))) or parts[:1]
    if len(parts) == 1:
        return parts[0]
    if head in ("mul", "matmul") and parts[0].head == "neg":
        first = parts[0].parts[0]
        return Phrase("neg", (Phrase(head, (*(first.parts if first.head == head else (first,)), *parts[1:])),))
    return replace(phrase, parts=parts) if parts != phrase.parts else phrase
