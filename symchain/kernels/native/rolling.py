"""Loops found again in straight-line code: runs of statements that repeat one pattern, with the values that change from turn to turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from symchain.kernels.native.statements import Statement

_LONGEST = 48
"""Statements of the longest pattern looked for."""
_FEWEST = 8
"""A pattern that repeats less often stays as it is."""


@dataclass(frozen=True, slots=True)
class Loop:
    """`turns` times the same statements: `body` holds those of each turn."""

    body: tuple[tuple[Statement, ...], ...]

    @property
    def turns(self) -> int:
        return len(self.body)

    def written(self, tables: int) -> tuple[str, list[str]]:
        """The loop over values in the array m, and the tables of value numbers that it reads, where they do not advance evenly."""
        found: list[str] = []
        lines = []
        for place, first in enumerate(self.body[0]):
            names = []
            for k in range(len(first.values)):
                column = [turn[place].values[k] for turn in self.body]
                step = column[1] - column[0]
                if all(b - a == step for a, b in zip(column, column[1:], strict=False)):
                    names.append(f"m[{column[0]}]" if not step else f"m[{column[0]} + {step}*i]".replace("+ -", "- "))
                else:
                    found.append(f"static const int table_{tables + len(found)}[] = {{{', '.join(map(str, column))}}};\n")
                    names.append(f"m[table_{tables + len(found) - 1}[i]]")
            text = first.text.format(*names)
            lines.append(f"    ok &= {text};" if first.condition else f"    {text};")
        return "\n".join([f"  for (long i = 0; i < {self.turns}; i++) {{", *lines, "  }"]), found


def rolled(statements: Sequence[Statement]) -> Iterator[Statement | Loop]:
    """The statements in order, those that repeat a pattern at least eight times as loops."""
    kinds: dict[tuple[str, bool], int] = {}
    ids = np.array([kinds.setdefault((s.text, s.condition), len(kinds)) for s in statements])
    runs = [_runs(ids, period) for period in range(1, min(_LONGEST, len(ids) - 1) + 1)]
    at = 0
    while at < len(statements):
        best, covered = 0, 0
        for period, run in enumerate(runs, 1):
            turns = run[at] // period + 1
            if turns >= _FEWEST and turns * period > covered:
                best, covered = period, turns * period
        if not best:
            yield statements[at]
            at += 1
            continue
        yield Loop(tuple(tuple(statements[k : k + best]) for k in range(at, at + covered, best)))
        at += covered


def _runs(ids: np.ndarray, period: int) -> np.ndarray:
    """For each place, how many statements from there on are like those a period later."""
    same = np.zeros(len(ids), bool)
    same[: len(ids) - period] = ids[:-period] == ids[period:]
    places = np.arange(len(ids))
    ends = np.minimum.accumulate(np.where(same, len(ids), places)[::-1])[::-1]
    return ends - places
