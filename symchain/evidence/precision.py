"""Values of trees with as many digits as asked for, or exactly in a prime field: what decides where float64 cannot.

Arrays hold objects: numbers of mpmath (Digits), or residues modulo a large prime (Residues), in which a rational function has exact
values and two of them that agree at random points are the same one (Schwartz 1980, "Fast probabilistic algorithms for verification
of polynomial identities"). Functions are known by their meanings alone, as in `evaluation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

from symchain.evidence.evaluation import contraction
from symchain.evidence.meanings import OPERATORS, Array, Meaning, in_mpmath, is_integral, stand_in
from symchain.functions.spec import AbstractFunction, FunctionSpec, map_dims
from symchain.support.dimensions import evaluate as dimension
from symchain.tensors.memory import remembered
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
    postorder,
)

PRIME = 2**61 - 1
LABOUR = 200_000
"""Trees that take more multiplications than this are not evaluated with many digits."""
INTEGRATED = 160
"""What has to be integrated numerically is not evaluated with more digits."""
_LARGEST_POWER = 64
_LARGEST = 2.0**64
"""Exponentials of more than this would take forever."""


class Inexact(Exception):
    """What is asked for has no value in this kind of number, or takes too long: nothing is known about it."""


class Numbers:
    """A kind of number; the operations take arrays of objects, elementwise where they are not about matrices."""

    def number(self, value: Fraction) -> Any:
        raise NotImplementedError

    def constant(self, name: str) -> Any:
        raise NotImplementedError

    def finite(self, array: Array) -> Array:
        raise NotImplementedError

    def size(self, x: Any) -> Any:
        """How large a pivot is; 0 where it is 0."""
        raise NotImplementedError

    def power(self, base: Array, exponent: Array | int) -> Array:
        raise NotImplementedError

    def apply(self, function: FunctionSpec | AbstractFunction, orders: Sequence[int], args: Sequence[Array]) -> Array:
        raise Inexact

    def compare(self, operator: str, left: Array, right: Array) -> Array:
        raise Inexact

    def exp(self, x: Array) -> Array:
        raise Inexact

    def log(self, x: Array) -> Array:
        raise Inexact

    def sqrt(self, x: Array) -> Array:
        raise Inexact

    def inverse(self, a: Array) -> Array:
        """The inverse of each matrix of a stack, by elimination. Raises LinAlgError where there is none."""
        size = a.shape[-1]
        unit = np.where(np.eye(size, dtype=bool), self.number(Fraction(1)), self.number(Fraction(0)))
        result = np.empty(a.shape, object)
        for at in np.ndindex(a.shape[:-2]):
            rows = np.concatenate([a[at], unit], axis=1)
            for k in range(size):
                self._pivot(rows, k)
                rows[k] = rows[k] * self.power(rows[k, k], -1)
                for other in range(size):
                    if other != k:
                        rows[other] = rows[other] - rows[k] * rows[other, k]
            result[at] = rows[:, size:]
        return result

    def determinant(self, a: Array) -> Array:
        """The determinant of each matrix of a stack."""
        result = np.empty(a.shape[:-2], object)
        for at in np.ndindex(a.shape[:-2]):
            rows, total = np.array(a[at]), self.number(Fraction(1))
            try:
                for k in range(len(rows)):
                    total = total * self._pivot(rows, k) * rows[k, k]
                    for other in range(k + 1, len(rows)):
                        rows[other] = rows[other] - rows[k] * (rows[other, k] * self.power(rows[k, k], -1))
            except np.linalg.LinAlgError:
                total = self.number(Fraction(0))
            result[at] = total
        return result

    def _pivot(self, rows: Array, k: int) -> int:
        """Bring the largest pivot to row k; -1 where rows were exchanged for it."""
        sizes = [self.size(x) for x in rows[k:, k]]
        best = max(range(len(sizes)), key=sizes.__getitem__)
        if not sizes[best] > 0:
            raise np.linalg.LinAlgError("Singular matrix")
        rows[[k, k + best]] = rows[[k + best, k]]
        return -1 if best else 1


# ---------------------------------------------------------------- trees


def values_in(
    numbers: Numbers, trees: Sequence[Tree], environment: Mapping[str, Array], dims: Mapping[str, int], absorbing: bool = False
) -> list[Array]:
    """The values of some trees. `absorbing`, for what was derived: 0 times what is undefined is 0.

    Raises Inexact, and what matrices without an inverse raise.
    """
    values: dict[Tree, Array] = {}
    for node in _order(tuple(trees), tuple(sorted(dims.items()))):
        values[node] = _value(numbers, node, [values[a] for a in node.args], environment, dims, absorbing)
    return [np.asarray(values[t], object) for t in trees]


@remembered(512)
def _order(trees: tuple[Tree, ...], dims: tuple[tuple[str, int], ...]) -> tuple[Tree, ...]:
    """Operands first. Raises Inexact where that is too much to evaluate."""
    nodes, sizes, labour = tuple(postorder(*trees)), dict(dims), 0.0
    for node in nodes:
        lengths = node.dims if isinstance(node, Contraction) else node.shape
        labour += float(np.prod([dimension(d, sizes) for d in lengths], dtype=float))
        if labour > LABOUR:
            raise Inexact
    return nodes


def _value(n: Numbers, node: Tree, args: list[Array], environment: Mapping[str, Array], dims: Mapping[str, int], absorbing: bool) -> Array:
    match node:
        case Leaf():
            return environment[node.name]
        case Number():
            return n.number(node.value)
        case Size():
            return n.number(Fraction(dimension(node.dim, dims)))
        case Constant():
            return n.constant(node.name)
        case Identity():
            one, zero = n.number(Fraction(1)), n.number(Fraction(0))
            return np.where(np.eye(dimension(node.shape[0], dims), dtype=bool), one, zero)
        case Sum():
            return sum(args[1:], args[0])
        case Contraction():
            return _product(n, node, args, dims, absorbing)
        case Power():
            exponent = node.exponent
            whole = isinstance(exponent, Number) and exponent.value.denominator == 1 and abs(exponent.value) <= _LARGEST_POWER
            return n.power(args[0], int(exponent.value) if whole else args[1])  # type: ignore[attr-defined]
        case Apply():
            return n.apply(node.function, node.orders, args)
        case Compare():
            return n.compare(node.operator, args[0], args[1])
        case Where():
            return np.where(np.asarray(args[0], bool), *args[1:])
        case Operation():
            parameters = map_dims(node.operation, node.parameters, lambda d: dimension(d, dims))
            operands = [np.asarray(a, object) for a in args]
            if node.operation.exact is not None:
                return node.operation.exact(n, *operands, *parameters)
            try:
                return node.operation.evaluate(*operands, *parameters)
            except (TypeError, ValueError, AttributeError, NotImplementedError) as error:  # it is made for floats alone
                raise Inexact from error
    raise Inexact


def _product(n: Numbers, node: Contraction, args: list[Array], dims: Mapping[str, int], absorbing: bool) -> Array:
    one = n.number(Fraction(1))
    finite = [n.finite(a) for a in args] if absorbing else []
    if all(np.all(f) for f in finite):
        return contraction(node, args, dims, one)
    zeros = [np.asarray(np.equal(a, 0), bool) for a in args]
    result = contraction(node, [np.where(f, a, 0 * one) for f, a in zip(finite, args, strict=True)], dims, one)
    terms = contraction(node, [np.where(z, 0.0, 1.0) for z in zeros], dims)
    good = contraction(node, [np.where(z | ~f, 0.0, 1.0) for z, f in zip(zeros, finite, strict=True)], dims)
    return np.where(terms > good, n.power(0 * one, -1), result)


# ---------------------------------------------------------------- many digits


@lru_cache(maxsize=2**14)
def _at(meaning: Meaning, parameters: tuple[str, ...], orders: tuple[int, ...], prec: int, *point: Any) -> Any:
    """The meaning of a function at a point, with the working precision `prec`: every form of a derivative asks for the same values."""
    return in_mpmath(meaning, parameters, orders)(*point)


class Digits(Numbers):
    """Numbers with so many decimal digits; nan where there is no value. To be used inside of `working`."""

    def __init__(self, digits: int) -> None:
        import mpmath

        self.mp, self.digits = mpmath.mp, digits
        self.nan = mpmath.nan

    @contextmanager
    def working(self) -> Iterator[None]:
        with self.mp.workdps(self.digits):
            yield

    def array(self, value: Array) -> Array:
        """The floats, exactly."""
        return np.asarray(np.frompyfunc(lambda x: self.mp.mpf(float(x)), 1, 1)(np.asarray(value, float)), object)

    def number(self, value: Fraction) -> Any:
        return self.mp.mpf(value.numerator) / value.denominator

    def constant(self, name: str) -> Any:
        return +getattr(self.mp, name)

    def finite(self, array: Array) -> Array:
        return np.asarray(np.frompyfunc(self.mp.isfinite, 1, 1)(array), bool)

    def size(self, x: Any) -> Any:
        return abs(x)

    def power(self, base: Array, exponent: Array | int) -> Array:
        return self._elementwise(self._power, base, exponent)

    def _power(self, base: Any, exponent: Any) -> Any:
        whole = exponent == self.mp.floor(exponent)
        if (not base and exponent < 0) or (base < 0 and not whole):
            return self.nan
        return self.mp.mpf(base) ** (int(exponent) if whole and abs(exponent) <= _LARGEST_POWER else exponent)

    def exp(self, x: Array) -> Array:
        return self._elementwise(self.mp.exp, x)

    def log(self, x: Array) -> Array:
        return self._elementwise(self.mp.log, x)

    def sqrt(self, x: Array) -> Array:
        return self._elementwise(self.mp.sqrt, x)

    def compare(self, operator: str, left: Array, right: Array) -> Array:
        if operator in ("==", "!="):  # what differs by rounding is equal: a line may compute again what it compares
            close = self.mp.mpf(10) ** (-self.digits // 2)
            near = np.frompyfunc(lambda a, b: bool(abs(a - b) <= close * abs(b)), 2, 1)
            left = np.where(np.asarray(near(left, right), bool), right, left)
        return OPERATORS[operator](left, right)

    def apply(self, function: FunctionSpec | AbstractFunction, orders: Sequence[int], args: Sequence[Array]) -> Array:
        if isinstance(function, AbstractFunction):
            if function.binding is None:
                sine, cosine = (np.frompyfunc(f, 1, 1) for f in (self.mp.sin, self.mp.cos))
                return stand_in(function.name, orders, args, sine, cosine)
            function = function.binding
        if self.digits > INTEGRATED and is_integral(function, tuple(orders)):
            raise Inexact
        known, prec, asked = function, self.mp.prec, (function.meaning, function.parameters, tuple(orders))
        confined = [(k, known.domain(k)) for k, p in enumerate(known.parameters) if p in known.confined]

        def call(*point: Any) -> Any:
            return _at(*asked, prec, *map(self.mp.mpf, point)) if all(point[k] in interval for k, interval in confined) else self.nan

        return self._elementwise(call, *args)

    def _elementwise(self, f: Callable[..., Any], *args: Any) -> Array:
        """Real values; nan where the function has none. Raises Inexact where it cannot be evaluated at all."""
        from mpmath.libmp import NoConvergence

        def call(*point: Any) -> Any:
            if not all(map(self.mp.isfinite, point)) or (any(abs(x) > _LARGEST for x in point[:1]) and f is not self._power):
                return self.nan
            try:
                value = f(*point)
            except (ZeroDivisionError, ValueError, OverflowError):
                return self.nan
            except (NoConvergence, RecursionError, NameError, NotImplementedError, AttributeError, TypeError):
                raise Inexact from None
            return self.mp.mpf(value) if not getattr(value, "imag", 0) else self.nan

        return np.frompyfunc(call, len(args), 1)(*args)


# ---------------------------------------------------------------- residues


class Residues(Numbers):
    """Numbers modulo a large prime, for rational functions; functions known by name alone take random values, the same at the same
    arguments. Raises Inexact for everything else."""

    def __init__(self, seed: int) -> None:
        from flint import nmod

        self.make, self.seed = nmod, seed
        self.generator = np.random.default_rng(seed)

    def random(self, shape: Sequence[int]) -> Array:
        raw = self.generator.integers(2, PRIME, tuple(shape))
        return np.asarray(np.frompyfunc(lambda x: self.make(int(x), PRIME), 1, 1)(raw), object)

    def number(self, value: Fraction) -> Any:
        if not value.denominator % PRIME:
            raise Inexact
        return self.make(value.numerator % PRIME, PRIME) / self.make(value.denominator % PRIME, PRIME)

    def constant(self, name: str) -> Any:
        return self._oracle(name, (), ())  # no rational number: free

    def finite(self, array: Array) -> Array:
        return np.ones(np.shape(array), bool)

    def size(self, x: Any) -> Any:
        return int(x != 0)

    def power(self, base: Array, exponent: Array | int) -> Array:
        if not isinstance(exponent, int):
            raise Inexact
        try:
            return np.frompyfunc(lambda x: self.make(int(x), PRIME) ** exponent, 1, 1)(base)
        except ZeroDivisionError:
            raise Inexact from None

    def apply(self, function: FunctionSpec | AbstractFunction, orders: Sequence[int], args: Sequence[Array]) -> Array:
        if not isinstance(function, AbstractFunction) or function.binding is not None:
            raise Inexact
        return np.frompyfunc(lambda *point: self._oracle(function.name, tuple(orders), tuple(map(int, point))), len(args), 1)(*args)

    def _oracle(self, name: str, orders: tuple[int, ...], point: tuple[int, ...]) -> Any:
        digest = blake2b(repr((self.seed, name, orders, point)).encode(), digest_size=8).digest()
        return self.make(int.from_bytes(digest, "big") % PRIME, PRIME)
