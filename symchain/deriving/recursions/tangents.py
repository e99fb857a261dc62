"""Second derivatives along a vector: the recurrence extended by how its values move, of which the same way back is taken.

With g the gradient by w, H @ v is the gradient of g . v, and g . v is how the output moves as w moves along v: one more line for each
line that depends on w, in the same step.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import sympy

from symchain.deriving.recognition import Recogniser
from symchain.deriving.recursions.backward import active_names
from symchain.deriving.recursions.steps import step_program
from symchain.errors import ArgumentError
from symchain.language.wanted import Wanted
from symchain.nouns.computation import Block, Computation, Variable
from symchain.nouns.families import PLAIN, PROD, START, SUM, Clause, Read, member
from symchain.nouns.names import Names
from symchain.rewriting import reduced
from symchain.rules.reverse import pullback, seed
from symchain.support.dimensions import Shape
from symchain.support.notation import name as name_phrase
from symchain.tensors.nodes import Leaf, Tree, add, contract, hadamard, leaf, leaves, reciprocal, zeros
from symchain.tensors.terms import is_zero


def moving(program: Computation, output: str, wanted: Wanted, vector: str, unit: bool = False) -> tuple[Computation, str, str]:
    """The program with lines that say how its values move as `wanted` moves along a new input; the names of how the output does, and of
    that input. `unit`: a number moves by 1, and there is no input."""
    if wanted.kind == "member":
        raise ArgumentError(f"a product with the Hessian is by a name, not by {wanted.name}", advice=f"Write {wanted.base}.")
    made = _Moving(program, output, wanted, vector, () if unit else None)
    if output not in made.rates:
        raise ArgumentError(f"{output} does not depend on {wanted.base}", advice="Choose another name.")
    return made.program(), made.rates[output], made.vector


def carried(program: Computation, wanted: Wanted) -> tuple[Computation, dict[str, str]]:
    """The program with lines for the derivatives of its values by all entries of `wanted`, which has no index; what each is called."""
    made = _Moving(program, "", wanted, "", program.leaves[wanted.base].shape, f"d{{}}_d{wanted.base}")
    return made.program(), made.rates


class _Moving:
    def __init__(self, program: Computation, output: str, wanted: Wanted, vector: str, by: Shape | None, called: str = "v_{}") -> None:
        """`by`: None for moving along a vector, else the shape of `wanted`, by whose entries the derivatives are."""
        assert program.recurrence is not None
        self.source, self.recurrence, self.output, self.wanted = program, program.recurrence, output, wanted
        self.by = by
        self.names = Names({*program.names, *program.families, *self.recurrence.letters, *self.recurrence.lengths})
        if vector and vector in self.names.taken:
            raise ArgumentError(f"the name {vector} is taken", advice="Give another one with vector=.")
        self.vector = vector or self.names.fresh(f"v_{wanted.base}")
        self.active = active_names(program, {wanted.base})
        self.rates: dict[str, str] = {wanted.base: self.vector}
        """What the moving of a family, block or input is called."""
        for clause in self.recurrence.clauses:
            if clause.name in self.active and clause.name not in self.rates:
                self.rates[clause.name] = self.names.fresh(called.format(clause.name))
        self.products: dict[str, Tree] = {}

    def program(self) -> Computation:
        units: list[tuple[Clause, ...]] = []
        for unit in self.recurrence.units:
            named = unit[0].kind not in (SUM, PROD)  # a term of a sum over an index has no name
            self.recognise = Recogniser(step_program(self.source, unit)).concrete if named else reduced
            rates = [self._rate(c) for c in unit if c.name in self.active and c.name != self.wanted.base]
            if unit[0].kind in (SUM, PROD, PLAIN, "start"):
                units += [unit, *((r,) for r in rates)]
            else:
                units.append((*unit, *rates))
        families = dict(self.recurrence.families)
        for own, rate in self.rates.items():
            if own in families:
                known = families[own]
                families[rate] = replace(known, name=rate, facts=frozenset(), shape=(*known.shape, *(self.by or ())))
        rows = {**self.recurrence.rows} | {self.rates[n]: d for n, d in self.recurrence.rows.items() if n in self.rates}
        recurrence = replace(
            self.recurrence, families=MappingProxyType(families), rows=MappingProxyType(rows), units=tuple(units), statements=()
        )
        inputs, blocks = dict(self.source.inputs), dict(self.source.blocks)
        if self.wanted.kind == "plain" and self.wanted.base in inputs and self.by is None:
            shape = inputs[self.wanted.base].shape
            own = leaf(self.vector, shape)
            symbol: Any = own if shape else sympy.Symbol(self.vector, real=True)
            inputs[self.vector] = Variable(self.vector, shape, own, frozenset(), symbol, declared=True)
        for clause in (c for unit in units for c in unit):
            if clause.kind == PLAIN and clause.name not in blocks:
                own = leaf(clause.name, clause.shape)
                reads = tuple(dict.fromkeys(n.name for n in leaves(clause.tree)))
                blocks[clause.name] = Block(clause.name, clause.shape, clause.tree, name_phrase(clause.name), reads, own)
        return replace(self.source, inputs=MappingProxyType(inputs), blocks=MappingProxyType(blocks), recurrence=recurrence)

    def _rate(self, clause: Clause) -> Clause:
        """How what a line defines moves."""
        reads = dict(clause.reads)
        terms: list[Tree] = []
        plain = dict.fromkeys(clause.plain)
        by: Shape = self.by or ()
        wanted: dict[Leaf, Tree] = {}
        for node in leaves(clause.tree):
            read = clause.reads.get(node.name)
            base = read.family if read is not None else node.name
            if base in self.rates and base in self.active:
                if base == self.wanted.base and self.by is not None and read is None:
                    wanted[node] = seed(by)
                elif read is not None:
                    moved = Read(self.rates[base], read.index)
                    text = member(moved.family, moved.index)
                    reads[text] = moved
                    wanted[node] = leaf(text, (*node.shape, *by))
                else:
                    plain[self.rates[base]] = None
                    wanted[node] = leaf(self.rates[base], (*node.shape, *by))
                if read is not None and base in self.recurrence.rows:
                    plain[self.rates[base]] = None
        lead = len(clause.shape)
        for node, rate in wanted.items():
            local = pullback(clause.tree, seed(clause.shape), lead, [node], reduced)[node]
            rows, columns = tuple(range(lead)), tuple(range(lead, lead + len(node.shape)))
            more = tuple(range(lead + len(node.shape), lead + len(node.shape) + len(by)))
            terms.append(self.recognise(reduced(contract([local, rate], [(*rows, *columns), (*columns, *more)], (*rows, *more)))))
        kept = [t for t in terms if not is_zero(t)]
        tree = self.recognise(reduced(add(kept))) if kept else zeros((*clause.shape, *by))
        name = self.rates[clause.name]
        if clause.kind in (PLAIN, START) and any(n.name == clause.target for n in leaves(tree)):
            # what the line defines was recognised in how it moves, which is a line of its own
            if clause.index is None:
                plain[clause.name] = None
            else:
                reads[clause.target] = Read(clause.name, clause.index)
        if clause.kind == PROD:  # of each factor: how it moves, times the others
            rows, more = tuple(range(lead)), tuple(range(lead, lead + len(by)))
            whole = hadamard([leaf(clause.name, clause.shape), reciprocal(clause.tree)])
            tree = contract([whole, tree], [rows, (*rows, *more)], (*rows, *more))
            plain[clause.name] = None
            clause = replace(clause, kind=SUM)
        shape = (*clause.shape, *by)
        return replace(clause, name=name, tree=tree, shape=shape, reads=MappingProxyType(reads), plain=tuple(plain))


def rates_of(made: Computation, source: Computation) -> list[Clause]:
    """The lines that were added."""
    assert made.recurrence is not None and source.recurrence is not None
    known = {c.name for c in source.recurrence.clauses}
    return [c for c in made.recurrence.clauses if c.name not in known]
