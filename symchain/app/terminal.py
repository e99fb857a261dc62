"""What every command shares: where text comes from, where results go, what an error becomes, and a bar while one waits."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any

import click

from symchain.app.speech import Command, Context, language, show, spoken
from symchain.errors import (
    ArgumentError,
    LimitError,
    NotDifferentiableError,
    PrecisionError,
    SymchainError,
    UnsupportedError,
    VerificationError,
)
from symchain.support.files import read_file, read_limited
from symchain.wording import LANGUAGES, locale_of
from symchain.wording.errors import told

DONE, FAILED, USAGE, UNSUPPORTED, UNDECIDED, DEFECT, BROKEN_PIPE, INTERRUPTED = 0, 1, 2, 3, 4, 70, 141, 130
_PATIENCE = 1.0  # seconds before a waiting terminal sees a progress bar

EXAMPLES = """\
  symchain derive --model two-layer --wrt W1
  symchain derive -e "z = w*x + b; C = (tanh(z) - y)**2" --wrt w --format latex
  symchain eval -e "C = (w*x - y)**2" --at x=1.5,w=0.8,y=1
"""


class Commands(click.Group):
    """The group of all commands: help begins with examples to copy, and whatever goes wrong ends in one message and an exit code."""

    command_class = Command
    context_class = Context

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write(f"{spoken('Examples to copy:')}\n{EXAMPLES}\n")
        super().format_help(ctx, formatter)

    def main(self, *args: Any, standalone_mode: bool = True, **named: Any) -> Any:  # type: ignore[override]
        """As click's; what is wrong with a command as it was written is said in its language."""
        run: Any = super().main
        if not standalone_mode:
            return run(*args, standalone_mode=False, **named)
        try:
            result = run(*args, standalone_mode=False, **named)
        except click.ClickException as error:
            show(error)
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo(spoken("symchain: interrupted"), err=True)
            sys.exit(INTERRUPTED)
        sys.exit(result if isinstance(result, int) else DONE)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
            return result
        except SymchainError as error:
            click.echo(f"symchain{locale_of(language(ctx)).colon} {told(error, language(ctx))}", err=True)
            code = exit_code(error)
        except BrokenPipeError:
            _silence()
            code = BROKEN_PIPE
        except KeyboardInterrupt:
            click.echo(spoken("symchain: interrupted", ctx), err=True)
            code = INTERRUPTED
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("SYMCHAIN_TRACEBACK"):
                raise
            what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            click.echo(spoken(f"symchain: a defect of symchain, not of your input ({what})", ctx), err=True)
            click.echo(spoken("Please report the command and this line; with SYMCHAIN_TRACEBACK=1 set it says where.", ctx), err=True)
            code = DEFECT
        ctx.exit(code)


class Language(click.ParamType):  # type: ignore[type-arg]
    """The code of a language: one of those that there are when the command is called."""

    name = "language"

    def _choice(self) -> Any:
        return click.Choice(list(LANGUAGES))

    def get_metavar(self, *context: Any, **named: Any) -> str | None:
        return self._choice().get_metavar(*context, **named)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self._choice().convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Any:
        return self._choice().shell_complete(ctx, param, incomplete)


def exit_code(error: SymchainError) -> int:
    """2 for what cannot be read or is asked wrongly, 3 for what is not supported, 4 for what stays undecided, 1 for a failed check."""
    if isinstance(error, VerificationError):
        return FAILED
    if isinstance(error, PrecisionError):
        return UNDECIDED
    return UNSUPPORTED if isinstance(error, NotDifferentiableError | UnsupportedError | LimitError) else USAGE


def read_text(source: str) -> str:
    """The text of a file, or of standard input for "-". Raises ArgumentError where there is none to read."""
    try:
        if source == "-":
            if sys.stdin is None:
                raise ValueError("it is closed")
            return read_limited(sys.stdin.buffer)
        if not source:
            raise ValueError("it has no name")
        return read_file(source)
    except (OSError, ValueError) as error:
        from symchain.models import model_names, recursion_names

        reason = getattr(error, "strerror", None) or str(error)
        advice = 'Write a file name, - for standard input, -e "text", or --model NAME.'
        if source in (*model_names(), *recursion_names()):
            advice = f"Did you mean --model {source}?"
        raise ArgumentError(f"'{source}' cannot be read: {reason}", advice=advice) from None


def write_result(result: str | bytes, output: str | None) -> None:
    """To standard output, or to a file that is replaced at once or not at all. After the bar, which shares a terminal with it."""
    if isinstance(result, bytes):
        _write_bytes(result, output)
        return
    text = result if result.endswith("\n") else result + "\n"
    if output is None:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without Unicode shows codes instead of failing
        with _printing():
            sys.stdout.write(text)
            sys.stdout.flush()
        return
    with replaced(output) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _write_bytes(data: bytes, output: str | None) -> None:
    """As `write_result`, for what is not text: never to a terminal."""
    if output is not None:
        with replaced(output) as temporary:
            temporary.write_bytes(data)
        return
    with _printing():
        if sys.stdout.isatty():
            raise ArgumentError("a terminal cannot show this format", advice="Write it to a file with -o FILE.")
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


@contextmanager
def _printing() -> Iterator[None]:
    """Standard output may be closed, or a file on a full disk. Raises ArgumentError then; a reader who leaves a pipe is no mistake."""
    if sys.stdout is None:
        raise ArgumentError("standard output is closed", advice="Write to a file with -o FILE.")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        _silence()
        raise ArgumentError(f"standard output cannot be written: {error.strerror}", advice="Write to a file with -o FILE.") from None


def _silence() -> None:
    """What standard output still holds has nowhere to go: the interpreter's last flush is to be quiet too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def warn_of_failures(derivation: Any) -> None:
    """Say on standard error whose check failed, and end with the exit code for it; what is printed says more."""
    from symchain.render.checks import verdicts

    failed = [name for name, verdict in verdicts(derivation) if verdict.failed]
    if failed:
        said = f"symchain: the check of {', '.join(failed)} failed; this is a defect of symchain, please report it"
        click.echo(spoken(said), err=True)
        click.get_current_context().exit(FAILED)


@contextmanager
def replaced(output: str) -> Iterator[Path]:
    """A temporary file beside `output` that takes its place when the block ends well."""
    target = Path(os.path.realpath(output))
    try:
        if target.exists() and not target.is_file():  # a device or a pipe cannot be replaced
            yield target
            return
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=target.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~umask)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ArgumentError(f"'{output}' cannot be written: {error.strerror}", advice="Choose another file after -o.") from None


@contextmanager
def waiting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, only where it is a terminal and only after a second. What it gives is told how much is done."""
    done = (0, 0)
    shown: list[Any] = []
    began = monotonic()

    def tell(count: int, total: int) -> None:
        nonlocal done
        done = count, total
        for bar in shown:
            bar.update(bar.task_ids[0], completed=count, total=total)

    if sys.stderr is None or not sys.stderr.isatty():
        yield tell
        return

    def show() -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        if console.is_dumb_terminal:  # it cannot take back what it shows
            return
        counted = (MofNCompleteColumn(),) if done[1] else ()
        columns = (TextColumn("{task.description}"), BarColumn(), *counted, TimeElapsedColumn())
        bar = Progress(*columns, console=console, transient=True)
        bar.add_task(spoken(what), total=done[1] or None, completed=done[0])
        bar.tasks[0].start_time = began
        bar.start()
        shown.append(bar)

    timer = Timer(_PATIENCE, show)
    timer.daemon = True
    timer.start()
    try:
        yield tell
    finally:
        timer.cancel()
        timer.join()
        for bar in shown:
            bar.stop()
