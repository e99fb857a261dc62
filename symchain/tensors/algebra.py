"""The normal form of a tree: products, sums, powers, functions and rearrangements, bottom up.

What holds always is done here and below (`products`, `sums`, `terms`); choices that depend on the price of the printed form are
in `rewriting`.
"""

from __future__ import annotations

from collections.abc import Callable

from symchain.functions.spec import FunctionSpec, exact_value
from symchain.support.walks import depth_first
from symchain.tensors.equalities import equalities
from symchain.tensors.memory import Table, table
from symchain.tensors.nodes import (
    Apply,
    Compare,
    Contraction,
    Identity,
    Number,
    Operation,
    Power,
    Sum,
    Tree,
    Where,
    add,
    broadcast,
    contract,
    identity,
    number,
    rebuild,
    transform,
)
from symchain.tensors.products import flatten, normal_power, product_of, tree_of, unrepeated
from symchain.tensors.sums import collect
from symchain.tensors.terms import Indices, Term, is_zero, sums_over

_FORMS: Table[Tree, Tree] = table("normal forms", 50_000)
_POLISHED = (Sum, Contraction, Power, Apply, Where, Operation)


def normal(tree: Tree, memo: dict[Tree, Tree] | None = None, polish: Callable[[Tree], Tree] | None = None) -> Tree:
    """The normal form of a tree; `polish` may replace each normalised node that computes by something shorter.

    Without it, what is known of other trees is used: of a tree that is asked for, mostly the top alone is new.
    """
    if memo is None and polish is None:
        memo = _FORMS.room()

    def visit(node: Tree) -> Tree:
        result = settle(node, polish)
        return polish(result) if polish is not None and isinstance(result, _POLISHED) else result

    memo = {} if memo is None else memo
    memo.update((e, e) for e in equalities(tree, memo))
    return transform(tree, visit, memo)


def settle(node: Tree, polish: Callable[[Tree], Tree] | None = None) -> Tree:
    """The normal form of a node whose operands are in normal form."""
    if isinstance(node, Contraction):
        return _distribute_deltas(node, polish) or product_of(node)
    if isinstance(node, Sum):
        return _as_product(collect(node))
    if isinstance(node, Power):
        return _as_product(normal_power(node))
    if isinstance(node, Apply):
        return _as_product(_apply(node))
    if isinstance(node, Operation):
        return _operation(node)
    return _where(node) if isinstance(node, Where) else node


def _as_product(tree: Tree) -> Tree:
    """What became a product on the way, in normal form."""
    return product_of(tree) if isinstance(tree, Contraction) else tree


def _distribute_deltas(node: Contraction, polish: Callable[[Tree], Tree] | None) -> Tree | None:
    """A sum with an identity matrix among its terms is multiplied out where a product runs over it: (A + c*I) @ x, v[:, None]*(I - A)."""
    if not (node.kinds & Identity.bit and node.kinds & Sum.bit):
        return None
    term = flatten(node)
    for k, (tree, indices) in enumerate(term.factors):
        if not isinstance(tree, Sum) or len(indices) < 2:
            continue
        if not any(_delta_over(t, indices, term) for t in tree.args):
            continue
        pieces = []
        for t in tree.args:
            factors = [*term.factors[:k], (t, indices), *term.factors[k + 1 :]]
            pieces.append(tree_of(term.with_factors(factors)))
        return normal(add(pieces), None, polish)
    return None


def _delta_over(tree: Tree, indices: Indices, term: Term) -> bool:
    """Whether a summand holds an identity over an index that is summed outside, or that a vector beside it carries."""
    vectors = {s[0] for _, s in term.factors if len(s) == 1}

    def touched(index: int) -> bool:
        return index not in term.output or index in vectors

    if isinstance(tree, Identity):
        return any(map(touched, indices))
    if isinstance(tree, Contraction):
        outer = dict(zip(tree.output, indices, strict=True))
        for a, s in zip(tree.args, tree.subscripts, strict=True):
            if isinstance(a, Identity) and any(i in outer and touched(outer[i]) for i in s):
                return True
    return False


def _apply(node: Apply) -> Tree:
    """f(A.T) is f(A).T: a function of one argument goes inside transposes and broadcasts; log(1) is 0."""
    if not node.shape:
        numbers = [a for a in node.args if isinstance(a, Number)]
        if len(numbers) == len(node.args) and isinstance(node.function, FunctionSpec):
            exact = exact_value(node.function, tuple(a.value for a in numbers))
            if exact is not None:
                return number(exact, any(a.decimal for a in numbers))
        return node
    if len(node.args) == 1 and (core := unrepeated(node.args[0])) is not None:
        base, kept = core
        applied = _apply(Apply((base,), base.shape, node.data))  # type: ignore[arg-type]
        return contract([applied], [kept], tuple(range(len(node.shape))), dict(enumerate(node.shape)))
    if len(node.args) == 1 and isinstance(node.args[0], Contraction):
        inner = node.args[0]
        if (
            len(inner.args) == 1
            and not isinstance(inner.args[0], Number)
            and not sums_over(inner)
            and len(set(inner.subscripts[0])) == len(inner.subscripts[0])
        ):
            applied = Apply(inner.args, inner.args[0].shape, node.data)
            return contract([applied], inner.subscripts, inner.output, dict(enumerate(inner.dims)))
    return node


def _operation(node: Operation) -> Tree:
    """reshape of an identity over (a, b, a, b) is a product of identities; inv(A.T) is inv(A).T."""
    name, operand = node.operation.name, node.args[0] if node.args else node
    if name == "reshape" and isinstance(operand, Identity):
        half = len(node.shape) // 2
        if half and node.shape[:half] == node.shape[half:]:
            pairs = [(k, half + k) for k in range(half)]
            return contract([identity(d) for d in node.shape[:half]], pairs, tuple(range(2 * half)))
    if name == "reshape" and node.shape == operand.shape:
        return operand
    if name == "inv" and isinstance(operand, Contraction) and len(operand.args) == 1 and operand.subscripts[0] == operand.output[::-1]:
        return contract([Operation(operand.args, node.shape, node.data)], [(0, 1)], (1, 0))
    if name == "inv" and isinstance(operand, Operation) and operand.operation is node.operation:
        return operand.args[0]
    return node


_HOLDS = {  # of a comparison that holds, which others hold too, and which cannot
    "<": ({"<", "<=", "!="}, {">", ">=", "=="}),
    "<=": ({"<="}, {">"}),
    ">": ({">", ">=", "!="}, {"<", "<=", "=="}),
    ">=": ({">="}, {"<"}),
    "==": ({"==", "<=", ">="}, {"<", ">", "!="}),
    "!=": ({"!="}, {"=="}),
}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def _where(node: Where) -> Tree:
    """Each branch simplified by what its side of the condition says: minimum(x, 0) is x where x <= 0."""
    condition, a, b = node.args
    if a is b or (is_zero(a) and is_zero(b)):
        return normal(broadcast(a, node.shape)) if a.shape != node.shape else a
    if not isinstance(condition, Compare):
        return node
    left, right = condition.args
    taken = _given(a, condition.operator, left, right)
    other = _given(b, _OPPOSITE[condition.operator], left, right)
    return node if (taken, other) == (a, b) else rebuild(node, (condition, taken, other))


def _given(tree: Tree, operator: str, left: Tree, right: Tree) -> Tree:
    """A branch under the condition `left operator right`, which speaks of one entry: only what is elementwise in it is touched."""
    order = _entrywise(tree)
    done: dict[Tree, Tree] = {}
    for n in order:
        known = _known(n, operator, left, right)
        if known is not None:
            done[n] = known
        else:
            done[n] = rebuild(n, [done[a] if _is_entrywise(n, k) else a for k, a in enumerate(n.args)])
    return tree if done[tree] is tree else normal(done[tree])


def _entrywise(tree: Tree) -> list[Tree]:
    """The nodes whose entries are those of the tree, operands first."""
    return depth_first([tree], lambda node: [a for k, a in enumerate(node.args) if _is_entrywise(node, k)])


def _is_entrywise(node: Tree, k: int) -> bool:
    """Whether an entry of the node reads the same entry of operand k alone."""
    if isinstance(node, Contraction):
        return node.subscripts[k] == node.output and len(set(node.output)) == len(node.output)
    return isinstance(node, (Sum, Power, Apply, Where)) and node.args[k].shape == node.shape


def _known(n: Tree, operator: str, left: Tree, right: Tree) -> Tree | None:
    """What a minimum, a maximum or a choice between the compared values is, under the condition."""
    if isinstance(n, Apply) and isinstance(n.function, FunctionSpec) and n.function.lattice and set(n.args) == {left, right}:
        if operator in ("<", "<=", ">", ">="):
            smaller, larger = (left, right) if operator in ("<", "<=") else (right, left)
            return broadcast(smaller if n.function.lattice < 0 else larger, n.shape)
    elif isinstance(n, Where) and isinstance(n.args[0], Compare) and set(n.args[0].args) == {left, right}:
        asked = n.args[0].operator if n.args[0].args[0] is left else MIRROR[n.args[0].operator]
        implied, excluded = _HOLDS[operator]
        if asked in implied or asked in excluded:
            return broadcast(n.args[1 if asked in implied else 2], n.shape)
    return None
