"""Functions where textbooks write 0/0 or a difference of near equals: value, gradient and second derivative of the kernel there."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy import special

import symchain
from symchain.functions import FUNCTIONS

POINTS = {
    "arccoth": (1.0000000001, -1.0000000001, 1e6),
    "arccsc": (1.0000000001, -1.0000000001, 1e6),
    "arccsch": (-3.0, 1e-6, 1e6),
    "arcsec": (1.0000000001, -1.0000000001, 1e6),
    "arcsech": (1e-9, 0.9999999999),
    "cosm1": (0.0, 1e-9),
    "dawsn": (-50.0, 0.0, 1e-9, 20.0, 1e7),
    "exprel": (-1e8, -1e-9, 1e-9, 600.0),
    "j1": (-20.0, 0.0, 1e-6),
    "lambertw": (-0.3678, -1e-9, 0.0, 1e-9, 1e12),
    "log1mexp": (1e-9, 0.6931, 700.0),
    "quick_gelu": (-300.0, 0.0, 300.0),
    "softplus_inverse": (1e-9, 0.69, 800.0),
    "spence": (1e-12, 0.999999999, 1.0, 1.0000001, 1e6),
    "squareplus": (-1e6, 0.0, 3.0),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", POINTS)
def test_value_gradient_and_curvature_are_right_where_quotients_are_not(name: str) -> None:
    kernel = symchain.parse(f"y = {name}(x)").compile("y", wrt=["x"], order=2)
    u = sp.Symbol("u", real=True)
    meaning = sp.lambdify(u, FUNCTIONS[name].meaning(u), "mpmath")
    for x in POINTS[name]:
        value, gradient, hessian = kernel(x=x)
        with mpmath.workdps(300):
            for order, got in enumerate((value, gradient["x"], hessian["x"])):
                want = mpmath.re(mpmath.diff(lambda t: mpmath.re(meaning(t)), mpmath.mpf(x), order))
                assert abs(float(got) - want) <= 1e-10 * abs(want) + 1e-280, (x, order, got, want)


def test_a_box_cox_transformation_with_power_zero_has_derivatives_by_the_power() -> None:
    kernel = symchain.parse("y = boxcox(x, p)\nz = boxcox1p(x - 1, p)\nw = y + z").compile("w", wrt=["x", "p"], order=2)
    value, gradient, hessian = kernel(x=2.0, p=0.0)
    log2 = np.log(2)
    np.testing.assert_allclose(value, 2 * log2, rtol=1e-14)
    np.testing.assert_allclose([gradient["x"], gradient["p"]], [1.0, log2**2], rtol=1e-14)
    np.testing.assert_allclose([hessian["x"], hessian["x", "p"], hessian["p"]], [-0.5, log2, 2 * log2**3 / 3], rtol=1e-14)


@pytest.mark.parametrize("n", [-2, 0, 1, 2, 7])
def test_exponential_integrals_go_on_below_order_one(n: int) -> None:
    """Differentiating lowers the order, and SciPy's expn ends at 0."""
    value, gradient, hessian = symchain.parse(f"y = expn({n}, x)").compile("y", wrt=["x"], order=2)(x=0.4)
    for k, got in enumerate((value, gradient["x"], hessian["x"])):
        np.testing.assert_allclose(got, (-1) ** k * float(mpmath.expint(n - k, 0.4)), rtol=1e-13)


def test_an_order_that_is_not_whole_has_no_value() -> None:
    assert np.isnan(symchain.parse("y = expn(1.5, x)").compile("y", wrt=["x"])(x=0.4)[0])


def test_below_the_branch_point_lambertw_has_no_value() -> None:
    assert np.isnan(symchain.parse("y = lambertw(x)").compile("y", wrt=["x"])(x=-0.4)[0])


@pytest.mark.parametrize("name", ["jv", "yv", "iv", "kv", "expn", "betainc", "betaincc", "stdtr", "hyp1f1"])
def test_orders_are_constants(name: str) -> None:
    spec = FUNCTIONS[name]
    program = symchain.parse(f"y = {name}({', '.join(spec.parameters)})")
    with pytest.raises(symchain.UnsupportedError, match=f"{name} cannot be differentiated by its argument"):
        program.derive("y", spec.parameters[0])


@pytest.mark.parametrize(("a", "want"), [(0.25, 0.25), (1.5, 1.0), (-0.5, 0.0)])
def test_at_zero_prelu_has_the_slope_of_least_norm(a: float, want: float) -> None:
    _, gradient = symchain.parse("y = prelu(x, a)").compile("y", wrt=["x", "a"])(x=0.0, a=a)
    assert gradient["x"] == want and gradient["a"] == 0.0


def test_softmin_is_the_softmax_of_the_opposite() -> None:
    x = np.array([[0.3, -1.2, 2.0], [5.0, 1.0, 0.0]])
    for axis in (0, 1, -1):
        got = symchain.parse(f"x: (m, n)\ny = softmin(x, axis={axis})\nC = sum(y**2)").compile("C", wrt=["x"])(x=x)
        want = symchain.parse(f"x: (m, n)\ny = softmax(-x, axis={axis})\nC = sum(y**2)").compile("C", wrt=["x"])(x=x)
        np.testing.assert_allclose(got[0], np.sum(special.softmax(-x, axis=axis) ** 2), rtol=1e-14)
        np.testing.assert_allclose(got[1]["x"], want[1]["x"], rtol=1e-14)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_multivariate_gamma_function_is_a_sum(d: int) -> None:
    a = np.array([2.5, 7.0, 30.0])
    value, gradient = symchain.parse(f"a: (n,)\ny = sum(multigammaln(a, {d}))").compile("y", wrt=["a"])(a=a)
    np.testing.assert_allclose(value, special.multigammaln(a, d).sum(), rtol=1e-13)
    np.testing.assert_allclose(gradient["a"], sum(special.digamma(a - j / 2) for j in range(d)), rtol=1e-13)


def test_a_numbered_letter_is_a_name_where_it_is_not_called() -> None:
    program = symchain.parse("k1 = f*x\nk2 = x + k1/2\ny1 = x + k2")
    assert list(program.blocks) == ["k1", "k2", "y1"]
    assert symchain.parse(str(program)).derive("y1", "x").lines == program.derive("y1", "x").lines
    assert symchain.parse("y = k1(x)").derive("y", "x").lines[-1] == "dy_dx = -(k0(x) + y/x)"


OUTSIDE = (
    "arcsec", "arccsc", "arcsech", "arccosh", "arccoth", "arcsin", "arctanh", "log1p",
    "log2", "log10", "sqrt", "cbrt", "log1mexp",
)  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_of_the_domain_there_is_no_value_and_no_crash(name: str) -> None:
    """Float by float and as arrays, with gradients: what has no value there is nan or an infinity, or is refused in plain words."""
    spec = FUNCTIONS[name]
    kernel = symchain.parse(f"Y = {name}({spec.parameters[0]})").compile(order=1)
    for x in (0.5, 0.0, -0.5, -3.0, 3.0):
        try:
            value, gradient = kernel.positional(x)
            values, gradients = kernel.positional(np.array([x, x]))
        except symchain.SymchainError:
            continue
        one, many = [value, *gradient.values()], [values[0], *(g[0] for g in gradients.values())]
        if np.isnan(value):  # beside no value, the slope of a sample is what its formula gives
            one, many = one[:1], many[:1]
        np.testing.assert_allclose(one, many, rtol=1e-9, err_msg=str(x))


def test_logarithms_of_sums_of_exponentials_of_minus_infinity() -> None:
    kernel = symchain.parse("y = logaddexp(a, b)").compile(order=0)
    for a, b in ((-np.inf, -np.inf), (-np.inf, 2.0), (np.inf, np.inf), (np.inf, -np.inf)):
        assert kernel(a=a, b=b) == kernel(a=np.array([a]), b=np.array([b]))[0] == np.logaddexp(a, b)


@pytest.mark.parametrize("log", ["log", "log2", "log10"])
@pytest.mark.parametrize(
    "text", ["-p*{0}(p) - (1 - p)*{0}(1 - p)", "-(p*{0}(p) + (1 - p)*{0}(1 - p))", "(p - 1)*{0}(1 - p) - p*{0}(p)", "-p*{0}(p) - q*{0}(q)"]
)
def test_the_entropy_of_two_outcomes_is_zero_where_one_is_certain(text: str, log: str) -> None:
    program = symchain.parse("q = 1 - p; y = " + text.format(log))
    kernel = program.compile("y", order=0)
    unit = {"log": 1.0, "log2": np.log(2), "log10": np.log(10)}[log]
    for p in (0.0, 1.0):
        assert kernel(p=p) == 0 and kernel(p=np.array([p, p])).tolist() == [0, 0]
    for p in (1e-18, 0.3, 0.5, 1 - 2.0**-53):
        with mpmath.workdps(50):
            want = float(-(mpmath.mpf(p) * mpmath.log(p) + (1 - mpmath.mpf(p)) * mpmath.log(1 - mpmath.mpf(p))) / unit)
        np.testing.assert_allclose(kernel(p=p), want, rtol=1e-12 if 1e-9 < p < 0.99 else 5e-2)


@pytest.mark.parametrize("base", ["0", "(-2)", "(-1)", "(-1/2)"])
def test_a_power_of_what_is_not_positive_has_no_derivative_by_its_exponent(base: str) -> None:
    program = symchain.parse(f"y = w*{base}**x")
    with pytest.raises(symchain.NotDifferentiableError, match="cannot be differentiated by its exponent"):
        program.derive("y", "x")
    assert program.derive("y", "w").lines == (f"dy_dw = {base}**x",)
    assert program.compile(wrt=["w"])(w=2.0, x=3.0)[0] == 2.0 * float(sp.sympify(base)) ** 3
