"""The door from the nouns to what works on them: one slot, which the engine fills; it imports nothing of symchain.

A file imports only from lower floors, and yet `program.derive(...)` reads as it should: a noun asks here for the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_engine: Any = None
_wire: Callable[[], object] | None = None


def install(engine: Any) -> None:
    """Called once by the engine."""
    global _engine
    _engine = engine


def wired_by(wire: Callable[[], object]) -> None:
    """How the engine is loaded when a noun first asks for it; said by the package itself, which stands above both."""
    global _wire
    _wire = wire


def engine() -> Any:
    """What the nouns ask of the floors above them. Their own methods say what comes back."""
    if _engine is None:
        assert _wire is not None
        _wire()
    return _engine
