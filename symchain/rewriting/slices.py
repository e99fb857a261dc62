"""Slices of products: outer(g, w)[:, :1], summed along its single column, is g*w[0]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from symchain.functions.spec import OPERATIONS
from symchain.rewriting.rows import Row, Use, each
from symchain.tensors.nodes import Contraction, Identity, Operation, Tree, contract, operation
from symchain.tensors.products import normal_product, term_of
from symchain.tensors.terms import Term

Items = tuple[tuple[Any, ...], ...]


def slices_opened(tree: Contraction) -> Iterator[Tree]:
    """The product with one slice taken factor by factor: a slice of length 1 that is summed is an entry."""
    term = term_of(tree)
    for k, (factor, indices) in enumerate(term.factors):
        if not (isinstance(factor, Operation) and factor.operation is OPERATIONS["index"]):
            continue
        items: Items = factor.parameters[0]
        if any(item[0] == "new" for item in items):
            continue
        axes = iter(indices)
        places = [next(axes) if item[0] == "slice" else None for item in items]
        single = {i for i in places if i is not None and _is_single(term, i)}
        entered = tuple(("at", item[1]) if i in single else item for item, i in zip(items, places, strict=True))
        opened = _taken(factor.args[0], entered)
        if opened is factor:
            continue
        kept = tuple(i for i in indices if i not in single)
        factors = [*term.factors[:k], (opened, kept), *term.factors[k + 1 :]]
        yield normal_product(term.with_factors(factors, without=single))


def _is_single(term: Term, index: int) -> bool:
    """Whether an axis has length 1 and is summed, by one factor alone."""
    return term.dims[index] == 1 and index not in term.output and len(term.users(index)) == 1


def _taken(tree: Tree, items: Items) -> Tree:
    """The tree at some items, one for each axis; a product is taken factor by factor."""
    if isinstance(tree, Contraction) and not any(isinstance(a, Identity) for a in tree.args):
        chosen = dict(zip(tree.output, items, strict=True))
        entries = {i for i, item in chosen.items() if item[0] == "at"}
        operands = [
            _taken(a, tuple(chosen.get(i, ("slice", 0, tree.dims[i], 1)) for i in s)) if set(s) & set(chosen) else a
            for a, s in zip(tree.args, tree.subscripts, strict=True)
        ]
        shape = iter(operation(OPERATIONS["index"], [tree], (items,)).shape)
        sizes = {i: d for i, d in enumerate(tree.dims) if i not in chosen}
        sizes |= {i: next(shape) for i in tree.output if i not in entries}
        subscripts = [tuple(i for i in s if i not in entries) for s in tree.subscripts]
        return contract(operands, subscripts, [i for i in tree.output if i not in entries], sizes)
    if all(item == ("slice", 0, d, 1) for item, d in zip(items, tree.shape, strict=True)):
        return tree
    return operation(OPERATIONS["index"], [tree], (items,))


ROWS = (
    Row(
        "a slice of a product", Use.PRINT, search=each(slices_opened), node=Contraction, holds=Operation.bit, step="slice", priority=-25,
        reason="the entries taken are parameters of the slice", fires="x: (n,)\ny: (m,)\nout = sum(sum(outer(x, y)[:, :1], axis=1)**2)",
        spares="x: (n,)\nout = sum(x[:2]*x[1:3])",
    ),
)  # fmt: skip
