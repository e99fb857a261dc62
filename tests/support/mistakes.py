"""Mistakes to plant: rules that are wrong in a way that is known."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symchain.tensors import nodes as t


def scaled(rule: Any, factor: Fraction | int, operand: int | None = None) -> Any:
    """The rule, wrong by a factor, for one operand or for all."""
    return lambda node, k, cotangent, lead: rule(node, k, t.scale(factor, cotangent) if operand in (None, k) else cotangent, lead)
