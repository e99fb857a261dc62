"""Sentences of the wording, filled: the same for every medium but for how plain text is escaped and mathematics marked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from symchain.functions import texts
from symchain.support.document import TITLE, Count, Field, Fixed, Listing, Math, Members, Say, Section, Spoken
from symchain.wording import fields, has, locale_of, numbers, pieces, sentence

_HERE = "\x18"
_TITLE_HERE = re.compile(rf"{_HERE}(\.?)")
_AGAIN = re.compile(rf"^{_HERE}[.,:]? *")
_SPOKEN: Mapping[str, Callable[[str, str], str]] = {"noun": texts.noun, "with_article": texts.with_article, "reason": texts.reason}


class Speaker:
    """Fills sentences. `plain` escapes text for the medium, `math` sets a formula inside a sentence."""

    def __init__(self, lang: str, plain: Callable[[str], str], math: Callable[[Math], str]) -> None:
        self.lang, self.locale, self.plain, self.math = lang, locale_of(lang), plain, math

    def say(self, what: Say) -> str:
        done = []
        template = self._template(self._key(what))
        for literal, field in pieces(template):
            done.append(self.plain(literal))
            if field == TITLE:
                done.append(_HERE)
            elif field is not None:
                value = what.fields[field]
                begins = not "".join(done)
                if isinstance(value, Spoken):
                    done.append(self._spoken(value, begins))
                elif isinstance(value, Count) and (word := self.locale.cardinal(value.number)):
                    done.append(self.plain(word.capitalize() if begins and template.endswith(".") else word))
                else:
                    done.append(self.field(value))
        return "".join(done)

    @staticmethod
    def _key(what: Say) -> str:
        """A sentence that counts may have another form for one: that of its key and .one."""
        count = what.fields.get("count")
        return f"{what.key}.one" if isinstance(count, Count) and count.number == 1 and has(f"{what.key}.one") else what.key

    def _template(self, key: str) -> str:
        if has(key):
            return sentence(self.lang, key)
        kind, _, name = key.rpartition(".")
        return self.locale.spaced(texts.operation_reason(name, self.lang)) if kind == "explain.operation" else key.partition(".")[2]

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
            separator = self.plain(self.locale.separator if value.numeric else ", ")
            return separator.join(map(self.field, value.items))
        if isinstance(value, Members):
            *first, last = map(self.field, value.items)
            return f"{', '.join(first)} {self.plain(self.locale.conjunction)} {last}" if first else last
        if isinstance(value, Fixed):
            return self.plain(numbers.fixed(value.value, self.lang, value.places))
        if isinstance(value, Spoken):
            return self._spoken(value)
        return self.math(value)

    def _spoken(self, value: Spoken, begins: bool = False) -> str:
        """What is said of a record, with a capital where it begins a sentence or a heading."""
        text = self.locale.spaced(_SPOKEN[value.what](value.record, self.lang))
        return self.plain(text[:1].upper() + text[1:] if begins else text)

    def omitted(self, count: int) -> str:
        """That so many blocks of a computation are not shown."""
        return self.say(Say("computation.omitted", {"count": Count(count)}))

    def word(self, key: str) -> str:
        """A template without fields."""
        return self.plain(sentence(self.lang, key))
