"""What is claimed, read: the expression, as it was typed or in LaTeX, in which da2/dz2 stands for that derivative."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from symchain.analysis.checking.mentions import Mentions
from symchain.analysis.checking.questions import Question, hand_of, isolation_in
from symchain.analysis.checking.repairs import elaborated
from symchain.errors import LimitError, ParseError, ShapeError
from symchain.language.completion import completed
from symchain.language.elaborate import Scope, elaborate
from symchain.language.endings import refuse_after
from symchain.language.grammar import read_expression
from symchain.language.handwriting import gaps, refusal, respelled, with_exponentials
from symchain.language.reading import program_scope
from symchain.language.tokens import Token, read_tokens, source_lines
from symchain.support.notation import Phrase, walk
from symchain.tensors.isolation import Isolation
from symchain.tensors.nodes import Tree, leaves, postorder

_BEFORE_PRIME = re.compile(r"^(\s*=?\s*\w+)[ \t]+(?=['′’])")
_EQUAL = re.compile(r"(?<![=<>!])=(?!=)")
_LARGEST = 2**20
"""An answer makes no larger arrays than this, but for those of its program."""


@dataclass(frozen=True)
class Reading:
    """A claimed expression: how it is written, and what its names mean under one way of reading its derivatives."""

    phrase: Phrase
    scope: Scope
    derivatives: Mapping[str, tuple[str, str]]
    """The derivatives that the claim mentions, as they are written, of what they are and by what."""
    isolation: Isolation

    def tree(self) -> Tree:
        """Raises ShapeError where the claim's shapes do not conform, ParseError for what means nothing, AnswerError for a product of
        arrays that does not say which one it is."""
        if any(x.shape for x in self.scope.names.values()):
            _check_arrays(self.phrase, self.scope)
        tree = self.isolation.marked(elaborate(self.phrase, self.scope))
        sizes = [prod(d for d in n.shape if isinstance(d, int)) for n in (tree, *postorder(tree))]
        if max(sizes) > max(_LARGEST, *(prod(d for d in x.shape if isinstance(d, int)) for x in leaves(tree)), 0):
            raise LimitError("the answer makes an array of more than a million entries", advice="Write what the program's own shapes give.")
        return tree


def read_claim(question: Question, text: str) -> Iterator[Reading]:
    """The claim, in each way its derivatives can be read (they differ only where dy/dx can mean two things).

    One expression, or lines `name = expression` of which the last is the derivative. Raises ParseError.
    """
    program = question.program
    text = _BEFORE_PRIME.sub(r"\1", text)
    lines = source_lines(text.replace("∂", "d"))
    mentions = Mentions(question)
    tokens = mentions.joined(respelled(_answer(question, read_tokens(lines, typed=True), lines), hand_of(program)))
    own = {t.text for t, after in pairwise(tokens) if t.kind == "name" and after.text == "="}
    hand = hand_of(program, {*mentions.meant, *own})
    statements = [(name, with_exponentials(phrase, hand)) for name, phrase in _statements(completed(tokens, lines, hand), lines)]
    _check_subject(question, mentions, statements[-1], lines)
    isolation = isolation_in(program)
    for ways in mentions.ways:
        names: dict[str, Tree] = dict(program_scope(program).names)
        for name, trees in mentions.trees.items():
            names[name] = trees[min(ways, len(trees) - 1)]
        scope = Scope(names, program.dimensions, program.functions, tuple(lines), program.known)
        try:
            for name, phrase in statements[:-1]:
                if name in program.inputs or name in program.blocks:
                    raise ParseError(f"{name} is a name of the program", advice="Give this line of the claim another name.")
                names[name] = isolation.marked(elaborate(phrase, scope))
        except ShapeError:
            continue
        defined = {name for name, _ in statements}
        yield Reading(statements[-1][1], scope, {n: m for n, m in mentions.meant.items() if n not in defined}, isolation)


def formula_of(text: str) -> str:
    """What a claim of one line says that the derivative is, as it was typed: without `dC/dw =` in front.

    >>> formula_of("dC/dw = 2*x"), formula_of("sum(x, axis=0)"), formula_of("d = 2*x; d*y")
    ('2*x', 'sum(x, axis=0)', 'd = 2*x; d*y')
    """
    text = text.strip()
    if "\n" in text or ";" in text:
        return text
    cuts = [
        m.end() for m in _EQUAL.finditer(text) if all(text[: m.start()].count(a) == text[: m.start()].count(b) for a, b in ("()", "[]"))
    ]
    return text[cuts[-1] :].strip() if cuts else text


def _answer(question: Question, tokens: list[Token], lines: Sequence[str]) -> list[Token]:
    """The tokens without the equal sign, the blank lines and the full stop or comma around an answer. Raises AnswerError where nothing is
    left."""
    around = ("newline", "end")
    while len(tokens) > 1 and (tokens[0].kind == "newline" or (tokens[0].text == "=" and tokens[0].kind == "op")):
        tokens = tokens[1:]
    tokens = _without_prime(question, tokens, lines)
    last = next((t for t in reversed(tokens) if t.kind not in around), None)
    if last is None:
        raise refusal("empty", tokens[-1], lines, asked=f"d{question.output}/d{question.wrt}")
    if last.kind == "op" and last.text in (".", ";", ","):
        tokens = [t for t in tokens if t is not last]
    return tokens


def _without_prime(question: Question, tokens: list[Token], lines: Sequence[str]) -> list[Token]:
    """The tokens without f' = or f'(x) = in front, where that is what is asked for."""
    if len(tokens) < 4 or tokens[0].kind != "name" or tokens[1].kind != "primes":
        return tokens
    called = tokens[2].text == "(" and len(tokens) > 5 and tokens[4].text == ")"
    end = 5 if called else 2
    if tokens[end].text != "=" or tokens[end].kind != "op":
        return tokens
    if tokens[1].text != "1" or tokens[0].text != question.output or (called and tokens[3].text != question.wrt):
        found = f"{tokens[0].text}'"
        raise refusal("subject", tokens[0], lines, found=found, asked=f"d{question.output}/d{question.wrt}")
    return tokens[end + 1 :]


def _check_subject(question: Question, mentions: Mentions, last: tuple[str, Phrase], lines: Sequence[str]) -> None:
    """An answer that says of what it is a derivative, or what value it gives, speaks of what is asked for."""
    name, phrase = last
    meant = mentions.meant.get(name)
    if (meant is not None and meant != (question.output, question.wrt)) or name in question.program.leaves:
        asked = f"d{question.output}/d{question.wrt}"
        raise refusal("subject", phrase, lines, found=name, asked=asked)


def _check_arrays(phrase: Phrase, scope: Scope) -> None:
    """Refuse what says of arrays neither matrix product nor product entry by entry, neither norm nor absolute values."""
    for part in walk(phrase):
        for a, b in gaps(part, scope.lines):
            if _is_array(a, scope) and _is_array(b, scope):
                one, other = (scope.lines[p.place.line - 1][p.place.column - 1 :][: p.place.width] if p.place else "" for p in (a, b))
                raise refusal("product", a, scope.lines, left=one, right=other)
        place = part.place
        barred = part.head == "call" and place is not None and scope.lines[place.line - 1][place.column - 1 :][:1] == "|"
        if barred and _is_array(part.parts[0], scope):
            raise refusal("norm", part, scope.lines)


def _is_array(phrase: Phrase, scope: Scope) -> bool:
    tree = elaborated(phrase, scope)
    return tree is not None and bool(tree.shape)


def _statements(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[tuple[str, Phrase]]:
    position = 0
    while True:
        while tokens[position].kind == "newline" or (tokens[position].text == ";" and position):
            position += 1
        name = ""
        if tokens[position].kind == "name" and tokens[position + 1].text == "=":
            name, position = tokens[position].text, position + 2
        phrase, position = read_expression(list(tokens), position, list(lines))
        if tokens[position].text == "=" and tokens[position].kind == "op":
            raise refusal("chain", tokens[position], lines)
        yield name, phrase
        end = position
        while tokens[end].kind == "newline" or tokens[end].text == ";":
            end += 1
        if tokens[end].kind == "end":
            return
        if not name or end == position:
            refuse_after(list(tokens), position, list(lines))
