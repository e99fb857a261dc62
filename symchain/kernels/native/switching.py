"""The backend of target "auto": NumPy at once, and machine code in its place once it was made beside, agrees and is quicker.

No call waits for a compiler. Calls are timed now and then until they have taken a tenth of a second together; then a thread makes the
machine code, while NumPy goes on. The next calls take both ways: NumPy's results are returned, the others are
held against them. Where they agree and machine code was quicker, it goes on alone; else NumPy does, for good. What NumPy refuses or
raises is raised as ever, and a compiler that fails changes nothing but what `print(kernel)` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock, Thread
from time import perf_counter
from typing import Any

import numpy as np

from symchain.errors import SymchainError
from symchain.kernels.kernel import Plan
from symchain.kernels.native import building
from symchain.kernels.native.backend import NativeBackend, NativeCode, without_native_form
from symchain.kernels.numpy import NumPyBackend, NumPyCode

_WORTH = 0.1
"""Seconds that calls have taken before machine code is made: about what it takes to make it."""
_EVERY = 64
"""One call in so many is timed, and those before them whose number is a power of two."""
_TRIALS = 8
_QUICKER = 0.8
"""Machine code takes over where it takes at most this part of the time."""
_AGREES = 1e-9
"""How far results may be apart, relative to the largest number of the same array."""
_LARGEST = 3_000
"""Longer programs would keep a compiler busy for seconds."""
_compiling = Lock()
"""One compiler at a time: the other processors belong to whoever calls."""


class AutoBackend(NumPyBackend):
    """NumPy, and then machine code where that pays. It keeps nothing: each kernel has a switch of its own."""

    name = "auto"

    def function(self, plan: Plan, options: Mapping[str, Any]) -> Callable[..., Any]:
        return Switch(plan, options).entry()

    def described(self, plan: Plan, options: Mapping[str, Any]) -> str:
        return Switch(plan, options).described(plan, options)


def auto_backend(plan: Plan) -> NumPyBackend:
    """The backend for a plan: NumPy alone where there is no compiler, or too much for one."""
    small = bool(plan.inputs) and len(plan.instructions) <= _LARGEST
    return AutoBackend() if small and building.compiler() else NumPyBackend()


class Switch:
    """What one kernel runs on, and how that was found out."""

    def __init__(self, plan: Plan, options: Mapping[str, Any]) -> None:
        self.plan, self.options = plan, options
        self.code: NumPyCode = NumPyCode(plan, options)
        self.settled: Callable[[Callable[..., Any]], None] | None = None
        """Told what goes on alone, once that is known: callers need not come by here any more."""
        self._plain = self._called(self.code)
        self._current = self._timing
        self._calls, self._spent = 0, 0.0
        self._why = "machine code is made when calls have taken a tenth of a second"
        self._native: NativeCode = NativeCode(plan, options)
        self._quick: Callable[..., Any] | None = None
        self._trials: list[tuple[float, float]] = []
        self._lock = Lock()

    def entry(self) -> Callable[..., Any]:
        """What is called: it stays the same whatever runs."""

        def call(*values: Any) -> Any:
            return self._current(*values)

        call.switch = self  # type: ignore[attr-defined]
        return call

    def source(self, plan: Plan, options: Mapping[str, Any]) -> str:
        """The code that runs now."""
        return (NativeBackend() if isinstance(self.code, NativeCode) else NumPyBackend()).source(plan, options)

    def described(self, plan: Plan, options: Mapping[str, Any]) -> str:
        """In a line, what runs now, and why."""
        return f"target auto, now {self.code.described().removeprefix('target ')} ({self._why})"

    def _called(self, code: NumPyCode) -> Callable[..., Any]:
        out = self.options.get("out")
        return code.call if out is None else code.writing_to(out)

    # ------------------------------------------------------------ NumPy, timed now and then

    def _timing(self, *values: Any) -> Any:
        self._calls = count = self._calls + 1
        if count % _EVERY and count & (count - 1):
            return self._plain(*values)
        start = perf_counter()
        result = self._plain(*values)
        if count > 1:  # the first call makes NumPy's code
            self._spent += (perf_counter() - start) * min(count // 2, _EVERY)
        if self._spent > _WORTH:
            self._begin()
        return result

    def _begin(self) -> None:
        with self._lock:
            if self._current != self._timing:  # another thread was first
                return
            self._current, self._why = self._plain, "machine code is being made"
        Thread(target=self._make, name="symchain compiles", daemon=True).start()

    def _make(self) -> None:
        """Compile. Runs beside the calls; at the end of the process it goes with it, and its compiler is ended."""
        try:
            missing = without_native_form(self.plan)
            if missing:
                self._settle(self.code, f"there is no native form of {', '.join(missing)}")
                return
            with _compiling:
                self._native.prepare()
            self._quick = self._native.call
        except (SymchainError, OSError, AttributeError) as error:
            self._settle(self.code, f"no machine code was made: {error}".splitlines()[0])
        else:
            self._why, self._current = "machine code is tried", self._trying

    # ------------------------------------------------------------ both ways, and what comes of it

    def _trying(self, *values: Any) -> Any:
        quick = self._quick
        assert quick is not None
        start = perf_counter()
        result = self._plain(*values)
        between = perf_counter()
        try:
            other = quick(*values)
        except Exception:  # whatever it is, NumPy had none
            self._settle(self.code, "machine code raised an error")
            return result
        end = perf_counter()
        if not agree(result, other):
            self._settle(self.code, "machine code gave other numbers")
            return result
        with self._lock:
            self._trials.append((between - start, end - between))
            done = len(self._trials) == _TRIALS
        if done:
            before, after = (min(times) for times in zip(*self._trials, strict=True))
            faster = after <= _QUICKER * before
            why = f"{before / after:.2g} times as quick as NumPy" if faster else "machine code was no quicker"
            self._settle(self._native if faster else self.code, why)
        return result

    def _settle(self, code: NumPyCode, why: str) -> None:
        call = self._called(code)
        self.code, self._why, self._current = code, why, call
        if self.settled is not None:
            self.settled(call)


def agree(one: Any, other: Any) -> bool:
    """Whether results have the same form and the same numbers, up to rounding.

    >>> agree((1.0, {"w": np.ones(2)}), (1.0, {"w": np.ones(2) + 1e-14})), agree(1.0, 1.1), agree(np.nan, np.nan)
    (True, False, True)
    """
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(agree(one[k], other[k]) for k in one)
    if isinstance(one, (tuple, list)):
        return isinstance(other, (tuple, list)) and len(one) == len(other) and all(map(agree, one, other))
    a, b = np.asarray(one), np.asarray(other)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    finite = np.isfinite(a)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    largest = np.abs(a[finite]).max(initial=0.0)
    return bool(np.all(np.abs(a[finite] - b[finite]) <= _AGREES * largest))
