"""SymPy's functions by their counterparts in the registry: under whatever name, and only where the values are the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sympy

from symchain.functions.spec import ALIASES, FUNCTIONS, FunctionSpec
from symchain.tensors.nodes import (
    MINUS_ONE,
    ONE,
    PI,
    ZERO,
    Tree,
    add,
    apply,
    compare,
    multiply_scalars,
    number,
    reciprocal,
    scale,
    where,
)


def called_function(node: Any, args: Sequence[Tree], known: Mapping[Any, FunctionSpec]) -> Tree | None:
    """The tree of a SymPy function that is one of the registry or made of such, or None.

    `known` holds SymPy's classes that are the meaning of a registered function as they stand.
    """
    name = type(node).__name__
    if name in _TRANSLATED:
        found = _TRANSLATED[name](node, args)
        if found is not None:
            return found
    spec = known.get(node.func) or _namesake(node.func)
    return apply(spec, *args) if spec is not None and len(spec.parameters) == len(args) else None


@lru_cache(maxsize=256)
def _namesake(function: Any) -> FunctionSpec | None:
    """The registered function of the same name as a SymPy class, if it has the same values: sinc has not."""
    spec = FUNCTIONS.get(ALIASES.get(function.__name__, ""))
    if spec is None:
        return None
    for probe in spec.probes:
        point = [sympy.Float(str(x), 30) for x in probe]
        try:
            one, other = (sympy.N(f(*point), 25) for f in (spec.meaning, function))
            if not abs(one - other) <= 1e-15 * (1 + abs(one)):
                return None
        except (TypeError, ValueError, ArithmeticError):
            return None
    return spec


def _f(name: str, *args: Tree) -> Tree:
    return apply(FUNCTIONS[name], *args)


def _heaviside(node: Any, args: Sequence[Tree]) -> Tree:
    """SymPy's step has a value of its own at zero, one half unless said otherwise."""
    x, at_zero = args[0], args[1] if len(args) > 1 else number(0)
    if at_zero == ZERO:
        return _f("heaviside", x)
    return where(compare(">", x, ZERO), ONE, where(compare("<", x, ZERO), ZERO, at_zero))


def _incomplete(name: str) -> Callable[[Any, Sequence[Tree]], Tree]:
    return lambda node, args: multiply_scalars([_f(name, *args), _f("gamma", args[0])])


def _beta_between(a: Tree, b: Tree, low: Tree, high: Tree) -> Tree:
    above = _f("betainc", a, b, high)
    return above if low == ZERO else add([above, scale(MINUS_ONE, _f("betainc", a, b, low))])


def _of_order(letter: str) -> Callable[[Any, Sequence[Tree]], Tree | None]:
    """Orders zero and one have functions of their own."""
    return lambda node, args: _f(f"{letter}{node.args[0]}", args[1]) if node.args[0] in (0, 1) else None


_HYPERGEOMETRIC = {(1, 1): "hyp1f1", (2, 1): "hyp2f1"}

_TRANSLATED: dict[str, Callable[[Any, Sequence[Tree]], Tree | None]] = {
    "Heaviside": _heaviside,
    "sinc": lambda node, args: _f("sinc", multiply_scalars([args[0], reciprocal(PI)])),
    "Mod": lambda node, args: _f("mod", *args),
    "LambertW": lambda node, args: _f("lambertw", args[0]) if len(args) == 1 else None,
    "beta": lambda node, args: _f("beta", args[0], args[-1]),
    "zeta": lambda node, args: _f("zeta", args[0], args[1] if len(args) > 1 else ONE),
    "lowergamma": _incomplete("gammainc"),
    "uppergamma": _incomplete("gammaincc"),
    "betainc_regularized": lambda node, args: _beta_between(*args),
    "betainc": lambda node, args: multiply_scalars([_f("beta", *args[:2]), _beta_between(*args)]),
    "erf2": lambda node, args: add([_f("erf", args[1]), scale(MINUS_ONE, _f("erf", args[0]))]),
    "erfcinv": lambda node, args: _f("erfcinv", args[0]),
    "li": lambda node, args: _f("expi", _f("log", args[0])),
    "RisingFactorial": lambda node, args: _f("poch", *args),
    "polylog": lambda node, args: _f("spence", add([ONE, scale(MINUS_ONE, args[1])])) if node.args[0] == 2 else None,
    "hyper": lambda node, args: _f(_HYPERGEOMETRIC[orders], *args) if (orders := (len(node.ap), len(node.bq))) in _HYPERGEOMETRIC else None,
    "frac": lambda node, args: _f("mod", args[0], ONE),
    "besseli": _of_order("i"),
    "besselj": _of_order("j"),
    "besselk": _of_order("k"),
    "bessely": _of_order("y"),
}
"""Functions of SymPy that are compositions of registered ones, or the same under conditions."""
