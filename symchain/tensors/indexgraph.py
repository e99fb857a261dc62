"""Matrix notation for an einsum: the walk over its index graph.

The operands are pieces that carry indices. Pieces over the same indices multiply elementwise, an index shared by two pieces and
summed is a product (dot, matrix-vector, matrix-matrix), an index left alone is a sum over an axis, and what remains is assembled
into the output (outer products, scaled rows and columns, diagonals). None is returned where no matrix form exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from symchain.support.dimensions import terms
from symchain.support.notation import Phrase, call, name, number, operations

COLON = Phrase("slice", (Phrase("none"), Phrase("none"), Phrase("none")))
NEW = Phrase("none")


@dataclass(slots=True)
class Piece:
    """A product of phrases over common indices, divided by others; `position` keeps the order in which factors were met."""

    indices: tuple[int, ...]
    over: list[Phrase] = field(default_factory=list)
    under: list[Phrase] = field(default_factory=list)
    position: int = 0
    delta: bool = False
    summed: tuple[int, ...] = ()
    """The indices a sum was just taken over: 1/n in front of it makes a mean."""
    symmetric: bool = False
    scaled: bool = False
    """Whether some phrase carries fewer axes than the piece: then only the whole can be transposed."""


def product(over: Sequence[Phrase], under: Sequence[Phrase]) -> Phrase:
    """The phrase of a quotient of products; a coefficient joins a matrix product at its front (2*X.T @ r)."""
    if len(over) > 1 and over[-1].head == "matmul" and not any(p.head in ("matmul", "add") for p in over[:-1]) and not under:
        chain = over[-1]
        if all(_scalar_like(p) for p in over[:-1]) and chain.parts[0].head in ("name", "transpose", "mul", "call", "add"):
            return Phrase("matmul", (_mul([*over[:-1], chain.parts[0]], []), *chain.parts[1:]))
    return _mul(over, under)


def _scalar_like(phrase: Phrase) -> bool:
    return phrase.head == "number"


def _mul(over: Sequence[Phrase], under: Sequence[Phrase]) -> Phrase:
    factors: list[Phrase] = []
    for p in over:
        parts = p.parts if p.head == "mul" else (p,)
        factors += parts[1:] if len(parts) > 1 and parts[0] == number(1) and parts[1].head == "over" and factors else parts
    if not factors or factors[0].head == "over":
        factors.insert(0, number(1))
    if under:
        below: list[Phrase] = []
        for p in under:
            below += p.parts if p.head == "mul" and not any(q.head == "over" for q in p.parts) else [p]
        factors.append(Phrase("over", (below[0] if len(below) == 1 else Phrase("mul", tuple(below)),)))
    return factors[0] if len(factors) == 1 else Phrase("mul", tuple(factors))


def transposed(p: Phrase) -> Phrase:
    """The transpose, pushed to where it reads best."""
    if p.head == "transpose":
        return p.parts[0]
    if p.head == "matmul":
        return Phrase("matmul", tuple(transposed(q) for q in reversed(p.parts)))
    if p.head == "call" and p.text == "outer":
        return call("outer", p.parts[1], p.parts[0])
    if p.head == "call" and p.text in ("diag", "eye"):
        return p
    if p.head == "neg":
        return Phrase("neg", (transposed(p.parts[0]),))
    return Phrase("transpose", (p,))


def matmul(a: Phrase, b: Phrase, b_is_matrix: bool) -> Phrase:
    """a @ b, flattened into one chain where the order of evaluation does not matter."""
    left = a.parts if a.head == "matmul" else (a,)
    right = b.parts if b.head == "matmul" and b_is_matrix else (b,)
    return Phrase("matmul", (*left, *right))


class Assembly:
    """One walk: pieces in, one piece over the output indices out."""

    def __init__(self, pieces: list[Piece], output: tuple[int, ...], sizes: Sequence[Phrase]) -> None:
        self.output, self.sizes = output, sizes
        self.coefficient = Piece(())
        self.pieces: list[Piece] = []
        for p in pieces:
            self._put(p)

    def _put(self, piece: Piece) -> None:
        if piece.indices:
            self.pieces.append(piece)
        else:
            self.coefficient.over += piece.over
            self.coefficient.under += piece.under

    def users(self, index: int) -> list[Piece]:
        return [p for p in self.pieces if index in p.indices]

    def summed(self, index: int) -> bool:
        return index not in self.output

    def phrase(self, piece: Piece) -> Phrase:
        if piece.delta and not piece.over and not piece.under:
            return call("eye", self.sizes[piece.indices[0]])
        over = [*piece.over, call("eye", self.sizes[piece.indices[0]])] if piece.delta else piece.over
        return product(over, piece.under)

    def oriented(self, piece: Piece, indices: tuple[int, ...]) -> Phrase:
        """The phrase of a matrix with its axes in the given order."""
        if piece.indices == indices or piece.symmetric or piece.delta:
            return self.phrase(piece)
        if piece.scaled or not any(q.head == "transpose" for q in (*piece.over, *piece.under)):
            return transposed(self.phrase(piece))
        return product([transposed(q) for q in piece.over], [transposed(q) for q in piece.under])

    # ------------------------------------------------------------ the moves, each returns whether it did something

    def diagonals(self) -> bool:
        for p in self.pieces:
            if len(p.indices) == 2 and p.indices[0] == p.indices[1] and not p.delta:
                index = p.indices[0]
                alone = self.summed(index) and len(self.users(index)) == 1
                self._replace([p], Piece(() if alone else (index,), [call("tr" if alone else "diag", self.phrase(p))], [], p.position))
                return True
        return False

    def merge(self) -> bool:
        """Pieces over the same set of indices multiply elementwise."""
        alike: dict[frozenset[int], list[Piece]] = {}
        for piece in self.pieces:
            alike.setdefault(frozenset(piece.indices), []).append(piece)
        for a in self.pieces:
            same = alike[frozenset(a.indices)]
            same.pop(0)
            for b in same:
                if len(a.indices) != len(b.indices) or (a.delta and b.delta):
                    continue
                if len(a.indices) == 1 and self.summed(a.indices[0]) and len(self.users(a.indices[0])) == 2 and a.over and b.over:
                    continue  # a dot product
                indices = self._common_order(a, b)
                if indices is None:
                    continue
                if self._is_trace(a, b):
                    chain = matmul(self.phrase(a), self.phrase(b), True)
                    self._replace([a, b], Piece((), [call("tr", chain)], [], min(a.position, b.position)))
                    return True
                first, second = (a, b) if a.position <= b.position else (b, a)
                parts = [self._laid(p, indices) for p in (first, second)]
                over = [q for p in parts for q in p[0]]
                under = [q for p in parts for q in p[1]]
                symmetric = all(p.symmetric for p in (a, b))
                merged = Piece(indices, over, under, first.position, a.delta or b.delta, symmetric=symmetric, scaled=a.scaled or b.scaled)
                self._replace([a, b], merged)
                return True
        return False

    def _is_trace(self, a: Piece, b: Piece) -> bool:
        """Whether the sum of A*B.T over both axes is all that is left of two matrices: tr(A @ B)."""
        if len(a.indices) != 2 or a.indices != b.indices[::-1] or a.symmetric or b.symmetric or a.delta or b.delta:
            return False
        return all(self.summed(i) and len(self.users(i)) == 2 for i in a.indices) and a.indices[0] != a.indices[1]

    def _common_order(self, a: Piece, b: Piece) -> tuple[int, ...] | None:
        """The order of axes in which two pieces over the same indices meet; None where more than a transpose would be needed."""
        if a.indices == b.indices:
            return a.indices
        if len(a.indices) != 2:
            return None
        if a.delta or b.symmetric:
            return a.indices
        if b.delta or a.symmetric:
            return b.indices
        wanted = tuple(i for i in self.output if i in a.indices)
        if wanted in (a.indices, b.indices):
            return wanted
        straight = sum(q.head == "transpose" for q in a.over) - sum(q.head == "transpose" for q in b.over)
        return b.indices if straight > 0 else a.indices

    def _laid(self, piece: Piece, indices: tuple[int, ...]) -> tuple[list[Phrase], list[Phrase]]:
        """The phrases of a piece with its axes in the given order."""
        if piece.indices == indices or piece.symmetric or piece.delta:
            return piece.over, piece.under
        if piece.scaled:
            return [transposed(_mul(piece.over, piece.under))], []
        return [transposed(q) for q in piece.over], [transposed(q) for q in piece.under]

    def vectors(self) -> bool:
        """A summed index between a vector and one other piece: dot, or matrix times vector."""
        for v in self.pieces:
            if len(v.indices) != 1 or not self.summed(v.indices[0]):
                continue
            k = v.indices[0]
            others = [p for p in self.users(k) if p is not v]
            if len(others) != 1:
                continue
            m = others[0]
            if len(m.indices) == 1:
                first, second = (v, m) if v.position <= m.position else (m, v)
                a, b = self.phrase(first), self.phrase(second)
                same = a == b and operations(a)
                dot = Phrase("pow", (call("norm", a), number(2))) if same else self._dot(a, b)
                self._replace([v, m], Piece((), [dot], [], first.position))
                return True
            if len(m.indices) == 2 and not m.delta and m.indices[0] != m.indices[1]:
                rest = m.indices[0] if m.indices[1] == k else m.indices[1]
                self._replace(
                    [v, m],
                    Piece(
                        (rest,),
                        [matmul(self.oriented(m, (rest, k)), self.phrase(v), _leads_with_matrix(v))],
                        [],
                        min(v.position, m.position),
                    ),
                )
                return True
        return False

    def _dot(self, a: Phrase, b: Phrase) -> Phrase:
        if a.head == "matmul":  # vectors made by this walk end with a vector: (A.T @ x) @ y reads x @ A @ y
            a = Phrase("matmul", (a.parts[-1], *(transposed(p) for p in reversed(a.parts[:-1]))))
        return matmul(a, b, True)

    def sums(self) -> bool:
        """Indices summed that no other piece uses."""
        for p in self.pieces:
            alone = tuple(i for i in p.indices if self.summed(i) and len(self.users(i)) == 1 and p.indices.count(i) == 1)
            if not alone or p.delta:
                continue
            rest = tuple(i for i in p.indices if i not in alone)
            phrase = self.phrase(p)
            only = [i for i in alone if self.sizes[i] == number(1)]
            if only and phrase.head == "name":  # the one entry there is
                items = [number(0) if i in only else COLON for i in p.indices]
                self._replace([p], Piece(tuple(i for i in p.indices if i not in only), [Phrase("index", (phrase, *items))], [], p.position))
                return True
            if not rest and len(alone) == 1 and phrase.head == "pow" and phrase.parts[1] == number(2):
                base = phrase.parts[0]
                summed = Phrase("pow", (call("norm", base), number(2))) if operations(base) else matmul(base, base, False)
            elif not rest:
                summed = call("sum", phrase)
            elif len(alone) == 1:
                summed = call("sum", phrase, axis=number(p.indices.index(alone[0])))
            else:
                axes = Phrase("tuple", tuple(number(p.indices.index(i)) for i in alone))
                summed = call("sum", phrase, axis=axes)
            self._replace([p], Piece(rest, [summed], [], p.position, summed=alone))
            return True
        return False

    def products(self) -> bool:
        """A summed index between two matrices."""
        for a_at, a in enumerate(self.pieces):
            for b in self.pieces[a_at + 1 :]:
                if len(a.indices) != 2 or len(b.indices) != 2 or a.delta or b.delta:
                    continue
                for k in a.indices:
                    if k in b.indices and self.summed(k) and len(self.users(k)) == 2:
                        i = a.indices[0] if a.indices[1] == k else a.indices[1]
                        j = b.indices[0] if b.indices[1] == k else b.indices[1]
                        first, second, row, column = (a, b, i, j) if self._forward(a, b, i, k, j) else (b, a, j, i)
                        chain = matmul(self.oriented(first, (row, k)), self.oriented(second, (k, column)), True)
                        self._replace([a, b], Piece((row, column), [chain], [], min(a.position, b.position)))
                        return True
        return False

    def _forward(self, a: Piece, b: Piece, i: int, k: int, j: int) -> bool:
        """Whether a @ b is the order to write: the output's axes in their order first, then the fewest transposes."""
        places = [self.output.index(x) if x in self.output else None for x in (i, j)]
        if places[0] is not None and places[1] is not None:
            return places[0] < places[1]
        last = len(self.output) - 1
        wishes = [(places[0] == 0) - (places[1] == 0), (places[1] == last) - (places[0] == last)]
        if len(self.output) == 2 and any(wishes):
            return sum(wishes) > 0
        return (a.indices != (i, k)) + (b.indices != (k, j)) <= (b.indices != (j, k)) + (a.indices != (k, i))

    def scale(self) -> bool:
        """A piece whose indices another piece carries too, in the same order, multiplies it entry by entry."""
        for v in sorted((p for p in self.pieces if not p.delta), key=lambda p: (len(p.indices), p.position)):
            targets = [p for p in self.pieces if p is not v and len(p.indices) > len(v.indices) and _is_within(v.indices, p.indices)]
            if not targets:
                continue
            target = next((p for p in targets[::-1] if not p.delta and not p.symmetric), targets[-1])
            if target.delta:
                k = v.indices[0]
                other = target.indices[0] if target.indices[1] == k else target.indices[1]
                if self.users(other) == [target] and not self.summed(other):
                    self._replace(
                        [v, target],
                        Piece(target.indices, [*target.over, call("diag", self.phrase(v))], target.under, v.position, symmetric=True),
                    )
                    return True
            above, below = ([_mul(v.over, v.under)], []) if v.scaled else (v.over, v.under)  # a factor alone may have fewer axes
            over = [_stretched(_mul(above, []), v.indices, target.indices)] if above else []
            under = [_stretched(_mul(below, []), v.indices, target.indices)] if below else []
            if v.indices == target.indices[-len(v.indices) :]:
                over, under = list(v.over), list(v.under)
            merged = [*over, *target.over] if v.position < target.position else [*target.over, *over]
            position = min(v.position, target.position)
            self._replace([v, target], Piece(target.indices, merged, [*target.under, *under], position, target.delta, scaled=True))
            return True
        return False

    def _replace(self, old: list[Piece], new: Piece) -> None:
        at = min(self.pieces.index(p) for p in old)
        self.pieces = [p for p in self.pieces if all(p is not q for q in old)]
        if new.indices:
            self.pieces.insert(at, new)
        else:
            self.coefficient.over += self._mean(new)
            self.coefficient.under += new.under

    def _mean(self, piece: Piece) -> list[Phrase]:
        """sum(x)/n is mean(x)."""
        s = piece.over[0] if len(piece.over) == 1 else None
        if s is None or s.head != "call" or s.text != "sum" or not piece.summed:
            return piece.over
        under = list(self.coefficient.under)
        for i in piece.summed:
            if self.sizes[i] not in under:
                return piece.over
            under.remove(self.sizes[i])
        self.coefficient.under = under
        return [Phrase("call", s.parts, "mean", s.keywords)]

    # ------------------------------------------------------------ the walk and the assembly of what remains

    def run(self, implicit: bool) -> Phrase | None:
        """The phrase over the output; `implicit` leaves a pure broadcast to the operation around it. None: no matrix form."""
        moves = (self.diagonals, self.merge, self.vectors, self.products, self.sums, self.scale)
        while any(move() for move in moves):
            pass
        for p in self.pieces:
            p.over = self._mean(p)
        result = self._assemble(implicit)
        if result is None:
            return None
        if result.head == "call" and result.text == "_nothing":
            return product(self.coefficient.over, self.coefficient.under)
        over = [*self.coefficient.over]
        if result.head == "mul":
            over += [q for k, q in enumerate(result.parts) if q.head != "over" and not (k == 0 and q == number(1) and over)]
            under = [*self.coefficient.under, *(q.parts[0] for q in result.parts if q.head == "over")]
            if over and over[0] == number(1) and len(over) > 1:
                over = over[1:]
            return product(over, under)
        return product([*over, result], self.coefficient.under)

    def _permuted(self, piece: Piece, implicit: bool) -> Phrase | None:
        """One piece of higher rank with its axes permuted and widened."""
        if len(set(piece.indices)) != len(piece.indices) or piece.delta:
            return None
        phrase = self.phrase(piece)
        kept = tuple(i for i in self.output if i in piece.indices)
        if kept != piece.indices:
            phrase = call("transpose", phrase, Phrase("tuple", tuple(number(piece.indices.index(i)) for i in kept)))
        if len(kept) == len(self.output):
            return phrase
        phrase = Phrase("index", (phrase, *(COLON if i in kept else NEW for i in self.output)))
        return phrase if implicit else self._repeated(phrase, kept)

    def _repeated(self, phrase: Phrase, carried: tuple[int, ...]) -> Phrase:
        """What has new axes, repeated along those that are longer than 1."""
        if all(self.sizes[i] == number(1) for i in self.output if i not in carried):
            return phrase
        return product([phrase, call("ones", Phrase("tuple", tuple(self.sizes[i] for i in self.output)))], [])

    def _assemble(self, implicit: bool) -> Phrase | None:
        out = self.output
        if any(self.summed(i) for p in self.pieces for i in p.indices) or any(len(set(p.indices)) < len(p.indices) for p in self.pieces):
            return None
        if not self.pieces:
            if not out or implicit:
                return call("_nothing")
            return call("ones", self.sizes[out[0]] if len(out) == 1 else Phrase("tuple", tuple(self.sizes[i] for i in out)))
        if len(self.pieces) == 1 and self.pieces[0].indices == out:
            return self.phrase(self.pieces[0])
        if len(self.pieces) == 1 and len(out) > 2:
            return self._permuted(self.pieces[0], implicit)
        if len(out) == 2:
            if len(self.pieces) == 1 and len(self.pieces[0].indices) == 2:
                return self.oriented(self.pieces[0], out)
            if len(self.pieces) == 2 and all(len(p.indices) == 1 for p in self.pieces):
                row, column = sorted(self.pieces, key=lambda p: out.index(p.indices[0]))
                return call("outer", self.phrase(row), self.phrase(column))
            if len(self.pieces) == 1:
                v = self.pieces[0]
                phrase = self.phrase(v)
                if v.indices[0] != out[1]:
                    phrase = _column(phrase)
                elif self.sizes[out[0]] == number(1):
                    phrase = Phrase("index", (phrase, NEW, COLON))
                return phrase if implicit else self._repeated(phrase, v.indices)
        return None


def _is_within(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Whether the indices stand in the larger tuple in the same order."""
    places = [large.index(i) if i in large else -1 for i in small]
    return -1 not in places and places == sorted(set(places)) and len(set(large)) == len(large)


def _stretched(phrase: Phrase, indices: tuple[int, ...], target: tuple[int, ...]) -> Phrase:
    """A phrase with new axes where the target has more: P[:, :, None]. Leading axes are added by broadcasting."""
    axes = [COLON if i in indices else NEW for i in target]
    while axes[0] is NEW:
        axes.pop(0)
    return phrase if len(axes) == len(indices) else Phrase("index", (phrase, *axes))


def _leads_with_matrix(piece: Piece) -> bool:
    return len(piece.over) == 1 and piece.over[0].head == "matmul" and not piece.under


def _column(phrase: Phrase) -> Phrase:
    """v[:, None]."""
    return Phrase("index", (phrase, COLON, NEW))


def einsum(pieces: list[Piece], output: tuple[int, ...], sizes: Sequence[Phrase]) -> Phrase:
    """The last resort: index notation. Broadcast indices are carried by ones."""
    letters = "ijklmnpqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZABCDEFGH"
    carried = {i for p in pieces for i in p.indices}
    pieces = [*pieces, *(Piece((i,), [call("ones", sizes[i])]) for i in output if i not in carried)]
    scalars = [p for p in pieces if not p.indices]
    arrays = [p for p in pieces if p.indices]
    order: dict[int, str] = {}
    for i in (*output, *(i for p in arrays for i in p.indices)):
        order.setdefault(i, letters[len(order)])
    spell = ",".join("".join(order[i] for i in p.indices) for p in arrays) + "->" + "".join(order[i] for i in output)
    operands = [product([*p.over, call("eye", sizes[p.indices[0]])], p.under) if p.delta else product(p.over, p.under) for p in arrays]
    result = call("einsum", Phrase("string", text=spell), *operands)
    over = [q for p in scalars for q in p.over]
    under = [q for p in scalars for q in p.under]
    return product([*over, result], under)


def dimension(dim: int | str) -> Phrase:
    """A dimension as a phrase: n, 5, n - 1, 2*n, minimum(n, 5)."""
    if isinstance(dim, int):
        return number(dim) if dim >= 0 else Phrase("neg", (number(-dim),))
    written: list[Phrase] = []
    for coefficient, letters in terms(dim):
        factors = [name(x) if isinstance(x, str) else call("minimum", *map(dimension, x)) for x in letters]
        if abs(coefficient) != 1 or not factors:
            factors.insert(0, number(abs(coefficient)))
        term = factors[0] if len(factors) == 1 else Phrase("mul", tuple(factors))
        written.append(Phrase("neg", (term,)) if coefficient < 0 else term)
    return written[0] if len(written) == 1 else Phrase("add", tuple(written))
