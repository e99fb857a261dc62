"""A Program from SymPy expressions: the caller's symbols become inputs, and stay the caller's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits

from symchain.errors import ArgumentError, LimitError, ParseError, ShapeError, UnsupportedError
from symchain.functions.spec import AbstractFunction, FunctionSpec, abstract, find
from symchain.language.constants import MAX_EXPONENT
from symchain.language.elaborate import Scope, elaborate
from symchain.language.inputs import (
    Declared,
    add_given,
    bindings,
    check_block_name,
    check_bound,
    check_free,
    check_spellings,
    dimension_symbol,
    mapping,
    variable,
)
from symchain.language.shapes import check_letters, shape_from
from symchain.language.spelling import plain
from symchain.language.sympy_matrices import whole
from symchain.language.sympy_sums import indexed_shapes
from symchain.nouns.computation import Block, Variable
from symchain.nouns.program import Program
from symchain.support.dimensions import Shape, show
from symchain.tensors import nodes
from symchain.tensors.exchange import from_sympy
from symchain.tensors.facts import implied
from symchain.tensors.isolation import Isolation
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Apply, Number, Power, Tree, leaf

_LARGEST = 2**1024
UNROLLED = 64
"""Sums of up to so many terms are written out for SymPy."""
_BEYOND_NUMBERS = (sympy.MatrixExpr, sympy.MatrixBase, sympy.Indexed, ExprWithLimits)


def program_of(
    expressions: Mapping[str, Any],
    shapes: Mapping[str, Any] | None = None,
    assume: Mapping[str, Any] | None = None,
    let: Mapping[str, Any] | None = None,
    symbols: Sequence[Any] = (),
    naming: Mapping[Any, str] | None = None,
) -> Program:
    """The program of SymPy expressions, name by name; `symbols` are inputs even where no expression has them.

    What `naming` has is an input of the name it gives, a number of which nothing is known, whatever SymPy assumes of the symbol.

    Raises ParseError for names outside the input language, ArgumentError for values that are no SymPy expressions.
    """
    if not isinstance(expressions, Mapping) or not expressions:
        raise ArgumentError("a program is a mapping of names to SymPy expressions", advice='Write program({"y": a*x + b}).')
    named = {_block_name(key): expression for key, expression in expressions.items()}
    if len(named) < len(expressions):
        raise ArgumentError("two blocks have one name", advice="Give every block a name of its own.")
    return _Writing(named, _by_name(shapes, "shapes"), _by_name(assume, "assume"), mapping(let, "let"), symbols, naming or {}).program()


def _by_name(given: Any, option: str) -> dict[Any, Any]:
    return {plain(n) if isinstance(n, str) else n: v for n, v in mapping(given, option).items()}


def _block_name(key: Any) -> str:
    """The name of a block, of which the caller gave the text or a symbol."""
    if isinstance(key, sympy.Symbol):
        key = key.name
    if not isinstance(key, str):
        raise ArgumentError(f"{key!r} is not the name of a block", advice='Names are texts: program({"y": a*x + b}).')
    return plain(key)


class _Writing:
    """The work on one mapping of expressions."""

    def __init__(
        self,
        expressions: Mapping[str, Any],
        shapes: Mapping[str, Any],
        assume: Mapping[str, Any],
        let: Mapping[str, Any],
        symbols: Sequence[Any],
        naming: Mapping[Any, str],
    ) -> None:
        self.naming = naming
        self.expressions = {name: sympified(name, e) for name, e in expressions.items()}
        self.functions = bindings(let)
        self.let, self.called = let, dict[str, None]()
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
            found += [a for a in parts_of(expression) if isinstance(a, (sympy.Symbol, sympy.MatrixSymbol))]
        for symbol in dict.fromkeys(found):
            name = self._name(symbol)
            known = self.own.setdefault(name, symbol)
            if known != symbol and name not in self.expressions:
                raise ParseError(
                    f"two different symbols are called {name}", advice="Symbols with other assumptions are other symbols: use one."
                )
            check_free(name)
            if isinstance(symbol, sympy.MatrixSymbol):
                self.declared[name] = Declared(_matrix_shape(symbol))
            else:
                _check_real(symbol)
        for label, shape in indexed_shapes(self.expressions.values()).items():
            self.declared[self._name(label)] = Declared(shape)
        for symbol in symbols:
            self.declared.setdefault(self._name(symbol), Declared())

    def _name(self, symbol: Any) -> str:
        return self.naming.get(symbol) or plain(symbol.name)

    def program(self) -> Program:
        order = dict.fromkeys([*self.own, *self.declared])
        for name in order:
            if name not in self.expressions and (name not in self.dims or name in self.declared):
                self.inputs[name] = self._input(name)
        check_spellings([*self.inputs, *self.expressions, *self.functions, *self.dims])
        sizes = {plain(s.name): s for m in self.own.values() if isinstance(m, sympy.MatrixSymbol) for d in m.shape for s in d.free_symbols}
        known: dict[str, Any] = {d: sizes.get(d) or dimension_symbol(d) for d in self.dims}
        known.update({n: v.symbol for n, v in self.inputs.items()})
        shared = MappingProxyType(known)
        names: dict[str, Tree] = {n: v.leaf for n, v in self.inputs.items()}
        trees: dict[str, Tree] = {}
        isolation = Isolation(trees)
        for name, expression in self.expressions.items():
            tree = trees[name] = isolation.marked(self._tree(name, expression, names))
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
        check_bound(self.let, self.called)
        return Program(MappingProxyType(self.inputs), MappingProxyType(self.blocks), self.dims, MappingProxyType(self.functions), shared)

    def _input(self, name: str) -> Variable:
        symbol, known = self.own.get(name), self.declared.get(name)
        if not isinstance(symbol, sympy.Symbol) or symbol in self.naming:
            return variable(name, known, symbol if symbol not in self.naming else None)
        facts = [f for f in ("positive", "nonnegative", "integer") if getattr(symbol, f"is_{f}")]
        if facts:
            known = Declared(known.shape if known else None, dict.fromkeys([*(known.facts if known else ()), *facts]))
        return variable(name, known, symbol=None if known and known.shape else symbol)

    def _tree(self, name: str, expression: Any, names: Mapping[str, Tree]) -> Tree:
        """The tree of an expression. Where plain symbols were given shapes, NumPy's broadcasting applies, as in a text."""
        parts = parts_of(expression)
        symbols = [p for p in parts if isinstance(p, (sympy.Symbol, sympy.MatrixSymbol))]
        scope = Scope(names, self.dims, self.functions)
        for read in (self._name(symbol) for symbol in symbols):
            if read in self.expressions and read not in names:
                what = f"{name} is defined by itself" if read == name else f"{read} is used in {name} before it is defined"
                raise ParseError(what, advice="Give the new value another name." if read == name else f"Put {read} before {name}.")
        shaped = any(self._name(s) in names and names[self._name(s)].shape for s in symbols if isinstance(s, sympy.Symbol))
        if shaped and not any(isinstance(p, _BEYOND_NUMBERS) for p in parts):
            return elaborate(phrase_of(self._checked(from_sympy(expression, lambda s: leaf(self._name(s))))), scope)
        return self._checked(whole(expression, lambda s: names.get(self._name(s)) or nodes.size(plain(s.name))))

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
        self.called[name] = None
        if name in self.functions:
            return self.functions[name]
        known = find(name)
        if isinstance(known, FunctionSpec):
            return abstract(name, known) if differentiated else known
        self.functions[name] = function
        return function


def _check_real(symbol: Any) -> None:
    """Refuse symbols of which the caller said that they are no real numbers: products of them would be reordered, roots misread."""
    if symbol.is_commutative is False:
        raise UnsupportedError(f"{symbol.name} does not commute", advice="Matrices are MatrixSymbols: MatrixSymbol('A', m, n).")
    if symbol.is_extended_real is False:
        raise UnsupportedError(f"{symbol.name} is not real", advice="Everything is real here: use a symbol without that assumption.")


def sympified(name: str, value: Any) -> Any:
    """A SymPy expression; texts are refused, since SymPy would run them."""
    if isinstance(value, str):
        raise ArgumentError(f"{name} is a text, not a SymPy expression", advice="Texts go to symchain.parse.")
    try:
        expression = sympy.sympify(value, strict=True)
    except (sympy.SympifyError, TypeError, ValueError, AttributeError):
        raise ArgumentError(
            f"{name} is {type(value).__name__}, not a SymPy expression", advice="Give SymPy expressions or matrices."
        ) from None
    if isinstance(expression, (sympy.logic.boolalg.Boolean, sympy.core.relational.Relational)) and not isinstance(expression, sympy.Expr):
        raise ArgumentError(f"{name} is a condition, which has no value", advice="Conditions belong in a Piecewise.")
    if not isinstance(expression, (sympy.Expr, sympy.MatrixBase)) or isinstance(expression, sympy.Poly):
        raise ArgumentError(f"{name} is {type(expression).__name__}, not an expression", advice="Give SymPy expressions or matrices.")
    return expression.as_immutable() if isinstance(expression, sympy.MatrixBase) else expression


def parts_of(expression: Any) -> list[Any]:
    """Every distinct subexpression, parents first: SymPy's own traversals walk a shared one once per use.

    Of what binds a name, a sum over i say, there are the names that are free in it.
    """
    found: dict[Any, None] = {}
    stack = [expression]
    while stack:
        part = stack.pop()
        if part in found:
            continue
        found[part] = None
        if isinstance(part, sympy.MatrixSymbol):
            continue
        if isinstance(part, (ExprWithLimits, sympy.Lambda)):
            free = [s for s in part.free_symbols if not isinstance(s, (sympy.Indexed, sympy.IndexedBase))]
            stack += sorted(free, key=sympy.default_sort_key, reverse=True)
        elif isinstance(part, sympy.Indexed):
            stack += [part.base.label, *part.indices]
        else:
            stack.extend(reversed(list(part) if isinstance(part, sympy.MatrixBase) else part.args))
    return list(found)


def exchanged(expr: Any, table: Mapping[Any, Any], closed: tuple[type, ...] = ()) -> Any:
    """The expression with other parts in the place of some, outermost first, however deep it is; nothing inside of what is `closed`."""
    done: dict[Any, Any] = dict(table)
    stack = [(expr, False)]
    while stack:
        part, ready = stack.pop()
        if part in done:
            continue
        inner = () if isinstance(part, closed) or not isinstance(part, sympy.Basic) else part.args
        if ready:
            new = [done[a] for a in inner]
            done[part] = part if all(a is b for a, b in zip(new, inner, strict=True)) else part.func(*new)
        elif inner:
            stack.append((part, True))
            stack += [(a, False) for a in inner]
        else:
            done[part] = part
    return done[expr]


def unrolled(expr: Any) -> Any:
    """Sums and products between numbers, and of explicit vectors, as their terms: SymPy has no arrays to sum over."""
    few = {p: p.doit(deep=False) for p in parts_of(expr) if _is_short(p)}
    return exchanged(expr, few) if few else expr


def _is_short(total: Any) -> bool:
    if type(total).__name__ == "DotProduct":
        return all(isinstance(a, sympy.MatrixBase) for a in total.args)
    if not isinstance(total, (sympy.Sum, sympy.Product)):
        return False
    return all(len(x) == 3 and (x[2] - x[1]).is_Integer and 0 <= x[2] - x[1] < UNROLLED for x in total.limits)


def _matrix_shape(symbol: Any) -> Shape:
    return shape_from(symbol.name, [int(d) if d.is_Integer else str(d) for d in symbol.shape])
