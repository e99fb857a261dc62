"""Operations by order: sorting, arranging by the ranks of keys, running extremes. Where entries are tied there is no derivative.

take_sorted(y, x) is y in the order that sorts x, and take_ranked(y, x) puts it back: each is the adjoint of the other, linear in y, and
constant in x between the points where two keys are equal. Both take more leading axes of y than x has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from symchain.errors import ShapeError
from symchain.functions.spec import Case, Noun, declare_operation
from symchain.operations.calling import Axis, along_call, normal_axis, running_call
from symchain.operations.pulling import operand_axes, slice_along
from symchain.operations.shapes import check_axes, same
from symchain.support.dimensions import Shape, add, show
from symchain.support.notation import Phrase
from symchain.tensors import nodes
from symchain.tensors.matrixform import axis_keyword
from symchain.tensors.nodes import ONE, ZERO, Operation, Tree, contract, named_operation

_Array = np.ndarray[Any, np.dtype[Any]]


def _along(name: str) -> Callable[[tuple[Shape, ...], tuple[Any, ...]], Shape]:
    def shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
        check_axes(name, shapes[0], parameters)
        return same(shapes, parameters)

    return shape


def _by_keys(name: str) -> Callable[[tuple[Shape, ...], tuple[Any, ...]], Shape]:
    def shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
        (y, x), (axis,) = shapes, parameters
        check_axes(name, x, (axis,))
        if y[len(y) - len(x) :] != x:
            what = f"{name} needs keys of the shape of the entries, not {show(x)} for {show(y)}"
            raise ShapeError(what, advice="Give one key per entry.")
        return y

    return shape


# ---------------------------------------------------------------- meanings


def _order(x: _Array, axis: int) -> Any:
    return np.argsort(x if x.dtype == object else np.real(x), axis=axis, kind="stable")


def _taken(y: _Array, order: _Array, axis: int) -> Any:
    lead = y.ndim - order.ndim
    return np.take_along_axis(y, np.broadcast_to(order, y.shape), lead + axis)


def _take_sorted(y: _Array, x: _Array, axis: int) -> Any:
    return _taken(y, _order(x, axis), axis)


def _take_ranked(y: _Array, x: _Array, axis: int) -> Any:
    return _taken(y, np.argsort(_order(x, axis), axis=axis), axis)


def _running(largest: bool) -> Callable[[_Array, int], Any]:
    """The running maximum or minimum by real part, so that a complex step follows the entry chosen."""

    def evaluate(x: _Array, axis: int) -> Any:
        if not np.iscomplexobj(x):
            return (np.maximum if largest else np.minimum).accumulate(x, axis=axis)
        rows = np.moveaxis(x, axis, -1)
        if not rows.size:
            return x
        best = (np.maximum if largest else np.minimum).accumulate(rows.real, axis=-1)
        places = np.maximum.accumulate(np.where(rows.real == best, np.arange(rows.shape[-1]), 0), axis=-1)
        return np.moveaxis(np.take_along_axis(rows, places, -1), -1, axis)

    return evaluate


# ---------------------------------------------------------------- pullbacks


def _sort_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G put back where the entries came from."""
    return named_operation("take_ranked", cotangent, node.args[0], parameters=node.parameters)


def _by_keys_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dY = G arranged the other way; the keys only choose."""
    y, x = node.args
    if k == 1:
        return nodes.zeros((*cotangent.shape[:lead], *x.shape))
    other = "take_ranked" if node.operation.name == "take_sorted" else "take_sorted"
    return named_operation(other, cotangent, x, parameters=node.parameters)


def _running_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX[j] = the sum of G[i] over the i >= j at which x[j] is the extreme so far, shared equally among ties."""
    (x,), (axis,) = node.args, node.parameters
    before, axes = operand_axes(lead, x)
    n, rest = x.shape[axis], [j for j in axes if j != axis]
    pair = [*rest, "i", axis]
    sizes: dict[Any, Any] = {**dict(enumerate(x.shape)), "i": n}
    entries = contract([x], [axes], pair, sizes)
    extremes = contract([node], [["i" if j == axis else j for j in axes]], pair, sizes)
    chosen = named_operation("tril", nodes.where(nodes.compare("==", entries, extremes), ONE, ZERO), parameters=(0,))
    count = nodes.reduce_sum(chosen, [len(pair) - 1])
    at = ["i" if j == axis else j for j in axes]
    return contract([cotangent, chosen, nodes.reciprocal(count)], [[*before, *at], pair, pair[:-1]], [*before, *axes])


# ---------------------------------------------------------------- kinks, calls, how they are written


def _ties(keys: int) -> Callable[[Operation], Iterator[tuple[Tree, Tree | float]]]:
    """Where two keys are equal, neighbours are in order."""

    def kinks(node: Operation) -> Iterator[tuple[Tree, Tree | float]]:
        x, (axis,) = node.args[keys], node.parameters
        if x.shape[axis] != 1:
            yield from _neighbours(named_operation("sort", x, parameters=(axis,)), axis)

    return kinks


def _neighbours(tree: Tree, axis: int) -> Iterator[tuple[Tree, Tree | float]]:
    n = tree.shape[axis]
    yield slice_along(tree, axis, 1, n), slice_along(tree, axis, 0, add(n, -1))


def _by_keys_call(name: str) -> Callable[..., Tree]:
    def call(y: Tree, x: Tree, axis: Axis = -1) -> Tree:
        return named_operation(name, y, x, parameters=(normal_axis(axis, len(x.shape)),))

    return call


def _written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """sort(x, axis=0); the last axis is left out."""
    (axis,), rank = node.parameters, len(node.args[-1].shape)
    keywords = {} if axis == rank - 1 else axis_keyword(axis, rank)
    return Phrase("call", tuple(phrases[a] for a in node.args), node.operation.name, tuple(keywords.items()))


def _running_written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    (x,), (axis,) = node.args, node.parameters
    return Phrase("call", (phrases[x],), node.operation.name, tuple(axis_keyword(axis, len(x.shape)).items()))


# ---------------------------------------------------------------- records

_CASES = (Case((("m",),), (0,)), Case((("n", "m"),), (0,)), Case((("k", "n", "m"),), (2,)))
_PAIRS = (Case((("m",), ("m",)), (0,)), Case((("k", "n", "m"), ("n", "m")), (0,)), Case((("n", "m"), ("n", "m")), (1,)))

declare_operation(
    "sort",
    shape=_along("sort"),
    evaluate=lambda x, axis: _take_sorted(x, x, axis),
    pullback=_sort_pullback,
    kinks=_ties(0),
    call=along_call("sort"),
    noun=Noun("sorted array", "tableau trié", "m"),
    reason={
        "en": "In {block}, {operation} holds the entries of {operand} in order: a small change of an entry moves that entry alone, with "
        "slope 1.",
        "fr": "Dans {block}, {operation} contient les coefficients de {operand} dans l'ordre : une petite variation d'un coefficient ne "
        "change que lui, avec la pente 1.",
    },
    written=_written,
    latex=r"\operatorname{sort}",
    cases=_CASES,
    refused=(((("n",),), (1,)), (((),), (0,))),
)
for _name, _evaluate, _noun in (
    ("take_sorted", _take_sorted, Noun("arrangement by sorted keys", "mise dans l'ordre des clés", "f")),
    ("take_ranked", _take_ranked, Noun("arrangement by the ranks of keys", "rangement selon le rang des clés", "m")),
):
    declare_operation(
        _name,
        shape=_by_keys(_name),
        evaluate=_evaluate,
        pullback=_by_keys_pullback,
        kinks=_ties(1),
        call=_by_keys_call(_name),
        noun=_noun,
        written=_written,
        latex=rf"\operatorname{{{_name.removeprefix('take_')}}}",
        cases=_PAIRS,
        refused=(((("n",), ("m",)), (0,)), ((("n",), ("n",)), (1,))),
    )
for _name, _largest, _en, _fr in (
    ("cummax", True, "running maximum", "maximum cumulé"),
    ("cummin", False, "running minimum", "minimum cumulé"),
):
    declare_operation(
        _name,
        shape=_along(_name),
        evaluate=_running(_largest),
        pullback=_running_pullback,
        kinks=_ties(0),
        call=running_call(_name),
        noun=Noun(_en, _fr, "m"),
        reason={
            "en": "In {block}, each entry of {operation} is one entry of {operand}, the extreme so far: only that one counts, with slope 1 "
            "(ties share it equally).",
            "fr": "Dans {block}, chaque coefficient de {operation} est un coefficient de {operand}, l'extremum atteint jusque-là : lui "
            "seul compte, avec la pente 1 (partagée à égalité entre ex æquo).",
        },
        written=_running_written,
        latex=rf"\operatorname{{{_name}}}",
        cases=_CASES,
        refused=(((("n",),), (1,)), (((),), (0,))),
    )
