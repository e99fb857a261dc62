"""Recursions explained: why a derivative is what it is, and what becomes of a gradient that is carried back over many steps.

The derivative of a member by an earlier one is the product of the Jacobians of the steps between them. Its norm, by distance, says whether
gradients vanish or explode (Bengio, Simard and Frasconi 1994; Pascanu, Mikolov and Bengio 2013).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from symchain.deriving.recursions.backward import active_names
from symchain.deriving.recursions.frames import Frames
from symchain.deriving.recursions.steps import step_program
from symchain.deriving.sweep import Sweep
from symchain.errors import ArgumentError, LimitError, VerificationError
from symchain.kernels.running import Run
from symchain.lowering.recurrences import loops_of, stage_of
from symchain.nouns.explanation import Explanation
from symchain.nouns.families import RANGE, member
from symchain.nouns.names import Names
from symchain.nouns.program import Program
from symchain.nouns.recursion import ARGUMENT, RangedLine
from symchain.render.members import latex_members
from symchain.render.recursion_layout import derivative, recursion_layout
from symchain.support.document import Braced, Chains, Count, Field, Formula, Members, Quantity, Relation, Row, Say
from symchain.support.linear import Linear
from symchain.support.notation import Phrase, name, walk
from symchain.tensors.nodes import Tree

_SHOWN = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
"""Distances in a table; the largest one is added."""
_LARGEST = 1_000_000
"""So many entries the Jacobians of all steps may have together."""
_STILL = 5e-3
"""A rate this near to 1 is told as neither shrinking nor growing."""


def explain_recursion(program: Program, output: str, wrt: str, lang: str, at: Mapping[str, Any] | None) -> Explanation:
    """Why the derivative of an output by a name is what it is; of a member by an earlier one, the product along the steps."""
    base = output.partition("[")[0].strip()
    if base in program.families and not program.families[base].given:
        other = wrt.partition("[")[0].strip()
        if other != base:
            advice = f'Write explain("{base}", "{base}"), or add a line such as C = {base}[{program.families[base].high}].'
            raise ArgumentError(f"{base} is a family: it is explained by its own earlier members", advice=advice)
        return _Along(program, base, lang).explanation(at)
    found: Any = program.derive(output, wrt)
    document = recursion_layout(found, "standard")
    remarks = (*document.opening, *(said for section in document.sections for said in section.intro))
    rows = tuple(row for section in document.sections for row in section.rows)
    title = Say("explain.title_plain", {"derivative": Formula(derivative(found))})
    told = Explanation(
        program, output, wrt, title, remarks, (), Say("explain.recursion.lines"), rows, document.checks, lang, document.ranks,
        document.renamed,
    )  # fmt: skip
    if at is None:
        return told
    along = next(iter(_carried(program, found.ranged, lang)), None)
    if along is None:
        raise ArgumentError("no step carries anything on to the next one: a point shows nothing", advice="Leave the point out.")
    inner = along.explanation(at)
    rows = (*rows, *inner.rows)
    return replace(
        told, remarks=(*remarks, *inner.remarks), example=inner.example, rows=rows, ranks={**told.ranks, **inner.ranks},
        renamed={**told.renamed, **inner.renamed}, numbers=inner.numbers,
    )  # fmt: skip


def _carried(program: Program, lines: Sequence[RangedLine], lang: str) -> Iterator[_Along]:
    """The families that lie on the way back, of which steps carry members on."""
    for own in dict.fromkeys(line.of.removesuffix(ARGUMENT) for line in lines if line.down):
        try:
            yield _Along(program, own, lang)
        except ArgumentError:
            continue


@dataclass(frozen=True)
class _Part:
    """What a step passes on to the next: a member of a family, `back` steps old."""

    family: str
    back: int


class _Along:
    """The derivative of a member of a family by an earlier one."""

    def __init__(self, program: Program, family: str, lang: str) -> None:
        assert program.recurrence is not None
        self.program, self.recurrence, self.family, self.lang = program, program.recurrence, family, lang
        self.known = program.families[family]
        self.unit = next((u for u in self.recurrence.units if u[0].kind == RANGE and any(c.name == family for c in u)), ())
        active = active_names(program, {family})
        depth: dict[str, int] = {}
        for clause in self.unit:
            for read in clause.reads.values():
                gap = read.index.minus(Linear.letter(clause.var)).number
                if read.family in {c.name for c in self.unit} & active and gap is not None and gap < 0:
                    depth[read.family] = max(depth.get(read.family, 0), -gap)
        if family not in depth:
            what = f"no step carries {family} on to the next one"
            raise ArgumentError(what, advice="Ask for a family that its own lines read at earlier steps.")
        self.parts = [_Part(own, back) for own in depth for back in range(depth[own])]
        single = len(self.parts) == 1
        self.symbol = family if single else Names({*program.names, *program.families, *self.recurrence.letters}).fresh("s")
        """What a step passes on, by one name."""
        self.frames = Frames(self.recurrence, program.dimensions)
        self.var = self.unit[0].var

    # ------------------------------------------------------------ as formulas

    def explanation(self, at: Mapping[str, Any] | None) -> Explanation:
        here, last = Linear.letter(self.var), self.known.high
        whole = self._partial(member(self.symbol, last), member(self.symbol, here))
        title = Say("explain.recursion.title", {"derivative": Formula(whole)})
        factors = tuple(self._factors())
        single = len(self.parts) == 1
        carried: dict[str, Field] = {"state": Members(tuple(Formula(name(self._of(p, here))) for p in self.parts))}
        if not single:
            carried["symbol"] = Formula(name(member(self.symbol, here)))
        remarks = [
            Say("explain.recursion.carried" if single else "explain.recursion.together", carried),
            Say("explain.recursion.product", {"product": Relation((Formula(whole), self._chain(here, last)))}),
            Say("explain.recursion.norms", {"output": Formula(name(member(self.symbol, last)))}),
        ]
        said = [f for r in factors for f in r.sides if isinstance(f, Formula)]
        rows, example, numbers, heading = factors, [], {}, Say("explain.recursion.factors")
        if at is not None:
            norms, own = _Numbers(self, at).norms()
            numbers = {"norms": norms, "factors": own, "rate": _rate(norms)}
            example = self._told(norms, own)
            table = self._table(norms)
            rows, heading = (*factors, *table), Say("explain.recursion.table")
            said += [f for r in table for f in r.sides if isinstance(f, Formula)]
        words = {p.text for f in said for p in walk(f.phrase) if p.head == "name"} | {self._of(p, here) for p in self.parts}
        words |= {member(self.symbol, i) for i in (here, last, here.plus(1), last.plus(-1), last.plus(-2))} | {p.text for p in walk(whole)}
        renamed = latex_members(w for w in words if w)
        return Explanation(
            self.program, self.family, self.family, title, tuple(remarks), tuple(example), heading, rows, (), self.lang, self._ranks(words),
            renamed, numbers,
        )  # fmt: skip

    @staticmethod
    def _partial(of: str, by: str) -> Phrase:
        return Phrase("partial", (name(of), name(by)))

    @staticmethod
    def _of(part: _Part, here: Linear) -> str:
        return member(part.family, here.plus(-part.back))

    def _chain(self, here: Linear, last: Linear) -> Chains:
        """The factors from the last step down."""
        def factor(index: Linear) -> Braced:
            return Braced(self._partial(member(self.symbol, index), member(self.symbol, index.plus(-1))))

        return Chains(((factor(last), factor(last.plus(-1)), None, factor(here.plus(1))),))

    def _factors(self) -> list[Row]:
        """The Jacobians of one step, each held against complex steps."""
        step = step_program(self.program, self.unit)
        ordinary = Program(**{f.name: getattr(step, f.name) for f in fields(step) if f.init})
        read: dict[str, list[str]] = {}
        for clause in self.unit:
            for text, r in clause.reads.items():
                gap = r.index.minus(Linear.letter(self.var)).number
                if any(p.family == r.family for p in self.parts) and gap is not None and gap < 0:
                    read.setdefault(r.family, []).append(text)
        names = list(dict.fromkeys(n for own in read.values() for n in own))
        rows: list[Row] = []
        for clause in self.unit:
            if clause.name not in read:
                continue
            sweep = Sweep(ordinary, clause.target, names)
            for by in names:
                found = sweep.derivation(ordinary, by)
                if found.verification.failed:
                    raise VerificationError(f"the derivative of {clause.target} by {by} is wrong", advice="Please report this.")
                rows.append(Row((Formula(self._partial(clause.target, by)), Formula(self._written(found.formula_tree)))))
        return rows

    def _written(self, tree: Tree) -> Phrase:
        return self.frames.phrase(tree, (self.var,))

    def _ranks(self, words: set[str]) -> dict[str, int]:
        program = self.program
        ranks = {n: len(v.shape) for n, v in program.inputs.items() if v.shape} | {n: len(b.shape) for n, b in program.blocks.items()}
        for word in words:
            base = word.partition("[")[0]
            if base in program.families or base == self.symbol:
                ranks[word] = len(program.families[base].shape) if base in program.families else 1
        return ranks

    # ------------------------------------------------------------ at a point

    def _told(self, norms: Mapping[int, float], own: Mapping[int, float]) -> list[Say]:
        steps = max((d for d, n in norms.items() if n > 0), default=0)
        if not steps:
            return [Say("explain.recursion.nothing")]
        rate = _rate(norms)
        assert rate is not None
        kind = "keeps" if abs(rate - 1) < _STILL else "shrinks" if rate < 1 else "grows"
        told: dict[str, Field] = {"count": Count(steps), "norm": Quantity(norms[steps], 3), "rate": Quantity(rate, 2 if rate < 1 else 3)}
        found = [Say(f"explain.recursion.{kind}", told)]
        if len(own) > 1:
            ends: dict[str, Field] = {"low": Quantity(min(own.values()), 3), "high": Quantity(max(own.values()), 3)}
            found.append(Say("explain.recursion.bound", ends))
        return found

    def _table(self, norms: Mapping[int, float]) -> list[Row]:
        last = self.known.high
        rows = []
        for distance in sorted({d for d in _SHOWN if d in norms} | {max(norms)} if norms else ()):
            symbol = Phrase("partial", (name(member(self.symbol, last)), name(member(self.symbol, last.plus(-distance)))))
            norm = Phrase("call", (symbol,), "norm")
            each = norms[distance] ** (1 / distance)
            remark = Say("explain.recursion.each", {"rate": Quantity(each, 3)}) if distance > 1 else None
            rows.append(Row((Formula(norm), Quantity(norms[distance], 4)), remark))
        return rows


def _rate(norms: Mapping[int, float]) -> float | None:
    """The geometric mean of what a step multiplies the norm by, over as many steps as it is not 0."""
    steps = max((d for d, n in norms.items() if n > 0), default=0)
    return norms[steps] ** (1 / steps) if steps else None


class _Numbers:
    """The Jacobians of the steps at a point, and their products."""

    def __init__(self, along: _Along, at: Mapping[str, Any]) -> None:
        self.along = along
        program, recurrence = along.program, along.recurrence
        whole = {n for n in (*recurrence.lengths, *program.dimensions)}
        given = {n: int(v) if n in whole and not isinstance(v, list) and v == int(v) else v for n, v in at.items()}
        kernel = loops_of(program, program.last, [], 0)
        kernel(**given)  # which holds it against the program, and asks for what is declared
        self.run = Run(kernel.loops, kernel.admitted(given))
        with np.errstate(all="ignore"):
            self.run.forward()
        self.stage = stage_of(program, recurrence, along.unit, active_names(program, {along.family}))

    def _members(self, part: _Part, t: int) -> Any:
        return self.run.members.get(part.family, {}).get(t - part.back)

    def _sizes(self, t: int) -> list[int]:
        """How many entries each part of the state of a step has: none where it is not there."""
        return [0 if (m := self._members(p, t)) is None else int(np.size(m)) for p in self.along.parts]

    def norms(self) -> tuple[dict[int, float], dict[int, float]]:
        """By distance, the norm of the product; by step, that of its factor. As far as they are finite."""
        run = self.run
        span = run.span(self.stage)
        entries = sum(sum(self._sizes(t)) * sum(self._sizes(t - 1)) for t in span)
        if entries > _LARGEST:
            raise LimitError(f"the Jacobians of the steps have {entries} entries", advice=f"Give a point with at most {_LARGEST}.")
        products: dict[int, float] = {}
        factors: dict[int, float] = {}
        total: Any = None
        with np.errstate(all="ignore"):
            for t in reversed(span):
                jacobian = self._jacobian(t)
                total = jacobian if total is None else total @ jacobian
                if not np.isfinite(total).all() or not total.size:
                    break
                products[span.stop - t] = float(np.linalg.norm(total, 2))
                factors[t] = float(np.linalg.norm(jacobian, 2))
        return products, factors

    def _place(self, k: int, t: int) -> slice:
        sizes = self._sizes(t)
        return slice(sum(sizes[:k]), sum(sizes[: k + 1]))

    def _jacobian(self, t: int) -> Any:
        """That of the state of a step by the state before."""
        stage, parts = self.stage, self.along.parts
        assert stage.backward is not None
        step = self.run.step_of(stage, stage.backward)
        found = np.zeros((sum(self._sizes(t)), sum(self._sizes(t - 1))))
        targets = [t_.name for t_ in stage.targets]
        for k, part in enumerate(parts):
            rows = self._place(k, t)
            if part.back:  # it was there a step before
                before = parts.index(_Part(part.family, part.back - 1))
                found[rows, self._place(before, t - 1)] = np.eye(rows.stop - rows.start)
                continue
            for entry in range(rows.stop - rows.start):
                adjoints = [np.zeros(np.shape(self.run.members[n][t])) for n in targets]
                own = adjoints[targets.index(part.family)]
                adjoints[targets.index(part.family)] = _unit(own, entry)
                for a, sent in zip(stage.receivers, step(t, *adjoints), strict=True):
                    gap = a.index.minus(Linear.letter(stage.var)).number if a.kind == "member" else None
                    other = _Part(a.name, -gap - 1) if gap is not None and gap < 0 else None
                    if other in parts:
                        columns = self._place(parts.index(other), t - 1)
                        shape = np.shape(self.run.members[a.name][t + (gap or 0)])
                        found[rows.start + entry, columns] += np.ravel(np.broadcast_to(sent, shape))
        return found


def _unit(zeros: Any, entry: int) -> Any:
    found = np.array(zeros)
    found.reshape(-1)[entry] = 1.0
    return found if found.shape else float(found)


__all__ = ["explain_recursion"]
