"""Full garbage collections put off while many trees are made.

Trees hold no cycles: what is no longer used goes at once, and a collection that walks through all of them frees nothing. Young
objects are still collected.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_NEVER = 1 << 30
_lock = Lock()
_inside = 0
_before = 0


@contextmanager
def making_trees() -> Iterator[None]:
    """While any thread is inside, no full collection; also a decorator."""
    global _inside, _before
    with _lock:
        _inside += 1
        if _inside == 1:
            young, middle, _before = gc.get_threshold()
            gc.set_threshold(young, middle, _NEVER)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                young, middle, _ = gc.get_threshold()
                gc.set_threshold(young, middle, _before)
