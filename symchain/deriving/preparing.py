"""What a printer reads of a derivation, worked out before it is handed over: printing itself derives, simplifies and checks nothing."""

from __future__ import annotations

from itertools import islice

from symchain.errors import SymchainError, VerificationError
from symchain.nouns.derivation import SEPARATE, TOLD, Derivation, Derivations
from symchain.nouns.higher import HigherDerivative, HigherDerivatives
from symchain.nouns.networks import network_of


def prepare(subject: Derivation | Derivations, detail: str = "standard", every: bool = False) -> None:
    """The evidence, shapes and companions of a derivation, or of several; for detail "full" the steps of the simplification too.

    `every`: of each derivation by itself, however many there are. What was worked out is kept with the derivation. Where no check can
    be made, the printer meets the same error, and tells why.
    """
    members = [subject] if isinstance(subject, Derivation) else list(islice(subject.every, None if every else TOLD))
    for checked in [subject] if len(members) > SEPARATE and not every else members:
        try:
            checked.verification  # noqa: B018
        except VerificationError:
            raise
        except SymchainError:
            continue
    subject.sized  # noqa: B018
    for d in members:
        d.textbook  # noqa: B018
        if detail == "full":
            d.rewriting  # noqa: B018
    if isinstance(subject, Derivation) and detail != "brief" and network_of(subject.program, subject.output) is not None:
        subject.sized_companions  # noqa: B018


def prepare_orders(subject: HigherDerivative | HigherDerivatives, detail: str = "standard") -> None:
    """The same of derivatives of higher order."""
    members = [subject] if isinstance(subject, HigherDerivative) else list(subject.members.values())
    for d in members:
        try:
            d.verification  # noqa: B018
        except VerificationError:
            raise
        except SymchainError:
            continue
        for stage in d.stages if detail == "full" else ():
            stage.rewriting  # noqa: B018
    if len(members) > SEPARATE:
        subject.verification  # noqa: B018
