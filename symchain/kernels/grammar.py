"""The grammar of an instruction's parameters, and the shape that follows: one rule for each kind of instruction.

This is what a saved file is held against: numbers, axes, dimensions and forms, each checked here before anything is written from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from symchain.kernels.primitives import COMPARISONS, check_form
from symchain.support.dimensions import Dim, Shape, add, letters, multiply, terms

Shapes = Sequence[Shape]
Size = Callable[[Any], Dim]
"""A parameter as a dimension; raises ValueError for anything else."""
Rule = Callable[[Shapes, tuple[Any, ...], Size], Shape]
"""Shapes of the operands and the parameters in, shape of the value out. Raises ValueError for parameters outside the grammar."""

LARGEST = 2**40
"""Axes are no longer than this."""
LONGEST = 13000
"""Bits of the numerator and the denominator of a number: what Python reads and writes as decimals."""


def check_dimension(dim: Any, known: Sequence[str]) -> Dim:
    """The dimension, if it is one: a whole number from 0, or the text of a polynomial in known letters and minima. Raises ValueError."""
    if type(dim) is int and 0 <= dim <= LARGEST:
        return dim
    return _polynomial(dim, known)


def _polynomial(dim: Any, known: Sequence[str]) -> str:
    if not isinstance(dim, str) or len(dim) > 1000 or _spelt(dim) != dim or not set(letters([dim])) <= set(known):
        raise ValueError(dim)
    return dim


def _spelt(dim: Dim) -> Dim:
    """A dimension as it is written: a sum of products of letters and minima, which are a dimension and a number each."""
    total: Dim = 0
    for coefficient, factors in terms(dim):
        product: Dim = coefficient
        for factor in factors:
            product = multiply(product, factor if isinstance(factor, str) else f"minimum({_spelt(factor[0])}, {abs(factor[1])})")
        total = add(total, product)
    return total


_LETTER = re.compile(r"""[^\s*+\-\d'"()\[\]{},:;=#\\][^\s*+\-'"()\[\]{},:;=#\\]*""")


def check_letter(letter: Any) -> None:
    """Raises ValueError for what cannot be the name of a dimension."""
    if not isinstance(letter, str) or not letter.isprintable() or not _LETTER.fullmatch(letter):
        raise ValueError(letter)


# ---------------------------------------------------------------- the grammar of parameters


def _none(parameters: tuple[Any, ...]) -> None:
    if parameters:
        raise ValueError(parameters)


def _integer(value: Any, low: int, high: int) -> int:
    """The value, if it is a whole number from low up to but not including high."""
    if type(value) is not int or not low <= value < high:
        raise ValueError(value)
    return value


def _axes(value: Any, rank: int) -> tuple[int, ...]:
    """The value, if it is a tuple of distinct axes."""
    if not isinstance(value, tuple) or not value or len(set(value)) < len(value):
        raise ValueError(value)
    return tuple(_integer(a, 0, rank) for a in value)


def _dims(value: Any, size: Size) -> Shape:
    if not isinstance(value, tuple):
        raise ValueError(value)
    return tuple(map(size, value))


def _equal(a: Any, b: Any) -> None:
    if a != b:
        raise ValueError(a, b)


def stretched(shapes: Shapes) -> Shape:
    """NumPy's broadcast. Raises ValueError where the shapes do not conform.

    >>> stretched([("n", 1), (3,), ()])
    ('n', 3)
    """
    longest = max(map(len, shapes), default=0)
    result: list[Dim] = [1] * longest
    for shape in shapes:
        for k, dim in enumerate(shape, longest - len(shape)):
            if dim != 1:
                if result[k] not in (1, dim):
                    raise ValueError(shapes)
                result[k] = dim
    return tuple(result)


# ---------------------------------------------------------------- rules


def of_constant(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    value, *exact = parameters
    if value not in ("pi", "inf", "-inf") and not (type(value) is float and isfinite(value)):
        raise ValueError(value)
    if exact:
        numerator, denominator = exact
        _integer(denominator, 1, 2**LONGEST)
        _integer(numerator, -(2**LONGEST), 2**LONGEST)
        _equal(_nearest(numerator, denominator), value)
    return ()


def _nearest(numerator: int, denominator: int) -> float | str:
    try:
        return numerator / denominator
    except OverflowError:
        return "inf" if numerator > 0 else "-inf"


def of_size(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    size(*parameters)
    return ()


def of_arithmetic(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _none(parameters)
    return stretched(shapes)


def of_call(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    name, form = parameters
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(name)
    check_form(form, len(shapes))
    return stretched(shapes)


def of_compare(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (sign,) = parameters
    if sign not in COMPARISONS:
        raise ValueError(sign)
    return stretched(shapes)


def of_same(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _none(parameters)
    return shapes[0]


def of_view(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (x,), (axes,) = shapes, parameters
    if not x or sorted(a for a in axes if a is not None) != list(range(len(x))) or any(type(a) is bool for a in axes):
        raise ValueError(axes)
    return tuple(1 if a is None else x[a] for a in axes)


def of_drop(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (x,), (axes,) = shapes, parameters
    dropped = _axes(axes, len(x))
    if any(x[a] != 1 for a in dropped):
        raise ValueError(axes)
    return tuple(d for k, d in enumerate(x) if k not in dropped)


def of_broadcast(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (x,), (shape,) = shapes, parameters
    wanted = _dims(shape, size)
    if len(x) > len(wanted) or not all(d in (1, w) for d, w in zip(x, wanted[len(wanted) - len(x) :], strict=True)):
        raise ValueError(shape)
    return wanted


def of_sum(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (axes,) = parameters
    summed = _axes(axes, len(shapes[0]))
    return tuple(d for k, d in enumerate(shapes[0]) if k not in summed)


def of_diagonal(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (x,), (axes,) = shapes, parameters
    a, b = _axes(axes, len(x))
    _equal(x[a], x[b])
    return (*(d for k, d in enumerate(x) if k not in (a, b)), x[a])


def of_embed(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (x,), (pattern, shape) = shapes, parameters
    wanted = _dims(shape, size)
    distinct = list(dict.fromkeys(_integer(k, 0, len(wanted)) for k in pattern))
    _equal((len(pattern), distinct), (len(wanted), list(range(len(distinct)))))
    sizes = tuple(wanted[pattern.index(k)] for k in distinct)
    if any(sizes[k] != d for k, d in zip(pattern, wanted, strict=True)):
        raise ValueError(parameters)
    _equal(stretched([x, sizes]), sizes)
    return wanted


def of_matmul(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _none(parameters)
    x, y = shapes
    if not x or not y:
        raise ValueError(shapes)
    _equal(x[-1], y[-2] if len(y) > 1 else y[0])
    return (*stretched([x[:-2], y[:-2]]), *x[-2:-1], *(y[-1:] if len(y) > 1 else ()))


def of_inner(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _none(parameters)
    _equal(*shapes)
    return ()


def of_tensordot(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (x, y), (a, b) = shapes, parameters
    one, two = _axes(a, len(x)), _axes(b, len(y))
    _equal([x[k] for k in one], [y[k] for k in two])
    return (*(d for k, d in enumerate(x) if k not in one), *(d for k, d in enumerate(y) if k not in two))


_SUBSCRIPTS = re.compile(r"[a-zA-Z]*(,[a-zA-Z]*)*->[a-zA-Z]*")


def of_einsum(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (text,) = parameters
    if not isinstance(text, str) or not _SUBSCRIPTS.fullmatch(text):
        raise ValueError(text)
    left, output = text.split("->")
    operands = left.split(",")
    _equal([len(s) for s in operands], [len(x) for x in shapes])
    sizes: dict[str, Dim] = {}
    for letter, dim in ((letter, dim) for s, x in zip(operands, shapes, strict=True) for letter, dim in zip(s, x, strict=True)):
        _equal(sizes.setdefault(letter, dim), dim)
    _equal(len(set(output)), len(output))
    return tuple(sizes[letter] if letter in sizes else _missing(letter) for letter in output)


def _missing(letter: str) -> Dim:
    raise ValueError(letter)


def of_gram(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _none(parameters)
    (n, k), w = shapes
    _equal(w, (n,))
    return k, k


# ---------------------------------------------------------------- rules of what moves elements


def _slots(items: Any, x: Shape, size: Size) -> list[tuple[tuple[Any, ...], Dim | None]]:
    """Each item of an index with the axis that it indexes, None for a new one; the items are those of `operations.selections`."""
    if not isinstance(items, tuple):
        raise ValueError(items)
    _equal(sum(item[:1] != ("new",) for item in items), len(x))
    axes = iter(x)
    found: list[tuple[tuple[Any, ...], Dim | None]] = []
    for item in items:
        if item == ("new",):
            found.append((item, None))
        elif item[0] == "at" and len(item) == 2:
            axis = next(axes)
            if isinstance(item[1], int) and isinstance(axis, int):
                _integer(item[1], 0, axis)
            size(item[1])
            found.append((item, axis))
        else:
            word, start, stop, step = item
            _equal(word, "slice")
            if _integer(step, -LARGEST, LARGEST) == 0:
                raise ValueError(item)
            axis = next(axes)
            for end in (start, stop):
                if end != -1:  # before the first element
                    size(end)
            if isinstance(axis, int) and any(isinstance(end, int) and end > axis for end in (start, stop)):
                raise ValueError(item)
            found.append((item, axis))
    return found


def _length(start: Dim, stop: Dim, step: int) -> Dim:
    span = add(stop, start, -1) if step > 0 else add(start, stop, -1)
    if isinstance(span, int):
        return max(0, -(-span // abs(step)))
    _equal(abs(step), 1)
    return span


def _indexed(items: Any, x: Shape, size: Size) -> Shape:
    slots = _slots(items, x, size)
    return tuple(1 if axis is None else _length(*item[1:]) for item, axis in slots if item[0] != "at")


def of_index(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (items,) = parameters
    return _indexed(items, shapes[0], size)


def of_place(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    items, shape = parameters
    wanted = _dims(shape, size)
    _equal(_indexed(items, wanted, size), shapes[0])
    return wanted


def of_concatenate(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (axis,) = parameters
    first = shapes[0]
    _integer(axis, 0, len(first))
    total: Dim = 0
    for x in shapes:
        _equal((len(x), x[:axis], x[axis + 1 :]), (len(first), first[:axis], first[axis + 1 :]))
        total = add(total, x[axis])
    return (*first[:axis], total, *first[axis + 1 :])


def _count(shape: Shape) -> Dim:
    total: Dim = 1
    for dim in shape:
        total = multiply(total, dim)
    return total


def of_reshape(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (shape,) = parameters
    wanted = _dims(shape, size)
    _equal(_count(wanted), _count(shapes[0]))
    return wanted


def of_roll(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    shift, axis = parameters
    _integer(axis, 0, len(shapes[0]))
    if isinstance(shift, str):
        size(shift)
    else:
        _integer(shift, -LARGEST, LARGEST)
    return shapes[0]


def of_gather(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _none(parameters)
    x, labels = shapes
    _equal((len(labels), bool(x)), (1, True))
    return (*labels, *x[1:])


def of_scatter(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (y, labels), (n,) = shapes, parameters
    _equal(y[:1], labels)
    _equal(len(labels), 1)
    return (size(n), *y[1:])


def of_onehot(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (k,) = parameters
    return (*shapes[0], size(k))


# ---------------------------------------------------------------- rules of what works along axes, and of linear algebra


def of_along(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (axis,) = parameters
    _integer(axis, 0, len(shapes[0]))
    return shapes[0]


def of_keys(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    y, x = shapes
    of_along([x], parameters, size)
    _equal(y[len(y) - len(x) :], x)
    return y


def of_convolution(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _none(parameters)
    a, v = shapes
    _equal(v[:-1], a[:-1] if len(v) > 1 else ())
    return (*a[:-1], add(add(a[-1], v[-1]), -1))


def of_balanced(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    shape = of_along(shapes, parameters, size)
    _equal(shapes[1], shape)
    if len(shapes) == 3:
        _equal(shapes[2], tuple(d for k, d in enumerate(shape) if k != parameters[0]))
    return shape


def of_norm(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _equal(of_sum(shapes[1:], parameters, size), shapes[0])
    return shapes[0]


def of_unit(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _equal(of_sum(shapes[:1], parameters, size), shapes[1])
    return shapes[0]


def of_square(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _none(parameters)
    (*_, a, b) = shapes[0]
    _equal(a, b)
    return shapes[0]


def of_determinant(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    return of_square(shapes, parameters, size)[:-2]


def of_pinv(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _none(parameters)
    (*stack, a, b) = shapes[0]
    return (*stack, b, a)


def of_values(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    return of_square(shapes, parameters, size)[:-1]


def of_each_matrix(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _none(parameters)
    (*_, _, _) = shapes[0]
    return shapes[0]


def of_matrix_norm(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    return of_each_matrix(shapes, parameters, size)[:-2]


def _rank(rows: Dim, columns: Dim) -> Dim:
    """The smaller one, where that can be told."""
    gap = add(rows, columns, -1)
    if not isinstance(gap, int):
        raise ValueError(rows, columns)
    return columns if gap >= 0 else rows


def of_singular(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (*stack, a, b) = of_each_matrix(shapes, parameters, size)
    return (*stack, _rank(a, b))


def of_left(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (*stack, a, b) = of_each_matrix(shapes, parameters, size)
    return (*stack, a, _rank(a, b))


def of_right(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (*stack, a, b) = of_each_matrix(shapes, parameters, size)
    return (*stack, _rank(a, b), b)


def of_sylvester(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    a, b, q = shapes
    _equal((len(of_square([a], parameters, size)), len(of_square([b], parameters, size))), (2, 2))
    _equal(q[-2:], (a[0], b[0]))
    return q


def of_frechet(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    matrix = of_square(shapes, parameters, size)
    _equal((len(matrix), shapes[1][-2:]), (2, matrix))
    return shapes[1]


def of_triangle(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    (k,) = parameters
    _integer(k, -LARGEST, LARGEST)
    (*_, _, _) = shapes[0]
    return shapes[0]


def of_declared(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    """No file can hold it: what it computes is known to the process that declared it."""
    raise ValueError(parameters)


def of_cross(shapes: Shapes, parameters: tuple[Any, ...], size: Size) -> Shape:
    _none(parameters)
    _equal(*shapes)
    _equal(shapes[0][-1:], (3,))
    return shapes[0]
