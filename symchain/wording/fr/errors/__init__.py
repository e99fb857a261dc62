"""French for errors and for the help of commands, by topic; keyed by the English sentence."""

from __future__ import annotations

from symchain.wording.fr.errors import (
    arrays,
    asking,
    commands,
    documents,
    exports,
    families,
    from_sympy,
    integrations,
    layers,
    reading,
    refusals,
    running,
    serving,
    teaching,
    tracing,
)

TOPICS = (
    reading, arrays, families, running, asking, documents, refusals, layers, from_sympy, integrations, exports, serving, teaching,
    tracing, commands,
)  # fmt: skip
