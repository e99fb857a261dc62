r"""Answers in LaTeX, \frac{1}{2}(a_2 - y) or $2 (z - y) x$, as text of the input language in the program's names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from symchain.analysis.checking.mentions import Mentions
from symchain.analysis.checking.questions import Question, hand_of
from symchain.errors import LimitError, check_choice
from symchain.language.handwriting import Hand, refusal
from symchain.latex.formulas import Formulas
from symchain.latex.grammar import parse_formula
from symchain.latex.nodes import Node, Symbol, walk
from symchain.latex.sizes import Sizes
from symchain.latex.statements import Statement
from symchain.latex.tokens import Source, Token, read_tokens
from symchain.latex.usage import find_usage
from symchain.render.text import write
from symchain.support.notation import Phrase

AUTO, TEXT, LATEX = "auto", "text", "latex"
FORMATS = (AUTO, TEXT, LATEX)
"""How an answer is written; auto: in LaTeX where it holds a command, a dollar sign or a subscript in braces."""
_LONGEST = 20_000
_SIGNS = re.compile(r"\\\S|[_^]\s*\{|\$")
_DOLLARS = re.compile(r"\s*(?:\$\$(.*)\$\$|\$(.*)\$|\\\((.*)\\\)|\\\[(.*)\\\])\s*[.,;]?\s*", re.DOTALL)
_DECIMAL = re.compile(r"(?<![\d,_^{])(\d+),(\d+)(?![\d,])")
_WORD = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{2,}(?![A-Za-z}])")
_NUMBERED = re.compile(r"(?<![\\A-Za-z0-9])(d?)([A-Za-z])(\d+)(?![A-Za-z0-9])")


def is_latex(text: str) -> bool:
    """Whether an answer is written in LaTeX.

    >>> is_latex(r"\\frac{1}{2}x"), is_latex("W_{1} x"), is_latex("2*W_1*x")
    (True, True, False)
    """
    return _SIGNS.search(text) is not None


def as_text(question: Question, text: str, claim_format: str = AUTO) -> str:
    """The answer in the input language: as it was typed, or read where it is LaTeX. Raises ParseError with its place."""
    check_choice("claim_format", claim_format, FORMATS)
    if len(text) > _LONGEST:
        raise LimitError(f"an answer has at most {_LONGEST} characters", advice="Give the formula alone.")
    if claim_format == TEXT or (claim_format == AUTO and not is_latex(text)):
        return text
    return latex_as_text(question, text)


def latex_as_text(question: Question, text: str) -> str:
    """What a formula in LaTeX, or derivative = formula, is in the input language."""
    mentions, hand = Mentions(question), hand_of(question.program)
    match = _DOLLARS.fullmatch(text)
    inside = next(g for g in match.groups() if g is not None) if match else text
    inside = _DECIMAL.sub(_decimal, inside)
    inside = _WORD.sub(lambda m: _worded(m, hand), inside.replace("&", " ").strip())
    source = Source(_NUMBERED.sub(lambda m: _numbered(m, hand), inside))
    sides = [_renamed(parse_formula(s, source), hand) for s in _sides(read_tokens(source, 0, len(source.text)))]
    if len(sides) > 2:
        raise refusal("chain", Phrase("name", place=sides[2].place), source.lines)
    if len(sides) == 2:
        _check_subject(question, sides[0], source)
    return write(_phrase(question, mentions, sides[-1], source, hand))


def _decimal(match: re.Match[str]) -> str:
    """0,5 is one number where no bracket is open, in which the comma could separate arguments."""
    before = match.string[: match.start()]
    open_ = before.count("(") != before.count(")") or before.count("[") != before.count("]")
    return match[0] if open_ else f"{match[1]}{{,}}{match[2]}"


def _numbered(match: re.Match[str], hand: Hand) -> str:
    """W1, where that is a name of the program, is W_1 in LaTeX."""
    return f"{match[1]}{match[2]}_{{{match[3]}}}" if match[2] + match[3] in hand.names else match[0]


def _worded(match: re.Match[str], hand: Hand) -> str:
    """A name of several letters, typed as in a program, is no product of letters where one of them is no name."""
    word = match[0]
    return rf"\mathrm{{{word}}}" if word in hand.names and not all(c in hand.names for c in word) else word


def _sides(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens between the equal signs, without a last full stop."""
    sides: list[list[Token]] = [[]]
    content = list(tokens[:-1])
    while content and content[-1].kind == "op" and content[-1].text in ".,;":
        content.pop()
    depth = 0
    for token in content:
        if token.kind == "op":
            depth += (token.text in "([{") - (token.text in ")]}")
        if depth == 0 and token.kind == "op" and token.text == "=":
            sides.append([])
        else:
            sides[-1].append(token)
    found = [s for s in sides if s]
    return found or [list(tokens)]


def _renamed(node: Node, hand: Hand) -> Node:
    """The formula in the program's spelling of its names: W_1 and W^{(1)} are W1 where that is one."""
    parts = tuple(_renamed(p, hand) for p in node.parts)
    symbol = node.symbol
    if symbol is not None:
        other = hand.spelled(symbol.name)
        if other in hand.names or other in hand.functions:
            symbol = Symbol(other, primes=symbol.primes)
    return replace(node, parts=parts, symbol=symbol)


def _check_subject(question: Question, left: Node, source: Source) -> None:
    """What stands before the equal sign is the derivative that is asked for, or a new name for it."""
    found = source.lines[left.place.line - 1][left.place.column - 1 :][: left.place.width]
    if left.head == "partial":
        names = [p.symbol.name if p.symbol is not None else "" for p in left.parts]
        fine = names == [question.output, question.wrt]
    else:
        symbol = left.symbol
        fine = symbol is not None and symbol.name not in question.program.leaves and not symbol.primes
    if not fine:
        raise refusal("subject", Phrase("name", place=left.place), source.lines, found=found, asked=f"d{question.output}/d{question.wrt}")


def _phrase(question: Question, mentions: Mentions, node: Node, source: Source, hand: Hand) -> Phrase:
    program = question.program
    left = Node("partial", node.place, tuple(Node("symbol", node.place, symbol=Symbol(n)) for n in (question.output, question.wrt)))
    names = {**{n: v.shape for n, v in program.inputs.items()}, **{n: b.shape for n, b in program.blocks.items()}}
    said = [Statement((left, node), node.place, source.text)]
    usage = find_usage(source, said, hand.names, program.functions)
    Sizes(usage, said, {}).settle()
    for inner in walk(node):
        if inner.symbol is not None and inner.symbol.name not in names:
            mentions.adjoint(inner.symbol.name)
    names.update({n: trees[0].shape for n, trees in mentions.trees.items()})
    for name, shape in names.items():
        usage.shapes[name] = shape
        usage.defined.setdefault(name, node.place)
    return Formulas(usage, {}, {}).read(node, claiming=True).phrase
