"""Values of claims, derivatives and wrong derivatives at the same points, and whether they are equal or in a constant ratio.

Whether a claim is right is decided exactly or with many digits (`decision`); floats find the mistake in a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from symchain.analysis.checking.ground import MEMORY, Ground, Looked, value_at
from symchain.evidence.decision import Decided, decided, identical
from symchain.evidence.judgement import relative_error
from symchain.evidence.meanings import Array
from symchain.evidence.points import UNDEFINED, Point, shaken
from symchain.evidence.precision import Inexact
from symchain.functions.spec import AbstractFunction
from symchain.nouns.computation import Computation
from symchain.nouns.verdict import Ratio
from symchain.tensors.nodes import MINUS_ONE, Apply, Leaf, Number, Operation, Power, Tree, Where, leaves, postorder

POINTS = 4
SIDES = 9
"""So many points are tried where functions are put together from pieces: what is missing may show on one side of a kink alone."""
PASSED_OVER = 4
"""Points where the derivative is 0 throughout (a dead relu) say little: so many more are tried."""
TOLERANCE = 1e-8
SIMPLE = 1e-9
"""A ratio nearer than this to a simple fraction is that fraction."""
SHARP, DOUBTFUL = 2, 4
"""So many points are looked at with many digits, and so many of those where floats differ."""


class Evidence:
    """The points of one question: where the output and its derivative have a value that rounding does not hide."""

    def __init__(self, ground: Ground, claims: Sequence[Tree]) -> None:
        self.ground, self.program, self.truth_tree = ground, ground.program, ground.truth
        program, truth = ground.program, ground.truth
        reads = list(program.blocks) if len(program.blocks) <= 64 else [x.name for x in leaves(truth, *claims) if x.name in program.blocks]
        chosen: list[Looked] = []
        pieces = _is_pieced(*(b.tree for b in program.blocks.values()), truth, *claims)
        kinked: list[Looked] = []
        unsteady: list[Looked] = []
        telling = 0
        for looked, place in enumerate(ground.points(reads)):
            if place.truth is None or (claims and all(_undefined(place.point, c) for c in claims)):
                continue
            if pieces and place.on_kink:  # what is right there is a convention
                kinked.append(place)
                continue
            if not place.steady:
                unsteady.append(place)
                continue
            chosen.append(place)
            telling += bool(np.any(place.truth))
            if (telling >= POINTS and (looked >= SIDES or not pieces)) or len(chosen) >= SIDES + PASSED_OVER:
                break
        self.looked = chosen or (unsteady or kinked)[:SIDES]
        """0 as far as there are digits, and what is tied wherever one looks, where there is nothing else."""
        self._places = tuple(map(id, self.looked))  # the ground keeps them
        self._agreed: dict[tuple[Tree, Tree], Agreement] = {}
        self.points: list[Point] = [p.point for p in self.looked]
        self.truth: list[Array] = [p.truth for p in self.looked if p.truth is not None]

    def values(self, tree: Tree, changed: Mapping[str, str] | None = None) -> list[Array | None]:
        """The tree at every point; None where it has no value there. `changed` lets some names have the value of others."""
        return [value_at(p, tree, changed) for p in self.points]

    def flat(self, values: Sequence[Array | None]) -> Array:
        """All values of all points in one row, in the truth's shapes; nan where there is none. Scalars are repeated."""
        return np.concatenate([np.ravel(laid_out(v, t)) for v, t in zip(values, self.truth, strict=True)])

    def row(self, tree: Tree, changed: Mapping[str, str] | None = None) -> Array:
        return self.flat(self.values(tree, changed))

    def gives(self, tree: Tree, wanted: Array, changed: Mapping[str, str] | None = None) -> bool:
        """Whether the tree has these values; no more points are looked at than it takes to see that it does not."""
        floor = 1e-3 * float(np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0.0))
        row: list[Array] = []
        start = 0
        for place, truth in zip(self.points, self.truth, strict=True):
            values = np.ravel(laid_out(value_at(place, tree, changed), truth))
            part = wanted[start : start + values.size]
            with np.errstate(invalid="ignore"):
                bound = 2 * TOLERANCE * np.maximum(np.maximum(np.abs(values), np.abs(part)), floor)
                if np.any(np.abs(values - part) > bound):
                    return False
            row.append(values)
            start += values.size
        return same(np.concatenate(row), wanted) if row else False

    def known(self, tree: Tree) -> Array:
        """The row of a tree that other claims are compared with too."""
        rows, key = self.ground.rows, (tree, self._places)
        if key not in rows:
            if len(rows) >= MEMORY:
                rows.clear()
            rows[key] = self.row(tree)
        return rows[key]

    @cached_property
    def counts(self) -> list[tuple[str, Array]]:
        return _counts(self)

    def agreement(self, tree: Tree, truth: Tree | None = None) -> Agreement:
        """At which points the claim is equal to the derivative, and at which it is not."""
        right = self.truth_tree if truth is None else truth
        if (tree, right) not in self._agreed:
            self._agreed[tree, right] = self._agreement(tree, right, truth)
        return self._agreed[tree, right]

    def _agreement(self, tree: Tree, right: Tree, truth: Tree | None) -> Agreement:
        exact = identical(self.program, tree, right) if tree.shape == right.shape else None
        known = [(k, v) for k, v in enumerate(self.values(tree)) if v is not None and np.all(np.isfinite(v))]
        if exact is not None:
            places = [k for k, _ in known]
            return Agreement(places if exact else [], [] if exact else places, 0.0)
        found = Agreement([], [], 0.0)
        sharp = doubtful = 0
        for k, value in known:
            reference = self.truth[k] if truth is None else value_at(self.points[k], truth)
            if reference is None:
                continue
            if not fits(value, reference):
                found.different.append(k)
                continue
            error = relative_error(laid_out(value, reference), reference)
            equal: bool | None = error < TOLERANCE
            if sharp < SHARP if equal else doubtful < DOUBTFUL:
                sharp, doubtful = sharp + bool(equal), doubtful + (not equal)
                try:
                    equal, error = self._decided(k, tree, right)
                except Inexact:
                    if not equal and self._is_rounding(k, tree, right, value, reference):
                        equal = None
            elif not equal:
                continue
            if equal is not None:
                (found.equal if equal else found.different).append(k)
                found = found._replace(error=max(found.error, error) if equal else found.error)
        return found

    def _decided(self, k: int, tree: Tree, truth: Tree) -> Decided:
        sharp = self.looked[k].sharp

        def sides(digits: int) -> tuple[Array, Array]:
            value, reference = sharp.values(digits, [tree, truth])
            return laid_out(value, reference), reference

        return decided(sides)

    def _is_rounding(self, k: int, tree: Tree, truth: Tree, value: Array, reference: Array) -> bool:
        """Whether rounding may explain the difference: both sides are evaluated again with other last digits."""
        change = 0.0
        for seed in range(3):
            try:
                again = shaken(self.program, self.points[k], seed)
            except UNDEFINED:
                return True
            for old, new in ((value, value_at(again, tree)), (reference, value_at(again, truth))):
                change = max(change, float(np.max(np.abs(laid_out(new, reference) - laid_out(old, reference)), initial=0.0)))
        return not np.isfinite(change) or relative_error(laid_out(value, reference), reference, 100 * change / TOLERANCE) < TOLERANCE


class Agreement(NamedTuple):
    """The points where a claim is equal to the derivative and those where it is not, by number, and the largest relative difference
    at the first. A point that decides nothing is in neither."""

    equal: list[int]
    different: list[int]
    error: float

    @property
    def holds(self) -> bool:
        return bool(self.equal) and not self.different


def _is_pieced(*trees: Tree) -> bool:
    """Whether something is put together from pieces, so that a formula may be right on one side and wrong on the other."""
    for node in postorder(*trees):
        if isinstance(node, Where | Operation):
            return True
        if isinstance(node, Power) and not (isinstance(node.exponent, Number) and node.exponent.value.denominator == 1):
            return True
        if isinstance(node, Apply):
            spec = node.function.binding if isinstance(node.function, AbstractFunction) else node.function
            if spec is not None and (spec.kinks or spec.ties or spec.domains):
                return True
    return False


def _undefined(point: Point, tree: Tree) -> bool:
    value = value_at(point, tree)
    return value is None or not np.all(np.isfinite(value))


def fits(value: Array, truth: Array) -> bool:
    """Whether the value has the shape of the truth, or one that is the same but for axes of size 1; a number fits everything."""
    return not np.ndim(value) or [d for d in np.shape(value) if d != 1] == [d for d in np.shape(truth) if d != 1]


def laid_out(value: Array | None, truth: Array) -> Array:
    """The value in the shape of the truth: a scalar is repeated, axes of size 1 may be more or fewer; nan where it does not fit."""
    if value is None or not fits(value, truth):
        return np.full(np.shape(truth), np.nan)
    return np.reshape(value, np.shape(truth)) if np.ndim(value) else np.broadcast_to(value, np.shape(truth))


# ---------------------------------------------------------------- rows


def same(a: Array, b: Array) -> bool:
    """Whether two rows are equal where both are finite, which is nearly everywhere."""
    finite = np.isfinite(a) & np.isfinite(b)
    if 2 * int(finite.sum()) < a.size or not a.size:
        return False
    x, y = a[finite], b[finite]
    size = np.maximum(np.abs(x), np.abs(y))
    return bool(np.all(np.abs(x - y) <= TOLERANCE * np.maximum(size, 1e-3 * np.max(size))))


def matching(row: Array, rows: Array) -> list[int]:
    """Which of several rows, one below the other, are the `same` as one."""
    if not rows.size:
        return []
    finite = np.isfinite(rows) & np.isfinite(row)
    x, y = np.where(finite, rows, 0.0), np.where(finite, row, 0.0)
    size = np.maximum(np.abs(x), np.abs(y))
    bound = TOLERANCE * np.maximum(size, 1e-3 * size.max(axis=1, keepdims=True))
    equal = np.all(np.abs(x - y) <= bound, axis=1) & (2 * finite.sum(axis=1) >= row.size)
    return [int(k) for k in np.flatnonzero(equal)]


def ratio(evidence: Evidence, a: Array, b: Array) -> Ratio | None:
    """The constant c, other than 0 and 1, with a = c*b, where it is one; a text where it is a dimension (or a counting input)."""
    finite = np.isfinite(a) & np.isfinite(b)
    if not finite.any() or not np.any(b[finite]) or not np.any(a[finite]):
        return None
    for name, factor in [("", None), *evidence.counts]:
        scaled = b if factor is None else b * factor
        for text, base in (("", scaled),) if factor is None else ((name, scaled), (f"1/{name}", b / factor)):
            x, y = a[finite], base[finite]
            k = int(np.argmax(np.abs(y)))
            c = x[k] / y[k] if y[k] else 0.0
            if not c or not np.isfinite(c) or not same(a, c * base):
                continue
            number = nice(float(c))
            if not text:
                return None if number == 1 else number
            if isinstance(number, Fraction) and number.denominator <= 8 and abs(number.numerator) <= 8:
                return text if number == 1 else f"-{text}" if number == -1 else _scaled(number, text)
    return None


def _divides(program: Computation, symbol: Leaf) -> bool:
    """Whether an input is there to divide by, like the number of examples."""
    users = [n for b in program.blocks.values() for n in postorder(b.tree) if symbol in n.args]
    return bool(users) and all(isinstance(n, Power) and n.base is symbol and n.exponent is MINUS_ONE for n in users)


def _scaled(number: Fraction, text: str) -> str:
    """The product of a fraction and N or 1/N, written."""
    if not text.startswith("1/"):
        return f"{number}*{text}"
    return f"{number.numerator}/{text[2:]}" if number.denominator == 1 else f"{number.numerator}/({number.denominator}*{text[2:]})"


def nice(value: float) -> Fraction | float:
    """A simple fraction where the number is one."""
    close = Fraction(value).limit_denominator(1000)
    return close if close and abs(float(close) - value) <= SIMPLE * abs(value) else value


def _counts(evidence: Evidence) -> list[tuple[str, Array]]:
    """What a mean may divide by: the dimensions, and scalar inputs of which only the inverse is used, as rows like those compared."""
    names: dict[str, list[Any]] = {}
    for name in evidence.program.dimensions:
        names[name] = [float(p.dims[name]) for p in evidence.points if name in p.dims]
    for name, variable in evidence.program.inputs.items():
        if not variable.shape and _divides(evidence.program, variable.leaf):
            names[name] = [float(p.values[name]) for p in evidence.points]
    for size in sorted({d for v in evidence.program.inputs.values() for d in v.shape if isinstance(d, int) and d > 1}):
        names.setdefault(str(size), [float(size)] * len(evidence.points))
    rows = []
    for name, values in names.items():
        if len(values) == len(evidence.points) and (not name.isdigit()):
            rows.append((name, np.concatenate([np.full(t.size, v) for v, t in zip(values, evidence.truth, strict=True)])))
    return rows
