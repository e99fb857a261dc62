"""Which names of a program with families a call means: W (each member), W[2] or W[L] (one member), a name without an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symchain.errors import ArgumentError, SymchainError, advice_for
from symchain.language.grammar import parse_expression
from symchain.language.members import linear_of
from symchain.language.selection import is_one, kind_of, listed, output_named
from symchain.nouns.computation import Computation
from symchain.support.linear import Linear


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a derivative is by: kind is plain (an input, a block), family (every member) or member (one of them)."""

    name: str
    base: str
    kind: str
    index: Linear


def output_of(program: Computation, output: Any, members: bool = False) -> str:
    """The block that is differentiated; with `members`, also a family of blocks, whose members all are. Raises ArgumentError elsewhere."""
    if members and isinstance(output, str) and output.strip() in program.families and not program.families[output.strip()].given:
        return output.strip()
    if isinstance(output, str) and output.partition("[")[0] in program.families:
        raise ArgumentError(f"{output} is a member of a family, not a block", advice=f"Add a line such as C = {output.strip()}.")
    return output_named(program, output)


def wanted_names(program: Computation, wrt: Any) -> list[Wanted]:
    """What is asked for: "all" stands for every input and every family of inputs."""
    if isinstance(wrt, str) and wrt == "all":
        return [wanted(program, n) for n in (*program.inputs, *(n for n, f in program.families.items() if f.given))]
    asked = [wrt] if is_one(wrt) else listed(wrt)
    if asked is None:
        raise ArgumentError(f"{kind_of(wrt)} is no name to differentiate by", advice='Write "W", ["W", "b"] or "all".')
    return [wanted(program, w) for w in asked]


def wanted(program: Computation, asked: Any) -> Wanted:
    recurrence = program.recurrence
    assert recurrence is not None
    text = str(asked).strip()
    base, bracket, rest = text.partition("[")
    base = base.strip()
    if not bracket:
        if base in program.families:
            if not program.families[base].given:
                what = f"{base} is a family of blocks"
                raise ArgumentError(what, advice=f"Ask for one member: {base}[1], or {base}[{program.families[base].high}].")
            return Wanted(text, base, "family", Linear())
        if base in program.inputs or base in program.blocks:
            return Wanted(text, base, "plain", Linear())
        if base in recurrence.lengths or base in recurrence.dimensions:
            what = f"{base} is a whole number: nothing can be differentiated by it"
            raise ArgumentError(what, advice=f"Inputs: {', '.join(program.inputs)}.")
        known = [*program.inputs, *program.blocks, *program.families]
        raise ArgumentError(f"there is no name {text!r} to differentiate by", advice=advice_for(text, known))
    if base not in program.families or not rest.rstrip().endswith("]"):
        known = [f"{n}[{f.low}]" for n, f in program.families.items()]
        raise ArgumentError(f"{text!r} is no member of a family", advice=advice_for(text, known))
    try:
        index = linear_of(parse_expression(rest.rstrip()[:-1]))
    except SymchainError:
        index = None
    family = program.families[base]
    if index is None or any(n not in recurrence.lengths and n not in program.dimensions for n in index.letters):
        raise ArgumentError(f"{text!r} does not say which member", advice=f"Write {base}[2], or {base}[{family.high}].")
    below, above = family.low.minus(index).number, index.minus(family.high).number
    if index not in family.starts and ((below is not None and below > 0) or (above is not None and above > 0)):
        raise ArgumentError(f"there is no {base}[{index}]", advice=f"Its members are {base}[{family.low}] to {base}[{family.high}].")
    return Wanted(text, base, "member", index)
