"""Operations that move elements without computing: slices, stacks, reshapes, gathers and their adjoints. All are linear.

`index` and `place` share their items, one for each axis of the larger array or new axis, in order:

    ("at", k)                     one element; the axis is dropped
    ("slice", start, stop, step)  start and stop as Python's slice.indices gives them; before 0 is -1
    ("new",)                      an axis of size 1 that the larger array lacks
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from symchain.errors import ShapeError, UnsupportedError
from symchain.functions.spec import Noun, declare_operation
from symchain.operations.shapes import check_axes, same
from symchain.support.dimensions import Dim, Shape, add, at_least, minimum, multiply, show

_Array = np.ndarray[Any, np.dtype[Any]]
_Items = tuple[tuple[Any, ...], ...]
_Map = Callable[[Dim], Any]


# ---------------------------------------------------------------- index and place


def _length(start: Dim, stop: Dim, step: int) -> Dim:
    """The number of elements of a slice."""
    span = add(stop, start, -1) if step > 0 else add(start, stop, -1)
    if isinstance(span, int):
        return max(0, -(-span // abs(step)))
    if abs(step) == 1:
        return span
    raise UnsupportedError(
        f"a slice with step {step} of {span} elements has no size in letters", advice="Declare the axis with an integer size."
    )


def _index_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    (x,), (items,) = shapes, parameters
    if sum(item[0] != "new" for item in items) != len(x):
        raise ShapeError(
            f"an operand of shape {show(x)} is indexed over {sum(i[0] != 'new' for i in items)} axes", advice="Give one index per axis."
        )
    axes = iter(x)
    out: list[Dim] = []
    for item in items:
        if item[0] == "new":
            out.append(1)
            continue
        axis = next(axes)
        if item[0] == "at":
            _check_inside(item[1], axis, x, last=add(axis, 1, -1))
        else:
            _, start, stop, step = item
            length = _length(start, stop, step)
            if length != 0:
                _check_inside(start, axis, x, last=axis)
                _check_inside(stop if step > 0 else add(stop, 1), axis, x, last=axis)
            out.append(length)
    return tuple(out)


def _index_needs(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Iterator[tuple[Dim, int, str]]:
    """Every entry that is taken is there, and no slice ends before it begins."""
    axes = iter(shapes[0])
    for item in parameters[0]:
        if item[0] == "new":
            continue
        axis = next(axes)
        if item[0] == "at":
            what = f"entry {item[1]} of an axis of size {axis}"
            yield item[1], 0, what
            yield add(axis, item[1], -1), 1, what
            continue
        _, start, stop, step = item
        what = f"the slice {start}:{'' if stop == -1 else stop}{'' if step == 1 else f':{step}'} of an axis of size {axis}"
        length = _length(start, stop, step)
        if step > 0:
            end = add(start, step * (length - 1) + 1) if isinstance(length, int) and length else stop
            yield from ((start, 0, what), (length, 0, what), (add(axis, end, -1), 0, what))
            continue
        yield add(axis, start, -1), 1, what
        if not at_least(add(start, minimum(axis, 1), -1), -1):  # an axis without entries is reversed from before its first
            yield start, 0, what
        if stop != -1:
            yield from ((stop, 0, what), (length, 0, what))


def _check_inside(k: Dim, axis: Dim, shape: Shape, last: Dim) -> None:
    """Refuse an index that is outside whatever the letters stand for."""
    room = add(last, k, -1)
    if (isinstance(room, int) and room < 0) or (isinstance(k, int) and k < 0):
        raise ShapeError(f"index {k} is outside an axis of size {axis} (operand of shape {show(shape)})", advice="Indices count from 0.")


def _place_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    (y,), (items, shape) = shapes, parameters
    fits = _index_shape((shape,), (items,))
    if fits != y:
        raise ShapeError(
            f"an operand of shape {show(y)} is placed where {show(fits)} is needed", advice="It must have the shape of what is indexed."
        )
    return shape


def _map_items(items: _Items, f: _Map) -> _Items:
    def mapped(item: tuple[Any, ...]) -> tuple[Any, ...]:
        if item[0] == "at":
            return ("at", f(item[1]))
        return item if item[0] == "new" else ("slice", f(item[1]), f(item[2]), item[3])

    return tuple(map(mapped, items))


def _key(items: _Items) -> tuple[Any, ...]:
    """The items as NumPy's index."""

    def part(item: tuple[Any, ...]) -> Any:
        if item[0] == "new":
            return None
        if item[0] == "at":
            return item[1]
        _, start, stop, step = item
        return slice(start, None if stop < 0 else stop, step)

    return tuple(map(part, items))


def _place(y: _Array, items: _Items, shape: tuple[int, ...]) -> _Array:
    out = np.zeros(shape, np.result_type(y))
    out[_key(items)] = y
    return out


declare_operation(
    "index",
    shape=_index_shape,
    evaluate=lambda x, items: x[_key(items)],
    noun=Noun("extraction", "extraction", "f"),
    linear=True,
    dims=lambda parameters, f: (_map_items(parameters[0], f),),
    needs=_index_needs,
)
declare_operation(
    "place",
    shape=_place_shape,
    evaluate=_place,
    noun=Noun("placement among zeros", "placement parmi des zéros", "m"),
    latex=r"\operatorname{place}",
    linear=True,
    dims=lambda parameters, f: (_map_items(parameters[0], f), tuple(map(f, parameters[1]))),
)


# ---------------------------------------------------------------- joining, reshaping, moving


def _concatenate_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    (axis,) = parameters
    first, total = shapes[0], shapes[0]
    check_axes("concatenate", first, (axis,))
    for other in shapes[1:]:
        if (*other[:axis], *other[axis + 1 :]) != (*first[:axis], *first[axis + 1 :]) or len(other) != len(first):
            raise ShapeError(
                f"{show(first)} and {show(other)} cannot be joined along axis {axis}", advice="All other axes must have equal sizes."
            )
        total = (*total[:axis], add(total[axis], other[axis]), *total[axis + 1 :])
    return total


def _reshape_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    (x,), (shape,) = shapes, parameters
    before: Dim = 1
    after: Dim = 1
    for d in x:
        before = multiply(before, d)
    for d in shape:
        after = multiply(after, d)
    if before != after:
        raise ShapeError(
            f"{before} elements of shape {show(x)} cannot be laid out as {show(shape)}, which has {after}",
            advice="Both shapes need the same number of elements.",
        )
    return tuple(shape)


def _flip_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    check_axes("flip", shapes[0], parameters)
    return same(shapes, parameters)


def _roll_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    check_axes("roll", shapes[0], parameters[1:])
    return same(shapes, parameters)


def _check_labels(name: str, labels: Shape) -> None:
    if len(labels) != 1:
        raise ShapeError(
            f"{name} takes a vector of labels, not an operand of shape {show(labels)}", advice="Declare the labels as (m,) integer."
        )


def _gather_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    x, labels = shapes
    _check_labels("gather", labels)
    if not x:
        raise ShapeError("a scalar cannot be indexed by labels", advice="The operand needs an axis to choose from.")
    return (*labels, *x[1:])


def _scatter_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    (y, labels), (n,) = shapes, parameters
    _check_labels("scatter", labels)
    if not y or y[0] != labels[0]:
        raise ShapeError(f"scatter needs one label per row, not {show(labels)} for {show(y)}", advice="Both have the same first size.")
    return (n, *y[1:])


def _whole(labels: Any) -> Any:
    """Labels as ints; verification hands all arrays over as complex ones."""
    return np.real(labels).astype(int)


def _scatter(y: _Array, labels: _Array, n: int) -> _Array:
    out = np.zeros((n, *y.shape[1:]), np.result_type(y))
    np.add.at(out, _whole(labels), y)
    return out


def _concatenate(*arguments: Any) -> Any:
    *xs, axis = arguments
    return np.concatenate(xs, axis=axis)


declare_operation(
    "concatenate",
    shape=_concatenate_shape,
    evaluate=_concatenate,
    noun=Noun("concatenation", "concaténation", "f"),
    latex=r"\operatorname{concatenate}",
    linear=True,
)
declare_operation(
    "reshape",
    shape=_reshape_shape,
    evaluate=lambda x, shape: np.reshape(x, shape),
    noun=Noun("change of shape", "changement de forme", "m"),
    latex=r"\operatorname{reshape}",
    linear=True,
    dims=lambda parameters, f: (tuple(map(f, parameters[0])),),
)
declare_operation(
    "flip",
    shape=_flip_shape,
    evaluate=lambda x, axis: np.flip(x, axis),
    noun=Noun("reversal", "renversement", "m"),
    latex=r"\operatorname{flip}",
    linear=True,
)
declare_operation(
    "roll",
    shape=_roll_shape,
    evaluate=lambda x, shift, axis: np.roll(x, shift, axis),
    noun=Noun("cyclic shift", "décalage circulaire", "m"),
    latex=r"\operatorname{roll}",
    linear=True,
    dims=lambda parameters, f: (f(parameters[0]), parameters[1]),
)
declare_operation(
    "gather",
    shape=_gather_shape,
    evaluate=lambda x, labels: x[_whole(labels)],
    noun=Noun("choice of rows", "choix de lignes", "m"),
    linear=True,
    integers=(1,),
)
declare_operation(
    "scatter",
    shape=_scatter_shape,
    evaluate=_scatter,
    noun=Noun("sum by label", "somme par étiquette", "f"),
    latex=r"\operatorname{scatter}",
    linear=True,
    dims=lambda parameters, f: (f(parameters[0]),),
    integers=(1,),
)
