"""What PyTorch and JAX share: values, gradients and Hessians of a kernel as arrays in order, and the axes a derivative is summed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symchain.errors import ArgumentError, UnsupportedError
from symchain.kernels.integrations.parameters import names_of, of_order
from symchain.kernels.kernel import Kernel


class Derivatives:
    """A kernel as three calls: `value`, `first` (value and gradients) and `second` (the blocks of the Hessian, row by row)."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.names = kernel, names_of(kernel)
        self.places = [kernel.names.index(n) for n in self.names]
        self.scalar, self.twice = kernel.plan.scalar, kernel.plan.order == 2
        self.value = of_order(kernel, 0).positional
        self._first = of_order(kernel, 1).positional
        self._second = kernel.positional

    def first(self, *values: Any) -> list[Any]:
        value, gradient = self._first(*values)
        return [value, *(gradient[n] for n in self.names)]

    def second(self, *values: Any) -> list[Any]:
        """For each two parameters in order the block of the first by the second, each pair once."""
        blocks = self._second(*values)[2]
        return [blocks[a if a == b else (a, b)] for k, a in enumerate(self.names) for b in self.names[k:]]

    def in_order(self, unnamed: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        """The values of all inputs in order, some given in order and the others by name. Raises ArgumentError."""
        names = self.kernel.names
        if len(unnamed) > len(names):
            raise ArgumentError(f"{len(unnamed)} values are given for {len(names)} inputs", advice=f"The inputs are {', '.join(names)}.")
        found = dict(zip(names, unnamed, strict=False))
        for name, value in named.items():
            if name not in names or name in found:
                what = f"{name} is given twice" if name in found else f"no input is named {name}"
                raise ArgumentError(what, advice=f"The inputs are {', '.join(names)}.")
            found[name] = value
        missing = [n for n in names if n not in found]
        if missing:
            raise ArgumentError(f"no value is given for {', '.join(missing[:12])}", advice="Give a value for every input.")
        return [found[n] for n in names]

    def not_compiled(self, name: str) -> UnsupportedError:
        what = f"the kernel has no gradient by {name}"
        return UnsupportedError(what, advice=f"It was compiled with respect to {', '.join(self.names)}; add {name} to wrt.")

    def only_once(self) -> UnsupportedError:
        wanted = "derivatives of order 3 are not there" if self.twice else "the kernel has no second derivatives"
        return UnsupportedError(wanted, advice="Two are all there are." if self.twice else "Compile it with order=2.")


__all__ = ["Derivatives"]
