"""Why a name of a library is not counted: reasons.txt says it, a reason with the names beneath it; nothere.txt says what is lacking."""

from __future__ import annotations

from pathlib import Path


def _reasons(section: str) -> dict[str, str]:
    found: dict[str, str] = {}
    reason = ""
    for line in (Path(__file__).parent / f"{section}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            found |= dict.fromkeys(line.split(), reason)
        else:
            reason = line
    return found


REASONS = _reasons("reasons")
"""Name, or the last part of one -> why it is not counted."""
NOT_HERE = _reasons("nothere")
"""What is counted and not here, and why."""
