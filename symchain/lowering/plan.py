"""From a program and the trees of its outputs to a Plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from symchain.errors import ArgumentError, UnsupportedError
from symchain.functions.spec import AbstractFunction, FunctionSpec, map_dims
from symchain.kernels.declared import name_of
from symchain.kernels.facts import FACTS
from symchain.kernels.kernel import Guard, Input, Output, Plan
from symchain.kernels.opcodes import OPCODES
from symchain.lowering.assembly import Assembly, Laid, title
from symchain.lowering.bands import with_bands
from symchain.lowering.contractions import Factor, Job, lower_contraction
from symchain.lowering.forms import stabilise
from symchain.lowering.kinks import Kink, kinks_of
from symchain.nouns.computation import Computation, ancestors
from symchain.support.dimensions import Dim, letters
from symchain.tensors.needs import needs_of
from symchain.tensors.nodes import (
    Apply,
    Compare,
    Constant,
    Contraction,
    Identity,
    Leaf,
    Number,
    Operation,
    Power,
    Size,
    Sum,
    Tree,
    Where,
    leaves,
    postorder,
)

Label = tuple[str, ...]
"""("value",), ("gradient", "w"), ("hessian", "w"), ("hessian", "w", "b") or ("array",)."""

_FLAT = 12
"""A product of products becomes one product of up to this many factors."""


def lower(
    program: Computation,
    outputs: Sequence[tuple[Label, Tree]],
    *,
    order: int | None,
    output: str | None = None,
    extra: Mapping[str, Tree] | None = None,
    written: Computation | None = None,
) -> Plan:
    """The Plan that computes some trees over a program's names.

    The sizes are those for which `output`, the block that is differentiated, has a value, and all that the trees read.
    `extra` defines names that the trees read beyond the program's own (delta_z1). `order` is that of Plan: it says in what form
    the outputs are returned. Every input of the program is an input of the plan, needed or not. `written` is the program whose kinks
    are guarded, where the given one is a stable form of it.
    Raises ArgumentError when a function is not bound, UnsupportedError for what has no code.
    """
    definitions = {name: block.tree for name, block in program.blocks.items()} | dict(extra or {})
    names = _needed(definitions, [tree for _, tree in outputs])
    source = written or program
    kinks = list(kinks_of(source, [name for name in names if name in source.blocks]))
    guarded = [side for kink in kinks for side in (kink.left, kink.right) if not isinstance(side, float)]
    names = _needed(definitions, [*(tree for _, tree in outputs), *guarded])  # a stable form may read fewer names than what is guarded
    definitions = {name: definitions[name] for name in names}
    stable = stabilise([*definitions.values(), *(tree for _, tree in outputs), *guarded], definitions)
    definitions = dict(zip(names, stable, strict=False))
    trees, guarded = stable[len(names) : len(names) + len(outputs)], stable[len(names) + len(outputs) :]
    names = _needed(definitions, trees)
    read_as_written = ancestors(source, output) if output else set(source.inputs)
    facts = {n: tuple(f for f in FACTS if f in v.facts) for n, v in source.inputs.items() if n in read_as_written}
    lowering = _Lowering(program, {name: definitions[name] for name in names}, trees, facts)
    for name in names:
        lowering.define(name)
    results = []
    for (label, old), tree in zip(outputs, trees, strict=True):
        lowering.asm.block = title(*label)
        value = lowering.asm.whole(lowering.laid(tree), old.shape)
        results.append(Output(label[0], label[1:], value, old.shape))
    guards = lowering.guards(kinks, guarded, definitions)
    asm = lowering.asm
    above = {*names, *(read_as_written if output else ())}
    needs = tuple(needs_of((name, block.tree) for name, block in source.blocks.items() if name in above))
    read = letters(d for i in asm.instructions for d in (i.parameters if i.opcode == "size" else i.shape))
    known = tuple(dict.fromkeys([*lowering.letters, *read, *letters(need.dim for need in needs)]))
    scalar = program.scalar and not any(o.shape for o in results)
    return with_bands(Plan(asm.inputs, known, tuple(asm.instructions), tuple(results), order, scalar, guards, needs))


def _needed(definitions: Mapping[str, Tree], trees: Sequence[Tree]) -> list[str]:
    """The defined names that trees depend on, each after those it reads."""
    order: list[str] = []
    seen: set[str] = set()
    stack: list[tuple[str, bool]] = [(leaf.name, False) for leaf in reversed(leaves(*trees))]
    while stack:
        name, done = stack.pop()
        if done:
            order.append(name)
        elif name not in seen and name in definitions:
            seen.add(name)
            stack.append((name, True))
            stack.extend([(leaf.name, False) for leaf in reversed(leaves(definitions[name])) if leaf.name not in seen])
    return order


class _Lowering:
    """Trees to values, each tree once."""

    def __init__(
        self, program: Computation, definitions: Mapping[str, Tree], trees: Sequence[Tree], facts: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.definitions = definitions
        roots = [*definitions.values(), *trees]
        nodes = postorder(*roots)
        self.reads: dict[Tree, int] = {}
        """How many places read a tree: a product read in one place is taken apart into it."""
        for tree in (*roots, *(a for node in nodes for a in node.args)):
            self.reads[tree] = self.reads.get(tree, 0) + 1
        self.frequency: dict[Tree, int] = {}
        """In how many products a tree is a factor: frequent factors come first, so that products share what they begin with."""
        for node in nodes:
            if isinstance(node, Contraction):
                for tree in set(node.args):
                    self.frequency[tree] = self.frequency.get(tree, 0) + 1
        labels = {a.name for n in nodes if isinstance(n, Operation) for a in _labels(n) if isinstance(a, Leaf)}
        self.asm = Assembly(
            [Input(n, v.shape, n in labels or "integer" in v.facts, facts.get(n, ())) for n, v in program.inputs.items()]
        )
        self.letters = list(dict.fromkeys([*program.dimensions, *letters(d for v in program.inputs.values() for d in v.shape)]))
        self.inputs = {name: k for k, name in enumerate(program.inputs)}
        self.done: dict[Tree, Laid] = {}
        self.magnitudes: dict[Tree, tuple[Laid, bool]] = {}
        """For contractions, the value with a positive coefficient and whether it is to be negated."""
        self.names: dict[str, Laid] = {}

    def define(self, name: str) -> None:
        self.asm.block = name
        self.names[name] = self.laid(self.definitions[name])

    def guards(self, kinks: Sequence[Kink], sides: Sequence[Tree], definitions: Mapping[str, Tree]) -> tuple[Guard, ...]:
        """The guards of kinks, after everything else: what is only read here leaves the rest of the code as it is."""
        missing = [name for name in _needed(definitions, sides) if name not in self.names]
        self.definitions = {**self.definitions, **{name: definitions[name] for name in missing}}
        for name in missing:
            self.define(name)
        guards: dict[Guard, None] = {}
        rest = iter(sides)
        for kink in kinks:
            self.asm.block = kink.block
            laids = [self.laid(next(rest)) for side in (kink.left, kink.right) if not isinstance(side, float)]
            values, _ = self.asm.together(laids)
            at = kink.right if isinstance(kink.right, float) else 0.0
            guards[Guard(values[0], at, kink.function, kink.block, values[1] if len(values) > 1 else None)] = None
        return tuple(guards)

    def laid(self, tree: Tree) -> Laid:
        stack = [(tree, False)]
        while stack:
            node, ready = stack.pop()
            if node in self.done:
                continue
            if ready:
                self.done[node] = self._visit(node)
            else:
                stack.append((node, True))
                stack.extend((a, False) for a in reversed(node.args) if a not in self.done)
        return self.done[tree]

    def _visit(self, node: Tree) -> Laid:
        asm = self.asm
        match node:
            case Leaf():
                return self._name(node)
            case Number():
                return Laid(asm.constant(node.value))
            case Constant():
                return Laid(asm.pi())
            case Size():
                return Laid(asm.size(node.dim))
            case Identity():
                return Laid(asm.emit("embed", (asm.constant(1),), ((0, 0), node.shape), node.shape), (0, 1))
            case Sum():
                return self._sum(node)
            case Contraction():
                laid, negative = self._magnitude(node)
                return Laid(asm.negative(laid.value), laid.axes) if negative else laid
            case Power():
                (base, exponent), axes = asm.together([self.done[a] for a in node.args])
                return Laid(asm.power(base, exponent), axes)
            case Apply():
                return self._apply(node)
            case Compare():
                operands, axes = asm.together([self.done[a] for a in node.args])
                return Laid(asm.elementwise("compare", tuple(operands), (node.operator,)), axes)
            case Where():
                operands, axes = asm.together([self.done[a] for a in node.args])
                return Laid(asm.elementwise("where", tuple(operands)), axes)
            case Operation():
                return self._operation(node)
        raise UnsupportedError(f"there is no code for {type(node).__name__}")

    def _name(self, node: Leaf) -> Laid:
        if node.name in self.names:
            return self.names[node.name]
        value = self.inputs.get(node.name)
        if value is None:
            raise ArgumentError(f"nothing defines {node.name}")
        if self.asm.inputs[value].integer:
            value = self.asm.emit("real", (value,), (), node.shape)
        return Laid(value, tuple(range(len(node.shape))))

    # ------------------------------------------------------------ sums

    def _sum(self, node: Sum) -> Laid:
        """Terms with the same axes first, the smallest arrays first; a negative term is subtracted."""
        groups: dict[tuple[int, ...], list[tuple[int, bool]]] = {}
        for term in node.args:
            laid, negative = self._signed(term)
            groups.setdefault(laid.axes, []).append((laid.value, negative))
        total: tuple[Laid, bool] | None = None
        for axes in sorted(groups, key=len):
            value, negative = self._chain(groups[axes])
            if total is None:
                total = Laid(value, axes), negative
            else:
                operands, union = self.asm.together([Laid(value, axes), total[0]])
                value, negative = self._chain([(operands[0], negative), (operands[1], total[1])])
                total = Laid(value, union), negative
        assert total is not None
        return Laid(self.asm.negative(total[0].value), total[0].axes) if total[1] else total[0]

    def _signed(self, term: Tree) -> tuple[Laid, bool]:
        if isinstance(term, Contraction):
            return self._magnitude(term)
        if isinstance(term, Number) and term.value < 0:
            return Laid(self.asm.constant(-term.value)), True
        return self.done[term], False

    def _chain(self, terms: Sequence[tuple[int, bool]]) -> tuple[int, bool]:
        """The terms added in order, from the first that is not subtracted; without one, the sum of all, to be negated."""
        first = next((k for k, (_, negative) in enumerate(terms) if not negative), None)
        value = terms[first or 0][0]
        for k, (other, negative) in enumerate(terms):
            if k != (first or 0):
                value = self.asm.subtract(value, other) if negative and first is not None else self.asm.add(value, other)
        return value, first is None

    # ------------------------------------------------------------ products

    def _magnitude(self, node: Contraction) -> tuple[Laid, bool]:
        found = self.magnitudes.get(node)
        if found is None:
            found = self.magnitudes[node] = lower_contraction(self.asm, self._job(node))
        return found

    def _job(self, node: Contraction) -> Job:
        """The operands told apart; products that are read here alone are taken apart too."""
        dims: list[Dim] = list(node.dims)
        coefficient = Fraction(1)
        identities: list[tuple[int, ...]] = []
        found: list[tuple[Tree, tuple[int, ...]]] = []
        stack = list(zip(node.args, node.subscripts, strict=True))[::-1]
        while stack:
            tree, indices = stack.pop()
            if isinstance(tree, Number):
                coefficient *= tree.value
            elif isinstance(tree, Identity):
                identities.append(indices)
            elif isinstance(tree, Contraction) and self._opens(tree, len(stack) + len(found)):
                inner, renamed = _renamed(tree, indices, dims)
                stack.extend(reversed(inner))
                identities.extend(renamed)
            else:
                found.append((tree, indices))
        factors = sorted(found, key=lambda f: -self.frequency.get(f[0], 0)) if len(found) > 2 else found
        return Job(tuple(self._factor(t, i) for t, i in factors), coefficient, tuple(identities), node.output, tuple(dims))

    def _opens(self, tree: Contraction, others: int) -> bool:
        return self.reads.get(tree, 0) == 1 and len(tree.args) + others <= _FLAT

    def _factor(self, tree: Tree, indices: tuple[int, ...]) -> Factor:
        """An operand; a negative power divides, a square is known as the square of its root."""
        root = None
        inverse = False
        laid = self.done[tree]
        if isinstance(tree, Power) and isinstance(tree.exponent, Number):
            base, exponent = tree.base, tree.exponent.value
            if exponent < 0:
                inverse = True
                value = self.done[base].value
                if exponent != -1:
                    value = self.asm.power(value, self.asm.constant(-exponent))
                laid = Laid(value, self.done[base].axes)
            elif exponent == 2:
                root = self.done[base].value
        return Factor(laid.value, tuple(indices[a] for a in laid.axes), inverse, root)

    # ------------------------------------------------------------ functions

    def _apply(self, node: Apply) -> Laid:
        spec = self._spec(node)
        operands, axes = self.asm.together([self.done[a] for a in node.args])
        return Laid(self.asm.elementwise("call", tuple(operands), (spec.name, spec.form)), axes)

    def _spec(self, node: Apply) -> FunctionSpec:
        function = node.function
        if isinstance(function, AbstractFunction):
            if function.binding is None:
                raise ArgumentError(
                    f"the function {function.name} is not known, so it has no values",
                    advice=f'Say what it is: a line "{function.name} = sigmoid" in the program, or let={{"{function.name}": "sigmoid"}}.',
                )
            if any(node.orders):
                raise UnsupportedError(f"there is no code for a derivative of {function.name}")
            function = function.binding
        assert isinstance(function, FunctionSpec)
        return function

    def _operation(self, node: Operation) -> Laid:
        spec = node.operation
        if spec.stopped:
            return self.done[node.args[0]]
        operands = []
        for tree in node.args:
            value = self.asm.whole(self.done[tree], tree.shape)
            operands.append(self._integer(tree, value) if tree in _labels(node) else value)
        map_dims(spec, node.parameters, self._met)
        value = self.asm.emit(*_instruction(node, tuple(operands)), node.shape)
        return Laid(value, tuple(range(len(node.shape))))

    def _integer(self, tree: Tree, value: int) -> int:
        if isinstance(tree, Leaf) and tree.name in self.inputs:
            return self.inputs[tree.name]
        return self.asm.emit("integer", (value,), (), tree.shape)

    def _met(self, dim: Dim) -> Dim:
        """The dimension, whose letters the plan has to know."""
        self.letters += [n for n in letters([dim]) if n not in self.letters]
        return dim


def _instruction(node: Operation, operands: tuple[int, ...]) -> tuple[str, tuple[int, ...], tuple[Any, ...]]:
    """The opcode of an operation, with its operands and parameters: an instruction of its name, or else its meaning itself."""
    spec = node.operation
    if spec.name in OPCODES:
        return spec.name, operands, node.parameters
    if not any(a.shape for a in node.args):
        raise UnsupportedError(f"there is no code for {spec.name} of numbers", advice="Declare it as an elementwise function.")
    return "declared", operands, (spec.name, name_of(spec.name, spec.evaluate), *node.parameters)


def _labels(node: Operation) -> Iterable[Tree]:
    return [node.args[k] for k in node.operation.integers]


def _renamed(tree: Contraction, indices: tuple[int, ...], dims: list[Dim]) -> tuple[list[Any], list[tuple[int, ...]]]:
    """The operands of an inner product over the indices of the outer one; new indices are added to `dims`."""
    name: dict[int, int] = {}
    identities: list[tuple[int, ...]] = []
    for inner, outer in zip(tree.output, indices, strict=True):
        if inner in name:
            identities.append((name[inner], outer))
        else:
            name[inner] = outer
    for inner, dim in enumerate(tree.dims):
        if inner not in name:
            name[inner] = len(dims)
            dims.append(dim)
    return [(a, tuple(name[i] for i in s)) for a, s in zip(tree.args, tree.subscripts, strict=True)], identities


__all__ = ["Label", "lower"]
