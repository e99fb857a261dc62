"""Parameters: the inputs a kernel was compiled with respect to, as one flat vector, and the kernels of lower order beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError, UnsupportedError, advice_for
from symchain.kernels.arguments import real_numbers
from symchain.kernels.facts import FACTS, Kind, check_facts
from symchain.kernels.kernel import Kernel, Output

_TIED = (Kind.EQUATION, Kind.ENTRIES, Kind.WHOLE)
_TINY, _HUGE = float(np.finfo(float).tiny), float(np.finfo(float).max)
_BOUNDS = {"positive": (_TINY, np.inf), "nonnegative": (0.0, np.inf), "unit": (0.0, 1.0)}


def names_of(kernel: Kernel) -> tuple[str, ...]:
    """The inputs that a kernel has a gradient by. Raises UnsupportedError where it has none."""
    if not isinstance(kernel, Kernel):
        raise ArgumentError(f"{type(kernel).__name__} is not a kernel", advice='Write program.compile("C", wrt=["w"]).')
    names = tuple(o.names[0] for o in kernel.plan.outputs if o.kind == "gradient")
    if not names:
        raise UnsupportedError("the kernel returns no value with its gradient", advice="Compile it with order=1 or order=2.")
    return names


def of_order(kernel: Kernel, order: int) -> Kernel:
    """The same kernel without what higher orders ask for. It is held against its program first."""
    _ = kernel.positional  # makes the check
    kinds = ("value", "gradient", "hessian")[: order + 1]
    return with_outputs(kernel, [o for o in kernel.plan.outputs if o.kind in kinds], order)


def with_outputs(kernel: Kernel, outputs: Sequence[Output], order: int) -> Kernel:
    options = {name: v for name, v in kernel.options.items() if name not in ("out", "form")}
    return Kernel(replace(kernel.plan, outputs=tuple(outputs), order=order), kernel.backend, options)


class Parameters:
    """Names and shapes of the parameters, values of the other inputs, and the way between a flat vector and the arguments of a call."""

    def __init__(self, kernel: Kernel, at: Mapping[str, Any], unbounded: bool = False) -> None:
        self.kernel, self.names = kernel, names_of(kernel)
        if not isinstance(at, Mapping):
            raise ArgumentError(f"the values are {type(at).__name__}, not names with values", advice='Write {"w": 0.5, "x": data}.')
        for name in at:
            if name not in kernel.names:
                raise ArgumentError(f"no input is named {name}", advice=advice_for(str(name), kernel.names, "Inputs"))
        missing = [n for n in kernel.names if n not in at]
        if missing:
            raise ArgumentError(f"no value is given for {', '.join(missing[:12])}", advice="Parameters need one too: where to start.")
        inputs = {i.name: i for i in kernel.plan.inputs}
        self.values = [real_numbers(at[n], inputs[n]) for n in kernel.names]
        places = {n: k for k, n in enumerate(kernel.names)}
        self.places = [places[n] for n in self.names]
        self.shapes = [np.shape(self.values[k]) for k in self.places]
        ends = np.cumsum([0, *(int(np.prod(s, dtype=int)) for s in self.shapes)]).tolist()
        self.slices = [slice(a, b) for a, b in zip(ends, ends[1:], strict=False)]
        self.size = ends[-1]
        self.facts = [inputs[n].facts for n in self.names]
        for name, facts, k in zip(self.names, self.facts, self.places, strict=True):
            tied = next((f for f in facts if FACTS[f].kind in _TIED), None)
            if tied:
                what = f"{name} is declared {tied}: its entries are tied, and a step of each by itself breaks that"
                raise UnsupportedError(what, advice="Write it in terms of free parameters: A = L @ L.T, p = softmax(z).")
            check_facts(name, facts, self.values[k])
        self.unbounded = unbounded
        self.maps = [self._map(facts) if unbounded else "" for facts in self.facts]
        self.numbers = not self.curved and not any(self.shapes)
        self.x0 = self.pack({n: self.values[k] for n, k in zip(self.names, self.places, strict=True)})

    @staticmethod
    def _map(facts: Sequence[str]) -> str:
        return "logit" if "unit" in facts else "log" if "positive" in facts or "nonnegative" in facts else ""

    @cached_property
    def curved(self) -> bool:
        """Whether some coordinates are no parameters themselves."""
        return any(self.maps)

    def pack(self, named: Mapping[str, Any]) -> Any:
        """Named parameters as one flat vector. Raises ArgumentError for a missing one, or one without a finite coordinate."""
        flat = np.empty(self.size)
        for name, shape, part, way in zip(self.names, self.shapes, self.slices, self.maps, strict=True):
            if name not in named:
                raise ArgumentError(f"no value is given for {name}", advice=f"The parameters are {', '.join(self.names)}.")
            value = np.asarray(named[name], float)
            if value.shape != shape:
                what = f"{name} has shape {value.shape}, not {shape}"
                raise ShapeError(what, advice="Give parameters of the shapes they had at the start.")
            with np.errstate(all="ignore"):
                value = np.log(value) if way == "log" else np.log(value) - np.log1p(-value) if way == "logit" else value
            if way and not np.isfinite(value).all():
                what = f"{name} is at the end of its range, where its {'logarithm' if way == 'log' else 'logit'} is infinite"
                raise ArgumentError(what, advice="Start inside, or leave unbounded out and use the bounds.")
            flat[part] = value.reshape(-1)
        return flat

    def arguments(self, flat: Any) -> list[Any]:
        """The values of all inputs in order, at a flat vector; arrays are views of it where it is the parameters themselves."""
        values = list(self.values)
        if self.numbers:
            for k, number in zip(self.places, flat.tolist(), strict=True):
                values[k] = number
            return values
        for k, shape, part, way in zip(self.places, self.shapes, self.slices, self.maps, strict=True):
            piece = flat[part]
            if way == "log":
                with np.errstate(over="ignore"):
                    piece = np.clip(np.exp(piece), _TINY, _HUGE)
            elif way == "logit":
                with np.errstate(over="ignore"):
                    piece = 1 / (1 + np.exp(-piece))
            values[k] = piece.reshape(shape) if shape else float(piece[0])
        return values

    def unpack(self, flat: Any) -> dict[str, Any]:
        """A flat vector as named parameters, copied. Raises ShapeError for a vector of another length."""
        values = self.arguments(self.flat(flat))
        return {n: np.array(values[k]) if s else values[k] for n, k, s in zip(self.names, self.places, self.shapes, strict=True)}

    def flat(self, given: Any) -> Any:
        vector = np.asarray(given, float)
        if vector.shape != (self.size,):
            raise ShapeError(f"the parameters are one vector of {self.size} numbers, not of shape {vector.shape}", advice="Use pack.")
        return vector

    def slopes(self, flat: Any, second: bool = False) -> Any:
        """How fast each parameter moves with its coordinate; `second`, how fast that changes."""
        found = np.zeros(self.size) if second else np.ones(self.size)
        for part, way in zip(self.slices, self.maps, strict=True):
            if way == "log":
                with np.errstate(over="ignore"):
                    found[part] = np.clip(np.exp(flat[part]), _TINY, _HUGE)
            elif way == "logit":
                with np.errstate(over="ignore"):
                    s, rest = 1 / (1 + np.exp(-flat[part])), 1 / (1 + np.exp(flat[part]))
                found[part] = s * rest * (rest - s if second else 1)
        return found

    @cached_property
    def bounds(self) -> tuple[Any, Any]:
        """The least and the largest value of each coordinate, by what is declared of the parameters."""
        low, high = np.full(self.size, -np.inf), np.full(self.size, np.inf)
        for part, facts, way in zip(self.slices, self.facts, self.maps, strict=True):
            for fact in facts if not way else ():
                a, b = _BOUNDS.get(fact, (-np.inf, np.inf))
                low[part], high[part] = np.maximum(low[part], a), np.minimum(high[part], b)
        return low, high

    def hessian(self, blocks: Mapping[Any, Any]) -> Any:
        """The blocks of a second derivative as one symmetric matrix."""
        whole = np.empty((self.size, self.size))
        for k, first in enumerate(self.names):
            for j, other in list(enumerate(self.names))[k:]:
                a, b = self.slices[k], self.slices[j]
                block = np.asarray(blocks[first if first == other else (first, other)]).reshape(a.stop - a.start, b.stop - b.start)
                whole[a, b], whole[b, a] = block, block.T
        return whole


__all__ = ["Parameters", "names_of", "of_order", "with_outputs"]
