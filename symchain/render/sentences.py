"""Sentences of the wording, filled: the same for every medium but for how plain text is escaped and mathematics marked."""

from __future__ import annotations

import re
from collections.abc import Callable

from symchain.support.document import TITLE, Field, Fixed, Listing, Math, Members, Say, Section, Spoken
from symchain.wording import fields, has, numbers, pieces, sentence

_HERE = "\x18"
_TITLE_HERE = re.compile(rf"{_HERE}(\.?)")
_AGAIN = re.compile(rf"^{_HERE}[.,:]? *")
_SPACE_BEFORE = re.compile(r" (?=[:;!?»])|(?<=«) ")


class Speaker:
    """Fills sentences. `plain` escapes text for the medium, `math` sets a formula inside a sentence."""

    def __init__(self, lang: str, plain: Callable[[str], str], math: Callable[[Math], str]) -> None:
        self.lang, self.plain, self.math = lang, plain, math

    def say(self, what: Say) -> str:
        template = sentence(self.lang, what.key) if has(self.lang, what.key) else what.key.partition(".")[2]
        done = []
        for literal, field in pieces(template):
            done.append(self.plain(literal))
            if field is not None:
                done.append(_HERE if field == TITLE else self.field(what.fields[field]))
        return "".join(done)

    def opening(self, number: int, section: Section, bold: Callable[[str], str]) -> list[str]:
        """The sentences before the rows of a section, its title in the first of them with the period that may follow it."""
        title = self.plain(f"{number}. ") + self.say(section.title)
        said = list(map(self.say, section.intro))
        if not section.intro or TITLE not in fields(sentence(self.lang, section.intro[0].key)):
            return [bold(title + "."), *said]
        return [_TITLE_HERE.sub(lambda m: bold(title + m[1]), said[0]), *(_AGAIN.sub("", s) for s in said[1:])]

    def field(self, value: Field) -> str:
        if isinstance(value, str):
            return self.plain(value)
        if isinstance(value, Say):
            return self.say(value)
        if isinstance(value, Listing):
            separator = self.plain("\u00a0; " if value.numeric and self.lang == "fr" else ", ")
            return separator.join(map(self.field, value.items))
        if isinstance(value, Members):
            *first, last = map(self.field, value.items)
            return f"{', '.join(first)} {self.word('explain.and')} {last}" if first else last
        if isinstance(value, Fixed):
            return self.plain(numbers.fixed(value.value, self.lang, value.places))
        if isinstance(value, Spoken):
            text = value.texts[self.lang]
            return self.plain(_SPACE_BEFORE.sub("\u00a0", text) if self.lang == "fr" else text)
        return self.math(value)

    def word(self, key: str) -> str:
        """A template without fields."""
        return self.plain(sentence(self.lang, key))
