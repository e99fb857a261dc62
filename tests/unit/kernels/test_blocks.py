"""Steps that are worked out together: values and gradients are those of programs written out, errors and memory those of single steps."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.kernels import blocks
from symchain.kernels.blocks import split_of
from symchain.kernels.loops import LoopKernel
from symchain.language.unrolling import named
from symchain.language.wanted import wanted
from tests.support.recurrences import TEXTS, first_of, point

MORE: dict[str, tuple[str, list[str], list[dict[str, int]]]] = {
    "weights twice": (
        "x[t]: (n,)\nW: (n, n)\ns: (n,)\nh[0] = s\nh[t] = tanh(W @ x[t] + W.T @ h[t-1]) + h[t-1] @ W for t in 1..T\n"
        "C = sum(h[t] @ W @ x[t] for t in 1..T)",
        ["W", "s", "x"],
        [{"T": 1}, {"T": 7}],
    ),
    "matrices carried": (
        "A: (n, n)\nB: (n, n)\nu[t]: (n,)\nP[0] = B\nP[t] = A @ P[t-1] @ A.T/9 + outer(u[t], u[t]) for t in 1..T\n"
        "k[t] = P[t] @ u[t]/(1 + u[t] @ P[t] @ u[t]) for t in 1..T\nC = sum(sum(k[t]**2) + tr(P[t]) for t in 1..T)",
        ["A", "B", "u"],
        [{"T": 2}, {"T": 7}],
    ),
    "an inverse in each step": (
        "A: (n, n)\nu[t]: (n,)\nv[0] = u[1]\nv[t] = inv(A + diag(exp(v[t-1]))) @ u[t] + norm(u[t])*v[t-1] for t in 1..T\nC = sum(v[T]**2)",
        ["A", "u"],
        [{"T": 1}, {"T": 5}],
    ),
    "softmax over rows": (
        "Q: (k, k)\nx[t]: (k,)\na[0] = x[1]\na[t] = softmax(Q @ a[t-1] + x[t]) for t in 1..T\ng[t] = log(a[t])*max(x[t]) for t in 1..T\n"
        "C = sum(g[t] @ a[t] + t*a[t] @ a[t-1] for t in 1..T)",
        ["Q", "x"],
        [{"T": 1}, {"T": 8}],
    ),
    "numbers beside vectors": (
        "w: (n,)\nx[t]: (n,)\ns[0] = 1/2\ns[t] = sigmoid(w @ x[t] + s[t-1]*b + t) for t in 1..T\nz[t] = s[t]*x[t] + w for t in 1..T\n"
        "C = sum(sum(z[t]**2)*s[t-1] for t in 1..T)/T",
        ["w", "x", "b"],
        [{"T": 1}, {"T": 7}],
    ),
    "one member read by all": (
        "x[t]: (n,)\nM: (n, n)\ny[0] = M @ x[1]\ny[t] = sin(y[0]*y[t-1]) + x[t]*x[1] for t in 1..T\nC = sum(y[T] @ y[t] for t in 1..T)",
        ["M", "x", "y[0]"],
        [{"T": 1}, {"T": 7}],
    ),
}
CASES = TEXTS | MORE


@pytest.fixture(params=[1, 3, 512])
def length(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Blocks of so many steps at most, of however few."""
    monkeypatch.setattr(blocks, "FEWEST", 1)
    monkeypatch.setattr(blocks, "MOST", request.param)
    return int(request.param)


@pytest.mark.parametrize("case", CASES)
def test_blocks_have_the_values_and_gradients_of_what_is_written_out(case: str, length: int) -> None:
    text, wrt, several = CASES[case]
    program = symchain.parse(text)
    assert program.recurrence is not None
    kernel = program.compile(wrt=wrt).with_options(facts="trust")
    for lengths in several[-1:] if length == 1 else several:
        written, flat, whole = point(program, lengths, np.random.default_rng(5))
        given = {n: v for n, v in lengths.items() if n in program.recurrence.lengths}
        names = [n for n in written.inputs if np.size(flat[n])]
        expected, reference = written.compile(wrt=[*names, *(n for n in written.blocks if "_" in n)])(**flat)
        for checkpoint in (None, "sqrt"):
            value, gradient = kernel.with_options(checkpoint=checkpoint)(**whole, **given)
            assert np.allclose(value, expected, rtol=1e-11, atol=1e-12)
            for name in wrt:
                w = wanted(program, name)
                if w.kind == "plain":
                    pairs = [(gradient[name], reference.get(name, 0))]
                elif w.kind == "member":
                    pairs = [(gradient[name], reference[named(w.base, w.index.value(lengths), program)])]
                else:
                    first = first_of(program, name, flat)
                    pairs = [(g, reference[named(name, first + k, program)]) for k, g in enumerate(gradient[name])]
                for found, one in pairs:
                    assert np.allclose(found, one, rtol=1e-9, atol=1e-11), (name, lengths, checkpoint)


def test_only_what_a_step_needs_of_the_step_before_is_worked_out_step_by_step() -> None:
    text = (
        "x[t]: (n,)\nU: (d, n)\nW: (d, d)\nb: (d,)\ns: (d,)\nh[0] = s\nh[t] = tanh(W @ h[t-1] + U @ x[t] + b) for t in 1..T\nC = sum(h[T])"
    )
    kernel = symchain.parse(text).compile(wrt=["U", "W", "b", "x"])
    assert isinstance(kernel, LoopKernel)
    stage = next(s for s in kernel.loops.stages if s.kind == "range")
    assert stage.backward is not None
    forward, back = split_of(stage, stage.forward), split_of(stage, stage.backward)
    assert forward is not None and back is not None and forward.loop is not None and back.loop is not None and back.after is not None
    for loop in (forward.loop, back.loop):  # W @ h[t-1], delta[t] @ W
        assert [i.opcode for i in loop.plan.instructions].count("matmul") == 1
    assert not [i for i in back.loop.plan.instructions if i.opcode == "call"]
    sums = [back.after.plan.instruction(o.value) for o in back.after.plan.outputs]
    assert [i.opcode for i in sums].count("matmul") == 3  # delta.T @ S, delta.T @ X, and delta @ U, which is for each step


def test_steps_without_an_adjoint_send_nothing() -> None:
    """The square root has no slope at zero, where nothing that is asked for reads it."""
    text = "y[t] = sqrt(x[t]) for t in 1..T\ns[1] = x[1]\ns[t] = s[t-1]*sqrt(z[t]) for t in 2..T\nC = y[2] + s[3]"
    kernel = symchain.parse(text).compile(wrt=["x", "z"], facts="trust")
    x, z = np.zeros(20), np.zeros(19)
    x[:2], z[:2] = (4.0, 9.0), (1.0, 4.0)
    value, gradient = kernel(x=x, z=z)
    assert value == 3.0 + 8.0
    assert gradient["x"].tolist() == [2.0, 1 / 6, *[0.0] * 18]
    assert gradient["z"].tolist() == [4.0, 1.0, *[0.0] * 17]


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        ("x: (n,)\nC = sum(x[t+1]*y for t in 0..T)", {"x": np.ones(30), "y": 1.0, "T": 29}, r"x\[30\] is outside of an array of 30 rows"),
        ("A: (2, 2)\nP[0] = A\nP[t] = inv(P[t-1] - t*A/20) for t in 1..T\nC = tr(P[T])", {"A": np.zeros((2, 2)), "T": 30}, r"P at t = 1\n"),
        ("A: (2, 2)\nv[t]: (2,)\nC = sum(sum(inv(A) @ v[t]) for t in 1..T)", {"A": np.zeros((2, 2)), "v": np.ones((30, 2))}, r"at t = 1\n"),
        ("y[T] = a\ny[t] = 2*y[t-1] + a for t in 1..20\ny[0] = a\nC = y[T]", {"a": 1.0, "T": 12}, r"y\[12\] is defined twice"),
    ],
)
def test_errors_of_many_steps_are_those_of_single_steps(text: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(symchain.SymchainError, match=said):
        symchain.parse(text).compile()(**given)


@pytest.mark.thorough
def test_blocks_take_little_memory_however_large_the_arrays() -> None:
    program = symchain.parse("u: (n,)\nx[0] = u\nx[k] = x[k-1] + s*sin(x[k-1]) for k in 1..N\nC = sum(x[N]**2)")
    kernel = program.compile(wrt=["u", "s"])
    for size, steps in ((10, 5000), (300, 500), (5000, 40)):
        given = {"u": np.linspace(0, 1, size), "s": 0.01, "N": steps}
        kernel(**given | {"N": 20})
        tracemalloc.start()
        kernel(**given)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most <= steps * (8 * size + 400) + 4 * 8 * blocks.ELEMENTS + 20 * 8 * size
