"""Kernels in other tools, measured once: fits beside finite differences and JAX, a stream beside reading alone.

python tests/bench/partners.py fits
python tests/bench/partners.py stream FOLDER SAMPLES
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

import symchain

LOSS = "X: (n, p)\nw: (p,)\ny: (n,)\nz = X @ w\nC = mean(softplus(z) - y*z) + 1/200*sum(w**2)"


def timed(run: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    best, result = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - start)
    return best, result


def fits() -> None:
    random = np.random.default_rng(0)
    x, w = random.normal(size=(2000, 20)), random.normal(size=20)
    y = (random.random(2000) < 1 / (1 + np.exp(-x @ w))).astype(float)
    problem = symchain.parse(LOSS).compile("C", wrt=["w"], order=2).for_scipy({"X": x, "y": y, "w": np.zeros(20)})
    options = {"gtol": 1e-8}
    problem.fun(problem.x0)
    runs: dict[str, Callable[[], Any]] = {
        "closed form, BFGS": lambda: minimize(problem.fun_and_jac, problem.x0, jac=True, method="BFGS", options=options),
        "closed form, Newton-CG": lambda: minimize(problem.fun, problem.x0, jac=problem.jac, hess=problem.hess, method="Newton-CG"),
        "finite differences, BFGS": lambda: minimize(problem.fun, problem.x0, method="BFGS", options=options),
    }
    try:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)

        def loss(v: Any) -> Any:
            z = x @ v
            return jnp.mean(jnp.logaddexp(z, 0) - y * z) + jnp.sum(v**2) / 200

        both = jax.jit(jax.value_and_grad(loss))
        both(problem.x0)
        runs["JAX, BFGS"] = lambda: minimize(
            lambda v: tuple(map(np.asarray, both(v))), problem.x0, jac=True, method="BFGS", options=options
        )
    except ImportError:
        print("JAX is not installed")
    for name, run in runs.items():
        seconds, found = timed(run)
        slope = np.abs(problem.jac(found.x)).max()
        print(
            f"{name:26} {seconds * 1e3:8.1f} ms {found.nit:4} iterations {found.nfev:5} values, gradient {slope:.1e}"
        )


def stream(folder: str, samples: int) -> None:
    """Samples are made on disk first, chunk by chunk, then read alone, then read and summed."""
    import zarr

    path, rows, random = Path(folder) / "x.zarr", 500_000, np.random.default_rng(0)
    x = zarr.create_array(path, shape=(samples,), chunks=(rows,), dtype="f8", compressors=None, overwrite=True)
    for low in range(0, samples, rows):
        x[low : low + rows] = random.normal(size=min(rows, samples - low))
    kernel = symchain.parse("x: (n,)\nC = mean(log1p((x - m)**2))").compile("C", wrt=["m"], target="c")

    def read() -> float:
        return sum(float(x[low : low + rows][0]) for low in range(0, samples, rows))

    alone, _ = timed(read, 2)
    both, (value, gradient) = timed(lambda: kernel.over({"x": x}, {"m": 0.3}), 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{samples:.0e} samples: reading {alone:.2f} s, reading and summing {both:.2f} s, ratio {both / alone:.2f}; {peak:.2f} GB at most"
    )
    print(f"value {float(value):.12f}, gradient {float(gradient['m']):.12f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["stream"]:
        stream(sys.argv[2], int(float(sys.argv[3])))
    else:
        fits()
