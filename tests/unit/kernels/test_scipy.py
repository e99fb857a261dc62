"""Kernels in SciPy: fits, roots and stiff systems against references that do not come from the kernel."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import sparse
from scipy.integrate import solve_ivp
from scipy.optimize import approx_fprime, curve_fit, least_squares, minimize, root

import symchain
from symchain.errors import ArgumentError, ShapeError, UnsupportedError
from symchain.kernels.kernel import Kernel

MIXTURE = """
x: (n,)
p: () unit
s: () positive
l1 = log(p) - 1/2*((x - m1)/s)**2
l2 = log(1 - p) - 1/2*((x - m2)/s)**2
C = log(s) - mean(logaddexp(l1, l2))
"""
LOGISTIC = "X: (n, p)\nw: (p,)\ny: (n,)\nz = X @ w\nC = sum(softplus(z) - y*z) + 1/2*sum(w**2)"


@cache
def _kernel() -> Kernel:
    return symchain.parse(MIXTURE).compile("C", wrt=["p", "m1", "m2", "s"])


def _mixture() -> tuple[Kernel, dict[str, object]]:
    rng = np.random.default_rng(3)
    x = np.where(rng.random(400) < 0.3, rng.normal(-2, 0.5, 400), rng.normal(1, 0.5, 400))
    return _kernel(), {"x": x, "p": 0.5, "m1": -1.0, "m2": 0.5, "s": 2.0}


def _by_hand(x: np.ndarray, steps: int) -> np.ndarray:
    """The mixture by expectation and maximisation, which has no derivative in it."""
    p, m1, m2, s = 0.5, -1.0, 0.5, 2.0
    for _ in range(steps):
        a, b = p * np.exp(-(((x - m1) / s) ** 2) / 2), (1 - p) * np.exp(-(((x - m2) / s) ** 2) / 2)
        r = a / (a + b)
        p, m1, m2 = r.mean(), (r * x).sum() / r.sum(), ((1 - r) * x).sum() / (1 - r).sum()
        s = np.sqrt((r * (x - m1) ** 2 + (1 - r) * (x - m2) ** 2).mean())
    return np.array([p, m1, m2, s])


def test_a_gaussian_mixture_is_fitted() -> None:
    kernel, at = _mixture()
    problem = kernel.for_scipy(at, unbounded=True)
    found = minimize(problem.fun, problem.x0, jac=problem.jac, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-9})
    expected = _by_hand(at["x"], 500)
    assert np.allclose(list(problem.unpack(found.x).values()), expected, rtol=1e-5)
    plain = kernel.for_scipy(at).bounds
    assert plain.lb[0] == 0 and plain.ub[0] == 1 and plain.lb[3] > 0 and plain.lb[1] == -np.inf


@pytest.mark.parametrize("unbounded", [True, False])
def test_derivatives_are_those_of_the_coordinates(unbounded: bool) -> None:
    text = "p: () unit\ns: () positive\nv: (2,)\nC = exp(p*v[0])/s + s**2*sum(v**2) + log(p)"
    kernel = symchain.parse(text).compile("C", wrt=["p", "s", "v"], order=2)
    problem = kernel.for_scipy({"p": 0.4, "s": 0.7, "v": [0.5, -1.0]}, unbounded=unbounded)
    point = problem.x0 + 0.1
    assert np.allclose(problem.jac(point), approx_fprime(point, problem.fun, 1e-7), atol=1e-5)
    rows = [(problem.jac(point + e) - problem.jac(point - e)) / 2e-6 for e in 1e-6 * np.eye(4)]
    assert np.allclose(problem.hess(point), rows, atol=1e-6)
    assert np.allclose(problem.hessp(point, np.arange(4.0)), problem.hess(point) @ np.arange(4.0))
    assert np.allclose(problem.pack(problem.unpack(point)), point)


def test_a_logistic_regression_is_right_to_ten_digits() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(200, 4)), np.zeros(4)
    y = (rng.random(200) < 0.5).astype(float)
    program = symchain.parse(LOGISTIC)
    problem = program.compile("C", wrt=["w"]).for_scipy({"X": x, "y": y, "w": w}, hvp=program.hvp("C", "w").compile())
    found = minimize(problem.fun_and_jac, problem.x0, jac=True, hessp=problem.hessp, method="trust-krylov", options={"gtol": 1e-12}).x
    for _ in range(30):  # Newton's method by hand
        s = 1 / (1 + np.exp(-x @ w))
        w = w - np.linalg.solve(x.T @ ((s * (1 - s))[:, None] * x) + np.eye(4), x.T @ (s - y) + w)
    assert np.allclose(found, w, rtol=1e-10, atol=1e-12)


@pytest.mark.thorough
def test_a_stiff_system() -> None:
    text = "y: (3,)\nf = [-0.04*y[0] + 10000*y[1]*y[2], 0.04*y[0] - 10000*y[1]*y[2] - 30000000*y[1]**2, 30000000*y[1]**2]"
    system = symchain.parse(text).compile("f", wrt=["y"]).for_scipy({"y": [1.0, 0.0, 0.0]}).ivp()
    found = solve_ivp(system.fun, (0, 40), system.y0, method="Radau", jac=system.jac, rtol=1e-7, atol=1e-11)
    # Robertson's problem at t = 40: Hairer and Wanner, Solving Ordinary Differential Equations II, and LSODE's documentation
    assert np.allclose(found.y[:, -1], [0.7158270688, 9.185534765e-6, 0.2841637457], rtol=1e-5)


def test_the_time_of_a_system_is_an_input() -> None:
    kernel = symchain.parse("d = [v, -x + cos(t)]").compile("d", wrt=["x", "v"])
    system = kernel.for_scipy({"x": 1.0, "v": 0.0, "t": 0.0}).ivp("t")
    found = solve_ivp(system.fun, (0, 5), system.y0, method="BDF", jac=system.jac, rtol=1e-9, atol=1e-11)
    assert np.allclose(found.y[0, -1], np.cos(5) + 5 / 2 * np.sin(5), rtol=1e-6)
    assert np.allclose(system.jac(0.3, [1.0, 2.0]), [[0, 1], [-1, 0]])


@pytest.mark.parametrize(
    "text",
    ["u: (n,)\nf = u**2*exp(u) - (b + 1)*u", "u: (n,)\nf = u[2:] - 2*u[1:-1] + u[:-2] + exp(b*u[1:-1])", "f = u**3 - b*u"],
)
def test_sparse_jacobians(text: str) -> None:
    u = np.linspace(0.3, 1.2, 7)
    problem = symchain.parse(text).compile("f", wrt=["u"]).for_scipy({"u": u, "b": 0.7})
    jacobian = problem.jac(u)
    assert sparse.issparse(jacobian) and jacobian.nnz < jacobian.shape[0] * 4
    assert np.allclose(jacobian.toarray(), approx_fprime(u, problem.fun, 1e-7), atol=1e-5)


def test_residuals_and_roots() -> None:
    text = "x: (n,)\nr = concatenate([10*(x[1:] - x[:-1]**2), 1 - x[:-1]])"
    problem = symchain.parse(text).compile("r", wrt=["x"]).for_scipy({"x": [-1.0, 2.0, 0.5]})
    jacobian = problem.jac(problem.x0)
    assert sparse.issparse(jacobian) and jacobian.nnz == 6
    assert np.allclose(jacobian.toarray(), approx_fprime(problem.x0, problem.fun, 1e-8), atol=1e-5)
    assert np.allclose(least_squares(problem.fun, problem.x0, jac=problem.jac, xtol=1e-15).x, 1)
    square = symchain.parse("f = [x + y**2 - 3, x*y - 2]").compile("f", wrt=["x", "y"]).for_scipy({"x": 1.5, "y": 1.5})
    assert np.allclose(root(square.fun_and_jac, square.x0, jac=True).x, [2, 1])


def test_a_curve() -> None:
    x = np.linspace(0, 4, 50)
    kernel = symchain.parse("a: () positive\nm = a*exp(-b*x) + c").compile("m", wrt=["a", "b", "c"])
    curve = kernel.for_scipy({"x": x, "a": 1.0, "b": 1.0, "c": 0.0}).curve("x")
    found, _ = curve_fit(curve.fun, x, 2.5 * np.exp(-1.3 * x) + 0.5, curve.x0, jac=curve.jac, bounds=curve.bounds)
    assert np.allclose(found, [2.5, 1.3, 0.5])
    with pytest.raises(ArgumentError, match="no input beside the parameters"):
        kernel.for_scipy({"x": x, "a": 1.0, "b": 1.0, "c": 0.0}).curve("a")


def test_what_is_refused() -> None:
    tied = symchain.parse("A: (n, n) spd\nC = logdet(A)").compile(wrt=["A"])
    with pytest.raises(UnsupportedError, match="A is declared spd"):
        tied.for_scipy({"A": np.eye(2)})
    kernel = symchain.parse("a: () positive\nC = a*x**2").compile(wrt=["a"])
    with pytest.raises(ArgumentError, match="no value is given for x"):
        kernel.for_scipy({"a": 1.0})
    with pytest.raises(ArgumentError, match="no input is named z"):
        kernel.for_scipy({"a": 1.0, "z": 1.0})
    with pytest.raises(ShapeError, match="one vector of 1 numbers"):
        kernel.for_scipy({"a": 1.0, "x": 1.0}).fun([1.0, 2.0])
    with pytest.raises(UnsupportedError, match="no value with its gradient"):
        symchain.parse("C = a*x").compile(order=0).for_scipy({"a": 1.0, "x": 1.0})
    unit = symchain.parse("p: () unit\nC = p**2").compile(wrt=["p"])
    with pytest.raises(ArgumentError, match="end of its range"):
        unit.for_scipy({"p": 1.0}, unbounded=True)
