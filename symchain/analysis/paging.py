"""What a page shows of a program: its derivations, and graph and sensitivity at the reader's point or at an example."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from symchain.analysis.graphing import graph_of
from symchain.analysis.influences import measure
from symchain.analysis.sliders import explorer_of
from symchain.deriving.kept import sweep_of
from symchain.deriving.preparing import prepare
from symchain.errors import NotDifferentiableError, SymchainError
from symchain.evidence.exploration import points
from symchain.lowering.compilation import compile_program
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.page import Page
from symchain.nouns.program import Program

ALONE = 8
"""So many variables get a derivation of their own, beside the one of all together."""
PICTURED = 120
"""A program of more blocks has no picture of its graph."""

T = TypeVar("T")


def page_of(program: Program, output: str, wrt: Sequence[str], at: Mapping[str, Any] | None) -> Page:
    """Everything that the page of an output by some names needs."""
    point = dict(at) if at is not None else example(program, output)
    subjects = _subjects(program, output, wrt)
    for subject in subjects.values():
        prepare(subject, "full")
    first = next(iter(subjects.values()))
    names = list(first) if isinstance(first, Derivations) else [first.wrt]
    drawn = point is not None and len(program.blocks) <= PICTURED
    measured = point is not None and not program.blocks[output].shape
    return Page(
        program,
        output,
        subjects,
        point,
        at is not None,
        _or_why(lambda: graph_of(program, output, program.inputs, point)) if drawn else None,
        _or_why(lambda: measure(program, output, list(program.inputs), point or {})) if measured else None,
        _or_why(lambda: compile_program(program, output, names, 1, "auto", {}).source),
        _or_why(lambda: explorer_of(program, output, names, point or {})) if measured else None,
    )


def _or_why(work: Callable[[], T]) -> T | SymchainError:
    try:
        return work()
    except SymchainError as error:
        return error


def _subjects(program: Program, output: str, wrt: Sequence[str]) -> dict[str, Derivation | Derivations]:
    """The derivation of each variable, while they are few, and that of all together under the empty name."""
    names = [n for n in wrt if _differentiable(program, output, n)] if len(wrt) > 1 else list(wrt)
    found: dict[str, Derivation | Derivations] = {}
    if len(names) > 1:
        found[""] = sweep_of(program, output, names).derivations(program)
    for n in names[:ALONE]:
        found[n] = sweep_of(program, output, [n]).derivation(program, n)
    return found


def _differentiable(program: Program, output: str, wrt: str) -> bool:
    """Labels are left out of "everything"."""
    try:
        sweep_of(program, output, [wrt])
    except NotDifferentiableError:
        return False
    return True


def example(program: Program, output: str) -> dict[str, Any] | None:
    """A point of the domain where numbers of a program can be shown, with numbers short enough to read."""
    for point in points(program, output):
        found = {n: np.round(v, 2) if np.ndim(v) else float(v) for n, v in point.inputs.items()}
        return {**found, **{d: size for d, size in point.dims.items() if not any(d in v.shape for v in program.inputs.values())}}
    return None
