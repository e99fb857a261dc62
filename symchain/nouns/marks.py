"""Marks: how many points an answer is given, by what became of it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from symchain.errors import ArgumentError, nearest
from symchain.nouns.verdict import MISTAKES

Points = int | float
_KEYS = ("full", "wrong", "undecided", "unreadable", "mistakes")


@dataclass(frozen=True)
class Marks:
    """`full` for what is right, `mistakes` for what is wrong by the mistake in it, `wrong` for every other mistake.

    What is undecided or unreadable has no points where nothing is said of it: somebody has to look. Of several mistakes the one that
    costs most counts, unless "several" has points of its own.

    >>> marks = Marks.of({"full": 4, "mistakes": {"sign": 3}})
    >>> marks.points("proved"), marks.points("wrong", ["sign"]), marks.points("wrong", ["shape"]), marks.points("unreadable")
    (4, 3, 0, None)
    """

    full: Points
    wrong: Points = 0
    undecided: Points | None = None
    unreadable: Points | None = None
    mistakes: Mapping[str, Points] = field(default_factory=dict)

    @classmethod
    def of(cls, scheme: Mapping[str, Any]) -> Marks:
        """A scheme as TOML has it. Raises ArgumentError for keys that there are not, and for what is no number."""
        for key in scheme:
            _check_key(key, _KEYS, "the mark scheme")
        if "full" not in scheme:
            raise ArgumentError("the mark scheme does not say what a right answer is worth", advice="Write full = 4, say.")
        mistakes = scheme.get("mistakes", {})
        if not isinstance(mistakes, Mapping):
            raise ArgumentError("mistakes is no table", advice="Write [mistakes] and below it sign = 3.")
        for key in mistakes:
            _check_key(key, MISTAKES, "[mistakes]")
        single = {k: _points(k, scheme[k]) for k in _KEYS[:-1] if k in scheme}
        return cls(**single, mistakes={k: _points(k, v) for k, v in mistakes.items()})

    @classmethod
    def read(cls, text: str) -> Marks:
        """A scheme in TOML. Raises ArgumentError as `of` does, and for what is no TOML."""
        try:
            return cls.of(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise ArgumentError(f"the mark scheme is not TOML: {error}", advice="Write full = 4, and below [mistakes] sign = 3.") from None

    def points(self, status: str, mistakes: Sequence[str] = ()) -> Points | None:
        """The points for a status and the mistakes found; None where the scheme leaves it open."""
        if status in ("proved", "agrees"):
            return self.full
        if status != "wrong":
            return self.undecided if status == "undecided" else self.unreadable
        if len(mistakes) > 1 and "several" in self.mistakes:
            return self.mistakes["several"]
        return min((self.mistakes.get(m, self.wrong) for m in mistakes), default=self.wrong)


def _check_key(key: str, known: Sequence[str], where: str) -> None:
    if key not in known:
        close = nearest(key, known)
        raise ArgumentError(f"{where} has no {key!r}", advice=f"Did you mean {close}?" if close else f"There are: {', '.join(known)}.")


def _points(key: str, value: Any) -> Points:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ArgumentError(f"{key} is {value!r}, not a number of points", advice=f"Write {key} = 2, say.")
    return value
