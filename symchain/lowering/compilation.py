"""From a program or a derivation to a Kernel: which trees are wanted, in stable forms, lowered to a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from symchain.deriving.kept import sweep_of
from symchain.deriving.second import beside, second_derivatives
from symchain.errors import ArgumentError, UnsupportedError
from symchain.evidence.conformance import Promise
from symchain.evidence.higher import held_against
from symchain.kernels.certified import certified_backend
from symchain.kernels.export import CALLABLE, SUFFIXES, ExportedBackend
from symchain.kernels.kernel import Backend, Check, Kernel, Plan
from symchain.kernels.native.backend import native_backend
from symchain.kernels.native.switching import auto_backend
from symchain.kernels.numpy import NumPyBackend
from symchain.language.selection import names_given, output_named
from symchain.lowering.forms import stable_program
from symchain.lowering.plan import Label, lower
from symchain.lowering.wide import narrowed
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Derivations, Line
from symchain.nouns.higher import HigherDerivative, HigherDerivatives
from symchain.render.programs import program_text
from symchain.tensors.memory import making_trees
from symchain.tensors.nodes import Tree


@making_trees()
def compile_program(program: Computation, output: str | None, wrt: Any, order: int, target: str, options: Mapping[str, Any]) -> Kernel:
    output = output_named(program, output)
    if type(order) is not int or order not in (0, 1, 2):
        raise ArgumentError(f"order is 0, 1 or 2, not {order!r}", advice="order=1 returns value and gradients.")
    names = names_given(program, wrt) if order else []
    written, program = program, narrowed(stable_program(program, corners=order > 0, wrt=names))
    trees: list[tuple[Label, Tree]] = [(("value",), program.blocks[output].leaf)]
    extra: dict[str, Line] = {}
    if names:
        sweep = sweep_of(program, output, names)
        extra |= {line.name: line for line in sweep.lines.values()}
        trees += [(("gradient", n), sweep.results[n].tree) for n in names]
    if order == 2:
        for k, first in enumerate(names):
            for second, d in zip(names[k:], second_derivatives(program, output, first, names[k:]), strict=True):
                label = ("hessian", first) if first == second else ("hessian", first, second)
                trees.append((label, beside(extra, d, {*program.inputs, *program.blocks}).tree))
    lines = {name: line.tree for name, line in extra.items()}
    return _kernel(program, trees, order, target, lines, options, Promise(written, output, names, order))


@making_trees()
def compile_values(program: Computation, outputs: Sequence[str]) -> Callable[..., tuple[Any, ...]]:
    """The values of some blocks by one kernel, which shares what they have in common: a function of the inputs in order."""
    if len(outputs) == 1:
        one = compile_program(program, outputs[0], [], 0, "auto", {})
        return lambda *values: (one.positional(*values),)
    stable = narrowed(stable_program(program, corners=False))
    labels: list[Label] = [("gradient", str(k)) if k else ("value",) for k in range(len(outputs))]  # a plan has one value
    trees = [(label, stable.blocks[o].leaf) for label, o in zip(labels, outputs, strict=True)]
    plan = lower(stable, trees, order=1, written=program)

    def listed(found: Any) -> tuple[Any, ...]:
        return found[0], *found[1].values()

    def check(names: Sequence[str], call: Callable[..., Any]) -> None:
        for k, output in enumerate(outputs):
            Promise(program, output, [], 0).check(names, lambda *values, k=k: listed(call(*values))[k])

    kernel = Kernel(plan, NumPyBackend(), {}, check)
    return lambda *values: listed(kernel.positional(*values))


@making_trees()
def compile_derivation(derivation: Derivation | Derivations, target: str, options: Mapping[str, Any]) -> Kernel:
    if isinstance(derivation, Derivations):
        if derivation.mixed or next(iter(derivation.values())).order != 1:
            raise UnsupportedError(
                "several Hessians do not compile to one kernel this way", advice="Use program.compile(..., order=2)."
            )
        return compile_program(derivation.program, derivation.output, list(derivation), 1, target, options)
    reading = derivation.reading or derivation.program
    extra = {line.name: line.tree for line in derivation.adjoint_lines}
    vector = next((n for n in reading.inputs if n not in derivation.program.inputs), "")
    names = [derivation.first, derivation.wrt] if derivation.mixed else [derivation.wrt]
    promise = Promise(reading, derivation.output, names, None, derivation.order, vector)
    return _kernel(reading, [(("array",), derivation.result.tree)], None, target, extra, options, promise)


@making_trees()
def compile_higher(derived: HigherDerivative | HigherDerivatives, target: str, options: Mapping[str, Any]) -> Kernel:
    """The derivative alone; of several the value of the output, and the derivatives by "x,x,y"."""
    program, output = derived.program, derived.output
    one = isinstance(derived, HigherDerivative)
    members = [derived] if isinstance(derived, HigherDerivative) else list(derived.values())
    extra = {line.name: line.tree for line in derived.all_lines}
    labels: list[Label] = [("array",)] if one else [("gradient", ",".join(d.names)) for d in members]
    trees = list(zip(labels, (d.result.tree for d in members), strict=True))
    if not one:
        trees.insert(0, (("value",), program.blocks[output].leaf))
    check = held_against(program, output, [d.names for d in members])
    promise = Promise(program, output, [], None if one else 1)
    return _kernel(program, trees, None if one else 1, target, extra, options, promise, check, lambda: list(derived.lines))


def _kernel(
    program: Computation,
    trees: Sequence[tuple[Label, Tree]],
    order: int | None,
    target: str,
    extra: Mapping[str, Tree],
    options: Mapping[str, Any],
    promise: Promise,
    check: Check | None = None,
    about: Callable[[], Sequence[str]] | None = None,
) -> Kernel:
    if not isinstance(target, str):
        raise ArgumentError(f"target is {type(target).__name__}, not a name", advice='Write target="auto".')
    if target not in ("auto", "numpy", "c", *CALLABLE):
        advice = f"Targets: {', '.join(('auto', 'numpy', 'c', *CALLABLE))}; kernel.export writes files for {', '.join(SUFFIXES)}."
        raise UnsupportedError(f"there is no target {target!r}", advice=advice)
    plan = lower(program, trees, output=promise.output, order=order, extra=extra, written=promise.program)
    certified = options.get("certified", False)
    if not isinstance(certified, bool):
        raise ArgumentError(f"certified is {certified!r}", advice="Write certified=True.")
    if certified and target not in ("auto", "numpy"):
        raise ArgumentError("a certified kernel has no target", advice="Leave target out: it is run over balls.")
    check, about = check or promise.check, about or partial(_told, promise)
    others = {name: value for name, value in options.items() if name != "certified"}
    if not certified:
        return Kernel(plan, _backend(plan, target), others, check, about)
    quick = NumPyBackend().function(plan, {})  # the plan is held against the program at points where float64 serves
    return Kernel(plan, certified_backend(plan), others, lambda names, call: check(names, quick), about)


def _backend(plan: Plan, target: str) -> Backend:
    if target in CALLABLE:
        return ExportedBackend(target)
    return native_backend(plan) if target == "c" else auto_backend(plan) if target == "auto" else NumPyBackend()


def _told(promise: Promise) -> list[str]:
    """What is computed, in lines: the program, and its derivatives."""
    program: Any = promise.program
    lines = [f"Output {promise.output} of the program", *(f"    {line}" for line in program_text(program).splitlines())]
    degrees = range(1, (promise.order or 0) + 1) if promise.order is not None else [promise.degree] * (not promise.vector)
    for degree in degrees:
        if promise.names:
            derived = (program.hessian if degree == 2 else program.derive)(promise.output, list(promise.names))
            lines += ["with the derivatives" if degree == 1 else "and the second derivatives", *(f"    {line}" for line in derived.lines)]
    return lines
