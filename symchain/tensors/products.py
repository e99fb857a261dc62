"""Products in normal form: flattened into one einsum, powers merged, deltas eliminated, facts used.

Order is kept as met, so factors stay in chain order. Every step holds as an identity of real arrays.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import count
from typing import Any

from symchain.functions.spec import FUNCTIONS, FunctionSpec
from symchain.tensors.nodes import (
    ONE,
    Apply,
    Contraction,
    Identity,
    Leaf,
    Number,
    Operation,
    Power,
    Sum,
    Tree,
    add,
    broadcast,
    common_shape,
    contract,
    identity,
    number,
    power,
    size,
    zeros,
)
from symchain.tensors.sums import collect, is_negative, negated, scaled
from symchain.tensors.terms import Indices, Term, adds_up_along, invariant, is_symmetric, split, split_power, sums_over
from symchain.tensors.totals import merge_totals

_EXACT_POWER = 64  # numbers are raised exactly up to this exponent
_NORMAL: set[Tree] = set()


def settled(tree: Tree) -> Tree:
    """Remember that a product is in normal form."""
    if isinstance(tree, Contraction):
        if len(_NORMAL) > 100_000:
            _NORMAL.clear()
        _NORMAL.add(tree)
    return tree


def tree_of(term: Term) -> Tree:
    """The tree of a term: the coefficient first, then the factors in order."""
    if term.coefficient == 0:
        return zeros(tuple(term.dims[i] for i in term.output))
    if not term.factors and not term.dims:
        return number(term.coefficient, term.decimal)
    operands = [t for t, _ in term.factors]
    subscripts = [s for _, s in term.factors]
    if term.coefficient != 1 or not operands:
        operands.insert(0, number(term.coefficient, term.decimal))
        subscripts.insert(0, ())
    carried = {i for s in subscripts for i in s}
    loose = {i: dim for i, dim in term.dims.items() if i not in carried}  # repeated in the output, or summed: a factor of its size
    return contract(operands, subscripts, term.output, loose)


def term_of(tree: Tree) -> Term:
    """A tree as one normalised term."""
    if isinstance(tree, Number):
        return Term(tree.value, tree.decimal)
    if isinstance(tree, Contraction):
        return normalise(tree) if tree not in _NORMAL else split(tree)
    indices = tuple(range(len(tree.shape)))
    return Term(factors=[(tree, indices)], output=indices, dims=dict(enumerate(tree.shape)))


def product_of(node: Contraction) -> Tree:
    """The normal form of a product of normal forms."""
    return settled(node if _stands(node) else tree_of(normalise(node)))


def _stands(node: Contraction) -> bool:
    """Whether a product of scalars is in normal form as it is: a number in front at most, nothing to open, no base twice."""
    if node.dims or len(node.args) < 2:
        return False
    bases: set[Tree] = set()
    sums = 0
    for k, factor in enumerate(node.args):
        if isinstance(factor, Number):
            if k or factor.value == 0 or factor.value == 1:
                return False
            continue
        if isinstance(factor, Contraction) or (isinstance(factor, Power) and _is_opened(factor)):
            return False
        base = factor.args[0] if isinstance(factor, Power) else factor
        if isinstance(base, Sum):
            sums += 1
            if sums > 1 or isinstance(node.args[0], Number) or all(map(is_negative, base.args)):
                return False
        if base in bases or _is_onehot(base):
            return False
        bases.add(base)
    return True


def normal_product(term: Term) -> Tree:
    """The tree of a term whose factors may be products themselves, in normal form."""
    return settled(tree_of(term_of(tree_of(term))))


def normalise(node: Contraction) -> Term:
    term = flatten(node)
    _simplify_factors(term)
    while any(isinstance(t, (Number, Contraction)) for t, _ in term.factors):  # a power that became a number or a product
        term = flatten(_contraction_of(term))
        _simplify_factors(term)
    _absorb_sign(term)
    return term


def _simplify_factors(term: Term) -> None:
    if term.dims:
        while _eliminate_deltas(term) or _use_facts(term) or _merge_powers(term) or merge_totals(term, raised):
            pass
        carried = {i for _, s in term.factors for i in s}.union(term.output)
        for index in [i for i in term.dims if i not in carried]:
            dim = term.dims.pop(index)
            if isinstance(dim, int):
                term.coefficient *= dim
            else:
                term.factors.insert(0, (size(dim), ()))
                _merge_powers(term)
    else:
        while _merge_powers(term):
            pass


def _contraction_of(term: Term) -> Contraction:
    """The product of a term's factors, a single one too."""
    factors = [(number(term.coefficient, term.decimal), ()), *term.factors]
    subscripts = tuple(s for _, s in factors)
    order = sorted(term.dims)
    place = {i: k for k, i in enumerate(order)}
    data = (tuple(tuple(place[i] for i in s) for s in subscripts), tuple(place[i] for i in term.output), tuple(term.dims[i] for i in order))
    return Contraction(tuple(t for t, _ in factors), tuple(term.dims[i] for i in term.output), data)  # type: ignore[return-value]


def flatten(node: Contraction) -> Term:
    term = Term(output=node.output, dims=dict(enumerate(node.dims)))
    fresh = count(len(node.dims))
    stack: list[tuple[Tree, Indices, int]] = [(a, s, 1) for a, s in zip(node.args, node.subscripts, strict=True)][::-1]
    while stack:
        operand, indices, exponent = stack.pop()
        if isinstance(operand, Number):
            if (operand.value == 0 and exponent < 0) or abs(exponent) > _EXACT_POWER:
                term.factors.append((power(operand, exponent), ()))
            else:
                term.coefficient *= operand.value**exponent
                term.decimal |= operand.decimal
        elif isinstance(operand, Contraction) and (exponent == 1 or not sums_over(operand)):
            inner = dict(zip(operand.output, indices, strict=True))
            for i, dim in enumerate(operand.dims):
                if i not in inner:
                    inner[i] = next(fresh)
                    term.dims[inner[i]] = dim
            pairs = zip(reversed(operand.args), reversed(operand.subscripts), strict=True)
            stack += [(a, tuple([inner[i] for i in s]) if s else (), exponent) for a, s in pairs]
        elif isinstance(operand, Power) and _is_opened(operand):
            stack.append((operand.base, indices, exponent * int(operand.exponent.value)))  # type: ignore[attr-defined]
        else:
            term.factors.append((operand if exponent == 1 else raised(operand, Fraction(exponent)), indices))
    return term


def _is_opened(power: Power) -> bool:
    """Whether base**n is a product of powers."""
    base, exponent = power.args
    if not isinstance(exponent, Number) or exponent.value.denominator != 1:
        return False
    return isinstance(base, (Number, Power)) or (isinstance(base, Contraction) and not sums_over(base))


def raised(base: Tree, exponent: Fraction, decimal: bool = False) -> Tree:
    """base**exponent in normal form, for a number as exponent."""
    if exponent == 1:
        return base
    return normal_power(power(base, number(exponent, decimal)))  # type: ignore[arg-type]


def _eliminate_deltas(term: Term) -> bool:
    for k, (tree, indices) in enumerate(term.factors):
        if not isinstance(tree, Identity):
            continue
        i, j = indices
        if i == j:
            del term.factors[k]
            return True
        drop = j if j not in term.output else i if i not in term.output else None
        if drop is not None:
            del term.factors[k]
            term.rename(drop, i if drop == j else j)
            del term.dims[drop]
            return True
        others = [n for n in term.users(j) if n != k]
        if others:  # delta_ij v_j = delta_ij v_i
            kept = term.factors[k]
            term.rename(j, i)
            term.factors[k] = kept
            return True
    return False


def _merge_powers(term: Term) -> bool:
    """Equal bases over equal indices become one power; x**0 disappears."""
    bases = [split_power(t)[0] for t, _ in term.factors]
    sums = sum(isinstance(b, Sum) for b in bases)
    if sums < 2 and len(set(bases)) == len(bases) and not any(_is_onehot(b) for b in bases):
        return False
    groups: dict[tuple[Any, Indices], list[tuple[int, Tree]]] = {}
    for k, (tree, indices) in enumerate(term.factors):
        base, exponent = split_power(tree)
        if isinstance(tree, Identity):
            continue
        key = tuple(sorted(indices)) if len(indices) == 2 and is_symmetric(base) else indices
        groups.setdefault((invariant(base)[1] if sums > 1 and isinstance(base, Sum) else base, key), []).append((k, exponent))
    replaced: dict[int, list[tuple[Tree, Indices]]] = {}
    for members in groups.values():
        base = split_power(term.factors[members[0][0]][0])[0]
        if len(members) > 1 and isinstance(base, Sum) and not _same_sign(term, members, base):
            continue
        onehot = _is_onehot(base)
        if len(members) == 1 and not (onehot and _is_number_above_one(members[0][1])):
            continue
        exponent = (
            ONE if onehot and all(isinstance(e, Number) and e.value > 0 for _, e in members) else _sum_exponents([e for _, e in members])
        )
        first = members[0][0]
        indices = term.factors[first][1]
        replaced.update({k: [] for k, _ in members[1:]})
        if isinstance(exponent, Number) and exponent.value == 0:
            replaced[first] = []
        elif isinstance(exponent, Number):
            replaced[first] = [(raised(base, exponent.value, exponent.decimal), indices)]
        else:
            replaced[first] = [(power(base, exponent), indices)]
    if replaced:
        term.factors = [f for k, factor in enumerate(term.factors) for f in replaced.get(k, [factor])]
    return bool(replaced)


def _is_onehot(tree: Tree) -> bool:
    return isinstance(tree, Leaf) and "onehot" in tree.facts


def _same_sign(term: Term, members: list[tuple[int, Tree]], base: Tree) -> bool:
    """Bring b - a to -(a - b) where a - b stands already; whether all bases are then the same."""
    sign = invariant(base)[0]
    for k, exponent in members[1:]:
        tree, indices = term.factors[k]
        other = split_power(tree)[0]
        if other is not base:
            if invariant(other)[0] != sign:
                if not isinstance(exponent, Number) or exponent.value.denominator != 1:
                    return False
                term.coefficient *= (-1) ** int(exponent.value % 2)
            term.factors[k] = (base if exponent is ONE else power(base, exponent), indices)
    return True


def _is_number_above_one(tree: Tree) -> bool:
    return isinstance(tree, Number) and tree.value > 1


def _sum_exponents(exponents: list[Tree]) -> Tree:
    if all(isinstance(e, Number) for e in exponents):
        return number(sum((e.value for e in exponents), Fraction(0)), any(e.decimal for e in exponents))  # type: ignore[attr-defined]
    shape = common_shape(exponents)
    return collect(add([broadcast(e, shape) for e in exponents]))


def _use_facts(term: Term) -> bool:
    for k, (tree, indices) in enumerate(term.factors):
        if isinstance(tree, Leaf) and tree.facts:
            last = indices[-1] if indices else None
            if (
                tree.facts & {"onehot", "probability", "unit_sum"}
                and last is not None
                and last not in term.output
                and len(term.users(last)) == 1
                and indices.count(last) == 1
            ):
                del term.factors[k]  # a probability vector sums to one
                del term.dims[last]
                return True
            if "orthogonal" in tree.facts and _contract_pair(term, k, tree, same_side=True):
                return True
        if isinstance(tree, Operation) and (axis := adds_up_along(tree)) is not None:
            along = indices[axis]
            if along not in term.output and len(term.users(along)) == 1 and indices.count(along) == 1:
                del term.factors[k]
                del term.dims[along]
                return True
        if isinstance(tree, Operation) and tree.operation.name == "reshape" and _undo_reshape(term, k):
            return True
        if isinstance(tree, Operation) and tree.operation.name == "inv" and _contract_pair(term, k, tree.args[0], same_side=False):
            return True
    return False


def _undo_reshape(term: Term, k: int) -> bool:
    """A reshaped identity, summed over its split axes with T, is T reshaped back: what the derivative of a reshape is made of."""
    tree, indices = term.factors[k]
    inner = tree.args[0]
    half = len(inner.shape) // 2
    pairs = {frozenset((n, half + n)) for n in range(half)}
    if not isinstance(inner, Contraction) or not all(isinstance(a, Identity) for a in inner.args) or len(inner.shape) != 2 * half:
        return False
    if {frozenset(inner.output.index(i) for i in s) for s in inner.subscripts} != pairs or tree.shape[:half] != inner.shape[:half]:
        return False
    split = indices[half:]
    group = [f for n, f in enumerate(term.factors) if n != k and set(f[1]) & set(split)]
    rest = [f for n, f in enumerate(term.factors) if n != k and not set(f[1]) & set(split)]
    outside = set(term.output) | {i for _, s in rest for i in s} | set(indices[:half])
    if len(set(split)) < len(split) or any(i in outside for _, s in group for i in s) or any(i in term.output for i in split):
        return False
    carried = {i for _, s in group for i in s}
    whole = contract([t for t, _ in group], [s for _, s in group], split, {i: term.dims[i] for i in split if i not in carried})
    back = Operation((whole,), inner.shape[half:], (tree.data[0], (inner.shape[half:],)))
    term.factors = [*rest, (back, indices[:half])]
    for i in {*split, *carried}:
        term.dims.pop(i, None)
    return True


def _contract_pair(term: Term, k: int, inverse: Tree, same_side: bool) -> bool:
    """Replace two matrices that share one summed index by a delta over their other indices."""
    tree, indices = term.factors[k]
    for side in (0, 1):
        index, rest = indices[side], indices[1 - side]
        if index in term.output or index == rest:
            continue
        users = term.users(index)
        if len(users) != 2:
            continue
        other = users[0] if users[1] == k else users[1]
        partner, theirs = term.factors[other]
        if partner is not inverse or theirs.count(index) != 1 or len(theirs) != 2:
            continue
        meets = theirs.index(index)
        if same_side != (meets == side) and not is_symmetric(tree):
            continue
        far = theirs[1 - meets]
        first = min(k, other)
        term.factors = [f for n, f in enumerate(term.factors) if n not in (k, other)]
        term.factors.insert(first, (identity(term.dims[rest]), (rest, far)))
        del term.dims[index]
        return True
    return False


def _absorb_sign(term: Term) -> None:
    """-(a - b)*c is (b - a)*c, and c*(-a - b) is -c*(a + b)."""
    for k, (tree, indices) in enumerate(term.factors):
        if isinstance(tree, Sum) and all(map(is_negative, tree.args)):
            term.factors[k] = (negated(tree), indices)
            term.coefficient = -term.coefficient
    if term.coefficient != -1:
        return
    for k, (tree, indices) in enumerate(term.factors):
        if isinstance(tree, Sum) and any(map(is_negative, tree.args)):
            term.factors[k] = (negated(tree), indices)
            term.coefficient = Fraction(1)
            return


def unrepeated(tree: Tree) -> tuple[Tree, tuple[int, ...]] | None:
    """What a tree repeats along some axes, and the axes it does have; None where it repeats nothing."""
    if not isinstance(tree, Contraction):
        return None
    used = {i for s in tree.subscripts for i in s}
    kept = tuple(k for k, i in enumerate(tree.output) if i in used)
    if len(kept) == len(tree.output):
        return None
    output = tuple(tree.output[k] for k in kept)
    dims = {i: d for i, d in enumerate(tree.dims) if i not in tree.output or i in output}
    return contract(tree.args, tree.subscripts, output, dims), kept


def normal_power(node: Power) -> Tree:
    base, exponent = node.base, node.exponent
    if not isinstance(exponent, Number):
        return node
    value = exponent.value
    if value == 0:
        return ONE if not node.shape else contract([ONE], [()], tuple(range(len(node.shape))), dict(enumerate(node.shape)))
    if value == 1:
        return base
    if isinstance(base, Number) and value.denominator == 1 and abs(value) <= _EXACT_POWER and (base.value != 0 or value > 0):
        return number(base.value ** int(value), base.decimal)
    if isinstance(base, Power) and isinstance(base.exponent, Number) and _may_multiply(base, value):
        return raised(base.base, base.exponent.value * value)
    if _is_root_of_number(base) and value.denominator == 1 and value % 2 == 0:
        return raised(base.args[0], value / 2, exponent.decimal)
    if (core := unrepeated(base)) is not None:
        inner, kept = core
        return contract([normal_power(power(inner, exponent))], [kept], tuple(range(len(node.shape))), dict(enumerate(node.shape)))  # type: ignore[arg-type]
    if isinstance(base, Leaf) and "onehot" in base.facts and value > 0:
        return base
    if isinstance(base, Contraction) and value.denominator == 1 and not sums_over(base):
        return tree_of(
            normalise(
                contract([node], [tuple(range(len(node.shape)))], tuple(range(len(node.shape))))
                if not isinstance(node, Power)
                else _as_contraction(node)
            )
        )
    if (
        isinstance(base, Contraction)
        and len(base.args) > 1
        and isinstance(base.args[0], Number)
        and base.args[0].value > 0
        and _perfect(base.args[0].value, value)
    ):
        inner = scaled(base, 1 / base.args[0].value)
        return scaled(raised(inner, value), _exact_root(base.args[0].value, value))
    if isinstance(base, Sum) and value.denominator == 1 and value % 2 == 0 and all(map(is_negative, base.args)):
        return raised(negated(base), value)
    return node


def _is_root_of_number(tree: Tree) -> bool:
    """sqrt(3), whose square is 3; the square of sqrt(v) stays, beside blocks that hold sqrt(v)."""
    return isinstance(tree, Apply) and tree.function is FUNCTIONS["sqrt"] and isinstance(tree.args[0], Number)


def _as_contraction(node: Power) -> Contraction:
    """The power as a product of one factor, so that the flattening of products opens it."""
    indices = tuple(range(len(node.shape)))
    return Contraction((node,), node.shape, ((indices,), indices, node.shape))  # type: ignore[return-value]


def _may_multiply(base: Power, value: Fraction) -> bool:
    """(x**a)**b = x**(a*b) for integer b; for other b where x**a is a root or x is known positive."""
    if value.denominator == 1:
        return True
    inner = base.exponent.value  # type: ignore[attr-defined]
    return inner.denominator != 1 or is_positive(base.base)


def is_positive(tree: Tree) -> bool:
    """Whether every entry is known to be positive."""
    if isinstance(tree, Leaf):
        return bool(tree.facts & {"positive", "unit"})
    if isinstance(tree, Number):
        return tree.value > 0
    if isinstance(tree, Power):
        return is_positive(tree.base)
    if isinstance(tree, Apply):
        return isinstance(tree.function, FunctionSpec) and tree.function.name in ("exp", "sigmoid", "cosh", "softplus", "exp2")
    if isinstance(tree, (Sum, Contraction)):
        return all(is_positive(a) for a in tree.args)
    return False


def _perfect(value: Fraction, exponent: Fraction) -> bool:
    return exponent.denominator == 2 and all(int(abs(n) ** 0.5 + 0.5) ** 2 == n for n in (value.numerator, value.denominator))


def _exact_root(value: Fraction, exponent: Fraction) -> Fraction:
    root = Fraction(int(value.numerator**0.5 + 0.5), int(value.denominator**0.5 + 0.5))
    return Fraction(root ** int(exponent * 2))
