"""SymPy's own matrices for results: a tree with shapes as the MatrixExpr that a caller of SymPy would write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

import sympy

from symchain.errors import UnsupportedError
from symchain.functions.spec import FUNCTIONS
from symchain.support.notation import Phrase
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Tree

_ADVICE = 'Write program({"y": ...}).derive("y", "X"), whose lines are NumPy.'


class _Value(NamedTuple):
    """A SymPy object, and how many axes it stands for: a vector is a column."""

    object: Any
    rank: int


def matrix_of(tree: Tree, symbols: Mapping[str, Any]) -> Any:
    """The tree over the caller's symbols, those without axes as numbers. Raises UnsupportedError for what SymPy has no class for."""
    return _Writer(symbols).value(phrase_of(tree)).object


class _Writer:
    def __init__(self, symbols: Mapping[str, Any]) -> None:
        self.symbols = symbols

    def value(self, phrase: Phrase) -> _Value:
        """Bottom up, with a stack of our own: formulas nest deeply."""
        done: dict[int, _Value] = {}
        stack = [(phrase, False)]
        while stack:
            part, ready = stack.pop()
            if id(part) in done:
                continue
            children = [p for p in part.parts if p.head not in ("slice", "none", "tuple", "string")]
            if children and not ready:
                stack.append((part, True))
                stack += [(c, False) for c in children]
            else:
                done[id(part)] = self._made(part, [done[id(c)] for c in children])
        return done[id(phrase)]

    def _made(self, part: Phrase, values: Sequence[_Value]) -> _Value:
        match part.head:
            case "number":
                return _Value(sympy.Rational(Fraction(part.text)) if part.text.isdigit() else sympy.Float(part.text), 0)
            case "name":
                return self._named(part.text)
            case "call":
                return self._called(part, values)
            case "index":
                return _indexed(part, values[0])
            case head if head in _READ:
                return _READ[head](values)
        raise _no_class(part.head)

    def _named(self, name: str) -> _Value:
        known = self.symbols.get(name)
        if known is None:
            known = sympy.pi if name == "pi" else sympy.Symbol(name, integer=True, positive=True)  # a size
        return _Value(known, 2 if isinstance(known, sympy.MatrixExpr) else 0)

    def _called(self, part: Phrase, values: Sequence[_Value]) -> _Value:
        axis = next((v.text for k, v in part.keywords if k == "axis"), "")
        whole = f"{part.text}/{''.join(str(v.rank) for v in values)}" + (f"/{axis}" if axis else "")
        if part.text in _SIZED and not axis:
            sizes = part.parts[0].parts if part.parts[0].head == "tuple" else part.parts
            return _SIZED[part.text]([self.value(s).object for s in sizes])
        if whole in _CALLS:
            return _CALLS[whole](*(v.object for v in values))
        spec = FUNCTIONS.get(part.text)
        if spec is None or part.keywords or part.primes:
            raise _no_class(f"{part.text}(...)")
        if not any(v.rank for v in values):
            return _Value(spec.meaning(*(v.object for v in values)), 0)
        if len(values) > 1:
            raise _no_class(f"{part.text} of arrays")
        variable = sympy.Dummy("x", real=True)
        return _Value(values[0].object.applyfunc(sympy.Lambda(variable, spec.meaning(variable))), values[0].rank)


def _no_class(what: str) -> UnsupportedError:
    return UnsupportedError(f"SymPy has no class for {what} among matrices", advice=_ADVICE)


# ---------------------------------------------------------------- operators


def _ones(rows: Any, columns: Any) -> Any:
    return sympy.OneMatrix(rows, columns)


def _sum(values: Sequence[_Value]) -> _Value:
    rank = max(v.rank for v in values)
    if not rank:
        return _Value(sympy.Add(*(v.object for v in values)), 0)
    shape = next(v.object.shape for v in values if v.rank == rank)
    terms = [v.object if v.rank else v.object * _ones(*shape) for v in values]
    if any(0 < v.rank < rank for v in values) or any(t.shape != shape for t in terms):
        raise _no_class("a sum that repeats a vector")
    return _Value(sympy.MatAdd(*terms), rank)


def _product(values: Sequence[_Value]) -> _Value:
    """Elementwise: numbers in front of what has entries."""
    rank = max(v.rank for v in values)
    numbers = sympy.Mul(*(v.object for v in values if not v.rank))
    arrays = [v.object for v in values if v.rank]
    if not arrays:
        return _Value(numbers, 0)
    if any(0 < v.rank < rank for v in values) or any(a.shape != arrays[0].shape for a in arrays):
        raise _no_class("a product that repeats a vector")
    whole = arrays[0] if len(arrays) == 1 else sympy.HadamardProduct(*arrays)
    return _Value(whole if numbers == 1 else sympy.MatMul(numbers, whole), rank)


def _times(a: _Value, b: _Value) -> _Value:
    if (a.rank, b.rank) == (1, 1):
        return _Value(sympy.Trace(a.object.T * b.object), 0)
    if a.rank == 1:
        return _Value(b.object.T * a.object, 1)
    return _Value(a.object * b.object, b.rank)


def _power(values: Sequence[_Value]) -> _Value:
    base, exponent = values
    if not base.rank and not exponent.rank:
        return _Value(base.object**exponent.object, 0)
    if exponent.rank:
        raise _no_class("an array as an exponent")
    return _Value(sympy.HadamardPower(base.object, exponent.object), base.rank)


_READ: Mapping[str, Callable[[Sequence[_Value]], _Value]] = {
    "add": _sum,
    "mul": _product,
    "over": lambda values: _power([values[0], _Value(sympy.Integer(-1), 0)]),
    "neg": lambda values: _product([_Value(sympy.Integer(-1), 0), values[0]]),
    "pow": _power,
    "matmul": lambda values: reduce(_times, values),
    "transpose": lambda values: _Value(values[0].object.T if values[0].rank == 2 else values[0].object, values[0].rank),
}


def _indexed(part: Phrase, array: _Value) -> _Value:
    """A column as a vector and back, one entry, and a block of rows and columns."""
    items = part.parts[1:]
    whole = [i.head == "slice" and all(b.head == "none" for b in i.parts) for i in items]
    if array.rank == 1 and len(items) == 2 and whole[0] and items[1].head == "none":
        return _Value(array.object, 2)
    if array.rank == 1 and len(items) == 2 and items[0].head == "none" and whole[1]:
        return _Value(array.object.T, 2)
    if array.rank == 2 and len(items) == 2 and whole[0] and items[1].head == "number":
        return _Value(array.object if array.object.shape[1] == 1 else array.object[:, int(items[1].text)], 1)
    if array.rank == 2 and len(items) == 2 and all(i.head == "number" for i in items):
        return _Value(array.object[int(items[0].text), int(items[1].text)], 0)
    raise _no_class("this index")


# ---------------------------------------------------------------- calls


def _entries(matrix: Any) -> Any:
    """The sum of all entries."""
    rows, columns = matrix.shape
    return sympy.Trace(_ones(1, rows) * matrix * _ones(columns, 1))


_CALLS: Mapping[str, Callable[..., _Value]] = {
    "inv/2": lambda a: _Value(sympy.Inverse(a), 2),
    "det/2": lambda a: _Value(sympy.Determinant(a), 0),
    "logdet/2": lambda a: _Value(sympy.log(sympy.Abs(sympy.Determinant(a))), 0),
    "tr/2": lambda a: _Value(sympy.Trace(a), 0),
    "diag/1": lambda x: _Value(sympy.DiagMatrix(x), 2),
    "diag/2": lambda a: _Value(sympy.DiagonalOf(a), 1),
    "outer/11": lambda x, y: _Value(x * y.T, 2),
    "kron/22": lambda a, b: _Value(sympy.KroneckerProduct(a, b), 2),
    "norm/1": lambda x: _Value(sympy.sqrt(sympy.Trace(x.T * x)), 0),
    "norm/2": lambda a: _Value(sympy.sqrt(sympy.Trace(a.T * a)), 0),
    "sum/1": lambda x: _Value(_entries(x), 0),
    "sum/2": lambda a: _Value(_entries(a), 0),
    "sum/2/0": lambda a: _Value(a.T * _ones(a.shape[0], 1), 1),
    "sum/2/1": lambda a: _Value(a * _ones(a.shape[1], 1), 1),
}
"""Words of the language by the axes of their arguments, and the axis that they are along."""
_SIZED: Mapping[str, Callable[[Sequence[Any]], _Value]] = {
    "eye": lambda sizes: _Value(sympy.Identity(sizes[0]), 2),
    "ones": lambda sizes: _Value(_ones(sizes[0], sizes[1] if len(sizes) > 1 else 1), len(sizes)),
    "zeros": lambda sizes: _Value(sympy.ZeroMatrix(sizes[0], sizes[1] if len(sizes) > 1 else 1), len(sizes)),
}


__all__ = ["matrix_of"]
