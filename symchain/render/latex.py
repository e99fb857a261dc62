"""Phrases as LaTeX mathematics that LaTeX and KaTeX in strict mode both set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from symchain.notation import Phrase
from symchain.render import numbers
from symchain.render.calls import Macro, macro
from symchain.render.fold import FIRST, fold
from symchain.render.names import is_plain, subscripted, typeset
from symchain.render.style import Style, rank_of_call, rank_of_index, rank_of_matmul
from symchain.wording import sentence

COMPARE, ADD, MUL, POW, ATOM = range(5)

BREAK = "\x1f"
"""A place where a long line may break; names cannot hold this character. `lines` removes or uses it."""


@dataclass(frozen=True, slots=True)
class Tex:
    """A printed phrase: how tightly it binds, its rank, and what its neighbours in a product must know."""

    text: str
    level: int = ATOM
    rank: int = 0
    kind: str = ""
    """number, plain (one Latin letter), name, minus (begins with a minus), open (extends to the right as far as it can)."""
    tall: bool = False
    inline: str = ""
    """The same on one line (x/2 for a fraction), for exponents."""
    alone: str = ""
    """The v of v[:, None], for where a column is meant and not its repetition."""
    applied: tuple[str, str] | None = None
    """Macro and argument of \\tanh(x), so that a power can be set as \\tanh^{2}(x)."""


def write(phrase: Phrase, style: Style | None = None, dots: bool = False) -> str:
    """The phrase as LaTeX; with `dots`, the factors of a product are separated by centred dots."""
    return write_breakable(phrase, style, dots).replace(BREAK, "")


def write_breakable(phrase: Phrase, style: Style | None = None, dots: bool = False) -> str:
    """As `write`, with BREAK wherever a line may break."""
    style = style or Style()

    def visit(p: Phrase, parts: Sequence[Tex], keywords: dict[str, Tex]) -> Tex:
        return _visit(p, parts, keywords, style, dots and p is phrase)

    return fold(phrase, visit, style.limit).text


def _solid(text: str) -> str:
    return text.replace(BREAK, "")


def bracketed(part: Tex) -> str:
    """In parentheses; tall content gets tall ones, which no line break may separate."""
    if part.tall:
        return rf"\left({_solid(part.text)}\right)"
    return f"({part.text})"


def _within(part: Tex, level: int) -> str:
    return part.text if part.level >= level else bracketed(part)


def _visit(p: Phrase, parts: Sequence[Tex], keywords: dict[str, Tex], style: Style, dots: bool) -> Tex:
    head = p.head
    if head == "number":
        text = numbers.literal(p.text, style.lang)
        return Tex(text, MUL if "10^" in text else ATOM, kind="number")
    if head == "name":
        kind = "plain" if p.text not in style.renamed and is_plain(p.text) else "name"
        return Tex(style.renamed.get(p.text) or typeset(p.text), rank=style.ranks.get(p.text, 0), kind=kind)
    if head == "string":
        return Tex(numbers.subscripts(p.text))
    if head == "none":
        return Tex(r"\text{None}")
    if head == "call":
        return _call(p, parts, keywords, style)
    if head == "mul":
        return _product(p, parts, dots)
    return _HEADS[head](p, parts)


# ---------------------------------------------------------------- sums


def _sum(p: Phrase, parts: Sequence[Tex]) -> Tex:
    pieces: list[str] = []
    for k, part in enumerate(parts):
        subtracted = k > 0 and p.parts[k if k < FIRST else k - len(parts)].head == "neg"
        if subtracted and part.kind == "minus":
            pieces.append("-" + part.text[1:])
        else:
            pieces.append(("+" if k else "") + (bracketed(part) if k and part.kind == "minus" else _within(part, MUL)))
    if len(parts) < len(p.parts):
        pieces.insert(FIRST, r"+\cdots")
    kind = "minus" if parts[0].kind == "minus" else ""
    return Tex(BREAK.join(pieces), ADD, max(t.rank for t in parts), kind, any(t.tall for t in parts))


def _negation(p: Phrase, parts: Sequence[Tex]) -> Tex:
    inner = parts[0]
    body = bracketed(inner) if inner.kind == "minus" else _within(inner, MUL)
    return Tex("-" + body, MUL, inner.rank, "minus", inner.tall, "-" + inner.inline if inner.inline else "")


# ---------------------------------------------------------------- products

WIDE = 60
"""A numerator wider than this is not put on a fraction bar."""


def _product(p: Phrase, parts: Sequence[Tex], dots: bool) -> Tex:
    factors: list[Tex] = []
    below: list[Tex] = []
    for k, part in enumerate(parts):
        if p.parts[k if k < FIRST else k - len(parts)].head == "over":
            below.append(part)
            continue
        if below:
            factors, below = _divided(factors, below), []
        factors.append(part)
        if len(parts) < len(p.parts) and k == FIRST - 1:
            factors.append(Tex(r"\cdots"))
    if below:
        factors = _divided(factors, below)
    return factors[0] if len(factors) == 1 else _joined(factors, dots)


def _divided(factors: list[Tex], below: list[Tex]) -> list[Tex]:
    """The factors so far over a denominator: one fraction, or a fraction of 1 at the end of a numerator that is too wide."""
    under = below[0] if len(below) == 1 else _joined(below, False)
    if not factors:
        return [_fraction(Tex("1", kind="number"), under)]
    over = factors[0] if len(factors) == 1 else _joined(factors, False)
    if width(over.text) > WIDE:
        return [*factors, _fraction(Tex("1", kind="number"), under)]
    return [_fraction(over, under)]


def _fraction(over: Tex, under: Tex) -> Tex:
    sign, top = ("-", over.text[1:]) if over.kind == "minus" and over.level >= MUL else ("", over.text)
    top, bottom = _solid(top), _solid(under.text)
    inline = f"{sign}{top}/{bottom}" if over.level >= MUL and under.level >= ATOM and not over.tall and not under.tall else ""
    rank = max(over.rank, under.rank)
    if over.kind == under.kind == "number":
        short = len(top) == len(bottom) == 1
        return Tex(rf"\tfrac{top}{bottom}" if short else rf"\tfrac{{{top}}}{{{bottom}}}", MUL, 0, "number", False, inline)
    return Tex(rf"{sign}\frac{{{top}}}{{{bottom}}}", MUL, rank, "minus" if sign else "fraction", True, inline)


def _joined(factors: list[Tex], dots: bool) -> Tex:
    crowd = sum(f.kind != "number" for f in factors)
    shown = [f if _stands(f, k, len(factors), crowd) else _grouped(f) for k, f in enumerate(factors)]
    text = shown[0].text
    pair = len(shown) - (shown[0].kind == "number") == 2
    for k in range(1, len(shown)):
        dotted = dots and not (k == 1 and shown[0].kind == "number")
        text += (BREAK + r"\cdot " if dotted else _separator(shown[k - 1], shown[k], k == 1, pair)) + shown[k].text
    kind = "minus" if shown[0].kind == "minus" else "open" if shown[-1].kind == "open" else ""
    if not kind and all(f.kind == "number" for f in shown):
        kind = "number"
    return Tex(text, MUL, max(f.rank for f in factors), kind, any(f.tall for f in shown))


def _grouped(factor: Tex) -> Tex:
    """In parentheses; a product sign must follow a name before (-b), which would read as a call."""
    return Tex(bracketed(factor), ATOM, factor.rank, "" if factor.kind == "minus" else "group", factor.tall)


def _stands(factor: Tex, k: int, n: int, crowd: int) -> bool:
    """Whether a factor needs no parentheses where it is; `crowd` counts the factors that are not numbers."""
    if factor.level < MUL or (k and factor.kind == "minus"):
        return False
    if factor.kind == "open":
        return k == n - 1
    return factor.kind != "matmul" or crowd == 1


def _separator(before: Tex, after: Tex, first: bool, pair: bool) -> str:
    if before.rank and after.rank:
        return BREAK + r"\odot "
    if after.kind == "number" or after.text[:1].isdigit():
        return BREAK + r"\cdot "
    if before.kind == "number":
        return "" if first else r"\," + BREAK
    if after.kind == "group" and before.kind in ("plain", "name"):
        return ""
    if before.kind == after.kind == "plain" and pair:
        return ""
    return r"\," + BREAK


def _matmul(p: Phrase, parts: Sequence[Tex]) -> Tex:
    parts = [replace(t, text=t.alone, level=POW) if t.alone else t for t in parts]
    shown = [t if t.level >= POW or (t.kind == "number") else replace(t, text=bracketed(t)) for t in parts]
    if parts[0].level == MUL and parts[0].kind not in ("open", "minus") and not parts[0].text.count(r"\odot"):
        shown[0] = parts[0]
    if parts[0].rank == 1:  # a vector on the left is a row
        shown[0] = Tex((parts[0].text if parts[0].level == ATOM else bracketed(parts[0])) + r"^{\top}", POW, 1, "", parts[0].tall)
    if len(parts) < len(p.parts):
        shown.insert(FIRST, Tex(r"\cdots"))
    rank = rank_of_matmul([t.rank for t in parts])
    solid = all(t.kind == "plain" or t.text.endswith(r"^{\top}") for t in shown[:-1])
    text = ("" if solid else r"\," + BREAK).join(t.text for t in shown)
    if solid and shown[-1].kind not in ("plain", "name") and not shown[-1].text.startswith("("):
        text = (r"\," + BREAK).join(t.text for t in shown)
    return Tex(text, MUL, rank, "minus" if shown[0].kind == "minus" else "matmul", any(t.tall for t in parts))


def _denominator(p: Phrase, parts: Sequence[Tex]) -> Tex:
    return parts[0]


def _power(p: Phrase, parts: Sequence[Tex]) -> Tex:
    base, exponent = parts
    above = _solid(exponent.inline or exponent.text)
    whole = p.parts[1].head == "number" and p.parts[1].text.isdigit()
    if base.applied and whole:
        name, argument = base.applied
        return Tex(f"{name}^{{{above}}}{argument}", ATOM, base.rank, "", base.tall)
    raised = f"^{above}" if len(above) == 1 else f"^{{{above}}}"
    inside = base.text if base.level == ATOM else bracketed(base)
    return Tex(inside + raised, POW, max(base.rank, exponent.rank), "group" if inside[0] == "(" else "power", base.tall)


def _transpose(p: Phrase, parts: Sequence[Tex]) -> Tex:
    inside = parts[0].text if parts[0].level == ATOM else bracketed(parts[0])
    return Tex(inside + r"^{\top}", POW, parts[0].rank, "power", parts[0].tall)


# ---------------------------------------------------------------- brackets of every kind


def _index(p: Phrase, parts: Sequence[Tex]) -> Tex:
    base = parts[0].text if parts[0].level == ATOM else bracketed(parts[0])
    if parts[0].rank == 1 and len(p.parts) == 3 and any(_whole(a) and b.head == "none" for a, b in (p.parts[1:], p.parts[:0:-1])):
        row = rf"{base}^{{\top}}"
        text, alone = (rf"{base}\,\mathbf{{1}}^{{\top}}", base) if _whole(p.parts[1]) else (rf"\mathbf{{1}}\,{row}", row)
        return Tex(text, MUL, 2, "matmul", parts[0].tall, alone=alone)
    items = ",".join(t.inline or t.text for t in parts[1:])
    rank = rank_of_index(parts[0].rank, p.parts[1:])
    return Tex(f"{{{_solid(base)}}}_{{[{_solid(items)}]}}", ATOM, rank, "name", parts[0].tall)


def _whole(item: Phrase) -> bool:
    """The slice that takes everything."""
    return item.head == "slice" and all(q.head == "none" for q in item.parts)


def _slice(p: Phrase, parts: Sequence[Tex]) -> Tex:
    start, stop, step = ("" if q.head == "none" else t.inline or t.text for t, q in zip(parts, p.parts, strict=True))
    return Tex(f"{start}{{:}}{stop}" + (f"{{:}}{step}" if step else ""), COMPARE)


_RELATIONS = {"<": "<", ">": ">", "<=": r"\le ", ">=": r"\ge ", "==": "=", "!=": r"\ne "}


def _compare(p: Phrase, parts: Sequence[Tex]) -> Tex:
    left, right = parts
    text = _within(left, ADD) + _RELATIONS[p.text] + _within(right, ADD)
    return Tex(text, COMPARE, max(left.rank, right.rank), "", left.tall or right.tall)


def _tuple(p: Phrase, parts: Sequence[Tex]) -> Tex:
    return Tex("(" + r",\,".join(_solid(t.text) for t in parts) + ")", ATOM)


def _list(p: Phrase, parts: Sequence[Tex]) -> Tex:
    return Tex("[" + r",\,".join(_solid(t.text) for t in parts) + "]", ATOM, max((t.rank for t in parts), default=0))


def _partial(p: Phrase, parts: Sequence[Tex]) -> Tex:
    output, *inputs = (_solid(t.text) for t in parts)
    order = f"^{len(inputs)}" if len(inputs) > 1 else ""
    if len(inputs) > 1 and len(set(inputs)) == 1:
        under = rf"\partial {_closed(inputs[0])}^{len(inputs)}"
    else:
        under = r"\,".join(rf"\partial {i}" for i in inputs)
    text = rf"\frac{{\partial{order} {output}}}{{{under}}}"
    below = under if len(inputs) == 1 or under.count("partial") == 1 else f"({under})"
    return Tex(text, MUL, sum(t.rank for t in parts), "fraction", True, rf"\partial{order} {output}/{below}")


# ---------------------------------------------------------------- index notation


def _entry(p: Phrase, parts: Sequence[Tex]) -> Tex:
    """W_{2,ij}: the indices join the subscript of a name."""
    base = parts[0].text if parts[0].level == ATOM else bracketed(parts[0])
    indices = [_solid(t.inline or t.text) for t in parts[1:]]
    joined = ("" if all(len(i) == 1 for i in indices) else ",").join(indices)
    return Tex(subscripted(_solid(base), joined), ATOM, 0, "name", parts[0].tall)


def _delta(p: Phrase, parts: Sequence[Tex]) -> Tex:
    i, j = (_solid(t.inline or t.text) for t in parts)
    if p.text == "bracket":
        return Tex(f"[{i}={j}]", ATOM, 0, "group")
    return Tex(rf"\delta_{{{i}{j}}}" if len(i) == len(j) == 1 else rf"\delta_{{{i},{j}}}", ATOM, 0, "name")


def _range(p: Phrase, parts: Sequence[Tex]) -> Tex:
    index, size = (_solid(t.inline or t.text) for t in parts)
    return Tex(rf"\sum_{{{index}=1}}^{{{size}}}")


def _sum_over(p: Phrase, parts: Sequence[Tex]) -> Tex:
    body, *ranges = parts
    inside = bracketed(body) if body.kind == "minus" else _within(body, MUL)
    return Tex("".join(r.text for r in ranges) + inside, MUL, 0, "open", True)


def _sized(p: Phrase, parts: Sequence[Tex]) -> Tex:
    """A factor over its shape."""
    factor, *dims = parts
    shape = r"\times ".join(_solid(d.text) if d.level == ATOM else f"({_solid(d.text)})" for d in dims)
    text = rf"\underbrace{{{_solid(_within(factor, MUL))}}}_{{{shape}}}"
    return replace(factor, text=text, level=max(factor.level, POW), kind="", tall=False, alone="")


def _closed(name: str) -> str:
    """A name whose subscript cannot run into the exponent that follows."""
    return name if len(name) == 1 or "_" in name else f"{{{name}}}"


def inline(phrase: Phrase, style: Style | None = None) -> str:
    r"""The phrase on one line: \partial C/\partial W_1."""
    style = style or Style()
    tex = fold(phrase, lambda p, parts, keywords: _visit(p, parts, keywords, style, False), style.limit)
    return _solid(tex.inline or tex.text)


_HEADS = {
    "add": _sum, "neg": _negation, "over": _denominator, "matmul": _matmul, "pow": _power, "transpose": _transpose,
    "index": _index, "slice": _slice, "compare": _compare, "tuple": _tuple, "list": _list, "partial": _partial,
    "entry": _entry, "delta": _delta, "range": _range, "sum_over": _sum_over, "sized": _sized,
}  # fmt: skip


# ---------------------------------------------------------------- calls


def _call(p: Phrase, parts: Sequence[Tex], keywords: dict[str, Tex], style: Style) -> Tex:
    rank = rank_of_call(p, [t.rank for t in parts])
    tall = any(t.tall for t in parts)
    known = None if p.text in style.functions else macro(p.text, len(parts))
    if known is not None and known.cases:
        return _cases(parts, rank, style)
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
        body = _within(argument, MUL) if argument.kind != "minus" else bracketed(argument)
        return Tex(rf"{known.prefix}{below} {body}", MUL, rank, "open", True)
    shown = [_solid(t.text) for t in parts] + [rf"\text{{{k}}}={_solid(v.text)}" for k, v in keywords.items()]
    separator = r";\," if style.lang == "fr" and any("{,}" in t for t in shown) else r",\,"
    primes = "'" * p.primes if p.primes <= 3 else f"^{{({p.primes})}}"
    name = (known.name if known is not None else typeset(p.text)) + primes
    inside = Tex(separator.join(shown), tall=tall)
    argument_text = bracketed(inside)
    applied = (name, argument_text) if known is not None and not p.primes and "_" not in name else None
    return Tex(name + argument_text, ATOM, rank, "", tall, applied=applied)


def _row_or_column_sum(matrix: Tex, axis: str) -> Tex:
    """The sum over the columns of a matrix is A 1, over its rows A^T 1."""
    inside = matrix.text if matrix.level == ATOM else bracketed(matrix)
    turned = r"^{\top}" if axis == "0" else ""
    return Tex(rf"{inside}{turned}\mathbf{{1}}", MUL, 1, "matmul", matrix.tall)


def _cases(parts: Sequence[Tex], rank: int, style: Style) -> Tex:
    condition, yes, no = (_solid(t.text) for t in parts)
    when, otherwise = sentence(style.lang, "cases.if"), sentence(style.lang, "cases.otherwise")
    text = rf"\begin{{cases}}{yes}&\text{{{when} }}{condition}\\{no}&\text{{{otherwise}}}\end{{cases}}"
    return Tex(text, ADD, max(rank, *(t.rank for t in parts)), "", True)


def _templated(known: Macro, parts: Sequence[Tex], rank: int) -> Tex:
    fields = []
    for part, (enclosed, raised) in zip(parts, known.slots, strict=True):
        if raised:
            fields.append(_solid(part.inline or part.text))
        elif enclosed:
            fields.append(_solid(part.text))
        else:
            fields.append(_solid(part.text if part.level == ATOM else bracketed(part)))
    text = known.fill(fields)
    level = {"power": POW, "fraction": MUL, "product": MUL}.get(known.form, ATOM)
    return Tex(text, level, rank, known.form, known.form == "fraction" or (any(t.tall for t in parts) and not known.raised))


def _keyword_below(keywords: dict[str, Tex], style: Style) -> str:
    if not keywords:
        return ""
    inside = r",\,".join(rf"\text{{{sentence(style.lang, 'axis') if k == 'axis' else k} }}{_solid(v.text)}" for k, v in keywords.items())
    return f"_{{{inside}}}"


# ---------------------------------------------------------------- widths and lines


def width(text: str) -> int:
    """About how many characters wide a formula is when set."""
    count, k, n = 0, 0, len(text)
    while k < n:
        c = text[k]
        if c == "\\":
            end = k + 1
            while end < n and text[end].isalpha():
                end += 1
            count += text[k + 1 : end] not in _INVISIBLE and end > k + 1
            k = max(end, k + 2)
            continue
        count += c not in "{}^_&\x1f "
        k += 1
    return count


_INVISIBLE = frozenset({
    "left", "right", "frac", "tfrac", "text", "mathit", "textit", "mathrm", "operatorname", "begin", "end", "underbrace", "boxed",
    "hat", "bar", "tilde", "top", "mathbf",
})  # fmt: skip


def lines(text: str, room: int) -> list[str]:
    """A breakable formula as lines of about that width; it breaks only at marks outside every group."""
    if width(text) <= room:
        return [_solid(text)]
    found: list[str] = []
    current = ""
    for piece in _pieces(text):
        if current and width(current) + width(piece) > room:
            found.append(_solid(current))
            current = piece.removeprefix(r"\,")
        else:
            current += piece
    return [*found, _solid(current)]


def _pieces(text: str) -> list[str]:
    """The text cut at its break marks, except marks inside braces or between \\left and \\right."""
    pieces, depth, current = [], 0, ""
    for chunk in text.split(BREAK):
        if current and depth == 0:
            pieces.append(current)
            current = ""
        current += chunk
        plain = chunk.replace(r"\{", "").replace(r"\}", "")
        depth += plain.count("{") - plain.count("}") + plain.count(r"\left") - plain.count(r"\right")
    return [*pieces, current]
