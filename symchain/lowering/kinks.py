"""Where the functions of a program have no derivative although they have a value: what kinks="raise" refuses.

Functions declare their kinks and ties. At the closed end of the domain of a function of one argument, and at 0 under a root, there is
no derivative either, nor where a condition such as x == 3 chooses a value that is not the limit. Read from the program as it was
written: functions that only occur in its derivative have no say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isfinite

from symchain.deriving.opening import with_open_choices
from symchain.functions.spec import AbstractFunction, FunctionSpec
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.nouns.computation import Computation
from symchain.rules.local import jumps
from symchain.support.notation import Phrase
from symchain.tensors.nodes import (
    ONE,
    ZERO,
    Apply,
    Number,
    Operation,
    Power,
    Tree,
    Where,
    compare,
    contract,
    leaves,
    number,
    postorder,
    reduce_sum,
    where,
)


@dataclass(frozen=True)
class Kink:
    """There is no derivative where `left` equals `right`."""

    left: Tree
    right: Tree | float
    function: str
    block: str


def kinks_of(program: Computation, names: Sequence[str]) -> Iterator[Kink]:
    """The kinks of the functions in some blocks."""
    opened = with_open_choices(program).blocks
    for name in names:
        for node in postorder(opened[name].tree):
            for left, right, function in _kinks(node):
                if left is not right and leaves(left, *([] if isinstance(right, float) else [right])):
                    yield Kink(left, right, function, name)


def _kinks(node: Tree) -> Iterator[tuple[Tree, Tree | float, str]]:
    if isinstance(node, Power):
        if isinstance(node.exponent, Number) and 0 < node.exponent.value < 1:
            yield node.base, 0.0, "the root"
    elif isinstance(node, Where):
        if jumps(node):
            left, right = node.args[0].args
            yield left, float(right.value) if isinstance(right, Number) else right, "where"
    elif isinstance(node, Operation):
        if node.operation.lattice:
            yield _single(node), 0.0, node.operation.name
        for left, right in node.operation.kinks(node):
            yield left, right, node.operation.name
    elif isinstance(node, Apply) and not any(node.orders):
        spec = node.function.binding if isinstance(node.function, AbstractFunction) else node.function
        if isinstance(spec, FunctionSpec):
            for kink in spec.kinks:
                yield node.args[0], kink.at, spec.name
            for end in _ends(spec):
                yield node.args[0], end, spec.name
            for tie in spec.ties:
                left, right = (_operand(text, spec, node) for text in tie)
                yield left, float(right.value) if isinstance(right, Number) else right, spec.name


def _ends(spec: FunctionSpec) -> list[float]:
    """The closed ends of the domain of a function of one argument."""
    if len(spec.parameters) > 1:
        return []
    domain = spec.domain(0)
    ends = ((domain.low, domain.low_open), (domain.high, domain.high_open))
    return [end for end, is_open in ends if not is_open and isfinite(end)]


def _operand(text: str, spec: FunctionSpec, node: Apply) -> Tree:
    """One side of a tie, over the function's arguments and its own value."""
    names: dict[str, Tree] = dict(zip(spec.parameters, node.args, strict=True)) | {"out": node}
    return names[text] if text in names else elaborate(_read(text), Scope(names=names))


@lru_cache(maxsize=256)
def _read(text: str) -> Phrase:
    return parse_expression(text)


def _single(node: Operation) -> Tree:
    """0 where a maximum or minimum is attained twice, else 1."""
    (x,) = node.args
    axes = list(range(len(x.shape)))
    kept = [k for k in axes if k not in node.parameters[0]]
    stretched = contract([node], [kept], axes, dict(enumerate(x.shape)))
    count = reduce_sum(where(compare("==", x, stretched), ONE, ZERO), node.parameters[0])
    return where(compare(">", count, number(Fraction(3, 2))), ZERO, ONE)


__all__ = ["Kink", "kinks_of"]
