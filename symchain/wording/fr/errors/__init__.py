"""French for errors and for the help of commands, by topic; keyed by the English sentence."""

from __future__ import annotations

from symchain.wording.fr.errors import (
    arrays,
    asking,
    commands,
    documents,
    exports,
    families,
    integrations,
    layers,
    reading,
    refusals,
    running,
    serving,
)

TOPICS = (reading, arrays, families, running, asking, documents, refusals, layers, integrations, exports, serving, commands)
