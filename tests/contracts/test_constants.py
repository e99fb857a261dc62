"""Constants of registered functions against their papers, and conditions at ties, on both sides of them, and inside each other."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import product
from math import erf, exp, log, pi, sqrt, tanh

import numpy as np
import pytest

import symchain


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


PAPERS: dict[str, Callable[[float], float]] = {
    # Klambauer, Unterthiner, Mayr, Hochreiter 2017, "Self-Normalizing Neural Networks"
    "selu": lambda x: 1.0507009873554804934 * (x if x > 0 else 1.6732632423543772848 * (exp(x) - 1)),
    # Howard et al. 2019, "Searching for MobileNetV3"
    "hardswish": lambda x: x * min(max(x + 3, 0), 6) / 6,
    "hardsigmoid": lambda x: min(max(x + 3, 0), 6) / 6,
    "relu6": lambda x: min(max(x, 0), 6),
    "hardtanh": lambda x: min(max(x, -1), 1),
    # Hendrycks, Gimpel 2016, "Gaussian Error Linear Units"
    "gelu": lambda x: x * (1 + erf(x / sqrt(2))) / 2,
    "gelu_tanh": lambda x: x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))),
    "quick_gelu": lambda x: x * sigmoid(1.702 * x),
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * tanh(log(1 + exp(x))),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "elu": lambda x: x if x > 0 else exp(x) - 1,
    "softshrink": lambda x: x - 0.5 if x > 0.5 else x + 0.5 if x < -0.5 else 0.0,
    "hardshrink": lambda x: x if abs(x) > 0.5 else 0.0,
    "tanhshrink": lambda x: x - tanh(x),
    "softsign": lambda x: x / (1 + abs(x)),
    "squareplus": lambda x: (x + sqrt(x * x + 4)) / 2,
    "deg2rad": lambda x: x * pi / 180,
    "rad2deg": lambda x: x * 180 / pi,
    "log2": lambda x: log(abs(x)) / log(2) if x > 0 else float("nan"),
    "log10": lambda x: log(abs(x)) / log(10) if x > 0 else float("nan"),
}
POINTS = [-7.3, -3.2, -2.9, -1.4, -0.7, -0.3, 0.2, 0.45, 0.6, 0.9, 1.3, 2.8, 3.1, 5.7, 6.2]


@pytest.mark.parametrize("name", PAPERS)
def test_functions_are_those_of_their_papers(name: str) -> None:
    """Values and slopes on every side of every corner."""
    f, step = PAPERS[name], 1e-6
    value, gradient = symchain.parse(f"C = {name}(x)").compile()(x=np.array(POINTS))
    np.testing.assert_allclose(value, [f(x) for x in POINTS], rtol=1e-13, atol=1e-15)
    slopes = [(f(x + step) - f(x - step)) / (2 * step) for x in POINTS]
    np.testing.assert_allclose(gradient["x"], slopes, rtol=1e-7, atol=1e-9)


COMPARED: dict[str, Callable[[float, float], bool]] = {
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt},
    **{">=": operator.ge, "==": operator.eq, "!=": operator.ne},
}
SIDES = [(1.0, 2.0), (2.0, 2.0), (2.0, 1.0)]
NESTED = ["where({0}, where({1}, a, b), c)", "where({0}, a, where({1}, b, c))", "where({0}, 2*a, b)*where({1}, c, a)"]


def meant(form: str, outer: bool, inner: bool, a: float, b: float, c: float) -> float:
    if form == NESTED[0]:
        return (a if inner else b) if outer else c
    if form == NESTED[1]:
        return a if outer else b if inner else c
    return (2 * a if outer else b) * (c if inner else a)


@pytest.mark.parametrize("form", NESTED)
@pytest.mark.parametrize("turned", [False, True], ids=["x, y", "y, x"])
@pytest.mark.parametrize(("first", "second"), list(product(COMPARED, repeat=2)))
def test_conditions_inside_of_conditions_mean_what_they_say_at_ties(first: str, second: str, turned: bool, form: str) -> None:
    """What implies what, the mirror of a comparison and its opposite: all pairs, where x < y, x = y and x > y."""
    left, right = ("y", "x") if turned else ("x", "y")
    program = symchain.parse(f"C = {form.format(f'x {first} y', f'{left} {second} {right}')}")
    kernel = program.compile("C", wrt=[n for n in "abc" if n in program.inputs])
    rest = {"a": 3.0, "b": 5.0, "c": 7.0}
    for x, y in SIDES:
        outer, inner = COMPARED[first](x, y), COMPARED[second](*((y, x) if turned else (x, y)))
        value, gradient = kernel(**{n: v for n, v in {"x": x, "y": y, **rest}.items() if n in kernel.names})
        assert value == meant(form, outer, inner, **rest)
        for name, slope in gradient.items():
            ahead, behind = (meant(form, outer, inner, **{**rest, name: rest[name] + s}) for s in (1.0, -1.0))
            assert slope == (ahead - behind) / 2


@pytest.mark.parametrize("sign", COMPARED)
@pytest.mark.parametrize("form", ["where(not x {0} 2, a, b)", "where(2 {0} x, a, b)", "where(x {0} 2, a, 0) + where(not (x {0} 2), b, 0)"])
def test_opposites_and_mirrors_of_conditions(sign: str, form: str) -> None:
    kernel = symchain.parse(f"C = {form.format(sign)}").compile("C", wrt=["a", "b"])
    for x in (1.0, 2.0, 3.0):
        holds = COMPARED[sign](2.0, x) if form.startswith("where(2") else COMPARED[sign](x, 2.0)
        first = holds != form.startswith("where(not")
        value, gradient = kernel(x=x, a=3.0, b=5.0)
        assert (value, gradient["a"], gradient["b"]) == ((3.0, 1.0, 0.0) if first else (5.0, 0.0, 1.0))


def test_clip_at_its_bounds() -> None:
    """The derivative at a bound is that of the bound; of two bounds that are the value, half of each."""
    kernel = symchain.parse("C = clip(x, l, u)").compile()
    bounds = [(1.0, 1.0, 3.0), (3.0, 1.0, 3.0), (2.0, 1.0, 3.0), (2.0, 2.0, 2.0)]
    for (x, low, high), slopes in zip(bounds, [(0, 1, 0), (0, 0, 1), (1, 0, 0), (0, 0.5, 0.5)], strict=True):
        _, gradient = kernel(x=x, l=low, u=high)
        assert tuple(gradient[n] for n in "xlu") == slopes, (x, low, high)


def test_the_smallest_power_that_is_taken_out_may_be_a_fraction() -> None:
    kernel = symchain.parse("C = x**(1/2)*y + x**(3/2)*z + x**(-1/2)").compile()
    value, gradient = kernel(x=2.25, y=2.0, z=3.0)
    assert value == pytest.approx(1.5 * 2 + 3.375 * 3 + 1 / 1.5, rel=1e-14)
    assert gradient["x"] == pytest.approx(2 / 3 + 1.5 * 1.5 * 3 - 0.5 / 3.375, rel=1e-14)


@pytest.mark.parametrize("weights", [[1.0, 2.0, 0.5], [1.0, -2.0, 0.5], [0.0, 0.0, 0.0]])
def test_products_with_weights_of_either_sign(weights: list[float]) -> None:
    """X.T @ diag(w) @ X is half of a square only where no weight is negative."""
    x, w = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]), np.array(weights)
    hessian = symchain.parse("X: (m, n)\nw: (m,)\nb: (n,)\nC = 1/2*sum(w*(X @ b)**2)").hessian("C", "b").compile()
    np.testing.assert_allclose(hessian(X=x, w=w, b=np.ones(2)), x.T @ np.diag(w) @ x, rtol=1e-14, atol=1e-14)
