"""How calls are read: a form names the parameters of a function that is not elementwise, and their kinds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from symchain.errors import ParseError
from symchain.support.dimensions import Shape
from symchain.support.notation import Phrase
from symchain.tensors.nodes import Tree

# Kinds of parameters, by the name of their annotation:
Trees = list[Tree]  # a list of expressions in square brackets
Condition = Tree  # a comparison
Sizes = Shape  # one dimension or a tuple of them
Axis = int  # a whole number
Axes = tuple[int, ...] | None  # one axis, a tuple of axes, or None for all
Whole = int  # a whole number, perhaps negative
Order = int | str | None  # a whole number, inf, or a text in quotes
Flag = bool  # True or False
Text = str  # text in quotes


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
    build: Callable[..., Tree]

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
        for key, value in phrase.keywords:
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


FORMS: dict[str, Form] = {}


def form(*names: str) -> Callable[[Callable[..., Tree]], Callable[..., Tree]]:
    """Register a function of the language under its names."""

    def register(build: Callable[..., Tree]) -> Callable[..., Tree]:
        parameters = tuple(
            Parameter(p.name, str(p.annotation), p.default is p.empty, p.kind is p.VAR_POSITIONAL)
            for p in inspect.signature(build).parameters.values()
        )
        for name in names:
            FORMS[name] = Form(name, parameters, build)
        return build

    return register


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
