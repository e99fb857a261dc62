"""Descent: each method against its formula written out, stopping, batches that weigh sums and means as they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import symchain
from symchain.errors import ArgumentError, ShapeError, UnsupportedError

TEXT = "C = (x - 3)**2 + 2*(y + 1)**2 + x*y"


def _gradient(p: np.ndarray) -> np.ndarray:
    return np.array([2 * (p[0] - 3) + p[1], 4 * (p[1] + 1) + p[0]])


def _gd(steps: int) -> np.ndarray:
    p = np.zeros(2)
    for _ in range(steps):
        p = p - 0.1 * _gradient(p)
    return p


def _momentum(steps: int) -> np.ndarray:
    p, v = np.zeros(2), np.zeros(2)
    for _ in range(steps):
        v = 0.8 * v - 0.1 * _gradient(p)
        p = p + v
    return p


def _nesterov(steps: int) -> np.ndarray:
    p, v = np.zeros(2), np.zeros(2)
    for _ in range(steps):
        v = 0.8 * v - 0.1 * _gradient(p + 0.8 * v)
        p = p + v
    return p


def _adam(steps: int) -> np.ndarray:
    p, m, v = np.zeros(2), np.zeros(2), np.zeros(2)
    for t in range(1, steps + 1):
        g = _gradient(p)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        p = p - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return p


@pytest.mark.parametrize(
    ("method", "by_hand", "constants"),
    [("gd", _gd, {}), ("momentum", _momentum, {"beta": 0.8}), ("nesterov", _nesterov, {"beta": 0.8}), ("adam", _adam, {})],
)
def test_a_method_is_its_formula(method: str, by_hand: Callable[[int], np.ndarray], constants: dict[str, float]) -> None:
    kernel = symchain.parse(TEXT).compile(wrt=["x", "y"])
    found = symchain.descend(kernel, {"x": 0.0, "y": 0.0}, method, rate=0.1, steps=7, keep_points=True, **constants)
    assert np.allclose(list(found.point.values()), by_hand(7), rtol=1e-13)
    assert np.allclose(found.points[3], by_hand(3), rtol=1e-13)
    assert found.reason == "steps" and len(found.values) == 8 and found.lengths[-1] == pytest.approx(np.linalg.norm(_gradient(by_hand(7))))


def test_newton_solves_a_quadratic_at_once() -> None:
    kernel = symchain.parse(TEXT).compile(wrt=["x", "y"], order=2)
    found = symchain.descend(kernel, {"x": 10.0, "y": -4.0}, "newton")
    assert found.steps == 1 and found.reason == "gradient"
    assert np.allclose(list(found.point.values()), np.linalg.solve([[2, 1], [1, 4]], [6, -4]))


def test_stopping() -> None:
    kernel = symchain.parse("C = x**4").compile(wrt=["x"])
    assert symchain.descend(kernel, {"x": 3.0}, rate=1.0).reason == "diverged"
    assert symchain.descend(kernel, {"x": 1.0}, callback=lambda step, value: step == 5).steps == 5
    assert symchain.descend(kernel, {"x": 1.0}, tolerance=10.0).steps == 0


@pytest.mark.parametrize(
    "loss", ["mean((X@w - y)**2)", "sum((X@w - y)**2)", "sum((X@w - y)**2)/n + 3*sum(w**2)", "sum((X@w - y)**2) + sum(w)"]
)
def test_batches_are_right_on_average(loss: str) -> None:
    """One pass at a rate of nothing: the mean of the batches' values is the value over everything."""
    rng = np.random.default_rng(1)
    kernel = symchain.parse(f"X: (n, p)\nw: (p,)\ny: (n,)\nC = {loss}").compile(wrt=["w"])
    start = {"X": rng.normal(size=(24, 3)), "w": rng.normal(size=3), "y": rng.normal(size=24)}
    found = symchain.descend(kernel, start, rate=0.0, steps=5, batch=4, samples="n")
    assert found.values.mean() == pytest.approx(kernel(**start)[0], rel=1e-12)
    assert len(set(found.values)) == 6
    again = symchain.descend(kernel, start, rate=1e-3, steps=20, batch=4, samples="n", seed=5)
    assert np.array_equal(again.values, symchain.descend(kernel, start, rate=1e-3, steps=20, batch=4, samples="n", seed=5).values)


def test_what_is_refused() -> None:
    kernel = symchain.parse("X: (n, p)\nw: (p,)\nC = max(X@w)").compile(wrt=["w"])
    start = {"X": np.eye(3), "w": np.ones(3)}
    with pytest.raises(UnsupportedError, match="no sum or mean over the samples"):
        symchain.descend(kernel, start, batch=2, samples="n")
    root = symchain.parse("X: (n, p)\nw: (p,)\nC = log(sum((X@w)**2))").compile(wrt=["w"])
    with pytest.raises(UnsupportedError, match="batch"):
        symchain.descend(root, start, batch=2, samples="n")
    mean = symchain.parse("X: (n, p)\nw: (p,)\nC = mean(X@w)").compile(wrt=["w"])
    with pytest.raises(ShapeError, match="more than there are samples"):
        symchain.descend(mean, start, batch=4, samples="n")
    with pytest.raises(ArgumentError, match="no constant gamma"):
        symchain.descend(mean, start, gamma=1.0)
    with pytest.raises(UnsupportedError, match="order=2"):
        symchain.descend(mean, start, "newton")


@pytest.mark.thorough
def test_it_is_drawn() -> None:
    matplotlib = pytest.importorskip("matplotlib", reason="Matplotlib is not installed")
    matplotlib.use("Agg")
    kernel = symchain.parse(TEXT).compile(wrt=["x", "y"])
    axes = symchain.descend(kernel, {"x": 0.0, "y": 0.0}, rate=0.1, steps=9).plot()
    assert axes.lines[0].get_xydata().shape == (10, 2)
