"""Operations that put elements elsewhere without computing: joining, reshaping, reversing, shifting around. All are linear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symchain.errors import ShapeError
from symchain.functions.spec import Case, Noun, declare_operation
from symchain.operations.calling import Axes, Axis, Sizes, Trees, laid_out, normal_axes, normal_axis
from symchain.operations.pulling import slice_along
from symchain.operations.shapes import check_axes, same
from symchain.support.dimensions import Dim, Shape, add, multiply, show
from symchain.support.notation import Phrase, call, negate
from symchain.support.notation import number as literal
from symchain.tensors.indexgraph import COLON, NEW, dimension, product
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Contraction, Operation, Tree, element_count, multiply_scalars, named_operation


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


def _concatenate(*arguments: Any) -> Any:
    *xs, axis = arguments
    return np.concatenate(xs, axis=axis)


# ---------------------------------------------------------------- pullbacks


def _concatenate_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX_k = the part of G that X_k fills."""
    (axis,) = node.parameters
    start: Dim = 0
    for earlier in node.args[:k]:
        start = add(start, earlier.shape[axis])
    return slice_along(cotangent, lead + axis, start, add(start, node.args[k].shape[axis]))


def _reshape_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G in the shape of X."""
    return named_operation("reshape", cotangent, parameters=(cotangent.shape[:lead] + node.args[0].shape,))


def _flip_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G reversed along the axis."""
    return named_operation("flip", cotangent, parameters=(lead + node.parameters[0],))


def _roll_pullback(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = G shifted back."""
    shift, axis = node.parameters
    return named_operation("roll", cotangent, parameters=(add(0, shift, -1), lead + axis))


# ---------------------------------------------------------------- calls, read and written


def _concatenate_call(arrays: Trees, axis: Axis = 0) -> Tree:
    k = normal_axis(axis, len(arrays[0].shape))
    return arrays[0] if len(arrays) == 1 else named_operation("concatenate", *arrays, parameters=(k,))


def _reshape_call(x: Tree, shape: Sizes) -> Tree:
    return laid_out(x, _completed(x, shape) if -1 in shape else shape)


def _completed(x: Tree, shape: Shape) -> Shape:
    """The size that -1 stands for."""
    total, known = element_count(x.shape), element_count(tuple(d for d in shape if d != -1))
    if shape.count(-1) > 1:
        raise ShapeError("reshape can find one size only", advice="Write -1 once.")
    candidates: list[Dim] = [1, total, *x.shape]
    for start in range(len(x.shape)):
        for stop in range(start + 2, len(x.shape) + 1):
            candidates.append(element_count(x.shape[start:stop]))
    if isinstance(total, int) and isinstance(known, int) and total % known == 0:
        candidates.append(total // known)
    for size in candidates:
        if multiply(size, known) == total:
            return tuple(size if d == -1 else d for d in shape)
    raise ShapeError(f"{total} elements cannot be laid out as {show(shape)}", advice="Write the size in place of -1.")


def _flip_call(x: Tree, axis: Axes = None) -> Tree:
    for k in normal_axes(x, axis):
        x = named_operation("flip", x, parameters=(k,))
    return x


def _roll_call(x: Tree, shift: Dim, axis: Axes = None) -> Tree:
    if axis is None and len(x.shape) != 1:
        raise ShapeError("roll of more than one axis needs axis=", advice="Write roll(x, shift, axis=0).")
    for k in normal_axes(x, axis):
        x = named_operation("roll", x, parameters=(shift, k))
    return x


def _concatenate_written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """concatenate([x, y]), or stack([x, y]) of what has a new axis."""
    (axis,) = node.parameters
    layers = _layers(node, phrases)
    parts = Phrase("list", tuple([phrases[a] for a in node.args] if layers is None else layers))
    return Phrase("call", (parts,), "concatenate" if layers is None else "stack", (("axis", literal(axis)),) if axis else ())


def _layers(node: Any, phrases: Mapping[Tree, Phrase]) -> list[Phrase] | None:
    """What is concatenated, where each part is an array with one new axis, the one along which the parts follow each other."""
    axis, found = node.parameters[0], []
    for part in node.args:
        if isinstance(part, Contraction) and part.shape == (1,) and not any(part.subscripts):  # a number
            scalar = multiply_scalars(part.args)
            found.append(phrases[scalar] if scalar in phrases else phrase_of(scalar))
            continue
        if not isinstance(part, Contraction) or len(part.args) != 1 or len(part.output) != len(part.subscripts[0]) + 1:
            return None
        if part.shape[axis] != 1 or part.subscripts[0] != (*part.output[:axis], *part.output[axis + 1 :]) or not part.subscripts[0]:
            return None
        found.append(phrases[part.args[0]])
    return found


def _reshape_written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """reshape(x, (2, 3)), or kron(A, B)."""
    if (pair := _kronecker(node, phrases)) is not None:
        return pair
    shape = tuple(dimension(d) for d in node.parameters[0])
    return call("reshape", phrases[node.args[0]], shape[0] if len(shape) == 1 else Phrase("tuple", shape))


def _kronecker(node: Any, phrases: Mapping[Tree, Phrase]) -> Phrase | None:
    """reshape of A[i, k]*B[j, l] over (i, j), (k, l) is kron(A, B)."""
    inner = node.args[0]
    if not isinstance(inner, Contraction) or len(inner.output) != 4 or len(node.shape) != 2 or len(set(inner.dims)) < 1:
        return None
    i, j, k, m = inner.output
    scalars = [a for a, s in zip(inner.args, inner.subscripts, strict=True) if not s]
    found = {s: a for a, s in zip(inner.args, inner.subscripts, strict=True) if s}
    if set(found) != {(i, k), (j, m)} or len(found) + len(scalars) != len(inner.args):
        return None
    if node.shape != (multiply(inner.shape[0], inner.shape[1]), multiply(inner.shape[2], inner.shape[3])):
        return None
    pair = call("kron", phrases[found[i, k]], phrases[found[j, m]])
    if not scalars:
        return pair
    coefficient = multiply_scalars(scalars)
    front = phrases[coefficient] if coefficient in phrases else phrase_of(coefficient)
    return negate(product([front.parts[0], pair], [])) if front.head == "neg" else product([front, pair], [])


def _flip_written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """x[:, ::-1]."""
    before = [COLON] * node.parameters[0]
    return Phrase("index", (phrases[node.args[0]], *before, Phrase("slice", (NEW, NEW, Phrase("neg", (literal(1),))))))


def _roll_written(node: Operation, phrases: Mapping[Tree, Phrase]) -> Phrase:
    """roll(x, 1, axis=0)."""
    shift, axis = node.parameters
    return call("roll", phrases[node.args[0]], dimension(shift), axis=literal(axis))


# ---------------------------------------------------------------- records

declare_operation(
    "concatenate",
    shape=_concatenate_shape,
    evaluate=_concatenate,
    pullback=_concatenate_pullback,
    call=_concatenate_call,
    noun=Noun("concatenation", "concaténation", "f"),
    written=_concatenate_written,
    latex=r"\operatorname{concatenate}",
    linear=True,
    cases=(Case((("n",), ("m",), (1,)), (0,)), Case((("n", "k"), ("n", "m")), (1,)), Case((("n",),), (0,))),
    refused=(((("n", "k"), ("m", "k")), (1,)), ((("n",), ("n", "m")), (0,))),
)
declare_operation(
    "reshape",
    shape=_reshape_shape,
    evaluate=lambda x, shape: np.reshape(x, shape),
    pullback=_reshape_pullback,
    call=_reshape_call,
    noun=Noun("change of shape", "changement de forme", "m"),
    written=_reshape_written,
    latex=r"\operatorname{reshape}",
    linear=True,
    dims=lambda parameters, f: (tuple(map(f, parameters[0])),),
    cases=(Case((("n", "m"),), (("m*n",),)), Case(((6,),), ((2, 3),)), Case(((1, 1),), ((),))),
    refused=(((("n", "m"),), (("n",),)), (((6,),), ((4,),))),
)
declare_operation(
    "flip",
    shape=_flip_shape,
    evaluate=lambda x, axis: np.flip(x, axis),
    pullback=_flip_pullback,
    call=_flip_call,
    noun=Noun("reversal", "renversement", "m"),
    written=_flip_written,
    latex=r"\operatorname{flip}",
    linear=True,
    cases=(Case((("n", "m"),), (1,)),),
    refused=(((("n",),), (1,)),),
)
declare_operation(
    "roll",
    shape=_roll_shape,
    evaluate=lambda x, shift, axis: np.roll(x, shift, axis),
    pullback=_roll_pullback,
    call=_roll_call,
    noun=Noun("cyclic shift", "décalage circulaire", "m"),
    written=_roll_written,
    latex=r"\operatorname{roll}",
    linear=True,
    dims=lambda parameters, f: (f(parameters[0]), parameters[1]),
    cases=(Case((("n", "m"),), (1, 0)), Case((("n", "m"),), ("k", 1))),
    refused=(((("n",),), (1, 1)),),
)
