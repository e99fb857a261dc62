"""What counts as evidence: planted mistakes are found wherever the derivative can be seen, and what cannot be seen is said."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.evidence.evaluation import evaluate
from symchain.evidence.exploration import Exploration, points
from symchain.evidence.judgement import relative_error
from symchain.nouns.derivation import Derivation
from symchain.rules import local
from symchain.tensors import nodes as t
from symchain.wording import LANGUAGES


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """No check warns of an overflow or of a logarithm of a negative number."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture
def negated_powers(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the derivative of a power has the wrong sign."""
    right = local.PULL[t.Power]
    monkeypatch.setitem(local.PULL, t.Power, lambda node, k, cotangent, lead: right(node, k, t.scale(-1, cotangent), lead))


def derived(text: str, wrt: str = "x", at: dict[str, Any] | None = None) -> Derivation:
    return symchain.parse(text).derive(wrt).checked_at(at)


def checked(text: str, wrt: str = "x", at: dict[str, Any] | None = None) -> str:
    told = derived(text, wrt, at).text(detail="brief")
    return " ".join(told[told.index("Numerical check.") :].split())


# ---------------------------------------------------------------- small derivatives

SMALL = ["C = exp(-(x - 20)**2/2)", "C = 1e-200*x**2", "C = exp(-(x - 20)**2)*1e-50"]


@pytest.mark.parametrize("text", SMALL)
def test_small_derivatives_are_compared(text: str) -> None:
    verdict = derived(text).verification
    assert verdict.held and verdict.points == 3 and 0 < abs(verdict.reference) < 1e-80


@pytest.mark.parametrize("text", SMALL)
def test_a_wrong_sign_of_a_small_derivative_is_found(text: str, negated_powers: None) -> None:
    verdict = derived(text).verification
    assert verdict.failed and verdict.error == pytest.approx(2)


@pytest.mark.thorough
def test_the_printed_difference_is_relative() -> None:
    """Of a derivative of 1e-67, and of one that double precision has few digits of."""
    chain = "\n".join(f"a{k} = tanh(2*{f'a{k - 1}' if k else 'x'} + 0.1)" for k in range(100))
    small, few = derived(chain).verification, derived("y = tanh(12 + x)").verification
    for verdict in (small, few):
        assert verdict.held
        assert verdict.error >= abs(verdict.value - verdict.reference) / abs(verdict.reference) > 1e-16
    assert few.rounded and "This difference is rounding" in checked("y = tanh(12 + x)")


def test_relative_errors_are_relative() -> None:
    assert relative_error(np.array([1e-250]), np.array([-1e-250])) == 2
    assert relative_error(np.array([1.0, 1e-7]), np.array([1.0, 2e-7]), floor=0) == 0.5
    assert relative_error(np.array([1.0, 0.0]), np.array([1.0, 1e-320]), floor=0) == 0, "below what the complex step resolves"


# ---------------------------------------------------------------- where the derivative is 0

RARELY = [
    "y = relu(x**2 - 20)", "y = maximum(x**2, 30)", "y = minimum(x**2, 0.01)", "y = clip(x**2, 5, 6)", "y = clip(x**2, 5, 5.1)",
    "y = relu(1 - (x - 4)**2)", "y = relu(1 - (x - 40)**2)", "y = where(x > 7, where(x < 8, x**2, 0), 0)", "y = relu(x**2*w - 50)",
]  # fmt: skip


@pytest.mark.parametrize("text", RARELY)
def test_points_are_found_where_the_derivative_is_not_0(text: str) -> None:
    verdict = derived(text).verification
    assert verdict.held and verdict.points >= 3 and verdict.value


@pytest.mark.parametrize("text", RARELY)
def test_a_mistake_that_shows_rarely_is_found(text: str, negated_powers: None) -> None:
    assert derived(text).verification.failed


@pytest.mark.parametrize("text", ["y = exp(-1000 - x**2)", "y = tanh(1000 + x**2)"])
def test_zeros_on_both_sides_prove_nothing(text: str) -> None:
    verdict = derived(text).verification
    assert not verdict.held and not verdict.failed and verdict.open == "flat"
    assert "Nothing is decided here" in checked(text) and "largest relative difference" not in checked(text)


@pytest.mark.parametrize("text", ["y = 1/(sin(x)**2 + cos(x)**2 - 1)", "y = tanh(50 + x**2)"])
def test_rounding_proves_nothing(text: str) -> None:
    assert derived(text).verification.open == "rounding"
    assert "rounding changes it as much as a mistake would" in checked(text)


@pytest.mark.parametrize("text", ["y = sign(x)", "y = heaviside(x - 1)", "y = x**2 - x**2", "y = w**2; u = x; C = y"])
def test_a_formula_that_is_0_is_compared_with_0(text: str) -> None:
    """A reason to be 0 needs no point where it is not; nor are both sides 0 because something underflows."""
    verdict = derived(text).verification
    assert verdict.held and verdict.zero
    assert "both are 0 at" in checked(text) and "-0" not in checked(text).replace("-0.", "")


def test_a_formula_that_is_0_by_mistake_is_found(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(local.PULL, t.Power, lambda node, k, cotangent, lead: t.scale(0, cotangent))
    assert derived("y = relu(x**2 - 20)").verification.failed
    assert not derived("y = exp(-1000 - x**2)").verification.held


def test_both_sides_of_every_choice_are_looked_at() -> None:
    for text, reads in (("y = abs(x)", 1), ("y = clip(x, -50, 50)*w", 2), ("y = where(x > 9, relu(w), where(w > 9, x, 1))", 3)):
        search = Exploration(symchain.parse(text), "y")
        for point in search:
            search.look(point)
            search.enough = True
        assert search.complete(point) and point.choices >= reads


# ---------------------------------------------------------------- kinks

ON_SAMPLES = ["y = clip(x, 0.25, 1.5)*sqrt(x)", "y = maximum(x, 1.5) + log(x)", "y = minimum(x, 1.5)*log(x)", "y = clip(x, -0.61, 0.61)",
              "y = abs(x + 0.61)", "y = relu(3*x + 1.83)*x", "y = where(x > -0.61, x, -x**2)",
              "y = maximum(x, w) + maximum(x + 0.61, 0)"]  # fmt: skip


@pytest.mark.parametrize("text", ON_SAMPLES)
def test_a_point_on_a_kink_decides_nothing(text: str) -> None:
    """These have kinks where the first points are drawn."""
    assert derived(text).verification.held
    assert derived(text).verification.at["x"] not in (-0.61, 1.5)


@pytest.mark.thorough
def test_entries_on_a_kink_are_left_out() -> None:
    """The largest entries of a diagonal matrix off the diagonal are always tied; a wrong derivative elsewhere is seen."""
    text = "D: (n, n) diagonal\ny = sum(where(D > 0, D, 0)**2)"
    assert symchain.parse(text).derive("D").verification.held
    right = local.PULL[t.Where]
    local.PULL[t.Where] = lambda node, k, cotangent, lead: right(node, k, t.scale(2, cotangent), lead)
    try:
        assert symchain.parse(text).derive("D").verification.failed
    finally:
        local.PULL[t.Where] = right


# ---------------------------------------------------------------- the domain

FAR = ["y = log(x - 100)", "y = log(x - 7)", "y = sqrt(x - 40)", "y = arcsin(x)*log(x - 0.9)", "y = sqrt(x - 5)*sqrt(6 - x)",
       "y = log(log(log(x)))", "y = sqrt(x - 1e10)", "y = log(x*w - 300)", "y = arccosh(x)*arctanh(x/100)", "y = gammaln(x - 1000)",
       "y = 1e300*x*1e7"]  # fmt: skip


@pytest.mark.parametrize("text", FAR)
def test_points_of_the_domain_are_found(text: str) -> None:
    verdict = derived(text).verification
    assert verdict.held and verdict.points == 3


def test_far_entries_of_an_array_are_found() -> None:
    assert derived("x: (n,)\ny = sum(log(x - 20))").verification.held


@pytest.mark.parametrize("text", ["y = log(-x**2)", "y = 1e308*x*10", "y = sqrt(-1 - exp(x))"])
def test_where_there_is_no_value_it_is_said(text: str) -> None:
    verdict = derived(text).verification
    assert verdict.open == "nowhere" and not verdict.points
    assert "no point was found where the computation and its derivative have finite values" in checked(text)


def test_the_search_is_bounded() -> None:
    assert sum(1 for _ in points(symchain.parse("y = relu(x)*relu(w)*clip(x*w, 5, 6)"), "y")) < 200
    assert list(points(symchain.parse("y = log(-x**2)"), "y")) == []


def test_a_wrong_maximum_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """x == max(x) stays true when digits are perturbed: the mistake is not taken for rounding."""
    right = local.PULL[t.Operation]
    monkeypatch.setitem(local.PULL, t.Operation, lambda node, k, cotangent, lead: right(node, k, t.scale(2, cotangent), lead))
    assert derived("x: (n,)\ny = max(x)").verification.failed


# ---------------------------------------------------------------- branches that are not taken

UNTAKEN = ["z0 = sqrt(x - 3); z1 = where(x > 3, z0, x)", "z0 = power(x - 3, 0.3); z1 = where(x > 3, z0, x)",
           "z0 = (x - 3)**1.5; z1 = z0*2; z2 = where(x > 3, z1, x)", "y = where(x > 3, log(x - 3), x**2)"]  # fmt: skip


@pytest.mark.parametrize("text", UNTAKEN)
@pytest.mark.parametrize("x", [1.0, 4.0])
def test_a_branch_that_is_not_taken_spoils_nothing(text: str, x: float) -> None:
    verdict = derived(text, at={"x": x}).verification
    assert verdict.held and verdict.at["x"] == x and not verdict.asked
    assert np.isfinite(verdict.value)


def test_arrays_with_undefined_entries_in_the_other_branch() -> None:
    assert derived("x: (n,)\nz = sqrt(x - 1)\ny = sum(where(x > 1, z, x**2))").verification.held


def test_a_zero_absorbs_what_is_undefined_in_what_was_derived_alone() -> None:
    x, m = t.leaf("x", ("n",)), t.leaf("m", ("n",))
    values = {"x": np.array([np.nan, 2.0, np.inf]), "m": np.array([0.0, 3.0, 1.0])}
    for tree, want in ((t.hadamard([x, m]), [0.0, 6.0, np.nan]), (t.contract([x, m], ["i", "i"], ""), np.nan)):
        assert np.array_equal(evaluate([tree], values, {"n": 3}, absorbing=True)[0], want, equal_nan=True)
    assert np.isnan(evaluate([t.hadamard([x, m])], values, {"n": 3})[0][0])
    values["m"][2] = 0.0
    assert evaluate([t.contract([x, m], ["i", "i"], "")], values, {"n": 3}, absorbing=True)[0] == 6


# ---------------------------------------------------------------- the reader's point

ASKED = [
    ("y = log(x)", {"x": -1.0}, "outside", "At x = -1 the computation has no value. The check is made elsewhere. At x = 1.5:"),
    ("y = abs(x)", {"x": 0.0}, "kink", "At x = 0 there is a kink, where y has no derivative: dy/dx = 0 is the subgradient of least norm"),
    ("y = relu(x)", {"x": 0.0}, "kink", "dy/dx = 0 is the subgradient of least norm"),
    ("y = maximum(x, 2)", {"x": 2.0}, "kink", "dy/dx = 0.5 is the subgradient of least norm"),
    ("y = where(x > 0, x, 2)", {"x": 0.0}, "branch", "a comparison is an equality: dy/dx = 0 is the derivative of the branch taken"),
    ("y = sqrt(x)", {"x": 0.0}, "steep", "At x = 0 the computation has no finite derivative."),
    ("y = tanh(x)", {"x": 30.0}, "rounding", "At x = 30 rounding decides as much as the formula"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "reason", "words"), ASKED)
def test_a_point_where_no_check_can_be_made_is_spoken_of(text: str, at: dict[str, Any], reason: str, words: str) -> None:
    verdict = derived(text, at=at).verification
    assert verdict.held and verdict.asked == reason
    assert verdict.at["x"] != at["x"]
    told = checked(text, at=at)
    assert words in told and "leaves y as it is" not in told
    assert derived(text).text(lang="fr", at=at) != derived(text).text(lang="fr")


def test_a_kink_in_one_entry_is_spoken_of() -> None:
    verdict = derived("x: (2,)\ny = sum(abs(x))", at={"x": [0.0, 2.0]}).verification
    assert verdict.held and verdict.asked == "kink" and list(verdict.given) == [0.0, 1.0]
    assert "in the entries that it concerns" in checked("x: (2,)\ny = sum(abs(x))", at={"x": [0.0, 2.0]})


def test_a_point_is_spoken_of_once_for_several_derivatives() -> None:
    told = symchain.parse("y = log(x)*w").derive("y", "all").text(at={"x": -1.0, "w": 2.0})
    assert told.count("has no value") == 1


@pytest.mark.parametrize(("text", "x"), [("y = x**3", 0.0), ("y = relu(x)", -2.0), ("y = cos(x)", 0.0)])
def test_a_stationary_point_is_one(text: str, x: float) -> None:
    verdict = derived(text, at={"x": x}).verification
    assert verdict.held and verdict.at["x"] == x and verdict.value == 0 and not verdict.asked
    assert "leaves y as it is, to first order" in checked(text, at={"x": x})
    assert not np.signbit(verdict.value) and not np.signbit(verdict.reference)


# ---------------------------------------------------------------- words


def test_numbers_agree_with_their_nouns() -> None:
    assert "in one component at 3 points" in checked("x: (1,)\ny = sum(x**2)")
    assert "in 2 components at 3 points" in checked("x: (2,)\ny = sum(x**2)")
    french = symchain.parse("x: (1,)\ny = sum(x**2)").derive("x").text(lang="fr")
    assert "une composante" in " ".join(french.split()) and "1 composantes" not in french
    assert "l'écart relatif maximal est de" in LANGUAGES["fr"].sentences["check.failed"]
