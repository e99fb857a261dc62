"""Random functions of NumPy, as text: a few lines that call, index, broadcast, assign again and write to arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

ARGUMENTS = {"x": (3, 4), "y": (4,), "s": ()}

UNARY = (
    "np.tanh({a})", "np.sin({a})", "0.5*{a}**2", "np.exp(-{a}**2)",
    "-{a}", "np.sqrt(1.0 + {a}*{a})", "abs({a})", "np.log1p({a}**2)", "{a}.copy()",
)  # fmt: skip
BINARY = (
    "{a} + {b}", "{a} - 2*{b}", "{a}*{b}",
    "{a}/(2 + {b}**2)", "np.maximum({a}, {b})", "np.where({a} > {b}, {a}, 0.5*{b})", "np.hypot({a}, {b})",
)  # fmt: skip
SHAPED = (
    "{a}.T", "{a}.sum(axis=0)", "np.mean({a}, axis=-1, keepdims=True)", "{a}[0]", "{a}[..., 1:]", "{a}[::-1]", "{a}[None]",
    "{a}.max(axis=-1)", "np.cumsum({a}, axis=0)", "{a}.reshape(-1)", "np.stack([{a}, {a}*{a}])", "{a}[:, None]",
    "np.concatenate([{a}, {a}], axis=-1)", "{a}.var(axis=0)", "np.flip({a}, axis=0)", "{a} @ np.swapaxes({a}, -1, -2)",
    "np.outer({a}.ravel(), [1.0, 2.0])", "np.clip({a}, -0.5, 0.5)",
)  # fmt: skip
WRITES = (
    "{a} += 0.5", "{a} *= {b}", "{a}[0] = 2*{b}",
    "{a}[..., 1:] -= {b}", "{a}[{a} > 0.3] = 0.25", "{a}[-1] *= 3", "{a}[...] = {b}",
)  # fmt: skip


def write_function(rng: np.random.Generator, lines: int = 6) -> str:
    """The text of a function f(x, y, s) that runs; its lines are tried one after the other, and those that do not are left out."""
    point = {n: rng.uniform(0.2, 0.9, shape) for n, shape in ARGUMENTS.items()}
    kept: list[str] = []
    names = ["x", "y", "s"]
    while len(kept) < lines:
        family = (UNARY, BINARY, BINARY, SHAPED, SHAPED, WRITES)[rng.integers(6)]
        a, b = (names[-1 - min(int(rng.geometric(0.4)) - 1, len(names) - 1)] for _ in range(2))
        text = str(rng.choice(family)).format(a=a, b=b)
        if family is not WRITES:
            target = str(rng.choice(["x", f"t{len(kept)}", f"t{len(kept)}"])) if kept else "t0"
            text = f"{target} = {text}"
        if family is WRITES and a == "s":
            continue
        body = [*kept, text]
        try:
            space = _run(body, point, names[-1])
        except Exception:
            continue
        if any(np.size(v) > 60 or not np.all(np.isfinite(v)) for n, v in space.items() if n != "np"):
            continue
        kept.append(text)
        target = text.split(" = ")[0]
        if target.isidentifier():
            names = [n for n in names if n != target] + [target]
    return "def f(x, y, s):\n    " + "\n    ".join([*kept, f"return {names[-1]}, {names[-2]}"]) + "\n"


def _run(body: list[str], point: dict[str, Any], last: str) -> dict[str, Any]:
    space = {n: np.array(v) if np.ndim(v) else float(v) for n, v in point.items()} | {"np": np}
    with np.errstate(all="raise"):
        exec("\n".join(body), space)
    return {n: v for n, v in space.items() if n != "__builtins__"}
