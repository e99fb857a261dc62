"""The derivative of a program with families: one name, or several."""

from __future__ import annotations

from typing import Any

from symchain.deriving.recursions.results import recursion_lines
from symchain.errors import ArgumentError, UnsupportedError
from symchain.language.selection import is_one
from symchain.language.wanted import output_of, wanted_names
from symchain.nouns.computation import Computation
from symchain.nouns.recursion import Recursion, Recursions
from symchain.support.lazily import Made


def derive_recursion(program: Computation, args: tuple[Any, ...], order: int, vector: str | None) -> Any:
    """derive(wrt) or derive(output, wrt). Raises UnsupportedError for second derivatives, and for outputs that are no scalars."""
    if len(args) not in (1, 2):
        raise ArgumentError(f"one or two arguments are expected, not {len(args)}", advice='derive("C", "W"), or derive("W").')
    output, wrt = output_of(program, args[0] if len(args) == 2 else None), args[-1]
    if order != 1:
        what = "second derivatives of a program with families are not derived"
        raise UnsupportedError(what, advice="Ask the ordinary program: program.unrolled(...).")
    if program.blocks[output].shape:
        raise UnsupportedError(f"{output} is not a scalar", advice="Derivatives of programs with families are those of scalars.")
    asked = {w.name: w for w in wanted_names(program, wrt)}

    def derived(name: str) -> Recursion:
        lines, frames = recursion_lines(program, output, asked[name])
        return Recursion(program, output, name, asked[name], lines, frames)

    if is_one(wrt):
        return derived(next(iter(asked)))
    if not asked:
        raise ArgumentError("no name to differentiate by is given", advice='Write "W", ["W", "b"] or "all".')
    return Recursions(program, output, Made({n: n for n in asked}, derived), recursion_lines(program, output, *asked.values())[0])
