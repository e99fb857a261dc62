"""PyTorch's own ways to shape tensors, to take parts of them, and to normalise over groups of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from symchain.errors import ShapeError, UnsupportedError
from symchain.support.notation import Phrase, number
from symchain.tracing.arrays import Traced
from symchain.tracing.recording import Recording, words
from symchain.tracing.records import Absent, Builder
from symchain.tracing.sizes import sized
from symchain.tracing.structure import (
    called,
    clipped,
    count,
    dims_of,
    filled_of,
    filled_with,
    gathered,
    laid_out,
    moved,
    parted,
    permuted,
    reshape,
    same,
    spread,
    taken,
    tensordot,
    traced,
    transposed,
    where,
    with_axis,
)


def _size(recording: Recording, x: Any, dim: int | None = None) -> Any:
    shape = tuple(sized(recording, d) for d in traced(recording, x).dims)
    return shape if dim is None else shape[dim]


def swapped(recording: Recording, x: Any, dim0: int, dim1: int) -> Any:
    own = traced(recording, x)
    order = list(range(own.ndim))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return permuted(recording, own, order)


def _flattened(recording: Recording, x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    own = traced(recording, x)
    first, last = start_dim % max(own.ndim, 1), end_dim % max(own.ndim, 1)
    return laid_out(recording, own, (*own.dims[:first], count(own.dims[first : last + 1]), *own.dims[last + 1 :]))


def _unflattened(recording: Recording, x: Any, dim: int, sizes: Any) -> Any:
    own = traced(recording, x)
    k = dim % own.ndim
    return laid_out(recording, own, (*own.dims[:k], *dims_of((tuple(sizes),)), *own.dims[k + 1 :]))


def _chosen(recording: Recording, x: Any, dim: int, index: int) -> Any:
    own = traced(recording, x)
    return taken(recording, own, (*[slice(None)] * (dim % own.ndim), index))


def _narrowed(recording: Recording, x: Any, dim: int, start: int, length: int) -> Any:
    own = traced(recording, x)
    return taken(recording, own, (*[slice(None)] * (dim % own.ndim), slice(start, start + length)))


def _sliced(recording: Recording, x: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Any:
    """ATen's slice, whose end may be far beyond the axis."""
    own = traced(recording, x)
    stop = None if end is None or end > 2**31 else end
    return taken(recording, own, (*[slice(None)] * (dim % own.ndim), slice(start or None, stop, None if step == 1 else step)))


def _split(recording: Recording, x: Any, split_size_or_sections: Any, dim: int = 0) -> Any:
    own = traced(recording, x)
    size = own.dims[dim]
    if not isinstance(size, int):
        raise ShapeError(f"an axis of size {size} in parts", advice="Give a number in shapes= for this axis.")
    if isinstance(split_size_or_sections, int):
        bounds = [*range(0, size, split_size_or_sections), size]
    else:
        bounds = [sum(split_size_or_sections[:k]) for k in range(len(split_size_or_sections) + 1)]
    return tuple(parted(recording, own, bounds, dim))


def chunks(recording: Recording, x: Any, chunks: int, dim: int = 0) -> Any:
    size = traced(recording, x).dims[dim]
    if not isinstance(size, int):
        raise ShapeError(f"an axis of size {size} in parts", advice="Give a number in shapes= for this axis.")
    return _split(recording, x, -(-size // chunks), dim)


def _unbound(recording: Recording, x: Any, dim: int = 0) -> Any:
    size = traced(recording, x).dims[dim]
    if not isinstance(size, int):
        raise ShapeError(f"an axis of size {size} in parts", advice="Give a number in shapes= for this axis.")
    return tuple(_chosen(recording, x, dim, k) for k in range(size))


def _repeated(recording: Recording, x: Any, *repeats: Any) -> Any:
    """torch's repeat and tile: the array so many times along each axis."""
    own = traced(recording, x)
    times = list(repeats[0]) if len(repeats) == 1 and isinstance(repeats[0], tuple | list) else list(repeats)
    times = [1] * (own.ndim - len(times)) + times
    while own.ndim < len(times):
        own = with_axis(recording, own, 0)
    for k, n in enumerate(times):
        if n > 1:
            own = gathered("concatenate")(recording, [own] * n, k)
    return own


class Ordered(NamedTuple):
    """What PyTorch returns of extremes and sorts: entries, and where they were."""

    values: Any
    indices: Any


def _extreme(word: str, pair: str) -> Builder:
    """max and min: of all entries, along an axis with their places, or of two arrays."""

    def build(recording: Recording, x: Any, dim: Any = None, keepdim: bool = False, other: Any = None) -> Any:
        if isinstance(dim, Traced) or other is not None:
            return recording.combined(lambda *p: called(pair, *p), x, dim if other is None else other)
        phrase = recording.phrase(x)
        if dim is None:
            return recording.made(called(word, phrase))
        keywords = {"keepdims": recording.phrase(True)} if keepdim else {}
        return Ordered(recording.made(called(word, phrase, axis=recording.phrase(dim), **keywords)), Absent("the place of an extreme"))

    return build


def _sorted(recording: Recording, x: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    axis = recording.phrase(dim)
    ascending = called("sort", recording.phrase(x), axis=axis)
    return Ordered(recording.made(called("flip", ascending, axis=axis) if descending else ascending), Absent("the order of a sort"))


def _running(word: str) -> Builder:
    def build(recording: Recording, x: Any, dim: int) -> Any:
        return Ordered(recording.made(called(word, recording.phrase(x), axis=recording.phrase(dim))), Absent("the place of an extreme"))

    return build


def _largest(recording: Recording, x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    own = traced(recording, x)
    if dim % own.ndim != own.ndim - 1 or not largest:
        raise UnsupportedError("topk along another axis, or of the smallest", advice="Sort and slice.")
    chosen = Phrase("index", (called("topk", own.phrase, number(k)), number(0)), "2")
    return Ordered(recording.made(chosen), Absent("the place of an extreme"))


def _padded(recording: Recording, x: Any, pad: Sequence[int], mode: str = "constant", value: Any = 0) -> Any:
    """Zeros, or a value, before and after: the last axis first."""
    if mode != "constant":
        raise UnsupportedError(f"padding of the mode {mode}", advice="Pad with a constant.")
    own = traced(recording, x)
    for j in range(len(pad) // 2):
        k = own.ndim - 1 - j
        parts: list[Any] = [own]
        for side, width in ((0, pad[2 * j]), (1, pad[2 * j + 1])):
            if width < 0:
                bounds = slice(-width, None) if side == 0 else slice(None, width)
                parts[parts.index(own)] = own = taken(recording, own, (*[slice(None)] * k, bounds))
            elif width:
                edge = filled_with(recording, value or 0, (*own.dims[:k], width, *own.dims[k + 1 :]))
                parts.insert(0, edge) if side == 0 else parts.append(edge)
        own = gathered("concatenate")(recording, parts, k) if len(parts) > 1 else own
    return own


def _dropout(recording: Recording, x: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    if training and p:
        raise UnsupportedError("dropout draws numbers", advice="Call module.eval() first, or multiply by a mask that is an argument.")
    return same(recording, x)


def _random(recording: Recording, *arguments: Any, **keywords: Any) -> Any:
    raise UnsupportedError("this function draws numbers", advice="Draw them before, and give them as an argument.")


def _each_repeated(recording: Recording, x: Any, repeats: int, dim: int | None) -> Any:
    keywords = {} if dim is None else {"axis": recording.phrase(dim)}
    return recording.made(called("repeat", recording.phrase(x), number(repeats), **keywords))


def _masked(recording: Recording, x: Any, mask: Any, value: Any) -> Any:
    return where(recording, mask, value, x)


def _diagonal(recording: Recording, x: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    keywords = {"axis1": recording.phrase(dim1), "axis2": recording.phrase(dim2)} if (dim1, dim2) != (0, 1) else {}
    more = {"offset": recording.phrase(offset)} if offset else {}
    return recording.made(called("diagonal", recording.phrase(x), **more, **keywords))


def _diag(recording: Recording, x: Any, diagonal: int = 0) -> Any:
    return recording.made(called("diag", recording.phrase(x), *([recording.phrase(diagonal)] if diagonal else [])))


def _reflected(word: str) -> Builder:
    return lambda recording, x, other: recording.array_library.call(recording, word, (other, x), {})


def _embedded(recording: Recording, input: Any, weight: Any, padding_idx: Any = None, *rest: Any) -> Any:
    return taken(recording, weight, input)


def _moments(word: str) -> Builder:
    """var_mean and std_mean."""

    def build(recording: Recording, x: Any, *arguments: Any, **keywords: Any) -> Any:
        mean = {k: v for k, v in keywords.items() if k in ("dim", "keepdim")}
        dims = arguments[:1]
        first = recording.array_library.call(recording, word, (x, *arguments), keywords)
        return first, recording.array_library.call(recording, "mean", (x, *dims), mean)

    return build


def _built_in_place(recording: Recording, x: Any, value: Any) -> Any:
    x[...] = value
    return x


PIECES: dict[str, Builder] = {
    "where": lambda recording, condition, input, other: where(recording, condition, input, other),
    "size": _size,
    "dim": lambda recording, x: traced(recording, x).ndim,
    "ndimension": lambda recording, x: traced(recording, x).ndim,
    "numel": lambda recording, x: sized(recording, count(traced(recording, x).dims)),
    "view": reshape,
    "reshape_as": lambda recording, x, other: laid_out(recording, x, traced(recording, other).dims),
    "view_as": lambda recording, x, other: laid_out(recording, x, traced(recording, other).dims),
    "_unsafe_view": reshape,
    "expand": spread,
    "expand_as": lambda recording, x, other: spread(recording, x, *traced(recording, other).shape),
    "broadcast_to": spread,
    "permute": permuted,
    "transpose": swapped,
    "swapaxes": swapped,
    "swapdims": swapped,
    "adjoint": lambda recording, x: swapped(recording, x, -2, -1),
    "t": transposed,
    "unsqueeze": with_axis,
    "flatten": _flattened,
    "ravel": _flattened,
    "unflatten": _unflattened,
    "select": _chosen,
    "narrow": _narrowed,
    "slice": _sliced,
    "split": _split,
    "split_with_sizes": _split,
    "tensor_split": chunks,
    "chunk": chunks,
    "unbind": _unbound,
    "repeat": _repeated,
    "tile": _repeated,
    "cat": gathered("concatenate"),
    "concat": gathered("concatenate"),
    "concatenate": gathered("concatenate"),
    "hstack": lambda recording, arrays: gathered("concatenate")(recording, arrays, min(1, traced(recording, arrays[0]).ndim - 1)),
    "vstack": lambda recording, arrays: gathered("concatenate")(recording, [_rows(recording, a) for a in arrays], 0),
    "index_select": lambda recording, x, dim, index: taken(recording, x, (*[slice(None)] * dim, index)),
    "embedding": lambda recording, weight, *rest: _embedded(recording, *_ordered(weight, *rest)),
    "max": _extreme("max", "maximum"),
    "min": _extreme("min", "minimum"),
    "sort": _sorted,
    "cummax": _running("cummax"),
    "cummin": _running("cummin"),
    "topk": _largest,
    "pad": _padded,
    "constant_pad_nd": lambda recording, x, pad, value=0: _padded(recording, x, pad, "constant", value),
    "dropout": _dropout,
    "clamp": lambda recording, x, min=None, max=None: clipped(recording, x, min, max),
    "clamp_min": lambda recording, x, low: clipped(recording, x, low),
    "clamp_max": lambda recording, x, high: clipped(recording, x, None, high),
    "masked_fill": _masked,
    "diagonal": _diagonal,
    "diag": _diag,
    "diag_embed": _diag,
    "movedim": moved,
    "repeat_interleave": lambda recording, x, repeats, dim=None: _each_repeated(recording, x, repeats, dim),
    "tensordot": lambda recording, a, b, dims=2: tensordot(recording, a, b, dims),
    "rpow": _reflected("power_of"),
    "rdiv": _reflected("div"),
    "rmatmul": _reflected("matmul"),
    "var_mean": _moments("var"),
    "std_mean": _moments("std"),
    "chain_matmul": lambda recording, *matrices: _product_of(recording, matrices),
    "multi_dot": lambda recording, matrices: _product_of(recording, matrices),
    **{word: _random for word in words("binomial bernoulli poisson multinomial normal rand_like randn_like randint_like rrelu")},
    "copy_": _built_in_place,
    "new_zeros": lambda recording, x, *shape: filled_of(0)(recording, *shape),
    "new_ones": lambda recording, x, *shape: filled_of(1)(recording, *shape),
    "clone": same,
    "contiguous": same,
    "to": same,
    "float": same,
    "double": same,
    "cpu": same,
    "type_as": same,
    "type": same,
    "_to_copy": same,
    "alias": same,
    "lift_fresh_copy": same,
    "requires_grad_": lambda recording, x, *rest: x,
    "ones": filled_of(1),
    "zeros": filled_of(0),
}


def _ordered(first: Any, second: Any, *rest: Any) -> tuple[Any, ...]:
    """embedding(input, weight) of torch.nn.functional, embedding(weight, indices) of ATen: the weight is the matrix."""
    shape = getattr(first, "dims", None) if isinstance(first, Traced) else tuple(getattr(first, "shape", ()))
    return (second, first, *rest) if shape is not None and len(shape) == 2 else (first, second, *rest)


def _rows(recording: Recording, x: Any) -> Any:
    own = traced(recording, x)
    return with_axis(recording, own, 0) if own.ndim == 1 else own


def _product_of(recording: Recording, matrices: Sequence[Any]) -> Any:
    return recording.made(Phrase("matmul", tuple(recording.phrase(m) for m in matrices)))
