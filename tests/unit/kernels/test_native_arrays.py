"""Array programs as machine code: the values, slopes and refusals of NumPy's kernels, whatever is fused into whatever."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from randomprograms import DECLARED, FACTS, random_program, sample, slicing_program
from test_native import flat, store

import symchain
from symchain.errors import SymchainError, UnsupportedError
from symchain.kernels.kernel import Kernel
from symchain.kernels.native import building
from symchain.models import read_model

pytestmark = pytest.mark.skipif(not building.compiler(), reason="there is no C compiler")
__all__ = ["store"]


def same(native: Kernel, numpy: Kernel, at: dict[str, Any]) -> None:
    with np.errstate(all="ignore"):
        got, want = flat(native(**at)), flat(numpy(**at))
    for g, w in zip(got, want, strict=True):
        assert np.shape(g) == np.shape(w) and type(g) is type(w) and np.result_type(g) == np.result_type(w)
        scale = np.nanmax(np.abs(w), initial=0.0)
        np.testing.assert_allclose(g, w, rtol=1e-11, atol=1e-13 * scale)


EVERY = """
x: (n,)
A: (n, n)
B: (m, n)
T: (m, n, 3)
labels: (m,) integer
s1 = sum(softmax(B)*B) + sum(log_softmax(B, axis=0)) + logsumexp(B) + sum(logsumexp(B, axis=1)**2)
s2 = max(x) + sum(min(B, axis=0)) + prod(x[:2]) + norm(x) + norm(B) + mean(cumsum(x)*x) + sum(cumprod(B, axis=1))
s3 = sum(tril(A)*triu(A, -1)) + tr(A @ A.T) + sum(diag(x) @ A) + x @ A @ x + sum(kron(x, x))
s4 = sum(flip(x)*roll(x, 1)) + sum(concatenate([x, x[1:], 2*x])**3) + sum(stack([x, x**2]) @ A) + sum(reshape(B, (m*n,))**2)
s5 = sum(einsum("ijk,ij->k", T, B)**2) + sum(T[:, 1, ::2]) + sum(T[0, ::-1]**2) + var(B) + sum((B - mean(B, axis=1)[:, None])**2)
s6 = sum(x[labels]*B[:, 0]) + sum(onehot(labels, n)*B) + sum(where(B > 0, B, exp(B))) + sum(maximum(B, 0.1)*gammaln(2 + x**2))
C = s1 + tanh(s2) + s3*s4/10 + s5 + s6*s6
"""


@pytest.fixture(scope="module")
def every() -> tuple[Kernel, Kernel]:
    program = symchain.parse(EVERY)
    wrt = ["x", "A", "B", "T"]
    return program.compile(wrt=wrt, target="c"), program.compile(wrt=wrt)


def data(n: int, m: int, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    shapes = {"x": (n,), "A": (n, n), "B": (m, n), "T": (m, n, 3)}
    return {**{k: rng.normal(size=s) for k, s in shapes.items()}, "labels": rng.integers(0, n, m)}


@pytest.mark.thorough
def test_every_instruction(every: tuple[Kernel, Kernel]) -> None:
    for n, m in ((4, 3), (2, 1), (17, 9), (3, 40)):
        same(*every, data(n, m, n))
    sharp = data(5, 4)
    sharp["B"] *= 200  # probabilities of one and zero
    same(*every, sharp)


def test_what_is_no_plain_array_gives_the_same(every: tuple[Kernel, Kernel]) -> None:
    at = data(6, 4)
    for other in (
        {"x": list(at["x"])},
        {"B": np.asfortranarray(at["B"])},
        {"B": np.repeat(at["B"], 2, axis=1)[:, ::2]},
        {"x": at["x"].astype(">f8")},
        {"A": np.ma.array(at["A"]).data.astype(int)},
        {"labels": list(at["labels"])},
        {"x": at["x"] * np.nan},
    ):
        same(*every, {**at, **other})
    single = {k: v.astype(np.float32) if k != "labels" else v for k, v in at.items()}
    for g, w in zip(*(flat(k(**single)) for k in every), strict=True):
        assert np.result_type(g) == np.float32 and np.allclose(g, w, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "wrong", [{"x": np.ones(3)}, {"x": 1.0}, {"labels": np.array([0, 1, 2, 9])}, {"B": np.ones((4, 6), complex)}, {"A": None}],
    ids=["size", "number", "label", "complex", "none"],
)  # fmt: skip
def test_refusals(every: tuple[Kernel, Kernel], wrong: dict[str, Any]) -> None:
    messages = []
    for kernel in every:
        with pytest.raises(SymchainError) as error:
            kernel(**{**data(6, 4), **wrong})
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_labels_from_the_end_and_nothing_to_sum(every: tuple[Kernel, Kernel]) -> None:
    program = symchain.parse("x: (n,)\nW: (m, n)\nC = sum(W @ x) + sum(x)**2")
    same(program.compile(target="c"), program.compile(), {"x": np.empty(0), "W": np.empty((3, 0))})
    program = symchain.parse("x: (n,)\nC = max(x)")
    for target in ("c", "numpy"):
        with pytest.raises(SymchainError):
            program.compile(target=target)(x=np.empty(0))


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["rosenbrock", "two-layer-batch", "lstm-cell", "attention-head", "softmax-cross-entropy"])
def test_ready_models(name: str) -> None:
    model = read_model(name)
    program = symchain.parse(model.text)
    at = {k: np.asarray(v, float) for k, v in model.at.items()}
    same(program.compile(target="c"), program.compile(), at)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [3, 4])
def test_random_programs(seed: int) -> None:
    for text in (random_program(seed, 3), slicing_program(seed)):
        program = symchain.parse(text, shapes=DECLARED, assume=FACTS)
        numpy = program.compile()
        try:
            native = program.compile(target="c")
        except UnsupportedError:
            continue
        at = {n: v for n, v in sample(np.random.default_rng(seed)).items() if n in numpy.names}
        same(native, numpy, at)


@pytest.mark.parametrize(
    "text, x",
    [
        ("C = sum(prod(x)/x)", [2, 0, 3, 4]),
        ("C = sum(sin(x)/x)", [0, np.pi]),
        ("C = sum(exp(x)/(2 + exp(x) + x))", [800, 0]),
        ("C = sum(x**2)/sum(x)", [1e200, 1e200]),
        ("C = (1 - cos(x[0]))/x[0]**2 + sum(x)", [1e-9, 2]),
        ("C = log(1 + exp(sum(x))) - sum(x)", [30, 12]),
        ("C = (norm(x) - x[0])*1e9", [1, 1e-9]),
    ],
)
def test_numbers_keep_their_digits_and_holes_their_limits(text: str, x: list[float]) -> None:
    program = symchain.parse("x: (n,)\n" + text)
    native, numpy = program.compile(target="c"), program.compile()
    at = {"x": np.array(x, float)}
    for g, w in zip(flat(native(**at)), flat(numpy(**at)), strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-12)


def test_facts_of_arrays_are_asked_for() -> None:
    program = symchain.parse("p: (n,) probability\nx: (n,)\nC = sum(p*exp(x))")
    native, numpy = program.compile(wrt=["x"], target="c"), program.compile(wrt=["x"])
    same(native, numpy, {"p": np.array([0.25, 0.75]), "x": np.array([1.0, 2.0])})
    for kernel in (native, numpy):
        with pytest.raises(SymchainError):
            kernel(p=np.array([0.5, 0.75]), x=np.array([1.0, 2.0]))


@pytest.mark.thorough
def test_the_quick_call_asks_for_facts_and_refuses_what_numpy_refuses() -> None:
    program = symchain.parse("T: (n, k) onehot\nZ: (n, k)\ns: () positive\nC = -sum(T*log_softmax(Z))/s")
    native, numpy = program.compile("C", target="c"), program.compile("C", target="numpy")
    z = np.random.default_rng(3).normal(size=(4, 3))
    good = {"T": np.eye(3)[[0, 2, 1, 1]], "Z": z, "s": 2.0}
    same(native, numpy, good)
    same(native, numpy, {**good, "T": np.asfortranarray(good["T"]), "Z": np.repeat(z, 2, axis=1)[:, ::2]})
    for wrong in (
        {"T": z}, {"s": -1.0}, {"T": np.eye(3)}, {"T": np.ones(3)}, {"T": "text"}, {"Z": z.T}, {"T": np.eye(3)[:0]}, {"s": np.array(-2.0)},
    ):  # fmt: skip
        said = []
        for kernel in (native, numpy):
            with pytest.raises(SymchainError) as caught:
                kernel(**{**good, **wrong})
            said.append((type(caught.value), str(caught.value)))
        assert said[0] == said[1]
    trusting = native.with_options(facts="trust")
    assert np.isfinite(trusting(**{**good, "T": z})[0])



@pytest.mark.thorough
def test_large_products_go_to_blas() -> None:
    """Stored as they are, or transposed; with weights between."""
    program = symchain.parse(
        "X: (b, d)\nW: (d, h)\nv: (b,)\nC = sum(tanh(X @ W)**2) + sum((X.T @ diag(v) @ X)**2)/100 + sum((W.T @ X.T) @ v)"
    )
    native, numpy = program.compile(target="c"), program.compile()
    assert "dgemm" in native.source
    rng = np.random.default_rng(0)
    for b, d, h in ((40, 30, 35), (7, 5, 3), (40, 1, 30), (0, 3, 2)):
        same(native, numpy, {"X": rng.normal(size=(b, d)), "W": rng.normal(size=(d, h)), "v": rng.normal(size=b)})


def test_long_sums_keep_their_digits() -> None:
    """As many as NumPy's, which adds in pairs."""
    kernel = symchain.parse("x: (n,)\nC = sum(x)").compile(order=0, target="c")
    x = np.full(2_000_000, 0.1)
    assert abs(kernel(x=x) - 200000.00000000000111) < 1e-9
    for large, want in (([1e308, 1e308], np.inf), ([np.inf, 1.0], np.inf), ([np.inf, -np.inf], np.nan), ([-np.inf, 2.0], -np.inf)):
        np.testing.assert_equal(kernel(x=np.array(large)), want)


@pytest.mark.thorough
def test_hessians_and_single_arrays() -> None:
    program = symchain.parse("x: (n,)\nC = sum(100*(x[1:] - x[:-1]**2)**2 + (1 - x[:-1])**2)")
    same(program.compile(order=2, target="c"), program.compile(order=2), {"x": np.linspace(-1, 1, 7)})
    derivation = program.derive("C", "x")
    np.testing.assert_allclose(derivation.compile(target="c")(x=np.ones(9) * 0.3), derivation.compile()(x=np.ones(9) * 0.3), rtol=1e-12)


@pytest.mark.thorough
def test_many_calls_leave_nothing_behind() -> None:
    import tracemalloc

    program = symchain.parse("x: (n,)\nW: (m, n)\nC = sum(tanh(W @ x))")
    call = program.compile(target="c").positional
    arrays = [(np.ones(n), np.ones((3, n))) for n in (4, 5)]
    call(*arrays[0])
    gc.collect()
    tracemalloc.start()
    held = []
    for _ in range(2):
        for k in range(4000):
            call(*arrays[k % 2])
        held.append(tracemalloc.get_traced_memory()[0])  # Python keeps some thousands of tuples for later
    tracemalloc.stop()
    assert held[1] - held[0] < 20000


def test_out_and_kinks() -> None:
    program = symchain.parse("x: (n,)\nC = sum(relu(x))")
    kernel = program.compile(target="c")
    out = np.empty(()), {"x": np.empty(3)}
    kernel.with_options(out=out)(x=np.array([1.0, -1.0, 2.0]))
    assert out[0] == 3 and list(out[1]["x"]) == [1, 0, 1]
    with pytest.raises(SymchainError):
        kernel.with_options(kinks="raise")(x=np.array([1.0, 0.0]))


def test_the_source_reads_well() -> None:
    kernel = symchain.parse("weights: (n,)\nC = sum(exp(weights)**2)").compile(target="c")
    assert "/* weights */" in kernel.source and "loops" in str(kernel).splitlines()[0]
