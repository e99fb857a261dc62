"""What each task may cost, and what is said where it costs more. Known to the server and to the workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symchain.wording import DEFAULT, LANGUAGES, sentence

SECONDS: dict[str, float] = {
    "read": 3.0, "derive": 15.0, "graph": 5.0, "check": 15.0, "judge": 30.0, "code": 15.0, "download": 20.0, "explain": 10.0,
    "evaluate": 10.0,
}  # fmt: skip
"""The tasks, and how long a request of each may take."""
QUICK = frozenset({"read", "graph"})
"""What is asked at every key: workers of its own answer it, and before all others."""
PROGRAM, DOCUMENT = 20_000, 200_000
"""Characters of a program or an answer, and of a document."""
KINDS = ("time", "memory", "large", "busy", "died", "defect")
"""Why there is no answer where symchain itself did not say why."""


def language(data: Mapping[str, Any]) -> str:
    """The language that a request asks for; the default where it asks for none that there is."""
    asked = data.get("lang")
    return asked if isinstance(asked, str) and asked in LANGUAGES else DEFAULT


def message(found: Mapping[str, Any], lang: str) -> str:
    """What a reader is told where a request was not answered; empty where it was."""
    if found["kind"] in KINDS:
        return sentence(lang, f"serve.limit.{found['kind']}")
    return str(found.get("message", ""))
