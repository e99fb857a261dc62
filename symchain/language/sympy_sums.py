"""SymPy's sums and products over indices: what has an index becomes an array with an axis for it.

The formula under the sign is read with a name in place of each entry, and then evaluated over whole axes, as NumPy would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from symchain.errors import ShapeError, UnsupportedError
from symchain.language.arithmetic import without_axes
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.language.indexing import select
from symchain.language.places import counting
from symchain.language.spelling import plain
from symchain.support.dimensions import Dim, add, at_least, letters, multiply
from symchain.support.notation import Phrase
from symchain.tensors import nodes
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Tree

Leaves = Callable[[Any], Tree]
_ADVICE = "Indices and bounds are whole numbers, sizes of arrays, and an index of the sum plus or minus a number."


def size_of(value: Any) -> Dim:
    """A SymPy polynomial in sizes as a dimension. Raises UnsupportedError for anything else."""
    value = sympy.sympify(value)
    if value.is_Integer:
        return int(value)
    if isinstance(value, sympy.Symbol):
        return plain(value.name)
    if isinstance(value, (sympy.Add, sympy.Mul)):
        found = [size_of(a) for a in value.args]
        total = found[0]
        for part in found[1:]:
            total = add(total, part) if isinstance(value, sympy.Add) else multiply(total, part)
        return total
    raise UnsupportedError(f"{value} is no index", advice=_ADVICE)


def fixed(index: Any, leaves: Leaves) -> Dim:
    """The value of an index without running letters. Raises UnsupportedError for one that is an input."""
    for symbol in sympy.sympify(index).free_symbols:
        if not isinstance(leaves(symbol), nodes.Size):
            raise UnsupportedError(f"{symbol} is an input, and neither an index nor a size", advice=_ADVICE)
    return size_of(index)


def position(value: Dim) -> Phrase:
    """A position on an axis, as an index is written."""
    return parse_expression(str(value))


def selected(array: Tree, items: Sequence[Phrase]) -> Tree:
    """array[items]; the only entry along an axis is what is left when the axis is. Raises ShapeError for what is outside."""
    only = [k for k, (item, size) in enumerate(zip(items, array.shape, strict=True)) if size == 1 and item == position(0)]
    array, items = without_axes(array, only), [item for k, item in enumerate(items) if k not in only]
    names = {p.text for item in items for p in (item, *item.parts) if p.head == "name"}
    return select(array, items, {*letters(array.shape), *names}, {})


def over_entries(formula: Tree, arrays: Mapping[str, Tree]) -> Tree:
    """A formula of numbers with arrays of one shape for some of its names, entry by entry."""
    names = {n.name: n for n in nodes.leaves(formula)}
    sizes = [n.dim for n in nodes.postorder(formula) if isinstance(n, nodes.Size)]
    return elaborate(phrase_of(formula), Scope({**names, **arrays}, letters(sizes)))


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes of an IndexedBase: how long each is, and from which number its entries count."""

    shape: tuple[Dim, ...]
    first: tuple[Dim, ...]


def axes_of(base: Any, uses: Iterable[tuple[tuple[Dim, Dim], ...]]) -> Axes:
    """As it was declared; else by its `uses`, for each axis the first entry and how many: sums over whole axes, and single entries there.

    Raises UnsupportedError where they do not tell.
    """
    if base.shape is not None:
        return Axes(tuple(map(size_of, base.shape)), (int(base.offset or 0),) * len(base.shape))
    found = [dict.fromkeys(axis) for axis in zip(*uses, strict=False)]
    runs = [[r for r in axis if r[1] != 1] for axis in found]
    single = [all(isinstance(first, int) for first, count in axis if count == 1) for axis in found]
    if not found or not all(len(r) == 1 and one for r, one in zip(runs, single, strict=True)):
        raise UnsupportedError(f"how many entries {base} has is not known", advice=f"Declare it: IndexedBase('{base}', shape=(n,)).")
    return Axes(tuple(r[0][1] for r in runs), tuple(r[0][0] for r in runs))


def indexed_uses(expressions: Iterable[Any]) -> dict[Any, list[tuple[tuple[Dim, Dim], ...]]]:
    """Which entries of each IndexedBase are read, by base: for each use and axis, the first and how many."""
    found: dict[Any, list[tuple[tuple[Dim, Dim], ...]]] = {}
    stack: list[tuple[Any, tuple[Any, ...]]] = [(e, ()) for e in expressions]
    seen = set()
    while stack:
        node, limits = stack.pop()
        if (node, limits) in seen or not isinstance(node, sympy.Basic | sympy.MatrixBase):
            continue
        seen.add((node, limits))
        if isinstance(node, (sympy.Sum, sympy.Product)):
            limits = (*limits, *node.limits)
        if isinstance(node, sympy.Indexed):
            found.setdefault(node.base, []).append(tuple(_run(i, limits) for i in node.indices))
        parts = list(node) if isinstance(node, sympy.MatrixBase) else node.args
        stack += [(part, limits) for part in parts]
    return found


def indexed_shapes(expressions: Iterable[Any]) -> dict[Any, tuple[Dim, ...]]:
    """The shape of each IndexedBase, by its label."""
    return {base.label: axes_of(base, uses).shape for base, uses in indexed_uses(expressions).items()}


def _run(index: Any, limits: Sequence[Any]) -> tuple[Dim, Dim]:
    for limit in limits:
        if len(limit) == 3 and index.has(limit[0]):
            low, high = size_of(limit[1]), size_of(limit[2])
            return add(low, size_of(sympy.expand(index - limit[0]))), add(add(high, low, -1), 1)
    return size_of(index), 1


class Ranges:
    """The work on one sum, product or entry, with all that is nested in it."""

    def __init__(self, read: Callable[[Any, Leaves], Tree], leaves: Leaves, uses: Mapping[Any, Any]) -> None:
        self.read, self.leaves, self.uses = read, leaves, uses
        self.bounds: dict[Any, tuple[Dim, Dim]] = {}
        """The first value of each index, and how many there are."""

    def tree(self, node: Any) -> Tree:
        return self._within(node, ())

    def _within(self, node: Any, axes: tuple[Any, ...]) -> Tree:
        """A sum, a product or an entry, with an axis for each of some indices."""
        if not isinstance(node, (sympy.Sum, sympy.Product)):
            return self._entry(node, axes)
        own = []
        for limit in node.limits:
            index, low, high = self._limit(limit)
            if index in self.bounds:
                raise UnsupportedError(f"{index} runs in two sums, one inside the other", advice="Rename one of them.")
            self.bounds[index] = low, add(add(high, low, -1), 1)
            own.append(index)
        if isinstance(node, sympy.Sum):
            total = self._sum(node, axes, own)
        else:
            places = tuple(range(len(axes), len(axes) + len(own)))
            total = nodes.named_operation("prod", self._formula(node.function, (*axes, *own)), parameters=(places,))
        for index in own:
            del self.bounds[index]
        return total

    def _sum(self, node: Any, axes: tuple[Any, ...], own: Sequence[Any]) -> Tree:
        """The factors of what is summed, each along its own indices: sum over i, j of A[i, j]*x[i]*x[j] is one product of arrays."""
        inside = (*axes, *own)
        factors = [(f, tuple(i for i in inside if f.has(i))) for f in sympy.Mul.make_args(node.function)]
        read = [self._formula(f, along) for f, along in factors]
        return nodes.contract(read, [list(along) for _, along in factors], list(axes), {i: self.bounds[i][1] for i in inside})

    def _limit(self, limit: Any) -> tuple[Any, Dim, Dim]:
        if len(limit) != 3:
            raise UnsupportedError(f"a sum over {limit[0]} without bounds", advice="Give both: Sum(x[i], (i, 0, n - 1)).")
        index, low, high = limit[0], fixed(limit[1], self.leaves), fixed(limit[2], self.leaves)
        if not at_least(add(add(high, low, -1), 1), 0 if isinstance(high, int) and isinstance(low, int) else -(10**9)):
            raise UnsupportedError(f"a sum from {low} to {high}", advice="The last value is not before the first.")
        return index, low, high

    def _formula(self, formula: Any, axes: tuple[Any, ...]) -> Tree:
        """A formula of numbers, with an axis for each index."""
        names: dict[Any, Any] = {}
        arrays: dict[str, Tree] = {}

        def stand_in(part: Any) -> Any:
            if part not in names:
                names[part] = sympy.Dummy(f"entry{len(names)}", real=True)
                arrays[names[part].name] = self._within(part, axes)
            return names[part]

        shape = tuple(self.bounds[i][1] for i in axes)
        replaced = _replaced(formula, set(axes), stand_in)
        if isinstance(replaced, (sympy.MatrixExpr, sympy.MatrixBase)):
            raise UnsupportedError("a sum of matrices", advice="Sum entries, or write the sum as a product of matrices.")
        whole = self.read(replaced, lambda s: nodes.leaf(s.name) if s.name in arrays else self.leaves(s))
        return nodes.broadcast(over_entries(whole, arrays), shape)

    def _entry(self, node: Any, axes: tuple[Any, ...]) -> Tree:
        """An entry of an array, or an index itself, along all the axes."""
        shape = {i: self.bounds[i][1] for i in axes}
        if node in axes:
            low, count = self.bounds[node]
            values = counting(count, add(low, 1, -1))
            return nodes.contract([values], [[node]], list(axes), shape)
        array, indices, firsts = self._array(node)
        items, kept = [], []
        for index, size, base in zip(indices, array.shape, firsts, strict=True):
            running_index = [i for i in axes if sympy.sympify(index).has(i)]
            if not running_index:
                items.append(self._position(index, base))
                continue
            (i, *more) = running_index
            shift = sympy.expand(index - i)
            if more or shift.has(i):
                raise UnsupportedError(f"{index} is no index", advice=_ADVICE)
            low, count = self.bounds[i]
            start = add(add(low, size_of(shift)), base, -1)
            if not at_least(start, 0):
                raise ShapeError(f"{node} begins at {start}, before the first entry", advice="Entries are counted from 0.")
            stop = add(start, count)
            spare = add(size, stop, -1)
            if isinstance(spare, int) and spare < 0:
                raise ShapeError(f"{node} ends after the last entry", advice=f"There are {size}, counted from {base}.")
            ends = (Phrase("none"),) * 2 if (start, stop) == (0, size) else (position(start), position(stop))
            items.append(Phrase("slice", (*ends, Phrase("none"))))
            kept.append(i)
        part = selected(array, items)
        return nodes.contract([part], [kept], list(axes), shape)

    def _position(self, index: Any, base: Dim) -> Phrase:
        """The place of one entry."""
        return position(add(fixed(index, self.leaves), base, -1))

    def _array(self, node: Any) -> tuple[Tree, tuple[Any, ...], tuple[Dim, ...]]:
        """The array that an entry is of, its indices, and from which number they count."""
        if type(node).__name__ == "MatrixElement":
            return self.read(node.parent, self.leaves), node.indices, (0, 0)
        base = node.base
        if not isinstance(base, sympy.IndexedBase):
            raise UnsupportedError(f"{node} is no entry of an array", advice="Entries are of MatrixSymbol and IndexedBase.")
        array = self.leaves(base.label)
        if len(array.shape) != len(node.indices):
            what = f"{base} has {len(array.shape)} axes and {len(node.indices)} indices"
            raise ShapeError(what, advice=f"Declare its shape: IndexedBase('{base}', shape=(n,)).")
        return array, tuple(node.indices), axes_of(base, self.uses.get(base, ())).first


def _replaced(formula: Any, indices: set[Any], stand_in: Callable[[Any], Any]) -> Any:
    """The formula with a name in place of everything that has an index."""
    done: dict[Any, Any] = {}
    stack = [(formula, False)]
    while stack:
        node, ready = stack.pop()
        if node in done:
            continue
        if not node.free_symbols & indices:
            done[node] = node
        elif node in indices or type(node).__name__ in ("MatrixElement", "Indexed", "Sum", "Product"):
            done[node] = stand_in(node)
        elif ready:
            done[node] = node.func(*(done[a] for a in node.args))
        else:
            stack.append((node, True))
            stack.extend((a, False) for a in node.args)
    return done[formula]


__all__ = ["Ranges", "over_entries", "position", "selected", "size_of"]
