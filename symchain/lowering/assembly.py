"""The list of instructions under construction: every value once, constants folded, trivial arithmetic left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symchain.kernels.grammar import LONGEST, stretched
from symchain.kernels.kernel import Input, Instruction
from symchain.support.dimensions import Dim, Shape

ONE = Fraction(1)
_COMMUTATIVE = frozenset({"add", "multiply", "inner"})
_FOLDED_BITS = 512
"""Exact constants are folded up to this size; beyond, the kernel computes with floats."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A value as it lies in memory: `axes` are the axes of the tree's shape that the array has.

    Along the other axes the value is constant: broadcasting costs nothing until an operation needs the whole array.
    """

    value: int
    axes: tuple[int, ...] = ()


class Assembly:
    """Instructions in order, numbered after the inputs. Asking for the same instruction twice gives the same value."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        self.inputs = tuple(inputs)
        self.instructions: list[Instruction] = []
        self.block = ""
        self._numbers: dict[Any, int] = {}
        self._exact: dict[int, Fraction] = {}

    def shape(self, value: int) -> Shape:
        first = len(self.inputs)
        return self.inputs[value].shape if value < first else self.instructions[value - first].shape

    def exact(self, value: int) -> Fraction | None:
        """The number that a value is known to be."""
        return self._exact.get(value)

    def emit(
        self,
        opcode: str,
        operands: tuple[int, ...] = (),
        parameters: tuple[Any, ...] = (),
        shape: Shape = (),
    ) -> int:
        """The value of an instruction: the one it had before, where it is the same."""
        key = self._key(opcode, operands, parameters)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.inputs) + len(self.instructions)
            self.instructions.append(Instruction(opcode, operands, parameters, shape, self.block))
        return found

    def known(self, opcode: str, *operands: int) -> int | None:
        """The value of an instruction without parameters, if it has been asked for."""
        return self._numbers.get(self._key(opcode, operands, ()))

    def _key(self, opcode: str, operands: tuple[int, ...], parameters: tuple[Any, ...]) -> tuple[Any, ...]:
        return opcode, tuple(sorted(operands)) if opcode in _COMMUTATIVE else operands, parameters

    # ------------------------------------------------------------ constants

    def constant(self, number: Fraction | int) -> int:
        number = Fraction(number)
        value = self.emit("constant", (), _spelling(number))
        self._exact[value] = number
        return value

    def pi(self) -> int:
        return self.emit("constant", (), ("pi",))

    def size(self, dim: Dim) -> int:
        return self.constant(dim) if isinstance(dim, int) else self.emit("size", (), (dim,))

    # ------------------------------------------------------------ arithmetic; arrays broadcast

    def elementwise(self, opcode: str, operands: tuple[int, ...], parameters: tuple[Any, ...] = ()) -> int:
        return self.emit(opcode, operands, parameters, stretched([self.shape(v) for v in operands]))

    def add(self, a: int, b: int) -> int:
        x, y = self.exact(a), self.exact(b)
        if x is not None and y is not None:
            return self.constant(x + y)
        if x == 0:
            return b
        return a if y == 0 else self.elementwise("add", (a, b))

    def subtract(self, a: int, b: int) -> int:
        x, y = self.exact(a), self.exact(b)
        if x is not None and y is not None:
            return self.constant(x - y)
        if x == 0:
            return self.negative(b)
        return a if y == 0 else self.elementwise("subtract", (a, b))

    def negative(self, a: int) -> int:
        x = self.exact(a)
        if x is not None:
            return self.constant(-x)
        first = len(self.inputs)
        if a >= first and self.instructions[a - first].opcode == "negative":
            return self.instructions[a - first].operands[0]
        return self.elementwise("negative", (a,))

    def multiply(self, a: int, b: int) -> int:
        x, y = self.exact(a), self.exact(b)
        if x is not None and y is not None and _small(x * y):
            return self.constant(x * y)
        if x == 1:
            return b
        return a if y == 1 else self.elementwise("multiply", (a, b))

    def divide(self, a: int, b: int) -> int:
        x, y = self.exact(a), self.exact(b)
        if x is not None and y and _small(x / y):
            return self.constant(x / y)
        return a if y == 1 else self.elementwise("divide", (a, b))

    def power(self, base: int, exponent: int) -> int:
        """Small powers as products, halves as square roots, negative ones as quotients."""
        e = self.exact(exponent)
        if e is None or e.denominator > 2 or abs(e) > 16:
            return self.elementwise("power", (base, exponent))
        if e < 0:
            return self.divide(self.constant(1), self._positive_power(base, -e))
        return self._positive_power(base, e)

    def _positive_power(self, base: int, e: Fraction) -> int:
        if e == 0:
            return self.elementwise("power", (base, self.constant(0)))
        result = self.elementwise("sqrt", (base,)) if e.denominator == 2 else None
        square, n = base, int(e)
        while n:
            if n & 1:
                result = square if result is None else self.multiply(result, square)
            n >>= 1
            if n:
                square = self.multiply(square, square)
        assert result is not None
        return result

    # ------------------------------------------------------------ axes

    def view(self, value: int, axes: Sequence[int | None]) -> int:
        """The axes in another order, with new ones of size 1 where `axes` has None."""
        shape = self.shape(value)
        if tuple(axes) == tuple(range(len(shape))):
            return value
        first = len(self.inputs)
        if value >= first:  # a view of a view is one view
            step = self.instructions[value - first]
            if step.opcode == "view":
                return self.view(step.operands[0], [None if a is None else step.parameters[0][a] for a in axes])
        return self.emit("view", (value,), (tuple(axes),), tuple(1 if a is None else shape[a] for a in axes))

    def drop(self, value: int, axes: Sequence[int]) -> int:
        """Without axes of size 1."""
        if not axes:
            return value
        shape = self.shape(value)
        return self.emit("drop", (value,), (tuple(sorted(axes)),), tuple(d for k, d in enumerate(shape) if k not in axes))

    def sum(self, value: int, axes: Sequence[int]) -> int:
        if not axes:
            return value
        shape = self.shape(value)
        return self.emit("sum", (value,), (tuple(sorted(axes)),), tuple(d for k, d in enumerate(shape) if k not in axes))

    def aligned(self, laid: Laid, axes: Sequence[int]) -> int:
        """The value as an operand of NumPy's broadcasting beside arrays that have `axes` (of which laid.axes is a part, in order)."""
        if not laid.axes or laid.axes == tuple(axes):
            return laid.value
        wanted = list(axes)[list(axes).index(laid.axes[0]) :]
        place = {axis: k for k, axis in enumerate(laid.axes)}
        return self.view(laid.value, [place.get(axis) for axis in wanted])

    def together(self, laids: Sequence[Laid]) -> tuple[list[int], tuple[int, ...]]:
        """The values aligned for one elementwise instruction, and the axes of its result."""
        axes = tuple(sorted({a for laid in laids for a in laid.axes}))
        return [self.aligned(laid, axes) for laid in laids], axes

    def whole(self, laid: Laid, shape: Shape) -> int:
        """The value as an array that has all the axes of `shape`."""
        if len(laid.axes) == len(shape):
            return laid.value
        return self.emit("broadcast", (self.aligned(laid, range(len(shape))),), (shape,), shape)


def title(kind: str, *names: str) -> str:
    """What the instructions of an output are said to belong to.

    >>> title("value"), title("hessian", "w", "b")
    ('value', 'hessian[w, b]')
    """
    return kind + (f"[{', '.join(names)}]" if names else "")


def _spelling(number: Fraction) -> tuple[Any, ...]:
    """The nearest float, with the numerator and the denominator where that is another number, unless they are too long for a file."""
    nearest: float | str
    try:
        nearest = float(number)
        held = Fraction(nearest) == number
    except OverflowError:
        nearest, held = "inf" if number > 0 else "-inf", False
    if held or max(number.numerator.bit_length(), number.denominator.bit_length()) > LONGEST:
        return (nearest,)
    return nearest, *number.as_integer_ratio()


def _small(number: Fraction) -> bool:
    return number.numerator.bit_length() + number.denominator.bit_length() < _FOLDED_BITS
