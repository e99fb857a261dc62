"""What printed lines may call: NumPy's and SciPy's functions and a few that README defines; other functions are written out.

A line is a program, and it is Python over those names. What a reader calls huber(r, delta) or arccot(x) is printed so in formulas and
steps; in a line that needs the value, it is what the record's code says.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from symchain.functions.spec import ALIASES, FUNCTIONS, AbstractFunction, FunctionSpec
from symchain.kernels.primitives import Form, operand_of
from symchain.language.grammar import parse_expression
from symchain.nouns.derivation import Line
from symchain.rewriting import is_large
from symchain.support.notation import Phrase, rewritten
from symchain.tensors.nodes import Apply, Tree, postorder

_SIGNS = frozenset({"+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!="})


def is_documented(function: FunctionSpec) -> bool:
    """Whether printed lines may call a function by its name."""
    return function.defined or (not function.written and (hasattr(np, function.name) or _is_special(function.name)))


def _is_special(name: str) -> bool:
    from scipy import special  # what prints none of its functions starts without it

    return hasattr(special, name)


def documented(line: Line) -> Line:
    """The line with calls of other functions written out."""
    wanted = _undocumented(line.tree)
    if not wanted:
        return line
    return replace(line, written=_written_out(line.phrase, wanted))


def _undocumented(tree: Tree) -> frozenset[str]:
    """The names of the functions in a tree that lines may not call; a program's own functions have names that are theirs."""
    if not tree.kinds & Apply.bit or is_large(tree):
        return frozenset()
    functions = {node.function for node in postorder(tree) if isinstance(node, Apply)}
    own = {f.name for f in functions if isinstance(f, AbstractFunction)}
    registered = (f for f in functions if isinstance(f, FunctionSpec) and FUNCTIONS.get(f.name) is f)  # kernels have others of their own
    return frozenset(f.name for f in registered if not is_documented(f)) - own


def _written_out(phrase: Phrase, wanted: frozenset[str]) -> Phrase:
    done: dict[int, Phrase] = {}

    def change(p: Phrase) -> Phrase | None:
        if p.head != "call" or p.text not in wanted or p.primes:
            return None
        parts = [rewritten(q, change, done) for q in p.parts]
        return _with(_body(FUNCTIONS[p.text]), parts)

    return rewritten(phrase, change, done)


def _with(body: Phrase, parts: list[Phrase]) -> Phrase:
    """The body of a function with these arguments."""

    def change(p: Phrase) -> Phrase | None:
        number = operand_of(p.text) if p.head == "name" else None
        return None if number is None or number >= len(parts) else parts[number]

    return rewritten(body, change)


@cache
def _body(function: FunctionSpec) -> Phrase:
    """What a function is over x0, x1, ..., in functions that lines may call."""
    if function.written:
        whole = parse_expression(function.written)
        names = {p: Phrase("name", (), f"x{k}") for k, p in enumerate(function.parameters)}
        return rewritten(whole, lambda p: names.get(p.text) if p.head == "name" else None)
    whole = parse_expression(_text(function.form))
    called = {p.text for p in _calls(whole)}
    other = frozenset(n for n in called if n in FUNCTIONS and not is_documented(FUNCTIONS[n]) and FUNCTIONS[n] is not function)
    return _written_out(whole, other) if other else whole


def _calls(phrase: Phrase) -> list[Phrase]:
    found, stack = [], [phrase]
    while stack:
        p = stack.pop()
        found += [p] if p.head == "call" else []
        stack.extend(p.parts)
    return found


def _text(form: Form) -> str:
    """A form in the input language."""
    if isinstance(form, tuple):
        head, *arguments = form
        inner = [_text(a) for a in arguments]
        if head in _SIGNS:
            return f"({inner[0]} {head} {inner[1]})"
        if head == "neg":
            return f"(-{inner[0]})"
        return f"{_name(head, len(inner))}({', '.join(inner)})"
    return f"({form})" if not isinstance(form, str) else form


def _name(primitive: str, arguments: int) -> str:
    """The function of the language that a primitive is."""
    name = ALIASES.get(primitive, primitive)
    return name if name in FUNCTIONS or arguments == 3 else primitive


__all__ = ["documented", "is_documented"]
