"""What a program's text and its caller say about inputs, put together: shapes, facts, symbols, spellings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy

from symchain.errors import ArgumentError, LimitError, ParseError, Place, ShapeError
from symchain.functions.spec import AbstractFunction, FunctionSpec, abstract, find
from symchain.language.lookup import closest, elementwise_names, is_composition, is_known_function
from symchain.language.shapes import check_facts, facts_from, shape_from
from symchain.language.spelling import MAX_NAME, NOT_NUMBERS, RESERVED, canonical, is_name
from symchain.nouns.computation import Variable
from symchain.support.dimensions import Shape, show
from symchain.tensors.nodes import leaf


@dataclass(slots=True)
class Declared:
    """What is known about one input; `place` is where the text declares it."""

    shape: Shape | None = None
    facts: dict[str, None] = field(default_factory=dict)
    place: Place | None = None


def check_free(name: str) -> None:
    """Refuse what can be neither an input nor a block."""
    if not isinstance(name, str) or not is_name(name):
        raise ParseError(f"{name!r} is not a name", advice="Names are made of Latin and Greek letters, digits and underscores.")
    if len(name) > MAX_NAME:
        raise LimitError(f"a name has at most {MAX_NAME} characters", advice="Use a shorter name.")
    if canonical(name) == "pi":
        raise ParseError(f"{name} is the constant 3.14159...", advice="Choose another name.")
    if name in RESERVED or name in NOT_NUMBERS:
        raise ParseError(f"{name} is a reserved word", advice="Choose another name.")


def check_block_name(name: str, functions: Mapping[str, Any], called: bool = False) -> None:
    """Refuse what can be no block. A numbered letter can, where it is not called: y1 is a name first, a Bessel function second; and so
    can the name of a composition, such as diff."""
    check_free(name)
    if name in functions:
        raise ParseError(f"{name} is a function of this program", advice="Choose another name for the block.")
    if is_known_function(name) and (called or not (name[1:].isdigit() or is_composition(name))):
        raise ParseError(f"{name} is the name of a known function", advice=f"Choose another name for the block, such as {name}_1.")


def two_spellings(names: Iterable[str]) -> tuple[str, str] | None:
    """Two names of a program that are one name in plain letters: λ and lambda, W₁ and W_1."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(canonical(name), name)
        if other != name:
            return name, other
    return None


def check_spellings(names: Iterable[str]) -> None:
    """Refuse two spellings of one name: a mistake waiting to happen."""
    pair = two_spellings(names)
    if pair is not None:
        name, other = pair
        raise ParseError(f"{name} and {other} are two spellings of one name", advice=f"Write {other} everywhere, or choose another name.")


def mapping(given: Any, option: str) -> Mapping[str, Any]:
    """What an option that maps names was given. Raises ArgumentError where it is no mapping."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ArgumentError(f"{option} is {type(given).__name__}, not a mapping of names", advice=_MAPPED[option])
    return given


_MAPPED = {
    "shapes": 'Write shapes={"W": ("m", "n")}.',
    "assume": 'Write assume={"A": "spd"}.',
    "let": 'Write let={"sigma1": "sigmoid"}.',
}


def add_given(declared: dict[str, Declared], shapes: Mapping[str, Any], assume: Mapping[str, Any]) -> None:
    """Add what the caller says to what the text declares. Raises ShapeError where the two differ."""
    for name in (*shapes, *assume):
        if not isinstance(name, str) or not is_name(name):
            raise ArgumentError(f"{name!r} is not a name", advice="Names are made of Latin and Greek letters, digits and underscores.")
        check_free(name)
    for name, value in shapes.items():
        given = shape_from(name, value)
        known = declared.setdefault(name, Declared())
        if known.shape is not None and known.shape != given:
            what = f"{name} is declared {show(known.shape)}, but shapes= says {show(given)}"
            raise ShapeError(what, advice="Give one of the two, or make them equal.", place=known.place)
        known.shape = given
    for name, value in assume.items():
        declared.setdefault(name, Declared()).facts.update(dict.fromkeys(facts_from(name, value)))


def bindings(let: Mapping[str, Any]) -> dict[str, AbstractFunction]:
    """let={"sigma1": "sigmoid"}: names of functions and what they stand for."""
    bound: dict[str, AbstractFunction] = {}
    for name, value in let.items():
        if not isinstance(name, str) or not is_name(name):
            raise ArgumentError(f"{name!r} is not a name", advice="Names are made of Latin and Greek letters, digits and underscores.")
        spec = value if isinstance(value, FunctionSpec) else find(value) if isinstance(value, str) else None
        if not isinstance(spec, FunctionSpec):
            text = value if isinstance(value, str) else ""
            near = "" if is_known_function(text) else closest(text, elementwise_names())
            advice = near or "Name an elementwise function, such as sigmoid."
            shown = repr(value[:80]) if isinstance(value, str) else type(value).__name__
            raise ParseError(f"let: {shown} is no function that {name} can stand for", advice=advice)
        bound[name] = abstract(name, spec)
    return bound


def check_bound(let: Collection[str], called: Collection[str]) -> None:
    """Refuse a binding of what is never called: the name was meant otherwise."""
    known = [name for name in dict.fromkeys(called) if name not in let]
    for name in let:
        if name not in called:
            advice = closest(name, known) or (
                "Functions called: " + ", ".join(known[:12]) + "." if known else "The program calls no other function."
            )
            raise ArgumentError(f"let: {name} is never called", advice=advice)


def variable(name: str, known: Declared | None = None, symbol: Any = None) -> Variable:
    """An input with its leaf and its SymPy symbol (the caller's own, where there is one)."""
    known_shape = known.shape or () if known else ()
    facts = frozenset(known.facts) if known else frozenset()
    check_facts(name, facts, known_shape)
    own = leaf(name, known_shape, facts)
    if symbol is None:
        symbol = own if known_shape else _symbol(name, facts)
    return Variable(name, known_shape, own, facts, symbol, declared=known is not None)


def _symbol(name: str, facts: frozenset[str]) -> Any:
    """Real, with the facts SymPy knows."""
    assumptions: dict[str, bool] = {"real": True}
    if "positive" in facts:
        assumptions["positive"] = True
    elif facts & {"nonnegative", "unit"}:
        assumptions["nonnegative"] = True
    if "integer" in facts:
        assumptions["integer"] = True
    return sympy.Symbol(name, **assumptions)


def dimension_symbol(letter: str) -> Any:
    """The SymPy symbol of a dimension used as a number."""
    return sympy.Symbol(letter, integer=True, positive=True)
