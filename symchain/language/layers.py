"""Layers of networks whose definition depends on sizes, composed of tree nodes: normalisations, gates, attention, rotations."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symchain.errors import ShapeError
from symchain.functions.spec import FUNCTIONS
from symchain.language import arithmetic
from symchain.language.arithmetic import matrix_product
from symchain.language.calls import called
from symchain.language.forms import form
from symchain.operations.calling import Axis, Flag, Sizes, Whole, laid_out, normal_axis, with_axes
from symchain.operations.pulling import slice_along
from symchain.support.dimensions import Dim, add, multiply, show
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, ZERO, Tree, named_operation

_ALPHA, _BETA = nodes.number(Fraction(1, 10000)), nodes.number(Fraction(3, 4))
_FEW = nodes.number(Fraction(1, 100000), decimal=True)


def _over(tree: Tree, count: Dim) -> Tree:
    return nodes.scale(nodes.number(Fraction(1, count)) if isinstance(count, int) else nodes.reciprocal(nodes.size(count)), tree)


def _sum(*terms: Tree) -> Tree:
    shape = max((t.shape for t in terms), key=len)
    return nodes.add([nodes.broadcast(t, shape) for t in terms])


def _mean(x: Tree, axes: Sequence[int]) -> Tree:
    """The mean along axes, which are kept with size 1."""
    count = nodes.element_count(tuple(x.shape[k] for k in axes))
    return with_axes(_over(nodes.reduce_sum(x, axes), count), list(axes))


def _standardized(x: Tree, axes: Sequence[int], eps: Tree) -> Tree:
    """(x - mean)/sqrt(variance + eps), both along the axes."""
    centred = nodes.add([x, nodes.scale(MINUS_ONE, nodes.broadcast(_mean(x, axes), x.shape))])
    spread = _sum(_mean(nodes.power(centred, 2), axes), eps)
    return arithmetic.product([centred, nodes.power(spread, Fraction(-1, 2))], x.shape)


def _affine(y: Tree, weight: Tree | None, bias: Tree | None, axis: int | None) -> Tree:
    """y*weight + bias along the last axes, or one of each for every channel."""
    for k, tree in enumerate((weight, bias)):
        if tree is None:
            continue
        if axis is not None and tree.shape != (y.shape[axis],):
            raise ShapeError(f"{show(tree.shape)} numbers for {y.shape[axis]} channels", advice="There is one number for each channel.")
        if axis is None and tree.shape != y.shape[len(y.shape) - len(tree.shape) :]:
            raise ShapeError(f"{show(tree.shape)} numbers for {show(y.shape)}", advice="They have the shape of the last axes.")
        spread = tree if axis is None else with_axes(tree, range(1, len(y.shape) - axis))
        y = arithmetic.product([y, spread], y.shape) if k == 0 else _sum(y, nodes.broadcast(spread, y.shape))
    return y


@form("layer_norm", free=True)
def _layer_norm(input: Tree, normalized_shape: Sizes, weight: Tree | None = None, bias: Tree | None = None, eps: Tree = _FEW) -> Tree:
    """Standardized along the last axes, whose sizes are named."""
    rank = len(normalized_shape)
    if not rank or input.shape[len(input.shape) - rank :] != normalized_shape:
        what = f"layer_norm does not take an operand of shape {show(input.shape)}"
        raise ShapeError(what, advice="Name its last sizes: layer_norm(x, 64).")
    y = _standardized(input, range(len(input.shape) - rank, len(input.shape)), eps)
    return _affine(y, weight, bias, None)


@form("group_norm", free=True)
def _group_norm(input: Tree, num_groups: Whole, weight: Tree | None = None, bias: Tree | None = None, eps: Tree = _FEW) -> Tree:
    """(batch, channels, ...): standardized over the channels of each group and all places."""
    if len(input.shape) < 2 or not isinstance(input.shape[1], int) or num_groups < 1 or input.shape[1] % num_groups:
        what = f"group_norm does not take an operand of shape {show(input.shape)}"
        raise ShapeError(what, advice="The second axis is a multiple of the number of groups.")
    grouped = laid_out(input, (input.shape[0], num_groups, input.shape[1] // num_groups, *input.shape[2:]))
    y = laid_out(_standardized(grouped, range(2, len(grouped.shape)), eps), input.shape)
    return _affine(y, weight, bias, 1)


@form("instance_norm", free=True)
def _instance_norm(input: Tree, eps: Tree = _FEW) -> Tree:
    """(batch, channels, ...): standardized over all places."""
    if len(input.shape) < 3:
        what = f"instance_norm does not take an operand of shape {show(input.shape)}"
        raise ShapeError(what, advice="The axes are (batch, channels, places ...).")
    return _standardized(input, range(2, len(input.shape)), eps)


@form("batch_norm", free=True)
def _batch_norm(
    input: Tree, running_mean: Tree, running_var: Tree, weight: Tree | None = None, bias: Tree | None = None, eps: Tree = _FEW
) -> Tree:
    """(batch, channels, ...): by a mean and a variance that are given for each channel, as a trained network does."""
    if len(input.shape) < 2 or running_mean.shape != input.shape[1:2] or running_var.shape != input.shape[1:2]:
        raise ShapeError(f"batch_norm does not take an operand of shape {show(input.shape)}", advice="There is one mean for each channel.")
    centred = _affine(input, None, nodes.scale(MINUS_ONE, running_mean), 1)
    scale = nodes.power(_sum(running_var, eps), Fraction(-1, 2))
    return _affine(_affine(centred, scale, None, 1), weight, bias, 1)


@form("local_response_norm", free=True)
def _local_response_norm(input: Tree, size: Whole, alpha: Tree = _ALPHA, beta: Tree = _BETA, k: Tree = ONE) -> Tree:
    """x/(k + alpha*mean of x**2 over so many neighbouring channels)**beta."""
    if len(input.shape) < 3 or size < 1:
        what = f"local_response_norm does not take an operand of shape {show(input.shape)}"
        raise ShapeError(what, advice="The axes are (batch, channels, places ...).")
    channels = input.shape[1]
    items = [("slice", 0, d, 1) for d in input.shape]
    items[1] = ("slice", size // 2, add(channels, size // 2), 1)
    wide = (input.shape[0], add(channels, size - 1), *input.shape[2:])
    squares = named_operation("place", nodes.power(input, 2), parameters=(tuple(items), wide))
    near = nodes.add([slice_along(squares, 1, j, add(channels, j)) for j in range(size)]) if size > 1 else squares
    whole = _sum(nodes.scale(Fraction(1, size), arithmetic.product([alpha, near], near.shape)), k)
    powers = nodes.power(whole, nodes.scale(MINUS_ONE, beta))
    return arithmetic.product([input, powers], input.shape)


# ---------------------------------------------------------------- gates and rotations


def _halves(name: str, x: Tree, axis: int) -> tuple[Tree, Tree]:
    k = normal_axis(axis, len(x.shape))
    n = x.shape[k]
    if not isinstance(n, int) or n % 2:
        raise ShapeError(f"{name} halves an axis of size {n}", advice="Declare it with an even number.")
    return slice_along(x, k, 0, n // 2), slice_along(x, k, n // 2, n)


@form("glu", free=True)
def _glu(input: Tree, axis: Axis = -1) -> Tree:
    """The first half times the sigmoid of the second."""
    a, b = _halves("glu", input, axis)
    return arithmetic.product([a, nodes.apply(FUNCTIONS["sigmoid"], b)], a.shape)


@form("rotate_half", free=True)
def _rotate_half(x: Tree) -> Tree:
    """(-b, a) of halves (a, b) along the last axis."""
    a, b = _halves("rotate_half", x, -1)
    return called("concatenate", [nodes.scale(MINUS_ONE, b), a], len(x.shape) - 1)


@form("rotary_embedding", "apply_rotary", free=True)
def _rotary_embedding(x: Tree, cos: Tree, sin: Tree) -> Tree:
    """x*cos + rotate_half(x)*sin: pairs of features turned by an angle for each place."""
    return _sum(arithmetic.product([x, cos], x.shape), arithmetic.product([_rotate_half(x), sin], x.shape))


@form("pixel_shuffle", free=True)
def _pixel_shuffle(input: Tree, upscale_factor: Whole) -> Tree:
    """r*r channels laid out as squares of r x r places."""
    *lead, channels, height, width = (1, 1, 1, *input.shape) if len(input.shape) < 3 else input.shape
    r = upscale_factor
    if len(lead) > 1 or not isinstance(channels, int) or r < 1 or channels % (r * r):
        what = f"pixel_shuffle does not take an operand of shape {show(input.shape)}"
        raise ShapeError(what, advice="Channels are a multiple of its square.")
    x = laid_out(input, (*lead, channels // (r * r), r, r, height, width))
    k = len(lead)
    x = nodes.transpose(x, [*range(k + 1), k + 3, k + 1, k + 4, k + 2])
    return laid_out(x, (*lead, channels // (r * r), multiply(height, r), multiply(width, r)))


@form("pixel_unshuffle", free=True)
def _pixel_unshuffle(input: Tree, downscale_factor: Whole) -> Tree:
    """Squares of r x r places laid out as channels."""
    *lead, channels, height, width = (1, 1, 1, *input.shape) if len(input.shape) < 3 else input.shape
    r = downscale_factor
    if len(lead) > 1 or not isinstance(height, int) or not isinstance(width, int) or r < 1 or height % r or width % r:
        what = f"pixel_unshuffle does not take an operand of shape {show(input.shape)}"
        raise ShapeError(what, advice="Height and width are multiples of it.")
    x = laid_out(input, (*lead, channels, height // r, r, width // r, r))
    k = len(lead)
    x = nodes.transpose(x, [*range(k + 1), k + 2, k + 4, k + 1, k + 3])
    return laid_out(x, (*lead, multiply(channels, r * r), height // r, width // r))


@form("channel_shuffle", free=True)
def _channel_shuffle(input: Tree, groups: Whole) -> Tree:
    """The channels of all groups, in turn."""
    channels = input.shape[1] if len(input.shape) > 2 else 0
    if not isinstance(channels, int) or groups < 1 or not channels or channels % groups:
        what = f"channel_shuffle does not take an operand of shape {show(input.shape)}"
        raise ShapeError(what, advice="The axes are (batch, channels, places ...).")
    x = laid_out(input, (input.shape[0], groups, channels // groups, *input.shape[2:]))
    return laid_out(nodes.transpose(x, [0, 2, 1, *range(3, len(x.shape))]), input.shape)


# ---------------------------------------------------------------- attention


@form("scaled_dot_product_attention", free=True)
def _attention(query: Tree, key: Tree, value: Tree, is_causal: Flag = False, scale: Tree | None = None) -> Tree:
    """softmax(Q @ K.T/sqrt(d)) @ V; where it is causal no place sees a later one."""
    rank = len(key.shape)
    if rank < 2 or len(query.shape) != rank or query.shape[-1] != key.shape[-1]:
        what = f"attention of queries {show(query.shape)} to keys {show(key.shape)}"
        raise ShapeError(what, advice="Both are (..., places, d) with one d.")
    d = query.shape[-1]
    factor = nodes.power(nodes.number(d) if isinstance(d, int) else nodes.size(d), Fraction(-1, 2)) if scale is None else scale
    scores = matrix_product(query, nodes.transpose(key, [*range(rank - 2), rank - 1, rank - 2]))
    scores = arithmetic.product([scores, factor], scores.shape)
    if not is_causal:
        return matrix_product(named_operation("softmax", scores, parameters=(rank - 1,)), value)
    seen = nodes.broadcast(named_operation("tril", nodes.broadcast(ONE, scores.shape[-2:]), parameters=(0,)), scores.shape)
    hidden = nodes.where(nodes.compare(">", seen, nodes.broadcast(ZERO, scores.shape)), scores, nodes.number(-(10**30)))
    return matrix_product(named_operation("softmax", hidden, parameters=(rank - 1,)), value)


@form("pdist", free=True)
def _pdist(x: Tree) -> Tree:
    """The distances of all pairs of rows, one after the other."""
    if len(x.shape) != 2 or not isinstance(x.shape[0], int) or not 2 <= x.shape[0] <= 64:
        what = f"pdist does not take an operand of shape {show(x.shape)}"
        raise ShapeError(what, advice="Declare the rows with a whole number from 2 to 64; cdist takes any.")
    n, parts = x.shape[0], []
    for i in range(n - 1):
        rest = slice_along(x, 0, i + 1, n)
        own = nodes.broadcast(slice_along(x, 0, i, i + 1), rest.shape)
        gaps = nodes.add([own, nodes.scale(MINUS_ONE, rest)])
        parts.append(nodes.power(nodes.contract([gaps, gaps], ["ij", "ij"], "i"), Fraction(1, 2)))
    return called("concatenate", parts, 0) if len(parts) > 1 else parts[0]
