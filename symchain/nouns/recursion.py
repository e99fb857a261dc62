"""Recursion: the derivative of a program with families, as lines with an index. Data, like a Derivation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from symchain.nouns.computation import Computation, Unchanging
from symchain.nouns.door import engine
from symchain.support.dimensions import Shape
from symchain.support.linear import Linear
from symchain.support.notation import Phrase
from symchain.tensors.trees import Tree


@dataclass(frozen=True)
class RangedLine:
    """One printed line: `name[index] = formula for var in first..last`; without an index, a line of any program.

    `role` is "adjoint", "start" (of a recursion of adjoints), "end" (zeros past its start), or "derivative".
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

    @cached_property
    def verification(self) -> Evidence:
        """Evidence that the lines are right: written out at several lengths, beside complex steps; made on first use."""
        return engine().verify_recursion(self)  # type: ignore[no-any-return]

    def compile(self, **options: Any) -> Any:
        """A kernel of value and gradient, a loop over the steps."""
        return self.program.compile(self.output, wrt=[self.wrt], **options)  # type: ignore[attr-defined]

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The derivation in the input language, the derivative last; its ranges may run down."""
        return tuple(engine().render(line, "text") for line in self.ranged)
