"""Digits that float64 loses, at orders 0, 1 and 2: kernels against differences with hundreds of digits, and what they cannot have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import combinations_with_replacement
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import symchain
from symchain.kernels import balls, digits
from symchain.kernels.floats import HELPERS
from symchain.kernels.primitives import PRIMITIVES, VALUE
from symchain.kernels.stable import STABLE
from symchain.kernels.writing import NAMES

DIGITS, STEP = 900, 150


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def t_density(nu: Any, x: Any) -> Any:
    return mp.loggamma((nu + 1) / 2) - mp.loggamma(nu / 2) - mp.log(nu * mp.pi) / 2 - (nu + 1) / 2 * mp.log(1 + x**2 / nu)


def concentration(CL: Any, V: Any, D: Any, KA: Any, t: Any) -> Any:
    k = CL / V
    return D * KA / (V * (KA - k)) * (mp.exp(-k * t) - mp.exp(-KA * t))


CASES: list[tuple[str, Callable[..., Any], Mapping[str, float]]] = [
    # tails, where derivatives of a higher order are smaller than what they are made of
    *[("z = silu(y)", lambda y: y * sigmoid(y), {"y": y}) for y in (40.0, -800.0)],
    ("z = tanh(y**2)", lambda y: mp.tanh(y**2), {"y": 5.0}),
    ("z = log(0.5 + sigmoid(y))", lambda y: mp.log(mp.mpf(1) / 2 + sigmoid(y)), {"y": 36.0}),
    ("z = k0e(y)", lambda y: mp.exp(y) * mp.besselk(0, y), {"y": 1e9}),
    ("z = i1e(y)", lambda y: mp.exp(-y) * mp.besseli(1, y), {"y": 1e9}),
    ("z = logaddexp(x, y)", lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), {"x": -25.0, "y": 5.0}),
    *[("z = softplus(y)", lambda y: mp.log(1 + mp.exp(y)), {"y": y}) for y in (18.0, 24.0, 30.0, 500.0)],
    *[("z = silu(y)/cosh(y)", lambda y: y * sigmoid(y) / mp.cosh(y), {"y": y}) for y in (18.0, 30.0)],
    ("z = log(1/2 + arctan(y)/pi)", lambda y: mp.log(mp.mpf(1) / 2 + mp.atan(y) / mp.pi), {"y": -1e15}),
    # out of the range of floats on the way
    ("z = arccosh(1 + y)", lambda y: mp.acosh(1 + y), {"y": 1e160}),
    *[("z = arcsinh(1 + exp(y))", lambda y: mp.asinh(1 + mp.exp(y)), {"y": y}) for y in (300.0, 600.0)],
    ("z = log(y**2 + x**2)", lambda y, x: mp.log(y**2 + x**2), {"y": 1e200, "x": 3e199}),
    ("z = arccosh(exp(y))", lambda y: mp.acosh(mp.exp(y)), {"y": 400.0}),
    # sums that cancel
    ("z = s/sqrt(x**2 + s**2)", lambda s, x: s / mp.sqrt(x**2 + s**2), {"s": 1e4, "x": 1e-3}),
    ("z = t/tanh(t*u)", lambda t, u: t / mp.tanh(t * u), {"t": 1e-10, "u": 2.0}),
    ("z = (-b + sqrt(b**2 - 4*a*c))/(2*a)", lambda b, a, c: (-b + mp.sqrt(b**2 - 4 * a * c)) / (2 * a), {"b": 1e8, "a": 1.0, "c": 1.0}),
    ("z = cos(y)*(sinh(x)/x)", lambda y, x: mp.cos(y) * mp.sinh(x) / x, {"y": 0.7, "x": 5e-7}),
    ("z = arctan(v/sqrt(v**2 - 19.6*h))", lambda v, h: mp.atan(v / mp.sqrt(v**2 - h * 98 / 5)), {"v": 14.0, "h": 9.99999999999}),
    ("z = 1/(x + 1) - 2/x + 1/(x - 1)", lambda x: 1 / (x + 1) - 2 / x + 1 / (x - 1), {"x": -5e4}),
    ("z = 1/sqrt(x) - 1/sqrt(x + 1)", lambda x: 1 / mp.sqrt(x) - 1 / mp.sqrt(x + 1), {"x": 7e7}),
    ("z = gammaln((nu + 1)/2) - gammaln(nu/2) - 1/2*log(nu*pi) - (nu + 1)/2*log(1 + x**2/nu)", t_density, {"nu": 1e15, "x": 1.5}),
    ("z = betaln(a, b)", lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b), {"a": 1e20, "b": 3.0}),
    *[
        ("z = (exp(a) - exp(b))/(a - b)", lambda a, b: (mp.exp(a) - mp.exp(b)) / (a - b), {"a": 1.0, "b": 1 + gap})
        for gap in (1e-5, 1e-10, 2.0**-52)
    ],
    ("z = x*exp(-x/3)", lambda x: x * mp.exp(-x / 3), {"x": 3.0000000001}),
    (
        "k = CL/V\nz = D*KA/(V*(KA - k))*(exp(-k*t) - exp(-KA*t))",
        concentration,
        {"CL": 0.3, "V": 3.0, "D": 100.0, "KA": 0.1, "t": 4.0},
    ),
]


def derivatives(f: Callable[..., Any], at: list[float]) -> tuple[Any, list[Any], dict[tuple[int, int], Any]]:
    """The value, the gradient and the second derivatives, from central differences."""
    with mp.workdps(DIGITS):
        point = [mp.mpf(x) for x in at]
        steps = [abs(x) * mp.mpf(10) ** -STEP for x in point]

        def moved(**by: int) -> Any:
            return mp.re(f(*(x + by.get(f"x{k}", 0) * h for k, (x, h) in enumerate(zip(point, steps, strict=True)))))

        value = moved()
        gradient = [(moved(**{f"x{k}": 1}) - moved(**{f"x{k}": -1})) / (2 * h) for k, h in enumerate(steps)]
        second = {}
        for i, j in combinations_with_replacement(range(len(at)), 2):
            if i == j:
                second[i, j] = (moved(**{f"x{i}": 1}) - 2 * value + moved(**{f"x{i}": -1})) / steps[i] ** 2
            else:
                corners = [s * t * moved(**{f"x{i}": s, f"x{j}": t}) for s in (1, -1) for t in (1, -1)]
                second[i, j] = mp.fsum(corners) / (4 * steps[i] * steps[j])
        return value, gradient, second


def off(got: Any, want: Any) -> float:
    if abs(mp.mpf(float(got)) - want) <= mp.mpf(2) ** -1072:
        return 0.0
    return float(abs(mp.mpf(float(got)) - want) / abs(want)) if want else float("inf")


@pytest.mark.parametrize(("text", "f", "point"), CASES, ids=[f"{text.splitlines()[-1]} {list(at.values())}" for text, _, at in CASES])
def test_twelve_decimals_at_every_order(text: str, f: Callable[..., Any], point: Mapping[str, float]) -> None:
    program = symchain.parse(text)
    names = list(point)
    value, gradient, second = derivatives(f, [point[n] for n in names])
    if concentration is f:  # at KA == k + rounding the exact 3/10 and its float are different points
        assert program.compile(wrt=names)(**point)[1]["KA"] == pytest.approx(71.50080491046819, rel=1e-14)
    assert off(program.compile(order=0)(**point), value) < 1e-12
    results = [program.compile(wrt=names, order=order)(**point) for order in (1, 2)]
    for got, slopes, *_ in results:
        assert off(got, value) < 1e-12
        assert max(off(slopes[n], want) for n, want in zip(names, gradient, strict=True)) < 1e-12
    hessian = results[1][2]
    for (i, j), want in second.items():
        a, b = names[i], names[j]
        key = next(k for k in ((a,) if i == j else ((a, b), (b, a))) if k in hessian)
        assert off(hessian[key], want) < 1e-12, key


LIMITS = {
    "z = (1 - cos(x))/x": (0.0, 0.5),
    "z = sin(x)/x": (1.0, 0.0),
    "z = where(x == 0, 1, x/(exp(x) - 1))": (1.0, -0.5),
    "z = where(x == 0, 5, x**2 + x)": (5.0, 1.0),
    "z = sign(x)*log(1 + abs(x))": (0.0, 1.0),
    "z = cos(sqrt(x))": (1.0, -0.5),
    "z = exp(-1/x**2)": (0.0, 0.0),
}
TAKEN = {
    "sum": ("sum({0}_of)", lambda value: [value, 0.0, 0.0], lambda slope: [slope] * 3),
    "entry": ("{0}_of[1]", lambda value: [0.3, value], lambda slope: [0.0, slope]),
}
"""How a number is taken from an array; an array that gives the value; how the derivative by the array follows from that by the number."""


@pytest.mark.parametrize("taken", TAKEN)
@pytest.mark.parametrize(("text", "point"), [*((text, at) for text, _, at in CASES), *((text, {"x": 0.0}) for text in LIMITS)])
def test_numbers_that_are_taken_from_arrays_are_worked_out_as_well(text: str, point: Mapping[str, float], taken: str) -> None:
    written, array, spread = TAKEN[taken]
    names = list(point)
    value, gradient = symchain.parse(text).compile(wrt=names)(**point)
    lines = [*(f"{n}_of: (n,)" for n in names), *(f"{n} = {written.format(n)}" for n in names), text]
    kernel = symchain.parse("\n".join(lines)).compile("z", wrt=[f"{n}_of" for n in names])
    found, slopes = kernel(**{f"{n}_of": np.array(array(v)) for n, v in point.items()})
    assert found == pytest.approx(value, rel=1e-12, abs=0)
    for n in names:
        assert slopes[f"{n}_of"] == pytest.approx(np.array(spread(gradient[n])), rel=1e-12, abs=1e-15 if text in LIMITS else 0)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("text", "point"), [(text, at) for text, _, at in CASES], ids=[text.splitlines()[-1] for text, _, _ in CASES])
def test_entries_of_arrays_are_worked_out_as_well(text: str, point: Mapping[str, float], order: int) -> None:
    """The same program, elementwise: its numbers are entries beside others."""
    names = list(point)
    value, gradient, *second = symchain.parse(text).compile(wrt=names, order=order)(**point)
    lines = [*(f"{n}: (n,)" for n in names), text, f"C = sum({text.splitlines()[-1].split()[0]})"]
    found, slopes, *hessian = symchain.parse("\n".join(lines)).compile("C", wrt=names, order=order)(
        **{n: np.array([v, v]) for n, v in point.items()}
    )
    assert found == pytest.approx(2 * value, rel=1e-12, abs=0)
    for n in names:
        assert slopes[n] == pytest.approx(np.full(2, gradient[n]), rel=1e-12, abs=1e-300)
    for key, block in second[0].items() if second else ():
        assert hessian[0][key] == pytest.approx(block * np.eye(2), rel=1e-12, abs=1e-300)


def test_an_entry_that_has_lost_digits_is_mended_beside_others_that_have_not() -> None:
    kernel = symchain.parse("a: (n,)\nb: (n,)\nC = sum((exp(a) - exp(b))/(a - b))").compile("C", wrt=["a"])
    _, slopes = kernel(a=np.array([1.0, 1.0, 0.0]), b=np.array([1 + 1e-10, 2.0, 0.0]))
    assert slopes["a"] == pytest.approx([math.e / 2 * (1 + 1e-10 / 3), math.exp(2) - 2 * math.e, 0.5], rel=1e-12)
    assert kernel.with_options(accuracy="fast")(a=np.array([1.0]), b=np.array([1 + 1e-10]))[1]["a"] != pytest.approx(math.e / 2, rel=1e-9)


@pytest.mark.parametrize("text", ["C = sum((X @ w - y)**2)", "C = sum(tanh(X @ w + y))", "C = sum((y - mean(y))**2)", "C = sum(relu(y*w))"])
def test_ordinary_array_programs_are_not_worked_out_again(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros, residuals, sums that happen to be small: nothing to mend, and nothing that takes a thousand times as long."""
    from symchain.kernels import arraydigits

    kernel = symchain.parse("X: (n, n)\nw: (n,)\ny: (n,)\n" + text).compile("C")
    point = {"X": np.array([[1.0, 0.0], [0.0, 2.0]]), "w": np.zeros(2), "y": np.array([0.0, 3.0])}
    want = kernel(**{n: point[n] for n in kernel.names})
    monkeypatch.setattr(arraydigits, "reworked", None)
    assert kernel(**{n: point[n] for n in kernel.names})[0] == want[0]


def test_hessians_alone_have_them_too() -> None:
    _, _, second = derivatives(lambda y: y * sigmoid(y), [40.0])
    assert off(symchain.parse("z = silu(y)").hessian("y").compile()(y=40.0), second[0, 0]) < 1e-12


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize("text", LIMITS)
def test_removable_points_have_their_limits(text: str) -> None:
    value, gradient = symchain.parse(text).compile()(x=0.0)
    assert (value, gradient["x"]) == pytest.approx(LIMITS[text], abs=1e-15)


@pytest.mark.parametrize("text", ["log(x)", "arctanh(x - 3)", "x*log(x)", "-x*log(x)", "log1p(x - 3) + x", "log(x) - log(x/2)"])
def test_what_has_no_value_has_no_slope(text: str) -> None:
    for given, at in (("", -1.5), ("", np.array([-1.5, 2.5])), ("x: (n,)\n", np.array([-1.5, 2.5]))):
        value, gradient = symchain.parse(f"{given}C = {'sum' if given else ''}({text})").compile()(x=at)
        assert np.isnan(np.ravel(value)[0]) and np.isnan(np.ravel(gradient["x"])[0])
        if not given and np.ndim(at):
            assert np.isfinite([value[1], gradient["x"][1]]).all()


HAVERSINE = "C = 2*arcsin(sqrt(sin((a - b)/2)**2 + cos(a)*cos(b)*sin((c - d)/2)**2))"


@pytest.mark.thorough
@pytest.mark.parametrize("text", [HAVERSINE, "C = sqrt((a - b)*sin(a - b) + (c - d)**4)", "C = arccos(cos(a - b)) + 0*c*d"])
def test_a_distance_has_slope_zero_where_it_is_zero(text: str) -> None:
    """As a norm has, although its slopes are quotients of what vanishes."""
    point = {"a": 0.5, "b": 0.5, "c": 1.0, "d": 1.0}
    value, gradient = symchain.parse(text).compile("C")(**point)
    assert value == 0 and not any(gradient.values())
    lines = "\n".join(f"{n}: (k,)" for n in point)
    _, arrays = symchain.parse(f"{lines}\n{text}\nE = sum(C)").compile("E")(**{n: np.array([v, 2.0 + ord(n)]) for n, v in point.items()})
    assert not any(g[0] for g in arrays.values()) and any(g[1] for g in arrays.values())


@pytest.mark.parametrize("text", ["z = sqrt(abs(x))", "z = sqrt(x**2 + abs(x))", "z = x*sin(1/x)"])
def test_steep_or_unsteady_slopes_are_none(text: str) -> None:
    assert not np.isfinite(symchain.parse(text).compile()(x=0.0)[1]["x"])


@pytest.mark.parametrize("text", ["z = sin(1/x)", "z = cos(x)*x/abs(x)", "z = exp(1/x)", "z = log(x)/x", "z = sin(exp(1/x**2))"])
def test_where_there_is_no_limit_there_is_no_number(text: str) -> None:
    value, gradient = symchain.parse(text).compile()(x=0.0)
    assert not np.isfinite(value) and not np.isfinite(gradient["x"])


PRICE = "d = (log(S/K) + (r + s**2/2)*T)/(s*sqrt(T))\nC = S*Phi(d) - K*exp(-r*T)*Phi(d - s*sqrt(T))"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("text", "point", "gradient"),
    [
        (PRICE, {"S": 90.0, "K": 100.0, "r": 0.05, "s": 0.0, "T": 1.0}, {"S": 0.0, "K": 0.0, "s": 0.0}),
        (PRICE, {"S": 110.0, "K": 100.0, "r": 0.05, "s": 0.0, "T": 1.0}, {"S": 1.0, "K": -math.exp(-0.05), "s": 0.0}),
        ("C = w*arctan(1/x)", {"w": 2.0, "x": 0.0}, {"w": math.pi / 2, "x": -2.0}),
        ("C = w*exp(-1/x)", {"w": 2.0, "x": 0.0}, {"w": 0.0, "x": 0.0}),
    ],
)
def test_the_slope_is_that_of_the_side_on_which_the_value_is(text: str, point: dict[str, float], gradient: dict[str, float]) -> None:
    kernel = symchain.parse(text).compile("C", wrt=list(gradient))
    samples = kernel(**{name: np.array([value, value]) for name, value in point.items()})
    for found in (kernel(**point), (samples[0][0], {name: slopes[1] for name, slopes in samples[1].items()})):
        assert {name: found[1][name] for name in gradient} == pytest.approx(gradient, rel=1e-14)


def test_a_limit_is_that_of_every_direction() -> None:
    value, _ = symchain.parse("z = x*y/(x**2 + y**2)").compile()(x=0.0, y=0.0)
    assert np.isnan(value)
    value, gradient = symchain.parse("z = (x**2 - y**2)/(x - y)").compile()(x=2.0, y=2.0)
    assert (value, gradient) == (4.0, {"x": 1.0, "y": 1.0})


@pytest.mark.parametrize(("text", "slope"), [("z = abs(x)", 0.0), ("z = relu(x)", 0.0), ("z = maximum(x, 2*x)", 1.5)])
def test_kinks_keep_their_subgradients(text: str, slope: float) -> None:
    assert symchain.parse(text).compile()(x=0.0)[1]["x"] == slope


# ---------------------------------------------------------------- what it rests on


def test_what_arb_does_not_have_is_worked_out_with_digits() -> None:
    value, gradient = symchain.parse("z = hyp1f1(5/2, 3/2, x)*exp(-x) - 1").compile()(x=1e-9)
    assert value == pytest.approx(2 / 3 * 1e-9, rel=1e-12) and gradient["x"] == pytest.approx(2 / 3, rel=1e-12)


def test_fast_kernels_are_plain_float64() -> None:
    kernel = symchain.parse("z = tanh(y**2)").compile(order=2)
    assert kernel(y=5.0)[2]["y"] != 0
    fast = kernel.with_options(accuracy="fast")
    assert fast(y=5.0)[2]["y"] == 0 and fast(y=0.5) == kernel(y=0.5)
    with pytest.raises(symchain.ArgumentError):
        kernel.with_options(accuracy="most")(y=1.0)


AT = {"zeta": (2.0, 0.7), "polygamma": (1.0, 0.7), "kv": (1.5, 2.5), "arccosh": (1.7,)}
"""Points of functions that have no values at (0.7, 0.3, ...), or none worth comparing."""
NUMBERS = {"number", "pi", "inf", "nan"}


def of_floats(name: str) -> Callable[..., float]:
    """A primitive by the name that code for floats calls it."""
    return eval(NAMES["math"][name], {"math": math, **HELPERS, **STABLE})  # type: ignore[no-any-return]


def test_balls_and_digits_mean_the_same_functions() -> None:
    """Every primitive that code for floats has, over Arb and over mpmath, against itself over floats."""
    of_balls, of_digits = balls.functions(), digits.functions()
    assert set(of_digits) >= set(NAMES["digits"]) | NUMBERS and set(of_balls) >= NUMBERS
    assert set(PRIMITIVES) >= set(of_balls) - NUMBERS
    compared, lacking = 0, []
    for name in sorted(set(NAMES["math"]) & set(NAMES["digits"])):
        if set(PRIMITIVES[name]) != {VALUE}:
            continue
        at = AT.get(name) or (0.7, 0.3, 0.45)[: len(PRIMITIVES[name])]
        want = of_floats(name)(*at)
        assert float(of_digits[name](*map(mp.mpf, at))) == pytest.approx(want, rel=1e-12), name
        try:
            ball = balls.of(of_balls[name](*map(balls.Ball, at)))
        except LookupError:
            lacking.append(name)
            continue
        assert float(ball) == pytest.approx(want, rel=1e-12), name
        compared += 1
    assert compared > 80
    assert not set(lacking) - {"owens_t", "lambertw", "ellipk", "ellipe"}, "what Arb's table does not have"


@pytest.mark.parametrize("text", ["z = sin(exp(1/x**2)) + x", "z = exp(exp(1/x**2)) - x", "z = cos(exp(exp(1/x))) - 1"])
def test_series_are_not_looked_for_beyond_all_numbers(text: str) -> None:
    value, _ = symchain.parse(text).compile()(x=2.0)
    assert np.isfinite(value)


@pytest.mark.thorough
@pytest.mark.parametrize(("count", "order"), [(80, 2), (1500, 1)])
def test_wide_programs_run_and_are_saved(count: int, order: int, tmp_path: Any) -> None:
    names = [f"a{k}" for k in range(count)]
    kernel = symchain.parse(f"y = 1/({' + '.join(names)})").compile(order=order)
    point = dict.fromkeys(names, 1.0)
    results = kernel(**point)
    assert results[0] == 1 / count and results[1]["a1"] == pytest.approx(-1 / count**2, rel=1e-15)
    kernel.save(tmp_path / "kernel.json")
    assert symchain.load(tmp_path / "kernel.json")(**point) == results


@pytest.mark.parametrize(
    ("text", "point", "value", "gradient"),
    [
        ("C = exprel(x)", {"x": 1e15}, np.inf, {"x": np.inf}),
        ("C = (x**p - 1)/p", {"x": 0.0, "p": -1.0}, -np.inf, {"x": np.inf, "p": np.inf}),
        ("C = (c**(1 - g) - 1)/(1 - g)", {"c": 0.0, "g": 2.0}, -np.inf, {"c": np.inf, "g": -np.inf}),
        ("C = boxcox(x, p)", {"x": 0.0, "p": -1.0}, -np.inf, {"x": np.inf, "p": np.inf}),
        ("C = exprel(x)", {"x": np.array([1.0, np.inf, -1e15])}, np.array([np.expm1(1.0), np.inf, 1e-15]),
         {"x": np.array([1.0, np.inf, 1e-30])}),
    ],
)  # fmt: skip
def test_what_leaves_the_range_of_floats_is_answered(text, point, value, gradient):
    """Where Kummer's function has overflown, SciPy adds terms for ever."""
    found, slopes = symchain.parse(text).compile()(**point)
    np.testing.assert_allclose(found, value, rtol=1e-12)
    for name, slope in gradient.items():
        np.testing.assert_allclose(slopes[name], slope, rtol=1e-12)
