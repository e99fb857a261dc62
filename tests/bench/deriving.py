"""How long deriving and compiling take, and how that grows: CPU seconds at three sizes with the exponent; and first derivations.

    python tests/bench/deriving.py [--quick]

Seconds differ from machine to machine, exponents hardly: 1.0 is linear in the size of what is derived. Each figure is the least of three.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy

import symchain
from symchain.models import mlp
from symchain.tensors.memory import forget

FIRST = """
import symchain, time
p = symchain.parse("z1 = W1*x + b1; a1 = sigmoid(z1); z2 = W2*a1 + b2; a2 = sigmoid(z2); C = 1/2*(a2 - y)**2")
p.derive("C", "W1").lines
print(time.process_time())
"""
ROSENBROCK = "x: (n,)\nC = sum(100*(x[1:] - x[:n-1]**2)**2 + (1 - x[:n-1])**2)"


def chain(depth: int) -> str:
    return "\n".join(f"a{k} = tanh(w{k}*{f'a{k - 1}' if k > 1 else 'x'} + b{k})" for k in range(1, depth + 1))


def pendulum(links: int) -> tuple[list[Any], list[Any]]:
    """What Lagrange's equations of a pendulum of some links on a cart leave over, and its angles, speeds and accelerations."""
    n = links + 1
    q, u, a, m, length = (sympy.symbols(f"{name}0:{n}", real=True) for name in ("q", "u", "a", "m", "l"))
    g, force = sympy.symbols("g F", real=True)
    above = [sum(m[i:]) for i in range(n)]
    pulling = sum(above[j] * length[j] * (sympy.cos(q[j]) * a[j] - sympy.sin(q[j]) * u[j] ** 2) for j in range(1, n))
    rows = [above[0] * a[0] - force + pulling]
    for i in range(1, n):
        turning = sum(
            above[max(i, j)] * length[i] * length[j] * (sympy.cos(q[i] - q[j]) * a[j] + sympy.sin(q[i] - q[j]) * u[j] ** 2)
            for j in range(1, n)
        )
        rows.append(above[i] * length[i] * (sympy.cos(q[i]) * a[0] - g * sympy.sin(q[i])) + turning)
    return rows, [*q[1:], *u, *a]


def least(work: Callable[[], Any]) -> float:
    """Seconds, without what was remembered of trees before (equal programs share theirs), and with the rules read."""
    found = []
    for _ in range(3):
        forget()
        symchain.parse("x: (n,)\nC = sum(tanh(w*x + b)**2) - sin(w*b)").compile(target="numpy")
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def grown(what: str, sizes: tuple[int, ...], measured: Callable[[int], float], order: float = 1.0) -> None:
    """One line: seconds at each size, and the exponent of the growth in what is read, which is size**order."""
    seconds = [max(measured(n), 1e-6) for n in sizes]
    exponent = math.log(seconds[-1] / seconds[0]) / math.log(sizes[-1] / sizes[0]) / order
    print(f"  {', '.join(f'{s:.3f} s' for s in seconds):30} exponent {exponent:4.2f}  {what}, {', '.join(map(str, sizes))}")


def derived(text: str, wrt: Any = "all") -> float:
    programs = [symchain.parse(text) for _ in range(3)]  # what was derived of a program is kept
    return least(lambda: programs.pop().derive(wrt))


def compiled(text: str, target: str) -> float:
    programs = [symchain.parse(text) for _ in range(3)]
    return least(lambda: programs.pop().compile(target=target))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it runs, not for figures")
    quick = parser.parse_args().quick
    print("python", " ".join(sys.argv))
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, SymPy {sympy.__version__}\n")
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True, env=dict(os.environ))
    alone = subprocess.run(
        [sys.executable, "-c", "import sympy, time; print(time.process_time())"], capture_output=True, text=True, check=True
    )
    print(f"import and first derivation of the two-layer network {float(done.stdout):.2f} s; of SymPy alone {float(alone.stdout):.2f} s\n")
    sizes = (10, 20, 40) if quick else (250, 500, 1000)
    grown("a chain of tanh(w*a + b): derive by all", sizes, lambda n: derived(chain(n)))
    grown("the same: derive and compile to NumPy", sizes, lambda n: compiled(chain(n), "numpy"))
    grown("a perceptron of so many layers: derive by all", (2, 3, 4) if quick else (12, 25, 50), lambda n: derived(mlp(n)))
    links = (2, 3) if quick else (4, 8, 16)
    made = {n: pendulum(n) for n in links}
    grown("links of a pendulum on a cart: Jacobian", links, lambda n: least(lambda: symchain.jacobian(*made[n], simplify=False)), 3)

    size = 10 if quick else 1000
    x = np.random.default_rng(0).normal(size=size)
    kernel = symchain.parse(ROSENBROCK).hessian("C", "x").compile(target="numpy")
    print(f"\nHessian of Rosenbrock's function of {size} numbers, microseconds a call")
    for form in ("dense", "sparse", "operator"):
        formed = kernel.with_options(form=form).positional
        formed(x)
        repeats = 3 if quick or form == "dense" else 300
        print(f"  {least(lambda f=formed, n=repeats: [f(x) for _ in range(n)]) / repeats * 1e6:10.1f}  {form}")  # type: ignore[misc]


if __name__ == "__main__":
    main()
