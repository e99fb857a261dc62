"""What is known of the sign of a second derivative, and whether the output is convex or concave for that reason."""

from __future__ import annotations

from collections.abc import Mapping

from symchain.functions.spec import AbstractFunction, FunctionSpec
from symchain.nouns.computation import ancestors
from symchain.nouns.curvature import Curvature
from symchain.nouns.derivation import Derivation
from symchain.tensors.definiteness import Signs
from symchain.tensors.nodes import Apply, Compare, Leaf, Number, Operation, Power, Tree, Where, postorder

_CONVEX = frozenset({"positive", "nonnegative", "unit", "probability", "symmetric", "spd", "diagonal"}) | {
    "symmetric_entries", "diagonal_entries", "toeplitz_entries",
}  # fmt: skip
"""Facts that hold between any two values that have them."""


def curvature_of(d: Derivation) -> Curvature | None:
    """The sign of a second derivative by one name of an output that is a number; None where it is not known."""
    program = d.program
    if d.order != 2 or d.mixed or d.zero_reason or d.reading is None or program.blocks[d.output].shape:
        return None
    half = len(d.shape) // 2
    if len(d.shape) % 2 or d.shape[:half] != d.shape[half:] or set(d.reading.inputs) != set(program.inputs):
        return None
    meanings = {n: b.tree for n, b in d.reading.blocks.items()} | {line.name: line.tree for line in d.adjoint_lines}
    signs = Signs(meanings)
    found = signs.definite(d.formula_tree, tuple((k, k + half) for k in range(half)))
    if found is None:
        return None
    return Curvature(found.sign, found.strict, found.reasons, _is_smooth(d, signs, meanings), not d.shape)


def _is_smooth(d: Derivation, signs: Signs, meanings: Mapping[str, Tree]) -> bool:
    """Whether the output has second derivatives at all values of the name, and those values have no gaps.

    |x| has the second derivative 0 wherever there is one and is not concave; 1/x**2 has a positive one, on two pieces.
    """
    program = d.program
    variable = program.inputs.get(d.wrt)
    if variable is None or not variable.facts <= _CONVEX:
        return False
    moving = {d.wrt}
    for block in program.blocks.values():
        if not moving.isdisjoint(block.reads):
            moving.add(block.name)
    wanted = ancestors(program, d.output)
    for name in moving & wanted - {d.wrt}:
        for node in postorder(program.blocks[name].tree):
            moves = any(isinstance(n, Leaf) and n.name in moving for n in postorder(node))
            if moves and not _has_no_edge(node, signs):
                return False
    return True


def _has_no_edge(node: Tree, signs: Signs) -> bool:
    """Whether a node is smooth wherever its operands are."""
    if isinstance(node, Where | Compare):
        return False
    if isinstance(node, Power):
        whole = isinstance(node.exponent, Number) and node.exponent.value.denominator == 1 and node.exponent.value >= 0
        return bool(whole) or signs.bounds(node.base).positive
    if isinstance(node, Apply):
        function = node.function.binding if isinstance(node.function, AbstractFunction) else node.function
        if not isinstance(function, FunctionSpec) or any(node.orders) or function.kinks or function.ties or function.lattice:
            return False
        return all(signs.bounds(a).within(function.domain(k)) for k, a in enumerate(node.args))
    if isinstance(node, Operation):
        return bool(node.operation.linear) or node.operation.unit_sum is not None
    return True
