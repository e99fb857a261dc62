"""A derivation in the vec layout: Jacobians as matrices, factors as Kronecker products, the chain rule as their matrix product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symchain.errors import UnsupportedError
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.networks import network_of
from symchain.render.layout import MATRIX_ONLY, factor_numbers, layout
from symchain.render.opening import SHOWN
from symchain.render.remarks import remark
from symchain.render.results import zero_sentence
from symchain.render.subjects import barred, members_of
from symchain.support.document import Braced, Chains, Document, Formula, Label, Math, Row, Say, Section
from symchain.support.notation import Phrase, name, walk
from symchain.tensors.kroneckerform import kronecker_of, vec


def kronecker_layout(subject: Derivation | Derivations, detail: str) -> Document:
    """The document in the vec layout. Raises UnsupportedError where a result has none."""
    members = members_of(subject)
    if any(d.order != 1 for d in members):
        raise UnsupportedError("the vec layout is for first derivatives", advice='Use notation="matrix" or "index".')
    plain = layout(subject, detail)
    sections = tuple(_sections(members, detail))
    written = [p for s in sections for r in s.rows for m in r.sides if isinstance(m, Formula) for p in walk(m.phrase)]
    opening = [*(s for s in plain.opening if s.key not in MATRIX_ONLY), Say("kronecker.layout")]
    ranks = dict(plain.ranks)
    commutation = next((p for p in written if p.head == "call" and p.text == "commutation"), None)
    if commutation is not None:
        free = next(n for n in ("M", "A", "B", "Q", "M_") if n not in ranks)
        ranks[free] = 2
        left = Phrase("matmul", (commutation, vec(name(free))))
        right = vec(Phrase("transpose", (name(free),)))
        fields = {"left": Formula(left), "right": Formula(right), "matrix": Formula(name(free))}
        rows, columns = map(Formula, commutation.parts)
        opening.append(Say("kronecker.commutation", {**fields, "rows": rows, "columns": columns}))
    return replace(plain, opening=tuple(opening), sections=sections, ranks=ranks)


def _flat(program_shape: tuple[object, ...], known: str) -> Phrase:
    """vec(A) for a matrix, else the name."""
    return vec(name(known)) if len(program_shape) > 1 else name(known)


def _symbol(d: Derivation, output: str, by: str) -> Phrase:
    shapes = {n: v.shape for n, v in d.program.inputs.items()} | {n: b.shape for n, b in d.program.blocks.items()}
    below = _flat(shapes[by], by)
    if shapes[by]:
        below = Phrase("transpose", (below,))
    return Phrase("partial", (_flat(shapes[output], output), below))


def _sections(members: Sequence[Derivation], detail: str) -> Iterator[Section]:
    live = [d for d in members if not d.zero_reason and d.factors]
    zeros = tuple(zero_sentence(d) for d in members if d.zero_reason)
    numbers = factor_numbers(live)
    products = []
    for d in live:
        if d.path_count == 1 and 1 < len(d.factors) <= 12 and d.paths:
            path = tuple(Braced(_symbol(d, f.output, f.input), numbers[f.name]) for f in d.paths[0].factors)  # one path: nothing to bar
            products.append(Row((Formula(_symbol(d, d.output, d.wrt)), Chains((path,)))))
    if products:
        yield Section(Say("section.chain"), (Say("kronecker.chain"),), tuple(products))
    if detail != "brief":
        rows = []
        for factor in list(numbers)[:SHOWN]:
            d = next(d for d in live if factor in d.factors)
            f = d.factors[factor]
            try:
                written = kronecker_of(f.shown, len(d.program.blocks[f.output].shape))
            except UnsupportedError:
                continue
            row = (Label(numbers[factor]), Formula(barred(_symbol(d, f.output, f.input), d.program, f.output, f.input)), Formula(written))
            rows.append(Row(row, remark(f, network_of(d.program, d.output))))
        if rows:
            yield Section(Say("section.local"), (), tuple(rows))
    rows = []
    for d in members:
        sides: list[Math] = [Formula(_symbol(d, d.output, d.wrt))]
        rank = len(d.program.blocks[d.output].shape)
        sides.append(Formula(kronecker_of(d.formula_tree, rank)))
        rows.append(Row(tuple(sides), boxed=True))
    yield Section(Say("section.result"), zeros, tuple(rows))
