"""The order in which a derivative of higher order is told: each order from the one below, then the result and the check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from symchain.nouns.computation import ancestors
from symchain.nouns.derivation import Derivation, Derivations, Line
from symchain.nouns.higher import HigherDerivative, HigherDerivatives
from symchain.render.checks import check_sentences
from symchain.render.latex import write as write_latex
from symchain.render.layout import layout
from symchain.render.opening import computation, cut, opening, unknown_functions
from symchain.render.remarks import simplification
from symchain.render.subjects import some
from symchain.support.document import Applied, Count, Definition, Document, Field, Formula, Row, Say, Section
from symchain.support.notation import Phrase, name, walk


def higher_layout(subject: HigherDerivative | HigherDerivatives, detail: str) -> Document:
    """The document of a derivative of higher order, or of all of one order."""
    members = [subject] if isinstance(subject, HigherDerivative) else list(subject.members.values())
    program, output = subject.program, subject.output
    wanted = ancestors(program, output)
    blocks = [b for b in program.blocks.values() if b.name in wanted]
    listed, omitted = cut(blocks) if detail != "brief" else ([], 0)
    table, sentence = computation(blocks, None)
    firsts = list({d.stages[0].wrt: d.stages[0] for d in members}.values())
    symbols = [Formula(symbol(output, d.names)) for d in members]
    order: dict[str, Field] = {"order": Count(members[0].order), "derivative": symbols[0]}
    return Document(
        title=Say("title.several", {"derivatives": some(symbols)}) if len(members) > 1 else Say("title.order", order),
        table=table,
        sentence=sentence,
        definitions=tuple(Definition(b.name, b.phrase) for b in listed),
        opening=opening(firsts, [], program, output, blocks, None) if detail != "brief" else (),
        sections=tuple(_sections(members, detail)),
        checks=tuple(_checks(subject, members, bool(unknown_functions(program, blocks)))),
        renamed=_set_names(members),
        functions=frozenset(program.functions),
        omitted=omitted,
    )


def document_of(subject: Derivation | Derivations | HigherDerivative | HigherDerivatives, detail: str) -> Document:
    """The document of any derivation."""
    return higher_layout(subject, detail) if isinstance(subject, HigherDerivative | HigherDerivatives) else layout(subject, detail)


def symbol(output: str, names: Sequence[str]) -> Phrase:
    """d3f/dx2 dy."""
    return Phrase("partial", (name(output), *map(name, names)))


def _sections(members: Sequence[HigherDerivative], detail: str) -> Iterable[Section]:
    told: set[tuple[str, ...]] = set()
    if detail != "brief":
        for order in range(1, members[0].order + 1):
            rows: list[Row] = []
            for d in members:
                if d.names[:order] not in told:
                    told.add(d.names[:order])
                    rows += _floor(d, order, detail)
            yield Section(Say("section.order", {"order": str(order)}), rows=tuple(rows))
    yield Section(Say("section.result"), rows=tuple(row for d in members for row in _result(d, brief=detail == "brief")))


def _floor(d: HigherDerivative, order: int, detail: str) -> Iterable[Row]:
    stage = d.stages[order - 1]
    below = d.stages[order - 2].result.phrase if order > 1 else d.program.blocks[d.output].phrase
    for line in stage.adjoint_lines:
        yield Row((Formula(name(line.name)), Formula(line.phrase)))
    steps = list(stage.rewriting.steps) if detail == "full" else []
    own = Formula(symbol(d.output, d.names[:order]))
    yield Row((own, Applied(below, name(stage.wrt)), Formula(stage.result.phrase)))
    yield from simplification(steps)


def _result(d: HigherDerivative, brief: bool) -> Iterable[Row]:
    """The last line, and above it the lines that it reads."""
    by_name = {line.name: line for line in d.all_lines}
    needed: dict[str, Line] = {}
    pending = [d.result]
    while pending:
        for p in walk(pending.pop().phrase):
            if p.head == "name" and p.text in by_name and p.text not in needed and p.text != d.result.name:
                needed[p.text] = by_name[p.text]
                pending.append(by_name[p.text])
    for line in d.all_lines:
        if line.name in needed:
            yield Row((Formula(name(line.name)), Formula(line.phrase)))
    yield Row((Formula(symbol(d.output, d.names)), Formula(d.result.phrase)), boxed=True)


def _checks(subject: HigherDerivative | HigherDerivatives, members: Sequence[HigherDerivative], abstract: bool) -> Iterable[Say]:
    """The same sentences as of any derivation, said of the last floor of each."""
    told: list[Derivation] = []
    symbols: dict[int, Phrase] = {}
    for d in members:
        own = replace(d.stages[-1], order=d.order, paths=(), path_count=0, point=d.point)
        own.__dict__["verification"] = d.verification
        symbols[id(own)] = symbol(d.output, d.names)
        told.append(own)
    yield from check_sentences(subject, told, 0, lambda d: symbols[id(d)], abstract)


def _set_names(members: Sequence[HigherDerivative]) -> Mapping[str, str]:
    r"""How the lines are set in LaTeX: \frac{\partial^2 f}{\partial x^2}; those of derivatives by blocks too."""
    found: dict[str, str] = {}
    for d in members:
        for k, stage in enumerate(d.stages):
            for line in stage.all_lines:
                by = d.names[k] if line is stage.result else line.of if k and line.of in d.program.blocks else ""
                if by:
                    found[line.name] = write_latex(symbol(d.output, (*d.names[:k], by)))
    return found


__all__ = ["document_of", "higher_layout", "symbol"]
