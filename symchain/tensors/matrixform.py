"""The way back: from trees to how people write them.

Scalars keep the order of their factors. A Contraction is an einsum; `indexgraph` finds its matrix notation (X.T @ (p - y),
outer(delta, x), W.T @ delta * s), and where none exists einsum(...) is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from symchain.functions.spec import AbstractFunction
from symchain.support.notation import Phrase, call, name, negate, operations, primes_of, walk
from symchain.support.notation import number as literal
from symchain.tensors.indexgraph import Assembly, Piece, dimension, einsum, product
from symchain.tensors.memory import Table, table
from symchain.tensors.nodes import (
    MINUS_ONE,
    Apply,
    Compare,
    Constant,
    Contraction,
    Identity,
    Leaf,
    Number,
    Operation,
    Power,
    Size,
    Sum,
    Tree,
    Where,
    postorder,
)
from symchain.tensors.placing import side_by_side
from symchain.tensors.products import normalise, tree_of
from symchain.tensors.terms import is_symmetric

_HALF = Fraction(1, 2)


def phrase_of(tree: Tree) -> Phrase:
    """How a tree is written. Linear in the graph; a shared subtree is written at each use but built once.

    Most trees are asked for again, inside others: a formula is built step by step, and every step has its price.
    """
    memo = _WRITTEN.room()
    if tree not in memo:
        for node in postorder(tree, known=memo):
            if not isinstance(node, Number):
                memo[node] = _WRITERS[type(node)](node, memo)
    return memo[tree]


class _Phrases(dict[Tree, Phrase]):
    """The phrases of the parts of a tree; those of numbers, which products and powers write their own way, are made when asked for."""

    def __missing__(self, node: Tree) -> Phrase:
        phrase = self[node] = _WRITERS[type(node)](node, self)
        return phrase


_WRITTEN: Table[Tree, Phrase] = table("phrases", 50_000, _Phrases)


def rational(value: Fraction, decimal: bool) -> Phrase:
    """A number as it is written: 0.5, 1/2, -3; a decimal that does not end within 17 digits is a fraction."""
    over, under = abs(value.numerator), value.denominator
    phrase: Phrase
    text = _decimal_text(abs(value)) if decimal and under != 1 else None
    if text is not None:
        phrase = literal(text)
    elif under == 1:
        phrase = literal(over)
    else:
        phrase = Phrase("mul", (literal(over), Phrase("over", (literal(under),))))
    return negate(phrase) if value.numerator < 0 else phrase


def is_written_decimal(value: Fraction) -> bool:
    """Whether a number has a decimal spelling: it ends as a decimal, or one over it does."""
    return _decimal_text(abs(value)) is not None or _decimal_reciprocal(abs(value)) is not None


def _decimal_text(value: Fraction) -> str | None:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return None
    digits = 0
    while value.denominator != 1 and (value * 10**digits).denominator != 1 and digits < 340:
        digits += 1
    scaled = str(int(value * 10**digits))
    if not digits:
        return scaled if len(scaled) <= 17 else None
    if len(scaled) > 17:  # a product of long decimals: what a double holds of it
        return repr(float(value))
    if digits - len(scaled) > 3:  # 1e-6, not 0.000001
        mantissa = scaled[0] + ("." + scaled[1:] if len(scaled) > 1 else "")
        return f"{mantissa}e-{digits - len(scaled) + 1}"
    scaled = scaled.rjust(digits + 1, "0")
    return scaled[:-digits] + "." + scaled[-digits:]


def _decimal_reciprocal(value: Fraction) -> tuple[str, str] | None:
    """1/0.7 for 10/7: (over, under) where the reciprocal ends as a decimal."""
    over = value.numerator
    for prime in (2, 5):
        while over % prime == 0:
            over //= prime
    text = _decimal_text(over / value)
    return None if text is None or over > 999 else (str(over), text)


def _write_number(node: Any, memo: dict[Tree, Phrase]) -> Phrase:
    return rational(node.value, node.decimal)


def _write_name(node: Any, memo: dict[Tree, Phrase]) -> Phrase:
    return name(node.name)


def _write_size(node: Any, memo: dict[Tree, Phrase]) -> Phrase:
    return dimension(node.dim)


def _write_identity(node: Any, memo: dict[Tree, Phrase]) -> Phrase:
    return call("eye", dimension(node.shape[0]))


def _write_sum(node: Any, memo: dict[Tree, Phrase]) -> Phrase:
    full = node.shape and (any(not _broadcasts(t) for t in node.args) or _spread_out(node))
    parts, terms = side_by_side(node.args, memo)
    terms += [_write_contraction(t, memo, implicit=True) if full and _broadcasts(t) else memo[t] for t in parts]
    if len(terms) == 1:
        return terms[0]
    if terms[0].head == "neg":  # b - a rather than -a + b
        first = next((k for k, t in enumerate(terms) if t.head != "neg"), 0)
        terms.insert(0, terms.pop(first))
    return Phrase("add", tuple(q for t in terms for q in (t.parts if t.head == "add" else (t,))))


def _spread_out(node: Any) -> bool:
    """Whether terms that all repeat along some axis have all axes between them: x[:, None] - x."""
    carried = [{k for k, i in enumerate(t.output) if any(i in s for s in t.subscripts)} for t in node.args]
    return set().union(*carried) == set(range(len(node.shape)))


def _broadcasts(tree: Tree) -> bool:
    """Whether an output index is carried by no operand."""
    return isinstance(tree, Contraction) and not set(tree.output) <= {i for s in tree.subscripts for i in s}


def _power_parts(tree: Tree, memo: dict[Tree, Phrase]) -> tuple[list[Phrase], list[Phrase]]:
    """A factor as (over, under) phrases."""
    if isinstance(tree, Power) and isinstance(tree.exponent, Number):
        value = tree.exponent.value
        if value.numerator < 0:
            return [], [_raised(tree.base, -value, tree.exponent.decimal, memo)]
    return [memo[tree]], []


def _raised(base: Tree, value: Fraction, decimal: bool, memo: dict[Tree, Phrase]) -> Phrase:
    if value.denominator == 2 and (vector := _square_root_of(base)) is not None:
        root: Phrase = Phrase("call", (memo[vector],), "norm", tuple(axis_keyword(_summed_axes(base), len(vector.shape)).items()))
        return root if value.numerator == 1 else Phrase("pow", (root, literal(value.numerator)))
    if value == 1:
        return memo[base]
    if value == _HALF:
        return call("sqrt", memo[base])
    return Phrase("pow", (memo[base], rational(value, decimal)))


def _square_root_of(base: Tree) -> Tree | None:
    """The x of norm(x), when base is the sum of squares of x."""
    if not isinstance(base, Contraction) or not 1 <= len(base.subscripts[0]) == len(set(base.subscripts[0])) <= 2:
        return None
    if len(base.output) > 1 or len(base.dims) != len(base.subscripts[0]):
        return None
    a = base.args[0]
    if len(base.args) == 2:
        return a if a is base.args[1] and base.subscripts[0] == base.subscripts[1] else None
    if len(base.args) == 1 and isinstance(a, Power) and isinstance(a.exponent, Number) and a.exponent.value == 2:
        return a.base
    return None


def _summed_axes(node: Any) -> tuple[int, ...]:
    """The axes along which a product is summed, by the indices of its first operand."""
    return tuple(k for k, i in enumerate(node.subscripts[0]) if i not in node.output)


def _write_power(node: Any, memo: dict[Tree, Phrase]) -> Phrase:
    if isinstance(node.exponent, Number):
        value, decimal = node.exponent.value, node.exponent.decimal
        if value.numerator < 0:
            return product([], [_raised(node.base, -value, decimal, memo)])
        return _raised(node.base, value, decimal, memo)
    return Phrase("pow", (memo[node.base], memo[node.exponent]))


def _write_contraction(node: Any, memo: dict[Tree, Phrase], implicit: bool = False) -> Phrase:
    numbers = [a for a in node.args if isinstance(a, Number)]
    if not node.dims and (len(numbers) > 1 or (numbers and node.args[0] is not numbers[0])):
        return _write_as_it_stands(node, memo)
    if node.dims and any(
        isinstance(a, Identity) and not set(s) <= set(node.output) for a, s in zip(node.args, node.subscripts, strict=True)
    ):
        plain = tree_of(normalise(node))
        return phrase_of(plain)
    coefficient = Fraction(1)
    for n in numbers:
        coefficient *= n.value
    sign = coefficient.numerator < 0
    front, back = _coefficient(abs(coefficient), any(n.decimal for n in numbers)) if numbers else ([], [])
    if not node.dims:
        return _write_scalars(node, memo, sign, front, back)
    pieces: list[Piece] = []
    if front or back:
        pieces.append(Piece((), front, back))
    for position, (a, s) in enumerate(zip(node.args, node.subscripts, strict=True)):
        if isinstance(a, Number):
            continue
        if isinstance(a, Identity):
            pieces.append(Piece(s, [], [], position, delta=True))
        else:
            over, under = _power_parts(a, memo)
            negatives = sum(p.head == "neg" for p in over) if not s else 0
            sign ^= bool(negatives % 2)
            pieces.append(
                Piece(
                    s,
                    [p.parts[0] if p.head == "neg" and not s else p for p in over],
                    under,
                    position,
                    symmetric=len(s) == 2 and is_symmetric(a),
                )
            )
    sizes = [dimension(d) for d in node.dims]
    used = {i for s in node.subscripts for i in s} | set(node.output)
    pieces += [Piece((), [sizes[i]]) for i in range(len(node.dims)) if i not in used]
    if len(node.args) == len(numbers) and node.output and coefficient == 0:
        shape = sizes[node.output[0]] if len(node.output) == 1 else Phrase("tuple", tuple(sizes[i] for i in node.output))
        return literal(0) if implicit else call("zeros", shape)
    written = _assembled(pieces, node.output, sizes, implicit)
    if not implicit:
        others = [_assembled([*pieces, ones], node.output, sizes, False) for ones in _ones_between(pieces, node.output, sizes)]
        written = min([written, *others], key=_length)
    return negate(written) if sign else written


def _assembled(pieces: list[Piece], output: tuple[int, ...], sizes: list[Phrase], implicit: bool) -> Phrase:
    walk = Assembly([replace(p) for p in pieces], output, sizes)
    written = walk.run(implicit)
    return einsum([walk.coefficient, *walk.pieces], output, sizes) if written is None else written


def _ones_between(pieces: list[Piece], output: tuple[int, ...], sizes: list[Phrase]) -> Iterator[Piece]:
    """Matrices of ones that sum an index away and repeat along an axis of the output: A @ ones((n, k)) for sum(A, axis=1)[:, None]*..."""
    carried = [i for p in pieces for i in p.indices]
    repeated = [j for j in output if j not in carried]
    for p in pieces if repeated else ():
        for k in p.indices:
            if k not in output and carried.count(k) == 1 and not p.delta:
                for pair in (pair for j in repeated for pair in ((k, j), (j, k))):
                    yield Piece(pair, [call("ones", Phrase("tuple", tuple(sizes[i] for i in pair)))], [], len(pieces))


def _length(phrase: Phrase) -> tuple[int, int]:
    """Operations, then transposes."""
    return operations(phrase), sum(p.head == "transpose" for p in walk(phrase))


def _coefficient(value: Fraction, decimal: bool) -> tuple[list[Phrase], list[Phrase]]:
    """A number in front of a product, as (over, under)."""
    if value == 0:
        return [literal(0)], []
    if value == 1:
        return [], []
    text = _decimal_text(value) if decimal else None
    reciprocal = _decimal_reciprocal(value) if decimal and text is None else None
    if text is not None:
        return [literal(text)], []
    if reciprocal is not None:
        return ([literal(reciprocal[0])] if reciprocal[0] != "1" else []), [literal(reciprocal[1])]
    if value.numerator == 1:
        return [], [literal(value.denominator)]
    return [literal(value.numerator) if value.denominator == 1 else rational(value, False)], []


def _write_scalars(node: Any, memo: dict[Tree, Phrase], sign: bool, front: list[Phrase], back: list[Phrase]) -> Phrase:
    """A product of scalars, its sign and its number told apart."""
    above, below = list(front), list(back)
    for a in node.args:
        if not isinstance(a, Number):
            over, under = _power_parts(a, memo)
            sign ^= sum(p.head == "neg" for p in over) % 2 == 1
            above += [p.parts[0] if p.head == "neg" else p for p in over]
            below += under
    written = product(above, below)
    return negate(written) if sign else written


def _write_as_it_stands(node: Any, memo: dict[Tree, Phrase]) -> Phrase:
    """A product of scalars that was not simplified: 1/2*2*(a2 - y)*1."""
    factors: list[Phrase] = []
    signed = node.args[0] is MINUS_ONE and len(node.args) > 1
    for a in node.args[signed:]:
        over, under = _power_parts(a, memo)
        for p in over:
            factors += p.parts if p.head == "mul" else [p]
        factors += [Phrase("over", (p,)) for p in under]
    if factors[0].head == "over":
        factors.insert(0, literal(1))
    written = factors[0] if len(factors) == 1 else Phrase("mul", tuple(factors))
    return negate(written) if signed else written


def _write_apply(node: Any, memo: dict[Tree, Phrase]) -> Phrase:
    function = node.function
    primes = primes_of(node.orders) if isinstance(function, AbstractFunction) else 0
    return Phrase("call", _aligned(node, memo), function.name, (), primes)


def _aligned(node: Any, memo: dict[Tree, Phrase]) -> tuple[Phrase, ...]:
    """The operands of an elementwise node; what only repeats along axes is left to broadcasting where another operand has them."""
    if any(a.shape == node.shape and not _broadcasts(a) for a in node.args):
        return tuple(_write_contraction(a, memo, implicit=True) if _broadcasts(a) else memo[a] for a in node.args)
    return tuple(memo[a] for a in node.args)


def _write_compare(node: Any, memo: dict[Tree, Phrase]) -> Phrase:
    return Phrase("compare", _aligned(node, memo), node.operator)


def _write_where(node: Any, memo: dict[Tree, Phrase]) -> Phrase:
    return call("where", *_aligned(node, memo))


def axis_keyword(axes: Any, rank: int) -> dict[str, Phrase]:
    """axis=..., of one axis or a tuple of them; nothing where it goes without saying."""
    if isinstance(axes, int):
        return {"axis": literal(axes)} if rank > 1 else {}
    if len(axes) == rank:
        return {}
    return {"axis": literal(axes[0]) if len(axes) == 1 else Phrase("tuple", tuple(literal(k) for k in axes))}


def _write_operation(node: Any, memo: dict[Tree, Phrase]) -> Phrase:
    """As its record says, or as a call with its operands and parameters."""
    spec = node.operation
    if spec.written is not None:
        phrase: Phrase = spec.written(node, memo)
        return phrase
    return call(spec.name, *(memo[a] for a in node.args), *(parameter_phrase(p) for p in node.parameters))


def parameter_phrase(value: Any) -> Phrase:
    """A parameter of an operation as it is written: a dimension, or a tuple of them."""
    if isinstance(value, tuple):
        return Phrase("tuple", tuple(parameter_phrase(v) for v in value))
    return dimension(value)


_WRITERS = {
    Number: _write_number, Constant: _write_name, Size: _write_size, Leaf: _write_name, Identity: _write_identity,
    Sum: _write_sum, Contraction: _write_contraction, Power: _write_power, Apply: _write_apply, Compare: _write_compare,
    Where: _write_where, Operation: _write_operation,
}  # fmt: skip
