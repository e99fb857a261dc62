"""A plan as loops over flat arrays, row after row: every instruction in terms of a few statements that each language writes in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from symchain.kernels.export.expressions import Expressions, missing
from symchain.kernels.kernel import Instruction, Plan
from symchain.kernels.opcodes import ARITHMETIC
from symchain.support.dimensions import Dim, Shape, text_of

_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
Indices = Sequence[str]


@dataclass(frozen=True)
class Statements:
    """The statements of a language, as templates: a loop {i} from 0 up to {n}, a choice {c}, an element {k} of {x}, counted from 0."""

    loop: str
    when: str
    end: str
    set: str
    at: str
    number: str = ""
    """The declaration of a number {x}; empty where none is needed. Those of integers and arrays of {n} zeros:"""
    integer: str = ""
    array: str = "{x} = zeros({n});"
    declared: str = ""
    """Where declarations stand at the top: that of an array."""
    end_when: str = ""
    """The end of a choice, where it is another one than that of a loop."""
    comment: str = "// {text}"
    refuse: str = ""
    """What is done where {c} holds, with the {text} of what is wrong."""
    indent: str = "    "


@dataclass
class Loops:
    """The body of a function for one plan: v0, v1, ... are its values, s0, s1, ... the sizes of its letters."""

    plan: Plan
    statements: Statements
    expressions: Expressions
    lines: list[str] = field(default_factory=list)
    top: list[str] = field(default_factory=list)
    depth: int = 0
    counters: int = 0
    arrays: list[str] = field(default_factory=list)

    def body(self) -> list[str]:
        block = ""
        for value in self.plan.needed():
            step = self.plan.instruction(value)
            if step.block and step.block != block:
                block = step.block
                shown = "".join(c if c.isprintable() and c not in "*/\\" else "?" for c in step.block)
                self.line(self.statements.comment.format(text=shown))
            self._instruction(value, step)
        return self.lines

    # ------------------------------------------------------------ what is written

    def line(self, text: str) -> None:
        self.lines.append(self.statements.indent * self.depth + text)

    def set(self, target: str, text: str) -> None:
        self.line(self.statements.set.format(t=target, e=text))

    def let(self, target: str, form: Any, *operands: str) -> None:
        self.set(target, self.expressions.bare(form, operands))

    def add(self, target: str, text: str) -> None:
        self.set(target, f"{target} + {text}")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.line(head)
        self.depth += 1
        yield
        self.depth -= 1
        end = self.statements.end_when or self.statements.end if head.startswith("if") else self.statements.end
        if end:
            self.line(end)

    @contextmanager
    def over(self, shape: Shape) -> Iterator[list[str]]:
        """Loops over all indices of a shape."""
        names = []
        with ExitStack() as stack:
            for dim in shape:
                name = self.counter()
                stack.enter_context(self.block(self.statements.loop.format(i=name, n=self.size(dim))))
                names.append(name)
            yield names

    def when(self, condition: str) -> Any:
        return self.block(self.statements.when.format(c=condition))

    def counter(self) -> str:
        name = f"i{self.counters}"
        self.counters += 1
        if self.statements.integer and self.statements.declared:
            self.top.append(self.statements.integer.format(x=name))
        return name

    def integer(self) -> str:
        name = self.counter()
        if self.statements.integer and not self.statements.declared:
            self.line(self.statements.integer.format(x=name))
        return name

    def number(self, name: str) -> str:
        if self.statements.number:
            text = self.statements.number.format(x=name)
            self.top.append(text) if self.statements.declared else self.line(text)
        return name

    def array(self, name: str, shape: Shape) -> str:
        if self.statements.declared:
            self.top.append(self.statements.declared.format(x=name))
        self.line(self.statements.array.format(x=name, n=self.count(shape)))
        self.arrays.append(name)
        return name

    def room(self, name: str, shape: Shape) -> str:
        return self.array(name, shape) if shape else self.number(name)

    # ------------------------------------------------------------ places

    def shape(self, value: int) -> Shape:
        first = len(self.plan.inputs)
        return self.plan.inputs[value].shape if value < first else self.plan.instruction(value).shape

    def size(self, dim: Dim) -> str:
        text = text_of(dim, lambda letter: f"s{self.plan.letters.index(letter)}").replace("min(", "imin(")
        return text if text.isalnum() or (text.startswith("imin") and text.count("(") == 1) else f"({text})"

    def count(self, shape: Shape) -> str:
        return "*".join(map(self.size, shape)) or "1"

    def at(self, name: str, shape: Shape, indices: Indices) -> str:
        """An element, broadcast as NumPy does: the last axes of `indices` are those of the shape."""
        if not shape:
            return name
        own = indices[len(indices) - len(shape) :]
        text = ""
        for dim, index in zip(shape, own, strict=True):
            index = "0" if dim == 1 else index
            if text in ("", "0"):
                text = index
            else:
                text = f"({text})*{self.size(dim)}" if "+" in text or "-" in text else f"{text}*{self.size(dim)}"
                text += "" if index == "0" else f" + {index}"
        return self.statements.at.format(x=name, k=text)

    def of(self, value: int, indices: Indices) -> str:
        return self.at(f"v{value}", self.shape(value), indices)

    # ------------------------------------------------------------ instructions

    def _instruction(self, value: int, step: Instruction) -> None:
        name = f"v{value}"
        if step.opcode in ARITHMETIC or step.opcode in ("constant", "size", "real", "integer"):
            self.room(name, step.shape)
            with self.over(step.shape) as indices:
                self.let(self.of(value, indices), *self._element(step, indices))
            return
        write: Callable[[int, Instruction], None] | None = getattr(self, f"_{step.opcode}", None)
        if write is None:
            raise missing(step.opcode, self.expressions.target)
        self.room(name, step.shape)
        write(value, step)

    def _element(self, step: Instruction, indices: Indices) -> tuple[Any, ...]:
        """The form of an elementwise instruction and its operands; conditions are the numbers 0 and 1."""
        operands = [self.of(v, indices) for v in step.operands]
        if step.opcode == "constant":
            return ({"pi": "pi", "inf": "inf", "-inf": ("neg", "inf")}.get(step.parameters[0], step.parameters[0]),)
        if step.opcode == "size":
            return "x0", f"real_of({self.size(step.parameters[0])})"
        if step.opcode in _SIGNS:
            return (_SIGNS[step.opcode], "x0", "x1"), *operands
        if step.opcode == "negative":
            return ("neg", "x0"), *operands
        if step.opcode == "call":
            return step.parameters[1], *operands
        if step.opcode == "compare":
            return ("where", (step.parameters[0], "x0", "x1"), 1, 0), *operands
        if step.opcode == "where":
            return ("where", ("!=", "x0", 0), "x1", "x2"), *operands
        if step.opcode in ("real", "integer"):
            return "x0", *operands
        return (step.opcode, *(f"x{k}" for k in range(len(operands)))), *operands

    def _moved(self, value: int, step: Instruction, indices: Indices, place: Callable[[Indices], Indices]) -> None:
        self.set(self.of(value, indices), self.of(step.operands[0], place(indices)))

    def _copied(self, value: int, step: Instruction, place: Callable[[Indices], Indices]) -> None:
        with self.over(step.shape) as indices:
            self._moved(value, step, indices, place)

    def _view(self, value: int, step: Instruction) -> None:
        axes = step.parameters[0]
        self._copied(value, step, lambda i: [i[axes.index(k)] for k in range(len(self.shape(step.operands[0])))])

    def _drop(self, value: int, step: Instruction) -> None:
        dropped = step.parameters[0]

        def place(indices: Indices) -> Indices:
            rest = iter(indices)
            return ["0" if k in dropped else next(rest) for k in range(len(self.shape(step.operands[0])))]

        self._copied(value, step, place)

    def _broadcast(self, value: int, step: Instruction) -> None:
        self._copied(value, step, lambda i: i)

    def _diagonal(self, value: int, step: Instruction) -> None:
        a, b = step.parameters[0]

        def place(indices: Indices) -> Indices:
            rest = iter(indices[:-1])
            return [indices[-1] if k in (a, b) else next(rest) for k in range(len(self.shape(step.operands[0])))]

        self._copied(value, step, place)

    def _embed(self, value: int, step: Instruction) -> None:
        pattern, shape = step.parameters
        distinct = list(dict.fromkeys(pattern))
        with self.over(tuple(shape[pattern.index(k)] for k in distinct)) as indices:
            self.set(self.of(value, [indices[k] for k in pattern]), self.of(step.operands[0], indices))

    def _sum(self, value: int, step: Instruction) -> None:
        self._folded(value, step, lambda total, x: self.add(total, x), "0")

    def _folded(self, value: int, step: Instruction, fold: Callable[[str, str], None], start: str) -> None:
        """Something gathered over axes, from a start."""
        (x,), (axes,) = step.operands, step.parameters
        if start != "0" or not step.shape:
            with self.over(step.shape) as indices:
                self.let(self.of(value, indices), {"0": 0, "1": 1}.get(start, start if start == "inf" else ("neg", "inf")))
        with self.over(self.shape(x)) as indices:
            fold(self.of(value, [i for k, i in enumerate(indices) if k not in axes]), self.of(x, indices))

    def _max(self, value: int, step: Instruction) -> None:
        self._folded(value, step, lambda best, x: self.let(best, ("maximum", "x0", "x1"), best, x), "-inf")

    def _min(self, value: int, step: Instruction) -> None:
        self._folded(value, step, lambda best, x: self.let(best, ("minimum", "x0", "x1"), best, x), "inf")

    def _prod(self, value: int, step: Instruction) -> None:
        self._folded(value, step, lambda total, x: self.set(total, f"{total}*{x}"), "1")

    def _contraction(self, value: int, output: str, operands: Sequence[tuple[int, str]]) -> None:
        """Sums of products of elements, by letters for the axes."""
        sizes: dict[str, Dim] = {}
        for v, letters in operands:
            for letter, dim in zip(letters, self.shape(v), strict=True):
                if sizes.get(letter, 1) == 1:
                    sizes[letter] = dim
        order = [*output, *(x for x in sizes if x not in output)]
        if not self.shape(value):
            self.let(f"v{value}", 0)
        with self.over(tuple(sizes[x] for x in order)) as indices:
            place = dict(zip(order, indices, strict=True))
            product = "*".join(self.of(v, [place[x] for x in letters]) for v, letters in operands)
            self.add(self.of(value, [place[x] for x in output]), product)

    def _matmul(self, value: int, step: Instruction) -> None:
        x, y = step.operands
        a, b = len(self.shape(x)), len(self.shape(y))
        stack = "ABCDEFGHIJKLMNOP"[: max(a, b) - 2] if max(a, b) > 2 else ""
        left = stack[len(stack) - (a - 2) :] + "ij" if a > 1 else "j"
        right = stack[len(stack) - (b - 2) :] + "jk" if b > 1 else "j"
        self._contraction(value, stack + ("i" if a > 1 else "") + ("k" if b > 1 else ""), [(x, left), (y, right)])

    def _inner(self, value: int, step: Instruction) -> None:
        letters = "abcdefghijklmnop"[: len(self.shape(step.operands[0]))]
        self._contraction(value, "", [(v, letters) for v in step.operands])

    def _tensordot(self, value: int, step: Instruction) -> None:
        (x, y), (a, b) = step.operands, step.parameters
        left = [chr(97 + k) for k in range(len(self.shape(x)))]
        right = [chr(65 + k) for k in range(len(self.shape(y)))]
        for one, two in zip(a, b, strict=True):
            right[two] = left[one]
        output = [c for k, c in enumerate(left) if k not in a] + [c for k, c in enumerate(right) if k not in b]
        self._contraction(value, "".join(output), [(x, "".join(left)), (y, "".join(right))])

    def _einsum(self, value: int, step: Instruction) -> None:
        left, output = step.parameters[0].split("->")
        self._contraction(value, output, list(zip(step.operands, left.split(","), strict=True)))

    def _gram(self, value: int, step: Instruction) -> None:
        x, w = step.operands
        self._contraction(value, "jk", [(x, "ij"), (w, "i"), (x, "ik")])

    def _indexed(self, items: Sequence[Any], indices: Indices) -> Indices:
        """Where the element of a selection stands in what it is of."""
        rest = iter(indices)
        found = []
        for item in items:
            if item[0] == "at":
                found.append(self.size(item[1]))
            elif item[0] == "new":
                next(rest)
            else:
                _, start, _, by = item
                index = next(rest)
                moved = index if by == 1 else f"{index}*({by})"
                found.append(moved if start == 0 else f"{self.size(start)} + {moved}")
        return found

    def _index(self, value: int, step: Instruction) -> None:
        self._copied(value, step, lambda i: self._indexed(step.parameters[0], i))

    def _place(self, value: int, step: Instruction) -> None:
        (x,) = step.operands
        with self.over(self.shape(x)) as indices:
            self.set(self.of(value, self._indexed(step.parameters[0], indices)), self.of(x, indices))

    def _concatenate(self, value: int, step: Instruction) -> None:
        (axis,) = step.parameters
        start = "0"
        for x in step.operands:
            shape = self.shape(x)
            with self.over(shape) as indices:
                moved = [f"{start} + {i}" if k == axis else i for k, i in enumerate(indices)]
                self.set(self.of(value, moved), self.of(x, indices))
            start = f"{start} + {self.size(shape[axis])}"

    def _reshape(self, value: int, step: Instruction) -> None:
        (x,) = step.operands
        count = self.counter()
        with self.block(self.statements.loop.format(i=count, n=self.count(step.shape))):
            one = [self.statements.at.format(x=f"v{v}", k=count) if self.shape(v) else f"v{v}" for v in (value, x)]
            self.set(*one)

    def _flip(self, value: int, step: Instruction) -> None:
        (axis,) = step.parameters
        last = f"{self.size(step.shape[axis])} - 1 - "
        self._copied(value, step, lambda i: [f"({last}{x})" if k == axis else x for k, x in enumerate(i)])

    def _roll(self, value: int, step: Instruction) -> None:
        shift, axis = step.parameters
        text = self.size(shift) if isinstance(shift, str) else f"({shift})"
        size = self.size(step.shape[axis])
        self._copied(value, step, lambda i: [f"imod({x} - {text}, {size})" if k == axis else x for k, x in enumerate(i)])

    def _label(self, labels: int, index: Indices, count: Dim) -> str:
        """The label, an integer in its range or else refused."""
        name = self.integer()
        self.set(name, f"int_of({self.of(labels, index)})")
        n = self.size(count)
        out = self.expressions.words.signs.get("or", "||")
        self.line(self.statements.refuse.format(c=f"{name} < 0 {out} {name} >= {n}", text="a label is out of range"))
        return name

    def _gather(self, value: int, step: Instruction) -> None:
        x, labels = step.operands
        rows, *row = step.shape
        with self.over((rows,)) as (i,):
            label = self._label(labels, [i], self.shape(x)[0])
            with self.over(tuple(row)) as rest:
                self.set(self.of(value, [i, *rest]), self.of(x, [label, *rest]))

    def _scatter(self, value: int, step: Instruction) -> None:
        y, labels = step.operands
        rows, *row = self.shape(y)
        with self.over((rows,)) as (i,):
            label = self._label(labels, [i], step.shape[0])
            with self.over(tuple(row)) as rest:
                self.add(self.of(value, [label, *rest]), self.of(y, [i, *rest]))

    def _onehot(self, value: int, step: Instruction) -> None:
        *shape, count = step.shape
        with self.over(tuple(shape)) as indices:
            label = self._label(step.operands[0], indices, count)
            self.let(self.of(value, [*indices, label]), 1)


__all__ = ["Loops", "Statements"]
