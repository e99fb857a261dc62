"""What a shell offers when Tab is pressed: ready models, and the names of the program that was given so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from symchain.errors import SymchainError

if TYPE_CHECKING:
    from symchain.nouns.program import Program


def models(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names of ready models."""
    from symchain.models import model_names, recursion_names

    return [name for name in (*model_names(), *recursion_names()) if name.startswith(incomplete)]


def inputs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """`all`, and the names one can differentiate by, after those that stand before the last comma."""
    before, comma, begun = incomplete.rpartition(",")
    program = _program(context)
    names = [] if program is None else [*program.inputs, *program.blocks]
    taken = set(before.split(","))
    return [f"{before}{comma}{name}" for name in ([] if comma else ["all"]) + names if name.startswith(begun) and name not in taken]


def outputs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names of the program's blocks, the last one first."""
    program = _program(context)
    return [] if program is None else [name for name in [*program.blocks][::-1] if name.startswith(incomplete)]


def points(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[Any]:
    """Names of inputs with a sign of equality, after what stands before the last comma; or a file."""
    before, comma, begun = incomplete.rpartition(",")
    program, taken = _program(context), {pair.partition("=")[0] for pair in before.split(",")}
    names = [] if program is None else [f"{before}{comma}{n}=" for n in program.inputs if n.startswith(begun) and n not in taken]
    return names or click.Path().shell_complete(context, parameter, incomplete)


def _program(context: click.Context) -> Program | None:
    """The program of the words before, where there is one that can be read without asking anybody."""
    from symchain.app.request import Request

    given: dict[str, Any] = {key: context.params.get(key) for key in ("file", "text", "model")}
    given |= {key: context.params.get(key) or () for key in ("lets", "shapes", "assume")}
    if given["file"] == "-":
        return None
    try:
        return Request(**given, latex=bool(context.params.get("latex"))).read()
    except (SymchainError, click.ClickException):
        return None  # half of a line is no mistake
