"""Verification: right derivations are held, wrong ones are caught, and a wrong rule planted in any family is named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from byhand import build, claim, factor, minus, scalar, times

import symchain
from symchain.errors import VerificationError
from symchain.evidence.judgement import CENTRAL_DIFFERENCE, COMPLEX_STEP, NONE, relative_error
from symchain.evidence.sampling import spread
from symchain.evidence.verification import verify, verify_all, verify_factor, wrong_factors
from symchain.functions import FUNCTIONS, abstract
from symchain.nouns.derivation import Line
from symchain.rules import local
from symchain.tensors import nodes as t

SIGMA = abstract("sigma")
W, X, B, Y, Z, A = (scalar(n) for n in "WxbyzA")
a = t.leaf("a")
NEURON = build({"z": t.add([times(W, X), B]), "a": t.apply(SIGMA, Z), "C": times(t.number(1), t.power(minus(a, Y), 2))})
RIGHT = times(t.number(2), minus(a, Y), t.apply(SIGMA, Z, orders=(1,)), X)

w, X2, y = t.leaf("w", ("k",)), t.leaf("X", ("n", "k")), t.leaf("y", ("n",))
RESIDUAL = minus(t.matmul(X2, w), y)
LEAST_SQUARES = build({"C": t.matmul(RESIDUAL, RESIDUAL)})
NORMAL = t.scale(2, t.matmul(t.transpose(X2), RESIDUAL))


# ---------------------------------------------------------------- verdicts


def test_a_right_derivation_is_held_and_says_where() -> None:
    verdict = verify(claim(NEURON, "C", "W", RIGHT))
    assert verdict.held
    assert (verdict.method, verdict.points, verdict.components) == (COMPLEX_STEP, 3, 1)
    assert verdict.error < 1e-13
    assert set(verdict.at) == {"W", "x", "b", "y"}
    assert verdict.value == pytest.approx(verdict.reference, rel=1e-13)
    assert verify(claim(NEURON, "C", "W", RIGHT)) == verdict


@pytest.mark.parametrize(
    "wrong",
    [
        t.scale(-1, RIGHT),
        t.scale(2, RIGHT),
        t.add([RIGHT, t.ONE]),
        times(t.number(2), minus(a, Y), t.apply(SIGMA, Z, orders=(1,))),
        times(t.number(2), minus(a, Y), t.apply(SIGMA, Z), X),
        times(t.number(2), minus(a, Y), t.apply(SIGMA, a, orders=(1,)), X),
        times(t.number(2), minus(a, Y), t.apply(abstract("sigma2"), Z, orders=(1,)), X),
        times(t.number(2), minus(a, Y), t.apply(SIGMA, Z, orders=(2,)), X),
        t.ZERO,
    ],
)
def test_wrong_scalar_derivations_are_caught(wrong: t.Tree) -> None:
    assert not verify(claim(NEURON, "C", "W", wrong)).held


@pytest.mark.parametrize(
    ("tree", "held"),
    [
        (NORMAL, True),
        (t.scale(-1, NORMAL), False),
        (t.matmul(t.transpose(X2), RESIDUAL), False),
        (t.scale(2, t.matmul(t.transpose(X2), t.matmul(X2, w))), False),
        (t.zeros(("k",)), False),
        (t.ZERO, False),
    ],
)
def test_gradients_of_vectors(tree: t.Tree, held: bool) -> None:
    assert verify(claim(LEAST_SQUARES, "C", "w", tree)).held is held


def test_transposed_jacobians_and_hessians_are_caught() -> None:
    M, v = t.leaf("M", ("n", "n")), t.leaf("v", ("n",))
    program = build({"u": t.matmul(M, v), "C": t.matmul(v, t.matmul(M, v))})
    both = t.add([M, t.transpose(M)])
    assert verify(claim(program, "u", "v", M)).held
    assert not verify(claim(program, "u", "v", t.transpose(M))).held
    hessian = verify(claim(program, "C", "v", both, order=2))
    assert hessian.held
    assert hessian.method == CENTRAL_DIFFERENCE
    assert not verify(claim(program, "C", "v", t.scale(2, M), order=2)).held


def test_hessian_vector_products() -> None:
    v = t.leaf("v_w", ("k",))
    reading = build({"C": t.matmul(RESIDUAL, RESIDUAL), "extra": t.matmul(w, v)})
    product = t.scale(2, t.matmul(t.transpose(X2), t.matmul(X2, v)))
    assert verify(claim(LEAST_SQUARES, "C", "w", product, order=2, reading=reading)).held
    assert not verify(claim(LEAST_SQUARES, "C", "w", t.scale(2, product), order=2, reading=reading)).held


def test_second_derivatives_of_a_scalar_are_accurate() -> None:
    x = t.leaf("x")
    program = build({"u": t.apply(FUNCTIONS["log"], x)})
    assert verify(claim(program, "u", "x", t.scale(-1, t.power(x, -2)), order=2)).error < 1e-8
    assert not verify(claim(program, "u", "x", t.scale(-1, t.power(x, -3)), order=2)).held


def test_an_intermediate_becomes_a_variable() -> None:
    slope = times(t.number(2), minus(a, Y), t.apply(SIGMA, Z, orders=(1,)))
    assert verify(claim(NEURON, "C", "z", slope)).held
    assert not verify(claim(NEURON, "C", "z", RIGHT)).held


def test_adjoint_lines_are_followed() -> None:
    delta = Line("delta_z", times(t.number(2), minus(a, Y), t.apply(SIGMA, Z, orders=(1,))), "adjoint", "z", ())
    assert verify(claim(NEURON, "C", "W", times(t.leaf("delta_z"), X), lines=(delta,))).held
    wrong = replace(delta, tree=t.scale(2, delta.tree))
    assert not verify(claim(NEURON, "C", "W", times(t.leaf("delta_z"), X), lines=(wrong,))).held


def test_zero_is_verified_too() -> None:
    program = build({"u": t.power(X, 2), "C": times(Y, Y)})
    assert verify(claim(program, "C", "x", t.ZERO, zero_reason="unrelated")).held
    assert not verify(claim(program, "C", "y", t.ZERO, zero_reason="flat")).held
    cancels = build({"C": minus(t.power(t.add([X, Y]), 2), t.add([t.power(X, 2), times(t.number(2), X, Y)]))})
    assert verify(claim(cancels, "C", "x", t.ZERO)).held


def test_tiny_derivatives_are_not_taken_for_zero() -> None:
    program = build({"C": times(t.power(t.number(10), -30), t.apply(SIGMA, X))})
    right = times(t.power(t.number(10), -30), t.apply(SIGMA, X, orders=(1,)))
    assert verify(claim(program, "C", "x", right)).held
    assert not verify(claim(program, "C", "x", t.ZERO)).held
    assert not verify(claim(program, "C", "x", t.scale(2, right))).held


def test_dead_points_are_passed_over() -> None:
    """relu(x - 1) is flat at most points; the evidence comes from where it is not."""
    program = build({"C": t.apply(FUNCTIONS["relu"], minus(X, t.ONE))})
    assert not verify(claim(program, "C", "x", t.ZERO)).held


def test_rounding_is_not_taken_for_an_error() -> None:
    """1 - tanh(z)**2 has few digits where tanh(z) is nearly 1: the difference is the formula's rounding, and it is recognised."""
    z = t.add([t.number(8), X])
    slope = minus(t.ONE, t.power(t.apply(FUNCTIONS["tanh"], z), 2))
    program = build({"C": t.apply(FUNCTIONS["tanh"], z)})
    assert verify(claim(program, "C", "x", slope)).held
    assert not verify(claim(program, "C", "x", t.scale(Fraction(1000001, 1000000), slope))).held


def test_names_that_nothing_defines_are_an_error() -> None:
    with pytest.raises(VerificationError, match="delta_q"):
        verify(claim(NEURON, "C", "W", times(t.leaf("delta_q"), X)))


def test_no_point_means_no_evidence() -> None:
    program = build({"C": t.apply(FUNCTIONS["log"], t.scale(-1, t.power(X, 2)))})
    verdict = verify(claim(program, "C", "x", t.ONE))
    assert (verdict.held, verdict.method, verdict.points) == (False, NONE, 0)


@pytest.mark.thorough
def test_large_inputs_are_compared_in_random_combinations() -> None:
    v = t.leaf("v", (2000,))
    program = build({"C": t.matmul(v, v)})
    verdict = verify(claim(program, "C", "v", t.scale(2, v)))
    assert verdict.held
    assert verdict.components < 64
    assert not verify(claim(program, "C", "v", v)).held


def test_independent_entries() -> None:
    M = t.leaf("M", ("n", "n"), {"symmetric_entries"})
    v = t.leaf("v", ("n",))
    program = build({"C": t.matmul(v, t.matmul(M, v))}, {"M": {"symmetric_entries"}})
    free = t.contract([v, v], ["i", "j"], "ij")
    diagonal = t.hadamard([t.identity("n"), free])
    assert verify(claim(program, "C", "M", minus(t.scale(2, free), diagonal))).held
    assert not verify(claim(program, "C", "M", free)).held
    weights = np.arange(9.0).reshape(3, 3)
    assert (spread(weights, frozenset({"toeplitz_entries"}))[0] == [12, 6, 2]).all()


def test_factors_are_checked_one_by_one() -> None:
    assert verify_factor(NEURON, factor("a", "z", t.apply(SIGMA, Z, orders=(1,)))).held
    assert verify_factor(NEURON, factor("z", "W", X)).held
    assert not verify_factor(NEURON, factor("z", "W", t.ONE)).held
    assert not verify_factor(NEURON, factor("a", "z", t.apply(SIGMA, a, orders=(1,)))).held
    bound = abstract("sigma", FUNCTIONS["sigmoid"])
    program = build({"z": times(W, X), "a": t.apply(bound, Z)})
    concrete, general = times(a, minus(t.ONE, a)), t.apply(bound, Z, orders=(1,))
    assert verify_factor(program, factor("a", "z", concrete, general)).held
    assert not verify_factor(program, factor("a", "z", concrete, t.apply(bound, Z))).held
    wrong = claim(NEURON, "C", "W", RIGHT, factors={"dz/dW": factor("z", "W", t.ONE)})
    assert not verify(wrong).held


def test_errors_are_relative_to_what_is_compared() -> None:
    assert relative_error(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0
    assert relative_error(np.array([1.0]), np.array([2.0])) == 0.5
    assert relative_error(np.array([np.nan]), np.array([1.0])) == np.inf
    assert relative_error(np.zeros(2), np.zeros(3)) == np.inf
    assert relative_error(np.array([1e-30]), np.array([2e-30])) == 0.5


# ---------------------------------------------------------------- wrong rules, planted one at a time


def halved(rule: Any, k: int) -> Any:
    """The rule, wrong by a factor for operand k."""
    return lambda node, j, cotangent, lead: rule(node, j, t.scale(3, cotangent) if j == k else cotangent, lead)


PLANTS = {
    "sum": ("z = w*x\nC = z + x*z**2", "x", "z", t.Sum, 0),
    "scale": ("z = x**2\nC = 5*z", "x", "z", t.Contraction, 1),
    "product": ("z = sin(x)\nC = z*exp(z)", "x", "z", t.Contraction, 1),
    "quotient": ("z = x**3\nC = w/z", "x", "z", t.Power, 0),
    "power": ("z = w*x\nC = z**3", "x", "z", t.Power, 0),
    "exponent": ("z = w*x\nC = 2**z", "x", "z", t.Power, 1),
    "chain": ("z = w*x\nC = sin(z)", "x", "z", t.Apply, 0),
    "abstract": ("z = w*x\nC = sigma(z)", "x", "z", t.Apply, 0),
    "where": ("z = w*x\nC = where(z > 0, z**2, -z)", "x", "z", t.Where, 2),
    "matrix product": ("W: (m, n)\nx: (n,)\nz = W @ x\nC = z @ z", "x", "z", t.Contraction, 1),
    "operation": ("x: (n,)\nz = 2*x\nC = logsumexp(z)", "x", "z", t.Operation, 0),
}


@pytest.mark.parametrize("family", PLANTS)
def test_a_wrong_rule_is_caught_and_the_factor_named(family: str, monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    text, wrt, block, kind, operand = PLANTS[family]
    right = symchain.parse(text).derive("C", wrt)
    assert right.verification.held, right.verification
    assert wrong_factors(right) == ()
    monkeypatch.setitem(local.PULL, kind, halved(local.PULL[kind], operand))
    wrong = symchain.parse(text).derive("C", wrt)
    assert not wrong.verification.held
    assert wrong_factors(wrong)


def test_all_derivatives_at_once() -> None:
    program = symchain.parse("sigma1 = sigmoid\nz1 = W1*x + b1\na1 = sigma1(z1)\nC = (W2*a1 - y)**2")
    together = program.derive("C", "all")
    verdict = verify_all(together)
    assert verdict.held
    assert (verdict.method, verdict.components) == (COMPLEX_STEP, len(program.inputs))
    first, *others = together.results
    assert not verify_all(replace(together, results=(replace(first, tree=t.scale(2, first.tree)), *others))).held


def test_second_derivatives_by_several_names() -> None:
    """Mixed ones are among them."""
    program = symchain.parse("C = x**3*y**2 + y*exp(x)")
    together = program.hessian("C", ["x", "y"])
    assert together.verification.held and together.verification.components == 3
    assert program.hvp("C", ["x", "y"]).verification.held
    wrong = replace(together["y"], result=replace(together["y"].result, tree=t.scale(2, together["y"].result.tree)))
    assert replace(together, members={**together.members, "y": wrong}).verification.failed


@pytest.mark.parametrize(
    "text",
    [
        "C = x**2*sin(y) + exp(x*y)",
        "sigma1 = sigmoid\nz = w*x + b\nC = (sigma1(z) - y)**2",
        "C = sigma(x*y) + phi(x)",
        "x: (n,)\nA: (n, n)\nC = x @ A @ x + sum(exp(x))",
        "X: (m, n)\nx: (n,)\nr = X @ x\nC = logsumexp(r)",
        "x: (3,)\nC = softmax(x)",
        "A: (n, n) spd\nx: (n,)\nC = logdet(A) + x @ inv(A) @ x",
        "x: (n,)\ny: (n,)\nC = sum(where(x > y, x**2, -x*y))",
    ],
)
def test_first_and_second_derivatives_of_whole_programs_hold(text: str) -> None:
    program = symchain.parse(text)
    name = "A" if "A" in program.inputs and "spd" in program.inputs["A"].facts else "x"
    for derivation in (program.derive("C", name), program.hessian("C", name)):
        assert derivation.verification.held, derivation.verification
        assert wrong_factors(derivation) == ()
    if not program.blocks["C"].shape:
        assert program.hvp("C", name).verification.held


@pytest.mark.thorough
def test_a_hessian_by_many_names_is_compared_as_one() -> None:
    """More blocks than are told apart: directions move all names together, and any wrong block is seen."""
    names = [f"x{k}" for k in range(8)]
    program = symchain.parse("C = " + " + ".join(f"{n}**3" for n in names) + " + x0*x1**2 + sin(x2*x7)")
    hessian = program.hessian("C", names)
    verdict = verify_all(hessian)
    assert len(list(hessian.every)) == 36 and verdict.held and not verdict.failed
    for key in (("x0", "x1"), ("x3", "x4"), "x5"):
        wrong = hessian[key]
        result = replace(wrong.result, tree=t.add([wrong.result.tree, t.leaf("x6")]))
        lines = tuple(result if line.name == wrong.result.name else line for line in hessian.printed.values())
        assert verify_all(replace(hessian, results=lines)).failed, key
