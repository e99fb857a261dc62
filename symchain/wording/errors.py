"""What errors say, in another language: the English text is found again among the templates of a catalogue, and its fields filled in.

An error is raised deep in the engine, which knows no reader; its English sentence is the key, as in message catalogues. A language gives
a table of English template -> own template with the same fields; a field whose text is itself an entry of the table is told too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from symchain.errors import SymchainError
from symchain.wording import DEFAULT, LANGUAGES, check_language, pieces

_DEPTH = 4
"""A sentence in a sentence in a sentence; deeper ones are names that look like one."""
_BARE = 5
"""A template of so few letters of its own ("{what} is {value}") would fit any sentence: its fields are single words."""


@lru_cache(maxsize=8)
def _patterns(lang: str) -> tuple[tuple[int, str, str], ...]:
    """(letters of the text itself, its longest part, template) of each entry, the most telling ones first."""
    found = []
    for template in LANGUAGES[lang].errors:
        parts = [literal for literal, _ in pieces(template)]
        found.append((sum(map(len, parts)), max(parts, key=len, default=""), template))
    return tuple(sorted(found, reverse=True))


@lru_cache(maxsize=4096)
def _pattern(template: str) -> re.Pattern[str]:
    seen: set[str] = set()
    field = r"\S*" if sum(len(literal) for literal, _ in pieces(template)) < _BARE else ".*?"
    text = ""
    for literal, name in pieces(template):
        text += re.escape(literal)
        if name is not None:
            text += f"(?P={name})" if name in seen else f"(?P<{name}>{field})"
            seen.add(name)
    return re.compile(text, re.DOTALL)


def _matched(text: str, lang: str) -> tuple[str, dict[str, str]] | None:
    table = LANGUAGES[lang].errors
    if text in table:
        return table[text], {}
    for letters, part, template in _patterns(lang):
        if letters <= len(text) and part in text and (match := _pattern(template).fullmatch(text)):
            return table[template], match.groupdict()
    return None


def translated(text: str, lang: str, depth: int = _DEPTH) -> str:
    """A text that symchain says in English, in a language; what its catalogue does not know stays English.

    >>> translated("nothing_1 is not defined", "fr")
    "nothing_1 n'est pas défini"
    """
    check_language(lang)
    table: Mapping[str, str] = LANGUAGES[lang].errors
    if not table or not depth or not text.strip():
        return text
    if found := _matched(text, lang):
        template, fields = found
        return template.format(**{k: translated(v, lang, depth - 1) for k, v in fields.items()})
    for end in re.finditer(r"(?<=[.!?]) ", text):  # two sentences, one after the other
        if _matched(text[: end.start()], lang):
            return f"{translated(text[: end.start()], lang, depth)} {translated(text[end.end() :], lang, depth)}"
    for colon in re.finditer(": ", text):  # the piece of program that is meant, then a sentence
        if _matched(text[colon.end() :], lang):
            return f"{text[: colon.start()]}{LANGUAGES[lang].locale.colon} {translated(text[colon.end() :], lang, depth)}"
    return text


def told(error: SymchainError, lang: str = DEFAULT) -> str:
    """An error as str() says it, in a language. Raises ArgumentError for a language that symchain does not speak.

    >>> from symchain.errors import ArgumentError
    >>> print(told(ArgumentError("the arrays given are empty", advice="Give at least one point."), "fr"))
    les tableaux donnés sont vides
    Donnez au moins un point.
    """
    return error.text(lambda text: translated(text, lang))
