"""The one table of rules: every form that is recognised in trees, to be printed or to be run, found by the kind of its top node.

What is tried first is said by the rows: by their priority, then by how much they take in, then by their name. A formula that is
printed takes the shortest form there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from typing import Any

from symchain.functions.spec import FUNCTIONS
from symchain.rewriting import (
    choices,
    denominators,
    expansion,
    exponentials,
    factoring,
    inversion,
    logarithms,
    masks,
    repeated,
    roots,
    slices,
    softmaxes,
    stable,
)
from symchain.rewriting.likeness import likeness
from symchain.rewriting.matching import Identity, functions_in, top_of
from symchain.rewriting.rows import Names, Row, Use, declared
from symchain.tensors.memory import Table as Remembered
from symchain.tensors.memory import table
from symchain.tensors.nodes import Contraction, Tree

_FIRST: Remembered[tuple[Use, int, tuple[Any, ...] | None], Row | None] = table("rules by what they fit", 20_000)
"""The row that is tried with success, for formulas that are alike; None where there is none."""


class Table:
    """Rows, indexed by use and by the kind of node at the top: those that functions declare, and others."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.version = 0
        """Counts the changes: what was found with other rows is to be forgotten."""
        self._own = tuple(rows)
        self._more: tuple[Row, ...] = ()
        self._rows: tuple[Row, ...] = ()
        self._functions = 0
        self._heads: dict[Use, dict[type[Tree], tuple[Row, ...]]] = {}
        self._possible: dict[tuple[Use, type[Tree], int], tuple[tuple[Row, Identity | None], ...]] = {}

    @property
    def rows(self) -> tuple[Row, ...]:
        self.settle()
        return self._rows

    def settle(self) -> None:
        """Take in what functions have declared since."""
        if len(FUNCTIONS) != self._functions:
            self._functions = len(FUNCTIONS)
            self._join()

    def fitting(self, tree: Tree, use: Use) -> Iterator[tuple[Row, Identity | None]]:
        """The rows that a tree may match, by the kinds of nodes and the functions in it, in the order of trial; each with its rule."""
        self.settle()
        key = use, type(tree), tree.kinds
        possible = self._possible.get(key)
        if possible is None:
            rows = self._of(use, type(tree))
            pairs = ((row, None if row.search is not None else row.rule) for row in rows)
            possible = self._possible[key] = tuple(pair for pair in pairs if _may_hold(*pair, tree.kinds))
        if not possible:
            return
        top, terms = top_of(tree) if isinstance(tree, Contraction) else 0, len(tree.args)
        likely = [pair for pair in possible if pair[1] is None or pair[1].may_match(top, terms)]
        present: Set[str] | None = None
        for pair in likely:
            rule = pair[1]
            if rule is not None and rule.functions:
                if present is None:
                    present = functions_in(tree)
                if not rule.functions <= present:
                    continue
            yield pair

    def first(self, tree: Tree, use: Use, names: Names) -> Tree | None:
        """The first form that some row finds for a tree; it may be the tree itself."""
        self.settle()
        alike = likeness(tree, names)
        key = use, self.version, alike
        if alike is not None and key in _FIRST.entries:
            known = _FIRST.entries[key]
            return None if known is None else next(iter(known.forms(tree, names)), None)
        for row, _ in self.fitting(tree, use):
            for found in row.forms(tree, names):
                if alike is not None:
                    _FIRST.room()[key] = row
                return found
        if alike is not None:
            _FIRST.room()[key] = None
        return None

    @contextmanager
    def including(self, *rows: Row) -> Iterator[None]:
        """The table with more rows, for a while; one takes the place of another of its name."""
        before = self._more
        names = {row.name for row in rows}
        self._more = (*(row for row in before if row.name not in names), *rows)
        self._join()
        try:
            yield
        finally:
            self._more = before
            self._join()

    def _join(self) -> None:
        names = {row.name for row in self._more}
        every = (*(row for spec in FUNCTIONS.values() for row in declared(spec)), *self._own)
        self._rows = (*(row for row in every if row.name not in names), *self._more)
        self._forget()

    def _forget(self) -> None:
        self.version += 1
        self._heads.clear()
        self._possible.clear()

    def _of(self, use: Use, head: type[Tree]) -> tuple[Row, ...]:
        heads = self._heads.get(use)
        if heads is None:
            found: dict[type[Tree], list[Row]] = {}
            for row in self._rows:
                if use in row.use:  # what is used elsewhere alone is not read here
                    for part in (row, *([] if row.inside is None else [row.within()])):
                        found.setdefault(part.head, []).append(part)
            heads = {head: tuple(sorted(rows, key=lambda r: (-r.priority, -r.weight, r.name))) for head, rows in found.items()}
            self._heads[use] = heads
        return heads.get(head, ())


def _may_hold(row: Row, rule: Identity | None, kinds: int) -> bool:
    """Whether a tree of such kinds of nodes may match; a row without a rule is a function."""
    return (not row.holds or bool(row.holds & kinds)) if rule is None else not rule.kinds & ~kinds


_FAMILIES = (
    choices, denominators, expansion, exponentials, factoring, inversion, logarithms, masks, repeated, roots, slices, softmaxes, stable,
)  # fmt: skip

TABLE = Table(row for family in _FAMILIES for row in family.ROWS)
