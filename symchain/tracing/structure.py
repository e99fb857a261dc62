"""What is not one formula in the parameters: operators, indexing, shapes, conditions; the same in every library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symchain.errors import ShapeError, UnsupportedError
from symchain.language.forms import OPERATORS
from symchain.support.dimensions import Dim, Shape, multiply
from symchain.support.notation import Phrase, call, name, negate, number
from symchain.tracing.arrays import Condition, Traced, chosen_of, compared, condition_of
from symchain.tracing.assignment import positions
from symchain.tracing.recording import Recording, sizes, words
from symchain.tracing.sizes import Size, sized

Builder = Callable[..., Any]


def traced(recording: Recording, given: Any) -> Traced:
    """An operand as a symbolic array."""
    made = given if isinstance(given, Traced) else recording.made(as_array(recording.phrase(given)))
    assert isinstance(made, Traced)
    return made


def as_array(phrase: Phrase) -> Phrase:
    """A tuple as the list that it is where an array is meant."""
    return Phrase("list", tuple(map(as_array, phrase.parts))) if phrase.head == "tuple" else phrase


def binary(word: str) -> Builder:
    """An operator of two operands, written with its sign."""
    make = OPERATORS[word]

    def build(recording: Recording, left: Any, right: Any) -> Any:
        if isinstance(left, Condition) and isinstance(right, Condition) and word == "multiply":
            return left & right
        return recording.combined(make, left, right)

    return build


def product(recording: Recording, left: Any, right: Any) -> Any:
    """left @ right."""
    return recording.made(OPERATORS["matmul"](as_array(recording.phrase(left)), as_array(recording.phrase(right))))


def comparison(symbol: str) -> Builder:
    return lambda recording, left, right: compared(recording, symbol, left, right)


def both(recording: Recording, left: Any, right: Any) -> Condition:
    return condition_of(recording, left) & condition_of(recording, right)


def either(recording: Recording, left: Any, right: Any) -> Condition:
    return condition_of(recording, left) | condition_of(recording, right)


def otherwise(recording: Recording, given: Any) -> Condition:
    return ~condition_of(recording, given)


def where(recording: Recording, condition: Any, yes: Any, no: Any) -> Any:
    if isinstance(condition, bool | np.bool_):  # whether a number is finite
        chosen, other = (traced(recording, g) for g in ((yes, no) if condition else (no, yes)))
        return chosen if len(chosen.dims) >= len(other.dims) else spread(recording, chosen, *other.shape)
    return chosen_of(condition_of(recording, condition), yes, no)


def same(recording: Recording, x: Any, *ignored: Any) -> Any:
    """The operand itself, as another array."""
    if isinstance(x, Condition):
        return x.number
    return Traced(recording, traced(recording, x).value)


# ---------------------------------------------------------------- shapes


def dims_of(given: Sequence[Any]) -> Shape:
    """Sizes that the function gave, as dimensions."""
    if len(given) == 1 and isinstance(given[0], tuple | list):
        given = given[0]
    return tuple(g.dim if isinstance(g, Size) else int(g) for g in given)


def count(dims: Sequence[Dim]) -> Dim:
    total: Dim = 1
    for d in dims:
        total = multiply(total, d)
    return total


def laid_out(recording: Recording, x: Any, dims: Sequence[Dim]) -> Any:
    """The entries in another shape, one size of which may be -1."""
    own = traced(recording, x)
    if -1 in dims:
        known = count([d for d in dims if d != -1])
        total = count(own.dims)
        rest = quotient(total, known)
        dims = [rest if d == -1 else d for d in dims]
    if tuple(dims) == own.dims:
        return own
    return recording.made(call("reshape", own.phrase, sizes(dims)))


def quotient(total: Dim, part: Dim) -> Dim:
    """total/part. Raises ShapeError where that is no size."""
    if isinstance(total, int) and isinstance(part, int):
        if part and total % part == 0:
            return total // part
    elif total == part:
        return 1
    elif part == 1:
        return total
    else:
        factors = str(total).split("*")
        for factor in str(part).split("*"):
            if factor in factors:
                factors.remove(factor)
            elif factor.isdigit() and factors and factors[0].isdigit() and int(factors[0]) % int(factor) == 0:
                factors[0] = str(int(factors[0]) // int(factor))
            else:
                break
        else:
            if all(f.isidentifier() or f.isdigit() for f in factors):
                return count([int(f) if f.isdigit() else f for f in factors])
    raise ShapeError(f"{total} entries in rows of {part}", advice="Say every size of the new shape.")


def reshape(recording: Recording, x: Any, *shape: Any) -> Any:
    return laid_out(recording, x, dims_of(shape))


def filled_with(recording: Recording, value: Any, dims: Shape) -> Any:
    """An array of one value."""
    if not dims:
        return recording.made(recording.phrase(value))
    phrase = recording.phrase(value)
    word = {number(0): "zeros", number(1): "ones"}.get(phrase)
    return recording.made(call(word, sizes(dims)) if word else call("full", sizes(dims), phrase))


def filled_like(value: Any) -> Builder:
    """zeros_like and its kin."""
    return lambda recording, x, *ignored: filled_with(recording, value, traced(recording, x).dims)


def filled_of(value: Any) -> Builder:
    """zeros and its kin, where a size is a letter."""
    return lambda recording, *shape: filled_with(recording, value, dims_of(shape))


def transposed(recording: Recording, x: Any) -> Any:
    """All axes in reverse order."""
    own = traced(recording, x)
    return own if own.ndim < 2 else recording.made(Phrase("transpose", (own.phrase,)))


def matrix_transposed(recording: Recording, x: Any) -> Any:
    own = traced(recording, x)
    if own.ndim == 2:
        return transposed(recording, own)
    return recording.made(call("swapaxes", own.phrase, negate(number(1)), negate(number(2))))


def permuted(recording: Recording, x: Any, *axes: Any) -> Any:
    """The axes in the order that is named; reversed where none is."""
    own = traced(recording, x)
    order = axes[0] if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes
    if not order or order == (None,):
        return transposed(recording, own)
    normal = [int(a) % own.ndim for a in order]
    if normal == list(range(own.ndim)):
        return own
    if normal == list(range(own.ndim))[::-1]:
        return transposed(recording, own)
    return recording.made(call("transpose", own.phrase, Phrase("tuple", tuple(map(number, normal)))))


def moved(recording: Recording, x: Any, source: Any, destination: Any) -> Any:
    """moveaxis."""
    own = traced(recording, x)
    pairs = zip(np.atleast_1d(source), np.atleast_1d(destination), strict=True)
    goals = {int(d) % own.ndim: int(s) % own.ndim for s, d in pairs}
    rest = iter([k for k in range(own.ndim) if k not in goals.values()])
    return permuted(recording, own, [goals[k] if k in goals else next(rest) for k in range(own.ndim)])


def with_axis(recording: Recording, x: Any, axis: int) -> Any:
    """A new axis of size 1 at a position of the result."""
    own = traced(recording, x)
    position = axis % (own.ndim + 1)
    return _indexed(recording, own, [*[slice(None)] * position, None])


def spread(recording: Recording, x: Any, *shape: Any) -> Any:
    """The array broadcast to a shape, in which -1 keeps a size."""
    own = traced(recording, x)
    dims = list(dims_of(shape))
    lead = len(dims) - own.ndim
    dims = [own.dims[k - lead] if d == -1 else d for k, d in enumerate(dims)]
    return own if tuple(dims) == own.dims else recording.made(call("broadcast_to", own.phrase, sizes(dims)))


def at_least(rank: int) -> Builder:
    """atleast_1d and its kin, of one array."""

    def build(recording: Recording, x: Any) -> Any:
        own = traced(recording, x)
        while own.ndim < rank:
            own = with_axis(recording, own, 0)
        return own

    return build


# ---------------------------------------------------------------- parts


def _indexed(recording: Recording, x: Traced, items: Sequence[Any]) -> Any:
    if all(isinstance(i, slice) and i == slice(None) for i in items):
        return Traced(recording, x.value)
    return recording.made(Phrase("index", (x.phrase, *(recording.phrase(i) for i in items))))


def taken(recording: Recording, x: Any, items: Any) -> Any:
    """x[items]: whole numbers, slices, None, the ellipsis, and one array of whole numbers."""
    own = traced(recording, x)
    if isinstance(items, Condition) or (isinstance(items, np.ndarray) and items.dtype == bool):
        advice = "Where the others do not count, write np.where(condition, x, 0)."
        raise UnsupportedError("how many entries a condition selects is not known", advice=advice)
    chosen = positions(items, own.ndim)
    if any(isinstance(i, bool) for i in chosen):
        raise UnsupportedError("an index that is True or False", advice="Write None for a new axis.")
    labels = [k for k, i in enumerate(chosen) if not isinstance(i, slice | int | Size | None.__class__) and not _is_whole(i)]
    if labels:
        return _rows(recording, own, chosen, labels)
    chosen = [int(i) if _is_whole(i) else i for i in chosen]
    numbers = [k for k, i in enumerate(chosen) if isinstance(i, int | Size)]
    if numbers and any(i is None for i in chosen):  # first the entries, then the new axes
        first = _indexed(recording, own, [i for i in chosen if i is not None])
        return _indexed(recording, first, [i if i is None else slice(None) for i in chosen if not isinstance(i, int | Size)])
    return _indexed(recording, own, chosen)


def _is_whole(item: Any) -> bool:
    return isinstance(item, np.integer) or (isinstance(item, np.ndarray) and not item.ndim and item.dtype.kind in "iu")


def _rows(recording: Recording, x: Traced, items: Sequence[Any], labels: Sequence[int]) -> Any:
    """The entries that an array of whole numbers names along one axis."""
    if len(labels) > 1 or any(not (isinstance(i, slice) and i == slice(None)) for k, i in enumerate(items) if k not in labels):
        advice = "Take them along one axis: x[labels], x[:, labels]; one of k classes for each row is sum(x*onehot(labels, k), axis=1)."
        raise UnsupportedError("an index with several arrays, or an array and something else", advice=advice)
    k = labels[0]
    chosen = items[k]
    phrase = recording.labels(chosen)
    own = recording.facts.get(phrase.text, ()) if phrase.head == "name" else ()
    if "integer" not in own:
        advice = "Declare it: assume={'labels': 'integer'}; or let it be an array that the function finds outside."
        raise UnsupportedError("an index that is not whole numbers", advice=advice)
    if k == 0:
        return recording.made(Phrase("index", (x.phrase, phrase)))
    return recording.made(call("take", x.phrase, phrase, axis=number(k)))


def parted(recording: Recording, x: Any, bounds: Sequence[int], axis: int) -> list[Any]:
    """The array cut at positions along an axis."""
    own = traced(recording, x)
    k = axis % own.ndim
    return [
        _indexed(recording, own, [*[slice(None)] * k, slice(a, b)]) for a, b in zip(bounds[:-1], bounds[1:], strict=True)
    ]


def split(recording: Recording, x: Any, indices: Any, axis: int = 0) -> list[Any]:
    """NumPy's split: into so many equal parts, or at positions."""
    own = traced(recording, x)
    size = own.dims[axis]
    if isinstance(indices, int):
        if not isinstance(size, int) or size % indices:
            raise ShapeError(f"an axis of size {size} in {indices} equal parts", advice="Give a number of parts that divides the size.")
        indices = list(range(size // indices, size, size // indices))
    return parted(recording, own, [0, *indices, size], axis)  # type: ignore[list-item]


def gathered(word: str) -> Builder:
    """stack, concatenate and their kin: of a list of arrays, or of the rows of one."""

    def build(recording: Recording, arrays: Any, axis: Any = 0, dim: Any = None) -> Any:
        axis = axis if dim is None else dim
        if isinstance(arrays, Traced):
            arrays = list(arrays)
        given = [traced(recording, a) for a in arrays]
        parts = Phrase("list", tuple(a.phrase for a in given))
        if axis is None:
            parts = Phrase("list", tuple(call("ravel", p) for p in parts.parts))
        keywords = {} if axis in (0, None) else {"axis": recording.phrase(axis)}
        return recording.made(Phrase("call", (parts,), word, tuple(keywords.items())))

    return build


def clipped(recording: Recording, x: Any, low: Any = None, high: Any = None) -> Any:
    """Between two bounds, either of which may be missing."""
    if low is None and high is None:
        return traced(recording, x)
    if low is None or high is None:
        word = "maximum" if high is None else "minimum"
        return recording.combined(lambda *p: call(word, *p), x, low if high is None else high)
    return recording.combined(lambda *p: call("clip", *p), x, low, high)


def chain(recording: Recording, arrays: Any) -> Any:
    """The matrix product of several arrays."""
    phrases = [recording.phrase(a) for a in arrays]
    return recording.made(Phrase("matmul", tuple(phrases)))


def tensordot(recording: Recording, a: Any, b: Any, axes: Any = 2) -> Any:
    """The products summed over axes of both: the last ones and the first ones, or those that are named."""
    left, right = traced(recording, a), traced(recording, b)
    if isinstance(axes, int):
        axes = list(range(left.ndim - axes, left.ndim)), list(range(axes))
    mine, yours = ([x] if isinstance(x, int) else list(x) for x in axes)
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    first = [next(letters) for _ in range(left.ndim)]
    second = [next(letters) for _ in range(right.ndim)]
    for i, j in zip(mine, yours, strict=True):
        second[j] = first[i]
    shared = {first[i] for i in mine}
    output = [x for x in (*first, *second) if x not in shared]
    return recording.array_library.call(recording, "einsum", (f"{''.join(first)},{''.join(second)}->{''.join(output)}", left, right), {})


def reduction(word: str) -> Builder:
    """A universal function's reduce, along axis 0 unless another is named."""

    def build(recording: Recording, x: Any, axis: Any = 0, keepdims: Any = False) -> Any:
        given = {} if axis is None else {"axis": recording.phrase(axis)}
        kept = {"keepdims": name(str(True))} if keepdims else {}
        return recording.made(called(word, recording.phrase(x), **given, **kept))

    return build


def called(word: str, *arguments: Phrase, **keywords: Phrase) -> Phrase:
    """A call with keywords."""
    return Phrase("call", arguments, word, tuple(keywords.items()))


def outer(word: str) -> Builder:
    """A universal function of each entry of the one with each of the other."""

    def build(recording: Recording, left: Any, right: Any) -> Any:
        a, b = traced(recording, left), traced(recording, right)
        for _ in range(b.ndim):
            a = with_axis(recording, a, -1)
        for _ in range(a.ndim - b.ndim):
            b = with_axis(recording, b, 0)
        return recording.array_library.call(recording, word, (a, b), {})

    return build


def shape_of(recording: Recording, x: Any) -> Any:
    return tuple(sized(recording, d) for d in traced(recording, x).dims)


COMMON: Mapping[str, Builder] = {
    **{word: binary(word) for word in ["add", "subtract", "multiply", "divide", "true_divide", "float_power"]},
    "power_of": binary("float_power"),
    **dict.fromkeys(words("power pow"), binary("float_power")),
    "negative": lambda recording, x: -traced(recording, x),
    "positive": same,
    "matmul": product,
    "getitem": taken,
    "transpose_all": transposed,
    "matrix_transpose": matrix_transposed,
    "where": where,
    "zeros_like": filled_like(0),
    "ones_like": filled_like(1),
    "empty_like": filled_like(0),
    "copy": same,
    "isnan": lambda recording, x: np.False_,
    "isinf": lambda recording, x: np.False_,
    "isfinite": lambda recording, x: np.True_,
    "nan_to_num": lambda recording, x, **replaced: same(recording, x),
    "moveaxis": moved,
    **{
        word: comparison(symbol)
        for words, symbol in (
            ("greater gt", ">"), ("greater_equal ge", ">="), ("less lt", "<"),
            ("less_equal le", "<="), ("equal eq", "=="), ("not_equal ne", "!="),
        )
        for word in words.split()
    },
    "logical_and": both,
    "logical_or": either,
    "logical_not": otherwise,
    "bitwise_and": both,
    "bitwise_or": either,
    "invert": otherwise,
}  # fmt: skip
