"""Phrases as LaTeX mathematics that LaTeX and KaTeX in strict mode both set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from symchain.language.axes import rank_of_call
from symchain.render.calls import Macro, macro
from symchain.render.fold import FIRST, fold
from symchain.render.names import is_plain, subscripted, typeset
from symchain.render.products import (
    ADD,
    ATOM,
    BREAK,
    COMPARE,
    MUL,
    POW,
    Spread,
    Tex,
    bracketed,
    dotted,
    matmul,
    outer,
    product,
    solid,
    within,
)
from symchain.render.style import PARTIALS, Style, rank_of_index
from symchain.support.notation import Phrase, Primes, digits_of
from symchain.wording import locale_of, numbers, sentence


def write(phrase: Phrase, style: Style | None = None) -> str:
    """The phrase as LaTeX."""
    return write_breakable(phrase, style).replace(BREAK, "")


def write_breakable(phrase: Phrase, style: Style | None = None) -> str:
    """As `write`, with BREAK wherever a line may break."""
    return _set(phrase, style or Style()).text


def write_factors(paths: Sequence[Sequence[Phrase]], style: Style | None = None) -> str:
    """Products of factors as they stand, set apart by dots, and added; with BREAK wherever a line may break."""
    known = style or Style()
    return f"{BREAK}+".join(dotted([_set(p, known) for p in path], k > 0) for k, path in enumerate(paths))


def _set(phrase: Phrase, style: Style) -> Tex:
    return fold(phrase, partial(_visit, style=style), style.limit)


def _visit(p: Phrase, parts: Sequence[Tex], keywords: dict[str, Tex], style: Style) -> Tex:
    head = p.head
    if head == "number":
        text = numbers.literal(p.text, style.lang)
        return Tex(text, MUL if "10^" in text else ATOM, kind="number")
    if head == "name":
        kind = "plain" if p.text not in style.renamed and is_plain(p.text) else "name"
        text = style.renamed.get(p.text) or typeset(p.text)
        level = POW if text.endswith(")}") and "^{(" in text else ATOM  # W^{(l)} has its place above taken
        return Tex(text, level, style.ranks.get(p.text, 0), kind)
    if head == "string":
        return Tex(numbers.subscripts(p.text))
    if head == "none":
        return Tex(r"\text{None}")
    if head == "call":
        return _call(p, parts, keywords, style)
    if head == "mul":
        return product(p, parts)
    return _HEADS[head](p, parts)


# ---------------------------------------------------------------- sums


def _sum(p: Phrase, parts: Sequence[Tex]) -> Tex:
    pieces: list[str] = []
    for k, part in enumerate(parts):
        subtracted = k > 0 and p.parts[k if k < FIRST else k - len(parts)].head == "neg"
        if subtracted and part.kind == "minus":
            pieces.append("-" + part.text[1:])
        else:
            pieces.append(("+" if k else "") + (bracketed(part) if k and part.kind == "minus" else within(part, MUL)))
    if len(parts) < len(p.parts):
        pieces.insert(FIRST, r"+\cdots")
    kind = "minus" if parts[0].kind == "minus" else ""
    return Tex(BREAK.join(pieces), ADD, max(t.rank for t in parts), kind, any(t.tall for t in parts))


def _negation(p: Phrase, parts: Sequence[Tex]) -> Tex:
    inner = parts[0]
    body = bracketed(inner) if inner.kind == "minus" else within(inner, MUL)
    return Tex("-" + body, MUL, inner.rank, "minus", inner.tall, "-" + inner.inline if inner.inline else "")


def _denominator(p: Phrase, parts: Sequence[Tex]) -> Tex:
    return parts[0]


def _power(p: Phrase, parts: Sequence[Tex]) -> Tex:
    base, exponent = parts
    above = solid(exponent.inline or exponent.text)
    whole = p.parts[1].head == "number" and p.parts[1].text.isdigit()
    if base.applied and whole:
        name, argument = base.applied
        return Tex(f"{name}^{{{above}}}{argument}", ATOM, base.rank, "", base.tall)
    raised = f"^{above}" if len(above) == 1 else f"^{{{above}}}"
    inside = base.text if base.level == ATOM else bracketed(base)
    return Tex(inside + raised, POW, max(base.rank, exponent.rank), "group" if inside[0] == "(" else "power", base.tall)


def _transpose(p: Phrase, parts: Sequence[Tex]) -> Tex:
    if p.parts[0].head == "call" and p.parts[0].text == "inv" and parts[0].text.endswith("^{-1}"):
        return replace(parts[0], text=parts[0].text.removesuffix("{-1}") + r"{-\top}")
    inside = parts[0].text if parts[0].level == ATOM else bracketed(parts[0])
    return Tex(inside + r"^{\top}", POW, parts[0].rank, "power", parts[0].tall)


# ---------------------------------------------------------------- brackets of every kind


def _index(p: Phrase, parts: Sequence[Tex]) -> Tex:
    base = parts[0].text if parts[0].level == ATOM else bracketed(parts[0])
    if parts[0].rank == 1 and len(p.parts) == 3 and any(_whole(a) and b.head == "none" for a, b in (p.parts[1:], p.parts[:0:-1])):
        row = rf"{base}^{{\top}}"
        text, alone = (rf"{base}\,\mathbf{{1}}^{{\top}}", base) if _whole(p.parts[1]) else (rf"\mathbf{{1}}\,{row}", row)
        return Tex(text, MUL, 2, "matmul", parts[0].tall, alone=alone, spread=Spread(parts[0].text, _whole(p.parts[1])))
    items = ",".join(t.inline or t.text for t in parts[1:])
    rank = rank_of_index(parts[0].rank, p.parts[1:])
    subject = base if base.endswith(")") else f"{{{solid(base)}}}"  # a bracket may break
    return Tex(f"{subject}_{{[{solid(items)}]}}", ATOM, rank, "name", parts[0].tall)


def _whole(item: Phrase) -> bool:
    """The slice that takes everything."""
    return item.head == "slice" and all(q.head == "none" for q in item.parts)


def _slice(p: Phrase, parts: Sequence[Tex]) -> Tex:
    start, stop, step = ("" if q.head == "none" else t.inline or t.text for t, q in zip(parts, p.parts, strict=True))
    return Tex(f"{start}{{:}}{stop}" + (f"{{:}}{step}" if step else ""), COMPARE)


_RELATIONS = {"<": "<", ">": ">", "<=": r"\le ", ">=": r"\ge ", "==": "=", "!=": r"\ne "}


def _compare(p: Phrase, parts: Sequence[Tex]) -> Tex:
    left, right = parts
    text = within(left, ADD) + _RELATIONS[p.text] + within(right, ADD)
    return Tex(text, COMPARE, max(left.rank, right.rank), "", left.tall or right.tall)


def _tuple(p: Phrase, parts: Sequence[Tex]) -> Tex:
    return Tex("(" + r",\,".join(solid(t.text) for t in parts) + ")", ATOM, 1 + max((t.rank for t in parts), default=0))


def _list(p: Phrase, parts: Sequence[Tex]) -> Tex:
    return Tex("[" + r",\,".join(solid(t.text) for t in parts) + "]", ATOM, 1 + max((t.rank for t in parts), default=0))


def _script(n: int) -> str:
    return str(n) if n < 10 else f"{{{n}}}"


def _partial(p: Phrase, parts: Sequence[Tex]) -> Tex:
    output, *inputs = (solid(t.text) for t in parts)
    order = f"^{_script(len(inputs))}" if len(inputs) > 1 else ""
    runs = [(i, len(list(run))) for i, run in groupby(inputs)]
    under = r"\,".join(rf"\partial {_closed(i)}^{_script(n)}" if n > 1 else rf"\partial {i}" for i, n in runs)
    text = rf"\frac{{\partial{order} {output}}}{{{under}}}"
    below = under if len(inputs) == 1 or under.count("partial") == 1 else f"({under})"
    return Tex(text, MUL, sum(t.rank for t in parts), "fraction", True, rf"\partial{order} {output}/{below}")


def _held(p: Phrase, parts: Sequence[Tex]) -> Tex:
    symbol, *names = parts
    below = f"_{{{','.join(solid(n.text) for n in names)}}}"
    return replace(symbol, text=rf"\left.{symbol.text}\right|{below}", inline=f"{symbol.inline}|{below}")


# ---------------------------------------------------------------- index notation


def _entry(p: Phrase, parts: Sequence[Tex]) -> Tex:
    """W_{2,ij}: the indices join the subscript of a name."""
    base = parts[0].text if parts[0].level == ATOM else bracketed(parts[0])
    indices = [solid(t.inline or t.text) for t in parts[1:]]
    joined = ("" if all(len(i) == 1 for i in indices) else ",").join(indices)
    return Tex(subscripted(solid(base), joined), ATOM, 0, "name", parts[0].tall)


def _delta(p: Phrase, parts: Sequence[Tex]) -> Tex:
    i, j = (solid(t.inline or t.text) for t in parts)
    if p.text == "bracket":
        return Tex(f"[{i}={j}]", ATOM, 0, "group")
    return Tex(rf"\delta_{{{i}{j}}}" if len(i) == len(j) == 1 else rf"\delta_{{{i},{j}}}", ATOM, 0, "name")


def _range(p: Phrase, parts: Sequence[Tex]) -> Tex:
    index, size = (solid(t.inline or t.text) for t in parts)
    return Tex(rf"\sum_{{{index}=1}}^{{{size}}}")


def _sum_over(p: Phrase, parts: Sequence[Tex]) -> Tex:
    body, *ranges = parts
    inside = bracketed(body) if body.kind == "minus" else within(body, MUL)
    return Tex("".join(r.text for r in ranges) + inside, MUL, 0, "open", True)


def _each(p: Phrase, parts: Sequence[Tex]) -> Tex:
    """A formula under the sign of its call: the range goes below and above the sign (see `_call`)."""
    body, low, high = parts
    inside = bracketed(body) if body.kind == "minus" else within(body, MUL)
    span = rf"_{{{typeset(p.text)}={solid(low.inline or low.text)}}}^{{{solid(high.inline or high.text)}}} "
    return Tex(span + inside, MUL, body.rank, "open", True)


def _ranged(p: Phrase, parts: Sequence[Tex]) -> Tex:
    """A formula with the values of its index beside it."""
    body, low, high = parts
    span = rf"{typeset(p.text)}={solid(low.inline or low.text)},\dots,{solid(high.inline or high.text)}"
    if p.parts[0].head == "none":
        return Tex(span, COMPARE)
    return Tex(rf"{body.text},\quad {span}", COMPARE, body.rank, "open", body.tall)


def _sized(p: Phrase, parts: Sequence[Tex]) -> Tex:
    """A factor over its shape."""
    factor, *dims = parts
    shape = r"\times ".join(solid(d.text) if d.level == ATOM else f"({solid(d.text)})" for d in dims)
    text = rf"\underbrace{{{solid(within(factor, MUL))}}}_{{{shape}}}"
    long = next((solid(d.text) for d, q in zip(dims, p.parts[1:], strict=True) if q.text != "1"), "1")
    spread = replace(factor.spread, below=rf"{long}\times {long}") if factor.spread else None
    return replace(factor, text=text, level=max(factor.level, POW), kind="", tall=False, alone="", spread=spread)


def _closed(name: str) -> str:
    """A name whose subscript cannot run into the exponent that follows."""
    return name if len(name) == 1 or "_" in name else f"{{{name}}}"


def inline(phrase: Phrase, style: Style | None = None) -> str:
    r"""The phrase on one line: \partial C/\partial W_1."""
    tex = _set(phrase, style or Style())
    return solid(tex.inline or tex.text)


_HEADS = {
    "add": _sum, "neg": _negation, "over": _denominator, "matmul": matmul, "pow": _power, "transpose": _transpose,
    "index": _index, "slice": _slice, "compare": _compare, "tuple": _tuple, "list": _list, "partial": _partial, "held": _held,
    "entry": _entry, "delta": _delta, "range": _range, "sum_over": _sum_over, "each": _each, "ranged": _ranged, "sized": _sized,
}  # fmt: skip


# ---------------------------------------------------------------- calls


def _call(p: Phrase, parts: Sequence[Tex], keywords: dict[str, Tex], style: Style) -> Tex:
    if p.parts and p.parts[0].head == "each":
        sign = {"sum": r"\sum", "prod": r"\prod"}.get(p.text, r"\operatorname{stack}")
        return replace(parts[0], text=sign + parts[0].text)
    rank = rank_of_call(p, [t.rank for t in parts])
    tall = any(t.tall for t in parts)
    known = None if p.text in style.functions else macro(p.text, len(parts))
    if known is not None and known.cases:
        return _cases(parts, rank, style)
    if p.text == "outer" and known is not None and len(parts) == 2:
        return outer(*parts)
    if p.text == "kron" and known is not None and len(parts) == 2:
        left, right = (t.alone or (t.text if t.level >= POW else bracketed(t)) for t in parts)
        return Tex(rf"{left}\otimes {BREAK}{right}", MUL, 2, "product", any(t.tall for t in parts))
    if known is not None and known.template and not p.primes and not keywords:
        return _templated(known, parts, rank)
    along = p.keywords[0][1].text if p.keywords else ""
    if known is not None and p.text == "sum" and len(parts) == 1 and parts[0].rank == 2 and along in ("0", "1"):
        return _row_or_column_sum(parts[0], along)
    if known is not None and known.prefix and not p.primes and len(parts) == 1:
        below = _keyword_below(keywords, style)
        argument = parts[0]
        body = within(argument, MUL) if argument.kind != "minus" else bracketed(argument)
        return Tex(rf"{known.prefix}{below} {body}", MUL, rank, "open", True)
    shown = [t.text for t in parts] + [rf"\text{{{k}}}={solid(v.text)}" for k, v in keywords.items()]
    separator = (locale_of(style.lang).mark if any("{,}" in t for t in shown) else ",") + r"\,"
    name = _differentiated(known.name if known is not None else typeset(p.text), p.primes, style)
    inside = Tex(separator.join(shown), tall=tall)
    argument_text = bracketed(inside)
    applied = (name, argument_text) if known is not None and not p.primes and "_" not in name else None
    return Tex(name + argument_text, ATOM, rank, "", tall, applied=applied)


def _differentiated(name: str, primes: Primes, style: Style) -> str:
    """The name of a function with its primes, or with the arguments by which it is differentiated."""
    if isinstance(primes, int):
        return name + ("'" * primes if primes <= 3 else f"^{{({primes})}}")
    digits = digits_of(primes)
    return PARTIALS[style.partials].format(function=name, arguments=digits if len(digits) == 1 else f"{{{digits}}}", plain=digits)


def _row_or_column_sum(matrix: Tex, axis: str) -> Tex:
    """The sum over the columns of a matrix is A 1, over its rows A^T 1."""
    inside = matrix.text if matrix.level == ATOM else bracketed(matrix)
    turned = r"^{\top}" if axis == "0" else ""
    return Tex(rf"{inside}{turned}\mathbf{{1}}", MUL, 1, "matmul", matrix.tall)


def _cases(parts: Sequence[Tex], rank: int, style: Style) -> Tex:
    condition, yes, no = (solid(t.text) for t in parts)
    when, otherwise = sentence(style.lang, "cases.if"), sentence(style.lang, "cases.otherwise")
    text = rf"\begin{{cases}}{yes}&\text{{{when} }}{condition}\\{no}&\text{{{otherwise}}}\end{{cases}}"
    return Tex(text, ADD, max(rank, *(t.rank for t in parts)), "", True)


def _templated(known: Macro, parts: Sequence[Tex], rank: int) -> Tex:
    fields = []
    for part, (enclosed, raised) in zip(parts, known.slots, strict=True):
        if raised:
            fields.append(part.inline or part.text)
        elif enclosed:
            fields.append(part.text)
        else:
            fields.append(solid(part.text if part.level == ATOM else bracketed(part)))
    text = known.fill(fields)
    level = {"power": POW, "fraction": MUL, "product": MUL}.get(known.form, ATOM)
    return Tex(text, level, rank, known.form, known.form == "fraction" or (any(t.tall for t in parts) and not known.raised))


def _keyword_below(keywords: dict[str, Tex], style: Style) -> str:
    if not keywords:
        return ""
    inside = r",\,".join(rf"\text{{{sentence(style.lang, 'axis') if k == 'axis' else k} }}{solid(v.text)}" for k, v in keywords.items())
    return f"_{{{inside}}}"
