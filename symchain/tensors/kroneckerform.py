"""The vec layout: Jacobians of and by matrices as sums of Kronecker products.

vec stacks the columns of a matrix, and d vec(F)/d vec(X).T has a row for each entry of F and a column for each entry of X. The
derivative F + X has entries J[i,j,k,l]; where these are products of one matrix over (j, l) and one over (i, k), as for A @ X @ B, the
layout is kron(B.T, A). Over (i, l) and (j, k), as for X.T, a commutation matrix follows: commutation(m, n) @ vec(X) is vec(X.T)
(Magnus and Neudecker 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from symchain.errors import UnsupportedError
from symchain.support.dimensions import Dim, show
from symchain.support.notation import Phrase, call, negate
from symchain.support.notation import number as literal
from symchain.tensors.algebra import normal
from symchain.tensors.indexform import added
from symchain.tensors.indexgraph import COLON, NEW, dimension, product, transposed
from symchain.tensors.matrixform import phrase_of, rational
from symchain.tensors.nodes import ONE, Contraction, Identity, Number, Sum, Tree, add, contract
from symchain.tensors.sums import summands

TERMS = 64
"""Brackets are multiplied out up to this many terms."""

_I, _J, _K, _L = "ijkl"


def kronecker_of(tree: Tree, rows: int) -> Phrase:
    """The Jacobian in vec layout, the first `rows` axes of the tree being those of the function.

    Raises UnsupportedError where the tree is not a sum of Kronecker products.
    """
    columns = len(tree.shape) - rows
    if rows > 2 or columns > 2:
        raise UnsupportedError(
            f"the vec layout is for vectors and matrices, not for a derivative of shape {show(tree.shape)}", advice=_ADVICE
        )
    if rows < 2 and columns < 2:
        flat = phrase_of(tree)
        return Phrase("transpose", (flat,)) if rows == 0 and columns == 1 else flat
    if rows == 0:
        return Phrase("transpose", (vec(phrase_of(tree)),))
    if columns == 0:
        return vec(phrase_of(tree))
    axes = (_I, _J)[:rows] + (_K, _L)[:columns]
    return added([_term(t, axes) for t in _terms(tree, axes)])


_ADVICE = 'Use notation="index", which writes every derivative entry by entry.'


def vec(matrix: Phrase) -> Phrase:
    return call("vec", matrix)


# ---------------------------------------------------------------- terms


@dataclass(slots=True)
class _Product:
    """A product of factors over the letters i, j (of F), k, l (of X) and summed ones."""

    factors: list[tuple[Tree, tuple[str, ...]]]
    dims: dict[str, Dim]
    groups: dict[str, list[tuple[Tree, tuple[str, ...]]]] = field(default_factory=dict)


def _terms(tree: Tree, axes: Sequence[str]) -> list[_Product]:
    """The summands; a bracket that ties together what a Kronecker product keeps apart is multiplied out."""
    waiting = list(summands(tree))[::-1]
    found: list[_Product] = []
    while waiting:
        t = waiting.pop()
        term = _product_of(t, axes)
        tied = _tied(term, axes)
        opened = None if tied is None else _opened(t, tied)
        if opened is None:
            found.append(term)
        else:
            waiting += reversed(list(summands(normal(opened))))
        if len(found) + len(waiting) > TERMS:
            raise UnsupportedError(f"this derivative has more than {TERMS} Kronecker products", advice=_ADVICE)
    return found


def _product_of(tree: Tree, axes: Sequence[str]) -> _Product:
    if not isinstance(tree, Contraction):
        return _Product([(tree, tuple(axes))], dict(zip(axes, tree.shape, strict=True)))
    names: dict[int, str] = {}
    for index, letter in zip(tree.output, axes, strict=True):
        names.setdefault(index, letter)
    for index in range(len(tree.dims)):
        names.setdefault(index, f"s{index}")
    factors = [(a, tuple(names[i] for i in s)) for a, s in zip(tree.args, tree.subscripts, strict=True)]
    return _Product(factors, {names[i]: d for i, d in enumerate(tree.dims)})


_GROUPS = {
    frozenset(s): s for s in ("", _I, _J, _K, _L, _I + _J, _K + _L, _I + _K, _J + _L, _I + _L, _J + _K)
}  # fmt: skip


def _tied(term: _Product, axes: Sequence[str]) -> int | None:
    """Sort the factors into groups that share no index but i, j, k, l; the position of a sum that is in no group, if any."""
    parent = list(range(len(term.factors)))

    def root(k: int) -> int:
        while parent[k] != k:
            k = parent[k]
        return k

    seen: dict[str, int] = {}
    for k, (_, s) in enumerate(term.factors):
        for letter in s:
            if letter not in axes:
                parent[root(k)] = root(seen.setdefault(letter, k))
    together: dict[int, list[int]] = {}
    for k in range(len(term.factors)):
        together.setdefault(root(k), []).append(k)
    term.groups = {}
    for members in together.values():
        free = frozenset(i for k in members for i in term.factors[k][1] if i in axes)
        if free not in _GROUPS:
            term.groups = {}
            return next((k for k in members if isinstance(term.factors[k][0], Sum)), -1)
        term.groups.setdefault(_GROUPS[free], []).extend(term.factors[k] for k in members)
    return None


def _opened(tree: Tree, at: int) -> Tree | None:
    """The product multiplied out over one of its sums."""
    if at < 0 or not isinstance(tree, Contraction):
        return None
    bracket = tree.args[at]
    dims = dict(enumerate(tree.dims))
    return add([contract([*tree.args[:at], t, *tree.args[at + 1 :]], tree.subscripts, tree.output, dims) for t in bracket.args])


def _term(term: _Product, axes: Sequence[str]) -> Phrase:
    straight = any(g in term.groups for g in (_I + _K, _J + _L))
    crossed = any(g in term.groups for g in (_I + _L, _J + _K))
    if not term.groups or (straight and crossed):
        raise UnsupportedError("this derivative is not a sum of Kronecker products in the vec layout", advice=_ADVICE)
    value, decimal = Fraction(1), False
    scalars: list[tuple[Tree, tuple[str, ...]]] = []
    for factor, s in term.groups.get("", []):
        if isinstance(factor, Number):
            value, decimal = value * factor.value, decimal or factor.decimal
        else:
            scalars.append((factor, s))
    middle = _coupled(term, axes, crossed) if straight or crossed else _rank_one(term, axes)
    over: list[Phrase] = [] if abs(value) == 1 else [rational(abs(value), decimal)]
    if scalars:
        over.append(phrase_of(_tree(scalars, (), term)))
    whole = product([*over, middle], []) if over else middle
    return negate(whole) if value < 0 else whole


def _tree(factors: Sequence[tuple[Tree, tuple[str, ...]]], output: Sequence[str], term: _Product) -> Tree:
    used = {i for _, s in factors for i in s}
    loose = {i: term.dims[i] for i in output if i not in used}
    if not factors:
        return contract([ONE], [()], tuple(output), loose)
    return normal(contract([t for t, _ in factors], [s for _, s in factors], tuple(output), loose))


def _over(term: _Product, first: str, second: str, axes: Sequence[str]) -> tuple[Tree, tuple[str, ...]]:
    """The product of what stands over one index of F and one of X."""
    wanted = tuple(i for i in (first, second) if i in axes)
    factors = [f for g in (first + second, first, second) for f in term.groups.get(g, [])]
    return _tree(factors, wanted, term), wanted


def _coupled(term: _Product, axes: Sequence[str], crossed: bool) -> Phrase:
    """diag(vec(S)) @ kron(P, Q) @ diag(vec(T))."""
    if not crossed:
        outer, inner = _over(term, _J, _L, axes), _over(term, _I, _K, axes)
    else:
        outer, inner = _over(term, _J, _K, axes), _over(term, _I, _L, axes)
        if _J not in axes:  # for a vector of rows i, kron(R, s.T) needs no commutation
            outer, inner = inner, outer
    left, right = term.groups.get(_I + _J), term.groups.get(_K + _L)
    chain: list[Phrase] = []
    if left:
        chain.append(call("diag", vec(phrase_of(_tree(left, (_I, _J), term)))))
    identities = isinstance(outer[0], Identity) and isinstance(inner[0], Identity)
    if not (identities and (left or right or (crossed and len(axes) == 4))):
        if identities and not crossed:
            size = product([dimension(outer[0].shape[0]), dimension(inner[0].shape[0])], [])
            if isinstance(outer[0].shape[0], int) and isinstance(inner[0].shape[0], int):
                size = literal(outer[0].shape[0] * inner[0].shape[0])
            chain.append(call("eye", size))
        else:
            chain.append(call("kron", _side(*outer), _side(*inner)))
    if crossed and len(axes) == 4:
        chain.append(call("commutation", dimension(term.dims[_K]), dimension(term.dims[_L])))
    if right:
        chain.append(call("diag", vec(phrase_of(_tree(right, (_K, _L), term)))))
    return chain[0] if len(chain) == 1 else Phrase("matmul", tuple(chain))


def _side(tree: Tree, letters: tuple[str, ...]) -> Phrase:
    """A side of a Kronecker product: a matrix, a column (over an index of F), or a row (over an index of X)."""
    phrase = phrase_of(tree)
    if len(letters) == 2:
        return phrase
    return Phrase("index", (phrase, COLON, NEW)) if letters[0] in (_I, _J) else transposed(phrase)


def _rank_one(term: _Product, axes: Sequence[str]) -> Phrase:
    """What does not tie F to X: outer(vec(A), vec(B))."""
    rows = tuple(i for i in axes if i in (_I, _J))
    columns = tuple(i for i in axes if i in (_K, _L))
    sides = []
    for letters in (rows, columns):
        factors = [f for g, fs in term.groups.items() if g and set(g) <= set(letters) for f in fs]
        flat = phrase_of(_tree(factors, letters, term))
        sides.append(vec(flat) if len(letters) == 2 else flat)
    return call("outer", *sides)
