"""Kernel: what runs. Straight-line code as data (a Plan), and the callable made of it by a backend.

A Plan needs neither SymPy nor the registry of functions: every function in it brings its form over the primitives, so that a saved
kernel runs anywhere; and it holds no text of a program, so that a saved kernel is no code. Backends read plans, `lowering` makes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, partial
from hashlib import sha256
from operator import itemgetter
from os import PathLike, fspath
from types import MappingProxyType
from typing import Any, Protocol

from symchain.errors import ArgumentError, SymchainError, UnsupportedError, nearest
from symchain.kernels.declared import check_sendable
from symchain.kernels.facts import FACTS
from symchain.kernels.grammar import LARGEST, check_dimension, check_letter
from symchain.kernels.opcodes import FREE, OPCODES, result_shape
from symchain.kernels.partners import Partners
from symchain.support.dimensions import Need, Shape, show
from symchain.support.files import read_file


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step: `opcode` of the values numbered `operands`. Its own number follows from its place in the plan."""

    opcode: str
    operands: tuple[int, ...] = ()
    parameters: tuple[Any, ...] = ()
    """Of the grammar that `opcodes` has for the opcode."""
    shape: Shape = ()
    """The shape of the array computed. Axes along which a value is constant may be missing until an operand needs them."""
    block: str = ""
    """The line of the program it belongs to."""


@dataclass(frozen=True, slots=True)
class Input:
    name: str
    shape: Shape = ()
    integer: bool = False
    facts: tuple[str, ...] = ()
    """What the results are right for: values without these facts are refused."""


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
    needs: tuple[Need, ...] = ()
    """What the sizes of the letters must be for the computation to have a meaning."""

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
            "inputs": [[i.name, i.shape, i.integer, i.facts] for i in self.inputs],
            "letters": self.letters,
            "instructions": [[i.opcode, i.operands, i.parameters, i.block] for i in self.instructions],
            "outputs": [[o.kind, o.names, o.value] for o in self.outputs],
            "order": self.order,
            "scalar": self.scalar,
            "guards": [[g.value, g.at, g.function, g.block, g.other] for g in self.guards],
            "needs": [[n.dim, n.least, n.what, n.block] for n in self.needs],
        }

    @staticmethod
    def from_json(data: Any) -> Plan:
        """The plan that `to_json` gave, shapes worked out anew. Raises ArgumentError when the data is not of that form."""
        try:
            return _plan(**{str(key): _frozen(value) for key, value in data.items()})
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, SymchainError) as error:
            raise not_a_kernel() from error


def _frozen(data: Any) -> Any:
    """JSON lists as tuples, however deep."""
    return tuple(map(_frozen, data)) if isinstance(data, list) else data


def _plan(inputs: Any, letters: Any, instructions: Any, outputs: Any, order: Any, scalar: Any, guards: Any, needs: Any) -> Plan:
    """The plan of these parts. Raises ValueError, or whatever happens, unless each of them is of its grammar."""
    _hold(isinstance(letters, tuple) and len(set(letters)) == len(letters))
    for letter in letters:
        check_letter(letter)
    declared = tuple(_input(i, letters) for i in inputs)
    _hold(len({i.name for i in declared}) == len(declared))
    values = [(i.shape, "i" if i.integer else "x") for i in declared]
    steps = []
    for opcode, operands, parameters, block in instructions:
        _hold(isinstance(opcode, str) and isinstance(block, str) and isinstance(operands, tuple) and isinstance(parameters, tuple))
        found = OPCODES[opcode]
        read = [values[_number(v, len(values))] for v in operands]
        _hold(all(kind == found.kind(k) for k, (_, kind) in enumerate(read)))
        shape = result_shape(opcode, [s for s, _ in read], parameters, letters)
        values.append((shape, found.gives))
        steps.append(Instruction(opcode, operands, parameters, shape, block))
    results = tuple(_output(o, values) for o in outputs)
    _check_form(results, order, scalar, declared)
    kinks, sizes = tuple(_guard(g, values) for g in guards), tuple(_need(n, letters) for n in needs)
    return Plan(declared, letters, tuple(steps), results, order, scalar, kinks, sizes)


def _hold(condition: bool) -> None:
    if not condition:
        raise ValueError


def _number(value: Any, count: int) -> int:
    """The number of a value, one of the first so many."""
    _hold(type(value) is int and 0 <= value < count)
    return value  # type: ignore[no-any-return]


def _input(data: Any, letters: Sequence[str]) -> Input:
    name, shape, integer, facts = data
    _hold(isinstance(name, str) and isinstance(shape, tuple) and isinstance(integer, bool) and isinstance(facts, tuple))
    for fact in facts:
        axes = FACTS[fact].axes
        _hold(len(shape) >= axes and (axes < 2 or (len(shape) == 2 and shape[0] == shape[1])))
    return Input(name, tuple(check_dimension(d, letters) for d in shape), integer, facts)


def _output(data: Any, values: Sequence[tuple[Shape, str]]) -> Output:
    kind, names, value = data
    _hold(isinstance(names, tuple) and all(isinstance(n, str) for n in names))
    _hold(len(names) in {"value": (0,), "array": (0,), "gradient": (1,), "hessian": (1, 2)}[kind])
    shape, is_real = values[_number(value, len(values))]
    _hold(is_real == "x")
    return Output(kind, names, value, shape)


def _check_form(results: Sequence[Output], order: Any, scalar: Any, inputs: Sequence[Input]) -> None:
    """Raises ValueError unless there are the outputs that the order promises."""
    kinds = [o.kind for o in results]
    _hold(order is None or (type(order) is int and 0 <= order <= 2))
    _hold(kinds[:1] == ["value" if order is not None else "array"] and not {"value", "array"}.intersection(kinds[1:]))
    _hold((order or 0) >= (2 if "hessian" in kinds else 1 if "gradient" in kinds else 0))
    _hold(len({(o.kind, o.names) for o in results}) == len(results))
    _hold(isinstance(scalar, bool) and not (scalar and (any(i.shape for i in inputs) or any(o.shape for o in results))))


def _guard(data: Any, values: Sequence[tuple[Shape, str]]) -> Guard:
    value, at, function, block, other = data
    _hold(type(at) in (int, float) and isinstance(function, str) and isinstance(block, str))
    for v in (value,) if other is None else (value, other):
        _hold(values[_number(v, len(values))][1] == "x")
    return Guard(value, float(at), function, block, other)


def _need(data: Any, letters: Sequence[str]) -> Need:
    dim, least, what, block = data
    _hold(type(least) is int and abs(least) <= LARGEST and isinstance(what, str) and isinstance(block, str))
    return Need(check_dimension(dim, letters), least, what, block)


class Backend(Protocol):
    """What turns a plan into something that runs."""

    name: str

    def source(self, plan: Plan, options: Mapping[str, Any]) -> str: ...
    def function(self, plan: Plan, options: Mapping[str, Any]) -> Callable[..., Any]: ...
    def exported(self, kernel: Kernel, target: str, at: Mapping[str, Any] | None) -> str: ...
    def function_on(self, plan: Plan, target: str) -> Callable[..., Any]: ...


Check = Callable[[Sequence[str], Callable[..., Any]], None]
"""Holds the lean call of a kernel, given the names of its inputs, against the program; raises VerificationError where they differ."""

OPTIONS = {
    "out": "arrays of the form of the result: the results are written there, and `out` is returned",
    "accuracy": (
        '"full" (the default): numbers that float64 loses digits of, and arrays where it has no finite answer, are worked out with more; '
        '"fast": as they are'
    ),
    "facts": '"check" (the default): refuse values that lack a fact declared of them; "trust": do not look',
    "form": 'of Hessians and Jacobians: "dense" (the default), "sparse" (a csr_array of SciPy), "operator" (a LinearOperator of SciPy)',
    "kinks": '"subgradient" (the default) or "raise": refuse points where a function of the program has no derivative',
}


class Kernel(Partners):
    """Compiled code: `kernel(**inputs)` returns value and gradient, in the form that `order` was compiled for.

    Options never travel with the inputs, so that an input may have any name: `kernel.with_options(out=...)` is a kernel too.
    """

    def __init__(
        self,
        plan: Plan,
        backend: Backend,
        options: Mapping[str, Any] | None = None,
        check: Check | None = None,
        about: Callable[[], Sequence[str]] | None = None,
    ) -> None:
        """`check` is made before the first call, and before the kernel is saved, sent or shown; then it is forgotten.

        `about` gives lines that say what is computed: what the header of an exported file tells.
        """
        self.about = about
        self._checks = [] if check is None else [check]
        self.plan = plan
        self.backend = backend
        self.options = dict(options or {})
        for name in self.options:
            if name not in OPTIONS:
                raise ArgumentError(f"there is no option {name}", advice=f"Options are {', '.join(OPTIONS)}.")
        self.names = tuple(i.name for i in plan.inputs)
        self._switch: Any = None
        pick = itemgetter(*self.names) if self.names else _nothing
        self._values: Callable[[Mapping[str, Any]], Any] = pick if len(self.names) != 1 else lambda inputs: (pick(inputs),)

    @cached_property
    def positional(self) -> Callable[..., Any]:
        """The lean call: the values in the order of `names`, without keywords; the same results."""
        if "form" in self.options:
            self._checked()
            return self._in_form()
        call = self.backend.function(self.plan, self.options)
        self._checked(None if self.options else call)
        switch = getattr(call, "switch", None)
        if switch is not None:  # what runs may change: see `native.switching`
            self._switch = switch
            switch.settled = partial(self.__dict__.__setitem__, "positional")
        return call

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

    def _checked(self, call: Callable[..., Any] | None = None) -> None:
        """Raises VerificationError where the kernel is wrong; `call` is the lean call without options, where there is one."""
        for check in self._checks[:1]:
            check(self.names, call or self.backend.function(self.plan, {}))
        self._checks.clear()  # shared with the same kernel under other options

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
        self._checked()
        return (self._switch or self.backend).source(self.plan, self.options)  # type: ignore[no-any-return]

    @property
    def operations(self) -> int:
        """How many operations (on numbers or whole arrays) one call takes."""
        return self.plan.operations

    def with_options(self, **options: Any) -> Kernel:
        """The same kernel with other options: out (arrays to write the results to), kinks ("subgradient" or "raise"), accuracy,
        facts ("check" or "trust"), form of Hessians and Jacobians ("dense", "sparse" or "operator").

        Results of single numbers keep at least twelve decimals; accuracy="fast" leaves them as float64 arithmetic gives them.

        Raises ArgumentError for an option that does not exist.
        """
        other = Kernel(self.plan, self.backend, {**self.options, **options}, about=self.about)
        other._checks = self._checks
        return other

    def export(self, target: str, at: Mapping[str, Any] | None = None) -> str:
        """The text of one file that computes the same where symchain is not installed: "numpy", "numba", "torch", "jax", "c", "cpp",
        "fortran", "julia" or "matlab".

        Its header holds the program and its derivatives, its function takes the inputs by name and checks their shapes, and run by
        itself it tests itself at the point `at`. Numbers are float64, without the guards of a kernel (`accuracy`, `facts`). Raises
        UnsupportedError, by name, for what a target lacks.

        >>> import symchain
        >>> text = symchain.parse("y = a*x**2").compile(wrt=["x"]).export("julia")
        >>> next(line for line in text.splitlines() if line.startswith("function"))
        'function value_and_gradients(a, x)'
        """
        self._checked()
        return self.backend.exported(self, target, at)

    def function(self, target: str) -> Callable[..., Any]:
        """A plain function over the arrays of "torch", "jax" or "numba" (NumPy's), by the inputs' names or in their order.

        The results have the form of the kernel's. Tensors keep their device and type, float64 where numbers are given; JAX's arrays
        may be traced (jit, vmap). Raises UnsupportedError where the library is missing, or has no form of something.
        """
        self._checked()
        return self.backend.function_on(self.plan, target)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the kernel to a file, as JSON; `symchain.load(path)` reads it, without SymPy.

        The file holds the plan: instructions, numbers and dimensions, of which `load` generates the code; no code is in it.
        Raises ArgumentError when the file cannot be written, UnsupportedError for a kernel with an operation of your own.
        """
        self._checked()
        self._check_sendable()
        plan = json.loads(json.dumps(self.plan.to_json()))
        data = {"format": FORMAT, "version": VERSION, "digest": digest(plan), "plan": plan}
        write_kernel(path, data)

    def _check_sendable(self) -> None:
        alone: Callable[[str], Exception] | None = getattr(self.backend, "alone", None)
        if alone is not None:
            raise alone("saved or sent")
        check_sendable((i.opcode, i.parameters) for i in self.plan.instructions)

    def __reduce__(self) -> Any:
        self._checked()
        self._check_sendable()
        return Kernel, (self.plan, self.backend, self.options)  # what was compiled is compiled again where it arrives

    def __str__(self) -> str:
        described: Callable[..., str] | None = getattr(self._switch or self.backend, "described", None)
        return "\n".join([*([described(self.plan, self.options)] if described else ()), *_listing(self.plan)])

    def __repr__(self) -> str:
        return f"<kernel of {_listed(self.names)}: {self.operations} operations>"


def _nothing(inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    return ()


_LARGEST = 2**26
"""Files of more characters are not read."""
FORMAT, VERSION = "symchain kernel", 5


def write_kernel(path: str | PathLike[str], data: Mapping[str, Any]) -> None:
    """Write what a file of a kernel holds. Raises ArgumentError when the file cannot be written."""
    text = json.dumps(data)
    try:
        with open(_path(path), "w", encoding="utf-8") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        raise _unreachable(path, "written", error) from error


def read_plan(path: str | PathLike[str]) -> Plan:
    """The plan in a saved file. Raises ArgumentError when the file cannot be read or holds something else."""
    try:
        data = json.loads(read_file(fspath(_path(path)), _LARGEST))
    except OSError as error:
        raise _unreachable(path, "read", error) from error
    except (ValueError, RecursionError, MemoryError) as error:
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
        name = step.parameters[0] if step.opcode == "call" else step.opcode
        rest = () if step.opcode == "call" else step.parameters[: 1 if step.opcode == "constant" else None]
        text = f"{name}({', '.join([*(f'v{v}' for v in step.operands), *map(str, rest)])})"
        times = f"  used {plan.uses[number]} times" if plan.uses.get(number, 0) > 1 else ""
        yield f"  v{number:<5} = {text:<40} {step.block}{' ' + show(step.shape) if step.shape else ''}{times}".rstrip()
    if len(needed) > limit:
        yield f"  ... and {len(needed) - limit} more"
    for o in plan.outputs:
        yield f"  {o.kind}{'[' + ', '.join(o.names) + ']' if o.names else ''} = v{o.value}"
