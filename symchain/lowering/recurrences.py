"""From a program with families to loops: each line, or the lines that advance together, is an ordinary program of one step.

Its inputs are the members, blocks and inputs that it reads. Backward it is the gradient of <adjoint, what it defines>, which the
sweep that derives any program finds, in stable form like any other kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from symchain.deriving.recursions.backward import active_names
from symchain.deriving.recursions.derivation import along_vector
from symchain.deriving.recursions.forward import forward
from symchain.deriving.recursions.steps import OUTPUT, adjoint_name, step_program, with_adjoints
from symchain.deriving.sweep import Sweep
from symchain.errors import ArgumentError, UnsupportedError
from symchain.kernels.columns import SecondKernel
from symchain.kernels.facts import FACTS
from symchain.kernels.lengths import Extent
from symchain.kernels.loops import LoopKernel
from symchain.kernels.stages import Argument, Code, Loops, Stage
from symchain.kernels.trajectories import TrajectoryKernel
from symchain.language.wanted import output_of, wanted_names
from symchain.lowering.forms import stable_program
from symchain.lowering.held import check_forward, check_loops, check_product
from symchain.lowering.plan import Label, lower
from symchain.lowering.wide import narrowed
from symchain.nouns.computation import Computation
from symchain.nouns.families import Clause, Recurrence
from symchain.support.linear import Linear
from symchain.support.truncation import check_truncate
from symchain.tensors.memory import making_trees
from symchain.tensors.nodes import Leaf, Operation, Tree, postorder


@making_trees()
def compile_recurrence(
    program: Computation, output: str | None, wrt: Any, order: int, target: str, options: Any
) -> LoopKernel | SecondKernel | TrajectoryKernel:
    """A kernel of loops. Raises UnsupportedError for second derivatives by families, ArgumentError for unknown names."""
    options = dict(options)
    if options.pop("certified", False):
        raise UnsupportedError("a recursion has no certified kernel", advice="Compile program.unrolled(...) with certified=True.")
    truncate = options.pop("truncate", None)
    check_truncate(truncate)
    if target not in ("auto", "numpy", "c"):
        raise UnsupportedError(f"there is no target {target!r}", advice='Targets: "auto", "numpy", "c".')
    if type(order) is not int or order not in (0, 1, 2):
        raise ArgumentError(f"order is 0, 1 or 2, not {order!r}", advice="order=1 returns value and gradients.")
    top = output_of(program, output, members=order < 2 and truncate is None)
    if top in program.families or (order == 1 and program.blocks[top].shape and truncate is None):
        return _trajectory(program, top, wrt, order, target, options)
    if order == 2:
        return _second(program, top, wrt, target, {**options, **({} if truncate is None else {"truncate": truncate})})
    return loops_of(program, top, wrt, order, target, options, truncate)


def _second(program: Computation, top: str, wrt: Any, target: str, options: Any) -> SecondKernel:
    """Value, gradient, and the Hessian column by column: how the gradient moves along each unit vector."""
    if options.get("truncate") is not None:
        raise UnsupportedError("second derivatives are not truncated", advice="Leave truncate out.")
    wanted = wanted_names(program, wrt)
    acting = [w for w in wanted if w.kind != "plain" or top in active_names(program, {w.base})]  # families are refused by name
    products = {w.name: along_vector(program, top, w) for w in acting}
    first = loops_of(program, top, [w.name for w in wanted], 1, target, options, None)
    along: dict[str, tuple[str, LoopKernel]] = {}
    for k, w in enumerate(acting):
        product = products[w.name]
        kernel = loops_of(product.program, product.output, [v.name for v in acting[k:]], 1, target, options, None)
        kernel.hold(partial(check_product, product))
        along[w.name] = product.vector, kernel
    return SecondKernel(first, along)


def _trajectory(program: Computation, top: str, wrt: Any, order: int, target: str, options: Any) -> TrajectoryKernel:
    """A family, or an array, and its derivatives carried forward."""
    if target == "c":
        raise UnsupportedError("trajectories have no native kernel", advice='Leave target out, or write target="numpy".')
    last = program.last if program.blocks else ""
    bare = loops_of(program, last, [], 0, "numpy", options)
    along: dict[str, tuple[str, LoopKernel]] = {}
    for w in wanted_names(program, wrt) if order else ():
        found = forward(program, top, w)
        rate = found.result.name if found.program is not program else ""
        kernel = loops_of(found.program, last, [], 0, "numpy", options)
        if rate:
            kernel.hold(partial(check_forward, found))
        along[w.name] = rate, kernel
    return TrajectoryKernel(top, bare, along, order)


def loops_of(
    program: Computation,
    top: str,
    wrt: Any,
    order: int,
    target: str = "numpy",
    options: Any = MappingProxyType({}),
    truncate: int | None = None,
) -> LoopKernel:
    """A kernel of value, and of gradient where `order` is 1."""
    recurrence = program.recurrence
    assert recurrence is not None
    wanted = wanted_names(program, wrt) if order else []
    if order and program.blocks[top].shape:
        raise UnsupportedError(f"{top} is not a scalar", advice="Gradients of programs with families are those of scalars.")
    active = active_names(program, {w.base for w in wanted})
    stages = tuple(stage_of(program, recurrence, unit, active) for unit in recurrence.units)
    loops = Loops(
        stages,
        MappingProxyType({n: (v.shape, "integer" in v.facts or n in _labels(recurrence)) for n, v in program.inputs.items()}),
        MappingProxyType({n: _extent(recurrence, n) for n, f in recurrence.families.items() if f.given}),
        recurrence.lengths,
        program.dimensions,
        recurrence.sizes,
        top,
        tuple((w.name, Argument(w.kind, w.base, w.index)) for w in wanted),
        order,
        MappingProxyType(_facts(program, recurrence)),
        truncate,
    )
    if target == "c":
        from symchain.kernels.native.walking import check_native

        check_native(loops)
    check = partial(check_loops, program, top, wanted) if recurrence.statements else None
    return LoopKernel(loops, options, check, "c" if target == "c" else "numpy")


def _facts(program: Computation, recurrence: Recurrence) -> dict[str, tuple[str, ...]]:
    """What is declared of the inputs that lines read."""
    read = {n for c in recurrence.clauses for n in (*c.plain, *(r.family for r in c.reads.values()))}
    declared = {n: v.facts for n, v in program.inputs.items()} | {n: f.facts for n, f in recurrence.families.items() if f.given}
    found = {n: tuple(f for f in FACTS if f in facts) for n, facts in declared.items() if n in read}
    return {n: facts for n, facts in found.items() if facts}


def _labels(recurrence: Recurrence) -> set[str]:
    """The names that index something: they are whole numbers."""
    found: set[str] = set()
    for clause in recurrence.clauses:
        for node in postorder(clause.tree):
            if isinstance(node, Operation):
                found.update(node.args[k].name for k in node.operation.integers if isinstance(node.args[k], Leaf))  # type: ignore[attr-defined]
    return found


def _extent(recurrence: Recurrence, own: str) -> Extent:
    family = recurrence.families[own]
    reads: dict[tuple[Linear, str, Linear | None, Linear | None], None] = {}
    for clause in recurrence.clauses:
        for read in clause.reads.values():
            if read.family == own:
                moving = bool(clause.var) and read.index.slope(clause.var) != 0
                reads[read.index, clause.var, clause.low if moving else None, clause.high if moving else None] = None
    return Extent(family.shape, "integer" in family.facts, tuple(reads))


def stage_of(program: Computation, recurrence: Recurrence, unit: Sequence[Clause], active: set[str]) -> Stage:
    """Lines as what runs; they have a way back where what they read is active."""
    first = unit[0]
    shapes = tuple(c.shape for c in unit)
    targets = tuple(
        Argument("plain", c.name) if c.index is None else Argument("member", c.name, c.index) for c in unit
    )
    step = step_program(program, unit)
    stable = narrowed(stable_program(step, corners=False))
    own = [c.target for c in unit]
    trees: list[tuple[Label, Tree]] = [(("value",), step.blocks[own[0]].leaf)]
    trees += [(("gradient", n), step.blocks[n].leaf) for n in own[1:]]
    forward = _code(stable, trees, recurrence, unit, {}, ())
    nothing = Linear()
    low, high = first.low or nothing, first.high or nothing
    receivers = [n for n in step.inputs if _base(n, unit) in active]
    if not any(c.name in active for c in unit) or not receivers:
        return Stage(first.kind, targets, shapes, first.var, low, high, forward)
    back = with_adjoints(step, [(c.target, c.shape) for c in unit])
    stable = narrowed(stable_program(back, wrt=receivers))
    sweep = Sweep(stable, OUTPUT, receivers)
    trees = [(("value",), sweep.results[receivers[0]].tree), *((("gradient", n), sweep.results[n].tree) for n in receivers[1:])]
    extra = {line.name: line.tree for line in sweep.lines.values()}
    adjoints = tuple(adjoint_name(n) for n in own)
    backward = _code(stable, trees, recurrence, unit, extra, adjoints)
    return Stage(
        first.kind, targets, shapes, first.var, low, high, forward, backward, tuple(_argument(n, unit, recurrence) for n in receivers)
    )  # fmt: skip


def _code(
    step: Computation,
    trees: Sequence[tuple[Label, Tree]],
    recurrence: Recurrence,
    unit: Sequence[Clause],
    extra: dict[str, Tree],
    adjoints: tuple[str, ...],
) -> Code:
    plan = lower(step, trees, order=1, extra=extra)
    names = [i.name for i in plan.inputs]
    if adjoints and tuple(names[len(names) - len(adjoints) :]) != adjoints:
        raise ArgumentError("the adjoints are not the last inputs of a step", advice="Please report this.")
    given = names[: len(names) - len(adjoints)] if adjoints else names
    return Code(plan, tuple(_argument(n, unit, recurrence) for n in given))


def _base(text: str, unit: Sequence[Clause]) -> str:
    """The family, block or input that a name of a step belongs to."""
    for clause in unit:
        if text in clause.reads:
            return clause.reads[text].family
    return text


def _argument(text: str, unit: Sequence[Clause], recurrence: Recurrence) -> Argument:
    for clause in unit:
        if text in clause.reads:
            read = clause.reads[text]
            return Argument("member" if read.family in recurrence.families else "row", read.family, read.index)
    if text in recurrence.letters:
        return Argument("number", text, Linear.letter(text))
    return Argument("plain", text)

