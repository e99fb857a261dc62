"""What a result is written as: the option --format, the name after -o, and that the two agree, before any work is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import PurePath
from typing import Any

import click

from symchain.app.options import once, save

_Command = Callable[..., Any]

ENDINGS: Mapping[str, tuple[str, ...]] = {
    ".txt": ("text",),
    ".tex": ("latex", "tikz"),
    ".md": ("markdown",),
    ".html": ("html",),
    ".htm": ("html",),
    ".json": ("json", "kernel"),
    ".csv": ("csv",),
    ".pdf": ("pdf",),
    ".svg": ("svg",),
    ".png": ("png",),
    ".dot": ("dot",),
    ".gv": ("dot",),
    ".mmd": ("mermaid",),
    ".py": ("numpy", "numba", "torch", "jax"),
    ".c": ("c",),
    ".cpp": ("cpp",),
    ".cc": ("cpp",),
    ".f90": ("fortran",),
    ".jl": ("julia",),
    ".m": ("matlab",),
}
"""What the ending of a file's name says of its format; the first one is meant where nothing else is said."""


def settled(medium: str | None, output: str | None, choices: tuple[str, ...], option: str = "--format") -> str | None:
    """The format that is meant, None where neither the option nor the ending of the file's name says it.

    Raises UsageError where the two say different things, or where the command has no format of that ending.
    """
    ending = PurePath(output).suffix.lower() if output else ""
    if ending not in ENDINGS:
        return medium
    meant = ENDINGS[ending]
    if medium is not None:
        if medium not in meant:
            raise click.UsageError(f"{option} {medium} does not go with {output}: {ending} is for {' or '.join(meant)}.")
        return medium
    found = next((m for m in meant if m in choices), None)
    if found is None:
        endings = ", ".join(e for e, media in ENDINGS.items() if any(m in choices for m in media))
        raise click.UsageError(f"this command writes no {ending} files; it writes {endings}.")
    return found


def formats(*choices: str) -> Callable[[_Command], _Command]:
    """The options --format, of these choices, and -o, which agree when the command begins."""

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def run(medium: str | None, output: str | None, **others: Any) -> Any:
            return command(medium=settled(medium, output, choices) or choices[0], output=output, **others)

        told = f"By default what the name after -o ends in, else {choices[0]}."
        return once("--format", "medium", type=click.Choice(choices), help=told)(save(run))

    return decorate


__all__ = ["ENDINGS", "formats", "settled"]
