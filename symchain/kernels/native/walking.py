"""Loops in machine code: the steps of a stage are compiled, and called one after the other without Python between them."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError
from symchain.kernels.lengths import Members
from symchain.kernels.native import building
from symchain.kernels.native.backend import native_backend, step_function
from symchain.kernels.running import Run
from symchain.kernels.stages import Argument, Code, Loops, Stage
from symchain.support.dimensions import evaluate

_POINTER = ctypes.c_void_p


def check_native(loops: Loops) -> None:
    """Raises UnsupportedError, which names what has no native form, or says that there is no compiler."""
    building.needed_compiler()
    for stage in loops.stages:
        if not stage.once and not stage.multiplies:
            for code in (stage.forward, stage.backward):
                if code is not None:
                    native_backend(code.plan)


class Distrusted(Exception):
    """What a step returned is worked out again with NumPy."""


@cache
def _walk() -> Any:
    return building.shared_object((Path(__file__).parent / "walk.c").read_text(encoding="ascii"), "-O3").walk


class NativeRun(Run):
    """One call of a native kernel of loops: ranges and sums in machine code, lines that run once as everywhere."""

    def __init__(self, loops: Loops, given: Members, checkpoint: Any, steps: dict[int, Any]) -> None:
        """`steps` holds what was compiled, from call to call."""
        super().__init__(loops, given, checkpoint)
        self.steps = steps
        self.where: dict[str, Places] = {}
        self.adjoints: dict[str, Places] = {}
        self.held: list[Any] = []
        for name, array in given.arrays.items():
            if len(array):
                self._places(name).hold(given.first[name], array)

    # ------------------------------------------------------------ values

    def advance(self, stage: Stage, steps: range, again: bool = False) -> None:
        if not len(steps):
            return
        columns = []
        for target, shape in zip(stage.targets, stage.shapes, strict=True):
            store = self.members.setdefault(target.name, {})
            if not again and any(i in store for i in steps):
                i = next(i for i in steps if i in store)
                raise ArgumentError(f"{target.name}[{i}] is defined twice at these lengths", advice="Give other lengths.")
            apart = steps if self._varies(stage, shape) else steps[:1]
            sizes = [tuple(self.given.dimension(d, {stage.var: i}) for d in shape) for i in apart]
            columns.append(self._places(target.name).make(steps, sizes, store))
        self._walk(stage, stage.forward, steps, (), np.stack(columns, axis=1), None)

    def add(self, stage: Stage, steps: range, first: bool) -> None:
        name = stage.targets[0].name
        total = np.zeros(self._shape(stage)) if first else np.array(self.plain[name])
        if len(steps):
            to = np.full((len(steps), 1), _address(total))
            self._walk(stage, stage.forward, steps, (), None, to, [total.size])
        self.plain[name] = total[()] if not total.shape else total

    def restore(self, name: str, members: Mapping[int, Any]) -> None:
        super().restore(name, members)
        for k, m in members.items():
            self._places(name).put(k, m)

    def forget(self, name: str, indices: Sequence[int]) -> None:
        super().forget(name, indices)
        self._places(name).drop(indices)

    def _places(self, name: str) -> Places:
        return self.where.setdefault(name, Places())

    # ------------------------------------------------------------ adjoints

    def reverse(self, stage: Stage, steps: range) -> None:
        assert stage.backward is not None
        if not len(steps):
            return
        down = steps[::-1]
        own: list[Any] = []
        if stage.kind == "sum":
            adjoint = self._adjoint(stage.targets[0].name)
            if adjoint is None:
                return
            own.append(self._constant(np.broadcast_to(adjoint, self._shape(stage)), False, len(down)))
        else:
            if not any(self.of_member.get(t.name) for t in stage.targets):
                return
            own += [self._received(t.name, down) for t in stage.targets]
        to, lengths = [], []
        for a in stage.receivers:
            column, length = self._receiver(a, stage, down)
            to.append(column)
            lengths.append(length)
        alike = all(len(n) == 1 for n in lengths)
        table = [n[0] for n in lengths] if alike else [x for k in range(len(down)) for x in (n[k if len(n) > 1 else 0] for n in lengths)]
        self._walk(stage, stage.backward, down, own, None, np.stack(to, axis=1), table)
        for t in stage.targets if stage.kind == "range" else ():
            if t.name not in self.asked:
                received = self.of_member[t.name]
                if received.keys() <= set(steps):
                    received.clear()
                for i in steps if received else ():
                    received.pop(i, None)
                self.adjoints[t.name].drop(steps)

    def _receiver(self, a: Argument, stage: Stage, steps: range) -> tuple[Any, list[int]]:
        """Where what a step sends to a receiver is added, and how long that is."""
        if a.kind == "plain":
            shape = np.shape(self.plain[a.name])
            held = self.of_plain.get(a.name)
            if held is None or a.name not in self.owned:
                held = self.of_plain[a.name] = np.array(np.broadcast_to(0.0 if held is None else held, shape), float)
                self.owned.add(a.name)
            return np.full(len(steps), _address(held)), [held.size]
        indices = self._indices(a, stage, steps)
        if a.kind == "row":
            column = self._received(a.name, indices, rows=True)
            return column, [math.prod(np.shape(self.plain[a.name])[1:])]
        sizes = [np.size(self.members[a.name][k]) for k in (indices if self._uneven(a.name) else indices[:1])]
        column, fixed = self._received(a.name, indices), self.fixed(a, stage)
        if self.loops.truncate is not None:  # what is sent to an earlier window is written where nobody reads it
            nowhere = np.zeros(max(sizes))
            self.held.append(nowhere)
            column = np.where([k in fixed for k in indices], _address(nowhere), column)
        return column, sizes

    def _received(self, name: str, indices: range, rows: bool = False) -> Any:
        """The addresses of what members, or rows of an array, received so far: zeros, where that is nothing."""
        table = (self.of_row if rows else self.of_member).setdefault(name, {})
        places = self.adjoints.setdefault(f"{name}[]" if rows else name, Places())
        values = self.plain[name] if rows else self.members[name]
        known = places.of(indices)
        if known is not None:
            return known
        missing = [k for k in dict.fromkeys(indices) if places.at(k) == 0] if places.arrays else list(dict.fromkeys(indices))
        new = missing if not table else [k for k in missing if k not in table]
        for k in set(missing).difference(new):  # what lines that run once sent
            table[k] = own = np.array(np.broadcast_to(table[k], np.shape(values[k])), float)
            self.owned.add((name, k))
            places.put(k, own)
        if new:
            low, high = min(new), max(new)
            if len(new) == high - low + 1 and not (not rows and self._uneven(name)):
                places.make(range(low, high + 1), [np.shape(values[low])], table, zero=True)
            else:
                for k in new:
                    places.make(range(k, k + 1), [np.shape(values[k])], table, zero=True)
            self.owned.update((name, k) for k in new)
        return places.of(indices)

    def _uneven(self, name: str) -> bool:
        """Whether the members of a family differ in shape."""
        extent = self.loops.families.get(name)
        shapes = [extent.shape] if extent is not None else [
            x for s in self.loops.stages for t, x in zip(s.targets, s.shapes, strict=True) if t.name == name and t.kind == "member"
        ]
        return any(d in self.loops.sizes for shape in shapes for d in shape)

    # ------------------------------------------------------------ steps

    def _indices(self, a: Argument, stage: Stage, steps: range) -> range:
        slope = a.index.slope(stage.var)
        rest = a.index.without(stage.var).value(self.given.numbers)
        if not slope:
            return _Same(rest, len(steps))  # type: ignore[return-value]
        return range(slope * steps.start + rest, slope * steps.stop + rest, slope * steps.step)

    def _varies(self, stage: Stage, dims: Sequence[Any]) -> bool:
        return any(d in self.loops.sizes and self.loops.sizes[d][1].slope(stage.var) for d in dims)

    def _constant(self, value: Any, integer: bool, count: int) -> Any:
        array = np.ascontiguousarray(value, np.int_ if integer else np.float64)
        self.held.append(array)
        return np.full(count, _address(array))

    def _column(self, a: Argument, integer: bool, stage: Stage, steps: range) -> Any:
        """The addresses of an argument at each step."""
        count = len(steps)
        if a.kind == "plain":
            return self._constant(self.plain[a.name], integer, count)
        if a.kind == "number":
            indices = self._indices(a, stage, steps)
            array = np.array([float(i) for i in indices])
            self.held.append(array)
            return _address(array) + 8 * np.arange(count)
        indices = self._indices(a, stage, steps)
        if a.kind == "row":
            array = np.ascontiguousarray(self.plain[a.name], np.int_ if integer else np.float64)
            self.held.append(array)
            low, high = min(indices[0], indices[-1]), max(indices[0], indices[-1])
            if low < 0 or high >= len(array):
                k = low if low < 0 else high
                raise ShapeError(f"{a.name}[{k}] is outside of an array of {len(array)} rows", advice="Give arrays that are large enough.")
            return _address(array) + array.strides[0] * np.fromiter(indices, np.int64, count)
        places, store = self._places(a.name), self.members.setdefault(a.name, {})
        known = places.of(indices)
        if known is not None:
            return known
        for k in (k for k in dict.fromkeys(indices) if places.at(k) == 0):
            if k not in store:
                what = f"{a.name}[{k}] has no value: no line and no input gives it at these lengths"
                raise ArgumentError(what, advice="Give other lengths, or write a start.")
            places.put(k, np.ascontiguousarray(store[k], np.int_ if integer else np.float64))
        return places.of(indices)

    def _walk(
        self, stage: Stage, code: Code, steps: range, own: Sequence[Any], results: Any, to: Any, lengths: Sequence[int] = ()
    ) -> None:
        function, rooms = self._compiled(code)
        integer = [i.integer for i in code.plan.inputs]
        columns = [self._column(a, whole, stage, steps) for a, whole in zip(code.arguments, integer, strict=False)] + list(own)
        x = np.stack(columns, axis=1) if columns else np.zeros((len(steps), 1), np.int64)
        varying = self._varies(stage, code.letters)
        sizes = [[self.given.size(n, {stage.var: i}) for n in code.letters] for i in (steps if varying else steps[:1])]
        room = 1
        longest = [0] * len(code.plan.outputs)
        for at in sizes:
            by_letter = dict(zip(code.letters, at, strict=True))
            for need in code.plan.needs:
                need.check(by_letter)
            room = max(room, 1 + sum(math.prod(evaluate(d, by_letter) for d in shape) for shape in rooms))
            shapes = [math.prod(evaluate(d, by_letter) for d in o.shape) for o in code.plan.outputs]
            longest = [max(a, b) for a, b in zip(longest, shapes, strict=True)]
        given = np.array(sizes, np.int64).ravel() if code.letters else np.zeros(1, np.int64)
        space = np.empty(room)
        kept = [np.empty(n + 1) for n in longest] if to is not None else []
        r = np.array([_address(t) for t in kept], np.int64) if to is not None else np.ascontiguousarray(results)
        lengths_ = np.array(lengths or [0], np.int64)
        apart = int(varying or len(lengths) > len(longest))
        if apart and not varying:
            given = np.tile(given, len(steps))
        elif varying and to is not None and len(lengths) == len(longest):
            lengths_ = np.tile(lengths_, len(steps))
        table = None if to is None else np.ascontiguousarray(to, np.int64)
        x = np.ascontiguousarray(x, np.int64)
        arguments = [given, len(code.letters), lengths_, apart, x.shape[1], x, len(longest), r, table, space]
        if not _walk()(_POINTER(function), ctypes.c_long(len(steps)), *map(_passed, arguments)):
            raise Distrusted

    def _compiled(self, code: Code) -> Any:
        found = self.steps.get(id(code))
        if found is None:
            found = self.steps[id(code)] = step_function(code.plan)
        return found


class Places:
    """The addresses of members by their indices, and the arrays that hold them."""

    def __init__(self) -> None:
        self.first = 0
        self.addresses = np.zeros(0, np.int64)
        self.arrays: dict[int, Any] = {}

    def at(self, k: int) -> int:
        return int(self.addresses[k - self.first]) if 0 <= k - self.first < len(self.addresses) else 0

    def of(self, indices: range) -> Any:
        """The addresses of members; None where one of them has none."""
        if isinstance(indices, _Same):
            one = self.at(indices[0])
            return np.full(len(indices), one) if one else None
        first, last = indices[0] - self.first, indices[-1] - self.first
        if min(first, last) < 0 or max(first, last) >= len(self.addresses):
            return None
        found = self.addresses[first + indices.step * np.arange(len(indices))]
        return found if found.all() else None

    def hold(self, first: int, array: Any) -> None:
        """Members that an array holds, along its first axis."""
        own = np.ascontiguousarray(array)
        self._reach(first, first + len(own) - 1)
        self.arrays[first] = own
        self.addresses[first - self.first : first - self.first + len(own)] = _address(own) + own.strides[0] * np.arange(len(own))

    def _reach(self, low: int, high: int) -> None:
        if not len(self.addresses):
            self.first, self.addresses = low, np.zeros(high - low + 1, np.int64)
            return
        before, after = max(0, self.first - low), max(0, high + 1 - self.first - len(self.addresses))
        if before or after:  # twice as much as there is, so that growing one by one costs no more than the members
            more = len(self.addresses)
            before, after = before and max(before, more), after and max(after, more)
            self.addresses = np.concatenate([np.zeros(before, np.int64), self.addresses, np.zeros(after, np.int64)])
            self.first -= before

    def put(self, k: int, array: Any) -> None:
        self._reach(k, k)
        own = np.ascontiguousarray(array)
        self.arrays[k], self.addresses[k - self.first] = own, _address(own)

    def make(self, steps: range, shapes: Sequence[tuple[int, ...]], store: dict[int, Any], zero: bool = False) -> Any:
        """New members, as views of one array where they have one shape. Returns their addresses."""
        new = np.zeros if zero else np.empty
        self._reach(steps.start, steps.stop - 1)
        if len(shapes) == 1:
            block = new((len(steps), *shapes[0]))
            found = _address(block) + (block.strides[0] if len(steps) else 0) * np.arange(len(steps))
            self.arrays.update(dict.fromkeys(steps, block))
            store.update(zip(steps, block if block.ndim > 1 else (block[k : k + 1].reshape(()) for k in range(len(steps))), strict=True))
        else:
            arrays = [new(shape) for shape in shapes]
            found = np.array([_address(a) for a in arrays], np.int64)
            self.arrays.update(zip(steps, arrays, strict=True))
            store.update(zip(steps, arrays, strict=True))
        self.addresses[steps.start - self.first : steps.stop - self.first] = found
        return found

    def drop(self, indices: Sequence[int]) -> None:
        if self.arrays.keys() <= set(indices):
            self.arrays.clear()
            self.addresses[:] = 0
            return
        for k in indices:
            self.arrays.pop(k, None)
            if 0 <= k - self.first < len(self.addresses):
                self.addresses[k - self.first] = 0


class _Same(Sequence[int]):
    """One index at every step."""

    def __init__(self, index: int, count: int) -> None:
        self.index_, self.count_ = index, count

    def __len__(self) -> int:
        return self.count_

    def __getitem__(self, k: Any) -> Any:
        if isinstance(k, slice):
            return _Same(self.index_, len(range(self.count_)[k]))
        range(self.count_)[k]
        return self.index_


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def _passed(value: Any) -> Any:
    if value is None:
        return None
    return ctypes.c_long(value) if isinstance(value, int) else _POINTER(_address(value))

