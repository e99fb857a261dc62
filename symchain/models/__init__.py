"""Ready models: one program a file, its first comment the title, `# at:` a point to evaluate it at."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files

from symchain.errors import ArgumentError
from symchain.assignments import Point, read_point


@dataclass(frozen=True)
class Model:
    """A program that ships with symchain: `text` in the input language, `at` a number (or nested list) for each input."""

    name: str
    title: str
    text: str
    at: Point


def model_names() -> tuple[str, ...]:
    """The names of all models, sorted."""
    return tuple(sorted(f.name.removesuffix(".txt") for f in files(__name__).iterdir() if f.name.endswith(".txt")))


def read_model(name: str) -> Model:
    """The model of that name. Raises ArgumentError with the closest name where there is none.

    >>> read_model("quadratic").title
    'Quadratic in one variable'
    """
    known = model_names()
    if name not in known:
        near = get_close_matches(name, known, 1)
        advice = f"Did you mean {near[0]}?" if near else "`symchain models` lists them."
        raise ArgumentError(f"there is no model '{name}'", advice=advice)
    text = files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    comments = [line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#")]
    points = [c.removeprefix("at:") for c in comments if c.startswith("at:")]
    return Model(name, comments[0], text, read_point(", ".join(points)))
