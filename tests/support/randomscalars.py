"""Random programs of scalars as text, with data: values and slopes that every backend must agree on."""

from __future__ import annotations

from random import Random

_ONE = ("tanh", "sigmoid", "exp", "softplus", "sin", "cos", "arctan", "erf", "silu", "log1p", "relu", "abs", "square", "arcsinh", "gelu")
_POSITIVE = ("log", "sqrt", "gammaln", "1/")
_TWO = ("maximum", "minimum", "logaddexp", "hypot", "arctan2")


def random_scalars(seed: int, lines: int = 8) -> tuple[str, dict[str, float]]:
    """A program whose last line reads all others, and a point."""
    random = Random(seed)
    names = ["x", "y", "u", "v", "w"]
    at = {n: round(random.uniform(-1.5, 1.5), 3) for n in names}

    def expression(depth: int) -> str:
        kind = random.randrange(8) if depth else 0
        if kind == 0:
            return random.choice([*names, *names, "0.5", "2", "pi"])
        inner = expression(depth - 1)
        if kind <= 2:
            return f"({inner} {random.choice('+-')} {expression(depth - 1)})"
        if kind == 3:
            return f"({inner}*{expression(depth - 1)})"
        if kind == 4:
            positive = f"(1 + tanh({inner})**2)"
            name = random.choice(_POSITIVE)
            return f"(1/{positive})" if name == "1/" else f"{name}({positive})"
        if kind == 5:
            return f"{random.choice(_TWO)}({inner}, {expression(depth - 1)})"
        if kind == 6 and random.random() < 0.5:
            return f"where({inner} > {expression(depth - 1)}, {expression(depth - 1)}, {expression(depth - 1)})"
        name = random.choice(_ONE)
        return f"{name}(tanh({inner}))" if name == "log1p" else f"{name}({inner})"

    text = []
    for k in range(lines):
        text.append(f"b{k} = tanh({expression(3)})")
        names.append(f"b{k}")
    text.append("C = " + " + ".join(f"b{k}*{k + 1}" for k in range(lines)) + " + x*y*u*v*w")
    return "\n".join(text), at
