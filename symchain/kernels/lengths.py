"""Lengths: what the inputs of a program with families tell of its bounds and sizes, and families as lists of members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError
from symchain.kernels.arguments import real_numbers
from symchain.kernels.kernel import Input
from symchain.support.dimensions import Dim, Shape, evaluate, letters, show
from symchain.support.linear import Linear

_SEARCHED = 6
"""Lengths so near to a first guess are tried, and so small ones."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A family of inputs: the shape of the member i, and where it is read: an index, the range it moves along, or None."""

    shape: Shape
    integer: bool
    reads: tuple[tuple[Linear, str, Linear | None, Linear | None], ...]

    def letters(self) -> set[str]:
        """The letters of bounds on which the number of its members depends."""
        found = {n for index, var, low, high in self.reads for f in (index, low, high) if f is not None for n in f.letters if n != var}
        return found

    def ends(self, numbers: Mapping[str, int]) -> tuple[int, int] | None:
        """The first and the last member that are read; of a range without steps, where it would begin. None where nothing is read."""
        lows: list[int] = []
        highs: list[int] = []
        for index, var, low, high in self.reads:
            if low is None or high is None:
                lows.append(index.value(numbers))
                highs.append(lows[-1])
                continue
            a, b = low.value(numbers), high.value(numbers)
            first = index.value({**numbers, var: a})
            lows.append(first)
            if b >= a:
                last = index.value({**numbers, var: b})
                lows.append(last)
                highs += [first, last]
        if not lows:
            return None
        return min(lows), max(highs, default=min(lows) - 1)


@dataclass
class Members:
    """The inputs of one call: arrays, members by their numbers, and what the letters stand for."""

    plain: dict[str, Any] = field(default_factory=dict)
    members: dict[str, dict[int, Any]] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    stacked: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """The families given as one array, with its shape."""
    arrays: dict[str, Any] = field(default_factory=dict)
    """Those arrays, converted."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Lengths and sizes by their letters."""
    families: dict[str, dict[int, int]] = field(default_factory=dict)
    """Families of sizes: n[0], n[1], ..."""
    sizes: Mapping[str, tuple[str, Linear]] = field(default_factory=dict)

    def size(self, letter: str, at: Mapping[str, int]) -> int:
        """The size of an axis, where the index of the range has a value."""
        if letter in self.numbers:
            return self.numbers[letter]
        own, index = self.sizes[letter]
        return self.families[own][index.value({**self.numbers, **at})]

    def dimension(self, dim: Dim, at: Mapping[str, int] | None = None) -> int:
        return dim if isinstance(dim, int) else evaluate(dim, {n: self.size(n, at or {}) for n in letters([dim])})


class Lengths:
    """What a program with families accepts as arguments."""

    def __init__(
        self,
        inputs: Mapping[str, tuple[Shape, bool]],
        families: Mapping[str, Extent],
        lengths: Sequence[str],
        dims: Sequence[str],
        sizes: Mapping[str, tuple[str, Linear]],
    ) -> None:
        self.inputs, self.families, self.lengths, self.dims, self.sizes = inputs, families, lengths, dims, sizes

    def admit(self, given: Mapping[str, Any]) -> Members:
        """The inputs, converted and checked. Raises ArgumentError for lengths that are missing, ShapeError for shapes that differ."""
        found = Members(sizes=self.sizes)
        for letter in (*self.lengths, *self.dims):
            if letter in given and letter not in self.inputs:
                value = given[letter]
                if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
                    raise ArgumentError(f"{letter} is {value!r}, not a whole number", advice=f"Write {letter}=50.")
                found.numbers[letter] = int(value)
        for name, (shape, integer) in self.inputs.items():
            found.plain[name] = value = real_numbers(given[name], Input(name, shape, integer))
            if not integer and np.ndim(value):
                found.plain[name] = value = np.asarray(value, float)
            if np.ndim(value) != len(shape):
                raise self._misshapen(name, shape, np.shape(value))
            self._bind(found, name, shape, np.shape(value), None)
        lists = {name: self._listed(found, name, given[name]) for name in self.families}
        for name, members in lists.items():
            for m in members[:1]:
                self._bind(found, name, self.families[name].shape, np.shape(m), None)
        self._solve(found, {name: len(members) for name, members in lists.items()})
        for name, members in lists.items():
            self._place(found, name, members)
        for name, (shape, _) in self.inputs.items():
            self._bind(found, name, shape, np.shape(found.plain[name]), {})
            for dim, size in zip(shape, np.shape(found.plain[name]), strict=True):
                if found.dimension(dim) != size:
                    raise self._misshapen(name, shape, np.shape(found.plain[name]))
        return found

    def _bind(self, found: Members, name: str, shape: Shape, given: tuple[int, ...], at: Mapping[str, int] | None) -> None:
        """Learn the letters that stand alone in a shape; those with an index once the bounds are known (`at`)."""
        for dim, size in zip(shape, given, strict=True):
            if isinstance(dim, int):
                if dim != size:
                    raise self._misshapen(name, shape, given)
            elif dim in self.sizes:
                if at is not None:
                    own, index = self.sizes[dim]
                    k = index.value({**found.numbers, **at})
                    if found.families.setdefault(own, {}).setdefault(k, size) != size:
                        raise self._misshapen(name, shape, given, f"{own}[{k}] is {found.families[own][k]}")
            elif dim in self.dims and found.numbers.setdefault(dim, size) != size:
                raise self._misshapen(name, shape, given, f"{dim} is {found.numbers[dim]}")

    def _listed(self, found: Members, name: str, given: Any) -> list[Any]:
        """The members of a family, given as a sequence or as one array."""
        extent = self.families[name]
        declared = Input(name, extent.shape, extent.integer)
        if isinstance(given, np.ndarray):
            array = real_numbers(given, declared)
            if np.ndim(array) != len(extent.shape) + 1:
                raise ShapeError(
                    f"{name} has {np.ndim(array)} axes; its members have shape {show(extent.shape)}",
                    advice="Give a list of members, or one array with the members along axis 0.",
                )
            array = array if extent.integer else np.asarray(array, float)
            found.stacked[name], found.arrays[name] = np.shape(array), array
            return list(array)
        if isinstance(given, (str, bytes, Mapping)) or not hasattr(given, "__len__"):
            raise ArgumentError(f"{name} is a family, not {type(given).__name__}", advice=f"Give its members: {name}=[...].")
        members = [real_numbers(m, declared) for m in given]
        for m in members:
            if np.ndim(m) != len(extent.shape):
                raise self._misshapen(name, extent.shape, np.shape(m))
        return members if extent.integer else [np.asarray(m, float) if np.ndim(m) else np.float64(m) for m in members]

    def _solve(self, found: Members, counts: Mapping[str, int]) -> None:
        """The bounds that the numbers of members tell: of several lengths that fit, the largest."""
        unknown = {n for n in (*self.lengths, *self.dims) if n not in found.numbers and n not in self.sizes}
        while True:
            fitting: dict[str, set[int]] = {}
            for name, extent in self.families.items():
                open_letters = extent.letters() & unknown
                if len(open_letters) != 1:
                    continue
                (letter,) = open_letters
                good = self._fitting(extent, letter, counts[name], found.numbers)
                before = fitting.get(letter)
                fitting[letter] = good if before is None else (before & good or good)
            fitting = {letter: good for letter, good in fitting.items() if good}
            if not fitting:
                break
            for letter, good in fitting.items():
                found.numbers[letter] = max(good)
                unknown.discard(letter)
        missing = [n for n in (*self.lengths, *self.dims) if n not in found.numbers and n not in self.sizes]
        if missing:
            raise ArgumentError(f"no length is given for {', '.join(missing)}", advice=f"Write kernel(..., {missing[0]}=50).")
        for name, extent in self.families.items():
            ends = extent.ends(found.numbers)
            if ends is not None and ends[1] - ends[0] + 1 != counts[name]:
                what = f"{name} has {counts[name]} members, and is read from {name}[{ends[0]}] to {name}[{ends[1]}]"
                raise ShapeError(what, advice="Give as many members as are read, the first of them first.")

    @staticmethod
    def _fitting(extent: Extent, letter: str, count: int, numbers: Mapping[str, int]) -> set[int]:
        def members(value: int) -> int:
            ends = extent.ends({**numbers, letter: value})
            return 0 if ends is None else ends[1] - ends[0] + 1

        guess = 2 * count - members(count)
        tried = {*range(guess - _SEARCHED, guess + _SEARCHED + 1), *range(-1, _SEARCHED)}
        return {v for v in tried if members(v) == count}

    def _place(self, found: Members, name: str, members: Sequence[Any]) -> None:
        extent = self.families[name]
        ends = extent.ends(found.numbers)
        first = ends[0] if ends is not None else 0
        found.first[name] = first
        found.members[name] = {first + k: m for k, m in enumerate(members)}
        alike = name in found.stacked and not any(d in self.sizes for d in extent.shape)
        for k, m in list(found.members[name].items())[: 1 if alike else None]:
            self._bind(found, f"{name}[{k}]", extent.shape, np.shape(m), {"i": k})
            for dim, size in zip(extent.shape, np.shape(m), strict=True):
                if isinstance(dim, int) or dim in self.sizes:
                    continue
                if all(n in found.numbers for n in letters([dim])) and found.dimension(dim) != size:
                    raise self._misshapen(f"{name}[{k}]", extent.shape, np.shape(m))

    def _misshapen(self, name: str, shape: Shape, given: tuple[int, ...], why: str = "") -> ShapeError:
        known = {letter: f"{own}[{index}]" for letter, (own, index) in self.sizes.items()}
        wanted = tuple(known.get(d, d) if isinstance(d, str) else d for d in shape)
        what = f"{name} must have shape {show(wanted)}, not {show(given)}" + (f": {why}" if why else "")
        return ShapeError(what, advice="Give an array of the declared shape." if shape else "Give one number.")
