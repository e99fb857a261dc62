"""Square roots of sums of squares, whose squares may overflow or vanish although the root does not."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

from symchain.functions.spec import FUNCTIONS
from symchain.rewriting.matching import ANY, NUMBER, without_weight
from symchain.rewriting.numerics import FUNCTIONS as NUMERIC
from symchain.rewriting.numerics import NORM, ORTHOGONAL, UNIT
from symchain.rewriting.rows import Row, Use, one
from symchain.tensors.algebra import normal
from symchain.tensors.nodes import (
    MINUS_ONE,
    ONE,
    Apply,
    Contraction,
    Number,
    Operation,
    Power,
    Sum,
    Tree,
    add,
    apply,
    broadcast,
    contract,
    hadamard,
    number,
    operation,
    power,
)
from symchain.tensors.terms import split_power


def root_of_squares(node: Tree) -> Tree | None:
    """(x**2 + y)**(n/2) as root(x, y)**n, hypot where y is a square too, and sum(x**2)**(n/2) as norm(x)**n."""
    if isinstance(node, Apply) and node.function in (FUNCTIONS["sqrt"], FUNCTIONS["rsqrt"]):
        base, exponent = node.args[0], Fraction(1 if node.function is FUNCTIONS["sqrt"] else -1, 2)
    elif isinstance(node, Power) and isinstance(node.exponent, Number):
        base, exponent = node.base, node.exponent.value
    else:
        return None
    if exponent.denominator != 2 or abs(exponent) > 8:
        return None
    weight, base = without_weight(base)
    root = _of_sum(base) if isinstance(base, Sum) else _norm(base) if isinstance(base, Contraction) else None
    if root is None:
        return None
    found = root if exponent == Fraction(1, 2) else power(root, number(2 * exponent))
    return found if weight is None else hadamard([broadcast(power(weight, number(exponent)), found.shape), found])


def _of_sum(base: Sum) -> Tree | None:
    if len(base.args) > 2:
        squares = [_root(t) for t in base.args]
        if len(base.args) > 8 or any(r is None for r in squares):
            return None
        return reduce(lambda a, b: apply(FUNCTIONS["hypot"], a, b), [r for r in squares if r is not None])
    for k in (0, 1):
        x, other = _root(base.args[k]), base.args[1 - k]
        if x is None or isinstance(x, Number):
            continue
        y = _root(other)
        return apply(NUMERIC["root"], x, other) if y is None else apply(FUNCTIONS["hypot"], x, y)
    return None


def root_less_one(node: Tree) -> Tree | None:
    """sqrt(1 + (x/y)**2) - 1 as pseudo_huber(x, y)/y**2, that is x**2/(1 + hypot(1, x/y))/y**2."""
    if not isinstance(node, Sum) or len(node.args) != 2 or MINUS_ONE not in node.args:
        return None
    base = next((_under_root(t) for t in node.args if t is not MINUS_ONE), None)
    if not isinstance(base, Sum) or len(base.args) != 2 or ONE not in base.args:
        return None
    ratio = next((_root(t) for t in base.args if t is not ONE), None)
    if ratio is None:
        return None
    top, bottom = _parts(ratio)
    loss = apply(FUNCTIONS["pseudo_huber"], top, bottom)
    return loss if bottom is ONE else hadamard([loss, power(bottom, number(-2))])


def _under_root(tree: Tree) -> Tree | None:
    if isinstance(tree, Apply) and tree.function is FUNCTIONS["sqrt"]:
        return tree.args[0]
    return tree.base if isinstance(tree, Power) and tree.exponent is number(Fraction(1, 2)) else None


def _parts(ratio: Tree) -> tuple[Tree, Tree]:
    """Numerator and denominator of a product."""
    if not isinstance(ratio, Contraction) or any(a.shape not in ((), ratio.shape) for a in ratio.args):
        return ratio, ONE
    below = [a.base for a in ratio.args if isinstance(a, Power) and a.exponent is MINUS_ONE]
    above = [a for a in ratio.args if not (isinstance(a, Power) and a.exponent is MINUS_ONE)]
    if len(below) + len(above) < len(ratio.args) or not below or not above:
        return ratio, ONE
    return hadamard(above), hadamard(below)


def _root(tree: Tree) -> Tree | None:
    """x where the tree is x**2, up to the sign of x."""
    if isinstance(tree, Number):
        top, bottom = (_whole_root(n) for n in (tree.value.numerator, tree.value.denominator))
        return None if top is None or bottom is None else number(Fraction(top, bottom))
    if isinstance(tree, Power) and isinstance(tree.exponent, Number):
        half = tree.exponent.value / 2
        return None if half.denominator != 1 else tree.base if half == 1 else power(tree.base, number(half))
    if not isinstance(tree, Contraction) or len(tree.dims) != len(tree.output):
        return None
    roots = [_root(a) for a in tree.args]
    if len(roots) == 2 and None in roots and tree.args[0] is tree.args[1] and tree.subscripts[0] == tree.subscripts[1]:
        return tree.args[0]
    if any(r is None for r in roots):
        return None
    kept = [(r, s) for r, s in zip(roots, tree.subscripts, strict=True) if r is not None and r is not ONE]
    return contract([r for r, _ in kept], [s for _, s in kept], tree.output, dict(enumerate(tree.dims)))


def _whole_root(n: int) -> int | None:
    if n < 0:
        return None
    root = round(n**0.5) if n < 2**100 else 0
    return root if root * root == n else None


def _norm(squares: Contraction) -> Tree | None:
    """The norm of x along some axes, where the tree is sum(x**2)."""
    if len(squares.args) == 1 and isinstance(squares.args[0], Power) and squares.args[0].exponent is number(2):
        x, indices = squares.args[0].base, squares.subscripts[0]
    elif len(squares.args) == 2 and squares.args[0] is squares.args[1] and squares.subscripts[0] == squares.subscripts[1]:
        x, indices = squares.args[0], squares.subscripts[0]
    else:
        return None
    axes = tuple(k for k, i in enumerate(indices) if i not in squares.output)
    kept = tuple(i for i in indices if i in squares.output)
    if not axes or kept != squares.output or len(squares.dims) != len(indices) or len(set(indices)) < len(indices):
        return None
    return operation(NORM, [squares, x], (axes,))


def unit_vectors(node: Contraction) -> Tree | None:
    """x*norm(x)**-n as unit(x)*norm(x)**(1 - n), once for each x there is."""
    for k, divisor in enumerate(node.args):
        base, exponent = split_power(divisor)
        if not isinstance(base, Operation) or base.operation is not NORM or not isinstance(exponent, Number):
            continue
        (axes,), x, over = base.parameters, base.args[1], node.subscripts[k]
        left = -exponent.value
        args, subscripts = list(node.args), list(node.subscripts)
        for j, a in enumerate(args):
            along = tuple(i for m, i in enumerate(subscripts[j]) if m not in axes)
            if a is x and left >= 1 and along == over:
                args[j] = operation(UNIT, [x, base], (axes,))
                left -= 1
        if left == -exponent.value:
            continue
        args[k] = power(base, number(-left)) if left else ONE
        if not left:
            subscripts[k] = ()
        return contract(args, subscripts, node.output, dict(enumerate(node.dims)))
    return None


def orthogonal(node: Tree) -> Tree | None:
    """g - sum(g*u)*u, where u is a unit vector, as an array that is orthogonal to u."""
    if not isinstance(node, Sum):
        return None
    for k, term in enumerate(node.args):
        u = next((a for a in term.args if isinstance(a, Operation) and a.operation is UNIT), None)
        if u is None or u.shape != node.shape or len(u.parameters[0]) != 1:
            continue
        (axis,) = u.parameters[0]
        g = add([t for j, t in enumerate(node.args) if j != k])
        here: list[Any] = list(range(len(u.shape)))
        there = ["along" if a == axis else a for a in here]
        along = contract([MINUS_ONE, g, u, u], [(), there, there, here], here)
        if normal(term) is normal(along):
            return operation(ORTHOGONAL, [node, u], (axis,))
    return None


def _is_sign(bound: Mapping[str, Tree]) -> bool:
    return bound["t"] in (ONE, MINUS_ONE)


def _cancelling() -> list[Row]:
    """r - x as y/(r + x), and 1 - x/r as y/(r*(r + x)), where r = sqrt(x**2 + y) and the sign of x makes the two cancel."""
    rows = []
    for root, top in (("hypot(x, y)", "y*(y/({r} + abs(x)))"), ("hypot(y, x)", "y*(y/({r} + abs(x)))"), ("root(x, y)", "y/({r} + abs(x))")):
        small = top.format(r=root)
        for sign, side in (("+", "<"), ("-", ">")):
            beside = f"{{t}}*{root} {sign} {{t}}*x", f"t*({small})"
            over = f"{{t}} {sign} {{t}}*x/{root}", f"t*(({small})/{root})"
            for form, after in (beside, over):
                before = form.format(t="t")
                rows.append(
                    Row(
                        f"{before}, where the two cancel", Use.KERNEL, before, f"where(x {side} 0, {after}, {before})",
                        wild={"t": NUMBER, "x": ANY, "y": ANY}, guard=_is_sign, domain={"t": (-1.0, -1.0), "y": (0.1, 3.0)},
                        priority=30, settles=False, spares=form.format(t=7),
                    )  # fmt: skip
                )
    return rows


ROWS = (
    Row(
        "a root of 1 and a square, less 1", Use.RUN, search=one(root_less_one), node=Sum, priority=90,
        reason="what is squared may be a quotient of any products", fires="sqrt(1 + (x/y)**2) - 1", spares="sqrt(1 + (x/y)**3) - 1",
    ),
    *(
        Row(
            f"a root of squares, {name}", Use.KERNEL, search=one(root_of_squares), node=node, priority=40,
            reason="any number of squares, of any products, or a sum along axes, with a constant in front",
            fires=fires, spares=spares,
        )
        for name, node, fires, spares in (
            ("as a function", Apply, "sqrt(x**2 + y**2 + a**2)", "sqrt(x**3 + y)"),
            ("as a power", Power, "(x**2 + y)**(3/2)", "(x**3 + y)**(3/2)")
        )
    ),
    Row("a corner at zero", Use.KERNEL, "where(x == 0, 0, x)", "x", priority=100),
    *_cancelling(),
    Row(
        "what is orthogonal to a unit vector", Use.KERNEL, search=one(orthogonal), node=Sum, holds=Operation.bit, priority=20,
        reason="what is taken away is known only up to the order and the opening of products",
        fires="x: (n,)\nu = x/sqrt(sum(x**2))\nout = u[0]", spares="x: (n,)\nu = x/sum(x)\nout = sum(u**3)",
    ),
    Row(
        "a vector over its norm", Use.LAST, search=one(unit_vectors), node=Contraction, holds=Operation.bit,
        reason="any power of the norm, once for each vector there is",
        fires="x: (n,)\ny: (n,)\nout = (x/norm(x)) @ y", spares="x: (n,)\ny: (n,)\nout = x @ y/sum(x)",
    ),
)  # fmt: skip
