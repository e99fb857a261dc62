"""The two kernels of a plan that is cut at its sums over samples, and how a chunk and the totals go through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, SymchainError, UnsupportedError
from symchain.kernels.arguments import sizes
from symchain.kernels.integrations.samples import Split
from symchain.kernels.kernel import Kernel, Plan


def split_of(plan: Plan, letter: str | None) -> Split:
    """The plan cut along the samples that a letter counts: the one given, or the only one for which that can be proved."""
    if letter is not None:
        if letter not in plan.letters:
            what = f"no dimension is named {letter}"
            raise ArgumentError(what, advice=f"Dimensions: {', '.join(plan.letters) or 'none, for they are all numbers'}.")
        return Split(plan, letter)
    found, reasons = [], []
    for name in plan.letters:
        try:
            found.append(Split(plan, name))
        except SymchainError as error:
            reasons.append(error)
    if len(found) == 1:
        return found[0]
    if len(plan.letters) == 1 and reasons:
        raise reasons[0]
    which = ", ".join(s.letter for s in found) or "none"
    raise ArgumentError(f"which dimension counts the samples is not told: {which} could", advice='Write samples="n".')


class Parts:
    """`chunk` gives the sums and the results sample by sample of some samples; `finish` makes the other results of the sums of all."""

    def __init__(self, kernel: Kernel, letter: str | None = None) -> None:
        self.plan, self.split = kernel.plan, split_of(kernel.plan, letter)
        _ = kernel.positional  # held against its program
        options = {name: v for name, v in kernel.options.items() if name not in ("out", "form")}
        self.first = Kernel(self.split.first, kernel.backend, options)
        self.second = Kernel(self.split.second, kernel.backend, options) if self.split.made else None
        self._unneedy = replace(kernel.plan, needs=())

    def counted(self, values: Sequence[Any], count: int) -> list[int]:
        """The sizes of all letters, with so many samples. Raises ShapeError where the values do not fit together."""
        known = dict(zip(self.plan.letters, sizes(self._unneedy, values), strict=True))
        return [count if n == self.split.letter else known[n] for n in self.plan.letters]

    def chunk(self, values: Sequence[Any], known: Sequence[int]) -> tuple[list[Any], list[Any]]:
        """The sums over these samples, and the results sample by sample."""
        results = _listed(self.first.positional(*values, self.split.sizes(known)))
        return results[: len(self.split.summed)], results[len(self.split.summed) :]

    def finish(self, values: Sequence[Any], totals: Sequence[Any], known: Sequence[int]) -> list[Any]:
        """The results that are not made sample by sample."""
        by_letter = dict(zip(self.plan.letters, known, strict=True))
        for need in self.plan.needs:
            need.check(by_letter)
        if self.second is None:
            return []
        same = [v for k, v in enumerate(values) if k not in self.split.axes]
        return _listed(self.second.positional(*same, *totals, self.split.sizes(known)))

    def formed(self, made: Sequence[Any], rows: Sequence[Any]) -> Any:
        """All results in the form in which a call of the kernel returns them."""
        by_output: dict[Any, Any] = {**dict(zip(self.split.made, made, strict=True)), **dict(zip(self.split.rows, rows, strict=True))}
        groups: Mapping[str, dict[Any, Any]] = {"gradient": {}, "hessian": {}}
        alone = None
        for o in self.plan.outputs:
            if o.kind in groups:
                groups[o.kind][o.names[0] if len(o.names) == 1 else o.names] = by_output[o]
            else:
                alone = by_output[o]
        order = self.plan.order or 0
        return (alone, *list(groups.values())[:order]) if order else alone


def _listed(results: tuple[Any, Mapping[Any, Any]]) -> list[Any]:
    value, others = results
    return [value, *others.values()]


class Total:
    """Sums that keep what rounding loses (Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen")."""

    def __init__(self, sums: Sequence[Any] = (), lost: Sequence[Any] = ()) -> None:
        self.sums, self.lost = [np.asarray(s, float) for s in sums], [np.asarray(c, float) for c in lost]

    def add(self, terms: Sequence[Any], lost: Sequence[Any] | None = None) -> None:
        """Add one term to each sum; or the sum and what is lost of another total."""
        if not self.sums:
            self.sums = [np.array(t, float) for t in terms]
            self.lost = [np.zeros_like(t) for t in self.sums] if lost is None else [np.array(c, float) for c in lost]
            return
        with np.errstate(invalid="ignore", over="ignore"):
            for k, term in enumerate(terms):
                s, x = self.sums[k], np.asarray(term, float)
                t = s + x
                rest = np.where(np.abs(s) >= np.abs(x), (s - t) + x, (x - t) + s)
                self.sums[k] = t
                self.lost[k] = self.lost[k] + np.where(np.isfinite(t), rest, 0.0) + (0.0 if lost is None else lost[k])

    @property
    def values(self) -> list[Any]:
        return [s + c for s, c in zip(self.sums, self.lost, strict=True)]


def no_samples() -> UnsupportedError:
    return UnsupportedError("there are no samples", advice="Give at least one chunk that is not empty.")


__all__ = ["Parts", "Total", "no_samples", "split_of"]
