"""How many axes a call has; that odd arguments are refused in words; that nothing the language knows is called unknown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import symchain
from symchain.language.axes import rank_of_call
from symchain.language.grammar import parse_expression
from symchain.language.lookup import form_names
from symchain.nouns.program import Program
from symchain.render.calls import macro
from symchain.render.opening import unknown_functions

DECLARED = {"x": ("n",), "A": ("n", "n"), "v": ("3",)}
SHAPES = "x: (n,)\nA: (n, n) spd\nv: (3,)\n"
ARGUMENTS = ("A", "x", "v", "A, A", "x, x", "v, v", "A, x", "x, A", "[x, x]", "A, 2", "x, 2", "2, 2", "x, []", "v, (3, 1)", "A, axis=0")


def calls() -> Iterator[tuple[str, str, Program]]:
    for name in form_names():
        for arguments in ARGUMENTS:
            try:
                yield name, arguments, symchain.parse(f"{SHAPES}y = {name}({arguments})")
            except symchain.SymchainError:
                continue


@pytest.mark.thorough
def test_calls_have_the_axes_that_their_spelling_tells() -> None:
    seen = set()
    for name, arguments, program in calls():
        call = parse_expression(f"{name}({arguments})")
        ranks = [bool(p.parts) + 1 if p.head == "list" else len(DECLARED.get(p.text, ())) for p in call.parts]
        assert rank_of_call(call, ranks) == len(program.blocks["y"].shape), (name, arguments)
        seen.add(name)
    assert len(seen) > 70


@pytest.mark.thorough
def test_what_the_language_knows_is_set_as_a_function_and_called_no_unknown_one() -> None:
    for name, _, program in calls():
        block = program.blocks["y"]
        assert not unknown_functions(program, [block]), name
        assert macro(name, len(block.phrase.parts)) is not None, name
