"""Numbers with many digits: mpmath works at one precision in the whole process, so one thread at a time sets it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

_lock = RLock()


@contextmanager
def precision(*, digits: int = 0, bits: int = 0) -> Iterator[None]:
    """Inside, mpmath's numbers have so many decimal digits, or bits, and no other thread of symchain changes that."""
    import mpmath

    with _lock, mpmath.workdps(digits) if digits else mpmath.workprec(bits):
        yield
