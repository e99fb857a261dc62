"""In whose names people type answers, and what is said where one is not understood or can be read in two ways."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from symchain.errors import AnswerError
from symchain.language.lookup import is_known_function
from symchain.language.spelling import canonical
from symchain.language.tokens import Token
from symchain.support.notation import Phrase, rewritten
from symchain.wording import DEFAULT, sentence

EULER = "e"
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde"}
_SCHOOL = {
    "tg": "tan", "ctg": "cot", "cotg": "cot", "cotan": "cot", "arctg": "arctan", "cosec": "csc", "sh": "sinh", "ch": "cosh", "th": "tanh",
    "argsh": "arcsinh", "argch": "arccosh", "argth": "arctanh", "racine": "sqrt",
}  # fmt: skip
"""What schools call functions, in French and Russian ones too; in programs these are names like any other."""


@dataclass(frozen=True)
class Hand:
    """In whose names an answer is written."""

    names: frozenset[str]
    """What stands for a number or an array: inputs, blocks, dimensions."""
    functions: Mapping[str, object]
    """The program's own functions."""
    called: Callable[[], Sequence[str]] = tuple
    """The functions that the program calls: asked for where one is not known."""
    letters: Collection[str] = ()
    """Letters that a reader takes for a function where brackets follow."""

    def spelled(self, text: str) -> str:
        """The name that is meant by another spelling of it: W_1 for W1, λ for lambda; the text itself where none is, or several are."""
        if text in self.names or text in self.functions:
            return text
        found = self._plainly.get(_plain(text), ())
        return found[0] if len(found) == 1 else text

    @cached_property
    def _plainly(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for name in (*self.names, *self.functions):
            found.setdefault(_plain(name), []).append(name)
        return found

    def is_function(self, text: str) -> bool:
        return text not in self.names and (text in self.functions or is_known_function(text))

    def function(self, text: str) -> str:
        """The function that is meant: other capitals, or a school's name for it."""
        if text in self.names or text in self.functions or is_known_function(text) or len(text) < 2:
            return text
        lower = text.lower()
        for other in (lower, _SCHOOL.get(lower, "")):
            if other and other not in self.names and is_known_function(other):
                return other
        return text


def _plain(name: str) -> str:
    """What two spellings of one name have in common: W_1, W₁ and W1; ŷ and y_hat."""
    if not name.isascii():
        name = "".join(_ACCENTS.get(c, c) for c in unicodedata.normalize("NFD", canonical(name)))
    return unicodedata.normalize("NFC", name).replace("_", "")


def respelled(tokens: Sequence[Token], hand: Hand) -> list[Token]:
    """The tokens in the program's spelling of its names, also behind the d of a derivative."""
    found: list[Token] = []
    for token in tokens:
        if token.kind == "name" and token.text not in hand.names:
            other = hand.spelled(token.text)
            if other == token.text and token.text[:1] == "d" and len(token.text) > 1:
                other = "d" + hand.spelled(token.text[1:])
            token = token._replace(text=hand.function(other))
        found.append(token)
    return found


def with_exponentials(phrase: Phrase, hand: Hand) -> Phrase:
    """The formula with exp(x) for e^x, where e is no name."""
    if EULER in hand.names:
        return phrase

    def change(p: Phrase) -> Phrase | None:
        if p.head != "pow" or p.parts[0].head != "name" or p.parts[0].text != EULER:
            return None
        inside = with_exponentials(p.parts[1], hand)
        return Phrase("call", (inside,), "exp", place=p.place)

    return rewritten(phrase, change)


def refusal(key: str, token: Token | Phrase, lines: Sequence[str], **fields: str) -> AnswerError:
    """The error at a place that a sentence of every language says."""
    error = worded(key, **fields)
    error.place = place = token.place
    error.source = lines[place.line - 1] if place is not None and place.line <= len(lines) else ""
    return error


def twice(first: Token, last: Token, lines: Sequence[str], one: str, other: str) -> AnswerError:
    """The error for what stands from one token to another, which can be read in two ways."""
    line = lines[first.line - 1]
    end = last.column - 1 + last.width if last.line == first.line else len(line)
    whole = Token("op", "", first.line, first.column, max(1, end - first.column + 1))
    return refusal("two", whole, lines, text=line[first.column - 1 : end].strip(), one=one, other=other)


def worded(key: str, **fields: str) -> AnswerError:
    """The error that a sentence of every language says."""
    what, advice = (sentence(DEFAULT, f"typed.{key}{part}").format(**fields) for part in ("", ".advice"))
    return AnswerError(key, fields, what, advice=advice)


def gaps(phrase: Phrase, lines: Sequence[str]) -> list[tuple[Phrase, Phrase]]:
    """The neighbouring factors of a product between which no sign says whether they are multiplied entry by entry: x y, x·y, x×y."""
    found = []
    for a, b in pairwise(phrase.parts) if phrase.head == "mul" else ():
        if b.head == "over" or a.place is None or b.place is None:
            continue
        same = a.place.line == b.place.line and a.place.column < b.place.column
        between = lines[a.place.line - 1][a.place.column - 1 + a.place.width : b.place.column - 1] if same else ""
        if not any(c in between for c in "*∗⊙"):
            found.append((a, b))
    return found
