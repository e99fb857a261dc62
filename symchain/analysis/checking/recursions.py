"""program.check of programs with families: the lines of a claimed recursion, written out at several lengths beside complex steps.

A claim is one formula, or several lines as `derive` prints them, whose ranges may run down; the last name is the derivative. What is
wrong is changed in one place in the ways in which people go wrong with indices, and named where one such change makes it right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from symchain.deriving.recursions.checking import CHECKED, lengths_of
from symchain.errors import ArgumentError, ParseError, ShapeError, SymchainError, VerificationError
from symchain.evidence.verification import verify
from symchain.language.grammar import Span
from symchain.language.members import linear_of, occurrences, phrase_of_linear
from symchain.language.statements import Definition, parse_statements
from symchain.language.unrolling import Undefined, named, unrolled
from symchain.language.wanted import Wanted
from symchain.nouns.derivation import Derivation, Line
from symchain.nouns.families import Recurrence
from symchain.nouns.program import Program
from symchain.nouns.recursion import Recursion
from symchain.nouns.verdict import NOWHERE, Finding, Verdict
from symchain.render.text import write
from symchain.support.dimensions import show
from symchain.support.linear import Linear
from symchain.support.notation import Phrase, number, rewritten, walk

_TRIED = 60
"""So many changes of a wrong claim are tried at most."""

Lines = Sequence[Definition]


def check_recursion(program: Program, recursion: Recursion, claim: str) -> Verdict:
    """Judge a claimed recursion. Raises ParseError for a claim that cannot be read, ArgumentError for one with a name that is not known."""
    judging = _Judging(program, recursion, _read(program, recursion, claim))
    base = Verdict(recursion.output, recursion.wrt, claim.strip(), "undecided", corrected="; ".join(recursion.lines), reason=NOWHERE)
    return judging.verdict(base)


def _read(program: Program, recursion: Recursion, claim: str) -> Lines:
    """The lines of a claim; a formula without a name is the derivative."""
    try:
        statements = parse_statements(claim)
    except ParseError:
        wanted = recursion.wanted
        family = wanted.kind == "family" and " for " in claim.rpartition(")")[2]
        index = claim.rpartition(" for ")[2].split(" in ")[0].strip() if family else ""
        left = f"d{recursion.output}_d{wanted.base}"
        statements = parse_statements(f"{left}[{index}] = {claim}" if family else f"{left} = {claim}")
    lines = [s for s in statements if isinstance(s, Definition)]
    if len(lines) < len(statements) or not lines:
        raise ParseError("a claim has lines of the form name = formula alone", advice="Leave declarations out.")
    assert program.recurrence is not None
    for d in lines:
        if d.name in program.blocks or d.name in program.inputs or d.name in program.families:
            raise ArgumentError(f"{d.name} is a name of the program", advice="Give the lines of a claim other names.", place=d.place)
        if d.span is not None and d.index is None:
            raise ParseError(f"{d.name} has a range and no index", advice=f"Write {d.name}[{d.span.index}] = ...", place=d.place)
    _check_names(program, program.recurrence, lines)
    return lines


def _check_names(program: Program, recurrence: Recurrence, lines: Lines) -> None:
    known = {*program.inputs, *program.blocks, *program.families, *recurrence.lengths, *program.dimensions}
    known |= {own for own, _ in recurrence.sizes.values()} | {d.name for d in lines}
    for d in lines:
        for p, scope, _ in occurrences(d.phrase, d.span.index if d.span is not None else ""):
            if p.head == "name" and p.text not in known and p.text not in scope and p.text not in ("pi", "e"):
                what = f"{p.text} is no name of the program, and no line of the claim defines it"
                raise ArgumentError(what, advice="Write a line for it, or correct its name.", place=p.place)


class _Judging:
    def __init__(self, program: Program, recursion: Recursion, lines: Lines) -> None:
        self.program, self.recursion, self.lines = program, recursion, lines
        self.points, self.error = 0, 0.0
        self.lengths = list(lengths_of(recursion))
        self.failing: Mapping[str, int] = {}
        """Lengths at which the claim is wrong."""

    def verdict(self, base: Verdict) -> Verdict:
        held = self._held(self.lines, self.lengths)
        if isinstance(held, Finding):
            return replace(base, status="wrong", findings=(held,))
        if held:
            return replace(base, status="agrees", points=self.points, error=self.error)
        if held is None:
            return base
        findings = next(((f,) for f, lines in islice(self._changes(), _TRIED) if self._is_right(lines)), ())
        return replace(base, status="wrong", findings=findings)

    def _is_right(self, lines: Lines) -> bool:
        try:
            return self._held(lines, [self.failing]) in (True, None) and self._held(lines, self.lengths) is True
        except SymchainError:
            return False

    def _held(self, lines: Lines, lengths: Sequence[Mapping[str, int]]) -> bool | Finding | None:
        """Whether lines are right; a shape that is wrong; None where nothing is known."""
        decided, self.points, self.error = 0, 0, 0.0
        missing: SymchainError | None = None
        nothing: Finding | None = None
        for at in lengths:
            if decided == CHECKED:
                break
            try:
                written = unrolled(self.program, at)
            except SymchainError:
                continue
            try:
                claimed = unrolled(self.program, at, lines)
                _check_inputs(self.program, written, claimed)
                verdicts = [self._verified(written, claimed, lines, n, own, at) for n, own in self._asked(written, at).items()]
            except VerificationError:
                if not self._decides(at):
                    continue
                self.failing = self.failing or at
                return False
            except ParseError as error:
                missing = ParseError(error.what, advice=error.advice)  # its place is one of the claim
                continue
            except ShapeError as error:
                return Finding("shape", wanted=error.what)
            except Undefined as error:
                if error.family in {d.name for d in lines}:
                    missing = missing or error
                    nothing = Finding("start_missing", variable=f"{error.family}[{_shown(error.number, at)}]")
                continue
            except SymchainError as error:
                missing = error
                continue
            wrong = next((v for v in verdicts if isinstance(v, Finding)), None)
            if wrong is not None:
                return wrong
            if any(not isinstance(v, Finding) and v.failed for v in verdicts):
                if not self._decides(at):
                    continue
                self.failing = self.failing or at
                return False
            good = [v for v in verdicts if not isinstance(v, Finding) and v.held]
            decided += bool(good)
            self.points += max((v.points for v in good), default=0)
            self.error = max([self.error, *(v.error for v in good if not v.rounded)])
        if not decided and isinstance(missing, Undefined):
            return nothing
        if missing is not None and not decided:
            raise missing
        return True if decided >= min(2, len(lengths)) else None

    def _decides(self, at: Mapping[str, int]) -> bool:
        """Whether the derivation, judged as a claim is, holds at these lengths: else they are too small to say that one is wrong."""
        try:
            written = unrolled(self.program, at)
            lines = [d for d in parse_statements("\n".join(self.recursion.lines)) if isinstance(d, Definition)]
            claimed = unrolled(self.program, at, lines)
            found = [self._verified(written, claimed, lines, n, own, at) for n, own in self._asked(written, at).items()]
        except SymchainError:
            return False
        return all(not isinstance(v, Finding) and not v.failed for v in found)

    def _asked(self, written: Program, at: Mapping[str, int]) -> dict[str, int | None]:
        """The names of what is asked for in the program that is written out, and the number of the member."""
        w: Wanted = self.recursion.wanted
        if w.kind == "plain":
            return {w.base: None} if w.base in written.leaves else {}
        if w.kind == "member":
            found = {named(w.base, w.index.value(at), self.program): w.index.value(at)}
        else:
            top = max(at.values(), default=8)
            found = {named(w.base, k, self.program): k for k in range(-8, top + 13)}
        return {n: k for n, k in found.items() if n in written.leaves}

    def _verified(self, written: Program, claimed: Program, lines: Lines, name: str, own: int | None, at: Mapping[str, int]) -> Any:
        last = lines[-1]
        whole = last.name if last.index is None else None
        if whole is None and own is not None:
            whole = named(last.name, own, self.program)
        if whole is None:
            raise ArgumentError(f"the last line of the claim has an index, and {self.recursion.wrt} has none", advice="Write an array.")
        if whole not in claimed.blocks:
            return Finding("start_missing", variable=last.name if own is None else f"{last.name}[{own}]")
        block, shape = claimed.blocks[whole], written.leaves[name].shape
        if block.shape != shape:
            return Finding("shape", found=show(block.shape), wanted=show(shape))
        added = [b for n, b in claimed.blocks.items() if n not in written.blocks and n != whole]
        kept = tuple(Line(b.name, b.tree, "value", b.name, b.shape) for b in added)
        result = Line(block.name, block.tree, "derivative", name, shape)
        return verify(Derivation(written, self.recursion.output, name, 1, shape, {}, {}, 0, (), kept, result, block.tree, block.tree))

    # ------------------------------------------------------------ what one change makes right

    def _changes(self) -> Iterator[tuple[Finding, Lines]]:
        last = self.lines[-1]
        for k, d in reversed(list(enumerate(self.lines))):
            plain = d is last and self.recursion.wanted.kind == "plain"
            for finding, changed in _of_line(d, self._indexed, self._is_matrix, plain, self.recursion.wrt):
                yield finding, [*self.lines[:k], changed, *self.lines[k + 1 :]]

    def _is_matrix(self, name: str) -> bool:
        known = self.program.families.get(name) or self.program.inputs.get(name) or self.program.blocks.get(name)
        return known is not None and len(known.shape) == 2

    def _indexed(self, name: str) -> bool:
        return name in self.program.families or any(d.name == name and d.index is not None for d in self.lines)


def _shown(index: int, at: Mapping[str, int]) -> str:
    """A number of a member, beside the length that is nearest: T+1."""
    near = min(at, key=lambda n: abs(at[n] - index), default="")
    apart = index - at[near] if near else 0
    return f"{near}{f'{apart:+d}' if apart else ''}" if near and abs(apart) <= 1 < index else str(index)


def _check_inputs(program: Program, written: Program, claimed: Program) -> None:
    """Raises ArgumentError where a claim reads what is not there at these lengths."""
    for name in claimed.inputs:
        if name not in written.inputs and name not in program.inputs:
            raise ArgumentError(f"the claim reads {name}, which is not there at these lengths", advice="Correct its index, or its range.")


def _of_line(
    d: Definition, indexed: Callable[[str], bool], is_matrix: Callable[[str], bool], plain: bool, wrt: str
) -> Iterator[tuple[Finding, Definition]]:
    """A line with one mistake undone, with what would be said of it."""
    places = list(dict.fromkeys(p for p in walk(d.phrase) if p.head == "index" and p.parts[0].head == "name" and indexed(p.parts[0].text)))
    whole = [p for p in dict.fromkeys(walk(d.phrase)) if p.head == "name" and not indexed(p.text) and is_matrix(p.text)]
    for p in (*(q for q in places if is_matrix(q.parts[0].text)), *whole):
        form = Phrase("transpose", (p,))
        for there, right in ((form, p), (p, form)):
            if there is form and form not in set(walk(d.phrase)):
                continue
            yield Finding("transposed", found=write(there), wanted=write(right)), _changed(d, there, right)
    for p in places:
        index = linear_of(p.parts[1])
        for near in (index.plus(-1), index.plus(1)) if index is not None else ():
            moved = replace(p, parts=(p.parts[0], phrase_of_linear(near), *p.parts[2:]))
            yield Finding("index_shifted", found=write(p), wanted=write(moved)), _changed(d, p, moved)
    for each in dict.fromkeys(q for q in walk(d.phrase) if q.head == "each"):
        body, low, high = each.parts
        for ends in _ends(low, high):
            said = (f"for {each.text} in {write(a)}..{write(b)}" for a, b in ((low, high), ends))
            yield Finding("steps", found=next(said), wanted=next(said)), _changed(d, each, replace(each, parts=(body, *ends)))
    if d.span is not None:
        for ends in _ends(d.span.low, d.span.high):
            said = (f"for {d.span.index} in {write(a)}..{write(b)}" for a, b in ((d.span.low, d.span.high), ends))
            span = Span(d.span.index, *ends, d.span.place)
            yield Finding("steps", found=next(said), wanted=next(said)), replace(d, span=span)
    if plain and d.span is None and all(p.head != "each" for p in walk(d.phrase)):
        yield from _summed(d, places, wrt)
    for ratio in (-1, 2):
        factor = number(2) if ratio == 2 else None
        times = Phrase("neg", (d.phrase,)) if factor is None else Phrase("mul", (factor, d.phrase))
        yield Finding("sign") if ratio == -1 else Finding("constant", ratio="1/2"), replace(d, phrase=times)


def _changed(d: Definition, there: Phrase, right: Phrase) -> Definition:
    return replace(d, phrase=rewritten(d.phrase, lambda p: right if p == there else None))


def _ends(low: Phrase, high: Phrase) -> Iterator[tuple[Phrase, Phrase]]:
    """Ranges with one step more or less."""
    first, last = linear_of(low), linear_of(high)
    if first is not None and last is not None:
        for a, b in ((-1, 0), (0, 1), (1, 0), (0, -1)):
            yield phrase_of_linear(first.plus(a)), phrase_of_linear(last.plus(b))


def _summed(d: Definition, places: Sequence[Phrase], wrt: str) -> Iterator[tuple[Finding, Definition]]:
    """What is said of the last step alone, summed over the steps."""
    forms = [linear_of(p.parts[1]) for p in places]
    for top in dict.fromkeys(f.letters[0] for f in forms if f is not None and f.letters):
        var = "t" if top != "t" else "k"

        def moved(p: Phrase, top: str = top, var: str = var) -> Phrase | None:
            form = linear_of(p.parts[1]) if p in places else None
            if form is None or not form.letters:
                return None
            return replace(p, parts=(p.parts[0], phrase_of_linear(form.at({top: Linear.letter(var)})), *p.parts[2:]))

        body = rewritten(d.phrase, moved)
        for low in (1, 0, 2):
            each = Phrase("each", (body, number(low), Phrase("name", text=top)), text=var)
            yield Finding("missing_steps", variable=wrt), replace(d, phrase=Phrase("call", (each,), text="sum"))
