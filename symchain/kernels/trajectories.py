"""Trajectories: loops that return all members of a family, or an array, and their derivatives carried forward beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symchain.errors import UnsupportedError
from symchain.kernels.loops import AroundLoops, LoopKernel
from symchain.kernels.running import Run


class TrajectoryKernel(AroundLoops):
    """Compiled loops: `kernel(**inputs, **lengths)` returns the output and its derivatives, by name.

    Of a family the members stand along axis 0, the first of them first; a list where their shapes differ. The derivative of an
    output of shape F by an input of shape X has shape F + X.
    """

    def __init__(self, output: str, first: LoopKernel, along: Mapping[str, tuple[str, LoopKernel]], order: int) -> None:
        """`along`: for each name the family or block that holds the derivative by it, and the loops that have it; empty for none."""
        self.output, self.first, self.along, self.order = output, first, dict(along), order

    def with_options(self, **options: Any) -> TrajectoryKernel:
        """The same kernel with other options, those of kernels of loops."""
        along = {n: (rate, kernel.with_options(**options)) for n, (rate, kernel) in self.along.items()}
        return TrajectoryKernel(self.output, self.first.with_options(**options), along, self.order)

    def __call__(self, /, *unnamed: Any, **inputs: Any) -> Any:
        run = self.first.values(*unnamed, **inputs)
        value = _of(run, self.output)
        if not self.order:
            return value
        found: dict[str, Any] = {}
        for name, (rate, kernel) in self.along.items():
            if rate:
                found[name] = _of(kernel.values(**inputs), rate)
            else:
                found[name] = np.zeros((*np.shape(value), *np.shape(run.plain[name])))
        return value, found

    @property
    def source(self) -> str:
        """The code of the loops."""
        return "\n\n".join(dict.fromkeys([self.first.source, *(kernel.source for _, kernel in self.along.values())]))

    def save(self, path: object) -> None:
        """Kernels of trajectories are not saved. Raises UnsupportedError."""
        raise UnsupportedError("a kernel of a trajectory is not saved", advice="Save that of a scalar output.")


def _of(run: Run, name: str) -> Any:
    """A block, or all members of a family."""
    if name in run.plain:
        return run.plain[name]
    members = [run.members[name][k] for k in sorted(run.members.get(name, {}))]
    return np.stack(members) if len({np.shape(m) for m in members}) == 1 else members
