"""Stable forms: what is equal in exact arithmetic, and neither overflows nor cancels in floats.

Two places use the table. A program is put in stable form before its kernel's gradients are derived (`stable_program`), and so
are the trees of the gradients (`stabilise`). What is printed is derived from the program as written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from symchain.deriving.constraints import without_equations
from symchain.functions.spec import AbstractFunction
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.lowering.corners import with_corners
from symchain.lowering.logarithms import constant_and_logarithm, is_known_product, logarithm_of_product
from symchain.lowering.numerics import FUNCTIONS
from symchain.lowering.roots import less_root, orthogonal, root_less_one, root_of_squares, unit_vectors
from symchain.lowering.series import mended, with_powers
from symchain.lowering.softmaxes import balanced, of_exponentials
from symchain.nouns.computation import Computation
from symchain.rewriting.factoring import factored
from symchain.rewriting.matching import Identities, Identity, functions_near, identities_of, rewrite
from symchain.rules.operations import without_division
from symchain.tensors.algebra import normal
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import (
    ONE,
    ZERO,
    Apply,
    Contraction,
    Leaf,
    Number,
    Operation,
    Power,
    Size,
    Sum,
    Tree,
    Where,
    contract,
    keeping,
    leaf,
    leaves,
    postorder,
    rebuild,
    substitute,
    transform,
    where,
)

STABLE = (
    ("1 - sigmoid(x)", "sigmoid(-x)"),
    ("sigmoid(x) - 1", "-sigmoid(-x)"),
    ("1 - tanh(x)", "2*sigmoid(-2*x)"),
    ("tanh(x) - 1", "-2*sigmoid(-2*x)"),
    ("1 + tanh(x)", "2*sigmoid(2*x)"),
    ("1 - tanh(x)**2", "sech(x)**2"),
    ("tanh(x)**2 - 1", "-sech(x)**2"),
    ("1 - coth(x)**2", "-csch(x)**2"),
    ("coth(x)**2 - 1", "csch(x)**2"),
    ("log(1 + x)", "log1p(x)"),
    ("log(sigmoid(x))", "logsigmoid(x)"),
    ("xlogy(x, sigmoid(y))", "x*logsigmoid(y)"),
    ("xlogy(x, 1 + y)", "xlog1py(x, y)"),
    ("exp(x) - 1", "expm1(x)"),
    ("1 - exp(x)", "-expm1(x)"),
    ("log1p(-exp(x))", "where(x > -0.6931471805599453, log(-expm1(x)), log1p(-exp(x)))"),
    ("log(-expm1(x))", "where(x > -0.6931471805599453, log(-expm1(x)), log1p(-exp(x)))"),
    ("1 - cos(x)", "2*sin(x/2)**2"),
    ("cos(x) - 1", "-2*sin(x/2)**2"),
    ("cosh(x) - 1", "2*sinh(x/2)**2"),
    ("cosh(x) - sinh(x)", "exp(-x)"),
    ("sinh(x) - cosh(x)", "-exp(-x)"),
    ("1/cosh(x)", "sech(x)"),
    ("softplus(x) - x", "softplus(-x)"),
    ("x - softplus(x)", "-softplus(-x)"),
    ("sinc(x)", "cardinal_sine(x)"),
    ("1 - erf(x)", "erfc(x)"),
    ("1 + erf(x)", "erfc(-x)"),
    ("1 - Phi(x)", "Phi(-x)"),
    ("Phi(x) - 1", "-Phi(-x)"),
    ("normpdf(x)/Phi(x)", "sqrt(2/pi)/erfcx(-x/sqrt(2))"),
    ("normpdf(x)/Phi(-x)", "sqrt(2/pi)/erfcx(x/sqrt(2))"),
    (
        "log(Phi(x) - Phi(y))",
        "where(x + y > 0, log_ndtr(-y) + log(-expm1(log_ndtr(-x) - log_ndtr(-y))), log_ndtr(x) + log(-expm1(log_ndtr(y) - log_ndtr(x))))",
    ),
    ("log(exp(x) - exp(y))", "x + log(-expm1(y - x))"),
    ("log(i0(x))", "log(i0e(x)) + abs(x)"),
    ("i1(x)/i0(x)", "i1e(x)/i0e(x)"),
    ("(x**y - 1)/y", "boxcox(x, y)"),
    ("x*log(x/y) - x + y", "kl_div(x, y)"),
    ("x*log(x/y) + (1 - x)*log((1 - x)/(1 - y))", "kl_bernoulli(x, y)"),
    ("log(gamma(x))", "gammaln(x)"),
    ("log(cosh(x))", "where(abs(x) < 1, log1p(2*sinh(x/2)**2), abs(x) + log1p(exp(-2*abs(x))) - log(2))"),
    ("1/expm1(x)", "bose(x)"),
    ("sqrt(x) - sqrt(y)", "(x - y)/(sqrt(x) + sqrt(y))"),
    ("sqrt(1 + x) - 1", "x/(sqrt(1 + x) + 1)"),
    ("x**2 - y**2", "(x - y)*(x + y)"),
    ("log((1 + x)/(1 - x))", "2*arctanh(x)"),
)
"""(before, after), in the input language; elementwise."""

LATE = (
    ("sigmoid(x) - sigmoid(y)", "sigmoid_less(x, y)"),
    ("sigmoid(x) - y", "(1 - y)*sigmoid(x) - y*sigmoid(-x)"),
    ("y - sigmoid(x)", "y*sigmoid(-x) - (1 - y)*sigmoid(x)"),
    ("sigmoid(x)*(1 + x*sigmoid(-x))", "silu_slope(x)"),
    ("log(erfc(x))", "where(x < 0.5, log1p(-erf(x)), where(x < 5, log(erfc(x)), log(erfcx(x)) - x**2))"),
    ("exp(-x**2)/erfc(x)", "1/erfcx(x)"),
    ("2*x*erfcx(x) - 2/sqrt(pi)", "erfcx_slope(x)"),
    ("x/(x**2 + y**2)", "over_squares(x, y)"),
    ("arccos(1 - x)", "where(x < 1, 2*arcsin(sqrt(x/2)), arccos(1 - x))"),
    ("arccosh(1 + x)", "2*arcsinh(sqrt(x/2))"),
    ("log(abs(1 + x))", "where(x > -1, log1p(x), log(-1 - x))"),
    ("tanh(x) - tanh(y)", "2*sigmoid_less(2*x, 2*y)"),
    ("tanh(x) - y", "tanh_less(x, y)"),
    ("y - tanh(x)", "-tanh_less(x, y)"),
    ("log((1 + x)/(1 + y))", "where(abs(x - y) < abs(1 + y)/2, log1p((x - y)/(1 + y)), log((1 + x)/(1 + y)))"),
    ("log(x/y)", "log_quotient(x, y)"),
    ("log(x) - log(y)", "log_quotient(x, y)"),
    ("log1p(x) - log(y)", "where(x > 1, log_quotient(1 + x, y), log1p(x) - log(y))"),
    ("(1 + x)**y", "power_of_one_plus(x, y)"),
    ("power_of_one_plus(x, y) - 1", "power_of_one_plus_less_one(x, y)"),
    ("1 - power_of_one_plus(x, y)", "-power_of_one_plus_less_one(x, y)"),
    ("2*pseudo_huber(x, y) - x**2/hypot(x/y, 1)", "pseudo_huber(x, y)**2/(y**2*hypot(x/y, 1))"),
    ("rsqrt((x - 1)*(x + 1))", "rsqrt(abs(x) - 1)*rsqrt(abs(x) + 1)"),
    ("x - 1/x", "(x - 1)*(x + 1)/x"),
    ("1/x - x", "(1 - x)*(1 + x)/x"),
    ("x**2 - 1", "(x - 1)*(x + 1)"),
    ("1 - x**2", "(1 - x)*(1 + x)"),
)
"""Forms for computing alone: their derivatives would be longer than those of what they replace. They may name what is in `numerics`."""

LAST = (
    ("1/x - 1/y", "reciprocal_less(x, y)"),
    ("1/x**2 - 1/y**2", "reciprocal_less(x, y)*(1/x + 1/y)"),
    ("exp(x) - exp(y)", "where(abs(x - y) < 1, exp(y)*expm1(x - y), exp(x) - exp(y))"),
    ("sin(x) - sin(y)", "where(abs(x - y) < 1, 2*cos((x + y)/2)*sin((x - y)/2), sin(x) - sin(y))"),
    ("cos(x) - cos(y)", "where(abs(x - y) < 1, -2*sin((x + y)/2)*sin((x - y)/2), cos(x) - cos(y))"),
    ("arctan(x) - arctan(y)", "where(x*y > 0, arctan((x - y)/(1 + x*y)), arctan(x) - arctan(y))"),
    ("erf(x) - erf(y)", "where(x*y > 0, where(x > 0, erfc(y) - erfc(x), erfc(-x) - erfc(-y)), erf(x) - erf(y))"),
    ("Phi(x) - Phi(y)", "where(x + y > 0, Phi(-y) - Phi(-x), Phi(x) - Phi(y))"),
    ("x**y - 1", "power_less_one(x, y)"),
    ("1 - x**y", "-power_less_one(x, y)"),
    ("1 - x/y", "(y - x)/y"),
    ("x/y - 1", "(x - y)/y"),
    ("x**2/y**2 - 1", "(x - y)*(x + y)/y**2"),
)
"""Forms for sums that have no series near zero: 1 - sin(x)/x has one, and (x - sin(x))/x would hide it."""

_ROUNDS = 4
"""How often the result of one rule may be taken up by the next at the same place."""


def stable_program(program: Computation, corners: bool = True, wrt: Iterable[str] = ()) -> Computation:
    """The program with its blocks in stable form: the same values, and gradients that stay accurate where they are tiny or huge.

    With `corners`, roots of sums of squares have gradient 0 where they are 0. It may be differentiated by the names `wrt`.
    """
    written = program
    program, names = without_equations(program, wrt)
    definitions = {name: block.tree for name, block in program.blocks.items()}
    stable = stabilise(list(definitions.values()), definitions, late=False)
    trees = [before if before is after else normal(after) for before, after in zip(definitions.values(), stable, strict=True)]
    if corners:
        trees = [with_corners(tree) for tree in trees]
    if all(a is b for a, b in zip(trees, definitions.values(), strict=True)):
        return written
    program, trees = written, [substitute(tree, names) for tree in trees] if names else trees
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
    forms = _Forms(late, definitions)
    names = list(definitions)
    return [forms.stable(tree, names[k] if k < len(names) else None) for k, tree in enumerate(trees)]


class _Forms:
    def __init__(self, late: bool, definitions: Mapping[str, Tree]) -> None:
        self.late = late
        self.definitions = definitions
        self.order = {name: k for k, name in enumerate(definitions)}
        self.inside: dict[str, Tree] = {}
        """What names that are looked through stand for, one level deep."""
        self.products: dict[str, Tree] = {}
        """What names stand for that logarithms are taken of."""
        self.names: dict[Tree, Tree] = {}
        """The same read backwards, so that trees stay as shallow as they were."""
        self.done: dict[Tree, Tree] = {}

    def stable(self, tree: Tree, name: str | None) -> Tree:
        result = substitute(transform(tree, self._visit, self.done), self.names)
        if name is not None and isinstance(result, (Apply, Operation)):
            self.inside[name] = result
        elif name is not None and is_known_product(result):
            self.products[name] = result
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
        if self.late and isinstance(node, Sum):
            return mended(node, self.definitions, self.order) or self._factored(node) or _by_rules(node, _last()) or node
        if self.late and isinstance(node, Contraction):
            return without_division(with_powers(node) or unit_vectors(node) or node)
        return node

    def _factored(self, node: Sum) -> Tree | None:
        """x*exp(y) - x as x*expm1(y): a common factor taken out where that leaves a sum with a stable form."""
        if not any(isinstance(n, (Apply, Power)) for t in node.args for n in (t, *t.args)):
            return None
        for candidate in factored(node):
            parts = candidate.args if isinstance(candidate, Contraction) else ()
            for part in parts:
                found = (self._rewritten(part) or mended(part, self.definitions, self.order)) if isinstance(part, Sum) else None
                if found is not None and found.shape == part.shape:
                    return rebuild(candidate, [found if a is part else a for a in parts])
        return None

    def _rewritten(self, node: Tree) -> Tree | None:
        found = root_less_one(node) or logarithm_of_product(node, self.products)
        if found is None and node.kinds & (Apply.bit | Operation.bit):
            found = of_exponentials(node)
        if found is None and isinstance(node, Contraction) and node.kinds & Where.bit:
            found = _chosen(node)
        if found is None and self.late:
            found = balanced(node) or root_of_squares(node) or less_root(node) or orthogonal(node) or constant_and_logarithm(node)
        if found is not None:
            return found
        kind: Any = type(node)
        return _by_rules(node, _rules(kind, self.late))


def _by_rules(node: Tree, rules: Identities) -> Tree | None:
    for rule in rules.fitting(node, functions_near):
        found = rewrite(node, rule)
        if found is not None:
            return found
    return None


def _without_ones(node: Tree) -> Tree:
    """1*x is x, so that x is seen."""
    if not isinstance(node, Contraction) or ONE not in node.args or len(node.args) < 2:
        return node
    return keeping(node, [k for k, a in enumerate(node.args) if a is not ONE])


@remembered(64)
def _rules(kind: Any, late: bool) -> Identities:
    """The rules for one kind of node, this file's before those of the registry."""
    mine = [rule for rule in _table((*STABLE, *LATE) if late else STABLE) if type(rule.before) is kind]
    declared = sorted(identities_of(kind).rules, key=lambda rule: -len(postorder(rule.before)))  # what takes in most comes first
    return Identities([*mine, *declared])


@remembered(64)
def _last() -> Identities:
    return Identities(_table(LAST))


@remembered(64)
def _table(texts: tuple[tuple[str, str], ...]) -> tuple[Identity, ...]:
    scope = Scope(names={n: leaf(f"?{n}") for n in ("x", "y")}, functions=FUNCTIONS)
    found = []
    for before, after in texts:
        left, right = (normal(elaborate(parse_expression(text), scope)) for text in (before, after))
        found.append(Identity(left, right))
    return tuple(found)


# ---------------------------------------------------------------- choices


def _chosen(node: Contraction) -> Tree | None:
    """where(c, a, 0)*b as where(c, a*b, 0): what b is where c does not hold, nan perhaps, must not matter."""
    for k, (mask, indices) in enumerate(zip(node.args, node.subscripts, strict=True)):
        if not isinstance(mask, Where) or not any(map(_is_zero, mask.args[1:])):
            continue
        inside = [j for j, s in enumerate(node.subscripts) if j != k and s in ((), indices) and not _is_count(node.args[j])]
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


def _is_count(tree: Tree) -> bool:
    """Whether a factor is made of numbers and sizes alone. It stays outside: the mean of nothing is 0/0, a sum of nothing 0."""
    return not tree.shape and all(isinstance(n, (Number, Size, Power, Contraction)) for n in postorder(tree))


def _is_zero(tree: Tree) -> bool:
    while isinstance(tree, Contraction) and len(tree.args) == 1:
        tree = tree.args[0]
    return tree is ZERO
