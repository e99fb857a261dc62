"""The tables of functions and operations, written from the records that the engine itself reads."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable

from symchain.functions import FUNCTIONS
from symchain.functions.spec import REAL, FunctionSpec, Interval, OperationSpec
from symchain.operations import OPERATIONS


def functions() -> str:
    """One row for each elementwise function: call, derivatives, where it is defined, and where it has no derivative."""
    rows = ([_code(_call(f)), _derivatives(f), _domain(f), _kinks(f), _codes(f.aliases)] for f in FUNCTIONS.values())
    return _table(["Function", "Derivative by each argument", "Domain", "No derivative at (value given)", "Also called"], rows)


def operations() -> str:
    """One row for each operation that is called by a name: call, noun, kind of derivative, other names."""
    called = [o for o in OPERATIONS.values() if o.operands or o.call is not None]
    rows = ([_code(_operation(o)), o.noun.en, _rule(o), _codes(o.aliases)] for o in called)
    return _table(["Operation", "What it is", "Its derivative", "Also called"], rows)


def _rule(record: OperationSpec) -> str:
    return "linear" if record.linear else "its own rule" if record.pullback else "none"


def _operation(record: OperationSpec) -> str:
    if record.operands or record.call is None:
        names = list(record.operands)
    else:
        given = inspect.signature(record.call).parameters.values()
        names = [p.name if p.default is p.empty else f"{p.name}={p.default}" for p in given]
    return f"{record.name}({', '.join(names)})"


def _call(f: FunctionSpec) -> str:
    return f"{f.name}({', '.join(f.parameters)})"


def _derivatives(f: FunctionSpec) -> str:
    given = [f.textbook if k == 0 and f.textbook else text for k, text in enumerate(f.derivatives)]
    if len(given) == 1:
        return _code(given[0] or "none")
    return ", ".join(f"{_code(p)}: {_code(text) if text else 'none'}" for p, text in zip(f.parameters, given, strict=True))


def _domain(f: FunctionSpec) -> str:
    limits = [(p, f.domain(k)) for k, p in enumerate(f.parameters) if f.domain(k) != REAL]
    return ", ".join(f"{_code(p)} in {_interval(i)}" for p, i in limits) or "all real"


def _interval(i: Interval) -> str:
    low, high = ("-∞" if i.low == -math.inf else f"{i.low:g}"), ("∞" if i.high == math.inf else f"{i.high:g}")
    return f"{'(' if i.low_open else '['}{low}, {high}{')' if i.high_open else ']'}"


def _kinks(f: FunctionSpec) -> str:
    points = [f"{k.at:g} ({k.value:g})" for k in f.kinks]
    return ", ".join(points + [_code(f"{a} = {b}") for a, b in f.ties]) or "none"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(map(_code, names))


def _code(text: str) -> str:
    return f"`{text}`"


def _table(heads: list[str], rows: Iterable[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
