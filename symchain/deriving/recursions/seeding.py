"""Recursions that start one member later: where the last formula is that of all others, with another adjoint in place of the next one."""

from __future__ import annotations

from collections.abc import Sequence

from symchain.deriving.recursions.arrangement import Item, Part
from symchain.deriving.recursions.frames import Frames
from symchain.rewriting import reduced
from symchain.support.linear import Linear
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Leaf, Tree, leaves, postorder, substitute


def seeded(items: Sequence[Item], var: str, frames: Frames) -> None:
    """Let adjoints begin with what a later line receives: delta[L] = delta_f, where delta[L-1] is then like all others."""
    for item in items:
        if len(item.parts) < 2 or item.pads:
            continue
        middle, last = item.parts[-2:]
        if middle.single or not last.single or middle.high.plus(1) != last.low:
            continue
        here = frames.at(middle.tree, var, last.low)
        following = _following(here, item.name, last.low, frames)
        found = None if following is None else _stand_in(here, following, last.tree, frames)
        if following is not None and found is not None:
            after = last.low.plus(1)
            item.parts[-2:] = [Part(middle.low, last.low, middle.tree), Part(after, after, found)]
            frames.seeds[item.name] = after, found


def _following(tree: Tree, name: str, index: Linear, frames: Frames) -> Leaf | None:
    """The next member of an adjoint in its formula, where that is the only one there."""
    own = [n for n in leaves(tree) if n.name in frames.reads and frames.reads[n.name].family == name]
    return own[0] if len(own) == 1 and frames.reads[own[0].name].index == index.plus(1) else None


def _stand_in(tree: Tree, following: Leaf, wanted: Tree, frames: Frames) -> Tree | None:
    """What in place of the next member makes one formula of the other."""
    for node in postorder(wanted):
        known = isinstance(node, Leaf) and (node.name in frames.reads or not node.name.startswith("delta_"))
        if not known and node.shape == following.shape and node is not wanted and same(substitute(tree, {following: node}), wanted):
            return node
    return None


def same(one: Tree, other: Tree) -> bool:
    """Whether two formulas are written alike."""
    return one is other or reduced(one) is reduced(other) or phrase_of(reduced(one)) == phrase_of(reduced(other))


def continues(tree: Tree, var: str, index: Linear, wanted: Tree, frames: Frames) -> bool:
    """Whether the formula of a range is that of the member after it, where adjoints begin with what stands there."""
    here = frames.at(tree, var, index)
    known: dict[Tree, Tree] = {}
    for node in leaves(here):
        read = frames.reads.get(node.name)
        if read is not None and frames.seeds.get(read.family, (None,))[0] == read.index:
            known[node] = frames.seeds[read.family][1]
    return bool(known) and same(substitute(here, known), wanted)
