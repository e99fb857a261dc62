"""Why a derivative is 0: nothing leads to the name, a factor vanishes on every path, or what the paths contribute adds up to 0."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from symchain.nouns.computation import Block, ancestors
from symchain.nouns.derivation import Derivation
from symchain.tensors.terms import is_zero


def paths_to_nothing(
    blocks: Sequence[Block], output: str, target: str, reads: Callable[[Block], Iterable[str]], vanishes: Callable[[Block, str], bool]
) -> str:
    """Of a derivative that is 0 though paths lead to the name: "flat" where each of them has a factor 0, else "cancelled"."""
    alive = {output}
    for block in reversed(blocks):
        if block.name in alive:
            alive.update(read for read in reads(block) if read not in alive and not vanishes(block, read))
    return "cancelled" if target in alive else "flat"


def second_to_nothing(d: Derivation, first: str) -> Derivation:
    """A derivation of order 2 with its reason: the output may depend on names that its derivative by the first does not depend on."""
    above = ancestors(d.program, d.output)
    if first not in above or d.wrt not in above:
        return replace(d, zero_reason="unrelated")
    if not is_zero(d.result.tree):
        return replace(d, zero_reason="")
    return replace(d, zero_reason="linear" if d.zero_reason == "unrelated" else "straight")
