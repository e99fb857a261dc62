"""Random programs against many digits; `--nightly N` tries so many, with others each time it is given another N."""

from __future__ import annotations

import numpy as np
import pytest
from nightly import Case, check

import symchain

FEW = 6
"""So many are tried each time."""
MANY = 20
"""So many stand in one report of a long run."""


@pytest.mark.thorough
def test_random_programs_agree_with_many_digits(request):
    asked = int(request.config.getoption("--nightly"))
    seeds = range(FEW) if not asked else range(10**6 * (asked % 1000), 10**6 * (asked % 1000) + asked)
    said, counted = check(seeds)
    assert not said, "\n\n".join([f"{len(said)} of {len(seeds)} differ", *said[:MANY]])
    assert counted["values"] > 0.6 * len(seeds) and counted["gradients"] > counted["values"]
    assert min(counted["lines"], counted["seconds"]) > counted["values"] / 2


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_wrong_is_seen(seed, monkeypatch):
    """A gradient and a value that are off by a part in a million."""
    real = symchain.nouns.program.Program.compile

    class Off:
        def __init__(self, kernel):
            self.kernel = kernel

        def __call__(self, **point):
            value, gradient, *rest = self.kernel(**point)
            return (value, {n: np.asarray(g) * (1 + 1e-6) for n, g in gradient.items()}, *rest)

    monkeypatch.setattr(symchain.nouns.program.Program, "compile", lambda *a, **k: Off(real(*a, **k)))
    seeds = [s for s in range(seed, 12, 2) if Case(s).run().counted["gradients"]]
    assert any("gradient" in what for s in seeds for what in Case(s).run().found)
