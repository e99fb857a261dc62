"""How what a derivation multiplied became what it prints: the steps of the product, of known functions put in, and of each line."""

from __future__ import annotations

from symchain.deriving.balance import balanced_within
from symchain.deriving.products import arrived
from symchain.deriving.recognition import Recogniser
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Rewriting
from symchain.rewriting import reduced, steps_between
from symchain.rules.binding import bind
from symchain.tensors.nodes import Tree, leaf, leaves


def rewriting_of(derivation: Derivation) -> Rewriting:
    """The named steps of a derivation; of the product none where it is too long, or where the formula reads adjoint lines."""
    reading = derivation.reading or derivation.program
    recognise = Recogniser(reading).at
    adjoints = {leaf(line.name, line.shape) for line in derivation.adjoint_lines}
    lines = {}
    for line in (*derivation.adjoint_lines, derivation.result) if adjoints else ():
        before = arrived(reading, line)
        # an adjoint that fell out of the result has no line that says what it is
        if before is not None and all(n in adjoints or n.name in reading.leaves for n in leaves(before)):
            lines[line.name] = steps_between(bind(before), line.tree, recognise, "simp" if line.written is None else "subst")
    product, general, formula = derivation.product_tree, derivation.general_tree, derivation.formula_tree
    if product is None or adjoints & set(leaves(formula)):
        return Rewriting(lines=lines)
    if not derivation.substitutions:
        start = bind(product)
        return Rewriting(steps_between(start, formula, recognise, _last(start, reading)), lines=lines)
    functions = steps_between(general, formula, recognise, bound=bind(general))
    return Rewriting(steps_between(product, general, recognise), functions, lines)


def _last(product: Tree, program: Computation) -> str:
    """The name of the step that leads to the formula: the terms of a product may be multiples of one another by what blocks stand for."""
    meant = {b.leaf: bind(b.tree) for b in program.blocks.values()}
    return "simp" if balanced_within(shortest := reduced(product), meant.get) is shortest else "balance"
