"""The sentences that report the numerical check of a derivation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from symchain.errors import ArgumentError, SymchainError, VerificationError
from symchain.nouns.derivation import SEPARATE, Derivation, Derivations, Printed, Verification
from symchain.nouns.higher import HigherDerivative, HigherDerivatives
from symchain.nouns.recursion import Evidence, Recursion, Recursions
from symchain.support.document import Count, Field, Formula, Listing, Math, Product, Quantity, Relation, Say
from symchain.support.notation import Phrase, name

LARGEST_POINT = 16
"""A point of more numbers than this is not printed."""


def check_sentences(
    subject: Printed, members: Sequence[Derivation], untold: int, symbol: Callable[[Derivation], Phrase], sampled: bool
) -> Iterator[Say]:
    """The reports, one for all where they share a point or are many: `untold` counts those beyond the members.

    `sampled` says that functions nobody knows were replaced by samples.
    """
    try:
        if len(members) > SEPARATE:
            whole = subject.verification
            some = _some_symbols(members, untold, symbol)
            yield from _asked_point(members[0], whole, some, set())
            yield from _report(members[0], whole, some, whole_only=True)
        else:
            evidence = [d.verification for d in members]
            yield from _asked_points(members, evidence, symbol)
            shared = _shared(members, evidence, symbol) if len(members) > 1 else None
            if shared is not None:
                yield shared
            else:
                for d, e in zip(members, evidence, strict=True):
                    yield from _report(d, e, Formula(symbol(d)))
                if len(members) == 1 and not sampled:
                    yield from _reading(members[0], evidence[0], Formula(symbol(members[0])))
    except VerificationError:
        raise
    except SymchainError as error:
        if members[0].point is not None and isinstance(error, ArgumentError):  # what the reader gave is no point of this program
            raise
        yield Say("check.none", {"reason": error.what})
        return
    if sampled:
        yield Say("check.sampled")


def verdicts(
    subject: Derivation | Derivations | HigherDerivative | HigherDerivatives | Recursion | Recursions,
) -> Iterator[tuple[str, Verification | Evidence]]:
    """What is reported, by the names of the derivatives; nothing where no check is possible."""
    if isinstance(subject, Recursion | Recursions):
        yield from ((d.result.name, d.verification) for d in (subject.values() if isinstance(subject, Recursions) else [subject]))
        return
    if isinstance(subject, HigherDerivative | HigherDerivatives):
        members = [subject] if isinstance(subject, HigherDerivative) else subject.values()
        yield from ((d.result.name, d.verification) for d in members)
        return
    whole = isinstance(subject, Derivations) and len(subject) + len(subject.mixed) > SEPARATE
    for d in subject.every if isinstance(subject, Derivations) and not whole else [subject]:
        try:
            yield (f"the derivatives of {d.output}" if whole else d.result.name), d.verification  # type: ignore[union-attr]
        except VerificationError:
            raise
        except SymchainError:
            continue


def _some_symbols(members: Sequence[Derivation], untold: int, symbol: Callable[[Derivation], Phrase]) -> Say:
    listed = Listing(tuple(Formula(symbol(d)) for d in members[:SEPARATE]))
    return Say("names.more", {"names": listed, "count": Count(len(members) + untold - SEPARATE)})


def _shared(members: Sequence[Derivation], evidence: Sequence[Verification], symbol: Callable[[Derivation], Phrase]) -> Say | None:
    """One sentence for derivatives that are numbers, held, and were measured at one point."""
    first = evidence[0]
    point = _point(_asked(members[0], first.at))
    for d, e in zip(members, evidence, strict=True):
        if d.shape or not e.held or e.zero or e.rounded or e.value is None:
            return None
        if not _same(e.at, first.at) or e.method != first.method:
            return None
    if point is None:
        return None
    found = [Relation((Formula(symbol(d)), Quantity(e.value))) for d, e in zip(members, evidence, strict=True)]
    values = Listing(tuple(found), numeric=True)
    error, points = Quantity(max(e.error for e in evidence), 1), _counted("points", min(e.points for e in evidence))
    method = Say(f"method.{first.method}")
    return Say("check.shared", {"point": point, "values": values, "method": method, "points": points, "error": error})


def _same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return a.keys() == b.keys() and all(not _size(a[n]) > 1 and a[n] == b[n] for n in a)


def values_at(members: Sequence[Derivation]) -> Mapping[str, Any]:
    """The blocks' values at the point of the check, where there is one check and it kept them."""
    if len(members) != 1:
        return {}
    try:
        return members[0].verification.values
    except SymchainError:
        return {}


def _asked_points(members: Sequence[Derivation], evidence: Sequence[Verification], symbol: Callable[[Derivation], Phrase]) -> Iterator[Say]:
    """What is to be said of the reader's point where no check can be made there, once for all derivatives it is the same for."""
    said: set[str] = set()
    for d, e in zip(members, evidence, strict=True):
        yield from _asked_point(d, e, Formula(symbol(d)), said)
    if said and any(e.points for e in evidence):
        yield Say("check.elsewhere")


def _asked_point(d: Derivation, evidence: Verification, derivative: Math | Say, said: set[str]) -> Iterator[Say]:
    reason = evidence.asked
    chosen = reason in ("kink", "branch")
    if not reason or (reason in said and not chosen):
        return
    said.add(reason)
    point = _point(d.point or {}) or Say("check.asked")
    if not chosen:
        yield Say(f"check.asked.{reason}", {"point": point})
        return
    fields: dict[str, Field] = {"point": point}
    if reason == "kink":
        fields["output"] = Formula(name(d.output))
    if d.shape or evidence.given is None or isinstance(derivative, Say):
        yield Say(f"check.asked.{reason}.array", {**fields, "derivative": derivative})
    else:
        yield Say(f"check.asked.{reason}", {**fields, "statement": Relation((derivative, Quantity(evidence.given)))})


def _counted(what: str, count: int) -> Say:
    return Say(f"check.{what}.one") if count == 1 else Say(f"check.{what}", {"count": Count(count)})


def _report(d: Derivation, evidence: Verification, derivative: Math | Say, whole_only: bool = False) -> Iterator[Say]:
    if evidence.open in ("nowhere", "kinks"):
        yield Say(f"check.{evidence.open}")
        return
    if evidence.open == "rounding":
        yield Say("check.rounding", {"derivative": derivative})
        return
    error, points, method = Quantity(evidence.error, 1), _counted("points", evidence.points), Say(f"method.{evidence.method}")
    if evidence.open:
        yield Say("check.flat", {"derivative": derivative, "method": method, "points": points})
        return
    if not evidence.held:
        yield Say("check.failed", {"error": error})
        return
    fields: dict[str, Field] = {"method": method, "points": points}
    point = None if whole_only else _point(_asked(d, evidence.at))
    scalar = not d.shape and evidence.value is not None and evidence.reference is not None
    if point is not None and scalar and not isinstance(derivative, Say):
        product, value = None if evidence.zero else _factors(d, evidence), Quantity(evidence.value)
        statement = Relation((derivative, product, value) if product else (derivative, value))
        fields |= {"point": point, "statement": statement, "reference": Quantity(evidence.reference)}
        if evidence.zero:
            yield Say("check.zero", fields)
        else:
            yield Say("check.at" if evidence.points > 1 else "check.at_one", {**fields, "error": error})
    elif evidence.zero:
        yield Say("check.zero.somewhere", {**fields, "derivative": derivative})
    else:
        fields |= {"derivative": derivative, "components": _counted("components", evidence.components), "error": error}
        yield Say("check.somewhere", fields) if point is None else Say("check.array", {**fields, "point": point})
    if evidence.rounded:
        yield Say("check.rounded")


def _factors(d: Derivation, evidence: Verification) -> Product | None:
    """The measured factors of a single path."""
    if len(d.paths) != 1 or d.path_count != 1 or not 2 <= len(d.paths[0].factors) <= 12:
        return None
    measured = [evidence.factors.get(f.name) for f in d.paths[0].factors]
    return None if any(v is None for v in measured) else Product(tuple(Quantity(v, 6) for v in measured))


def _asked(d: Derivation, at: Mapping[str, Any]) -> Mapping[str, Any]:
    """A point in the order in which the reader gave it."""
    return {n: at[n] for n in (*(d.point or ()), *at) if n in at}


def _point(at: Mapping[str, Any]) -> Listing | None:
    if not at or sum(_size(v) for v in at.values()) > LARGEST_POINT:
        return None
    return Listing(tuple(Relation((Formula(name(n)), Quantity(v, 6))) for n, v in at.items()), numeric=True)


def _size(value: Any) -> int:
    value = value.tolist() if hasattr(value, "tolist") else value
    return sum(map(_size, value)) if isinstance(value, Sequence) and not isinstance(value, str) else 1


def _reading(d: Derivation, evidence: Verification, derivative: Math) -> Iterator[Say]:
    """What the sign says, for a number."""
    if d.shape or d.order != 1 or evidence.zero or not evidence.held or evidence.value is None or not evidence.at:
        return
    value = float(evidence.value)
    key = "positive" if value > 0 else "negative" if value < 0 else "zero"
    statement = Relation((derivative, Quantity(0.0)), ">" if value > 0 else "<" if value < 0 else "=")
    yield Say(f"reading.{key}", {"statement": statement, "wrt": Formula(name(d.wrt)), "output": Formula(name(d.output))})
