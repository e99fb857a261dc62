"""How a command prints a derivation: the options of the medium that it was asked for."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

import click

from symchain.errors import UnsupportedError

NOTATIONS = ("matrix", "index", "kronecker")
"""What derivations are written in, the usual one first."""


def setting_of(options: dict[str, Any], medium: str, lang: str, detail: str) -> dict[str, Any]:
    """How a derivation is to be printed; what only some media or derivations have is passed on where it is asked for."""
    own = {k: options.pop(k) for k in ("width", "standalone", "notation")}
    for option in ("width", "standalone"):
        if own[option] and medium != "latex":
            raise click.UsageError(f"--{option} is for --format latex.")
    if own["notation"] != NOTATIONS[0] and medium == "json":
        raise click.UsageError("--notation is for what people read, not for json.")
    return {"lang": lang, "detail": detail, **{k: v for k, v in own.items() if v and v != NOTATIONS[0]}}


def rendered(derivation: Any, medium: str, setting: dict[str, Any]) -> str | bytes:
    """The derivation in a medium. Raises UnsupportedError for an option that derivations of its kind do not have."""
    if medium == "json":
        return str(derivation.to_json())
    method = getattr(derivation, medium)
    known = signature(method).parameters
    open_ended = any(p.kind is Parameter.VAR_KEYWORD for p in known.values())
    if not open_ended and (lacking := [option for option in setting if option not in known]):
        raise UnsupportedError(f"derivations of recursions have no --{lacking[0]} here", advice="Leave it out, or ask for one name.")
    made = method(**setting)
    return bytes(made) if medium == "pdf" else str(made)
