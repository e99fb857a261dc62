"""Kernels held against their programs: a mistake anywhere between the two is found before a number is handed out, and nothing else is."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mistakes import scaled
from randomprograms import DECLARED, FACTS, random_program
from ready import ready_program

import symchain
from symchain import VerificationError
from symchain.functions import FUNCTIONS
from symchain.functions.spec import OPERATIONS
from symchain.models import model_names
from symchain.rewriting import matching
from symchain.rewriting.rows import Row, Use
from symchain.rewriting.rules_table import TABLE
from symchain.rules import local
from symchain.tensors import nodes as t
from symchain.tensors.memory import forget

pytestmark = pytest.mark.usefixtures("fresh")
SHAPES = {n: s for n, s in DECLARED.items() if s}

# ---------------------------------------------------------------- mistakes


def refused(text: str, **options: Any) -> None:
    with pytest.raises(VerificationError, match="does not compute what the program says of C"):
        symchain.parse(text).compile("C", **options).positional  # noqa: B018


FORMS = {  # wrong by a factor, by a sign, on one side, at every point
    ("sin(x)", "1.001*sin(x)"): "C = x*sin(x*y)",
    ("1 - sigmoid(x)", "sigmoid(x)"): "C = (1 - sigmoid(x))*y",
    ("exp(x)*tanh(x)", "where(x > 0, exp(x)*tanh(x), 0)"): "x: (n,)\nC = sum(exp(x)*tanh(x))",
    ("log(1 + x)", "x - x**2/2"): "a = x**2\nC = log(1 + a)/y",
}


@pytest.mark.thorough
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[0])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_wrong_form_is_caught(form: tuple[str, str], order: int) -> None:
    symchain.parse(FORMS[form]).compile(order=order).positional  # noqa: B018
    with TABLE.including(Row("a planted form", Use.RUN, *form, priority=1000)):
        refused(FORMS[form], order=order)


def test_a_comparison_matched_without_its_operator_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {operator: ">" for operator in matching.MIRROR}
    monkeypatch.setattr(matching, "MIRROR", wrong)
    for text in ("C = where(0 <= x, x, 0)", "X: (n,)\nC = sum(where(0 < X, X, 0))", "C = where(1 - z < 0, 1 - z, 0)*y"):
        symchain.parse(text).compile().positional  # noqa: B018
    match = matching._match

    def careless(pattern: t.Tree, tree: t.Tree, bindings: Any) -> Any:
        if isinstance(pattern, t.Compare) and isinstance(tree, t.Compare):
            return matching._match_each(pattern.args, tree.args, bindings)
        return match(pattern, tree, bindings)

    monkeypatch.setattr(matching, "_match", careless)
    for text in ("C = where(x <= 0, x, 0)", "C = where(x == 0, x, 0)*y", "C = where(x < 0, x**2, 0)/2", "C = where(z - 1 < 0, z - 1, 0)*y"):
        refused(text)
    refused("X: (n,)\nC = sum(where(X < 0, X, 0))", order=0)


@pytest.mark.parametrize("kind", [t.Sum, t.Contraction, t.Power, t.Apply, t.Where, t.Operation])
def test_a_wrong_rule_is_caught(kind: type[t.Tree], monkeypatch: pytest.MonkeyPatch) -> None:
    """In gradients, where the value is right."""
    text = "x: (n,)\ny: (n,)\ng = where(x > y, x**3, y)*exp(x) + y\nC = logsumexp(g)"
    monkeypatch.setitem(local.PULL, kind, scaled(local.PULL[kind], 3))
    forget()
    symchain.parse(text).compile(order=0).positional  # noqa: B018
    refused(text)
    refused(text, order=2)
    d = symchain.parse(text).derive("C", "x")
    with pytest.raises(VerificationError):
        d.compile().positional  # noqa: B018


def test_wrong_second_derivatives_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A derivative that is right the first time and wrong the second: the rule of what the first brought up."""
    text = "x: (n,)\nC = sum(sin(x)*x[::-1])"
    cosine = replace(FUNCTIONS["cos"], derivatives=("-1.01*sin(x)",))
    monkeypatch.setitem(FUNCTIONS, "cos", cosine)
    forget()
    program = symchain.parse(text)
    program.compile().positional  # noqa: B018
    refused(text, order=2)
    for d in (program.hessian("x"), program.hvp("x")):
        with pytest.raises(VerificationError):
            d.compile().positional  # noqa: B018


@pytest.mark.parametrize("name", ["tanh", "erf", "relu", "gammaln"])
def test_wrong_code_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = FUNCTIONS[name]
    monkeypatch.setitem(FUNCTIONS, name, replace(spec, form=("*", spec.form, 1.0001)))
    refused(f"C = y*{name}(x)", order=0)
    refused(f"x: (n,)\nC = sum({name}(x))")


def test_a_wrong_kernel_is_never_handed_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not by a call, in a file, by pickle, as text, nor with options; and it is refused each time."""
    monkeypatch.setitem(vars(OPERATIONS["prod"]), "pullback", scaled(OPERATIONS["prod"].pullback, 2))
    kernel = symchain.parse("x: (n,)\nC = prod(x)").compile()
    other = kernel.with_options(kinks="raise")
    ways = (
        lambda: kernel(x=[1.0, 2.0]), lambda: kernel.positional([1.0, 2.0]), lambda: kernel.save(tmp_path / "k.json"),
        lambda: pickle.dumps(kernel), lambda: kernel.source, lambda: other(x=[1.0, 2.0]),
    )  # fmt: skip
    for way in (*ways, *ways):
        with pytest.raises(VerificationError):
            way()
    assert not list(tmp_path.iterdir())


def test_a_kernel_is_checked_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kernel = symchain.parse("C = x**2").compile()
    other = kernel.with_options(kinks="raise")
    assert kernel._checks is other._checks and len(kernel._checks) == 1
    other(x=1.0)
    assert not kernel._checks
    kernel.save(tmp_path / "k.json")
    assert not symchain.load(tmp_path / "k.json")._checks
    assert not pickle.loads(pickle.dumps(kernel))._checks


# ---------------------------------------------------------------- no false alarms


@pytest.mark.parametrize("name", model_names())
def test_ready_models_pass(name: str) -> None:
    program = ready_program(name)
    for order in (0, 1):
        program.compile(order=order).positional  # noqa: B018


@pytest.mark.thorough
@pytest.mark.parametrize("first", range(0, 120, 10))
def test_random_programs_pass(first: int) -> None:
    for seed in range(first, first + 10):
        text = random_program(seed, 5, ((), ("n",), ("m", "n")))
        symchain.parse(text, shapes=SHAPES, assume=FACTS).compile().positional  # noqa: B018


@pytest.mark.parametrize("seed", range(700, 712))
def test_second_derivatives_of_random_programs_pass(seed: int) -> None:
    program = symchain.parse(random_program(seed, 2), shapes=SHAPES, assume=FACTS)
    names = [n for b in program.blocks.values() for n in b.reads if n in program.inputs][:2]
    if names:
        program.compile(wrt=names, order=2).positional  # noqa: B018
        program.hvp(names[0]).compile().positional  # noqa: B018


QUIET = {
    "a slope of 0 that is a sum of equal terms": "C = mod(x, y)**2*t",
    "undefined everywhere": "C = log(-1 - x**2)",
    "defined in a corner": "C = log(x - 40)*sqrt(y - 1000)",
    "on a kink everywhere": "C = abs(x - x) + y*relu(0*x)",
    "at a tie of whole numbers": "y: (n,) onehot\nx: (n,)\nC = sum(where(y == 1, x, -x)*maximum(y, 0))",
    "cancels": "C = (1e16*x + y) - 1e16*x",
    "badly conditioned": "a = x - x*(1 + 1e-13)\nC = y/a",
    "nearly singular": "A: (3, 3)\nC = det(A - A*(1 + 1e-15))",
    "saturated": "C = tanh(1000*x)*y",
    "saturated inside of a function": "C = logsigmoid(60 + x**2)*y",
    "saturated inside of an operation": "x: (n,)\nA: (n, n)\nC = sum(log_softmax(200*x)*softplus(-80 - A[0]**2))",
    "overflows": "C = exp(exp(10*x))*y",
    "underflows": "C = exp(-exp(10*x**2))",
    "steep": "C = tanh(1e9*(x - y)**3)",
    "flat": "C = sign(x)*sign(y)",
    "labels": "x: (n,)\nl: (m,) integer\nC = sum(exp(x[l]))",
    "no inputs": "C = 2*pi",
    "nothing to differentiate by": "x: (n,)\nC = 3",
    "largest of equals": "x: (n,)\nC = max(0*x + 1)*sum(x)",
    "slopes of zero": "D: (n, n) diagonal\nA: (n, n)\nC = min(abs(D**3 - A), axis=1)",
    "symmetric": "S: (n, n) spd\nx: (n,)\nC = logdet(S) + x @ inv(S) @ x",
    "free entries": "S: (n, n) symmetric_entries\nC = tr(S @ S @ S)",
    "large": "A: (2000, 2000)\nC = logdet(A @ A.T)",
    "only known numerically": "C = gammainc(2, x)*polygamma(1, y)",
    "no value for the meaning's": "C = expn(1.5, x)",
}


@pytest.mark.parametrize("text", QUIET.values(), ids=QUIET)
def test_where_nothing_can_be_compared_nothing_is_said(text: str) -> None:
    program = symchain.parse(text)
    names = [n for n, v in program.inputs.items() if "integer" not in v.facts]
    for order in (0, 1):
        program.compile(order=order, wrt=names).positional  # noqa: B018


@pytest.mark.thorough
@pytest.mark.parametrize("scale", ["40*", "1/1000*", "-40*"])
def test_functions_far_out_and_near_zero_pass(scale: str) -> None:
    for spec in FUNCTIONS.values():
        if None not in spec.derivatives and not spec.domains:
            text = f"C = {spec.name}({', '.join(scale + p for p in spec.parameters)})*w"
            symchain.parse(text).compile().positional  # noqa: B018


@pytest.mark.parametrize(
    "text",
    [
        "C = absolute_error(z, z)",  # 0 but for rounding, and so are its derivatives
        "C = where(exprel(exp(-z**6)) > tanh(y), z**2, y)",  # a quotient of what is lost at tiny arguments decides
        "B: (n, n)\ny: (n,)\nC = sum(relu(softmax((B @ y)*40))**2)",  # derivatives as small as what rounding makes of the value
    ],
)
def test_kernels_that_differ_by_rounding_pass(text: str) -> None:
    for order in (1, 2):
        symchain.parse(text).compile("C", order=order).positional  # noqa: B018


def test_blocks_may_be_differentiated_by() -> None:
    program = symchain.parse("z = w*x + b\na = tanh(z)\nC = (a - y)**2*z")
    value, gradient = program.compile(wrt=["a", "z", "w"])(w=0.5, x=2.0, b=0.1, y=0.3)
    a = np.tanh(1.1)
    assert gradient["a"] == pytest.approx(2 * (a - 0.3) * 1.1)
    program.derive("C", "a").compile()(w=0.5, x=2.0, b=0.1, y=0.3)


def test_unfinished_functions_are_refused_as_before() -> None:
    with pytest.raises(symchain.SymchainError, match="is not known"):
        symchain.parse("C = sigma1(x)").compile()
