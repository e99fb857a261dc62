"""What a reader says in English of a text, in another language: by the templates of refusals; in general words where none fits."""

from __future__ import annotations

import re
from functools import lru_cache

from symchain.wording import DEFAULT, LANGUAGES, pieces, sentence

_PREFIX = "refusal."
_WORDS = re.compile(r"(?<![\\\w])[a-z]{2,} (?:[a-z]+ )*[a-z]{2,}(?!\w)")
"""Two words in a row: English in a place where mathematics is expected."""
_TIMES = " times "
_FACTOR = {"fr": " fois "}


@lru_cache(maxsize=4)
def _patterns(count: int) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each template of a refusal as what it matches, those with most words of their own first."""
    found: list[tuple[int, str, re.Pattern[str]]] = []
    for key, template in LANGUAGES[DEFAULT].sentences.items():
        if not key.startswith(_PREFIX):
            continue
        pattern, size = "", 0
        for literal, name in pieces(template):
            pattern += re.escape(literal) + (f"(?P<{name}>.+?)" if name else "")
            size += len(literal)
        found.append((size, key, re.compile(pattern, re.DOTALL)))
    return tuple((key, pattern) for _, key, pattern in sorted(found, key=lambda f: -f[0]))


def told(text: str, lang: str, role: str) -> str:
    """A refusal's `what` or `advice` in a language; what no template fits is said in general words."""
    if lang == DEFAULT or not text.strip():
        return text
    found = _matched(text.strip(), lang)
    if found is not None:
        return found
    sentences = [_matched(part, lang) for part in re.split(r"(?<=[.?]) (?=[A-Z])", text.strip())]
    if len(sentences) > 1 and all(sentences):
        return " ".join(s for s in sentences if s)
    return sentence(lang, f"{_PREFIX}other.{role}")


def _matched(text: str, lang: str) -> str | None:
    for key, pattern in _patterns(len(LANGUAGES[DEFAULT].sentences)):
        match = pattern.fullmatch(text)
        if match is None:
            continue
        slots = {name: slot.replace(_TIMES, _FACTOR.get(lang, _TIMES)) for name, slot in match.groupdict().items()}
        if not any(_WORDS.search(slot) for slot in slots.values()):
            return sentence(lang, key).format(**slots)
    return None
