"""Sums: their terms, like terms collected, numbers carried in and out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from symchain.tensors.nodes import Contraction, Number, Sum, Tree, add, contract, keeping, number, rebuild, zeros
from symchain.tensors.terms import factor_kinds, flipped, invariant, is_zero, keyed


def summands(tree: Tree) -> Iterable[Tree]:
    """The terms of a sum, nested sums opened, a number in front of a bracket carried inside."""
    stack = [tree]
    while stack:
        t = stack.pop()
        if isinstance(t, Sum):
            stack.extend(reversed(t.args))
        elif (
            isinstance(t, Contraction)
            and len(t.args) == 2
            and isinstance(t.args[0], Number)
            and isinstance(t.args[1], Sum)
            and t.subscripts[1] == t.output
        ):
            factor = t.args[0]
            stack.extend(scaled(s, factor.value, factor.decimal) for s in reversed(t.args[1].args))
        elif (turned := _turned_sum(t)) is not None:
            stack.extend(reversed(turned))
        else:
            yield t


def _turned_sum(tree: Tree) -> list[Tree] | None:
    """The terms of the transpose of a sum, a number in front carried inside."""
    if not isinstance(tree, Contraction) or not isinstance(tree.args[-1], Sum) or len(tree.output) != 2:
        return None
    *numbers, inner = tree.args
    if len(numbers) > 1 or not all(isinstance(n, Number) for n in numbers) or tree.subscripts[-1] != tree.output[::-1]:
        return None
    factor = numbers[0] if numbers else None
    found = []
    for s in inner.args:
        t = flipped(s)
        if isinstance(t, Contraction) and len(t.args) == 1 and t.subscripts[0] == t.output and len(set(t.output)) == len(t.dims):
            t = t.args[0]
        found.append(scaled(t, factor.value, factor.decimal) if isinstance(factor, Number) else t)
    return found


def scaled(tree: Tree, value: Fraction, decimal: bool = False) -> Tree:
    """value*tree, the number merged into the coefficient of one term."""
    if isinstance(tree, Number):
        return number(tree.value * value, tree.decimal or decimal)
    if isinstance(tree, Contraction) and isinstance(tree.args[0], Number):
        merged = tree.args[0].value * value
        if merged == 1 and len(tree.args) > 1:
            return keeping(tree, range(1, len(tree.args)))
        return rebuild(tree, (number(merged, tree.args[0].decimal or decimal), *tree.args[1:]))
    if value == 1:
        return tree
    if isinstance(tree, Contraction):
        return contract([number(value, decimal), *tree.args], [(), *tree.subscripts], tree.output, dict(enumerate(tree.dims)))
    indices = tuple(range(len(tree.shape)))
    return contract([number(value, decimal), tree], [(), indices], indices)


def negated(tree: Tree) -> Tree:
    """-tree, into the terms of a sum."""
    if isinstance(tree, Sum):
        return add([negated(t) for t in tree.args])
    if isinstance(tree, Number):
        return number(-tree.value, tree.decimal)
    if isinstance(tree, Contraction) and isinstance(tree.args[0], Number):
        first = tree.args[0]
        if first.value == -1 and len(tree.args) > 1:
            return keeping(tree, range(1, len(tree.args)))
        return rebuild(tree, (number(-first.value, first.decimal), *tree.args[1:]))
    if isinstance(tree, Contraction):
        dims = dict(enumerate(tree.dims))
        return contract([number(-1), *tree.args], [(), *tree.subscripts], tree.output, dims)
    indices = tuple(range(len(tree.shape)))
    return contract([number(-1), tree], [(), indices], indices)


def coefficient_of(tree: Tree) -> Fraction:
    if isinstance(tree, Number):
        return tree.value
    if isinstance(tree, Contraction) and isinstance(tree.args[0], Number):
        return tree.args[0].value
    return Fraction(1)


def is_negative(tree: Tree) -> bool:
    """Whether the coefficient is."""
    return coefficient_of(tree).numerator < 0


def is_decimal(tree: Tree) -> bool:
    first = tree.args[0] if isinstance(tree, Contraction) else tree
    return isinstance(first, Number) and first.decimal


def collect(tree: Tree) -> Tree:
    """A sum with like terms collected, zeros dropped and a common coefficient in front."""
    groups: dict[Any, list[Any]] = {}
    found = list(summands(tree))
    alike = Counter([t.names for t in found])
    for n, t in enumerate(found):
        key, value = keyed(t) if alike[t.names] > 1 else (n, coefficient_of(t))
        if value == 0:
            continue
        decimal = is_decimal(t)
        if key in groups:
            groups[key][0] += value
            groups[key][1] |= decimal
        else:
            groups[key] = [value, decimal, t, value]
    terms = []
    for value, decimal, body, mine in groups.values():
        if value is mine:
            terms.append(body)
        elif value != 0:
            terms.append(number(value, decimal) if isinstance(body, Number) else scaled(body, value / mine, decimal))
    if not terms:
        return zeros(tree.shape)
    return _narrowed(_turned(content(terms)))


def content(terms: list[Tree]) -> Tree:
    """The sum of terms; where all coefficients have one size other than 1 it stands in front."""
    coefficients = [coefficient_of(t) for t in terms]
    negative = all(c.numerator < 0 for c in coefficients)
    if len(terms) > 1 and (negative or 1 not in coefficients) and not any(isinstance(t, Number) for t in terms):
        sizes = set(map(abs, coefficients))
        common = sizes.pop()
        if not sizes and (common != 1 or negative):
            decimal = any(isinstance(t, Contraction) and isinstance(t.args[0], Number) and t.args[0].decimal for t in terms)
            factor = -common if negative else common
            inner = add(_oriented([scaled(t, 1 / factor) for t in terms]))
            indices = tuple(range(len(inner.shape)))
            return contract([number(factor, decimal), inner], [(), indices], indices)
    return add(_oriented(terms))


def _oriented(terms: list[Tree]) -> list[Tree]:
    """The terms with each sum among their factors written one way: a*(x - y) - b*(x - y), not a*(x - y) + b*(y - x).

    What stands first decides. Where only one term has a sum with a minus, it takes the term's sign: -(a - b)*c is (b - a)*c.
    """
    seen: dict[bytes, tuple[int, Tree]] = {}
    found = []
    for t in terms:
        if isinstance(t, Contraction) and factor_kinds(t) & Sum.bit:
            t = _alike(t, seen)
            seen |= {key: (sign, f) for f in t.args if isinstance(f, Sum) for sign, key in [invariant(f)] if key not in seen}
        found.append(t)
    return found


def _alike(tree: Contraction, seen: Mapping[bytes, tuple[int, Tree]]) -> Contraction:
    value, args = coefficient_of(tree), list(tree.args)
    fresh = []
    for k, factor in enumerate(args):
        if isinstance(factor, Sum):
            sign, key = invariant(factor)
            if key not in seen:
                fresh.append(k)
            elif seen[key][1] is not factor:
                value *= sign * seen[key][0]
                args[k] = seen[key][1]
    if value == -1:
        for k in fresh:
            if any(map(is_negative, args[k].args)):
                value, args[k] = Fraction(1), negated(args[k])
                break
    if args == list(tree.args) and value == coefficient_of(tree):
        return tree
    changed = scaled(rebuild(tree, args), value / coefficient_of(tree), is_decimal(tree))
    assert isinstance(changed, Contraction)
    return changed


def _turned(tree: Tree) -> Tree:
    """A sum of transposes is the transpose of a sum."""
    inner = tree.args[-1] if isinstance(tree, Contraction) and isinstance(tree.args[-1], Sum) else tree
    if not isinstance(inner, Sum) or len(inner.shape) != 2 or not all(_reads_transposed(t) for t in inner.args):
        return tree
    straight = collect(add([flipped(t) for t in inner.args]))
    if inner is tree:
        return contract([straight], [(0, 1)], (1, 0))
    return contract([tree.args[0], straight], [(), (0, 1)], (1, 0))


def _reads_transposed(tree: Tree) -> bool:
    """Whether every matrix of a product of entries stands transposed."""
    if not isinstance(tree, Contraction) or len(tree.output) != 2:
        return False
    matrices = [s for s in tree.subscripts if len(s) == 2 and set(s) == set(tree.output)]
    return bool(matrices) and all(s == tree.output[::-1] for s in matrices)


def _narrowed(tree: Tree) -> Tree:
    """A sum of terms that all repeat along an axis is a sum without the axis, repeated once."""
    if isinstance(tree, Contraction) and len(tree.args) == 2 and isinstance(tree.args[0], Number) and isinstance(tree.args[1], Sum):
        return rebuild(tree, (tree.args[0], _narrowed(tree.args[1])))
    if not isinstance(tree, Sum) or not tree.shape:
        return tree
    carried: set[int] = set()
    for t in tree.args:
        if not isinstance(t, Contraction):
            return tree
        used = {i for s in t.subscripts for i in s}
        carried |= {k for k, i in enumerate(t.output) if i in used}
    kept = [k for k in range(len(tree.shape)) if k in carried]
    if len(kept) == len(tree.shape):
        return tree
    terms = []
    for t in tree.args:
        assert isinstance(t, Contraction)
        output = tuple(t.output[k] for k in kept)
        terms.append(contract(t.args, t.subscripts, output, {i: d for i, d in enumerate(t.dims) if i not in t.output or i in output}))
    inner = collect(add(terms))
    if is_zero(inner):
        return zeros(tree.shape)
    return contract([inner], [tuple(kept)], tuple(range(len(tree.shape))), dict(enumerate(tree.shape)))
