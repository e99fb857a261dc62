"""What is said of a second derivative's sign: that it is definite, why, and whether the output is convex for that reason."""

from __future__ import annotations

from collections.abc import Iterator

from symchain.nouns.derivation import Derivation
from symchain.nouns.names import Names
from symchain.render.subjects import derivative
from symchain.support.document import Field, Formula, Listing, Say
from symchain.support.notation import name
from symchain.tensors.definiteness import Reason
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import leaf, matmul, transpose


def curvature(d: Derivation) -> Iterator[Say]:
    """The sentences, none where nothing is known."""
    known = d.curvature
    if known is None:
        return
    sign = "positive" if known.sign > 0 else "negative"
    strength = "strict" if known.strict else "weak"
    weighted = any(r.key.startswith(("weight", "fact", "spread")) for r in known.reasons)
    reasons = [_reason(r, d, weighted) for r in known.reasons]
    said: dict[str, Field] = {"derivative": Formula(derivative(d))}
    if known.single:
        yield Say(f"curvature.number.{sign}.{strength}", said)
    else:
        yield Say(f"curvature.matrix.{sign}.{strength}", {**said, "reasons": Listing(tuple(reasons))})
    if known.smooth:
        shape = "convex" if known.sign > 0 else "concave"
        ends: dict[str, Field] = {"output": Formula(name(d.output)), "wrt": Formula(name(d.wrt))}
        yield Say(f"curvature.{shape}.{strength}", ends)


def _reason(reason: Reason, d: Derivation, weighted: bool) -> Say:
    fields: dict[str, Field] = {"about": Listing(tuple(Formula(phrase_of(t)) for t in reason.about))}
    if reason.key == "gram":
        taken = Names(set((d.reading or d.program).names))
        side, middle = leaf(taken.fresh("G"), ("a", "b")), leaf(taken.fresh("D"), ("a", "a"))
        form = matmul(matmul(transpose(side), middle), side) if weighted else matmul(transpose(side), side)
        fields |= {"form": Formula(phrase_of(form)), "side": Formula(name(side.name))}
    return Say(f"curvature.because.{reason.key}", fields)
