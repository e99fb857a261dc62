"""Between our trees and plain SymPy: expressions in, expressions out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy

from symchain.errors import LimitError, UnsupportedError
from symchain.functions.spec import FUNCTIONS, OPERATIONS, FunctionSpec, abstract
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
    broadcast,
    compare,
    contract,
    hadamard,
    identity,
    matmul,
    multiply_scalars,
    number,
    operation,
    postorder,
    power,
    scale,
    transpose,
    where,
)

_DEEP = 300
"""SymPy evaluates functions recursively; deeper trees stay symchain's own."""


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
            raise LimitError(
                f"the expression is nested more than {_DEEP} deep, which SymPy cannot hold",
                advice="Use .lines, which keep the program's names.",
            )
        done[node] = _OUT[type(node)](node, [done[a] for a in node.args], symbols)
    return done[tree]


def _symbol(node: Any, args: list[Any], symbols: Mapping[str, Any]) -> Any:
    known = symbols.get(node.name)
    return known if known is not None else sympy.Symbol(node.name, real=True)


def _product(node: Any, args: list[Any], symbols: Mapping[str, Any]) -> Any:
    factors: list[Any] = []
    for a in args:
        factors += a.args if isinstance(a, sympy.Mul) else [a]
    for i in set(range(len(node.dims))):
        factors.append(sympy.Symbol(str(node.dims[i]), integer=True, positive=True))
    return sympy.Mul._from_args(tuple(factors))


def _total(node: Any, args: list[Any], symbols: Mapping[str, Any]) -> Any:
    terms: list[Any] = []
    for a in args:
        terms += a.args if isinstance(a, sympy.Add) else [a]
    return sympy.Add._from_args(tuple(terms))


def _call(node: Any, args: list[Any], symbols: Mapping[str, Any]) -> Any:
    function = node.function
    if isinstance(function, FunctionSpec):
        return function.meaning(*args)
    undefined = sympy.Function(function.name)
    if not any(node.orders):
        return undefined(*args)
    variables = [a if isinstance(a, sympy.Symbol) else sympy.Dummy(f"xi{k}", real=True) for k, a in enumerate(args)]
    if len(set(variables)) < len(variables):
        variables = [sympy.Dummy(f"xi{k}", real=True) for k in range(len(args))]
    result: Any = sympy.Derivative(undefined(*variables), *((v, n) for v, n in zip(variables, node.orders, strict=True) if n))
    moved = [(v, a) for v, a in zip(variables, args, strict=True) if v is not a]
    return sympy.Subs(result, [v for v, _ in moved], [a for _, a in moved]) if moved else result


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
    Size: lambda node, args, symbols: sympy.Symbol(node.dim, integer=True, positive=True),
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


def from_sympy(expr: Any, leaves: Callable[[Any], Tree]) -> Tree:
    """A tree for a SymPy expression; `leaves` gives the tree of a Symbol or MatrixSymbol. Nothing is evaluated.

    Raises UnsupportedError for objects symchain has no meaning for.
    """
    done: dict[Any, Tree] = {}
    stack: list[tuple[Any, bool]] = [(expr, False)]
    while stack:
        node, ready = stack.pop()
        if node in done:
            continue
        if not ready and not isinstance(node, (sympy.Symbol, sympy.MatrixSymbol)) and _children(node):
            stack.append((node, True))
            stack.extend((c, False) for c in _children(node))
            continue
        done[node] = _convert(node, [done[c] for c in _children(node)], leaves)
    return done[expr]


def _children(node: Any) -> tuple[Any, ...]:
    if isinstance(node, sympy.Piecewise):
        return tuple(part for value, condition in node.args for part in (value, condition) if condition is not sympy.true)
    if isinstance(node, sympy.Derivative):
        return tuple(node.expr.args)
    if isinstance(node, sympy.MatrixSymbol):
        return ()
    if isinstance(node, (sympy.Identity, sympy.ZeroMatrix)):
        return ()
    if isinstance(node, sympy.MatrixBase):
        return tuple(node)
    if isinstance(node, sympy.hyper) and len(node.ap) == len(node.bq) == 1:
        return (*node.ap, *node.bq, node.argument)
    return tuple(node.args)


def _dims(node: Any) -> tuple[Any, ...]:
    return tuple(int(d) if d.is_Integer else str(d) for d in node.shape)


def _convert(node: Any, args: list[Tree], leaves: Callable[[Any], Tree]) -> Tree:
    if isinstance(node, (sympy.Symbol, sympy.MatrixSymbol)):
        return leaves(node)
    if isinstance(node, sympy.Rational):
        return number(Fraction(int(node.p), int(node.q)))
    if isinstance(node, sympy.Float):
        return number(Fraction(str(node)), decimal=True)
    if node is sympy.pi:
        return PI
    if node is sympy.E:
        return apply(FUNCTIONS["exp"], number(1))
    if isinstance(node, (sympy.Add, sympy.MatAdd)):
        return add(args)
    if isinstance(node, sympy.Mul) and not isinstance(node, sympy.MatMul):
        return multiply_scalars(args)
    if isinstance(node, sympy.Pow):
        return apply(FUNCTIONS["exp"], args[1]) if node.base is sympy.E else power(args[0], args[1])
    if isinstance(node, sympy.Abs):
        return apply(FUNCTIONS["abs"], args[0])
    if isinstance(node, (sympy.Max, sympy.Min)):
        return _nest("maximum" if isinstance(node, sympy.Max) else "minimum", args)
    if isinstance(node, sympy.core.relational.Relational):
        return compare({"Eq": "==", "Ne": "!="}.get(type(node).__name__, node.rel_op), args[0], args[1])
    if isinstance(node, sympy.Piecewise):
        return _piecewise(node, args)
    if isinstance(node, sympy.Derivative):
        return _derivative(node, args)
    if isinstance(node, sympy.core.function.AppliedUndef):
        return apply(abstract(node.func.__name__), *args)
    if isinstance(node, sympy.Function):
        called = called_function(node, args, _known_functions())
        if called is not None:
            return called
    return _convert_matrix(node, args)


def _nest(name: str, args: list[Tree]) -> Tree:
    result = args[0]
    for a in args[1:]:
        result = apply(FUNCTIONS[name], result, a)
    return result


def _piecewise(node: Any, args: list[Tree]) -> Tree:
    if node.args[-1][1] is not sympy.true:
        raise UnsupportedError(
            "a Piecewise without a last (value, True) branch has no value everywhere", advice="Add the branch (value, True)."
        )
    result = args[-1]
    for k in range(len(args) - 3, -1, -2):
        result = where(args[k + 1], args[k], result)
    return result


def _derivative(node: Any, args: list[Tree]) -> Tree:
    function = node.expr
    if not isinstance(function, sympy.core.function.AppliedUndef):
        raise UnsupportedError("only derivatives of undefined functions can be read", advice="Evaluate the derivative with .doit() first.")
    orders = tuple(sum(int(n) for v, n in node.variable_count if v == a) for a in function.args)
    return apply(abstract(function.func.__name__), *args, orders=orders)


def _convert_matrix(node: Any, args: list[Tree]) -> Tree:
    kind = type(node).__name__
    if kind == "MatMul":
        scalars = [a for a in args if not a.shape]
        matrices = [a for a in args if a.shape]
        result = matrices[0]
        for m in matrices[1:]:
            result = matmul(result, m)
        return scale(multiply_scalars(scalars), result) if scalars else result
    if kind == "Transpose":
        return transpose(args[0])
    if kind == "Inverse":
        return operation(OPERATIONS["inv"], [args[0]])
    if kind == "Determinant":
        return operation(OPERATIONS["det"], [args[0]])
    if kind == "Trace":
        return contract([args[0]], ["ii"], "")
    if kind == "HadamardProduct":
        return hadamard(args)
    if kind == "Identity":
        return identity(_dims(node)[0])
    if kind == "ZeroMatrix":
        return broadcast(number(0), _dims(node))
    if kind == "MatPow":
        base, count = args[0], node.args[1]
        if count.is_Integer and 1 <= int(count) <= 16:
            result = base
            for _ in range(int(count) - 1):
                result = matmul(result, base)
            return result
        if count == -1:
            return operation(OPERATIONS["inv"], [base])
    if isinstance(node, sympy.MatrixBase):
        rows, columns = node.shape
        flat = [broadcast(a, (1,)) for a in args]
        joined = operation(OPERATIONS["concatenate"], flat, (0,)) if len(flat) > 1 else flat[0]
        return operation(OPERATIONS["reshape"], [joined], ((rows, columns),)) if columns > 1 else joined
    raise UnsupportedError(
        f"{kind} is not something symchain differentiates", advice="Write it with the functions of the registry (symchain parse --help)."
    )


__all__ = ["from_sympy", "to_sympy"]
