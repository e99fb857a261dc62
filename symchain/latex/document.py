r"""Where the mathematics of a text is: $$...$$, \[...\], environments and inline $...$ of LaTeX and Markdown; the rest is prose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symchain.errors import LimitError
from symchain.latex.tokens import Source
from symchain.support.files import MAX_TEXT

_DISPLAYS = "equation|align|alignat|aligned|gather|gathered|multline|eqnarray|displaymath|flalign|split|dmath"
_OPENING = re.compile(
    rf"""(?P<fence>^[ \t]*(?P<ticks>```+|~~~+)[^\n]*$)
    |(?P<code>`+[^`\n]*`+)
    |(?P<comment>(?:^[ \t]*|(?<=[^\\\n]))%[^\n]*)
    |(?P<escaped>\\[$%\\])
    |(?P<verbatim>\\begin\{{(?P<literal>verbatim|lstlisting|minted)\*?\}})
    |(?P<environment>\\begin\{{(?P<name>(?:{_DISPLAYS})\*?)\}}(?:\{{[0-9]*\}})?)
    |(?P<bracket>\\\[)
    |(?P<round>\\\()
    |(?P<double>\$\$)
    |(?P<single>\$)
    """,
    re.VERBOSE | re.MULTILINE,
)
_TEX = re.compile(r"\\documentclass|\\begin\{document\}|\\usepackage|\\section\*?\{|\\paragraph\*?\{")
_MATH = re.compile(rf"\$|\\\[|\\\(|\\begin\{{(?:{_DISPLAYS})\*?\}}")


@dataclass(frozen=True, slots=True)
class Fragment:
    """A stretch of mathematics by its offsets; `kind` is display, inline or bare (a text that is nothing but formulas)."""

    kind: str
    start: int
    stop: int


def find_fragments(source: Source) -> list[Fragment]:
    """The mathematics of a text in order. Raises ParseError for displays that are never closed."""
    text = source.text
    if len(text) > MAX_TEXT:
        raise LimitError(f"a text has at most {MAX_TEXT} characters", advice="Split it.")
    if _MATH.search(text) is None:
        return [Fragment("bare", 0, len(text))] if text.strip() else []
    tex = _TEX.search(text) is not None
    found: list[Fragment] = []
    position, end = _body(text)
    while match := _OPENING.search(text, position, end):
        kind = match.lastgroup if match.lastgroup not in ("ticks", "literal", "name") else ""
        kind = next(
            k
            for k in ("fence", "code", "comment", "escaped", "verbatim", "environment", "bracket", "round", "double", "single")
            if match[k]
        )
        position = match.end()
        if kind == "fence" and not tex:
            position = _after(text, match["ticks"], position, end)
        elif kind == "comment" and not tex and text[: match.start()].rsplit("\n", 1)[-1].strip():
            position = match.start() + 1  # 95 % in the middle of a line of Markdown
        elif kind == "verbatim":
            position = _after(text, rf"\end{{{match['literal']}", position, end)
        elif kind == "environment":
            position = _display(source, found, match.start(), rf"\end{{{match['name']}}}", position, end, match["name"])
        elif kind == "bracket":
            position = _display(source, found, match.start(), r"\]", position, end, r"\[")
        elif kind == "double":
            position = _display(source, found, match.start(), "$$", position, end, "$$")
        elif kind in ("round", "single"):
            position = _inline(text, found, r"\)" if kind == "round" else "$", position, end)
        elif kind == "code" and tex:
            position = match.start() + 1
    return found


def _body(text: str) -> tuple[int, int]:
    """The part of a LaTeX file that prints."""
    start, stop = text.find(r"\begin{document}"), text.find(r"\end{document}")
    return (start + len(r"\begin{document}") if start >= 0 else 0), (stop if stop >= 0 else len(text))


def _after(text: str, closing: str, position: int, end: int) -> int:
    at = text.find(closing, position, end)
    return end if at < 0 else at + len(closing)


def _display(source: Source, found: list[Fragment], opened: int, closing: str, position: int, end: int, opening: str) -> int:
    stop = source.text.find(closing, position, end)
    if stop < 0:
        source.fail(f"{opening} is never closed", f"Add {closing}.", source.place(opened, position))
    found.append(Fragment("display", position, stop))
    return stop + len(closing)


def _inline(text: str, found: list[Fragment], closing: str, position: int, end: int) -> int:
    """Inline mathematics ends in its paragraph; a dollar sign without a partner is a dollar sign."""
    paragraph = re.compile(r"\n[ \t]*\n").search(text, position, end)
    limit = paragraph.start() if paragraph else end
    stop = text.find(closing, position, limit)
    while stop > 0 and text[stop - 1] == "\\" and closing == "$":
        stop = text.find(closing, stop + 1, limit)
    if stop < 0:
        return position
    found.append(Fragment("inline", position, stop))
    return stop + len(closing)
