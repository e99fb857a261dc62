"""Lowering: from a program's trees to a Plan. Shared subexpressions once, stable forms, the cheapest order of work."""

from symchain.lowering.plan import Label, lower

__all__ = ["Label", "lower"]
