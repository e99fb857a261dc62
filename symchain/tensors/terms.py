"""Terms: einsums taken apart, and the keys by which equal ones are recognised whatever their order.

A Term is a coefficient times an einsum of factors. `canonical` names its indices by how they are used, so that equal einsums have
equal keys; `invariant` does the same for whole trees and tells b - a from a - b by a sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from typing import Any

from symchain.support.dimensions import Dim
from symchain.tensors.memory import Table, table
from symchain.tensors.nodes import (
    ONE,
    ZERO,
    Apply,
    Contraction,
    Identity,
    Leaf,
    Number,
    Operation,
    Power,
    Sum,
    Tree,
    contract,
    postorder,
)

Indices = tuple[int, ...]
_OUTPUT = 1_000_000  # canonical names of output indices start here
_INVARIANTS: Table[Tree, tuple[int, bytes]] = table("invariants", 100_000)


@dataclass(slots=True)
class Term:
    """coefficient times an einsum of factors; `dims` gives the size of every index."""

    coefficient: Fraction = Fraction(1)
    decimal: bool = False
    factors: list[tuple[Tree, Indices]] = field(default_factory=list)
    output: Indices = ()
    dims: dict[int, Dim] = field(default_factory=dict)

    def summed(self) -> set[int]:
        return {i for _, s in self.factors for i in s} - set(self.output)

    def users(self, index: int) -> list[int]:
        return [k for k, (_, s) in enumerate(self.factors) if index in s]

    def rename(self, old: int, new: int) -> None:
        self.factors = [(t, tuple(new if i == old else i for i in s)) for t, s in self.factors]

    def with_factors(self, factors: list[tuple[Tree, Indices]], without: Set[int] = frozenset()) -> Term:
        """The same coefficient and output over other factors; the indices `without` are gone."""
        dims = {i: d for i, d in self.dims.items() if i not in without}
        return Term(self.coefficient, self.decimal, factors, self.output, dims)


def plain(node: Tree) -> Term:
    """A tree as a term, as it stands."""
    if not isinstance(node, Contraction):
        indices = tuple(range(len(node.shape)))
        return Term(factors=[(node, indices)], output=indices, dims=dict(enumerate(node.shape)))
    factors = [(a, s) for a, s in zip(node.args, node.subscripts, strict=True)]
    return Term(factors=factors, output=node.output, dims=dict(enumerate(node.dims)))


def split(tree: Contraction) -> Term:
    """A normalised contraction as a term."""
    term = plain(tree)
    if isinstance(tree.args[0], Number):
        term.coefficient, term.decimal = tree.args[0].value, tree.args[0].decimal
        term.factors = term.factors[1:]
    return term


def factors_of(tree: Tree) -> tuple[Tree, ...]:
    """The operands of a product; of anything else, itself."""
    return tree.args if isinstance(tree, Contraction) else (tree,)


def all_factors(tree: Tree) -> list[Tree]:
    """The factors of a product, nested products opened."""
    found: list[Tree] = []
    stack = [tree]
    while stack:
        t = stack.pop()
        if isinstance(t, Contraction):
            stack.extend(reversed(t.args))
        else:
            found.append(t)
    return found


def constant_of(tree: Tree) -> Number | None:
    """The number that a tree is, or repeats along its axes."""
    if isinstance(tree, Contraction) and len(tree.args) == 1 and not sums_over(tree):
        tree = tree.args[0]
    return tree if isinstance(tree, Number) else None


def split_power(tree: Tree) -> tuple[Tree, Tree]:
    """(base, exponent); what is not a power is its own first power."""
    return (tree.base, tree.exponent) if isinstance(tree, Power) else (tree, ONE)


def divides(tree: Tree) -> bool:
    """Whether a tree is a power with a negative number as its exponent."""
    return isinstance(tree, Power) and isinstance(tree.args[1], Number) and tree.args[1].value.numerator < 0


def factor_kinds(tree: Tree) -> int:
    """The bits of the kinds of a product's factors, powers counting as their bases; of what is no product, its own bit."""
    if not isinstance(tree, Contraction):
        return tree.bit
    bits = 0
    for a in tree.args:
        bits |= a.args[0].bit if isinstance(a, Power) else a.bit
    return bits


def sums_over(node: Contraction) -> bool:
    return len(node.dims) != len(set(node.output))


_SYMMETRIC: Table[Tree, bool] = table("symmetric matrices", 100_000)


def is_symmetric(tree: Tree) -> bool:
    """Whether a square matrix is known to equal its transpose."""
    if len(tree.shape) != 2:
        return False
    known = _SYMMETRIC.entries.get(tree)
    if known is None:
        known = _SYMMETRIC.room()[tree] = _is_symmetric(tree)
    return known


def _is_symmetric(tree: Tree) -> bool:
    if isinstance(tree, Leaf):
        return bool(tree.facts & {"symmetric", "spd", "diagonal", "symmetric_entries", "diagonal_entries"})
    if isinstance(tree, Operation) and "symmetric" in tree.operation.keeps:
        return is_symmetric(tree.args[0])
    if isinstance(tree, Identity):
        return True
    if isinstance(tree, Apply):
        return len(tree.shape) == 2 and all(is_symmetric(a) or not a.shape for a in tree.args)
    if isinstance(tree, Power):
        return is_symmetric(tree.base) and not tree.exponent.shape
    if isinstance(tree, Sum):
        rest = [t for t in tree.args if not is_symmetric(t)]
        return len(tree.shape) == 2 and tree.shape[0] == tree.shape[1] and _same_terms(rest, [flipped(t) for t in rest])
    if isinstance(tree, Contraction) and len(tree.output) == 2 and tree.dims[tree.output[0]] == tree.dims[tree.output[1]]:
        if any(isinstance(a, Identity) and set(s) == set(tree.output) for a, s in zip(tree.args, tree.subscripts, strict=True)):
            return True
        return canonical(plain(tree)) == canonical(plain(flipped(tree)))
    return False


def adds_up_along(tree: Operation) -> int | None:
    """The axis along which the entries of an operation's value, none below zero, add up to one, where there is one."""
    if tree.operation.unit_sum is None:
        return None
    axis: int = tree.operation.unit_sum(len(tree.shape), tree.parameters)
    return axis


def flipped(tree: Tree) -> Tree:
    """The transpose of a matrix, one level deep."""
    if isinstance(tree, Contraction):
        return contract(tree.args, tree.subscripts, tree.output[::-1], dict(enumerate(tree.dims)))
    return contract([tree], [(0, 1)], (1, 0))


def _same_terms(terms: list[Tree], others: list[Tree]) -> bool:
    return sorted(map(repr, map(keyed, terms))) == sorted(map(repr, map(keyed, others)))


def invariant(tree: Tree) -> tuple[int, bytes]:
    """A sign and a key that do not depend on the order of terms and factors: a - b and -b + a share both, b - a the key."""
    known = _INVARIANTS.entries.get(tree)
    if known is not None:
        return known
    entries = _INVARIANTS.room()
    for node in postorder(tree):
        if node not in entries:
            entries[node] = _invariant(node, entries)
    return entries[tree]


def _invariant(node: Tree, known: Mapping[Tree, tuple[int, bytes]]) -> tuple[int, bytes]:
    if isinstance(node, Sum):
        terms = sorted((repr(key), value) for key, value in map(keyed, node.args))
        sign = -1 if terms[0][1] < 0 else 1
        return sign, _fingerprint("sum", node.shape, [(k, str(v * sign)) for k, v in terms])
    if isinstance(node, Contraction):
        key, value = keyed(node)
        return (-1 if value < 0 else 1), _fingerprint("product", key, str(abs(value)))
    if isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value.denominator == 1:
        sign, key = known[node.base]
        return (sign if node.exponent.value % 2 else 1), _fingerprint("power", key, str(node.exponent.value))
    if not node.args:
        return 1, node.digest
    return 1, _fingerprint(type(node).__name__, node.shape, repr(node.data), [known[a] for a in node.args])


def _fingerprint(*parts: Any) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=12).digest()


def keyed(tree: Tree) -> tuple[Any, Fraction]:
    """A term as an order-free key and its coefficient, the signs of its factors included."""
    if isinstance(tree, Number):
        return "number", tree.value
    term = plain(tree)
    value = Fraction(1)
    if isinstance(tree, Contraction) and tree.args and isinstance(tree.args[0], Number):
        value = tree.args[0].value
        term.factors = term.factors[1:]
    for factor, _ in term.factors:
        value *= invariant(factor)[0]
    return (canonical(term) if term.factors else ("ones", tree.shape)), value


def canonical(term: Term) -> tuple[Any, ...]:
    """A key of the einsum without its coefficient: equal keys, equal values up to sign.

    The order of the factors and the names of the indices do not matter.
    """
    colors: dict[int, Any] = {}
    for i, dim in term.dims.items():
        colors[i] = (str(dim), tuple(k for k, o in enumerate(term.output) if o == i))
    if len(term.factors) > 1 or any(len(s) > 1 for _, s in term.factors):
        for _ in range(2):
            signatures = [_signature(t, s, colors) for t, s in term.factors]
            colors = {
                i: hash(
                    (
                        c,
                        tuple(
                            sorted(
                                hash((signatures[k], *_places(term.factors[k], i)))
                                for k in range(len(signatures))
                                if i in term.factors[k][1]
                            )
                        ),
                    )
                )
                for i, c in colors.items()
            }
    ordered = sorted(range(len(term.factors)), key=lambda k: (invariant(term.factors[k][0])[1], _signature(*term.factors[k], colors)))
    names: dict[int, int] = {i: _OUTPUT + k for k, i in enumerate(term.output)}
    key = []
    for k in ordered:
        tree, indices = term.factors[k]
        if len(indices) == 2 and is_symmetric(tree):
            indices = tuple(sorted(indices, key=lambda i: (i not in names, names.get(i, 0), str(colors[i]))))
        key.append((invariant(tree)[1], tuple(names.setdefault(i, len(names)) for i in indices)))
    return (tuple(key), tuple(str(term.dims[i]) for i in term.output))


def _signature(tree: Tree, indices: Indices, colors: dict[int, Any]) -> int:
    seen = [hash(colors[i]) for i in indices]
    if len(seen) == 2 and is_symmetric(tree):
        seen.sort()
    return hash((invariant(tree)[1], tuple(seen), tuple(indices.index(i) for i in indices)))


def _places(factor: tuple[Tree, Indices], index: int) -> tuple[int, ...]:
    tree, indices = factor
    if len(indices) == 2 and is_symmetric(tree):
        return (0,)
    return tuple(k for k, i in enumerate(indices) if i == index)


def is_zero(tree: Tree) -> bool:
    """Whether a normalised tree is identically zero."""
    return tree is ZERO or (isinstance(tree, Contraction) and len(tree.args) == 1 and tree.args[0] is ZERO)
