"""Index notation: what one entry of a tree is, with sums over repeated indices and Kronecker deltas.

entry_of(W.T @ d, i) is sum_k W[k,i]*d[k]. Indices count from 1, as on paper. Elementwise functions are applied to entries; inverses,
softmax and the like have entries named by themselves, inv(A)[i,j]. These phrases are for reading, they are not input language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import count, islice
from typing import Any

from symchain.errors import LimitError
from symchain.functions.spec import AbstractFunction
from symchain.support.dimensions import Dim, Shape
from symchain.support.dimensions import letters as dimension_letters
from symchain.support.notation import Phrase, name, negate, primes_of
from symchain.support.notation import number as literal
from symchain.tensors.indexgraph import dimension, product
from symchain.tensors.matrixform import phrase_of, rational
from symchain.tensors.nodes import (
    Apply,
    Compare,
    Constant,
    Contraction,
    Identity,
    Leaf,
    Number,
    Operation,
    Power,
    Size,
    Sum,
    Tree,
    Where,
    number,
    postorder,
    power,
)
from symchain.tensors.terms import divides

LETTERS = "ijklpqrstuvabcdefgh"
"""Index names in the order in which they are given out; m and n are kept for sizes."""
LARGEST = 20_000
"""A formula of more entries than this is not written out."""

Indices = tuple[Phrase, ...]
Key = tuple[Tree, Indices, frozenset[str]]
"""A tree, the indices of the entry, and the index names in use around it."""
Plan = tuple[list[Key], Callable[[Sequence[Phrase]], Phrase]]
"""The entries an entry is made of, and how they are put together."""


def letters(taken: Iterable[str]) -> Iterator[str]:
    """Index names that are not taken: i, j, k, ..., then i1, j1, ..."""
    avoided = frozenset(taken)
    yield from (c for c in LETTERS if c not in avoided)
    for k in count(1):
        yield from (f"{c}{k}" for c in LETTERS if f"{c}{k}" not in avoided)


def names_in(*trees: Tree) -> frozenset[str]:
    """The names that an index must not have: leaves and dimension letters."""
    found: set[str] = set()
    for node in postorder(*trees):
        if isinstance(node, Leaf):
            found.add(node.name)
        dims: list[Dim] = [*node.shape, *(node.dims if isinstance(node, Contraction) else ())]
        if isinstance(node, Size):
            dims.append(node.dim)
        found.update(dimension_letters(dims))
    return frozenset(found)


def element(array: Phrase, indices: Sequence[Phrase]) -> Phrase:
    """One entry of an array; a scalar is its own entry."""
    return Phrase("entry", (array, *indices)) if indices else array


def partial(output: Phrase, at: Sequence[Phrase], by: Phrase, by_at: Sequence[Phrase]) -> Phrase:
    """The symbol of a derivative of one entry by another."""
    return Phrase("partial", (element(output, at), element(by, by_at)))


def summed(body: Phrase, ranges: Sequence[tuple[str, Dim]]) -> Phrase:
    """The sum of a phrase over some indices; a sum of a sum is one sum."""
    if not ranges:
        return body
    over = tuple(Phrase("range", (name(i), dimension(d))) for i, d in ranges)
    if body.head == "sum_over":
        return Phrase("sum_over", (body.parts[0], *over, *body.parts[1:]))
    return Phrase("sum_over", (body, *over))


def entry_of(tree: Tree, indices: Sequence[str], taken: Iterable[str] = ()) -> Phrase:
    """The entry of a tree at some indices, one name per axis; summed indices get other names, none of those taken.

    Linear in the number of different entries; raises LimitError where that is too many to read.
    """
    avoided = frozenset(taken) | names_in(tree)
    walk = _Walk(avoided)
    return walk.phrase((tree, tuple(map(name, indices)), frozenset(indices)))


class _Walk:
    """One traversal, without recursion: entries are opened from the top and put together from the bottom."""

    def __init__(self, taken: frozenset[str]) -> None:
        self.taken = taken
        self.bracket = "bracket" if "delta" in taken else ""

    def phrase(self, root: Key) -> Phrase:
        plans: dict[Key, Plan] = {}
        sizes: dict[Key, int] = {}  # how many entries the text of each will hold
        done: dict[Key, Phrase] = {}
        stack = [root]
        while stack:
            key = stack[-1]
            if key in done:
                stack.pop()
                continue
            if key not in plans:
                plans[key] = self._plan(*key)
            missing = [k for k in plans[key][0] if k not in done]
            if missing:
                stack += reversed(missing)
            else:
                needed, assemble = plans[key]
                done[stack.pop()] = assemble([done[k] for k in needed])
                sizes[key] = 1 + sum(sizes[k] for k in needed)
                if sizes[key] > LARGEST:
                    raise LimitError(f"index notation needs more than {LARGEST} entries here", advice='Use notation="matrix".')
        return done[root]

    def _plan(self, tree: Tree, at: Indices, scope: frozenset[str]) -> Plan:
        if isinstance(tree, Contraction):
            return self._contraction(tree, at, scope)
        if isinstance(tree, Operation):
            return self._operation(tree, at, scope)
        if isinstance(tree, Identity):
            return [], lambda _: self._delta(*at)
        if isinstance(tree, (Number, Constant, Size, Leaf)):
            return [], lambda _: element(phrase_of(tree), at)
        return [(a, at if a.shape else (), scope) for a in tree.args], lambda parts: _elementwise(tree, parts)

    def _delta(self, i: Phrase, j: Phrase) -> Phrase:
        return literal(1) if i == j else Phrase("delta", (i, j), self.bracket)

    # ------------------------------------------------------------ products

    def _contraction(self, tree: Contraction, at: Indices, scope: frozenset[str]) -> Plan:
        free: dict[int, Phrase] = {}
        deltas: list[Phrase] = []
        for index, phrase in zip(tree.output, at, strict=True):
            if free.setdefault(index, phrase) != phrase:
                deltas.append(self._delta(free[index], phrase))
        carried = {i for s in tree.subscripts for i in s}
        bound = [i for i, d in enumerate(tree.dims) if i not in free and i in carried and d != 1]
        fresh = list(islice(letters(self.taken | scope), len(bound)))
        where = {i: literal(1) for i in range(len(tree.dims))} | free | {i: name(letter) for i, letter in zip(bound, fresh, strict=True)}
        inside = scope.union(fresh)
        keys: list[Key] = []
        below: list[bool] = []
        summands: list[bool] = []
        coefficient, decimal = Fraction(1), False
        for operand, subscripts in zip(tree.args, tree.subscripts, strict=True):
            if isinstance(operand, Number):
                coefficient, decimal = coefficient * operand.value, decimal or operand.decimal
                continue
            under = divides(operand)
            keys.append((_inverted(operand) if under else operand, tuple(where[i] for i in subscripts), inside))
            below.append(under)
            summands.append(any(i in bound for i in subscripts))
        sizes = [dimension(d) for i, d in enumerate(tree.dims) if i not in free and i not in carried]
        ranges = [(letter, tree.dims[i]) for i, letter in zip(bound, fresh, strict=True)]

        def assemble(parts: Sequence[Phrase]) -> Phrase:
            negative = coefficient < 0
            over: dict[bool, list[Phrase]] = {False: [*sizes, *deltas], True: []}
            divided: dict[bool, list[Phrase]] = {False: [], True: []}
            for part, is_below, within in zip(parts, below, summands, strict=True):
                if part.head == "neg":
                    negative, part = not negative, part.parts[0]
                if part != literal(1):
                    (divided if is_below else over)[within].append(part)
            front = _coefficient(abs(coefficient), decimal, over[False], divided[False])
            if not ranges:
                whole = product(over[False], divided[False])
            else:
                body = summed(product(over[True], divided[True]), ranges)
                outside = [product(over[False], divided[False])] if front or over[False] or divided[False] else []
                whole = product([*outside, body], [])
            return negate(whole) if negative else whole

        return keys, assemble

    # ------------------------------------------------------------ operations

    def _operation(self, tree: Operation, at: Indices, scope: frozenset[str]) -> Plan:
        kind = tree.operation.name
        if kind == "index":
            base = tree.args[0]
            return [(base, _places(tree.parameters[0], at), scope)], lambda parts: parts[0]
        if kind == "flip":
            axis = tree.parameters[0]
            turned = Phrase("add", (_shifted(dimension(tree.shape[axis]), 1), Phrase("neg", (at[axis],))))
            return [(tree.args[0], (*at[:axis], turned, *at[axis + 1 :]), scope)], lambda parts: parts[0]
        if kind == "gather" and isinstance(tree.args[1], Leaf):
            labels = tree.args[1]
            rank = len(labels.shape)
            row = Phrase("add", (element(name(labels.name), at[:rank]), literal(1)))  # labels count from 0
            return [(tree.args[0], (row, *at[rank:]), scope)], lambda parts: parts[0]
        return [], lambda _: element(phrase_of(tree), at)


def _places(items: Sequence[tuple[Any, ...]], at: Indices) -> Indices:
    """Where the entries of a slice stand in the array it was taken from."""
    found: list[Phrase] = []
    left = iter(at)
    for item in items:
        if item[0] == "at":
            found.append(_shifted(literal(1), item[1]))
        elif item[0] == "new":
            next(left)
        else:
            start, _, step = item[1:]
            index = next(left)
            if step == 1:
                found.append(_shifted(index, start))
                continue
            first = _shifted(literal(1), start)
            counted = Phrase("add", (index, Phrase("neg", (literal(1),))))
            moved = counted if abs(step) == 1 else Phrase("mul", (literal(abs(step)), counted))
            found.append(Phrase("add", (first, Phrase("neg", (moved,)) if step < 0 else moved)))
    return tuple(found)


def _shifted(index: Phrase, by: Dim) -> Phrase:
    """index + by."""
    if by == 0:
        return index
    if isinstance(by, int) and index.head == "number":
        return literal(int(index.text) + by)
    return Phrase("add", (index, dimension(by)))


def _inverted(tree: Any) -> Tree:
    """1/tree, for a power with a negative exponent."""
    value = -tree.exponent.value
    return tree.base if value == 1 else power(tree.base, number(value, tree.exponent.decimal))


def _coefficient(value: Fraction, decimal: bool, over: list[Phrase], under: list[Phrase]) -> bool:
    """Put a number in front of the factors, or 1/n below them; whether there is one."""
    if value == 1:
        return False
    if value.numerator == 1 and not decimal:
        under.insert(0, literal(value.denominator))
    else:
        over.insert(0, rational(value, decimal))
    return True


# ---------------------------------------------------------------- entry by entry


def _elementwise(tree: Tree, parts: Sequence[Phrase]) -> Phrase:
    if isinstance(tree, Sum):
        return added(parts)
    if isinstance(tree, Power):
        return _raised(tree, parts)
    if isinstance(tree, Apply):
        primes = primes_of(tree.orders) if isinstance(tree.function, AbstractFunction) else 0
        return Phrase("call", tuple(parts), tree.function.name, (), primes)
    if isinstance(tree, Compare):
        return Phrase("compare", tuple(parts), tree.operator)
    assert isinstance(tree, Where)
    return Phrase("call", tuple(parts), "where")


def added(parts: Sequence[Phrase]) -> Phrase:
    """The sum of phrases, one that is not subtracted first."""
    terms = [t for p in parts for t in (p.parts if p.head == "add" else (p,)) if t != literal(0)]
    if not terms:
        return literal(0)
    first = next((k for k, t in enumerate(terms) if t.head != "neg"), 0)
    terms.insert(0, terms.pop(first))
    return terms[0] if len(terms) == 1 else Phrase("add", tuple(terms))


def _raised(tree: Power, parts: Sequence[Phrase]) -> Phrase:
    base, exponent = parts
    if not isinstance(tree.exponent, Number):
        return Phrase("pow", (base, exponent))
    value, decimal = tree.exponent.value, tree.exponent.decimal
    if value < 0:
        below = base if value == -1 else _root_or_power(base, -value, decimal)
        return product([], [below])
    return _root_or_power(base, value, decimal)


def _root_or_power(base: Phrase, value: Fraction, decimal: bool) -> Phrase:
    if value == Fraction(1, 2):
        return Phrase("call", (base,), "sqrt")
    return base if value == 1 else Phrase("pow", (base, rational(value, decimal)))


def letters_for(shape: Shape, source: Iterator[str]) -> tuple[str, ...]:
    """One index name for each axis."""
    return tuple(islice(source, len(shape)))
