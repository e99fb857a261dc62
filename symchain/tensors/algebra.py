"""The normal form: products flattened into one einsum, powers merged, deltas eliminated, like terms collected.

Every step here holds as an identity of real arrays and makes nothing longer; choices that depend on the price of the printed
form are in `rewriting`. Order is kept as met, so factors stay in chain order; `canonical` gives the order-free key by which
equal terms are recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from itertools import count
from typing import Any

from symchain.dimensions import Dim
from symchain.tensors.nodes import (
    ONE,
    ZERO,
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
    contract,
    identity,
    number,
    postorder,
    power,
    rebuild,
    size,
    transform,
    zeros,
)

Indices = tuple[int, ...]
_NORMAL: set[Tree] = set()
_OUTPUT = 1_000_000  # canonical names of output indices start here
_EXACT_POWER = 64  # numbers are raised exactly up to this exponent


@dataclass(slots=True)
class Term:
    """coefficient times an einsum of factors; `dims` gives the size of every index."""

    coefficient: Fraction = Fraction(1)
    decimal: bool = False
    factors: list[tuple[Tree, Indices]] = field(default_factory=list)
    output: Indices = ()
    dims: dict[int, Dim] = field(default_factory=dict)

    def summed(self) -> set[int]:
        return {i for _, s in self.factors for i in s} - set(self.output)

    def users(self, index: int) -> list[int]:
        return [k for k, (_, s) in enumerate(self.factors) if index in s]

    def rename(self, old: int, new: int) -> None:
        self.factors = [(t, tuple(new if i == old else i for i in s)) for t, s in self.factors]


def term_of(tree: Tree) -> Term:
    """A tree as one normalised term."""
    if isinstance(tree, Number):
        return Term(tree.value, tree.decimal)
    if isinstance(tree, Contraction):
        return _normalise(tree) if tree not in _NORMAL else _split(tree)
    indices = tuple(range(len(tree.shape)))
    return Term(factors=[(tree, indices)], output=indices, dims=dict(enumerate(tree.shape)))


def _split(tree: Contraction) -> Term:
    """A normalised contraction as a term."""
    term = _plain(tree)
    if isinstance(tree.args[0], Number):
        term.coefficient, term.decimal = tree.args[0].value, tree.args[0].decimal
        term.factors = term.factors[1:]
    return term


def normal_product(term: Term) -> Tree:
    """The tree of a term whose factors may be products themselves, in normal form."""
    return settled(tree_of(term_of(tree_of(term))))


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
    if not term.factors and not term.output:
        return number(term.coefficient, term.decimal)
    operands = [t for t, _ in term.factors]
    subscripts = [s for _, s in term.factors]
    if term.coefficient != 1 or not operands:
        operands.insert(0, number(term.coefficient, term.decimal))
        subscripts.insert(0, ())
    carried = {i for s in subscripts for i in s}
    loose = {i: term.dims[i] for i in term.output if i not in carried}
    return contract(operands, subscripts, term.output, loose)


def normal(tree: Tree, memo: dict[Tree, Tree] | None = None, polish: Callable[[Tree], Tree] | None = None) -> Tree:
    """The normal form of a tree; `polish` may replace each normalised sum and product by something shorter."""

    def visit(node: Tree) -> Tree:
        if isinstance(node, Contraction):
            result = settled(_distribute_deltas(node, memo, polish) or tree_of(_normalise(node)))
        elif isinstance(node, Sum):
            result = collect(node)
        elif isinstance(node, Power):
            result = _power(node)
        elif isinstance(node, Apply):
            result = _apply(node)
        elif isinstance(node, Operation):
            return _operation(node)
        else:
            return node
        return polish(result) if polish is not None and isinstance(result, (Sum, Contraction, Power, Apply)) else result

    return transform(tree, visit, memo)


# ---------------------------------------------------------------- products


def _normalise(node: Contraction) -> Term:
    term = _flatten(node)
    while _eliminate_deltas(term) or _use_facts(term) or _merge_powers(term):
        pass
    for index in [i for i in term.dims if i not in term.output and not term.users(i)]:
        dim = term.dims.pop(index)
        if isinstance(dim, int):
            term.coefficient *= dim
        else:
            term.factors.insert(0, (size(dim), ()))
            _merge_powers(term)
    _absorb_sign(term)
    return term


def _flatten(node: Contraction) -> Term:
    term = Term()
    fresh = count()
    mine: dict[int, int] = {}
    for i, dim in enumerate(node.dims):
        mine[i] = next(fresh)
        term.dims[mine[i]] = dim
    term.output = tuple(mine[i] for i in node.output)
    stack: list[tuple[Tree, Indices, int]] = [(a, tuple(mine[i] for i in s), 1) for a, s in zip(node.args, node.subscripts, strict=True)][::-1]
    while stack:
        operand, indices, exponent = stack.pop()
        if isinstance(operand, Number):
            if operand.value == 0 and exponent < 0 or abs(exponent) > _EXACT_POWER:
                term.factors.append((power(operand, exponent), ()))
            else:
                term.coefficient *= operand.value**exponent
                term.decimal |= operand.decimal
        elif isinstance(operand, Contraction) and (exponent == 1 or not _sums(operand)):
            inner = dict(zip(operand.output, indices, strict=True))
            for i, dim in enumerate(operand.dims):
                if i not in inner:
                    inner[i] = next(fresh)
                    term.dims[inner[i]] = dim
            stack.extend((a, tuple(inner[i] for i in s), exponent) for a, s in reversed(list(zip(operand.args, operand.subscripts, strict=True))))
        elif isinstance(operand, Power) and isinstance(operand.exponent, Number) and operand.exponent.value.denominator == 1 and _opens(operand.base):
            stack.append((operand.base, indices, exponent * int(operand.exponent.value)))
        else:
            term.factors.append((operand if exponent == 1 else raised(operand, Fraction(exponent)), indices))
    return term


def _opens(base: Tree) -> bool:
    """Whether base**n is a product of powers."""
    return isinstance(base, (Number, Power)) or (isinstance(base, Contraction) and not _sums(base))


def _sums(node: Contraction) -> bool:
    return len(node.dims) != len(set(node.output))


def raised(base: Tree, exponent: Fraction, decimal: bool = False) -> Tree:
    """base**exponent in normal form, for a number as exponent."""
    if exponent == 1:
        return base
    return _power(power(base, number(exponent, decimal)))  # type: ignore[arg-type]


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
    sums = sum(isinstance(split_power(t)[0], Sum) for t, _ in term.factors)
    groups: dict[tuple[Any, Indices], list[tuple[int, Tree]]] = {}
    for k, (tree, indices) in enumerate(term.factors):
        base, exponent = split_power(tree)
        if isinstance(tree, Identity):
            continue
        key = tuple(sorted(indices)) if len(indices) == 2 and is_symmetric(base) else indices
        groups.setdefault((invariant(base)[1] if sums > 1 and isinstance(base, Sum) else base, key), []).append((k, exponent))
    for members in groups.values():
        base = split_power(term.factors[members[0][0]][0])[0]
        if len(members) > 1 and isinstance(base, Sum) and not _same_sign(term, members, base):
            continue
        onehot = isinstance(base, Leaf) and "onehot" in base.facts
        if len(members) == 1 and not (onehot and _is_number_above_one(members[0][1])):
            continue
        exponent = ONE if onehot and all(isinstance(e, Number) and e.value > 0 for _, e in members) else _sum_exponents([e for _, e in members])
        first = members[0][0]
        indices = term.factors[first][1]
        if isinstance(exponent, Number) and exponent.value == 0:
            replaced: list[tuple[Tree, Indices]] = []
        elif isinstance(exponent, Number):
            replaced = [(raised(base, exponent.value, exponent.decimal), indices)]
        else:
            replaced = [(power(base, exponent), indices)]
        dropped = {k for k, _ in members[1:]}
        term.factors = [f for k, factor in enumerate(term.factors) if k not in dropped for f in (replaced if k == first else [factor])]
        return True
    return False


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


def split_power(tree: Tree) -> tuple[Tree, Tree]:
    """(base, exponent); what is not a power is its own first power."""
    return (tree.base, tree.exponent) if isinstance(tree, Power) else (tree, ONE)


def _is_number_above_one(tree: Tree) -> bool:
    return isinstance(tree, Number) and tree.value > 1


def _sum_exponents(exponents: list[Tree]) -> Tree:
    if all(isinstance(e, Number) for e in exponents):
        return number(sum((e.value for e in exponents), Fraction(0)), any(e.decimal for e in exponents))  # type: ignore[attr-defined]
    return collect(add(exponents))


def is_symmetric(tree: Tree) -> bool:
    """Whether a square matrix is known to equal its transpose."""
    if isinstance(tree, Leaf):
        return bool(tree.facts & {"symmetric", "spd", "diagonal", "symmetric_entries", "diagonal_entries"})
    if isinstance(tree, Operation) and tree.operation.name in ("inv", "expm", "pinv", "sinm", "cosm"):
        return is_symmetric(tree.args[0])
    if isinstance(tree, (Identity,)):
        return True
    if isinstance(tree, Apply):
        return len(tree.shape) == 2 and all(is_symmetric(a) or not a.shape for a in tree.args)
    if isinstance(tree, Power):
        return is_symmetric(tree.base) and not tree.exponent.shape
    if isinstance(tree, Sum):
        return len(tree.shape) == 2 and tree.shape[0] == tree.shape[1] and _same_terms(tree, [_flipped(t) for t in tree.args])
    if isinstance(tree, Contraction) and len(tree.output) == 2 and tree.dims[tree.output[0]] == tree.dims[tree.output[1]]:
        return canonical(_plain(tree)) == canonical(_plain(_flipped(tree)))
    return False


def _flipped(tree: Tree) -> Tree:
    """The transpose of a matrix, one level deep."""
    if isinstance(tree, Contraction):
        return contract(tree.args, tree.subscripts, tree.output[::-1], dict(enumerate(tree.dims)))
    return contract([tree], [(0, 1)], (1, 0))


def _same_terms(tree: Sum, others: list[Tree]) -> bool:
    return sorted(repr(canonical(_plain(t))) for t in tree.args) == sorted(repr(canonical(_plain(t))) for t in others)


def _plain(node: Tree) -> Term:
    """A tree as a term, as it stands."""
    if not isinstance(node, Contraction):
        indices = tuple(range(len(node.shape)))
        return Term(factors=[(node, indices)], output=indices, dims=dict(enumerate(node.shape)))
    factors = [(a, s) for a, s in zip(node.args, node.subscripts, strict=True)]
    return Term(factors=factors, output=node.output, dims=dict(enumerate(node.dims)))


def _use_facts(term: Term) -> bool:
    for k, (tree, indices) in enumerate(term.factors):
        if isinstance(tree, Leaf) and tree.facts:
            last = indices[-1] if indices else None
            if tree.facts & {"onehot", "probability"} and last is not None and last not in term.output and len(term.users(last)) == 1 and indices.count(last) == 1:
                del term.factors[k]  # a probability vector sums to one
                del term.dims[last]
                return True
            if "orthogonal" in tree.facts and _contract_pair(term, k, lambda other, t=tree: other is t, same_side=True):
                return True
        if isinstance(tree, Operation) and tree.operation.name == "softmax":
            along = indices[tree.parameters[0]]
            if along not in term.output and len(term.users(along)) == 1 and indices.count(along) == 1 and len(indices) == 1:
                del term.factors[k]
                del term.dims[along]
                return True
        if isinstance(tree, Operation) and tree.operation.name == "inv" and _contract_pair(term, k, lambda other, t=tree: other is t.args[0], same_side=False):
            return True
    return False


def _contract_pair(term: Term, k: int, matches: Callable[[Tree], bool], same_side: bool) -> bool:
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
        if not matches(partner) or theirs.count(index) != 1 or len(theirs) != 2:
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
    """-(a - b)*c is (b - a)*c."""
    if term.coefficient != -1:
        return
    for k, (tree, indices) in enumerate(term.factors):
        if isinstance(tree, Sum) and any(_coefficient(t) < 0 for t in tree.args):
            term.factors[k] = (negated(tree), indices)
            term.coefficient = Fraction(1)
            return


def negated(tree: Tree) -> Tree:
    """-tree, into the terms of a sum."""
    if isinstance(tree, Sum):
        return add([negated(t) for t in tree.args])
    if isinstance(tree, Number):
        return number(-tree.value, tree.decimal)
    if isinstance(tree, Contraction) and isinstance(tree.args[0], Number):
        first = tree.args[0]
        if first.value == -1 and len(tree.args) > 1:
            return contract(tree.args[1:], tree.subscripts[1:], tree.output, dict(enumerate(tree.dims)))
        return rebuild(tree, (number(-first.value, first.decimal), *tree.args[1:]))
    if isinstance(tree, Contraction):
        dims = dict(enumerate(tree.dims))
        return contract([number(-1), *tree.args], [(), *tree.subscripts], tree.output, dims)
    indices = tuple(range(len(tree.shape)))
    return contract([number(-1), tree], [(), indices], indices)


def _coefficient(tree: Tree) -> Fraction:
    if isinstance(tree, Number):
        return tree.value
    if isinstance(tree, Contraction) and isinstance(tree.args[0], Number):
        return tree.args[0].value
    return Fraction(1)


def _distribute_deltas(node: Contraction, memo: dict[Tree, Tree] | None, polish: Callable[[Tree], Tree] | None) -> Tree | None:
    """A sum with an identity matrix among its terms is multiplied out where a product runs over it: (A + c*I) @ x."""
    term = _flatten(node)
    for k, (tree, indices) in enumerate(term.factors):
        if not isinstance(tree, Sum) or all(i in term.output for i in indices):
            continue
        if not any(_delta_over(t, indices, term) for t in tree.args):
            continue
        pieces = []
        for t in tree.args:
            factors = [*term.factors[:k], (t, indices), *term.factors[k + 1 :]]
            pieces.append(tree_of(Term(term.coefficient, term.decimal, factors, term.output, dict(term.dims))))
        return normal(add(pieces), None, polish)
    return None


def _delta_over(tree: Tree, indices: Indices, term: Term) -> bool:
    """Whether a summand holds an identity over an index that is summed outside."""
    if isinstance(tree, Identity):
        return any(i not in term.output for i in indices)
    if isinstance(tree, Contraction):
        outer = dict(zip(tree.output, indices, strict=True))
        for a, s in zip(tree.args, tree.subscripts, strict=True):
            if isinstance(a, Identity) and any(i in outer and outer[i] not in term.output for i in s):
                return True
    return False


# ---------------------------------------------------------------- sums


_INVARIANTS: dict[Tree, tuple[int, bytes]] = {}


def invariant(tree: Tree) -> tuple[int, bytes]:
    """A sign and a key that do not depend on the order of terms and factors: a - b and -b + a share both, b - a the key."""
    known = _INVARIANTS.get(tree)
    if known is not None:
        return known
    if len(_INVARIANTS) > 100_000:
        _INVARIANTS.clear()
    for node in postorder(tree):
        if node not in _INVARIANTS:
            _INVARIANTS[node] = _invariant(node)
    return _INVARIANTS[tree]


def _invariant(node: Tree) -> tuple[int, bytes]:
    if isinstance(node, Sum):
        terms = sorted((repr(key), value) for key, value in map(_keyed, node.args))
        sign = -1 if terms[0][1] < 0 else 1
        return sign, _fingerprint("sum", node.shape, [(k, str(v * sign)) for k, v in terms])
    if isinstance(node, Contraction):
        key, value = _keyed(node)
        return (-1 if value < 0 else 1), _fingerprint("product", key, str(abs(value)))
    if isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value.denominator == 1:
        sign, key = _INVARIANTS[node.base]
        return (sign if node.exponent.value % 2 else 1), _fingerprint("power", key, str(node.exponent.value))
    if not node.args:
        return 1, node.digest
    return 1, _fingerprint(type(node).__name__, node.shape, repr(node.data), [_INVARIANTS[a] for a in node.args])


def _fingerprint(*parts: Any) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=12).digest()


def _keyed(tree: Tree) -> tuple[Any, Fraction]:
    """A term as an order-free key and its coefficient, the signs of its factors included."""
    if isinstance(tree, Number):
        return "number", tree.value
    term = _plain(tree)
    value = Fraction(1)
    if isinstance(tree, Contraction) and isinstance(tree.args[0], Number):
        value = tree.args[0].value
        term.factors = term.factors[1:]
    for factor, _ in term.factors:
        value *= invariant(factor)[0]
    return (canonical(term) if term.factors else ("ones", tree.shape)), value


def canonical(term: Term) -> tuple[Any, ...]:
    """A key of the einsum without its coefficient: equal keys, equal values up to sign. Order of factors and names of indices do not matter."""
    colors: dict[int, Any] = {}
    for i, dim in term.dims.items():
        colors[i] = (str(dim), tuple(k for k, o in enumerate(term.output) if o == i))
    if len(term.factors) > 1 or any(len(s) > 1 for _, s in term.factors):
        for _ in range(2):
            signatures = [_signature(t, s, colors) for t, s in term.factors]
            colors = {
                i: hash((c, tuple(sorted(hash((signatures[k], *_places(term.factors[k], i))) for k in range(len(signatures)) if i in term.factors[k][1]))))
                for i, c in colors.items()
            }
    ordered = sorted(range(len(term.factors)), key=lambda k: (invariant(term.factors[k][0])[1], _signature(*term.factors[k], colors)))
    names: dict[int, int] = {i: _OUTPUT + k for k, i in enumerate(term.output)}
    key = []
    for k in ordered:
        tree, indices = term.factors[k]
        if len(indices) == 2 and is_symmetric(tree):
            indices = tuple(sorted(indices, key=lambda i: (i not in names, names.get(i, 0), str(colors[i]))))
        key.append((invariant(tree)[1], tuple(names.setdefault(i, len(names)) for i in indices)))
    return (tuple(key), tuple(str(term.dims[i]) for i in term.output))


def _signature(tree: Tree, indices: Indices, colors: dict[int, Any]) -> int:
    seen = [hash(colors[i]) for i in indices]
    if len(seen) == 2 and is_symmetric(tree):
        seen.sort()
    return hash((invariant(tree)[1], tuple(seen), tuple(indices.index(i) for i in indices)))


def _places(factor: tuple[Tree, Indices], index: int) -> tuple[int, ...]:
    tree, indices = factor
    if len(indices) == 2 and is_symmetric(tree):
        return (0,)
    return tuple(k for k, i in enumerate(indices) if i == index)


def summands(tree: Tree) -> Iterable[Tree]:
    """The terms of a sum, nested sums opened, a number in front of a bracket carried inside."""
    stack = [tree]
    while stack:
        t = stack.pop()
        if isinstance(t, Sum):
            stack.extend(reversed(t.args))
        elif isinstance(t, Contraction) and len(t.args) == 2 and isinstance(t.args[0], Number) and isinstance(t.args[1], Sum) and t.subscripts[1] == t.output:
            factor = t.args[0]
            stack.extend(scaled(s, factor.value, factor.decimal) for s in reversed(t.args[1].args))
        else:
            yield t


def scaled(tree: Tree, value: Fraction, decimal: bool = False) -> Tree:
    """value*tree, the number merged into the coefficient of one term."""
    if isinstance(tree, Number):
        return number(tree.value * value, tree.decimal or decimal)
    if isinstance(tree, Contraction) and isinstance(tree.args[0], Number):
        merged = tree.args[0].value * value
        if merged == 1 and len(tree.args) > 1:
            return contract(tree.args[1:], tree.subscripts[1:], tree.output, dict(enumerate(tree.dims)))
        return rebuild(tree, (number(merged, tree.args[0].decimal or decimal), *tree.args[1:]))
    if value == 1:
        return tree
    if isinstance(tree, Contraction):
        return contract([number(value, decimal), *tree.args], [(), *tree.subscripts], tree.output, dict(enumerate(tree.dims)))
    indices = tuple(range(len(tree.shape)))
    return contract([number(value, decimal), tree], [(), indices], indices)


def collect(tree: Tree) -> Tree:
    """A sum with like terms collected, zeros dropped and a common coefficient in front."""
    groups: dict[Any, list[Any]] = {}
    for t in summands(tree):
        key, value = _keyed(t)
        if value == 0:
            continue
        decimal = _is_decimal(t)
        if key in groups:
            groups[key][0] += value
            groups[key][1] |= decimal
        else:
            groups[key] = [value, decimal, t, value]
    terms = []
    for value, decimal, body, mine in groups.values():
        if value != 0:
            terms.append(number(value, decimal) if isinstance(body, Number) else scaled(body, value / mine, decimal))
    if not terms:
        return zeros(tree.shape)
    return _turned(content(terms))


def _is_decimal(tree: Tree) -> bool:
    first = tree.args[0] if isinstance(tree, Contraction) else tree
    return isinstance(first, Number) and first.decimal


def _turned(tree: Tree) -> Tree:
    """A sum of transposes is the transpose of a sum."""
    inner = tree.args[-1] if isinstance(tree, Contraction) and isinstance(tree.args[-1], Sum) else tree
    if not isinstance(inner, Sum) or len(inner.shape) != 2 or not all(_reads_transposed(t) for t in inner.args):
        return tree
    straight = add([_flipped(t) for t in inner.args])
    turned = contract([straight], [(0, 1)], (1, 0))
    return turned if inner is tree else tree_of(_normalise(contract([tree.args[0], turned], [(), (0, 1)], (0, 1))))  # type: ignore[arg-type]


def _reads_transposed(tree: Tree) -> bool:
    """Whether every matrix of a product of entries stands transposed."""
    if not isinstance(tree, Contraction) or len(tree.output) != 2:
        return False
    matrices = [s for s in tree.subscripts if len(s) == 2 and set(s) == set(tree.output)]
    return bool(matrices) and all(s == tree.output[::-1] for s in matrices)


def content(terms: list[Tree]) -> Tree:
    """The sum of terms; where all coefficients have one size other than 1 it stands in front."""
    sizes = {abs(_coefficient(t)) for t in terms}
    if len(terms) > 1 and len(sizes) == 1 and not any(isinstance(t, Number) for t in terms):
        common = sizes.pop()
        negative = all(_coefficient(t) < 0 for t in terms)
        if common != 1 or negative:
            decimal = any(isinstance(t, Contraction) and isinstance(t.args[0], Number) and t.args[0].decimal for t in terms)
            factor = -common if negative else common
            inner = add([scaled(t, 1 / factor) for t in terms])
            indices = tuple(range(len(inner.shape)))
            return contract([number(factor, decimal), inner], [(), indices], indices)
    return add(terms)


# ---------------------------------------------------------------- powers and functions


def _power(node: Power) -> Tree:
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
    if isinstance(base, Leaf) and "onehot" in base.facts and value > 0:
        return base
    if isinstance(base, Contraction) and value.denominator == 1 and not _sums(base):
        return tree_of(_normalise(contract([node], [tuple(range(len(node.shape)))], tuple(range(len(node.shape)))) if not isinstance(node, Power) else _as_contraction(node)))
    if isinstance(base, Contraction) and len(base.args) > 1 and isinstance(base.args[0], Number) and base.args[0].value > 0 and _perfect(base.args[0].value, value):
        inner = scaled(base, 1 / base.args[0].value)
        return scaled(raised(inner, value), _exact_root(base.args[0].value, value))
    if isinstance(base, Sum) and value.denominator == 1 and value % 2 == 0 and all(_coefficient(t) < 0 for t in base.args):
        return raised(negated(base), value)
    return node


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
        return getattr(tree.function, "name", "") in ("exp", "sigmoid", "cosh", "softplus", "exp2")
    if isinstance(tree, (Sum, Contraction)):
        return all(is_positive(a) for a in tree.args)
    return False


def _perfect(value: Fraction, exponent: Fraction) -> bool:
    return exponent.denominator == 2 and all(int(abs(n) ** 0.5 + 0.5) ** 2 == n for n in (value.numerator, value.denominator))


def _exact_root(value: Fraction, exponent: Fraction) -> Fraction:
    root = Fraction(int(value.numerator**0.5 + 0.5), int(value.denominator**0.5 + 0.5))
    return Fraction(root ** int(exponent * 2))


def _apply(node: Apply) -> Tree:
    """f(A.T) is f(A).T: a function of one argument goes inside transposes and broadcasts."""
    if len(node.args) == 1 and isinstance(node.args[0], Contraction):
        inner = node.args[0]
        if len(inner.args) == 1 and not isinstance(inner.args[0], Number) and not _sums(inner) and len(set(inner.subscripts[0])) == len(inner.subscripts[0]):
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


def is_zero(tree: Tree) -> bool:
    """Whether a normalised tree is identically zero."""
    return tree is ZERO or (isinstance(tree, Contraction) and len(tree.args) == 1 and tree.args[0] is ZERO)
