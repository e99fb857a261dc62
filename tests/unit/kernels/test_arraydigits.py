"""Arrays worked out again: where float64 has no finite answer, more digits or a limit give the one there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symchain
from symchain.kernels import arraydigits

ROTATED = """
w: (3,)
v: (3,)
r = norm(w)
y = v[0]*cos(r) + (w[1]*v[2] - w[2]*v[1])*sin(r)/r + w[0]*sum(w*v)*(1 - cos(r))/r**2
"""


def called(text: str, wrt: list[str], order: int = 1, **values: Any) -> Any:
    program = symchain.parse(text)
    kernel = program.compile(list(program.blocks)[-1], wrt=wrt, order=order)
    return kernel, kernel(**{n: np.array(v, float) for n, v in values.items()})


@pytest.mark.parametrize(
    ("text", "values", "value", "gradient"),
    [
        (ROTATED, {"w": [0, 0, 0], "v": [1, 2, 3]}, 1, {"w": [0, 3, -2], "v": [1, 0, 0]}),
        ("x: (n,)\ny = sum(prod(x)/x)", {"x": [2, 0, 3, 4]}, 24, {"x": [12, 26, 8, 6]}),
        ("x: (n,)\ny = sum(sin(x)/x)", {"x": [0, np.pi]}, 1, {"x": [0, -1 / np.pi]}),
        ("x: (n,)\ny = sum(x*sqrt(x))", {"x": [4, 0]}, 8, {"x": [3, 0]}),
        ("x: (n,)\ny = sum(exp(x)/(2 + exp(x) + x))", {"x": [800, 0]}, 4 / 3, {"x": [0, 1 / 9]}),
        ("x: (n,)\ny = sum(x**2)/sum(x)", {"x": [1e200, 1e200]}, 1e200, {"x": [0.5, 0.5]}),
    ],
)
def test_holes_and_overflow_on_the_way_have_their_value(text: str, values: Any, value: float, gradient: Any) -> None:
    kernel, (found, slopes) = called(text, list(gradient), **values)
    assert found == pytest.approx(value, rel=1e-14)
    for name, expected in gradient.items():
        np.testing.assert_allclose(slopes[name], expected, rtol=1e-13, atol=1e-300)
    raw = kernel.with_options(accuracy="fast")(**{n: np.array(v, float) for n, v in values.items()})
    assert not all(np.isfinite(a).all() for a in (raw[0], *raw[1].values())), "float64 alone has no answer here"


def test_second_derivatives_have_theirs() -> None:
    _, (_, _, hessian) = called("x: (n,)\ny = sum(cumprod(x))", ["x"], 2, x=[2, 0, 3, 4])
    np.testing.assert_allclose(hessian["x"], [[0, 16, 0, 0], [16, 0, 10, 6], [0, 10, 0, 0], [0, 6, 0, 0]])


@pytest.mark.parametrize("text", ["y = sum(log(x))", "y = sum(abs(x)/x)", "y = sum(sin(1/x))"])
def test_what_has_no_value_gets_none(text: str) -> None:
    _, (value, _) = called("x: (n,)\n" + text, ["x"], x=[1, -1, 0])
    assert not np.isfinite(value)


def test_large_calls_are_left_as_they_are() -> None:
    x = np.arange(arraydigits.LABOUR, dtype=float)
    _, (value, slopes) = called("x: (n,)\ny = sum(sin(x)/x)", ["x"], x=x)
    assert np.isnan(value) and np.isnan(slopes["x"][0])


def test_labels_stay_labels() -> None:
    _, (value, slopes) = called("X: (m, n)\nt: (m,) integer\ny = sum(sin(X)/X*onehot(t, n))", ["X"], X=[[0, 1], [2, 0]], t=[0, 1])
    assert value == 2 and not slopes["X"].any()
