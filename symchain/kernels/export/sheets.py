"""What every exported file holds, whatever its language: names, the point of the self-test, and what is expected there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symchain.kernels.export.expressions import Expressions
from symchain.kernels.kernel import Plan
from symchain.support.dimensions import Shape, evaluate

TOLERANCE = 1e-10
"""The self-test fails where a result differs by more, relative to the largest of its entries."""

_OWN = re.compile(
    r"(v|s|i|x|f_)\d+\w*|f_\w*|imin|imod|int_of|real_of|zeros|room|release|check|value|main|expected|worst|choose|full|dt", re.I
)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass
class Sheet:
    """One kernel on its way into a file of one language."""

    plan: Plan
    expressions: Expressions
    heading: Sequence[str]
    """The lines of the header: program, derivatives, provenance."""
    point: Sequence[Any]
    expected: Sequence[Any]
    reserved: frozenset[str] = frozenset()
    folds_case: bool = False
    names: dict[str, str] = field(default_factory=dict)
    """What each input and each letter of a dimension is called in the file."""

    def __post_init__(self) -> None:
        taken = {self.function}
        keys = [*(("input", i.name) for i in self.plan.inputs), *(("size", n) for n in self.plan.letters)]
        for kind, name in keys:
            text = _plain(name)
            if _OWN.fullmatch(text) or text.startswith(("d_", "d2_")):
                text = f"in_{text}"  # the file's own names are families, which no ending leaves
            while self._folded(text) in taken or text.lower() in self.reserved:
                text += "_"
            taken.add(self._folded(text))
            self.names[f"{kind} {name}"] = text
        self.results = self._results(taken)

    def _folded(self, text: str) -> str:
        return text.lower() if self.folds_case else text

    def _results(self, taken: set[str]) -> list[str]:
        found = []
        for o in self.plan.outputs:
            text = {"value": "value", "array": "value"}.get(o.kind, "")
            if not text:
                text = ("d_" if o.kind == "gradient" else "d2_") + "_".join(self.names.get(f"input {n}") or _plain(n) for n in o.names)
            while self._folded(text) in taken:
                text += "_"
            taken.add(self._folded(text))
            found.append(text)
        return found

    @property
    def function(self) -> str:
        order = self.plan.order
        return {None: "derivative", 0: "value_of", 1: "value_and_gradients", 2: "value_gradients_hessian"}[order]

    @property
    def arguments(self) -> list[str]:
        return [self.names[f"input {i.name}"] for i in self.plan.inputs]

    @property
    def letters(self) -> list[str]:
        return [self.names[f"size {n}"] for n in self.plan.letters]

    @property
    def sizes(self) -> Mapping[str, int]:
        """Those of the letters at the point of the test."""
        from symchain.kernels.arguments import sizes

        return dict(zip(self.plan.letters, sizes(self.plan, [np.asarray(v) for v in self.point]), strict=True))

    def flat(self, values: Any) -> list[str]:
        return [self.expressions.number(float(x)).strip("()") for x in np.ravel(np.asarray(values, float))]

    def shape_of(self, shape: Shape) -> tuple[int, ...]:
        sizes = self.sizes
        return tuple(evaluate(d, sizes) for d in shape)

    def result_shape(self, k: int) -> Shape:
        value = self.plan.outputs[k].value
        first = len(self.plan.inputs)
        return self.plan.inputs[value].shape if value < first else self.plan.instruction(value).shape

    def renamed(self) -> Iterator[str]:
        for key, name in self.names.items():
            kind, _, own = key.partition(" ")
            if own != name:
                yield f"{own} is called {name} here"

    def solved(self) -> Iterator[tuple[int, int, str]]:
        """For each letter, in order: the input and the axis that give its size."""
        for letter in self.plan.letters:
            found = next(((k, a) for k, i in enumerate(self.plan.inputs) for a, d in enumerate(i.shape) if d == letter), None)
            if found is None:
                from symchain.kernels.export.expressions import missing

                raise missing(f"way to find the size {letter}, which no axis has by itself", self.expressions.target)
            yield *found, letter


def _plain(name: str) -> str:
    """A name in the letters that every language takes."""
    return name if _PLAIN.fullmatch(name) else "x_" + re.sub(r"[^A-Za-z0-9]", "", name)
