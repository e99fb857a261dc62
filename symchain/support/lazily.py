"""Mappings and sequences whose values are made when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Generic, TypeVar, overload

Key = TypeVar("Key")
Value = TypeVar("Value")


class Made(Mapping[str, Value], Generic[Key, Value]):
    """Values by name, each made once, of what the name stands for: thousands of parameters cost no more than their names.

    >>> lengths = Made({"one": "1", "two": "22"}, len)
    >>> list(lengths), lengths["two"]
    (['one', 'two'], 2)
    """

    def __init__(self, keys: Mapping[str, Key], make: Callable[[Key], Value]) -> None:
        self._keys, self._make = keys, make
        self._made: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        if name not in self._made:
            self._made[name] = self._make(self._keys[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class Late(Sequence[Value]):
    """A sequence that is made when it is first looked at: its length, a member, or all of them.

    >>> late = Late(lambda: print("made") or (1, 2))
    >>> len(late), late[0], [*late]
    made
    (2, 1, [1, 2])
    """

    def __init__(self, make: Callable[[], tuple[Value, ...]]) -> None:
        self._make = make

    @cached_property
    def _members(self) -> tuple[Value, ...]:
        return self._make()

    @overload
    def __getitem__(self, place: int) -> Value: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Value]: ...
    def __getitem__(self, place: int | slice) -> Value | Sequence[Value]:
        return self._members[place]

    def __iter__(self) -> Iterator[Value]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)
