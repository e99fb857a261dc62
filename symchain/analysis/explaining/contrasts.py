"""The comparison beside every local derivative: by this name, by each other name, and of a name that does not move."""

from __future__ import annotations

from collections.abc import Iterator

from symchain.analysis.explaining.words import named, names, partial, say
from symchain.deriving.factors import Factors
from symchain.deriving.products import carried
from symchain.errors import NotDifferentiableError
from symchain.nouns.computation import Block, Computation, dependents
from symchain.nouns.derivation import Factor
from symchain.render.maps import how
from symchain.support.document import Carried, Field, Formula, Row, Say
from symchain.support.notation import Phrase, name, number, operations, walk
from symchain.tensors.indexform import element
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Operation, leaf

ROWS = 6
"""So many derivatives are compared."""
LONGEST = 12
"""A coefficient of more operations is not written a second time."""


def compared(program: Computation, block: Block, by: str, factors: Factors) -> list[Row]:
    """dz/dw, dz/dx, dz/db, and db/dw = 0."""
    reads = [by, *(r for r in block.reads if r != by)]
    rows = [] if len(reads) > 1 else _softmax(block, by)
    rows = rows or [row(program, block, f) for f in _defined(block, by, reads, factors)]
    still = unmoved(program, block, by)
    if still is not None:
        fields: dict[str, Field] = {"name": named(still), "line": named(block.name), "wrt": named(by)}
        rows.append(Row((Formula(partial(still, by)), Formula(number(0))), say("unrelated", **fields)))
    return rows


def _defined(block: Block, by: str, reads: list[str], factors: Factors) -> Iterator[Factor]:
    """The local derivatives by the names that have one: labels do not."""
    for r in reads[:ROWS]:
        try:
            yield factors.factor(block.name, r)
        except NotDifferentiableError:
            if r == by:
                raise


def unmoved(program: Computation, block: Block, by: str) -> str | None:
    """A name the line reads that stays fixed: rather one that stands in a term of its own than one that multiplies."""
    moving = dependents(program, by)
    still = [r for r in block.reads if r not in moving]
    alone = [p.text for p in block.phrase.parts if p.head == "name"] if block.phrase.head == "add" else []
    broadcast = [p.parts[0].text for p in block.phrase.parts if p.head == "index"] if block.phrase.head == "add" else []
    return next((r for r in still if r in alone or r in broadcast), still[0] if still else None)


def held(program: Computation, output: str, wrt: str) -> list[str]:
    """The names a block reads that depend on another it reads: its local derivative by that one keeps them fixed."""
    moving = dependents(program, wrt)
    return [r for r in program.blocks[output].reads if r in moving and r != wrt]


def fixing(fixed: list[str]) -> Say:
    """With z and m fixed."""
    return say("fixed_many" if len(fixed) > 1 else "fixed", names=names(fixed))


def with_fixed(program: Computation, factor: Factor, note: Say | None) -> Say | None:
    """What is said about a local derivative, and what it keeps fixed although that depends on the name."""
    fixed = held(program, factor.output, factor.input)
    if not fixed:
        return note
    return say("fixed_also", note=note, fixed=fixing(fixed)) if note is not None else fixing(fixed)


def row(program: Computation, block: Block, factor: Factor) -> Row:
    """A local derivative: the value of a scalar one, what an array one makes of the error term; and what it keeps fixed."""
    symbol = Formula(partial(factor.output, factor.input))
    if block.shape and not program.scalar:
        adjoint = f"delta_{block.name}"
        after = phrase_of(carried(factor.shown, leaf(adjoint, block.shape)))
        return Row((symbol, Carried(name(adjoint), after)), with_fixed(program, factor, how(after, adjoint)))
    phrase = factor.phrase
    note = _note(block, factor, phrase) if not factor.shape else None
    return Row((symbol, Formula(phrase)), with_fixed(program, factor, note))


def _note(block: Block, factor: Factor, phrase: Phrase) -> Say | None:
    wrt, line = named(factor.input), named(block.name)
    if phrase == number(1):
        return say("alone", wrt=wrt, line=line)
    if phrase == Phrase("neg", (number(1),)):
        return say("alone_minus", wrt=wrt, line=line)
    used = {p.text for p in walk(phrase) if p.head == "name"}
    if factor.input in used or block.name in used:
        return say("nonlinear", wrt=wrt)
    if operations(phrase) > LONGEST:
        return None
    plain = phrase.head == "name" and factor.input != next(iter(block.reads))
    return say("coefficient_not_one" if plain else "coefficient", wrt=wrt, coefficient=Formula(phrase))


def _softmax(block: Block, by: str) -> list[Row]:
    """Its own entry and the others."""
    tree = block.tree
    if not (isinstance(tree, Operation) and tree.operation.name == "softmax" and len(block.shape) == 1):
        return []
    p, z, i, j = name(block.name), name(by), name("i"), name("j")
    pi, pj, zi = element(p, [i]), element(p, [j]), element(z, [i])
    rest = Phrase("add", (number(1), Phrase("neg", (pi,))))
    own = Row(
        (Formula(Phrase("partial", (pi, zi))), Formula(Phrase("mul", (pi, rest)))), say("own_entry", own=Formula(zi), entry=Formula(pi))
    )
    fall = Phrase("neg", (Phrase("mul", (pi, pj)),))
    other = Row((Formula(Phrase("partial", (pj, zi))), Formula(fall)), say("other_entry", own=Formula(zi), entry=Formula(pj)))
    return [own, other]


def constant(block: Block, by: str, still: str | None) -> list[Say]:
    """What "constant" means: the same name is fixed in one derivative and moves in another."""
    if still is None:
        return []
    derivative, other = (Formula(partial(block.name, n)) for n in (by, still))
    return [say("constant", name=named(still), derivative=derivative, other=other)]
