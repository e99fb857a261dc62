r"""Clauses to statements: the sides of an equation, a declaration of shapes, what is skipped and what is refused, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from symchain.errors import ParseError, Place, SymchainError
from symchain.latex.clauses import COMPARISONS, DEFINES, UPDATES, WEAK_ARROWS, Clause, Context, context_of, depths, read_clauses
from symchain.latex.differentials import variable_of, with_differentials
from symchain.latex.document import find_fragments, is_french
from symchain.latex.ellipsis import DOTS
from symchain.latex.grammar import parse_formula
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.tokens import Source, Token, shown
from symchain.latex.vocabulary import layers_of, vocabulary_of

_SAID = {
    "approx": "approximation", "simeq": "approximation", "cong": "approximation", "approxeq": "approximation", "neq": "unequal",
    "ne": "unequal", "sim": "distribution", "propto": "proportion", "in": "membership",
}  # fmt: skip
"""Why a clause with such a sign states nothing, as the last part of a key of the wording; another sign is "arrow"."""


_LAYER = re.compile(r"\^\s*\{\s*[(\[]\s*([lL])\s*(?:[-+]\s*\d\s*)?[)\]]\s*\}")


_FEW = 8
"""So many words may stand between a formula and the display that goes on with =."""
_REALS = ("R", "Rr", "RR", "Re", "Real", "Reals", "reals", "real", "rr")


@dataclass(frozen=True, slots=True)
class Statement:
    """Sides of an equation, or (with `shape`) a declaration such as W in R^{m x n}; `line` is its text."""

    sides: tuple[Node, ...]
    place: Place
    line: str
    shape: tuple[Node, ...] | None = None
    alias: bool = False
    """Whether a name is given to a formula of derivatives."""
    said: bool = False
    """Whether two formulas are said to be equal, and nothing is defined."""


@dataclass(frozen=True)
class Written:
    """One clause as it was understood: equation, declaration, skipped (with a reason) or refused (with an error)."""

    kind: str
    place: Place
    source: str
    clause: Clause
    sides: tuple[Node, ...] = ()
    sources: tuple[str, ...] = ()
    names: tuple[Node, ...] = ()
    shape: tuple[Node, ...] | None = None
    reason: str = ""
    error: SymchainError | None = None
    left: Node | None = None
    context: Context = field(default_factory=Context)
    wanted: bool = False
    """Whether the sign says that it is to hold: = with ! above."""


@dataclass
class Text:
    """All that stands in a text, in order."""

    source: Source
    written: list[Written]
    inline: dict[int, list[Clause]]
    """The clauses of inline fragments, by the number of the fragment: for conditions in a sentence."""


def read_text(source: Source) -> Text:
    """The clauses of a text, each understood, skipped or refused."""
    fragments = find_fragments(source)
    source.layers.update(m[1] for m in _LAYER.finditer(source.text))
    clauses = read_clauses(source, fragments)
    vocabulary = vocabulary_of(source, clauses)
    source.layers.update(layers_of(clauses))
    contexts: dict[int, Context] = {}
    french = is_french(source)
    found: list[Written] = []
    inline: dict[int, list[Clause]] = {}
    waiting: list[Clause] = []
    for clause in clauses:
        if clause.fragment not in contexts:
            contexts[clause.fragment] = context_of(source, fragments, clause.fragment)
        context = contexts[clause.fragment]
        clause.tokens = vocabulary.merged(_decimal(clause.tokens) if french else clause.tokens)
        clause.conditions = [vocabulary.merged(c) for c in clause.conditions]
        inline.setdefault(clause.fragment, []).append(clause)
        waiting = [w for w in waiting if clause.comma and w.fragment == clause.fragment]
        if clause.tokens and clause.tokens[0].text == "=" and found and _goes_on(source, found[-1], clause, fragments):
            found[-1] = _Clause(source, found[-1].clause, found[-1].context).continued(found[-1], clause)
            continue
        written = _Clause(source, clause, context).read([w.tokens for w in waiting])
        if written.kind == "declaration":
            del found[len(found) - len(waiting) :]
            waiting = []
        elif _is_name(clause):
            waiting.append(clause)
        else:
            waiting = []
        found.append(written)
    return Text(source, found, inline)


def _decimal(tokens: list[Token]) -> list[Token]:
    """1,41 as one number, as French writes it; within brackets it may be two."""
    found: list[Token] = []
    for token, depth in zip(tokens, depths(tokens), strict=True):
        last = found[-2:]
        joined = depth == 0 and token.kind == "number" and len(last) == 2 and last[1].text == "," and last[0].kind == "number"
        if joined and last[0].stop == last[1].start and last[1].stop == token.start and "." not in last[0].text + token.text:
            width = token.column + token.width - last[0].column
            found[-2:] = [last[0]._replace(text=f"{last[0].text}.{token.text}", stop=token.stop, width=width)]
        else:
            found.append(token)
    return found


def _goes_on(source: Source, before: Written, clause: Clause, fragments: Sequence[object]) -> bool:
    """Whether a clause that begins with = continues the statement before it: in its fragment, or in the next with no word between."""
    if clause.fragment == before.clause.fragment:
        return True
    last = max(before.clause.fragment, before.clause.through)
    between = source.text[fragments[last].closed : fragments[clause.fragment].opened]  # type: ignore[attr-defined]
    words = re.findall(r"\w+", between)
    return clause.fragment == last + 1 and (not words or (clause.kind == "display" and len(words) <= _FEW and "#" not in between))


def _is_name(clause: Clause) -> bool:
    first = clause.tokens[:1]
    return bool(first) and first[0].kind in ("letter", "word") and not any(t.text in "=+-*/" for t in clause.tokens)


class _Clause:
    def __init__(self, source: Source, clause: Clause, context: Context) -> None:
        self.source, self.clause, self.context = source, clause, context

    # ------------------------------------------------------------ what kind of clause it is

    def read(self, names: Sequence[list[Token]]) -> Written:
        tokens = self.clause.tokens
        if self.clause.trouble:
            place = tokens[0].place
            levels = depths(tokens)
            turned = next((k for k, t in enumerate(tokens) if t.text == "]"), len(tokens))
            if turned in (0, *(k + 1 for k, t in enumerate(tokens) if t.text == "in")) and tokens[-1].text in "[]":
                return self._made("skipped", tokens, reason="membership" if turned else "list")  # ]a, b[
            at = next(k for k, d in enumerate(levels) if d < 0)
            place = tokens[at].place
            what = f"'{tokens[at].text}' closes nothing that is open"
            error = ParseError(what, advice="Remove it, or add the opening bracket.", place=place, source=self.source.line(place))
            return self._made("refused", tokens, error=error)
        if len(tokens) == 1 and tokens[0].error is not None:
            return self._made("refused", tokens, error=tokens[0].error)
        levels = depths(tokens)
        outside = [k for k in range(len(tokens)) if levels[k] == 0]
        commands = {tokens[k].text: k for k in reversed(outside) if tokens[k].kind == "command"}
        for k in outside:
            if (
                tokens[k].kind == "op"
                and tokens[k].text == "="
                and k
                and tokens[k - 1].text in ("+", "-", "*", "/")
                and tokens[k - 1].kind == "op"
                and not (k > 1 and tokens[k - 2].text in "^_{")
            ):
                return self._made("skipped", tokens, reason="update")
        if UPDATES & commands.keys():
            return self._made("skipped", tokens, reason="update")
        if "in" in commands and not any(tokens[k].text == "=" and k < commands["in"] for k in outside):
            return self._declaration(tokens, commands["in"], names)
        cut = min((k for n, k in commands.items() if n in COMPARISONS | WEAK_ARROWS | {"in"}), default=len(tokens))
        cut = min([cut, *(k for k in outside if tokens[k].kind == "op" and tokens[k].text in "<>")])
        kept = list(tokens[:cut])
        equals = [
            k for k in outside if k < cut and (tokens[k].text == "=" or tokens[k].text in DEFINES) and tokens[k].kind in ("op", "command")
        ]
        if not equals:
            return self._states_nothing(tokens, cut)
        if len(equals) == 1 and _counts_up(kept, equals[0]):
            return self._made("skipped", tokens, reason="list")
        shape = self._shape(tokens[cut + 1 :]) if cut < len(tokens) and tokens[cut].text == "in" else None
        return self._equation(kept, equals, shape)

    def _states_nothing(self, tokens: Sequence[Token], cut: int) -> Written:
        sign = tokens[cut].text if cut < len(tokens) else ""
        text = "".join(t.text for t in tokens)
        if any(t.kind == "command" and t.text in ("lim", "infty") for t in tokens):
            reason = "limit"
        elif (sign in "<>" and sign) or sign.startswith(("le", "ge")):
            reason = "inequality"
        elif sign:
            reason = _SAID.get(sign, "arrow")
        elif "dots" in text:
            reason = "list"
        elif len(tokens) == 1:
            reason = "name"
        else:
            reason = "formula"
        return self._made("skipped", tokens, reason=reason)

    def _equation(self, tokens: list[Token], equals: Sequence[int], shape: tuple[Node, ...] | None) -> Written:
        differential = with_differentials(tokens)
        if differential is not None:
            tokens = differential
            levels = depths(tokens)
            equals = [k for k, t in enumerate(tokens) if levels[k] == 0 and t.kind == "op" and t.text == "="]
        sides: list[Node] = []
        sources: list[str] = []
        start = 0
        left: Node | None = None
        wanted = any(tokens[k].style == "wanted" for k in equals)
        assigned = any(tokens[k - 1].text == ":" and k for k in equals) or any(tokens[k].text != "=" for k in equals)
        try:
            for stop in [*equals, len(tokens)]:
                side = tokens[start:stop]
                if side and side[-1].kind == "op" and side[-1].text == ":":
                    side = side[:-1]
                if not side:
                    token = tokens[min(stop, len(tokens) - 1)]
                    self.source.fail("one side of '=' is empty", "Write name = formula.", token.place)
                self._refuse_decimal_comma(side)
                node = bare(parse_formula(side, self.source))
                node = node if sides else _without_squares(node)
                sides.append(node)
                left = left or node
                sources.append(self.source.between(side[0].start, side[-1].stop))
                start = stop + 1
        except SymchainError as error:
            return self._made("refused", tokens, error=error, left=left)
        if differential is not None and (output := variable_of(sides[0])) is not None:
            sides[0] = Node("differential", sides[0].place, (output,))
            return self._made("equation", tokens, sides=tuple(sides), sources=tuple(sources), left=sides[0])
        named = sides[0].symbol
        if named is not None and len(sides) == 2 and (size := _size_of_entries(named, sides[1])) is not None:
            return self._made("declaration", tokens, names=(sides[0],), shape=(size,))
        if named is not None and (other := self._in_another_font(named, sides[1:])) is not None:
            what = f"{named.name} stands on both sides, in two fonts"
            source = self.source.line(other)
            two = ParseError(what, advice="Give one of the two quantities another letter.", place=other, source=source)
            return self._made("refused", tokens, error=two, left=left)
        if named is not None and any(self._by_itself(named.name, s) for s in sides[1:]):
            return self._made("skipped", tokens, reason="update")
        if assigned and named is not None and any(n.symbol is not None and n.symbol.name == named.name for s in sides[1:] for n in walk(s)):
            return self._made("skipped", tokens, reason="update")
        return self._made("equation", tokens, sides=tuple(sides), sources=tuple(sources), left=sides[0], shape=shape, wanted=wanted)

    @staticmethod
    def _in_another_font(named: Symbol, sides: Sequence[Node]) -> Place | None:
        """Where a name that is defined stands on the right, spelled otherwise."""
        for side in sides:
            for n in walk(side):
                if n.symbol is not None and n.symbol.name == named.name and n.symbol.style != named.style and not n.symbol.primes:
                    return n.place
        return None

    @staticmethod
    def _by_itself(name: str, side: Node) -> bool:
        """w - ..., a sum with the name itself as a term."""
        if side.head != "sum":
            return False
        return any(p.symbol is not None and p.symbol.name == name and not p.symbol.primes for p in side.parts)

    def _refuse_decimal_comma(self, side: Sequence[Token]) -> None:
        levels = depths(side)
        for k, (one, comma, two) in enumerate(zip(side, side[1:], side[2:], strict=False)):
            if (
                levels[k] == 0
                and comma.text == ","
                and one.kind == two.kind == "number"
                and one.stop == comma.start
                and comma.stop == two.start
            ):
                what = f"{one.text},{two.text} can be read as one number and as two"
                self.source.fail(what, f"Write {one.text}{{,}}{two.text} or {one.text}.{two.text} for one.", one.place)

    def continued(self, before: Written, clause: Clause) -> Written:
        """A clause that begins with = goes on with the statement before it."""
        tokens = [*before.clause.tokens, *clause.tokens]
        before.clause.tokens = tokens
        before.clause.through = clause.fragment
        before.clause.conditions += clause.conditions
        return self.read([])

    # ------------------------------------------------------------ declarations

    def _declaration(self, tokens: Sequence[Token], at: int, names: Sequence[list[Token]]) -> Written:
        r"""W \in \mathbb{R}^{m \times n}, and x, y \in \mathbb{R}^n."""
        shape = self._shape(tokens[at + 1 :])
        if shape is None:
            return self._made("skipped", tokens, reason=_SAID["in"])
        found: list[Node] = []
        try:
            for name in [*names, list(tokens[:at])]:
                found += [bare(parse_formula(piece, self.source)) for piece in _split(name) if piece]
        except SymchainError as error:
            return self._made("refused", tokens, error=error)
        if not found or any(n.symbol is None or n.symbol.primes for n in found):
            return self._made("skipped", tokens, reason=_SAID["in"])
        first = names[0][0] if names else tokens[0]
        return self._made("declaration", [first, *tokens], names=tuple(found), shape=shape)

    def _shape(self, right: Sequence[Token]) -> tuple[Node, ...] | None:
        r"""The sizes of \mathbb{R}^{m \times n}; None for another set."""
        first = right[0] if right else None
        own = first is not None and first.kind == "command" and first.text in _REALS  # a text may have its own command for the reals
        raised = len(right) > 2 and right[1].text == "^" and first is not None and first.kind == "letter" and first.text == "R"
        if first is None or not (own or raised or (first.text == "R" and first.style == "mathbb")):
            return None
        if len(right) == 1:
            return ()
        if right[1].text != "^" or len(right) < 3:
            return () if right[1].kind == "text" or right[1].text in (",", ".") else None
        inside = list(right[3:])
        if right[2].text == "{":
            end = next((k for k, t in enumerate(inside) if t.text == "}"), len(inside))
            inside = inside[:end]
        else:
            inside = [right[2]]
        sizes: list[Node] = []
        start = 0
        cuts = [k for k, t in enumerate(inside) if t.kind == "command" and t.text == "times"]
        try:
            for stop in [*cuts, len(inside)]:
                if start == stop:
                    return None
                sizes.append(parse_formula(inside[start:stop], self.source))
                start = stop + 1
        except SymchainError:
            return None
        return tuple(sizes)

    # ------------------------------------------------------------ the record

    def _made(self, kind: str, tokens: Sequence[Token], **fields: object) -> Written:
        first, last = tokens[0], tokens[-1]
        place = self.source.place(first.start, max(first.start + 1, last.stop))
        if kind == "refused" and isinstance(error := fields.get("error"), SymchainError):
            error.located(place, self.source.line(place))
        source = self.source.between(first.start, last.stop)
        return Written(kind, place, source, self.clause, context=self.context, **fields)  # type: ignore[arg-type]


def _counts_up(tokens: Sequence[Token], equal: int) -> bool:
    r"""Whether i = 1 \dots N stands here."""
    right = tokens[equal + 1 :]
    plain = all(t.kind in ("number", "letter") or t.text == "," or (t.kind == "command" and t.text in DOTS) for t in right)
    return equal == 1 and tokens[0].kind == "letter" and plain and any(t.kind == "command" for t in right)


def _split(tokens: Sequence[Token]) -> list[list[Token]]:
    found: list[list[Token]] = [[]]
    for token, depth in zip(tokens, depths(tokens), strict=True):
        if depth == 0 and token.text == "," and token.kind == "op":
            found.append([])
        else:
            found[-1].append(token)
    return found


def _size_of_entries(named: Symbol, right: Node) -> Node | None:
    r"""The n of x = (x_1, \dots, x_n), which says what the entries of x are called; None for another formula."""
    while right.head in ("transpose", "group", "paren") and len(right.parts) == 1:
        right = right.parts[0]
    entry = right.symbol
    if entry is None or not right.ops or replace(entry, style=named.style) != named:
        return None
    last = right.ops[0]
    return Node("number", right.place, text=last) if last.isdigit() else Node("symbol", right.place, symbol=Symbol(last))


def _without_squares(left: Node) -> Node:
    r"""L(\mu, \sigma^2) depends on mu and sigma."""
    if left.head != "product" or len(left.parts) != 2 or left.parts[1].head != "paren" or left.parts[0].symbol is None:
        return left
    bracket = left.parts[1]
    parts = tuple(
        p.parts[0] if p.head == "power" and p.parts[0].symbol is not None and p.parts[1].text == "2" else p for p in bracket.parts
    )
    if len(parts) < 2 or all(a is b for a, b in zip(parts, bracket.parts, strict=True)):
        return left
    return replace(left, parts=(left.parts[0], replace(bracket, parts=parts)))


def bare(node: Node) -> Node:
    """Without braces and brackets that hold one whole formula."""
    while node.head == "group" and len(node.parts) == 1:
        node = node.parts[0]
    return node


def is_defined(left: Node) -> bool:
    """Whether a left side is one name, or f(arguments)."""
    if left.head == "product":
        name, *rest = left.parts
        called = name.head == "symbol" and len(rest) == 1 and rest[0].head == "paren" and left.ops[1] == ""
        return called and rest[0].text == "("
    return left.head == "symbol" and left.symbol is not None and not left.symbol.primes


__all__ = ["Statement", "Text", "Written", "is_defined", "read_text", "shown"]
