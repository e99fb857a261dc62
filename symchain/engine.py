"""Where the floors meet: the public functions, and the engine that gives the nouns their methods.

What few programs ask for (reading LaTeX, checking, drawing, pages) is loaded when it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sympy

from symchain import blocks, verification
from symchain.backends.numpy import NumPyBackend
from symchain.blocks import Program
from symchain.chainrule import Sweep
from symchain.collecting import making_trees
from symchain.derivation import Derivation, Derivations, Line, Rewriting
from symchain.errors import ArgumentError, LimitError, NumberVariableError, UnsupportedError, advice_for
from symchain.kernel import Kernel
from symchain.language.expressions import program_of, sympified
from symchain.language.inputs import check_free
from symchain.language.reading import read_program
from symchain.language.spelling import plain
from symchain.lowering import Label, lower
from symchain.lowering.forms import stable_program
from symchain.networks import network_of
from symchain.notation import Phrase
from symchain.render import render
from symchain.render.notebook import bundle
from symchain.render.text import write
from symchain.rewriting import simplify
from symchain.rewriting.telling import rewriting_of
from symchain.rules.binding import bind
from symchain.second import hessian_vector_product, second_derivative
from symchain.tensors.exchange import from_sympy, to_sympy
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Tree, contract, leaf, postorder, substitute

if TYPE_CHECKING:
    from symchain.checking.verdict import Verdict
    from symchain.graphing import Graph
    from symchain.sensitivity import Sensitivity

_CLOSED_NODES = 10_000
_TOGETHER = 6
"""Parameters of a network whose gradients are told together."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


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
    return read_program(text, shapes=shapes, assume=assume, let=let)


def parse_latex(
    text: str,
    shapes: Mapping[str, Any] | None = None,
    assume: Mapping[str, Any] | None = None,
    let: Mapping[str, str] | None = None,
) -> Program:
    r"""Read the equations of a LaTeX or Markdown text: its definitions become the program, its derivative statements .claims.

    Displays are understood or refused; inline mathematics is read where it is a definition or a derivative statement. Undeclared
    letters are scalars. A name defined anew opens another of .sections; .understood pairs each line with its reading. Raises
    ParseError where a formula is not understood or can be read in two ways, with the place; ShapeError, LimitError.

    >>> program = parse_latex(r"$$a = \sigma(W x + b)$$ so that $\frac{\partial a}{\partial b} = \sigma'(W x + b)$")
    >>> str(program), program.claims[0].claim
    ('a = sigma(W*x + b)', "sigma'(W*x + b)")
    """
    from symchain.latexin.reading import read_latex

    return read_latex(text, write, shapes=shapes, assume=assume, let=let)


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
    return program_of(expressions, from_sympy, shapes=shapes, assume=assume, let=let)


def gradient(expr: Any, symbols: Any) -> list[Any]:
    """The derivatives of a SymPy expression by some symbols, in SymPy; one symbol alone is a list of one.

    Raises ArgumentError for what is no expression of one value or no symbol, UnsupportedError for what has no meaning here.

    >>> from sympy.abc import x, y
    >>> gradient(x**2*y, [x, y])
    [2*x*y, x**2]
    """
    return [_closed(Sweep(p, o, [n]).derivation(n), p) for p, o, n in _wrapped(expr, _symbols(symbols))]


def hessian(expr: Any, symbols: Any) -> Any:
    """The matrix of second derivatives of a SymPy expression; `symbols` and errors as in `gradient`.

    >>> from sympy.abc import x, y
    >>> hessian(x**2*y, [x, y])
    Matrix([
    [2*y, 2*x],
    [2*x,   0]])
    """
    names = _wrapped(expr, _symbols(symbols))
    rows = [[_closed(second_derivative(p, o, n, m), p) for _, _, m in names] for p, o, n in names]
    return sympy.Matrix(rows)


def jacobian(exprs: Any, symbols: Any) -> Any:
    """The matrix of first derivatives of several SymPy expressions (a list or a Matrix), a row for each; errors as in `gradient`."""
    asked = _symbols(symbols)
    several = [exprs] if isinstance(exprs, (sympy.Expr, str, int, float)) else _listed(exprs)
    if several is None:
        raise ArgumentError(f"{_kind(exprs)} is no list of expressions", advice="Write jacobian([x*y, x + y], [x, y]).")
    return sympy.Matrix([gradient(e, asked) for e in several])


def _symbols(asked: Any) -> list[Any]:
    """The symbols to differentiate by. Raises ArgumentError for whatever else is given."""
    symbols = [asked] if _is_one(asked) and not isinstance(asked, (int, float)) else _listed(asked)
    if symbols is None:
        raise ArgumentError(f"{_kind(asked)} is no list of symbols", advice="Write gradient(x**2*y, [x, y]).")
    for symbol in symbols:
        if isinstance(symbol, sympy.MatrixSymbol):
            what = f"{symbol} is a matrix, and a derivative by it is no SymPy expression"
            raise ArgumentError(what, advice=f'Write program({{"y": ...}}).derive("y", "{symbol}").')
        if isinstance(symbol, str):
            raise ArgumentError(f"{symbol!r} is a text, not a symbol", advice=f"Write Symbol({symbol!r}); texts go to symchain.parse.")
        if not isinstance(symbol, sympy.Symbol):
            advice = "Replace it by a symbol first: expr.subs(..., Symbol('u'))."
            if isinstance(symbol, (int, float, sympy.Number)):
                raise NumberVariableError(str(symbol))
            raise ArgumentError(f"{_kind(symbol)} is not a symbol, and nothing else can be differentiated by", advice=advice)
    return symbols


def _listed(several: Any) -> list[Any] | None:
    """The members of a list, a set, a Matrix; None of what has no members."""
    try:
        return None if isinstance(several, (sympy.MatrixExpr, bytes, bytearray, Mapping)) else list(several)
    except TypeError:
        return None


def _is_one(asked: Any) -> bool:
    """Whether one name or symbol alone was given, not a list of them or "all"."""
    if isinstance(asked, str):
        return asked != "all"
    return isinstance(asked, (int, float, sympy.Basic)) and not isinstance(asked, (sympy.Tuple, sympy.Set, sympy.MatrixBase))


def _kind(value: Any) -> str:
    return str(value)[:60] if isinstance(value, sympy.Basic) else type(value).__name__


def _wrapped(expr: Any, symbols: Sequence[Any]) -> list[tuple[Program, str, str]]:
    """The expression as the one block of a program, and the names of the symbols there."""
    expr = sympified("the expression", expr)
    if not isinstance(expr, sympy.Expr) or isinstance(expr, sympy.MatrixExpr):
        what = f"the expression is a matrix of shape {tuple(expr.shape)}, not one value"
        raise ArgumentError(what, advice="jacobian(list(M), symbols) differentiates every entry of a Matrix M.")
    names = [plain(s.name) for s in symbols]
    taken = {plain(s.name) for s in expr.free_symbols if hasattr(s, "name")}.union(names)
    name = "y"
    while name in taken:
        name += "_"
    p = program_of({name: expr}, from_sympy, shapes=dict.fromkeys(names, ()), symbols=symbols)
    return [(p, name, n) for n in names]


def _closed(d: Derivation, p: Program) -> Any:
    return to_sympy(_Engine().close(d), p.symbols)


class _Engine:
    """Implements blocks.Engine."""

    # ------------------------------------------------------------ deriving

    @making_trees()
    def derive(self, program: Program, args: tuple[Any, ...], order: int, vector: str | None) -> Derivation | Derivations:
        output, wrt = _asked(program, args)
        names = _some(program, wrt)
        if order == 1:
            sweep = _sweep(program, output, names)
            return sweep.derivation(names[0]) if _is_one(wrt) else sweep.derivations()
        if vector:
            check_free(vector)
        if vector is None:
            made = {n: second_derivative(program, output, n, n) for n in names}
        else:
            made = {n: hessian_vector_product(program, output, n, vector) for n in names}
        return made[names[0]] if _is_one(wrt) else Derivations(program, output, made, ())

    def jacobian(self, program: Program, args: tuple[Any, ...]) -> Derivation | Derivations:
        return self.derive(program, args, 1, None)

    def close(self, derivation: Derivation) -> Tree:
        program = derivation.program
        lines = {leaf(line.name, line.shape): line.tree for line in derivation.adjoint_lines}
        values: dict[Tree, Tree] = {}
        sizes: dict[Tree, int] = {}

        def written(tree: Tree) -> int:
            total: dict[Tree, int] = {}
            for node in postorder(tree):
                total[node] = sizes.get(node, 1 + sum(total[a] for a in node.args))
            return total[tree]

        definitions = [(b.leaf, b.tree) for b in program.blocks.values() if b.name != derivation.wrt]
        for symbol, tree in [*definitions, *lines.items()]:
            sizes[symbol] = written(tree)
            if sizes[symbol] <= _CLOSED_NODES:
                values[symbol] = substitute(tree, values)
        if written(derivation.formula_tree) > _CLOSED_NODES:
            raise LimitError(
                f"the closed form has more than {_CLOSED_NODES} nodes", advice="Use .formula or .lines, which keep the program's names."
            )
        return bind(substitute(derivation.formula_tree, values))

    def verify(self, derivation: Derivation | Derivations) -> Any:
        return verification.verify(derivation) if isinstance(derivation, Derivation) else verification.verify_all(derivation)

    @making_trees()
    def rewriting(self, derivation: Derivation) -> Rewriting:
        return rewriting_of(derivation)

    def companions(self, derivation: Derivation) -> tuple[Line, ...]:
        program, own = derivation.program, derivation.adjoint_lines
        network = network_of(program, derivation.output)
        if network is None or derivation.order != 1 or derivation.wrt not in network.parameters:
            return ()
        named = {line.of for line in own}
        wanted = [p for layer in network.layers if layer.sum in named for p in (layer.weight, layer.bias) if p]
        if not 1 < len(wanted) <= _TOGETHER or derivation.wrt not in wanted:
            return ()
        together = Sweep(program, derivation.output, wanted).derivations()
        if [line.tree for line in together.adjoint_lines] != [line.tree for line in own] or not verification.verify_all(together).held:
            return ()
        return tuple(line for name, line in together.printed.items() if name != derivation.wrt)

    def carry(self, tree: Tree, adjoint: Tree, lead: int) -> Tree:
        """An adjoint (its first `lead` axes those of the program's output) times a Jacobian, summed over what both share."""
        kept = [("lead", k) for k in range(lead)]
        shared = [("output", k) for k in range(len(adjoint.shape) - lead)]
        rest = [("input", k) for k in range(len(tree.shape) - len(shared))]
        return simplify(contract([adjoint, tree], [kept + shared, shared + rest], kept + rest))

    # ------------------------------------------------------------ compiling

    @making_trees()
    def compile(self, program: Program, output: str | None, wrt: Any, order: int, target: str, options: Mapping[str, Any]) -> Kernel:
        output = _output(program, output)
        if type(order) is not int or order not in (0, 1, 2):
            raise ArgumentError(f"order is 0, 1 or 2, not {order!r}", advice="order=1 returns value and gradients.")
        names = _names(program, wrt) if order else []
        written, program = program, stable_program(program, corners=order > 0, wrt=names)
        trees: list[tuple[Label, Tree]] = [(("value",), program.blocks[output].leaf)]
        extra: dict[str, Tree] = {}
        if names:
            sweep = _sweep(program, output, names)
            extra |= {line.name: line.tree for line in sweep.lines.values()}
            trees += [(("gradient", n), sweep.results[n].tree) for n in names]
        if order == 2:
            for k, first in enumerate(names):
                for second in names[k:]:
                    d = second_derivative(program, output, first, second)
                    label = ("hessian", first) if first == second else ("hessian", first, second)
                    trees.append((label, _beside(extra, d, {*program.inputs, *program.blocks})))
        return _kernel(program, trees, order, target, extra, options, written)

    @making_trees()
    def compile_derivation(self, derivation: Derivation | Derivations, target: str, options: Mapping[str, Any]) -> Kernel:
        if isinstance(derivation, Derivations):
            if any(d.order != 1 for d in derivation.values()):
                raise UnsupportedError(
                    "several Hessians do not compile to one kernel this way", advice="Use program.compile(..., order=2)."
                )
            return self.compile(derivation.program, derivation.output, list(derivation), 1, target, options)
        reading = derivation.reading or derivation.program
        extra = {line.name: line.tree for line in derivation.adjoint_lines}
        return _kernel(reading, [(("array",), derivation.result.tree)], None, target, extra, options)

    # ------------------------------------------------------------ reading at a point

    def sensitivity(self, program: Program, output: str | None, at: Any) -> Sensitivity:
        from symchain.sensitivity import measure

        return measure(program, _output(program, output), at)

    def page(self, program: Program, output: str | None, wrt: Any, at: Any, lang: str) -> str:
        from symchain.web.page import page

        return page(program, _output(program, output), _some(program, wrt), at, lang)

    def graph(self, program: Program, at: Any, output: str | None, level: str) -> Graph:
        from symchain.graphing import graph_of

        return graph_of(program, _output(program, output), at, level)

    # ------------------------------------------------------------ explaining

    def explain(self, program: Program, args: tuple[Any, ...], lang: str, at: Mapping[str, Any] | None) -> Any:
        from symchain.explaining import explain

        output, wrt = _asked(program, args)
        return explain(program, output, _name(program, wrt), lang, at)

    def check(self, program: Program, output: str, wrt: Any, claim: str) -> Verdict:
        from symchain.checking.judging import check

        if not isinstance(claim, str):
            raise ArgumentError(f"the claim is {type(claim).__name__}, not a text", advice='Write the formula as a text: "2*x".')
        return check(program, output, wrt, claim)

    # ------------------------------------------------------------ printing

    def phrase(self, tree: Tree) -> Phrase:
        return phrase_of(tree)

    def to_sympy(self, tree: Tree, symbols: Mapping[str, Any]) -> Any:
        return to_sympy(bind(tree), symbols)

    def bundle(self, subject: Any) -> dict[str, str]:
        return bundle(subject)

    def pdf(self, derivation: Derivation | Derivations, lang: str, detail: str, notation: str) -> bytes:
        from symchain.press import pdf

        return pdf(derivation, lang, detail, notation)

    def render(self, subject: Any, medium: str, **options: Any) -> str:
        return render(subject, medium, **options)


def _sweep(program: Program, output: str, names: Sequence[str]) -> Sweep:
    """The sweep from an output to some names: the program's last one, if it is that."""
    asked = (output, *names)
    if asked not in program.kept:
        program.kept.clear()
        program.kept[asked] = Sweep(program, output, names)
    return program.kept[asked]  # type: ignore[no-any-return]


def _kernel(
    program: Program,
    trees: Sequence[tuple[Label, Tree]],
    order: int | None,
    target: str,
    extra: Mapping[str, Tree],
    options: Mapping[str, Any],
    written: Program | None = None,
) -> Kernel:
    if not isinstance(target, str):
        raise ArgumentError(f"target is {type(target).__name__}, not a name", advice='Write target="auto".')
    if target not in ("auto", "numpy"):
        raise UnsupportedError(f"there is no target {target!r}", advice='Targets: "auto", "numpy".')
    return Kernel(lower(program, trees, order=order, extra=extra, written=written), NumPyBackend(), options)


def _beside(extra: dict[str, Tree], derivation: Derivation, taken: set[str]) -> Tree:
    """Add a derivation's lines to those of others, under new names where a name already means something else; its result over them."""
    renamed: dict[Tree, Tree] = {}
    for line in derivation.adjoint_lines:
        tree, name = substitute(line.tree, renamed), line.name
        while name in extra and extra[name] is not tree:
            name += "_"
            while name in taken:
                name += "_"
        extra[name] = tree
        if name != line.name:
            renamed[leaf(line.name, line.shape)] = leaf(name, line.shape)
    return substitute(derivation.result.tree, renamed)


# ---------------------------------------------------------------- what was asked for


def _asked(program: Program, args: tuple[Any, ...]) -> tuple[str, Any]:
    """(output, wrt) of derive(wrt) or derive(output, wrt)."""
    if len(args) == 1:
        return _output(program, None), args[0]
    if len(args) == 2:
        return _output(program, args[0]), args[1]
    raise ArgumentError(
        f"one or two arguments are expected, not {len(args)}", advice='derive("C", "W1"), or derive("W1") for the last block.'
    )


def _output(program: Program, output: str | None) -> str:
    if not program.blocks:
        raise ArgumentError("the program has no blocks", advice="Define at least one: y = ...")
    if output is None:
        return program.last
    output = _text(output)
    if output in program.blocks:
        return output
    if output in program.inputs:
        raise ArgumentError(f"{output} is an input, not a block", advice=f"Outputs: {', '.join(program.blocks)}.")
    raise ArgumentError(f"there is no block {output!r}", advice=advice_for(output, program.blocks))


def _names(program: Program, wrt: Any) -> list[str]:
    if isinstance(wrt, str) and wrt == "all":
        return list(program.inputs)
    asked = [wrt] if _is_one(wrt) else _listed(wrt)
    if asked is None:
        raise ArgumentError(f"{_kind(wrt)} is no name to differentiate by", advice='Write "W1", ["W1", "b1"] or "all".')
    return [_name(program, w) for w in asked]


def _some(program: Program, wrt: Any) -> list[str]:
    """The names to differentiate by, of which there must be one."""
    names = _names(program, wrt)
    if names:
        return names
    if not program.inputs:
        raise ArgumentError("the program has no input to differentiate by", advice="Put a name where something varies: y = 3*x.")
    raise ArgumentError("no name to differentiate by is given", advice='Write "W1", ["W1", "b1"] or "all".')


def _text(name: Any) -> str:
    """A name, which may be given as a symbol and as LaTeX writes it."""
    return plain(str(name))


def _name(program: Program, wrt: Any) -> str:
    text = _text(wrt)
    if text in program.inputs or text in program.blocks:
        return text
    if _NUMBER.fullmatch(text):
        raise NumberVariableError(text)
    if text in program.dimensions:
        raise ArgumentError(
            f"{text} is a dimension, a whole number: nothing can be differentiated by it",
            advice=f"Inputs: {', '.join(program.inputs)}.",
        )
    raise ArgumentError(f"there is no name {text!r} to differentiate by", advice=advice_for(text, [*program.inputs, *program.blocks]))


blocks.install(_Engine())
