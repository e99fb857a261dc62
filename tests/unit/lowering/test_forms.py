"""Stable forms: equal values where plain formulas are accurate, accurate values where they are not."""

from __future__ import annotations

import math

import numpy as np
import pytest

import symchain
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.lowering.forms import stabilise, stable_program
from symchain.rewriting.numerics import FUNCTIONS
from symchain.rewriting.rows import Use
from symchain.rewriting.rules_table import TABLE
from symchain.tensors.algebra import normal
from symchain.tensors.nodes import leaf


def read(text):
    return elaborate(parse_expression(text), Scope(names={n: leaf(n) for n in "xyabp"}, functions=FUNCTIONS))


TEXTS = [row for row in TABLE.rows if row.search is None and not row.over_axes and not row.wild and row.use & (Use.RUN | Use.LAST)]


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row.name)
def test_every_form_is_recognised(row):
    assert any(stabilise([tree], {})[0] is not tree for tree in (read(row.before), normal(read(row.before))))


ACCURATE = [
    ("y = 1 - sigmoid(x)", 40.0, 4.248354255291589e-18),
    ("y = 1 - 1/(1 + exp(-x))", 40.0, 4.248354255291589e-18),
    ("a = sigmoid(x)\ny = log(1 - a)", -40.0, -4.248354255291589e-18),
    ("y = log(1 + exp(x))", 1000.0, 1000.0),
    ("y = log(1 + x)", 1e-20, 1e-20),
    ("y = xlogy(exp(x), sigmoid(x))", 230.0, -1.0),
    ("y = xlogy(2 + x, 1 + x)", 1e-20, 2e-20),
    ("y = exp(x) - 1", 1e-20, 1e-20),
    ("y = 1 - tanh(x)**2", 30.0, 4 * math.exp(-60.0)),
    ("y = 1 - erf(x)", 10.0, 2.088487583762545e-45),
    ("y = log(cosh(x))", 1e-10, 5e-21),
    ("y = log(cosh(x))", 1000.0, 1000 - math.log(2)),
    ("y = sqrt(x + 1) - sqrt(x)", 1e20, 5e-11),
    ("y = log(1 - exp(-x))", 1e-20, math.log(1e-20)),
]


@pytest.mark.parametrize("text, x, expected", ACCURATE)
def test_values_stay_accurate(text, x, expected):
    kernel = stable_program(symchain.parse(text)).compile(order=0)
    for at in (x, np.array([x, x])):
        np.testing.assert_allclose(kernel(x=at), expected, rtol=1e-14)


def test_exponentials_over_an_axis():
    z = np.array([1000.0, 0.0, -1000.0])
    for text, expected in (("y = log(sum(exp(z)))", 1000.0), ("e = exp(z)\np = e/sum(e)\ny = -log(p[1])", 1000.0)):
        value, gradient = stable_program(symchain.parse("z: (n,)\n" + text)).compile()(z=z)
        np.testing.assert_allclose(value, expected)
        assert np.isfinite(gradient["z"]).all()


def test_names_are_looked_through_and_kept():
    program = symchain.parse("a = sigmoid(z)\nb = a*(1 - a)\nc = log(a)")
    blocks = stable_program(program).blocks
    assert blocks["a"].tree is program.blocks["a"].tree
    assert set(blocks["b"].reads) == {"a", "z"}
    assert blocks["c"].reads == ("z",)


def test_a_branch_not_taken_does_no_harm_to_gradients():
    for text in ("y = where(x > 0, sqrt(x), 0*x)", "y = where(x > 0, x*log(x), 0*x)"):
        _, gradient = symchain.parse(text).compile()(x=np.array([-1.0, 4.0]))
        assert gradient["x"][0] == 0 and gradient["x"][1] > 0


def test_deep_programs_stay_shallow():
    text = "a0 = x\n" + "\n".join(f"a{k} = tanh(w*a{k - 1})" for k in range(1, 1500))
    blocks = stable_program(symchain.parse(text)).blocks
    assert blocks["a1499"].reads == ("w", "a1498")


def test_axes_of_what_a_norm_has_summed_are_no_axes_of_a_sum():
    program = symchain.parse("x: (n,)\ny: (n,)\nY: (n, m)\nC = norm(x**2*exp(tanh(ones(n)))**tanh(y))*mean(Y)")
    value, gradient = program.compile()(x=np.array([3.0, 4.0]), y=np.zeros(2), Y=np.ones((2, 3)))
    np.testing.assert_allclose(value, np.hypot(9, 16))
    np.testing.assert_allclose(gradient["x"], 2 * np.array([3.0, 4.0]) ** 3 / np.hypot(9, 16))


@pytest.mark.parametrize("order", [1, 2])
def test_series_of_a_sum_are_those_of_the_number_that_it_is(order: int) -> None:
    """The axis along which a gradient is repeated is no factor, on the disc of the series or beyond it."""
    kernel = symchain.parse("x: (n,)\ns = sum(x)\nC = (exp(s) - 1)/s").compile("C", wrt=["x"], order=order)
    of_number = symchain.parse("C = (exp(s) - 1)/s").compile("C", wrt=["s"], order=order)
    for s in (-30.0, -1.5, -0.1, 1e-5, 0.5, 1.0, 20.0):
        found, expected = kernel(x=np.array([s, 0.0, 0.0])), of_number(s=s)
        for derivatives, by_number in zip(found[1:], expected[1:], strict=True):
            np.testing.assert_allclose(derivatives["x"], np.full((3,) * np.ndim(derivatives["x"]), by_number["s"]), rtol=1e-14)


@pytest.mark.parametrize(
    ("block", "rest"),
    [
        ("sigmoid(v)", "C = g*w + (1 - g)*u"),
        ("sigmoid(v)", "C = w*log(1 - g) + u*sigmoid(v)"),
        ("tanh(v)", "h = 1 - g**2\nC = w*h + u*g"),
        ("exp(v)", "C = log(1 + g)*w + u/g"),
        ("exp(v)*w", "C = u*log(g)"),
        ("sqrt(v**2 + w**2)", "C = u*g + log(g)"),
    ],
)
@pytest.mark.parametrize("order", [1, 2])
def test_a_name_that_is_differentiated_by_is_not_looked_through(block: str, rest: str, order: int) -> None:
    """What varies with it is what the lines below say, whatever its own line is: 1 - g varies with g, where g = sigmoid(v)."""
    point = {"v": 0.7, "w": 1.3, "u": 0.4}
    found = symchain.parse(f"g = {block}\n{rest}").compile("C", wrt=["g"], order=order)(**point)
    own = symchain.parse(f"g = {block}")
    value = own.compile(order=0)(**{n: point[n] for n in own.inputs})
    held = symchain.parse(rest)
    expected = held.compile("C", wrt=["g"], order=order)(**{n: x for n, x in {**point, "g": value}.items() if n in held.inputs})
    assert found[0] == pytest.approx(expected[0], rel=1e-14)
    for mine, theirs in zip(found[1:], expected[1:], strict=True):
        assert mine["g"] == pytest.approx(theirs["g"], rel=1e-13)
