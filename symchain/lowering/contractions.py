"""Contractions as array code: which pairs of operands meet first, and the cheapest NumPy operation for each pair.

Identities are never multiplied: a Kronecker delta renames an index, or puts the rest on a diagonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import prod

from symchain.lowering.assembly import Assembly, Laid
from symchain.support.dimensions import Dim, evaluate, letters

_TYPICAL = 64
"""The size assumed for a dimension letter when orders of work are compared."""
_EXACT = 6
"""Up to this many operands every order is tried."""
_TRAFFIC = 8
"""What one elementwise multiplication costs beside one multiplication inside a matrix product."""

Indices = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """One operand: its value, the index of each axis, whether it divides, and the value whose square it is, if any."""

    value: int
    indices: Indices = ()
    inverse: bool = False
    root: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A contraction to be lowered, with numbers and identities already told apart from the factors."""

    factors: tuple[Factor, ...]
    coefficient: Fraction
    identities: tuple[Indices, ...]
    output: Indices
    dims: tuple[Dim, ...]


def lower_contraction(asm: Assembly, job: Job) -> tuple[Laid, bool]:
    """The value of the contraction, and whether it must still be negated (a sum then subtracts)."""
    if not job.dims:
        return Laid(_product(asm, job.factors, abs(job.coefficient))), job.coefficient < 0
    same = _classes(job.identities, len(job.dims))
    output = tuple(same[i] for i in job.output)
    sizes = [evaluate(d, dict.fromkeys(letters([d]), _TYPICAL)) for d in job.dims]
    factors = [_without_repeats(asm, f, same) for f in job.factors]
    carried = {i for f in factors for i in f.indices}
    coefficient = abs(job.coefficient)
    for i in dict.fromkeys(same):
        if i not in carried and i not in output:
            factors.append(Factor(asm.size(job.dims[i])))
    keep = tuple(dict.fromkeys(i for i in output if i in carried))
    scalar, items = _grouped(asm, factors, frozenset(keep), coefficient, sizes)
    if not items:
        result = Factor(scalar)
    else:
        smallest = min(range(len(items)), key=lambda k: prod(sizes[i] for i in items[k].indices))
        early = len(items) > 1 and prod(sizes[i] for i in items[smallest].indices) < prod(sizes[i] for i in keep)
        if early:
            items[smallest] = _scaled(asm, items[smallest], scalar)
        result = _direct(asm, _ordered(asm, items, keep, sizes))
        if not early:
            result = _scaled(asm, result, scalar)
    return _laid_out(asm, result, output, job), job.coefficient < 0


def _classes(identities: Sequence[Indices], count: int) -> list[int]:
    """For each index the one that stands for all those that identities make equal to it."""
    parent = list(range(count))

    def find(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    for i, j in identities:
        a, b = sorted((find(i), find(j)))
        parent[b] = a
    return [find(i) for i in range(count)]


def _without_repeats(asm: Assembly, factor: Factor, same: Sequence[int]) -> Factor:
    """The factor with its indices renamed, on the diagonal where two became one."""
    indices = [same[i] for i in factor.indices]
    value = factor.value
    while len(set(indices)) < len(indices):
        i = next(i for i in indices if indices.count(i) > 1)
        a = indices.index(i)
        b = indices.index(i, a + 1)
        shape = asm.shape(value)
        rest = [k for k in range(len(indices)) if k not in (a, b)]
        value = asm.emit("diagonal", (value,), ((a, b),), (*(shape[k] for k in rest), shape[a]))
        indices = [*(indices[k] for k in rest), i]
    return Factor(value, tuple(indices), factor.inverse, factor.root if value == factor.value else None)


def _grouped(
    asm: Assembly, factors: Sequence[Factor], keep: frozenset[int], coefficient: Fraction, sizes: Sequence[int]
) -> tuple[int, list[Factor]]:
    """The product of all scalars, and one item for each set of indices: elementwise products made, private indices summed."""
    groups: dict[frozenset[int], list[Factor]] = {}
    for f in factors:
        groups.setdefault(frozenset(f.indices), []).append(f)
    scalar = _product(asm, groups.pop(frozenset(), []), coefficient)
    items = []
    for indices, members in groups.items():
        order = members[0].indices
        members = [Factor(_laid(asm, f, order), order, f.inverse, f.root if f.indices == order else None) for f in members]
        private = [i for i in order if i not in keep and not any(i in other for other in groups if other != indices)]
        items.append(_summed(asm, members, private, keep) if private else _multiplied(asm, members))
    return scalar, items


def _product(asm: Assembly, factors: Sequence[Factor], coefficient: Fraction) -> int:
    """Scalars times a number, which comes last so that products without it are shared."""
    if not factors:
        return asm.constant(coefficient)
    result = _multiplied(asm, factors)
    if result.inverse:
        return asm.divide(asm.constant(coefficient), result.value)
    return _times(asm, result.value, coefficient)


def _times(asm: Assembly, value: int, coefficient: Fraction) -> int:
    if coefficient.numerator == 1 and coefficient.denominator & (coefficient.denominator - 1):
        return asm.divide(value, asm.constant(coefficient.denominator))  # x/3 is rounded once, x*(1/3) twice
    return asm.multiply(asm.constant(coefficient), value)


def _multiplied(asm: Assembly, factors: Sequence[Factor]) -> Factor:
    """The elementwise product, left to right; what divides waits for the first that does not."""
    first = next((k for k, f in enumerate(factors) if not f.inverse), None)
    if first is None:
        value = factors[0].value
        for f in factors[1:]:
            value = asm.multiply(value, f.value)
        return Factor(value, factors[0].indices, True)
    value = factors[first].value
    for k, f in enumerate(factors):
        if k != first:
            value = asm.divide(value, f.value) if f.inverse else asm.multiply(value, f.value)
    return Factor(value, factors[0].indices)


def _summed(asm: Assembly, members: Sequence[Factor], private: Sequence[int], keep: frozenset[int]) -> Factor:
    """The product of factors with equal indices, summed over indices that no other operand has."""
    order = members[0].indices
    single = [k for k, i in enumerate(order) if i in private and asm.shape(members[0].value)[k] == 1]
    kept = tuple(i for i in order if i not in private)
    if len(members) == 1 and members[0].root is not None and len(single) < len(private):
        root = Factor(members[0].root, order)
        return _pair(asm, root, root, kept, kept)
    last = next((k for k in reversed(range(len(members))) if not members[k].inverse), None)
    if len(members) > 1 and last is not None and len(single) < len(private):
        left = _multiplied(asm, [f for k, f in enumerate(members) if k != last])
        made = asm.known("multiply", left.value, members[last].value)
        if not left.inverse and (made is None or not kept):
            return _pair(asm, left, members[last], kept, kept)
    value = _direct(asm, _multiplied(asm, members)).value
    value = asm.sum(value, [k for k, i in enumerate(order) if i in private and k not in single])
    between = [i for k, i in enumerate(order) if i not in private or k in single]
    return Factor(asm.drop(value, [k for k, i in enumerate(between) if i in private]), kept)


def _direct(asm: Assembly, item: Factor) -> Factor:
    """The item as a factor that does not divide."""
    return Factor(asm.divide(asm.constant(1), item.value), item.indices) if item.inverse else item


def _scaled(asm: Assembly, item: Factor, scalar: int) -> Factor:
    if item.inverse:
        return Factor(asm.divide(scalar, item.value), item.indices)
    number = asm.exact(scalar)
    if number is not None:
        return Factor(_times(asm, item.value, number), item.indices)
    return Factor(_by(asm, item.value, scalar), item.indices)


def _by(asm: Assembly, value: int, scalar: int) -> int:
    """value*scalar; a scalar that is 1/s divides."""
    if scalar >= len(asm.inputs):
        step = asm.instructions[scalar - len(asm.inputs)]
        if step.opcode == "divide" and asm.exact(step.operands[0]) == 1:
            return asm.divide(value, step.operands[1])
    return asm.multiply(scalar, value)


# ---------------------------------------------------------------- the order of work


def _ordered(asm: Assembly, items: list[Factor], keep: Indices, sizes: Sequence[int]) -> Factor:
    """All items multiplied, in the order that costs least."""
    items = _symmetric(asm, items, keep)
    while len(items) > 1:
        if len(items) == 2:
            a, b = 0, 1
        elif len(items) <= _EXACT:
            return _search(asm, items, keep, sizes)
        else:
            a, b = min(combinations(range(len(items)), 2), key=lambda p: _greed(items, p, keep, sizes))
        rest = [x for k, x in enumerate(items) if k not in (a, b)]
        needed = frozenset(keep).union(*(x.indices for x in rest))
        items = [_pair(asm, items[a], items[b], tuple(i for i in _union(items[a], items[b]) if i in needed), keep), *rest]
    return items[0]


def _union(a: Factor, b: Factor) -> Indices:
    return tuple(dict.fromkeys((*a.indices, *b.indices)))


def _cost(a: frozenset[int], b: frozenset[int], needed: frozenset[int], sizes: Sequence[int]) -> int:
    work = prod(sizes[i] for i in a | b)
    return work if (a & b) - needed else _TRAFFIC * work


def _greed(items: Sequence[Factor], pair: tuple[int, int], keep: Indices, sizes: Sequence[int]) -> tuple[int, int, int]:
    a, b = (frozenset(items[k].indices) for k in pair)
    needed = frozenset(keep).union(*(x.indices for k, x in enumerate(items) if k not in pair))
    return (_cost(a, b, needed, sizes), *pair)


def _search(asm: Assembly, items: Sequence[Factor], keep: Indices, sizes: Sequence[int]) -> Factor:
    """The best of all orders, by dynamic programming over subsets."""
    n = len(items)
    whole = (1 << n) - 1
    carried = [frozenset(x.indices) for x in items]
    needed = [frozenset(keep).union(*(carried[k] for k in range(n) if not s >> k & 1)) for s in range(whole + 1)]
    indices = [frozenset[int]().union(*(carried[k] for k in range(n) if s >> k & 1)) for s in range(whole + 1)]
    for s in range(1, whole + 1):
        if s & (s - 1):
            indices[s] &= needed[s]
    best: dict[int, tuple[int, int]] = {1 << k: (0, 0) for k in range(n)}
    for s in range(1, whole + 1):
        if s in best:
            continue
        choice: tuple[int, int] | None = None
        part = (s - 1) & s
        while part:
            other = s ^ part
            if part > other:  # each split once; the larger part has the last operand, so that ties go left to right
                part = (part - 1) & s
                continue
            cost = best[part][0] + best[other][0] + _cost(indices[part], indices[other], needed[s], sizes)
            if choice is None or cost <= choice[0]:
                choice = (cost, part)
            part = (part - 1) & s
        assert choice is not None
        best[s] = choice

    def build(s: int) -> Factor:  # at most _EXACT deep
        if not s & (s - 1):
            return items[s.bit_length() - 1]
        part = best[s][1]
        a, b = build(part), build(s ^ part)
        if min(part & -part, (s ^ part) & -(s ^ part)) != part & -part:
            a, b = b, a
        return _pair(asm, a, b, tuple(i for i in _union(a, b) if i in needed[s]), keep)

    return build(whole)


def _symmetric(asm: Assembly, items: list[Factor], keep: Indices) -> list[Factor]:
    """X.T @ diag(w) @ X as one symmetric product."""
    for a, b in combinations(range(len(items)), 2):
        x, y = items[a], items[b]
        if x.value != y.value or x.inverse or y.inverse or len(x.indices) != 2:
            continue
        k = [p for p in (0, 1) if x.indices[p] == y.indices[p]]
        if len(k) != 1 or x.indices[k[0]] in keep:
            continue
        rows, i, j = x.indices[k[0]], x.indices[1 - k[0]], y.indices[1 - k[0]]
        weights = [z for z in items if z.indices == (rows,)]
        others = [z for z in items if z not in (x, y, *weights)]
        if len(weights) != 1 or weights[0].inverse or any(rows in z.indices for z in others):
            continue
        shape = asm.shape(x.value)
        n = shape[1 - k[0]]
        value = asm.emit("gram", (asm.view(x.value, (k[0], 1 - k[0])), weights[0].value), (), (n, n))
        return [Factor(value, (i, j)), *others]
    return items


# ---------------------------------------------------------------- two operands


def _laid(asm: Assembly, item: Factor, order: Sequence[int]) -> int:
    """The item with its axes in this order, ready for broadcasting beside arrays that have all of them."""
    start = min(order.index(i) for i in item.indices) if item.indices else len(order)
    return asm.view(item.value, [item.indices.index(i) if i in item.indices else None for i in order[start:]])


def _arranged(asm: Assembly, item: Factor, order: Sequence[int | None]) -> int:
    return asm.view(item.value, [None if i is None else item.indices.index(i) for i in order])


def _pair(asm: Assembly, a: Factor, b: Factor, needed: Indices, target: Indices) -> Factor:
    """a times b, keeping the needed indices; where there is a choice, laid out as `target`."""
    shared = [i for i in a.indices if i in b.indices]
    summed = [i for i in shared if i not in needed]
    if not summed:
        return _elementwise(asm, a, b, target)
    a, b = _direct(asm, a), _direct(asm, b)
    rows = [i for i in a.indices if i not in shared]
    columns = [i for i in b.indices if i not in shared]
    stack = [i for i in shared if i in needed]
    if rows and columns and _place(target, columns[0]) < _place(target, rows[0]):
        a, b, rows, columns = b, a, columns, rows
    dims = {i: d for f in (a, b) for i, d in zip(f.indices, asm.shape(f.value), strict=True)}
    shape = lambda order: tuple(dims[i] for i in order)  # noqa: E731
    if not (rows or columns or stack) and len(summed) > 1:
        return Factor(asm.emit("inner", (a.value, _arranged(asm, b, a.indices)), (), ()))
    if len(summed) == 1 and not stack and len(columns) <= 1 and (len(rows) <= 1 or a.indices[-1] == summed[0]):
        x, y = _arranged(asm, a, [*rows, *summed]), _arranged(asm, b, [*summed, *columns])
        return Factor(asm.emit("matmul", (x, y), (), shape([*rows, *columns])), (*rows, *columns))
    if not stack:
        axes = (tuple(a.indices.index(i) for i in summed), tuple(b.indices.index(i) for i in summed))
        return Factor(asm.emit("tensordot", (a.value, b.value), axes, shape([*rows, *columns])), (*rows, *columns))
    if len(summed) == 1 and len(rows) <= 1 and len(columns) <= 1 and (rows or columns):
        x = _arranged(asm, a, [*stack, rows[0] if rows else None, *summed])
        y = _arranged(asm, b, [*stack, *summed, columns[0] if columns else None])
        full = (*shape(stack), *(shape(rows) or (1,)), *(shape(columns) or (1,)))
        value = asm.emit("matmul", (x, y), (), full)
        value = asm.drop(value, [len(stack) + k for k, present in enumerate((rows, columns)) if not present])
        return Factor(value, (*stack, *rows, *columns))
    order = sorted([*stack, *rows, *columns], key=lambda i: _place(target, i))
    name = {i: chr(ord("a") + k) for k, i in enumerate(dims)}
    text = ",".join("".join(name[i] for i in x) for x in (a.indices, b.indices)) + "->" + "".join(name[i] for i in order)
    return Factor(asm.emit("einsum", (a.value, b.value), (text,), shape(order)), tuple(order))


def _place(target: Indices, i: int) -> int:
    return target.index(i) if i in target else len(target)


def _elementwise(asm: Assembly, a: Factor, b: Factor, target: Indices) -> Factor:
    union = _union(a, b)
    if set(union) == set(a.indices):
        order = a.indices
    elif set(union) == set(b.indices):
        order = b.indices
    else:
        order = tuple(sorted(union, key=lambda i: _place(target, i)))
    x, y = _laid(asm, a, order), _laid(asm, b, order)
    if a.inverse and b.inverse:
        return Factor(asm.multiply(x, y), order, True)
    if a.inverse:
        return Factor(asm.divide(y, x), order)
    return Factor(asm.divide(x, y) if b.inverse else asm.multiply(x, y), order)


def _laid_out(asm: Assembly, result: Factor, output: Indices, job: Job) -> Laid:
    """The result with its axes as the output has them; an index that stands there twice is a diagonal."""
    repeated = {i for i in output if output.count(i) > 1}
    axes = tuple(k for k, i in enumerate(output) if i in result.indices or i in repeated)
    if not repeated:
        return Laid(_arranged(asm, result, [output[k] for k in axes]), axes)
    distinct = list(dict.fromkeys(output[k] for k in axes))
    value = _laid(asm, result, distinct)
    shape = tuple(job.dims[job.output[k]] for k in axes)
    pattern = tuple(distinct.index(output[k]) for k in axes)
    return Laid(asm.emit("embed", (value,), (pattern, shape), shape), axes)
