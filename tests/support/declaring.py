"""Records declared for a test, and the registry as it was before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from symchain.functions.spec import ALIASES, FUNCTIONS, OPERATIONS
from symchain.tensors.memory import forget


@contextmanager
def undone() -> Iterator[None]:
    """What is declared while this lasts is forgotten after it, and so is what was derived of it."""
    registries = [(r, dict(r)) for r in (FUNCTIONS, OPERATIONS, ALIASES)]
    try:
        yield
    finally:
        for registry, before in registries:
            registry.clear()  # type: ignore[attr-defined]
            registry.update(before)  # type: ignore[attr-defined]
        forget()
