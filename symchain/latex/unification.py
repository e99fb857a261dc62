"""The shapes of formulas by unification: sizes of axes are variables, made equal where sums and products say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symchain.functions.spec import OPERATIONS
from symchain.latex.arrays import OF_MATRICES
from symchain.latex.indices import entry_or_none
from symchain.latex.nodes import Node, Symbol
from symchain.latex.statements import Statement, is_defined
from symchain.latex.tokens import GREEK_COMMANDS
from symchain.latex.usage import FUNCTION_LETTERS, Usage, call_at
from symchain.latex.values import SAME_SHAPE, keeps_shape
from symchain.support.dimensions import Dim

_IDENTITY = "I"


class Mismatch(Exception):
    """Shapes that do not go together."""


class Unknown(Exception):
    """A formula whose shape does not follow from its parts here."""


class Extents:
    """Sizes of axes as variables, made equal where the mathematics says so; a size that the text gives is a letter or a number."""

    def __init__(self) -> None:
        self.parent: list[int] = []
        self.dims: dict[int, Dim] = {}

    def fresh(self, dim: Dim | None = None) -> int:
        self.parent.append(len(self.parent))
        if dim is not None:
            self.dims[len(self.parent) - 1] = dim
        return len(self.parent) - 1

    def root(self, variable: int) -> int:
        while self.parent[variable] != variable:
            self.parent[variable] = self.parent[self.parent[variable]]
            variable = self.parent[variable]
        return variable

    def dim(self, variable: int) -> Dim | None:
        return self.dims.get(self.root(variable))

    def join(self, a: int, b: int) -> bool:
        """Make two sizes one; False where the text gives two different ones."""
        first, second = self.root(a), self.root(b)
        if first == second:
            return True
        one, two = self.dims.get(first), self.dims.get(second)
        if one is not None and two is not None and one != two:
            return False
        self.parent[second] = first
        if one is None and two is not None:
            self.dims[first] = two
        return True

    def mark(self) -> tuple[list[int], dict[int, Dim]]:
        return list(self.parent), dict(self.dims)

    def back(self, mark: tuple[list[int], dict[int, Dim]]) -> None:
        self.parent[:], self.dims = mark[0], mark[1]


@dataclass(frozen=True, slots=True)
class Form:
    """The axes of a formula. `row` marks a transposed vector, `either` a derivative, which is a row or a column as needed."""

    axes: tuple[int, ...] = ()
    row: bool = False
    either: bool = False


def definitions_of(usage: Usage, statements: Sequence[Statement]) -> dict[str, list[Node]]:
    """The formulas of the names that are defined as wholes, not entry by entry."""
    found: dict[str, list[Node]] = {}
    for index, s in enumerate(statements):
        left = s.sides[0]
        if left.head == "partial" and s.shape is None and left.parts[0].symbol is None:
            found[f"({index})"] = [left.parts[0]]
        if s.shape is not None or s.said or left.head == "partial" or not is_defined(left) or index in usage.macros or len(s.sides) < 2:
            continue
        symbol = left.symbol or left.parts[0].symbol
        if symbol is not None and not symbol.primes and not usage.free.get(index):
            found.setdefault(symbol.name, []).append(s.sides[1])
    return found


class Reader:
    """The shapes of formulas, with the sizes that have to be equal made equal. `axes` are those of the names that are arrays."""

    def __init__(self, usage: Usage, extents: Extents, axes: Mapping[str, tuple[int, ...]], bodies: Mapping[str, Sequence[Node]]) -> None:
        self.usage, self.extents, self.axes, self.bodies = usage, extents, axes, bodies
        self.letters = {*usage.letters, *(c for free in usage.free.values() for c in free)}
        self.known: dict[str, Form] = {}
        self.open: set[str] = set()
        self.cost = 0
        self.identities: list[tuple[Node, int]] = []

    # ------------------------------------------------------------ names

    def name(self, symbol: Symbol) -> Form:
        text = symbol.name
        if text in self.axes:
            return Form(self.axes[text])
        if text in self.known:
            return self.known[text]
        bodies = self.bodies.get(text, ())
        if len(bodies) != 1:
            if bodies:
                raise Unknown
            return Form()
        if text in self.open:
            raise Unknown
        self.open.add(text)
        try:
            self.known[text] = found = replace(self.form(bodies[0]), either=False)
        finally:
            self.open.discard(text)
        return found

    def _symbol(self, node: Node) -> Form:
        symbol = node.symbol
        assert symbol is not None
        if symbol.primes:
            raise Unknown
        if is_identity(symbol, self.usage) and symbol.name not in self.axes:
            size = self.extents.fresh()
            self.identities.append((node, size))
            return Form((size, size))
        if symbol.name not in self.axes and symbol.name not in self.bodies and entry_or_none(symbol, self.letters):
            return Form()
        return self.name(symbol)

    # ------------------------------------------------------------ formulas

    def form(self, node: Node) -> Form:
        """Raises Mismatch and Unknown."""
        match node.head:
            case "number":
                return Form()
            case "symbol":
                return self._symbol(node)
            case "group" | "paren" if len(node.parts) == 1:
                return self.form(node.parts[0])
            case "transpose":
                return self._transposed(self.form(node.parts[0]))
            case "sum":
                return self._sum(node)
            case "product":
                return self._product(node)
            case "frac":
                top, below = (self.form(p) for p in node.parts)
                if below.axes:
                    raise Mismatch
                return top
            case "power":
                return self._power(node)
            case "root" | "abs":
                return self.form(node.parts[0])
            case "norm":
                rank = len(self.form(node.parts[0]).axes)
                if not rank or (rank > 1 and node.text != "F"):
                    raise Mismatch
                return Form()
            case "inner":
                one, two = (self.form(p) for p in node.parts)
                self._same(one, two)
                return Form()
            case "big":
                inner = self.form(node.parts[0])
                if node.bounds and inner.axes:
                    raise Mismatch
                return Form()
            case "apply":
                return self._apply(node)
            case "partial" if len(node.parts) == 2:
                above, below = (self.form(p) for p in node.parts)
                return Form((*above.axes, *below.axes), either=len(above.axes) + len(below.axes) == 1)
        raise Unknown

    def _same(self, one: Form, two: Form) -> None:
        if len(one.axes) != len(two.axes) or (one.row != two.row and not (one.either or two.either)):
            raise Mismatch
        for a, b in zip(one.axes, two.axes, strict=True):
            self._join(a, b)

    def _join(self, a: int, b: int) -> None:
        if not self.extents.join(a, b):
            raise Mismatch

    @staticmethod
    def _transposed(inner: Form) -> Form:
        if not inner.axes or len(inner.axes) > 2:
            raise Mismatch
        return Form(inner.axes[::-1], not inner.row if len(inner.axes) == 1 else False)

    def _sum(self, node: Node) -> Form:
        forms = [self.form(p) for p in node.parts]
        arrays = [f for f in forms if f.axes]
        for other in arrays[1:]:
            self._same(arrays[0], other)
        if arrays:
            self.cost += sum(1 for f, p in zip(forms, node.parts, strict=True) if not f.axes and p.head != "number")
        return next((f for f in arrays if not f.either), arrays[0] if arrays else Form())

    def _product(self, node: Node) -> Form:
        found = Form()
        k = 0
        while k < len(node.parts):
            part, op = node.parts[k], node.ops[k]
            bracket = call_at(node, k)
            called = self._called(part, bracket) if bracket is not None else None
            if called is not None:
                form = called
                around = node.parts[k + 1]
                if around.head == "transpose":
                    form = self._transposed(form)
                k += 2
            else:
                form = self.form(part)
                k += 1
            lone = part.symbol is not None and called is None and part.symbol.base not in GREEK_COMMANDS
            if found.axes and not form.axes and op == "" and lone:
                self.cost += 1  # scalars stand to the left of arrays
            if op == "slash" and form.axes:
                raise Mismatch
            found = self._joined(found, form, op)
        return found

    def _called(self, head: Node, bracket: Node) -> Form | None:
        """The shape of f(x), or None where the two are multiplied."""
        symbol = head.symbol
        assert symbol is not None
        if symbol.name in self.usage.parameters:
            names = tuple(p.symbol.name if p.symbol is not None else "" for p in bracket.parts)
            if names == self.usage.parameters[symbol.name] and not symbol.primes:
                return self.name(symbol)
            raise Unknown
        likely = symbol.base in FUNCTION_LETTERS or symbol.name in self.usage.functions or symbol.primes
        if likely and symbol.name not in self.axes and symbol.name not in self.bodies and len(bracket.parts) == 1:
            return self.form(bracket.parts[0])
        return None

    def _joined(self, left: Form, right: Form, op: str) -> Form:
        if op == "odot":
            if not left.axes or not right.axes:
                raise Mismatch
            self._same(left, right)
            return right if left.either else left
        if not left.axes or not right.axes:
            return left if left.axes else right
        if op in ("star", "times") or len(left.axes) > 2 or len(right.axes) > 2:
            raise Unknown
        if len(left.axes) == 1 and left.either:
            left = Form(left.axes, len(right.axes) == 2 or not right.row)
        if len(right.axes) == 1 and right.either:
            right = Form(right.axes, False)
        match len(left.axes), len(right.axes):
            case 2, 2:
                self._join(left.axes[1], right.axes[0])
                return Form((left.axes[0], right.axes[1]))
            case 2, 1 if not right.row:
                self._join(left.axes[1], right.axes[0])
                return Form(left.axes[:1])
            case 1, 2 if left.row:
                self._join(left.axes[0], right.axes[0])
                return Form(right.axes[1:], True)
            case 1, 1 if left.row and not right.row:
                self._join(left.axes[0], right.axes[0])
                return Form()
            case 1, 1 if right.row and not left.row:
                return Form((left.axes[0], right.axes[0]))
            case 1, 1 if op == "cdot" and not left.row and not right.row:
                self._join(left.axes[0], right.axes[0])
                return Form()
        raise Mismatch

    def _power(self, node: Node) -> Form:
        base, exponent = self.form(node.parts[0]), self.form(node.parts[1])
        if exponent.axes:
            raise Mismatch
        if not base.axes or node.text == "odot":
            return base
        if len(base.axes) == 2:
            self._join(*base.axes)
            return base
        raise Mismatch  # x^2 of a vector is none

    def _apply(self, node: Node) -> Form:
        forms = [self.form(p) for p in node.parts]
        function = node.text
        if function in OF_MATRICES and len(forms) == 1:
            if len(forms[0].axes) != 2:
                raise Mismatch
            self._join(*forms[0].axes)
            return Form()
        if len(forms) == 1 and function in OPERATIONS and OPERATIONS[function].rank == 0:
            return Form()
        if function in SAME_SHAPE:
            if len(forms) != 1 or not forms[0].axes:
                raise Mismatch
            return forms[0]
        if len(forms) > 1 or (keeps_shape(function) and forms):
            arrays = [f for f in forms if f.axes]
            for other in arrays[1:]:
                self._same(arrays[0], other)
            return arrays[0] if arrays else Form()
        raise Unknown


def is_identity(symbol: Symbol, usage: Usage) -> bool:
    """Whether a name is the identity matrix where arrays stand around it: I, or I_n."""
    return symbol.base == _IDENTITY and not symbol.accent and not symbol.label and symbol.name not in usage.defined and not symbol.primes


def unify(reader: Reader, name: str, body: Node) -> Form | None:
    """The shape of a definition, made that of its name; None where it does not follow. Raises Mismatch."""
    try:
        made = reader.name(Symbol(name)) if name not in reader.axes and len(reader.bodies[name]) == 1 else reader.form(body)
    except Unknown:
        return None
    own = reader.axes.get(name)
    if own is not None:
        if len(own) != len(made.axes):
            raise Mismatch
        for a, b in zip(own, made.axes, strict=True):
            if not reader.extents.join(a, b):
                raise Mismatch
    return made
