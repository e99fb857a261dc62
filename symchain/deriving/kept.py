"""The last sweep of each program, kept: deriving and then compiling is one sweep."""

from __future__ import annotations

from collections.abc import Sequence

from symchain.deriving.sweep import Sweep
from symchain.nouns.computation import Computation


def sweep_of(program: Computation, output: str, names: Sequence[str]) -> Sweep:
    """The sweep from an output to some names: the program's last one, if it is that."""
    asked = (output, *names)
    if asked not in program.kept:
        program.kept.clear()
        program.kept[asked] = Sweep(program, output, names)
    return program.kept[asked]  # type: ignore[no-any-return]
