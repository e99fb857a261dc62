"""Evaluation and sampling: trees against plain NumPy, meanings against mpmath, points against their facts."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from byhand import build, minus, times
from hypothesis import given, settings
from hypothesis import strategies as st

from symchain.evidence.evaluation import evaluate
from symchain.evidence.exploration import points
from symchain.evidence.meanings import stand_in, value_of
from symchain.functions import FUNCTIONS
from symchain.tensors import nodes as t

# ---------------------------------------------------------------- evaluation


@st.composite
def trees(draw: Any, depth: int = 4) -> tuple[t.Tree, Any]:
    """A random scalar tree and the same formula as a NumPy function of x and y."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(
            st.sampled_from(
                [(t.leaf("x"), lambda x, y: x), (t.leaf("y"), lambda x, y: y), (t.number(3), lambda x, y: 3.0), (t.PI, lambda x, y: np.pi)]
            )
        )
    (p, f), (q, g) = draw(trees(depth=depth - 1)), draw(trees(depth=depth - 1))
    kind = draw(st.sampled_from(["sum", "product", "quotient", "square", "tanh", "where"]))
    one = t.number(1)
    match kind:
        case "sum":
            return t.add([p, t.scale(-2, q)]), lambda x, y: f(x, y) - 2 * g(x, y)
        case "product":
            return times(p, q, p), lambda x, y: f(x, y) * g(x, y) * f(x, y)
        case "quotient":
            return times(p, t.reciprocal(t.add([one, t.power(q, 2)]))), lambda x, y: f(x, y) / (1 + g(x, y) ** 2)
        case "square":
            return t.power(p, 3), lambda x, y: f(x, y) ** 3
        case "tanh":
            return t.apply(FUNCTIONS["tanh"], p), lambda x, y: np.tanh(f(x, y))
    return t.where(t.compare("<", p, q), p, times(q, p)), lambda x, y: np.where(f(x, y) < g(x, y), f(x, y), g(x, y) * f(x, y))


@pytest.mark.thorough
@settings(max_examples=60, deadline=None)
@given(trees(), st.floats(-2, 2), st.floats(-2, 2))
def test_evaluation_agrees_with_numpy(pair: tuple[t.Tree, Any], x: float, y: float) -> None:
    tree, oracle = pair
    with np.errstate(all="ignore"):
        expected = oracle(x, y)
        np.testing.assert_allclose(evaluate([tree], {"x": x, "y": y}, {})[0], expected, rtol=1e-11, atol=1e-11 * max(1, abs(expected)))


def test_contractions_agree_with_einsum() -> None:
    generator = np.random.default_rng(1)
    p, q, v = generator.normal(size=(3, 4)), generator.normal(size=(4, 3)), generator.normal(size=4)
    P, Q, V = t.leaf("P", ("m", "n")), t.leaf("Q", ("n", "m")), t.leaf("v", ("n",))
    cases = [
        (t.matmul(P, Q), p @ q),
        (t.contract([t.matmul(P, Q)], ["ii"], ""), np.trace(p @ q)),
        (t.contract([V], ["i"], "ii"), np.diag(v)),
        (t.contract([P, Q, V], ["ij", "ji", "j"], "i"), np.einsum("ij,ji,j->i", p, q, v)),
        (t.broadcast(V, ("m", "n")), np.broadcast_to(v, (3, 4))),
        (t.contract([V], ["i"], "", {"i": "n", "j": "m"}), 3 * v.sum()),
        (t.scale(t.size("n"), V), 4 * v),
        (t.hadamard([t.number(2), P, P]), 2 * p * p),
        (t.zeros(("m",)), np.zeros(3)),
        (t.matmul(P, t.identity("n")), p),
        (t.contract([V], ["i"], "iji", {"j": "m"}), np.einsum("i,j,ik->ijk", v, np.ones(3), np.eye(4))),
    ]
    found = evaluate([tree for tree, _ in cases], {"P": p, "Q": q, "v": v}, {"m": 3, "n": 4})
    for value, (tree, expected) in zip(found, cases, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-14, err_msg=str(tree))


def test_powers_of_negative_numbers_keep_their_derivative() -> None:
    x, n = t.leaf("x"), t.leaf("n")
    cases = [(t.power(x, 3), 3 * 1.7**2), (t.power(x, n), 3 * 1.7**2), (t.power(x, -2), 2 / 1.7**3), (t.power(x, 101), 101 * 1.7**100)]
    for tree, slope in cases:
        value = evaluate([tree], {"x": -1.7 + 1e-30j, "n": 3.0}, {})[0]
        assert value.imag / 1e-30 == pytest.approx(slope, rel=1e-13)
    assert np.isnan(evaluate([t.power(x, n)], {"x": -1.7, "n": 0.5}, {})[0])


def test_the_branch_not_taken_does_not_spoil() -> None:
    x = t.leaf("x")
    tree = t.where(t.compare(">", x, t.ZERO), t.apply(FUNCTIONS["log"], x), t.ZERO)
    assert evaluate([tree], {"x": -1.0 + 1e-30j}, {})[0] == 0


def test_deep_and_wide_trees_need_no_stack() -> None:
    x = t.leaf("x")
    deep = x
    for _ in range(5000):
        deep = t.apply(FUNCTIONS["sin"], deep)
    wide = t.add([t.scale(k, x) for k in range(2, 5002)])
    assert np.isfinite(evaluate([deep, wide], {"x": 1.0}, {})[0])


# ---------------------------------------------------------------- functions


@pytest.mark.parametrize("spec", FUNCTIONS.values(), ids=lambda s: s.name)
def test_complex_steps_through_a_meaning_agree_with_mpmath(spec: Any) -> None:
    """Every function that is declared can be verified: its meaning carries a complex step at ordinary points."""
    symbols = [sympy.Symbol(p, real=True) for p in spec.parameters]
    code = sympy.lambdify(symbols, spec.meaning(*symbols), "mpmath")
    tried = 0
    for probe in spec.probes:
        if any(abs(p) > 3 or 0 < abs(p) < 1e-2 for p in probe) or any(k.at in probe for k in spec.kinks):
            continue
        for k, derivative in enumerate(spec.derivatives):
            if derivative is None:
                continue
            args: list[Any] = [np.float64(p) for p in probe]
            args[k] = args[k] + 1e-30j
            with np.errstate(all="ignore"):
                found = np.imag(value_of(spec, (0,) * len(args), args)) / 1e-30
            with mpmath.workdps(30):
                order = tuple(int(j == k) for j in range(len(probe)))
                expected = float(mpmath.re(mpmath.diff(code, tuple(map(mpmath.mpf, probe)), order)))
            assert found == pytest.approx(expected, rel=1e-10, abs=1e-14), (spec.name, probe, k)
            tried += 1
    assert tried or all(d is None for d in spec.derivatives)


def test_stand_ins_differ_by_name_and_know_their_derivatives() -> None:
    z = 0.7
    values = {n: (float(stand_in(n, (0,), [z])), float(stand_in(n, (1,), [z]))) for n in ("sigma", "sigma1", "sigma2", "phi", "f", "g")}
    numbers = [v for pair in values.values() for v in pair]
    assert len({round(v, 6) for v in numbers}) == len(numbers)
    for order in range(5):
        step = stand_in("f", (order,), [z + 1e-30j]).imag / 1e-30
        assert step == pytest.approx(float(stand_in("f", (order + 1,), [z])), rel=1e-13)
    mixed = stand_in("f", (1, 0), [z, 0.2 + 1e-30j]).imag / 1e-30
    assert mixed == pytest.approx(float(stand_in("f", (1, 1), [z, 0.2])), rel=1e-13)
    assert float(stand_in("f", (0,), [z])) == pytest.approx(1.0983175525469504, rel=1e-14)  # the same in every process


# ---------------------------------------------------------------- points


@pytest.mark.parametrize(
    ("fact", "holds"),
    [
        ("positive", lambda m: (m > 0).all()),
        ("nonnegative", lambda m: (m >= 0).all()),
        ("unit", lambda m: ((m > 0) & (m < 1)).all()),
        ("probability", lambda m: (m > 0).all() and np.allclose(m.sum(-1), 1)),
        ("onehot", lambda m: set(m.ravel()) == {0.0, 1.0} and (m.sum(-1) == 1).all()),
        ("symmetric", lambda m: (m == m.T).all()),
        ("spd", lambda m: (m == m.T).all() and (np.linalg.eigvalsh(m) > 0).all()),
        ("orthogonal", lambda m: np.allclose(m @ m.T, np.eye(len(m)))),
        ("diagonal", lambda m: (m == np.diag(np.diag(m))).all()),
        ("invertible", lambda m: abs(np.linalg.det(m)) > 1e-3),
        ("integer", lambda m: (m == np.round(m)).all()),
        ("symmetric_entries", lambda m: (m == m.T).all()),
        ("diagonal_entries", lambda m: (m == np.diag(np.diag(m))).all()),
        ("toeplitz_entries", lambda m: np.allclose(m[1:, 1:], m[:-1, :-1])),
    ],
)
def test_points_have_the_facts(fact: str, holds: Any) -> None:
    M = t.leaf("M", ("n", "n"), {fact})
    program = build({"C": t.reduce_sum(M, (0, 1))}, {"M": {fact}})
    found = [p for p, _ in zip(points(program, "C"), range(8), strict=False)]
    assert len(found) == 8
    assert all(holds(p.inputs["M"]) for p in found)


def test_points_are_inside_the_domain_and_the_same_every_time() -> None:
    x, v = t.leaf("x"), t.leaf("v")
    inside = t.add([t.apply(FUNCTIONS["log"], minus(t.ONE, t.power(x, 2))), t.apply(FUNCTIONS["arccosh"], t.add([v, x]))])
    program = build({"u": inside})
    first, second = (next(points(program, "u")) for _ in range(2))
    assert abs(first.inputs["x"]) < 1 < first.inputs["v"] + first.inputs["x"]
    assert first.inputs == second.inputs
    assert all(len(f"{abs(v):.6g}".replace(".", "").lstrip("0")) <= 2 for v in first.inputs.values())


def test_letters_get_distinct_sizes_and_axes_are_never_empty() -> None:
    P = t.leaf("P", ("m - n", "n", "k"))
    point = next(points(build({"C": t.reduce_sum(P, (0, 1, 2))}), "C"))
    assert point.dims["m"] > point.dims["n"]
    assert len(set(point.dims.values())) == 3
