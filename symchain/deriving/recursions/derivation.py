"""The derivative of a program with families: one name, or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from symchain.deriving.recursions.forward import forward
from symchain.deriving.recursions.frames import Frames
from symchain.deriving.recursions.naming import named_equations
from symchain.deriving.recursions.results import read_names, recursion_lines
from symchain.deriving.recursions.tangents import moving, rates_of
from symchain.errors import ArgumentError, UnsupportedError
from symchain.language.selection import is_one
from symchain.language.wanted import Wanted, output_of, wanted_names
from symchain.nouns.computation import Computation
from symchain.nouns.families import PLAIN, RANGE, START, Clause
from symchain.nouns.names import Names
from symchain.nouns.recursion import RangedLine, Recursion, Recursions
from symchain.support.lazily import Made
from symchain.support.truncation import check_truncate


def derive_recursion(program: Computation, args: tuple[Any, ...], order: int, vector: str | None, truncate: int | None = None) -> Any:
    """derive(wrt) or derive(output, wrt). Raises UnsupportedError for second derivatives, and for outputs that are no scalars."""
    if len(args) not in (1, 2):
        raise ArgumentError(f"one or two arguments are expected, not {len(args)}", advice='derive("C", "W"), or derive("W").')
    check_truncate(truncate)
    if order == 2 and truncate is not None:
        raise UnsupportedError("second derivatives are not truncated", advice="Leave truncate out.")
    wrt = args[-1]
    output = output_of(program, args[0] if len(args) == 2 else None, members=order == 1 and truncate is None)
    if output not in program.blocks or program.blocks[output].shape:
        if order == 2 or truncate is not None:
            what = f"{output} is not a scalar"
            raise UnsupportedError(what, advice="Second derivatives of recursions, and truncated ones, are those of scalars.")
        along = {w.name: forward(program, output, w) for w in wanted_names(program, wrt)}
        return next(iter(along.values())) if is_one(wrt) else _together(program, output, along)
    if order == 2 and vector is not None:
        products = {w.name: hessian_product(program, output, w, vector) for w in wanted_names(program, wrt)}
        return next(iter(products.values())) if is_one(wrt) else products
    if order == 2:
        second = {w.name: hessian(program, output, w) for w in wanted_names(program, wrt)}
        return next(iter(second.values())) if is_one(wrt) else Recursions(program, output, second, ())
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


def _together(program: Computation, output: str, along: Mapping[str, Recursion]) -> Recursions:
    """Forward derivatives by several names, whose lines have names of their own."""
    return Recursions(program, output, along, tuple(line for d in along.values() for line in d.ranged))


def hessian_product(program: Computation, output: str, wanted: Wanted, vector: str) -> Recursion:
    """H @ v by a name, with a new input v of its form: the gradient of how the output moves along v."""
    made, rate, along = moving(program, output, wanted, vector)
    lines, frames = recursion_lines(made, rate, wanted)
    title = f"d2{output}_d{wanted.base}2_{vector or f'v_{wanted.base}'}"
    return Recursion(made, rate, wanted.name, wanted, _all(made, program, rate, title, lines, frames), frames, 2, output, along, program)


def hessian(program: Computation, output: str, wanted: Wanted) -> Recursion:
    """The second derivative by a name that no index has: of a number in full, else as its product with a unit vector, column by column."""
    if wanted.kind != "plain" or program.leaves[wanted.base].shape:
        return along_vector(program, output, wanted)
    made, rate, _ = moving(program, output, wanted, "", unit=True)
    lines, frames = recursion_lines(made, rate, wanted)
    ranged = _all(made, program, rate, f"d2{output}_d{wanted.base}2", lines, frames)
    return Recursion(made, rate, wanted.name, wanted, ranged, frames, 2, output, "", program)


def along_vector(program: Computation, output: str, wanted: Wanted) -> Recursion:
    """The second derivative by a name that no index has, as its product with a vector. Raises UnsupportedError for families."""
    if wanted.kind != "plain":
        what = f"second derivatives by {wanted.base}, which is a family, are not derived"
        raise UnsupportedError(what, advice=f'Ask for products with vectors: program.hvp("{output}", "{wanted.base}").')
    vector = Names({*program.names, *program.families}).fresh(f"e_{wanted.base}")
    return replace(hessian_product(program, output, wanted, vector), columns=True)


def _all(
    made: Computation, program: Computation, rate: str, title: str, lines: Sequence[RangedLine], frames: Frames
) -> tuple[RangedLine, ...]:
    """How values move, then the adjoints of that, and the second derivative by its name."""
    named = [replace(line, name=title) if line.role == "derivative" else line for line in lines]
    read = {n.name for line in lines for n in read_names(line.tree, frames)}
    moves = [c for c in rates_of(made, program) if c.kind in (PLAIN, START, RANGE) and (c.name != rate or rate in read)]
    first = [_rate_line(c, frames) for c in moves]
    return (*first, *named)


def _rate_line(clause: Clause, frames: Frames) -> RangedLine:
    written = frames.phrase(clause.tree, (clause.var,) if clause.var else ())
    ends = (clause.var, clause.low, clause.high) if clause.var else ("", None, None)
    return RangedLine(clause.name, clause.tree, written, clause.shape, "value", clause.name, clause.index, *ends)
