"""What is remembered of trees: every table is declared through here, has a bound, may be used by several threads, and can be forgotten.

Trees hold no cycles: what is no longer used goes at once, and a collection that walks through all of them frees nothing. So full
garbage collections are put off while many trees are made. Young objects are still collected.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock, RLock
from typing import Any, Generic, ParamSpec, TypeVar
from weakref import ref

K = TypeVar("K")
V = TypeVar("V")
P = ParamSpec("P")
R = TypeVar("R")


class Table(Generic[K, V]):
    """Results by what they are the results of, at most about `bound` of them.

    A full table is never emptied: it begins again with other entries, so that whoever works with those of before, another thread or
    a caller further up, keeps them whole. What two threads find out at the same time is found twice, with the same result.

    >>> squares = table("squares", 2)
    >>> entries = squares.room()
    >>> entries.update({1: 1, 2: 4, 3: 9})
    >>> squares.room(), entries
    ({}, {1: 1, 2: 4, 3: 9})
    """

    __slots__ = ("_kind", "bound", "entries", "name")

    def __init__(self, name: str, bound: int, kind: Callable[[], dict[K, V]]) -> None:
        self.name, self.bound, self._kind = name, bound, kind
        self.entries = kind()

    def room(self) -> dict[K, V]:
        """The entries, to be looked at and added to: other ones where those of before were too many."""
        entries = self.entries
        if len(entries) > self.bound:
            self.entries = entries = self._kind()
        return entries

    def forget(self) -> None:
        self.entries = self._kind()


class _Entry(ref[Any]):
    """A weak reference that knows what the object was made of."""

    __slots__ = ("key",)
    key: Hashable


class Unique:
    """The objects that exist, by what they are made of: each is made once, and held weakly."""

    __slots__ = ("_dead", "_least", "_limit", "_lock", "entries", "name")

    def __init__(self, name: str, least: int) -> None:
        self.name, self._least, self._limit = name, least, least
        self._dead: list[_Entry] = []
        """Entries whose objects have gone: a collection may add to them at any time."""
        self._lock = RLock()  # a collection inside may make objects
        self.entries: dict[Hashable, _Entry] = {}

    def keep(self, key: Hashable, made: Any) -> Any:
        """The object that exists for the key; `made` if there was none."""
        with self._lock:
            known = self.entries.get(key)
            found = None if known is None else known()
            if found is not None:
                return found
            self.entries[key] = entry = _Entry(made, self._dead.append)
            entry.key = key
            if len(self.entries) > self._limit:
                self.forget()
        return made

    def forget(self) -> None:
        """Drop the entries of what nothing uses: users before their operands, which may be used by them alone."""
        with self._lock:
            while self._dead:
                entry = self._dead.pop()
                if self.entries.get(entry.key) is entry:
                    del self.entries[entry.key]
            self._limit = max(self._least, 2 * len(self.entries))


_TABLES: list[Table[Any, Any] | Unique] = []


def table(name: str, bound: int, kind: Callable[[], dict[Any, Any]] = dict) -> Table[Any, Any]:
    """A table of results, empty, under a name that says what they are."""
    made: Table[Any, Any] = Table(name, bound, kind)
    _TABLES.append(made)
    return made


def unique(name: str, least: int) -> Unique:
    """A table of objects of which no two are equal. Beyond `least` entries, what nothing uses is dropped now and then."""
    made = Unique(name, least)
    _TABLES.append(made)
    return made


def remembered(bound: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: the results of a function of positional arguments are remembered; the same arguments have one result in all threads."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        known: Table[tuple[Any, ...], R] = table(f"{function.__module__}.{function.__qualname__}", bound)

        @wraps(function)
        def asked(*args: P.args, **kwargs: P.kwargs) -> R:
            assert not kwargs, "what is remembered is asked for by position"
            entries = known.entries
            if args in entries:
                return entries[args]
            return known.room().setdefault(args, function(*args, **kwargs))

        return asked

    return decorate


def tables() -> tuple[Table[Any, Any] | Unique, ...]:
    """All tables, in the order in which they were declared."""
    return tuple(_TABLES)


def forget() -> None:
    """Everything remembered of trees is forgotten; trees in use stay what they are. Nothing changes but the time the next answers take."""
    for known in _TABLES[::-1]:
        known.forget()


# ---------------------------------------------------------------- collections put off

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
