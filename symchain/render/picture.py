"""A graph as shapes on a page: boxes, wires and labels with their places and sizes. SVG and TikZ are written from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symchain.nouns.graph import Edge, Graph, Node, Return
from symchain.render.layered import STUB, Box, Layout, arrange
from symchain.render.unicode import clipped, figure, norm, partial, pretty, pretty_name, shape_text, text_width
from symchain.wording import sentence

NAME, FORMULA, NUMBER, NOTE = 15.0, 12.0, 13.0, 12.0
"""Sizes of type."""
MARGIN = 26.0
_ROOM = 176.0
"""The widest formula that is written out in a box."""
_SEPARATION = 6.0
THINNEST, THICKEST = 1.2, 7.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Label:
    """A text: its kind says how it is set (value, gradient, name, formula, sign, note, flag); `anchor` is start, middle or end."""

    kind: str
    text: str
    x: float
    y: float
    """The base line."""
    anchor: str = "middle"
    size: float = NUMBER
    node: str = ""

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """left, top, right, bottom."""
        wide = text_width(self.text, self.size, self.kind in ("value", "name"))
        left = self.x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return left, self.y - 0.8 * self.size, left + wide, self.y + 0.24 * self.size


@dataclass(frozen=True)
class Shape:
    """A box: round for an input, square for an operation, dashed where a wire reappears."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    labels: tuple[Label, ...]
    title: str
    node: str


@dataclass(frozen=True)
class Wire:
    """A piece of wire: points; bent between heights. `arrow` ends in an arrow head; `passing` is False where no gradient comes back."""

    points: tuple[Point, ...]
    thickness: float
    title: str
    source: str
    passing: bool = True
    arrow: bool = False
    target: str = ""
    back: bool = False
    """Whether it leads back in time."""


@dataclass(frozen=True)
class Picture:
    """Everything that is drawn, from back to front: wires, shapes, labels, legend."""

    width: float
    height: float
    title: str
    wires: tuple[Wire, ...]
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    legend: tuple[tuple[str, str], ...]
    """(kind, text) from top to bottom; kinds of labels, and wire."""


def picture(graph: Graph, lang: str = "en") -> Picture:
    """The graph laid out, with its labels in a language. Raises ArgumentError for a language that does not exist."""
    return _Drawing(graph, lang).picture()


class Texts:
    """What is written on a graph, and how thick its wires are."""

    def __init__(self, graph: Graph, lang: str) -> None:
        self.graph, self.lang = graph, lang
        self.nodes = list(graph.nodes.values())
        self.number = {node.name: k for k, node in enumerate(self.nodes)}
        self.largest = max((size_of(n.gradient) for n in self.nodes if n.kind == "input" and n.gradient is not None), default=0.0)
        self.users: dict[str, list[Edge]] = {}
        self.arriving: dict[str, int] = {}
        for edge in graph.edges:
            self.users.setdefault(edge.source, []).append(edge)
            self.arriving[edge.target] = self.arriving.get(edge.target, 0) + 1

    def say(self, key: str, **fields: Any) -> str:
        return sentence(self.lang, f"graph.{key}").format(**fields)

    def final(self, node: Node) -> bool:
        """Whether it is the output."""
        return node.name == self.graph.output

    def above(self, node: Node) -> str:
        """The value on a wire: a number, a shape with a norm, or without a point the name."""
        if node.value is not None:
            return figure(node.value, self.lang)
        return pretty_name(node.name) + (f" {shape_text(node.shape)}" if node.shape else "")

    def below(self, node: Node) -> str:
        """The gradient on a wire."""
        if not node.active:
            return ""
        if node.name == self.graph.output:
            return "1"
        if node.gradient is None:
            return partial(self.graph.output, node.name)
        if np.ndim(node.gradient):
            return figure(node.gradient, self.lang).partition(" ")[2]
        return figure(node.gradient, self.lang, signed=True)

    def written(self, node: Node) -> tuple[str, str]:
        """Name and formula of a box; at level ops the sign of the operation and, for a block, its name."""
        if node.kind in ("input", "carried"):
            return pretty_name(node.name), ""
        if node.symbol is not None:
            return clipped(pretty(node.symbol, self.lang), NAME, _ROOM), pretty_name(node.name) if node.kind == "block" else ""
        assert node.formula is not None
        return pretty_name(node.name), clipped(pretty(node.formula, self.lang), FORMULA, _ROOM)

    def about(self, node: Node) -> str:
        """What hovering over a box shows."""
        name = pretty_name(node.name)
        lines = [name if node.formula is None else f"{name} = {clipped(pretty(node.formula, self.lang), 1.0, 160.0)}"]
        if node.value is not None:
            lines.append(self.say("hover.value", value=figure(node.value, self.lang)))
        elif node.shape:
            lines.append(self.say("hover.shape", shape=shape_text(node.shape)))
        return "\n".join([*lines, self.gradient_line(node)])

    def gradient_line(self, node: Node) -> str:
        """∂C/∂x with, where a variable has several uses, the sum over them."""
        whole = partial(self.graph.output, node.name)
        if not node.active:
            return self.say("hover.blocked", name=pretty_name(node.name), output=pretty_name(self.graph.output))
        if node.gradient is None:
            uses = [e for e in self.users.get(node.name, ()) if e.local is not None]
            if len(uses) < 2:
                return whole
            terms = " + ".join(f"{partial(self.graph.output, e.target)}·{partial(e.target, e.source)}" for e in uses)
            return self.say("hover.terms", derivative=whole, terms=terms)
        total = figure(node.gradient, self.lang) if node.name != self.graph.output else "1"
        uses = [e for e in self.users.get(node.name, ()) if e.sent is not None]
        if len(uses) < 2:
            return f"{whole} = {total}"
        if np.ndim(node.gradient):
            terms = ", ".join(self.say("hover.use", sent=norm(e.sent, self.lang), name=pretty_name(e.target)) for e in uses)
            return self.say("hover.arrays", derivative=whole, terms=terms, total=total)
        terms = " + ".join(self.say("hover.use", sent=_grouped(figure(e.sent, self.lang)), name=pretty_name(e.target)) for e in uses)
        return self.say("hover.sum", derivative=whole, terms=terms, total=total)

    def along(self, edge: Edge) -> str:
        """What hovering over a wire shows: the local derivative, and received × local = passed on."""
        head = self.say("hover.wire", source=pretty_name(edge.source), target=pretty_name(edge.target))
        if edge.local is None:
            return f"{head}\n{self.say('hover.none')}"
        received = self.graph.nodes[edge.target]
        local = pretty(edge.local, self.lang, {"∂": partial(self.graph.output, edge.target)})
        local = clipped(local, 1.0, 160.0)
        if not edge.scalar:
            lines = [head, self.say("hover.map", map=local)]
            if edge.sent is not None:
                lines.append(self.say("hover.norms", received=figure(received.gradient, self.lang), sent=figure(edge.sent, self.lang)))
            return "\n".join(lines)
        symbol = partial(edge.target, edge.source)
        if edge.factor is None or edge.sent is None:
            return f"{head}\n{symbol} = {local}"
        number = figure(edge.factor, self.lang)
        lines = [head, f"{symbol} = {local}" + (f" = {number}" if number != local else "")]
        got = "1" if edge.target == self.graph.output else figure(received.gradient, self.lang)
        lines.append(self.say("hover.product", received=got, local=_grouped(number), sent=figure(edge.sent, self.lang)))
        return "\n".join(lines)

    def step_line(self, back: Return) -> str:
        """What an arrow back in time says."""
        key = "next" if back.steps == 1 else "later"
        return self.say(key, source=pretty_name(back.source), target=pretty_name(back.target), steps=back.steps, index=back.var)

    def thickness(self, gradient: Any, node: Node) -> float:
        """Proportional to the gradient, relative to the largest of an input; the output's 1 is no measure."""
        if gradient is None or not self.largest or node.name == self.graph.output:
            return THINNEST + (0.6 if self.graph.at is None or node.name == self.graph.output else 0.0)
        share = min(size_of(gradient) / self.largest, 1.0)
        return THINNEST + (THICKEST - THINNEST) * share

    def along_width(self, edge: Edge) -> float:
        """The thickness of a wire's last piece: what this use sends back."""
        source = self.graph.nodes[edge.source]
        shown = edge.sent if len(self.users[edge.source]) > 1 else source.gradient
        return self.thickness(shown if edge.local is not None else None, source)

    def legend(self) -> list[tuple[str, str]]:
        output = pretty_name(self.graph.output)
        found = [("value", self.say("legend.value")), ("gradient", self.say("legend.gradient", output=output))]
        if self.graph.at is not None:
            found.append(("wire", self.say("legend.wire")))
            if any(np.ndim(n.value) for n in self.nodes):
                found.append(("note", self.say("legend.array")))
        if self.graph.returns:
            found.append(("time", self.say("legend.time")))
        if self.graph.shared:
            names = ", ".join(pretty_name(n) for n in self.graph.shared)
            found.append(("note", self.say("legend.shared" if len(self.graph.shared) > 1 else "legend.shared_one", names=names)))
        if self.graph.summed:
            found.append(("note", self.say("legend.summed", output=output, block=pretty_name(self.graph.summed))))
        return found


class _Drawing(Texts):
    """The texts at their places."""

    def picture(self) -> Picture:
        boxes = [self.box(node) for node in self.nodes]
        edges = [(self.number[e.source], self.number[e.target]) for e in self.graph.edges]
        ghosts = [text_width(pretty_name(n.name), FORMULA) + 22.0 for n in self.nodes]
        layout = arrange(boxes, edges, ghost=ghosts)
        shapes, labels, wires = [], [], []
        for k, node in enumerate(self.nodes):
            place = layout.places[k]
            shapes.append(self.shape(node, boxes[k], place.x, place.y))
            start = place.x + boxes[k].width
            thickness = self.thickness(node.gradient, node)
            final = node.name == self.graph.output
            end = start + STUB if final else place.end
            end = max(end, start + boxes[k].stub) if final else end
            title = self.about(node)
            wires.append(Wire(((start, place.y), (end, place.y)), thickness, title, node.name, node.active, final))
            middle = start + min(boxes[k].stub, end - start) / 2
            labels.append(Label("value", self.above(node), middle, place.y - _SEPARATION - thickness / 2, node=node.name))
            if text := self.below(node):
                labels.append(Label("gradient", text, middle, place.y + _SEPARATION + thickness / 2 + 0.76 * NUMBER, node=node.name))
            carried = self.carried(k, layout)
            for points in layout.trunks[k]:
                wires.append(Wire(points, carried[points[-1]], title, node.name, node.active))
        for edge, points in zip(self.graph.edges, layout.routes, strict=True):
            wires.append(Wire(points, self.along_width(edge), self.along(edge), edge.source, edge.local is not None, True, edge.target))
        self.reappearing(layout, shapes, labels)
        low = self.returning(layout, boxes, wires, labels)
        width = max([layout.width, *(label.extent[2] for label in labels), *(w.points[-1][0] for w in wires)])
        title = self.say("title", output=pretty_name(self.graph.summed or self.graph.output))
        return Picture(width, max(layout.height, low), title, tuple(wires), tuple(shapes), tuple(labels), tuple(self.legend()))

    def carried(self, box: int, layout: Layout) -> dict[Point, float]:
        """How thick each piece of a wire is, by where it ends: what the uses beyond it send back together, so that none swells midway."""
        node = self.nodes[box]
        began = {points[-1]: points[0] for points in layout.trunks[box]}
        beyond: dict[Point, list[Edge]] = {end: [] for end in began}
        for edge, route in zip(self.graph.edges, layout.routes, strict=True):
            at = route[0] if edge.source == node.name else None
            while at in began:
                beyond[at].append(edge)
                at = began[at]
        whole = self.thickness(node.gradient, node)
        every = len(self.users.get(node.name, ()))
        return {end: self.together(uses, node) if 0 < len(uses) < every else whole for end, uses in beyond.items()}

    def together(self, uses: Sequence[Edge], node: Node) -> float:
        sent = [np.asarray(e.sent, dtype=float) for e in uses if e.sent is not None]
        return self.thickness(sum(sent[1:], sent[0]) if sent else None, node)

    def reappearing(self, layout: Layout, shapes: list[Shape], labels: list[Label]) -> None:
        """Where a wire leaves a band and where it comes back, its name."""
        for ghost in layout.ghosts:
            node = self.nodes[ghost.box]
            name = pretty_name(node.name)
            wide = text_width(name, FORMULA) + 22.0
            label = Label("flag", name, ghost.x + wide / 2, ghost.y + 0.34 * FORMULA, size=FORMULA, node=node.name)
            shapes.append(Shape("ghost", ghost.x, ghost.y - 11.0, wide, 22.0, (label,), self.about(node), node.name))
        for box, x, y in layout.breaks:
            labels.append(Label("flag", f"→ {pretty_name(self.nodes[box].name)}", x + 4.0, y + 0.34 * FORMULA, "start", FORMULA))

    def returning(self, layout: Layout, boxes: Sequence[Box], wires: list[Wire], labels: list[Label]) -> float:
        """The arrows back in time, below everything, and up beside the boxes of a column; how far down they go."""
        low = layout.height
        left: dict[str, int] = {}
        for n, back in enumerate(self.graph.returns):
            low += 36.0
            k, m = self.number[back.source], self.number[back.target]
            source, target = layout.places[k], layout.places[m]
            apart = 14.0 * left.setdefault(back.source, 0)
            left[back.source] += 1
            x, y = source.x + boxes[k].width / 2 + apart, source.y + boxes[k].height / 2
            right = target.x + boxes[m].width
            column = [p.x for p, b in zip(layout.places, boxes, strict=True) if p.x < right and p.x + b.width > target.x]
            u, v = min(column) - 18.0 - 10.0 * n, target.y + boxes[m].height / 4
            title = self.step_line(back)
            points = ((x, y), (x, low), (u, low), (u, v), (target.x, v))
            wires.append(Wire(points, THINNEST, title, back.source, True, True, back.target, True))
            labels.append(Label("note", title, (x + u) / 2, low - _SEPARATION, size=NOTE))
        return low + (10.0 if self.graph.returns else 0.0)

    def box(self, node: Node) -> Box:
        name, formula = self.written(node)
        wide = text_width(name, NAME, True) + 24.0
        tall = 36.0
        if formula and node.symbol is None:
            wide, tall = max(wide, text_width(formula, FORMULA) + 20.0), 50.0
        elif formula:
            wide, tall = max(wide, text_width(formula, NOTE) + 4.0), 36.0
        wide = max(wide, 40.0)
        tall = max(tall, 12.0 * self.arriving.get(node.name, 0) + 10.0)
        stub = max(text_width(self.above(node), NUMBER, True), text_width(self.below(node), NUMBER)) + 18.0
        return Box(wide, tall, max(STUB, stub), node.ordered)

    def shape(self, node: Node, box: Box, x: float, y: float) -> Shape:
        name, formula = self.written(node)
        middle = x + box.width / 2
        kind = {"carried": "ghost", "input": "input"}.get(node.kind, "output" if self.final(node) else "operation")
        if node.symbol is not None or not formula:
            style = "name" if node.symbol is None else "sign"
            labels = [Label(style, name, middle, y + 0.35 * NAME, size=NAME, node=node.name)]
            if formula:
                labels.append(Label("note", formula, middle, y + box.height / 2 + NOTE, size=NOTE, node=node.name))
        else:
            labels = [
                Label("name", name, middle, y - 5.0, size=NAME, node=node.name),
                Label("formula", formula, middle, y + 14.0, size=FORMULA, node=node.name),
            ]
        return Shape(kind, x, y - box.height / 2, box.width, box.height, tuple(labels), self.about(node), node.name)


def size_of(value: Any) -> float:
    """The absolute value, or the Euclidean norm; what is not finite counts as nothing."""
    if value is None:
        return 0.0
    array = np.asarray(value, dtype=float)
    size = float(np.sqrt(np.sum(array * array)))
    return size if np.isfinite(size) else 0.0


def _grouped(text: str) -> str:
    return f"({text})" if text.startswith("−") else text


def overlaps(drawn: Picture) -> list[tuple[Label, Label]]:
    """Pairs of labels whose extents meet: what a legible picture does not have."""
    labels = sorted([*drawn.labels, *(inner for s in drawn.shapes for inner in s.labels)], key=lambda found: found.extent[0])
    found = []
    for k, one in enumerate(labels):
        for other in labels[k + 1 :]:
            if other.extent[0] >= one.extent[2]:
                break
            if one.extent[1] < other.extent[3] and other.extent[1] < one.extent[3]:
                found.append((one, other))
    return found


__all__ = ["MARGIN", "Label", "Picture", "Shape", "Texts", "Wire", "overlaps", "picture", "size_of"]
