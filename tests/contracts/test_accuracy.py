"""Kernels where float64 is unforgiving: values and derivatives against mpmath, at points where the formula as written fails.

Each case spells the program a second time, over mpmath's functions; its gradient comes from differences with hundreds of digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

import symchain
from symchain.functions import FUNCTIONS, FunctionSpec

DIGITS = 1200
"""Enough for x - sin(x) at 1e-160, and for differences there."""


def reference(f: Callable[..., Any], point: Sequence[float]) -> tuple[Any, list[Any]]:
    """The value and the partial derivatives of f, to 30 digits at least: with DIGITS, or with fewer where those settle it."""
    few, many = (_differenced(f, point, digits) for digits in (120, 200))
    if all(isinstance(x, mp.mpf) and x and abs(x - y) <= 1e-30 * abs(x) for x, y in zip(many, few, strict=True)):
        return many[0], many[1:]
    value, *slopes = _differenced(f, point, DIGITS)
    return value, slopes


def _differenced(f: Callable[..., Any], point: Sequence[float], digits: int) -> list[Any]:
    with mp.workdps(digits):
        at = [mp.mpf(x) for x in point]
        found = [f(*at)]
        for k, x in enumerate(at):
            h = abs(x) * mp.mpf(10) ** (-digits // 3) or mp.mpf(10) ** (-digits // 3)
            ahead, behind = (f(*at[:k], x + s * h, *at[k + 1 :]) for s in (1, -1))
            found.append((ahead - behind) / (2 * h))
        return found


def off(got: Any, want: Any) -> float:
    """The relative error; numbers too small for float64 may be off by a few of the smallest."""
    got = mp.mpf(float(got))
    if abs(got - want) <= 4 * mp.mpf(2) ** -1074:
        return 0.0
    return float(abs(got - want) / abs(want)) if want else float("inf")


def errors(text: str, f: Callable[..., Any], point: Sequence[float], dtype: Any = float) -> list[float]:
    """The errors of the value and of every derivative, for plain floats and for an array of samples, the larger of the two."""
    program = symchain.parse(text)
    kernel = program.compile(wrt=list(program.inputs))
    value, slopes = reference(f, [float(dtype(x)) for x in point])
    found = []
    for arguments in ([dtype(x) for x in point], [np.array([x, x], dtype) for x in point]):
        got, gradient = kernel(**dict(zip(program.inputs, arguments, strict=True)))
        results = [got, *(gradient[n] for n in program.inputs)]
        assert all(np.asarray(r).dtype == dtype for r in results)
        found.append([off(np.ravel(r)[-1], w) for r, w in zip(results, [value, *slopes], strict=True)])
    return [max(pair) for pair in zip(*found, strict=True)]


# ---------------------------------------------------------------- sums that cancel near zero

NEAR_ZERO = {
    "y = x - sin(x)": lambda x: x - mp.sin(x),
    "y = tan(x) - x": lambda x: mp.tan(x) - x,
    "y = exp(x) - 1 - x": lambda x: mp.exp(x) - 1 - x,
    "y = log(1 + x) - x": lambda x: mp.log(1 + x) - x,
    "y = (1 - cos(x))/x**2": lambda x: (1 - mp.cos(x)) / x**2,
    "y = (exp(x) - 1)/x": lambda x: (mp.exp(x) - 1) / x,
    "y = sin(x)/x": lambda x: mp.sin(x) / x,
    "y = 1/x - 1/tan(x)": lambda x: 1 / x - 1 / mp.tan(x),
    "y = 2*sigmoid(x) - 1": lambda x: mp.tanh(x / 2),
    "y = sqrt(1 + x) - 1 - x/2": lambda x: mp.sqrt(1 + x) - 1 - x / 2,
    "a = sin(x)\nb = a - x\ny = b/x**3": lambda x: (mp.sin(x) - x) / x**3,
    "y = cosh(x) - cos(x)": lambda x: mp.cosh(x) - mp.cos(x),
}


@pytest.mark.parametrize("x", [1e-160, -1e-9, 1e-4, 0.03, -0.3, 0.7])
@pytest.mark.parametrize("text", NEAR_ZERO)
def test_sums_that_cancel_near_zero(text: str, x: float) -> None:
    if "\n" in text and abs(x) < 1e-100:
        pytest.skip("a block of the program is too small for float64 there")
    assert max(errors(text, NEAR_ZERO[text], [x])) < 2e-14


@pytest.mark.parametrize("text", NEAR_ZERO)
def test_sums_that_cancel_near_zero_in_single_precision(text: str) -> None:
    assert max(errors(text, NEAR_ZERO[text], [1e-3], np.float32)) < 2e-5


def test_a_series_of_something() -> None:
    text = "y = exp(-t/d) - 1 + t/d"
    assert max(errors(text, lambda t, d: mp.exp(-t / d) - 1 + t / d, [1e-9, 3.0])) < 1e-14


def test_what_has_no_value_keeps_none() -> None:
    value, gradient = symchain.parse("y = (exp(abs(x)) - 1)/x").compile()(x=np.zeros(2))
    assert np.isnan(value).all() and np.isnan(gradient["x"]).all()


def test_second_derivatives_have_series_too() -> None:
    _, _, hessian = symchain.parse("y = x - sin(x)").compile(order=2)(x=1e-9)
    assert hessian["x"] == pytest.approx(1e-9, rel=1e-15)
    _, _, hessian = symchain.parse("y = sin(x)/x").compile(order=2)(x=1e-5)
    assert hessian["x"] == pytest.approx(-1 / 3, rel=1e-9)


@pytest.mark.parametrize("text", ["y = x - abs(x)", "y = x - x*w", "y = x - sqrt(x)", "y = 1 + x**2", "y = x**2 - w*x"])
def test_nothing_else_gets_a_series(text: str) -> None:
    assert "near_zero" not in symchain.parse(text).compile().source


# ---------------------------------------------------------------- classes of forms, at ordinary and extreme points


def _tail(x: Any) -> Any:
    """The probability that a normal variable is larger than x."""
    return mp.erfc(x / mp.sqrt(2)) / 2


CLASSES: list[tuple[str, Callable[..., Any], list[list[float]]]] = [
    ("y = tanh(x) - w", lambda x, w: mp.tanh(x) - w, [[21.0, 1.0], [-21.0, -1.0], [0.4, 0.1], [5.0, 0.9999]]),
    ("y = 1/(exp(x) - 1)", lambda x: 1 / mp.expm1(x), [[1e-100], [0.7], [-3.0], [700.0], [710.0], [-710.0], [750.0]]),
    ("y = silu(x)", lambda x: x / (1 + mp.exp(-x)), [[-745.0], [-710.0], [-90.0], [-2.0], [3.0]]),
    ("y = softplus(x)", lambda x: mp.log1p(mp.exp(x)), [[-710.0], [-745.0], [0.3], [800.0]]),
    ("y = x*log(x)", lambda x: x * mp.log(x), [[0.36787944117144233], [0.3679], [5e-324], [3.0]]),
    ("y = 3 - 2*log(x)", lambda x: 3 - 2 * mp.log(x), [[4.4816890703380645], [4.5], [1e-200]]),
    ("y = log(p/q)", lambda p, q: mp.log(p / q), [[0.3, 0.30000000000000004], [1.0, 1e-200], [-2.0, -2.00001]]),
    ("y = log((1 - p)/(1 - q))", lambda p, q: mp.log((1 - p) / (1 - q)), [[1e-12, 1.1e-12], [0.3, 0.9], [0.5, 0.5000001]]),
    ("y = gammaln(x)", lambda x: mp.loggamma(x), [[0.9999999], [2.0000001], [1.1], [1.9], [30.5], [0.1]]),
    ("y = log(erfc(x))", lambda x: mp.log(mp.erfc(x)), [[1e-17], [-1e-9], [0.7], [10.0], [40.0]]),
    ("y = sqrt(x**2 + w)", lambda x, w: mp.sqrt(x**2 + w), [[1e200, 1e-12], [3.0, 4.0], [1e-9, 1e-12], [1e-200, 1e-300]]),
    ("y = x/sqrt(x**2 + 1)", lambda x: x / mp.sqrt(x**2 + 1), [[1e200], [2.0], [1e-9]]),
    ("y = sqrt(x**2 + 1) - x", lambda x: mp.sqrt(x**2 + 1) - x, [[1e9], [0.5], [-3.0]]),
    ("y = d**2*(sqrt(1 + (r/d)**2) - 1)", lambda d, r: d**2 * (mp.sqrt(1 + (r / d) ** 2) - 1), [[1.0, 1e200], [0.5, 1e-9], [1.0, 3.0]]),
    ("p = exp(-x**2/(2*s**2))/(s*sqrt(2*pi))\ny = log(p)",
     lambda x, s: -(x**2) / (2 * s**2) - mp.log(s * mp.sqrt(2 * mp.pi)), [[50.0, 1.0], [1.0, 0.01], [0.3, 2.0]]),
    ("y = arctan2(x, w)", lambda x, w: mp.atan2(x, w), [[1e155, 2e155], [0.3, -2.0], [1e-200, 2e-200]]),
    ("y = S**n/(K**n + S**n)", lambda S, n, K: S**n / (K**n + S**n), [[1e200, 2.0, 1e199], [2.0, 3.0, 1.5]]),
    ("y = (exp(x) - exp(-x))/(exp(x) + exp(-x))", lambda x: mp.tanh(x), [[20.0], [1e-10], [2.0], [400.0]]),
    ("y = log(1 - Phi(x))", lambda x: mp.log(_tail(x)), [[37.0], [5.0], [-3.0]]),
    ("y = normpdf(x)/Phi(x)", lambda x: mp.npdf(x) / _tail(-x), [[-20.0], [-5.0], [2.0]]),
    ("y = Phi(b) - Phi(a)", lambda b, a: _tail(a) - _tail(b), [[11.0, 10.0], [-10.0, -11.0], [1.2, 0.3]]),
    ("y = log(Phi(b) - Phi(a))", lambda b, a: mp.log(_tail(a) - _tail(b)), [[11.0, 10.0], [-40.0, -41.0], [1.2, 0.3]]),
    ("y = cosh(x) - sinh(x)", lambda x: mp.exp(-x), [[20.0], [300.0], [-2.0]]),
    ("y = log(1 + exp(x)) - x", lambda x: mp.log1p(mp.exp(-x)), [[40.0], [700.0], [-3.0]]),
    ("y = log(1 - tanh(x)**2)", lambda x: -2 * mp.log(mp.cosh(x)), [[1e-9], [0.5], [400.0]]),
    ("y = log(x + 1) - log(x)", lambda x: mp.log1p(1 / x), [[1e10], [1e-9], [3.0]]),
    ("y = log(a) - log(b)", lambda a, b: mp.log(a / b), [[1e-200, 1e200], [1e200, 1e-200], [2.0, 3.0]]),
    ("y = 1/x - 1/(x + 1)", lambda x: 1 / x - 1 / (x + 1), [[1e8], [1e12], [0.3]]),
    ("y = arccos(1 - x)", lambda x: mp.acos(1 - x), [[1e-16], [0.5], [1.5]]),
    ("y = arccosh(1 + x)", lambda x: mp.acosh(1 + x), [[1e-16], [0.5], [1e5]]),
    ("y = (a**b - 1)/b", lambda a, b: (a**b - 1) / b, [[2.0, 1e-10], [3.0, -1e-6], [2.0, 1.5]]),
    ("y = (1 + x)**w - 1", lambda x, w: (1 + x) ** w - 1, [[1e-12, 30.5], [1e-3, -2.5], [1.5, 2.5]]),
    ("y = tanh(a) - tanh(b)", lambda a, b: mp.tanh(a) - mp.tanh(b), [[20.0, 21.0], [1.0, -0.5], [-3.0, -30.0]]),
    ("y = sigmoid(a) - sigmoid(b)", lambda a, b: 1 / (1 + mp.exp(-a)) - 1 / (1 + mp.exp(-b)), [[40.0, 41.0], [-40.0, -41.0], [1.0, -1.0]]),
    ("y = exp(a) - exp(b)", lambda a, b: mp.exp(a) - mp.exp(b), [[1.0, 1.000000000001], [700.0, -700.0], [-800.0, 1.0]]),
    ("y = cos(a) - cos(b)", lambda a, b: mp.cos(a) - mp.cos(b), [[1e-9, 2e-9], [1.0, 5.0]]),
    ("y = log(exp(a) - exp(b))", lambda a, b: mp.log(mp.exp(a) - mp.exp(b)), [[1000.0, 999.0], [30.0, 30.0 - 1e-9], [5.0, -50.0]]),
    ("y = p*log(p/q) + (1 - p)*log((1 - p)/(1 - q))",
     lambda p, q: p * mp.log(p / q) + (1 - p) * mp.log((1 - p) / (1 - q)), [[0.3, 0.300000001], [1e-10, 2e-10], [0.2, 0.9]]),
    ("y = p*log(p/q) - p + q", lambda p, q: p * mp.log(p / q) - p + q, [[0.3, 0.300000001], [5.0, 1.0]]),
    ("y = x*log(x) - x + 1", lambda x: x * mp.log(x) - x + 1, [[1.0000001], [0.999], [2.5]]),
    ("y = log(x)/(x - 1)", lambda x: mp.log(x) / (x - 1), [[1.0000001], [0.9999999], [2.5]]),
    ("y = 1 + v - w**2 - exp(v)", lambda v, w: 1 + v - w**2 - mp.exp(v), [[1e-9, 1e-8], [-1e-5, 0.0], [0.5, 0.7]]),
    ("y = 1 - sin(x)/x", lambda x: 1 - mp.sin(x) / x, [[1e-6], [0.3], [2.0]]),
    ("y = gamma(a)/gamma(b)", lambda a, b: mp.gamma(a) / mp.gamma(b), [[200.0, 198.5], [3.0, 2.5]]),
    ("y = sqrt(a**2 + b**2 + c**2)", lambda a, b, c: mp.sqrt(a**2 + b**2 + c**2), [[3e-200, 4e-200, 1e-200], [1e200, 2e200, 1.0]]),
    ("y = log(abs(1 + x))", lambda x: mp.log(abs(1 + x)), [[1e-12], [-3.5], [2.0]]),
    ("y = sinc(x)", mp.sincpi, [[1e-9], [0.0], [0.3]]),
]  # fmt: skip


@pytest.mark.parametrize("text, f, points", CLASSES, ids=[text for text, _, _ in CLASSES])
def test_classes_of_forms(text: str, f: Callable[..., Any], points: list[list[float]]) -> None:
    for point in points:
        assert max(errors(text, f, point)) < 1e-13, point


@pytest.mark.parametrize("x", [[1e4, 1e4 - 1], [-1e4, -1e4 + 3], [0.2, 1.0]])
def test_the_logarithm_of_a_mean_of_exponentials(x: list[float]) -> None:
    value, gradient = symchain.parse("y = log(mean(exp(x)))", shapes={"x": ("n",)}).compile(wrt=["x"])(x=np.array(x))
    largest, weights = max(x), np.exp(np.array(x) - max(x))
    np.testing.assert_allclose(value, largest + np.log(np.mean(weights)), rtol=1e-14)
    np.testing.assert_allclose(gradient["x"], weights / np.sum(weights), rtol=1e-14)


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_a_deviation_has_the_range_of_floats(size: float) -> None:
    x = np.array([1.0, 2.0, 4.0])
    kernel = symchain.parse("y = std(x)", shapes={"x": ("n",)}).compile(wrt=["x"])
    value, gradient = kernel(x=size * x)
    np.testing.assert_allclose(value, size * np.std(x), rtol=1e-14)
    np.testing.assert_allclose(gradient["x"], (x - np.mean(x)) / (3 * np.std(x)), rtol=1e-14)


@pytest.mark.parametrize("text, f, points", CLASSES, ids=[text for text, _, _ in CLASSES])
def test_classes_of_forms_in_single_precision(text: str, f: Callable[..., Any], points: list[list[float]]) -> None:
    for point in points:
        if all(1e-6 < abs(x) < 20 for x in point):
            assert max(errors(text, f, point, np.float32)) < 3e-5, point


@pytest.mark.parametrize("x", [[3e200, 4e200], [3e-200, 4e-200], [3.0, 4.0], [3e8, 4.0], [-1.0, 1e-9]])
def test_unit_vectors(x: list[float]) -> None:
    """x/norm(x) has no square that overflows, and sends back what is orthogonal to it."""
    value, gradient = symchain.parse("u = x/sqrt(sum(x**2))\nq = u[0]", shapes={"x": (2,)}).compile()(x=np.array(x))
    want, slopes = reference(lambda a, b: a / mp.sqrt(a**2 + b**2), x)
    assert off(value, want) < 1e-14
    assert max(off(g, s) for g, s in zip(gradient["x"], slopes, strict=True)) < 1e-14


# ---------------------------------------------------------------- many digits


def test_samples_that_are_lost_are_worked_out_again() -> None:
    kernel = symchain.parse("v = S**n/(K**n + S**n)").compile(wrt="S")
    value, gradient = kernel(S=np.array([1e200, 2.0, np.inf, 1e200]), n=2.0, K=1e199)
    np.testing.assert_allclose(value[[0, 3]], 100 / 101, rtol=1e-15)
    np.testing.assert_allclose(gradient["S"][0], 2e-200 * 100 / 101**2, rtol=1e-13)
    assert np.isnan(value[2])


def test_what_has_no_value_stays_so() -> None:
    for text, x in (("y = log(x)/x", -1.0), ("y = 1/x", 0.0), ("y = log(x)/x", 0.0), ("y = exp(exp(exp(exp(x))))/x", 10.0)):
        for at in (x, np.array([x])):
            value, _ = symchain.parse(text).compile()(x=at)
            assert not np.isfinite(value).any()


def test_a_zero_is_a_zero_only_with_all_digits() -> None:
    """What cancels to the last digit at one precision may not at the next."""
    from symchain.kernels.digits import evaluated

    assert evaluated(lambda x: [mp.sin(x) - x], [1e-100]) == pytest.approx([-1e-300 / 6], rel=1e-15)
    assert evaluated(lambda x: [x - x, x], [3.0]) == [0.0, 3.0]


def test_a_saved_kernel_has_the_same_digits(tmp_path: Any) -> None:
    kernel = symchain.parse("v = S**n/(K**n + S**n)").compile(wrt="S")
    kernel.save(tmp_path / "kernel.json")
    arguments = {"S": 1e200, "n": 2.0, "K": 1e199}
    assert symchain.load(tmp_path / "kernel.json")(**arguments) == kernel(**arguments)


# ---------------------------------------------------------------- softmax

Z = [36.0, 0.0, 1.0]


def probability(z: Sequence[Any], k: int) -> Any:
    return mp.exp(z[k]) / mp.fsum(map(mp.exp, z))


ROWS = {
    "p = softmax(z)\nq = p[0]": lambda *z: probability(z, 0),
    "q = -log_softmax(z)[0]": lambda *z: -mp.log(probability(z, 0)),
    "e = exp(z)\np = e/sum(e)\nq = -log(p[0])": lambda *z: -mp.log(probability(z, 0)),
    "q = -sum(y*log(softmax(z)))": lambda *z: -mp.log(probability(z, 0)),
    "q = sum((softmax(z) - y)**2)": lambda *z: mp.fsum((probability(z, k) - (k == 0)) ** 2 for k in range(3)),
}


@pytest.mark.parametrize("text", ROWS)
def test_a_softmax_that_is_nearly_certain(text: str) -> None:
    """One minus a probability is the sum of the others, in values and in what is sent back."""
    program = symchain.parse(text, shapes={"z": (3,), "y": (3,)} if "y" in text else {"z": (3,)})
    inputs = {"z": np.array(Z), **({"y": np.array([1.0, 0, 0])} if "y" in text else {})}
    value, gradient = program.compile(wrt="z")(**inputs)
    with mp.workdps(60):
        want, slopes = (
            ROWS[text](*map(mp.mpf, Z)),
            [mp.diff(ROWS[text], tuple(map(mp.mpf, Z)), tuple(int(j == k) for j in range(3))) for k in range(3)],
        )
        assert off(value, want) < 1e-14
        assert max(off(g, s) for g, s in zip(gradient["z"], slopes, strict=True)) < 1e-14


def test_logarithms_with_different_constants_are_different() -> None:
    """One code for log(x) + c, with c inside: two of them on one argument are two values."""
    x = 0.57
    value, gradient = symchain.parse("C = (log(x) + 1)/(log(x) - 2)").compile(wrt="x")(x=x)
    assert value == pytest.approx((np.log(x) + 1) / (np.log(x) - 2), rel=1e-14)
    assert gradient["x"] == pytest.approx(-3 / (x * (np.log(x) - 2) ** 2), rel=1e-14)
    for text, second in {"entr(t**2)": -4 * np.log(x) - 6, "exp(t)*log(exp(t))": np.exp(x) * (x + 2)}.items():
        hessian = symchain.parse(f"C = {text}").compile(wrt="t", order=2)(t=x)[2]
        assert hessian["t"] == pytest.approx(second, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    ["P = softmax(X @ W)\nC = P[1, 0]", "p = softmax(u)\nq = softmax(p)\nC = q[2]", "p = softmax(u/norm(u))\nC = p[0]",
     "P = softmax(A @ A)\nC = sum(P[1]**2)", "P = softmax(inv(A))\nC = P[1, 2]"],
)  # fmt: skip
def test_entries_of_a_softmax_of_products(text: str) -> None:
    rng = np.random.default_rng(11)
    shapes = {"X": (4, 5), "W": (5, 2), "u": (3,), "A": (3, 3)}
    program = symchain.parse(text, shapes={n: s for n, s in shapes.items() if n in text})
    point = {n: rng.normal(size=v.shape) for n, v in program.inputs.items()}
    kernel = program.compile(wrt="all")
    _, gradient = kernel(**point)
    for name, g in gradient.items():
        way = rng.normal(size=g.shape)
        ahead, behind = (kernel(**{**point, name: point[name] + s * 1e-6 * way})[0] for s in (1, -1))
        assert np.sum(g * way) == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("axis", [0, 1])
def test_rows_and_columns_are_balanced(axis: int) -> None:
    text = f"P = softmax(Z, axis={axis})\nC = sum(G*P) + sum((P - Y)**2)"
    rng = np.random.default_rng(5)
    z, g, y = rng.normal(size=(3, 3, 3)) * 20
    kernel = symchain.parse(text, shapes=dict.fromkeys("ZGY", (3, 3))).compile(wrt="Z")
    _, gradient = kernel(Z=z, G=g, Y=y)
    shifted = np.exp((z - z.max(axis, keepdims=True)).astype(np.longdouble))
    p = shifted / shifted.sum(axis, keepdims=True)
    sent = g + 2 * (p - y)
    np.testing.assert_allclose(gradient["Z"], (p * (sent - (sent * p).sum(axis, keepdims=True))).astype(float), rtol=1e-10, atol=1e-12)


# ---------------------------------------------------------------- every registered function

ULPS = 64
"""What a value or derivative may be off by, in units of the last place of its argument carried through: see `within`."""
LOOSE = {
    "beta": "a difference of digammas", "betaln": "a difference of digammas", "i0e": "a difference of Bessel functions",
    "i1e": "a difference of Bessel functions", "k0e": "a difference of Bessel functions", "k1e": "a difference of Bessel functions",
    "ndtri": "SciPy's", "erfinv": "SciPy's", "erfcinv": "SciPy's", "zeta": "SciPy's",
    "polygamma": "SciPy's", "gammainc": "SciPy's", "gammaincc": "SciPy's",
}  # fmt: skip
"""Functions of which the derivative (or SciPy's value) is worse in the tails: held to 1e-9 here."""
SLOW = frozenset({
    "zeta", "polygamma", "gammainc", "gammaincc", "y0", "y1", "yv", "k0", "k1", "kv", "k0e", "k1e", "stdtr", "expn", "owens_t",
    "airyai", "hyp2f1",
})  # fmt: skip
"""Functions that take mpmath seconds at hundreds of digits."""
LINE = (-30.0, -1.7, -0.3, -1e-9, -1e-30, 1e-30, 1e-9, 0.01, 0.3, 0.4999999, 0.999999999, 1.000000001, 1.7, 1.999999, 6.5, 30.0, 300.0)


def points(spec: FunctionSpec) -> list[tuple[float, ...]]:
    """Ordinary points, tails, both sides of kinks and of places where forms cancel; probes for several arguments, with a few more."""
    if len(spec.parameters) == 1:
        beside = [k.at + s * 1e-9 for k in spec.kinks for s in (1, -1)]
        return [(x,) for x in (*LINE, *beside) if x in spec.domain(0) and x not in {k.at for k in spec.kinks}]
    moved = [tuple(x * f for x, f in zip(p, fs, strict=False)) for p in spec.probes for fs in ((1, 1.0000001, 1, 1), (1.3, 0.7, 1, 1))]
    near = [(x, x * (1 + 1e-9), *p[2:]) for p in spec.probes for x in (0.3, 2.0)]
    inside = [p for p in (*spec.probes, *moved, *near) if all(x in spec.domain(k) for k, x in enumerate(p))]
    whole = dict.fromkeys(("polygamma", "expn"), lambda p: p[0] == int(p[0])).get(spec.name, bool)
    return [p for p in inside if whole(p)]


def within(error: Any, loose: float, f: Callable[..., Any], point: Sequence[Any], value: Any) -> bool:
    """Whether the error is within ULPS units of the last place of the value, and of each argument carried through to it, as loosely.

    That is what float64 arithmetic can promise. An argument is carried through only where what is promised so far is too little.
    """
    unit = loose * ULPS * mp.mpf(2) ** -53
    left = error - loose * mp.mpf(2) ** -1070 - unit * abs(value)
    for k, x in enumerate(point):
        if left <= 0:
            break
        h = abs(x) * mp.mpf(10) ** (-mp.mp.dps // 12)
        left -= unit * abs(x * (f(*point[:k], x + h, *point[k + 1 :]) - value) / h) if h else 0
    return bool(left <= 0)


def settled(f: Callable[..., Any], at: Sequence[Any]) -> Any:
    """The value with the digits that are set; with a hundred of them, where as many as that agree with sixty."""
    found = []
    for digits in (60, 100) if mp.mp.dps > 100 else ():
        with mp.workdps(digits):
            found.append(mp.mpmathify(f(*at)))
    if all(isinstance(x, mp.mpf) and mp.isfinite(x) and x for x in found) and found and abs(found[0] - found[1]) < 1e-20 * abs(found[1]):
        return found[1]
    return mp.mpmathify(f(*at))


@pytest.mark.parametrize("spec", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_every_function_and_its_derivatives_are_accurate(spec: FunctionSpec) -> None:
    by = [(k, p) for k, (p, d) in enumerate(zip(spec.parameters, spec.derivatives, strict=True)) if d is not None]
    names = [f"u{k}" for k in range(len(spec.parameters))]
    kernel = symchain.parse(f"y = {spec.name}({', '.join(names)})").compile(wrt=[names[k] for k, _ in by])
    symbols = sp.symbols(f"u:{len(names)}", real=True)
    meaning = sp.lambdify(symbols, spec.meaning(*symbols), "mpmath")
    loose = 2.0**53 * 1e-9 / ULPS if spec.name in LOOSE else 1

    def slope(k: int) -> Callable[..., Any]:
        def g(*at: Any) -> Any:
            h = (abs(at[k]) or 1) * mp.mpf(10) ** (-mp.mp.dps // 5)
            ahead, behind = (meaning(*at[:k], at[k] + s * h, *at[k + 1 :]) for s in (1, -1))
            return (ahead - behind) / (2 * h)

        return g

    worst = []
    with mp.workdps(60 if spec.name in SLOW else 500):
        for point in points(spec):
            value, gradient = kernel(**dict(zip(names, point, strict=True)))
            at = tuple(map(mp.mpf, point))
            for f, got in [(meaning, value), *((slope(k), gradient[names[k]]) for k, _ in by)]:
                want = settled(f, at)
                if not isinstance(want, mp.mpf) or not mp.isfinite(want) or abs(want) > 1e308:
                    continue
                if not within(abs(mp.mpf(float(got)) - want), loose, f, at, want):
                    worst.append((point, float(got), float(want)))
    assert not worst
