"""Common factors of the terms of a sum: A @ x + A.T @ x is (A + A.T) @ x."""

from __future__ import annotations

from collections.abc import Iterator

from symchain.rewriting.rows import Row, Use, each
from symchain.tensors.nodes import Contraction, Identity, Number, Sum, Tree, add
from symchain.tensors.products import normal_product, raised, term_of, tree_of
from symchain.tensors.sums import collect
from symchain.tensors.terms import Term, factors_of, invariant, split_power

_TERMS = 12
"""Sums of more terms are left as they are: factoring looks at pairs."""


def factored(tree: Sum) -> Iterator[Tree]:
    """The sum with a factor that several terms share taken out: A @ x + A.T @ x is (A + A.T) @ x."""
    if len(tree.args) > _TERMS or not _shares_a_base(tree):
        return
    terms = _alike([term_of(t) for t in tree.args])
    shared: dict[tuple[object, ...], list[tuple[int, int]]] = {}
    for n, term in enumerate(terms):
        for k, (factor, _) in enumerate(term.factors):
            shared.setdefault((split_power(factor)[0].digest, *_signature(term, k)), []).append((n, k))
    for members in shared.values():
        chosen: dict[int, int] = {}
        for n, k in members:
            chosen.setdefault(n, k)
        if len(chosen) > 1 and (taken := _take_out(tree, terms, chosen)) is not None:
            yield taken


def _alike(terms: list[Term]) -> list[Term]:
    """The terms with every difference among their factors written one way: in (a - b)*h + (b - a)*g it is the same."""
    seen: dict[bytes, tuple[int, Tree]] = {}
    for term in terms:
        for k, (factor, indices) in enumerate(term.factors):
            base, exponent = split_power(factor)
            if not isinstance(base, Sum) or not isinstance(exponent, Number) or exponent.value.denominator != 1:
                continue
            sign, key = invariant(base)
            first, written = seen.setdefault(key, (sign, base))
            if sign != first:
                term.factors[k] = (raised(written, exponent.value), indices)
                term.coefficient *= (-1) ** int(exponent.value % 2)
    return terms


def _shares_a_base(tree: Sum) -> bool:
    return _shares_a_name(tree) and _repeats_a_base(tree)


def _shares_a_name(tree: Sum) -> bool:
    """Whether some name stands in two terms, or may: what is no number and yet has no name counts as every name."""
    seen = 0
    for t in tree.args:
        mine = 0
        for f in factors_of(t):
            if not isinstance(f, Number):
                mine |= f.names or -1
        if mine & seen:
            return True
        seen |= mine
    return False


def _repeats_a_base(tree: Sum) -> bool:
    seen: set[Tree] = set()
    for t in tree.args:
        bases = {split_power(f)[0] for f in factors_of(t) if not isinstance(f, Number)}
        if bases & seen:
            return True
        seen |= bases
    return False


def _signature(term: Term, k: int) -> tuple[object, ...]:
    """How a factor is attached: per axis the output axis it is, or a link to the rest, or alone; and which axes coincide."""
    indices = term.factors[k][1]
    links: dict[int, int] = {}
    key: list[object] = [tuple(indices.index(i) for i in indices)]
    for i in indices:
        if i in term.output:
            key.append(("out", term.output.index(i)))
        elif len(term.users(i)) > 1:
            key.append(("link", links.setdefault(i, len(links))))
        else:
            key.append(("alone", str(term.dims[i])))
    return tuple(key)


def _take_out(tree: Sum, terms: list[Term], chosen: dict[int, int]) -> Tree | None:
    first = next(iter(chosen))
    base, indices = split_power(terms[first].factors[chosen[first]][0])[0], terms[first].factors[chosen[first]][1]
    exponents = []
    for n, k in chosen.items():
        exponent = split_power(terms[n].factors[k][0])[1]
        if not isinstance(exponent, Number):
            return None
        exponents.append(exponent.value)
    common = min(exponents, key=abs) if all(e > 0 for e in exponents) or all(e < 0 for e in exponents) else None
    if common is None:
        return None
    links = [i for i in dict.fromkeys(indices) if i not in terms[first].output and len(terms[first].users(i)) > 1]
    used_outputs = _needed_outputs(terms, chosen, [e != common for e in exponents])
    ranks = [len(s) for n, k in chosen.items() for m, (_, s) in enumerate(terms[n].factors) if m != k]
    if len(used_outputs) + len(links) > max(len(tree.shape), *ranks, 0):
        return None  # a tensor of higher rank than anything here
    if len(used_outputs) + len(links) > len(tree.shape) and any(sum(bool(s) for _, s in terms[n].factors) > 2 for n in chosen):
        return None  # (A + A.T) @ x, but W.T @ (d*s) + U.T @ (d*t) stays
    rests: list[Tree] = []
    for n, k in chosen.items():
        term = terms[n]
        mine = term.factors[k][1]
        my_links = [i for i in dict.fromkeys(mine) if i not in term.output and len(term.users(i)) > 1]
        factors = [f for m, f in enumerate(term.factors) if m != k]
        left = exponents[list(chosen).index(n)] - common
        if left and any(i not in term.output and len(term.users(i)) == 1 for i in mine):
            return None  # an axis summed in this factor alone: x @ x is not sum(x)*sum(x)
        if left:
            factors.insert(0, (raised(base, left), mine))
        output = (*(term.output[p] for p in used_outputs), *my_links)
        dims = {i: term.dims[i] for i in {*output, *(i for _, s in factors for i in s)}}
        rests.append(tree_of(Term(term.coefficient, term.decimal, factors, output, dims)))
    if base.shape and any(_has_identity(rest) for rest in rests):
        return None  # diag(p) - outer(p, p) is how it is written
    inner = collect(add(rests))
    outer = terms[first]
    inner_indices = (*(outer.output[p] for p in used_outputs), *links)
    dims = {i: outer.dims[i] for i in {*outer.output, *indices, *inner_indices}}
    first_in_order = _leads(terms, chosen)
    pair = [(raised(base, common), indices), (inner, inner_indices)]
    whole = normal_product(Term(factors=pair if first_in_order else pair[::-1], output=outer.output, dims=dims))
    others = [t for n, t in enumerate(tree.args) if n not in chosen]
    if not others:
        return whole
    place = min(chosen)
    kept: list[Tree] = [t for n, t in enumerate(tree.args) if n < place and n not in chosen]
    after = [t for n, t in enumerate(tree.args) if n > place and n not in chosen]
    return collect(add([*kept, whole, *after]))


def _has_identity(tree: Tree) -> bool:
    return isinstance(tree, Identity) or (isinstance(tree, Contraction) and any(isinstance(a, Identity) for a in tree.args))


def _leads(terms: list[Term], chosen: dict[int, int]) -> bool:
    """Whether the common factor stands before the rest in the first term: chain order is kept."""
    n, k = next(iter(chosen.items()))
    return k == 0 or len(terms[n].factors) == 1


def _needed_outputs(terms: list[Term], chosen: dict[int, int], leaves_some: list[bool]) -> list[int]:
    """The output axes that some rest still carries: other factors, or what is left of a higher power."""
    needed = set()
    for (n, k), left in zip(chosen.items(), leaves_some, strict=True):
        term = terms[n]
        for m, (_, s) in enumerate(term.factors):
            if m != k or left:
                needed |= {p for p, i in enumerate(term.output) if i in s}
    return sorted(needed)


ROWS = (
    Row(
        "a common factor", Use.PRINT, search=each(factored), node=Sum, step="factor", priority=-5, inside=-20,
        reason="what terms have in common is searched for", fires="x*a + y*a", spares="x*a + y*b",
    ),
)  # fmt: skip
