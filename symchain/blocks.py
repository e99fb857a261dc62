"""Program, Block, Variable: what was written, as data.

What works on a program (deriving, compiling, printing) lives on higher floors and reaches the methods here through one
injected object, the engine: a file imports only from lower floors, and yet `program.derive(...)` reads as it should.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, Self

from symchain.assignments import given_point
from symchain.dimensions import Dim, Shape
from symchain.errors import ArgumentError, Place, UnsupportedError
from symchain.notation import Phrase

if TYPE_CHECKING:
    from symchain.checking.verdict import Verdict
    from symchain.derivation import Derivation, Derivations
    from symchain.graphing import Graph
    from symchain.sensitivity import Sensitivity
    from symchain.tensors.nodes import Leaf, Tree


class Engine(Protocol):
    """What the nouns ask of the floors above them."""

    def derive(self, program: Program, args: tuple[Any, ...], order: int, vector: str | None) -> Derivation | Derivations: ...
    def jacobian(self, program: Program, args: tuple[Any, ...]) -> Derivation | Derivations: ...
    def compile(self, program: Program, output: str | None, wrt: Any, order: int, target: str, options: Mapping[str, Any]) -> Any: ...
    def compile_derivation(self, derivation: Any, target: str, options: Mapping[str, Any]) -> Any: ...
    def phrase(self, tree: Tree) -> Phrase: ...
    def close(self, derivation: Derivation) -> Tree: ...
    def verify(self, derivation: Derivation | Derivations) -> Any: ...
    def rewriting(self, derivation: Any) -> Any: ...
    def companions(self, derivation: Derivation) -> tuple[Any, ...]: ...
    def render(self, subject: Any, medium: str, **options: Any) -> str: ...
    def to_sympy(self, tree: Tree, symbols: Mapping[str, Any]) -> Any: ...
    def sensitivity(self, program: Program, output: str | None, at: Any) -> Sensitivity: ...
    def page(self, program: Program, output: str | None, wrt: Any, at: Any, lang: str) -> str: ...
    def graph(self, program: Program, at: Any, output: str | None, level: str) -> Graph: ...
    def pdf(self, derivation: Any, lang: str, detail: str, notation: str) -> bytes: ...
    def bundle(self, subject: Any) -> dict[str, str]: ...
    def check(self, program: Program, output: str, wrt: Any, claim: str, using: str) -> Verdict: ...
    def carry(self, tree: Tree, adjoint: Tree, lead: int) -> Tree: ...
    def explain(self, program: Program, args: tuple[Any, ...], lang: str, at: Mapping[str, Any] | None) -> Any: ...


_engine: Engine | None = None


def install(engine: Engine) -> None:
    """Called once by symchain.engine."""
    global _engine
    _engine = engine


def engine() -> Engine:
    if _engine is None:
        import symchain

        symchain.parse  # noqa: B018  (the first public name that is touched loads the engine)
    assert _engine is not None
    return _engine


class Unchanging:
    """What never changes is its own copy. It is not pickled: trees are made once in a process, and may nest deeper than pickle recurses."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> Any:
        what = f"{type(self).__name__} objects are not pickled"
        raise UnsupportedError(what, advice="Send str(program) and read it with symchain.parse there; kernels can be pickled.")


@dataclass(frozen=True)
class Variable:
    """An input of a program. `symbol` is its SymPy symbol: real, and positive or nonnegative where that is a declared fact."""

    name: str
    shape: Shape
    leaf: Leaf = field(repr=False)
    facts: frozenset[str] = frozenset()
    symbol: Any = None
    declared: bool = False


@dataclass(frozen=True)
class Block:
    """One named line: `phrase` is how it was written, `tree` what it means, `reads` the names it uses, in order."""

    name: str
    shape: Shape
    tree: Tree = field(repr=False)
    phrase: Phrase = field(repr=False)
    reads: tuple[str, ...]
    leaf: Leaf = field(repr=False)
    symbols: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def expr(self) -> Any:
        """The right-hand side in SymPy: a plain expression over real symbols for scalars, a tree with shapes otherwise."""
        return engine().to_sympy(self.tree, self.symbols)


@dataclass(frozen=True)
class Claim:
    """A derivative statement of a text: the derivative of `output` by `wrt` is `claim`.

    `output` is a block's name or an expression, `wrt` a name, or a number (then the statement has no meaning); in `claim`, dy/dx is
    the derivative of y by x. `place` and `line` say where it stands, `section` which of program.sections holds the definitions in
    force there.
    """

    output: str
    wrt: str | int | float
    claim: str
    place: Place | None = None
    line: str = ""
    section: int = 0


@dataclass(frozen=True, eq=False)
class Program(Unchanging):
    """A computation as named blocks, in order of definition.

    `inputs` and `blocks` are ordered mappings; `outputs` are the blocks no other block reads (the last one is the default
    output). `dimensions` are the letters of the shapes, `functions` the program's own function names with what they are bound to.
    """

    inputs: Mapping[str, Variable]
    blocks: Mapping[str, Block]
    dimensions: tuple[str, ...] = ()
    functions: Mapping[str, Any] = field(default_factory=dict)
    symbols: Mapping[str, Any] = field(default_factory=dict, repr=False)
    claims: tuple[Claim, ...] = ()
    """The derivative statements of a LaTeX text, those of its later sections included."""
    later: tuple[Program, ...] = field(default=(), repr=False)
    understood: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """For a LaTeX text: each line that was read, and how, in the input language."""
    kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)
    """What the engine worked out last, under what was asked: deriving and then compiling is one sweep."""

    @property
    def sections(self) -> tuple[Program, ...]:
        """This program and those that a LaTeX text goes on to define with the same names."""
        return (self, *self.later)

    @cached_property
    def outputs(self) -> Mapping[str, Block]:
        read = {name for block in self.blocks.values() for name in block.reads}
        last = next(reversed(list(self.blocks)), None)
        return MappingProxyType({n: b for n, b in self.blocks.items() if n not in read or n == last})

    @cached_property
    def _places(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Where each block stands, and where each name is read first."""
        first: dict[str, int] = {}
        for k, block in enumerate(self.blocks.values()):
            for name in block.reads:
                first.setdefault(name, k)
        return {name: k for k, name in enumerate(self.blocks)}, first

    def may_depend(self, name: str, by: str) -> bool:
        """Whether a name may depend on another: False where it is an input, or stands before the other is first read. At no cost."""
        defined, read = self._places
        return name in defined and by in read and defined[name] >= read[by]

    @property
    def last(self) -> str:
        """The default output: the last block."""
        return next(reversed(list(self.blocks)))

    @property
    def scalar(self) -> bool:
        """Whether all inputs and blocks have shape (): then arrays broadcast through the compiled program."""
        return not any(v.shape for v in self.inputs.values()) and not any(b.shape for b in self.blocks.values())

    def derive(self, *args: Any) -> Any:
        """The derivative of an output (default: the last block) by one name, a list of names, or "all" inputs.

        The derivative of an output of shape F by an input of shape X has shape F + X. Returns a Derivation, or Derivations for
        a list or "all". Raises ArgumentError for unknown names, NotDifferentiableError where there is no derivative.

        >>> import symchain
        >>> symchain.parse("y = a*x**2").derive("x").formula
        2*a*x
        """
        return engine().derive(self, args, 1, None)

    def hessian(self, *args: Any) -> Any:
        """The second derivative by one name, of shape F + X + X: a Derivation of order 2.

        >>> import symchain
        >>> symchain.parse("y = a*x**3").hessian("x").formula
        6*a*x
        """
        return engine().derive(self, args, 2, None)

    def jacobian(self, *args: Any) -> Any:
        """`derive` by another name, for outputs that are not scalars."""
        return engine().jacobian(self, args)

    def hvp(self, *args: Any, vector: str | None = None) -> Any:
        """The Hessian-vector product H @ v of a scalar output, with a new input v_w (or `vector`) of the shape of w."""
        if vector is not None and not isinstance(vector, str):
            raise ArgumentError(f"vector is {type(vector).__name__}, not a name", advice='Write vector="v".')
        return engine().derive(self, args, 2, vector or "")

    def compile(self, output: str | None = None, *, wrt: Any = "all", order: int = 1, target: str = "auto", **options: Any) -> Any:
        """A Kernel that returns value and gradients (order=1), value alone (order=0), or value, gradient and Hessian (order=2).

        >>> import symchain
        >>> value, gradient = symchain.parse("y = a*x**2").compile(wrt=["x"])(a=2.0, x=3.0)
        >>> float(value), float(gradient["x"])
        (18.0, 12.0)
        """
        return engine().compile(self, output, wrt, order, target, options)

    def sensitivity(self, output: str | None = None, *, at: Any) -> Sensitivity:
        """How strongly, and which way, every input moves a block that is a number, near a point.

        `at` holds the inputs' values; a list of such points, or arrays for a program of numbers, gives means over many points.

        >>> import symchain
        >>> symchain.parse("y = a*x**2").sensitivity(at={"a": 2.0, "x": 3.0}).influences["x"].slope.rank
        1
        """
        return engine().sensitivity(self, output, given_point(at, several=True))

    def html(self, output: str | None = None, *, wrt: Any = "all", at: Any = None, lang: str = "en") -> str:
        """A page for a browser: derivation, graph, sensitivity and code in one HTML file, English and French, that loads nothing."""
        return engine().page(self, output, wrt, given_point(at), lang)

    def graph(self, at: Any = None, output: str | None = None, *, level: str = "named") -> Graph:
        """The graph of an output: the value of every block above its wire, the gradient below; names without a point.

        level: "named" draws the blocks, "ops" single operations. `.svg(lang)`, `.tikz(lang)`, `.dot()` and `.mermaid()` draw it.

        >>> import symchain
        >>> symchain.parse("y = a*x**2").graph(at={"a": 2.0, "x": 3.0})
        <graph of y: 3 boxes, 2 wires>
        """
        return engine().graph(self, given_point(at), output, level)

    def explain(self, *args: Any, lang: str = "en", at: Mapping[str, Any] | None = None) -> Any:
        """Why the derivative of an output (default: the last block) by one name is what it is: an Explanation.

        Where the output reads the name, its local derivative is explained term by term; else the whole gradient, path by path.
        str() of it is the text, in `lang`; `at` gives numbers for the example. Raises NumberVariableError for a number.

        >>> import symchain
        >>> print(symchain.parse("z = w*x + b").explain("w").text().splitlines()[3])
        z = w*x + b. Only w moves; x and b stay fixed.
        """
        return engine().explain(self, args, lang, given_point(at))

    def check(self, output: str, wrt: Any, claim: str, using: str = "factors") -> Verdict:
        """Judge the claim that the derivative of `output` (a block or an expression) by `wrt` is `claim`, and name the mistake in it.

        In a claim da2/dz2 is that derivative, unless it is a name of the program. The Verdict has .status (proved, agrees, wrong or
        undecided), .mistake and .message(lang). For graders, `using` says what a claim may hold: "factors" (derivatives too, which the
        Verdict lists as .derivatives; the very derivative that is asked for shows nothing), "blocks" (inputs and blocks) or "inputs"
        alone. A claim that is right where something is declared that is not (a > 0) is undecided, with .condition and .declare. Raises
        ParseError for a claim that cannot be read, NumberVariableError where `wrt` is a number, ArgumentError for another `using`.

        >>> import symchain
        >>> symchain.parse("C = (a - y)**2").check("C", "a", "y - a").mistakes
        ('constant',)
        """
        return engine().check(self, output, wrt, claim, using)

    def latex(self) -> str:
        """The blocks as LaTeX, one aligned line each."""
        return engine().render(self, "latex")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return engine().bundle(self)

    def _repr_latex_(self) -> str:
        return engine().bundle(self)["text/latex"]

    def __str__(self) -> str:
        return engine().render(self, "text")

    def __repr__(self) -> str:
        """Of one size for every program: a debugger prints it, and expressions may nest deeper than Python recurses."""
        return f"<program of {self.last if self.blocks else 'nothing'}: {len(self.blocks)} blocks, {len(self.inputs)} inputs>"


def ancestors(program: Program, output: str) -> set[str]:
    """The names the output depends on, itself included. Linear in the program."""
    seen: set[str] = {output}
    stack = [output]
    while stack:
        block = program.blocks.get(stack.pop())
        for name in block.reads if block else ():
            if name not in seen:
                seen.add(name)
                stack.append(name)
    return seen


def dependents(program: Program, *names: str) -> set[str]:
    """The blocks that depend on some names, those included. Linear in the program."""
    seen = set(names)
    for block in program.blocks.values():
        if any(r in seen for r in block.reads):
            seen.add(block.name)
    return seen


__all__: Sequence[str] = ["Block", "Claim", "Dim", "Engine", "Program", "Variable", "ancestors", "dependents", "engine", "install"]
