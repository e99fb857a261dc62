"""The order in which a recursion is told: the lines, who reads what, where the recursion starts and which way it runs, the result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from symchain.language.members import linear_of, phrase_of_linear
from symchain.language.statements import Definition as Written
from symchain.nouns.families import START, Clause, Recurrence, member
from symchain.nouns.recursion import ARGUMENT, CARRY, RangedLine, Recursion
from symchain.render.members import latex_members
from symchain.render.names import typeset
from symchain.render.programs import flat
from symchain.support.document import Count, Definition, Document, Field, Formula, Listing, Members, Quantity, Relation, Row, Say, Section
from symchain.support.linear import Linear
from symchain.support.notation import Phrase, name, walk

TOLD = 8
"""Of so many families it is said who reads them."""


def recursion_layout(subject: Recursion, detail: str) -> Document:
    """The document of a derivative of a program with families."""
    recurrence = subject.program.recurrence
    written = (subject.source or subject.program).recurrence
    assert recurrence is not None and written is not None
    symbol = derivative(subject)
    definitions = () if detail == "brief" else tuple(_definitions(written))
    equations = tuple(Relation((Formula(d.symbol), Formula(d.phrase))) for d in definitions)
    sections = tuple(_sections(subject, recurrence, detail))
    shown = [d.phrase for d in definitions] + [d.symbol for d in definitions]
    shown += [side.phrase for s in sections for r in s.rows for side in r.sides if isinstance(side, Formula)]
    shown += [symbol, *(name(f"{f.name}[{f.index}]") for f in subject.program.families.values())]
    return Document(
        title=Say("title.derivation", {"derivative": Formula(symbol)}),
        table=Say("computation.table"),
        sentence=Say("computation.inline", {"definitions": Listing(equations)}),
        definitions=definitions,
        opening=() if detail == "brief" else tuple(_opening(subject)),
        sections=sections,
        checks=tuple(_checks(subject)),
        ranks=_ranks(subject, recurrence),
        renamed=latex_members({p.text for phrase in [*shown, *_said(sections)] for p in walk(phrase) if p.head == "name"})
        | _sensitivities(subject, shown),
        functions=frozenset(subject.program.functions),
    )


def derivative(subject: Recursion) -> Phrase:
    """The derivative's symbol: dC/dW[l]; the name of a product with the Hessian."""
    wanted = subject.wanted
    if subject.order == 2 and wanted.kind == "plain":
        second = Phrase("partial", (name(subject.moved), name(wanted.base), name(wanted.base)))
        return Phrase("matmul", (second, name(subject.vector))) if subject.vector else second
    if subject.order == 2 or subject.truncate is not None:
        return name(subject.ranged[-1].left)
    family = subject.program.families.get(wanted.base)
    by = member(wanted.base, Linear.letter(family.index)) if wanted.kind == "family" and family is not None else wanted.name
    if subject.forward and subject.output in subject.program.families:
        own = subject.program.families[subject.output]
        return Phrase("partial", (name(member(own.name, Linear.letter(own.index))), name(by)))
    return Phrase("partial", (name(subject.output), name(by.replace(" ", ""))))


def ranged(phrase: Phrase, var: str, first: Linear | None, last: Linear | None) -> Phrase:
    """A formula and the range of its index."""
    if first is None or last is None:
        return phrase
    return Phrase("ranged", (phrase, phrase_of_linear(first), phrase_of_linear(last)), var)


def _definitions(recurrence: Recurrence) -> Iterator[Definition]:
    shapes = {c.place: c.shape for c in recurrence.clauses}
    known = {*recurrence.families, *recurrence.rows, *(own for own, _ in recurrence.sizes.values())}
    for d in recurrence.statements:
        if isinstance(d, Written) and d.place in shapes:
            left = name(d.name)
            if d.index is not None:
                form = linear_of(d.index)
                left = name(member(d.name, form)) if form is not None else left
            phrase = flat(d.phrase, known)
            if d.span is not None:
                phrase = Phrase("ranged", (phrase, d.span.low, d.span.high), d.span.index)
            shape = tuple(_size(recurrence, s) for s in shapes[d.place])
            yield Definition(left.text, phrase, shape, left=left)


def _size(recurrence: Recurrence, dim: int | str) -> int | str:
    if dim in recurrence.sizes:
        own, index = recurrence.sizes[str(dim)]
        return member(own, index)
    return dim


def _opening(subject: Recursion) -> Iterator[Say]:
    yield Say("recursion.written_once")
    wanted = subject.wanted
    output = Formula(name(subject.output))
    if subject.forward:
        yield Say("recursion.variable", {"output": Formula(derivative(subject).parts[0]), "wrt": Formula(name(wanted.name))})
        return
    if subject.order == 2:
        fields: dict[str, Field] = {"rate": output, "output": Formula(name(subject.moved)), "wrt": Formula(name(wanted.base))}
        if subject.vector:
            fields["vector"] = Formula(name(subject.vector))
        yield Say("recursion.moving" if subject.vector else "recursion.moving.number", fields)
        return
    family = subject.program.families.get(wanted.base)
    if wanted.kind == "family" and family is not None:
        own = Formula(name(member(wanted.base, Linear.letter(family.index))))
        indices = Formula(name(family.index))
        span = Formula(ranged(Phrase("none"), family.index, family.low, family.high))
        yield Say("recursion.variable.family", {"output": output, "wrt": own, "indices": span if family.low != family.high else indices})
    else:
        yield Say("recursion.variable", {"output": output, "wrt": Formula(name(wanted.name.replace(" ", "")))})


def _sections(subject: Recursion, recurrence: Recurrence, detail: str) -> Iterator[Section]:
    if subject.forward:
        yield from _forward(subject, detail)
        return
    *adjoints, last = _grouped(subject)
    inner = [line for group in adjoints for line in group]
    if detail != "brief" and inner:
        said = tuple(_readers(subject, recurrence, inner))
        if said:
            yield Section(Say("section.reading"), (*said, Say("recursion.unrolled")))
    if inner:
        yield Section(Say("section.recursion"), tuple(_recursion(subject, inner)), tuple(_row(line, subject=subject) for line in inner))
    rows = tuple(replace(_row(line, symbol=True, subject=subject), boxed=True) for line in last)
    names = dict.fromkeys(own for line in last if (own := subject.named.get(line.left, "")).startswith("BP") and own != "BPTT")
    known = tuple(Say("recursion.equation", {"name": own}) for own in names)
    told = (_result(subject, last), *known) if detail != "brief" or subject.truncate is not None else ()
    if subject.columns:
        fields: dict[str, Field] = {"wrt": Formula(name(subject.wanted.base)), "vector": Formula(name(subject.vector))}
        told = (*told, Say("recursion.columns", {**fields, "output": Formula(name(subject.moved))}))
    yield Section(Say("section.result"), (*(() if inner else _truncated(subject, inner)), *told), rows)


def _forward(subject: Recursion, detail: str) -> Iterator[Section]:
    """Derivatives carried forward: why, and the lines."""
    last = [line for line in subject.ranged if line.role == "derivative"]
    inner = [line for line in subject.ranged if line.role != "derivative"]
    wrt: dict[str, Field] = {"wrt": Formula(name(subject.wanted.name)), "output": Formula(derivative(subject).parts[0])}
    if not any(line.var for line in subject.ranged):
        said: tuple[Say, ...] = (Say("recursion.forward.once", wrt),)
    else:
        said = (Say("recursion.forward.why", wrt), Say("recursion.forward.step", wrt))
    if detail == "brief":
        said = said[:1]
    if inner:
        yield Section(Say("section.forward"), said, tuple(_row(line, subject=subject) for line in inner))
    rows = tuple(replace(_row(line), boxed=bool(line.var) or len(last) == 1) for line in last)
    yield Section(Say("section.result"), (() if inner else said), rows)


def _sensitivities(subject: Recursion, phrases: Iterable[Phrase]) -> dict[str, str]:
    r"""How the names of derivatives that are carried forward are set: \partial h_{t-1}/\partial w for dh_dw[t-1]."""
    origin = {line.name: line.of for line in subject.ranged} if subject.forward else {}
    found: dict[str, str] = {}
    for text in dict.fromkeys(p.text for phrase in phrases for p in walk(phrase) if p.head == "name"):
        base, bracket, rest = text.partition("[")
        if base in origin:
            own = origin[base] + bracket + rest
            by, *_ = latex_members([subject.wanted.name]).values() or [typeset(subject.wanted.name)]
            found[text] = rf"\frac{{\partial {latex_members([own]).get(own) or typeset(own)}}}{{\partial {by}}}"
    return found


def _grouped(subject: Recursion) -> list[list[RangedLine]]:
    """The adjoints, and the last lines."""
    inner = [line for line in subject.ranged if line.role != "derivative"]
    return [inner, [line for line in subject.ranged if line.role == "derivative"]]


def _row(line: RangedLine, symbol: bool = False, subject: Recursion | None = None) -> Row:
    left = name(line.left)
    proper = subject is not None and subject.order == 1 and subject.truncate is None
    if symbol and subject is not None and proper and not line.name.rstrip("_").endswith(tuple(f"_{k}" for k in range(1, 10))):
        own = subject.wanted.base if line.index is None else member(subject.wanted.base, line.index)
        own = subject.wanted.name.replace(" ", "") if subject.wanted.kind == "member" and line.index is None else own
        left = Phrase("partial", (name(subject.output), name(own)))
    if symbol and subject is not None and subject.order == 2 and line.index is None:
        left = derivative(subject)
    known = subject.named.get(line.left, "") if subject is not None else ""
    known = known if known.startswith("BP") and known != "BPTT" else ""
    role = line.role if line.role in ("start", "end") else ""
    remark = None
    if known:
        remark = Say("recursion.role.named_start" if role == "start" else "recursion.role.named", {"name": known})
    elif role:
        remark = Say(f"recursion.role.{role}")
    return Row((Formula(left), Formula(ranged(line.phrase, line.var, line.first, line.last))), remark)


def _readers(subject: Recursion, recurrence: Recurrence, lines: Iterable[RangedLine]) -> Iterator[Say]:
    """For each family on the way: which members and blocks read it."""
    pending = list(dict.fromkeys(o for line in lines if (o := line.of.removesuffix(ARGUMENT)) in recurrence.families))
    for own in pending:  # grows: readers are told of too
        here = Linear.letter(recurrence.families[own].index)
        found: dict[str, None] = {}
        for clause in recurrence.clauses:
            for read in clause.reads.values():
                if read.family == own and clause.kind != START:
                    found[_reader(clause, read.index, here, recurrence)] = None
                    if clause.name in recurrence.families and clause.name not in pending and len(pending) < TOLD:
                        pending.append(clause.name)
        if found:
            readers = Members(tuple(Formula(name(n)) for n in found))
            yield Say("recursion.readers", {"member": Formula(name(member(own, here))), "readers": readers})


def _reader(clause: Clause, index: Linear, here: Linear, recurrence: Recurrence) -> str:
    """The name of what reads the member `here`, at its own index."""
    if clause.index is None:
        if not clause.var:
            return clause.name
        users = [c.target for c in recurrence.clauses if clause.name in c.plain]
        return users[0] if users else clause.name
    slope = index.slope(clause.var)
    if abs(slope) != 1:
        return clause.target
    rest = index.without(clause.var)
    at = here.minus(rest) if slope > 0 else rest.minus(here)
    return member(clause.name, clause.index.at({clause.var: at}))


def _recursion(subject: Recursion, lines: list[RangedLine]) -> Iterator[Say]:
    yield from _truncated(subject, lines)
    named: dict[str, str] = {}
    for line in lines:
        own = line.of.removesuffix(ARGUMENT)
        if line.role != "value" and own in subject.program.families and line.name not in named:
            named[line.name] = own
            index = Linear.letter(subject.program.families[own].index)
            fields = {
                "adjoint": Formula(name(member(line.name, index))),
                "output": Formula(name(subject.output)),
                "member": Formula(name(member(own, index))),
            }
            kind = "argument" if own != line.of else "whole" if line.name in subject.whole else "later"
            if subject.truncate is not None:
                kind = "truncated" if own == line.of else "truncated_argument"
            yield Say(f"recursion.adjoint.{kind}", fields)
    for kind in dict.fromkeys("BP" if own in ("BP1", "BP2", "BP3", "BP4") else own for own in subject.named.values()):
        if kind != "control":
            yield Say(f"recursion.named.{kind.lower()}")
    starts = [line for line in lines if line.role == "start"]
    past = [line for line in lines if line.role == "end"]
    down = next((line for line in lines if line.down), None)
    if starts:
        yield Say("recursion.starts", {"starts": Members(tuple(Formula(name(s.left)) for s in starts))})
    if past:
        yield Say("recursion.past", {"starts": Members(tuple(Formula(name(s.left)) for s in past))})
    if down is not None:
        yield Say("recursion.runs", {"first": _ends(down, down.first), "last": _ends(down, down.last)})
    elif named:
        yield Say("recursion.none" if subject.truncate is None else "recursion.none.truncated")


def _truncated(subject: Recursion, lines: list[RangedLine]) -> Iterator[Say]:
    """Which windows a truncated recursion has, and what comes out of it."""
    if subject.truncate is None:
        return
    yield Say("recursion.truncated", {"steps": Count(subject.truncate)})
    carries = tuple(Formula(name(line.left)) for line in lines if line.role == CARRY and line.var)
    if carries:
        yield Say("recursion.carry", {"carries": Members(carries)})


def _ends(line: RangedLine, end: Linear | None) -> Relation:
    assert end is not None
    return Relation((Formula(name(line.var)), Formula(phrase_of_linear(end))))


def _result(subject: Recursion, last: list[RangedLine]) -> Say:
    wanted = subject.wanted
    family = subject.program.families.get(wanted.base)
    by = member(wanted.base, Linear.letter(family.index)) if wanted.kind == "family" and family is not None else wanted.name
    wrt: dict[str, Field] = {"wrt": Formula(name(by.replace(" ", "")))}
    if subject.truncate is not None:
        return Say("recursion.not_whole", {**wrt, "result": Formula(name(last[-1].left)), "output": Formula(name(subject.output))})
    if wanted.kind == "family":
        return Say("recursion.own", wrt)
    summed = any(p.head == "each" for line in last for p in walk(line.phrase))
    recurrence = subject.program.recurrence
    assert recurrence is not None
    if summed:
        return Say("recursion.shared", wrt)
    at_start = any(c.kind == START and wanted.base in (*c.plain, *(r.family for r in c.reads.values())) for c in recurrence.clauses)
    return Say("recursion.start" if at_start else "recursion.once", wrt)


def _checks(subject: Recursion) -> Iterator[Say]:
    found = subject.verification
    if found.open or not found.lengths:
        yield Say("recursion.check.none", {"reason": found.open})
        return
    if not found.held:
        yield Say("recursion.check.failed", {"error": Quantity(found.error, 1)})
        return
    lengths = [Relation((Formula(name(n)), Count(v))) for at in found.lengths for n, v in at.items()]
    fields: dict[str, Field] = {"points": Count(found.points), "error": Quantity(found.error, 1)}
    if subject.order == 2:
        yield Say("recursion.check.second", fields)
        return
    if lengths and subject.truncate is not None:
        yield Say("recursion.check.truncated", {**fields, "lengths": Listing(tuple(lengths))})
    elif lengths:
        yield Say("recursion.check", {**fields, "lengths": Listing(tuple(lengths))})
    else:
        yield Say("recursion.check.fixed", fields)


def _ranks(subject: Recursion, recurrence: Recurrence) -> dict[str, int]:
    program = subject.program
    ranks = {v.name: len(v.shape) for v in program.inputs.values() if v.shape}
    ranks.update((b.name, len(b.shape)) for b in program.blocks.values() if b.shape)
    by_name = {f.name: len(f.shape) for f in program.families.values()}
    by_name |= {line.name: len(line.shape) for line in subject.ranged}
    ranks.update((line.name, len(line.shape)) for line in subject.ranged if line.index is None and line.shape)
    for p in (p for line in subject.ranged for p in walk(line.phrase)):
        own = p.text.partition("[")[0]
        if p.head == "name" and by_name.get(own):
            ranks[p.text] = by_name[own]
    for clause in recurrence.clauses:
        for text, read in clause.reads.items():
            if by_name.get(read.family):
                ranks[text] = by_name[read.family]
        if clause.index is not None and clause.shape:
            ranks[clause.target] = len(clause.shape)
    return ranks


def _said(sections: Iterable[Section]) -> Iterator[Phrase]:
    for s in sections:
        for say in s.intro:
            for field in say.fields.values():
                if isinstance(field, Formula):
                    yield field.phrase
                elif isinstance(field, Members):
                    yield from (m.phrase for m in field.items if isinstance(m, Formula))
