"""A derivation as a document: sentences, tables and rows of formulas, before any medium. `layout` makes it, emitters print it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from symchain.support.dimensions import Shape
from symchain.support.notation import Phrase


@dataclass(frozen=True)
class Formula:
    """A phrase."""

    phrase: Phrase


@dataclass(frozen=True)
class Applied:
    """d/dx applied to a formula that is not a name."""

    phrase: Phrase
    by: Phrase


@dataclass(frozen=True)
class Function:
    """A function by its name, not applied."""

    name: str
    own: bool
    """Whether it is the program's name, or the registry's."""


@dataclass(frozen=True)
class Label:
    """The number of a factor: F_1."""

    number: int


@dataclass(frozen=True)
class Braced:
    """A factor over its number, and over its shape where it has one."""

    phrase: Phrase
    number: int = 0
    """0 for no brace."""
    shape: Shape = ()


@dataclass(frozen=True)
class Chains:
    """A sum over paths of products of factors."""

    paths: tuple[tuple[Braced | None, ...], ...]
    """None stands for factors left out."""


@dataclass(frozen=True)
class Products:
    """The factors along each path, multiplied as they stand, and added."""

    paths: tuple[tuple[Phrase, ...], ...]


@dataclass(frozen=True)
class LayerTerm:
    """What the error term of a layer is, said once for all layers: the derivative of the output by z of the layer's number."""

    output: str
    letter: str


@dataclass(frozen=True)
class LayerNumber:
    """The letter that stands for the number of a layer."""


@dataclass(frozen=True)
class Blank:
    """The left side of the row before: a row that begins with it goes on from there."""


@dataclass(frozen=True)
class Arrows:
    """The names along a path, from the input to the output; an empty name stands for names left out."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Quantity:
    """A measured number, or an array of them."""

    value: Any
    digits: int = 9


@dataclass(frozen=True)
class Count:
    """How many, exactly; it may be astronomical."""

    number: int


@dataclass(frozen=True)
class Axes:
    """A shape."""

    shape: Shape


@dataclass(frozen=True)
class Relation:
    """Mathematics joined by equal signs, or by another relation."""

    sides: tuple[Math, ...]
    sign: str = "="


@dataclass(frozen=True)
class Carried:
    """A linear map by what it makes of one value."""

    before: Phrase
    after: Phrase


@dataclass(frozen=True)
class Product:
    """Measured factors, multiplied."""

    factors: tuple[Quantity, ...]


@dataclass(frozen=True)
class Listing:
    """Things separated by commas (numeric ones by semicolons where the language has decimal commas)."""

    items: tuple[Math | Say, ...]
    numeric: bool = False


Math = (
    Formula | Applied | Function | Label | Chains | Products | LayerTerm | LayerNumber | Blank | Arrows | Quantity | Count | Axes | Relation
    | Carried | Product
)  # fmt: skip


@dataclass(frozen=True)
class Members:
    """Things listed the way a sentence does: a, b and c."""

    items: tuple[Math | Say, ...]


@dataclass(frozen=True)
class Fixed:
    """A number with that many decimals."""

    value: float
    places: int


@dataclass(frozen=True)
class Spoken:
    """What is said of a registered function or operation in the reader's language."""

    record: str
    """Its name."""
    what: Literal["noun", "with_article", "reason"]


@dataclass(frozen=True)
class Say:
    """A sentence of the wording with its fields filled; a field is mathematics, a listing, another sentence, or plain text."""

    key: str
    fields: Mapping[str, Field] = field(default_factory=dict)


Field = Math | Listing | Members | Fixed | Spoken | Say | str

TITLE = "title"
"""The field where the first sentence of a section may hold the section's title; elsewhere the title stands before it."""


@dataclass(frozen=True)
class Row:
    """One displayed line: sides joined by equal signs, a remark beside it, indented by `depth`, its last side boxed or not."""

    sides: tuple[Math, ...]
    remark: Say | None = None
    depth: int = 0
    boxed: bool = False
    beside: bool = False
    """Whether it may share a line with the row before it, if that may too."""


@dataclass(frozen=True)
class Section:
    title: Say
    intro: tuple[Say, ...] = ()
    rows: tuple[Row, ...] = ()
    closing: tuple[Say, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A line of the forward table."""

    name: str
    phrase: Phrase
    shape: Shape = ()
    value: Any = None
    left: Phrase | None = None
    """What stands on the left where it is more than the name: an entry."""

    @property
    def symbol(self) -> Phrase:
        return self.left or Phrase("name", text=self.name)


@dataclass(frozen=True)
class Document:
    title: Say
    table: Say
    """What stands before the forward table."""
    sentence: Say
    """The same computation told in one sentence, for media that have room for it."""
    definitions: tuple[Definition, ...] = ()
    opening: tuple[Say, ...] = ()
    """Sentences before the first section."""
    sections: tuple[Section, ...] = ()
    checks: tuple[Say, ...] = ()
    ranks: Mapping[str, int] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()
    omitted: int = 0
    """Blocks left out of the forward table."""
    partials: str = "partial"
    """How derivatives of functions of several arguments are set: see `render.style`."""
