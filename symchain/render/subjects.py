"""What the parts of a document are about: the derivations of a subject, their symbols, listings of names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from symchain.nouns.computation import Computation, dependents
from symchain.nouns.derivation import TOLD, Derivation, Derivations, Line
from symchain.render.maps import arrays, is_plain
from symchain.support.document import Count, Formula, Listing, Math, Say
from symchain.support.notation import Phrase, name, walk

NAMES = 10
"""Longer listings are cut."""
HELD = 3
"""Up to so many names are written at a bar."""


def members_of(subject: Derivation | Derivations, most: int | None = None) -> list[Derivation]:
    return [subject] if isinstance(subject, Derivation) else list(islice(subject.every, most))


def beyond(subject: Derivation | Derivations) -> Mapping[str, Phrase]:
    """By name, the symbols of the derivatives that are shown without being told step by step."""
    if isinstance(subject, Derivation) or not len(subject) or members_of(subject, 1)[0].order == 1:  # none is made for its symbol
        names = [] if isinstance(subject, Derivation) else islice(subject.members, TOLD, None)
        return {n: symbol(subject.output, n) for n in names}
    return {d.key: derivative(d) for d in islice(subject.every, TOLD, None)}


def results_of(subject: Derivation | Derivations) -> Mapping[str, Line]:
    """The last line of each derivative by its key, as .lines prints it."""
    return {subject.key: subject.result} if isinstance(subject, Derivation) else subject.printed


def derivative(d: Derivation) -> Phrase:
    """The symbol dC/dW1, or d2C/dw2 @ v_w for a Hessian applied to a vector."""
    symbol = Phrase("partial", (name(d.output), *([name(d.first)] if d.order == 2 else []), name(d.wrt)))
    vector = vector_of(d)
    return symbol if vector is None else Phrase("matmul", (symbol, name(vector)))


def vector_of(d: Derivation) -> str | None:
    """The input that a Hessian-vector product adds to the program."""
    if d.order == 1 or d.reading is None:
        return None
    return next((n for n in d.reading.inputs if n not in d.program.inputs), None)


def symbol(output: str, by: str) -> Phrase:
    """dC/dW1."""
    return Phrase("partial", (name(output), name(by)))


def local_symbol(program: Computation, output: str, by: str) -> Phrase:
    """dC/da; where C also reads other names that depend on a, dC/da|b: the derivative of the block alone, with these held fixed."""
    return barred(symbol(output, by), program, output, by)


def barred(written: Phrase, program: Computation, output: str, by: str) -> Phrase:
    """The symbol of a local derivative, with the names after a bar that are held fixed in it while they depend on the variable too."""
    others = [r for r in program.blocks[output].reads if r != by and program.may_depend(r, by)]
    moving = dependents(program, by) if others else set()
    held = [r for r in others if r in moving]
    names = [name(r) for r in held[:HELD]] + ([name("...")] if len(held) > HELD else [])
    return Phrase("held", (written, *names)) if held else written


def some(items: Sequence[Math]) -> Listing | Say:
    """A listing, cut when it is long."""
    if len(items) <= NAMES + 2:
        return Listing(tuple(items))
    return Say("names.more", {"names": Listing(tuple(items[:NAMES])), "count": Count(len(items) - NAMES)})


def names(listed: Iterable[str]) -> Listing | Say:
    """Names, cut when they are many."""
    return some([Formula(name(n)) for n in listed])


def is_readable(phrase: Phrase, d: Derivation) -> bool:
    """Whether the derivative reads well as a whole; else one entry of it is printed."""
    gradient = not arrays(d.program)[d.output]
    return is_plain(phrase) or d.order != 1 or (gradient and not any(p.text == "einsum" for p in walk(phrase)))
