"""The command line: symchain derive | explain | page | sensitivity | eval | compile | hessian | parse | models |
serve | mcp | doctor.

Results go to standard output, everything else to standard error. SymPy and NumPy are imported inside the commands, so that help
and mistakes in the options answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from symchain import __version__
from symchain.app.checking import CLAIMS, Asked, checked
from symchain.app.doctor import doctor
from symchain.app.formats import formats, settled
from symchain.app.options import (
    at_point,
    by_name,
    by_names,
    detailed,
    hint_given,
    in_lang,
    noted,
    of_output,
    once,
    program_given,
    save,
    strictly,
    together,
    truncated,
)
from symchain.app.request import Request, in_language, names_of, order_of
from symchain.app.services import mcp, serve
from symchain.app.setting import rendered, setting_of
from symchain.app.speech import spoken
from symchain.app.teaching import exercise, hinted
from symchain.app.terminal import INTERRUPTED, Commands, replaced, waiting, warn_of_failures, write_result
from symchain.errors import ArgumentError, FactError
from symchain.kernels.export import SUFFIXES
from symchain.support.assignments import Point
from symchain.wording import sentence

MEDIA = ("text", "latex", "markdown", "html", "json")
DERIVED = (*MEDIA, "pdf")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="symchain")
def commands() -> None:
    """Derive gradients as a person would publish them, prove them, run them.

    A program is one named block a line, such as z = w*x + b. Commands read it from a file, from standard input (-), from -e "text",
    or from a ready model (--model NAME; `symchain models` lists them).

    Exit codes: 0 done, 1 a check failed, 2 unreadable input or usage, 3 not supported or not differentiable, 4 undecided, 70 a defect
    of symchain.
    """


def main() -> None:
    """The console script. What people write is UTF-8, also where the terminal's locale does not say so."""
    try:
        commands([os.fsencode(a).decode("utf-8", "surrogateescape") for a in sys.argv[1:]], prog_name="symchain")
    except KeyboardInterrupt:  # before a command began, or after it ended
        click.echo(spoken("symchain: interrupted"), err=True)
        sys.exit(INTERRUPTED)


_shown = together(
    in_lang,
    detailed,
    formats(*DERIVED),
    once("--width", metavar="WIDTH", help="Of the lines of LaTeX: page, article, column, or a length such as 88mm."),
    noted,
    click.option("--standalone", is_flag=True, help="With --format latex: a whole document."),
)


def _checked_at(derivation: Any, point: Point) -> tuple[Any, bool]:
    """The derivation with its check at the point, and whether the check prints the derivatives there: it does where they are numbers.

    Lists for the inputs of a program of numbers are many points; no single check is made there.
    """
    from symchain.nouns.derivation import SEPARATE

    checked = derivation.checked_at(point)
    members = list(checked.values()) if isinstance(checked, Mapping) else [checked]
    try:
        checked.verification  # noqa: B018
    except FactError:
        raise
    except ArgumentError:
        return derivation, False
    return checked, len(members) <= SEPARATE and not any(getattr(d, "shape", ()) for d in members)


def _paged(derivation: Any, point: Point | None, lang: str) -> str:
    from symchain.nouns.derivation import Derivation

    names = [derivation.wrt] if isinstance(derivation, Derivation) else list(derivation)
    return str(derivation.program.html(derivation.output, wrt=names, at=point, lang=lang))


@commands.command()
@program_given
@by_names
@of_output
@at_point
@once("--order", metavar="ORDER", help="Of numbers by numbers: 4, or x=2,y=1.")
@hint_given
@truncated
@_shown
def derive(
    wrt: str,
    of: str | None,
    at: str | None,
    order: str | None,
    hint: int | None,
    medium: str,
    lang: str,
    detail: str,
    output: str | None,
    truncate: int | None,
    **options: Any,
) -> None:
    """Print how a gradient is derived, step by step.

    html is a fragment for a page of yours; with -o it is a page of its own, with graph, sensitivity and code.
    """
    asked = order_of(order)
    paged = medium == "html" and output is not None and asked == 1
    if hint is not None and asked != 1:
        raise click.UsageError("--hint is for first derivatives.")
    if at is not None and medium == "json":
        raise click.UsageError("--at checks what is printed at a point of yours; `symchain eval --format json` gives numbers alone.")
    setting = setting_of(options, medium, lang, detail)
    request = Request(**options)
    if hint is not None:
        with waiting("Deriving"), in_language(lang):
            told = hinted(request.program(), of, wrt, hint, lang, medium)
        write_result(told, output)
        return
    point = request.at(at)
    with waiting("Deriving"), in_language(lang):
        derivation = request.derived(of, wrt, asked, truncate)
        numbers = False
        if point is not None and not paged and medium != "json":
            derivation, numbers = _checked_at(derivation, point)
        result: str | bytes = _paged(derivation, point, lang) if paged else rendered(derivation, medium, setting)
        if point is not None and medium == "text" and not numbers:
            result = f"{str(result).rstrip()}\n\n{_evaluated(derivation, point, lang=lang)}"
    write_result(result, output)
    warn_of_failures(derivation)


@commands.command()
@program_given
@by_names
@of_output
@_shown
def hessian(wrt: str, of: str | None, medium: str, lang: str, detail: str, output: str | None, **options: Any) -> None:
    """Print how second derivatives are derived."""
    setting = setting_of(options, medium, lang, detail)
    request = Request(**options)
    with waiting("Deriving"), in_language(lang):
        derivation = request.derived(of, wrt, order=2)
        result = rendered(derivation, medium, setting)
    write_result(result, output)
    warn_of_failures(derivation)


@commands.command()
@program_given
@by_names
@of_output
@at_point
@in_lang
@save
def page(wrt: str, of: str | None, at: str | None, lang: str, output: str | None, **source: Any) -> None:
    """Make a page for a browser: derivation, graph, sensitivity and code.

    One HTML file in every language that symchain speaks; it loads nothing.
    """
    settled(None, output, ("html",))
    request = Request(**source)
    point = request.at(at)
    with waiting("Deriving"), in_language(lang):
        result = request.program().html(of, wrt=names_of(wrt), at=point, lang=lang)
    write_result(result, output)


@commands.command()
@program_given
@by_names
@of_output
@at_point
@in_lang
@formats("text", "svg", "png", "pdf", "json")
def sensitivity(wrt: str, of: str | None, at: str | None, lang: str, medium: str, output: str | None, **source: Any) -> None:
    """Print what every input does to the output near a point.

    Lists for the inputs of a program of numbers are many points: --at "x=[0.5, 1, 2], w=0.8".
    """
    request = Request(**source)
    point = request.at(at)
    if point is None:
        raise click.UsageError("Give the point: --at x=1.5,w=0.8 or --at FILE.")
    with waiting("Evaluating"), in_language(lang):
        found = request.program().sensitivity(of, at=point, wrt=names_of(wrt))
        result = found.to_json() if medium == "json" else found.text(lang) if medium == "text" else getattr(found, medium)(lang)
    write_result(result, output)


@commands.command(name="eval")
@program_given
@by_names
@of_output
@at_point
@click.option("--certified", is_flag=True, help="Value and gradients alone, every digit certain.")
@truncated
@formats("text", "json")
def evaluate(
    wrt: str, of: str | None, at: str | None, certified: bool, medium: str, output: str | None, truncate: int | None, **source: Any
) -> None:
    """Print the value and the gradients at a point."""
    request = Request(**source)
    point = request.at(at)
    if point is None:
        raise click.UsageError("Give the point: --at x=1.5,w=0.8 or --at FILE.")
    with waiting("Evaluating"):
        result = _evaluated(request.derived(of, wrt, truncate=truncate), point, medium, certain=certified)
    write_result(result, output)


@commands.command(name="compile")
@program_given
@by_names
@of_output
@once("--order", type=click.IntRange(0, 2), default=1, show_default=True, help="0: value, 1: and gradients, 2: and Hessian.")
@at_point
@truncated
@once("--target", type=click.Choice(list(SUFFIXES)), help="Write a file for it, which needs no symchain; or -o x.py, x.c, x.jl ...")
@save
def compile_kernel(
    wrt: str,
    of: str | None,
    order: int,
    at: str | None,
    target: str | None,
    output: str | None,
    truncate: int | None,
    **source: Any,
) -> None:
    """Print the code of value and gradients.

    With --target it is a file that runs where symchain is not installed, with a self-test (at a point of yours with --at). Else -o saves
    the kernel, which symchain.load reads.
    """
    target = settled(target, output, (*SUFFIXES, "kernel"), "--target")
    request = Request(**source)
    with waiting("Compiling"):
        kept: dict[str, Any] = {} if truncate is None else {"truncate": truncate}
        kernel = request.program().compile(of, wrt=names_of(wrt), order=order, **kept)
        code = kernel.source if target not in SUFFIXES and output is None else ""
        text = kernel.export(str(target), request.at(at)) if target in SUFFIXES else code
    if text or output is None:
        write_result(text, output)
    else:
        with replaced(output) as temporary:
            kernel.save(temporary)


@commands.command()
@program_given
@strictly
@in_lang
@formats(*MEDIA)
def parse(medium: str, lang: str, output: str | None, strict: bool, **source: Any) -> None:
    """Print a program as symchain understood it.

    What may have been meant otherwise, and of a document how each statement was read, skipped or refused, go to standard error; json
    holds it all.
    """
    request = Request(**source)
    with waiting("Reading"):
        program = request.program(strict)
        from symchain.render import render
        from symchain.render.documents import echo

        result = render(program, medium)
        told = echo(program, lang)
    for line in told:
        click.echo(line, err=True)
    write_result(result, output)


@commands.command()
@program_given
@by_name(required=False)
@of_output
@click.option("--claim", "claims", multiple=True, metavar="FORMULA", help='What the derivative is said to be: --claim "2(a - y)x".')
@once("--claims", "table", metavar="FILE", help="A table of answers: CSV with columns id, output, wrt, claim.")
@once("--steps", is_flag=False, flag_value=CLAIMS, metavar="[FILE]", help="A derivation, one line a step, from a file or each --claim.")
@once("--marks", metavar="FILE", help="With --claims: points, in TOML (full, wrong, undecided, unreadable, [mistakes]).")
@once("--using", type=click.Choice(["inputs", "blocks", "factors"]), default="factors", show_default=True, help="What a formula may hold.")
@once("--claim-format", type=click.Choice(["auto", "text", "latex"]), default="auto", show_default=True, help="How answers are written.")
@once("--seconds", type=click.FloatRange(0.01), default=10.0, show_default=True, help="With --claims: so long one answer may take.")
@strictly
@hint_given
@in_lang
@formats("text", "json", "csv")
def check(wrt: str | None, of: str | None, lang: str, medium: str, output: str | None, strict: bool, **options: Any) -> None:
    """Judge a derivative that someone worked out, and name the mistake in it.

    Without --claim, all statements of a LaTeX, Markdown or notebook file, and their counts. --using says what is accepted as an answer:
    inputs alone, also blocks, also derivatives by name (factors: dC/da*da/dz). Answers are read as people type them, in LaTeX too. Exit
    codes: 0 right, 1 wrong, 2 unreadable, 4 undecided or not judged; of many, the first of 1, 2 and 4 that occurs.
    """
    own = {k: options.pop(k) for k in ("claims", "table", "steps", "marks", "using", "claim_format", "seconds", "hint")}
    asked = Asked(output=of, wrt=wrt, lang=lang, medium=medium, **own)
    asked.validate()
    request = Request(**options)
    with waiting("Checking") as progress, in_language(lang):
        result, code = checked(request.program(strict or asked.answers), asked, progress)
    write_result(result, output)
    click.get_current_context().exit(code)


@commands.command()
@program_given
@by_names
@of_output
@at_point
@once("--level", type=click.Choice(["named", "ops"]), default="named", show_default=True, help="Blocks, or single operations.")
@in_lang
@formats("svg", "png", "pdf", "tikz", "dot", "mermaid")
def graph(wrt: str, of: str | None, at: str | None, level: str, lang: str, medium: str, output: str | None, **source: Any) -> None:
    """Draw the blocks with values, and with gradients on the wires that lead to the names asked for.

    Without a point there are names in place of numbers.
    """
    request = Request(**source)
    point = request.at(at)
    with waiting("Drawing"), in_language(lang):
        result = getattr(request.program().graph(point, of, wrt=names_of(wrt), level=level), medium)(lang=lang)
    write_result(result, output)


@commands.command()
@program_given
@by_name(required=True)
@of_output
@at_point
@hint_given
@in_lang
@formats(*MEDIA)
def explain(wrt: str, of: str | None, at: str | None, hint: int | None, lang: str, medium: str, output: str | None, **source: Any) -> None:
    """Say why a derivative is what it is, step by step.

    Of a block by a name it reads: term by term, with an example in numbers. By a name that acts on it through other blocks: path by path.
    """
    request = Request(**source)
    point = request.at(at)
    if hint is not None:
        with waiting("Explaining"), in_language(lang):
            told = hinted(request.program(), of, wrt, hint, lang, medium)
        write_result(told, output)
        return
    with waiting("Explaining"), in_language(lang):
        explained = request.program().explain(*(() if of is None else (of,)), wrt.strip(), lang=lang, at=point)
        result = explained.to_json() if medium == "json" else getattr(explained, medium)()
    write_result(result, output)


@commands.command()
@click.argument("name", required=False)
@save
def models(name: str | None, output: str | None) -> None:
    """List the ready models, or print one."""
    from symchain.models import model_names, read_model, recursion_names

    settled(None, output, ("text",))
    if name is not None:
        write_result(read_model(name).text, output)
        return
    ready = [read_model(n) for n in (*model_names(), *recursion_names())]
    width = max(len(m.name) for m in ready)
    write_result("\n".join(f"{m.name:{width}}  {m.title}" for m in ready), output)


for _command in (exercise, serve, mcp, doctor):
    commands.add_command(_command)


def _evaluated(derivation: Any, point: Point, medium: str = "text", lang: str = "en", certain: bool = False) -> str:
    from symchain.app.tables import as_json, as_list, as_text, certified, read_off

    found = (certified if certain else read_off)(derivation, point)
    if medium == "json":
        return as_json(found)
    return f"# {sentence(lang, 'point.at').format(point=as_list(point))}\n{as_text(found, 17 if certain else 15)}"
