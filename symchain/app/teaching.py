"""The command that asks: symchain exercise, in a terminal question by question, from a file of answers, or as a sheet to print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from symchain.app.formats import formats
from symchain.app.options import in_lang, once, program_given
from symchain.app.request import Request, names_of
from symchain.app.terminal import read_text, replaced, waiting, write_result
from symchain.wording import sentence

if TYPE_CHECKING:
    from symchain.nouns.exercise import Exercise
    from symchain.nouns.program import Program

TOPICS = ("polynomials", "products", "quotients", "chains", "logarithms", "networks", "vectors", "matrices")
HINT = "?"


@click.command()
@program_given
@once("--topic", type=click.Choice(TOPICS), help="Generated programs, in place of one of yours.")
@once("--seed", type=int, default=0, show_default=True, help="The same seed, the same questions.")
@once("--count", type=click.IntRange(1, 100), help="So many questions; 5 unless said otherwise.")
@once("--answers", metavar="FILE", help="One answer a line, ? for a hint; nothing is asked.")
@once("--session", metavar="FILE", help="Where answers are kept; a session that is there is taken up again.")
@click.option("--sheet", is_flag=True, help="Print the questions as LaTeX.")
@click.option("--solutions", is_flag=True, help="With --sheet: and their derivations.")
@in_lang
@formats("text", "json", "latex")
def exercise(
    topic: str | None, seed: int, count: int | None, answers: str | None, session: str | None, sheet: bool, solutions: bool, lang: str,
    medium: str, output: str | None, file: str | None, text: str | None, model: str | None, lets: tuple[str, ...], shapes: tuple[str, ...],
    assume: tuple[str, ...], latex: bool,
) -> None:  # fmt: skip
    """Ask for derivatives, judge the answers as `check` does, and give hints.

    In a terminal question by question: ? is a hint, an empty answer stops. --format json gives questions, grades and points.
    """
    if solutions and not sheet:
        raise click.UsageError("--solutions goes with --sheet.")
    if sheet and (answers is not None or session is not None):
        raise click.UsageError("--sheet goes without --answers and --session.")
    if (medium == "latex" and not sheet) or (medium == "json" and sheet):
        raise click.UsageError("--format latex and --sheet go together.")
    given = file is not None or text is not None or model is not None
    known = session is not None and Path(session).exists()
    if not known and given == (topic is not None):
        raise click.UsageError("Give a program or --topic, one of them.")
    import symchain

    with waiting("Preparing"):
        if known:
            made = symchain.resume(read_text(str(session)))
        elif topic is not None:
            made = symchain.exercise(topic=topic, seed=seed, count=count)
        else:
            made = symchain.exercise(Request(file, text, model, lets, shapes, assume, latex).program(), seed=seed, count=count)
        page = made.sheet(lang, solutions) if sheet else ""
    if sheet:
        write_result(page, output)
        return
    lines: list[str] = []
    if answers is not None:
        for line in read_text(answers).splitlines():
            if made.question is None:
                break
            lines += _told(made, line.strip(), lang)
        _kept(made, session)
    elif medium != "json" and made.question is not None:
        _asked(made, lang, session)
    report = made.to_json() if medium == "json" else "\n".join([*lines, made.report(lang)])
    write_result(report, output)


def hinted(program: Program, of: str | None, wrt: str, level: int, lang: str, medium: str) -> str:
    """A hint in a medium of explanations. Raises UsageError for another one."""
    if medium not in ("text", "latex", "markdown", "html", "json"):
        raise click.UsageError("--hint is told as text, latex, markdown, html or json.")
    names = names_of(wrt)
    if names == "all" or not isinstance(names, str):
        raise click.UsageError("A hint is about one name: --wrt NAME.")
    found = program.hint(*(() if of is None else (of,)), names, level=level, lang=lang)
    return str(found.to_json() if medium == "json" else getattr(found, medium)())


def _told(made: Exercise, typed: str, lang: str) -> list[str]:
    """What is said to one line of a student."""
    if typed == HINT:
        return [made.hint(lang).text(lang)]
    found = made.answer(typed)
    said = found.message(lang)
    return [said] if found.status not in ("unreadable", "meaningless") else [said, sentence(lang, "exercise.again")]


def _asked(made: Exercise, lang: str, session: str | None) -> None:
    """Question by question, until all are answered or an empty line; what was answered is kept at once."""
    shown = -1
    while (question := made.question) is not None:
        if made.done != shown:
            shown = made.done
            number = sentence(lang, "exercise.number").format(number=made.done + 1, count=len(made.questions))
            click.echo(f"{number}{question.text(lang)}", err=True)
        click.echo(sentence(lang, "exercise.prompt"), nl=False, err=True)
        typed = sys.stdin.readline().strip()
        if not typed:
            break
        for line in _told(made, typed, lang):
            click.echo(line, err=True)
        _kept(made, session)
    if session is not None and made.question is not None:
        _kept(made, session)
        click.echo(sentence(lang, "exercise.saved").format(file=session), err=True)


def _kept(made: Exercise, session: str | None) -> None:
    if session is not None:
        with replaced(session) as temporary:
            Path(temporary).write_text(made.to_json(), encoding="utf-8")
