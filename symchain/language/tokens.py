"""Text to tokens. Characters that mislead (look-alikes, invisible ones, control characters) are refused with an explanation."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple, NoReturn

from symchain.errors import LimitError, ParseError, Place
from symchain.language.spelling import LOOKALIKES, MAX_NAME, NAME, SUPERSCRIPTS
from symchain.support.files import MAX_TEXT

MAX_DIGITS = 1000
MAX_PRIMES = 16
LARGEST = 308  # decimal exponent of the largest double


class Token(NamedTuple):
    """A piece of one line. `kind` is number, name, string, primes, superscript, transpose, op, newline or end."""

    kind: str
    text: str
    line: int
    column: int
    width: int

    @property
    def place(self) -> Place:
        return Place(self.line, self.column, max(1, self.width))

    def touches(self, other: Token) -> bool:
        """Whether the other token follows without a blank."""
        return self.line == other.line and self.column + self.width == other.column


_OPERATORS = {
    "^": "**", "·": "*", "⋅": "*", "×": "*", "∗": "*", "⊙": "*", "−": "-", "≤": "<=", "≥": ">=", "≠": "!=",
}  # fmt: skip
_TYPED = {"÷": "/", "∕": "/", "⁄": "/", "–": "-", "—": "-", "|": "|", "√": "√"}
"""What an answer may hold besides: `handwriting` says what it means."""
_PRIMES = {"'": 1, "′": 1, "’": 1, "″": 2, "‴": 3}
_PIECE = re.compile(
    rf"""(?P<blank>[ \t\u00a0\u202f]+)
    |(?P<comment>\#.*)
    |(?P<span>\.\.(?!\.))
    |(?P<number>(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<name>{NAME})
    |(?P<transpose>\.T(?![A-Za-z0-9_])|ᵀ|⊤)
    |(?P<superscript>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
    |(?P<primes>['′’″‴]+)
    |(?P<string>"[^"\\]*")
    |(?P<op>\*\*|//|==|!=|<=|>=|<<|>>|[-+*/%@^()\[\],:;=<>.&|~·⋅×∗⊙−≤≥≠])
    """,
    re.VERBOSE,
)
_STRING = re.compile(r"'[^'\\]*'")
_SPAN = re.compile(r"\.\.(?!\.)")
_NAME_CHARACTER = re.compile(NAME[: NAME.index("]") + 1] + "|[0-9.]")

_ADVICE = {
    "÷": "Write / for a division.",
    "∕": "Write / for a division.",
    "⁄": "Write / for a division.",
    "‖": "Write norm(x).",
    "∥": "Write norm(x).",
    "√": "Write sqrt(x).",
    "∑": "Write sum(x).",
    "∏": "Write prod(x).",
    "∞": "Only finite numbers have a place in a program.",
    "∂": "Derivatives are asked for outside the program: program.derive(output, name).",
    "∇": "Derivatives are asked for outside the program: program.derive(output, name).",
    "∘": "Write * for the elementwise product.",
    "⊗": "Write kron(A, B) or outer(a, b).",
    "–": "Write - for a minus.",
    "—": "Write - for a minus.",
    "{": "Subscripts are written a_1 or a1; there are no braces.",
    "}": "Subscripts are written a_1 or a1; there are no braces.",
    "!": "The factorial of x is gamma(x + 1).",
    "\\": "A backslash may only end a line that goes on in the next one. LaTeX is read by parse_latex.",
    "$": "LaTeX is read by parse_latex.",
    "“": "Write straight quotes.",
    "”": "Write straight quotes.",
    "‘": "Write straight quotes.",
    "…": "Write every term, or use sum(x).",
    '"': "A text in quotes ends on its own line.",
}


def source_lines(text: str) -> list[str]:
    """The lines of a text as places count them; a byte order mark at the start is dropped."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")


def read_tokens(lines: list[str], typed: bool = False) -> list[Token]:
    """All tokens, one "newline" per line that ends, then "end". In a `typed` answer 2x is two tokens, and bars and roots are some.

    Raises ParseError for characters outside the language and malformed numbers, LimitError for what is too long.
    """
    if sum(map(len, lines)) > MAX_TEXT:
        raise LimitError(f"a text has at most {MAX_TEXT} characters", advice="Split the program.")
    tokens: list[Token] = []
    for number, line in enumerate(lines, 1):
        _refuse_invisible(line, number)
        if _read_line(line, number, tokens, typed):
            tokens.append(Token("newline", "", number, len(line) + 1, 0))
        elif number == len(lines):
            _refuse("a backslash continues a line, but there is no next one", "Remove the backslash.", line, number, len(line))
    tokens.append(Token("end", "", len(lines), len(lines[-1]) + 1, 0))
    return tokens


def _read_line(line: str, number: int, tokens: list[Token], typed: bool) -> bool:
    """Append the tokens of one line; False when it ends in a backslash and goes on."""
    position, end = 0, len(line)
    while position < end:
        match = _PIECE.match(line, position)
        kind = match.lastgroup if match else None
        text = match[0] if match else ""
        if kind == "primes" and not _follows_name(tokens, number, position):
            match = _STRING.match(line, position)
            kind, text = ("string", match[0]) if match else (None, "")
        if kind is None and typed and line[position] in _TYPED:
            tokens.append(Token("op", _TYPED[line[position]], number, position + 1, 1))
            position += 1
            continue
        if kind is None:
            if line[position] == "\\" and not line[position + 1 :].strip():
                return False
            _refuse_character(line, number, position)
        if kind in ("op", "span"):
            tokens.append(Token("op", _OPERATORS.get(text, text), number, position + 1, len(text)))
        elif kind not in ("blank", "comment"):
            assert kind is not None
            tokens.append(Token(kind, _content(kind, text, line, number, position, typed), number, position + 1, len(text)))
        position += len(text)
    return True


def _follows_name(tokens: list[Token], line: int, position: int) -> bool:
    last = tokens[-1] if tokens else None
    return last is not None and last.kind == "name" and last.line == line and last.column + last.width == position + 1


def _content(kind: str, text: str, line: str, number: int, position: int, typed: bool) -> str:
    """What a token stands for: names composed, superscripts as plain digits, primes counted, quotes removed."""
    match kind:
        case "number":
            _check_number(text, line, number, position, typed)
            return text
        case "name":
            return _checked_name(text, line, number, position)
        case "superscript":
            power = "".join(SUPERSCRIPTS[c] for c in text)
            _check_size(power.lstrip("+-"), Place(number, position + 1, len(text)), line)
            return power
        case "primes":
            count = sum(_PRIMES[c] for c in text)
            if count > MAX_PRIMES:
                raise LimitError(
                    f"more than {MAX_PRIMES} primes", advice="Use fewer.", place=Place(number, position + 1, len(text)), source=line
                )
            return str(count)
        case "string":
            return text[1:-1]
    return text


def _checked_name(text: str, line: str, number: int, position: int) -> str:
    name = text if text.isascii() else unicodedata.normalize("NFC", text)
    if len(name) > MAX_NAME:
        place = Place(number, position + 1, len(text))
        raise LimitError(f"a name has at most {MAX_NAME} characters", advice="Use a shorter name.", place=place, source=line)
    if not name.isascii() and any(unicodedata.combining(c) for c in name):
        _refuse(f"{name} has an accent that belongs to no letter", "Use plain letters.", line, number, position, len(text))
    if name.startswith("__"):
        _refuse(f"{name}: a name cannot begin with two underscores", "Remove the underscores.", line, number, position, len(text))
    return name


def _check_number(text: str, line: str, number: int, position: int, typed: bool) -> None:
    """A literal is decimal, finite and of reasonable length, and does not run into what follows, but for a name in a typed answer."""
    place = Place(number, position + 1, len(text))
    after = position + len(text)
    named = typed and line[after : after + 1] not in "._" and not line[after : after + 1].isdigit()
    if after < len(line) and _NAME_CHARACTER.match(line, after) and not named and not _SPAN.match(line, after):
        rest = re.match(r"[\w.]*", line[after:])
        tail = _short(rest[0]) if rest else ""
        whole = Place(number, position + 1, len(text) + len(tail))
        if tail[0] in "eE" and not tail[1:]:
            raise ParseError(f"the exponent of {text}{tail} is missing", advice=f"Write {text}e-6, say.", place=whole, source=line)
        if tail[0] == ".":
            raise ParseError(f"{text}{tail} is not a number", advice="A number has one decimal point.", place=whole, source=line)
        if (text == "0" and tail[0] in "xXbBoO") or tail[0] == "_":
            raise ParseError(f"{text}{tail} is not a decimal number", advice="Write digits only: 255, 1000.", place=whole, source=line)
        raise ParseError(f"{text} runs into {tail}", advice=f"For a product write {text}*{tail}.", place=whole, source=line)
    _check_size(text, place, line)


def _check_size(text: str, place: Place, line: str) -> None:
    """A number has digits enough for any double, and one that a double can hold."""
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > 6:
        raise LimitError(f"a number has at most {MAX_DIGITS} digits", advice="Use fewer digits.", place=place, source=line)
    before, _, behind = mantissa.partition(".")
    digits = (before + behind).lstrip("0")
    if digits:
        leading = len(digits) - len(behind) + int(exponent or 0) - 1  # decimal exponent of the first digit
        if leading > LARGEST or float(text) == float("inf"):
            raise LimitError(f"{_short(text)} is larger than any double", advice="The largest is about 1.8e308.", place=place, source=line)
        if leading < -LARGEST:
            raise LimitError(f"{_short(text)} is too small for a double", advice="The smallest is about 1e-308.", place=place, source=line)


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:20] + "..."


def _refuse_invisible(line: str, number: int) -> None:
    """Control and format characters hide what a line says, even in a comment."""
    if line.isascii() and line.isprintable():
        return
    for c in sorted(set(line)):
        if c != "\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            _refuse(f"an invisible character, {_named(c)}", "Delete it.", line, number, line.index(c))


def _refuse_character(line: str, number: int, position: int) -> NoReturn:
    c = line[position]
    advice, plain = _ADVICE.get(c), unicodedata.normalize("NFKC", c)
    if advice is None and c in LOOKALIKES:
        advice = f"It looks like the Latin {LOOKALIKES[c]}: write {LOOKALIKES[c]}, or the letter's name."
    elif advice is None and plain != c and plain.isascii() and plain.strip():
        advice = f"Write {plain} with plain characters." if len(plain) > 1 or plain.isalnum() else f"It looks like {plain}: write {plain}."
    elif advice is None and plain != c and "⁄" in plain:
        advice = f"Write {plain.replace('⁄', '/')}."
    elif advice is None:
        advice = "Names are made of Latin and Greek letters, digits and underscores." if c.isalnum() else "Use + - * / ** @ and functions."
    shown = c if c in "'\"" else _named(c)
    if c in "'\"":
        advice = "Text in quotes is for einsum alone and ends on its line; a prime follows a function's name: sigma'(z)."
    _refuse(f"{shown} is not part of the input language", advice, line, number, position)


def _named(c: str) -> str:
    code = f"U+{ord(c):04X}"
    name = unicodedata.name(c, "")
    if c.isascii() and c.isprintable():
        return c
    return f"{c} ({code} {name})" if c.isprintable() else f"{code} {name}".rstrip()


def _refuse(what: str, advice: str, line: str, number: int, position: int, width: int = 1) -> NoReturn:
    raise ParseError(what, advice=advice, place=Place(number, position + 1, width), source=line)
