"""Recursion: the derivative of a program with families, as lines with an index. Data, like a Derivation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from symchain.errors import UnsupportedError
from symchain.nouns.computation import Computation, Unchanging
from symchain.nouns.door import engine
from symchain.support.dimensions import Shape
from symchain.support.linear import Linear
from symchain.support.notation import Phrase
from symchain.tensors.trees import Tree

ARGUMENT = "\N{DEGREE SIGN}"
"""Behind the name of a family: the argument of the function that its members are a value of."""

CARRY = "carry"
"""The role of a line that says where windows of a truncated recursion end."""


@dataclass(frozen=True)
class RangedLine:
    """One printed line: `name[index] = formula for var in first..last`; without an index, a line of any program.

    `role` is "adjoint", "start" (of a recursion of adjoints), "end" (zeros past its start), "carry" (where windows of a truncated one
    end), "value", or "derivative".
    """

    name: str
    tree: Tree = field(repr=False)
    phrase: Phrase
    shape: Shape
    role: str
    of: str = ""
    index: Linear | None = None
    var: str = ""
    first: Linear | None = None
    last: Linear | None = None
    down: bool = False
    """Whether the range runs from a later member to an earlier one."""

    @property
    def left(self) -> str:
        """What the line defines."""
        return self.name if self.index is None else f"{self.name}[{self.index}]"

    @property
    def range(self) -> tuple[str, Linear | None, Linear | None, bool]:
        """What lines that advance together have in common."""
        return self.var, self.first, self.last, self.down

    @property
    def over(self) -> str:
        """The range of the line, as it is written; empty where it has none."""
        return f" for {self.var} in {self.first}..{self.last}" if self.var else ""


@dataclass(frozen=True)
class Evidence:
    """What was compared: the lengths at which the lines were written out, points, components, the largest relative error."""

    lengths: tuple[Mapping[str, int], ...]
    points: int
    components: int
    error: float
    held: bool
    open: str = ""
    """Why nothing is known, where that is so."""

    @property
    def failed(self) -> bool:
        """Whether a difference was found that rounding does not explain."""
        return not self.held and not self.open


def _refused(what: str) -> UnsupportedError:
    advice = "Ask the ordinary program: program.unrolled(...)."
    return UnsupportedError(f"{what} of a program with families is not available", advice=advice)


@dataclass(frozen=True, eq=False)
class Recursion(Unchanging):
    """The derivative of `output` by `wrt`, of a program with families: adjoints that run back over its ranges, and sums over them.

    >>> import symchain
    >>> d = symchain.parse("a[0] = x\\na[l] = w[l]*a[l-1] for l in 1..L\\nC = a[L]**2").derive("C", "w")
    >>> print(*d.lines, sep="\\n")
    delta_a[L] = 2*a[L]
    delta_a[l] = delta_a[l+1]*w[l+1] for l in L-1..1
    dC_dw[l] = delta_a[l]*a[l-1] for l in 1..L
    """

    program: Computation
    output: str
    wrt: str
    wanted: Any
    """What `wrt` means: a name, every member of a family, or one of them (`language.wanted`)."""
    ranged: tuple[RangedLine, ...]
    frames: Any = field(repr=False, default=None)
    """What the names in its trees say about members (`deriving.recursions`)."""
    order: int = 1
    """2 for the product of the Hessian with a vector: then `output` is how `moved` moves along the vector."""
    moved: str = ""
    vector: str = ""
    """Of such a product, the input that it is with."""
    source: Computation | None = None
    """Of order 2, and of forward ones: the program that was asked, without the lines that say how its values move."""
    forward: bool = False
    """Whether the derivative is carried forward beside the values: that of a family, or of an array."""
    columns: bool = False
    """Of order 2: whether the second derivative is meant, whose columns these products are, with unit vectors."""
    truncate: int | None = None
    """The steps of a window, of a truncated recursion: what it leads to is no derivative (`support.truncation`)."""
    named: Mapping[str, str] = field(default_factory=dict)
    """By what a line defines, the name that textbooks have for its equation: BP1 to BP4, BPTT, costate, control, smoother."""

    @cached_property
    def verification(self) -> Evidence:
        """Evidence that the lines are right: written out at several lengths, beside complex steps; made on first use."""
        return engine().verify_recursion(self)  # type: ignore[no-any-return]

    @property
    def result(self) -> RangedLine:
        """The line of the derivative, the last one of it; of one that is carried forward, others may stand behind it."""
        return next(line for line in reversed(self.ranged) if line.role == "derivative")

    @cached_property
    def whole(self) -> frozenset[str]:
        """The adjoints that are the whole derivative by their member: those that nothing of the same step adds to."""
        names = {line.name for line in self.ranged if line.role != "derivative"}
        return frozenset(n for n in names if not n.endswith("_"))

    def text(self, lang: str = "en", detail: str = "standard") -> str:
        """The derivation for a terminal. lang: a language symchain speaks; detail: brief, standard or full."""
        return engine().render(self, "text", lang=lang, detail=detail)  # type: ignore[no-any-return]

    def latex(self, lang: str = "en", detail: str = "standard", width: str | float | None = None, standalone: bool = False) -> str:
        """LaTeX to paste into a document that loads amsmath, or with `standalone` a whole document; `width` as in Derivation."""
        options = {"lang": lang, "detail": detail, "width": width, "complete": standalone}
        return engine().render(self, "latex", **options)  # type: ignore[no-any-return]

    def markdown(self, lang: str = "en", detail: str = "standard") -> str:
        """Markdown with mathematics between dollars."""
        return engine().render(self, "markdown", lang=lang, detail=detail)  # type: ignore[no-any-return]

    def html(self, lang: str = "en", detail: str = "standard") -> str:
        """An HTML fragment; mathematics as KaTeX-ready LaTeX, everything escaped."""
        return engine().render(self, "html", lang=lang, detail=detail)  # type: ignore[no-any-return]

    def pdf(self, lang: str = "en", detail: str = "standard") -> bytes:
        """A PDF file, made by the LaTeX that is installed. Raises UnsupportedError without one."""
        return engine().pdf(self, lang, detail, "matrix")  # type: ignore[no-any-return]

    def checked_at(self, point: Mapping[str, Any] | None) -> Any:
        """The same; raises UnsupportedError for a point of the reader's own."""
        if point is not None:
            raise _refused("a check at a point")
        return self

    def to_json(self) -> str:
        """The lines, and what was verified, as JSON."""
        return engine().render(self, "json")  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return self.text()

    def compile(self, **options: Any) -> Any:
        """A kernel of value and gradient, a loop over the steps; of a product with the Hessian, of that array alone."""
        certified = options.pop("certified", False)
        if self.forward and self.source is not None:
            return self.source.compile(self.output, wrt=[self.wrt]).with_options(**options)  # type: ignore[attr-defined]
        kept = {} if self.truncate is None else {"truncate": self.truncate}
        if self.order == 2 and self.source is not None and (self.columns or not self.vector):
            return self.source.compile(self.moved, wrt=[self.wrt], order=2).alone().with_options(**options)  # type: ignore[attr-defined]
        kernel = self.program.compile(self.output, wrt=[self.wrt], certified=certified, **kept)  # type: ignore[attr-defined]
        if self.order == 2:
            kernel = kernel.alone()
            kernel.hold(lambda made: engine().check_product(self, made))
        return kernel.with_options(**options)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The derivation in the input language, the derivative last; its ranges may run down."""
        return tuple(engine().render(line, "text") for line in self.ranged)


@dataclass(frozen=True, eq=False)
class Recursions(Unchanging, Mapping[str, Recursion]):
    """The derivatives of an output by several names, in the order asked for: a mapping; `lines` hold each adjoint once."""

    program: Computation
    output: str
    members: Mapping[str, Recursion]
    ranged: tuple[RangedLine, ...]
    truncate: int | None = None
    """As in Recursion."""

    @property
    def named(self) -> Mapping[str, str]:
        """By what a line defines, the name that textbooks have for its equation."""
        return {left: own for d in self.values() for left, own in d.named.items()}

    def __getitem__(self, name: str) -> Recursion:
        return self.members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """All derivatives as one text in the input language: adjoints first, each once. Raises UnsupportedError for second ones."""
        if not self.ranged:
            raise UnsupportedError("these derivatives have lines of their own each", advice='Ask for one name: derive("h", "w").lines.')
        return tuple(engine().render(line, "text") for line in self.ranged)

    def text(self, lang: str = "en", detail: str = "standard") -> str:
        """The derivations one after another, for a terminal."""
        return "\n".join(d.text(lang, detail) for d in self.values())

    def latex(self, lang: str = "en", detail: str = "standard", width: str | float | None = None, standalone: bool = False) -> str:
        """The derivations one after another, in LaTeX; with `standalone` one whole document; `width` as in Derivation."""
        options = {"lang": lang, "detail": detail, "width": width, "complete": standalone}
        return engine().render(self, "latex", **options)  # type: ignore[no-any-return]

    def markdown(self, lang: str = "en", detail: str = "standard") -> str:
        """The derivations one after another, in Markdown."""
        return "\n".join(d.markdown(lang, detail) for d in self.values())

    def html(self, lang: str = "en", detail: str = "standard") -> str:
        """The derivations one after another, as HTML."""
        return "\n".join(d.html(lang, detail) for d in self.values())

    def pdf(self, lang: str = "en", detail: str = "standard") -> bytes:
        """A PDF file, made by the LaTeX that is installed. Raises UnsupportedError without one."""
        return engine().pdf(self, lang, detail, "matrix")  # type: ignore[no-any-return]

    def checked_at(self, point: Mapping[str, Any] | None) -> Any:
        """The same; raises UnsupportedError for a point of the reader's own."""
        if point is not None:
            raise _refused("a check at a point")
        return self

    def to_json(self) -> str:
        """A list of derivations, as JSON."""
        return "[" + ", ".join(d.to_json() for d in self.values()) + "]"

    def compile(self, **options: Any) -> Any:
        """A kernel of value and gradients, a loop over the steps."""
        kept = {} if self.truncate is None else {"truncate": self.truncate}
        return self.program.compile(self.output, wrt=list(self.members), **kept, **options)  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return self.text()
