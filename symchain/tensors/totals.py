"""Sums within a product that meet a power of themselves: (x @ y)*z/(x @ y)**2 is z/(x @ y).

In a Term a sum is open, its factors beside all others and its indices among theirs; in a power it is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from symchain.tensors.nodes import Contraction, Number, Power, Tree, contract
from symchain.tensors.terms import Indices, Term, keyed, sums_over


def merge_totals(term: Term, raised: Callable[[Tree, Fraction, bool], Tree]) -> bool:
    """Join a power of a sum and the same sum, where it stands open; whether there was one."""
    for k, (tree, indices) in enumerate(term.factors):
        if not (isinstance(tree, Power) and isinstance(tree.exponent, Number) and isinstance(tree.base, Contraction)):
            continue
        if not sums_over(tree.base) or len(set(indices)) < len(indices):
            continue
        key, value = keyed(tree.base)
        for members, inner in _parts(term, k, indices):
            if {i for m in members for i in term.factors[m][1]} - inner != set(indices):
                continue
            operands, subscripts = zip(*(term.factors[m] for m in members), strict=True)
            mine, ratio = keyed(contract(operands, subscripts, indices))
            if mine == key:
                exponent = tree.exponent.value + 1
                joined = [(raised(tree.base, exponent, tree.exponent.decimal), indices)] if exponent else []
                term.coefficient *= ratio / value
                term.factors = [f for m, factor in enumerate(term.factors) if m not in members for f in (joined if m == k else [factor])]
                for i in inner:
                    del term.dims[i]
                return True
    return False


def _parts(term: Term, k: int, kept: Indices) -> Iterator[tuple[set[int], set[int]]]:
    """The factors, k apart, that hang together by summed indices which are not among those kept, each group with these indices."""
    outside = {*term.output, *kept}
    left = {m: set(s) - outside for m, (_, s) in enumerate(term.factors) if m != k and set(s) - outside}
    while left:
        first = next(iter(left))
        members, inner = {first}, left.pop(first)
        grown = True
        while grown:
            near = [m for m, s in left.items() if s & inner]
            grown = bool(near)
            for m in near:
                members.add(m)
                inner |= left.pop(m)
        yield members, inner
