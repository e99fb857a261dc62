"""Saved kernels changed at random, by their structure, and what loading and running them does to the process.

An audit hook cannot be taken out again, so that `search` runs in a process of its own.
"""

from __future__ import annotations

import copy
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import linalg, special  # noqa: F401

import symchain
from symchain.errors import SymchainError
from symchain.kernels.kernel import digest
from symchain.support.dimensions import evaluate, letters


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key and index of nested JSON."""
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield (*path, key)
        yield from places(data[key], (*path, key))


NAMES = [
    "__import__", "__class__", "os", "np.linalg.test", "np.load", "np.f2py", "open", "eval", "x0", "x9", "exp", "where", "n", "n - 1",
    "pi", "nan",
    '"', "'", "\n", "a\nimport os\n", 'ij,jk->ik", v0)\nimport os #', "{0}", "{0.__class__}", "v0.tofile", "s0", "\u2028", "\0", "²",
    "np.exp(v0)",
    "add", "call", "einsum", "index", "slice", "at", "new", "matmul", "broadcast", "inv", "gather", "value", "hessian", "",
]  # fmt: skip
VALUES = [
    None,
    True,
    False,
    -1,
    0,
    1,
    2,
    7,
    10**12,
    10**30,
    0.5,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    [],
    [0],
    [[]],
    {},
    {"numpy": "1"},
]


def nested(depth: int) -> Any:
    value: Any = "x0"
    for _ in range(depth):
        value = ["exp", value]
    return value


def mutated(plan: Any, rng: random.Random) -> Any:
    """The plan with one to three changes: values and strings replaced or joined, parts dropped, doubled, swapped, nested."""
    plan = copy.deepcopy(plan)
    for _ in range(rng.randint(1, 3)):
        spots = list(places(plan))
        place = rng.choice(spots)
        holder = plan
        for key in place[:-1]:
            holder = holder[key]
        key, value = place[-1], holder[place[-1]]
        others = [p for p in spots if len(p) == len(place) and p[0] == place[0]]
        match rng.randrange(8):
            case 0:
                holder[key] = rng.choice(NAMES)
            case 1:
                holder[key] = rng.choice(VALUES)
            case 2 if isinstance(value, str):
                holder[key] = rng.choice([value + rng.choice(NAMES), rng.choice(NAMES) + value, value * 1000])
            case 2 | 3 if type(value) is int:
                holder[key] = value + rng.choice([-1, 1, 10**9])
            case 4:
                other = plan
                for k in rng.choice(others):
                    other = other[k]
                holder[key] = copy.deepcopy(other)
            case 5 if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(value))
            case 6:
                holder[key] = nested(rng.choice([1, 70, 300]))
            case _ if isinstance(holder, list):
                del holder[key]
    return plan


PROGRAMS = [
    "x: (n,)\nz = relu(w*x[1:])\ny = sum(tanh(z)) + max(x)",
    "X: (m, n)\nw: (n,)\nt: (m, n) onehot\nL = -sum(t*log_softmax(X*w))/m",
    "A: (n, n) spd\nb: (n,)\nf = b @ inv(A) @ b + logdet(A)",
    "y = sigmoid(a*x + b)**2 + where(x > 0, x, log1p(exp(x))) - sin(a)/a",
    "x: (n,)\ny = sum(x[:5]**2) + sum(x[2:7])*max(x[-3:])",
    "x: (n,)\nc: (m,) integer\ny = sum(x[c]**2) + sum(concatenate([x, x[::-1]])[2:]*2)",
    "W: (h, n)\nX: (m, n)\nz = tanh(X @ W.T)\nL = sum(norm(z, axis=1)) + abs(sum(cumprod(z, axis=0)))",
]


def arguments(kernel: Any) -> dict[str, Any]:
    """Numbers for the inputs, of the declared shapes with 3 for every letter."""
    rng = np.random.default_rng(0)
    given = {}
    for i in kernel.plan.inputs:
        shape = tuple(evaluate(d, dict.fromkeys(letters([d]), 3)) for d in i.shape)
        if int(np.prod(shape, dtype=float)) > 10**6:
            return {}
        square = np.eye(*shape) + (0.0 if "onehot" in i.facts else 0.1) if len(shape) == 2 else None
        given[i.name] = rng.integers(0, 2, shape) if i.integer else rng.uniform(0.2, 0.8, shape) if square is None else square
    return given


def search(folder: str, count: int, seed: int = 0) -> None:
    """Load and run so many changed files.

    Raises AssertionError, with the file, where anything but a kernel or a SymchainError comes of it.
    """
    path = str(Path(folder) / "k")
    saved = []
    for text in PROGRAMS:
        for order in (0, 1, 2):
            program = symchain.parse(text)
            wrt = [n for n, v in program.inputs.items() if "integer" not in v.facts]
            program.compile(wrt=wrt, order=order).save(path)
            saved.append(json.loads(Path(path).read_text()))
            kernel = symchain.load(path)
            kernel(**arguments(kernel))
    watching, seen = [False], []

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if not watching[0]:
            return
        generated = {"compile": lambda: args[1], "exec": lambda: args[0].co_filename}
        if event == "open" and args[0] == path and args[1] in ("r", "rb"):
            return
        if event in generated and str(generated[event]()).startswith("<symchain kernel"):
            return
        if event.partition(".")[0] in (
            "open",
            "import",
            "compile",
            "exec",
            "os",
            "subprocess",
            "socket",
            "shutil",
            "ctypes",
            "pickle",
            "marshal",
        ):
            seen.append((event, str(args)[:200]))

    sys.addaudithook(hook)
    rng = random.Random(seed)
    kernels = 0
    for _ in range(count):
        data = copy.deepcopy(rng.choice(saved))
        plan = mutated(data["plan"], rng)
        text = json.dumps({**data, "plan": plan, "digest": digest(plan)})
        Path(path).write_text(text)
        watching[0] = True
        try:
            kernel = symchain.load(path)
            kernels += 1
            given = arguments(kernel)
            if given or not kernel.names:
                kernel(**given)
                kernel.with_options(kinks="raise")(**given)
            kernel.source, str(kernel)
        except SymchainError:
            pass
        except Exception as error:
            watching[0] = False
            raise AssertionError(f"{type(error).__name__}: {error}\n{text}") from error
        watching[0] = False
        assert not seen, (seen, text)
    print(f"{kernels} of {count} files were kernels")
