"""Sample arguments, and how a name is called with them where it is not called as most are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

_random = np.random.default_rng(5)


def _spread(*shape: int) -> Any:
    return np.round(_random.uniform(0.15, 0.85, shape), 3)


SAMPLES: dict[str, Any] = {
    "x": _spread(4),
    "y": _spread(4),
    "z": _spread(4),
    "v": _spread(5),
    "w": _spread(3),
    "A": _spread(3, 4),
    "B": _spread(4, 3),
    "M": _spread(3, 3) + np.eye(3),
    "T": _spread(2, 3, 4),
    "U": _spread(2, 4, 3),
    "E": _spread(2, 3, 4),
    "P": _spread(2, 4, 6, 6),
    "K": _spread(3, 4, 3, 3),
    "KT": _spread(4, 3, 3, 3),
    "Q": _spread(2, 4, 7),
    "J": _spread(3, 4, 3),
    "JT": _spread(4, 3, 3),
    "V": _spread(2, 2, 4, 4, 4),
    "H": _spread(3, 2, 2, 2, 2),
    "HT": _spread(2, 3, 2, 2, 2),
    "c": _spread(4),
    "d": _spread(6) + 1.2,
    "s": np.array([1.0, -1.0, 1.0]),
    "knots": np.array([0.1, 0.33, 0.6, 0.9]),
    "W3": _spread(2, 4, 4),
}
SAMPLES["S"] = SAMPLES["M"] @ SAMPLES["M"].T
SAMPLES["L"] = np.linalg.cholesky(SAMPLES["S"])
SAMPLES["chances"] = SAMPLES["A"] / SAMPLES["A"].sum(1, keepdims=True)
INTEGERS: dict[str, Any] = {"labels": np.array([1, 0, 2])}
SAMPLES |= INTEGERS

PATTERNS = ("x", "x, y", "x, y, z", "M", "S", "S, w", "A", "A, B", "M, S", "T", "[x, y]")


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))


def declared(names: Iterable[str]) -> list[str]:
    """The declarations of samples."""
    return [f"{n}: {_shape(SAMPLES[n])}{' integer' if n in INTEGERS else ''}" for n in names]


def _shape(x: Any) -> str:
    shape = np.shape(x)
    return f"({shape[0]},)" if len(shape) == 1 else str(shape)


def _table(library: str) -> dict[str, str]:
    """Name of the library -> how it is called there, and here where that differs, from calls/LIBRARY.txt."""
    rows = {}
    for line in (Path(__file__).parent / "calls" / f"{library}.txt").read_text(encoding="utf-8").splitlines():
        call, _, here = line.partition(" | ")
        name, _, arguments = call.partition("(")
        there = f"{name.rsplit('.', 1)[-1]}({arguments}"
        rows[name] = f"{there} | {here}" if here else there
    return rows


WRITTEN: dict[str, dict[str, str]] = {library: _table(library) for library in ("any", "jax", "torch", "autograd", "numpy")}
"""Those of "any" are calls of a last name, for all libraries that do not say otherwise."""
HERE = sorted({(here or there).strip() for table in WRITTEN.values() for there, _, here in (c.partition(" | ") for c in table.values())})
"""How all of them are called here."""
