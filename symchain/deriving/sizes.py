"""The shape of each factor, under the products that lines are: printed where shapes explain why a product is as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symchain.errors import SymchainError
from symchain.language.elaborate import Scope, elaborate
from symchain.nouns.derivation import Derivation, Derivations, Line
from symchain.support.lazily import Made
from symchain.support.notation import Phrase
from symchain.tensors.indexgraph import dimension
from symchain.tensors.nodes import leaf

_DEPTH = 8
"""Shapes are put under factors of products nested up to this depth."""


def sizes(subject: Derivation | Derivations, lines: Sequence[Line]) -> Mapping[str, tuple[Phrase, Phrase]]:
    """Of lines that may read those of a derivation, by name: the general form and the last one, with shapes under their factors."""
    program = (subject.reading if isinstance(subject, Derivation) else None) or subject.program
    seconds = subject.every if isinstance(subject, Derivations) and isinstance(subject.members, dict) else ()
    vectors = {n: v.leaf for d in seconds if d.reading is not None for n, v in d.reading.inputs.items()}
    names = vectors | {line.name: leaf(line.name, line.shape) for line in subject.adjoint_lines}
    scope = Scope({**program.leaves, **names}, program.dimensions, dict(program.functions), known=program.known)

    def sized(line: Line) -> tuple[Phrase, Phrase]:
        return _under(line.general_phrase, scope), _under(line.phrase, scope)

    return Made({line.name: line for line in lines}, sized)


def _under(phrase: Phrase, scope: Scope, depth: int = 0) -> Phrase:
    """The phrase with shapes under the factors of its products; as it is where a factor cannot be read by itself."""
    if depth > _DEPTH or phrase.head not in ("mul", "matmul"):
        return phrase
    parts = []
    for p in phrase.parts:
        if p.head in ("over", "number"):
            parts.append(p)
        elif p.head in ("matmul", "mul"):
            parts.append(_under(p, scope, depth + 1))
        else:
            parts.append(_sized(p, phrase.head == "matmul" and p is phrase.parts[0], scope))
    return Phrase(phrase.head, tuple(parts))


def _sized(phrase: Phrase, leads: bool, scope: Scope) -> Phrase:
    """`leads`: the factor begins a matrix product, where a vector is a row and says so itself."""
    try:
        shape = elaborate(phrase, scope).shape
    except SymchainError:
        return phrase
    return Phrase("sized", (phrase, *(dimension(d) for d in shape))) if shape and not (leads and len(shape) == 1) else phrase
