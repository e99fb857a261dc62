r"""Where the mathematics of a text is: $$...$$, \[...\], environments, ```math and inline $...$; the rest is prose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symchain.errors import ParseError
from symchain.latex.tokens import Source

_DISPLAYS = "equation|align|alignat|aligned|gather|gathered|multline|eqnarray|displaymath|flalign|split|dmath|math"
_OPENING = re.compile(
    rf"""(?P<fence>^[ \t>]*(?P<ticks>```+|~~~+)(?P<info>[^\n]*)$)
    |(?P<ticked>\$`)
    |(?P<code>`+[^`\n]*`+)
    |(?P<html><!--|<(?P<tag>pre|code|script|style)\b[^>]*>)
    |(?P<comment>(?:^[ \t]*|(?<=[^\\\n]))%[^\n]*)
    |(?P<kbracket>\\\\\[)
    |(?P<kround>\\\\\()
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
_KINDS = ("fence", "ticked", "code", "html", "comment", "kbracket", "kround", "escaped", "verbatim", "environment", "bracket", "round",
          "double", "single")  # fmt: skip
_TEX = re.compile(r"\\documentclass|\\begin\{document\}|\\usepackage|\\section\*?\{|\\paragraph\*?\{")
_MATH = re.compile(rf"\$|\\\[|\\\(|\\begin\{{(?:{_DISPLAYS})\*?\}}|^[ \t>]*```+[ \t]*math\b|`[^`\n]*`", re.MULTILINE)
_FRONT = re.compile(r"---[ \t]*\n.*?\n---[ \t]*(?:\n|$)", re.DOTALL)
_FRENCH = re.compile(r"\b(?:le|la|les|des|une|est|et|pour|donc|soit|dérivée|avec|où|alors|posons|sinon|si|par)\b", re.IGNORECASE)
_ENGLISH = re.compile(r"\b(?:the|of|is|and|for|let|hence|derivative|with|where|then|if|otherwise|by|to|we)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A stretch of mathematics by its offsets; `kind` is display, inline or bare (a text that is nothing but formulas).

    `error` says why a stretch that opens cannot be read at all.
    """

    kind: str
    start: int
    stop: int
    opened: int = 0
    closed: int = 0
    error: ParseError | None = None


def find_fragments(source: Source) -> list[Fragment]:
    """The mathematics of a text in order."""
    text = source.text
    if _MATH.search(text) is None:
        return [Fragment("bare", 0, len(text), 0, len(text))] if text.strip() and _formulas(text) else []
    return _Finder(source).find()


def _formulas(text: str) -> bool:
    """Whether a text without any sign of mathematics could be formulas alone."""
    return _FRONT.match(text) is None and re.search(r"[=\\^_<>≤≥]", text) is not None


def is_french(source: Source) -> bool:
    """Whether the prose of a text is French."""
    return len(_FRENCH.findall(source.text)) > len(_ENGLISH.findall(source.text))


def _spans_prose(text: str) -> bool:
    """Whether a stretch between two signs for displays goes on over an empty line into prose."""
    _, blank, rest = re.sub(r"\n[ \t]*\n", "\n\n", text).partition("\n\n")
    return bool(blank) and re.search(r"(?<!\\)\$|^#|\b[A-Za-z]{2,}(?: [a-z]{2,}){2,}", rest, re.MULTILINE) is not None


class _Finder:
    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.tex = _TEX.search(self.text) is not None
        self.found: list[Fragment] = []
        start, stop = self.text.find(r"\begin{document}"), self.text.find(r"\end{document}")
        front = _FRONT.match(self.text)
        self.position = start + len(r"\begin{document}") if start >= 0 else front.end() if front else 0
        self.end = stop if stop >= 0 else len(self.text)

    def find(self) -> list[Fragment]:
        while match := _OPENING.search(self.text, self.position, self.end):
            kind = next(k for k in _KINDS if match[k])
            self.position = match.end()
            self._take(kind, match)
        return self.found

    def _take(self, kind: str, match: re.Match[str]) -> None:
        start, opened = match.end(), match.start()
        if kind == "fence" and not self.tex:
            closing = re.compile(rf"^[ \t>]*{re.escape(match['ticks'])}", re.MULTILINE).search(self.text, start, self.end)
            stop, self.position = (closing.start(), closing.end()) if closing else (self.end, self.end)
            if match["info"].strip().lower() == "math":
                self._add("display", start, stop, opened)
        elif kind == "ticked":
            self._inline("`$", start, opened)
        elif kind == "html" and not self.tex:
            self._skip("-->" if match[0] == "<!--" else f"</{match['tag']}>", start)
        elif kind == "comment" and not self.tex and self.text[:opened].rsplit("\n", 1)[-1].strip():
            self.position = opened + 1  # 95 % in the middle of a line of Markdown
        elif kind == "verbatim":
            self._skip(rf"\end{{{match['literal']}", start)
        elif kind == "environment":
            self._display(rf"\end{{{match['name']}}}", start, opened, match["name"])
        elif kind == "bracket":
            if not self.tex and self.text[opened - 1 : opened] == "[":
                return  # the text of a link
            self._display(r"\]", start, opened, r"\[")
        elif kind == "kbracket" and not self.tex:
            self._display(r"\\]", start, opened, r"\\[")
        elif kind == "kround" and not self.tex:
            self._inline(r"\\)", start, opened)
        elif kind == "double":
            self._display("$$", start, opened, "$$")
        elif kind in ("round", "single"):
            self._inline(r"\)" if kind == "round" else "$", start, opened)
        elif kind == "code" and self.tex:
            self.position = opened + 1

    def _skip(self, closing: str, position: int) -> None:
        at = self.text.find(closing, position, self.end)
        self.position = self.end if at < 0 else at + len(closing)

    def _add(self, kind: str, start: int, stop: int, opened: int) -> None:
        self.found.append(Fragment(kind, start, stop, opened, self.position))

    def _display(self, closing: str, start: int, opened: int, opening: str) -> None:
        stop = self.text.find(closing, start, self.end)
        if stop >= 0 and opening == "$$" and _spans_prose(self.text[start:stop]):
            stop = -1  # a sign too many; TeX allows no empty line there
        if stop < 0:
            place = self.source.place(opened, start)
            advice = f"Add {closing}."
            error = ParseError(f"{opening} is never closed", advice=advice, place=place, source=self.source.line(place))
            self.found.append(Fragment("display", opened, start, opened, start, error))
            return
        self.position = stop + len(closing)
        self._add("inline" if opening == "$$" and self._within_sentence(opened, start, stop) else "display", start, stop, opened)

    def _within_sentence(self, opened: int, start: int, stop: int) -> bool:
        """Whether $$...$$ stands within a line of prose, as kramdown writes inline mathematics."""
        if "\n" in self.text[start:stop] or self.tex:
            return False
        before = self.text[self.text.rfind("\n", 0, opened) + 1 : opened]
        newline = self.text.find("\n", stop + 2)
        after = self.text[stop + 2 : newline if newline >= 0 else len(self.text)]
        prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " ", before) + " " + re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " ", after)
        return re.search(r"[^\W\d_]{2}", prose) is not None

    def _inline(self, closing: str, start: int, opened: int) -> None:
        """Inline mathematics ends in its paragraph; a dollar sign without a partner is a dollar sign."""
        paragraph = re.compile(r"\n[ \t]*\n").search(self.text, start, self.end)
        limit = paragraph.start() if paragraph else self.end
        stop = self.text.find(closing, start, limit)
        while stop > 0 and self.text[stop - 1] == "\\" and closing == "$":
            stop = self.text.find(closing, stop + 1, limit)
        if stop >= 0:
            self.position = stop + len(closing)
            self._add("inline", start, stop, opened)
