"""Sentences, one folder per language: key -> whole sentence with named fields; and the registry of the languages.

A folder beside this file holds LANGUAGE (see `locale`) and is registered when this package is imported. Languages have the same keys
and the same fields; which they are is said by English.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from string import Formatter

from symchain.errors import ArgumentError, check_choice
from symchain.wording.locale import Language, Locale

DEFAULT = "en"

LANGUAGES: dict[str, Language] = {}
"""By code. Whoever offers a choice of languages reads it when the choice is made."""


def register(language: Language) -> None:
    """Add a language. Raises ArgumentError for a code that is taken, and for sentences or fields that lack or are too many."""
    code, sentences = language.locale.code, language.sentences
    if code in LANGUAGES:
        raise ArgumentError(f"the language {code} is there already", advice="Choose another code.")
    wanted = LANGUAGES[DEFAULT].sentences if LANGUAGES else sentences
    if other := sorted(wanted.keys() ^ sentences.keys()):
        raise ArgumentError(f"sentences of {code} differ: {', '.join(other[:12])}", advice=f"Give it those of {DEFAULT} alone.")
    if other := [key for key in wanted if sorted(fields(wanted[key])) != sorted(fields(sentences[key]))]:
        raise ArgumentError(f"fields of {code} differ in: {', '.join(other[:12])}", advice=f"Give each sentence the fields of {DEFAULT}.")
    LANGUAGES[code] = language


def unregister(code: str) -> None:
    """Take a language away again."""
    del LANGUAGES[code]


def sentence(lang: str, key: str) -> str:
    """The template of a key. Raises ArgumentError for a language that symchain does not speak."""
    check_language(lang)
    return LANGUAGES[lang].sentences[key]


def locale_of(lang: str) -> Locale:
    """How a language writes. Raises ArgumentError for a language that symchain does not speak."""
    check_language(lang)
    return LANGUAGES[lang].locale


def check_language(lang: str) -> None:
    """Raises ArgumentError for a language that symchain does not speak."""
    check_choice("lang", lang, LANGUAGES)


def has(key: str) -> bool:
    """Whether there is a sentence of that key."""
    return key in LANGUAGES[DEFAULT].sentences


def rule_name(lang: str, rule: str) -> str:
    """What a rule of `derivation.RULES` is called."""
    return sentence(lang, f"rule.{rule}")


@lru_cache(maxsize=4096)
def pieces(template: str) -> tuple[tuple[str, str | None], ...]:
    """A template as (literal text, name of the field that follows or None)."""
    return tuple((literal, name) for literal, name, _, _ in Formatter().parse(template))


def fields(template: str) -> Iterator[str]:
    """The names of the fields of a template."""
    return (name for _, name in pieces(template) if name is not None)


for _folder in sorted((m.name for m in iter_modules(__path__) if m.ispkg), key=lambda name: (name != DEFAULT, name)):
    register(import_module(f"{__name__}.{_folder}").LANGUAGE)
