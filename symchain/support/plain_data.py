"""Numbers as JSON has them: nested lists of numbers, whatever they were held in."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isfinite
from typing import Any


def plain_data(value: Any, odd: Callable[[float], Any] = lambda number: None) -> Any:
    """Arrays as nested lists, fractions as numbers; `odd` says what stands for nan and infinity, which JSON has no numbers for.

    >>> plain_data([Fraction(1, 2), Fraction(3), float("nan")]), plain_data(float("-inf"), str)
    ([0.5, 3, None], '-inf')
    """
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple):
        return [plain_data(v, odd) for v in value]
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return odd(value) if isinstance(value, float) and not isfinite(value) else value
