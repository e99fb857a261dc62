"""A Program from SymPy expressions: the caller's symbols become inputs, and stay the caller's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits

from symchain.blocks import Block, Program, Variable
from symchain.dimensions import Shape, show
from symchain.errors import ArgumentError, LimitError, ParseError, ShapeError
from symchain.functions.spec import AbstractFunction, FunctionSpec, abstract, find
from symchain.language.constants import MAX_EXPONENT
from symchain.language.elaborate import Scope, elaborate
from symchain.language.inputs import (
    Declared,
    add_given,
    bindings,
    check_block_name,
    check_free,
    check_spellings,
    dimension_symbol,
    variable,
)
from symchain.language.shapes import check_letters, shape_from
from symchain.tensors import nodes
from symchain.tensors.facts import implied
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Apply, Number, Power, Tree, leaf

_LARGEST = 2**1024


def program_of(
    expressions: Mapping[str, Any],
    from_sympy: Callable[[Any, Callable[[Any], Tree]], Tree],
    shapes: Mapping[str, Any] | None = None,
    assume: Mapping[str, Any] | None = None,
    let: Mapping[str, Any] | None = None,
    symbols: Sequence[Any] = (),
) -> Program:
    """The program of SymPy expressions, name by name; `symbols` are inputs even where no expression has them.

    Raises ParseError for names outside the input language, ArgumentError for values that are no SymPy expressions.
    """
    if not isinstance(expressions, Mapping) or not expressions:
        raise ArgumentError("a program is a mapping of names to SymPy expressions", advice='Write program({"y": a*x + b}).')
    return _Writing(expressions, from_sympy, shapes or {}, assume or {}, let or {}, symbols).program()


class _Writing:
    """The work on one mapping of expressions."""

    def __init__(
        self,
        expressions: Mapping[str, Any],
        from_sympy: Callable[[Any, Callable[[Any], Tree]], Tree],
        shapes: Mapping[str, Any],
        assume: Mapping[str, Any],
        let: Mapping[str, Any],
        symbols: Sequence[Any],
    ) -> None:
        self.expressions = {name: _sympified(name, e) for name, e in expressions.items()}
        self.from_sympy = from_sympy
        self.functions = bindings(let)
        self.declared: dict[str, Declared] = {}
        self.own: dict[str, Any] = {}  # the caller's symbols by name
        self.inputs: dict[str, Variable] = {}
        self.blocks: dict[str, Block] = {}
        for name in self.expressions:
            check_block_name(name, self.functions)
        self._gather(symbols)
        add_given(self.declared, shapes, assume)
        self.dims = check_letters({n: d.shape or () for n, d in self.declared.items() if n not in self.expressions})

    def _gather(self, symbols: Sequence[Any]) -> None:
        """The symbols in order of appearance, with what SymPy knows of them."""
        found = [*symbols]
        for expression in self.expressions.values():
            found += [a for a in _parts(expression) if isinstance(a, (sympy.Symbol, sympy.MatrixSymbol))]
        for symbol in dict.fromkeys(found):
            name = symbol.name
            known = self.own.setdefault(name, symbol)
            if known != symbol and name not in self.expressions:
                raise ParseError(
                    f"two different symbols are called {name}", advice="Symbols with other assumptions are other symbols: use one."
                )
            check_free(name)
            if isinstance(symbol, sympy.MatrixSymbol):
                self.declared[name] = Declared(_matrix_shape(symbol))
        for symbol in symbols:
            self.declared.setdefault(symbol.name, Declared())

    def program(self) -> Program:
        order = dict.fromkeys([*self.own, *self.declared])
        for name in order:
            if name not in self.expressions and (name not in self.dims or name in self.declared):
                self.inputs[name] = self._input(name)
        check_spellings([*self.inputs, *self.expressions, *self.functions, *self.dims])
        known: dict[str, Any] = {d: dimension_symbol(d) for d in self.dims}
        known.update({n: v.symbol for n, v in self.inputs.items()})
        shared = MappingProxyType(known)
        names: dict[str, Tree] = {n: v.leaf for n, v in self.inputs.items()}
        for name, expression in self.expressions.items():
            tree = self._tree(name, expression, names)
            given = self.declared.get(name)
            if given is not None and given.shape is not None and given.shape != tree.shape:
                what = f"{name} has shape {show(tree.shape)}, but shapes= says {show(given.shape)}"
                raise ShapeError(what, advice="Correct the shape, or the expression.")
            own = leaf(name, tree.shape, implied(tree))
            reads = tuple(dict.fromkeys(n.name for n in nodes.leaves(tree)))
            self.blocks[name] = Block(name, tree.shape, tree, phrase_of(tree), reads, own, shared)
            names[name] = own
            if not tree.shape:
                known[name] = self.own.get(name, sympy.Symbol(name, real=True))
        return Program(MappingProxyType(self.inputs), MappingProxyType(self.blocks), self.dims, MappingProxyType(self.functions), shared)

    def _input(self, name: str) -> Variable:
        symbol, known = self.own.get(name), self.declared.get(name)
        if not isinstance(symbol, sympy.Symbol):
            return variable(name, known)
        facts = [f for f in ("positive", "nonnegative", "integer") if getattr(symbol, f"is_{f}")]
        if facts:
            known = Declared(known.shape if known else None, dict.fromkeys([*(known.facts if known else ()), *facts]))
        return variable(name, known, symbol=None if known and known.shape else symbol)

    def _tree(self, name: str, expression: Any, names: Mapping[str, Tree]) -> Tree:
        """The tree of an expression. Where plain symbols were given shapes, NumPy's broadcasting applies, as in a text."""
        parts = _parts(expression)
        symbols = [p for p in parts if isinstance(p, (sympy.Symbol, sympy.MatrixSymbol))]
        scope = Scope(names, self.dims, self.functions)
        for symbol in symbols:
            if symbol.name in self.expressions and symbol.name not in names:
                what = f"{name} is defined by itself" if symbol.name == name else f"{symbol.name} is used in {name} before it is defined"
                raise ParseError(
                    what, advice="Give the new value another name." if symbol.name == name else f"Put {symbol.name} before {name}."
                )
        shaped = any(names[s.name].shape for s in symbols if isinstance(s, sympy.Symbol) and s.name in names)
        if shaped and not any(isinstance(p, (sympy.MatrixExpr, sympy.MatrixBase)) for p in parts):
            return elaborate(phrase_of(self._checked(self.from_sympy(expression, lambda s: leaf(s.name)))), scope)
        return self._checked(self.from_sympy(expression, lambda s: names[s.name] if s.name in names else nodes.size(s.name)))

    def _checked(self, tree: Tree) -> Tree:
        """Functions by name are what `let` or the registry says; numbers are such that doubles can hold them."""

        def visit(node: Tree) -> Tree:
            if isinstance(node, Number) and abs(node.value) >= _LARGEST:
                raise LimitError("a number larger than any double", advice="The largest is about 1.8e308.")
            if isinstance(node, Power) and isinstance(node.exponent, Number) and abs(node.exponent.value) > MAX_EXPONENT:
                raise LimitError(f"an exponent beyond {MAX_EXPONENT}", advice="Use a symbol for the exponent, and give its value later.")
            if isinstance(node, Apply) and isinstance(node.function, AbstractFunction) and node.function.binding is None:
                return nodes.apply(self._function(node.function, any(node.orders)), *node.args, orders=node.orders)
            return node

        return nodes.transform(tree, visit)

    def _function(self, function: AbstractFunction, differentiated: bool) -> Any:
        """What an undefined SymPy function stands for."""
        name = function.name
        check_free(name)
        if name in self.functions:
            return self.functions[name]
        known = find(name)
        if isinstance(known, FunctionSpec):
            return abstract(name, known) if differentiated else known
        self.functions[name] = function
        return function


def _sympified(name: str, value: Any) -> Any:
    """A SymPy expression; texts are refused, since SymPy would run them."""
    if isinstance(value, str):
        raise ArgumentError(f"{name} is a text, not a SymPy expression", advice="Texts go to symchain.parse.")
    try:
        expression = sympy.sympify(value, strict=True)
    except (sympy.SympifyError, TypeError, ValueError, AttributeError):
        raise ArgumentError(
            f"{name} is {type(value).__name__}, not a SymPy expression", advice="Give SymPy expressions or matrices."
        ) from None
    if not isinstance(expression, (sympy.Expr, sympy.MatrixBase)):
        raise ArgumentError(f"{name} is {type(expression).__name__}, which has no value", advice="Conditions belong in a Piecewise.")
    return expression.as_immutable() if isinstance(expression, sympy.MatrixBase) else expression


def _parts(expression: Any) -> list[Any]:
    """Every distinct subexpression, parents first: SymPy's own traversals walk a shared one once per use."""
    found: dict[Any, None] = {}
    stack = [expression]
    while stack:
        part = stack.pop()
        if part not in found:
            found[part] = None
            if not isinstance(part, (sympy.MatrixSymbol, ExprWithLimits)):  # these bind names, and are refused
                stack.extend(reversed(list(part) if isinstance(part, sympy.MatrixBase) else part.args))
    return list(found)


def _matrix_shape(symbol: Any) -> Shape:
    return shape_from(symbol.name, [int(d) if d.is_Integer else str(d) for d in symbol.shape])
