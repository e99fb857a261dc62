"""Derivation, Path, Factor, Step, Line: what was proved, as data only.

The chain rule makes these values, renderers read them. Trees are what was computed; phrases are how it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, overload

from symchain.kernels.kernel import Kernel
from symchain.nouns.computation import Computation, Unchanging
from symchain.nouns.curvature import Curvature
from symchain.nouns.door import engine
from symchain.nouns.names import name_between
from symchain.support.assignments import given_point
from symchain.support.dimensions import Shape
from symchain.support.lazily import Made
from symchain.support.notation import Phrase, walk
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.memory import making_trees
from symchain.tensors.trees import Tree

RULES = (
    "const", "self", "sum", "scale", "product", "quotient", "power", "exponential", "general_power", "chain", "act", "function", "paths",
    "partial", "linear", "hadamard", "batch", "where", "operation",
    "subst", "simp", "ident", "numbers", "gather", "powers", "collect", "zero", "factor", "fraction", "expand", "cases", "inverse",
    "slice", "transpose", "sign", "fact", "order",
)  # fmt: skip
"""The keys a Step may carry; wording has a name for each in every language."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Step:
    """d(subject)/d(by) = result, by a named rule applied to the results of the substeps.

    For rewriting steps (from subst on) `by` is empty and the statement is subject = result.
    """

    rule: str
    subject: Tree
    by: str
    result: Tree
    substeps: Sequence[Step] = ()
    parameters: Mapping[str, Any] = field(default_factory=lambda: NOTHING)

    def __str__(self) -> str:
        return engine().render(self, "text")

    @property
    def moving(self) -> tuple[Step, ...]:
        """The substeps whose subject depends on `by`."""
        if isinstance(self.substeps, Summands):
            return tuple(self.substeps.moving.values())
        return tuple(s for s in self.substeps if s.rule != "const")


class Summands(Sequence[Step]):
    """The steps of the terms of a sum; those of terms that do not move are made when asked for: of thousands, hardly any does."""

    def __init__(self, terms: Sequence[Tree], moving: Mapping[int, Step], still: Callable[[Tree], Step]) -> None:
        self._terms, self._still, self.moving = terms, still, moving

    def __len__(self) -> int:
        return len(self._terms)

    @overload
    def __getitem__(self, place: int) -> Step: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Step]: ...
    def __getitem__(self, place: int | slice) -> Step | Sequence[Step]:
        places = range(len(self))[place]
        if isinstance(places, range):
            return [self[k] for k in places]
        return self.moving.get(places) or self._still(self._terms[places])


@dataclass(frozen=True)
class Factor(Unchanging):
    """The local derivative of a block by one name it reads: a linear map, written as a tree of shape `shape` (output + input).

    `general` keeps the program's own function names (sigma2'(z2)); `tree` has them replaced by what they are bound to
    (a2*(1 - a2)). `rule` is the key of the outermost rule.
    """

    output: str
    input: str
    tree: Tree = field(repr=False)
    general: Tree = field(repr=False)
    rule: str
    shape: Shape
    steps: tuple[Step, ...] = field(repr=False)
    raw_tree: Tree | None = field(default=None, repr=False)
    """The derivative before it was simplified, where that says more (1/2*2*(a2 - y)*1)."""
    symbols: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"d{self.output}/d{self.input}"

    @cached_property
    def phrase(self) -> Phrase:
        """The factor as printed."""
        return phrase_of(self.tree)

    @cached_property
    def general_phrase(self) -> Phrase:
        return phrase_of(self.general)

    @cached_property
    def shown(self) -> Tree:
        """The tree that explains most: with the program's own function names where a derivative of them stands, else replaced."""
        return self.general if any(p.primes for p in walk(self.general_phrase)) else self.tree

    @cached_property
    def raw(self) -> Phrase | None:
        return None if self.raw_tree is None else phrase_of(self.raw_tree)

    @cached_property
    def expr(self) -> Any:
        """The factor in SymPy."""
        return engine().to_sympy(self.tree, self.symbols)


@dataclass(frozen=True)
class Path(Unchanging):
    """One way from the output to the input, as factors in chain order, output first."""

    factors: tuple[Factor, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names met on the way, output first."""
        return (self.factors[0].output, *(f.input for f in self.factors)) if self.factors else ()

    def __repr__(self) -> str:
        names = self.names[::-1]
        shown = names if len(names) <= 12 else (*names[:6], "...", *names[-5:])
        return f"<path {' -> '.join(shown)}>"


@dataclass(frozen=True)
class Line:
    """One printed line `name = expression`. `role` is "adjoint" (of block `of`), "derivative" (by name `of`), or "value"."""

    name: str
    tree: Tree = field(repr=False)
    role: str
    of: str
    shape: Shape
    general: Tree | None = field(default=None, repr=False)
    """The right-hand side before bound function names were replaced, where that differs."""
    written: Phrase | None = field(default=None, repr=False)
    """How it is written, where that is not the tree's own way."""
    received: tuple[tuple[str, Tree], ...] = field(default=(), repr=False, compare=False)
    """Of an adjoint: the blocks that sent it something, output first, each with its own adjoint."""

    @cached_property
    def phrase(self) -> Phrase:
        return phrase_of(self.tree) if self.written is None else self.written

    @cached_property
    def general_phrase(self) -> Phrase:
        return self.phrase if self.general is None else phrase_of(self.general)


@dataclass(frozen=True)
class Rewriting:
    """How what was multiplied became what is printed: named steps, each saying subject = result.

    None makes the formula longer, except where a known function is put in place of a name.

    >>> import symchain
    >>> program = symchain.parse("p = sigmoid(z); C = -y*log(p) - (1 - y)*log(1 - p)")
    >>> print(*program.derive("C", "z").rewriting.product)
    (p - y)/(p*(1 - p))*p*(1 - p) = p - y   (equal factors combined)
    """

    product: tuple[Step, ...] = ()
    """From the product of the factors to the formula in the program's own function names."""
    functions: tuple[Step, ...] = ()
    """From there to the formula in known functions."""
    lines: Mapping[str, tuple[Step, ...]] = field(default_factory=lambda: NOTHING)
    """For each adjoint line, from what its users send to what the line says."""

    @property
    def steps(self) -> tuple[Step, ...]:
        return (*self.product, *self.functions, *(step for steps in self.lines.values() for step in steps))


@dataclass(frozen=True)
class Verification:
    """The evidence: method ("complex step"), number of points, components compared, largest relative error, and whether it held."""

    method: str
    points: int
    components: int
    error: float
    held: bool
    at: Mapping[str, Any] = field(default_factory=dict)
    value: Any = None
    """The derivative at `at`, from the derivation."""
    reference: Any = None
    """The same from the program's blocks, by the method named."""
    factors: Mapping[str, Any] = field(default_factory=dict)
    """The local derivatives at `at`, by factor name, where the check measured them."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The blocks' values at `at`, where the check kept them."""
    open: str = ""
    """Why nothing is known, where that is so: "nowhere" (no point with finite values was found), "rounding" (at all points rounding
    decides), "kinks" (all points are on kinks), "flat" (the derivative is 0 at all points, where a wrong formula would be 0 too)."""
    rounded: bool = False
    """Whether the relative error is due to rounding, which was measured."""
    zero: bool = False
    """Whether the derivative was 0 at all points."""
    asked: str = ""
    """Why the check was not made at the reader's point: "outside" the domain, on a "kink", where a "branch" is chosen, "steep" (no finite
    derivative) or "rounding"."""
    given: Any = None
    """The derivative at the reader's point on a kink, from the derivation."""

    @property
    def failed(self) -> bool:
        """Whether a difference was found that rounding does not explain."""
        return not self.held and not self.open


ERROR_TERM = "delta_{}"
"""What the derivative of a number by a block is called."""


TOLD = 40
"""Up to so many derivatives are told step by step;"""
SEPARATE = 12
"""more than this are checked together."""


class Printed(Unchanging):
    """What a derivation and several have in common: lines, evidence, a kernel, and the media they are printed in."""

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """The lines, what is derived last."""
        raise NotImplementedError

    @property
    @making_trees()
    def lines(self) -> tuple[str, ...]:
        """The derivation as a program: "name = expression" texts in the input language, the derivatives last."""
        return tuple(engine().render(line, "text") for line in self.all_lines)

    @cached_property
    def verification(self) -> Verification:
        """Evidence that the derivatives are right, all at once where there are several; made on first use.

        It is computed from the blocks as they were written, never from the rules.
        """
        return engine().verify(self)  # type: ignore[no-any-return]

    @cached_property
    def sized(self) -> Mapping[str, tuple[Phrase, Phrase]]:
        """By the name of each line: its general form and its last one, with the shape of each factor of their products under it."""
        return engine().sizes(self, self.all_lines)  # type: ignore[no-any-return]

    def compile(self, *, target: str = "auto", **options: Any) -> Kernel:
        """A Kernel that returns the derivative array alone; of several derivatives, the value and the gradients."""
        return engine().compile_derivation(self, target, options)

    def checked_at(self, point: Mapping[str, Any] | None) -> Any:
        """The same, its check made at this point too, and printed there: a value for every input."""
        raise NotImplementedError

    def text(self, lang: str = "en", detail: str = "standard", notation: str = "matrix", at: Mapping[str, Any] | None = None) -> str:
        """The derivation for a terminal. lang: a language symchain speaks; detail: brief, standard or full.

        notation: "matrix"; "index" derives entry by entry, with sums and Kronecker deltas; "kronecker" writes Jacobians of and by
        matrices in the vec layout. at: a value for every input, where the numerical check is to be made.
        """
        return self._print("text", lang, detail, notation, at)

    def latex(
        self, lang: str = "en", detail: str = "standard", notation: str = "matrix", at: Mapping[str, Any] | None = None, **setting: Any
    ) -> str:
        """LaTeX to paste into a document that loads amsmath; with standalone=True a whole document.

        width=: "page", "article", "column", a length ("88mm"); partials=: "partial" (\\partial_1 g), "D" (D_1 g), "comma" (g_{,1}).
        """
        options = {"lang": lang, "detail": detail, "notation": notation, "complete": setting.pop("standalone", False), **setting}
        return engine().render(self.checked_at(at), "latex", **options)  # type: ignore[no-any-return]

    def markdown(self, lang: str = "en", detail: str = "standard", notation: str = "matrix", at: Mapping[str, Any] | None = None) -> str:
        """Markdown with mathematics between dollars."""
        return self._print("markdown", lang, detail, notation, at)

    def html(self, lang: str = "en", detail: str = "standard", notation: str = "matrix", at: Mapping[str, Any] | None = None) -> str:
        """An HTML fragment; mathematics as KaTeX-ready LaTeX, everything escaped."""
        return self._print("html", lang, detail, notation, at)

    def pdf(self, lang: str = "en", detail: str = "standard", notation: str = "matrix") -> bytes:
        """A PDF file, made by Typst (the extra symchain[pdf]) or by the LaTeX that is installed. Raises UnsupportedError without either."""
        return engine().pdf(self, lang, detail, notation)

    def _print(self, medium: str, lang: str, detail: str, notation: str, at: Mapping[str, Any] | None) -> str:
        return engine().render(self.checked_at(at), medium, lang=lang, detail=detail, notation=notation)

    def to_json(self) -> str:
        return engine().render(self, "json")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return engine().bundle(self)

    def _repr_latex_(self) -> str:
        return self._repr_mimebundle_()["text/latex"]

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, eq=False)
class Derivation(Printed):
    """The derivative of `output` by `wrt`, with everything that led to it."""

    program: Computation
    output: str
    wrt: str
    order: int
    shape: Shape
    factors: Mapping[str, Factor]
    maps: Mapping[str, Tree]
    """Each factor as a map: what its input receives from the adjoint of its output (W2.T @ delta_z2)."""
    path_count: int
    paths: tuple[Path, ...]
    adjoint_lines: tuple[Line, ...]
    """The lines before the last: adjoints that earned a name."""
    result: Line
    formula_tree: Tree
    general_tree: Tree
    """The formula before bound function names are replaced: (a2 - y)*sigma2'(z2)*W2*sigma1'(z1)*x."""
    product_tree: Tree | None = None
    """The factors multiplied as they stand and added over the paths, before simplification; between arrays, what they make of 1 as maps.
    None where that is too long, or where the output has axes."""
    substitutions: tuple[tuple[Tree, Tree], ...] = ()
    """(sigma2'(z2), a2*(1 - a2)): what binding the program's functions replaced."""
    zero_reason: str = ""
    """Why the derivative is 0, else empty: "unrelated", the output does not depend on wrt; "flat", a factor vanishes on every path;
    "cancelled", what the paths contribute adds up to 0; "linear", the first derivative does not depend on wrt; "straight", the
    derivative of the first derivative vanishes."""
    reading: Computation | None = None
    """The program extended by what the lines read beyond the program's own names (order 2: the gradient's lines), else None."""
    point: Mapping[str, Any] | None = None
    """The reader's point, where the check is made and printed first; None for points that the check chooses."""
    first: str = ""
    """Of order 2: the name that the output is differentiated by before `wrt`."""
    slope: str = ""
    """Of order 2: the block of `reading` whose derivative this is: the first derivative, or what was made of it and a vector."""

    @property
    def between(self) -> str:
        """What the derivative by a block on the way is called, with {} for the block."""
        if self.order == 1:
            return ERROR_TERM
        vector = next((n for n in self.reading.inputs if n not in self.program.inputs), "") if self.reading else ""
        return name_between(self.output, self.first, vector)

    @property
    def mixed(self) -> bool:
        """Whether this is a second derivative by two names."""
        return self.first not in ("", self.wrt)

    @property
    def key(self) -> str:
        """What tells this derivative from the others of its output."""
        return f"{self.first},{self.wrt}" if self.mixed else self.wrt

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """The adjoint lines that earned a name, then the derivative."""
        return (*self.adjoint_lines, self.result)

    @cached_property
    def formula_phrase(self) -> Phrase:
        """The formula as printed."""
        return phrase_of(self.formula_tree)

    @cached_property
    def general_phrase(self) -> Phrase:
        return phrase_of(self.general_tree)

    @cached_property
    def formula(self) -> Any:
        """The derivative in SymPy, in the program's own names.

        str() and repr() of it are SymPy's: RecursionError on functions nested some hundred deep, which `lines` and text() print too.
        """
        return engine().to_sympy(self.formula_tree, self.program.symbols)

    @cached_property
    def closed(self) -> Any:
        """The derivative in SymPy, in the inputs alone. Raises LimitError above 10,000 nodes."""
        return engine().to_sympy(engine().close(self), self.program.symbols)

    @cached_property
    def rewriting(self) -> Rewriting:
        """The named steps of simplification; verified with the derivation."""
        return engine().rewriting(self)  # type: ignore[no-any-return]

    @cached_property
    def textbook(self) -> Mapping[str, Phrase]:
        """The derivatives, as textbooks write them, of the functions that the program's own names are bound to: out*(1 - out)."""
        return engine().textbook(self)  # type: ignore[no-any-return]

    @cached_property
    def curvature(self) -> Curvature | None:
        """Of order 2: what is known of its sign (.kind, .reasons, .convex), from the way it is made and from facts; else None."""
        return engine().curvature(self)  # type: ignore[no-any-return]

    @cached_property
    def companions(self) -> tuple[Line, ...]:
        """In a layered network, the gradients of other parameters that the adjoint lines of this one give at once; verified like it."""
        return engine().companions(self)

    @cached_property
    def sized_companions(self) -> Mapping[str, tuple[Phrase, Phrase]]:
        """The companions as `sized` gives lines."""
        return engine().sizes(self, self.companions)  # type: ignore[no-any-return]

    def checked_at(self, point: Mapping[str, Any] | None) -> Derivation:
        return self if point is None else replace(self, point=dict(given_point(point)))

    def __repr__(self) -> str:
        if self.mixed:
            return f"<derivation of d2{self.output}/d{self.first}d{self.wrt}>"
        return f"<derivation of d{'' if self.order == 1 else self.order}{self.output}/d{self.wrt}{'' if self.order == 1 else self.order}>"


@dataclass(frozen=True, eq=False)
class Derivations(Printed, Mapping[str, Derivation]):
    """Derivatives of one output by several names: an ordered mapping name -> Derivation, with adjoint lines shared.

    Of a Hessian, `hessian["w"]` is the block on the diagonal and `hessian["w", "b"]` the mixed one, for names in the order asked for.
    """

    program: Computation
    output: str
    members: Mapping[str, Derivation]
    """Made when first asked for: thousands of parameters cost no more than their lines."""
    adjoint_lines: Sequence[Line]
    results: Sequence[Line] = ()
    """The derivative lines, one for each member, and for each mixed block beside those of its first name."""
    point: Mapping[str, Any] | None = None
    mixed: Mapping[tuple[str, str], Derivation] = field(default_factory=dict)
    """Of a Hessian, the blocks off the diagonal."""

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __getitem__(self, name: str | tuple[str, str]) -> Derivation:
        return self.mixed[name] if isinstance(name, tuple) else self.members[name]

    @property
    def every(self) -> Iterator[Derivation]:
        """The members, each followed by the mixed blocks that begin with its name."""
        if not self.mixed:
            return iter(self.members.values())
        names = list(self.members)
        return (self.members[n] if n == m else self.mixed[n, m] for k, n in enumerate(names) for m in names[k:])

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    @property
    def all_lines(self) -> tuple[Line, ...]:
        """The shared adjoint lines once, then one line per derivative."""
        return (*self.adjoint_lines, *self.printed.values())

    @property
    def printed(self) -> Mapping[str, Line]:
        """The last line of each derivative by its key, over the shared lines."""
        if self.results:
            return dict(zip([d.key for d in self.every] if self.mixed else self.members, self.results, strict=True))
        return {name: d.result for name, d in self.members.items()}

    def checked_at(self, point: Mapping[str, Any] | None) -> Derivations:
        given_point(point)
        if point is None:
            return self
        members = Made({n: n for n in self.members}, lambda name: self.members[name].checked_at(point))
        mixed = {names: d.checked_at(point) for names, d in self.mixed.items()}
        return replace(self, members=members, point=dict(point), mixed=mixed)

    def __repr__(self) -> str:
        return f"<derivations of {self.output} by {len(self.members)} names>"
