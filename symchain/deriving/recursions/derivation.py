"""The derivative of a program with families: one name, or several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symchain.deriving.recursions.frames import Frames
from symchain.deriving.recursions.naming import named_equations
from symchain.deriving.recursions.results import recursion_lines
from symchain.deriving.recursions.tangents import moving, rates_of
from symchain.errors import ArgumentError, UnsupportedError
from symchain.language.selection import is_one
from symchain.language.wanted import Wanted, output_of, wanted_names
from symchain.nouns.computation import Computation
from symchain.nouns.families import PLAIN, RANGE, START, Clause
from symchain.nouns.recursion import RangedLine, Recursion, Recursions
from symchain.support.lazily import Made
from symchain.support.truncation import check_truncate


def derive_recursion(program: Computation, args: tuple[Any, ...], order: int, vector: str | None, truncate: int | None = None) -> Any:
    """derive(wrt) or derive(output, wrt). Raises UnsupportedError for second derivatives, and for outputs that are no scalars."""
    if len(args) not in (1, 2):
        raise ArgumentError(f"one or two arguments are expected, not {len(args)}", advice='derive("C", "W"), or derive("W").')
    check_truncate(truncate)
    output, wrt = output_of(program, args[0] if len(args) == 2 else None), args[-1]
    if order == 2 and vector is not None and not program.blocks[output].shape:
        products = {w.name: hessian_product(program, output, w, vector) for w in wanted_names(program, wrt)}
        return next(iter(products.values())) if is_one(wrt) else products
    if order != 1:
        what = "second derivatives of a program with families are not derived"
        raise UnsupportedError(what, advice="Ask the ordinary program: program.unrolled(...).")
    if program.blocks[output].shape:
        raise UnsupportedError(f"{output} is not a scalar", advice="Derivatives of programs with families are those of scalars.")
    asked = {w.name: w for w in wanted_names(program, wrt)}

    def derived(name: str) -> Recursion:
        lines, frames = recursion_lines(program, output, asked[name], truncate=truncate)
        known = named_equations(program, asked[name], lines, frames) if truncate is None else {}
        return Recursion(program, output, name, asked[name], lines, frames, truncate=truncate, named=known)

    if is_one(wrt):
        return derived(next(iter(asked)))
    if not asked:
        raise ArgumentError("no name to differentiate by is given", advice='Write "W", ["W", "b"] or "all".')
    lines = recursion_lines(program, output, *asked.values(), truncate=truncate)[0]
    return Recursions(program, output, Made({n: n for n in asked}, derived), lines, truncate)


def hessian_product(program: Computation, output: str, wanted: Wanted, vector: str) -> Recursion:
    """H @ v by a name, with a new input v of its form: the gradient of how the output moves along v."""
    made, rate, along = moving(program, output, wanted, vector)
    lines, frames = recursion_lines(made, rate, wanted)
    title = f"d2{output}_d{wanted.base}2_{vector or f'v_{wanted.base}'}"
    named = [replace(line, name=title) if line.role == "derivative" else line for line in lines]
    first = [_rate_line(c, frames) for c in rates_of(made, program) if c.kind in (PLAIN, START, RANGE) and c.name != rate]
    return Recursion(made, rate, wanted.name, wanted, (*first, *named), frames, order=2, moved=output, vector=along)


def _rate_line(clause: Clause, frames: Frames) -> RangedLine:
    written = frames.phrase(clause.tree, (clause.var,) if clause.var else ())
    ends = (clause.var, clause.low, clause.high) if clause.var else ("", None, None)
    return RangedLine(clause.name, clause.tree, written, clause.shape, "value", clause.name, clause.index, *ends)
