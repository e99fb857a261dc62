"""The mathematics of a LaTeX text to tokens, each with its place in the text it came from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from symchain.errors import LimitError, ParseError, Place
from symchain.language.spelling import GREEK, LOOKALIKES, MAX_NAME, SUBSCRIPTS, SUPERSCRIPTS
from symchain.language.tokens import LARGEST, MAX_DIGITS, MAX_PRIMES

MAX_TOKENS = 200_000


class Token(NamedTuple):
    """A piece of mathematics.

    `kind` is number, letter (one letter, or a Greek one by its name), word (several letters in one font), command, text (prose),
    prime, begin, end, op (one character), bad (not read, for the reason `error`) or stop. `style` is the font command a letter or word
    stood in. `start` and `stop` are offsets in what is read.
    """

    kind: str
    text: str
    line: int
    column: int
    width: int
    style: str = ""
    start: int = 0
    stop: int = 0
    error: ParseError | None = None

    @property
    def place(self) -> Place:
        return Place(self.line, self.column, max(1, self.width))


GREEK_COMMANDS = frozenset(GREEK.values())
VARIANTS = {"var" + n: n for n in ("epsilon", "theta", "phi", "rho", "kappa", "sigma")} | {"thetasym": "theta", "ell": "ell"}
FONTS = frozenset({
    "mathbf", "boldsymbol", "bm", "mathbb", "mathcal", "mathrm", "mathit", "mathsf", "mathtt", "mathfrak", "mathscr",
    "operatorname", "vec", "textbf", "textit", "textrm", "textsf", "texttt", "text", "mbox",
})  # fmt: skip
BOLD = frozenset({"mathbf", "boldsymbol", "bm", "vec", "textbf", "pmb"})
"""The fonts of arrays."""
PROSE = frozenset({"text", "mbox", "textrm", "textit", "textbf", "textsf", "texttt", "intertext", "shortintertext"})
_SKIPPED = frozenset({
    "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr",
    "displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "nonumber", "notag", "thinspace", "enspace", "medspace",
    "thickspace", "negthinspace", "allowbreak", "noindent", "mathstrut", "hfill", "small", "large", "normalsize", "footnotesize",
    "scriptscriptstyle", "middle", "space", "nobreakspace",
})  # fmt: skip
_WITH_LABEL = frozenset({
    "label", "tag", "vspace", "phantom", "vphantom", "hphantom", "ref", "eqref", "color", "cite", "footnote", "kern", "mkern",
})  # fmt: skip
_WRAPPERS = frozenset({"boxed", "fbox", "mathrel", "mathbin", "mathop", "mathord", "mathopen", "mathclose", "ensuremath", "mathinner"})
"""Commands whose one argument stands where they do."""
_RELATIONS = frozenset({"=", "<", ">", "le", "leq", "leqslant", "ge", "geq", "geqslant"})
_OVER = frozenset({"overset", "stackrel", "underset"})
_NARROW = re.compile(r"\s*-|\s*0?\.[01]\d*\s*(?:in|cm|em)|\s*[0-5](?:\.\d*)?\s*(?:pt|mu|mm|ex)")
_SPACES = frozenset(",;:!> /")
_BRACED_ROWS = re.compile(r"\s*\\(?:\{|lbrace(?![a-z]))\s*\\begin\{(array|aligned|matrix|gathered)\}(?:\s*\{[^{}]*\})?")
r"""From behind the \left of \left\{\begin{array}{ll} ... \end{array}\right. , which is cases."""
_NEXT_ROW = re.compile(r"\s*\.(?:\s|\\\\(?:\[[^\]]*\])?|&|\\q?quad\b)*\\left\s*\.(?:\s*\\q?quad\b)*")
r"""From behind the \right of \right. to behind the \left. of the next row."""
_DELIMITERS = {
    "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "lVert": "‖", "rVert": "‖", "Vert": "‖", "parallel": "‖", "|": "‖",
    "lbrack": "[", "rbrack": "]", "lparen": "(", "rparen": ")", "{": "(", "}": ")", "lbrace": "(", "rbrace": ")",
    "colon": ":", "ast": "*", "lt": "<", "gt": ">", "prime": "'",
}  # fmt: skip
_CHARACTERS = {
    "·": "cdot", "⋅": "cdot", "∙": "cdot", "×": "times", "⊙": "odot", "∘": "circ", "∂": "partial", "∇": "nabla", "⊤": "top",
    "∑": "sum", "∏": "prod", "≤": "le", "≥": "ge", "≠": "ne", "∈": "in", "ℝ": "R", "√": "sqrt", "∞": "infty", "→": "to",
    "≈": "approx", "±": "pm", "…": "dots", "ℓ": "ell", "⟨": "langle", "⟩": "rangle",
}  # fmt: skip
_PLAIN = {"−": "-", "∗": "*", "∣": "|", "∥": "‖", "‖": "‖", "′": "'", "’": "'", "\u00a0": " ", "\u2009": " ", "\u202f": " "}
_NUMBER = re.compile(r"[0-9]+(?:\{,\}[0-9]+|\.[0-9]+|\.(?![0-9.]))?|\.[0-9]+")
_INDICATOR = re.compile(
    r"(?:\\(?:mathbb|mathbf|mathbbm|mathds|mathrm)\s*\{?\s*1\s*\}?|(?<![0-9.])1)\s*"
    r"(?:(?:\\left\s*)?(?:\[|\(|\\?\{)\s*([a-z])\s*=\s*([a-z])\s*(?:\\right\s*)?(?:\]|\)|\\?\})"
    r"|_\s*\{\s*(?:\\?[\[({])?\s*([a-z])\s*=\s*([a-z])\s*(?:\\?[\])}])?\s*\})"
)
_OPENERS = ("(", "[", r"\left", r"\{", r"\big", r"\Big")
_COMMAND = re.compile(r"\\([A-Za-z]+\*?|.)", re.DOTALL)
_BRACED = re.compile(r"\s*\{\s*\\?([A-Za-z]+|[0-9]+)\s*\}|\s+\\?([A-Za-z])(?![A-Za-z])|\s*\\([A-Za-z]+)")
_WORD_IN = re.compile(r"\s*\{([^{}\\$]*)\}")
_DOUBLED = re.compile(
    r"\\\\(?=(?:frac|partial|sum|left|right|hat|bar|text|mathbf|mathrm|sqrt|cdot|times|nabla|log|exp|tanh|"
    + "|".join(sorted(GREEK_COMMANDS, key=len, reverse=True))
    + r")(?![A-Za-z]))"
)
"""A command whose backslash was doubled on its way through Markdown."""
_ENVIRONMENT = re.compile(r"\s*\{([A-Za-z]+\*?)\}")


class Source:
    """A text and where its lines begin, so that offsets have places. What is read may be the text with commands written out: `origin`
    says from which offset of the text each of its characters came."""

    def __init__(self, text: str, read: str | None = None, origin: Sequence[int] | None = None) -> None:
        self.text = text if read is None else read
        self.written = text
        self._origin = origin
        self.layers: set[str] = set()
        """The letters that number layers in this text: l of W^{(l)}."""
        self.lines = text.split("\n")
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def place(self, start: int, stop: int | None = None) -> Place:
        """The place of a stretch, cut at the end of its first line."""
        if self._origin is not None:
            stop = self._origin[stop if stop is not None else min(start + 1, len(self._origin) - 1)]
            start = self._origin[start]
        low, high = 0, len(self.lines) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._starts[middle] <= start else (low, middle - 1)
        column = start - self._starts[low]
        width = (stop if stop is not None else start + 1) - start
        return Place(low + 1, column + 1, max(1, min(width, len(self.lines[low]) - column)))

    def between(self, start: int, stop: int) -> str:
        """A stretch as it is written."""
        if self._origin is not None:
            start, stop = self._origin[start], self._origin[stop]
        return self.written[start:stop]

    def line(self, place: Place) -> str:
        return self.lines[place.line - 1]

    def fail(self, what: str, advice: str, place: Place) -> NoReturn:
        raise ParseError(what, advice=advice, place=place, source=self.line(place))


def read_tokens(source: Source, start: int, stop: int) -> list[Token]:
    """The tokens of a stretch of mathematics, without spacing, comments and labels; a stop token ends them."""
    return _Tokens(source, start, stop).read()


class _Tokens:
    def __init__(self, source: Source, start: int, stop: int) -> None:
        self.source, self.text, self.position, self.end = source, source.text, start, stop
        self.found: list[Token] = []
        self.set_in = ("", 0)
        self.rows_end = (-1, 0)
        """Where the rows of cases end that are written as an array behind a brace, and where their closing does."""
        """The font command around what stands here, and where its braces end."""

    def read(self) -> list[Token]:
        """What is not read costs its own statement: it becomes a token that says why."""
        while self.position < self.end:
            if len(self.found) > MAX_TOKENS:
                place = self.source.place(self.position)
                raise LimitError(f"a formula of more than {MAX_TOKENS} pieces", advice="Split it.", place=place)
            start = self.position
            try:
                self._step()
            except ParseError as error:
                match = _COMMAND.match(self.text, start, self.end) if self.text[start] == "\\" else None
                self.position = start
                width = max(1, len(match[0]) if match else 1)
                if match and (group := _WORD_IN.match(self.text, match.end(), self.end)):
                    width = group.end() - start
                self._add("bad", self.text[start : start + width], width)
                self.found[-1] = self.found[-1]._replace(error=error)
        self._add("stop", "", 0)
        return _unwrapped(self.found)

    def _step(self) -> None:
        if match := _INDICATOR.match(self.text, self.position, self.end):
            self._indicator(match)
            return
        c = _PLAIN.get(self.text[self.position], self.text[self.position])
        if c.isspace() or c == "~":
            self.position += 1
        elif c == "%":
            newline = self.text.find("\n", self.position, self.end)
            self.position = self.end if newline < 0 else newline + 1
        elif c == "\\":
            self._command()
        elif self.text.startswith("...", self.position, self.end):
            self._add("command", "dots", 3)
        elif match := _NUMBER.match(self.text, self.position, self.end):
            self._number(match[0])
        else:
            self._character(c)

    def _indicator(self, match: re.Match[str]) -> None:
        """1[i = j], by Kronecker's symbol of its own name."""
        one, two = [g for g in match.groups() if g]
        start = self.position
        self._add("word", "indicator", match.end() - start, "mathrm")
        for kind, text in (("op", "_"), ("op", "{"), ("letter", one), ("op", ","), ("letter", two), ("op", "}")):
            self._add(kind, text, 0)

    def _add(self, kind: str, text: str, width: int, style: str = "") -> None:
        place = self.source.place(self.position, self.position + width)
        stop = self.position + width
        if kind == "letter" and not style and self.position < self.set_in[1] and self.set_in[0] in BOLD:
            style = self.set_in[0]
        self.found.append(Token(kind, text, place.line, place.column, place.width if width else 0, style, self.position, stop))
        self.position = stop

    def _number(self, text: str) -> None:
        digits = text.replace("{,}", ".").rstrip(".") if text.endswith(".") else text.replace("{,}", ".")
        place = self.source.place(self.position, self.position + len(text))
        if len(digits) > MAX_DIGITS or float(digits) > float(f"1e{LARGEST}"):
            raise LimitError("a number larger than any double", advice="Use fewer digits.", place=place, source=self.source.line(place))
        width = len(text) - (text.endswith("."))  # a full stop after a number ends the sentence
        self._add("number", digits, width)

    def _character(self, c: str) -> None:
        if c in LOOKALIKES:
            self._fail(f"{c} looks like the Latin {LOOKALIKES[c]}", f"Write {LOOKALIKES[c]}.")
        if c in GREEK:
            self._add("letter", GREEK[c], 1)
        elif c.isascii() and c.isalpha():
            self._letters()
        elif c in _CHARACTERS:
            self._add("command", _CHARACTERS[c], 1)
        elif c in SUBSCRIPTS or c in SUPERSCRIPTS:
            self._script(SUBSCRIPTS if c in SUBSCRIPTS else SUPERSCRIPTS, "_" if c in SUBSCRIPTS else "^")
        elif c == "'":
            self._primes()
        elif c in "+-*/=()[]{}^_&|‖,;.:<>!":
            self._add("op", c, 1)
        else:
            shown = c if c.isprintable() else f"U+{ord(c):04X}"
            name = unicodedata.name(c, "")
            self._fail(f"{shown} ({name}) is not part of the mathematics that is read" if name else f"{shown} is not read", "Remove it.")

    def _letters(self) -> None:
        """Letters one by one; the run they stand in is kept as the style, because `log(x)` is not l times o times g."""
        match = re.compile("[A-Za-z]+").match(self.text, self.position, self.end)
        assert match is not None
        run = match[0] if len(match[0]) > 1 else ""
        for k, letter in enumerate(match[0]):
            self._add("letter", letter, 1, f"run:{k}:{run}" if run else "")

    def _primes(self) -> None:
        count = 0
        while self.position + count < self.end and _PLAIN.get(c := self.text[self.position + count], c) == "'":
            count += 1
        if count > MAX_PRIMES:
            self._fail(f"more than {MAX_PRIMES} primes", "Use fewer.")
        self._add("prime", str(count), count)

    def _script(self, table: dict[str, str], sign: str) -> None:
        """W₁ and x² as W_{1} and x^{2}."""
        self._add("op", sign, 0)
        self._add("op", "{", 0)
        while self.position < self.end and self.text[self.position] in table:
            c = table[self.text[self.position]]
            self._add("number" if c.isdigit() else "op" if c in "+-" else "letter", c, 1)
        digits = self.found[-1]
        while digits.kind == "number" and self.found[-2].kind == "number":
            before = self.found[-2]
            self.found[-2:] = [before._replace(text=before.text + digits.text, width=before.width + digits.width)]
            digits = self.found[-1]
        self._add("op", "}", 0)

    # ------------------------------------------------------------ commands

    def _command(self) -> None:
        match = _COMMAND.match(self.text, self.position, self.end)
        if match is None:
            self._fail("a backslash at the end", "Remove it.")
        name, width = match[1], len(match[0])
        if name in _SPACES or name in _SKIPPED or name.isspace():
            self._delimiter(name, width)
        elif name == "*":
            self._add("op", "*", width)
        elif name == "bbox":
            self.position += width
            if option := re.compile(r"\s*\[[^\]]*\]").match(self.text, self.position, self.end):
                self.position = option.end()
            self._add("command", "boxed", 0)
        elif name == "\\" and (doubled := _DOUBLED.match(self.text, self.position, self.end)) is not None:
            self.position += 1 if doubled else 0
        elif name == "\\":
            skip = re.compile(r"\\\\\*?(\s*\[[^\]\n]*(?:pt|em|ex|cm|mm)\])?").match(self.text, self.position, self.end)
            self._add("command", "\\", len(skip[0]) if skip else width)
        elif name == "_":
            self._add("op", "_", width)
        elif name in ("hspace", "hspace*"):
            group = _WORD_IN.match(self.text, self.position + width, self.end)
            end = group.end() if group else self.position + width
            if group and not _NARROW.match(group[1]):
                self._add("command", "quad", end - self.position)
            self.position = end
        elif name == "textcolor":
            group = _WORD_IN.match(self.text, self.position + width, self.end)
            self.position = group.end() if group else self.position + width
        elif name in _DELIMITERS:
            if _DELIMITERS[name] == "'":
                self._add("prime", "1", width)
            else:
                self._add("op", _DELIMITERS[name], width)
        elif name.rstrip("*") in _WITH_LABEL:
            self.position += width
            if group := _WORD_IN.match(self.text, self.position, self.end):
                self.position = group.end()
        elif name == "end" and self.position == self.rows_end[0]:
            self._add("end", "cases", self.rows_end[1] - self.position)
        elif name in ("begin", "end"):
            group = _ENVIRONMENT.match(self.text, self.position + width, self.end)
            if group is None:
                self._fail(rf"\{name} without the name of an environment", "Write \\begin{aligned}, say.")
            self._add(name, group[1], group.end() - self.position)
        elif name.rstrip("*") in FONTS | {"intertext", "shortintertext"}:
            self._font(name.rstrip("*"), width)
        elif name in GREEK_COMMANDS or name in VARIANTS:
            self._add("letter", VARIANTS.get(name, name), width, name if name in VARIANTS and name != "ell" else "")
        else:
            if len(name) > MAX_NAME:
                self._fail("a command of more than 200 letters", "Use a shorter one.")
            self._add("command", name, width)

    def _delimiter(self, name: str, width: int) -> None:
        r"""\left. opens what a bar with a point closes: \left. f \right|_{x=3}."""
        self.position += width
        if name not in ("left", "right"):
            return
        rest = self.text[self.position : self.end]
        if name == "left" and (rows := _BRACED_ROWS.match(rest)) is not None:
            close = re.compile(rf"\\end\{{{rows[1]}\}}\s*\\right\s*\.").search(rest, rows.end())
            if close is not None and r"\begin" not in rest[rows.end() : close.start()]:
                self.rows_end = (self.position + close.start(), self.position + close.end())
                self._add("begin", "cases", rows.end())
                return
        inside = len(rest) - len(rest.lstrip())
        if rest.lstrip().startswith("."):
            goes_on = _NEXT_ROW.match(rest) if name == "right" else None
            if goes_on is not None:  # a bracket over two rows
                self.position += goes_on.end()
                return
            if name == "right":
                self._fail(r"\right. has no bracket", "Write both brackets.")
            self._add("command", "evaluated", inside + 1)
        elif name == "right" and rest.lstrip().startswith(("|", r"\vert", r"\rvert")) and self._evaluates():
            width = inside + (1 if rest.lstrip()[0] == "|" else len(rest.lstrip().split("t")[0]) + 1)
            self._add("command", "evaluation", width)

    def _evaluates(self) -> bool:
        """Whether the innermost \\left without a partner is \\left. ."""
        open_ = [t for t in self.found if t.kind == "command" and t.text in ("evaluated", "evaluation")]
        return sum(1 if t.text == "evaluated" else -1 for t in open_) > 0

    def _font(self, name: str, width: int) -> None:
        if name in PROSE:
            r"""\text{...}: a word may be part of a name, anything else is prose."""
            content, end = self._raw(self.position + width)
            word = content.strip()
            plain = content.isalpha() and content.isascii() and name not in ("intertext", "shortintertext")
            self._add("word" if plain else "text", word, end - self.position, "text")
            return
        match = _BRACED.match(self.text, self.position + width, self.end)
        content = next((g for g in match.groups() if g), "") if match else ""
        known = content in GREEK_COMMANDS or content in VARIANTS
        if content == "1" and match and self.text[match.end() : self.end].lstrip().startswith(_OPENERS):
            self._add("number", content, match.end() - self.position)
            return
        if content.isdigit():
            self._fail(f"a {content} in a font of its own may be an array of ones", "Write the sizes in the input language: ones(n).")
        if match and "\\" in match[0] and not known:
            match = None
        if match is None:
            self.position += width
            if self.text[self.position : self.end].lstrip().startswith("{"):
                self.set_in = (name, self._raw(self.position)[1])  # \mathbf{\hat{x}}
            return
        if len(content) > MAX_NAME:
            self._fail("a name of more than 200 letters", "Use a shorter one.")
        if name == "mathbb" and content != "R":
            self._fail(rf"\mathbb{{{content}}} is an operator or a set", "Names are plain, bold or calligraphic letters.")
        content = VARIANTS.get(content, content) if "\\" in match[0] else content
        single = len(content) == 1 or "\\" in match[0]
        self._add("letter" if single else "word", content, match.end() - self.position, name)

    def _raw(self, start: int) -> tuple[str, int]:
        """The content of the braces that follow, and where they end."""
        opening = start
        while opening < self.end and self.text[opening].isspace():
            opening += 1
        depth = 0
        for k in range(opening, self.end):
            depth += (self.text[k] == "{") - (self.text[k] == "}") if self.text[k - 1] != "\\" else 0
            if depth == 0:
                return self.text[opening + 1 : k], k + 1
        self._fail("a brace is never closed", "Add }.")

    def _fail(self, what: str, advice: str) -> NoReturn:
        self.source.fail(what, advice, self.source.place(self.position))


def shown(tokens: Sequence[Token]) -> str:
    """A few tokens as a message shows them."""
    return "".join(rf"\{t.text}" if t.kind == "command" else t.text for t in tokens)


def _unwrapped(tokens: list[Token]) -> list[Token]:
    r"""Without the braces of \\boxed{a = b}, and with \\overset{!}{=} as the sign below."""
    found: list[Token] = []
    k = 0
    while k < len(tokens):
        token = tokens[k]
        if token.kind == "command" and token.text in _OVER:
            first = _group_end(tokens, k + 1)
            second = _group_end(tokens, first) if first else None
            if first and second:
                over, base = tokens[k + 1 : first], tokens[first:second]
                if token.text == "underset":
                    over, base = tokens[k + 1 : first], tokens[first:second]
                inner = [t for t in base if not (t.kind == "op" and t.text in "{}")]
                if len(inner) == 1 and inner[0].text == "=":
                    wanted = any(t.text == "!" for t in over)
                    found.append(inner[0]._replace(style="wanted" if wanted else ""))
                    k = second
                    continue
        if token.kind == "command" and token.text in _WRAPPERS:
            end = _group_end(tokens, k + 1)
            if end and tokens[k + 1].text == "{":
                inside = _unwrapped(tokens[k + 2 : end - 1])
                signs = len(inside) == 1 or any(t.kind == "op" and t.text == "=" for t in inside) or token.text not in ("boxed", "fbox")
                found += inside if signs else [tokens[k + 1], *inside, tokens[end - 1]]
                k = end
                continue
            k += 1
            continue
        if token.kind == "op" and token.text == "{" and not _is_argument(found):
            end = _group_end(tokens, k)
            inside = tokens[k + 1 : end - 1] if end else []
            if end and any(t.text in _RELATIONS for t in inside) and not any(t.text == "\\" for t in inside):
                found += _unwrapped(inside)
                k = end
                continue
        found.append(token)
        k += 1
    return found


def _is_argument(before: Sequence[Token]) -> bool:
    if not before:
        return False
    last = before[-1]
    return (last.kind == "op" and last.text in "^_}]") or last.kind == "command"


def _group_end(tokens: Sequence[Token], start: int) -> int | None:
    """Where the argument that begins at a token ends: behind its brace, or behind the one token."""
    if start >= len(tokens) or tokens[start].kind == "stop":
        return None
    if tokens[start].text != "{":
        return start + 1
    depth = 0
    for k in range(start, len(tokens)):
        if tokens[k].kind == "op":
            depth += (tokens[k].text == "{") - (tokens[k].text == "}")
        if depth == 0:
            return k + 1
    return None
