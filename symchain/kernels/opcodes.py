"""The instruction set: every opcode with its operands, the grammar of its parameters, and the shape that follows from them.

This is all that a plan can say, so all that a saved file can say. A backend writes each opcode in its own way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from symchain.kernels import grammar
from symchain.kernels.grammar import Rule, Shapes, check_dimension
from symchain.support.dimensions import Dim, Shape

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
    parameters: tuple[str, ...] = ()
    """What each parameter is, one of PARAMETERS; of what may be left out, the word is in brackets."""
    acts: str = ""
    """On what it acts, while it carries all other axes along, one of ACTS; empty where a rule of its own says what it does to them."""
    linear: str = ""
    """"together": linear in all its operands at once; "each": in each of them, the others held."""
    takes: str = ""
    """The kinds of the operands, x where they end: "x" real numbers, "?" a condition, "i" integers."""
    gives: str = "x"

    def kind(self, k: int) -> str:
        """The kind of the operand number k."""
        return self.takes[k] if k < len(self.takes) else "x"


PARAMETERS: Mapping[str, str] = {
    "number": "a float, or the word of a constant", "[numerator]": "a whole number", "[denominator]": "a whole number",
    "dimension": "a dimension, as a number", "count": "how many labels, a dimension", "shift": "by how many places, a dimension",
    "name": "a name", "form": "a form over the operands", "comparison": "its sign", "subscripts": "those of einsum",
    "axis": "an axis", "axes": "some axes, or two", "order": "for each axis one of the operand, or None",
    "pattern": "for each axis one of the operand", "shape": "dimensions", "items": "what is chosen along each axis",
    "diagonal": "a whole number", "own": "what only this process knows",
}  # fmt: skip
"""The words for parameters; `grammar` holds what is read to them."""
ACTS = ("elements", "each", "axis", "axes", "matrices")
"""On elements, aligned from the last axis; on each element by itself; along the axis or the axes that it names; on the last two axes."""


def led(opcode: str, parameters: tuple[Any, ...], letter: Dim) -> tuple[Any, ...] | None:
    """The parameters of the same instruction on operands with one more axis in front, whose size is `letter`; None where it has none.

    >>> led("sum", ((0,),), "t"), led("reshape", ((6,),), "t"), led("einsum", ("ij,j->i",), "t")
    (((1,),), (('t', 6),), None)
    """
    found = OPCODES[opcode]
    if found.acts not in ("axis", "axes", "each") or len(parameters) != len(found.parameters):
        return None
    moved = [_led(word, value, letter) for word, value in zip(found.parameters, parameters, strict=True)]
    return None if None in moved else tuple(moved)


def _led(word: str, value: Any, letter: Dim) -> Any:
    if word == "axis":
        return value + 1
    if word == "axes":
        return tuple(a + 1 for a in value)
    if word == "order":
        return (0, *(None if a is None else a + 1 for a in value))
    if word == "shape":
        return (letter, *value)
    return value if word in ("shift", "count") else None


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


_ARITHMETIC = Opcode("", grammar.of_arithmetic, 2, 2, elementwise=True, acts="elements")

_SQUARE = ("inv", "cofactors", "cholesky", "expm", "eigenvectors")
_SINGLE = ("sinm", "cosm", "logm", "sqrtm")
"""Their algorithms are told of one matrix."""

OPCODES: Mapping[str, Opcode] = {
    "constant": Opcode(
        "a number; parameters: a float, or inf, -inf, pi; then numerator and denominator of a number that no float holds",
        grammar.of_constant,
        0,
        0,
        free=True,
        parameters=("number", "[numerator]", "[denominator]"),
    ),
    "size": Opcode("a dimension as a number", grammar.of_size, 0, 0, free=True, parameters=("dimension",)),
    "add": replace(_ARITHMETIC, meaning="x + y; elementwise, broadcasting as NumPy does", linear="together"),
    "subtract": replace(_ARITHMETIC, meaning="x - y", linear="together"),
    "multiply": replace(_ARITHMETIC, meaning="x*y", linear="each"),
    "divide": replace(_ARITHMETIC, meaning="x/y"),
    "power": replace(_ARITHMETIC, meaning="x**y"),
    "negative": Opcode("-x", grammar.of_arithmetic, elementwise=True, acts="elements", linear="together"),
    "sqrt": Opcode("the square root", grammar.of_arithmetic, elementwise=True, acts="elements"),
    "call": Opcode("an elementwise function", grammar.of_call, 1, 8, elementwise=True, parameters=("name", "form"), acts="elements"),
    "compare": Opcode(
        "x < y and the like", grammar.of_compare, 2, 2, elementwise=True, parameters=("comparison",), acts="elements", gives="?"
    ),
    "where": Opcode("where(condition, x, y)", grammar.of_arithmetic, 3, 3, elementwise=True, acts="elements", takes="?"),
    "real": Opcode("the same numbers as floats, of integers", grammar.of_same, free=True, acts="each", takes="i"),
    "integer": Opcode("the same numbers as integers, of floats", grammar.of_same, free=True, acts="each", gives="i"),
    "view": Opcode(
        "axes in another order, and new ones of size 1",
        grammar.of_view,
        free=True,
        aliases=True,
        parameters=("order",),
        acts="axes",
        linear="together",
    ),
    "drop": Opcode(
        "without some axes of size 1",
        grammar.of_drop,
        free=True,
        aliases=True,
        parameters=("axes",),
        acts="axes",
        linear="together",
    ),
    "broadcast": Opcode(
        "repeated to a shape", grammar.of_broadcast, free=True, aliases=True, parameters=("shape",), acts="axes", linear="together"
    ),
    "sum": Opcode("summed over axes", grammar.of_sum, parameters=("axes",), acts="axes", linear="together"),
    "diagonal": Opcode(
        "the diagonal of two axes, put last",
        grammar.of_diagonal,
        free=True,
        aliases=True,
        parameters=("axes",),
        acts="axes",
        linear="together",
    ),
    "embed": Opcode("zeros with x on a diagonal", grammar.of_embed, parameters=("pattern", "shape"), linear="together"),
    "matmul": Opcode("x @ y", grammar.of_matmul, 2, 2, linear="each"),
    "inner": Opcode("the sum of the products of all elements", grammar.of_inner, 2, 2, linear="each"),
    "tensordot": Opcode(
        "summed over axes of x with axes of y", grammar.of_tensordot, 2, 2, parameters=("axes", "axes"), linear="each"
    ),
    "einsum": Opcode("a sum of products, 'ij,ij->i'", grammar.of_einsum, 1, 8, parameters=("subscripts",), linear="each"),
    "gram": Opcode("x.T @ (w[:, None]*x), symmetric", grammar.of_gram, 2, 2),
    "index": Opcode("some elements", grammar.of_index, aliases=True, parameters=("items",), linear="together"),
    "place": Opcode("zeros with x at some elements", grammar.of_place, parameters=("items", "shape"), linear="together"),
    "concatenate": Opcode("joined", grammar.of_concatenate, 1, 4096, parameters=("axis",), acts="axis"),
    "reshape": Opcode(
        "the same elements in another shape", grammar.of_reshape, aliases=True, parameters=("shape",), acts="axes", linear="together"
    ),
    "flip": Opcode("in reverse", grammar.of_along, aliases=True, parameters=("axis",), acts="axis"),
    "roll": Opcode("shifted around", grammar.of_roll, aliases=True, parameters=("shift", "axis"), acts="axis"),
    "gather": Opcode("the rows of x that labels name", grammar.of_gather, 2, 2, takes="xi"),
    "scatter": Opcode("sums of the rows of x with one label", grammar.of_scatter, 2, 2, parameters=("count",), takes="xi"),
    "onehot": Opcode("1 at the label, else 0", grammar.of_onehot, parameters=("count",), acts="each", takes="i"),
    **{
        name: Opcode(f"{name} over axes", grammar.of_sum, parameters=("axes",), acts="axes")
        for name in ("max", "min", "prod", "logsumexp")
    },
    **{
        name: Opcode(f"{name} along an axis", grammar.of_along, parameters=("axis",), acts="axis")
        for name in ("softmax", "log_softmax", "cumsum", "cumprod", "sort", "cummax", "cummin")
    },
    "take_sorted": Opcode("x in the order that sorts the keys y along their axis", grammar.of_keys, 2, 2, parameters=("axis",)),
    "take_ranked": Opcode("x with each entry at the rank of its key in y along their axis", grammar.of_keys, 2, 2, parameters=("axis",)),
    "convolution": Opcode("sums of products x[i]*y[k - i], along the last axis", grammar.of_convolution, 2, 2),
    "balanced": Opcode(
        "x, which adds up to zero or to the third operand along the axis", grammar.of_balanced, 2, 3, aliases=True, parameters=("axis",)
    ),
    "norm": Opcode("sqrt(sum(y**2)), of x = sum(y**2) and y", grammar.of_norm, 2, 2, parameters=("axes",)),
    "unit": Opcode("x over its norm y", grammar.of_unit, 2, 2, parameters=("axes",)),
    "orthogonal": Opcode(
        "x, orthogonal to the unit vector y along the axis", grammar.of_balanced, 2, 2, aliases=True, parameters=("axis",)
    ),
    **{name: Opcode(f"{name} of a square matrix", grammar.of_square, acts="matrices") for name in _SQUARE},
    **{name: Opcode(f"{name} of a square matrix", grammar.of_square) for name in _SINGLE},
    **{name: Opcode(f"{name} of a square matrix", grammar.of_determinant, acts="matrices") for name in ("det", "logdet")},
    "pinv": Opcode("the pseudoinverse", grammar.of_pinv, acts="matrices"),
    **{
        f"{name}_frechet": Opcode(f"the derivative of {name} at x in the direction y", grammar.of_frechet, 2, 2)
        for name in ("expm", "sinm", "cosm", "logm")
    },
    "eigvalsh": Opcode("the eigenvalues of the symmetric part, in order", grammar.of_values, acts="matrices"),
    "svdvals": Opcode("the singular values", grammar.of_singular, acts="matrices"),
    "left_singular_vectors": Opcode("U of the thin singular value decomposition", grammar.of_left),
    "right_singular_vectors": Opcode("V.T of the thin singular value decomposition", grammar.of_right),
    "nuclear_norm": Opcode("the sum of the singular values", grammar.of_matrix_norm),
    "spectral_norm": Opcode("the largest singular value", grammar.of_matrix_norm),
    "orthogonal_factor": Opcode("U V.T of the singular value decomposition", grammar.of_each_matrix),
    "sylvester": Opcode("X with x @ X + X @ y = z", grammar.of_sylvester, 3, 3),
    **{name: Opcode(f"{name} of a matrix", grammar.of_triangle, parameters=("diagonal",)) for name in ("tril", "triu")},
    "cross": Opcode("the cross product of vectors", grammar.of_cross, 2, 2),
    "declared": Opcode(
        "an operation declared in this process",
        grammar.of_declared,
        1,
        4096,
        aliases=True,
        parameters=("name", "name", "own"),
    ),
}
"""What an instruction may do. Operands and results are arrays or numbers."""

ARITHMETIC = frozenset(name for name, opcode in OPCODES.items() if opcode.elementwise)
"""The elementwise instructions."""

FREE = frozenset(name for name, opcode in OPCODES.items() if opcode.free)
"""The instructions that compute nothing."""

__all__ = ["ACTS", "ARITHMETIC", "FREE", "OPCODES", "PARAMETERS", "Opcode", "led", "result_shape"]
