"""Sizes that are letters, and refusals with the place in the user's function."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from symchain.errors import SymchainError, UnsupportedError
from symchain.support.dimensions import Dim, add, multiply
from symchain.tracing.recording import Recording, dimension


class OtherLibrary(BaseException):
    """A symbolic array was given to a library that reads functions in its own way. Not an error: tracing begins again."""

    def __init__(self, library: str) -> None:
        self.name = library
        super().__init__(library)


def refuse(what: str, advice: str, recording: Recording | None = None) -> NoReturn:
    raise located(UnsupportedError(what, advice=advice), recording)


def located(error: SymchainError, recording: Recording | None) -> SymchainError:
    """The error with the place in the user's function that was running."""
    if recording is not None and error.place is None:
        error.place = recording.where()
        if error.place is not None and error.place.line <= len(recording.lines):
            error.source = recording.lines[error.place.line - 1]
        if recording.source and error.place is not None:
            error.what = f"in {recording.source}: {error.what}"
    return error


class Size:
    """The size of an axis that a letter stands for: a whole number that is not known."""

    __slots__ = ("dim", "recording")
    __array_priority__ = 1000

    def __init__(self, recording: Recording, dim: Dim) -> None:
        self.recording, self.dim = recording, dim

    def _dim(self, other: Any) -> Dim | None:
        if isinstance(other, Size):
            return other.dim
        return None if isinstance(other, bool | float | np.floating) or not hasattr(other, "__index__") else operator.index(other)

    def _with(self, other: Any, combine: Callable[[Dim, Dim], Dim], make: Callable[[Any, Any], Any]) -> Any:
        if hasattr(other, "phrase"):
            return NotImplemented  # a symbolic array knows what to do with a size
        dim = self._dim(other)
        return sized(self.recording, combine(self.dim, dim)) if dim is not None else make(self.value, other)

    @property
    def value(self) -> Any:
        """The size as a number of the program."""
        return self.recording.made(dimension(self.dim))

    def __add__(self, other: Any) -> Any:
        return self._with(other, add, operator.add)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: add(a, b, -1), operator.sub)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: add(b, a, -1), lambda a, b: b - a)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, multiply, operator.mul)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return sized(self.recording, multiply(self.dim, -1))

    def __truediv__(self, other: Any) -> Any:
        return self.value / (other.value if isinstance(other, Size) else other)

    def __rtruediv__(self, other: Any) -> Any:
        return other / self.value

    def __pow__(self, other: Any) -> Any:
        return self.value ** (other.value if isinstance(other, Size) else other)

    def __floordiv__(self, other: Any) -> Any:
        self._unknown(f"{self.dim} // {other}")

    __mod__ = __floordiv__

    def __eq__(self, other: object) -> bool:
        dim = self._dim(other)
        if dim == self.dim:
            return True
        self._unknown(f"whether {self.dim} is {other.dim if isinstance(other, Size) else other}")

    def __ne__(self, other: object) -> bool:
        return not self == other

    def _compared(self, other: Any) -> bool:
        self._unknown(f"how {self.dim} compares with {other.dim if isinstance(other, Size) else other}")

    __lt__ = __le__ = __gt__ = __ge__ = _compared

    def __hash__(self) -> int:
        return hash(self.dim)

    def __index__(self) -> int:
        self._unknown(f"the number {self.dim}")

    def __float__(self) -> float:
        self._unknown(f"the number {self.dim}")

    def __bool__(self) -> bool:
        return True  # sizes are 1, 2, 3, ...

    def _unknown(self, what: str) -> NoReturn:
        advice = "Give numbers in shapes= for this axis; arrays of its size are made by zeros_like, ones_like and full_like."
        refuse(f"{what} is asked for, and that size is a letter", advice, self.recording)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return getattr(ufunc, method)(*(i.value if isinstance(i, Size) else i for i in inputs), **keywords)

    def __repr__(self) -> str:
        return str(self.dim)


def sized(recording: Recording, dim: Dim) -> Any:
    """A dimension as the function sees it: an int where it is known."""
    return dim if isinstance(dim, int) else Size(recording, dim)
