"""What the tests share that plant a mistake."""

from __future__ import annotations

from symchain.rules import binding, local


def forget() -> None:
    """Derivatives of functions are remembered: after this the next derivation reads them again, a planted one too."""
    for cache in (local._template, binding._derivative):
        cache.cache_clear()
