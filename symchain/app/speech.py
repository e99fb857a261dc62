"""The language a command answers in: chosen once (--lang, SYMCHAIN_LANG, the system's), for results, errors and help alike."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import click

from symchain.wording import DEFAULT, LANGUAGES, locale_of
from symchain.wording.errors import translated

_META = "symchain.lang"
_SYSTEM = ("SYMCHAIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def preferred() -> str:
    """The code of the first language that the environment names and symchain speaks: of fr_CA.UTF-8, fr."""
    for variable in _SYSTEM:
        code = os.environ.get(variable, "").replace("-", "_").partition("_")[0].partition(".")[0].lower()
        if code in LANGUAGES:
            return code
        if code and variable != "SYMCHAIN_LANG":  # the system speaks another one, or none
            break
    return DEFAULT


def choose(context: click.Context, lang: str) -> None:
    """What --lang says holds for the whole command."""
    context.meta[_META] = lang


def language(context: click.Context | None = None) -> str:
    """The language of the command that runs."""
    context = context or click.get_current_context(silent=True)
    return preferred() if context is None else str(context.meta.get(_META) or preferred())


def spoken(text: str, context: click.Context | None = None) -> str:
    """A text of the command line in its language."""
    return translated(text, language(context))


class Formatter(click.HelpFormatter):
    """Help and usage in the language of the command."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, spoken("Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{spoken(heading)}{locale_of(language()).colon}\n")

    def write_text(self, text: str) -> None:
        super().write_text("\n\n".join(spoken(" ".join(part.split())) for part in text.split("\n\n")))

    def write_dl(self, rows: Iterable[tuple[str, str]], *widths: int, **named: int) -> None:
        super().write_dl([(term, spoken(told)) for term, told in rows], *widths, **named)


class Context(click.Context):
    """A context whose help is told in the command's language."""

    formatter_class = Formatter


class Command(click.Command):
    """One command of symchain."""

    context_class = Context

    def get_short_help_str(self, limit: int = 45) -> str:
        """Its first paragraph, whole: what a command does is one sentence."""
        return spoken(" ".join((self.help or "").split("\n\n")[0].split()))


def show(error: click.ClickException) -> None:
    """What is wrong with a command as it was written, on standard error."""
    context: Any = getattr(error, "ctx", None)
    if context is not None:
        hint = spoken(f"Try '{context.command_path} {context.help_option_names[-1]}' for help.", context)
        click.echo(f"{context.get_usage()}\n{hint}\n", err=True)
    click.echo(spoken(f"Error: {error.format_message()}", context), err=True)
