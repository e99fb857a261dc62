"""Array plans in C: loops over elements, in which whatever is read once is worked out where it is read.

The element of a value at some indices is an expression over elements of its operands: slices, transposes and broadcasts are other
indices, zeros around a block are a choice. A value gets a buffer of its own where a sum over it ends, where it is read several times,
or where each of its elements is read for many of another value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from symchain.kernels.doubts import Doubts
from symchain.kernels.floats import NoFloats
from symchain.kernels.kernel import Instruction, Plan
from symchain.kernels.native.statements import conditions_of
from symchain.kernels.opcodes import ARITHMETIC
from symchain.kernels.primitives import Form
from symchain.kernels.writing import Writer, form_template
from symchain.support.dimensions import Dim, Shape, text_of

Indices = Sequence[str]


def comment(text: str) -> str:
    """A comment; what a user called something stands nowhere else."""
    return f"  /* {''.join(c if c.isprintable() and c not in '*/' + chr(92) else '?' for c in text)} */"


_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
_INSIDE = frozenset(("view", "drop", "broadcast", "diagonal", "embed", "index", "place", "flip", "roll", "tril", "triu", "real"))
"""What only moves elements."""
_FOLDED = frozenset(("sum", "inner", "max", "min", "prod", "logsumexp"))
WORKED_OUT = _FOLDED | {"matmul", "tensordot", "einsum", "gram", "softmax", "log_softmax", "norm", "balanced", "orthogonal"}
WORKED_OUT |= {"cumsum", "cumprod", "cummax", "cummin", "gather", "scatter", "sort", "take_sorted", "take_ranked", "convolution"}
WORKED_OUT |= {"inv", "det", "logdet", "cofactors", "cholesky"}
"""What is worked out whole, before anything reads it; of what is folded each element is read once."""
_LIMIT = 400
"""Characters of an expression: a longer one gets a buffer."""
_AGAIN = 80
"""Characters of one that is worked out again where it is read again, if it is sums and products."""
MOST = 2500
"""Plans of more instructions are left to NumPy."""


class ArrayCode:
    """The C function of one plan: int kernel(s, x, y, a) with sizes, arguments, results and room.

    It returns 2, or 1 where `doubts` say that numbers among the results have lost digits, or 0 where NumPy shall say what is wrong.
    """

    def __init__(self, plan: Plan, doubts: Doubts | None = None, comments: bool = False) -> None:
        self.plan = plan
        self.doubts = doubts
        self.comments = comments
        self.first = len(plan.inputs)
        self.needed = plan.needed()
        self.forms: dict[Form, str] = {}
        self.lines: list[str] = []
        self.rooms: list[Shape] = []
        """The shapes of the buffers that are no results."""
        self.kept = self._kept()
        self.named: dict[int, str] = {}
        """Numbers, and arrays with a buffer."""

    # ------------------------------------------------------------ what is known of values

    def shape(self, value: int) -> Shape:
        return self.plan.inputs[value].shape if value < self.first else self.plan.instruction(value).shape

    def size(self, dim: Dim) -> str:
        text = text_of(dim, lambda letter: f"s{self.plan.letters.index(letter)}")
        text = text.replace("min(", "m_least(")
        return text if text.isalnum() else f"({text})"

    def count(self, shape: Shape) -> str:
        return "*".join(map(self.size, shape)) or "1"

    def _kept(self) -> set[int]:
        """The values that get a name: numbers, what is summed up, what is read more than once or by many."""
        kept = set[int]()
        results = {o.value for o in self.plan.outputs}
        for number in self.needed:
            step = self.plan.instruction(number)
            if step.opcode in WORKED_OUT or step.opcode == "reshape":
                kept.add(number)
                kept.update(v for v in step.operands if self._computes(v) and step.opcode not in _FOLDED)
            if self._computes(number) and not step.shape:
                kept.add(number)
            if step.opcode in ARITHMETIC or step.opcode in ("broadcast", "embed"):
                kept.update(v for v in step.operands if self._spreads(v, step.shape) for v in self._sources(v))
        return kept | {v for v in results if v >= self.first and self.shape(v)}

    def _computes(self, value: int) -> bool:
        """Whether an element of the value takes any work."""
        opcodes = {self.plan.instruction(v).opcode for v in self._sources(value)}
        return bool(opcodes - {"reshape", *WORKED_OUT})

    def _spreads(self, value: int, shape: Shape) -> bool:
        own = self.shape(value)
        return bool(own) and (len(own) < len(shape) or any(d == 1 and w != 1 for d, w in zip(own[::-1], shape[::-1], strict=False)))

    def _sources(self, value: int) -> list[int]:
        """The values that are worked out for an element of this one."""
        found, stack = [], [value]
        while stack:
            v = stack.pop()
            if v < self.first:
                continue
            step = self.plan.instruction(v)
            if step.opcode in _INSIDE or step.opcode == "concatenate":
                stack.extend(step.operands)
            elif step.opcode not in ("constant", "size"):
                found.append(v)
        return found

    # ------------------------------------------------------------ the function

    @cached_property
    def text(self) -> str:
        """The C code. Raises NoFloats, with the name, where an instruction has no form here."""
        if len(self.needed) > MOST:
            raise NoFloats("so long a program")
        for number in self.needed:
            step = self.plan.instruction(number)
            if number in self.kept or (step.shape and self._is_long(number)):
                self._work_out(number, step)
        for k, o in enumerate(self.plan.outputs):
            if self.named.get(o.value) != f"y{k}":
                self.loops(o.shape, lambda at, o=o, k=k: [f"y{k}[{self.flat(o.shape, at)}] = {self.element(o.value, at)};"])  # type: ignore[misc]
        letters = [f"  const long s{k} = s[{k}];" for k in range(len(self.plan.letters))]
        if self.comments:
            letters = [line + comment(n) for line, n in zip(letters, self.plan.letters, strict=True)]
        inputs = [
            f"  const {'long' if i.integer else 'double'} *restrict x{k} = x[{k}];{comment(i.name) if self.comments else ''}"
            for k, i in enumerate(self.plan.inputs)
        ]
        outputs = [f"  double *restrict y{k} = y[{k}];" for k in range(len(self.plan.outputs))]
        head = "int kernel(const long *s, const void *const *x, double *const *y, double *a) {"
        body = [*letters, *inputs, *outputs, *self.lines, *self._conditions(), "}"]
        return "\n".join([*self._functions(), head, *body]) + "\n"

    def _conditions(self) -> list[str]:
        """What must hold for numbers to be trusted; what only one case of a choice reads is not asked, as in `writing`."""
        if self.doubts is None:
            return ["  return 2;"]
        writer = Writer(self.plan, "numpy", watched=self.doubts.values)
        for _ in writer.statements():
            pass

        def name(value: int) -> str | None:
            return None if self.shape(value) or (value >= self.first and writer.named(value) is None) else self.element(value, [])

        return ["  int ok = 1;", *(f"  ok &= {text};" for text in conditions_of(self.doubts, name)), "  return 1 + ok;"]

    def _functions(self) -> list[str]:
        found = []
        for form, name in self.forms.items():
            text = re.sub(r"\{(\d+)\}", r"v\1", form_template(form, "c")[0])
            places = sorted({int(k) for k in re.findall(r"\bv(\d+)\b", text)})
            found.append(f"m_inline double {name}({', '.join(f'double v{k}' for k in places)}) {{ return {text}; }}")
        return found

    def _is_long(self, number: int) -> bool:
        """Whether to keep a value, rather than to work it out wherever it is read."""
        text = self.element(number, [f"i{k}" for k in range(len(self.shape(number)))])
        if self.plan.uses.get(number, 0) > 1 and self._computes(number) and (len(text) > _AGAIN or re.search(r"/|\b[fg]_?\w*\(", text)):
            return True
        return len(text) > _LIMIT

    def _work_out(self, number: int, step: Instruction) -> None:
        write: Callable[[int, Instruction, str], None] | None = getattr(self, f"_write_{step.opcode}", None)
        if self.comments and step.block:
            self.lines.append(comment(step.block))
        if not step.shape and write is None:
            self.lines.append(f"  const double v{number} = {self.element(number, [])};")
            self.named[number] = f"v{number}"
            return
        if not step.shape:
            self.lines.append(f"  double v{number} = 0.0;")
            assert write is not None
            write(number, step, f"v{number}")
            self.named[number] = f"v{number}"
            return
        target = self._buffer(number, step.shape)
        if write is not None:
            write(number, step, target)
        else:
            self.loops(step.shape, lambda at: [f"{target}[{self.flat(step.shape, at)}] = {self.element(number, at)};"])
        self.named[number] = target

    def _buffer(self, number: int, shape: Shape) -> str:
        """Where a value goes: into a result, or into room of its own."""
        for k, o in enumerate(self.plan.outputs):
            if o.value == number and o.shape == shape:
                return f"y{k}"
        return self.room(shape)

    def room(self, shape: Shape) -> str:
        """The name of a new buffer."""
        name = f"b{len(self.rooms)}"
        self.lines.append(f"  double *restrict {name} = a; a += {self.count(shape)};")
        self.rooms.append(shape)
        return name

    def loops(self, shape: Shape, body: Callable[[list[str]], list[str]], apart: bool = True) -> None:
        """Loops over the elements of a shape; `apart` says that no turn reads what another writes."""
        at = [f"i{k}" for k in range(len(shape))]
        indent = "  "
        for k, dim in enumerate(shape):
            if apart and k == len(shape) - 1:
                self.lines.append(f"{indent}#pragma GCC ivdep")
            self.lines.append(f"{indent}for (long {at[k]} = 0; {at[k]} < {self.size(dim)}; {at[k]}++) {{")
            indent += "  "
        self.lines += [indent + line for line in body(at)]
        for k in range(len(shape)):
            self.lines.append(indent[: -2 * (k + 1)] + "}")

    def flat(self, shape: Shape, at: Indices) -> str:
        text = "0"
        for dim, i in zip(shape, at, strict=True):
            text = i if text == "0" else f"({text})*{self.size(dim)} + {i}"
        return text

    # ------------------------------------------------------------ elements

    def element(self, value: int, at: Indices) -> str:
        """The element of a value at some indices, as an expression that may stand anywhere."""
        if value in self.named:
            name = self.named[value]
            return f"{name}[{self.flat(self.shape(value), at)}]" if self.shape(value) else name
        if value < self.first:
            return f"x{value}[{self.flat(self.shape(value), at)}]"
        step = self.plan.instruction(value)
        if step.opcode in ARITHMETIC:
            return self._arithmetic(step, [self._aligned(v, at) for v in step.operands])
        read: Callable[[Instruction, Indices], str] | None = getattr(self, f"_read_{step.opcode}", None)
        if read is None:
            raise NoFloats(step.opcode)
        return read(step, at)

    def _aligned(self, value: int, at: Indices) -> str:
        """The element of an operand that is broadcast to the indices."""
        shape = self.shape(value)
        own = list(at)[len(at) - len(shape) :]
        return self.element(value, ["0" if d == 1 else i for d, i in zip(shape, own, strict=True)])

    def _arithmetic(self, step: Instruction, x: Sequence[str]) -> str:
        if step.opcode in _SIGNS:
            return f"({x[0]} {_SIGNS[step.opcode]} {x[1]})"
        if step.opcode == "negative":
            return f"(-({x[0]}))"
        if step.opcode == "compare":
            return f"({x[0]} {step.parameters[0]} {x[1]})"
        if step.opcode == "where":
            return f"m_choose({x[0]} != 0.0, {x[1]}, {x[2]})"
        if step.opcode == "sqrt":
            return f"f_sqrt({x[0]})"
        if step.opcode == "power":
            return f"f_power({x[0]}, {x[1]})"
        form = step.parameters[1]
        form_template(form, "c")
        name = self.forms.setdefault(form, f"g{len(self.forms)}")
        return f"{name}({', '.join(x)})"

    def _read_constant(self, step: Instruction, at: Indices) -> str:
        value = step.parameters[0]
        if isinstance(value, str):
            return f"({value[:-3]}f_{value[-3:].lstrip('-')})"
        return repr(float(value)) if value >= 0 else f"({float(value)!r})"

    def _read_size(self, step: Instruction, at: Indices) -> str:
        return f"(double){self.size(step.parameters[0])}"

    def _read_real(self, step: Instruction, at: Indices) -> str:
        return f"(double){self.element(step.operands[0], at)}"

    def _read_integer(self, step: Instruction, at: Indices) -> str:
        return f"(long){self.element(step.operands[0], at)}"

    def _read_view(self, step: Instruction, at: Indices) -> str:
        axes = step.parameters[0]
        order = {a: i for a, i in zip(axes, at, strict=True) if a is not None}
        return self.element(step.operands[0], [order[a] for a in range(len(order))])

    def _read_drop(self, step: Instruction, at: Indices) -> str:
        rest = iter(at)
        rank = len(self.shape(step.operands[0]))
        return self.element(step.operands[0], ["0" if k in step.parameters[0] else next(rest) for k in range(rank)])

    def _read_broadcast(self, step: Instruction, at: Indices) -> str:
        return self._aligned(step.operands[0], at)

    def _read_diagonal(self, step: Instruction, at: Indices) -> str:
        a, b = step.parameters[0]
        rest = iter(at[:-1])
        rank = len(self.shape(step.operands[0]))
        return self.element(step.operands[0], [at[-1] if k in (a, b) else next(rest) for k in range(rank)])

    def _read_embed(self, step: Instruction, at: Indices) -> str:
        pattern = step.parameters[0]
        firsts: dict[int, str] = {}
        same = []
        for k, i in zip(pattern, at, strict=True):
            if firsts.setdefault(k, i) != i:
                same.append(f"{firsts[k]} == {i}")
        inner = self._aligned(step.operands[0], list(firsts.values()))
        return f"({' && '.join(same)} ? {inner} : 0.0)" if same else inner

    def _read_index(self, step: Instruction, at: Indices) -> str:
        rest = iter(at)
        own = []
        for item in step.parameters[0]:
            if item[0] == "new":
                next(rest)
            elif item[0] == "at":
                own.append(self.size(item[1]))
            else:
                own.append(self._along(item, next(rest)))
        return self.element(step.operands[0], own)

    def _along(self, item: Sequence[int | str], i: str) -> str:
        """The index of the i-th element of a slice."""
        _, start, _, step = item
        scaled = i if step == 1 else f"{step}*{i}" if isinstance(step, int) and step > 0 else f"({step})*{i}"
        return scaled if start == 0 else f"({self.size(start)} + {scaled})"

    def _read_place(self, step: Instruction, at: Indices) -> str:
        tests, own = [], []
        rest = iter(at)
        for item in step.parameters[0]:
            if item[0] == "new":
                own.append("0")
                continue
            i = next(rest)
            if item[0] == "at":
                tests.append(f"{i} == {self.size(item[1])}")
                continue
            _, start, stop, by = item
            low, high = (start, stop) if by > 0 else (stop, start)
            first, last = (">=", "<") if by > 0 else (">", "<=")
            if not (by > 0 and low == 0):
                tests.append(f"{i} {first} {self.size(low) if low != -1 else '-1'}")
            tests.append(f"{i} {last} {self.size(high)}")
            offset = i if start == 0 and by > 0 else f"({i} - {self.size(start)})" if by > 0 else f"({self.size(start)} - {i})"
            if abs(by) != 1:
                tests.append(f"{offset}%{abs(by)} == 0")
                offset = f"{offset}/{abs(by)}"
            own.append(offset)
        inner = self.element(step.operands[0], own)
        return f"({' && '.join(tests)} ? {inner} : 0.0)" if tests else inner

    def _read_concatenate(self, step: Instruction, at: Indices) -> str:
        axis = step.parameters[0]
        if len(step.operands) > 64:
            raise NoFloats(step.opcode)
        text, offset = "", "0"
        for k, v in enumerate(step.operands):
            size = self.size(self.shape(v)[axis])
            own = [*at[:axis], at[axis] if k == 0 else f"({at[axis]} - ({offset}))", *at[axis + 1 :]]
            offset = size if k == 0 else f"{offset} + {size}"
            inner = self.element(v, own)
            text += inner if k == len(step.operands) - 1 else f"{at[axis]} < {offset} ? {inner} : "
        return f"({text})"

    def _read_flip(self, step: Instruction, at: Indices) -> str:
        axis = step.parameters[0]
        return self.element(step.operands[0], [*at[:axis], f"({self.size(step.shape[axis])} - 1 - {at[axis]})", *at[axis + 1 :]])

    def _read_roll(self, step: Instruction, at: Indices) -> str:
        shift, axis = step.parameters
        n, by = self.size(step.shape[axis]), self.size(shift) if isinstance(shift, str) or shift >= 0 else f"({shift})"
        return self.element(step.operands[0], [*at[:axis], f"((({at[axis]} - {by})%{n} + {n})%{n})", *at[axis + 1 :]])

    def _read_tril(self, step: Instruction, at: Indices) -> str:
        return f"({at[-1]} - {at[-2]} <= {step.parameters[0]} ? {self.element(step.operands[0], at)} : 0.0)"

    def _read_triu(self, step: Instruction, at: Indices) -> str:
        return f"({at[-1]} - {at[-2]} >= {step.parameters[0]} ? {self.element(step.operands[0], at)} : 0.0)"

    def nest(self, axes: Sequence[tuple[int, Dim]], names: dict[int, str], body: str | Sequence[str], last: bool) -> None:
        indent = "  "
        for n, (k, dim) in enumerate(axes):
            if last and n == len(axes) - 1:
                self.lines.append(f"{indent}#pragma GCC ivdep")
            self.lines.append(f"{indent}for (long {names[k]} = 0; {names[k]} < {self.size(dim)}; {names[k]}++) {{")
            indent += "  "
        lines = [body] if isinstance(body, str) else ["{", *(f"  {line}" for line in body), "}"]
        self.lines += [indent + line for line in lines]
        for n in range(len(axes)):
            self.lines.append(indent[: -2 * (n + 1)] + "}")

    def _write_reshape(self, number: int, step: Instruction, target: str) -> None:
        (v,) = step.operands
        shape = self.shape(v)
        name = target if step.shape else f"&{target}"
        self.loops(shape, lambda at: [f"({name})[{self.flat(shape, at)}] = {self.element(v, at)};"])
