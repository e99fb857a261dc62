"""A document as it was read: each statement with its reading, or why it was skipped or refused."""

from __future__ import annotations

from symchain.nouns.computation import Computation
from symchain.nouns.statement import spoken
from symchain.wording import sentence


def echo(program: Computation, lang: str) -> list[str]:
    """Two lines for each statement: what it is and as it is written; how it was read, or why not."""
    found = []
    for s in program.statements:
        kind = sentence(lang, f"document.kind.{s.kind}")
        head = sentence(lang, "document.line").format(line=s.line, status=kind, said=" ".join(s.source.split()))
        reason = spoken(s.said, lang) if s.said is not None else ""
        found.append(head + "\n    " + (f"{s.reading}  # {reason}" if s.reading and reason else s.reading or reason))
    return found
