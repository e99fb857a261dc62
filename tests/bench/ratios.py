"""Speed and memory as ratios measured in one run: against code written by hand, against SymPy, and against half the size.

    python tests/bench/ratios.py [--quick]

A ratio compares two things that take turns on the same machine, median over the rounds; 1.0 is a tie, above it symchain is slower.
Growth is what twice the size costs: 2.0 is linear. Losses are printed like the rest.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from math import exp
from typing import Any

import numpy as np
import scipy
import sympy

import symchain
from symchain.models import read_model

Work = Callable[[], Any]


def ratio(ours: Work, theirs: Work, rounds: int) -> float:
    """The median of the rounds' ratios, each of about ten milliseconds of work a side."""
    ours()
    theirs()
    repeats = max(1, int(0.01 / _seconds(theirs, 1)))
    found = []
    for _ in range(rounds):
        mine, other = _seconds(ours, repeats), _seconds(theirs, repeats)
        found.append(mine / other)
    return statistics.median(found)


def _seconds(work: Work, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return max(time.perf_counter() - start, 1e-9)


# ---------------------------------------------------------------- kernels against code written by hand


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def two_layer_by_hand(x: float, w1: float, b1: float, w2: float, b2: float, y: float) -> tuple[float, ...]:
    a1 = 1 / (1 + exp(-(w1 * x + b1)))
    a2 = 1 / (1 + exp(-(w2 * a1 + b2)))
    d2 = (a2 - y) * a2 * (1 - a2)
    d1 = d2 * w2 * a1 * (1 - a1)
    return 0.5 * (a2 - y) ** 2, d1 * x, d1, d2 * a1, d2


def samples_by_hand(x: Any, w1: Any, b1: Any, w2: Any, b2: Any, y: Any) -> tuple[Any, ...]:
    a1 = sigmoid(w1 * x + b1)
    a2 = sigmoid(w2 * a1 + b2)
    d2 = (a2 - y) * a2 * (1 - a2)
    d1 = d2 * w2 * a1 * (1 - a1)
    return 0.5 * (a2 - y) ** 2, d1 * x, d1, d2 * a1, d2


def logistic_by_hand(x: Any, w: Any, y: Any) -> tuple[Any, ...]:
    s = sigmoid(x @ w)
    return -np.sum(y * np.log(s) + (1 - y) * np.log(1 - s)), x.T @ (s - y)


def perceptron_by_hand(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> tuple[Any, ...]:
    n = x.shape[1]
    a1 = sigmoid(w1 @ x + b1[:, None])
    a2 = sigmoid(w2 @ a1 + b2[:, None])
    d2 = (a2 - y) * a2 * (1 - a2) / n
    d1 = (w2.T @ d2) * a1 * (1 - a1)
    return np.sum((a2 - y) ** 2) / (2 * n), d1 @ x.T, d1.sum(axis=1), d2 @ a1.T, d2.sum(axis=1)


def kernels(size: int, rounds: int) -> dict[str, float]:
    rng = np.random.default_rng(0)
    scalar = symchain.parse(read_model("two-layer").text).compile(wrt=["W1", "b1", "W2", "b2"])
    point = dict(zip(("x", "W1", "b1", "W2", "b2", "y_true"), (1.5, 0.8, -0.2, -1.2, 0.3, 1.0), strict=True))
    ordered = [point[n] for n in scalar.names]
    by_hand = list(point.values())
    many = {n: rng.normal(size=size * 1000) for n in point}
    found = {
        "two-layer network, value and 4 gradients, keywords": ratio(lambda: scalar(**point), lambda: two_layer_by_hand(*by_hand), rounds),
        "the same, k.positional": ratio(lambda: scalar.positional(*ordered), lambda: two_layer_by_hand(*by_hand), rounds),
        f"the same over {size * 1000} samples": ratio(lambda: scalar(**many), lambda: samples_by_hand(*many.values()), rounds),
    }
    regression = symchain.parse(read_model("logistic-regression").text).compile(wrt=["w"])
    data = {"X": rng.normal(size=(20 * size, 2 * size)), "w": rng.normal(size=2 * size) / size, "y": rng.integers(0, 2, 20 * size) * 1.0}
    found[f"logistic regression {20 * size} x {2 * size}, gradient"] = ratio(
        lambda: regression(**data), lambda: logistic_by_hand(data["X"], data["w"], data["y"]), rounds
    )
    batch = symchain.parse(read_model("two-layer-batch").text).compile(wrt=["W1", "b1", "W2", "b2"])
    sizes = {"X": (3, 5 * size), "Y": (2, 5 * size), "W1": (4, 3), "b1": (4,), "W2": (2, 4), "b2": (2,)}
    arrays = {n: rng.normal(size=s) for n, s in sizes.items()}
    found[f"two-layer network on a batch of {5 * size}"] = ratio(
        lambda: batch(**arrays), lambda: perceptron_by_hand(*(arrays[n] for n in sizes)), rounds
    )
    return found


# ---------------------------------------------------------------- deriving against SymPy, and its growth


def chain(depth: int) -> str:
    lines = [f"a{k} = tanh(w{k}*{f'a{k - 1}' if k > 1 else 'x'} + b{k})" for k in range(1, depth + 1)]
    return "\n".join(lines)


def against_sympy(rounds: int) -> dict[str, float]:
    names = sympy.symbols("x W1 b1 W2 b2 y")
    x, w1, b1, w2, b2, y = names
    a1 = 1 / (1 + sympy.exp(-(w1 * x + b1)))
    cost = (1 / (1 + sympy.exp(-(w2 * a1 + b2))) - y) ** 2 / 2

    def theirs() -> None:
        sympy.core.cache.clear_cache()
        gradients = [sympy.diff(cost, n) for n in names]
        sympy.lambdify(names, [cost, *gradients], modules="numpy", cse=True)

    def ours() -> None:
        symchain.parse(read_model("two-layer").text).compile()

    return {"two-layer network read, derived by 6 names and compiled, against diff and lambdify of SymPy": ratio(ours, theirs, rounds)}


def growth(depth: int, rounds: int) -> dict[str, float]:
    small, large = (symchain.parse(chain(n)) for n in (depth, 2 * depth))
    wide = [symchain.parse("C = " + " + ".join(f"tanh(w{k})*x{k}" for k in range(n))) for n in (depth, 2 * depth)]
    return {
        f"a chain of {2 * depth} blocks against {depth}: derive": ratio(lambda: large.derive("all"), lambda: small.derive("all"), rounds),
        f"a chain of {2 * depth} blocks against {depth}: compile": ratio(large.compile, small.compile, rounds),
        f"a chain of {2 * depth} blocks against {depth}: memory of deriving": peak(lambda: large.derive("all"))
        / peak(lambda: small.derive("all")),
        f"a sum of {2 * depth} terms against {depth}: derive": ratio(lambda: wide[1].derive("all"), lambda: wide[0].derive("all"), rounds),
        f"a sum of {2 * depth} terms against {depth}: compile": ratio(wide[1].compile, wide[0].compile, rounds),
    }


def peak(work: Work) -> int:
    tracemalloc.start()
    work()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it runs, not for figures")
    quick = parser.parse_args().quick
    rounds, size, depth = (1, 1, 20) if quick else (9, 100, 1000)
    print("python", " ".join(sys.argv))
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}, SymPy {sympy.__version__}")
    for title, found in (
        ("kernels against NumPy and Python written by hand", kernels(size, rounds)),
        ("against SymPy", against_sympy(rounds)),
        ("growth with twice the size", growth(depth, rounds)),
    ):
        print(f"\n{title}")
        for what, value in found.items():
            print(f"  {value:8.2f}  {what}")


if __name__ == "__main__":
    main()
