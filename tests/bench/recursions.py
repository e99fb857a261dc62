"""Recurrent networks of 200 steps against jax.lax.scan, value and gradients in one run that takes turns; memory with checkpoints.

    python tests/bench/recursions.py [--quick]

Ratios of the fastest calls: 1.0 is a tie, above it symchain is slower. JAX is compiled (jit of value_and_grad, 64 bits) before it is timed.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import symchain
from symchain.kernels.native.building import compiler
from symchain.models import read_model

STEPS = 200
NAMES = {"elman": ["U", "W", "b", "V", "c"], "lstm-steps": ["Wf", "Wi", "Wo", "Wg", "Uf", "Ui", "Uo", "Ug"]}


def jax_losses() -> dict[str, Callable[..., Any]]:
    """The same losses over jax.lax.scan."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def elman(p: dict[str, Any], x: Any, y: Any) -> Any:
        def step(h: Any, at: Any) -> Any:
            h = jnp.tanh(p["W"] @ h + p["U"] @ at[0] + p["b"])
            o = p["V"] @ h + p["c"]
            return h, jax.nn.logsumexp(o) * at[1].sum() - at[1] @ o

        return jax.lax.scan(step, jnp.zeros(len(p["b"])), (x, y))[1].sum()

    def lstm(p: dict[str, Any], x: Any, v: Any) -> Any:
        def step(state: Any, at: Any) -> Any:
            h, c = state
            f, i, o = (jax.nn.sigmoid(p["W" + k] @ h + p["U" + k] @ at) for k in "fio")
            c = f * c + i * jnp.tanh(p["Wg"] @ h + p["Ug"] @ at)
            return (o * jnp.tanh(c), c), None

        start = jnp.zeros(len(p["Wf"]))
        return jax.lax.scan(step, (start, start), x)[0][0] @ v

    return {"elman": elman, "lstm-steps": lstm}


def drawn(name: str, size: int) -> dict[str, Any]:
    random = np.random.default_rng(0)
    program = symchain.parse(read_model(name).text)
    dims = {"n": size // 2, "d": size, "m": size // 2}
    given = {n: 0.2 * random.standard_normal([dims[d] for d in v.shape]) for n, v in program.inputs.items()}
    given |= {n: random.standard_normal([STEPS, *(dims[d] for d in f.shape)]) for n, f in program.families.items() if f.given}
    if "y" in given:
        given["y"] = np.eye(dims["m"])[random.integers(0, dims["m"], STEPS)]
    return given


def fastest(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The fastest call of each; they take turns."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def compared(name: str, size: int, rounds: int) -> None:
    import jax

    given, names = drawn(name, size), NAMES[name]
    calls: dict[str, Callable[[], Any]] = {}
    seconds = {}
    for target in ("numpy", "c") if compiler() else ("numpy",):
        start = time.perf_counter()
        kernel = symchain.parse(read_model(name).text).compile(wrt=names, target=target)
        value, gradient = kernel(**given)
        seconds[target] = time.perf_counter() - start
        calls[target] = lambda kernel=kernel: kernel(**given)  # type: ignore[misc]
    scanned = jax.jit(jax.value_and_grad(jax_losses()[name]))
    rest = [v for n, v in given.items() if n not in names]
    order = ["x", "y"] if name == "elman" else ["x", "v"]
    rest = [given[n] for n in order]
    weights = {n: given[n] for n in names}
    start = time.perf_counter()
    theirs, slopes = jax.block_until_ready(scanned(weights, *rest))
    seconds["jax"] = time.perf_counter() - start
    np.testing.assert_allclose(value, theirs, rtol=1e-9)
    for n in names:
        np.testing.assert_allclose(gradient[n], slopes[n], rtol=1e-6, atol=1e-9)
    calls["jax"] = lambda: jax.block_until_ready(scanned(weights, *rest))
    best = fastest(calls, rounds)
    for target in calls:
        ratio = best[target] / best["jax"]
        print(f"{ratio:8.2f}  {name}, {size} units, {target}: {1e3 * best[target]:.2f} ms a call, {seconds[target]:.2f} s until the first")


def lengths() -> None:
    """Deriving, printing and compiling are of no length; a call is linear in it, its memory too, or as the root with checkpoints."""
    start = time.perf_counter()
    program = symchain.parse(read_model("layers").text)
    text = program.derive("C", ["W", "b"]).latex()
    kernel = program.compile(wrt=["W", "b"])
    print(f"layers: derived, printed ({len(text)} characters) and compiled in {time.perf_counter() - start:.2f} s for every number of them")
    for count in (2, 100, 1000, 10000):
        given = {"W": np.full((count, 4, 4), 0.1), "b": np.zeros((count, 4)), "x": np.ones(4), "y": np.ones(4)}
        kernel(**given)
        taken = fastest({"call": lambda given=given: kernel(**given)}, 2)["call"]  # type: ignore[misc,dict-item]
        print(f"  {count:6} layers: {1e3 * taken:9.2f} ms a call")
    program = symchain.parse("u: (n,)\nx[0] = u\nx[k] = x[k-1] + s*sin(x[k-1]) for k in 1..N\nC = sum(x[N]**2)")
    kernel = program.compile(wrt=["u", "s"])
    given = {"u": np.linspace(0, 1, 2000), "s": 0.01}
    for count in (100, 400, 1600):
        peaks = []
        for checkpoint in (None, "sqrt", 8):
            chosen = kernel.with_options(checkpoint=checkpoint)
            chosen(**given, N=2)
            tracemalloc.start()
            chosen(**given, N=count)
            peaks.append(tracemalloc.get_traced_memory()[1] / given["u"].nbytes)
            tracemalloc.stop()
        print(f"  {count:6} steps: {peaks[0]:7.0f} states at most, {peaks[1]:5.0f} with the square root, {peaks[2]:4.0f} with 8 slots")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds, one size")
    quick = parser.parse_args().quick
    lengths()
    for name in NAMES:
        for size in (16,) if quick else (16, 64):
            compared(name, size, 3 if quick else 20)


if __name__ == "__main__":
    main()
