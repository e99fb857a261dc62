"""Kernels of programs with families: loops over their lines, forward, and backward from the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from os import PathLike
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, UnsupportedError, check_choice, nearest
from symchain.kernels.checkpoints import check_checkpoint
from symchain.kernels.declared import check_sendable
from symchain.kernels.facts import check_facts
from symchain.kernels.kernel import digest, write_kernel
from symchain.kernels.lengths import Lengths, Members
from symchain.kernels.running import Run
from symchain.kernels.stages import FORMAT, VERSION, Loops

Check = Callable[["LoopKernel"], None]
"""Holds a kernel of loops against its program; raises VerificationError where they differ."""

OPTIONS = {
    "facts": '"check" (the default): refuse values that lack a fact declared of them; "trust": do not look',
    "accuracy": '"fast" (the default, and all there is): numbers as float64 arithmetic gives them',
    "kinks": '"subgradient" (the default, and all there is): the value symchain gives where a function has no derivative',
    "checkpoint": 'None (the default): the way back reads what the way forward kept; "sqrt": about the square root of the steps is kept, '
    "and every step worked out twice; a number: so many states are kept, and as few steps as can be worked out again",
}
_CHOICES = {"facts": ("check", "trust"), "accuracy": ("full", "fast"), "kinks": ("subgradient", "raise")}
_MISSING = {"accuracy": ("full", "numbers with more digits"), "kinks": ("raise", "refusals of points on a kink")}
"""What ordinary kernels have alone."""


_UNROLL = "Fix the lengths, as in program.unrolled(L=3), and compile that program."


class AroundLoops:
    """What kernels that call kernels of loops have in common: `first` is the one that answers for all of them."""

    first: LoopKernel

    @property
    def names(self) -> tuple[str, ...]:
        return self.first.names

    def export(self, target: str, at: Any = None) -> str:
        """Kernels of loops have no files of other languages. Raises UnsupportedError."""
        return self.first.export(target, at)

    def function(self, target: str) -> Any:
        """Kernels of loops make no functions of other libraries. Raises UnsupportedError."""
        return self.first.function(target)


class LoopKernel:
    """Compiled loops: `kernel(**inputs, **lengths)` returns value and gradient. Families are sequences, or arrays along axis 0.

    Lengths that the inputs do not tell are given by their letters: kernel(x=..., T=50).
    """

    def __init__(self, loops: Loops, options: Mapping[str, Any] | None = None, check: Check | None = None, target: str = "numpy") -> None:
        """`check` is made before the first call, and before the code is shown; then it is forgotten."""
        self.target = target
        self._steps: dict[int, Any] = {}  # what was compiled, of a native kernel
        self.loops, self.options = loops, dict(options or {})
        self._checks = [] if check is None else [check]
        for name, value in self.options.items():
            if name not in OPTIONS:
                what = f"a kernel of loops has no option {name}"
                raise ArgumentError(what, advice=f"Options are {', '.join(OPTIONS)}; program.unrolled(...) compiles to a kernel with all.")
            if name == "checkpoint":
                check_checkpoint(value)
                continue
            check_choice(name, value, _CHOICES[name])
            if name in _MISSING and value == _MISSING[name][0]:
                what = f"a kernel of loops has no {_MISSING[name][1]}: {name}={value!r}"
                raise UnsupportedError(what, advice="Leave it out, or compile program.unrolled(...).")
        self.names = (*loops.inputs, *loops.families)

    def with_options(self, **options: Any) -> LoopKernel:
        """The same kernel with other options: facts ("check" or "trust"), checkpoint (None, "sqrt", or how many states are kept).

        Raises ArgumentError for an option that does not exist, UnsupportedError for one that ordinary kernels have alone.
        """
        return self._like(self.loops, {**self.options, **options})

    def alone(self) -> LoopKernel:
        """The kernel that returns its one derivative alone."""
        return self._like(replace(self.loops, order=None), self.options)

    def hold(self, check: Check) -> None:
        """Make one more check before the first call."""
        self._checks.append(check)

    def _like(self, loops: Loops, options: Mapping[str, Any]) -> LoopKernel:
        other = LoopKernel(loops, options, target=self.target)
        other._checks, other._steps = self._checks, self._steps
        return other

    def __reduce__(self) -> Any:
        self._checked()
        self._check_sendable()
        views = {f.name: getattr(self.loops, f.name) for f in fields(self.loops)}
        plain: dict[str, Any] = {n: dict(v) for n, v in views.items() if isinstance(v, Mapping)}  # views are not pickled
        return LoopKernel, (replace(self.loops, **plain), self.options, None, self.target)

    def _checked(self) -> None:
        """Raises VerificationError where the kernel is wrong."""
        for check in self._checks:
            loops = replace(self.loops, order=self.loops.order if self.loops.order is not None else 1)
            held = LoopKernel(loops, {"facts": "trust"}, target=self.target)
            held._steps = self._steps
            check(held)
        self._checks.clear()  # shared with the same kernel under other options

    def save(self, path: str | PathLike[str]) -> None:
        """Write the kernel to a file, as JSON; `symchain.load(path)` reads it, without SymPy, as a kernel of NumPy's.

        Raises ArgumentError when the file cannot be written, UnsupportedError for a kernel with an operation of your own.
        """
        self._checked()
        self._check_sendable()
        loops = json.loads(json.dumps(self.loops.to_json()))
        write_kernel(path, {"format": FORMAT, "version": VERSION, "digest": digest(loops), "loops": loops})

    def _check_sendable(self) -> None:
        for code in (c for s in self.loops.stages for c in (s.forward, s.backward) if c is not None):
            check_sendable((i.opcode, i.parameters) for i in code.plan.instructions)

    def export(self, target: str, at: Any = None) -> str:
        """Kernels of loops have no files of other languages. Raises UnsupportedError."""
        raise UnsupportedError(f"a kernel of loops is not exported to {target}", advice=_UNROLL)

    def function(self, target: str) -> Any:
        """Kernels of loops make no functions of other libraries. Raises UnsupportedError."""
        raise UnsupportedError(f"a kernel of loops makes no function of {target}", advice=_UNROLL)

    @property
    def source(self) -> str:
        """The code of the steps, in the order in which they run."""
        self._checked()
        parts = []
        if self.loops.truncate is not None:
            parts.append(f"# windows of {self.loops.truncate} steps, counted from the last one: nothing is sent back beyond them")
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
        given = self.admitted(inputs)
        self._checked()
        with np.errstate(all="ignore"):
            if self.target == "c":
                from symchain.kernels.native.walking import Distrusted, NativeRun

                try:
                    return self._run(NativeRun(self.loops, given, self.options.get("checkpoint"), self._steps))
                except Distrusted:
                    pass
            return self._run(Run(self.loops, given, self.options.get("checkpoint")))

    def values(self, /, *unnamed: Any, **inputs: Any) -> Run:
        """The values of blocks and members at a point."""
        if unnamed:
            raise ArgumentError(f"{len(unnamed)} values are given without a name", advice="Write kernel(x=..., T=50).")
        run = Run(self.loops, self.admitted(inputs))
        self._checked()
        with np.errstate(all="ignore"):
            run.work_out()
        return run

    def _run(self, run: Run) -> Any:
        value = run.forward()
        if self.loops.order == 0:
            return value
        gradient = run.backward()
        return (value, gradient) if self.loops.order is not None else next(iter(gradient.values()))

    def admitted(self, inputs: Mapping[str, Any]) -> Members:
        """The inputs of a call, checked and converted."""
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
