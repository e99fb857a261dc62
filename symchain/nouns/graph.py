"""Graph, Node, Edge: a program as boxes and wires, with the numbers that travel on them, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symchain.nouns.computation import Computation, Unchanging
from symchain.nouns.door import engine
from symchain.support.dimensions import Shape
from symchain.support.notation import Phrase


@dataclass(frozen=True)
class Node:
    """One box: an input, a block, or a step inside a block (level ops)."""

    name: str
    kind: str
    """input, block or step; carried, for a member of an earlier step that a step reads."""
    shape: Shape
    formula: Phrase | None
    symbol: Phrase | None
    """What is written in the box at level ops, else None."""
    ordered: bool
    active: bool
    """Whether a gradient reaches it: labels and conditions have none."""
    value: Any = None
    gradient: Any = None


@dataclass(frozen=True)
class Edge:
    """One wire: the target reads the source, and sends back what it received times its local derivative."""

    source: str
    target: str
    local: Phrase | None
    """The local derivative; for arrays what becomes of RECEIVED; None where nothing can be sent back."""
    scalar: bool
    """Whether `local` is a number that multiplies what is received."""
    factor: Any = None
    """The number, at the point given."""
    sent: Any = None


@dataclass(frozen=True)
class Return:
    """An arrow back in time: what one step defines is what a later one reads."""

    source: str
    target: str
    steps: int
    """How many steps later."""
    var: str
    """The index of the steps."""


@dataclass(frozen=True, eq=False)
class Graph(Unchanging):
    """Values and gradients on the graph of one output. Without a point there are names and shapes in place of numbers."""

    program: Computation
    output: str
    level: str
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    at: Mapping[str, Any] | None
    summed: str = ""
    """The block with a shape whose entries were added to have one output, or empty."""
    returns: tuple[Return, ...] = ()
    """Of a program with families, of which one step is drawn: the arrows back in time."""
    shared: tuple[str, ...] = ()
    """The inputs that are the same at every step: their gradients are sums over the steps."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """How names are set in LaTeX that are more than names."""

    @property
    def values(self) -> Mapping[str, Any]:
        """The value of every box, by name."""
        return {name: node.value for name, node in self.nodes.items()}

    @property
    def gradients(self) -> Mapping[str, Any]:
        """The derivative of the output by every box, by name; None where none passes."""
        return {name: node.gradient for name, node in self.nodes.items()}

    def svg(self, lang: str = "en") -> str:
        """A picture for a page or a notebook. Values above the wires, gradients below; hovering shows the local derivatives."""
        return engine().draw(self, "svg", lang)  # type: ignore[no-any-return]

    def png(self, lang: str = "en") -> bytes:
        """The picture as PNG. Raises UnsupportedError without the extra symchain[pictures]."""
        return engine().bitmap(self.svg(lang), "png")  # type: ignore[no-any-return]

    def pdf(self, lang: str = "en") -> bytes:
        """The picture as a PDF of its own size. Raises UnsupportedError without the extra symchain[pictures]."""
        return engine().bitmap(self.svg(lang), "pdf")  # type: ignore[no-any-return]

    def tikz(self, lang: str = "en") -> str:
        """The same picture for a paper; the document needs the packages tikz and amsmath."""
        return engine().draw(self, "tikz", lang)  # type: ignore[no-any-return]

    def dot(self, lang: str = "en") -> str:
        """The graph for Graphviz."""
        return engine().draw(self, "dot", lang)  # type: ignore[no-any-return]

    def mermaid(self, lang: str = "en") -> str:
        """The graph as a Mermaid flowchart."""
        return engine().draw(self, "mermaid", lang)  # type: ignore[no-any-return]

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<graph of {self.output}: {len(self.nodes)} boxes, {len(self.edges)} wires>"
