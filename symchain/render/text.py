"""Phrases in the input language. What is printed here is read back as the same phrase, with as few parentheses as possible."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from symchain.render.fold import FIRST, fold
from symchain.support.notation import Phrase, digits_of

COMPARE, ADD, NEG, MUL, POW, ATOM = range(6)
"""How tightly each kind of writing binds."""


class Written(NamedTuple):
    """A printed phrase and how tightly it binds."""

    text: str
    level: int


def write(phrase: Phrase, limit: int | None = None) -> str:
    """The phrase in the input language. Sums and products of more than `limit` parts are abbreviated, for people only."""
    return fold(phrase, _write, limit).text


def write_factors(paths: Sequence[Sequence[Phrase]], limit: int | None = None) -> str:
    """Products of factors as they stand, set apart, and added."""
    written = [[fold(p, _write, limit) for p in path] for path in paths]
    if len(written) == len(written[0]) == 1:
        return written[0][0].text
    products = [" * ".join(_within(f, MUL if k or n else NEG) for k, f in enumerate(path)) for n, path in enumerate(written)]
    return " + ".join(products)


def _within(part: Written, level: int) -> str:
    return part.text if part.level >= level else f"({part.text})"


def _abbreviated(phrase: Phrase, parts: Sequence[Written], joined: list[str], ellipsis: str) -> list[str]:
    """The joined operands with an ellipsis where operands were left out."""
    return joined if len(parts) == len(phrase.parts) else [*joined[:FIRST], ellipsis, *joined[FIRST:]]


def _head(phrase: Phrase, k: int, shown: int) -> str:
    """The head of the k-th shown part."""
    return phrase.parts[k if k < FIRST else k - shown].head


def _sum(phrase: Phrase, parts: Sequence[Written]) -> Written:
    pieces = [_within(parts[0], NEG)]
    for k in range(1, len(parts)):
        text = parts[k].text
        pieces.append(f"- {text[1:]}" if _head(phrase, k, len(parts)) == "neg" else f"+ {_within(parts[k], MUL)}")
    return Written(" ".join(_abbreviated(phrase, parts, pieces, "+ ...")), ADD)


def _product(phrase: Phrase, parts: Sequence[Written]) -> Written:
    pieces = []
    divided = all(p.head == "over" for p in phrase.parts[1:])  # A @ x*y would be read twice before it is understood
    for k, part in enumerate(parts):
        head = _head(phrase, k, len(parts))
        bare = part.level >= POW or (k == 0 and head == "matmul" and divided) or (k == len(parts) - 1 and head == "sum_over")
        inside = part.text if bare else f"({part.text})"
        if head == "over":
            pieces.append(f"/{part.text}" if k else f"1/{part.text}")
        else:
            pieces.append(f"*{inside}" if k else inside)
    return Written("".join(_abbreviated(phrase, parts, pieces, "*...")), MUL)


def _matmul(phrase: Phrase, parts: Sequence[Written]) -> Written:
    pieces = [_within(part, POW) for part in parts]
    if phrase.parts[0].head == "mul":
        pieces[0] = parts[0].text
    return Written(" @ ".join(_abbreviated(phrase, parts, pieces, "...")), MUL)


def _subject(phrase: Phrase, part: Written) -> str:
    """What .T or [...] follows; a literal would run into the point."""
    return f"({part.text})" if phrase.parts[0].head == "number" else _within(part, ATOM)


def _index(phrase: Phrase, parts: Sequence[Written]) -> Written:
    return Written(f"{_subject(phrase, parts[0])}[{', '.join(p.text for p in parts[1:])}]", ATOM)


def _slice(phrase: Phrase, parts: Sequence[Written]) -> Written:
    start, stop, step = ("" if q.head == "none" else p.text for p, q in zip(parts, phrase.parts, strict=True))
    return Written(f"{start}:{stop}" + (f":{step}" if step else ""), COMPARE)


def _tuple(phrase: Phrase, parts: Sequence[Written]) -> Written:
    return Written("(" + ", ".join(p.text for p in parts) + ("," if len(parts) == 1 else "") + ")", ATOM)


def _partial(phrase: Phrase, parts: Sequence[Written]) -> Written:
    output, *inputs = (f" {p.text}" if q.head in ("call", "transpose") else p.text for p, q in zip(parts, phrase.parts, strict=True))
    if len(inputs) == 1:
        return Written(f"d{output}/d{inputs[0]}", ATOM)
    order = len(inputs)
    runs = [(i, len(list(run))) for i, run in groupby(inputs)]
    under = " ".join(f"d{i}{n if n > 1 else ''}" for i, n in runs)
    return Written(f"d{order}{output}/{under}", ATOM)


def _held(phrase: Phrase, parts: Sequence[Written]) -> Written:
    return Written(f"{parts[0].text}|{','.join(p.text for p in parts[1:])}", ATOM)


def _write(phrase: Phrase, parts: Sequence[Written], keywords: dict[str, Written]) -> Written:
    head = phrase.head
    if head in ("number", "name"):
        return Written(phrase.text, ATOM)
    if head == "add":
        return _sum(phrase, parts)
    if head == "mul":
        return _product(phrase, parts)
    if head == "call":
        arguments = [p.text for p in parts] + [f"{k}={v.text}" for k, v in keywords.items()]
        before, after = ("", chr(39) * phrase.primes) if isinstance(phrase.primes, int) else (f"D{digits_of(phrase.primes)} ", "")
        return Written(f"{before}{phrase.text}{after}({', '.join(arguments)})", ATOM)
    if head == "neg":
        return Written("-" + _within(parts[0], NEG), NEG)
    if head == "over":
        return Written(_within(parts[0], POW), POW)
    if head == "pow":
        base, exponent = parts
        signed = phrase.parts[1].head == "neg" and _unsigned(phrase.parts[1]).head not in ("mul", "matmul", "add")
        plain = exponent.level >= POW or signed
        return Written(f"{_within(base, ATOM)}**{exponent.text if plain else f'({exponent.text})'}", POW)
    if head == "string":
        return Written("'" + phrase.text + "'", ATOM)
    if head == "transpose":
        return Written(_subject(phrase, parts[0]) + ".T", ATOM)
    if head == "none":
        return Written("None", ATOM)
    if head == "compare":
        return Written(f"{_within(parts[0], ADD)} {phrase.text} {_within(parts[1], ADD)}", COMPARE)
    if head == "list":
        return Written("[" + ", ".join(p.text for p in parts) + "]", ATOM)
    return _OTHERS[head](phrase, parts)


def _unsigned(phrase: Phrase) -> Phrase:
    while phrase.head == "neg":
        phrase = phrase.parts[0]
    return phrase


def _entry(phrase: Phrase, parts: Sequence[Written]) -> Written:
    return Written(f"{_subject(phrase, parts[0])}[{','.join(p.text for p in parts[1:])}]", ATOM)


def _delta(phrase: Phrase, parts: Sequence[Written]) -> Written:
    i, j = (p.text for p in parts)
    return Written(f"[{i} = {j}]" if phrase.text == "bracket" else f"delta[{i},{j}]", ATOM)


def _sum_over(phrase: Phrase, parts: Sequence[Written]) -> Written:
    body, *indices = parts
    below = indices[0].text if len(indices) == 1 else "{" + ",".join(i.text for i in indices) + "}"
    return Written(f"sum_{below} {_within(body, MUL)}", MUL)


def _each(phrase: Phrase, parts: Sequence[Written]) -> Written:
    body, low, high = (p.text for p in parts)
    return Written(f"{body} for {phrase.text} in {low.replace(' ', '')}..{high.replace(' ', '')}", COMPARE)


def _ranged(phrase: Phrase, parts: Sequence[Written]) -> Written:
    """A formula with the range of its index beside it; the range alone where there is no formula."""
    body, low, high = (p.text.replace(" ", "") if k else p.text for k, p in enumerate(parts))
    span = f"{phrase.text} in {low}..{high}"
    return Written(span if phrase.parts[0].head == "none" else f"{body}   for {span}", COMPARE)


def _first(phrase: Phrase, parts: Sequence[Written]) -> Written:
    return parts[0]


SIZED, SHAPE, END = "\x1c", "\x1d", "\x1e"
"""Around a factor and the shape that stands below it; `below` sets them."""


def _sized(phrase: Phrase, parts: Sequence[Written]) -> Written:
    factor, *dims = parts
    shape = "(" + ", ".join(d.text for d in dims) + (",)" if len(dims) == 1 else ")")
    return Written(f"{SIZED}{factor.text}{SHAPE}{shape}{END}", factor.level)


_OTHERS = {
    "matmul": _matmul, "index": _index, "slice": _slice, "tuple": _tuple, "partial": _partial, "entry": _entry, "delta": _delta,
    "held": _held, "sum_over": _sum_over, "range": _first, "each": _each, "ranged": _ranged, "sized": _sized,
}  # fmt: skip
