"""Sums of one variable whose terms cancel near zero: x - sin(x), exp(x) - 1 - x, cos(x)/x - sin(x)/x**2.

No table could list them, and derivatives make new ones. So the sum itself is looked at: with many digits, at points near zero, it
is seen whether the terms cancel there; if they do, the coefficients of its Laurent series are Cauchy's integrals over a circle, and
the series is held against the sum before it is used. In the kernel it replaces the sum where |x| is small, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import sympy

from symchain.functions.spec import FUNCTIONS, AbstractFunction, FunctionSpec
from symchain.rewriting.numerics import numeric_function
from symchain.support.precision import precision
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import (
    MINUS_ONE,
    ONE,
    Apply,
    Constant,
    Contraction,
    Number,
    Power,
    Sum,
    Tree,
    add,
    apply,
    broadcast,
    contract,
    keeping,
    leaf,
    leaves,
    postorder,
    substitute,
)
from symchain.tensors.sums import summands

_NODES = 60
"""Larger sums are not looked at."""
_OPENED = 8
"""At most so many names are replaced by what they stand for."""
_DIGITS = 80
_POINTS = 64
"""Points on the circle: as many coefficients, each with an error of the order of the last."""
_CIRCLE = 1.9
"""The radius of the circle, in radii of the disc on which the series is used; not 2, where logarithms of 1 + x end."""
_RADII = (1.0, 0.5, 0.25, 0.125, 0.0625)
_SMALL = 1e-18
"""What is left out of the series is smaller than this, relative to the sum."""
_RANGE = 4096
"""Arguments of more bits before the point are not evaluated: sin(exp(2**40)) would take more memory than there is."""
_CANCELLED = 1e-4
"""A sum this much smaller than its terms, 2**-20 from zero, cancels there."""

_TERMS = 8
"""Longer sums are not looked at in part."""
_LOGARITHMS = (FUNCTIONS["log"], FUNCTIONS["log2"], FUNCTIONS["log10"], FUNCTIONS["entr"])

X = leaf("?x")


class Unsuitable(Exception):
    """Not a sum of one variable, or not one that has a Laurent series."""


def mended(tree: Sum, definitions: Mapping[str, Tree], order: Mapping[str, int]) -> Tree | None:
    """The sum with its series near zero; None where it has no need of one.

    `definitions` says what some names stand for, `order` which of them comes after which.
    """
    if tree.size > _NODES and len(postorder(tree)) > _NODES:
        return None
    whole = _opened(tree, definitions, order)
    for variable in _variables(whole):
        body = _body(whole, variable)
        if body is not None:
            return _near(body, tree, variable)
    return _in_part(tree)


def _near(body: Tree, tree: Tree, variable: Tree) -> Tree | None:
    """The tree with its series where the variable is near zero, or near one, where logarithms vanish."""
    found = _series(body)
    if found is not None:
        return apply(_function(*found), tree, variable)
    if not any(isinstance(n, Apply) and n.function in _LOGARITHMS for n in postorder(body)):
        return None
    found = _series(substitute(body, {X: Sum((ONE, X), ())}))
    return None if found is None else apply(_function(*found), tree, add([variable, broadcast(MINUS_ONE, variable.shape)]))


def _in_part(tree: Sum) -> Tree | None:
    """The tree with a series for those of its terms that cancel among themselves: 1 + v - m**2 - exp(v)."""
    terms = list(summands(tree))
    if not 2 < len(terms) <= _TERMS:
        return None
    arguments = dict.fromkeys(a for n in postorder(tree) if isinstance(n, Apply) for a in n.args if not isinstance(a, Number))
    for variable in map(_without_number, arguments):
        inside = [t for t in terms if _body(t, variable) is not None]
        if 1 < len(inside) < len(terms):
            part = add(inside)
            body = _body(part, variable)
            found = None if body is None else _near(body, part, variable)
            if found is not None:
                return add([found, *(t for t in terms if t not in inside)])
    return None


def with_powers(node: Contraction) -> Tree | None:
    """near_zero(s, x)/x**n as near_zero(s/x**n, x): a series that begins with x**2 may underflow before it is divided by x."""
    for k, part in enumerate(node.args):
        if not isinstance(part, Apply) or part.function not in _SERIES:
            continue
        value, x = part.args
        spots = node.subscripts[k]
        powers = {j: _exponent(f, x) for j, f in enumerate(node.args) if node.subscripts[j] == spots[: len(f.shape)] and f.shape == x.shape}
        shift = sum(n for n in powers.values() if n is not None)
        taken = [j for j, n in powers.items() if n is not None]
        if shift >= 0 or x.shape != part.shape:
            continue
        radius, first, step, coefficients = _SERIES[part.function]
        sizes = dict(enumerate(node.dims))
        own = {s: sizes[s] for s in spots}  # an axis that neither part has is the whole product's: here it would count as a factor
        inner = contract([value, *(node.args[j] for j in taken)], [spots] * (1 + len(taken)), spots, own)
        whole = apply(_function(radius, first + shift, step, coefficients), inner, x)
        kept = [j for j in range(len(node.args)) if j != k and j not in taken]
        return contract([*(node.args[j] for j in kept), whole], [*(node.subscripts[j] for j in kept), spots], node.output, sizes)
    return None


def _exponent(factor: Tree, x: Tree) -> int | None:
    """n where the factor is x**n, a whole number."""
    if factor is x:
        return 1
    if isinstance(factor, Power) and factor.base is x and isinstance(factor.exponent, Number) and factor.exponent.value.denominator == 1:
        return int(factor.exponent.value)
    return None


# ---------------------------------------------------------------- the one variable


def _opened(tree: Tree, definitions: Mapping[str, Tree], order: Mapping[str, int]) -> Tree:
    """The tree over one name, where replacing names by what they stand for leads there; else the tree itself."""
    opened = tree
    for _ in range(_OPENED):
        names = leaves(opened)
        last = max(names, key=lambda n: order.get(n.name, -1), default=None)
        if len(names) < 2 or last is None or sum(n.name not in order for n in names) > 1:
            break
        opened = substitute(opened, {last: definitions[last.name]})
        if len(postorder(opened)) > _NODES:
            return tree
    return opened if len(leaves(opened)) == 1 else tree


def _variables(tree: Tree) -> Iterator[Tree]:
    """What the sum may be a function of: its one name, or an argument of a function in it, without its coefficient."""
    names = leaves(tree)
    if len(names) == 1:
        yield names[0]
        return
    seen: set[Tree] = set()
    for node in postorder(tree):
        for argument in node.args if isinstance(node, Apply) else ():
            plain = _without_number(argument)
            if isinstance(plain, (Contraction, Sum)) and plain not in seen:
                seen.add(plain)
                yield plain


def _without_number(tree: Tree) -> Tree:
    if not isinstance(tree, Contraction):
        return tree
    kept = [k for k, a in enumerate(tree.args) if not isinstance(a, Number)]
    return tree if len(kept) in (0, len(tree.args)) else keeping(tree, kept)


def _body(tree: Tree, variable: Tree) -> Tree | None:
    """The tree as one of the scalar X in place of the variable; None where something else is left."""
    made: dict[Tree, Tree] = {variable: X}
    wanted = variable.args if isinstance(variable, Contraction) else ()
    for node in postorder(tree):
        if node in made:
            continue
        if isinstance(node, (Number, Constant)):
            made[node] = node
        elif isinstance(node, Contraction):
            if node.shape not in ((), tree.shape) or any(s not in ((), node.output) for s in node.subscripts):
                return None
            if len(node.dims) != len(node.output):
                return None
            factors = list(node.args)
            times = 0
            while wanted and all(factors.count(w) >= wanted.count(w) for w in wanted):
                for w in wanted:
                    factors.remove(w)
                times += 1
            if any(f not in made for f in factors):
                return None
            factors = [*([X] * times), *(made[f] for f in factors)]
            made[node] = contract(factors, [()] * len(factors), ())
        elif isinstance(node, Sum):
            if any(a not in made for a in node.args):
                return None
            made[node] = Sum(tuple(made[a] for a in node.args), ())
        elif isinstance(node, (Power, Apply)) and all(a in made for a in node.args):
            made[node] = type(node)(tuple(made[a] for a in node.args), (), node.data)
    return made.get(tree)


# ---------------------------------------------------------------- its values, with many digits


@remembered(4096)
def _meaning(function: FunctionSpec) -> Callable[..., Any]:
    symbols = sympy.symbols(f"u:{len(function.parameters)}", real=True)
    return sympy.lambdify(symbols, function.meaning(*symbols), "mpmath")  # type: ignore[no-any-return]


def _value(nodes: Sequence[Tree], x: Any) -> dict[Tree, Any]:
    """The values of the nodes, in order, at a real or complex x."""
    import mpmath

    values: dict[Tree, Any] = {X: x}
    for node in nodes:
        args = [values[a] for a in node.args]
        if isinstance(node, Number):
            values[node] = mpmath.mpf(node.value.numerator) / node.value.denominator
        elif isinstance(node, Constant):
            values[node] = +mpmath.pi
        elif isinstance(node, Sum):
            values[node] = mpmath.fsum(args)
        elif isinstance(node, Contraction):
            values[node] = mpmath.fprod(args)
        elif isinstance(node, Power):
            if args[0] and abs(args[1] * mpmath.mag(args[0])) > mpmath.ldexp(1, _RANGE):
                raise Unsuitable
            values[node] = args[0] ** args[1]
        elif isinstance(node, Apply):
            function = node.function
            if isinstance(function, AbstractFunction) or any(node.orders):
                raise Unsuitable
            if any(a and mpmath.mag(a) > _RANGE for a in args):
                raise Unsuitable
            values[node] = mpmath.mpmathify(_meaning(function)(*args))
    return values


@remembered(4096)
def _series(body: Tree) -> tuple[float, int, int, tuple[float, ...]] | None:
    """(radius, first, step, coefficients) of c0*x**first + c1*x**(first + step) + ..., where the sum cancels near zero."""
    import mpmath

    nodes = [n for n in postorder(body) if n is not X]
    if any(isinstance(n, Apply) and isinstance(n.function, AbstractFunction) for n in nodes):
        return None
    with precision(digits=_DIGITS):
        if _tried(_cancels, body, nodes):
            for radius in _RADII:
                found = _tried(_coefficients, nodes, body, mpmath.mpf(radius))
                if found is not None:
                    return (radius, *found)
    return None


def _tried(work: Callable[..., Any], *args: Any) -> Any:
    """The result of some work with numbers; None where a function has no value."""
    from mpmath.libmp import NoConvergence

    try:
        return work(*args)
    except (Unsuitable, ValueError, ZeroDivisionError, OverflowError, TypeError, AttributeError, NoConvergence):
        return None


def _cancels(body: Tree, nodes: Sequence[Tree]) -> bool:
    import mpmath

    for sign in (1, -1):
        values = _value(nodes, sign * mpmath.mpf(2) ** -20)
        largest = max(abs(values[t]) for t in body.args)
        if mpmath.im(values[body]) or not mpmath.isfinite(values[body]) or abs(values[body]) > _CANCELLED * largest:
            return False
    return True


def _coefficients(nodes: Sequence[Tree], body: Tree, radius: Any) -> tuple[int, int, tuple[float, ...]] | None:
    """The series on a disc, if it is that of the sum there."""
    import mpmath

    turn = [mpmath.expjpi(mpmath.mpf(2 * k) / _POINTS) for k in range(_POINTS)]
    circle = radius * mpmath.mpf(_CIRCLE)
    above = [_value(nodes, circle * w)[body] for w in turn[: _POINTS // 2 + 1]]
    around = [*above, *(mpmath.conj(v) for v in above[-2:0:-1])]  # what is real on the real line is mirrored by it
    scale = max(map(abs, around))
    found: dict[int, Any] = {}
    for j in range(-8, _POINTS - 16):
        c = mpmath.fsum(v * turn[-j * k % _POINTS] for k, v in enumerate(around)) / _POINTS
        if abs(c) > mpmath.mpf(10) ** -30 * scale:
            found[j] = mpmath.re(c) / circle**j
    if not found:
        return None
    first = min(found)
    last = first
    for j, c in found.items():
        if abs(c) * radius ** (j - first) > _SMALL * abs(found[first]):
            last = max(last, j)
    kept = [found.get(j, mpmath.mpf(0)) for j in range(first, last + 1)]
    if len(kept) > 40:
        return None
    for at in (radius, -radius, radius / 3, -radius / 5):
        exact = _value(nodes, at)[body]
        series = mpmath.fsum(c * at ** (j + first) for j, c in enumerate(kept))
        if not abs(series - exact) <= 10 * _SMALL * abs(exact):
            return None
    step = 1 if any(kept[1::2]) else 2
    return first, step, tuple(map(float, kept[::step]))


# ---------------------------------------------------------------- as a function of the sum and the variable


@remembered(4096)
def _function(radius: float, first: int, step: int, coefficients: tuple[float, ...]) -> FunctionSpec:
    made = numeric_function("near_zero", ("value", "x"), lambda value, x: value, radius, first, step, coefficients)
    _SERIES[made] = radius, first, step, coefficients
    return made


_SERIES: WeakKeyDictionary[FunctionSpec, tuple[float, int, int, tuple[float, ...]]] = WeakKeyDictionary()
"""What each function made here consists of, as long as a tree uses it."""


__all__ = ["mended", "with_powers"]
