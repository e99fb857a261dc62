"""Instructions as expressions: in Python over NumPy, or over plain floats and `math`; in C and JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np

from symchain.errors import UnsupportedError
from symchain.kernels import oscillating  # noqa: F401  (registers its helpers)
from symchain.kernels.arrays import WRITERS, array_template, shape_text, tuple_text
from symchain.kernels.definitions import CORE, DEFINITIONS
from symchain.kernels.floats import INLINE, MATH, PAIRED, NoFloats
from symchain.kernels.javascript import primitives as javascript
from symchain.kernels.kernel import Instruction, Plan
from symchain.kernels.moredigits import UNKNOWN
from symchain.kernels.native import primitives as native
from symchain.kernels.opcodes import ARITHMETIC
from symchain.kernels.primitives import (
    COMPARISONS,
    CONSTANTS,
    INTEGER,
    NUMBER,
    NUMBERS,
    PRIMITIVES,
    SIGNS,
    VALUE,
    Form,
    is_number,
    operand_of,
    parts,
)
from symchain.kernels.stable import STABLE
from symchain.support.dimensions import Dim, text_of

TERNARY, COMPARE, SUM, PRODUCT, UNARY, POWER, ATOM = range(7)
"""How tightly an expression binds."""
_WIDTH = 88
"""Values that are used once are written into their use until a line gets this long."""
_INFIX = {"add": ("+", SUM), "subtract": ("-", SUM), "multiply": ("*", PRODUCT), "divide": ("/", PRODUCT), "matmul": ("@", PRODUCT)}
_CALM = frozenset({"+", "-", "*", "neg", "abs", "sin", "cos", "tanh", "arctan", "arcsinh", "erf", "erfc", "cbrt"})
"""Primitives that have a value for every float."""
_FIELD = re.compile(r"\{(\d+)\}")
_TWICE_NEGATED = re.compile(r"\(-\(-(v\d+)\)\)")


def size_text(dim: Dim, letters: Sequence[str]) -> str:
    """A dimension over s0, s1, ..., the sizes of the letters."""
    return text_of(dim, lambda letter: f"s{letters.index(letter)}")


_CALLED = frozenset(name for name in PRIMITIVES if name.isidentifier() and name not in ("neg", "where"))
"""Primitives that are written as calls, in every family; np.where is too."""


def _numpy_name(primitive: str) -> str:
    if primitive in STABLE:
        return primitive
    known = primitive in ("where", "clip", "sinc") or isinstance(getattr(np, primitive, None), np.ufunc)
    return f"{'np' if known else 'special'}.{primitive}"


NAMES: Mapping[str, Mapping[str, str]] = {
    "numpy": {name: _numpy_name(name) for name in (*_CALLED, "where")},
    "math": {**{name: f"{name}_of_floats" for name in PRIMITIVES if f"{name}_of_floats" in STABLE}, **MATH},
    "digits": {name: name for name in (CORE - UNKNOWN) | DEFINITIONS.keys() if name in _CALLED},
    "c": native.NAMES,
    "javascript": javascript.NAMES,
}
"""What each primitive is called, in each family of code: over NumPy, over floats, over numbers of a table (`digits`), in C ..."""
_MODULES = {"numpy": "np.", "math": "math.", "digits": "", "c": "f_", "javascript": "f_"}
_BRACED = ("c", "javascript")
"""Families whose choices are written condition ? yes : no, and whose powers are calls."""


@lru_cache(maxsize=4096)
def form_template(form: Form, family: str) -> tuple[str, int]:
    """A form as an expression with {0}, {1} for the operands, and how tightly it binds.

    Raises NoFloats where a family has no word for a part of it.
    """
    if family == "math" and form in INLINE:
        return INLINE[form]
    if family == "c" and form == native.SECH:
        return "f_sech({0})", ATOM
    return _written(form, family)


def _written(form: Form, family: str) -> tuple[str, int]:
    number = operand_of(form)
    if number is not None:
        return f"{{{number}}}", ATOM
    if is_number(form):
        return repr(form if family == "numpy" else float(form)), UNARY if form < 0 else ATOM
    if form in CONSTANTS:
        if family == "math" and form != "pi":
            raise NoFloats
        return f"{_MODULES[family]}{form}", ATOM
    name, *arguments = form
    if family == "digits" and (name == "**" or all(map(is_number, arguments))):
        return _called(form, family), ATOM
    if family != "numpy" and name == "where":
        condition, yes, no = (_bracketed(a, family, COMPARE) for a in arguments)
        return _choice(family, condition, yes, no), TERNARY
    if name == "neg":
        return "-" + _bracketed(arguments[0], family, POWER if family in _BRACED else UNARY), UNARY
    if name in ("+", "-"):
        left, right = _bracketed(arguments[0], family, SUM), _bracketed(arguments[1], family, PRODUCT)
        return f"{left} {name} {f'({right})' if right.startswith('-') else right}", SUM
    if name in ("*", "/"):
        left, right = _bracketed(arguments[0], family, PRODUCT), _bracketed(arguments[1], family, UNARY)
        return f"{left}{name}{f'({right})' if right.startswith('-') else right}", PRODUCT
    if name == "**" and family not in _BRACED:
        base, exponent = arguments
        power = str(exponent) if type(exponent) is int and exponent >= 0 else _bracketed(exponent, family, ATOM)
        return f"{_bracketed(base, family, ATOM)}**{power}", POWER
    if name in COMPARISONS:
        return f"{_bracketed(arguments[0], family, SUM)} {name} {_bracketed(arguments[1], family, SUM)}", COMPARE
    return _called(form, family), ATOM


def _called(form: Form, family: str) -> str:
    """The form as a call; over the numbers of a table, what is made of plain numbers alone is made of such numbers."""
    name, *arguments = form
    if family == "digits" and name in SIGNS and name != "**":
        left, right = (f"number({argument!r})" for argument in arguments)
        return f"({left} {name} {right})"
    name = "power" if name == "**" else name
    if name not in NAMES[family]:
        raise NoFloats(name)
    given = (_argument(a, kind, family) for a, kind in zip(arguments, PRIMITIVES.get(name, VALUE * len(arguments)), strict=True))
    return f"{NAMES[family][name]}({', '.join(given)})"


def _choice(family: str, condition: str, yes: str, no: str) -> str:
    return f"{condition} ? {yes} : {no}" if family in _BRACED else f"{yes} if {condition} else {no}"


def _bracketed(form: Form, family: str, level: int) -> str:
    text, own = _written(form, family)
    return f"({text})" if own < level else text


def _argument(form: Form, kind: str, family: str) -> str:
    if kind == NUMBERS and family == "c":
        return f"{len(form)}, (const double[]){{{', '.join(repr(float(number)) for number in form)}}}"
    if kind == NUMBERS and family == "javascript":
        return f"[{', '.join(repr(float(number)) for number in form)}]"
    if kind == NUMBERS:
        return tuple_text([repr(number) for number in form])
    return repr(form) if kind in (NUMBER, INTEGER) else _written(form, family)[0]


class Writer:
    """The statements of one plan, for one family of code (a key of NAMES). `watched` are values that are asked for by name."""

    def __init__(self, plan: Plan, family: str, guards: bool = False, watched: Sequence[int] = ()) -> None:
        self.plan = plan
        self.family = family
        self.results = [o.value for o in plan.outputs] + list(plan.guarded if guards else ())
        self.needed = plan.needed(guards)
        self.uses: dict[int, int] = {}
        for number in self.needed:
            step = plan.instruction(number)
            written = _FIELD.findall(self._template(step)[0]) if self._has_template(step) else range(len(step.operands))
            for k in written:  # a template may write an operand twice
                self.uses[step.operands[int(k)]] = self.uses.get(step.operands[int(k)], 0) + 1
        for value in self.results:
            self.uses[value] = self.uses.get(value, 0) + 1
        self.texts: dict[int, tuple[str, int]] = {k: (f"v{k}", ATOM) for k in range(len(plan.inputs))}
        self.fixed: set[int] = set()
        """Numbers that depend on no input."""
        self.final = set(self.results)
        self.watched = set(watched) - self._chosen_late(watched)
        self.pairs = dict(self._pairs()) if family == "numpy" else {}
        """Sigmoids of x and of -x, computed together: the first of each pair, and the second."""

    def statements(self) -> Iterator[tuple[str, str]]:
        """Each statement and the block it belongs to."""
        count = len(self.plan.inputs)
        for number in self.needed:
            step = self.plan.instruction(number)
            if step.opcode in ("constant", "size") or (
                step.opcode in ARITHMETIC and not step.shape and self.fixed.issuperset(step.operands)
            ):
                self.fixed.add(number)
            if number in self.texts:
                continue
            if number in self.pairs:
                self.texts[number], self.texts[self.pairs[number]] = (f"v{count}", ATOM), (f"v{count + 1}", ATOM)
                yield f"v{count}, v{count + 1} = sigmoids({self._operand(step.operands[0], number)})", step.block
                count += 2
                continue
            text, level = self._expression(number, step)
            if self._inlined(number, step, text):
                self.texts[number] = text, level
            else:
                self.texts[number] = f"v{count}", ATOM
                yield f"v{count} = {text}", step.block
                count += 1

    def named(self, value: int) -> str | None:
        """The name, or number, of a value that is watched; None where it is not always worked out."""
        text, level = self.texts[value]
        return text if (level == ATOM and "(" not in text) or value in self.fixed else None

    def _chosen_late(self, values: Sequence[int]) -> set[int]:
        """Values that only one branch of a choice reads, and that may have none where the other is taken.

        A choice by an equality is no such case: where that holds, the call has its doubts anyway.
        """
        first, late = len(self.plan.inputs), set[int]()
        read: dict[int, set[bool]] = {v: {False} for v in self.results}
        for number in reversed(self.needed):
            step = self.plan.instruction(number)
            if read.get(number) == {True}:
                late.add(number)
            chooses = step.opcode == "where" and not self._is_equality(step.operands[0])
            for k, v in enumerate(step.operands):
                read.setdefault(v, set()).add(number in late or (chooses and k > 0))
        return {v for v in values if v >= first and v in late and self.uses.get(v) == 1 and not self._always_has_a_value(v)}

    def _always_has_a_value(self, value: int) -> bool:
        """Whether neither the value nor what is written into it can raise, so that it may be worked out where it is not chosen."""
        stack = [value]
        while stack:
            v = stack.pop()
            if v < len(self.plan.inputs) or (v != value and self.uses.get(v) != 1):
                continue
            step = self.plan.instruction(v)
            if step.opcode == "call" and not all(part[0] in _CALM for part in parts(step.parameters[1])):
                return False
            if step.opcode not in ("call", "constant", "add", "subtract", "multiply", "negative", "compare", "where"):
                return False
            stack.extend(step.operands)
        return True

    def _is_equality(self, value: int) -> bool:
        step = self.plan.instruction(value) if value >= len(self.plan.inputs) else None
        return step is not None and step.opcode == "compare" and step.parameters[0] in ("==", "!=")

    def _pairs(self) -> Iterator[tuple[int, int]]:
        found: dict[int, int] = {}
        for number in self.needed:
            step = self.plan.instruction(number)
            if step.opcode == "call" and step.parameters[1] == PAIRED:
                found[step.operands[0]] = number
        first = len(self.plan.inputs)
        for operand, number in found.items():
            if operand >= first and self.plan.instruction(operand).opcode == "negative":
                other = found.get(self.plan.instruction(operand).operands[0])
                if other is not None:
                    yield (other, number) if other < number else (number, other)

    def results_text(self) -> list[str]:
        return [self._operand(v, None) for v in self.results]

    def _inlined(self, number: int, step: Instruction, text: str) -> bool:
        if step.opcode in ("constant", "size"):
            return True
        if number in self.watched:
            return False
        return number not in self.final and self.uses[number] == 1 and len(text) <= _WIDTH // 2 and not self.fixed.intersection([number])

    def _operand(self, value: int, user: int | None, level: int = TERNARY) -> str:
        """The text of an operand, in brackets where it binds less than `level`."""
        text, own = self.texts[value]
        if value in self.fixed and self.family == "numpy":
            opcode = self.plan.instruction(value).opcode
            if user in self.fixed:  # NumPy's numbers divide by zero where Python's raise
                return f"np.float64({text})" if opcode in ("constant", "size") else text
            if opcode not in ("constant", "size"):
                return f"float({text})"  # a Python float takes the precision of what it meets
        return f"({text})" if own < level else text

    def _expression(self, number: int, step: Instruction) -> tuple[str, int]:
        if step.opcode in _INFIX:
            return self._infix(number, step)
        if self.family != "numpy" and step.opcode != "constant" and step.opcode not in ARITHMETIC:
            raise NoFloats(step.opcode)
        if self._has_template(step):
            return self._from_template(number, step)
        write: Callable[[int, Instruction], tuple[str, int]] | None = getattr(self, f"_write_{step.opcode}", None)
        if write is None:
            raise UnsupportedError(f"NumPy code for {step.opcode} is missing")
        return write(number, step)

    # ------------------------------------------------------------ arithmetic

    def _infix(self, number: int, step: Instruction) -> tuple[str, int]:
        sign, level = _INFIX[step.opcode]
        a, b = step.operands
        left = self._operand(a, number, level)
        if level == PRODUCT and (sign == "@") != ("@" in left) and self.texts[a][1] == PRODUCT:
            left = f"({self.texts[a][0]})"
        right = self._operand(b, number, level + 1)
        if right.startswith("-"):
            right = f"({right})"
        tight = sign != "@" and level == PRODUCT
        return (f"{left}{sign}{right}" if tight else f"{left} {sign} {right}"), level

    def _write_constant(self, number: int, step: Instruction) -> tuple[str, int]:
        value, *exact = step.parameters
        if exact and self.family == "digits":
            return f"number({exact[0]:d}, {exact[1]:d})", ATOM
        if isinstance(value, str):
            return f"{value[:-3]}{_MODULES[self.family]}{value[-3:].lstrip('-')}", UNARY if value[0] == "-" else ATOM
        text = repr(value)
        return text, UNARY if text[0] == "-" else ATOM

    def _write_size(self, number: int, step: Instruction) -> tuple[str, int]:
        text = size_text(step.parameters[0], self.plan.letters)
        return text, ATOM if text.isalnum() else PRODUCT if "+" not in text and "-" not in text else SUM

    def _write_negative(self, number: int, step: Instruction) -> tuple[str, int]:
        return "-" + self._operand(step.operands[0], number, POWER if self.family in _BRACED else UNARY), UNARY

    def _write_sqrt(self, number: int, step: Instruction) -> tuple[str, int]:
        return f"{_MODULES[self.family]}sqrt({self._operand(step.operands[0], number)})", ATOM

    def _write_power(self, number: int, step: Instruction) -> tuple[str, int]:
        a, b = (self._operand(v, number) for v in step.operands)
        return f"{NAMES[self.family]['power']}({a}, {b})", ATOM

    def _write_compare(self, number: int, step: Instruction) -> tuple[str, int]:
        a, b = (self._operand(v, number, SUM) for v in step.operands)
        return f"{a} {step.parameters[0]} {b}", COMPARE

    def _write_where(self, number: int, step: Instruction) -> tuple[str, int]:
        condition, a, b = step.operands
        if self.family != "numpy":
            c = self._operand(condition, number, COMPARE)
            return _choice(self.family, c, self._operand(a, number, COMPARE), self._operand(b, number, COMPARE)), TERNARY
        branches = [self._operand(v, number) for v in (a, b)]
        if a in self.fixed and b in self.fixed and number not in self.fixed:
            branches = [f"dt({text})" for text in branches]  # two Python floats would make float64 of anything
        return f"np.where({self._operand(condition, number)}, {', '.join(branches)})", ATOM

    def _has_template(self, step: Instruction) -> bool:
        return step.opcode == "call" or step.opcode in WRITERS

    def _template(self, step: Instruction) -> tuple[str, int]:
        """The expression of a form or an array instruction, with fields for the operands."""
        if step.opcode == "call":
            return form_template(step.parameters[1], self.family)
        return array_template(step.opcode, len(step.operands), step.parameters, self._size_text), ATOM

    def _from_template(self, number: int, step: Instruction) -> tuple[str, int]:
        """The template with its fields replaced; brackets where the template does not provide them."""
        template, level = self._template(step)

        def field(match: re.Match[str]) -> str:
            enclosed = template[: match.start()].rstrip()[-1:] in ("(", ",") and template[match.end() :].lstrip()[:1] in (")", ",")
            return self._operand(step.operands[int(match[1])], number, TERNARY if enclosed else ATOM)

        return _TWICE_NEGATED.sub(r"(\1)", _FIELD.sub(field, template)), level

    def _size_text(self, dim: Dim) -> str:
        return size_text(dim, self.plan.letters)

    # ------------------------------------------------------------ arrays

    def _one(self, number: int, step: Instruction, level: int = ATOM) -> str:
        return self._operand(step.operands[0], number, level)

    def _write_real(self, number: int, step: Instruction) -> tuple[str, int]:
        return f"{self._one(number, step)}.astype(dt)", ATOM

    def _write_integer(self, number: int, step: Instruction) -> tuple[str, int]:
        return f"np.asarray({self._one(number, step)}).astype(np.intp)", ATOM

    def _write_view(self, number: int, step: Instruction) -> tuple[str, int]:
        axes = step.parameters[0]
        order = [a for a in axes if a is not None]
        text = self._one(number, step)
        if order != sorted(order):
            text += ".T" if order == sorted(order, reverse=True) else f".transpose({', '.join(map(str, order))})"
        if len(order) < len(axes):
            text += _subscript(["None" if a is None else ":" for a in axes])
        return text, ATOM

    def _write_drop(self, number: int, step: Instruction) -> tuple[str, int]:
        rank = len(step.shape) + len(step.parameters[0])
        return self._one(number, step) + _subscript(["0" if k in step.parameters[0] else ":" for k in range(rank)]), ATOM

    def _shape(self, shape: tuple[Dim, ...]) -> str:
        return shape_text(shape, self._size_text)

    def _write_broadcast(self, number: int, step: Instruction) -> tuple[str, int]:
        (value,) = step.operands
        shape = self._shape(step.parameters[0])
        text = self._operand(value, number)
        return (f"np.full({shape}, {text}, dt)" if value in self.fixed else f"np.broadcast_to({text}, {shape})"), ATOM

    def _write_sum(self, number: int, step: Instruction) -> tuple[str, int]:
        axes = step.parameters[0]
        inside = "" if not step.shape else f"axis={axes[0] if len(axes) == 1 else axes}"
        return f"{self._one(number, step)}.sum({inside})", ATOM

    def _write_diagonal(self, number: int, step: Instruction) -> tuple[str, int]:
        a, b = step.parameters[0]
        return f"np.diagonal({self._one(number, step, TERNARY)}, 0, {a}, {b})", ATOM

    def _write_embed(self, number: int, step: Instruction) -> tuple[str, int]:
        pattern, shape = step.parameters
        if pattern == (0, 0) and self.texts[step.operands[0]][0] == "1.0":
            return f"np.eye({size_text(shape[0], self.plan.letters)}, dtype=dt)", ATOM
        return f"embed({self._operand(step.operands[0], number)}, {tuple_text(pattern)}, {self._shape(shape)}, dt)", ATOM

    def _two(self, number: int, step: Instruction) -> str:
        return ", ".join(self._operand(v, number) for v in step.operands)

    def _write_inner(self, number: int, step: Instruction) -> tuple[str, int]:
        return f"np.vdot({self._two(number, step)})", ATOM

    def _write_gram(self, number: int, step: Instruction) -> tuple[str, int]:
        return f"gram({self._two(number, step)})", ATOM

    def _write_tensordot(self, number: int, step: Instruction) -> tuple[str, int]:
        a, b = map(tuple_text, step.parameters)
        return f"np.tensordot({self._two(number, step)}, ({a}, {b}))", ATOM

    def _write_einsum(self, number: int, step: Instruction) -> tuple[str, int]:
        return f'np.einsum("{step.parameters[0]}", {self._two(number, step)})', ATOM


def _subscript(items: list[str]) -> str:
    while items and items[-1] == ":":
        items.pop()
    return f"[{', '.join(items)}]" if items else ""
