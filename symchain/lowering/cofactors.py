"""Determinants times inverses: det(A)*inv(A).T is the matrix of cofactors, which singular matrices have too."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from symchain.functions.spec import Noun, OperationSpec
from symchain.kernels.matrices import cofactors
from symchain.tensors.nodes import (
    ONE,
    Contraction,
    Leaf,
    Number,
    Operation,
    Power,
    Sum,
    Tree,
    add,
    contract,
    multiply_scalars,
    operation,
    power,
)

_DEPTH = 5
"""So far down a determinant is looked for: programs may be deep, and double at every line."""

COFACTORS = OperationSpec(
    name="cofactors",
    shape=lambda shapes, parameters: shapes[0],
    evaluate=cofactors,
    noun=Noun("matrix of cofactors", "comatrice", "f"),
)
"""det(A)*inv(A).T, of A."""


def of_cofactors(node: Contraction, definitions: Mapping[str, Tree]) -> Tree | None:
    """det(A)*inv(A) in a product, as the cofactors of A transposed, where the product holds inv(A) once; else None.

    Names are looked through: `definitions` says what they stand for.
    """
    inverses = [k for k, a in enumerate(node.args) if isinstance(a, Operation) and a.operation.name == "inv"]
    for k in inverses:
        inverse, spots = node.args[k], node.subscripts[k]
        if sum(node.args[j] is inverse for j in inverses) > 1:
            continue
        for j, factor in enumerate(node.args):
            rest = _less_one_determinant(factor, inverse.args[0], definitions)
            if rest is None or node.subscripts[j] != spots[:-2]:
                continue
            args: list[Tree] = list(node.args)
            subscripts: list[Any] = list(node.subscripts)
            args[k], subscripts[k] = operation(COFACTORS, [inverse.args[0]]), (*spots[:-2], spots[-1], spots[-2])
            args[j : j + 1], subscripts[j : j + 1] = rest, [node.subscripts[j]] * len(rest)
            return contract(args, subscripts, node.output, dict(enumerate(node.dims)))
    return None


def _less_one_determinant(factor: Tree, matrix: Tree, definitions: Mapping[str, Tree], depth: int = _DEPTH) -> tuple[Tree, ...] | None:
    """The factors that are left of what holds det(A) as a factor when that is taken out once; None for everything else."""
    if isinstance(factor, Operation):
        return () if factor.operation.name == "det" and factor.args[0] is matrix else None
    if not depth:
        return None

    def rest_of(tree: Tree) -> tuple[Tree, ...] | None:
        return _less_one_determinant(tree, matrix, definitions, depth - 1)

    if isinstance(factor, Leaf) and factor.name in definitions:
        return rest_of(definitions[factor.name])
    if isinstance(factor, Power) and isinstance(factor.exponent, Number):
        exponent: Fraction = factor.exponent.value
        if exponent.denominator != 1 or exponent < 2 or rest_of(factor.base) != ():
            return None
        return (factor.base if exponent == 2 else power(factor.base, exponent - 1),)
    if isinstance(factor, Contraction) and not factor.dims:
        for k, part in enumerate(factor.args):
            rest = rest_of(part)
            if rest is not None:
                return (*factor.args[:k], *rest, *factor.args[k + 1 :])
    if isinstance(factor, Sum) and not factor.shape:
        terms: list[Tree] = []
        for term in factor.args:
            rest = rest_of(term)
            if rest is None:
                return None
            terms.append(multiply_scalars(rest) if rest else ONE)
        return (add(terms),)
    return None
