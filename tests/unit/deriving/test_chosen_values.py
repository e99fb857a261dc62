"""A condition that holds on a set without interior chooses a value, never a slope: the derivative there is the other branch's limit.

Right values are limits of the other branch's derivatives, taken by mpmath with many digits from both sides, or worked out by hand where
the entry says so; they are held against kernels, printed lines as plain NumPy, verification, and the verdicts on right and wrong claims.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
from plain import run

import symchain

Values = dict[str, float]


class Case(NamedTuple):
    """`other` is the other branch as a function of the variable (the rest of the point is in it), at `at`."""

    text: str
    wrt: str
    point: Values
    other: Callable[[Any], Any]
    wrong: str
    """A formula that is right everywhere but at the point."""


mp = mpmath.mp
CASES = [
    Case("f = where(x == 3, 9, x**2)", "x", {"x": 3.0}, lambda x: x**2, "where(x == 3, 0, 2*x)"),
    Case("f = where(x != 3, x**2, 9)", "x", {"x": 3.0}, lambda x: x**2, "where(x == 3, 0, 2*x)"),
    Case("f = where(x == 3, 5, x**3)", "x", {"x": 3.0}, lambda x: x**3, "where(x == 3, 0, 3*x**2)"),
    Case(
        "f = where(x == 0, 1, (exp(x) - 1)/x)",
        "x",
        {"x": 0.0},
        lambda x: mp.expm1(x) / x,
        "where(x == 0, 0, (x*exp(x) - exp(x) + 1)/x**2)",
    ),
    Case("f = where(x == 0, 1, sin(x)/x)", "x", {"x": 0.0}, lambda x: mp.sin(x) / x, "where(x == 0, 1, (cos(x) - sin(x)/x)/x)"),
    Case("f = sinc(x)", "x", {"x": 0.0}, lambda x: mp.sinc(mp.pi * x), "where(x == 0, 1, (cos(pi*x) - f)/x)"),
    Case(
        "f = where(lam == 0, log(x), (x**lam - 1)/lam)",
        "lam",
        {"lam": 0.0, "x": 2.0},
        lambda lam: (mp.mpf(2) ** lam - 1) / lam,
        "where(lam == 0, 0, (x**lam*log(x) + (1 - x**lam)/lam)/lam)",
    ),
    Case(
        "f = where(a == b, a, (a - b)/log(a/b))",
        "a",
        {"a": 2.0, "b": 2.0},
        lambda a: (a - 2) / mp.log(a / 2),
        "where(a == b, 1, (1 + (b - a)/(log(a/b)*a))/log(a/b))",
    ),
    Case(
        "f = where(a == b, a, (a - b)/log(a/b))",
        "b",
        {"a": 2.0, "b": 2.0},
        lambda b: (2 - b) / mp.log(2 / b),
        "where(a == b, 0, ((a - b)/(log(a/b)*b) - 1)/log(a/b))",
    ),
    Case(  # everything moves together, whatever has a name
        "u = sin(x); f = where(x == 0, 1, u/x)", "x", {"x": 0.0}, lambda x: mp.sin(x) / x, "where(x == 0, 1, (cos(x) - u/x)/x)"
    ),
    Case(
        "z = a - b; f = where(z == 0, a, z/log(a/b))",
        "a",
        {"a": 2.0, "b": 2.0},
        lambda a: (a - 2) / mp.log(a / 2),
        "where(z == 0, 1, (1 + (b - a)/(log(a/b)*a))/log(a/b))",
    ),
    Case(
        "f = where(2*x == 1, 1, tanh(2*x - 1)/(2*x - 1))**2",
        "x",
        {"x": 0.5},
        lambda x: (mp.tanh(2 * x - 1) / (2 * x - 1)) ** 2,
        "where(2*x == 1, 1, 4*tanh(2*x - 1)*(1 - tanh(2*x - 1)**2 - tanh(2*x - 1)/(2*x - 1))/(2*x - 1)**2)",
    ),
    Case(
        "f = where(x == y, exp(x), (exp(x) - exp(y))/(x - y))",
        "x",
        {"x": 1.0, "y": 1.0},
        lambda x: (mp.exp(x) - mp.e) / (x - 1),
        "where(x == y, exp(y), (exp(x) + (exp(y) - exp(x))/(x - y))/(x - y))",
    ),
    Case(
        "f = where(x == 0, 1/2, (x - log1p(x))/x**2)*y + x",
        "x",
        {"x": 0.0, "y": 3.0},
        lambda x: (x - mp.log1p(x)) / x**2 * 3 + x,
        "where(x == 0, 1, (1/(x*(1 + x)) - 2*(x - log1p(x))/x**3)*y + 1)",
    ),
    Case(
        "f = where(x == 0, 1, sin(abs(x))/abs(x))",
        "x",
        {"x": 0.0},
        lambda x: mp.sin(abs(x)) / abs(x),
        "where(x == 0, 1, cos(abs(x))/x - sin(abs(x))*sign(x)/x**2)",
    ),
    Case("f = where(x == 0, x, 0)*y", "x", {"x": 0.0, "y": 2.0}, lambda x: mp.mpf(0), "where(x == 0, y, 0)"),
    Case(
        "f = where(x == 0, 0, where(x == 1, 1, log(x)/(x - 1)))",
        "x",
        {"x": 1.0},
        lambda x: mp.log(x) / (x - 1),
        "where(x == 1, 0, (1/x - log(x)/(x - 1))/(x - 1))",
    ),
]


def right(case: Case, order: int) -> float:
    """The limit of the other branch's derivative: central differences a little away from the point, on both sides."""
    with mp.workdps(120):
        x, found = mp.mpf(case.point[case.wrt]), []
        for sign in (1, -1):
            at = x + sign * mp.mpf(10) ** -20
            h = mp.mpf(10) ** -35
            around = [case.other(at + k * h) for k in (-1, 0, 1)]
            found.append((around[2] - around[0]) / (2 * h) if order == 1 else (around[2] - 2 * around[1] + around[0]) / h**2)
        assert abs(found[0] - found[1]) < 1e-12
        return float(found[0])


def derivation(program: symchain.Program, wrt: str, order: int) -> Any:
    return program.derive("f", wrt) if order == 1 else program.hessian("f", wrt)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("case", CASES, ids=[f"{c.text} by {c.wrt}" for c in CASES])
def test_the_derivative_is_the_limit_of_the_other_branch(case: Case, order: int) -> None:
    program = symchain.parse(case.text)
    expected = right(case, order)
    d = derivation(program, case.wrt, order)
    results = program.compile("f", wrt=[case.wrt], order=order)(**case.point)
    assert float(results[order][case.wrt]) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    values = {n: np.float64(v) for n, v in case.point.items()}
    for name in program.blocks:
        values[name] = np.float64(program.compile(name, order=0)(**case.point))
    with np.errstate(all="ignore"):
        assert float(run(d.lines, values)[0]) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert d.verification.held or d.verification.open


@pytest.mark.parametrize("case", CASES, ids=[f"{c.text} by {c.wrt}" for c in CASES])
def test_a_claim_that_is_wrong_there_alone_is_not_proved(case: Case) -> None:
    program = symchain.parse(case.text)
    assert program.check("f", case.wrt, "; ".join(program.derive("f", case.wrt).lines)).holds
    verdict = program.check("f", case.wrt, case.wrong)
    assert verdict.status == "undecided" and "!=" in verdict.condition
    for language in ("en", "fr"):
        assert verdict.condition in verdict.message(language)


@pytest.mark.thorough
def test_arrays_choose_entry_by_entry() -> None:
    program = symchain.parse("x: (n,)\nf = sum(where(x == 0, 1, sin(x)/x))")
    x = np.array([0.0, 1.0, 0.0])
    slopes = program.compile("f", wrt="x", order=2)(x=x)
    first, second = np.cos(1) - np.sin(1), -np.sin(1) - 2 * (np.cos(1) - np.sin(1))
    np.testing.assert_allclose(slopes[1]["x"], [0, first, 0], atol=1e-15)
    np.testing.assert_allclose(slopes[2]["x"], np.diag([-1 / 3, second, -1 / 3]), rtol=1e-12)
    assert program.check("f", "x", "where(x == 0, 1, (cos(x) - sin(x)/x)/x)").status == "undecided"


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("x: (n,)\nf = sum(where(x == max(x), x**2, 0))", [0.0, 3.0, 1.0], [0, 6, 0]),
        ("x: (n,)\nm = max(x)\nf = sum(where(x == m, x**2, 0))", [0.0, 3.0, 1.0], [0, 6, 0]),
        ("x: (n,)\nf = sum(where(relu(x) == 0, 3*x, x))", [-1.0, 3.0, -2.0], [3, 1, 3]),
        ("x: (n,)\nf = sum(where(x[:, None] == x[None, :], 0, 3*x[:, None]))", [0.0, 3.0, 1.0], [6, 6, 6]),
        ("x: (n,)\ny = x\nf = sum(where(x == y, x**2, 0))", [1.0, 3.0, 2.0], [2, 6, 4]),
        ("x: (n,)\nk: (n,) integer\nf = sum(where(k == 2, 5*x, x))", [1.0, 3.0, 2.0], [1, 5, 1]),
    ],
)
def test_conditions_that_hold_on_more_than_that_choose_slopes(text: str, at: list[float], expected: list[float]) -> None:
    program = symchain.parse(text)
    inputs: dict[str, Any] = {"x": np.array(at)}
    if "k" in program.inputs:
        inputs["k"] = np.array([1, 2, 3])
    np.testing.assert_allclose(program.compile("f", wrt="x")(**inputs)[1]["x"], expected)


@pytest.mark.thorough
def test_what_has_no_limit_is_no_number() -> None:
    for text in ("f = where(x == 0, 0, x*sin(1/x))", "f = where(x == 0, 1, x*log(x))"):
        program = symchain.parse(text)
        assert not np.isfinite(program.compile("f", wrt="x")(x=0.0)[1]["x"])
        with np.errstate(all="ignore"):
            assert not np.isfinite(run(program.derive("f", "x").lines, {"x": np.float64(0)})[0])


@pytest.mark.parametrize(
    ("text", "raises"),
    [
        ("f = where(x == 3, 9, x**2)", False),
        ("f = where(x == 3, 8, x**2)", True),
        ("f = where(x != 3, x**2, 8)", True),
        ("u = x - 3; f = where(x == 3, 1, sin(u)/u)", False),
        ("u = x - 3; f = where(x == 3, 2, sin(u)/u)", True),
    ],
)
def test_kinks_raise_where_the_value_is_not_the_limit(text: str, raises: bool) -> None:
    kernel = symchain.parse(text).compile("f", wrt="x").with_options(kinks="raise")
    kernel(x=2.0)
    if raises:
        with pytest.raises(symchain.NotDifferentiableError):
            kernel(x=3.0)
    else:
        kernel(x=3.0)
