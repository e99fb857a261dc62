"""Which mistake explains a wrong claim: the usual ones one by one, most likely first, then two of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Any

import numpy as np

from symchain.analysis.checking.claims import Reading
from symchain.analysis.checking.evidence import Evidence, matching, nice, ratio, same
from symchain.analysis.checking.mistakes import SLIPS, Slip, is_squared, kept_constants, parts, unrelated_terms
from symchain.analysis.checking.repairs import CHANGES, OPPOSITE, changes, elaborated, occurrences, omissions, units
from symchain.analysis.checking.slopes import Flow, written_out
from symchain.evidence.meanings import Array
from symchain.nouns.computation import ancestors
from symchain.nouns.verdict import Finding
from symchain.render.text import write
from symchain.rewriting import is_large, simplify
from symchain.rules.reverse import pullback
from symchain.support.dimensions import show
from symchain.support.notation import Phrase
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import ONE, Leaf, Size, Tree, leaves, postorder, reciprocal, reduce_sum, substitute

CHAIN = 48
"""Mistakes are looked for in chains of up to so many steps."""
PAIRS = 160
PARTS = 48

Found = tuple[Finding, ...]


@dataclass(frozen=True)
class _Other:
    """The way from the output to another input, and the derivative along it."""

    flow: Flow
    gradient: Tree


class Diagnosis:
    """The search for what is wrong with one claim. `forms` are the right formula as trees, as it may be printed."""

    def __init__(self, flow: Flow, evidence: Evidence, claim: Reading, forms: tuple[Tree, ...], corrected: str) -> None:
        self.flow, self.program, self.evidence, self.claim = flow, flow.program, evidence, claim
        self.forms, self.corrected, self.truth = forms, corrected, evidence.truth_tree
        self.right = evidence.flat(evidence.truth)
        self.slips: list[Slip] = []
        self.rows: list[Array] = []

    def explain(self, claimed: Tree) -> Found:
        """The mistakes in a claim that has the derivative's shape."""
        self.tree, self.claimed = claimed, self.evidence.row(claimed)
        return next(self._single(), None) or self._two() or ()

    def misshapen(self, claimed: Tree) -> Found:
        """Another shape: an unsummed bias gradient is said by its name, anything else with its reason where one is found."""
        wanted, found = show(self.truth.shape), show(claimed.shape)
        extra = len(claimed.shape) - len(self.truth.shape)
        if extra > 0:
            for axes in combinations(range(len(claimed.shape)), extra):
                summed = reduce_sum(claimed, axes)
                if summed.shape == self.truth.shape:
                    rows = self.evidence.row(summed), self.right
                    if same(*rows) or ratio(self.evidence, *rows) is not None:
                        return (Finding("missing_sum", found=found, wanted=wanted, variable=self.flow.wrt),)
        return (Finding("shape", found=found, wanted=wanted), *self.reason())

    def reason(self) -> Found:
        """Why a claim does not fit: the one change that makes it right, or whose gradient it is."""
        for change in islice(changes(self.claim.phrase), CHANGES):
            if self._gives(change.phrase, self.right):
                return (Finding(_of_repair(change.key), found=write(change.before), wanted=write(change.after)),)
        tree = elaborated(self.claim.phrase, self.claim.scope)
        if tree is None or len(self.flow.route.blocks) > CHAIN:
            return ()
        for name in self._rivals():
            other = Flow(self.program, self.flow.output, name).gradient()
            if other.shape == tree.shape and _agree(self.evidence.values(tree), self.evidence.values(other)):
                return (Finding("other_variable", variable=name),)
        return ()

    def _rivals(self) -> list[str]:
        """The other names that the output depends on."""
        program = self.program
        relevant = ancestors(program, self.flow.output) - {self.flow.wrt, self.flow.output}
        return [n for n in (*program.inputs, *program.blocks) if n in relevant]

    def _single(self) -> Iterator[Found]:
        """The single mistakes that explain the claim, most likely first."""
        flow, claimed, right = self.flow, self.claimed, self.right
        if self._is_one():
            yield (Finding("answer_one", factor=self._coefficient(), wanted=self.corrected, variable=self.flow.wrt),)
        if not np.any(claimed[np.isfinite(claimed)]):
            yield (Finding("constant", ratio=nice(0.0)),)
        constant = ratio(self.evidence, claimed, right)
        if constant is not None:
            yield (self._constant(constant),)
        if len(flow.route.blocks) > CHAIN:
            return
        yield from self._others()
        ground = self.evidence.ground
        self.shares = [(p, self.evidence.known(p.tree)) for p in ground.made(parts, lambda: iter(parts(flow)))]
        yield from self._missing_paths()
        for make in SLIPS:
            yield from self._slipped(ground.made(make, lambda make=make: make(flow)))  # type: ignore[misc]
            if make is SLIPS[1]:
                yield from self._extra()
        yield from self._restructured()
        yield from self._shares()
        yield from self._omitted()
        yield from self._slipped(ground.made(kept_constants, lambda: kept_constants(flow)))
        for finding, term in ground.made(unrelated_terms, lambda: iter(unrelated_terms(flow))):
            if term.shape == self.truth.shape and same(claimed, right + self.evidence.known(term)):
                yield (finding,)
        yield from self._superfluous()
        yield from self._operands()
        if self._is_antiderivative():
            yield (Finding("unknown", wanted=self.flow.output),)

    def _is_antiderivative(self) -> bool:
        """Whether the claim was integrated where it should have been differentiated."""
        flow = self.flow
        if flow.route.shape or self.tree.shape or flow.program.leaves[flow.wrt].shape:
            return False
        inputs = substitute(self.tree, written_out(self.program, leaves(self.tree), flow.wrt))
        by = flow.program.leaves[flow.wrt]
        if by not in leaves(inputs):
            return False
        slope = pullback(inputs, ONE, 0, [by])[by]
        return same(self.evidence.row(slope), self.evidence.row(self.program.blocks[flow.output].leaf))

    def _is_one(self) -> bool:
        """Whether 1 was claimed where the coefficient of the variable stands in the line."""
        if not np.all(self.claimed == 1) or len(self.flow.route.edges) != 1 or np.all(self.right == -1):
            return False
        return all(x.name != self.flow.wrt for x in leaves(self.truth))

    def _coefficient(self) -> str:
        return f"d{self.flow.route.edges[0][0]}/d{self.flow.route.edges[0][1]}"

    def _constant(self, constant: Any, path: tuple[str, ...] | None = None) -> Finding:
        if isinstance(constant, str):
            return Finding("batch_mean", ratio=constant, path=path)
        if constant == -1:
            return Finding("sign", ratio=constant, path=path)
        return Finding("batch_mean" if self._is_size(constant) else "constant", ratio=constant, path=path)

    def _is_size(self, constant: Any) -> bool:
        """Whether the number, or its inverse, is the fixed size of an axis over which the output takes a mean or a sum."""
        if constant in (2, nice(0.5)) or constant <= 0:
            return False
        program = self.program
        sizes = {d for v in program.inputs.values() for d in v.shape if isinstance(d, int) and d > 1}
        return any(abs(constant - s) < 1e-9 * s or abs(constant * s - 1) < 1e-9 for s in sizes)

    def _others(self) -> Iterator[Found]:
        """The gradient of another input of the same shape."""
        if np.ptp(self.claimed) == 0:
            return
        for name, other in self._gradients():
            if same(self.claimed, self.evidence.known(other.gradient)):
                yield (Finding("other_variable", variable=name),)

    def _gradients(self) -> Iterable[tuple[str, _Other]]:
        """The gradients of the other inputs of the same shape."""

        def made() -> Iterator[tuple[str, _Other]]:
            for name, variable in self.program.inputs.items():
                if name != self.flow.wrt and variable.shape == self.truth.shape[len(self.flow.route.shape) :]:
                    flow = Flow(self.program, self.flow.output, name)
                    if flow.route.edges:
                        yield name, _Other(flow, flow.gradient())

        return self.evidence.ground.made("gradients", made)

    def _slipped(self, slips: Iterable[Slip]) -> Iterator[Found]:
        for slip in slips:
            row = self.evidence.known(slip.tree)
            if same(row, self.right):
                continue
            self.slips.append(slip)
            self.rows.append(row)
            if same(self.claimed, row):
                yield (slip.finding,)

    def _extra(self) -> Iterator[Found]:
        """The claim is the derivative times a factor or a name of the program, or divided by one."""
        with np.errstate(all="ignore"):
            quotient = self.claimed / self.right
            inverse = 1 / np.where(quotient == 0, np.nan, quotient)
        for key, wanted in (("extra_factor", quotient), ("missing_factor", inverse)):
            if not np.any(wanted[np.isfinite(wanted)]):
                continue
            for block, read, local in self.evidence.ground.made("locals", self._locals):
                if local.shape in ((), self.truth.shape) and same(wanted, self.evidence.known(local)):
                    yield (Finding(key, factor=f"d{block}/d{read}", wanted=write(phrase_of(simplify(local)), 8)),)
            for name, symbol in self._names():
                if symbol.shape in ((), self.truth.shape) and same(wanted, self.evidence.known(symbol)):
                    near = next((f"d{b}/d{r}" for b, r in self.flow.route.edges if name in self.program.blocks[b].reads), name)
                    missing = key == "missing_factor"
                    yield (Finding(key, factor=near if missing else name, found=name if missing else None, wanted=name),)
            for node in self._inner():
                if same(wanted, self.evidence.known(node)):
                    text = write(phrase_of(node), 8)
                    yield (Finding(key, found=text, wanted=text),)

    def _locals(self) -> Iterator[tuple[str, str, Tree]]:
        """The local derivative of each block by each name it reads."""
        for block in reversed(list(self.program.blocks.values())[:CHAIN]):
            for read in block.reads:
                yield block.name, read, Flow(self.program, block.name, read).local()

    def _inner(self) -> list[Tree]:
        """The parts of the lines on the way that a factor may be: numbers that are no literals."""
        lines = [self.program.blocks[b].tree for b in dict.fromkeys(b for b, _ in self.flow.route.edges)][:CHAIN]
        nodes = postorder(*lines)
        found = [n for n in nodes if not n.shape and n.args and leaves(n)][:PARTS]
        return [n for n in found if reciprocal(n) not in found]  # what is divided by is a factor 1/b

    def _names(self) -> list[tuple[str, Leaf]]:
        program = self.program
        return [(n, v.leaf) for n, v in program.inputs.items()] + [(n, b.leaf) for n, b in program.blocks.items()]

    def _restructured(self) -> Iterator[Found]:
        """A transpose, an order or a kind of product: repaired in the claim, or made in the derivative."""
        if not self.truth.shape and not any(x.shape for x in leaves(self.tree, self.truth)):
            return
        for change in islice(changes(self.claim.phrase), CHANGES):
            if self._gives(change.phrase, self.right):
                yield (Finding(_of_repair(change.key), found=write(change.before), wanted=write(change.after)),)
        for phrase in self._phrases():
            for change in islice(changes(phrase), CHANGES):
                if self._gives(change.phrase, self.claimed, known=True):
                    yield (Finding(change.key, found=write(change.after), wanted=write(change.before)),)

    def _phrases(self) -> list[Phrase]:
        """The derivative as printed, with and without the program's own function names."""
        return [phrase_of(t) for t in self.forms if not is_large(t)]

    def _missing_paths(self) -> Iterator[Found]:
        """All of what comes along one path forgotten."""
        for part, row in self.shares:
            if part.whole and np.any(row) and not same(row, self.right) and same(self.claimed, self.right - row):
                yield (Finding("missing_path", path=part.path),)

    def _shares(self) -> Iterator[Found]:
        """A path or a term forgotten, counted twice, or with another constant."""
        shares, difference = self.shares, self.claimed - self.right
        for part, row in shares:
            if not np.any(row) or same(row, self.right):
                continue
            if same(self.claimed, row):
                missing = [p.path for p, _ in shares if p is not part and p.path != part.path]
                yield tuple(Finding("missing_path", path=p) for p in dict.fromkeys(missing)) or (Finding("missing_path", path=part.path),)
            if same(difference, -row):
                yield (Finding("missing_path", path=part.path),)
            elif same(difference, row):
                squared = is_squared(self.flow, part.path)
                yield (self._constant(nice(2.0), part.path) if squared else Finding("extra_path", path=part.path),)
            else:
                constant = ratio(self.evidence, difference + row, row)
                if constant is not None:
                    yield (self._constant(constant, part.path),)
        for (a, x), (b, y) in combinations(shares[:8], 2):
            if same(self.claimed, self.right - x - y):
                yield (Finding("missing_path", path=a.path), Finding("missing_path", path=b.path))
        for _, other in self._gradients():
            if same(difference, self.evidence.known(other.gradient)):
                yield (Finding("extra_path", path=tuple([*_first_path(other.flow)])),)

    def _omitted(self) -> Iterator[Found]:
        """A factor or a term of the derivative, as it is printed, left out, or a factor taken twice."""
        for phrase in self._phrases():
            for change in islice(omissions(phrase), CHANGES):
                if self._gives(change.phrase, self.claimed, known=True):
                    text, factor = write(change.before), elaborated(change.before, self.claim.scope)
                    counts = factor is not None and not leaves(factor) and any(isinstance(n, Size) for n in postorder(factor))
                    yield (Finding("batch_mean" if counts and change.key == "missing_factor" else change.key, found=text, wanted=text),)

    def _superfluous(self) -> Iterator[Found]:
        """A factor or a term of the claim that should not be there."""
        for change in islice(omissions(self.claim.phrase), CHANGES):
            if change.key != "extra_factor" and self._gives(change.phrase, self.right):
                text = write(change.before)
                term = elaborated(change.before, self.claim.scope)
                fixed = term is not None and not self.flow.moves(term)
                key = "extra_factor" if change.key == "missing_factor" else "constant_kept" if fixed else "extra_path"
                yield (Finding(key, found=text, wanted=text if key == "extra_factor" else None, variable=self.flow.wrt),)
        for change in islice(units(self.claim.phrase), CHANGES):
            if self._gives(change.phrase, self.right):
                yield (Finding("extra_factor", found=write(change.before), wanted=write(change.before)),)

    def _gives(self, phrase: Phrase, row: Array, known: bool = False) -> bool:
        """Whether a changed formula means something, and has these values; a `known` one is made of the derivative, for all claims."""
        tree = elaborated(phrase, self.claim.scope)
        if tree is None or tree.shape != self.truth.shape:
            return False
        return same(self.evidence.known(tree), row) if known else self.evidence.gives(tree, row)

    def _operands(self) -> Iterator[Found]:
        """One name in place of another, once or throughout: put right in the claim, or made in the derivative."""
        for phrase, right in [(self.claim.phrase, self.right), *((p, self.claimed) for p in self._phrases())]:
            found = occurrences(phrase, self.claim.scope)
            if found is None or len(found.names) > CHAIN:
                continue
            claim = right is self.right
            for name, other, changed in self._exchanges(found.names):
                if self.evidence.gives(found.tree, right, changed):
                    stands, belongs = (name, other) if claim else (other, name)
                    yield (Finding("wrong_operand", found=stands, wanted=belongs, variable=belongs),)
            for name, other, changed in _swaps(found.names, dict(self._names())):
                if self.evidence.gives(found.tree, right, changed):
                    pairs = (name, other), (other, name)
                    yield tuple(Finding("wrong_operand", found=a, wanted=b, variable=b) for a, b in pairs)

    def _exchanges(self, names: Mapping[str, str]) -> Iterator[tuple[str, str, dict[str, str]]]:
        """(name, other name, what each occurrence then stands for): all occurrences first, then one at a time."""
        shapes = {n: x.shape for n, x in self._names()}
        for text in dict.fromkeys(names.values()):
            mine = [k for k, v in names.items() if v == text]
            for other, shape in shapes.items():
                if other != text and shape == shapes[text]:
                    yield text, other, {**names, **dict.fromkeys(mine, other)}
                    for k in mine if len(mine) > 1 else ():
                        yield text, other, {**names, k: other}

    # ------------------------------------------------------------ two mistakes together

    def _two(self) -> Found | None:
        """A single mistake and a constant, or two mistakes about factors."""
        if len(self.flow.route.blocks) > CHAIN:
            return None
        for slip, row in zip(self.slips, self.rows, strict=True):
            constant = ratio(self.evidence, self.claimed, row)
            if constant is not None:
                return slip.finding, self._constant(constant)
        for name, other in self._gradients():
            constant = ratio(self.evidence, self.claimed, self.evidence.known(other.gradient))
            if constant is not None and np.ptp(self.claimed):
                return Finding("other_variable", variable=name), self._constant(constant)
        for one, two in islice(combinations(self.slips, 2), PAIRS):
            if one.line is not None and two.line is not None and one.block != two.block:
                row = self.evidence.known(self._both(one, two))
                constant = 1 if same(self.claimed, row) else ratio(self.evidence, self.claimed, row)
                if constant is not None:
                    return (one.finding, two.finding, *(() if constant == 1 else (self._constant(constant),)))
        return self._repaired()

    def _both(self, one: Slip, two: Slip) -> Tree:
        """The derivative with two lines' mistakes."""
        lines = {s.block: s.line for s in (one, two) if s.block is not None and s.line is not None}
        return next(iter(self.evidence.ground.made(tuple(lines.items()), lambda: iter([self.flow.gradient(lines)]))))

    def _repaired(self) -> Found | None:
        """One change in the claim leaves another mistake that is known, or a constant."""
        found = occurrences(self.claim.phrase, self.claim.scope)
        rows: list[tuple[Finding, Array]] = []
        if found is not None and len(found.names) <= CHAIN:
            for name, other, changed in self._exchanges(found.names):
                finding = Finding("wrong_operand", found=name, wanted=other, variable=other)
                rows.append((finding, self.evidence.row(found.tree, changed)))
        for change in islice(changes(self.claim.phrase), CHANGES):
            tree = elaborated(change.phrase, self.claim.scope)
            if tree is not None and tree.shape == self.truth.shape:
                finding = Finding(_of_repair(change.key), found=write(change.before), wanted=write(change.after))
                rows.append((finding, self.evidence.row(tree)))
        for finding, row in rows:
            constant = ratio(self.evidence, row, self.right)
            if constant is not None:
                return finding, self._constant(constant)
        slips = np.array(self.rows)
        for finding, row in rows:
            for k in matching(row, slips):
                return self.slips[k].finding, finding
        return None


def _swaps(names: Mapping[str, str], leaves: Mapping[str, Leaf]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(name, other name, what each occurrence then stands for): two names of a formula in each other's place."""
    for a, b in combinations(dict.fromkeys(names.values()), 2):
        if leaves[a].shape == leaves[b].shape:
            yield a, b, {k: {a: b, b: a}.get(v, v) for k, v in names.items()}


def _agree(a: Sequence[Array | None], b: Sequence[Array | None]) -> bool:
    pairs = [(np.ravel(x), np.ravel(y)) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
    return bool(pairs) and all(x.size == y.size and same(x, y) for x, y in pairs)


def _first_path(flow: Flow) -> Iterator[str]:
    """One path of a flow, output first."""
    name = flow.output
    yield name
    while name != flow.wrt:
        name = flow.reads(name)[0]
        yield name


def _of_repair(key: str) -> str:
    """The mistake that a change of the claim repairs."""
    return OPPOSITE.get(key, key)
