"""What was read as written and may have been meant otherwise: entry by entry where linear algebra writes products and inverses.

The meaning stays NumPy's. A remark names the other reading only where that reading exists: it is tried on the shapes first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from symchain.errors import ParseError, SymchainError
from symchain.language.elaborate import Scope, elaborate
from symchain.nouns.computation import Remark
from symchain.support.dimensions import Shape, show
from symchain.support.document import Field, Formula, Say
from symchain.support.notation import Phrase, call, number, walk

_OF_MATRICES = ("tr", "trace", "det", "logdet", "inv")
"""Under these an entry-by-entry product of matrices is rarely meant."""
_THROUGH = ("add", "neg", "mul", "matmul", "transpose", "pow")
_ELSEWHERE = {"kl_div": "kl_div_loss"}
"""Functions of SciPy whose name PyTorch gives to another one, and what that is called here."""
_MINUS_ONE = Phrase("neg", (number(1),))


def refuse_letter_powers(phrase: Phrase, scope: Scope, undeclared: Collection[str]) -> None:
    """Raises ParseError for A^T with a T that nobody declared or defined: a power by a new number, where a transpose is meant."""
    if "T" not in undeclared:
        return
    for part in walk(phrase):
        if part.head != "pow":
            continue
        base, exponent = part.parts
        letter = exponent.parts[0] if exponent.head == "neg" else exponent
        if letter.head != "name" or letter.text != "T":
            continue
        shape = _shape(base, scope)
        if not shape:
            continue
        what = f"^T raises every entry of an operand of shape {show(shape)} to a power T, which is neither declared nor defined"
        advice = "For the transpose write .T, such as A.T; for a power T declare it: 'T: ()'."
        place = part.place
        source = scope.lines[place.line - 1] if place is not None and place.line <= len(scope.lines) else ""
        raise ParseError(what, advice=advice, place=place, source=source)


def remarks_on(phrase: Phrase, scope: Scope) -> Iterator[Remark]:
    """The remarks on one expression that was read, in the order of the text."""
    seen: set[int] = set()
    stack = [(phrase, False)]
    while stack:
        part, inside = stack.pop()  # inside: under a function of matrices
        if id(part) in seen:
            continue
        seen.add(id(part))
        if part.head == "mul" and (inside or any(p.head == "transpose" for p in part.parts)):
            yield from _product(part, scope)
        elif part.head == "pow":
            yield from _power(part, scope, inside)
        elif part.head == "call" and part.text in _ELSEWHERE and part.text not in scope.functions:
            yield _remark("elsewhere", part, replace(part, text=_ELSEWHERE[part.text]))
        under = (inside and part.head in _THROUGH) or (
            part.head == "call" and part.text in _OF_MATRICES and part.text not in scope.functions
        )
        stack.extend((p, under) for p in reversed(part.parts))


def _product(part: Phrase, scope: Scope) -> Iterator[Remark]:
    """A*X where at least one is a matrix and A @ X exists."""
    shapes = [_shape(p, scope) for p in part.parts]
    shaped = [p for p, s in zip(part.parts, shapes, strict=True) if s]
    if len(shaped) < 2 or any(p.head == "over" for p in shaped) or not any(s and len(s) > 1 for s in shapes):
        return
    first = next(k for k, s in enumerate(shapes) if s)
    chain = Phrase("matmul", tuple(shaped))
    scalars = [p for p, s in zip(part.parts, shapes, strict=True) if not s]
    meant = Phrase("mul", (*part.parts[:first], chain, *scalars[first:])) if scalars else chain
    if _shape(meant, scope) is not None:
        yield _remark("product", part, meant)


def _power(part: Phrase, scope: Scope, inside: bool) -> Iterator[Remark]:
    """A^-1, and under a function of matrices A^k, where A is a square matrix."""
    base, exponent = part.parts
    if exponent == _MINUS_ONE:
        key, meant = "inverse", call("inv", base)
    elif inside and exponent.head == "number" and exponent.text.isdigit():
        key, meant = "power", call("matrix_power", base, exponent)
    else:
        return
    if _shape(meant, scope) is not None:
        yield _remark(key, part, meant)


def _remark(key: str, part: Phrase, meant: Phrase) -> Remark:
    fields: dict[str, Field] = {"written": Formula(part), "meant": Formula(meant)}
    if key == "inverse":
        fields["read"] = Formula(Phrase("mul", (number(1), Phrase("over", (part.parts[0],)))))
    return Remark(Say(f"remark.{key}", fields), part.place)


def _shape(phrase: Phrase, scope: Scope) -> Shape | None:
    """The shape of a part, or None where it has none by itself."""
    if phrase.head in ("compare", "none", "string", "tuple", "list", "slice"):
        return None
    try:
        return elaborate(phrase.parts[0] if phrase.head == "over" else phrase, scope).shape
    except SymchainError:
        return None
