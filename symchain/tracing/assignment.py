"""x[items] = y as a new array: what stands before, what is put in, what stands behind, joined along each axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symchain.errors import UnsupportedError
from symchain.support.dimensions import Shape
from symchain.support.notation import Phrase, call, number
from symchain.tracing.recording import Recording, dimension

WHOLE = slice(None)


def positions(items: Any, rank: int) -> list[Any]:
    """One item for each axis, with the ellipsis written out."""
    found = list(items) if isinstance(items, tuple) else [items]
    points = [k for k, i in enumerate(found) if i is Ellipsis]
    taken = sum(i is not None and i is not Ellipsis for i in found)
    if points:
        found[points[0] : points[0] + 1] = [WHOLE] * (rank - taken)
    return found


def assigned(
    recording: Recording, subject: Phrase, shape: Shape, items: Any, given: Any, choose: Callable[[Any, Any, Any], Any] | None
) -> Any:
    """The array after x[items] = given; with `choose`, items is a condition. Raises UnsupportedError for other items."""
    if choose is not None:
        return choose(items, given, recording.made(subject))
    chosen = positions(items, len(shape))
    if any(i is None for i in chosen) or not all(isinstance(i, slice | int) for i in chosen):
        what = "an assignment to entries that are not a slice"
        raise UnsupportedError(what, advice="Write x[2:5] = y, x[0] = y, or np.where(condition, y, x).")
    if any(isinstance(i, slice) and i.step not in (None, 1) for i in chosen):
        raise UnsupportedError("an assignment with a step", advice="Assign to x[a:b], or build the array with np.where.")
    chosen += [WHOLE] * (len(shape) - len(chosen))
    part = recording.made(_index(subject, [recording.phrase(i) for i in chosen])) if chosen else recording.made(subject)
    target = _spread(recording, given, part.dims)
    kept = [k for k, i in enumerate(chosen) if not isinstance(i, slice)]
    if kept:  # the axes at which one entry is put in
        items_back = [Phrase("none") if k in kept else _colon() for k in range(len(shape))]
        target = _index(target, items_back) if part.dims else _filled(target, len(shape))
    return recording.made(_framed(recording, subject, shape, chosen, target, 0))


def _spread(recording: Recording, given: Any, shape: Shape) -> Phrase:
    phrase = recording.phrase(given)
    if phrase.head == "tuple":
        phrase = Phrase("list", phrase.parts)
    if recording.shape_of(phrase) == shape:
        return phrase
    if recording.shape_of(phrase) == () and phrase == number(0):
        return call("zeros", Phrase("tuple", tuple(map(dimension, shape))))
    return call("broadcast_to", phrase, Phrase("tuple", tuple(map(dimension, shape))))


def _filled(phrase: Phrase, rank: int) -> Phrase:
    return call("broadcast_to", phrase, Phrase("tuple", (number(1),) * rank))


def _framed(recording: Recording, subject: Phrase, shape: Shape, items: Sequence[Any], target: Phrase, axis: int) -> Phrase:
    """The subject with the target at the items, from an axis on."""
    while axis < len(shape) and items[axis] == WHOLE:
        axis += 1
    if axis == len(shape):
        return target
    item = items[axis]
    start, stop = (item.start, item.stop) if isinstance(item, slice) else (item, None if item == -1 else item + 1)
    dim = shape[axis]
    if isinstance(dim, int):
        start, stop, _ = slice(start, stop).indices(dim)
    first, last = _cut(subject, axis, None, start), _cut(subject, axis, stop, None)
    middle = _cut(subject, axis, start, stop)
    inner = _framed(recording, middle, (*shape[:axis], recording.shape_of(middle)[axis], *shape[axis + 1 :]), items, target, axis + 1)
    parts = [inner]
    if start not in (None, 0):
        parts.insert(0, first)
    if stop is not None and stop != dim:
        parts.append(last)
    return inner if len(parts) == 1 else call("concatenate", Phrase("list", tuple(parts)), axis=number(axis))


def _cut(subject: Phrase, axis: int, start: int | None, stop: int | None) -> Phrase:
    bounds = tuple(Phrase("none") if b is None else number(b) if b >= 0 else Phrase("neg", (number(-b),)) for b in (start, stop))
    return _index(subject, [*[_colon()] * axis, Phrase("slice", (*bounds, Phrase("none")))])


def _colon() -> Phrase:
    return Phrase("slice", (Phrase("none"),) * 3)


def _index(subject: Phrase, items: Sequence[Phrase]) -> Phrase:
    if all(i.head == "slice" and all(b.head == "none" for b in i.parts) for i in items):
        return subject
    return Phrase("index", (subject, *items))
