"""Evidence for recursions: their lines written out at several lengths, beside complex steps through the program written out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy

from symchain.deriving.recursions.frames import Frames
from symchain.errors import ArgumentError, SymchainError, UnsupportedError, VerificationError
from symchain.evidence.verification import verify
from symchain.language.forms import FORMS
from symchain.language.unrolling import bounding, named, unrolled
from symchain.nouns.computation import Block, Computation, Variable
from symchain.nouns.derivation import Derivation, Line, Verification
from symchain.nouns.families import PROD
from symchain.nouns.names import Names
from symchain.nouns.program import Program
from symchain.nouns.recursion import Evidence, RangedLine, Recursion
from symchain.support.dimensions import Dim
from symchain.support.linear import Linear
from symchain.support.notation import name as name_phrase
from symchain.support.truncation import tried
from symchain.tensors.memory import making_trees
from symchain.tensors.moving import moved, renamed_shape
from symchain.tensors.nodes import (
    ONE,
    Leaf,
    Tree,
    add,
    broadcast,
    contract,
    hadamard,
    identity,
    leaf,
    leaves,
    named_operation,
    number,
    substitute,
    zeros,
)

LENGTHS = (1, 2, 3, 4)
"""Lengths that are tried, all letters together; a program may need some steps."""
CHECKED = 3
"""So many of them are used, and of a family so many members."""


@making_trees()
def verified(recursion: Recursion) -> Evidence:
    """The lines of a derivation beside complex steps. Raises VerificationError where they differ."""
    found: list[Mapping[str, int]] = []
    error, points, components, held = 0.0, 0, 0, True
    open_reason = ""
    for lengths in lengths_of(recursion):
        if len(found) == CHECKED:
            break
        try:
            written = list(_derivations(recursion, lengths))
            verdicts = [verify(d) for d in written]
        except VerificationError:
            raise
        except SymchainError as refused:
            open_reason = open_reason or refused.what
            continue
        decided = [v for v in verdicts if not v.open and not _overflows(v)]
        if not decided:
            open_reason = open_reason or next((v.open for v in verdicts), "")
            continue
        found.append(lengths)
        error = max([error, *(v.error for v in decided if not v.rounded)])
        points += max(v.points for v in decided)
        components += sum(v.components for v in decided)
        held = held and all(v.held for v in decided)
    return Evidence(tuple(found), points, components, error, held and bool(found), "" if found else open_reason or "nowhere")


def _overflows(found: Verification) -> bool:
    """Whether lines and program differ where the program has left the range of floats: that says nothing of the lines."""
    return not found.held and not all(np.isfinite(np.asarray(v, float)).all() for v in found.values.values())


def lengths_of(recursion: Recursion) -> Iterator[Mapping[str, int]]:
    """Small values for the letters of the bounds."""
    assert recursion.program.recurrence is not None
    letters = bounding(recursion.program.recurrence)
    if not letters:
        yield {}
        return
    for value in tried(LENGTHS, recursion.truncate):
        yield {letter: value + k for k, letter in enumerate(letters)} if len(letters) > 1 else {letters[0]: value}
    if len(letters) > 1:
        yield dict.fromkeys(letters, 2)


def _derivations(recursion: Recursion, lengths: Mapping[str, int]) -> Iterator[Derivation]:
    """The derivation at some lengths, as one of the program that is written out: for the first members, and the last."""
    written = _Written(recursion, lengths)
    own = recursion.wanted
    if recursion.forward:
        yield from _forward(written)
        return
    if own.kind == "member" and named(own.base, own.index.value(lengths), written.source) not in written.program.leaves:
        raise ArgumentError(f"there is no {own.name} at these lengths", advice="Ask for a member that there is.")
    lines = written.lines()
    if recursion.order == 2 and own.kind == "family":
        yield _along_members(written, lines)
        return
    if own.kind == "plain":
        names = [own.base]
    elif own.kind == "member":
        names = [named(own.base, own.index.value(lengths), written.source)]
    else:
        members = sorted(written.members[own.base])
        picked = [*members[: CHECKED - 1], members[-1]] if len(members) > CHECKED else members
        names = [named(own.base, k, written.source) for k in picked]
    for name in names:
        if name in written.program.leaves:
            result = written.result(name, lines)
            kept = tuple(line for line in lines if line.name != result.name)
            if recursion.order == 2:
                yield _second(written, name, result, kept)
                continue
            yield Derivation(
                written.program, recursion.output, name, 1, result.shape, {}, {}, 0, (), kept, result, result.tree, result.tree
            )


def _forward(written: _Written) -> Iterator[Derivation]:
    """Of a block, its derivative; of a family, those of its first members, and the last."""
    recursion, program, lines = written.recursion, written.program, written.lines()
    name, last = recursion.wrt, recursion.result.name
    made = written.made.get(last, {})
    picked = sorted(made) if len(made) <= CHECKED else [*sorted(made)[: CHECKED - 1], max(made)]
    pairs = [(named(recursion.output, k, written.source), made[k].name) for k in picked]
    if not made:  # a block, or a family on which the name does not act
        members = sorted(written.members.get(recursion.output, ()))[:CHECKED]
        pairs = [(named(recursion.output, k, written.source), last) for k in members] or [(recursion.output, last)]
    for output, own in pairs:
        result = next(line for line in lines if line.name == own)
        kept = tuple(line for line in lines[: lines.index(result)] if line.name != own)
        if output in program.blocks and name in program.leaves:
            result = replace(result, role="derivative")
            yield Derivation(program, output, name, 1, result.shape, {}, {}, 0, (), kept, result, result.tree, result.tree)


def _second(written: _Written, name: str, result: Line, lines: tuple[Line, ...]) -> Derivation:
    """A second derivative, or its product with a vector, which is an input beside those of the program."""
    recursion, program = written.recursion, written.program
    reading: Computation = program
    if recursion.vector:
        vector = recursion.program.inputs[recursion.vector]
        put: Any = moved(vector.leaf, lambda node: None, written.size)
        own = replace(vector, leaf=put, shape=put.shape, symbol=put if put.shape else vector.symbol)
        reading = replace(program, inputs=MappingProxyType({**program.inputs, vector.name: own}))
    return Derivation(
        program, recursion.moved, name, 2, result.shape, {}, {}, 0, (), lines, result, result.tree, result.tree, reading=reading, first=name
    )  # fmt: skip


def _along_members(written: _Written, lines: list[Line]) -> Derivation:
    """The product of the Hessian by the members of a family with a vector v, as a mixed second derivative of numbers: with each member
    W + a*v + b*u, that of the output by a and b is u . H v, at every a and b."""
    recursion, program = written.recursion, written.program
    base, made = recursion.wanted.base, written.made[recursion.result.name]
    if written.source.families[base].facts:
        what = "members with facts are not moved along a vector"
        raise UnsupportedError(what, advice="Do not declare facts of what a derivative is by.")
    names = Names(program.names)
    a, b = names.fresh("a"), names.fresh("b")
    inputs = {n: Variable(n, (), leaf(n), frozenset(), sympy.Symbol(n, real=True), declared=True) for n in (a, b)}
    blocks: dict[str, Block] = {}
    terms: list[Tree] = []
    for k, line in made.items():
        text = named(base, k, written.source)
        own = program.leaves.get(text)
        if own is None:
            continue
        parts = [leaf(names.fresh(n), own.shape) for n in (f"{text}_at", f"{recursion.vector}_{text}", f"u_{text}")]
        written.vectors[k] = parts[1]
        for part in parts:
            symbol: Any = part if part.shape else sympy.Symbol(part.name, real=True)
            inputs[part.name] = Variable(part.name, part.shape, part, frozenset(), symbol, declared=True)
        tree = add([parts[0], hadamard([leaf(a), parts[1]]), hadamard([leaf(b), parts[2]])])
        blocks[text] = Block(text, own.shape, tree, name_phrase(text), tuple(n.name for n in leaves(tree)), own)
        axes = tuple(range(len(own.shape)))
        terms.append(contract([parts[2], line], [axes, axes], ()))
    inputs |= {n: v for n, v in program.inputs.items() if n not in blocks}
    along = replace(program, inputs=MappingProxyType(inputs), blocks=MappingProxyType({**blocks, **program.blocks}))
    result = Line(names.fresh("product"), add(terms), "derivative", b, ())
    kept = tuple(written.lines())  # again, over the vectors
    return Derivation(along, recursion.moved, b, 2, (), {}, {}, 0, (), kept, result, result.tree, result.tree, first=a)


class _Written:
    """The lines at some lengths, over the names of the program that is written out."""

    def __init__(self, recursion: Recursion, lengths: Mapping[str, int]) -> None:
        self.recursion, self.lengths = recursion, dict(lengths)
        source = recursion.source or recursion.program
        assert isinstance(source, Program) and source.recurrence is not None
        self.source, self.recurrence = source, source.recurrence
        self.frames: Frames = recursion.frames
        self.program = unrolled(source, lengths, truncate=recursion.truncate)
        self.made: dict[str, dict[int, Leaf]] = {}
        self.plain: dict[str, Leaf] = {}
        self.vectors: dict[int, Leaf] = {}
        """Of a product with a Hessian by a family: the members of the vector."""
        self.members: dict[str, set[int]] = {
            own: {k for k in range(-8, 4 + 8 + max(lengths.values(), default=8)) if named(own, k, source) in self.program.leaves}
            for own in source.families
        }

    def lines(self) -> list[Line]:
        """Every line for every index, each behind those that it reads. Raises VerificationError where one is defined twice."""
        places = [(line, k) for line in self.recursion.ranged for k in self._indices(line)]
        owns = [self._own(line, k) for line, k in places]
        made = {own.name: self._line(line, k, own) for (line, k), own in zip(places, owns, strict=True)}
        if len(made) < len(places):
            twice = next(own.name for n, own in enumerate(owns) if own in owns[:n])
            raise VerificationError(f"{twice} is defined twice at these lengths", advice="This is a defect of symchain: please report it.")
        found: dict[str, Line] = {}
        for name in made:
            pending = [name]
            while pending:
                needs = [n.name for n in leaves(made[pending[-1]].tree) if n.name in made and n.name not in found]
                if any(n in pending for n in needs):
                    raise VerificationError(f"{needs[0]} needs itself", advice="This is a defect of symchain: please report it.")
                if needs:
                    pending += needs[:1]
                else:
                    found.setdefault(pending[-1], made[pending[-1]])
                    pending.pop()
        return list(found.values())

    def _indices(self, line: RangedLine) -> list[int | None]:
        if not line.var:
            return [None]
        assert line.first is not None and line.last is not None
        a, b = line.first.value(self.lengths), line.last.value(self.lengths)
        return list(range(a, b - 1, -1) if line.down else range(a, b + 1))

    def _own(self, line: RangedLine, k: int | None) -> Leaf:
        """The name of what a line defines at an index."""
        at = {**self.lengths, line.var: k} if k is not None else self.lengths
        shape = line.shape if k is None else self.frames.shape_at(line.shape, line.var, Linear.of(k))
        shape = renamed_shape(shape, self.size)
        if line.index is None:
            own = self.plain[line.name] = leaf(line.name, shape)
            return own
        number_ = line.index.value(at)
        own = leaf(f"{line.name}_{'m' if number_ < 0 else ''}{abs(number_)}", shape)
        self.made.setdefault(line.name, {})[number_] = own
        return own

    def _line(self, line: RangedLine, k: int | None, own: Leaf) -> Line:
        tree = self.tree(line.tree if k is None else self.frames.at(line.tree, line.var, Linear.of(k)))
        return Line(own.name, tree, "value", own.name, tree.shape)

    def result(self, name: str, lines: list[Line]) -> Line:
        """The line of the derivative by a name."""
        last = self.recursion.ranged[-1]
        if last.index is None:
            return next(line for line in lines if line.name == last.name)
        members = self.made[last.name]
        if self.recursion.wanted.kind == "plain":
            tree = FORMS["stack"].build([members[k] for k in sorted(members)])
            return Line(last.name, tree, "derivative", name, tree.shape)
        own = self.recursion.wanted.base
        number_ = next(k for k in self.members[own] if named(own, k, self.source) == name)
        return next(line for line in lines if line.name == members[number_].name)

    # ------------------------------------------------------------ trees

    def tree(self, tree: Tree) -> Tree:
        """A tree without an index of a range, over the names of the program that is written out."""
        opened: dict[Tree, Tree] = {}
        for node in leaves(tree):
            total = self.frames.totals.get(node.name)
            hidden = self.frames.hidden.get(node.name)
            if total is not None:
                opened[node] = self._every(total.body, total.var, total.low, total.high, False, node)
            elif hidden is not None:
                assert hidden.low is not None and hidden.high is not None
                opened[node] = self._every(hidden.tree, hidden.var, hidden.low, hidden.high, hidden.kind == PROD, node)
        tree = substitute(tree, opened) if opened else tree
        return moved(tree, self._put, self.size)

    def _every(self, body: Tree, var: str, low: Linear, high: Linear, product: bool, node: Leaf) -> Tree:
        span = range(low.value(self.lengths), high.value(self.lengths) + 1)
        terms = [self.tree(self.frames.at(body, var, Linear.of(k))) for k in span]
        shape = renamed_shape(node.shape, self.size)
        if not terms:
            return broadcast(ONE, shape) if product else zeros(shape)
        return hadamard(terms) if product else add(terms)

    def _put(self, node: Leaf) -> Tree | None:
        if node.name in self.lengths:
            return number(self.lengths[node.name])
        if node.name in self.plain:
            return self.plain[node.name]
        read = self.frames.reads.get(node.name)
        if read is None:
            if node.name in self.source.inputs and node.name not in self.program.inputs:
                raise ArgumentError(f"nothing reads {node.name} at these lengths", advice="Give other lengths.")
            return self.program.leaves.get(node.name)
        k = read.index.value(self.lengths)
        if read.family == self.recursion.vector and self.recursion.wanted.kind == "family":
            return self.vectors.get(k, node)
        if read.family in self.made:
            if k not in self.made[read.family]:
                raise ArgumentError(f"{read.family}[{k}] is not defined at these lengths", advice="Give other lengths.")
            return self.made[read.family][k]
        if read.family in self.recurrence.families:
            found = self.program.leaves.get(named(read.family, k, self.source))
            if found is None:
                raise ArgumentError(f"{read.family}[{k}] is not there at these lengths", advice="Give other lengths.")
            return found
        if read.family.startswith("eye("):
            return self._row(identity(self._size_of(node.shape[0])), k)
        array = self.program.leaves.get(read.family)
        if array is None:  # the vector of a product with a Hessian
            array = moved(self.recursion.program.inputs[read.family].leaf, lambda n: None, self.size)
        return self._row(array, k)

    @staticmethod
    def _row(array: Tree, k: int) -> Tree:
        chosen = (("at", k), *(("slice", 0, d, 1) for d in array.shape[1:]))
        return named_operation("index", array, parameters=(chosen,))

    def _size_of(self, dim: Dim) -> Dim:
        return renamed_shape((dim,), self.size)[0]

    def size(self, letter: str) -> Dim:
        if letter in self.lengths:
            return self.lengths[letter]
        if letter not in self.frames.sizes:
            return letter
        own, index = self.frames.sizes[letter]
        return named(own, index.value(self.lengths), self.source)
