"""Many steps of a loop at once: the code of a step in three parts, what precedes the loop, the loop, and what follows it.

A step function is a plan. What depends on nothing that the loop itself makes is worked out for many steps together, with the steps
along axis 0; what the loop does not need again follows it, together too, where sums over the steps become products of matrices.
Only what a step needs of the step before it is worked out step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import ascii_letters

from symchain.kernels.kernel import Input, Instruction, Output, Plan
from symchain.kernels.numpy import bare_function
from symchain.kernels.opcodes import ARITHMETIC, led
from symchain.support.dimensions import Shape, evaluate


@dataclass(frozen=True)
class Part:
    """Some of the instructions of a step: which of its values it takes, and which it gives."""

    plan: Plan
    takes: tuple[int, ...]
    gives: tuple[int, ...]

    @cached_property
    def function(self) -> Callable[..., tuple[object, ...]]:
        return bare_function(self.plan)[0]


class Split:
    """The parts of a step.

    `moving` are the inputs that differ from step to step, `carried` those of them that the loop makes; `inner` are the numbers of the
    outputs that it makes them of, `added` those that are summed over the steps. `exact`: the results have the digits of single steps.
    """

    def __init__(self, plan: Plan, moving: Collection[int], carried: Collection[int], inner: Collection[int], added: Collection[int],
                 exact: bool) -> None:  # fmt: skip
        self.plan = plan
        first = len(plan.inputs)
        self.outputs = [o.value for o in plan.outputs]
        self.carried, self.added = set(carried), set(added)
        needed = plan.needed()
        self.steps = "steps"
        while self.steps in plan.letters:
            self.steps += "_"
        self.moving = set(moving)
        later, apart = set(carried), set[int]()
        for number in needed:
            step = plan.instruction(number)
            if self.moving.intersection(step.operands):
                self.moving.add(number)
                if not self._has_rule(step):
                    apart.add(number)
            if number in apart or later.intersection(step.operands):
                later.add(number)
        wanted = {self.outputs[k] for k in inner}
        looped = self._above((wanted & later) | apart, later)
        read = {v for n in looped for v in plan.instruction(n).operands} | wanted
        before = self._above({v for v in read if v >= first and v not in looped}, set(needed) - looped)
        after = [n for n in needed if n not in looped and n not in before]
        inner = {*inner, *(k for k, v in enumerate(self.outputs) if v in looped and k not in self.added)}  # what it makes is there at once
        self.rest = [k for k in range(len(self.outputs)) if k not in inner]
        used = {v for n in after for v in plan.instruction(n).operands} | {self.outputs[k] for k in self.rest}
        self.before = self._together(sorted(before), sorted((read | used) & before), (), exact) if before else None
        self.carrying = sorted(inner)
        made = sorted(used & looped)
        self.loop = self._alone(sorted(looped), [*(self.outputs[k] for k in self.carrying), *made]) if inner or looped else None
        rest = [self.outputs[k] for k in self.rest]
        summed = {k for k, n in enumerate(self.rest) if n in added}
        self.after = self._together(after, rest, summed, exact) if rest else None

    @property
    def gains(self) -> bool:
        """Whether anything is worked out together."""
        return any(n >= len(p.plan.inputs) for p in (self.before, self.after) if p for n in p.plan.needed())

    def labour(self, size: Callable[[str], int]) -> int:
        """The elements of all arrays of one step that are there together."""
        sizes = {letter: size(letter) for letter in self.plan.letters} | {self.steps: 1}
        total = 0
        for shape in self._shapes:
            count = 1
            for dim in shape:
                count *= evaluate(dim, sizes)
            total += count
        return total

    @cached_property
    def _shapes(self) -> list[Shape]:
        """Those of the arrays of one step that are there together."""
        shapes = [self.shape(v) for v in (self.loop.gives if self.loop else ())]
        for part in (self.before, self.after):
            if part is not None:
                shapes += [s for n in part.plan.needed() if (s := part.plan.instruction(n).shape)[:1] == (self.steps,)]
        return shapes

    @cached_property
    def follows(self) -> frozenset[int]:
        """What the part after the loop takes."""
        return frozenset(self.after.takes if self.after else ())

    def shape(self, value: int) -> Shape:
        first = len(self.plan.inputs)
        return self.plan.inputs[value].shape if value < first else self.plan.instruction(value).shape

    def _above(self, values: Collection[int], among: Collection[int]) -> set[int]:
        """Instructions, with those of `among` that they depend on."""
        found, stack, first = set[int](), [v for v in values if v >= len(self.plan.inputs)], len(self.plan.inputs)
        while stack:
            number = stack.pop()
            if number not in found:
                found.add(number)
                stack += [v for v in self.plan.instruction(number).operands if v >= first and v in among]
        return found

    def _has_rule(self, step: Instruction) -> bool:
        """Whether an instruction that moves can be worked out for many steps together."""
        if step.opcode == "matmul":
            return all(len(self.shape(v)) <= 2 for v in step.operands)
        if step.opcode in ARITHMETIC or step.opcode in ("inner", "einsum"):
            return True
        return self.moving.issuperset(step.operands) and led(step.opcode, step.parameters, self.steps) is not None

    def _taken(self, numbers: Sequence[int], gives: Sequence[int]) -> list[int]:
        own = set(numbers)
        return sorted({v for v in (*(v for n in numbers for v in self.plan.instruction(n).operands), *gives) if v not in own})

    def _input(self, value: int) -> Input:
        return self.plan.inputs[value] if value < len(self.plan.inputs) else Input(f"step_{value}", self.shape(value))

    def _alone(self, numbers: Sequence[int], gives: Sequence[int]) -> Part:
        """The part of one step."""
        takes = sorted(self._taken(numbers, gives), key=lambda v: (v in self.carried, v))
        named = {v: k for k, v in enumerate((*takes, *numbers))}
        steps = [self.plan.instruction(n) for n in numbers]
        moved = [Instruction(s.opcode, tuple(named[v] for v in s.operands), s.parameters, s.shape, s.block) for s in steps]
        outputs = [Output("array", (), named[v], self.shape(v)) for v in gives]
        return Part(Plan(tuple(map(self._input, takes)), self.plan.letters, tuple(moved), tuple(outputs), 1), tuple(takes), tuple(gives))

    def _together(self, numbers: Sequence[int], gives: Sequence[int], summed: Collection[int], exact: bool) -> Part:
        """The part of many steps; of the results numbered `summed` the sum over the steps."""
        takes = self._taken(numbers, gives)
        inputs = [Input(i.name, (self.steps, *i.shape), i.integer) if v in self.moving else i
                  for v, i in zip(takes, map(self._input, takes), strict=True)]  # fmt: skip
        writer = _Together(self, inputs, takes, exact)
        for n in numbers:
            writer.write(n)
        results = [writer.summed(v) if k in summed else writer.named[v] for k, v in enumerate(gives)]
        outputs = [Output("array", (), r, writer.shape(r)) for r in results]
        plan = Plan(tuple(inputs), (*self.plan.letters, self.steps), tuple(writer.instructions), tuple(outputs), 1)
        return Part(plan, tuple(takes), tuple(gives))


class _Together:
    """Writes the instructions of a step for many of them, which stand along axis 0."""

    def __init__(self, split: Split, inputs: Sequence[Input], takes: Sequence[int], exact: bool) -> None:
        self.split, self.inputs, self.exact = split, inputs, exact
        self.instructions: list[Instruction] = []
        self.named = {v: k for k, v in enumerate(takes)}
        self.block = ""

    def shape(self, new: int) -> Shape:
        count = len(self.inputs)
        return self.inputs[new].shape if new < count else self.instructions[new - count].shape

    def emit(self, opcode: str, operands: Sequence[int], parameters: tuple[object, ...], shape: Shape) -> int:
        self.instructions.append(Instruction(opcode, tuple(operands), parameters, shape, self.block))
        return len(self.inputs) + len(self.instructions) - 1

    def view(self, new: int, axes: Sequence[int | None]) -> int:
        shape = self.shape(new)
        if list(axes) == list(range(len(shape))):
            return new
        return self.emit("view", [new], (tuple(axes),), tuple(1 if a is None else shape[a] for a in axes))

    def drop(self, new: int, axes: Sequence[int]) -> int:
        return self.emit("drop", [new], (tuple(axes),), tuple(d for k, d in enumerate(self.shape(new)) if k not in axes)) if axes else new

    def aligned(self, value: int, rank: int) -> int:
        """A value as an operand of what has `rank` axes in each step."""
        new = self.named[value]
        own = len(self.split.shape(value))
        return self.view(new, (0, *(None,) * (rank - own), *range(1, own + 1))) if value in self.split.moving and own < rank else new

    def write(self, value: int) -> None:
        step = self.split.plan.instruction(value)
        self.block = step.block
        if value not in self.split.moving:
            self.named[value] = self.emit(step.opcode, [self.named[v] for v in step.operands], step.parameters, step.shape)
        elif step.opcode in ARITHMETIC:
            operands = [self.aligned(v, len(step.shape)) for v in step.operands]
            self.named[value] = self.emit(step.opcode, operands, step.parameters, (self.split.steps, *step.shape))
        elif step.opcode == "matmul":
            self.named[value] = self.matmul(step)
        elif step.opcode == "inner":
            x, y = step.operands
            shape = self.split.shape(x if x in self.split.moving else y)
            product = self.emit("multiply", [self.named[x], self.named[y]], (), (self.split.steps, *shape))
            self.named[value] = self.emit("sum", [product], (tuple(range(1, len(shape) + 1)),), (self.split.steps,))
        elif step.opcode == "einsum":
            text = _subscripts(step.parameters[0], [v in self.split.moving for v in step.operands])
            self.named[value] = self.emit("einsum", [self.named[v] for v in step.operands], (text,), (self.split.steps, *step.shape))
        else:
            operands = [self.named[v] for v in step.operands]
            if step.opcode == "broadcast":
                operands = [self.aligned(step.operands[0], len(step.shape))]
            parameters = led(step.opcode, step.parameters, self.split.steps)
            assert parameters is not None, "it has a rule"
            self.named[value] = self.emit(step.opcode, operands, parameters, (self.split.steps, *step.shape))

    def matmul(self, step: Instruction) -> int:
        a, b = step.operands
        x, y = self.named[a], self.named[b]
        rx, ry = len(self.split.shape(a)), len(self.split.shape(b))
        mx, my = a in self.split.moving, b in self.split.moving
        shape = (self.split.steps, *step.shape)
        if not self.exact and not mx and ry == 1:  # one product for all steps
            return self.emit("matmul", [y, x if rx == 1 else self.view(x, (1, 0))], (), shape)
        if not self.exact and not my and rx == 1:
            return self.emit("matmul", [x, y], (), shape)
        row, column = rx == 1, ry == 1  # a product of matrices for each step, which has the digits of a step alone
        if row:
            x = self.view(x, (0, None, 1) if mx else (None, 0))
        if column:
            y = self.view(y, (0, 1, None) if my else (0, None))
        left, right = self.shape(x)[-2], self.shape(y)[-1]
        product = self.emit("matmul", [x, y], (), (self.split.steps, left, right))
        return self.drop(product, [k for k, gone in ((1, row), (2, column)) if gone])

    def summed(self, value: int) -> int:
        """The sum of a result over the steps."""
        plan, moving = self.split.plan, self.split.moving
        new, shape = self.named[value], self.split.shape(value)
        if value not in moving:
            size = self.emit("size", (), (self.split.steps,), ())
            return self.emit("multiply", [new, size], (), shape)
        step = plan.instruction(value) if value >= len(plan.inputs) and new >= len(self.inputs) else None
        if step is not None and step.opcode == "add" and all(self.split.shape(v) == shape and v in moving for v in step.operands):
            x, y = (self.summed(v) for v in step.operands)
            return self.emit("add", [x, y], (), shape)
        if step is not None and step.opcode == "multiply" and len(shape) == 2 and moving.issuperset(step.operands):
            pair = [((1,) * (2 - len(s)) + tuple(s), v) for v in step.operands for s in (self.split.shape(v),)]
            for (p, a), (q, b) in (pair, pair[::-1]):
                if p == (shape[0], 1) and q == (1, shape[1]):
                    column = self.drop(self.named[a], [2])
                    row = self.drop(self.named[b], [1] if len(self.split.shape(b)) == 2 else [])
                    return self.emit("matmul", [self.view(column, (1, 0)), row], (), shape)
        return self.emit("sum", [new], ((0,),), shape)


def _subscripts(text: str, moving: Sequence[bool]) -> str:
    letter = next(c for c in ascii_letters if c not in text)
    given, result = text.split("->")
    moved = [letter + s if m else s for s, m in zip(given.split(","), moving, strict=True)]
    return f"{','.join(moved)}->{letter}{result}"
