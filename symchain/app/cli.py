"""The command line: symchain derive | explain | page | sensitivity | eval | compile | hessian | parse | models |
serve | mcp.

Results go to standard output, everything else to standard error. SymPy and NumPy are imported inside the commands, so that help
and mistakes in the options answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from symchain import __version__
from symchain.app.checking import CLAIMS, Asked, checked
from symchain.app.formats import formats, settled
from symchain.app.services import mcp, serve
from symchain.app.setting import NOTATIONS, rendered, setting_of
from symchain.app.speech import choose, language, preferred, spoken
from symchain.app.terminal import INTERRUPTED, Commands, Language, read_text, replaced, waiting, warn_of_failures, write_result
from symchain.errors import AnswerError, ArgumentError, FactError, NumberVariableError
from symchain.kernels.export import SUFFIXES
from symchain.support.assignments import Point, read_pairs, read_point_or_file
from symchain.wording import sentence

if TYPE_CHECKING:
    from symchain.nouns.program import Program

MEDIA = ("text", "latex", "markdown", "html", "json")
DERIVED = (*MEDIA, "pdf")
_Command = Callable[..., Any]


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


def _together(*decorators: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
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


def _once(*names: str, default: Any = None, **attributes: Any) -> Callable[[_Command], _Command]:
    default = None if default is None else (default,)
    return click.option(*names, multiple=True, default=default, callback=_only, **attributes)


_source = _together(
    click.argument("file", required=False),
    click.option("-e", "text", multiple=True, callback=_joined("\n"), metavar="TEXT", help='The program itself: -e "z = w*x; C = z**2".'),
    _once("--model", metavar="NAME", help="A ready model; `symchain models` lists them."),
    click.option("--latex", is_flag=True, help="The text is LaTeX or Markdown, as files .tex and .md are."),
    click.option(
        "--let", "lets", multiple=True, metavar="NAME=FUNCTION", help="Bind a function name, whatever the text says: --let sigma1=sigmoid."
    ),
    click.option("--shapes", multiple=True, metavar="NAME=SHAPE", help='Declare shapes: --shapes "W=(m,n), x=(n,)".'),
    click.option("--assume", multiple=True, metavar="NAME=FACT", help="Declare facts: --assume r=positive."),
)
_output = _once("--of", "of", metavar="NAME", help="The output; by default the last block.")
_save = _once("-o", "output", metavar="FILE", help="Write there instead of standard output.")
_at = click.option(
    "--at",
    "at",
    multiple=True,
    callback=_joined("\n"),
    metavar="POINT",
    help="x=1.5,w=0.8 or a file of such lines or of JSON; arrays as [1, 2].",
)

_wrt = click.option(
    "--wrt", multiple=True, default=("all",), show_default=True, callback=_joined(","), metavar="NAMES", help="By what: W1,b1 or all."
)


def _chosen(context: click.Context, parameter: click.Parameter, values: tuple[Any, ...]) -> Any:
    lang = _only(context, parameter, values) or preferred()
    choose(context, lang)
    return lang


_lang = click.option(
    "--lang", type=Language(), multiple=True, is_eager=True, callback=_chosen, help="The language of sentences; else SYMCHAIN_LANG says."
)
_strict = click.option("--strict", is_flag=True, help="Stop at the first statement of a document that is refused.")
_shown = _together(
    _lang,
    _once("--detail", type=click.Choice(["brief", "standard", "full"]), default="standard", show_default=True),
    formats(_once, _save, *DERIVED),
    _once("--width", metavar="WIDTH", help="Of the lines of LaTeX: page, article, column, or a length such as 88mm."),
    _once("--notation", type=click.Choice(NOTATIONS), default=NOTATIONS[0], show_default=True),
    click.option("--standalone", is_flag=True, help="With --format latex: a whole document."),
)


class _Request:
    """The program a command was given, and the point that goes with it."""

    def __init__(
        self, file: str | None, text: str | None, model: str | None, lets: Any, shapes: Any, assume: Any, latex: bool = False
    ) -> None:
        if sum(x is not None for x in (file, text, model)) != 1:
            raise click.UsageError('Give one program: a file, -, -e "text", or --model NAME.')
        self.point: Point | None = None
        if model is not None:
            from symchain.models import read_model

            ready = read_model(model)
            self.text, self.point = ready.text, ready.at or None
        else:
            self.text = text if text is not None else read_text("-" if file is None else file)
        name = (file or "").lower()
        self.latex = latex or name.endswith((".tex", ".md", ".ipynb")) or (name.endswith(".txt") and _is_document(self.text))
        self.let = read_pairs("\n".join(lets), str, "a function's name", "--let sigma1=sigmoid")
        self.shapes = read_pairs("\n".join(shapes), _shape, "a shape such as (m, n)", '--shapes "W=(m, n), x=(n,)"')
        self.assume = read_pairs("\n".join(assume), _facts, "facts such as positive", "--assume r=positive")

    def program(self, strict: bool = True) -> Program:
        """The program; what it may not have meant as it was read goes to standard error, in the command's language.

        Of a document, the first refusal is raised unless it is read statement by statement (`strict` false).
        """
        import symchain

        given: dict[str, Any] = {"shapes": self.shapes or None, "assume": self.assume or None, "let": self.let or None}
        program = symchain.parse_latex(self.text, strict=strict, **given) if self.latex else symchain.parse(self.text, **given)
        for section in program.sections:
            if section.remarks:
                from symchain.render.programs import program_remarks

                for line in program_remarks(section, language()):
                    click.echo(f"symchain: {line}", err=True)
        return program

    def derived(self, of: str | None, wrt: str, order: int = 1) -> Any:
        """The derivation asked for."""
        program = self.program()
        derive: Any = program.derive if order == 1 else program.hessian
        return derive(*(() if of is None else (of,)), _names(wrt))

    def at(self, given: str | None) -> Point | None:
        """The point asked for; for a ready model its own, changed where --at says so."""
        if given is None:
            return self.point
        return {**(self.point or {}), **read_point_or_file(given)}


@contextmanager
def _in_language(lang: str) -> Iterator[None]:
    """What is wrong with a number (nothing varies with it, it lacks a declared fact) or an answer is said in the reader's language."""
    try:
        yield
    except AnswerError as error:
        what, advice = (sentence(lang, f"typed.{error.key}{part}").format(**error.fields) for part in ("", ".advice"))
        raise AnswerError(error.key, error.fields, what, advice=advice, place=error.place, source=error.source) from None
    except NumberVariableError as error:
        what, advice = (sentence(lang, f"number.{part}").format(number=error.number) for part in ("what", "advice"))
        raise ArgumentError(what, advice=advice) from None
    except FactError as error:
        from symchain.kernels.facts import told

        what, advice = told(error.name, error.fact, error.breach, lang)
        raise ArgumentError(what, advice=advice) from None


def _is_document(text: str) -> bool:
    """Whether a plain text holds mathematics between signs, and is no program."""
    return any(sign in text for sign in ("$", r"\[", r"\(", r"\begin{", "```math"))


def _shape(text: str) -> tuple[int | str, ...]:
    if not (text.startswith("(") and text.endswith(")")):
        raise ValueError(text)
    return tuple(int(d) if d.isdecimal() else d for d in (piece.strip() for piece in text[1:-1].split(",")) if d)


def _facts(text: str) -> str | tuple[str, ...]:
    facts = tuple(text.replace("+", " ").split())
    return facts[0] if len(facts) == 1 else facts


def _names(wrt: str) -> str | list[str]:
    """One name, a list of names, or "all", as Program.derive takes them."""
    names = [name.strip() for name in wrt.split(",") if name.strip()]
    if not names:
        raise ArgumentError("--wrt names nothing", advice="Write --wrt W1, --wrt W1,b1 or --wrt all.")
    return names[0] if len(names) == 1 else names


def _checked_at(derivation: Any, point: Point) -> tuple[Any, bool]:
    """The derivation with its check at the point, and whether the check prints the derivatives there: it does where they are numbers.

    Lists for the inputs of a program of numbers are many points; no single check is made there.
    """
    from symchain.nouns.derivation import SEPARATE, Derivation

    checked = derivation.checked_at(point)
    members = [checked] if isinstance(checked, Derivation) else list(checked.values())
    try:
        checked.verification  # noqa: B018
    except FactError:
        raise
    except ArgumentError:
        return derivation, False
    return checked, len(members) <= SEPARATE and not any(d.shape for d in members)


def _paged(derivation: Any, point: Point | None, lang: str) -> str:
    from symchain.nouns.derivation import Derivation

    names = [derivation.wrt] if isinstance(derivation, Derivation) else list(derivation)
    return str(derivation.program.html(derivation.output, wrt=names, at=point, lang=lang))


@commands.command()
@_source
@_wrt
@_output
@_at
@_shown
def derive(wrt: str, of: str | None, at: str | None, medium: str, lang: str, detail: str, output: str | None, **options: Any) -> None:
    """Print how a gradient is derived, step by step.

    html is a fragment for a page of yours; with -o it is a page of its own, with graph, sensitivity and code.
    """
    paged = medium == "html" and output is not None
    if at is not None and medium == "json":
        raise click.UsageError("--at checks what is printed at a point of yours; `symchain eval --format json` gives numbers alone.")
    setting = setting_of(options, medium, lang, detail)
    request = _Request(**options)
    point = request.at(at)
    with waiting("Deriving"), _in_language(lang):
        derivation = request.derived(of, wrt)
        numbers = False
        if point is not None and not paged and medium != "json":
            derivation, numbers = _checked_at(derivation, point)
        result: str | bytes = _paged(derivation, point, lang) if paged else rendered(derivation, medium, setting)
        if point is not None and medium == "text" and not numbers:
            result = f"{str(result).rstrip()}\n\n{_evaluated(derivation, point, lang=lang)}"
    write_result(result, output)
    warn_of_failures(derivation)


@commands.command()
@_source
@_wrt
@_output
@_shown
def hessian(wrt: str, of: str | None, medium: str, lang: str, detail: str, output: str | None, **options: Any) -> None:
    """Print how second derivatives are derived."""
    setting = setting_of(options, medium, lang, detail)
    request = _Request(**options)
    with waiting("Deriving"), _in_language(lang):
        derivation = request.derived(of, wrt, order=2)
        result = rendered(derivation, medium, setting)
    write_result(result, output)
    warn_of_failures(derivation)


@commands.command()
@_source
@_wrt
@_output
@_at
@_lang
@_save
def page(wrt: str, of: str | None, at: str | None, lang: str, output: str | None, **source: Any) -> None:
    """Make a page for a browser: derivation, graph, sensitivity and code.

    One HTML file in every language that symchain speaks; it loads nothing.
    """
    settled(None, output, ("html",))
    request = _Request(**source)
    point = request.at(at)
    with waiting("Deriving"), _in_language(lang):
        result = request.program().html(of, wrt=_names(wrt), at=point, lang=lang)
    write_result(result, output)


@commands.command()
@_source
@_output
@_at
@_lang
@formats(_once, _save, "text", "svg", "png", "pdf", "json")
def sensitivity(of: str | None, at: str | None, lang: str, medium: str, output: str | None, **source: Any) -> None:
    """Print what every input does to the output near a point.

    Lists for the inputs of a program of numbers are many points: --at "x=[0.5, 1, 2], w=0.8".
    """
    request = _Request(**source)
    point = request.at(at)
    if point is None:
        raise click.UsageError("Give the point: --at x=1.5,w=0.8 or --at FILE.")
    with waiting("Evaluating"), _in_language(lang):
        found = request.program().sensitivity(of, at=point)
        result = found.to_json() if medium == "json" else found.text(lang) if medium == "text" else getattr(found, medium)(lang)
    write_result(result, output)


@commands.command(name="eval")
@_source
@_wrt
@_output
@_at
@formats(_once, _save, "text", "json")
def evaluate(wrt: str, of: str | None, at: str | None, medium: str, output: str | None, **source: Any) -> None:
    """Print the value and the gradients at a point."""
    request = _Request(**source)
    point = request.at(at)
    if point is None:
        raise click.UsageError("Give the point: --at x=1.5,w=0.8 or --at FILE.")
    with waiting("Evaluating"):
        result = _evaluated(request.derived(of, wrt), point, medium)
    write_result(result, output)


@commands.command(name="compile")
@_source
@_wrt
@_output
@_once("--order", type=click.IntRange(0, 2), default=1, show_default=True, help="0: value, 1: and gradients, 2: and Hessian.")
@_at
@_once("--target", type=click.Choice(list(SUFFIXES)), help="Write a file for it, which needs no symchain; or -o x.py, x.c, x.jl ...")
@_save
def compile_kernel(wrt: str, of: str | None, order: int, at: str | None, target: str | None, output: str | None, **source: Any) -> None:
    """Print the code of value and gradients.

    With --target it is a file that runs where symchain is not installed, with a self-test (at a point of yours with --at). Else -o saves
    the kernel, which symchain.load reads.
    """
    target = settled(target, output, (*SUFFIXES, "kernel"), "--target")
    request = _Request(**source)
    with waiting("Compiling"):
        kernel = request.program().compile(of, wrt=_names(wrt), order=order)
        code = kernel.source if target not in SUFFIXES and output is None else ""
        text = kernel.export(str(target), request.at(at)) if target in SUFFIXES else code
    if text or output is None:
        write_result(text, output)
    else:
        with replaced(output) as temporary:
            kernel.save(temporary)


@commands.command()
@_source
@_strict
@_lang
@formats(_once, _save, *MEDIA)
def parse(medium: str, lang: str, output: str | None, strict: bool, **source: Any) -> None:
    """Print a program as symchain understood it.

    What may have been meant otherwise, and of a document how each statement was read, skipped or refused, go to standard error; json
    holds it all.
    """
    request = _Request(**source)
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
@_source
@_once("--wrt", metavar="NAME", help="By what: one name.")
@_output
@click.option("--claim", "claims", multiple=True, metavar="FORMULA", help='What the derivative is said to be: --claim "2(a - y)x".')
@_once("--claims", "table", metavar="FILE", help="A table of answers: CSV with columns id, output, wrt, claim.")
@_once("--steps", is_flag=False, flag_value=CLAIMS, metavar="[FILE]", help="A derivation, one line a step, from a file or each --claim.")
@_once("--marks", metavar="FILE", help="With --claims: points, in TOML (full, wrong, undecided, unreadable, [mistakes]).")
@_once("--using", type=click.Choice(["inputs", "blocks", "factors"]), default="factors", show_default=True, help="What a formula may hold.")
@_once("--claim-format", type=click.Choice(["auto", "text", "latex"]), default="auto", show_default=True, help="How answers are written.")
@_once("--seconds", type=click.FloatRange(0.01), default=10.0, show_default=True, help="With --claims: so long one answer may take.")
@_strict
@_lang
@formats(_once, _save, "text", "json", "csv")
def check(wrt: str | None, of: str | None, lang: str, medium: str, output: str | None, strict: bool, **options: Any) -> None:
    """Judge a derivative that someone worked out, and name the mistake in it.

    Without --claim, all statements of a LaTeX, Markdown or notebook file, and their counts. --using says what is accepted as an answer:
    inputs alone, also blocks, also derivatives by name (factors: dC/da*da/dz). Answers are read as people type them, in LaTeX too. Exit
    codes: 0 right, 1 wrong, 2 unreadable, 4 undecided or not judged; of many, the first of 1, 2 and 4 that occurs.
    """
    own = {k: options.pop(k) for k in ("claims", "table", "steps", "marks", "using", "claim_format", "seconds")}
    asked = Asked(output=of, wrt=wrt, lang=lang, medium=medium, **own)
    asked.validate()
    request = _Request(**options)
    with waiting("Checking") as progress, _in_language(lang):
        result, code = checked(request.program(strict or asked.answers), asked, progress)
    write_result(result, output)
    click.get_current_context().exit(code)


@commands.command()
@_source
@_output
@_at
@_once("--level", type=click.Choice(["named", "ops"]), default="named", show_default=True, help="Blocks, or single operations.")
@_lang
@formats(_once, _save, "svg", "png", "pdf", "tikz", "dot", "mermaid")
def graph(of: str | None, at: str | None, level: str, lang: str, medium: str, output: str | None, **source: Any) -> None:
    """Draw the blocks with values and gradients on the wires.

    Without a point there are names in place of numbers.
    """
    request = _Request(**source)
    point = request.at(at)
    with waiting("Drawing"), _in_language(lang):
        result = getattr(request.program().graph(point, of, level=level), medium)(lang=lang)
    write_result(result, output)


@commands.command()
@_source
@_once("--wrt", required=True, metavar="NAME", help="By what: one name.")
@_output
@_at
@_lang
@formats(_once, _save, "text", "markdown", "html", "json")
def explain(wrt: str, of: str | None, at: str | None, lang: str, medium: str, output: str | None, **source: Any) -> None:
    """Say why a derivative is what it is, step by step.

    Of a block by a name it reads: term by term, with an example in numbers. By a name that acts on it through other blocks: path by path.
    """
    request = _Request(**source)
    point = request.at(at)
    with waiting("Explaining"), _in_language(lang):
        explained = request.program().explain(*(() if of is None else (of,)), wrt.strip(), lang=lang, at=point)
        result = explained.to_json() if medium == "json" else getattr(explained, medium)()
    write_result(result, output)


@commands.command()
@click.argument("name", required=False)
@_save
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


commands.add_command(serve)
commands.add_command(mcp)


def _evaluated(derivation: Any, point: Point, medium: str = "text", lang: str = "en") -> str:
    from symchain.app.tables import as_json, as_list, as_text, read_off

    found = read_off(derivation, point)
    return as_json(found) if medium == "json" else f"# {sentence(lang, 'point.at').format(point=as_list(point))}\n{as_text(found)}"
