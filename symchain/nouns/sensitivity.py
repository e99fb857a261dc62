"""Sensitivity, Influence, Measure, Saturation: what every input does to an output near a point, as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symchain.nouns.computation import Computation, Unchanging
from symchain.nouns.door import engine
from symchain.support.notation import Phrase
from symchain.support.plain_data import plain_data

Array = Any


@dataclass(frozen=True)
class Measure:
    """Slopes or elasticities of one input: `mean` over the points, `size` the mean size (of arrays the norm).

    `above` and `below` are the sizes of the positive and of the negative parts, means too; `rank` 1 is the largest size, and equal
    sizes share a rank. `sign` is 1, -1, 0, or None where both signs occur.
    """

    mean: Array
    size: float
    above: float
    below: float
    sign: int | None
    rank: int = 0


@dataclass(frozen=True)
class Influence:
    """What one input does to the output."""

    name: str
    shape: tuple[int, ...]
    value: Any
    """The input at the point, or its mean over the points."""
    slope: Measure
    elasticity: Measure | None
    """None where the output is 0."""
    raising: int = 0
    """At how many points raising the input raises the output."""
    zero: str = ""
    """Why the slope is exactly 0: unrelated, flat, killed (by `killers`) or cancelled; else empty."""
    killers: tuple[str, ...] = ()

    @property
    def strongest(self) -> tuple[tuple[int, ...], float] | None:
        """The entry with the largest mean slope, counted from 0, and that slope; None for a number."""
        if not self.shape or not np.size(self.slope.mean):
            return None
        index = tuple(map(int, np.unravel_index(int(np.argmax(np.abs(self.slope.mean))), self.shape)))
        return index, float(self.slope.mean[index])


@dataclass(frozen=True)
class Saturation:
    """An activation that lets little through: `value` is its largest derivative in size among the `count` flat ones of `total`."""

    block: str
    phrase: Phrase
    value: float
    count: int
    total: int


@dataclass(frozen=True, eq=False)
class Sensitivity(Unchanging):
    """The influence of every input on one output: a local reading, near one point or near many.

    >>> import symchain
    >>> s = symchain.parse("L = a*x**2").sensitivity(at={"a": 2.0, "x": 3.0})
    >>> [(row["input"], row["derivative"], row["elasticity"]) for row in s.table()]
    [('x', 12.0, 2.0), ('a', 9.0, 1.0)]
    """

    program: Computation
    output: str
    at: Mapping[str, Any]
    """The inputs at the point; empty where there are many points."""
    points: int
    value: float
    """The output at the point, or its mean."""
    influences: Mapping[str, Influence]
    saturated: tuple[Saturation, ...] = ()
    fixed: tuple[str, ...] = ()
    """Inputs that nothing can be differentiated by: labels."""

    @property
    def ranked(self) -> tuple[Influence, ...]:
        """The strongest first; equal ones in the program's order."""
        return tuple(sorted(self.influences.values(), key=lambda i: i.slope.rank))

    def table(self) -> list[dict[str, Any]]:
        """One row an input, the strongest first: input, value, derivative, sign, size, rank, elasticity, elasticity_rank, zero, killers.

        For arrays, derivative is the array, size its norm, and elasticity what scaling the whole array does. sign is 1, -1, 0, or
        None where both occur. Over many points, derivative and elasticity are means and size is the mean of the sizes.
        """
        return [
            {
                "input": i.name,
                "value": i.value,
                "derivative": i.slope.mean,
                "sign": i.slope.sign,
                "size": i.slope.size,
                "rank": i.slope.rank,
                "elasticity": None if i.elasticity is None else i.elasticity.mean,
                "elasticity_rank": None if i.elasticity is None else i.elasticity.rank,
                "zero": i.zero,
                "killers": list(i.killers),
            }
            for i in self.ranked
        ]

    def text(self, lang: str = "en") -> str:
        """The table, a sentence for every input, and what to keep in mind."""
        return engine().influences(self, lang)

    def svg(self, lang: str = "en", measure: str = "both") -> str:
        """Bars around 0, the strongest first. measure: "slope", "elasticity" or "both", one panel above the other."""
        return engine().chart(self, lang, measure)

    def png(self, lang: str = "en") -> bytes:
        """The picture as PNG. Raises UnsupportedError without the extra symchain[pictures]."""
        return engine().bitmap(self.svg(lang), "png")  # type: ignore[no-any-return]

    def pdf(self, lang: str = "en") -> bytes:
        """The picture as a PDF of its own size. Raises UnsupportedError without the extra symchain[pictures]."""
        return engine().bitmap(self.svg(lang), "pdf")  # type: ignore[no-any-return]

    def to_json(self) -> str:
        """The table and what is saturated, as JSON; what JSON has no number for is null."""
        found = {
            "format": "symchain.sensitivity",
            "version": 1,
            "output": self.output,
            "points": self.points,
            "value": plain_data(self.value),
            "at": {name: plain_data(v) for name, v in self.at.items()},
            "inputs": [{key: plain_data(v) for key, v in row.items()} for row in self.table()],
            "saturated": [
                {"block": s.block, "function": s.phrase.text, "derivative": plain_data(s.value), "count": s.count, "of": s.total}
                for s in self.saturated
            ],
            "fixed": list(self.fixed),
        }
        return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)

    def __str__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text(), "image/svg+xml": self.svg()}
