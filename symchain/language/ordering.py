"""The order of lines with an index: which members each of them may read, and which lines advance together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from symchain.errors import Place
from symchain.language.members import places
from symchain.nouns.families import RANGE, START, Clause, Family, Read, member
from symchain.support.dimensions import Dim, terms
from symchain.support.linear import Linear
from symchain.tensors.moving import moved
from symchain.tensors.nodes import leaf

Fail = Callable[[str, str, Place | None], Any]


@dataclass(frozen=True)
class Advance:
    """A line in the order of the text."""

    clause: Clause
    place: Place | None


def check_reads(work: Sequence[Advance], families: Mapping[str, Family], rows: Mapping[str, Dim], fail: Fail) -> None:
    """Refuse members that are defined twice, that no line defines, and those that are not known yet where they are read."""
    _check_definitions(work, fail)
    line = {a.clause.name: k for k, a in enumerate(work) if a.clause.kind == RANGE}
    for k, advance in enumerate(work):
        clause = advance.clause
        where = places(clause.phrase, {})
        for text, read in clause.reads.items():
            place = _place(clause, read) or where.get(text) or advance.place
            if read.family in rows and read.family not in families:
                _check_row(clause, text, read, rows[read.family], place, fail)
            elif not families[read.family].given:
                _check_member(work, k, line[read.family], text, read, families[read.family], place, fail)


def _place(clause: Clause, read: Read) -> Place | None:
    """Where the text reads a member, as well as the phrase of the line says it."""
    stack = [clause.phrase]
    while stack:
        p = stack.pop()
        if p.head == "index" and p.parts[0].head == "name" and p.parts[0].text == read.family:
            from symchain.language.members import linear_of

            form = linear_of(p.parts[1])
            if form is not None and form.terms == read.index.terms and (form == read.index or clause.kind == RANGE):
                return p.place
        stack.extend(reversed([*p.parts, *(v for _, v in p.keywords)]))
    return None


def _check_definitions(work: Sequence[Advance], fail: Fail) -> None:
    ranges = {a.clause.name: a for a in work if a.clause.kind == RANGE}
    seen: dict[tuple[str, Linear], Advance] = {}
    for advance in work:
        clause = advance.clause
        if clause.kind != START or clause.index is None:
            continue
        text = member(clause.name, clause.index)
        first = seen.setdefault((clause.name, clause.index), advance)
        if first is not advance and first.place is not None:
            fail(f"{text} is defined twice, first on line {first.place.line}", "Every member is defined once.", advance.place)
        other = ranges[clause.name]
        low, high = other.clause.low, other.clause.high
        assert low is not None and high is not None
        above, below = clause.index.minus(low).number, high.minus(clause.index).number
        if (above is None or above >= 0) and (below is None or below >= 0) and (above, below) != (None, None):
            line = advance.place.line if advance.place else 0
            what = f"{text} is defined twice: by the range {low}..{high}, and on line {line}"
            later = other.place if other.place and other.place.line > line else advance.place
            fail(what, "A start stands outside of the range: begin the range after it.", later)


def _ends(clause: Clause, index: Linear) -> tuple[Linear, Linear]:
    """The first and the last index that a line reads, in order."""
    slope = index.slope(clause.var) if clause.var else 0
    if not slope:
        return index, index
    assert clause.low is not None and clause.high is not None
    ends = index.at({clause.var: clause.low}), index.at({clause.var: clause.high})
    return ends if slope > 0 else (ends[1], ends[0])


def _check_row(clause: Clause, text: str, read: Read, rows: Dim, place: Place | None, fail: Fail) -> None:
    low, high = _ends(clause, read.index)
    if low.number is not None and low.number < 0:
        what = f"{text} begins at {read.family}[{low}]: an index computed from a range does not count from the end"
        fail(what, "Begin the range later; arrays are indexed from 0.", place)
    size = linear_of_dim(rows)
    over = None if size is None else high.minus(size).number
    if over is not None and over >= 0:
        what = f"{read.family}[{high}] is outside of an array of {rows} rows"
        fail(what, f"Its rows are {read.family}[0] to {read.family}[{size.plus(-1) if size else ''}]: write {read.family}[t-1].", place)


def linear_of_dim(dim: Dim) -> Linear | None:
    """A dimension as a linear form, where it is one."""
    total = Linear()
    for coefficient, factors in terms(dim):
        if len(factors) > 1 or (factors and not isinstance(factors[0], str)):
            return None
        term = Linear.letter(str(factors[0])).times(coefficient) if factors else Linear.of(coefficient)
        total = total.plus(term)
    return total


def _check_member(
    work: Sequence[Advance], k: int, other: int, text: str, read: Read, family: Family, place: Place | None, fail: Fail
) -> None:
    clause, definition = work[k].clause, work[other].clause
    low, high = _ends(clause, read.index)
    moving = bool(clause.var) and read.index.slope(clause.var) != 0
    if not moving:
        start = next((j for j, a in enumerate(work) if a.clause.kind == START and a.clause.target == text), None)
        if start is not None:
            if start >= k:
                fail(f"{text} is used before it is defined", "Move its line up.", place)
            return
        if other > k:
            fail(f"{text} is used before it is defined", f"Move the line of {family.name} up.", place)
        if other == k:
            fail(f"{text} is read by the line that defines it", "A member reads earlier ones: a[l-1].", place)
    same = (clause.low, clause.high) == (definition.low, definition.high) and clause.kind == RANGE
    gap = read.index.minus(Linear.letter(clause.var)).number if moving else None
    if moving and other >= k and (gap is None or not same or gap >= 0):
        if other == k:
            later = "itself" if gap == 0 else f"the later member {text}" if gap is not None else text
            what = f"{family.name}[{clause.var}] reads {later}"
        else:
            what = f"{text} is not known yet: its line stands below" + ("" if same else ", and has another range")
        fail(what, "A member reads those of its step defined above, and earlier ones; lines that read each other have one range.", place)
    _check_covered(family, text, low, high, place, fail)


def _check_covered(family: Family, text: str, low: Linear, high: Linear, place: Place | None, fail: Fail) -> None:
    """Whether lines define all members from `low` to `high`, as far as the letters tell."""
    before = family.low.minus(low).number
    if before is None and not low.terms and family.low.terms:
        before = None
    for k in range(min(before or 0, 1000)):
        wanted = low.plus(k)
        past = wanted.minus(high).number
        if (past is None or past <= 0) and wanted not in family.starts:
            own = member(family.name, wanted)
            fail(f"{own} has no line and no start", f"Write its start above: {own} = ...", place)
    over = high.minus(family.high).number
    if over is not None and over > 0 and not all(family.high.plus(j) in family.starts for j in range(1, over + 1)):
        fail(f"{text} is above the last member, {member(family.name, family.high)}", "Read members inside of the range.", place)


def ordered(work: Sequence[Advance], fail: Fail) -> tuple[tuple[Clause, ...], ...]:
    """The lines in an order in which they can be worked out; those that read each other are one step."""
    clauses = [a.clause for a in work]
    plain = {c.name: k for k, c in enumerate(clauses) if c.kind not in (RANGE, START)}
    ranges = {c.name: k for k, c in enumerate(clauses) if c.kind == RANGE}
    starts = {c.target: k for k, c in enumerate(clauses) if c.kind == START}
    by_family: dict[str, list[int]] = {}
    for k, c in enumerate(clauses):
        if c.kind == START:
            by_family.setdefault(c.name, []).append(k)
    needs: list[list[int]] = []
    for k, c in enumerate(clauses):
        found = dict.fromkeys(plain[n] for n in c.plain if n in plain)
        for text, read in c.reads.items():
            if text in starts:
                found[starts[text]] = None
            elif read.family in ranges:
                found.update(dict.fromkeys(by_family.get(read.family, ())))
                if k not in by_family.get(read.family, ()):
                    found[ranges[read.family]] = None
        needs.append(list(found))
    units: list[tuple[Clause, ...]] = []
    for group in _components(needs):
        if len(group) > 1:
            group = sorted(group)
            one = clauses[group[0]]
            for k in group:
                if clauses[k].kind != RANGE or (clauses[k].low, clauses[k].high) != (one.low, one.high):
                    what = f"the lines of {one.name} and {clauses[k].name} read each other and are not one range"
                    fail(what, "Lines that read each other have one range.", work[k].place)
            _check_step([clauses[k] for k in group], fail)
            units.append(tuple(_with_index(clauses[k], one.var, fail) for k in group))
        else:
            units.append((clauses[group[0]],))
    return tuple(units)


def _check_step(group: Sequence[Clause], fail: Fail) -> None:
    """Lines that advance together read nothing later of each other."""
    names = {c.name for c in group}
    for clause in group:
        for text, read in clause.reads.items():
            gap = read.index.minus(Linear.letter(clause.var)).number
            if read.family in names and read.index.slope(clause.var) and (gap is None or gap > 0):
                what = f"{text} is not known yet: {clause.name} and {read.family} advance together"
                fail(what, "A member reads members of the same step defined above, and earlier ones.", _place(clause, read) or clause.place)


def _with_index(clause: Clause, var: str, fail: Fail) -> Clause:
    """The line with another letter for its index."""
    if clause.var == var:
        return clause
    at = {clause.var: Linear.letter(var)}
    reads = {text: Read(r.family, r.index.at(at)) for text, r in clause.reads.items()}
    names = {text: member(r.family, r.index) for text, r in reads.items()} | {clause.var: var}

    def put(node: Any) -> Any:
        return leaf(names[node.name], node.shape, node.facts) if node.name in names else None

    def same(letter: str) -> str:
        if f"_at_{clause.var}" in letter:
            fail("lines that advance together have one letter for their index", f"Write {var} for {clause.var}.", clause.place)
        return letter

    tree = moved(clause.tree, put, same)
    return replace(clause, tree=tree, reads={names[t]: r for t, r in reads.items()}, index=Linear.letter(var), var=var)


def _components(needs: Sequence[Sequence[int]]) -> list[list[int]]:
    """The strongly connected components (Tarjan), each after those it needs."""
    number: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    inside: set[int] = set()
    found: list[list[int]] = []
    for root in range(len(needs)):
        if root in number:
            continue
        work = [(root, iter(needs[root]))]
        number[root] = lowest[root] = len(number)
        stack.append(root)
        inside.add(root)
        while work:
            node, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
                if lowest[node] == number[node]:
                    group = []
                    while True:
                        other = stack.pop()
                        inside.discard(other)
                        group.append(other)
                        if other == node:
                            break
                    found.append(group)
            elif following not in number:
                number[following] = lowest[following] = len(number)
                stack.append(following)
                inside.add(following)
                work.append((following, iter(needs[following])))
            elif following in inside:
                lowest[node] = min(lowest[node], number[following])
    return found
