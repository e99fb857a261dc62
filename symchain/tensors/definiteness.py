"""What is known for certain of signs: of entries, and of matrices that are positive or negative (semi)definite, with the reasons.

Nothing is evaluated. A matrix is known to be definite by the way it is made: sums, products that read the same from both sides
(X.T @ D @ X, entrywise products, diagonals), inverses, and facts that were declared. What is not known is not said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symchain.functions.spec import AbstractFunction, FunctionSpec
from symchain.tensors.algebra import normal
from symchain.tensors.bounds import (
    ABOVE,
    ANYWHERE,
    NOT_BELOW,
    UNIT,
    Bounds,
    added,
    common,
    exactly,
    hull,
    largest,
    multiplied,
    of_interval,
    opposite,
    repeated,
    to_the,
)
from symchain.tensors.nodes import (
    Apply,
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
    postorder,
)
from symchain.tensors.products import flatten
from symchain.tensors.terms import Indices, Term, adds_up_along, is_symmetric, is_zero, plain

INDICES = 8
"""Products over more summed indices are not looked into."""
_FACTS = {"positive": ABOVE, "nonnegative": NOT_BELOW, "unit": UNIT, "probability": UNIT, "onehot": UNIT}
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Reason:
    """Why: a key of wording, and the trees it is about."""

    key: str
    about: tuple[Tree, ...] = ()


@dataclass(frozen=True)
class Definite:
    """sign: 1 for positive, -1 for negative; strict: definite, not only semidefinite."""

    sign: int
    strict: bool
    reasons: tuple[Reason, ...] = ()


class Signs:
    """The signs of trees over names; `meanings` gives what the names of blocks stand for."""

    def __init__(self, meanings: Mapping[str, Tree]) -> None:
        self._meanings = meanings
        self._bounds: dict[Tree, Bounds] = {}

    # ------------------------------------------------------------ entries

    def bounds(self, tree: Tree) -> Bounds:
        """Where every entry of a tree lies, for every value of the names that has the declared facts."""
        for node in self._ordered(tree):
            if node not in self._bounds:
                self._bounds[node] = self._entry(node)
        return self._bounds[tree]

    def _ordered(self, tree: Tree) -> Iterator[Tree]:
        """The nodes of a tree and of the blocks that it names, what is read before what reads it."""
        pending, opened, done = [tree], set[Tree](), set[Tree]()
        while pending:
            top = pending[-1]
            if top in done:
                pending.pop()
                continue
            nodes = postorder(top)
            if top not in opened:
                opened.add(top)
                pending += [m for n in nodes if isinstance(n, Leaf) and (m := self._meanings.get(n.name)) is not None and m not in done]
                continue
            pending.pop()
            done.add(top)
            yield from nodes

    def _entry(self, node: Tree) -> Bounds:
        known = self._bounds
        if isinstance(node, Number):
            return exactly(node.value)
        if isinstance(node, Leaf):
            meant = self._meanings.get(node.name)
            declared = [_FACTS[f] for f in node.facts if f in _FACTS]
            return common(declared if meant is None else [*declared, known[meant]])
        if isinstance(node, Size):
            return Bounds(low=Fraction(1), low_open=False)
        if isinstance(node, Constant):
            return Bounds(Fraction(3), Fraction(4)) if node.name == "pi" else ANYWHERE
        if isinstance(node, Identity):
            return UNIT
        if isinstance(node, Sum):
            return added(known[a] for a in node.args)
        if isinstance(node, Power):
            if isinstance(node.exponent, Number):
                return to_the(known[node.base], node.exponent.value)
            return ABOVE if known[node.base].positive else ANYWHERE
        if isinstance(node, Where):
            return hull(known[a] for a in node.args[1:])
        if isinstance(node, Apply):
            return self._applied(node)
        if isinstance(node, Contraction):
            each = multiplied(known[a] for a in node.args)
            found = repeated(each) if len(node.dims) != len(set(node.output)) else each
            if found.low < 0 < found.high:  # x @ A @ x, where A is known
                whole = self._product(flatten(node), ())
                if whole is not None:
                    return ABOVE if whole.strict and whole.sign > 0 else NOT_BELOW if whole.sign > 0 else opposite(NOT_BELOW)
            return found
        if isinstance(node, Operation):
            if adds_up_along(node) is not None:
                return UNIT
            if node.operation.lattice:
                return known[node.args[0]]
        return ANYWHERE

    def _applied(self, node: Apply) -> Bounds:
        function = node.function.binding if isinstance(node.function, AbstractFunction) else node.function
        if not isinstance(function, FunctionSpec) or any(node.orders):
            return ANYWHERE
        if function.lattice:
            some = [self._bounds[a] for a in node.args]
            return largest(some) if function.lattice > 0 else opposite(largest(map(opposite, some)))
        return of_interval(function.range)

    # ------------------------------------------------------------ matrices

    def definite(self, tree: Tree, pairs: Pairs = ((0, 1),)) -> Definite | None:
        """Whether a symmetric matrix is known to be definite; `pairs` are its axes, row with column: ((0, 2), (1, 3)) for W by W.

        A tree without axes is a matrix of one entry. None where nothing is known, and for what is zero.
        """
        tree = normal(tree)
        if is_zero(tree):
            return None
        if not pairs:
            return _of_bounds(self.bounds(tree), tree)
        if isinstance(tree, Leaf):
            if pairs == ((0, 1),) and "spd" in tree.facts:
                return Definite(1, True, (Reason("fact", (tree,)),))
            meant = self._meanings.get(tree.name)
            return None if meant is None else self.definite(meant, pairs)
        if isinstance(tree, Sum):
            return self._sum(tree, pairs)
        if isinstance(tree, Operation):
            return self._operation(tree, pairs)
        if isinstance(tree, Power):
            return self._schur_power(tree, pairs)
        if isinstance(tree, Apply):
            return None
        term = flatten(tree) if isinstance(tree, Contraction) else plain(tree)
        return self._product(term, tuple((term.output[a], term.output[b]) for a, b in pairs))

    def _sum(self, tree: Sum, pairs: Pairs) -> Definite | None:
        found = self._alike(tree.args, pairs)
        for spent in tree.args if found is None else ():  # diag(p) - outer(p, p) is a covariance: its terms are of two signs
            for partner in tree.args:
                covariance = self._covariance(spent, partner, pairs)
                others = self._alike([t for t in tree.args if t not in (spent, partner)], pairs)
                if covariance is not None and others is not None and all(d.sign == covariance.sign for d in others):
                    found = [covariance, *others]
        if found is None:
            return None
        strict = next((d for d in found if d.strict), None)
        reasons = tuple(dict.fromkeys(r for d in found for r in d.reasons))
        return Definite(found[0].sign, strict is not None, (Reason("sum"), *reasons) if len(found) > 1 else reasons)

    def _alike(self, terms: Sequence[Tree], pairs: Pairs) -> list[Definite] | None:
        """What is known of each term, where that is something, and one sign."""
        found = [d for t in terms if (d := self.definite(t, pairs)) is not None]
        return found if len(found) == len(terms) and len({d.sign for d in found}) <= 1 else None

    def _covariance(self, spent: Tree, other: Tree, pairs: Pairs) -> Definite | None:
        """A term -c*p_a*p_b beside another one that has c*p_a on the diagonal, where the p add up to one."""
        if len(pairs) != 1 or not isinstance(spent, Contraction) or not isinstance(other, Contraction):
            return None
        outer, diagonal = (_numbered(flatten(t)) for t in (spent, other))
        row, column = pairs[0]
        if outer.coefficient != -diagonal.coefficient:
            return None
        left = Counter(diagonal.factors)
        deltas = [f for f in left if isinstance(f[0], Identity) and set(f[1]) == {row, column}]
        if len(deltas) != 1:
            return None
        left.subtract(deltas)
        merged = Counter({(t, tuple(row if i == column else i for i in s)): n for (t, s), n in (+left).items()})
        for p, indices in merged:
            if row not in indices or indices.index(row) != self._one_along(p):
                continue
            mirror = (p, tuple(column if i == row else i for i in indices))
            wanted = merged + Counter([mirror])
            others = merged.copy()
            others[p, indices] -= 1
            if wanted == Counter(outer.factors) and all(not {row, column} & set(s) for _, s in +others):
                weight = multiplied([exactly(diagonal.coefficient), *(self.bounds(t) for (t, _), n in (+others).items() for _ in range(n))])
                if weight.nonnegative or weight.nonpositive:
                    return Definite(1 if weight.nonnegative else -1, False, (Reason("spread", (p,)),))
        return None

    def _one_along(self, tree: Tree) -> int | None:
        """The axis along which the entries, none below zero, add up to one."""
        while isinstance(tree, Leaf):
            if tree.facts & {"probability", "onehot"}:
                return len(tree.shape) - 1
            if tree.name not in self._meanings:
                return None
            tree = self._meanings[tree.name]
        return adds_up_along(tree) if isinstance(tree, Operation) else None

    def _operation(self, tree: Operation, pairs: Pairs) -> Definite | None:
        kind = tree.operation.definite
        if not kind or pairs != ((0, 1),) or len(tree.args) != 1:
            return None
        if kind == "made":
            return Definite(1, True, (Reason("made", (tree,)),)) if is_symmetric(tree.args[0]) else None
        inner = self.definite(tree.args[0])
        if inner is None or (kind == "root" and inner.sign < 0):
            return None
        strict = inner.strict or kind == "inverse"  # where there is an inverse, nothing is 0
        return Definite(inner.sign, strict, (Reason(kind, (tree,)), *inner.reasons))

    def _schur_power(self, tree: Power, pairs: Pairs) -> Definite | None:
        exponent = tree.exponent
        if not isinstance(exponent, Number) or exponent.value.denominator != 1 or exponent.value < 1:
            return None
        inner = self.definite(tree.base, pairs)
        if inner is None or (inner.sign < 0 and exponent.value % 2):
            return None
        return Definite(1, inner.strict, (Reason("schur", (tree,)), *inner.reasons))

    # ------------------------------------------------------------ products

    def _product(self, term: Term, pairs: Pairs) -> Definite | None:
        """A product that reads the same from both sides, with what stands in the middle definite."""
        factors, swapped = list(term.factors), dict(pairs)
        for row, column in pairs:  # an identity over row and column: one block for each index
            delta = next((f for f in factors if isinstance(f[0], Identity) and set(f[1]) == {row, column}), None)
            if delta is not None:
                factors.remove(delta)
                factors = [(t, tuple(row if i == column else i for i in s)) for t, s in factors]
                del swapped[row]
        inner = sorted({i for _, s in factors for i in s} - set(term.output))
        if len(inner) > INDICES:
            return None
        wanted = _counted(factors)
        for mirror in _involutions(inner, term):
            exchange = {**mirror, **swapped, **{c: r for r, c in swapped.items()}}
            if _counted([(t, tuple(exchange.get(i, i) for i in s)) for t, s in factors]) != wanted:
                continue
            found = self._mirrored(factors, exchange, swapped, term, len(swapped) < len(pairs))
            if found is not None:
                return found
        return None

    def _mirrored(
        self, factors: Sequence[tuple[Tree, Indices]], exchange: Mapping[int, int], swapped: Mapping[int, int], term: Term, blocks: bool
    ) -> Definite | None:
        weights: list[Tree] = []
        middle: list[tuple[Tree, Indices]] = []
        sides: list[tuple[Tree, Indices]] = []
        for t, s in factors:
            moved = {i for i in s if exchange.get(i, i) != i}
            if not moved:
                weights.append(t)
            elif moved == {exchange.get(i, i) for i in moved}:
                middle.append((t, s))
            else:
                sides.append((t, s))
        side = _halves(sides, exchange, swapped)
        if side is None:
            return None
        reasons: list[Reason] = []
        weight = multiplied([exactly(term.coefficient), *map(self.bounds, weights)])
        sign = 1 if weight.nonnegative else -1 if weight.nonpositive else 0
        if not sign:
            return None
        if [w for w in weights if not isinstance(w, Number)]:
            reasons.append(Reason("weight.positive" if weight.nonzero else "weight.nonnegative", tuple(dict.fromkeys(weights))))
        strict = weight.nonzero
        covered: set[int] = set()
        for t, s in middle:
            axes = tuple((k, s.index(exchange[i])) for k, i in enumerate(s) if exchange.get(i, i) != i and k < s.index(exchange[i]))
            found = self.definite(t, axes)
            if found is None or found.sign < 0:
                return None
            strict &= found.strict
            covered |= {i for i in s if i in swapped}
            reasons += found.reasons
        if side:
            inverted = len(side) == len(swapped) == 1 and len(set(side[0][1]) & set(swapped)) == 1 and _is_invertible(*side[0])
            scaled = all(not (set(s) - set(swapped) - _fixed(s, exchange)) and self.bounds(t).nonzero for t, s in side)
            strict &= inverted or (bool(middle) and scaled and set(swapped) <= covered)
            reasons.insert(0, Reason("gram", tuple(dict.fromkeys(t for t, _ in side))))
        else:
            strict &= set(swapped) <= covered
        if not swapped and blocks and not side and not middle:
            reasons.insert(0, Reason("diagonal"))
        return Definite(sign, strict, tuple(dict.fromkeys(reasons)))


def _is_invertible(tree: Tree, indices: Indices) -> bool:
    return isinstance(tree, Leaf) and len(indices) == 2 and bool(tree.facts & {"invertible", "orthogonal", "spd"})


def _fixed(indices: Indices, exchange: Mapping[int, int]) -> set[int]:
    return {i for i in indices if exchange.get(i, i) == i}


def _halves(
    sides: Sequence[tuple[Tree, Indices]], exchange: Mapping[int, int], swapped: Mapping[int, int]
) -> list[tuple[Tree, Indices]] | None:
    """The factors on the side of the rows, where every factor lies on one of the two sides; None where one lies across."""
    left: set[int] = set(swapped)
    right = {exchange[i] for i in left}
    pending = list(sides)
    found = []
    while pending:
        touching = [f for f in pending if set(f[1]) & (left | right)] or pending[:1]
        t, s = touching[0]
        pending.remove((t, s))
        moved = {i for i in s if exchange.get(i, i) != i}
        if moved & left or not moved & right:
            left |= moved
            right |= {exchange[i] for i in moved}
        else:
            right |= moved
            left |= {exchange[i] for i in moved}
        if left & right:
            return None
        if moved <= left:
            found.append((t, s))
    return found


def _involutions(inner: Sequence[int], term: Term) -> Iterator[dict[int, int]]:
    """Every way to exchange some of the summed indices in pairs of one size; leaving all as they are comes first."""
    if not inner:
        yield {}
        return
    first, *others = inner
    yield from _involutions(others, term)
    for other in others:
        if term.dims.get(other) == term.dims.get(first):
            for more in _involutions([i for i in others if i != other], term):
                yield {first: other, other: first, **more}


def _counted(factors: Sequence[tuple[Tree, Indices]]) -> Counter[tuple[Tree, Indices]]:
    """The factors whatever their order; the indices of a symmetric matrix in either order."""
    return Counter((t, tuple(sorted(s)) if len(s) == 2 and is_symmetric(t) else s) for t, s in factors)


def _numbered(term: Term) -> Term:
    """A term whose output indices are the numbers of its axes, the others negative."""
    names = {i: k for k, i in enumerate(term.output)}
    for i in term.dims:
        names.setdefault(i, -1 - len(names))
    return replace(
        term, factors=[(t, tuple(names[i] for i in s)) for t, s in term.factors], output=tuple(names[i] for i in term.output),
        dims={names[i]: d for i, d in term.dims.items()},
    )  # fmt: skip


def _of_bounds(found: Bounds, tree: Tree) -> Definite | None:
    if not (found.nonnegative or found.nonpositive):
        return None
    return Definite(1 if found.nonnegative else -1, found.nonzero, (Reason("signed", (tree,)),))
