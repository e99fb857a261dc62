"""What the primitives of JAX are here, and those of its functions that are read whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symchain.errors import ShapeError, UnsupportedError
from symchain.language.grammar import parse_expression
from symchain.language.shapes import dimension_of
from symchain.support.dimensions import Dim, Shape, add
from symchain.support.notation import Phrase, number
from symchain.tracing.arrays import Condition, Traced, chosen_of, condition_of
from symchain.tracing.numpy import NUMPY
from symchain.tracing.recording import Recording, words
from symchain.tracing.sizes import Size, sized
from symchain.tracing.structure import called, filled_with, gathered, laid_out, parted, permuted, product, spread, taken, traced, with_axis

MOST_ENTRIES = 64
"""Of so many entries or rows one by one a program is made; of more it would not be read."""


def reduced(word: str, own: Traced, axes: tuple[int, ...], recording: Recording, **keywords: Phrase) -> Phrase:
    if len(axes) == own.ndim:
        return called(word, own.phrase, **keywords)
    return called(word, own.phrase, axis=recording.phrase(axes if len(axes) > 1 else axes[0]), **keywords)


def dim_of(size: Any) -> Dim:
    """A dimension of a jaxpr's shape: JAX writes polynomials in letters as text, as we do."""
    if isinstance(size, int | np.integer):
        return int(size)
    dim = dimension_of(parse_expression(str(size).replace("^", "**")))
    if dim is None:
        raise ShapeError(f"the size {size} is no sum of letters", advice="Give numbers in shapes= for this axis.")
    return dim


# ---------------------------------------------------------------- primitives


def _selected(recording: Recording, parameters: Any, which: Any, *cases: Any) -> Any:
    if isinstance(which, np.ndarray) and (which == which.ravel()[0]).all():
        return cases[int(which.ravel()[0])]
    if which is ALWAYS:
        return cases[1]
    if len(cases) != 2:
        raise UnsupportedError("a choice among more than two", advice="Nest jnp.where.")
    return chosen_of(condition_of(recording, which), cases[1], cases[0])


class _Always(Condition):
    """What holds for all real numbers: that they are finite."""


def _finite(recording: Recording, parameters: Any, x: Any) -> Any:
    return ALWAYS


ALWAYS: Any = object.__new__(_Always)


def _spread(recording: Recording, parameters: Any, x: Any, *sizes: Any) -> Any:
    """broadcast_in_dim: the axes of x at positions of a shape. A new axis of size 1 is written None."""
    shape: Shape = tuple(dim_of(d) for d in parameters["shape"])
    if isinstance(x, Condition):
        return x if not x.shape else _spread(recording, parameters, x.number)
    own = traced(recording, x)
    positions = parameters["broadcast_dimensions"]
    if not own.ndim:
        return filled_with(recording, own, shape)
    for k in range(len(shape)):
        if k not in positions:
            own = with_axis(recording, own, k)
    return spread(recording, own, *(sized(recording, d) for d in shape))


def _dot_general(recording: Recording, parameters: Any, left: Any, right: Any) -> Any:
    ((mine, yours), (batch, others)) = parameters["dimension_numbers"]
    a, b = traced(recording, left), traced(recording, right)
    if not batch and len(mine) == 1 and a.ndim <= 2 and b.ndim <= 2 and a.ndim and b.ndim:
        if mine[0] != a.ndim - 1:
            a = a.T
        if yours[0] != 0:
            b = b.T
        if a.ndim == 2 or b.ndim <= 2:
            return product(recording, a, b)
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    first = [next(letters) for _ in range(a.ndim)]
    second = [next(letters) for _ in range(b.ndim)]
    for i, j in (*zip(mine, yours, strict=True), *zip(batch, others, strict=True)):
        second[j] = first[i]
    output = [first[i] for i in batch]
    output += [x for k, x in enumerate(first) if k not in (*mine, *batch)]
    output += [x for k, x in enumerate(second) if k not in (*yours, *others)]
    return NUMPY.call(recording, "einsum", (f"{''.join(first)},{''.join(second)}->{''.join(output)}", a, b), {})


def _laid_out(recording: Recording, parameters: Any, x: Any, *sizes: Any) -> Any:
    return laid_out(recording, x, tuple(dim_of(d) for d in parameters["new_sizes"]))


def _squeezed(recording: Recording, parameters: Any, x: Any) -> Any:
    own = traced(recording, x)
    gone = {d % own.ndim for d in parameters["dimensions"]}
    return taken(recording, own, tuple(0 if k in gone else slice(None) for k in range(own.ndim)))


def _sliced(recording: Recording, parameters: Any, x: Any) -> Any:
    own = traced(recording, x)
    steps = parameters["strides"] or (1,) * own.ndim
    items = []
    for dim, start, stop, step in zip(own.dims, parameters["start_indices"], parameters["limit_indices"], steps, strict=True):
        low, high = dim_of(start), dim_of(stop)
        bounds = None if low == 0 else sized(recording, low), None if high == dim else sized(recording, high)
        items.append(slice(*bounds, None if step == 1 else step))
    return taken(recording, own, tuple(items))


def _dynamic_slice(recording: Recording, parameters: Any, x: Any, *starts: Any) -> Any:
    own = traced(recording, x)
    items = []
    for dim, start, size in zip(own.dims, starts, parameters["slice_sizes"], strict=True):
        width = dim_of(size)
        if isinstance(start, Traced | Condition):
            raise UnsupportedError("a slice that begins where values say", advice="Write it with numbers.")
        low = start.dim if isinstance(start, Size) else int(start)
        stop = add(low, width)
        items.append(slice(None) if width == dim else slice(low or None, None if stop == dim else stop))
    return taken(recording, own, tuple(items))


def _gathered(recording: Recording, parameters: Any, x: Any, indices: Any) -> Any:
    """Rows by an array of whole numbers, or one window."""
    numbers, widths = parameters["dimension_numbers"], parameters["slice_sizes"]
    own = traced(recording, x)
    if isinstance(indices, np.ndarray) and len(numbers.start_index_map) == 1:
        axis = numbers.start_index_map[0]
        others = all(dim_of(w) == d for k, (w, d) in enumerate(zip(widths, own.dims, strict=True)) if k != axis)
        if others and indices.shape == (1,) and not numbers.collapsed_slice_dims:
            start = int(indices[0])
            stop = add(start, dim_of(widths[axis]))
            return taken(recording, own, (*[slice(None)] * axis, slice(start, stop)))
        if others and numbers.collapsed_slice_dims == (axis,) and indices.ndim == 1:
            return taken(recording, own, (*[slice(None)] * axis, int(indices[0])))
        if others and numbers.collapsed_slice_dims == (axis,) and indices.ndim == 2 and len(indices) <= MOST_ENTRIES:
            return gathered("stack")(recording, [taken(recording, own, (*[slice(None)] * axis, int(i))) for i in indices[:, 0]], axis)
    if isinstance(indices, np.ndarray) and numbers.collapsed_slice_dims == numbers.start_index_map == tuple(range(own.ndim)):
        straight = own.ndim == indices.ndim == 2 and (indices == np.arange(len(indices))[:, None]).all()
        if straight and all(isinstance(d, int) for d in own.dims) and len(indices) == min(own.dims):  # type: ignore[type-var]
            return recording.made(called("diagonal", own.phrase))
        if indices.ndim == 2 and len(indices) <= MOST_ENTRIES:
            return gathered("stack")(recording, [taken(recording, own, tuple(map(int, i))) for i in indices])
    advice = "Use slices, or a product with one_hot."
    raise UnsupportedError("indexing by arrays, of this kind", advice=advice)


def _padded(recording: Recording, parameters: Any, x: Any, value: Any) -> Any:
    own = traced(recording, x)
    for k, (low, high, inside) in enumerate(tuple(map(int, row)) for row in parameters["padding_config"]):
        if inside or low < 0 or high < 0:
            raise UnsupportedError("padding inside of an array", advice="Pad before and after.")
        edges = [
            [filled_with(recording, float(value), (*own.dims[:k], w, *own.dims[k + 1 :]))] if w else [] for w in (low, high)
        ]
        if low or high:
            own = gathered("concatenate")(recording, [*edges[0], own, *edges[1]], k)
    return own


def _reversed(recording: Recording, parameters: Any, x: Any) -> Any:
    axes = tuple(int(d) for d in parameters["dimensions"])
    return recording.made(called("flip", traced(recording, x).phrase, axis=recording.phrase(axes if len(axes) > 1 else axes[0])))


def _ordered(recording: Recording, parameters: Any, *operands: Any) -> Any:
    if len(operands) > 1:
        raise UnsupportedError("a sort that carries other arrays along", advice="Sort one array.")
    return recording.made(called("sort", traced(recording, operands[0]).phrase, axis=recording.phrase(int(parameters["dimension"]))))


def _joined(left: Any, right: Any, both: bool) -> Any:
    """Two conditions, either of which may be known."""
    for known, other in ((left, right), (right, left)):
        if known is ALWAYS or (isinstance(known, np.ndarray) and (known == known.ravel()[0]).all()):
            holds = known is ALWAYS or bool(known.ravel()[0])
            return other if holds == both else known
    return left & right if both else left | right


def _triangular(recording: Recording, parameters: Any, a: Any, b: Any) -> Any:
    """The x of a @ x = b, or of x @ a = b, for a triangular a, perhaps transposed."""
    if parameters["unit_diagonal"] or parameters["conjugate_a"]:
        raise UnsupportedError("a triangular matrix whose diagonal is taken for ones", advice="Write the ones.")
    matrix, right = traced(recording, a), traced(recording, b)
    left, turned = parameters["left_side"], bool(parameters["transpose_a"])
    flags = {"lower": recording.phrase(True)} if parameters["lower"] else {}
    if turned == left:
        flags["trans"] = number(1)
    subject = right.phrase if left else right.T.phrase
    solved = recording.made(called("solve_triangular", matrix.phrase, subject, **flags))
    return solved if left else solved.T


def _bounds(sizes: Sequence[int]) -> list[int]:
    return [sum(sizes[:k]) for k in range(len(sizes) + 1)]


PRIMITIVES: dict[str, Callable[..., Any]] = {
    "select_n": _selected,
    "is_finite": _finite,
    "broadcast_in_dim": _spread,
    "dot_general": _dot_general,
    "reshape": _laid_out,
    "squeeze": _squeezed,
    "slice": _sliced,
    "dynamic_slice": _dynamic_slice,
    "gather": _gathered,
    "pad": _padded,
    "rev": _reversed,
    "sort": _ordered,
    "transpose": lambda recording, parameters, x: permuted(recording, x, tuple(parameters["permutation"])),
    "concatenate": lambda recording, parameters, *arrays: gathered("concatenate")(recording, list(arrays), int(parameters["dimension"])),
    "stack": lambda recording, parameters, *arrays: gathered("stack")(recording, list(arrays), int(parameters["axis"])),
    "triangular_solve": _triangular,
    "split": lambda recording, parameters, x: parted(recording, x, _bounds(parameters["sizes"]), int(parameters["axis"])),
    "clamp": lambda recording, parameters, low, x, high: recording.combined(lambda *p: called("clip", *p), x, low, high),
    "dim_as_value": lambda recording, parameters: sized(recording, dim_of(parameters["dim"])),
    "neg": lambda recording, parameters, x: -traced(recording, x),
    "square": lambda recording, parameters, x: traced(recording, x) ** 2,
    "not": lambda recording, parameters, x: ~x,
    "and": lambda recording, parameters, x, y: _joined(x, y, True),
    "or": lambda recording, parameters, x, y: _joined(x, y, False),
    "cholesky": lambda recording, parameters, x: recording.made(called("cholesky", traced(recording, x).phrase)),
}


# ---------------------------------------------------------------- functions of JAX that are read whole


def library_name(jaxpr: Any) -> str:
    """The name of a function of JAX itself, as its debug information has it; empty for what others wrote."""
    info = getattr(getattr(jaxpr, "debug_info", None), "func_src_info", None) or ""
    word, _, place = str(info).partition(" at ")
    return word if "/jax/_src/" in place.replace("\\", "/") else ""


def _first(jaxpr: Any, words: Sequence[str]) -> Any:
    """The parameters of the first of some primitives, inner jaxprs included."""
    for equation in jaxpr.eqns:
        if equation.primitive.name in words:
            return equation.params
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns") and (found := _first(inner, words)) is not None:
                return found
    return None


def _along(word: str, primitive: str) -> Callable[..., Any]:
    """A function along the one axis over which its first reduction goes."""

    def build(recording: Recording, jaxpr: Any, operands: Sequence[Any]) -> Any:
        found = _first(jaxpr, [primitive])
        if found is None or len(found["axes"]) != 1:
            raise UnsupportedError(f"{word} over several axes", advice="Name one axis.")
        own = traced(recording, operands[0])
        axis = int(found["axes"][0])
        keywords = {} if axis == own.ndim - 1 else {"axis": number(axis)}
        return recording.made(called(word, own.phrase, **keywords))

    return build


def _variance(word: str) -> Callable[..., Any]:
    def build(recording: Recording, jaxpr: Any, operands: Sequence[Any]) -> Any:
        own = traced(recording, operands[0])
        axes = tuple(int(a) for a in _first(jaxpr, ["reduce_sum"])["axes"])
        keywords: dict[str, Phrase] = {}
        if len(operands) > 1 and int(operands[1]):
            keywords["ddof"] = recording.phrase(int(operands[1]))
        if jaxpr.outvars[0].aval.ndim == own.ndim and axes:
            keywords["keepdims"] = recording.phrase(True)
        return recording.made(reduced(word, own, axes, recording, **keywords))

    return build


def _whole(word: str) -> Callable[..., Any]:
    """A function of matrices, with the operands that are arrays."""
    return lambda recording, jaxpr, operands: NUMPY.call(recording, word, operands, {})


def _softened(recording: Recording, jaxpr: Any, operands: Sequence[Any]) -> Any:
    return recording.combined(lambda *p: called("softplus", *p), operands[0])


def _traces(recording: Recording, jaxpr: Any, operands: Sequence[Any]) -> Any:
    if any(np.any(o) for o in operands[1:]):
        raise UnsupportedError("the trace of another diagonal", advice="Write jnp.diagonal(A, k).sum().")
    return NUMPY.call(recording, "tr", operands[:1], {})


def _eigenvalues(recording: Recording, jaxpr: Any, operands: Sequence[Any]) -> Any:
    return tuple(NUMPY.call(recording, "eigh", operands[:1], {}))


WHOLE: dict[str, Callable[..., Any]] = {
    "log_softmax": _along("log_softmax", "reduce_max"),
    "_var": _variance("var"),
    "_std": _variance("std"),
    **{word: _whole(word) for word in words("inv det solve slogdet expm cholesky hypot entr xlogy xlog1py sinc logaddexp silu")},
    "trace": _traces,
    "softplus": _softened,
    "eigh": _eigenvalues,
}
