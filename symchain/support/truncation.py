"""Truncation of recursions: windows of steps, beyond which nothing is sent back.

The steps of a range are cut into windows of k, counted from the last one, and what an earlier window defines is held fixed in a later
one. That is BPTT(h; h') with h = h' = k of Williams and Peng, "An efficient gradient-based algorithm for on-line training of recurrent
network trajectories", Neural Computation 2, 1990. Starts are never held fixed, so that windows as long as the range leave nothing out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symchain.errors import ArgumentError


def held_fixed(member: int, back: int, low: int, high: int, steps: int) -> bool:
    """Whether the step that reads a member, `back` steps later, is in another window than the one that defines it.

    >>> [held_fixed(member, 1, low=1, high=6, steps=3) for member in range(0, 6)]
    [False, False, False, True, False, False]
    """
    return member >= low and (high - member) % steps < back


_MOST = 24


def tried(usual: tuple[int, ...], steps: int | None) -> tuple[int, ...]:
    """Lengths at which a recursion is held against the program written out: of a truncated one, those with several windows first.

    >>> tried((1, 2), 4), tried((1, 2), None)
    ((5, 9, 1, 2), (1, 2))
    """
    return usual if steps is None or steps > _MOST else (steps + 1, 2 * steps + 1, *usual)


@dataclass(frozen=True, slots=True)
class Fixed:
    """The members low..high of an earlier window than that of the step that reads them, `back` steps later."""

    back: int
    low: int
    high: int
    steps: int

    def __contains__(self, member: object) -> bool:
        return isinstance(member, int) and held_fixed(member, self.back, self.low, self.high, self.steps)


def check_truncate(value: Any) -> None:
    """Raises ArgumentError for what is no number of steps."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ArgumentError(f"truncate={value!r} is no number of steps", advice="Write truncate=20: windows of 20 steps.")
