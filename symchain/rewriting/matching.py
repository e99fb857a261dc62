"""Recognising declared identities in a tree: exp(x)/(1 + exp(x)) is sigmoid(x).

The identities are those of the function registry; a pattern is a tree over placeholders, matched up to the order of terms and
factors. A product may hold more factors than the pattern, a sum may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

from symchain.functions.spec import FUNCTIONS, AbstractFunction, FunctionSpec
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.tensors.algebra import MIRROR, normal
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import (
    Apply,
    Compare,
    Contraction,
    Leaf,
    Number,
    Power,
    Sum,
    Tree,
    add,
    broadcast,
    common_shape,
    contract,
    hadamard,
    leaf,
    leaves,
    postorder,
    power,
    rebuild,
    substitute,
)
from symchain.tensors.products import term_of, tree_of
from symchain.tensors.sums import scaled
from symchain.tensors.terms import Indices, Term, constant_of

Bindings = dict[Leaf, Tree]


class Identity:
    """before = after, over placeholders; and what a tree must hold to match: functions, kinds of nodes, kinds of factors, terms.

    `coined` are functions that the right side brings up out of nothing: formulas are written with them only where they occur already.
    """

    def __init__(self, before: Tree, after: Tree) -> None:
        self.before, self.after = before, after
        self.functions = frozenset(f.name for f in _applied(before))
        self.coined = _coined(_applied(before), _applied(after))
        self.kinds = before.kinds & ~_ANYTHING
        self.factors = _top(before) & ~_ANYTHING if isinstance(before, Contraction) else 0
        self.terms = len(before.args) if isinstance(before, Sum) else 0

    @property
    def stated(self) -> tuple[Tree, Tree]:
        """Both sides over the plain names of the placeholders."""
        names: dict[Tree, Tree] = {n: leaf(n.name.removeprefix("?"), n.shape) for n in leaves(self.before, self.after)}
        return substitute(self.before, names), substitute(self.after, names)

    def may_match(self, tree: Tree) -> bool:
        """Whether the top of a tree looks like the left side's."""
        if self.factors:
            return not self.factors & ~_top(tree)
        return not self.terms or self.terms == len(tree.args)


_ANYTHING = Leaf.bit | Number.bit | Contraction.bit
"""The kinds of nodes in a pattern that stand for anything: placeholders, with numbers in front of them."""


def _top(tree: Tree) -> int:
    """The bits of the kinds of a product's factors; all bits where a factor is a product, or a power of one, that will be opened."""
    bits = 0
    for a in tree.args:
        opened = a.args[0] if isinstance(a, Power) and isinstance(a.args[0], (Contraction, Power)) else a
        if isinstance(opened, Contraction) or opened is not a:
            return -1
        bits |= a.bit
    return bits


class Identities:
    """Identities whose left side is a node of one kind, in the order in which they are tried."""

    def __init__(self, rules: Iterable[Identity]) -> None:
        self.rules = tuple(rules)
        self._possible: dict[int, tuple[Identity, ...]] = {}

    def fitting(self, tree: Tree, functions_of: Callable[[Tree], Set[str]]) -> Iterator[Identity]:
        """Those that a tree may match, by the kinds of nodes and the functions in it."""
        possible = self._possible.get(tree.kinds)
        if possible is None:
            possible = self._possible[tree.kinds] = tuple(rule for rule in self.rules if not rule.kinds & ~tree.kinds)
        likely = [rule for rule in possible if rule.may_match(tree)]
        if likely:
            present = functions_of(tree) if tree.kinds & Apply.bit else frozenset()
            yield from (rule for rule in likely if rule.functions <= present)


def identities_of(kind: type[Tree]) -> Identities:
    """The declared identities whose left side is a node of one kind."""
    return _by_kind().get(kind, _NONE)


_NONE = Identities(())


@remembered(1)
def _by_kind() -> Mapping[type[Tree], Identities]:
    found: dict[type[Tree], list[Identity]] = {}
    for spec in FUNCTIONS.values():
        names: dict[str, Tree] = {p: leaf(f"?{p}") for p in spec.parameters}
        scope = Scope(names=names)
        for before, after in spec.identities:
            left = normal(elaborate(parse_expression(before), scope))
            right = normal(elaborate(parse_expression(after), scope))
            found.setdefault(type(left), []).append(Identity(left, right))
    return {kind: Identities(rules) for kind, rules in found.items()}


def _applied(tree: Tree) -> list[FunctionSpec]:
    return [n.function for n in postorder(tree) if isinstance(n, Apply)]


def _coined(before: Sequence[FunctionSpec], after: Sequence[FunctionSpec]) -> frozenset[str]:
    """What a reader of everyday functions would not expect: hypot for a root of squares, but erfc where there is erf."""
    if not all(f.everyday for f in before):
        return frozenset()
    return frozenset(f.name for f in after if f not in before and not f.everyday)


def rewritings(tree: Tree) -> Iterator[tuple[Identity, Tree]]:
    """The tree with each declared identity applied at its top, where one fits."""
    for rule in identities_of(type(tree)).fitting(tree, functions_near):
        if rule.coined and not rule.coined <= functions_near(tree):
            continue
        if (rewritten := rewrite(tree, rule)) is not None:
            yield rule, rewritten


def rewrite(tree: Tree, rule: Identity) -> Tree | None:
    for bindings, rest in _match_top(rule.before, tree):
        replaced = _instantiate(rule.after, bindings)
        if replaced is None:
            continue
        if rest is None:
            if replaced.shape == tree.shape:  # what only repeats a number is bound to the number
                return replaced
            continue
        term, indices = rest
        if len(replaced.shape) != len(indices):
            continue
        term.factors.append((replaced, indices))
        return normal(tree_of(term))
    return None


def functions_near(tree: Tree) -> set[str]:
    """The functions a few levels down."""
    found: set[str] = set()
    level = [tree]
    for _ in range(6):
        following: list[Tree] = []
        for node in level:
            if isinstance(node, Apply) and not isinstance(node.function, AbstractFunction):
                found.add(node.function.name)
            following += node.args
        level = following[:64]
    return found


def _instantiate(after: Tree, bindings: Bindings) -> Tree | None:
    shape = next((t.shape for t in bindings.values() if t.shape), ())
    if any(t.shape not in (shape, ()) for t in bindings.values()):
        return None
    if not shape:
        return normal(substitute(after, dict(bindings)))
    return normal(_stretched(after, bindings, shape))


def _stretched(after: Tree, bindings: Bindings, shape: tuple[int | str, ...]) -> Tree:
    """A scalar right side over operands with a shape: elementwise."""
    done: dict[Tree, Tree] = dict(bindings)
    for node in postorder(after):
        if node in done:
            continue
        args = [done[a] for a in node.args]
        if isinstance(node, Sum):
            done[node] = add([broadcast(a, shape) for a in args])
        elif isinstance(node, Contraction):
            done[node] = hadamard(args)
        elif isinstance(node, Power):
            done[node] = power(args[0], args[1])
        else:
            done[node] = type(node)(tuple(args), common_shape(args), node.data)
    return broadcast(done[after], shape)


def _match_top(pattern: Tree, tree: Tree) -> Iterator[tuple[Bindings, tuple[Term, tuple[int, ...]] | None]]:
    if isinstance(pattern, Contraction) and isinstance(tree, Contraction):
        have = term_of(tree)
        wanted = term_of(pattern)
        patterns = [f for f, _ in wanted.factors]
        for spots in dict.fromkeys(s for _, s in have.factors):
            alike = [k for k, (_, s) in enumerate(have.factors) if s == spots]
            places = [[k for k in alike if _fits(p, have.factors[k][0])] for p in patterns]  # else all pairs would be tried, or triples
            for bindings, used in _match_some(patterns, have, places, {}) if all(places) else ():
                left = [f for k, f in enumerate(have.factors) if k not in used]
                rest = Term(have.coefficient / wanted.coefficient, have.decimal, left, have.output, dict(have.dims))
                yield bindings, (rest, spots)
    else:
        for bindings in _match(pattern, tree, {}):
            yield bindings, None


def _fits(pattern: Tree, tree: Tree) -> bool:
    """Whether a tree matches a pattern of which nothing is bound; what is bound can only take from it."""
    return next(_match(pattern, tree, {}), None) is not None


def _match_some(
    patterns: list[Tree], have: Term, places: list[list[int]], bindings: Bindings, taken: frozenset[int] = frozenset()
) -> Iterator[tuple[Bindings, frozenset[int]]]:
    """Each pattern matched to a factor of its own, among those that it fits."""
    if not patterns:
        yield bindings, taken
        return
    for k in places[0]:
        if k not in taken:
            for extended in _match(patterns[0], have.factors[k][0], bindings):
                yield from _match_some(patterns[1:], have, places[1:], extended, taken | {k})


def _match(pattern: Tree, tree: Tree, bindings: Bindings) -> Iterator[Bindings]:
    if isinstance(pattern, Leaf):
        bound = bindings.get(pattern)
        if bound is None:
            if not isinstance(tree, Number):
                yield {**bindings, pattern: tree}
        elif bound is tree:
            yield bindings
    elif isinstance(pattern, Number):
        constant = constant_of(tree)
        if constant is not None and constant.value == pattern.value:
            yield bindings
    elif isinstance(pattern, Sum):
        if isinstance(tree, Sum) and len(tree.args) == len(pattern.args):
            yield from _match_all(list(pattern.args), list(tree.args), bindings)
    elif isinstance(pattern, Contraction):
        wanted = term_of(pattern)
        if len(wanted.factors) == 1 and isinstance(wanted.factors[0][0], Leaf):
            yield from _match(wanted.factors[0][0], normal(scaled(tree, 1 / wanted.coefficient)), bindings)
        elif isinstance(tree, Contraction):
            have = _elementwise(term_of(tree))
            if have is not None and have.coefficient == wanted.coefficient and len(have.factors) == len(wanted.factors):
                yield from _match_all([f for f, _ in wanted.factors], [f for f, _ in have.factors], bindings)
    elif isinstance(pattern, Compare):
        if isinstance(tree, Compare):
            for operator, sides in ((tree.operator, tree.args), (MIRROR[tree.operator], tree.args[::-1])):
                if operator == pattern.operator:
                    yield from _match_each(pattern.args, sides, bindings)
    elif type(pattern) is type(tree) and pattern.data == tree.data and len(pattern.args) == len(tree.args):
        yield from _match_each(pattern.args, tree.args, bindings)


def _match_each(patterns: Sequence[Tree], trees: Sequence[Tree], bindings: Bindings) -> Iterator[Bindings]:
    """Operands matched in their order."""
    states = [bindings]
    for p, t in zip(patterns, trees, strict=True):
        states = [s for b in states for s in _match(p, t, b)]
    yield from states


def _elementwise(term: Term) -> Term | None:
    """The product as one whose entries are the products of the same entries, axes exchanged within the factors; None where it is none.

    f(A).T is f(A.T), not f(A); a sum over an axis is not its terms.
    """
    spots = {s for _, s in term.factors}
    if len(spots) > 1 or not set(term.dims) <= set(term.output):
        return None
    if spots <= {(), term.output}:
        return term if term.output in spots else None  # else the result has a shape that no factor has
    (spot,) = spots
    if sorted(spot) != sorted(term.output):
        return None
    return term.with_factors([(_turned(f, spot, term.output), term.output) for f, _ in term.factors])


def _turned(tree: Tree, spot: Indices, output: Indices) -> Tree:
    """The tree with its axes exchanged, where it is elementwise within its arguments."""
    if isinstance(tree, (Apply, Power)):
        return rebuild(tree, [_turned(a, spot, output) if a.shape else a for a in tree.args])
    return normal(contract([tree], [spot], output))


def _match_all(patterns: list[Tree], trees: list[Tree], bindings: Bindings) -> Iterator[Bindings]:
    if not patterns:
        yield bindings
        return
    ordered = sorted(patterns, key=lambda p: isinstance(p, Leaf))  # what says most is matched first
    for k, t in enumerate(trees):
        for extended in _match(ordered[0], t, bindings):
            yield from _match_all(ordered[1:], trees[:k] + trees[k + 1 :], extended)
