"""Sentences, one table per language: key -> whole sentence with named fields. Languages have the same keys and the same fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from string import Formatter

from symchain.errors import check_choice
from symchain.wording import (
    check_en,
    check_fr,
    en,
    evidence_en,
    evidence_fr,
    explain_en,
    explain_fr,
    fr,
    graph_en,
    graph_fr,
    page_en,
    page_fr,
    sensitivity_en,
    sensitivity_fr,
)

_TOPICS = {
    "en": (en, check_en, evidence_en, explain_en, graph_en, page_en, sensitivity_en),
    "fr": (fr, check_fr, evidence_fr, explain_fr, graph_fr, page_fr, sensitivity_fr),
}

LANGUAGES: Mapping[str, Mapping[str, str]] = {
    lang: {key: text for topic in topics for key, text in topic.SENTENCES.items()} for lang, topics in _TOPICS.items()
}


def sentence(lang: str, key: str) -> str:
    """The template of a key. Raises ArgumentError for a language that symchain does not speak."""
    check_language(lang)
    return LANGUAGES[lang][key]


def check_language(lang: str) -> None:
    """Raises ArgumentError for a language that symchain does not speak."""
    check_choice("lang", lang, LANGUAGES)


def has(lang: str, key: str) -> bool:
    return key in LANGUAGES.get(lang, {})


def rule_name(lang: str, rule: str) -> str:
    """What a rule of `derivation.RULES` is called."""
    return sentence(lang, f"rule.{rule}")


@lru_cache(maxsize=1024)
def pieces(template: str) -> tuple[tuple[str, str | None], ...]:
    """A template as (literal text, name of the field that follows or None)."""
    return tuple((literal, name) for literal, name, _, _ in Formatter().parse(template))


def fields(template: str) -> Iterator[str]:
    """The names of the fields of a template."""
    return (name for _, name in pieces(template) if name is not None)
