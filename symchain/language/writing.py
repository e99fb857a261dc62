"""The lines of a program that are not blocks: declarations and bindings, so that text read back means the same."""

from __future__ import annotations

from symchain.kernels.facts import FACTS
from symchain.language.lookup import is_known_function
from symchain.language.spelling import is_abstract
from symchain.nouns.computation import Computation
from symchain.support.dimensions import show
from symchain.support.notation import walk


def declaration_lines(program: Computation) -> list[str]:
    """`W: (h, n) spd`, `sigma1 = sigmoid`, `gate: function`: what the blocks alone would not say.

    Inputs without shape and facts are declared too where the order of the inputs, or an unused one, would otherwise be lost.
    """
    lines = []
    needed = {n for n, v in program.inputs.items() if v.shape or v.facts or v.declared}
    order = list(program.inputs)
    if _order_read(program, needed) != order:
        needed = set(order)
    for name in order:
        if name in needed:
            variable = program.inputs[name]
            facts = [f for f in FACTS if f in variable.facts]
            shape = [show(variable.shape)] if variable.shape or not facts else []
            lines.append(f"{name}: {' '.join([*shape, *facts])}")
    for name, function in program.functions.items():
        binding = getattr(function, "binding", None)
        if binding is not None:
            lines.append(f"{name} = {binding.name}")
        elif is_known_function(name) or not is_abstract(name):
            lines.append(f"{name}: function")
    return lines


def _order_read(program: Computation, declared: set[str]) -> list[str]:
    """The order of the inputs that a reader of the printed program would find."""
    found = dict.fromkeys(n for n in program.inputs if n in declared)
    for block in program.blocks.values():
        found.update(dict.fromkeys(p.text for p in walk(block.phrase) if p.head == "name" and p.text in program.inputs))
    return list(found)
