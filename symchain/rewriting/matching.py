"""The matcher of patterns: what of a tree each wildcard stands for, up to the order of terms and factors.

A pattern is a tree over placeholders. One over scalars is matched elementwise, whatever the shape; one over arrays is matched axis by
axis. A product may hold more factors than the pattern, a sum may not, unless a placeholder stands for the rest of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property

from symchain.functions.spec import AbstractFunction, FunctionSpec
from symchain.tensors.algebra import MIRROR, normal
from symchain.tensors.nodes import (
    Apply,
    Compare,
    Contraction,
    Leaf,
    Number,
    Power,
    Size,
    Sum,
    Tree,
    add,
    broadcast,
    common_shape,
    contract,
    hadamard,
    keeping,
    leaf,
    leaves,
    multiply_scalars,
    number,
    postorder,
    power,
    rebuild,
    substitute,
)
from symchain.tensors.products import normal_product, term_of, tree_of
from symchain.tensors.sums import scaled
from symchain.tensors.terms import Indices, Term, constant_of, plain

TERM, NUMBER, ANY, CONSTANT, REST = "", "a number", "anything", "a positive constant", "the rest of a sum"
"""What a placeholder stands for: a tree that is no number; a number; either; numbers and sizes alone, positive; all other terms."""

Bindings = dict[Leaf, Tree]
Guard = Callable[[Mapping[str, Tree]], bool]
"""A condition on what the placeholders stand for, by their plain names."""


class Identity:
    """before = after, over placeholders; and what a tree must hold to match: functions, kinds of nodes, kinds of factors, terms.

    `coined` are functions that the right side brings up out of nothing: formulas are written with them only where they occur already.
    The right side is read when something may match the left one: few rows of a table ever do.
    """

    def __init__(
        self,
        before: Tree,
        after: Callable[[], Tree],
        guard: Guard | None = None,
        made: Callable[[Mapping[str, Tree]], Tree | None] | None = None,
    ) -> None:
        self.before, self._after, self.guard, self.made = before, after, guard, made
        self.functions = frozenset(f.name for f in _applied(before))
        self.kinds = before.kinds & ~_ANYTHING
        self.factors = top_of(before) & ~_ANYTHING if isinstance(before, Contraction) else 0
        self.terms = len(before.args) if isinstance(before, Sum) else 0
        self.arrays = any(n.shape for n in leaves(before))
        self.open = isinstance(before, Sum) and any(_kind(a) == REST for a in before.args)

    @cached_property
    def after(self) -> Tree:
        return self._after()

    @cached_property
    def coined(self) -> frozenset[str]:
        return _coined(_applied(self.before), _applied(self.after))

    @cached_property
    def compares(self) -> bool:
        """Whether the right side has a condition."""
        return bool(self.after.kinds & Compare.bit)

    @property
    def stated(self) -> tuple[Tree, Tree]:
        """Both sides over the plain names of the placeholders."""
        names: dict[Tree, Tree] = {n: leaf(n.name.removeprefix("?"), n.shape) for n in leaves(self.before, self.after)}
        return substitute(self.before, names), substitute(self.after, names)

    def may_match(self, top: int, terms: int) -> bool:
        """Whether a tree with this `top_of`, and so many operands, looks like the left side at its top."""
        if self.factors:
            return not self.factors & ~top
        return not self.terms or self.terms == terms or (self.open and self.terms < terms)


_ANYTHING = Leaf.bit | Number.bit | Contraction.bit
"""The kinds of nodes in a pattern that stand for anything: placeholders, with numbers in front of them."""


def top_of(tree: Tree) -> int:
    """The bits of the kinds of a product's factors; all bits where a factor is a product, or a power of one, that will be opened."""
    bits = 0
    for a in tree.args:
        opened = a.args[0] if isinstance(a, Power) and isinstance(a.args[0], (Contraction, Power)) else a
        if isinstance(opened, Contraction) or opened is not a:
            return -1
        bits |= a.bit
    return bits


def _applied(tree: Tree) -> list[FunctionSpec]:
    return [n.function for n in postorder(tree) if isinstance(n, Apply)]


def _coined(before: Sequence[FunctionSpec], after: Sequence[FunctionSpec]) -> frozenset[str]:
    """What a reader of everyday functions would not expect: hypot for a root of squares, but erfc where there is erf."""
    if not all(f.everyday for f in before):
        return frozenset()
    return frozenset(f.name for f in after if f not in before and not f.everyday)


def rewrite(tree: Tree, rule: Identity) -> Tree | None:
    """The tree with a rule applied at its top, where it fits."""
    if rule.compares and any(isinstance(n, Compare) and n.isolated for n in postorder(tree)):
        return None  # what is known of a condition would be lost
    for bindings, rest in _match_top(rule, tree):
        if rule.guard is not None and not rule.guard(named(bindings)):
            continue
        replaced = _instantiate(rule.after, bindings) if rule.made is None else rule.made(named(bindings))
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
        return normal_product(term) if rule.arrays else normal(tree_of(term))
    return None


def named(bindings: Bindings) -> dict[str, Tree]:
    """What placeholders stand for, by their plain names."""
    return {p.name.removeprefix("?"): tree for p, tree in bindings.items()}


def placeholder(name: str, kind: str = TERM, shape: tuple[int | str, ...] = ()) -> Leaf:
    return leaf(f"?{name}", shape, [kind] if kind else [])


def _kind(tree: Tree) -> str:
    return next(iter(tree.facts), TERM) if isinstance(tree, Leaf) else TERM


def functions_in(tree: Tree) -> set[str]:
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
    return normal(stretched(after, bindings, shape))


def stretched(after: Tree, bindings: Bindings, shape: tuple[int | str, ...]) -> Tree:
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


Rest = tuple[Term, Indices]
"""The product without what was matched, and the axes of that."""


def _match_top(rule: Identity, tree: Tree) -> Iterator[tuple[Bindings, Rest | None]]:
    pattern = rule.before
    if not (isinstance(pattern, Contraction) and isinstance(tree, Contraction)):
        for bindings in _match(pattern, tree, {}):
            yield bindings, None
        return
    have, wanted = term_of(tree), term_of(pattern)
    if rule.arrays:
        for bindings, used, place in _match_indexed(wanted.factors, have, {}, {}):
            inner = {place[i] for i in wanted.summed()}
            left = [f for k, f in enumerate(have.factors) if k not in used]
            if inner & set(have.output) or any(inner & set(s) for _, s in left):
                continue
            dims = {i: d for i, d in have.dims.items() if i not in inner}
            yield bindings, (Term(have.coefficient / wanted.coefficient, have.decimal, left, have.output, dims), _placed(wanted, place))
        return
    patterns = [f for f, _ in wanted.factors]
    closed = [not p.kinds & Leaf.bit for p in patterns]  # sqrt(2*pi) stands beside arrays without an axis
    for spots in dict.fromkeys(s for _, s in have.factors):
        places = [  # else all pairs would be tried, or triples
            [k for k, (f, s) in enumerate(have.factors) if (s == spots or (alone and not s)) and _fits(p, f)]
            for p, alone in zip(patterns, closed, strict=True)
        ]
        for bindings, used in _match_some(patterns, have, places, {}) if all(places) else ():
            left = [f for k, f in enumerate(have.factors) if k not in used]
            rest = Term(have.coefficient / wanted.coefficient, have.decimal, left, have.output, dict(have.dims))
            yield bindings, (rest, spots)


def _placed(wanted: Term, place: Mapping[int, int]) -> Indices:
    return tuple(place[i] for i in wanted.output)


def _match_indexed(
    wanted: Sequence[tuple[Tree, Indices]], have: Term, bindings: Bindings, place: dict[int, int], used: frozenset[int] = frozenset()
) -> Iterator[tuple[Bindings, frozenset[int], dict[int, int]]]:
    """Each factor over arrays matched to one of its own, and each index to one of its own."""
    if not wanted:
        yield bindings, used, place
        return
    pattern, indices = wanted[0]
    for k, (factor, spots) in enumerate(have.factors):
        if k in used or len(spots) != len(indices) or (pattern.bit != factor.bit and not isinstance(pattern, Leaf)):
            continue
        now = dict(place)
        if any(now.setdefault(i, j) != j for i, j in zip(indices, spots, strict=True)) or len(set(now.values())) < len(now):
            continue
        for extended in _match(pattern, factor, bindings):
            yield from _match_indexed(wanted[1:], have, extended, now, used | {k})


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
        yield from _bound(pattern, tree, bindings)
    elif isinstance(pattern, Number):
        constant = constant_of(tree)
        if constant is not None and constant.value == pattern.value:
            yield bindings
    elif isinstance(pattern, Sum):
        if isinstance(tree, Sum):
            yield from _match_sum(pattern, tree, bindings)
    elif isinstance(pattern, Contraction):
        yield from _match_product(pattern, tree, bindings)
    elif isinstance(pattern, Compare):
        if isinstance(tree, Compare):
            for operator, sides in ((tree.operator, tree.args), (MIRROR[tree.operator], tree.args[::-1])):
                if operator == pattern.operator:
                    yield from _match_each(pattern.args, sides, bindings)
    elif type(pattern) is type(tree) and pattern.data == tree.data and len(pattern.args) == len(tree.args):
        yield from _match_each(pattern.args, tree.args, bindings)


def _bound(pattern: Leaf, tree: Tree, bindings: Bindings) -> Iterator[Bindings]:
    """A placeholder bound to a tree of its kind, if it is not to another."""
    kind = _kind(pattern)
    if kind == NUMBER:
        constant = constant_of(tree)
        if constant is None:
            return
        tree = number(constant.value, constant.decimal)
    elif (kind == TERM and isinstance(tree, Number)) or (pattern.shape and len(pattern.shape) != len(tree.shape)):
        return
    known = bindings.get(pattern)
    if known is None:
        yield {**bindings, pattern: tree}
    elif known is tree:
        yield bindings


def _match_sum(pattern: Sum, tree: Sum, bindings: Bindings) -> Iterator[Bindings]:
    rest = next((p for p in pattern.args if _kind(p) == REST), None)
    if rest is None:
        if len(tree.args) == len(pattern.args):
            yield from ((b for b, _ in _match_all(list(pattern.args), list(tree.args), bindings)))
    elif len(tree.args) >= len(pattern.args):
        for extended, left in _match_all([p for p in pattern.args if p is not rest], list(tree.args), bindings):
            yield from _bound(rest, add(left), extended)  # type: ignore[arg-type]


def _match_product(pattern: Contraction, tree: Tree, bindings: Bindings) -> Iterator[Bindings]:
    wanted = term_of(pattern)
    numbers = [f for f, _ in wanted.factors if _kind(f) == NUMBER]
    if numbers:
        coefficient, core = without_coefficient(tree)
        others = tree_of(Term(factors=[f for f in wanted.factors if f[0] not in numbers], output=wanted.output, dims=dict(wanted.dims)))
        for extended in _bound(numbers[0], number(coefficient / wanted.coefficient), bindings):  # type: ignore[arg-type]
            yield from _match(others, core, extended)
    elif len(wanted.factors) == 1 and isinstance(wanted.factors[0][0], Leaf) and not wanted.summed():
        yield from _match(wanted.factors[0][0], normal(scaled(tree, 1 / wanted.coefficient)), bindings)
    elif isinstance(tree, Contraction) and wanted.dims:
        yield from _match_whole(wanted, term_of(tree), bindings)
    elif isinstance(tree, Contraction):
        patterns = [f for f, _ in wanted.factors]
        for have in map(_upright, (term_of(tree), plain(tree))):  # a factor may be a product that the pattern takes as one
            if len(have.dims) != len(have.output) or have.coefficient != wanted.coefficient or len(have.factors) != len(patterns):
                continue
            alone = [f for f, s in have.factors if not s and have.output]
            closed = [p for p in patterns if not p.kinds & Leaf.bit]
            if all(s in ((), have.output) for _, s in have.factors) and len(alone) <= len(closed):
                yield from _match_elementwise(patterns, closed if alone else [], alone, [f for f, _ in have.factors], bindings)


def _match_elementwise(
    patterns: list[Tree], closed: list[Tree], alone: list[Tree], factors: list[Tree], bindings: Bindings
) -> Iterator[Bindings]:
    """Each pattern matched to a factor of its own; factors without axes beside arrays match patterns without placeholders alone."""
    if alone:
        for p in closed:
            if _fits(p, alone[0]):
                rest = [q for q in patterns if q is not p]
                left = [f for f in factors if f is not alone[0]]
                yield from _match_elementwise(rest, [q for q in closed if q is not p], alone[1:], left, bindings)
        return
    yield from (b for b, _ in _match_all(patterns, factors, bindings))


def _match_whole(wanted: Term, have: Term, bindings: Bindings) -> Iterator[Bindings]:
    """A product over arrays, of which nothing may stay over but a constant that has its placeholder."""
    constants = [f for f, _ in wanted.factors if _kind(f) == CONSTANT]
    factors = [f for f in wanted.factors if f[0] not in constants]
    for extended, used, place in _match_indexed(factors, have, bindings, {}):
        if any(place.setdefault(i, j) != j for i, j in zip(wanted.output, have.output, strict=True)):
            continue
        left = [f for k, (f, _) in enumerate(have.factors) if k not in used]
        coefficient = have.coefficient / wanted.coefficient
        if len(have.output) != len(wanted.output) or set(place.values()) != set(have.dims) or not all(map(is_positive_constant, left)):
            continue
        if not constants:
            if not left and coefficient == 1:
                yield extended
        elif coefficient > 0 and (left or coefficient != 1):
            factor = multiply_scalars([*([] if coefficient == 1 else [number(coefficient, have.decimal)]), *left])
            yield {**extended, constants[0]: factor}  # type: ignore[dict-item]


def without_coefficient(tree: Tree) -> tuple[Fraction, Tree]:
    """(k, f) where the tree is a number k times f."""
    if isinstance(tree, Number) and tree.value < 0:
        return Fraction(-1), number(-tree.value, tree.decimal)
    if not isinstance(tree, Contraction):
        return Fraction(1), tree
    if isinstance(tree.args[0], Number) and len(tree.args) > 1 and not any(isinstance(a, Number) for a in tree.args[1:]):
        return tree.args[0].value, keeping(tree, range(1, len(tree.args)))
    coefficient = term_of(tree).coefficient
    return (coefficient, normal(scaled(tree, 1 / coefficient))) if coefficient else (Fraction(1), tree)


def without_weight(tree: Tree) -> tuple[Tree | None, Tree]:
    """(c, x) of c*x where c is a positive constant: the 1/n of a mean."""
    if not isinstance(tree, Contraction):
        return None, tree
    constants = [a for a in tree.args if is_positive_constant(a)]
    others = [k for k, a in enumerate(tree.args) if not is_positive_constant(a)]
    return (multiply_scalars(constants), keeping(tree, others)) if constants and others else (None, tree)


def is_positive_constant(tree: Tree) -> bool:
    if isinstance(tree, Power):
        return isinstance(tree.exponent, Number) and is_positive_constant(tree.base)
    return isinstance(tree, Size) or (isinstance(tree, Number) and tree.value > 0)


def _match_each(patterns: Sequence[Tree], trees: Sequence[Tree], bindings: Bindings) -> Iterator[Bindings]:
    """Operands matched in their order."""
    states = [bindings]
    for p, t in zip(patterns, trees, strict=True):
        states = [s for b in states for s in _match(p, t, b)]
    yield from states


def _upright(term: Term) -> Term:
    """A product whose factors have their axes in another order than its result, the axes exchanged within them: f(A).T is f(A.T)."""
    spots = {s for _, s in term.factors}
    if len(spots) != 1 or spots <= {(), term.output} or not set(term.dims) <= set(term.output):
        return term
    (spot,) = spots
    if sorted(spot) != sorted(term.output):
        return term
    return term.with_factors([(_turned(f, spot, term.output), term.output) for f, _ in term.factors])


def _turned(tree: Tree, spot: Indices, output: Indices) -> Tree:
    """The tree with its axes exchanged, where it is elementwise within its arguments."""
    if isinstance(tree, (Apply, Power)):
        return rebuild(tree, [_turned(a, spot, output) if a.shape else a for a in tree.args])
    return normal(contract([tree], [spot], output))


def _match_all(patterns: list[Tree], trees: list[Tree], bindings: Bindings) -> Iterator[tuple[Bindings, list[Tree]]]:
    """Each pattern matched to a tree of its own, and the trees left over."""
    if not patterns:
        yield bindings, trees
        return
    ordered = sorted(patterns, key=lambda p: isinstance(p, Leaf))  # what says most is matched first
    for k, t in enumerate(trees):
        for extended in _match(ordered[0], t, bindings):
            yield from _match_all(ordered[1:], trees[:k] + trees[k + 1 :], extended)
