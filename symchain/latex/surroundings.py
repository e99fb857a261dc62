"""What the words around a formula say of it: the case or the point for which it is meant, and whether it is to be solved."""

from __future__ import annotations

import re
from collections.abc import Sequence

from symchain.errors import SymchainError
from symchain.latex.clauses import depths, is_condition
from symchain.latex.forms import Subject
from symchain.latex.grammar import parse_formula
from symchain.latex.nodes import Node, walk
from symchain.latex.statements import Text, Written, bare
from symchain.latex.tokens import Token

_SOLVING = re.compile(
    r"\b(?:set(?:ting|s)?|solv\w+|minim\w+|maxim\w+|optim\w+|critical|stationary|extrem\w+|vanish\w*|annul\w*|résou\w+|résol\w+|critique|"
    r"stationnaire|nulle?|zeros?|zéros?|equat\w+|équation|condition)\b",
    re.IGNORECASE,
)
_LET = re.compile(r"\b(?:let|soit|soient|put|pose|posons|define|where|où|set|substitut\w+)\s*$", re.IGNORECASE)
_INDICES = frozenset("ijklmn")
_JOINS = re.compile(r"[\s,;.…]*(?:\b(?:and|et|or|ou)\b)?[\s,;…]*$")
_FAR = 1200
"""So many characters above a claim, a point may still be meant."""
_RELATIONS = ("ne", "neq", "le", "leq", "ge", "geq", "leqslant", "geqslant")


def is_constant(node: Node) -> bool:
    """Whether a formula holds no name but pi and e."""
    return all(n.symbol is None or n.symbol.name in ("pi", "e") for n in walk(node)) and not any(
        n.head in ("partial", "big", "bad") for n in walk(node)
    )


def at_point(before: str) -> bool:
    """Whether a sentence speaks of a point: what a function is there is no new formula for it."""
    return re.search(r"\b(?:at|point|en un|au point|where it is)\b", before, re.IGNORECASE) is not None


class Surroundings:
    def __init__(self, text: Text) -> None:
        self.text = text

    def is_condition(self, w: Written) -> bool:
        """Whether an equation is a case or a setting and no definition: y = 1 or i = j within a sentence, i = j behind a claim."""
        if len(w.sides) != 2 or w.sides[0].symbol is None or w.sides[0].symbol.primes:
            return False
        right = bare(w.sides[1])
        plain = right.symbol is not None and not right.symbol.primes
        if w.clause.kind != "inline":
            return False
        if (
            plain
            and right.symbol is not None
            and _LET.search(w.context.before.rstrip())
            and not {w.sides[0].symbol.name, right.symbol.name} <= _INDICES
        ):
            return False
        return is_constant(right) or plain

    def narrows(self, w: Written, before: Written) -> bool:
        """Whether a clause behind a derivative statement, in its row, is its condition: i != j, t = 1."""
        if (w.clause.fragment, w.clause.row) != (before.clause.fragment, before.clause.row) or w.clause.words:
            return False
        if w.kind == "skipped" and w.reason in ("unequal", "inequality"):
            return True
        if w.kind != "equation" or len(w.sides) != 2 or w.sides[0].symbol is None or w.sides[0].symbol.primes:
            return False
        right = bare(w.sides[1])
        return is_constant(right) or (right.symbol is not None and not right.symbol.primes)

    def conditions(self, w: Written) -> tuple[list[tuple[str, Node]], str]:
        """The point that a statement's line or sentence names, and any other condition, as it is written."""
        found = [(tokens, "") for tokens in w.clause.conditions]
        active = False
        for words, number in w.context.named:
            behind = number > w.clause.fragment
            active = is_condition(words, settings=True) or (active and _JOINS.match(words) is not None and not behind)
            if active and number != w.clause.fragment:
                found += [(c.tokens, "") for c in self.text.inline.get(number, ())]
        point: list[tuple[str, Node]] = []
        cases: list[str] = []
        for tokens, _ in found:
            one = self._point(tokens)
            if one is not None:
                point.append(one)
            elif self._relates(tokens):
                cases.append(self.text.source.between(tokens[0].start, tokens[-1].stop))
        return point, ", ".join(cases)

    def around(self, w: Written) -> list[tuple[str, Node]]:
        """The point that inline settings a little above give, the last value of each name: x = 4, y = -3."""
        found: dict[str, Node] = {}
        first = w.clause.tokens[0].start
        for clauses in self.text.inline.values():
            for clause in clauses:
                near = clause.tokens and 0 < first - clause.tokens[0].start < _FAR and clause.kind == "inline"
                if near and (one := self._point(clause.tokens)) is not None:
                    found[one[0]] = one[1]
        return list(found.items())

    def _equal(self, tokens: Sequence[Token]) -> int | None:
        levels = depths(tokens)
        equals = [k for k, t in enumerate(tokens) if t.kind == "op" and t.text == "=" and levels[k] == 0]
        return equals[0] if len(equals) == 1 and 0 < equals[0] < len(tokens) - 1 else None

    def _point(self, tokens: Sequence[Token]) -> tuple[str, Node] | None:
        """x = 2 as (x, 2)."""
        equal = self._equal(tokens)
        if equal is None:
            return None
        try:
            left, right = (bare(parse_formula(t, self.text.source)) for t in (tokens[:equal], tokens[equal + 1 :]))
        except SymchainError:
            return None
        listed = right.head == "paren" and len(right.parts) > 1
        return (left.symbol.name, right) if left.symbol is not None and is_constant(right) and not listed else None

    def _relates(self, tokens: Sequence[Token]) -> bool:
        """Whether tokens are a condition that is no point: i = j, i != j, x > 0."""
        if any(t.kind == "command" and t.text in _RELATIONS for t in tokens) or any(t.kind == "op" and t.text in "<>" for t in tokens):
            return True
        equal = self._equal(tokens)
        if equal is None:
            return False
        try:
            left, right = (bare(parse_formula(t, self.text.source)) for t in (tokens[:equal], tokens[equal + 1 :]))
        except SymchainError:
            return False
        return left.symbol is not None and right.symbol is not None

    def solves(self, w: Written, subject: Subject | None) -> bool:
        """Whether the words around a derivative that is said to be 0 speak of solving, or the point has the name of a solution."""
        if w.wanted or _SOLVING.search(w.context.wide) is not None or _SOLVING.search(w.clause.words):
            return True
        names = [n for n, _ in subject.renamed] if subject is not None else []
        return any(n.endswith(("_0", "_star", "_opt", "_min", "_max")) for n in names)
