"""The instruction set: every opcode with its operands, the grammar of its parameters, and the shape that follows from them.

This is all that a plan can say, so all that a saved file can say. A backend writes each opcode in its own way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from symchain.kernels import grammar
from symchain.kernels.grammar import Rule, Shapes, check_dimension
from symchain.support.dimensions import Shape

_AXES = 32


@dataclass(frozen=True, slots=True)
class Opcode:
    meaning: str
    rule: Rule
    fewest: int = 1
    most: int = 1
    elementwise: bool = False
    free: bool = False
    """Whether it computes nothing."""
    aliases: bool = False
    """Whether the result may be a view of an operand, or the operand itself."""
    takes: str = ""
    """The kinds of the operands, x where they end: "x" real numbers, "?" a condition, "i" integers."""
    gives: str = "x"

    def kind(self, k: int) -> str:
        """The kind of the operand number k."""
        return self.takes[k] if k < len(self.takes) else "x"


def result_shape(opcode: str, shapes: Shapes, parameters: tuple[Any, ...], known: Sequence[str]) -> Shape:
    """The shape of an instruction's value; dimensions may be made of the letters `known`.

    Raises ValueError for an opcode that does not exist, operands or parameters that it does not take.

    >>> result_shape("sum", [("n", 3)], ((0,),), ["n"])
    (3,)
    """
    found = OPCODES.get(opcode)
    if found is None or not found.fewest <= len(shapes) <= found.most:
        raise ValueError(opcode)
    shape = found.rule(shapes, parameters, lambda dim: check_dimension(dim, known))
    if len(shape) > _AXES:
        raise ValueError(shape)
    return shape


_ARITHMETIC = Opcode("", grammar.of_arithmetic, 2, 2, elementwise=True)

_SQUARE = ("inv", "cofactors", "cholesky", "expm", "sinm", "cosm", "logm", "sqrtm", "eigenvectors")

OPCODES: Mapping[str, Opcode] = {
    "constant": Opcode(
        "a number; parameters: a float, or inf, -inf, pi; then numerator and denominator of a number that no float holds",
        grammar.of_constant,
        0,
        0,
        free=True,
    ),
    "size": Opcode("a dimension as a number; parameters: the dimension", grammar.of_size, 0, 0, free=True),
    "add": replace(_ARITHMETIC, meaning="x + y; elementwise, broadcasting as NumPy does"),
    "subtract": replace(_ARITHMETIC, meaning="x - y"),
    "multiply": replace(_ARITHMETIC, meaning="x*y"),
    "divide": replace(_ARITHMETIC, meaning="x/y"),
    "power": replace(_ARITHMETIC, meaning="x**y"),
    "negative": Opcode("-x", grammar.of_arithmetic, elementwise=True),
    "sqrt": Opcode("the square root", grammar.of_arithmetic, elementwise=True),
    "call": Opcode(
        "an elementwise function; parameters: its name, and its form over the operands", grammar.of_call, 1, 8, elementwise=True
    ),
    "compare": Opcode("x < y and the like; parameters: the sign", grammar.of_compare, 2, 2, elementwise=True, gives="?"),
    "where": Opcode("where(condition, x, y)", grammar.of_arithmetic, 3, 3, elementwise=True, takes="?"),
    "real": Opcode("the same numbers as floats, of integers", grammar.of_same, free=True, takes="i"),
    "integer": Opcode("the same numbers as integers, of floats", grammar.of_same, free=True, gives="i"),
    "view": Opcode(
        "axes in another order; parameters: for each axis the axis of x, or None for a new one of size 1",
        grammar.of_view,
        free=True,
        aliases=True,
    ),
    "drop": Opcode("without some axes of size 1; parameters: the axes", grammar.of_drop, free=True, aliases=True),
    "broadcast": Opcode("repeated to a shape; parameters: the shape", grammar.of_broadcast, free=True, aliases=True),
    "sum": Opcode("summed over axes; parameters: the axes", grammar.of_sum),
    "diagonal": Opcode("the diagonal of two axes, put last; parameters: the two axes", grammar.of_diagonal, free=True, aliases=True),
    "embed": Opcode("zeros with x on a diagonal; parameters: for each axis of the result the axis of x, and the shape", grammar.of_embed),
    "matmul": Opcode("x @ y", grammar.of_matmul, 2, 2),
    "inner": Opcode("the sum of the products of all elements", grammar.of_inner, 2, 2),
    "tensordot": Opcode("parameters: the axes of x and those of y that are summed together", grammar.of_tensordot, 2, 2),
    "einsum": Opcode("parameters: the subscripts, 'ij,ij->i'", grammar.of_einsum, 1, 8),
    "gram": Opcode("x.T @ (w[:, None]*x), symmetric", grammar.of_gram, 2, 2),
    "index": Opcode("some elements; parameters: the items", grammar.of_index, aliases=True),
    "place": Opcode("zeros with x at some elements; parameters: the items, and the shape", grammar.of_place),
    "concatenate": Opcode("joined; parameters: the axis", grammar.of_concatenate, 1, 4096),
    "reshape": Opcode("the same elements in another shape; parameters: the shape", grammar.of_reshape, aliases=True),
    "flip": Opcode("in reverse; parameters: the axis", grammar.of_along, aliases=True),
    "roll": Opcode("shifted around; parameters: the shift, and the axis", grammar.of_roll, aliases=True),
    "gather": Opcode("the rows of x that labels name", grammar.of_gather, 2, 2, takes="xi"),
    "scatter": Opcode("sums of the rows of x with one label; parameters: the number of labels", grammar.of_scatter, 2, 2, takes="xi"),
    "onehot": Opcode("1 at the label, else 0; parameters: the number of labels", grammar.of_onehot, takes="i"),
    **{name: Opcode(f"{name} over axes; parameters: the axes", grammar.of_sum) for name in ("max", "min", "prod", "logsumexp")},
    **{
        name: Opcode(f"{name} along an axis; parameters: the axis", grammar.of_along)
        for name in ("softmax", "log_softmax", "cumsum", "cumprod", "sort", "cummax", "cummin")
    },
    "take_sorted": Opcode("x in the order that sorts the keys y along their axis; parameters: the axis", grammar.of_keys, 2, 2),
    "take_ranked": Opcode("x with each entry at the rank of its key in y; parameters: the axis of the keys", grammar.of_keys, 2, 2),
    "convolution": Opcode("sums of products x[i]*y[k - i], along the last axis", grammar.of_convolution, 2, 2),
    "balanced": Opcode("x, which adds up to zero or to the third operand along the axis", grammar.of_balanced, 2, 3, aliases=True),
    "norm": Opcode("sqrt(sum(y**2)), of x = sum(y**2) and y; parameters: the axes", grammar.of_norm, 2, 2),
    "unit": Opcode("x over its norm y; parameters: the axes", grammar.of_unit, 2, 2),
    "orthogonal": Opcode("x, orthogonal to the unit vector y along the axis", grammar.of_balanced, 2, 2, aliases=True),
    **{name: Opcode(f"{name} of a square matrix", grammar.of_square) for name in _SQUARE},
    **{name: Opcode(f"{name} of a square matrix", grammar.of_determinant) for name in ("det", "logdet")},
    "pinv": Opcode("the pseudoinverse", grammar.of_pinv),
    **{
        f"{name}_frechet": Opcode(f"the derivative of {name} at x in the direction y", grammar.of_frechet, 2, 2)
        for name in ("expm", "sinm", "cosm", "logm")
    },
    "eigvalsh": Opcode("the eigenvalues of the symmetric part, in order", grammar.of_values),
    "svdvals": Opcode("the singular values", grammar.of_singular),
    "left_singular_vectors": Opcode("U of the thin singular value decomposition", grammar.of_left),
    "right_singular_vectors": Opcode("V.T of the thin singular value decomposition", grammar.of_right),
    "nuclear_norm": Opcode("the sum of the singular values", grammar.of_matrix_norm),
    "spectral_norm": Opcode("the largest singular value", grammar.of_matrix_norm),
    "orthogonal_factor": Opcode("U V.T of the singular value decomposition", grammar.of_each_matrix),
    "sylvester": Opcode("X with x @ X + X @ y = z", grammar.of_sylvester, 3, 3),
    **{name: Opcode(f"{name} of a matrix; parameters: the diagonal", grammar.of_triangle) for name in ("tril", "triu")},
    "cross": Opcode("the cross product of vectors", grammar.of_cross, 2, 2),
    "declared": Opcode(
        "an operation declared in this process; parameters: its name, its name in code, and its own",
        grammar.of_declared,
        1,
        4096,
        aliases=True,
    ),
}
"""What an instruction may do. Operands and results are arrays or numbers."""

ARITHMETIC = frozenset(name for name, opcode in OPCODES.items() if opcode.elementwise)
"""The elementwise instructions."""

FREE = frozenset(name for name, opcode in OPCODES.items() if opcode.free)
"""The instructions that compute nothing."""

__all__ = ["ARITHMETIC", "FREE", "OPCODES", "Opcode", "result_shape"]
