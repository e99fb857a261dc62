"""Arrays for results, used again once nobody else holds them: what is new to a process costs as much to clear as to compute."""

from __future__ import annotations

import sys
from threading import Lock
from typing import Any
from weakref import getweakrefcount

import numpy as np

_LEAST, _MOST = 2**17, 2**26
"""Bytes of one call's results that are worth it, and that may lie idle."""


class Buffers:
    """The arrays of the last call, and of the one before."""

    def __init__(self) -> None:
        self._kept: list[list[Any]] = []
        self._lock = Lock()

    def taken(self, shape: tuple[int, ...], count: int) -> list[Any]:
        """So many arrays of float64 that nobody else holds."""
        with self._lock:
            for arrays in self._kept:
                if len(arrays) == count and all(
                    arrays[k].shape == shape and sys.getrefcount(arrays[k]) == 2 and not getweakrefcount(arrays[k]) for k in range(count)
                ):
                    return list(arrays)
            found = [np.empty(shape) for _ in range(count)]
            if _LEAST <= sum(a.nbytes for a in found) <= _MOST:
                self._kept = [list(found), *self._kept[:1]]
            else:
                self._kept = []
            return found


__all__ = ["Buffers"]
