"""What becomes of the statements of a document: each claim, equality and value judged by the definitions in force where it stands."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symchain.analysis.checking.judging import FACTORS, check
from symchain.analysis.checking.latex_answers import TEXT
from symchain.analysis.checking.questions import with_block
from symchain.analysis.checking.recursions import check_recursion
from symchain.analysis.checking.reports import HOLDS, UNDECIDED, WRONG
from symchain.deriving.closed_forms import in_inputs
from symchain.errors import NumberVariableError, SymchainError
from symchain.language.grammar import parse_expression
from symchain.language.reading import read_program
from symchain.lowering.compilation import compile_program
from symchain.nouns.computation import Variable
from symchain.nouns.program import Program
from symchain.nouns.statement import JUDGED, UNJUDGED, Asked, Judgement, Statement
from symchain.nouns.verdict import CONDITION, Verdict
from symchain.render.text import write
from symchain.support.document import Say
from symchain.support.notation import walk
from symchain.tensors.matrixform import phrase_of
from symchain.wording import DEFAULT, sentence

_SEED = 20_11
_POINTS = 4
_FAR = 1e-7
"""Values at a point that differ by more than this part are different."""


def judge(program: Program, using: str = FACTORS) -> tuple[Judgement, ...]:
    """The judgements on a document's statements, in order; `using` says what a claim may hold, as in `check`."""
    return tuple(_remarked(_judged(s, using)) for s in program.statements if s.kind in JUDGED)


def _remarked(judgement: Judgement) -> Judgement:
    """With the names that were read as scalars, where that decided."""
    asked = judgement.statement.asked
    if asked is None or judgement.status not in (*RIGHT, "wrong") or not (names := _as_scalars(asked)):
        return judgement
    made = replace(judgement, scalars=names)
    return replace(made, reason=f"{judgement.reason}{made.remark(DEFAULT)}".strip())


def _as_scalars(asked: Asked) -> tuple[str, ...]:
    """The factors of products W x where nothing gives the capital a shape: as arrays they would not change places."""
    program = asked.program
    capital = {n for n, v in program.inputs.items() if not v.shape and n[0].isupper() and n[0].isascii() and not n[1:2].isalpha()}
    if not capital or any(v.shape for v in program.inputs.values()):
        return ()
    found: set[str] = set()
    for text in [*(line.split(" = ", 1)[1] for line in str(program).splitlines() if " = " in line), asked.output, asked.claim]:
        for phrase in walk(parse_expression(text.split("#")[0])):
            factors = {p.text for p in phrase.parts if p.head == "name"} if phrase.head == "mul" else set()
            found |= factors if len(factors) > 1 and factors & capital else set()
    return tuple(sorted(n for n in found if n in program.inputs))


def report(program: Program, judgements: Sequence[Judgement], medium: str, lang: str) -> tuple[str, int]:
    """The judgements for people, with their counts, or as JSON; and the exit code."""
    counts = Counter(j.status for j in judgements)
    code = WRONG if counts["wrong"] else UNDECIDED if counts["undecided"] or counts[UNJUDGED] else HOLDS
    if medium == "json":
        return json.dumps([_data(j) for j in judgements], ensure_ascii=False, indent=2, allow_nan=False), code
    kinds = Counter(s.kind for s in program.statements)
    fields = {s: counts[s] for s in ("proved", "agrees", "wrong", "undecided", UNJUDGED)}
    fields |= {"definitions": kinds["definition"], "judged": len(judgements), "skipped": kinds["skipped"], "refused": kinds["refused"]}
    return "\n".join([*(_line(j, lang) for j in judgements), sentence(lang, "document.counts").format(**fields)]), code


def _line(judgement: Judgement, lang: str) -> str:
    statement, verdict, asked = judgement.statement, judgement.verdict, judgement.statement.asked
    if verdict is not None and asked is not None and asked.wrt and judgement.said is None:
        first, *points = verdict.text(lang).split("\n")
        return sentence(lang, "check.line").format(line=statement.line, said="\n".join([first + judgement.remark(lang), *points]))
    said = judgement.found(lang)
    if said != statement.reading:
        said = f"{statement.reading} ({said})"
    status = sentence(lang, f"document.status.{judgement.status}")
    return sentence(lang, "document.line").format(line=statement.line, status=status, said=said + judgement.remark(lang))


def _data(judgement: Judgement) -> dict[str, Any]:
    """A judgement by its fields; those of the verdict on a claim are among them."""
    asked, verdict = judgement.statement.asked, judgement.verdict
    own = json.loads(verdict.to_json()) if verdict is not None and asked is not None and asked.wrt else {}
    data = judgement.data()
    return {**own, **data, "reason": own.get("reason", data["reason"])}


def equal(program: Program, left: str, right: str, point: Mapping[str, str]) -> bool:
    """Whether two formulas of a program are equal, everywhere or at a point, as far as can be told."""
    try:
        if point:
            held = _at_point(Asked(program, left, (), right), dict(point))
            return held is not None and held(Statement("equality", 1, 1, "")).status == "agrees"
        return _compared(program, left, right).holds
    except SymchainError:
        return False


def slope(formula: str, name: str) -> str:
    """The derivative of a formula of numbers by a name in it, over the names that stand there."""
    output = next(f"y{'_' * k}" for k in range(99) if f"y{'_' * k}" not in formula)
    program = read_program(f"{output} = {formula}")
    if name not in program.inputs:
        return "0"
    derivation = program.derive(output, name)
    return write(phrase_of(in_inputs(derivation)))


def _compared(program: Program, left: str, right: str) -> Verdict:
    """The verdict on left = right: what a new factor t of left is multiplied with is the derivative by t."""
    taken = {*program.names, *(p.text for text in (left, right) for p in walk(parse_expression(text)) if p.head == "name")}
    factor = next(t for t in (f"t{'_' * k}" for k in range(len(taken) + 1)) if t not in taken)
    return check(program, f"({left})*{factor}", factor, right, claim_format=TEXT)


# ---------------------------------------------------------------- one statement

RIGHT = ("proved", "agrees")
_SEVERITY = (*RIGHT, "undecided", UNJUDGED, "wrong")
"""Of several statuses the last one here is that of the whole."""


def _judged(statement: Statement, using: str) -> Judgement:
    asked = statement.asked
    if asked is None:
        return _made(statement, UNJUDGED, None, Say("document.undecided", {}))
    if asked.components:
        found = [_judged(replace(statement, asked=part), using) for part in asked.components]
        decides = max(found, key=lambda j: _SEVERITY.index(j.status))
        return replace(decides, statement=statement, verdict=decides.verdict if decides.status not in RIGHT else None)
    if asked.missing is not None:
        return _made(statement, UNJUDGED, None, asked.missing)
    if asked.shapeless:
        names, example = ", ".join(asked.shapeless), f"{asked.shapeless[0]}=(m, n)"
        return _made(statement, UNJUDGED, None, Say("document.shapeless", {"names": names, "example": example}))
    try:
        return _answer(statement, asked, using)
    except NumberVariableError as error:
        return _made(statement, UNJUDGED, None, Say("number.what", {"number": error.number}))
    except SymchainError as error:
        return _made(statement, UNJUDGED, None, Say("document.error", {"what": error.what, "advice": error.advice}))


def _made(statement: Statement, status: str, verdict: Verdict | None, said: Say | None = None) -> Judgement:
    made = Judgement(statement, status, verdict, "", said)
    told = said is not None or status not in RIGHT
    return replace(made, reason=made.text(DEFAULT) if told else "")


def _answer(statement: Statement, asked: Asked, using: str) -> Judgement:
    if asked.program.recurrence is not None:
        recursive = check_recursion(asked.program, asked.program.derive(asked.output, asked.wrt[0]), asked.claim)
        return _made(statement, recursive.status, recursive)
    if asked.digits is not None or asked.at:
        at = dict(asked.at)
        tried = [_at_point(asked, p) for p in (at, {**dict(asked.near), **at}, {**dict(asked.around), **at})]
        held = [found(statement) for found in tried if found is not None]
        if right := next((h for h in held if h.status == "agrees"), None):
            return right
        if held and asked.case:
            return _made(statement, UNJUDGED, None, Say("document.case", {"case": asked.case}))
        if held:
            return next((h for h in held if h.status == "wrong"), held[0])
        if asked.at:
            return _made(statement, UNJUDGED, None, Say("document.valueless", {}))
    if not asked.wrt and (unknown := _inputs(asked.program, asked.claim) - {*asked.program.names, *_inputs(asked.program, asked.output)}):
        return _made(statement, "undecided", None, Say("document.unknowns", {"names": ", ".join(sorted(unknown))}))
    verdict = _verdict(asked, using)
    name = verdict.declare.removesuffix(": () positive") if verdict.status == "undecided" and verdict.reason == CONDITION else ""
    if name in asked.program.inputs and _outside_where_negative(asked, name):
        agreed = replace(verdict, status="agrees", points=max(1, verdict.points))
        return _made(statement, "agrees", agreed, Say("document.domain", {"condition": verdict.condition}))
    if verdict.holds and _rests_on_another_section(asked) and not _right_where_fixed(asked, asked.elsewhere):
        return _made(statement, "undecided", verdict, Say("document.distant.meant", {"names": ", ".join(asked.elsewhere)}))
    if verdict.status != "wrong":
        return _made(statement, verdict.status, verdict)
    if asked.near and (found := _at_point(asked, dict(asked.near))) is not None:
        return found(statement)
    if asked.around and (found := _at_point(asked, dict(asked.around))) is not None and found(statement).status == "agrees":
        point = ", ".join(f"{n} = {v}" for n, v in asked.around)
        return _made(statement, "agrees", None, Say("document.there", {"point": point}))
    if not asked.wrt and not _inputs(asked.program, asked.claim) and (free := _inputs(asked.program, asked.output)):
        return _made(statement, UNJUDGED, verdict, Say("document.free", {"names": ", ".join(sorted(free))}))
    if asked.case:
        return _made(statement, UNJUDGED, verdict, Say("document.case", {"case": asked.case}))
    if asked.near:
        case = ", ".join(f"{n} = {v}" for n, v in asked.near)
        return _made(statement, UNJUDGED, verdict, Say("document.case", {"case": case}))
    if asked.diagonal:
        found = _on_the_diagonal(asked)
        if found is None:
            return _made(statement, UNJUDGED, verdict, Say("document.diagonal", {}))
        return _made(statement, found.status, found)
    if asked.solved:
        return _made(statement, "undecided", verdict, Say("document.solved", {}))
    if asked.numbers and (free := _inputs(asked.program, asked.output)):
        return _made(statement, UNJUDGED, verdict, Say("document.free", {"names": ", ".join(sorted(free))}))
    if asked.partial and _locally(asked):
        return _made(statement, "undecided", verdict, Say("document.local", {"corrected": verdict.corrected}))
    if asked.distant and _right_where_fixed(asked, asked.distant):
        return _made(statement, "undecided", verdict, Say("document.distant", {"names": ", ".join(asked.distant)}))
    if _of_other_functions(asked):
        return _made(statement, "undecided", verdict, Say("document.chain", {}))
    if _in_the_other_layout(asked):
        return _made(statement, "undecided", verdict, Say("document.layout", {}))
    if _entrywise(asked):
        return _made(statement, "undecided", verdict, Say("document.diagonal", {}))
    if names := _right_if_symmetric(asked):
        return _made(statement, "undecided", verdict, Say("document.symmetric", {"names": ", ".join(names), "name": names[0]}))
    if asked.wrt and (foreign := _foreign_arrays(asked)):
        return _made(statement, "undecided", verdict, Say("document.unknowns", {"names": ", ".join(foreign)}))
    if not asked.wrt and (names := _unrelated(asked)):
        return _made(statement, "undecided", verdict, Say("document.unknowns", {"names": ", ".join(names)}))
    return _made(statement, "wrong", verdict)


def _verdict(asked: Asked, using: str = FACTORS) -> Verdict:
    program, output = asked.program, asked.output
    if not asked.wrt:
        return _compared(program, output, asked.claim)
    if len(asked.wrt) > 1:
        program, output = _differentiated(program, output, asked.wrt[0])
    return check(program, output, asked.wrt[-1], asked.claim, using, TEXT)


def _differentiated(program: Program, output: str, wrt: str) -> tuple[Program, str]:
    """The program with its derivative as one more block."""
    if output not in program.blocks:
        extended, output = with_block(program, output)
        program = replace(program, inputs=extended.inputs, blocks=extended.blocks)
    lines = program.derive(output, wrt).lines
    return read_program("\n".join([str(program), *lines])), lines[-1].split(" = ")[0]


def _on_the_diagonal(asked: Asked) -> Verdict | None:
    """The verdict on dp_i/du_i = q_i: the entries on the diagonal of the derivative are q. None where it has no diagonal."""
    program, jacobian = _differentiated(asked.program, asked.output, asked.wrt[0])
    shape = program.blocks[jacobian].shape
    if len(shape) != 2 or shape[0] != shape[1]:
        return None
    return _compared(program, f"diag({jacobian})", asked.claim)


_SLOPE = re.compile(r"\(d(\w+)/d(\w+)\)")


def _of_other_functions(asked: Asked) -> bool:
    """Whether a claim of derivatives alone holds one that is 0 as the text defines its names: the chain rule along other dependences."""
    pairs = _SLOPE.findall(asked.claim)
    if not pairs or re.search(r"\w", _SLOPE.sub("", asked.claim)):
        return False
    blocks = asked.program.blocks
    return any(of not in blocks or not asked.program.may_depend(of, by) for of, by in pairs if of != by)


def _in_the_other_layout(asked: Asked) -> bool:
    """Whether the derivative of a vector by a vector is right as the transpose of the one meant here: many texts write it so."""
    block = asked.program.blocks.get(asked.output)
    if block is None or asked.entries or len(asked.wrt) != 1 or len(block.shape) != 1:
        return False
    try:
        program, jacobian = _differentiated(asked.program, asked.output, asked.wrt[0])
        return len(program.blocks[jacobian].shape) == 2 and _compared(program, f"{jacobian}.T", asked.claim).holds
    except SymchainError:
        return False


def _entrywise(asked: Asked) -> bool:
    """Whether the derivative of a vector by one of its size is given by its diagonal: dy/dx = cos(x) of y = sin(x)."""
    block = asked.program.blocks.get(asked.output)
    if block is None or len(asked.wrt) != 1 or len(block.shape) != 1:
        return False
    try:
        found = _on_the_diagonal(asked)
    except SymchainError:
        return False
    return found is not None and found.holds


def _outside_where_negative(asked: Asked, name: str) -> bool:
    """Whether the formula has no value where a name is negative and the others are positive: then it is meant for a positive one."""
    program, output = _block(asked.program, asked.output)
    if any(v.shape for v in program.inputs.values()) or program.functions:
        return False
    rng = np.random.default_rng(_SEED)
    kernel = compile_program(program, output, [], 0, "auto", {})
    for _ in range(_POINTS):
        at = {n: float(rng.uniform(0.3, 1.7)) * (-1 if n == name else 1) for n in program.inputs}
        with np.errstate(all="ignore"):
            if np.isfinite(float(np.asarray(kernel(**at)))):
                return False
    return True


def _locally(asked: Asked) -> bool:
    """Whether a derivative is right while all other names that the output's own formula holds stay fixed."""
    block = asked.program.blocks.get(asked.output)
    if block is None or len(asked.wrt) > 1 or asked.wrt[0] not in block.reads or not any(n in asked.program.blocks for n in block.reads):
        return False
    return _right_where_fixed(asked, [n for n in asked.program.blocks if n != asked.output])


def _rests_on_another_section(asked: Asked) -> bool:
    """Whether a name that another section defines brings the variable into a formula of this one."""
    near = asked.output in asked.program.blocks and asked.output not in asked.elsewhere
    return near and any(asked.program.may_depend(n, w) for n in asked.elsewhere for w in asked.wrt)


def _right_where_fixed(asked: Asked, names: Sequence[str]) -> bool:
    """Whether a statement is right while some blocks are names like others."""
    fixed = {n: Variable(n, b.shape, b.leaf, symbol=b.leaf) for n, b in asked.program.blocks.items() if n in names and n != asked.output}
    blocks = {n: b for n, b in asked.program.blocks.items() if n not in fixed}
    try:
        program = replace(asked.program, inputs={**asked.program.inputs, **fixed}, blocks=blocks)
        return bool(fixed) and _verdict(replace(asked, program=program)).holds
    except SymchainError:
        return False


def _right_if_symmetric(asked: Asked) -> list[str]:
    """The square matrices that have to be symmetric for a derivative to be right; none where that does not help."""
    square = sorted(_of_quadratic_forms(asked.program, asked.output) - set(asked.wrt))
    if not square or not asked.wrt:
        return []
    lines = str(asked.program).splitlines()
    said = [f"{line} symmetric" if line.split(":")[0] in square and "symmetric" not in line else line for line in lines]
    if not asked.program.blocks:
        said.append(f"stated = {asked.output}")  # a program has a block
    try:
        held = said != lines and _verdict(replace(asked, program=read_program("\n".join(said)))).holds
    except SymchainError:
        return []
    return square if held else []


def _of_quadratic_forms(program: Program, output: str) -> set[str]:
    """The matrices M, and those whose inverse is M, of forms u^T M u: they are usually meant to be symmetric."""
    found: set[str] = set()
    for text in (output, *(line.split(" = ", 1)[1].split("#")[0] for line in str(program).splitlines() if " = " in line)):
        for phrase in walk(parse_expression(text)):
            if phrase.head == "matmul" and len(phrase.parts) == 3 and write(phrase.parts[0]) == write(phrase.parts[2]):
                inner = phrase.parts[1]
                inner = inner.parts[0] if inner.head == "call" and len(inner.parts) == 1 else inner
                found |= {inner.text} if inner.head == "name" and inner.text in program.inputs else set()
    return found


def _unrelated(asked: Asked) -> list[str]:
    """The inputs that one side of an equality has and the other does not."""
    one, two = (_inputs(asked.program, text) for text in (asked.output, asked.claim))
    return sorted(one ^ two) if two - one or asked.apart else []


def _foreign_arrays(asked: Asked) -> list[str]:
    """The matrices of a claim that what is derived does not rest on: the text may mean by X what it has entry by entry elsewhere."""
    own = _inputs(asked.program, asked.output)
    inputs = asked.program.inputs
    return sorted(n for n in _inputs(asked.program, asked.claim) - own if n in inputs and len(inputs[n].shape) == 2)


def _inputs(program: Program, text: str) -> set[str]:
    found: set[str] = set()
    waiting = [p.text for p in walk(parse_expression(text)) if p.head == "name"]
    while waiting:
        name = waiting.pop()
        if name in program.blocks:
            waiting += program.blocks[name].reads
        else:
            found.add(name)
    return found


# ---------------------------------------------------------------- at a point


def _at_point(asked: Asked, point: dict[str, str]) -> Any:
    """Judges by values at a point, where both sides have one: how to make the judgement of it; None where values decide nothing."""
    program, output, claim = asked.program, asked.output, asked.claim
    if len(asked.wrt) > 1:
        program, output = _differentiated(program, output, asked.wrt[0])
    given = {n: _number(v) for n, v in point.items() if n not in program.blocks or n in dict(asked.at)}
    extended, left = _block(program, output)
    if asked.wrt and asked.wrt[-1] in given and asked.wrt[-1] in extended.blocks:
        return None
    extended, right = _block(extended, claim)
    if any(v.shape for v in extended.inputs.values()) or extended.functions or any(n in extended.blocks for n in given):
        return None
    rng = np.random.default_rng(_SEED)
    largest = 0.0
    free = [n for n in _inputs(extended, left) | _inputs(extended, right) if n not in given]
    for _ in range(_POINTS):
        at = {n: given.get(n, float(rng.uniform(0.3, 1.7))) for n in extended.inputs}
        value, shown = _values(extended, left, right, asked.wrt[-1:], at)
        if not (np.isfinite(value) and np.isfinite(shown)):
            return None
        allowed = 0.5000001 * 10.0**-asked.digits if asked.digits is not None else _FAR * max(1.0, abs(value))
        if abs(value - shown) > allowed and free and not _inputs(extended, right):
            unknown = Say("document.free", {"names": ", ".join(sorted(free))})
            return lambda statement: _made(statement, UNJUDGED, None, unknown)
        if abs(value - shown) > allowed:
            said = Say("document.at", {"point": ", ".join(f"{n} = {v}" for n, v in point.items()) or "any point",
                                       "found": f"{value:.6g}", "claimed": f"{shown:.6g}"})  # fmt: skip
            return lambda statement: _made(statement, "wrong", None, said)
        largest = max(largest, abs(value - shown))
    return lambda statement: _made(statement, "agrees", None)


def _block(program: Program, text: str) -> tuple[Program, str]:
    if text in program.blocks:
        return program, text
    if text in program.inputs:
        text = f"{text} + 0"
    extended, name = with_block(program, text)
    return replace(program, inputs=extended.inputs, blocks=extended.blocks), name


def _values(program: Program, left: str, right: str, wrt: Sequence[str], at: dict[str, float]) -> tuple[float, float]:
    if wrt:
        kernel = compile_program(program, left, list(wrt), 1, "auto", {})
        value = kernel(**at)[1][wrt[0]]
    else:
        value = compile_program(program, left, [], 0, "auto", {})(**at)
    shown = compile_program(program, right, [], 0, "auto", {})(**at)
    return float(np.asarray(value)), float(np.asarray(shown))


def _number(text: str) -> float:
    return float(np.asarray(compile_program(read_program(f"v = {text}"), "v", [], 0, "auto", {})()))


__all__ = ["CONDITION", "equal", "judge"]
