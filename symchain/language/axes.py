"""How many axes the value of a call has, from its spelling and the axes of its arguments alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from symchain.errors import SymchainError
from symchain.language.elaborate import Scope, elaborate
from symchain.language.forms import Form, find_form
from symchain.support.dimensions import Dim
from symchain.support.notation import Phrase, walk
from symchain.tensors.memory import remembered
from symchain.tensors.nodes import leaf

_PRINTED = {"commutation": 2}
"""Words that stand in what is printed alone, with the axes of their values."""
_SIZE = 4
"""How long the axes of the stand-ins are where a letter will not do: windows and halves need a number."""
_AXES = "axes "
"""How the stand-ins are called whose axes alone are known, with their number: no name that a program can have."""


def rank_of_call(phrase: Phrase, ranks: Sequence[int]) -> int:
    """How many axes the value of a call has, as far as its spelling and the axes of its arguments tell.

    >>> from symchain.language.grammar import parse_expression
    >>> rank_of_call(parse_expression("outer(x, y)"), [1, 1]), rank_of_call(parse_expression("max(A, axis=0)"), [2])
    (2, 1)
    """
    form = find_form(phrase.text)
    if form is None or phrase.primes:
        return _PRINTED.get(phrase.text) or max(ranks, default=0)
    sizes: list[Phrase] = []
    with suppress(SymchainError):
        bound = form.bind(phrase)
        sizes = [size for p in form.parameters if p.kind == "Sizes" for size in bound.get(p.name, ())]
        call = _with_arguments(form, bound, phrase, ranks)
        with suppress(SymchainError):
            return _rank_of_form(call, "n")
        return _rank_of_form(call, _SIZE)
    return sum(len(s.parts) if s.head == "tuple" else 1 for s in sizes) or max(ranks, default=0)


def _with_arguments(form: Form, bound: Mapping[str, tuple[Phrase, ...]], phrase: Phrase, ranks: Sequence[int]) -> Phrase:
    """The call with arrays that have nothing but their axes, equally long, as its arguments."""
    axes = {id(part): Phrase("name", text=f"{_AXES}{rank}") for part, rank in zip(phrase.parts, ranks, strict=False)}
    for parameter in form.parameters:
        for part in bound.get(parameter.name, ()):
            array = axes.get(id(part), part)
            match parameter.kind:
                case "Trees":
                    entry = Phrase("name", text=f"{_AXES}{max(ranks[phrase.parts.index(part)] - 1, 0)}")
                    axes[id(part)] = Phrase("list", (entry,) * len(part.parts))
                case "Condition":
                    axes[id(part)] = Phrase("compare", (array, array), "<")
                case kind if kind != "Tree":
                    axes.pop(id(part), None)
    return Phrase("call", tuple(axes.get(id(p), p) for p in phrase.parts), phrase.text, phrase.keywords)


@remembered(2048)
def _rank_of_form(call: Phrase, size: Dim) -> int:
    names = {p.text for part in (call, *(v for _, v in call.keywords)) for p in walk(part) if p.head == "name"}
    arrays = {n: leaf(n, (size,) * int(n.removeprefix(_AXES))) for n in names if n.startswith(_AXES)}
    return len(elaborate(call, Scope(arrays, dims=names - set(arrays) | {"n"})).shape)
