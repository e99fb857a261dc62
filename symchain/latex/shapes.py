"""The shapes of names that a text defines by products, sums and functions of arrays whose shapes it declares: y = W x."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symchain.latex.nodes import Node
from symchain.latex.statements import Statement
from symchain.latex.usage import FUNCTION_LETTERS, call_at
from symchain.latex.values import keeps_shape
from symchain.support.dimensions import Shape


def shapes_of_definitions(statements: Sequence[Statement], known: Mapping[str, Shape]) -> dict[str, Shape]:
    """The shapes of the arrays that are defined by whole arrays. A name with two formulas has none here."""
    bodies: dict[str, Node | None] = {}
    for s in statements:
        left = s.sides[0].symbol
        if s.shape is None and not s.said and not s.alias and left is not None and not left.primes and left.name not in known:
            bodies[left.name] = None if left.name in bodies else s.sides[1]
    found: dict[str, Shape] = {}
    for _ in bodies:
        before = len(found)
        for name, body in bodies.items():
            shape = _shape(body, {**known, **found}) if body is not None and name not in found else None
            if shape:
                found[name] = shape
        if len(found) == before:
            break
    return found


def _shape(node: Node, known: Mapping[str, Shape]) -> Shape | None:
    """The shape of a formula; None where it does not follow from declarations alone."""
    match node.head:
        case "number":
            return ()
        case "symbol" if node.symbol is not None and not node.symbol.primes:
            return known.get(node.symbol.name)
        case "group" | "paren" if len(node.parts) == 1:
            return _shape(node.parts[0], known)
        case "transpose":
            inner = _shape(node.parts[0], known)
            return inner[::-1] if inner is not None and len(inner) == 2 else None
        case "sum":
            return _common([_shape(p, known) for p in node.parts])
        case "apply" if len(node.parts) == 1 and keeps_shape(node.text):
            return _shape(node.parts[0], known)
        case "product" if set(node.ops) <= {"", "cdot", "odot"}:
            return _product(node, known)
    return None


def _common(shapes: Sequence[Shape | None]) -> Shape | None:
    """The shape of a sum of arrays of one shape."""
    return shapes[0] if shapes and all(s and s == shapes[0] for s in shapes) else None


def _product(node: Node, known: Mapping[str, Shape]) -> Shape | None:
    name = node.parts[0].symbol
    if len(node.parts) == 2 and call_at(node, 0) is not None and name is not None and name.name not in known:
        entrywise = name.base in FUNCTION_LETTERS and not name.primes and node.parts[1].head == "paren"
        return _shape(node.parts[1], known) if entrywise else None
    shape: Shape = ()
    for part, op in zip(node.parts, node.ops, strict=True):
        following = _shape(part, known)
        if following is None:
            return None
        if not shape or not following:
            shape = shape or following
        elif op == "odot":
            if shape != following:
                return None
        elif len(shape) == 2 and shape[1] == following[0]:
            shape = (shape[0], *following[1:])
        else:
            return None
    return shape
