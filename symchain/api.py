"""The public functions: text, LaTeX and SymPy in; programs and SymPy out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from symchain.deriving.closed_forms import in_inputs, written_out
from symchain.deriving.second import second_derivative
from symchain.deriving.sweep import Sweep
from symchain.errors import ArgumentError, NumberVariableError
from symchain.language.expressions import program_of, sympified, unrolled
from symchain.language.families import read_text
from symchain.language.selection import is_one, kind_of, listed
from symchain.language.spelling import plain
from symchain.nouns.derivation import Derivation
from symchain.nouns.exercise import Exercise
from symchain.nouns.program import Program
from symchain.render.text import write
from symchain.tensors.exchange import to_sympy
from symchain.tensors.matrix_exchange import matrix_of
from symchain.tensors.memory import making_trees
from symchain.tensors.nodes import SHAPED, Tree

_SHORT = 1_000
"""Derivatives of expressions of so many nodes are made as short as can be, unless their caller says otherwise."""


@making_trees()
def parse(
    text: str,
    shapes: Mapping[str, Any] | None = None,
    assume: Mapping[str, Any] | None = None,
    let: Mapping[str, str] | None = None,
) -> Program:
    """Read a program in the input language.

    `shapes` gives shapes of inputs ({"W": ("m", "n")}), `assume` facts ({"A": "spd"}), `let` binds function names
    ({"sigma1": "sigmoid"}), in place of what the text binds them to. Raises ParseError with line, column and a suggestion, ShapeError,
    LimitError.

    >>> list(parse("z = w*x + b").inputs)
    ['w', 'x', 'b']
    """
    return read_text(text, shapes=shapes, assume=assume, let=let)


def parse_latex(
    text: str,
    shapes: Mapping[str, Any] | None = None,
    assume: Mapping[str, Any] | None = None,
    let: Mapping[str, str] | None = None,
    strict: bool = False,
) -> Program:
    r"""Read the mathematics of a LaTeX, Markdown or notebook text, statement by statement.

    .statements are what it says, in order, each with its kind and how it was read, or why not; .judge() says what becomes of each claim,
    equality and value. The definitions are the program, its derivative statements .claims; a name defined anew opens another of
    .sections, and .understood pairs each line with its reading. Undeclared letters are scalars, unless the text marks them as arrays:
    then what rests on them is not judged. A formula that is not understood, or that can be read in two ways, costs its own statement
    and those that need it. Raises ParseError where nothing is understood, and with `strict` at the first refusal; ShapeError, LimitError.

    >>> program = parse_latex(r"$$a = \sigma(W x + b)$$ so that $\frac{\partial a}{\partial b} = \sigma'(W x + b)$")
    >>> str(program), program.claims[0].claim
    ('a = sigma(W*x + b)', "sigma'(W*x + b)")
    >>> [(s.kind, j.status) for s, j in zip(program.statements[1:], program.judge())]
    [('claim', 'proved')]
    """
    from symchain.analysis.checking.documents import equal, slope
    from symchain.analysis.checking.indexed_documents import read_indexed
    from symchain.latex.reading import read_latex

    def read(text: str, known: Mapping[str, Any]) -> Program:
        return read_latex(text, write, equal, slope, shapes=known, let=let, strict=True)

    with_families = read_indexed(text, read, shapes, let)
    if with_families is not None:
        return with_families
    return read_latex(text, write, equal, slope, shapes=shapes, assume=assume, let=let, strict=strict)


def program(
    expressions: Mapping[str, Any],
    shapes: Mapping[str, Any] | None = None,
    assume: Mapping[str, Any] | None = None,
    let: Mapping[str, str] | None = None,
) -> Program:
    """A program from SymPy expressions, name by name, each over the names before it and over free symbols.

    Derivations return the caller's own symbols. Raises UnsupportedError for objects without a meaning here.

    >>> from sympy.abc import w, x, z
    >>> program({"z": w*x, "y": z**2}).derive("y", "w").lines
    ('dy_dw = 2*z*x',)
    """
    return program_of(expressions, shapes=shapes, assume=assume, let=let)


@making_trees()
def from_function(function: Any, shapes: Any = None, assume: Mapping[str, Any] | None = None) -> Program:
    """The program that a function of arrays is: it is called once with symbolic arrays, and what it does is written down.

    `function` is a Python function of NumPy arrays or PyTorch tensors, a module of PyTorch (torch.fx graphs too), a function of JAX or a
    jaxpr. `shapes` gives the shape of each argument by name or in order, () where it is left out; those of a dict or a list of arrays are
    a dict or a list of shapes, and become inputs such as params_W. Letters are sizes as in `parse`. An argument that has a default keeps
    it unless a shape is given. `assume` gives facts ({"labels": "integer"}).

    The inputs are the arguments. The blocks are named after the local variables of the function, which are looked at after each of its
    lines (for JAX, after what its source assigns): a name that is assigned again has a number behind it. What is read twice and has no
    name is t1, t2, ...; the result is called after its variable, or the function. Loops over numbers unroll. An array written to
    (A[1:-1] = ..., C += ...) is a new block; a function that returns nothing returns the arguments that it wrote to.

    Numbers stand in the program as they are. Arrays that the function finds outside of itself are inputs under their name there, with
    their values in program.constants (`kernel(**program.constants, x=...)`), and so are the parameters of a module; arrays without a name
    are written out up to 16 entries. Single precision numbers are read by their shortest decimals.

    Where a function holds a value fixed (detach, stop_gradient), so does the program, unless it makes no difference.

    Raises UnsupportedError with the line for a branch on values and a function that is not known; ShapeError; ArgumentError for
    arguments that are not the function's.

    >>> import numpy as np
    >>> def loss(w, X, y):
    ...     z = X @ w
    ...     return np.mean(np.log1p(np.exp(-y*z)))
    >>> print(from_function(loss, {"w": ("p",), "X": ("n", "p"), "y": ("n",)}))
    w: (p,)
    X: (n, p)
    y: (n,)
    z = X @ w
    loss = mean(log1p(exp(-y*z)))
    """
    from symchain.tracing.functions import read_function

    return read_function(function, shapes, assume)


def exercise(program: str | Program | None = None, *, topic: str | None = None, seed: int = 0, count: int | None = None) -> Exercise:
    """An exercise: questions about a program (or its text), or about generated programs on a topic; the same seed, the same questions.

    Its .question is open: .hint(lang), .answer(claim), then the next; .sheet(lang, solutions) is LaTeX to print, .to_json() a session
    that `resume` takes up. Topics: polynomials, products, quotients, chains, logarithms, networks, vectors, matrices. Raises
    ArgumentError where there is nothing to ask.

    >>> made = exercise(topic="chains", seed=3, count=2)
    >>> made.answer("0").status, made.done
    ('wrong', 1)
    """
    from symchain.analysis.exercising import exercise as made

    return made(program, topic, seed, count)


def resume(text: str) -> Exercise:
    """The exercise of a saved session (`Exercise.to_json`): its answers are judged again. Raises ArgumentError for another text.

    >>> made = exercise("z = w*x + b; C = z**2", count=3)
    >>> made.answer("17").status, resume(made.to_json()).done
    ('wrong', 1)
    """
    from symchain.analysis.exercising import resume as resumed

    return resumed(text)


def gradient(expr: Any, symbols: Any, simplify: bool | None = None) -> list[Any]:
    """The derivatives of a SymPy expression by some symbols, in SymPy; one symbol alone is a list of one.

    By a MatrixSymbol it is a MatrixExpr of its shape; a matrix of one row and one column is a number. `simplify` looks for the shortest
    form of each, which costs more than the derivatives; left open, it does so up to 1,000 nodes. Raises ArgumentError for what is no
    expression of one value or no symbol, UnsupportedError for what has no meaning here, or has none among SymPy's matrices.

    >>> from sympy.abc import x, y
    >>> gradient(x**2*y, [x, y])
    [2*x*y, x**2]
    >>> from sympy import MatrixSymbol
    >>> A, v = MatrixSymbol("A", 3, 3), MatrixSymbol("v", 3, 1)
    >>> gradient(v.T*A*v, [v])
    [(A + A.T)*v]
    """
    return _gradients([expr], _symbols(symbols), simplify)[0]


def hessian(expr: Any, symbols: Any) -> Any:
    """The matrix of second derivatives of a SymPy expression; `symbols` and errors as in `gradient`.

    >>> from sympy.abc import x, y
    >>> hessian(x**2*y, [x, y])
    Matrix([
    [2*y, 2*x],
    [2*x,   0]])
    """
    names = _wrapped(expr, _numbers(symbols))
    rows = [[_closed(second_derivative(p, o, n, m), p) for _, _, m in names] for p, o, n in names]
    return sympy.Matrix(rows)


def jacobian(exprs: Any, symbols: Any, simplify: bool | None = None) -> Any:
    """The matrix of first derivatives of several SymPy expressions (a list or a Matrix), a row for each.

    `simplify` and errors as in `gradient`; the nodes are those of all expressions together.
    """
    asked = _numbers(symbols)
    several = [exprs] if isinstance(exprs, (sympy.Expr, str, int, float)) else listed(exprs)
    if several is None:
        raise ArgumentError(f"{kind_of(exprs)} is no list of expressions", advice="Write jacobian([x*y, x + y], [x, y]).")
    return sympy.Matrix(_gradients(several, asked, simplify))


@making_trees()
def _gradients(exprs: Sequence[Any], symbols: Sequence[Any], simplify: bool | None) -> list[list[Any]]:
    """The derivatives of each expression by each symbol: one sweep for each expression."""
    wrapped = [_wrapped(e, symbols) for e in exprs]
    if simplify is None:
        simplify = sum(names[0][0].blocks[names[0][1]].tree.size for names in wrapped if names) <= _SHORT
    return [_gradient(names, simplify) for names in wrapped]


def _gradient(names: Sequence[tuple[Program, str, str]], simplify: bool) -> list[Any]:
    if not names:
        return []
    program, output, _ = names[0]
    sweep = Sweep(program, output, [n for _, _, n in names])
    if simplify:
        return [_closed(sweep.derivation(program, n), program) for _, _, n in names]
    lines = [*sweep.lines.values()]
    return [_in_sympy(written_out(program, n, lines, sweep.results[n].tree), program) for _, _, n in names]


def _symbols(asked: Any) -> list[Any]:
    """The symbols to differentiate by. Raises ArgumentError for whatever else is given."""
    symbols = [asked] if is_one(asked) and not isinstance(asked, (int, float)) else listed(asked)
    if symbols is None:
        raise ArgumentError(f"{kind_of(asked)} is no list of symbols", advice="Write gradient(x**2*y, [x, y]).")
    for symbol in symbols:
        if isinstance(symbol, str):
            raise ArgumentError(f"{symbol!r} is a text, not a symbol", advice=f"Write Symbol({symbol!r}); texts go to symchain.parse.")
        if not isinstance(symbol, (sympy.Symbol, sympy.MatrixSymbol)):
            advice = "Replace it by a symbol first: expr.subs(..., Symbol('u'))."
            if isinstance(symbol, (int, float, sympy.Number)):
                raise NumberVariableError(str(symbol))
            raise ArgumentError(f"{kind_of(symbol)} is not a symbol, and nothing else can be differentiated by", advice=advice)
    return symbols


def _numbers(asked: Any) -> list[Any]:
    """The symbols to differentiate by twice, or several expressions by. Raises ArgumentError for matrices among them."""
    symbols = _symbols(asked)
    for symbol in symbols:
        if isinstance(symbol, sympy.MatrixSymbol):
            what = f"{symbol} is a matrix, and a derivative with more than two axes is no SymPy matrix"
            raise ArgumentError(what, advice=f'Write program({{"y": ...}}).hessian("y", "{symbol}"), or .jacobian.')
    return symbols


def _wrapped(expr: Any, symbols: Sequence[Any]) -> list[tuple[Program, str, str]]:
    """The expression as the one block of a program, and the names of the symbols there."""
    expr = sympified("the expression", expr)
    if isinstance(expr, sympy.MatrixExpr | sympy.MatrixBase) and expr.shape != (1, 1):
        what = f"the expression is a matrix of shape {tuple(expr.shape)}, not one value"
        raise ArgumentError(what, advice="jacobian(list(M), symbols) differentiates every entry of a Matrix M.")
    expr = unrolled(expr)
    names = [plain(s.name) for s in symbols]
    taken = {plain(s.name) for s in expr.free_symbols if hasattr(s, "name")}.union(names)
    name = "y"
    while name in taken:
        name += "_"
    shapes = {plain(s.name): () for s in symbols if not isinstance(s, sympy.MatrixSymbol)}
    p = program_of({name: expr}, shapes=shapes, symbols=symbols)
    return [(p, name, n) for n in names]


def _closed(d: Derivation, p: Program) -> Any:
    return _in_sympy(in_inputs(d), p)


def _in_sympy(tree: Tree, p: Program) -> Any:
    """A tree over the caller's symbols, as an expression, or as a MatrixExpr where arrays are in it."""
    if tree.kinds & SHAPED:
        return matrix_of(tree, p.symbols)
    return to_sympy(tree, p.symbols)
