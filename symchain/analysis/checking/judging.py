"""program.check: a claimed derivative compared with the derived one, and the mistake named where they differ.

Equal by algebra is proved, equal at every point agrees. What differs may be right where something is declared that is not (`conditions`).
What is wrong is compared with wrong derivatives made on purpose, in the order in which a teacher would look: shape, constant factor,
another parameter's gradient, factors of the chain, transposes and orders, paths, operands; then two of these together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from symchain.analysis.checking.claims import Reading, formula_of, read_claim
from symchain.analysis.checking.conditions import find_condition
from symchain.analysis.checking.diagnosis import Diagnosis
from symchain.analysis.checking.evidence import Agreement, Evidence, fits, laid_out
from symchain.analysis.checking.ground import Ground, value_at
from symchain.analysis.checking.latex_answers import AUTO, as_text
from symchain.analysis.checking.mentions import diagonal
from symchain.analysis.checking.questions import Question, ask
from symchain.analysis.checking.slopes import Flow, written_out
from symchain.deriving.sweep import Sweep
from symchain.errors import ShapeError, check_choice
from symchain.evidence.exceptions import Exceptions
from symchain.evidence.verification import as_measured, differs_along
from symchain.nouns.computation import Computation, ancestors
from symchain.nouns.verdict import CIRCULAR, CONDITION, NOWHERE, ROUNDING, USED, Finding, Verdict
from symchain.render.text import write
from symchain.rewriting import is_large, price_of, reduced
from symchain.rules.binding import bind
from symchain.support.notation import walk
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import MINUS_ONE, Tree, add, compare, leaf, leaves, postorder, scale, substitute
from symchain.tensors.terms import is_zero

INPUTS, BLOCKS, FACTORS = "inputs", "blocks", "factors"
USING = (INPUTS, BLOCKS, FACTORS)
"""What a claim may hold: inputs alone; also the program's blocks; also derivatives by name, such as da2/dz2."""
_EXPANDED = 80
_CLOSED = 240


def check(program: Computation, output: str, wrt: Any, claim: str, using: str = FACTORS, claim_format: str = AUTO) -> Verdict:
    """Judge the claim that the derivative of an output by a name is an expression, which may use what `using` says (one of USING)."""
    return Examiner(ask(program, output, wrt, claim), str(output)).verdict(claim, using, claim_format)


@dataclass(frozen=True)
class _Read:
    """A claim that conforms: its tree."""

    claim: Reading
    tree: Tree


class Examiner:
    """Whoever judges claims about one question; `output` is how it was asked for. Of several claims, each costs only its own."""

    def __init__(self, question: Question, output: str = "") -> None:
        self.question, self.output = question, output or question.output
        self.derivation = Sweep(question.program, question.output, [question.wrt]).derivation(question.program, question.wrt)
        self.flow = Flow(question.program, question.output, question.wrt)
        self._expanded: dict[bool, Tree] = {}
        self._written: dict[bool, str] = {}

    def verdict(self, claim: str, using: str = FACTORS, claim_format: str = AUTO) -> Verdict:
        """Raises ParseError for a claim that cannot be read, ArgumentError for options that there are not."""
        check_choice("using", using, USING)
        return _Judging(self, as_text(self.question, claim, claim_format), using).verdict()

    def reading(self, claim: str, claim_format: str = AUTO) -> str:
        """The claim as it is read, in the input language. Raises ParseError."""
        return write(next(read_claim(self.question, as_text(self.question, claim, claim_format))).phrase)

    def equal(self, one: str, other: str) -> bool | None:
        """Whether two claims say the same, right or wrong; None where that is not known. Raises ParseError."""
        unknown = False
        for a in read_claim(self.question, one):
            for b in read_claim(self.question, other):
                try:
                    first, second = a.tree(), b.tree()
                except ShapeError:
                    unknown = True
                    continue
                if first == second:
                    return True
                found = Evidence(self.ground, [first, second]).agreement(second, first)
                if found.holds:
                    return True
                unknown |= not found.different
        return None if unknown else False

    @cached_property
    def truth(self) -> Tree:
        """The derivative with named adjoints written in: as a graph it stays small."""
        return self._inlined(lambda line: line.tree, self.derivation.result.tree)

    @cached_property
    def ground(self) -> Ground:
        return Ground(self.question.program, self.question.output, self.truth)

    def expanded(self, general: bool = False) -> Tree:
        """The derivative as it is printed; in general, with the program's own function names."""
        if general not in self._expanded:
            d = self.derivation
            if general:
                self._expanded[general] = self._inlined(lambda line: line.general or line.tree, d.general_tree)
            else:
                self._expanded[general] = self._inlined(lambda line: line.tree, d.formula_tree)
        return self._expanded[general]

    def corrected(self, primed: bool) -> str:
        """The derivative as printed: one expression, or the lines of the backpropagation form where that would be long."""
        if primed not in self._written:
            d = self.derivation
            if not d.adjoint_lines:
                self._written[primed] = write(d.general_phrase if primed else d.formula_phrase)
            else:
                whole = self.expanded(primed)
                short = not is_large(whole) and price_of(whole) <= _EXPANDED
                self._written[primed] = write(phrase_of(whole)) if short else "; ".join(d.lines)
        return self._written[primed]

    def _inlined(self, pick: Any, last: Tree) -> Tree:
        values: dict[Tree, Tree] = {}
        for line in self.derivation.adjoint_lines:
            values[leaf(line.name, line.shape)] = substitute(pick(line), values)
        return substitute(last, values)


class _Judging:
    def __init__(self, examiner: Examiner, text: str, using: str) -> None:
        self.examiner, self.text, self.using = examiner, text, using
        self.question, self.flow, self.truth = examiner.question, examiner.flow, examiner.truth
        self.base = Verdict(examiner.output, self.question.wrt, formula_of(text), "undecided", corrected="")

    # ------------------------------------------------------------ right or wrong

    def verdict(self) -> Verdict:
        broken: ShapeError | None = None
        read: list[_Read] = []
        claims = list(read_claim(self.question, self.text))
        for claim in claims:
            try:
                read.append(_Read(claim, claim.tree()))
            except ShapeError as error:
                broken = broken or error
        primed = any(p.primes for c in claims for p in walk(c.phrase))
        self.base = replace(self.base, corrected=self.examiner.corrected(primed))
        if not read:
            return self._broken(claims, broken)
        self.evidence = Evidence(self.examiner.ground, [r.tree for r in read])
        open_ = False
        for one in read:
            for tree, truth in self._layouts(one.tree):
                held, agreement = self._held(tree, truth)
                if held is not None:
                    return self._allowed(held, one)
                open_ |= not agreement.different and not self._never(tree, truth)
        if not self.evidence.points:
            return self.base
        if open_:
            return replace(self.base, reason=ROUNDING if self._valued(read[0].tree) else NOWHERE)
        condition = find_condition(self.question, read[0].tree, self.evidence)
        if condition is not None:
            derivatives = tuple(self._mentioned(read[0]))
            return replace(self.base, reason=CONDITION, condition=condition.text, declare=condition.declare, assumed=condition.function,
                           points=condition.points, derivatives=derivatives)  # fmt: skip
        return self._wrong(read[0])

    def _allowed(self, held: Verdict, read: _Read) -> Verdict:
        """A claim that holds shows nothing where it says what is to be shown, and not enough where it uses more than it may."""
        mentioned = self._mentioned(read)
        held = replace(held, derivatives=tuple(mentioned))
        if (self.flow.output, self.flow.wrt) in mentioned.values():
            return replace(held, status="undecided", reason=CIRCULAR)
        used = [] if self.using == FACTORS else list(mentioned)
        if self.using == INPUTS:
            names = [p.text for p in walk(read.claim.phrase)] + [x.name for x in leaves(read.tree) if not mentioned]
            used += [n for n in names if n in self.question.program.blocks]
        return replace(held, status="undecided", reason=USED, used=tuple(dict.fromkeys(used)), using=self.using) if used else held

    def _mentioned(self, read: _Read) -> dict[str, tuple[str, str]]:
        return {f"d{over}/d{under}": (over, under) for over, under in read.claim.derivatives.values()}

    def _layouts(self, claimed: Tree) -> Iterator[tuple[Tree, Tree]]:
        """The claim as it stands; for an elementwise output also as the diagonal of the Jacobian, where nothing else is in it."""
        yield claimed, self.truth
        on = diagonal(self.truth, self.flow.route.shape)
        if on is not None and claimed.shape in (self.flow.route.shape, ()):
            values = [laid_out(v, t) for v, t in zip(self.evidence.values(self.truth), self.evidence.truth, strict=True)]
            n = len(self.flow.route.shape)
            size = [int(np.prod(v.shape[:n])) for v in values]
            if all(np.count_nonzero(v.reshape(s, s) - np.diag(np.diag(v.reshape(s, s)))) == 0 for v, s in zip(values, size, strict=True)):
                yield claimed, on

    def _held(self, claimed: Tree, truth: Tree) -> tuple[Verdict | None, Agreement]:
        """The verdict on a claim that holds, else None; and where it was found to be right."""
        agreement = self.evidence.agreement(claimed, None if truth is self.truth else truth)
        if agreement.different or self._never(claimed, truth):
            return None, agreement
        formula = self.examiner.expanded() if truth is self.truth else truth
        proved = claimed.shape == truth.shape and self._proved(claimed, formula)
        if not proved and not agreement.equal:
            return None, agreement
        status = "proved" if proved else "agrees"
        found = replace(self.base, status=status, points=len(agreement.equal), error=agreement.error, table=self._table(claimed))
        exception = self._exception(claimed, truth)
        if exception is not None:
            condition = write(phrase_of(compare("!=", *exception.args)))
            found = replace(found, status="undecided", reason=CONDITION, condition=condition)
        return found, agreement

    def _exception(self, claimed: Tree, truth: Tree) -> Tree | None:
        """A condition that chooses a value, and where it holds the claim has one that is not the derivative's."""
        program, output, wrt = self.question.program, self.question.output, self.question.wrt
        for met in Exceptions(program, output, wrt, list(program.blocks), [claimed]).points() if truth is self.truth else ():
            value, reference = value_at(met.point, claimed), value_at(met.point, truth)
            if value is None or reference is None or not fits(value, reference):
                continue
            if differs_along(program, output, wrt, met, laid_out(value, reference)):
                return met.condition
        return None

    def _never(self, claimed: Tree, truth: Tree) -> bool:
        """Whether the claim has values, but never in the shape of the derivative."""
        pairs = zip(self.evidence.values(claimed), self.evidence.values(truth), strict=True)
        values = [(v, t) for v, t in pairs if v is not None and t is not None]
        return bool(values) and not any(fits(v, t) for v, t in values)

    def _valued(self, claimed: Tree) -> bool:
        return any(v is not None and np.all(np.isfinite(v)) for v in self.evidence.values(claimed))

    def _proved(self, claimed: Tree, truth: Tree) -> bool:
        difference = bind(add([claimed, scale(MINUS_ONE, truth)]))
        if is_large(difference):
            return False
        if is_zero(reduced(difference)):
            return True
        closed = self._closed(difference)
        return closed is not None and is_zero(reduced(closed))

    def _closed(self, tree: Tree) -> Tree | None:
        """The tree over inputs alone (and the variable), where that is not long."""
        whole = substitute(tree, written_out(self.question.program, leaves(tree), self.question.wrt))
        sizes: dict[Tree, int] = {}
        for node in postorder(whole):
            sizes[node] = 1 + sum(sizes[a] for a in node.args)
        return whole if sizes[whole] <= _CLOSED else None

    def _table(self, claimed: Tree) -> tuple[dict[str, Any], ...]:
        mattering = ancestors(self.question.program, self.question.output)
        rows = []
        for point, value, truth in zip(self.evidence.points, self.evidence.values(claimed), self.evidence.truth, strict=True):
            at = {n: as_measured(v) for n, v in point.inputs.items() if n in mattering}
            rows.append({"at": at, "claim": None if value is None else as_measured(value), "derivative": as_measured(truth)})
        return tuple(rows)

    # ------------------------------------------------------------ wrong

    def _wrong(self, read: _Read) -> Verdict:
        base = replace(self.base, status="wrong", points=len(self.evidence.points), table=self._table(read.tree))
        values = self.evidence.values(read.tree)
        if not any(v is not None and np.isfinite(v).any() for v in values):
            return self.base
        diagnosis = self._diagnosis(read.claim)
        if not all(v is None or fits(v, t) for v, t in zip(values, self.evidence.truth, strict=True)):
            return replace(base, findings=diagnosis.misshapen(read.tree))
        findings = diagnosis.explain(read.tree)
        if not findings:
            findings = diagnosis.misshapen(read.tree) if read.tree.shape != self.truth.shape else (Finding("unknown"),)
        return replace(base, findings=findings)

    def _diagnosis(self, claim: Reading) -> Diagnosis:
        forms = tuple(dict.fromkeys([self.examiner.expanded(), self.examiner.expanded(True)]))
        return Diagnosis(self.flow, self.evidence, claim, forms, self.base.corrected)

    def _broken(self, claims: Sequence[Reading], error: ShapeError | None) -> Verdict:
        """The claim's own operands do not conform."""
        self.evidence = Evidence(self.examiner.ground, [])
        reason = self._diagnosis(claims[0]).reason() if claims and self.evidence.points else ()
        detail = error.what if error is not None else ""
        return replace(self.base, status="wrong", findings=(Finding("shape", wanted=detail), *reason), detail=detail)
