"""A language made up for tests: English in capitals and brackets, with numbers and articles of its own. What a language is made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from symchain.wording import DEFAULT, LANGUAGES, pieces, register, unregister
from symchain.wording.locale import Language, Locale, RecordText, Word

CODE = "zz"

LOCALE = Locale(
    code=CODE,
    name="Zett",
    the=lambda noun: f"{'DIE' if noun.gender == 'f' else 'DAS'} {noun.text}",
    conjunction="UND",
    preamble=r"\usepackage[ngerman]{babel}",
    decimal=",",
    times="·",
    group=".",
    grouped_from=1000,
    logarithm="LN",
)

RECORDS = {"sigmoid": RecordText(Word("SIGMOIDE", "f"), "DIE SIGMOIDE KENNT IHRE STEIGUNG."), "inv": RecordText(Word("INVERSE", "f"))}


def translated(template: str) -> str:
    """The template in capitals and brackets, its fields as they are."""
    inside = "".join(text.upper() + ("" if field is None else f"{{{field}}}") for text, field in pieces(template))
    return f"[{inside}]"


def language() -> Language:
    return Language(LOCALE, {key: translated(text) for key, text in LANGUAGES[DEFAULT].sentences.items()}, RECORDS)


@contextmanager
def spoken() -> Iterator[str]:
    """While this lasts, symchain speaks the language; its code."""
    register(language())
    try:
        yield CODE
    finally:
        unregister(CODE)
