"""One call of a kernel of loops: the values of blocks and members, then their adjoints, step by step."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError
from symchain.kernels.blocks import APART, Block, length_of, split_of
from symchain.kernels.checkpoints import Group, Rolling, grouped
from symchain.kernels.lengths import Members
from symchain.kernels.stages import Argument, Code, Loops, Stage
from symchain.support.linear import Linear
from symchain.support.truncation import Fixed


class Run:
    """One call: the values of blocks and members, then their adjoints."""

    def __init__(self, loops: Loops, given: Members, checkpoint: Any = None) -> None:
        self.loops, self.given = loops, given
        self.plain: dict[str, Any] = dict(given.plain)
        self.members: dict[str, dict[int, Any]] = {n: dict(m) for n, m in given.members.items()}
        self.factors: dict[str, list[Any]] = {}
        self.asked = {a.name for _, a in loops.wrt if a.kind == "member"}
        parts = loops.stages if checkpoint is None or loops.order == 0 else grouped(loops.stages, self.asked)
        self.parts = [Rolling(self, p, checkpoint) if isinstance(p, Group) else p for p in parts]
        self.of_plain: dict[str, Any] = {loops.output: 1.0}
        self.of_member: dict[str, dict[int, Any]] = {}
        self.of_row: dict[str, dict[int, Any]] = {}
        self.owned: set[Any] = set()

    # ------------------------------------------------------------ values

    def forward(self) -> Any:
        """Work the values out; the output."""
        self.work_out()
        value = self.plain[self.loops.output]
        return np.float64(value) if not np.ndim(value) else value

    def work_out(self) -> None:
        for part in self.parts:
            if isinstance(part, Rolling):
                part.forward()
            elif part.once:
                self._once(part)
            elif part.kind == "range":
                self.advance(part, self.span(part))
            elif part.kind == "sum":
                self.add(part, self.span(part), True)
            else:
                self._product(part)

    def step_of(self, stage: Stage, code: Code) -> Callable[..., Any]:
        """The step function of a stage, as a function of the index and of the adjoints of its targets."""
        getters = [self.getter(a, stage) for a in code.arguments]
        function, var = code.function, stage.var
        moving = self._resizes(stage, code)
        fixed = () if moving else (*(self.given.size(n, {}) for n in code.letters), np.float64)

        def step(i: int, *adjoints: Any) -> Any:
            last = (*(self.given.size(n, {var: i}) for n in code.letters), np.float64) if moving else fixed
            arguments = [g(i) for g in getters]
            try:
                return function(*arguments, *adjoints, *last)
            except (ValueError, IndexError, np.linalg.LinAlgError) as error:
                where = stage.targets[0].name + ("" if stage.once else f" at {stage.var} = {i}")
                raise _no_value(where, error) from error

        return step

    def _resizes(self, stage: Stage, code: Code) -> bool:
        """Whether arrays have other sizes from step to step."""
        return any(n in self.loops.sizes and bool(self.loops.sizes[n][1].slope(stage.var or " ")) for n in code.letters)

    def _blocks(self, stage: Stage, code: Code, steps: range) -> Iterator[tuple[range, Block | None]]:
        """The steps in blocks that are worked out together, where that is so."""
        split = None if self._resizes(stage, code) else split_of(stage, code)
        length = length_of(split, self.given, len(steps)) if split is not None else 0
        if split is None or not length:
            yield steps, None
            return
        for start in range(0, len(steps), length):
            block = steps[start : start + length]
            try:
                made = Block(self, stage, code, split, block)
            except APART:
                made = None  # step by step something fails too, or nothing does
            yield block, made

    def getter(self, a: Argument, stage: Stage) -> Callable[[int], Any]:
        if a.kind == "plain":
            value = self.plain[a.name]
            return lambda i: value
        slope = a.index.slope(stage.var) if stage.var else 0
        rest = a.index.without(stage.var).value(self.given.numbers) if stage.var else a.index.value(self.given.numbers)
        if a.kind == "number":
            return (lambda i: float(slope * i + rest)) if slope else (lambda i, v=float(rest): v)  # type: ignore[misc]
        if a.kind == "row":
            array = self.plain[a.name]
            count = len(array)

            def row(i: int) -> Any:
                k = slope * i + rest
                if not 0 <= k < count:
                    raise ShapeError(f"{a.name}[{k}] is outside of an array of {count} rows", advice="Give arrays that are large enough.")
                return array[k]

            return row
        store = self.members.setdefault(a.name, {})

        def one(i: int) -> Any:
            try:
                return store[slope * i + rest]
            except KeyError:
                what = f"{a.name}[{slope * i + rest}] has no value: no line and no input gives it at these lengths"
                raise ArgumentError(what, advice="Give other lengths, or write a start.") from None

        return one

    def _once(self, stage: Stage) -> None:
        (value,) = self.step_of(stage, stage.forward)(0)
        target = stage.targets[0]
        if target.kind == "plain":
            self.plain[target.name] = value
        else:
            self._keep(target.name, target.index.value(self.given.numbers), value)

    def _keep(self, name: str, index: int, value: Any) -> None:
        store = self.members.setdefault(name, {})
        if index in store:
            raise ArgumentError(f"{name}[{index}] is defined twice at these lengths", advice="Give other lengths.")
        store[index] = value

    def span(self, stage: Stage) -> range:
        """The indices of a stage at these lengths."""
        return range(stage.low.value(self.given.numbers), stage.high.value(self.given.numbers) + 1)

    def advance(self, stage: Stage, steps: range, again: bool = False) -> None:
        """The members of some steps; `again`, where they may be there."""
        names = [t.name for t in stage.targets]
        stores = [self.members.setdefault(n, {}) for n in names]

        def keep(k: int, i: int, value: Any) -> None:
            if i in stores[k] and not again:
                raise ArgumentError(f"{names[k]}[{i}] is defined twice at these lengths", advice="Give other lengths.")
            stores[k][i] = value

        for block, together in self._blocks(stage, stage.forward, steps):
            rest = block if together is None else block[together.advance(keep) :]
            if len(rest):
                step = self.step_of(stage, stage.forward)
                for i in rest:
                    for k, value in enumerate(step(i)):
                        keep(k, i, value)

    def add(self, stage: Stage, steps: range, first: bool) -> None:
        """The terms of a sum over an index, added to what the steps before gave."""
        name = stage.targets[0].name
        shape = self._shape(stage)
        total = (np.zeros(shape) if shape else 0.0) if first else self.plain[name]
        for block, together in self._blocks(stage, stage.forward, steps):
            terms: dict[int, Any] = {}
            made = 0 if together is None else together.advance(partial(_note, terms))
            step = self.step_of(stage, stage.forward)
            for term in chain(terms.values(), (step(i)[0] for i in block[made:])):
                total = total + term
        self.plain[name] = total

    def _shape(self, stage: Stage) -> tuple[int, ...]:
        return tuple(self.given.dimension(d) for d in stage.shapes[0])

    def _product(self, stage: Stage) -> None:
        step = self.step_of(stage, stage.forward)
        terms = [step(i)[0] for i in self.span(stage)]
        shape = self._shape(stage)
        total: Any = np.ones(shape) if shape else 1.0
        for t in terms:
            total = total * t
        self.factors[stage.targets[0].name], self.plain[stage.targets[0].name] = terms, total

    def forget(self, name: str, indices: Sequence[int]) -> None:
        """Let go of members."""
        for k in indices:
            del self.members[name][k]

    def restore(self, name: str, members: Mapping[int, Any]) -> None:
        """Put members back that were kept."""
        self.members[name].update(members)

    # ------------------------------------------------------------ adjoints

    def backward(self) -> dict[str, Any]:
        for part in reversed(self.parts):
            if isinstance(part, Rolling):
                part.backward()
            elif part.backward is None:
                continue
            elif part.once:
                self._once_back(part)
            elif part.multiplies:
                self._product_back(part)
            else:
                self.reverse(part, self.span(part))
        return {name: self._gradient(a) for name, a in self.loops.wrt}

    def _receive(self, table: dict[Any, Any], key: Any, sent: Any, mark: Any) -> None:
        """Add what was sent; arrays of our own in place."""
        held = table.get(key)
        if held is None:
            table[key] = sent
        elif mark in self.owned:
            held += sent
        else:
            table[key] = held + sent
            if isinstance(held, np.ndarray) and held.ndim:
                self.owned.add(mark)

    def _givers(self, stage: Stage) -> list[Callable[[int, Any], None]]:
        """What becomes of each result of a step back."""
        found: list[Callable[[int, Any], None]] = []
        for a in stage.receivers:
            if a.kind == "plain":
                found.append(lambda i, sent, n=a.name: self._receive(self.of_plain, n, sent, n))  # type: ignore[misc]
                continue
            slope = a.index.slope(stage.var) if stage.var else 0
            rest = a.index.without(stage.var or " ").value(self.given.numbers)
            fixed = self.fixed(a, stage)
            tables = self.of_row if a.kind == "row" else self.of_member
            table = tables.setdefault(a.name, {})

            def give(
                i: int, sent: Any, table: Any = table, slope: int = slope, rest: int = rest, n: str = a.name, fixed: Any = fixed
            ) -> None:
                k = slope * i + rest
                if k in fixed:
                    return
                if k in table:
                    self._receive(table, k, sent, (n, k))
                else:
                    table[k] = sent

            found.append(give)
        return found

    def fixed(self, a: Argument, stage: Stage) -> Container[int]:
        """The members that a stage reads as those of an earlier window, where loops are truncated: nothing is sent to them."""
        window = self.loops.truncate
        if window is None or stage.kind != "range" or a.kind != "member" or a.name not in {t.name for t in stage.targets}:
            return ()
        back = a.index.minus(Linear.letter(stage.var)).number
        if back is None or back >= 0:
            return ()
        span = self.span(stage)
        return Fixed(-back, span.start, span.stop - 1, window)

    def _adjoint(self, name: str) -> Any:
        """The adjoint of a block or a sum, with what its rows received."""
        found = self.of_plain.get(name)
        rows = self.of_row.get(name)
        if rows and name in self.plain:
            whole = np.zeros(np.shape(self.plain[name]))
            if found is not None:
                whole += found
            for k, sent in rows.items():
                whole[k] += sent
            return whole
        return found

    def _once_back(self, stage: Stage) -> None:
        assert stage.backward is not None
        target = stage.targets[0]
        if target.kind == "plain":
            adjoint = self._adjoint(target.name)
        else:
            adjoint = self.of_member.get(target.name, {}).get(target.index.value(self.given.numbers))
        if adjoint is not None:
            self._send(stage, range(1), lambda i: [adjoint])

    def _send(self, stage: Stage, steps: range, adjoints: Callable[[int], list[Any] | None]) -> None:
        """Run a stage back: what its step returns goes to the receivers."""
        assert stage.backward is not None
        givers = self._givers(stage)
        parts = [(steps, None)] if stage.once or stage.multiplies else self._blocks(stage, stage.backward, steps)
        for block, together in parts:
            if together is not None:
                try:
                    together.reverse(adjoints, givers)
                except (ValueError, IndexError) as error:
                    raise _no_value(stage.targets[0].name, error) from error
                continue
            step = self.step_of(stage, stage.backward)
            for i in block:
                found = adjoints(i)
                if found is not None:
                    for give, sent in zip(givers, step(i, *found), strict=True):
                        give(i, sent)

    def reverse(self, stage: Stage, steps: range) -> None:
        """The way back through some steps of a range or of a sum, the last of them first."""
        if stage.kind == "sum":
            adjoint = self._adjoint(stage.targets[0].name)
            if adjoint is not None:
                self._send(stage, steps[::-1], lambda i: [adjoint])
            return
        names = [t.name for t in stage.targets]
        given = [(n, self.of_member.setdefault(n, {}), self.members[n]) for n in names]
        read = dict.get if self.asked.intersection(names) else dict.pop  # nothing reads an adjoint twice that is not asked for

        resizes = self._resizes(stage, stage.forward)
        none: dict[str, Any] = {}  # zeros, of which nobody's own are made: what receives them adds to a copy

        def of(i: int) -> list[Any] | None:
            found, some = [], False
            for name, sent, made in given:
                one = read(sent, i, None)  # type: ignore[operator]
                if one is not None:
                    some = True
                elif resizes or name not in none:
                    one = none[name] = np.zeros(np.shape(made[i]))
                else:
                    one = none[name]
                found.append(one)
            return found if some else None

        self._send(stage, steps[::-1], of)

    def _product_back(self, stage: Stage) -> None:
        name = stage.targets[0].name
        adjoint = self._adjoint(name)
        if adjoint is None:
            return
        span, terms = self.span(stage), self.factors[name]
        after = [np.float64(1.0)]
        for t in terms[:0:-1]:
            after.append(after[-1] * t)
        before: Any = np.float64(1.0)
        others = []
        for t, rest in zip(terms, reversed(after), strict=False):
            others.append(before * rest)
            before = before * t
        self._send(stage, span, lambda i: [adjoint * others[i - span.start]])

    def _gradient(self, a: Argument) -> Any:
        if a.kind == "plain":
            found = self._adjoint(a.name)
            shape = np.shape(self.plain[a.name])
            return _whole(found, shape)
        if a.kind == "member":
            index = a.index.value(self.given.numbers)
            values = self.members.get(a.name, {})
            if index not in values:
                raise ArgumentError(f"there is no {a.name}[{index}] at these lengths", advice="Ask for a member that there is.")
            return self._member_gradient(a.name, index)
        first, count = self.given.first[a.name], len(self.given.members[a.name])
        members = [self._member_gradient(a.name, k) for k in range(first, first + count)]
        if a.name in self.given.stacked:
            return np.stack(members) if members else np.zeros(self.given.stacked[a.name])
        return members

    def _member_gradient(self, name: str, index: int) -> Any:
        found = self.of_member.get(name, {}).get(index)
        shape = np.shape(self.members[name][index])
        return _whole(found, shape)


def _note(terms: dict[int, Any], k: int, i: int, term: Any) -> None:
    terms[i] = term


def _no_value(where: str, error: Exception) -> ArgumentError:
    what = f"the kernel has no value at these arguments: {error} in {where}"
    return ArgumentError(what, advice="Give matrices that can be inverted, arrays of the declared shapes.")


def _whole(found: Any, shape: tuple[int, ...]) -> Any:
    """What was received, as an array or a number of its own; zero where that is nothing."""
    value = 0.0 if found is None else found
    return np.array(np.broadcast_to(value, shape)) if shape else np.float64(value)
