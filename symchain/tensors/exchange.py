"""Between our trees and plain SymPy: expressions in, expressions out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import isfinite
from typing import Any, Protocol

import sympy

from symchain.errors import LimitError, UnsupportedError
from symchain.functions.spec import EXACT, FUNCTIONS, FunctionSpec, abstract
from symchain.support.dimensions import Dim, terms
from symchain.tensors.namesakes import called_function
from symchain.tensors.nodes import (
    PI,
    Apply,
    Compare,
    Constant,
    Contraction,
    Leaf,
    Number,
    Power,
    Size,
    Sum,
    Tree,
    Where,
    add,
    apply,
    compare,
    multiply_scalars,
    number,
    postorder,
    power,
    where,
)

_DEEP = 300
"""SymPy evaluates functions recursively; deeper trees stay symchain's own."""
_CONDITION = 64
"""And, Or and Not nest at most this deep."""


def to_sympy(tree: Tree, symbols: Mapping[str, Any]) -> Any:
    """Plain SymPy for a tree of scalars, unevaluated and in the written order; a tree with shapes is returned as it is.

    `symbols` gives the SymPy symbol of each name. Raises LimitError for trees nested beyond what SymPy can evaluate.
    """
    order = postorder(tree)
    if any(n.shape for n in order):
        return tree
    depth: dict[Tree, int] = {}
    done: dict[Tree, Any] = {}
    for node in order:
        depth[node] = 1 + max((depth[a] for a in node.args), default=0)
        if depth[node] > _DEEP:
            raise _too_deep(_DEEP)
        try:
            done[node] = _OUT[type(node)](node, [done[a] for a in node.args], symbols)
        except RecursionError:
            raise _too_deep(depth[node] - 1) from None
    return done[tree]


def _too_deep(depth: int) -> LimitError:
    what = f"the expression is nested more than {depth} deep, which SymPy cannot hold"
    return LimitError(what, advice="Use .lines, which keep the program's names.")


def _symbol(node: Any, args: list[Any], symbols: Mapping[str, Any]) -> Any:
    known = symbols.get(node.name)
    return known if known is not None else sympy.Symbol(node.name, real=True)


def _product(node: Any, args: list[Any], symbols: Mapping[str, Any]) -> Any:
    factors: list[Any] = []
    coefficient = sympy.Integer(1)  # of the meanings of functions: entr(x) is -x*log(x)
    for tree, a in zip(node.args, args, strict=True):
        parts = a.args if isinstance(a, sympy.Mul) else (a,)
        if isinstance(tree, Apply) and isinstance(parts[0], sympy.Rational):
            coefficient, parts = coefficient * parts[0], parts[1:]
        factors += parts
    for i in set(range(len(node.dims))):
        factors.append(sympy.Symbol(str(node.dims[i]), integer=True, positive=True))
    if coefficient != 1:
        if factors and isinstance(factors[0], sympy.Rational):
            coefficient *= factors.pop(0)
        factors = [coefficient, *factors] if coefficient != 1 or not factors else factors
    return sympy.Mul._from_args(tuple(factors))


def _total(node: Any, args: list[Any], symbols: Mapping[str, Any]) -> Any:
    terms: list[Any] = []
    for a in args:
        terms += a.args if isinstance(a, sympy.Add) else [a]
    return sympy.Add._from_args(tuple(terms))


def _call(node: Any, args: list[Any], symbols: Mapping[str, Any]) -> Any:
    function = node.function
    if isinstance(function, FunctionSpec):
        return function.meaning(*(args if function.everyday else map(_short, args)))
    undefined = sympy.Function(function.name)
    if not any(node.orders):
        return undefined(*args)
    variables = [a if isinstance(a, sympy.Symbol) else sympy.Dummy(f"xi{k}", real=True) for k, a in enumerate(args)]
    if len(set(variables)) < len(variables):
        variables = [sympy.Dummy(f"xi{k}", real=True) for k in range(len(args))]
    result: Any = sympy.Derivative(undefined(*variables), *((v, n) for v, n in zip(variables, node.orders, strict=True) if n))
    moved = [(v, a) for v, a in zip(variables, args, strict=True) if v is not a]
    return sympy.Subs(result, [v for v, _ in moved], [a for _, a in moved]) if moved else result


def _short(argument: Any) -> Any:
    """The argument, a long number as a float: SymPy would expand polygamma(2, 10**10) term by term."""
    long = isinstance(argument, sympy.Rational) and max(abs(argument.p), argument.q) > EXACT
    return sympy.Float(float(argument)) if long else argument


def _count(dim: Dim) -> Any:
    """A dimension over symbols of its letters."""
    if isinstance(dim, int):
        return sympy.Integer(dim)
    symbol = lambda x: sympy.Symbol(x, integer=True, positive=True) if isinstance(x, str) else sympy.Min(*map(_count, x))  # noqa: E731
    return sympy.Add(*(sympy.Mul(c, *map(symbol, found)) for c, found in terms(dim)))


_RELATIONS = {
    "<": sympy.StrictLessThan,
    "<=": sympy.LessThan,
    ">": sympy.StrictGreaterThan,
    ">=": sympy.GreaterThan,
    "==": sympy.Eq,
    "!=": sympy.Ne,
}

_OUT: dict[type[Tree], Callable[[Any, list[Any], Mapping[str, Any]], Any]] = {
    Number: lambda node, args, symbols: sympy.Rational(node.value.numerator, node.value.denominator),
    Constant: lambda node, args, symbols: sympy.pi,
    Size: lambda node, args, symbols: _count(node.dim),
    Leaf: _symbol,
    Sum: _total,
    Contraction: _product,
    Power: lambda node, args, symbols: sympy.Pow(*args, evaluate=False),
    Apply: _call,
    Compare: lambda node, args, symbols: _RELATIONS[node.operator](*args, evaluate=False),
    Where: lambda node, args, symbols: sympy.Piecewise((args[1], args[0]), (args[2], True), evaluate=False),
}


# ---------------------------------------------------------------- SymPy in


@lru_cache(maxsize=1)
def _known_functions() -> dict[Any, FunctionSpec]:
    """SymPy's function classes that are the meaning of a registered function as they stand."""
    found: dict[Any, FunctionSpec] = {}
    for spec in FUNCTIONS.values():
        dummies = sympy.symbols(f"u0:{len(spec.parameters)}", real=True)
        meaning = spec.meaning(*dummies)
        if isinstance(meaning, sympy.Function) and meaning.args == dummies:
            found.setdefault(meaning.func, spec)
    return found


class Reader(Protocol):
    """Reads what is no expression of numbers: `parts` gives the parts that are read before, None for a node that is not its own."""

    def parts(self, node: Any) -> tuple[Any, ...] | None: ...
    def tree(self, node: Any, parts: Sequence[Tree]) -> Tree: ...


def from_sympy(expr: Any, leaves: Callable[[Any], Tree], reader: Reader | None = None) -> Tree:
    """A tree for a SymPy expression; `leaves` gives the tree of a Symbol or MatrixSymbol, `reader` reads what is beyond numbers.

    Nothing is evaluated. Raises UnsupportedError for objects symchain has no meaning for.
    """
    done: dict[Any, Tree] = {}
    stack: list[tuple[Any, bool]] = [(expr, False)]
    while stack:
        node, ready = stack.pop()
        if node in done:
            continue
        own = reader.parts(node) if reader is not None else None
        children = _children(node) if own is None else own
        if children and not ready:
            stack.append((node, True))
            stack.extend((c, False) for c in children)
        elif isinstance(node, sympy.Piecewise):
            done[node] = _piecewise(node, done)
        elif reader is not None and own is not None:
            done[node] = reader.tree(node, [done[c] for c in children])
        else:
            done[node] = _convert(node, [done[c] for c in children], leaves)
    return done[expr]


def _children(node: Any) -> tuple[Any, ...]:
    if isinstance(node, sympy.Piecewise):
        return tuple(part for value, condition in node.args for part in (value, *_comparisons(condition)))
    if isinstance(node, (sympy.Derivative, sympy.Subs)):
        return _derivative(node)[1]
    if isinstance(node, (sympy.Symbol, sympy.MatrixSymbol)):
        return ()
    if isinstance(node, sympy.hyper) and len(node.ap) == len(node.bq) == 1:
        return (*node.ap, *node.bq, node.argument)
    if any(isinstance(a, sympy.Tuple) for a in node.args):
        return ()  # what binds names: sums, integrals, functions without a name
    return tuple(node.args)


def _convert(node: Any, args: list[Tree], leaves: Callable[[Any], Tree]) -> Tree:
    if isinstance(node, (sympy.Symbol, sympy.MatrixSymbol)):
        return leaves(node)
    if isinstance(node, sympy.Rational):
        return number(Fraction(int(node.p), int(node.q)))
    if isinstance(node, sympy.Float):
        return number(_fraction(node), decimal=True)
    if node is sympy.pi:
        return PI
    if node is sympy.E:
        return apply(FUNCTIONS["exp"], number(1))
    if isinstance(node, sympy.Add):
        return add(args)
    if isinstance(node, sympy.Mul):
        return multiply_scalars(args)
    if isinstance(node, sympy.Pow):
        return apply(FUNCTIONS["exp"], args[1]) if node.base is sympy.E else power(args[0], args[1])
    if isinstance(node, sympy.Abs):
        return apply(FUNCTIONS["abs"], args[0])
    if isinstance(node, (sympy.Max, sympy.Min)):
        return _nest("maximum" if isinstance(node, sympy.Max) else "minimum", args)
    if isinstance(node, sympy.core.relational.Relational):
        return compare({"Eq": "==", "Ne": "!="}.get(type(node).__name__, node.rel_op), args[0], args[1])
    if isinstance(node, (sympy.Derivative, sympy.Subs)):
        name, _, orders = _derivative(node)
        return apply(abstract(name), *args, orders=orders)
    if isinstance(node, sympy.core.function.AppliedUndef):
        return apply(abstract(node.func.__name__), *args)
    if isinstance(node, sympy.Function):
        called = called_function(node, args, _known_functions())
        if called is not None:
            return called
    kind = type(node).__name__
    raise UnsupportedError(f"{kind} is not something symchain differentiates", advice=_ADVICE.get(kind, _OTHERWISE))


def _nest(name: str, args: list[Tree]) -> Tree:
    result = args[0]
    for a in args[1:]:
        result = apply(FUNCTIONS[name], result, a)
    return result


def _fraction(value: Any) -> Fraction:
    """A Float as the shortest decimal number that it is the double of; one with more digits, or beyond doubles, by its digits."""
    double = float(value)
    return Fraction(repr(double) if value._prec <= 53 and isfinite(double) and double else str(value))


# ---------------------------------------------------------------- cases


def _piecewise(node: Any, done: Mapping[Any, Tree]) -> Tree:
    """The first value whose condition holds. Raises UnsupportedError where there may be none."""
    *cases, (last, condition) = node.args
    if not _exhaustive([c for _, c in node.args]):
        raise UnsupportedError(
            "a Piecewise without a last (value, True) branch has no value everywhere", advice="Add the branch (value, True)."
        )
    result = done[last]
    for value, condition in reversed(cases):
        result = _choice(condition, done[value], result, done)
    return result


_SIGNS = {"<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {0, 1}, "==": {0}, "!=": {-1, 1}}
"""The signs of left - right for which a comparison holds."""


def _exhaustive(conditions: Sequence[Any]) -> bool:
    """Whether one of the conditions always holds, as far as comparisons of the same two sides tell."""
    if sympy.Or(*conditions) is sympy.true:
        return True
    covered: dict[Any, set[int]] = {}
    for condition in conditions:
        if isinstance(condition, sympy.core.relational.Relational):
            difference = condition.lhs - condition.rhs
            turned = -1 if -difference in covered else 1
            signs = _SIGNS[{"Eq": "==", "Ne": "!="}.get(type(condition).__name__, condition.rel_op)]
            covered.setdefault(turned * difference, set()).update(turned * s for s in signs)
    return any(len(signs) == 3 for signs in covered.values())


def _comparisons(condition: Any, depth: int = 0) -> list[Any]:
    """The comparisons that a condition is made of."""
    if depth > _CONDITION:
        raise LimitError(f"a condition is nested more than {_CONDITION} deep", advice="Write fewer cases, or shorter conditions.")
    if isinstance(condition, sympy.core.relational.Relational):
        return [condition]
    return [c for part in _connected(condition) for c in _comparisons(part, depth + 1)]


def _connected(condition: Any) -> tuple[Any, ...]:
    """The conditions that And, Or and Not connect."""
    if isinstance(condition, (sympy.And, sympy.Or, sympy.Not)):
        return tuple(condition.args)
    if condition in (sympy.true, sympy.false):
        return ()
    if isinstance(condition, (sympy.ITE, sympy.Xor)):
        return (condition.to_nnf(),)
    raise UnsupportedError(
        f"{type(condition).__name__} is not a condition that symchain reads", advice="Conditions are comparisons, And, Or and Not."
    )


def _choice(condition: Any, taken: Tree, other: Tree, done: Mapping[Any, Tree]) -> Tree:
    """`taken` where the condition holds, else `other`. Recursion is bounded: `_comparisons` has been through the condition."""
    if taken is other or condition is sympy.true:
        return taken
    if condition is sympy.false:
        return other
    if isinstance(condition, sympy.core.relational.Relational):
        return where(done[condition], taken, other)
    parts = _connected(condition)
    if isinstance(condition, sympy.Not):
        return _choice(parts[0], other, taken, done)
    for part in sorted(parts, key=sympy.default_sort_key, reverse=True):
        if isinstance(condition, sympy.Or):
            other = _choice(part, taken, other, done)
        else:
            taken = _choice(part, taken, other, done)
    return other if isinstance(condition, sympy.Or) else taken


# ---------------------------------------------------------------- undefined functions


def _derivative(node: Any) -> tuple[str, tuple[Any, ...], tuple[int, ...]]:
    """The function, its arguments and the orders of a derivative of an undefined function, at a point if the node is a Subs.

    Raises UnsupportedError for every other derivative: SymPy evaluates it, and .doit() asks it to.
    """
    moved = dict(zip(node.variables, node.point, strict=True)) if isinstance(node, sympy.Subs) else {}
    derivative = node.expr if moved else node
    function = getattr(derivative, "expr", None)
    counts = dict(derivative.variable_count) if isinstance(derivative, sympy.Derivative) else {}
    if counts and isinstance(function, sympy.core.function.AppliedUndef) and all(n.is_Integer for n in counts.values()):
        places = {v: [k for k, a in enumerate(function.args) if a.has(v)] for v in {*counts, *moved}}
        if all(len(at) == 1 and function.args[at[0]] == v for v, at in places.items()):
            arguments = tuple(moved.get(a, a) for a in function.args)
            return function.func.__name__, arguments, tuple(int(counts.get(a, 0)) for a in function.args)
    raise UnsupportedError("only derivatives of undefined functions can be read", advice="Evaluate the derivative with .doit() first.")


_ADVICE = {
    "Integral": "Evaluate it with .doit() first.",
    **dict.fromkeys(("Infinity", "NegativeInfinity", "ComplexInfinity", "NaN"), "Numbers are finite and real."),
    "ImaginaryUnit": "Everything is real here.",
}
_OTHERWISE = "Write it with functions that symchain knows, such as exp, sqrt or tanh."


__all__ = ["Reader", "from_sympy", "to_sympy"]
