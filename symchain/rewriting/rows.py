"""Rows of the table of rules: a form that is recognised, what it is written as, where that is used and what is tried first.

A row is two texts in the input language, or a function where no text can say the form; then it gives the reason. Names in the texts
are placeholders. They stand for any term that is no number, unless the row says otherwise (`wild`). `axis=k` stands for any axis,
`axis=ks` for any axes.

>>> from symchain.language.grammar import parse_expression
>>> from symchain.language.elaborate import Scope, elaborate
>>> row = Row("a cosine of an opposite", Use.BOTH, "cos(-x)", "cos(x)")
>>> tree = elaborate(parse_expression("cos(-t)"), Scope({"t": leaf("t", ("n",))}))
>>> [found.args[0] is leaf("t", ("n",)) for found in row.forms(tree)]
[True]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Flag, auto
from functools import cached_property

from symchain.functions.spec import FunctionSpec, Interval
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.rewriting.matching import CONSTANT, NUMBER, TERM, Bindings, Guard, Identity, placeholder, rewrite, stretched
from symchain.rewriting.numerics import FUNCTIONS
from symchain.support.notation import walk
from symchain.tensors.algebra import normal
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import Contraction, Leaf, Operation, Tree, common_shape, leaf, rebuild, substitute
from symchain.tensors.products import settled, term_of, tree_of

Names = Mapping[str, Tree]
Made = Callable[[Mapping[str, Tree]], Tree | None]
Search = Callable[[Tree, Names], Iterable[Tree]]
"""A node, and what some names stand for, to the forms found."""


class Use(Flag):
    """Where a row is used."""

    PRINT = auto()
    """In formulas that are shown, where it makes them shorter."""
    PROGRAM = auto()
    """In programs that are to run, before their gradients are derived."""
    KERNEL = auto()
    """In what is computed alone: the derivatives of its result would be longer than those of what it replaces."""
    LAST = auto()
    """In kernels, on sums that have no series near zero and on products: 1 - sin(x)/x has a series, and (x - sin(x))/x would hide it."""
    RUN = PROGRAM | KERNEL
    BOTH = PRINT | RUN


@dataclass(frozen=True, eq=False)
class Row:
    """One rule. Rows of higher `priority` are tried first, then those that take in more; what is printed is the shortest form found."""

    name: str
    use: Use
    before: str = ""
    after: str | Made = ""
    """A text, or what makes the result of what the placeholders stand for where its form depends on that."""
    wild: Mapping[str, str] = field(default_factory=dict)
    """Placeholders that stand for something else than a term: `matching.NUMBER`, ANY, CONSTANT or REST."""
    guard: Guard | None = None
    """A condition on what the placeholders stand for."""
    domain: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Where the row is tested: intervals of placeholders other than (-3, 3), fixed numbers for those that stand for numbers."""
    priority: int = 0
    step: str = "ident"
    """The name of the step where it is told."""
    settles: bool = True
    """Whether the result is brought to normal form; else it keeps its order of computation."""
    inside: int | None = None
    """The priority with which it is tried on a factor of a product too: a number in front hides it otherwise."""
    search: Search | None = None
    """The function of a row that no text can say."""
    reason: str = ""
    """Why no text can say it."""
    node: type[Tree] = Tree
    """The kind of node that such a row is about."""
    holds: int = 0
    """Some factor is of one of these kinds (0: of any)."""
    polished: bool = False
    """Whether what comes out is shortened before it is compared."""
    kept: Callable[[Tree], bool] | None = None
    """What comes out may be refused for more than its length."""
    fires: str = ""
    """For a function: a program, or an expression, in which it fires."""
    spares: str = ""
    """For a function, what it leaves alone; for a pattern with a guard, an expression of its form that the guard refuses."""

    @cached_property
    def head(self) -> type[Tree]:
        """The kind of node at the top of what it matches."""
        return self.node if self.search is not None else type(self.rule.before)

    @cached_property
    def rule(self) -> Identity:
        """Both sides over placeholders; over vectors where axes are named."""
        return _compiled(self, 1, (0,)) if self.over_axes else _compiled(self, 0, ())

    @cached_property
    def over_axes(self) -> bool:
        return bool(_AXES.search(self.before))

    @cached_property
    def weight(self) -> int:
        """How much the left side takes in: what says more is tried first."""
        return 0 if self.search is not None else _weight(self.rule.before)

    def rule_over(self, rank: int, axes: tuple[int, ...]) -> Identity:
        """Both sides over arrays of some rank, with the axes for `axis=k`."""
        return _compiled(self, rank, axes)

    def forms(self, tree: Tree, names: Names | None = None) -> Iterator[Tree]:
        """The tree with the row applied at its top, in each way there is."""
        if self.search is not None:
            yield from self.search(tree, names or {})
            return
        for rule in [self.rule] if not self.over_axes else [self.rule_over(*found) for found in self._places(tree)]:
            found = rewrite(tree, rule)
            if found is not None:
                yield found

    def _places(self, tree: Tree) -> list[tuple[int, tuple[int, ...]]]:
        """The ranks and axes for which the row is read."""
        several = "axis=ks" in self.before
        return [(rank, axes) for rank, axes in _axes_in(tree) if several or len(axes) == 1]

    def within(self) -> Row:
        """The row applied to a factor of a product."""

        def search(tree: Contraction, names: Names) -> Iterator[Tree]:
            for k, factor in enumerate(tree.args):
                if isinstance(factor, self.head) and (not self.holds or factor.kinds & self.holds):
                    for found in self.forms(factor, names):
                        yield settled(tree_of(term_of(rebuild(tree, (*tree.args[:k], found, *tree.args[k + 1 :])))))

        assert self.inside is not None
        return replace(
            self, name=f"{self.name}, in a product", before="", search=search, node=Contraction, holds=self.head.bit, inside=None,
            priority=self.inside, reason="a row applied to a factor of a product", polished=False, kept=None,
        )  # fmt: skip


def one(find: Callable[..., Tree | None]) -> Search:
    """The search of a function that finds one form or none."""

    def search(tree: Tree, names: Names) -> Iterator[Tree]:
        found = find(tree)
        if found is not None:
            yield found

    return search


def each(find: Callable[..., Iterable[Tree]]) -> Search:
    """The search of a function that finds several forms."""
    return lambda tree, names: find(tree)


@remembered(1024)
def declared(spec: FunctionSpec) -> tuple[Row, ...]:
    """The rows of the identities that a function declares."""
    domain = {p: _bounded(spec.domain(k)) for k, p in enumerate(spec.parameters)}
    return tuple(Row(f"{before} = {after}", Use.BOTH, before, after, domain=domain) for before, after in spec.identities)


def _bounded(interval: Interval) -> tuple[float, float]:
    low, high = interval.low, interval.high
    return max(low, min(-3.0, high - 6)), min(high, max(3.0, low + 6))


def table_of(texts: Iterable[tuple[str, str]], use: Use) -> list[Row]:
    """Rows that are two texts and nothing else."""
    return [Row(f"{before} = {after}", use, before, after) for before, after in texts]


_AXES = re.compile(r"axis=ks?\b")
_NO_PLACEHOLDERS = frozenset({"pi", "inf", "True", "False"})


@remembered(4096)
def _compiled(row: Row, rank: int, axes: tuple[int, ...]) -> Identity:
    place = f"axis={axes[0] if len(axes) == 1 else axes}"
    phrase = parse_expression(_AXES.sub(place, row.before))
    shape = tuple(f"d{k}" for k in range(rank))
    kinds = {p.text: row.wild.get(p.text, TERM) for p in walk(phrase) if p.head == "name" and p.text not in _NO_PLACEHOLDERS}
    names: dict[str, Tree] = {n: placeholder(n, kind, () if kind in (CONSTANT, NUMBER) else shape) for n, kind in kinds.items()}
    before = normal(elaborate(phrase, Scope(names=names, functions=FUNCTIONS)))
    if not isinstance(row.after, str):
        return Identity(before, lambda: before, row.guard, row.after)
    text = _AXES.sub(place, row.after)

    def after() -> Tree:
        return elaborate(parse_expression(text), Scope(names=names, functions=FUNCTIONS))

    if shape:
        return Identity(before, lambda: normal(after()), row.guard, lambda bound: _over_arrays(text, bound))
    if not row.settles:
        rule = Identity(before, after, row.guard, lambda bound: _as_written(rule.after, {names[n]: t for n, t in bound.items()}))  # type: ignore[misc]
        return rule
    return Identity(before, lambda: normal(after()), row.guard)


def _over_arrays(text: str, bound: Mapping[str, Tree]) -> Tree:
    """A right side over arrays, read again over the shapes that there are."""
    over: dict[str, Tree] = {n: leaf(f"?{n}", t.shape) for n, t in bound.items()}
    return substitute(elaborate(parse_expression(text), Scope(names=over, functions=FUNCTIONS)), {over[n]: t for n, t in bound.items()})


def _as_written(after: Tree, bindings: Bindings) -> Tree | None:
    shape = common_shape(bindings.values())
    if any(t.shape not in (shape, ()) for t in bindings.values()):
        return None
    return stretched(after, bindings, shape)


def _axes_in(tree: Tree) -> Sequence[tuple[int, tuple[int, ...]]]:
    """The ranks and axes of what is summed, or has an operation along axes, a few levels down."""
    found: dict[tuple[int, tuple[int, ...]], None] = {}
    level: Sequence[Tree] = [tree]
    for _ in range(4):
        for node in level:
            if isinstance(node, Contraction):
                for a, s in zip(node.args, node.subscripts, strict=True):
                    axes = tuple(k for k, i in enumerate(s) if i not in node.output)
                    if axes:
                        found[len(a.shape), axes] = None
            elif isinstance(node, Operation) and node.parameters and node.args:
                axes = node.parameters if isinstance(node.parameters[0], int) else node.parameters[0]
                rank = len(node.args[0].shape)
                if isinstance(axes, tuple) and all(isinstance(k, int) and 0 <= k < rank for k in axes):
                    found[rank, axes] = None
        level = [a for n in level for a in n.args[:8]]
    return list(found)


def _weight(before: Tree) -> int:
    """The nodes of a pattern that say something, each place counted."""
    weight, stack = 0, [before]
    while stack:
        node = stack.pop()
        weight += not isinstance(node, Leaf)
        stack.extend(node.args)
    return 2 * weight
