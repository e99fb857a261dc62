"""Logarithms of products that overflow or vanish before the logarithm is taken: a density far out, a product of probabilities.

log(exp(a)*b) is a + log(b): factors that are positive everywhere, and of which the logarithm is known, are taken out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symchain.functions.spec import FUNCTIONS, FunctionSpec
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.rewriting.matching import ANY, NUMBER
from symchain.rewriting.numerics import log_plus
from symchain.rewriting.rows import Names, Row, Use
from symchain.support.dimensions import Shape
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import (
    ONE,
    Apply,
    Contraction,
    Leaf,
    Number,
    Power,
    Tree,
    add,
    apply,
    broadcast,
    hadamard,
    leaf,
    scale,
    substitute,
)


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


def _shifted(bound: Mapping[str, Tree]) -> Tree | None:
    """k*(log(x) + c/k)."""
    c, k, x = bound["c"], bound["k"], bound["x"]
    assert isinstance(c, Number) and isinstance(k, Number)
    return scale(k.value, apply(log_plus(c.value / k.value), x))


def _is_shift(bound: Mapping[str, Tree]) -> bool:
    c, k = bound["c"], bound["k"]
    return isinstance(c, Number) and isinstance(k, Number) and c.value != 0 != k.value and abs(c.value / k.value) < 600


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
    if factor.function.logarithm is None:
        return None
    (argument,) = factor.args
    template, variable = _logarithm(factor.function, argument.shape)
    return substitute(template, {variable: argument})


@remembered(256)
def _logarithm(function: FunctionSpec, shape: Shape) -> tuple[Tree, Tree]:
    """The logarithm that a function declares, over a placeholder, and the placeholder."""
    assert function.logarithm is not None
    (parameter,) = function.parameters
    variable = leaf(f"?{parameter}", shape)
    return elaborate(parse_expression(function.logarithm), Scope(names={parameter: variable})), variable


def _search(node: Tree, names: Names) -> Iterator[Tree]:
    found = logarithm_of_product(node, names)
    if found is not None:
        yield found


ROWS = (
    Row(
        "the logarithm of a product", Use.RUN, search=_search, node=Apply, priority=80,
        reason="any number of factors, and names that stand for products, each with the logarithm that its function declares",
        fires="log(exp(x)*y)", spares="log(x*y)",
    ),
    Row(
        "c + k*log(x), accurate near its root", Use.KERNEL, "c + k*log(x)", _shifted, wild={"c": NUMBER, "k": NUMBER, "x": ANY},
        guard=_is_shift, domain={"c": (2.0, 2.0), "k": (3.0, 3.0), "x": (0.1, 3.0)}, priority=10,
        spares="log(x) + 1000",
    ),
)  # fmt: skip
