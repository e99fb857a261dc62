"""Programs and derivations as JSON, by a schema that only grows: `format` names it, `version` counts incompatible changes.

Formulas are texts in the input language. A path count beyond 2**53, which many JSON readers would round, is a text of digits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from symchain.errors import SymchainError, VerificationError
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Derivations, Factor, Line, Step
from symchain.nouns.higher import HigherDerivative, HigherDerivatives
from symchain.nouns.recursion import Recursion
from symchain.render.remarks import unrelated
from symchain.render.text import write
from symchain.support.notation import Phrase
from symchain.support.plain_data import plain_data
from symchain.tensors.matrixform import phrase_of

VERSION = 1
FACTORS = 1000
"""Longer chains list this many factors."""


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)


def of_phrase(phrase: Phrase) -> dict[str, Any]:
    return {"format": "symchain.formula", "version": VERSION, "text": write(phrase)}


def of_line(line: Line) -> dict[str, Any]:
    return {"name": line.name, "text": write(line.phrase), "role": line.role, "of": line.of, "shape": list(line.shape)}


def of_program(program: Computation) -> dict[str, Any]:
    return {
        "format": "symchain.program",
        "version": VERSION,
        "dimensions": list(program.dimensions),
        "functions": {n: getattr(getattr(f, "binding", f), "name", None) for n, f in program.functions.items()},
        "inputs": [{"name": v.name, "shape": list(v.shape), "facts": sorted(v.facts)} for v in program.inputs.values()],
        "blocks": [
            {"name": b.name, "shape": list(b.shape), "text": write(b.phrase), "reads": list(b.reads)} for b in program.blocks.values()
        ],
        "outputs": list(program.outputs),
        **({"statements": [s.data() for s in program.statements]} if program.statements else {}),
    }


def of_recursion(d: Recursion) -> dict[str, Any]:
    """The lines of a recursion, each with its range, and the evidence."""
    found = d.verification
    return {
        "format": "symchain.recursion",
        "version": VERSION,
        "program": {**of_program(d.program), "families": {n: list(f.shape) for n, f in d.program.families.items()}},
        "output": d.output,
        "wrt": d.wrt,
        **({} if d.truncate is None else {"truncate": d.truncate}),
        "lines": [
            {
                "name": line.name,
                "index": None if line.index is None else str(line.index),
                "text": write(line.phrase),
                "var": line.var,
                "first": None if line.first is None else str(line.first),
                "last": None if line.last is None else str(line.last),
                "role": line.role,
            }
            for line in d.ranged
        ],
        "verification": {
            "lengths": [dict(at) for at in found.lengths],
            "points": found.points,
            "error": found.error,
            "held": found.held,
            "open": found.open,
        },
    }


def of_derivation(d: Derivation) -> dict[str, Any]:
    return {"format": "symchain.derivation", "version": VERSION, "program": of_program(d.program), **_body(d)}


def of_higher(d: HigherDerivative | HigherDerivatives) -> dict[str, Any]:
    members = [d] if isinstance(d, HigherDerivative) else list(d.members.values())
    return {
        "format": "symchain.higher",
        "version": VERSION,
        "program": of_program(d.program),
        "output": d.output,
        "order": members[0].order,
        "lines": [of_line(line) for line in d.all_lines],
        "derivatives": [{"names": list(m.names), "line": m.result.name, "verification": _verification(m)} for m in members],
    }


def of_derivations(several: Derivations) -> dict[str, Any]:
    return {
        "format": "symchain.derivations",
        "version": VERSION,
        "program": of_program(several.program),
        "output": several.output,
        "adjoint_lines": [of_line(line) for line in several.adjoint_lines],
        "derivations": {name: _body(d) for name, d in several.members.items()},
        **({"mixed": {d.key: _body(d) for d in several.mixed.values()}} if several.mixed else {}),
    }


def _body(d: Derivation) -> dict[str, Any]:
    names = list(d.factors)[:FACTORS]
    return {
        "output": d.output,
        "wrt": d.wrt,
        "order": d.order,
        **({"first": d.first} if d.order == 2 else {}),
        "shape": list(d.shape),
        "formula": write(d.formula_phrase),
        "general": write(d.general_phrase),
        "lines": [of_line(line) for line in d.all_lines],
        "factors": {n: _factor(d.factors[n]) for n in names},
        "path_count": d.path_count if d.path_count < 2**53 else _digits(d.path_count),
        "paths": [list(p.names) for p in d.paths],
        "substitutions": [[write(phrase_of(a)), write(phrase_of(b))] for a, b in d.substitutions],
        "rewriting": [step for s in d.rewriting.steps for step in _steps(s)],
        "zero_reason": d.zero_reason,
        "verification": _verification(d),
    }


def _factor(f: Factor) -> dict[str, Any]:
    return {
        "output": f.output,
        "input": f.input,
        "text": write(f.phrase),
        "general": write(f.general_phrase),
        "raw": None if f.raw is None else write(f.raw),
        "rule": f.rule,
        "shape": list(f.shape),
        "unrelated": list(unrelated(f)),
        "steps": [step for s in f.steps for step in _steps(s)],
    }


def _steps(step: Step) -> list[dict[str, Any]]:
    """The tree of steps as a list, each with its depth: no nesting that a reader could run out of stack on."""
    found: list[dict[str, Any]] = []
    stack = [(step, 0)]
    while stack and len(found) < FACTORS:
        s, depth = stack.pop()
        subject, result = write(phrase_of(s.subject)), write(phrase_of(s.result))
        found.append({"rule": s.rule, "depth": depth, "subject": subject, "by": s.by, "result": result})
        stack.extend((t, depth + 1) for t in reversed(s.substeps))
    return found


def _verification(d: Derivation | HigherDerivative) -> dict[str, Any] | None:
    try:
        v = d.verification
    except VerificationError:
        raise
    except SymchainError as error:
        return {"method": "none", "reason": error.what}
    found = {"method": v.method, "points": v.points, "components": v.components, "error": v.error, "held": v.held, "open": v.open}
    measured = {"at": _numbers(v.at), "value": plain_data(v.value, str), "reference": plain_data(v.reference, str)}
    return {**found, "error": plain_data(v.error, str), **measured}


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    return {n: plain_data(v, str) for n, v in values.items()}


def _digits(n: int) -> str:
    """The decimal digits of a count of any size; str alone refuses very long ones."""
    if n.bit_length() < 10_000:
        return str(n)
    half = n.bit_length() * 3 // 20  # about half of the digits
    high, low = divmod(n, 10**half)
    return _digits(high) + _digits(low).rjust(half, "0")
