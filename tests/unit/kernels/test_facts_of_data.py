"""What is declared of an input is held against the values of every call: what was derived with a fact is wrong without it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symchain
from symchain.errors import FactError
from symchain.evidence.sampling import draw
from symchain.kernels.facts import FACTS, check_facts, told
from symchain.wording import LANGUAGES

SHAPES = {0: "()", 1: "(m, n)", 2: "(n, n)"}
DIMS = {"m": 2, "n": 4}
BROKEN: dict[str, list[tuple[Any, tuple[int, ...]]]] = {
    "positive": [(np.array(-2.0), ()), (np.array(0.0), ())],
    "nonnegative": [(np.array(-1e-300), ())],
    "unit": [(np.array(1.5), ()), (np.array(-0.1), ())],
    "integer": [(np.array(2.5), ())],
    "probability": [(np.array([[0.5, 0.5], [0.5, 0.6]]), (1,)), (np.array([[1.5, -0.5], [0.5, 0.5]]), (0, 1))],
    "onehot": [(np.array([[3.0, 4.0]]), (0, 0)), (np.array([[1.0, 0.0], [1.0, 1.0]]), (1,)), (np.array([[0.0, 0.0]]), (0,))],
    "symmetric": [(np.array([[1.0, 2.0], [3.0, 4.0]]), (0, 1)), (np.array([[1.0, 2.0], [2.0 + 1e-12, 4.0]]), (0, 1))],
    "symmetric_entries": [(np.array([[1.0, 2.0], [3.0, 4.0]]), (0, 1))],
    "spd": [(np.array([[1.0, 2.0], [2.0, 1.0]]), ()), (np.array([[2.0, 1.0], [0.0, 2.0]]), (0, 1))],
    "orthogonal": [(np.array([[1.0, 0.0], [0.0, 2.0]]), (1, 1)), (np.array([[1.0, 1e-9], [0.0, 1.0]]), (0, 1))],
    "diagonal": [(np.array([[1.0, 1e-300], [0.0, 1.0]]), (0, 1))],
    "diagonal_entries": [(np.array([[1.0, 0.0], [5.0, 1.0]]), (1, 0))],
    "invertible": [(np.array([[1.0, 2.0], [2.0, 4.0]]), ()), (np.arange(9.0).reshape(3, 3), ()), (np.zeros((2, 2)), ())],
    "toeplitz_entries": [(np.array([[1.0, 2.0], [2.0, 3.0]]), (1, 1))],
}
"""Values that lack a fact, and where."""


def program_of(fact: str) -> Any:
    return symchain.parse(f"F: {SHAPES[FACTS[fact].axes]} {fact}\nC = sum(F*F)*y")


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_what_has_a_fact_is_accepted_with_its_rounding(fact, precision):
    """Random values that have it; transposed products, computed rotations and shares have it up to rounding."""
    generator = np.random.default_rng(5)
    variable = program_of(fact).inputs["F"]
    for _ in range(20):
        check_facts("F", [fact], np.asarray(draw(variable, DIMS, generator, [(-1.9, 1.9)]), precision))
    x = generator.normal(size=(60, 60))
    close = {
        "symmetric": x * 1e8 + x.T * 1e8,
        "spd": x @ x.T + np.eye(60),
        "orthogonal": np.linalg.svd(x)[0] @ np.linalg.svd(x)[2],
        "probability": np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True),
        "invertible": x,
    }
    for scale in (1 - 1e-16, 1 + 2e-16) if fact in close else ():
        skew = np.triu(np.full((60, 60), scale)) + np.tril(np.ones((60, 60)), -1) if fact != "orthogonal" else 1.0
        check_facts("F", [fact], close[fact] * skew)


@pytest.mark.parametrize("fact", FACTS)
def test_what_lacks_a_fact_is_refused_with_the_entry(fact):
    for value, index in BROKEN[fact]:
        with pytest.raises(FactError) as caught:
            check_facts("F", [fact], value)
        assert caught.value.name == "F" and caught.value.fact == fact and caught.value.breach[1] == index
        for lang in LANGUAGES:
            what, advice = told("F", fact, caught.value.breach, lang)
            assert fact in what and "trust" in advice and "{" not in what + advice


@pytest.mark.parametrize("fact", FACTS)
def test_kernels_hold_values_against_what_is_declared(fact, tmp_path):
    kernel = program_of(fact).compile("C", wrt="y")
    kernel.save(tmp_path / "kernel.json")
    for value, _ in BROKEN[fact]:
        given = value if value.ndim else float(value)
        if fact == "integer":
            with pytest.raises(symchain.ArgumentError):
                kernel(F=given, y=2.0)
            continue
        for k in (kernel, symchain.load(tmp_path / "kernel.json"), kernel.with_options(accuracy="fast")):
            with pytest.raises(FactError, match=f"F is declared {fact}"):
                k(F=given, y=2.0)
        assert kernel.with_options(facts="trust")(F=given, y=2.0)[1]["y"] is not None


def test_one_of_many_samples_is_enough_and_nan_is_no_breach():
    kernel = symchain.parse("a: positive\nC = sqrt(a**2)*b").compile()
    many = np.linspace(1, 2, 40_000)
    assert kernel(a=many, b=1.0)[0] == pytest.approx(many)
    many[31_234] = -3
    with pytest.raises(FactError, match=r"a\[31234\] is -3"):
        kernel(a=many, b=1.0)
    assert np.isnan(kernel(a=float("nan"), b=1.0)[0])
    assert kernel.with_options(facts="trust")(a=-2.0, b=1.0)[0] == 2.0


def test_facts_are_of_what_the_output_reads():
    program = symchain.parse("T: (n, k) onehot\nW: (n, k)\nn1 = sum(T)\nB = n1*sum(W)\nC = sum(W**2)")
    unused = program.compile("C", wrt="W")
    assert unused(T=[[3, 4]], W=[[1, 2]])[0] == 5
    used_up = program.compile("B", wrt="W")  # the sum of T is a number by then: the fact was used all the same
    with pytest.raises(FactError):
        used_up(T=[[3, 4]], W=[[1, 2]])


def test_a_point_of_the_reader_lacks_a_fact_and_symchain_no_derivation():
    program = symchain.parse("T: (n, k) onehot\nZ: (n, k)\nC = -sum(T*log_softmax(Z))")
    point = {"T": [[3, 4]], "Z": [[0.5, 1]]}
    with pytest.raises(FactError, match=r"T\[0, 0\] is 3"):
        program.derive("C", "Z").checked_at(point).verification  # noqa: B018
    with pytest.raises(FactError):
        program.explain("C", "Z", at=point)
    with pytest.raises(FactError):
        program.sensitivity("C", at=point)
    with pytest.raises(FactError):
        program.graph(at=point)
