"""Stable forms: what is equal in exact arithmetic, and neither overflows nor cancels in floats.

Two places use the table. A program is put in stable form before its kernel's gradients are derived (`stable_program`), and so
are the trees of the gradients (`stabilise`). What is printed is derived from the program as written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from symchain.blocks import Program
from symchain.functions.spec import FUNCTIONS, OPERATIONS, AbstractFunction
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.lowering.roots import with_corners
from symchain.matching import Identity, identities_of, rewrite
from symchain.rules.operations import without_division
from symchain.tensors.algebra import normal
from symchain.tensors.nodes import (
    MINUS_ONE,
    ONE,
    ZERO,
    Apply,
    Contraction,
    Leaf,
    Number,
    Operation,
    Power,
    Tree,
    Where,
    contract,
    leaf,
    leaves,
    operation,
    postorder,
    rebuild,
    substitute,
    where,
)

STABLE = (
    ("1 - sigmoid(x)", "sigmoid(-x)"),
    ("sigmoid(x) - 1", "-sigmoid(-x)"),
    ("1 - tanh(x)**2", "sech(x)**2"),
    ("tanh(x)**2 - 1", "-sech(x)**2"),
    ("log(1 + x)", "log1p(x)"),
    ("log(sigmoid(x))", "logsigmoid(x)"),
    ("exp(x) - 1", "expm1(x)"),
    ("1 - exp(x)", "-expm1(x)"),
    ("log1p(-exp(x))", "where(x > -0.6931471805599453, log(-expm1(x)), log1p(-exp(x)))"),
    ("log(-expm1(x))", "where(x > -0.6931471805599453, log(-expm1(x)), log1p(-exp(x)))"),
    ("1 - cos(x)", "2*sin(x/2)**2"),
    ("cos(x) - 1", "-2*sin(x/2)**2"),
    ("cosh(x) - 1", "2*sinh(x/2)**2"),
    ("1 - erf(x)", "erfc(x)"),
    ("1 + erf(x)", "erfc(-x)"),
    ("log(gamma(x))", "gammaln(x)"),
    ("log(cosh(x))", "where(abs(x) < 1, log1p(2*sinh(x/2)**2), abs(x) + log1p(exp(-2*abs(x))) - log(2))"),
    ("sqrt(x) - sqrt(y)", "(x - y)/(sqrt(x) + sqrt(y))"),
    ("sqrt(1 + x) - 1", "x/(sqrt(1 + x) + 1)"),
    ("x**2 - y**2", "(x - y)*(x + y)"),
    ("log((1 + x)/(1 - x))", "2*arctanh(x)"),
)
"""(before, after), in the input language; elementwise."""

LATE = (
    ("sigmoid(x) - y", "(1 - y)*sigmoid(x) - y*sigmoid(-x)"),
    ("y - sigmoid(x)", "y*sigmoid(-x) - (1 - y)*sigmoid(x)"),
)
"""Forms for computing alone: their derivatives would be longer than those of what they replace."""

_ROUNDS = 4
"""How often the result of one rule may be taken up by the next at the same place."""


def stable_program(program: Program, corners: bool = True) -> Program:
    """The program with its blocks in stable form: the same values, and gradients that stay accurate where they are tiny or huge.

    With `corners`, roots of sums of squares have gradient 0 where they are 0.
    """
    definitions = {name: block.tree for name, block in program.blocks.items()}
    trees = stabilise(list(definitions.values()), definitions, late=False)
    if corners:
        trees = [with_corners(tree) for tree in trees]
    if all(a is b for a, b in zip(trees, definitions.values(), strict=True)):
        return program
    blocks = {
        name: replace(
            block,
            tree=tree,
            reads=tuple(dict.fromkeys(x.name for x in leaves(tree) if x.name in program.inputs or x.name in program.blocks)),
        )
        for (name, block), tree in zip(program.blocks.items(), trees, strict=True)
    }
    return replace(program, blocks=MappingProxyType(blocks))


def stabilise(trees: Sequence[Tree], definitions: Mapping[str, Tree], late: bool = True) -> list[Tree]:
    """The trees in stable form; the first of them are the definitions, in order. `late` admits forms that are for computing alone.

    A name whose definition is a function of something is looked through: 1 - a is sigmoid(-z) where a = sigmoid(z).
    """
    forms = _Forms(late)
    names = list(definitions)
    return [forms.stable(tree, names[k] if k < len(names) else None) for k, tree in enumerate(trees)]


class _Forms:
    def __init__(self, late: bool) -> None:
        self.late = late
        self.inside: dict[str, Tree] = {}
        """What names that are looked through stand for, one level deep."""
        self.names: dict[Tree, Tree] = {}
        """The same read backwards, so that trees stay as shallow as they were."""
        self.done: dict[Tree, Tree] = {}

    def stable(self, tree: Tree, name: str | None) -> Tree:
        for node in postorder(tree):
            if node not in self.done:
                self.done[node] = self._visit(rebuild(node, [self.done[a] for a in node.args]))
        result = substitute(self.done[tree], self.names) if self.names else self.done[tree]
        if name is not None and isinstance(result, (Apply, Operation)):
            self.inside[name] = result
        return result

    def _visit(self, node: Tree) -> Tree:
        if isinstance(node, Leaf):
            seen = self.inside.get(node.name, node)
            if seen is not node:
                self.names.setdefault(seen, node)
            return seen
        if isinstance(node, Apply) and isinstance(node.function, AbstractFunction) and node.function.binding and not any(node.orders):
            node = Apply(node.args, node.shape, (node.function.binding, node.orders))
        node = _without_ones(node)
        for _ in range(_ROUNDS):
            found = self._rewritten(node)
            if found is None or found is node:
                break
            node = found
        return without_division(node) if self.late and isinstance(node, Contraction) else node

    def _rewritten(self, node: Tree) -> Tree | None:
        found = _of_exponentials(node) or (_chosen(node) if isinstance(node, Contraction) else None)
        if found is not None:
            return found
        known = self._below(node)
        kind: Any = type(node)
        for rule in _rules(kind, self.late):
            if rule.functions <= known:
                found = rewrite(node, rule)
                if found is not None and found.shape == node.shape:
                    return found
        return None

    def _below(self, node: Tree) -> frozenset[str]:
        """The functions a few levels down."""
        found: set[str] = set()
        level: list[Tree] = [node]
        for _ in range(5):
            found.update(n.function.name for n in level if isinstance(n, Apply) and not isinstance(n.function, AbstractFunction))
            level = [a for n in level for a in n.args[:8]]
        return frozenset(found)


def _without_ones(node: Tree) -> Tree:
    """1*x is x, so that x is seen."""
    if not isinstance(node, Contraction) or ONE not in node.args or len(node.args) < 2:
        return node
    kept = [(a, s) for a, s in zip(node.args, node.subscripts, strict=True) if a is not ONE]
    return contract([a for a, _ in kept], [s for _, s in kept], node.output, dict(enumerate(node.dims)))


@lru_cache(maxsize=32)
def _rules(kind: Any, late: bool) -> tuple[Identity, ...]:
    """The rules for one kind of node, this file's before those of the registry."""
    return (*(rule for rule in _table((*STABLE, *LATE) if late else STABLE) if type(rule.before) is kind), *identities_of(kind))


@lru_cache(maxsize=2)
def _table(texts: tuple[tuple[str, str], ...]) -> tuple[Identity, ...]:
    scope = Scope(names={n: leaf(f"?{n}") for n in ("x", "y")})
    found = []
    for before, after in texts:
        left, right = (normal(elaborate(parse_expression(text), scope)) for text in (before, after))
        found.append(Identity(left, right, frozenset(n.function.name for n in postorder(left) if isinstance(n, Apply))))
    return tuple(found)


# ---------------------------------------------------------------- choices


def _chosen(node: Contraction) -> Tree | None:
    """where(c, a, 0)*b as where(c, a*b, 0): what b is where c does not hold, nan perhaps, must not matter."""
    for k, (mask, indices) in enumerate(zip(node.args, node.subscripts, strict=True)):
        if not isinstance(mask, Where) or not any(map(_is_zero, mask.args[1:])):
            continue
        inside = [j for j, s in enumerate(node.subscripts) if j != k and s in ((), indices) and not isinstance(node.args[j], Number)]
        if not inside or len(set(indices)) < len(indices):
            continue
        condition, *branches = mask.args
        factors = [node.args[j] for j in inside]
        spots = [node.subscripts[j] for j in inside]
        sizes = {i: node.dims[i] for i in indices}
        taken = [b if _is_zero(b) else contract([b, *factors], [indices if b.shape else (), *spots], indices, sizes) for b in branches]
        args, subscripts = list(node.args), list(node.subscripts)
        args[k] = where(condition, taken[0], taken[1])
        kept = [j for j in range(len(args)) if j not in inside]
        return contract([args[j] for j in kept], [subscripts[j] for j in kept], node.output, dict(enumerate(node.dims)))
    return None


def _is_zero(tree: Tree) -> bool:
    while isinstance(tree, Contraction) and len(tree.args) == 1:
        tree = tree.args[0]
    return tree is ZERO


# ---------------------------------------------------------------- exponentials over an axis


def _of_exponentials(node: Tree) -> Tree | None:
    """log(sum(exp(x))), exp(x)/sum(exp(x)), and logarithms of the latter."""
    if isinstance(node, Apply) and node.function is FUNCTIONS["log"]:
        inner = node.args[0]
        summed = _summed_exponential(inner)
        if summed is not None:
            return operation(OPERATIONS["logsumexp"], [summed[0]], (summed[1],))
        if isinstance(inner, Operation) and inner.operation is OPERATIONS["softmax"]:
            return operation(OPERATIONS["log_softmax"], inner.args, inner.parameters)
        if isinstance(inner, Operation) and inner.operation is OPERATIONS["index"]:
            part = inner.args[0]
            if isinstance(part, Operation) and part.operation is OPERATIONS["softmax"]:
                return rebuild(inner, [operation(OPERATIONS["log_softmax"], part.args, part.parameters)])
    return _softmax(node) if isinstance(node, Contraction) and len(node.args) == 2 else None


def _summed_exponential(tree: Tree) -> tuple[Tree, tuple[int, ...]] | None:
    """(x, axes) where the tree is sum(exp(x), axes)."""
    if not isinstance(tree, Contraction) or len(tree.args) != 1 or not _is_exponential(tree.args[0]):
        return None
    (indices,) = tree.subscripts
    axes = tuple(k for k, i in enumerate(indices) if i not in tree.output)
    kept = tuple(i for i in indices if i in tree.output)
    if not axes or len(set(indices)) < len(indices) or kept != tree.output or len(tree.dims) != len(indices):
        return None
    return tree.args[0].args[0], axes


def _is_exponential(tree: Tree) -> bool:
    return isinstance(tree, Apply) and tree.function is FUNCTIONS["exp"]


def _softmax(node: Contraction) -> Tree | None:
    for k in (0, 1):
        top, bottom = node.args[k], node.args[1 - k]
        if not _is_exponential(top) or not isinstance(bottom, Power) or bottom.exponent is not MINUS_ONE:
            continue
        summed = _summed_exponential(bottom.base)
        if summed is None or summed[0] is not top.args[0] or len(summed[1]) != 1:
            continue
        indices, over = node.subscripts[k], node.subscripts[1 - k]
        if (
            indices == node.output
            and over == tuple(i for a, i in enumerate(indices) if a not in summed[1])
            and len(node.dims) == len(indices)
        ):
            return operation(OPERATIONS["softmax"], top.args, summed[1])
    return None
