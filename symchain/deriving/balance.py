"""Terms whose exponentials differ by a known factor: S*normpdf(d1) is K*exp(-r*T)*normpdf(d2) with the d1 and d2 of Black and Scholes.

The exponents are written in the inputs and multiplied out. Where two differ by whole multiples of logarithms, one exponential is
the other times a product, since exp(k*log(u)) is u**k.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from symchain.functions.spec import FUNCTIONS
from symchain.rewriting import is_large, reduced
from symchain.tensors.nodes import Apply, Contraction, Leaf, Number, Power, Sum, Tree, add, transform
from symchain.tensors.sums import collect, scaled
from symchain.tensors.terms import factors_of, is_zero, split_power

_TERMS = 4
_MONOMIALS = 150
"""Sums of more terms, and exponents of more monomials, are left as they are."""

Opened = Callable[[Leaf], Tree | None]
"""What a name stands for; None for an input."""

Monomial = frozenset[tuple[Tree, Fraction]]
Polynomial = dict[Monomial, Fraction]

_ONE: Monomial = frozenset()


class _TooLong(Exception):
    """More monomials than are worth looking at, or a factor that is no polynomial."""


@dataclass
class _Factors:
    """A term: a number times powers, times exp of a polynomial, times a power of normpdf(0)."""

    coefficient: Fraction = Fraction(1)
    powers: dict[Tree, Fraction] = field(default_factory=dict)
    exponent: Polynomial = field(default_factory=dict)
    densities: Fraction = Fraction(0)


def balanced(tree: Tree, opened: Opened) -> Tree:
    """The sum with terms that are multiples of one another added up; itself where there are none."""
    if not isinstance(tree, Sum) or tree.shape or not 2 <= len(tree.args) <= _TERMS:
        return tree
    if sum(_may_hold(t, opened) for t in tree.args) < 2:
        return tree
    terms = list(tree.args)
    try:
        read = [_read(t, opened) for t in terms]
        for j in range(len(terms)):
            for i in range(j + 1, len(terms)):
                ratio = _ratio(read[i], read[j], opened) if not is_zero(terms[j]) else None
                if ratio is not None and not is_zero(terms[i]):
                    terms[j], terms[i] = scaled(terms[j], 1 + ratio), scaled(terms[i], Fraction(0))
                    read[j].coefficient *= 1 + ratio
    except _TooLong:
        return tree
    return tree if all(a is b for a, b in zip(terms, tree.args, strict=True)) else collect(add(terms))


def balanced_within(tree: Tree, opened: Opened) -> Tree:
    """The tree with every sum in it balanced, and shortened where one was; itself where none was."""
    if not tree.kinds & Sum.bit or not tree.kinds & Apply.bit or is_large(tree):
        return tree
    found = transform(tree, lambda node: balanced(node, opened))
    return tree if found is tree else reduced(found)


def _may_hold(tree: Tree, opened: Opened, depth: int = 3) -> bool:
    """Whether an exponential stands among the factors, under at most so many names."""
    for factor in factors_of(tree):
        base = split_power(factor)[0]
        if _is(base, "exp") or _is(base, "normpdf"):
            return True
        if isinstance(base, Leaf) and depth and (meant := opened(base)) is not None and _may_hold(meant, opened, depth - 1):
            return True
    return False


def _is(tree: Tree, name: str) -> bool:
    return isinstance(tree, Apply) and tree.function is FUNCTIONS[name] and not any(tree.orders)


def _read(tree: Tree, opened: Opened) -> _Factors:
    found = _Factors()
    pending = [(tree, Fraction(1))]
    while pending:
        factor, power = pending.pop()
        base, exponent = split_power(factor)
        if isinstance(factor, Power) and isinstance(exponent, Number):
            pending.append((base, power * exponent.value))
        elif isinstance(factor, Contraction):
            pending += [(a, power) for a in factor.args]
        elif isinstance(factor, Number) and power.denominator == 1 and factor.value:
            found.coefficient *= factor.value ** int(power)
        elif isinstance(factor, Leaf) and (meant := opened(factor)) is not None:
            pending.append((meant, power))
        elif _is(factor, "sqrt"):
            pending.append((factor.args[0], power / 2))
        elif _is(factor, "exp"):
            _add(found.exponent, _polynomial(factor.args[0], opened), power)
        elif _is(factor, "normpdf"):
            argument = _polynomial(factor.args[0], opened)
            _add(found.exponent, _times(argument, argument), -power / 2)
            found.densities += power
        else:
            found.powers[factor] = found.powers.get(factor, Fraction(0)) + power
    return found


def _ratio(one: _Factors, other: _Factors, opened: Opened) -> Fraction | None:
    """One term over another where that is a number."""
    if one.densities != other.densities or not (one.exponent or other.exponent):
        return None
    difference = dict(one.exponent)
    _add(difference, other.exponent, Fraction(-1))
    quotient = _Factors(one.coefficient / other.coefficient, dict(one.powers))
    for base, exponent in other.powers.items():
        quotient.powers[base] = quotient.powers.get(base, Fraction(0)) - exponent
    for monomial, times in difference.items():
        if len(monomial) != 1:
            return None
        ((base, exponent),) = monomial
        if exponent != 1 or not _is(base, "log") or times.denominator != 1:
            return None
        inside = _read(base.args[0], opened)
        if inside.exponent:
            return None
        quotient.coefficient *= inside.coefficient ** int(times)
        for factor, power in inside.powers.items():
            quotient.powers[factor] = quotient.powers.get(factor, Fraction(0)) + power * times
    return None if any(quotient.powers.values()) else quotient.coefficient


# ------------------------------------------------------------ exponents, multiplied out


def _polynomial(tree: Tree, opened: Opened) -> Polynomial:
    """A scalar formula as numbers times powers of what is no sum, no product and no block."""
    if isinstance(tree, Leaf) and (meant := opened(tree)) is not None:
        return _polynomial(meant, opened)
    if isinstance(tree, Number):
        return {_ONE: tree.value} if tree.value else {}
    if isinstance(tree, Sum):
        found: Polynomial = {}
        for t in tree.args:
            _add(found, _polynomial(t, opened), Fraction(1))
        return found
    if isinstance(tree, Contraction):
        product: Polynomial = {_ONE: Fraction(1)}
        for a in tree.args:
            product = _times(product, _polynomial(a, opened))
        return product
    if isinstance(tree, Power) and isinstance(tree.exponent, Number):
        return _raised(_polynomial(tree.base, opened), tree.exponent.value, tree)
    if _is(tree, "sqrt"):
        return _raised(_polynomial(tree.args[0], opened), Fraction(1, 2), tree)
    if tree.shape:
        raise _TooLong
    return {frozenset({(tree, Fraction(1))}): Fraction(1)}


def _raised(base: Polynomial, exponent: Fraction, whole: Tree) -> Polynomial:
    if len(base) == 1:
        ((monomial, coefficient),) = base.items()
        # of a product under a root, the factors' signs matter; of one factor, they do not
        if exponent.denominator == 1 or (coefficient == 1 and len(monomial) == 1 and all(e == 1 for _, e in monomial)):
            number = coefficient ** int(exponent) if exponent.denominator == 1 else Fraction(1)
            return {frozenset((b, e * exponent) for b, e in monomial): number}
    if exponent.denominator == 1 and 0 < exponent <= 4:
        product: Polynomial = {_ONE: Fraction(1)}
        for _ in range(int(exponent)):
            product = _times(product, base)
        return product
    return {frozenset({(whole, Fraction(1))}): Fraction(1)}


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    found: Polynomial = {}
    for left, first in a.items():
        for right, second in b.items():
            _add(found, {_joined(left, right): first * second}, Fraction(1))
    if len(found) > _MONOMIALS:
        raise _TooLong
    return found


def _joined(a: Monomial, b: Monomial) -> Monomial:
    exponents: dict[Tree, Fraction] = dict(a)
    for base, exponent in b:
        exponents[base] = exponents.get(base, Fraction(0)) + exponent
    return frozenset((base, e) for base, e in exponents.items() if e)


def _add(found: Polynomial, more: Mapping[Monomial, Fraction], times: Fraction) -> None:
    for monomial, coefficient in more.items():
        total = found.get(monomial, Fraction(0)) + times * coefficient
        if total:
            found[monomial] = total
        else:
            found.pop(monomial, None)
