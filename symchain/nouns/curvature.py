"""Curvature: what is known for certain of a second derivative's sign, and what follows for the output."""

from __future__ import annotations

from dataclasses import dataclass

from symchain.tensors.definiteness import Reason


@dataclass(frozen=True)
class Curvature:
    """The second derivative is semidefinite, or definite where it is `strict`, of a sign (1 or -1), for these reasons."""

    sign: int
    strict: bool
    reasons: tuple[Reason, ...]
    smooth: bool
    """Whether the second derivative exists everywhere, so that the output is convex (of sign 1) or concave."""
    single: bool
    """Whether it is one number."""

    @property
    def kind(self) -> str:
        """One of positive or negative, definite or semidefinite: "positive definite", "negative semidefinite"."""
        return f"{'positive' if self.sign > 0 else 'negative'} {'definite' if self.strict else 'semidefinite'}"

    @property
    def convex(self) -> bool:
        return self.smooth and self.sign > 0

    @property
    def concave(self) -> bool:
        return self.smooth and self.sign < 0
