"""Logarithms of products that overflow or vanish before the logarithm is taken: a density far out, a product of probabilities.

log(exp(a)*b) is a + log(b): factors that are positive everywhere, and of which the logarithm is known, are taken out.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symchain.functions.spec import FUNCTIONS, FunctionSpec
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.lowering.numerics import log_plus
from symchain.tensors.nodes import (
    ONE,
    Apply,
    Contraction,
    Leaf,
    Number,
    Power,
    Sum,
    Tree,
    add,
    apply,
    broadcast,
    hadamard,
    leaf,
    scale,
    substitute,
)
from symchain.tensors.terms import constant_of


def is_known_product(tree: Tree) -> bool:
    """Whether the tree is a product with a factor that `logarithm_of_product` takes out."""
    if isinstance(tree, Power):
        return _known(tree) is not None
    return isinstance(tree, Contraction) and _elementwise(tree) and any(_known(f) is not None for f in tree.args)


def logarithm_of_product(node: Tree, products: Mapping[str, Tree]) -> Tree | None:
    """log(exp(a)*b) as a + log(b); `products` says which names stand for such products."""
    if not isinstance(node, Apply) or node.function is not FUNCTIONS["log"]:
        return None
    (inner,) = node.args
    if isinstance(inner, Leaf):
        inner = products.get(inner.name, inner)
    if isinstance(inner, Power):
        return _known(inner)
    if not isinstance(inner, Contraction) or not _elementwise(inner):
        return None
    factors: list[Tree] = []
    for f in inner.args:
        whole = products.get(f.name) if isinstance(f, Leaf) and f.shape == inner.shape else None
        factors += whole.args if isinstance(whole, Contraction) else (f if whole is None else whole,)
    known = [(f, _known(f)) for f in factors]
    terms = [broadcast(t, node.shape) for _, t in known if t is not None]
    rest = [f for f, t in known if t is None and f is not ONE]
    if not terms:
        return None
    if rest:
        terms.append(broadcast(apply(FUNCTIONS["log"], hadamard(rest)), node.shape))
    return add(terms)


def constant_and_logarithm(node: Tree) -> Tree | None:
    """c + k*log(x) as k*(log(x) + c/k), which is accurate near its root."""
    if not isinstance(node, Sum) or len(node.args) != 2:
        return None
    for constant, term in (node.args, node.args[::-1]):
        c, (k, inner) = constant_of(constant), _scaled(term)
        if c and c.value and isinstance(inner, Apply) and inner.function is FUNCTIONS["log"] and abs(c.value / k) < 600:
            made = apply(log_plus(c.value / k), *inner.args)
            return scale(k, made)
    return None


def _scaled(tree: Tree) -> tuple[Fraction, Tree]:
    """(k, f) where the tree is a number k times f."""
    if isinstance(tree, Contraction) and len(tree.args) == 2 and isinstance(tree.args[0], Number) and _elementwise(tree):
        return tree.args[0].value, tree.args[1]
    return Fraction(1), tree


def _elementwise(tree: Contraction) -> bool:
    axes = tuple(range(len(tree.shape)))
    return len(tree.dims) == len(axes) and tree.output == axes and all(s in ((), axes) for s in tree.subscripts)


def _known(factor: Tree) -> Tree | None:
    """The logarithm of a factor, or of a power of one."""
    if isinstance(factor, Power) and isinstance(factor.exponent, Number):
        inner = _known(factor.base)
        return None if inner is None else scale(factor.exponent, inner)
    if not isinstance(factor, Apply) or not isinstance(factor.function, FunctionSpec) or any(factor.orders):
        return None
    text = factor.function.logarithm
    if text is None:
        return None
    (argument,), (parameter,) = factor.args, factor.function.parameters
    variable = leaf(f"?{parameter}", argument.shape)
    return substitute(elaborate(parse_expression(text), Scope(names={parameter: variable})), {variable: argument})
