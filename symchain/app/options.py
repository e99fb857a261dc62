"""The options that commands share: the program, the output, by what, the point, the language, where the result goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from symchain.app import shell
from symchain.app.setting import NOTATIONS
from symchain.app.speech import choose, preferred
from symchain.app.terminal import Language

_Command = Callable[..., Any]


def together(*decorators: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    def decorate(command: _Command) -> _Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def _only(context: click.Context, parameter: click.Parameter, values: tuple[Any, ...]) -> Any:
    """The value of an option that is given once; nothing that was given is dropped in silence."""
    if len(values) > 1:
        raise click.UsageError(f"{parameter.opts[0]} is given {len(values)} times; give it once.")
    return values[0] if values else None


def _joined(separator: str) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], str | None]:
    """The values of an option that adds up where it is given again."""
    return lambda context, parameter, values: separator.join(values) if values else None


def once(*names: str, default: Any = None, **attributes: Any) -> Callable[[_Command], _Command]:
    default = None if default is None else (default,)
    return click.option(*names, multiple=True, default=default, callback=_only, **attributes)


program_read = together(
    click.option("--latex", is_flag=True, help="The text is LaTeX or Markdown, as files .tex and .md are."),
    click.option(
        "--let", "lets", multiple=True, metavar="NAME=FUNCTION", help="Bind a function name, whatever the text says: --let sigma1=sigmoid."
    ),
    click.option("--shapes", multiple=True, metavar="NAME=SHAPE", help='Declare shapes: --shapes "W=(m,n), x=(n,)".'),
    click.option("--assume", multiple=True, metavar="NAME=FACT", help="Declare facts: --assume r=positive."),
)
program_given = together(
    click.argument("file", required=False),
    click.option("-e", "text", multiple=True, callback=_joined("\n"), metavar="TEXT", help='The program itself: -e "z = w*x; C = z**2".'),
    once("--model", metavar="NAME", shell_complete=shell.models, help="A ready model; `symchain models` lists them."),
    program_read,
)
of_output = once("--of", "of", metavar="NAME", shell_complete=shell.outputs, help="The output; by default the last block.")
save = once("-o", "output", metavar="FILE", help="Write there instead of standard output.")
at_point = click.option(
    "--at",
    "at",
    multiple=True,
    callback=_joined("\n"),
    metavar="POINT",
    shell_complete=shell.points,
    help="x=1.5,w=0.8 or a file of such lines or of JSON; arrays as [1, 2].",
)

by_names = click.option(
    "--wrt",
    multiple=True,
    default=("all",),
    show_default=True,
    callback=_joined(","),
    metavar="NAMES",
    shell_complete=shell.inputs,
    help="By what: W1,b1 or all.",
)


def by_name(required: bool) -> Callable[[_Command], _Command]:
    return once("--wrt", required=required, metavar="NAME", shell_complete=shell.inputs, help="By what: one name.")




def _chosen(context: click.Context, parameter: click.Parameter, values: tuple[Any, ...]) -> Any:
    lang = _only(context, parameter, values) or preferred()
    choose(context, lang)
    return lang


in_lang = click.option(
    "--lang", type=Language(), multiple=True, is_eager=True, callback=_chosen, help="The language of sentences; else SYMCHAIN_LANG says."
)
strictly = click.option("--strict", is_flag=True, help="Stop at the first statement of a document that is refused.")
hint_given = once(
    "--hint", type=click.IntRange(1, 3), help="Not the answer: 1 where to begin, 2 the way and the first factor, 3 all but the last step."
)
truncated = once(
    "--truncate", type=click.IntRange(1), metavar="STEPS", help="Of recursions: windows of so many steps, beyond which nothing comes back."
)
detailed = once("--detail", type=click.Choice(["brief", "standard", "full"]), default="standard", show_default=True)
noted = once("--notation", type=click.Choice(NOTATIONS), default=NOTATIONS[0], show_default=True)
