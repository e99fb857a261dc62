"""FunctionSpec: everything known about one function, in one record; and the registry of them all.

Parser, chain rule, printers, verification, backends, documentation and contract tests read these records; no other file
names a function. Add one by calling `declare` (elementwise functions) or `declare_operation` (everything else).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

from symchain.errors import ArgumentError
from symchain.kernels.primitives import Form, read_form
from symchain.support.dimensions import Dim, Shape
from symchain.wording.locale import Word


@dataclass(frozen=True, slots=True)
class Interval:
    """A real interval; open ends where the function is not defined at the end."""

    low: float = float("-inf")
    high: float = float("inf")
    low_open: bool = True
    high_open: bool = True

    def __contains__(self, x: float) -> bool:
        return bool(self.holds(x))

    def holds(self, x: Any) -> Any:
        """Whether a number, or each entry of an array, lies in the interval.

        >>> Interval(0.0, 1.0).holds(0.5), Interval(0.0, 1.0).holds(0.0)
        (True, False)
        """
        above = x > self.low if self.low_open else x >= self.low
        return above & (x < self.high if self.high_open else x <= self.high)


REAL = Interval()
POSITIVE = Interval(low=0.0)
NONNEGATIVE = Interval(low=0.0, low_open=False)


@dataclass(frozen=True, slots=True)
class Noun:
    """What a function is called in a sentence. `gender` is for French: "m" or "f". Other languages say it in their own folder."""

    en: str
    fr: str
    gender: str = "f"

    @property
    def words(self) -> Mapping[str, Word]:
        """By language."""
        return {"en": Word(self.en), "fr": Word(self.fr, self.gender)}


@dataclass(frozen=True, slots=True)
class Kink:
    """A point without a derivative, and the value symchain gives there (the subgradient of least norm)."""

    at: float
    value: float


@dataclass(frozen=True, eq=False)
class FunctionSpec:
    """One elementwise function.

    Texts named derivative, textbook, identities and logarithm are in the input language over `parameters` and `out`, the function's own
    value.
    """

    name: str
    parameters: tuple[str, ...]
    meaning: Callable[..., Any]
    """SymPy expressions in, exact SymPy meaning out; Piecewise where there are cases."""
    derivatives: tuple[str | None, ...]
    """One per parameter; None where the function cannot be differentiated by it (the order of polygamma)."""
    form: Form
    """How it is computed, over the primitives of kernels and x0, x1, ..., the parameters: what every backend reads. `declare` reads it
    from `code`, an expression over the parameters with + - * / **, comparisons inside where, and the names that the elementwise
    functions have in NumPy and SciPy: "x*ndtr(x)", or as in a program of theirs, {"numpy": "{x}*special.ndtr({x})"}."""
    latex: str
    r"""A macro or operator name (\tanh) put before the arguments, or a template with fields such as \sqrt{{{x}}}."""
    noun: Noun
    reason: Mapping[str, str]
    """One sentence saying why the derivative is what it is, for each language of the noun."""
    probes: tuple[tuple[float, ...], ...]
    """Points of the domain where contract tests look: ordinary ones and the tails."""
    aliases: tuple[str, ...] = ()
    textbook: str | None = None
    """The derivative as textbooks show it, where that differs from `derivatives[0]`; proved equal by a contract test."""
    domains: tuple[Interval, ...] = ()
    """One per parameter; empty means all real. It is drawn from and tested on; what holds outside of it is often right there too."""
    confined: tuple[str, ...] = ()
    """Parameters outside whose domain there is no value, although the formula of the meaning has one: the threshold of a loss. Others need
    not be named: there, the meaning has no value outside of the domain, or the derivatives go on."""
    range: Interval = REAL
    kinks: tuple[Kink, ...] = ()
    ties: tuple[tuple[str, str], ...] = ()
    """There is no derivative where two of these expressions are equal: ("x", "y") for maximum. `out` is the function's own value."""
    analytic: str | None = None
    """NumPy code for complex arguments, for verification, where evaluating `meaning` in complex NumPy will not do."""
    identities: tuple[tuple[str, str], ...] = ()
    """Exact rewritings (before, after) that make formulas shorter: ("1/(1 + exp(-x))", "sigmoid(x)")."""
    logarithm: str | None = None
    """Of a positive function (gamma: where it has a logarithm at all), that of its value; it keeps digits where the value overflows or
    vanishes."""
    lattice: int = 0
    """-1 for the smaller of two arguments, 1 for the larger, 0 for every other function."""
    activation: bool = False
    """Whether it is used as the activation of a layer (rule name "act" rather than "chain")."""
    increasing: bool = False
    defined: bool = False
    """Whether printed lines may call it although neither NumPy nor SciPy has it by this name and meaning: README defines it."""
    written: str = ""
    """How printed lines say it where the code does not: SciPy has another function of the name, or the code one of its own."""
    everyday: bool = False
    """Whether a formula may be written with it for a reader who has not: exp and sigmoid, but not entr, hypot or logit."""

    def domain(self, k: int) -> Interval:
        return self.domains[k] if self.domains else REAL

    def __repr__(self) -> str:
        """By which equal terms are told: what is not in the registry may share its name with others, but not its code."""
        return f"<function {self.name}>" if FUNCTIONS.get(self.name) is self else f"<function {self.name}: {self.form}>"


@dataclass(frozen=True, eq=False)
class AbstractFunction:
    """A function known by name alone (sigma1), or a program's own name for a registered one (sigma1 = sigmoid).

    Two abstract functions of one name and one binding are the same object: use `abstract`.
    """

    name: str
    binding: FunctionSpec | None = None

    def __repr__(self) -> str:
        return f"<function {self.name}{' = ' + self.binding.name if self.binding else ''}>"


_ABSTRACT: dict[tuple[str, str | None], AbstractFunction] = {}


def abstract(name: str, binding: FunctionSpec | None = None) -> AbstractFunction:
    return _ABSTRACT.setdefault((name, binding.name if binding else None), AbstractFunction(name, binding))


def _needs_nothing(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Iterable[tuple[Dim, int, str]]:
    return ()


def _no_kinks(node: Any) -> Iterable[tuple[Any, Any]]:
    return ()


def _no_dims(parameters: tuple[Any, ...], f: Callable[[Dim], Any]) -> tuple[Any, ...]:
    return parameters


@dataclass(frozen=True, slots=True)
class Case:
    """Operands on which contract tests try an operation: shapes over the letters n, m, k, l, and parameters."""

    shapes: tuple[Shape, ...]
    parameters: tuple[Any, ...] = ()
    domain: Literal["real", "regular", "negative", "spd", "labels"] = "real"
    """What the operands are: any numbers; matrices that can be inverted; those with a negative determinant; symmetric positive
    definite ones; whole numbers, where the record says so."""


@dataclass(frozen=True, eq=False)
class OperationSpec:
    """One operation that is neither elementwise nor multilinear (inv, det, max along an axis), or that rearranges (a slice).

    In a tree the parameters may hold dimensions ("n - 1"); `dims` knows where. Whoever calls `evaluate` replaces them with ints first,
    by `map_dims`.
    """

    name: str
    shape: Callable[[tuple[Shape, ...], tuple[Any, ...]], Shape]
    """Shapes of the operands and the parameters in, shape of the value out; raises ShapeError."""
    evaluate: Callable[..., Any]
    """The meaning over complex NumPy arrays: evaluate(*arrays, *parameters). It is analytic in the entries, so that a complex step
    differentiates it. Kernels have an instruction of the operation's name, or run the meaning itself."""
    noun: Noun
    reason: Mapping[str, str] = field(default_factory=dict)
    """For each language of the noun one sentence saying what a change of its operand does, over {block}, {operation}, {operand} and
    {noun}; empty where only that it has a rule of its own is said."""
    pullback: Callable[[Any, int, Any, int], Any] | None = None
    """The derivative: pullback(node, k, cotangent, lead) is the cotangent of operand k as a tree; see `operations.pulling`."""
    operands: tuple[str, ...] = ()
    """The names of its operands, where a call has nothing else: ("A",) for inv(A)."""
    call: Callable[..., Any] | None = None
    """What a call builds where it has more; its parameters are annotated with the kinds of `operations.calling`. Without `operands` and
    `call` it is not called by its name: x[0]."""
    latex: str = ""
    r"""A macro or operator name (\det) put before the operands, or a template over them: {0}^{{-1}}. Empty: written as indexing."""
    written: Callable[[Any, Mapping[Any, Any]], Any] | None = None
    """written(node, phrases): how a node is written in the input language, given the phrases of its parts, where that is no plain call
    with its operands and parameters."""
    rank: int | None = None
    """How many axes the value has wherever it is called without axis=; None where that is up to the operands."""
    keeps: frozenset[str] = frozenset()
    """Facts of its only operand that its value has too: "symmetric"."""
    definite: Literal["", "inverse", "root", "made"] = ""
    """Of an operation of one symmetric matrix: "inverse", what is (semi)definite has a definite value; "root", what is positive has a
    positive one, as strictly; "made", the value is positive definite whatever the operand is."""
    unit_sum: Callable[[int, tuple[Any, ...]], int] | None = None
    """unit_sum(axes, parameters): the axis along which the entries, none below zero, add up to one, of a value with so many axes."""
    linear: bool = False
    """Whether it is linear in all its operands together, those of `integers` apart."""
    aliases: tuple[str, ...] = field(default=())
    dims: Callable[[tuple[Any, ...], Callable[[Dim], Any]], tuple[Any, ...]] = _no_dims
    """dims(parameters, f): the parameters with f(d) in place of each dimension d."""
    integers: tuple[int, ...] = ()
    """Positions of the operands that hold integers (labels): nothing is differentiated by them."""
    exact: Callable[..., Any] | None = None
    """The meaning over arrays of numbers that are no floats, where `evaluate` does not take them: exact(numbers, *arrays, *parameters),
    `numbers` as in `precision`."""
    lattice: int = 0
    """-1 for the smallest of the elements along the axes of its only parameter, 1 for the largest, 0 for every other operation. There is
    no derivative where the second is as large."""
    kinks: Callable[[Any], Iterable[tuple[Any, Any]]] = _no_kinks
    """kinks(node): pairs of a tree and a tree or a number; where entries of the two are equal the node has no derivative."""
    stopped: bool = False
    """Whether its value is its operand and its derivative none: once a derivative is made, nothing is left of it."""
    needs: Callable[[tuple[Shape, ...], tuple[Any, ...]], Iterable[tuple[Dim, int, str]]] = _needs_nothing
    """needs(shapes, parameters): dimensions that are at least so large wherever it has a value, and what asks for that in words."""

    cases: tuple[Case, ...] = ()
    """Where contract tests compare shape, meaning, kernel and pullback."""
    refused: tuple[tuple[tuple[Shape, ...], tuple[Any, ...]], ...] = ()
    """Shapes and parameters that the shape rule refuses."""

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


FUNCTIONS: dict[str, FunctionSpec] = {}
OPERATIONS: dict[str, OperationSpec] = {}
ALIASES: dict[str, str] = {}


EXACT = 1000
"""Numbers up to this size reach the meanings of functions as they are, larger ones as floats: gamma(10**10) must not become an integer.
Exact values are looked for at numbers of this size, and kept up to its square."""


@lru_cache(maxsize=4096)
def exact_value(function: FunctionSpec, arguments: tuple[Fraction, ...]) -> Fraction | None:
    """The value of a function at rational numbers where it is rational too: log(1) is 0; None elsewhere, and where there is none.

    >>> exact_value(FUNCTIONS["log"], (Fraction(1),)), exact_value(FUNCTIONS["log"], (Fraction(2),))
    (Fraction(0, 1), None)
    """
    if any(abs(a.numerator) > EXACT or a.denominator > EXACT for a in arguments):
        return None
    import sympy  # what only kernels need does without

    try:
        value = sympy.sympify(function.meaning(*(sympy.Rational(a.numerator, a.denominator) for a in arguments)))
    except (ArithmeticError, ValueError, TypeError, AttributeError, NotImplementedError):
        return None
    if not isinstance(value, sympy.Rational) or not value.is_finite:
        return None
    found = Fraction(int(value.p), int(value.q))
    return found if abs(found.numerator) <= EXACT**2 and found.denominator <= EXACT**2 else None


def declare(name: str, **fields: Any) -> FunctionSpec:
    """Register an elementwise function; see FunctionSpec for the fields. Its `form` is given as `code`.

    Raises ArgumentError when the name or an alias is taken, or when a field is missing for a language or a parameter; UnsupportedError
    when the code is no expression over the primitives.
    """
    code = fields.pop("code", None)
    text = code.get("numpy") if isinstance(code, Mapping) else code
    given = {} if text is None else {"form": read_form(text, tuple(fields.get("parameters", ())))}
    try:
        spec = FunctionSpec(name=name, **fields, **given)
    except TypeError as error:
        raise ArgumentError(f"{name}: {str(error).partition('() ')[2]}", advice="The fields are those of FunctionSpec.") from None
    if len(spec.derivatives) != len(spec.parameters):
        raise ArgumentError(
            f"{name}: {len(spec.parameters)} parameters but {len(spec.derivatives)} derivatives",
            advice="Give one derivative per parameter.",
        )
    if spec.domains and len(spec.domains) != len(spec.parameters):
        raise ArgumentError(f"{name}: one domain per parameter is needed", advice="Use REAL where there is no restriction.")
    if not set(spec.confined) <= set(spec.parameters):
        raise ArgumentError(f"{name}: only parameters can be confined", advice=f"Name some of: {', '.join(spec.parameters)}.")
    if spec.reason.keys() != spec.noun.words.keys() or not spec.probes:
        raise ArgumentError(
            f"{name}: a reason in {' and '.join(spec.noun.words)}, and probe points are needed",
            advice="See symchain/functions/spec.py.",
        )
    _claim(name, spec.aliases)
    FUNCTIONS[name] = spec
    return spec


def declare_operation(name: str, **fields: Any) -> OperationSpec:
    """Register an operation; see OperationSpec for the fields.

    Raises ArgumentError for other fields, and when the name or an alias is taken.
    """
    try:
        spec = OperationSpec(name=name, **fields)
    except TypeError as error:
        raise ArgumentError(f"{name}: {str(error).partition('() ')[2]}", advice="The fields are those of OperationSpec.") from None
    if spec.reason and spec.reason.keys() != spec.noun.words.keys():
        raise ArgumentError(f"{name}: a reason is said in {' and '.join(spec.noun.words)}", advice="Give a sentence in each, or none.")
    if spec.operands and spec.call is not None:
        raise ArgumentError(f"{name}: operands and call are two ways to say how it is called", advice="Give one of them.")
    _claim(name, spec.aliases)
    OPERATIONS[name] = spec
    return spec


def map_dims(operation: OperationSpec | str, parameters: tuple[Any, ...], f: Callable[[Dim], Any]) -> tuple[Any, ...]:
    """The parameters of an operation with f(d) in place of each dimension d, ints included."""
    spec = OPERATIONS[operation] if isinstance(operation, str) else operation
    return spec.dims(parameters, f)


def _claim(name: str, aliases: tuple[str, ...]) -> None:
    for key in (name, *aliases):
        if key in ALIASES:
            raise ArgumentError(f"{key} is already the name of {ALIASES[key]}", advice="Choose another name or alias.")
    for key in (name, *aliases):
        ALIASES[key] = name


def find(name: str) -> FunctionSpec | OperationSpec | None:
    """The function or operation of a name or alias."""
    known = ALIASES.get(name)
    return None if known is None else FUNCTIONS.get(known) or OPERATIONS.get(known)
