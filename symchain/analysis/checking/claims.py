"""What is claimed, read: of which output, by which name, and the expression, in which da2/dz2 stands for that derivative."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from symchain.analysis.checking.slopes import Flow
from symchain.errors import ArgumentError, NumberVariableError, ParseError, ShapeError, advice_for
from symchain.functions.spec import abstract
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression, read_expression, refuse_after
from symchain.language.inputs import variable
from symchain.language.reading import program_scope
from symchain.language.spelling import canonical
from symchain.language.tokens import Token, read_tokens, source_lines
from symchain.nouns.computation import Block, Computation
from symchain.support.notation import Phrase, walk
from symchain.support.notation import name as named
from symchain.tensors.isolation import Isolation
from symchain.tensors.nodes import Tree, add, apply, contract, leaf, leaves, reduce_sum

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DELTA = re.compile(r"delta_?(\w+)")


# ---------------------------------------------------------------- the question


@dataclass(frozen=True)
class Question:
    """Which derivative is meant: `program` has a block for the output, even where an expression was given."""

    program: Computation
    output: str
    wrt: str


def ask(program: Computation, output: str, wrt: Any, claim: str = "") -> Question:
    """The question behind `output` (a block, an input, or an expression) and `wrt`.

    A name that nothing defines, but of which the claim mentions derivatives by blocks (dL/dy), is an unknown function of those blocks.

    Raises NumberVariableError for a number, ArgumentError for an unknown name.
    """
    if isinstance(output, tuple) or not isinstance(output, Hashable):
        raise ArgumentError(f"the output is {type(output).__name__}, not a name", advice='Write check("C", "w", "2*x").')
    name = str(wrt)
    if _NUMBER.fullmatch(name):
        raise NumberVariableError(name)
    if output not in program.blocks:
        program = _with_unknown(program, str(output), claim)
    if output not in program.blocks:
        program, output = _with_block(program, str(output))
    known = [*program.inputs, *program.blocks]
    if name not in known:
        raise ArgumentError(f"there is no name {name!r} to differentiate by", advice=advice_for(name, known))
    return Question(program, output, name)


def _with_unknown(program: Computation, output: str, claim: str) -> Computation:
    """The program with a last block known by name alone, where a claim speaks of its derivatives by earlier blocks."""
    taken = {*program.inputs, *program.functions, *program.dimensions}
    if not output.isidentifier() or output in taken or not isinstance(claim, str):
        return program
    by = [n for n in dict.fromkeys(re.findall(rf"[d∂]{output}\s*/\s*[d∂](\w+)", claim)) if n in program.blocks]
    if not by:
        return program
    values = [program.blocks[n].leaf for n in by]
    terms = [apply(abstract(f"{output}_{x.name}"), x) for x in values]
    tree = add([reduce_sum(t, range(len(t.shape))) if t.shape else t for t in terms])
    block = Block(output, (), tree, Phrase("call", tuple(map(named, by)), output), tuple(by), leaf(output), program.symbols)
    return replace(program, blocks={**program.blocks, output: block})


def _with_block(program: Computation, text: str) -> tuple[Computation, str]:
    """The program with one more block for an expression; names that only it reads are new scalar inputs."""
    phrase = parse_expression(text)
    if phrase.head == "name" and phrase.text not in program.inputs:
        raise ArgumentError(f"there is no block {text!r}", advice=advice_for(text, program.blocks, "Blocks"))
    scope = program_scope(program, tuple(source_lines(text)))
    inputs = dict(program.inputs)
    for part in walk(phrase):
        name = part.text
        if part.head == "name" and name not in scope.names and name not in program.dimensions and canonical(name) != "pi":
            inputs[name] = variable(name, None)
    tree = elaborate(phrase, replace(scope, names={**scope.names, **{n: v.leaf for n, v in inputs.items()}}))
    tree = isolation_in(program).marked(tree)
    name = text if text.isidentifier() and text not in inputs else "f"
    while name in inputs or name in program.blocks or name in program.dimensions or name in program.functions:
        name += "_"
    reads = tuple(x.name for x in leaves(tree))
    block = Block(name, tree.shape, tree, phrase, reads, leaf(name, tree.shape), program.symbols)
    return replace(program, inputs=inputs, blocks={**program.blocks, name: block}), name


# ---------------------------------------------------------------- the claim


@dataclass(frozen=True)
class Reading:
    """A claimed expression: how it is written, and what its names mean under one way of reading its derivatives."""

    phrase: Phrase
    scope: Scope
    derivatives: Mapping[str, tuple[str, str]]
    """The derivatives that the claim mentions, as they are written, of what they are and by what."""
    isolation: Isolation

    def tree(self) -> Tree:
        """Raises ShapeError where the claim's shapes do not conform, ParseError for what means nothing."""
        return self.isolation.marked(elaborate(self.phrase, self.scope))


def read_claim(question: Question, text: str) -> Iterator[Reading]:
    """The claim, in each way its derivatives can be read (they differ only where dy/dx can mean two things).

    One expression, or lines `name = expression` of which the last is the derivative. Raises ParseError.
    """
    if not isinstance(text, str):
        raise ArgumentError(f"a claim is a text, not {type(text).__name__}", advice='Write check("C", "W1", "(a2 - y)*W2*x").')
    lines = source_lines(text.replace("∂", "d"))
    slopes = _Slopes(question)
    tokens = slopes.joined(read_tokens(lines))
    statements = list(_statements(tokens, lines))
    isolation = isolation_in(question.program)
    for ways in slopes.ways:
        names: dict[str, Tree] = dict(program_scope(question.program).names)
        for name, trees in slopes.trees.items():
            names[name] = trees[min(ways, len(trees) - 1)]
        scope = Scope(names, question.program.dimensions, question.program.functions, tuple(lines), question.program.known)
        try:
            for name, phrase in statements[:-1]:
                if name in question.program.inputs or name in question.program.blocks:
                    raise ParseError(f"{name} is a name of the program", advice="Give this line of the claim another name.")
                names[name] = isolation.marked(elaborate(phrase, scope))
        except ShapeError:
            continue
        defined = {name for name, _ in statements}
        yield Reading(statements[-1][1], scope, {n: m for n, m in slopes.mentions.items() if n not in defined}, isolation)


def isolation_in(program: Computation) -> Isolation:
    return Isolation({name: block.tree for name, block in program.blocks.items()})


def _statements(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[tuple[str, Phrase]]:
    position = 0
    while True:
        while tokens[position].kind == "newline" or (tokens[position].text == ";" and position):
            position += 1
        name = ""
        if tokens[position].kind == "name" and tokens[position + 1].text == "=":
            name, position = tokens[position].text, position + 2
        phrase, position = read_expression(list(tokens), position, list(lines))
        yield name, phrase
        end = position
        while tokens[end].kind == "newline" or tokens[end].text == ";":
            end += 1
        if tokens[end].kind == "end":
            return
        if not name or end == position:
            refuse_after(list(tokens), position, list(lines))


class _Slopes:
    """The derivatives that a claim may mention by name: da2/dz2, dC_dz2, delta_z2."""

    def __init__(self, question: Question) -> None:
        self.question, self.program = question, question.program
        self.trees: dict[str, list[Tree]] = {}
        self.mentions: dict[str, tuple[str, str]] = {}
        self.names = {**dict.fromkeys(self.program.inputs), **dict.fromkeys(self.program.blocks), **dict.fromkeys(self.program.dimensions)}

    @property
    def ways(self) -> range:
        return range(max((len(t) for t in self.trees.values()), default=1))

    def joined(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens with every da2/dz2 made one name."""
        found: list[Token] = []
        k = 0
        while k < len(tokens):
            first = tokens[k]
            if first.kind == "name" and k + 2 < len(tokens) and tokens[k + 1].text == "/" and tokens[k + 2].kind == "name":
                last = tokens[k + 2]
                over, under = self._differential(first.text), self._differential(last.text)
                if over is not None and under is not None and first.line == last.line:
                    name = f"d{over}/d{under}"
                    self._mention(name, over, under)
                    found.append(Token("name", name, first.line, first.column, last.column + last.width - first.column))
                    k += 3
                    continue
            if first.kind == "name" and first.text not in self.names:
                self._adjoint(first.text)
            found.append(first)
            k += 1
        return found

    def _differential(self, text: str) -> str | None:
        """z2 of dz2, unless dz2 is a name of the program."""
        known = text not in self.names and text[:1] == "d" and (text[1:] in self.program.blocks or text[1:] in self.program.inputs)
        return text[1:] if known else None

    def _adjoint(self, text: str) -> None:
        """delta_z2 and delta2 are derivatives of the output; dC_dW1 is written as a name, as in the lines of a derivation."""
        parts = text[1:].split("_d") if text[:1] == "d" else []
        for k in range(1, len(parts)):
            over, under = "_d".join(parts[:k]), "_d".join(parts[k:])
            if over in self.program.blocks and under in self.names:
                self._mention(text, over, under)
                return
        match = _DELTA.fullmatch(canonical(text))
        if match:
            for name in (match[1], f"z{match[1]}", f"Z{match[1]}"):
                if name in self.program.blocks:
                    self._mention(text, self.question.output, name)
                    return

    def _mention(self, name: str, over: str, under: str) -> None:
        """What a derivative may mean: the local one where the block reads the name, else the whole one; also its diagonal."""
        if name in self.trees:
            return
        self.mentions[name] = over, under
        block = self.program.blocks.get(over)
        if block is None:  # an input: 1 by itself, else 0
            program, over = _with_block(self.program, over)
            self.trees[name] = [Flow(program, over, under).gradient()]
            return
        flow = Flow(self.program, over, under)
        found: list[Tree] = []
        if under in block.reads:
            found.append(flow.local())
        whole = flow.gradient()
        if whole not in found and (under not in block.reads or flow.branches()):
            found.append(whole)
        self.trees[name] = [*found, *(d for t in found if (d := diagonal(t, block.shape)) is not None)]


def diagonal(tree: Tree, shape: Sequence[Any]) -> Tree | None:
    """The diagonal of a Jacobian of shape (shape + shape): what elementwise functions are differentiated to on paper."""
    n = len(shape)
    if not n or tree.shape != (*shape, *shape):
        return None
    return contract([tree], [[*range(n), *range(n)]], list(range(n)))
