"""Which output and which names a call means: derive("C", "W1"), derive("W1"), derive(["W1", "b1"]), derive("all")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sympy

from symchain.errors import ArgumentError, NumberVariableError, advice_for
from symchain.language.spelling import plain
from symchain.nouns.computation import Computation

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")



def asked_for(program: Computation, args: tuple[Any, ...]) -> tuple[str, Any]:
    """(output, wrt) of derive(wrt) or derive(output, wrt)."""
    if len(args) == 1:
        return output_named(program, None), args[0]
    if len(args) == 2:
        return output_named(program, args[0]), args[1]
    raise ArgumentError(
        f"one or two arguments are expected, not {len(args)}", advice='derive("C", "W1"), or derive("W1") for the last block.'
    )


def output_named(program: Computation, output: str | None) -> str:
    if not program.blocks:
        raise ArgumentError("the program has no blocks", advice="Define at least one: y = ...")
    if output is None:
        return program.last
    output = _text(output)
    if output in program.blocks:
        return output
    if output in program.inputs:
        raise ArgumentError(f"{output} is an input, not a block", advice=f"Outputs: {', '.join(program.blocks)}.")
    raise ArgumentError(f"there is no block {output!r}", advice=advice_for(output, program.blocks))


def names_given(program: Computation, wrt: Any) -> list[str]:
    if isinstance(wrt, str) and wrt == "all":
        return list(program.inputs)
    asked = [wrt] if is_one(wrt) else listed(wrt)
    if asked is None:
        raise ArgumentError(f"{kind_of(wrt)} is no name to differentiate by", advice='Write "W1", ["W1", "b1"] or "all".')
    return [name_given(program, w) for w in asked]


def names_required(program: Computation, wrt: Any) -> list[str]:
    """The names to differentiate by, of which there must be one."""
    names = names_given(program, wrt)
    if names:
        return names
    if not program.inputs:
        raise ArgumentError("the program has no input to differentiate by", advice="Put a name where something varies: y = 3*x.")
    raise ArgumentError("no name to differentiate by is given", advice='Write "W1", ["W1", "b1"] or "all".')


def _text(name: Any) -> str:
    """A name, which may be given as a symbol and as LaTeX writes it."""
    return plain(str(name))


def name_given(program: Computation, wrt: Any) -> str:
    text = _text(wrt)
    if text in program.inputs or text in program.blocks:
        return text
    if _NUMBER.fullmatch(text):
        raise NumberVariableError(text)
    if text in program.dimensions:
        raise ArgumentError(
            f"{text} is a dimension, a whole number: nothing can be differentiated by it",
            advice=f"Inputs: {', '.join(program.inputs)}.",
        )
    raise ArgumentError(f"there is no name {text!r} to differentiate by", advice=advice_for(text, [*program.inputs, *program.blocks]))


def listed(several: Any) -> list[Any] | None:
    """The members of a list, a set, a Matrix; None of what has no members."""
    try:
        return None if isinstance(several, (sympy.MatrixExpr, bytes, bytearray, Mapping)) else list(several)
    except TypeError:
        return None


def is_one(asked: Any) -> bool:
    """Whether one name or symbol alone was given, not a list of them or "all"."""
    if isinstance(asked, str):
        return asked != "all"
    return isinstance(asked, (int, float, sympy.Basic)) and not isinstance(asked, (sympy.Tuple, sympy.Set, sympy.MatrixBase))


def kind_of(value: Any) -> str:
    return str(value)[:60] if isinstance(value, sympy.Basic) else type(value).__name__
