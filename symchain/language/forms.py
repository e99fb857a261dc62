"""How calls are read: a form names the parameters of a function that is not elementwise, and their kinds (`operations.calling`).

Operations bring theirs in their records; the language's own compositions of them are registered here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from symchain.errors import ParseError
from symchain.functions.spec import ALIASES, OPERATIONS, OperationSpec
from symchain.support.notation import Phrase, call
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import Tree, operation


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: str
    required: bool
    variadic: bool


@dataclass(frozen=True, slots=True)
class Form:
    """One function of the language that is not elementwise: how its arguments are read, and what it builds."""

    name: str
    parameters: tuple[Parameter, ...]
    build: Callable[..., Any]
    parts: int = 0
    """So many trees it builds, of which a program takes one, eigh(A)[0], or all, w, V = eigh(A); 0 where it builds one tree, and -1 where
    how many there are is up to the arguments."""
    free: bool = False
    """Whether nothing that is derived is printed with it: a block may have its name in a program that does not call it."""

    def bind(self, phrase: Phrase) -> dict[str, tuple[Phrase, ...]]:
        """The argument phrases by parameter name. Raises ParseError for arguments that are missing, unknown or too many."""
        bound: dict[str, tuple[Phrase, ...]] = {}
        arguments = list(phrase.parts)
        for parameter in self.parameters:
            if parameter.variadic:
                bound[parameter.name], arguments = tuple(arguments), []
            elif arguments:
                bound[parameter.name] = (arguments.pop(0),)
        if arguments:
            raise ParseError(
                f"{phrase.text} takes no more than {len(self.parameters)} arguments", advice=self.usage(), place=arguments[0].place
            )
        known = {p.name for p in self.parameters if not p.variadic}
        for written, value in phrase.keywords:
            key = written if written in known else _SPELLINGS.get(written, written)
            if key not in known:
                raise ParseError(f"{phrase.text} has no keyword {key}", advice=self.usage(), place=value.place)
            if key in bound:
                raise ParseError(f"{phrase.text} gets {key} twice", advice=self.usage(), place=value.place)
            bound[key] = (value,)
        for parameter in self.parameters:
            if parameter.required and not bound.get(parameter.name):
                raise ParseError(f"{phrase.text} lacks its argument {parameter.name}", advice=self.usage(), place=phrase.place)
        return bound

    def usage(self) -> str:
        shown = [("*" if p.variadic else "") + p.name + ("" if p.required else "=...") for p in self.parameters]
        return f"Write {self.name}({', '.join(shown)})."


_SPELLINGS = {"dim": "axis", "keepdim": "keepdims", "correction": "ddof"}
"""How other libraries spell a keyword of NumPy's: softmax(x, dim=1)."""

FORMS: dict[str, Form] = {}


Build = TypeVar("Build", bound=Callable[..., Any])


def form(*names: str, parts: int = 0, free: bool = False) -> Callable[[Build], Build]:
    """Register a function of the language under its names; with `parts`, what it builds is so many trees."""

    def register(build: Build) -> Build:
        for name in names:
            FORMS[name] = Form(name, _parameters(build), build, parts, free)
        return build

    return register


def _parameters(build: Callable[..., Tree]) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(p.name, str(p.annotation).removesuffix(" | None"), p.default is p.empty, p.kind is p.VAR_POSITIONAL)
        for p in inspect.signature(build).parameters.values()
    )


def find_form(name: str) -> Form | None:
    """The form of a name that is called: the language's own, or that of the operation of this name or alias."""
    known = FORMS.get(name)
    spec = OPERATIONS.get(ALIASES.get(name, "")) if known is None else None
    return known if spec is None else _form_of(spec, name)


@remembered(1024)
def _form_of(spec: OperationSpec, name: str) -> Form | None:
    """As the record says; None for an operation that is not called (x[0])."""
    if spec.call is not None:
        return Form(name, _parameters(spec.call), spec.call)
    if not spec.operands:
        return None
    parameters = tuple(Parameter(p, "Tree", required=True, variadic=False) for p in spec.operands)
    return Form(name, parameters, lambda **operands: operation(spec, [operands[p] for p in spec.operands]))


def form_names() -> list[str]:
    """All names that have a form, aliases too."""
    return [n for n in dict.fromkeys((*FORMS, *ALIASES)) if find_form(n) is not None]


OPERATORS: Mapping[str, Callable[..., Phrase]] = {
    "add": lambda a, b: Phrase("add", (a, b)),
    "subtract": lambda a, b: Phrase("add", (a, Phrase("neg", (b,), place=b.place))),
    "multiply": lambda a, b: Phrase("mul", (a, b)),
    "divide": lambda a, b: Phrase("mul", (a, Phrase("over", (b,), place=b.place))),
    "true_divide": lambda a, b: Phrase("mul", (a, Phrase("over", (b,), place=b.place))),
    "matmul": lambda a, b: Phrase("matmul", (a, b)),
    "power": lambda a, b: Phrase("pow", (a, b)),
    "pow": lambda a, b: Phrase("pow", (a, b)),
    "float_power": lambda a, b: Phrase("pow", (a, b)),
    "negative": lambda a: Phrase("neg", (a,)),
}
"""NumPy's names of the operators: power(x, y) is x**y."""

RESTATED: Mapping[tuple[str, int], Callable[..., Phrase]] = {
    ("log", 2): lambda x, base: Phrase("mul", (call("log", x), Phrase("over", (call("log", base),), place=base.place))),
}
"""Functions that mean a formula with another number of arguments: log(x, 10) is log(x)/log(10), as in Python's math."""


def restated(phrase: Phrase) -> Phrase | None:
    """The formula that a call means, add(a, b) is a + b; None for a call that means a function. Raises ParseError for other arguments."""
    formula = RESTATED.get((phrase.text, len(phrase.parts)))
    if formula is None and phrase.text in OPERATORS:
        wanted, formula = 1 if phrase.text == "negative" else 2, OPERATORS[phrase.text]
        if len(phrase.parts) != wanted or phrase.keywords or phrase.primes:
            advice = f"Write {phrase.text}({', '.join('ab'[:wanted])})."
            raise ParseError(f"{phrase.text} takes {wanted} arguments", advice=advice, place=phrase.place)
    if formula is None or phrase.keywords or phrase.primes:
        return None
    return replace(formula(*phrase.parts), place=phrase.place)


ASSOCIATIVE = ("maximum", "minimum", "hypot", "logaddexp", "logaddexp2")
"""Functions of two numbers that are called with more, one after the other."""
