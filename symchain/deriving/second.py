"""Second derivatives: the gradient's formula becomes a block of the program, and the same sweep runs again."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import sympy

from symchain.deriving.constraints import without_equations
from symchain.deriving.documented import documented
from symchain.deriving.sweep import Sweep
from symchain.deriving.zeros import second_to_nothing
from symchain.errors import ArgumentError
from symchain.nouns.computation import Block, Computation, Variable
from symchain.nouns.derivation import Derivation, Derivations, Line
from symchain.nouns.names import Names, name_between
from symchain.rewriting import is_large, price_of, simplify
from symchain.tensors.isolation import Isolation
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Leaf, Tree, contract, leaf, leaves, substitute


def extended(program: Computation, lines: list[tuple[str, Tree]], variables: list[Variable] | None = None) -> Computation:
    """The program with more blocks at its end, and possibly more inputs."""
    made = dict(program.blocks)
    symbols = dict(program.symbols)
    known = {name: block.tree for name, block in made.items()}
    isolation = Isolation(known)
    for name, tree in lines:
        tree = known[name] = isolation.marked(tree)
        reads = tuple(dict.fromkeys(n.name for n in leaves(tree)))
        if not tree.shape:
            symbols.setdefault(name, sympy.Symbol(name, real=True))
        made[name] = Block(name, tree.shape, tree, phrase_of(tree), reads, leaf(name, tree.shape), symbols)
    inputs = dict(program.inputs) | {v.name: v for v in variables or []}
    symbols |= {v.name: v.symbol for v in variables or []}
    return replace(program, inputs=MappingProxyType(inputs), blocks=MappingProxyType(made), symbols=MappingProxyType(symbols))


def hessian(program: Computation, output: str, names: Sequence[str]) -> Derivations:
    """The second derivatives by some names and by every two of them, over lines that each stand once."""
    found = [second_derivatives(program, output, name, names[k:]) for k, name in enumerate(names)]
    diagonal = {d.wrt: d for row in found for d in row if not d.mixed}
    mixed = {(d.first, d.wrt): d for row in found for d in row if d.mixed}
    return over_shared_lines(Derivations(program, output, diagonal, (), mixed=mixed))


def over_shared_lines(several: Derivations) -> Derivations:
    """Derivatives of order 2 with the lines that they read, each once."""
    known: dict[str, Line] = {}
    derived = list(several.every)
    taken = {*several.program.names, *(d.result.name for d in derived), *(n for d in derived if d.reading for n in d.reading.inputs)}
    results = tuple(beside(known, d, taken) for d in derived)
    return replace(several, adjoint_lines=tuple(known.values()), results=results)


def beside(known: dict[str, Line], derivation: Derivation, taken: Container[str]) -> Line:
    """Add a derivation's lines to those of others, under new names where a name already means something else; its result over them."""
    renamed: dict[Tree, Tree] = {}

    def moved(line: Line) -> Line:
        if not renamed:
            return line
        general = None if line.general is None else substitute(line.general, renamed)
        return replace(line, tree=substitute(line.tree, renamed), general=general, written=None, received=())

    for old in derivation.adjoint_lines:
        line = moved(old)
        name = line.name
        while name in known and known[name].tree is not line.tree:
            name += "_"
            while name in taken:
                name += "_"
        if name != line.name:
            renamed[leaf(line.name, line.shape)] = leaf(name, line.shape)
        known.setdefault(name, replace(line, name=name))
    return moved(derivation.result)


def second_derivative(program: Computation, output: str, first: str, second: str) -> Derivation:
    """d2(output)/d(first)d(second), of shape F + first + second, in the program's names."""
    return second_derivatives(program, output, first, [second])[0]


def second_derivatives(program: Computation, output: str, first: str, seconds: Sequence[str]) -> list[Derivation]:
    """The second derivatives by `first` and each of some names: the gradient is one, and so is the sweep through it."""
    free, names = without_equations(program, (first, *seconds))
    if free is not program and len(seconds) > 1:  # which equations are freed depends on the names
        return [second_derivative(program, output, first, second) for second in seconds]
    gradient = Sweep(free, output, [first]).derivation(free, first)
    lines = [*gradient.adjoint_lines, gradient.result]
    reading = extended(free, [(line.name, line.tree) for line in lines])
    titles = [f"d2{output}_d{first}2" if first == second else f"d2{output}_d{first}_d{second}" for second in seconds]
    called = name_between(output, first)
    derived = [second_to_nothing(d, first) for d in _again(free, reading, gradient, lines, output, seconds, titles, called)]
    return derived if free is program else [_restored(d, program, names) for d in derived]


def _restored(d: Derivation, program: Computation, names: dict[Tree, Tree]) -> Derivation:
    """A derivation about freed names, said of the program's own, and simplified by what is known of them."""

    def back(line: Line) -> Line:
        received = tuple((user, substitute(adjoint, names)) for user, adjoint in line.received)
        return documented(replace(line, tree=simplify(substitute(line.tree, names)), general=None, written=None, received=received))

    kept = tuple(map(back, d.adjoint_lines))
    formula = simplify(substitute(d.formula_tree, names))
    freed = d.reading or program
    fresh = [v for n, v in freed.inputs.items() if n not in program.inputs]
    reading = extended(program, [(n, substitute(b.tree, names)) for n, b in freed.blocks.items() if n not in program.blocks], fresh)
    told = replace(d, program=program, adjoint_lines=kept, result=back(d.result), reading=reading)
    return replace(told, formula_tree=formula, general_tree=formula, substitutions=())


def hessian_vector_product(program: Computation, output: str, wrt: str, vector: str) -> Derivation:
    """H @ v, as the gradient of the scalar g . v, with v a new input of the shape of wrt."""
    if program.blocks[output].shape:
        raise ArgumentError(f"{output} is not a scalar, so it has no Hessian-vector product", advice="Choose a scalar output.")
    if vector and vector in program.names:
        raise ArgumentError(f"the name {vector} is taken", advice="Give another one with vector=.")
    vector = vector or Names(program.names).fresh(f"v_{wrt}")
    free, names = without_equations(program, (wrt, wrt))
    gradient = Sweep(free, output, [wrt]).derivation(free, wrt)
    shape = gradient.shape
    symbol: Leaf = leaf(vector, shape)
    variable = Variable(vector, shape, symbol, frozenset(), sympy.Symbol(vector, real=True) if not shape else symbol)
    lines = [*gradient.adjoint_lines, gradient.result]
    indices = tuple(range(len(shape)))
    slope = f"d{output}_{vector}"
    reading = extended(free, [(line.name, line.tree) for line in lines], [variable])
    along = contract([leaf(gradient.result.name, shape), symbol], [indices, indices], ())
    reading = extended(reading, [(slope, along)])
    called = name_between(output, wrt, vector)
    (again,) = _again(free, reading, gradient, lines, slope, [wrt], [f"d2{output}_d{wrt}2_{vector}"], called)
    derived = second_to_nothing(again, wrt)
    return derived if free is program else _restored(derived, program, names)


def _again(
    program: Computation,
    reading: Computation,
    gradient: Derivation,
    lines: list[Line],
    output: str,
    wrt: Sequence[str],
    names: Sequence[str],
    called: str,
) -> list[Derivation]:
    """The derivatives of the gradient, or of a number made of it, by some names: one sweep.

    `names` are what they are called, and `called` is what the derivative by a block between them is.
    """
    top = gradient.result.name if output == gradient.output else output
    sweep = Sweep(reading, top, wrt, protected=names, called=called)
    known = {line.name: line for line in lines}
    for block in reading.blocks.values():
        if block.name not in program.blocks and block.name not in known:
            known[block.name] = Line(block.name, block.tree, "value", block.name, block.shape)
    read = sweep.route.program
    return [_told(program, read, gradient, known, sweep.derivation(reading, n), name) for n, name in zip(wrt, names, strict=True)]


def _told(
    program: Computation, reading: Computation, gradient: Derivation, known: Mapping[str, Line], d: Derivation, name: str
) -> Derivation:
    """A derivation of the gradient as one of the output, with those lines of the gradient that it reads."""
    result = replace(d.result, name=name)
    # these are no adjoints of the output, but of its first derivative
    within = [replace(line, role="value") if line.role == "adjoint" else line for line in d.adjoint_lines]
    ordered = [*known.values(), *within]
    by_name = {line.name: line for line in ordered}
    needed: set[str] = set()
    pending = [result.tree]
    while pending:
        for n in leaves(pending.pop()):
            if n.name in by_name and n.name not in needed:
                needed.add(n.name)
                pending.append(by_name[n.name].tree)
    kept = tuple(line for line in ordered if line.name in needed)
    told = replace(
        d, program=program, output=gradient.output, order=2, adjoint_lines=kept, result=result, reading=reading,
        first=gradient.wrt, slope=d.output,
    )  # fmt: skip
    formula = shortened(kept, result)
    if formula is None:
        return told
    last = documented(replace(result, tree=formula, general=None, written=None))
    return replace(told, adjoint_lines=(), result=last, formula_tree=formula, general_tree=formula)


def shortened(lines: tuple[Line, ...], result: Line) -> Tree | None:
    """The result without the lines before it, where that is shorter than both together."""
    values: dict[Tree, Tree] = {}
    for line in lines:
        values[leaf(line.name, line.shape)] = tree = substitute(line.tree, values)
        if is_large(tree):
            return None
    whole = substitute(result.tree, values)
    if not lines or is_large(whole):
        return None
    formula = simplify(whole)
    return formula if price_of(formula) + 1 < price_of(result.tree) + sum(price_of(line.tree) for line in lines) else None
