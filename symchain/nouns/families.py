"""Families and recurrences: blocks written once with an index, as data. The bounds of their ranges stay letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symchain.errors import Place
from symchain.support.dimensions import Dim, Shape
from symchain.support.linear import Linear
from symchain.support.notation import Phrase
from symchain.tensors.trees import Tree

PLAIN, START, RANGE, SUM, PROD = "plain", "start", "range", "sum", "prod"
"""What a line is: a block, one member of a family, a range of members, or (of no name in the text) a sum or a product over an index."""


@dataclass(frozen=True)
class Family:
    """Blocks, or inputs, of one name, told apart by an index that runs from `low` to `high`: W[l] for l in 1..L.

    `shape` is that of the member `index`; in it, n[l] stands as a letter of its own (`Recurrence.sizes`).
    """

    name: str
    index: str
    low: Linear
    high: Linear
    shape: Shape
    given: bool
    """Whether its members are inputs."""
    facts: frozenset[str] = frozenset()
    starts: tuple[Linear, ...] = ()
    """The members that lines of their own define."""


@dataclass(frozen=True)
class Read:
    """A member that a formula reads: that of a family, or the row of an array that an index of a range chooses."""

    family: str
    index: Linear


@dataclass(frozen=True)
class Clause:
    """One line of a recurrence, about one member: `tree` reads others by leaves of their names ("a[l-1]"), listed in `reads`."""

    kind: str
    name: str
    tree: Tree = field(repr=False)
    phrase: Phrase = field(repr=False)
    """As it was written."""
    shape: Shape
    reads: Mapping[str, Read]
    """By the name of the leaf."""
    plain: tuple[str, ...]
    """The other names that it reads: inputs and blocks, hidden sums and products."""
    index: Linear | None = None
    """Of a start and of a range: which member it defines."""
    var: str = ""
    low: Linear | None = None
    high: Linear | None = None
    place: Place | None = None

    @property
    def target(self) -> str:
        """The name of the leaf that stands for what the line defines."""
        return self.name if self.index is None else member(self.name, self.index)


@dataclass(frozen=True)
class Recurrence:
    """The lines of a program with families, in an order in which they can be worked out; lines of one tuple advance together."""

    families: Mapping[str, Family]
    rows: Mapping[str, Dim]
    """The arrays of which an index of a range chooses rows, and how many rows they have."""
    units: tuple[tuple[Clause, ...], ...]
    lengths: tuple[str, ...]
    """The letters of bounds that are no sizes of arrays."""
    letters: tuple[str, ...]
    """The letters of bounds, and the indices, that lines read as numbers."""
    sizes: Mapping[str, tuple[str, Linear]]
    """By the letter that stands for n[l - 1] in shapes: the family of sizes, and the index."""
    dimensions: tuple[str, ...]
    """All letters of shapes, those included."""
    statements: tuple[object, ...] = field(default=(), repr=False)
    """As they were read: what is unrolled."""
    lines: tuple[str, ...] = field(default=(), repr=False)

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return tuple(clause for unit in self.units for clause in unit)


def member(name: str, index: Linear) -> str:
    """The name of a member.

    >>> member("a", Linear.letter("l").plus(-1))
    'a[l-1]'
    """
    return f"{name}[{index}]"
