"""Kernel: what runs. Straight-line code as data (a Plan), and the callable made of it by a backend.

A Plan needs neither SymPy nor the registry of functions: every function in it brings its own code, so that a saved kernel runs
anywhere. This file imports no NumPy: backends read plans, `lowering` makes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from hashlib import sha256
from operator import itemgetter
from os import PathLike
from types import MappingProxyType
from typing import Any, Protocol

from symchain.dimensions import Shape, show
from symchain.errors import ArgumentError, UnsupportedError, nearest

OPCODES = {
    "constant": "a number; parameters: its spelling (a float literal, inf, pi)",
    "size": "a dimension as a number; parameters: the dimension",
    "add": "x + y; elementwise, broadcasting as NumPy does",
    "subtract": "x - y",
    "multiply": "x*y",
    "divide": "x/y",
    "power": "x**y",
    "negative": "-x",
    "sqrt": "the square root",
    "call": "an elementwise function; parameters: its name; `code` has fields {0}, {1} for the operands",
    "compare": "x < y and the like; parameters: the operator",
    "where": "where(condition, x, y)",
    "real": "the same numbers as floats, of integers",
    "integer": "the same numbers as integers, of floats",
    "view": "axes in another order; parameters: for each axis of the result the axis of x, or None for a new one of size 1",
    "drop": "without some axes of size 1; parameters: the axes",
    "broadcast": "repeated to a shape; parameters: the shape",
    "sum": "summed over axes; parameters: the axes",
    "diagonal": "the diagonal of two axes, put last; parameters: the two axes",
    "embed": "zeros with x on a diagonal; parameters: for each axis of the result the axis of x, and the shape",
    "matmul": "x @ y",
    "inner": "the sum of the products of all elements",
    "tensordot": "parameters: the axes of x and those of y that are summed together",
    "einsum": "parameters: the subscripts, 'ij,ij->i'",
    "gram": "x.T @ (w[:, None]*x), symmetric",
    "operation": "anything else; parameters: its name; `code` has fields {0}, {1} for the operands and s0, s1 for dimension letters",
}
"""What an instruction may do. Operands and results are arrays or numbers."""

ARITHMETIC = frozenset({"add", "subtract", "multiply", "divide", "power", "negative", "sqrt", "call", "compare", "where"})
"""The elementwise instructions."""

FREE = frozenset({"constant", "size", "view", "drop", "broadcast", "real", "integer", "diagonal"})
"""The instructions that compute nothing."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step: `opcode` of the values numbered `operands`. Its own number follows from its place in the plan."""

    opcode: str
    operands: tuple[int, ...] = ()
    parameters: tuple[Any, ...] = ()
    shape: Shape = ()
    """The shape of the array computed. Axes along which a value is constant may be missing until an operand needs them."""
    block: str = ""
    """The line of the program it belongs to."""
    code: Mapping[str, str] = field(default_factory=dict)
    """Templates per backend family, for "call" and "operation"."""


@dataclass(frozen=True, slots=True)
class Input:
    name: str
    shape: Shape = ()
    integer: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """A result: kind is value, gradient, hessian or array; names are the inputs it is a derivative by."""

    kind: str
    names: tuple[str, ...]
    value: int
    shape: Shape = ()


@dataclass(frozen=True, slots=True)
class Guard:
    """A place where a function has no derivative: kinks="raise" refuses a value that is `at`, or equal to the value `other`."""

    value: int
    at: float
    function: str
    block: str = ""
    other: int | None = None


@dataclass(frozen=True)
class Plan:
    """A computation as straight-line code: inputs are values 0 to len(inputs) - 1, instructions the values that follow."""

    inputs: tuple[Input, ...]
    letters: tuple[str, ...]
    instructions: tuple[Instruction, ...]
    outputs: tuple[Output, ...]
    order: int | None
    """0: value; 1: value, gradient; 2: value, gradient, hessian; None: one array alone."""
    scalar: bool = False
    """Whether the program has no shapes: then arrays given for its inputs broadcast."""
    guards: tuple[Guard, ...] = ()

    def __reduce__(self) -> Any:
        return Plan, tuple(getattr(self, f.name) for f in fields(self))  # without what was cached: views are not pickled

    def instruction(self, value: int) -> Instruction:
        return self.instructions[value - len(self.inputs)]

    def needed(self, guards: bool = False) -> list[int]:
        """The values that the outputs (and guards) depend on, inputs apart, in order."""
        first = len(self.inputs)
        used = {o.value for o in self.outputs} | (set(self.guarded) if guards else set())
        for number in range(first + len(self.instructions) - 1, first - 1, -1):
            if number in used:
                used.update(self.instruction(number).operands)
        return sorted(n for n in used if n >= first)

    @property
    def guarded(self) -> tuple[int, ...]:
        """The values that guards look at: one or two for each."""
        return tuple(v for g in self.guards for v in (g.value, g.other) if v is not None)

    @cached_property
    def operations(self) -> int:
        """How many instructions compute something."""
        return sum(self.instruction(n).opcode not in FREE for n in self.needed())

    @cached_property
    def elementwise(self) -> bool:
        """Whether every value is a number for each sample, so that samples may go through together."""
        return all(not self.instruction(n).shape for n in self.needed())

    @cached_property
    def uses(self) -> Mapping[int, int]:
        """How often each needed value is read, by instructions and outputs."""
        count: dict[int, int] = {}
        reads = [v for n in self.needed() for v in self.instruction(n).operands] + [o.value for o in self.outputs]
        for value in reads:
            count[value] = count.get(value, 0) + 1
        return MappingProxyType(count)

    def to_json(self) -> dict[str, Any]:
        return {
            "inputs": [[i.name, i.shape, i.integer] for i in self.inputs],
            "letters": self.letters,
            "instructions": [[i.opcode, i.operands, i.parameters, i.shape, i.block, dict(i.code)] for i in self.instructions],
            "outputs": [[o.kind, o.names, o.value, o.shape] for o in self.outputs],
            "order": self.order,
            "scalar": self.scalar,
            "guards": [[g.value, g.at, g.function, g.block, g.other] for g in self.guards],
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Plan:
        """The plan that `to_json` gave. Raises ArgumentError when the data is not of that form."""
        try:
            plan = Plan(
                inputs=tuple(Input(*_frozen(i)) for i in data["inputs"]),
                letters=_frozen(data["letters"]),
                instructions=tuple(_instruction(*i) for i in data["instructions"]),
                outputs=tuple(Output(*_frozen(o)) for o in data["outputs"]),
                order=data["order"],
                scalar=data["scalar"],
                guards=tuple(Guard(*_frozen(g)) for g in data["guards"]),
            )
            _check(plan)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise not_a_kernel() from error
        return plan


def _frozen(data: Any) -> Any:
    """JSON lists as tuples, however deep."""
    return tuple(map(_frozen, data)) if isinstance(data, list) else data


def _instruction(opcode: str, operands: Any, parameters: Any, shape: Any, block: str, code: Any) -> Instruction:
    return Instruction(opcode, _frozen(operands), _frozen(parameters), _frozen(shape), block, dict(code))


def _check(plan: Plan) -> None:
    """Raises ValueError unless every number of the plan means something."""
    for position, step in enumerate(plan.instructions):
        here = len(plan.inputs) + position
        if step.opcode not in OPCODES or not all(type(v) is int and 0 <= v < here for v in step.operands):
            raise ValueError(step)
        if step.opcode in ("call", "operation") and not step.parameters:
            raise ValueError(step)
    last = len(plan.inputs) + len(plan.instructions)
    results = [*(o.value for o in plan.outputs), *plan.guarded]
    if not all(type(v) is int and 0 <= v < last for v in results) or plan.order not in (0, 1, 2, None):
        raise ValueError("outputs")
    if not all(isinstance(n, str) for n in (*plan.letters, *(i.name for i in plan.inputs))):
        raise ValueError("names")
    shapes = [*(i.shape for i in plan.inputs), *(s.shape for s in plan.instructions), *(o.shape for o in plan.outputs)]
    tuples: list[Any] = [plan.letters, *(s.parameters for s in plan.instructions), *shapes]
    if not all(isinstance(t, tuple) for t in tuples):
        raise ValueError("shapes")


class Backend(Protocol):
    """What turns a plan into something that runs."""

    name: str

    def source(self, plan: Plan, options: Mapping[str, Any]) -> str: ...
    def function(self, plan: Plan, options: Mapping[str, Any]) -> Callable[..., Any]: ...


OPTIONS = {
    "out": "arrays of the form of the result: the results are written there, and `out` is returned",
    "accuracy": '"full" (the default): single numbers that float64 loses digits of are worked out with more; "fast": as they are',
    "kinks": '"subgradient" (the default) or "raise": refuse points where a function of the program has no derivative',
}


class Kernel:
    """Compiled code: `kernel(**inputs)` returns value and gradient, in the form that `order` was compiled for.

    Options never travel with the inputs, so that an input may have any name: `kernel.with_options(out=...)` is a kernel too.
    """

    def __init__(self, plan: Plan, backend: Backend, options: Mapping[str, Any] | None = None) -> None:
        self.plan = plan
        self.backend = backend
        self.options = dict(options or {})
        for name in self.options:
            if name not in OPTIONS:
                raise ArgumentError(f"there is no option {name}", advice=f"Options are {', '.join(OPTIONS)}.")
        self.names = tuple(i.name for i in plan.inputs)
        pick = itemgetter(*self.names) if self.names else _nothing
        self._values: Callable[[Mapping[str, Any]], Any] = pick if len(self.names) != 1 else lambda inputs: (pick(inputs),)

    @cached_property
    def positional(self) -> Callable[..., Any]:
        """The lean call: the values in the order of `names`, without keywords; the same results."""
        return self.backend.function(self.plan, self.options)

    def __call__(self, /, *unnamed: Any, **inputs: Any) -> Any:
        if unnamed:
            what = f"{len(unnamed)} values are given without a name"
            raise ArgumentError(
                what, advice=f"Write kernel({self.names[0] if self.names else 'x'}=...); kernel.positional takes them in order."
            )
        try:
            values = self._values(inputs)
        except KeyError:
            raise self._misnamed(inputs) from None
        if len(inputs) != len(values):
            raise self._misnamed(inputs)
        return self.positional(*values)

    def _misnamed(self, inputs: Mapping[str, Any]) -> ArgumentError:
        missing = [n for n in self.names if n not in inputs]
        unknown = [n for n in inputs if n not in self.names]
        parts = []
        if unknown:
            parts.append(f"no input is named {_listed(unknown)}")
        if missing:
            parts.append(f"no value is given for {_listed(missing)}")
        folded = {n.casefold(): n for n in missing or self.names}
        close = nearest(unknown[0].casefold(), folded) if unknown else None
        advice = (
            f"Did you mean {folded[close]}?"
            if close
            else f"The inputs are {_listed(self.names)}."
            if self.names
            else "The program has no inputs."
        )
        return ArgumentError("; ".join(parts), advice=advice)

    @property
    def source(self) -> str:
        """The code that runs, for reading. Its names are symchain's own; comments say which line of the program each belongs to."""
        return self.backend.source(self.plan, self.options)

    @property
    def operations(self) -> int:
        """How many operations (on numbers or whole arrays) one call takes."""
        return self.plan.operations

    def with_options(self, **options: Any) -> Kernel:
        """The same kernel with other options: out (arrays to write the results to), kinks ("subgradient" or "raise"), accuracy.

        Results of single numbers keep at least twelve decimals; accuracy="fast" leaves them as float64 arithmetic gives them.

        Raises ArgumentError for an option that does not exist.
        """
        return Kernel(self.plan, self.backend, {**self.options, **options})

    def save(self, path: str | PathLike[str]) -> None:
        """Write the kernel to a file, as JSON; `symchain.load(path)` reads it, without SymPy.

        Raises ArgumentError when the file cannot be written.
        """
        plan = json.loads(json.dumps(self.plan.to_json()))
        data = {"format": FORMAT, "version": VERSION, "digest": digest(plan), "plan": plan, "source": self.source.splitlines()}
        text = json.dumps(data)
        try:
            with open(_path(path), "w", encoding="utf-8") as file:
                file.write(text)
        except (OSError, ValueError) as error:
            raise _unreachable(path, "written", error) from error

    def __reduce__(self) -> Any:
        return Kernel, (self.plan, self.backend, self.options)  # what was compiled is compiled again where it arrives

    def __str__(self) -> str:
        return "\n".join(_listing(self.plan))

    def __repr__(self) -> str:
        return f"<kernel of {_listed(self.names)}: {self.operations} operations>"


def _nothing(inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    return ()


FORMAT, VERSION = "symchain kernel", 2


def read_plan(path: str | PathLike[str]) -> Plan:
    """The plan in a saved file. Raises ArgumentError when the file cannot be read or holds something else."""
    try:
        with open(_path(path), encoding="utf-8") as file:
            data = json.load(file)
    except OSError as error:
        raise _unreachable(path, "read", error) from error
    except (ValueError, RecursionError) as error:
        raise not_a_kernel() from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise not_a_kernel()
    if data.get("version") != VERSION:
        raise UnsupportedError(f"the kernel was saved in version {data.get('version')} of the format", advice="Compile and save it again.")
    plan = data.get("plan", {})
    if data.get("digest") != digest(plan):
        raise ArgumentError("the file was changed after the kernel was saved", advice="Compile and save it again.")
    return Plan.from_json(plan)


def digest(plan: Any) -> str:
    """By which a plan that was damaged in its file is told from the one that was saved."""
    return sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def not_a_kernel() -> ArgumentError:
    return ArgumentError("the file does not hold a kernel", advice="Use a file that Kernel.save wrote.")


def _path(path: Any) -> str | PathLike[str]:
    if not isinstance(path, (str, PathLike)):
        raise ArgumentError(f"{type(path).__name__} is not the name of a file", advice='Write "kernel.json".')
    return path


def _unreachable(path: str | PathLike[str], done: str, error: Exception) -> ArgumentError:
    return ArgumentError(f"'{path}' cannot be {done}: {getattr(error, 'strerror', None) or error}", advice="Check the name of the file.")


def _listed(names: Sequence[str], limit: int = 12) -> str:
    return ", ".join(names[:limit]) + (", ..." if len(names) > limit else "")


def _listing(plan: Plan, limit: int = 200) -> Iterator[str]:
    """What print(kernel) shows: the instructions, how often each value is used, and the totals."""
    needed = plan.needed()
    shared = sum(count > 1 for value, count in plan.uses.items() if value >= len(plan.inputs))
    yield f"{plan.operations} operations, {shared} values used more than once"
    for number, i in enumerate(plan.inputs):
        yield f"  v{number:<5} {i.name}{' ' + show(i.shape) if i.shape else ''}"
    for number in needed[:limit]:
        step = plan.instruction(number)
        name = step.parameters[0] if step.opcode in ("call", "operation") else step.opcode
        rest = () if step.opcode in ("call", "operation") else step.parameters[: 1 if step.opcode == "constant" else None]
        text = f"{name}({', '.join([*(f'v{v}' for v in step.operands), *map(str, rest)])})"
        times = f"  used {plan.uses[number]} times" if plan.uses.get(number, 0) > 1 else ""
        yield f"  v{number:<5} = {text:<40} {step.block}{' ' + show(step.shape) if step.shape else ''}{times}".rstrip()
    if len(needed) > limit:
        yield f"  ... and {len(needed) - limit} more"
    for o in plan.outputs:
        yield f"  {o.kind}{'[' + ', '.join(o.names) + ']' if o.names else ''} = v{o.value}"
