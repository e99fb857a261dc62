"""Numeric forms as expressions of another language: by its own functions where it has them, else by functions written out beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from symchain.errors import UnsupportedError
from symchain.kernels.definitions import DEFINITIONS, completed, value_of
from symchain.kernels.floats import HELPERS
from symchain.kernels.native.primitives import FORMS as NATIVE
from symchain.kernels.primitives import COMPARISONS, CONSTANTS, Form, is_number, operand_of, parts, read_form
from symchain.kernels.stable import ERFCX_SERIES

_CHOICE, _COMPARE, _SUM, _PRODUCT, _UNARY, _ATOM = range(6)
_LEVELS = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, **dict.fromkeys(COMPARISONS, _COMPARE)}

_X, _XY = ("x",), ("x", "y")
_SHIFTED = " + ".join(f"1/(x + {k})" for k in range(10))
_BERNOULLI = (-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12)
_WRITTEN = {
    "log1p": (_X, "where(1 + x == 1, x, where(abs(x) > 1/2, log(1 + x), log(1 + x)*(x/((1 + x) - 1))))"),
    "expm1": (_X, "where(abs(x) > 1, exp(x) - 1, where(exp(x) == 1, x, (exp(x) - 1)*(x/log(exp(x)))))"),
    "logit": (_X, "where(abs(x - 1/2) < 1/4, log1p((2*x - 1)/(1 - x)), log(x) - log1p(-x))"),
    "log_ndtr": (_X, "where(x < -1, log(erfcx(-x/sqrt(2))/2) - x*x/2, log1p(-erfc(x/sqrt(2))/2))"),
    "entr": (_X, "-xlogy(x, x)"),
    "sinc": (_X, "where(x == 0, 1, sin(pi*x)/where(x == 0, 1, pi*x))"),
    "exprel": (_X, "where(x == 0, 1, expm1(x)/where(x == 0, 1, x))"),
    "binom": (_XY, "exp(gammaln(x + 1) - gammaln(y + 1) - gammaln(x - y + 1))*sign(rgamma(x + 1)*gamma(y + 1)*gamma(x - y + 1))"),
}


def _filled(text: str, names: tuple[str, ...], *forms: Form) -> Form:
    """The form of a text over `names`, in which each stands for one of the forms."""

    def put(form: Form) -> Form:
        place = operand_of(form)
        return forms[place] if place is not None else tuple(map(put, form)) if isinstance(form, tuple) else form

    return put(read_form(text, names))


def _near(x: Form, first: int, coefficients: Sequence[float], radius: float = 1.0) -> Form:
    return ("near_zero", 0, x, radius, first, 1, tuple(coefficients))


_LARGE_PSI = _filled(
    f"log(y) - 1/2/y + s - ({_SHIFTED})", ("x", "y", "s"), "x0", ("+", "x0", 10),
    _near(("/", ("/", 1, ("+", "x0", 10)), ("+", "x0", 10)), 1, _BERNOULLI),
)  # fmt: skip
FORMS: Mapping[str, Form] = {
    **DEFINITIONS,
    **NATIVE,
    **{name: read_form(text, parameters) for name, (parameters, text) in _WRITTEN.items()},
    "erfcx": _filled(
        "where(x > 10, (1 + s)/x/sqrt(pi), exp(x*x)*erfc(x))", ("x", "s"), "x0", _near(_filled("1/2/x/x", _X, "x0"), 1, ERFCX_SERIES)
    ),
    "positive_psi": _LARGE_PSI,  # Euler's expansion, ten steps to the right (DLMF 5.11.2, 5.5.2)
    "psi": ("where", ("<", "x0", 0.5), ("-", ("positive_psi", ("-", 1, "x0")), _filled("pi/tan(pi*x)", _X, "x0")), ("positive_psi", "x0")),
    "log_gamma": ("gammaln", "x0"),
    "scipy_kl_div": DEFINITIONS["kl_div"],
    "sech": ("/", 1, ("cosh", "x0")),
}
"""What a primitive is made of where a language lacks it: the forms that keep digits first, then what is meant."""

_FOLDED = completed(
    {
        **{
            name: getattr(math, name)
            for name in ("exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tanh", "floor", "erf", "erfc", "gamma")
        },
        **{name: f for name, f in HELPERS.items() if "special" not in name},
        **{"number": float, "abs": abs, "power": math.pow, "gammaln": math.lgamma, "pi": math.pi, "inf": math.inf, "nan": math.nan},
    }
)


@dataclass(frozen=True)
class Words:
    """What expressions are made of in a language: `table` has the primitives that it has, as names or as templates over {0}, {1}."""

    table: Mapping[str, str]
    number: Callable[[float], str]
    choice: str
    """Of a condition {c}, its value {a} and the other one {b}."""
    function: str
    """A function of `name`, `arguments` and the expression `body`."""
    argument: str = "{x}"
    constants: Mapping[str, str] = field(default_factory=dict)
    signs: Mapping[str, str] = field(default_factory=dict)
    full: str = ""
    """Where functions take arrays alone: an array {x} of numbers {number}, shaped like {like}."""
    prelude: Mapping[str, str] = field(default_factory=dict)
    """Code of helpers by their names; those that are named in the code are written before it."""


class Expressions:
    """The expressions of one file, and the functions that they call, in the order in which they are to be written."""

    def __init__(self, words: Words, target: str) -> None:
        self.words = words
        self.target = target
        self.functions: dict[str, str] = {}
        self._series: dict[Form, str] = {}

    def written(self, form: Form, operands: Sequence[str]) -> str:
        """The form over texts that bind as names do; the result binds so too."""
        text, level = self._text(form, operands)
        return text if level == _ATOM else f"({text})"

    def bare(self, form: Form, operands: Sequence[str]) -> str:
        return self._text(form, operands)[0]

    def number(self, value: float) -> str:
        if math.isnan(value) or math.isinf(value):
            text = self.words.constants["nan" if math.isnan(value) else "inf"]
            return f"(-{text})" if value < 0 else text
        text = self.words.number(float(value))
        return f"({text})" if text.startswith("-") else text

    def _text(self, form: Form, operands: Sequence[str]) -> tuple[str, int]:
        place = operand_of(form)
        if place is not None:
            return operands[place], _ATOM
        if is_number(form):
            return self.number(form), _ATOM
        if form in CONSTANTS:
            return self.number({"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}[form]), _ATOM
        if not _varies(form):
            return self.number(_constant(form)), _ATOM
        name, *given = form
        if name == "neg":
            return "-" + self._at(given[0], operands, _UNARY + 1), _UNARY
        if name in _LEVELS:
            own = _LEVELS[name]
            left, right = self._at(given[0], operands, own), self._at(given[1], operands, own + 1)
            return f"{left} {self.words.signs.get(name, name)} {right}", own
        if name == "where":
            condition, yes, no = self._text(given[0], operands)[0], *(self._argument(g, form, operands) for g in given[1:])
            return self.words.choice.format(c=condition, a=yes, b=no), _ATOM
        if name == "near_zero":
            return self._called(self._of_series(form), [self._argument(g, form, operands) for g in given[:2]]), _ATOM
        name = "power" if name == "**" else name
        arguments = [self._argument(g, form, operands) for g in given]
        if name in self.words.table:
            return self._called(self.words.table[name], arguments), _ATOM
        return self._called(self._defined(name, len(given)), arguments), _ATOM

    def _at(self, form: Form, operands: Sequence[str], level: int) -> str:
        text, own = self._text(form, operands)
        return f"({text})" if own < level else text

    def _argument(self, argument: Form, form: Form, operands: Sequence[str]) -> str:
        text = self._text(argument, operands)[0]
        if self.words.full and (not isinstance(argument, tuple) or not _varies(argument)) and operand_of(argument) is None:
            like = next((operands[place] for place in map(operand_of, _leaves(form)) if place is not None), operands[0])
            return self.words.full.format(like=like, number=text)
        return text

    def _called(self, function: str, arguments: Sequence[str]) -> str:
        if "{0}" in function:
            return function.format(*(f"({a})" for a in arguments))
        return f"{function}({', '.join(arguments)})"

    def _defined(self, name: str, count: int) -> str:
        known = f"f_{name}"
        if known not in self.functions:
            if name not in FORMS:
                raise missing(name, self.target)
            self._define(known, FORMS[name], count)
        return known

    def _of_series(self, form: Form) -> str:
        """A function of the value and of x: by the series where 0 < |x| < radius."""
        _, _, _, radius, first, step, coefficients = form
        known = self._series.get(form[3:])
        if known is None:
            known = self._series[form[3:]] = f"f_series_{len(self._series)}"
            x: Form = ("*", "x1", "x1") if step == 2 else "x1"
            total: Form = float(coefficients[-1])
            for c in coefficients[-2::-1]:
                total = ("+", ("*", total, x), float(c))
            for _ in range(abs(first)):
                total = ("*" if first > 0 else "/", total, "x1")
            inside = ("where", ("<", ("abs", "x1"), float(radius)), ("where", ("==", "x1", 0), "x0", total), "x0")
            self._define(known, inside, 2)
        return known

    def _define(self, known: str, form: Form, count: int) -> None:
        places = [f"x{k}" for k in range(count)]
        body = self.bare(form, places)  # what it calls is written before it
        arguments = ", ".join(self.words.argument.format(x=x) for x in places)
        self.functions[known] = self.words.function.format(name=known, arguments=arguments, names=", ".join(places), body=body)


def missing(name: str, target: str) -> UnsupportedError:
    """What a target cannot do, by name."""
    return UnsupportedError(
        f"the target {target} has no {name}", advice="Export to numpy, which has everything, or to torch or jax, or compile here."
    )


def _leaves(form: Form) -> list[Any]:
    return [x for x in form if isinstance(x, str)] + [y for x in form if isinstance(x, tuple) for y in _leaves(x)]


def _varies(form: Form) -> bool:
    return operand_of(form) is not None or any(operand_of(x) is not None for part in parts(form) for x in part[1:])


def _constant(form: Form) -> float:
    try:
        return float(value_of(form, (), _FOLDED))
    except (ArithmeticError, ValueError):
        return math.nan
