"""The local rules: for each kind of node, the derivative by one of its operands, as the pullback of a cotangent.

pull(node, k, cotangent, lead) receives the cotangent of the node's value, of shape lead axes + node.shape (the lead axes are those
of the output when it is not a scalar), and returns the cotangent of args[k], of shape lead axes + args[k].shape. With cotangent 1 a
scalar rule gives the textbook derivative; with the identity it gives the Jacobian. All of the calculus is in this table and in the
records of functions and operations, which it asks.
"""

from __future__ import annotations

from collections.abc import Callable

from symchain.errors import NotDifferentiableError, UnsupportedError
from symchain.functions.spec import FUNCTIONS, AbstractFunction, FunctionSpec
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.rules.limits import limit
from symchain.rules.operations import pull_back
from symchain.support.dimensions import Shape
from symchain.tensors.algebra import normal
from symchain.tensors.elementwise import atoms, entry_of, names_for, over
from symchain.tensors.isolation import Isolation
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import (
    MINUS_ONE,
    ONE,
    ZERO,
    Apply,
    Compare,
    Contraction,
    Leaf,
    Number,
    Operation,
    Power,
    Sum,
    Tree,
    Where,
    add,
    apply,
    broadcast,
    contract,
    hadamard,
    identity,
    leaf,
    leaves,
    multiply_scalars,
    number,
    postorder,
    power,
    scale,
    substitute,
    transform,
    where,
)
from symchain.tensors.terms import constant_of

Pull = Callable[[Tree, int, Tree, int], Tree]


def elementwise(cotangent: Tree, derivative: Tree, node: Tree, operand: Tree, lead: int) -> Tree:
    """cotangent * derivative, entry by entry; summed where a scalar operand was stretched."""
    leading = tuple(range(-lead, 0))
    axes = tuple(range(len(node.shape)))
    inner = axes if derivative.shape else ()
    kept = axes if operand.shape else ()
    return contract([cotangent, derivative], [leading + axes, inner], leading + kept)


def pull_sum(node: Tree, k: int, cotangent: Tree, lead: int) -> Tree:
    """d(u + v) = du + dv."""
    return cotangent


def pull_contraction(node: Tree, k: int, cotangent: Tree, lead: int) -> Tree:
    """A product of any kind is linear in each factor: remove the factor, d(sum a b c)/db = sum cotangent a c."""
    assert isinstance(node, Contraction)
    leading = tuple(range(-lead, 0))
    operands = [cotangent, *(a for n, a in enumerate(node.args) if n != k)]
    subscripts = [leading + node.output, *(s for n, s in enumerate(node.subscripts) if n != k)]
    mine = node.subscripts[k]
    if len(set(mine)) == len(mine):
        return contract(operands, subscripts, leading + mine, dict(enumerate(node.dims)))
    # a diagonal was read (A_ii): it goes back onto the diagonal
    renamed: list[int] = []
    top = len(node.dims)
    for i in mine:
        if i in renamed:
            operands.append(identity(node.dims[i]))
            subscripts.append((i, top))
            renamed.append(top)
            top += 1
        else:
            renamed.append(i)
    return contract(operands, subscripts, leading + tuple(renamed), dict(enumerate(node.dims)))


def pull_power(node: Tree, k: int, cotangent: Tree, lead: int) -> Tree:
    """d(u**n)/du = n*u**(n - 1); d(a**v)/dv = a**v*log(a), where a is positive."""
    assert isinstance(node, Power)
    base, exponent = node.base, node.exponent
    if k == 1:
        constant = constant_of(base)
        if constant is not None and constant.value <= 0:
            what = f"a power of {constant.value} cannot be differentiated by its exponent"
            has = "jumps from 0 to 1 at 0 and ends there" if constant.value == 0 else "is real at whole exponents alone"
            raise NotDifferentiableError(what, advice=f"It {has}: give the power a positive base, or differentiate by other names.")
        return elementwise(cotangent, hadamard([node, apply(FUNCTIONS["log"], base)]), node, exponent, lead)
    if isinstance(exponent, Number):
        return elementwise(cotangent, scale(exponent, _lowered(base, exponent)), node, base, lead)
    lowered = power(base, add([exponent, _like(MINUS_ONE, exponent)]))
    return elementwise(cotangent, hadamard([exponent, lowered]), node, base, lead)


def _lowered(base: Tree, exponent: Number) -> Tree:
    value = exponent.value - 1
    return base if value == 1 else power(base, number(value, exponent.decimal))


def _like(value: Tree, tree: Tree) -> Tree:
    return broadcast(value, tree.shape)


def pull_apply(node: Tree, k: int, cotangent: Tree, lead: int) -> Tree:
    """The chain rule: d f(u) = f'(u) du."""
    assert isinstance(node, Apply)
    return elementwise(cotangent, function_derivative(node, k), node, node.args[k], lead)


def operands(node: Tree) -> tuple[Tree, ...]:
    """What `pull` sends cotangents to: the subtrees; of a choice by an isolated condition, what the whole of it is a function of."""
    return atoms(node) if isinstance(node, Where) and node.isolated else node.args


def pull_where(node: Tree, k: int, cotangent: Tree, lead: int) -> Tree:
    """where(c, u, v) passes the cotangent to the branch taken; the condition has no derivative.

    One that holds on a set without interior chooses a value there, never a slope: that is the limit of the other branch's.
    """
    assert isinstance(node, Where)
    condition = node.args[0]
    if node.isolated:
        found = atoms(node)
        names = names_for(found)
        slope = _slope_of_choice(entry_of(node, names), names[found[k]])
        return elementwise(cotangent, over(slope, {names[a]: a for a in found}), node, found[k], lead)
    mask = where(condition, ONE, ZERO) if k == 1 else where(condition, ZERO, ONE)
    if not mask.shape:
        mask = _like(mask, node)
    return elementwise(cotangent, mask, node, node.args[k], lead)


@remembered(2048)
def _slope_of_choice(node: Tree, by: Leaf) -> Tree:
    """The derivative of a choice between scalars by a name; where the condition does not read the name, each branch is differentiated."""
    condition, taken, other = node.args
    if by not in leaves(condition):
        return where(condition, _slope(taken, by), _slope(other, by))
    alike = condition.operator == "=="  # type: ignore[attr-defined]
    slope = _slope(other if alike else taken, by)
    found = limit(condition, generic(slope), by)
    if found is None or found.regular:
        return slope
    return where(condition, found.value, slope) if alike else where(condition, slope, found.value)


def jumps(node: Where) -> bool:
    """Whether an isolated condition chooses a value that is not the limit of the others, as far as that is known."""
    if not node.isolated:
        return False
    entry = entry_of(node, names_for(atoms(node)))
    found = limit(entry.args[0], generic(add([entry.args[1], multiply_scalars([MINUS_ONE, entry.args[2]])])))
    return found is None or not found.zero


def generic(tree: Tree) -> Tree:
    """The tree with every choice by an isolated condition made as it is nearly everywhere."""

    def visit(node: Tree) -> Tree:
        return node.args[2 if node.args[0].operator == "==" else 1] if isinstance(node, Where) and node.isolated else node  # type: ignore[attr-defined]

    return transform(tree, visit)


def _slope(tree: Tree, by: Leaf) -> Tree:
    """The derivative of a tree of scalars by one name."""
    slopes: dict[Tree, Tree] = {by: ONE}
    for node in postorder(tree):
        if node is by or isinstance(node, Compare):
            continue
        terms = [multiply_scalars([pull(node, k, ONE, 0), slopes[a]]) for k, a in enumerate(operands(node)) if a in slopes]
        if terms:
            slopes[node] = normal(add(terms))
    return slopes.get(tree, ZERO)


def pull_operation(node: Tree, k: int, cotangent: Tree, lead: int) -> Tree:
    """Each declared operation has its own pullback."""
    assert isinstance(node, Operation)
    return pull_back(node, k, cotangent, lead)


PULL: dict[type[Tree], Pull] = {
    Sum: pull_sum,
    Contraction: pull_contraction,
    Power: pull_power,
    Apply: pull_apply,
    Where: pull_where,
    Operation: pull_operation,
}


def pull(node: Tree, k: int, cotangent: Tree, lead: int) -> Tree:
    """The cotangent of operand k, in the order of `operands`; see the module for the convention."""
    return PULL[type(node)](node, k, cotangent, lead)


# ---------------------------------------------------------------- functions of the registry


def function_derivative(node: Apply, k: int) -> Tree:
    """f'(u) by argument k, in the function's arguments and its own value."""
    function = node.function
    if isinstance(function, AbstractFunction):
        orders = tuple(n + (m == k) for m, n in enumerate(node.orders))
        return Apply(node.args, node.shape, (function, orders))
    if function.derivatives[k] is None:
        raise UnsupportedError(
            f"{function.name} cannot be differentiated by its argument {function.parameters[k]}", advice="Keep that argument constant."
        )
    template, names = _template(function, k, tuple(a.shape for a in node.args))
    return substitute(template, {**dict(zip(names[:-1], node.args, strict=True)), names[-1]: node})


@remembered(2048)
def _template(function: FunctionSpec, k: int, shapes: tuple[Shape, ...]) -> tuple[Tree, list[Tree]]:
    """The declared derivative as a tree over placeholders of the given shapes."""
    text = function.derivatives[k]
    assert text is not None
    shape = next((s for s in shapes if s), ())
    names: list[Tree] = [leaf(f"?{p}", s) for p, s in zip(function.parameters, shapes, strict=True)]
    names.append(leaf("?out", shape))
    scope = Scope(names=dict(zip([*function.parameters, "out"], names, strict=True)))
    tree = Isolation({}).marked(elaborate(parse_expression(text), scope))
    return (_like(tree, names[-1]) if tree.shape != shape else tree), names
