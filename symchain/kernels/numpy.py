"""The NumPy backend: plans as Python source over NumPy, and over plain floats where all arguments are floats."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from os import PathLike
from traceback import walk_tb
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, LimitError, NotDifferentiableError, ShapeError, check_choice
from symchain.kernels import arraydigits, balls, digits
from symchain.kernels.arguments import DOUBLE, SINGLE, admit, sizes
from symchain.kernels.declared import CODE
from symchain.kernels.doubts import Doubts
from symchain.kernels.entrydoubts import ENTRY_HELPERS, EntryDoubts
from symchain.kernels.export import export, function
from symchain.kernels.facts import check_all, tests_of
from symchain.kernels.floats import HELPERS, NoFloats
from symchain.kernels.guard import check
from symchain.kernels.kernel import Guard, Instruction, Kernel, Plan, not_a_kernel, read_plan
from symchain.kernels.matrices import MATRICES
from symchain.kernels.opcodes import OPCODES
from symchain.kernels.outputs import writing_to
from symchain.kernels.primitives import GROWING, Form, parts
from symchain.kernels.recourse import Recourse, is_wanted
from symchain.kernels.source import commented, folded, shown
from symchain.kernels.stable import STABLE
from symchain.kernels.watched import Watched
from symchain.kernels.writing import NAMES, Writer

_CHUNK = 16384
"""Samples worked on at once: the temporaries of this many stay in the cache."""
_RESCUED = 1000
"""At most so many samples of a call are worked out again with many digits; a tenth of a millisecond each."""
_PASSING = ("near_zero",)
"""Primitives that may return an argument."""
_WRITTEN = frozenset(name for names in NAMES.values() for name in names.values())
_CHAIN = 32
"""Up to this many arguments are tested for floats one by one."""


class NumPyBackend:
    """Plans as Python source over NumPy, compiled in this process."""

    name = "numpy"

    def source(self, plan: Plan, options: Mapping[str, Any]) -> str:
        """The code, with comments that name the inputs and the blocks."""
        program = NumPyCode(plan, options)
        parts = [program.written(family, comments=True) for family in ("math", "numpy")]
        return "\n\n".join(part for part in parts if part)

    def function(self, plan: Plan, options: Mapping[str, Any]) -> Callable[..., Any]:
        """The callable that takes the values of the inputs in order and returns the results in the form of the plan."""
        code = self.code(plan, options)
        return code.call if options.get("out") is None else code.writing_to(options["out"])

    def described(self, plan: Plan, options: Mapping[str, Any]) -> str:
        return self.code(plan, options).described()

    def code(self, plan: Plan, options: Mapping[str, Any]) -> NumPyCode:
        return NumPyCode(plan, options)

    def exported(self, kernel: Kernel, target: str, at: Mapping[str, Any] | None) -> str:
        """The text of a file in another language, or over another library."""
        return export(kernel, target, at)

    def function_on(self, plan: Plan, target: str) -> Callable[..., Any]:
        """The function over the arrays of another library."""
        return function(plan, target)


def bare_function(plan: Plan) -> tuple[Callable[..., Any], str]:
    """The code of a plan without checks and conversions, and its source: it takes arrays, the sizes of the letters and the precision."""
    program = NumPyCode(plan, {"accuracy": "fast"})
    return program.arrays, program.written("numpy", comments=True)


def load(path: str | PathLike[str]) -> Kernel:
    """Read a kernel that `Kernel.save` wrote. Neither SymPy nor the program is needed.

    The file holds a plan: instructions, numbers and dimensions, of which the code is generated here. Nothing in the file is code.
    Raises ArgumentError when the file cannot be read or is not a kernel, UnsupportedError when an earlier version wrote it.
    """
    plan = read_plan(path)
    try:
        NumPyCode(plan, {}).arrays  # noqa: B018
    except (SyntaxError, RecursionError, MemoryError) as error:  # what is too deep for Python's compiler
        raise not_a_kernel() from error
    return Kernel(plan, NumPyBackend())


class NumPyCode:
    """One plan under one set of options: its sources, and the functions compiled from them on first use."""

    def __init__(self, plan: Plan, options: Mapping[str, Any]) -> None:
        self.plan = plan
        kinks = options.get("kinks", "subgradient")
        check_choice("kinks", kinks, ("subgradient", "raise"))
        self.options = options
        accuracy = options.get("accuracy", "full")
        check_choice("accuracy", accuracy, ("full", "fast"))
        self.careful = accuracy == "full"
        facts = options.get("facts", "check")
        check_choice("facts", facts, ("check", "trust"))
        self.names = [i.name for i in plan.inputs]
        self.facts = [i.facts if facts == "check" else () for i in plan.inputs]
        self.guards = plan.guards if kinks == "raise" else ()
        self.keys = [None if not o.names else o.names[0] if len(o.names) == 1 else o.names for o in plan.outputs]

    # ------------------------------------------------------------ sources

    def written(self, family: str, comments: bool = False) -> str:
        """The source of one function; empty where the family has no code for the plan."""
        if family not in ("numpy", "entries") and (not self.plan.scalar or not self.plan.inputs or self.guards):
            return ""
        try:
            doubts = self.entry_doubts if family == "entries" else self.doubts if family == self._doubtful else None
            writer = Writer(self.plan, "numpy" if family == "entries" else family, bool(self.guards), doubts.values if doubts else ())
            body = list(writer.statements())
        except NoFloats:
            return ""
        if family == "digits":
            names = ", ".join(f"v{k}" for k in range(len(self.plan.inputs)))
            results = ", ".join([*writer.results_text(), ""])
            return "\n".join([*folded(f"def kernel({names}):", 0), *commented(body, 4, False), *folded(f"return ({results})", 4)]) + "\n"
        comparisons = list(dict.fromkeys(doubts.comparisons(writer.named))) if doubts else []
        if family == "math":
            tests = tests_of([f"v{k}" for k in range(len(self.facts))], self.facts)
            return self._of_floats(body, writer.results_text(), comments, [*tests, *comparisons])
        arguments = [*(f"v{k}" for k in range(len(self.plan.inputs))), *(f"s{k}" for k in range(len(self.plan.letters))), "dt"]
        lines = [*folded(f"def kernel({', '.join(arguments)}):", 0)]
        if comments:
            lines += [f"    # {v} = {shown(i.name)}" for v, i in zip(arguments, self.plan.inputs, strict=False)]
            lines += [f"    # s{k} = {shown(n)}" for k, n in enumerate(self.plan.letters)]
        lines += commented(body, 4, comments)
        returned = [*writer.results_text(), *([" and ".join(comparisons)] if comparisons else [])]
        lines += folded(f"return ({', '.join([*returned, ''])})".replace(", )", ",)"), 4)
        return "\n".join(lines) + "\n"

    def _of_floats(self, body: Sequence[tuple[str, str]], results: Sequence[str], comments: bool, comparisons: Sequence[str]) -> str:
        """The whole call for plain floats; what is not one, or raises, or fails one of the comparisons, goes the general way."""
        names = [f"v{k}" for k in range(len(self.plan.inputs))]
        if len(names) <= _CHAIN:
            arguments = ", ".join([*(f"{n}=None" for n in names), "*more"])
            test = " is ".join(f"type({n})" for n in names) + " is float and not more"
            passed, taken = ", ".join([*names, "*more"]), []
        else:
            arguments = passed = "*values"
            test = f"len(values) == {len(names)} and {{type(v) for v in values}} == {{float}}"
            taken = folded(f"({', '.join(names)})\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}values", 12)
        lines = [*folded(f"def kernel_of_floats({arguments}):", 0), "    try:", *folded(f"if {test}:", 8)]
        if comments:
            lines += [f"            # {v} = {shown(i.name)}" for v, i in zip(names, self.plan.inputs, strict=True)]
        lines += [*taken, *commented(body, 12, comments)]
        if comparisons:
            lines += folded(f"if {' and '.join(comparisons)}:", 12)
            lines += [*folded(f"return {self._packed(results)}", 16), *folded(f"return again({passed})", 12)]
        else:
            lines += folded(f"return {self._packed(results)}", 12)
        lines += [
            "    except (ArithmeticError, ValueError):",
            *folded(f"return again({passed})", 8),
            *folded(f"return general({passed})", 4),
        ]
        return "\n".join(lines) + "\n"

    def _packed(self, results: Sequence[str]) -> str:
        """The results in the form of the plan; k0, k1, ... are the names of the inputs."""
        groups: dict[str, list[str]] = {"gradient": [], "hessian": []}
        heads = []
        for k, (o, text) in enumerate(zip(self.plan.outputs, results, strict=True)):
            if o.kind in groups:
                groups[o.kind].append(f"k{k}: {text}")
            else:
                heads.append(text)
        order = self.plan.order
        if not order:
            return heads[0]
        return ", ".join([heads[0], *("{" + ", ".join(g) + "}" for g in list(groups.values())[:order])])

    @cached_property
    def doubts(self) -> Doubts | None:
        """What tells that digits may be lost; None where nobody asks."""
        return Doubts(self.plan) if self.careful else None

    @property
    def _doubtful(self) -> str:
        """The family of code that single numbers go through."""
        return "math" if self.plan.scalar else "numpy"

    @cached_property
    def entry_doubts(self) -> EntryDoubts | None:
        """The doubts about entries of arrays too; None where there are none."""
        found = EntryDoubts(self.plan) if self.careful and not self.plan.scalar else None
        return found if found is not None and found.about_entries else None

    @cached_property
    def divides(self) -> bool:
        """Whether anything is divided by what is no constant: elsewhere products of floats that overflow are not made finite again."""
        steps = map(self.plan.instruction, self.plan.needed())
        first = len(self.plan.inputs)
        return any(
            s.opcode == "divide" and not (s.operands[1] >= first and self.plan.instruction(s.operands[1]).opcode == "constant")
            for s in steps
        )

    @cached_property
    def may_overflow(self) -> bool:
        """Whether arrays may overflow on the way to finite results: they divide, or call a function that grows fast or has poles."""
        steps = map(self.plan.instruction, self.plan.needed())
        return self.divides or any(s.opcode == "power" or (s.opcode == "call" and _grows(s.parameters[1])) for s in steps)

    # ------------------------------------------------------------ functions

    def described(self) -> str:
        """In a line, what runs."""
        return f"target numpy: {'floats for single numbers, ' if self.written('math') else ''}arrays"

    @property
    def call(self) -> Callable[..., Any]:
        """What the kernel's lean call is."""
        return self.floats or self.general

    def writing_to(self, out: Any) -> Callable[..., Any]:
        """The same, with its results in arrays that the caller keeps."""
        return writing_to(self.call, out)

    def _compiled(self, text: str, entry: str, instead: Mapping[str, Any] | None = None) -> Callable[..., Any]:
        modules: dict[str, Any] = {"np": np, "math": math}
        if "special." in text:
            from scipy import special

            modules["special"] = special
        helpers: dict[str, Callable[..., Any]] = {**HELPERS, **STABLE, **MATRICES, **CODE}
        check(text, _WRITTEN | helpers.keys() | (instead or {}).keys())
        safe: dict[str, Any] = {f.__name__: f for f in (float, int, len, type, max, min, abs, slice, ArithmeticError, ValueError)}
        safe["__import__"] = __import__  # NumPy's methods import through it; the pattern keeps generated code from naming it
        scope = {**modules, **helpers, **(instead or {}), "__builtins__": safe, "general": self.general, "again": self.again}
        scope.update((f"k{k}", key) for k, key in enumerate(self.keys))
        exec(compile(text, f"<symchain {entry}>", "exec"), scope)
        return scope[entry]  # type: ignore[no-any-return]

    @cached_property
    def floats(self) -> Callable[..., Any] | None:
        """The whole call for plain floats; it hands other arguments, and what raises, to `general`."""
        text = self.written("math")
        return self._compiled(text, "kernel_of_floats") if text else None

    @property
    def recourse(self) -> Recourse | None:
        """Where results are worked out again; None where there is no code for single numbers, or nobody wants it."""
        return self._recourse if is_wanted() else None

    @cached_property
    def _recourse(self) -> Recourse | None:
        return Recourse(self.plan, self._over) if self.careful and self.written("digits") and self.written("math") else None

    def _over(self, plan: Plan, numbers: str) -> Callable[..., Any]:
        """The function of a plan over the numbers of Arb ("balls"), or over those of mpmath ("digits")."""
        text = NumPyCode(plan, self.options).written("digits")
        return self._compiled(text, "kernel", balls.functions() if numbers == "balls" else digits.functions())

    @cached_property
    def watched(self) -> Watched | None:
        """The code over arrays that has doubts about their entries; None where there are none."""
        if self.entry_doubts is None:
            return None
        return Watched(self.plan, self._compiled(self.written("entries"), "kernel", ENTRY_HELPERS))

    @cached_property
    def numpy_arrays(self) -> Callable[..., Any]:
        return self._compiled(self.written("numpy"), "kernel")

    @property
    def arrays(self) -> Callable[..., Any]:
        """What takes arguments that are converted, sizes and a type, and gives the results."""
        return self.numpy_arrays

    def general(self, /, *values: Any) -> Any:
        """Any arguments; single float64 numbers go through the code for floats."""
        return self._general(values, self.floats)

    def again(self, /, *values: Any) -> Any:
        """Any arguments, where plain floats have been tried: what overflows or has no value gives inf or nan."""
        recourse = self.recourse
        if recourse is None or not all(type(v) is float for v in values):
            return self._general(values, None)
        check_all(self.names, self.facts, values)
        found = recourse(values)
        return self._general(values, None, found) if None in found else self._formed(found)

    def _general(self, values: Sequence[Any], floats: Callable[..., Any] | None, found: Sequence[float | None] | None = None) -> Any:
        converted, precision = admit(self.plan, values)
        if self.plan.scalar:
            check_all(self.names, self.facts, converted)
            shape = self._common_shape(converted)
            if shape == () and precision == DOUBLE and floats is not None:
                return _boxed(floats(*map(float, converted)))
            results = self._samples(list(converted), shape, precision)
            if found is None:
                results = self._rescued(converted, shape, results, shape == () and precision == DOUBLE)
            else:
                results = [r if x is None else x for r, x in zip(results, found, strict=True)]
                results = self._with_slopes(self._beside(list(map(float, converted)), results))
        else:
            lengths = sizes(self.plan, converted)
            check_all(self.names, self.facts, converted)
            results, trusted = self._of_arrays(converted, lengths, precision)
            finite = trusted and (not self.may_overflow or all(np.isfinite(r).all() for r in results))
            if not finite and precision == DOUBLE and self.careful and is_wanted():
                results = self._with_slopes(arraydigits.reworked(self.plan, converted, lengths, results, all_of_them=not trusted))
        return self._formed(self._finished(results, precision))

    def _of_arrays(self, values: Sequence[Any], lengths: Sequence[int], precision: np.dtype[Any]) -> tuple[list[Any], bool]:
        """The results of the code over arrays, and whether they have no doubts; of the entries of arrays they are asked in small calls."""
        arguments = [*values, *lengths]
        watched = self.watched if self.careful and precision == DOUBLE and is_wanted() else None
        if watched is None or not watched.is_small(lengths):
            return self._raw(arguments, precision)
        results, trusted = self._raw(arguments, precision, watched.code)
        return results, trusted or watched.agrees(values, lengths, results)

    def _common_shape(self, values: Sequence[Any]) -> tuple[int, ...]:
        try:
            return np.broadcast_shapes(*(np.shape(v) for v in values))
        except ValueError:
            shapes = ", ".join(f"{i.name} {np.shape(v)}" for i, v in zip(self.plan.inputs, values, strict=True) if np.shape(v))
            raise ShapeError(
                f"the arrays do not broadcast together: {shapes}", advice="Give arrays of one shape, or single numbers."
            ) from None

    def _raw(
        self, arguments: Sequence[Any], precision: np.dtype[Any], code: Callable[..., Any] | None = None
    ) -> tuple[list[Any], bool]:
        """The results of the code over arrays, and whether they have no doubts."""
        try:
            with np.errstate(all="ignore"):
                results = list((code or self.arrays)(*arguments, precision.type))
        except MemoryError as error:
            raise LimitError("there is no memory for the arrays of this kernel", advice="Give smaller arrays.") from error
        except (ValueError, IndexError) as error:  # a singular matrix, a label out of range, the largest of no elements
            what = f"the kernel has no value at these arguments: {error}{self._place_of(error)}"
            raise ArgumentError(what, advice="Give matrices that can be inverted, labels from 0, axes with elements.") from error
        looked_at = iter(results[len(self.plan.outputs) :])
        for g in self.guards:
            value, other = next(looked_at), g.at if g.other is None else next(looked_at)
            if np.any(value == other):
                raise no_derivative(g)
        return results[: len(self.plan.outputs)], all(looked_at)

    def _place_of(self, error: Exception) -> str:
        """The block, or the derivative, in whose line an error was raised, as " in y"; nothing where the code does not say it."""
        number = next((n for frame, n in walk_tb(error.__traceback__) if frame.f_code is self.numpy_arrays.__code__), 0)
        above = reversed(self.written("numpy").splitlines()[:number])
        name = next((m[1] for line in above if (m := re.match(r" +(v\d+) = ", line))), "")
        found = re.search(rf"^ +{name} = .*  # (.+)$", self.written("numpy", comments=True), re.MULTILINE) if name else None
        return f" in {found[1]}" if found else ""

    def _samples(self, values: list[Any], shape: tuple[int, ...], precision: np.dtype[Any]) -> list[Any]:
        """A scalar program over arrays: every result has the common shape; many samples go through in pieces."""
        if shape == ():
            return self._raw(values, precision)[0]
        count = math.prod(shape)
        arrays = [k for k, v in enumerate(values) if np.ndim(v)]
        whole = self.plan.elementwise and (count <= 2 * _CHUNK or any(values[k].shape != shape for k in arrays))
        if whole:
            return [
                np.array(np.broadcast_to(np.asarray(r, precision), shape)) if np.shape(r) != shape else r
                for r in self._raw(values, precision)[0]
            ]
        flat = {k: np.broadcast_to(values[k], shape).reshape(-1) for k in arrays}
        results = [np.empty(count, precision) for _ in self.plan.outputs]
        step = _CHUNK if self.plan.elementwise else 1  # a program with arrays inside takes its samples one by one
        for start in range(0, count, step):
            piece = slice(start, start + step) if self.plan.elementwise else start
            for k, array in flat.items():
                values[k] = array[piece]
            for result, part in zip(results, self._raw(values, precision)[0], strict=True):
                result[piece] = part
        return [r.reshape(shape) for r in results]

    def _rescued(self, values: Sequence[Any], shape: tuple[int, ...], results: list[Any], asked: bool) -> list[Any]:
        """The results, with those samples worked out again that are not finite although all arguments are, or all that are `asked` for."""
        if self.recourse is None or not (asked or self.may_overflow) or (not asked and all(np.isfinite(r).all() for r in results)):
            return results
        lost = np.logical_and.reduce([np.broadcast_to(np.isfinite(v), shape) for v in values])
        if not asked:
            lost &= ~np.logical_and.reduce([np.broadcast_to(np.isfinite(r), shape) for r in results])
        results = [np.array(np.broadcast_to(r, shape)) for r in results]
        for at in np.argwhere(lost)[:_RESCUED]:
            place = tuple(at)
            point = [float(np.broadcast_to(v, shape)[place]) for v in values]
            found = self.recourse(point)
            best = [float(r[place]) if x is None else x for r, x in zip(results, found, strict=True)]
            for r, x in zip(results, self._beside(point, best), strict=True):
                r[place] = x
        return self._with_slopes(results)

    def _with_slopes(self, results: Sequence[Any]) -> list[Any]:
        """The results, without derivatives of what has no value: 1/x is no slope of log(x) at -1."""
        if self.plan.outputs[0].kind != "value" or not np.isnan(results[0]).any():
            return list(results)
        none = np.isnan(results[0])
        return [results[0], *(np.where(none, np.nan, r) for r in results[1:])]

    def _beside(self, values: Sequence[float], results: Sequence[Any]) -> list[Any]:
        """The results, where some are not finite with limits on the sides where the value goes on."""
        if self.recourse is None or all(map(math.isfinite, results)):
            return list(results)
        return self.recourse.beside(values, results)

    def _finished(self, results: Sequence[Any], precision: np.dtype[Any]) -> list[Any]:
        """The results as arrays of their own, or as NumPy floats."""
        first = len(self.plan.inputs)
        seen: set[int] = set()
        finished = []
        for o, r in zip(self.plan.outputs, results, strict=True):
            if np.ndim(r) == 0:
                finished.append(precision.type(r))
                continue
            if o.value < first or o.value in seen or _aliases(self.plan.instruction(o.value)):
                r = np.array(r)
            seen.add(o.value)
            finished.append(r.astype(SINGLE) if precision is SINGLE and r.dtype != SINGLE else r)
        return finished

    def _formed(self, results: Sequence[Any]) -> Any:
        """The results in the form of the plan."""
        order = self.plan.order
        if not order:
            return results[0]
        groups: dict[str, dict[Any, Any]] = {"gradient": {}, "hessian": {}}
        value = None
        for o, key, r in zip(self.plan.outputs, self.keys, results, strict=True):
            if o.kind in groups:
                groups[o.kind][key] = r
            else:
                value = r
        return (value, *list(groups.values())[:order])


def no_derivative(g: Guard) -> NotDifferentiableError:
    """What kinks="raise" says of a place where a function has no derivative."""
    where = f" in {g.block}" if g.block else ""
    at = f"at {g.at:g}" if g.other is None else "where its cases meet"
    return NotDifferentiableError(
        f"{g.function}{where} has no derivative {at}",
        advice='Compile with kinks="subgradient" for the value symchain gives there.',
    )


def _grows(form: Form) -> bool:
    """Whether a function overflows or has poles; 1/cosh(x) does neither."""
    if isinstance(form, tuple) and form[:2] == ("/", 1):
        form = form[2][1] if isinstance(form[2], tuple) and form[2][0] == "cosh" else form[2]
    return any(part[0] in GROWING or part[0] == "/" for part in parts(form))


def _aliases(step: Instruction) -> bool:
    """Whether the result may be a view of an argument or of another result."""
    if step.opcode == "call":
        form = step.parameters[1]
        return not isinstance(form, tuple) or form[0] in _PASSING
    return OPCODES[step.opcode].aliases


def _boxed(result: Any) -> Any:
    """Results of the code for floats as NumPy numbers, for callers who gave those."""
    if isinstance(result, tuple):
        return tuple(map(_boxed, result))
    return {key: np.float64(r) for key, r in result.items()} if isinstance(result, dict) else np.float64(result)
