"""Random programs against many digits: values, gradients, second derivatives and printed lines, at sizes 0, 1 and more.

    pytest tests/contracts/test_random.py --nightly 2000

Half of them are scalar, over every function of the registry; half are of arrays. What is compared with knows no rule, no rewriting and
no kernel: the blocks as written are evaluated by the meanings of the functions with forty digits, and differenced. Where it has no
value there, or where a step to one side and to the other say different things, nothing is compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

import numpy as np
from plain import NAMES
from randomprograms import DECLARED, FACTS, SIZES, SlicingWriter, Writer, sample
from scipy import linalg, special

import symchain
from symchain.errors import SymchainError, VerificationError
from symchain.evidence.precision import Digits, Inexact, values_in
from symchain.functions import FUNCTIONS
from symchain.functions.spec import FunctionSpec

DIGITS = 40
FIRST, SECOND, LINES = 1e-9, 1e-7, 1e-6
"""What a gradient, a second derivative, and a printed line in plain float64 may differ by, relative to the largest entry or term."""
LARGE = 1e12
"""Values beyond this are not compared."""
EMPTY = ({"n": 0}, {"m": 0}, {"k": 0}, {"n": 0, "m": 0}, {"n": 1}, {"n": 1, "m": 1, "k": 1}, {"n": 5, "m": 2, "k": 1})
OUTSIDE = (ValueError, IndexError, ArithmeticError, TypeError, np.linalg.LinAlgError, Inexact)
"""What has no value with many digits raises one of these."""
EXTRA: dict[str, Any] = {
    "std": np.std,
    "expm_frechet": partial(linalg.expm_frechet, compute_expm=False),
    **{name: lambda x, k=k: special.airy(x)[k] for k, name in enumerate(("airyai", "airyaiprime", "airybi", "airybiprime"))},
    **{name: lambda x, k=k: special.fresnel(x)[k] for k, name in enumerate(("fresnels", "fresnelc"))},
    **{name: lambda x, k=k: special.sici(x)[k] for k, name in enumerate(("sinint", "cosint"))},
}
"""What symchain has by names of its own, and what NumPy's modules keep elsewhere."""


class Lookup(dict[str, Any]):
    """Names of printed lines: those given, then NumPy's, then SciPy's."""

    def __missing__(self, name: str) -> Any:
        for module in (np, special):
            if hasattr(module, name):
                return getattr(module, name)
        raise NameError(name)


# ---------------------------------------------------------------- scalar programs


class ScalarWriter:
    """Writes expressions over all functions, each argument led into the domain of its function."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.names = ["x", "y", "z"]

    def program(self) -> str:
        text = []
        for k in range(self.random.randint(1, 3)):
            text.append(f"b{k} = {self.expression(self.random.randint(1, 2))}")
            self.names.append(f"b{k}")
        return "\n".join(text)

    def expression(self, depth: int) -> str:
        if depth <= 0:
            return self.random.choice([*self.names, self.names[-1], "2", "0.5"])
        kind = self.random.randint(0, 9)
        inner = [self.expression(depth - 1) for _ in range(2)]
        if kind < 6:
            return self.call(self.random.choice(list(FUNCTIONS.values())), depth)
        if kind == 6:
            return f"({inner[0]} {self.random.choice(['+', '-', '*'])} {inner[1]})"
        if kind == 7:
            return f"({inner[0]}/(1 + ({inner[1]})**2))"
        if kind == 8:
            return f"(({inner[0]})**{self.random.choice(['2', '3'])})"
        return f"where({inner[0]} > {inner[1]}, {self.expression(depth - 1)}, {self.expression(depth - 1)})"

    def call(self, spec: FunctionSpec, depth: int) -> str:
        arguments = []
        for k, derivative in enumerate(spec.derivatives):
            interval = spec.domain(k)
            if derivative is None and len(spec.parameters) > 1:
                arguments.append(self.random.choice(["1", "2", "3"]))
                continue
            inner = self.expression(depth - 1)
            low, high = interval.low, interval.high
            if np.isfinite(low) and np.isfinite(high):
                inner = f"({low} + {high - low}*(0.05 + 0.9*sigmoid({inner})))"
            elif np.isfinite(low):
                inner = f"({low} + 0.1 + ({inner})**2)" if self.random.randint(0, 1) else f"({low} + 0.2 + exp(tanh({inner})))"
            elif np.isfinite(high):
                inner = f"({high} - 0.1 - ({inner})**2)"
            arguments.append(inner)
        return f"{spec.name}({', '.join(arguments)})"


# ---------------------------------------------------------------- one program


class Case:
    """A random program, and where it is held against many digits."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        self.scalar = seed % 2 == 0
        rng = np.random.default_rng(seed)
        self.sizes: dict[str, int] = {}
        if self.scalar:
            self.text = ScalarWriter(random).program()
            self.options: dict[str, Any] = {}
            self.point: dict[str, Any] = {n: float(f"{rng.uniform(-1.8, 1.8):.3f}") for n in "xyz"}
        else:
            writer = (SlicingWriter if seed % 3 == 0 else Writer)(random)
            self.text = writer.program(random.randint(1, 3))
            self.options = {"shapes": DECLARED, "assume": FACTS}
            self.sizes = {**SIZES, **(random.choice(EMPTY) if seed % 5 == 0 else {})}
            self.point = sample(rng, self.sizes)
        self.found: list[str] = []
        """What differs, in words."""
        self.counted: Counter[str] = Counter()

    def run(self) -> Case:
        try:
            self._run()
        except SymchainError as error:
            if isinstance(error, VerificationError):
                self.found.append(f"refused as a defect: {error.what}")
            self.counted[f"refused: {type(error).__name__}"] += 1
        except Exception as error:  # whatever is raised that is no error of symchain is a mismatch
            self.found.append(f"raw exception: {type(error).__name__}: {str(error)[:200]}")
        return self

    def _run(self) -> None:
        self.program = symchain.parse(self.text, **self.options)
        self.point = {n: v for n, v in self.point.items() if n in self.program.inputs}
        self.names = [n for n in self.program.inputs if n in _read(self.program)]
        self.output = self.program.last
        try:
            want = self._value({})
        except OUTSIDE:
            want = None
        if not self.names:
            return
        free = [n for n in self.names if n not in FACTS] or self.names
        wrt = free[:2]
        kernel = self.program.compile(wrt=wrt, order=1)
        try:
            value, gradient = kernel(**self.point)
        except SymchainError as error:
            if isinstance(error, VerificationError):
                raise
            if want is not None and self.scalar:
                self.found.append(f"no value where many digits have {want}: {error.what}")
            return
        if want is None or not _usable(want):
            self.counted["no value with many digits"] += 1
            return
        self.counted["values"] += 1
        if not _near(value, want, FIRST, 1.0):
            self.found.append(f"value {value}, with many digits {want}")
            return
        rng = np.random.default_rng(7)
        ways = {n: rng.uniform(-1, 1, np.shape(self.point[n])) for n in wrt}
        for n in wrt:
            self._first(n, ways[n], gradient[n])
        self._second(wrt, ways)

    def _first(self, n: str, way: Any, found: Any) -> None:
        if np.shape(found) != np.shape(self.point[n]):
            self.found.append(f"gradient by {n} has shape {np.shape(found)}, not {np.shape(self.point[n])}")
            return
        want = self._slope([(n, way)])
        if want is None:
            return
        self.counted["gradients"] += 1
        got = float(np.sum(np.asarray(found) * way))
        scale = float(np.sum(np.abs(np.asarray(found) * way)))
        if not _near(got, want, FIRST, scale):
            self.found.append(f"gradient by {n} along a direction {got}, with many digits {want}")
            return
        lines = self.program.derive(n).lines
        with np.errstate(all="ignore"):
            printed = self._printed(lines)
        if printed is not None and np.all(np.isfinite(printed)):
            self.counted["lines"] += 1
            got = float(np.sum(np.asarray(printed) * way))
            if np.shape(printed) != np.shape(self.point[n]) or not _near(got, want, LINES, scale):
                self.found.append(f"lines by {n} give {got}, with many digits {want}: {lines}")

    def _printed(self, lines: Sequence[str]) -> Any:
        known = Lookup({**NAMES, **EXTRA, **self.sizes, **{n: np.asarray(v)[()] for n, v in self.point.items()}})
        for line in self.text.splitlines():
            name, expression = line.split(" = ", 1)
            try:
                exact = np.array(self._values[name], float)[()]
            except (TypeError, OverflowError, KeyError):
                return None
            try:  # who runs the lines has the blocks from the same arithmetic: where two of its numbers are equal, they are here
                own = eval(expression, {"__builtins__": {}}, known)
                known[name] = own if np.shape(own) == np.shape(exact) and np.allclose(own, exact, 1e-9, 1e-9) else exact
            except (NameError, TypeError, ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError):
                known[name] = exact
        value = None
        for line in lines:
            name, expression = line.split(" = ", 1)
            try:
                value = known[name] = eval(expression, {"__builtins__": {}}, known)
            except (ValueError, IndexError, ZeroDivisionError, np.linalg.LinAlgError) as error:
                if any(size == 0 for size in self.sizes.values()) or isinstance(error, ZeroDivisionError):
                    return None  # the largest of nothing; and Python's numbers, where NumPy has inf
                raise
        return value

    def _second(self, wrt: Sequence[str], ways: Mapping[str, Any]) -> None:
        if any(np.size(self.point[n]) > 30 for n in wrt):
            return
        try:
            second = self.program.compile(wrt=list(wrt), order=2)(**self.point)[2]
        except SymchainError as error:
            if isinstance(error, VerificationError):
                raise
            self.counted["second refused"] += 1
            return
        for key, block in second.items():
            a, b = key if isinstance(key, tuple) else (key, key)
            want = self._slope([(a, ways[a]), (b, ways[b])])
            if want is None:
                continue
            self.counted["seconds"] += 1
            weights = np.multiply.outer(ways[a], ways[b])
            got, scale = float(np.sum(block * weights)), float(np.sum(np.abs(block * weights)))
            if not _near(got, want, SECOND, scale):
                self.found.append(f"second derivative by {a}, {b} along directions {got}, with many digits {want}")

    # ------------------------------------------------------------ many digits

    def _value(self, shifts: Mapping[str, Any]) -> Any:
        numbers = Digits(DIGITS)
        with numbers.working():
            known: dict[str, Any] = {}
            for name, value in self.point.items():
                if name in self.program.inputs:
                    known[name] = numbers.array(value)
                    if name in shifts:
                        known[name] = known[name] + shifts[name](numbers)
            for name, block in self.program.blocks.items():
                known[name] = values_in(numbers, [block.tree], known, self.sizes)[0]
            if not shifts:
                self._values = known
            return known[self.output][()]

    def _moved(self, moves: Sequence[tuple[str, Any, Any]]) -> Any:
        def shift(n: str) -> Any:
            own = [(way, length) for name, way, length in moves if name == n]
            return lambda numbers: sum(numbers.array(way) * length for way, length in own)

        return self._value({n: shift(n) for n in {name for name, _, _ in moves}})

    def _slope(self, ways: Sequence[tuple[str, Any]]) -> float | None:
        """The derivative along one direction or two, by differences; None on a kink, and where there is no value."""
        numbers = Digits(DIGITS)
        try:
            with numbers.working():
                left, right = (complex(s) for s in self._sides(ways, numbers.mp.mpf(10) ** -12))
        except OUTSIDE:
            return None
        if not np.isfinite(left) or abs(left - right) > 1e-8 * (1 + abs(left)) or abs(left) > LARGE or left.imag:
            return None
        return left.real

    def _sides(self, ways: Sequence[tuple[str, Any]], step: Any) -> list[Any]:
        """Two differences, which agree where there is no kink."""
        here = self._value({})
        if len(ways) == 1:
            ((n, way),) = ways
            pairs = [(sign, *(self._moved([(n, way, sign * k * step)]) for k in (1, 2))) for sign in (1, -1)]
            return [(-3 * here + 4 * near - far) * sign / (2 * step) for sign, near, far in pairs]
        (a, va), (b, vb) = ways
        corners = {(i, j): self._moved([(a, va, i * step), (b, vb, j * step)]) for i in (1, -1) for j in (1, -1)}
        edges = {i: (self._moved([(a, va, i * step)]), self._moved([(b, vb, i * step)])) for i in (1, -1)}
        around = [(corners[i, i] - sum(edges[i]) + here) / step**2 for i in (1, -1)]
        whole = (corners[1, 1] - corners[1, -1] - corners[-1, 1] + corners[-1, -1]) / (4 * step**2)
        return [whole, max(around, key=lambda v: abs(v - whole))]


def _read(program: Any) -> set[str]:
    return {r for block in program.blocks.values() for r in block.reads}


def _usable(want: Any) -> bool:
    try:
        return bool(np.isfinite(complex(want)) and abs(complex(want)) < LARGE and not complex(want).imag)
    except (TypeError, OverflowError, ValueError):
        return False


def _near(found: Any, want: Any, tolerance: float, scale: float) -> bool:
    """Whether two numbers agree, beside terms of this size."""
    return bool(abs(complex(found) - complex(want)) <= tolerance * (abs(complex(want)) + min(scale, LARGE) + 1e-6))


def check(seeds: Sequence[int]) -> tuple[list[str], Counter[str]]:
    """What differs for these seeds, and how much was compared."""
    said, counted = [], Counter[str]()
    for seed in seeds:
        case = Case(seed).run()
        counted += case.counted
        said += [f"seed {seed}: {what}\n{case.text}\nat {case.point if case.scalar else case.sizes}" for what in case.found]
    return said, counted
