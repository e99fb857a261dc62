"""program.check: a claimed derivative compared with the derived one, and the mistake named where they differ.

Equal by algebra is proved, equal at every point agrees. What differs is compared with wrong derivatives made on purpose, in the
order in which a teacher would look: shape, constant factor, another parameter's gradient, factors of the chain, transposes and orders,
paths, operands; then two of these together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from symchain.analysis.checking.claims import Question, Reading, ask, diagonal, read_claim
from symchain.analysis.checking.diagnosis import CHAIN, Diagnosis
from symchain.analysis.checking.evidence import TOLERANCE, Evidence, fits, laid_out, same
from symchain.analysis.checking.slopes import Flow
from symchain.deriving.sweep import Sweep
from symchain.errors import ShapeError
from symchain.evidence.verification import as_measured
from symchain.functions import FUNCTIONS
from symchain.functions.spec import AbstractFunction, abstract
from symchain.nouns.computation import Computation, ancestors
from symchain.nouns.derivation import Derivation
from symchain.nouns.verdict import Finding, Verdict
from symchain.render.text import write
from symchain.rewriting import is_large, price_of, reduced
from symchain.rules.binding import bind
from symchain.support.notation import walk
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import MINUS_ONE, Apply, Tree, add, apply, leaf, leaves, postorder, scale, substitute, transform
from symchain.tensors.terms import is_zero

_EXPANDED = 80
_CLOSED = 240


def check(program: Computation, output: str, wrt: Any, claim: str) -> Verdict:
    """Judge the claim that the derivative of an output by a name is an expression."""
    question = ask(program, output, wrt, claim)
    derivation = Sweep(question.program, question.output, [question.wrt]).derivation(question.program, question.wrt)
    return _Judging(question, derivation, claim, str(output)).verdict()


@dataclass(frozen=True)
class _Read:
    """A claim that conforms: its tree."""

    claim: Reading
    tree: Tree


class _Judging:
    def __init__(self, question: Question, derivation: Derivation, text: str, output: str) -> None:
        self.question, self.derivation, self.text = question, derivation, text
        self.flow = Flow(question.program, question.output, question.wrt)
        self.base = Verdict(output, question.wrt, text.strip(), "undecided", corrected="")

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
        self.base = replace(self.base, corrected=self._corrected(primed))
        if not read:
            return self._broken(claims, broken)
        self.evidence = Evidence(self.question.program, self.question.output, self.truth, [r.tree for r in read])
        for one in read:
            for tree, truth in self._layouts(one.tree):
                held = self._held(tree, truth)
                if held is not None:
                    return held
        if not self.evidence.points:
            return self.base
        return self._wrong(read[0])

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

    def _held(self, claimed: Tree, truth: Tree) -> Verdict | None:
        """The verdict on a claim that holds, else None."""
        if truth is self.truth:
            count, error = self.evidence.difference(claimed)
        else:
            found = [(v, t) for v, t in zip(self.evidence.values(claimed), self.evidence.values(truth), strict=True)]
            good = [same(np.ravel(laid_out(v, t)), np.ravel(t)) for v, t in found if v is not None and t is not None]
            count, error = len(good), 0.0 if good and all(good) else 1.0
        if count and error >= TOLERANCE:
            return None
        formula = self._expanded() if truth is self.truth else truth
        if claimed.shape == truth.shape and self._proved(claimed, formula):
            return replace(self.base, status="proved", points=count, error=error, table=self._table(claimed))
        if not count:
            return None if self.evidence.points and self._never(claimed) else self.base
        return replace(self.base, status="agrees", points=count, error=error, table=self._table(claimed))

    def _never(self, claimed: Tree) -> bool:
        """Whether the claim has values, but not in the shape of the derivative."""
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
        program = self.question.program
        needed = {n for x in leaves(tree) if x.name in program.blocks for n in ancestors(program, x.name)}
        values: dict[Tree, Tree] = {}
        for block in program.blocks.values():
            if block.name in needed and block.name != self.question.wrt:
                values[block.leaf] = bind(substitute(block.tree, values))
        whole = substitute(tree, values)
        sizes: dict[Tree, int] = {}
        for node in postorder(whole):
            sizes[node] = 1 + sum(sizes[a] for a in node.args)
        return whole if sizes[whole] <= _CLOSED else None

    @cached_property
    def truth(self) -> Tree:
        """The derivative with named adjoints written in: as a graph it stays small."""
        return self._inlined(lambda line: line.tree, self.derivation.result.tree)

    def _inlined(self, pick: Any, last: Tree) -> Tree:
        values: dict[Tree, Tree] = {}
        for line in self.derivation.adjoint_lines:
            values[leaf(line.name, line.shape)] = substitute(pick(line), values)
        return substitute(last, values)

    def _expanded(self, general: bool = False) -> Tree:
        if general:
            return self._inlined(lambda line: line.general or line.tree, self.derivation.general_tree)
        return self._inlined(lambda line: line.tree, self.derivation.formula_tree)

    def _corrected(self, primed: bool) -> str:
        """The derivative as printed: one expression, or the lines of the backpropagation form where that would be long."""
        d = self.derivation
        if not d.adjoint_lines:
            return write(d.general_phrase if primed else d.formula_phrase)
        whole = self._expanded(primed)
        if not is_large(whole) and price_of(whole) <= _EXPANDED:
            return write(phrase_of(whole))
        return "; ".join(d.lines)

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
            findings = diagnosis.misshapen(read.tree) if read.tree.shape != self.truth.shape else (self._unknown(read.tree),)
        return replace(base, findings=findings)

    def _diagnosis(self, claim: Reading) -> Diagnosis:
        forms = tuple(dict.fromkeys([self._expanded(), self._expanded(True)]))
        return Diagnosis(self.flow, self.evidence, claim, forms, self.base.corrected)

    def _unknown(self, claimed: Tree) -> Finding:
        """No usual mistake; but a formula for sigmoids is right for sigmoids, and then the program should say so."""
        program = self.question.program
        unbound = {f for b in program.blocks.values() for n in postorder(b.tree) if (f := _unbound(n)) is not None}
        for name in _ASSUMED if unbound and len(program.blocks) <= CHAIN else ():
            bound = {f: abstract(f.name, FUNCTIONS[name]) for f in unbound}
            blocks = {n: replace(b, tree=_rebound(b.tree, bound)) for n, b in program.blocks.items()}
            evidence = Evidence(replace(program, blocks=blocks), self.question.output, _rebound(self.truth, bound), [claimed])
            count, error = evidence.difference(_rebound(claimed, bound))
            if count and error < TOLERANCE:
                return Finding("unknown", found=", ".join(sorted(f.name for f in unbound)), wanted=name)
        return Finding("unknown")

    def _broken(self, claims: Sequence[Reading], error: ShapeError | None) -> Verdict:
        """The claim's own operands do not conform."""
        self.evidence = Evidence(self.question.program, self.question.output, self.truth, [])
        reason = self._diagnosis(claims[0]).reason() if claims and self.evidence.points else ()
        detail = error.what if error is not None else ""
        return replace(self.base, status="wrong", findings=(Finding("shape", wanted=detail), *reason), detail=detail)


_ASSUMED = ("sigmoid", "tanh", "relu", "softplus")
"""Activations that a claim may take for granted."""


def _unbound(node: Tree) -> AbstractFunction | None:
    function = node.function if isinstance(node, Apply) else None
    return function if isinstance(function, AbstractFunction) and function.binding is None else None


def _rebound(tree: Tree, bound: Mapping[AbstractFunction, AbstractFunction]) -> Tree:
    """The tree with unknown functions taken for known ones."""

    def visit(node: Tree) -> Tree:
        function = _unbound(node)
        return node if function is None else apply(bound[function], *node.args, orders=node.orders)  # type: ignore[attr-defined]

    return transform(tree, visit)
