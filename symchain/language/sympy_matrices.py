"""SymPy's matrices as trees: what each of its classes means here, and expressions of numbers inside of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import sympy

from symchain.errors import ShapeError, UnsupportedError
from symchain.language.forms import find_form
from symchain.language.sympy_sums import Ranges, fixed, indexed_uses, over_entries, position, selected, size_of
from symchain.operations.calling import with_axes
from symchain.support.dimensions import Shape
from symchain.support.notation import Phrase
from symchain.tensors import nodes
from symchain.tensors.exchange import from_sympy
from symchain.tensors.nodes import ONE, Tree, leaf

Leaves = Callable[[Any], Tree]
_ENTRY = "entry"
"""How the variable of a function that acts entry by entry is called while its formula is read."""


def whole(expression: Any, leaves: Leaves) -> Tree:
    """The tree of a SymPy expression with all that SymPy has of matrices; a matrix of one row and one column is a number.

    Raises UnsupportedError for what has no meaning here, ShapeError for an index outside of an axis.
    """
    reader = Matrices(leaves, indexed_uses([expression]))
    if isinstance(expression, sympy.MatrixBase) and expression.shape == (1, 1):
        (expression,) = expression
    tree = from_sympy(expression, leaves, reader)
    if isinstance(expression, (sympy.MatrixExpr, sympy.MatrixBase)) and tree.shape == (1, 1):
        return nodes.contract([tree], ["ii"], "")
    if isinstance(expression, sympy.MatrixBase) and expression.shape[1] == 1:
        return tree.args[0]  # the entries, before they became a column
    return tree


class Matrices:
    """Reads matrices, their entries, and sums over indices."""

    def __init__(self, leaves: Leaves, uses: Mapping[Any, Any]) -> None:
        self.leaves, self.uses = leaves, uses

    def parts(self, node: Any) -> tuple[Any, ...] | None:
        """What is read before the node; None for numbers and names, which are not read here."""
        kind = type(node).__name__
        if isinstance(node, sympy.MatrixSymbol):
            return None
        if kind in _WHOLE:
            return ()
        if kind == "UnevaluatedExpr":
            return tuple(node.args)
        if kind in ("MatrixElement", "MatrixSlice"):
            return (node.parent,)
        if kind == "ElementwiseApplyFunction":
            return (node.expr,)
        if kind == "BlockMatrix":
            return tuple(node.blocks)
        if isinstance(node, sympy.MatrixBase):
            return tuple(node)
        if kind in _READ:
            return tuple(node.args)
        if isinstance(node, sympy.Function) and any(isinstance(a, (sympy.MatrixExpr, sympy.MatrixBase)) for a in node.args):
            name = type(node).__name__
            what = f"{name} of a matrix can mean two things"
            advice = f"Entry by entry it is A.applyfunc({name}); as a series it is {name}m(A) in symchain.parse."
            raise UnsupportedError(what, advice=advice)
        return None

    def tree(self, node: Any, parts: Sequence[Tree]) -> Tree:
        kind = type(node).__name__
        if kind in ("Sum", "Product", "Indexed"):
            return Ranges(self._read, self.leaves, self.uses).tree(node)
        if kind == "ElementwiseApplyFunction":
            return self._entrywise(node.function, parts[0])
        if isinstance(node, sympy.MatrixBase):
            return _explicit(node, parts)
        if kind == "MatrixElement":
            return selected(parts[0], [position(fixed(i, self.leaves)) for i in node.indices])
        if kind == "MatrixSlice":
            ends = [[position(fixed(end, self.leaves)) for end in piece] for piece in (node.rowslice, node.colslice)]
            return selected(parts[0], [Phrase("slice", tuple(end)) for end in ends])
        return _READ[kind](node, parts)

    def _read(self, node: Any, leaves: Leaves) -> Tree:
        return from_sympy(node, leaves, Matrices(leaves, self.uses))

    def _entrywise(self, function: Any, array: Tree) -> Tree:
        """A function of one number at every entry of an array."""
        variable = sympy.Dummy(_ENTRY, real=True)
        formula = from_sympy(function(variable), lambda s: leaf(_ENTRY) if s == variable else self.leaves(s))
        return over_entries(formula, {_ENTRY: array})


def _called(name: str, *args: Any) -> Tree:
    """What the language builds of a call with these arguments, in the order of its parameters."""
    form = find_form(name)
    assert form is not None
    return form.build(**dict(zip((p.name for p in form.parameters), args, strict=False)))  # type: ignore[no-any-return]


def _shape(node: Any) -> Shape:
    return tuple(size_of(d) for d in node.shape)


# ---------------------------------------------------------------- entries and blocks


def _explicit(node: Any, entries: Sequence[Tree]) -> Tree:
    rows, columns = node.shape
    if not rows or not columns:
        raise ShapeError("a matrix without entries", advice="Give it at least one row and one column.")
    flat = [nodes.broadcast(a, (1,)) for a in entries]
    joined = nodes.named_operation("concatenate", *flat, parameters=(0,)) if len(flat) > 1 else flat[0]
    if columns == 1:
        return with_axes(joined, [1])
    return nodes.named_operation("reshape", joined, parameters=((rows, columns),))


def _power(node: Any, parts: Sequence[Tree]) -> Tree:
    """A matrix multiplied with itself, or its inverse; of a real exponent, by the functions of matrices that there are."""
    count = node.args[1]
    if count.is_Integer:
        return _called("matrix_power", parts[0], int(count))
    if count in (sympy.Rational(1, 2), sympy.Rational(-1, 2)):
        root = _called("sqrtm", parts[0])
        return root if count > 0 else nodes.named_operation("inv", root)
    what = f"a matrix to the power {count}"
    raise UnsupportedError(what, advice="Powers are whole numbers, 1/2 and -1/2; entry by entry it is HadamardPower(A, p).")


def _blocks(node: Any, parts: Sequence[Tree]) -> Tree:
    """Blocks side by side and below each other."""
    rows, columns = node.blocks.shape
    lines = [nodes.named_operation("concatenate", *parts[r * columns : (r + 1) * columns], parameters=(1,)) for r in range(rows)]
    return nodes.named_operation("concatenate", *lines, parameters=(0,)) if rows > 1 else lines[0]


def _block_diagonal(parts: Sequence[Tree]) -> Tree:
    form = find_form("block_diag")
    assert form is not None
    return form.build(*parts)  # type: ignore[no-any-return]


def _product(node: Any, parts: Sequence[Tree]) -> Tree:
    scalars = [a for a in parts if not a.shape]
    result = reduce(nodes.matmul, [a for a in parts if a.shape])
    return nodes.scale(nodes.multiply_scalars(scalars), result) if scalars else result


def _of_column(matrix: Tree) -> Tree:
    """The entries of a column or of a row, along one axis."""
    every, first = Phrase("slice", (Phrase("none"),) * 3), position(0)
    return selected(matrix, [every, first] if matrix.shape[1] == 1 else [first, every])


def _hadamard_power(node: Any, parts: Sequence[Tree]) -> Tree:
    base, exponent = parts
    shape = nodes.common_shape(parts)
    return nodes.power(nodes.broadcast(base, shape), exponent if not exponent.shape else nodes.broadcast(exponent, shape))


def _square(matrix: Tree) -> Tree:
    return nodes.hadamard([matrix, nodes.identity(matrix.shape[0])])


def _given_by_a_function(node: Any, parts: Sequence[Tree]) -> Tree:
    raise UnsupportedError("a FunctionMatrix with letters as its size", advice="Write its entries: Matrix(3, 3, f), or use symchain.parse.")


_READ: Mapping[str, Callable[[Any, Sequence[Tree]], Tree]] = {
    "MatMul": _product,
    "MatAdd": lambda node, parts: nodes.add(parts),
    "MatPow": _power,
    "Transpose": lambda node, parts: nodes.transpose(parts[0]),
    "Adjoint": lambda node, parts: nodes.transpose(parts[0]),
    "Inverse": lambda node, parts: nodes.named_operation("inv", parts[0]),
    "Determinant": lambda node, parts: nodes.named_operation("det", parts[0]),
    "Trace": lambda node, parts: nodes.contract([parts[0]], ["ii"], ""),
    "HadamardProduct": lambda node, parts: nodes.hadamard(parts),
    "HadamardPower": _hadamard_power,
    "KroneckerProduct": lambda node, parts: reduce(lambda a, b: _called("kron", a, b), parts),
    "DiagMatrix": lambda node, parts: _called("diag", _of_column(parts[0])),
    "DiagonalOf": lambda node, parts: with_axes(_called("diag", parts[0]), [1]),
    "DiagonalMatrix": lambda node, parts: _square(parts[0]),
    "DotProduct": lambda node, parts: nodes.contract([_of_column(p) for p in parts], ["i", "i"], ""),
    "BlockMatrix": _blocks,
    "BlockDiagMatrix": lambda node, parts: _block_diagonal(parts),
    "UnevaluatedExpr": lambda node, parts: parts[0],
    "Identity": lambda node, parts: nodes.identity(_shape(node)[0]),
    "ZeroMatrix": lambda node, parts: nodes.zeros(_shape(node)),
    "OneMatrix": lambda node, parts: nodes.broadcast(ONE, _shape(node)),
    "FunctionMatrix": _given_by_a_function,
}
"""What each class of SymPy means here."""
_WHOLE = frozenset({"Identity", "ZeroMatrix", "OneMatrix", "FunctionMatrix", "Sum", "Product", "Indexed"})
"""Those of which nothing is read before."""


__all__ = ["whole"]
