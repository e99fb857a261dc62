"""Stages: programs with families as data that runs. Each line is a step function, with what it reads and what it sends back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from symchain.kernels.kernel import Plan
from symchain.kernels.lengths import Extent
from symchain.kernels.numpy import bare_function
from symchain.support.dimensions import Shape
from symchain.support.linear import Linear

Function = Callable[..., Any]
FORMAT, VERSION = "symchain.loops", 1
"""Of saved files."""


def _form(index: Linear | None) -> Any:
    """An index as JSON."""
    return None if index is None else [index.terms, index.constant]


@dataclass(frozen=True, slots=True)
class Argument:
    """What a step function is given, or where what it returns is added: kind is plain, member, row or number."""

    kind: str
    name: str
    index: Linear = field(default_factory=Linear)

    def to_json(self) -> list[Any]:
        return [self.kind, self.name, _form(self.index)]


@dataclass(frozen=True)
class Code:
    """A step function, as a plan: its arguments, and the letters of shapes whose sizes it takes after them."""

    plan: Plan
    arguments: tuple[Argument, ...]

    def __reduce__(self) -> Any:
        return Code, (self.plan, self.arguments)  # what was compiled is compiled again where it arrives

    def to_json(self) -> list[Any]:
        return [self.plan.to_json(), [a.to_json() for a in self.arguments]]

    @property
    def letters(self) -> tuple[str, ...]:
        return self.plan.letters

    @property
    def function(self) -> Function:
        return self._made[0]

    @property
    def source(self) -> str:
        return self._made[1]

    @cached_property
    def splits(self) -> dict[Any, Any]:
        """The parts of the steps of stages that run this code (`blocks.split_of`)."""
        return {}

    @cached_property
    def _made(self) -> tuple[Function, str]:
        return bare_function(self.plan)


@dataclass(frozen=True, slots=True)
class Stage:
    """Lines that advance together, or one line alone: `kind` is that of a Clause; `targets` are what the lines define, in order."""

    kind: str
    targets: tuple[Argument, ...]
    shapes: tuple[Shape, ...]
    var: str
    low: Linear
    high: Linear
    forward: Code
    backward: Code | None = None
    """Returns what each of `receivers` receives; after its arguments it takes the adjoints of the targets."""
    receivers: tuple[Argument, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "targets": [t.to_json() for t in self.targets],
            "shapes": self.shapes,
            "var": self.var,
            "low": _form(self.low),
            "high": _form(self.high),
            "forward": self.forward.to_json(),
            "backward": None if self.backward is None else self.backward.to_json(),
            "receivers": [a.to_json() for a in self.receivers],
        }

    @property
    def multiplies(self) -> bool:
        """Whether it is a product over an index."""
        return not self.once and self.kind not in ("range", "sum")

    @property
    def once(self) -> bool:
        return self.kind in ("plain", "start")


@dataclass(frozen=True)
class Loops:
    """A program with families as stages, in an order in which they can run."""

    stages: tuple[Stage, ...]
    inputs: Mapping[str, tuple[Shape, bool]]
    """The shape of each, and whether it is of whole numbers."""
    families: Mapping[str, Extent]
    lengths: tuple[str, ...]
    letters: tuple[str, ...]
    sizes: Mapping[str, tuple[str, Linear]]
    output: str
    wrt: tuple[tuple[str, Argument], ...]
    """What is asked for, by its name: W, W[2], W[L], h[0]."""
    order: int | None
    """0: value; 1: value and gradient; None: the one derivative alone."""
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What is declared of inputs, and of each member of a family: values without these facts are refused."""
    truncate: int | None = None
    """The steps of a window beyond which nothing is sent back: what comes out is no gradient then."""

    def to_json(self) -> dict[str, Any]:
        """What a file holds (`saved.load` reads it)."""
        families = self.families.items()
        return {
            "stages": [s.to_json() for s in self.stages],
            "inputs": [[n, shape, integer] for n, (shape, integer) in self.inputs.items()],
            "families": [[n, e.shape, e.integer, [[_form(i), v, _form(a), _form(b)] for i, v, a, b in e.reads]] for n, e in families],
            "lengths": self.lengths,
            "letters": self.letters,
            "sizes": [[letter, own, _form(index)] for letter, (own, index) in self.sizes.items()],
            "output": self.output,
            "wrt": [[n, a.to_json()] for n, a in self.wrt],
            "order": self.order,
            "facts": [[n, facts] for n, facts in self.facts.items()],
            **({} if self.truncate is None else {"truncate": self.truncate}),
        }
