"""Checkpoints of loops: the schedule is optimal, results are those of loops that keep everything, and memory is what was asked for."""

from __future__ import annotations

import tracemalloc
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.kernels.checkpoints import schedule
from symchain.kernels.native.building import compiler
from symchain.models import read_model


@cache
def fewest(steps: int, slots: int) -> int:
    """The fewest steps that must be advanced to reverse a number of them, by trying every place for the next state."""
    if steps == 1:
        return 0
    if not slots:
        return steps * (steps - 1) // 2
    return min(m + fewest(steps - m, slots - 1) + fewest(m, slots) for m in range(1, steps))


@pytest.mark.parametrize("slots", [1, 2, 3, 5])
def test_schedules_reverse_every_step_with_the_fewest_advances_and_no_more_states_than_were_asked_for(slots: int) -> None:
    for steps in range(1, 60):
        kept, reversed_, advanced = {0}, [], 0
        for kind, at, start in schedule(steps, slots):
            if kind == "drop":
                kept.remove(at)
                continue
            assert start in kept
            advanced += at - start
            if kind == "save":
                kept.add(at)
            else:
                reversed_.append(at)
            assert len(kept) <= slots + 1
        assert reversed_ == list(range(steps))[::-1]
        assert advanced == fewest(steps, slots)


MODELS = ["elman", "gru-steps", "garch", "kalman-filter", "leapfrog", "hmm-forward", "layers"]


def drawn(program: Any, kernel: Any, length: int) -> dict[str, Any]:
    """Values for the inputs of a ready model, and its length where no input tells it."""
    random = np.random.default_rng(7)
    sizes = {"n": 3, "d": 2, "m": 2, "k": 3, "L": 0}

    def size(d: Any) -> int:
        return d if isinstance(d, int) else sizes.get(d, 3)

    given: dict[str, Any] = {n: random.uniform(0.2, 0.9, [size(d) for d in v.shape]) for n, v in program.inputs.items()}
    for own, family in program.families.items():
        if family.given:
            first, last = kernel.loops.families[own].ends(dict.fromkeys("TNLn", length))
            given[own] = random.uniform(0.2, 0.9, [last - first + 1, *(size(d) for d in family.shape)])
    return given | ({"N": length} if "N" in program.recurrence.lengths else {})


@pytest.mark.parametrize("name", MODELS)
def test_gradients_with_checkpoints_are_those_without(name: str) -> None:
    program = symchain.parse(read_model(name).text)
    names = [*program.inputs, *(n for n, f in program.families.items() if f.given)]
    kernel = program.compile(wrt=names).with_options(facts="trust")
    for length in (1, 2, 11):
        given = drawn(program, kernel, length)
        value, gradient = kernel(**given)
        for checkpoint in ("sqrt", 1, 3):
            again, same = kernel.with_options(checkpoint=checkpoint)(**given)
            assert again == value
            for n in names:
                np.testing.assert_allclose(same[n], gradient[n], rtol=1e-12, atol=1e-14)


@pytest.mark.skipif(not compiler(), reason="there is no C compiler")
@pytest.mark.parametrize("name", MODELS)
def test_native_loops_give_what_loops_of_numpy_give(name: str) -> None:
    program = symchain.parse(read_model(name).text)
    names = [*program.inputs, *(n for n, f in program.families.items() if f.given)]
    kernel = program.compile(wrt=names).with_options(facts="trust")
    native = program.compile(wrt=names, target="c").with_options(facts="trust")
    for length, checkpoint in ((1, None), (9, None), (9, 2)):
        given = drawn(program, kernel, length)
        value, gradient = kernel(**given)
        again, same = native.with_options(checkpoint=checkpoint)(**given)
        np.testing.assert_allclose(again, value, rtol=1e-12)
        for n in names:
            np.testing.assert_allclose(same[n], gradient[n], rtol=1e-10, atol=1e-13)


@pytest.mark.skipif(not compiler(), reason="there is no C compiler")
def test_native_loops_take_lists_of_members_of_different_shapes_and_members_read_backwards() -> None:
    text = "W[l]: (n[l], n[l-1])\nx: (n[0],)\na[0] = x\na[l] = tanh(W[l] @ a[l-1])/l for l in 1..L\nC = sum(sum(a[L+1-l]**2) for l in 1..L)"
    program = symchain.parse(text)
    given = {"W": [np.ones((2, 3)), np.full((4, 2), 0.3), np.full((1, 4), -0.2)], "x": np.array([0.1, -0.4, 0.7])}
    value, gradient = program.compile(wrt=["W", "x"])(**given)
    again, same = program.compile(wrt=["W", "x"], target="c")(**given)
    assert abs(value - again) < 1e-14
    for g, w in zip([*same["W"], same["x"]], [*gradient["W"], gradient["x"]], strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-12)


@pytest.mark.skipif(not compiler(), reason="there is no C compiler")
def test_what_native_loops_cannot_do_is_refused_by_name() -> None:
    program = symchain.parse("A: (n, n)\nP[0] = A\nP[t] = expm(P[t-1] + A) for t in 1..T\nC = tr(P[T])")
    with pytest.raises(symchain.UnsupportedError, match="expm"):
        program.compile(wrt="A", target="c")
    rows = symchain.parse("x: (n,)\nC = sum(x[t]*w**t for t in 1..T)").compile(wrt="w", target="c")
    with pytest.raises(symchain.SymchainError, match="x\\[3\\]"):
        rows(x=np.ones(3), w=0.5, T=3)


@pytest.mark.thorough
def test_memory_is_linear_in_the_steps_and_their_square_root_with_checkpoints() -> None:
    program = symchain.parse("u: (n,)\nx[0] = u\nx[k] = x[k-1] + s*sin(x[k-1]) for k in 1..N\nC = sum(x[N]**2)")
    kernel = program.compile(wrt=["u", "s"])
    given = {"u": np.linspace(0, 1, 2000), "s": 0.01}
    kernel(**given, N=2)

    def peak(length: int, **options: Any) -> int:
        chosen = kernel.with_options(**options)
        tracemalloc.start()
        chosen(**given, N=length)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most // given["u"].nbytes

    assert 400 <= peak(400) <= 430
    assert peak(400, checkpoint="sqrt") <= 60
    assert peak(400, checkpoint=5) <= 25


@pytest.mark.parametrize("name", ["elman", "layers", "crf", "horner"])
def test_kernels_of_loops_are_saved_as_data_and_loaded(name: str, tmp_path: Path) -> None:
    program = symchain.parse(read_model(name).text)
    names = [*program.inputs, *(n for n, f in program.families.items() if f.given)]
    kernel = program.compile(wrt=names)
    kernel.save(tmp_path / "kernel.json")
    loaded = symchain.load(tmp_path / "kernel.json")
    given = drawn(program, kernel, 5)
    value, gradient = kernel(**given)
    again, same = loaded(**given)
    assert again == value
    for n in names:
        np.testing.assert_array_equal(same[n], gradient[n])


def test_files_that_were_changed_or_hold_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "kernel.json"
    symchain.parse("y[0] = a\ny[t] = w*y[t-1] for t in 1..T\nC = y[T]").compile(wrt="w").save(path)
    text = path.read_text()
    for changed in (text.replace('"plain"', '"other"'), text.replace('"version": 1', '"version": 9'), text[:-9]):
        path.write_text(changed)
        with pytest.raises(symchain.SymchainError):
            symchain.load(path)
