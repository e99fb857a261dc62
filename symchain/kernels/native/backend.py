"""The backend of target "c": scalar plans as machine code; whatever that does not cover goes the way of NumPy."""

from __future__ import annotations

import ctypes
import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from symchain.errors import UnsupportedError
from symchain.kernels.arguments import DOUBLE, admit
from symchain.kernels.doubts import Doubts
from symchain.kernels.entrydoubts import EntryDoubts
from symchain.kernels.facts import check_all, check_facts
from symchain.kernels.floats import NoFloats
from symchain.kernels.kernel import Plan
from symchain.kernels.native import building
from symchain.kernels.native.buffers import Buffers
from symchain.kernels.native.code import (
    SAMPLED,
    arrays_source,
    headers,
    parts_of,
    point_source,
    pointers,
    samples_source,
    segments_of,
    shown_source,
)
from symchain.kernels.native.primitives import FUNCTIONS, LENT, POINTERS
from symchain.kernels.native.rolling import Loop
from symchain.kernels.native.statements import Straight, straight
from symchain.kernels.numpy import NumPyBackend, NumPyCode
from symchain.kernels.outputs import bounds
from symchain.support.dimensions import Shape, evaluate

_LEVELS = ((80, "-O3"), (250, "-O2"), (math.inf, "-O1"))
"""How well loops are optimised, by their number: a compiler takes 30, 15 and 5 milliseconds for each."""
_GROUPS = {"gradient": 0, "hessian": 1}
"""The dictionaries beside the value."""


class NativeBackend(NumPyBackend):
    """Plans as C, compiled by the system's compiler."""

    name = "c"

    def source(self, plan: Plan, options: Mapping[str, Any]) -> str:
        """The C code, with comments that name the inputs and the blocks."""
        code = NativeCode(plan, options)
        if not plan.scalar and not code.guards:
            return arrays_source(plan, code.doubts, comments=True)[0]
        return code.source if code.native else super().source(plan, options)

    def code(self, plan: Plan, options: Mapping[str, Any]) -> NumPyCode:
        return NativeCode(plan, options)


def native_backend(plan: Plan) -> NativeBackend:
    """The backend for a plan. Raises UnsupportedError, which names what has no native form, or says that there is no compiler."""
    missing = without_native_form(plan)
    if missing:
        raise UnsupportedError(f"there is no native form of {', '.join(missing)}", advice='Use target="auto" or "numpy".')
    building.needed_compiler()
    return NativeBackend()


def without_native_form(plan: Plan) -> list[str]:
    """The instructions and primitives of a plan that have no form in C."""
    try:
        if plan.scalar:
            straight(plan, None, [i.facts for i in plan.inputs])
        else:
            arrays_source(plan)
    except NoFloats as missing:
        return [str(missing)]
    return []


class NativeCode(NumPyCode):
    """One plan under one set of options, single numbers and many samples in machine code."""

    @cached_property
    def entry_doubts(self) -> EntryDoubts | None:
        """Loops in machine code do not ask about entries."""
        return super().entry_doubts if self.guards else None

    @cached_property
    def straight(self) -> Straight:
        return straight(self.plan, self.doubts, self.facts)

    @cached_property
    def native(self) -> bool:
        """Whether single numbers go through machine code: kinks are looked for by NumPy."""
        return bool(self.plan.scalar and self.plan.inputs and not self.guards)

    @cached_property
    def sampled(self) -> bool:
        return self.plan.elementwise and len(self.straight.statements) <= SAMPLED

    def described(self) -> str:
        """In a line, what runs."""
        if not self.plan.scalar and not self.guards:
            text, rooms = arrays_source(self.plan, self.doubts)
            return f"target c: {text.count('for (')} loops, {len(rooms)} arrays beside the results"
        if not self.native:
            return super().described()
        loops = sum(isinstance(part, Loop) for part in parts_of(self.straight))
        text = f"target c: {len(self.straight.statements)} statements for single numbers" + (f" in {loops} loops" if loops else "")
        return text + (f"; {len(segments_of(self.straight))} loops over samples" if self.sampled else "; samples with NumPy")

    def prepare(self) -> None:
        """Compile whatever a call may need."""
        if self.native:
            self.floats  # noqa: B018
            if self.sampled:
                self.samples  # noqa: B018
        elif not self.plan.scalar and not self.guards:
            self._loops  # noqa: B018
            self._launched  # noqa: B018

    @cached_property
    def text(self) -> str:
        return point_source(self.straight)

    @cached_property
    def samples_text(self) -> str:
        return samples_source(self.straight)

    @property
    def source(self) -> str:
        return shown_source(self.straight, [i.name for i in self.plan.inputs], self.sampled)

    @cached_property
    def kernel(self) -> Any:
        return _loaded(self.text, "-O2").kernel

    @cached_property
    def samples(self) -> Any:
        return _loaded(self.samples_text, "-O3").samples

    @cached_property
    def floats(self) -> Callable[..., Any] | None:
        """The whole call for plain floats; it hands other arguments, and what may not be trusted, to `general` and `again`."""
        if not self.native:
            return super().floats
        launcher = building.launcher()
        if launcher is None:
            return self._by_ctypes
        address = ctypes.cast(self.kernel, ctypes.c_void_p).value
        groups = tuple(_GROUPS.get(o.kind, -1) for o in self.plan.outputs)
        keys = tuple(self.keys)
        return launcher.launcher(address, len(self.plan.inputs), groups, keys, self.plan.order or 0, self.general, self.again)  # type: ignore[no-any-return]

    @cached_property
    def _by_ctypes(self) -> Callable[..., Any]:
        inputs, outputs = len(self.plan.inputs), len(self.plan.outputs)
        function = self.kernel

        def call(*values: Any) -> Any:
            if len(values) != inputs or {type(v) for v in values} != {float}:
                return self.general(*values)
            results = (ctypes.c_double * outputs)()
            if not function((ctypes.c_double * inputs)(*values), results) or not np.isfinite(results).all():
                return self.again(*values)
            return self._formed(list(results))

        return call

    @cached_property
    def arrays(self) -> Callable[..., Any]:  # type: ignore[override]
        return self.numpy_arrays if self.plan.scalar or self.guards else self._by_loops()

    @cached_property
    def _loops(self) -> tuple[Any, list[Shape]]:
        return _compiled_loops(self.plan, self.doubts)

    def _prepared(self, *sizes: int) -> tuple[tuple[tuple[int, ...], ...], Any]:
        """The shapes of the results for sizes that are new, and room for what is beside them."""
        by_letter = dict(zip(self.plan.letters, sizes, strict=True))
        for need in self.plan.needs:
            need.check(by_letter)
        shapes = tuple(tuple(evaluate(d, by_letter) for d in o.shape) for o in self.plan.outputs)
        return shapes, np.empty(sum(math.prod(evaluate(d, by_letter) for d in shape) for shape in self._loops[1]) + 1)

    def _by_loops(self) -> Callable[..., Any]:
        function, _ = self._loops
        inputs = self.plan.inputs
        kinds = [np.int_ if i.integer else np.float64 for i in inputs]

        def call(*arguments: Any) -> Any:
            *values, precision = arguments
            if precision is not np.float64:
                return self.numpy_arrays(*arguments)
            sizes = values[len(inputs) :]
            shapes, room = self._prepared(*sizes)
            results = [np.empty(shape) for shape in shapes]
            arrays = [np.ascontiguousarray(v, kind) for v, kind in zip(values, kinds, strict=False)]
            given = (ctypes.c_long * max(1, len(sizes)))(*sizes)
            trust = function(given, _addresses(arrays), _addresses(results), ctypes.c_void_p(room.__array_interface__["data"][0]))
            return [*results, trust == 2] if trust else self.numpy_arrays(*arguments)

        return call

    @property
    def call(self) -> Callable[..., Any]:
        return self._launched or super().call

    @cached_property
    def _launched(self) -> Callable[..., Any] | None:
        """The lean call of an array program; what is not plain floats and arrays of float64 goes the general way."""
        plan, launcher = self.plan, building.launcher()
        if (
            plan.scalar
            or self.guards
            or launcher is None
            or len(plan.outputs) > 64
            or any(i.integer for i in plan.inputs)
        ):
            return None
        number = {letter: -1 - k for k, letter in enumerate(plan.letters)}
        shapes = tuple(tuple(d if isinstance(d, int) else number.get(d) for d in i.shape) for i in plan.inputs)
        if any(d is None for shape in shapes for d in shape):
            return None
        address = ctypes.cast(self._loops[0], ctypes.c_void_p).value
        groups = tuple(_GROUPS.get(o.kind, -1) for o in plan.outputs)
        finite = int(self.careful and self.may_overflow)
        rest = finite, self.general, self._prepared, np.empty, np.float64, np.ndarray
        return self._with_facts(launcher.arrays(address, shapes, len(plan.letters), groups, tuple(self.keys), plan.order or 0, *rest))

    def _with_facts(self, launched: Callable[..., Any]) -> Callable[..., Any]:
        """The same call after what is declared of values was looked for; whatever is odd goes the general way, which says what is wrong."""
        wanted = [(k, name, facts) for k, (name, facts) in enumerate(zip(self.names, self.facts, strict=True)) if facts]
        if not wanted:
            return launched
        general, count = self.general, len(self.names)

        def call(*values: Any) -> Any:
            if len(values) != count:
                return general(*values)
            for k, name, facts in wanted:
                value = values[k]
                if type(value) is not float and (type(value) is not np.ndarray or value.dtype is not DOUBLE):
                    return general(*values)
                try:
                    check_facts(name, facts, value)
                except Exception:
                    return general(*values)
            return launched(*values)

        return call

    def _samples(self, values: list[Any], shape: tuple[int, ...], precision: np.dtype[Any]) -> list[Any]:
        if shape == () or not self.native or not self.sampled or precision != DOUBLE:
            return super()._samples(values, shape, precision)
        results = self.buffers.taken(shape, len(self.plan.outputs))
        self._sample_into(values, shape, results)
        return results

    @cached_property
    def buffers(self) -> Buffers:
        return Buffers()

    def writing_to(self, out: Any) -> Callable[..., Any]:
        """Results of many samples are written to the caller's arrays at once where those are fit for it."""
        copying = super().writing_to(out)
        if not self.native or not self.sampled:
            return copying

        def call(*values: Any) -> Any:
            arrays = [v for v in values if type(v) is np.ndarray and v.ndim]
            targets = self._targets(out, arrays) if arrays and all(v.dtype is DOUBLE for v in arrays) else None
            if targets is None:
                return copying(*values)
            converted, precision = admit(self.plan, values)
            shape = self._common_shape(converted)
            if precision != DOUBLE or any(t.shape != shape for t in targets):
                return copying(*values)
            check_all(self.names, self.facts, converted)
            self._sample_into(converted, shape, targets)
            for target, result in zip(targets, self._rescued(converted, shape, targets, False), strict=True):
                if result is not target:
                    target[...] = result
            return out

        return call

    def _targets(self, out: Any, arrays: Sequence[Any]) -> list[Any] | None:
        """The arrays of `out` in the order of the outputs; None where one of them cannot be written to while the arguments are read."""
        groups = {"gradient": 1, "hessian": 2}
        try:
            found = [
                out if not self.plan.order else out[0] if key is None else out[groups[o.kind]][key]
                for o, key in zip(self.plan.outputs, self.keys, strict=True)
            ]
        except (TypeError, LookupError):
            return None
        if isinstance(out, (tuple, list)) and len(out) != 1 + (self.plan.order or 0):
            return None
        if any(type(t) is not np.ndarray or t.dtype is not DOUBLE or not t.flags.carray for t in found):
            return None
        end, written = 0, 0  # of all arrays so far, and of those that are written to
        for start, stop, target in sorted([*((*bounds(t), True) for t in found), *((*bounds(a), False) for a in arrays)]):
            if start < (end if target else written):
                return None
            end, written = max(end, stop), max(written, stop if target else 0)
        return found

    def _sample_into(self, values: Sequence[Any], shape: tuple[int, ...], results: Sequence[Any]) -> None:
        """The results of all samples, written to contiguous arrays that share no memory with the arguments."""
        arrays = [np.ascontiguousarray(v if not np.ndim(v) else np.broadcast_to(v, shape), np.float64) for v in values]
        steps = (ctypes.c_long * len(arrays))(*(1 if np.ndim(v) else 0 for v in values))
        self.samples(ctypes.c_long(results[0].size), _addresses(arrays), steps, _addresses(results))


def _compiled_loops(plan: Plan, doubts: Doubts | None) -> tuple[Any, list[Shape]]:
    text, rooms = arrays_source(plan, doubts)
    loops = text.count("for (")
    level = next(level for most, level in _LEVELS if loops <= most)
    return _loaded(text, level).kernel, rooms


def step_function(plan: Plan) -> tuple[int, list[Shape]]:
    """The address of int f(sizes, x, r, room), which computes a plan over arrays, and the shapes of its room."""
    function, rooms = _compiled_loops(plan, None)
    return ctypes.cast(function, ctypes.c_void_p).value or 0, rooms


def _loaded(text: str, level: str) -> ctypes.PyDLL:
    library = building.shared_object("".join(map(building.header, headers(text))) + text, level)
    names = pointers(text)
    if names:
        library.special((ctypes.c_void_p * len(names))(*map(special_address, names)))
    return library


def _addresses(arrays: Sequence[Any]) -> Any:
    return (ctypes.c_void_p * len(arrays))(*(a.__array_interface__["data"][0] for a in arrays))


def special_address(name: str) -> int:
    """The address of a function of SciPy over doubles, or of a routine that it lends. Raises UnsupportedError where this SciPy has none."""
    get_name, get_pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    if name in LENT:
        capsule = importlib.import_module(f"scipy.linalg.{LENT[name]}").__pyx_capi__[name]
        return int(get_pointer(capsule, get_name(capsule)))
    from scipy.special import cython_special

    name = POINTERS.get(name, name)
    signature = f"double ({'double, ' * FUNCTIONS[name]}int __pyx_skip_dispatch)".encode()
    capsules = cython_special.__pyx_capi__
    for found in (name, f"__pyx_fuse_0{name}", f"__pyx_fuse_1{name}", f"__pyx_fuse_0_1{name}"):
        if found in capsules and get_name(capsules[found]) == signature:
            return int(get_pointer(capsules[found], signature))
    raise UnsupportedError(f"there is no native form of {name} in this SciPy", advice='Use target="auto" or "numpy".')
