"""What sensitivities measure, rank and say: against published numbers, against difference quotients, and at the places where they stop."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.errors import ArgumentError
from symchain.models import model_names, read_model
from symchain.render.influences import step
from symchain.wording import LANGUAGES

FIRST = "p = x1*y1 + x2*y2; L = sigmoid(p)"
POINT = {"x1": 1.0, "y1": 2.0, "x2": -1.0, "y2": 3.0}


def test_the_numbers_of_the_classical_example() -> None:
    """Four inputs through one sigmoid: x2 moves it most, and the elasticities rank otherwise than the gradient."""
    s = symchain.parse(FIRST).sensitivity(at=POINT)
    slopes = {n: round(i.slope.mean, 4) for n, i in s.influences.items()}
    assert slopes == {"x1": 0.3932, "y1": 0.1966, "x2": 0.5898, "y2": -0.1966}
    elasticities = {n: round(i.elasticity.mean, 2) for n, i in s.influences.items() if i.elasticity}
    assert elasticities == {"x1": 1.46, "y1": 1.46, "x2": -2.19, "y2": -2.19}
    assert [row["input"] for row in s.table()] == ["x2", "x1", "y1", "y2"]
    assert {row["input"]: row["rank"] for row in s.table()} == {"x2": 1, "x1": 2, "y1": 3, "y2": 3}  # equal sizes share a rank
    assert {row["input"]: row["elasticity_rank"] for row in s.table()} == {"x2": 1, "y2": 1, "x1": 3, "y1": 3}
    assert {row["input"]: row["sign"] for row in s.table()} == {"x1": 1, "y1": 1, "x2": 1, "y2": -1}
    assert "raising x2 by 0.01 raises L by about 0.0059" in s.text()
    assert "augmenter x2 de 0,01 augmente L d'environ 0,0059" in s.text("fr")
    assert "Local, near this point" in s.text()


@pytest.mark.parametrize("name", [n for n in model_names() if read_model(n).at])
def test_models_against_difference_quotients(name: str) -> None:
    """Slopes are what a central difference of the value finds along random directions, elasticities what scaling an input does."""
    model = read_model(name)
    program = symchain.parse(model.text)
    if program.blocks[program.last].shape:
        pytest.skip(f"{name} ends in an array")
    s = program.sensitivity(at=model.at)
    value = program.compile(order=0)
    point = {n: np.asarray(model.at[n], float) for n in program.inputs} | {d: model.at[d] for d in program.dimensions if d in model.at}
    generator = np.random.default_rng(7)
    scale = max(i.slope.size for i in s.influences.values())
    for n, i in s.influences.items():
        direction = np.ones(()) if not i.shape else generator.normal(size=i.shape)
        if program.inputs[n].facts:
            continue  # a step would leave what the input is declared to be
        h = 1e-6 * max(1.0, float(np.max(np.abs(point[n]))))
        up, down = (float(value(**{**point, n: point[n] + sign * h * direction})) for sign in (1, -1))
        assert (up - down) / (2 * h) == pytest.approx(float(np.sum(i.slope.mean * direction)), rel=1e-4, abs=1e-6 * scale)
        if i.elasticity is not None:
            scaled = (float(value(**{**point, n: point[n] * 1.000001})) - float(value(**{**point, n: point[n] * 0.999999}))) / 2e-6
            assert scaled / float(value(**point)) == pytest.approx(i.elasticity.mean, rel=1e-3, abs=1e-5)
    for lang in LANGUAGES:
        ET.fromstring(s.svg(lang))
        assert s.text(lang)


@pytest.mark.thorough
def test_many_points_are_the_mean_of_single_ones() -> None:
    generator = np.random.default_rng(3)
    program = symchain.parse("z = w*x + b; L = (tanh(z) - y)**2")
    data = {"w": 0.5, "b": -0.2, "x": generator.normal(size=50), "y": generator.normal(size=50)}
    many = program.sensitivity(at=data)
    single = [program.sensitivity(at={"w": 0.5, "b": -0.2, "x": x, "y": y}) for x, y in zip(data["x"], data["y"], strict=True)]
    listed = program.sensitivity(at=[dict(s.at) for s in single])
    for n, i in many.influences.items():
        sizes = [s.influences[n].slope.size for s in single]
        assert i.slope.size == pytest.approx(np.mean(sizes))
        assert i.slope.mean == pytest.approx(np.mean([s.influences[n].slope.mean for s in single]))
        assert i.slope.above + i.slope.below == pytest.approx(i.slope.size)
        assert i.raising == sum(s.influences[n].slope.mean > 0 for s in single)
        assert listed.influences[n].slope.size == pytest.approx(i.slope.size)
    assert many.points == listed.points == 50 and not many.at
    assert "on average" in many.text() and "en moyenne" in many.text("fr")


def test_arrays_count_by_their_length() -> None:
    program = symchain.parse("W: (m, n)\nx: (n,)\ny = W @ x\nL = sum(y**2)")
    W, x = np.array([[1.0, -2.0], [0.5, 3.0], [0.0, 1.0]]), np.array([2.0, -1.0])
    points = [{"W": W, "x": x}, {"W": -W, "x": 2 * x}]
    s = program.sensitivity(at=points[0])
    gradient = 2 * np.outer(W @ x, x)
    assert np.allclose(s.influences["W"].slope.mean, gradient)
    assert s.influences["W"].slope.size == pytest.approx(np.linalg.norm(gradient))
    index = tuple(np.unravel_index(np.argmax(np.abs(gradient)), gradient.shape))
    assert s.influences["W"].strongest == (index, pytest.approx(gradient[index]))
    assert s.influences["W"].elasticity is not None and s.influences["W"].elasticity.mean == pytest.approx(2)  # L is quadratic in W
    assert s.influences["W"].slope.above ** 2 + s.influences["W"].slope.below ** 2 == pytest.approx(s.influences["W"].slope.size ** 2)
    many = program.sensitivity(at=points)
    sizes = [program.sensitivity(at=p).influences["x"].slope.size for p in points]
    assert many.influences["x"].slope.size == pytest.approx(np.mean(sizes))


DEAD = "h = relu(w*x + b); g = tanh(20*c); L = v*h + c*g + 0*q + (r + 1)**2"


def test_exact_zeros_name_the_factor_that_kills_them() -> None:
    s = symchain.parse(f"{DEAD}; M = L + 0*u + k").sensitivity(
        "L", at={"w": 1.0, "x": -2.0, "b": 0.5, "v": 3.0, "c": 2.0, "q": 1.0, "r": -1.0, "u": 1.0, "k": 1.0}
    )
    zeros = {n: (i.zero, i.killers) for n, i in s.influences.items() if i.zero}
    assert zeros == {
        "w": ("killed", ("dh/dw",)),
        "x": ("killed", ("dh/dx",)),
        "b": ("killed", ("dh/db",)),
        "v": ("killed", ("dL/dv",)),
        "q": ("flat", ()),
        "r": ("killed", ("dL/dr",)),
        "u": ("unrelated", ()),
        "k": ("unrelated", ()),
    }
    assert {f.block: f.value < 1e-3 for f in s.saturated} == {"h": True, "g": True}
    assert "dh/dw = 0 cuts every path from w to L" in s.text()
    assert "dh/dw = 0 coupe tous les chemins de w à L" in s.text("fr")


def test_the_killer_is_the_one_nearest_to_the_output() -> None:
    s = symchain.parse("a = w*x; b = u*a; c = v*b; L = c + 1").sensitivity(at={"w": 2.0, "x": 3.0, "u": 1.0, "v": 0.0})
    assert s.influences["w"].killers == s.influences["x"].killers == s.influences["u"].killers == ("dc/db",)


def test_paths_that_cancel_are_not_blamed_on_a_factor() -> None:
    s = symchain.parse("p = 2*x; q = -2*x; L = p + q + x**2 - 2*x + y").sensitivity(at={"x": 1.0, "y": 1.0})
    assert (s.influences["x"].zero, s.influences["x"].killers) == ("cancelled", ())


def test_saturation_is_found_wherever_the_activation_stands() -> None:
    program = symchain.parse("s1 = sigmoid\nx: (n,)\nL = sum(s1(w*x))")
    s = program.sensitivity(at={"w": 1.0, "x": np.array([0.0, 9.0, -9.0])})
    (found,) = s.saturated
    assert (found.block, found.count, found.total) == ("L", 2, 3) and 0 < found.value < 1e-3
    assert "2 of 3 values" in re.sub(r"\s+", " ", s.text())
    assert not program.sensitivity(at={"w": 1.0, "x": np.array([0.0, 1.0])}).saturated


def test_no_elasticity_where_the_output_is_zero() -> None:
    s = symchain.parse("L = x - y").sensitivity(at={"x": 2.0, "y": 2.0})
    assert all(i.elasticity is None for i in s.influences.values())
    assert "no elasticities" in s.text()
    ET.fromstring(s.svg())


def test_labels_are_left_alone() -> None:
    s = symchain.parse("E: (n, k)\nl: (m,) integer\nL = sum(E[l]**2)").sensitivity(at={"E": np.ones((3, 2)), "l": np.array([0, 1, 1, 0])})
    assert s.fixed == ("l",) and set(s.influences) == {"E"}
    assert "cannot be differentiated by: l." in s.text()


@pytest.mark.parametrize(
    ("text", "output", "at", "what"),
    [
        ("y = a*x", None, {"x": 1.0}, "no value is given for a"),
        ("y = a*x", None, {"x": 1.0, "a": 1.0, "b": 2.0}, "no input is named b"),
        ("y = a*x", "z", {"x": 1.0, "a": 1.0}, "no block"),
        ("x: (n,)\ny = 2*x", None, {"x": [1.0, 2.0]}, "is an array"),
        ("y = a*x", None, [], "not a point"),
        ("y = a*x", None, {"x": [], "a": 1.0}, "empty"),
    ],
)
def test_refusals(text: str, output: str | None, at: Any, what: str) -> None:
    with pytest.raises(ArgumentError, match=what):
        symchain.parse(text).sensitivity(output, at=at)


def test_json_holds_the_table() -> None:
    s = symchain.parse("L = sqrt(x) + y").sensitivity(at={"x": 0.0, "y": 1.0})
    data = json.loads(s.to_json())
    assert data["format"] == "symchain.sensitivity" and {row["input"] for row in data["inputs"]} == {"x", "y"}
    assert next(row for row in data["inputs"] if row["input"] == "x")["derivative"] is None  # infinite
    assert "not defined" in s.text()


def test_the_chart_carries_signs_by_side_and_by_triangle() -> None:
    svg = symchain.parse(FIRST).sensitivity(at=POINT).svg(measure="slope")
    assert svg.count("▲") == 3 * 2 - 3 and "▼ −0.1966" in svg  # once beside each bar
    rectangles = [dict(re.findall(r'(\w+)="([^"]*)"', r)) for r in re.findall(r"<rect [^>]*rx[^>]*>", svg)]
    zero = float(re.findall(r'<path d="M([\d.]+) ', svg)[0])
    sides = [float(r["x"]) < zero - 0.5 for r in rectangles]
    assert sides == [False, False, False, True]
    widths = [float(r["width"]) for r in rectangles]
    assert widths[0] / widths[1] == pytest.approx(0.5898 / 0.3932, rel=1e-2)


def test_only_the_names_asked_for_are_measured() -> None:
    program = symchain.parse(FIRST)
    whole, part = program.sensitivity(at=POINT), program.sensitivity(at=POINT, wrt=["x2", "y1"])
    assert set(part.influences) == {"x2", "y1"}
    assert part.influences["x2"].slope.mean == whole.influences["x2"].slope.mean
    with pytest.raises(ArgumentError, match="p is a block; sensitivity asks what inputs do"):
        program.sensitivity(at=POINT, wrt="p")


def test_names_are_escaped_in_the_chart() -> None:
    program = symchain.parse("y = été*λ_1")
    assert "été" in ET.tostring(ET.fromstring(program.sensitivity(at={"été": 1.0, "λ_1": 2.0}).svg()), encoding="unicode")


@pytest.mark.parametrize("value", [0.0, 1e-8, 0.05, 0.1, 1.0, -99.0, 100.0, 5e6, float("inf")])
def test_steps_are_small_beside_the_value(value: float) -> None:
    assert step(value) > 0 and (value in (0.0, float("inf")) or step(value) <= 0.11 * abs(value))
