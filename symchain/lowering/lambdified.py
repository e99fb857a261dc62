"""SymPy's lambdify over kernels: its calling conventions, with derivatives, at any depth.

Arguments and expressions come nested as the caller likes. Here they are flattened once, to names and to numbered expressions; those that
read the same names share a kernel, so that what does not read an array is not repeated along it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy

from symchain.errors import ArgumentError, SymchainError, check_choice
from symchain.language.expressions import exchanged, parts_of, program_of, sympified, unrolled
from symchain.language.inputs import check_free
from symchain.language.selection import kind_of
from symchain.language.spelling import canonical, plain
from symchain.lowering.compilation import compile_program, compile_values
from symchain.nouns.computation import Block
from symchain.nouns.program import Program
from symchain.tensors.facts import implied
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.memory import making_trees
from symchain.tensors.nodes import Compare, Tree, leaf, leaves, postorder, rebuild

_IGNORED = ("printer", "cse", "use_imps", "dummify", "docstring_limit")
"""Options of SymPy's that choose how its code is written."""
_CLOSED = (sympy.Derivative, sympy.Subs, sympy.Integral)
"""What a name cannot be put into in place of a function: f'(t) is not 0 where f(t) is an argument."""
_DEPTH = 32
"""Deeper trees become several lines."""


@making_trees()
def lambdify(args: Any, exprs: Any, modules: Any = None, *, gradient: bool = False, **options: Any) -> Callable[..., Any]:
    """A function of numbers or arrays for SymPy expressions, called as that of sympy.lambdify is; numbers are doubles.

    `args` are symbols, MatrixSymbols, IndexedBases, functions f(t), or nested lists and matrices of these; `exprs` an expression, or
    nested lists, tuples, dicts and matrices, and the result is of that form: an array (rows, columns) for a Matrix, a SciPy matrix for a
    sparse one. Arrays given for numbers broadcast. Of the assumptions of symbols nothing is used. `modules` and the other options of
    SymPy's are ignored, with a warning.

    With `gradient` the function returns (value, gradient): the gradient is a list along `args`, nested as they are, in the place of each
    expression; by an array it has the axes of the expression, then those of the array, then those of the samples. A MatrixExpr of one
    row and one column counts as a number. Raises ArgumentError for what is no argument or no expression and for symbols that are not
    among the arguments, UnsupportedError for what has no meaning here.

    >>> from sympy.abc import x, y
    >>> lambdify([x, y], [x*y, x + y])(2.0, 3.0)
    [6.0, 5.0]
    >>> value, (by_x, by_y) = lambdify([x, y], x**2*y, gradient=True)(2.0, 3.0)
    >>> float(value), float(by_x), float(by_y)
    (12.0, 12.0, 4.0)
    """
    check_choice("gradient", str(gradient), ("True", "False"))
    for name in options:
        check_choice("an option", name, _IGNORED)
    passed = [n for n, v in (("modules", modules), *options.items()) if v is not None and v is not False]
    if passed:
        warnings.warn(f"{', '.join(passed)} ignored: what runs is a kernel of symchain over NumPy", stacklevel=3)
    return Lambdified(_Arguments(args), exprs, bool(gradient))


# ---------------------------------------------------------------- arguments


@dataclass(frozen=True, slots=True)
class _Several:
    """A list of arguments, or a matrix of them, `shape` then being its own."""

    parts: tuple[Any, ...]
    shape: tuple[int, ...] | None = None


class _Arguments:
    """The arguments in the order of a call: names, and where each is in what was given."""

    def __init__(self, args: Any) -> None:
        given = args if isinstance(args, (list, tuple, sympy.Tuple, sympy.MatrixBase)) else [args]
        self.symbols: list[Any] = []
        self.whole = _Several(tuple(self._read(a) for a in given))
        self.flat = not any(isinstance(p, _Several) for p in self.whole.parts)
        self.keywords = [str(a) for a in given]
        self.sizes = {s for a in self.symbols for d in getattr(a, "shape", None) or () for s in sympy.sympify(d).free_symbols}
        self.names = _names(self.symbols, {canonical(plain(s.name)) for s in self.sizes})
        self.stand_ins: dict[Any, Any] = {}
        self.naming: dict[Any, str] = {}
        for symbol, name in zip(self.symbols, self.names, strict=True):
            if isinstance(symbol, sympy.IndexedBase):
                own = symbol.label
            elif isinstance(symbol, (sympy.Symbol, sympy.MatrixSymbol)):
                own = symbol
            else:
                own = self.stand_ins[symbol] = sympy.Dummy(name, real=True)
            if own in self.naming:
                raise ArgumentError(f"{symbol} is given twice among the arguments", advice="Give each argument once.")
            self.naming[own] = name
        plainly = [(s.name, n) for s, n in zip(self.symbols, self.names, strict=True) if type(s) is sympy.Symbol]
        texts = [text for text, _ in plainly]
        self.by_text = {text: name for text, name in plainly if texts.count(text) == 1}
        """The names by the text of their symbols: SymPy's functions do not tell symbols apart whose assumptions differ."""

    def _read(self, given: Any) -> Any:
        if isinstance(given, (list, tuple, sympy.Tuple)):
            return _Several(tuple(self._read(a) for a in given))
        if isinstance(given, (sympy.MatrixBase, sympy.NDimArray)):
            flat = list(given) if isinstance(given, sympy.MatrixBase) else given.reshape(len(given)).tolist()
            return _Several(tuple(self._read(a) for a in flat), tuple(map(int, given.shape)))
        given = sympy.Symbol(given) if isinstance(given, str) else given
        kinds = (sympy.Symbol, sympy.MatrixSymbol, sympy.IndexedBase, sympy.Indexed, sympy.core.function.AppliedUndef, sympy.Derivative)
        if not isinstance(given, kinds) and type(given).__name__ != "MatrixElement":
            what = f"{kind_of(given)} is no argument of a function"
            raise ArgumentError(what, advice="Give symbols, MatrixSymbols, IndexedBases, functions f(t), or lists of these.")
        if given in self.symbols:
            raise ArgumentError(f"{given} is given twice among the arguments", advice="Give each argument once.")
        self.symbols.append(given)
        return len(self.symbols) - 1

    def values(self, positional: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        """The value of each name. Raises ArgumentError for a call of another form."""
        if self.flat and len(positional) == len(self.symbols) and not named:
            return [v if type(v) is float or type(v) is np.ndarray else _number(v) for v in positional]
        given = list(positional)
        if named:
            rest = self.keywords[len(given) :]
            if set(rest) != set(named):
                raise self._count(len(given) + len(named), self.whole)
            given += [named[n] for n in rest]
        found: dict[int, Any] = {}
        self._bind(self.whole, given, found)
        return [found[k] for k in range(len(self.symbols))]

    def _bind(self, part: Any, value: Any, found: dict[int, Any]) -> None:
        if not isinstance(part, _Several):
            found[part] = _number(value)
            return
        try:
            several = list(value)
        except TypeError:
            raise self._count(1, part) from None
        if part.shape is not None and len(several) != len(part.parts):  # a matrix by its rows; by its entries in a row it is as in SymPy
            array = np.asarray(value.tolist() if isinstance(value, sympy.MatrixBase) else value)
            if array.shape[: len(part.shape)] == part.shape:
                several = list(array.reshape(len(part.parts), *array.shape[len(part.shape) :]))
        if len(several) != len(part.parts):
            raise self._count(len(several), part)
        for inner, one in zip(part.parts, several, strict=True):
            self._bind(inner, one, found)

    def _count(self, count: int, part: _Several) -> ArgumentError:
        what = f"{count} values are given for {len(part.parts)} arguments"
        return ArgumentError(what, advice=f"The arguments are {', '.join(self.keywords[:12])}.")

    def along(self, slopes: Sequence[Any], front: int) -> list[Any]:
        """The derivatives by each name in the form of the arguments; `front` axes are those of the expression."""
        return [self._formed(p, slopes, front) for p in self.whole.parts]

    def _formed(self, part: Any, slopes: Sequence[Any], front: int) -> Any:
        if not isinstance(part, _Several):
            return slopes[part]
        inner = [self._formed(p, slopes, front) for p in part.parts]
        return inner if part.shape is None else _stacked(inner, part.shape, front)


def _names(symbols: Sequence[Any], taken: set[str]) -> list[str]:
    """A name of the input language for each symbol: its own, unless that cannot be one, or is another's."""
    found = []
    for k, symbol in enumerate(symbols):
        name = plain(str(symbol.name if hasattr(symbol, "name") else symbol))
        try:
            check_free(name)
        except SymchainError:
            name = f"argument_{k}"
        while canonical(name) in taken:
            name += f"_{k}"
        taken.add(canonical(name))
        found.append(name)
    return found


def _number(value: Any) -> Any:
    """A value as kernels take it: SymPy's numbers are numbers here too."""
    if isinstance(value, (sympy.MatrixBase, sympy.NDimArray)):
        return np.array(value.tolist(), float)
    return float(value) if isinstance(value, sympy.Expr) and value.is_number and value.is_real else value


def _stacked(values: Sequence[Any], shape: Sequence[int], front: int = 0) -> Any:
    """Values side by side along new axes of a shape, after so many of their own."""
    if not values:
        return np.zeros(tuple(shape))
    even = np.broadcast_arrays(*values)
    joined = np.stack(even, axis=front)
    return joined.reshape(*joined.shape[:front], *shape, *joined.shape[front + 1 :])


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class _Cell:
    """One expression; `shape` is that of a MatrixExpr, `condition` says that it is true or false."""

    index: int
    shape: tuple[Any, ...] = ()
    condition: bool = False


@dataclass(frozen=True, slots=True)
class _Matrix:
    """Expressions in a matrix, or in an array with more axes."""

    cells: tuple[_Cell, ...]
    shape: tuple[int, ...]
    places: tuple[tuple[int, ...], ...] = ()
    """Of a sparse matrix, where they stand."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Expressions that read the same names, as the blocks of one program."""

    reads: tuple[int, ...]
    indices: tuple[int, ...]
    call: Callable[..., Any]


class Lambdified:
    """What `lambdify` returns: call it as the function of sympy.lambdify."""

    def __init__(self, arguments: _Arguments, exprs: Any, gradient: bool) -> None:
        self.arguments, self.gradient = arguments, gradient
        self._found: dict[Any, int] = {}
        self.form = self._read(exprs)
        self.groups = list(self._grouped())

    def __call__(self, *values: Any, **named: Any) -> Any:
        given = self.arguments.values(values, named)
        results: dict[int, Any] = {}
        slopes: dict[int, Any] = {}
        for group in self.groups:
            own = [given[k] for k in group.reads]
            if self.gradient:
                value, parts = group.call(*own)
                (index,) = group.indices
                results[index] = value
                by_name = dict(zip(group.reads, (parts[self.arguments.names[k]] for k in group.reads), strict=True))
                slopes[index] = [by_name[k] if k in by_name else self._zeros(value, k, given[k]) for k in range(len(given))]
            else:
                results.update(zip(group.indices, group.call(*own), strict=True))
        value = self._formed(self.form, results)
        return (value, self._sloped(self.form, slopes, results)) if self.gradient else value

    def _zeros(self, value: Any, k: int, given: Any) -> Any:
        """The derivative by a name that is not read."""
        arrays = isinstance(self.arguments.symbols[k], (sympy.MatrixSymbol, sympy.IndexedBase))
        return np.zeros(np.shape(value) + np.shape(given) * arrays)[()]

    # ------------------------------------------------------------ the form of the results

    def _read(self, exprs: Any) -> Any:
        if isinstance(exprs, Mapping):
            return {key: self._read(e) for key, e in exprs.items()}
        if isinstance(exprs, (list, tuple, sympy.Tuple)):
            inner = [self._read(e) for e in exprs]
            return inner if isinstance(exprs, list) else tuple(inner)
        if isinstance(exprs, sympy.MatrixBase):
            shape = tuple(map(int, exprs.shape))
            if hasattr(exprs, "todok") and isinstance(exprs, (sympy.SparseMatrix, sympy.ImmutableSparseMatrix)):
                entries = exprs.todok()
                return _Matrix(tuple(self._cell(e) for e in entries.values()), shape, tuple(entries) or ((-1, -1),))
            return _Matrix(tuple(self._cell(e) for e in exprs), shape)
        if isinstance(exprs, sympy.NDimArray):
            return _Matrix(tuple(self._cell(e) for e in exprs.reshape(len(exprs)).tolist()), tuple(map(int, exprs.shape)))
        return self._cell(exprs)

    def _cell(self, expr: Any) -> _Cell:
        condition = isinstance(expr, (bool, np.bool_, sympy.logic.boolalg.Boolean)) and not isinstance(expr, sympy.Symbol)
        if condition:
            expr = sympy.Piecewise((1, expr), (0, True))
        expr = sympified("the expression", expr)
        shape = tuple(expr.shape) if isinstance(expr, sympy.MatrixExpr) else ()
        expr = exchanged(expr, self.arguments.stand_ins, _CLOSED) if self.arguments.stand_ins else expr
        return _Cell(self._found.setdefault(unrolled(expr), len(self._found)), shape, condition)

    def _formed(self, form: Any, results: Mapping[int, Any]) -> Any:
        if isinstance(form, dict):
            return {key: self._formed(f, results) for key, f in form.items()}
        if isinstance(form, (list, tuple)):
            return type(form)(self._formed(f, results) for f in form)
        if isinstance(form, _Matrix):
            cells = [self._formed(c, results) for c in form.cells]
            return _sparse(form, cells) if form.places else _stacked(cells, form.shape)
        value = results[form.index]
        if form.condition:
            return np.asarray(value) != 0 if np.ndim(value) else bool(value)
        return np.reshape(value, (1, 1)) if form.shape == (1, 1) else value

    def _sloped(self, form: Any, slopes: Mapping[int, Any], results: Mapping[int, Any]) -> Any:
        if isinstance(form, dict):
            return {key: self._sloped(f, slopes, results) for key, f in form.items()}
        if isinstance(form, (list, tuple)):
            return [self._sloped(f, slopes, results) for f in form]
        if isinstance(form, _Cell):
            return self.arguments.along(slopes[form.index], 0 if form.shape in ((), (1, 1)) else len(form.shape))
        by_cell = [slopes[c.index] for c in form.cells]
        if form.places:
            whole = []
            for k in range(len(self.arguments.symbols)):
                inner = np.broadcast_arrays(*(s[k] for s in by_cell)) if by_cell else []
                array = np.zeros(form.shape + (inner[0].shape if by_cell else ()))
                for place, value in zip(form.places, inner, strict=False):
                    array[place] = value
                whole.append(array)
        else:
            whole = [_stacked([s[k] for s in by_cell], form.shape) for k in range(len(self.arguments.symbols))]
        return self.arguments.along(whole, len(form.shape))

    # ------------------------------------------------------------ kernels

    def _grouped(self) -> Iterator[_Group]:
        """The kernels: for values one for all that read the same names, for derivatives one each."""
        together: dict[Any, list[tuple[int, Any]]] = {}
        for expr, index in self._found.items():
            reads = self._reads(expr)
            together.setdefault((reads, index) if self.gradient else (reads,), []).append((index, expr))
        for (reads, *_), several in together.items():
            names = [self.arguments.names[k] for k in reads]
            end = "_" * (1 + max((len(n) for n in self.arguments.names), default=0))
            blocks = {f"value_{index}{end}": expr for index, expr in several}
            program = _cut(program_of(blocks, naming=self.arguments.naming))
            order = list(program.inputs)
            if self.gradient:
                (block,) = blocks
                call = compile_program(program, block, order, 1, "auto", {}).positional if order else _constant(program, block)
            else:
                call = compile_values(program, list(blocks))
            places = tuple(k for name in order for k in reads if self.arguments.names[k] == name)
            assert set(names) == set(order)
            yield _Group(places, tuple(index for index, _ in several), call)

    def _reads(self, expr: Any) -> tuple[int, ...]:
        """Which of the arguments an expression reads. Raises ArgumentError for a symbol that is none."""
        naming = self.arguments.naming
        found = []
        for part in parts_of(expr):
            if type(part) is sympy.Symbol and part not in naming and part not in self.arguments.sizes:
                alike = self.arguments.by_text.get(part.name)
                naming.update({part: alike} if alike else {})
            if part in naming:
                found.append(self.arguments.names.index(naming[part]))
            elif isinstance(part, (sympy.Symbol, sympy.MatrixSymbol)) and part not in self.arguments.sizes:
                what = f"{part} is not among the arguments"
                raise ArgumentError(what, advice="Add it to them, or give its value with subs.")
        return tuple(sorted(set(found)))


def _cut(program: Program) -> Program:
    """The program with deep trees in pieces, each a block: work on one tree grows with the square of its depth."""
    done: dict[Tree, Tree] = {}
    height: dict[Tree, int] = {}
    blocks: dict[str, Block] = {}
    end = "_" * (1 + max(map(len, (*program.inputs, *program.blocks)), default=0))
    shared = dict(next(iter(program.blocks.values())).symbols)

    def block(name: str, tree: Tree, own: Tree) -> Block:
        reads = tuple(dict.fromkeys(n.name for n in leaves(tree)))
        return Block(name, tree.shape, tree, phrase_of(tree), reads, own, MappingProxyType(shared))

    for name, written in program.blocks.items():
        for node in postorder(written.tree):
            if node in done:
                continue
            new = [done[a] for a in node.args]
            tree = node if all(a is b for a, b in zip(new, node.args, strict=True)) else rebuild(node, new)
            height[node] = 1 + max((height[a] for a in node.args), default=0)
            if height[node] > _DEPTH and not isinstance(node, Compare) and node is not written.tree:
                part = f"part_{len(blocks)}{end}"
                own = leaf(part, tree.shape, implied(tree))
                if not tree.shape:
                    shared[part] = sympy.Symbol(part, real=True)
                blocks[part], tree, height[node] = block(part, tree, own), own, 1
            done[node] = tree
        blocks[name] = block(name, done[written.tree], written.leaf)
    if len(blocks) == len(program.blocks):
        return program
    return replace(program, blocks=MappingProxyType(blocks), symbols=MappingProxyType(shared))


def _constant(program: Program, block: str) -> Callable[..., Any]:
    value = compile_values(program, [block])
    return lambda: (value()[0], {})


def _sparse(form: _Matrix, cells: Sequence[Any]) -> Any:
    from scipy.sparse import coo_matrix

    if any(np.ndim(c) for c in cells):
        raise ArgumentError("a sparse matrix has numbers as entries, not arrays", advice="Give numbers, or lambdify the dense Matrix.")
    rows, columns = ([p[axis] for p, _ in zip(form.places, cells, strict=False)] for axis in (0, 1))
    return coo_matrix((np.array(cells, float), (rows, columns)), shape=form.shape)


__all__ = ["Lambdified", "lambdify"]
