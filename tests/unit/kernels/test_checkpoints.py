"""Checkpoints of loops: the schedule is optimal, results are those of loops that keep everything, and memory is what was asked for."""

from __future__ import annotations

import tracemalloc
from functools import cache
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.kernels.checkpoints import schedule
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


MODELS = ["elman", "gru-steps", "garch", "kalman-filter", "leapfrog", "hmm-forward"]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("checkpoint", ["sqrt", 1, 3])
def test_gradients_with_checkpoints_are_those_without(name: str, checkpoint: Any) -> None:
    program = symchain.parse(read_model(name).text)
    names = [*program.inputs, *(n for n, f in program.families.items() if f.given)]
    kernel = program.compile(wrt=names).with_options(facts="trust")
    random = np.random.default_rng(7)
    for length in (1, 2, 11):
        sizes = {"n": 3, "d": 2, "m": 2, "k": 3}
        given = {n: random.uniform(0.2, 0.9, [sizes[d] if isinstance(d, str) else d for d in v.shape]) for n, v in program.inputs.items()}
        bound = {"N": length} if "N" in program.recurrence.lengths else {}
        for own, family in program.families.items():
            if family.given:
                count = kernel.loops.families[own].ends({"T": length, "N": length})
                given[own] = random.uniform(0.2, 0.9, [count[1] - count[0] + 1, *(sizes[d] for d in family.shape)])
        value, gradient = kernel(**given, **bound)
        again, same = kernel.with_options(checkpoint=checkpoint)(**given, **bound)
        assert again == value
        for n in names:
            np.testing.assert_allclose(same[n], gradient[n], rtol=1e-12, atol=1e-14)


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
