"""Values: phrases that know their shape, and the products of linear algebra, in which vectors are columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from symchain.functions.spec import AbstractFunction, FunctionSpec
from symchain.language.grammar import parse_expression
from symchain.language.lookup import find_function
from symchain.support.dimensions import Dim, Shape
from symchain.support.notation import Phrase, call, number

SAME_SHAPE = ("softmax", "log_softmax")
"""Functions of a whole vector whose value is a vector of the same size."""


def keeps_shape(function: str) -> bool:
    """Whether a function of the language, applied to an array, gives an array of its shape."""
    return function in SAME_SHAPE or isinstance(find_function(function, {}), FunctionSpec | AbstractFunction)


class Clash(Exception):
    """Two operands that mathematics does not combine so, or in two ways; `advice` says what to write."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Value:
    """A phrase with its shape. `row` marks a transposed vector, `axes` the indices along which entries are spread, `either` a
    derivative, which is a row or a column as its neighbour needs."""

    phrase: Phrase
    shape: Shape = ()
    row: bool = False
    axes: tuple[str, ...] = ()
    either: bool = False

    @property
    def rank(self) -> int:
        return len(self.shape)


def joined(left: Value, right: Value, op: str) -> Value:
    """The product of two arrays of linear algebra. Raises Clash."""
    if op == "star":
        raise Clash("* between arrays can be read as the matrix product and as the elementwise product", r"Write A B, or A \odot B.")
    if op == "times":
        if left.shape == right.shape == (3,):
            return Value(call("cross", left.phrase, right.phrase), (3,))
        what = r"\times between arrays can be read as the cross product, the matrix product and the elementwise product"
        raise Clash(what, r"Write A B, A \odot B, or x^\top y.")
    if left.rank > 2 or right.rank > 2:
        raise Clash("a product with a derivative of more than two axes", "Write it with an adjoint, such as \\delta x^\\top.")
    if left.rank == 1 and left.either and right.rank == 2:
        left = replace(left, row=True)
    product = Phrase("matmul", (*_chain(left), *_chain(right)))
    match left.rank, right.rank:
        case 2, 2:
            return Value(product, (left.shape[0], right.shape[1]))
        case 2, 1 if not right.row:
            return Value(product, (left.shape[0],))
        case 1, 2 if left.row:
            return Value(product, (right.shape[1],), True)
        case 1, 1 if (left.row or left.either) and not right.row:
            return Value(product)
        case 1, 1 if right.row and not left.row:
            return Value(call("outer", left.phrase, right.phrase), (left.shape[0], right.shape[0]))
        case 1, 1 if op == "cdot" and not left.row and not right.row:
            return Value(product)
        case 1, 1 if not left.row and not right.row:
            raise Clash(
                "the product of two vectors can be read as x^T y, as x y^T and elementwise", r"Write x^\top y, x y^\top or x \odot y."
            )
    raise Clash("this order of vector and matrix is no product", r"Vectors are columns: write A x, or x^\top A.")


def _chain(value: Value) -> tuple[Phrase, ...]:
    return value.phrase.parts if value.phrase.head == "matmul" else (value.phrase,)


def scaled(scalars: Sequence[Phrase], array: Value | None) -> Value:
    """Scalars times an array, flat."""
    factors = [*scalars, *([array.phrase] if array is not None else [])]
    if len(factors) == 1:
        return array if array is not None else Value(factors[0])
    made = Phrase("mul", flat(factors))
    return replace(array, phrase=made, either=array.either) if array is not None else Value(made)


def flat(factors: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """Factors without brackets that change nothing: (1/2)*x is 1/2*x."""
    found: list[Phrase] = []
    for factor in factors:
        if factor.head == "mul" and factor.parts[0].head == "number":
            found += factor.parts
        else:
            found.append(factor)
    if found[0].head == "over":
        found.insert(0, Phrase("number", text="1"))
    return tuple(found)


def aligned(values: Sequence[Value], order: Sequence[str]) -> tuple[list[Value], tuple[str, ...]]:
    """Entries spread along one set of axes, in the order in which their indices are bound."""
    axes = tuple(letter for letter in order if any(letter in v.axes for v in values))
    return [spread(v, axes) for v in values], axes


def spread(value: Value, axes: tuple[str, ...]) -> Value:
    """The value along more axes: x[:, None] where an axis is missing behind one it has; leading ones broadcast by themselves."""
    if not value.axes or value.axes == axes:
        return value
    phrase, own = value.phrase, value.axes
    wanted = tuple(letter for letter in axes if letter in own)
    if wanted != own:
        phrase = Phrase("transpose", (phrase,))
    first = axes.index(wanted[0])
    if len(wanted) < len(axes) - first:
        everything = Phrase("slice", (Phrase("none"),) * 3)
        phrase = Phrase("index", (phrase, *(everything if letter in own else Phrase("none") for letter in axes[first:])))
    return Value(phrase, axes=axes)


def number_of(dim: Dim) -> Phrase:
    """A size as a phrase."""
    return number(dim) if isinstance(dim, int) else parse_expression(dim)
