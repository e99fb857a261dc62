"""Shares spread out: what a part of a family receives, as lines for all of its members, zero elsewhere.

Pieces of a family stand apart only where its ranges are long enough. Where the shortest lengths would have one member in two pieces,
each share becomes a family of its own: then a member is the sum of as many as there are, whatever the lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symchain.deriving.recursions.frames import Frames
from symchain.deriving.recursions.pieces import Piece, Share
from symchain.nouns.recursion import RangedLine
from symchain.support.dimensions import Shape
from symchain.support.linear import Linear
from symchain.tensors.nodes import Tree, leaves, zeros


def collide(frames: Frames, pieces: Sequence[Piece], gaps: Sequence[Linear]) -> bool:
    """Whether pieces of single members would meet at the shortest lengths."""
    counted = [p for p in pieces if p.high.minus(p.low).number is not None]
    if not any(not p.low.terms for p in counted) or not any(p.low.terms for p in counted):
        return False
    return any(gap.value(frames.shortest) < 0 for gap in gaps)


def missing(frames: Frames, tree: Tree) -> bool:
    """Whether the formula of a single member reads members that are not there at the shortest lengths."""
    for node in leaves(tree):
        read = frames.reads.get(node.name)
        if read is not None and read.family in frames.spread:
            low, high = frames.spread[read.family]
            if not low.value(frames.shortest) <= read.index.value(frames.shortest) <= high.value(frames.shortest):
                return True
        if read is None or read.family not in frames.recurrence.families:
            continue
        family, at = frames.recurrence.families[read.family], read.index.value(frames.shortest)
        if family.given and not family.low.value(frames.shortest) <= at <= family.high.value(frames.shortest):
            return True
        if not frames.known(read, frames.shortest):
            return True
    return False


def spread(
    frames: Frames, share: Share, low: Linear, high: Linear, shape: Shape, var: str, fresh: Callable[[str], str], stem: str, of: str
) -> tuple[list[RangedLine], Share]:
    """Lines of a family that has the share on its range and zero on the rest of low..high, and that family as a share of all."""
    key = frames.order.key
    lines: list[RangedLine] = []
    if key(share.low) > key(low) and key(share.high) < key(high) and share.low != share.high:
        more, share = spread(frames, share, share.low, high, shape, var, fresh, stem, of)  # one side after the other
        lines += more
    name = fresh(stem)
    frames.spread[name] = low, high
    for piece in frames.order.cut(low, high, [share])[0]:
        single = piece.low == piece.high
        at = piece.low if single else Linear.letter(var)
        tree = _value(frames, share, at) if piece.shares else zeros(frames.shape_at(shape, var, at))
        if single:
            lines.append(RangedLine(name, tree, frames.phrase(tree), tree.shape, "adjoint", of, at))
        else:
            lines.append(RangedLine(name, tree, frames.phrase(tree, (var,)), tree.shape, "adjoint", of, at, var, piece.low, piece.high))
    return lines, Share(low, high, frames.member(name, Linear.letter(var), shape), var)


def _value(frames: Frames, share: Share, at: Linear) -> Tree:
    return frames.at(share.tree, share.var, at) if share.var else share.tree


def all_spread(
    frames: Frames,
    shares: Sequence[Share],
    low: Linear,
    high: Linear,
    shape: Shape,
    var: str,
    fresh: Callable[[str], str],
    stem: str,
    of: str,
) -> tuple[list[RangedLine], list[Share]]:
    """The shares that are not of all members as families of their own, and all as shares of all members."""
    lines: list[RangedLine] = []
    found: list[Share] = []
    for share in shares:
        if (share.low, share.high) != (low, high):
            more, share = spread(frames, share, low, high, shape, var, fresh, stem, of)
            lines += more
        found.append(share)
    return lines, found
