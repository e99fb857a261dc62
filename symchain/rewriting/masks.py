"""Masks in products that are to run: what a factor is where the mask is zero, nan perhaps, must not matter."""

from __future__ import annotations

from symchain.rewriting.rows import Row, Use, one
from symchain.tensors.nodes import ZERO, Contraction, Number, Power, Size, Tree, Where, contract, postorder, where


def chosen_product(node: Contraction) -> Tree | None:
    """where(c, a, 0)*b as where(c, a*b, 0): what b is where c does not hold, nan perhaps, must not matter."""
    for k, (mask, indices) in enumerate(zip(node.args, node.subscripts, strict=True)):
        if not isinstance(mask, Where) or not any(map(_is_zero, mask.args[1:])):
            continue
        inside = [j for j, s in enumerate(node.subscripts) if j != k and s in ((), indices) and not _is_count(node.args[j])]
        if not inside or len(set(indices)) < len(indices):
            continue
        condition, *branches = mask.args
        factors = [node.args[j] for j in inside]
        spots = [node.subscripts[j] for j in inside]
        sizes = {i: node.dims[i] for i in indices}
        taken = [b if _is_zero(b) else contract([b, *factors], [indices if b.shape else (), *spots], indices, sizes) for b in branches]
        args, subscripts = list(node.args), list(node.subscripts)
        args[k] = where(condition, taken[0], taken[1])
        kept = [j for j in range(len(args)) if j not in inside]
        return contract([args[j] for j in kept], [subscripts[j] for j in kept], node.output, dict(enumerate(node.dims)))
    return None


def _is_count(tree: Tree) -> bool:
    """Whether a factor is made of numbers and sizes alone. It stays outside: the mean of nothing is 0/0, a sum of nothing 0."""
    return not tree.shape and all(isinstance(n, (Number, Size, Power, Contraction)) for n in postorder(tree))


def _is_zero(tree: Tree) -> bool:
    while isinstance(tree, Contraction) and len(tree.args) == 1:
        tree = tree.args[0]
    return tree is ZERO


ROWS = (
    Row(
        "a product with a mask", Use.RUN, search=one(chosen_product), node=Contraction, holds=Where.bit, priority=60,
        reason="any factors over the axes of the mask, or over none, go into it",
        fires="where(x > 0, y, 0)*a", spares="where(x > 0, y, 1)*a",
    ),
)  # fmt: skip
