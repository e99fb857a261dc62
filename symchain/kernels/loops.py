"""Loops: kernels of programs with families. Each line is a step function, run forward over its range and backward from its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError, UnsupportedError, check_choice, nearest
from symchain.kernels.declared import check_sendable
from symchain.kernels.facts import check_facts
from symchain.kernels.kernel import Plan
from symchain.kernels.lengths import Extent, Lengths, Members
from symchain.kernels.numpy import bare_function
from symchain.support.dimensions import Shape
from symchain.support.linear import Linear

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Argument:
    """What a step function is given, or where what it returns is added: kind is plain, member, row or number."""

    kind: str
    name: str
    index: Linear = field(default_factory=Linear)


@dataclass(frozen=True)
class Code:
    """A step function, as a plan: its arguments, and the letters of shapes whose sizes it takes after them."""

    plan: Plan
    arguments: tuple[Argument, ...]

    def __reduce__(self) -> Any:
        return Code, (self.plan, self.arguments)  # what was compiled is compiled again where it arrives

    @property
    def letters(self) -> tuple[str, ...]:
        return self.plan.letters

    @property
    def function(self) -> Function:
        return self._made[0]

    @property
    def source(self) -> str:
        return self._made[1]

    @cached_property
    def _made(self) -> tuple[Function, str]:
        return bare_function(self.plan)


@dataclass(frozen=True, slots=True)
class Stage:
    """Lines that advance together, or one line alone: `kind` is that of a Clause; `targets` are what the lines define, in order."""

    kind: str
    targets: tuple[Argument, ...]
    shapes: tuple[Shape, ...]
    var: str
    low: Linear
    high: Linear
    forward: Code
    backward: Code | None = None
    """Returns what each of `receivers` receives; after its arguments it takes the adjoints of the targets."""
    receivers: tuple[Argument, ...] = ()

    @property
    def once(self) -> bool:
        return self.kind in ("plain", "start")


@dataclass(frozen=True)
class Loops:
    """A program with families as stages, in an order in which they can run."""

    stages: tuple[Stage, ...]
    inputs: Mapping[str, tuple[Shape, bool]]
    """The shape of each, and whether it is of whole numbers."""
    families: Mapping[str, Extent]
    lengths: tuple[str, ...]
    letters: tuple[str, ...]
    sizes: Mapping[str, tuple[str, Linear]]
    output: str
    wrt: tuple[tuple[str, Argument], ...]
    """What is asked for, by its name: W, W[2], W[L], h[0]."""
    order: int | None
    """0: value; 1: value and gradient; None: the one derivative alone."""
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What is declared of inputs, and of each member of a family: values without these facts are refused."""


Check = Callable[["LoopKernel"], None]
"""Holds a kernel of loops against its program; raises VerificationError where they differ."""

OPTIONS = {
    "facts": '"check" (the default): refuse values that lack a fact declared of them; "trust": do not look',
    "accuracy": '"fast" (the default, and all there is): numbers as float64 arithmetic gives them',
    "kinks": '"subgradient" (the default, and all there is): the value symchain gives where a function has no derivative',
}
_CHOICES = {"facts": ("check", "trust"), "accuracy": ("full", "fast"), "kinks": ("subgradient", "raise")}
_MISSING = {"accuracy": ("full", "numbers with more digits"), "kinks": ("raise", "refusals of points on a kink")}
"""What ordinary kernels have alone."""


class LoopKernel:
    """Compiled loops: `kernel(**inputs, **lengths)` returns value and gradient. Families are sequences, or arrays along axis 0.

    Lengths that the inputs do not tell are given by their letters: kernel(x=..., T=50).
    """

    def __init__(self, loops: Loops, options: Mapping[str, Any] | None = None, check: Check | None = None) -> None:
        """`check` is made before the first call, and before the code is shown; then it is forgotten."""
        self.loops, self.options = loops, dict(options or {})
        self._checks = [] if check is None else [check]
        for name, value in self.options.items():
            if name not in OPTIONS:
                what = f"a kernel of loops has no option {name}"
                raise ArgumentError(what, advice=f"Options are {', '.join(OPTIONS)}; program.unrolled(...) compiles to a kernel with all.")
            check_choice(name, value, _CHOICES[name])
            if name in _MISSING and value == _MISSING[name][0]:
                what = f"a kernel of loops has no {_MISSING[name][1]}: {name}={value!r}"
                raise UnsupportedError(what, advice="Leave it out, or compile program.unrolled(...).")
        self.names = (*loops.inputs, *loops.families)

    def with_options(self, **options: Any) -> LoopKernel:
        """The same kernel with other options: facts ("check" or "trust").

        Raises ArgumentError for an option that does not exist, UnsupportedError for one that ordinary kernels have alone.
        """
        return self._like(self.loops, {**self.options, **options})

    def alone(self) -> LoopKernel:
        """The kernel that returns its one derivative alone."""
        return self._like(replace(self.loops, order=None), self.options)

    def _like(self, loops: Loops, options: Mapping[str, Any]) -> LoopKernel:
        other = LoopKernel(loops, options)
        other._checks = self._checks
        return other

    def __reduce__(self) -> Any:
        self._checked()
        for code in (c for s in self.loops.stages for c in (s.forward, s.backward) if c is not None):
            check_sendable((i.opcode, i.parameters) for i in code.plan.instructions)
        views = {f.name: getattr(self.loops, f.name) for f in fields(self.loops)}
        plain: dict[str, Any] = {n: dict(v) for n, v in views.items() if isinstance(v, Mapping)}  # views are not pickled
        return LoopKernel, (replace(self.loops, **plain), self.options)

    def _checked(self) -> None:
        """Raises VerificationError where the kernel is wrong."""
        for check in self._checks[:1]:
            check(LoopKernel(replace(self.loops, order=self.loops.order if self.loops.order is not None else 1), {"facts": "trust"}))
        self._checks.clear()  # shared with the same kernel under other options

    def save(self, path: Any) -> None:
        """Kernels of loops are pickled, and not saved as files. Raises UnsupportedError."""
        raise UnsupportedError("a kernel of loops is not saved", advice="Pickle it, or keep the program's text and compile it again.")

    @property
    def source(self) -> str:
        """The code of the steps, in the order in which they run."""
        self._checked()
        parts = []
        for stage in self.loops.stages:
            over = "" if stage.once else f" for {stage.var} in {stage.low}..{stage.high}"
            names = ", ".join(t.name if t.kind == "plain" else f"{t.name}[{t.index}]" for t in stage.targets)
            parts.append(f"# {names}{over}\n{stage.forward.source}")
        for stage in reversed(self.loops.stages):
            if stage.backward is not None:
                over = "" if stage.once else f" for {stage.var} in {stage.high}..{stage.low}"
                parts.append(f"# back{over}\n{stage.backward.source}")
        return "\n\n".join(parts)

    def __call__(self, /, *unnamed: Any, **inputs: Any) -> Any:
        if unnamed:
            raise ArgumentError(f"{len(unnamed)} values are given without a name", advice="Write kernel(x=..., T=50).")
        given = self._admitted(inputs)
        self._checked()
        run = _Run(self.loops, given)
        with np.errstate(all="ignore"):
            value = run.forward()
            if self.loops.order == 0:
                return value
            gradient = run.backward()
            return (value, gradient) if self.loops.order is not None else next(iter(gradient.values()))

    def _admitted(self, inputs: Mapping[str, Any]) -> Members:
        loops = self.loops
        known = {*self.names, *loops.lengths, *loops.letters}
        unknown = [n for n in inputs if n not in known]
        if unknown:
            close = nearest(unknown[0], known)
            advice = f"Did you mean {close}?" if close else f"The inputs are {', '.join(self.names)}."
            raise ArgumentError(f"no input is named {', '.join(unknown[:12])}", advice=advice)
        missing = [n for n in self.names if inputs.get(n) is None]
        if missing:
            raise ArgumentError(f"no value is given for {', '.join(missing[:12])}", advice="Give a value for every input.")
        found = Lengths(loops.inputs, loops.families, loops.lengths, loops.letters, loops.sizes).admit(inputs)
        for name, facts in loops.facts.items() if self.options.get("facts", "check") == "check" else ():
            if name in found.plain:
                check_facts(name, facts, found.plain[name])
            for k, member in found.members.get(name, {}).items():
                check_facts(f"{name}[{k}]", facts, member)
        return found


class _Run:
    """One call: the values of blocks and members, then their adjoints."""

    def __init__(self, loops: Loops, given: Members) -> None:
        self.loops, self.given = loops, given
        self.plain: dict[str, Any] = dict(given.plain)
        self.members: dict[str, dict[int, Any]] = {n: dict(m) for n, m in given.members.items()}
        self.factors: dict[str, list[Any]] = {}

    # ------------------------------------------------------------ values

    def forward(self) -> Any:
        for stage in self.loops.stages:
            if stage.once:
                self._once(stage)
            elif stage.kind == "range":
                self._range(stage)
            else:
                self._total(stage)
        return np.float64(self.plain[self.loops.output]) if not np.ndim(self.plain[self.loops.output]) else self.plain[self.loops.output]

    def _step(self, stage: Stage, code: Code) -> Callable[..., Any]:
        """The step function of a stage, as a function of the index and of the adjoints of its targets."""
        getters = [self._getter(a, stage) for a in code.arguments]
        function, var = code.function, stage.var
        if any(n in self.loops.sizes and self.loops.sizes[n][1].slope(var or " ") for n in code.letters):
            return lambda i, *adjoints: self._tried(
                function, [*(g(i) for g in getters), *adjoints], [self.given.size(n, {var: i}) for n in code.letters], stage, i
            )
        sizes = [self.given.size(n, {}) for n in code.letters]
        return lambda i, *adjoints: self._tried(function, [*(g(i) for g in getters), *adjoints], sizes, stage, i)

    def _tried(self, function: Function, arguments: list[Any], sizes: list[int], stage: Stage, i: int) -> Any:
        try:
            return function(*arguments, *sizes, np.float64)
        except (ValueError, IndexError, np.linalg.LinAlgError) as error:
            where = stage.targets[0].name + ("" if stage.once else f" at {stage.var} = {i}")
            what = f"the kernel has no value at these arguments: {error} in {where}"
            raise ArgumentError(what, advice="Give matrices that can be inverted, arrays of the declared shapes.") from error

    def _getter(self, a: Argument, stage: Stage) -> Callable[[int], Any]:
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
        (value,) = self._step(stage, stage.forward)(0)
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

    def _span(self, stage: Stage) -> range:
        return range(stage.low.value(self.given.numbers), stage.high.value(self.given.numbers) + 1)

    def _range(self, stage: Stage) -> None:
        step = self._step(stage, stage.forward)
        names = [t.name for t in stage.targets]
        stores = [self.members.setdefault(n, {}) for n in names]
        for i in self._span(stage):
            for store, name, value in zip(stores, names, step(i), strict=True):
                if i in store:
                    raise ArgumentError(f"{name}[{i}] is defined twice at these lengths", advice="Give other lengths.")
                store[i] = value

    def _total(self, stage: Stage) -> None:
        step = self._step(stage, stage.forward)
        terms = [step(i)[0] for i in self._span(stage)]
        name = stage.targets[0].name
        shape = tuple(self.given.dimension(d) for d in stage.shapes[0])
        if stage.kind == "sum":
            total = np.zeros(shape) if shape else 0.0
            for t in terms:
                total = total + t
        else:
            self.factors[name] = terms
            total = np.ones(shape) if shape else 1.0
            for t in terms:
                total = total * t
        self.plain[name] = total

    # ------------------------------------------------------------ adjoints

    def backward(self) -> dict[str, Any]:
        self.of_plain: dict[str, Any] = {self.loops.output: 1.0}
        self.of_member: dict[str, dict[int, Any]] = {}
        self.of_row: dict[str, dict[int, Any]] = {}
        self.owned: set[Any] = set()
        for stage in reversed(self.loops.stages):
            if stage.backward is None:
                continue
            if stage.once:
                self._once_back(stage)
            elif stage.kind == "range":
                self._range_back(stage)
            else:
                self._total_back(stage)
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
            if np.ndim(held):
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
            tables = self.of_row if a.kind == "row" else self.of_member
            table = tables.setdefault(a.name, {})

            def give(i: int, sent: Any, table: Any = table, slope: int = slope, rest: int = rest, n: str = a.name) -> None:
                k = slope * i + rest
                self._receive(table, k, sent, (n, k))

            found.append(give)
        return found

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
            self._send(stage, [0], lambda i: [adjoint])

    def _send(self, stage: Stage, steps: Sequence[int], adjoints: Callable[[int], list[Any] | None]) -> None:
        """Run a stage back: what its step returns goes to the receivers."""
        assert stage.backward is not None
        step, givers = self._step(stage, stage.backward), self._givers(stage)
        for i in steps:
            found = adjoints(i)
            if found is not None:
                for give, sent in zip(givers, step(i, *found), strict=True):
                    give(i, sent)

    def _range_back(self, stage: Stage) -> None:
        assert stage.backward is not None
        names = [t.name for t in stage.targets]
        adjoints = [self.of_member.setdefault(n, {}) for n in names]
        values = [self.members[n] for n in names]

        def of(i: int) -> list[Any] | None:
            found = [a.get(i) for a in adjoints]
            if all(f is None for f in found):
                return None
            return [np.zeros(np.shape(v[i])) if f is None else f for f, v in zip(found, values, strict=True)]

        self._send(stage, self._span(stage)[::-1], of)

    def _total_back(self, stage: Stage) -> None:
        name = stage.targets[0].name
        adjoint = self._adjoint(name)
        if adjoint is None:
            return
        span = self._span(stage)
        if stage.kind == "sum":
            self._send(stage, span, lambda i: [adjoint])
            return
        terms = self.factors[name]
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


def _whole(found: Any, shape: tuple[int, ...]) -> Any:
    """What was received, as an array or a number of its own; zero where that is nothing."""
    value = 0.0 if found is None else found
    return np.array(np.broadcast_to(value, shape)) if shape else np.float64(value)

