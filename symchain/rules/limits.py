"""Limits of expressions where a condition holds that chooses a value: sin(x)/x where x == 0.

The condition is solved for one of its names, v = v0 + t, and the expression becomes a Laurent series in t whose coefficients are
expressions in the other names. What the series says is held against the expression itself, with many digits and on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import sympy

from symchain.errors import SymchainError
from symchain.tensors.algebra import normal
from symchain.tensors.exchange import from_sympy, to_sympy
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import Leaf, Tree, leaves

_NODES = 400
"""Larger expressions are not expanded,"""
_OPERATIONS = 400
"""nor those of which a coefficient gets more operations."""
_ORDERS = 10
"""So many powers of t are kept,"""
_TRIED = (3, 6, _ORDERS)
"""after fewer, at less cost."""
_DIGITS = 60
_NEAR = (12, 15)
"""The expression is looked at 10**-12 and 10**-15 away, where it has to be as near to its limit."""
_PLACES = 3
_GRUNTZ = 40
"""Expressions of one name and so many operations that have no Laurent series are left to SymPy's limits."""
T = sympy.Symbol("?t", positive=True)
"""One side at a time is looked at, so it is positive."""


class NoSeries(Exception):
    """There is no Laurent series, or it is not known, or too long."""


@dataclass(frozen=True)
class Limit:
    """What an expression comes near to."""

    value: Tree
    regular: bool
    """Whether the expression has it at the condition as it stands."""
    zero: bool


@remembered(1024)
def limit(condition: Tree, tree: Tree, first: Leaf | None = None) -> Limit | None:
    """The limit of an expression of scalars where the two sides of an equality meet; None where there is none, or it is not known.

    The condition is solved for `first` where that can be done.
    """
    if tree.size > _NODES:
        return None
    names = leaves(condition, tree)
    symbols = {n.name: sympy.Symbol(f"u{k}", real=True) if not n.facts & {"positive"} else sympy.Symbol(f"u{k}", positive=True)
               for k, n in enumerate(names)}  # fmt: skip
    back = {symbols[n.name]: n for n in names}
    try:
        left, right, body = (_evaluated(to_sympy(t, symbols)) for t in (*condition.args, tree))
        variable, solution = _solved(left - right, [symbols[n.name] for n in ([first] if first else [])] + list(back))
        moved = body.xreplace({variable: solution + T})
        value, regular = _value(moved)
        if regular:
            return Limit(tree, True, _is_zero(value))
        value = min((value, sympy.factor_terms(value), sympy.cancel(sympy.together(value))), key=sympy.count_ops)
        if not _is_limit(moved, value):
            return None
        return Limit(normal(from_sympy(value, back.__getitem__)), False, _is_zero(value))
    except (NoSeries, SymchainError, ArithmeticError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError, RecursionError):
        return None


def _value(moved: Any) -> tuple[Any, bool]:
    """The limit as t goes to 0, the same from both sides, and whether the expression has it there as it stands."""
    if _is_regular(moved):
        return moved.xreplace({T: sympy.Integer(0)}), True
    try:
        sides = [_expanded(_evaluated(moved.xreplace({T: sign * T}))) for sign in (1, -1)]
    except NoSeries:
        if moved.free_symbols != {T} or sympy.count_ops(moved) > _GRUNTZ:
            raise
        sides = [(sympy.limit(moved, T, 0, side), False) for side in "+-"]
        if any(not v.is_finite or v.free_symbols or v.has(sympy.Limit) for v, _ in sides):
            raise
    (value, regular), (other, also) = sides
    if not _is_zero(value - other):
        raise NoSeries
    return value, regular and also


def _is_regular(moved: Any) -> bool:
    """Whether every part has a value where t is 0: nothing divides by 0 there, and no logarithm is taken of it."""
    for node in sympy.preorder_traversal(moved):
        if node.is_Pow and node.base is not sympy.E and node.has(T) and not (node.exp.is_Integer and node.exp > 0):
            base = node.base
        elif isinstance(node, sympy.log):
            base = node.args[0]
        elif isinstance(node, sympy.Function) and not isinstance(node, _ENTIRE):
            return False
        else:
            continue
        if _is_zero(base.xreplace({T: sympy.Integer(0)})):
            return False
    return True


_ENTIRE = (sympy.exp, sympy.sin, sympy.cos, sympy.sinh, sympy.cosh, sympy.tanh, sympy.atan, sympy.asinh, sympy.erf)


def _expanded(moved: Any) -> tuple[Any, bool]:
    """The constant term of the Laurent series, and whether no part has been infinite where t is 0."""
    for orders in _TRIED:
        series = _Expansion(orders)
        try:
            return series.of(moved).at_zero(), series.regular
        except NoSeries:
            if orders == _ORDERS:
                raise
    raise NoSeries


def _evaluated(expression: Any) -> Any:
    """SymPy's own form of it; sinc as the quotient that it is."""
    done: dict[Any, Any] = {}
    for node in sympy.postorder_traversal(expression):
        if node not in done:
            args = [done[a] for a in node.args]
            if isinstance(node, (sympy.Piecewise, sympy.Subs, sympy.Derivative, sympy.core.function.AppliedUndef)):
                raise NoSeries
            done[node] = sympy.sin(args[0]) / args[0] if isinstance(node, sympy.sinc) else node.func(*args) if args else node
    return done[expression]


def _solved(difference: Any, candidates: Sequence[Any]) -> tuple[Any, Any]:
    """A symbol, and its value where the difference is 0: one in which the difference is linear, with a number as its coefficient."""
    difference = sympy.expand(difference)
    for symbol in candidates:
        slope = sympy.diff(difference, symbol)
        if slope.is_number and slope != 0:
            return symbol, sympy.expand(symbol - difference / slope)
    raise NoSeries


# ---------------------------------------------------------------- series


class _Series:
    """coefficients[k]*t**k + ..., right up to, without, t**order."""

    def __init__(self, coefficients: dict[int, Any], order: int) -> None:
        self.coefficients = {k: c for k, c in coefficients.items() if k < order and not _is_zero(c)}
        self.order = order
        if any(sympy.count_ops(c) > _OPERATIONS for c in self.coefficients.values()):
            raise NoSeries

    @property
    def first(self) -> int:
        return min(self.coefficients, default=self.order)

    def at_zero(self) -> Any:
        if self.first < 0 or self.order < 1:
            raise NoSeries
        return self.coefficients.get(0, sympy.Integer(0))

    def __add__(self, other: _Series) -> _Series:
        keys = {*self.coefficients, *other.coefficients}
        total = {k: self.coefficients.get(k, 0) + other.coefficients.get(k, 0) for k in keys}
        return _Series(total, min(self.order, other.order))

    def __mul__(self, other: _Series) -> _Series:
        order = min(self.order + other.first, other.order + self.first, _ORDERS)
        total: dict[int, Any] = {}
        for j, a in self.coefficients.items():
            for k, b in other.coefficients.items():
                if j + k < order:
                    total[j + k] = total.get(j + k, 0) + a * b
        return _Series(total, order)

    def shifted(self, by: int) -> _Series:
        return _Series({k + by: c for k, c in self.coefficients.items()}, self.order + by)

    def composed(self, taylor: Callable[[int], Any]) -> _Series:
        """The sum of taylor(n)*u**n, u being the series without its constant term."""
        rest = _Series({k: c for k, c in self.coefficients.items() if k}, self.order)
        if rest.first < 1:
            raise NoSeries
        total, power, n = _Series({0: taylor(0)}, self.order), _Series({0: sympy.Integer(1)}, self.order), 0
        while (n + 1) * rest.first < self.order:
            n += 1
            power = power * rest
            total = total + _Series({0: taylor(n)}, self.order) * power
        return total


class _Expansion:
    """Laurent series of one expression and its parts."""

    def __init__(self, orders: int) -> None:
        self.orders = orders
        self.done: dict[Any, _Series] = {}
        self.regular = True
        """Whether no part has been infinite, or without a value, where t is 0."""

    def of(self, expression: Any) -> _Series:
        if expression not in self.done:
            found = self._made(expression)
            self.regular &= found.first >= 0
            self.done[expression] = found
        return self.done[expression]

    def _made(self, e: Any) -> _Series:
        if not e.has(T):
            if not e.is_number or e.is_finite is not False:
                return _Series({0: e}, self.orders)
            raise NoSeries
        if e == T:
            return _Series({1: sympy.Integer(1)}, self.orders)
        if e.is_Add or e.is_Mul:
            total = self.of(e.args[0])
            for part in e.args[1:]:
                total = total + self.of(part) if e.is_Add else total * self.of(part)
            return total
        if e.is_Pow:
            if e.base is sympy.E:
                return self._call(sympy.exp, e.exp)
            if e.exp.has(T):
                return self._call(sympy.exp, e.exp * sympy.log(e.base))
            return self._power(self.of(e.base), e.exp)
        if isinstance(e, (sympy.Abs, sympy.sign)):
            inner = self.of(e.args[0])
            lead = inner.coefficients.get(inner.first)
            if lead is None or not lead.is_number:
                raise NoSeries
            side = _Series({0: sympy.Integer(1 if lead > 0 else -1)}, self.orders)
            return side * inner if isinstance(e, sympy.Abs) else side
        if isinstance(e, sympy.Function):
            moving = [k for k, a in enumerate(e.args) if a.has(T)]
            if len(moving) == 1:
                return self._call(lambda s: e.func(*(s if k == moving[0] else a for k, a in enumerate(e.args))), e.args[moving[0]])
        raise NoSeries

    def _power(self, base: _Series, exponent: Any) -> _Series:
        if not base.coefficients:
            raise NoSeries
        first = base.first
        lead = base.coefficients[first]
        if first and not (exponent.is_Rational and (first * exponent).is_Integer and (exponent.is_Integer or lead.is_positive)):
            raise NoSeries
        ratio = _Series({k - first: c / lead for k, c in base.coefficients.items()}, base.order - first)
        whole = ratio.composed(lambda n: sympy.ff(exponent, n) / factorial(n))
        scaled = _Series({k: c * lead**exponent for k, c in whole.coefficients.items()}, whole.order)
        return scaled.shifted(int(first * exponent)) if first else scaled

    def _call(self, function: Callable[[Any], Any], argument: Any) -> _Series:
        inner = self.of(argument)
        start = inner.at_zero()
        s = sympy.Dummy("s", real=True)
        slopes = [function(s)]

        def taylor(n: int) -> Any:
            while len(slopes) <= n:
                slopes.append(sympy.diff(slopes[-1], s))
            value = slopes[n].subs(s, start)
            if value.has(sympy.nan, sympy.zoo, sympy.oo, sympy.Piecewise, sympy.Derivative, sympy.Subs, sympy.DiracDelta, sympy.sign):
                raise NoSeries
            return value / factorial(n)

        return inner.composed(taylor)


@remembered(8192)
def _is_zero(c: Any) -> bool:
    """Whether a coefficient is 0: by its terms, or with many digits at some places."""
    c = sympy.sympify(c)
    if c.is_number and not c.has(sympy.Function):
        return bool(c == 0)
    if c.is_Symbol or c == 0 or sympy.expand(c) == 0:
        return not c.is_Symbol
    found = [_number(c, k) for k in range(_PLACES)]
    known = [abs(v) for v in found if v is not None]
    return bool(known) and all(v < 10 ** -(_DIGITS // 2) for v in known)


def _number(expression: Any, place: int, digits: int = _DIGITS, **extra: Any) -> Any:
    """The value of an expression at one of some places, with many digits; None where there is none."""
    import mpmath

    symbols = sorted(expression.free_symbols - {T}, key=str)
    with mpmath.workdps(digits):
        values = [mpmath.mpf(_PLACE[(3 * place + k) % len(_PLACE)]) / 7 for k in range(len(symbols))]
        try:
            code = sympy.lambdify([T, *symbols], expression, "mpmath")
            value = mpmath.mpmathify(code(extra.get("t", 0), *values))
        except (ArithmeticError, ValueError, TypeError, NameError, AttributeError):
            return None
        return value if mpmath.isfinite(value) else None


_PLACE = (5, 11, 3, 17, 8, 29, 13, 2, 23)
"""Sevenths at which expressions are looked at."""


def _is_limit(moved: Any, value: Any) -> bool:
    """Whether the expression comes as near to the value as t to 0, on both sides, wherever it can be seen."""
    import mpmath

    seen = 0
    every = sorted((moved.free_symbols | value.free_symbols) - {T}, key=str)
    for place in range(_PLACES):
        known = {s: sympy.Rational(_PLACE[(3 * place + k) % len(_PLACE)], 7) for k, s in enumerate(every)}
        here, target = moved.xreplace(known), _number(value.xreplace(known), 0)
        for exponent in _NEAR if target is not None else ():
            for sign in (1, -1):
                near = _number(here, 0, 3 * _DIGITS, t=sign * mpmath.mpf(10) ** -exponent)
                if near is None:
                    continue
                seen += 1
                if abs(near - target) > mpmath.mpf(10) ** (4 - exponent) * (1 + abs(target)):
                    return False
    return seen >= 2 * len(_NEAR)


__all__ = ["Limit", "limit"]
