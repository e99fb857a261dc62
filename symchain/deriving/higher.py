"""Derivatives of any order by numbers: each is a block beside the one before it, and the same sweep runs again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement
from typing import Any

from symchain.deriving.second import extended, shortened
from symchain.deriving.sweep import Sweep
from symchain.errors import ArgumentError, LimitError, UnsupportedError
from symchain.language.selection import asked_for, is_one, name_given, names_required, output_named
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Line
from symchain.nouns.higher import HigherDerivative, HigherDerivatives, name_of
from symchain.nouns.names import Names
from symchain.rewriting import is_large, price_of, simplify
from symchain.tensors.nodes import Tree, leaf, leaves, substitute

LARGEST_ORDER = 64
ROOM = 2.0
"""A formula in the program's own names may be so much longer than one that reads lower derivatives: it stands by itself."""


class Orders:
    """The derivatives of one output by names that are numbers; what has been derived is not derived again."""

    def __init__(self, program: Computation, output: str, names: Sequence[str]) -> None:
        shapes = {n: (program.inputs.get(n) or program.blocks[n]).shape for n in (output, *names)}
        for name, shape in shapes.items():
            if shape:
                what = f"{name} is an array: derivatives beyond the second are those of numbers by numbers"
                raise UnsupportedError(what, advice="Choose one of its entries, or ask for order 2.")
        self.program, self.output = program, output
        self._names = Names(program.names)
        self._made: dict[tuple[str, ...], HigherDerivative] = {}

    def by(self, names: tuple[str, ...]) -> HigherDerivative:
        """The derivative by these names, one after the other."""
        if len(names) > LARGEST_ORDER:
            raise LimitError(f"order {len(names)} is above {LARGEST_ORDER}", advice="Ask for a lower order.")
        for count in range(1, len(names) + 1):
            if names[:count] not in self._made:
                self._made[names[:count]] = self._next(self._made.get(names[: count - 1]), names[:count])
        return self._made[names]

    def _next(self, before: HigherDerivative | None, names: tuple[str, ...]) -> HigherDerivative:
        title = self._names.fresh(name_of(self.output, names))
        reading = self.program if before is None else before.reading
        top = self.output if before is None else before.result.name
        between = name_of(self.output, (*names[:-1], "{}")) if before is not None else ""
        sweep = Sweep(reading, top, [names[-1]], protected=sorted(self._names.taken), called=between)  # other floors have names too
        stage = self._told(sweep.derivation(reading, names[-1]), title, before)
        if is_large(stage.result.tree):
            what = f"the derivative of order {len(names)} is too long to be written"
            raise LimitError(what, advice="Ask for a lower order, or name parts of the program.")
        lines = [(line.name, line.tree) for line in stage.all_lines]
        self._names.taken.update(name for name, _ in lines)
        stages = before.stages if before is not None else ()
        return HigherDerivative(self.program, self.output, names, (*stages, stage), extended(reading, lines))

    def _told(self, d: Derivation, title: str, before: HigherDerivative | None) -> Derivation:
        """The derivation with its last line called so, and written out in the names of the program where that is hardly longer."""
        result = replace(d.result, name=title)
        if before is None:
            return replace(d, result=result)
        formula = _in_the_program(result, (*before.all_lines, *d.adjoint_lines), d.adjoint_lines) or shortened(d.adjoint_lines, result)
        if formula is not None:
            result = replace(result, tree=formula, general=None, written=None)
            return replace(d, adjoint_lines=(), result=result, formula_tree=formula, general_tree=formula)
        renamed: dict[Tree, Tree] = {}
        lines = []
        for line in d.adjoint_lines:
            own = line.name
            if line.role == "adjoint" and line.of not in self.program.blocks:  # by a derivative below: that has no short name
                own = self._names.numbered("g")
            lines.append(_moved(replace(line, name=own), renamed))
            if own != line.name:
                renamed[leaf(line.name, line.shape)] = leaf(own, line.shape)
        return replace(d, adjoint_lines=tuple(lines), result=_moved(result, renamed))


def _in_the_program(result: Line, below: Sequence[Line], own: Sequence[Line]) -> Tree | None:
    """The result without the derivatives below it, where that is no longer than with them."""
    values: dict[Tree, Tree] = {}
    for line in below:
        tree = substitute(line.tree, values)
        if is_large(tree):
            return None
        values[leaf(line.name, line.shape)] = tree
    if not any(n in values for n in leaves(result.tree)):
        return None
    whole = substitute(result.tree, values)
    if is_large(whole):
        return None
    formula = simplify(whole)
    return formula if price_of(formula) <= ROOM + price_of(result.tree) + sum(price_of(line.tree) for line in own) else None


def _moved(line: Line, renamed: dict[Tree, Tree]) -> Line:
    if not renamed:
        return line
    general = None if line.general is None else substitute(line.general, renamed)
    return replace(line, tree=substitute(line.tree, renamed), general=general, written=None, received=())


def derivatives_of(program: Computation, output: str, names: Sequence[str], order: int) -> HigherDerivatives:
    """All derivatives of one order by several names, each product of names once, in the order in which the names are given."""
    orders = Orders(program, output, names)
    return HigherDerivatives(program, output, {by: orders.by(by) for by in combinations_with_replacement(names, order)})


def derive_higher(program: Computation, args: tuple[Any, ...], order: Any) -> HigherDerivative | HigherDerivatives:
    """What `derive` gives for an order above 2, and for a mapping of orders."""
    if isinstance(order, Mapping):
        if len(args) > 1:
            raise ArgumentError("the names stand in order already", advice='Write derive("f", order={"x": 2, "y": 1}).')
        output = output_named(program, args[0] if args else None)
        names = tuple(n for given, count in order.items() for n in [name_given(program, given)] * _whole(count))
        if not names:
            raise ArgumentError("no name to differentiate by is given", advice='Write order={"x": 2, "y": 1}.')
        return Orders(program, output, list(dict.fromkeys(names))).by(names)
    count = _whole(order)
    output, wrt = asked_for(program, args)
    wanted = names_required(program, wrt)
    if is_one(wrt):
        return Orders(program, output, wanted).by((wanted[0],) * count)
    return derivatives_of(program, output, wanted, count)


def _whole(order: Any) -> int:
    if type(order) is not int or order < 1:
        raise ArgumentError(f"order is {order!r}, not a positive whole number", advice='Write order=3, or order={"x": 2, "y": 1}.')
    return order
