"""Certified kernels: every number right to one unit in the last place, or refused with the reason. Held against seventy digits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from mpmath import mp
from randomscalars import random_scalars

import symchain
from symchain.app.cli import commands
from symchain.errors import ArgumentError, FactError, NotDifferentiableError, PrecisionError, ShapeError, SymchainError, UnsupportedError
from symchain.evidence.precision import Digits, values_in

DIGITS, STEP = 70, -22


def exact(
    program: Any, output: str, point: Mapping[str, Any], sizes: Mapping[str, int], shift: tuple[str, tuple[int, ...], int] | None = None
) -> Any:
    """The output by the meanings of the functions alone; with one entry of one input moved by so many steps."""
    numbers = Digits(DIGITS)
    known = {n: numbers.array(np.asarray(v, float)) for n, v in point.items()}
    if shift is not None:
        name, at, steps = shift
        moved = np.array(known[name], object)
        moved[at] = moved[at] + steps * mp.mpf(10) ** STEP
        known[name] = moved
    for name, block in program.blocks.items():
        known[name] = values_in(numbers, [block.tree], known, dict(sizes))[0]
    return known[output][()]


def held(text: str, point: Mapping[str, Any], order: int = 1, sizes: Mapping[str, int] | None = None, **options: Any) -> int:
    """How many numbers were compared; each is the float nearest to the truth, or beside it."""
    program = symchain.parse(text, **options)
    point = {n: v for n, v in point.items() if n in program.inputs}
    value, gradient, *second = program.compile(wrt=list(point), order=order, certified=True)(**point)
    compared = 0
    with Digits(DIGITS).working():

        def near(found: Any, want: Any) -> None:
            nonlocal compared
            compared += 1
            assert abs(found - want) <= np.spacing(abs(float(want))) + mp.mpf(10) ** -38, (text, found, want)

        near(value, exact(program, program.last, point, sizes or {}))
        for name, found in gradient.items():
            for at in np.ndindex(np.shape(found)):
                ends = [exact(program, program.last, point, sizes or {}, (name, at, steps)) for steps in (1, -1)]
                near(np.asarray(found)[at], (ends[0] - ends[1]) / (2 * mp.mpf(10) ** STEP))
    return compared


@pytest.mark.parametrize("seed", range(12))
def test_random_programs_are_right_to_the_last_digit(seed: int) -> None:
    text, at = random_scalars(seed, lines=4)
    assert held(text, at) > 2


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("C = (1 + x) - 1", {"x": 1e-20}),
        ("C = x**3*exp(-x)/(1 - exp(-x))**2", {"x": 1e-9}),
        ("C = log(1/2 + arctan(x)/pi)", {"x": -1e12}),
        ("C = (exp(a) - exp(b))/(a - b)", {"a": 0.3, "b": 0.3 + 2.0**-50}),
        ("C = gammaln(x + y) - gammaln(x)", {"x": 1e9, "y": 0.5}),
        ("C = betainc(2, 3, x)*erfc(8*x)", {"x": 0.9}),
        ("C = lambertw(x)*ellipk(x**2)", {"x": 0.4}),
        ("C = sqrt(x**2 + 1) - x", {"x": 1e8}),
    ],
)
def test_where_float64_cancels(text: str, at: dict[str, float]) -> None:
    assert held(text, at) > 1


def test_arrays() -> None:
    rng = np.random.default_rng(0)
    x, w, y = rng.normal(size=(4, 2)), 20 * rng.normal(size=2), np.array([1.0, 0, 0, 1])
    text = "X: (n, p)\nw: (p,)\ny: (n,)\nz = X @ w\nC = sum(softplus(z) - y*z) + logsumexp(z) + logdet(X.T @ X) + max(w)"
    assert held(text, {"X": x, "w": w, "y": y}, sizes={"n": 4, "p": 2}) == 15
    text = "A: (n, n) spd\nb: (n,)\nC = b @ inv(A) @ b + sum(cholesky(A)) + tr(expm(A))"
    assert held(text, {"A": np.array([[2.0, 0.5], [0.5, 1.0]]), "b": np.array([1.0, -2.0])}, sizes={"n": 2}) > 2


def test_second_derivatives_have_the_form_of_any_kernel() -> None:
    kernel = symchain.parse("C = sin(x*y)").compile(wrt=["x", "y"], order=2, certified=True)
    value, gradient, hessian = kernel(x=0.5, y=2.0)
    derivative = symchain.parse("C = sin(x*y)").derive("x").compile(certified=True)
    with mp.workdps(40):
        assert float(value) == float(mp.sin(1)) and float(gradient["x"]) == float(2 * mp.cos(1))
        assert float(hessian["x", "y"]) == float(mp.cos(1) - mp.sin(1))
        assert float(derivative(x=0.5, y=2.0)) == float(2 * mp.cos(1))


def test_samples_broadcast_and_types_stay() -> None:
    kernel = symchain.parse("C = x*exp(y)").compile(wrt=["y"], certified=True)
    value, gradient = kernel(x=np.array([[1.0], [2.0]]), y=np.array([0.0, 1.0, 2.0]))
    assert value.shape == gradient["y"].shape == (2, 3) and value[1, 1] == float(2 * mp.e)
    single, _ = kernel(x=np.float32(1), y=np.float32(1))
    assert single.dtype == np.float32 and single == np.float32(float(mp.e))


@pytest.mark.parametrize(
    ("text", "at", "word"),
    [
        ("C = relu(x)", {"x": 0.0}, "tied"),
        ("C = sign(x)*(1 - exp(-abs(x)))", {"x": 0.0}, "tied"),
        ("x: (n,)\nC = max(x)", {"x": np.array([1.0, 3.0, 3.0])}, "tied"),
        ("C = sin(x)/x", {"x": 0.0}, "no finite value"),
        ("C = sqrt(x)", {"x": 0.0}, "no finite value"),
        ("C = log(x)", {"x": -1.0}, "no finite value"),
        ("C = sin(x)**2 + cos(x)**2 - 1 + x - x", {"x": 0.7}, ""),
        ("C = maximum(exp(log(x)), x)", {"x": 0.7}, ""),
        ("A: (2, 2)\nC = sum(inv(A))", {"A": np.ones((2, 2))}, "no finite value"),
    ],
)
def test_what_is_not_certain_is_refused_or_right(text: str, at: dict[str, Any], word: str) -> None:
    """No number comes out of what balls cannot say; where a rewriting decides it, the number is right."""
    kernel = symchain.parse(text).compile(certified=True)
    if word:
        with pytest.raises(PrecisionError, match=word):
            kernel(**at)
        return
    try:
        value, _ = kernel(**at)
    except PrecisionError:
        return
    assert float(value) == (0.0 if "sin" in text else at["x"])


def test_a_tie_on_whose_sides_the_derivative_is_one_is_certain() -> None:
    for text, slope in (("C = x*abs(x)", 0.0), ("C = where(x == 0, 9, x**2 + x)", 1.0), ("C = maximum(x, 2*x)*x", 0.0)):
        _, gradient = symchain.parse(text).compile(certified=True)(x=0.0)
        assert float(gradient["x"]) == slope, text


def test_what_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="no bounds for svdvals"):
        symchain.parse("A: (2, 2)\nC = sum(svdvals(A))").compile(certified=True)
    with pytest.raises(UnsupportedError, match="owens_t"):
        symchain.parse("C = owens_t(x, 2)").compile(certified=True)
    program = symchain.parse("h[0] = 1\nh[t] = a*h[t-1] for t in 1..T\nC = h[T]")
    with pytest.raises(UnsupportedError, match="recursion"):
        program.compile(certified=True)
    with pytest.raises(ArgumentError, match="certified"):
        symchain.parse("C = x").compile(certified="yes")
    with pytest.raises(ArgumentError, match="target"):
        symchain.parse("C = x").compile(certified=True, target="c")


def test_checks_are_those_of_any_kernel(tmp_path: Path) -> None:
    kernel = symchain.parse("A: (n, n) symmetric\nC = sum(A**2)").compile(certified=True)
    with pytest.raises(FactError):
        kernel(A=np.array([[1.0, 2.0], [0.0, 1.0]]))
    with pytest.raises(ShapeError):
        kernel(A=np.ones((2, 3)))
    with pytest.raises(ArgumentError, match="finite"):
        kernel(A=np.full((2, 2), np.nan))
    with pytest.raises(NotDifferentiableError):
        symchain.parse("C = relu(x)").compile(certified=True, kinks="raise")(x=0.0)
    out = np.empty((2, 2))
    symchain.parse("A: (n, n)\nC = sum(A**2)").derive("A").compile(certified=True, out=out)(A=np.eye(2))
    assert (out == 2 * np.eye(2)).all()
    assert "certified" in str(kernel) and kernel.source.startswith("#")
    for refused in (lambda: kernel.save(tmp_path / "k.json"), lambda: kernel.export("numpy"), lambda: kernel.function("jax")):
        with pytest.raises(SymchainError, match="certified"):
            refused()
    assert not list(tmp_path.iterdir())


def test_in_a_shell() -> None:
    run = CliRunner().invoke(commands, ["eval", "-e", "C = (1 + x) - 1", "--at", "x=1e-20", "--certified"])
    assert run.exit_code == 0 and "C     = 9.9999999999999995e-21" in run.stdout and "dC/dx = 1" in run.stdout
    run = CliRunner().invoke(commands, ["eval", "-e", "C = sin(x)/x", "--at", "x=0", "--certified", "--format", "json"])
    assert run.exit_code == 4 and not run.stdout and "bounded" in run.stderr
