"""Evidence where a domain ends: arguments that may leave it, lines beside the derivative that have no value, and far tails."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from typing import Any

import mpmath
import numpy as np
import pytest

import symchain
from symchain.errors import ArgumentError, UnsupportedError
from symchain.evidence.evaluation import evaluate
from symchain.evidence.meanings import value_of
from symchain.evidence.points import STEP, imaginary_step
from symchain.evidence.verification import verify_all
from symchain.functions import FUNCTIONS, POSITIVE, FunctionSpec
from symchain.functions.spec import Interval, declare
from symchain.rules import local
from symchain.tensors import nodes as t
from symchain.tensors.memory import forget

every_function = pytest.mark.parametrize("spec", FUNCTIONS.values(), ids=list(FUNCTIONS))
CONFINED = [s for s in FUNCTIONS.values() if s.confined]


pytestmark = pytest.mark.usefixtures("fresh")


def called(spec: FunctionSpec, argument: str, at: tuple[int, ...]) -> symchain.Program:
    """The function with an argument in some places, and names of their own in the others."""
    return symchain.parse(f"C = {spec.name}({', '.join(argument if k in at else f'q{k}' for k in range(len(spec.parameters)))})")


def verdicts(program: symchain.Program) -> list[tuple[str, Any]]:
    """The verifications of all derivatives that there are."""
    found = []
    for name in program.inputs:
        try:
            found.append((name, program.derive("C", name).verification))
        except UnsupportedError:  # by an order
            continue
    return found


# ---------------------------------------------------------------- arguments that may leave the domain


@every_function
def test_an_argument_may_leave_the_domain(spec: FunctionSpec) -> None:
    for k in range(len(spec.parameters)):
        for name, verdict in verdicts(called(spec, "u - v", (k,))):
            undecided = set(spec.derivatives) == {"0"} and verdict.open == "rounding"  # that a step of a quotient is flat, as with sign
            assert verdict.held or undecided, (spec.parameters[k], name, verdict)


@every_function
def test_one_name_may_be_several_arguments(spec: FunctionSpec) -> None:
    """Each has its own domain; what is known to be 0 may stay open, but nothing right is called wrong."""
    for count in range(2, len(spec.parameters) + 1):
        for at, argument in product(combinations(range(len(spec.parameters)), count), ("w", "tanh(w)")):
            for name, verdict in verdicts(called(spec, argument, at)):
                assert not verdict.failed, (at, argument, name, verdict)


@pytest.mark.parametrize("text", ["C = huber(w, w)", "C = huber(r, w - v)", "C = huber(sin(w), w)", "C = gammainc(2, w - v)",
                                  "C = gammaincc(a, sin(w))", "C = polygamma(u - 3, w)", "C = betainc(u - v, b, w)"])  # fmt: skip
def test_points_inside_are_found_and_decide(text: str) -> None:
    """Wrong derivatives are seen there too."""
    assert symchain.parse(text).derive("C", "w").verification.held
    spec = next(n.function for n in t.postorder(symchain.parse(text).blocks["C"].tree) if isinstance(n, t.Apply) and n.function.confined)
    wrong = tuple(d and f"({d})*1.001" for d in spec.derivatives)
    forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FUNCTIONS, spec.name, replace(spec, derivatives=wrong))
        assert symchain.parse(text).derive("C", "w").verification.failed


def test_where_no_argument_lies_in_the_domain_it_is_said() -> None:
    verdict = symchain.parse("C = huber(r, -w**2)").derive("C", "w").verification
    assert verdict.open == "nowhere" and not verdict.points


OUTSIDE, INSIDE = (-7.3, -2.6, -1.37, -0.83, -0.31, 0.27, 1.23, 5.3), (0.27, 0.85, 1.4, 2.0)
"""No ends, and no sums that are whole: a slope may be infinite at an end, and a formula may have a hole."""


@every_function
def test_outside_the_domain_there_is_no_value_or_the_derivative_goes_on(spec: FunctionSpec) -> None:
    """The contract of `domains` and `confined`: what verification relies on."""
    program = called(spec, "", ())
    trees = {}
    for k, text in enumerate(spec.derivatives):
        if text is not None:
            trees[k] = program.derive("C", f"q{k}").result.tree
    for k in range(len(spec.parameters)):
        inside = [[x for x in INSIDE if x in spec.domain(j)] for j in range(len(spec.parameters))]
        inside[k] = [x for x in OUTSIDE if x not in spec.domain(k)]
        for point in product(*inside):
            arguments = [np.float64(x) for x in point]
            with np.errstate(all="ignore"):
                value = value_of(spec, (0,) * len(point), arguments)
            if not np.isfinite(value):
                continue
            environment = {**{f"q{j}": x for j, x in enumerate(arguments)}, "C": value}
            for j, tree in trees.items():
                moved = [x + 1e-30j if i == j else x for i, x in enumerate(arguments)]
                want = np.imag(value_of(spec, (0,) * len(point), moved)) / 1e-30
                got = evaluate([tree], environment, {}, absorbing=True)[0]
                assert not np.isfinite(want) or got == pytest.approx(want, rel=1e-8, abs=1e-10), (point, spec.parameters[j])


@pytest.mark.parametrize("spec", CONFINED, ids=lambda s: s.name)
def test_what_is_confined_has_no_value_outside(spec: FunctionSpec) -> None:
    """In an array, the entries inside keep theirs."""
    for parameter in spec.confined:
        k = spec.parameters.index(parameter)
        below = spec.domain(k).low - 0.75
        columns = [np.array([x, x]) for x in spec.probes[0]]
        columns[k] = np.array([below, spec.probes[0][k]])
        with np.errstate(all="ignore"):
            value = value_of(spec, (0,) * len(columns), columns)
        assert np.isnan(value[0]) and np.isfinite(value[1])


def test_only_parameters_are_confined() -> None:
    fields = {f: getattr(FUNCTIONS["exp"], f) for f in FUNCTIONS["exp"].__dataclass_fields__ if f not in ("name", "aliases")}
    with pytest.raises(ArgumentError, match="confined"):
        declare("a_test_function", **{**fields, "confined": ("y",)})


def test_intervals_hold_arrays() -> None:
    assert list(POSITIVE.holds(np.array([-1.0, 0.0, 1.0]))) == [False, False, True]
    assert list(Interval(0.0, 1.0, low_open=False).holds(np.array([0.0, 1.0, np.nan]))) == [True, False, False]
    assert 0.0 not in POSITIVE and 0.5 in POSITIVE


# ---------------------------------------------------------------- lines beside the derivative

BESIDE = ["u = arcsec(abs(t)/9)", "u = log(-t**2)", "u = arcsin(t)", "u = inv(zeros((2, 2)))", "u = huber(t, -w**2)",
          "s = sqrt(-1 - t**2)\nu = s*w"]  # fmt: skip
ASKED = [("C = t**2*w", "w"), ("C = log(t - 50)*w", "t"), ("z = w*t\nC = relu(z)**2", "t")]


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize(("asked", "wrt"), ASKED)
def test_a_line_that_nothing_asked_for_decides_nothing(beside: str, asked: str, wrt: str) -> None:
    program = symchain.parse(f"{beside}\n{asked}")
    d = program.derive("C", wrt)
    assert d.verification.held
    assert verify_all(program.derive("C", "all")).held
    assert program.hessian("C", wrt).verification.held
    assert program.derive("C", "u").verification.held, "it is 0, whatever u is"
    claim = d.lines[-1].partition(" = ")[2]
    assert program.check("C", wrt, claim).status == symchain.parse(asked).check("C", wrt, claim).status
    point = {"t": 60.0, "w": 2.0}
    verdict = d.checked_at(point).verification
    assert verdict.held and verdict.at == point and not verdict.asked


def test_wrong_derivatives_beside_undefined_lines_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = local.PULL[t.Power]
    monkeypatch.setitem(local.PULL, t.Power, lambda node, k, cotangent, lead: right(node, k, t.scale(3, cotangent), lead))
    for beside in BESIDE:
        assert symchain.parse(f"{beside}\nC = t**2*w").derive("C", "t").verification.failed


# ---------------------------------------------------------------- far out


@pytest.mark.thorough
@pytest.mark.parametrize("text", ["C = owens_t(20*h, a)", "C = owens_t(40*h, a)", "C = owens_t(5*exp(h), a)"])
@pytest.mark.parametrize("wrt", ["h", "a"])
def test_far_in_a_tail_an_integral_keeps_its_digits(text: str, wrt: str) -> None:
    verdict = symchain.parse(text).derive("C", wrt).verification
    assert verdict.held and verdict.error < 1e-12


@pytest.mark.parametrize("x", [-0.3, -1.5, -2.6, -7.3])
def test_the_gamma_function_has_its_slope_left_of_0(x: float) -> None:
    step = np.imag(value_of(FUNCTIONS["gamma"], (0,), [np.array(x + 1e-30j)])) / 1e-30
    assert step == pytest.approx(float(mpmath.gamma(x) * mpmath.digamma(x)), rel=1e-13)


def test_what_an_order_does_is_unknown_and_said_so() -> None:
    for spec in FUNCTIONS.values():
        for k in (k for k, d in enumerate(spec.derivatives) if d is None):
            columns = [[np.array(x + s * (j == k)) for j, x in enumerate(spec.probes[0])] for s in (0, 1e-30j)]
            still, moved = (value_of(spec, (0,) * len(column), column) for column in columns)
            assert np.real(moved) == pytest.approx(float(still), rel=1e-13) and np.isnan(np.imag(moved))


def test_a_step_stays_far_below_what_moves() -> None:
    assert imaginary_step([np.array([1.0, 0.0]), np.array(-3.0)]) == STEP
    assert imaginary_step([np.array([1.0, -1e-40])]) == pytest.approx(1e-50)
    assert not symchain.parse("C = relu(-w**2)").derive("C", "w").verification.failed


# ---------------------------------------------------------------- zeros


@pytest.mark.parametrize("text", ["C = squared_error(w, w)", "C = arctan2(sin(w), sin(w))", "C = binom(w, w)"])
def test_what_cancels_is_not_taken_for_saturation(text: str) -> None:
    d = symchain.parse(text).derive("C", "w")
    assert d.lines[-1] == "dC_dw = 0" and d.verification.held


@pytest.mark.parametrize("text", ["C = exp(-1000 - w**2)", "C = exp(-720 - w**2)", "C = tanh(1000 + w**2)", "C = erf(30 + w**2)"])
def test_a_zero_by_mistake_where_steps_are_lost_is_not_held(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(local.PULL, t.Power, lambda node, k, cotangent, lead: t.scale(0, cotangent))
    d = symchain.parse(text).derive("C", "w")
    assert d.lines[-1] == "dC_dw = 0" and not d.verification.held


@pytest.mark.parametrize("name", ["rel_entr", "kl_div"])
def test_rounding_inside_of_a_function_is_no_mistake(name: str) -> None:
    """log(w*(1/w)) is not always 0 in floating point; where the formula says 0 that is all that is left."""
    assert not symchain.parse(f"C = {name}(w, w)").derive("C", "w").verification.failed


@every_function
def test_a_name_given_to_a_function_is_verified_in_general_form_too(spec: FunctionSpec) -> None:
    """sigma = mod: the derivative is printed with sigma', whose value is a derivative of the meaning."""
    arguments = ", ".join(f"q{k}" for k in range(len(spec.parameters)))
    for name, verdict in verdicts(symchain.parse(f"sigma = {spec.name}\nC = sigma({arguments})")):
        assert verdict.held, (name, verdict)
