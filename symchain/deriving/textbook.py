"""The derivatives of registered functions as textbooks write them: sigmoid' is out*(1 - out)."""

from __future__ import annotations

from collections.abc import Mapping

from symchain.functions.spec import FUNCTIONS, AbstractFunction
from symchain.language.grammar import parse_expression
from symchain.nouns.computation import Computation
from symchain.support.notation import Phrase


def textbook(program: Computation) -> Mapping[str, Phrase]:
    """By the name of each function of one argument that a program binds: its derivative, `out` standing for its value."""
    bound = {f.binding.name for f in program.functions.values() if isinstance(f, AbstractFunction) and f.binding is not None}
    found: dict[str, Phrase] = {}
    for name in sorted(bound):
        spec = FUNCTIONS.get(name)
        if spec is not None and len(spec.parameters) == 1 and spec.derivatives[0] is not None:
            found[name] = parse_expression(spec.textbook or spec.derivatives[0])
    return found
