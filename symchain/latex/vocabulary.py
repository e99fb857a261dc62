r"""Letters in a row that are one name or a function: MSE, loss, log(, \Delta w; and those that could be a name or a product."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from symchain.errors import ParseError
from symchain.language.lookup import is_known_function
from symchain.latex.clauses import DEFINES, Clause
from symchain.latex.tokens import Source, Token

_LOOSE = ("softmax", "sigmoid", "softplus", "tanh", "sinh", "cosh", "relu", "sqrt", "log", "exp", "sin", "cos", "tan", "max", "min", "ln")
"""Functions that are recognised at the end of a run of letters: ylog(a)."""


_COMMON = frozenset({
    "target", "output", "input", "pred", "prediction", "predicted", "loss", "cost", "error", "err", "out", "net",
    "label", "bias", "weight", "actual", "expected", "score", "logits", "total", "reg",
})  # fmt: skip
"""Words that are names wherever they stand."""


@dataclass
class Vocabulary:
    """What the whole text says about its runs of letters."""

    source: Source
    words: set[str] = field(default_factory=set)
    singles: set[str] = field(default_factory=set)
    short: set[str] = field(default_factory=set)
    """Letters of runs of up to three: products, where they are no words."""
    lone_delta: bool = False

    def merged(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens of a clause with words and functions joined; a run that could be either is a bad token."""
        found: list[Token] = []
        k = 0
        while k < len(tokens):
            token = tokens[k]
            run = _run_at(tokens, k)
            if len(run) > 1 and k and tokens[k - 1].kind == "op" and tokens[k - 1].text in "^_":
                tokens = [*tokens[:k], *_without_first(tokens[k : k + len(run)]), *tokens[k + len(run) :]]
                found.append(tokens[k])
                k += 1
                continue
            if len(run) > 1 and not _differential(run, tokens, k):
                found += self._run(tokens, k, run)
                k += len(run)
                continue
            following = tokens[k + 1] if k + 1 < len(tokens) else None
            if token.kind == "letter" and token.text == "Delta" and following is not None and following.kind in ("letter", "word"):
                found.append(self._increment(token, following))
                k += 2
                continue
            found.append(token)
            k += 1
        return found

    def _run(self, tokens: Sequence[Token], k: int, run: str) -> list[Token]:
        letters = list(tokens[k : k + len(run)])
        following = tokens[k + len(run)] if k + len(run) < len(tokens) else None
        called = following is not None and following.text == "(" and following.kind == "op"
        called |= run in _LOOSE and _raised_call(tokens, k + len(run))
        before = tokens[k - 1].text if k else ""
        if (run in self.words or run in _COMMON) and not (run[0] == "d" and before == "{"):
            return [_word(letters, "mathrm")]
        if called:
            if (len(run) > 2 and (is_known_function(run) or is_known_function(run.lower()))) or run in _LOOSE:
                return [_word(letters, "loose")]
            ending = next((f for f in _LOOSE if run.lower().endswith(f)), None)
            if ending is not None:
                cut = len(run) - len(ending)
                first = [t._replace(style=f"run:{i}:{run[:cut]}" if cut > 1 else "") for i, t in enumerate(letters[:cut])]
                return [*first, _word(letters[cut:], "loose")]
        worded = len(run) > 3 and run.islower() and not set(run) <= self.singles | self.short
        if ((run.isupper() and not set(run) <= self.singles) or worded) and not _in_subscript(tokens, k):
            product = " times ".join(run)
            what = f"{run} can be read as one name and as {product}"
            error = ParseError(what, advice=rf"Write \mathrm{{{run}}} for a name.", place=letters[0].place, source=self._line(letters[0]))
            return [_word(letters, "")._replace(kind="bad", error=error)]
        return letters

    def _increment(self, token: Token, following: Token) -> Token:
        """Delta w, one name; where Delta stands alone elsewhere it may be a product."""
        joined = _word([token, following._replace(text=f"_{following.text}")], "mathrm")
        if not self.lone_delta:
            return joined
        what = rf"\Delta {following.text} can be read as an increment and as a product with \Delta"
        error = ParseError(what, advice="Write the product with \\cdot.", place=token.place, source=self._line(token))
        return joined._replace(kind="bad", error=error)

    def _line(self, token: Token) -> str:
        return self.source.line(token.place)


def vocabulary_of(source: Source, clauses: Iterable[Clause]) -> Vocabulary:
    """What is defined by a run of letters, and which letters stand alone."""
    found = Vocabulary(source)
    for clause in clauses:
        tokens = clause.tokens
        run = _run_at(tokens, 0)
        after = tokens[len(run)] if run and len(run) < len(tokens) else None
        if after is not None and after.text == "_":
            stop = len(run) + 2
            if len(run) + 1 < len(tokens) and tokens[len(run) + 1].text == "{":
                stop = next((j + 1 for j in range(len(run), len(tokens)) if tokens[j].text == "}"), len(tokens))
            after = tokens[stop] if stop < len(tokens) else None
        signed = after is not None and (after.text in ("=", ":") or after.text in DEFINES)
        if len(run) > 1 and signed and _is_word(run):
            found.words.add(run)
        for k, token in enumerate(tokens):
            after_d = token.style.startswith("run:1:d") and len(token.style) == 8  # the X of dX
            if token.kind == "letter" and (after_d or not token.style.startswith("run:")):
                found.singles.add(token.text)
            if token.kind == "letter" and token.style.startswith("run:") and len(token.style.split(":")[2]) <= 3:
                found.short.add(token.text)
            if token.text == "Delta":
                following = tokens[k + 1] if k + 1 < len(tokens) else None
                found.lone_delta |= following is None or following.kind not in ("letter", "word")
    return found


def layers_of(clauses: Iterable[Clause]) -> set[str]:
    """l or L, where it is a superscript of several names and in no display a quantity: z^l, a^{l-1}."""
    raised: dict[str, set[str]] = {"l": set(), "L": set()}
    plain: set[str] = set()
    for clause in clauses:
        tokens = clause.tokens
        for k, token in enumerate(tokens):
            if token.kind != "letter" or token.text not in raised:
                continue
            braced = k > 1 and tokens[k - 1].text == "{"
            sign, base = (k - 2, k - 3) if braced else (k - 1, k - 2)
            if sign > 0 and tokens[sign].text == "^" and tokens[base].kind == "letter":
                raised[token.text].add(tokens[base].text)
            elif not (sign >= 0 and tokens[sign].text == "_") and clause.kind != "inline":
                plain.add(token.text)
    return {c for c, names in raised.items() if len(names - {"e"}) > 1 and c not in plain}


def _raised_call(tokens: Sequence[Token], k: int) -> bool:
    """Whether a power and then a bracket follow: sin^2(x)."""
    texts = [t.text for t in tokens[k : k + 5]]
    return texts[:1] == ["^"] and (texts[2:3] == ["("] or (texts[1:2] == ["{"] and texts[3:5] == ["}", "("]))


def _in_subscript(tokens: Sequence[Token], k: int) -> bool:
    """Whether a token stands in the braces of a subscript."""
    depth = 0
    for j in range(k - 1, 0, -1):
        if tokens[j].kind == "op":
            depth += (tokens[j].text == "}") - (tokens[j].text == "{")
        if depth < 0:
            return tokens[j - 1].text == "_"
    return False


def _without_first(letters: Sequence[Token]) -> list[Token]:
    """A run whose first letter is a script by itself: ^N X of ^NX."""
    rest = "".join(t.text for t in letters[1:])
    styled = [t._replace(style=f"run:{i}:{rest}" if len(rest) > 1 else "") for i, t in enumerate(letters[1:])]
    return [letters[0]._replace(style=""), *styled]


def _is_word(run: str) -> bool:
    if len(run) == 2 and run[0] == "d":
        return True
    return len(run) > 2 or run.isupper()


def _run_at(tokens: Sequence[Token], k: int) -> str:
    """The run of loose letters that begins at a token, or nothing."""
    match = re.match(r"run:0:(\w+)$", tokens[k].style) if k < len(tokens) else None
    return match[1] if match and k + len(match[1]) <= len(tokens) else ""


def _differential(run: str, tokens: Sequence[Token], k: int) -> bool:
    """Whether dw stands at the beginning of an argument, as in a derivative."""
    return run[0] == "d" and k > 0 and tokens[k - 1].text == "{" and len(run) == 2


def _word(letters: Sequence[Token], style: str) -> Token:
    first, last = letters[0], letters[-1]
    text = "".join(t.text for t in letters)
    width = last.column + last.width - first.column if first.line == last.line else first.width
    return first._replace(kind="word", text=text, width=max(1, width), style=style, stop=last.stop)
