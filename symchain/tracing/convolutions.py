"""Convolutions and pooling of PyTorch: windows of the input side by side, and one product with the weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product as every
from typing import Any

from symchain.errors import ShapeError, UnsupportedError
from symchain.support.notation import call, number
from symchain.tracing.arrays import Traced
from symchain.tracing.recording import Recording
from symchain.tracing.records import Builder
from symchain.tracing.structure import gathered, laid_out, product, taken, traced, with_axis


def _each(given: Any, rank: int) -> list[int]:
    """A number for each axis of an image."""
    if isinstance(given, int):
        return [given] * rank
    return list(given) * rank if len(given) == 1 else list(given)


def _padded(recording: Recording, x: Traced, widths: Sequence[int], value: Any = 0) -> Traced:
    if not any(widths):
        return x
    pad = [w for width in reversed(widths) for w in (width, width)]
    made: Traced = recording.array_library.call(recording, "pad", (x, pad), {"value": value} if value else {})
    return made


def _windows(
    recording: Recording, x: Traced, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[list[Any], list[int]]:
    """For each position in a window the entries that stand there, over all windows; and how many windows each axis has."""
    rank = len(kernel)
    image = x.dims[-rank:]
    numbers = [d for d in image if isinstance(d, int)]
    if len(numbers) != rank:
        raise ShapeError("windows over an axis whose size is a letter", advice="Give numbers in shapes= for the axes of the image.")
    counts = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(numbers, kernel, stride, dilation, strict=True)]
    if any(c < 1 for c in counts):
        raise ShapeError(f"a window of {tuple(kernel)} in an image of {tuple(numbers)}", advice="Use a larger image or a smaller window.")
    lead = (slice(None),) * (x.ndim - rank)
    parts = []
    for offsets in every(*(range(k) for k in kernel)):
        starts = [o * d for o, d in zip(offsets, dilation, strict=True)]
        items = tuple(
            slice(a or None, a + (c - 1) * s + 1, None if s == 1 else s) for a, c, s in zip(starts, counts, stride, strict=True)
        )
        whole = tuple(slice(None) if i == slice(None, n) else i for i, n in zip(items, numbers, strict=True))
        parts.append(taken(recording, x, lead + whole))
    return parts, counts


def _convolution(rank: int) -> Builder:
    def build(
        recording: Recording, x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
    ) -> Any:
        """out[b, o, ...] = the sum over channels and positions in the window of weight[o, c, ...]*x[b, c, ...]."""
        own, kernels = traced(recording, x), traced(recording, weight)
        batched = own.ndim == rank + 2
        if not batched:
            own = with_axis(recording, own, 0)
        widths = kernels.dims[2:]
        if not all(isinstance(d, int) for d in (*kernels.dims, own.dims[1])):
            raise ShapeError("a convolution whose weights have sizes that are letters", advice="Give numbers in shapes= for the weights.")
        kernel = [int(w) for w in widths]
        steps, gaps = _each(stride, rank), _each(dilation, rank)
        if isinstance(padding, str):
            if padding == "same" and any(g * (k - 1) % 2 for g, k in zip(gaps, kernel, strict=True)):
                raise UnsupportedError("padding of unequal widths", advice="Pad before the convolution.")
            padding = [g * (k - 1) // 2 for g, k in zip(gaps, kernel, strict=True)] if padding == "same" else 0
        own = _padded(recording, own, _each(padding, rank))
        parts, counts = _windows(recording, own, kernel, steps, gaps)
        n, channels = own.dims[0], int(own.dims[1])
        out = int(kernels.dims[0])
        positions, places = len(parts), _total(counts)
        # (n, positions, channels, places), as rows (channels, positions) for each image
        stacked = gathered("stack")(recording, [laid_out(recording, p, (n, channels, places)) for p in parts], 2)
        made = []
        for g in range(groups):
            mine = stacked if groups == 1 else taken(recording, stacked, (slice(None), _part(g, channels // groups)))
            rows = laid_out(recording, mine, (n, channels // groups * positions, places))
            own_weights = kernels if groups == 1 else taken(recording, kernels, (_part(g, out // groups),))
            flat = laid_out(recording, own_weights, (out // groups, channels // groups * positions))
            made.append(product(recording, flat, rows))
        joined = made[0] if groups == 1 else gathered("concatenate")(recording, made, 1)
        result = laid_out(recording, joined, (n, out, *counts))
        if bias is not None:
            column = traced(recording, bias)
            for _ in range(rank):
                column = with_axis(recording, column, -1)
            result = result + column
        return result if batched else taken(recording, result, 0)

    return build


def _part(k: int, width: int) -> slice:
    return slice(k * width, (k + 1) * width)


def _total(counts: Sequence[int]) -> int:
    total = 1
    for c in counts:
        total *= c
    return total


def _pooling(rank: int, word: str) -> Builder:
    """The mean or the largest of each window."""

    def build(
        recording: Recording, x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False, count_include_pad: bool = True, divisor_override: Any = None,
    ) -> Any:  # fmt: skip
        if word == "mean" and isinstance(dilation, bool):  # avg_pool names its arguments in another order
            ceil_mode, dilation = dilation, 1
        if ceil_mode or return_indices or divisor_override or not count_include_pad:
            raise UnsupportedError("pooling with ceil_mode, indices or another divisor", advice="Leave these options out.")
        own = traced(recording, x)
        kernel = _each(kernel_size, rank)
        steps = kernel if stride is None or stride == [] else _each(stride, rank)
        widths = _each(padding, rank)
        if any(widths) and word == "max":
            raise UnsupportedError("the largest of windows with padding", advice="Pad with a small number first.")
        own = _padded(recording, own, widths)
        parts, _ = _windows(recording, own, kernel, steps, _each(dilation, rank))
        stacked = gathered("stack")(recording, parts, 0)
        return recording.made(call(word, stacked.phrase, axis=number(0)))

    return build


def _adaptive(rank: int, word: str) -> Builder:
    """Windows such that so many are left, where the size is a multiple of that."""
    pooling = _pooling(rank, word)

    def build(recording: Recording, x: Any, output_size: Any, return_indices: bool = False) -> Any:
        own = traced(recording, x)
        wanted = _each(output_size, rank)
        image = own.dims[-rank:]
        if any(not isinstance(d, int) or d % w for d, w in zip(image, wanted, strict=True)):
            raise ShapeError(f"windows of {image} into {tuple(wanted)}", advice="The sizes of the image are multiples of those wanted.")
        return pooling(recording, own, [int(d) // w for d, w in zip(image, wanted, strict=True)])

    return build


def _convolved(
    recording: Recording, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int, *rest: Any,
) -> Any:  # fmt: skip
    """ATen's convolution of any rank."""
    if transposed:
        raise UnsupportedError("a transposed convolution", advice="Write it as a product with a matrix.")
    return _convolution(traced(recording, weight).ndim - 2)(recording, x, weight, bias, stride, padding, dilation, groups)


CONVOLUTIONS: dict[str, Builder] = {
    **{f"conv{rank}d": _convolution(rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": _pooling(rank, "mean") for rank in (1, 2, 3)},
    **{f"max_pool{rank}d": _pooling(rank, "max") for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": _adaptive(rank, "mean") for rank in (1, 2, 3)},
    **{f"adaptive_max_pool{rank}d": _adaptive(rank, "max") for rank in (1, 2, 3)},
    "convolution": _convolved,
}
