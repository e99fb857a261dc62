"""HigherDerivative, HigherDerivatives: derivatives of any order by numbers, each the derivative of the one before; data only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Line, Printed
from symchain.nouns.door import engine
from symchain.support.assignments import given_point


def name_of(output: str, names: tuple[str, ...]) -> str:
    """What the line of a derivative is called.

    >>> name_of("f", ("x",)), name_of("f", ("x", "x", "y"))
    ('df_dx', 'd3f_dx2_dy')
    """
    order = "" if len(names) == 1 else str(len(names))
    counted = ((name, len(list(run))) for name, run in groupby(names))
    return f"d{order}{output}_" + "_".join(f"d{name}{'' if count == 1 else count}" for name, count in counted)


@dataclass(frozen=True, eq=False)
class HigherDerivative(Printed):
    """The derivative of `output` by `names`, one after the other, with the derivatives below it."""

    program: Computation
    output: str
    names: tuple[str, ...]
    stages: tuple[Derivation, ...] = field(repr=False)
    """One for each order: of order 1, each of the derivative before it, in the program that has those below as blocks."""
    reading: Computation = field(repr=False)
    """The program with the lines of all orders as blocks."""
    point: Mapping[str, Any] | None = None

    @property
    def order(self) -> int:
        return len(self.names)

    @property
    def wrt(self) -> str:
        return ",".join(dict.fromkeys(self.names))

    @property
    def result(self) -> Line:
        return self.stages[-1].result

    @cached_property
    def all_lines(self) -> tuple[Line, ...]:
        """The lines of every order, those that say a derivative and those that later ones read."""
        return tuple(line for stage in self.stages for line in stage.all_lines)

    @cached_property
    def formula(self) -> Any:
        """The derivative in SymPy, in the program's own names and those of the derivatives below it."""
        return engine().to_sympy(self.result.tree, self.reading.symbols)

    @cached_property
    def closed(self) -> Any:
        """The derivative in SymPy, in the inputs alone. Raises LimitError above 10,000 nodes."""
        return engine().to_sympy(engine().close(self), self.reading.symbols)

    def checked_at(self, point: Mapping[str, Any] | None) -> HigherDerivative:
        return self if point is None else replace(self, point=dict(given_point(point)))

    def __repr__(self) -> str:
        return f"<derivation of {self.result.name.replace('_', '/', 1)}>"


@dataclass(frozen=True, eq=False)
class HigherDerivatives(Printed, Mapping[tuple[str, ...], HigherDerivative]):
    """All derivatives of one order by several numbers: an ordered mapping ("x", "x", "y") -> HigherDerivative."""

    program: Computation
    output: str
    members: Mapping[tuple[str, ...], HigherDerivative]

    def __getitem__(self, names: tuple[str, ...]) -> HigherDerivative:
        return self.members[names]

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    @cached_property
    def all_lines(self) -> tuple[Line, ...]:
        """The lines of all, each once, orders one after the other."""
        found = {line.name: (order, line) for d in self.values() for order, stage in enumerate(d.stages) for line in stage.all_lines}
        return tuple(line for _, line in sorted(found.values(), key=lambda pair: pair[0]))

    def checked_at(self, point: Mapping[str, Any] | None) -> HigherDerivatives:
        return self if point is None else replace(self, members={n: d.checked_at(point) for n, d in self.members.items()})

    def __repr__(self) -> str:
        return f"<{len(self.members)} derivatives of {self.output}>"
