r"""A file's text as its mathematics is read: the Markdown of a notebook, own commands expanded, entities of HTML as their characters."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from symchain.errors import LimitError, ParseError
from symchain.latex.tokens import Source
from symchain.support.files import MAX_TEXT

_DEFINED = re.compile(
    r"\\(?:(?P<new>(?:re)?newcommand|providecommand)\*?\s*(?:\{\s*\\(?P<name1>[A-Za-z]+)\s*\}|\\(?P<name2>[A-Za-z]+))"
    r"\s*(?:\[(?P<count>[0-9])\])?(?P<option>\s*\[[^\]]*\])?"
    r"|def\s*\\(?P<name3>[A-Za-z]+)(?P<slots>(?:#[0-9])*)"
    r"|DeclareMathOperator(?P<star>\*?)\s*\{?\s*\\(?P<name4>[A-Za-z]+)\s*\}?)\s*(?=\{)"
)
_USED = re.compile(r"\\([A-Za-z]+)|&(amp|lt|gt);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_DEEPEST = 12
_SLOPES = {"dv": r"\mathrm{d}", "odv": r"\mathrm{d}", "diff": r"\mathrm{d}", "pdv": r"\partial", "diffp": r"\partial"}
"""Commands of the packages physics, derivative and diffcoeff: \\pdv[2]{f}{x}, \\pdv{f}{x}{y}, \\dv{x}."""
_OPTION = re.compile(r"\*?\s*(?:\[\s*([0-9])\s*\])?")
_MOST_PIECES = 500_000
"""Texts that commands expand to, each three at least: far more than a document has, and reached in seconds by one that has no end."""


def prepared(text: str) -> Source:
    """The source of a LaTeX, Markdown or notebook text. Raises ParseError for JSON that is no notebook, LimitError."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if len(text) > MAX_TEXT:
        raise LimitError(f"a text has at most {MAX_TEXT} characters", advice="Split it.")
    text = _notebook(text)
    macros, cut = _macros(text)
    known = _PACKAGES.keys() | _SLOPES.keys()
    if any(m[1] in known or m[2] for m in _USED.finditer(text)):
        macros = _PACKAGES | macros
    elif not macros and not cut:
        return Source(text)
    pieces: list[str] = []
    origin: list[int] = []
    start = 0
    for opened, closed in [*cut, (len(text), len(text))]:
        _expand(text[start:opened], range(start, opened), macros, 0, pieces, origin)
        if closed > opened:
            pieces.append(" ")
            origin.append(opened)
        start = closed
    return Source(text, "".join(pieces), [*origin, len(text)])


def _notebook(text: str) -> str:
    """The Markdown cells of a notebook, one below the other with an empty line between; any other text as it is."""
    if not text.lstrip().startswith("{") or '"cells"' not in text:
        return text
    try:
        data = json.loads(text)
        cells = [c for c in data["cells"] if c["cell_type"] == "markdown"]
        sources = ["".join(c["source"]) for c in cells]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ParseError("the text looks like a notebook and is none", advice="Give the JSON text of a .ipynb file, or LaTeX.") from None
    return "\n\n".join(s.rstrip("\n") for s in sources).replace("\r\n", "\n")


# ---------------------------------------------------------------- own commands


@dataclass(frozen=True)
class _Macro:
    count: int
    body: str


_PACKAGES = {
    **{name: _Macro(0, r"\mathrm{d}") for name in ("dd", "dif", "ud")},
    **{name: _Macro(0, r"\top") for name in ("T", "tran", "transp")},
    "abs": _Macro(1, r"\lvert #1\rvert"),
    "norm": _Macro(1, r"\lVert #1\rVert"),
    "vb": _Macro(1, r"\mathbf{#1}"),
    "qty": _Macro(0, ""),
}
"""Commands that come from packages, or from a preamble in another file, and mean one thing; what the text defines goes first."""


def _macros(text: str) -> tuple[dict[str, _Macro], list[tuple[int, int]]]:
    """The commands that the text defines, and where their definitions stand; those with optional arguments are left alone."""
    found: dict[str, _Macro] = {}
    cut: list[tuple[int, int]] = []
    position = 0
    while match := _DEFINED.search(text, position):
        position = match.end()
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        end = _closing(text, position)
        if re.search(r"(?<!\\)%", line) or end is None:
            continue
        body = text[position + 1 : end]
        position = end + 1
        cut.append((match.start(), position))
        name = match["name1"] or match["name2"] or match["name3"] or match["name4"]
        if match["option"]:
            continue
        if match["name4"]:
            body = rf"\operatorname{{{body}}}"
        count = int(match["count"] or 0) if match["new"] else len(match["slots"] or "") // 2
        found[name] = _Macro(count, body)
    return found, cut


def _closing(text: str, opened: int) -> int | None:
    """Where the brace that opens at an offset closes."""
    depth = 0
    for match in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, opened):
        depth += (match[0] == "{") - (match[0] == "}")
        if depth == 0:
            return match.start()
    return None


def _expand(text: str, origin: range | list[int], macros: dict[str, _Macro], depth: int, pieces: list[str], places: list[int]) -> None:
    """The text with commands and entities written out; each character keeps the offset that it came from."""
    position = 0
    for match in _USED.finditer(text):
        if match.start() < position:
            continue
        macro = macros.get(match[1]) if match[1] else None
        end = match.end()
        if macro is None and match[1] in _SLOPES and macros and (slope := _slope(match[1], text, end)) is not None:
            body, end = slope
            pieces.append(text[position : match.start()])
            places.extend(origin[position : match.start()])
            position = end
            _expand(body, [origin[match.start()]] * len(body), macros, depth + 1, pieces, places)
            continue
        if macro is None and not match[2]:
            continue
        if macro is not None and match[1] in _PACKAGES and text[end : end + 1] == "*":
            end += 1
        arguments: list[str] = []
        for _ in range(macro.count if macro is not None else 0):
            argument = _argument(text, end)
            if argument is None:
                break
            end = argument[1]
            arguments.append(argument[0])
        if macro is not None and (len(arguments) < macro.count or depth >= _DEEPEST):
            continue
        pieces.append(text[position : match.start()])
        places.extend(origin[position : match.start()])
        position = end
        if macro is None:
            pieces.append(_ENTITIES[match[2]])
            places.append(origin[match.start()])
            continue
        body = re.sub(r"#([1-9])", lambda m, a=arguments: a[int(m[1]) - 1] if int(m[1]) <= len(a) else m[0], macro.body)  # type: ignore[misc]
        if not arguments and re.search(r"[A-Za-z]$", body) and text[end : end + 1].isalpha():
            body += " "
        _expand(body, [origin[match.start()]] * len(body), macros, depth + 1, pieces, places)
        if len(places) > MAX_TEXT or len(pieces) > _MOST_PIECES:
            raise LimitError("commands of the text expand without end", advice="Correct their definitions.")
    pieces.append(text[position:])
    places.extend(origin[position : len(text)])


def _slope(name: str, text: str, position: int) -> tuple[str, int] | None:
    """A derivative by the command of a package, as fractions write it; and where it ends. None where no argument follows."""
    option = _OPTION.match(text, position)
    order, end = (option[1] or "", option.end()) if option is not None else ("", position)
    arguments: list[str] = []
    while len(arguments) < 3 and (group := re.compile(r"\s*(?=\{)").match(text, end)) and (closed := _closing(text, group.end())):
        arguments.append(text[group.end() + 1 : closed])
        end = closed + 1
    sign = _SLOPES[name]
    if name == "diff" and len(arguments) < 2:
        return sign + " ", position
    match arguments:
        case [variable]:
            return rf"\frac{{{sign}{_power(order)}}}{{{sign} {variable}{_power(order)}}}", end
        case [of, variable]:
            return rf"\frac{{{sign}{_power(order)} {of}}}{{{sign} {variable}{_power(order)}}}", end
        case [of, one, two]:
            return rf"\frac{{{sign}^2 {of}}}{{{sign} {one}\,{sign} {two}}}", end
    return None


def _power(order: str) -> str:
    return f"^{order}" if order else ""


def _argument(text: str, position: int) -> tuple[str, int] | None:
    """The argument that follows: a group, a command or one character; and where it ends."""
    while position < len(text) and text[position] in " \t\n":
        position += 1
    if text[position : position + 1] == "{":
        end = _closing(text, position)
        return None if end is None else (text[position + 1 : end], end + 1)
    match = re.compile(r"\\[A-Za-z]+|\\?[^\s}]").match(text, position)
    return (match[0], match.end()) if match else None
