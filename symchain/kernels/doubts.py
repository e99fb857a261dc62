"""Where code over floats may lose digits: the few comparisons that tell, at each call, whether its results may be trusted.

Digits are lost where a sum is much smaller than its terms, where a logarithm is near zero or a circular function near a root, at the
ends of inverse functions, and where numbers leave the range of floats. Most instructions can do none of this: sums of what has one sign,
sums of the inputs themselves, what only exponentials read. For the others a plan has doubts; each is one comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from symchain.kernels.kernel import Instruction, Plan

LOST = 2048.0
"""A value this many times smaller than what it was made of has lost eleven bits; what is left is good for twelve decimals."""
WIDE = 4096.0
"""Arguments of exponentials that are sums of larger terms than this have lost twelve bits of their own."""
NEAR_ONE = 0.999
TINY, HUGE = "1e-140", "1e140"
VANISHED = "1e-290"
_GROUP = 8
"""So many results are multiplied before they are compared with what is tiny and what is huge."""

_EXPONENTIAL = {"exp", "exp2", "sigmoid", "cosh", "sech", "softplus", "logaddexp", "log_sigmoid", "logsigmoid", "silu", "normpdf"}
_POSITIVE = {
    *("exp", "exp2", "sigmoid", "cosh", "sech", "softplus", "abs", "square", "sqrt", "hypot", "erfc", "erfcx", "normpdf", "Phi", "relu"),
    *("arccosh", "i0", "i0e", "k0", "k0e", "k1", "k1e", "root", "trigamma"),
}
_LOGARITHMS = {"log", "log2", "log10", "log_quotient", "gammaln", "digamma", "logit", "betaln", "xlogy", "entr", "log_plus"}
_CIRCULAR = {"sin", "cos", "tan", "j0", "j1", "y0", "y1"}
_POLES = {"gamma", "gammaln", "digamma", "trigamma", "polygamma", "zeta", "beta", "betaln", "binom", "poch", "factorial"}
"""Functions that have poles where an argument is negative."""
_ENDS = {"arcsin": (-1, 1), "arccos": (-1, 1), "arctanh": (-1, 1), "arccosh": (1, 1), "log1p": (-1, -1)}
_LESS: dict[str, int | float] = {"tanh_less": 1, "reciprocal_less": 0, "power_less_one": 1.0, "sigmoid_less": 0, "kl_div": 0, "root": 0}
"""Differences: what they are compared with, an operand or a number."""
_CHOOSING = {"relu", "maximum", "minimum", "clip", "heaviside", "leaky_relu", "where"}
"""What is zero on whole regions."""

_PLACED = {"broadcast", "place", "embed", "view", "reshape"}
"""What repeats numbers, or puts them among zeros."""
_CARRIED = 3
"""Products of more factors are not carried from one sum to the next."""

Scale = int | float
"""The value, or the number, whose rounding error is in another value."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One comparison; where it does not hold, digits may be lost. `unless` is (x, radius): it does not matter where |x| < radius."""

    value: int
    kind: str
    """lost: |of| < 2048*|value|; inverse: 1/|of| < 2048*|value|; wide: |value| < 4096; vanished: |value| > 1e-290; apart: value != of;
    positive: value > 0; steep: |of*value| < 4096; ends: the value is not within 1/1000 of `of`; together: as lost, of entries that are
    summed (`entrydoubts`)."""
    of: Scale
    unless: tuple[tuple[int, float], ...] = ()
    factors: tuple[tuple[str, int], ...] = ()
    """By what `of` is multiplied ("*") and divided ("/")."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """What a value will have to be compared with as soon as its relative error counts."""

    scale: Scale
    unless: tuple[tuple[int, float], ...] = ()
    factors: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """All that a value will have to be compared with: what is its own, and what is that of its operands too, each held once."""

    own: tuple[_Pending, ...]
    parts: tuple[_Waiting, ...] = ()

    def __iter__(self) -> Iterator[_Pending]:
        found: dict[_Pending, None] = {}
        seen: set[int] = set()
        stack: list[_Waiting | tuple[_Pending, ...]] = [self]
        while stack:
            top = stack.pop()
            if isinstance(top, tuple):
                found.update(dict.fromkeys(top))
            elif id(top) not in seen:
                seen.add(id(top))
                stack.append(top.own)
                stack.extend(reversed(top.parts))
        return iter(found)


class Doubts:
    """The doubts of a plan, in the order in which the values they look at are made; of one with arrays those about single numbers."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.first = len(plan.inputs)
        self.found: dict[Doubt, None] = {}
        self.exact: set[int] = set(range(self.first))
        self.signs: dict[int, int] = {}
        self.pending: dict[int, _Waiting] = {}
        self.choosing: set[int] = set()
        """Values that may be zero because something was chosen."""
        self.constants: dict[int, float] = {}
        self.summed = self._summed()
        self.cancelling: set[int] = set()
        """Sums that may be zero, and products of them."""
        self.shrinking: dict[int, int] = {}
        """How many quotients and exponentials are multiplied in a value: two may be too small for a float where their product is not."""
        for number in plan.needed():
            step = plan.instruction(number)
            visit: Callable[[int, Instruction], None] = getattr(self, f"_visit_{step.opcode}", self._visit_other)
            visit(number, step)
            self._visited(number, step)
        for o in plan.outputs:
            self._touch(o.value)
        if not plan.scalar:
            self.found = {d: None for d in self.found if self._is_looked_at(d)}

    def _visited(self, number: int, step: Instruction) -> None:
        if self.cancelling.intersection(step.operands) and step.opcode in ("multiply", "divide", "negative"):
            self.cancelling.add(number)
        if self.choosing.intersection(step.operands) and step.opcode in ("multiply", "divide", "negative", "where", "sqrt", "sum"):
            self.choosing.add(number)

    def _is_looked_at(self, doubt: Doubt) -> bool:
        """Of a plan with arrays: whether the doubt is about single numbers."""
        return all(self._is_number(v) for v in read(doubt))

    def _is_number(self, value: int) -> bool:
        return not (self.plan.inputs[value] if value < self.first else self.plan.instruction(value)).shape

    def _summed(self) -> set[int]:
        """Values that reach sums alone, as terms or factors of terms: what they have lost may be little beside the other terms."""
        elsewhere = {o.value for o in self.plan.outputs}
        needed = self.plan.needed()
        for number in reversed(needed):
            step = self.plan.instruction(number)
            if self._reaches_sums(step):
                continue
            passes = step.opcode in ("multiply", "divide", "negative") and number not in elsewhere
            elsewhere.update(step.operands[1:] if passes and step.opcode == "divide" else () if passes else step.operands)
        return set(needed) - elsewhere

    def _reaches_sums(self, step: Instruction) -> bool:
        return step.opcode in ("add", "subtract")

    @property
    def values(self) -> list[int]:
        """The values that are looked at, inputs and constants apart."""
        seen = dict.fromkeys([*(v for d in self.found for v in read(d)), *self.results])
        return [v for v in seen if v >= self.first and v not in self.constants]

    # ------------------------------------------------------------ what a value is made of

    def _touch(self, value: int) -> None:
        """The relative error of the value counts: what it is made of must not be much larger than itself."""
        for p in self.pending.pop(value, ()):
            if p.scale != value:
                self._doubt(Doubt(value, "lost", p.scale, p.unless, p.factors))

    def _doubt(self, doubt: Doubt) -> None:
        self.found[doubt] = None

    def _wait(self, number: int, *waiting: _Waiting | Sequence[_Pending]) -> None:
        parts = tuple(dict.fromkeys(w for w in waiting if isinstance(w, _Waiting)))
        own = tuple(dict.fromkeys(p for w in waiting if not isinstance(w, _Waiting) for p in w))
        if own or parts:
            self.pending[number] = parts[0] if len(parts) == 1 and not own else _Waiting(own, parts)

    def _sign(self, value: int) -> int:
        return self.signs.get(value, 0)

    # ------------------------------------------------------------ arithmetic

    def _visit_constant(self, number: int, step: Instruction) -> None:
        value, *exact = step.parameters
        self.constants[number] = float("nan") if value == "pi" else float(value)
        self.signs[number] = 1 if value == "pi" or float(value) > 0 else -1 if float(value) < 0 else 0
        if not exact and value != "pi":
            self.exact.add(number)

    def _visit_add(self, number: int, step: Instruction, flip: int = 1) -> None:
        a, b = step.operands
        signs = self._sign(a), flip * self._sign(b)
        own = []
        for v in (a, b):
            if self.shrinking.get(v, 0) > 1 and v not in self.choosing and v not in self.cancelling:
                self._doubt(Doubt(v, "vanished", 0.0))
        if signs[0] and signs[0] == signs[1]:
            self.signs[number] = signs[0]
        else:
            self.cancelling.add(number)
            if self._loses_digits(a, b):
                own.append(_Pending(self._term(a, b)))
        self._wait(number, self.pending.get(a, ()), self.pending.get(b, ()), own)

    def _loses_digits(self, a: int, b: int) -> bool:
        """Whether it counts where the sum of the two is small: what it has of rounding errors is theirs."""
        return not (a in self.exact and b in self.exact)

    def _visit_subtract(self, number: int, step: Instruction) -> None:
        self._visit_add(number, step, -1)

    def _term(self, a: int, b: int) -> Scale:
        """The term that the sum is compared with: either will do, a number is the cheapest, an input next."""
        for v in (a, b):
            if v in self.constants and self.constants[v] == self.constants[v]:
                return abs(self.constants[v])
        return b if b < self.first else a

    def _visit_negative(self, number: int, step: Instruction) -> None:
        (a,) = step.operands
        self._wait(number, self.pending.get(a, ()))
        self.signs[number] = -self._sign(a)
        self.shrinking[number] = self.shrinking.get(a, 0)
        if a in self.exact:
            self.exact.add(number)

    def _visit_multiply(self, number: int, step: Instruction) -> None:
        a, b = step.operands
        carried = self._carry(number, step) if number in self.summed and (a in self.pending) != (b in self.pending) else None
        for v in {a, b} - {carried}:
            self._touch(v)
        self.signs[number] = 1 if a == b else self._sign(a) * self._sign(b)
        self.shrinking[number] = self.shrinking.get(a, 0) + self.shrinking.get(b, 0)
        for x, y in ((a, b), (b, a)):  # powers of two only move the exponent
            if x in self.exact and y in self.constants and _is_power_of_two(self.constants[y]):
                self.exact.add(number)

    def _carry(self, number: int, step: Instruction) -> int | None:
        """The factor that has lost digits: the product will have to be compared with what that was made of, times the other factor."""
        sign = "/" if step.opcode == "divide" else "*"
        for v, other in (step.operands, step.operands[::-1]):
            if v in self.pending and (sign == "*" or v != step.operands[1]) and all(len(p.factors) < _CARRIED for p in self.pending[v]):
                self._wait(number, [replace(p, factors=(*p.factors, (sign, other))) for p in self.pending[v]])
                return v
        return None

    def _visit_divide(self, number: int, step: Instruction) -> None:
        self._visit_multiply(number, step)
        if step.operands[1] not in self.constants:
            self.shrinking[number] = self.shrinking.get(step.operands[0], 0) + 1

    def _visit_sqrt(self, number: int, step: Instruction) -> None:
        self._touch(step.operands[0])
        self.signs[number] = 1

    def _visit_power(self, number: int, step: Instruction) -> None:
        base, exponent = step.operands
        self._touch(base)
        self._touch(exponent)
        self.signs[number] = self._sign(base) if self._sign(base) > 0 else 0
        if base not in self.exact and exponent not in self.constants:
            self._doubt(Doubt(exponent, "wide", 0.0))

    def _visit_compare(self, number: int, step: Instruction) -> None:
        pass

    def _visit_where(self, number: int, step: Instruction) -> None:
        condition, a, b = step.operands
        self._wait(number, *(self.pending.get(v, ()) for v in (a, b)))
        if self._sign(a) == self._sign(b):
            self.signs[number] = self._sign(a)
        if a in self.exact and b in self.exact:
            self.exact.add(number)
        asked = self.plan.instruction(condition) if condition >= self.first else None
        if asked is not None and asked.opcode == "compare" and asked.parameters[0] in ("==", "!="):
            if self.plan.order != 0:
                x, y = asked.operands
                self._doubt(Doubt(x, "apart", y))
        elif any(self.constants.get(v) == 0 for v in (a, b)):
            self.choosing.add(number)

    # ------------------------------------------------------------ functions

    def _visit_call(self, number: int, step: Instruction) -> None:
        name, operands = step.parameters[0], step.operands
        inexact = [v for v in operands if v not in self.exact]
        if name in _POSITIVE:
            self.signs[number] = 1
        if name in _CHOOSING:
            self.choosing.add(number)
        if name in _POLES:
            for v in operands:
                if self._sign(v) <= 0:
                    self._doubt(Doubt(v, "positive", 0.0))
        if name == "tan" and inexact:
            self._doubt(Doubt(number, "steep", operands[0]))
        if name == "near_zero":
            self._near_zero(number, step)
        elif name in ("abs", "relu", "maximum", "minimum", "clip", "sign"):
            for v in operands:
                self._touch(v)
            if not inexact:
                self.exact.add(number)
        elif name in _EXPONENTIAL:
            self.shrinking[number] = 1
            for v in operands:
                for p in self.pending.get(v, ()):
                    if isinstance(p.scale, int):
                        self._doubt(Doubt(p.scale, "wide", 0.0))
            if name == "logaddexp" and inexact:
                self._wait(number, [_Pending(operands[0])])
        elif name in _CIRCULAR:
            if inexact:
                self._wait(number, [_Pending(v) for v in inexact], *(self.pending.get(v, ()) for v in inexact))
        elif name in _LESS:
            self._touch_all(operands)
            scale = _LESS[name]
            if inexact and name == "reciprocal_less":
                self._doubt(Doubt(number, "inverse", operands[0]))
            elif inexact or (name == "root" and self._sign(operands[1]) <= 0):
                self._wait(number, [_Pending(operands[scale] if isinstance(scale, int) else scale)])
        else:
            self._touch_all(operands)
            if name in _LOGARITHMS and (inexact or name == "betaln"):  # SciPy takes it from a sum that cancels at (1, 1)
                self._wait(number, [_Pending(1.0)])
            elif name in _ENDS and inexact:
                low, high = _ENDS[name]
                for end in {low, high}:
                    self._doubt(Doubt(operands[0], "ends", float(end)))

    def _touch_all(self, operands: Sequence[int]) -> None:
        for v in operands:
            self._touch(v)

    def _near_zero(self, number: int, step: Instruction) -> None:
        """The sum has its series where |x| < radius: what cancels there does not matter."""
        value, x = step.operands
        radius = _radius(step)
        self._wait(number, [replace(p, unless=(*p.unless, (x, radius))) for p in self.pending.get(value, ())])
        self._touch(x)

    def _visit_moved(self, number: int, step: Instruction) -> None:
        """The same numbers in other places; of a number that is repeated all that was lost shows here."""
        (a,) = step.operands
        if self._is_number(a):
            self._touch(a)
        self._wait(number, self.pending.get(a, ()))
        self.signs[number] = self._sign(a)
        if a in self.exact:
            self.exact.add(number)

    _visit_index = _visit_view = _visit_drop = _visit_broadcast = _visit_reshape = _visit_moved

    def _visit_sum(self, number: int, step: Instruction) -> None:
        self._touch(step.operands[0])
        self.signs[number] = self._sign(step.operands[0])

    def _visit_matmul(self, number: int, step: Instruction) -> None:
        a, b = step.operands
        self._touch_all(step.operands)
        self.signs[number] = 1 if a == b and not step.shape else self._sign(a) * self._sign(b)

    _visit_inner = _visit_matmul

    def _visit_norm(self, number: int, step: Instruction) -> None:
        self._touch(step.operands[1])
        self.signs[number] = 1

    def _visit_other(self, number: int, step: Instruction) -> None:
        self._touch_all(step.operands)

    # ------------------------------------------------------------ as code

    @cached_property
    def results(self) -> list[int]:
        """The numbers that are outputs, or are put into an output without a change; none that may be zero because nothing moves it."""
        found: dict[int, None] = {}
        for value in (o.value for o in self.plan.outputs):
            while value >= self.first and not self._is_number(value) and self.plan.instruction(value).opcode in _PLACED:
                (value,) = self.plan.instruction(value).operands
            if self._is_number(value):
                found[value] = None
        return list(found)

    def ranges(self, name: Callable[[int], str | None]) -> Iterator[str]:
        """Comparisons that hold where no result is tiny, huge or nan; what may be zero by choice is not asked for the former."""
        bounds = self.bounded(name)
        names = [text for text, may_vanish in bounds if not may_vanish]
        for k in range(0, len(names), _GROUP):
            group = [n if n.isalnum() else f"({n})" for n in names[k : k + _GROUP]]
            text = group[0] if len(group) == 1 else f"x{k}"
            product = text if len(group) == 1 else f"({text} := {'*'.join(group)})"
            yield f"({TINY} < {product} < {HUGE} or -{HUGE} < {text} < -{TINY})"
        free = [text for text, may_vanish in bounds if may_vanish]
        for k in range(0, len(free), _GROUP):
            yield f"-{HUGE} < {' + '.join(free[k : k + _GROUP])} < {HUGE}"

    def comparisons(self, name: Callable[[int], str | None]) -> Iterator[str]:
        """All that must hold for results to be returned as they are, as code."""
        yield from (written(doubt, names) for doubt, names in self.told(name))
        yield from self.ranges(name)

    def told(self, name: Callable[[int], str | None]) -> Iterator[tuple[Doubt, Callable[[int], str]]]:
        """The doubts about values that all have a name in the code, with those names."""
        for doubt in self.found:
            names = {v: text for v in read(doubt) if (text := name(v)) is not None}
            if names.keys() >= set(read(doubt)):
                yield doubt, names.__getitem__

    def bounded(self, name: Callable[[int], str | None]) -> list[tuple[str, bool]]:
        """The texts of results that must not be huge, each once, and whether they may be tiny."""
        named = [(v, text) for v in self.results if (text := name(v))]
        found = [*((t, False) for v, t in named if not self._settled(v)), *((t, True) for v, t in named if v in self.choosing)]
        return list(dict.fromkeys(found))

    def _settled(self, value: int) -> bool:
        return value in self.constants or value in self.choosing or value in range(self.first)


def read(doubt: Doubt) -> Iterator[int]:
    """The values that the comparison looks at."""
    yield doubt.value
    if isinstance(doubt.of, int):
        yield doubt.of
    yield from (v for _, v in doubt.factors)
    yield from (x for x, _ in doubt.unless)


def written(doubt: Doubt, name: Callable[[int], str]) -> str:
    """The comparison as code."""
    value = name(doubt.value)
    if doubt.kind == "wide":
        text = f"-{WIDE} < {value} < {WIDE}"
    elif doubt.kind == "vanished":
        text = f"not -{VANISHED} < {value} < {VANISHED}"
    elif doubt.kind == "positive":
        text = f"{value} > 0.0"
    elif doubt.kind == "steep":
        text = f"-{WIDE} < {name(int(doubt.of))}*{value} < {WIDE}"
    elif doubt.kind == "apart":
        assert isinstance(doubt.of, int)
        text = f"{value} != {name(doubt.of)}"
    elif doubt.kind == "ends":
        low, high = sorted((doubt.of * NEAR_ONE, doubt.of / NEAR_ONE))
        text = f"not {low!r} < {value} < {high!r}"
    elif doubt.kind == "inverse":
        text = f"-{LOST} < 1.0/({name(int(doubt.of))}*{value}) < {LOST}"
    elif doubt.factors:
        size = repr(doubt.of) if isinstance(doubt.of, float) else name(doubt.of)
        text = f"-{LOST} < {size}{''.join(sign + name(v) for sign, v in doubt.factors)}/{value} < {LOST}"
    elif isinstance(doubt.of, float):
        bound = doubt.of / LOST
        text = f"not -{bound!r} < {value} < {bound!r}"
    else:
        text = f"-{LOST} < {name(doubt.of)}/{value} < {LOST}"
    for x, radius in doubt.unless:
        text = f"-{radius!r} < {name(x)} < {radius!r} or {text}"
    return f"({text})" if doubt.unless or text.startswith("not") else text


def _is_power_of_two(x: float) -> bool:
    return x > 0 and x.as_integer_ratio()[0] & (x.as_integer_ratio()[0] - 1) == 0 and x.as_integer_ratio()[1] < 2**60


def _radius(step: Instruction) -> float:
    """The radius of a series, which its form holds after its two operands."""
    return float(step.parameters[1][3])
