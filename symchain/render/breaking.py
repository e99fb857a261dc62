r"""Where the lines of a long formula break: at sums before products, outside brackets before inside, and where nothing else helps
fractions, roots and exponentials are opened into brackets in which a line can break.
"""

from __future__ import annotations

import re
from itertools import pairwise

from symchain.render.measure import width
from symchain.render.products import BREAK, solid

INDENT = 10.0
"""What a continued line is set in by."""
_DEPTH, _PRODUCT = 0.7, 0.35
"""What it costs, in lines, to break inside one more bracket, and at a product."""
_OPENED = 8
"""So many times a formula is opened at most."""
_OPENINGS = re.compile(r"\\left\(|\\frac\{|\\sqrt\{|e\^\{")
_STRUCTURE = re.compile(r"\\left|\\right|\\[{}]|[{}]")


def lines(text: str, room: float, first: float | None = None) -> list[str]:
    """A breakable formula as lines of at most that width where one can be found, all but the first indented.

    `first` is the room of the first line, where something stands before it.
    """
    first = room if first is None else first
    if width(text) <= first:
        return [solid(text)]
    pieces = _pieces(text)
    for _ in range(_OPENED):
        wide = next((p for p in pieces if BREAK in p and width(p) > room - INDENT and (_opened(p) != p)), None)
        if wide is None:
            break
        text = text.replace(wide, _opened(wide), 1)
        pieces = _pieces(text)
    return [solid(line) for line in _best(pieces, first, room - INDENT)]


def _pieces(text: str) -> list[str]:
    """The text cut at its break marks, except marks inside braces or between \\left and \\right."""
    pieces, depth, current = [], 0, ""
    for k, chunk in enumerate(text.split(BREAK)):
        if current and depth == 0:
            pieces.append(current)
            current = ""
        current += (BREAK if k and depth else "") + chunk
        for token in _STRUCTURE.findall(chunk):
            depth += {"{": 1, r"\left": 1, "}": -1, r"\right": -1}.get(token, 0)
    return [*pieces, current]


def _best(pieces: list[str], first: float, room: float) -> list[str]:
    """The lines that cost least: few, in full, broken far outside."""
    sizes = [width("{}" + p) for p in pieces]
    penalties, depth = [0.0], 0
    for before, after in pairwise(pieces):
        depth += len(re.findall(r"[(\[]", before)) - len(re.findall(r"[)\]]", before))
        penalties.append(max(depth, 0) * _DEPTH + (0.0 if after[:1] in "+-" else _PRODUCT))
    costs, starts = [0.0] + [float("inf")] * len(pieces), [0] * (len(pieces) + 1)
    for end in range(1, len(pieces) + 1):
        size = 0.0
        for start in range(end - 1, -1, -1):
            size += sizes[start]
            here = room if start else first
            if size > here and start < end - 1:
                break
            ragged = 0.0 if end == len(pieces) else 0.5 * (1 - min(size / here, 1.0)) ** 2
            cost = costs[start] + 1 + penalties[start] + ragged + max(size - here, 0.0)
            if cost < costs[end]:
                costs[end], starts[end] = cost, start
    found: list[str] = []
    end = len(pieces)
    while end:
        line = "".join(pieces[starts[end] : end])
        found.append(line.removeprefix(r"\,") if starts[end] else line)
        end = starts[end]
    return found[::-1]


def _opened(text: str) -> str:
    """The text with its outermost fraction, root, exponential or tall bracket that holds a mark set so that a line can break there."""
    place = 0
    while found := _OPENINGS.search(text, place):
        start, kind = found.start(), found[0]
        if kind == r"\left(":
            inside, end = _between(text, found.end(), r"\right")
            if BREAK in inside and text[end : end + 1] == ")":
                return rf"{text[:start]}\Bigl({inside}\Bigr){text[end + 1 :]}"
        else:
            inside, end = _between(text, found.end(), "}")
            under, after = _between(text, end + 1, "}") if kind == r"\frac{" and text[end : end + 1] == "{" else ("", end)
            if BREAK in inside or BREAK in under:
                bracket = rf"\Bigl({inside}\Bigr)"
                if kind == r"\sqrt{":
                    new = rf"{bracket}^{{1/2}}"
                elif kind == "e^{":
                    new = rf"\exp{bracket}"
                elif BREAK not in under:
                    new = rf"\frac{{1}}{{{under}}}{BREAK}{bracket}"
                else:
                    new = rf"{bracket if BREAK in inside else inside}{BREAK}\Bigl({under}\Bigr)^{{-1}}"
                return text[:start] + new + text[after:]
        place = end
    return text


def _between(text: str, start: int, closer: str) -> tuple[str, int]:
    """What stands up to the closer that belongs to what opened before `start`, and where the closer ends."""
    depth = 1
    for token in _STRUCTURE.finditer(text, start):
        if token[0] in ("{", r"\left"):
            depth += 1
        elif token[0] in ("}", r"\right"):
            depth -= 1
            if not depth:
                return text[start : token.start()], token.end()
    return text[start:], len(text)
