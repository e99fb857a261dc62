"""The contract of the function registry: every record is held against its exact meaning, by mpmath and by SymPy.

Everything loops over FUNCTIONS, so a function added tomorrow is tested tomorrow. Texts of derivatives are evaluated here by a
few lines of their own: neither the rules nor the elaboration of the language are trusted.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import string
from collections.abc import Mapping
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy import special

from symchain.errors import ArgumentError
from symchain.evidence.meanings import value_of
from symchain.functions import ALIASES, FUNCTIONS, REAL, FunctionSpec, Noun, declare, find, texts
from symchain.kernels.stable import STABLE
from symchain.kernels.writing import form_template
from symchain.language.grammar import parse_expression
from symchain.operations import OPERATIONS
from symchain.support.notation import Phrase, walk
from symchain.wording import LANGUAGES

DIGITS = 240  # enough for 1 + erf(-30/sqrt(2)) to keep forty

# what a printed line may call: names a reader finds in NumPy, in SciPy or in one line of either
_PRINTABLE = """exp log sin cos tan tanh sinh cosh arcsin arccos arctan arcsinh arccosh arctanh arctan2 sqrt abs sign exp2 expm1 log1p log2
    log10 hypot sinc square cbrt logaddexp logaddexp2 maximum minimum where power clip sigmoid relu softplus erf erfc erfinv erfcx
    gammaln digamma polygamma i0 i1 i0e i1e Phi normpdf log_ndtr ndtri logit xlogy xlog1py entr zeta gamma gammainc gammaincc
    betaln rsqrt logsigmoid silu gelu heaviside j0 j1 jv y0 y1 yv iv k0 k1 kv k0e k1e expn exprel hyp1f1 hyp2f1
    airyai airyaiprime airybi airybiprime ellipk ellipe"""
PRINTABLE = frozenset(_PRINTABLE.split())

COMPARISONS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}

every_function = pytest.mark.parametrize("spec", FUNCTIONS.values(), ids=list(FUNCTIONS))


# ---------------------------------------------------------------- exact values


@cache
def digits(spec: FunctionSpec) -> int:
    """How many digits a function is computed with: integrals, limits and series take their time, and have no far tails here."""
    meaning = sp.sympify(spec.meaning(*sp.symbols(f"u:{len(spec.parameters)}", real=True)))
    return 80 if meaning.has(sp.Integral, sp.bessely, sp.besselk, sp.hyper) else DIGITS


@cache
def _numeric(meaning: Any, arity: int) -> Any:
    symbols = sp.symbols(f"u:{arity}", real=True)
    return sp.lambdify(symbols, meaning(*symbols), "mpmath")


@cache
def _exact(meaning: Any, point: tuple[Any, ...], digits: int) -> Any:
    return mpmath.mpmathify(_numeric(meaning, len(point))(*point))


def exact(spec: FunctionSpec, point: tuple[Any, ...]) -> Any:
    """The meaning of a function at a point; remembered, for some functions take their time."""
    return _exact(spec.meaning, tuple(map(mpmath.mpmathify, point)), mpmath.mp.prec)


def value(phrase: Phrase, names: Mapping[str, Any]) -> Any:
    """A formula by the exact meanings of the functions it calls."""
    match phrase.head:
        case "number":
            return mpmath.mpf(phrase.text)
        case "name":
            return names[phrase.text] if phrase.text in names else {"pi": +mpmath.pi}[phrase.text]
        case "neg":
            return -value(phrase.parts[0], names)
        case "add":
            return mpmath.fsum(value(p, names) for p in phrase.parts)
        case "mul":
            product = mpmath.mpf(1)
            for p in phrase.parts:
                product = product / value(p.parts[0], names) if p.head == "over" else product * value(p, names)
            return product
        case "pow":
            return value(phrase.parts[0], names) ** value(phrase.parts[1], names)
        case "compare":
            return COMPARISONS[phrase.text](*(value(p, names) for p in phrase.parts))
        case "call" if phrase.text == "where":
            return value(phrase.parts[1 if value(phrase.parts[0], names) else 2], names)
        case "call":
            return exact(FUNCTIONS[ALIASES[phrase.text]], tuple(value(p, names) for p in phrase.parts))
    raise AssertionError(f"unexpected {phrase.head} in a declaration")


def evaluate(text: str, spec: FunctionSpec, point: tuple[Any, ...]) -> Any:
    """A text of a declaration at a point; `out` is the function's value there."""
    names = dict(zip(spec.parameters, map(mpmath.mpmathify, point), strict=True))
    return value(parse_expression(text), {**names, "out": exact(spec, point)})


def slope(spec: FunctionSpec, k: int, point: tuple[Any, ...]) -> Any:
    """The derivative of the meaning by the k-th argument, from differences at high precision."""
    at = [mpmath.mpmathify(x) for x in point]
    return mpmath.diff(lambda t: exact(spec, (*at[:k], t, *at[k + 1 :])), at[k])


def close(got: Any, want: Any, tolerance: float = 1e-30) -> bool:
    return bool(abs(got - want) <= tolerance * abs(want))


def derivative_errors(spec: FunctionSpec) -> list[str]:
    """Where a declared derivative is not the derivative of the meaning."""
    with mpmath.workdps(digits(spec)):
        return [
            f"d{spec.name}/d{parameter} at {point} is not {text}"
            for k, (parameter, text) in enumerate(zip(spec.parameters, spec.derivatives, strict=True))
            if text is not None
            for point in spec.probes
            if not close(evaluate(text, spec, point), slope(spec, k, point))
        ]


# ---------------------------------------------------------------- derivatives


@every_function
def test_the_derivative_is_that_of_the_meaning(spec: FunctionSpec) -> None:
    assert not derivative_errors(spec)


@every_function
def test_a_wrong_derivative_is_caught(spec: FunctionSpec) -> None:
    """The test of the test above: one wrong text per parameter."""
    for k, text in enumerate(spec.derivatives):
        if text is not None:
            planted = (*spec.derivatives[:k], f"{text} + 1e-20", *spec.derivatives[k + 1 :])
            assert derivative_errors(dataclasses.replace(spec, derivatives=planted))


@every_function
def test_the_textbook_form_is_the_derivative(spec: FunctionSpec) -> None:
    if spec.textbook is None:
        return
    assert spec.textbook != spec.derivatives[0]
    with mpmath.workdps(digits(spec)):
        for point in spec.probes:
            assert close(evaluate(spec.textbook, spec, point), evaluate(str(spec.derivatives[0]), spec, point))


@every_function
def test_second_derivatives_close(spec: FunctionSpec) -> None:
    """A derivative speaks of the parameters, of out, and of functions that a printed line may use and that have derivatives."""
    for text in (*spec.derivatives, spec.textbook, *(after for _, after in spec.identities)):
        for phrase in walk(parse_expression(text or "0")):
            if phrase.head == "name":
                assert phrase.text in {*spec.parameters, "out", "pi"}
            if phrase.head == "call":
                assert phrase.text in PRINTABLE
                assert phrase.text == "where" or phrase.text in FUNCTIONS, "derivatives use the primary names"


@every_function
def test_complex_steps_give_the_same_derivative(spec: FunctionSpec) -> None:
    """What verification relies on: `analytic`, or the meaning evaluated by `meanings`, a tiny step off the real line."""
    step = 1e-30
    for point in spec.probes:
        for k, text in enumerate(spec.derivatives):
            if text is None:
                continue
            arguments = [np.array(x + 1j * step if j == k else x) for j, x in enumerate(point)]
            with np.errstate(all="ignore"):
                if spec.analytic is None:
                    answer = complex(value_of(spec, (0,) * len(point), arguments))
                else:
                    answer = complex(run(spec.analytic, dict(zip(spec.parameters, arguments, strict=True))))
            with mpmath.workdps(digits(spec)):
                want, out = float(evaluate(text, spec, point)), float(exact(spec, point))
            assert abs(answer.imag / step - want) <= 1e-11 * (1e-3 + abs(want)), (point, answer, want)
            assert abs(answer.real - out) <= 1e-11 * (1e-3 + abs(out)), (point, answer, out)


@every_function
def test_identities_hold(spec: FunctionSpec) -> None:
    with mpmath.workdps(digits(spec)):
        for before, after in spec.identities:
            for point in spec.probes:
                assert close(evaluate(before, spec, point), evaluate(after, spec, point)), (before, point)


@pytest.mark.parametrize("spec", [s for s in FUNCTIONS.values() if s.logarithm], ids=lambda s: s.name)
def test_the_logarithm_is_that_of_the_value(spec: FunctionSpec) -> None:
    with mpmath.workdps(digits(spec)):
        for point in spec.probes:
            if (out := exact(spec, point)) > 0:
                assert abs(evaluate(spec.logarithm, spec, point) - mpmath.log(out)) < 1e-30 * max(1, abs(mpmath.log(out))), point


# ---------------------------------------------------------------- kinks


def sides(spec: FunctionSpec, at: float) -> tuple[Any, Any, bool]:
    """The slopes on the left and on the right of a point, and whether the function jumps there."""
    near = mpmath.mpf(10) ** -60
    left, right = (at - near,), (at + near,)
    return slope(spec, 0, left), slope(spec, 0, right), abs(exact(spec, left) - exact(spec, right)) > 1e-30


@every_function
def test_kinks_take_the_subgradient_of_least_norm(spec: FunctionSpec) -> None:
    assert not spec.kinks or len(spec.parameters) == 1
    with mpmath.workdps(digits(spec)):
        for kink in spec.kinks:
            left, right, jumps = sides(spec, kink.at)
            assert jumps or not close(left, right, 1e-15)
            least = 0 if left * right <= 0 else min(left, right, key=abs)
            assert close(kink.value, least, 1e-15)
            assert close(evaluate(str(spec.derivatives[0]), spec, (kink.at,)), least, 1e-15)


@every_function
def test_no_kink_is_forgotten(spec: FunctionSpec) -> None:
    if len(spec.parameters) > 1:
        assert not forgotten_ties(spec)
        return
    with mpmath.workdps(digits(spec)):
        for at in (-6.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 6.0):
            ends = (spec.domain(0).low, spec.domain(0).high)
            if at in spec.domain(0) and at not in ends and not (spec.name == "cbrt" and at == 0):  # a vertical tangent, not a kink
                left, right, jumps = sides(spec, at)
                kinked = jumps or abs(left - right) > 1e-15
                names = {spec.parameters[0]: at, "out": exact(spec, (at,))} if spec.ties else {}
                tied = any(value(parse_expression(a), names) == value(parse_expression(b), names) for a, b in spec.ties)
                assert kinked == (tied or any(kink.at == at for kink in spec.kinks)), at


def forgotten_ties(spec: FunctionSpec) -> list[tuple[Any, ...]]:
    """Where a function of several arguments has a kink in one of them that no tie tells of."""
    found = []
    near = mpmath.mpf(10) ** -25
    grids = [[x for x in (-1.0, 0.0, 0.5, 1.0, 2.0) if spec.domain(k).low < x < spec.domain(k).high] for k in range(len(spec.parameters))]
    with mpmath.workdps(60):
        for point in itertools.product(*grids):
            try:
                names = dict(zip((*spec.parameters, "out"), (*point, exact(spec, point)), strict=True))
            except ValueError:  # a pole
                continue
            tied = any(value(parse_expression(a), names) == value(parse_expression(b), names) for a, b in spec.ties)
            for k, text in enumerate(spec.derivatives):
                if text is None or tied or (spec.name in VERTICAL and VERTICAL[spec.name](*point)):
                    continue
                try:
                    steps = [exact(spec, (*point[:k], point[k] + s * near, *point[k + 1 :])) for s in (-1, 0, 1)]
                except ValueError:  # beside a pole
                    continue
                left, right = (steps[1] - steps[0]) / near, (steps[2] - steps[1]) / near
                if abs(left - right) > 1e-9 * (1 + abs(left)):
                    found.append((spec.name, spec.parameters[k], point))
    return found


VERTICAL: dict[str, Any] = {"arctan2": lambda y, x: x <= 0 and y == 0}
"""Points without a derivative that belong to no tie: the cut of an angle."""


@every_function
def test_a_forgotten_tie_is_noticed(spec: FunctionSpec) -> None:
    """The test of the test above."""
    if spec.ties and len(spec.parameters) > 1:
        assert forgotten_ties(dataclasses.replace(spec, ties=()))


@every_function
def test_ties_are_said_and_shared(spec: FunctionSpec) -> None:
    """Expressions of ties are in the input language; equal operands of an extremum share its slope."""
    for pair in spec.ties:
        for text in pair:
            parse_expression(text)
    if spec.name in ("maximum", "minimum"):
        assert [evaluate(str(d), spec, (2.0, 2.0)) for d in spec.derivatives] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("point", "slopes"),
    [
        ((0.5, -1.0, 2.0), [1, 0, 0]),
        ((-1.0, -1.0, 2.0), [0, 1, 0]),
        ((2.0, -1.0, 2.0), [0, 0, 1]),
        ((1.0, 1.0, 1.0), [0, 0.5, 0.5]),
        ((0.0, 1.0, 1.0), [0, 0.5, 0.5]),
        ((3.0, 1.0, 1.0), [0, 0, 1]),
        ((0.0, 2.0, 1.0), [0, 0, 1]),
        ((3.0, 2.0, 1.0), [0, 0, 1]),
    ],
)
def test_a_clip_that_touches_a_bound_is_that_bound(point: tuple[float, ...], slopes: list[float]) -> None:
    """So its slope by the argument is 0, the least, and the three slopes add up to 1: what moves all three moves the value."""
    spec = FUNCTIONS["clip"]
    assert [evaluate(str(d), spec, point) for d in spec.derivatives] == slopes
    assert exact(spec, point) == np.clip(*point)


# ---------------------------------------------------------------- numbers


def run(template: str, arguments: Mapping[str, Any]) -> Any:
    """Code filled in with names as a backend does."""
    names = {p: f"v{k}" for k, p in enumerate(arguments)}
    values = {names[p]: v for p, v in arguments.items()}
    return eval(template.format(*values, **names), {"np": np, "special": special, **STABLE, **values})


def numpy_code(spec: FunctionSpec) -> str:
    return form_template(spec.form, "numpy")[0]


def columns(spec: FunctionSpec, dtype: Any) -> dict[str, Any]:
    return {p: np.array([point[k] for point in spec.probes], dtype=dtype) for k, p in enumerate(spec.parameters)}


@every_function
def test_numpy_code_is_accurate_and_silent(spec: FunctionSpec) -> None:
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        got = run(numpy_code(spec), columns(spec, float))
    assert got.dtype == np.float64 and got.shape == (len(spec.probes),)
    with mpmath.workdps(digits(spec)):
        for x, point in zip(got, spec.probes, strict=True):
            assert close(float(x), exact(spec, point), 1e-13), (point, x)


@every_function
def test_float32_stays_float32(spec: FunctionSpec) -> None:
    with np.errstate(all="ignore"):
        assert run(numpy_code(spec), columns(spec, np.float32)).dtype == np.float32


@every_function
def test_probes_and_values_are_where_they_are_said_to_be(spec: FunctionSpec) -> None:
    assert not spec.domains or len(spec.domains) == len(spec.parameters)
    with mpmath.workdps(digits(spec)):
        for point in spec.probes:
            assert len(point) == len(spec.parameters)
            assert all(x in spec.domain(k) for k, x in enumerate(point))
            assert exact(spec, point) in spec.range, point
        if spec.increasing:
            assert len(spec.parameters) == 1
            assert all(evaluate(str(spec.derivatives[0]), spec, point) > 0 for point in spec.probes)


@every_function
def test_several_probes_reach_the_tails(spec: FunctionSpec) -> None:
    assert len(set(spec.probes)) >= 4


# ---------------------------------------------------------------- words


@every_function
def test_both_languages_are_there(spec: FunctionSpec) -> None:
    assert spec.reason["en"] != spec.reason["fr"]
    for sentence in spec.reason.values():
        assert re.fullmatch(r"[^\s].*[^\s.]\.", sentence) and "\n" not in sentence and sentence[0].isupper()
        assert 20 <= len(sentence) <= 160
    assert not re.search(r"\w[:;!?]", spec.reason["fr"]), "French puts a space before these"
    assert not re.search(r"\d\.\d", spec.reason["fr"]), "French has a decimal comma"
    assert spec.noun.en and spec.noun.fr and spec.noun.gender in ("m", "f")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_something_of_every_record(language: str) -> None:
    assert list(texts.missing(language)) == []


def test_no_two_functions_give_the_same_reason() -> None:
    for language in LANGUAGES:
        reasons = [texts.reason(name, language) for name in FUNCTIONS]
        assert len(set(reasons)) == len(reasons)


@every_function
def test_latex_is_balanced(spec: FunctionSpec) -> None:
    r"""Either a template whose fields are the parameters, or a macro without fields such as \operatorname{erf}."""
    template = any("{" + p + "}" in spec.latex for p in spec.parameters)
    if template:
        assert {field for _, field, _, _ in string.Formatter().parse(spec.latex) if field} == set(spec.parameters)
    filled = spec.latex.format(**dict.fromkeys(spec.parameters, "u")) if template else spec.latex
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", filled):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0 and filled.count(r"\left") == filled.count(r"\right")


# ---------------------------------------------------------------- names


def test_names_lead_to_their_records() -> None:
    for registry in (FUNCTIONS, OPERATIONS):
        for name, spec in registry.items():
            assert spec.name == name and name.isidentifier()
            assert all(find(key) is spec for key in (name, *spec.aliases))
    assert not FUNCTIONS.keys() & OPERATIONS.keys()
    assert len(ALIASES) == sum(1 + len(s.aliases) for r in (FUNCTIONS, OPERATIONS) for s in r.values())
    assert find("phi") is None, "phi stays free: the normal density is normpdf"


SOUND: dict[str, Any] = {
    "parameters": ("x",),
    "meaning": lambda x: x,
    "derivatives": ("1",),
    "code": {"numpy": "{x}"},
    "latex": "t",
    "noun": Noun("test", "test", "m"),
    "reason": {"en": "One.", "fr": "Un."},
    "probes": ((0.0,),),
}


@pytest.mark.parametrize(
    "flaw",
    [
        {"name": "exp"},
        {"aliases": ("ln",)},
        {"derivatives": ("1", "2")},
        {"domains": (REAL, REAL)},
        {"code": {}},
        {"reason": {"en": "One."}},
        {"probes": ()},
    ],
    ids=lambda flaw: next(iter(flaw)),
)
def test_a_flawed_declaration_is_refused_whole(flaw: dict[str, Any]) -> None:
    before = dict(ALIASES), dict(FUNCTIONS)
    with pytest.raises(ArgumentError):
        declare(**{"name": "a_test_function", **SOUND, **flaw})
    assert before == (ALIASES, FUNCTIONS)
