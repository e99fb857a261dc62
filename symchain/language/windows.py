"""What slides along axes, composed of slices and sums of products: convolutions of channels and pooling as networks use them.

The names and the order of axes are PyTorch's: (batch, channel, places ...), the first of which may be lacking; its convolution is a
correlation, the kernel is not reversed. A window is a stack of slices, so how large it is has to be known as a number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from symchain.errors import ShapeError, UnsupportedError
from symchain.language.calls import called
from symchain.language.forms import form
from symchain.operations.calling import Axes, Order, Sizes, Text, Whole, laid_out, normal_axis, with_axes
from symchain.operations.pulling import reversed_along, slice_along
from symchain.support.dimensions import Dim, Shape, add, multiply, show
from symchain.tensors import nodes
from symchain.tensors.nodes import Tree, named_operation

LARGEST = 64
"""Entries of a window along one axis."""


def _size(size: Dim) -> int:
    if not isinstance(size, int) or not 1 <= size <= LARGEST:
        what = f"a window of {size} entries"
        raise ShapeError(what, advice=f"Declare the kernel with whole numbers from 1 to {LARGEST}, such as w: (8, 3, 5, 5).")
    return size


def _steps(n: Dim, span: int, stride: int) -> Dim:
    """How many windows so long fit an axis."""
    left = add(n, -span)
    if stride == 1:
        count = add(left, 1)
    elif isinstance(left, int):
        count = left // stride + 1
    else:
        what = f"windows {stride} entries apart along an axis of size {n}"
        raise UnsupportedError(what, advice="Declare the axis with a whole number.")
    if isinstance(count, int) and count < 1:
        raise ShapeError(f"a window of {span} entries along an axis of size {n}", advice="Pad the axis, or take a smaller window.")
    return count


def windows(x: Tree, axis: int, size: Dim, stride: int = 1, dilation: int = 1) -> Tree:
    """The axis with the places of the windows, and their entries along a new last axis."""
    size = _size(size)
    count = _steps(x.shape[axis], dilation * (size - 1) + 1, stride)
    stop = stride * (count - 1) + 1 if isinstance(count, int) else count
    slices = [slice_along(x, axis, j * dilation, add(stop, j * dilation), stride) for j in range(size)]
    return called("concatenate", [with_axes(s, [len(x.shape)]) for s in slices], len(x.shape))


def surrounded(x: Tree, widths: Sequence[tuple[Dim, Dim]]) -> Tree:
    """Zeros before and after, along each of the last axes."""
    first = len(x.shape) - len(widths)
    if not any(before or after for before, after in widths):
        return x
    every = [(0, 0)] * first + list(widths)
    items = tuple(("slice", before, add(before, n), 1) for n, (before, _) in zip(x.shape, every, strict=True))
    shape = tuple(add(add(n, before), after) for n, (before, after) in zip(x.shape, every, strict=True))
    return named_operation("place", x, parameters=(items, shape))


def _each(name: str, values: Shape, rank: int, least: int = 0) -> list[int]:
    """One number for each axis, or the same for all."""
    numbers = [v for v in (values * rank if len(values) == 1 else values) if isinstance(v, int) and v >= least]
    if len(numbers) != rank:
        raise ShapeError(f"{name} {show(values)} of {rank} axes", advice="Write one whole number, or one for each axis.")
    return numbers


def _of_rank(what: str, x: Tree, rank: int) -> list[int]:
    """The last axes, over which windows slide."""
    if len(x.shape) not in (rank + 1, rank + 2):
        what = f"{what} does not take an operand of shape {show(x.shape)}"
        raise ShapeError(what, advice="The axes are (batch, channels, places ...), the batch may be lacking.")
    return list(range(len(x.shape) - rank, len(x.shape)))


# ---------------------------------------------------------------- convolutions of channels


def _correlated(x: Tree, w: Tree, rank: int, stride: Sequence[int], dilation: Sequence[int], groups: int) -> Tree:
    """y[o, i] = sum of w[o, c, k]*x[c, i*stride + k*dilation] over c and k, in each group of channels."""
    out, channels, *kernel = w.shape
    lead, spatial = x.shape[:-rank], range(len(x.shape) - rank, len(x.shape))
    inside = lead[-1]
    if inside != multiply(channels, groups) or (groups > 1 and (not isinstance(out, int) or out % groups)):
        raise ShapeError(
            f"a kernel of shape {show(w.shape)} for {inside} channels in {groups} groups",
            advice="The axes of a kernel are (channels out, channels in of one group, sizes ...).",
        )
    for j, axis in enumerate(spatial):
        x = windows(x, axis, kernel[j], stride[j], dilation[j])
    batch, places = ["b"][: len(lead) - 1], [("i", j) for j in range(rank)]
    taps = [("k", j) for j in range(rank)]
    if groups == 1:
        return nodes.contract([x, w], [[*batch, "c", *places, *taps], ["o", "c", *taps]], [*batch, "o", *places])
    assert isinstance(out, int)
    x = laid_out(x, (*lead[:-1], groups, channels, *x.shape[len(lead) :]))
    w = laid_out(w, (groups, out // groups, channels, *kernel))
    y = nodes.contract([x, w], [[*batch, "g", "c", *places, *taps], ["g", "o", "c", *taps]], [*batch, "g", "o", *places])
    return laid_out(y, (*lead[:-1], out, *y.shape[len(lead) + 1 :]))


def _shifted(y: Tree, bias: Tree | None, rank: int) -> Tree:
    """With one number added to each channel."""
    if bias is None:
        return y
    channels = y.shape[-rank - 1]
    if bias.shape != (channels,):
        raise ShapeError(f"a bias of shape {show(bias.shape)} for {channels} channels", advice="There is one number for each channel.")
    return nodes.add([y, nodes.broadcast(with_axes(bias, range(1, rank + 1)), y.shape)])


def _convolution_form(rank: int) -> Callable[..., Tree]:
    def conv(
        input: Tree, weight: Tree, bias: Tree | None = None, stride: Sizes = (1,), padding: Sizes = (0,), dilation: Sizes = (1,),
        groups: Whole = 1,
    ) -> Tree:  # fmt: skip
        _of_rank(f"conv{rank}d", input, rank)
        if len(weight.shape) != rank + 2:
            raise ShapeError(f"a kernel of shape {show(weight.shape)}", advice="Its axes are (channels out, channels in, sizes ...).")
        x = surrounded(input, [(p, p) for p in _each("the padding", padding, rank)])
        steps, gaps = _each("the stride", stride, rank, 1), _each("the dilation", dilation, rank, 1)
        return _shifted(_correlated(x, weight, rank, steps, gaps, groups), bias, rank)

    return conv


def _transposed_form(rank: int) -> Callable[..., Tree]:
    def conv_transpose(
        input: Tree, weight: Tree, bias: Tree | None = None, stride: Sizes = (1,), padding: Sizes = (0,), output_padding: Sizes = (0,),
        groups: Whole = 1, dilation: Sizes = (1,),
    ) -> Tree:  # fmt: skip
        """The linear map whose matrix is the transpose of that of conv: the entries set apart by zeros, and the kernel reversed."""
        spatial = _of_rank(f"conv_transpose{rank}d", input, rank)
        if groups != 1 or len(weight.shape) != rank + 2:
            what = f"a transposed convolution with a kernel of shape {show(weight.shape)} in {groups} groups"
            raise UnsupportedError(what, advice="Its axes are (channels in, channels out, sizes ...), in one group.")
        steps, gaps = _each("the stride", stride, rank, 1), _each("the dilation", dilation, rank, 1)
        cut, more = _each("the padding", padding, rank), _each("the output padding", output_padding, rank)
        items: list[Any] = [("slice", 0, d, 1) for d in input.shape[:-rank]]
        shape = list(input.shape[:-rank])
        for j, axis in enumerate(spatial):
            n, span = input.shape[axis], gaps[j] * (_size(weight.shape[2 + j]) - 1) + 1
            if steps[j] > 1 and not isinstance(n, int):
                raise UnsupportedError(
                    f"entries {steps[j]} apart along an axis of size {n}", advice="Declare the axis with a whole number."
                )
            spread = add(multiply(add(n, -1), steps[j]), 1)
            items.append(("slice", span - 1, add(spread, span - 1), steps[j]))
            shape.append(add(spread, 2 * (span - 1) + more[j]))
        x = named_operation("place", input, parameters=(tuple(items), tuple(shape)))
        kernel = nodes.transpose(weight, [1, 0, *range(2, rank + 2)])
        for axis in range(2, rank + 2):
            kernel = reversed_along(kernel, axis)
        y = _correlated(x, kernel, rank, [1] * rank, gaps, 1)
        for j, axis in enumerate(spatial):
            if cut[j]:
                y = slice_along(y, axis, cut[j], add(y.shape[axis], -cut[j]))
        return _shifted(y, bias, rank)

    return conv_transpose


# ---------------------------------------------------------------- pooling


def _pooled(x: Tree, rank: int, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape = (1,)) -> tuple[Tree, tuple[int, ...]]:
    """The windows of pooling, and the axes of their entries."""
    spatial = _of_rank("pooling", x, rank)
    sizes = _each("the window", kernel, rank, 1)
    steps = _each("the stride", stride, rank, 1) if stride else sizes
    x = surrounded(x, [(p, p) for p in _each("the padding", padding, rank)])
    gaps = _each("the dilation", dilation, rank, 1)
    for j, axis in enumerate(spatial):
        x = windows(x, axis, sizes[j], steps[j], gaps[j])
    return x, tuple(range(len(x.shape) - rank, len(x.shape)))


def _mean(x: Tree, axes: tuple[int, ...]) -> Tree:
    count = nodes.element_count(tuple(x.shape[k] for k in axes))
    assert isinstance(count, int)
    return nodes.scale(nodes.number(Fraction(1, count)), nodes.reduce_sum(x, axes))


def _average_form(rank: int) -> Callable[..., Tree]:
    def avg_pool(input: Tree, kernel_size: Sizes, stride: Sizes = (), padding: Sizes = (0,)) -> Tree:
        return _mean(*_pooled(input, rank, kernel_size, stride, padding))

    return avg_pool


def _maximum_form(rank: int) -> Callable[..., Tree]:
    def max_pool(input: Tree, kernel_size: Sizes, stride: Sizes = (), padding: Sizes = (0,), dilation: Sizes = (1,)) -> Tree:
        if any(_each("the padding", padding, rank)):
            what = "maxima of windows that reach beyond the array"
            raise UnsupportedError(what, advice="Join entries below all others first, or begin with whole windows.")
        return called("max", *_pooled(input, rank, kernel_size, stride, padding, dilation))

    return max_pool


def _power_form(rank: int) -> Callable[..., Tree]:
    def lp_pool(input: Tree, norm_type: Order, kernel_size: Sizes, stride: Sizes = ()) -> Tree:
        """(sum of x**p over the window)**(1/p)."""
        if not isinstance(norm_type, int | Fraction) or norm_type < 1:
            raise UnsupportedError(f"pooling with the norm of order {norm_type}", advice="The order is a number from 1.")
        x, axes = _pooled(input, rank, kernel_size, stride, (0,))
        p = Fraction(norm_type)
        return nodes.power(nodes.reduce_sum(nodes.power(x, p) if p != 1 else x, axes), 1 / p)

    return lp_pool


def _adaptive_form(rank: int, reduced: Callable[[Tree, tuple[int, ...]], Tree]) -> Callable[..., Tree]:
    def adaptive_pool(input: Tree, output_size: Sizes) -> Tree:
        """So many windows along each axis that cover it, each from floor(i*n/m) to ceil((i + 1)*n/m)."""
        spatial = _of_rank("pooling", input, rank)
        for axis, m in zip(spatial, _each("the size", output_size, rank, 1), strict=True):
            n = input.shape[axis]
            if not isinstance(n, int) or m > LARGEST:
                if m == 1:
                    count = nodes.reciprocal(nodes.size(n))
                    total = reduced(input, (axis,)) if reduced is not _mean else nodes.scale(count, nodes.reduce_sum(input, (axis,)))
                    input = with_axes(total, [axis])
                    continue
                raise UnsupportedError(f"{m} windows along an axis of size {n}", advice="Declare the axis with a whole number.")
            parts = [reduced(slice_along(input, axis, i * n // m, -(-(i + 1) * n // m)), (axis,)) for i in range(m)]
            input = called("concatenate", [with_axes(p, [axis]) for p in parts], axis)
        return input

    return adaptive_pool


def _largest(x: Tree, axes: tuple[int, ...]) -> Tree:
    return called("max", x, axes)


for _rank in (1, 2, 3):
    form(f"conv{_rank}d", free=True)(_convolution_form(_rank))
    form(f"conv_transpose{_rank}d", free=True)(_transposed_form(_rank))
    form(f"avg_pool{_rank}d", free=True)(_average_form(_rank))
    form(f"max_pool{_rank}d", free=True)(_maximum_form(_rank))
    form(f"lp_pool{_rank}d", free=True)(_power_form(_rank))
    form(f"adaptive_avg_pool{_rank}d", free=True)(_adaptive_form(_rank, _mean))
    form(f"adaptive_max_pool{_rank}d", free=True)(_adaptive_form(_rank, _largest))


@form("sliding_window_view", free=True)
def _sliding_window_view(x: Tree, window_shape: Whole, axis: Axes = None) -> Tree:
    """All windows so long, their entries along a new last axis."""
    if (len(x.shape) if axis is None else len(axis)) != 1:
        raise ShapeError("windows slide along one axis", advice="Name it: sliding_window_view(x, 3, axis=0).")
    return windows(x, normal_axis((axis or (0,))[0], len(x.shape)), window_shape)


# ---------------------------------------------------------------- in signals


def _plane(a: Tree, b: Tree) -> tuple[int, int]:
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise ShapeError("two matrices are needed", advice="Declare both with two axes; images with channels have conv2d.")
    return _size(b.shape[0]), _size(b.shape[1])


def _over_plane(a: Tree, b: Tree, mode: str, before: tuple[int, int]) -> Tree:
    """sum of a[i + p, j + q]*b[p, q], a with zeros around as the mode says; `before` is how many come first in the mode "same"."""
    sizes = _plane(a, b)
    if mode not in ("full", "same", "valid"):
        raise UnsupportedError(f"the mode {mode!r}", advice="Modes are 'full', 'same' and 'valid'.")
    around = {"full": [(k - 1, k - 1) for k in sizes], "same": [(f, k - 1 - f) for f, k in zip(before, sizes, strict=True)]}
    x = windows(windows(surrounded(a, around.get(mode, [(0, 0)] * 2)), 0, sizes[0]), 1, sizes[1])
    return nodes.contract([x, b], ["ijpq", "pq"], "ij")


@form("correlate2d", free=True)
def _correlate2d(in1: Tree, in2: Tree, mode: Text = "full") -> Tree:
    sizes = _plane(in1, in2)
    return _over_plane(in1, in2, mode, ((sizes[0] - 1) // 2, (sizes[1] - 1) // 2))


@form("convolve2d", free=True)
def _convolve2d(in1: Tree, in2: Tree, mode: Text = "full") -> Tree:
    sizes = _plane(in1, in2)
    return _over_plane(in1, reversed_along(reversed_along(in2, 0), 1), mode, (sizes[0] // 2, sizes[1] // 2))
