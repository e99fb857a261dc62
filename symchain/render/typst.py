r"""Documents as Typst, for PDF without a TeX installation.

Formulas are laid out once, as LaTeX; here that LaTeX is read and written again in Typst's notation. Only what symchain's own printers
write is known: anything else is refused, and LaTeX makes the PDF instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from symchain.errors import UnsupportedError
from symchain.render.formulas import LatexFormulas
from symchain.render.latex_document import rows_lines, style_of
from symchain.render.names import escaped
from symchain.render.sentences import Speaker
from symchain.support.document import Document, Formula, Section

SYMBOLS = {
    r"\partial": "∂", r"\cdot": "⋅", r"\odot": "⊙", r"\times": "×", r"\otimes": "⊗", r"\to": "→", r"\mapsto": "↦", r"\infty": "∞",
    r"\top": "⊤", r"\sum": "∑", r"\prod": "∏", r"\ldots": "…", r"\cdots": "⋯", r"\ne": "≠", r"\le": "≤", r"\ge": "≥", r"\approx": "≈",
    r"\in": "∈", r"\lVert": "‖", r"\rVert": "‖", r"\|": "‖", r"\lvert": "bar.v", r"\rvert": "bar.v", r"\vert": "bar.v",
    r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉", r"\ell": "ℓ", r"\{": r"\{", r"\}": r"\}", r"\pm": "±",
    r"\quad": "quad", r"\qquad": "quad quad", r"\,": "thin", r"\:": "med", r"\;": "thick", r"\!": "", r"\ ": "space",
    r"\leftarrow": "←", r"\allowbreak": "", r"\displaystyle": "", r"\Bigl": "", r"\Bigr": "",
    r"\_": r"\_", r"\%": r"\%", r"\#": r"\#", r"\&": r"\&", r"\$": r"\$",
}  # fmt: skip
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "varepsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ",
    "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "epsilon": "ϵ", "phi": "ϕ", "vartheta": "ϑ", "varrho": "ϱ", "varsigma": "ς",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ",
    "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
SYMBOLS.update((f"\\{word}", letter) for word, letter in _GREEK.items())
_OPERATORS = frozenset({
    "ln", "log", "exp", "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "coth", "det",
    "dim", "ker", "arg", "deg",
})  # fmt: skip
_LIMITS = frozenset({"max", "min", "sup", "inf", "lim"})
_CALLS = {
    r"\frac": "frac({}, {})", r"\dfrac": "frac({}, {})", r"\tfrac": "inline(frac({}, {}))", r"\sqrt": "sqrt({})", r"\hat": "hat({})",
    r"\bar": "macron({})", r"\tilde": "tilde({})", r"\dot": "dot({})", r"\vec": "arrow({})", r"\overline": "overline({})",
    r"\mathbf": "bold(upright({}))", r"\mathbb": "bb({})",
    r"\boxed": "#box(stroke: 0.6pt, inset: (x: 6pt, y: 9pt), baseline: 9pt)[$display({})$]",
}  # fmt: skip
_WORDS = {
    r"\textbackslash": "\\", r"\textasciicircum": "^", r"\textasciitilde": "~", r"\textless": "<", r"\textgreater": ">", r"\textbar": "|",
}  # fmt: skip
_TEXTS = frozenset({r"\text", r"\textit", r"\mathrm", r"\mathit", r"\operatorname", r"\mathsf", r"\textbf"})
_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\d+(?:(?:\.|\{,\})\d+)*|\s+|.", re.DOTALL)
_ESCAPED = frozenset("()[]/,;:#\"$&_^'*`~@<>|\\{}!")
DEPTH = 80


def mathematics(latex: str) -> str:
    """LaTeX mathematics in Typst's notation. Raises UnsupportedError for a macro that symchain's printers do not write."""
    return Reader(latex).sequence(0)


class Reader:
    """Reads LaTeX once from left to right; nesting is bounded. `mathml` writes what it reads otherwise."""

    OPERATORS, LIMITS, TEXTS = _OPERATORS, _LIMITS, _TEXTS

    def __init__(self, latex: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(latex)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def blank(self) -> None:
        while self.peek().isspace():
            self.at += 1

    def bounded(self, depth: int) -> None:
        if depth > DEPTH:
            raise UnsupportedError("the formula nests too deep for Typst", advice="Use LaTeX for this PDF.")

    def sequence(self, depth: int, *ends: str) -> str:
        """Atoms with their scripts up to one of the ends, which stays unread."""
        self.bounded(depth)
        found: list[str] = []
        while self.at < len(self.tokens) and self.peek() not in ends:
            if self.peek().isspace():
                self.at += 1
                continue
            found.append(self.scripted(depth))
        return " ".join(filter(None, found))

    def scripted(self, depth: int) -> str:
        base = "" if self.peek() in ("^", "_") else self.atom(depth)
        brace = base.startswith("underbrace(")
        below, above = self.scripts(depth, "prime")
        if brace and below:
            return f"{base[:-1]}, {' '.join(below)})"
        if not below and not above:
            return base
        scripts = [f"{key}: {' '.join(texts)}" for key, texts in (("t", above), ("b", below)) if texts]
        return f"attach({base or 'zws'}, {', '.join(scripts)})"

    def scripts(self, depth: int, prime: str) -> tuple[list[str], list[str]]:
        """What stands below and above the atom before."""
        below: list[str] = []
        above: list[str] = []
        while True:
            here = self.at
            self.blank()
            token = self.peek()
            if token == "_":
                self.next()
                below.append(self.argument(depth))
            elif token == "^":
                self.next()
                above.append(self.argument(depth))
            elif token == "'":
                self.next()
                above.append(prime)
            else:
                self.at = here
                return below, above

    def number(self, digits: str) -> str:
        return digits

    def empty(self) -> str:
        """What stands for nothing."""
        return "zws"

    def argument(self, depth: int) -> str:
        """A group, or one atom: of digits without braces, the first."""
        self.blank()
        token = self.peek()
        if token[:1].isdigit() and len(token) > 1:
            self.tokens[self.at] = token[1:]
            return self.number(token[0])
        return self.atom(depth + 1) or self.empty()

    def atom(self, depth: int) -> str:
        token = self.next()
        if "{,}" in token:  # a decimal comma
            return _tight(f'"{token.replace("{,}", ",")}"')
        if token == "{":
            inside = self.sequence(depth + 1, "}")
            self.next()
            return inside
        if token in SYMBOLS:
            return SYMBOLS[token]
        if token == r"\left":
            return self.fenced(depth)
        if token == r"\begin":
            return self.environment(depth)
        if token == r"\underbrace":
            return f"underbrace({self.argument(depth)})"
        if token in _CALLS:
            template = _CALLS[token]
            return template.format(*(self.argument(depth) for _ in range(template.count("{}"))))
        if token in _TEXTS:
            return self.words(token)
        if token.startswith("\\"):
            word = token[1:]
            if word in _OPERATORS:
                return f'op("{word}")'
            if word in _LIMITS:
                return f'op("{word}", limits: #true)'
            raise UnsupportedError(f"{token} has no counterpart in Typst here", advice="Use LaTeX for this PDF.")
        if token == "~":
            return "space"
        return f"\\{token}" if token in _ESCAPED and token != "&" else token

    def fenced(self, depth: int) -> str:
        """\\left( ... \\right), growing with what it holds."""
        opened = self.delimiter()
        inside = self.sequence(depth + 1, r"\right")
        self.next()
        return f"lr({opened} {inside} {self.delimiter()})"

    def delimiter(self) -> str:
        self.blank()
        token = self.next()
        if token == ".":
            return ""
        return "bar.v" if token == "|" else SYMBOLS.get(token) or (f"\\{token}" if token in _ESCAPED else token)

    def environment(self, depth: int) -> str:
        name = self.braced()
        if name not in ("cases", "aligned", "pmatrix", "bmatrix"):
            raise UnsupportedError(f"the environment {name} has no counterpart in Typst here", advice="Use LaTeX for this PDF.")
        rows = self.rows(depth)
        if name == "cases":
            return f"cases({', '.join(' & '.join(row) for row in rows)})"
        if name == "aligned":
            return " \\ ".join(" & ".join(row) for row in rows)
        fence = '"("' if name == "pmatrix" else '"["'
        return f"mat(delim: #{fence}, {'; '.join(', '.join(row) for row in rows)})"

    def rows(self, depth: int) -> list[list[str]]:
        """The cells of an environment, and its end; room asked for between rows is not kept."""
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(self.sequence(depth + 1, "&", r"\\", r"\end"))
            end = self.next()
            if end == r"\\":
                rows.append([])
                if re.match(r"\[[\d.]+em\]", "".join(self.tokens[self.at : self.at + 6])):
                    self.at = self.tokens.index("]", self.at) + 1
            elif end != "&":
                break
        self.braced()
        return rows

    def braced(self) -> str:
        """The text of a group, as it stands."""
        self.blank()
        self.next()
        found: list[str] = []
        depth = 1
        while self.at < len(self.tokens):
            token = self.next()
            depth += (token == "{") - (token == "}")
            if not depth:
                break
            found.append(token)
        return "".join(found)

    def words(self, macro: str) -> str:
        """Text inside mathematics, with mathematics inside the text."""
        pieces: list[str] = []
        for k, part in enumerate(re.split(r"(?<!\\)\$", self.braced())):
            if k % 2:
                pieces.append(Reader(part).sequence(1))
            elif part:
                pieces.append(f'"{_quoted(plain_text(part))}"')
        joined = "".join(pieces) or '""'
        if macro == r"\operatorname":
            return f"op({joined})"
        if macro in (r"\mathit", r"\textit"):
            return _tight(f"italic({joined})")
        return f"bold({joined})" if macro == r"\textbf" else joined


def _tight(text: str) -> str:
    """A word beside which Typst sets no blanks."""
    return f'attach({text}, tr: "")'


def plain_text(text: str) -> str:
    """LaTeX text without its escapes."""
    for macro, character in _WORDS.items():
        text = re.sub(re.escape(macro) + r"(\{\}|(?![A-Za-z]))", lambda _, c=character: "\\" + c, text)  # type: ignore[misc]
    text = re.sub(r"(?<!\\)~|\\,", "\u00a0", text)
    text = re.sub(r"(?<!\\)[{}]", "", text)
    return re.sub(r"\\(.)", r"\1", text)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def plain(text: str) -> str:
    """Plain text that Typst sets as it stands."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


# ---------------------------------------------------------------- documents


def typst_document(document: Document, lang: str) -> str:
    """A whole file."""
    formulas = LatexFormulas(style_of(document, lang))
    speaker = Speaker(lang, plain, lambda m: f"${mathematics(formulas.inline(m))}$")
    out = [
        f'#set page(paper: "a4", margin: 22mm, numbering: "1")\n#set text(lang: "{lang}", size: 10.5pt)\n#set par(justify: false)',
        "#show math.equation.where(block: true): set align(left)\n#show math.equation.where(block: true): set block(breakable: true)",
        f"= {speaker.say(document.title)}",
    ]
    if document.definitions:
        rows = [rf"{formulas.inline(Formula(d.symbol))}&={formulas.inline(Formula(d.phrase))}" for d in document.definitions]
        out += [speaker.say(document.table), _block(rows)]
        if document.omitted:
            out.append(speaker.omitted(document.omitted))
    if document.opening:
        out.append(" ".join(map(speaker.say, document.opening)))
    for number, section in enumerate(document.sections, 1):
        out += _section(section, number, formulas, speaker)
    if document.checks:
        out.append(f"_{speaker.word('section.check')}._ " + " ".join(map(speaker.say, document.checks)))
    return "\n\n".join(out) + "\n"


def _section(section: Section, number: int, formulas: LatexFormulas, speaker: Speaker) -> Iterator[str]:
    yield " ".join(speaker.opening(number, section, "*{}*".format))
    if section.rows:
        inside = Speaker(speaker.lang, escaped, lambda m: f"${formulas.inline(m)}$")
        yield _block(rows_lines(section.rows, formulas, inside))
    yield from map(speaker.say, section.closing)


def _block(lines: Sequence[str]) -> str:
    return "$ " + " \\\n  ".join(map(mathematics, lines)) + " $"
