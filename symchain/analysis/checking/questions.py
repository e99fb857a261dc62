"""What is asked: the derivative of which output, a block or an expression, by which name of which program."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from symchain.errors import ArgumentError, NumberVariableError, advice_for
from symchain.functions.spec import AbstractFunction, abstract
from symchain.language.elaborate import elaborate
from symchain.language.grammar import parse_expression
from symchain.language.handwriting import Hand
from symchain.language.inputs import variable
from symchain.language.lookup import find_function
from symchain.language.reading import program_scope
from symchain.language.spelling import canonical
from symchain.language.tokens import source_lines
from symchain.latex.usage import FUNCTION_LETTERS
from symchain.nouns.computation import Block, Computation
from symchain.support.notation import Phrase, walk
from symchain.support.notation import name as named
from symchain.tensors.isolation import Isolation
from symchain.tensors.nodes import add, apply, leaf, leaves, reduce_sum

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


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
        program, output = with_block(program, str(output), claim if isinstance(claim, str) else "")
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


def with_block(program: Computation, text: str, claim: str = "") -> tuple[Computation, str]:
    """The program with one more block for an expression, of a name that neither it nor the claim calls; names that only it reads are new
    scalar inputs."""
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
    called = set(re.findall(r"(\w+)'*\(", f"{text} {claim}"))
    while name in called or name in inputs or name in program.blocks or name in program.dimensions or name in program.functions:
        name += "_"
    reads = tuple(x.name for x in leaves(tree))
    block = Block(name, tree.shape, tree, phrase, reads, leaf(name, tree.shape), program.symbols)
    functions = {**program.functions, **dict(_unknown_functions(phrase, program))}
    return replace(program, inputs=inputs, blocks={**program.blocks, name: block}, functions=functions), name


def _unknown_functions(phrase: Phrase, program: Computation) -> Iterator[tuple[str, AbstractFunction]]:
    """The functions known by name alone that an expression calls."""
    for part in walk(phrase):
        if part.head == "call" and part.text not in program.functions:
            function = find_function(part.text, program.functions)
            if isinstance(function, AbstractFunction):
                yield part.text, function


def isolation_in(program: Computation) -> Isolation:
    return Isolation({name: block.tree for name, block in program.blocks.items()})


def hand_of(program: Computation, more: Iterable[str] = ()) -> Hand:
    """In whose names an answer about a program is written."""
    names = frozenset([*program.inputs, *program.blocks, *program.dimensions, *more])

    def called() -> Sequence[str]:
        return tuple(dict.fromkeys(p.text for b in program.blocks.values() for p in walk(b.phrase) if p.head == "call"))

    return Hand(names, program.functions, called, FUNCTION_LETTERS)
