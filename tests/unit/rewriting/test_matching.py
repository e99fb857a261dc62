"""What is matched, in programs that are printed and run; then their choices, in every comparison and at ties, against NumPy."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.functions import FUNCTIONS
from symchain.operations import OPERATIONS
from symchain.rewriting.matching import Identity, rewrite
from symchain.rewriting.numerics import log_plus
from symchain.rewriting.rows import declared
from symchain.tensors.algebra import MIRROR, normal
from symchain.tensors.nodes import (
    Apply,
    Power,
    Where,
    add,
    compare,
    hadamard,
    leaf,
    leaves,
    number,
    operation,
)  # fmt: skip

SHAPE = ("n", "n")


@pytest.mark.parametrize("operator", MIRROR)
def test_a_comparison_is_matched_with_its_mirror_alone(operator: str) -> None:
    (rule,) = (row.rule for row in declared(FUNCTIONS["relu"]))
    x, zero = leaf("x"), number(0)
    for condition, relu in ((compare(operator, x, zero), operator == ">"), (compare(operator, zero, x), operator == "<")):
        assert (rewrite(Where((condition, x, zero), ()), rule) is not None) == relu


# ---------------------------------------------------------------- what is matched by hand


def of(text: str, shapes: Any = None, let: Any = None, **at: Any) -> Any:
    program = symchain.parse(text, shapes=shapes, let=let)
    given = {n: np.asarray(v, float) for n, v in at.items()}
    names = list(program.inputs)
    value, gradient = program.compile()(**{n: given[n] if np.ndim(given[n]) else float(given[n]) for n in names})
    for name in names:
        found = printed(program, name, given)
        assert np.allclose(found, gradient[name], rtol=1e-9, atol=1e-12, equal_nan=True), (text, name, found, gradient[name])
    return value, gradient


def printed(program: Any, name: str, given: dict[str, np.ndarray]) -> Any:
    """The printed lines, run as Python over NumPy's names."""
    numpy = {
        n: getattr(np, n)
        for n in ("where", "exp", "log", "sqrt", "sign", "abs", "sin", "cos", "sum", "ones", "zeros", "maximum", "minimum")
    }
    scope = numpy | {"relu": lambda x: np.maximum(x, 0), "n": next((len(v) for v in given.values() if np.ndim(v)), 0)}
    scope |= {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "normpdf": lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi)} | given
    for block in str(program).splitlines():
        if " = " in block:
            left, _, right = block.partition(" = ")
            scope[left.strip()] = eval(right, {"__builtins__": {}}, scope)
    lines = program.derive(name).lines
    for line in lines:
        left, _, right = line.partition(" = ")
        scope[left] = eval(right, {"__builtins__": {}}, scope)
    return scope[lines[-1].partition(" = ")[0]]


def test_a_transposed_product_is_not_the_product() -> None:
    p, a = np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    value, gradient = of("C = sum(log((P/(1 - P)).T)*A)", {"P": ("n", "n"), "A": ("n", "n")}, P=p, A=a)
    assert value == pytest.approx(np.sum(np.log((p / (1 - p)).T) * a))
    assert np.allclose(gradient["A"], np.log((p / (1 - p)).T)) and np.allclose(gradient["P"], a.T / (p * (1 - p)))


def test_a_summed_product_is_not_the_product() -> None:
    p = np.array([0.1, 0.2, 0.4])
    value, gradient = of("C = log(p @ (1/(1 - p)))", {"p": ("n",)}, p=p)
    assert value == pytest.approx(np.log(np.sum(p / (1 - p))))
    assert np.allclose(gradient["p"], 1 / (1 - p) ** 2 / np.sum(p / (1 - p)))


@pytest.mark.parametrize("power", ["2", "3", "(-1)", "(1/2)"])
def test_a_power_under_a_logarithm_keeps_its_exponent(power: str) -> None:
    value, gradient = of(f"q = exp(a)**{power}\nC = log(q*y)", a=0.3, y=2.0)
    exponent = eval(power)
    assert (value, gradient["a"], gradient["y"]) == pytest.approx((0.3 * exponent + np.log(2), exponent, 0.5))


@pytest.mark.parametrize(("operator", "taken"), [("<", False), ("<=", False), (">", True), (">=", True), ("==", False), ("!=", True)])
def test_a_root_under_a_condition_is_a_corner_at_zero_alone(operator: str, taken: bool) -> None:
    value, gradient = of(f"C = where(sqrt(x**2 + y) {operator} 0, 0, sqrt(x**2 + y)) - x", x=-1.0, y=0.5)
    root = np.sqrt(1.5)
    assert value == pytest.approx(1 if taken else root + 1)
    assert (gradient["x"], gradient["y"]) == pytest.approx((-1, 0) if taken else (-1 / root - 1, 0.5 / root))


def test_functions_that_differ_in_a_constant_are_two() -> None:
    x = leaf("x")
    one, two = (Apply((x,), (), (log_plus(Fraction(c)), (0,))) for c in (1, 2))
    assert normal(add([one, hadamard([number(-1), two])])) is not number(0)
    assert not isinstance(normal(hadamard([one, two])), Power)


@pytest.mark.parametrize(
    ("text", "known"),
    [("sqrt = sin\nC = sqrt(3)**2*x", np.sin(3.0) ** 2), ("exp = sin\ne = exp(x)\nC = sqrt(e**2)", np.sign(np.sin(4.0)) * np.cos(4.0)),
     ("abs = sin\nC = abs(x)*sign(x)", np.cos(4.0)), ("exp = sin\nC = log(exp(x)**2)", 2 * np.cos(4.0) / np.sin(4.0))],
)  # fmt: skip
def test_a_name_given_to_another_function_is_that_function(text: str, known: float) -> None:
    program = symchain.parse(text)
    assert program.compile()(x=4.0)[1]["x"] == pytest.approx(known)
    assert program.derive("x").compile()(x=4.0) == pytest.approx(known)
    name = text.partition(" ")[0]
    abstract = symchain.parse(f"{name}: function\n" + text.partition("\n")[2])
    if abstract.derive("x").verification.open:
        pytest.fail(text)
    assert abstract.derive("x").verification.held


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
def test_a_minimum_is_what_it_is_on_its_side_of_a_condition(operator: str) -> None:
    """minimum(x, 0) is x wherever x <= 0 holds, at the tie too: exp(minimum(x, 0)) - 1 beside x has slope 1 there."""
    for name, below in (("minimum", 1.0), ("maximum", 0.0)):
        for x in (-1.0, 0.0, 1.0):
            _, gradient = of(f"C = where(x {operator} 0, {name}(x, 0), 1 - exp(x))", x=x)
            inner = below if operator[0] == "<" else 1 - below
            assert gradient["x"] == pytest.approx(inner if OPERATORS[operator](x, 0) else -np.exp(x)), (operator, name, x)


# ---------------------------------------------------------------- choices

OPERATORS = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal}
BRANCHES: dict[str, tuple[Any, Any]] = {
    "0": (lambda x: 0 * x, lambda x: 0 * x), "x": (lambda x: x, lambda x: 0 * x + 1), "-x": (lambda x: -x, lambda x: 0 * x - 1),
    "x**2": (lambda x: x * x, lambda x: 2 * x), "2": (lambda x: 0 * x + 2, lambda x: 0 * x),
    "exp(x)": (np.exp, np.exp), "maximum(x, 1/2)": (lambda x: np.maximum(x, 0.5), lambda x: np.where(x > 0.5, 1.0, 0.0)),
}  # fmt: skip
CONDITIONS: dict[str, Any] = {  # left and right of the comparison, as numbers
    "x {} 0": lambda x: (x, 0 * x), "0 {} x": lambda x: (0 * x, x), "-x {} 0": lambda x: (-x, 0 * x),
    "x - 1 {} 0": lambda x: (x - 1, 0 * x),
    "x {} 1": lambda x: (x, 0 * x + 1), "abs(x) {} 1": lambda x: (np.abs(x), 0 * x + 1),
}  # fmt: skip
AT = (-2.0, -1.0, -0.5, 0.0, 0.788, 1.0, 2.0)


PAIRS = [(a, b) for a, b in product(BRANCHES, BRANCHES) if a != b]


def pairs_for(operator: str, condition: str) -> list[tuple[str, str]]:
    """Every second pair of branches: each is met with every operator, and with every condition."""
    return PAIRS[(list(OPERATORS).index(operator) + list(CONDITIONS).index(condition)) % 2 :: 2]


def test_every_pair_is_met_with_every_operator_and_condition() -> None:
    for operator in OPERATORS:
        assert {p for condition in CONDITIONS for p in pairs_for(operator, condition)} == set(PAIRS)
    for condition in CONDITIONS:
        assert {p for operator in OPERATORS for p in pairs_for(operator, condition)} == set(PAIRS)


@pytest.mark.thorough
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("operator", OPERATORS)
def test_choices_are_numpys(operator: str, condition: str) -> None:
    """Values and gradients, of kernels and of printed lines, for numbers and arrays, on both sides and at ties.

    At a tie, == and != choose a value; the slope there is left to the tests of special points.
    """
    pairs = pairs_for(operator, condition)
    x, y = np.array(AT), 3.0
    left, right = CONDITIONS[condition](x)
    holds = OPERATORS[operator](left, right)
    told = np.abs(left - right) > 0 if operator in ("==", "!=") else np.full(x.shape, True)
    for k, (a, b) in enumerate(pairs):
        choice = f"where({condition.format(operator)}, {a}, {b})"
        (f, df), (g, dg) = BRANCHES[a], BRANCHES[b]
        slopes = [_on_its_side(name, d(x), condition, holds) for name, d in ((a, df), (b, dg))]
        value, slope = np.where(holds, f(x), g(x)), np.where(holds, *slopes)
        kernel = symchain.parse(f"C = {choice}*y" if k % 2 else f"C = {choice}/2 + y").compile()
        scale, dy = (y, value) if k % 2 else (0.5, 1.0)
        for call in (kernel(x=x, y=np.full(x.shape, y)), tuple(zip(*(_flat(kernel(x=float(v), y=y)) for v in x), strict=True))):
            found = (call[0], call[1]["x"], call[1]["y"]) if isinstance(call[1], dict) else call
            assert np.allclose(found[0], value * scale + (0 if k % 2 else y)), choice
            assert np.allclose(np.asarray(found[1])[told], (slope * scale)[told]), choice
            assert np.allclose(found[2], dy), choice
        if k % 3:
            continue
        arrays = symchain.parse(f"x: (n,)\nC = sum({choice})")
        found, gradient = arrays.compile()(x=x)
        assert np.isclose(found, np.sum(value)) and np.allclose(gradient["x"][told], slope[told]), choice
        if k % 6 == 0:
            assert np.allclose(printed(arrays, "x", {"x": x})[told], slope[told]), choice


def _on_its_side(branch: str, slope: np.ndarray, condition: str, holds: np.ndarray) -> np.ndarray:
    """maximum(x, 0) is x or 0 where a condition on the sign of x has said which, at the tie too."""
    if branch == "maximum(x, 0)" and condition in ("x {} 0", "0 {} x", "-x {} 0"):
        slope = slope.copy()
        slope[AT.index(0.0)] = holds[AT.index(0.0)] == holds[AT.index(2.0)]
    return slope


def _flat(result: Any) -> tuple[float, float, float]:
    return result[0], result[1]["x"], result[1]["y"]


def test_operations_are_told_apart_by_their_parameters() -> None:
    """A pattern over an operation is matched with its parameters."""
    x = leaf("X", SHAPE)
    pattern = Identity(operation(OPERATIONS["cumsum"], [leaf("?x", SHAPE)], (0,)), lambda: leaf("?x", SHAPE))
    for axis in (0, 1):
        found = rewrite(operation(OPERATIONS["cumsum"], [x], (axis,)), pattern)
        assert (found is x) == (axis == 0)
    assert leaves(x) == [x]
