"""Numbers for functions, from what they mean: a FunctionSpec's SymPy meaning over real or complex NumPy arrays.

Complex arguments are a real number plus a tiny imaginary part that carries a derivative (the complex step), so every function is
continued from the real line: choices (comparisons, abs, maxima) look at real parts alone. Neither the registry's derivatives nor
its numeric codes are used here: this is what they are compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import floor, log10
from typing import Any

import numpy as np
import sympy

from symchain.evidence.watching import choose, watcher
from symchain.functions.spec import POSITIVE, AbstractFunction, FunctionSpec
from symchain.support.precision import precision

Array = Any
"""A NumPy array or scalar, float64 or complex128."""


ROUNDING = 1e-15
"""By how much of itself a value is changed at most where its rounding is perturbed."""
UNKNOWN_SLOPE = complex(0, np.nan)
"""Added to a value: it stays, and its complex step is lost for all to see."""


Meaning = Callable[..., Any]
"""What a function is, over SymPy's expressions."""


class _Unknown(Exception):
    """A SymPy function without complex NumPy code: mpmath takes over."""


def value_of(function: FunctionSpec | AbstractFunction, orders: Sequence[int], args: Sequence[Array]) -> Array:
    """The function at the arguments, differentiated orders[k] times by argument k.

    An unbound abstract function is replaced by its stand-in; derivatives of a known one are SymPy's derivatives of its meaning.
    """
    if isinstance(function, AbstractFunction):
        if function.binding is None:
            return stand_in(function.name, orders, args)
        function = function.binding
    if None in function.derivatives:
        still = [k for k, d in enumerate(function.derivatives) if d is None and np.iscomplexobj(args[k])]
        if still:  # such an argument cannot be asked for: what its move does is unknown, and would cost much
            moves = np.any(np.broadcast_arrays(*(np.imag(args[k]) != 0 for k in still)), axis=0)
            value = value_of(function, orders, [np.real(a) if k in still else a for k, a in enumerate(args)])
            return value + np.where(moves, UNKNOWN_SLOPE, 0j)
    inside = _inside(function, args) if function.confined else []
    try:
        value = _interpret(_steps(function.meaning, function.parameters, tuple(orders)), args)
    except _Unknown:
        return _by_mpmath(function, tuple(orders), args, inside)
    return np.where(np.logical_and.reduce(np.broadcast_arrays(*inside)), value, np.nan) if inside else value


def _inside(function: FunctionSpec, args: Sequence[Array]) -> list[Array]:
    """Whether each argument that is confined lies in its domain."""
    return [function.domain(k).holds(np.real(args[k])) for k, p in enumerate(function.parameters) if p in function.confined]


# ---------------------------------------------------------------- stand-ins for functions known by name alone


@lru_cache(maxsize=1024)
def _coefficients(name: str, k: int) -> tuple[float, float, float, float]:
    """Frequency, phase, slope and curvature of argument k: different for every name, the same in every process."""
    digest = blake2b(f"{name}/{k}".encode(), digest_size=8).digest()
    a, b, c, d = (int.from_bytes(digest[i : i + 2], "big") / 65536 for i in (0, 2, 4, 6))
    return 0.7 + 0.6 * a, 0.2 + b, (0.8 + 0.4 * c) / 3, (0.8 + 0.4 * d) / 10


def stand_in(
    name: str,
    orders: Sequence[int],
    args: Sequence[Array],
    sine: Callable[[Array], Array] = np.sin,
    cosine: Callable[[Array], Array] = np.cos,
) -> Array:
    """A generic smooth function in place of an abstract one, or its derivative of the given orders.

    sin(w . t + p) + a . t + b . t**2 with coefficients that depend on the name, so that sigma1' and sigma2', or sigma'(z) and
    sigma(z), cannot be confused.
    """
    coefficients = [_coefficients(name, k) for k in range(len(args))]
    angle: Array = sum(c[1] for c in coefficients)
    weight = 1.0
    for t, order, (w, _, _, _) in zip(args, orders, coefficients, strict=True):
        angle = angle + w * t
        weight *= w**order
    total = sum(orders)
    wave = cosine(angle) if total % 2 else sine(angle)
    value = weight * (-wave if total % 4 in (2, 3) else wave)
    for t, order, (_, _, a, b) in zip(args, orders, coefficients, strict=True):
        if order == total and order <= 2:  # the polynomial part has no mixed derivatives
            value = value + (a * t + b * t**2, a + 2 * b * t, 2 * b)[order]
    return value


# ---------------------------------------------------------------- elementary pieces, continued from the real line


def power(base: Array, exponent: Array | int) -> Array:
    """base**exponent; negative bases are fine with integer exponents, where a complex logarithm would lose the derivative."""
    if isinstance(exponent, int) and abs(exponent) <= 64:
        return _integer_power(base, exponent)
    watch = watcher()
    if watch is not None:
        watch.edges.append((base, POSITIVE))
    if not (np.iscomplexobj(base) or np.iscomplexobj(exponent)):
        return np.power(np.asarray(base, float), exponent)
    base, exponent = np.asarray(base, complex), np.asarray(exponent, complex)
    whole = (exponent.imag == 0) & (exponent.real == np.round(exponent.real))
    flip = whole & (base.real < 0)
    odd = flip & (np.mod(exponent.real, 2) == 1)
    leaves = (exponent.imag != 0) & (base.real < 0)  # there are powers of a negative number at whole exponents alone
    return np.where(leaves, complex(np.nan, np.nan), np.where(odd, -1.0, 1.0) * np.power(np.where(flip, -base, base), exponent))


def _integer_power(base: Array, exponent: int) -> Array:
    result: Array = None
    square, n = base, abs(exponent)
    while n:
        if n & 1:
            result = square if result is None else result * square
        n >>= 1
        square = square * square if n else square
    if result is None:
        return np.ones_like(base)
    return 1.0 / np.asarray(result) if exponent < 0 else result


def absolute(z: Array) -> Array:
    choose(z)
    return z * np.sign(np.real(z))


def arctan2(y: Array, x: Array) -> Array:
    """The angle, written with arctan of the smaller ratio: the complex logarithm would lose a tiny imaginary part."""
    if not (np.iscomplexobj(y) or np.iscomplexobj(x)):
        return np.arctan2(y, x)
    y, x = np.broadcast_arrays(np.asarray(y, complex), np.asarray(x, complex))
    steep = np.abs(y.real) > np.abs(x.real)
    angle = np.where(steep, -np.arctan(x / np.where(steep, y, 1)), np.arctan(y / np.where(steep, 1, x)))
    return np.arctan2(y.real, x.real) - angle.real + angle


def extreme(args: Sequence[Array], largest: bool) -> Array:
    """The maximum or minimum by real parts; ties are shared equally."""
    arrays = np.broadcast_arrays(*args)
    real = np.stack([a.real for a in arrays])
    if len(arrays) == 2:
        choose(arrays[0] - arrays[1])
    elif watcher() is not None:
        for k, a in enumerate(arrays):
            choose(a - extreme([*arrays[:k], *arrays[k + 1 :]], largest) if len(arrays) > 1 else a)
    chosen = real == (real.max(axis=0) if largest else real.min(axis=0))
    total = sum(np.where(c, a, 0) for c, a in zip(chosen, arrays, strict=True))
    return np.where(np.isnan(real).any(axis=0), np.nan, total / np.maximum(chosen.sum(axis=0), 1))


def _stepwise(function: Callable[..., Array], steps: Callable[[Array], Array] = lambda x: x) -> Callable[..., Array]:
    """A piecewise constant function: it sees real parts, its derivative is 0; it jumps where `steps` of its argument is 0."""

    def call(*args: Array) -> Array:
        choose(steps(args[0]))
        return function(*(np.real(a) for a in args))

    return call


def _from_whole(x: Array) -> Array:
    return x - np.round(np.real(x))


def _special(name: str) -> Callable[..., Array]:
    def call(*args: Array) -> Array:
        from scipy import special  # loaded only by programs that need it

        return getattr(special, name)(*args)

    return call


def _bessel_i(order: Array, z: Array) -> Array:
    """Of real arguments: SciPy's code for complex ones loses a tiny imaginary part, at z = 24.4 as left of 0."""
    if np.iscomplexobj(order) or np.iscomplexobj(z):
        raise _Unknown
    return _special("iv")(order, z)


def _polygamma(order: Array, z: Array) -> Array:
    if np.iscomplexobj(order) or np.any(order != 0):
        raise _Unknown
    return _special("psi")(z)


def _gamma(z: Array) -> Array:
    """Left of 0 by reflection: SciPy's code for complex arguments loses the tiny imaginary part there."""
    gamma = _special("gamma")
    left = np.real(z) < 0
    if not np.iscomplexobj(z) or not np.any(left):
        return gamma(z)
    mirrored = np.pi / (np.sin(np.pi * z) * gamma(np.where(left, 1 - z, 1.0)))
    return np.where(left, mirrored, gamma(np.where(left, 1.0, z)))


def _beta(a: Array, b: Array) -> Array:
    return _gamma(a) * _gamma(b) / _gamma(a + b)


def _sinc(x: Array) -> Array:
    return np.where(x == 0, 1.0, np.sin(x) / np.where(x == 0, 1.0, x))


_CODE: dict[str, Callable[..., Array]] = {
    "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan, "cot": lambda z: 1 / np.tan(z),
    "sec": lambda z: 1 / np.cos(z), "csc": lambda z: 1 / np.sin(z), "asin": np.arcsin,
    "acos": np.arccos, "atan": np.arctan, "acot": lambda z: np.arctan(1 / z),
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "coth": lambda z: 1 / np.tanh(z), "sech": lambda z: 1 / np.cosh(z),
    "csch": lambda z: 1 / np.sinh(z), "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "atan2": arctan2, "sinc": _sinc,
    "Abs": absolute, "sign": _stepwise(np.sign), "floor": _stepwise(np.floor, _from_whole),
    "ceiling": _stepwise(np.ceil, _from_whole),
    "Heaviside": _stepwise(lambda x, at_zero=0.5: np.heaviside(x, at_zero)), "DiracDelta": _stepwise(lambda x, *_: np.zeros_like(x)),
    "Max": lambda *a: extreme(a, True), "Min": lambda *a: extreme(a, False),
    "erf": _special("erf"), "erfc": _special("erfc"), "erfi": _special("erfi"), "gamma": _gamma,
    "loggamma": _special("loggamma"), "digamma": _special("psi"), "polygamma": _polygamma, "beta": _beta, "besseli": _bessel_i,
}  # fmt: skip
"""SymPy class name -> code for real and complex arrays. What is missing here is evaluated by mpmath."""

_RELATIONS: dict[str, Callable[..., Array]] = {
    "StrictLessThan": np.less, "LessThan": np.less_equal, "StrictGreaterThan": np.greater, "GreaterThan": np.greater_equal,
    "Equality": np.equal, "Unequality": np.not_equal, "And": lambda *a: np.logical_and.reduce(np.broadcast_arrays(*a)),
    "Or": lambda *a: np.logical_or.reduce(np.broadcast_arrays(*a)), "Not": np.logical_not,
}  # fmt: skip
_CONNECTIVES = ("And", "Or", "Not")
OPERATORS: dict[str, Callable[..., Array]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip


# ---------------------------------------------------------------- meanings


@lru_cache(maxsize=1024)
def _expression(meaning: Meaning, parameters: tuple[str, ...], orders: tuple[int, ...]) -> tuple[tuple[Any, ...], Any]:
    """The parameters as symbols, and the meaning, or a derivative of it. Records that differ in other fields alone share it."""
    symbols = tuple(sympy.Symbol(p, real=True) for p in parameters)
    expression = sympy.sympify(meaning(*symbols))
    for symbol, order in zip(symbols, orders, strict=True):
        if order:
            expression = sympy.diff(expression, symbol, order)
    steps = {e: sympy.S.Zero for e in expression.atoms(sympy.Subs, sympy.Derivative) if e.has(sympy.floor, sympy.ceiling)}
    return symbols, expression.xreplace(steps)  # between its jumps the slope of a step is 0, and SymPy leaves it as it is


_INSIDE: ContextVar[np.random.Generator | None] = ContextVar("inside", default=None)


@contextmanager
def rounding_inside() -> Iterator[None]:
    """What functions are made of is rounded otherwise each time: log(1/(1 + exp(-80))) is no longer 0 for sure."""
    token = _INSIDE.set(np.random.default_rng(0))
    try:
        yield
    finally:
        _INSIDE.reset(token)


def rounded(value: Array, generator: np.random.Generator) -> Array:
    """Changed in the last places; exact zeros stay. A saturated tanh is 1.0 by rounding, not by nature, so it changes."""
    array = np.asarray(value)
    if array.dtype.kind not in "fc":
        return value
    return array * (1 + ROUNDING * generator.uniform(-1, 1, array.shape))


_CANCELLED = 1e-13
_EXACT = frozenset(("Abs", "Max", "Min", "sign", "floor", "ceiling", "Heaviside"))
"""Functions that round nothing."""


Known = list[Array]
"""The values of a meaning's nodes, operands first."""


@dataclass(frozen=True)
class _Step:
    """How the value of a node follows from those before it."""

    value: Callable[[Known, Sequence[Array]], Array]
    """Of what is known, and the arguments of the function."""
    rounds: bool
    """Whether the node is more than a name or a number."""


def _interpret(steps: Sequence[_Step], args: Sequence[Array]) -> Array:
    generator = _INSIDE.get()
    known: Known = []
    for step in steps:
        value = step.value(known, args)
        known.append(rounded(value, generator) if generator is not None and step.rounds and value is not None else value)
    return known[-1]


@lru_cache(maxsize=1024)
def _steps(meaning: Meaning, parameters: tuple[str, ...], orders: tuple[int, ...]) -> tuple[_Step, ...]:
    """The distinct nodes of a meaning, operands first."""
    symbols, expression = _expression(meaning, parameters, orders)
    numbers: dict[Any, int] = {}
    steps = []
    for node in dict.fromkeys(sympy.postorder_traversal(expression)):
        steps.append(_argument(symbols.index(node)) if node in symbols else _Step(_code_of(node, numbers), bool(node.args)))
        numbers[node] = len(numbers)
    return tuple(steps)


def _argument(k: int) -> _Step:
    return _Step(lambda known, args: args[k], False)


def _is_rounded(node: Any) -> bool:
    """Whether terms of a sum are rounded values of functions."""
    return any(type(part).__name__ in _CODE and type(part).__name__ not in _EXACT for part in sympy.preorder_traversal(node))


def _code_of(node: Any, numbers: Mapping[Any, int]) -> Callable[[Known, Sequence[Array]], Array]:
    """What a node computes; `numbers` are the places of its operands among what is known."""
    if isinstance(node, sympy.Piecewise):
        return _choice([(numbers[value], numbers[condition]) for value, condition in reversed(node.args)])
    first, *rest = [numbers[a] for a in node.args] or [0]
    if node.is_Add:
        return _sum(first, rest, _is_rounded(node))
    if node.is_Mul:
        return _product(first, rest)
    if node.is_Pow:
        if node.exp.is_Integer:
            whole = int(node.exp)
            return lambda known, args: power(known[first], whole)
        return lambda known, args: power(known[first], known[rest[0]])
    if node.is_number and not node.args:
        return _constant(float(node))
    if node in (sympy.true, sympy.false):
        return _constant(np.bool_(node is sympy.true))
    name, operands = type(node).__name__, [numbers[a] for a in node.args]
    if name in _RELATIONS:
        return _relation(_RELATIONS[name], operands, chooses=name not in _CONNECTIVES)
    if name == "ExprCondPair":
        return _constant(None)  # read through the Piecewise
    return _called(_CODE.get(name), operands)


def _constant(value: Array) -> Callable[[Known, Sequence[Array]], Array]:
    return lambda known, args: value


def _choice(cases: Sequence[tuple[int, int]]) -> Callable[[Known, Sequence[Array]], Array]:
    def choose(known: Known, args: Sequence[Array]) -> Array:
        result: Array = np.nan
        for value, condition in cases:
            result = np.where(known[condition], known[value], result)
        return result

    return choose


def _sum(first: int, rest: Sequence[int], rounds: bool) -> Callable[[Known, Sequence[Array]], Array]:
    def add(known: Known, args: Sequence[Array]) -> Array:
        total = known[first]
        for k in rest:
            total = total + known[k]
        if rounds and np.any(np.abs(np.real(total)) <= _CANCELLED * np.abs(np.real(known[first]))) and np.all(np.isfinite(total)):
            raise _Unknown  # nothing is left of its digits
        return total

    return add


def _product(first: int, rest: Sequence[int]) -> Callable[[Known, Sequence[Array]], Array]:
    def multiply(known: Known, args: Sequence[Array]) -> Array:
        result = known[first]
        for k in rest:
            result = result * known[k]
        return result

    return multiply


def _relation(relation: Callable[..., Array], operands: Sequence[int], chooses: bool) -> Callable[[Known, Sequence[Array]], Array]:
    def relate(known: Known, args: Sequence[Array]) -> Array:
        given = [known[k] for k in operands]
        if chooses:
            choose(given[0] - given[1])
        return relation(*(np.real(a) for a in given))

    return relate


def _called(function: Callable[..., Array] | None, operands: Sequence[int]) -> Callable[[Known, Sequence[Array]], Array]:
    def call(known: Known, args: Sequence[Array]) -> Array:
        if function is None:
            raise _Unknown
        return function(*(known[k] for k in operands))

    return call


# ---------------------------------------------------------------- functions that only mpmath knows


@lru_cache(maxsize=1024)
def is_slow(function: FunctionSpec | AbstractFunction) -> bool:
    """Whether a function is evaluated number by number, with many digits."""
    if isinstance(function, AbstractFunction):
        return function.binding is not None and is_slow(function.binding)
    _, expression = _expression(function.meaning, function.parameters, (0,) * len(function.parameters))
    nodes = sympy.preorder_traversal(expression)
    return any(n.is_Function and type(n).__name__ not in _CODE and not n.is_Piecewise for n in nodes)


def _by_mpmath(spec: FunctionSpec, orders: tuple[int, ...], args: Sequence[Array], inside: Sequence[Array]) -> Array:
    """Real values element by element, and the imaginary parts through derivatives taken numerically with 40 digits.

    Where it is known that there is no value none is computed: far out that may take forever.
    """
    arrays = np.broadcast_arrays(*(np.asarray(a) for a in args))
    inside = [np.broadcast_to(i, arrays[0].shape) for i in inside]
    moving = tuple(bool(np.any(np.imag(a) != 0)) for a in arrays)
    result = np.empty(arrays[0].shape, complex if any(map(np.iscomplexobj, arrays)) else float)
    for at in np.ndindex(arrays[0].shape):
        if not all(i[at] for i in inside):
            result[at] = np.nan
            continue
        point = tuple(float(np.real(a[at])) for a in arrays)
        value, slopes = _digits(spec.meaning, spec.parameters, orders, point, moving)
        result[at] = value
        for a, slope in zip(arrays, slopes, strict=True):
            if slope:
                result[at] += 1j * np.imag(a[at]) * slope
    return result if result.shape else result[()]


@lru_cache(maxsize=256)
def in_mpmath(meaning: Meaning, parameters: tuple[str, ...], orders: tuple[int, ...]) -> Callable[..., Any]:
    """The meaning, or a derivative of it, as a function of numbers of mpmath."""
    symbols, expression = _expression(meaning, parameters, orders)
    return sympy.lambdify(symbols, expression, [{"DiracDelta": lambda *_: 0}, "mpmath"])  # type: ignore[no-any-return]


def is_integral(spec: FunctionSpec, orders: tuple[int, ...]) -> bool:
    """Whether the meaning has to be integrated numerically."""
    return _expression(spec.meaning, spec.parameters, orders)[1].has(sympy.Integral)  # type: ignore[no-any-return]


@lru_cache(maxsize=65536)
def _digits(
    meaning: Meaning, parameters: tuple[str, ...], orders: tuple[int, ...], point: tuple[float, ...], moving: tuple[bool, ...]
) -> tuple[float, tuple[float, ...]]:
    """The value and the partial derivatives by the moving arguments; directions share points, so this is remembered."""
    import mpmath
    from mpmath.libmp import NoConvergence

    code = in_mpmath(meaning, parameters, orders)

    def real(value: Any) -> Any:
        return value if not getattr(value, "imag", 0) else mpmath.nan

    smallest = min((abs(p) for p in point if p), default=1.0)
    with precision(digits=40 + 3 * max(0, -floor(log10(smallest)))):  # exp(x) - 1 - x needs three times the digits of a tiny x
        try:
            exact = [mpmath.mpf(p) for p in point]
            value = float(real(code(*exact)))
            slopes = []
            for k, moves in enumerate(moving):
                order = tuple(int(j == k) for j in range(len(point)))
                slopes.append(float(mpmath.re(mpmath.diff(code, tuple(exact), order))) if moves else 0.0)
        except (ValueError, ZeroDivisionError, OverflowError, TypeError, NoConvergence, RecursionError):
            return float("nan"), (0.0,) * len(point)
    return value, tuple(slopes)
