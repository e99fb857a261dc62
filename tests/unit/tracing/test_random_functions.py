"""Random functions of NumPy: what is read has their value, and their slope by central differences; what is refused says why."""

from __future__ import annotations

import numpy as np
import pytest
from numpy_functions import ARGUMENTS, write_function
from traced import along, slope

import symchain
from symchain.errors import SymchainError

REFUSED = ("shares memory", "both be enlarged", "does not broadcast", "not a slice", "with a step", "there is no axis", "takes nothing")


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(5))
def test_random_functions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    read = 0
    for _ in range(8):
        text = write_function(rng)
        space = {"np": np}
        exec(text, space)
        function = space["f"]
        try:
            program = symchain.from_function(function, ARGUMENTS)
        except SymchainError as error:
            assert any(r in error.what for r in REFUSED), f"{text}{error}"
            continue
        read += 1
        point = {n: rng.uniform(0.2, 0.9, s) for n, s in ARGUMENTS.items()}
        direction = {n: rng.normal(size=s) for n, s in ARGUMENTS.items()}
        given = {n: np.array(v) if np.ndim(v) else float(v) for n, v in point.items()}
        for k, expected in enumerate(function(**given)):  # type: ignore[operator]
            found = [program.compile(b, wrt=list(point)) for b in program.blocks if program.blocks[b].shape == np.shape(expected)]
            results = [kernel(**point) for kernel in found]
            close = [g for v, g in results if np.allclose(v, expected, rtol=1e-10, atol=1e-12)]
            assert close, f"{text}\n{program}"
            own = slope(function, point, direction, k, 2e-5)  # type: ignore[arg-type]
            slopes = [along(g, direction, np.ndim(expected)) for g in close]
            assert any(np.allclose(s, own, rtol=1e-5, atol=1e-6) for s in slopes), f"{text}\n{program}\n{slopes} {own}"
    assert read >= 4
