"""Second derivatives of loops, column by column: the product of the Hessian with each unit vector, of a kernel of loops for each name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symchain.errors import UnsupportedError
from symchain.kernels.loops import AroundLoops, LoopKernel


class SecondKernel(AroundLoops):
    """Compiled loops of value, gradient and Hessian: `kernel(**inputs, **lengths)`. Every column costs one call of a loop."""

    def __init__(self, first: LoopKernel, along: Mapping[str, tuple[str, LoopKernel]], whole: bool = True) -> None:
        """`first` has value and gradient; `along`, by each name, the input that is the vector, and how the gradient moves along it.

        `whole` false: the one second derivative alone."""
        self.first, self.along, self.whole = first, dict(along), whole

    def with_options(self, **options: Any) -> SecondKernel:
        """The same kernel with other options, those of kernels of loops."""
        along = {n: (vector, kernel.with_options(**options)) for n, (vector, kernel) in self.along.items()}
        return SecondKernel(self.first.with_options(**options), along, self.whole)

    def alone(self) -> SecondKernel:
        """The kernel that returns its one second derivative alone."""
        return SecondKernel(self.first, self.along, False)

    def __call__(self, /, *unnamed: Any, **inputs: Any) -> Any:
        value, gradient = self.first(*unnamed, **inputs)
        hessian: dict[Any, Any] = {}
        for name, (vector, kernel) in self.along.items():
            shape = np.shape(gradient[name])
            rows: dict[str, list[Any]] = {}
            for k in range(int(np.prod(shape))):
                unit = np.zeros(shape)
                unit.reshape(-1)[k] = 1.0
                for other, row in kernel(**inputs, **{vector: unit if shape else 1.0})[1].items():
                    rows.setdefault(other, []).append(row)
            for other, found in rows.items():
                block = np.reshape(np.array(found), (*shape, *np.shape(found[0])))
                hessian[name if other == name else (name, other)] = block if block.shape else np.float64(block)
        names = list(gradient)
        for k, name in enumerate(names):  # what does not act, or not together, has blocks of zeros
            for other in names[k:]:
                shape = (*np.shape(gradient[name]), *np.shape(gradient[other]))
                hessian.setdefault(name if other == name else (name, other), np.zeros(shape) if shape else np.float64(0.0))
        return (value, gradient, hessian) if self.whole else next(iter(hessian.values()))

    @property
    def source(self) -> str:
        """The code of the loops, of value and gradient first."""
        return "\n\n".join([self.first.source, *(f"# along {v}\n{kernel.source}" for v, kernel in self.along.values())])

    def save(self, path: object) -> None:
        """Kernels of second derivatives of loops are not saved. Raises UnsupportedError."""
        raise UnsupportedError("a kernel of second derivatives of loops is not saved", advice="Save that of value and gradient: order=1.")
