"""Sentences of the wording, filled: the same for every medium but for how plain text is escaped and mathematics marked."""

from __future__ import annotations

from collections.abc import Callable

from symchain.render.document import Listing, Math, Say
from symchain.wording import has, pieces, sentence


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
                done.append(self.field(what.fields[field]))
        return "".join(done)

    def field(self, value: Math | Listing | Say | str) -> str:
        if isinstance(value, str):
            return self.plain(value)
        if isinstance(value, Say):
            return self.say(value)
        if isinstance(value, Listing):
            separator = self.plain("\u00a0; " if value.numeric and self.lang == "fr" else ", ")
            return separator.join(map(self.field, value.items))
        return self.math(value)

    def word(self, key: str) -> str:
        """A template without fields."""
        return self.plain(sentence(self.lang, key))
