"""Mappings whose values are made when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

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
