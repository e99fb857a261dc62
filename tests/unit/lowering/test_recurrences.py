"""Loops: values and gradients of programs with families beside the programs that are written out, at several lengths."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import symchain
from symchain.errors import FactError
from symchain.kernels.loops import LoopKernel
from symchain.kernels.stages import Loops
from symchain.language.unrolling import named
from symchain.language.wanted import wanted
from symchain.lowering.held import check_product
from tests.support.recurrences import TEXTS, first_of, point


@pytest.mark.parametrize("case", TEXTS)
def test_loops_have_the_values_and_gradients_of_what_is_written_out(case: str) -> None:
    text, wrt, several = TEXTS[case]
    program = symchain.parse(text)
    kernel = program.compile(wrt=wrt)
    rng = np.random.default_rng(5)
    for lengths in several:
        written, flat, whole = point(program, lengths, rng)
        given = {n: v for n, v in lengths.items() if n in program.recurrence.lengths}
        value, gradient = kernel(**whole, **given)
        names = [n for n in written.inputs if np.size(flat[n])]
        expected, reference = written.compile(wrt=[*names, *(n for n in written.blocks if "_" in n)])(**flat)
        assert np.allclose(value, expected, rtol=1e-11, atol=1e-12)
        for name in wrt:
            w = wanted(program, name)
            if w.kind == "plain":
                assert np.allclose(gradient[name], reference.get(name, 0), rtol=1e-9, atol=1e-11), (name, lengths)
            elif w.kind == "member":
                one = reference[named(w.base, w.index.value(lengths), program)]
                assert np.allclose(gradient[name], one, rtol=1e-9, atol=1e-11), (name, lengths)
            else:
                first = first_of(program, name, flat)
                assert len(gradient[name]) == len(whole[name])
                for k, found in enumerate(gradient[name]):
                    assert np.allclose(found, reference[named(name, first + k, program)], rtol=1e-9, atol=1e-11), (name, k, lengths)


def test_a_family_comes_back_in_the_form_it_was_given_in() -> None:
    kernel = symchain.parse("W[l]: (2, 2)\nx: (2,)\na[0] = x\na[l] = W[l] @ a[l-1] for l in 1..L\nC = sum(a[L])").compile(wrt=["W"])
    members = [np.eye(2), 2 * np.eye(2)]
    _, one = kernel(W=members, x=np.ones(2))
    _, other = kernel(W=np.stack(members), x=np.ones(2))
    assert isinstance(one["W"], list) and isinstance(other["W"], np.ndarray)
    assert np.array_equal(np.stack(one["W"]), other["W"])
    assert np.array_equal(one["W"][0], [[2.0, 2.0], [2.0, 2.0]])


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        ("a[0] = x\na[l] = w*a[l-1] for l in 1..L\nC = a[L]", {"x": 1.0, "w": 2.0}, "no length is given for L"),
        ("a[0] = x\na[l] = w[l]*a[l-1] for l in 1..L\nC = a[L]", {"x": 1.0, "w": [1.0, 2.0], "L": 3}, "w has 2 members"),
        ("x: (T,)\nC = sum(x[t+1]*y for t in 0..n)", {"x": np.ones(3), "y": 1.0, "n": 2}, r"x\[3\] is outside of an array of 3 rows"),
        ("F[0] = a\nF[1] = b\nF[k] = F[k-1] + F[k-2] for k in 2..n\nC = F[n]", {"a": 1.0, "b": 1.0, "n": -1}, "has no value"),
        ("a[0] = x\na[l] = w[l]*a[l-1] for l in 1..L\nC = a[L]", {"x": 1.0, "w": 3.0}, "w is a family"),
        ("W[l]: (h, h)\nC = sum(sum(W[l]) for l in 1..L)", {"W": [np.eye(2), np.eye(3)]}, "must have shape"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, given: dict[str, object], said: str) -> None:
    with pytest.raises(symchain.SymchainError, match=said):
        symchain.parse(text).compile()(**given)


def test_an_empty_range_is_no_step() -> None:
    program = symchain.parse("x: (n,)\nC = sum(x)*prod(w[k] for k in 2..T) + sum(sum(w[k]*x) for k in 2..T)")
    value, gradient = program.compile(wrt=["x", "w"])(x=np.array([1.0, 2.0]), w=[], T=1)
    assert value == 3.0 and np.array_equal(gradient["x"], [1.0, 1.0]) and gradient["w"] == []


def test_a_call_is_linear_in_the_length() -> None:
    """Ten times as many steps take ten times as long, not a hundred times: guarded generously."""
    from time import perf_counter

    kernel = symchain.parse("y[0] = a\ny[t] = tanh(w*y[t-1] + x[t]) for t in 1..T\nC = y[T]").compile(wrt=["w", "x"])
    spent = []
    for count in (300, 3000):
        x = np.linspace(-1, 1, count)
        kernel(a=0.1, w=0.5, x=x)
        start = perf_counter()
        kernel(a=0.1, w=0.5, x=x)
        spent.append(perf_counter() - start)
    assert spent[1] < 60 * spent[0]


@pytest.mark.parametrize(
    ("case", "name"),
    [("layers", "W"), ("look-back two", "p"), ("recurrent", "W"), ("product", "r"), ("array", "x"), ("forward algorithm", "A")],
)
def test_the_product_with_the_hessian_is_how_the_gradient_moves(case: str, name: str) -> None:
    """Beside a central difference of the gradients of the program that is written out."""
    program = symchain.parse(TEXTS[case][0])
    output, lengths = list(program.blocks)[-1], TEXTS[case][2][-1]
    rng = np.random.default_rng(11)
    written, flat, whole = point(program, lengths, rng)
    kernel = program.hvp(output, name).compile()
    family = name in program.families
    first = first_of(program, name, flat) if family else 0
    names = [named(name, first + k, program) for k in range(len(whole[name]))] if family else [name]
    along = [rng.normal(size=np.shape(flat[n])) for n in names]
    given = {n: v for n, v in lengths.items() if n in program.recurrence.lengths}
    found = kernel(**whole, **given, **{f"v_{name}": along if family else along[0]})
    gradients = written.compile(output, wrt=names)
    sides = [gradients(**{**flat, **{n: flat[n] + s * v for n, v in zip(names, along, strict=True)}})[1] for s in (1e-5, -1e-5)]
    for n, got in zip(names, found if family else [found], strict=True):
        assert np.allclose(got, (sides[0][n] - sides[1][n]) / 2e-5, rtol=1e-5, atol=1e-6)


COUNTED = "A[k]: (n, n), spd\nx: (n,)\ny[t]: (n,), onehot\nw: positive\n"
COUNTED += "C = w*sum(x @ inv(A[k]) @ x for k in 1..K) + sum(dot(x, y[t]) for t in 1..T)"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"A": [np.eye(2), np.array([[1.0, 2.0], [2.0, 1.0]])]}, r"A\[2\] is declared spd"),
        ({"y": np.array([[0.0, 1.0], [0.5, 0.5]])}, r"y\[2\] is declared onehot"),
        ({"w": -1.0}, "w is declared positive"),
    ],
)
def test_facts_are_held_of_inputs_and_of_members(wrong: dict[str, object], said: str) -> None:
    kernel = symchain.parse(COUNTED).compile(wrt=["x"])
    given = {"A": [np.eye(2), 2 * np.eye(2)], "x": np.array([1.0, 2.0]), "y": np.eye(2), "w": 2.0}
    value, _ = kernel(**given)
    assert value == 2.0 * (5 + 2.5) + 3.0
    with pytest.raises(FactError, match=said):
        kernel(**given | wrong)
    assert np.isfinite(kernel.with_options(facts="trust")(**given | wrong)[0])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"facts": "perhaps"}, symchain.ArgumentError),
        ({"kinks": "raise"}, symchain.UnsupportedError),
        ({"accuracy": "full"}, symchain.UnsupportedError),
        ({"checkpoint": "cube"}, symchain.ArgumentError),
        ({"checkpoint": 0}, symchain.ArgumentError),
    ],
)
def test_options_that_loops_do_not_honour_are_refused_by_name(options: dict[str, object], error: type[Exception]) -> None:
    (name,) = options
    with pytest.raises(error, match=name):
        symchain.parse("y[0] = a\ny[t] = w*y[t-1] for t in 1..T\nC = y[T]").compile(**options)


def _one_term_less(loops: Loops) -> Loops:
    return replace(loops, stages=tuple(replace(s, low=s.low.plus(1)) if s.kind == "sum" else s for s in loops.stages))


def _nothing_sent(loops: Loops) -> Loops:
    return replace(loops, stages=tuple(s if s.kind != "range" else replace(s, backward=None) for s in loops.stages))


def _start_forgotten(loops: Loops) -> Loops:
    return replace(loops, stages=tuple(replace(s, backward=None) if s.kind == "start" else s for s in loops.stages))


def _to_the_next_member(loops: Loops) -> Loops:
    """What the steps send back is one member late."""
    late = [replace(s, receivers=tuple(replace(r, index=r.index.plus(1)) for r in s.receivers)) for s in loops.stages]
    return replace(loops, stages=tuple(late))


@pytest.mark.parametrize("mistake", [_one_term_less, _nothing_sent, _start_forgotten, _to_the_next_member])
def test_a_kernel_with_a_mistake_does_not_answer(mistake: Callable[[Loops], Loops]) -> None:
    text = "x[t]: (n,)\nW: (n, n)\ns: (n,)\nh[0] = s\nh[t] = tanh(W @ h[t-1] + x[t]) for t in 1..T+1\nC = sum(h[t] @ h[t] for t in 0..T)"
    kernel = symchain.parse(text).compile(wrt=["W", "s", "x"])
    broken = LoopKernel(mistake(kernel.loops), check=kernel._checks[0])
    rng = np.random.default_rng(1)
    given = {"W": rng.normal(size=(2, 2)), "s": np.ones(2), "x": rng.normal(size=(4, 2))}
    assert np.isfinite(kernel(**given)[0])
    for asked in (broken, broken.with_options(facts="trust")):
        with pytest.raises(symchain.VerificationError):
            asked(**given)
    with pytest.raises(symchain.VerificationError):
        broken.source  # noqa: B018


@pytest.mark.parametrize("case", ["widths", "recurrent", "filter", "product"])
def test_a_pickled_kernel_answers_as_it_did(case: str) -> None:
    text, wrt, several = TEXTS[case]
    program = symchain.parse(text)
    kernel = program.compile(wrt=wrt, facts="trust")
    sent = pickle.loads(pickle.dumps(kernel))
    _, _, whole = point(program, several[-1], np.random.default_rng(3))
    given = whole | {n: v for n, v in several[-1].items() if n in program.recurrence.lengths}
    assert sent.options == {"facts": "trust"}
    assert repr(sent(**given)) == repr(kernel(**given))


def test_products_with_hessians_are_held_against_differences_of_the_gradient() -> None:
    product = symchain.parse("a[0] = x\na[t] = tanh(w*a[t-1] + b) for t in 1..T\nC = a[T]**2").hvp("C", "w")
    kernel = product.compile()
    given = {"x": 0.3, "w": 0.5, "b": 0.1, "v_w": 2.0, "T": 3}
    assert kernel(**given) == pytest.approx(2 * symchain.parse("C = tanh(w*tanh(w*tanh(w*x + b) + b) + b)**2").compile(
        wrt="w", order=2)(x=0.3, w=0.5, b=0.1)[2]["w"], rel=1e-12)  # fmt: skip
    broken = LoopKernel(_nothing_sent(kernel.loops))
    broken.hold(lambda made: check_product(product, made))
    with pytest.raises(symchain.VerificationError, match="Hessian"):
        broken(**given)


def test_a_letter_of_shapes_may_be_the_name_of_a_family() -> None:
    text = "W: (h, h)\nx[t]: (h,)\nh[0] = zeros(h)\nh[t] = tanh(W @ h[t-1] + x[t]) for t in 1..T\nC = sum(h[T]**2)/h"
    program = symchain.parse(text)
    other = symchain.parse(text.replace("h[", "s[").replace("s[t]: (h,)", "x[t]: (h,)"))
    given = {"W": np.array([[0.2, -0.4], [0.3, 0.6]]), "x": np.array([[0.3, 0.1], [-0.2, 0.5]])}
    (value, gradient), (again, same) = program.compile(wrt="W")(**given), other.compile(wrt="W")(**given)
    assert value == again
    np.testing.assert_array_equal(gradient["W"], same["W"])
    assert str(symchain.parse(str(program))) == str(program)
