"""The arrangement of adjoints that advance together: ranges that all of them share, each at its own distance from the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from symchain.deriving.recursions.frames import Frames
from symchain.support.dimensions import Shape
from symchain.support.linear import Linear
from symchain.tensors.nodes import Tree, leaves


@dataclass(frozen=True)
class Part:
    """Members low..high of an adjoint, by one formula about the member `var` (about none, where it is one member)."""

    low: Linear
    high: Linear
    tree: Tree

    @property
    def single(self) -> bool:
        return self.low == self.high


@dataclass
class Item:
    """An adjoint with a name."""

    name: str
    family: str
    shape: Shape
    parts: list[Part]
    pads: dict[Linear, None] = field(default_factory=dict)
    """Members past its start that are zero."""


@dataclass(frozen=True)
class Segment:
    """The indices high..low, downwards: `entries` are adjoints, their formulas, and their distances from the index."""

    high: Linear
    low: Linear
    entries: tuple[tuple[Item, Tree, int], ...]
    inner: bool
    """Whether a range stands above it."""

    @property
    def single(self) -> bool:
        return self.high == self.low


def arranged(items: Sequence[Item], var: str, frames: Frames) -> list[Segment]:
    """The adjoints from the last member to the first. At one index, those that others need come first."""
    key = frames.order.key
    tops = [_top(item) for item in items]
    high = min(tops, key=key)
    shifts = [t.minus(high).number or 0 for t in tops]
    order = _in_step(items, shifts, var, frames)
    if order is None:
        shifts = [0] * len(items)
        order = _in_step(items, shifts, var, frames) or list(range(len(items)))
    cuts: set[Linear] = set()
    for item, s in zip(items, shifts, strict=True):
        for p in item.parts:
            cuts.update((p.low.plus(-s), p.high.plus(1 - s)))
    ends = sorted(cuts, key=key)
    found: list[Segment] = []
    inner = False
    for a, b in reversed(list(zip(ends, ends[1:], strict=False))):
        entries = []
        for k in order:
            for p in items[k].parts:
                if key(p.low.plus(-shifts[k])) <= key(a) and key(b) <= key(p.high.plus(1 - shifts[k])):
                    entries.append((items[k], p.tree, shifts[k]))
        if not entries:
            continue
        count = b.minus(a).number
        if count is None:
            found.append(Segment(b.plus(-1), a, tuple(entries), inner))
            inner = True
        elif len(ends) == 2 or count > 4:
            found.append(Segment(b.plus(-1), a, tuple(entries), inner))
        else:
            found += [Segment(b.plus(-k), b.plus(-k), tuple(entries), inner) for k in range(1, count + 1)]
    return found


def meeting(segments: Sequence[Segment], frames: Frames) -> int:
    """How many ranges have less than no members at the shortest lengths, with single members on both sides."""
    found = 0
    for k, s in enumerate(segments):
        gap = s.high.minus(s.low).plus(1)
        if gap.number is None and gap.value(frames.shortest) < 0:
            found += any(a.single for a in segments[:k]) and any(b.single for b in segments[k + 1 :])
    return found


def _top(item: Item) -> Linear:
    """The last member of the uppermost part that no number counts; of the longest one where numbers count all."""
    for p in reversed(item.parts):
        if p.high.minus(p.low).number is None:
            return p.high
    return max(item.parts, key=lambda p: p.high.minus(p.low).number or 0).high


def _in_step(items: Sequence[Item], shifts: Sequence[int], var: str, frames: Frames) -> list[int] | None:
    """An order within one step; None where there is none at these distances."""
    names = {item.name: k for k, item in enumerate(items)}
    needs: list[set[int]] = [set() for _ in items]
    for k, item in enumerate(items):
        for part in item.parts:
            for node in leaves(part.tree):
                read = frames.reads.get(node.name)
                if read is None or read.family not in names:
                    continue
                j = names[read.family]
                gap = read.index.minus(part.low if part.single else Linear.letter(var)).number
                if gap is None:
                    continue
                ahead = gap - shifts[j] + shifts[k]
                if ahead < 0 or (ahead == 0 and j == k):
                    return None
                if ahead == 0:
                    needs[k].add(j)
    order: list[int] = []
    while len(order) < len(items):
        ready = next((k for k in range(len(items)) if k not in order and needs[k] <= set(order)), None)
        if ready is None:
            return None
        order.append(ready)
    return order
