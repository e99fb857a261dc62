"""Operations that select elements, by position or by label, and their adjoints, which put elements among zeros. All are linear.

`index` and `place` share their items, one for each axis of the larger array or new axis, in order:

    ("at", k)                     one element; the axis is dropped
    ("slice", start, stop, step)  start and stop as Python's slice.indices gives them; before 0 is -1
    ("new",)                      an axis of size 1 that the larger array lacks
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from symchain.errors import ShapeError, UnsupportedError
from symchain.functions.spec import Case, Noun, declare_operation
from symchain.operations.pulling import whole_axes
from symchain.support.dimensions import Dim, Shape, add, at_least, minimum, show
from symchain.support.notation import Phrase, call
from symchain.tensors import nodes
from symchain.tensors.matrixform import parameter_phrase
from symchain.tensors.nodes import Operation, Tree, named_operation
from symchain.tensors.placing import item_phrase, placed

_Array = np.ndarray[Any, np.dtype[Any]]
_Items = tuple[tuple[Any, ...], ...]
_Map = Callable[[Dim], Any]


# ---------------------------------------------------------------- by position


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
    out[_key(items)] = y[()] if isinstance(y, np.ndarray) else y  # a number by itself: among numbers of mpmath an array would stay one
    return out


def _index_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = zeros with G where Y was taken from."""
    before: Shape = cotangent.shape[:lead]
    return named_operation("place", cotangent, parameters=((*whole_axes(before), *node.parameters[0]), before + node.args[0].shape))


def _place_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = the elements of G where X was put."""
    return named_operation("index", cotangent, parameters=((*whole_axes(cotangent.shape[:lead]), *node.parameters[0]),))


def _index_written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """x[0, 1:]."""
    items, axis = [], 0
    for item in node.parameters[0]:
        items.append(item_phrase(item, node.args[0].shape[axis] if item[0] != "new" else None))
        axis += item[0] != "new"
    return Phrase("index", (phrases[node.args[0]], *items))


def _place_written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """In the words NumPy has."""
    return placed(phrases[node.args[0]], *node.parameters)


declare_operation(
    "index",
    shape=_index_shape,
    evaluate=lambda x, items: x[_key(items)],
    pullback=_index_pullback,
    noun=Noun("extraction", "extraction", "f"),
    written=_index_written,
    linear=True,
    dims=lambda parameters, f: (_map_items(parameters[0], f),),
    needs=_index_needs,
    cases=(
        Case((("m",),), ((("at", "m - 1"),),)),
        Case((("m", "n"),), ((("slice", 1, "m", 1), ("at", 0)),)),
        Case((("n",),), ((("slice", "n - 1", -1, -1),),)),
        Case((("m", 6),), ((("slice", 1, "m - 1", 1), ("new",), ("slice", 1, 6, 2)),)),
        Case(((7,),), ((("slice", 5, 0, -2),),)),
        Case(((7,),), ((("slice", 6, -1, -3),),)),
        Case(((),), ((("new",), ("new",)),)),
    ),
    refused=(
        ((("n", "m"),), ((("at", 0),),)),
        (((3,),), ((("at", 3),),)),
        ((("n",),), ((("slice", 0, "n + 1", 1),),)),
        ((("n",),), ((("at", "n"),),)),
    ),
)
declare_operation(
    "place",
    shape=_place_shape,
    evaluate=_place,
    pullback=_place_pullback,
    noun=Noun("placement among zeros", "placement parmi des zéros", "m"),
    written=_place_written,
    latex=r"\operatorname{place}",
    linear=True,
    dims=lambda parameters, f: (_map_items(parameters[0], f), tuple(map(f, parameters[1]))),
    cases=(
        Case(((),), ((("at", "m - 1"),), ("m",))),
        Case((("n",),), ((("at", 1), ("slice", 0, "n", 1)), ("m", "n"))),
        Case((("m - 1",),), ((("slice", 1, "m", 1), ("at", 0)), ("m", "n"))),
        Case((("n",),), ((("slice", "n - 1", -1, -1),), ("n",))),
        Case((("n - 1",),), ((("slice", "n - 1", 0, -1),), ("n",))),
        Case((("m - 2", 1, 3),), ((("slice", 1, "m - 1", 1), ("new",), ("slice", 1, 6, 2)), ("m", 6))),
        Case(((3,),), ((("slice", 5, 0, -2),), (7,))),
        Case(((3,),), ((("slice", 6, -1, -3),), (7,))),
    ),
    refused=(((("n",),), ((("slice", 1, "m", 1),), ("m",))),),
)


# ---------------------------------------------------------------- by label


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


def _gather_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = the rows of G added up by label."""
    x, labels = node.args
    return _by_rows(cotangent, lead, lambda g: named_operation("scatter", g, labels, parameters=(x.shape[0],)))


def _scatter_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = the rows of G that the labels name."""
    return _by_rows(cotangent, lead, lambda g: named_operation("gather", g, node.args[1]))


def _by_rows(tree: Tree, lead: int, f: Callable[[Tree], Tree]) -> Tree:
    """f acts on axis 0: bring the axis after the leading ones there, and back."""
    rest = range(lead + 1, len(tree.shape))
    there = nodes.transpose(tree, (lead, *range(lead), *rest)) if lead else tree
    done = f(there)
    return nodes.transpose(done, (*range(1, lead + 1), 0, *rest)) if lead else done


def _scatter_call(y: Tree, labels: Tree, n: Dim) -> Tree:
    return named_operation("scatter", y, labels, parameters=(n,))


def _gather_written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """x[labels]."""
    return Phrase("index", (phrases[node.args[0]], phrases[node.args[1]]))


def _scatter_written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """onehot(labels, n).T @ y, where that is a product of matrices."""
    (y, labels), (n,) = node.args, node.parameters
    if len(y.shape) > 2:
        return call("scatter", phrases[y], phrases[labels], parameter_phrase(n))
    return Phrase("matmul", (Phrase("transpose", (call("onehot", phrases[labels], parameter_phrase(n)),)), phrases[y]))


declare_operation(
    "gather",
    shape=_gather_shape,
    evaluate=lambda x, labels: x[_whole(labels)],
    pullback=_gather_pullback,
    operands=("x", "labels"),
    noun=Noun("choice of rows", "choix de lignes", "m"),
    written=_gather_written,
    linear=True,
    integers=(1,),
    cases=(Case((("k",), ("m",)), domain="labels"), Case((("k", "n"), ("m",)), domain="labels")),
    refused=((((), ("m",)), ()), ((("n",), ("m", "k")), ())),
)
declare_operation(
    "scatter",
    shape=_scatter_shape,
    evaluate=_scatter,
    pullback=_scatter_pullback,
    call=_scatter_call,
    noun=Noun("sum by label", "somme par étiquette", "f"),
    written=_scatter_written,
    latex=r"\operatorname{scatter}",
    linear=True,
    dims=lambda parameters, f: (f(parameters[0]),),
    integers=(1,),
    cases=(Case((("m",), ("m",)), ("k",), domain="labels"), Case((("m", "n", 2), ("m",)), ("l",), domain="labels")),
    refused=(((("n",), ("m",)), (3,)), (((), ("m",)), (3,))),
)
