"""How a second derivative is told: the first derivative gets a name, and the derivative of what has that name is told like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from symchain.nouns.derivation import Derivation, Factor, Line, Path
from symchain.nouns.names import Names
from symchain.render.names import typeset
from symchain.render.subjects import derivative, some, symbol, vector_of
from symchain.support.document import Formula, Math, Relation, Row, Say, Section
from symchain.support.lazily import Made
from symchain.support.notation import Phrase, name
from symchain.tensors.nodes import Tree

SLOPE = "g"


def told_slopes(members: Sequence[Derivation]) -> Iterator[tuple[Section, list[Derivation]]]:
    """For each first derivative, the section that names it, and what is derived from it as derivatives of that name."""
    groups: dict[tuple[str, Tree], list[Derivation]] = {}
    for d in members:
        if d.reading is not None:
            groups.setdefault((d.slope, d.reading.blocks[d.slope].tree), []).append(d)
    names = Names({n for d in members if d.reading is not None for n in d.reading.names})
    for group in groups.values():
        called = names.fresh(SLOPE) if len(groups) == 1 else names.numbered(SLOPE)
        inner = [_as_first(d, called) for d in group]
        yield _named(group, inner, called), inner


def _named(group: Sequence[Derivation], inner: Sequence[Derivation], called: str) -> Section:
    """The lines of the first derivative; what has a name in the result keeps it."""
    d = group[0]
    reading = d.reading
    assert reading is not None
    used = {line.name for d in group for line in d.adjoint_lines}
    rows = []
    for block in reading.blocks.values():
        if block.name in d.program.blocks:
            continue
        sides: list[Math] = [Formula(name(block.name))]
        if block.name == d.slope:
            whole = symbol(d.output, d.first)
            sides = [Formula(name(called)), Formula(name(d.slope) if d.slope in used else whole)]
            if vector_of(d) is not None:
                sides[1:] = []
        rows.append(Row((*sides, Formula(block.phrase))))
    ways = [Formula(Phrase("partial", (name(called), name(i.wrt)))) for i in inner]
    relations = some([Relation((Formula(derivative(d)), way)) for d, way in zip(group, ways, strict=True)])
    return Section(Say("section.first"), (Say("first.named", {"slope": Formula(name(called)), "relations": relations}),), tuple(rows))


def _as_first(d: Derivation, called: str) -> Derivation:
    """The derivation of what is called so, in the program that has its lines."""
    reading = d.reading
    assert reading is not None

    def factor(old: str) -> Factor:
        f = d.factors[old]
        return replace(f, output=called) if f.output == d.slope else f

    kept = {(f"d{called}/" + n.removeprefix(f"d{d.slope}/") if n.startswith(f"d{d.slope}/") else n): n for n in d.factors}
    back = {old: new for new, old in kept.items()}
    factors = Made(kept, factor)
    blocks = {(called if n == d.slope else n): (replace(b, name=called) if n == d.slope else b) for n, b in reading.blocks.items()}
    paths = tuple(Path(tuple(factors[back[f.name]] for f in p.factors)) for p in d.paths)
    lines = tuple(replace(line, role="adjoint") for line in d.adjoint_lines if _is_between(d, line))
    inner = replace(
        d, program=replace(reading, blocks=MappingProxyType(blocks)), output=called, order=1, factors=factors,
        maps=Made(kept, lambda old: d.maps[old]), paths=paths, adjoint_lines=lines, reading=None, first="", slope="",
    )  # fmt: skip
    for ready in ("rewriting", "textbook", "verification"):  # worked out before it was handed over
        if ready in d.__dict__:
            inner.__dict__[ready] = d.__dict__[ready]
    return inner


def _is_between(d: Derivation, line: Line) -> bool:
    """Whether a line is the derivative of the first derivative by a block."""
    return line.name.rstrip("_") == d.between.format(line.of)


def set_names(members: Sequence[Derivation]) -> Mapping[str, str]:
    r"""How the lines of second derivatives are set in LaTeX: \frac{\partial^2 C}{\partial w\,\partial z}."""
    found: dict[str, str] = {}
    for d in members:
        if d.order != 2:
            continue
        output, first = typeset(d.output), typeset(d.first)
        vector = vector_of(d)
        if vector is None:
            found[d.slope] = rf"\frac{{\partial {output}}}{{\partial {first}}}"
        for block in d.reading.blocks if d.reading is not None and vector is None else ():
            found[d.between.format(block)] = rf"\frac{{\partial^2 {output}}}{{\partial {first}\,\partial {typeset(block)}}}"
    return found


