"""What an evaluation meets on its way: choices, ties, edges of domains, and complex steps that are lost.

Whoever evaluates asks for it with `watching`; nothing else of an evaluation changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from symchain.functions.spec import Interval

Array = Any


@dataclass
class Watch:
    """What an evaluation met on its way, in the order of evaluation, which is the same at every point."""

    choices: list[Array] = field(default_factory=list)
    """For every choice (a comparison, a kink, a jump) the number whose sign decides it; where it is 0 there may be no derivative."""
    ties: list[Array] = field(default_factory=list)
    """For every element chosen among many, how far the next one is behind it."""
    branches: set[int] = field(default_factory=set)
    """Which of the choices are comparisons of the program itself."""
    edges: list[tuple[Array, Interval]] = field(default_factory=list)
    """Arguments that are restricted to an interval."""
    lost: bool = False
    """Whether a smooth function was given a complex step and gave none back: it is saturated, or it underflows."""


_WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watching() -> Iterator[Watch]:
    """Everything evaluated inside is watched."""
    token = _WATCH.set(watch := Watch())
    try:
        yield watch
    finally:
        _WATCH.reset(token)


def watcher() -> Watch | None:
    return _WATCH.get()


def choose(*signs: Array) -> None:
    """Choices are made here, by the signs of these numbers."""
    watch = _WATCH.get()
    if watch is not None:
        watch.choices.extend(signs)
