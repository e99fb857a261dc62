"""What a kernel does where float64 may have lost digits: balls first, then as many digits as it takes, then limits.

Balls certify what they give. Functions that they do not know, or not everywhere, are left to plain digits; results that have no value
at the point itself, or that of a choice made there alone, get their limit where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import cached_property
from typing import Any

from symchain.kernels import balls, digits
from symchain.kernels.kernel import Plan
from symchain.kernels.limits import limit
from symchain.support.precision import precision

_plain: ContextVar[bool] = ContextVar("plain", default=False)
_START = 53
"""Bits, before anybody asks for more."""

Function = Callable[..., Sequence[Any]]


@contextmanager
def as_float64_gives_it() -> Iterator[None]:
    """Inside, nothing is worked out again: for who looks at many results and minds none of the digits."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def is_wanted() -> bool:
    """Whether what may have lost digits is worked out again."""
    return not _plain.get()


class Recourse:
    """The results of one scalar plan at points that are asked for again; `compiled` makes a function of a plan over other numbers."""

    def __init__(self, plan: Plan, compiled: Callable[[Plan, str], Function]) -> None:
        self.plan = plan
        self._compiled = compiled

    @cached_property
    def _balls(self) -> Function:
        return self._compiled(self.plan, "balls")

    @cached_property
    def _digits(self) -> Function:
        return self._compiled(self.plan, "digits")

    @cached_property
    def _single(self) -> list[Function]:
        """Each result by itself: one that has no value must not take the others with it."""
        return [self._compiled(replace(self.plan, outputs=(o,)), "digits") for o in self.plan.outputs]

    def __call__(self, values: Sequence[float]) -> list[float | None]:
        """The results in order; None where float64 arithmetic has the last word."""
        if not all(map(math.isfinite, values)):
            return [None] * len(self.plan.outputs)
        with precision(bits=_START):  # the digits of Arb are those of the process too: one thread at a time sets them
            return self._results(values)

    def _results(self, values: Sequence[float]) -> list[float | None]:
        outputs = self.plan.outputs
        found, on_a_boundary = balls.evaluated(self._balls, values)
        results = found or [None] * len(outputs)
        if None in results:
            together = None if found else digits.evaluated(self._digits, values)
            more = together or self._each(values, results)
            results = [m if r is None else r for r, m in zip(results, more, strict=True)]
        on_a_boundary = on_a_boundary and any(o.kind != "value" for o in outputs)
        for k, (o, r) in enumerate(zip(outputs, results, strict=True)):
            if k and outputs[0].kind == "value" and results[0] is None:
                break  # what has no value has no slope
            if r is None or (on_a_boundary and o.kind != "value"):
                limit = self._limit(k, values, results[0] is not None)
                results[k] = r if limit is None else limit
        return results

    def beside(self, values: Sequence[float], before: Sequence[float]) -> list[float]:
        """What float64 made of everything, with limits in place of derivatives that are not finite, where its value is.

        The value of a quotient by 0 is that of one side, (x/s at s = 0 that of s > 0): derivatives are their limits on the sides where
        the value goes on from there.
        """
        outputs = self.plan.outputs
        results = list(before)
        if outputs[0].kind != "value" or not math.isfinite(before[0]) or not all(map(math.isfinite, values)):
            return results
        with precision(bits=_START):
            for k in range(1, len(outputs)):
                if not math.isfinite(before[k]):
                    found = limit(self._single[k], values, beside=(self._single[0], before[0]))
                    results[k] = before[k] if found is None else found
        return results

    def _limit(self, k: int, values: Sequence[float], known: bool) -> float | None:
        """The limit of one result. Where the value is `known`, that of a derivative is wanted along its own variables: the others stay."""
        output = self.plan.outputs[k]
        if known and output.names and self.plan.outputs[0].kind == "value":
            own = [i for i, x in enumerate(self.plan.inputs) if x.name in output.names]
            found = limit(self._single[k], values, own, slope=output.kind == "gradient")
            if found is not None:
                return found
        return limit(self._single[k], values)

    def _each(self, values: Sequence[float], known: Sequence[float | None]) -> list[float | None]:
        alone = [digits.evaluated(f, values) if r is None else None for f, r in zip(self._single, known, strict=True)]
        return [found[0] if found else None for found in alone]
